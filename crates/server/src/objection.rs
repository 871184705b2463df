//! Objections: somebody hands in a promise, and the ledger is gone through for its answer. If it is nowhere, that goes on
//! record.
//!
//! What costs little is asked first: a file that is no promise of the poll, or that nothing can be said of yet, is
//! refused before an entry is read. Ledgers are gone through one at a time, off the writer.

use crate::book::Book;
use crate::clock::entry_time;
use crate::rejection::Rejection;
use crate::service::Service;
use crate::shelf;
use crate::writer::{Job, Position};
use sijill_poll::objection::{Found, Search};
use sijill_poll::rules::{Refusal, utc};
use std::fmt;

/// What came of a promise that was handed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Objection {
    /// It is broken, and that is on record now.
    Recorded(Position),
    /// It is broken, and that was on record before.
    OnRecord {
        /// The entry.
        index: u64,
    },
    /// It is kept.
    Kept {
        /// The entry that is its answer.
        index: u64,
    },
    /// It is kept, and its answer is not public yet.
    Waiting {
        /// When it will be, in milliseconds since 1970.
        due: u64,
    },
}

impl fmt::Display for Objection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Recorded(position) => write!(
                f,
                "the promise is broken: its answer is not in the ledger; that is on record now, as entry {}",
                position.index
            ),
            Self::OnRecord { index } => write!(
                f,
                "the promise is broken: its answer is not in the ledger; that was on record before, as entry {index}"
            ),
            Self::Kept { index } => write!(
                f,
                "the promise is kept: its answer is entry {index} of the ledger; there is nothing to object about"
            ),
            Self::Waiting { due } => write!(
                f,
                "the answer is recorded, and becomes public by {}; if it does not, object then",
                utc(*due)
            ),
        }
    }
}

impl Service {
    /// Looks into a promise, and records that it is broken if it is. Blocks, for as long as the ledger is long.
    pub fn object(&self, book: &Book, file: String) -> Result<Objection, Rejection> {
        match self.record_if_broken(book, file) {
            Err(Rejection::Refused(Refusal::ObjectedBefore { index })) => {
                Ok(Objection::OnRecord { index })
            }
            outcome => outcome,
        }
    }

    fn record_if_broken(&self, book: &Book, file: String) -> Result<Objection, Rejection> {
        let search = self.begin(book, file)?;
        match self.go_through(book, search)? {
            Found::Kept { index } => {
                let due = book.durable().promise_due();
                Ok(kept(index, book.published().head.size, due))
            }
            Found::Broken(broken) => {
                let slug = book.slug().to_owned();
                let recorded = self.wait(|reply| Job::Object {
                    slug,
                    broken,
                    reply,
                });
                recorded.map(Objection::Recorded)
            }
            Found::Unfinished => Err(Rejection::Unread {
                why: "an entry is missing".to_owned(),
            }),
        }
    }

    fn begin(&self, book: &Book, file: String) -> Result<Search, Rejection> {
        let poll = book.durable();
        let resolution = book.definition().rules.resolution_ms;
        let at = entry_time(self.now(), resolution, poll.last_at())?;
        Ok(Search::begin(&poll, at, file)?)
    }

    fn go_through(&self, book: &Book, mut search: Search) -> Result<Found, Rejection> {
        let _one_at_a_time = self.one_search();
        let entries = shelf::entries(self.log(), book.origin(), 0);
        for entry in entries.take(usize::try_from(search.size()).unwrap_or(usize::MAX)) {
            let canonical = entry.map_err(|error| Rejection::Unread { why: error.cause() })?;
            search.look(&canonical);
        }
        Ok(search.finish())
    }
}

/// What is not public yet is told of to nobody, not even by its index.
fn kept(index: u64, published: u64, due: u64) -> Objection {
    match index < published {
        true => Objection::Kept { index },
        false => Objection::Waiting { due },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_is_not_public_yet_has_no_index() {
        assert_eq!(kept(4, 5, 1_000), Objection::Kept { index: 4 });
        let waiting = kept(5, 5, 1_000);
        assert_eq!(waiting, Objection::Waiting { due: 1_000 });
        let told = waiting.to_string();
        assert!(told.contains("public by 1970-01-01T00:00:01Z"), "{told}");
    }
}
