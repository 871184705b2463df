//! The seam above sled: the few things that the log asks of a disk. It exists so that tests can own the disk, and for
//! nothing else.

use sijill_ledger::Head;

/// What a disk says when it fails.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub struct MediumError(pub String);

/// A frame's key and bytes.
pub type Frame = (u64, Vec<u8>);

/// A disk, as the log sees it.
pub trait Medium: Send + Sync {
    /// Puts a frame under the index of its first entry. Not durable before [`Medium::sync`].
    fn insert(&self, ledger: &str, first: u64, frame: &[u8]) -> Result<(), MediumError>;
    /// Returns once everything inserted is on stable storage.
    fn sync(&self) -> Result<(), MediumError>;
    /// Writes how far a poll's log is acknowledged; `durably` waits until that is on stable storage. The first one of
    /// a poll always is.
    fn write_head(&self, slug: &str, head: Head, durably: bool) -> Result<(), MediumError>;
    /// The frame that holds the entry of this index: the one with the last key that is not above it.
    fn frame_at(&self, ledger: &str, index: u64) -> Result<Option<Frame>, MediumError>;
    /// The frame with the first key above this index.
    fn frame_after(&self, ledger: &str, index: u64) -> Result<Option<Frame>, MediumError>;
    /// The ledgers there are: those with a frame.
    fn ledgers(&self) -> Result<Vec<String>, MediumError>;
    /// Removes the frames with this key and above. Not durable before [`Medium::sync`].
    fn remove_from(&self, ledger: &str, first: u64) -> Result<(), MediumError>;
    /// Takes a ledger out again, and forgets the head of its poll: one whose import did not end.
    fn remove(&self, ledger: &str, slug: &str) -> Result<(), MediumError>;
    /// Closes it; everything after is an error.
    fn close(&self) -> Result<(), MediumError>;
}
