//! Objections (V25): promises that the platform admits to have broken, and what it puts on record as one that is none.

use super::{Forgery, Holds};
use crate::bench::{Bench, Setup};
use crate::fixture::{self, Case};
use sijill_poll::event::How;

pub(super) const FORGERIES: &[Forgery] = &[
    Forgery {
        name: "an answer was dropped, and whoever was promised it objected",
        holds: Holds::Platform,
        fails: &[25],
        make: || objected(fixture::dropped),
    },
    Forgery {
        name: "another answer was put in the place of the promised one, and whoever was promised it objected",
        holds: Holds::Platform,
        fails: &[25],
        make: || objected(|bench| bench.promise(&bench.responded_as(3, 1, How::Link, "no"))),
    },
    Forgery {
        name: "a promise that was kept is on record as broken",
        holds: Holds::Platform,
        fails: &[25],
        make: || objected(|bench| bench.promise(&bench.responded_as(3, 1, How::Link, "yes"))),
    },
    Forgery {
        name: "a promise of another poll is on record as broken",
        holds: Holds::Platform,
        fails: &[25],
        make: || objected(|_| fixture::dropped(&fixture::honest_of_seed(2))),
    },
    Forgery {
        name: "a promise with another due time is on record as broken",
        holds: Holds::Platform,
        fails: &[25],
        make: || {
            objected(|bench| {
                let answer = bench.responded_as(10, 1, How::Link, "no");
                bench.promise_due(&answer, bench.poll.promise_due() / 1_000 + 1)
            })
        },
    },
    Forgery {
        name: "an advertisement is on record as a broken promise",
        holds: Holds::Platform,
        fails: &[25],
        make: || objected(|_| "Buy now".to_owned()),
    },
    Forgery {
        name: "an advertisement stands beside the signature of a broken promise",
        holds: Holds::Platform,
        fails: &[25],
        make: || {
            objected(|bench| {
                let file = fixture::dropped(bench);
                let line = file.lines().last().unwrap_or_default();
                let advertised = line.replace("/promise", "/buy-now");
                format!("{file}{advertised}\n")
            })
        },
    },
    Forgery {
        name: "a broken promise is put on record after the time for objections",
        holds: Holds::Platform,
        fails: &[15, 25],
        make: || {
            let mut bench = fixture::honest();
            let window = bench.poll.definition().rules.objection_window_ms;
            bench.now += window;
            let dropped = fixture::dropped(&bench);
            bench.record(bench.objected(&dropped));
            Case::of(&bench)
        },
    },
    Forgery {
        name: "a promise is put on record as broken while it can still be kept",
        holds: Holds::Platform,
        fails: &[15, 25],
        make: || {
            let mut bench = fixture::running();
            let dropped = fixture::dropped(&bench);
            bench.record(bench.objected(&dropped));
            Case::of(&bench)
        },
    },
    Forgery {
        name: "a broken promise is on record twice",
        holds: Holds::Platform,
        fails: &[16, 25],
        make: || {
            let mut bench = fixture::honest();
            let dropped = fixture::dropped(&bench);
            bench.record(bench.objected(&dropped));
            bench.record(bench.objected(&dropped));
            Case::of(&bench)
        },
    },
    Forgery {
        name: "a broken promise is put on record with a time before the close",
        holds: Holds::Platform,
        fails: &[5, 25],
        make: || {
            let mut bench = fixture::honest();
            bench.now -= 20_000;
            let dropped = fixture::dropped(&bench);
            bench.record(bench.objected(&dropped));
            Case::of(&bench)
        },
    },
    Forgery {
        name: "an answer is written after the objection that it is missing",
        holds: Holds::Everything,
        fails: &[15, 25],
        make: || {
            let mut bench = fixture::closed(&Setup::default(), 10);
            let dropped = fixture::dropped(&bench);
            bench.record(bench.objected(&dropped));
            bench.record(fixture::respond(&bench, 10, "no"));
            Case::of(&bench)
        },
    },
];

/// The honest poll with an objection about this promise behind its close.
fn objected(promise: fn(&Bench) -> String) -> Case {
    let mut bench = fixture::honest();
    let promise = promise(&bench);
    bench.record(bench.objected(&promise));
    Case::of(&bench)
}
