//! The tree over the bytes that were read, as a fold; and the tiles that follow from it, where the source shows some.

use serde::{Deserialize, Serialize};
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

/// A tree's right edge, from which it can grow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Edge {
    size: u64,
    roots: Vec<Hash>,
    levels: Vec<Vec<Hash>>,
}

impl Tree {
    /// The tree that has this edge; none if no tree has.
    pub(crate) fn resume(edge: Edge) -> Option<Self> {
        let Edge {
            size,
            roots,
            levels,
        } = edge;
        let frontier = Frontier::from_roots(size, roots)?;
        let fits = (0..)
            .zip(&levels)
            .all(|(level, hashes)| hashes.len() as u64 == hashes_on(level, size) % TILE_WIDTH);
        fits.then(|| Self {
            frontier,
            levels: Some(levels),
            full: Vec::new(),
        })
    }

    /// Its edge, if tiles are made of it and all that are full were taken out.
    pub(crate) fn edge(&self) -> Option<Edge> {
        let levels = self.levels.clone().filter(|_| self.full.is_empty())?;
        Some(Edge {
            size: self.size(),
            roots: self.frontier.roots().to_vec(),
            levels,
        })
    }

    /// The leaves after the last full tile of level 0.
    pub(crate) fn last_leaves(&self) -> &[Hash] {
        let lowest = self.levels.as_ref().and_then(|levels| levels.first());
        lowest.map_or(&[], Vec::as_slice)
    }

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
                tree = Tree::resume(tree.edge().unwrap()).unwrap();
            }
        }
        assert_eq!((tree.size(), tree.root()), (66_000, writer.root()));
    }
}
