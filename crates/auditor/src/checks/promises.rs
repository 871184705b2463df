//! V25: each promise given verifies and is due when the definition says; its answer is in this ledger and still counts,
//! or a later one superseded it; one that is past its time, or missing where no answer can come any more, is broken.
//!
//! A promise whose answer is not there yet, in a ledger that still takes answers and before it is due, is *not
//! checked*: it is neither kept nor broken, and the report says when to ask again.

use crate::findings::Findings;
use crate::report::Failure;
use sijill_poll::event::{Responded, Who};
use sijill_poll::poll::Phase;
use sijill_poll::promise::{self, VerifiedPromise};
use sijill_poll::{Event, Poll};
use std::collections::BTreeMap;

const V25: u8 = 25;

/// The promises given, and what the ledger has of them so far.
#[derive(Default)]
pub(crate) struct Promises {
    held: Vec<Held>,
    /// Places in `held`, by invitation.
    by_invitation: BTreeMap<u32, Vec<usize>>,
}

struct Held {
    name: String,
    promise: VerifiedPromise,
    /// The entry that is the promised answer.
    kept_at: Option<u64>,
    /// The latest entry of the same invitation that is another answer, and its revision.
    other: Option<(u64, u8)>,
}

impl Promises {
    /// Opens the promise files by the ledger's own promise key.
    pub(crate) fn open(poll: &Poll, files: &[(String, String)], findings: &mut Findings) -> Self {
        let mut promises = Self::default();
        findings.looked_at(V25, files.len() as u64);
        if files.is_empty() {
            findings.not_applicable(
                V25,
                "no promise was given; respondents have them, give --promise",
            );
        }
        for (name, file) in files {
            match promise::open(file, poll.origin(), poll.id(), poll.promise_key()) {
                Ok(promise)
                    if promise.promise().due.saturating_mul(1_000) != poll.promise_due() =>
                {
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
        let (index, _) = who(promise.responded());
        self.by_invitation
            .entry(index)
            .or_default()
            .push(self.held.len());
        self.held.push(Held {
            name: name.to_owned(),
            promise,
            kept_at: None,
            other: None,
        });
    }

    pub(crate) fn look(&mut self, place: u64, event: &Event) {
        let Event::Responded(responded) = event else {
            return;
        };
        let (index, revision) = who(responded);
        for held in self.by_invitation.get(&index).into_iter().flatten() {
            let Some(held) = self.held.get_mut(*held) else {
                continue;
            };
            if held.promise.responded() == responded {
                held.kept_at = Some(place);
            } else {
                held.other = Some((place, revision));
            }
        }
    }

    /// Judges the promises after the last entry.
    pub(crate) fn finish(&self, poll: &Poll, now_ms: u64, findings: &mut Findings) {
        for held in &self.held {
            match held.kept_at {
                Some(place) => kept(held, place, poll, findings),
                None => absent(held, poll, now_ms, findings),
            }
        }
    }
}

/// A later time would let the platform keep some promises later than others.
fn another_time(name: &str, promise: &VerifiedPromise, poll: &Poll) -> Failure {
    let due_ms = promise.promise().due.saturating_mul(1_000);
    Failure::new(
        format!("promise `{name}`"),
        format!("due at {} ms, as the definition says", poll.promise_due()),
        format!("due at {due_ms} ms"),
        "the platform promised this respondent something else than everybody",
    )
}

fn who(responded: &Responded) -> (u32, u8) {
    let Who::Invitation { index, revision } = responded.answer.who;
    (index, revision)
}

fn kept(held: &Held, place: u64, poll: &Poll, findings: &mut Findings) {
    let (index, revision) = who(held.promise.responded());
    let counts = poll.cast(index).revision;
    let name = &held.name;
    if counts == revision && held.other.is_none_or(|(_, other)| other != revision) {
        findings.note(
            V25,
            format!("promise `{name}`: its answer is entry {place} and counts"),
        );
        return;
    }
    match held.other {
        Some((later, other)) if other > revision => findings.note(
            V25,
            format!("promise `{name}`: its answer is entry {place}; revision {other}, entry {later}, superseded it"),
        ),
        _ => {
            let found = format!("entry {place}, which does not count");
            let meaning = "the answer is in the ledger, and the tally passes over it";
            findings.fail(V25, failure(held, found, meaning));
        }
    }
}

fn absent(held: &Held, poll: &Poll, now_ms: u64, findings: &mut Findings) {
    let (_, revision) = who(held.promise.responded());
    let due_ms = held.promise.promise().due.saturating_mul(1_000);
    let over = matches!(poll.phase(), Phase::Closed | Phase::Annulled);
    if let Some((place, other)) = held.other
        && other == revision
    {
        let meaning = "another answer stands where the promised one should";
        let found = format!("another answer of this invitation and revision, entry {place}");
        findings.fail(V25, failure(held, found, meaning));
    } else if over {
        let meaning =
            "an acknowledged answer was dropped: this ledger takes no more answers, and lacks it";
        findings.fail(
            V25,
            failure(
                held,
                "no such answer in a ledger that is over".into(),
                meaning,
            ),
        );
    } else if now_ms > due_ms {
        let meaning = "an acknowledged answer is not public, and should be by now";
        findings.fail(
            V25,
            failure(held, format!("no such answer, due at {due_ms} ms"), meaning),
        );
    } else {
        let why = format!(
            "promise `{}`: its answer is not in the ledger yet, and not due before {due_ms} ms; audit again after that",
            held.name
        );
        findings.not_checked(V25, why);
    }
}

fn failure(held: &Held, found: String, meaning: &str) -> Failure {
    let (index, revision) = who(held.promise.responded());
    let subject = format!(
        "promise `{}` to invitation {index}, revision {revision}",
        held.name
    );
    Failure::new(subject, "the promised answer, counted", found, meaning)
}
