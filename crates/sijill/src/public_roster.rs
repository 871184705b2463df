//! A roster as whoever made the tokens hands it to the platform: the leaves and what is to be committed to of them,
//! and no token, contact or key. A container as of exports, with the sections 2 (leaves) and 4 (the canonical bytes of
//! `RosterCommitted`'s content).

use crate::durable_file::{self, Access};
use crate::fault::{Fault, input};
use anyhow::{Context, Result};
use sha2::{Digest, Sha256};
use sijill_ledger::container::{self, COMMITMENT, MUST_UNDERSTAND, ROSTER, Section};
use sijill_ledger::limits::ENTRY_BYTES_MAX;
use sijill_ledger::{Hash, codec};
use sijill_poll::event::RosterCommitted;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, Write};
use std::path::Path;

/// Bytes copied at once.
const COPY_BYTES: usize = 64 * 1024;

/// Whether this file is one, and not a roster as people write it.
pub fn is_one(path: &Path) -> bool {
    let mut start = [0; container::MAGIC.len()];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut start));
    read.is_ok() && start == *container::MAGIC
}

/// Writes the file from the leaves in `leaves`.
pub fn write(path: &Path, leaves: &Path, commitment: &RosterCommitted) -> Result<()> {
    let commitment = codec::encode(commitment)?;
    let mut file = File::open(leaves).with_context(|| unreadable(leaves))?;
    let length = file.metadata()?.len();
    let hash = copy(&mut file, &mut io::sink(), length).with_context(|| unreadable(leaves))?;
    let section = |kind, length, hash| Section {
        kind,
        flags: MUST_UNDERSTAND,
        length,
        hash,
    };
    let head = container::head(&[
        section(ROSTER, length, hash),
        section(COMMITMENT, commitment.len() as u64, Hash::of(&commitment)),
    ]);
    durable_file::replace(path, Access::Public, |out| {
        file.rewind()?;
        out.write_all(&head)?;
        copy(&mut file, out, length)?;
        Ok(out.write_all(&commitment)?)
    })
}

/// Reads the file, puts its leaves into `leaves`, and returns what is to be committed to. Whether leaves and commitment
/// belong together is for the desk to judge.
pub fn read(path: &Path, leaves: &Path) -> Result<RosterCommitted> {
    let file = File::open(path).with_context(|| unreadable(path))?;
    let bad = |why: String| {
        input(format!(
            "`{}` is no roster to import: {why}",
            path.display()
        ))
    };
    let mut file = BufReader::new(file);
    let sections = head(&mut file).map_err(bad)?;
    let [roster, commitment] = match sections.as_slice() {
        [roster, commitment] if roster.kind == ROSTER && commitment.kind == COMMITMENT => {
            [*roster, *commitment]
        }
        _ => {
            return Err(bad(
                "expected leaves and commitment, as `sijill roster make` writes them".into(),
            ));
        }
    };
    if [roster, commitment]
        .iter()
        .any(|section| section.flags != MUST_UNDERSTAND)
    {
        return Err(bad(
            "its sections must have flag 1, as `sijill roster make` writes them".into(),
        ));
    }
    if commitment.length > ENTRY_BYTES_MAX as u64 {
        return Err(bad("its commitment is longer than an entry may be".into()));
    }
    let content = durable_file::replace(leaves, Access::Public, |out| {
        let found = copy(&mut file, out, roster.length)?;
        whole(found, &roster).map_err(bad)?;
        let mut bytes = Vec::new();
        let found = copy(&mut file, &mut bytes, commitment.length)?;
        whole(found, &commitment).map_err(bad)?;
        match file.read(&mut [0])? {
            0 => Ok(bytes),
            _ => Err(bad("bytes are left over behind it".into())),
        }
    })?;
    codec::decode(&content).map_err(|error| bad(format!("its commitment: {error}")))
}

fn head(file: &mut impl Read) -> Result<Vec<Section>, String> {
    let cut = |error: io::Error| error.to_string();
    let mut head = vec![0; container::PREAMBLE_BYTES];
    file.read_exact(&mut head).map_err(cut)?;
    let length = container::head_length(&head).map_err(|error| error.to_string())?;
    let mut rest = vec![0; length.saturating_sub(head.len())];
    file.read_exact(&mut rest).map_err(cut)?;
    head.extend(rest);
    container::sections(&head).map_err(|error| error.to_string())
}

fn whole(found: Hash, section: &Section) -> Result<(), String> {
    match found == section.hash {
        true => Ok(()),
        false => Err(format!("section {} is cut or damaged", section.kind)),
    }
}

/// Copies up to `length` bytes, and returns their SHA-256.
fn copy(from: &mut impl Read, to: &mut impl Write, length: u64) -> io::Result<Hash> {
    let mut from = from.take(length);
    let mut hash = Sha256::new();
    let mut buffer = vec![0; COPY_BYTES];
    loop {
        let read = from.read(&mut buffer)?;
        let bytes = buffer.get(..read).unwrap_or_default();
        if bytes.is_empty() {
            return Ok(Hash::from_bytes(hash.finalize().into()));
        }
        hash.update(bytes);
        to.write_all(bytes)?;
    }
}

fn unreadable(path: &Path) -> Fault {
    Fault::Input(format!("cannot read the roster `{}`", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commitment() -> RosterCommitted {
        RosterCommitted {
            root: Hash::of(b"root"),
            count: 2,
            by_stratum: vec![1, 1],
            stratum_keys: vec![Hash::of(b"a"), Hash::of(b"b")],
        }
    }

    #[test]
    fn what_was_handed_over_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        std::fs::write(path("leaves"), [7; 196]).unwrap();
        write(&path("roster"), &path("leaves"), &commitment()).unwrap();
        assert!(is_one(&path("roster")) && !is_one(&path("leaves")));
        assert_eq!(read(&path("roster"), &path("copy")).unwrap(), commitment());
        assert_eq!(std::fs::read(path("copy")).unwrap(), [7; 196]);
    }

    #[test]
    fn any_byte_changed_cut_or_added_is_refused_and_nothing_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        std::fs::write(path("leaves"), [7; 196]).unwrap();
        write(&path("roster"), &path("leaves"), &commitment()).unwrap();
        let good = std::fs::read(path("roster")).unwrap();
        let refuse = |bytes: &[u8], what: &str| {
            std::fs::write(path("bad"), bytes).unwrap();
            assert!(read(&path("bad"), &path("copy")).is_err(), "{what}");
            assert!(!path("copy").exists(), "{what}");
        };
        for at in 0..good.len() {
            let mut bent = good.clone();
            bent[at] ^= 1 << (at % 8);
            refuse(&bent, &format!("byte {at}"));
            refuse(&good[..at], &format!("cut to {at}"));
        }
        refuse(&[&good[..], b"x"].concat(), "one byte more");
    }

    #[test]
    fn a_section_that_a_reader_need_not_understand_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let commitment = codec::encode(&commitment()).unwrap();
        for flags in [[0, 1], [1, 0], [3, 1]] {
            let sections = [(ROSTER, &[7; 196][..]), (COMMITMENT, &commitment[..])];
            let rows: Vec<Section> = sections
                .iter()
                .zip(flags)
                .map(|((kind, bytes), flags)| Section {
                    kind: *kind,
                    flags,
                    length: bytes.len() as u64,
                    hash: Hash::of(bytes),
                })
                .collect();
            let file = [&container::head(&rows)[..], sections[0].1, sections[1].1].concat();
            std::fs::write(path("roster"), file).unwrap();
            let error = read(&path("roster"), &path("copy")).unwrap_err();
            assert!(error.to_string().contains("flag"), "{error}");
        }
    }
}
