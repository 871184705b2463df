//! What only benchmarks may do; compiled for nobody else (feature `bench`).

use crate::data_dir::DataDir;
use crate::log::Log;
use crate::medium::{Frame, Medium, MediumError};
use crate::sled_medium::SledMedium;
use sijill_ledger::Head;
use std::path::Path;

/// A log on a medium that keeps nothing, and says at once that it did.
pub fn log_that_keeps_nothing(dir: DataDir) -> Log {
    Log::on(dir, Box::new(Nothing), None)
}

/// sled with a key for each entry, every batch flushed and synced: what the log would be without frames.
pub struct KeyAnEntry(SledMedium);

impl KeyAnEntry {
    /// Opens it in this folder.
    pub fn open(folder: &Path) -> Result<Self, MediumError> {
        SledMedium::open(folder).map(Self)
    }

    /// Makes these entries durable, the first under this index.
    pub fn append(&self, first: u64, entries: &[&[u8]]) -> Result<(), MediumError> {
        for (index, entry) in (first..).zip(entries) {
            self.0.insert("ledger", index, entry)?;
        }
        self.0.sync()
    }

    /// Closes it.
    pub fn close(&self) -> Result<(), MediumError> {
        self.0.close()
    }
}

struct Nothing;

impl Medium for Nothing {
    fn insert(&self, _: &str, _: u64, _: &[u8]) -> Result<(), MediumError> {
        Ok(())
    }

    fn sync(&self) -> Result<(), MediumError> {
        Ok(())
    }

    fn write_head(&self, _: &str, _: Head, _: bool) -> Result<(), MediumError> {
        Ok(())
    }

    fn frame_at(&self, _: &str, _: u64) -> Result<Option<Frame>, MediumError> {
        Ok(None)
    }

    fn frame_after(&self, _: &str, _: u64) -> Result<Option<Frame>, MediumError> {
        Ok(None)
    }

    fn ledgers(&self) -> Result<Vec<String>, MediumError> {
        Ok(Vec::new())
    }

    fn remove_from(&self, _: &str, _: u64) -> Result<(), MediumError> {
        Ok(())
    }

    fn remove(&self, _: &str, _: &str) -> Result<(), MediumError> {
        Ok(())
    }

    fn close(&self) -> Result<(), MediumError> {
        Ok(())
    }
}
