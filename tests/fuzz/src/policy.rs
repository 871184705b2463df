//! Policies: an auditor's own file, but copied from wherever people copy such things.

use crate::checkpoint::{key_of, log};
use sijill_ledger::Hash;
use sijill_ledger::checkpoint::{Checkpoint, SignedCheckpoint};
use sijill_ledger::policy::{Policy, PolicyError};
use std::sync::LazyLock;

/// A checkpoint of the log that the seeds' policies name.
static SIGNED: LazyLock<SignedCheckpoint> = LazyLock::new(|| {
    let checkpoint = Checkpoint {
        origin: "ur.example/polls/bridge".parse().expect("it is an origin"),
        size: 1,
        root: Hash::of(b"some tree"),
    };
    checkpoint.sign(&log()).expect("it can be signed")
});

/// What reads is written in one form, which reads as the same; what does not is refused by its line, in few words. It
/// trusts no log that it does not name.
pub(crate) fn check(bytes: &[u8]) {
    match Policy::parse(bytes) {
        Ok(policy) => reads_as_written(&policy),
        Err(error) => is_told(&error, bytes),
    }
}

fn reads_as_written(policy: &Policy) {
    let written = policy.to_bytes();
    let again = Policy::parse(&written).expect("what was written reads");
    assert_eq!(again.to_bytes(), written);
    assert_eq!(&again, policy);
    let named = policy
        .log_keys()
        .any(|key| *key == key_of(&log(), SIGNED.claimed()));
    assert_eq!(policy.verify_log(&SIGNED).is_ok(), named);
    if let Ok(trusted) = policy.verify(&SIGNED) {
        assert!(named && trusted.cosignatures().is_empty());
        assert!(policy.quorum_is_met_by(&[]));
    }
}

fn is_told(error: &PolicyError, bytes: &[u8]) {
    if let PolicyError::Line { line, .. } = error {
        let lines = bytes.split(|byte| *byte == b'\n').count();
        assert!((1..=lines).contains(line), "line {line} of {lines}");
    }
    let told = error.to_string();
    assert!(told.len() < 2_000, "{} bytes", told.len());
    assert!(!told.contains(|char: char| char.is_control()), "{told:?}");
}
