//! Folders that are a data directory of this version, and those that are not.

use crate::bench::{open, written};
use sijill_store::{DataDir, StoreError};
use std::fs;
use std::os::unix::fs::PermissionsExt;

#[test]
fn a_missing_an_empty_and_a_prepared_folder_become_data_directories() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["missing/below", "empty", "prepared", "mounted"] {
        let path = folder.path().join(name);
        match name {
            "empty" => fs::create_dir(&path).unwrap(),
            "prepared" => {
                fs::create_dir_all(path.join("keys")).unwrap();
                fs::write(path.join("operator.vkey"), "key").unwrap();
                // What a process killed at its first write leaves.
                fs::write(path.join("format.writing"), "sij").unwrap();
            }
            "mounted" => fs::create_dir_all(path.join("lost+found")).unwrap(),
            _ => {}
        }
        drop(DataDir::create_or_open(&path).unwrap());
        drop(DataDir::open(&path).unwrap());
    }
}

#[test]
fn a_folder_of_other_things_is_no_data_directory() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("holiday.jpg"), "sun").unwrap();
    for refused in [
        DataDir::open(folder.path()),
        DataDir::create_or_open(folder.path()),
    ] {
        let error = refused.unwrap_err();
        assert!(matches!(error, StoreError::NotADataDir { .. }), "{error}");
    }
    assert_eq!(crate::bench::listing(folder.path()), ["holiday.jpg"]);
    let missing = DataDir::open(&folder.path().join("missing")).unwrap_err();
    assert!(matches!(missing, StoreError::NotADataDir { .. }));
}

#[test]
fn another_version_is_named_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path());
    written(&log, "iraq", 2);
    log.close().unwrap();
    drop(log);
    for format in [
        &b"sijill data v2\nsegment 4194304\n"[..],
        b"sijill data v1\nsegment 524288\n",
        b"",
        b"\xff\xfe",
    ] {
        fs::write(folder.path().join("format"), format).unwrap();
        let before = crate::bench::files_in(folder.path());
        for refused in [
            DataDir::open(folder.path()),
            DataDir::create_or_open(folder.path()),
        ] {
            let error = refused.unwrap_err();
            assert!(matches!(error, StoreError::OtherVersion { .. }), "{error}");
        }
        assert!(crate::bench::files_in(folder.path()) == before);
    }
    fs::write(folder.path().join("format"), "sijill data v2\n").unwrap();
    let error = DataDir::open(folder.path()).unwrap_err().to_string();
    assert!(error.contains("expected `sijill data v1"), "{error}");
    assert!(error.contains("found `sijill data v2`"), "{error}");
}

#[test]
fn a_read_only_directory_is_refused_with_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data");
    fs::create_dir(&path).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o555)).unwrap();
    if fs::write(path.join("probe"), b"").is_ok() {
        println!("skipped: whoever runs this may write into a read-only directory");
        return;
    }
    let error = DataDir::create_or_open(&path).unwrap_err();
    assert!(
        matches!(&error, StoreError::Io { path: named, .. } if named.contains("data")),
        "{error}"
    );
}
