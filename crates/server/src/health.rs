//! Health: whether the service still takes entries, and if not, why. It never gets better without a restart.

use std::sync::{Arc, Mutex, PoisonError};

/// Whether the service takes entries.
#[derive(Debug, Default)]
pub struct Health(Mutex<Option<String>>);

impl Health {
    /// Why the service has stopped, if it has.
    pub fn stopped(&self) -> Option<String> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Stops the service for good; the first reason stands.
    pub fn stop(&self, why: &str) {
        let mut reason = self.0.lock().unwrap_or_else(PoisonError::into_inner);
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
