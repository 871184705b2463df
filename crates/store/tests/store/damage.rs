//! Damage to sled's own files: the log says so, or it is all there. Never is it shorter in silence.

use crate::bench::{as_killed, check_loads, listing, load, open, written};
use sijill_store::{DataDir, Log};
use std::fs;

#[test]
fn a_damaged_log_is_never_a_shorter_one_in_silence() {
    let folder = tempfile::tempdir().unwrap();
    let good = folder.path().join("good");
    let log = open(&good);
    let mut ledger = written(&log, "iraq", 1);
    for _ in 0..40 {
        let before = ledger.head;
        (0..5).for_each(|number| ledger.seal(&format!("{number:>300}")));
        log.append(&[ledger.since(before)]).unwrap();
    }
    log.close().unwrap();
    drop(log);
    let used = {
        let db = fs::read(good.join("log/db")).unwrap();
        db.iter().rposition(|byte| *byte != 0).unwrap()
    };
    let (mut whole, mut said) = (0, 0);
    for part in 0..24 {
        let bad = folder.path().join(format!("bad-{part}"));
        as_killed(&good, &bad);
        let path = bad.join("log/db");
        let mut db = fs::read(&path).unwrap();
        db[used * (part * 2 + 1) / 48] ^= 0x10;
        fs::write(&path, db).unwrap();
        let opened = Log::open(DataDir::open(&bad).unwrap());
        let loads = opened.and_then(|log| {
            let found = load(&log, &ledger.origin);
            log.finish_loading().and(found)
        });
        match loads {
            Ok((loaded, entries)) => {
                assert_eq!((loaded.head, loaded.unacknowledged), (ledger.head, 0));
                assert!(entries == ledger.entries);
                whole += 1;
            }
            Err(error) => {
                println!("part {part}: {error}");
                said += 1;
            }
        }
        fs::remove_dir_all(bad).unwrap();
    }
    println!("{whole} whole, {said} said so");
    assert!(said > 0, "no damage was done");
    check_loads(&open(&good), &ledger);
}

/// What happened: sled writes a snapshot at each start, as `snap.N.generating`, and takes it for the newest one when it
/// looks for snapshots. A service killed at that instant could never be started again ("Read corrupted data"). What a
/// respondent would have lost: nothing was gone, but every confirmed answer was out of reach. What holds: half a
/// snapshot is removed before sled looks, and a damaged one is left out and made anew from the log.
#[test]
fn a_snapshot_of_sleds_that_is_cut_or_damaged_does_not_keep_the_log_closed() {
    let folder = tempfile::tempdir().unwrap();
    let good = folder.path().join("good");
    let log = open(&good);
    let ledger = written(&log, "iraq", 20);
    log.close().unwrap();
    drop(log);
    // A second start writes the first snapshot.
    open(&good).finish_loading().unwrap_err();
    let name = listing(&good.join("log"))
        .into_iter()
        .find(|name| name.starts_with("snap."))
        .unwrap();
    let whole = fs::read(good.join("log").join(&name)).unwrap();
    let later = "snap.00000000FFFFFFFF.generating".to_owned();
    let cases = [
        (
            "half of the next",
            later.clone(),
            whole[..whole.len() / 2].to_vec(),
        ),
        ("nothing of the next", later, Vec::new()),
        ("empty", name.clone(), Vec::new()),
        ("cut", name.clone(), whole[..whole.len() - 1].to_vec()),
        ("flipped", name, whole.iter().map(|byte| byte ^ 1).collect()),
    ];
    for (what, name, bytes) in cases {
        let bad = folder.path().join("bad");
        as_killed(&good, &bad);
        fs::write(bad.join("log").join(name), bytes).unwrap();
        println!("{what}");
        let log = open(&bad);
        check_loads(&log, &ledger);
        log.finish_loading().unwrap();
        log.close().unwrap();
        drop(log);
        fs::remove_dir_all(bad).unwrap();
    }
}

/// The checksum of sled's snapshots: CRC-32 as in zip.
fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32| (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg());
    let add = |crc: u32, byte: &u8| (0..8).fold(crc ^ u32::from(*byte), |crc, _| step(crc));
    !bytes.iter().fold(!0, add)
}

/// A snapshot whose checksum is right and whose first byte of an address is not makes sled 0.34.7 panic while it opens
/// (`insert_pid specified lsn 0`). The panic is caught, and the log is opened without the snapshot.
#[test]
fn a_snapshot_that_makes_sled_panic_is_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path());
    let ledger = written(&log, "iraq", 20);
    log.close().unwrap();
    drop(log);
    let log = open(folder.path());
    check_loads(&log, &ledger);
    log.finish_loading().unwrap();
    log.close().unwrap();
    drop(log);
    let names = listing(&folder.path().join("log"));
    let name = names.iter().find(|name| name.starts_with("snap.")).unwrap();
    let path = folder.path().join("log").join(name);
    let mut snapshot = fs::read(&path).unwrap();
    snapshot[2] ^= 0xFF;
    let end = snapshot.len() - 12;
    let checksum = crc32(&snapshot[..end]).to_le_bytes();
    snapshot[end + 8..].copy_from_slice(&checksum);
    fs::write(&path, &snapshot).unwrap();
    let log = open(folder.path());
    let kept = folder.path().join("before-recovery-1/log").join(name);
    assert!(
        fs::read(kept).unwrap() == snapshot,
        "what was found is gone"
    );
    check_loads(&log, &ledger);
    log.finish_loading().unwrap();
}

/// What happened: a bit flipped in a log while the service was stopped. It had been stopped cleanly, so no copy was made,
/// and sled cut off what came after the damage while it opened. What a respondent would have lost: whatever could have
/// been read from behind it. What holds: the mark of a clean stop is a hash of the files, and files that differ are
/// copied first.
#[test]
fn a_log_damaged_after_a_clean_stop_is_kept_as_it_was_found() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path());
    let ledger = written(&log, "iraq", 20);
    log.close().unwrap();
    drop(log);
    let path = folder.path().join("log/db");
    let mut db = fs::read(&path).unwrap();
    db[40..60].fill(0xA5);
    fs::write(&path, &db).unwrap();
    let loaded = Log::open(DataDir::open(folder.path()).unwrap())
        .and_then(|log| load(&log, &ledger.origin).and_then(|_| log.finish_loading()));
    loaded.unwrap_err();
    let kept = folder.path().join("before-recovery-1");
    assert!(
        fs::read(kept.join("log/db")).unwrap() == db,
        "what was found is gone"
    );
    assert!(kept.join("failed").exists());
}
