//! V25: an `Objected` is a promise given to everybody. It verifies, and its answer is not in the ledger: a broken
//! promise, which the platform admits. Or its answer stands in the ledger before it: a false objection. Or it is none.
//! The check fails at each, and says which it is.
//!
//! Which of the first two it is takes a look for one answer among all entries. Objections are few, where there are any:
//! the pass over the entries collects them, and only then are the entries gone through a second time
//! ([`Objections::look_for`]), so that no pass has to keep a hash of every answer.

use crate::checks::held_answer::who;
use crate::findings::Findings;
use crate::report::Failure;
use sijill_ledger::Hash;
use sijill_poll::limits::OBJECTIONS_MAX;
use sijill_poll::{Event, Poll, objection};
use std::collections::BTreeMap;

const V25: u8 = 25;

/// The objections of a ledger so far.
#[derive(Default)]
pub(crate) struct Objections {
    entries: u64,
    held: Vec<Objection>,
    /// Places in `held`, by invitation.
    by_invitation: BTreeMap<u32, Vec<usize>>,
}

struct Objection {
    /// The entry that objects.
    place: u64,
    index: u32,
    revision: u8,
    /// SHA-256 of the signed answer that was promised.
    answer: Hash,
    /// The first entry that is this answer.
    kept_at: Option<u64>,
}

impl Objections {
    /// Whether the ledger has none.
    pub(crate) fn is_empty(&self) -> bool {
        self.entries == 0
    }

    /// Whether there is an answer to look for.
    pub(crate) fn has_open_ones(&self) -> bool {
        !self.held.is_empty()
    }

    /// Takes the entry at this place.
    pub(crate) fn look(&mut self, place: u64, event: &Event, poll: &Poll, findings: &mut Findings) {
        let Event::Objected(objected) = event else {
            return;
        };
        findings.looked_at(V25, 1);
        self.entries += 1;
        if self.entries > u64::from(OBJECTIONS_MAX) {
            let found = format!("{} of them", self.entries);
            let expected = format!("at most {OBJECTIONS_MAX} objections, which are gone through");
            findings.fail_once(V25, none(place, &expected, found));
            return;
        }
        match objection::open(poll, &objected.promise) {
            Ok(promise) => {
                let (index, revision) = who(promise.responded());
                let places = self.by_invitation.entry(index).or_default();
                places.push(self.held.len());
                self.held.push(Objection {
                    place,
                    index,
                    revision,
                    answer: promise.promise().answer,
                    kept_at: None,
                });
            }
            Err(error) => {
                let expected = "a promise signed by this ledger's promise key";
                findings.fail_once(V25, none(place, expected, error.to_string()));
            }
        }
    }

    /// Takes the event of the entry at this place once more, after all were looked at.
    pub(crate) fn look_for(&mut self, place: u64, event: &Event) {
        let Event::Responded(responded) = event else {
            return;
        };
        let (index, _) = who(responded);
        let Some(places) = self.by_invitation.get(&index) else {
            return;
        };
        let Ok(answer) = responded.hash() else {
            return;
        };
        for at in places {
            if let Some(objection) = self.held.get_mut(*at)
                && objection.answer == answer
            {
                objection.kept_at.get_or_insert(place);
            }
        }
    }

    /// Judges the objections after the second look.
    pub(crate) fn finish(&self, findings: &mut Findings) {
        for objection in &self.held {
            let subject = format!(
                "`Objected` about invitation {}, revision {}",
                objection.index, objection.revision
            );
            let kept = objection.kept_at.filter(|kept| *kept < objection.place);
            let (expected, found, meaning) = match kept {
                Some(kept) => (
                    "an answer that is missing",
                    format!("this answer, entry {kept}"),
                    "a false objection: the promise was kept, and the ledger says that it was not",
                ),
                None => (
                    "every promise kept",
                    "no such answer before it".to_owned(),
                    "a broken promise, which the platform admits: an acknowledged answer was dropped",
                ),
            };
            let failure = Failure::new(subject, expected, found, meaning);
            findings.fail_once(V25, failure.at_entry(objection.place));
        }
    }
}

fn none(place: u64, expected: &str, found: String) -> Failure {
    let meaning = "what is on record as a broken promise is none of this ledger's";
    Failure::new("`Objected`", expected, found, meaning).at_entry(place)
}
