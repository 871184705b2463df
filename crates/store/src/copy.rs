//! Copies of a log's files: before an unclean log is opened, and for an audit, which must not touch what it audits.

use crate::StoreError;
use crate::data_dir::{self, IMPORTING, poll_folder, polls_in};
use crate::files;
use crate::import;
use crate::limits::COPIES_MAX;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Copies the log and the head files aside if the last stop was unclean. Returns where to.
///
/// # Errors
/// If it cannot be copied, or if [`COPIES_MAX`] failed starts left their copies already: then nothing is opened.
pub(crate) fn before_recovery(data: &Path) -> Result<Option<PathBuf>, StoreError> {
    let unfinished = data.join("before-recovery.unfinished");
    files::remove_folder(&unfinished)?;
    let log = data.join("log");
    if !log.exists() || data.join("clean").exists() || import::is_all_unfinished(data)? {
        return Ok(None);
    }
    let target = free_place(data)?;
    files::make_folder(&unfinished)?;
    copy_folder(&log, &unfinished.join("log"))?;
    for slug in polls_in(data)? {
        copy_poll(data, &unfinished, &slug, &["head"])?;
    }
    files::sync_tree(&unfinished)?;
    files::rename(&unfinished, &target)?;
    Ok(Some(target))
}

/// Copies the log and the head files aside, whatever the last stop was. Where there are as many copies already as
/// there may be, the oldest stands for what was found.
pub(crate) fn before_salvage(data: &Path) -> Result<PathBuf, StoreError> {
    files::remove(&data.join("clean"))?;
    match before_recovery(data) {
        Ok(Some(copy)) => Ok(copy),
        Ok(None) => Err(StoreError::io("copy", &data.join("log"))(
            std::io::ErrorKind::NotFound.into(),
        )),
        Err(StoreError::TooManyCopies { first, .. }) => Ok(first.into()),
        Err(error) => Err(error),
    }
}

fn free_place(data: &Path) -> Result<PathBuf, StoreError> {
    let place = |number: u32| data.join(format!("before-recovery-{number}"));
    (1..=COPIES_MAX)
        .map(place)
        .find(|path| !path.exists())
        .ok_or_else(|| StoreError::TooManyCopies {
            copies: COPIES_MAX,
            first: place(1).display().to_string(),
        })
}

/// Copies what an audit needs of a data directory that nobody writes: log, head files and leaves. The directory is
/// only read.
pub fn private_copy(data: &Path, into: &Path) -> Result<(), StoreError> {
    data_dir::check_format(data)?;
    let _lock = data_dir::lock_to_read(data)?;
    files::make_folder(into)?;
    for name in ["format", IMPORTING] {
        if data.join(name).exists() {
            copy_file(&data.join(name), &into.join(name))?;
        }
    }
    if data.join("log").exists() {
        copy_folder(&data.join("log"), &into.join("log"))?;
    }
    // The copy is the copy: it needs none made before it is opened.
    files::write_whole(&into.join("clean"), b"", false)?;
    for slug in polls_in(data)? {
        copy_poll(data, into, &slug, &["head", "roster"])?;
    }
    Ok(())
}

fn copy_poll(data: &Path, into: &Path, slug: &str, names: &[&str]) -> Result<(), StoreError> {
    let (from, to) = (poll_folder(data, slug)?, poll_folder(into, slug)?);
    files::make_folder(&to)?;
    for name in names {
        if from.join(name).exists() {
            copy_file(&from.join(name), &to.join(name))?;
        }
    }
    Ok(())
}

fn copy_folder(from: &Path, to: &Path) -> Result<(), StoreError> {
    files::make_folder(to)?;
    let entries = fs::read_dir(from).map_err(StoreError::io("read", from))?;
    for entry in entries {
        let entry = entry.map_err(StoreError::io("read", from))?;
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        match path.is_dir() {
            true => copy_folder(&path, &target)?,
            false => copy_file(&path, &target)?,
        }
    }
    Ok(())
}

/// Shares the blocks where the file system can. The copy can be written by its owner, whatever the original allows:
/// sled opens nothing that it may not write.
fn copy_file(from: &Path, to: &Path) -> Result<(), StoreError> {
    let copy = || {
        reflink_copy::reflink_or_copy(from, to)?;
        let mut mode = fs::metadata(to)?.permissions();
        mode.set_mode(mode.mode() | 0o200);
        fs::set_permissions(to, mode)
    };
    copy().map_err(StoreError::io("copy", from))
}
