//! Objections: a broken promise, handed in and recorded for everybody to read.
//!
//! `admits` asks what the state of a poll can tell. That the promised answer is nowhere in the ledger is more than it
//! knows: whoever records an objection goes through the entries with a [`Search`], and the [`BrokenPromise`] that it
//! ends with is the proof; an auditor looks for itself.

use crate::decide::{Command, Request};
use crate::error::PollError;
use crate::event::{Event, Objected, Who};
use crate::limits::OBJECTIONS_MAX;
use crate::poll::{Phase, Poll};
use crate::promise::{self, VerifiedPromise};
use crate::rules::Refusal;
use crate::tally::Cast;
use serde::{Deserialize, Serialize};
use sijill_ledger::{Hash, Sealed, codec};
use std::collections::BTreeMap;

/// The objections of a ledger so far. Bounded by [`OBJECTIONS_MAX`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Objections {
    /// `Objected` entries, whatever they hold.
    entries: u32,
    /// SHA-256 of each signed answer that is objected about, and the index of the entry that does.
    answers: BTreeMap<Hash, u64>,
}

impl Objections {
    pub(crate) fn is_full(&self) -> bool {
        self.entries >= OBJECTIONS_MAX
    }

    /// Takes an `Objected` at this index; `answer` where it holds a promise of this ledger.
    pub(crate) fn add(&mut self, index: u64, answer: Option<Hash>) {
        self.entries = self.entries.saturating_add(1);
        if let Some(answer) = answer {
            self.answers.entry(answer).or_insert(index);
        }
    }

    /// Index of the entry that objects about the answer of this hash.
    pub(crate) fn about(&self, answer: Hash) -> Option<u64> {
        self.answers.get(&answer).copied()
    }
}

/// Reads a promise file and checks that all of it is a promise of this ledger, its due time included.
pub fn open(poll: &Poll, file: &str) -> Result<VerifiedPromise, PollError> {
    let promise = promise::open(file, poll.origin(), poll.id(), poll.promise_key())?;
    if promise.due_ms() != poll.promise_due() {
        return Err(PollError::Promise {
            why: "it is due at another time than the definition says",
        });
    }
    Ok(promise)
}

/// Whether `objected` may be recorded at the time `at`, as far as the state can tell.
pub(crate) fn admits(poll: &Poll, at: u64, objected: &Objected) -> Result<(), Refusal> {
    judge(poll, at, &objected.promise).map(|_| ())
}

/// The promise in `file`, if the state of the poll allows to object about it at the time `at`.
fn judge(poll: &Poll, at: u64, file: &str) -> Result<VerifiedPromise, Refusal> {
    if poll.objections().is_full() {
        return Err(Refusal::TooManyObjections);
    }
    let promise = open(poll, file).map_err(Refusal::NotAPromise)?;
    in_time(poll, at)?;
    match poll.objections().about(promise.promise().answer) {
        Some(index) => Err(Refusal::ObjectedBefore { index }),
        None => Ok(promise),
    }
}

/// A promise can be broken by now, and the time for objections is not over.
fn in_time(poll: &Poll, at: u64) -> Result<(), Refusal> {
    let due = poll.promise_due();
    let is_over = matches!(poll.phase(), Phase::Closed | Phase::Annulled);
    if !is_over && at <= due {
        return Err(Refusal::NotDueYet { due });
    }
    let window = poll.definition().rules.objection_window_ms;
    match poll.over_since().map(|since| since.saturating_add(window)) {
        Some(until) if at > until => Err(Refusal::ObjectionsOver { until }),
        _ => Ok(()),
    }
}

/// Looks for a promised answer among all entries of a ledger, from the first to the last.
#[derive(Debug)]
pub struct Search {
    promise: VerifiedPromise,
    file: String,
    /// The signed answer: an entry that is this answer ends with it.
    signed: Vec<u8>,
    /// What the poll had of the invitation.
    seen: Cast,
    /// The entry to be shown next, and the number of them that there are.
    next: u64,
    size: u64,
    found: Option<u64>,
}

/// What a search comes to.
#[derive(Debug)]
pub enum Found {
    /// The answer is nowhere.
    Broken(Box<BrokenPromise>),
    /// The answer is the entry of this index.
    Kept {
        /// The index.
        index: u64,
    },
    /// Not every entry was shown.
    Unfinished,
}

impl Search {
    /// Begins one over the ledger of `poll` as it is, if the promise in `file` could be objected about at the time `at`.
    pub fn begin(poll: &Poll, at: u64, file: String) -> Result<Self, Refusal> {
        let promise = judge(poll, at, &file)?;
        let Who::Invitation { index, .. } = promise.responded().answer.who;
        let signed = promise.responded().signed_bytes();
        Ok(Self {
            signed: signed.map_err(Refusal::NotAPromise)?,
            seen: poll.cast(index),
            next: 0,
            size: poll.head().size,
            found: None,
            promise,
            file,
        })
    }

    /// The promise that is looked into.
    pub fn promise(&self) -> &VerifiedPromise {
        &self.promise
    }

    /// Number of entries to be shown.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Looks at the canonical bytes of the next entry. Any other is passed over, and the search is not finished by it.
    /// Few entries are decoded: a large ledger is gone through as fast as it can be read.
    pub fn look(&mut self, canonical: &[u8]) {
        match codec::decode_prefix::<u64>(canonical) {
            Ok((index, _)) if index == self.next => self.next += 1,
            _ => return,
        }
        if canonical.ends_with(&self.signed)
            && let Ok(sealed) = Sealed::<Event>::read(canonical)
            && let Event::Responded(responded) = &sealed.entry().event
            && responded == self.promise.responded()
        {
            self.found = Some(sealed.entry().index);
        }
    }

    /// Ends the search.
    pub fn finish(self) -> Found {
        match self.found {
            Some(index) => Found::Kept { index },
            None if self.next < self.size => Found::Unfinished,
            None => Found::Broken(Box::new(BrokenPromise {
                promise: self.promise,
                file: self.file,
                seen: self.seen,
            })),
        }
    }
}

/// A promise of this ledger that can be broken by now, and whose answer is nowhere in it. Comes from [`Search::finish`]
/// alone.
#[derive(Debug, Clone)]
pub struct BrokenPromise {
    promise: VerifiedPromise,
    file: String,
    seen: Cast,
}

impl BrokenPromise {
    /// The command that records it at the time `at`.
    pub fn into_command(self, at: u64) -> Command {
        let request = Request::Object(Box::new(self));
        Command { at, request }
    }

    /// The event that records it, if the invitation has not answered since the search.
    pub(crate) fn into_event(self, poll: &Poll) -> Result<Event, Refusal> {
        let Who::Invitation { index, .. } = self.promise.responded().answer.who;
        match poll.cast(index) == self.seen {
            true => Ok(Event::Objected(Objected { promise: self.file })),
            false => Err(Refusal::AnsweredSince),
        }
    }
}
