//! A batch: what is made durable together, and who waits for it. The writer fills it and writes it to the log, the
//! committer makes it durable, and the publisher tells who waits.
//!
//! Invariant: the entries of a ledger stand in it in the order in which they were sealed.

use crate::rejection::Rejection;
use crate::writer::{Answer, Position};
use sijill_ledger::{Head, Linked, Origin, Sealed};
use sijill_poll::Event;
use sijill_poll::roster::Roster;
use sijill_store::{Append, Written};
use std::sync::Arc;

/// Someone who waits for a batch, and what they are told once it is durable.
pub enum Waiting {
    /// For an answer, or for nothing but the batch.
    Done(Answer<()>, Result<(), Rejection>),
    /// For an event.
    Placed(Answer<Position>, Result<Position, Rejection>),
}

impl Waiting {
    fn tell(self, committed: &Result<(), Rejection>) {
        // Who asked may have gone; what was recorded stands all the same.
        match self {
            Self::Done(reply, outcome) => drop(reply.send(committed.clone().and(outcome))),
            Self::Placed(reply, outcome) => drop(reply.send(committed.clone().and(outcome))),
        }
    }
}

/// What is made durable together, and who waits for it.
pub struct Batch {
    parts: Vec<Part>,
    entries: usize,
    bytes: usize,
    waiting: Vec<Waiting>,
    /// What the log has of it and must still make durable.
    pub written: Written,
    /// Finish after this batch.
    pub stop: bool,
}

/// Entries of one ledger, on their way to disk.
pub struct Part {
    /// The poll's short name.
    pub slug: String,
    /// The ledger.
    pub origin: Origin,
    /// At least one.
    pub entries: Vec<Sealed<Event>>,
    /// The leaves, with a `RosterCommitted`.
    pub roster: Option<Arc<Roster>>,
}

impl Batch {
    /// One with nothing in it.
    pub fn empty() -> Self {
        Self {
            parts: Vec::new(),
            entries: 0,
            bytes: 0,
            waiting: Vec::new(),
            written: Written::default(),
            stop: false,
        }
    }

    /// Whether nothing is in it and nobody waits for it.
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty() && self.waiting.is_empty()
    }

    /// Its entries, ledger by ledger.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// The same, taken out.
    pub fn take_parts(&mut self) -> Vec<Part> {
        std::mem::take(&mut self.parts)
    }

    /// Number of its entries.
    pub fn entries(&self) -> usize {
        self.entries
    }

    /// Number of those who wait for it.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Bytes of its entries.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Adds an entry.
    pub fn add(&mut self, slug: &str, origin: &Origin, sealed: Sealed<Event>) {
        self.entries += 1;
        self.bytes += sealed.bytes().len();
        match self.parts.iter_mut().find(|part| part.slug == slug) {
            Some(part) => part.entries.push(sealed),
            None => self.parts.push(Part {
                slug: slug.to_owned(),
                origin: origin.clone(),
                entries: vec![sealed],
                roster: None,
            }),
        }
    }

    /// Gives a poll the leaves that its last entry commits to.
    pub fn attach(&mut self, slug: &str, roster: Option<Arc<Roster>>) {
        if let Some(part) = self.parts.iter_mut().find(|part| part.slug == slug) {
            part.roster = roster.or(part.roster.take());
        }
    }

    /// Adds one who waits for it.
    pub fn wait(&mut self, waiting: Waiting) {
        self.waiting.push(waiting);
    }

    /// Tells everyone who waits that it is durable, or why it is not.
    pub fn tell(self, committed: &Result<(), Rejection>) {
        for waiting in self.waiting {
            waiting.tell(committed);
        }
    }

    /// What the log is to append.
    pub fn appends(&self) -> Vec<Append<'_>> {
        self.parts.iter().map(Part::append).collect()
    }
}

impl Part {
    fn append(&self) -> Append<'_> {
        let start = Head::start(&self.origin);
        let before = self.entries.first().map_or(start, |first| Head {
            size: first.entry().index,
            link: first.entry().previous,
        });
        Append {
            origin: &self.origin,
            slug: &self.slug,
            before,
            entries: self.entries.iter().map(Linked::sealed).collect(),
        }
    }
}

/// Which entries were on their way to disk when it failed.
pub fn lost(parts: &[Part]) -> String {
    let more: usize = parts.iter().map(|part| part.entries.len()).sum();
    match parts
        .first()
        .and_then(|part| Some((part, part.entries.first()?)))
    {
        Some((part, first)) => format!(
            ", with entry {} of `{}` and {} more on their way",
            first.entry().index,
            part.slug,
            more.saturating_sub(1)
        ),
        None => String::new(),
    }
}
