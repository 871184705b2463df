//! Forks: what anybody may hand round against a log.
//!
//! Signatures would stop nearly every change at the door, so each input is also judged with both checkpoints signed
//! anew, as whoever holds the log's key could.

use crate::checkpoint::{log, policy_of};
use sijill_ledger::SecretKey;
use sijill_ledger::fork::ForkProof;
use sijill_ledger::limits::FORK_BYTES_MAX;

/// What reads is written again as it was read, and what verifies is two histories of one log.
pub(crate) fn check(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let Ok(fork) = text.parse::<ForkProof>() else {
        return;
    };
    assert!(text.len() <= FORK_BYTES_MAX);
    assert_eq!(fork.to_string(), text);
    convicts_its_log_alone(&fork);
    if let Ok(anew) = signed_anew(&fork, text).parse() {
        convicts_its_log_alone(&anew);
    }
}

fn signed_anew(fork: &ForkProof, text: &str) -> String {
    let (head, _) = text.split_once("\n\n").expect("it has an empty line");
    let [first, second] = [fork.first(), fork.second()].map(|checkpoint| {
        let signed = checkpoint.claimed().sign(&log());
        signed.expect("a log can sign what it can say").to_string()
    });
    format!("{head}\n\n{}\n{first}{second}", first.len())
}

fn convicts_its_log_alone(fork: &ForkProof) {
    let claimed = fork.first().claimed();
    let stranger = SecretKey::from_seed([99; 32]);
    assert!(fork.verify(&policy_of(&stranger, claimed)).is_err());
    let Ok(verified) = fork.verify(&policy_of(&log(), claimed)) else {
        return;
    };
    let [first, second] = [verified.first(), verified.second()].map(|found| found.checkpoint());
    assert_eq!(first.origin, second.origin);
    assert!(first.size >= 1 && first.size <= second.size);
    assert_ne!(verified.other_root(), first.root);
    if first.size == second.size {
        assert_eq!(verified.other_root(), second.root);
    }
}
