//! The hash chain: the link of an entry, and the head that the next entry must follow.
//!
//! Invariants:
//! - indices are dense from 0;
//! - an entry's `previous` is the link of the entry before it, that of entry 0 the link of the origin.

use crate::codec;
use crate::entry::{Entry, Event, Sealed};
use crate::origin::Origin;
use blake3::Hasher;
use blake3::hazmat::{ContextKey, HasherExt, hash_derive_key_context};
use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};
use std::sync::LazyLock;
use std::{fmt, str::FromStr};

const ENTRY_CONTEXT: &str = "sijill 2026 ledger entry v1";
const ORIGIN_CONTEXT: &str = "sijill 2026 ledger origin v1";

/// The BLAKE3 hash by which each entry commits to the one before it. Written as 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Link([u8; 32]);

impl Link {
    /// A link from its 32 bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// What entry 0 of the ledger named `origin` has as its `previous`.
    pub fn of_origin(origin: &Origin) -> Self {
        Self(blake3::derive_key(
            ORIGIN_CONTEXT,
            origin.as_str().as_bytes(),
        ))
    }
}

/// The key that `derive_key` makes of [`ENTRY_CONTEXT`], which is the same for every entry.
static ENTRY_KEY: LazyLock<ContextKey> = LazyLock::new(|| hash_derive_key_context(ENTRY_CONTEXT));

/// The link of the entry whose canonical bytes these are: BLAKE3 in `derive_key` mode (`docs/SPEC.md`, "Link").
pub fn link_of(canonical: &[u8]) -> Link {
    let mut hasher = Hasher::new_from_context_key(&ENTRY_KEY);
    Link(hasher.update(canonical).finalize().into())
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER.encode(&self.0))
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Link({self})")
    }
}

/// The text is not 64 lower-case hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a link: expected 64 lower-case hexadecimal digits")]
pub struct NotALink;

impl FromStr for Link {
    type Err = NotALink;

    fn from_str(text: &str) -> Result<Self, NotALink> {
        let bytes = HEXLOWER.decode(text.as_bytes()).map_err(|_| NotALink)?;
        bytes.try_into().map(Self).map_err(|_| NotALink)
    }
}

/// An entry's bytes with their link: they belong together, since it comes from the bytes or from a [`Sealed`] alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Linked<'a> {
    bytes: &'a [u8],
    index: u64,
    previous: Link,
    link: Link,
}

impl<'a> Linked<'a> {
    /// The link of these bytes, which must begin like an entry.
    pub fn of(bytes: &'a [u8]) -> Result<Self, ChainBreak> {
        let ((index, previous), _) =
            codec::decode_prefix::<(u64, Link)>(bytes).map_err(|_| ChainBreak::NoEntry)?;
        let link = link_of(bytes);
        Ok(Self {
            bytes,
            index,
            previous,
            link,
        })
    }

    /// An entry that was sealed.
    pub fn sealed<E: Event>(sealed: &'a Sealed<E>) -> Self {
        Self {
            bytes: sealed.bytes(),
            index: sealed.entry().index,
            previous: sealed.entry().previous,
            link: sealed.link(),
        }
    }

    /// The bytes.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }
}

/// Where a ledger ends: how many entries it has, and the link that the next one must name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Number of entries.
    pub size: u64,
    /// Link of the last entry; of the origin while there is none.
    pub link: Link,
}

/// How an entry fails to follow a head.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChainBreak {
    /// The bytes do not even begin like an entry.
    #[error("expected an entry, found bytes that are none")]
    NoEntry,
    /// The entry's index is not the next one.
    #[error("expected index {expected}, found {found}")]
    Index {
        /// The next index.
        expected: u64,
        /// The entry's.
        found: u64,
    },
    /// The entry names another predecessor.
    #[error("expected previous {expected}, found {found}")]
    Previous {
        /// The head's link.
        expected: Link,
        /// What the entry names.
        found: Link,
    },
}

impl Head {
    /// The head of the ledger named `origin` before its first entry.
    pub fn start(origin: &Origin) -> Self {
        Self {
            size: 0,
            link: Link::of_origin(origin),
        }
    }

    /// The entry that records `event` next.
    pub fn next<E>(&self, at: u64, event: E) -> Entry<E> {
        Entry {
            index: self.size,
            previous: self.link,
            at,
            event,
        }
    }

    /// The head after `sealed`, if that entry follows this one.
    pub fn follow<E: Event>(&self, sealed: &Sealed<E>) -> Result<Self, ChainBreak> {
        let entry = sealed.entry();
        self.expect(entry.index, entry.previous)?;
        Ok(Self {
            size: self.size + 1,
            link: sealed.link(),
        })
    }

    /// The same for an entry of which only the chain matters: whether its bytes are canonical, and of which kind, is for
    /// [`Sealed::read`]. For who stores entries and does not know events.
    pub fn follow_linked(&self, linked: &Linked<'_>) -> Result<Self, ChainBreak> {
        self.expect(linked.index, linked.previous)?;
        Ok(Self {
            size: self.size + 1,
            link: linked.link,
        })
    }

    fn expect(&self, index: u64, previous: Link) -> Result<(), ChainBreak> {
        if index != self.size {
            return Err(ChainBreak::Index {
                expected: self.size,
                found: index,
            });
        }
        if previous != self.link {
            return Err(ChainBreak::Previous {
                expected: self.link,
                found: previous,
            });
        }
        Ok(())
    }
}
