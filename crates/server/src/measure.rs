//! What only benchmarks may do; compiled for nobody else (feature `bench`).

use crate::book::Book;
use crate::rejection::Rejection;
use crate::service::{Config, Service};
use crate::{Pace, ServerError, shelf};
use sijill_ledger::Origin;
use sijill_poll::credential::VerifiedAnswer;
use sijill_poll::definition::Definition;
use sijill_store::{CheckpointStore, Log};
use std::path::Path;
use tokio::sync::oneshot;

pub use crate::writer::BatchLimits;

/// A service over a log that the benchmark brings, with batches of its choice.
pub fn open(config: Config, log: Log, limits: BatchLimits) -> Result<Service, ServerError> {
    let store = CheckpointStore::inside(&config.data)?;
    let opened = shelf::over(log, &config.data, store)?;
    Service::over(config, opened, limits, Pace::default()).map(|(service, _)| service)
}

/// Hands an answer to the writer without waiting for what becomes of it.
pub fn submit(
    service: &Service,
    book: &Book,
    answer: VerifiedAnswer,
) -> Result<oneshot::Receiver<Result<(), Rejection>>, Rejection> {
    service.submit(book, answer)
}

/// Reads the leaves of a poll with this definition, as a start does; returns how many there are.
pub fn read_roster(data: &Path, definition: &Definition) -> Result<u32, ServerError> {
    let slug = &definition.slug;
    let roster = shelf::read_roster(&shelf::roster_path(data, slug), definition)?;
    Ok(roster.map_or(0, |roster| roster.len()))
}

/// Replays one ledger into its projections, as a start does; returns how many invitations answered.
pub fn replay(log: &Log, data: &Path, origin: &Origin) -> Result<u64, ServerError> {
    let (replayed, _) = shelf::replay(log, data, &CheckpointStore::inside(data)?, origin)?;
    Ok(replayed.poll.tally().answered)
}
