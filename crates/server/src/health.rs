//! Health: whether the service still takes entries, and if not, why. Once stopped, it does not get better without a
//! restart; a clock that is behind gets better by itself.

use crate::counts::Counts;
use crate::service::Books;
use sijill_store::space;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// Whether the service takes entries.
#[derive(Debug)]
pub struct Health {
    data: PathBuf,
    books: Arc<Books>,
    reason: OnceLock<String>,
    /// Since when the disk has been working on something, by the number that it was given; the oldest is first.
    working: Mutex<BTreeMap<u64, Instant>>,
    /// How far the clock is behind the last entry, in milliseconds; 0 while it is not.
    behind_ms: AtomicU64,
    /// Tiles and bundles that were damaged and written anew since the start.
    tiles_mended: AtomicU64,
    /// Goes wherever health goes: whatever is counted happens where health is watched.
    counts: Counts,
}

impl Health {
    /// The health of a service over this data directory.
    pub fn new(data: PathBuf, books: Arc<Books>) -> Self {
        Self {
            data,
            books,
            reason: OnceLock::new(),
            working: Mutex::default(),
            behind_ms: AtomicU64::new(0),
            tiles_mended: AtomicU64::new(0),
            counts: Counts::default(),
        }
    }

    /// What is counted.
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// How many milliseconds the clock is behind the last entry's time, if by so much that nothing is taken.
    pub fn clock_behind_ms(&self) -> Option<u64> {
        Some(self.behind_ms.load(Ordering::Relaxed)).filter(|behind| *behind > 0)
    }

    /// Keeps in mind how far the clock is behind; 0 where it is not. Says so in the log when it begins and ends.
    pub fn clock_is_behind(&self, behind_ms: u64) {
        let before = self.behind_ms.swap(behind_ms, Ordering::Relaxed);
        let seconds = behind_ms.div_ceil(1_000);
        match (before, behind_ms) {
            (0, 0) => {}
            (0, _) => tracing::error!(
                "takes no answers: the clock is {seconds} s behind the last entry. Set it right; an entry dated too early cannot be taken back, answers are taken again when the clock is past it"
            ),
            (_, 0) => tracing::info!("the clock is right again; answers are taken"),
            _ => {}
        }
    }

    /// How many tiles and bundles were damaged and written anew since the start.
    pub fn tiles_mended(&self) -> u64 {
        self.tiles_mended.load(Ordering::SeqCst)
    }

    /// Counts tiles and bundles that were written anew.
    pub fn mended(&self, tiles: u64) {
        self.tiles_mended.fetch_add(tiles, Ordering::SeqCst);
    }

    /// Why the service has stopped, if it has.
    pub fn stopped(&self) -> Option<String> {
        self.reason.get().cloned()
    }

    /// Stops the service for good; the first reason stands. What operators read says what happened, how many answers
    /// are safe, and what to do.
    pub fn stop(&self, cause: &str) {
        if self.stopped().is_some() {
            return;
        }
        let [what, then] = self.report(cause);
        if self.reason.set(format!("{what}. {then}")).is_ok() {
            tracing::error!("stopped taking answers: {what}\n{:21}{then}", "");
        }
    }

    /// Stops the service over what no restart heals: the message says itself what to do.
    pub fn stop_over(&self, contradiction: &str) {
        let until = "/health says \"stopped\" until the service ends.";
        let why = format!("{contradiction}. {until}");
        if self.reason.set(why).is_ok() {
            tracing::error!("stopped taking answers: {contradiction}\n{:21}{until}", "");
        }
    }

    fn report(&self, cause: &str) -> [String; 2] {
        let data = self.data.display();
        let free = space::free_bytes(&self.data);
        let room = free.map_or_else(String::new, |free| {
            format!(" ({} free on `{data}`)", space::readable(free))
        });
        let (what, first) = match space::is_full(cause) {
            true => ("disk full: ", "Free space"),
            false => ("", "See that the disk works"),
        };
        let safe = grouped(self.books.answers());
        [
            format!("{what}{cause}{room}"),
            format!(
                "{safe} answers are safe. {first}, then restart; /health says \"stopped\" until the service ends."
            ),
        ]
    }

    /// Does something that asks the disk, and keeps in mind since when.
    pub fn watch<T>(&self, work: impl FnOnce() -> T) -> T {
        let number = {
            let mut working = locked(&self.working);
            let number = working.last_key_value().map_or(0, |(last, _)| last + 1);
            working.insert(number, Instant::now());
            number
        };
        let done = work();
        locked(&self.working).remove(&number);
        done
    }

    /// Stops the service if the disk has been silent for longer than this. Who waits is told, whatever becomes of it.
    pub fn expect_disk_within(&self, limit: Duration) {
        let oldest = locked(&self.working).values().next().copied();
        if oldest.is_some_and(|began| began.elapsed() > limit) {
            let seconds = limit.as_secs();
            self.stop(&format!(
                "the disk has not finished a write for {seconds} seconds"
            ));
        }
    }

    /// Stops the service if the thread that holds the alarm panics.
    pub fn alarm(self: &Arc<Self>, who: &'static str) -> Alarm {
        Alarm {
            health: Arc::clone(self),
            who,
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A count as people read it: `48,211`.
fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Goes off when its thread panics.
#[derive(Debug)]
pub struct Alarm {
    health: Arc<Health>,
    who: &'static str,
}

impl Drop for Alarm {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.health.stop(&format!("{} failed", self.who));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn health() -> Health {
        Health::new(std::env::temp_dir(), Arc::default())
    }

    #[test]
    fn the_report_says_what_happened_how_much_is_safe_and_what_to_do() {
        let health = health();
        health.stop("No space left on device while syncing the log");
        let why = health.stopped().unwrap();
        assert!(why.starts_with("disk full: No space left"), "{why}");
        assert!(why.contains("free on `"), "{why}");
        assert!(
            why.contains("0 answers are safe. Free space, then restart"),
            "{why}"
        );
        health.stop("something later");
        health.stop_over("and something else");
        assert_eq!(health.stopped(), Some(why));
    }

    #[test]
    fn what_no_restart_heals_is_told_without_the_advice_to_restart() {
        let health = health();
        health.stop_over("another server publishes this poll. Stop one of the two");
        let why = health.stopped().unwrap();
        assert!(why.starts_with("another server publishes this poll. Stop one"));
        assert!(!why.contains("restart") && !why.contains("disk"), "{why}");
    }

    #[test]
    fn a_disk_that_does_not_answer_stops_the_service_and_one_that_did_does_not() {
        let health = health();
        let late = || {
            std::thread::sleep(Duration::from_millis(2));
            health.expect_disk_within(Duration::ZERO);
        };
        health.watch(|| health.expect_disk_within(Duration::from_secs(60)));
        late();
        assert_eq!(health.stopped(), None);
        health.watch(|| {
            health.watch(|| ());
            late();
        });
        assert!(
            health
                .stopped()
                .unwrap()
                .contains("has not finished a write")
        );
    }

    #[test]
    fn counts_are_grouped() {
        let cases = [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (1_048_211, "1,048,211"),
        ];
        for (count, expected) in cases {
            assert_eq!(grouped(count), expected);
        }
    }
}
