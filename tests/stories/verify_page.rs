//! Somebody who kept a receipt and opens `/verify` on a server, in a real browser, which sends nothing.

use crate::chromium::{Tour, can_browse};
use crate::kept::{Kept, WITNESS};
use crate::place::{Place, Server, now_ms, terms};
use crate::process::{COMMAND_MAX, until};
use serde_json::{Value, json};
use sijill_ledger::SecretKey;
use sijill_ledger::note::VerifierKey;
use sijill_scenarios::Terms;
use sijill_scenarios::bench::Setup;

/// A visit to the page: what is done there, and what is read afterwards.
pub struct Visit<'a> {
    place: &'a Place,
    server: &'a Server,
    tour: Tour<'a>,
}

/// What the page said.
#[derive(Debug)]
pub struct Said {
    state: String,
    text: String,
}

impl Said {
    /// Says that the page is in this state and has these parts.
    #[track_caller]
    pub fn check(&self, state: &str, parts: &[&str]) {
        assert_eq!(self.state, state, "{}", self.text);
        for part in parts {
            assert!(self.text.contains(part), "lacks `{part}`: {}", self.text);
        }
    }

    #[track_caller]
    fn lacks(&self, part: &str) {
        assert!(!self.text.contains(part), "has `{part}`: {}", self.text);
    }
}

const STATE: &str = "document.querySelector('#outcome').dataset.state || ''";
const TEXT: &str = "document.querySelector('#outcome').innerText.replace(/[\\u2066-\\u2069]/g, '')";

impl<'a> Visit<'a> {
    /// A visit to this server, which has done nothing yet.
    pub fn new(place: &'a Place, server: &'a Server) -> Self {
        Self {
            place,
            server,
            tour: Tour::new(place),
        }
    }

    fn step(mut self, step: Value) -> Self {
        self.tour = self.tour.step(step);
        self
    }

    /// Opens a page on a telephone.
    pub fn open(self, path: &str) -> Self {
        let url = self.server.url(path);
        self.step(json!({ "open": url, "width": 360 }))
    }

    fn choose(self, field: &str, name: &str, text: &str) -> Self {
        let file = self.place.write(name, text);
        self.step(json!({ "choose": [field, file] }))
    }

    /// Opens the page, hands in a policy and then a receipt, and reads the outcome.
    pub fn checks(self, language: &str, name: &str, receipt: &str, policy: &str) -> Self {
        self.open(&format!("/verify/in/{language}"))
            .choose("#trust-file", &format!("{name}.policy"), policy)
            .choose("#receipt-file", &format!("{name}.tlog-proof"), receipt)
            .outcome()
    }

    /// Reads the outcome, what was sent since the page had loaded, and how wide the page is.
    fn outcome(self) -> Self {
        self.step(json!({ "wait": format!("({STATE}) !== ''") }))
            .step(json!({ "read": STATE }))
            .step(json!({ "read": TEXT }))
            .step(json!({ "requests": true }))
            .step(json!({ "read": "document.documentElement.scrollWidth" }))
    }

    fn photo(mut self, name: &str) -> Self {
        self.tour = self.tour.photo(name);
        self
    }

    /// The outcomes that were read, each of a page that fits and sent nothing.
    #[track_caller]
    pub fn said(self) -> Vec<Said> {
        let found = self.tour.found();
        let said = found.chunks(4).map(|found| {
            let [state, text, requests, width] = found else {
                panic!("an outcome is read in four steps");
            };
            assert_eq!(requests, &json!([]), "the page sent something");
            assert!(width.as_u64() <= Some(360), "the page is {width} wide");
            Said {
                state: state.as_str().unwrap().to_owned(),
                text: text.as_str().unwrap().to_owned(),
            }
        });
        said.collect()
    }
}

#[test]
fn a_receipt_is_checked_in_the_browser_and_nothing_is_sent() {
    if !can_browse("a_receipt_is_checked_in_the_browser_and_nothing_is_sent") {
        return;
    }
    let place = Place::new();
    let server = place.serve();
    let kept = Kept::new();
    let witness = SecretKey::from_seed([7; 32]);
    let receipt = kept.receipt(Some(&witness));
    let policy = kept.policy(&witness);
    let mut visit = Visit::new(&place, &server);
    for language in ["en", "ar", "ckb"] {
        visit = visit
            .checks(language, "kept", &receipt, &policy)
            .photo(&format!("good-{language}.png"));
    }
    let said = visit.said();
    let index = kept.index.to_string();
    let origin = kept.bench.poll.origin().as_str();
    said[0].check(
        "good",
        &[
            "The receipt is good",
            "The log’s key is pinned by your policy",
            origin,
            &format!("Entry\n{index}\n"),
            "December 1, 2026",
            "12:00 UTC",
            WITNESS,
        ],
    );
    said[1].check("good", &["الإيصال صحيح", origin, "كانون الأول"]);
    said[2].check("good", &["پسوولەکە دروستە", origin]);
}

#[test]
fn what_is_wrong_with_a_receipt_is_said_with_what_was_expected() {
    if !can_browse("what_is_wrong_with_a_receipt_is_said_with_what_was_expected") {
        return;
    }
    let place = Place::new();
    let server = place.serve();
    let kept = Kept::new();
    let [witness, stranger] = [7, 8].map(|seed| SecretKey::from_seed([seed; 32]));
    let receipt = kept.receipt(Some(&witness));
    let policy = kept.policy(&witness);
    let index = format!("\nindex {}\n", kept.index);
    let moved = receipt.replace(&index, &format!("\nindex {}\n", kept.index + 1));
    let zero = receipt.replace(&index, &format!("\nindex 0{}\n", kept.index));
    let other = VerifierKey::new("other.example/p", kept.bench.keys.log.public_key()).unwrap();
    let other_log = policy.replace(&kept.log_key().to_string(), &other.to_string());
    let cases = [
        (moved.as_str(), policy.as_str(), "the proof was altered"),
        (&zero, &policy, "It begins as a receipt"),
        (
            &receipt,
            &other_log,
            "Among the keys that you gave there is none for",
        ),
        (
            &receipt,
            &kept.policy(&stranger),
            "Too few of the witnesses",
        ),
        (&kept.receipt(None), &policy, "Too few of the witnesses"),
        ("hello\n", &policy, "neither a receipt nor a promise"),
    ];
    let mut visit = Visit::new(&place, &server);
    for (at, (receipt, policy, _)) in cases.iter().enumerate() {
        visit = visit
            .checks("en", &format!("case-{at}"), receipt, policy)
            .photo(&format!("wrong-{at}.png"));
    }
    let said = visit.said();
    assert_eq!(said.len(), cases.len());
    for (said, (_, _, expected)) in said.iter().zip(cases) {
        said.check(
            "wrong",
            &["This does not hold", expected, "Expected", "Found"],
        );
    }
}

#[test]
fn a_policy_that_cannot_be_used_says_nothing_of_the_receipt() {
    if !can_browse("a_policy_that_cannot_be_used_says_nothing_of_the_receipt") {
        return;
    }
    let place = Place::new();
    let server = place.serve();
    let kept = Kept::new();
    let witness = SecretKey::from_seed([7; 32]);
    let receipt = kept.receipt(Some(&witness));
    let broken = kept.policy(&witness).replace("quorum w", "quorum v");
    let said = Visit::new(&place, &server)
        .checks("en", "broken", &receipt, &broken)
        .photo("unusable.png")
        .said();
    let heading = "The policy or key cannot be used";
    said[0].check(
        "unusable",
        &[
            heading,
            "Nothing was checked",
            "again from whoever gave it",
            "Line\n3\n",
            "v",
        ],
    );
    said[0].lacks("This does not hold");
}

#[test]
fn a_receipt_without_a_key_shows_what_it_says_and_verifies_nothing() {
    if !can_browse("a_receipt_without_a_key_shows_what_it_says_and_verifies_nothing") {
        return;
    }
    let place = Place::new();
    let server = place.serve();
    let kept = Kept::new();
    let receipt = kept.receipt(None);
    let links =
        "[...document.querySelectorAll('nav a')].every((link) => link.hash === location.hash)";
    let in_address = data_encoding::BASE64URL_NOPAD.encode(receipt.as_bytes());
    let said = Visit::new(&place, &server)
        .open(&format!("/verify/in/en#r={in_address}"))
        .step(json!({ "wait": links }))
        .outcome()
        .open("/verify/in/en")
        .step(json!({ "type": ["#trust-text", kept.log_key().to_string()] }))
        .step(json!({ "type": ["#receipt-text", receipt.trim_end()] }))
        .step(json!({ "click": "#check button" }))
        .outcome()
        .said();
    said[0].check(
        "unsigned",
        &["Not verified", "no signature was checked", "Answer"],
    );
    said[1].check("good", &["The key is pinned: it is one that you gave."]);
}

#[test]
fn files_that_are_dropped_on_the_page_are_told_apart() {
    if !can_browse("files_that_are_dropped_on_the_page_are_told_apart") {
        return;
    }
    let place = Place::new();
    let server = place.serve();
    let kept = Kept::new();
    let witness = SecretKey::from_seed([7; 32]);
    let texts = json!([kept.receipt(Some(&witness)), kept.policy(&witness)]);
    let drop = format!(
        "{{ const dataTransfer = new DataTransfer();
        for (const text of {texts}) dataTransfer.items.add(new File([text], 'kept'));
        document.body.dispatchEvent(new DragEvent('drop', {{ dataTransfer, bubbles: true, cancelable: true }})); }}"
    );
    let said = Visit::new(&place, &server)
        .open("/verify/in/en")
        .step(json!({ "do": drop }))
        .step(json!({ "wait": format!("({STATE}) === 'good'") }))
        .outcome()
        .said();
    said[0].check("good", &["The log’s key is pinned by your policy"]);
}

/// A poll that ended two hours ago, and when its promises were due, an hour ago.
fn over() -> Setup {
    let now = now_ms() / 60_000 * 60_000;
    let hours = |hours: u64| now - hours * 3_600_000;
    Setup {
        terms: Terms {
            field_ms: [hours(12), hours(3), hours(2)],
            promise_delay_seconds: 3_600,
            ..Terms::default()
        },
        ..Setup::default()
    }
}

#[test]
fn a_promise_past_its_time_says_where_to_hand_it_in() {
    if !can_browse("a_promise_past_its_time_says_where_to_hand_it_in") {
        return;
    }
    let place = Place::new();
    let server = place.serve();
    let kept = Kept::of(&over());
    let promise = kept.promise();
    let flipped = promise.replacen("answer A", "answer B", 1);
    let key = kept.promise_key().to_string();
    let said = Visit::new(&place, &server)
        .checks("en", "late", &promise, &format!("{key}\n"))
        .photo("promise-late-en.png")
        .checks("en", "altered", &flipped, &format!("{key}\n"))
        .said();
    let address = format!("https://{}/objections", kept.bench.poll.origin());
    said[0].check("good", &["That time is past.", "was broken", &address]);
    said[1].check("wrong", &["for another answer than the one beside it"]);
}

#[test]
fn a_promise_is_checked_by_the_sites_key_and_by_ones_own() {
    if !can_browse("a_promise_is_checked_by_the_sites_key_and_by_ones_own") {
        return;
    }
    let place = Place::new();
    let invited = place.poll(&terms(), 3);
    let server = place.serve();
    let browser = server.browser();
    let path = &invited[0].path;
    browser.answer(path, "yes").status(200);
    let promise = browser.get(&format!("{path}/promise")).status(200);
    let kept = Kept::new();
    let answer = kept.promise();
    let said = Visit::new(&place, &server)
        .open("/verify/in/en")
        .choose("#receipt-file", "kept.sijill-promise", promise.text())
        .outcome()
        .photo("promise-en.png")
        .open(&format!("{path}/in/ar"))
        .photo("answered-ar.png")
        .open(&format!("{path}/receipt/in/ar"))
        .photo("receipt-ar.png")
        .open(&format!("{path}/receipt/in/en"))
        .photo("receipt-en.png")
        .open("/verify/in/ar")
        .step(json!({ "type": ["#trust-text", kept.promise_key().to_string()] }))
        .choose("#receipt-file", "own.sijill-promise", &answer)
        .outcome()
        .photo("promise-ar.png")
        .said();
    said[0].check(
        "unpinned",
        &[
            "by this site’s own key",
            "Not pinned",
            "yes",
            "That time is not past yet.",
        ],
    );
    said[1].check("good", &["التعهّد أصلي"]);
}

#[test]
fn the_page_can_reach_nobody_and_says_so_where_it_cannot_check() {
    if !can_browse("the_page_can_reach_nobody_and_says_so_where_it_cannot_check") {
        return;
    }
    let place = Place::new();
    let server = place.serve();
    let visible = "[...document.querySelectorAll('main > *')].filter((part) => part.offsetHeight > 0)\
                   .map((part) => part.id || part.tagName).join()";
    let width = "String(document.documentElement.scrollWidth)";
    let reach = "fetch('/health').then(() => 'reached', () => 'refused')";
    let insecure = server
        .url("/verify/in/en")
        .replace("127.0.0.1", "insecure.example");
    let found = Visit::new(&place, &server)
        .open("/verify/in/en")
        .step(json!({ "read": visible }))
        .step(json!({ "read": reach }))
        .photo("empty-en.png")
        .open("/verify/in/ar")
        .photo("empty-ar.png")
        .step(json!({ "open": server.url("/verify/in/en"), "width": 360, "script": false }))
        .step(json!({ "read": visible }))
        .step(json!({ "read": width }))
        .photo("no-script-en.png")
        .step(json!({ "open": insecure, "width": 360 }))
        .step(json!({ "read": visible }))
        .tour
        .found();
    assert_eq!(
        found,
        [
            "H1,P,check",
            "refused",
            "H1,P,needs-script",
            "360",
            "H1,P,needs-https"
        ]
    );
}

#[test]
fn a_receipt_that_the_server_serves_is_good_by_its_own_key_and_by_one_pinned() {
    if !can_browse("a_receipt_that_the_server_serves_is_good_by_its_own_key_and_by_one_pinned") {
        return;
    }
    let place = Place::new();
    let invited = place.poll(&terms(), 12);
    let server = place.serve();
    let browser = server.browser();
    for invitation in &invited[..10] {
        browser.answer(&invitation.path, "yes").status(200);
    }
    // The publication of ten answers has the last of them as its last entry.
    let publication = until(COMMAND_MAX, || {
        let checkpoint = browser.get("/polls/bridge/checkpoint").status(200);
        let size = checkpoint.text().lines().nth(1)?.parse::<u64>().ok()?;
        (size > 10).then_some(size)
    });
    let size = publication.expect("ten answers are published");
    let last = size - 1;
    let receipt = browser.get(&format!("/polls/bridge/receipt/{size}/{last}"));
    let receipt = receipt.status(200);
    let shown = place.sijill(["poll", "show", "bridge", "--json"]).well();
    let policy = format!(
        "log {}\nquorum none\n",
        shown.json()["log_key"].as_str().unwrap()
    );
    let said = Visit::new(&place, &server)
        .open("/verify/in/en")
        .choose("#receipt-file", "served.tlog-proof", receipt.text())
        .outcome()
        .photo("served-en.png")
        .checks("en", "pinned", receipt.text(), &policy)
        .said();
    let entry = format!("Entry\n{last}\n");
    said[0].check("unpinned", &["Not pinned", "Answer\nyes", &entry]);
    let pinned = "pinned by your policy, which asks for no witness";
    said[1].check("good", &[pinned, "Answer\nyes", &entry]);
    said[1].lacks("No witness that you trust");
    said[1].lacks("cosigned");
}

#[test]
fn a_respondent_gets_the_promise_at_the_receipts_address_and_as_a_code() {
    let place = Place::new();
    let invited = place.poll(&terms(), 2);
    let server = place.serve();
    let browser = server.browser();
    let path = &invited[0].path;
    browser.get(&format!("{path}/receipt")).status(404);
    browser.get(&format!("{path}/receipt/in/ar")).status(404);
    let confirmed = browser.answer(path, "yes").status(200);
    assert!(
        confirmed
            .text()
            .contains(&format!("href=\"{path}/receipt\" download"))
    );
    let kept = browser.get(&format!("{path}/receipt")).status(200);
    let promise = browser.get(&format!("{path}/promise")).status(200);
    assert_eq!(kept.body, promise.body);
    let page = browser.get(&format!("{path}/receipt/in/ar")).status(200);
    for part in ["<h1>إيصالك</h1>", "<svg ", "href=\"/verify/in/ar\""] {
        assert!(page.text().contains(part), "lacks {part}");
    }
    let script = browser.get("/static/verify.js").status(200);
    assert!(
        script
            .header("content-type")
            .unwrap()
            .starts_with("text/javascript")
    );
    let policy = browser.get("/verify").status(200);
    let policy = policy.header("content-security-policy").unwrap().to_owned();
    assert!(policy.contains("connect-src 'none'"), "{policy}");
}
