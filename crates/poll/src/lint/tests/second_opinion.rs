//! The second opinion on definitions: `tools/verify`, written from docs/SPEC.md alone, refuses those that lint refuses,
//! and no others, and finds every rule broken that lint finds broken.

use super::fields::{REQUIRED, without};
use super::mutations::PIECES;
use super::rules::ROWS;
use super::{GOOD, Severity, lint};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

/// Edits of the good definition that are right or wrong by a hair: what is replaced (once), and by what in turn.
/// `«a×600»` stands for 600 letters.
const EDITS: &str = include_str!("../../../testdata/edits.json");

#[test]
fn both_verifiers_find_the_same_rule_broken() {
    let rows = ROWS
        .iter()
        .map(|(_, from, to, _)| GOOD.replacen(from, to, 1));
    let fields = REQUIRED.iter().map(|path| without(path).0);
    let definitions: Vec<String> = rows.chain(fields).collect();
    compare(&definitions, |ours, theirs| {
        ours.iter().all(|rule| theirs.contains(&second(*rule)))
    });
}

#[test]
fn both_verifiers_refuse_the_same_definitions() {
    let mut dice = Dice(1);
    let mut definitions = edited();
    definitions.extend((0..400).map(|_| dice.mutated()));
    definitions.extend((0..400).map(|_| dice.with_digits()));
    compare(&definitions, |ours, theirs| {
        ours.is_empty() == theirs.is_empty()
    });
}

/// The rule of which the second opinion calls this one a case: TOML newer than 1.0 is no TOML 1.0 (L04), and a word that
/// does not exist yet is none of those offered (L09).
fn second(rule: u64) -> u64 {
    match rule {
        5 => 4,
        11 => 9,
        rule => rule,
    }
}

fn edited() -> Vec<String> {
    let edits: BTreeMap<String, Vec<String>> = serde_json::from_str(EDITS).unwrap();
    let edited = edits.iter().flat_map(|(from, each)| {
        assert!(
            GOOD.contains(from),
            "{from:?} is not in the good definition"
        );
        each.iter()
            .map(move |to| GOOD.replacen(from, &repeated(to), 1))
    });
    edited.collect()
}

fn repeated(text: &str) -> String {
    let Some((before, rest)) = text.split_once('«') else {
        return text.to_owned();
    };
    let (letter, rest) = rest.split_once('×').unwrap();
    let (times, after) = rest.split_once('»').unwrap();
    format!(
        "{before}{}{}",
        letter.repeat(times.parse().unwrap()),
        repeated(after)
    )
}

/// Asks both which rules are broken, and whether their answers agree.
#[track_caller]
pub(super) fn compare(
    definitions: &[String],
    agree: impl Fn(&BTreeSet<u64>, &BTreeSet<u64>) -> bool,
) {
    let folder = tempfile::tempdir().unwrap();
    for (place, text) in definitions.iter().enumerate() {
        std::fs::write(folder.path().join(format!("{place:04}.toml")), text).unwrap();
    }
    let found = opinions(folder.path());
    assert_eq!(found.len(), definitions.len());
    let mut differing = Vec::new();
    for (place, text) in definitions.iter().enumerate() {
        let (ours, theirs) = (broken(text), &found[&format!("{place:04}")]);
        if !agree(&ours, theirs) {
            differing.push(format!(
                "here {ours:?}, second {theirs:?}:\n{}",
                changed(text)
            ));
        }
    }
    assert!(
        differing.is_empty(),
        "{} differ\n{}",
        differing.len(),
        differing.join("\n")
    );
}

/// The numbers of the rules that a text breaks, as the lint here finds them.
fn broken(text: &str) -> BTreeSet<u64> {
    let findings = lint(text).findings.into_iter();
    findings
        .filter(|finding| finding.severity == Severity::Error)
        .map(|finding| u64::from(finding.number))
        .collect()
}

/// The same of every definition in the folder, as `tools/verify` finds them.
fn opinions(folder: &Path) -> BTreeMap<String, BTreeSet<u64>> {
    let tool = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tools/verify");
    let output = Command::new(tool)
        .arg("--cases")
        .arg(folder)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let lines = String::from_utf8(output.stdout).unwrap();
    lines
        .lines()
        .map(|line| {
            let opinion: Value = serde_json::from_str(line).unwrap();
            let rules = opinion["rules"].as_array().unwrap().iter();
            let name = opinion["case"].as_str().unwrap().to_owned();
            (name, rules.filter_map(Value::as_u64).collect())
        })
        .collect()
}

/// The lines of a definition that are not those of the good one.
fn changed(text: &str) -> String {
    let good: BTreeSet<&str> = GOOD.lines().collect();
    let lines = text.lines().filter(|line| !good.contains(line));
    lines.map(|line| format!("  {line:?}\n")).collect()
}

/// Throws of a die, the same for the same seed (xorshift).
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % bound
    }

    /// The good definition with pieces of it replaced.
    fn mutated(&mut self) -> String {
        let mut text = GOOD.to_owned();
        for _ in 0..=self.below(3) {
            let start = text.floor_char_boundary(self.below(text.len()));
            let end = text.ceil_char_boundary(start + self.below(12));
            text.replace_range(start..end, PIECES[self.below(PIECES.len())]);
        }
        text
    }

    /// The good definition with a text of digits, signs and letters, such as numbers and addresses are made of.
    fn with_digits(&mut self) -> String {
        const SIGNS: &[&str] = &[
            "0",
            "1",
            "2",
            "3",
            "5",
            "7",
            "9",
            "00",
            "07",
            "20",
            "31",
            "1999",
            "2026",
            "255",
            "٠",
            "٧",
            "۰",
            "۹",
            " ",
            "\u{a0}",
            "-",
            "\u{2011}",
            ".",
            "(",
            ")",
            "/",
            "+",
            "+(",
            ":",
            "::",
            ",",
            "٫",
            "٬",
            "@",
            "a",
            "f",
            "x",
            "_",
            "é",
            "ur.example",
            "770",
            "0770",
        ];
        let length = self.below(14) + 1;
        let text: String = (0..length)
            .map(|_| SIGNS[self.below(SIGNS.len())])
            .collect();
        GOOD.replacen("about 29.6 million.", &format!("about {text}"), 1)
    }
}
