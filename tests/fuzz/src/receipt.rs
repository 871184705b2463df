//! Receipts, which people keep for years in whatever drawer.
//!
//! A signature would stop nearly every change at the door, so each input is also judged with its checkpoint signed
//! anew, as whoever holds the log's key could.

use crate::checkpoint::{log, policy_of};
use sijill_ledger::SecretKey;
use sijill_ledger::limits::TLOG_PROOF_BYTES_MAX;
use sijill_ledger::tlog_proof::TlogProof;
use sijill_ledger::tree::leaf_hash;

/// What reads is written again as it was read, and what verifies is in the tree that the log signed.
pub(crate) fn check(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let Ok(proof) = text.parse::<TlogProof>() else {
        return;
    };
    assert!(text.len() <= TLOG_PROOF_BYTES_MAX);
    assert_eq!(proof.to_string(), text);
    verifies_what_it_says(&proof);
    let signed = proof.checkpoint().claimed().sign(&log());
    let signed = signed.expect("a log can sign what it can say").to_string();
    let (head, _) = text.split_once("\n\n").expect("it has an empty line");
    let anew = format!("{head}\n\n{signed}")
        .parse()
        .expect("it reads as before");
    verifies_what_it_says(&anew);
}

fn verifies_what_it_says(proof: &TlogProof) {
    let claimed = proof.checkpoint().claimed();
    let stranger = SecretKey::from_seed([99; 32]);
    assert!(proof.verify_entry(&policy_of(&stranger, claimed)).is_err());
    let Ok(verified) = proof.verify_entry(&policy_of(&log(), claimed)) else {
        return;
    };
    let (leaf, entry) = (verified.leaf(), verified.canonical());
    assert_eq!(Some(entry), proof.extra());
    assert_eq!(
        (leaf.leaf(), leaf.index()),
        (leaf_hash(entry), proof.index())
    );
    let path = proof.inclusion();
    let leads = |index| path.verify(leaf_hash(entry), index, claimed.size, claimed.root);
    assert_eq!(leads(proof.index()), Ok(()));
    assert!(leads(claimed.size).is_err());
}
