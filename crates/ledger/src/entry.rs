//! An entry: its place, what came before it, when, and the event it records; and its canonical bytes.
//!
//! What an event is belongs to the crate that defines it (`poll`); this file knows only that each kind has a number.

use crate::chain::{self, Link};
use crate::codec::{self, CodecError};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// An enum of events whose variant number is the event's *kind*, fixed for ever.
pub trait Event: Serialize + DeserializeOwned {
    /// Whether this version reads events of this kind; any other is of a later version.
    fn is_known(kind: u32) -> bool;
}

/// One entry of a ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry<E> {
    /// Its place, from 0.
    pub index: u64,
    /// The link of the entry before it; for entry 0, that of the origin.
    pub previous: Link,
    /// Milliseconds since 1970, rounded down to the poll's resolution.
    pub at: u64,
    /// What happened.
    pub event: E,
}

/// Why bytes are not an entry that this version can read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// Not canonical bytes of an entry.
    #[error(transparent)]
    Codec(#[from] CodecError),
    /// An event kind that this version does not know.
    #[error("the event is of kind {kind}, of a later version; read it with a newer Sijill")]
    LaterVersion {
        /// The kind's number.
        kind: u32,
    },
}

/// An entry with its canonical bytes and its link: the only form in which one is stored, chained or shown.
/// It comes from [`Sealed::seal`] or [`Sealed::read`] alone, so the three always belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed<E> {
    entry: Entry<E>,
    bytes: Vec<u8>,
    link: Link,
}

impl<E: Event> Sealed<E> {
    /// Seals a new entry. Fails if its canonical bytes would be longer than an entry may be.
    pub fn seal(entry: Entry<E>) -> Result<Self, EntryError> {
        let bytes = codec::encode(&entry)?;
        let link = chain::link_of(&bytes);
        Ok(Self { entry, bytes, link })
    }

    /// Reads an entry from its canonical bytes, and refuses any other bytes.
    pub fn read(bytes: &[u8]) -> Result<Self, EntryError> {
        Self::read_vec(bytes.to_vec())
    }

    /// The same of bytes that nobody else needs.
    pub fn read_vec(bytes: Vec<u8>) -> Result<Self, EntryError> {
        let entry = codec::decode(&bytes).map_err(|error| told_by_kind::<E>(&bytes, error))?;
        let link = chain::link_of(&bytes);
        Ok(Self { entry, bytes, link })
    }

    /// The entry.
    pub fn entry(&self) -> &Entry<E> {
        &self.entry
    }

    /// Its canonical bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Its link.
    pub fn link(&self) -> Link {
        self.link
    }

    /// The entry alone.
    pub fn into_entry(self) -> Entry<E> {
        self.entry
    }
}

/// Why bytes that do not decode are no entry. The kind's number stands before the event's content, so it can be read
/// without knowing the content.
fn told_by_kind<E: Event>(bytes: &[u8], error: CodecError) -> EntryError {
    match codec::decode_prefix::<(u64, Link, u64, u32)>(bytes) {
        Ok(((_, _, _, kind), _)) if !E::is_known(kind) => EntryError::LaterVersion { kind },
        _ => error.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
    enum Old {
        Said(String),
    }
    impl Event for Old {
        fn is_known(kind: u32) -> bool {
            kind == 0
        }
    }
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
    enum New {
        Said(String),
        Sang(u32),
    }
    impl Event for New {
        fn is_known(kind: u32) -> bool {
            kind < 2
        }
    }

    fn entry<E>(event: E) -> Entry<E> {
        Entry {
            index: 3,
            previous: Link::from_bytes([7; 32]),
            at: 1_700_000_000_000,
            event,
        }
    }

    #[test]
    fn what_is_sealed_reads_back_with_the_same_link() {
        let sealed = Sealed::seal(entry(Old::Said("yes".into()))).unwrap();
        let read = Sealed::<Old>::read(sealed.bytes()).unwrap();
        assert_eq!(read, sealed);
    }

    #[test]
    fn a_kind_of_a_later_version_is_named_as_such() {
        let sealed = Sealed::seal(entry(New::Sang(4))).unwrap();
        assert_eq!(
            Sealed::<Old>::read(sealed.bytes()),
            Err(EntryError::LaterVersion { kind: 1 })
        );
    }

    #[test]
    fn an_entry_longer_than_its_limit_is_not_sealed() {
        let error = Sealed::seal(entry(Old::Said("x".repeat(65_536)))).unwrap_err();
        assert!(matches!(
            error,
            EntryError::Codec(CodecError::TooLong { .. })
        ));
    }
}
