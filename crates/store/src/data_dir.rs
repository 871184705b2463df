//! The data directory: its layout, its version, and the lock that gives it to one process at a time.
//!
//! ```text
//! format            version of the layout, and sled's segment size
//! lock              held while a process works on the directory
//! clean             there only after a clean stop: a hash of the log's files
//! log/              sled
//! polls/SLUG/head   how far the log of a poll was acknowledged
//! polls/SLUG/roster the leaves
//! before-recovery-N the log as it was found after an unclean stop, kept while it is not known to be whole; with the
//!                   file `failed` in it once a start has said why it is not
//! salvaged-N        the log as it was found when somebody accepted a loss or had it rebuilt, and what failed starts had
//!                   kept of it
//! repairing         where a log is rebuilt; removed by the next start
//! repaired          a rebuilt log on its way into place, put there by the next start
//! importing         there while a ledger is restored: which one, so that a start after a crash takes it out again
//! ```

use crate::StoreError;
use crate::files;
use crate::limits::SEGMENT_BYTES;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::path::{Component, Path, PathBuf};

/// What may stand in a folder that becomes a data directory: what prepares one, what a process killed at its first
/// write leaves, and what a file system has at its root.
const NOT_FOREIGN: [&str; 4] = ["keys", "operator.vkey", "format.writing", "lost+found"];

/// The mark of an import under way.
pub(crate) const IMPORTING: &str = "importing";

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
        let lock = lock(path)?;
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
        !NOT_FOREIGN.iter().any(|own| name == *own)
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
    let found = match fs::read(&file) {
        Ok(found) => String::from_utf8_lossy(&found).into_owned(),
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

/// Takes the lock, alone.
fn lock(path: &Path) -> Result<File, StoreError> {
    let file = path.join("lock");
    let lock = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&file)
        .map_err(StoreError::io("open", &file))?;
    taken(lock.try_lock(), path)?;
    Ok(lock)
}

/// Takes the lock together with others who only read, and writes nothing: a directory without a lock file, which a
/// backup may have left out, is held by nobody.
pub(crate) fn lock_to_read(path: &Path) -> Result<Option<File>, StoreError> {
    let file = path.join("lock");
    let lock = match File::open(&file) {
        Ok(lock) => lock,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(StoreError::io("open", &file)(error)),
    };
    taken(lock.try_lock_shared(), path)?;
    Ok(Some(lock))
}

fn taken(tried: Result<(), TryLockError>, path: &Path) -> Result<(), StoreError> {
    tried.map_err(|error| match error {
        TryLockError::WouldBlock => StoreError::Held {
            path: path.display().to_string(),
        },
        TryLockError::Error(error) => StoreError::io("lock", &path.join("lock"))(error),
    })
}

/// The folder of a poll, if its short name is the name of a folder in `polls/` and leads nowhere else.
pub(crate) fn poll_folder(data: &Path, slug: &str) -> Result<PathBuf, StoreError> {
    let mut parts = Path::new(slug).components();
    match (parts.next(), parts.next()) {
        (Some(Component::Normal(name)), None) if name == slug => Ok(data.join("polls").join(slug)),
        _ => Err(StoreError::Name {
            slug: slug.to_owned(),
        }),
    }
}

/// The folders of polls in a data directory, by short name.
pub(crate) fn polls_in(data: &Path) -> Result<Vec<String>, StoreError> {
    let path = data.join("polls");
    let entries = match fs::read_dir(&path) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(StoreError::io("read", &path)(error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(StoreError::io("read", &path))?;
        if entry.path().is_dir() {
            names.extend(entry.file_name().into_string());
        }
    }
    Ok(names)
}
