//! The made-up people of the demo: a roster file as an operator would bring one.

use crate::demo_definition::Governorate;
use crate::durable_file::{self, Access};
use anyhow::Result;
use std::path::Path;

/// Every how many people one is written to in English.
const ENGLISH_EVERY: u64 = 10;

/// Writes a roster of `count` made-up people, apportioned to the governorates by population.
pub fn write_roster(path: &Path, governorates: &[Governorate], count: u64) -> Result<()> {
    let shares = apportion(governorates, count);
    durable_file::replace(path, Access::Private, |out| {
        let mut rows = csv::Writer::from_writer(out);
        rows.write_record(["contact", "stratum", "language"])?;
        let mut number = 0;
        for (governorate, share) in governorates.iter().zip(shares) {
            for _ in 0..share {
                rows.write_record([
                    &contact(number),
                    &governorate.id,
                    language(governorate, number),
                ])?;
                number += 1;
            }
        }
        Ok(rows.flush()?)
    })
}

/// A number in the form of an Iraqi mobile number, counted up from 0770 000 0000. Nobody is written to.
fn contact(number: u64) -> String {
    format!("+96477{number:08}")
}

fn language(governorate: &Governorate, number: u64) -> &'static str {
    match (
        number % ENGLISH_EVERY == ENGLISH_EVERY - 1,
        governorate.is_kurdish_speaking(),
    ) {
        (true, _) => "en",
        (false, true) => "ckb",
        (false, false) => "ar",
    }
}

/// Shares of `count` by population: whole numbers that sum to it, by largest remainders.
fn apportion(governorates: &[Governorate], count: u64) -> Vec<u64> {
    let people: u64 = governorates.iter().map(Governorate::population).sum();
    let people = people.max(1);
    let exact =
        |governorate: &Governorate| u128::from(governorate.population()) * u128::from(count);
    let mut shares: Vec<u64> = governorates
        .iter()
        .map(|governorate| u64::try_from(exact(governorate) / u128::from(people)).unwrap_or(0))
        .collect();
    let mut by_remainder: Vec<usize> = (0..governorates.len()).collect();
    by_remainder.sort_by_key(|place| {
        let remainder = governorates
            .get(*place)
            .map(|governorate| exact(governorate) % u128::from(people));
        std::cmp::Reverse(remainder)
    });
    let left = count - shares.iter().sum::<u64>();
    for place in by_remainder
        .into_iter()
        .take(usize::try_from(left).unwrap_or(0))
    {
        if let Some(share) = shares.get_mut(place) {
            *share += 1;
        }
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{demo_definition, roster_file};
    use sijill_poll::definition::Definition;

    #[test]
    fn shares_sum_to_the_whole_and_follow_the_population() {
        let governorates = demo_definition::governorates().unwrap();
        for count in [31, 100, 6_000, 300_000] {
            assert_eq!(apportion(&governorates, count).iter().sum::<u64>(), count);
        }
        let shares = apportion(&governorates, 6_000);
        assert_eq!((shares[0], shares[18]), (1_279, 17));
    }

    #[test]
    fn the_made_up_roster_has_no_bad_row_and_every_language() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("roster.csv");
        for count in [31, 6_000] {
            write_roster(&path, &demo_definition::governorates().unwrap(), count).unwrap();
            let definition = Definition::parse(&demo_definition::sample()).unwrap();
            let file = std::fs::File::open(&path).unwrap();
            let parsed = roster_file::parse(file, &definition).unwrap();
            assert_eq!(parsed.problems, []);
            assert_eq!(parsed.people.len() as u64, count);
            for language in 0..3 {
                assert!(
                    parsed
                        .people
                        .iter()
                        .any(|person| person.language == language)
                );
            }
        }
    }
}
