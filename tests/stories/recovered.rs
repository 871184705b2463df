//! The story of a disk that lost confirmed answers: the service does not go on by itself, whoever decides that it does
//! leaves it on record, and whoever holds a promise for a lost answer can prove the loss.

use crate::assertions::verdict;
use crate::place::{Place, START_MAX, terms};
use crate::process::until;
use std::fs;
use std::path::Path;

const SLUG: &str = "bridge";

/// The log's folder with all that is in it, moved.
fn put(from: &Path, to: &Path) {
    if to.exists() {
        fs::remove_dir_all(to).unwrap();
    }
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        match path.is_dir() {
            true => put(&path, &target),
            false => drop(fs::copy(&path, target).unwrap()),
        }
    }
}

/// A poll with five answers whose log is put back to what it was after two; the promise of the fourth.
fn with_a_loss(place: &Place) -> (Vec<crate::place::Invitation>, std::path::PathBuf) {
    let invited = place.poll(&terms(), 8);
    let answer = |from: usize, to: usize| {
        let server = place.serve();
        for invitation in &invited[from..to] {
            server.browser().answer(&invitation.path, "yes").status(200);
        }
        let promise = server
            .browser()
            .get(&format!("{}/promise", invited[to - 1].path));
        server.stop().well();
        promise.status(200).body
    };
    answer(0, 2);
    put(&place.data().join("log"), &place.path("early-log"));
    answer(2, 3);
    let promise = place.write("lost.promise", answer(3, 4));
    answer(4, 5);
    put(&place.path("early-log"), &place.data().join("log"));
    (invited, promise)
}

// What happened: a virtual machine was put back to an older disk, and three confirmed answers were gone. What their
// respondents would have lost: their voice, and nobody would have known. What holds: the service does not start, going
// on takes a decision that stands in the ledger, the audit names it, and a promise proves what is missing.
#[test]
fn a_service_goes_on_without_lost_answers_only_by_a_decision_that_everyone_can_read() {
    let place = Place::new();
    let (invited, promise) = with_a_loss(&place);
    let refused = place
        .sijill(["serve", "--listen", "127.0.0.1:0"])
        .expect_code(3);
    assert!(refused.err.contains("behind its head") && refused.err.contains("--accept-loss"));

    let key = place.key_file();
    let key = ["--key", key.to_str().unwrap()];
    let accept = |more: &[&str]| {
        let command = ["replay", "--accept-loss", "--poll", SLUG];
        place.sijill([&command[..], &key, more].concat())
    };
    accept(&[]).expect_code(2);
    accept(&["--reason", "Write to office@ur.example"]).expect_code(1);
    let said = accept(&["--reason", "The server was put back to an older disk"]).well();
    assert!(said.out.contains("3 acknowledged entries"), "{}", said.out);
    assert!(place.data().join("salvaged-1/as-found/log").is_dir());
    accept(&["--reason", "Once more"]).expect_code(1);

    let server = place.serve();
    for invitation in &invited[3..6] {
        server.browser().answer(&invitation.path, "no").status(200);
    }
    place.close(SLUG);
    let told = until(START_MAX, || {
        let page = server.browser().get("/polls/bridge/in/en").status(200);
        page.text().contains("data-lost=\"3\"").then_some(())
    });
    told.expect("the page tells the loss once the close is published");
    let results = server
        .browser()
        .get("/polls/bridge/results.json")
        .status(200);
    let loss = results.json()["losses"][0].clone();
    server.stop().well();
    let shown = place.sijill(["ledger", "show", SLUG]).well().json_lines();
    let recovered = shown
        .into_iter()
        .find(|entry| entry["kind"] == "Recovered")
        .expect("the loss is on record");
    assert_eq!(
        recovered["content"]["head_size"],
        recovered["index"].as_u64().unwrap() + 3
    );
    assert_eq!(loss["from"], recovered["index"]);
    assert_eq!(loss["acknowledged"], recovered["content"]["head_size"]);

    let anchor = place.anchor(SLUG);
    let report = place
        .audit(place.data(), ["--anchor", &anchor, "--json"])
        .well()
        .json();
    assert!(
        report
            .to_string()
            .contains("were acknowledged and are lost")
    );
    let promise = promise.to_str().unwrap();
    let report = place.audit(
        place.data(),
        ["--anchor", &anchor, "--promise", promise, "--json"],
    );
    assert_eq!(verdict(&report.expect_code(1).json(), "V25"), "failed");
}

// What happened: the file of the leaves was damaged and the log was whole; the start blamed the log, and whoever did as
// it said cut off every answer. What holds: the file is named, nothing is cut, and putting it back is all it takes.
#[test]
fn a_damaged_roster_is_no_loss_of_the_log() {
    let place = Place::new();
    place.poll(&terms(), 3);
    let roster = place.data().join("polls/bridge/roster");
    let right = fs::read(&roster).unwrap();
    let mut bent = right.clone();
    bent[40] ^= 1;
    fs::write(&roster, bent).unwrap();
    let refused = place
        .sijill(["serve", "--listen", "127.0.0.1:0"])
        .expect_code(3);
    assert!(
        refused.err.contains("roster file of `bridge`"),
        "{}",
        refused.err
    );
    assert!(!refused.err.contains("--accept-loss"), "{}", refused.err);
    let key = place.key_file();
    let mut accept = vec![
        "replay",
        "--accept-loss",
        "--poll",
        SLUG,
        "--reason",
        "A bad disk",
    ];
    accept.extend(["--key", key.to_str().unwrap()]);
    let refused = place.sijill(accept).expect_code(3);
    assert!(
        refused.err.contains("nothing was changed"),
        "{}",
        refused.err
    );
    fs::write(&roster, right).unwrap();
    place.serve().stop().well();
    place.audit_data(SLUG).well();
}

// What happened: a roster that was refused left its file, and the whole service could not be started again.
#[test]
fn a_roster_that_was_never_committed_to_stops_no_start() {
    let place = Place::new();
    place.open(&place.definition(&terms()));
    let folder = place.data().join("polls/bridge");
    fs::write(folder.join("roster"), [7; 100]).unwrap();
    place.serve().stop().well();
    place.invite(SLUG, &crate::place::people(3));
    place.serve().stop().well();
}
