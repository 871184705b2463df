//! A book: one poll as the rest of the service sees it. What is durable, what is published, and nothing that is not.
//!
//! The publisher alone writes what is durable, and the signer what is published, after the disk has confirmed; everyone
//! else reads. No lock is held across an await.

use crate::keys::MasterKey;
use crate::shelf::Replayed;
use crate::wire;
use sijill_ledger::checkpoint::SignedCheckpoint;
use sijill_ledger::{Hash, Head, Origin, SecretKey};
use sijill_poll::definition::Definition;
use sijill_poll::event::{Responded, Who};
use sijill_poll::poll::Phase;
use sijill_poll::promise::{self, Promise};
use sijill_poll::tally::Tally;
use sijill_poll::{Event, Poll, PollError};
use sijill_store::public_folder::Listed;
use std::collections::BTreeSet;
use std::num::NonZeroU64;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use tokio::sync::watch;

/// Everything that advances with a publication, frozen.
#[derive(Debug, Clone)]
pub struct Published {
    /// The definition, with the wordings in force at that end.
    pub definition: Arc<Definition>,
    /// Where the published part of the ledger ends.
    pub head: Head,
    /// When it was published, milliseconds since 1970.
    pub at: u64,
    /// The tally at that end.
    pub tally: Tally,
    /// Whether sealed strata were opened.
    pub unsealed: bool,
    /// Invitations in the roster.
    pub invited: u32,
    /// Invitations planned in waves begun.
    pub planned: u64,
    /// How often what is said about the poll was mended.
    pub mended: u32,
    /// Entries that had been acknowledged and are lost.
    pub lost: u64,
    /// The newest checkpoint; none before the first was signed.
    pub checkpoint: Option<Arc<SignedCheckpoint>>,
    /// `results.json`, rendered once for everyone.
    pub json: axum::body::Bytes,
    /// The same as one server-sent event.
    pub event: axum::body::Bytes,
}

impl Published {
    /// The publication of `poll` as it is, at the time `at`.
    pub fn of(poll: &Poll, at: u64) -> Self {
        let json = wire::results(poll, at);
        let event = format!("event: publication\ndata: {json}\n\n");
        Self {
            definition: Arc::clone(poll.definition()),
            head: poll.head(),
            at,
            tally: poll.tally().clone(),
            unsealed: poll.unsealed().is_some(),
            invited: poll.committed().map_or(0, |roster| roster.count),
            planned: poll.planned(),
            mended: poll.page().changes,
            lost: poll
                .losses()
                .iter()
                .map(sijill_poll::poll::Loss::entries)
                .sum(),
            checkpoint: None,
            json: json.into(),
            event: event.into(),
        }
    }
}

/// Where each invitation's last answer stands in the ledger, by place in the roster.
#[derive(Debug, Clone, Default)]
pub struct Places(Vec<Option<NonZeroU64>>);

impl Places {
    /// Takes an entry. Entry 0 is never an answer.
    pub fn look(&mut self, index: u64, event: &Event) {
        let Event::Responded(responded) = event else {
            return;
        };
        let Who::Invitation { index: person, .. } = responded.answer.who;
        let person = person as usize;
        if self.0.len() <= person {
            self.0.resize(person + 1, None);
        }
        if let Some(place) = self.0.get_mut(person) {
            *place = NonZeroU64::new(index);
        }
    }

    /// The entry of an invitation's last answer.
    pub fn of(&self, person: u32) -> Option<u64> {
        self.0
            .get(person as usize)
            .copied()
            .flatten()
            .map(NonZeroU64::get)
    }
}

/// One poll as the rest of the service sees it.
#[derive(Debug)]
pub struct Book {
    slug: Arc<str>,
    origin: Origin,
    id: Hash,
    promise_key: SecretKey,
    /// The state of what is on stable storage.
    durable: RwLock<Poll>,
    /// Where the answers of that state stand.
    places: RwLock<Places>,
    /// Replaced at each publication; every listener sees the newest.
    published: watch::Sender<Arc<Published>>,
    /// Every published checkpoint, by ascending size; the signer adds to it.
    listed: RwLock<Vec<Listed>>,
    /// Whether a publication is being made.
    publishing: AtomicBool,
    /// Invitations whose answers were durable and not published when the service started, and how many other entries.
    unpublished_at_start: (BTreeSet<u32>, u64),
}

impl Book {
    /// The book of a poll whose ledger is durable so far, with its last publication.
    pub fn new(poll: Poll, published: Published, master: &MasterKey) -> Self {
        Self {
            slug: poll.definition().slug.as_str().into(),
            origin: poll.origin().clone(),
            id: poll.id(),
            promise_key: master.promise_key(poll.origin()),
            durable: RwLock::new(poll),
            places: RwLock::default(),
            published: watch::Sender::new(Arc::new(published)),
            listed: RwLock::default(),
            publishing: AtomicBool::new(false),
            unpublished_at_start: (BTreeSet::new(), 0),
        }
    }

    /// The book of a poll that came out of the log.
    pub(crate) fn replayed(replayed: Replayed, master: &MasterKey) -> Self {
        let (at_publication, at) = replayed.published;
        let published = Published::of(&at_publication, at);
        Self {
            unpublished_at_start: replayed.unpublished,
            places: RwLock::new(replayed.places),
            ..Self::new(replayed.poll, published, master)
        }
    }

    /// Invitations whose answers were durable and not published when the service started, and how many other entries.
    pub(crate) fn unpublished_at_start(&self) -> (BTreeSet<u32>, u64) {
        self.unpublished_at_start.clone()
    }

    /// The poll's short name.
    pub fn slug(&self) -> &str {
        &self.slug
    }

    /// The same for who keeps it.
    pub(crate) fn shared_slug(&self) -> Arc<str> {
        Arc::clone(&self.slug)
    }

    /// The ledger's name.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The poll id.
    pub fn id(&self) -> Hash {
        self.id
    }

    /// The definition.
    pub fn definition(&self) -> Arc<Definition> {
        Arc::clone(&self.published.borrow().definition)
    }

    /// The durable state. Hold it briefly: the publisher waits.
    pub fn durable(&self) -> RwLockReadGuard<'_, Poll> {
        // A poisoned lock means that the publisher died; `Health` says so, and what was durable still is.
        self.durable.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The durable state, for the publisher.
    pub(crate) fn durable_mut(&self) -> RwLockWriteGuard<'_, Poll> {
        self.durable.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// The entry of an invitation's last answer, by place in the roster.
    pub fn place(&self, person: u32) -> Option<u64> {
        let places = self.places.read().unwrap_or_else(PoisonError::into_inner);
        places.of(person)
    }

    /// Where the durable answers stand, for the publisher.
    pub(crate) fn places_mut(&self) -> RwLockWriteGuard<'_, Places> {
        self.places.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// The last publication.
    pub fn published(&self) -> Arc<Published> {
        Arc::clone(&self.published.borrow())
    }

    /// The last publication and every later one.
    pub fn publications(&self) -> watch::Receiver<Arc<Published>> {
        self.published.subscribe()
    }

    /// Shows a publication to everyone.
    pub(crate) fn publish(&self, published: Published) {
        self.published.send_replace(Arc::new(published));
        self.publishing.store(false, Ordering::Release);
    }

    /// Says that a publication is being made, until [`Book::publish`].
    pub(crate) fn begin_publication(&self) {
        self.publishing.store(true, Ordering::Release);
    }

    /// Whether a publication is being made.
    pub(crate) fn is_being_published(&self) -> bool {
        self.publishing.load(Ordering::Acquire)
    }

    /// Takes what a start finds on disk: the newest checkpoint, and all that are listed.
    pub(crate) fn found(&self, newest: Option<SignedCheckpoint>, listed: Vec<Listed>) {
        let newest = newest.map(Arc::new);
        self.published.send_modify(|published| {
            let mut known = Published::clone(published);
            known.checkpoint = newest;
            *published = Arc::new(known);
        });
        *self.listed.write().unwrap_or_else(PoisonError::into_inner) = listed;
    }

    /// Adds a checkpoint to those that are listed.
    pub(crate) fn list(&self, listed: Listed) {
        let mut all = self.listed.write().unwrap_or_else(PoisonError::into_inner);
        all.push(listed);
    }

    /// From where to where the published checkpoint over `size` entries stands in the list.
    pub(crate) fn place_in_list(&self, size: u64) -> Option<(u64, u64)> {
        let all = self.listed.read().unwrap_or_else(PoisonError::into_inner);
        let place = all.binary_search_by_key(&size, |listed| listed.size).ok()?;
        let before = place.checked_sub(1).and_then(|before| all.get(before));
        Some((
            before.map_or(0, |before| before.ends_at),
            all.get(place)?.ends_at,
        ))
    }

    /// Where the list of those published checkpoints ends that are over this many entries or fewer, in bytes.
    pub(crate) fn list_end_at(&self, size: u64) -> u64 {
        let all = self.listed.read().unwrap_or_else(PoisonError::into_inner);
        let count = all.partition_point(|listed| listed.size <= size);
        let last = count.checked_sub(1).and_then(|last| all.get(last));
        last.map_or(0, |last| last.ends_at)
    }

    /// Where the list of published checkpoints ends, in bytes.
    pub(crate) fn list_end(&self) -> u64 {
        let all = self.listed.read().unwrap_or_else(PoisonError::into_inner);
        all.last().map_or(0, |last| last.ends_at)
    }

    /// The promise file for an answer of this poll. Deterministic: the same answer has the same promise.
    pub fn promise(&self, responded: &Responded) -> Result<String, PollError> {
        let due = self.durable().promise_due() / 1_000;
        let promise = Promise {
            origin: self.origin.clone(),
            poll_id: self.id,
            answer: responded.hash()?,
            due,
        };
        promise::file(responded, &promise, &self.promise_key)
    }
}

/// Where a poll stands at a moment, in one word for machines.
pub fn state_word(poll: &Poll, now: u64) -> &'static str {
    match poll.phase() {
        Phase::Closed => "closed",
        Phase::Annulled => "annulled",
        Phase::Paused => "paused",
        Phase::Running if now < poll.definition().field.start => "not_yet_open",
        Phase::Running if now >= poll.end() => "ended",
        Phase::Running => "open",
    }
}
