//! The ledger as a transparency log, while its entries are folded: its tree, and the checkpoints that are held against
//! it, published ones and those from before.

use crate::audit::Options;
use crate::checks::checkpoints::{Checkpoints, Newest};
use crate::checks::held::{Broken, Held};
use crate::error::AuditError;
use crate::findings::Findings;
use crate::log_keys::LogKeys;
use crate::source::Source;
use crate::tree::Tree;
use sijill_ledger::Hash;
use sijill_ledger::note::VerifierKey;
use sijill_ledger::policy::Policy;
use sijill_poll::Poll;
use std::io;

/// Tree and checkpoints.
#[derive(Default)]
pub(crate) struct Log {
    tree: Tree,
    /// None where entry 0 opens no poll: then no checkpoint is judged.
    judged: Option<Judged>,
}

struct Judged {
    keys: LogKeys,
    checkpoints: Checkpoints,
    held: Held,
    /// Whether a policy was given.
    asked: bool,
    /// Why the list could not be read on.
    fault: Option<io::Error>,
}

impl Log {
    /// The log of this poll's ledger. `vouched` is whether a pinned key signed entry 0 (V7).
    pub(crate) fn of(
        poll: &Poll,
        vouched: bool,
        source: &Source,
        options: &Options,
        findings: &mut Findings,
    ) -> Result<Self, AuditError> {
        let keys = LogKeys::of(poll, vouched, options.policy.as_ref());
        let held = Held::new(poll.origin(), &keys, &options.held, findings);
        let published = source.newest().map(|newest| newest.claimed().clone());
        let tree = match source {
            Source::Export(_) => Tree::default(),
            Source::Published(_) => Tree::with_tiles(),
        };
        let list = source.checkpoints(findings)?;
        let checkpoints = Checkpoints::new(poll.origin().clone(), list, published);
        let mut log = Self {
            tree,
            judged: Some(Judged {
                keys,
                checkpoints,
                held,
                asked: options.policy.is_some(),
                fault: None,
            }),
        };
        log.start(findings);
        Ok(log)
    }

    fn start(&mut self, findings: &mut Findings) {
        let Some(judged) = &mut self.judged else {
            return;
        };
        let started = judged.checkpoints.start(&self.tree, &judged.keys, findings);
        judged.fault = started.err();
        judged.held.look(&self.tree, findings);
    }

    /// Adds a leaf, and holds the tree against the checkpoints of its size.
    pub(crate) fn append(&mut self, leaf: Hash, findings: &mut Findings) {
        self.tree.append(leaf);
        if let Some(judged) = &mut self.judged
            && judged.fault.is_none()
        {
            let looked = judged.checkpoints.look(&self.tree, &judged.keys, findings);
            judged.fault = looked.err();
            judged.held.look(&self.tree, findings);
        }
    }

    /// Judges after the last entry.
    pub(crate) fn finish(&mut self, findings: &mut Findings) -> Result<(), AuditError> {
        let Some(judged) = &mut self.judged else {
            return Ok(());
        };
        if let Some(fault) = judged.fault.take() {
            return Err(AuditError::List(fault));
        }
        let (tree, keys) = (&self.tree, &judged.keys);
        let finished = judged
            .checkpoints
            .finish(tree, keys, judged.asked, findings);
        judged.held.finish(tree, findings);
        finished.map_err(AuditError::List)
    }

    /// The tree.
    pub(crate) fn tree(&self) -> &Tree {
        &self.tree
    }

    /// The tree, to take tiles out of it.
    pub(crate) fn tree_mut(&mut self) -> &mut Tree {
        &mut self.tree
    }

    /// The keys that checkpoints were judged by.
    pub(crate) fn keys(&self) -> &[VerifierKey] {
        self.judged
            .as_ref()
            .map_or(&[], |judged| judged.keys.keys())
    }

    /// The source's largest checkpoint whose root is the tree's.
    pub(crate) fn newest(&self) -> Option<&Newest> {
        self.judged.as_ref()?.checkpoints.newest()
    }

    /// The checkpoints held that contradict the entries.
    pub(crate) fn broken(&self) -> &[Broken] {
        self.judged
            .as_ref()
            .map_or(&[], |judged| judged.held.broken())
    }

    /// Whether the policy trusts a checkpoint over all `entries`, be it the source's or one that was held.
    pub(crate) fn is_trusted_to_the_end(&self, entries: u64, policy: Option<&Policy>) -> bool {
        let (Some(judged), Some(policy)) = (&self.judged, policy) else {
            return false;
        };
        let newest = judged.checkpoints.newest().map(|newest| &newest.signed);
        let mut all = newest.into_iter().chain(judged.held.kept());
        self.tree.size() == entries
            && all.any(|signed| signed.claimed().size == entries && policy.verify(signed).is_ok())
    }
}
