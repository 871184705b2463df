//! What only benchmarks may do; compiled for nobody else (feature `bench`).

use crate::book::Book;
use crate::checkpoint_list::ListNote;
use crate::keys::MasterKey;
use crate::rejection::Rejection;
use crate::service::{Config, Service};
use crate::tree::Tree;
use crate::{Pace, ServerError, shelf};
use axum::body::Bytes;
use sijill_ledger::limits::TILE_BYTES_MAX;
use sijill_ledger::{Hash, Head, Origin, Sealed};
use sijill_poll::credential::VerifiedAnswer;
use sijill_poll::definition::Definition;
use sijill_poll::{Event, Poll};
use sijill_store::{CheckpointStore, Log, PublicFolder};
use std::path::Path;
use tokio::sync::oneshot;

pub use crate::writer::BatchLimits;

/// The address of a body of 8 KiB, as long as a full tile of hashes, that never changes.
pub const FIXED: &str = "/bench/fixed";

/// What [`FIXED`] answers.
pub(crate) async fn fixed() -> Bytes {
    Bytes::from_static(&[0x5a; TILE_BYTES_MAX])
}

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

/// Does for all that a ledger has what the signer does for publications of `step` entries each, from none on, with files
/// in this folder; returns the root.
pub fn publish_anew(
    log: &Log,
    poll: &Poll,
    master: &MasterKey,
    folder: &Path,
    step: u64,
) -> Result<Hash, ServerError> {
    let store = CheckpointStore::inside(folder)?;
    let public = PublicFolder::make(&folder.join("public"))?;
    let mut tree = Tree::find(log, &store, public, Some(ListNote::default()), poll)?.tree;
    let (key, size) = (master.log_key(poll.origin()), poll.head().size);
    loop {
        let end = head_at(log, poll, size.min(tree.size() + step))?;
        let signed = tree.grow(log, end, &key)?;
        tree.publish(&store, &signed)?;
        if tree.size() == size {
            return Ok(signed.claimed().root);
        }
    }
}

fn head_at(log: &Log, poll: &Poll, size: u64) -> Result<Head, ServerError> {
    let start = Head::start(poll.origin());
    let Some(last) = size.checked_sub(1) else {
        return Ok(start);
    };
    let unreadable = |why: String| ServerError::Replay {
        origin: poll.origin().to_string(),
        why,
    };
    let bytes = log.entries(poll.origin(), last).next().transpose()?;
    let entry = Sealed::<Event>::read(&bytes.unwrap_or_default());
    let link = entry.map_err(|error| unreadable(error.to_string()))?.link();
    Ok(Head { size, link })
}
