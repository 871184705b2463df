//! The story of a platform that takes answers and drops them: whoever was promised theirs puts that on record, and every
//! audit tells.

use crate::assertions::{check, entries, verdict};
use crate::browser::{Browser, Page};
use crate::place::{Invitation, Place, terms};
use crate::process::until;
use sijill_poll::Poll;
use sijill_poll::credential::Token;
use sijill_poll::event::How;
use sijill_poll::promise::{self, Promise};
use sijill_poll::roster::Roster;
use sijill_scenarios::bench;
use sijill_server::MasterKey;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

const OBJECTIONS: &str = "/polls/bridge/objections";

/// The service's keys, as whoever runs it has them.
fn master(place: &Place) -> MasterKey {
    let line = fs::read_to_string(place.data().join("keys/service.key")).unwrap();
    let key = line.split_whitespace().next_back().unwrap();
    let key = data_encoding::BASE64.decode(key.as_bytes()).unwrap();
    MasterKey::new(key.try_into().unwrap())
}

/// The poll as its ledger has it.
fn poll(place: &Place) -> Poll {
    let file = place.path("bridge.export");
    place.sijill(args!["export", "bridge", &file]).well();
    let first = entries(&fs::read(&file).unwrap()).remove(0);
    fs::remove_file(file).unwrap();
    let mut poll = Poll::open(&first, Arc::new(Roster::none())).unwrap();
    let leaves = fs::read(place.data().join("polls/bridge/roster")).unwrap();
    let roster = bench::roster(&leaves, poll.definition());
    poll.attach(Arc::new(roster));
    poll
}

/// What the page of a platform that drops answers gives: the promise for an answer that it never recorded.
fn dropped(place: &Place, invitation: &Invitation) -> PathBuf {
    let poll = poll(place);
    let token: Token = invitation.token().parse().unwrap();
    let invitation = token.invitation_key(poll.origin()).find_in(poll.roster());
    let answer = invitation
        .unwrap()
        .answer((poll.id(), poll.definition()), How::Link, 1, "yes")
        .unwrap()
        .into_responded();
    let promised = Promise {
        origin: poll.origin().clone(),
        poll_id: poll.id(),
        answer: answer.hash().unwrap(),
        due: poll.promise_due() / 1_000,
    };
    let key = master(place).promise_key(poll.origin());
    let file = promise::file(&answer, &promised, &key).unwrap();
    place.write("dropped.sijill-promise", file)
}

/// A poll with one answer, and its promise; and that of another answer, which was dropped.
fn with_a_dropped_answer(place: &Place) -> (PathBuf, PathBuf) {
    let invited = place.poll(&terms(), 4);
    let server = place.serve();
    let browser = server.browser();
    browser.answer(&invited[0].path, "yes").status(200);
    let promise = browser
        .get(&format!("{}/promise", invited[0].path))
        .status(200);
    server.stop().well();
    let kept = place.write("kept.sijill-promise", promise.body);
    (kept, dropped(place, &invited[1]))
}

fn hand_in(browser: &Browser, promise: &Path, headers: &[(&str, &str)]) -> Page {
    let file = fs::read(promise).unwrap();
    let page = browser.ask("POST", OBJECTIONS, headers, &file);
    page.expect("the server answers")
}

// What happened: a platform took an answer, gave its promise, and wrote nothing down. What the respondent would have
// lost: their voice, and the word of who has the promise stood against that of the platform. What holds: after the close
// whoever runs the service puts the promise on record, and every audit of the ledger alone fails from then on, naming
// the entry.
#[test]
fn an_answer_that_was_dropped_is_put_on_record_and_every_audit_tells() {
    let place = Place::new();
    let (kept, dropped) = with_a_dropped_answer(&place);
    let object = |promise: &Path| place.sijill(args!["poll", "object", promise]);
    let early = object(&dropped).expect_code(1);
    assert!(early.err.contains("due"), "{}", early.err);
    place.close("bridge");
    place.audit_data("bridge").well();
    let refused = object(&kept).expect_code(1);
    assert!(refused.err.contains("is kept"), "{}", refused.err);
    let recorded = object(&dropped).well();
    let again = place
        .sijill(args!["poll", "object", &dropped, "--json"])
        .well()
        .json();
    assert_eq!(again["before"], true);
    let index = again["index"].as_u64().unwrap();
    assert!(recorded.out.contains(&format!("entry {index}")));
    let shown = place.sijill(["ledger", "show", "bridge"]).well();
    let last = shown.json_lines().pop().unwrap();
    assert_eq!(last["kind"], "Objected");
    assert_eq!(
        last["content"]["promise"].as_str().unwrap(),
        fs::read_to_string(&dropped).unwrap()
    );
    let anchor = place.anchor("bridge");
    let report = place.audit(place.data(), ["--anchor", &anchor, "--json"]);
    let report = report.expect_code(1).json();
    assert_eq!(verdict(&report, "V25"), "failed");
    let failure = check(&report, "V25")["failures"][0].clone();
    assert_eq!(failure["entry"], index);
    assert!(
        failure["meaning"]
            .as_str()
            .unwrap()
            .contains("broken promise")
    );
}

// The same, for who has nothing but the promise and the poll's address.
#[test]
fn a_respondent_hands_a_broken_promise_in_at_the_polls_address() {
    let place = Place::new();
    let (kept, dropped) = with_a_dropped_answer(&place);
    let server = place.serve();
    let browser = server.browser();
    let early = hand_in(&browser, &dropped, &[]).status(409);
    assert!(early.text().contains("no promise of this poll is due yet"));
    place.close("bridge");
    let json = [("Accept", "application/json")];
    let recorded = hand_in(&browser, &dropped, &json).status(201).json();
    assert_eq!(recorded["outcome"], "recorded");
    let again = hand_in(&browser, &dropped, &json).status(200).json();
    assert_eq!(again["outcome"], "on_record");
    assert_eq!(again["entry"], recorded["entry"]);
    // That a promise is kept is told once its answer is published.
    server.published("bridge", recorded["entry"].as_u64().unwrap() + 1);
    let told = hand_in(&browser, &kept, &json).status(409).json();
    assert_eq!(told["outcome"], "kept");
    let told = hand_in(&browser, &kept, &[("Content-Type", "text/plain")]).status(409);
    assert_eq!(
        told.header("content-type"),
        Some("text/plain; charset=utf-8")
    );
    assert!(
        told.text().starts_with("the promise is kept"),
        "{}",
        told.text()
    );
    server.stop().well();
    let anchor = place.anchor("bridge");
    let report = place.audit(place.data(), ["--anchor", &anchor, "--json"]);
    assert_eq!(verdict(&report.expect_code(1).json(), "V25"), "failed");
}

// What happened: a poll that is over was served without its keys, and what was recorded of it then counted as published
// though no checkpoint covered it. What observers would have lost: the proof of the objection, for good. What holds: it
// waits, the log says so, and the service that has the keys publishes it.
#[test]
fn what_a_service_without_the_polls_keys_records_waits_for_the_one_that_has_them() {
    let place = Place::new();
    let (_, dropped) = with_a_dropped_answer(&place);
    place.close("bridge");
    let key = place.data().join("keys/service.key");
    let own = fs::read(&key).unwrap();
    let size = |browser: &Browser| {
        let checkpoint = browser.get("/polls/bridge/checkpoint").status(200);
        checkpoint.text().lines().nth(1).unwrap().to_owned()
    };
    let server = place.serve();
    let before = size(&server.browser());
    server.stop().well();
    let other = data_encoding::BASE64.encode(&[7; 32]);
    fs::write(&key, format!("sijill-service-key@v1 {other}\n")).unwrap();
    let server = place.serve();
    hand_in(&server.browser(), &dropped, &[]).status(201);
    let said = until(Duration::from_secs(20), || {
        server
            .log()
            .contains("recorded and not published")
            .then_some(())
    });
    assert!(said.is_some(), "{}", server.log());
    assert_eq!(size(&server.browser()), before);
    server.stop().well();
    fs::write(&key, own).unwrap();
    let entries = before.parse::<u64>().unwrap() + 1;
    let server = place.serve();
    server.published("bridge", entries);
    server.stop().well();
}

#[test]
fn what_is_no_promise_of_the_poll_is_refused_and_leaves_nothing_behind() {
    let place = Place::new();
    place.poll(&terms(), 2);
    place.close("bridge");
    let before = place.anchor("bridge");
    let server = place.serve();
    let browser = server.browser();
    let post = |path: &str, body: &[u8]| {
        let page = browser.ask("POST", path, &[], body);
        page.expect("the server answers")
    };
    for body in [
        &b""[..],
        b"sijill-promise@v1\nanswer AAAA\n\n",
        &[b'x'; 9_000],
    ] {
        let page = post(OBJECTIONS, body).status(422);
        assert!(
            page.text().contains("promised nothing by it"),
            "{}",
            page.text()
        );
    }
    post(OBJECTIONS, b"\xff\xfe").status(400);
    post(OBJECTIONS, &vec![b'x'; 200_000]).status(413);
    post("/polls/nowhere/objections", b"x").status(404);
    browser.get(OBJECTIONS).status(405);
    server.stop().well();
    assert_eq!(place.anchor("bridge"), before);
    let missing = place.path("missing");
    place
        .sijill(args!["poll", "object", missing])
        .expect_code(2);
    let wrong = place.write("wrong", [0xff; 10]);
    place.sijill(args!["poll", "object", wrong]).expect_code(2);
    let none = place.write("none", "no promise");
    place.sijill(args!["poll", "object", none]).expect_code(1);
}
