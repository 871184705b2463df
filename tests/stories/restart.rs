//! The service after a Ctrl-C, on a directory that it may not have, and what was published before a power cut.

use crate::assertions::integer;
use crate::browser::Browser;
use crate::place::{Invitation, Place, Server, terms};
use crate::process::until;
use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::time::Duration;

const SLUG: &str = "bridge";

/// Longest that a story waits for a publication: a second between two of them, and a busy machine.
const PUBLICATION_MAX: Duration = Duration::from_secs(20);

#[test]
fn ctrl_c_stops_the_server_cleanly_though_people_listen() {
    let place = Place::new();
    let invited = place.poll(&terms(), 3);
    let server = place.serve();
    let browser = server.browser();
    browser.answer(&invited[0].path, "yes").status(200);
    let mut listener = browser.connect().unwrap();
    let request = browser.start("GET", "/polls/bridge/live") + "\r\n";
    std::io::Write::write_all(&mut listener, request.as_bytes()).unwrap();
    let stopped = server.stop().well();
    assert!(
        stopped.err.contains("everything confirmed is on disk"),
        "{}",
        stopped.err
    );

    // Nothing has to be recovered, and the projections are those of the ledger.
    let again = place.serve();
    assert!(!again.log().contains("WARN"), "{}", again.log());
    assert!(browser_sees_answer(&again, &invited[0]));
    again.stop().well();
    place.sijill(["replay"]).well();
    place.audit_data(SLUG).well();
}

fn browser_sees_answer(server: &Server, invitation: &Invitation) -> bool {
    server
        .browser()
        .get(&invitation.path)
        .status(200)
        .code()
        .is_some()
}

#[test]
fn a_second_server_on_the_same_data_is_refused_and_the_first_goes_on() {
    let place = Place::new();
    let invited = place.poll(&terms(), 3);
    let server = place.serve();
    let second = place.sijill(["serve", "--listen", "127.0.0.1:0"]);
    assert_ne!(second.code, Some(0));
    assert!(
        second.err.contains("held by another process"),
        "{}",
        second.err
    );
    // Neither can the directory be audited under its feet.
    let audit = place.audit(place.data(), ["--json"]);
    assert_eq!(audit.code, Some(3), "{}", audit.err);
    assert!(
        audit.err.contains("held by another process"),
        "{}",
        audit.err
    );
    server.browser().answer(&invited[0].path, "yes").status(200);
    server.stop().well();
    place.audit_data(SLUG).well();
}

#[test]
fn a_data_directory_of_another_version_is_named_and_left_alone() {
    let place = Place::new();
    place.poll(&terms(), 3);
    let file = place.data().join("format");
    let ours = fs::read_to_string(&file).unwrap();
    fs::write(&file, ours.replace("v1", "v2")).unwrap();
    for command in [
        &["serve", "--listen", "127.0.0.1:0"][..],
        &["poll", "list"],
        &["replay"],
    ] {
        let ran = place.sijill(command);
        assert_ne!(ran.code, Some(0), "{command:?}");
        assert!(
            ran.err.contains("data directory of another version"),
            "{command:?}: {}",
            ran.err
        );
        assert!(
            ran.err.contains("v1") && ran.err.contains("v2"),
            "{command:?}: {}",
            ran.err
        );
    }
    let audit = place.audit(place.data(), ["--json"]);
    assert_ne!(audit.code, Some(0));
    assert!(audit.err.contains("another version"), "{}", audit.err);
    assert_eq!(fs::read_to_string(&file).unwrap(), ours.replace("v1", "v2"));
    fs::write(&file, ours).unwrap();
    place.audit_data(SLUG).well();
}

/// Gives everything below `path` this owner and takes away every right to write.
fn make_read_only(path: &Path, owner: Option<u32>) {
    let is_folder = path.is_dir();
    if is_folder {
        for entry in fs::read_dir(path).unwrap() {
            make_read_only(&entry.unwrap().path(), owner);
        }
    }
    if let Some(owner) = owner {
        chown(path, Some(owner), Some(owner)).unwrap();
    }
    let mode = if is_folder { 0o500 } else { 0o400 };
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn make_writable(path: &Path) {
    fs::set_permissions(
        path,
        fs::Permissions::from_mode(if path.is_dir() { 0o700 } else { 0o600 }),
    )
    .unwrap();
    if path.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            make_writable(&entry.unwrap().path());
        }
    }
}

/// Root may write anywhere; nobody may not. Who the story runs the binary as instead of root.
const NOBODY: u32 = 65_534;

#[test]
fn a_read_only_directory_stops_the_start_with_a_clear_message() {
    let place = Place::new();
    place.poll(&terms(), 3);
    let root = fs::metadata("/proc/self").unwrap();
    let is_root = std::os::unix::fs::MetadataExt::uid(&root) == 0;
    // The binary where anybody can run it.
    let binary = place.path("sijill");
    fs::copy(env!("CARGO_BIN_EXE_sijill"), &binary).unwrap();
    for open in [place.path(""), binary.clone()] {
        fs::set_permissions(open, fs::Permissions::from_mode(0o755)).unwrap();
    }
    make_read_only(&place.data(), is_root.then_some(NOBODY));
    let mut command = std::process::Command::new(&binary);
    command
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(place.data())
        .current_dir("/");
    if is_root {
        command.uid(NOBODY).gid(NOBODY);
    }
    let ran = crate::process::Process::start(&mut command, &place.path(""), "read-only")
        .wait(Duration::from_secs(60));
    make_writable(&place.data());
    assert_eq!(ran.code, Some(3), "{}", ran.err);
    assert!(
        ran.err.contains(&place.data().display().to_string()),
        "{}",
        ran.err
    );
    assert!(
        ran.err.contains("Permission denied") || ran.err.contains("read-only"),
        "{}",
        ran.err
    );
    assert!(!ran.err.contains("panicked"), "{}", ran.err);
}

/// Answers published so far.
fn published(browser: &Browser) -> (u64, u64) {
    let results = browser.get("/polls/bridge/results.json").status(200).json();
    (integer(&results["size"]), integer(&results["answered"]))
}

#[test]
fn nothing_published_goes_backwards_after_a_power_cut_and_nothing_is_published_by_the_restart() {
    let place = Place::new();
    let invited = place.poll(&terms(), 30);
    let mut server = place.serve();
    let browser = server.browser();
    for invitation in &invited[..12] {
        browser.answer(&invitation.path, "yes").status(200);
    }
    let reached = until(PUBLICATION_MAX, || {
        (published(&browser).1 >= 10).then(|| published(&browser))
    });
    let before = reached.expect("ten answers are published");
    let rest = 12 - before.1 as usize;
    for invitation in &invited[12..16 - rest] {
        browser.answer(&invitation.path, "no").status(200);
    }
    let export = browser.get("/polls/bridge/export").status(200).body;
    server.kill();

    let server = place.serve();
    let browser = server.browser();
    assert_eq!(published(&browser), before);
    assert_eq!(browser.get("/polls/bridge/export").status(200).body, export);
    // What waited before goes on waiting, and is published with others.
    for invitation in &invited[16..26] {
        browser.answer(&invitation.path, "no").status(200);
    }
    until(PUBLICATION_MAX, || {
        (published(&browser).1 >= before.1 + 10).then_some(())
    })
    .expect("the next step is published");
    server.stop().well();
    place.audit_data(SLUG).well();
}

#[test]
fn a_poll_that_is_not_there_and_a_folder_that_is_no_data_directory_are_named() {
    let place = Place::new();
    let missing = place.sijill(["poll", "show", "nothing"]);
    assert_ne!(missing.code, Some(0));
    assert!(missing.err.contains("`nothing`"), "{}", missing.err);
    let folder = place.path("letters");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("letter.txt"), "Dear").unwrap();
    let ran = place.sijill(args!["poll", "list", "--data", &folder]);
    assert_ne!(ran.code, Some(0));
    assert!(ran.err.contains("letters"), "{}", ran.err);
    assert_eq!(
        fs::read_dir(&folder).unwrap().count(),
        1,
        "something was put into a stranger's folder"
    );
}
