//! The committer: the one thread that touches the disk. It makes batches durable, tells who waits, and publishes.
//!
//! Invariants:
//! - nobody is told that an entry is recorded before [`sijill_store`] says that it is on stable storage;
//! - a book's durable state and its publication change only after that;
//! - after a failure of the disk nothing is written any more, until the service is started again.

use crate::book::{Book, Published};
use crate::clock::Clock;
use crate::health::Health;
use crate::keys::MasterKey;
use crate::limits::{PUBLICATION_MS_MIN, TICK_MS};
use crate::rejection::Rejection;
use crate::service::Books;
use crate::shelf::{Shelf, is_over};
use sijill_ledger::Sealed;
use sijill_poll::event::Who;
use sijill_poll::publication::{Waiting, is_due};
use sijill_poll::roster::Roster;
use sijill_poll::{Event, Poll, evolve};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

/// Tells who waits that their batch is durable, or why it is not.
pub type Settle = Box<dyn FnOnce(Result<(), Rejection>) + Send>;

/// An entry on its way to disk.
#[derive(Debug)]
pub struct Item {
    /// The poll's short name.
    pub slug: String,
    /// The entry.
    pub sealed: Sealed<Event>,
    /// The leaves, with a `RosterCommitted`.
    pub roster: Option<Arc<Roster>>,
}

/// What is made durable together, and who waits for it.
#[derive(Default)]
pub struct Batch {
    /// In the order in which they were sealed.
    items: Vec<Item>,
    /// Bytes of these.
    bytes: usize,
    /// Finish after this batch.
    pub stop: bool,
    waiting: Vec<Settle>,
}

impl Batch {
    /// Its entries.
    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// Bytes of its entries.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Adds an entry.
    pub fn push(&mut self, item: Item) {
        self.bytes += item.sealed.bytes().len();
        self.items.push(item);
    }

    /// Gives the last entry the leaves that it commits to.
    pub fn attach(&mut self, roster: Option<Arc<Roster>>) {
        if let Some(item) = self.items.last_mut() {
            item.roster = roster;
        }
    }

    /// Adds one who waits for it.
    pub fn settle(&mut self, settle: Settle) {
        self.waiting.push(settle);
    }

    fn tell(self, outcome: &Result<(), Rejection>) {
        for settle in self.waiting {
            settle(outcome.clone());
        }
    }
}

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

/// The committer's own state.
pub struct Committer {
    shelf: Shelf,
    books: Arc<Books>,
    backlogs: BTreeMap<String, Backlog>,
    clock: Clock,
    master: MasterKey,
    health: Arc<Health>,
}

impl Committer {
    /// A committer over a log and the books of what is in it. What was durable and not published waits on.
    pub fn new(
        shelf: Shelf,
        books: Arc<Books>,
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
            clock,
            master,
            health,
        }
    }

    /// Works until a batch says stop, or until no batch can come any more.
    pub fn run(mut self, batches: &Receiver<Batch>) {
        let _alarm = self.health.alarm("the writer to disk");
        loop {
            match batches.recv_timeout(Duration::from_millis(TICK_MS)) {
                Ok(batch) => {
                    let stop = batch.stop;
                    self.commit(batch);
                    if stop {
                        return;
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            self.publish_what_is_due();
        }
    }

    /// The whole commit, top to bottom. Once `shelf.append` has returned, the entries exist: a restart finds them.
    /// Before that a restart may or may not find them, and nobody was told that it would.
    fn commit(&mut self, mut batch: Batch) {
        if let Some(why) = self.health.stopped() {
            batch.tell(&Err(Rejection::Stopped { why }));
            return;
        }
        self.health.commit_began();
        let outcome = self.shelf.append(&batch.items);
        self.health.commit_ended();
        if let Err(error) = outcome {
            self.health.stop(&(error.cause() + &lost(&batch.items)));
            let why = self.health.stopped().unwrap_or_default();
            batch.tell(&Err(Rejection::Stopped { why }));
            return;
        }
        let now = (self.clock)();
        for item in std::mem::take(&mut batch.items) {
            self.keep(item, now);
        }
        let stop = batch.stop;
        let finished = if stop { self.finish() } else { Ok(()) };
        if let Err(Rejection::Stopped { why }) = &finished {
            self.health.stop(why);
        }
        batch.tell(&finished);
    }

    /// Moves the durable state on by an entry that is on disk.
    fn keep(&mut self, item: Item, now: u64) {
        let backlog = self.backlogs.entry(item.slug.clone()).or_default();
        match &item.sealed.entry().event {
            Event::Responded(responded) => {
                let Who::Invitation { index, .. } = responded.answer.who;
                if backlog.people.is_empty() {
                    backlog.since = now;
                }
                backlog.people.insert(index);
            }
            _ => backlog.others += 1,
        }
        match self.books.get(&item.slug) {
            Some(book) => {
                let mut poll = book.durable_mut();
                if let Some(roster) = item.roster {
                    poll.attach(roster);
                }
                evolve(&mut poll, &item.sealed);
            }
            None => self.open(&item.sealed, now),
        }
    }

    fn open(&mut self, first: &Sealed<Event>, now: u64) {
        let empty = Arc::new(Roster::none());
        match Poll::open(first, empty) {
            Ok(poll) => {
                let published = Published::of(&poll, now);
                self.books
                    .put(Arc::new(Book::new(poll, published, &self.master)));
            }
            // The writer opened the same entry before it sealed it.
            Err(error) => self.health.stop(&error.to_string()),
        }
    }

    fn publish_what_is_due(&mut self) {
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

    /// Publishes everything durable. The size is on disk before anyone can see it, so that no restart goes behind it.
    fn publish(&mut self, book: &Arc<Book>, now: u64) {
        let published = Published::of(&book.durable(), now);
        let over = is_over(&book.durable());
        let mut written = self.shelf.published(book.slug(), published.head, now);
        if over {
            written = written.and_then(|()| self.shelf.snapshot(&book.durable()));
        }
        if let Err(error) = written {
            self.health.stop(&error.cause());
            return;
        }
        book.publish(published);
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
        for book in self.books.all() {
            self.shelf.snapshot(&book.durable()).map_err(stopped)?;
        }
        self.shelf.close().map_err(stopped)
    }
}

/// Which entries were on their way to disk when it failed.
fn lost(items: &[Item]) -> String {
    match items.first() {
        Some(first) => format!(
            ", with entry {} of `{}` and {} more on their way",
            first.sealed.entry().index,
            first.slug,
            items.len() - 1
        ),
        None => String::new(),
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
    !too_soon && is_due(&book.definition().rules, waiting, over)
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
