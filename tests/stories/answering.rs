//! A respondent's story: the link, the page, the answer, the code and the promise.

use crate::assertions::{answers, bare, check, choice, code, entries, integer, verdict};
use crate::browser::{Browser, FORM, Page};
use crate::place::{Invitation, Place, terms};
use crate::process::{COMMAND_MAX, until};
use crate::second_opinion;
use sijill_poll::event::Responded;
use sijill_scenarios::Terms;
use std::sync::Barrier;

const SLUG: &str = "bridge";

/// The answers in the ledger, whether published or not: everything durable.
fn recorded(place: &Place) -> Vec<Responded> {
    let file = place.path("recorded.export");
    drop(std::fs::remove_file(&file));
    place.sijill(args!["export", SLUG, &file]).well();
    let bytes = std::fs::read(file).unwrap();
    answers(&entries(&bytes)).into_iter().cloned().collect()
}

fn revisable(revisions: u8) -> Terms {
    Terms {
        revisions,
        ..terms()
    }
}

/// The promise behind a confirmation.
fn promise(browser: &Browser, page: &Page) -> Page {
    let path = page.promise_path().expect("the page offers the promise");
    browser.get(&path).status(200)
}

#[test]
fn opening_a_link_never_spends_it() {
    let place = Place::new();
    let invited = place.poll(&terms(), 2);
    let server = place.serve();
    let browser = server.browser();
    let path = &invited[0].path;
    for _ in 0..3 {
        assert!(browser.get(path).status(200).form().is_some());
        assert_eq!(browser.head(path).status(200).body, b"");
        browser.get(&format!("{path}/in/en")).status(200);
        browser.head(&format!("{path}/in/ar")).status(200);
    }
    browser
        .get(&format!("{path}?answer=yes&revision=1"))
        .status(200);
    browser.get(&format!("{path}/promise")).status(404);
    assert_eq!(recorded(&place), []);
    browser.answer(path, "no").status(200);
    assert_eq!(
        recorded(&place).iter().map(choice).collect::<Vec<_>>(),
        ["no"]
    );
}

#[test]
fn an_answer_is_confirmed_with_a_code_and_a_promise_that_an_audit_upholds() {
    let place = Place::new();
    let invited = place.poll(&terms(), 3);
    let server = place.serve();
    let browser = server.browser();
    let confirmed = browser.answer(&invited[1].path, "yes").status(200);
    let shown = confirmed.code().expect("the confirmation shows a code");
    let groups: Vec<usize> = shown.split_whitespace().map(str::len).collect();
    assert_eq!(groups, [4; 5], "{shown}");

    let file = promise(&browser, &confirmed);
    assert!(
        file.header("content-disposition")
            .unwrap()
            .starts_with("attachment;")
    );
    assert!(file.text().starts_with("sijill-promise@v1\nanswer "));
    let held = place.write("held.promise", &file.body);
    server.stop().well();

    let ledger = recorded(&place);
    assert_eq!(ledger.iter().map(code).collect::<Vec<_>>(), [bare(&shown)]);
    let anchor = place.anchor(SLUG);
    let report = place
        .audit(
            place.data(),
            args!["--anchor", anchor, "--promise", held, "--json"],
        )
        .well()
        .json();
    assert_eq!(verdict(&report, "V25"), "passed");
}

#[test]
fn a_promise_for_an_answer_that_is_not_in_the_ledger_fails_the_audit() {
    let place = Place::new();
    let invited = place.poll(&terms(), 3);
    let server = place.serve();
    let browser = server.browser();
    let confirmed = browser.answer(&invited[0].path, "yes").status(200);
    let file = promise(&browser, &confirmed);
    server.stop().well();
    place.close(SLUG);

    // The ledger is taken back to what it was before: another one, with another answer, in its place.
    let bent = file.text().replacen("\nanswer ", "\nanswer AA", 1);
    let held = place.write("bent.promise", bent);
    let anchor = place.anchor(SLUG);
    let report = place
        .audit(
            place.data(),
            args!["--anchor", anchor, "--promise", held, "--json"],
        )
        .expect_code(1)
        .json();
    assert_eq!(verdict(&report, "V25"), "failed");
    assert_eq!(verdict(&report, "V17"), "passed");
}

/// The confirmation is a page of its own, which can be loaded again; before the answer there is none.
#[test]
fn an_answer_leads_to_its_confirmation_and_without_one_that_leads_to_the_question() {
    let place = Place::new();
    let invited = place.poll(&revisable(1), 2);
    let server = place.serve();
    let browser = server.browser();
    let path = &invited[1].path;
    let confirmation = format!("{path}/confirmation/in/en");
    let none = browser.get(&confirmation).status(303);
    assert_eq!(none.header("location"), Some(&*format!("{path}/in/en")));

    let answer = |answer: &str| {
        let body = answer.as_bytes();
        let sent = browser.ask("POST", &format!("{path}/in/en"), &[FORM], body);
        sent.unwrap().status(303)
    };
    let sent = answer("answer=yes&revision=1");
    assert_eq!(sent.header("location"), Some(&*confirmation));
    assert_eq!(sent.header("cache-control"), Some("no-store"));
    assert_eq!(sent.body, b"");
    let first = browser.get(&confirmation).status(200);
    assert_eq!(first.header("cache-control"), Some("no-store"));
    assert_eq!(first.code(), browser.get(&confirmation).code());
    let arabic = format!("{path}/confirmation/in/ar");
    assert!(first.text().contains(&format!("href=\"{arabic}\"")));
    assert_eq!(browser.get(&arabic).status(200).code(), first.code());
    // A change is what it confirms from then on.
    answer("answer=no&revision=2");
    let second = browser.get(&confirmation).status(200);
    assert!(second.code().is_some() && second.code() != first.code());
    browser
        .get("/p/00000000000000000000/confirmation/in/en")
        .status(404);
    // Once the poll is over, what it says of the time to come would be false.
    place.close(SLUG);
    let over = || Some(browser.get(&confirmation)).filter(|page| page.status == 303);
    let over = until(COMMAND_MAX, over).expect("the close is known");
    assert_eq!(over.header("location"), Some(&*format!("{path}/in/en")));
}

/// What people were shown and sent is on record: whoever kept it can have it checked, and gives no link away.
#[test]
fn a_page_and_a_message_that_somebody_kept_are_held_against_the_ledger() {
    let place = Place::new();
    let invited = place.poll(&terms(), 3);
    let server = place.serve();
    let invitation = &invited[1];
    let page = server.browser().get(&format!("{}/in/ar", invitation.path));
    let page = page.status(200).text().to_owned();
    server.stop().well();
    let file = place.path("bridge.export");
    place.sijill(args!["export", SLUG, &file]).well();

    let token = invitation.token();
    let without_secret = invitation.message.replace(token, "");
    let other_page = page.replacen("</h1>", "?</h1>", 1);
    let other_message = invitation.message.replacen(' ', "  ", 1);
    let anchor = place.anchor(SLUG);
    for (page, message, expected) in [
        (&page, &invitation.message, "passed"),
        (&page, &without_secret, "passed"),
        (&other_page, &invitation.message, "failed"),
        (&page, &other_message, "failed"),
    ] {
        let page = place.write("saved.html", page);
        let message = place.write("sent.txt", format!("{message}\n"));
        let given = args!["--page", page, "--message", message];
        let given = [&args!["--anchor", &anchor, "--json"][..], &given[..]].concat();
        let code = i32::from(expected == "failed");
        let first = place.audit(&file, given.clone()).expect_code(code);
        let key = place.operator_key();
        let second = [&args![&file, "--operator-key", key][..], &given[..]].concat();
        let second = second_opinion::verify(&place, second).expect_code(code);
        for report in [first, second] {
            assert_eq!(verdict(&report.json(), "V9"), expected, "{}", report.out);
            assert!(!(report.out + &report.err).contains(token));
        }
    }
}

/// The receipt of an entry, once everything up to the close is published.
fn receipt(browser: &Browser, index: u64, size: u64) -> Page {
    let published = || {
        let checkpoint = browser.get("/polls/bridge/checkpoint");
        let signed = checkpoint.text().lines().nth(1).map(str::to_owned);
        (signed == Some(size.to_string())).then_some(())
    };
    until(COMMAND_MAX, published).expect("the close is published");
    let path = format!("/polls/bridge/receipt/{size}/{index}");
    browser.get(&path).status(200)
}

#[test]
fn a_receipt_is_upheld_by_the_ledger_it_is_of_and_by_no_other() {
    let place = Place::new();
    let invited = place.poll(&terms(), 3);
    let server = place.serve();
    let browser = server.browser();
    browser.answer(&invited[0].path, "yes").status(200);
    place.close(SLUG);
    let anchor = place.anchor(SLUG);
    let (last, _) = anchor.split_once(':').unwrap();
    let last: u64 = last.parse().unwrap();
    // The close follows the one answer.
    let kept = place.write(
        "kept.tlog-proof",
        receipt(&browser, last - 1, last + 1).body,
    );
    let close = place.write("close.tlog-proof", receipt(&browser, last, last + 1).body);
    server.stop().well();
    let audit = |receipt: &std::path::Path| {
        let given = args!["--anchor", &anchor, "--receipt", receipt, "--json"];
        place.audit(place.data(), given)
    };
    let upheld = audit(&kept).well().json();
    assert_eq!(verdict(&upheld, "V25"), "passed");
    let note = check(&upheld, "V25")["notes"][0]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(
        note.contains(&format!("entry {} and counts", last - 1)),
        "{note}"
    );
    let text = std::fs::read_to_string(&kept).unwrap();
    let bent = place.write("bent.tlog-proof", text.replace("index ", "index 1"));
    for none in [&close, &bent, &place.write("empty.tlog-proof", "")] {
        let report = audit(none).expect_code(1).json();
        assert_eq!(verdict(&report, "V25"), "failed");
    }
}

#[test]
fn a_used_link_shows_its_code_and_no_second_form_where_answers_are_final() {
    let place = Place::new();
    let invited = place.poll(&terms(), 2);
    let server = place.serve();
    let browser = server.browser();
    let path = &invited[0].path;
    let confirmed = browser.answer(path, "yes").status(200);
    let again = browser.get(&format!("{path}/in/en")).status(200);
    assert!(again.text().contains("This link was answered"));
    assert_eq!(again.code(), confirmed.code());
    assert_eq!(again.form(), None);
    assert_eq!(
        promise(&browser, &again).body,
        promise(&browser, &confirmed).body
    );

    let other = browser
        .post(
            &format!("{path}/in/en"),
            &[("answer", "no"), ("revision", "1")],
        )
        .status(409);
    assert!(
        other.text().contains("answered differently before"),
        "{}",
        other.text()
    );
    browser
        .post(path, &[("answer", "no"), ("revision", "2")])
        .status(409);
    assert_eq!(
        recorded(&place).iter().map(choice).collect::<Vec<_>>(),
        ["yes"]
    );
}

/// Whoever loads the confirmation again later is told how things stand then.
#[test]
fn a_confirmation_loaded_again_says_that_the_answer_is_public_once_it_is() {
    let place = Place::new();
    let invited = place.poll(&terms(), 12);
    let server = place.serve();
    let browser = server.browser();
    let at = |path: &str| format!("{path}/in/en");
    let confirmed = browser.answer(&at(&invited[0].path), "yes").status(200);
    assert!(confirmed.text().contains("It becomes public together"));
    server.answer(&invited[1..10], "no");
    server.published(SLUG, place.recorded(SLUG));
    let again = browser.get(&at(&format!("{}/confirmation", invited[0].path)));
    let again = again.status(200);
    assert_eq!(again.code(), confirmed.code());
    assert!(again.text().contains("Your answer is published."));
    assert!(!again.text().contains("It becomes public together"));
    let receipt = browser.get(&format!("{}/receipt", invited[0].path));
    assert!(
        receipt
            .status(200)
            .text()
            .starts_with("c2sp.org/tlog-proof")
    );
    assert!(again.text().contains("/receipt/in/en\""));
}

#[test]
fn an_answer_can_be_changed_as_often_as_the_poll_allows_and_the_last_one_counts() {
    let place = Place::new();
    let invited = place.poll(&revisable(1), 2);
    let server = place.serve();
    let browser = server.browser();
    let path = &invited[0].path;
    let stale = browser.get(path).form().unwrap();
    let first = browser.answer(path, "yes").status(200);

    let page = browser.get(&format!("{path}/in/en")).status(200);
    assert!(page.text().contains("Your answer now: "), "{}", page.text());
    let second = browser
        .send(&page.form().expect("the poll allows a change"), "no")
        .status(200);
    assert_ne!(first.code(), second.code());

    // A form opened before the change, and one sent a third time.
    let meanwhile = browser.send(&stale, "dont-know").status(409);
    assert!(meanwhile.text().contains("role=\"alert\""));
    browser
        .post(path, &[("answer", "yes"), ("revision", "3")])
        .status(409);
    assert_eq!(browser.get(path).status(200).form(), None);

    let ledger = recorded(&place);
    assert_eq!(ledger.iter().map(choice).collect::<Vec<_>>(), ["yes", "no"]);
    server.stop().well();
    place.close(SLUG);
    let report = place.audit_data(SLUG).well();
    assert!(report.out.contains("V12"), "{}", report.out);
}

#[test]
fn the_same_answer_again_gets_the_same_promise_and_makes_no_second_entry() {
    let place = Place::new();
    let invited = place.poll(&revisable(2), 2);
    let server = place.serve();
    let browser = server.browser();
    let form = browser.get(&invited[0].path).form().unwrap();
    let first = browser.send(&form, "yes").status(200);
    let kept = promise(&browser, &first);
    for _ in 0..3 {
        let again = browser.send(&form, "yes").status(200);
        assert_eq!(again.code(), first.code());
        assert_eq!(promise(&browser, &again).body, kept.body);
    }
    assert_eq!(recorded(&place).len(), 1);
}

/// Sends these choices for one link at the same instant, and returns what each was answered.
fn at_once(browser: &Browser, invitation: &Invitation, choices: &[&str]) -> Vec<Page> {
    let form = browser.get(&invitation.path).form().unwrap();
    let barrier = Barrier::new(choices.len());
    std::thread::scope(|scope| {
        let send = |choice| {
            let (form, barrier) = (&form, &barrier);
            scope.spawn(move || {
                barrier.wait();
                browser.send(form, choice)
            })
        };
        let sent: Vec<_> = choices.iter().map(|choice| send(*choice)).collect();
        sent.into_iter().map(|page| page.join().unwrap()).collect()
    })
}

#[test]
fn the_same_answer_sent_twice_at_the_same_instant_is_one_entry_with_one_promise() {
    let place = Place::new();
    let invited = place.poll(&terms(), 12);
    let server = place.serve();
    let browser = server.browser();
    for invitation in &invited {
        let pages = at_once(&browser, invitation, &["yes"; 4]);
        let codes: Vec<_> = pages
            .into_iter()
            .map(|page| page.status(200).code().unwrap())
            .collect();
        assert!(codes.iter().all(|code| *code == codes[0]), "{codes:?}");
    }
    assert_eq!(recorded(&place).len(), invited.len());
}

#[test]
fn of_two_different_answers_at_the_same_instant_one_stands_and_the_other_is_told() {
    let place = Place::new();
    let invited = place.poll(&terms(), 12);
    let server = place.serve();
    let browser = server.browser();
    let mut standing = Vec::new();
    for invitation in &invited {
        let pages = at_once(&browser, invitation, &["yes", "no"]);
        let mut statuses: Vec<u16> = pages.iter().map(|page| page.status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409]);
        let taken = pages.iter().find(|page| page.status == 200).unwrap();
        standing.push(bare(&taken.code().unwrap()));
    }
    let mut ledger: Vec<String> = recorded(&place).iter().map(code).collect();
    ledger.sort();
    standing.sort();
    assert_eq!(ledger, standing);
}

/// What every page that a respondent meets must be.
#[track_caller]
fn is_light_and_scriptless(page: &Page, direction: &str) {
    let text = page.text();
    assert!(page.body.len() < 10_000, "{} bytes", page.body.len());
    assert!(
        !text.contains("<script") && !text.contains("javascript:") && !text.contains(" src="),
        "{text}"
    );
    assert!(text.contains(&format!("dir=\"{direction}\"")), "{text}");
    let policy = page
        .header("content-security-policy")
        .expect("a page says what may run in it");
    assert!(
        policy.contains("default-src 'none'") && !policy.contains("script-src"),
        "{policy}"
    );
    assert_eq!(page.header("cache-control"), Some("no-store"));
    assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
}

#[test]
fn every_page_of_a_respondent_is_light_without_script_and_in_the_direction_of_its_language() {
    let place = Place::new();
    let invited = place.poll(&revisable(1), 4);
    let server = place.serve();
    let browser = server.browser();
    for (place, (language, direction)) in [("ar", "rtl"), ("en", "ltr")].into_iter().enumerate() {
        let path = format!("{}/in/{language}", invited[place].path);
        let open = browser.get(&path).status(200);
        let nothing = browser.post(&path, &[("revision", "1")]).status(422);
        let confirmed = browser.answer(&path, "yes").status(200);
        let used = browser.get(&path).status(200);
        for page in [open, nothing, confirmed, used] {
            is_light_and_scriptless(&page, direction);
            assert!(page.text().contains(&format!("<html lang=\"{language}\"")));
        }
        let lost = browser
            .wishing(language)
            .get("/p/00000000000000000000")
            .status(404);
        is_light_and_scriptless(&lost, direction);
    }
}

#[test]
fn the_language_is_that_of_the_path_or_else_what_the_browser_wishes() {
    let place = Place::new();
    let invited = place.poll(&terms(), 1);
    let server = place.serve();
    let path = &invited[0].path;
    let lang = |wishes: Option<&str>, path: &str| {
        let browser = server.browser();
        let browser = wishes.map_or(browser.clone(), |wishes| browser.wishing(wishes));
        let page = browser.get(path).status(200);
        crate::browser::between(page.text(), "<html lang=\"", "\"")
            .unwrap()
            .to_owned()
    };
    // The poll offers Arabic first, then English.
    assert_eq!(lang(None, path), "ar");
    assert_eq!(lang(Some("en-GB,en;q=0.8,ar;q=0.3"), path), "en");
    assert_eq!(lang(Some("ar-IQ"), path), "ar");
    assert_eq!(lang(Some("de, fr;q=0.5"), path), "ar");
    assert_eq!(lang(Some("ar"), &format!("{path}/in/en")), "en");
    // Kurdish is a language of the pages and not of this poll.
    assert_eq!(lang(Some("en"), &format!("{path}/in/ckb")), "en");
}

#[test]
fn a_code_may_be_typed_as_people_type() {
    let place = Place::new();
    let invited = place.poll(&terms(), 1);
    let server = place.serve();
    let browser = server.browser();
    let token = invited[0].token();
    let typed = token.to_uppercase().replace('0', "O").replace('1', "I");
    let typed = format!("/p/{}-{}", &typed[..10], &typed[10..]);
    browser.answer(&typed, "yes").status(200);
    let used = browser.get(&invited[0].path).status(200);
    assert_eq!(used.form(), None);
    assert_eq!(recorded(&place).len(), 1);
}

#[test]
fn every_invited_person_gets_a_message_in_their_language_with_their_own_link() {
    let place = Place::new();
    let invited = place.poll(&terms(), 4);
    let mut tokens: Vec<&str> = invited.iter().map(Invitation::token).collect();
    for (invitation, person) in invited.iter().zip(crate::place::people(4)) {
        let words = if person.language == "ar" {
            "هل تؤيد بناء الجسر الجديد؟"
        } else {
            "Do you support building the new bridge?"
        };
        assert_eq!(invitation.message, format!("{words}\n{}", invitation.link));
        assert_eq!(
            invitation.link,
            format!("http://ur.example/p/{}", invitation.token())
        );
        assert_eq!(invitation.token().len(), 20);
    }
    tokens.sort_unstable();
    tokens.dedup();
    assert_eq!(tokens.len(), 4);
    let shown = place.sijill(["poll", "show", SLUG, "--json"]).well().json();
    assert_eq!(integer(&shown["planned"]), 4);
}
