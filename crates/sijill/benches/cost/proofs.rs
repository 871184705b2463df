//! An inclusion proof from tiles, beside as many hashes as it has nodes: what checking it costs.

use crate::Scale;
use crate::table::{Rate, Row, in_turn, rate, ratio};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use sijill_ledger::Hash;
use sijill_ledger::limits::TILES_KEPT_MAX;
use sijill_ledger::proof::InclusionProof;
use sijill_ledger::tile::{TILE_HEIGHT, TILE_WIDTH, TileId};
use sijill_ledger::tile_reader::TileReader;
use sijill_ledger::tree::{Frontier, node_hash};
use std::cell::Cell;
use std::convert::Infallible;
use std::hint::black_box;

/// Tiles of leaves that a reader keeps together with the tiles above them.
const KEPT: usize = TILES_KEPT_MAX / 2 - 2;

pub fn rows(scale: &Scale) -> Vec<Row> {
    let sizes = [scale.of(1_000_000), scale.of(10_000_000)];
    sizes
        .map(|size| of_size(scale, size))
        .into_iter()
        .flatten()
        .collect()
}

fn of_size(scale: &Scale, size: u32) -> [Row; 2] {
    let tree = Tree::of(u64::from(size));
    let dice = &mut StdRng::seed_from_u64(1);
    let tiles: Vec<u64> = (0..KEPT).map(|_| dice.random_range(..tree.full)).collect();
    let near = |dice: &mut StdRng| {
        let tile = tiles[dice.random_range(..KEPT)];
        tile * TILE_WIDTH + dice.random_range(..TILE_WIDTH)
    };
    let count = scale.of(200_000);
    let kept: Vec<u64> = (0..count).map(|_| near(dice)).collect();
    let anywhere: Vec<u64> = (0..count / 10)
        .map(|_| dice.random_range(..tree.size))
        .collect();
    let fetched = Cell::new(0);
    let mut reader = tree.reader(&fetched);
    let proofs: Vec<InclusionProof> = kept
        .iter()
        .map(|index| reader.inclusion(*index).unwrap())
        .collect();
    let before = fetched.get();
    let [from_kept, hashes] = in_turn(
        scale.rounds,
        [
            ("proofs, tiles kept", &mut || {
                prove(&kept, |index| reader.inclusion(index).unwrap())
            }),
            ("their nodes hashed", &mut || hash(&proofs)),
        ],
    );
    assert_eq!(fetched.get(), before, "a tile was not kept");
    let [from_any, hashes_then] = in_turn(
        scale.rounds,
        [
            ("proofs, any tiles", &mut || {
                prove(&anywhere, |index| reader.inclusion(index).unwrap())
            }),
            ("nodes hashed", &mut || hash(&proofs)),
        ],
    );
    let beside = "as many node hashes as the proof has";
    let measured = format!("inclusion proof in a tree of {size}, tiles kept by the reader");
    let any = format!("the same at any of {size} places, tiles in memory and not traced yet");
    [
        Row::at_most(&measured, beside, ratio(&hashes, &from_kept), 2.0),
        Row::stated(
            &any,
            beside,
            format!("{:.1}", ratio(&hashes_then, &from_any)),
        ),
    ]
}

fn prove(indices: &[u64], mut proof: impl FnMut(u64) -> InclusionProof) -> Rate {
    rate(indices.len() as u32, || {
        for index in indices {
            black_box(proof(*index));
        }
    })
}

/// Hashes from leaf to root, each node after the one below it.
fn hash(proofs: &[InclusionProof]) -> Rate {
    rate(proofs.len() as u32, || {
        for proof in proofs {
            let nodes = proof.hashes().iter().copied();
            black_box(nodes.fold(Hash::from_bytes([0; 32]), node_hash));
        }
    })
}

/// A tree over leaf hashes that stand for entries, as the hashes of all its tiles, level by level.
struct Tree {
    size: u64,
    root: Hash,
    /// Full tiles of leaves.
    full: u64,
    levels: Vec<Vec<u8>>,
}

impl Tree {
    fn of(size: u64) -> Self {
        let (mut frontier, mut levels) = (Frontier::default(), Vec::new());
        for index in 0..size {
            let mut leaf = [0x11; 32];
            leaf[..8].copy_from_slice(&index.to_le_bytes());
            frontier.append_seeing(Hash::from_bytes(leaf), |height, root| {
                if height % TILE_HEIGHT == 0 {
                    let level = (height / TILE_HEIGHT) as usize;
                    levels.resize(levels.len().max(level + 1), Vec::new());
                    levels[level].extend(root.as_bytes());
                }
            });
        }
        Self {
            size,
            root: frontier.root(),
            full: size / TILE_WIDTH,
            levels,
        }
    }

    /// A reader of it; `fetched` counts what it asks for.
    fn reader<'a>(
        &'a self,
        fetched: &'a Cell<u64>,
    ) -> TileReader<impl FnMut(TileId) -> Result<&'a [u8], Infallible>> {
        let fetch = |id: TileId| {
            fetched.set(fetched.get() + 1);
            let from = (id.index() * TILE_WIDTH * 32) as usize;
            let level = &self.levels[usize::from(id.level())];
            Ok(&level[from..from + id.width() as usize * 32])
        };
        TileReader::open(self.size, self.root, fetch).unwrap()
    }
}
