//! Centres that do anything: whatever comes, each submit is told of once, and no log line says whose it was.

use crate::desk::{Desk, NUMBER, SOON, submits, told};
use crate::raw::{BIND, Centre, DELIVER, Line, NACK, RESPONSE, SUBMIT, UNBIND, delivery};
use sijill_outreach::gateway::Report;
use std::collections::{BTreeMap, VecDeque};
use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::time::timeout;
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

/// Answers submits in every way there is, until the connection ends.
async fn misbehave(line: &mut Line, dice: &mut Dice) -> Option<()> {
    loop {
        let pdu = line.next().await?;
        let sequence = pdu.sequence;
        let (command, status, sequence, body) = match (pdu.command, dice.throw(40)) {
            (UNBIND, _) => return None,
            (SUBMIT, 0) => return None,
            (SUBMIT, 1) => {
                line.0.write_all(b"no SMPP at all").await.ok()?;
                return None;
            }
            (SUBMIT, 2) => (UNBIND, 0, sequence, vec![]),
            (SUBMIT, 3) => continue,
            (SUBMIT, 4..8) => (NACK, 3, sequence, vec![]),
            (SUBMIT, 8..12) => (SUBMIT | RESPONSE, 0x58, sequence, vec![]),
            (SUBMIT, 12..14) => (SUBMIT | RESPONSE, 0, sequence + 1, b"a\0".to_vec()),
            (SUBMIT, 14..16) => (
                DELIVER,
                0,
                sequence,
                delivery(NUMBER, 4, 0, b"id:a stat:DELIVRD", &[]),
            ),
            (SUBMIT, _) => (SUBMIT | RESPONSE, 0, sequence, b"a\0".to_vec()),
            _ => continue,
        };
        let said = crate::raw::pdu(command, status, sequence, &body);
        line.0.write_all(&said).await.ok()?;
    }
}

async fn any_centre(centre: Centre, mut dice: Dice) {
    loop {
        let mut line = centre.connection().await;
        let Some(bind) = line.next().await else {
            continue;
        };
        let status = if dice.throw(4) == 0 { 0x08 } else { 0 };
        let answer = crate::raw::pdu(BIND | RESPONSE, status, bind.sequence, b"\0");
        if line.0.write_all(&answer).await.is_ok() && status == 0 {
            misbehave(&mut line, &mut dice).await;
        }
    }
}

#[tokio::test]
async fn each_submit_is_told_of_once_whatever_the_centre_does() {
    for seed in 1..=8 {
        let (centre, mut settings) = Centre::open().await;
        settings.window = 7;
        settings.times.response = Duration::from_millis(150);
        settings.times.again_first = Duration::from_millis(1);
        settings.times.again_max = Duration::from_millis(5);
        tokio::spawn(any_centre(centre, Dice(0x9E37_79B9 * seed)));
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
                    Report::Receipt { ack, .. } => ack.give(),
                    Report::Up | Report::Down { .. } => {}
                    other => panic!("{}", told(&other)),
                },
            }
        }
        for rest in desk.leave().await {
            assert!(
                ["up", "down", "rece"]
                    .iter()
                    .any(|word| rest.starts_with(word)),
                "{rest}"
            );
        }
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
async fn no_log_line_has_a_number_a_text_or_the_password() {
    let kept = Kept::default();
    let writer = kept.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(LevelFilter::TRACE)
        .with_writer(move || writer.clone());
    let _guard = tracing::subscriber::set_default(subscriber.finish());
    let (centre, settings) = Centre::open().await;
    let mut desk = Desk::open(settings);
    let mut line = centre.bound().await;
    desk.send(1, "ur.example/p/token").await;
    line.take("id").await;
    line.say(DELIVER, 0, 1, &delivery(NUMBER, 0, 0, b"a reply", &[]))
        .await;
    line.say(
        DELIVER,
        0,
        2,
        &delivery(NUMBER, 4, 0, b"stat:DELIVRD of nothing", &[]),
    )
    .await;
    line.say(DELIVER, 0, 3, NUMBER.as_bytes()).await;
    for expected in ["up", "1.0 accepted as id", "reply a reply"] {
        assert_eq!(desk.told().await, expected);
    }
    line.0
        .write_all(format!("{NUMBER}{NUMBER}").as_bytes())
        .await
        .unwrap();
    assert!(desk.told().await.starts_with("down: "));
    let lines = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
    assert!(
        lines.contains("connected to the SMS gateway") && lines.contains("no connection"),
        "{lines}"
    );
    for secret in [
        NUMBER,
        "701234567",
        "secret",
        "token",
        "a reply",
        "of nothing",
        "127.0.0.1",
    ] {
        assert!(!lines.contains(secret), "{secret} in {lines}");
    }
}
