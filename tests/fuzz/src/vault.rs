//! The two files of a sender's vault, as whoever puts one back finds them.

use crate::seeds::vault::{KEYED, SECRETS};
use sijill_outreach::OutreachError;
use sijill_outreach::vault::{Contact, Vault, VaultSecret};
use std::path::Path;
use std::sync::LazyLock;
use tempfile::TempDir;
use zeroize::Zeroizing;

/// Bytes of the head, and of its check at the end.
const HEAD_BYTES: usize = 148;
const CHECK_BYTES: usize = 16;

/// The vault of the seeds, and what is in it.
struct Known {
    folder: TempDir,
    vault: Vault,
    contacts: Vec<Contact>,
}

static KNOWN: LazyLock<Known> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("there is a temporary folder");
    put(folder.path(), "contacts", &KEYED);
    let vault = Vault::open(folder.path(), &key()).expect("the seed is a vault");
    let contacts = vault.contacts().collect::<Result<_, _>>();
    Known {
        folder,
        vault,
        contacts: contacts.expect("the seed is whole"),
    }
});

static STRANGE: LazyLock<TempDir> =
    LazyLock::new(|| tempfile::tempdir().expect("there is a temporary folder"));

/// Only the vault that the key was made for opens, with its own head, and gives nobody but its own contacts: also where
/// somebody mended the check of a head, which is no secret's.
pub(crate) fn check_contacts(bytes: &[u8]) {
    for bytes in [bytes.to_vec(), with_check(bytes)] {
        put(STRANGE.path(), "contacts", &bytes);
        match Vault::open(STRANGE.path(), &key()) {
            Err(error) => is_told(&error),
            Ok(vault) => {
                assert_eq!(bytes.get(..HEAD_BYTES), KEYED.get(..HEAD_BYTES));
                assert_eq!(bytes.len(), KEYED.len());
                gives_nobody_else(&vault);
            }
        }
    }
}

fn gives_nobody_else(vault: &Vault) {
    for (place, known) in (0..).zip(&KNOWN.contacts) {
        match vault.contact(place) {
            Ok(contact) => assert!(contact == *known),
            Err(error) => is_told(&error),
        }
    }
    vault
        .contact(vault.count())
        .expect_err("nobody comes after the last");
}

/// What the roster was made with is read from the very bytes that were sealed, or not at all.
pub(crate) fn check_secrets(bytes: &[u8]) {
    let known = &*KNOWN;
    put(known.folder.path(), "secrets", bytes);
    match known.vault.secrets() {
        Err(error) => {
            assert!(bytes != SECRETS.as_slice());
            is_told(&error);
        }
        Ok(secrets) => {
            assert_eq!(bytes, SECRETS.as_slice());
            assert_eq!(secrets.root.as_bytes(), &[0xAA; 32]);
        }
    }
}

fn is_told(error: &OutreachError) {
    let told = error.to_string();
    assert!(told.len() > 20 && !told.contains('\n'), "{told}");
}

fn key() -> VaultSecret {
    VaultSecret::Key(Zeroizing::new([1; 32]))
}

fn put(folder: &Path, file: &str, bytes: &[u8]) {
    std::fs::write(folder.join(file), bytes).expect("a temporary file can be written");
}

/// These bytes, with a check that fits where there is a head.
fn with_check(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    if let Some((checked, check)) = bytes
        .get_mut(..HEAD_BYTES)
        .and_then(|head| head.split_at_mut_checked(HEAD_BYTES - CHECK_BYTES))
    {
        let hash = blake3::hash(checked);
        check
            .iter_mut()
            .zip(hash.as_bytes())
            .for_each(|(to, byte)| *to = *byte);
    }
    bytes
}
