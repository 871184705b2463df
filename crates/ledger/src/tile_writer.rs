//! From entries to tiles, one entry at a time: each tile is given out when it fills, and the partial ones when a
//! publication asks for them.
//!
//! It is the fold of `tree` that also keeps, on every level, the hashes of the tile that is not full yet: at most 255
//! hashes a level, whatever the tree's size, and the entries of the bundle that is not full yet.
//!
//! Invariants:
//! - on level L there are `(size / 256^L) mod 256` hashes, and in the bundle `size mod 256` entries;
//! - a tile that was given out full is never given out again.

use crate::bundle::{self, BundleError};
use crate::limits::TREE_SIZE_MAX;
use crate::tile::{TILE_HEIGHT, TILE_WIDTH, TileId, TileKind, hashes_on_level, write_hashes};
use crate::tile_reader::{ReadError, TileReader};
use crate::tree::{Frontier, Hash, leaf_hash};

/// A tile and its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tile {
    /// Which one.
    pub id: TileId,
    /// As they are served.
    pub bytes: Vec<u8>,
}

/// Why an entry cannot be added.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    /// It does not fit a bundle.
    #[error(transparent)]
    Entry(#[from] BundleError),
    /// The tree is as large as a tree may be.
    #[error("expected a tree of at most {TREE_SIZE_MAX} leaves, found one more")]
    Full,
}

/// Writes the tiles of a tree that grows.
#[derive(Debug, Clone, Default)]
pub struct TileWriter {
    tree: Frontier,
    levels: Vec<Vec<Hash>>,
    bundle: Vec<u8>,
}

impl TileWriter {
    /// A writer that goes on after the `size` entries whose root is `root`, from their partial tiles. What `fetch`
    /// gives is checked against the root.
    pub fn resume<B, E>(
        size: u64,
        root: Hash,
        fetch: impl FnMut(TileId) -> Result<B, E>,
    ) -> Result<Self, ReadError<E>>
    where
        B: AsRef<[u8]>,
    {
        let mut reader = TileReader::open(size, root, fetch)?;
        let mut levels = Vec::new();
        for level in 0.. {
            if hashes_on_level(level, size) == 0 {
                break;
            }
            levels.push(reader.edge_hashes(level));
        }
        let edge = TileId::at(TileKind::Entries, size / TILE_WIDTH, size);
        let bundle = match edge {
            Some(id) => reader.bundle(id.index())?.as_ref().to_vec(),
            None => Vec::new(),
        };
        Ok(Self {
            tree: reader.frontier().clone(),
            levels,
            bundle,
        })
    }

    /// Number of entries so far.
    pub fn size(&self) -> u64 {
        self.tree.size()
    }

    /// The root over them.
    pub fn root(&self) -> Hash {
        self.tree.root()
    }

    /// Adds an entry by its canonical bytes, and gives out what became full by it: nothing, 255 times of 256.
    pub fn append(&mut self, entry: &[u8]) -> Result<Vec<Tile>, WriteError> {
        if self.tree.size() >= TREE_SIZE_MAX {
            return Err(WriteError::Full);
        }
        bundle::push(&mut self.bundle, entry)?;
        let levels = &mut self.levels;
        self.tree.append_seeing(leaf_hash(entry), |height, root| {
            if height % TILE_HEIGHT == 0 {
                push_on_level(levels, height / TILE_HEIGHT, root);
            }
        });
        Ok(self.take_full())
    }

    /// The partial tiles of the tree as it is now, which a checkpoint of this size needs: at most one bundle and one
    /// tile a level. Those that [`TileId::added`] does not name for the growth since a publication, it had already.
    pub fn partial(&self) -> Vec<Tile> {
        let size = self.size();
        let levels = (0..).zip(&self.levels).filter_map(|(level, hashes)| {
            let kind = TileKind::Hashes { level };
            tile(kind, size, hashes.len() as u64, || write_hashes(hashes))
        });
        let bundle = tile(TileKind::Entries, size, size % TILE_WIDTH, || {
            self.bundle.clone()
        });
        bundle.into_iter().chain(levels).collect()
    }

    /// Takes out the bundle and the tiles that are full.
    fn take_full(&mut self) -> Vec<Tile> {
        let size = self.size();
        if !size.is_multiple_of(TILE_WIDTH) {
            return Vec::new();
        }
        let bundle = std::mem::take(&mut self.bundle);
        let bundle = tile(TileKind::Entries, size, TILE_WIDTH, || bundle);
        let full = |(level, hashes): (u8, &mut Vec<Hash>)| {
            let hashes = std::mem::take(hashes);
            let kind = TileKind::Hashes { level };
            tile(kind, size, TILE_WIDTH, || write_hashes(&hashes))
        };
        let levels = (0..)
            .zip(&mut self.levels)
            .take_while(|(_, hashes)| hashes.len() as u64 == TILE_WIDTH);
        bundle.into_iter().chain(levels.filter_map(full)).collect()
    }
}

fn push_on_level(levels: &mut Vec<Vec<Hash>>, level: u32, hash: Hash) {
    let level = level as usize;
    match levels.get_mut(level) {
        Some(hashes) => hashes.push(hash),
        None => levels.push(vec![hash]),
    }
}

/// The last tile of its kind in the tree of `size` leaves, if it is `width` wide; none if that is nothing.
fn tile(kind: TileKind, size: u64, width: u64, bytes: impl FnOnce() -> Vec<u8>) -> Option<Tile> {
    let level = match kind {
        TileKind::Entries => 0,
        TileKind::Hashes { level } => level,
    };
    let hashes = hashes_on_level(level, size);
    let id = TileId::new(kind, hashes.checked_sub(width)? / TILE_WIDTH, width).ok()?;
    Some(Tile { id, bytes: bytes() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;
    use std::convert::Infallible;

    fn entry(index: u64) -> Vec<u8> {
        index.to_be_bytes().repeat(index as usize % 4)
    }

    /// All tiles of `size` entries, with a publication at each of `stops`, as a server has them in the end.
    fn written(size: u64, stops: &[u64]) -> (TileWriter, BTreeMap<TileId, Vec<u8>>) {
        let (mut writer, mut tiles) = (TileWriter::default(), BTreeMap::new());
        for index in 0..size {
            for tile in writer.append(&entry(index)).unwrap() {
                assert!(tile.id.is_full());
                assert_eq!(tiles.insert(tile.id, tile.bytes), None, "given out twice");
            }
            if stops.contains(&(index + 1)) {
                tiles.extend(
                    writer
                        .partial()
                        .into_iter()
                        .map(|tile| (tile.id, tile.bytes)),
                );
            }
        }
        (writer, tiles)
    }

    #[test]
    fn what_is_given_out_is_what_the_sizes_have() {
        let stops = [1, 255, 256, 257, 511, 512, 66_000];
        let (writer, tiles) = written(66_000, &stops);
        let mut expected: Vec<_> = stops.into_iter().flat_map(TileId::all_of).collect();
        expected.sort();
        expected.dedup();
        assert!(tiles.keys().eq(&expected));
        let leaves: Frontier =
            (0..66_000)
                .map(entry)
                .fold(Frontier::default(), |mut tree, entry| {
                    tree.append(leaf_hash(&entry));
                    tree
                });
        assert_eq!(writer.root(), leaves.root());
    }

    #[test]
    fn a_writer_goes_on_from_its_partial_tiles() {
        for stop in [0, 1, 255, 256, 257, 65_535, 65_536, 65_537] {
            let (old, tiles) = written(stop, &[stop]);
            let fetch = |id| Ok::<_, Infallible>(tiles[&id].clone());
            let mut resumed = TileWriter::resume(stop, old.root(), fetch).unwrap();
            let mut old = old;
            for index in stop..stop + 300 {
                let entry = entry(index);
                assert_eq!(
                    resumed.append(&entry),
                    old.append(&entry),
                    "{stop} + {index}"
                );
            }
            assert_eq!(resumed.partial(), old.partial());
            assert_eq!(resumed.root(), old.root());
        }
    }

    #[test]
    fn an_entry_too_long_for_a_bundle_changes_nothing() {
        let (mut writer, _) = written(3, &[]);
        let before = writer.partial();
        assert!(matches!(
            writer.append(&vec![0; 65_536]),
            Err(WriteError::Entry(_))
        ));
        assert_eq!(writer.partial(), before);
    }
}
