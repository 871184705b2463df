//! A second look at what a log and its published files hold: the log's entries are read again and their chain is
//! followed, and each tile and bundle is held against what they make, up to the newest checkpoint.
//!
//! What is found stands in two classes. A log that no longer leads to the checkpoint is damage: it is a contradiction,
//! and stops the log. A tile that differs is derived: once the log has led to the checkpoint's root, what the entries
//! make is what was published, and may be put in its place.
//!
//! Whoever drives it says how much is read at once, and rests in between.

use crate::log::Log;
use crate::{PublicFolder, StoreError};
use sijill_ledger::checkpoint::Checkpoint;
use sijill_ledger::tile_writer::{Tile, TileWriter};
use sijill_ledger::{Head, Linked, Origin};

/// One look at a ledger from entry 0 to its newest checkpoint.
#[derive(Debug)]
pub struct Scrub {
    origin: Origin,
    head: Head,
    writer: TileWriter,
}

/// What a step of it came to.
#[derive(Debug, Default)]
pub struct Looked {
    /// Whether it has come to the checkpoint, whose root is the log's.
    pub through: bool,
    /// Bytes of entries that were read.
    pub bytes: u64,
    /// What the entries make, where the folder has something else or nothing. To be put in place only when it is
    /// through: until then it rests on a log that nobody has held against the checkpoint.
    pub differing: Vec<Tile>,
}

impl Scrub {
    /// A look at the ledger of this name.
    pub fn of(origin: &Origin) -> Self {
        Self {
            origin: origin.clone(),
            head: Head::start(origin),
            writer: TileWriter::default(),
        }
    }

    /// Looks at the next entries, at most this many, and at the tiles that they fill. `newest` may grow between steps.
    ///
    /// # Errors
    /// If an entry cannot be read, does not follow the one before it, or if at the end the root is not the
    /// checkpoint's: then the log has stopped. If a folder of tiles cannot be listed.
    pub fn step(
        &mut self,
        log: &Log,
        folder: &PublicFolder,
        newest: &Checkpoint,
        entries_max: u64,
    ) -> Result<Looked, StoreError> {
        let mut looked = Looked::default();
        let end = newest.size.min(self.head.size.saturating_add(entries_max));
        let mut entries = log.entries(&self.origin, self.head.size);
        while self.head.size < end {
            let gone = || self.damaged(log, "the log ends before it".to_owned());
            let bytes = entries.next().unwrap_or_else(|| Err(gone()))?;
            let full = self.append(log, &bytes)?;
            looked.bytes += bytes.len() as u64;
            full.into_iter().for_each(|tile| looked.hold(folder, tile));
        }
        if self.head.size >= newest.size {
            self.end(log, folder, newest, &mut looked)?;
        }
        Ok(looked)
    }

    fn append(&mut self, log: &Log, bytes: &[u8]) -> Result<Vec<Tile>, StoreError> {
        let next = Linked::of(bytes).and_then(|entry| self.head.follow_linked(&entry));
        self.head = next.map_err(|error| self.damaged(log, error.to_string()))?;
        let full = self.writer.append(bytes);
        full.map_err(|error| self.damaged(log, error.to_string()))
    }

    fn end(
        &self,
        log: &Log,
        folder: &PublicFolder,
        newest: &Checkpoint,
        looked: &mut Looked,
    ) -> Result<(), StoreError> {
        let root = self.writer.root();
        if root != newest.root {
            return Err(self.damaged(
                log,
                format!(
                    "over the {} entries before it the newest checkpoint has the root {}, the log {root}",
                    newest.size, newest.root
                ),
            ));
        }
        for tile in self.writer.partial() {
            let narrower = folder.narrower(&tile)?;
            let tiles = narrower.into_iter().chain([tile]);
            tiles.for_each(|tile| looked.hold(folder, tile));
        }
        looked.through = true;
        Ok(())
    }

    fn damaged(&self, log: &Log, why: String) -> StoreError {
        log.is_damaged(&self.origin, self.head.size, why)
    }
}

impl Looked {
    /// A file that cannot be read is as bad as one with other bytes.
    fn hold(&mut self, folder: &PublicFolder, tile: Tile) {
        if folder.tile_bytes(tile.id).as_ref() != Ok(&tile.bytes) {
            self.differing.push(tile);
        }
    }
}
