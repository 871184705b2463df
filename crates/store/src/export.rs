//! Writing exports: the container of `ledger::container`, streamed from the log and the roster file.

use crate::StoreError;
use crate::files;
use crate::limits::COPY_BYTES;
use crate::log::Log;
use crate::public_folder::PublicFolder;
use sha2::{Digest, Sha256};
use sijill_ledger::container::{self, CHECKPOINTS, ENTRIES, MUST_UNDERSTAND, ROSTER, Section};
use sijill_ledger::{Hash, Origin};
use std::fs::{File, Permissions};
use std::io::{BufWriter, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// What an export has beside the entries.
#[derive(Debug, Clone, Copy)]
pub struct Beside<'a> {
    /// The file of the leaves; none of them if it is not there.
    pub roster: &'a Path,
    /// The folder of what is published, and how many bytes of its list of checkpoints; no such section for none of them.
    pub checkpoints: Option<(&'a PublicFolder, u64)>,
}

impl<'a> Beside<'a> {
    /// The leaves and no checkpoints.
    pub fn roster(roster: &'a Path) -> Self {
        Self {
            roster,
            checkpoints: None,
        }
    }
}

/// Writes the first `size` entries of a ledger (all of them without it) and what there is beside them into `target`, all
/// at once or not at all. As they stand in the log: who reads the export verifies them. Calls
/// `progress` with the number of entries written so far. Returns how many there were.
///
/// # Errors
/// If the log holds fewer entries than `size`, or none of this ledger; if a file cannot be read or written.
pub fn write(
    log: &Log,
    origin: &Origin,
    beside: Beside<'_>,
    size: Option<u64>,
    target: &Path,
    mut progress: impl FnMut(u64),
) -> Result<u64, StoreError> {
    if std::fs::symlink_metadata(target).is_ok_and(|there| !there.is_file()) {
        let error =
            std::io::Error::other("it is no regular file, and nothing else is written over");
        return Err(StoreError::io("write", target)(error));
    }
    let folder = files::folder_of(target);
    let file = tempfile::Builder::new()
        .prefix(".export-")
        .permissions(Permissions::from_mode(0o644))
        .tempfile_in(folder)
        .map_err(StoreError::io("write", target))?;
    let (file, temporary) = file.into_parts();
    let checkpoints = beside.checkpoints.filter(|(_, bytes)| *bytes > 0);
    let mut out = Out::new(file, target, checkpoints.is_some())?;
    let count = out.entries(log, origin, size, &mut progress)?;
    out.roster(beside.roster)?;
    if let Some((folder, bytes)) = checkpoints {
        out.stream(folder.list(0, bytes)?, folder.path())?;
        out.end_section(CHECKPOINTS, 0);
    }
    out.finish()?;
    temporary
        .persist(target)
        .map_err(|error| StoreError::io("write", target)(error.error))?;
    files::sync_folder(folder)?;
    Ok(count)
}

/// An export under way: the head's place is kept free and filled in at the end.
struct Out<'a> {
    path: &'a Path,
    file: BufWriter<File>,
    sections: Vec<Section>,
    hash: Sha256,
    length: u64,
}

impl<'a> Out<'a> {
    fn new(file: File, path: &'a Path, with_checkpoints: bool) -> Result<Self, StoreError> {
        let mut out = Self {
            path,
            file: BufWriter::new(file),
            sections: Vec::new(),
            hash: Sha256::new(),
            length: 0,
        };
        let sections = if with_checkpoints { 3 } else { 2 };
        let empty = vec![section(ENTRIES, 0, 0, [0; 32]); sections];
        let place = container::head(&empty).len();
        out.file
            .write_all(&vec![0; place])
            .map_err(StoreError::io("write", path))?;
        Ok(out)
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        self.hash.update(bytes);
        self.length += bytes.len() as u64;
        self.file
            .write_all(bytes)
            .map_err(StoreError::io("write", self.path))
    }

    fn end_section(&mut self, kind: u16, flags: u16) {
        let hash = std::mem::replace(&mut self.hash, Sha256::new()).finalize();
        let length = std::mem::take(&mut self.length);
        self.sections
            .push(section(kind, flags, length, hash.into()));
    }

    fn entries(
        &mut self,
        log: &Log,
        origin: &Origin,
        size: Option<u64>,
        progress: &mut impl FnMut(u64),
    ) -> Result<u64, StoreError> {
        let mut count = 0;
        let wanted = size.unwrap_or(u64::MAX);
        for entry in log.entries(origin, 0) {
            if count == wanted {
                break;
            }
            let entry = entry?;
            self.put(&(entry.len() as u32).to_le_bytes())?;
            self.put(&entry)?;
            count += 1;
            progress(count);
        }
        let expected = size.unwrap_or(1);
        if count < expected {
            return Err(StoreError::Shorter {
                origin: origin.to_string(),
                expected,
                found: count,
            });
        }
        self.end_section(ENTRIES, MUST_UNDERSTAND);
        Ok(count)
    }

    fn roster(&mut self, roster: &Path) -> Result<(), StoreError> {
        match File::open(roster) {
            Ok(file) => self.stream(file, roster)?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(StoreError::io("open", roster)(error)),
        }
        self.end_section(ROSTER, MUST_UNDERSTAND);
        Ok(())
    }

    fn stream(&mut self, mut file: impl Read, path: &Path) -> Result<(), StoreError> {
        let mut buffer = vec![0; COPY_BYTES];
        loop {
            let read = file
                .read(&mut buffer)
                .map_err(StoreError::io("read", path))?;
            match buffer.get(..read) {
                None | Some([]) => return Ok(()),
                Some(bytes) => self.put(bytes)?,
            }
        }
    }

    fn finish(&mut self) -> Result<(), StoreError> {
        let head = container::head(&self.sections);
        let mut write = || {
            self.file.flush()?;
            let file = self.file.get_mut();
            file.seek(SeekFrom::Start(0))?;
            file.write_all(&head)?;
            file.sync_all()
        };
        write().map_err(StoreError::io("write", self.path))
    }
}

fn section(kind: u16, flags: u16, length: u64, hash: [u8; 32]) -> Section {
    Section {
        kind,
        flags,
        length,
        hash: Hash::from_bytes(hash),
    }
}
