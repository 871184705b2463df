//! What can go wrong with contacts and their delivery: what happened, and what to do about it. No message holds a number,
//! a token or a key.

use sijill_ledger::Hash;
use std::path::Path;

/// Why the vault cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OutreachError {
    /// The disk refuses.
    #[error("cannot {what} `{path}`: {error}")]
    Io {
        /// What was tried.
        what: &'static str,
        /// On which path.
        path: String,
        /// Why not.
        error: std::io::Error,
    },
    /// Nothing was ever kept there.
    #[error(
        "there are no contacts in `{path}`: `sijill roster import` writes them on the machine where the roster is made; name its data directory, or put its vault back from a backup"
    )]
    NoVault {
        /// The vault's folder.
        path: String,
    },
    /// What was kept there was erased.
    #[error(
        "the contacts in `{path}` were erased, and nothing brings them back; no invitation of this poll can be sent any more"
    )]
    Erased {
        /// The vault's folder.
        path: String,
    },
    /// Not a file of ours, or a later one.
    #[error(
        "`{path}` is no vault as this version of Sijill writes it; use the Sijill that wrote it, or put the file back from a backup"
    )]
    NotAVault {
        /// The file.
        path: String,
    },
    /// The key is not the one that the vault was made with.
    #[error(
        "the key does not open the vault `{path}`: it was made with another one; name that with `--vault-key FILE`"
    )]
    WrongKey {
        /// The file.
        path: String,
    },
    /// The passphrase is not the one that the vault was made with.
    #[error(
        "the passphrase does not open the vault `{path}`: it was made with another one; name the file of that with `--vault-passphrase-file FILE`"
    )]
    WrongPassphrase {
        /// The file.
        path: String,
    },
    /// A passphrase, for a vault that has a key.
    #[error("the vault `{path}` has a key file and no passphrase; name it with `--vault-key FILE`")]
    NeedsKey {
        /// The file.
        path: String,
    },
    /// A key, for a vault that has a passphrase.
    #[error(
        "the vault `{path}` has a passphrase and no key file; name the file of it with `--vault-passphrase-file FILE`"
    )]
    NeedsPassphrase {
        /// The file.
        path: String,
    },
    /// The head of the file is not as it was written.
    #[error(
        "the vault `{path}` is damaged in its head, without which nothing of it can be read; put the file back from a backup"
    )]
    DamagedHead {
        /// The file.
        path: String,
    },
    /// The file was cut, or something was put after its end.
    #[error(
        "the vault `{path}` is damaged: it has {found} bytes, expected {expected}; put the file back from a backup"
    )]
    Length {
        /// The file.
        path: String,
        /// Bytes of a vault of its number of invitations.
        expected: u64,
        /// Bytes found.
        found: u64,
    },
    /// A chunk is not as it was written.
    #[error(
        "the vault `{path}` is damaged in chunk {chunk}, with the invitations {first} to {last}; put the file back from a backup"
    )]
    DamagedChunk {
        /// The file.
        path: String,
        /// The chunk, from 0.
        chunk: u32,
        /// The first invitation in it.
        first: u32,
        /// The last.
        last: u32,
    },
    /// What the roster was made with is not there.
    #[error(
        "there is no `{path}`, which says of which roster the contacts beside it are; put the vault's whole folder back from one backup"
    )]
    NoSecrets {
        /// The file.
        path: String,
    },
    /// What the roster was made with is not as it was written.
    #[error(
        "`{path}` does not open with the key of the contacts beside it: it is damaged, or of another vault; put the vault's whole folder back from one backup"
    )]
    DamagedSecrets {
        /// The file.
        path: String,
    },
    /// The contacts are those of another roster.
    #[error(
        "the vault `{path}` is of another roster: expected the root `{expected}`, to which the ledger commits, found `{found}`. Its links would lead nowhere, and nothing was sent; put this poll's own vault back"
    )]
    OfAnotherRoster {
        /// The file.
        path: String,
        /// The root in the ledger.
        expected: Hash,
        /// The root in the vault.
        found: Hash,
    },
    /// An invitation that the vault does not have.
    #[error(
        "there is no invitation {invitation} in the vault, which has {count}, counted from 0; is it that of another poll?"
    )]
    NoInvitation {
        /// The invitation, from 0.
        invitation: u32,
        /// How many there are.
        count: u32,
    },
    /// Other contacts were to be written than there are.
    #[error("{found} contacts were given for a vault of {expected}; nothing was written")]
    Count {
        /// Said to come.
        expected: u32,
        /// Came; one more than expected stands for any number more.
        found: u32,
    },
    /// The system has no randomness.
    #[error("the system gives no random numbers, and without them nothing can be kept secret")]
    Randomness,
    /// The ciphers refuse what they are given.
    #[error("the contacts could not be encrypted; nothing was written")]
    Sealing,
}

impl OutreachError {
    /// The disk refused to do this with that path.
    pub(crate) fn io(what: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = shown(path);
        move |error| Self::Io { what, path, error }
    }
}

/// A path as messages name it.
pub(crate) fn shown(path: &Path) -> String {
    path.display().to_string()
}
