//! V25: each promise given verifies and is due when the definition says; its answer is in this ledger and still counts,
//! or a later one superseded it; one that is past its time, or missing where no answer can come any more, is broken.
//!
//! A promise whose answer is not there yet, in a ledger that still takes answers and before it is due, is *not
//! checked*: it is neither kept nor broken, and the report says when to ask again.

use crate::checks::held_answer::{HeldAnswer, who};
use crate::findings::Findings;
use crate::report::Failure;
use sijill_poll::poll::Phase;
use sijill_poll::promise::{self, VerifiedPromise};
use sijill_poll::{Event, Poll};
use std::collections::BTreeMap;

const V25: u8 = 25;

/// The promises given, and what the ledger has of them so far.
#[derive(Default)]
pub(crate) struct Promises {
    held: Vec<(VerifiedPromise, HeldAnswer)>,
    /// Places in `held`, by invitation.
    by_invitation: BTreeMap<u32, Vec<usize>>,
}

impl Promises {
    /// Opens the promise files by the ledger's own promise key.
    pub(crate) fn open(poll: &Poll, files: &[(String, String)], findings: &mut Findings) -> Self {
        let mut promises = Self::default();
        findings.looked_at(V25, files.len() as u64);
        for (name, file) in files {
            match promise::open(file, poll.origin(), poll.id(), poll.promise_key()) {
                Ok(promise) if promise.due_ms() != poll.promise_due() => {
                    findings.fail(V25, another_time(name, &promise, poll));
                }
                Ok(promise) => promises.hold(name, promise),
                Err(error) => {
                    let meaning = "this file does not show that this ledger promised anything";
                    let expected = "a promise signed by this ledger's promise key";
                    let failure = Failure::new(
                        format!("promise `{name}`"),
                        expected,
                        error.to_string(),
                        meaning,
                    );
                    findings.fail(V25, failure);
                }
            }
        }
        promises
    }

    fn hold(&mut self, name: &str, promise: VerifiedPromise) {
        let held = HeldAnswer::new(format!("promise `{name}`"), promise.responded());
        let places = self.by_invitation.entry(held.index).or_default();
        places.push(self.held.len());
        self.held.push((promise, held));
    }

    pub(crate) fn look(&mut self, place: u64, event: &Event) {
        let Event::Responded(responded) = event else {
            return;
        };
        let (index, revision) = who(responded);
        for held in self.by_invitation.get(&index).into_iter().flatten() {
            if let Some((promise, held)) = self.held.get_mut(*held) {
                held.see(place, promise.responded() == responded, revision);
            }
        }
    }

    /// Judges the promises after the last entry.
    pub(crate) fn finish(&self, poll: &Poll, now_ms: u64, findings: &mut Findings) {
        for (promise, held) in &self.held {
            match held.kept_at {
                Some(place) => held.judge_kept(place, poll, findings),
                None => absent(held, promise.due_ms(), poll, now_ms, findings),
            }
        }
    }
}

/// A later time would let the platform keep some promises later than others.
fn another_time(name: &str, promise: &VerifiedPromise, poll: &Poll) -> Failure {
    let due_ms = promise.due_ms();
    Failure::new(
        format!("promise `{name}`"),
        format!("due at {} ms, as the definition says", poll.promise_due()),
        format!("due at {due_ms} ms"),
        "the platform promised this respondent something else than everybody",
    )
}

fn absent(held: &HeldAnswer, due_ms: u64, poll: &Poll, now_ms: u64, findings: &mut Findings) {
    let over = matches!(poll.phase(), Phase::Closed | Phase::Annulled);
    if let Some((place, other)) = held.other
        && other == held.revision
    {
        let meaning = "another answer stands where the promised one should";
        let found = format!("another answer of this invitation and revision, entry {place}");
        findings.fail(V25, held.failure(found, meaning));
    } else if over {
        let meaning =
            "an acknowledged answer was dropped: this ledger takes no more answers, and lacks it";
        let found = "no such answer in a ledger that is over";
        findings.fail(V25, held.failure(found, meaning));
    } else if now_ms > due_ms {
        let meaning = "an acknowledged answer is not public, and should be by now";
        let found = format!("no such answer, due at {due_ms} ms");
        findings.fail(V25, held.failure(found, meaning));
    } else {
        let why = format!(
            "{}: its answer is not in the ledger yet, and not due before {due_ms} ms; audit again after that",
            held.by
        );
        findings.not_checked(V25, why);
    }
}
