//! What only benchmarks may do; compiled for nobody else (feature `bench`).

use crate::data_dir::DataDir;
use crate::log::Log;
use crate::medium::{Frame, Medium, MediumError};
use crate::sled_medium::SledMedium;
use sijill_ledger::Head;
use std::collections::BTreeMap;
use std::ops::Bound;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A log whose frames are in memory and nowhere else, and which says at once that they are durable: publications read
/// them back.
pub fn log_in_memory(dir: DataDir) -> Log {
    Log::on(dir, Box::new(Memory::default()), None)
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

/// Frames by ledger and the index of their first entry.
#[derive(Default)]
struct Memory(Mutex<Frames>);

type Frames = BTreeMap<String, BTreeMap<u64, Vec<u8>>>;

impl Memory {
    fn frames(&self) -> MutexGuard<'_, Frames> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Medium for Memory {
    fn insert(&self, ledger: &str, first: u64, frame: &[u8]) -> Result<(), MediumError> {
        let mut ledgers = self.frames();
        let frames = ledgers.entry(ledger.to_owned()).or_default();
        frames.insert(first, frame.to_vec());
        Ok(())
    }

    fn sync(&self) -> Result<(), MediumError> {
        Ok(())
    }

    fn write_head(&self, _: &str, _: Head, _: bool) -> Result<(), MediumError> {
        Ok(())
    }

    fn frame_at(&self, ledger: &str, index: u64) -> Result<Option<Frame>, MediumError> {
        let ledgers = self.frames();
        let frames = ledgers.get(ledger);
        let found = frames.and_then(|frames| frames.range(..=index).next_back());
        Ok(found.map(owned))
    }

    fn frame_after(&self, ledger: &str, index: u64) -> Result<Option<Frame>, MediumError> {
        let after = (Bound::Excluded(index), Bound::Unbounded);
        let ledgers = self.frames();
        let frames = ledgers.get(ledger);
        let found = frames.and_then(|frames| frames.range(after).next());
        Ok(found.map(owned))
    }

    fn ledgers(&self) -> Result<Vec<String>, MediumError> {
        Ok(self.frames().keys().cloned().collect())
    }

    fn remove_from(&self, ledger: &str, first: u64) -> Result<(), MediumError> {
        if let Some(frames) = self.frames().get_mut(ledger) {
            drop(frames.split_off(&first));
        }
        Ok(())
    }

    fn remove(&self, ledger: &str, _: &str) -> Result<(), MediumError> {
        self.frames().remove(ledger);
        Ok(())
    }

    fn close(&self) -> Result<(), MediumError> {
        Ok(())
    }
}

fn owned((first, frame): (&u64, &Vec<u8>)) -> Frame {
    (*first, frame.clone())
}
