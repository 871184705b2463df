//! Imports: what is restored, what is refused, and that a failed one leaves nothing.

use crate::bench::{
    Event, Ledger, as_killed, check_loads, copies, files_in, listing, open, written,
};
use crate::exporting::sections;
use sijill_ledger::container::{self, ENTRIES, MUST_UNDERSTAND, ROSTER, Section};
use sijill_ledger::{Hash, Origin, Sealed};
use sijill_store::{DataDir, Loaded, StoreError, export, import};
use std::fs;
use std::path::{Path, PathBuf};

const LEAVES: [u8; 98 * 2] = [9; 98 * 2];

/// An export of a ledger of this many entries, in a folder of its own.
struct Exported {
    folder: tempfile::TempDir,
    file: PathBuf,
    bytes: Vec<u8>,
    ledger: Ledger,
}

fn exported(entries: usize) -> Exported {
    let folder = tempfile::tempdir().unwrap();
    let log = open(&folder.path().join("source"));
    let mut ledger = written(&log, "iraq", 1);
    let before = ledger.head;
    (1..entries).for_each(|number| ledger.seal(&format!("entry {number}")));
    log.append(&[ledger.since(before)]).unwrap();
    let (file, roster) = (folder.path().join("export"), folder.path().join("leaves"));
    fs::write(&roster, LEAVES).unwrap();
    export::write(
        &log,
        &ledger.origin,
        export::Beside::roster(&roster),
        None,
        &file,
        |_| (),
    )
    .unwrap();
    log.close().unwrap();
    drop(log);
    let bytes = fs::read(&file).unwrap();
    Exported {
        folder,
        file,
        bytes,
        ledger,
    }
}

impl Exported {
    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Imports these bytes in place of the export's.
    fn import_bytes(&self, bytes: &[u8]) -> Result<Loaded, StoreError> {
        fs::write(&self.file, bytes).unwrap();
        import_into(&self.data(), &self.file)
    }

    /// The bytes are refused, and nothing of them is in the data directory.
    #[track_caller]
    fn check_refused(&self, bytes: &[u8], what: &str) {
        let error = self.import_bytes(bytes).expect_err(what);
        assert!(
            matches!(error, StoreError::Import { .. }),
            "{what}: {error}"
        );
        check_nothing_in(&self.data(), what);
    }

    /// The whole export goes in now.
    #[track_caller]
    fn check_restored(&self) {
        let loaded = self.import_bytes(&self.bytes).unwrap();
        assert_eq!(loaded.head, self.ledger.head);
        assert_eq!(loaded.slug, "iraq");
        let log = open(&self.data());
        check_loads(&log, &self.ledger);
        log.finish_loading().unwrap();
        assert!(copies(&self.data()).is_empty());
        let roster = self.data().join("polls/iraq/roster");
        assert_eq!(fs::read(roster).unwrap(), LEAVES);
        log.close().unwrap();
    }
}

fn import_into(data: &Path, file: &Path) -> Result<Loaded, StoreError> {
    import::<Event>(file, DataDir::create_or_open(data).unwrap(), name, |_| {
        Ok(())
    })
}

fn name(first: &Sealed<Event>) -> Result<(String, Origin), String> {
    let slug = crate::bench::slug_of(first)?;
    let origin = format!("ur.example/polls/{slug}").parse();
    Ok((slug, origin.map_err(|_| "no origin".to_owned())?))
}

#[track_caller]
fn check_nothing_in(data: &Path, what: &str) {
    assert!(listing(&data.join("polls")).is_empty(), "{what}");
    let mut there = listing(data);
    there.retain(|name| !["format", "lock", "polls", "log", "clean"].contains(&name.as_str()));
    assert!(there.is_empty(), "{what}: {there:?}");
}

/// A container of these sections.
fn contain(sections: &[(u16, u16, Vec<u8>)]) -> Vec<u8> {
    let table: Vec<Section> = sections
        .iter()
        .map(|(kind, flags, bytes)| Section {
            kind: *kind,
            flags: *flags,
            length: bytes.len() as u64,
            hash: Hash::of(bytes),
        })
        .collect();
    let mut file = container::head(&table);
    sections.iter().for_each(|(_, _, bytes)| file.extend(bytes));
    file
}

#[test]
fn what_was_exported_is_restored() {
    for entries in [1, 2, 40, 5_000] {
        let story = exported(entries);
        story.check_restored();
        let again = story.folder.path().join("again");
        let log = open(&story.data());
        check_loads(&log, &story.ledger);
        let roster = story.data().join("polls/iraq/roster");
        export::write(
            &log,
            &story.ledger.origin,
            export::Beside::roster(&roster),
            None,
            &again,
            |_| (),
        )
        .unwrap();
        assert!(fs::read(again).unwrap() == story.bytes, "another export");
    }
}

#[test]
fn a_cut_export_is_refused_wherever_it_is_cut() {
    let story = exported(30);
    let head = container::head_length(&story.bytes).unwrap();
    let end = story.bytes.len();
    let cuts = (0..=head).chain((head..end).step_by(37)).chain([end - 1]);
    for cut in cuts {
        story.check_refused(&story.bytes[..cut], &format!("cut to {cut} of {end}"));
    }
    story.check_restored();
}

#[test]
fn an_export_with_any_byte_changed_is_refused() {
    let story = exported(4);
    for at in 0..story.bytes.len() {
        let mut bent = story.bytes.clone();
        bent[at] ^= 1 << (at % 8);
        story.check_refused(&bent, &format!("byte {at}"));
    }
    story.check_restored();
}

/// The file as a version after this one would head it: the number is another, the head's hash is right.
fn of_a_later_version(file: &[u8]) -> Vec<u8> {
    let mut bytes = file.to_vec();
    let head = container::head_length(file).unwrap();
    bytes[8] = 2;
    let hash = *Hash::of(&bytes[..head - 32]).as_bytes();
    bytes[head - 32..head].copy_from_slice(&hash);
    bytes
}

#[test]
fn a_file_that_is_no_export_is_refused() {
    let story = exported(3);
    story.check_refused(b"PK\x03\x04 some archive", "no export");
    story.check_refused(b"", "an empty file");
    story.check_refused(&[&story.bytes[..], b"x"].concat(), "left-over bytes");
    story.check_restored();
}

/// Whatever else such a version changes of the head, its hash included.
#[test]
fn a_later_version_is_named_as_one() {
    let story = exported(3);
    let mut otherwise_hashed = story.bytes.clone();
    otherwise_hashed[8] = 2;
    for later in [of_a_later_version(&story.bytes), otherwise_hashed] {
        story.check_refused(&later, "a later version");
        let error = story.import_bytes(&later).unwrap_err().to_string();
        assert!(error.contains("later version"), "{error}");
    }
    story.check_restored();
}

#[test]
fn sections_that_are_missing_doubled_or_unknown_are_refused() {
    let story = exported(3);
    let [entries, roster] = &sections(&story.bytes)[..] else {
        panic!("an export has two sections");
    };
    let (entries, roster) = (|| entries.clone(), || roster.clone());
    let of = |kind, flags, bytes: &[u8]| (kind, flags, bytes.to_vec());
    for (what, sections) in [
        ("no section of entries", vec![roster()]),
        ("no section of leaves", vec![entries()]),
        ("entries twice", vec![entries(), roster(), entries()]),
        (
            "leaves twice",
            vec![entries(), roster(), of(ROSTER, 1, b"")],
        ),
        (
            "entries to be passed over",
            vec![of(ENTRIES, 0, &entries().2), roster()],
        ),
        (
            "a later section",
            vec![entries(), roster(), of(9, MUST_UNDERSTAND, b"?")],
        ),
        ("unknown flags", vec![entries(), roster(), of(9, 2, b"?")]),
    ] {
        story.check_refused(&contain(&sections), what);
    }
    story.check_restored();
}

#[test]
fn entries_and_leaves_that_are_cut_or_endless_are_refused() {
    let story = exported(3);
    let good = sections(&story.bytes);
    let (entries, roster) = (&good[0].2, &good[1].2);
    let check = |what: &str, entries: &[u8], roster: &[u8]| {
        let sections = [
            (ENTRIES, MUST_UNDERSTAND, entries.to_vec()),
            (ROSTER, MUST_UNDERSTAND, roster.to_vec()),
        ];
        story.check_refused(&contain(&sections), what);
    };
    check("no entries", b"", roster);
    check("half a leaf", entries, &[9; 100]);
    check("half an entry", &entries[..entries.len() - 1], roster);
    check("half a length", &[entries, &[1, 0][..]].concat(), roster);
    check("an endless entry", &[0xff; 40], roster);
    check(
        "an entry of nothing",
        &[entries, &[0; 4][..]].concat(),
        roster,
    );
    story.check_restored();
}

#[test]
fn a_section_that_may_be_passed_over_is() {
    let story = exported(3);
    let mut with_more = sections(&story.bytes);
    with_more.insert(1, (9, 0, b"of a later version".to_vec()));
    story.import_bytes(&contain(&with_more)).unwrap();
    let log = open(&story.data());
    check_loads(&log, &story.ledger);
}

#[test]
fn entries_that_do_not_follow_each_other_are_refused() {
    let story = exported(40);
    let good = sections(&story.bytes);
    let frames = |order: &[usize]| {
        let mut bytes = Vec::new();
        for index in order {
            let entry = &story.ledger.entries[*index];
            bytes.extend((entry.len() as u32).to_le_bytes());
            bytes.extend(entry);
        }
        contain(&[(ENTRIES, MUST_UNDERSTAND, bytes), good[1].clone()])
    };
    story.check_refused(&frames(&[1]), "without entry 0");
    story.check_refused(&frames(&[0, 2]), "one left out");
    story.check_refused(&frames(&[0, 1, 1]), "one twice");
    story.check_refused(&frames(&[0, 2, 1]), "another order");
    let mut foreign = exported(3);
    foreign.ledger.entries[0] = story.ledger.entries[0].clone();
    story.check_restored();
}

#[test]
fn a_poll_that_is_there_is_not_restored_over() {
    let story = exported(5);
    story.check_restored();
    let before = files_in(&story.data());
    let refused = story.import_bytes(&story.bytes).unwrap_err();
    assert!(matches!(refused, StoreError::Exists { .. }), "{refused}");
    let after = files_in(&story.data());
    assert_eq!(
        after["polls/iraq/head"].len(),
        before["polls/iraq/head"].len()
    );
    assert!(
        story.data().join("clean").exists(),
        "left as if it had been killed"
    );
    let log = open(&story.data());
    check_loads(&log, &story.ledger);
}

#[test]
fn neither_name_of_a_poll_may_be_taken() {
    let story = exported(5);
    let taken = |slug: &'static str, origin: &'static str| {
        let dir = DataDir::create_or_open(&story.data()).unwrap();
        let name = |_: &Sealed<Event>| Ok((slug.to_owned(), origin.parse().unwrap()));
        import::<Event>(&story.file, dir, name, |_| Ok(()))
    };
    story.check_restored();
    let slug = taken("iraq", "ur.example/polls/other").unwrap_err();
    assert!(matches!(slug, StoreError::Exists { .. }), "{slug}");
    let origin = taken("other", "ur.example/polls/iraq").unwrap_err();
    assert!(matches!(origin, StoreError::Exists { .. }), "{origin}");
    for slug in ["..", "a/b", ""] {
        let outside = taken(slug, "ur.example/polls/outside").unwrap_err();
        assert!(matches!(outside, StoreError::Import { .. }), "{outside}");
    }
    assert_eq!(listing(&story.data().join("polls")), ["iraq"]);
}

#[test]
fn an_import_that_fails_half_way_leaves_nothing() {
    let story = exported(3_000);
    for stop in [0, 1, 1_499, 2_999] {
        let dir = DataDir::create_or_open(&story.data()).unwrap();
        let failed = import::<Event>(&story.file, dir, name, |sealed| {
            match sealed.entry().index == stop {
                true => Err("not in my directory".to_owned()),
                false => Ok(()),
            }
        });
        let error = failed.unwrap_err().to_string();
        assert!(
            error.contains(&format!("entry {stop}: not in my")),
            "{error}"
        );
        check_nothing_in(&story.data(), "failed");
        let log = open(&story.data());
        assert!(log.ledgers().unwrap().is_empty());
        log.finish_loading().unwrap();
        log.close().unwrap();
    }
    story.check_restored();
}

/// A power cut during an import left a ledger that ended early and loaded as if it were the whole one.
#[test]
fn an_import_that_is_killed_half_way_leaves_nothing() {
    let story = exported(3_000);
    for stop in [0, 1, 1_499, 2_999] {
        let killed = story.folder.path().join(format!("killed-{stop}"));
        let dir = DataDir::create_or_open(&story.data()).unwrap();
        import::<Event>(&story.file, dir, name, |sealed| {
            if sealed.entry().index == stop {
                as_killed(&story.data(), &killed);
            }
            Ok(())
        })
        .unwrap();
        fs::remove_dir_all(story.data()).unwrap();
        let log = open(&killed);
        assert!(log.ledgers().unwrap().is_empty(), "{stop}");
        log.finish_loading().unwrap();
        log.close().unwrap();
        drop(log);
        check_nothing_in(&killed, "killed");
        import_into(&killed, &story.file).unwrap();
        check_loads(&open(&killed), &story.ledger);
    }
}

#[test]
fn an_import_killed_half_way_can_be_repeated_at_once() {
    let story = exported(3_000);
    let killed = story.folder.path().join("killed");
    let dir = DataDir::create_or_open(&story.data()).unwrap();
    import::<Event>(&story.file, dir, name, |sealed| {
        if sealed.entry().index == 2_000 {
            as_killed(&story.data(), &killed);
        }
        Ok(())
    })
    .unwrap();
    import_into(&killed, &story.file).unwrap();
    assert!(copies(&killed).is_empty());
    check_loads(&open(&killed), &story.ledger);
}

/// The import marked the directory as stopped cleanly, although nobody had looked whether the polls in it were whole.
#[test]
fn a_directory_that_was_killed_is_started_before_anything_is_restored_into_it() {
    let story = exported(3);
    let data = story.data();
    let log = open(&data);
    let chile = written(&log, "chile", 3);
    drop(log);
    let error = story.import_bytes(&story.bytes).unwrap_err().to_string();
    assert!(error.contains("not stopped cleanly"), "{error}");
    assert!(!data.join("clean").exists());
    let log = open(&data);
    check_loads(&log, &chile);
    log.finish_loading().unwrap();
    log.close().unwrap();
    drop(log);
    story.import_bytes(&story.bytes).unwrap();
    let log = open(&data);
    check_loads(&log, &chile);
    check_loads(&log, &story.ledger);
    log.finish_loading().unwrap();
}
