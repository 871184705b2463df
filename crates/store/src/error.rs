//! What can go wrong on disk, in three classes: *refused* (nothing happened, say so), *conflict* (somebody else was
//! first), *contradiction* (we no longer know what is durable, or what is there is not what was written: stop).

use sijill_ledger::Head;

/// Why the log or the data directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Refused: a file or folder cannot be used.
    #[error("cannot {what} `{path}`: {error}")]
    Io {
        /// What was tried.
        what: &'static str,
        /// On which path.
        path: String,
        /// Why not.
        error: std::io::Error,
    },
    /// Refused: not a data directory.
    #[error(
        "`{path}` is no Sijill data directory: it has no `format` file; give the directory of a service, or an empty one"
    )]
    NotADataDir {
        /// The path.
        path: String,
    },
    /// Refused: a directory of another version.
    #[error(
        "`{path}` is a data directory of another version: expected `{expected}`, found `{found}`; use the Sijill that made it, or export there and import here"
    )]
    OtherVersion {
        /// The path.
        path: String,
        /// First line of the format file this version writes.
        expected: String,
        /// What stands there.
        found: String,
    },
    /// Refused: a poll's short name that cannot be a folder of the data directory.
    #[error("`{slug}` cannot name a poll's folder; expected one name without `/`")]
    Name {
        /// The name.
        slug: String,
    },
    /// Refused: entries that do not lead from the head before to the head after.
    #[error("the entries for the ledger `{origin}` do not follow its entry {after}: {why}")]
    NotAChain {
        /// The ledger.
        origin: String,
        /// Entries that the chain holds up to.
        after: u64,
        /// What is wrong.
        why: String,
    },
    /// Refused: a ledger that is in the log and was not loaded.
    #[error(
        "the ledger `{origin}` is in the log already and was not loaded; load it before appending to it"
    )]
    NotLoaded {
        /// The ledger.
        origin: String,
    },
    /// Refused: the log was closed.
    #[error("the log is closed; open it again")]
    Closed,
    /// Refused: fewer entries than were asked for.
    #[error("the ledger `{origin}` has {found} entries, expected {expected}")]
    Shorter {
        /// The ledger.
        origin: String,
        /// Entries asked for; at least one.
        expected: u64,
        /// Entries found.
        found: u64,
    },
    /// Refused: a directory that was not stopped cleanly, before anything is restored into it.
    #[error(
        "`{path}` was not stopped cleanly: start the service on it once (`sijill serve`), which looks whether its polls are whole, and stop it; or import into another directory"
    )]
    NotStopped {
        /// The path.
        path: String,
    },
    /// Refused: too many starts failed already, each with a copy of the log as it found it.
    #[error(
        "{copies} earlier starts on this log failed and each left a copy, from `{first}` on; nothing was opened. Find out what is wrong with it, keep the oldest copy, remove the others, then start again"
    )]
    TooManyCopies {
        /// How many there are.
        copies: u32,
        /// The oldest.
        first: String,
    },
    /// Conflict: another process holds the directory.
    #[error(
        "`{path}` is held by another process (a running server, or another command); wait until that command ends, or stop the server. What a server publishes can be audited at its address meanwhile"
    )]
    Held {
        /// The path.
        path: String,
    },
    /// Conflict: the log does not end where the append expects.
    #[error(
        "the ledger `{origin}` ends at entry {found}, expected {expected}; somebody else wrote"
    )]
    Conflict {
        /// The ledger.
        origin: String,
        /// Size expected.
        expected: u64,
        /// Size found.
        found: u64,
    },
    /// Conflict: the directory is a copy of one that may still be served.
    #[error(
        "`{path}` is a copy of a directory that publishes its polls: if both were served, each would sign another history. Serve the original; if that is gone for good, start once with `sijill serve --moved`"
    )]
    Copied {
        /// The copy.
        path: String,
    },
    /// Refused: a poll of which nothing is published.
    #[error("nothing of `{origin}` is published yet; serve it (`sijill serve`), and publish then")]
    NothingPublished {
        /// The ledger.
        origin: String,
    },
    /// Refused: a folder with something else in it.
    #[error(
        "`{path}` has another history than this poll: {why}. Nothing was changed; name another folder, or keep it as evidence"
    )]
    OtherHistory {
        /// The folder.
        path: String,
        /// What differs.
        why: String,
    },
    /// Contradiction: tiles that do not lead to their checkpoint.
    #[error(
        "the tiles in `{path}` cannot be used: {why}. They are derived: stop the service, and `sijill replay --repair` writes them anew from the log"
    )]
    Tiles {
        /// The folder.
        path: String,
        /// What is wrong with them.
        why: String,
    },
    /// Contradiction: log and bundles together are not what was published.
    #[error(
        "log and bundles of `{origin}` together are not what was published: over {size} entries its newest checkpoint has the root {expected}, they have {found}. Nothing was changed. Put tiles and bundles, or the checkpoint, back from what observers have of them"
    )]
    NotJoined {
        /// The ledger.
        origin: String,
        /// Entries of the checkpoint.
        size: u64,
        /// Its root.
        expected: String,
        /// Theirs.
        found: String,
    },
    /// Contradiction: the list of published checkpoints is damaged.
    #[error(
        "`{path}`, the list of published checkpoints, is damaged: {why}. Put it back from a backup, or from what observers have of it"
    )]
    List {
        /// The list.
        path: String,
        /// What is wrong with it.
        why: String,
    },
    /// Conflict: somebody else replaced a checkpoint.
    #[error(
        "`{path}` is not the checkpoint of `{slug}` that was kept there last: another server publishes this poll. Nothing more was signed; stop one of the two, keep its directory as evidence, and audit both (`sijill compare`) before going on"
    )]
    AnotherPublishes {
        /// The poll.
        slug: String,
        /// Where its newest checkpoint is kept.
        path: String,
    },
    /// Contradiction: an earlier write failed, so it is not known what is on disk.
    #[error(
        "the log takes nothing more after an earlier failure ({0}); restart the service, what was confirmed is safe"
    )]
    Poisoned(String),
    /// Contradiction: the medium failed.
    #[error("the disk failed while {what}: {why}{}", after_failure(.what))]
    Medium {
        /// What was being done.
        what: &'static str,
        /// What it said.
        why: String,
    },
    /// Contradiction: sled did not come back.
    #[error(
        "the log could not be {what}: {why}; its files are untouched in `{copy}`. `sijill replay --repair` rebuilds what was published"
    )]
    Sled {
        /// Opened or closed.
        what: &'static str,
        /// What happened.
        why: String,
        /// Where a copy of the files is.
        copy: String,
    },
    /// Contradiction: acknowledged entries are missing.
    #[error(
        "the log of `{slug}` is behind its head: entry {last} was confirmed to a respondent or operator, and the log ends with {found} entries. Do not go on; the files as found are in `{copy}`. `sijill replay --repair` rebuilds what was published; `sijill import` restores an export into a new directory; `sijill replay --accept-loss` goes on without what is lost, and says so in the ledger"
    )]
    BehindHead {
        /// The poll.
        slug: String,
        /// Index of the last acknowledged entry.
        last: u64,
        /// Entries found.
        found: u64,
        /// Where a copy of the files is.
        copy: String,
    },
    /// Refused: a salvage where everything acknowledged is there.
    #[error(
        "of `{slug}` nothing is lost: the log reaches entry {last}, the last that was confirmed; nothing was changed"
    )]
    NothingLost {
        /// The poll.
        slug: String,
        /// Index of the last acknowledged entry.
        last: u64,
    },
    /// Refused: a salvage of a log whose entry is there and cannot be followed.
    #[error(
        "entry {index} of `{origin}` is there and cannot be followed: {why}; nothing is lost there, and nothing was changed. Put right what it needs"
    )]
    NotSalvaged {
        /// The ledger.
        origin: String,
        /// The entry.
        index: u64,
        /// What is missing.
        why: String,
    },
    /// Contradiction: the log's last acknowledged entry is another than the head says.
    #[error(
        "the log of `{slug}` is not the one that was confirmed: entry {index} has link {found}, its head file says {expected}. Do not go on; the files as found are in `{copy}`. `sijill replay --repair` rebuilds what was published"
    )]
    OtherThanHead {
        /// The poll.
        slug: String,
        /// Index of the last acknowledged entry.
        index: u64,
        /// The head's link.
        expected: String,
        /// The entry's.
        found: String,
        /// Where a copy of the files is.
        copy: String,
    },
    /// Contradiction: the head file is missing or damaged, so it is not known what was acknowledged.
    #[error(
        "the head file of `{slug}` is missing or damaged, so nobody can say whether its log{} is whole. Put `polls/{slug}/head` back from a backup, or restore an export with `sijill import` into a new directory",
        .size.map_or_else(String::new, |size| format!(" of {size} entries"))
    )]
    HeadMissing {
        /// The poll.
        slug: String,
        /// Entries found, where they were counted.
        size: Option<u64>,
    },
    /// Contradiction: an entry cannot be read or does not follow the one before.
    #[error(
        "the log of `{origin}` is damaged at entry {index}: {why}. Do not go on; the files as found are in `{copy}`. `sijill replay --repair` rebuilds what was published; `sijill import` restores an export into a new directory; `sijill replay --accept-loss` goes on without what is lost, and says so in the ledger"
    )]
    Damaged {
        /// The ledger.
        origin: String,
        /// Where.
        index: u64,
        /// What is wrong.
        why: String,
        /// Where a copy of the files is.
        copy: String,
    },
    /// Refused: a file that is no whole export.
    #[error("`{path}` cannot be imported: {why}")]
    Import {
        /// The file.
        path: String,
        /// What is wrong with it.
        why: String,
    },
    /// Refused: the poll is already there.
    #[error(
        "a poll `{slug}`, or the ledger `{origin}`, is already in this data directory; import into another one"
    )]
    Exists {
        /// The poll.
        slug: String,
        /// The ledger.
        origin: String,
    },
}

/// What is being done when a disk fails at a read.
pub const READING: &str = "reading";

/// What to do after a disk failed at this.
fn after_failure(what: &str) -> &'static str {
    match what {
        // What cannot be read may be damaged, and nobody knows yet what of it was confirmed.
        READING => {
            ". Mend the disk, then restart; where the files themselves are damaged, `sijill replay --repair` rebuilds what was published"
        }
        _ => "; what was confirmed is safe. Free space or mend the disk, then restart",
    }
}

impl StoreError {
    /// What happened, without the advice that a message of its own would add.
    pub fn cause(&self) -> String {
        match self {
            Self::Medium { what, why } => format!("{why}, while {what}"),
            Self::Poisoned(cause) => cause.clone(),
            other => other.to_string(),
        }
    }

    /// The same, with the files as found in another place: what was looked into may be a copy that is gone by now.
    #[must_use]
    pub fn with_files_in(mut self, place: String) -> Self {
        match &mut self {
            Self::Sled { copy, .. }
            | Self::BehindHead { copy, .. }
            | Self::OtherThanHead { copy, .. }
            | Self::Damaged { copy, .. } => *copy = place,
            _ => {}
        }
        self
    }

    /// Names what was tried on which path.
    pub fn io(what: &'static str, path: &std::path::Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.display().to_string();
        move |error| Self::Io { what, path, error }
    }
}

/// Whether a loaded ledger ends where its head says.
pub(crate) fn ends_at(head: &Head) -> u64 {
    head.size.saturating_sub(1)
}
