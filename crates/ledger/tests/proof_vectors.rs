//! `docs/vectors.json`, part `proofs`: what the specification's section 12 and the fork of its section 13 say, as bytes.
//!
//! As in `vectors.rs`, each test makes its vectors from inputs that stand here and compares them with the file; what
//! the file says is refused is refused. After a change that is meant, `SIJILL_WRITE_VECTORS=1 cargo test -p
//! sijill-ledger --test proof_vectors` writes this part anew.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a vector that cannot be made or read must stop its test"
)]

use serde_json::{Value, json};
use sijill_ledger::checkpoint::{Checkpoint, SignedCheckpoint};
use sijill_ledger::cosignature::WitnessKey;
use sijill_ledger::fork::ForkProof;
use sijill_ledger::note::{self, VerifierKey};
use sijill_ledger::policy::Policy;
use sijill_ledger::proof::{ConsistencyProof, InclusionProof};
use sijill_ledger::tile::TileId;
use sijill_ledger::tile_reader::TileReader;
use sijill_ledger::tile_writer::TileWriter;
use sijill_ledger::tlog_proof::TlogProof;
use sijill_ledger::tree::{Frontier, leaf_hash};
use sijill_ledger::{Hash, SecretKey, bundle};
use std::collections::BTreeMap;
use std::convert::Infallible;

mod vector_file;

use vector_file::{file, hex, rows, unhex};

const PART: &str = "proofs";
const ORIGIN: &str = "ur.example/polls/bridge";

#[test]
fn the_file_has_what_this_code_makes() {
    let made = json!({
        "inclusion": inclusion(),
        "consistency": consistency(),
        "tile_paths": tile_paths(),
        "tile_paths_refused": TILE_PATHS_REFUSED,
        "growth": growth(),
        "bundle": bundle_vector(),
        "log": log_vector(),
        "checkpoint": checkpoint_vector(),
        "checkpoints_refused": checkpoints_refused(),
        "cosignatures": cosignatures(),
        "policy": policy_vector(),
        "policies_refused": policies_refused(),
        "tlog_proof": tlog_proof_vector(),
        "tlog_proofs_refused": tlog_proofs_refused(),
        "forks": forks(),
        "forks_refused": forks_refused(),
    });
    vector_file::holds(PART, made);
}

fn part(name: &str) -> Value {
    file()[PART][name].clone()
}

// Proofs: the tree whose leaf n is the one byte n.

fn small_tree(size: u64) -> Vec<Hash> {
    (0..size).map(|leaf| leaf_hash(&[leaf as u8])).collect()
}

fn root(leaves: &[Hash]) -> Hash {
    let mut tree = Frontier::default();
    leaves.iter().for_each(|&leaf| tree.append(leaf));
    tree.root()
}

fn hashes(hashes: &[Hash]) -> Vec<String> {
    hashes.iter().map(Hash::to_string).collect()
}

fn inclusion() -> Value {
    let pairs = [
        (0, 1),
        (0, 2),
        (1, 2),
        (2, 3),
        (3, 7),
        (6, 7),
        (0, 8),
        (12, 13),
        (5, 21),
    ];
    let row = |(index, size)| {
        let leaves = small_tree(size);
        let proof = InclusionProof::of_leaves(index, &leaves).unwrap();
        json!({ "index": index, "size": size, "root": root(&leaves).to_string(), "hashes": hashes(proof.hashes()) })
    };
    pairs.into_iter().map(row).collect()
}

fn consistency() -> Value {
    let pairs = [
        (0, 3),
        (1, 1),
        (1, 2),
        (2, 3),
        (3, 7),
        (4, 7),
        (6, 8),
        (8, 8),
        (8, 13),
        (12, 13),
        (5, 21),
    ];
    let row = |(old, new): (u64, u64)| {
        let leaves = small_tree(new);
        let proof = ConsistencyProof::of_leaves(old, &leaves).unwrap();
        let old_root = root(&leaves[..old as usize]).to_string();
        json!({
            "old_size": old, "old_root": old_root,
            "size": new, "root": root(&leaves).to_string(), "hashes": hashes(proof.hashes()),
        })
    };
    pairs.into_iter().map(row).collect()
}

// Tiles.

const TILE_PATHS: [&str; 8] = [
    "tile/0/000",
    "tile/0/000.p/1",
    "tile/1/999.p/255",
    "tile/0/x001/000",
    "tile/0/x001/x234/067",
    "tile/entries/x001/x234/067.p/17",
    "tile/7/000.p/127",
    "tile/entries/x036/x028/x797/x018/x963/967.p/255",
];

const TILE_PATHS_REFUSED: [&str; 14] = [
    "tile/0/0",
    "tile/00/000",
    "tile/0/x000/001",
    "tile/0/001/001",
    "tile/0/x001",
    "tile/0/000.p/0",
    "tile/0/000.p/256",
    "tile/0/000.p/01",
    "tile/0/../000",
    "tile/8/000",
    "tile/7/000.p/128",
    "tile/entries/x036/x028/x797/x018/x963/967",
    "/tile/0/000",
    "tile/data/000",
];

fn tile_paths() -> Value {
    let row = |path: &&str| {
        let id: TileId = path.parse().unwrap();
        json!({ "path": id.to_string(), "level": id.level(), "index": id.index().to_string(), "width": id.width() })
    };
    TILE_PATHS.iter().map(row).collect()
}

fn growth() -> Value {
    let row = |(old, new)| {
        let paths: Vec<_> = TileId::added(old, new).map(|id| id.to_string()).collect();
        json!({ "old_size": old, "size": new, "added": paths })
    };
    let pairs = [(0, 1), (0, 256), (255, 513), (513, 514), (65_535, 65_537)];
    pairs.into_iter().map(row).collect()
}

#[test]
fn what_is_no_path_is_refused() {
    for path in rows(&part("tile_paths_refused")) {
        assert!(path.as_str().unwrap().parse::<TileId>().is_err(), "{path}");
    }
}

fn bundle_vector() -> Value {
    let entries: [&[u8]; 3] = [b"", &[0xff], &[7; 258]];
    let mut bytes = Vec::new();
    entries
        .iter()
        .for_each(|entry| bundle::push(&mut bytes, entry).unwrap());
    let entries: Vec<_> = entries.iter().map(hex).collect();
    json!({ "entries": entries, "bytes": hex(bytes) })
}

#[test]
fn a_bundle_has_its_entries_and_no_others() {
    let vector = part("bundle");
    let bytes = unhex(&vector["bytes"]);
    let entries: Vec<_> = rows(&vector["entries"]).map(unhex).collect();
    assert_eq!(bundle::read(&bytes, 3).unwrap(), entries);
    assert!(bundle::read(&bytes, 2).is_err() && bundle::read(&bytes, 4).is_err());
}

// A log of 600 entries: "entry 0", "entry 1", and so on.

fn entry(index: u64) -> Vec<u8> {
    format!("entry {index}").into_bytes()
}

const LOG_SIZE: u64 = 600;

fn log() -> (Hash, BTreeMap<TileId, Vec<u8>>) {
    let (mut writer, mut tiles) = (TileWriter::default(), BTreeMap::new());
    for index in 0..LOG_SIZE {
        let full = writer.append(&entry(index)).unwrap();
        tiles.extend(full.into_iter().map(|tile| (tile.id, tile.bytes)));
    }
    let partial = writer.partial().into_iter();
    tiles.extend(partial.map(|tile| (tile.id, tile.bytes)));
    (writer.root(), tiles)
}

fn log_vector() -> Value {
    let (root, tiles) = log();
    let tiles: BTreeMap<_, _> = tiles
        .iter()
        .map(|(id, bytes)| (id.to_string(), Hash::of(bytes).to_string()))
        .collect();
    json!({ "size": LOG_SIZE, "root": root.to_string(), "sha256_of_tiles": tiles })
}

// Checkpoints.

fn secret(seed: u8) -> SecretKey {
    SecretKey::from_seed([seed; 32])
}

fn log_key(seed: u8) -> VerifierKey {
    VerifierKey::new(ORIGIN, secret(seed).public_key()).unwrap()
}

fn signed() -> SignedCheckpoint {
    let checkpoint = Checkpoint {
        origin: ORIGIN.parse().unwrap(),
        size: LOG_SIZE,
        root: log().0,
    };
    checkpoint.sign(&secret(1)).unwrap()
}

fn checkpoint_vector() -> Value {
    let signed = signed();
    let claimed = signed.claimed();
    json!({
        "origin": ORIGIN,
        "size": claimed.size,
        "root": claimed.root.to_string(),
        "seed": hex(secret(1).seed()),
        "verifier_key": log_key(1).to_string(),
        "checkpoint": signed.to_string(),
    })
}

/// A body that no log should sign, signed by ours.
fn signed_all_the_same(body: &str) -> String {
    note::sign(body, ORIGIN, &secret(1)).unwrap()
}

fn checkpoints_refused() -> Value {
    let good = signed().to_string();
    let (body, line) = good.split_once("\n\n").unwrap();
    let body = format!("{body}\n");
    let root = signed().claimed().root;
    let base64 = data_encoding::BASE64.encode(root.as_bytes());
    let changed = |from: &str, to: &str| signed_all_the_same(&body.replace(from, to));
    let row = |name: &str, text: String| json!({ "name": name, "checkpoint": text });
    json!([
        row("another size", good.replace("\n600\n", "\n601\n")),
        row("signed, a leading zero", changed("\n600\n", "\n0600\n")),
        row("signed, a plus sign", changed("\n600\n", "\n+600\n")),
        row(
            "signed, a size above 2^63 - 1",
            changed("\n600\n", "\n9223372036854775808\n")
        ),
        row("signed, a root without padding", changed("=\n", "\n")),
        row(
            "signed, a root with bits that say nothing",
            changed(&base64, &base64.replace("tY=", "tZ="))
        ),
        row(
            "signed, a root of 31 bytes",
            changed(
                &base64,
                &data_encoding::BASE64.encode(&root.as_bytes()[1..])
            )
        ),
        row(
            "signed, an extension line",
            signed_all_the_same(&format!("{body}extension\n"))
        ),
        row(
            "signed, an empty line more",
            signed_all_the_same(&format!("{body}\n"))
        ),
        row("signed, two lines", changed(&format!("{base64}\n"), "")),
        row(
            "signed, an origin that is none",
            changed("ur.example", "UR.example")
        ),
        row("signed, another origin", changed("bridge", "brigde")),
        row("carriage returns", good.replace('\n', "\r\n")),
        row("no last newline", good.trim_end().to_owned()),
        row("no empty line", good.replacen("\n\n", "\n", 1)),
        row("no signature", format!("{body}\n")),
        row(
            "a signature without padding",
            format!("{body}\n{}", line.replace('=', ""))
        ),
        row("a hyphen for the dash", good.replace('\u{2014}', "-")),
        row(
            "signed under the promise key's name",
            note::sign(&body, &format!("{ORIGIN}/promise"), &secret(1)).unwrap()
        ),
        row(
            "signed by another key",
            note::sign(&body, ORIGIN, &secret(2)).unwrap()
        ),
        row(
            "a wrong signature after the right one",
            format!("{body}\n{line}{}", flipped(line))
        ),
        row(
            "a wrong signature before the right one",
            format!("{body}\n{}{line}", flipped(line))
        ),
    ])
}

/// The signature line with its last bit that counts flipped.
fn flipped(line: &str) -> String {
    let (name, base64) = line.trim_end().rsplit_once(' ').unwrap();
    let mut bytes = data_encoding::BASE64.decode(base64.as_bytes()).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    format!("{name} {}\n", data_encoding::BASE64.encode(&bytes))
}

#[test]
fn what_is_no_checkpoint_of_this_log_is_refused() {
    for row in rows(&part("checkpoints_refused")) {
        let text = row["checkpoint"].as_str().unwrap();
        let read = text.parse::<SignedCheckpoint>();
        assert!(
            read.and_then(|signed| signed.verify(&[log_key(1)]))
                .is_err(),
            "{row}"
        );
    }
}

// Cosignatures.

fn witness(seed: u8) -> WitnessKey {
    let name = format!("witness.example/w{seed}");
    WitnessKey::new(&name, secret(seed).public_key()).unwrap()
}

fn cosigned(by: impl IntoIterator<Item = u8>) -> SignedCheckpoint {
    let verified = signed().verify(&[log_key(1)]).unwrap();
    by.into_iter().fold(signed(), |signed, seed| {
        let time = 1_679_315_147 + u64::from(seed);
        let line = verified.cosign(witness(seed).name(), &secret(seed), time);
        signed.with(line.unwrap()).unwrap()
    })
}

fn cosignatures() -> Value {
    let row = |seed| {
        let signed = cosigned([seed]);
        json!({
            "seed": hex(secret(seed).seed()),
            "verifier_key": witness(seed).to_string(),
            "time": 1_679_315_147 + u64::from(seed),
            "line": signed.note().signatures()[1].to_string(),
        })
    };
    [11, 12, 13].into_iter().map(row).collect()
}

// Policies.

fn policy_text() -> String {
    let mut text = format!("log {} https://{ORIGIN}\n", log_key(1));
    for seed in [11, 12, 13] {
        text += &format!("witness w{seed} {}\n", witness(seed));
    }
    text + "group two all w11 w12\ngroup enough any two w13\nquorum enough\n"
}

fn policy_vector() -> Value {
    let policy = Policy::parse(policy_text().as_bytes()).unwrap();
    assert_eq!(policy.to_bytes(), policy_text().as_bytes());
    let commented = format!(
        "# whom we believe\n\n \t{}",
        policy_text().replace(' ', " \t ")
    );
    let sets: [&[u8]; 6] = [&[], &[11], &[11, 12], &[13], &[12, 13], &[11, 12, 13]];
    let row = |by: &&[u8]| {
        let witnesses: Vec<_> = by.iter().map(|seed| format!("w{seed}")).collect();
        json!({ "cosigned_by": witnesses, "trusted": policy.verify(&cosigned(by.iter().copied())).is_ok() })
    };
    json!({
        "policy": policy_text(),
        "the_same": commented,
        "judgements": sets.iter().map(row).collect::<Vec<_>>(),
    })
}

fn policies_refused() -> Value {
    let good = policy_text();
    let row = |line: usize, text: String| json!({ "line": line, "policy": text });
    json!([
        row(8, good.clone() + "quorum none\n"),
        row(7, good.trim_end().to_owned()),
        row(1, good.replace('\n', "\r\n")),
        row(2, good.replace("witness w11", "witnes w11")),
        row(2, good.replace("witness w11", "witness none")),
        row(3, good.replace("witness w12", "witness w11")),
        row(
            3,
            good.replace(&witness(12).to_string(), &witness(11).to_string())
        ),
        row(
            2,
            good.replace(&witness(11).to_string(), &log_key(11).to_string())
        ),
        row(
            2,
            good.replace(
                &witness(11).to_string(),
                &witness(11).to_string().to_lowercase()
            )
        ),
        row(5, good.replace("group two all", "group two 3")),
        row(5, good.replace("group two all", "group two 0")),
        row(5, good.replace("group two all w11 w12", "group two all")),
        row(6, good.replace("any two w13", "any two w13 w11")),
        row(6, good.replace("any two w13", "any two w14")),
        row(7, good.replace("quorum enough", "quorum all")),
    ])
}

#[test]
fn what_is_no_policy_is_refused_with_the_line() {
    use sijill_ledger::policy::PolicyError;
    for row in rows(&part("policies_refused")) {
        match Policy::parse(row["policy"].as_str().unwrap().as_bytes()) {
            Err(PolicyError::Line { line, .. }) => assert_eq!(json!(line), row["line"], "{row}"),
            other => panic!("{other:?} for {row}"),
        }
    }
    let vector = part("policy");
    let read = |name: &str| Policy::parse(vector[name].as_str().unwrap().as_bytes()).unwrap();
    assert_eq!(read("policy"), read("the_same"));
}

// Proofs that anyone can take away.

fn tlog_proof() -> TlogProof {
    let (root, tiles) = log();
    let fetch = |id| Ok::<_, Infallible>(tiles[&id].clone());
    let mut reader = TileReader::open(LOG_SIZE, root, fetch).unwrap();
    let inclusion = reader.inclusion(300).unwrap();
    TlogProof::of_entry(&entry(300), 300, inclusion, cosigned([11, 12])).unwrap()
}

fn tlog_proof_vector() -> Value {
    let policy = Policy::parse(policy_text().as_bytes()).unwrap();
    let proof = tlog_proof();
    assert!(proof.verify_entry(&policy).is_ok());
    json!({ "proof": proof.to_string(), "entry": hex(entry(300)), "index": 300, "policy": policy_text() })
}

fn tlog_proofs_refused() -> Value {
    let good = tlog_proof().to_string();
    let lines: Vec<_> = good.lines().collect();
    let swapped = good.replacen(
        &format!("{}\n{}\n", lines[3], lines[4]),
        &format!("{}\n{}\n", lines[4], lines[3]),
        1,
    );
    let row = |name: &str, text: String| json!({ "name": name, "proof": text });
    json!([
        row("another version", good.replace("@v1", "@v2")),
        row("another index", good.replace("index 300", "index 301")),
        row(
            "an index outside the tree",
            good.replace("index 300", "index 600")
        ),
        row("a leading zero", good.replace("index 300", "index 0300")),
        row(
            "another entry",
            good.replace(lines[1], "extra ZW50cnkgMzAx")
        ),
        row("an empty extra line", good.replace(lines[1], "extra ")),
        row(
            "a hash too few",
            good.replace(&format!("{}\n", lines[3]), "")
        ),
        row(
            "a hash too many",
            good.replace(&format!("{}\n", lines[3]), &format!("{0}\n{0}\n", lines[3]))
        ),
        row("two hashes exchanged", swapped),
        row(
            "no empty line before the checkpoint",
            good.replacen("\n\n", "\n", 1)
        ),
        row(
            "without the second cosignature",
            good[..good.trim_end().rfind('\n').unwrap() + 1].to_owned()
        ),
    ])
}

#[test]
fn what_proves_nothing_is_refused() {
    let policy = Policy::parse(policy_text().as_bytes()).unwrap();
    for row in rows(&part("tlog_proofs_refused")) {
        let proof = row["proof"].as_str().unwrap().parse::<TlogProof>();
        assert!(
            proof.and_then(|proof| proof.verify_entry(&policy)).is_err(),
            "{row}"
        );
    }
    let text = part("tlog_proof")["proof"].as_str().unwrap().to_owned();
    let proof: TlogProof = text.parse().unwrap();
    assert_eq!(proof.verify_entry(&policy).unwrap().canonical(), entry(300));
}

// Forks of the log of 600 entries, by its own key; `by` makes a history of other entries from entry 500 on.

fn history(by: &str, size: u64) -> Vec<Hash> {
    let leaf = |index| match index {
        0..500 => leaf_hash(&entry(index)),
        _ => leaf_hash(format!("{by} {index}").as_bytes()),
    };
    (0..size).map(leaf).collect()
}

fn signed_over(leaves: &[Hash]) -> SignedCheckpoint {
    let checkpoint = Checkpoint {
        origin: ORIGIN.parse().unwrap(),
        size: leaves.len() as u64,
        root: root(leaves),
    };
    checkpoint.sign(&secret(1)).unwrap()
}

/// The log's tree at size `old`, less what the log had there, grown to `new`.
fn fork(old: u64, new: u64) -> ForkProof {
    let (first, larger) = (history("another entry", old), history("entry", new));
    let (first, second) = (signed_over(&first), signed_over(&larger));
    if old == new {
        return ForkProof::of_equal_sizes(first, second).unwrap();
    }
    let other = root(&larger[..old as usize]);
    let consistency = ConsistencyProof::of_leaves(old, &larger).unwrap();
    ForkProof::of_growth(first, second, other, consistency).unwrap()
}

fn policy_of_log() -> Policy {
    Policy::of_logs([log_key(1)])
}

fn forks() -> Value {
    let row = |(old, new)| {
        let fork = fork(old, new);
        let verified = fork.verify(&policy_of_log()).unwrap();
        json!({
            "first_size": old, "second_size": new, "other_root": verified.other_root().to_string(),
            "policy": format!("log {}\nquorum none\n", log_key(1)), "fork": fork.to_string(),
        })
    };
    let pairs = [(LOG_SIZE, LOG_SIZE), (512, LOG_SIZE), (501, 700)];
    pairs.into_iter().map(row).collect()
}

fn forks_refused() -> Value {
    let (good, equal) = (
        fork(501, LOG_SIZE).to_string(),
        fork(LOG_SIZE, LOG_SIZE).to_string(),
    );
    let [root, hash] = [1, 2].map(|line| good.lines().nth(line).unwrap().to_owned() + "\n");
    let rest = &good[good.find("\n\n").unwrap()..];
    let honest = signed_over(&history("entry", LOG_SIZE)).to_string();
    let of =
        |first: &str, second: &str| format!("sijill-fork@v1\n\n{}\n{first}{second}", first.len());
    let first = signed_over(&history("another entry", LOG_SIZE)).to_string();
    let length = |first: &str, less| format!("\n\n{}\n", first.len() - less);
    let by_another = note::sign(&body_of(&first), ORIGIN, &secret(2)).unwrap();
    let row = |name: &str, text: String| json!({ "name": name, "fork": text });
    json!([
        row("another version", good.replace("@v1", "@v2")),
        row("no root", good.replacen(&root, "", 1)),
        row("no hashes", format!("sijill-fork@v1\n{root}{rest}")),
        row("a hash too few", good.replacen(&hash, "", 1)),
        row("a hash too many", good.replacen(&hash, &hash.repeat(2), 1)),
        row(
            "neither root nor hashes, sizes differ",
            format!("sijill-fork@v1{}", &rest[1..])
        ),
        row(
            "root and hashes, sizes equal",
            equal.replacen('\n', &format!("\n{root}{hash}"), 1)
        ),
        row(
            "a length with a leading zero",
            equal.replacen("\n\n", "\n\n0", 1)
        ),
        row(
            "a length too short",
            of(&first, &honest).replacen(&length(&first, 0), &length(&first, 1), 1)
        ),
        row("the same checkpoint twice", of(&honest, &honest)),
        row("signed by another key", of(&by_another, &honest)),
        row(
            "of two logs",
            of(
                &signed_all_the_same(&body_of(&first).replace("bridge", "brigde")),
                &honest
            )
        ),
        row("a line left over", equal + "\n"),
        row("of one history", of_one_history()),
    ])
}

/// Two checkpoints of one history, with the honest root and the honest proof.
fn of_one_history() -> String {
    let larger = history("entry", LOG_SIZE);
    let (first, second) = (
        signed_over(&larger[..501]).to_string(),
        signed_over(&larger),
    );
    let other = data_encoding::BASE64.encode(root(&larger[..501]).as_bytes());
    let consistency = ConsistencyProof::of_leaves(501, &larger).unwrap();
    format!(
        "sijill-fork@v1\nroot {other}\n{consistency}\n{}\n{first}{second}",
        first.len()
    )
}

fn body_of(note: &str) -> String {
    note.split_once("\n\n").unwrap().0.to_owned() + "\n"
}

#[test]
fn what_convicts_nobody_is_refused() {
    for row in rows(&part("forks_refused")) {
        let fork = row["fork"].as_str().unwrap().parse::<ForkProof>();
        assert!(
            fork.and_then(|fork| fork.verify(&policy_of_log())).is_err(),
            "{row}"
        );
    }
    for row in rows(&part("forks")) {
        let text = row["fork"].as_str().unwrap();
        let policy = Policy::parse(row["policy"].as_str().unwrap().as_bytes()).unwrap();
        let fork: ForkProof = text.parse().unwrap();
        assert_eq!(fork.to_string(), text);
        let verified = fork.verify(&policy).unwrap();
        assert_eq!(json!(verified.other_root().to_string()), row["other_root"]);
    }
}
