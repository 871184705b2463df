//! The sender's vault: numbers and tokens of a poll's invitations, encrypted, apart from the ledger (SPEC, section 14).
//!
//! Owns the files `contacts` and `secrets` of the vault's folder: how they are made ([`Vault::make`], [`Vault::keep`]),
//! read and erased. Who holds which key, and until when contacts are kept, is `sijill`'s.
//!
//! - Each file is there whole and on stable storage, or not at all.
//! - Record *i* is that of the invitation whose leaf is the roster's *i*-th; any is read by decrypting one chunk.
//! - Whatever is read was authenticated: for this vault, this place, and this number of invitations.
//! - Erasing begins with the wrapped key; once that is gone from the disk, so is everything.

mod head;
mod making;
mod record;
mod secrets;
#[cfg(test)]
mod tests;

use crate::error::{OutreachError, shown};
use crate::limits::CHUNK_RECORDS;
use crate::number::Number;
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use head::{DataKey, HEAD_BYTES, Head};
use record::RECORD_BYTES;
pub use secrets::RosterSecrets;
use sijill_poll::credential::Token;
use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use zeroize::Zeroizing;

/// The name of the file of contacts in the vault's folder.
const FILE: &str = "contacts";

const NONCE_BYTES: usize = 24;
const TAG_BYTES: usize = 16;

/// Bytes of a whole chunk; the last one may be shorter.
const CHUNK_BYTES: usize = NONCE_BYTES + CHUNK_RECORDS * RECORD_BYTES + TAG_BYTES;

/// What chunks are sealed under: BLAKE3 `derive_key` of the data key in this context.
const CHUNKS: &str = "sijill 2026 vault chunks v1";

/// What opens a vault. It is shown to nobody.
#[derive(Clone)]
pub enum VaultSecret {
    /// The 32 bytes of a key file.
    Key(Zeroizing<[u8; 32]>),
    /// A passphrase.
    Passphrase(Zeroizing<String>),
}

impl fmt::Debug for VaultSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VaultSecret(…)")
    }
}

/// An invitation as its sender keeps it.
#[derive(Clone, PartialEq, Eq)]
pub struct Contact {
    /// Whom it is for.
    pub number: Number,
    /// The secret in its link.
    pub token: Token,
    /// Place of the stratum in the definition.
    pub stratum: u16,
    /// Place of the language in the definition.
    pub language: u8,
}

impl fmt::Debug for Contact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Contact(…)")
    }
}

/// An open vault. It holds one chunk in memory, and may be asked by several threads.
pub struct Vault {
    path: PathBuf,
    file: File,
    head: Head,
    key: DataKey,
    cipher: XChaCha20Poly1305,
    /// The chunk that was read last, with its number: invitations are mostly gone through in order.
    last: Mutex<Option<(u32, Chunk)>>,
}

/// The records of one chunk.
type Chunk = Zeroizing<Vec<u8>>;

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault")
            .field("path", &self.path)
            .field("count", &self.head.count)
            .finish_non_exhaustive()
    }
}

impl Vault {
    /// Makes the vault of these contacts, which are in the order of the roster's leaves, in the place of one that a
    /// broken-off import left. It is on stable storage when this returns; before that, nothing of it is there.
    ///
    /// # Errors
    /// If the disk refuses, or there are not exactly `count` contacts.
    pub fn make(
        folder: &Path,
        secret: &VaultSecret,
        count: u32,
        contacts: impl Iterator<Item = Contact>,
    ) -> Result<Self, OutreachError> {
        making::make(folder, secret, count, contacts)?;
        Self::open(folder, secret)
    }

    /// Opens the vault in this folder.
    ///
    /// # Errors
    /// If there is none or it was erased, if this is not what opens it, or if its head or its length is not as written.
    /// The chunks are looked at when they are read.
    pub fn open(folder: &Path, secret: &VaultSecret) -> Result<Self, OutreachError> {
        let path = folder.join(FILE);
        let file = File::open(&path).map_err(|error| missing(folder, &path, error))?;
        let found = length(&file, &path)?;
        let mut bytes = [0; HEAD_BYTES];
        if found < HEAD_BYTES as u64 {
            return Err(OutreachError::NotAVault { path: shown(&path) });
        }
        file.read_exact_at(&mut bytes, 0)
            .map_err(OutreachError::io("read the vault", &path))?;
        let head = Head::read(&bytes, &path)?;
        let expected = file_bytes(head.count);
        if found != expected {
            let path = shown(&path);
            return Err(OutreachError::Length {
                path,
                expected,
                found,
            });
        }
        let key = head.unwrap(secret, &path)?;
        Ok(Self {
            cipher: cipher(&key),
            path,
            file,
            head,
            key,
            last: Mutex::new(None),
        })
    }

    /// Number of invitations.
    #[must_use]
    pub fn count(&self) -> u32 {
        self.head.count
    }

    /// What tells this vault from every other: 16 random bytes.
    #[must_use]
    pub fn id(&self) -> [u8; 16] {
        self.head.id
    }

    /// The invitation at this place of the roster, from 0.
    ///
    /// # Errors
    /// If there is none, or its chunk cannot be read or is not as written.
    pub fn contact(&self, invitation: u32) -> Result<Contact, OutreachError> {
        let count = self.count();
        if invitation >= count {
            return Err(OutreachError::NoInvitation { invitation, count });
        }
        let (chunk, place) = place_of(invitation);
        // Whoever panicked with the lock in hand left a whole chunk or none.
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let records = match last.take() {
            Some((number, records)) if number == chunk => records,
            _ => self.chunk(chunk)?,
        };
        let contact = record::read(records.chunks_exact(RECORD_BYTES).nth(place));
        *last = Some((chunk, records));
        contact.ok_or_else(|| self.damaged(chunk))
    }

    /// All invitations in the roster's order, a chunk in memory at a time. After an error nothing follows.
    pub fn contacts(&self) -> impl Iterator<Item = Result<Contact, OutreachError>> + '_ {
        let mut failed = false;
        let chunks = 0..chunks_of(self.count());
        let contacts = chunks.flat_map(|chunk| match self.contacts_of(chunk) {
            Ok(contacts) => contacts.into_iter().map(Ok).collect(),
            Err(error) => vec![Err(error)],
        });
        contacts.take_while(move |contact| !std::mem::replace(&mut failed, contact.is_err()))
    }

    /// A key for another use, which tells nothing of this vault's own: BLAKE3 `derive_key` of the data key. The context is
    /// the use's own.
    #[must_use]
    pub fn key_for(&self, context: &'static str) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(blake3::derive_key(context, self.key.as_slice()))
    }

    fn contacts_of(&self, chunk: u32) -> Result<Vec<Contact>, OutreachError> {
        let records = self.chunk(chunk)?;
        let records = records.chunks_exact(RECORD_BYTES);
        records
            .map(|bytes| record::read(Some(bytes)).ok_or_else(|| self.damaged(chunk)))
            .collect()
    }

    /// Reads and opens a chunk.
    fn chunk(&self, chunk: u32) -> Result<Chunk, OutreachError> {
        let mut sealed = vec![0; chunk_bytes(chunk, self.count())];
        self.file
            .read_exact_at(&mut sealed, chunk_offset(chunk))
            .map_err(OutreachError::io("read the vault", &self.path))?;
        let (nonce, sealed) = sealed
            .split_first_chunk::<NONCE_BYTES>()
            .ok_or_else(|| self.damaged(chunk))?;
        let payload = Payload {
            msg: sealed,
            aad: &self.head.chunk_data(chunk),
        };
        let records = self.cipher.decrypt(&XNonce::from(*nonce), payload);
        records.map(Zeroizing::new).map_err(|_| self.damaged(chunk))
    }

    fn damaged(&self, chunk: u32) -> OutreachError {
        let (first, records) = records_of(chunk, self.count());
        OutreachError::DamagedChunk {
            path: shown(&self.path),
            chunk,
            first,
            last: (first + records).saturating_sub(1),
        }
    }
}

/// Whether there is a vault in this folder, or some of one, that was not erased, or not to its end.
#[must_use]
pub fn is_there(folder: &Path) -> bool {
    [FILE, secrets::FILE]
        .iter()
        .any(|file| folder.join(file).exists())
}

/// Fails where there is no vault, saying whether it was erased; needs nothing that opens it.
///
/// # Errors
/// If there is none, or the disk refuses to say.
pub fn must_be_there(folder: &Path) -> Result<(), OutreachError> {
    let path = folder.join(FILE);
    match fs::metadata(&path) {
        Ok(_) => Ok(()),
        Err(error) => Err(missing(folder, &path, error)),
    }
}

/// Erases the vault: first the wrapped key, on the disk, so that nothing can be read even where old blocks stay; then
/// every file of the folder. An erasing that was broken off is ended by another. The folder stays, empty: it says that
/// something was here.
///
/// # Errors
/// If the disk refuses. What was erased by then stays so.
pub fn erase(folder: &Path) -> Result<(), OutreachError> {
    let path = folder.join(FILE);
    match OpenOptions::new().write(true).open(&path) {
        Ok(file) => wipe(&file).map_err(OutreachError::io("erase the vault's key in", &path))?,
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(OutreachError::io("erase", &path)(error)),
    }
    remove_files(folder).map_err(OutreachError::io("empty the vault", folder))
}

fn wipe(file: &File) -> io::Result<()> {
    file.write_all_at(&[0; HEAD_BYTES - Head::WIPED_FROM], Head::WIPED_FROM as u64)?;
    file.sync_all()
}

fn remove_files(folder: &Path) -> io::Result<()> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        match entry.file_type()?.is_dir() {
            true => fs::remove_dir_all(entry.path())?,
            false => fs::remove_file(entry.path())?,
        }
    }
    File::open(folder)?.sync_all()
}

/// Why a vault's file could not be opened. An empty folder is one that was erased.
fn missing(folder: &Path, path: &Path, error: io::Error) -> OutreachError {
    let is_emptied = || fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none());
    match error.kind() {
        ErrorKind::NotFound if is_emptied() => OutreachError::Erased {
            path: shown(folder),
        },
        ErrorKind::NotFound => OutreachError::NoVault {
            path: shown(folder),
        },
        _ => OutreachError::io("open the vault", path)(error),
    }
}

fn length(file: &File, path: &Path) -> Result<u64, OutreachError> {
    let metadata = file.metadata();
    let metadata = metadata.map_err(OutreachError::io("read the vault", path))?;
    Ok(metadata.len())
}

fn cipher(key: &DataKey) -> XChaCha20Poly1305 {
    let chunks = Zeroizing::new(blake3::derive_key(CHUNKS, key.as_slice()));
    XChaCha20Poly1305::new((&*chunks).into())
}

/// The chunk of an invitation, and its place there.
fn place_of(invitation: u32) -> (u32, usize) {
    let records = CHUNK_RECORDS as u32;
    (invitation / records, (invitation % records) as usize)
}

fn chunks_of(count: u32) -> u32 {
    count.div_ceil(CHUNK_RECORDS as u32)
}

/// The first invitation of a chunk, and how many it has.
fn records_of(chunk: u32, count: u32) -> (u32, u32) {
    let first = chunk.saturating_mul(CHUNK_RECORDS as u32);
    (first, count.saturating_sub(first).min(CHUNK_RECORDS as u32))
}

fn chunk_offset(chunk: u32) -> u64 {
    HEAD_BYTES as u64 + u64::from(chunk) * CHUNK_BYTES as u64
}

fn chunk_bytes(chunk: u32, count: u32) -> usize {
    let (_, records) = records_of(chunk, count);
    NONCE_BYTES + records as usize * RECORD_BYTES + TAG_BYTES
}

/// Bytes of the file of a vault of so many invitations.
fn file_bytes(count: u32) -> u64 {
    let sealing = u64::from(chunks_of(count)) * (NONCE_BYTES + TAG_BYTES) as u64;
    HEAD_BYTES as u64 + sealing + u64::from(count) * RECORD_BYTES as u64
}
