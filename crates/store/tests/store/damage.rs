//! Damage to sled's own files: the log says so, or it is all there. Never is it shorter in silence.

use crate::bench::{as_killed, check_loads, load, open, written};
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
