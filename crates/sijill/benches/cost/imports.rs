//! The import of a roster, from the file to what is committed to, beside reading its cells and numbers alone.

use crate::Scale;
use crate::big::operator_key;
use crate::field::{Field, terms};
use crate::memory::peak;
use crate::table::{Rate, Row, in_turn, rate, ratio};
use rayon::prelude::*;
use rlibphonenumber::enums::Region;
use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumberFormat, PhoneNumberType};
use sijill::roster_file;
use sijill_ledger::SecretKey;
use sijill_poll::definition::Definition;
use sijill_scenarios::bench::entropy;
use std::cell::Cell;
use std::fs::File;
use std::path::Path;

/// Part of the bare reading's rate that an import is to reach.
const REACH: f64 = 0.3;

pub fn rows(scale: &Scale) -> Vec<Row> {
    let people = scale.of(1_000_000);
    let first = Field::new();
    let roster = first.roster(people);
    let most = Cell::new(0);
    let [ours, reading, crates, keys] = in_turn(
        scale.rounds,
        [
            ("import", &mut || import(&roster, people, &most)),
            ("its reading", &mut || reading(&roster, people)),
            ("csv and rlibphonenumber", &mut || {
                by_crates(&roster, people)
            }),
            ("with a key each", &mut || with_keys(&roster, people)),
        ],
    );
    let imported =
        format!("import of {people} rows, to the committed roster and the vault on disk");
    let beside = "`csv` and `rlibphonenumber` alone (parsed, valid, mobile, E.164), one thread";
    let read = format!("reading of {people} rows: cells, mending, strata, repeats; one thread");
    let with_keys = "the same, and then one Ed25519 key an invitation, all cores";
    let memory = format!("memory of an import of {people} rows");
    let mib = most.get() / (1_024 * 1_024);
    vec![
        Row::at_least(&imported, beside, ratio(&ours, &crates), REACH),
        Row::stated(&imported, with_keys, format!("{:.2}", ratio(&ours, &keys))),
        Row::at_least(&read, beside, ratio(&reading, &crates), REACH),
        Row::stated(&memory, "—", format!("{mib} MiB")),
    ]
}

/// The built program, from its start to its end.
fn import(roster: &Path, people: u32, most: &Cell<u64>) -> Rate {
    let field = Field::new();
    let arguments = field.importing(roster);
    rate(people, || most.set(most.get().max(peak(&arguments))))
}

fn by_crates(roster: &Path, people: u32) -> Rate {
    each_contact(roster, people, |cell| {
        let number = PHONE_NUMBER_UTIL.parse(cell, Some(Region::IQ)).unwrap();
        let mobile = matches!(
            number.get_type(),
            PhoneNumberType::Mobile | PhoneNumberType::FixedLineOrMobile
        );
        number.is_valid() && mobile && !number.format_as(PhoneNumberFormat::E164).is_empty()
    })
}

/// The same, and a key for everybody.
fn with_keys(roster: &Path, people: u32) -> Rate {
    let reading = by_crates(roster, people);
    let keys = rate(people, || {
        let key = |place| SecretKey::from_seed(entropy(9, "key", place)).public_key();
        let least = (0..people).into_par_iter().map(key).min();
        assert!(least.is_some());
    });
    // One after the other: the times add up.
    1.0 / (1.0 / reading + 1.0 / keys)
}

/// Our own reading, without anything that follows from it.
fn reading(roster: &Path, people: u32) -> Rate {
    let text = terms().text(&[operator_key()], None);
    let definition = Definition::parse(&text).unwrap();
    rate(people, || {
        let parsed = roster_file::parse(File::open(roster).unwrap(), &definition).unwrap();
        assert_eq!(parsed.people.len() as u32, people);
    })
}

/// Reads the file's rows, and each contact by this.
fn each_contact(roster: &Path, people: u32, is_good: impl Fn(&str) -> bool) -> Rate {
    let mut good = 0;
    let rate = rate(people, || {
        let mut rows = csv::Reader::from_path(roster).unwrap();
        let mut row = csv::ByteRecord::new();
        while rows.read_byte_record(&mut row).unwrap() {
            good += u32::from(is_good(std::str::from_utf8(&row[0]).unwrap()));
        }
    });
    assert_eq!(good, people);
    rate
}
