//! Exports bent by somebody who does not look: bits changed, bytes cut, sections and entries moved about.

use super::Named;
use sijill_scenarios::bench::{Bench, Setup};
use sijill_scenarios::export::{Section, file};
use sijill_scenarios::forge::edit;
use sijill_scenarios::{Case, Export, fixture};

/// Files bent as a whole.
pub fn files() -> Vec<Named> {
    let whole = Case::of(&small());
    [flipped(&whole), cut(&whole), rearranged()].concat()
}

/// Entries bent in files that are whole.
pub fn entries() -> Vec<Named> {
    [bent_entries(), replaced(), rechained()].concat()
}

/// A small poll, so that every byte of it can be bent: two people, two answers.
fn small() -> Bench {
    let setup = Setup {
        invitations: 2,
        ..Setup::default()
    };
    fixture::closed(&setup, 2)
}

/// One bit of the file changed: everywhere in the head, and here and there behind it.
fn flipped(whole: &Case) -> Vec<Named> {
    places(whole.file.len(), 97)
        .map(|at| {
            let mut file = whole.file.clone();
            file[at] ^= 1 << (at % 8);
            let case = Case {
                file,
                ..whole.clone()
            };
            (format!("bit of byte {at}"), case)
        })
        .collect()
}

/// The file's beginning alone: of every length in the head, and of some behind it.
fn cut(whole: &Case) -> Vec<Named> {
    places(whole.file.len(), 131)
        .map(|length| {
            let case = Case {
                file: whole.file[..length].to_vec(),
                ..whole.clone()
            };
            (format!("cut to {length}"), case)
        })
        .collect()
}

/// Every place of the head of an export with two sections, and each `step`th behind it.
fn places(length: usize, step: usize) -> impl Iterator<Item = usize> {
    const HEAD_BYTES: usize = 8 + 2 + 2 + 2 * 44 + 32;
    (0..HEAD_BYTES).chain((HEAD_BYTES..length).step_by(step))
}

/// How sections are put together of those of entries and roster.
type Arrange = fn(Section, Section) -> Vec<Section>;

const ARRANGEMENTS: &[(&str, Arrange)] = &[
    ("swapped", |entries, roster| vec![roster, entries]),
    ("entries twice", |entries, roster| {
        vec![entries.clone(), entries, roster]
    }),
    ("roster twice", |entries, roster| {
        vec![entries, roster.clone(), roster]
    }),
    ("no roster", |entries, _| vec![entries]),
    ("no entries", |_, roster| vec![roster]),
    ("nothing", |_, _| Vec::new()),
    ("entries optional", |entries, roster| {
        vec![flagged(entries, 0), roster]
    }),
    ("roster optional", |entries, roster| {
        vec![entries, flagged(roster, 0)]
    }),
    ("a later section", |entries, roster| {
        vec![entries, roster, later(9, 0)]
    }),
    ("a later section between", |entries, roster| {
        vec![entries, later(9, 0), roster]
    }),
    ("a later section twice", |entries, roster| {
        vec![entries, roster, later(9, 0), later(9, 0)]
    }),
    (
        "a later section that must be understood",
        |entries, roster| vec![entries, roster, later(9, 1)],
    ),
    ("checkpoints", |entries, roster| {
        vec![entries, roster, later(3, 0)]
    }),
    ("checkpoints that must be understood", |entries, roster| {
        vec![entries, roster, later(3, 1)]
    }),
    ("unknown flags", |entries, roster| {
        vec![entries, roster, later(9, 2)]
    }),
    ("unknown flags on the entries", |entries, roster| {
        vec![flagged(entries, 3), roster]
    }),
    ("roster of a broken length", |entries, mut roster| {
        roster.bytes.truncate(100);
        vec![entries, roster]
    }),
    ("sections to the limit", |entries, roster| {
        [vec![entries, roster], vec![later(9, 0); 62]].concat()
    }),
    ("sections beyond the limit", |entries, roster| {
        [vec![entries, roster], vec![later(9, 0); 63]].concat()
    }),
];

fn later(kind: u16, flags: u16) -> Section {
    Section {
        kind,
        flags,
        bytes: b"later".to_vec(),
    }
}

fn flagged(section: Section, flags: u16) -> Section {
    Section { flags, ..section }
}

/// Sections swapped, doubled, left out, made optional, and of kinds that nobody knows.
fn rearranged() -> Vec<Named> {
    let bench = small();
    let [entries, roster] = <[Section; 2]>::try_from(bench.export().sections()).unwrap();
    let arranged = ARRANGEMENTS.iter().map(|(name, arrange)| {
        let case = Case {
            file: file(&arrange(entries.clone(), roster.clone())),
            ..Case::of(&bench)
        };
        ((*name).to_owned(), case)
    });
    arranged.collect()
}

/// One bit of one entry changed and the file made whole around it, with an anchor and without.
fn bent_entries() -> Vec<Named> {
    let bench = fixture::honest();
    let honest = bench.export();
    let mut cases = Vec::new();
    for (entry, bytes) in honest.entries.iter().enumerate() {
        let step = if entry == 0 { 61 } else { 7 };
        for at in (0..bytes.len()).step_by(step) {
            let mut export = honest.clone();
            export.entries[entry][at] ^= 1 << ((at + entry) % 8);
            let case = Case {
                file: export.bytes(),
                ..Case::of(&bench)
            };
            let case = if at % 2 == 0 {
                case
            } else {
                case.without_anchor()
            };
            cases.push((format!("entry {entry} bent at {at}"), case));
        }
    }
    cases
}

/// Entries replaced by what is none: too long, empty, or with a byte too many; with anchors and without.
fn replaced() -> Vec<Named> {
    let bench = fixture::honest();
    let honest = bench.export();
    let mut cases = Vec::new();
    let mut add = |name: String, entries: Vec<Vec<u8>>| {
        let export = Export {
            entries,
            roster: honest.roster.clone(),
        };
        let case = Case {
            file: export.bytes(),
            ..Case::of(&bench)
        };
        cases.push((format!("{name}, anchored"), case.clone()));
        cases.push((name, case.without_anchor()));
    };
    for at in [0, 1, 2, 7, 18, 19, 20] {
        let original = &honest.entries[at];
        let longest = [original.clone(), vec![0; 65_535 - original.len()]].concat();
        let too_long = [longest.clone(), vec![0]].concat();
        let replacements = [
            ("empty", Vec::new()),
            ("as long as may be", longest),
            ("too long", too_long),
            ("with a byte more", [original.clone(), vec![0]].concat()),
        ];
        for (what, bytes) in replacements {
            let mut entries = honest.entries.clone();
            entries[at] = bytes.clone();
            add(format!("entry {at} {what}"), entries);
            let mut entries = honest.entries.clone();
            entries.insert(at, bytes.clone());
            add(format!("before entry {at} one {what}"), entries);
            add(format!("an entry like {at} {what} alone"), vec![bytes]);
        }
    }
    cases
}

/// Entries removed, repeated, swapped and redated, and the chain made whole behind that.
fn rechained() -> Vec<Named> {
    let bench = fixture::honest();
    let honest = bench.export();
    let count = honest.entries.len();
    let mut cases = Vec::new();
    let mut add = |name: String, change: &dyn Fn(&mut Vec<_>)| {
        let export = edit(&honest, |entries| change(entries));
        let case = Case {
            file: export.bytes(),
            ..Case::of(&bench)
        };
        cases.push((name, case.without_anchor()));
    };
    for at in 0..count {
        add(format!("without {at}"), &|entries| drop(entries.remove(at)));
        add(format!("{at} at the end"), &|entries| {
            let moved = entries.remove(at);
            entries.push(moved);
        });
        add(format!("{at} twice"), &|entries| {
            entries.insert(at, entries[at].clone())
        });
        add(format!("{at} swapped with the next"), &|entries| {
            entries.swap(at, (at + 1) % count)
        });
        for by in [-60_000_i64, -1, 1, 600_000, 7_200_000] {
            add(format!("{at} redated by {by}"), &|entries| {
                entries[at].at = entries[at].at.wrapping_add_signed(by);
            });
        }
    }
    cases
}
