//! Floods: more connections than anybody needs, all of them slow or silent. Memory and descriptors stay bounded, who
//! comes with an honest answer is served in the middle of it, and the ledger is whole afterwards.
//!
//! Everything is on the loopback, with counts and times of its own; where a machine does not let the story open as
//! many connections as it wants, it takes what it gets and says so.

use crate::assertions::{answers, choice, entries};
use crate::browser::{Browser, Page};
use crate::place::{Invitation, Place, Server, terms};
use crate::process::until;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::cell::Cell;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const SLUG: &str = "bridge";

/// The most memory that a server may ever have had, in KiB: some 27 MiB at rest, and 2,000 connections of at most 36 KiB
/// each are 71 (`limits::CONNECTIONS_MAX` has the arithmetic); seen are 53 in all. The log's cache stays nearly empty.
const MEMORY_KIB_MAX: u64 = 128 * 1024;

/// Time after which whoever keeps the service waiting must be gone: its ten seconds for a head, and a busy machine.
const GIVEN_UP: Duration = Duration::from_secs(40);

/// A server under attack, and people who only want to answer.
struct Siege {
    place: Place,
    server: Server,
    invited: Vec<Invitation>,
    answered: Cell<usize>,
    /// Descriptors open before anybody came.
    at_rest: usize,
}

impl Siege {
    fn new(serve: impl FnOnce(&Place) -> Server) -> Self {
        let place = Place::new();
        let invited = place.poll(&terms(), 30);
        let server = serve(&place);
        // What is opened at the first answer stays open.
        let siege = Self {
            at_rest: 0,
            place,
            server,
            invited,
            answered: Cell::new(0),
        };
        siege.an_honest_answer_is_taken();
        let at_rest = siege.server.usage().descriptors;
        Self { at_rest, ..siege }
    }

    /// Somebody opens a link and answers, as if nothing were.
    #[track_caller]
    fn an_honest_answer_is_taken(&self) {
        let person = &self.invited[self.answered.get()];
        self.server
            .browser()
            .answer(&person.path, "dont-know")
            .status(200);
        self.answered.set(self.answered.get() + 1);
        self.server.browser().get("/health").status(200);
    }

    /// This many connections, each with these bytes sent; as many as the machine gives.
    fn connect(&self, count: usize, bytes: &[u8]) -> Vec<TcpStream> {
        let browser = self.server.browser();
        let connect = |_| {
            let mut stream = browser.connect().ok()?;
            stream.write_all(bytes).ok()?;
            Some(stream)
        };
        (0..count).map_while(connect).collect()
    }

    #[track_caller]
    fn is_within_bounds(&self, descriptors_max: usize) {
        let usage = self.server.usage();
        assert!(
            usage.memory_peak_kib <= MEMORY_KIB_MAX && usage.descriptors <= descriptors_max,
            "{usage:?}, expected at most {MEMORY_KIB_MAX} KiB and {descriptors_max} descriptors"
        );
        println!("{usage:?}");
    }

    /// The server is as it was before, and its ledger holds every honest answer and nothing else.
    #[track_caller]
    fn ends_well(self) {
        let settled = until(GIVEN_UP, || {
            let open = self.server.usage().descriptors;
            (open <= self.at_rest + 8).then_some(())
        });
        assert!(
            settled.is_some(),
            "{} descriptors at rest, {:?} afterwards",
            self.at_rest,
            self.server.usage()
        );
        self.an_honest_answer_is_taken();
        self.is_within_bounds(self.at_rest + 16);
        self.server.stop().well();
        let file = self.place.path("after.export");
        self.place.sijill(args!["export", SLUG, &file]).well();
        let ledger = entries(&std::fs::read(file).unwrap());
        let taken: Vec<_> = answers(&ledger).into_iter().map(choice).collect();
        assert_eq!(taken, vec!["dont-know"; self.answered.get()]);
        self.place.audit_data(SLUG).well();
    }
}

/// Lets this process open as many connections as it may; how many of the wanted there will be.
fn as_many_as(wanted: usize) -> usize {
    let maximum = getrlimit(Resource::Nofile).maximum;
    let raised = Rlimit {
        current: maximum,
        maximum,
    };
    let _ = setrlimit(Resource::Nofile, raised);
    let there = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    let count =
        usize::try_from(there.saturating_sub(200)).map_or(wanted, |there| wanted.min(there));
    if count < wanted {
        println!("SKIPPED: only {count} of {wanted} connections, this machine allows no more");
    }
    count
}

/// Reads to the end, whatever comes; false if it does not end in time.
fn ends(stream: &mut TcpStream) -> bool {
    stream.set_read_timeout(Some(GIVEN_UP)).unwrap();
    let start = Instant::now();
    drop(stream.read_to_end(&mut Vec::new()));
    start.elapsed() < GIVEN_UP
}

/// A connection that never said anything was never given up: the time for a head was counted from its first byte. With
/// a usual limit of a thousand descriptors, a thousand of them, from one laptop, kept everybody else out for as long as
/// their owner liked. Now ten seconds of silence are the end of a connection.
#[test]
fn two_thousand_silent_connections_cost_little_and_are_given_up() {
    let siege = Siege::new(Place::serve);
    let count = as_many_as(2_000);
    let mut silent = siege.connect(count / 2, b"");
    silent.extend(siege.connect(count / 2, b"GET /health HTTP/1.1\r\nHost: a\r\nX-Half"));
    assert_eq!(silent.len(), count / 2 * 2);
    siege.an_honest_answer_is_taken();
    siege.is_within_bounds(siege.at_rest + count + 16);
    assert!(
        silent.iter_mut().all(ends),
        "somebody silent is still waited for"
    );
    siege.ends_well();
}

/// Sends one byte of `rest` every second on each of the streams, until told to stop.
fn trickle(mut streams: Vec<TcpStream>, rest: &[u8], stop: &AtomicBool) {
    for byte in rest.iter().cycle() {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        streams.retain_mut(|stream| stream.write_all(&[*byte]).is_ok());
        std::thread::sleep(Duration::from_secs(1));
    }
}

/// Answers wait for a place among a thousand requests at a time, and the place was taken before the body had arrived:
/// a thousand bodies sent a byte a second kept everybody else out for as long as their sender liked.
#[test]
fn slow_heads_and_bodies_keep_nobody_from_answering() {
    let siege = Siege::new(Place::serve);
    let browser = siege.server.browser();
    let count = as_many_as(1_300);
    let path = &siege.invited[29].path;
    let body = browser.start("POST", path)
        + "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000\r\n\r\nanswer=";
    let bodies = siege.connect(count - 100, body.as_bytes());
    let heads = siege.connect(100, b"GET /");
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| trickle(bodies, b"yes", &stop));
        scope.spawn(|| trickle(heads, b"a", &stop));
        let start = Instant::now();
        for _ in 0..3 {
            siege.an_honest_answer_is_taken();
        }
        // They would have to wait for the slow to be given up, all ten seconds, if they waited for them at all.
        println!("three answers in {:?}", start.elapsed());
        siege.is_within_bounds(siege.at_rest + count + 16);
        stop.store(true, Ordering::Relaxed);
    });
    siege.ends_well();
}

/// Where there is no room for another connection, the one that has been silent for longest makes room: a respondent
/// does not stand in line behind those who want nothing.
#[test]
fn at_the_limit_of_descriptors_the_silent_make_room_for_those_who_ask() {
    let siege = Siege::new(|place| place.serve_with_descriptors(300));
    as_many_as(800);
    // (300 − 128) / 2 = 86 connections have room.
    let room = 86;
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let attackers = [siege.server.browser(), siege.server.browser()];
        for attacker in attackers {
            scope.spawn(|| besiege(attacker, &stop));
        }
        until(GIVEN_UP, || {
            (siege.server.usage().descriptors >= siege.at_rest + room - 8).then_some(())
        })
        .expect("the attackers take all there is");
        for _ in 0..5 {
            siege.an_honest_answer_is_taken();
            siege.is_within_bounds(siege.at_rest + room + 16);
        }
        stop.store(true, Ordering::Relaxed);
    });
    assert!(
        !siege.server.log().contains("Too many open files"),
        "{}",
        siege.server.log()
    );
    siege.ends_well();
}

/// Opens silent connections and holds the last 200 of them, until told to stop.
fn besiege(browser: Browser, stop: &AtomicBool) {
    let mut held = std::collections::VecDeque::new();
    while !stop.load(Ordering::Relaxed) {
        held.extend(browser.connect().ok());
        if held.len() > 200 {
            held.pop_front();
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Who listens to live results or fetches a ledger and does not read is bounded in number, and by what the system
/// keeps for it.
#[test]
fn listeners_and_readers_who_never_read_cost_little() {
    let siege = Siege::new(Place::serve);
    let count = as_many_as(600);
    let listening = format!("GET /polls/{SLUG}/live HTTP/1.1\r\nHost: a\r\n\r\n");
    let fetching = format!("GET /polls/{SLUG}/export HTTP/1.1\r\nHost: a\r\n\r\n");
    let listeners = siege.connect(count / 2, listening.as_bytes());
    let readers = siege.connect(count / 2, fetching.as_bytes());
    assert_eq!(listeners.len() + readers.len(), count / 2 * 2);
    // Ten answers are one publication, which every listener is told of.
    for _ in 0..12 {
        siege.an_honest_answer_is_taken();
    }
    siege.is_within_bounds(siege.at_rest + count * 3 / 2 + 16);
    drop((listeners, readers));
    siege.ends_well();
}

/// Half of the places are for those who do not listen, however many want to.
#[test]
fn listeners_leave_half_of_the_places_to_others() {
    let siege = Siege::new(|place| place.serve_with_descriptors(300));
    let listening = format!("GET /polls/{SLUG}/live HTTP/1.1\r\nHost: a\r\n\r\n");
    let mut listeners = siege.connect(60, listening.as_bytes());
    let mut told = [200, 503].map(|status| (status, 0));
    for stream in &mut listeners {
        let mut start = [0; 12];
        stream.read_exact(&mut start).unwrap();
        let told = told
            .iter_mut()
            .find(|(status, _)| start.ends_with(status.to_string().as_bytes()));
        told.expect("a listener is taken, or told to come again").1 += 1;
    }
    assert_eq!(told, [(200, 43), (503, 17)]);
    siege.an_honest_answer_is_taken();
    drop(listeners);
    siege.ends_well();
}

/// A server with too few descriptors to serve anybody says so and does not start.
#[test]
fn too_few_descriptors_are_told_at_the_start() {
    let place = Place::new();
    place.poll(&terms(), 3);
    let started = std::process::Command::new("sh")
        .args([
            "-c",
            "ulimit -n 100 && exec \"$0\" serve --listen 127.0.0.1:0",
        ])
        .arg(place.command().get_program())
        .env("SIJILL_DATA", place.data())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&started.stderr);
    assert!(
        !started.status.success() && said.contains("ulimit -n"),
        "{said}"
    );
}

/// A page that was asked for before the stop arrives, and nobody who is silent holds the stop up.
#[test]
fn silent_connections_do_not_hold_up_a_stop() {
    let siege = Siege::new(Place::serve);
    let silent = siege.connect(200, b"");
    let page = siege.server.browser().get(&format!("/polls/{SLUG}"));
    assert!(Page::status(page, 200).text().contains("</html>"));
    let start = Instant::now();
    siege.server.stop().well();
    assert!(start.elapsed() < Duration::from_secs(15));
    drop(silent);
}
