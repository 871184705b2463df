//! Copies of a log's files: before an unclean log is opened, and for an audit, which must not touch what it audits.

use crate::StoreError;
use crate::data_dir;
use crate::files;
use crate::log::polls_in;
use std::fs;
use std::path::{Path, PathBuf};

/// Copies the log and the head files aside if the last stop was unclean. Returns where to.
pub(crate) fn before_recovery(data: &Path) -> Result<Option<PathBuf>, StoreError> {
    let log = data.join("log");
    if !log.exists() || data.join("clean").exists() {
        return Ok(None);
    }
    let numbers = 1u32..;
    let mut free = numbers.map(|number| data.join(format!("before-recovery-{number}")));
    let Some(target) = free.find(|path| !path.exists()) else {
        return Ok(None);
    };
    files::make_folder(&target)?;
    copy_folder(&log, &target.join("log"))?;
    for slug in polls_in(data)? {
        copy_poll(data, &target, &slug, &["head"])?;
    }
    files::sync_folder(&target)?;
    Ok(Some(target))
}

/// Copies what an audit needs of a data directory that nobody holds: log, head files and leaves. The directory is
/// only read.
pub fn private_copy(data: &Path, into: &Path) -> Result<(), StoreError> {
    data_dir::check_format(data)?;
    let _lock = data_dir::lock(data, false)?;
    files::make_folder(into)?;
    copy_file(&data.join("format"), &into.join("format"))?;
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
    let (from, to) = (data.join("polls").join(slug), into.join("polls").join(slug));
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
    files::sync_folder(to)
}

/// Shares the blocks where the file system can.
fn copy_file(from: &Path, to: &Path) -> Result<(), StoreError> {
    reflink_copy::reflink_or_copy(from, to)
        .map(|_| ())
        .map_err(StoreError::io("copy", from))
}
