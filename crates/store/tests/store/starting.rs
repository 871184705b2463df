//! Starting: after a clean stop, after any other, with a head that does not fit, and beside somebody else.

use crate::bench::{
    Ledger, as_killed, check_loads, copies, files_in, listing, load, open, written,
};
use sijill_store::{DataDir, Log, StoreError};
use std::fs;
use std::path::Path;

/// A data directory that was stopped cleanly, with a ledger of three entries.
fn stopped(data: &Path) -> Ledger {
    let log = open(data);
    let ledger = written(&log, "iraq", 3);
    log.close().unwrap();
    ledger
}

#[test]
fn a_clean_stop_leaves_a_mark_and_the_next_start_takes_it_away() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = stopped(folder.path());
    assert!(folder.path().join("clean").exists());
    let log = open(folder.path());
    assert!(!folder.path().join("clean").exists());
    assert!(copies(folder.path()).is_empty());
    check_loads(&log, &ledger);
    log.finish_loading().unwrap();
    log.finish_loading().unwrap();
}

#[test]
fn an_unclean_log_is_copied_and_the_copy_goes_when_it_is_known_to_be_whole() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = stopped(folder.path());
    drop(open(folder.path()));
    let found = files_in(&folder.path().join("log"));
    let log = open(folder.path());
    assert_eq!(copies(folder.path()), ["before-recovery-1"]);
    let copy = folder.path().join("before-recovery-1");
    assert!(files_in(&copy.join("log")) == found);
    assert!(copy.join("polls/iraq/head").exists());
    check_loads(&log, &ledger);
    log.finish_loading().unwrap();
    assert!(copies(folder.path()).is_empty());
    log.finish_loading().unwrap();
}

#[test]
fn a_ledger_that_was_not_loaded_keeps_the_copy() {
    let folder = tempfile::tempdir().unwrap();
    stopped(folder.path());
    drop(open(folder.path()));
    let log = open(folder.path());
    log.finish_loading().unwrap_err();
    assert_eq!(copies(folder.path()), ["before-recovery-1"]);
}

/// A service that is started again and again over a damaged log made a copy each time, until the disk was full.
#[test]
fn failed_starts_keep_their_copies_and_do_not_fill_the_disk() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    let ledger = stopped(data);
    fs::remove_file(data.join("clean")).unwrap();
    fs::remove_file(data.join("polls/iraq/head")).unwrap();
    for start in 1..=3 {
        let log = open(data);
        load(&log, &ledger.origin).unwrap_err();
        assert_eq!(copies(data).len(), start);
    }
    let error = Log::open(DataDir::open(data).unwrap()).err().unwrap();
    assert!(error.to_string().contains("before-recovery-1"), "{error}");
    assert_eq!(copies(data).len(), 3);
}

/// What happened: a start killed after it had made its copy left it behind, and the next made another. What a respondent
/// would have lost: after the third kill the service refused to start over a log that was whole. What holds: one copy,
/// the first, stands for all starts that came to no verdict, and goes when one finds the log whole.
#[test]
fn starts_that_are_killed_share_one_copy_and_do_not_keep_the_service_from_starting() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    let ledger = stopped(data);
    fs::remove_file(data.join("clean")).unwrap();
    let found = files_in(&data.join("log"));
    for _ in 0..5 {
        drop(open(data));
        assert_eq!(copies(data), ["before-recovery-1"]);
        assert!(files_in(&data.join("before-recovery-1/log")) == found);
    }
    let log = open(data);
    check_loads(&log, &ledger);
    log.finish_loading().unwrap();
    assert!(copies(data).is_empty());
}

#[test]
fn half_a_copy_of_a_start_that_was_killed_is_not_taken_for_one() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    let ledger = stopped(data);
    fs::remove_file(data.join("clean")).unwrap();
    fs::create_dir_all(data.join("before-recovery.unfinished/log")).unwrap();
    let log = open(data);
    assert_eq!(copies(data), ["before-recovery-1"]);
    check_loads(&log, &ledger);
    log.finish_loading().unwrap();
    assert!(copies(data).is_empty());
}

#[test]
fn a_failed_load_stops_the_log_and_leaves_no_mark_of_a_clean_stop() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    let ledger = stopped(data);
    fs::remove_file(data.join("polls/iraq/head")).unwrap();
    let log = open(data);
    load(&log, &ledger.origin).unwrap_err();
    assert!(matches!(
        Ledger::new("chile").append(&log, &[""]),
        Err(StoreError::Poisoned(_))
    ));
    assert!(matches!(log.close(), Err(StoreError::Poisoned(_))));
    assert!(!data.join("clean").exists());
}

#[test]
fn a_log_behind_its_head_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let (data, later) = (folder.path().join("data"), folder.path().join("later"));
    stopped(&data);
    as_killed(&data, &later);
    let log = open(&later);
    let mut ledger = stopped_again(&log);
    ledger.append(&log, &["four", "five"]).unwrap();
    log.close().unwrap();
    fs::copy(later.join("polls/iraq/head"), data.join("polls/iraq/head")).unwrap();
    let error = load(&open(&data), &ledger.origin).unwrap_err();
    assert!(
        matches!(&error, StoreError::BehindHead { slug, last: 4, found: 3, .. } if slug == "iraq"),
        "{error}"
    );
}

/// The ledger of `stopped`, loaded again.
fn stopped_again(log: &Log) -> Ledger {
    let mut ledger = Ledger::new("iraq");
    let (loaded, entries) = load(log, &ledger.origin).unwrap();
    ledger.head = loaded.head;
    ledger.entries = entries;
    ledger
}

#[test]
fn a_head_file_that_is_gone_is_missed() {
    for entries in [1, 3] {
        let folder = tempfile::tempdir().unwrap();
        let log = open(folder.path());
        let ledger = written(&log, "iraq", entries);
        log.close().unwrap();
        drop(log);
        fs::remove_file(folder.path().join("polls/iraq/head")).unwrap();
        let error = load(&open(folder.path()), &ledger.origin).unwrap_err();
        assert!(
            matches!(error, StoreError::HeadMissing { size, .. } if size == Some(entries as u64)),
            "{error}"
        );
    }
}

#[test]
fn a_head_file_that_is_damaged_is_not_taken_for_none() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = stopped(folder.path());
    let path = folder.path().join("polls/iraq/head");
    fs::write(&path, vec![7; 8_192]).unwrap();
    let error = load(&open(folder.path()), &ledger.origin).unwrap_err();
    assert!(matches!(error, StoreError::HeadMissing { .. }), "{error}");
    // With the log gone as well, nothing but the damaged head says that there was one.
    fs::remove_dir_all(folder.path().join("log")).unwrap();
    let error = open(folder.path()).finish_loading().unwrap_err();
    assert!(matches!(error, StoreError::HeadMissing { .. }), "{error}");
}

#[test]
fn the_head_file_of_another_poll_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path());
    let (iraq, _) = (written(&log, "iraq", 3), written(&log, "chile", 2));
    log.close().unwrap();
    drop(log);
    let polls = folder.path().join("polls");
    fs::copy(polls.join("chile/head"), polls.join("iraq/head")).unwrap();
    let error = load(&open(folder.path()), &iraq.origin).unwrap_err();
    assert!(
        matches!(error, StoreError::OtherThanHead { index: 1, .. }),
        "{error}"
    );
}

#[test]
fn a_log_that_is_gone_is_missed() {
    let folder = tempfile::tempdir().unwrap();
    stopped(folder.path());
    fs::remove_dir_all(folder.path().join("log")).unwrap();
    let log = open(folder.path());
    assert!(log.ledgers().unwrap().is_empty());
    let error = log.finish_loading().unwrap_err();
    assert!(
        matches!(
            error,
            StoreError::BehindHead {
                last: 2,
                found: 0,
                ..
            }
        ),
        "{error}"
    );
    assert!(log.close().is_err());
}

#[test]
fn a_poll_that_is_only_prepared_stops_no_start() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = stopped(folder.path());
    fs::create_dir_all(folder.path().join("polls/chile")).unwrap();
    fs::write(folder.path().join("polls/chile/roster"), b"leaves").unwrap();
    fs::write(folder.path().join("polls/.a-file"), b"").unwrap();
    let log = open(folder.path());
    check_loads(&log, &ledger);
    log.finish_loading().unwrap();
    let mut chile = Ledger::new("chile");
    chile.append(&log, &[""]).unwrap();
}

/// sled remembers the name of a ledger before its first frame. Killed in between, the service could never be started
/// again: the ledger "has no entries".
#[test]
fn reading_a_ledger_that_is_not_there_does_not_make_one() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path());
    let nobody = Ledger::new("nobody");
    assert_eq!(log.entries(&nobody.origin, 0).count(), 0);
    assert!(log.ledgers().unwrap().is_empty());
    log.close().unwrap();
    drop(log);
    assert!(open(folder.path()).ledgers().unwrap().is_empty());
}

#[test]
fn a_directory_has_one_holder() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path());
    for refused in [
        DataDir::open(folder.path()),
        DataDir::create_or_open(folder.path()),
    ] {
        assert!(matches!(refused, Err(StoreError::Held { .. })));
    }
    let clone = log.clone();
    drop(log);
    assert!(matches!(
        DataDir::open(folder.path()),
        Err(StoreError::Held { .. })
    ));
    drop(clone);
    DataDir::open(folder.path()).unwrap();
}

/// The lock was let go before sled had finished: the next process found sled's file held, or changing under it.
#[test]
fn whoever_gets_the_directory_gets_a_closed_log() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_owned();
    let log = open(&data);
    let mut ledger = written(&log, "iraq", 1);
    for _ in 0..20 {
        let before = ledger.head;
        for _ in 0..20 {
            ledger.seal(&"x".repeat(40_000));
        }
        log.append(&[ledger.since(before)]).unwrap();
    }
    let waiting = std::thread::spawn(move || {
        loop {
            match DataDir::open(&data) {
                Ok(dir) => return Log::open(dir).map(drop),
                Err(StoreError::Held { .. }) => std::thread::yield_now(),
                Err(error) => return Err(error),
            }
        }
    });
    drop(log);
    waiting.join().unwrap().unwrap();
}

#[test]
fn a_closed_log_takes_nothing_and_closes_again() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path());
    let mut ledger = written(&log, "iraq", 2);
    log.close().unwrap();
    log.close().unwrap();
    assert!(ledger.append(&log, &["late"]).is_err());
    assert_eq!(
        listing(folder.path()),
        ["clean", "format", "lock", "log", "polls"]
    );
}
