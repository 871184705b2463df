//! An operator who watches messages leave: on the page, in the terminal and by a collector, while they do and after,
//! against npm's message centre; and whatever else may lie where the sending process tells how it goes.

use crate::browser::{Browser, between};
use crate::centre::Centre;
use crate::chromium::{Tour, can_browse};
use crate::place::{Place, Server, now_ms, prompt_terms, terms};
use crate::post::{command, letters, place};
use crate::process::{COMMAND_MAX, until};
use crate::watched::{
    is, monitor_link, open_monitor, promtool_finds_nothing_to_mend, samples, serve,
};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

const SLUG: &str = "bridge";

/// Longest that something which has happened may take to be seen.
const SEEN_MAX: Duration = Duration::from_secs(30);

/// Everything by which an operator watches one server.
struct Watcher<'a> {
    place: &'a Place,
    server: &'a Server,
    metrics: &'a Browser,
    cookie: String,
}

/// What a watcher saw.
struct Seen {
    /// `sijill monitor --json`, its part about the messages.
    sending: Value,
    screen: String,
    /// The page in Arabic, Kurdish and English.
    pages: [String; 3],
    metrics: String,
}

impl<'a> Watcher<'a> {
    fn new(place: &'a Place, server: &'a Server, metrics: &'a Browser) -> Self {
        let cookie = open_monitor(&server.browser(), &monitor_link(place));
        Self {
            place,
            server,
            metrics,
            cookie,
        }
    }

    #[track_caller]
    fn sending(&self) -> Value {
        let seen = self.place.sijill(["monitor", "--json"]).well().json();
        seen["polls"][0]["sending"].clone()
    }

    #[track_caller]
    fn page(&self, language: &str) -> String {
        let browser = self.server.browser();
        let path = format!("/monitor/in/{language}");
        let page = browser.ask("GET", &path, &[("Cookie", &self.cookie)], b"");
        page.unwrap().status(200).text().to_owned()
    }

    #[track_caller]
    fn look(&self) -> Seen {
        Seen {
            sending: self.sending(),
            screen: self.place.sijill(["monitor", "--once"]).well().out,
            pages: ["ar", "ckb", "en"].map(|language| self.page(language)),
            metrics: self.metrics.get("/metrics").status(200).text().to_owned(),
        }
    }

    /// What there is to see once the terminal says this of the messages.
    #[track_caller]
    fn when(&self, holds: impl Fn(&Value) -> bool) -> Seen {
        let holding = || holds(&self.sending()).then_some(());
        let seen = until(SEEN_MAX, holding);
        seen.unwrap_or_else(|| panic!("not seen: {}", self.sending()));
        self.look()
    }
}

impl Seen {
    fn texts(&self) -> Vec<&str> {
        let pages = self.pages.iter().map(String::as_str);
        let others = [self.screen.as_str(), &self.metrics];
        pages.chain(others).collect()
    }

    /// What the English page says of the course of things.
    #[track_caller]
    fn course(&self) -> String {
        let before = "data-figure=\"course\">";
        let page = self.pages[2].replace(['\u{2068}', '\u{2069}'], "");
        let said = between(&page, before, "<");
        let said = said.unwrap_or_else(|| panic!("the page lacks `{before}`: {page}"));
        said.to_owned()
    }

    /// How many the English page says stand there.
    #[track_caller]
    fn standing(&self, word: &str) -> String {
        let page = self.pages[2].replace(['\u{2068}', '\u{2069}'], "");
        let row = between(&page, &format!("data-standing=\"{word}\""), "</td>");
        let row = row.unwrap_or_else(|| panic!("the page lacks `{word}`: {page}"));
        row.rsplit('>').next().unwrap().to_owned()
    }
}

#[test]
fn sending_is_seen_on_the_page_in_the_terminal_and_by_a_collector_while_it_goes_on_and_after() {
    let centres = tempfile::tempdir().unwrap();
    let Some(centre) = Centre::open(centres.path(), &["--receipts", "mixed"]) else {
        return;
    };
    let place = place(&centre.address(), 300);
    let (server, metrics) = serve(&place);
    let watcher = Watcher::new(&place, &server, &metrics);
    let before = watcher.look();
    assert_eq!(before.sending, Value::Null);
    assert!(!before.pages[0].contains("data-sending"));
    assert!(!before.metrics.contains("sijill_sending"));

    let send = command(&place, "send", &["--rate", "60"]);
    let process = place.start("send", send);
    let during = watcher.when(|sending| {
        sending["course"] == "sends" && sending["counts"]["delivered"].as_u64() > Some(20)
    });
    place.sijill(command(&place, "pause", &[])).well();
    let paused = watcher.when(|sending| sending["waits"] == "paused");
    place.sijill(command(&place, "resume", &[])).well();
    process.wait(COMMAND_MAX).well();
    let first = place.first_contact(SLUG);
    let path = format!("/p/{}", first.token.reveal());
    server.browser().answer(&path, "yes").status(200);
    let after = watcher.look();

    while_messages_leave(&during);
    while_nothing_leaves(&paused);
    when_all_is_over(&after);
    promtool_finds_nothing_to_mend(&place, &after.metrics);
    server.stop().well();
    let texts = [&during, &paused, &after].map(Seen::texts).concat();
    assert!(texts.iter().all(|text| text.contains(SLUG)));
    for (invitation, _) in letters(&place) {
        for secret in [&invitation.contact[4..], invitation.token()] {
            assert!(texts.iter().all(|text| !text.contains(secret)), "{secret}");
        }
    }
}

#[track_caller]
fn while_messages_leave(seen: &Seen) {
    for page in &seen.pages {
        assert!(page.contains("data-sending=\"1\""), "{page}");
        assert!(page.contains("data-figure=\"speed\""), "{page}");
    }
    assert_eq!(seen.course(), "Messages are leaving.");
    assert!(seen.screen.contains("messages leave, "), "{}", seen.screen);
    let figures = samples(&seen.metrics);
    is(&figures, &of("sending_course", "course=\"sends\""), 1.0);
    is(&figures, &of("sending_course", "course=\"silent\""), 0.0);
    let most = "sijill_sending_segments_per_second_max{poll=\"bridge\"}";
    is(&figures, most, 60.0);
    let speed = figures["sijill_sending_segments_per_second{poll=\"bridge\"}"];
    assert!((10.0..90.0).contains(&speed), "{speed}");
    let left = figures["sijill_sending_left_seconds{poll=\"bridge\"}"];
    assert!((0.0..60.0).contains(&left), "{left}");
    let all = figures
        .iter()
        .filter(|(name, _)| name.starts_with("sijill_sending_invitations{"));
    assert_eq!(all.map(|(_, count)| count).sum::<f64>(), 300.0);
}

#[track_caller]
fn while_nothing_leaves(seen: &Seen) {
    let course = seen.course();
    assert!(
        course.starts_with("No message leaves: sending is paused"),
        "{course}"
    );
    assert!(
        seen.screen.contains("nothing leaves: paused"),
        "{}",
        seen.screen
    );
    let figures = samples(&seen.metrics);
    is(&figures, &of("sending_course", "course=\"waits\""), 1.0);
    is(&figures, &of("sending_waits", "why=\"paused\""), 1.0);
    is(&figures, &of("sending_waits", "why=\"gateway\""), 0.0);
    assert_ne!(seen.standing("queued"), "0");
}

/// Of each ten messages one has expired and one was not delivered; one person has answered.
#[track_caller]
fn when_all_is_over(seen: &Seen) {
    assert_eq!(seen.course(), "The wave is over.");
    assert_eq!(seen.sending["ended"], "final");
    assert!(seen.screen.contains("the wave is over"));
    let figures = samples(&seen.metrics);
    is(&figures, &of("sending_course", "course=\"ended\""), 1.0);
    is(&figures, &of("sending_ended", "how=\"final\""), 1.0);
    for (standing, count) in [
        ("queued", 0),
        ("delivered", 240),
        ("failed", 30),
        ("expired", 30),
    ] {
        let name = of("sending_invitations", &format!("standing=\"{standing}\""));
        is(&figures, &name, f64::from(count));
        assert_eq!(seen.standing(standing), count.to_string(), "{standing}");
        assert_eq!(seen.sending["counts"][standing], count, "{standing}");
    }
    is(
        &figures,
        &of("sending_failed", "reason=\"undelivered\""),
        30.0,
    );
    is(
        &figures,
        &of("sending_failed", "reason=\"number_invalid\""),
        0.0,
    );
    assert!(seen.pages[2].contains("data-failed=\"undelivered\""));
    assert_eq!(seen.standing("answered"), "1 of 300");
    for part in [
        "expired 30",
        "not delivered, by receipt 30",
        "answered        1 of 300",
    ] {
        assert!(seen.screen.contains(part), "{part}: {}", seen.screen);
    }
    assert!(figures["sijill_sending_left_seconds{poll=\"bridge\"}"].is_nan());
}

/// The name of a sample of the poll.
fn of(name: &str, label: &str) -> String {
    format!("sijill_{name}{{poll=\"{SLUG}\",{label}}}")
}

/// What a sending process tells, at this moment.
fn told(at: u64) -> Value {
    json!({
        "wave": 1, "kind": "first", "invitations": 3,
        "counts": {"queued": 1, "submitted": 0, "accepted": 0, "delivered": 1, "failed": 1},
        "failed": [{"status": 0x0B, "count": 1}],
        "millisegments_a_second": 9_900, "millisegments_a_second_max": 10_000, "seconds_left": 7,
        "waits": "gateway", "waits_until": null, "ended": null, "strays": 0, "at": at,
    })
}

fn state_file(place: &Place) -> PathBuf {
    place.data().join("polls").join(SLUG).join("sending.json")
}

#[test]
fn whatever_lies_where_sending_tells_how_it_goes_the_page_the_metrics_and_health_stand() {
    let place = Place::new();
    place.poll(&prompt_terms(), 3);
    let (server, metrics) = serve(&place);
    let watcher = Watcher::new(&place, &server, &metrics);
    let file = state_file(&place);
    let whole = told(now_ms()).to_string();
    let number = whole.replace("\"gateway\"", "\"+9647700000000\"");
    for (what, bytes) in [
        ("nothing", Vec::new()),
        ("half of it", whole.as_bytes()[..whole.len() / 2].to_vec()),
        ("another program's", b"{\"queue\":[1,2,3]}".to_vec()),
        ("no text", vec![0xff; 4_096]),
        ("a huge one", vec![b' '; 64 << 20]),
        ("deep brackets", vec![b'['; 16_000]),
        ("an unknown word", number.into_bytes()),
    ] {
        std::fs::write(&file, bytes).unwrap();
        nothing_is_told(&watcher, what);
    }
    std::fs::remove_file(&file).unwrap();
    std::fs::create_dir(&file).unwrap();
    nothing_is_told(&watcher, "a folder");
    std::fs::remove_dir(&file).unwrap();
    assert!(
        Command::new("mkfifo")
            .arg(&file)
            .status()
            .unwrap()
            .success()
    );
    nothing_is_told(&watcher, "a pipe");
    server.stop().well();
}

#[track_caller]
fn nothing_is_told(watcher: &Watcher<'_>, what: &str) {
    let seen = watcher.look();
    assert_eq!(seen.sending, Value::Null, "{what}");
    assert!(!seen.metrics.contains("sijill_sending"), "{what}");
    assert!(seen.pages[0].contains("data-poll=\"bridge\""), "{what}");
    assert!(!seen.pages[0].contains("data-sending"), "{what}");
    watcher.server.browser().get("/health").status(200);
}

/// A process that was killed told nothing any more, and the screen went on showing what it had said last.
#[test]
fn a_sending_process_that_is_gone_is_shown_as_gone_and_one_that_waits_for_the_gateway_as_that() {
    let place = Place::new();
    place.poll(&prompt_terms(), 3);
    let (server, metrics) = serve(&place);
    let watcher = Watcher::new(&place, &server, &metrics);
    let file = state_file(&place);
    // As if the process went on telling: it is live for as long as this looks.
    std::fs::write(&file, told(now_ms() + 5_000).to_string()).unwrap();
    let waits = watcher.look();
    assert!(waits.course().contains("no connection to the gateway"));
    assert!(
        waits.screen.contains("NOTHING LEAVES: no connection"),
        "{}",
        waits.screen
    );
    let figures = samples(&waits.metrics);
    is(&figures, &of("sending_waits", "why=\"gateway\""), 1.0);
    is(
        &figures,
        &of("sending_failed", "reason=\"number_invalid\""),
        1.0,
    );
    std::fs::write(&file, told(now_ms() - 60_000).to_string()).unwrap();
    let gone = watcher.look();
    assert!(
        gone.course().starts_with("Nobody is sending. Last seen: "),
        "{}",
        gone.course()
    );
    assert!(
        gone.screen.contains("NOBODY SENDS; last seen at 2"),
        "{}",
        gone.screen
    );
    let figures = samples(&gone.metrics);
    is(&figures, &of("sending_course", "course=\"silent\""), 1.0);
    is(&figures, &of("sending_waits", "why=\"gateway\""), 0.0);
    let speed = "sijill_sending_segments_per_second{poll=\"bridge\"}";
    is(&figures, speed, 0.0);
    server.stop().well();
}

/// Whoever looks at the page sees the messages leave without doing anything.
#[test]
fn in_a_browser_messages_are_counted_while_they_leave_and_nothing_is_wider_than_the_screen() {
    let centres = tempfile::tempdir().unwrap();
    if !can_browse("the monitor's page while messages leave") {
        return;
    }
    let Some(centre) = Centre::open(centres.path(), &["--receipts", "mixed"]) else {
        return;
    };
    let place = place(&centre.address(), 600);
    let server = place.serve();
    let send = command(&place, "send", &["--rate", "10"]);
    let process = place.start("send", send);
    let link = monitor_link(&place);
    let started = || state_file(&place).exists().then_some(());
    until(SEEN_MAX, started).expect("it tells how it goes");
    let queued = "document.querySelector('[data-standing=queued] td').textContent";
    let mut visit = Tour::new(&place)
        .step(json!({ "open": server.url(&link), "width": 360, "language": "ar" }))
        .step(json!({ "click": "button", "leads": true }))
        .step(json!({ "wait": "location.pathname === '/monitor/in/ar' && !!document.querySelector('[data-sending]')" }))
        .step(json!({ "do": format!("window.queuedBefore = {queued}") }))
        .step(json!({ "wait": format!("window.queuedBefore !== {queued}") }));
    for language in ["ar", "ckb", "en"] {
        visit = visit
            .step(json!({ "go": server.url(&format!("/monitor/in/{language}")) }))
            .step(json!({ "html": true }))
            .step(json!({ "axe": true }))
            .read("document.documentElement.scrollWidth")
            .read("!!document.querySelector('[data-figure=speed]')")
            .photo(&format!("monitor-sending-{language}.png"));
    }
    let found = visit.found();
    let each = || [json!([]), json!([]), json!(360), json!(true)];
    let expected: Vec<Value> = [each(), each(), each()].concat();
    assert_eq!(found, expected);
    process.interrupt();
    process.wait(COMMAND_MAX);
    let stopped = place.sijill(["monitor", "--json"]).well().json();
    assert_eq!(stopped["polls"][0]["sending"]["ended"], "interrupted");
    server.stop().well();
    assert_eq!(terms().slug, SLUG);
}
