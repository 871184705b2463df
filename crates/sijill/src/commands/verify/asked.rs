//! The poll as it is published now: a checkpoint that the policy trusts, and the tree under it.

use crate::fault::{input, not_so};
use anyhow::Result;
use sijill_auditor::published::{First, Published, PublishedError, Tree};
use sijill_auditor::search::Search;
use sijill_ledger::checkpoint::{Checkpoint, CheckpointError};
use sijill_ledger::policy::{Policy, TrustError, TrustedCheckpoint};
use sijill_ledger::{Hash, Origin};
use sijill_poll::definition::Definition;

/// A published poll that was asked, under a checkpoint that the policy trusts.
pub struct Asked {
    from: String,
    newest: TrustedCheckpoint,
    /// The tree of the newest checkpoint.
    pub tree: Tree,
    /// What entry 0 says.
    pub first: First,
    /// The definition, where this version can read it.
    pub definition: Option<Definition>,
}

/// How the poll of now goes together with a checkpoint that was held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Growth {
    /// It grew from it.
    Consistent,
    /// It has fewer entries than the one that was held.
    WentBack,
    /// At that size it has another root.
    Fork {
        /// Which.
        found: Hash,
    },
}

impl Asked {
    /// Asks a folder or an address.
    ///
    /// # Errors
    /// If it cannot be read, or is not what its newest checkpoint commits to, or if the policy does not trust that.
    pub fn of(source: &str, policy: &Policy) -> Result<Self> {
        let published = Published::of(source)?;
        let newest = policy.verify(published.newest()).map_err(|error| {
            let why = format!("`checkpoint` of `{source}`: {error}");
            match error {
                TrustError::Checkpoint(CheckpointError::UnknownLog { .. }) => {
                    input(format!("{why}; give a policy that lists this log"))
                }
                _ => not_so(why),
            }
        })?;
        let mut tree = published.tree()?;
        if tree.size() == 0 {
            return Err(not_so(format!(
                "`{source}` shows a checkpoint over no entry, and a poll begins with one: it went back; keep the file and ask again"
            )));
        }
        let first = tree.first()?;
        let definition = Definition::parse(&first.opening.definition).ok();
        Ok(Self {
            from: source.to_owned(),
            newest,
            tree,
            first,
            definition,
        })
    }

    /// The folder or address, as it was given.
    pub fn from(&self) -> &str {
        &self.from
    }

    /// Its newest checkpoint.
    pub fn newest(&self) -> &Checkpoint {
        self.newest.verified().checkpoint()
    }

    /// The same, with who signed and cosigned it.
    pub fn trusted(&self) -> &TrustedCheckpoint {
        &self.newest
    }

    /// Wrong input, if this is not the poll of that name.
    pub fn expect(&self, origin: &Origin) -> Result<()> {
        match self.newest().origin == *origin {
            true => Ok(()),
            false => Err(input(format!(
                "the file is of `{origin}`, `{}` is of `{}`; give the source of the file's poll",
                self.from,
                self.newest().origin
            ))),
        }
    }

    /// How it goes together with a checkpoint of this poll that was held.
    pub fn growth_from(&mut self, size: u64, root: Hash) -> Result<Growth, PublishedError> {
        if size > self.tree.size() {
            return Ok(Growth::WentBack);
        }
        let found = self.tree.ask(|reader| reader.root_at(size))?;
        match found == root {
            true => Ok(Growth::Consistent),
            false => Ok(Growth::Fork { found }),
        }
    }

    /// Shows the search every entry from this one on.
    pub fn search(&mut self, search: &mut Search, from: u64) -> Result<(), PublishedError> {
        self.tree.entries(from, |at, entry| search.look(at, entry))
    }
}
