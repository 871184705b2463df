//! What can go wrong while values of a poll are read or made. That something *may not happen* is a `rules::Refusal`.

use sijill_ledger::{codec::CodecError, entry::EntryError, note::NoteError};

/// Why a value of a poll cannot be read or made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PollError {
    /// No canonical bytes.
    #[error(transparent)]
    Codec(#[from] CodecError),
    /// Not an entry.
    #[error(transparent)]
    Entry(#[from] EntryError),
    /// Not a note.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// Not a token.
    #[error("not an invitation's code: expected 20 letters and digits, as in the message")]
    Token,
    /// Not a promise file.
    #[error("not a promise: {why}")]
    Promise {
        /// What is wrong with it.
        why: &'static str,
    },
    /// A stratum key is not the one that the roster committed to.
    #[error(
        "the key of stratum `{stratum}` is not the one that the roster committed to; nothing was unsealed"
    )]
    StratumKey {
        /// The stratum's id; empty where there are too many or too few keys.
        stratum: String,
    },
    /// The ledger does not begin with an opening that this version can follow.
    #[error("the ledger does not begin with an opened poll: {why}")]
    Opening {
        /// What is wrong with it.
        why: String,
    },
}
