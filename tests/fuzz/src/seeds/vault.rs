//! Files of vaults: the vectors of SPEC, section 14.

use super::Seed;
use data_encoding::HEXLOWER;
use std::sync::LazyLock;

/// A vault under the key of 32 bytes 0x01.
pub static KEYED: LazyLock<Vec<u8>> = LazyLock::new(|| {
    bytes(include_str!(
        "../../../../crates/outreach/src/vault/tests/key.hex"
    ))
});

/// What is sealed in it of its roster.
pub static SECRETS: LazyLock<Vec<u8>> = LazyLock::new(|| {
    bytes(include_str!(
        "../../../../crates/outreach/src/vault/tests/secrets.hex"
    ))
});

fn bytes(hex: &str) -> Vec<u8> {
    let hex = hex.split_whitespace().collect::<String>();
    let bytes = HEXLOWER.decode(hex.as_bytes());
    bytes.expect("a vector is hexadecimal")
}

pub(super) fn made() -> Vec<Seed> {
    let worded = bytes(include_str!(
        "../../../../crates/outreach/src/vault/tests/passphrase.hex"
    ));
    let mut erased = KEYED.clone();
    erased
        .iter_mut()
        .take(148)
        .skip(60)
        .for_each(|byte| *byte = 0);
    let mut cut = SECRETS.clone();
    cut.pop();
    let seed = |target, name: &str, bytes| (target, name.to_owned(), bytes);
    vec![
        seed("vault", "of-a-key", KEYED.clone()),
        seed("vault", "of-a-passphrase", worded),
        seed("vault", "erased-and-not-removed", erased),
        seed("secrets", "sealed", SECRETS.clone()),
        seed("secrets", "cut", cut),
    ]
}
