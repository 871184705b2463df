//! The data directory: its layout, its version, and the lock that gives it to one process at a time.
//!
//! ```text
//! format            version of the layout, and sled's segment size
//! lock              held while a process works on the directory
//! clean             there only after a clean stop
//! log/              sled
//! polls/SLUG/head   how far the log of a poll was acknowledged
//! polls/SLUG/roster the leaves
//! before-recovery-N the log as it was found after an unclean stop, kept while it is not known to be whole
//! ```

use crate::StoreError;
use crate::files;
use crate::limits::SEGMENT_BYTES;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

const FIRST_LINE: &str = "sijill data v1";

/// A data directory that this process holds. Released when dropped.
#[derive(Debug)]
pub struct DataDir {
    path: PathBuf,
    /// Locked for as long as this lives.
    _lock: File,
}

impl DataDir {
    /// Takes a data directory; makes one of a folder that is missing or empty.
    pub fn create_or_open(path: &Path) -> Result<Self, StoreError> {
        if is_new(path)? {
            files::make_folder(path)?;
            files::write_whole(&path.join("format"), format_text().as_bytes(), false)?;
        }
        Self::open(path)
    }

    /// Takes a data directory that is there.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        check_format(path)?;
        let lock = lock(path, true)?;
        files::make_folder(&path.join("polls"))?;
        Ok(Self {
            path: path.to_owned(),
            _lock: lock,
        })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// A folder that is missing, or has nothing in it that a service or its keys did not put there.
fn is_new(path: &Path) -> Result<bool, StoreError> {
    if path.join("format").exists() {
        return Ok(false);
    }
    let entries = match fs::read_dir(path) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(true),
        Err(error) => return Err(StoreError::io("read", path)(error)),
    };
    let foreign = entries.filter_map(Result::ok).any(|entry| {
        let name = entry.file_name();
        name != "keys" && name != "format.writing" && name != "operator.vkey"
    });
    match foreign {
        true => Err(StoreError::NotADataDir {
            path: path.display().to_string(),
        }),
        false => Ok(true),
    }
}

fn format_text() -> String {
    format!("{FIRST_LINE}\nsegment {SEGMENT_BYTES}\n")
}

/// Whether `path` is a data directory of this version.
pub(crate) fn check_format(path: &Path) -> Result<(), StoreError> {
    let file = path.join("format");
    let found = match fs::read_to_string(&file) {
        Ok(found) => found,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(StoreError::NotADataDir {
                path: path.display().to_string(),
            });
        }
        Err(error) => return Err(StoreError::io("read", &file)(error)),
    };
    if found != format_text() {
        return Err(StoreError::OtherVersion {
            path: path.display().to_string(),
            expected: format_text().trim_end().replace('\n', ", "),
            found: found
                .chars()
                .take(80)
                .collect::<String>()
                .trim_end()
                .replace('\n', ", "),
        });
    }
    Ok(())
}

/// Takes the lock. Who only reads takes it too: nobody must write meanwhile.
pub(crate) fn lock(path: &Path, to_write: bool) -> Result<File, StoreError> {
    let file = path.join("lock");
    let lock = OpenOptions::new()
        .read(true)
        .write(to_write)
        .create(to_write)
        .truncate(false)
        .open(&file)
        .map_err(StoreError::io("open", &file))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(StoreError::Held {
            path: path.display().to_string(),
        }),
        Err(TryLockError::Error(error)) => Err(StoreError::io("lock", &file)(error)),
    }
}
