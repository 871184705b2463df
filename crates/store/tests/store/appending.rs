//! Appending against an expected head: what is taken, and what is refused without a trace.

use crate::bench::{Ledger, check_loads, head_of, load, open, written};
use proptest::prelude::*;
use sijill_ledger::chain::ChainBreak;
use sijill_ledger::{Head, Link, Linked};
use sijill_store::{Append, StoreError};

/// One step of a writer's life.
#[derive(Debug, Clone)]
enum Step {
    /// Entries of these lengths, as one commit.
    Append(Vec<usize>),
    /// A clean stop and a start.
    Restart,
    /// A start without a clean stop.
    Crash,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let lengths = prop_oneof![4 => 0usize..400, 1 => 20_000usize..60_000];
    let step = prop_oneof![
        6 => prop::collection::vec(lengths, 1..12).prop_map(Step::Append),
        1 => Just(Step::Restart),
        1 => Just(Step::Crash),
    ];
    prop::collection::vec(step, 1..14)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_appended_is_loaded_after_any_stop(steps in steps()) {
        let folder = tempfile::tempdir().unwrap();
        let mut log = open(folder.path());
        let mut ledger = Ledger::new("iraq");
        for step in steps {
            if let Step::Append(lengths) = &step {
                let texts: Vec<String> = lengths.iter().map(|length| "a".repeat(*length)).collect();
                ledger.append(&log, &texts.iter().map(String::as_str).collect::<Vec<_>>()).unwrap();
                continue;
            }
            if matches!(step, Step::Restart) {
                log.close().unwrap();
            }
            drop(log);
            log = open(folder.path());
            if ledger.head.size > 0 {
                check_loads(&log, &ledger);
            }
            log.finish_loading().unwrap();
        }
        if ledger.head.size > 0 {
            check_loads(&log, &ledger);
        }
    }
}

#[test]
fn several_ledgers_share_a_commit_and_are_loaded_apart() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path());
    let (mut iraq, mut chile) = (Ledger::new("iraq"), Ledger::new("chile"));
    for round in 0..20 {
        let (before, other) = (iraq.head, chile.head);
        iraq.seal(&format!("iraq {round}"));
        chile.seal(&format!("chile {round}"));
        chile.seal(&"c".repeat(30_000));
        log.append(&[iraq.since(before), chile.since(other)])
            .unwrap();
    }
    log.close().unwrap();
    drop(log);
    let log = open(folder.path());
    let mut names = log.ledgers().unwrap();
    names.sort();
    assert_eq!(names, [chile.origin.to_string(), iraq.origin.to_string()]);
    check_loads(&log, &iraq);
    check_loads(&log, &chile);
}

#[test]
fn entries_are_read_from_any_index_on() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path());
    let mut ledger = written(&log, "iraq", 3);
    let long = "x".repeat(20_000);
    ledger
        .append(&log, &["a", &long, &long, &long, "b"])
        .unwrap();
    for from in 0..=ledger.entries.len() + 2 {
        let read: Vec<Vec<u8>> = log
            .entries(&ledger.origin, from as u64)
            .map(Result::unwrap)
            .collect();
        let expected = ledger.entries.get(from..).unwrap_or_default();
        assert!(read == expected, "from {from}");
    }
}

#[track_caller]
fn check_refused(log: &sijill_store::Log, ledger: &Ledger, append: Append<'_>) -> StoreError {
    let error = log.append(&[append]).unwrap_err();
    check_loads(log, ledger);
    error
}

#[test]
fn an_append_elsewhere_than_at_the_end_is_a_conflict() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path());
    let mut ledger = written(&log, "iraq", 3);
    let mut behind = Ledger::new("iraq");
    behind.seal("");
    let before = behind.head;
    behind.seal("another past");
    for append in [
        behind.since(Head::start(&ledger.origin)),
        behind.since(before),
    ] {
        let error = check_refused(&log, &ledger, append);
        assert!(
            matches!(
                error,
                StoreError::Conflict {
                    expected: 0 | 1,
                    found: 3,
                    ..
                }
            ),
            "{error}"
        );
    }
    let other_link = Head {
        size: 3,
        link: Link::from_bytes([7; 32]),
    };
    let mut next = ledger.clone();
    next.seal("next");
    let mut append = next.since(ledger.head);
    append.before = other_link;
    check_refused(&log, &ledger, append);
    ledger
        .append(&log, &["the log still takes entries"])
        .unwrap();
    check_loads(&log, &ledger);
}

#[test]
fn entries_that_do_not_follow_each_other_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path());
    let ledger = written(&log, "iraq", 2);
    let mut next = ledger.clone();
    next.seal("one");
    next.seal("two");
    let mut past = Ledger::new("iraq");
    for _ in 0..4 {
        past.seal("another past");
    }
    let stranger = Linked::of(&past.entries[3]).unwrap();
    let changes: [fn(&mut Append<'_>); 3] = [
        |append| append.entries.swap(0, 1),
        |append| {
            append.entries.remove(0);
        },
        |append| append.entries[1] = append.entries[0],
    ];
    for change in changes {
        let mut append = next.since(ledger.head);
        change(&mut append);
        check_refused(&log, &ledger, append);
    }
    let mut append = next.since(ledger.head);
    append.entries[1] = stranger;
    check_refused(&log, &ledger, append);
    assert_eq!(Linked::of(b""), Err(ChainBreak::NoEntry));
}

/// The service writes a batch while the one before it is on its way to the disk. A power cut in between must find a
/// head file that says no more than what was committed, and the next writer the place after everything written.
#[test]
fn what_is_written_counts_as_durable_only_after_its_commit() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let log = open(&data);
    let mut ledger = written(&log, "iraq", 2);
    let durable = ledger.head;
    ledger.seal("one");
    let one = log.write(&[ledger.since(durable)]).unwrap();
    let before = ledger.head;
    ledger.seal("two");
    let two = log.write(&[ledger.since(before)]).unwrap();
    log.sync_heads().unwrap();
    assert_eq!(head_of(&data, "iraq"), durable.size);
    log.commit(one).unwrap();
    assert_eq!(head_of(&data, "iraq"), before.size);
    log.commit(two).unwrap();
    assert_eq!(head_of(&data, "iraq"), ledger.head.size);
    check_loads(&log, &ledger);
}

/// A log whose ledger nobody loaded looks empty to its writer; entry 0 of another past would have replaced the frames
/// of respondents who hold promises.
#[test]
fn a_ledger_that_was_not_loaded_is_not_begun_again() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path());
    let ledger = written(&log, "iraq", 3);
    log.close().unwrap();
    drop(log);
    let log = open(folder.path());
    let mut again = Ledger::new("iraq");
    again.append(&log, &["begun again"]).unwrap_err();
    check_loads(&log, &ledger);
}

#[test]
fn a_ledger_named_twice_in_one_commit_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path());
    let ledger = written(&log, "iraq", 2);
    let (mut one, mut two) = (ledger.clone(), ledger.clone());
    one.seal("one past");
    two.seal("another past");
    let appends = [one.since(ledger.head), two.since(ledger.head)];
    assert!(matches!(
        log.append(&appends),
        Err(StoreError::Conflict { .. })
    ));
    check_loads(&log, &ledger);
}

/// Two ledgers in one folder would overwrite each other's head file, and neither could be opened again.
#[test]
fn two_ledgers_do_not_share_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path());
    let ledger = written(&log, "iraq", 2);
    let mut other = Ledger::new("iraq-2");
    other.slug = "iraq".to_owned();
    assert!(matches!(
        other.append(&log, &[""]),
        Err(StoreError::Exists { .. })
    ));
    log.close().unwrap();
    drop(log);
    let log = open(folder.path());
    check_loads(&log, &ledger);
    log.finish_loading().unwrap();
}

#[test]
fn a_name_that_leads_out_of_the_directory_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let log = open(&data);
    for slug in ["", ".", "..", "../outside", "a/b", "/tmp/x", "a/"] {
        let mut ledger = Ledger::new("iraq");
        ledger.slug = slug.to_owned();
        ledger.append(&log, &[""]).unwrap_err();
    }
    assert_eq!(crate::bench::listing(folder.path()), ["data"]);
    let mut ledger = Ledger::new("iraq");
    ledger.append(&log, &[""]).unwrap();
    assert_eq!(load(&log, &ledger.origin).unwrap().1.len(), 1);
}
