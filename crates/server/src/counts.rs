//! What the service counts from its start on: the one place where anything is counted, and nothing but counts. No
//! token, address, contact or answer can be in it: what it is told are polls' names and words of this program.
//!
//! Counts go to operators alone (the desk, the monitor, the metrics' own listener): whatever moves with a single answer
//! is nobody else's to see.

use crate::arrivals::Arrivals;
use crate::reason::Reason;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What is counted of one poll.
#[derive(Debug, Clone, Default)]
pub struct PollCounts {
    /// Times that the page behind one of its links was shown, previews included.
    pub pages_opened: u64,
    /// Answers that became durable; one that changes another counts too.
    pub taken: u64,
    /// Submissions that said again what stands.
    pub repeated: u64,
    /// Submissions that were refused.
    pub refused: BTreeMap<Reason, u64>,
    /// Publications made.
    pub publications: u64,
    /// Answers of the last minutes.
    pub arrivals: Arrivals,
}

/// Everything that is counted.
#[derive(Debug)]
pub struct Counts {
    /// By slug; only polls of this service get in.
    polls: Mutex<BTreeMap<String, PollCounts>>,
    /// Refused submissions whose link is of no poll.
    strangers: Mutex<BTreeMap<Reason, u64>>,
    /// By kind and class of status, both words of this program.
    requests: Mutex<BTreeMap<(&'static str, &'static str), u64>>,
    connections: Arc<AtomicUsize>,
    connections_max: AtomicUsize,
    acknowledgements: Times,
    commits: Times,
    batches: Histogram,
    entries: AtomicU64,
    scrubbed_bytes: AtomicU64,
    scrub_looks: AtomicU64,
}

impl Default for Counts {
    fn default() -> Self {
        Self {
            polls: Mutex::default(),
            strangers: Mutex::default(),
            requests: Mutex::default(),
            connections: Arc::default(),
            connections_max: AtomicUsize::new(0),
            acknowledgements: Times::default(),
            commits: Times::default(),
            // 1 to 1,024 entries: `BATCH_ENTRIES_MAX`.
            batches: Histogram::new(exponential_buckets(1.0, 2.0, 11)),
            entries: AtomicU64::new(0),
            scrubbed_bytes: AtomicU64::new(0),
            scrub_looks: AtomicU64::new(0),
        }
    }
}

impl Counts {
    /// The page behind a link of this poll was shown.
    pub fn page_opened(&self, slug: &str) {
        self.of_poll(slug, |poll| poll.pages_opened += 1);
    }

    /// Answers to this poll became durable.
    pub fn taken(&self, slug: &str, answers: u64, now_ms: u64) {
        self.of_poll(slug, |poll| {
            poll.taken += answers;
            poll.arrivals.add(now_ms, answers);
        });
    }

    /// A submission to this poll said again what stands.
    pub fn repeated(&self, slug: &str) {
        self.of_poll(slug, |poll| poll.repeated += 1);
    }

    /// A submission to this poll was refused.
    pub fn refused(&self, slug: &str, reason: Reason) {
        self.of_poll(slug, |poll| *poll.refused.entry(reason).or_default() += 1);
    }

    /// A submission was refused whose link is of no poll.
    pub fn refused_stranger(&self, reason: Reason) {
        *locked(&self.strangers).entry(reason).or_default() += 1;
    }

    /// A publication of this poll was made.
    pub fn published(&self, slug: &str) {
        self.of_poll(slug, |poll| poll.publications += 1);
    }

    /// A request of this kind was answered with a status of this class.
    pub fn request(&self, kind: &'static str, class: &'static str) {
        *locked(&self.requests).entry((kind, class)).or_default() += 1;
    }

    /// An answer was confirmed so long after it was handed to the writer.
    pub fn acknowledged(&self, after: Duration) {
        self.acknowledgements.add(after);
    }

    /// So many entries were made durable together, and the disk took so long.
    pub fn committed(&self, entries: usize, took: Duration) {
        self.batches.observe(entries as f64);
        self.entries.fetch_add(entries as u64, Ordering::Relaxed);
        self.commits.add(took);
    }

    /// The scrubber has read this much more, and may be through with a ledger by it.
    pub fn scrubbed(&self, bytes: u64, is_through: bool) {
        self.scrubbed_bytes.fetch_add(bytes, Ordering::Relaxed);
        self.scrub_looks
            .fetch_add(u64::from(is_through), Ordering::Relaxed);
    }

    /// There is room for so many connections.
    pub fn has_room(&self, connections: usize) {
        self.connections_max.store(connections, Ordering::Relaxed);
    }

    /// Where connections are counted while they are open.
    pub fn connections(&self) -> Arc<AtomicUsize> {
        Arc::clone(&self.connections)
    }

    /// Connections open, and how many may be.
    pub fn connections_of(&self) -> (u64, u64) {
        let of = |count: &AtomicUsize| count.load(Ordering::Relaxed) as u64;
        (of(&self.connections), of(&self.connections_max))
    }

    /// What is counted of a poll.
    pub fn poll(&self, slug: &str) -> PollCounts {
        locked(&self.polls).get(slug).cloned().unwrap_or_default()
    }

    /// Refused submissions whose link is of no poll.
    pub fn strangers(&self) -> BTreeMap<Reason, u64> {
        locked(&self.strangers).clone()
    }

    /// Requests by kind and class.
    pub fn requests(&self) -> BTreeMap<(&'static str, &'static str), u64> {
        locked(&self.requests).clone()
    }

    /// Times from an answer's hand-over to its confirmation.
    pub fn acknowledgements(&self) -> &Times {
        &self.acknowledgements
    }

    /// Times that the disk took to make a batch durable.
    pub fn commits(&self) -> &Times {
        &self.commits
    }

    /// Entries that were made durable together.
    pub fn batches(&self) -> &Histogram {
        &self.batches
    }

    /// Entries that were made durable in all.
    pub fn entries(&self) -> u64 {
        self.entries.load(Ordering::Relaxed)
    }

    /// Bytes of entries that the scrubber has read, and how often it came to the end of a ledger.
    pub fn scrubs(&self) -> (u64, u64) {
        let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
        (of(&self.scrubbed_bytes), of(&self.scrub_looks))
    }

    fn of_poll(&self, slug: &str, count: impl FnOnce(&mut PollCounts)) {
        let mut polls = locked(&self.polls);
        match polls.get_mut(slug) {
            Some(poll) => count(poll),
            None => count(polls.entry(slug.to_owned()).or_default()),
        }
    }
}

/// How long something took, each time.
#[derive(Debug)]
pub struct Times {
    /// In seconds; what a histogram adds up it shows to its encoder alone.
    histogram: Histogram,
    count: AtomicU64,
    sum_us: AtomicU64,
}

impl Default for Times {
    fn default() -> Self {
        Self {
            // 1 ms to 33 s: `REQUEST_MS_MAX` is in the last.
            histogram: Histogram::new(exponential_buckets(0.001, 2.0, 16)),
            count: AtomicU64::new(0),
            sum_us: AtomicU64::new(0),
        }
    }
}

impl Times {
    fn add(&self, took: Duration) {
        let us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.histogram.observe(took.as_secs_f64());
        self.count.fetch_add(1, Ordering::Relaxed);
        self.sum_us.fetch_add(us, Ordering::Relaxed);
    }

    /// By their length in seconds.
    pub fn histogram(&self) -> &Histogram {
        &self.histogram
    }

    /// How many, and their sum in microseconds.
    pub fn sums(&self) -> (u64, u64) {
        let of = |sum: &AtomicU64| sum.load(Ordering::Relaxed);
        (of(&self.count), of(&self.sum_us))
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_poll_is_counted_by_itself_and_strangers_beside() {
        let counts = Counts::default();
        counts.taken("a", 2, 60_000);
        counts.taken("a", 1, 120_000);
        counts.refused("b", Reason::Paused);
        counts.refused("b", Reason::Paused);
        counts.refused_stranger(Reason::UnknownLink);
        assert_eq!(counts.poll("a").taken, 3);
        assert!(counts.poll("a").arrivals.until(120_000).ends_with(&[2, 1]));
        assert_eq!(
            counts.poll("b").refused,
            BTreeMap::from([(Reason::Paused, 2)])
        );
        assert!(counts.poll("c").refused.is_empty());
        assert_eq!(
            counts.strangers(),
            BTreeMap::from([(Reason::UnknownLink, 1)])
        );
    }
}
