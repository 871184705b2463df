//! The export file as a source: its head and sections, read in a stream and never whole, and check V1 over them.
//!
//! What is damaged is a finding; only a disk that cannot be read is an error. Whatever can still be read of a damaged
//! file is read, so that the other checks may say more.

use crate::error::AuditError;
use crate::findings::Findings;
use crate::list_reader::ListReader;
use crate::report::Failure;
use crate::source::Raw;
use sha2::{Digest, Sha256};
use sijill_ledger::Hash;
use sijill_ledger::container::{
    self, CHECKPOINTS, ENTRIES, MUST_UNDERSTAND, PREAMBLE_BYTES, ROSTER, Section,
};
use sijill_ledger::limits::ENTRY_BYTES_MAX;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom, Take};
use std::path::{Path, PathBuf};

/// The number of this check.
const V1: u8 = 1;

/// An export file whose head could be read.
pub(crate) struct ExportFile {
    path: PathBuf,
    file_bytes: u64,
    entries: Option<Span>,
    roster: Option<Span>,
    checkpoints: Option<Span>,
}

/// A section: what the head says of it, and where it stands.
#[derive(Debug, Clone, Copy)]
struct Span {
    section: Section,
    offset: u64,
    /// Bytes of it that the file has.
    there: u64,
}

impl ExportFile {
    /// Opens the file and judges its head; `None` if there is no head to go by.
    pub(crate) fn open(path: &Path, findings: &mut Findings) -> Result<Option<Self>, AuditError> {
        let failed = |source| AuditError::Read {
            path: path.to_owned(),
            source,
        };
        let mut file = File::open(path).map_err(failed)?;
        let file_bytes = file.metadata().map_err(failed)?.len();
        let head = read_head(&mut file).map_err(failed)?;
        let sections = match container::sections(&head) {
            Ok(sections) => sections,
            Err(error) => {
                let meaning = "nothing in the file can be relied on, and nothing of it was read";
                findings.fail(
                    V1,
                    Failure::new("head", "the head of an export", error.to_string(), meaning),
                );
                return Ok(None);
            }
        };
        let spans = spans(head.len() as u64, file_bytes, &sections);
        judge_table(&spans, findings);
        judge_length(head.len() as u64, file_bytes, &sections, findings);
        let source = Self {
            path: path.to_owned(),
            file_bytes,
            entries: first(&spans, ENTRIES),
            roster: first(&spans, ROSTER),
            checkpoints: first(&spans, CHECKPOINTS),
        };
        source.judge_others(&spans, findings)?;
        findings.looked_at(V1, sections.len() as u64 + 1);
        Ok(Some(source))
    }

    /// Length of the file in bytes.
    pub(crate) fn file_bytes(&self) -> u64 {
        self.file_bytes
    }

    /// The list of checkpoints, if there is a section of it.
    pub(crate) fn checkpoints(&self) -> Result<Option<ListReader>, AuditError> {
        let Some(span) = self.checkpoints else {
            return Ok(None);
        };
        let reader = self.reader(span)?;
        Ok(Some(ListReader::new(reader.inner)))
    }

    /// All entries, from the first; none if the section is missing.
    pub(crate) fn entries(&self) -> Result<Entries, AuditError> {
        let reader = match self.entries {
            Some(span) => Some(self.reader(span)?),
            None => None,
        };
        Ok(Entries {
            reader,
            fault: None,
        })
    }

    /// Gives every whole leaf to `take`, and judges the section. Returns whether the leaves are all there.
    pub(crate) fn roster(
        &self,
        mut take: impl FnMut(&[u8; sijill_poll::roster::LEAF_BYTES]),
        findings: &mut Findings,
    ) -> Result<bool, AuditError> {
        let Some(span) = self.roster else {
            return Ok(false);
        };
        let mut reader = self.reader(span)?;
        let mut whole = span.there == span.section.length;
        while reader.left() > 0 {
            let mut leaf = [0; sijill_poll::roster::LEAF_BYTES];
            if reader.left() < leaf.len() as u64 {
                let meaning = "the last leaf is cut or smuggled bytes stand behind it";
                let found = format!("{} bytes left over", reader.left());
                findings.fail(
                    V1,
                    Failure::new(
                        "section of the roster",
                        "whole leaves of 98 bytes",
                        found,
                        meaning,
                    ),
                );
                whole = false;
                reader.skip_rest().map_err(|error| self.failed(error))?;
                break;
            }
            reader
                .exactly(&mut leaf)
                .map_err(|error| self.failed(error))?;
            take(&leaf);
        }
        judge_hash("section of the roster", &span, reader.hash(), findings);
        Ok(whole)
    }

    /// Judges the section of entries after all of it was read.
    pub(crate) fn judge_entries(&self, entries: Entries, findings: &mut Findings) {
        let Some(span) = self.entries else {
            return;
        };
        if let Some(fault) = entries.fault {
            let meaning = "the last entry is cut, or smuggled bytes stand behind it";
            findings.fail(
                V1,
                Failure::new("section of entries", "whole entries", fault, meaning),
            );
        }
        if let Some(reader) = entries.reader {
            judge_hash("section of entries", &span, reader.hash(), findings);
        }
    }

    /// The hashes of sections that nobody reads are right too.
    fn judge_others(&self, spans: &[Span], findings: &mut Findings) -> Result<(), AuditError> {
        let others = spans
            .iter()
            .filter(|span| !matches!(span.section.kind, ENTRIES | ROSTER));
        for span in others {
            let mut reader = self.reader(*span)?;
            reader.skip_rest().map_err(|error| self.failed(error))?;
            judge_hash(
                &format!("section of kind {}", span.section.kind),
                span,
                reader.hash(),
                findings,
            );
        }
        Ok(())
    }

    fn reader(&self, span: Span) -> Result<Reader, AuditError> {
        let open = || {
            let mut file = File::open(&self.path)?;
            file.seek(SeekFrom::Start(span.offset))?;
            Ok(Reader {
                inner: BufReader::with_capacity(1 << 16, file).take(span.there),
                hasher: Sha256::new(),
            })
        };
        open().map_err(|error| self.failed(error))
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The error that this file cannot be read.
    fn failed(&self, source: io::Error) -> AuditError {
        AuditError::Read {
            path: self.path.clone(),
            source,
        }
    }
}

/// The head's bytes, as many as its beginning announces and the file has.
fn read_head(file: &mut File) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    file.take(PREAMBLE_BYTES as u64).read_to_end(&mut head)?;
    let length = container::head_length(&head).unwrap_or(head.len());
    let rest = length.saturating_sub(head.len()) as u64;
    file.take(rest).read_to_end(&mut head)?;
    Ok(head)
}

/// Where each section stands, and how much of it there is.
fn spans(head_bytes: u64, file_bytes: u64, sections: &[Section]) -> Vec<Span> {
    let mut offset = head_bytes;
    sections
        .iter()
        .map(|section| {
            let span = Span {
                section: *section,
                // Nothing of it is there, wherever it claims to stand; a file cannot be sought so far.
                offset: offset.min(file_bytes),
                there: section.length.min(file_bytes.saturating_sub(offset)),
            };
            offset = offset.saturating_add(section.length);
            span
        })
        .collect()
}

fn first(spans: &[Span], kind: u16) -> Option<Span> {
    spans.iter().copied().find(|span| span.section.kind == kind)
}

/// Every part that the format asks for, once; nothing that must be understood and is not.
fn judge_table(spans: &[Span], findings: &mut Findings) {
    for (kind, name) in [(ENTRIES, "entries"), (ROSTER, "the roster")] {
        let count = spans
            .iter()
            .filter(|span| span.section.kind == kind)
            .count();
        if count != 1 {
            let meaning = match count {
                0 => "a part of the ledger was left out",
                _ => "two readers may each read another one",
            };
            let subject = format!("section of {name}");
            findings.fail(
                V1,
                Failure::new(subject, "one such section", count.to_string(), meaning),
            );
        }
    }
    let lists = spans
        .iter()
        .filter(|span| span.section.kind == CHECKPOINTS)
        .count();
    if lists > 1 {
        let meaning = "two readers may each read another one";
        let subject = "section of checkpoints";
        let found = lists.to_string();
        findings.fail(
            V1,
            Failure::new(subject, "at most one such section", found, meaning),
        );
    }
    for span in spans {
        judge_row(&span.section, findings);
    }
}

/// The flags of a section of this kind, if this version knows it.
fn flags_of(kind: u16) -> Option<u16> {
    match kind {
        ENTRIES | ROSTER => Some(MUST_UNDERSTAND),
        CHECKPOINTS => Some(0),
        _ => None,
    }
}

fn judge_row(section: &Section, findings: &mut Findings) {
    let (kind, flags) = (section.kind, section.flags);
    let subject = format!("section of kind {kind}");
    let known = flags_of(kind);
    if flags & !MUST_UNDERSTAND != 0 || known.is_some_and(|known| known != flags) {
        let expected = match known {
            Some(known) => format!("flags {known}"),
            None => "flags 0 or 1".to_owned(),
        };
        let meaning = "a reader could pass over what it must read";
        findings.fail(
            V1,
            Failure::new(subject, expected, format!("flags {flags}"), meaning),
        );
    } else if known.is_none() && flags == MUST_UNDERSTAND {
        let meaning =
            "it must be understood and this version does not; read it with a newer Sijill";
        findings.fail(
            V1,
            Failure::new(
                subject,
                "a section that this version knows",
                format!("kind {kind}"),
                meaning,
            ),
        );
    } else if known.is_none() {
        let note = format!(
            "a section of kind {kind} ({} bytes) was passed over, as it may be",
            section.length
        );
        findings.note(V1, note);
    }
}

/// The file ends where the last section does.
fn judge_length(head: u64, file: u64, sections: &[Section], findings: &mut Findings) {
    let expected = sections
        .iter()
        .fold(head, |sum, section| sum.saturating_add(section.length));
    if expected != file {
        let meaning = if file < expected {
            "the file is cut short"
        } else {
            "bytes are left over behind the last section"
        };
        let (expected, found) = (format!("{expected} bytes"), format!("{file} bytes"));
        findings.fail(
            V1,
            Failure::new("length of the file", expected, found, meaning),
        );
    }
}

fn judge_hash(subject: &str, span: &Span, found: Hash, findings: &mut Findings) {
    if found != span.section.hash {
        let meaning = "its bytes are not those that the head was made for";
        let expected = format!("SHA-256 {}", span.section.hash);
        findings.fail(
            V1,
            Failure::new(subject, expected, format!("SHA-256 {found}"), meaning),
        );
    }
}

/// Reads one section and hashes what it reads.
struct Reader {
    inner: Take<BufReader<File>>,
    hasher: Sha256,
}

impl Reader {
    fn left(&self) -> u64 {
        self.inner.limit()
    }

    /// Fills `bytes`, of which there must be as many left.
    fn exactly(&mut self, bytes: &mut [u8]) -> io::Result<()> {
        self.inner.read_exact(bytes)?;
        self.hasher.update(&*bytes);
        Ok(())
    }

    /// Passes over this many bytes.
    fn skip(&mut self, mut bytes: u64) -> io::Result<()> {
        let mut buffer = [0; 8_192];
        while bytes > 0 {
            let length = usize::try_from(bytes)
                .unwrap_or(buffer.len())
                .min(buffer.len());
            let Some(part) = buffer.get_mut(..length) else {
                break;
            };
            self.exactly(part)?;
            bytes -= length as u64;
        }
        Ok(())
    }

    fn skip_rest(&mut self) -> io::Result<()> {
        self.skip(self.left())
    }

    fn hash(self) -> Hash {
        Hash::from_bytes(self.hasher.finalize().into())
    }
}

/// The entries of the file, one by one.
pub(crate) struct Entries {
    reader: Option<Reader>,
    fault: Option<String>,
}

impl Entries {
    /// How many bytes of the section are still to be read.
    pub(crate) fn left(&self) -> u64 {
        self.reader.as_ref().map_or(0, Reader::left)
    }

    pub(crate) fn next_entry(&mut self) -> io::Result<Option<Raw>> {
        let Some(reader) = &mut self.reader else {
            return Ok(None);
        };
        if reader.left() == 0 {
            return Ok(None);
        }
        let mut length = [0; 4];
        if reader.left() < 4 {
            self.fault = Some(format!(
                "{} bytes at its end, too few for a length",
                reader.left()
            ));
            reader.skip_rest()?;
            return Ok(None);
        }
        reader.exactly(&mut length)?;
        let length = u32::from_le_bytes(length);
        if u64::from(length) > reader.left() {
            self.fault = Some(format!(
                "an entry of {length} bytes announced, {} left",
                reader.left()
            ));
            reader.skip_rest()?;
            return Ok(None);
        }
        if length as usize > ENTRY_BYTES_MAX {
            reader.skip(u64::from(length))?;
            return Ok(Some(Raw::TooLong(length)));
        }
        let mut bytes = vec![0; length as usize];
        reader.exactly(&mut bytes)?;
        Ok(Some(Raw::Entry(bytes)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    /// Two sections that claim the longest length there is: the second would stand where no file can be sought, and
    /// the audit ended as if the disk had failed, with no report and no word on whose fault it was.
    #[test]
    fn lengths_that_no_file_can_have_are_a_finding_and_no_broken_disk() {
        let section = |kind| Section {
            kind,
            flags: MUST_UNDERSTAND,
            length: u64::MAX,
            hash: Hash::of(b""),
        };
        let mut file = tempfile::NamedTempFile::new().unwrap();
        let head = container::head(&[section(ENTRIES), section(ROSTER), section(7)]);
        file.write_all(&head).unwrap();
        let mut findings = Findings::default();
        let source = ExportFile::open(file.path(), &mut findings).unwrap();
        assert!(findings.has_failed(V1));
        let source = source.expect("it has a head");
        assert!(source.entries().unwrap().next_entry().unwrap().is_none());
        assert!(!source.roster(|_| {}, &mut findings).unwrap());
    }
}
