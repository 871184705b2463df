//! The newest checkpoint of each poll, outside the log, replaced by compare-and-swap: whoever replaces one names the
//! one before it.
//!
//! It usually stands in the data directory. Where several machines could ever serve one poll, it is a folder that they
//! share: then two servers, each on its own copy of the data, do not both publish.
//!
//! Invariants:
//! - a checkpoint stands only after the one that it replaces did;
//! - what stands in the data directory belongs to this directory and to no copy of it.

use crate::StoreError;
use crate::files;
use crate::public_folder::read;
use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The file that says which folder this is.
const PLACE: &str = "place";

/// Where the newest checkpoints are kept.
#[derive(Debug)]
pub struct CheckpointStore {
    folder: PathBuf,
    /// Whether nothing is to be replaced in it.
    only_read: bool,
}

impl CheckpointStore {
    /// The one in a data directory.
    ///
    /// # Errors
    /// If it was made in another directory than this: then this is a copy, and both would publish.
    pub fn inside(data: &Path) -> Result<Self, StoreError> {
        let folder = data.join("checkpoints");
        files::make_folder(&folder)?;
        let here = here(&folder)?;
        match read(&folder.join(PLACE))? {
            Some(there) if there != here.as_bytes() => Err(StoreError::Copied {
                path: data.display().to_string(),
            }),
            Some(_) => Ok(Self::at(folder)),
            None => {
                files::write_whole(&folder.join(PLACE), here.as_bytes(), false)?;
                Ok(Self::at(folder))
            }
        }
    }

    /// Says that a data directory was moved or restored to where it is now, and that none like it is served any more.
    pub fn moved(data: &Path) -> Result<(), StoreError> {
        files::remove(&data.join("checkpoints").join(PLACE))
    }

    /// The one in a data directory, which may be a copy of another, for who publishes nothing.
    pub fn only_read(data: &Path) -> Self {
        Self {
            folder: data.join("checkpoints"),
            only_read: true,
        }
    }

    /// Whether it is for who publishes nothing.
    pub fn is_only_read(&self) -> bool {
        self.only_read
    }

    fn at(folder: PathBuf) -> Self {
        Self {
            folder,
            only_read: false,
        }
    }

    /// One in a folder that several machines share.
    pub fn shared(folder: &Path) -> Result<Self, StoreError> {
        files::make_folder(folder)?;
        Ok(Self::at(folder.to_owned()))
    }

    /// The newest checkpoint of a poll, if there is one.
    pub fn newest(&self, slug: &str) -> Result<Option<Vec<u8>>, StoreError> {
        read(&self.path(slug))
    }

    /// Replaces the newest checkpoint of a poll, durably, if it is still the `expected` one.
    ///
    /// # Errors
    /// If another stands there: somebody else publishes this poll.
    pub fn replace(
        &self,
        slug: &str,
        expected: Option<&[u8]>,
        checkpoint: &[u8],
    ) -> Result<(), StoreError> {
        let lock = self.folder.join("lock");
        let lock_failed = || StoreError::io("lock", &lock);
        let held = File::create(&lock).map_err(lock_failed())?;
        held.lock().map_err(lock_failed())?;
        let found = self.newest(slug)?;
        if found.as_deref() != expected {
            return Err(StoreError::AnotherPublishes {
                slug: slug.to_owned(),
                path: self.path(slug).display().to_string(),
            });
        }
        files::write_whole(&self.path(slug), checkpoint, false)
    }

    /// Takes away what a data directory has of a poll that is taken out again.
    pub(crate) fn forget(data: &Path, slug: &str) -> Result<(), StoreError> {
        files::remove(&data.join("checkpoints").join(file_name(slug)))
    }

    fn path(&self, slug: &str) -> PathBuf {
        self.folder.join(file_name(slug))
    }
}

/// No poll's short name has a dot.
fn file_name(slug: &str) -> String {
    format!("{slug}.checkpoint")
}

/// What tells this folder from a copy of it: its number on its disk.
fn here(folder: &Path) -> Result<String, StoreError> {
    let data = fs::metadata(folder).map_err(StoreError::io("read", folder))?;
    Ok(format!("{}\n", data.ino()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkpoint_is_replaced_by_who_knows_the_one_before_it() {
        let place = tempfile::tempdir().unwrap();
        let store = CheckpointStore::inside(place.path()).unwrap();
        store.replace("poll", None, b"one").unwrap();
        store.replace("poll", Some(b"one"), b"two").unwrap();
        for expected in [None, Some(b"one".as_slice())] {
            let error = store.replace("poll", expected, b"other").unwrap_err();
            assert!(
                matches!(error, StoreError::AnotherPublishes { .. }),
                "{error}"
            );
        }
        assert_eq!(store.newest("poll").unwrap().unwrap(), b"two");
        assert_eq!(store.newest("other").unwrap(), None);
    }

    #[test]
    fn two_servers_that_share_a_folder_do_not_both_replace_a_checkpoint() {
        let place = tempfile::tempdir().unwrap();
        let (one, other) = (
            CheckpointStore::shared(place.path()).unwrap(),
            CheckpointStore::shared(place.path()).unwrap(),
        );
        one.replace("poll", None, b"by one").unwrap();
        let error = other.replace("poll", None, b"by other").unwrap_err();
        assert!(error.to_string().contains("another server"), "{error}");
    }

    /// Two servers on two copies of one directory would each go on with the poll, and sign two histories of it.
    #[test]
    fn a_copy_of_a_data_directory_is_refused_until_it_is_said_to_be_the_one() {
        let place = tempfile::tempdir().unwrap();
        let (data, copy) = (place.path().join("data"), place.path().join("copy"));
        CheckpointStore::inside(&data).unwrap();
        CheckpointStore::inside(&data).unwrap();
        fs::create_dir_all(copy.join("checkpoints")).unwrap();
        let file = |data: &Path| data.join("checkpoints").join(PLACE);
        fs::copy(file(&data), file(&copy)).unwrap();
        let error = CheckpointStore::inside(&copy).unwrap_err();
        assert!(matches!(error, StoreError::Copied { .. }), "{error}");
        CheckpointStore::moved(&copy).unwrap();
        CheckpointStore::inside(&copy).unwrap();
    }
}
