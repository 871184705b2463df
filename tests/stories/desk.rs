//! The desk's socket: whatever comes in there is answered in words, nothing is recorded for it, and operators get on.

use crate::place::{Place, terms};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

const SLUG: &str = "bridge";

/// Longest that an answer may take.
const ANSWER_MAX: Duration = Duration::from_secs(40);

/// A data directory's path may be too long for a socket's; its descriptor's is not.
fn connect(place: &Place) -> UnixStream {
    let directory = std::fs::File::open(place.data()).unwrap();
    let descriptor = std::os::fd::AsRawFd::as_raw_fd(&directory);
    let stream = UnixStream::connect(format!("/proc/self/fd/{descriptor}/desk.sock")).unwrap();
    stream.set_read_timeout(Some(ANSWER_MAX)).unwrap();
    stream.set_write_timeout(Some(ANSWER_MAX)).unwrap();
    stream
}

/// Every line that comes back for these bytes.
fn told(place: &Place, bytes: &[u8]) -> Vec<serde_json::Value> {
    let mut stream = connect(place);
    // The desk may hang up before it has read everything.
    drop(stream.write_all(bytes));
    drop(stream.shutdown(std::net::Shutdown::Write));
    let mut answers = String::new();
    stream.read_to_string(&mut answers).unwrap();
    answers
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// A line too long, or one that is not UTF-8, was taken for several, or got no answer at all.
#[test]
fn whatever_is_said_at_the_desk_is_answered_in_words() {
    let place = Place::new();
    place.poll(&terms(), 3);
    let server = place.serve();
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/desk");
    let before = place.sijill(["ledger", "show", SLUG]).well().out;
    let mut said: Vec<Vec<u8>> = std::fs::read_dir(corpus)
        .unwrap()
        .map(|file| std::fs::read(file.unwrap().path()).unwrap())
        .collect();
    said.push(vec![b'a'; 1 << 20]);
    said.push([vec![b'a'; 1 << 20], b"\n{\"ask\":\"list\"}\n".to_vec()].concat());
    for bytes in said {
        let answers = told(&place, &bytes);
        let text = String::from_utf8_lossy(&bytes[..bytes.len().min(80)]).into_owned();
        assert_eq!(answers.is_empty(), bytes.is_empty(), "{text}");
        assert!(
            answers.iter().all(|answer| answer["reply"].is_string()),
            "{text}"
        );
    }
    let long = told(&place, &vec![b'a'; 1 << 20]);
    assert_eq!(long.len(), 1, "a long line is one line");
    assert_eq!(long[0]["reply"], "refused");
    assert_eq!(place.sijill(["ledger", "show", SLUG]).well().out, before);
    server.stop().well();
    place.audit_data(SLUG).well();
}

/// Those who come to the desk and say nothing are bounded in number, and hold nobody up who comes over HTTP.
#[test]
fn who_waits_at_the_desk_keeps_no_respondent_waiting() {
    let place = Place::new();
    let invited = place.poll(&terms(), 3);
    let server = place.serve();
    let mut waiting: Vec<UnixStream> = (0..100).map(|_| connect(&place)).collect();
    server.browser().answer(&invited[0].path, "yes").status(200);
    assert!(server.usage().descriptors < 64 + 64, "{:?}", server.usage());
    // Who has said something is answered as long as they stay.
    let stream = waiting.first_mut().unwrap();
    stream
        .write_all(b"{\"ask\":\"list\"}\n{\"ask\":\"list\"}\n")
        .unwrap();
    let mut lines = BufReader::new(stream).lines();
    for _ in 0..2 {
        assert!(
            lines
                .next()
                .unwrap()
                .unwrap()
                .contains("\"reply\":\"polls\"")
        );
    }
    drop(waiting);
    place.sijill(["poll", "show", SLUG]).well();
    server.stop().well();
}
