//! sled as a medium: its settings, the sync that it does not do itself, and the fences round what it does in a crash.
//!
//! sled's `flush` ends in `sync_file_range`, which promises nothing after a power cut; so each is followed by an
//! `fdatasync` of sled's file, through a descriptor opened before the first write.
//!
//! sled may panic or wait for ever, on damaged files and on a disk that fails. So it is opened and closed in a thread of
//! its own, whose silence is an error after a while; a panic in any call is an error of the medium; and a sled that
//! failed is never dropped, which would ask the disk again.

use crate::data_dir::poll_folder;
use crate::error::READING;
use crate::head::HeadFile;
use crate::limits::{CACHE_BYTES_MAX, SEGMENT_BYTES, SLED_PATIENCE};
use crate::medium::{Frame, Medium, MediumError};
use sijill_ledger::Head;
use std::collections::BTreeMap;
use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Mutex, PoisonError, RwLock, RwLockReadGuard};
use std::time::Duration;

/// An opened sled database, and the head files beside it.
pub struct SledMedium {
    data: PathBuf,
    opened: RwLock<Option<sled::Db>>,
    /// sled's own file, for `fdatasync`.
    file: File,
    heads: Mutex<BTreeMap<String, HeadFile>>,
    /// Whether any call to sled failed.
    failed: AtomicBool,
}

/// The tree that sled makes by itself.
const SLEDS_OWN: &[u8] = b"__sled__default";

impl SledMedium {
    /// Opens the log of a data directory, or makes it.
    pub fn open(data: &Path) -> Result<Self, MediumError> {
        let path = data.join("log");
        remove_named(&path, is_half_a_snapshot).map_err(|error| said("clear", &error))?;
        let opening = path.clone();
        let db = apart("opening sled", SLED_PATIENCE, move || open_sled(&opening))??;
        let file = File::open(path.join("db")).map_err(|error| said("open", &error))?;
        sync_names(data, &path).map_err(|error| said("sync", &error))?;
        Ok(Self {
            data: data.to_owned(),
            opened: RwLock::new(Some(db)),
            file,
            heads: Mutex::new(BTreeMap::new()),
            failed: AtomicBool::new(false),
        })
    }

    /// One call to sled: an error or a panic is a failure of the medium, and remembered.
    fn ask<T>(
        &self,
        what: &'static str,
        work: impl FnOnce(&sled::Db) -> Result<T, MediumError>,
    ) -> Result<T, MediumError> {
        let opened = self.opened();
        let db = opened.as_ref().ok_or_else(closed)?;
        let result = caught(what, || work(db));
        if result.is_err() {
            self.failed.store(true, Ordering::SeqCst);
        }
        result
    }

    fn opened(&self) -> RwLockReadGuard<'_, Option<sled::Db>> {
        self.opened.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Medium for SledMedium {
    fn insert(&self, ledger: &str, first: u64, frame: &[u8]) -> Result<(), MediumError> {
        self.ask("inserting", |db| {
            let tree = db.open_tree(ledger).map_err(failed)?;
            tree.insert(first.to_be_bytes(), frame).map_err(failed)?;
            Ok(())
        })
    }

    fn sync(&self) -> Result<(), MediumError> {
        self.ask("flushing", |db| {
            db.flush().map_err(failed)?;
            self.file.sync_data().map_err(|error| said("sync", &error))
        })
    }

    fn write_head(&self, slug: &str, head: Head, durably: bool) -> Result<(), MediumError> {
        let mut heads = self.heads.lock().unwrap_or_else(PoisonError::into_inner);
        if !heads.contains_key(slug) {
            let file = poll_folder(&self.data, slug)
                .and_then(|folder| HeadFile::open_or_make(&folder, head))
                .map_err(|error| MediumError(error.to_string()))?;
            heads.insert(slug.to_owned(), file);
        }
        let file = heads.get_mut(slug).ok_or_else(closed)?;
        file.write(head)
            .and_then(|()| if durably { file.sync() } else { Ok(()) })
            .map_err(|error| MediumError(error.to_string()))
    }

    fn frame_at(&self, ledger: &str, index: u64) -> Result<Option<Frame>, MediumError> {
        self.ask(READING, |db| {
            let Some(tree) = tree(db, ledger)? else {
                return Ok(None);
            };
            let found = tree.range(..=index.to_be_bytes()).next_back();
            found.transpose().map_err(failed)?.map(frame).transpose()
        })
    }

    fn frame_after(&self, ledger: &str, index: u64) -> Result<Option<Frame>, MediumError> {
        self.ask(READING, |db| {
            let (Some(tree), Some(from)) = (tree(db, ledger)?, index.checked_add(1)) else {
                return Ok(None);
            };
            let found = tree.range(from.to_be_bytes()..).next();
            found.transpose().map_err(failed)?.map(frame).transpose()
        })
    }

    fn ledgers(&self) -> Result<Vec<String>, MediumError> {
        self.ask("listing trees", ledgers)
    }

    fn remove_from(&self, ledger: &str, first: u64) -> Result<(), MediumError> {
        self.ask("removing frames", |db| {
            let Some(tree) = tree(db, ledger)? else {
                return Ok(());
            };
            for key in tree.range(first.to_be_bytes()..).keys() {
                tree.remove(key.map_err(failed)?).map_err(failed)?;
            }
            Ok(())
        })
    }

    fn remove(&self, ledger: &str, slug: &str) -> Result<(), MediumError> {
        self.ask("removing a tree", |db| db.drop_tree(ledger).map_err(failed))?;
        self.sync()?;
        let mut heads = self.heads.lock().unwrap_or_else(PoisonError::into_inner);
        heads.remove(slug);
        Ok(())
    }

    fn close(&self) -> Result<(), MediumError> {
        self.sync()?;
        let db = self.take();
        apart("closing sled", SLED_PATIENCE, move || drop(db))?;
        self.file.sync_all().map_err(|error| said("sync", &error))
    }
}

impl SledMedium {
    fn take(&self) -> Option<sled::Db> {
        let mut opened = self.opened.write().unwrap_or_else(PoisonError::into_inner);
        opened.take()
    }
}

impl Drop for SledMedium {
    /// A sled that failed is left as it is: the process ends, or nobody may open the log in it again.
    fn drop(&mut self) {
        if self.failed.load(Ordering::SeqCst) {
            std::mem::forget(self.take());
        }
    }
}

/// The tree of a ledger that is there. Asking sled for a tree makes one, which then stays.
fn tree(db: &sled::Db, ledger: &str) -> Result<Option<sled::Tree>, MediumError> {
    match db.tree_names().iter().any(|name| *name == ledger) {
        true => db.open_tree(ledger).map(Some).map_err(failed),
        false => Ok(None),
    }
}

fn ledgers(db: &sled::Db) -> Result<Vec<String>, MediumError> {
    let mut ledgers = Vec::new();
    for name in db.tree_names() {
        // sled remembers a name before its first frame: a crash in between leaves a tree of nothing.
        if name == SLEDS_OWN || db.open_tree(&name).map_err(failed)?.is_empty() {
            continue;
        }
        let name = String::from_utf8(name.to_vec());
        ledgers.push(name.map_err(|_| MediumError("a ledger's name is not text".to_owned()))?);
    }
    Ok(ledgers)
}

fn open_sled(path: &Path) -> Result<sled::Db, MediumError> {
    sled::Config::default()
        .path(path)
        .mode(sled::Mode::HighThroughput)
        .segment_size(SEGMENT_BYTES)
        .cache_capacity(CACHE_BYTES_MAX)
        .flush_every_ms(None)
        .open()
        .map_err(failed)
}

/// Removes what sled derives from its log: snapshots, which spare it reading all of the log at a start, and its
/// settings, which are ours.
pub(crate) fn remove_derived(data: &Path) -> std::io::Result<()> {
    remove_named(&data.join("log"), |name| {
        name.starts_with("snap.") || name == "conf"
    })
}

/// sled 0.34.7 takes a snapshot that a killed start left half-written for the newest one, and never opens again.
fn is_half_a_snapshot(name: &str) -> bool {
    name.starts_with("snap.") && name.ends_with(".generating")
}

fn remove_named(log: &Path, is_meant: fn(&str) -> bool) -> std::io::Result<()> {
    let entries = match std::fs::read_dir(log) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    for entry in entries {
        let entry = entry?;
        if entry.file_name().to_str().is_some_and(is_meant) {
            std::fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// What sled wrote when it made the log, the names in its folder, and in the data directory. At every start: one that
/// made them may have been killed before it came here, and then they are there and not yet on stable storage.
fn sync_names(data: &Path, log: &Path) -> std::io::Result<()> {
    for path in [&log.join("conf"), &log.join("db"), log, data] {
        File::open(path)?.sync_all()?;
    }
    Ok(())
}

/// A panic becomes an error.
fn caught<T>(
    what: &'static str,
    work: impl FnOnce() -> Result<T, MediumError>,
) -> Result<T, MediumError> {
    // After a panic nothing of sled's is used again: the log is stopped, and sled is not even dropped.
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|_| Err(MediumError(format!("sled panicked while {what}"))))
}

/// Runs something of sled's in a thread of its own: a panic becomes an error, and so does taking for ever.
fn apart<T: Send + 'static>(
    what: &'static str,
    patience: Duration,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, MediumError> {
    let (done, result) = channel();
    let start = std::thread::Builder::new().name(what.to_owned());
    start
        .spawn(move || drop(done.send(work())))
        .map_err(|error| said(what, &error))?;
    result.recv_timeout(patience).map_err(|error| match error {
        RecvTimeoutError::Timeout => MediumError(format!(
            "{what} took longer than {} seconds",
            patience.as_secs()
        )),
        RecvTimeoutError::Disconnected => {
            MediumError(format!("{what} panicked: the log is damaged"))
        }
    })
}

fn frame((key, value): (sled::IVec, sled::IVec)) -> Result<Frame, MediumError> {
    let key: [u8; 8] = key
        .as_ref()
        .try_into()
        .map_err(|_| MediumError("a frame's key has not 8 bytes".to_owned()))?;
    Ok((u64::from_be_bytes(key), value.to_vec()))
}

fn failed(error: sled::Error) -> MediumError {
    MediumError(error.to_string())
}

fn closed() -> MediumError {
    MediumError("the log is closed".to_owned())
}

fn said(what: &str, error: &std::io::Error) -> MediumError {
    MediumError(format!("{what}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_or_a_silence_while_sled_opens_is_an_error() {
        let silent = || std::thread::sleep(Duration::from_secs(60));
        let error = apart("opening sled", Duration::from_millis(20), silent).unwrap_err();
        assert!(error.0.contains("took longer"), "{error}");
        let panics = || panic!("sled panics");
        let error = apart("opening sled", Duration::from_secs(60), panics).unwrap_err();
        assert!(error.0.contains("panicked"), "{error}");
        assert!(matches!(apart("opening sled", SLED_PATIENCE, || 7), Ok(7)));
    }

    #[test]
    fn a_panic_in_a_call_is_a_failure_after_which_sled_is_not_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let medium = SledMedium::open(folder.path()).unwrap();
        medium.ask("inserting", |_| Ok(())).unwrap();
        assert!(!medium.failed.load(Ordering::SeqCst));
        let error = medium
            .ask::<()>("inserting", |_| panic!("sled panics"))
            .unwrap_err();
        assert!(error.0.contains("panicked while inserting"), "{error}");
        assert!(medium.failed.load(Ordering::SeqCst));
    }
}
