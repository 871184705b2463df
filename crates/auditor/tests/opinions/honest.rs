//! Honest polls, and promises made in them.

use super::Named;
use sijill_poll::event::How;
use sijill_scenarios::bench::{Bench, Setup};
use sijill_scenarios::definition::Terms;
use sijill_scenarios::{Case, fixture};

/// Every honest poll: whole and at each prefix, under several terms, with promises kept, broken and bent.
pub fn honest() -> Vec<Named> {
    let bench = fixture::honest();
    let mut cases = vec![
        ("whole".to_owned(), Case::of(&bench)),
        ("no anchor".into(), Case::of(&bench).without_anchor()),
        ("no key".into(), keyless(Case::of(&bench))),
        ("running".into(), Case::of(&fixture::running())),
    ];
    cases.extend(prefixes(&bench));
    cases.extend(other_terms());
    cases.extend(promised());
    cases
}

fn keyless(case: Case) -> Case {
    Case {
        operator_keys: Vec::new(),
        ..case
    }
}

fn prefixes(bench: &Bench) -> Vec<Named> {
    let prefix = |length: usize| {
        let mut export = bench.export();
        export.entries.truncate(length);
        let case = Case {
            file: export.bytes(),
            anchors: vec![(length as u64 - 1, bench.entries[length - 1].link())],
            ..Case::of(bench)
        };
        (format!("prefix {length}"), case)
    };
    (1..=bench.entries.len()).map(prefix).collect()
}

fn other_terms() -> Vec<Named> {
    let closing_at_end = Terms {
        close_any_time: false,
        ..Terms::default()
    };
    let setups = [
        (
            "a sender",
            Setup {
                with_sender: true,
                ..Setup::default()
            },
        ),
        (
            "at end",
            Setup {
                terms: closing_at_end,
                ..Setup::default()
            },
        ),
        (
            "larger",
            Setup {
                invitations: 300,
                seed: 7,
                ..Setup::default()
            },
        ),
    ];
    setups
        .into_iter()
        .map(|(name, setup)| {
            let answers = setup.invitations * 2 / 3 + 1;
            (name.to_owned(), Case::of(&fixture::closed(&setup, answers)))
        })
        .collect()
}

fn promised() -> Vec<Named> {
    let mut annulled = fixture::running();
    annulled.admit(annulled.annulled("The roster was drawn wrongly"));
    let mut cases = vec![("annulled".to_owned(), Case::of(&annulled))];
    let polls = [
        ("closed", fixture::honest()),
        ("running", fixture::running()),
        ("annulled", annulled),
    ];
    for (name, bench) in polls {
        for (what, person, option) in [
            ("kept", 3, "yes"),
            ("superseded", 0, "yes"),
            ("never recorded", 10, "no"),
        ] {
            let answer = bench.responded_as(person, 1, How::Link, option);
            let mut case = Case::of(&bench);
            case.promises = vec![(format!("{what}.promise"), bench.promise(&answer))];
            cases.push((format!("{name}, a promise {what}"), case));
        }
    }
    cases.extend(bent_promises());
    cases
}

/// A promise with one byte of it changed, every one in turn.
fn bent_promises() -> Vec<Named> {
    let bench = fixture::honest();
    let honest = bench.promise(&bench.responded_as(3, 1, How::Link, "yes"));
    let bent = |at: usize| {
        let mut bytes = honest.clone().into_bytes();
        bytes[at] ^= 1 << (at % 5);
        let mut case = Case::of(&bench);
        case.promises = vec![("bent".into(), String::from_utf8_lossy(&bytes).into_owned())];
        (format!("promise bent at {at}"), case)
    };
    (0..honest.len()).step_by(5).map(bent).collect()
}
