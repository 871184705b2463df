//! Other hands' readings of the same formats: the crates `signed_note`, `tlog_tiles` and `ct-merkle` read what we write
//! and we read what they write. They share no code with ours but the hash and the curve.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a peer that disagrees must stop its test"
)]

use proptest::prelude::*;
use sha2::Sha256;
use sijill_ledger::checkpoint::{Checkpoint, SignedCheckpoint};
use sijill_ledger::note::{self, VerifierKey};
use sijill_ledger::proof::{ConsistencyProof, InclusionProof};
use sijill_ledger::tile::{TileId, TileKind};
use sijill_ledger::tile_reader::TileReader;
use sijill_ledger::tile_writer::TileWriter;
use sijill_ledger::tree::leaf_hash;
use sijill_ledger::{Hash, SecretKey};
use std::collections::BTreeMap;
use std::convert::Infallible;
use tlog_tiles::{HashReader, TileHashReader};

const ORIGIN: &str = "ur.example/polls/bridge";

/// A log of ours, in tiles.
struct Log {
    size: u64,
    root: Hash,
    tiles: BTreeMap<TileId, Vec<u8>>,
}

fn entry(index: u64) -> Vec<u8> {
    format!("entry {index}").into_bytes()
}

fn log(size: u64) -> Log {
    let (mut writer, mut tiles) = (TileWriter::default(), BTreeMap::new());
    for index in 0..size {
        let full = writer.append(&entry(index)).unwrap();
        tiles.extend(full.into_iter().map(|tile| (tile.id, tile.bytes)));
    }
    let partial = writer.partial().into_iter();
    tiles.extend(partial.map(|tile| (tile.id, tile.bytes)));
    let root = writer.root();
    Log { size, root, tiles }
}

impl Log {
    fn reader(&self) -> TileReader<impl FnMut(TileId) -> Result<Vec<u8>, Infallible>> {
        TileReader::open(self.size, self.root, |id| Ok(self.tiles[&id].clone())).unwrap()
    }
}

/// Our tiles as `tlog_tiles` asks for them: its paths name the tile's height, 8, and its entries are another format.
impl tlog_tiles::TileReader for Log {
    fn height(&self) -> u8 {
        8
    }

    fn read_tiles(&self, tiles: &[tlog_tiles::Tile]) -> Result<Vec<Vec<u8>>, tlog_tiles::Error> {
        let bytes = |tile: &tlog_tiles::Tile| self.tiles[&ours(tile)].clone();
        Ok(tiles.iter().map(bytes).collect())
    }

    fn save_tiles(&self, _: &[tlog_tiles::Tile], _: &[Vec<u8>]) {}
}

fn ours(tile: &tlog_tiles::Tile) -> TileId {
    tile.path().replacen("tile/8/", "tile/", 1).parse().unwrap()
}

fn theirs(hash: Hash) -> tlog_tiles::Hash {
    tlog_tiles::Hash(*hash.as_bytes())
}

fn all_theirs(hashes: &[Hash]) -> Vec<tlog_tiles::Hash> {
    hashes.iter().copied().map(theirs).collect()
}

const SIZES: [u64; 8] = [1, 2, 255, 256, 257, 600, 65_536, 66_051];

fn places(size: u64) -> [u64; 5] {
    [0, 1, size / 3, size / 2, size - 1].map(|index| index.min(size - 1))
}

#[test]
fn tlog_tiles_proves_from_our_tiles_what_we_prove() {
    for size in SIZES {
        let log = log(size);
        let hashes = TileHashReader::new(size, theirs(log.root), &log);
        assert_eq!(
            tlog_tiles::tree_hash(size, &hashes).unwrap(),
            theirs(log.root)
        );
        let mut reader = log.reader();
        for index in places(size) {
            let ours = all_theirs(reader.inclusion(index).unwrap().hashes());
            assert_eq!(
                ours,
                tlog_tiles::prove_record(size, index, &hashes).unwrap()
            );
            let leaf = theirs(leaf_hash(&entry(index)));
            tlog_tiles::check_record(&ours, size, theirs(log.root), index, leaf).unwrap();
            let old = index + 1;
            let ours = all_theirs(reader.consistency(old).unwrap().hashes());
            assert_eq!(ours, tlog_tiles::prove_tree(size, old, &hashes).unwrap());
            let old_root = theirs(reader.root_at(old).unwrap());
            tlog_tiles::check_tree(&ours, size, theirs(log.root), old, old_root).unwrap();
        }
    }
}

#[test]
fn tlog_tiles_refuses_our_tiles_for_another_root() {
    let log = log(600);
    let hashes = TileHashReader::new(600, theirs(Hash::of(b"other")), &log);
    assert!(hashes.read_hashes(&[0]).is_err());
}

#[test]
fn ct_merkle_proves_and_accepts_what_we_prove() {
    let mut tree = ct_merkle::mem_backed_tree::MemoryBackedTree::<Sha256, Vec<u8>>::new();
    for size in 1..300u64 {
        tree.push(entry(size - 1));
        let log = log(size);
        let root = tree.root();
        assert_eq!(root.as_bytes().as_slice(), log.root.as_bytes());
        let mut reader = log.reader();
        for index in places(size) {
            let ours = reader.inclusion(index).unwrap();
            let theirs = tree.prove_inclusion(index as usize);
            assert_eq!(theirs.as_bytes(), bytes_of(ours.hashes()));
            root.verify_inclusion(&entry(index), index, &theirs)
                .unwrap();
            let old = index + 1;
            let ours = reader.consistency(old).unwrap();
            let theirs = tree.prove_consistency((size - old) as usize);
            assert_eq!(
                theirs.as_bytes(),
                bytes_of(ours.hashes()),
                "{old} of {size}"
            );
        }
    }
}

fn bytes_of(hashes: &[Hash]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| *hash.as_bytes()).collect()
}

fn hashes_of(bytes: &[u8]) -> Vec<Hash> {
    let chunks = bytes.as_chunks::<32>().0;
    chunks.iter().copied().map(Hash::from_bytes).collect()
}

#[test]
fn what_ct_merkle_proves_we_accept() {
    let mut tree = ct_merkle::mem_backed_tree::MemoryBackedTree::<Sha256, Vec<u8>>::new();
    let mut roots = vec![Hash::of(b"")];
    for size in 1..150u64 {
        tree.push(entry(size - 1));
        let root = Hash::from_bytes((*tree.root().as_bytes()).into());
        roots.push(root);
        for index in places(size) {
            let proof = tree.prove_inclusion(index as usize);
            let proof = InclusionProof::from_hashes(hashes_of(proof.as_bytes())).unwrap();
            let leaf = leaf_hash(&entry(index));
            assert_eq!(proof.verify(leaf, index, size, root), Ok(()));
            let old = index + 1;
            let proof = tree.prove_consistency((size - old) as usize);
            let proof = ConsistencyProof::from_hashes(hashes_of(proof.as_bytes())).unwrap();
            let old_root = roots[old as usize];
            assert_eq!(proof.verify((old, old_root), (size, root)), Ok(()));
        }
    }
}

#[test]
fn signed_note_and_tlog_tiles_read_our_checkpoint() {
    let secret = SecretKey::from_seed([1; 32]);
    let key = VerifierKey::new(ORIGIN, secret.public_key()).unwrap();
    let checkpoint = Checkpoint {
        origin: ORIGIN.parse().unwrap(),
        size: 20_852_163,
        root: Hash::of(b"root"),
    };
    let signed = checkpoint.sign(&secret).unwrap();
    let verified = signed.verify(std::slice::from_ref(&key)).unwrap();
    let line = verified.cosign("witness.example/w1", &secret, 1_679_315_147);
    let text = signed.with(line.unwrap()).unwrap().to_string();

    let verifier = signed_note::StandardVerifier::new(&key.to_string()).unwrap();
    let known = signed_note::VerifierList::new(vec![Box::new(verifier)]);
    let note = signed_note::Note::from_bytes(text.as_bytes()).unwrap();
    let (verified, unverified) = note.verify(&known).unwrap();
    assert_eq!((verified.len(), unverified.len()), (1, 1));
    assert_eq!(note.to_bytes(), text.as_bytes());

    let body = tlog_tiles::Checkpoint::from_bytes(note.text()).unwrap();
    assert_eq!((body.origin(), body.size()), (ORIGIN, 20_852_163));
    assert_eq!(*body.hash(), theirs(checkpoint.root));
    assert_eq!(body.extension(), "");
    assert_eq!(body.to_bytes(), checkpoint.to_string().as_bytes());
}

#[test]
fn what_signed_note_signs_we_open() {
    let secret = SecretKey::from_seed([1; 32]);
    let key = VerifierKey::new(ORIGIN, secret.public_key()).unwrap();
    let id = key.to_string().split('+').nth(1).unwrap().to_owned();
    let bytes = [&[1], &secret.seed()[..]].concat();
    let base64 = data_encoding::BASE64.encode(&bytes);
    let signer = signed_note::StandardSigner::new(&format!("PRIVATE+KEY+{ORIGIN}+{id}+{base64}"));
    let body = tlog_tiles::Checkpoint::new(ORIGIN, 9, theirs(Hash::of(b"root")), "").unwrap();
    let mut theirs = signed_note::Note::new(&body.to_bytes(), &[]).unwrap();
    theirs.add_sigs(&[&signer.unwrap()]).unwrap();
    let text = String::from_utf8(theirs.to_bytes()).unwrap();
    assert_eq!(note::open(&text, &key).unwrap().as_bytes(), body.to_bytes());
    let signed: SignedCheckpoint = text.parse().unwrap();
    assert_eq!(signed.verify(&[key]).unwrap().checkpoint().size, 9);
}

proptest! {
    #[test]
    fn tlog_tiles_has_the_same_paths(level in 0..8u8, index: u64, shift in 8..64u32, width in 1..=256u32) {
        let kind = TileKind::Hashes { level };
        let tile = tlog_tiles::Tile::new(8, level, index >> shift, width, false);
        if let Ok(id) = TileId::new(kind, index >> shift, u64::from(width)) {
            prop_assert_eq!(ours(&tile), id);
            prop_assert_eq!(tlog_tiles::Tile::from_path(&id.to_string().replacen("tile/", "tile/8/", 1)).unwrap(), tile);
        }
    }

    #[test]
    fn tlog_tiles_says_that_growth_adds_the_same_tiles(old in 0..200_000u64, more in 0..3_000u64) {
        let theirs: Vec<_> = tlog_tiles::Tile::new_tiles(8, old, old + more).iter().map(ours).collect();
        let added = TileId::added(old, old + more);
        let hashes: Vec<_> = added.filter(|id| id.kind() != TileKind::Entries).collect();
        prop_assert_eq!(theirs, hashes);
    }

    #[test]
    fn a_body_that_we_read_is_one_that_tlog_tiles_reads_the_same(
        body in "(a/b|ur.example/x)\n(0|[1-9][0-9]{0,18}|0[0-9])\n[A-Za-z0-9+/]{42}[AEIM]=\n(x\n)?",
    ) {
        if let Ok(checkpoint) = body.parse::<Checkpoint>() {
            let read = tlog_tiles::Checkpoint::from_bytes(body.as_bytes()).unwrap();
            prop_assert_eq!(read.size(), checkpoint.size);
            prop_assert_eq!(*read.hash(), theirs(checkpoint.root));
        }
    }
}
