//! The tree over the bytes that were read, as a fold; and the tiles that follow from it, where the source shows some.

use sijill_ledger::Hash;
use sijill_ledger::tile::{TILE_HEIGHT, TILE_WIDTH, TileId, TileKind, write_hashes};
use sijill_ledger::tile_writer::Tile;
use sijill_ledger::tree::Frontier;

/// The tree so far.
#[derive(Default)]
pub(crate) struct Tree {
    frontier: Frontier,
    /// The hashes of each level's tile that is not full yet; kept where tiles are to be compared.
    levels: Option<Vec<Vec<Hash>>>,
    full: Vec<Tile>,
}

impl Tree {
    /// An empty tree of which tiles are made.
    pub(crate) fn with_tiles() -> Self {
        Self {
            levels: Some(Vec::new()),
            ..Self::default()
        }
    }

    /// Adds a leaf.
    pub(crate) fn append(&mut self, leaf: Hash) {
        let Some(levels) = &mut self.levels else {
            self.frontier.append(leaf);
            return;
        };
        self.frontier.append_seeing(leaf, |height, root| {
            if height % TILE_HEIGHT == 0 {
                push(levels, height / TILE_HEIGHT, root);
            }
        });
        let size = self.frontier.size();
        if size.is_multiple_of(TILE_WIDTH) {
            self.full.extend(take_full(levels, size));
        }
    }

    /// Number of leaves.
    pub(crate) fn size(&self) -> u64 {
        self.frontier.size()
    }

    /// The root over them.
    pub(crate) fn root(&self) -> Hash {
        self.frontier.root()
    }

    /// Takes out the hash tiles that have become full since the last time.
    pub(crate) fn take_full(&mut self) -> Vec<Tile> {
        std::mem::take(&mut self.full)
    }

    /// The hash tiles that are not full.
    pub(crate) fn partial(&self) -> Vec<Tile> {
        let levels = self.levels.iter().flatten();
        let partial = (0..).zip(levels).filter(|(_, hashes)| !hashes.is_empty());
        let partial = partial.filter_map(|(level, hashes)| {
            let before = hashes_on(level, self.size()) / TILE_WIDTH;
            tile(level, before, hashes)
        });
        partial.collect()
    }
}

fn push(levels: &mut Vec<Vec<Hash>>, level: u32, hash: Hash) {
    let level = level as usize;
    match levels.get_mut(level) {
        Some(hashes) => hashes.push(hash),
        None => levels.push(vec![hash]),
    }
}

fn take_full(levels: &mut [Vec<Hash>], size: u64) -> Vec<Tile> {
    let full = (0..)
        .zip(levels)
        .take_while(|(_, hashes)| hashes.len() as u64 == TILE_WIDTH);
    let full = full.filter_map(|(level, hashes)| {
        let last = (hashes_on(level, size) / TILE_WIDTH).checked_sub(1)?;
        tile(level, last, &std::mem::take(hashes))
    });
    full.collect()
}

/// How many hashes a level has in the tree of `size` leaves.
fn hashes_on(level: u8, size: u64) -> u64 {
    size.checked_shr(u32::from(level) * TILE_HEIGHT)
        .unwrap_or(0)
}

fn tile(level: u8, index: u64, hashes: &[Hash]) -> Option<Tile> {
    let kind = TileKind::Hashes { level };
    let id = TileId::new(kind, index, hashes.len() as u64).ok()?;
    let bytes = write_hashes(hashes);
    Some(Tile { id, bytes })
}

#[cfg(test)]
mod tests {
    use super::*;
    use sijill_ledger::tile_writer::TileWriter;
    use sijill_ledger::tree::leaf_hash;

    #[test]
    fn the_tiles_are_those_that_a_publication_writes() {
        let (mut tree, mut writer) = (Tree::with_tiles(), TileWriter::default());
        let hashes = |tiles: Vec<Tile>| {
            let kept = tiles.into_iter();
            kept.filter(|tile| tile.id.kind() != TileKind::Entries)
                .collect::<Vec<_>>()
        };
        for entry in 0..66_000_u32 {
            let bytes = entry.to_be_bytes();
            tree.append(leaf_hash(&bytes));
            assert_eq!(tree.take_full(), hashes(writer.append(&bytes).unwrap()));
            if entry % 977 == 0 {
                assert_eq!(tree.partial(), hashes(writer.partial()));
            }
        }
        assert_eq!((tree.size(), tree.root()), (66_000, writer.root()));
    }
}
