//! The mark of a clean stop: a hash of the log's files as they were when it was closed, so that a log damaged while
//! nobody used it is not taken for the one that was closed.

use crate::StoreError;
use crate::files;
use std::fs::{self, File};
use std::path::Path;

const FILE: &str = "clean";

/// What stands in the mark of a private copy, which may be opened as it is.
const PRIVATE: &str = "a private copy\n";

/// Marks the log as stopped cleanly.
pub(crate) fn mark(data: &Path) -> Result<(), StoreError> {
    let print = fingerprint(&data.join("log"))?;
    files::write_whole(&data.join(FILE), print.as_bytes(), false)
}

/// Marks the log of a copy that nobody will miss.
pub(crate) fn mark_private(data: &Path) -> Result<(), StoreError> {
    files::write_whole(&data.join(FILE), PRIVATE.as_bytes(), false)
}

/// Takes the mark away: from now on a stop is unclean until it is marked again.
pub(crate) fn unmark(data: &Path) -> Result<(), StoreError> {
    files::remove(&data.join(FILE))?;
    files::sync_folder(data)
}

/// Whether there was a clean stop, whatever happened to the files since.
pub(crate) fn is_marked(data: &Path) -> bool {
    data.join(FILE).exists()
}

/// Whether the log is as a clean stop left it, to the byte.
pub(crate) fn is_untouched(data: &Path) -> Result<bool, StoreError> {
    let Ok(found) = fs::read(data.join(FILE)) else {
        return Ok(false);
    };
    if found == PRIVATE.as_bytes() {
        return Ok(true);
    }
    Ok(found == fingerprint(&data.join("log"))?.as_bytes())
}

/// A line that no other content of the folder's files has.
pub(crate) fn fingerprint(log: &Path) -> Result<String, StoreError> {
    let mut hasher = blake3::Hasher::new_derive_key("sijill 2026 log as it was closed v1");
    add(log, &mut hasher)?;
    Ok(format!("{}\n", hasher.finalize().to_hex()))
}

fn add(folder: &Path, hasher: &mut blake3::Hasher) -> Result<(), StoreError> {
    let io = || StoreError::io("read", folder);
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(io()(error)),
    };
    let paths: Result<Vec<_>, _> = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect();
    let mut paths = paths.map_err(io())?;
    paths.sort();
    for path in paths {
        let name = path.file_name().unwrap_or_default().as_encoded_bytes();
        hasher.update(&(name.len() as u64).to_le_bytes());
        hasher.update(name);
        if path.is_dir() {
            add(&path, hasher)?;
            continue;
        }
        let file = File::open(&path).map_err(StoreError::io("read", &path))?;
        let length = file
            .metadata()
            .map_err(StoreError::io("read", &path))?
            .len();
        hasher.update(&length.to_le_bytes());
        let read = hasher.update_reader(file).map(drop);
        read.map_err(StoreError::io("read", &path))?;
    }
    Ok(())
}
