//! The auditor against honest polls and against every forgery of the scenarios' table: each must fail its checks and
//! no other.

mod bench_of_audits;

use bench_of_audits::{audit_case, failed, report_of, verdict};
use sijill_auditor::{CHECKS, Verdict};
use sijill_ledger::container;
use sijill_scenarios::bench::{Bench, Setup, page_of, question_block, rotated_block};
use sijill_scenarios::definition::Terms;
use sijill_scenarios::fixture::{self, Case, LINK};
use sijill_scenarios::forge::forgeries;
use std::collections::BTreeSet;

#[test]
fn an_honest_poll_passes_every_check_given_key_and_anchor() {
    let mut case = Case::of(&fixture::honest());
    let bench = fixture::honest();
    let kept = bench.responded_as(3, 1, sijill_poll::event::How::Link, "yes");
    case.promises = vec![("kept.promise".into(), bench.promise(&kept))];
    case.receipts = vec![("kept.tlog-proof".into(), bench.receipt(17))];
    case.pages = vec![("saved.html".into(), page_of(&question_block("ar")))];
    let sent = bench.message("en", LINK);
    let elsewhere = sent.replace('\n', "\r\n");
    case.messages = vec![("sent.txt".into(), sent), ("dos.txt".into(), elsewhere)];
    let report = report_of(&case);
    for check in &report.checks {
        // Its strata are open: there is nothing to unseal. It was not published, and nothing of it was held.
        let expected = match check.number.0 {
            18 | 20 | 21 | 23 | 24 => Verdict::NotApplicable,
            _ => Verdict::Passed,
        };
        assert_eq!(check.verdict, expected, "{check:#?}");
    }
    assert_eq!(report.exit_code(), 0);
    let tally = report.polls[0].tally.as_ref().expect("the poll was opened");
    let counts: Vec<u64> = tally.options.iter().map(|row| row.count).collect();
    assert_eq!((counts, tally.answered), (vec![3, 3, 4], 10));
    assert!(tally.lead_differs);
}

#[test]
fn an_honest_poll_of_sealed_strata_shows_what_was_opened_and_names_what_stays_closed() {
    let mut bench = fixture::sealed();
    let report = report_of(&Case::of(&bench));
    assert_eq!(verdict(&report, 18), Verdict::NotApplicable);
    let tally = report.polls[0].tally.as_ref().expect("the poll was opened");
    assert!(tally.strata.is_empty(), "{:?}", tally.strata);

    bench.admit(bench.unsealed());
    let report = report_of(&Case::of(&bench));
    assert_eq!(report.exit_code(), 0, "{:#?}", report.checks);
    assert_eq!(verdict(&report, 18), Verdict::Passed);
    let tally = report.polls[0].tally.as_ref().expect("the poll was opened");
    let shown: Vec<&str> = tally.strata.iter().map(|row| row.id.as_str()).collect();
    let answers: u64 = tally.strata.iter().flat_map(|row| &row.counts).sum();
    assert!((1..4).contains(&shown.len()) && answers < tally.answered);
    let strata = report.checks.iter().find(|check| check.number.0 == 18);
    let note = &strata.expect("V18 is always there").notes[0];
    for (id, _) in &bench.terms.strata {
        assert_eq!(note.contains(id), !shown.contains(&id.as_str()), "{note}");
    }
}

#[test]
fn what_was_lost_and_recovered_from_is_named() {
    let mut bench = fixture::running();
    let link = sijill_ledger::Link::from_bytes([9; 32]);
    bench.admit(bench.recovered(3, link, "The disk of the server failed"));
    let report = report_of(&Case::of(&bench));
    assert_eq!(report.exit_code(), 0, "{:#?}", report.checks);
    let life = report.checks.iter().find(|check| check.number.0 == 15);
    let notes = &life.expect("V15 is always there").notes;
    assert!(
        notes
            .iter()
            .any(|note| note.contains("entries 19 to 21") && note.contains("lost")),
        "{notes:?}"
    );
}

/// Whom to ask is the one thing that may be named with a number, in the definition and mended.
#[test]
fn whom_to_ask_may_be_mended_to_a_number_and_nothing_else_may() {
    for (field, expected) in [
        ("contact.name", Verdict::Passed),
        ("disclosure.privacy", Verdict::Failed),
    ] {
        let mut bench = fixture::running();
        bench.record(bench.page_changed(&[(field, "en", "Ali, 0770 123 4567")], "It was wrong"));
        let report = report_of(&Case::of(&bench));
        assert_eq!(verdict(&report, 32), expected, "{:#?}", report.checks);
        let others = report.checks.iter().filter(|check| check.number.0 != 32);
        for check in others {
            assert_ne!(check.verdict, Verdict::Failed, "{check:#?}");
        }
    }
}

#[test]
fn an_honest_poll_passes_at_every_prefix() {
    let bench = fixture::honest();
    for length in 1..=bench.entries.len() {
        let mut export = bench.export();
        export.entries.truncate(length);
        let end = (length as u64 - 1, bench.entries[length - 1].link());
        let case = Case {
            file: export.bytes(),
            anchors: vec![end],
            ..Case::of(&bench)
        };
        let report = report_of(&case);
        assert_eq!(
            report.exit_code(),
            0,
            "{length} entries: {:#?}",
            report.checks
        );
    }
}

#[test]
fn honest_polls_of_other_terms_pass() {
    let terms = |change: fn(&mut Terms)| {
        let mut terms = Terms::default();
        change(&mut terms);
        terms
    };
    for setup in [
        Setup {
            with_sender: true,
            ..Setup::default()
        },
        Setup {
            terms: terms(|terms| terms.close_any_time = false),
            ..Setup::default()
        },
        Setup {
            terms: terms(|terms| terms.revisions = 0),
            invitations: 300,
            ..Setup::default()
        },
        Setup {
            terms: terms(|terms| terms.resolution_seconds = 1),
            invitations: 3,
            seed: 7,
            ..Setup::default()
        },
    ] {
        let answers = setup.invitations * 2 / 3 + 1;
        let case = Case::of(&fixture::closed(&setup, answers));
        let report = report_of(&case);
        assert_eq!(report.exit_code(), 0, "{setup:?}: {:#?}", report.checks);
    }
}

#[test]
fn a_poll_of_rotated_options_passes_with_a_page_of_each_rotation() {
    let setup = fixture::rotated_setup();
    let mut case = Case::of(&fixture::closed(&setup, 10));
    for language in ["ar", "en"] {
        let pages = (0..3).map(|by| page_of(&rotated_block(&setup.terms, language, by)));
        let named = pages.map(|page| ("saved.html".to_owned(), page));
        case.pages.extend(named);
    }
    let report = report_of(&case);
    assert_eq!(report.exit_code(), 0, "{:#?}", report.checks);
    assert_eq!(verdict(&report, 9), Verdict::Passed);
    assert_eq!(verdict(&report, 16), Verdict::Passed);
}

#[test]
fn without_an_anchor_for_the_end_nothing_is_complete() {
    let report = report_of(&Case::of(&fixture::honest()).without_anchor());
    assert_eq!(report.exit_code(), 4);
    assert!(failed(&report).is_empty());
    let missing = &report.polls[0].missing;
    assert_eq!(missing.len(), 1);
    assert!(
        missing[0].what.contains("anchor for the end"),
        "{missing:?}"
    );
}

#[test]
fn an_anchor_before_the_end_anchors_only_what_is_before_it() {
    let bench = fixture::honest();
    let mut case = Case::of(&bench);
    case.anchors = vec![(5, bench.entries[5].link())];
    let report = report_of(&case);
    assert_eq!(verdict(&report, 4), Verdict::Passed);
    assert_eq!(report.exit_code(), 4);
    assert!(!report.polls[0].end_anchored);
}

#[test]
fn without_a_key_operator_and_events_are_not_verified() {
    let mut case = Case::of(&fixture::honest());
    case.operator_keys.clear();
    let report = report_of(&case);
    assert!(failed(&report).is_empty());
    assert_eq!(verdict(&report, 7), Verdict::NotChecked);
    assert_eq!(verdict(&report, 8), Verdict::NotChecked);
    assert_eq!(report.exit_code(), 4);
}

#[test]
fn every_forgery_fails_its_checks_and_no_other() {
    let mut wrong = Vec::new();
    for forgery in forgeries() {
        let report = report_of(&(forgery.make)());
        if failed(&report) != forgery.fails || report.exit_code() != 1 {
            wrong.push(format!(
                "{}: expected {:?}, found {:?}\n{}",
                forgery.name,
                forgery.fails,
                failed(&report),
                sijill_auditor::render(&report)
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_check_has_a_forgery_that_it_alone_catches() {
    let alone: BTreeSet<u8> = forgeries()
        .iter()
        .filter_map(|forgery| match forgery.fails {
            [check] => Some(*check),
            _ => None,
        })
        .collect();
    let all: BTreeSet<u8> = CHECKS.iter().map(|(number, _)| *number).collect();
    assert_eq!(alone, all);
}

#[test]
fn an_event_of_a_later_version_is_named_as_such() {
    let forgery = forgeries()
        .into_iter()
        .find(|forgery| forgery.name.contains("later version"))
        .expect("the table has it");
    let report = report_of(&(forgery.make)());
    let encoding = report.checks.iter().find(|check| check.number.0 == 2);
    let failure = &encoding.expect("V2 is always there").failures[0];
    assert!(failure.found.contains("of a later version"), "{failure:?}");
}

#[test]
fn an_unreadable_opening_leaves_everything_else_unchecked() {
    let bench = fixture::honest();
    let mut export = bench.export();
    export.entries[0].push(0);
    let case = Case {
        file: export.bytes(),
        ..Case::of(&bench)
    };
    let report = report_of(&case);
    assert_eq!(failed(&report), [2, 4]);
    for check in [5, 6, 7, 8, 10, 11, 12, 14, 15, 16, 17, 25, 32] {
        assert_eq!(verdict(&report, check), Verdict::NotChecked, "V{check}");
    }
}

#[test]
fn no_cut_export_passes() {
    let bench = small();
    let file = Case::of(&bench).file;
    for length in 0..file.len() {
        let case = Case {
            file: file[..length].to_vec(),
            ..Case::of(&bench)
        };
        let report = report_of(&case);
        assert_eq!(report.exit_code(), 1, "cut to {length}");
        assert_eq!(verdict(&report, 1), Verdict::Failed, "cut to {length}");
    }
}

#[test]
fn no_export_with_a_changed_byte_passes() {
    let bench = small();
    let file = Case::of(&bench).file;
    for place in 0..file.len() {
        let mut bent = file.clone();
        bent[place] ^= 1 << (place % 8);
        let case = Case {
            file: bent,
            ..Case::of(&bench)
        };
        let report = report_of(&case);
        assert_eq!(verdict(&report, 1), Verdict::Failed, "byte {place}");
    }
}

#[test]
fn a_change_in_any_entry_is_found_though_the_file_is_whole() {
    let bench = small();
    let honest = bench.export();
    for entry in 0..honest.entries.len() {
        for place in 0..honest.entries[entry].len() {
            let mut export = honest.clone();
            export.entries[entry][place] ^= 1 << (place % 8);
            let case = Case {
                file: export.bytes(),
                ..Case::of(&bench)
            };
            let report = report_of(&case);
            assert_eq!(report.exit_code(), 1, "byte {place} of entry {entry}");
        }
    }
}

/// The auditor gave up with an error of the operating system, and no report, where a length led beyond what any file
/// can have.
#[test]
fn a_section_as_long_as_no_file_can_be_is_told_like_any_cut_one() {
    let case = Case::of(&small());
    let head = container::head_length(&case.file).expect("the file has a head");
    for length in [1 << 40, 1 << 62, u64::MAX] {
        let mut sections = container::sections(&case.file).expect("the head is whole");
        sections[0].length = length;
        let mut file = container::head(&sections);
        file.extend(&case.file[head..]);
        let report = report_of(&Case {
            file,
            ..case.clone()
        });
        assert_eq!(verdict(&report, 1), Verdict::Failed, "{length}");
        assert_eq!(report.exit_code(), 1, "{length}");
    }
}

#[test]
fn an_export_that_was_swapped_with_another_file_is_no_export() {
    for file in [Vec::new(), b"PK\x03\x04".to_vec(), vec![0; 10_000]] {
        let case = Case {
            file,
            ..Case::of(&small())
        };
        let report = report_of(&case);
        assert_eq!(failed(&report), [1]);
        assert_eq!(report.exit_code(), 1);
    }
}

#[test]
fn a_file_that_is_not_there_is_an_error_and_no_report() {
    let missing = std::path::Path::new("/nowhere/poll.export");
    let error = sijill_auditor::audit(missing, &Default::default(), &|_| {});
    assert!(error.is_err());
}

#[test]
fn a_promise_not_yet_due_is_neither_kept_nor_broken() {
    let bench = fixture::running();
    let mut case = Case::of(&bench);
    let waiting = bench.responded(10, "no");
    case.promises = vec![("waiting.promise".into(), bench.promise(&waiting))];
    let report = report_of(&case);
    assert_eq!(verdict(&report, 25), Verdict::NotChecked);
    assert_eq!(report.exit_code(), 4);
}

#[test]
fn a_promise_for_an_answer_changed_later_is_kept() {
    let bench = fixture::honest();
    let mut case = Case::of(&bench);
    let first = bench.responded_as(0, 1, sijill_poll::event::How::Link, "yes");
    case.promises = vec![("first.promise".into(), bench.promise(&first))];
    let report = report_of(&case);
    assert_eq!(verdict(&report, 25), Verdict::Passed);
    let promises = report.checks.iter().find(|check| check.number.0 == 25);
    let notes = promises.expect("V25 is always there").notes.join(" ");
    assert!(notes.contains("superseded"), "{notes}");
}

/// What V25 found, in one text.
fn told_of_promises(case: &Case) -> String {
    let report = report_of(case);
    let check = || report.checks.iter().filter(|check| check.number.0 == 25);
    let failures = check().flat_map(|check| &check.failures);
    let told = failures.map(|failure| format!("{} {}", failure.found, failure.meaning));
    let notes = check().flat_map(|check| check.notes.iter().cloned());
    told.chain(notes).collect::<Vec<_>>().join("\n")
}

#[test]
fn an_objection_is_a_broken_promise_admitted_or_a_false_one_or_none() {
    let bench = fixture::honest();
    let kept = bench.responded_as(3, 1, sijill_poll::event::How::Link, "yes");
    for (promise, told) in [
        (
            fixture::dropped(&bench),
            "a broken promise, which the platform admits",
        ),
        (
            bench.promise(&kept),
            "this answer, entry 7 a false objection",
        ),
        ("Buy now".to_owned(), "none of this ledger's"),
    ] {
        let mut bench = bench.clone();
        bench.record(bench.objected(&promise));
        let found = told_of_promises(&Case::of(&bench));
        assert!(found.contains(told), "{found}");
    }
}

#[test]
fn an_answer_that_comes_after_an_objection_does_not_make_it_false() {
    let mut bench = fixture::honest();
    let dropped = fixture::dropped(&bench);
    bench.record(bench.objected(&dropped));
    bench.record(fixture::respond(&bench, 10, "no"));
    let found = told_of_promises(&Case::of(&bench));
    assert!(found.contains("a broken promise, which"), "{found}");
}

#[test]
fn a_receipt_says_where_its_answer_stands_and_what_superseded_it() {
    let bench = fixture::honest();
    // Person 0 answered first, in entry 4, and again in entry 14.
    for (index, told) in [
        (
            4,
            "its answer is entry 4; revision 2, entry 14, superseded it",
        ),
        (14, "its answer is entry 14 and counts"),
    ] {
        let mut case = Case::of(&bench);
        case.receipts = vec![("mine".into(), bench.receipt(index))];
        assert_eq!(report_of(&case).exit_code(), 0);
        let found = told_of_promises(&case);
        assert!(found.contains(told), "{found}");
    }
}

#[test]
fn a_receipt_outlives_growth_and_is_held_against_a_cut() {
    let bench = fixture::running();
    let mut case = Case::of(&fixture::honest());
    case.receipts = vec![("early".into(), bench.receipt(18))];
    assert_eq!(report_of(&case).exit_code(), 0);
    let mut case = Case::of(&fixture::answered(&Setup::default(), 9));
    case.receipts = vec![("early".into(), bench.receipt(18))];
    let found = told_of_promises(&case);
    assert!(found.contains("no entry 18"), "{found}");
}

#[test]
fn two_receipts_of_one_index_prove_two_histories_whatever_the_ledger_has() {
    let (bench, mut other) = (fixture::running(), fixture::answered(&Setup::default(), 9));
    other.admit(fixture::respond(&other, 10, "no"));
    let mut case = Case::of(&fixture::answered(&Setup::default(), 9));
    case.receipts = vec![
        ("mine".into(), bench.receipt(18)),
        ("yours".into(), other.receipt(18)),
    ];
    let found = told_of_promises(&case);
    assert!(found.contains("different histories"), "{found}");
}

#[test]
fn where_a_policy_is_given_it_decides_which_receipts_are_trusted() {
    let bench = fixture::honest();
    let case = Case::of(&bench);
    let key = |name: &str, key: &sijill_ledger::SecretKey| {
        sijill_ledger::note::VerifierKey::new(name, key.public_key()).expect("the name is one")
    };
    let origin = bench.poll.origin().as_str();
    for (log, verdict) in [
        (&bench.keys.log, Verdict::Passed),
        (&bench.keys.sender, Verdict::Failed),
    ] {
        let mut options = bench_of_audits::options(&case);
        options.receipts = vec![("mine".into(), bench.receipt(17))];
        options.policy = Some(sijill_ledger::policy::Policy::of_logs([key(origin, log)]));
        let report = bench_of_audits::audit_with(&case, &options);
        let promises = report.checks.iter().find(|check| check.number.0 == 25);
        assert_eq!(promises.expect("V25 is always there").verdict, verdict);
    }
}

#[test]
fn an_annulled_poll_declares_nothing() {
    let mut bench = fixture::running();
    bench.admit(bench.annulled("The roster was drawn wrongly"));
    let report = report_of(&Case::of(&bench));
    assert_eq!(report.exit_code(), 0);
    assert_eq!(verdict(&report, 17), Verdict::NotApplicable);
}

#[test]
fn the_report_in_json_has_the_shape_that_the_design_gives_it() {
    let report = report_of(&Case::of(&fixture::honest()));
    let json = serde_json::to_value(&report).expect("a report is JSON");
    assert_eq!(json["checks"][0]["number"], "V1");
    assert_eq!(json["checks"][0]["verdict"], "passed");
    assert_eq!(json["checks"].as_array().map(Vec::len), Some(CHECKS.len()));
    assert_eq!(json["polls"][0]["slug"], "bridge");
    assert_eq!(json["polls"][0]["origin"], "ur.example/polls/bridge");
    for field in ["number", "title", "verdict", "items", "failures"] {
        assert!(
            json["polls"][0]["checks"][3].get(field).is_some(),
            "{field}"
        );
    }
}

#[test]
fn several_polls_have_the_worst_verdict_of_each_number() {
    let good = audit_case(&Case::of(&fixture::honest()));
    let bad = audit_case(&(forgeries()[0].make)());
    let report = sijill_auditor::Report::new(vec![good, bad]);
    assert_eq!(failed(&report), [1]);
    assert_eq!(report.checks.len(), CHECKS.len());
    assert_eq!(report.exit_code(), 1);
}

#[test]
fn a_report_for_people_names_what_failed_and_never_says_all_is_well() {
    let forgery = forgeries()
        .into_iter()
        .find(|forgery| forgery.name == "an answer is changed to another option")
        .expect("the table has it");
    let text = sijill_auditor::render(&report_of(&(forgery.make)()));
    for part in [
        "✗ V11",
        "entry 17",
        "invitation 8",
        "expected",
        "found",
        "meaning",
        "exit code 1",
    ] {
        assert!(text.contains(part), "`{part}` in\n{text}");
    }
    assert!(!text.contains("none failed"), "{text}");
}

/// A small poll, so that every byte of it can be bent: two people, two answers.
fn small() -> Bench {
    let setup = Setup {
        invitations: 2,
        ..Setup::default()
    };
    fixture::closed(&setup, 2)
}
