//! Why the service did not do what it was asked. Whatever it says, nothing was recorded.

use sijill_poll::opening::OpeningFault;
use sijill_poll::rules::Refusal;

/// Why nothing was recorded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// The poll's rules do not admit it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Entry 0 breaks the rules of opening.
    #[error("the poll cannot be opened: {0}")]
    Opening(OpeningFault),
    /// The keys named are not those that the service has for this origin.
    #[error(
        "the opening does not name the log and promise keys of this service; ask it for them and sign anew"
    )]
    ForeignKeys,
    /// The slug or origin is in use.
    #[error(
        "a poll `{slug}`, or one at its origin, is already in this data directory; choose another slug"
    )]
    Taken {
        /// The slug.
        slug: String,
    },
    /// No such poll.
    #[error(
        "there is no poll `{slug}` in this data directory; `sijill poll list` shows those there are"
    )]
    UnknownPoll {
        /// The slug.
        slug: String,
    },
    /// The leaves cannot be read.
    #[error("the roster of this poll cannot be used: {why}")]
    Roster {
        /// What is wrong.
        why: String,
    },
    /// The ledger is being closed.
    #[error("the ledger is frozen for some seconds, to be closed; try again after that")]
    Frozen,
    /// Too many wait.
    #[error("too many requests wait; try again in some seconds")]
    Busy,
    /// The clock went back.
    #[error(
        "the clock of this machine is {back_ms} ms behind the last entry; set it right, entries go on when it has passed"
    )]
    ClockWentBack {
        /// By how much, in milliseconds.
        back_ms: u64,
    },
    /// The entry cannot be written down.
    #[error("the entry cannot be written: {0}")]
    Unwritable(String),
    /// The ledger could not be gone through.
    #[error(
        "the ledger could not be gone through: {why}; nothing was recorded, `/health` says how the service is"
    )]
    Unread {
        /// Why.
        why: String,
    },
    /// The writer has stopped.
    #[error("the service has stopped taking entries: {why}")]
    Stopped {
        /// Why.
        why: String,
    },
}
