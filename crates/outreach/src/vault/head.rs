//! The head of the vault's file: what its key is wrapped with, whose vault it is, and how many invitations it has.
//!
//! ```text
//! magic "SIJILLVT" (8) | version u16 = 1 | wrapping u16 | memory in KiB u32 | passes u32 | lanes u32 | salt (16)
//! | id (16) | invitations u32 | nonce (24) | wrapped data key (48) | check (16)
//! ```
//!
//! The check is no secret's: it tells damage from a wrong key. From the nonce on, erasing overwrites everything.

use super::{NONCE_BYTES, TAG_BYTES, VaultSecret};
use crate::error::{OutreachError, shown};
use crate::limits::{PASSPHRASE_KIB_MAX, PASSPHRASE_LANES_MAX, PASSPHRASE_PASSES_MAX};
use argon2::{Algorithm, Argon2, Params, Version};
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use std::path::Path;
use zeroize::Zeroizing;

const MAGIC: &[u8; 8] = b"SIJILLVT";
const VERSION: u16 = 1;
const WRAPPED_BY_KEY: u16 = 0;
const WRAPPED_BY_PASSPHRASE: u16 = 1;

/// What the data key is wrapped under: BLAKE3 `derive_key` of the secret and the vault's id in this context.
const WRAPPING: &str = "sijill 2026 vault wrapping v1";

const SALT_BYTES: usize = 16;
const ID_BYTES: usize = 16;
const KEY_BYTES: usize = 32;
const WRAPPED_BYTES: usize = KEY_BYTES + TAG_BYTES;
const CHECK_BYTES: usize = 16;

const COST_AT: usize = MAGIC.len() + 2 + 2;
const SALT_AT: usize = COST_AT + 3 * 4;
const ID_AT: usize = SALT_AT + SALT_BYTES;
const COUNT_AT: usize = ID_AT + ID_BYTES;
const NONCE_AT: usize = COUNT_AT + 4;
const WRAPPED_AT: usize = NONCE_AT + NONCE_BYTES;
const CHECK_AT: usize = WRAPPED_AT + WRAPPED_BYTES;

/// Bytes of the head.
pub const HEAD_BYTES: usize = CHECK_AT + CHECK_BYTES;

/// The key that everything of a vault is derived from.
pub type DataKey = Zeroizing<[u8; KEY_BYTES]>;

/// The head of a vault, its check gone by.
#[derive(Clone)]
pub struct Head {
    wrapping: Wrapping,
    /// What tells this vault from every other.
    pub id: [u8; ID_BYTES],
    /// Number of invitations.
    pub count: u32,
    nonce: [u8; NONCE_BYTES],
    wrapped: [u8; WRAPPED_BYTES],
}

/// With what the data key is wrapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wrapping {
    Key,
    Passphrase { cost: Cost, salt: [u8; SALT_BYTES] },
}

/// What making a key from a passphrase costs (argon2id, RFC 9106).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// Memory in KiB.
    pub kib: u32,
    /// Passes over it.
    pub passes: u32,
    /// Lanes that it is cut into.
    pub lanes: u32,
}

impl Cost {
    /// What we ask for: the second recommendation of RFC 9106, section 4, with 64 MiB, since the service may run beside.
    pub const OURS: Self = Self {
        kib: 64 * 1024,
        passes: 3,
        lanes: 4,
    };

    fn is_bearable(self) -> bool {
        self.kib <= PASSPHRASE_KIB_MAX
            && self.passes <= PASSPHRASE_PASSES_MAX
            && self.lanes <= PASSPHRASE_LANES_MAX
    }
}

/// What is drawn by lot for a head.
pub struct Lots {
    /// The key itself.
    pub key: DataKey,
    /// The vault's id.
    pub id: [u8; ID_BYTES],
    /// For a passphrase.
    pub salt: [u8; SALT_BYTES],
    /// For wrapping.
    pub nonce: [u8; NONCE_BYTES],
}

impl Head {
    /// From here on, to the end of the head, erasing overwrites.
    pub const WIPED_FROM: usize = NONCE_AT;

    /// A head with the data key wrapped under this secret; none where the cost is none that argon2id knows.
    pub fn wrap(secret: &VaultSecret, cost: Cost, count: u32, lots: &Lots) -> Option<Self> {
        let wrapping = match secret {
            VaultSecret::Key(_) => Wrapping::Key,
            VaultSecret::Passphrase(_) => Wrapping::Passphrase {
                cost,
                salt: lots.salt,
            },
        };
        let mut head = Self {
            wrapping,
            id: lots.id,
            count,
            nonce: lots.nonce,
            wrapped: [0; WRAPPED_BYTES],
        };
        let payload = Payload {
            msg: lots.key.as_slice(),
            aad: &head.before_nonce(),
        };
        let cipher = head.wrapping_cipher(secret)?;
        let wrapped = cipher.encrypt(&XNonce::from(head.nonce), payload).ok()?;
        head.wrapped = wrapped.try_into().ok()?;
        Some(head)
    }

    /// The data key, if this secret opens it.
    pub fn unwrap(&self, secret: &VaultSecret, path: &Path) -> Result<DataKey, OutreachError> {
        let path = shown(path);
        let wrong = match (secret, self.wrapping) {
            (VaultSecret::Key(_), Wrapping::Key) => OutreachError::WrongKey { path },
            (VaultSecret::Passphrase(_), Wrapping::Passphrase { .. }) => {
                OutreachError::WrongPassphrase { path }
            }
            (VaultSecret::Passphrase(_), Wrapping::Key) => {
                return Err(OutreachError::NeedsKey { path });
            }
            (VaultSecret::Key(_), Wrapping::Passphrase { .. }) => {
                return Err(OutreachError::NeedsPassphrase { path });
            }
        };
        self.opened(secret).ok_or(wrong)
    }

    fn opened(&self, secret: &VaultSecret) -> Option<DataKey> {
        let cipher = self.wrapping_cipher(secret)?;
        let payload = Payload {
            msg: &self.wrapped,
            aad: &self.before_nonce(),
        };
        let key = cipher.decrypt(&XNonce::from(self.nonce), payload).ok()?;
        let key = Zeroizing::new(key);
        key.as_slice().try_into().ok().map(Zeroizing::new)
    }

    fn wrapping_cipher(&self, secret: &VaultSecret) -> Option<XChaCha20Poly1305> {
        let secret = match (secret, self.wrapping) {
            (VaultSecret::Key(key), _) => key.clone(),
            (VaultSecret::Passphrase(words), Wrapping::Passphrase { cost, salt }) => {
                stretched(words, cost, salt)?
            }
            (VaultSecret::Passphrase(_), Wrapping::Key) => return None,
        };
        let mut hasher = blake3::Hasher::new_derive_key(WRAPPING);
        hasher.update(secret.as_slice()).update(&self.id);
        let key = Zeroizing::new(*hasher.finalize().as_bytes());
        Some(XChaCha20Poly1305::new((&*key).into()))
    }

    /// What a chunk's seal covers besides its records: whose, which, of how many.
    pub fn chunk_data(&self, chunk: u32) -> [u8; ID_BYTES + 8] {
        let mut data = [0; ID_BYTES + 8];
        let parts = self.id.into_iter().chain(chunk.to_le_bytes());
        let parts = parts.chain(self.count.to_le_bytes());
        data.iter_mut().zip(parts).for_each(|(to, byte)| *to = byte);
        data
    }

    /// The head's bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.before_nonce();
        bytes.extend(self.nonce);
        bytes.extend(self.wrapped);
        let check = check(&bytes);
        bytes.extend(check);
        bytes
    }

    fn before_nonce(&self) -> Vec<u8> {
        let (wrapping, cost, salt) = match self.wrapping {
            Wrapping::Key => (WRAPPED_BY_KEY, [0; 3], [0; SALT_BYTES]),
            Wrapping::Passphrase { cost, salt } => {
                let cost = [cost.kib, cost.passes, cost.lanes];
                (WRAPPED_BY_PASSPHRASE, cost, salt)
            }
        };
        let mut bytes = Vec::with_capacity(HEAD_BYTES);
        bytes.extend(MAGIC);
        bytes.extend(VERSION.to_le_bytes());
        bytes.extend(wrapping.to_le_bytes());
        cost.iter()
            .for_each(|cost| bytes.extend(cost.to_le_bytes()));
        bytes.extend(salt);
        bytes.extend(self.id);
        bytes.extend(self.count.to_le_bytes());
        bytes
    }

    /// Reads a head: of this version, as it was written, and not erased.
    pub fn read(bytes: &[u8; HEAD_BYTES], path: &Path) -> Result<Self, OutreachError> {
        let path = || shown(path);
        let (before, wiped) = bytes.split_at(Self::WIPED_FROM);
        if wiped.iter().all(|byte| *byte == 0) {
            return Err(OutreachError::Erased { path: path() });
        }
        let (checked, written) = bytes.split_at(CHECK_AT);
        if check(checked) != *written {
            return Err(match before.starts_with(MAGIC) {
                true => OutreachError::DamagedHead { path: path() },
                false => OutreachError::NotAVault { path: path() },
            });
        }
        Self::fields(bytes).ok_or_else(|| OutreachError::NotAVault { path: path() })
    }

    fn fields(bytes: &[u8; HEAD_BYTES]) -> Option<Self> {
        let rest = bytes.strip_prefix(MAGIC)?;
        let (version, rest) = take_u16(rest)?;
        let (wrapping, rest) = take_u16(rest)?;
        let (kib, rest) = take_u32(rest)?;
        let (passes, rest) = take_u32(rest)?;
        let (lanes, rest) = take_u32(rest)?;
        let (salt, rest) = rest.split_first_chunk()?;
        let (id, rest) = rest.split_first_chunk()?;
        let (count, rest) = take_u32(rest)?;
        let (nonce, rest) = rest.split_first_chunk()?;
        let (wrapped, _) = rest.split_first_chunk()?;
        let cost = Cost { kib, passes, lanes };
        let wrapping = match (version, wrapping) {
            (VERSION, WRAPPED_BY_KEY) => Wrapping::Key,
            (VERSION, WRAPPED_BY_PASSPHRASE) if cost.is_bearable() => {
                Wrapping::Passphrase { cost, salt: *salt }
            }
            _ => return None,
        };
        let head = Self {
            wrapping,
            id: *id,
            count,
            nonce: *nonce,
            wrapped: *wrapped,
        };
        // One head has one form: what a wrapping does not use is zero.
        (head.to_bytes() == bytes).then_some(head)
    }
}

/// 32 bytes from a passphrase.
fn stretched(words: &str, cost: Cost, salt: [u8; SALT_BYTES]) -> Option<DataKey> {
    let params = Params::new(cost.kib, cost.passes, cost.lanes, Some(KEY_BYTES)).ok()?;
    let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let mut key = Zeroizing::new([0; KEY_BYTES]);
    argon
        .hash_password_into(words.as_bytes(), &salt, key.as_mut_slice())
        .ok()?;
    Some(key)
}

fn check(bytes: &[u8]) -> [u8; CHECK_BYTES] {
    let hash = blake3::hash(bytes);
    let mut check = [0; CHECK_BYTES];
    check
        .iter_mut()
        .zip(hash.as_bytes())
        .for_each(|(to, byte)| *to = *byte);
    check
}

fn take_u16(bytes: &[u8]) -> Option<(u16, &[u8])> {
    let (value, rest) = bytes.split_first_chunk()?;
    Some((u16::from_le_bytes(*value), rest))
}

fn take_u32(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let (value, rest) = bytes.split_first_chunk()?;
    Some((u32::from_le_bytes(*value), rest))
}
