//! V20: the tree under each checkpoint of the source is that of the entries; V21: each of them is one by this ledger's
//! log.
//!
//! The list is read along with the entries: sizes ascend in it, so that the next checkpoint waits for the tree to reach
//! its size. One that does not ascend has had its turn, and is judged by V21 alone.

use crate::findings::Findings;
use crate::list_reader::{ListReader, Listed};
use crate::log_keys::{LogKeys, Seen};
use crate::report::{CheckpointReport, Failure};
use crate::tree::Tree;
use sijill_ledger::Origin;
use sijill_ledger::checkpoint::{Checkpoint, SignedCheckpoint};
use sijill_ledger::checkpoint_list::Ascent;
use std::io;

const V20: u8 = 20;
const V21: u8 = 21;

/// The checkpoints of a source, while its entries are folded.
pub(crate) struct Checkpoints {
    origin: Origin,
    list: Option<ListReader>,
    ascent: Ascent,
    notes: u64,
    /// Not held against the tree, whatever the reason.
    passed_over: u64,
    /// Waits for the tree to reach its size.
    next: Option<(u64, Newest)>,
    newest: Option<Newest>,
    published: Option<Newer>,
}

/// The note `checkpoint` of a folder or an address, beside its list.
struct Newer {
    checkpoint: Checkpoint,
    listed: bool,
    later: u64,
}

/// A checkpoint of the ledger's origin, and what its signatures are.
pub(crate) struct Newest {
    /// As it was read.
    pub(crate) signed: SignedCheckpoint,
    /// That it is by the log, if it is and that could be told.
    pub(crate) seen: Option<Seen>,
}

impl Checkpoints {
    /// Those of this list, in a ledger of this origin; `published` is the note beside it.
    pub(crate) fn new(
        origin: Origin,
        list: Option<ListReader>,
        published: Option<Checkpoint>,
    ) -> Self {
        Self {
            origin,
            list,
            ascent: Ascent::default(),
            notes: 0,
            passed_over: 0,
            next: None,
            newest: None,
            published: published.map(|checkpoint| Newer {
                checkpoint,
                listed: false,
                later: 0,
            }),
        }
    }

    /// Reads the first checkpoint, before the first entry.
    pub(crate) fn start(
        &mut self,
        tree: &Tree,
        keys: &LogKeys,
        findings: &mut Findings,
    ) -> io::Result<()> {
        self.read_on(keys, findings)?;
        self.look(tree, keys, findings)
    }

    /// Holds the checkpoints of the tree's size against it.
    pub(crate) fn look(
        &mut self,
        tree: &Tree,
        keys: &LogKeys,
        findings: &mut Findings,
    ) -> io::Result<()> {
        while self
            .next
            .as_ref()
            .is_some_and(|(_, next)| next.signed.claimed().size == tree.size())
        {
            if let Some((note, next)) = self.next.take() {
                self.compare(note, next, tree, findings);
            }
            self.read_on(keys, findings)?;
        }
        Ok(())
    }

    fn compare(&mut self, note: u64, next: Newest, tree: &Tree, findings: &mut Findings) {
        findings.looked_at(V20, 1);
        let (size, root) = (tree.size(), tree.root());
        let claimed = next.signed.claimed();
        if claimed.root == root {
            self.newest = Some(next);
            return;
        }
        let meaning = "the tree that was published, and from which proofs are made, is over something else than these entries";
        let failure = Failure::new(
            subject(note, claimed),
            format!("the root of the first {size} entries, {root}"),
            format!("root {}", claimed.root),
            meaning,
        );
        findings.fail(V20, failure);
    }

    /// Reads on to the next checkpoint that the tree will be held against.
    fn read_on(&mut self, keys: &LogKeys, findings: &mut Findings) -> io::Result<()> {
        while self.next.is_none()
            && let Some(list) = &mut self.list
            && let Some(listed) = list.next_note()?
        {
            self.notes += 1;
            let note = listed.note;
            match self.judge(listed, keys, findings) {
                Some(next) if self.is_later(next.signed.claimed()) => {}
                Some(next) => self.next = Some((note, next)),
                None => self.passed_over += 1,
            }
        }
        Ok(())
    }

    /// Whether it was published after the note beside the list: while that was read, the ledger grew.
    fn is_later(&mut self, claimed: &Checkpoint) -> bool {
        let Some(published) = &mut self.published else {
            return false;
        };
        published.listed |= published.checkpoint == *claimed;
        let later = claimed.size > published.checkpoint.size;
        published.later += u64::from(later);
        later
    }

    /// Judges a note by V21; gives it back if the tree can be held against it.
    fn judge(&mut self, listed: Listed, keys: &LogKeys, findings: &mut Findings) -> Option<Newest> {
        findings.looked_at(V21, 1);
        let note = listed.note;
        let signed = match listed.checkpoint {
            Ok(signed) => signed,
            Err(error) => {
                let meaning = "what was published here says nothing that everyone would read alike";
                let subject = format!("checkpoint {note} of the list");
                let expected = "a checkpoint, signed as a note";
                findings.fail(
                    V21,
                    Failure::new(subject, expected, error.to_string(), meaning),
                );
                return None;
            }
        };
        let ascends = self.ascent.look(note, signed.claimed());
        let faults = self.faults(&signed, ascends.is_ok(), keys);
        let is_ours = signed.claimed().origin == self.origin && ascends.is_ok();
        let seen = match faults {
            Ok(seen) => seen,
            Err((expected, found, meaning)) => {
                let subject = subject(note, signed.claimed());
                findings.fail(V21, Failure::new(subject, expected, found, meaning));
                None
            }
        };
        is_ours.then_some(Newest { signed, seen })
    }

    /// What is first wrong with a checkpoint: expected, found, and what it means. Else that it is by the log, where that
    /// can be told.
    fn faults(
        &self,
        signed: &SignedCheckpoint,
        ascends: bool,
        keys: &LogKeys,
    ) -> Result<Option<Seen>, (String, String, &'static str)> {
        let claimed = signed.claimed();
        if claimed.origin != self.origin {
            return Err((
                format!("a checkpoint of `{}`", self.origin),
                format!("one of `{}`", claimed.origin),
                "it is another ledger's",
            ));
        }
        if !ascends {
            return Err((
                "a size larger than all before it".into(),
                format!("size {}", claimed.size),
                "the list was reordered, or the log went back",
            ));
        }
        match keys {
            LogKeys::Known(trust) => trust.signed_by_all(signed).map(Some).map_err(|found| {
                let names: Vec<String> = keys.keys().iter().map(ToString::to_string).collect();
                (
                    format!("signatures by {}, and no wrong one", names.join(" and ")),
                    found,
                    "nobody known vouches for it: it may be forged",
                )
            }),
            LogKeys::Unknown(_) => Ok(None),
        }
    }

    /// Judges after the last entry. `asked` is whether a policy was given.
    pub(crate) fn finish(
        &mut self,
        tree: &Tree,
        keys: &LogKeys,
        asked: bool,
        findings: &mut Findings,
    ) -> io::Result<()> {
        while let Some((note, next)) = self.next.take() {
            findings.looked_at(V20, 1);
            findings.fail(V20, beyond(note, next.signed.claimed(), tree.size()));
            self.read_on(keys, findings)?;
        }
        self.judge_published(findings);
        if self.notes == 0 {
            none(asked, findings);
            return Ok(());
        }
        if self.passed_over > 0 {
            let why = format!(
                "{} of the list could not be held against the tree (V21 tells why)",
                self.passed_over
            );
            findings.not_checked(V20, why);
        }
        if let LogKeys::Unknown(why) = keys {
            findings.not_checked(V21, why.clone());
        }
        self.note(tree, keys, findings);
        Ok(())
    }

    fn judge_published(&self, findings: &mut Findings) {
        let Some(published) = &self.published else {
            return;
        };
        if !published.listed {
            let claimed = &published.checkpoint;
            let meaning =
                "who reads `checkpoint` is shown another history than who reads `checkpoints`";
            let failure = Failure::new(
                format!("`checkpoint` (size {})", claimed.size),
                "one of the list of checkpoints",
                "none of this origin, size and root in the list",
                meaning,
            );
            findings.fail(V21, failure);
        }
        if published.later > 0 {
            let note = format!(
                "published while this audit began, and not looked at: {} checkpoints",
                published.later
            );
            findings.note(V20, note);
        }
    }

    fn note(&self, tree: &Tree, keys: &LogKeys, findings: &mut Findings) {
        if let LogKeys::Known(trust) = keys
            && trust.from_opening
        {
            let note = "judged by the log keys that entry 0 names, for which the pinned operator key vouches; give --policy to bring your own";
            findings.note(V21, note);
        }
        let Some(newest) = &self.newest else {
            return;
        };
        let (size, entries) = (newest.signed.claimed().size, tree.size());
        if size < entries {
            let note = format!(
                "the newest checkpoint is of {size} entries; nothing signed covers the {} after them",
                entries - size
            );
            findings.note(V20, note);
        }
        for cosignature in newest.seen.iter().flat_map(|seen| &seen.cosignatures) {
            let (name, time) = (cosignature.witness().name(), cosignature.time());
            let note = format!("the newest is cosigned by `{name}` at {time} (seconds since 1970)");
            findings.note(V21, note);
        }
    }

    /// The largest checkpoint whose root is the tree's.
    pub(crate) fn newest(&self) -> Option<&Newest> {
        self.newest.as_ref()
    }
}

impl Newest {
    /// For the report.
    pub(crate) fn report(&self) -> CheckpointReport {
        let claimed = self.signed.claimed();
        let cosignatures = self.seen.iter().flat_map(|seen| &seen.cosignatures);
        CheckpointReport {
            size: claimed.size,
            root: claimed.root.to_string(),
            note: self.signed.to_string(),
            signed_by: match &self.seen {
                Some(seen) => seen.verified.signed_by().to_vec(),
                None => Vec::new(),
            },
            cosigned_by: cosignatures
                .map(|cosignature| (cosignature.witness().name().to_owned(), cosignature.time()))
                .collect(),
        }
    }
}

fn none(asked: bool, findings: &mut Findings) {
    for check in [V20, V21] {
        if asked {
            findings.not_checked(
                check,
                "a policy was given, and the source has no checkpoint: ask for one with its checkpoints",
            );
        } else {
            findings.not_applicable(check, "the source has no checkpoint");
        }
    }
}

fn subject(note: u64, claimed: &Checkpoint) -> String {
    format!("checkpoint {note} of the list (size {})", claimed.size)
}

fn beyond(note: u64, claimed: &Checkpoint, entries: u64) -> Failure {
    Failure::new(
        subject(note, claimed),
        format!("a size of at most {entries}, the entries of the source"),
        format!("size {}", claimed.size),
        "entries that were published are not here",
    )
}
