//! Health: whether the service still takes entries, and if not, why. Once stopped, it does not get better without a
//! restart; a clock that is behind gets better by itself.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Whether the service takes entries.
#[derive(Debug, Default)]
pub struct Health {
    stopped: Mutex<Option<String>>,
    /// How far the clock is behind the last entry, in milliseconds; 0 while it is not.
    behind_ms: AtomicU64,
}

impl Health {
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

    /// Why the service has stopped, if it has.
    pub fn stopped(&self) -> Option<String> {
        self.stopped
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Stops the service for good; the first reason stands.
    pub fn stop(&self, why: &str) {
        let mut reason = self.stopped.lock().unwrap_or_else(PoisonError::into_inner);
        if reason.is_none() {
            tracing::error!("stopped taking answers: {why}");
            *reason = Some(why.to_owned());
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

/// Goes off when its thread panics.
#[derive(Debug)]
pub struct Alarm {
    health: Arc<Health>,
    who: &'static str,
}

impl Drop for Alarm {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let why = format!(
                "{} failed; restart the service, what was confirmed is safe",
                self.who
            );
            self.health.stop(&why);
        }
    }
}
