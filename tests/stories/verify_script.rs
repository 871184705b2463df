//! The script of `/verify` and the crates, which share no code, agree on thousands of altered files.
//!
//! Where node is missing this is skipped, and says so.

use crate::kept::Kept;
use crate::place::Place;
use crate::process::{COMMAND_MAX, Process};
use sijill_ledger::policy::{Policy, PolicyError};
use sijill_ledger::tlog_proof::TlogProof;
use sijill_ledger::{Sealed, SecretKey};
use sijill_poll::{Event, promise};
use sijill_scenarios::dice::Dice;
use std::path::Path;
use std::process::Command;

/// A file, whom somebody trusts, and what the crates say of it.
struct Case {
    file: String,
    trusted: String,
    expected: Expected,
}

#[derive(Debug, PartialEq, Eq)]
enum Expected {
    /// It holds, and is of this kind.
    Holds(&'static str),
    /// It does not, or holds as something else.
    Not(&'static str),
    /// The policy is refused at this line.
    PolicyLine(usize),
}

impl Expected {
    fn is_met_by(&self, verdict: &str) -> bool {
        match self {
            Self::Holds(kind) => verdict == *kind,
            Self::Not(kind) => verdict != *kind && !verdict.starts_with("defect"),
            Self::PolicyLine(line) => verdict == format!("policy {line}"),
        }
    }

    fn of(kind: &'static str, holds: bool) -> Self {
        match holds {
            true => Self::Holds(kind),
            false => Self::Not(kind),
        }
    }
}

/// The text with one or two things done to it that keep most of it.
fn altered(text: &str, dice: &mut Dice) -> String {
    const SPARE: &str = "\n\n\t +/=-0123456789ABCQgwxyz\u{2014}\u{2003}\u{661}";
    let mut characters: Vec<char> = text.chars().collect();
    for _ in 0..=dice.below(2) {
        let at = dice.below(characters.len() as u64) as usize;
        let spare = SPARE
            .chars()
            .nth(dice.below(SPARE.chars().count() as u64) as usize);
        match dice.below(4) {
            0 => characters[at] = spare.unwrap(),
            1 => characters.insert(at, spare.unwrap()),
            2 => drop(characters.remove(at)),
            _ => characters = lines_exchanged(&characters, dice),
        }
    }
    characters.into_iter().collect()
}

/// Two lines exchanged, or one doubled or left out.
fn lines_exchanged(characters: &[char], dice: &mut Dice) -> Vec<char> {
    let mut lines: Vec<&[char]> = characters.split_inclusive(|&c| c == '\n').collect();
    let count = lines.len() as u64;
    let (one, other) = (dice.below(count) as usize, dice.below(count) as usize);
    match dice.below(3) {
        0 => lines.swap(one, other),
        1 => lines.insert(one, lines[other]),
        _ if lines.len() > 1 => drop(lines.remove(one)),
        _ => {}
    }
    lines.concat()
}

/// Whether a receipt holds and is of an answer.
fn is_answer(receipt: &str, policy: &str) -> bool {
    let policy = Policy::parse(policy.as_bytes()).unwrap();
    let proof = receipt.parse::<TlogProof>().ok();
    let proven = proof.and_then(|proof| proof.verify_entry(&policy).ok());
    proven.is_some_and(|proven| {
        Sealed::<Event>::read(proven.canonical()).is_ok_and(|sealed| {
            let entry = sealed.entry();
            entry.index == proven.leaf().index() && matches!(entry.event, Event::Responded(_))
        })
    })
}

fn receipt_case(file: String, policy: &str) -> Case {
    Case {
        expected: Expected::of("answer", is_answer(&file, policy)),
        trusted: policy.to_owned(),
        file,
    }
}

fn promise_case(kept: &Kept, file: String) -> Case {
    let poll = &kept.bench.poll;
    let key = kept.bench.keys.promise.public_key();
    let opened = promise::open(&file, poll.origin(), poll.id(), key);
    Case {
        expected: Expected::of("promise", opened.is_ok()),
        trusted: format!("{}\n", kept.promise_key()),
        file,
    }
}

fn policy_case(receipt: &str, policy: String) -> Case {
    let expected = match Policy::parse(policy.as_bytes()) {
        Ok(_) => Expected::of("answer", is_answer(receipt, &policy)),
        Err(PolicyError::Line { line, .. }) => Expected::PolicyLine(line),
        Err(_) => Expected::Not("answer"),
    };
    Case {
        file: receipt.to_owned(),
        trusted: policy,
        expected,
    }
}

/// The only entry of a log: the canonical bytes of an answer at index 0, with some of them changed.
fn entry_case(kept: &Kept, dice: &mut Dice) -> Case {
    let mut bytes = kept.bench.entries[kept.index].bytes().to_vec();
    bytes[0] = 0;
    // Behind index, link and time; the first time nothing is changed.
    for _ in 0..dice.below(3) {
        let at = 33 + dice.below(bytes.len() as u64 - 33) as usize;
        let value = [0, 1, 3, 250, 251, 252, 253, 255, dice.below(256) as u8];
        bytes[at] = value[dice.below(9) as usize];
    }
    if dice.chance(10) {
        bytes.truncate(40 + dice.below(60) as usize);
    }
    if dice.chance(10) {
        bytes.push(0);
    }
    let policy = format!("log {}\nquorum none\n", kept.log_key());
    receipt_case(kept.receipt_of(&bytes), &policy)
}

fn cases(kept: &Kept, each: usize) -> Vec<Case> {
    let witness = SecretKey::from_seed([7; 32]);
    let (receipt, policy) = (kept.receipt(Some(&witness)), kept.policy(&witness));
    let groups = format!("# two\n{policy}").replace("quorum w", "group g any w\nquorum g");
    let mut dice = Dice::new(11);
    let mut cases = vec![
        receipt_case(receipt.clone(), &policy),
        policy_case(&receipt, groups.clone()),
        promise_case(kept, kept.promise()),
    ];
    for _ in 0..each {
        cases.push(receipt_case(altered(&receipt, &mut dice), &policy));
        cases.push(policy_case(&receipt, altered(&groups, &mut dice)));
        cases.push(promise_case(kept, altered(&kept.promise(), &mut dice)));
        cases.push(entry_case(kept, &mut dice));
    }
    cases
}

#[test]
fn the_script_and_the_crates_say_the_same_of_altered_files() {
    if Command::new("node").arg("--version").output().is_err() {
        println!("skipped: the script needs node (Debian: apt-get install nodejs)");
        return;
    }
    let place = Place::new();
    let server = place.serve();
    let script = server.browser().get("/static/verify.js").status(200);
    let script = place.write("verify.js", &script.body);
    let cases = cases(&Kept::new(), 500);
    let pairs: Vec<_> = cases
        .iter()
        .map(|case| (&case.file, &case.trusted))
        .collect();
    let pairs = place.write("cases.json", serde_json::to_string(&pairs).unwrap());
    let tool = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/browser/verdicts.cjs");
    let mut command = Command::new("node");
    command.arg(tool).arg(script).arg(pairs);
    let ran = Process::start(&mut command, &place.path(""), "verdicts").wait(COMMAND_MAX);
    let verdicts: Vec<String> = serde_json::from_str(&ran.well().out).unwrap();
    assert_eq!(verdicts.len(), cases.len());
    for (case, verdict) in cases.iter().zip(&verdicts) {
        let Case {
            file,
            trusted,
            expected,
        } = case;
        assert!(
            expected.is_met_by(verdict),
            "expected {expected:?}, found {verdict}: {file}\n{trusted}"
        );
    }
    for kind in [
        "answer",
        "promise",
        "inclusion",
        "receipt-form",
        "promise-form",
        "entry",
        "signature",
    ] {
        assert!(
            verdicts.iter().any(|verdict| verdict == kind),
            "nothing was `{kind}`"
        );
    }
}
