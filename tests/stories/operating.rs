//! Small things that whoever operates or audits a poll meets at a terminal.

use crate::place::{Place, terms};
use std::process::{Command, Stdio};

const SLUG: &str = "bridge";

/// Runs a command whose standard output nobody reads, and returns its exit code.
fn unread(command: &mut Command) -> Option<i32> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    child.wait().unwrap().code()
}

// What happened: `sijill audit forged.export | head` ended with 0, because nobody read the report to its end. What an
// auditor's script would have taken it for: every check passed.
#[test]
fn a_verdict_is_the_same_whoever_reads_the_report() {
    let place = Place::new();
    place.poll(&terms(), 3);
    let file = place.path("bridge.export");
    place.sijill(args!["export", SLUG, &file]).well();
    let mut bytes = std::fs::read(&file).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    let forged = place.write("forged.export", bytes);
    for json in [None, Some("--json")] {
        let audit = place
            .command()
            .arg("audit")
            .arg(&forged)
            .args(json)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        assert_eq!(audit.unwrap().code(), Some(1));
        assert_eq!(
            unread(place.command().arg("audit").arg(&forged).args(json)),
            Some(1)
        );
    }
    let definition = place.write("bad.toml", "slug = 1");
    assert_eq!(
        unread(place.command().args(["poll", "lint"]).arg(definition)),
        Some(1)
    );
}

#[test]
fn with_json_a_failure_is_a_document_too() {
    let place = Place::new();
    place.poll(&terms(), 3);
    let poll = place
        .sijill(["poll", "show", "nobody", "--json"])
        .expect_code(1)
        .json();
    assert!(poll["error"].as_str().unwrap().contains("nobody"), "{poll}");
    assert_eq!(poll["exit_code"], 1);
    let source = place.sijill(["audit", "/nowhere/poll.export", "--json"]);
    assert_eq!(source.expect_code(2).json()["exit_code"], 2);
}

#[test]
fn an_answer_is_found_by_the_code_that_its_respondent_was_shown() {
    let place = Place::new();
    let invited = place.poll(&terms(), 3);
    let server = place.serve();
    let page = server.browser().answer(&invited[1].path, "no").status(200);
    let code = page.code().expect("a confirmation shows a code");
    server.stop().well();
    let typed = code.to_lowercase().replace(' ', "-").replace('0', "o");
    for code in [&code, &typed] {
        let shown = place
            .sijill(["ledger", "show", SLUG, "--code", code])
            .well();
        let entry = &shown.json_lines()[0];
        assert_eq!(entry["content"]["answers"][0]["option"], "no");
    }
    let other = "0000 0000 0000 0000 0000";
    place
        .sijill(["ledger", "show", SLUG, "--code", other])
        .expect_code(1);
    place
        .sijill(["ledger", "show", SLUG, "--code", "short"])
        .expect_code(2);
}

#[test]
fn an_export_is_not_written_over_what_is_no_file() {
    let place = Place::new();
    place.poll(&terms(), 3);
    std::os::unix::fs::symlink("elsewhere", place.path("link")).unwrap();
    let refused = place.sijill(args!["export", SLUG, place.path("link")]);
    assert!(refused.expect_code(3).err.contains("no regular file"));
    let messages = [
        "invitations",
        "export",
        "--poll",
        SLUG,
        "--again",
        "--out",
        "/dev/null",
    ];
    place.sijill(messages).expect_code(2);
    assert!(!place.path("elsewhere").exists());
}
