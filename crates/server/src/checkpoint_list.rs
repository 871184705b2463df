//! The list of a poll's published checkpoints, and what holds it: a note of how it began before the last publication, the
//! log's keys for what follows, and the newest checkpoint, which is kept elsewhere.
//!
//! The file is `store`'s, and what a list looks like, `ledger`'s. When it grows is the tree's.

use crate::ServerError;
use serde::{Deserialize, Serialize};
use sijill_ledger::checkpoint::SignedCheckpoint;
use sijill_ledger::note::VerifierKey;
use sijill_ledger::{Hash, Origin};
use sijill_poll::Poll;
use sijill_store::public_folder::Listed;
use sijill_store::{CheckpointStore, PublicFolder, StoreError};

/// How the list begins: what a start holds it against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListNote {
    /// So many bytes.
    pub bytes: u64,
    /// Their BLAKE3.
    pub hash: Hash,
}

impl Default for ListNote {
    fn default() -> Self {
        let hash = Hash::from_bytes(blake3::hash(b"").into());
        Self { bytes: 0, hash }
    }
}

/// Whose list it is.
#[derive(Debug, Clone)]
pub struct Subject {
    /// The poll's short name.
    pub slug: String,
    /// The ledger's name.
    pub origin: Origin,
    /// The keys of which one must have signed each checkpoint: those of entry 0.
    pub keys: Vec<VerifierKey>,
}

impl Subject {
    /// That of this poll.
    pub fn of(poll: &Poll) -> Self {
        let origin = poll.origin().clone();
        let keys = poll.opening().log_keys.iter();
        let keys = keys.filter_map(|key| VerifierKey::new(origin.as_str(), *key).ok());
        Self {
            slug: poll.definition().slug.clone(),
            keys: keys.collect(),
            origin,
        }
    }

    /// The newest checkpoint as it is kept, if these bytes are one.
    ///
    /// # Errors
    /// If they are none, or no key of the log signed it.
    pub fn newest(&self, bytes: &[u8]) -> Result<SignedCheckpoint, ServerError> {
        self.signed(bytes)
            .map_err(|why| ServerError::BadCheckpoint {
                slug: self.slug.clone(),
                why,
            })
    }

    fn signed(&self, bytes: &[u8]) -> Result<SignedCheckpoint, String> {
        let text = std::str::from_utf8(bytes).map_err(|error| error.to_string())?;
        let signed: SignedCheckpoint = text.parse().map_err(|error| format!("{error}"))?;
        signed
            .verify(&self.keys)
            .map_err(|error| error.to_string())?;
        Ok(signed)
    }
}

/// The list as far as it is known to be right.
#[derive(Default)]
pub struct CheckpointList {
    end: u64,
    hash: blake3::Hasher,
}

impl CheckpointList {
    /// The list of a folder, and the checkpoints in it.
    ///
    /// # Errors
    /// If it does not begin as noted, or if a checkpoint after that is not the log's.
    pub fn read(
        folder: &PublicFolder,
        subject: &Subject,
        noted: Option<ListNote>,
    ) -> Result<(Self, Vec<Listed>), ServerError> {
        let listed = folder.checkpoints(&subject.origin)?;
        let noted = noted.unwrap_or_default();
        if listed.is_empty() && noted.bytes > 0 {
            return Err(gone(subject));
        }
        let mut list = Self::default();
        let end = listed.last().map_or(0, |last| last.ends_at);
        if end < noted.bytes || list.extend(folder, noted.bytes)? != noted.hash {
            return Err(altered(subject, noted));
        }
        list.extend(folder, end)?;
        are_signed(folder, subject, noted, &listed)?;
        Ok((list, listed))
    }

    /// Hashes on up to this place, and returns the hash there.
    fn extend(&mut self, folder: &PublicFolder, to: u64) -> Result<Hash, ServerError> {
        if self.end < to {
            let part = folder.list(self.end, to)?;
            let hashed = self.hash.update_reader(part);
            hashed.map_err(StoreError::io("read", folder.path()))?;
            self.end = to;
        }
        Ok(Hash::from_bytes(self.hash.finalize().into()))
    }

    /// Writes a checkpoint over `size` entries at its end, durably.
    pub fn push(
        &mut self,
        folder: &PublicFolder,
        checkpoint: &str,
        size: u64,
    ) -> Result<Listed, ServerError> {
        folder.list_checkpoint(self.end, checkpoint)?;
        self.end += checkpoint.len() as u64;
        self.hash.update(checkpoint.as_bytes());
        let ends_at = self.end;
        Ok(Listed { size, ends_at })
    }

    /// What there is to note of it now.
    pub fn note(&self) -> ListNote {
        ListNote {
            bytes: self.end,
            hash: Hash::from_bytes(self.hash.finalize().into()),
        }
    }
}

/// Holds the list of a poll's checkpoints against all that it is held against at a start. Returns the size of the newest
/// one if that is not listed yet.
///
/// # Errors
/// What would stop the start.
pub fn check(
    folder: &PublicFolder,
    store: &CheckpointStore,
    poll: &Poll,
    noted: Option<ListNote>,
) -> Result<Option<u64>, ServerError> {
    let subject = Subject::of(poll);
    let (_, listed) = CheckpointList::read(folder, &subject, noted)?;
    // After the list: a server that goes on meanwhile keeps the newest before it lists it.
    let newest = store.newest(&subject.slug)?;
    let newest = newest.map(|bytes| subject.newest(&bytes)).transpose()?;
    ends_with(folder, &subject, (noted, &listed), newest.as_ref())?;
    let last = listed.last().map_or(0, |last| last.size);
    let kept = newest.map_or(0, |newest| newest.claimed().size);
    Ok(Some(kept).filter(|kept| *kept > last))
}

fn gone(subject: &Subject) -> ServerError {
    ServerError::ListGone {
        slug: subject.slug.clone(),
    }
}

fn altered(subject: &Subject, noted: ListNote) -> ServerError {
    ServerError::ListAltered {
        slug: subject.slug.clone(),
        expected: noted.bytes,
    }
}

/// What the note reaches was signed when it was written.
fn are_signed(
    folder: &PublicFolder,
    subject: &Subject,
    noted: ListNote,
    listed: &[Listed],
) -> Result<(), ServerError> {
    let mut from = 0;
    for Listed { size, ends_at } in listed {
        if *ends_at > noted.bytes {
            let signed = subject.signed(&folder.listed(from, *ends_at)?);
            signed.map_err(|why| ServerError::BadListed {
                slug: subject.slug.clone(),
                size: *size,
                why,
            })?;
        }
        from = *ends_at;
    }
    Ok(())
}

/// Whether a list that was read ends with the newest checkpoint, or right before it: a crash may have come before that
/// was listed. The note is written before the newest is kept, so without one the list has something.
pub fn ends_with(
    folder: &PublicFolder,
    subject: &Subject,
    (noted, listed): (Option<ListNote>, &[Listed]),
    newest: Option<&SignedCheckpoint>,
) -> Result<(), ServerError> {
    if listed.is_empty() && noted.is_none() && newest.is_some() {
        return Err(gone(subject));
    }
    let last = listed.last().map_or(0, |last| last.size);
    let kept = newest.map_or(0, |newest| newest.claimed().size);
    if last > kept {
        return Err(ServerError::CheckpointLost {
            slug: subject.slug.clone(),
            listed: last,
            kept,
        });
    }
    if let Some(newest) = newest.filter(|_| last == kept) {
        let mut ends = listed.iter().rev().map(|listed| listed.ends_at);
        let end = ends.next().unwrap_or(0);
        let found = folder.listed(ends.next().unwrap_or(0), end)?;
        if found != newest.to_string().as_bytes() {
            return Err(altered(subject, noted.unwrap_or_default()));
        }
    }
    Ok(())
}
