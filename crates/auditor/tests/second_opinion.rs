//! The second opinion: `tools/verify`, written from docs/SPEC.md alone, gives every check of every ledger the verdict
//! that this auditor gives it. Where the two differ, one of them or the specification is wrong.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "what cannot be set up must stop the test that asked for it"
)]

mod bench_of_audits;

use bench_of_audits::report_of;
use serde_json::{Value, json};
use sijill_poll::event::How;
use sijill_scenarios::bench::{Bench, Setup};
use sijill_scenarios::definition::Terms;
use sijill_scenarios::export::{Section, file};
use sijill_scenarios::forge::{edit, forgeries};
use sijill_scenarios::{Case, fixture};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A name that a file can have, and what it names.
type Named = (String, Case);

#[test]
fn both_verifiers_agree_on_honest_polls() {
    compare("honest", honest());
}

#[test]
fn both_verifiers_agree_on_every_forgery() {
    let cases = forgeries()
        .into_iter()
        .map(|forgery| (forgery.name.to_owned(), (forgery.make)()));
    compare("forged", cases.collect());
}

#[test]
fn both_verifiers_agree_on_files_bent_blindly() {
    let whole = Case::of(&small());
    compare(
        "bent",
        [flipped(&whole), cut(&whole), rearranged()].concat(),
    );
}

#[test]
fn both_verifiers_agree_on_entries_bent_in_whole_files() {
    compare("entries", [bent_entries(), rechained()].concat());
}

/// A small poll, so that every byte of it can be bent: two people, two answers.
fn small() -> Bench {
    let setup = Setup {
        invitations: 2,
        ..Setup::default()
    };
    fixture::closed(&setup, 2)
}

fn honest() -> Vec<Named> {
    let bench = fixture::honest();
    let mut cases = vec![
        ("whole".to_owned(), Case::of(&bench)),
        ("no anchor".into(), Case::of(&bench).without_anchor()),
        ("no key".into(), keyless(Case::of(&bench))),
        ("running".into(), Case::of(&fixture::running())),
    ];
    cases.extend(prefixes(&bench));
    cases.extend(other_terms());
    cases.extend(promised());
    cases
}

fn keyless(case: Case) -> Case {
    Case {
        operator_keys: Vec::new(),
        ..case
    }
}

fn prefixes(bench: &Bench) -> Vec<Named> {
    let prefix = |length: usize| {
        let mut export = bench.export();
        export.entries.truncate(length);
        let case = Case {
            file: export.bytes(),
            anchors: vec![(length as u64 - 1, bench.entries[length - 1].link())],
            ..Case::of(bench)
        };
        (format!("prefix {length}"), case)
    };
    (1..=bench.entries.len()).map(prefix).collect()
}

fn other_terms() -> Vec<Named> {
    let closing_at_end = Terms {
        close_any_time: false,
        ..Terms::default()
    };
    let setups = [
        (
            "a sender",
            Setup {
                with_sender: true,
                ..Setup::default()
            },
        ),
        (
            "at end",
            Setup {
                terms: closing_at_end,
                ..Setup::default()
            },
        ),
        (
            "larger",
            Setup {
                invitations: 300,
                seed: 7,
                ..Setup::default()
            },
        ),
    ];
    setups
        .into_iter()
        .map(|(name, setup)| {
            let answers = setup.invitations * 2 / 3 + 1;
            (
                name.to_owned(),
                Case::of(&fixture::closed(&setup, answers)),
            )
        })
        .collect()
}

fn promised() -> Vec<Named> {
    let mut annulled = fixture::running();
    annulled.admit(annulled.annulled("The roster was drawn wrongly"));
    let mut cases = vec![("annulled".to_owned(), Case::of(&annulled))];
    let polls = [("closed", fixture::honest()), ("running", fixture::running()), ("annulled", annulled)];
    for (name, bench) in polls {
        for (what, person, option) in [("kept", 3, "yes"), ("superseded", 0, "yes"), ("never recorded", 10, "no")] {
            let answer = bench.responded_as(person, 1, How::Link, option);
            let mut case = Case::of(&bench);
            case.promises = vec![(format!("{what}.promise"), bench.promise(&answer))];
            cases.push((format!("{name}, a promise {what}"), case));
        }
    }
    cases.extend(bent_promises());
    cases
}

/// A promise with one byte of it changed, every one in turn.
fn bent_promises() -> Vec<Named> {
    let bench = fixture::honest();
    let honest = bench.promise(&bench.responded_as(3, 1, How::Link, "yes"));
    let bent = |at: usize| {
        let mut bytes = honest.clone().into_bytes();
        bytes[at] ^= 1 << (at % 5);
        let mut case = Case::of(&bench);
        case.promises = vec![("bent".into(), String::from_utf8_lossy(&bytes).into_owned())];
        (format!("promise bent at {at}"), case)
    };
    (0..honest.len()).step_by(5).map(bent).collect()
}

/// One bit of the file changed: everywhere in the head, and here and there behind it.
fn flipped(whole: &Case) -> Vec<Named> {
    places(whole.file.len(), 97)
        .map(|at| {
            let mut file = whole.file.clone();
            file[at] ^= 1 << (at % 8);
            let case = Case {
                file,
                ..whole.clone()
            };
            (format!("bit of byte {at}"), case)
        })
        .collect()
}

/// The file's beginning alone: of every length in the head, and of some behind it.
fn cut(whole: &Case) -> Vec<Named> {
    places(whole.file.len(), 131)
        .map(|length| {
            let case = Case {
                file: whole.file[..length].to_vec(),
                ..whole.clone()
            };
            (format!("cut to {length}"), case)
        })
        .collect()
}

/// Every place of the head of an export with two sections, and each `step`th behind it.
fn places(length: usize, step: usize) -> impl Iterator<Item = usize> {
    const HEAD_BYTES: usize = 8 + 2 + 2 + 2 * 44 + 32;
    (0..HEAD_BYTES).chain((HEAD_BYTES..length).step_by(step))
}

/// Sections swapped, doubled, left out, made optional, and of kinds that nobody knows.
fn rearranged() -> Vec<Named> {
    let bench = small();
    let [entries, roster] = <[Section; 2]>::try_from(bench.export().sections()).unwrap();
    let other = |kind, flags| Section {
        kind,
        flags,
        bytes: b"later".to_vec(),
    };
    let optional = |section: &Section| Section {
        flags: 0,
        ..section.clone()
    };
    let orders = [
        ("swapped", vec![roster.clone(), entries.clone()]),
        ("entries twice", vec![entries.clone(), entries.clone(), roster.clone()]),
        ("roster twice", vec![entries.clone(), roster.clone(), roster.clone()]),
        ("no roster", vec![entries.clone()]),
        ("no entries", vec![roster.clone()]),
        ("nothing", Vec::new()),
        ("entries optional", vec![optional(&entries), roster.clone()]),
        ("roster optional", vec![entries.clone(), optional(&roster)]),
        ("a later section", vec![entries.clone(), roster.clone(), other(9, 0)]),
        ("a later section between", vec![entries.clone(), other(9, 0), roster.clone()]),
        ("a later section twice", vec![entries.clone(), roster.clone(), other(9, 0), other(9, 0)]),
        ("a later section that must be understood", vec![entries.clone(), roster.clone(), other(9, 1)]),
        ("checkpoints", vec![entries.clone(), roster.clone(), other(3, 0)]),
        ("checkpoints that must be understood", vec![entries.clone(), roster.clone(), other(3, 1)]),
        ("unknown flags", vec![entries.clone(), roster.clone(), other(9, 2)]),
        ("unknown flags on the entries", vec![Section { flags: 3, ..entries.clone() }, roster.clone()]),
        ("roster of a broken length", vec![entries.clone(), Section { bytes: roster.bytes[..100].to_vec(), ..roster.clone() }]),
        ("sections to the limit", [vec![entries.clone(), roster.clone()], vec![other(9, 0); 62]].concat()),
        ("sections beyond the limit", [vec![entries, roster], vec![other(9, 0); 63]].concat()),
    ];
    orders
        .into_iter()
        .map(|(name, sections)| {
            let case = Case {
                file: file(&sections),
                ..Case::of(&bench)
            };
            (name.to_owned(), case)
        })
        .collect()
}

/// One bit of one entry changed and the file made whole around it, with an anchor and without.
fn bent_entries() -> Vec<Named> {
    let bench = fixture::honest();
    let honest = bench.export();
    let mut cases = Vec::new();
    for (entry, bytes) in honest.entries.iter().enumerate() {
        let step = if entry == 0 { 61 } else { 7 };
        for at in (0..bytes.len()).step_by(step) {
            let mut export = honest.clone();
            export.entries[entry][at] ^= 1 << ((at + entry) % 8);
            let case = Case {
                file: export.bytes(),
                ..Case::of(&bench)
            };
            let case = if at % 2 == 0 { case } else { case.without_anchor() };
            cases.push((format!("entry {entry} bent at {at}"), case));
        }
    }
    cases
}

/// Entries removed, repeated, swapped and redated, and the chain made whole behind that.
fn rechained() -> Vec<Named> {
    let bench = fixture::honest();
    let honest = bench.export();
    let count = honest.entries.len();
    let mut cases = Vec::new();
    let mut add = |name: String, change: &dyn Fn(&mut Vec<_>)| {
        let export = edit(&honest, |entries| change(entries));
        let case = Case {
            file: export.bytes(),
            ..Case::of(&bench)
        };
        cases.push((name, case.without_anchor()));
    };
    for at in 0..count {
        add(format!("without {at}"), &|entries| drop(entries.remove(at)));
        add(format!("{at} at the end"), &|entries| {
            let moved = entries.remove(at);
            entries.push(moved);
        });
        add(format!("{at} twice"), &|entries| entries.insert(at, entries[at].clone()));
        add(format!("{at} swapped with the next"), &|entries| entries.swap(at, (at + 1) % count));
        for by in [-60_000_i64, -1, 1, 600_000, 7_200_000] {
            add(format!("{at} redated by {by}"), &|entries| {
                entries[at].at = entries[at].at.wrapping_add_signed(by);
            });
        }
    }
    cases
}

/// Writes the cases into a folder, asks `tools/verify` for its verdicts on all of them at once, and compares.
#[track_caller]
fn compare(name: &str, cases: Vec<Named>) {
    let folder = emptied(name);
    let mut expected = BTreeMap::new();
    for (place, (title, case)) in cases.iter().enumerate() {
        let stem = format!("{place:04} {}", title.replace('/', " "));
        write(&folder, &stem, case);
        expected.insert(stem, verdicts(case));
    }
    std::fs::write(folder.join("expected.txt"), serde_json::to_string_pretty(&expected).unwrap()).unwrap();
    let found = opinions(&folder);
    assert_eq!(expected.len(), found.len());
    let differing: Vec<String> = expected
        .iter()
        .filter(|(stem, ours)| found.get(*stem) != Some(ours))
        .map(|(stem, ours)| format!("{stem}\n  here   {ours}\n  second {}", found.get(stem).unwrap_or(&Value::Null)))
        .collect();
    assert!(differing.is_empty(), "{} of {} differ\n{}", differing.len(), expected.len(), differing.join("\n"));
}

/// A folder for these cases, kept until the next run for whoever wants to look at them.
fn emptied(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("second-opinion").join(name);
    if folder.exists() {
        std::fs::remove_dir_all(&folder).unwrap();
    }
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

fn write(folder: &Path, stem: &str, case: &Case) {
    let held = json!({
        "operator_keys": case.operator_keys.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "anchors": case.anchors.iter().map(|(index, link)| format!("{index}:{link}")).collect::<Vec<_>>(),
        "promises": case.promises,
        "now_ms": case.now_ms,
    });
    std::fs::write(folder.join(format!("{stem}.export")), &case.file).unwrap();
    std::fs::write(folder.join(format!("{stem}.json")), held.to_string()).unwrap();
}

/// The exit code and the verdict of each check, as the Rust auditor sees it.
fn verdicts(case: &Case) -> Value {
    let report = report_of(case);
    let checks: BTreeMap<String, Value> = report
        .checks
        .iter()
        .map(|check| (check.number.to_string(), json!(check.verdict)))
        .collect();
    json!({ "exit_code": report.exit_code(), "checks": checks })
}

/// The same of every case in the folder, as `tools/verify` sees it.
fn opinions(folder: &Path) -> BTreeMap<String, Value> {
    let tool = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tools/verify");
    let output = Command::new(tool).arg("--cases").arg(folder).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| {
            let mut opinion: Value = serde_json::from_str(line).unwrap();
            let name = opinion["case"].take();
            opinion.as_object_mut().unwrap().remove("case");
            (name.as_str().unwrap().to_owned(), opinion)
        })
        .collect()
}
