//! A file that is derived from the journal, read and written at random: fixed pages, of which a bounded number is in
//! memory. It promises nothing about a crash: whoever starts makes it anew.

use crate::limits::{PAGE_BYTES, PAGES_KEPT};
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;

/// The file.
#[derive(Debug)]
pub struct PagedFile {
    file: File,
    /// A page has one place here, by its number; whichever was used last has it.
    kept: Vec<Option<Page>>,
}

#[derive(Debug)]
struct Page {
    number: u64,
    changed: bool,
    bytes: Box<[u8; PAGE_BYTES]>,
}

impl PagedFile {
    /// A new one, all of whose bytes are 0, in the place of whatever was there. Nobody else can read it.
    pub fn create(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(path)?;
        let mut kept = Vec::new();
        kept.resize_with(PAGES_KEPT, || None);
        Ok(Self { file, kept })
    }

    /// The record number `place`, of `N` bytes. A page holds a whole number of them.
    pub fn read<const N: usize>(&mut self, place: u64) -> io::Result<[u8; N]> {
        let (page, at) = self.find::<N>(place)?;
        let bytes = page.bytes.get(at..at + N);
        let record = bytes.and_then(|bytes| bytes.try_into().ok());
        record.ok_or_else(|| io::ErrorKind::InvalidInput.into())
    }

    /// Writes the record number `place`.
    pub fn write<const N: usize>(&mut self, place: u64, record: &[u8; N]) -> io::Result<()> {
        let (page, at) = self.find::<N>(place)?;
        page.changed = true;
        match page.bytes.get_mut(at..at + N) {
            Some(bytes) => bytes.copy_from_slice(record),
            None => return Err(io::ErrorKind::InvalidInput.into()),
        }
        Ok(())
    }

    /// The page of this record, and where in it the record stands.
    fn find<const N: usize>(&mut self, place: u64) -> io::Result<(&mut Page, usize)> {
        const { assert!(PAGE_BYTES.is_multiple_of(N)) };
        let a_page = (PAGE_BYTES / N) as u64;
        let number = place / a_page;
        let at = usize::try_from(place % a_page).unwrap_or(0) * N;
        let slot = usize::try_from(number % PAGES_KEPT as u64).unwrap_or(0);
        let nowhere = || io::Error::from(io::ErrorKind::InvalidInput);
        let kept = self.kept.get_mut(slot).ok_or_else(nowhere)?;
        if kept.as_ref().is_none_or(|page| page.number != number) {
            let old = kept.take();
            *kept = Some(change(&self.file, old, number)?);
        }
        Ok((kept.as_mut().ok_or_else(nowhere)?, at))
    }
}

/// Puts the old page back where it changed, and gets this one.
fn change(file: &File, old: Option<Page>, number: u64) -> io::Result<Page> {
    let mut bytes = match old {
        Some(old) => {
            if old.changed {
                file.write_all_at(old.bytes.as_slice(), old.number * PAGE_BYTES as u64)?;
            }
            old.bytes
        }
        None => Box::new([0; PAGE_BYTES]),
    };
    let mut read = 0;
    while let Some(rest) = bytes.get_mut(read..).filter(|rest| !rest.is_empty()) {
        match file.read_at(rest, number * PAGE_BYTES as u64 + read as u64) {
            // What was never written is 0.
            Ok(0) => {
                rest.fill(0);
                break;
            }
            Ok(more) => read += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(Page {
        number,
        changed: false,
        bytes,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_read_back_whether_their_page_is_kept_or_not() {
        let folder = tempfile::tempdir().unwrap();
        let mut file = PagedFile::create(&folder.path().join("states")).unwrap();
        // Twice as many pages as are kept, each with its first and last record.
        let pages = 2 * PAGES_KEPT as u64;
        let a_page = (PAGE_BYTES / 8) as u64;
        for page in 0..pages {
            let last = page * a_page + a_page - 1;
            file.write(page * a_page, &page.to_le_bytes()).unwrap();
            file.write(last, &(!page).to_le_bytes()).unwrap();
        }
        for page in (0..pages).rev() {
            let last = page * a_page + a_page - 1;
            assert_eq!(file.read(page * a_page).unwrap(), page.to_le_bytes());
            assert_eq!(file.read(last).unwrap(), (!page).to_le_bytes());
            assert_eq!(file.read::<8>(page * a_page + 1).unwrap(), [0; 8]);
        }
        assert_eq!(file.read::<8>(u64::from(u32::MAX)).unwrap(), [0; 8]);
    }
}
