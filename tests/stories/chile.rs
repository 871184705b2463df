//! A real survey, answered over real HTTP: FLACSO/Chile's of April and May 1988 on the plebiscite. 2,700 people are
//! invited, 2,532 answer as people did then, 168 never open their link; every cell of the tally must be the survey's.

use crate::assertions::{counts, integer};
use crate::browser::Browser;
use crate::place::{Invitation, Person, Place, now_ms};
use crate::process::until;
use serde_json::Value;
use sijill_scenarios::definition::rfc3339;
use std::collections::BTreeMap;
use std::time::Duration;

const SLUG: &str = "plebiscite";
const FIGURES: &str = include_str!("../data/chile-1988.csv");
const DEFINITION: &str = include_str!("../data/chile-1988.toml");

/// The answers, as the definition orders them.
const OPTIONS: [&str; 4] = ["y", "n", "u", "a"];

/// Respondents who answer at the same time.
const THREADS: usize = 4;

/// A row of the survey's file: this many people of a stratum answered so, or gave no answer.
struct Row {
    stratum: String,
    answer: Option<String>,
    count: u64,
}

fn survey() -> Vec<Row> {
    let mut rows = csv::Reader::from_reader(FIGURES.as_bytes());
    let rows = rows.records().map(|row| {
        let row = row.unwrap();
        let answer = row[2].to_lowercase();
        Row {
            stratum: format!("{}-{}", &row[0], &row[1]).to_lowercase(),
            answer: (answer != "none").then_some(answer),
            count: row[3].parse().unwrap(),
        }
    });
    rows.collect()
}

/// The survey's counts by stratum, in the order of [`OPTIONS`]; a cell that the file does not have is a zero.
fn cells(survey: &[Row]) -> BTreeMap<String, Vec<u64>> {
    let mut cells = BTreeMap::new();
    for row in survey {
        let counts: &mut Vec<u64> = cells
            .entry(row.stratum.clone())
            .or_insert_with(|| vec![0; OPTIONS.len()]);
        if let Some(answer) = &row.answer {
            let place = OPTIONS.iter().position(|option| option == answer).unwrap();
            counts[place] += row.count;
        }
    }
    cells
}

/// The people interviewed by stratum.
fn interviewed(survey: &[Row]) -> BTreeMap<String, u64> {
    let mut people = BTreeMap::new();
    for row in survey {
        *people.entry(row.stratum.clone()).or_insert(0) += row.count;
    }
    people
}

fn definition(place: &Place, survey: &[Row]) -> String {
    let now = now_ms() / 1_000 * 1_000;
    let strata = interviewed(survey).into_iter().map(|(id, people)| {
        format!(
            "[[stratum]]\nid = \"{id}\"\npopulation = {people}\nname = {{ en = \"{}\" }}\n\n",
            id.to_uppercase()
        )
    });
    DEFINITION
        .replace("{OPERATOR}", &place.operator_key())
        .replace("{START}", &rfc3339(now - 60_000))
        .replace("{END}", &rfc3339(now + 3_600_000))
        .replace("{STRATA}", &strata.collect::<String>())
}

/// One person an interview, with a made-up Chilean mobile number, and what they will answer.
fn people(survey: &[Row]) -> Vec<(Person, Option<String>)> {
    let rows = survey
        .iter()
        .flat_map(|row| (0..row.count).map(move |_| row));
    let person = |(place, row): (usize, &Row)| {
        let person = Person {
            contact: format!("+569750{place:05}"),
            stratum: row.stratum.clone(),
            language: "en".to_owned(),
        };
        (person, row.answer.clone())
    };
    rows.enumerate().map(person).collect()
}

/// Everybody opens their link and sends the form; those without an answer never open it.
fn answer_all(browser: &Browser, crowd: &[(Invitation, Option<String>)]) {
    std::thread::scope(|scope| {
        for share in crowd.chunks(crowd.len().div_ceil(THREADS)) {
            scope.spawn(move || {
                for (invitation, answer) in share {
                    if let Some(answer) = answer {
                        browser.answer(&invitation.path, answer).status(200);
                    }
                }
            });
        }
    });
}

/// The counts by stratum of a JSON document.
fn by_stratum(strata: &Value) -> BTreeMap<String, Vec<u64>> {
    let strata = strata.as_array().unwrap().iter();
    strata
        .map(|stratum| {
            let counts = stratum["counts"].as_array().unwrap().iter();
            (
                stratum["id"].as_str().unwrap().to_owned(),
                counts.map(integer).collect(),
            )
        })
        .collect()
}

/// The tally in a JSON document is the survey's: each cell, each sum, and who was asked.
#[track_caller]
fn is_the_surveys(tally: &Value, survey: &[Row]) {
    assert_eq!(by_stratum(&tally["strata"]), cells(survey));
    let invited = tally["strata"].as_array().unwrap().iter();
    let invited: BTreeMap<String, u64> = invited
        .map(|stratum| {
            (
                stratum["id"].as_str().unwrap().to_owned(),
                integer(&stratum["invited"]),
            )
        })
        .collect();
    assert_eq!(invited, interviewed(survey));
    let sums = OPTIONS.iter().enumerate().map(|(place, option)| {
        (
            (*option).to_owned(),
            cells(survey).values().map(|counts| counts[place]).sum(),
        )
    });
    assert_eq!(
        counts(&tally["options"]),
        sums.collect::<Vec<(String, u64)>>()
    );
    assert_eq!(
        (integer(&tally["answered"]), integer(&tally["invited"])),
        (2_532, 2_700)
    );
}

#[test]
fn the_survey_of_1988_comes_out_of_the_audit_as_it_went_in() {
    let survey = survey();
    assert_eq!(survey.iter().map(|row| row.count).sum::<u64>(), 2_700);
    let place = Place::new();
    place.open(&definition(&place, &survey));
    let (people, answers): (Vec<Person>, Vec<Option<String>>) = people(&survey).into_iter().unzip();
    let crowd: Vec<_> = place
        .invite(SLUG, &people)
        .into_iter()
        .zip(answers)
        .collect();

    let server = place.serve();
    let browser = server.browser();
    answer_all(&browser, &crowd);
    place.close(SLUG);
    let results = until(Duration::from_secs(20), || {
        let results = browser
            .get("/polls/plebiscite/results.json")
            .status(200)
            .json();
        (results["state"] == "closed" && results["answered"] == 2_532).then_some(results)
    });
    is_the_surveys(&results.expect("the close is published"), &survey);
    let page = browser.get("/polls/plebiscite/in/en").status(200);
    // Every inserted value stands in isolates, for the sake of right-to-left text.
    let page = page.text().replace(['\u{2068}', '\u{2069}'], "");
    assert!(
        page.contains("2,532 of 2,700 invitations were answered"),
        "{page}"
    );
    assert!(page.contains("93.8"), "{page}");
    server.stop().well();

    let anchor = place.anchor(SLUG);
    let report = place
        .audit(place.data(), ["--anchor", &anchor, "--json"])
        .well()
        .json();
    is_the_surveys(&report["polls"][0]["tally"], &survey);
}
