//! The publisher: what follows a commit, in the committer's thread. It moves the books on by what is durable, tells who
//! waits, and says when a publication is due; the signer makes it.
//!
//! Invariant: nobody is told that an entry is recorded, and no book has it, before the committer has handed it on.

use crate::batch::{Batch, Part};
use crate::book::{Book, Published};
use crate::clock::Clock;
use crate::health::Health;
use crate::keys::MasterKey;
use crate::limits::PUBLICATION_MS_MIN;
use crate::rejection::Rejection;
use crate::service::Books;
use crate::shelf::{Shelf, is_over};
use crate::signer::Order;
use crossbeam_channel::{Sender, bounded};
use sijill_ledger::Sealed;
use sijill_poll::event::Who;
use sijill_poll::publication::{Waiting, is_due};
use sijill_poll::roster::Roster;
use sijill_poll::{Event, Poll, evolve};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What of a poll waits to be published.
#[derive(Debug, Clone, Default)]
struct Backlog {
    /// Invitations whose answers wait: one who changes theirs again and again is still one.
    people: BTreeSet<u32>,
    others: u64,
    /// When the first answer that waits became durable, milliseconds since 1970.
    since: u64,
    /// When the last publication was.
    published_at: u64,
}

impl Backlog {
    fn add(&mut self, event: &Event, now: u64) {
        match event {
            Event::Responded(responded) => {
                let Who::Invitation { index, .. } = responded.answer.who;
                if self.people.is_empty() {
                    self.since = now;
                }
                self.people.insert(index);
            }
            _ => self.others += 1,
        }
    }
}

/// The publisher's own state.
pub struct Publisher {
    shelf: Shelf,
    books: Arc<Books>,
    backlogs: BTreeMap<String, Backlog>,
    signer: Sender<Order>,
    clock: Clock,
    master: MasterKey,
    health: Arc<Health>,
}

impl Publisher {
    /// A publisher over a log and the books of what is in it. What was durable and not published waits on.
    pub fn new(
        shelf: Shelf,
        books: Arc<Books>,
        signer: Sender<Order>,
        clock: Clock,
        master: MasterKey,
        health: Arc<Health>,
    ) -> Self {
        let now = clock();
        let backlogs = books.all().iter().map(|book| backlog(book, now)).collect();
        Self {
            shelf,
            books,
            backlogs,
            signer,
            clock,
            master,
            health,
        }
    }

    /// Moves the books on by a batch if it is `committed`, and tells who waits for it, or why it is not. The one that
    /// says stop ends the log.
    pub fn tell(&mut self, mut batch: Batch, committed: Result<(), Rejection>) {
        let mut outcome = committed;
        if outcome.is_ok() {
            let now = (self.clock)();
            for part in batch.take_parts() {
                self.keep(part, now);
            }
            if batch.stop {
                outcome = self.finish();
            }
        }
        if let Err(Rejection::Stopped { why }) = &outcome {
            self.health.stop(why);
        }
        batch.tell(&outcome);
    }

    /// Moves the durable state on by entries that are on disk.
    fn keep(&mut self, part: Part, now: u64) {
        let backlog = self.backlogs.entry(part.slug.clone()).or_default();
        for sealed in &part.entries {
            backlog.add(&sealed.entry().event, now);
        }
        let events = part.entries.iter().map(|sealed| &sealed.entry().event);
        let answers = events.filter(|event| matches!(event, Event::Responded(_)));
        let counts = self.health.counts();
        counts.taken(&part.slug, answers.count() as u64, now);
        let mut entries = part.entries.iter();
        let book = match self.books.get(&part.slug) {
            Some(book) => Some(book),
            None => entries.next().and_then(|first| self.open(first, now)),
        };
        let Some(book) = book else {
            return;
        };
        let mut poll = book.durable_mut();
        if let Some(roster) = part.roster {
            poll.attach(roster);
        }
        let mut places = book.places_mut();
        for sealed in entries {
            places.look(sealed.entry().index, &sealed.entry().event);
            evolve(&mut poll, sealed);
        }
    }

    fn open(&self, first: &Sealed<Event>, now: u64) -> Option<Arc<Book>> {
        let empty = Arc::new(Roster::none());
        match Poll::open(first, empty) {
            Ok(poll) => {
                let published = Published::of(&poll, now);
                let book = Arc::new(Book::new(poll, published, &self.master));
                self.books.put(Arc::clone(&book));
                Some(book)
            }
            // The writer opened the same entry before it sealed it.
            Err(error) => {
                self.health.stop(&error.to_string());
                None
            }
        }
    }

    /// Publishes what waits for it long enough, or is enough of.
    pub fn publish_what_is_due(&mut self) {
        if self.health.stopped().is_some() {
            return;
        }
        let now = (self.clock)();
        for book in self.books.all() {
            let backlog = self.backlogs.entry(book.slug().to_owned()).or_default();
            if wants_publication(&book, backlog, now) {
                self.publish(&book, now);
            }
        }
    }

    /// Has everything durable published.
    fn publish(&mut self, book: &Arc<Book>, now: u64) {
        let published = Published::of(&book.durable(), now);
        book.begin_publication();
        let order = Order::Publish(Arc::clone(book), Box::new(published));
        // A signer that is gone has stopped the service.
        let _sent = self.signer.send(order);
        let fresh = Backlog {
            published_at: now,
            ..Backlog::default()
        };
        self.backlogs.insert(book.slug().to_owned(), fresh);
    }

    fn finish(&mut self) -> Result<(), Rejection> {
        let stopped = |error: crate::ServerError| Rejection::Stopped {
            why: error.to_string(),
        };
        let (done, signed) = bounded(1);
        if self.signer.send(Order::Finish(done)).is_ok() {
            // Without an answer the signer is gone, and has stopped the service.
            let _signed = signed.recv();
        }
        self.health.watch(|| {
            for book in self.books.all() {
                self.shelf.snapshot(&book.durable()).map_err(stopped)?;
            }
            self.shelf.close().map_err(stopped)
        })
    }
}

fn wants_publication(book: &Book, backlog: &Backlog, now: u64) -> bool {
    let poll = book.durable();
    let over = now >= poll.end() || is_over(&poll);
    let waiting = Waiting {
        people: backlog.people.len() as u64,
        others: backlog.others,
        age_ms: now.saturating_sub(backlog.since),
    };
    let too_soon = !backlog.people.is_empty()
        && !over
        && now.saturating_sub(backlog.published_at) < PUBLICATION_MS_MIN;
    !too_soon && !book.is_being_published() && is_due(&book.definition().rules, waiting, over)
}

/// What waited when the service was started. How many of the entries that were not published are answers is counted
/// while the log is replayed; the book's publication says where it ended.
fn backlog(book: &Arc<Book>, now: u64) -> (String, Backlog) {
    let (people, others) = book.unpublished_at_start();
    let backlog = Backlog {
        people,
        others,
        since: now,
        published_at: book.published().at,
    };
    (book.slug().to_owned(), backlog)
}
