//! Checkpoints and the lines on them: whoever runs a log, a witness, or a cache before them, writes these.
//!
//! A signature would stop nearly every change at the door, so each input is also judged with its text signed anew, as
//! whoever holds the log's key could.

use sijill_ledger::SecretKey;
use sijill_ledger::checkpoint::{Checkpoint, SignedCheckpoint};
use sijill_ledger::cosignature::WitnessKey;
use sijill_ledger::limits::{CHECKPOINT_BYTES_MAX, COSIGNATURE_TIME_MAX};
use sijill_ledger::note::{NoteSignature, VerifierKey};
use sijill_ledger::policy::Policy;

/// The key that the seeds are signed with.
pub(crate) fn log() -> SecretKey {
    SecretKey::from_seed([1; 32])
}

/// This key under the name that the checkpoint's log has.
pub(crate) fn key_of(key: &SecretKey, checkpoint: &Checkpoint) -> VerifierKey {
    let key = VerifierKey::new(checkpoint.origin.as_str(), key.public_key());
    key.expect("an origin is a name that a key can have")
}

/// The policy that believes this key alone to be the checkpoint's log's.
pub(crate) fn policy_of(key: &SecretKey, checkpoint: &Checkpoint) -> Policy {
    Policy::of_logs([key_of(key, checkpoint)])
}

/// What reads is written again as it was read; it is the log's exactly if the log signed it, whoever else did.
pub(crate) fn check(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if let Ok(line) = text.parse::<NoteSignature>() {
        assert_eq!(line.to_string(), text);
    }
    if let Ok(witness) = text.parse::<WitnessKey>() {
        assert_eq!(witness.to_string(), text);
    }
    if let Ok(signed) = text.parse::<SignedCheckpoint>() {
        assert!(text.len() <= CHECKPOINT_BYTES_MAX);
        assert_eq!(signed.to_string(), text);
        is_its_signers(&signed);
        signed_anew(signed.claimed());
    }
    let body = text
        .split_once("\n\n")
        .map_or(text.to_owned(), |(body, _)| format!("{body}\n"));
    if let Ok(checkpoint) = body.parse::<Checkpoint>() {
        assert_eq!(checkpoint.to_string(), body);
        signed_anew(&checkpoint);
    }
}

fn is_its_signers(signed: &SignedCheckpoint) {
    let claimed = signed.claimed();
    let stranger = SecretKey::from_seed([99; 32]);
    assert!(signed.verify(&[key_of(&stranger, claimed)]).is_err());
    let Ok(verified) = signed.verify(&[key_of(&log(), claimed)]) else {
        return;
    };
    assert_eq!(verified.checkpoint(), claimed);
    assert_eq!(verified.signed_by(), [key_of(&log(), claimed)]);
    let witnesses = signed.note().signatures().iter();
    let witnesses: Vec<WitnessKey> = witnesses
        .filter_map(|line| WitnessKey::new(line.name(), log().public_key()).ok())
        .collect();
    for seen in verified.cosignatures(&witnesses).unwrap_or_default() {
        assert!(seen.time() <= COSIGNATURE_TIME_MAX);
    }
}

fn signed_anew(checkpoint: &Checkpoint) {
    let signed = checkpoint
        .sign(&log())
        .expect("a log can sign what it can say");
    let read: SignedCheckpoint = signed.to_string().parse().expect("what was signed reads");
    assert_eq!(read, signed);
    let keys = [key_of(&log(), checkpoint)];
    let verified = read.verify(&keys).expect("the log signed it");
    assert_eq!(verified.checkpoint(), checkpoint);
}
