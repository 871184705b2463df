//! What a promise file says of itself, before anybody knows whose key to ask for.
#![allow(
    clippy::unwrap_used,
    reason = "a fixture that cannot be made must stop its test"
)]

use proptest::prelude::*;
use sijill_poll::promise::{self, claimed};
use sijill_scenarios::bench::Setup;
use sijill_scenarios::{Bench, fixture};

fn promise_of(bench: &Bench) -> String {
    bench.promise(&bench.responded(3, "yes"))
}

#[test]
fn what_a_promise_claims_is_read_whoever_signed_it() {
    let bench = fixture::invited(&Setup::default());
    let file = promise_of(&bench);
    let claims = claimed(&file).unwrap();
    assert_eq!(
        (&claims.origin, claims.poll_id),
        (bench.poll.origin(), bench.poll.id())
    );
    let key = bench.poll.promise_key();
    let opened = promise::open(&file, &claims.origin, claims.poll_id, key).unwrap();
    assert_eq!(*opened.promise(), claims);
    let mut forger = bench.clone();
    forger.keys.promise = forger.keys.log.clone();
    let forged = promise_of(&forger);
    assert_eq!(claimed(&forged).unwrap(), claims);
    assert!(promise::open(&forged, &claims.origin, claims.poll_id, key).is_err());
}

#[test]
fn what_is_no_promise_claims_nothing() {
    let file = promise_of(&fixture::invited(&Setup::default()));
    for bad in [
        String::new(),
        file.replace("promise@v1", "promise@v2"),
        file.replace("sijill promise v1", "sijill promise v2"),
        file.replacen("\n\n", "\n", 1),
        file.replace("\n\n\u{2014}", "\n\u{2014}"),
        file.replace('\n', "\r\n"),
        file + &"x".repeat(sijill_poll::limits::PROMISE_BYTES_MAX),
    ] {
        assert!(claimed(&bad).is_err(), "{bad:.200}");
    }
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text: String, lines in "sijill-promise@v1\nanswer [A-Z]{4}\n\n(sijill promise v1\n)?([a-z/=\u{2014}]{0,9}\n){0,6}\n?") {
        prop_assert!(claimed(&text).is_err());
        prop_assert!(claimed(&lines).is_err());
    }
}
