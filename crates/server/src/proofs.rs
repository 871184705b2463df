//! Proofs of what is published, made from tiles: receipts and consistency. Each is of checkpoints that were published,
//! never of a size that moves.

use crate::ServerError;
use crate::book::Book;
use crate::service::Service;
use sijill_ledger::bundle;
use sijill_ledger::checkpoint::{Checkpoint, SignedCheckpoint};
use sijill_ledger::proof::ConsistencyProof;
use sijill_ledger::tile::{TILE_WIDTH, TileId};
use sijill_ledger::tile_reader::TileReader;
use sijill_ledger::tlog_proof::TlogProof;
use sijill_store::PublicFolder;
use std::fmt::Display;

impl Service {
    /// The folder of what is published of a poll.
    pub(crate) fn public_folder(&self, book: &Book) -> PublicFolder {
        PublicFolder::at(&crate::shelf::public_path(self.data(), book.slug()))
    }

    /// The published checkpoint over this many entries, if there is one.
    pub fn checkpoint(
        &self,
        book: &Book,
        size: u64,
    ) -> Result<Option<SignedCheckpoint>, ServerError> {
        let Some((from, to)) = book.place_in_list(size) else {
            return Ok(None);
        };
        let bytes = self.public_folder(book).listed(from, to)?;
        let text = String::from_utf8(bytes).map_err(|error| failed(book, error))?;
        text.parse().map(Some).map_err(|error| failed(book, error))
    }

    /// The receipt of an entry under the published checkpoint over `size` entries; none if there is no such checkpoint,
    /// or if it is not over this entry.
    pub fn receipt(
        &self,
        book: &Book,
        size: u64,
        index: u64,
    ) -> Result<Option<TlogProof>, ServerError> {
        let checkpoint = self.checkpoint(book, size)?.filter(|_| index < size);
        let Some(checkpoint) = checkpoint else {
            return Ok(None);
        };
        let folder = self.public_folder(book);
        let Checkpoint { root, .. } = *checkpoint.claimed();
        let tiles = TileReader::open(size, root, |id| fetch(&folder, id));
        let mut tiles = tiles.map_err(|error| failed(book, error))?;
        let inclusion = tiles
            .inclusion(index)
            .map_err(|error| failed(book, error))?;
        let place = index / TILE_WIDTH;
        let bundle = tiles.bundle(place).map_err(|error| failed(book, error))?;
        let width = TILE_WIDTH.min(size - place * TILE_WIDTH);
        let entries = bundle::read(&bundle, width).map_err(|error| failed(book, error))?;
        let entry = usize::try_from(index % TILE_WIDTH).ok();
        let Some(entry) = entry.and_then(|entry| entries.get(entry)) else {
            return Ok(None);
        };
        let receipt = TlogProof::of_entry(entry, index, inclusion, checkpoint);
        receipt.map(Some).map_err(|error| failed(book, error))
    }

    /// The consistency proof between two published sizes; none if one of them is not.
    pub fn consistency(
        &self,
        book: &Book,
        old: u64,
        new: u64,
    ) -> Result<Option<ConsistencyProof>, ServerError> {
        let newer = self.checkpoint(book, new)?;
        let Some(newer) = newer.filter(|_| old <= new && book.place_in_list(old).is_some()) else {
            return Ok(None);
        };
        let folder = self.public_folder(book);
        let Checkpoint { root, .. } = *newer.claimed();
        let tiles = TileReader::open(new, root, |id| fetch(&folder, id));
        let proof = tiles.and_then(|mut tiles| tiles.consistency(old));
        proof.map(Some).map_err(|error| failed(book, error))
    }
}

fn fetch(folder: &PublicFolder, id: TileId) -> Result<Vec<u8>, String> {
    let bytes = folder.tile_or_beginning(id);
    let bytes = bytes.map_err(|error| error.to_string())?;
    bytes.ok_or_else(|| "it is not there".to_owned())
}

fn failed(book: &Book, why: impl Display) -> ServerError {
    ServerError::Proof {
        slug: book.slug().to_owned(),
        why: why.to_string(),
    }
}
