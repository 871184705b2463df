//! The committer: the one thread that makes durable what the writer has written, batch by batch, and hands it on to
//! the publisher. Meanwhile the writer decides and writes the next batch, and the publisher tells who waited for the
//! one before.
//!
//! Invariants:
//! - a batch is handed on as committed only after [`sijill_store`] says that it is on stable storage;
//! - after a failure of the disk nothing is committed any more, until the service is started again.

use crate::batch::{Batch, lost};
use crate::health::Health;
use crate::rejection::Rejection;
use crossbeam_channel::{Receiver, Sender};
use sijill_store::Log;
use std::sync::Arc;

/// The committer's own state.
pub struct Committer {
    /// What it commits to.
    pub log: Log,
    /// Stopped if that fails.
    pub health: Arc<Health>,
    /// Where it says that it has nothing to do.
    pub idle: Sender<()>,
    /// Where batches go afterwards.
    pub publisher: Sender<Batch>,
}

impl Committer {
    /// Works until a batch says stop, or until no batch can come any more.
    pub fn run(self, batches: &Receiver<Batch>) {
        let _alarm = self.health.alarm("the writer to disk");
        while let Some(mut batch) = self.next(batches) {
            batch.committed = self.commit(&mut batch);
            let stop = batch.stop;
            if self.publisher.send(batch).is_err() || stop {
                return;
            }
        }
    }

    /// The next batch; where none waits, the writer is told before.
    fn next(&self, batches: &Receiver<Batch>) -> Option<Batch> {
        if batches.is_empty() {
            // Full if it was told before and has not listened yet.
            let _told_once = self.idle.try_send(());
        }
        batches.recv().ok()
    }

    /// Once `log.commit` has returned, the entries exist: a restart finds them. Before that a restart may or may not
    /// find them, and nobody was told that it would.
    fn commit(&self, batch: &mut Batch) -> Result<(), Rejection> {
        if let Some(why) = self.health.stopped() {
            return Err(Rejection::Stopped { why });
        }
        let written = std::mem::take(&mut batch.written);
        if let Err(error) = self.health.watch(|| self.log.commit(written)) {
            self.health.stop(&(error.cause() + &lost(batch.parts())));
            let why = self.health.stopped().unwrap_or_default();
            return Err(Rejection::Stopped { why });
        }
        Ok(())
    }
}
