//! Verifier keys, signed notes, and the short texts that people paste beside them: origins, anchors, links, tokens.

use sijill_auditor::Anchor;
use sijill_ledger::note::{self, VerifierKey};
use sijill_ledger::{Link, Origin, SecretKey};
use sijill_poll::credential::Token;
use std::fmt::Display;
use std::str::FromStr;

/// Each text that reads is written again as it was read; a note opens only for a key that signed it.
pub(crate) fn check(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    reads_as_written::<VerifierKey>(text);
    reads_as_written::<Origin>(text);
    reads_as_written::<Link>(text);
    if let Ok(anchor) = text.parse::<Anchor>() {
        assert_eq!(anchor.to_string().parse(), Ok(anchor));
    }
    if let Ok(token) = text.parse::<Token>() {
        assert_eq!(token.reveal().parse(), Ok(token.clone()));
    }
    opens_for_its_signer_alone(text);
}

fn reads_as_written<T: FromStr + Display>(text: &str) {
    if let Ok(value) = text.parse::<T>() {
        assert_eq!(value.to_string(), text);
    }
}

fn opens_for_its_signer_alone(text: &str) {
    let [signer, other] = [1, 2].map(|seed| SecretKey::from_seed([seed; 32]));
    let key = |secret: &SecretKey| VerifierKey::new("sijill.example/fuzz", secret.public_key());
    let [key, stranger] = [key(&signer), key(&other)].map(|key| key.expect("the name is one"));
    if let Ok(body) = note::open(text, &key) {
        assert!(text.starts_with(body) && body.ends_with('\n'));
        assert!(note::open(text, &stranger).is_err());
    }
    if let Ok(signed) = note::sign(text, key.name(), &signer) {
        let opened = note::open(&signed, &key);
        assert!(
            opened.is_err() || opened == Ok(text),
            "another text was opened than signed"
        );
        assert!(note::open(&signed, &stranger).is_err());
    }
}
