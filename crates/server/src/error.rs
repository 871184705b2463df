//! What keeps a service from starting, running or stopping. What it refuses is a `Rejection`.

use sijill_ledger::Hash;
use sijill_store::StoreError;

/// Why a service could not start, run or stop.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The log or the data directory.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file of a poll.
    #[error("cannot {what} `{path}`: {why}")]
    File {
        /// What was tried.
        what: &'static str,
        /// The file.
        path: String,
        /// Why not.
        why: String,
    },
    /// The log holds something that is no poll.
    #[error("the ledger `{origin}` cannot be replayed: {why}")]
    Replay {
        /// The ledger.
        origin: String,
        /// Why not.
        why: String,
    },
    /// The roster file is not the one committed to.
    #[error(
        "the roster file of `{slug}` is not the one that the ledger commits to: {why}; put the right file back"
    )]
    Roster {
        /// The poll.
        slug: String,
        /// What differs.
        why: String,
    },
    /// The service's master key is not the one that the poll was opened with.
    #[error(
        "`keys/service.key` is not the key that `{slug}` was opened with, so no promise could be kept; put the right key file back"
    )]
    ForeignKeys {
        /// The poll.
        slug: String,
    },
    /// The log has less than was published.
    #[error(
        "the log of `{slug}` has {found} entries, and its newest checkpoint is over {size}: it was rolled back. Going on would give what was published a second history. Put the newer data back, or rebuild the log from what is published: `sijill replay --repair`"
    )]
    BehindCheckpoint {
        /// The poll.
        slug: String,
        /// Entries of the newest checkpoint.
        size: u64,
        /// Entries of the log.
        found: u64,
    },
    /// The log has something else than was published.
    #[error(
        "the log of `{slug}` is not the one that was published: over its first {size} entries the newest checkpoint has the root {expected}, the log {found}. Do not go on; keep the directory as evidence, and rebuild the log from what is published: `sijill replay --repair`"
    )]
    OtherThanCheckpoint {
        /// The poll.
        slug: String,
        /// Entries of the newest checkpoint.
        size: u64,
        /// Its root.
        expected: Hash,
        /// The log's.
        found: Hash,
    },
    /// The newest checkpoint is none of this ledger.
    #[error(
        "`{slug}.checkpoint`, the newest checkpoint of `{slug}`, cannot be used: {why}. Put it back where the newest checkpoints are kept (`checkpoints` of the data directory, if the configuration names no other folder); it is also the last one in `polls/{slug}/public/checkpoints`"
    )]
    BadCheckpoint {
        /// The poll.
        slug: String,
        /// What is wrong with it.
        why: String,
    },
    /// The newest checkpoint was replaced by an older one, or removed.
    #[error(
        "a checkpoint of `{slug}` over {listed} entries was published, and the newest one that is kept is over {kept}. Put `{slug}.checkpoint` back where the newest checkpoints are kept (`checkpoints` of the data directory, if the configuration names no other folder); it is also the last one in `polls/{slug}/public/checkpoints`"
    )]
    CheckpointLost {
        /// The poll.
        slug: String,
        /// Entries of the last listed checkpoint.
        listed: u64,
        /// Entries of the one that is kept; 0 if there is none.
        kept: u64,
    },
    /// The list of published checkpoints was cut or altered.
    #[error(
        "`polls/{slug}/public/checkpoints`, the list of published checkpoints, was cut or altered: its first {expected} bytes, or its last checkpoint, are not those that were written. Put it back from a backup, or from what observers have of it; if it is right, what is damaged is the note of it, `polls/{slug}/published`: delete that"
    )]
    ListAltered {
        /// The poll.
        slug: String,
        /// Its length before the last publication, in bytes.
        expected: u64,
    },
    /// The list is not there, and something was published.
    #[error(
        "`polls/{slug}/public/checkpoints`, the list of published checkpoints, is not there or empty, and `{slug}` was published. Put it back from a backup, or from what observers have of it"
    )]
    ListGone {
        /// The poll.
        slug: String,
    },
    /// A checkpoint of the list, in the part that nothing is noted of, is none.
    #[error(
        "the checkpoint over {size} entries in `polls/{slug}/public/checkpoints`, the list of published checkpoints, cannot be used: {why}. Put the list back from a backup, or from what observers have of it"
    )]
    BadListed {
        /// The poll.
        slug: String,
        /// Entries that it is over.
        size: u64,
        /// What is wrong with it.
        why: String,
    },
    /// What was read back is not what was decided.
    #[error(
        "the log of `{slug}` does not give back what was written to it, from entry {index} on: {why}. Nothing was signed over it. Restart: a start reads the whole log and says what is damaged"
    )]
    NotWhatWasDecided {
        /// The poll.
        slug: String,
        /// Where.
        index: u64,
        /// What is wrong.
        why: String,
    },
    /// A proof could not be made from the tiles.
    #[error(
        "no proof could be made from the tiles of `{slug}`: {why}; stop the service, and `sijill replay --repair` writes them anew from the log"
    )]
    Proof {
        /// The poll.
        slug: String,
        /// Why not.
        why: String,
    },
    /// No thread could be started.
    #[error("cannot start a thread: {0}")]
    Thread(String),
    /// The desk's socket.
    #[error("the operator's desk does not work: {0}")]
    Desk(String),
    /// What came back from it.
    #[error(
        "the server's answer cannot be read ({0}); does a server of another version run on this directory?"
    )]
    DeskAnswer(String),
    /// The network.
    #[error("cannot serve: {0}")]
    Serve(String),
    /// The service stopped taking entries, and ends.
    #[error("stopped taking answers: {0}")]
    Failed(String),
    /// The service could not be stopped cleanly.
    #[error("not stopped cleanly: {0}")]
    Stop(String),
}

impl ServerError {
    /// What happened, without the advice that a message of its own would add.
    pub(crate) fn cause(&self) -> String {
        match self {
            Self::Store(error) => error.cause(),
            other => other.to_string(),
        }
    }
}
