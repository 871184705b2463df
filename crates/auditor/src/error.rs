//! Why an audit could not be finished. What is wrong with a ledger is never an error: it is in the report.

use std::path::PathBuf;

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// The file cannot be read.
    #[error(
        "cannot read `{path}`: {source}; check that it is there and may be read, then audit again"
    )]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Not an address of a poll.
    #[error(
        "`{address}` is no address of a poll: expected http:// or https:// and a path, as `https://ur.example/polls/bridge`"
    )]
    Address {
        /// What was given.
        address: String,
    },
    /// The address gave no export.
    #[error("cannot fetch `{address}`: {why}; check address and network, then audit again")]
    Fetch {
        /// What was asked for.
        address: String,
        /// What happened.
        why: String,
    },
    /// Something of a published poll could not be had, and not because it is not there.
    #[error(transparent)]
    Published(#[from] crate::fetcher::FetchError),
    /// The list of checkpoints cannot be read on.
    #[error("cannot read the list of checkpoints; check the source, then try again")]
    List(#[source] std::io::Error),
    /// The state is not of this poll.
    #[error("the state file cannot be gone on from: {0}")]
    State(#[from] crate::state::StateError),
    /// No room for what was fetched.
    #[error(
        "cannot keep the export of `{address}` in a temporary file: {source}; free space, then audit again"
    )]
    Keep {
        /// What was asked for.
        address: String,
        /// What the system said.
        source: std::io::Error,
    },
}
