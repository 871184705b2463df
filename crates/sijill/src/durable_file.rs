//! Files that are there whole and on stable storage, or not at all.

use crate::fault::input;
use anyhow::{Context, Result};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, BufWriter, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Who may read a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Its owner alone (0600).
    Private,
    /// Whoever the system lets (0644).
    Public,
}

impl Access {
    fn mode(self) -> u32 {
        match self {
            Self::Private => 0o600,
            Self::Public => 0o644,
        }
    }
}

/// Writes a file that must not exist yet; one that does is left as it is, with the error `AlreadyExists`.
pub fn create_new(path: &Path, bytes: &[u8], access: Access) -> io::Result<()> {
    let temporary = beside(path);
    let outcome = write(&temporary, bytes, access).and_then(|()| fs::hard_link(&temporary, path));
    fs::remove_file(&temporary)?;
    outcome?;
    sync_folder(path)
}

fn write(path: &Path, bytes: &[u8], access: Access) -> io::Result<()> {
    let mut file = open_fresh(path, access)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Writes a file anew, through `write`, and puts it in the place of an older one only when it is complete.
pub fn replace<T>(
    path: &Path,
    access: Access,
    write: impl FnOnce(&mut BufWriter<File>) -> Result<T>,
) -> Result<T> {
    check_target(path)?;
    remove_stale(path);
    let temporary = beside(path);
    let outcome = fill(&temporary, access, write).and_then(|value| {
        fs::rename(&temporary, path)?;
        sync_folder(path)?;
        Ok(value)
    });
    if outcome.is_err() {
        // The error that matters is the first one.
        let _ = fs::remove_file(&temporary);
    }
    outcome.with_context(|| format!("cannot write `{}`", path.display()))
}

/// A file is put in the place of what is there, so it must be a file: not a device, a pipe or a link to one.
fn check_target(path: &Path) -> Result<()> {
    match fs::symlink_metadata(path) {
        Ok(there) if !there.is_file() => Err(input(format!(
            "`{}` is no regular file, and nothing else is written over; name another",
            path.display()
        ))),
        _ => Ok(()),
    }
}

/// Removes what processes that were killed left beside `path`: it may hold what nobody should find.
fn remove_stale(path: &Path) {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
        return;
    };
    let prefix = format!(".{}.", name.to_string_lossy());
    let folder = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let pid = name
            .strip_prefix(&prefix)
            .and_then(|rest| rest.strip_suffix(".tmp"));
        let pid = pid.filter(|pid| pid.bytes().all(|byte| byte.is_ascii_digit()));
        if pid.is_some_and(|pid| !Path::new("/proc").join(pid).exists()) {
            // What cannot be removed stands in nobody's way.
            let _ = fs::remove_file(entry.path());
        }
    }
}

fn fill<T>(
    path: &Path,
    access: Access,
    write: impl FnOnce(&mut BufWriter<File>) -> Result<T>,
) -> Result<T> {
    let mut writer = BufWriter::new(open_fresh(path, access)?);
    let value = write(&mut writer)?;
    let file = writer
        .into_inner()
        .map_err(io::IntoInnerError::into_error)?;
    file.sync_all()?;
    Ok(value)
}

/// Erases a file: its bytes are overwritten on the disk before its name goes, as far as the disk writes in place. Says
/// whether there was one.
pub fn erase(path: &Path) -> io::Result<bool> {
    let mut file = match OpenOptions::new().write(true).open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        file => file?,
    };
    let length = file.metadata()?.len();
    io::copy(&mut io::repeat(0).take(length), &mut file)?;
    file.sync_all()?;
    fs::remove_file(path)?;
    sync_folder(path)?;
    Ok(true)
}

/// A folder that only its owner may enter (0700), with those above it.
pub fn private_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)?;
    sync_folder(path)
}

/// Whether others than the owner may read or write the file.
pub fn is_open_to_others(path: &Path) -> io::Result<bool> {
    Ok(fs::metadata(path)?.permissions().mode() & 0o077 != 0)
}

/// Makes the name of `path` in its folder durable.
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    File::open(folder)?.sync_all()
}

/// A name beside `path` that no other process uses.
fn beside(path: &Path) -> PathBuf {
    let name = path
        .file_name()
        .map_or_else(Default::default, |name| name.to_string_lossy());
    path.with_file_name(format!(".{name}.{}.tmp", std::process::id()))
}

fn open_fresh(path: &Path, access: Access) -> io::Result<File> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(access.mode())
        .open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_file_never_takes_the_place_of_another() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        create_new(&path, b"one", Access::Private).unwrap();
        let error = create_new(&path, b"two", Access::Private).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&path).unwrap(), b"one");
        assert!(!is_open_to_others(&path).unwrap());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_a_killed_process_left_is_removed_and_what_a_living_one_writes_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let beside = |pid: u32| folder.path().join(format!(".messages.csv.{pid}.tmp"));
        // No system gives so high a number to a process.
        let (dead, alive) = (beside(4_000_000_000), beside(1));
        fs::write(&dead, b"+9647701234567").unwrap();
        fs::write(&alive, b"").unwrap();
        let path = folder.path().join("messages.csv");
        replace(&path, Access::Private, |out| Ok(out.write_all(b"whole")?)).unwrap();
        assert!(!dead.exists() && alive.exists());
    }

    #[test]
    fn what_is_erased_is_overwritten_before_its_name_goes() {
        let folder = tempfile::tempdir().unwrap();
        let (path, other) = (folder.path().join("key"), folder.path().join("other"));
        create_new(&path, b"a secret", Access::Private).unwrap();
        // Another name of the same bytes.
        fs::hard_link(&path, &other).unwrap();
        assert!(erase(&path).unwrap());
        assert!(!path.exists() && !erase(&path).unwrap());
        assert_eq!(fs::read(&other).unwrap(), [0; 8]);
    }

    #[test]
    fn nothing_but_a_file_is_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let (link, file) = (folder.path().join("link"), folder.path().join("file"));
        fs::write(&file, b"other").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        for target in [Path::new("/dev/null"), &link, folder.path()] {
            replace(target, Access::Public, |out| Ok(out.write_all(b"new")?)).unwrap_err();
        }
        assert_eq!(fs::read(&file).unwrap(), b"other");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    }

    #[test]
    fn a_file_that_fails_half_way_leaves_the_old_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("contacts.csv");
        replace(&path, Access::Private, |out| Ok(out.write_all(b"whole")?)).unwrap();
        let failed: Result<()> = replace(&path, Access::Private, |out| {
            out.write_all(b"ha")?;
            anyhow::bail!("the disk is full")
        });
        assert!(failed.is_err());
        assert_eq!(fs::read(&path).unwrap(), b"whole");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
