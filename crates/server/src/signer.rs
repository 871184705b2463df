//! The signer: the one thread that makes publications. For each it has the ledger's tree grow and be signed, notes how
//! far the poll is published, and puts the checkpoint in the place of the last. Only then anyone sees it.
//!
//! When a publication is due is the publisher's to say; what stands between two is the tree's. Meanwhile the committer
//! goes on. While no publication is due, it has the scrubber look at what is on disk.
//!
//! Invariants:
//! - how far a poll is published is on disk before its checkpoint is, and that before anyone sees either: a start ends
//!   what a crash broke off, and never goes behind it;
//! - of one poll one publication is made at a time.

use crate::ServerError;
use crate::book::{Book, Published};
use crate::health::Health;
use crate::keys::MasterKey;
use crate::scrubber::{Pace, Scrubber};
use crate::service::Books;
use crate::shelf::{Shelf, is_over};
use crate::tree::{Found, Tree};
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};
use sijill_store::{CheckpointStore, StoreError};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What the signer is asked for.
pub enum Order {
    /// Publish this.
    Publish(Arc<Book>, Box<Published>),
    /// Say when everything ordered before is done.
    Finish(Sender<()>),
}

fn answer(done: &Sender<()>) {
    // Who asked may have given up.
    let _sent = done.try_send(());
}

/// The signer's own state.
pub struct Signer {
    shelf: Shelf,
    store: CheckpointStore,
    master: MasterKey,
    health: Arc<Health>,
    trees: BTreeMap<String, Tree>,
    scrubber: Scrubber,
}

impl Signer {
    /// A signer of everything in the books. What was published and not signed, because a crash came between, is signed
    /// now.
    ///
    /// # Errors
    /// If a log is not the one that its newest checkpoint is over.
    pub fn new(
        shelf: Shelf,
        store: CheckpointStore,
        books: &Books,
        master: MasterKey,
        health: Arc<Health>,
        pace: Pace,
    ) -> Result<Self, ServerError> {
        let mut signer = Self {
            shelf,
            store,
            master,
            health,
            trees: BTreeMap::new(),
            scrubber: Scrubber::new(pace),
        };
        for book in books.all() {
            let published = Published::clone(&book.published());
            let tree = signer.tree(&book)?;
            if tree.size() < published.head.size && !signer.store.is_only_read() {
                signer.publish(&book, published)?;
            }
        }
        Ok(signer)
    }

    /// Works until no order can come any more. A failure stops the service.
    pub fn run(mut self, orders: &Receiver<Order>) {
        let health = Arc::clone(&self.health);
        let _alarm = health.alarm("the signer of checkpoints");
        loop {
            let made = match orders.recv_timeout(self.scrubber.due_in()) {
                Err(RecvTimeoutError::Disconnected) => return,
                Ok(Order::Finish(done)) => {
                    answer(&done);
                    return self.pass_over(orders);
                }
                Err(RecvTimeoutError::Timeout) => health.watch(|| self.scrub()),
                Ok(Order::Publish(book, published)) => {
                    health.watch(|| self.publish(&book, *published))
                }
            };
            match made {
                Ok(()) => {}
                Err(ServerError::Store(error @ StoreError::AnotherPublishes { .. })) => {
                    health.stop_over(&error.to_string());
                }
                Err(error) => health.stop(&error.cause()),
            }
            if health.stopped().is_some() {
                return self.pass_over(orders);
            }
        }
    }

    /// Publishes nothing more, and reads nothing more: the log is about to be closed, or the service has stopped.
    fn pass_over(self, orders: &Receiver<Order>) {
        for order in orders {
            if let Order::Finish(done) = order {
                answer(&done);
            }
        }
    }

    fn scrub(&mut self) -> Result<(), ServerError> {
        let log = self.shelf.log();
        self.scrubber.step(&log, &mut self.trees, &self.health)
    }

    /// The tree of a book's ledger, which gets to know what is published of it when it is looked at first.
    fn tree(&mut self, book: &Book) -> Result<&mut Tree, ServerError> {
        let slug = book.slug().to_owned();
        if !self.trees.contains_key(&slug) {
            let folder = self.shelf.public_folder(&slug)?;
            let log = self.shelf.log();
            let noted = self.shelf.list_note(&slug, book.origin());
            let found = Tree::find(&log, &self.store, folder, noted, &book.durable())?;
            let Found {
                tree,
                newest,
                listed,
            } = found;
            book.found(newest, listed);
            self.trees.insert(slug.clone(), tree);
        }
        self.trees
            .get_mut(&slug)
            .ok_or_else(|| ServerError::Thread("the signer lost a tree".to_owned()))
    }

    fn publish(&mut self, book: &Arc<Book>, mut published: Published) -> Result<(), ServerError> {
        if self.store.is_only_read() {
            return Ok(());
        }
        let (log, key) = (self.shelf.log(), self.master.log_key(book.origin()));
        if !book
            .durable()
            .opening()
            .log_keys
            .contains(&key.public_key())
        {
            stays_unpublished(book, published.head.size);
            return Ok(());
        }
        let tree = self.tree(book)?;
        let signed = tree.grow(&log, published.head, &key)?;
        let (list, named) = (tree.list_note(), (book.slug(), book.origin()));
        self.shelf
            .published(named, published.head, published.at, list)?;
        if let Some(tree) = self.trees.get_mut(book.slug()) {
            book.list(tree.publish(&self.store, &signed)?);
        }
        published.checkpoint = Some(Arc::new(signed));
        book.publish(published);
        self.health.counts().published(book.slug());
        let poll = book.durable();
        match is_over(&poll) {
            true => self.shelf.snapshot(&poll),
            false => Ok(()),
        }
    }
}

/// A poll that is over may be served without its keys. What is recorded of it meanwhile has no checkpoint, and nothing is
/// published without one.
fn stays_unpublished(book: &Book, size: u64) {
    tracing::warn!(
        "`{}`: entries up to {size} are recorded and not published, because this service has not the log key of the poll. Serve it with the master key that it was opened with",
        book.slug()
    );
    book.publish(Published::clone(&book.published()));
}
