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
