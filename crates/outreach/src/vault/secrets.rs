//! What a vault keeps of its roster beside the contacts: the master that they are sealed with there, and the root that
//! says whose vault it is.
//!
//! ```text
//! magic "SIJILLVS" (8) | version u16 = 1 | nonce (24) | XChaCha20-Poly1305 of contact master (32) ‖ roster root (32)
//! key              BLAKE3 derive_key of the data key in a context of its own
//! associated data  magic ‖ version ‖ id of the vault (16) ‖ invitations u32
//! ```
//!
//! It is small, and written anew as a whole: on stable storage beside, then in its place.

use super::{NONCE_BYTES, TAG_BYTES, Vault};
use crate::error::{OutreachError, shown};
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use sijill_ledger::Hash;
use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// The name of the file in the vault's folder.
pub const FILE: &str = "secrets";

/// The name of one that is being written.
const UNFINISHED: &str = ".secrets.tmp";

/// What it is sealed under: BLAKE3 `derive_key` of the data key in this context.
const SECRETS: &str = "sijill 2026 vault secrets v1";

/// What the file begins with: magic, and version 1 (u16, little-endian).
const START: &[u8; 10] = b"SIJILLVS\x01\x00";

const CLEAR_BYTES: usize = 32 + 32;
const SEALED_BYTES: usize = CLEAR_BYTES + TAG_BYTES;

/// Bytes of the file.
pub const FILE_BYTES: usize = START.len() + NONCE_BYTES + SEALED_BYTES;

/// What a roster was made with, and which one it is. It is shown to nobody.
#[derive(Clone, PartialEq, Eq)]
pub struct RosterSecrets {
    /// The master under which contacts are sealed in the leaves.
    pub contact_master: Zeroizing<[u8; 32]>,
    /// RFC 6962 root of the leaves.
    pub root: Hash,
}

impl fmt::Debug for RosterSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RosterSecrets(…)")
    }
}

impl Vault {
    /// Keeps what the roster was made with, in the place of what was kept before. It is on stable storage when this
    /// returns; until then what was there stays.
    ///
    /// # Errors
    /// If the disk refuses, or the system has no randomness.
    pub fn keep(&self, secrets: &RosterSecrets) -> Result<(), OutreachError> {
        let mut nonce = [0; NONCE_BYTES];
        getrandom::fill(&mut nonce).map_err(|_| OutreachError::Randomness)?;
        let bytes = self.sealed(secrets, nonce)?;
        let path = self.secrets_path();
        put_in_place(&path, &bytes).map_err(OutreachError::io("write", &path))
    }

    /// What the roster was made with.
    ///
    /// # Errors
    /// If it is not there, is damaged or of another vault, or the disk refuses.
    pub fn secrets(&self) -> Result<RosterSecrets, OutreachError> {
        let path = self.secrets_path();
        let bytes = read(&path).map_err(|error| match error.kind() {
            ErrorKind::NotFound => OutreachError::NoSecrets { path: shown(&path) },
            _ => OutreachError::io("read", &path)(error),
        })?;
        if !bytes.starts_with(START) {
            return Err(OutreachError::NotAVault { path: shown(&path) });
        }
        let opened = self.unsealed(&bytes);
        opened.ok_or_else(|| OutreachError::DamagedSecrets { path: shown(&path) })
    }

    /// Whether that is kept here: a vault of an early version has it not.
    #[must_use]
    pub fn has_secrets(&self) -> bool {
        self.secrets_path().exists()
    }

    /// Fails where the roster of this vault has another root than this one.
    ///
    /// # Errors
    /// If it has, or nobody can tell.
    pub fn must_be_of(&self, root: Hash) -> Result<(), OutreachError> {
        let found = self.secrets()?.root;
        match found == root {
            true => Ok(()),
            false => Err(OutreachError::OfAnotherRoster {
                path: shown(&self.path),
                expected: root,
                found,
            }),
        }
    }

    fn secrets_path(&self) -> PathBuf {
        self.path.with_file_name(FILE)
    }

    /// The file's bytes, which follow from what is given.
    pub(super) fn sealed(
        &self,
        secrets: &RosterSecrets,
        nonce: [u8; NONCE_BYTES],
    ) -> Result<Vec<u8>, OutreachError> {
        let mut clear = Zeroizing::new([0; CLEAR_BYTES]);
        let parts = secrets.contact_master.iter().chain(secrets.root.as_bytes());
        clear
            .iter_mut()
            .zip(parts)
            .for_each(|(to, byte)| *to = *byte);
        let payload = Payload {
            msg: clear.as_slice(),
            aad: &self.associated(),
        };
        let sealed = self.secrets_cipher().encrypt(&XNonce::from(nonce), payload);
        let sealed = sealed.map_err(|_| OutreachError::Sealing)?;
        Ok([START.as_slice(), &nonce, &sealed].concat())
    }

    /// What these bytes hold, if they are this vault's.
    fn unsealed(&self, bytes: &[u8]) -> Option<RosterSecrets> {
        let (nonce, sealed) = bytes.strip_prefix(START)?.split_first_chunk()?;
        let payload = Payload {
            msg: sealed,
            aad: &self.associated(),
        };
        let clear = self.secrets_cipher();
        let clear = clear.decrypt(&XNonce::from(*nonce), payload).ok()?;
        let clear = Zeroizing::new(clear);
        let (master, root) = clear.split_first_chunk()?;
        Some(RosterSecrets {
            contact_master: Zeroizing::new(*master),
            root: Hash::from_bytes(root.try_into().ok()?),
        })
    }

    fn secrets_cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new((&*self.key_for(SECRETS)).into())
    }

    fn associated(&self) -> Vec<u8> {
        let count = self.count().to_le_bytes();
        [START.as_slice(), &self.id(), &count].concat()
    }
}

/// The file, or one byte more than it may have.
fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(FILE_BYTES + 1);
    let file = File::open(path)?;
    file.take(FILE_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn put_in_place(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let unfinished = path.with_file_name(UNFINISHED);
    match fs::remove_file(&unfinished) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&unfinished)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&unfinished, path)?;
    match path.parent() {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}
