//! Bad input at the door: each gets a clear answer, nothing is recorded for it, and nothing else is lost.

use crate::assertions::{answers, choice, entries};
use crate::browser::{Browser, FORM, Page};
use crate::place::{Invitation, Place, Server, now_ms, people, terms};
use sijill_scenarios::Terms;
use std::io::{Read, Write};
use std::time::{Duration, Instant};

const SLUG: &str = "bridge";

/// Time that a slow sender gets at most: the service's ten seconds for a head or a body, and some for a busy machine.
const PATIENCE: Duration = Duration::from_secs(25);

/// A poll that takes answers, and three invitations.
fn scene() -> (Place, Vec<Invitation>, Server) {
    let place = Place::new();
    let invited = place.poll(&terms(), 3);
    let server = place.serve();
    (place, invited, server)
}

/// After all that was tried, an honest answer is taken, it is the only one, and the ledger audits.
#[track_caller]
fn nothing_is_lost(place: &Place, invited: &[Invitation], server: Server) {
    for invitation in &invited[..1] {
        server
            .browser()
            .answer(&invitation.path, "dont-know")
            .status(200);
    }
    server.stop().well();
    the_ledger_holds(place, &["dont-know"]);
}

/// The ledger holds exactly these answers, and an audit with key and anchor passes.
#[track_caller]
fn the_ledger_holds(place: &Place, expected: &[&str]) {
    let file = place.path("after.export");
    place.sijill(args!["export", SLUG, &file]).well();
    let ledger = entries(&std::fs::read(file).unwrap());
    assert_eq!(
        answers(&ledger).into_iter().map(choice).collect::<Vec<_>>(),
        expected
    );
    place.audit_data(SLUG).well();
}

/// The page says, in the language asked for, what is wrong.
#[track_caller]
fn says(page: &Page, words: &str) {
    assert!(
        page.text().contains(words),
        "expected `{words}` in {}",
        page.text()
    );
}

/// Sends these bytes as a form to the page of a link, in English.
fn send(browser: &Browser, invitation: &Invitation, headers: &[(&str, &str)], body: &[u8]) -> Page {
    browser
        .ask("POST", &format!("{}/in/en", invitation.path), headers, body)
        .expect("the server answers")
}

#[test]
fn a_token_that_no_roster_has_is_told_so() {
    let (place, invited, server) = scene();
    let browser = server.browser().wishing("en");
    for path in ["/p/00000000000000000000", "/p/zzzzzzzzzzzzzzzzzzzz/in/en"] {
        says(
            &browser.get(path).status(404),
            "This link is not known here",
        );
        let sent = browser
            .post(path, &[("answer", "yes"), ("revision", "1")])
            .status(404);
        says(&sent, "This link is not known here");
        browser
            .get(&format!("{}/promise", path.trim_end_matches("/in/en")))
            .status(404);
    }
    nothing_is_lost(&place, &invited, server);
}

#[test]
fn a_malformed_token_is_told_so() {
    let (place, invited, server) = scene();
    let browser = server.browser().wishing("en");
    let token = invited[0].token();
    let malformed = [
        token[..19].to_owned(),
        format!("{token}0"),
        format!("{}u", &token[..19]),
        "%F0%9F%97%B3".to_owned(),
        "%FF%FE".to_owned(),
        "..%2F..%2Fetc%2Fpasswd".to_owned(),
        "0".repeat(5_000),
    ];
    for token in malformed {
        for page in [
            browser.get(&format!("/p/{token}")),
            browser.post(
                &format!("/p/{token}"),
                &[("answer", "yes"), ("revision", "1")],
            ),
        ] {
            assert!(
                matches!(page.status, 400 | 404 | 414),
                "{token}: {}",
                page.status
            );
        }
    }
    says(
        &browser.get(&format!("/p/{}", &token[..19])).status(404),
        "This link is not complete",
    );
    nothing_is_lost(&place, &invited, server);
}

#[test]
fn a_token_of_another_service_is_foreign_here() {
    let elsewhere = Place::new();
    // The same poll by name, with another roster and other keys.
    let foreign = elsewhere.poll(&terms(), 3);
    let (place, invited, server) = scene();
    let browser = server.browser().wishing("en");
    for invitation in &foreign {
        says(
            &browser.get(&invitation.path).status(404),
            "This link is not known here",
        );
        let sent = browser
            .post(&invitation.path, &[("answer", "yes"), ("revision", "1")])
            .status(404);
        says(&sent, "This link is not known here");
    }
    nothing_is_lost(&place, &invited, server);
}

#[test]
fn a_token_of_another_poll_answers_that_poll_and_no_other() {
    let place = Place::new();
    let invited = place.poll(&terms(), 3);
    let other = Terms {
        slug: "tunnel".into(),
        ..terms()
    };
    let theirs = place.poll(&other, 3);
    let server = place.serve();
    server.browser().answer(&theirs[0].path, "yes").status(200);
    let tunnel = place
        .sijill(["poll", "show", "tunnel", "--json"])
        .well()
        .json();
    assert_eq!(tunnel["answered"], 1);
    nothing_is_lost(&place, &invited, server);
}

#[test]
fn an_option_that_is_not_on_the_ballot_is_refused_and_the_form_stays() {
    let (place, invited, server) = scene();
    for option in ["maybe", "YES", "", "yes%00", "yes%20", "%3Cscript%3E"] {
        let body = format!("answer={option}&revision=1");
        let page = send(&server.browser(), &invited[1], &[FORM], body.as_bytes()).status(422);
        says(&page, "not one of the answers offered");
        assert!(!page.text().contains("<script"));
        assert_eq!(
            page.form().expect("the form stays").choices,
            ["yes", "no", "dont-know"]
        );
    }
    nothing_is_lost(&place, &invited, server);
}

#[test]
fn no_option_keeps_the_language_and_says_what_to_do() {
    let (place, invited, server) = scene();
    let browser = server.browser();
    for body in ["revision=1", "", "revision=1&language=en"] {
        let page = send(&browser, &invited[1], &[FORM], body.as_bytes()).status(422);
        says(&page, "<html lang=\"en\"");
        says(&page, "Choose one answer, then send it.");
        assert!(
            page.form()
                .is_some_and(|form| form.action.ends_with("/in/en"))
        );
    }
    let arabic = browser
        .post(&format!("{}/in/ar", invited[1].path), &[("revision", "1")])
        .status(422);
    says(&arabic, "<html lang=\"ar\" dir=\"rtl\"");
    nothing_is_lost(&place, &invited, server);
}

#[test]
fn two_options_are_not_chosen_between() {
    let (place, invited, server) = scene();
    for body in [
        "answer=yes&answer=no&revision=1",
        "answer=yes&answer=yes&revision=1",
    ] {
        let page = send(&server.browser(), &invited[1], &[FORM], body.as_bytes()).status(422);
        says(&page, "More than one answer arrived");
    }
    nothing_is_lost(&place, &invited, server);
}

#[test]
fn a_body_too_large_is_cut_off_whether_its_length_is_told_or_not() {
    let (place, invited, server) = scene();
    let browser = server.browser();
    let filler = format!("answer=yes&revision=1&filler={}", "x".repeat(100_000));
    says(
        &send(&browser, &invited[1], &[FORM], filler.as_bytes()).status(413),
        "Too much was sent",
    );

    let path = format!("{}/in/en", invited[1].path);
    let head = browser.start("POST", &path)
        + "Content-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\n";
    let mut chunked = head.into_bytes();
    for piece in filler.as_bytes().chunks(1_000) {
        chunked.extend(format!("{:x}\r\n", piece.len()).into_bytes());
        chunked.extend(piece);
        chunked.extend(b"\r\n");
    }
    chunked.extend(b"0\r\n\r\n");
    says(
        &browser.raw(&chunked).unwrap().status(413),
        "Too much was sent",
    );

    // A length that nobody could ever send.
    let huge = browser.start("POST", &path)
        + &format!(
            "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{}",
            u64::MAX,
            "x".repeat(5_000)
        );
    let told = browser.raw(huge.as_bytes()).ok().map(|page| page.status);
    assert!(matches!(told, None | Some(400 | 413 | 431)), "{told:?}");
    nothing_is_lost(&place, &invited, server);
}

/// How long until the server gives up on a request of which only this part comes; what it said then.
fn given_up(browser: &Browser, part: &[u8]) -> (Duration, Vec<u8>) {
    let start = Instant::now();
    let mut stream = browser.connect().unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(part).unwrap();
    let mut answer = Vec::new();
    // Closed or reset is given up too; still open is not, and shows in the time.
    drop(stream.read_to_end(&mut answer));
    (start.elapsed(), answer)
}

#[test]
fn a_request_too_slow_is_given_up_in_its_head_and_in_its_body() {
    let (place, invited, server) = scene();
    let browser = server.browser();
    let path = format!("{}/in/en", invited[1].path);
    let head = browser.start("POST", &path);
    let body = format!(
        "{head}Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 21\r\n\r\nanswer=yes"
    );
    let (slow_head, slow_body) = std::thread::scope(|scope| {
        let slow_head = scope.spawn(|| given_up(&browser, head.as_bytes()));
        let slow_body = scope.spawn(|| given_up(&browser, body.as_bytes()));
        (slow_head.join().unwrap(), slow_body.join().unwrap())
    });
    assert!(slow_head.0 < PATIENCE, "the head was waited for");
    assert!(slow_body.0 < PATIENCE, "the body was waited for");
    let said = Page::parse(&slow_body.1)
        .expect("who sends a body is told")
        .status(408);
    says(&said, "did not arrive in time");
    nothing_is_lost(&place, &invited, server);
}

#[test]
fn what_is_not_a_form_is_refused() {
    let (place, invited, server) = scene();
    let browser = server.browser();
    let json = br#"{"answer":"yes","revision":1}"#;
    for kind in [
        "application/json",
        "text/plain",
        "multipart/form-data; boundary=x",
        "",
        "application/x-www-form-urlencodedd",
    ] {
        says(
            &send(&browser, &invited[1], &[("Content-Type", kind)], json).status(415),
            "is not an answer",
        );
    }
    send(&browser, &invited[1], &[], json).status(415);
    for revision in ["-1", "256", "one", "1.0", ""] {
        let body = format!("answer=yes&revision={revision}");
        let page = send(&browser, &invited[1], &[FORM], body.as_bytes());
        assert!(
            matches!(page.status, 400 | 415 | 422),
            "{revision}: {}",
            page.status
        );
    }
    nothing_is_lost(&place, &invited, server);
}

#[test]
fn what_is_not_utf_8_is_refused() {
    let (place, invited, server) = scene();
    for body in [
        &b"answer=\xff\xfe&revision=1"[..],
        b"answer=%FF%FE&revision=1",
        b"answer=%C3&revision=1",
    ] {
        says(
            &send(&server.browser(), &invited[1], &[FORM], body).status(400),
            "cannot be read",
        );
    }
    nothing_is_lost(&place, &invited, server);
}

#[test]
fn what_is_not_http_does_not_stop_the_service() {
    let (place, invited, server) = scene();
    let browser = server.browser();
    for noise in [
        &b"\x16\x03\x01\x02\x00\x01\x00"[..],
        b"hello\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"\0\0\0\0\r\n\r\n",
    ] {
        assert!(browser.raw(noise).map_or(true, |page| page.status >= 400));
    }
    nothing_is_lost(&place, &invited, server);
}

#[test]
fn a_wrong_method_is_told_so() {
    let (place, invited, server) = scene();
    let browser = server.browser().wishing("en");
    for method in ["PUT", "DELETE", "PATCH"] {
        let page = browser
            .ask(method, &invited[1].path, &[FORM], b"answer=yes&revision=1")
            .unwrap()
            .status(405);
        says(&page, "takes no such request");
    }
    browser
        .post("/polls/bridge", &[("answer", "yes")])
        .status(405);
    browser.post("/polls/bridge/export", &[]).status(405);
    browser.get("/polls/nothing").status(404);
    browser.get("/polls/bridge/nothing").status(404);
    browser.get("/admin").status(404);
    nothing_is_lost(&place, &invited, server);
}

#[test]
fn a_poll_not_yet_open_says_when_it_opens_and_takes_nothing() {
    let place = Place::new();
    let start = now_ms() / 1_000 * 1_000 + 3_600_000;
    let early = Terms {
        field_ms: [start, start + 3_600_000, start + 7_200_000],
        ..terms()
    };
    let invited = place.poll(&early, 3);
    let server = place.serve();
    let browser = server.browser();
    let page = browser
        .get(&format!("{}/in/en", invited[0].path))
        .status(200);
    says(&page, "The poll has not begun. It opens on ");
    assert_eq!(page.form(), None);
    let sent = send(&browser, &invited[0], &[FORM], b"answer=yes&revision=1").status(409);
    says(&sent, "The poll takes no answers now.");
    says(&sent, "You had chosen: ");
    server.stop().well();
    the_ledger_holds(&place, &[]);
}

#[test]
fn a_paused_poll_takes_nothing_until_it_is_resumed() {
    let (place, invited, server) = scene();
    let browser = server.browser();
    let form = browser
        .get(&format!("{}/in/en", invited[1].path))
        .form()
        .unwrap();
    place
        .sijill([
            "poll",
            "pause",
            SLUG,
            "--reason",
            "A question about the wording",
        ])
        .well();
    let page = browser
        .get(&format!("{}/in/en", invited[1].path))
        .status(200);
    says(&page, "The poll is paused.");
    assert_eq!(page.form(), None);
    // What somebody had open before is told, and keeps what was chosen.
    let sent = browser.send(&form, "no").status(409);
    says(&sent, "The poll takes no answers now.");
    says(&sent, "You had chosen: ");
    place
        .sijill(["poll", "resume", SLUG, "--reason", "The wording stands"])
        .well();
    nothing_is_lost(&place, &invited, server);
}

#[test]
fn a_closed_poll_takes_nothing_and_still_shows_what_was_answered() {
    let (place, invited, server) = scene();
    let browser = server.browser();
    let taken = browser
        .answer(&format!("{}/in/en", invited[0].path), "yes")
        .status(200);
    let form = browser
        .get(&format!("{}/in/en", invited[1].path))
        .form()
        .unwrap();
    place.close(SLUG);
    let page = browser
        .get(&format!("{}/in/en", invited[1].path))
        .status(200);
    says(&page, "No more answers are taken.");
    assert_eq!(page.form(), None);
    says(
        &browser.send(&form, "no").status(409),
        "The poll takes no answers now.",
    );
    // A lost confirmation can be asked for again, also after the end.
    let again = browser
        .post(&invited[0].path, &[("answer", "yes"), ("revision", "1")])
        .status(200);
    assert_eq!(again.code(), taken.code());
    assert_eq!(browser.get(&invited[0].path).code(), taken.code());
    server.stop().well();
    the_ledger_holds(&place, &["yes"]);
}

#[test]
fn an_annulled_poll_takes_nothing_and_says_why() {
    let (place, invited, server) = scene();
    let browser = server.browser();
    place
        .sijill([
            "poll",
            "annul",
            SLUG,
            "--reason",
            "The roster was the wrong one",
        ])
        .well();
    let page = browser
        .get(&format!("{}/in/en", invited[0].path))
        .status(200);
    says(&page, "The roster was the wrong one");
    assert_eq!(page.form(), None);
    send(&browser, &invited[0], &[FORM], b"answer=yes&revision=1").status(409);
    server.stop().well();
    the_ledger_holds(&place, &[]);
}

#[test]
fn nobody_can_answer_before_the_invitations_are_handed_over() {
    let place = Place::new();
    place.open(&place.definition(&terms()));
    let roster = place.write("roster.csv", crate::place::roster(&people(3)));
    place
        .sijill(args!["roster", "import", roster, "--poll", SLUG])
        .well();
    // The platform's own vault of tokens, as somebody inside could open it.
    let token = place.first_contact(SLUG).token;
    let token = token.reveal();
    let server = place.serve();
    let page = server
        .browser()
        .post(
            &format!("/p/{token}/in/en"),
            &[("answer", "yes"), ("revision", "1")],
        )
        .status(409);
    says(&page, "The poll takes no answers now.");
    server.stop().well();
    the_ledger_holds(&place, &[]);
}

#[test]
fn no_log_line_holds_a_token_a_number_or_an_answer() {
    let (place, invited, server) = scene();
    let browser = server.browser();
    browser.get("/p/00000000000000000000").status(404);
    browser.answer(&invited[0].path, "dont-know").status(200);
    let log = server.log();
    for secret in [
        invited[0].token(),
        &invited[0].contact,
        "00000000000000000000",
        "dont-know",
        "127.0.0.1:",
    ] {
        let lines: Vec<&str> = log
            .lines()
            .filter(|line| line.contains(secret) && !line.contains("serving"))
            .collect();
        assert_eq!(lines, Vec::<&str>::new());
    }
    server.stop().well();
    the_ledger_holds(&place, &["dont-know"]);
}
