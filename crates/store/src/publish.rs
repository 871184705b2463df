//! Copying what is published of a poll into a folder for any file server (docs/SPEC.md, section 13): only what the folder
//! lacks, recomputed from the entries on the way, and in an order in which a reader never finds a checkpoint without its
//! tiles.

use crate::StoreError;
use crate::limits::TILES_UNSETTLED_MAX;
use crate::public_folder::{Listed, PublicFolder};
use sijill_ledger::Origin;
use sijill_ledger::checkpoint::{Checkpoint, SignedCheckpoint};
use sijill_ledger::tile::TileId;
use sijill_ledger::tile_reader::TileReader;
use sijill_ledger::tile_writer::TileWriter;
use std::path::Path;

/// What a copy came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    /// The checkpoint that stands in the folder now.
    pub checkpoint: Checkpoint,
    /// Number of entries that the folder had before.
    pub before: u64,
}

/// Brings `target` to the newest checkpoint of `source`, with the leaves in `roster` if they are public. What the target
/// has of a checkpoint is not looked at again but for the tree's edge, unless everything is to be written `anew`.
///
/// # Errors
/// If nothing is published, if the source's tiles do not lead to its checkpoint, if the target has another history or a
/// longer one, or if a file cannot be read or written. The target then stands as it did, with its old checkpoint.
pub fn publish(
    source: &PublicFolder,
    origin: &Origin,
    roster: Option<&Path>,
    target: &mut PublicFolder,
    anew: bool,
) -> Result<Copied, StoreError> {
    let (newest, listed) = newest(source, origin)?;
    let old = target.checkpoint()?;
    if old.is_none() {
        target.is_begun(origin)?;
    }
    let mut writer = begun(source, &newest, old.as_ref(), target)?;
    if anew {
        writer = TileWriter::default();
    }
    let before = writer.size();
    grow(source, newest.claimed(), &mut writer, target)?;
    if let Some(roster) = roster {
        target.copy_in(roster, "roster", anew)?;
    }
    target.copy_list(source, listed.ends_at)?;
    target.replace_checkpoint(&newest)?;
    for tile in TileId::added(before, newest.claimed().size).filter(TileId::is_full) {
        target.drop_partials(tile)?;
    }
    Ok(Copied {
        checkpoint: newest.claimed().clone(),
        before: old.map_or(0, |old| old.claimed().size),
    })
}

pub(crate) fn newest(
    source: &PublicFolder,
    origin: &Origin,
) -> Result<(SignedCheckpoint, Listed), StoreError> {
    let all = source.checkpoints(origin)?;
    let nothing = || StoreError::NothingPublished {
        origin: origin.to_string(),
    };
    let newest = *all.last().ok_or_else(nothing)?;
    let before = all.iter().rev().nth(1).map_or(0, |before| before.ends_at);
    let text = String::from_utf8(source.listed(before, newest.ends_at)?).ok();
    let signed = text.and_then(|text| text.parse().ok());
    Ok((signed.ok_or_else(nothing)?, newest))
}

/// A writer that goes on where the target ends, once the source is known to have the same history so far.
fn begun(
    source: &PublicFolder,
    newest: &SignedCheckpoint,
    old: Option<&SignedCheckpoint>,
    target: &mut PublicFolder,
) -> Result<TileWriter, StoreError> {
    let Some(old) = old.map(SignedCheckpoint::claimed) else {
        return Ok(TileWriter::default());
    };
    let new = newest.claimed();
    let other = |why: String| StoreError::OtherHistory {
        path: target.path().display().to_string(),
        why,
    };
    if old.origin != new.origin {
        return Err(other(format!("it is of `{}`", old.origin)));
    }
    if old.size > new.size {
        return Err(other(format!(
            "its checkpoint is over {} entries, the newest here over {}",
            old.size, new.size
        )));
    }
    let mut tiles = TileReader::open(new.size, new.root, |id| source.tile_bytes(id))
        .map_err(|error| unusable(source, &error))?;
    let root = tiles
        .root_at(old.size)
        .map_err(|error| unusable(source, &error))?;
    if root != old.root {
        return Err(other(format!(
            "over {} entries its checkpoint has the root {}, the newest here {root}",
            old.size, old.root
        )));
    }
    let resumed = TileWriter::resume(old.size, old.root, |id| target.tile_bytes(id));
    match resumed {
        Ok(writer) => Ok(writer),
        Err(_) => {
            target.drop_tiles()?;
            Ok(TileWriter::default())
        }
    }
}

/// Reads the source's entries from where the writer ends, and writes the tiles that they make.
fn grow(
    source: &PublicFolder,
    newest: &Checkpoint,
    writer: &mut TileWriter,
    target: &mut PublicFolder,
) -> Result<(), StoreError> {
    for entry in source.entries(writer.size(), newest.size) {
        let full = writer.append(&entry?);
        for tile in full.map_err(|error| unusable(source, &error))? {
            target.put(&tile)?;
        }
        if target.unsettled() >= TILES_UNSETTLED_MAX {
            target.settle()?;
        }
    }
    if writer.root() != newest.root {
        let found = writer.root();
        let why = format!(
            "over {} entries its checkpoint has the root {}, its bundles {found}",
            newest.size, newest.root
        );
        return Err(unusable(source, &why));
    }
    for tile in writer.partial() {
        target.put(&tile)?;
    }
    target.settle()
}

fn unusable(source: &PublicFolder, why: &impl ToString) -> StoreError {
    StoreError::Tiles {
        path: source.path().display().to_string(),
        why: why.to_string(),
    }
}
