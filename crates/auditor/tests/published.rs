//! The auditor and what was published of a poll: honest publications, in exports and folders, and what is said of them.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "what cannot be set up must stop the test that asked for it"
)]

mod bench_of_audits;

use bench_of_audits::{audit_case, failed, options, report_of, verdict, write_folder};
use sijill_auditor::fetcher::Fetcher;
use sijill_auditor::state::State;
use sijill_auditor::{AuditError, CHECKS, Options, Verdict, audit_published};
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
    assert_eq!(not_passed(&case), [9, 18, 24, 25].map(not_applicable));
    let report = report_of(&case);
    assert_eq!(report.exit_code(), 0);
    let checkpoint = report.polls[0].checkpoint.as_ref().expect("there is one");
    assert_eq!(checkpoint.signed_by, [bench.log_key()]);
    assert_eq!(
        checkpoint.note,
        bench.signed_checkpoint(size(&bench)).to_string()
    );
}

/// A server could send leaves for ever; a folder can hold a file as large as it says.
#[test]
fn a_roster_of_far_more_leaves_than_were_committed_to_is_not_read_to_its_end() {
    let bench = fixture::honest();
    let case = Case::published(&bench, &[1, 7, size(&bench)]);
    let folder = write_folder(&bench.folder(&[1, 7, size(&bench)]));
    let roster = std::fs::OpenOptions::new()
        .write(true)
        .open(folder.path().join("roster"));
    // A hole in a file takes no room, and a hundred gigabytes take minutes to read.
    roster.unwrap().set_len(98 << 30).unwrap();
    let fetcher = Fetcher::of_folder(folder.path()).unwrap();
    let report = audit_published(fetcher, &options(&case), &|_| ()).unwrap();
    let verdict = report.checks.iter().find(|check| check.number.0 == 10);
    assert_eq!(verdict.unwrap().verdict, Verdict::Failed);
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
        assert_eq!(verified.other_root(), now.checkpoint(20).root);
    }
}

/// The state that an audit of this case leaves.
fn kept(case: &Case) -> Option<State> {
    audit_case(case).kept
}

#[test]
fn what_is_kept_of_an_audit_finds_a_ledger_that_went_back_or_was_rewritten() {
    let (bench, other) = {
        let (mut one, mut other) = (fixture::running(), fixture::running());
        one.admit(fixture::respond(&one, 10, "yes"));
        other.admit(fixture::respond(&other, 10, "no"));
        (one, other)
    };
    let state = kept(&Case::folder(&bench, &[5, 20])).expect("all checks passed");
    assert_eq!(state.checkpoint(), &bench.signed_checkpoint(20));
    let with_state = |mut case: Case| {
        case.state = Some(state.to_bytes());
        report_of(&case)
    };
    for sizes in [vec![5, 20], vec![20]] {
        let same = with_state(Case::folder(&bench, &sizes));
        assert_eq!(verdict(&same, 23), Verdict::Passed);
        assert_eq!(same.exit_code(), 0);
    }
    let rolled_back = with_state(Case::folder(&bench, &[5, 15]).without_anchor());
    assert_eq!(failed(&rolled_back), [23]);
    let rewritten = with_state(Case::folder(&other, &[5, 20]));
    assert_eq!(failed(&rewritten), [23]);
    assert_eq!(rewritten.polls[0].forks.len(), 1);
    assert!(rolled_back.polls[0].kept.is_none() && rewritten.polls[0].kept.is_none());
}

#[test]
fn nothing_is_kept_where_a_check_failed_or_was_not_made_or_there_is_no_checkpoint() {
    let bench = fixture::running();
    assert!(kept(&Case::of(&bench)).is_none());
    let mut without_key = Case::folder(&bench, &[5, 19]);
    without_key.operator_keys.clear();
    assert!(kept(&without_key).is_none());
    for forgery in forgeries() {
        assert!(kept(&(forgery.make)()).is_none(), "{}", forgery.name);
    }
}

#[test]
fn the_state_of_another_poll_is_no_finding_but_wrong_input() {
    let state = kept(&Case::published(&fixture::running(), &[5, 19]));
    let mut setup = sijill_scenarios::bench::Setup::default();
    setup.terms.slug = "tunnel".into();
    let other = fixture::answered(&setup, 10);
    let options = Options {
        state,
        ..options(&Case::of(&other))
    };
    let folder = write_folder(&other.folder(&[5, 19]));
    let fetcher = Fetcher::of_folder(folder.path()).unwrap();
    let error = audit_published(fetcher, &options, &|_| {}).unwrap_err();
    assert!(error.to_string().contains("tunnel"), "{error}");
    assert!(matches!(error, AuditError::State(_)));
}

/// The poll of many entries when it had this many.
fn many_at(entries: usize) -> Bench {
    let mut bench = many();
    bench.entries.truncate(entries);
    bench
}

#[test]
fn the_second_audit_reads_the_growth_alone_and_says_the_same_as_one_in_full() {
    let end = many().entries.len();
    for (first, second) in [(100, 280), (256, end), (280, end), (end, end), (1, end)] {
        let sizes = [1, 100, 256, 280, end].map(|size| size as u64);
        let upto = |last: usize| -> Vec<u64> {
            let sizes = sizes.iter().copied();
            sizes.filter(|size| *size <= last as u64).collect()
        };
        let before = Case::folder(&many_at(first), &upto(first)).without_anchor();
        let state = kept(&before).expect("all checks passed").to_bytes();
        let full = Case::folder(&many_at(second), &upto(second)).without_anchor();
        let mut growth = full.clone();
        growth.state = Some(state);
        // What was looked at before is not there any more, and nobody asks for it.
        let files = growth.folder.as_mut().unwrap();
        if first >= 256 {
            assert!(files.remove("tile/entries/000").is_some());
            assert!(files.remove("tile/0/000").is_some());
        }
        if first > 1 {
            assert!(files.remove("roster").is_some());
        }
        let (growth, full) = (audit_case(&growth), audit_case(&full));
        // The roster is not committed to by the first entry: that audit carries nothing.
        let from = if first > 1 { first as u64 } else { 0 };
        assert_eq!(growth.audited_from, from, "{first}, {second}");
        assert_eq!((growth.head, &growth.root), (full.head, &full.root));
        assert_eq!(
            (&growth.tally, &growth.checkpoint),
            (&full.tally, &full.checkpoint)
        );
        // And so on: a third audit begins where the second ended.
        let mut third = Case::folder(&many_at(second), &upto(second)).without_anchor();
        third.state = growth.kept.as_ref().map(State::to_bytes);
        assert_eq!(audit_case(&third).audited_from, second as u64);
        for (growth, full) in growth.checks.iter().zip(&full.checks) {
            // A checkpoint was held, where without a state there was none.
            let expected = match full.number.0 {
                23 => Verdict::Passed,
                _ => full.verdict,
            };
            assert_eq!(growth.verdict, expected, "{growth:#?}");
        }
    }
}

/// A folder that grew from 280 entries, as `bend` makes it, audited with the state of before.
fn grown(bend: impl FnOnce(&mut Case)) -> sijill_auditor::Report {
    let before = Case::folder(&many_at(280), &[100, 280]).without_anchor();
    let end = size(&many());
    let mut case = Case::folder(&many(), &[100, 280, end]).without_anchor();
    case.state = Some(kept(&before).expect("all checks passed").to_bytes());
    bend(&mut case);
    let report = report_of(&case);
    let verdicts = report.checks.iter().map(|check| check.verdict);
    let mut gaps =
        verdicts.filter(|verdict| matches!(verdict, Verdict::Failed | Verdict::NotChecked));
    assert_eq!(report.polls[0].kept.is_some(), gaps.next().is_none());
    report
}

fn bend(case: &mut Case, path: &str) {
    let files = case.folder.as_mut().unwrap();
    files.get_mut(path).expect("it is there")[5] ^= 1;
}

#[test]
fn what_is_wrong_with_the_growth_is_found_as_without_a_state() {
    let report = grown(|_| {});
    assert_eq!((report.exit_code(), report.polls[0].audited_from), (0, 280));
    let width = size(&many()) - 256;
    let tile = grown(|case| bend(case, &format!("tile/0/001.p/{width}")));
    assert_eq!((failed(&tile), tile.polls[0].audited_from), (vec![24], 0));
    let missing = grown(|case| {
        let files = case.folder.as_mut().unwrap();
        files.remove(&format!("tile/entries/001.p/{width}"));
    });
    // Fewer entries could be read than the state's checkpoint covers.
    assert_eq!(failed(&missing), [1, 20, 23]);
    let list = grown(|case| {
        let list = many().list(&[100, size(&many())]);
        let files = case.folder.as_mut().unwrap();
        files.insert("checkpoints".into(), list.into_bytes());
    });
    assert_eq!((failed(&list), list.polls[0].audited_from), (vec![], 0));
    let unordered = grown(|case| {
        let list = many().list(&[100, 280, 100, size(&many())]);
        let files = case.folder.as_mut().unwrap();
        files.insert("checkpoints".into(), list.into_bytes());
    });
    assert_eq!(failed(&unordered), [21]);
}

#[test]
fn a_state_is_not_gone_on_from_where_the_verdicts_rested_on_something_else() {
    let anchor = (3, many().entries[3].link());
    for (what, change) in [
        ("policy", (|case| case.policy = None) as fn(&mut Case)),
        ("keys", |case| case.operator_keys.push(bench_key())),
        ("promises", |case| {
            let kept = many().responded_as(3, 1, sijill_poll::event::How::Link, "yes");
            case.promises = vec![("kept".into(), many().promise(&kept))];
        }),
    ] {
        let report = grown(change);
        assert_eq!(report.polls[0].audited_from, 0, "{what}");
        assert!(failed(&report).is_empty(), "{what}");
    }
    let report = grown(|case| case.anchors = vec![anchor]);
    assert_eq!(report.polls[0].audited_from, 0);
    let report = grown(|case| case.anchors = vec![many().end()]);
    assert_eq!(report.polls[0].audited_from, 280);
    assert!(report.polls[0].anchors[0].met);
}

fn bench_key() -> VerifierKey {
    sijill_scenarios::bench::Keys::of_seed(9).operator_key()
}
