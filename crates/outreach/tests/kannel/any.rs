//! Gateways that do anything: whatever comes, each submit is told of once, and no log line says whose it was.

use crate::desk::{Desk, NUMBER, PASSWORD, SECRET, SOON, submits, told};
use crate::server::{Line, Server, call};
use sijill_outreach::gateway::Report;
use std::collections::{BTreeMap, VecDeque};
use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::{sleep, timeout};
use tracing_subscriber::filter::LevelFilter;

/// Numbers that look like chance, the same in every run (xorshift).
struct Dice(u64);

impl Dice {
    fn throw(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }
}

/// Answers requests in every way there is, until the connection ends.
async fn misbehave(mut line: Line, mut dice: Dice) {
    while line.next().await.is_some() {
        let (status, body) = match dice.throw(30) {
            0 => return,
            1 => {
                line.say("no HTTP at all\r\n\r\n").await;
                return;
            }
            2 => {
                line.say("HTTP/1.1 503 No\r\nContent-Length: 40\r\n\r\nTemp")
                    .await;
                return;
            }
            3 => {
                sleep(Duration::from_millis(300)).await;
                return;
            }
            4 => (500, ""),
            5 => (404, ""),
            6 => (200, "Welcome"),
            7..10 => (503, "Temporal failure, try again later."),
            10..13 => (
                400,
                "Number(s) has/have been denied by white- and/or black-lists.",
            ),
            _ => (202, "0: Accepted for delivery"),
        };
        line.answer(status, body).await;
    }
}

#[tokio::test]
async fn each_submit_is_told_of_once_whatever_the_gateway_does() {
    for seed in 1..=8 {
        let (server, mut settings) = Server::open().await;
        settings.window = 7;
        settings.times.response = Duration::from_millis(150);
        settings.times.again_first = Duration::from_millis(1);
        settings.times.again_max = Duration::from_millis(5);
        let serving = tokio::spawn(async move {
            let mut dice = Dice(0x9E37_79B9 * seed);
            loop {
                let line = server.connection().await;
                tokio::spawn(misbehave(line, Dice(dice.throw(u64::MAX) | 1)));
            }
        });
        let mut desk = Desk::open(settings);
        let mut todo: VecDeque<_> = (0..400)
            .flat_map(|number| submits(number, NUMBER, "Hi"))
            .collect();
        let mut told_of = BTreeMap::new();
        while told_of.len() < 400 {
            tokio::select! {
                room = desk.0.submits.reserve(), if !todo.is_empty() => room.unwrap().send(todo.pop_front().unwrap()),
                report = timeout(SOON, desk.0.reports.recv()) => match report.expect("it goes on").unwrap() {
                    Report::Accepted { ticket, .. }
                    | Report::Refused { ticket, .. }
                    | Report::Unanswered { ticket }
                    | Report::Unsent { ticket } => assert_eq!(told_of.insert(ticket, seed), None, "{ticket:?}"),
                    Report::Up | Report::Down { .. } => {}
                    other => panic!("{}", told(&other)),
                },
            }
        }
        for rest in desk.leave().await {
            assert!(rest == "up" || rest.starts_with("down: "), "{rest}");
        }
        serving.abort();
    }
}

/// Log lines, kept.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn no_log_line_has_a_number_a_text_the_password_or_the_secret() {
    let kept = Kept::default();
    let writer = kept.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(LevelFilter::TRACE)
        .with_writer(move || writer.clone());
    let _guard = tracing::subscriber::set_default(subscriber.finish());
    let (server, settings) = Server::open().await;
    let listen = settings.callbacks.listen;
    let mut desk = Desk::open(settings);
    let mut line = server.connection().await;
    desk.send(1, "ur.example/p/token").await;
    line.request().await;
    line.answer(500, &format!("{NUMBER} {PASSWORD}")).await;
    let mut said = String::new();
    while !said.contains("unanswered") {
        said.push_str(&desk.told().await);
    }
    let garbled = format!("/{SECRET}/sms?text={NUMBER}");
    assert_eq!(call(listen, &garbled).await, Some(400));
    assert_eq!(call(listen, &format!("/{NUMBER}")).await, Some(404));
    let reply = format!("/{SECRET}/sms?from={NUMBER}&text=a+reply");
    tokio::spawn(async move { call(listen, &reply).await });
    while !desk.told().await.starts_with("reply") {}
    let lines = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
    assert!(
        lines.contains("can be reached") && lines.contains("lacks a field"),
        "{lines}"
    );
    for secret in [
        NUMBER,
        "701234567",
        PASSWORD,
        "pass%26word",
        SECRET,
        "token",
        "a reply",
        "127.0.0.1",
    ] {
        assert!(!lines.contains(secret), "{secret} in {lines}");
        assert!(!said.contains(secret), "{secret} in {said}");
    }
}
