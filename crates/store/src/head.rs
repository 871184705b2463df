//! The head file: how far the log of a poll was acknowledged, outside of sled.
//!
//! Two slots of sequence number (u64), size (u64), link (32) and BLAKE3 checksum of these (32), little-endian; writes
//! alternate, and the newer valid slot counts, so that a torn one stops nothing.

use crate::StoreError;
use crate::files;
use crate::limits::HEAD_SYNC_EVERY;
use sijill_ledger::{Head, Link};
use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::Instant;

const BODY_BYTES: usize = 8 + 8 + 32;
const SLOT_BYTES: usize = BODY_BYTES + 32;

/// An open head file.
#[derive(Debug)]
pub struct HeadFile {
    path: PathBuf,
    file: File,
    sequence: u64,
    synced: Instant,
}

/// What a poll's head file says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// There is no file: the ledger was never begun.
    Nothing,
    /// There is a file, and neither slot of it is valid.
    Damaged,
    /// The log was acknowledged up to here.
    Says(Head),
}

impl HeadFile {
    /// Opens the head file of a poll's folder; where there is none, makes one that says `head`, all at once and
    /// durably, so that a file without a valid slot is always a damaged one.
    pub fn open_or_make(folder: &Path, head: Head) -> Result<Self, StoreError> {
        let path = folder.join("head");
        files::make_folder(folder)?;
        match path.exists() {
            // Whoever made it may have been killed before its name was durable.
            true => files::sync_folder(folder)?,
            false => files::write_whole(&path, &slot(0, head), false)?,
        }
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).open(&path);
        let file = file.map_err(StoreError::io("open", &path))?;
        let newest = newest(&file).map_err(StoreError::io("read", &path))?;
        let damaged = || std::io::Error::new(std::io::ErrorKind::InvalidData, "it is damaged");
        let (sequence, _) = newest.ok_or_else(|| StoreError::io("use", &path)(damaged()))?;
        Ok(Self {
            path,
            file,
            sequence,
            synced: Instant::now(),
        })
    }

    /// Writes a new head, and syncs it if the last sync is long enough ago.
    pub fn write(&mut self, head: Head) -> Result<(), StoreError> {
        self.sequence += 1;
        let slot = slot(self.sequence, head);
        let offset = (self.sequence % 2) * SLOT_BYTES as u64;
        self.file
            .write_all_at(&slot, offset)
            .map_err(StoreError::io("write", &self.path))?;
        if self.synced.elapsed() >= HEAD_SYNC_EVERY {
            self.sync()?;
        }
        Ok(())
    }

    /// Makes what was written durable.
    pub fn sync(&mut self) -> Result<(), StoreError> {
        self.file
            .sync_data()
            .map_err(StoreError::io("sync", &self.path))?;
        self.synced = Instant::now();
        Ok(())
    }
}

/// What a poll's head file says, without opening it for writing.
pub fn read(folder: &Path) -> Result<Found, StoreError> {
    let path = folder.join("head");
    match File::open(&path) {
        Ok(file) => match newest(&file).map_err(StoreError::io("read", &path))? {
            Some((_, head)) => Ok(Found::Says(head)),
            None => Ok(Found::Damaged),
        },
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Found::Nothing),
        Err(error) => Err(StoreError::io("read", &path)(error)),
    }
}

fn slot(sequence: u64, head: Head) -> Vec<u8> {
    let mut slot = Vec::with_capacity(SLOT_BYTES);
    slot.extend(sequence.to_le_bytes());
    slot.extend(head.size.to_le_bytes());
    slot.extend(head.link.as_bytes());
    let checksum = blake3::hash(&slot);
    slot.extend(checksum.as_bytes());
    slot
}

fn newest(file: &File) -> std::io::Result<Option<(u64, Head)>> {
    let mut newest = None;
    for place in 0..2 {
        let mut bytes = [0; SLOT_BYTES];
        match file.read_exact_at(&mut bytes, place * SLOT_BYTES as u64) {
            Ok(()) => newest = newest.max_by_sequence(valid(&bytes)),
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {}
            Err(error) => return Err(error),
        }
    }
    Ok(newest)
}

trait Newer {
    fn max_by_sequence(self, other: Self) -> Self;
}

impl Newer for Option<(u64, Head)> {
    fn max_by_sequence(self, other: Self) -> Self {
        match (self, other) {
            (Some(a), Some(b)) if a.0 >= b.0 => Some(a),
            (a, None) => a,
            (_, b) => b,
        }
    }
}

fn valid(slot: &[u8; SLOT_BYTES]) -> Option<(u64, Head)> {
    let (body, checksum) = slot.split_at_checked(BODY_BYTES)?;
    if blake3::hash(body).as_bytes() != checksum {
        return None;
    }
    let (sequence, body) = body.split_first_chunk::<8>()?;
    let (size, link) = body.split_first_chunk::<8>()?;
    let head = Head {
        size: u64::from_le_bytes(*size),
        link: Link::from_bytes(link.try_into().ok()?),
    };
    Some((u64::from_le_bytes(*sequence), head))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(size: u64) -> Head {
        Head {
            size,
            link: Link::from_bytes([size as u8; 32]),
        }
    }

    #[test]
    fn the_last_head_written_is_read() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(read(folder.path()).unwrap(), Found::Nothing);
        let mut file = HeadFile::open_or_make(folder.path(), head(0)).unwrap();
        assert_eq!(read(folder.path()).unwrap(), Found::Says(head(0)));
        for size in 1..6 {
            file.write(head(size)).unwrap();
            assert_eq!(read(folder.path()).unwrap(), Found::Says(head(size)));
        }
        let mut reopened = HeadFile::open_or_make(folder.path(), head(0)).unwrap();
        assert_eq!(read(folder.path()).unwrap(), Found::Says(head(5)));
        reopened.write(head(6)).unwrap();
        assert_eq!(read(folder.path()).unwrap(), Found::Says(head(6)));
    }

    #[test]
    fn a_torn_slot_leaves_the_one_before() {
        let folder = tempfile::tempdir().unwrap();
        let mut file = HeadFile::open_or_make(folder.path(), head(0)).unwrap();
        file.write(head(1)).unwrap();
        file.write(head(2)).unwrap();
        let path = folder.path().join("head");
        let good = std::fs::read(&path).unwrap();
        for byte in 0..SLOT_BYTES {
            // Sequence 2 stands in slot 0.
            let mut torn = good.clone();
            torn[byte] ^= 1;
            std::fs::write(&path, torn).unwrap();
            let found = read(folder.path()).unwrap();
            assert_eq!(found, Found::Says(head(1)), "byte {byte}");
        }
    }

    #[test]
    fn a_file_without_a_valid_slot_is_damaged_and_not_written_to() {
        let folder = tempfile::tempdir().unwrap();
        for bytes in [&b""[..], &[7; 80], &[0; 160]] {
            std::fs::write(folder.path().join("head"), bytes).unwrap();
            assert_eq!(read(folder.path()).unwrap(), Found::Damaged);
            HeadFile::open_or_make(folder.path(), head(0)).unwrap_err();
            assert_eq!(std::fs::read(folder.path().join("head")).unwrap(), bytes);
        }
    }
}
