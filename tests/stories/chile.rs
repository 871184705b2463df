//! A real survey, answered over real HTTP: FLACSO/Chile's of April and May 1988 on the plebiscite. 2,700 people are
//! invited, 2,532 answer as people did then, 168 never open their link; every cell of the tally must be the survey's.
//! Once with open strata, and once with sealed ones, where whoever sends the messages makes the tokens as well.

use crate::assertions::{counts, integer};
use crate::browser::Browser;
use crate::place::{Invitation, Person, Place, invitations, now_ms, roster};
use crate::process::until;
use serde_json::Value;
use sijill_scenarios::definition::rfc3339;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
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

/// What the sender of the messages has: a folder and a key of its own.
struct Sender<'a> {
    place: &'a Place,
    key: String,
}

impl<'a> Sender<'a> {
    fn new(place: &'a Place) -> Self {
        let data = place.path("sender");
        let made = place.sijill(args!["keys", "new", "--name", "sender", "--data", data]);
        Self {
            place,
            key: made.well().out.trim().to_owned(),
        }
    }

    /// Makes the roster, of which only the public file leaves, and which cannot be made a second time.
    fn make_roster(&self, people: &[Person]) -> std::path::PathBuf {
        let (place, data) = (self.place, self.place.path("sender"));
        let file = place.write("people.csv", roster(people));
        let (out, toml) = (place.path("public.roster"), place.path("poll.toml"));
        let make = || {
            place.sijill(args![
                "roster",
                "make",
                &file,
                "--definition",
                &toml,
                "--out",
                &out,
                "--data",
                &data
            ])
        };
        make().well();
        assert!(make().expect_code(2).err.contains("made here already"));
        out
    }

    /// Signs the wave and writes the messages, at the platform's desk.
    fn export(&self, people: &[Person]) -> Vec<Invitation> {
        let (place, data) = (self.place, self.place.path("sender"));
        let out = place.path("messages.csv");
        let key = data.join("keys/sender.key");
        let poll = ["invitations", "export", "--poll", SLUG];
        let mut export: Vec<std::ffi::OsString> = poll.iter().map(Into::into).collect();
        for (flag, value) in [("--contacts", &data), ("--key", &key), ("--out", &out)] {
            export.extend([flag.into(), value.into()]);
        }
        place.sijill(export).well();
        let made: BTreeMap<String, Invitation> = invitations(&out)
            .into_iter()
            .map(|made| (made.contact.clone(), made))
            .collect();
        let of = |person: &Person| made[&person.contact].clone();
        people.iter().map(of).collect()
    }
}

/// Every file below a folder, in one.
fn all_bytes(folder: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => bytes.extend(all_bytes(&path)),
            // A socket is no file to be read.
            false => bytes.extend(std::fs::read(&path).unwrap_or_default()),
        }
    }
    bytes
}

fn sealed_definition(place: &Place, survey: &[Row], sender: &Sender<'_>) -> String {
    let keys = format!("operators = [\"{}\"]", place.operator_key());
    definition(place, survey)
        .replace(&keys, &format!("{keys}\nsender = \"{}\"", sender.key))
        .replace(
            "tokens_made_by = \"platform\"",
            "tokens_made_by = \"sender\"",
        )
        .replace("= \"open\"", "= \"sealed\"")
        .replace("threshold = 1\n", "threshold = 40\n")
}

/// What the strata show: nothing before they are unsealed, and then the survey's cells but for the two smallest.
#[track_caller]
fn are_unsealed(strata: &Value, survey: &[Row]) {
    let mut expected = cells(survey);
    let answers = |stratum: &str| expected[stratum].iter().sum::<u64>();
    assert_eq!((answers("m-m"), answers("m-f")), (36, 45));
    expected.retain(|stratum, _| !stratum.starts_with("m-"));
    assert_eq!(by_stratum(strata), expected);
}

#[test]
fn with_sealed_strata_and_a_sender_of_its_own_the_platform_never_holds_a_token() {
    let survey = survey();
    let place = Place::new();
    let sender = Sender::new(&place);
    place.open(&sealed_definition(&place, &survey, &sender));
    let (people, answers): (Vec<Person>, Vec<Option<String>>) = people(&survey).into_iter().unzip();
    let public = sender.make_roster(&people);
    let import = |file: &Path| {
        place.sijill(args![
            "roster",
            "import",
            file,
            "--poll",
            SLUG,
            "--key",
            place.key_file()
        ])
    };
    // The people's own file is not for the platform.
    let refused = import(&place.path("people.csv")).expect_code(2);
    assert!(refused.err.contains("roster make"), "{}", refused.err);
    import(&public).well();
    let crowd: Vec<_> = sender.export(&people).into_iter().zip(answers).collect();

    let server = place.serve();
    let browser = server.browser();
    answer_all(&browser, &crowd);
    let unseal = || {
        let keys = place.path("sender/polls/plebiscite/strata.keys");
        place.sijill(args![
            "poll",
            "unseal",
            SLUG,
            "--keys",
            keys,
            "--key",
            place.key_file()
        ])
    };
    let early = unseal().expect_code(1);
    assert!(early.err.contains("after the close"), "{}", early.err);
    place.close(SLUG);
    let results = || {
        browser
            .get("/polls/plebiscite/results.json")
            .status(200)
            .json()
    };
    let closed = until(Duration::from_secs(20), || {
        Some(results()).filter(|results| results["state"] == "closed")
    });
    assert_eq!(by_stratum(&closed.unwrap()["strata"]), BTreeMap::new());

    refuses_swapped_keys(&place.path("sender/polls/plebiscite/strata.keys"), unseal);
    let said = unseal().well();
    assert!(said.err.contains("`m-f`, `m-m`"), "{}", said.err);
    unseal().expect_code(1);
    let unsealed = until(Duration::from_secs(20), || {
        Some(results()).filter(|results| !by_stratum(&results["strata"]).is_empty())
    });
    are_unsealed(
        &unsealed.expect("the unsealing is published")["strata"],
        &survey,
    );
    server.stop().well();

    let anchor = place.anchor(SLUG);
    let report = place.audit(place.data(), ["--anchor", &anchor, "--json"]);
    let report = report.well().json();
    are_unsealed(&report["polls"][0]["tally"]["strata"], &survey);
    holds_no_token(&place.data(), &crowd);
}

/// No token and no number of these people is in any file of this directory.
#[track_caller]
fn holds_no_token(data: &Path, crowd: &[(Invitation, Option<String>)]) {
    let stored = all_bytes(data);
    assert!(!stored.windows(7).any(|bytes| bytes == b"+569750"));
    let like_tokens = like_tokens(&stored);
    for (invitation, _) in crowd {
        assert!(!like_tokens.contains(invitation.token().as_bytes()));
    }
}

// What happened: strata were unsealed with keys in the wrong rows; each opened nothing, seemed to have no answers, and
// stayed closed for ever. What holds: every key is held against its commitment before anything is signed.
#[track_caller]
fn refuses_swapped_keys(keys: &Path, unseal: impl FnOnce() -> crate::process::Ran) {
    let right = std::fs::read_to_string(keys).unwrap();
    let mut rows: Vec<Vec<&str>> = right.lines().map(|row| row.split(' ').collect()).collect();
    (rows[1][1], rows[2][1]) = (rows[2][1], rows[1][1]);
    let rows: Vec<String> = rows.iter().map(|row| row.join(" ") + "\n").collect();
    std::fs::write(keys, rows.concat()).unwrap();
    let said = unseal().expect_code(2).err;
    assert!(
        said.contains("not the one that the roster committed to"),
        "{said}"
    );
    std::fs::write(keys, right).unwrap();
}

/// Every row of 20 bytes that a token could be.
fn like_tokens(bytes: &[u8]) -> BTreeSet<&[u8]> {
    let could_be = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let runs = bytes.split(|byte| !could_be(byte));
    runs.flat_map(|run| run.windows(20)).collect()
}
