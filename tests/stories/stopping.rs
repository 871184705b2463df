//! Somebody wants no more messages, and says so on the page behind their link.

use crate::browser::{Browser, FORM, Page};
use crate::people::{LANGUAGES, polled, word};
use crate::place::{Invitation, Place, invitations, people, roster, terms};
use crate::process::{COMMAND_MAX, until};
use sijill_ledger::note::VerifierKey;
use sijill_scenarios::Terms;
use std::path::PathBuf;

const SLUG: &str = "bridge";

/// The list that whoever sends reads.
fn list(place: &Place, slug: &str) -> PathBuf {
    place.data().join("polls").join(slug).join("stops")
}

/// Its lines.
fn stops(place: &Place) -> Vec<String> {
    let text = std::fs::read_to_string(list(place, SLUG)).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

/// Presses the button of the page at this path: the answer, before it is followed.
#[track_caller]
fn press(browser: &Browser, path: &str) -> Page {
    browser.ask("POST", path, &[FORM], b"").unwrap()
}

fn english(id: &str) -> String {
    word(LANGUAGES[2].2, id)
}

/// Opens a page in English, and looks for the message of this id as its heading.
#[track_caller]
fn is_headed(browser: &Browser, path: &str, id: &str) -> Page {
    let page = browser.get(path).status(200);
    let heading = format!("<h1>{}</h1>", english(id));
    assert!(page.text().contains(&heading), "{}", page.text());
    page
}

#[test]
fn opening_the_page_stops_nothing_and_the_button_stops_messages_once_and_no_answer() {
    let place = Place::new();
    let invited = place.poll(&terms(), 6);
    let server = place.serve();
    let browser = server.browser();
    let path = &invited[3].path;
    let page = format!("{path}/stop/in/en");
    let question = browser.get(&format!("{path}/in/en")).status(200);
    assert!(question.text().contains(&format!("href=\"{page}\"")));
    for _ in 0..2 {
        let shown = is_headed(&browser, &page, "stop-title");
        let form = format!("<form method=\"post\" action=\"{page}\">");
        assert!(shown.text().contains(&form), "{}", shown.text());
        browser.get(&format!("{path}/stop")).status(200);
        assert_eq!(browser.head(&page).status(200).body, b"");
        browser.get(&format!("{page}?stop=1")).status(200);
        let put = browser.ask("PUT", &page, &[], b"").unwrap();
        put.status(405);
    }
    assert_eq!(stops(&place), [""; 0]);

    let sent = press(&browser, &page).status(303);
    assert_eq!(sent.header("location"), Some(page.as_str()));
    assert_eq!(sent.header("cache-control"), Some("no-store"));
    let [line] = &stops(&place)[..] else {
        panic!("one line: {:?}", stops(&place));
    };
    let (place_in_roster, way) = line.split_once(' ').unwrap();
    assert!(place_in_roster.parse::<u32>().unwrap() < 6 && way == "page");
    // Loaded again, sent again, and in whatever language the browser wishes.
    for _ in 0..2 {
        let done = is_headed(&browser, &page, "stop-done");
        assert!(!done.text().contains("<form"), "{}", done.text());
        press(&browser, &page).status(303);
        press(&browser, &format!("{path}/stop")).status(303);
    }
    assert_eq!(stops(&place).len(), 1);
    // Somebody else's messages still leave, and the answer is taken as ever.
    let other = format!("{}/stop/in/en", invited[2].path);
    is_headed(&browser, &other, "stop-title");
    let confirmed = browser.answer(&format!("{path}/in/en"), "yes").status(200);
    assert!(confirmed.code().is_some());
    let answered = browser.get(&format!("{path}/in/en")).status(200);
    assert!(answered.text().contains(&format!("href=\"{page}\"")));
    press(&browser, &other).status(303);
    assert_eq!(stops(&place).len(), 2);

    let said = server.log();
    server.stop().well();
    let server = place.serve();
    is_headed(&server.browser(), &page, "stop-done");
    press(&server.browser(), &page).status(303);
    assert_eq!(stops(&place).len(), 2, "a restart forgets nobody");
    let said = said + &server.log();
    assert!(invited.iter().all(|one| !said.contains(one.token())));
    server.stop().well();
    place.audit_data(SLUG).well();
}

#[test]
fn the_page_is_behind_the_link_as_all_its_others_are_in_every_language() {
    let place = Place::new();
    let (server, invited) = polled(&place, 3);
    let browser = server.browser();
    for ((language, direction, wording), invitation) in LANGUAGES.into_iter().zip(&invited) {
        let path = format!("{}/stop/in/{language}", invitation.path);
        let shown = browser.get(&path).status(200);
        press(&browser, &path).status(303);
        let done = browser.get(&path).status(200);
        assert!(shown.text().contains(&word(wording, "stop-what")));
        let heading = format!("<h1>{}</h1>", word(wording, "stop-done"));
        assert!(done.text().contains(&heading), "{}", done.text());
        for page in [&shown, &done] {
            is_personal(page);
            let opening = format!("<html lang=\"{language}\" dir=\"{direction}\">");
            assert!(page.text().contains(&opening));
            assert!(page.text().contains(&word(wording, "stop-answer-stays")));
            let others = LANGUAGES.iter().filter(|(other, ..)| *other != language);
            for (other, ..) in others {
                let href = format!("href=\"{}/stop/in/{other}\"", invitation.path);
                assert!(page.text().contains(&href), "{}", page.text());
            }
        }
        let wishing = browser.wishing(language);
        let wished = wishing.get(&format!("{}/stop", invitation.path));
        assert_eq!(wished.status(200).body, done.body);
    }
    for (path, status) in [
        ("/p/00000000000000000000/stop", 404),
        ("/p/00000000000000000000/stop/in/ar", 404),
        ("/p/short/stop", 404),
    ] {
        browser.get(path).status(status);
        press(&browser, path).status(status);
    }
    let slug = "coalition";
    let lines = std::fs::read_to_string(list(&place, slug)).unwrap();
    assert_eq!(lines.lines().count(), 3);
}

/// What every page behind a personal link is: nobody else's, and without a script.
#[track_caller]
fn is_personal(page: &Page) {
    for (name, value) in [
        ("cache-control", "no-store"),
        ("referrer-policy", "no-referrer"),
        ("x-robots-tag", "noindex"),
        ("x-content-type-options", "nosniff"),
    ] {
        assert_eq!(page.header(name), Some(value), "{name}");
    }
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"));
    assert!(policy.contains("form-action 'self'") && !policy.contains("script-src"));
    assert!(!page.text().contains("<script"));
}

#[test]
fn after_the_poll_the_page_says_that_no_messages_leave_anyway() {
    let place = Place::new();
    let invited = place.poll(&terms(), 3);
    let server = place.serve();
    let browser = server.browser();
    let [asked, silent] = [0, 1].map(|at| format!("{}/stop/in/en", invited[at].path));
    press(&browser, &asked).status(303);
    place.close(SLUG);
    let over = || {
        let page = browser.get(&silent).status(200);
        page.text().contains(&english("stop-over")).then_some(page)
    };
    let page = until(COMMAND_MAX, over).expect("the close is known");
    assert!(!page.text().contains("<form"), "{}", page.text());
    is_headed(&browser, &asked, "stop-done");
}

/// A list that cannot be written is nobody's fault who asks: they are told, and what they ask is not taken for done.
#[test]
fn a_wish_that_could_not_be_written_down_is_not_confirmed() {
    let place = Place::new();
    let invited = place.poll(&terms(), 2);
    let server = place.serve();
    let browser = server.browser();
    let path = format!("{}/stop/in/en", invited[0].path);
    let list = list(&place, SLUG);
    std::fs::create_dir(&list).unwrap();
    let failed = press(&browser, &path).status(503);
    let heading = english("problem-stop-not-recorded-what");
    assert!(failed.text().contains(&heading), "{}", failed.text());
    assert!(failed.header("retry-after").is_some());
    browser.answer(&invited[0].path, "yes").status(200);
    std::fs::remove_dir(&list).unwrap();
    is_headed(&browser, &path, "stop-title");
    press(&browser, &path).status(303);
    is_headed(&browser, &path, "stop-done");
    assert_eq!(stops(&place).len(), 1);
    let said = server.log();
    assert!(said.contains("polls/bridge/stops"), "{said}");
    assert!(!said.contains(invited[0].token()), "{said}");
}

/// A poll whose links the sender made, and how it sends them out.
fn of_two_bodies(place: &Place) -> Vec<Invitation> {
    let data = place.path("sender");
    let made = place
        .sijill(args!["keys", "new", "--name", "sender", "--data", &data])
        .well();
    let [operator, sender] = [place.operator_key(), made.out.trim().to_owned()]
        .map(|key| VerifierKey::parse(&key).unwrap());
    let terms = Terms {
        tokens_made_by: "sender".into(),
        ..terms()
    };
    place.open(&terms.text(&[operator], Some(&sender)));
    let file = place.write("people.csv", roster(&people(2)));
    let (public, toml) = (place.path("public.roster"), place.path("poll.toml"));
    place
        .sijill(args![
            "roster",
            "make",
            file,
            "--definition",
            toml,
            "--out",
            &public,
            "--data",
            &data
        ])
        .well();
    place
        .sijill(args![
            "roster",
            "import",
            public,
            "--poll",
            SLUG,
            "--key",
            place.key_file()
        ])
        .well();
    let (out, key) = (place.path("messages.csv"), data.join("keys/sender.key"));
    place
        .sijill(args![
            "invitations",
            "export",
            "--poll",
            SLUG,
            "--contacts",
            data,
            "--key",
            key,
            "--out",
            &out
        ])
        .well();
    invitations(&out)
}

/// Nothing leads from the platform back to a sender of its own, so it promises nothing there.
#[test]
fn where_the_sender_made_the_links_the_platform_offers_no_such_page() {
    let place = Place::new();
    let invited = of_two_bodies(&place);
    let server = place.serve();
    let browser = server.browser();
    for invitation in &invited {
        let page = browser.get(&format!("{}/in/en", invitation.path));
        assert!(page.status(200).form().is_some());
        let page = browser.get(&format!("{}/in/en", invitation.path));
        assert!(!page.text().contains("/stop"), "{}", page.text());
        for path in ["/stop", "/stop/in/en"] {
            let path = format!("{}{path}", invitation.path);
            let lost = browser.get(&path).status(404);
            assert!(!lost.text().contains(invitation.token()));
            browser.head(&path).status(404);
            press(&browser, &path).status(404);
        }
    }
    assert!(!list(&place, SLUG).exists());
}
