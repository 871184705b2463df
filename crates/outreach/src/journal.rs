//! The journal of a poll's messages: steps, sealed, one frame after another, each on stable storage before anything that
//! it says may happen.
//!
//! ```text
//! file   "sijill journal 1", then frames
//! frame  length u32 LE of steps and tag together with the nonce · check (4) · nonce (24) · XChaCha20-Poly1305 of the steps
//!        check: the first bytes of BLAKE3 derive_key over link of the frame before ‖ length
//!        associated data: context, 0x00, number of the frame u64 LE from 0, link of the frame before (32)
//! steps  canonical bytes of one step after another (`ledger::codec`)
//! link   BLAKE3 derive_key over link of the frame before ‖ steps; before the first frame it is zeros
//! ```
//!
//! The newest link commits to everything in it; the first step's salt keeps that commitment from telling anything.
//!
//! Invariants:
//! - a frame is written and synced before the next one is begun, so that at most the last one can be torn: shorter than
//!   it says, zeros, or not to be opened. Anything else that is wrong is damage, and nothing is cut off;
//! - after any failure nothing is appended until the journal is opened anew;
//! - whoever has the journal open has its lock.

use crate::delivery::Step;
use crate::limits::FRAME_BYTES_MAX;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use sijill_ledger::{Hash, codec};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, BufReader, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// What a journal begins with.
const MAGIC: &[u8; 16] = b"sijill journal 1";
const FRAME_CONTEXT: &[u8] = b"sijill 2026 journal frame v1\0";
const LINK_CONTEXT: &str = "sijill 2026 journal link v1";
const CHECK_CONTEXT: &str = "sijill 2026 journal length v1";
/// Bytes of a frame before its nonce.
const HEAD_BYTES: usize = 8;
/// Bytes of a frame's nonce.
const NONCE_BYTES: usize = 24;
/// Bytes by which sealing makes a frame longer.
const TAG_BYTES: usize = 16;
/// Longest rest of a frame, after its head.
const REST_BYTES_MAX: usize = NONCE_BYTES + FRAME_BYTES_MAX + TAG_BYTES;

/// Why a journal cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The disk.
    #[error("cannot {what} the journal `{}`: {source}; no message leaves without it. See that this disk works and has space, then start the same command again: it goes on", path.display())]
    Disk {
        /// What was tried.
        what: &'static str,
        /// The journal.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Another process is sending.
    #[error("another `sijill invitations` is at work on `{}`; wait until it ends, or end it", path.display())]
    Held {
        /// The journal.
        path: PathBuf,
    },
    /// It is not what was written.
    #[error("the journal `{}` is damaged in frame {frame} ({why}); nothing is sent with it. A copy from before the last message left would have people written to twice", path.display())]
    Damaged {
        /// The journal.
        path: PathBuf,
        /// Which frame, from 0.
        frame: u64,
        /// What is wrong with it.
        why: &'static str,
    },
    /// An append failed before.
    #[error("the journal `{}` is not written on after a failure; start again", path.display())]
    Failed {
        /// The journal.
        path: PathBuf,
    },
    /// The system gives no random numbers.
    #[error("the system gives no random numbers")]
    Randomness,
    /// A step that has no encoding, or is too long.
    #[error("a step cannot be written: {0}")]
    Step(#[from] codec::CodecError),
}

/// An open journal.
pub struct Journal {
    path: PathBuf,
    file: File,
    seal: Seal,
    failed: bool,
    torn: bool,
}

/// The steps of a frame, and how long the frame is.
type Whole = (Zeroizing<Vec<u8>>, u64);

/// The place in the chain of frames, and the key.
struct Seal {
    cipher: XChaCha20Poly1305,
    frames: u64,
    link: Hash,
    /// A link that is looked for, and whether it went by.
    sought: (Option<Hash>, bool),
}

impl Journal {
    /// Opens the journal, or begins one, and shows `read` every step in order. A last frame that was torn by a power cut
    /// is cut off, and a copy of the file as it was is kept beside it (`.torn`). Whether a link that is `sought` is one of
    /// its frames', [`Self::has_sought`] says then.
    ///
    /// # Errors
    /// If it is damaged, in use by another process, cannot be read, or `read` says so.
    pub fn open<E: From<JournalError>>(
        path: &Path,
        key: &[u8; 32],
        sought: Option<Hash>,
        mut read: impl FnMut(Step) -> Result<(), E>,
    ) -> Result<Self, E> {
        let mut journal = Self {
            path: path.to_owned(),
            file: hold(path)?,
            seal: Seal {
                cipher: XChaCha20Poly1305::new(key.into()),
                frames: 0,
                link: Hash::from_bytes([0; 32]),
                sought: (sought, false),
            },
            failed: false,
            torn: false,
        };
        let end = journal.replay(&mut read)?;
        journal.go_on_from(end)?;
        Ok(journal)
    }

    /// Appends these steps and returns when they are on stable storage: all of them, or, after an error, perhaps the
    /// first of them.
    ///
    /// # Errors
    /// If the disk fails; from then on every append does.
    pub fn commit(&mut self, steps: &[Step]) -> Result<(), JournalError> {
        let mut frame = Zeroizing::new(Vec::new());
        for step in steps {
            let bytes = Zeroizing::new(codec::encode(step)?);
            if frame.len() + bytes.len() > FRAME_BYTES_MAX {
                self.append(&frame)?;
                frame.clear();
            }
            frame.extend_from_slice(&bytes);
        }
        match frame.is_empty() {
            true => Ok(()),
            false => self.append(&frame),
        }
    }

    /// Commits to everything in it.
    #[must_use]
    pub fn link(&self) -> Hash {
        self.seal.link
    }

    /// Whether the link that was sought, if there was one, is that of a frame that was there when it was opened.
    #[must_use]
    pub fn has_sought(&self) -> bool {
        let (sought, found) = self.seal.sought;
        sought.is_none() || found
    }

    /// Whether a torn frame was cut off when it was opened.
    #[must_use]
    pub fn was_torn(&self) -> bool {
        self.torn
    }

    fn append(&mut self, steps: &[u8]) -> Result<(), JournalError> {
        if self.failed {
            let path = self.path.clone();
            return Err(JournalError::Failed { path });
        }
        let frame = self.seal.seal(steps)?;
        self.failed = true;
        let written = self.file.write_all(&frame);
        let written = written.and_then(|()| self.file.sync_data());
        written.map_err(|source| self.disk("write", source))?;
        self.failed = false;
        Ok(())
    }

    /// Reads every frame; returns where the last whole one ends.
    fn replay<E: From<JournalError>>(
        &mut self,
        read: &mut impl FnMut(Step) -> Result<(), E>,
    ) -> Result<u64, E> {
        let length = self.length()?;
        if length < MAGIC.len() as u64 {
            return Ok(0);
        }
        let file = self.file.try_clone();
        let mut file = BufReader::new(file.map_err(|source| self.disk("read", source))?);
        let mut magic = [0; 16];
        file.read_exact(&mut magic)
            .map_err(|source| self.disk("read", source))?;
        if magic != *MAGIC {
            return Err(self.damaged("it does not begin like a journal").into());
        }
        let mut end = MAGIC.len() as u64;
        while end < length {
            let Some((steps, bytes)) = self.frame(&mut file, length - end)? else {
                break;
            };
            self.show(&steps, read)?;
            end += bytes;
        }
        Ok(end)
    }

    /// The steps of the next frame, and its length; none if it is the last one and torn.
    fn frame(&mut self, file: &mut impl Read, left: u64) -> Result<Option<Whole>, JournalError> {
        let mut head = [0; HEAD_BYTES];
        if left < head.len() as u64 {
            return Ok(None);
        }
        let failed = |source| JournalError::Disk {
            what: "read",
            path: self.path.clone(),
            source,
        };
        file.read_exact(&mut head).map_err(failed)?;
        let Some(rest) = self.seal.length(head) else {
            let unwritten = left <= (HEAD_BYTES + REST_BYTES_MAX) as u64 && head == [0; HEAD_BYTES];
            return self.torn_or("its length is wrong", unwritten);
        };
        let whole = (HEAD_BYTES + rest) as u64;
        if whole > left {
            return Ok(None);
        }
        let mut sealed = vec![0; rest];
        file.read_exact(&mut sealed).map_err(failed)?;
        // With another key nothing opens: that is no reason to cut.
        let last = whole == left && self.seal.frames > 0;
        match self.seal.open(&sealed) {
            Some(steps) => Ok(Some((steps, whole))),
            None => self.torn_or("it does not open with the vault's key", last),
        }
    }

    fn torn_or<T>(&self, why: &'static str, torn: bool) -> Result<Option<T>, JournalError> {
        match torn {
            true => Ok(None),
            false => Err(self.damaged(why)),
        }
    }

    fn show<E: From<JournalError>>(
        &self,
        steps: &[u8],
        read: &mut impl FnMut(Step) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut rest = steps;
        while !rest.is_empty() {
            let decoded = codec::decode_prefix::<Step>(rest);
            let later = |_| self.damaged("it holds a step of a later version");
            let (step, used) = decoded.map_err(later)?;
            read(step)?;
            rest = rest.get(used..).unwrap_or_default();
        }
        Ok(())
    }

    /// Cuts off what is not whole, and makes the file's beginning where it has none.
    fn go_on_from(&mut self, end: u64) -> Result<(), JournalError> {
        if end < self.length()? {
            let copy = self.path.with_extension("torn");
            let kept = std::fs::copy(&self.path, copy)
                .and_then(|_| self.file.set_len(end))
                .and_then(|()| self.file.sync_all());
            kept.map_err(|source| self.disk("mend", source))?;
            self.torn = true;
        }
        if end == 0 {
            let begun = self
                .file
                .write_all(MAGIC)
                .and_then(|()| self.file.sync_all())
                .and_then(|()| sync_folder(&self.path));
            begun.map_err(|source| self.disk("begin", source))?;
        }
        Ok(())
    }

    fn length(&self) -> Result<u64, JournalError> {
        let data = self.file.metadata();
        Ok(data.map_err(|source| self.disk("read", source))?.len())
    }

    fn disk(&self, what: &'static str, source: io::Error) -> JournalError {
        JournalError::Disk {
            what,
            path: self.path.clone(),
            source,
        }
    }

    fn damaged(&self, why: &'static str) -> JournalError {
        JournalError::Damaged {
            path: self.path.clone(),
            frame: self.seal.frames,
            why,
        }
    }
}

impl Seal {
    /// The bytes of the next frame.
    fn seal(&mut self, steps: &[u8]) -> Result<Vec<u8>, JournalError> {
        let mut nonce = [0; NONCE_BYTES];
        getrandom::fill(&mut nonce).map_err(|_| JournalError::Randomness)?;
        let aad = self.associated();
        let payload = Payload {
            msg: steps,
            aad: &aad,
        };
        // It fails only for messages far beyond a frame's limit.
        let sealed = self.cipher.encrypt(&XNonce::from(nonce), payload);
        let sealed = sealed.map_err(|_| JournalError::Randomness)?;
        let head = self.head(u32::try_from(NONCE_BYTES + sealed.len()).unwrap_or(u32::MAX));
        self.pass(steps);
        Ok([head.as_slice(), &nonce, &sealed].concat())
    }

    /// The steps of the next frame, if this is it.
    fn open(&mut self, rest: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, sealed) = rest.split_first_chunk::<NONCE_BYTES>()?;
        let aad = self.associated();
        let payload = Payload {
            msg: sealed,
            aad: &aad,
        };
        let steps = self.cipher.decrypt(&XNonce::from(*nonce), payload).ok()?;
        self.pass(&steps);
        Some(Zeroizing::new(steps))
    }

    /// The bytes before the nonce of the next frame.
    fn head(&self, rest: u32) -> [u8; HEAD_BYTES] {
        let [a, b, c, d] = rest.to_le_bytes();
        let mut hasher = blake3::Hasher::new_derive_key(CHECK_CONTEXT);
        hasher.update(self.link.as_bytes()).update(&[a, b, c, d]);
        let [e, f, g, h, ..] = *hasher.finalize().as_bytes();
        [a, b, c, d, e, f, g, h]
    }

    /// How long the rest of the next frame is, if this is how it begins.
    fn length(&self, head: [u8; HEAD_BYTES]) -> Option<usize> {
        let [a, b, c, d, ..] = head;
        let rest = u32::from_le_bytes([a, b, c, d]);
        let length = usize::try_from(rest).ok()?;
        (head == self.head(rest) && length <= REST_BYTES_MAX).then_some(length)
    }

    fn associated(&self) -> Vec<u8> {
        let number = self.frames.to_le_bytes();
        [FRAME_CONTEXT, &number, self.link.as_bytes()].concat()
    }

    fn pass(&mut self, steps: &[u8]) {
        let mut hasher = blake3::Hasher::new_derive_key(LINK_CONTEXT);
        hasher.update(self.link.as_bytes()).update(steps);
        self.link = Hash::from_bytes(*hasher.finalize().as_bytes());
        self.frames += 1;
        self.sought.1 |= self.sought.0 == Some(self.link);
    }
}

/// The file, which nobody else has while this is open.
fn hold(path: &Path) -> Result<File, JournalError> {
    let failed = |source| JournalError::Disk {
        what: "open",
        path: path.to_owned(),
        source,
    };
    let file = OpenOptions::new()
        .read(true)
        .append(true)
        .create(true)
        .mode(0o600)
        .open(path)
        .map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(JournalError::Held {
            path: path.to_owned(),
        }),
        Err(TryLockError::Error(error)) => Err(failed(error)),
    }
}

fn sync_folder(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: [u8; 32] = [3; 32];

    fn step(wave: u16) -> Step {
        let invitations = vec![wave.into(), 70_000];
        Step::Chosen { wave, invitations }
    }

    fn read(path: &Path) -> Result<(Journal, Vec<Step>), JournalError> {
        let mut steps = Vec::new();
        let journal = Journal::open(path, &KEY, None, |step| {
            steps.push(step);
            Ok::<_, JournalError>(())
        })?;
        Ok((journal, steps))
    }

    fn has(path: &Path, link: Hash) -> bool {
        let all = |_| Ok::<_, JournalError>(());
        Journal::open(path, &KEY, Some(link), all)
            .unwrap()
            .has_sought()
    }

    /// A journal of three frames, and where each ends.
    fn made(path: &Path) -> Vec<usize> {
        let (mut journal, _) = read(path).unwrap();
        let mut ends = Vec::new();
        for wave in 1..=3 {
            journal.commit(&[step(wave), step(wave + 10)]).unwrap();
            ends.push(std::fs::metadata(path).unwrap().len() as usize);
        }
        ends
    }

    #[test]
    fn steps_read_back_in_order_and_the_link_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        made(&path);
        let (mut journal, steps) = read(&path).unwrap();
        assert_eq!(steps, [1, 11, 2, 12, 3, 13].map(step));
        journal.commit(&[step(4)]).unwrap();
        let link = journal.link();
        drop(journal);
        let (journal, steps) = read(&path).unwrap();
        assert_eq!((steps.len(), journal.link()), (7, link));
        assert!(!journal.was_torn());
    }

    #[test]
    fn every_link_that_a_journal_ever_had_is_found_and_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let (mut journal, _) = read(&path).unwrap();
        let mut links = Vec::new();
        for wave in 1..=3 {
            journal.commit(&[step(wave)]).unwrap();
            links.push(journal.link());
        }
        assert!(journal.has_sought());
        drop(journal);
        assert!(links.iter().all(|link| has(&path, *link)));
        let whole = std::fs::read(&path).unwrap();
        assert!(!has(&path, Hash::of(b"another")));

        // The last frame is cut off as torn: with it its link is gone.
        std::fs::write(&path, &whole[..whole.len() - 1]).unwrap();
        let found: Vec<bool> = links.iter().map(|link| has(&path, *link)).collect();
        assert_eq!(found, [true, true, false]);
    }

    #[test]
    fn more_steps_than_a_frame_holds_make_several() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let invitations: Vec<u32> = (100_000..101_000).collect();
        let wave = 1;
        let steps = vec![Step::Chosen { wave, invitations }; 40];
        read(&path).unwrap().0.commit(&steps).unwrap();
        let (journal, found) = read(&path).unwrap();
        assert_eq!(found, steps);
        assert!(journal.seal.frames > 1);
    }

    #[test]
    fn every_byte_that_changes_is_found_and_only_the_last_frame_can_be_torn() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let ends = made(&path);
        let whole = std::fs::read(&path).unwrap();
        for place in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[place] ^= 0x10;
            std::fs::write(&path, &bytes).unwrap();
            match read(&path) {
                Err(JournalError::Damaged { .. }) => {
                    assert!(place < ends[1] + HEAD_BYTES, "byte {place}");
                }
                Ok((journal, steps)) => {
                    assert!(place >= ends[1], "byte {place}");
                    assert_eq!((steps.len(), journal.was_torn()), (4, true));
                    assert_eq!(std::fs::read(path.with_extension("torn")).unwrap(), bytes);
                }
                Err(other) => panic!("byte {place}: {other}"),
            }
        }
    }

    #[test]
    fn every_prefix_opens_with_the_whole_frames_that_it_has() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let ends = made(&path);
        let whole = std::fs::read(&path).unwrap();
        for length in 0..=whole.len() {
            std::fs::write(&path, &whole[..length]).unwrap();
            let (mut journal, steps) = read(&path).unwrap();
            let frames = ends.iter().filter(|end| **end <= length).count();
            assert_eq!(steps.len(), 2 * frames, "{length} bytes");
            journal.commit(&[step(9)]).unwrap();
            drop(journal);
            let steps = read(&path).unwrap().1;
            assert_eq!(steps.len(), 2 * frames + 1, "{length} bytes");
        }
    }

    #[test]
    fn frames_that_change_places_or_were_taken_from_another_journal_are_found() {
        let folder = tempfile::tempdir().unwrap();
        let (path, other) = (folder.path().join("journal"), folder.path().join("other"));
        let ends = made(&path);
        let whole = std::fs::read(&path).unwrap();
        let (head, first, second) = (&whole[..16], &whole[16..ends[0]], &whole[ends[0]..ends[1]]);
        for bytes in [
            [head, second, first, first].concat(),
            [head, first, first, second].concat(),
            [head, second, second, first].concat(),
        ] {
            std::fs::write(&other, bytes).unwrap();
            assert!(matches!(read(&other), Err(JournalError::Damaged { .. })));
        }
    }

    #[test]
    fn a_frame_of_zeros_that_a_power_cut_left_is_cut_off() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        made(&path);
        let mut bytes = std::fs::read(&path).unwrap();
        bytes.extend([0; 300]);
        std::fs::write(&path, bytes).unwrap();
        let (journal, steps) = read(&path).unwrap();
        assert_eq!((steps.len(), journal.was_torn()), (6, true));
    }
}
