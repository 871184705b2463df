//! An auditor who comes back: a published poll in a folder, a policy, and a state file from one audit to the next.

use crate::assertions::verdict;
use crate::place::Place;
use crate::process::Ran;
use sijill_ledger::fork::ForkProof;
use sijill_ledger::policy::Policy;
use sijill_scenarios::bench::{Bench, Setup};
use sijill_scenarios::definition::HOUR_MS;
use sijill_scenarios::{fixture, publish};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// What an auditor has beside the folder.
struct Auditor {
    place: Place,
    folder: PathBuf,
    policy: PathBuf,
    state: PathBuf,
    key: String,
}

impl Auditor {
    fn of(bench: &Bench) -> Self {
        let place = Place::new();
        Self {
            folder: place.path("published"),
            policy: place.write("policy", bench.policy()),
            state: place.path("bridge.state"),
            key: bench.keys.operator_key().to_string(),
            place,
        }
    }

    /// Puts what this bench published at these sizes in the folder's place.
    fn publish(&self, bench: &Bench, sizes: &[u64]) {
        if self.folder.exists() {
            fs::remove_dir_all(&self.folder).unwrap();
        }
        publish::write(&bench.folder(sizes), &self.folder).unwrap();
    }

    fn audit(&self) -> Ran {
        self.place.sijill(args![
            "audit",
            &self.folder,
            "--json",
            "--operator-key",
            &self.key,
            "--policy",
            &self.policy,
            "--state",
            &self.state,
        ])
    }

    fn state(&self) -> Vec<u8> {
        fs::read(&self.state).unwrap()
    }
}

/// 15 January 2024: past for every clock.
const START_MS: u64 = 1_705_305_600_000;

/// A running poll of the past, of so many answers.
fn poll(invitations: u32, answers: u32) -> Bench {
    let mut setup = Setup {
        invitations,
        ..Setup::default()
    };
    setup.terms.field_ms = [0, 1, 2].map(|hours| START_MS + hours * HOUR_MS);
    fixture::answered(&setup, answers)
}

#[test]
fn the_second_audit_of_a_folder_reads_what_was_added_and_needs_no_anchor() {
    let (mut before, now) = (poll(420, 290), poll(420, 290));
    before.entries.truncate(280);
    let auditor = Auditor::of(&now);
    auditor.publish(&before, &[100, 280]);
    auditor.audit().well();
    let mode = fs::metadata(&auditor.state).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    let first = auditor.state();
    auditor.publish(&now, &[100, 280, now.entries.len() as u64]);
    let report = auditor.audit().well().json();
    assert_eq!(report["polls"][0]["audited_from"], 280);
    assert_eq!(report["polls"][0]["end_anchored"], true);
    assert_eq!(verdict(&report, "V23"), "passed");
    assert_ne!(auditor.state(), first);
}

#[test]
fn a_failing_audit_leaves_the_state_as_it_is_and_a_proof_of_the_fork_beside_it() {
    let (mut before, mut now) = (poll(12, 10), poll(12, 10));
    before.admit(fixture::respond(&before, 10, "yes"));
    now.admit(fixture::respond(&now, 10, "no"));
    now.admit(fixture::respond(&now, 11, "no"));
    let auditor = Auditor::of(&before);
    auditor.publish(&before, &[5, 20]);
    auditor.audit().well();
    let kept = auditor.state();

    auditor.publish(&now, &[5, 21]);
    let ran = auditor.audit().expect_code(1);
    assert_eq!(verdict(&ran.json(), "V23"), "failed");
    assert_eq!(auditor.state(), kept);
    let proof = auditor.place.path("bridge.sijill-fork");
    assert!(ran.err.contains("bridge.sijill-fork"), "{}", ran.err);
    let fork: ForkProof = read(&proof).parse().unwrap();
    assert!(
        fork.verify(&Policy::parse(&before.policy()).unwrap())
            .is_ok()
    );

    // What was kept still stands when the ledger is back.
    auditor.publish(&before, &[5, 20]);
    auditor.audit().well();
}

#[test]
fn a_state_or_policy_that_is_none_is_wrong_input_and_stays_what_it_is() {
    let bench = poll(12, 10);
    let auditor = Auditor::of(&bench);
    auditor.publish(&bench, &[5, 19]);
    for (bytes, says) in [
        (&b"something else"[..], "no state of an audit"),
        (b"sijill audit state 9\n", "version 9"),
        (b"sijill audit state 1\nand no more", "damaged"),
    ] {
        fs::write(&auditor.state, bytes).unwrap();
        let ran = auditor.audit().expect_code(2);
        assert!(ran.out.contains(says) || ran.err.contains(says), "{ran:?}");
        assert_eq!(auditor.state(), bytes);
    }
    fs::remove_file(&auditor.state).unwrap();
    fs::write(&auditor.policy, "log nobody\n").unwrap();
    auditor.audit().expect_code(2);
    assert!(!auditor.state.exists());
}

#[test]
fn a_checkpoint_that_somebody_kept_finds_a_ledger_that_went_back() {
    let bench = poll(12, 10);
    let auditor = Auditor::of(&bench);
    auditor.publish(&bench, &[5, 15]);
    let kept = auditor.place.path("kept");
    fs::create_dir(&kept).unwrap();
    for size in [5, 19] {
        let note = bench.signed_checkpoint(size).to_string();
        fs::write(kept.join(size.to_string()), note).unwrap();
    }
    let audit = |checkpoint: &Path| {
        auditor.place.sijill(args![
            "audit",
            &auditor.folder,
            "--json",
            "--operator-key",
            &auditor.key,
            "--policy",
            &auditor.policy,
            "--checkpoint",
            checkpoint,
        ])
    };
    let report = audit(&kept).expect_code(1).json();
    assert_eq!(verdict(&report, "V23"), "failed");
    let report = audit(&kept.join("5")).well().json();
    assert_eq!(verdict(&report, "V23"), "passed");
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}
