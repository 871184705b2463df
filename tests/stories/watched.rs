//! An operator who watches a service: `/metrics` on its own listener, and `sijill monitor`.
//!
//! What Prometheus makes of the metrics is asked of Debian's `promtool`; where it is missing that is skipped, and says
//! so.

use crate::browser::Browser;
use crate::chromium::{Tour, can_browse};
use crate::place::{Invitation, Place, Server, listening, prompt_terms, terms};
use crate::process::{Process, until};
use serde_json::{Value, json};
use sijill_scenarios::Terms;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

const SLUG: &str = "bridge";

/// Longest that something which has happened may take to be counted.
const COUNTED_MAX: Duration = Duration::from_secs(20);

/// Where a server says that its metrics are.
fn metrics_of(server: &Server) -> SocketAddr {
    let said = || {
        let log = server.log();
        let (_, rest) = log.split_once("metrics on ")?;
        listening(rest)
    };
    until(COUNTED_MAX, said).expect("the server says where its metrics are")
}

/// A server with metrics, and a browser for them.
#[track_caller]
pub fn serve(place: &Place) -> (Server, Browser) {
    let server = place.try_serve_with(["--metrics", "127.0.0.1:0"]);
    let Ok(server) = server else {
        panic!("the server starts");
    };
    let metrics = Browser::new(metrics_of(&server));
    (server, metrics)
}

/// The samples of a text of metrics, by name and labels.
pub fn samples(text: &str) -> BTreeMap<String, f64> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let parts = lines.filter_map(|line| line.rsplit_once(' '));
    parts
        .map(|(name, value)| (name.to_owned(), value.parse().unwrap()))
        .collect()
}

/// A sample has this value.
#[track_caller]
pub fn is(samples: &BTreeMap<String, f64>, name: &str, value: f64) {
    let found = samples.get(name);
    let alike: Vec<_> = samples
        .iter()
        .filter(|(other, _)| other.split('{').next() == name.split('{').next())
        .collect();
    assert_eq!(found, Some(&value), "{name}, of {alike:?}");
}

/// Known traffic: three answers of which one is repeated and one is to be changed, and five kinds of mistakes.
fn traffic(server: &Server, invited: &[Invitation]) {
    let browser = server.browser();
    for person in &invited[..3] {
        browser.answer(&person.path, "yes").status(200);
    }
    browser.answer(&invited[3].path, "no").status(200);
    let first = &invited[0].path;
    let again = [("answer", "yes"), ("revision", "1")];
    browser.post(first, &again).status(200);
    browser
        .post(first, &[("answer", "no"), ("revision", "1")])
        .status(409);
    let fresh = &invited[4].path;
    browser.post(fresh, &[("revision", "1")]).status(422);
    browser.post(fresh, &[("revision", "1")]).status(422);
    browser.post(fresh, &[("answer", "maybe")]).status(422);
    let two = [("answer", "yes"), ("answer", "no")];
    browser.post(fresh, &two).status(422);
    browser.ask("POST", fresh, &[], b"{}").unwrap().status(415);
    let unknown = format!("/p/{}", "0".repeat(invited[0].token().len()));
    browser.post(&unknown, &again).status(404);
    browser.post("/p/short", &again).status(404);
    browser.get("/nowhere").status(404);
}

#[test]
fn figures_are_right_after_known_traffic() {
    let place = Place::new();
    let invited = place.poll(&prompt_terms(), 6);
    let (server, metrics) = serve(&place);
    traffic(&server, &invited);
    server.published(SLUG, place.recorded(SLUG));
    let page = metrics.get("/metrics").status(200);
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    assert_eq!(page.header("content-type"), Some(kind));
    assert_eq!(page.header("cache-control"), Some("no-store"));
    assert!(page.text().ends_with("\n# EOF\n"));
    let found = samples(page.text());
    let entries = place.recorded(SLUG) as f64;
    for (name, value) in [
        ("sijill_answers_taken_total{poll=\"bridge\"}", 4.0),
        ("sijill_answers_repeated_total{poll=\"bridge\"}", 1.0),
        ("sijill_answer_pages_opened_total{poll=\"bridge\"}", 4.0),
        ("sijill_invitations{poll=\"bridge\"}", 6.0),
        ("sijill_invitations_answered{poll=\"bridge\"}", 4.0),
        ("sijill_entries{poll=\"bridge\"}", entries),
        ("sijill_entries_unpublished{poll=\"bridge\"}", 0.0),
        ("sijill_poll_state{poll=\"bridge\",state=\"open\"}", 1.0),
        ("sijill_poll_state{poll=\"bridge\",state=\"paused\"}", 0.0),
        ("sijill_taking_answers", 1.0),
        ("sijill_clock_behind_seconds", 0.0),
        ("sijill_writer_queue_jobs_max", 4_096.0),
        ("sijill_tiles_mended_total", 0.0),
        ("sijill_acknowledgement_seconds_count", 5.0),
        ("sijill_batch_entries_sum", 4.0),
        (
            "sijill_requests_total{kind=\"answer_page\",class=\"2xx\"}",
            4.0,
        ),
        ("sijill_requests_total{kind=\"answer\",class=\"3xx\"}", 5.0),
        (
            "sijill_requests_total{kind=\"confirmation\",class=\"2xx\"}",
            5.0,
        ),
        ("sijill_requests_total{kind=\"answer\",class=\"4xx\"}", 8.0),
        (
            "sijill_requests_total{kind=\"unknown_address\",class=\"4xx\"}",
            1.0,
        ),
    ] {
        is(&found, name, value);
    }
    for (poll, reason, count) in [
        (SLUG, "answered_otherwise", 1.0),
        (SLUG, "nothing_chosen", 2.0),
        (SLUG, "not_on_ballot", 1.0),
        (SLUG, "two_chosen", 1.0),
        (SLUG, "not_a_form", 1.0),
        (SLUG, "paused", 0.0),
        ("", "unknown_link", 1.0),
        ("", "malformed_link", 1.0),
    ] {
        let name = format!("sijill_answers_refused_total{{poll=\"{poll}\",reason=\"{reason}\"}}");
        is(&found, &name, count);
    }
    assert!(found["sijill_disk_free_bytes"] > 0.0);
    assert!(found["sijill_disk_needed_bytes"] > 0.0);
    assert!(found["sijill_publications_total{poll=\"bridge\"}"] >= 1.0);
    let published = found["sijill_published_time_seconds{poll=\"bridge\"}"];
    assert!((published - crate::place::now_ms() as f64 / 1_000.0).abs() < 60.0);
    server.stop().well();
}

/// What moves with a single answer would tell whoever watches it who answers when.
#[test]
fn metrics_are_on_no_public_address_and_nowhere_unless_asked_for() {
    let place = Place::new();
    place.poll(&terms(), 3);
    let server = place.serve();
    server.browser().get("/metrics").status(404);
    assert!(!server.log().contains("metrics on"));
    server.stop().well();
    let (server, metrics) = serve(&place);
    server.browser().get("/metrics").status(404);
    metrics.get("/metrics").status(200);
    for path in ["/", "/polls/bridge", "/health"] {
        metrics.get(path).status(404);
    }
    metrics.post("/metrics", &[]).status(405);
    server.stop().well();
    place.write("sijill.toml", "metrics = \"127.0.0.1:0\"\n");
    let server = place.serve();
    Browser::new(metrics_of(&server))
        .get("/metrics")
        .status(200);
    server.stop().well();
}

/// What an operator sees tells them nothing that could be used in somebody's name, or that says who chose what.
#[test]
fn no_token_no_number_and_no_answer_is_in_what_an_operator_watches() {
    let place = Place::new();
    let invited = place.poll(&prompt_terms(), 6);
    let (server, metrics) = serve(&place);
    traffic(&server, &invited);
    server.published(SLUG, place.recorded(SLUG));
    let seen = [
        metrics.get("/metrics").status(200).text().to_owned(),
        place.sijill(["monitor", "--once"]).well().out,
        place.sijill(["monitor", "--json"]).well().out,
    ];
    for text in seen {
        assert!(text.contains(SLUG), "{text}");
        for person in &invited {
            assert!(!text.contains(person.token()), "{text}");
            assert!(!text.contains(&person.contact), "{text}");
            assert!(
                !text.contains(person.contact.trim_start_matches("+964")),
                "{text}"
            );
        }
        for answer in ["\"yes\"", "\"no\"", "127.0.0.1"] {
            assert!(!text.contains(answer), "`{answer}` in {text}");
        }
    }
    server.stop().well();
}

#[test]
fn prometheus_takes_the_metrics_and_finds_nothing_to_mend() {
    let place = Place::new();
    let invited = place.poll(&prompt_terms(), 6);
    let (server, metrics) = serve(&place);
    traffic(&server, &invited);
    let text = metrics.get("/metrics").status(200).text().to_owned();
    server.stop().well();
    promtool_finds_nothing_to_mend(&place, &text);
}

/// Whether Debian's promtool is there; says what is not checked without it.
fn has_promtool() -> bool {
    let found = Command::new("promtool").arg("--version").output().is_ok();
    if !found {
        println!(
            "the check by promtool is skipped: it needs Debian's promtool (package prometheus; tools/test unpacks it)"
        );
    }
    found
}

/// Prometheus' own tool reads these metrics, and its linter has nothing to say.
#[track_caller]
pub fn promtool_finds_nothing_to_mend(place: &Place, text: &str) {
    if !has_promtool() {
        return;
    }
    // Its importer reads OpenMetrics as a scrape does, and wants every sample to have a time.
    let timed = text.lines().map(|line| match line.starts_with('#') {
        true => format!("{line}\n"),
        false => format!("{line} 1790000000\n"),
    });
    let timed: String = timed.collect();
    let import = |name: &str, text: &str| {
        let file = place.write(name, text);
        let arguments = ["tsdb", "create-blocks-from", "openmetrics"];
        let blocks = place.path("blocks");
        let mut command = Command::new("promtool");
        command.args(arguments).arg(file).arg(blocks);
        command.output().unwrap()
    };
    let imported = import("metrics.txt", &timed);
    assert!(imported.status.success(), "{}", said(&imported));
    let cut = import("cut.txt", timed.strip_suffix("# EOF\n").unwrap());
    assert!(!cut.status.success(), "promtool minds a text that is cut");
    // Its linter knows the older text format alone, in which a counter's family has the name of its samples.
    let linted = lint(&older(text));
    assert!(linted.status.success(), "{}", said(&linted));
    assert_eq!(said(&linted), "", "nothing to mend");
    let nameless = lint("# TYPE sijill_wrong_total gauge\nsijill_wrong_total 1\n");
    assert!(!nameless.status.success(), "promtool minds a wrong name");
}

/// The alarms of `contrib/prometheus`, with stories of their own of when they ring.
#[test]
fn the_alarms_for_operators_ring_when_they_should() {
    if !has_promtool() {
        return;
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../contrib/prometheus");
    for arguments in [
        ["check", "rules", "sijill.rules.yml"],
        ["test", "rules", "sijill.test.yml"],
    ] {
        let mut promtool = Command::new("promtool");
        let ran = promtool.args(arguments).current_dir(&folder).output();
        let ran = ran.unwrap();
        assert!(ran.status.success(), "{arguments:?}: {}", said(&ran));
    }
}

/// Every metric that an alarm looks at is one that there is.
#[test]
fn the_alarms_for_operators_look_at_metrics_that_there_are() {
    let place = Place::new();
    place.poll(&terms(), 3);
    let told = "{\"wave\":1,\"kind\":\"first\",\"invitations\":3,\"counts\":{},\"failed\":[],\"millisegments_a_second\":0,\"millisegments_a_second_max\":0,\"strays\":0,\"at\":0}";
    std::fs::write(place.data().join("polls/bridge/sending.json"), told).unwrap();
    let (server, metrics) = serve(&place);
    let text = metrics.get("/metrics").status(200).text().to_owned();
    server.stop().well();
    let rules = include_str!("../../contrib/prometheus/sijill.rules.yml");
    let is_name = |c: char| c.is_ascii_lowercase() || c == '_';
    let words = rules.split(|c| !is_name(c));
    let named: BTreeSet<&str> = words.filter(|word| word.starts_with("sijill_")).collect();
    assert!(named.len() > 4, "{named:?}");
    for name in named {
        let has = |line: &str| {
            line.strip_prefix(name)
                .is_some_and(|rest| !rest.starts_with(is_name))
        };
        assert!(text.lines().any(has), "`{name}` is no metric: {text}");
    }
}

fn older(text: &str) -> String {
    let counters = text.lines().filter_map(|line| {
        let family = line.strip_prefix("# TYPE ")?;
        family.strip_suffix(" counter")
    });
    let counters: Vec<&str> = counters.collect();
    assert!(counters.len() > 5, "{counters:?}");
    let lines = text.lines().map(|line| {
        // It has no type for what only informs.
        let line = line.replace("sijill_build ", "sijill_build_info ");
        let line = line.replace("sijill_build_info info", "sijill_build_info gauge");
        let mut words: Vec<String> = line.splitn(4, ' ').map(str::to_owned).collect();
        if line.starts_with('#') && words.get(2).is_some_and(|name| counters.contains(&&**name)) {
            words[2] += "_total";
        }
        words.join(" ") + "\n"
    });
    lines.collect()
}

fn lint(text: &str) -> Output {
    let mut promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = promtool.stdin.take().unwrap();
    stdin.write_all(text.as_bytes()).unwrap();
    drop(stdin);
    promtool.wait_with_output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[test]
fn the_monitor_shows_arrivals_refusals_queue_disk_and_the_last_publication() {
    let place = Place::new();
    let invited = place.poll(&prompt_terms(), 6);
    let server = place.serve();
    traffic(&server, &invited);
    let entries = place.recorded(SLUG);
    server.published(SLUG, entries);
    let seen = place.sijill(["monitor", "--json"]).well().json();
    assert_eq!(seen["state"], "ok");
    assert_eq!(seen["why"], Value::Null);
    assert_eq!(seen["acknowledged"], 5);
    assert_eq!(seen["refused"]["unknown_link"], 1);
    assert!(seen["disk_free_bytes"].as_u64() > Some(0), "{seen}");
    let poll = &seen["polls"][0];
    assert_eq!(poll["slug"], SLUG);
    assert_eq!(poll["state"], "open");
    assert_eq!(poll["taken"], 4);
    assert_eq!(poll["repeated"], 1);
    assert_eq!(poll["refused"]["nothing_chosen"], 2);
    assert_eq!(poll["published"], entries);
    let arrivals = poll["arrivals"].as_array().unwrap();
    assert_eq!(arrivals.len(), 30);
    let answers: u64 = arrivals.iter().filter_map(Value::as_u64).sum();
    assert_eq!(answers, 4);
    let screen = place.sijill(["monitor", "--once"]).well().out;
    for part in [
        "takes answers",
        "writer queue    0 of 4,096",
        "free, about",
        "bridge  open, until",
        "answered        4 of 6 planned",
        "refused         6: answered otherwise 1, not a form 1",
        "no poll's links refused 2: malformed link 1, unknown link 1",
    ] {
        assert!(screen.contains(part), "lacks `{part}`: {screen}");
    }
    // It looked, and nothing else.
    assert_eq!(place.recorded(SLUG), entries);
    server.stop().well();
}

#[test]
fn without_a_server_the_monitor_says_so() {
    let place = Place::new();
    place.poll(&terms(), 3);
    let alone = place.sijill(["monitor"]).expect_code(1);
    assert!(alone.err.contains("no server runs on"), "{}", alone.err);
    assert!(alone.err.contains("sijill serve"), "{}", alone.err);
    let nowhere = place.sijill(["monitor", "--data", "nowhere"]);
    nowhere.expect_code(2);
}

/// A paused poll takes nothing, and its operator sees that people come all the same.
#[test]
fn who_comes_while_a_poll_is_paused_is_counted_as_that() {
    let place = Place::new();
    let invited = place.poll(
        &Terms {
            revisions: 1,
            ..terms()
        },
        3,
    );
    let server = place.serve();
    let form = server.browser().get(&invited[0].path).form().unwrap();
    let key = place.key_file();
    let pause = args!["poll", "pause", SLUG, "--reason", "A pause", "--key", key];
    place.sijill(pause).well();
    server.browser().send(&form, "yes").status(409);
    let seen = place.sijill(["monitor", "--json"]).well().json();
    assert_eq!(seen["polls"][0]["state"], "paused");
    assert_eq!(seen["polls"][0]["refused"]["paused"], 1);
    server.stop().well();
}

/// The link that the command line prints, as a path.
#[track_caller]
pub fn monitor_link(place: &Place) -> String {
    let made = place.sijill(["monitor", "--link", "--json"]).well().json();
    let address = made["address"].as_str().unwrap();
    let path = made["path"].as_str().unwrap();
    assert!(
        address.ends_with(path) && address.starts_with("http"),
        "{address}"
    );
    path.to_owned()
}

/// What happened: behind a portal the link led to the address of the configuration, where nothing listened, since
/// `--listen` had said another one; without a poll it led nowhere.
#[test]
fn the_link_to_the_monitor_leads_to_where_the_service_listens() {
    let leads_there = |place: &Place| {
        let server = place.serve();
        let made = place.sijill(["monitor", "--link", "--json"]).well().json();
        let here = format!("http://{}/monitor/", server.address());
        let address = made["address"].as_str().unwrap();
        assert!(address.starts_with(&here), "{address}");
        let path = made["path"].as_str().unwrap();
        server.browser().get(path).status(200);
        server.stop().well();
    };
    let place = Place::new();
    leads_there(&place);
    place.poll(&terms(), 3);
    let portal =
        "listen = \"127.0.0.1:9\"\n[portal]\naddress = \"https://portal.example/services\"\n";
    place.write("sijill.toml", portal);
    leads_there(&place);
}

/// Opens the monitor by its link's button; returns the cookie.
#[track_caller]
pub fn open_monitor(browser: &Browser, link: &str) -> String {
    let opened = browser.wishing("ckb").ask("POST", link, &[], b"");
    let opened = opened.expect("the server answers").status(303);
    assert_eq!(opened.header("location"), Some("in/ckb"));
    let cookie = opened.header("set-cookie").unwrap();
    let (pair, rest) = cookie.split_once("; ").unwrap();
    assert_eq!(rest, "Secure; HttpOnly; SameSite=Strict");
    pair.to_owned()
}

#[test]
fn a_link_opens_the_monitor_once_and_previews_do_not_spend_it() {
    let place = Place::new();
    let invited = place.poll(&prompt_terms(), 6);
    let server = place.serve();
    traffic(&server, &invited);
    let browser = server.browser();
    let link = monitor_link(&place);
    for _ in 0..2 {
        browser.head(&link).status(200);
        let page = browser.get(&link).status(200);
        assert!(page.text().contains("<form method=\"post\">"));
        assert_eq!(page.header("cache-control"), Some("no-store"));
        assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
        assert!(page.text().contains("noindex"));
        assert!(!page.text().contains("sijill_monitor"));
    }
    browser.get("/monitor/in/en").status(403);
    let cookie = open_monitor(&browser, &link);
    let seen = |path: &str, cookie: &str| {
        let asked = browser.ask("GET", path, &[("Cookie", cookie)], b"");
        asked.unwrap()
    };
    for language in ["ar", "ckb", "en"] {
        let page = seen(&format!("/monitor/in/{language}"), &cookie).status(200);
        assert!(page.text().contains("data-poll=\"bridge\""));
        assert!(page.text().contains("data-refused=\"nothing_chosen\""));
        assert_eq!(page.header("cache-control"), Some("no-store"));
        assert!(!page.text().contains("data-figure=\"answered\">\u{2068}5"));
        for person in &invited {
            assert!(!page.text().contains(person.token()));
            assert!(
                !page
                    .text()
                    .contains(person.contact.trim_start_matches("+964"))
            );
        }
    }
    let english = seen("/monitor/in/en", &cookie)
        .text()
        .replace(['\u{2068}', '\u{2069}'], "");
    assert!(
        english.contains("data-figure=\"answered\">4 of 6<"),
        "{english}"
    );
    seen("/monitor/in/en", "sijill_monitor=0").status(403);
    // A used link says so, and whoever has the monitor keeps it.
    let used = browser.get(&link).status(410);
    assert!(
        used.text().contains("sijill monitor --link"),
        "{}",
        used.text()
    );
    browser.post(&link, &[]).status(410);
    seen("/monitor/in/en", &cookie).status(200);
    browser.get("/monitor/0123").status(404);
    assert_eq!(
        browser.get("/monitor").status(303).header("location"),
        Some("monitor/in/ar")
    );
    browser.post("/monitor/in/en", &[]).status(405);
    // A new link shuts whoever had the one before.
    let second = monitor_link(&place);
    seen("/monitor/in/en", &cookie).status(403);
    browser.get(&link).status(404);
    let fresh = open_monitor(&browser, &second);
    seen("/monitor/in/en", &fresh).status(200);
    let log = server.log();
    for secret in [&link, &second, &cookie, &fresh] {
        let secret = secret.rsplit(['/', '=']).next().unwrap();
        assert!(secret.len() == 32 && !log.contains(secret), "{log}");
    }
    server.stop().well();
}

/// A browser keeps the monitor open by its cookie, and the page keeps itself fresh.
#[test]
fn in_a_browser_the_button_opens_the_monitor_and_new_answers_appear_by_themselves() {
    if !can_browse("the monitor's page in a browser") {
        return;
    }
    let place = Place::new();
    let invited = place.poll(&prompt_terms(), 6);
    let server = place.serve();
    server.browser().post("/p/short", &[]).status(404);
    let link = monitor_link(&place);
    let form = "body: 'answer=yes&revision=1', method: 'POST', headers: {'Content-Type': 'application/x-www-form-urlencoded'}";
    let answer = format!("fetch('{}', {{{form}}}).then(() => true)", invited[0].path);
    let figure = "document.querySelector('[data-figure=answered]').textContent.replace(/[\\u2066-\\u2069]/g, '')";
    let go = |path: &str| json!({ "go": server.url(path) });
    let mut visit = Tour::new(&place)
        .step(json!({ "open": server.url(&link), "width": 360 }))
        .photo("monitor-link.png")
        .step(json!({ "html": true }))
        .step(json!({ "axe": true }))
        .step(json!({ "click": "button", "leads": true }))
        .step(json!({ "wait": "location.pathname.startsWith('/monitor/in/') && !!document.querySelector('main[data-monitor]')" }))
        .step(json!({ "read": "document.cookie + 'no cookie for scripts'" }))
        .step(go("/monitor/in/en"))
        .step(json!({ "read": figure }))
        .step(json!({ "do": answer }))
        .step(json!({ "wait": format!("{figure} === '1 of 6'") }))
        .photo("monitor-en.png");
    for language in ["ar", "ckb", "en"] {
        visit = visit
            .step(go(&format!("/monitor/in/{language}")))
            .step(json!({ "html": true }))
            .step(json!({ "axe": true }))
            .step(json!({ "read": "document.documentElement.scrollWidth" }))
            .step(json!({ "read": "document.documentElement.dir" }))
            .photo(&format!("monitor-{language}.png"));
    }
    let found = visit.found();
    let expected = json!([
        [],
        [],
        "no cookie for scripts",
        "0 of 6",
        [],
        [],
        360,
        "rtl",
        [],
        [],
        360,
        "rtl",
        [],
        [],
        360,
        "ltr"
    ]);
    assert_eq!(Value::Array(found), expected);
    server.stop().well();
}

/// Whoever leaves the monitor open overnight finds it working in the morning, whatever the server did.
#[test]
fn at_a_terminal_the_screen_is_drawn_anew_and_a_server_that_went_away_is_waited_for() {
    if Command::new("script").arg("--version").output().is_err() {
        println!("the monitor at a terminal is skipped: it needs script (Debian: bsdutils)");
        return;
    }
    let place = Place::new();
    let invited = place.poll(&terms(), 3);
    let server = place.serve();
    let program = place.command();
    let watch = format!("{} monitor", program.get_program().display());
    let mut terminal = Command::new("script");
    terminal
        .args(["-qec", &watch, "/dev/null"])
        .env("SIJILL_DATA", place.data());
    let terminal = Process::start(&mut terminal, &place.path(""), "terminal");
    let shows = |what: &str, lacks: &str| {
        let screen = || {
            let out = terminal.out();
            let last = out.rsplit("\u{1b}[H\u{1b}[2J").next().unwrap_or_default();
            (last.contains(what) && !last.contains(lacks)).then_some(())
        };
        until(COUNTED_MAX, screen).unwrap_or_else(|| panic!("no {what}: {}", terminal.out()));
    };
    shows("answered        0 of 3", "NO SERVER");
    server.answer(&invited[..2], "yes");
    shows("answered        2 of 3", "NO SERVER");
    server.stop().well();
    shows("NO SERVER since", "error");
    let server = place.serve();
    shows("takes answers", "NO SERVER");
    server.stop().well();
}
