//! sled as a medium: its settings, the sync that it does not do itself, and the fences round what it does in a crash.
//!
//! sled's `flush` ends in `sync_file_range`, which promises nothing after a power cut; so each is followed by an
//! `fdatasync` of sled's file, through a descriptor opened before the first write. sled may panic or hang on damaged
//! files, so it is opened and closed in a thread of its own.

use crate::data_dir::poll_folder;
use crate::head::HeadFile;
use crate::limits::{CACHE_BYTES_MAX, SEGMENT_BYTES, SLED_PATIENCE};
use crate::medium::{Frame, Medium, MediumError};
use sijill_ledger::Head;
use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Mutex, PoisonError, RwLock, RwLockReadGuard};

/// An opened sled database, and the head files beside it.
pub struct SledMedium {
    data: PathBuf,
    opened: RwLock<Option<sled::Db>>,
    /// sled's own file, for `fdatasync`.
    file: File,
    heads: Mutex<BTreeMap<String, HeadFile>>,
}

/// The tree that sled makes by itself.
const SLEDS_OWN: &[u8] = b"__sled__default";

impl SledMedium {
    /// Opens the log of a data directory, or makes it.
    pub fn open(data: &Path) -> Result<Self, MediumError> {
        let path = data.join("log");
        let is_new = !path.join("db").exists();
        let opening = path.clone();
        let db = apart("opening sled", move || open_sled(&opening))??;
        let file = File::open(path.join("db")).map_err(|error| said("open", &error))?;
        if is_new {
            sync_new(data, &path).map_err(|error| said("sync", &error))?;
        }
        Ok(Self {
            data: data.to_owned(),
            opened: RwLock::new(Some(db)),
            file,
            heads: Mutex::new(BTreeMap::new()),
        })
    }

    /// The tree of a ledger that is there. Asking sled for a tree makes one, which then stays.
    fn tree(&self, ledger: &str) -> Result<Option<sled::Tree>, MediumError> {
        let opened = self.opened();
        let db = opened.as_ref().ok_or_else(closed)?;
        match db.tree_names().iter().any(|name| *name == ledger) {
            true => db.open_tree(ledger).map(Some).map_err(failed),
            false => Ok(None),
        }
    }

    fn opened(&self) -> RwLockReadGuard<'_, Option<sled::Db>> {
        self.opened.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Medium for SledMedium {
    fn insert(&self, ledger: &str, first: u64, frame: &[u8]) -> Result<(), MediumError> {
        let opened = self.opened();
        let db = opened.as_ref().ok_or_else(closed)?;
        let tree = db.open_tree(ledger).map_err(failed)?;
        tree.insert(first.to_be_bytes(), frame).map_err(failed)?;
        Ok(())
    }

    fn sync(&self) -> Result<(), MediumError> {
        let opened = self.opened();
        let db = opened.as_ref().ok_or_else(closed)?;
        db.flush().map_err(failed)?;
        self.file.sync_data().map_err(|error| said("sync", &error))
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
        let Some(tree) = self.tree(ledger)? else {
            return Ok(None);
        };
        let found = tree.range(..=index.to_be_bytes()).next_back();
        found.transpose().map_err(failed)?.map(frame).transpose()
    }

    fn frame_after(&self, ledger: &str, index: u64) -> Result<Option<Frame>, MediumError> {
        let (Some(tree), Some(from)) = (self.tree(ledger)?, index.checked_add(1)) else {
            return Ok(None);
        };
        let found = tree.range(from.to_be_bytes()..).next();
        found.transpose().map_err(failed)?.map(frame).transpose()
    }

    fn ledgers(&self) -> Result<Vec<String>, MediumError> {
        let opened = self.opened();
        let db = opened.as_ref().ok_or_else(closed)?;
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

    fn remove_from(&self, ledger: &str, first: u64) -> Result<(), MediumError> {
        let Some(tree) = self.tree(ledger)? else {
            return Ok(());
        };
        for key in tree.range(first.to_be_bytes()..).keys() {
            tree.remove(key.map_err(failed)?).map_err(failed)?;
        }
        Ok(())
    }

    fn remove(&self, ledger: &str, slug: &str) -> Result<(), MediumError> {
        {
            let opened = self.opened();
            let db = opened.as_ref().ok_or_else(closed)?;
            db.drop_tree(ledger).map_err(failed)?;
        }
        self.sync()?;
        let mut heads = self.heads.lock().unwrap_or_else(PoisonError::into_inner);
        heads.remove(slug);
        Ok(())
    }

    fn close(&self) -> Result<(), MediumError> {
        self.sync()?;
        let db = self
            .opened
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        apart("closing sled", move || drop(db))?;
        self.file.sync_all().map_err(|error| said("sync", &error))
    }
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

/// Once after creation: what sled wrote, its folder, and the data directory.
fn sync_new(data: &Path, log: &Path) -> std::io::Result<()> {
    for path in [&log.join("conf"), &log.join("db"), log, data] {
        File::open(path)?.sync_all()?;
    }
    Ok(())
}

/// Runs something of sled's in a thread of its own: a panic becomes an error, and so does taking for ever.
fn apart<T: Send + 'static>(
    what: &'static str,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, MediumError> {
    let (done, result) = channel();
    let start = std::thread::Builder::new().name(what.to_owned());
    start
        .spawn(move || drop(done.send(work())))
        .map_err(|error| said(what, &error))?;
    result
        .recv_timeout(SLED_PATIENCE)
        .map_err(|error| match error {
            RecvTimeoutError::Timeout => MediumError(format!(
                "{what} took longer than {} seconds",
                SLED_PATIENCE.as_secs()
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
