//! The head of an export: magic, version, and a table of sections. Bytes in, bytes out; `store` writes the sections,
//! `auditor` reads them.
//!
//! ```text
//! magic "SIJILLEX" (8) | version u16 | number of sections u16 | sections … | SHA-256 of all bytes before it (32)
//! section: kind u16 | flags u16 | length in bytes u64 | SHA-256 of its bytes (32)
//! ```
//! Integers are little-endian. The sections' bytes follow the head, in the table's order, and nothing follows them.

use crate::limits::SECTIONS_MAX;
use crate::tree::Hash;

/// What the file begins with.
pub const MAGIC: &[u8; 8] = b"SIJILLEX";
/// The version of the container that this crate writes and reads.
pub const VERSION: u16 = 1;
/// Bytes before the table: magic, version, number of sections.
pub const PREAMBLE_BYTES: usize = MAGIC.len() + 2 + 2;
const SECTION_BYTES: usize = 2 + 2 + 8 + 32;
const HASH_BYTES: usize = 32;

/// Flag of a section that a reader must understand or refuse the file.
pub const MUST_UNDERSTAND: u16 = 1;

/// Section of entries: each as its length (u32) and its canonical bytes, in order.
pub const ENTRIES: u16 = 1;
/// Section of roster leaves, 98 bytes each, in order; empty where no roster is committed to.
pub const ROSTER: u16 = 2;
/// Section of the list of checkpoints, one note directly after another; without [`MUST_UNDERSTAND`].
pub const CHECKPOINTS: u16 = 3;
/// Section of a roster handed over: the canonical bytes of what is to be committed to of its leaves. Not in exports.
pub const COMMITMENT: u16 = 4;

/// One row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Section {
    /// What it holds: [`ENTRIES`], [`ROSTER`], [`CHECKPOINTS`], or a kind of a later version.
    pub kind: u16,
    /// [`MUST_UNDERSTAND`] or 0.
    pub flags: u16,
    /// Bytes.
    pub length: u64,
    /// SHA-256 of its bytes.
    pub hash: Hash,
}

/// Why bytes are not the head of an export.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ContainerError {
    /// The file ends inside the head.
    #[error("the head of the export is cut short: expected {expected} bytes, found {found}")]
    Short {
        /// Bytes the head should have.
        expected: usize,
        /// Bytes there are.
        found: usize,
    },
    /// Another kind of file.
    #[error("not an export of a Sijill ledger: it does not begin with `SIJILLEX`")]
    Magic,
    /// A later version.
    #[error("an export of version {found}, of a later version; read it with a newer Sijill")]
    Version {
        /// Its version.
        found: u16,
    },
    /// No section, or more than any version has.
    #[error("the export announces {found} sections, expected 1 to {SECTIONS_MAX}")]
    Sections {
        /// How many.
        found: u16,
    },
    /// The head's own hash does not match.
    #[error("the head of the export is damaged: its hash does not match")]
    Hash,
}

/// The head of an export with these sections.
pub fn head(sections: &[Section]) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    bytes.extend(VERSION.to_le_bytes());
    bytes.extend((sections.len() as u16).to_le_bytes());
    for section in sections {
        bytes.extend(section.kind.to_le_bytes());
        bytes.extend(section.flags.to_le_bytes());
        bytes.extend(section.length.to_le_bytes());
        bytes.extend(section.hash.as_bytes());
    }
    let hash = Hash::of(&bytes);
    bytes.extend(hash.as_bytes());
    bytes
}

/// How many bytes the head has, from its first [`PREAMBLE_BYTES`].
pub fn head_length(preamble: &[u8]) -> Result<usize, ContainerError> {
    let short = ContainerError::Short {
        expected: PREAMBLE_BYTES,
        found: preamble.len(),
    };
    let (magic, rest) = preamble
        .split_first_chunk::<8>()
        .ok_or(ContainerError::Magic)?;
    if magic != MAGIC {
        return Err(ContainerError::Magic);
    }
    let (version, rest) = take_u16(rest).ok_or(short.clone())?;
    if version != VERSION {
        return Err(ContainerError::Version { found: version });
    }
    let (count, _) = take_u16(rest).ok_or(short)?;
    if count == 0 || usize::from(count) > SECTIONS_MAX {
        return Err(ContainerError::Sections { found: count });
    }
    Ok(PREAMBLE_BYTES + usize::from(count) * SECTION_BYTES + HASH_BYTES)
}

/// The table of sections, from the whole head.
pub fn sections(head: &[u8]) -> Result<Vec<Section>, ContainerError> {
    let expected = head_length(head)?;
    let short = ContainerError::Short {
        expected,
        found: head.len(),
    };
    let head = head.get(..expected).ok_or(short)?;
    let (body, hash) = head
        .split_last_chunk::<HASH_BYTES>()
        .ok_or(ContainerError::Hash)?;
    if Hash::of(body).as_bytes() != hash {
        return Err(ContainerError::Hash);
    }
    let table = body.get(PREAMBLE_BYTES..).unwrap_or_default();
    table
        .chunks_exact(SECTION_BYTES)
        .map(|row| section(row).ok_or(ContainerError::Hash))
        .collect()
}

fn section(row: &[u8]) -> Option<Section> {
    let (kind, row) = take_u16(row)?;
    let (flags, row) = take_u16(row)?;
    let (length, hash) = row.split_first_chunk::<8>()?;
    Some(Section {
        kind,
        flags,
        length: u64::from_le_bytes(*length),
        hash: Hash::from_bytes(hash.try_into().ok()?),
    })
}

fn take_u16(bytes: &[u8]) -> Option<(u16, &[u8])> {
    let (value, rest) = bytes.split_first_chunk::<2>()?;
    Some((u16::from_le_bytes(*value), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two() -> Vec<Section> {
        vec![
            Section {
                kind: ENTRIES,
                flags: MUST_UNDERSTAND,
                length: 300,
                hash: Hash::of(b"a"),
            },
            Section {
                kind: ROSTER,
                flags: MUST_UNDERSTAND,
                length: 98,
                hash: Hash::of(b"b"),
            },
        ]
    }

    #[test]
    fn a_head_reads_back() {
        let bytes = head(&two());
        assert_eq!(head_length(&bytes), Ok(bytes.len()));
        assert_eq!(sections(&bytes), Ok(two()));
    }

    #[test]
    fn every_flipped_bit_and_every_cut_is_found() {
        let good = head(&two());
        for bit in 0..good.len() * 8 {
            let mut bad = good.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert!(sections(&bad).is_err(), "bit {bit}");
        }
        for length in 0..good.len() {
            assert!(sections(&good[..length]).is_err(), "cut to {length}");
        }
    }
}
