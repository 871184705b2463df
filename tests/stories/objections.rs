//! The story of a platform that took an answer back: whoever was promised it puts that on record, and every audit tells.

use crate::assertions::{check, verdict};
use crate::browser::{Browser, Page};
use crate::place::{Invitation, Place, terms};
use std::fs;
use std::path::{Path, PathBuf};

const OBJECTIONS: &str = "/polls/bridge/objections";

/// A folder with all that is in it, in place of another.
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

/// Answers at a server of its own, and gives the promise.
fn answered(place: &Place, invitation: &Invitation, name: &str) -> PathBuf {
    let server = place.serve();
    server.browser().answer(&invitation.path, "yes").status(200);
    let promise = server
        .browser()
        .get(&format!("{}/promise", invitation.path))
        .status(200);
    server.stop().well();
    place.write(name, promise.body)
}

/// A poll with the promises of two answers, the first of which its ledger has. The second was taken and the whole data
/// directory put back to what it was before: nothing in it knows of that answer any more.
fn with_an_answer_taken_back(place: &Place) -> (PathBuf, PathBuf) {
    let invited = place.poll(&terms(), 4);
    let kept = answered(place, &invited[0], "kept.sijill-promise");
    put(&place.data(), &place.path("before"));
    let dropped = answered(place, &invited[1], "dropped.sijill-promise");
    put(&place.path("before"), &place.data());
    (kept, dropped)
}

fn hand_in(browser: &Browser, promise: &Path, headers: &[(&str, &str)]) -> Page {
    let file = fs::read(promise).unwrap();
    let page = browser.ask("POST", OBJECTIONS, headers, &file);
    page.expect("the server answers")
}

// What happened: a platform put its disk back to before an answer that it had confirmed, head file and all, so that
// nothing in the ledger showed it. What the respondent would have lost: their voice, and the word of who has the promise
// stood against that of the platform. What holds: after the close the promise is put on record by whoever runs the
// service, and every audit of the ledger alone fails from then on, naming the entry.
#[test]
fn an_answer_taken_back_is_put_on_record_and_every_audit_tells() {
    let place = Place::new();
    let (kept, dropped) = with_an_answer_taken_back(&place);
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
    let (kept, dropped) = with_an_answer_taken_back(&place);
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
