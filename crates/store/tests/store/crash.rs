//! A writer killed at any instant: whatever it was told is durable is there afterwards.

use crate::bench::{Ledger, load, open};
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const DATA: &str = "SIJILL_STORE_CRASH_DATA";

/// Not a test: what `a_killed_writer_loses_nothing_that_it_was_told` starts and kills.
#[test]
#[ignore = "the child of a_killed_writer_loses_nothing_that_it_was_told"]
fn writes_until_it_is_killed() {
    let Some(data) = std::env::var_os(DATA) else {
        return;
    };
    let log = open(data.as_ref());
    let mut ledger = loaded(&log);
    log.finish_loading().unwrap();
    loop {
        let before = ledger.head;
        for number in 0..ledger.head.size % 7 + 1 {
            ledger.seal(&"x".repeat((ledger.head.size * 977 + number) as usize % 20_000));
        }
        log.append(&[ledger.since(before)]).unwrap();
        println!("acknowledged {}", ledger.head.size);
    }
}

fn loaded(log: &sijill_store::Log) -> Ledger {
    let mut ledger = Ledger::new("iraq");
    if !log.ledgers().unwrap().is_empty() {
        let (loaded, entries) = load(log, &ledger.origin).unwrap();
        (ledger.head, ledger.entries) = (loaded.head, entries);
    }
    ledger
}

#[test]
fn a_killed_writer_loses_nothing_that_it_was_told() {
    let folder = tempfile::tempdir().unwrap();
    let mut acknowledged = 0;
    for round in 0..8u64 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "crash::writes_until_it_is_killed"])
            .args(["--ignored", "--nocapture", "--test-threads=1"])
            .env(DATA, folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let heard = std::thread::spawn(move || {
            let told = |line: String| line.split_once("acknowledged ")?.1.parse().ok();
            let told = |line: std::io::Result<String>| told(line.ok()?);
            lines.filter_map(told).last().unwrap_or(0u64)
        });
        let until = Instant::now() + Duration::from_millis(150 + round * 61);
        while Instant::now() < until {
            std::thread::sleep(Duration::from_millis(1));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        acknowledged = heard.join().unwrap().max(acknowledged);
        let log = open(folder.path());
        let ledger = loaded(&log);
        assert!(
            ledger.head.size >= acknowledged,
            "{} entries left of {acknowledged}",
            ledger.head.size
        );
        log.finish_loading().unwrap();
    }
    assert!(acknowledged > 0, "no writer got as far as one entry");
}
