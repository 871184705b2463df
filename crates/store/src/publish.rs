//! Copying what is published of a poll into a folder for any file server (docs/SPEC.md, section 13): only what the folder
//! lacks, recomputed from the entries on the way, and in an order in which a reader never finds a checkpoint without its
//! tiles.

use crate::StoreError;
use crate::limits::TILES_UNSETTLED_MAX;
use crate::public_folder::{Listed, PublicFolder};
use sijill_ledger::Origin;
use sijill_ledger::checkpoint::{Checkpoint, SignedCheckpoint};
use sijill_ledger::tile_reader::TileReader;
use sijill_ledger::tile_writer::{Tile, TileWriter};
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
    target.has_no_links()?;
    if old.is_none() {
        let first = source.entries(0, newest.claimed().size).next();
        target.is_begun(origin, &first.transpose()?.unwrap_or_default())?;
    }
    let mut writer = begun(source, &newest, old.as_ref(), target)?;
    if anew {
        writer = TileWriter::default();
    }
    if old.is_some() && writer.size() == 0 {
        // What follows takes the place of files that the old checkpoint needs.
        walk(source, newest.claimed(), &mut TileWriter::default(), |_| {
            Ok(())
        })?;
    }
    grow(source, newest.claimed(), &mut writer, target)?;
    if let Some(roster) = roster {
        target.copy_in(roster, "roster", anew)?;
    }
    target.copy_list(source, listed.ends_at)?;
    target.replace_checkpoint(&newest)?;
    // Of all that is full, not of what has grown: a kill may have come before this the last time.
    target.drop_filled(0, newest.claimed().size)?;
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
    target: &PublicFolder,
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
    // A target whose tiles do not lead to its checkpoint is written anew. Until then each file stays: the checkpoint does.
    let resumed = TileWriter::resume(old.size, old.root, |id| target.tile_bytes(id));
    Ok(resumed.unwrap_or_default())
}

/// Writes the tiles that the source's entries make, from where the writer ends.
fn grow(
    source: &PublicFolder,
    newest: &Checkpoint,
    writer: &mut TileWriter,
    target: &mut PublicFolder,
) -> Result<(), StoreError> {
    walk(source, newest, writer, |tile| {
        target.put(tile)?;
        match target.unsettled() >= TILES_UNSETTLED_MAX {
            true => target.settle(),
            false => Ok(()),
        }
    })?;
    target.settle()
}

/// Reads the source's entries from where the writer ends, and gives the tiles that they make to `put`: full ones on the
/// way, partial ones once all make the newest checkpoint's root.
fn walk(
    source: &PublicFolder,
    newest: &Checkpoint,
    writer: &mut TileWriter,
    mut put: impl FnMut(&Tile) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    for entry in source.entries(writer.size(), newest.size) {
        let full = writer.append(&entry?);
        for tile in full.map_err(|error| unusable(source, &error))? {
            put(&tile)?;
        }
    }
    let found = writer.root();
    if found != newest.root {
        let why = format!(
            "over {} entries its checkpoint has the root {}, its bundles {found}",
            newest.size, newest.root
        );
        return Err(unusable(source, &why));
    }
    writer.partial().iter().try_for_each(put)
}

fn unusable(source: &PublicFolder, why: &impl ToString) -> StoreError {
    StoreError::Tiles {
        path: source.path().display().to_string(),
        why: why.to_string(),
    }
}
