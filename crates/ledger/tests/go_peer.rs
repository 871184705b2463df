//! The Go peer (`tests/peers/go`): `sumdb/note` and `sumdb/tlog` of golang.org/x/mod, as Debian's `golang-go` and
//! `golang-golang-x-mod-dev` have them, read our checkpoints, tiles and bundles, check our proofs and make the same;
//! and we read what they sign. Where they are not installed, the test is skipped and says so on standard error.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a peer that disagrees must stop its test"
)]

use data_encoding::BASE64;
use serde_json::{Value, json};
use sijill_ledger::checkpoint::{Checkpoint, SignedCheckpoint};
use sijill_ledger::note::VerifierKey;
use sijill_ledger::proof::{ConsistencyProof, InclusionProof};
use sijill_ledger::tile_writer::TileWriter;
use sijill_ledger::tree::{Frontier, leaf_hash};
use sijill_ledger::{Hash, SecretKey};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

const ORIGIN: &str = "ur.example/polls/bridge";

/// Where Debian's packages of Go put their sources.
const GOPATH: &str = "/usr/share/gocode";

#[test]
fn go_reads_our_logs_and_makes_our_proofs_and_we_read_what_it_signs() {
    let scratch = Path::new(env!("CARGO_TARGET_TMPDIR")).join("go-peer");
    drop(fs::remove_dir_all(&scratch));
    fs::create_dir_all(&scratch).unwrap();
    let Some(peer) = build(&scratch) else {
        return;
    };
    for size in [1, 255, 256, 300, 513, 3_000] {
        let folder = scratch.join(format!("log-{size}"));
        let counts = publish(size, &folder);
        let told = run(
            &peer,
            &["check", folder.to_str().unwrap(), &log_key().to_string()],
            b"",
        );
        let said = String::from_utf8(told.stdout).unwrap();
        assert!(
            told.status.success(),
            "{size}: {}",
            String::from_utf8_lossy(&told.stderr)
        );
        assert_eq!(said.trim(), counts);
    }
    a_bent_tile_is_refused(&peer, &scratch.join("log-513"));
    what_go_signs_is_a_checkpoint(&peer);
}

/// The peer's binary, built offline; none where Go or its packages are not installed.
fn build(scratch: &Path) -> Option<PathBuf> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/peers/go");
    let there = Path::new(GOPATH)
        .join("src/golang.org/x/mod/sumdb/tlog")
        .is_dir();
    let go = Command::new("go").arg("version").output();
    if !there || !go.is_ok_and(|ran| ran.status.success()) {
        // Not `eprintln!`: of a test that passes, nobody sees what it prints.
        let needs = b"skipped: the Go peer needs Debian's golang-go and golang-golang-x-mod-dev\n";
        std::io::stderr().write_all(needs).unwrap();
        return None;
    }
    let binary = scratch.join("peer");
    let built = Command::new("go")
        .args(["build", "-o"])
        .arg(&binary)
        .arg("main.go")
        .current_dir(source)
        .envs([
            ("GO111MODULE", "off"),
            ("GOPATH", GOPATH),
            ("GOFLAGS", ""),
            ("GOPROXY", "off"),
            ("CGO_ENABLED", "0"),
        ])
        .env("GOCACHE", scratch.with_file_name("go-cache"))
        .output()
        .unwrap();
    assert!(
        built.status.success(),
        "{}",
        String::from_utf8_lossy(&built.stderr)
    );
    Some(binary)
}

fn run(peer: &Path, arguments: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(peer)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    child.wait_with_output().unwrap()
}

fn secret() -> SecretKey {
    SecretKey::from_seed([1; 32])
}

fn log_key() -> VerifierKey {
    VerifierKey::new(ORIGIN, secret().public_key()).unwrap()
}

fn entry(index: u64) -> Vec<u8> {
    format!("entry {index}")
        .into_bytes()
        .repeat(index as usize % 4)
}

fn root(leaves: &[Hash]) -> Hash {
    let mut tree = Frontier::default();
    leaves.iter().for_each(|&leaf| tree.append(leaf));
    tree.root()
}

/// Writes a log of this size with proofs in it; returns what the peer must say of it.
fn publish(size: u64, folder: &Path) -> String {
    let (mut writer, mut tiles) = (TileWriter::default(), Vec::new());
    for index in 0..size {
        tiles.extend(writer.append(&entry(index)).unwrap());
    }
    tiles.extend(writer.partial());
    for tile in tiles {
        let path = folder.join(tile.id.to_string());
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, tile.bytes).unwrap();
    }
    let checkpoint = Checkpoint {
        origin: ORIGIN.parse().unwrap(),
        size,
        root: writer.root(),
    };
    let signed = checkpoint.sign(&secret()).unwrap();
    fs::write(folder.join("checkpoint"), signed.to_string()).unwrap();
    let leaves: Vec<Hash> = (0..size).map(|index| leaf_hash(&entry(index))).collect();
    let (inclusion, consistency) = (inclusion(&leaves), consistency(&leaves));
    let counts = format!(
        "{size} entries, {} inclusion proofs, {} consistency proofs",
        inclusion.len(),
        consistency.len()
    );
    let proofs = json!({ "inclusion": inclusion, "consistency": consistency });
    fs::write(folder.join("proofs.json"), proofs.to_string()).unwrap();
    counts
}

/// Sizes that a tree of this size had: round ones, those beside them, and a spread of others.
fn sizes(size: u64) -> Vec<u64> {
    let round = (0..12)
        .map(|bit| 1 << bit)
        .flat_map(|round: u64| [round - 1, round, round + 1]);
    let spread = (0..20).map(|part| size * part / 20);
    let mut sizes: Vec<u64> = round
        .chain(spread)
        .chain([size])
        .filter(|at| (1..=size).contains(at))
        .collect();
    sizes.sort_unstable();
    sizes.dedup();
    sizes
}

fn inclusion(leaves: &[Hash]) -> Vec<Value> {
    let row = |index: u64, size: u64| {
        let leaves = &leaves[..size as usize];
        let proof = InclusionProof::of_leaves(index, leaves).unwrap();
        json!({ "index": index, "size": size, "root": base64(&root(leaves)), "hashes": all_base64(proof.hashes()) })
    };
    let indices = |size: u64| [0, size / 3, size / 2, size.saturating_sub(2), size - 1];
    let pairs = sizes(leaves.len() as u64)
        .into_iter()
        .flat_map(|size| indices(size).map(|index| (index, size)));
    pairs.map(|(index, size)| row(index, size)).collect()
}

fn consistency(leaves: &[Hash]) -> Vec<Value> {
    let sizes = sizes(leaves.len() as u64);
    let row = |old: u64, size: u64| {
        let newer = &leaves[..size as usize];
        let proof = ConsistencyProof::of_leaves(old, newer).unwrap();
        json!({
            "old": old, "old_root": base64(&root(&leaves[..old as usize])),
            "size": size, "root": base64(&root(newer)), "hashes": all_base64(proof.hashes()),
        })
    };
    let newer = |old: u64| {
        sizes
            .iter()
            .copied()
            .filter(move |size| *size >= old)
            .map(move |size| (old, size))
    };
    sizes
        .iter()
        .flat_map(|old| newer(*old))
        .map(|(old, size)| row(old, size))
        .collect()
}

fn base64(hash: &Hash) -> String {
    BASE64.encode(hash.as_bytes())
}

fn all_base64(hashes: &[Hash]) -> Vec<String> {
    hashes.iter().map(base64).collect()
}

/// That the peer looks at the tiles at all.
fn a_bent_tile_is_refused(peer: &Path, folder: &Path) {
    let tile = folder.join("tile/0/001");
    let mut bytes = fs::read(&tile).unwrap();
    bytes[100] ^= 1;
    fs::write(&tile, bytes).unwrap();
    let told = run(
        peer,
        &["check", folder.to_str().unwrap(), &log_key().to_string()],
        b"",
    );
    let said = String::from_utf8_lossy(&told.stderr).into_owned();
    assert!(
        !told.status.success() && said.contains("inconsistent"),
        "{said}"
    );
}

fn what_go_signs_is_a_checkpoint(peer: &Path) {
    let checkpoint = Checkpoint {
        origin: ORIGIN.parse().unwrap(),
        size: 70_000,
        root: Hash::of(b"root"),
    };
    let told = run(peer, &["sign", ORIGIN], checkpoint.to_string().as_bytes());
    assert!(
        told.status.success(),
        "{}",
        String::from_utf8_lossy(&told.stderr)
    );
    let said = String::from_utf8(told.stdout).unwrap();
    let (key, signed) = said.split_once('\n').unwrap();
    let key = VerifierKey::parse(key).unwrap();
    let signed: SignedCheckpoint = signed.parse().unwrap();
    let verified = signed.verify(&[key]).unwrap();
    assert_eq!(verified.checkpoint(), &checkpoint);
    assert!(signed.verify(&[log_key()]).is_err());
}
