//! A poll as what is published of it folds to: all that a sender has who is another body than the platform.
//!
//! The newest checkpoint must be signed by a log key that entry 0 names, and the entries must be the tree's; whether they
//! keep the rules is for an audit to say.

use crate::fault::{not_so, unfinished};
use anyhow::Result;
use sijill_auditor::published::{Published, Tree};
use sijill_ledger::Sealed;
use sijill_ledger::note::VerifierKey;
use sijill_poll::definition::Definition;
use sijill_poll::roster::{Roster, RosterReader};
use sijill_poll::{Event, Poll, evolve};
use std::sync::Arc;

/// A published poll, and how many entries of it there are.
pub struct PublishedPoll {
    /// The fold.
    pub poll: Poll,
    /// Entries published.
    pub size: u64,
}

/// Folds what this address or folder publishes. The roster's leaves are what `roster` says for the definition: a sender
/// has them in its own directory.
pub fn fold(
    source: &str,
    roster: impl FnOnce(&Definition) -> Result<Roster>,
) -> Result<PublishedPoll> {
    let published = Published::of(source)?;
    let mut tree = published.tree()?;
    let opening = tree.first()?.opening;
    let name = opening.origin.to_string();
    let keys = opening.log_keys.iter();
    let keys: Vec<VerifierKey> = keys
        .filter_map(|key| VerifierKey::new(&name, *key).ok())
        .collect();
    published.newest().verify(&keys).map_err(|error| {
        not_so(format!(
            "the newest checkpoint of `{source}` is not signed by a log key that entry 0 names: {error}"
        ))
    })?;
    let mut poll = opened(&mut tree)?;
    poll.attach(Arc::new(roster(poll.definition())?));
    go_on(&mut poll, &mut tree, source)?;
    let size = tree.size();
    Ok(PublishedPoll { poll, size })
}

fn opened(tree: &mut Tree) -> Result<Poll> {
    let first = Sealed::<Event>::read(&tree.entry(0)?)?;
    let definition = tree.first()?.opening.definition;
    let definition = Definition::parse(&definition)
        .map_err(|_| not_so("its definition keeps not the rules of the rule set that it names"))?;
    let nobody = RosterReader::of(&definition).finish();
    Ok(Poll::open(&first, Arc::new(nobody))?)
}

fn go_on(poll: &mut Poll, tree: &mut Tree, source: &str) -> Result<()> {
    let mut unreadable = None;
    tree.entries(1, |index, bytes| match Sealed::<Event>::read(bytes) {
        Ok(sealed) => evolve(poll, &sealed),
        Err(error) => {
            unreadable.get_or_insert((index, error));
        }
    })?;
    match unreadable {
        None => Ok(()),
        Some((index, error)) => Err(unfinished(format!("entry {index} of `{source}`: {error}"))),
    }
}
