//! An export as a value: entries and roster leaves, and the container file they make.
//!
//! `ledger::container` has the head; this puts sections behind it, also such as no honest writer would.

use sijill_ledger::Hash;
use sijill_ledger::container::{self, CHECKPOINTS, ENTRIES, MUST_UNDERSTAND, ROSTER};
use std::path::Path;

/// What an export holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Export {
    /// Canonical bytes of each entry, in order.
    pub entries: Vec<Vec<u8>>,
    /// Roster leaves, one after another.
    pub roster: Vec<u8>,
}

/// A section with its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// What it holds.
    pub kind: u16,
    /// [`MUST_UNDERSTAND`] or 0.
    pub flags: u16,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

impl Export {
    /// The file as an honest writer writes it.
    pub fn bytes(&self) -> Vec<u8> {
        file(&self.sections())
    }

    /// The two sections of the file.
    pub fn sections(&self) -> Vec<Section> {
        let section = |kind, bytes| Section {
            kind,
            flags: MUST_UNDERSTAND,
            bytes,
        };
        vec![
            section(ENTRIES, framed(&self.entries)),
            section(ROSTER, self.roster.clone()),
        ]
    }

    /// The file with one more section, of this list of checkpoints.
    pub fn with_checkpoints(&self, list: &str) -> Vec<u8> {
        let mut sections = self.sections();
        sections.push(Section {
            kind: CHECKPOINTS,
            flags: 0,
            bytes: list.as_bytes().to_vec(),
        });
        file(&sections)
    }

    /// Writes the file.
    pub fn write(&self, path: &Path) -> std::io::Result<()> {
        std::fs::write(path, self.bytes())
    }
}

/// Each entry as its length (u32, little-endian) and its bytes.
pub fn framed(entries: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for entry in entries {
        bytes.extend((entry.len() as u32).to_le_bytes());
        bytes.extend(entry);
    }
    bytes
}

/// A container of these sections, with a head that is true of them.
pub fn file(sections: &[Section]) -> Vec<u8> {
    let table: Vec<_> = sections
        .iter()
        .map(|section| container::Section {
            kind: section.kind,
            flags: section.flags,
            length: section.bytes.len() as u64,
            hash: Hash::of(&section.bytes),
        })
        .collect();
    let mut bytes = container::head(&table);
    for section in sections {
        bytes.extend(&section.bytes);
    }
    bytes
}
