//! Small files, written so that a crash leaves the old or the new one: temporary file, sync, rename, sync of the
//! folder.

use crate::StoreError;
use crate::limits::SYNCS_MAX;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::thread;

/// Writes a whole file durably, readable by its owner alone where `private`.
pub fn write_whole(path: &Path, bytes: &[u8], private: bool) -> Result<(), StoreError> {
    let temporary = path.with_extension("writing");
    let mode = if private { 0o600 } else { 0o644 };
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(mode)
        .open(&temporary)
        .map_err(StoreError::io("write", &temporary))?;
    file.write_all(bytes)
        .and_then(|()| file.sync_all())
        .map_err(StoreError::io("write", &temporary))?;
    rename(&temporary, path)
}

/// Opens an ordinary file to read it: to open a pipe would be to wait for whoever writes into it.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    match fs::metadata(path)?.is_file() {
        true => File::open(path),
        false => Err(io::Error::other("it is no ordinary file")),
    }
}

/// Renames a written and synced file into place, and syncs its folder.
pub fn rename(from: &Path, to: &Path) -> Result<(), StoreError> {
    fs::rename(from, to).map_err(StoreError::io("write", to))?;
    sync_folder(folder_of(to))
}

/// The folder that a path is in: of a bare file name, the working directory.
pub(crate) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Makes what a folder lists durable.
pub fn sync_folder(path: &Path) -> Result<(), StoreError> {
    File::open(path)
        .and_then(|folder| folder.sync_all())
        .map_err(StoreError::io("sync", path))
}

/// Makes what these files hold, or folders list, durable, several at the same time: each waits for the disk, and hardly
/// for the others.
pub(crate) fn sync_all_of(paths: impl IntoIterator<Item = PathBuf>) -> Result<(), StoreError> {
    let files: Vec<PathBuf> = paths.into_iter().collect();
    let share = files.len().div_ceil(SYNCS_MAX).max(1);
    thread::scope(|scope| {
        let sync = |files| move || sync_in_turn(files);
        // Without a thread it takes longer.
        let start = |files| {
            let thread = thread::Builder::new().spawn_scoped(scope, sync(files));
            thread.ok()
        };
        let mut shares = files.chunks(share);
        let own = shares.next().unwrap_or_default();
        let others: Vec<_> = shares.map(|files| (files, start(files))).collect();
        let mut synced = sync_in_turn(own);
        for (files, thread) in others {
            let done = thread.and_then(|thread| thread.join().ok());
            synced = synced.and(done.unwrap_or_else(|| sync_in_turn(files)));
        }
        synced
    })
}

fn sync_in_turn(files: &[PathBuf]) -> Result<(), StoreError> {
    files.iter().try_for_each(|path| {
        File::open(path)
            .and_then(|file| file.sync_all())
            .map_err(StoreError::io("sync", path))
    })
}

/// Makes a folder and everything above it, durably. One that is there is made durable too: whoever made it may have been
/// killed before that.
pub fn make_folder(path: &Path) -> Result<(), StoreError> {
    let above = folder_of(path);
    if !path.is_dir() {
        make_folder(above)?;
        match fs::create_dir(path) {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
                return Err(StoreError::io("make", path)(error));
            }
            _ => return sync_folder(above),
        }
    }
    match File::open(above) {
        Ok(folder) => folder.sync_all().map_err(StoreError::io("sync", above)),
        // Of a folder above that is closed to us it is not ours to say what it lists.
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => Ok(()),
        Err(error) => Err(StoreError::io("sync", above)(error)),
    }
}

/// Makes everything below a folder durable, and the folder's own place.
pub(crate) fn sync_tree(path: &Path) -> Result<(), StoreError> {
    let entries = fs::read_dir(path).map_err(StoreError::io("read", path))?;
    for entry in entries {
        let entry = entry.map_err(StoreError::io("read", path))?.path();
        match entry.is_dir() {
            true => sync_tree(&entry)?,
            false => File::open(&entry)
                .and_then(|file| file.sync_all())
                .map_err(StoreError::io("sync", &entry))?,
        }
    }
    sync_folder(path)
}

/// Removes a folder that need not be there, with all that is in it, durably.
pub(crate) fn remove_folder(path: &Path) -> Result<(), StoreError> {
    match fs::remove_dir_all(path) {
        Ok(()) => sync_folder(folder_of(path)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(StoreError::io("remove", path)(error)),
    }
}

/// Removes a file that need not be there.
pub fn remove(path: &Path) -> Result<(), StoreError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(StoreError::io("remove", path)(error))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_files_are_made_durable_together_and_one_that_is_gone_is_named() {
        let place = tempfile::tempdir().unwrap();
        let files: Vec<PathBuf> = (0..3 * SYNCS_MAX + 1)
            .map(|number| place.path().join(number.to_string()))
            .collect();
        files.iter().for_each(|path| fs::write(path, "x").unwrap());
        sync_all_of([]).unwrap();
        sync_all_of(files[..1].to_vec()).unwrap();
        sync_all_of(files.clone()).unwrap();
        for gone in [0, SYNCS_MAX + 3, 3 * SYNCS_MAX] {
            fs::remove_file(&files[gone]).unwrap();
            let error = sync_all_of(files.clone()).unwrap_err().to_string();
            let path = files[gone].display().to_string();
            assert!(error.contains(&format!("`{path}`")), "{error}");
            fs::write(&files[gone], "x").unwrap();
        }
    }
}
