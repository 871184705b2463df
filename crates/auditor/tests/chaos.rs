//! Ledgers bent at random, by somebody without keys: the auditor holds the link of the end and finds every one.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "what cannot be set up must stop the test that asked for it"
)]

mod bench_of_audits;

use bench_of_audits::{failed, report_of};
use proptest::prelude::*;
use sijill_ledger::Entry;
use sijill_poll::Event;
use sijill_poll::event::{How, Value, Who};
use sijill_scenarios::forge::{edit, read, seal};
use sijill_scenarios::{Case, Export, fixture};

/// One thing that a forger does to a list of entries.
#[derive(Debug, Clone)]
enum Step {
    Remove(usize),
    Repeat(usize),
    Swap(usize, usize),
    Redate(usize, i64),
    Choose(usize, &'static str),
    Readdress(usize, u32, u8),
    Claim(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let place = 0usize..30;
    prop_oneof![
        place.clone().prop_map(Step::Remove),
        place.clone().prop_map(Step::Repeat),
        (place.clone(), place.clone()).prop_map(|(a, b)| Step::Swap(a, b)),
        (place.clone(), prop_oneof![-5_000i64..5_000, any::<i64>()])
            .prop_map(|(place, by)| Step::Redate(place, by)),
        (
            place.clone(),
            prop_oneof![Just("yes"), Just("no"), Just("none")]
        )
            .prop_map(|(place, option)| Step::Choose(place, option)),
        (
            place.clone(),
            prop_oneof![0u32..14, any::<u32>()],
            any::<u8>()
        )
            .prop_map(|(place, index, revision)| Step::Readdress(place, index, revision)),
        place.prop_map(Step::Claim),
    ]
}

fn apply(step: &Step, entries: &mut Vec<Entry<Event>>) {
    let length = entries.len();
    let at = |place: usize| place % length;
    match *step {
        Step::Remove(place) if length > 1 => drop(entries.remove(at(place))),
        Step::Remove(_) => {}
        Step::Repeat(place) => {
            let again = entries[at(place)].clone();
            entries.insert(at(place), again);
        }
        Step::Swap(a, b) => entries.swap(at(a), at(b)),
        Step::Redate(place, by) => {
            let entry = &mut entries[at(place)];
            entry.at = entry.at.wrapping_add_signed(by);
        }
        Step::Choose(place, option) => respond(&mut entries[at(place)], |answer| {
            answer.chosen[0].value = Value::Clear(option.into());
        }),
        Step::Readdress(place, index, revision) => respond(&mut entries[at(place)], |answer| {
            answer.who = Who::Invitation { index, revision };
        }),
        Step::Claim(place) => respond(&mut entries[at(place)], |answer| answer.how = How::Assisted),
    }
}

fn respond(entry: &mut Entry<Event>, bend: impl Fn(&mut sijill_poll::event::Answer)) {
    if let Event::Responded(responded) = &mut entry.event {
        bend(&mut responded.answer);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_bent_ledger_passes(steps in prop::collection::vec(step(), 1..6), resealed: bool) {
        let bench = fixture::honest();
        let honest = bench.export();
        let bent = if resealed {
            edit(&honest, |entries| steps.iter().for_each(|step| apply(step, entries)))
        } else {
            let mut entries = read(&honest);
            steps.iter().for_each(|step| apply(step, &mut entries));
            Export {
                entries: entries.into_iter().map(|entry| seal(entry).bytes().to_vec()).collect(),
                roster: honest.roster.clone(),
            }
        };
        let same = bent == honest;
        let report = report_of(&Case { file: bent.bytes(), ..Case::of(&bench) });
        prop_assert_eq!(failed(&report).is_empty(), same, "{:#?}", report.checks);
    }

    #[test]
    fn no_bytes_in_the_place_of_an_entry_make_the_auditor_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..300),
        place in 0usize..21,
    ) {
        let bench = fixture::honest();
        let mut export = bench.export();
        export.entries[place] = bytes;
        let report = report_of(&Case { file: export.bytes(), ..Case::of(&bench) });
        prop_assert!(failed(&report).contains(&2));
    }

    #[test]
    fn no_bytes_are_taken_for_an_export(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let report = report_of(&Case { file: bytes, ..Case::of(&fixture::running()) });
        prop_assert_eq!(failed(&report), [1]);
    }
}
