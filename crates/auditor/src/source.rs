//! What is audited, as the checks see it, wherever it comes from: an export file, or a published poll in a folder or at
//! its address. Entries come in order and in chunks, leaves and checkpoints in streams; none of them is ever whole in
//! memory.

use crate::error::AuditError;
use crate::export_file::{self, ExportFile};
use crate::findings::Findings;
use crate::limits::{CHUNK_BYTES_MAX, CHUNK_ENTRIES_MAX};
use crate::list_reader::ListReader;
use crate::published_files::{self, Published};
use sijill_ledger::checkpoint::SignedCheckpoint;
use sijill_poll::roster::LEAF_BYTES;

/// A source of which something can be read.
pub(crate) enum Source {
    /// An export file.
    Export(ExportFile),
    /// A folder or an address.
    Published(Published),
}

impl Source {
    /// The first entry's bytes, if there are any that could be one.
    pub(crate) fn first_entry(&self) -> Result<Option<Vec<u8>>, AuditError> {
        match self.entries()?.next_raw()? {
            Some(Raw::Entry(bytes)) => Ok(Some(bytes)),
            _ => Ok(None),
        }
    }

    /// All entries, from the first.
    pub(crate) fn entries(&self) -> Result<Entries, AuditError> {
        Ok(match self {
            Self::Export(file) => Entries::Export(file.entries()?, file.path().to_owned()),
            Self::Published(published) => Entries::Published(published.entries()),
        })
    }

    /// Gives every whole leaf to `take`, and judges whether they are all there. Returns that.
    pub(crate) fn roster(
        &self,
        take: impl FnMut(&[u8; LEAF_BYTES]),
        findings: &mut Findings,
    ) -> Result<bool, AuditError> {
        match self {
            Self::Export(file) => file.roster(take, findings),
            Self::Published(published) => published.roster(take, findings),
        }
    }

    /// The list of checkpoints, if the source has one.
    pub(crate) fn checkpoints(
        &self,
        findings: &mut Findings,
    ) -> Result<Option<ListReader>, AuditError> {
        match self {
            Self::Export(file) => file.checkpoints(),
            Self::Published(published) => published.checkpoints(findings),
        }
    }

    /// The note beside the list, if the source has tiles.
    pub(crate) fn newest(&self) -> Option<&SignedCheckpoint> {
        match self {
            Self::Export(_) => None,
            Self::Published(published) => Some(published.newest()),
        }
    }

    /// Judges, after all entries were read, whether they were all there.
    pub(crate) fn judge_entries(&self, entries: Entries, findings: &mut Findings) {
        match (self, entries) {
            (Self::Export(file), Entries::Export(entries, _)) => {
                file.judge_entries(entries, findings)
            }
            (_, Entries::Published(entries)) => entries.judge(findings),
            (Self::Published(_), Entries::Export(..)) => {}
        }
    }

    /// How far one is through these entries, and what there is to be gone through, in one unit.
    pub(crate) fn how_far(&self, entries: &Entries) -> (u64, u64) {
        match (self, entries) {
            (Self::Export(file), Entries::Export(entries, _)) => {
                let total = file.file_bytes();
                (total.saturating_sub(entries.left()), total)
            }
            (Self::Published(published), Entries::Published(entries)) => {
                (entries.read(), published.size())
            }
            _ => (0, 0),
        }
    }
}

/// What stands where an entry should.
#[derive(Debug, Clone)]
pub(crate) enum Raw {
    /// Bytes that may be an entry.
    Entry(Vec<u8>),
    /// More bytes than an entry may have; they were passed over.
    TooLong(u32),
}

/// The entries of a source, chunk by chunk.
pub(crate) enum Entries {
    /// Of a file, and its path.
    Export(export_file::Entries, std::path::PathBuf),
    /// Of bundles.
    Published(published_files::Entries),
}

impl Entries {
    /// The next entries: as many as a chunk may have; none at the end.
    pub(crate) fn next_chunk(&mut self) -> Result<Vec<Raw>, AuditError> {
        let mut chunk = Vec::new();
        let mut bytes = 0;
        while chunk.len() < CHUNK_ENTRIES_MAX && bytes < CHUNK_BYTES_MAX {
            let Some(raw) = self.next_raw()? else {
                break;
            };
            if let Raw::Entry(entry) = &raw {
                bytes += entry.len();
            }
            chunk.push(raw);
        }
        Ok(chunk)
    }

    fn next_raw(&mut self) -> Result<Option<Raw>, AuditError> {
        match self {
            Self::Export(entries, path) => {
                entries.next_entry().map_err(|source| AuditError::Read {
                    path: path.clone(),
                    source,
                })
            }
            Self::Published(entries) => Ok(entries.next_entry()?.map(Raw::Entry)),
        }
    }
}
