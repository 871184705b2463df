//! What keeps a service from starting, running or stopping. What it refuses is a `Rejection`.

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
    /// No thread could be started.
    #[error("cannot start a thread: {0}")]
    Thread(String),
    /// The desk's socket.
    #[error("the operator's desk does not work: {0}")]
    Desk(String),
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
