//! Strange requests: what no browser sends, one after another at one server. Each gets an answer that refuses it or a
//! closed connection, none is taken for something else, and the service goes on.

use crate::assertions::{answers, choice, entries};
use crate::browser::{Browser, Page};
use crate::place::{Invitation, Place, Server, terms};
use std::io::{Read, Write};
use std::time::Duration;

const SLUG: &str = "bridge";

/// The most memory that the server may ever have had, in KiB, after all of this.
const MEMORY_KIB_MAX: u64 = 160 * 1024;

struct Scene {
    place: Place,
    invited: Vec<Invitation>,
    server: Server,
}

impl Scene {
    fn new() -> Self {
        let place = Place::new();
        let invited = place.poll(&terms(), 3);
        let server = place.serve();
        Self {
            place,
            invited,
            server,
        }
    }

    /// The one honest answer is taken, is the only one, and the ledger audits.
    #[track_caller]
    fn ends_unharmed(self) {
        self.ends_unharmed_after(0);
    }

    /// The same, where so many others said yes before.
    #[track_caller]
    fn ends_unharmed_after(self, others: usize) {
        let browser = self.server.browser();
        browser.answer(&self.invited[2].path, "yes").status(200);
        browser.get("/health").status(200);
        let usage = self.server.usage();
        assert!(usage.memory_peak_kib <= MEMORY_KIB_MAX, "{usage:?}");
        self.server.stop().well();
        let file = self.place.path("after.export");
        self.place.sijill(args!["export", SLUG, &file]).well();
        let ledger = entries(&std::fs::read(file).unwrap());
        let taken: Vec<_> = answers(&ledger).into_iter().map(choice).collect();
        assert_eq!(taken, vec!["yes"; others + 1]);
        self.place.audit_data(SLUG).well();
    }
}

/// What comes back until the server closes the connection: the statuses of all answers, none where there was none.
fn told(browser: &Browser, request: &[u8]) -> Vec<u16> {
    let mut stream = browser.connect().unwrap();
    // A server may refuse before it has read everything; what it said then is still to be read.
    drop(stream.write_all(request));
    let mut answer = Vec::new();
    drop(stream.read_to_end(&mut answer));
    let text = String::from_utf8_lossy(&answer);
    let lines = text.split("HTTP/1.").skip(1);
    lines
        .filter_map(|line| line.get(2..5)?.parse().ok())
        .filter(|status| *status != 100)
        .collect()
}

#[track_caller]
fn refused(browser: &Browser, what: &str, request: &[u8]) {
    let told = told(browser, request);
    assert!(
        told.len() <= 1 && told.iter().all(|status| (400..500).contains(status)),
        "{what}: {told:?}"
    );
}

/// The head of a form for this link, up to where its length is told.
fn form(path: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    )
}

#[test]
fn what_is_too_large_is_refused_wherever_it_stands() {
    let scene = Scene::new();
    let browser = scene.server.browser();
    let form = form(&scene.invited[1].path);
    let long = "a".repeat(200_000);
    let many = "X-Header: a\r\n".repeat(300);
    let endless = format!(
        "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX: {}",
        long.repeat(10)
    );
    let fields = "answer=&".repeat(100_000);
    let extension = format!("{form}Transfer-Encoding: chunked\r\n\r\n1;{long}\r\na\r\n0\r\n\r\n");
    let trailers = format!(
        "{form}Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n{}\r\n",
        "X-Trailer: a\r\n".repeat(20_000)
    );
    let chunks = format!(
        "{form}Transfer-Encoding: chunked\r\n\r\n{}0\r\n\r\n",
        "1\r\na\r\n".repeat(100_000)
    );
    let told = format!("{form}Content-Length: {}\r\n\r\n{fields}", fields.len());
    for (what, request) in [
        (
            "a path",
            format!("GET /{long} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
        ),
        (
            "a token",
            format!("GET /p/{long} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
        ),
        (
            "a query",
            format!("GET /?{long} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
        ),
        (
            "a method",
            format!("{long} / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
        ),
        (
            "a header",
            format!("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX: {long}\r\n\r\n"),
        ),
        (
            "a header's name",
            format!("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{long}: x\r\n\r\n"),
        ),
        (
            "a wish for languages",
            format!(
                "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAccept-Language: {long}\r\n\r\n"
            ),
        ),
        (
            "the number of headers",
            format!("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{many}\r\n"),
        ),
        ("a head without an end", endless),
        ("the number of fields", told),
        ("a chunk's extension", extension),
        ("the trailers", trailers),
        ("the number of chunks", chunks),
    ] {
        refused(&browser, what, request.as_bytes());
    }
    scene.ends_unharmed();
}

#[test]
fn lengths_that_are_none_are_refused_and_nothing_is_smuggled() {
    let scene = Scene::new();
    let browser = scene.server.browser();
    let form = form(&scene.invited[1].path);
    let answer = "answer=no&revision=1";
    for length in [
        "-1",
        "+20",
        "0x14",
        "20 20",
        "20, 21",
        "99999999999999999999999",
        "",
        "٢٠",
    ] {
        let request = format!("{form}Content-Length: {length}\r\n\r\n{answer}");
        refused(&browser, length, request.as_bytes());
    }
    let two = format!("{form}Content-Length: 20\r\nContent-Length: 21\r\n\r\n{answer}");
    refused(&browser, "two lengths", two.as_bytes());
    for size in [
        "zz",
        "-1",
        "+5",
        "0x5",
        "ffffffffffffffffff",
        "5 5",
        " ",
        "",
    ] {
        let request =
            format!("{form}Transfer-Encoding: chunked\r\n\r\n{size}\r\n{answer}\r\n0\r\n\r\n");
        refused(&browser, size, request.as_bytes());
    }
    for encoding in [
        "gzip",
        "chunked, gzip",
        "identity",
        "xchunked",
        "chunked, identity",
    ] {
        let request = format!("{form}Transfer-Encoding: {encoding}\r\n\r\n0\r\n\r\n");
        refused(&browser, encoding, request.as_bytes());
    }
    // A proxy that goes by the length sees one request, and one that goes by the chunks sees two.
    let form = form.replace("Connection: close\r\n", "");
    let inner = "GET /health HTTP/1.1\r\nHost: a\r\n\r\n";
    for order in [
        format!(
            "Content-Length: {}\r\nTransfer-Encoding: chunked",
            5 + inner.len()
        ),
        format!(
            "Transfer-Encoding: chunked\r\nContent-Length: {}",
            5 + inner.len()
        ),
    ] {
        let request = format!("{form}{order}\r\n\r\n0\r\n\r\n{inner}");
        refused(&browser, &order, request.as_bytes());
    }
    scene.ends_unharmed();
}

#[test]
fn what_is_not_quite_http_is_refused() {
    let scene = Scene::new();
    let browser = scene.server.browser();
    for (what, request) in [
        (
            "HTTP/2 at once",
            &b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0"[..],
        ),
        (
            "TLS",
            b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03abcdefghijklmnopqrstuvwxyz",
        ),
        ("SSH", b"SSH-2.0-OpenSSH_9.2\r\n"),
        (
            "a zero byte in the path",
            b"GET /\0 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        ),
        (
            "a zero byte in a header",
            b"GET / HTTP/1.1\r\nHost: a\0b\r\n\r\n",
        ),
        (
            "a folded header",
            b"GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX: a\r\n b\r\n\r\n",
        ),
        (
            "a space before the colon",
            b"GET /health HTTP/1.1\r\nHost : a\r\n\r\n",
        ),
        ("no version", b"GET /health\r\n\r\n"),
        ("a version of the future", b"GET /health HTTP/3.0\r\n\r\n"),
        (
            "a path without a slash",
            b"GET health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        ),
        (
            "raw bytes in the path",
            b"GET /p/\xff\xfe HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        ),
        (
            "CONNECT",
            b"CONNECT ur.example:443 HTTP/1.1\r\nHost: ur.example:443\r\nConnection: close\r\n\r\n",
        ),
        (
            "TRACE",
            b"TRACE /polls/bridge HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        ),
        (
            "a method in lower case",
            b"get /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        ),
        (
            "OPTIONS of everything",
            b"OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        ),
    ] {
        refused(&browser, what, request);
    }
    scene.ends_unharmed();
}

/// `/p/%ff` was answered in plain English by the library below.
#[test]
fn an_address_that_is_no_text_gets_the_page_for_addresses_that_there_are_not() {
    let scene = Scene::new();
    let browser = scene.server.browser();
    for path in [
        "/p/%ff",
        "/p/%ff/ar",
        "/polls/%fe",
        "/polls/%ff/export",
        "/polls/%ff/live",
        "/in/%ff",
    ] {
        let page = browser.get(path).status(404);
        assert!(page.text().contains("<main"), "{path}: {}", page.text());
    }
}

#[test]
fn no_path_leads_anywhere_but_where_it_says() {
    let scene = Scene::new();
    let browser = scene.server.browser();
    for path in [
        "//",
        "///health",
        "/polls//bridge",
        "/polls/bridge/",
        "/./health",
        "/polls/../health",
        "/../../etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/polls/%2e%2e%2fhealth",
        "/polls/..%5c..%5c",
        "/polls/bridge%00",
        "/%00",
        "/polls/bridge%2fexport",
        "/polls/BRIDGE",
        "/polls/bridge/export/..",
        "/polls/bridge;a=b",
        "/p/",
        "/p//",
        "/p/../health",
        "/p/%2e%2e/promise",
        "/polls/%D8%B3%D8%AC%D9%84",
        "/polls/%",
        "/polls/%zz",
        "/static/../health",
        "/static/%2e%2e/live.js",
        "/desk.sock",
        "/keys/operator.key",
        "/polls/bridge/vault/contacts",
        "/polls/bridge/roster%20",
        "/in/../../..",
        "/health/",
        "/health%20",
        "/?/../health/..",
    ] {
        let told = told(
            &browser,
            format!("GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").as_bytes(),
        );
        let expected: &[u16] = if path.starts_with("/?") {
            &[200]
        } else {
            &[404]
        };
        assert!(
            told == expected || (told == [400] && expected == [404]),
            "{path}: {told:?}"
        );
    }
    for (what, request) in [
        (
            "the absolute form",
            "GET http://elsewhere.example/health HTTP/1.1\r\nHost: elsewhere.example\r\nConnection: close\r\n\r\n",
        ),
        (
            "another host",
            "GET /health HTTP/1.1\r\nHost: elsewhere.example:1\r\nConnection: close\r\n\r\n",
        ),
        ("no host", "GET /health HTTP/1.0\r\n\r\n"),
    ] {
        assert_eq!(told(&browser, request.as_bytes()), [200], "{what}");
    }
    scene.ends_unharmed();
}

#[test]
fn requests_in_one_piece_in_many_or_many_in_one_are_all_answered() {
    let scene = Scene::new();
    let browser = scene.server.browser();
    let get = "GET /health HTTP/1.1\r\nHost: a\r\n\r\n";
    let last = get.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n");
    assert_eq!(
        told(&browser, (get.repeat(19) + &last).as_bytes()),
        [200; 20]
    );

    // One byte after another, in a little more than a second.
    let body = "answer=yes&revision=1";
    let request = format!(
        "{}Content-Length: {}\r\n\r\n{body}",
        form(&scene.invited[0].path),
        body.len()
    );
    let mut stream = browser.connect().unwrap();
    for byte in request.as_bytes() {
        stream.write_all(&[*byte]).unwrap();
        std::thread::sleep(Duration::from_millis(5));
    }
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let taken = Page::parse(&answer).unwrap().status(303);
    let confirmation = browser.get(taken.header("location").unwrap());
    assert!(confirmation.status(200).code().is_some());

    // Who asks whether to go on is told to, and then served; here nobody is, with an option that is on no ballot.
    let asking = format!(
        "{}Content-Length: 10\r\nExpect: 100-continue\r\n\r\n",
        form(&scene.invited[1].path)
    );
    let mut stream = browser.connect().unwrap();
    stream.write_all(asking.as_bytes()).unwrap();
    let mut go_on = [0; 25];
    stream.read_exact(&mut go_on).unwrap();
    assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(b"answer=all").unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    Page::parse(&answer).unwrap().status(422);
    scene.ends_unharmed_after(1);
}

/// Somebody who leaves before the answer is there: a phone out of reach, a page closed.
#[test]
fn connections_that_are_left_in_the_middle_harm_nobody() {
    let scene = Scene::new();
    let browser = scene.server.browser();
    let path = format!("/polls/{SLUG}/export");
    for _ in 0..200 {
        let mut stream = browser.connect().unwrap();
        let request = browser.start("GET", &path) + "\r\n";
        stream.write_all(request.as_bytes()).unwrap();
        // Closed with the answer unread: the other end gets a reset.
        drop(stream);
    }
    scene.ends_unharmed();
}
