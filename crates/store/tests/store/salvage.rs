//! Going on without what a log lost: only when asked, with what was lost named and the files as found kept.

use crate::bench::{
    Event, Ledger, as_killed, check_loads, copies, files_in, load, open, slug_of, written,
};
use sijill_store::{DataDir, Log, Salvaged, StoreError};
use std::fs;
use std::path::Path;

fn salvage(log: &Log, ledger: &Ledger) -> Result<(Salvaged, Vec<Vec<u8>>), StoreError> {
    let mut entries = Vec::new();
    let salvaged = log.salvage::<Event>(&ledger.origin, slug_of, |sealed| {
        entries.push(sealed.bytes().to_vec());
        Ok(())
    })?;
    Ok((salvaged, entries))
}

fn open_to_salvage(data: &Path) -> Log {
    let (log, _) = Log::open_to_salvage(DataDir::open(data).unwrap()).unwrap();
    log
}

/// The ledger as far as it was kept, to go on from.
fn kept(ledger: &Ledger, salvaged: &Salvaged) -> Ledger {
    let mut kept = ledger.clone();
    kept.entries.truncate(salvaged.kept.size as usize);
    kept.head = salvaged.kept;
    kept
}

/// A log of three entries under a head file that says five.
fn behind_its_head(folder: &Path) -> Ledger {
    let (early, data) = (folder.join("early"), folder.join("data"));
    let log = open(&data);
    let mut ledger = written(&log, "iraq", 3);
    as_killed(&data, &early);
    ledger.append(&log, &["four", "five"]).unwrap();
    log.close().unwrap();
    drop(log);
    fs::remove_dir_all(data.join("log")).unwrap();
    fs::rename(early.join("log"), data.join("log")).unwrap();
    ledger
}

#[test]
fn a_log_behind_its_head_goes_on_where_it_ends_and_the_files_as_found_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let ledger = behind_its_head(folder.path());
    let found = files_in(&data.join("log"));
    let log = open_to_salvage(&data);
    let (salvaged, entries) = salvage(&log, &ledger).unwrap();
    assert_eq!(entries, ledger.entries[..3]);
    assert_eq!((salvaged.lost(), salvaged.acknowledged), (2, ledger.head));
    let mut kept = kept(&ledger, &salvaged);
    log.cut(&ledger.origin, &salvaged).unwrap();
    kept.append(&log, &["two entries are lost"]).unwrap();
    log.sync_heads().unwrap();
    check_loads(&log, &kept);
    log.close().unwrap();
    drop(log);
    let evidence = data.join("salvaged-1/as-found/log");
    assert!(files_in(&evidence) == found);
    // Starts that are killed afterwards have their own copies, and evidence stays.
    for _ in 0..5 {
        drop(open(&data));
    }
    let log = open(&data);
    check_loads(&log, &kept);
    log.finish_loading().unwrap();
    assert!(copies(&data).is_empty());
    assert!(files_in(&evidence) == found, "evidence is kept");
}

/// Changes the bytes of one frame, with sled's own checksums right.
fn bend_frame(data: &Path, ledger: &Ledger, first: u64, bend: impl FnOnce(&mut Vec<u8>)) {
    let config = sled::Config::default().path(data.join("log"));
    let db = config
        .segment_size(sijill_store::limits::SEGMENT_BYTES)
        .open()
        .unwrap();
    let tree = db.open_tree(ledger.origin.as_str()).unwrap();
    let mut frame = tree.get(first.to_be_bytes()).unwrap().unwrap().to_vec();
    bend(&mut frame);
    tree.insert(first.to_be_bytes(), frame).unwrap();
    db.flush().unwrap();
}

#[test]
fn what_stands_before_a_damaged_entry_is_kept_and_what_stands_behind_it_is_cut_off() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let log = open(&data);
    let mut ledger = written(&log, "iraq", 1);
    ledger.append(&log, &["one", "two", "three"]).unwrap();
    ledger.append(&log, &["four", "five"]).unwrap();
    log.close().unwrap();
    drop(log);
    // The last byte of the frame belongs to entry 3.
    bend_frame(&data, &ledger, 1, |frame| *frame.last_mut().unwrap() ^= 1);

    let error = load(&open(&data), &ledger.origin).unwrap_err();
    assert!(matches!(&error, StoreError::Damaged { .. }), "{error}");
    assert!(error.to_string().contains("--accept-loss"), "{error}");
    let log = open_to_salvage(&data);
    let (salvaged, _) = salvage(&log, &ledger).unwrap();
    // The bent byte is one of the text, so entry 3 still reads, and entry 4 does not follow it.
    assert_eq!((salvaged.kept.size, salvaged.lost()), (4, 2));
    assert!(
        salvaged.why.clone().unwrap().contains("previous"),
        "{salvaged:?}"
    );
}

#[test]
fn a_frame_that_is_torn_is_cut_off_and_the_log_goes_on_before_it() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let log = open(&data);
    let mut ledger = written(&log, "iraq", 2);
    ledger.append(&log, &["two", "three"]).unwrap();
    log.close().unwrap();
    drop(log);
    bend_frame(&data, &ledger, 2, |frame| frame.truncate(20));
    let log = open_to_salvage(&data);
    let (salvaged, _) = salvage(&log, &ledger).unwrap();
    assert_eq!((salvaged.kept.size, salvaged.lost()), (2, 2));
    let mut kept = kept(&ledger, &salvaged);
    log.cut(&ledger.origin, &salvaged).unwrap();
    kept.append(&log, &["two entries are lost"]).unwrap();
    log.close().unwrap();
    drop(log);
    check_loads(&open(&data), &kept);
}

#[test]
fn half_a_frame_keeps_its_good_half() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let log = open(&data);
    let mut ledger = written(&log, "iraq", 1);
    ledger.append(&log, &["one", "two", "three"]).unwrap();
    ledger.append(&log, &["four"]).unwrap();
    log.close().unwrap();
    drop(log);
    // Entry 2 becomes one that does not follow entry 1: its index is another.
    let second = 4 + ledger.entries[1].len();
    bend_frame(&data, &ledger, 1, |frame| frame[second + 4] ^= 1);

    let log = open_to_salvage(&data);
    let (salvaged, entries) = salvage(&log, &ledger).unwrap();
    assert_eq!((salvaged.kept.size, salvaged.lost()), (2, 3));
    assert_eq!(entries, ledger.entries[..2]);
    let mut kept = kept(&ledger, &salvaged);
    log.cut(&ledger.origin, &salvaged).unwrap();
    kept.append(&log, &["three entries are lost"]).unwrap();
    log.close().unwrap();
    drop(log);
    let log = open(&data);
    check_loads(&log, &kept);
    log.finish_loading().unwrap();
}

/// Starts that found a loss had left as many copies as there may be. The second loss was said to be kept in the copy of
/// the first, and no start was possible after the next kill.
#[test]
fn each_accepted_loss_keeps_its_own_evidence_and_takes_up_no_place_of_a_start() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let ledger = behind_its_head(folder.path());
    for _ in 0..3 {
        load(&open(&data), &ledger.origin).unwrap_err();
    }
    assert_eq!(copies(&data).len(), 3);
    let found = files_in(&data.join("log"));
    drop(open_to_salvage(&data));
    assert!(copies(&data).is_empty());
    let kept = crate::bench::listing(&data.join("salvaged-1"));
    assert_eq!(kept.len(), 4, "{kept:?}");
    assert!(files_in(&data.join("salvaged-1/as-found/log")) == found);
    drop(open_to_salvage(&data));
    assert!(data.join("salvaged-2/as-found/log").is_dir());
}

/// The roster's file was damaged and the log was whole; what needed the roster was taken for lost, and cut off.
#[test]
fn an_entry_that_is_there_and_cannot_be_followed_is_not_lost() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = behind_its_head(folder.path());
    let log = open_to_salvage(&folder.path().join("data"));
    let refused = log.salvage::<Event>(&ledger.origin, slug_of, |sealed| {
        match sealed.entry().index {
            1 => Err("its roster is damaged".to_owned()),
            _ => Ok(()),
        }
    });
    let error = refused.unwrap_err();
    assert!(
        matches!(error, StoreError::NotSalvaged { index: 1, .. }),
        "{error}"
    );
}

#[test]
fn where_nothing_is_lost_nothing_is_cut() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let log = open(&data);
    let ledger = written(&log, "iraq", 3);
    log.close().unwrap();
    drop(log);
    let log = open_to_salvage(&data);
    let (salvaged, _) = salvage(&log, &ledger).unwrap();
    let refused = log.cut(&ledger.origin, &salvaged).unwrap_err();
    assert!(
        matches!(refused, StoreError::NothingLost { last: 2, .. }),
        "{refused}"
    );
    check_loads(&log, &ledger);
}

#[test]
fn a_log_of_another_history_and_one_without_a_head_are_not_salvaged() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let log = open(&data);
    let ledger = written(&log, "iraq", 3);
    written(&log, "chile", 2);
    log.close().unwrap();
    drop(log);
    let polls = data.join("polls");
    fs::copy(polls.join("chile/head"), polls.join("iraq/head")).unwrap();
    let other = salvage(&open_to_salvage(&data), &ledger).unwrap_err();
    assert!(matches!(other, StoreError::OtherThanHead { .. }), "{other}");
    fs::remove_file(polls.join("iraq/head")).unwrap();
    let missing = salvage(&open_to_salvage(&data), &ledger).unwrap_err();
    assert!(
        matches!(missing, StoreError::HeadMissing { .. }),
        "{missing}"
    );
}
