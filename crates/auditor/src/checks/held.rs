//! V23: the ledger is consistent with every checkpoint that the auditor held before.
//!
//! A file that is no checkpoint by this ledger's log fails too, whoever is to blame: a ledger that was written anew from
//! the start under other keys looks like this.

use crate::findings::Findings;
use crate::log_keys::LogKeys;
use crate::report::Failure;
use crate::tree::Tree;
use sijill_ledger::checkpoint::SignedCheckpoint;
use sijill_ledger::{Hash, Origin};

const V23: u8 = 23;

/// The checkpoints held, while the entries are folded.
#[derive(Default)]
pub(crate) struct Held {
    /// Those that the tree has not reached, the largest first.
    waiting: Vec<One>,
    /// The largest whose root is the tree's.
    kept: Vec<SignedCheckpoint>,
    /// Those with another root than the tree has at their size.
    broken: Vec<Broken>,
}

struct One {
    name: String,
    signed: SignedCheckpoint,
}

/// A checkpoint that no history has together with these entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Broken {
    /// What was held.
    pub(crate) signed: SignedCheckpoint,
    /// The root of the entries at its size.
    pub(crate) root: Hash,
}

impl Held {
    /// Reads the files, by name and bytes, in a ledger of this origin.
    pub(crate) fn new(
        origin: &Origin,
        keys: &LogKeys,
        files: &[(String, Vec<u8>)],
        findings: &mut Findings,
    ) -> Self {
        findings.looked_at(V23, files.len() as u64);
        if files.is_empty() {
            let why =
                "no checkpoint from before was given: --checkpoint, or --state for the next time";
            findings.not_applicable(V23, why);
        } else if let LogKeys::Unknown(why) = keys {
            findings.not_checked(V23, why.clone());
        }
        let mut held = Self::default();
        for (name, bytes) in files {
            match read(bytes, origin, keys) {
                Ok(signed) => held.waiting.push(One {
                    name: name.clone(),
                    signed,
                }),
                Err((expected, found)) => {
                    let meaning = "this file shows nothing about this ledger, or the ledger was written anew under other keys";
                    findings.fail(V23, Failure::new(subject(name), expected, found, meaning));
                }
            }
        }
        held.waiting
            .sort_by_key(|one| std::cmp::Reverse(one.signed.claimed().size));
        held
    }

    /// Holds the tree against the checkpoints of its size.
    pub(crate) fn look(&mut self, tree: &Tree, findings: &mut Findings) {
        let reached = |one: &mut One| one.signed.claimed().size == tree.size();
        while let Some(One { name, signed }) = self.waiting.pop_if(reached) {
            let (root, claimed) = (tree.root(), signed.claimed());
            if claimed.root == root {
                self.keep(signed);
                continue;
            }
            let failure = Failure::new(
                subject(&name),
                format!(
                    "root {} over the first {} entries",
                    claimed.root, claimed.size
                ),
                format!("root {root}"),
                "the ledger was rewritten after this checkpoint was signed: two histories have its name",
            );
            findings.fail(V23, failure);
            self.broken.push(Broken { signed, root });
        }
    }

    fn keep(&mut self, signed: SignedCheckpoint) {
        let size = signed.claimed().size;
        self.kept.retain(|kept| kept.claimed().size == size);
        self.kept.push(signed);
    }

    /// Judges after the last entry.
    pub(crate) fn finish(&self, tree: &Tree, findings: &mut Findings) {
        for One { name, signed } in &self.waiting {
            let failure = Failure::new(
                subject(name),
                format!("at least {} entries", signed.claimed().size),
                format!("{} entries", tree.size()),
                "entries that were published are gone: the ledger was cut, or rolled back to an old backup",
            );
            findings.fail(V23, failure);
        }
    }

    /// The largest whose root is the tree's: all of this one size.
    pub(crate) fn kept(&self) -> &[SignedCheckpoint] {
        &self.kept
    }

    /// Those that contradict the entries.
    pub(crate) fn broken(&self) -> &[Broken] {
        &self.broken
    }
}

/// The checkpoint of a file; else what was expected and what was found.
fn read(
    bytes: &[u8],
    origin: &Origin,
    keys: &LogKeys,
) -> Result<SignedCheckpoint, (String, String)> {
    let expected = || format!("a checkpoint of `{origin}`, signed by its log");
    let fail = |found: String| (expected(), found);
    let text = std::str::from_utf8(bytes).map_err(|_| fail("bytes that are no UTF-8".into()))?;
    let signed: SignedCheckpoint = text.parse().map_err(|error| fail(format!("{error}")))?;
    let found = &signed.claimed().origin;
    if found != origin {
        return Err(fail(format!("one of `{found}`")));
    }
    match keys {
        LogKeys::Known(trust) => trust.signed_by_one(&signed).map(drop).map_err(fail)?,
        LogKeys::Unknown(_) => {}
    }
    Ok(signed)
}

fn subject(name: &str) -> String {
    format!("held checkpoint `{name}`")
}
