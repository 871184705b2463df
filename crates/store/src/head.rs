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
    synced: Option<Instant>,
}

impl HeadFile {
    /// Opens the head file of a poll's folder, or makes it; also returns what it says, if it says anything.
    pub fn open(folder: &Path) -> Result<(Self, Option<Head>), StoreError> {
        files::make_folder(folder)?;
        let path = folder.join("head");
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(StoreError::io("open", &path))?;
        let newest = newest(&file).map_err(StoreError::io("read", &path))?;
        let head = Self {
            path,
            file,
            sequence: newest.map_or(0, |(sequence, _)| sequence),
            synced: None,
        };
        Ok((head, newest.map(|(_, head)| head)))
    }

    /// Writes a new head, and syncs it if the last sync is long enough ago.
    pub fn write(&mut self, head: Head) -> Result<(), StoreError> {
        self.sequence += 1;
        let slot = slot(self.sequence, head);
        let offset = (self.sequence % 2) * SLOT_BYTES as u64;
        self.file
            .write_all_at(&slot, offset)
            .map_err(StoreError::io("write", &self.path))?;
        if self.synced.is_none_or(|at| at.elapsed() >= HEAD_SYNC_EVERY) {
            self.sync()?;
        }
        Ok(())
    }

    /// Makes what was written durable.
    pub fn sync(&mut self) -> Result<(), StoreError> {
        self.file
            .sync_data()
            .map_err(StoreError::io("sync", &self.path))?;
        if self.synced.is_none() {
            self.path.parent().map_or(Ok(()), files::sync_folder)?;
        }
        self.synced = Some(Instant::now());
        Ok(())
    }
}

/// What a poll's head file says, without opening it for writing.
pub fn read(folder: &Path) -> Result<Option<Head>, StoreError> {
    let path = folder.join("head");
    match File::open(&path) {
        Ok(file) => newest(&file)
            .map(|newest| newest.map(|(_, head)| head))
            .map_err(StoreError::io("read", &path)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
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
        let (mut file, nothing) = HeadFile::open(folder.path()).unwrap();
        assert_eq!(nothing, None);
        for size in 1..6 {
            file.write(head(size)).unwrap();
            assert_eq!(read(folder.path()).unwrap(), Some(head(size)));
        }
        let (_, reopened) = HeadFile::open(folder.path()).unwrap();
        assert_eq!(reopened, Some(head(5)));
    }

    #[test]
    fn a_torn_slot_leaves_the_one_before() {
        let folder = tempfile::tempdir().unwrap();
        let (mut file, _) = HeadFile::open(folder.path()).unwrap();
        file.write(head(1)).unwrap();
        file.write(head(2)).unwrap();
        let path = folder.path().join("head");
        let good = std::fs::read(&path).unwrap();
        for byte in 0..SLOT_BYTES {
            // Sequence 2 stands in slot 0.
            let mut torn = good.clone();
            torn[byte] ^= 1;
            std::fs::write(&path, torn).unwrap();
            assert_eq!(read(folder.path()).unwrap(), Some(head(1)), "byte {byte}");
        }
    }
}
