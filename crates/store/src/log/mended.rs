//! Damage in the middle of a ledger of several bundles, in the log, in its bundles, in its tiles and in several of them:
//! what a scrub finds, and what is left of it when log and bundles are joined.

use super::Log;
use super::failures::bench::{Event, Ledger, written};
use super::failures::{Disk, open};
use crate::join::{Joined, Outline, Trust, join, look};
use crate::scrub::{Looked, Scrub};
use crate::{PublicFolder, StoreError};
use sijill_ledger::checkpoint::Checkpoint;
use sijill_ledger::tile_writer::TileWriter;
use sijill_ledger::{Head, Sealed};
use std::fs;
use std::path::PathBuf;

/// Entries of the ledger, of which the published ones fill two bundles and begin a third.
const ENTRIES: usize = 620;
const PUBLISHED: usize = 600;

/// A ledger on a disk in memory, a frame an entry, and what is published of it.
struct Stage {
    _place: tempfile::TempDir,
    disk: Disk,
    log: Log,
    ledger: Ledger,
    outline: Outline,
}

impl Stage {
    fn new() -> Self {
        let place = tempfile::tempdir().unwrap();
        let disk = Disk::new(&place.path().join("data"), None);
        let log = open(&disk).unwrap();
        let ledger = written(&log, "peru", ENTRIES);
        let mut folder = PublicFolder::make(&place.path().join("public")).unwrap();
        let mut writer = TileWriter::default();
        for (index, entry) in ledger.entries[..PUBLISHED].iter().enumerate() {
            for tile in writer.append(entry).unwrap() {
                folder.put(&tile).unwrap();
            }
            // An older checkpoint's, in the tile that is not full yet.
            let older = (index + 1 == 590).then(|| writer.partial());
            for tile in older.into_iter().flatten() {
                folder.put(&tile).unwrap();
            }
        }
        for tile in writer.partial() {
            folder.put(&tile).unwrap();
        }
        folder.settle().unwrap();
        let newest = Checkpoint {
            origin: ledger.origin.clone(),
            size: PUBLISHED as u64,
            root: writer.root(),
        };
        let outline = Outline {
            origin: ledger.origin.clone(),
            acknowledged: ledger.head,
            published: Some((newest, folder)),
        };
        Self {
            _place: place,
            disk,
            log,
            ledger,
            outline,
        }
    }

    fn tile(&self, name: &str) -> PathBuf {
        let (_, folder) = self.outline.published.as_ref().unwrap();
        folder.path().join("tile").join(name)
    }

    /// Another byte in the middle of a file.
    fn flip(&self, name: &str) {
        let mut bytes = fs::read(self.tile(name)).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(self.tile(name), bytes).unwrap();
    }

    fn frame(&self, index: u64, change: impl FnOnce(&mut Vec<u8>)) {
        let mut plates = self.disk.plates();
        let key = (self.ledger.origin.to_string(), index);
        change(plates.written.get_mut(&key).unwrap());
    }

    /// Another text in an entry of the log, which still follows the one before it.
    fn rewrite(&self, index: u64) {
        self.frame(index, |frame| *frame.last_mut().unwrap() ^= 1);
    }

    fn join(&self) -> (Joined, Trust) {
        let (joined, trust) = look::<Event>(&self.outline, &self.log).unwrap();
        let mut entries = Vec::new();
        let again = join(&self.outline, &self.log, trust, |sealed: Sealed<Event>| {
            entries.push(sealed.bytes().to_vec());
            Ok(())
        });
        assert_eq!(again.unwrap(), joined);
        assert!(self.ledger.entries.starts_with(&entries), "another entry");
        assert_eq!(entries.len() as u64, joined.end.size);
        (joined, trust)
    }

    #[track_caller]
    fn check(&self, size: usize, readable: u64, rebuilt: &[(u64, u64)]) -> Joined {
        let (joined, _) = self.join();
        assert_eq!(joined.end.size, size as u64, "{joined:?}");
        assert_eq!(joined.readable, readable, "{joined:?}");
        let ranges = joined.rebuilt.iter().map(|range| (range.start, range.end));
        assert_eq!(ranges.collect::<Vec<_>>(), rebuilt, "{joined:?}");
        joined
    }

    /// A whole look, some entries at a time.
    fn scrub(&self) -> Result<Vec<String>, StoreError> {
        let (newest, folder) = self.outline.published.as_ref().unwrap();
        let mut scrub = Scrub::of(&self.ledger.origin);
        let mut differing = Vec::new();
        loop {
            let looked: Looked = scrub.step(&self.log, folder, newest, 100)?;
            differing.extend(looked.differing.iter().map(|tile| tile.id.to_string()));
            if looked.through {
                return Ok(differing);
            }
        }
    }
}

#[test]
fn a_whole_log_needs_no_bundle() {
    let stage = Stage::new();
    let joined = stage.check(ENTRIES, ENTRIES as u64, &[]);
    assert_eq!((joined.why, joined.unusable), (None, None));
    fs::remove_dir_all(stage.tile("")).unwrap();
    stage.check(ENTRIES, ENTRIES as u64, &[]);
}

#[test]
fn what_is_damaged_in_the_log_comes_from_bundles_and_the_rest_from_the_log_again() {
    let stage = Stage::new();
    stage.frame(300, |frame| frame.truncate(3));
    let joined = stage.check(ENTRIES, 300, &[(300, 512)]);
    assert!(joined.why.unwrap().contains("a frame is damaged"));
    stage.frame(20, Vec::clear);
    stage.frame(530, Vec::clear);
    stage.check(ENTRIES, 20, &[(20, 256), (300, 512), (530, 600)]);
}

/// The chain alone would take it, and miss what follows.
#[test]
fn an_entry_that_was_rewritten_in_the_log_is_not_the_one_that_was_published() {
    let stage = Stage::new();
    stage.rewrite(300);
    let joined = stage.check(ENTRIES, 300, &[(300, 512)]);
    assert!(joined.why.unwrap().contains("leaf hash"));
}

#[test]
fn the_last_acknowledged_entry_is_the_one_that_was_acknowledged() {
    let stage = Stage::new();
    stage.rewrite(ENTRIES as u64 - 1);
    let joined = stage.check(ENTRIES - 1, ENTRIES as u64 - 1, &[]);
    assert!(joined.why.unwrap().contains("acknowledged"));
}

#[test]
fn behind_what_was_published_there_is_only_the_log() {
    let stage = Stage::new();
    stage.frame(610, Vec::clear);
    stage.frame(300, Vec::clear);
    stage.check(610, 300, &[(300, 512)]);
}

#[test]
fn where_log_and_bundle_are_damaged_the_bundle_is_named() {
    let stage = Stage::new();
    stage.flip("entries/001");
    stage.check(ENTRIES, ENTRIES as u64, &[]);
    stage.frame(550, Vec::clear);
    stage.check(ENTRIES, 550, &[(550, 600)]);
    stage.frame(400, Vec::clear);
    let joined = stage.check(400, 400, &[]);
    let why = joined.unusable.unwrap();
    assert!(why.contains("`tile/entries/001`"), "{why}");
}

#[test]
fn without_tiles_bundles_are_believed_if_they_lead_to_the_root() {
    let stage = Stage::new();
    stage.frame(300, Vec::clear);
    fs::remove_dir_all(stage.tile("0")).unwrap();
    let (joined, trust) = stage.join();
    assert_eq!((joined.end.size, trust), (ENTRIES as u64, Trust::Root));
    // Now they do not, and nobody can say which entry is right.
    stage.flip("entries/001");
    let joined = stage.check(300, 300, &[]);
    let why = joined.unusable.unwrap();
    assert!(why.contains("`tile/entries/001`"), "{why}");
}

#[test]
fn a_log_of_another_history_than_the_checkpoint_is_joined_with_nothing() {
    let mut stage = Stage::new();
    fs::remove_dir_all(stage.tile("")).unwrap();
    let (newest, _) = stage.outline.published.as_mut().unwrap();
    newest.root = sijill_ledger::Hash::of(b"another history");
    let error = look::<Event>(&stage.outline, &stage.log).unwrap_err();
    assert!(matches!(error, StoreError::NotJoined { .. }), "{error}");
}

#[test]
fn a_ledger_that_is_gone_from_the_log_comes_from_bundles_as_far_as_they_go() {
    let stage = Stage::new();
    stage.disk.plates().written.clear();
    let joined = stage.check(PUBLISHED, 0, &[(0, 600)]);
    assert_eq!(joined.why, None);
    assert_ne!(joined.end, Head::start(&stage.ledger.origin));
}

#[test]
fn a_scrub_finds_every_tile_that_differs_and_only_those() {
    let stage = Stage::new();
    assert_eq!(stage.scrub().unwrap(), Vec::<String>::new());
    let damaged = [
        "entries/001",
        "0/000",
        "entries/002.p/88",
        "0/002.p/78",
        "1/000.p/2",
    ];
    damaged.iter().for_each(|name| stage.flip(name));
    fs::remove_file(stage.tile("0/001")).unwrap();
    let mut expected: Vec<String> = damaged.iter().map(|name| format!("tile/{name}")).collect();
    expected.push("tile/0/001".to_owned());
    let mut found = stage.scrub().unwrap();
    found.sort();
    expected.sort();
    assert_eq!(found, expected);
    assert_eq!(stage.log.stopped(), None);
}

#[test]
fn a_scrub_stops_a_log_that_changed_after_it_was_written() {
    let changes: [fn(&Stage); 3] = [
        |stage| stage.frame(300, |frame| frame.truncate(3)),
        |stage| stage.rewrite(300),
        |stage| stage.rewrite(PUBLISHED as u64 - 1),
    ];
    for change in changes {
        let stage = Stage::new();
        change(&stage);
        let error = stage.scrub().unwrap_err();
        assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
        assert!(error.to_string().contains("--repair"), "{error}");
        assert!(stage.log.stopped().is_some());
    }
}
