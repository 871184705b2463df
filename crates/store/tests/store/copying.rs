//! Private copies for an audit, which must not touch what it audits.

use crate::bench::{Ledger, as_killed, check_loads, files_in, open, written};
use sijill_store::{DataDir, Log, StoreError, private_copy};
use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

fn stopped(data: &Path) -> Ledger {
    let log = open(data);
    let ledger = written(&log, "iraq", 5);
    fs::write(data.join("polls/iraq/roster"), vec![1; 98]).unwrap();
    fs::create_dir(data.join("polls/iraq/vault")).unwrap();
    fs::write(data.join("polls/iraq/vault/contacts"), "secret").unwrap();
    log.close().unwrap();
    ledger
}

#[track_caller]
fn check_copied(data: &Path, copy: &Path, ledger: &Ledger) {
    let before = files_in(data);
    private_copy(data, copy).unwrap();
    let log = Log::open(DataDir::open(copy).unwrap()).unwrap();
    check_loads(&log, ledger);
    log.finish_loading().unwrap();
    assert!(files_in(data) == before, "the original was touched");
    let poll = copy.join("polls/iraq");
    assert_eq!(fs::read(poll.join("roster")).unwrap(), vec![1; 98]);
    assert!(!poll.join("vault").exists(), "contacts were copied");
}

#[test]
fn a_copy_is_loaded_and_the_original_stays_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let ledger = stopped(&data);
    check_copied(&data, &folder.path().join("copy"), &ledger);
}

#[test]
fn an_unclean_directory_is_copied_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let (data, killed) = (folder.path().join("data"), folder.path().join("killed"));
    stopped(&data);
    let log = open(&data);
    let mut ledger = Ledger::new("iraq");
    let (loaded, entries) = crate::bench::load(&log, &ledger.origin).unwrap();
    (ledger.head, ledger.entries) = (loaded.head, entries);
    ledger.append(&log, &["one more"]).unwrap();
    as_killed(&data, &killed);
    check_copied(&killed, &folder.path().join("copy"), &ledger);
}

#[test]
fn a_directory_without_its_lock_file_is_copied_and_given_none() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let ledger = stopped(&data);
    fs::remove_file(data.join("lock")).unwrap();
    check_copied(&data, &folder.path().join("copy"), &ledger);
}

#[test]
fn a_held_directory_is_not_copied() {
    let folder = tempfile::tempdir().unwrap();
    let (data, copy) = (folder.path().join("data"), folder.path().join("copy"));
    let log = open(&data);
    written(&log, "iraq", 2);
    let refused = private_copy(&data, &copy).unwrap_err();
    assert!(matches!(refused, StoreError::Held { .. }), "{refused}");
    assert!(!copy.exists());
    log.close().unwrap();
    assert!(matches!(
        private_copy(&data, &copy),
        Err(StoreError::Held { .. })
    ));
    drop(log);
    private_copy(&data, &copy).unwrap();
}

#[test]
fn two_audits_at_once_do_not_stand_in_each_others_way() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let ledger = stopped(&data);
    let other = File::open(data.join("lock")).unwrap();
    other.lock_shared().unwrap();
    check_copied(&data, &folder.path().join("copy"), &ledger);
    assert!(matches!(DataDir::open(&data), Err(StoreError::Held { .. })));
}

#[test]
fn the_copy_of_read_only_files_can_be_opened() {
    let folder = tempfile::tempdir().unwrap();
    let (data, copy) = (folder.path().join("data"), folder.path().join("copy"));
    stopped(&data);
    for name in ["log/db", "log/conf", "polls/iraq/head"] {
        fs::set_permissions(data.join(name), fs::Permissions::from_mode(0o444)).unwrap();
    }
    private_copy(&data, &copy).unwrap();
    for name in ["log/db", "log/conf", "polls/iraq/head"] {
        let mode = fs::metadata(copy.join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o200, 0o200, "{name}");
    }
}

#[test]
fn a_folder_that_is_no_data_directory_is_not_copied() {
    let folder = tempfile::tempdir().unwrap();
    let (data, copy) = (folder.path().join("data"), folder.path().join("copy"));
    assert!(matches!(
        private_copy(&data, &copy),
        Err(StoreError::NotADataDir { .. })
    ));
    assert!(!copy.exists());
}
