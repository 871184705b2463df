//! The definition of the demo's poll: a template, and the governorates with their populations.

use crate::moment::rfc3339_baghdad;
use anyhow::{Context, Result};
use serde::Deserialize;
use std::fmt::Write;

const TEMPLATE: &str = include_str!("../demo/poll.toml");
const GOVERNORATES: &str = include_str!("../demo/governorates.csv");

/// The census of 2024 over the estimate of 2018, in hundredths of a million: what scales the latter.
const SCALE: (u64, u64) = (4_612, 3_812);

/// Milliseconds that the demo's poll could run: a day, and as long again if extended.
const FIELD_MS: u64 = 24 * 3_600 * 1_000;

/// A governorate of Iraq.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Governorate {
    /// Its id, as strata have it.
    pub id: String,
    name_en: String,
    name_ar: String,
    name_ckb: String,
    population_2018: u64,
}

impl Governorate {
    /// People, scaled to the census of 2024.
    pub fn population(&self) -> u64 {
        (self.population_2018 * SCALE.0 + SCALE.1 / 2) / SCALE.1
    }

    /// Whether its people are first written to in Kurdish.
    pub fn is_kurdish_speaking(&self) -> bool {
        matches!(
            self.id.as_str(),
            "erbil" | "sulaymaniyah" | "duhok" | "halabja"
        )
    }
}

/// The 19 governorates.
pub fn governorates() -> Result<Vec<Governorate>> {
    csv::Reader::from_reader(GOVERNORATES.as_bytes())
        .deserialize()
        .collect::<Result<_, _>>()
        .context("the table of governorates that is built in cannot be read")
}

/// What differs from one demo to the next.
#[derive(Debug, Clone)]
pub struct DemoPoll<'a> {
    /// The operator's verifier key.
    pub operator: &'a str,
    /// Host and port under which the demo is found.
    pub domain: &'a str,
    /// Invitations.
    pub planned: u64,
    /// The start, milliseconds since 1970, a whole second.
    pub start: u64,
}

/// The text of the definition.
pub fn text(poll: &DemoPoll<'_>) -> Result<String> {
    let date = |ms| rfc3339_baghdad(poll.start + ms);
    let mut text = TEMPLATE
        .replace("@OPERATOR@", poll.operator)
        .replace("@DOMAIN@", poll.domain)
        .replace("@PLANNED@", &poll.planned.to_string())
        .replace("@START@", &date(0))
        .replace("@END@", &date(FIELD_MS))
        .replace("@LATEST_END@", &date(2 * FIELD_MS));
    for governorate in governorates()? {
        write!(
            text,
            "\n[[stratum]]\nid         = \"{}\"\npopulation = {}\nname.ar    = \"{}\"\nname.ckb   = \"{}\"\nname.en    = \"{}\"\n",
            governorate.id,
            governorate.population(),
            governorate.name_ar,
            governorate.name_ckb,
            governorate.name_en
        )?;
    }
    Ok(text)
}

/// A definition to test with.
#[cfg(test)]
pub fn sample() -> String {
    let key = sijill_ledger::SecretKey::from_seed([1; 32]).public_key();
    let operator = sijill_ledger::note::VerifierKey::new("demo-operator", key).unwrap();
    text(&DemoPoll {
        operator: &operator.to_string(),
        domain: "127.0.0.1:8181",
        planned: 6_000,
        start: 1_796_000_000_000,
    })
    .unwrap()
}

#[cfg(test)]
mod tests {
    use super::*;
    use sijill_poll::definition::{ClosePolicy, Definition};
    use sijill_poll::lint;

    #[test]
    fn the_demos_definition_has_no_finding_that_it_does_not_explain() {
        let text = sample();
        let findings = lint::lint(&text).findings;
        let shown = lint::render(&findings, "poll.toml", &text, false);
        let explained = |finding: &lint::Finding| finding.explained.is_some();
        assert!(findings.iter().all(explained), "{shown}");
        let numbers: Vec<u16> = findings.iter().map(|finding| finding.number).collect();
        assert_eq!(numbers, [50, 51, 52]);
    }

    #[test]
    fn it_has_the_governorates_with_the_people_of_the_census() {
        let definition = Definition::parse(&sample()).unwrap();
        assert_eq!(definition.strata.len(), 19);
        let people: u64 = definition
            .strata
            .iter()
            .map(|stratum| stratum.population)
            .sum();
        assert!((46_110_000..46_130_000).contains(&people), "{people}");
        assert_eq!(definition.strata[0].population, 9_832_265);
        assert_eq!(definition.rules.close, ClosePolicy::AnyTime);
        assert_eq!(definition.field.start, 1_796_000_000_000);
    }
}
