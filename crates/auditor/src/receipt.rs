//! A receipt taken by itself: whether it proves its entry, and what that entry is. No ledger is asked.
//!
//! `ledger` has the proof; here the entry is held against it: its bytes are an entry's, its index is the one proven, and
//! an opening is that of the log whose checkpoint it is. Whether it still counts, [`crate::search`] tells.

use sijill_ledger::checkpoint::CheckpointError;
use sijill_ledger::entry::EntryError;
use sijill_ledger::policy::{Policy, TrustError, TrustedCheckpoint};
use sijill_ledger::tlog_proof::{TlogProof, TlogProofError};
use sijill_ledger::tree::leaf_hash;
use sijill_ledger::{Hash, Origin, Sealed};
use sijill_poll::Event;

/// Why a receipt proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptError {
    /// The proof is none, or leads elsewhere, or to a checkpoint that the policy does not trust.
    #[error(transparent)]
    Proof(#[from] TlogProofError),
    /// What is proven is no entry.
    #[error("what it proves to be in the log is no entry: {0}")]
    Entry(#[from] EntryError),
    /// The entry says that it is another one.
    #[error("expected an entry of index {proven}, as the proof says, found one of index {found}")]
    Index {
        /// The proof's.
        proven: u64,
        /// The entry's own.
        found: u64,
    },
    /// The entry opens another ledger.
    #[error("expected an opening of `{expected}`, as the checkpoint says, found one of `{found}`")]
    Origin {
        /// The checkpoint's.
        expected: Origin,
        /// The entry's own.
        found: Origin,
    },
}

impl ReceiptError {
    /// Whether nothing is wrong with the receipt as far as one can tell: the policy does not know its log, or the entry
    /// is of a later version.
    pub fn is_ignorance(&self) -> bool {
        matches!(
            self,
            Self::Entry(EntryError::LaterVersion { .. })
                | Self::Proof(TlogProofError::Trust(TrustError::Checkpoint(
                    CheckpointError::UnknownLog { .. }
                )))
        )
    }
}

/// A receipt that proves its entry. It can only come from [`prove`].
#[derive(Debug, Clone)]
pub struct ProvenReceipt {
    entry: Sealed<Event>,
    leaf: Hash,
    checkpoint: TrustedCheckpoint,
}

impl ProvenReceipt {
    /// The entry.
    pub fn entry(&self) -> &Sealed<Event> {
        &self.entry
    }

    /// Its place in the log.
    pub fn index(&self) -> u64 {
        self.entry.entry().index
    }

    /// Its leaf hash.
    pub fn leaf(&self) -> Hash {
        self.leaf
    }

    /// The checkpoint that it is under.
    pub fn checkpoint(&self) -> &TrustedCheckpoint {
        &self.checkpoint
    }
}

/// Checks that a receipt proves its entry, and that the entry is what it should be at this place of this log.
pub fn prove(proof: &TlogProof, policy: &Policy) -> Result<ProvenReceipt, ReceiptError> {
    let verified = proof.verify_entry(policy)?;
    Ok(ProvenReceipt {
        entry: entry_of(proof)?,
        leaf: verified.leaf().leaf(),
        checkpoint: verified.leaf().checkpoint().clone(),
    })
}

/// The entry that a receipt carries, if it is what it should be under the checkpoint that the receipt claims. Nobody
/// vouches for that checkpoint.
pub fn entry_of(proof: &TlogProof) -> Result<Sealed<Event>, ReceiptError> {
    let canonical = proof.extra().ok_or(TlogProofError::NoEntry)?;
    let claimed = proof.checkpoint().claimed();
    let leaf = leaf_hash(canonical);
    let inclusion = proof.inclusion();
    inclusion
        .verify(leaf, proof.index(), claimed.size, claimed.root)
        .map_err(TlogProofError::Proof)?;
    let sealed = Sealed::<Event>::read(canonical)?;
    let (proven, found) = (proof.index(), sealed.entry().index);
    if proven != found {
        return Err(ReceiptError::Index { proven, found });
    }
    match &sealed.entry().event {
        Event::Opened(opened) if opened.opening.origin != claimed.origin => {
            Err(ReceiptError::Origin {
                expected: claimed.origin.clone(),
                found: opened.opening.origin.clone(),
            })
        }
        _ => Ok(sealed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sijill_ledger::checkpoint::Checkpoint;
    use sijill_ledger::note::VerifierKey;
    use sijill_ledger::proof::InclusionProof;
    use sijill_ledger::tree::Frontier;
    use sijill_scenarios::{Bench, fixture};

    /// The receipt of these bytes at `index` of a log of these entries, signed by the bench's log key under this name.
    fn receipt(bench: &Bench, origin: &str, entries: &[Vec<u8>], index: u64) -> TlogProof {
        let leaves: Vec<_> = entries.iter().map(|entry| leaf_hash(entry)).collect();
        let mut tree = Frontier::default();
        leaves.iter().for_each(|leaf| tree.append(*leaf));
        let checkpoint = Checkpoint {
            origin: origin.parse().unwrap(),
            size: tree.size(),
            root: tree.root(),
        };
        let signed = checkpoint.sign(&bench.keys.log).unwrap();
        let inclusion = InclusionProof::of_leaves(index, &leaves).unwrap();
        TlogProof::of_entry(&entries[index as usize], index, inclusion, signed).unwrap()
    }

    fn policy(bench: &Bench, origin: &str) -> Policy {
        let key = VerifierKey::new(origin, bench.keys.log.public_key());
        Policy::of_logs([key.unwrap()])
    }

    fn entries(bench: &Bench) -> Vec<Vec<u8>> {
        let bytes = bench.entries.iter().map(|sealed| sealed.bytes().to_vec());
        bytes.collect()
    }

    #[test]
    fn a_receipt_of_every_entry_proves_it() {
        let bench = fixture::honest();
        let origin = bench.poll.origin().to_string();
        let entries = entries(&bench);
        for index in 0..entries.len() as u64 {
            let proof = receipt(&bench, &origin, &entries, index);
            let proven = prove(&proof, &policy(&bench, &origin)).unwrap();
            assert_eq!(proven.index(), index);
            assert_eq!(proven.entry(), &bench.entries[index as usize]);
        }
    }

    /// The log's own key signs a tree whose leaves stand where they should not.
    #[test]
    fn an_entry_that_belongs_elsewhere_proves_nothing_whoever_signs() {
        let bench = fixture::honest();
        let origin = bench.poll.origin().to_string();
        let mut moved = entries(&bench);
        moved.swap(17, 18);
        let proof = receipt(&bench, &origin, &moved, 17);
        let index = ReceiptError::Index {
            proven: 17,
            found: 18,
        };
        assert_eq!(prove(&proof, &policy(&bench, &origin)).unwrap_err(), index);
        let other = "ur.example/polls/other";
        let proof = receipt(&bench, other, &entries(&bench), 0);
        let refused = prove(&proof, &policy(&bench, other)).unwrap_err();
        assert!(matches!(refused, ReceiptError::Origin { .. }), "{refused}");
        let proof = receipt(&bench, &origin, &[b"no entry".to_vec()], 0);
        let refused = prove(&proof, &policy(&bench, &origin)).unwrap_err();
        assert!(matches!(refused, ReceiptError::Entry(_)), "{refused}");
    }

    #[test]
    fn a_policy_that_does_not_know_the_log_is_told_from_one_that_refuses_it() {
        let bench = fixture::honest();
        let origin = bench.poll.origin().to_string();
        let proof = receipt(&bench, &origin, &entries(&bench), 3);
        assert!(entry_of(&proof).is_ok());
        let unknown = prove(&proof, &policy(&bench, "ur.example/polls/other")).unwrap_err();
        assert!(unknown.is_ignorance());
        let key = VerifierKey::new(&origin, bench.keys.promise.public_key()).unwrap();
        let refused = prove(&proof, &Policy::of_logs([key])).unwrap_err();
        assert!(!refused.is_ignorance());
    }
}
