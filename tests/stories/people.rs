//! People as they come: with a phone or a desktop, with or without scripts, in three languages, with a finger or a
//! keyboard alone, in a real browser.
//!
//! The poll is the demo's: a real question with texts as long as they get.

use crate::assertions::verdict;
use crate::browser::{Browser, Page, between};
use crate::chromium::{Tour, can_browse};
use crate::place::{Invitation, Person, Place, Server, now_ms, prompt_terms};
use crate::portal::{LOGO, THEME};
use serde_json::{Value, json};
use sijill_scenarios::Terms;
use sijill_scenarios::definition::rfc3339;

/// The poll's slug.
const SLUG: &str = "coalition";

/// Each language with its direction and its wording.
pub const LANGUAGES: [(&str, &str, &str); 3] = [
    (
        "ar",
        "rtl",
        include_str!("../../crates/pages/locales/ar.ftl"),
    ),
    (
        "ckb",
        "rtl",
        include_str!("../../crates/pages/locales/ckb.ftl"),
    ),
    (
        "en",
        "ltr",
        include_str!("../../crates/pages/locales/en.ftl"),
    ),
];

/// What people look through: width and height in CSS pixels, device pixels for each, and whether scripts run.
///
/// A small phone with scripts and without, a desktop, and that desktop at 400 %.
const SCREENS: [(u32, u32, u32, bool); 4] = [
    (320, 568, 2, false),
    (360, 780, 3, true),
    (1280, 1024, 1, false),
    (320, 256, 4, true),
];

/// A page wider than its screen scrolls sideways.
const WIDTH: &str = "document.documentElement.scrollWidth";

/// What can be touched and is smaller than 44 pixels either way. The label round a choice is its target.
const SMALL: &str = "[...document.querySelectorAll('a, button, label, summary, textarea, input:not(label input, [type=hidden])')]
    .filter((target) => target.checkVisibility())
    .filter((target) => { const box = target.getBoundingClientRect(); return box.width < 44 || box.height < 44; })
    .map((target) => target.outerHTML)";

/// What has the focus, and how it shows.
const FOCUS: &str =
    "{ const focused = document.activeElement; const style = getComputedStyle(focused);
    [focused.id || focused.href || focused.className || focused.tagName,
     style.outlineStyle === 'solid' && parseFloat(style.outlineWidth) >= 3]; }";

/// The wording of a message without variables.
#[track_caller]
pub fn word(wording: &str, id: &str) -> String {
    let line = format!("\n{id} = ");
    between(wording, &line, "\n")
        .expect("there is such a message")
        .to_owned()
}

/// The demo's definition, open now, with this place's operator.
fn definition(place: &Place) -> String {
    let now = now_ms() / 1_000 * 1_000;
    let template = include_str!("../../crates/sijill/demo/poll.toml");
    let strata = ["baghdad", "erbil"].map(|id| {
        format!("\n[[stratum]]\nid = \"{id}\"\npopulation = 1000000\nname = {{ ar = \"{id}\", ckb = \"{id}\", en = \"{id}\" }}\n")
    });
    template
        .replace("@OPERATOR@", &place.operator_key())
        .replace("@DOMAIN@", "ur.example")
        .replace("@PLANNED@", "12")
        .replace("@START@", &rfc3339(now - 60_000))
        .replace("@END@", &rfc3339(now + 3_600_000))
        .replace("@LATEST_END@", &rfc3339(now + 7_200_000))
        + &strata.concat()
}

/// A server with the demo's poll and this many people who are invited to it.
pub fn polled(place: &Place, count: u32) -> (Server, Vec<Invitation>) {
    place.open(&definition(place));
    let people: Vec<Person> = (0..count)
        .map(|at| Person {
            contact: format!("+964770{at:07}"),
            stratum: ["baghdad", "erbil"][at as usize % 2].to_owned(),
            language: LANGUAGES[at as usize % 3].0.to_owned(),
        })
        .collect();
    let invited = place.invite(SLUG, &people);
    (place.serve(), invited)
}

/// A page of a respondent holds itself: it fits the screen, and its targets a finger.
fn fitting(tour: Tour<'_>) -> Tour<'_> {
    tour.read(WIDTH).read(SMALL)
}

/// Takes the next thing that was found.
#[track_caller]
fn next(found: &mut impl Iterator<Item = Value>) -> Value {
    found.next().expect("there was one more step")
}

#[track_caller]
fn fits(found: &mut impl Iterator<Item = Value>, width: u32, what: &str) {
    let found_width = next(found);
    assert!(
        found_width.as_u64() <= Some(width.into()),
        "{what} is {found_width} wide"
    );
    assert_eq!(next(found), json!([]), "{what} has small targets");
}

#[test]
fn the_whole_way_from_link_to_receipt_is_open_to_everyone() {
    if !can_browse("the_whole_way_from_link_to_receipt_is_open_to_everyone") {
        return;
    }
    let place = Place::new();
    let (server, invited) = polled(&place, 12);
    let mut invited = invited.iter();
    for (language, direction, wording) in LANGUAGES {
        for screen in SCREENS {
            let path = format!("{}/in/{language}", invited.next().unwrap().path);
            walk(
                &place,
                &server.url(&path),
                (language, direction, wording),
                screen,
            );
        }
    }
}

/// From the link to the receipt, and the link again.
fn walk(
    place: &Place,
    url: &str,
    (language, direction, wording): (&str, &str, &str),
    (width, height, scale, script): (u32, u32, u32, bool),
) {
    let shown = |name: &str| format!("{name}-{language}-{width}x{height}.png");
    let code = "document.querySelector('main code').textContent";
    let tour = Tour::new(place)
        .step(json!({ "open": url, "width": width, "height": height, "scale": scale, "script": script }))
        .step(json!({ "loaded": true }))
        .step(json!({ "cookies": true }))
        .read("[document.documentElement.lang, getComputedStyle(document.body).direction]")
        .read("document.querySelectorAll(':checked').length")
        .photo(&shown("answer"));
    let tour = fitting(tour)
        .step(json!({ "click": "label:has(#answer-no)" }))
        .step(json!({ "click": "form button", "leads": true }))
        .read("document.querySelector('h1').textContent")
        .read(code)
        .photo(&shown("recorded"));
    let tour = fitting(tour)
        .step(json!({ "click": "a[href*='/receipt/in/']", "leads": true }))
        .read("document.querySelector('h1').textContent")
        .photo(&shown("receipt"));
    let tour = fitting(tour)
        .step(json!({ "go": url }))
        .read("document.forms.length")
        .read(code)
        .photo(&shown("answered"));
    let mut found = fitting(tour)
        .step(json!({ "cookies": true }))
        .found()
        .into_iter();
    let found = &mut found;
    assert_eq!(next(found), json!([url]), "one request, and no other");
    assert_eq!(next(found), json!([]), "no cookie");
    assert_eq!(next(found), json!([language, direction]));
    assert_eq!(
        next(found),
        json!(0),
        "nothing is chosen before anyone chose"
    );
    fits(found, width, "the question");
    assert_eq!(next(found), json!(word(wording, "recorded-title")));
    let kept = next(found);
    assert_eq!(kept.as_str().map(str::len), Some(24), "{kept}");
    fits(found, width, "the confirmation");
    assert_eq!(next(found), json!(word(wording, "receipt-title")));
    fits(found, width, "the receipt");
    assert_eq!(next(found), json!(0), "answers are final");
    assert_eq!(next(found), kept);
    fits(found, width, "the link that was answered");
    assert_eq!(next(found), json!([]), "no cookie");
}

#[test]
fn a_keyboard_alone_answers_and_shows_where_it_is() {
    if !can_browse("a_keyboard_alone_answers_and_shows_where_it_is") {
        return;
    }
    let place = Place::new();
    let (server, invited) = polled(&place, 3);
    for ((language, _, wording), invitation) in LANGUAGES.into_iter().zip(&invited) {
        let url = server.url(&format!("{}/in/{language}", invitation.path));
        let mut tour = Tour::new(&place).step(json!({ "open": url, "script": false }));
        for key in ["Tab", "Tab", "Tab", "Space", "ArrowDown", "Tab"] {
            tour = tour.step(json!({ "press": key })).read(FOCUS);
        }
        let found = tour
            .step(json!({ "press": "Enter", "leads": true }))
            .read("document.querySelector('h1').textContent")
            .found();
        let others = LANGUAGES.iter().filter(|(other, ..)| *other != language);
        let others =
            others.map(|(other, ..)| server.url(&format!("{}/in/{other}", invitation.path)));
        let stops =
            others.chain(["answer-yes", "answer-yes", "answer-no", "BUTTON"].map(String::from));
        let stops = stops.map(|stop| json!([stop, true]));
        let recorded = json!(word(wording, "recorded-title"));
        assert_eq!(found, stops.chain([recorded]).collect::<Vec<_>>());
    }
    // The answer was the one that the arrow led to.
    let browser = server.browser();
    let other = browser.post(&invited[0].path, &[("answer", "no"), ("revision", "1")]);
    other.status(200);
}

#[test]
fn an_answer_without_a_choice_is_told_where_to_make_one() {
    if !can_browse("an_answer_without_a_choice_is_told_where_to_make_one") {
        return;
    }
    let place = Place::new();
    let (server, invited) = polled(&place, 6);
    let mut invited = invited.iter();
    for (language, _, wording) in LANGUAGES {
        for script in [false, true] {
            let path = format!("{}/in/{language}", invited.next().unwrap().path);
            let tour = Tour::new(&place)
                .step(json!({ "open": server.url(&path), "width": 320, "script": script }))
                .step(json!({ "click": "form button", "leads": true }))
                .read("document.title")
                .read("document.activeElement.getAttribute('role')")
                .photo(&format!("error-{language}.png"));
            let found = fitting(tour)
                .step(json!({ "press": "Tab" }))
                .step(json!({ "press": "Enter" }))
                .read(FOCUS)
                .step(json!({ "press": "Space" }))
                .step(json!({ "click": "form button", "leads": true }))
                .read("document.querySelector('h1').textContent")
                .found();
            let mut found = found.into_iter();
            let found = &mut found;
            let error = word(wording, "error-title");
            let error = error.split('{').next().unwrap();
            let title = next(found);
            assert!(
                title.as_str().unwrap().starts_with(error),
                "{title} does not begin with `{error}`"
            );
            let role = next(found);
            assert_eq!(role, "alert", "the error is announced and has the focus");
            fits(found, 320, "the error");
            assert_eq!(next(found), json!(["answer-yes", true]));
            assert_eq!(next(found), json!(word(wording, "recorded-title")));
        }
    }
}

/// Browsers save what they made of a page, which is not what came: quotes, spaces and tags are written in their way.
#[test]
fn a_page_that_a_browser_saved_is_found_to_be_the_one_on_record() {
    if !can_browse("a_page_that_a_browser_saved_is_found_to_be_the_one_on_record") {
        return;
    }
    let place = Place::new();
    let (server, invited) = polled(&place, 3);
    let mut saved = Vec::new();
    for ((language, ..), invitation) in LANGUAGES.into_iter().zip(&invited) {
        let url = server.url(&format!("{}/in/{language}", invitation.path));
        let found = Tour::new(&place)
            .step(json!({ "open": url, "width": 360 }))
            .step(json!({ "click": "label:has(#answer-no)" }))
            .read("document.documentElement.outerHTML")
            .found();
        saved.push(found[0].as_str().unwrap().to_owned());
    }
    server.stop().well();
    assert!(saved[2].contains("<span>Don't know</span>"), "{}", saved[2]);
    let anchor = place.anchor(SLUG);
    let audit = |page: &str| {
        let page = place.write("saved.html", page);
        let given = args!["--anchor", &anchor, "--page", page, "--json"];
        place.audit(place.data(), given)
    };
    for page in &saved {
        assert_eq!(verdict(&audit(page).well().json(), "V9"), "passed");
        let other = page.replacen("</h1>", "?</h1>", 1);
        let report = audit(&other).expect_code(1).json();
        assert_eq!(verdict(&report, "V9"), "failed");
    }
}

#[test]
fn going_back_does_no_harm_and_an_answer_sent_again_is_the_same() {
    if !can_browse("going_back_does_no_harm_and_an_answer_sent_again_is_the_same") {
        return;
    }
    let place = Place::new();
    let (server, invited) = polled(&place, 1);
    let url = server.url(&format!("{}/in/en", invited[0].path));
    let code = "document.querySelector('main code').textContent";
    let found = Tour::new(&place)
        .step(json!({ "open": url, "width": 360, "script": false }))
        .step(json!({ "click": "label:has(#answer-yes)" }))
        .step(json!({ "click": "form button", "leads": true }))
        .read(code)
        .step(json!({ "click": "a[href*='/receipt/in/']", "leads": true }))
        .step(json!({ "go": "back" }))
        .read(code)
        .step(json!({ "go": "back" }))
        .read("document.querySelector('h2').textContent")
        .read(code)
        .step(json!({ "go": "again" }))
        .read(code)
        .step(json!({ "go": "forward" }))
        .step(json!({ "go": "again" }))
        .read("document.querySelector('h1').textContent")
        .read(code)
        .found();
    let kept = &found[0];
    assert_eq!(found[2], json!("This link was answered"));
    assert_eq!(found[5], json!("Your answer is recorded"));
    assert_eq!([&found[1], &found[3], &found[4], &found[6]], [kept; 4]);
    let recorded = place.recorded(SLUG);
    let form = [("answer", "yes"), ("revision", "1")];
    let again = server
        .browser()
        .post(&format!("{}/in/en", invited[0].path), &form);
    assert_eq!(
        again.status(200).code().map(Value::from).as_ref(),
        Some(kept)
    );
    assert_eq!(place.recorded(SLUG), recorded);
}

#[test]
fn a_page_without_its_style_is_answered_too() {
    if !can_browse("a_page_without_its_style_is_answered_too") {
        return;
    }
    let place = Place::new();
    let (server, invited) = polled(&place, 1);
    let bare =
        json!({ "do": "document.querySelectorAll('style').forEach((style) => style.remove())" });
    let found = Tour::new(&place)
        .step(json!({ "open": server.url(&format!("{}/in/ckb", invited[0].path)), "width": 320, "script": false }))
        .step(bare.clone())
        .read("getComputedStyle(document.querySelector('button')).minBlockSize")
        .read(WIDTH)
        .step(json!({ "click": "#answer-dont-know" }))
        .step(json!({ "click": "form button", "leads": true }))
        .step(bare)
        .read(WIDTH)
        .found();
    assert_ne!(found[0], json!("52px"), "there is no style left");
    assert!(
        found[1..].iter().all(|width| width.as_u64() <= Some(320)),
        "{found:?}"
    );
    let shown = server.browser().get(&invited[0].path).status(200);
    assert_eq!(shown.form(), None, "the answer was taken");
}

#[test]
fn the_signed_definition_is_behind_a_link_of_the_page_word_for_word() {
    let place = Place::new();
    let signed = definition(&place);
    place.open(&signed);
    let person = Person {
        contact: "+9647700000001".into(),
        stratum: "erbil".into(),
        language: "ar".into(),
    };
    let invited = place.invite(SLUG, &[person]);
    let server = place.serve();
    let browser = server.browser();
    let path = format!("/polls/{SLUG}/definition");
    for page in [invited[0].path.clone(), format!("/polls/{SLUG}")] {
        let page = browser.get(&page).status(200);
        assert!(page.text().contains(&format!("href=\"{path}\"")));
    }
    let shown = browser.get(&path).status(200);
    assert_eq!(shown.text(), signed);
    assert_eq!(
        shown.header("content-type"),
        Some("text/plain; charset=utf-8")
    );
    assert_eq!(shown.header("cache-control"), Some("no-cache"));
    browser.get("/polls/another/definition").status(404);
}

/// What every page behind a personal link says to browsers, caches and search engines.
#[track_caller]
fn keeps_to_itself(page: &Page) {
    let header = |name| page.header(name).unwrap_or_default();
    assert_eq!(header("cache-control"), "no-store");
    assert_eq!(header("referrer-policy"), "no-referrer");
    assert_eq!(header("x-robots-tag"), "noindex");
    assert_eq!(header("x-content-type-options"), "nosniff");
    assert_eq!(page.header("set-cookie"), None);
}

#[test]
fn what_is_behind_a_link_is_kept_by_nobody_and_may_run_nothing() {
    let place = Place::new();
    let (server, invited) = polled(&place, 1);
    let browser = server.browser();
    let path = format!("{}/in/ar", invited[0].path);
    let open = browser.get(&path).status(200);
    let nothing = browser.post(&path, &[("revision", "1")]).status(422);
    let confirmed = browser.answer(&path, "yes").status(200);
    let used = browser.get(&path).status(200);
    let receipt = browser
        .get(&format!("{}/receipt/in/ar", invited[0].path))
        .status(200);
    let unknown = browser.get("/p/00000000000000000000").status(404);
    for page in [&open, &nothing, &confirmed, &used, &receipt, &unknown] {
        keeps_to_itself(page);
        let policy = page.header("content-security-policy").unwrap();
        let style = between(policy, "default-src 'none'; style-src 'sha256-", "'; ");
        let rest = style.and_then(|style| policy.split_once(style)).unwrap().1;
        assert_eq!(
            rest,
            "'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        );
    }
    for file in ["promise", "receipt"] {
        keeps_to_itself(
            &browser
                .get(&format!("{}/{file}", invited[0].path))
                .status(200),
        );
    }
}

/// What a page weighs on its way.
#[track_caller]
fn compressed(browser: &Browser, method: &str, path: &str, fields: &[u8]) -> usize {
    let headers = [crate::browser::FORM, ("Accept-Encoding", "gzip")];
    let page = browser.ask(method, path, &headers, fields).unwrap();
    assert_eq!(
        page.header("content-encoding"),
        Some("gzip"),
        "{}",
        page.status
    );
    page.body.len()
}

#[test]
fn a_page_of_a_respondent_arrives_in_ten_kilobytes() {
    let place = Place::new();
    let (server, invited) = polled(&place, 3);
    let browser = server.browser();
    for ((language, ..), invitation) in LANGUAGES.into_iter().zip(&invited) {
        let path = format!("{}/in/{language}", invitation.path);
        let confirmation = format!("{}/confirmation/in/{language}", invitation.path);
        let weigh = |method: &str, path: &str, fields: &str| {
            compressed(&browser, method, path, fields.as_bytes())
        };
        let before = [
            ("question", weigh("GET", &path, "")),
            ("error", weigh("POST", &path, "revision=1")),
        ];
        browser.answer(&path, "yes").status(200);
        let after = [
            ("confirmation", weigh("GET", &confirmation, "")),
            ("answered", weigh("GET", &path, "")),
        ];
        for (what, bytes) in before.into_iter().chain(after) {
            println!("{what} in {language}: {bytes} bytes");
            assert!(bytes <= 10_000, "{what} in {language}: {bytes} bytes");
        }
    }
}

/// What a page must be for people who do not see, point or distinguish colors, and for browsers of every make.
fn sound<'a>(tour: Tour<'a>, name: &str) -> Tour<'a> {
    tour.step(json!({ "axe": true }))
        .step(json!({ "html": true }))
        .read("document.querySelector('h1').textContent")
        .photo(&format!("{name}.png"))
}

/// Sends a form from the page that is open, as no page of ours has one.
fn sends<'a>(tour: Tour<'a>, action: &str, kind: &str, answer: &str) -> Tour<'a> {
    let form = format!(
        "{{ const form = document.createElement('form');
        Object.assign(form, {{ method: 'post', action: '{action}', enctype: '{kind}' }});
        const [field, button] = [document.createElement('textarea'), document.createElement('button')];
        Object.assign(field, {{ name: 'answer', value: {answer} }});
        button.id = 'sends';
        form.append(field, button);
        document.body.prepend(form); }}"
    );
    tour.step(json!({ "do": form }))
        .step(json!({ "click": "#sends", "leads": true }))
}

const FORM: &str = "application/x-www-form-urlencoded";

/// Opens every page that there is in this language, with what is wrong with each.
fn every_page<'a>(
    place: &'a Place,
    server: &Server,
    invited: &[Invitation],
    language: &str,
) -> Vec<(String, Vec<Value>)> {
    let url = |path: &str| server.url(path);
    let [open, other] = [0, 1].map(|at| format!("{}/in/{language}", invited[at].path));
    let receipt = format!("{}/receipt/in/{language}", invited[0].path);
    let mut names = Vec::new();
    let mut look = |tour: Tour<'a>, name: &str| {
        names.push(name.to_owned());
        sound(tour, &format!("sound-{name}-{language}"))
    };
    let tour =
        Tour::new(place).step(json!({ "open": url(&open), "width": 360, "language": language }));
    let tour = look(tour, "question");
    let tour = look(
        tour.step(json!({ "click": "form button", "leads": true })),
        "error",
    );
    let tour = tour.step(json!({ "click": "label:has(#answer-yes)" }));
    let mut tour = look(
        tour.step(json!({ "click": "form button", "leads": true })),
        "recorded",
    );
    for (name, path) in [
        ("answered", open.as_str()),
        ("receipt", &receipt),
        ("results", &format!("/polls/{SLUG}/in/{language}")),
        ("home", &format!("/in/{language}")),
        ("verify", &format!("/verify/in/{language}")),
        (
            "messages",
            &format!("{}/stop/in/{language}", invited[1].path),
        ),
        ("not-found", "/nowhere"),
        (
            "unknown-link",
            &format!("/p/00000000000000000000/in/{language}"),
        ),
        ("malformed-link", &format!("/p/123/in/{language}")),
    ] {
        tour = look(tour.step(json!({ "go": url(path) })), name);
    }
    for (name, action, kind, answer) in [
        ("wrong-method", format!("/in/{language}"), FORM, "'yes'"),
        ("too-large", other.clone(), FORM, "'yes'.repeat(100000)"),
        ("not-a-form", other.clone(), "text/plain", "'yes'"),
        ("not-on-ballot", other.clone(), FORM, "'perhaps'"),
        ("answered-otherwise", open.clone(), FORM, "'no'"),
    ] {
        tour = look(
            sends(
                tour.step(json!({ "go": url(&other) })),
                &action,
                kind,
                answer,
            ),
            name,
        );
    }
    tour = tour.step(json!({ "go": url(&format!("{}/stop/in/{language}", invited[1].path)) }));
    tour = look(
        tour.step(json!({ "click": "form button", "leads": true })),
        "no-more-messages",
    );
    let found = tour.found();
    let found = found.chunks(3).map(<[Value]>::to_vec);
    names.into_iter().zip(found).collect()
}

/// Looks at every page in this language.
#[track_caller]
fn every_page_is_sound(test: &str, language: &str) {
    if can_browse(test) {
        every_page_of_is_sound(&Place::new(), language);
    }
}

#[track_caller]
fn every_page_of_is_sound(place: &Place, language: &str) {
    let (server, invited) = polled(place, 2);
    let pages = every_page(place, &server, &invited, language);
    assert_eq!(pages.len(), 18);
    let headings: std::collections::BTreeSet<String> = pages
        .iter()
        .map(|(_, found)| found[2].to_string())
        .collect();
    assert!(
        headings.len() >= 14,
        "these are different pages: {headings:?}"
    );
    nothing_is_wrong(&pages);
}

/// A theme has colours of its own, in light and in dark, and axe looks at both.
#[test]
fn every_page_with_a_theme_is_sound_in_arabic() {
    if !can_browse("every_page_with_a_theme_is_sound_in_arabic") {
        return;
    }
    let place = Place::new();
    place.write("theme.toml", THEME);
    place.write("logo.svg", LOGO);
    place.write("sijill.toml", "theme = \"theme.toml\"\n");
    every_page_of_is_sound(&place, "ar");
    // With the same settings, the first page looks as the theme says.
    let server = place.serve();
    let colours = |dark: bool| {
        let url = server.url("/in/ar");
        Tour::new(&place)
            .step(json!({ "open": url, "width": 360, "language": "ar", "dark": dark }))
            .read("getComputedStyle(document.querySelector('nav')).backgroundColor")
            .read("getComputedStyle(document.querySelector('main a')).color")
            .found()
    };
    let band = "rgb(0, 53, 47)";
    assert_eq!(colours(false), [json!(band), json!("rgb(0, 88, 79)")]);
    assert_eq!(colours(true), [json!(band), json!("rgb(127, 214, 200)")]);
    server.stop().well();
}

/// Says that none of these pages, each with what was found on it, has a fault.
#[track_caller]
fn nothing_is_wrong(pages: &[(String, Vec<Value>)]) {
    let wrong: Vec<String> = pages
        .iter()
        .flat_map(|(name, found)| {
            let faults = found[..2]
                .iter()
                .flat_map(|faults| faults.as_array().unwrap());
            faults.map(move |fault| format!("{name}: {}", fault.as_str().unwrap()))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Looks at the pages of these links, and at the results, while the poll is in one state. The phase that the results
/// name comes first of what is found.
#[track_caller]
fn is_sound_while(state: &str, place: &Place, server: &Server, links: &[&Invitation]) {
    let mut tour = Tour::new(place).step(json!({
        "open": server.url("/polls/bridge/in/ar"), "width": 360, "language": "ar"
    }));
    tour = tour.read("document.querySelector('main').dataset.state");
    let mut names = vec!["results".to_owned()];
    tour = sound(tour, &format!("sound-results-{state}-ar"));
    for (at, link) in links.iter().enumerate() {
        names.push(format!("link {at}"));
        tour = tour.step(json!({ "go": server.url(&format!("{}/in/ar", link.path)) }));
        tour = sound(tour, &format!("sound-link-{at}-{state}-ar"));
    }
    let found = tour.found();
    assert_eq!(found[0], json!(state));
    let found = found[1..].chunks(3).map(<[Value]>::to_vec);
    let named = names.iter().map(|name| format!("{name} while {state}"));
    nothing_is_wrong(&named.zip(found).collect::<Vec<_>>());
}

#[test]
fn every_state_of_a_poll_is_sound_for_who_has_answered_and_who_has_not() {
    if !can_browse("every_state_of_a_poll_is_sound_for_who_has_answered_and_who_has_not") {
        return;
    }
    let place = Place::new();
    let revisable = Terms {
        revisions: 1,
        sealed: true,
        ..prompt_terms()
    };
    let invited = place.poll(&revisable, 2);
    let server = place.serve();
    server.browser().answer(&invited[0].path, "yes").status(200);
    let links = [&invited[0], &invited[1]];
    // The first may still change the answer, and its receipt is a proof by now.
    server.published("bridge", 4);
    is_sound_while("open", &place, &server, &links);
    let receipt = server.url(&format!("{}/receipt/in/ar", invited[0].path));
    let tour = Tour::new(&place).step(json!({ "open": receipt, "width": 360 }));
    let proof = "document.querySelector('main .note p').textContent";
    let found = sound(tour, "sound-proof-ar").read(proof).found();
    assert_eq!(found[3], json!(word(LANGUAGES[0].2, "receipt-is-proof")));
    nothing_is_wrong(&[("proof".to_owned(), found)]);
    for (deed, state) in [
        ("pause", "paused"),
        ("close", "closed"),
        ("annul", "annulled"),
    ] {
        let key = place.key_file();
        place
            .sijill(args![
                "poll",
                deed,
                "bridge",
                "--reason",
                "To be looked at",
                "--key",
                key
            ])
            .well();
        is_sound_while(state, &place, &server, &links);
    }
}

#[test]
fn every_page_in_arabic_is_sound_in_light_and_dark() {
    every_page_is_sound("every_page_in_arabic_is_sound_in_light_and_dark", "ar");
}

#[test]
fn every_page_in_kurdish_is_sound_in_light_and_dark() {
    every_page_is_sound("every_page_in_kurdish_is_sound_in_light_and_dark", "ckb");
}

#[test]
fn every_page_in_english_is_sound_in_light_and_dark() {
    every_page_is_sound("every_page_in_english_is_sound_in_light_and_dark", "en");
}

/// Texts that would do something if anybody obeyed them.
const MARKUP: &str = r#"<script>document.hacked = 1</script><img src=x onerror="document.hacked = 2">'\"&amp; {{ 7 * 7 }} {$x} 𐎠😀🇮🇶"#;

/// The same as far as a question can be: it stands in a text message, which has no braces and no rare characters.
const QUESTION: &str =
    r#"<script>document.hacked = 1</script><img src=x onerror="document.hacked = 2">'\"&amp;"#;

/// A definition in which everything that people read is markup.
fn hostile(place: &Place) -> String {
    let quoted = |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
    let text = definition(place);
    let lines = text.lines().enumerate().map(|(number, line)| {
        let Some((key, value)) = line.split_once('=') else {
            return line.to_owned();
        };
        let key = key.trim_end();
        let is_text = [".ar", ".ckb", ".en"].iter().any(|tag| key.ends_with(tag));
        let hostile = match key.split('.').next() {
            _ if key == "segments_max" => "10".to_owned(),
            _ if !is_text => return line.to_owned(),
            Some("text") if value.contains("{link}") => {
                quoted(QUESTION).trim_end_matches('"').to_owned() + "\\n{link}\""
            }
            Some("text") => quoted(QUESTION),
            // No two options may read the same.
            Some("label") => quoted(&format!("{MARKUP} {number}")),
            _ => quoted(MARKUP),
        };
        format!("{key} = {hostile}")
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Characters that command a terminal, or turn the order of what it shows.
#[track_caller]
fn commands_no_terminal(said: &str) {
    let commands = |c: char| c.is_control() && c != '\n' || ('\u{202A}'..='\u{202E}').contains(&c);
    assert_eq!(said.find(commands), None, "{said:?}");
}

#[test]
fn a_definition_full_of_markup_is_shown_and_obeyed_by_nothing() {
    let place = Place::new();
    place.open(&hostile(&place));
    let person = Person {
        contact: "+9647700000001".into(),
        stratum: "erbil".into(),
        language: "ar".into(),
    };
    let invited = place.invite(SLUG, &[person]);
    let reason = "\u{1b}[2J\u{202e}<b>over</b>";
    let server = place.serve();
    if can_browse("a_definition_full_of_markup_is_shown_and_obeyed_by_nothing") {
        let executed = "[document.hacked === undefined, document.images.length, document.querySelectorAll('script:not([src])').length]";
        let path = format!("{}/in/ar", invited[0].path);
        let mut tour = Tour::new(&place)
            .step(json!({ "open": server.url(&path), "width": 360 }))
            .read("document.querySelector('h1').textContent")
            .read("document.querySelector('label').textContent.replace(/ \\d+$/, '')")
            .read(executed)
            .step(json!({ "click": "label:has(#answer-no)" }))
            .step(json!({ "click": "form button", "leads": true }))
            .read(executed);
        for path in [format!("/polls/{SLUG}/in/ar"), "/in/ar".to_owned()] {
            tour = tour.step(json!({ "go": server.url(&path) })).read(executed);
        }
        let found = tour.found();
        let [label, inert] = [json!(format!(" {MARKUP}")), json!([true, 0, 0])];
        assert_eq!(
            found,
            [
                json!(QUESTION),
                label,
                inert.clone(),
                inert.clone(),
                inert.clone(),
                inert
            ]
        );
    }
    server.stop().well();
    place
        .sijill(args![
            "poll",
            "close",
            SLUG,
            "--reason",
            reason,
            "--key",
            place.key_file()
        ])
        .well();
    for shown in ["poll show coalition", "poll list", "ledger show coalition"] {
        let ran = place.sijill(shown.split(' '));
        commands_no_terminal(&(ran.out + &ran.err));
    }
    let audited = place.audit_data(SLUG);
    commands_no_terminal(&(audited.out + &audited.err));
}

#[test]
fn what_changes_the_order_of_letters_is_refused_in_a_definition() {
    let place = Place::new();
    for (at, hidden) in ["\u{202e}", "\\u202E", "\\u001B[2J", "\u{2067}"]
        .into_iter()
        .enumerate()
    {
        let text = definition(&place).replacen("Whoever runs", &format!("{hidden}Whoever runs"), 1);
        let file = place.write(&format!("hidden-{at}.toml"), text);
        let ran = place.sijill(args!["poll", "lint", file]);
        assert_ne!(ran.code, Some(0), "{hidden:?} passes");
        commands_no_terminal(&(ran.out + &ran.err));
    }
}
