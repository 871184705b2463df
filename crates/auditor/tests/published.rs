//! The auditor and what was published of a poll: honest publications, in exports and folders, and what is said of them.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "what cannot be set up must stop the test that asked for it"
)]

mod bench_of_audits;

use bench_of_audits::{audit_case, failed, report_of, verdict};
use sijill_auditor::{CHECKS, Verdict};
use sijill_ledger::cosignature::WitnessKey;
use sijill_ledger::fork::ForkProof;
use sijill_ledger::policy::Policy;
use sijill_ledger::{SecretKey, note::VerifierKey};
use sijill_scenarios::bench::Bench;
use sijill_scenarios::fixture::{self, Case};
use sijill_scenarios::forge::{forgeries, many};

fn not_passed(case: &Case) -> Vec<(u8, Verdict)> {
    let report = report_of(case);
    let checks = report.checks.iter();
    let not_passed = checks.filter(|check| check.verdict != Verdict::Passed);
    not_passed
        .map(|check| (check.number.0, check.verdict))
        .collect()
}

fn size(bench: &Bench) -> u64 {
    bench.entries.len() as u64
}

#[test]
fn an_export_with_its_checkpoints_is_audited_to_its_end_by_the_policy_alone() {
    let bench = fixture::honest();
    let mut case = Case::published(&bench, &[1, 7, size(&bench)]).without_anchor();
    case.held = vec![(
        "noted".into(),
        bench.signed_checkpoint(9).to_string().into_bytes(),
    )];
    let not_applicable = |number| (number, Verdict::NotApplicable);
    assert_eq!(not_passed(&case), [18, 24, 25].map(not_applicable));
    let report = report_of(&case);
    assert_eq!(report.exit_code(), 0);
    let checkpoint = report.polls[0].checkpoint.as_ref().expect("there is one");
    assert_eq!(checkpoint.signed_by, [bench.log_key()]);
    assert_eq!(
        checkpoint.note,
        bench.signed_checkpoint(size(&bench)).to_string()
    );
}

#[test]
fn a_folder_of_a_published_poll_is_audited_like_an_export_and_its_tiles_too() {
    for (bench, sizes) in [
        (fixture::honest(), vec![1, 7]),
        (many(), vec![100, 256, 280]),
    ] {
        let sizes = [sizes, vec![size(&bench)]].concat();
        let case = Case::folder(&bench, &sizes).without_anchor();
        let report = report_of(&case);
        assert_eq!(report.exit_code(), 0, "{}", sijill_auditor::render(&report));
        assert_eq!(verdict(&report, 24), Verdict::Passed);
        let export = report_of(&Case::published(&bench, &sizes));
        let (folder, export) = (&report.polls[0], &export.polls[0]);
        assert_eq!((folder.head, &folder.root), (export.head, &export.root));
        assert_eq!(folder.tally, export.tally);
        assert_eq!(folder.checkpoint, export.checkpoint);
    }
}

#[test]
fn a_checkpoint_before_the_end_anchors_nothing_after_it() {
    let bench = fixture::honest();
    let case = Case::published(&bench, &[1, 7]).without_anchor();
    let report = report_of(&case);
    assert!(failed(&report).is_empty());
    assert_eq!(report.exit_code(), 4);
    assert!(!report.polls[0].end_anchored);
    let tree = report.checks.iter().find(|check| check.number.0 == 20);
    assert!(tree.unwrap().notes[0].contains("nothing signed covers"));
}

#[test]
fn a_held_checkpoint_over_all_entries_anchors_the_end() {
    let bench = fixture::honest();
    let held = bench.signed_checkpoint(size(&bench)).to_string();
    let case = Case {
        policy: Some(bench.policy()),
        held: vec![("newest".into(), held.into_bytes())],
        ..Case::of(&bench).without_anchor()
    };
    let report = report_of(&case);
    assert!(report.polls[0].end_anchored);
    // The export has none of its own, and a policy was given to judge them by.
    assert_eq!(verdict(&report, 20), Verdict::NotChecked);
    assert_eq!(verdict(&report, 21), Verdict::NotChecked);
    assert_eq!(verdict(&report, 23), Verdict::Passed);
}

#[test]
fn a_quorum_that_is_not_met_anchors_no_end_and_fails_nothing() {
    let bench = fixture::honest();
    let key = SecretKey::from_seed([7; 32]);
    let witness = WitnessKey::new("witness.example/w", key.public_key()).unwrap();
    let policy = format!("log {}\nwitness w {witness}\nquorum w\n", bench.log_key());
    let mut case = Case::published(&bench, &[size(&bench)]).without_anchor();
    case.policy = Some(policy.clone().into_bytes());
    let report = report_of(&case);
    assert_eq!(verdict(&report, 21), Verdict::Passed);
    assert_eq!(
        (report.exit_code(), report.polls[0].end_anchored),
        (4, false)
    );

    let signed = bench.signed_checkpoint(size(&bench));
    let verified = signed.verify(&[bench.log_key()]).unwrap();
    let line = verified
        .cosign("witness.example/w", &key, 1_800_000_000)
        .unwrap();
    case.file = bench
        .export()
        .with_checkpoints(&signed.with(line).unwrap().to_string());
    let report = report_of(&case);
    assert_eq!(
        (report.exit_code(), report.polls[0].end_anchored),
        (0, true)
    );
    let notes = &report
        .checks
        .iter()
        .find(|check| check.number.0 == 21)
        .unwrap()
        .notes;
    assert!(
        notes[0].contains("witness.example/w") && notes[0].contains("1800000000"),
        "{notes:?}"
    );
}

#[test]
fn without_policy_the_keys_of_entry_0_count_only_where_the_operators_key_is_pinned() {
    let bench = fixture::honest();
    let mut case = Case::published(&bench, &[1, size(&bench)]);
    case.policy = None;
    let report = report_of(&case);
    assert_eq!(verdict(&report, 21), Verdict::Passed);
    assert_eq!(report.polls[0].keys.log, [bench.log_key()]);
    let checkpoints = report.checks.iter().find(|check| check.number.0 == 21);
    assert!(checkpoints.unwrap().notes[0].contains("entry 0 names"));
    case.operator_keys.clear();
    let report = report_of(&case);
    assert_eq!(verdict(&report, 20), Verdict::Passed);
    assert_eq!(verdict(&report, 21), Verdict::NotChecked);
    assert_eq!(report.polls[0].keys.log, Vec::<VerifierKey>::new());
}

#[test]
fn a_policy_without_this_ledgers_log_checks_no_signature_and_says_so() {
    let bench = fixture::honest();
    let mut case = Case::published(&bench, &[1, size(&bench)]);
    case.held = vec![(
        "noted".into(),
        bench.signed_checkpoint(9).to_string().into_bytes(),
    )];
    case.policy = Some(b"quorum none\n".to_vec());
    let report = report_of(&case);
    for check in [21, 23] {
        assert_eq!(verdict(&report, check), Verdict::NotChecked, "V{check}");
    }
    let checkpoints = report.checks.iter().find(|check| check.number.0 == 21);
    assert!(checkpoints.unwrap().why[0].contains("`log` line"));
    assert_eq!(report.exit_code(), 4);
}

#[test]
fn what_is_published_while_an_audit_begins_is_left_for_the_next_one() {
    let bench = many();
    let mut case = Case::folder(&bench, &[100, 280]).without_anchor();
    let later = bench.list(&[100, 280, size(&bench)]);
    let files = case.folder.as_mut().unwrap();
    files.insert("checkpoints".into(), later.into_bytes());
    let report = report_of(&case);
    assert_eq!(report.exit_code(), 0, "{}", sijill_auditor::render(&report));
    assert_eq!(report.polls[0].entries, 280);
}

#[test]
fn a_folder_without_a_checkpoint_fails_v1_and_nothing_of_it_is_checked() {
    let bench = fixture::honest();
    for bad in [None, Some(b"ur.example/polls/bridge\n".to_vec())] {
        let mut case = Case::folder(&bench, &[size(&bench)]);
        let files = case.folder.as_mut().unwrap();
        match bad {
            Some(bad) => files.insert("checkpoint".into(), bad),
            None => files.remove("checkpoint"),
        };
        let report = report_of(&case);
        assert_eq!(failed(&report), [1]);
        let unchecked = report
            .checks
            .iter()
            .filter(|check| check.verdict == Verdict::NotChecked);
        assert_eq!(unchecked.count(), CHECKS.len() - 1);
    }
}

#[test]
fn two_histories_of_one_log_leave_a_proof_that_needs_neither() {
    let case = forgeries().into_iter();
    let rewritten = "the last answer was another when a checkpoint was signed";
    let mut case = (case
        .clone()
        .find(|forgery| forgery.name == rewritten)
        .unwrap()
        .make)();
    let policy = Policy::parse(case.policy.as_ref().unwrap()).unwrap();
    let one = audit_case(&case).forks;
    assert_eq!(one.len(), 1);
    assert!(one[0].verify(&policy).is_ok());

    // The same, and the ledger went on: the proof leads from the older size to the newest.
    let (mut before, mut now) = (fixture::running(), fixture::running());
    before.admit(fixture::respond(&before, 10, "yes"));
    now.admit(fixture::respond(&now, 10, "no"));
    now.admit(fixture::respond(&now, 11, "no"));
    let held = before.signed_checkpoint(20).to_string().into_bytes();
    for source in [
        Case::published(&now, &[5, 21]),
        Case::folder(&now, &[5, 21]),
    ] {
        case = Case {
            held: vec![("before".into(), held.clone())],
            ..source
        };
        let report = audit_case(&case);
        let [fork] = report.forks.as_slice() else {
            panic!("{:?}", report.forks)
        };
        let text = fork.to_string();
        let read: ForkProof = text.parse().unwrap();
        let verified = read.verify(&policy).expect("it proves the fork");
        assert_eq!(verified.second().checkpoint().size, 21);
        assert_eq!(verified.other_root(), now.root(20));
    }
}
