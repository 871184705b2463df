//! Options rotated by invitation: what people are shown, what is recorded of it, and what audits make of both.

use crate::assertions::{answers, choice, entries, verdict};
use crate::browser::{Browser, FORM, Page};
use crate::place::{Invitation, Place, Server, listening, terms};
use crate::process::{COMMAND_MAX, until};
use crate::second_opinion;
use sijill_poll::event::Responded;
use sijill_scenarios::{Terms, fixture};
use std::collections::BTreeSet;

const SLUG: &str = "bridge";

/// The options that rotate, in the definition's order; one more stands last.
const ROTATING: [&str; 3] = ["yes", "no", "other"];
const LAST: &str = "dont-know";

fn rotated_terms() -> Terms {
    let rotated = fixture::rotated_setup().terms;
    assert_eq!(rotated.options, [&ROTATING[..], &[LAST]].concat());
    Terms {
        rotated: true,
        options: rotated.options,
        revisions: 1,
        ..terms()
    }
}

/// The options of a page's form, in the order in which they stand there.
fn options(page: &Page) -> Vec<String> {
    const BEFORE: &str = "name=\"answer\" value=\"";
    let places = page.text().match_indices(BEFORE);
    let ids = places.map(|(at, _)| &page.text()[at + BEFORE.len()..]);
    ids.map(|rest| rest.split('"').next().unwrap().to_owned())
        .collect()
}

/// The options in this rotation.
fn rotated(rotation: usize) -> Vec<String> {
    let mut options = ROTATING;
    options.rotate_left(rotation);
    let options = options.into_iter().chain([LAST]);
    options.map(str::to_owned).collect()
}

/// By how many places the options of a page are rotated.
#[track_caller]
fn rotation(page: &Page) -> usize {
    let shown = options(page);
    let found = (0..ROTATING.len()).find(|by| rotated(*by) == shown);
    found.unwrap_or_else(|| panic!("{shown:?} is no rotation"))
}

/// One invitation of each rotation, in the order of the rotations.
fn one_of_each(server: &Server, invited: &[Invitation]) -> Vec<Invitation> {
    let browser = server.browser();
    let of = |by: usize| {
        let mut people = invited.iter();
        let found = people.find(|person| rotation(&browser.get(&person.path)) == by);
        found.cloned()
    };
    // With 48 invitations, a rotation that nobody has comes up once in some hundred million runs.
    let found = (0..ROTATING.len()).map(|by| of(by).expect("somebody has it"));
    found.collect()
}

/// The answers that are recorded, published or not.
fn recorded(place: &Place) -> Vec<Responded> {
    let file = place.path("recorded.export");
    drop(std::fs::remove_file(&file));
    place.sijill(args!["export", SLUG, &file]).well();
    let bytes = std::fs::read(file).unwrap();
    answers(&entries(&bytes)).into_iter().cloned().collect()
}

/// Every page of this invitation that has the form on it: in each language, by reloading, after each mistake.
fn every_form(browser: &Browser, path: &str) -> Vec<Page> {
    let post = |body: &str| {
        let path = format!("{path}/in/en");
        browser
            .ask("POST", &path, &[FORM], body.as_bytes())
            .unwrap()
    };
    vec![
        browser.get(path).status(200),
        browser.get(path).status(200),
        browser.get(&format!("{path}/in/ar")).status(200),
        browser.get(&format!("{path}/in/en")).status(200),
        post("revision=1").status(422),
        post("answer=yes&answer=no&revision=1").status(422),
        post("answer=perhaps&revision=1").status(422),
    ]
}

#[test]
fn each_invitation_has_an_order_of_its_own_that_stays_and_is_recorded() {
    let place = Place::new();
    let invited = place.poll(&rotated_terms(), 48);
    let server = place.serve();
    let browser = server.browser();
    let three = one_of_each(&server, &invited);
    for (by, person) in three.iter().enumerate() {
        for page in every_form(&browser, &person.path) {
            assert_eq!(options(&page), rotated(by), "{}", page.status);
            assert!(page.text().contains("id=\"question\""));
        }
        // Everybody takes what stands second.
        browser.answer(&person.path, &rotated(by)[1]).status(200);
        let again = browser.get(&person.path).status(200);
        assert_eq!(options(&again), rotated(by));
    }
    let changed = &three[2];
    browser.answer(&changed.path, LAST).status(200);
    server.stop().well();

    let server = place.serve();
    let browser = server.browser();
    for (by, person) in three[..2].iter().enumerate() {
        assert_eq!(rotation(&browser.get(&person.path).status(200)), by);
    }
    server.stop().well();

    let ledger = recorded(&place);
    let told: Vec<_> = ledger
        .iter()
        .map(|answer| (usize::from(answer.answer.order), choice(answer)))
        .collect();
    let expected = [(0, "no"), (1, "other"), (2, "yes"), (2, LAST)];
    assert_eq!(told, expected);
}

#[test]
fn what_is_not_one_persons_has_the_definitions_order() {
    let place = Place::new();
    let invited = place.poll(&rotated_terms(), 4);
    let server = place.serve();
    let browser = server.browser();
    for language in ["ar", "en"] {
        let block = browser.get(&format!("/polls/{SLUG}/question/{language}"));
        assert_eq!(options(&block.status(200)), rotated(0), "{language}");
        let page = browser.get(&format!("{}/in/{language}", invited[0].path));
        let sentence = ["يختلف ترتيب الخيارات", "The order of the options differs"];
        let sentence = sentence[usize::from(language == "en")];
        assert!(page.text().contains(sentence), "{}", page.text());
    }
    browser.answer(&invited[0].path, "other").status(200);
    let results = browser.get(&format!("/polls/{SLUG}/results.json")).json();
    let listed = results["options"].as_array().unwrap().iter();
    let listed: Vec<_> = listed
        .map(|option| option["id"].as_str().unwrap())
        .collect();
    assert_eq!(listed, rotated(0));
}

/// Somebody who kept the page of their link, and somebody who was shown an order that no link has.
#[test]
fn audits_know_a_kept_page_in_every_rotation_and_in_no_other_order() {
    let place = Place::new();
    let invited = place.poll(&rotated_terms(), 48);
    let server = place.serve();
    let browser = server.browser();
    let three = one_of_each(&server, &invited);
    let pages: Vec<_> = three
        .iter()
        .map(|person| browser.get(&person.path).status(200).text().to_owned())
        .collect();
    let distinct: BTreeSet<_> = pages.iter().collect();
    assert_eq!(distinct.len(), 3);
    for (by, person) in three.iter().enumerate() {
        browser.answer(&person.path, &rotated(by)[0]).status(200);
    }
    server.stop().well();
    place.close(SLUG);
    let file = place.path("bridge.export");
    place.sijill(args!["export", SLUG, &file]).well();

    let swapped = {
        let mut lines: Vec<&str> = pages[0].lines().collect();
        let of = |id: &str| format!("value=\"{id}\"");
        let place = |id: &str| {
            lines
                .iter()
                .position(|line| line.contains(&of(id)))
                .unwrap()
        };
        let (yes, no) = (place("yes"), place("no"));
        lines.swap(yes, no);
        lines.join("\n")
    };
    let given = |pages: &[String]| {
        let mut given = args!["--operator-key", place.operator_key()].to_vec();
        given.extend_from_slice(args!["--anchor", place.anchor(SLUG), "--json"]);
        for (at, page) in pages.iter().enumerate() {
            let page = place.write(&format!("{at}.html"), page);
            given.extend_from_slice(args!["--page", page]);
        }
        given
    };
    for (pages, code, said) in [(pages.as_slice(), 0, "passed"), (&[swapped], 1, "failed")] {
        let mut arguments = args!["audit", &file].to_vec();
        arguments.extend(given(pages));
        let second = second_opinion::verify(&place, &arguments[1..]).expect_code(code);
        let first = place.sijill(&arguments).expect_code(code);
        for report in [first.json(), second.json()] {
            assert_eq!(verdict(&report, "V9"), said);
            assert_eq!(verdict(&report, "V16"), "passed");
            assert_eq!(verdict(&report, "V11"), "passed");
        }
    }
}

#[test]
fn a_preview_shows_the_definitions_order_and_says_that_others_are_shown_another() {
    let place = Place::new();
    let file = place.write("poll.toml", place.definition(&rotated_terms()));
    let listen = ["--listen", "127.0.0.1:0", "--json"];
    let process = place.start(
        "preview",
        [&args!["poll", "preview", file][..], &listen.map(Into::into)].concat(),
    );
    let address = until(COMMAND_MAX, || listening(&process.out()));
    let browser = Browser::new(address.expect("it says where it is"));
    for language in ["ar", "en"] {
        let page = browser.get(&format!("/p/preview/in/{language}"));
        assert_eq!(options(&page.status(200)), rotated(0), "{language}");
    }
    let told = || process.err().contains("rotated").then_some(());
    until(COMMAND_MAX, told).expect("it says that options are rotated");
}
