//! The observer's story: results move for everyone at once, in steps that no single answer shows, and whoever audits
//! the poll's address sees the same.

use crate::assertions::{answers, check, counts, entries, integer, verdict};
use crate::browser::{Browser, between};
use crate::place::{Place, Server, now_ms, terms};
use crate::process::until;
use serde_json::Value;
use sijill_scenarios::Terms;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::time::Duration;

const SLUG: &str = "bridge";

/// Answers that make a step in these polls.
const STEP: u64 = 10;

/// Longest that a story waits for a publication.
const PUBLICATION_MAX: Duration = Duration::from_secs(20);

/// How long a story looks whether something is published that should not be: some of the service's own looks.
const A_WHILE: Duration = Duration::from_millis(1_800);

/// Somebody who listens to a poll's publications.
struct Listener(BufReader<TcpStream>);

impl Listener {
    fn new(server: &Server) -> Self {
        let browser = server.browser();
        let mut stream = browser.connect().unwrap();
        let request =
            browser.start("GET", "/polls/bridge/live") + "Accept: text/event-stream\r\n\r\n";
        stream.write_all(request.as_bytes()).unwrap();
        Self(BufReader::new(stream))
    }

    /// The next publication, byte for byte.
    fn next(&mut self) -> String {
        loop {
            let mut line = String::new();
            let length = self.0.read_line(&mut line).expect("the stream goes on");
            assert!(length > 0, "the stream ended");
            if let Some(data) = line.strip_prefix("data: ") {
                return data.trim_end().to_owned();
            }
        }
    }

    fn next_json(&mut self) -> Value {
        serde_json::from_str(&self.next()).expect("a publication is JSON")
    }
}

fn results(browser: &Browser) -> Value {
    browser.get("/polls/bridge/results.json").status(200).json()
}

/// Size and answers that the results page shows.
fn shown(browser: &Browser) -> (u64, u64) {
    let page = browser.get("/polls/bridge").status(200);
    let number = |before: &str| between(page.text(), before, "\"").unwrap().parse().unwrap();
    (number("data-size=\""), number("data-total=\""))
}

/// Answers in what observers can download.
fn exported(browser: &Browser) -> u64 {
    let export = browser.get("/polls/bridge/export").status(200).body;
    answers(&entries(&export)).len() as u64
}

/// Waits until so many answers are published.
#[track_caller]
fn wait_for(browser: &Browser, answered: u64) -> Value {
    let reached = until(PUBLICATION_MAX, || {
        Some(results(browser)).filter(|results| results["answered"] == answered)
    });
    reached.unwrap_or_else(|| {
        panic!(
            "expected {answered} answers to be published, found {}",
            results(browser)
        )
    })
}

#[test]
fn nothing_public_moves_before_a_whole_step_of_answers_waits() {
    let place = Place::new();
    let invited = place.poll(&terms(), 12);
    let server = place.serve();
    let browser = server.browser();
    let recorded = place.sijill(["poll", "show", SLUG, "--json"]).well().json();
    until(PUBLICATION_MAX, || {
        (results(&browser)["size"] == recorded["entries"]).then_some(())
    })
    .expect("what was recorded before is published");
    let mut listener = Listener::new(&server);
    let before = listener.next_json();
    for invitation in &invited[..STEP as usize - 1] {
        browser.answer(&invitation.path, "yes").status(200);
    }
    // An operator's event would show that time has passed: it waits for the step too.
    place
        .sijill(["poll", "pause", SLUG, "--reason", "Nine have answered"])
        .well();
    place
        .sijill(["poll", "resume", SLUG, "--reason", "And nobody sees it"])
        .well();
    let moved = until(A_WHILE, || {
        let seen = (
            results(&browser)["size"].clone(),
            shown(&browser),
            exported(&browser),
        );
        (seen != (before["size"].clone(), (integer(&before["size"]), 0), 0)).then_some(seen)
    });
    assert_eq!(moved, None, "something public moved");
    assert_eq!(
        place.sijill(["poll", "show", SLUG, "--json"]).well().json()["answered"],
        STEP - 1
    );

    browser
        .answer(&invited[STEP as usize - 1].path, "no")
        .status(200);
    let step = listener.next_json();
    assert_eq!(step["answered"], STEP);
    assert_eq!(
        counts(&step["options"]),
        [("yes".into(), 9), ("no".into(), 1), ("dont-know".into(), 0)]
    );
    // Ten answers, a pause, a resumption.
    assert_eq!(integer(&step["size"]), integer(&before["size"]) + STEP + 2);
    assert_eq!(shown(&browser), (integer(&step["size"]), STEP));
    assert_eq!(exported(&browser), STEP);
}

#[test]
fn publications_come_in_whole_steps_and_each_adds_up() {
    const CROWD: u32 = 96;
    let place = Place::new();
    let invited = place.poll(&terms(), CROWD);
    let server = place.serve();
    let browser = server.browser();
    wait_for(&browser, 0);
    let mut listener = Listener::new(&server);
    let mut before = integer(&listener.next_json()["answered"]);
    std::thread::scope(|scope| {
        for crowd in invited.chunks(CROWD as usize / 2) {
            let browser = browser.clone();
            scope.spawn(move || {
                for (place, invitation) in crowd.iter().enumerate() {
                    browser
                        .answer(&invitation.path, ["yes", "no", "dont-know"][place % 3])
                        .status(200);
                }
            });
        }
        // What is left at the end may be less than a step and waits.
        while before + STEP <= u64::from(CROWD) {
            let publication = listener.next_json();
            let answered = integer(&publication["answered"]);
            assert!(answered >= before + STEP, "from {before} to {answered}");
            let options: u64 = counts(&publication["options"])
                .iter()
                .map(|(_, count)| count)
                .sum();
            let strata = publication["strata"].as_array().unwrap().iter();
            let strata: u64 = strata
                .flat_map(|stratum| stratum["counts"].as_array().unwrap())
                .map(integer)
                .sum();
            assert_eq!((options, strata), (answered, answered));
            before = answered;
        }
    });
}

#[test]
fn all_listeners_get_the_same_bytes_and_a_new_one_the_newest_at_once() {
    let place = Place::new();
    let invited = place.poll(&terms(), 10);
    let server = place.serve();
    let browser = server.browser();
    wait_for(&browser, 0);
    let mut early: Vec<Listener> = (0..20).map(|_| Listener::new(&server)).collect();
    for listener in &mut early {
        listener.next();
    }
    for invitation in &invited {
        browser.answer(&invitation.path, "no").status(200);
    }
    let heard: Vec<String> = early.iter_mut().map(Listener::next).collect();
    let late = Listener::new(&server).next();
    let json = browser.get("/polls/bridge/results.json");
    assert!(
        heard
            .iter()
            .all(|event| *event == late && *event == json.text())
    );
}

#[test]
fn a_few_answers_that_wait_long_are_published_if_they_are_three() {
    let place = Place::new();
    let patient = Terms {
        publication_seconds: 1,
        ..terms()
    };
    let invited = place.poll(&patient, 10);
    let server = place.serve();
    let browser = server.browser();
    wait_for(&browser, 0);
    for invitation in &invited[..2] {
        browser.answer(&invitation.path, "no").status(200);
    }
    let moved = until(A_WHILE, || {
        (results(&browser)["answered"] != 0).then_some(())
    });
    assert_eq!(moved, None, "two answers were published");
    browser.answer(&invited[2].path, "yes").status(200);
    wait_for(&browser, 3);
}

// What happened: one person changed their answer twice while nobody else answered, and the three answers were taken for
// a crowd and published. What they would have lost: everyone could see how that one person had answered. What holds: a
// step counts people.
#[test]
fn one_who_changes_an_answer_again_and_again_is_no_crowd() {
    let place = Place::new();
    let patient = Terms {
        publication_seconds: 1,
        revisions: 9,
        ..terms()
    };
    let invited = place.poll(&patient, 10);
    let server = place.serve();
    let browser = server.browser();
    wait_for(&browser, 0);
    for revision in 1..=10 {
        let form = [
            ("answer", ["yes", "no"][revision % 2]),
            ("revision", &revision.to_string()),
        ];
        browser.post(&invited[0].path, &form).status(200);
    }
    let moved = |browser: &Browser| {
        until(A_WHILE, || {
            (results(browser)["answered"] != 0).then_some(())
        })
    };
    assert_eq!(moved(&browser), None, "one person's answers were published");
    server.stop().well();
    let server = place.serve();
    assert_eq!(moved(&server.browser()), None, "published after a restart");
}

#[test]
fn at_the_end_what_waits_is_published_without_the_operator() {
    let place = Place::new();
    // Long enough to open, invite and answer on a busy machine.
    let end = now_ms() / 1_000 * 1_000 + 20_000;
    let short = Terms {
        field_ms: [end - 80_000, end, end],
        close_any_time: false,
        ..terms()
    };
    let invited = place.poll(&short, 5);
    let server = place.serve();
    let browser = server.browser();
    for invitation in &invited[..2] {
        browser.answer(&invitation.path, "no").status(200);
    }
    assert_eq!(results(&browser)["answered"], 0);
    let published = until(Duration::from_secs(40), || {
        Some(results(&browser)).filter(|results| results["answered"] == 2)
    });
    assert!(now_ms() >= end, "published before the end");
    assert_eq!(published.expect("the end publishes")["state"], "ended");
    browser
        .post(&invited[2].path, &[("answer", "no"), ("revision", "1")])
        .status(409);
    place.close(SLUG);
    server.stop().well();
    place.audit_data(SLUG).well();
}

#[test]
fn a_stranger_audits_the_polls_address_with_its_page_and_its_json() {
    let place = Place::new();
    let invited = place.poll(&terms(), 24);
    let server = place.serve();
    let browser = server.browser();
    wait_for(&browser, 0);
    for invitation in &invited[..12] {
        browser.answer(&invitation.path, "yes").status(200);
    }
    let step = until(PUBLICATION_MAX, || {
        Some(results(&browser)).filter(|results| integer(&results["answered"]) >= STEP)
    })
    .unwrap();
    let anchor = format!(
        "{}:{}",
        integer(&step["size"]) - 1,
        step["link"].as_str().unwrap()
    );
    let address = server.url("/polls/bridge");
    let stranger = Place::new();
    let audit = |anchor: &str| {
        stranger.sijill([
            "audit",
            &address,
            "--operator-key",
            &place.operator_key(),
            "--anchor",
            anchor,
            "--json",
        ])
    };
    let report = audit(&anchor).well().json();
    let poll = &report["polls"][0];
    assert_eq!(poll["tally"]["answered"], step["answered"]);
    assert_eq!(poll["entries"], step["size"]);
    assert_eq!(check(&report, "V9")["items"], 2, "in each language");
    assert_eq!(verdict(&report, "V9"), "passed");

    // The rest is closed and published; the old anchor still holds and no longer reaches the end.
    // Who closes is told before the close is published, and the step may have held all twelve answers already.
    place.close(SLUG);
    let closed = until(PUBLICATION_MAX, || {
        Some(results(&browser)).filter(|results| results["state"] == "closed")
    })
    .expect("the close is published");
    assert_eq!(closed["answered"], 12);
    audit(&anchor).expect_code(4);
    let end = format!(
        "{}:{}",
        integer(&closed["size"]) - 1,
        closed["link"].as_str().unwrap()
    );
    audit(&end).well();
    // An anchor that somebody noted of another history.
    let elsewhere = format!("{}:{}", integer(&closed["size"]) - 1, "0".repeat(64));
    audit(&elsewhere).expect_code(1);
}

#[test]
fn the_roster_is_public_once_it_is_committed_to_and_holds_no_number() {
    let place = Place::new();
    let invited = place.poll(&terms(), 4);
    let server = place.serve();
    let roster = server
        .browser()
        .get("/polls/bridge/roster")
        .status(200)
        .body;
    assert_eq!(roster.len(), invited.len() * 98);
    for leaf in roster.chunks(98).collect::<Vec<_>>().windows(2) {
        assert!(
            leaf[0][..32] < leaf[1][..32],
            "the order of leaves tells something"
        );
    }
    for invitation in &invited {
        let number = invitation.contact.as_bytes();
        assert!(!roster.windows(number.len()).any(|window| window == number));
    }
}
