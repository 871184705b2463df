//! `docs/vectors.json`, part `ledger`: what the specification's sections 1 to 3 and 8 say, as bytes.
//!
//! Each test makes its vectors from inputs that stand here and compares them with the file, so that neither code nor
//! file can change alone; where a reader is specified, it is also run over what the file has. After a change that is
//! meant, `SIJILL_WRITE_VECTORS=1 cargo test -p sijill-ledger --test vectors` writes this part anew.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a vector that cannot be made or read must stop its test"
)]

use curve25519_dalek::{
    EdwardsPoint, Scalar,
    constants::{ED25519_BASEPOINT_POINT, EIGHT_TORSION},
};
use serde_json::{Value, json};
use sha2::{Digest, Sha512};
use sijill_ledger::container::{self, ENTRIES, MUST_UNDERSTAND, ROSTER};
use sijill_ledger::note::{self, VerifierKey};
use sijill_ledger::tree::{Frontier, leaf_hash};
use sijill_ledger::{Hash, Link, Origin, PublicKey, SecretKey, Signature, chain, codec};

mod vector_file;

use vector_file::{file, hex, rows, unhex};

const PART: &str = "ledger";

#[test]
fn the_file_has_what_this_code_makes() {
    let made = json!({
        "integers": integers(),
        "integers_refused": integers_refused(),
        "values": values(),
        "origins": origins(),
        "origins_refused": ORIGINS_REFUSED,
        "links": links(),
        "trees": trees(),
        "signatures": signatures(),
        "verifier_keys": verifier_keys(),
        "note": note_vector(),
        "export_head": export_head(),
    });
    vector_file::holds(PART, made);
}

fn integers() -> Value {
    [
        0,
        1,
        250,
        251,
        255,
        256,
        65_535,
        65_536,
        u64::from(u32::MAX),
        1 << 32,
        u64::MAX,
    ]
    .iter()
    .map(|value| json!({ "value": value.to_string(), "bytes": hex(codec::encode(value).unwrap()) }))
    .collect()
}

fn integers_refused() -> Value {
    let rows: [(&str, &[u8]); 6] = [
        ("250 in three bytes", &[251, 250, 0]),
        ("65535 in five bytes", &[252, 255, 255, 0, 0]),
        (
            "2^32 - 1 in nine bytes",
            &[253, 255, 255, 255, 255, 0, 0, 0, 0],
        ),
        ("a byte left over", &[7, 0]),
        ("cut short", &[252, 0, 0, 1]),
        (
            "254 begins no integer of 64 bits",
            &[254, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        ),
    ];
    rows.iter()
        .map(|(name, bytes)| json!({ "name": name, "bytes": hex(bytes) }))
        .collect()
}

#[test]
fn integers_in_another_form_are_refused() {
    for row in rows(&file()[PART]["integers_refused"]) {
        assert!(
            codec::decode::<u64>(&unhex(&row["bytes"])).is_err(),
            "{row}"
        );
    }
    for row in rows(&file()[PART]["integers"]) {
        let value: u64 = row["value"].as_str().unwrap().parse().unwrap();
        assert_eq!(codec::decode::<u64>(&unhex(&row["bytes"])), Ok(value));
    }
}

fn values() -> Value {
    let row = |kind: &str, value: &str, bytes: Vec<u8>| json!({ "type": kind, "value": value, "bytes": hex(bytes) });
    json!([
        row("u8", "255", codec::encode(&255u8).unwrap()),
        row("bool", "true", codec::encode(&true).unwrap()),
        row("text", "سجل", codec::encode(&"سجل").unwrap()),
        row("optional u32", "none", codec::encode(&None::<u32>).unwrap()),
        row("optional u32", "300", codec::encode(&Some(300u32)).unwrap()),
        row(
            "list of u32",
            "1, 300",
            codec::encode(&vec![1u32, 300]).unwrap()
        ),
        row(
            "tuple of text, u8",
            "a, 7",
            codec::encode(&("a", 7u8)).unwrap()
        ),
        row(
            "array of 4 bytes",
            "00ff01fb",
            codec::encode(&[0u8, 255, 1, 251]).unwrap()
        ),
    ])
}

fn origins() -> Value {
    [
        "ur.example/polls/bridge",
        "127.0.0.1:8181/polls/coalition",
        "localhost:1/p",
    ]
    .iter()
    .map(|text| {
        let origin: Origin = text.parse().unwrap();
        json!({ "origin": text, "link": Link::of_origin(&origin).to_string() })
    })
    .collect()
}

const ORIGINS_REFUSED: [&str; 12] = [
    "",
    "ur.example",
    "ur.example/",
    "ur.example//a",
    "ur.example/a/",
    "Ur.example/a",
    "ur.example/a+b",
    "ur.example/a%20",
    "ur.example:080/a",
    "ur.example:65536/a",
    "-ur.example/a",
    "ur.example/..",
];

#[test]
fn what_is_no_origin_is_refused() {
    for row in rows(&file()[PART]["origins_refused"]) {
        assert!(row.as_str().unwrap().parse::<Origin>().is_err(), "{row}");
    }
}

fn links() -> Value {
    [b"".as_slice(), b"\x00", b"sijill", &[0xab; 1025]]
        .iter()
        .map(|bytes| {
            json!({
                "bytes": hex(bytes),
                "link": chain::link_of(bytes).to_string(),
                "leaf_hash": leaf_hash(bytes).to_string(),
            })
        })
        .collect()
}

/// The leaves of the certificate-transparency reference vectors, and the root after each.
fn trees() -> Value {
    const LEAVES: [&[u8]; 8] = [
        b"",
        b"\x00",
        b"\x10",
        b"\x20\x21",
        b"\x30\x31",
        b"\x40\x41\x42\x43",
        b"\x50\x51\x52\x53\x54\x55\x56\x57",
        b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
    ];
    (0..=LEAVES.len())
        .map(|size| {
            let root = LEAVES[..size].iter().copied().collect::<Frontier>().root();
            json!({ "leaves": LEAVES[..size].iter().map(hex).collect::<Vec<_>>(), "root": root.to_string() })
        })
        .collect()
}

fn verifier_keys() -> Value {
    let key = SecretKey::from_seed([1; 32]);
    json!([{
        "name": "ur.example/polls/bridge/promise",
        "seed": hex(key.seed()),
        "public_key": hex(key.public_key().as_bytes()),
        "verifier_key": VerifierKey::new("ur.example/polls/bridge/promise", key.public_key()).unwrap().to_string(),
    }])
}

fn note_vector() -> Value {
    let key = SecretKey::from_seed([1; 32]);
    let text = "sijill promise v1\nand more\n";
    json!({
        "text": text,
        "name": "ur.example/polls/bridge/promise",
        "seed": hex(key.seed()),
        "note": note::sign(text, "ur.example/polls/bridge/promise", &key).unwrap(),
    })
}

fn export_head() -> Value {
    let section = |kind, bytes: &[u8]| container::Section {
        kind,
        flags: MUST_UNDERSTAND,
        length: bytes.len() as u64,
        hash: Hash::of(bytes),
    };
    json!({
        "sections": ["000102", ""],
        "head": hex(container::head(&[section(ENTRIES, &[0, 1, 2]), section(ROSTER, b"")])),
    })
}

// Signatures.

/// What a signature is made of, before it is bytes: how a lenient verifier could be led to accept it.
struct Made {
    name: &'static str,
    good: bool,
    key: [u8; 32],
    message: &'static [u8],
    r: [u8; 32],
    s: [u8; 32],
}

/// The little-endian bytes of L, the order of the base point.
const L: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

/// Encodings that no encoder writes, of the points with y = 1 (the identity) and y = 0 (order 4): y + p, and a sign
/// bit where x is 0.
const IDENTITY_PLUS_P: [u8; 32] = low_byte_over_p(0xee);
const ORDER_4_PLUS_P: [u8; 32] = low_byte_over_p(0xed);
const IDENTITY_WITH_SIGN: [u8; 32] = {
    let mut bytes = [0; 32];
    bytes[0] = 1;
    bytes[31] = 0x80;
    bytes
};

const fn low_byte_over_p(low: u8) -> [u8; 32] {
    let mut bytes = [0xff; 32];
    bytes[0] = low;
    bytes[31] = 0x7f;
    bytes
}

const MESSAGE: &[u8] = b"sijill 2026 answer v1\0example";

fn secret() -> Scalar {
    Scalar::from_bytes_mod_order([9; 32])
}

fn nonce() -> Scalar {
    Scalar::from(12_345u64)
}

fn challenge(r: &[u8; 32], key: &[u8; 32], message: &[u8]) -> Scalar {
    let mut hash = Sha512::new();
    hash.update(r);
    hash.update(key);
    hash.update(message);
    Scalar::from_bytes_mod_order_wide(&hash.finalize().into())
}

/// A signature whose S answers the challenge for these encodings, so that the cofactored equation holds where the
/// points that a lenient decoder reads are the honest ones up to small order.
fn answering(name: &'static str, good: bool, key: [u8; 32], r: [u8; 32], r_scalar: Scalar) -> Made {
    let s = r_scalar + challenge(&r, &key, MESSAGE) * secret();
    Made {
        name,
        good,
        key,
        message: MESSAGE,
        r,
        s: s.to_bytes(),
    }
}

/// A signature by a key of small order: S = 0 and R the identity satisfy the equation for every message.
fn by_nobody(name: &'static str, key: [u8; 32]) -> Made {
    let r = EdwardsPoint::default().compress().to_bytes();
    Made {
        name,
        good: false,
        key,
        message: MESSAGE,
        r,
        s: [0; 32],
    }
}

fn bytes(point: EdwardsPoint) -> [u8; 32] {
    point.compress().to_bytes()
}

fn good() -> Made {
    let key = bytes(ED25519_BASEPOINT_POINT * secret());
    let r = bytes(ED25519_BASEPOINT_POINT * nonce());
    answering("good", true, key, r, nonce())
}

fn cases() -> Vec<Made> {
    let mut cases = vec![
        good(),
        Made {
            name: "another message",
            good: false,
            message: b"sijill 2026 answer v1\0exemple",
            ..good()
        },
        Made {
            name: "another key",
            good: false,
            key: bytes(ED25519_BASEPOINT_POINT * nonce()),
            ..good()
        },
        Made {
            name: "S + L",
            good: false,
            s: plus_l(good().s),
            ..good()
        },
        Made {
            name: "S with its top bit set",
            good: false,
            s: with_top_bit(good().s),
            ..good()
        },
        Made {
            name: "A no point of the curve",
            good: false,
            key: not_a_point(),
            ..good()
        },
        Made {
            name: "R no point of the curve",
            good: false,
            r: not_a_point(),
            ..good()
        },
        by_nobody("A the identity as y + p", IDENTITY_PLUS_P),
        by_nobody("A the identity with a sign bit", IDENTITY_WITH_SIGN),
        by_nobody("A of order 4 as y + p", ORDER_4_PLUS_P),
    ];
    cases.extend(of_mixed_or_small_order());
    cases
}

fn of_mixed_or_small_order() -> Vec<Made> {
    let (torsion, zero) = (EIGHT_TORSION[1], Scalar::from(0u64));
    let (key, r) = (good().key, good().r);
    let mixed_r = bytes(ED25519_BASEPOINT_POINT * nonce() + torsion);
    let mixed_key = bytes(ED25519_BASEPOINT_POINT * secret() + torsion);
    let mut cases = vec![
        answering(
            "R with a part of order 8: only the cofactored equation holds",
            true,
            key,
            mixed_r,
            nonce(),
        ),
        answering(
            "A with a part of order 8: only the cofactored equation holds",
            true,
            mixed_key,
            r,
            nonce(),
        ),
        answering(
            "R the identity, canonical",
            true,
            key,
            bytes(EdwardsPoint::default()),
            zero,
        ),
        answering("R of order 8, canonical", true, key, bytes(torsion), zero),
        answering("R the identity as y + p", false, key, IDENTITY_PLUS_P, zero),
        answering(
            "R the identity with a sign bit",
            false,
            key,
            IDENTITY_WITH_SIGN,
            zero,
        ),
        answering("R of order 4 as y + p", false, key, ORDER_4_PLUS_P, zero),
    ];
    const NAMES: [&str; 8] = [
        "A the identity",
        "A of order 8, first",
        "A of order 4, first",
        "A of order 8, second",
        "A of order 2",
        "A of order 8, third",
        "A of order 4, second",
        "A of order 8, fourth",
    ];
    cases.extend(
        NAMES
            .iter()
            .zip(EIGHT_TORSION)
            .map(|(name, point)| by_nobody(name, bytes(point))),
    );
    cases
}

fn not_a_point() -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes[0] = 2;
    assert!(
        curve25519_dalek::edwards::CompressedEdwardsY(bytes)
            .decompress()
            .is_none()
    );
    bytes
}

fn plus_l(mut s: [u8; 32]) -> [u8; 32] {
    let mut carry = 0u16;
    for (byte, l) in s.iter_mut().zip(L) {
        let sum = u16::from(*byte) + u16::from(l) + carry;
        *byte = sum.to_le_bytes()[0];
        carry = sum >> 8;
    }
    s
}

fn with_top_bit(mut s: [u8; 32]) -> [u8; 32] {
    s[31] |= 0x80;
    s
}

fn signatures() -> Value {
    cases()
        .iter()
        .map(|case| {
            json!({
                "name": case.name,
                "good": case.good,
                "public_key": hex(case.key),
                "message": hex(case.message),
                "signature": hex([case.r, case.s].concat()),
            })
        })
        .collect()
}

#[test]
fn each_signature_has_the_verdict_of_the_file() {
    for row in rows(&file()[PART]["signatures"]) {
        let key: [u8; 32] = unhex(&row["public_key"]).try_into().unwrap();
        let signature = Signature::from_bytes(unhex(&row["signature"]).try_into().unwrap());
        let verdict = PublicKey::try_from(key)
            .and_then(|key| key.verify(&unhex(&row["message"]), &signature));
        assert_eq!(verdict.is_ok(), row["good"].as_bool().unwrap(), "{row}");
    }
}
