//! Copies of a log's files: before an unclean log is opened, and for an audit, which must not touch what it audits.

use crate::StoreError;
use crate::clean;
use crate::data_dir::{self, IMPORTING, poll_folder, polls_in};
use crate::files;
use crate::import;
use crate::limits::COPIES_MAX;
use crate::repair;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// In a copy whose start failed: why. A copy without it is of a start that came to no verdict.
const FAILED: &str = "failed";

/// Copies the log and the head files aside if the last stop was unclean, or if they were altered since. Returns where
/// to.
///
/// Where a start was killed before it could say whether the log is whole, its copy is what was found first, and stands
/// for the starts after it: nothing was acknowledged in between.
///
/// # Errors
/// If it cannot be copied, or if [`COPIES_MAX`] failed starts left their copies already: then nothing is opened.
pub(crate) fn before_recovery(data: &Path) -> Result<Option<PathBuf>, StoreError> {
    let unfinished = data.join("before-recovery.unfinished");
    files::remove_folder(&unfinished)?;
    let log = data.join("log");
    let nothing_to_keep = !log.exists() || import::is_all_unfinished(data)?;
    if nothing_to_keep || clean::is_untouched(data)? {
        return Ok(None);
    }
    if let Some(first) = places(data).find(|copy| copy.exists() && !copy.join(FAILED).exists()) {
        return Ok(Some(first));
    }
    let target = free_place(data)?;
    let copied = copy_log(data, &log, &unfinished);
    if copied.is_err() {
        // Half a copy is no evidence, and a full disk needs its space. The error that matters is the first one.
        drop(files::remove_folder(&unfinished));
    }
    copied?;
    files::rename(&unfinished, &target)?;
    Ok(Some(target))
}

/// Copies the log and the head files as they are into `salvaged-N/as-found`, whatever the last stop was, and puts what
/// failed starts kept beside it. All of it is evidence: no start removes it, and it does not count as a start's copy.
pub(crate) fn before_salvage(data: &Path) -> Result<PathBuf, StoreError> {
    let making = data.join("salvaged.unfinished");
    files::remove_folder(&making)?;
    let copied = copy_log(data, &data.join("log"), &making.join("as-found"));
    if copied.is_err() {
        drop(files::remove_folder(&making));
    }
    copied?;
    let numbers = 1u32..;
    let mut places_kept = numbers.map(|number| data.join(format!("salvaged-{number}")));
    let kept = places_kept
        .find(|path| !path.exists())
        .unwrap_or(making.clone());
    files::rename(&making, &kept)?;
    for copy in places(data).filter(|copy| copy.exists()) {
        let name = copy.file_name().unwrap_or_default();
        files::rename(&copy, &kept.join(name))?;
    }
    clean::unmark(data)?;
    Ok(kept)
}

/// The files as found before a repair: a copy that an earlier repair made and that is still what is there, or a new one.
pub(crate) fn before_repair(data: &Path) -> Result<PathBuf, StoreError> {
    for number in 1u32.. {
        let kept = data.join(format!("salvaged-{number}"));
        if !kept.exists() {
            break;
        }
        if is_copy(data, &kept.join("as-found"))? {
            return Ok(kept);
        }
    }
    before_salvage(data)
}

/// Whether log and head files are still what they were when they were copied.
fn is_copy(data: &Path, copy: &Path) -> Result<bool, StoreError> {
    let head = |data: &Path, slug: &str| Ok(fs::read(poll_folder(data, slug)?.join("head")).ok());
    for slug in polls_in(data)? {
        if head(data, &slug)? != head(copy, &slug)? {
            return Ok(false);
        }
    }
    Ok(clean::fingerprint(&data.join("log"))? == clean::fingerprint(&copy.join("log"))?)
}

fn copy_log(data: &Path, log: &Path, into: &Path) -> Result<(), StoreError> {
    files::make_folder(into)?;
    // A log may be gone altogether.
    if log.exists() {
        copy_folder(log, &into.join("log"))?;
    }
    for slug in polls_in(data)? {
        copy_poll(data, into, &slug, &["head"])?;
    }
    files::sync_tree(into)
}

/// Notes in a copy that its start failed, and why. The failure itself is what matters, so a note that cannot be written
/// changes nothing.
pub(crate) fn note_failed(copy: &Path, why: &str) {
    if copy.exists() {
        drop(files::write_whole(
            &copy.join(FAILED),
            why.as_bytes(),
            false,
        ));
    }
}

fn places(data: &Path) -> impl Iterator<Item = PathBuf> {
    (1..=COPIES_MAX).map(|number| data.join(format!("before-recovery-{number}")))
}

fn free_place(data: &Path) -> Result<PathBuf, StoreError> {
    let free = places(data).find(|path| !path.exists());
    free.ok_or_else(|| StoreError::TooManyCopies {
        copies: COPIES_MAX,
        first: data.join("before-recovery-1").display().to_string(),
    })
}

/// Copies what an audit needs of a data directory that nobody writes: log, head files and leaves. The directory is
/// only read.
pub fn private_copy(data: &Path, into: &Path) -> Result<(), StoreError> {
    data_dir::check_format(data)?;
    let _lock = data_dir::lock_to_read(data)?;
    copy_held(data, into)
}

/// The same of a directory whose lock is held.
pub(crate) fn copy_held(data: &Path, into: &Path) -> Result<(), StoreError> {
    files::make_folder(into)?;
    for name in ["format", IMPORTING] {
        if data.join(name).exists() {
            copy_file(&data.join(name), &into.join(name))?;
        }
    }
    let log = repair::log_of(data);
    if log.exists() {
        copy_folder(&log, &into.join("log"))?;
    }
    // The copy is the copy: it needs none made before it is opened.
    clean::mark_private(into)?;
    for slug in polls_in(data)? {
        copy_poll(data, into, &slug, &["head", "roster"])?;
        let list = Path::new("public/checkpoints");
        let (from, to) = (poll_folder(data, &slug)?, poll_folder(into, &slug)?);
        if from.join(list).exists() {
            files::make_folder(&to.join("public"))?;
            copy_file(&from.join(list), &to.join(list))?;
        }
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
