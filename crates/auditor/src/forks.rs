//! From a checkpoint that was held and contradicts the entries to a proof that anybody can check: the source's newest
//! checkpoint, which the same log signed, and the hashes between the two.
//!
//! It reads the entries a second time, which only happens where the log has signed two histories.

use crate::checks::held::Broken;
use crate::error::AuditError;
use crate::limits::FAILURES_MAX;
use crate::log::Log;
use crate::source::{Raw, Source};
use sijill_ledger::Hash;
use sijill_ledger::checkpoint::SignedCheckpoint;
use sijill_ledger::fork::ForkProof;
use sijill_ledger::proof::{ConsistencyProof, ProofError};
use sijill_ledger::tree::{Frontier, leaf_hash};
use std::collections::BTreeMap;

/// Roots of complete subtrees, by height and place.
type Subtrees = BTreeMap<(u32, u64), Option<Hash>>;

/// The forks that the checkpoints held make with the source's newest one.
pub(crate) fn forks(source: &Source, log: &Log) -> Result<Vec<ForkProof>, AuditError> {
    let newest = log.newest().filter(|newest| newest.seen.is_some());
    let Some(newest) = newest.map(|newest| &newest.signed) else {
        return Ok(Vec::new());
    };
    let broken: Vec<&Broken> = log.broken().iter().take(FAILURES_MAX).collect();
    let size = newest.claimed().size;
    let mut subtrees = Subtrees::new();
    for broken in &broken {
        name_subtrees(broken.signed.claimed().size, size, &mut subtrees);
    }
    if !subtrees.is_empty() {
        fill_subtrees(source, size, &mut subtrees)?;
    }
    let forks = broken
        .iter()
        .filter_map(|broken| fork(broken, newest, &subtrees));
    Ok(forks.collect())
}

/// The fork of these two; none where the one held is larger than the newest, or says nothing.
fn fork(broken: &Broken, newest: &SignedCheckpoint, subtrees: &Subtrees) -> Option<ForkProof> {
    let (held, newest) = (broken.signed.clone(), newest.clone());
    let (old, new) = (held.claimed().size, newest.claimed().size);
    if old == new {
        return ForkProof::of_equal_sizes(held, newest).ok();
    }
    let outside = |height, place: u64| ProofError::OutsideTree {
        index: place.checked_shl(height).unwrap_or(u64::MAX),
        size: new,
    };
    let proof = ConsistencyProof::make(old, new, |height, place| {
        let known = subtrees.get(&(height, place)).copied().flatten();
        known.ok_or_else(|| outside(height, place))
    });
    ForkProof::of_growth(held, newest, broken.root, proof.ok()?).ok()
}

/// Asks for the subtrees of which the consistency proof between these sizes is made.
fn name_subtrees(old: u64, new: u64, subtrees: &mut Subtrees) {
    // Which they are is found by making the proof of hashes that stand for nothing.
    let nothing = Hash::of(b"");
    let named = ConsistencyProof::make(old, new, |height, place| {
        subtrees.insert((height, place), None);
        Ok::<Hash, ProofError>(nothing)
    });
    // No proof is made from a larger tree to a smaller one, and none is asked for then.
    drop(named);
}

fn fill_subtrees(source: &Source, size: u64, subtrees: &mut Subtrees) -> Result<(), AuditError> {
    let (mut entries, mut tree) = (source.entries()?, Frontier::default());
    while tree.size() < size {
        let chunk = entries.next_chunk()?;
        if chunk.is_empty() {
            break;
        }
        for raw in &chunk {
            let Raw::Entry(bytes) = raw else { continue };
            let after = tree.size() + 1;
            tree.append_seeing(leaf_hash(bytes), |height, root| {
                let place = (after >> height).saturating_sub(1);
                if let Some(wanted) = subtrees.get_mut(&(height, place)) {
                    *wanted = Some(root);
                }
            });
        }
    }
    Ok(())
}
