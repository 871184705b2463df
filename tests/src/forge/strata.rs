//! Forgeries of sealed strata (V18, and V10 and V15 where those rules meet it first), and of a `Recovered` (V15).

use super::{Forgery, Holds, swapped, with_roster};
use crate::bench::Bench;
use crate::fixture::{self, Case};
use sijill_ledger::{Hash, Link};
use sijill_poll::Event;
use sijill_poll::event::Unsealed;
use sijill_poll::roster::LEAF_BYTES;
use sijill_poll::unseal::{self, OpenedStrata, StratumKeys};

pub(super) const FORGERIES: &[Forgery] = &[
    Forgery {
        name: "two strata are unsealed with each other's key",
        holds: Holds::Everything,
        fails: &[18],
        make: || {
            unsealed(|_, content| {
                let given: Vec<usize> = places(content, true);
                content.keys.swap(given[0], given[1]);
            })
        },
    },
    Forgery {
        name: "a stratum is unsealed with a key of the moment",
        holds: Holds::Everything,
        fails: &[18],
        make: || {
            unsealed(|_, content| {
                let given = places(content, true)[0];
                content.keys[given] = Some([7; 32]);
            })
        },
    },
    Forgery {
        name: "a stratum is opened in which few people answered",
        holds: Holds::Everything,
        fails: &[18],
        make: || {
            unsealed(|bench, content| {
                let closed = places(content, false)[0];
                content.keys[closed] = Some(bench.stratum_keys[closed]);
                content.tables = tables(bench, &content.keys);
            })
        },
    },
    Forgery {
        name: "a stratum of many answers is left closed after its result was known",
        holds: Holds::Everything,
        fails: &[18],
        make: || {
            unsealed(|bench, content| {
                let answered = opened(bench, &content.keys).answered();
                let largest = (0..answered.len()).max_by_key(|place| answered[*place]);
                content.keys[largest.expect("there are strata")] = None;
                content.tables = tables(bench, &content.keys);
            })
        },
    },
    Forgery {
        name: "nothing is opened, although many answered",
        holds: Holds::Everything,
        fails: &[18],
        make: || {
            let mut setup = fixture::sealed_setup();
            setup.terms.threshold = 2;
            let mut bench = fixture::closed(&setup, 38);
            let content = Unsealed {
                keys: vec![None; 4],
                tables: Hash::of(b""),
            };
            bench.record(bench.signed(content, Event::Unsealed));
            Case::of(&bench)
        },
    },
    Forgery {
        name: "one stratum alone is left closed, so that it can be subtracted",
        holds: Holds::Everything,
        fails: &[18],
        make: || {
            let mut setup = fixture::sealed_setup();
            setup.terms.threshold = 1;
            let mut bench = fixture::closed(&setup, 23);
            let mut content = bench.unsealing();
            content.keys[0] = None;
            content.tables = tables(&bench, &content.keys);
            bench.record(bench.signed(content, Event::Unsealed));
            Case::of(&bench)
        },
    },
    Forgery {
        name: "the tables of the strata have right sums and wrong rows",
        holds: Holds::Everything,
        fails: &[18],
        make: || {
            unsealed(|bench, content| {
                let definition = bench.poll.definition();
                let mut tables = opened(bench, &content.keys).tables;
                let given = places(content, true);
                tables.swap(given[0], given[1]);
                content.tables = unseal::tables_hash(definition, &content.keys, &tables)
                    .expect("a row is short");
            })
        },
    },
    Forgery {
        name: "people are moved from one sealed stratum to another",
        holds: Holds::Everything,
        fails: &[18],
        make: || {
            let mut bench = Bench::open(&fixture::sealed_setup());
            let mut commitment = bench.commitment();
            commitment.by_stratum[0] += 1;
            commitment.by_stratum[1] -= 1;
            bench.admit(bench.signed(commitment, Event::RosterCommitted));
            bench.admit(bench.wave_started(40));
            bench.wait_for_start();
            for person in 0..32 {
                bench.admit(fixture::respond(&bench, person, "yes"));
            }
            bench.admit(bench.closed("All who were invited had a week"));
            bench.record(bench.unsealed());
            Case::of(&bench)
        },
    },
    Forgery {
        name: "the strata are unsealed a second time",
        holds: Holds::Everything,
        fails: &[18],
        make: || {
            let mut bench = fixture::sealed();
            bench.admit(bench.unsealed());
            bench.record(bench.unsealed());
            Case::of(&bench)
        },
    },
    Forgery {
        name: "open strata are unsealed",
        holds: Holds::Everything,
        fails: &[18],
        make: || {
            let mut bench = fixture::honest();
            let content = Unsealed {
                keys: vec![None, None],
                tables: Hash::of(b""),
            };
            bench.record(bench.signed(content, Event::Unsealed));
            Case::of(&bench)
        },
    },
    Forgery {
        name: "the strata are unsealed while people still answer",
        holds: Holds::Everything,
        fails: &[15],
        make: || {
            let mut bench = fixture::answered(&fixture::sealed_setup(), 23);
            bench.record(bench.unsealed());
            Case::of(&bench)
        },
    },
    Forgery {
        name: "a roster of sealed strata commits to counts that do not add up",
        holds: Holds::Everything,
        fails: &[10],
        make: || {
            let mut bench = Bench::open(&fixture::sealed_setup());
            let mut commitment = bench.commitment();
            commitment.by_stratum[0] += 1;
            bench.record(bench.signed(commitment, Event::RosterCommitted));
            Case::of(&bench)
        },
    },
    Forgery {
        name: "a leaf of a sealed roster has its stratum in clear",
        holds: Holds::Everything,
        fails: &[10],
        make: || {
            let mut bench = Bench::open(&fixture::sealed_setup());
            bench.leaves[LEAF_BYTES + 32..LEAF_BYTES + 34].copy_from_slice(&[1, 0]);
            let leaves = crate::bench::roster(&bench.leaves, bench.poll.definition());
            let mut commitment = bench.commitment();
            commitment.root = leaves.root();
            bench.poll.attach(leaves.into());
            bench.record(bench.signed(commitment, Event::RosterCommitted));
            Case::of(&bench)
        },
    },
    Forgery {
        name: "the sealed stratum of a leaf is another than was committed to",
        holds: Holds::Nothing,
        fails: &[10],
        make: || {
            let mut bench = fixture::sealed();
            bench.admit(bench.unsealed());
            let mut leaves = bench.leaves.clone();
            let (one, two) = (34, LEAF_BYTES + 34);
            for byte in 0..32 {
                leaves.swap(one + byte, two + byte);
            }
            swapped(&bench, &with_roster(&bench.export(), leaves))
        },
    },
    Forgery {
        name: "a recovery is recorded of which nothing was lost",
        holds: Holds::Everything,
        fails: &[15],
        make: || {
            let mut bench = fixture::running();
            let link = Link::from_bytes([9; 32]);
            bench.record(bench.recovered(0, link, "The disk of the server failed"));
            Case::of(&bench)
        },
    },
];

/// A closed poll of sealed strata whose operator, with all keys, bends what an honest one would unseal.
fn unsealed(bend: impl FnOnce(&Bench, &mut Unsealed)) -> Case {
    let mut bench = fixture::sealed();
    let mut content = bench.unsealing();
    bend(&bench, &mut content);
    bench.record(bench.signed(content, Event::Unsealed));
    Case::of(&bench)
}

/// The places of the strata that have a key, or of those that have none.
fn places(content: &Unsealed, with_key: bool) -> Vec<usize> {
    let places = 0..content.keys.len();
    places
        .filter(|place| content.keys[*place].is_some() == with_key)
        .collect()
}

fn opened(bench: &Bench, keys: &StratumKeys) -> OpenedStrata {
    let poll = &bench.poll;
    OpenedStrata::new(poll.definition(), poll.roster(), poll.casts(), keys)
}

fn tables(bench: &Bench, keys: &StratumKeys) -> Hash {
    let tables = opened(bench, keys).tables;
    unseal::tables_hash(bench.poll.definition(), keys, &tables).expect("a row is short")
}
