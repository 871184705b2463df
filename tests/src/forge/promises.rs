//! Broken promises (V25): ledgers in which everything is in order, but for what somebody was promised.

use super::{Forgery, Holds};
use crate::bench::{Keys, Setup};
use crate::fixture::{self, Case};
use sijill_poll::event::How;
use sijill_poll::promise::{self, Promise};

pub(super) const FORGERIES: &[Forgery] = &[
    Forgery {
        name: "an answer that was promised is not in the closed ledger",
        holds: Holds::Everything,
        fails: &[25],
        make: || {
            let mut case = Case::of(&fixture::closed(&Setup::default(), 9));
            let dropped = fixture::running().responded(10, "no");
            case.promises = vec![held("dropped", &fixture::running().promise(&dropped))];
            case
        },
    },
    Forgery {
        name: "another answer stands where the promised one should",
        holds: Holds::Everything,
        fails: &[25],
        make: || {
            let bench = fixture::honest();
            let promised = bench.responded_as(3, 1, How::Link, "no");
            let mut case = Case::of(&bench);
            case.promises = vec![held("replaced", &bench.promise(&promised))];
            case
        },
    },
    Forgery {
        name: "a promise is past its time in a ledger that never closed",
        holds: Holds::Platform,
        fails: &[25],
        make: || {
            let bench = fixture::running();
            let dropped = bench.responded(10, "no");
            let mut case = Case::of(&bench);
            case.promises = vec![held("overdue", &bench.promise(&dropped))];
            case.now_ms = bench.poll.promise_due() + 1;
            case
        },
    },
    Forgery {
        name: "a respondent was promised a later time than everybody",
        holds: Holds::Platform,
        fails: &[25],
        make: || {
            let bench = fixture::honest();
            let kept = bench.responded_as(3, 1, How::Link, "yes");
            let promise = Promise {
                origin: bench.poll.origin().clone(),
                poll_id: bench.poll.id(),
                answer: kept.hash().expect("the answer can be encoded"),
                due: bench.poll.promise_due() / 1_000 + 86_400,
            };
            let file = promise::file(&kept, &promise, &bench.keys.promise);
            let mut case = Case::of(&bench);
            case.promises = vec![held("later", &file.expect("the promise can be signed"))];
            case
        },
    },
    Forgery {
        name: "a promise is signed by a key that is not the ledger's",
        holds: Holds::Nothing,
        fails: &[25],
        make: || {
            let bench = fixture::honest();
            let mut forger = bench.clone();
            forger.keys.promise = Keys::of_seed(9).promise;
            let mut case = Case::of(&bench);
            case.promises = vec![held("forged", &forger.promise(&bench.responded(10, "no")))];
            case
        },
    },
];

fn held(name: &str, file: &str) -> (String, String) {
    (format!("{name}.promise"), file.to_owned())
}
