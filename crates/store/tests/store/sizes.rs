//! Sizes at their limits: frames, entries, and what sled makes of many of them.

use crate::bench::{Ledger, check_loads, open, written};
use sijill_ledger::Linked;
use sijill_ledger::limits::ENTRY_BYTES_MAX;
use sijill_store::limits::FRAME_BYTES_MAX;
use std::fs;
use std::path::Path;

/// Bytes of an entry's length in a frame.
const LENGTH: usize = 4;

fn blobs(data: &Path) -> usize {
    fs::read_dir(data.join("log/blobs")).map_or(0, Iterator::count)
}

fn reopened(data: &Path, ledger: &Ledger) {
    let log = open(data);
    check_loads(&log, ledger);
    log.finish_loading().unwrap();
    log.close().unwrap();
}

#[test]
fn entries_around_the_limit_of_a_frame_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path());
    let mut ledger = written(&log, "iraq", 1);
    let full = FRAME_BYTES_MAX - LENGTH;
    let half = FRAME_BYTES_MAX / 2 - LENGTH;
    for commit in [
        vec![full],
        vec![full - 1, full + 1],
        vec![half, half],
        vec![half, half + 1],
        vec![half, half, half],
        vec![60, full, 60],
    ] {
        let before = ledger.head;
        commit.iter().for_each(|bytes| ledger.seal_bytes(*bytes));
        log.append(&[ledger.since(before)]).unwrap();
    }
    log.close().unwrap();
    drop(log);
    reopened(folder.path(), &ledger);
    assert_eq!(blobs(folder.path()), 0);
}

#[test]
fn the_longest_entry_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path());
    let mut ledger = written(&log, "iraq", 1);
    let before = ledger.head;
    ledger.seal_bytes(ENTRY_BYTES_MAX);
    ledger.seal("short");
    log.append(&[ledger.since(before)]).unwrap();
    let too_long = [ledger.entries[1].as_slice(), &[0]].concat();
    assert!(Linked::of(&too_long).is_err());
    drop(log);
    reopened(folder.path(), &ledger);
    assert_eq!(blobs(folder.path()), 0);
}

/// A blob file is one that sled never syncs: a frame in it was acknowledged and lost without an error.
#[test]
fn no_frame_of_thousands_goes_to_a_blob_file() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path());
    let mut ledger = written(&log, "iraq", 1);
    for _ in 0..100 {
        let before = ledger.head;
        for _ in 0..24 {
            ledger.seal_bytes(FRAME_BYTES_MAX - LENGTH);
        }
        log.append(&[ledger.since(before)]).unwrap();
        assert_eq!(blobs(folder.path()), 0);
    }
    log.close().unwrap();
    drop(log);
    reopened(folder.path(), &ledger);
    assert_eq!(blobs(folder.path()), 0);
}

/// Seventeen of the longest entries in a row make a leaf of more than a quarter of a segment, which no rule of polls
/// allows and an import might bring.
#[test]
fn many_of_the_longest_entries_in_a_row_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path());
    let mut ledger = written(&log, "iraq", 1);
    for _ in 0..60 {
        let before = ledger.head;
        ledger.seal_bytes(ENTRY_BYTES_MAX);
        log.append(&[ledger.since(before)]).unwrap();
    }
    drop(log);
    reopened(folder.path(), &ledger);
    println!("blob files: {}", blobs(folder.path()));
}
