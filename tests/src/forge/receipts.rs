//! Receipts that a ledger does not uphold (V25).

use super::{Forgery, Holds};
use crate::bench::{Bench, Keys, Setup};
use crate::fixture::{self, Case, respond};
use sijill_poll::Event;
use sijill_poll::event::How;

pub(super) const FORGERIES: &[Forgery] = &[
    Forgery {
        name: "an answer is replaced by another after its receipt was given",
        holds: Holds::Platform,
        fails: &[25],
        make: || holding(&replaced(), &[(&fixture::running(), 18)]),
    },
    Forgery {
        name: "two people hold receipts of one index with different answers",
        holds: Holds::Platform,
        fails: &[25],
        make: || {
            let bench = replaced();
            holding(&bench, &[(&fixture::running(), 18), (&bench, 18)])
        },
    },
    Forgery {
        name: "the ledger is cut before an answer whose receipt was given",
        holds: Holds::Platform,
        fails: &[25],
        make: || {
            let (whole, cut) = (fixture::running(), fixture::answered(&Setup::default(), 9));
            holding(&cut, &[(&whole, 18)])
        },
    },
    Forgery {
        name: "a receipt is under a checkpoint that another log signed",
        holds: Holds::Nothing,
        fails: &[25],
        make: || {
            let bench = fixture::honest();
            let mut forger = bench.clone();
            forger.keys.log = Keys::of_seed(9).log;
            holding(&bench, &[(&forger, 18)])
        },
    },
    Forgery {
        name: "a receipt is of another poll",
        holds: Holds::Nothing,
        fails: &[25],
        make: || {
            let mut other = Setup::default();
            other.terms.slug = "tunnel".into();
            holding(&fixture::honest(), &[(&fixture::closed(&other, 10), 18)])
        },
    },
    Forgery {
        name: "a receipt is of an entry that is no answer",
        holds: Holds::Platform,
        fails: &[25],
        make: || {
            let bench = fixture::honest();
            holding(&bench, &[(&bench, 1)])
        },
    },
    Forgery {
        name: "an answer with a receipt does not count, since another of its revision was written after it",
        holds: Holds::Platform,
        fails: &[12, 25],
        make: || {
            let mut bench = fixture::running();
            let again = bench.responded_as(9, 1, How::Link, "no");
            bench.record(Event::Responded(again));
            holding(&bench, &[(&bench, 18)])
        },
    },
];

/// The running poll as it would be if person 10 had answered in place of person 9.
fn replaced() -> Bench {
    let mut bench = fixture::answered(&Setup::default(), 9);
    bench.admit(respond(&bench, 10, "no"));
    bench
}

/// The case of this bench, given receipts that these benches made of entries of these indices.
fn holding(bench: &Bench, receipts: &[(&Bench, u64)]) -> Case {
    let mut case = Case::of(bench);
    let receipts = receipts.iter().enumerate();
    case.receipts = receipts
        .map(|(place, (of, index))| (format!("{place}.tlog-proof"), of.receipt(*index)))
        .collect();
    case
}
