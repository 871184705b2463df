//! Tiles of C2SP's tlog-tiles: which pieces a tree of a given size is served in, their paths, and the bytes of those
//! that hold hashes.
//!
//! A tile of level L holds up to 256 roots of subtrees of 256^L leaves, side by side; an entry bundle has the same
//! place as the tile of level 0 and holds the entries themselves (`bundle` has its bytes). `tile_writer` makes tiles
//! from entries, `tile_reader` proves from them. Nothing here says that a tile's hashes are right.
//!
//! Invariants:
//! - a `TileId` is one that some tree of at most 2^63 − 1 leaves has;
//! - path and id are each other's inverse: no id has two paths, no other text is a path.

use crate::decimal;
use crate::limits::{TILE_BYTES_MAX, TILE_PATH_BYTES_MAX, TREE_SIZE_MAX};
use crate::tree::Hash;
use std::{fmt, str::FromStr};

/// Rows of the tree between a tile's hashes and its root.
pub const TILE_HEIGHT: u32 = 8;

/// Hashes of a full tile, entries of a full bundle.
pub const TILE_WIDTH: u64 = 1 << TILE_HEIGHT;

/// The highest level on which a tree has tiles: 2^63 − 1 leaves have 63 bits, and a level takes 8 of them.
pub const LEVEL_MAX: u8 = 7;

const HASH_BYTES: usize = 32;

/// Why a text or bytes are no tile.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TileError {
    /// Not the path of a tile, or not as it is written.
    #[error(
        "`{found}` is no path of a tile: expected `tile/LEVEL/N`, as `tile/0/x001/x234/067` or `tile/0/000.p/17`, with `entries` as level for an entry bundle"
    )]
    Path {
        /// The text.
        found: String,
    },
    /// Longer than a tile's path can be.
    #[error("expected a path of at most {TILE_PATH_BYTES_MAX} bytes, found {found}")]
    PathTooLong {
        /// Its bytes.
        found: usize,
    },
    /// A tile that no tree has.
    #[error(
        "no tree of at most {TREE_SIZE_MAX} leaves has the tile of level {level}, index {index} and width {width}"
    )]
    OutOfRange {
        /// Its level.
        level: u8,
        /// Its index on the level.
        index: u64,
        /// Its width.
        width: u64,
    },
    /// As many bytes as another tile has.
    #[error("expected {expected} bytes for `{id}`, found {found}")]
    Length {
        /// The tile.
        id: TileId,
        /// 32 for each hash.
        expected: usize,
        /// As many as there are.
        found: usize,
    },
}

/// What a tile holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TileKind {
    /// Entries: an *entry bundle*.
    Entries,
    /// Roots of subtrees of 256^level leaves.
    Hashes {
        /// 0 to [`LEVEL_MAX`].
        level: u8,
    },
}

/// One tile: what it holds, its index on its level, and its width, 1 to 256.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TileId {
    kind: TileKind,
    index: u64,
    width: u16,
}

impl TileId {
    /// The tile of this kind, index and width, if a tree has it.
    pub fn new(kind: TileKind, index: u64, width: u64) -> Result<Self, TileError> {
        let level = level_of(kind);
        let out_of_range = || TileError::OutOfRange {
            level,
            index,
            width,
        };
        let fits = (1..=TILE_WIDTH).contains(&width) && level <= LEVEL_MAX;
        let leaves = index
            .checked_mul(TILE_WIDTH)
            .and_then(|hashes| hashes.checked_add(width))
            .filter(|_| fits)
            .and_then(|hashes| hashes.checked_mul(1 << leaf_bits(level)))
            .ok_or_else(out_of_range)?;
        match (leaves <= TREE_SIZE_MAX, u16::try_from(width)) {
            (true, Ok(width)) => Ok(Self { kind, index, width }),
            _ => Err(out_of_range()),
        }
    }

    /// What it holds.
    pub fn kind(&self) -> TileKind {
        self.kind
    }

    /// Its level; 0 for an entry bundle.
    pub fn level(&self) -> u8 {
        level_of(self.kind)
    }

    /// Its index on its level.
    pub fn index(&self) -> u64 {
        self.index
    }

    /// Number of its hashes or entries.
    pub fn width(&self) -> u64 {
        u64::from(self.width)
    }

    /// Whether it is full: then its bytes never change, and it holds its place for ever.
    pub fn is_full(&self) -> bool {
        self.width() == TILE_WIDTH
    }

    /// The same tile when it is full; none if no tree has it. A source that no longer has a partial tile may have
    /// this one, which begins with it.
    pub fn full(&self) -> Option<Self> {
        Self::new(self.kind, self.index, TILE_WIDTH).ok()
    }

    /// Whether the tree of `size` leaves is served in pieces of which this is one, in this very width.
    pub fn is_of(&self, size: u64) -> bool {
        Self::at(self.kind, self.index, size) == Some(*self)
    }

    /// The tile of this kind and index in the tree of `size` leaves; none if it would be empty.
    pub fn at(kind: TileKind, index: u64, size: u64) -> Option<Self> {
        let hashes = hashes_on_level(level_of(kind), size);
        let before = index.checked_mul(TILE_WIDTH)?;
        let width = hashes.checked_sub(before)?.min(TILE_WIDTH);
        Self::new(kind, index, width).ok()
    }

    /// Every tile of the tree of `size` leaves: bundles first, then level by level.
    pub fn all_of(size: u64) -> impl Iterator<Item = Self> {
        Self::added(0, size)
    }

    /// What growth from `old` to `new` leaves adds: the tiles that have become full, and the partial tiles that the
    /// older tree had not. Bundles come first, then level by level, by index.
    pub fn added(old: u64, new: u64) -> impl Iterator<Item = Self> {
        let levels = (0..=LEVEL_MAX).map(|level| TileKind::Hashes { level });
        let kinds = std::iter::once(TileKind::Entries).chain(levels);
        kinds.flat_map(move |kind| added_of_kind(kind, old, new))
    }

    /// The hashes of this tile: as many as it is wide, and nothing after them.
    pub fn read_hashes(&self, bytes: &[u8]) -> Result<Vec<Hash>, TileError> {
        let expected = usize::from(self.width) * HASH_BYTES;
        let (hashes, rest) = bytes.as_chunks::<HASH_BYTES>();
        if hashes.len() != usize::from(self.width) || !rest.is_empty() {
            return Err(TileError::Length {
                id: *self,
                expected,
                found: bytes.len(),
            });
        }
        Ok(hashes.iter().copied().map(Hash::from_bytes).collect())
    }
}

/// The bytes of a tile of these hashes: one after another.
pub fn write_hashes(hashes: &[Hash]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity((hashes.len() * HASH_BYTES).min(TILE_BYTES_MAX));
    for hash in hashes {
        bytes.extend(hash.as_bytes());
    }
    bytes
}

/// Of the tree of `size` leaves, how many hashes the tiles of this level hold together.
pub(crate) fn hashes_on_level(level: u8, size: u64) -> u64 {
    size.checked_shr(leaf_bits(level)).unwrap_or(0)
}

/// A hash of this level stands for 2 to the power of this many leaves.
fn leaf_bits(level: u8) -> u32 {
    u32::from(level) * TILE_HEIGHT
}

fn level_of(kind: TileKind) -> u8 {
    match kind {
        TileKind::Entries => 0,
        TileKind::Hashes { level } => level,
    }
}

fn added_of_kind(kind: TileKind, old: u64, new: u64) -> impl Iterator<Item = TileId> {
    let [old, hashes] = [old, new].map(|size| hashes_on_level(level_of(kind), size));
    // Of the older tree, the tile that was not full is there again if it has become wider.
    let first = old / TILE_WIDTH;
    let end = match old < hashes {
        true => hashes.div_ceil(TILE_WIDTH),
        false => first,
    };
    (first..end).filter_map(move |index| TileId::at(kind, index, new))
}

impl fmt::Display for TileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            TileKind::Entries => f.write_str("tile/entries/")?,
            TileKind::Hashes { level } => write!(f, "tile/{level}/")?,
        }
        write_index(self.index, f)?;
        match self.is_full() {
            true => Ok(()),
            false => write!(f, ".p/{}", self.width),
        }
    }
}

/// The index in elements of three digits, all but the last after an `x`: 1234067 is `x001/x234/067`.
fn write_index(index: u64, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let (mut groups, mut rest) = (vec![index % 1000], index / 1000);
    while rest > 0 {
        groups.push(rest % 1000);
        rest /= 1000;
    }
    for (place, group) in groups.iter().enumerate().rev() {
        match place {
            0 => write!(f, "{group:03}")?,
            _ => write!(f, "x{group:03}/")?,
        }
    }
    Ok(())
}

impl fmt::Debug for TileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TileId({self})")
    }
}

impl FromStr for TileId {
    type Err = TileError;

    fn from_str(path: &str) -> Result<Self, TileError> {
        if path.len() > TILE_PATH_BYTES_MAX {
            return Err(TileError::PathTooLong { found: path.len() });
        }
        let malformed = || TileError::Path {
            found: path.to_owned(),
        };
        let (kind, index, width) = parts(path).ok_or_else(malformed)?;
        let id = Self::new(kind, index, width)?;
        // What has one way to be written is compared with it: no zero, sign or suffix too many gets by.
        match id.to_string() == path {
            true => Ok(id),
            false => Err(malformed()),
        }
    }
}

/// What a path says, of whatever it could be the path.
fn parts(path: &str) -> Option<(TileKind, u64, u64)> {
    let (level, place) = path.strip_prefix("tile/")?.split_once('/')?;
    let kind = match level {
        "entries" => TileKind::Entries,
        level => TileKind::Hashes {
            level: decimal::parse(level, 63)?.try_into().ok()?,
        },
    };
    let (index, width) = match place.split_once(".p/") {
        Some((_, "0")) => return None,
        Some((index, width)) => (index, decimal::parse(width, TILE_WIDTH - 1)?),
        None => (place, TILE_WIDTH),
    };
    Some((kind, read_index(index)?, width))
}

fn read_index(text: &str) -> Option<u64> {
    let mut index = 0u64;
    for element in text.split('/') {
        let digits = element.strip_prefix('x').unwrap_or(element);
        if digits.len() != 3 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let group: u64 = digits.parse().ok()?;
        index = index.checked_mul(1000)?.checked_add(group)?;
    }
    Some(index)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn kind() -> impl Strategy<Value = TileKind> {
        prop_oneof![
            Just(TileKind::Entries),
            (0..=LEVEL_MAX).prop_map(|level| TileKind::Hashes { level }),
        ]
    }

    fn paths(tiles: impl Iterator<Item = TileId>) -> Vec<String> {
        tiles.map(|id| id.to_string()).collect()
    }

    #[test]
    fn the_index_of_the_specification_has_its_path() {
        let kind = TileKind::Hashes { level: 0 };
        let id = TileId::new(kind, 1_234_067, TILE_WIDTH).unwrap();
        assert_eq!(id.to_string(), "tile/0/x001/x234/067");
        let id = TileId::new(TileKind::Entries, 0, 17).unwrap();
        assert_eq!(id.to_string(), "tile/entries/000.p/17");
    }

    #[test]
    fn a_tree_of_70_000_has_the_tiles_of_the_specification() {
        let tiles: Vec<_> = TileId::all_of(70_000).collect();
        let of_level = |level, full| {
            let kind = TileKind::Hashes { level };
            let tiles = tiles
                .iter()
                .filter(|id| id.kind() == kind && id.is_full() == full);
            tiles.map(TileId::width).collect::<Vec<_>>()
        };
        assert_eq!(of_level(0, true).len(), 273);
        assert_eq!(of_level(0, false), [112]);
        assert_eq!(of_level(1, true).len(), 1);
        assert_eq!(of_level(1, false), [17]);
        assert_eq!((of_level(2, true).len(), of_level(2, false)), (0, vec![1]));
        assert_eq!(of_level(3, false), []);
        let bundles = tiles.iter().filter(|id| id.kind() == TileKind::Entries);
        assert_eq!(bundles.count(), 274);
    }

    #[test]
    fn a_tree_of_256_has_a_full_tile_and_one_above_it() {
        assert_eq!(
            paths(TileId::all_of(256)),
            ["tile/entries/000", "tile/0/000", "tile/1/000.p/1"]
        );
        assert_eq!(paths(TileId::all_of(0)), [""; 0]);
    }

    #[test]
    fn growth_adds_what_became_full_and_what_is_partial_now() {
        assert_eq!(
            paths(TileId::added(255, 513)),
            [
                "tile/entries/000",
                "tile/entries/001",
                "tile/entries/002.p/1",
                "tile/0/000",
                "tile/0/001",
                "tile/0/002.p/1",
                "tile/1/000.p/2",
            ]
        );
        assert_eq!(
            paths(TileId::added(513, 514)),
            ["tile/entries/002.p/2", "tile/0/002.p/2"]
        );
        assert_eq!(paths(TileId::added(514, 514)), [""; 0]);
        assert_eq!(paths(TileId::added(514, 513)), [""; 0]);
    }

    #[test]
    fn what_could_be_written_otherwise_is_no_path() {
        for bad in [
            "",
            "tile",
            "tile/",
            "tile/0",
            "tile/0/",
            "/tile/0/000",
            "tile/0/000/",
            "tile//000",
            "tile/00/000",
            "tile/+0/000",
            "tile/-1/000",
            "tile/64/000",
            "tile/Entries/000",
            "tile/data/000",
            "tile/0/0",
            "tile/0/0000",
            "tile/0/1000",
            "tile/0/x000",
            "tile/0/x000/001",
            "tile/0/001/001",
            "tile/0/x001/x001",
            "tile/0/X001/001",
            "tile/0/xx001/001",
            "tile/0/x1/001",
            "tile/0/..",
            "tile/0/../000",
            "tile/0/./000",
            "tile/0/x001/../001",
            "tile/0/000.p",
            "tile/0/000.p/",
            "tile/0/000.p/0",
            "tile/0/000.p/01",
            "tile/0/000.p/256",
            "tile/0/000.p/1.p/1",
            "tile/0/000.p/1/",
            "tile/0/000.P/1",
            "tile/0/000?",
            "tile/0/%30",
            "tile/0/\u{660}\u{660}\u{660}",
            "checkpoint",
        ] {
            let error = bad.parse::<TileId>().unwrap_err();
            assert!(matches!(error, TileError::Path { .. }), "{bad}: {error}");
        }
    }

    #[test]
    fn a_tile_that_no_tree_has_is_out_of_range() {
        for bad in [
            "tile/8/000",
            "tile/63/000.p/1",
            "tile/7/000",
            "tile/7/000.p/128",
            "tile/7/001.p/1",
            "tile/0/x036/x028/x797/x018/x963/968",
            "tile/entries/x036/x028/x797/x018/x963/967",
        ] {
            let error = bad.parse::<TileId>().unwrap_err();
            assert!(
                matches!(error, TileError::OutOfRange { .. }),
                "{bad}: {error}"
            );
        }
        let last = "tile/entries/x036/x028/x797/x018/x963/967.p/255";
        assert!(last.parse::<TileId>().unwrap().is_of(TREE_SIZE_MAX));
        assert!(
            "tile/7/000.p/127"
                .parse::<TileId>()
                .unwrap()
                .is_of(TREE_SIZE_MAX)
        );
        let long = format!("tile/0/{}000", "x001/".repeat(20));
        assert_eq!(
            long.parse::<TileId>(),
            Err(TileError::PathTooLong { found: long.len() })
        );
    }

    #[test]
    fn a_tile_is_of_the_sizes_that_give_it_its_width() {
        let partial: TileId = "tile/0/001.p/17".parse().unwrap();
        let sizes: Vec<_> = (0..1000).filter(|&size| partial.is_of(size)).collect();
        assert_eq!(sizes, [273]);
        let full = partial.full().unwrap();
        assert!(!full.is_of(511) && full.is_of(512) && full.is_of(100_000));
    }

    proptest! {
        #[test]
        fn an_id_is_read_as_it_is_written(kind in kind(), index: u64, shift in 0..64u32, width in 0..300u64) {
            if let Ok(id) = TileId::new(kind, index >> shift, width) {
                prop_assert_eq!(id.to_string().parse(), Ok(id));
            }
        }

        #[test]
        fn a_path_is_written_as_it_was_read(path in "tile/([0-9]|entries)/(x[0-9]{3}/){0,2}[0-9]{3}(\\.p/[0-9]{1,3})?") {
            if let Ok(id) = path.parse::<TileId>() {
                prop_assert_eq!(id.to_string(), path);
            }
        }

        #[test]
        fn no_text_makes_the_reader_panic(text: String) {
            prop_assert!(text.parse::<TileId>().is_err());
        }

        #[test]
        fn growth_in_two_steps_leaves_what_growth_in_one_does(a in 0..200_000u64, b in 0..2_000u64) {
            let whole: BTreeSet<_> = TileId::all_of(a + b).collect();
            let mut steps: BTreeSet<_> = TileId::all_of(a).chain(TileId::added(a, a + b)).collect();
            prop_assert!(TileId::added(a, a + b).all(|id| id.is_of(a + b) && !id.is_of(a)));
            steps.retain(|id| id.is_of(a + b));
            prop_assert_eq!(whole, steps);
        }

        #[test]
        fn hashes_are_read_as_they_are_written(bytes in proptest::collection::vec(any::<[u8; 32]>(), 1..=256)) {
            let hashes: Vec<_> = bytes.into_iter().map(Hash::from_bytes).collect();
            let id = TileId::new(TileKind::Hashes { level: 0 }, 3, hashes.len() as u64).unwrap();
            let mut bytes = write_hashes(&hashes);
            prop_assert_eq!(id.read_hashes(&bytes), Ok(hashes));
            bytes.push(0);
            prop_assert!(id.read_hashes(&bytes).is_err());
            bytes.truncate(bytes.len() - 33);
            prop_assert!(id.read_hashes(&bytes).is_err());
        }
    }
}
