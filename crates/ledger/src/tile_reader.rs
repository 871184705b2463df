//! From tiles to proofs, where nobody vouches for the tiles: every hash that is used was traced to the root that one
//! began with.
//!
//! The tree's right edge, its partial tiles, is read first and must lead to the root; every other tile is full, and
//! must lead to the hash that the tile above has for it. So a hash of a tile is either part of what the root commits to
//! or the tile is refused by name. Which root to begin with is for `checkpoint`; where tiles come from, how long to
//! wait for them and how much to take, for whoever fetches.
//!
//! Invariants:
//! - whatever is kept has been traced to the root;
//! - beside the edge at most `TILES_KEPT_MAX` tiles are kept.

use crate::bundle::{self, BundleError};
use crate::checkpoint::{Checkpoint, VerifiedCheckpoint};
use crate::limits::{TILES_KEPT_MAX, TREE_SIZE_MAX};
use crate::proof::{ConsistencyProof, InclusionProof, ProofError, root_of_span};
use crate::tile::{
    LEVEL_MAX, TILE_HEIGHT, TILE_WIDTH, TileError, TileId, TileKind, hashes_on_level,
};
use crate::tree::{Frontier, Hash, leaf_hash, node_hash};
use std::collections::BTreeMap;

/// Why tiles give no hash, no proof or no entries.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError<E> {
    /// The tile could not be had.
    #[error("`{id}` could not be read: {error}")]
    Fetch {
        /// The tile.
        id: TileId,
        /// What whoever fetches says.
        error: E,
    },
    /// The tile has another shape.
    #[error(transparent)]
    Tile(#[from] TileError),
    /// The bundle has another shape.
    #[error("`{id}` is no bundle: {error}")]
    Bundle {
        /// The bundle.
        id: TileId,
        /// What is wrong.
        error: BundleError,
    },
    /// The partial tiles are of another tree.
    #[error(
        "expected the root {expected} for {size} leaves, the tree's partial tiles lead to {found}"
    )]
    Root {
        /// The tree's size.
        size: u64,
        /// The root that one began with.
        expected: Hash,
        /// What the tiles lead to.
        found: Hash,
    },
    /// A full tile is of another tree.
    #[error("expected `{id}` to lead to {expected}, as the tile above it says, found {found}")]
    Inconsistent {
        /// The tile.
        id: TileId,
        /// What the tile above has for it.
        expected: Hash,
        /// What it leads to.
        found: Hash,
    },
    /// A bundle disagrees with its tile.
    #[error("expected entry {index} of the bundle to have the leaf hash {expected}, found {found}")]
    Entry {
        /// The entry's index in the tree.
        index: u64,
        /// What the tile has for it.
        expected: Hash,
        /// The entry's.
        found: Hash,
    },
    /// What was asked for is not in this tree.
    #[error(transparent)]
    Proof(#[from] ProofError),
}

/// Reads a tree of one size and root from its tiles.
pub struct TileReader<F> {
    tree: Frontier,
    fetch: F,
    /// The partial tile of each level that has one.
    edge: BTreeMap<u8, Pyramid>,
    kept: BTreeMap<(u8, u64), Pyramid>,
}

impl<F, B, E> TileReader<F>
where
    F: FnMut(TileId) -> Result<B, E>,
    B: AsRef<[u8]>,
{
    /// A reader of the tree that a checkpoint which the log signed is of.
    pub fn of(checkpoint: &VerifiedCheckpoint, fetch: F) -> Result<Self, ReadError<E>> {
        let Checkpoint { size, root, .. } = *checkpoint.checkpoint();
        Self::open(size, root, fetch)
    }

    /// A reader of the tree of `size` leaves that has this `root`, once its partial tiles lead to it. `fetch` gives a
    /// tile's bytes, a partial one in its very width.
    pub fn open(size: u64, root: Hash, mut fetch: F) -> Result<Self, ReadError<E>> {
        if size > TREE_SIZE_MAX {
            return Err(ProofError::TooLarge { size }.into());
        }
        let (mut edge, mut roots) = (BTreeMap::new(), Vec::new());
        for level in (0..=LEVEL_MAX).rev() {
            let kind = TileKind::Hashes { level };
            let index = hashes_on_level(level, size) / TILE_WIDTH;
            if let Some(id) = TileId::at(kind, index, size) {
                let pyramid = Pyramid::over(read_hashes(id, &mut fetch)?);
                roots.extend(pyramid.roots());
                edge.insert(level, pyramid);
            }
        }
        let tree = edge_of(size, root, roots)?;
        Ok(Self {
            tree,
            fetch,
            edge,
            kept: BTreeMap::new(),
        })
    }

    /// Number of leaves.
    pub fn size(&self) -> u64 {
        self.tree.size()
    }

    /// The root that all that is read was traced to.
    pub fn root(&self) -> Hash {
        self.tree.root()
    }

    /// The tree's right edge, from which it can grow.
    pub fn frontier(&self) -> &Frontier {
        &self.tree
    }

    /// The hash of the leaf at `index`.
    pub fn leaf(&mut self, index: u64) -> Result<Hash, ReadError<E>> {
        self.subtree(0, index)
    }

    /// The root that the tree had at `size`, which it is past.
    pub fn root_at(&mut self, size: u64) -> Result<Hash, ReadError<E>> {
        let new = self.size();
        if size > new {
            return Err(ProofError::Shrunk { old: size, new }.into());
        }
        let root = root_of_span((0, size), |height, place| self.subtree(height, place))?;
        Ok(root.unwrap_or_else(|| Frontier::default().root()))
    }

    /// The proof that the leaf at `index` is in this tree.
    pub fn inclusion(&mut self, index: u64) -> Result<InclusionProof, ReadError<E>> {
        InclusionProof::make(index, self.size(), |height, place| {
            self.subtree(height, place)
        })
    }

    /// The proof that the tree of size `old` is the beginning of this one.
    pub fn consistency(&mut self, old: u64) -> Result<ConsistencyProof, ReadError<E>> {
        ConsistencyProof::make(old, self.size(), |height, place| {
            self.subtree(height, place)
        })
    }

    /// The bytes of the bundle of this index, as wide as it is in this tree, once each entry has the leaf hash that
    /// the tree has for it. [`bundle::read`] takes them apart.
    pub fn bundle(&mut self, index: u64) -> Result<B, ReadError<E>> {
        let size = self.size();
        let outside = || ProofError::OutsideTree {
            index: index.saturating_mul(TILE_WIDTH),
            size,
        };
        let id = TileId::at(TileKind::Entries, index, size).ok_or_else(outside)?;
        let bytes = fetch(id, &mut self.fetch)?;
        let entries = bundle::read(bytes.as_ref(), id.width())
            .map_err(|error| ReadError::Bundle { id, error })?;
        for (index, entry) in (index * TILE_WIDTH..).zip(entries) {
            let (expected, found) = (self.leaf(index)?, leaf_hash(entry));
            if expected != found {
                return Err(ReadError::Entry {
                    index,
                    expected,
                    found,
                });
            }
        }
        Ok(bytes)
    }

    /// The hashes of the level's partial tile; none if it has none.
    pub(crate) fn edge_hashes(&self, level: u8) -> Vec<Hash> {
        let hashes = self.edge.get(&level).and_then(|pyramid| pyramid.0.first());
        hashes.cloned().unwrap_or_default()
    }

    /// The root of the complete subtree of this height at this place.
    fn subtree(&mut self, height: u32, place: u64) -> Result<Hash, ReadError<E>> {
        let size = self.size();
        if place >= size.checked_shr(height).unwrap_or(0) {
            let index = place.checked_shl(height).unwrap_or(u64::MAX);
            return Err(ProofError::OutsideTree { index, size }.into());
        }
        let level = u8::try_from(height / TILE_HEIGHT).unwrap_or(u8::MAX);
        self.node(level, height % TILE_HEIGHT, place)
    }

    /// A node of the tree by the level of the tile that has it, its row in that tile from the bottom, and its place
    /// in the tree's row. It calls itself once a level, at most.
    fn node(&mut self, level: u8, row: u32, place: u64) -> Result<Hash, ReadError<E>> {
        let in_row = TILE_HEIGHT - row;
        let (tile, within) = (place >> in_row, place & ((1 << in_row) - 1));
        if let Some(pyramid) = self.known(level, tile) {
            return pyramid.node(row, within).ok_or_else(|| self.outside(place));
        }
        if level >= LEVEL_MAX {
            return Err(self.outside(place));
        }
        let expected = self.node(level + 1, 0, tile)?;
        let pyramid = self.full(level, tile, expected)?;
        let node = pyramid.node(row, within);
        self.keep((level, tile), pyramid);
        node.ok_or_else(|| self.outside(place))
    }

    fn known(&self, level: u8, tile: u64) -> Option<&Pyramid> {
        match tile == hashes_on_level(level, self.size()) / TILE_WIDTH {
            true => self.edge.get(&level),
            false => self.kept.get(&(level, tile)),
        }
    }

    /// A full tile that leads to the hash which the tile above has for it.
    fn full(&mut self, level: u8, tile: u64, expected: Hash) -> Result<Pyramid, ReadError<E>> {
        let id = TileId::new(TileKind::Hashes { level }, tile, TILE_WIDTH)?;
        let pyramid = Pyramid::over(read_hashes(id, &mut self.fetch)?);
        match pyramid.node(TILE_HEIGHT, 0) {
            Some(found) if found != expected => Err(ReadError::Inconsistent {
                id,
                expected,
                found,
            }),
            _ => Ok(pyramid),
        }
    }

    fn keep(&mut self, at: (u8, u64), pyramid: Pyramid) {
        if self.kept.len() >= TILES_KEPT_MAX {
            self.kept.clear();
        }
        self.kept.insert(at, pyramid);
    }

    fn outside(&self, index: u64) -> ReadError<E> {
        let size = self.size();
        ProofError::OutsideTree { index, size }.into()
    }
}

/// All nodes over a tile's hashes that stand for complete subtrees: row 0 are the hashes, each row is half of the one
/// below, and where that is odd its last has no parent here.
struct Pyramid(Vec<Vec<Hash>>);

impl Pyramid {
    fn over(hashes: Vec<Hash>) -> Self {
        let mut rows = vec![hashes];
        while let Some(row) = rows.last().filter(|row| row.len() > 1) {
            let (pairs, _) = row.as_chunks::<2>();
            rows.push(pairs.iter().map(|[a, b]| node_hash(*a, *b)).collect());
        }
        Self(rows)
    }

    fn node(&self, row: u32, place: u64) -> Option<Hash> {
        let row = self.0.get(row as usize)?;
        row.get(usize::try_from(place).ok()?).copied()
    }

    /// The roots of the complete subtrees that cover the tile, largest first: the last of each row of odd length.
    fn roots(&self) -> impl Iterator<Item = Hash> {
        let odd = self.0.iter().rev().filter(|row| row.len() % 2 == 1);
        odd.filter_map(|row| row.last().copied())
    }
}

/// The frontier of these roots, if it leads to `root`.
fn edge_of<E>(size: u64, expected: Hash, roots: Vec<Hash>) -> Result<Frontier, ReadError<E>> {
    let tree = Frontier::from_roots(size, roots).unwrap_or_default();
    let found = tree.root();
    match tree.size() == size && found == expected {
        true => Ok(tree),
        false => Err(ReadError::Root {
            size,
            expected,
            found,
        }),
    }
}

fn fetch<B, E>(
    id: TileId,
    fetch: &mut impl FnMut(TileId) -> Result<B, E>,
) -> Result<B, ReadError<E>> {
    fetch(id).map_err(|error| ReadError::Fetch { id, error })
}

fn read_hashes<B: AsRef<[u8]>, E>(
    id: TileId,
    source: &mut impl FnMut(TileId) -> Result<B, E>,
) -> Result<Vec<Hash>, ReadError<E>> {
    Ok(id.read_hashes(fetch(id, source)?.as_ref())?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tile::write_hashes;
    use crate::tile_writer::TileWriter;
    use proptest::prelude::*;
    use std::convert::Infallible;

    type Tiles = BTreeMap<TileId, Vec<u8>>;

    type Error = ReadError<&'static str>;
    type Fetch<'a> = Box<dyn FnMut(TileId) -> Result<Vec<u8>, &'static str> + 'a>;

    struct Log {
        leaves: Vec<Hash>,
        tiles: Tiles,
        root: Hash,
    }

    fn log(size: u64) -> Log {
        let (mut writer, mut tiles, mut leaves) = (TileWriter::default(), Tiles::new(), Vec::new());
        for index in 0..size {
            let entry = index.to_be_bytes();
            leaves.push(leaf_hash(&entry));
            let full = writer.append(&entry).unwrap();
            tiles.extend(full.into_iter().map(|tile| (tile.id, tile.bytes)));
        }
        tiles.extend(
            writer
                .partial()
                .into_iter()
                .map(|tile| (tile.id, tile.bytes)),
        );
        Log {
            leaves,
            tiles,
            root: writer.root(),
        }
    }

    fn reader(size: u64, root: Hash, tiles: &Tiles) -> Result<TileReader<Fetch<'_>>, Error> {
        let fetch = |id| tiles.get(&id).cloned().ok_or("not there");
        TileReader::open(size, root, Box::new(fetch))
    }

    #[test]
    fn proofs_from_tiles_are_those_from_leaves() {
        for size in [1u64, 2, 255, 256, 257, 1000, 65_536, 65_537, 66_051] {
            let log = log(size);
            let mut reader = reader(size, log.root, &log.tiles).unwrap();
            for index in [0, 1, size / 3, size / 2, size - 1].map(|index| index.min(size - 1)) {
                let proof = reader.inclusion(index).unwrap();
                assert_eq!(
                    Ok(&proof),
                    InclusionProof::of_leaves(index, &log.leaves).as_ref()
                );
                let leaf = log.leaves[index as usize];
                assert_eq!(reader.leaf(index), Ok(leaf));
                assert_eq!(proof.verify(leaf, index, size, log.root), Ok(()));
                let old = index + 1;
                let proof = reader.consistency(old).unwrap();
                let old_root = reader.root_at(old).unwrap();
                assert_eq!(proof.verify((old, old_root), (size, log.root)), Ok(()));
            }
            assert_eq!(reader.consistency(0), Ok(ConsistencyProof::default()));
            assert_eq!(reader.root_at(0), Ok(Frontier::default().root()));
        }
    }

    #[test]
    fn an_empty_tree_has_no_tiles_and_its_own_root() {
        let tiles = Tiles::new();
        let mut empty = reader(0, Frontier::default().root(), &tiles).unwrap();
        let outside = ReadError::Proof(ProofError::OutsideTree { index: 0, size: 0 });
        assert_eq!(empty.inclusion(0).err(), Some(outside));
        assert!(reader(0, Hash::of(b"x"), &tiles).is_err());
    }

    #[test]
    fn a_proof_reads_a_tile_a_level_and_keeps_it() {
        let log = log(66_051);
        let fetched = std::cell::RefCell::new(Vec::new());
        let fetch = |id: TileId| {
            fetched.borrow_mut().push(id.to_string());
            Ok::<_, Infallible>(log.tiles[&id].clone())
        };
        let mut reader = TileReader::open(66_051, log.root, fetch).unwrap();
        let edge = ["tile/2/000.p/1", "tile/1/001.p/2", "tile/0/258.p/3"];
        assert_eq!(fetched.take(), edge);
        reader.inclusion(300).unwrap();
        assert_eq!(fetched.take(), ["tile/1/000", "tile/0/001"]);
        reader.inclusion(301).unwrap();
        assert_eq!(fetched.take(), [""; 0]);
    }

    /// The largest tree there can be, all of whose leaves are alike: every subtree of a height has the same root, so
    /// that its tiles need not be kept anywhere.
    #[test]
    fn proofs_of_the_largest_tree_are_made_from_tiles_and_verify() {
        let size = TREE_SIZE_MAX;
        let mut roots = vec![leaf_hash(b"")];
        for height in 1..63 {
            roots.push(node_hash(roots[height - 1], roots[height - 1]));
        }
        let fetch = |id: TileId| {
            let root = roots[usize::from(id.level()) * TILE_HEIGHT as usize];
            Ok::<_, Infallible>(write_hashes(&vec![root; id.width() as usize]))
        };
        // All 63 bits of the size are set.
        let edge = roots.iter().rev().copied().collect();
        let root = Frontier::from_roots(size, edge).unwrap().root();
        let mut reader = TileReader::open(size, root, fetch).unwrap();
        for index in [0, 1, 255, 256, size / 3, size / 2, size - 2, size - 1] {
            let proof = reader.inclusion(index).unwrap();
            assert_eq!(proof.verify(roots[0], index, size, root), Ok(()));
            let old = (index + 1, reader.root_at(index + 1).unwrap());
            let proof = reader.consistency(old.0).unwrap();
            assert_eq!(proof.verify(old, (size, root)), Ok(()));
        }
        assert!(reader.inclusion(size).is_err() && reader.consistency(size + 1).is_err());
        assert!(reader.leaf(u64::MAX).is_err() && reader.bundle(u64::MAX).is_err());
    }

    #[test]
    fn beside_the_edge_a_bounded_number_of_tiles_is_kept() {
        let size = (TILES_KEPT_MAX as u64 + 40) * TILE_WIDTH;
        let log = log(size);
        let mut reader = reader(size, log.root, &log.tiles).unwrap();
        for index in (0..size).step_by(TILE_WIDTH as usize) {
            assert_eq!(reader.leaf(index), Ok(log.leaves[index as usize]));
            assert!(reader.kept.len() <= TILES_KEPT_MAX);
        }
    }

    #[test]
    fn a_bundle_that_disagrees_with_its_tile_is_refused() {
        let mut log = log(300);
        let last = "tile/entries/001.p/44".parse().unwrap();
        let bytes = log.tiles[&last].clone();
        assert_eq!(
            reader(300, log.root, &log.tiles).unwrap().bundle(1),
            Ok(bytes)
        );
        log.tiles.get_mut(&last).unwrap()[12] ^= 1;
        let error = reader(300, log.root, &log.tiles)
            .unwrap()
            .bundle(1)
            .unwrap_err();
        assert!(
            matches!(error, ReadError::Entry { index: 257, .. }),
            "{error}"
        );
        log.tiles.get_mut(&last).unwrap().pop();
        let error = reader(300, log.root, &log.tiles)
            .unwrap()
            .bundle(1)
            .unwrap_err();
        assert!(matches!(error, ReadError::Bundle { .. }), "{error}");
        let error = reader(300, log.root, &log.tiles)
            .unwrap()
            .bundle(2)
            .unwrap_err();
        assert!(matches!(error, ReadError::Proof(_)), "{error}");
    }

    #[test]
    fn a_tile_of_another_log_or_none_is_refused_by_name() {
        let mut log = log(700);
        let middle: TileId = "tile/0/001".parse().unwrap();
        log.tiles.get_mut(&middle).unwrap()[0] ^= 1;
        let mut forged = reader(700, log.root, &log.tiles).unwrap();
        assert!(forged.inclusion(3).is_ok());
        let error = forged.inclusion(300).unwrap_err();
        assert!(
            matches!(error, ReadError::Inconsistent { id, .. } if id == middle),
            "{error}"
        );
        drop(forged);
        log.tiles.remove(&middle);
        let error = reader(700, log.root, &log.tiles)
            .unwrap()
            .inclusion(300)
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "`tile/0/001` could not be read: not there"
        );
        assert!(matches!(
            reader(700, Hash::of(b"x"), &log.tiles).err(),
            Some(ReadError::Root { .. })
        ));
        assert!(matches!(
            reader(u64::MAX, log.root, &log.tiles).err(),
            Some(ReadError::Proof(_))
        ));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn no_flipped_bit_in_a_tile_gets_into_a_proof(
            size in 1..1_500u64, index: u64, old: u64, which: usize, bit: usize,
        ) {
            let mut log = log(size);
            let (index, old) = (index % size, old % (size + 1));
            let id = *log.tiles.keys().nth(which % log.tiles.len()).unwrap();
            let bytes = log.tiles.get_mut(&id).unwrap();
            let bit = bit % (bytes.len() * 8);
            bytes[bit / 8] ^= 1 << (bit % 8);
            if let Ok(mut reader) = reader(size, log.root, &log.tiles) {
                if let Ok(proof) = reader.inclusion(index) {
                    prop_assert_eq!(Ok(proof), InclusionProof::of_leaves(index, &log.leaves));
                }
                if let Ok(proof) = reader.consistency(old) {
                    prop_assert_eq!(Ok(proof), ConsistencyProof::of_leaves(old, &log.leaves));
                }
            }
        }
    }
}
