//! An answer that somebody outside holds a promise or a receipt of, and what the ledger has of it.

use crate::findings::Findings;
use crate::report::Failure;
use sijill_poll::Poll;
use sijill_poll::event::{Responded, Who};

const V25: u8 = 25;

/// Whose answer it is, and which of theirs: invitation and revision.
pub(crate) fn who(responded: &Responded) -> (u32, u8) {
    let Who::Invitation { index, revision } = responded.answer.who;
    (index, revision)
}

/// An answer that somebody holds.
pub(crate) struct HeldAnswer {
    /// What shows it, by name, as "promise `a.sijill-promise`".
    pub(crate) by: String,
    /// The invitation.
    pub(crate) index: u32,
    pub(crate) revision: u8,
    /// The entry that is this answer.
    pub(crate) kept_at: Option<u64>,
    /// The latest entry of the same invitation that is another answer, and its revision.
    pub(crate) other: Option<(u64, u8)>,
}

impl HeldAnswer {
    pub(crate) fn new(by: String, responded: &Responded) -> Self {
        let (index, revision) = who(responded);
        Self {
            by,
            index,
            revision,
            kept_at: None,
            other: None,
        }
    }

    /// Takes an answer of this invitation, which `is_it` or is another.
    pub(crate) fn see(&mut self, place: u64, is_it: bool, revision: u8) {
        match is_it {
            true => self.kept_at = Some(place),
            false => self.other = Some((place, revision)),
        }
    }

    /// Judges an answer that is the entry at `place`: it counts, or a later one superseded it.
    pub(crate) fn judge_kept(&self, place: u64, poll: &Poll, findings: &mut Findings) {
        let (by, revision) = (&self.by, self.revision);
        let counts = poll.cast(self.index).revision == revision;
        if counts && self.other.is_none_or(|(_, other)| other != revision) {
            findings.note(V25, format!("{by}: its answer is entry {place} and counts"));
            return;
        }
        match self.other {
            Some((later, other)) if other > revision => findings.note(
                V25,
                format!("{by}: its answer is entry {place}; revision {other}, entry {later}, superseded it"),
            ),
            _ => {
                let found = format!("entry {place}, which does not count");
                let meaning = "the answer is in the ledger, and the tally passes over it";
                findings.fail(V25, self.failure(found, meaning));
            }
        }
    }

    pub(crate) fn failure(&self, found: impl Into<String>, meaning: &str) -> Failure {
        let (by, index, revision) = (&self.by, self.index, self.revision);
        let subject = format!("{by} of invitation {index}, revision {revision}");
        Failure::new(subject, "this answer, counted", found, meaning)
    }
}
