//! The audit of what a published poll grew by since an audit whose state was kept.
//!
//! The checks go on where they were; entries, tiles and checkpoints before that are not read again, nor is the roster. It
//! is a short way to the same verdict where nothing is wrong. Wherever it cannot be gone, or anything is not as it should
//! be, the whole source is audited instead, against the checkpoint that was kept: what is wrong is found by what finds it
//! without a state.

use crate::CHECKS;
use crate::audit::{Options, Progress, Signer, judge_first, report, run_growth};
use crate::checks::roster::WrongLeaves;
use crate::error::AuditError;
use crate::findings::Findings;
use crate::fold::{Fold, FoldCarried};
use crate::log::Log;
use crate::published_files;
use crate::report::{PollReport, Verdict};
use crate::source::{Entries, Source};
use crate::state::{Carried, State, StateError};
use crate::tree::{Edge, Tree};
use serde::{Deserialize, Serialize};
use sijill_ledger::Sealed;
use sijill_ledger::tree::leaf_hash;
use sijill_poll::poll::Folded;
use sijill_poll::roster::Roster;
use sijill_poll::tally::Cast;
use sijill_poll::{Event, Poll};
use std::sync::Arc;

/// The small things that are carried from one audit to the next.
#[derive(Serialize, Deserialize)]
struct Small {
    /// What the verdicts rested on.
    ground: Ground,
    fold: FoldCarried,
    poll: Folded,
    edge: Edge,
}

/// What the verdicts of an audit rest on besides the source. An audit that rests on something else begins anew.
#[derive(PartialEq, Eq, Serialize, Deserialize)]
struct Ground {
    version: String,
    checks: Vec<u8>,
    operator_keys: Vec<String>,
    policy: Option<Vec<u8>>,
}

impl Ground {
    fn of(options: &Options) -> Self {
        let mut operator_keys: Vec<String> = options
            .operator_keys
            .iter()
            .map(ToString::to_string)
            .collect();
        operator_keys.sort();
        Self {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            checks: CHECKS.iter().map(|(number, _)| *number).collect(),
            operator_keys,
            policy: options.policy.as_ref().map(|policy| policy.to_bytes()),
        }
    }
}

/// What this pass carries to the next audit of the same source, if nothing was wrong and it has tiles.
pub(crate) fn carried(fold: &Fold, options: &Options) -> Option<Carried> {
    let poll = fold.poll.as_ref()?;
    // Leaves that are not committed to may be others the next time.
    poll.committed()?;
    let small = Small {
        ground: Ground::of(options),
        fold: fold.carried()?,
        poll: poll.folded(),
        edge: fold.log.tree().edge()?,
    };
    Some(Carried {
        carried: serde_json::to_vec(&small).ok()?,
        first: fold.first.clone()?,
        roster: poll.roster().to_kept(),
        casts: poll
            .casts()
            .iter()
            .flat_map(|cast| cast.to_bytes())
            .collect(),
    })
}

/// The report on the growth since `state`, if every check that applies has passed; else the source is to be audited whole.
pub(crate) fn audit_growth(
    source: &Source,
    state: &State,
    options: &Options,
    progress: &dyn Fn(Progress),
) -> Result<Option<PollReport>, AuditError> {
    let (Source::Published(published), Some(carried)) = (source, state.carried()) else {
        return Ok(None);
    };
    let damaged = || AuditError::State(StateError::Damaged);
    let small: Small = serde_json::from_slice(&carried.carried).map_err(|_| damaged())?;
    let (from, newest) = (small.fold.entries, published.newest().claimed());
    let kept = state.checkpoint().claimed();
    let same = newest.origin == kept.origin && newest.size >= from && kept.size == from;
    if !(same && small.ground == Ground::of(options) && reaches_no_further_back(from, options)) {
        return Ok(None);
    }
    let first: Sealed<Event> = Sealed::read(&carried.first).map_err(|_| damaged())?;
    let tree = Tree::resume(small.edge).filter(|tree| tree.root() == kept.root);
    let tree = tree.ok_or_else(damaged)?;
    let Some(entries) = growth(published.entries_from(from), &tree)? else {
        return Ok(None);
    };
    let poll = resume_poll(&first, carried, small.poll).ok_or_else(damaged)?;
    let mut findings = Findings::default();
    judge_first(Some(&first), &mut findings);
    let signer = Signer::of(Some(&poll), options, &mut findings);
    let edge = (tree, state.checkpoint());
    let log = Log::resume(&poll, signer.pinned, source, options, edge, &mut findings)?;
    let Some(log) = log else {
        return Ok(None);
    };
    let fold = Fold::new(Some(&first), Some(poll), log, options, findings);
    let mut fold = fold.resume(&small.fold);
    run_growth(source, Entries::Published(entries), &mut fold, progress)?;
    // What they are about may stand before the growth.
    if fold.objections.has_open_ones() {
        return Ok(None);
    }
    fold.log.finish(&mut fold.findings)?;
    let listed = fold.log.has_known();
    let report = report(fold, &WrongLeaves::default(), true, signer, options);
    let report = PollReport {
        audited_from: from,
        ..report
    };
    Ok(Some(report).filter(|report| listed && has_passed(report)))
}

/// Whether nothing that the auditor brings is about entries before `from`.
fn reaches_no_further_back(from: u64, options: &Options) -> bool {
    let mut figures = options.shown.figures();
    options.has_nothing_of_answers()
        && options.pages.is_empty()
        && options.messages.is_empty()
        && options.held.is_empty()
        && options
            .anchors
            .iter()
            .all(|anchor| anchor.index.saturating_add(1) >= from)
        && figures.all(|figures| figures.size >= from)
}

/// Whether every check that applies has passed.
pub(crate) fn has_passed(report: &PollReport) -> bool {
    !report.has(Verdict::Failed) && !report.has(Verdict::NotChecked)
}

/// These entries from the first that the tree has not, if those before it in the same bundle are the tree's.
fn growth(
    mut entries: published_files::Entries,
    tree: &Tree,
) -> Result<Option<published_files::Entries>, AuditError> {
    for leaf in tree.last_leaves() {
        let same = entries
            .next_entry()?
            .is_some_and(|entry| leaf_hash(&entry) == *leaf);
        if !same {
            return Ok(None);
        }
    }
    Ok(Some(entries))
}

fn resume_poll(first: &Sealed<Event>, carried: &Carried, folded: Folded) -> Option<Poll> {
    let roster = Arc::new(Roster::from_kept(&carried.roster)?);
    let (casts, left) = carried.casts.as_chunks::<{ Cast::BYTES }>();
    let casts = casts.iter().copied().map(Cast::from_bytes).collect();
    let poll = Poll::resume(first, roster, folded, casts).ok()?;
    left.is_empty().then_some(poll)
}
