//! The committer: the one thread that makes durable what the writer has written, batch by batch, and then has the
//! publisher tell who waits. Meanwhile the writer decides and writes the next batch.
//!
//! Invariants:
//! - the publisher hears of a batch as committed only after [`sijill_store`] says that it is on stable storage;
//! - after a failure of the disk nothing is committed any more, until the service is started again.

use crate::batch::{Batch, lost};
use crate::health::Health;
use crate::limits::TICK_MS;
use crate::publisher::Publisher;
use crate::rejection::Rejection;
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};
use sijill_store::Log;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The committer's own state.
pub struct Committer {
    /// What it commits to.
    pub log: Log,
    /// Stopped if that fails.
    pub health: Arc<Health>,
    /// Where it says that it has nothing to do.
    pub idle: Sender<()>,
    /// What comes afterwards.
    pub publisher: Publisher,
}

impl Committer {
    /// Works until a batch says stop, or until no batch can come any more.
    pub fn run(mut self, batches: &Receiver<Batch>) {
        let _alarm = self.health.alarm("the writer to disk");
        loop {
            match self.next(batches) {
                Ok(mut batch) => {
                    let (stop, committed) = (batch.stop, self.commit(&mut batch));
                    self.publisher.tell(batch, committed);
                    if stop {
                        return;
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            self.publisher.publish_what_is_due();
        }
    }

    /// The next batch; where none waits, the writer is told before.
    fn next(&self, batches: &Receiver<Batch>) -> Result<Batch, RecvTimeoutError> {
        if batches.is_empty() {
            // Full if it was told before and has not listened yet.
            let _told_once = self.idle.try_send(());
        }
        batches.recv_timeout(Duration::from_millis(TICK_MS))
    }

    /// Once `log.commit` has returned, the entries exist: a restart finds them. Before that a restart may or may not
    /// find them, and nobody was told that it would.
    fn commit(&self, batch: &mut Batch) -> Result<(), Rejection> {
        if let Some(why) = self.health.stopped() {
            return Err(Rejection::Stopped { why });
        }
        let written = std::mem::take(&mut batch.written);
        let began = Instant::now();
        if let Err(error) = self.health.watch(|| self.log.commit(written)) {
            self.health.stop(&(error.cause() + &lost(batch.parts())));
            let why = self.health.stopped().unwrap_or_default();
            return Err(Rejection::Stopped { why });
        }
        if batch.entries() > 0 {
            let counts = self.health.counts();
            counts.committed(batch.entries(), began.elapsed());
        }
        Ok(())
    }
}
