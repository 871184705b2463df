//! Exports: what they hold, how far, and that nobody ever sees half of one.

use crate::bench::{Ledger, listing, open, written};
use sijill_ledger::container::{self, ENTRIES, MUST_UNDERSTAND, ROSTER};
use sijill_store::export;
use std::fs;
use std::path::Path;

/// The sections' bytes, by the head.
pub fn sections(file: &[u8]) -> Vec<(u16, u16, Vec<u8>)> {
    let mut at = container::head_length(file).unwrap();
    container::sections(file)
        .unwrap()
        .iter()
        .map(|section| {
            let bytes = file[at..at + section.length as usize].to_vec();
            at += bytes.len();
            assert_eq!(sijill_ledger::Hash::of(&bytes), section.hash);
            (section.kind, section.flags, bytes)
        })
        .collect()
}

fn as_section(entries: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for entry in entries {
        bytes.extend((entry.len() as u32).to_le_bytes());
        bytes.extend(entry);
    }
    bytes
}

#[track_caller]
fn check_export(target: &Path, entries: &[Vec<u8>], roster: &[u8]) {
    let expected = [
        (ENTRIES, MUST_UNDERSTAND, as_section(entries)),
        (ROSTER, MUST_UNDERSTAND, roster.to_vec()),
    ];
    assert!(sections(&fs::read(target).unwrap()) == expected);
}

#[test]
fn an_export_holds_the_entries_asked_for_and_the_leaves() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(&folder.path().join("data"));
    let ledger = written(&log, "iraq", 7);
    let (target, roster) = (
        folder.path().join("out.sijill"),
        folder.path().join("leaves"),
    );
    fs::write(&roster, vec![5; 98 * 3]).unwrap();
    for (size, expected) in [(None, 7), (Some(7), 7), (Some(4), 4), (Some(0), 0)] {
        let mut seen = 0;
        let count = export::write(
            &log,
            &ledger.origin,
            export::Beside::roster(&roster),
            size,
            &target,
            |written| {
                assert_eq!(written, seen + 1);
                seen = written;
            },
        );
        assert_eq!((count.unwrap(), seen), (expected, expected));
        check_export(&target, &ledger.entries[..expected as usize], &[5; 98 * 3]);
    }
    let missing = folder.path().join("no-roster");
    export::write(
        &log,
        &ledger.origin,
        export::Beside::roster(&missing),
        None,
        &target,
        |_| (),
    )
    .unwrap();
    check_export(&target, &ledger.entries, &[]);
    assert_eq!(listing(folder.path()), ["data", "leaves", "out.sijill"]);
}

/// An observer asked for what was published and got less, with no sign of it.
#[test]
fn a_log_shorter_than_what_is_asked_for_is_no_export() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(&folder.path().join("data"));
    let ledger = written(&log, "iraq", 3);
    let target = folder.path().join("out");
    fs::write(&target, "an earlier export").unwrap();
    let nobody = folder.path().join("none");
    export::write(
        &log,
        &ledger.origin,
        export::Beside::roster(&nobody),
        Some(4),
        &target,
        |_| (),
    )
    .unwrap_err();
    assert_eq!(fs::read(&target).unwrap(), b"an earlier export");
    assert_eq!(listing(folder.path()), ["data", "out"]);
    let other = Ledger::new("nobody");
    assert!(
        export::write(
            &log,
            &other.origin,
            export::Beside::roster(&nobody),
            None,
            &target,
            |_| ()
        )
        .is_err()
    );
}

#[test]
fn an_export_that_fails_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(&folder.path().join("data"));
    let ledger = written(&log, "iraq", 3);
    // A folder cannot be read as a roster.
    let roster = folder.path().join("data");
    let target = folder.path().join("out");
    export::write(
        &log,
        &ledger.origin,
        export::Beside::roster(&roster),
        None,
        &target,
        |_| (),
    )
    .unwrap_err();
    assert_eq!(listing(folder.path()), ["data"]);
}

/// `sijill export POLL FILE` with a bare file name: the folder of `FILE` is the working directory.
#[test]
fn a_bare_file_name_is_written_into_the_working_directory() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(&folder.path().join("data"));
    let ledger = written(&log, "iraq", 3);
    std::env::set_current_dir(folder.path()).unwrap();
    let nobody = folder.path().join("none");
    export::write(
        &log,
        &ledger.origin,
        export::Beside::roster(&nobody),
        None,
        Path::new("out"),
        |_| (),
    )
    .unwrap();
    check_export(&folder.path().join("out"), &ledger.entries, &[]);
}

/// Two observers ask at once: each wrote into the other's temporary file.
#[test]
fn exports_to_one_place_at_once_are_each_whole() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(&folder.path().join("data"));
    let mut ledger = written(&log, "iraq", 1);
    let before = ledger.head;
    for number in 0..400 {
        ledger.seal(&format!("{number:>4000}"));
    }
    log.append(&[ledger.since(before)]).unwrap();
    let (target, nobody) = (folder.path().join("out"), folder.path().join("none"));
    let (log, ledger, target, nobody) = (&log, &ledger, &target, &nobody);
    for _ in 0..5 {
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(move || {
                    export::write(
                        log,
                        &ledger.origin,
                        export::Beside::roster(nobody),
                        None,
                        target,
                        |_| (),
                    )
                    .unwrap();
                    check_export(target, &ledger.entries, &[]);
                });
            }
        });
    }
    assert_eq!(listing(folder.path()), ["data", "out"]);
}
