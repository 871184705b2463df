//! Why a command did not end well, and the exit code that says so.
//!
//! A [`Fault`] anywhere in an error's chain decides the code; an error without one could not finish (3).

use sijill_auditor::AuditError;
use sijill_auditor::published::PublishedError;
use sijill_outreach::OutreachError;
use sijill_outreach::deliveries::DeliveriesError;
use sijill_server::ServerError;
use sijill_store::StoreError;
use std::fmt;
use std::process::ExitCode;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// All well.
    Well,
    /// The thing asked about is not so.
    NotSo,
    /// Wrong usage or input.
    Input,
    /// Could not finish: disk, network.
    Unfinished,
    /// Nothing failed, but not everything could be verified.
    Incomplete,
}

impl Exit {
    /// The code.
    pub fn code(self) -> u8 {
        match self {
            Self::Well => 0,
            Self::NotSo => 1,
            Self::Input => 2,
            Self::Unfinished => 3,
            Self::Incomplete => 4,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// Why a command did not end well, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The thing asked about is not so, or may not be.
    NotSo(String),
    /// Wrong usage or input.
    Input(String),
    /// Could not finish.
    Unfinished(String),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotSo(why) | Self::Input(why) | Self::Unfinished(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for Fault {}

/// Wrong usage or input.
pub fn input(why: impl Into<String>) -> anyhow::Error {
    Fault::Input(why.into()).into()
}

/// The thing asked about is not so.
pub fn not_so(why: impl Into<String>) -> anyhow::Error {
    Fault::NotSo(why.into()).into()
}

/// Could not finish.
pub fn unfinished(why: impl Into<String>) -> anyhow::Error {
    Fault::Unfinished(why.into()).into()
}

/// The exit code of an error.
pub fn exit_of(error: &anyhow::Error) -> Exit {
    match error.downcast_ref::<Fault>() {
        Some(Fault::NotSo(_)) => Exit::NotSo,
        Some(Fault::Input(_)) => Exit::Input,
        Some(Fault::Unfinished(_)) => Exit::Unfinished,
        None if matches!(
            error.downcast_ref(),
            Some(AuditError::Address { .. } | AuditError::State(_))
        ) =>
        {
            Exit::Input
        }
        None if error.is::<PublishedError>() => {
            error.downcast_ref().map_or(Exit::Unfinished, of_published)
        }
        // Whoever has the ledger and less than the journal was asked for something that may not be.
        None if matches!(
            error.downcast_ref(),
            Some(DeliveriesError::OlderThanLedger { .. } | DeliveriesError::UnknownWave { .. })
        ) =>
        {
            Exit::NotSo
        }
        None if error.is::<OutreachError>() => {
            error.downcast_ref().map_or(Exit::Unfinished, of_outreach)
        }
        None => match store_error(error) {
            Some(error) if is_wrong_input(error) => Exit::Input,
            _ => Exit::Unfinished,
        },
    }
}

/// What a published poll did not give: because of what was asked for, of what it is, or of disk and network.
fn of_published(error: &PublishedError) -> Exit {
    match error {
        PublishedError::Source(_)
        | PublishedError::Outside(_)
        | PublishedError::NoSuchSize { .. } => Exit::Input,
        PublishedError::Fetch(_) => Exit::Unfinished,
        PublishedError::Checkpoint { .. }
        | PublishedError::Tiles { .. }
        | PublishedError::Opening { .. } => Exit::NotSo,
    }
}

/// Why a vault gives nothing: what was named is not what opens it, it is gone, or disk and damage.
fn of_outreach(error: &OutreachError) -> Exit {
    match error {
        OutreachError::NoVault { .. }
        | OutreachError::NotAVault { .. }
        | OutreachError::WrongKey { .. }
        | OutreachError::WrongPassphrase { .. }
        | OutreachError::NeedsKey { .. }
        | OutreachError::NeedsPassphrase { .. } => Exit::Input,
        OutreachError::Erased { .. }
        | OutreachError::OfAnotherRoster { .. }
        | OutreachError::NoInvitation { .. } => Exit::NotSo,
        _ => Exit::Unfinished,
    }
}

fn store_error(error: &anyhow::Error) -> Option<&StoreError> {
    match error.downcast_ref::<ServerError>() {
        Some(ServerError::Store(error)) => Some(error),
        _ => error.downcast_ref(),
    }
}

/// The directory or file named is not one to work with, whatever the disk's health.
fn is_wrong_input(error: &StoreError) -> bool {
    matches!(
        error,
        StoreError::NotADataDir { .. }
            | StoreError::OtherVersion { .. }
            | StoreError::Import { .. }
            | StoreError::Exists { .. }
            | StoreError::NotStopped { .. }
            | StoreError::Copied { .. }
            | StoreError::NothingPublished { .. }
            | StoreError::OtherHistory { .. }
    )
}

/// Whether whoever read our output stopped reading, which is no error of ours.
pub fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<std::io::Error>())
        .any(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::Context;

    #[test]
    fn a_fault_decides_the_code_wherever_it_stands_in_the_chain() {
        let io = || std::io::Error::other("disk");
        let inner: anyhow::Result<()> = Err(io()).context(Fault::Input("unreadable".into()));
        let outer = inner.context("reading the roster").unwrap_err();
        assert_eq!(exit_of(&outer), Exit::Input);
        assert_eq!(exit_of(&io().into()), Exit::Unfinished);
    }
}
