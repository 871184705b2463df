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
    #[error("{0}; check the source, then audit again")]
    Published(#[from] crate::fetcher::FetchError),
    /// The list of checkpoints cannot be read on.
    #[error("cannot read the list of checkpoints: {0}; check the source, then audit again")]
    List(#[source] std::io::Error),
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
