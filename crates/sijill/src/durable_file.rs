//! Files that are there whole and on stable storage, or not at all.

use anyhow::{Context, Result};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, BufWriter, Write};
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
