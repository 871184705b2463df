//! Somebody who trusts neither the service nor its auditor: `tools/verify`, written from docs/SPEC.md alone, on an export.

use crate::assertions::{check, verdict};
use crate::place::{Place, terms};
use crate::process::{Argument, Process, Ran};
use serde_json::Value;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// Longest that the verifier may take, its first run on a machine included, which fetches two packages.
const VERIFY_MAX: Duration = Duration::from_secs(300);

/// Runs `tools/verify` to its end.
pub fn verify<A: Argument>(place: &Place, arguments: impl IntoIterator<Item = A>) -> Ran {
    let tool = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tools/verify");
    let mut command = Command::new(tool);
    command.args(arguments);
    Process::start(&mut command, &place.path(""), "verify").wait(VERIFY_MAX)
}

#[test]
fn the_verifier_passes_its_own_tests() {
    let place = Place::new();
    verify(&place, ["--self-test"]).well();
}

#[test]
fn the_verifier_says_of_a_poll_what_the_auditor_says() {
    let place = Place::new();
    let invited = place.poll(&terms(), 6);
    let server = place.serve();
    let browser = server.browser();
    let held = ["yes", "no", "yes"]
        .iter()
        .zip(&invited)
        .map(|(choice, invitation)| {
            let confirmed = browser.answer(&invitation.path, choice).status(200);
            let promise = browser.get(&confirmed.promise_path().expect("a promise is offered"));
            place.write(&format!("{}.promise", invitation.token()), &promise.body)
        });
    let held: Vec<_> = held.collect();
    server.stop().well();
    place.close("bridge");
    let file = place.path("bridge.export");
    place.sijill(args!["export", "bridge", &file]).well();

    let anchor = place.anchor("bridge");
    let mut arguments = args!["--anchor", anchor, "--json"].to_vec();
    for promise in &held {
        arguments.extend(args!["--promise", promise].iter().cloned());
    }
    let audited = place.audit(&file, &arguments).well().json();
    let mut command = args![&file, "--operator-key", place.operator_key()].to_vec();
    command.extend(arguments);
    let verified = verify(&place, command).well().json();
    assert_eq!(said(&verified), said(&audited));
    assert_eq!(verified["polls"][0]["slug"], "bridge");
    for field in [
        "origin", "poll_id", "state", "entries", "head", "root", "tally", "keys", "anchors",
        "warnings",
    ] {
        assert_eq!(
            verified["polls"][0][field], audited["polls"][0][field],
            "{field}"
        );
    }
}

/// Number, title and verdict of each check.
fn said(report: &Value) -> Vec<[&Value; 3]> {
    let checks = report["checks"].as_array().unwrap();
    checks
        .iter()
        .map(|check| [&check["number"], &check["title"], &check["verdict"]])
        .collect()
}

#[test]
fn exit_codes_tell_what_failed_from_what_is_missing_and_from_what_was_meant_otherwise() {
    let place = Place::new();
    place.poll(&terms(), 3);
    let file = place.path("bridge.export");
    place.sijill(args!["export", "bridge", &file]).well();
    let (key, anchor) = (place.operator_key(), place.anchor("bridge"));
    let whole = args![&file, "--operator-key", &key, "--anchor", &anchor].to_vec();
    let report = verify(&place, &whole).well();
    assert!(report.out.contains("exit code 0"), "{}", report.out);
    verify(&place, args![&file, "--operator-key", &key]).expect_code(4);
    verify(&place, args![&file, "--anchor", &anchor]).expect_code(4);

    let mut bent = std::fs::read(&file).unwrap();
    let last = bent.len() - 1;
    bent[last] ^= 1;
    let bent = place.write("bent.export", bent);
    let report = verify(&place, args![&bent, "--json"]).expect_code(1).json();
    assert_eq!(verdict(&report, "V1"), "failed");
    assert!(check(&report, "V1")["failures"][0]["expected"].is_string());

    let (empty, pipe) = (place.path("empty"), place.path("pipe"));
    std::fs::create_dir(&empty).unwrap();
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    for wrong in [
        args![&file, "--receipt", &empty].to_vec(),
        args![&file, "--promise", &empty].to_vec(),
        args![&file, "--checkpoint", &empty].to_vec(),
        // To open a pipe would be to wait for ever.
        args![&file, "--policy", &pipe].to_vec(),
        args![].to_vec(),
        args![place.path("nowhere.export")].to_vec(),
        args![place.path("")].to_vec(),
        args![&file, "--colour"].to_vec(),
        args![&file, "--operator-key", "operator"].to_vec(),
        args![&file, "--anchor", "last"].to_vec(),
        args![&file, "--promise", place.path("nowhere")].to_vec(),
    ] {
        let said = verify(&place, wrong).expect_code(2).err;
        assert!(!said.contains("Traceback"), "{said}");
    }
}
