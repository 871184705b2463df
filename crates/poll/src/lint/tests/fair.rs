//! Rule set 2: a row and more for every rule that it adds, on a good definition of its own.

use super::rules::Row;
use super::second_opinion::compare;
use super::{Rule, Severity, lint};

/// The good definition of rule set 2.
pub(super) const GOOD_2: &str = include_str!("../../../testdata/good-2.toml");

/// The poll of January 2024, as far as press reports say how it was run.
const UR_2024: &str = include_str!("../../../testdata/ur-2024.toml");

pub(super) const ROWS: &[Row] = &[
    (
        Rule::OptionsUnbalanced,
        "side  = \"for\"",
        "side  = \"against\"",
        "[[option]]",
    ),
    (
        Rule::OptionsUnbalanced,
        "side  = \"for\"",
        "side  = \"neither\"",
        "[[option]]",
    ),
    (
        Rule::NoOpinionMissing,
        "no_opinion = true\n",
        "",
        "[[option]]",
    ),
    (
        Rule::NoOpinionMissing,
        "no_opinion = true\n",
        "no_opinion = false\n",
        "[[option]]",
    ),
    (
        Rule::NoOpinionMissing,
        "side  = \"for\"\n",
        "side  = \"for\"\nno_opinion = true\n",
        "true",
    ),
    (
        Rule::WrongType,
        "no_opinion = true\n",
        "no_opinion = 1\n",
        "1",
    ),
    (
        Rule::OptionsAlike,
        "en = \"No\"",
        "en = \"Yes\"",
        "[[option]]",
    ),
    (
        Rule::OptionsAlike,
        "ar = \"لا\"",
        "ar = \" نعم\"",
        "[[option]]",
    ),
    (Rule::LookAlike, "en = \"Yes\"", "en = \"Yеs\"", "Yе"),
    (Rule::LookAlike, "ckb = \"بەڵێ\"", "ckb = \"بەﻟێ\"", "ﻟ"),
    (
        Rule::LookAlike,
        "en = \"Poll office\"",
        "en = \"Ｐoll office\"",
        "Ｐ",
    ),
    (
        Rule::QuestionNotInMessage,
        "Dear citizen. Are you in favor of continuing",
        "Dear citizen. Are you in favor of ending",
        "\"Dear",
    ),
    (
        Rule::QuestionNotInMessage,
        "Dear citizen. Are",
        "Dear citizen. are",
        "\"Dear",
    ),
    (
        Rule::NotSendable,
        "Answer here:\\n{link}",
        "Answer here 🙂\\n{link}",
        "\"Dear",
    ),
    (
        Rule::LinkNotLast,
        "Answer here:\\n{link}",
        "Answer here: {link}",
        "\"Dear",
    ),
    (
        Rule::LinkNotLast,
        "Answer here:\\n{link}",
        "Answer here:\\n {link}",
        "\"Dear",
    ),
    (
        Rule::LinkNotLast,
        "Answer here:\\n{link}",
        "Answer here:\\n{link} ",
        "\"Dear",
    ),
    (
        Rule::LinkNotLast,
        "Answer here:\\n{link}",
        "Answer here:\\n{link}\\n",
        "\"Dear",
    ),
    (
        Rule::LinkNotLast,
        "Answer here:\\n{link}",
        "Answer:\\n{link}\\nThank you",
        "\"Dear",
    ),
    (
        Rule::LinkNotLast,
        "أجب هنا:\\n{link}",
        "أجب هنا: {link}",
        "\"عزيزي",
    ),
    (
        Rule::NumberOutOfRange,
        "segments_max = 3",
        "segments_max = 3\nreminders_max = 6",
        "6",
    ),
    (
        Rule::NumberOutOfRange,
        "segments_max = 3",
        "segments_max = 3\nreminders_max = -1",
        "-1",
    ),
    (
        Rule::WrongType,
        "segments_max = 3",
        "segments_max = 3\nreminders_max = true",
        "true",
    ),
    (
        Rule::NumberOutOfRange,
        "segments_max = 3",
        "segments_max = 3\nreminder_hours_min = 23",
        "23",
    ),
    (
        Rule::NumberOutOfRange,
        "segments_max = 3",
        "segments_max = 3\nreminder_hours_min = 1001",
        "1001",
    ),
    (
        Rule::WrongType,
        "segments_max = 3",
        "segments_max = 3\nreminder_hours_min = 72.0",
        "72.0",
    ),
    (
        Rule::TooManySegments,
        "segments_max = 3",
        "segments_max = 1",
        "\"",
    ),
    (
        Rule::NumberOutOfRange,
        "segments_max = 3",
        "segments_max = 11",
        "11",
    ),
    (Rule::WordUnknown, "\"fixed\"", "\"drawn\"", "\"drawn\""),
    (Rule::FieldMissing, "segments_max = 3\n", "", "[message]"),
    (Rule::FieldMissing, "probability = true\n", "", "[sample]"),
    (
        Rule::WrongType,
        "probability = true",
        "probability = \"yes\"",
        "\"yes\"",
    ),
    (
        Rule::ExplanationOfNothing,
        "rule = 51",
        "rule = 52",
        "[[explained]]",
    ),
    (
        Rule::ExplanationOfNothing,
        "rule = 51",
        "rule = 50",
        "[[explained]]",
    ),
    (
        Rule::ExplanationOfNothing,
        "political = true",
        "political = false",
        "[[explained]]",
    ),
    (
        Rule::ContactsGoneEarly,
        "latest_end = 2026-12-15T20:00:00+03:00",
        "latest_end = 2026-12-15T20:00:00+03:00\ncontacts_until = 2026-12-15T19:59:00+03:00",
        "2026-12-15T19:59:00+03:00",
    ),
    (
        Rule::DateOffResolution,
        "latest_end = 2026-12-15T20:00:00+03:00",
        "latest_end = 2026-12-15T20:00:00+03:00\ncontacts_until = 2026-12-15T20:00:30+03:00",
        "2026-12-15T20:00:30+03:00",
    ),
    (
        Rule::DateMalformed,
        "latest_end = 2026-12-15T20:00:00+03:00",
        "latest_end = 2026-12-15T20:00:00+03:00\ncontacts_until = 2026-12-15T20:00:00",
        "2026-12-15T20:00:00",
    ),
    (
        Rule::WrongType,
        "latest_end = 2026-12-15T20:00:00+03:00",
        "latest_end = 2026-12-15T20:00:00+03:00\ncontacts_until = 1",
        "1",
    ),
    (Rule::FieldMissing, "rule = 51\n", "", "[[explained]]"),
    (Rule::NumberOutOfRange, "rule = 51", "rule = 0", "0"),
    (
        Rule::LanguageMissing,
        "ckb = \"هێشتا وەڵامی بێناو نییە.\", ",
        "",
        "{",
    ),
];

const TABLES: [&str; 9] = [
    "who.funder",
    "who.sender",
    "sample.strategy",
    "sample.coverage_gaps",
    "sample.recruitment",
    "sample.precision",
    "sample.weighting_targets",
    "disclosure.processing",
    "disclosure.withdrawal",
];

fn edited(row: &Row) -> String {
    let (_, from, to, _) = row;
    assert!(GOOD_2.contains(from), "{from}");
    GOOD_2.replacen(from, to, 1)
}

/// The text without this table.
fn without(table: &str) -> String {
    let header = format!("[{table}]\n");
    let (before, rest) = GOOD_2.split_once(&header).unwrap();
    let (_, after) = rest.split_once("\n[").unwrap();
    format!("{before}[{after}")
}

fn errors(text: &str) -> Vec<u16> {
    let findings = lint(text).findings.into_iter();
    let errors = findings.filter(|finding| finding.severity == Severity::Error);
    errors.map(|finding| finding.number).collect()
}

/// Numbers of the warnings, and whether they are explained.
fn warnings(text: &str) -> Vec<(u16, bool)> {
    let definition = lint(text).definition.expect("it stands");
    let warnings = definition.warnings.into_iter();
    warnings
        .map(|warning| (warning.rule.number(), warning.why.is_some()))
        .collect()
}

#[test]
fn a_good_definition_has_no_finding_that_is_not_explained() {
    let linted = lint(GOOD_2);
    let unexplained: Vec<_> = linted
        .findings
        .iter()
        .filter(|finding| finding.explained.is_none())
        .collect();
    assert!(unexplained.is_empty(), "{unexplained:#?}");
    assert_eq!(warnings(GOOD_2), [(50, true), (51, true)]);
    let design = linted.definition.unwrap().sample.design.unwrap();
    assert!(design.probability);
}

#[test]
fn each_rule_that_is_broken_is_found_where_it_is() {
    for row in ROWS {
        let (rule, _, to, points_at) = row;
        let text = edited(row);
        let findings = lint(&text).findings;
        let found = findings.iter().find(|found| {
            found.number == rule.number() && text[found.span.clone()].starts_with(points_at)
        });
        assert!(found.is_some(), "{to}: {findings:#?}");
        assert!(lint(&text).definition.is_none(), "{to}");
    }
}

#[test]
fn every_heading_of_disclosure_is_asked_for() {
    for table in TABLES {
        assert_eq!(errors(&without(table)), [6], "{table}");
    }
}

#[test]
fn a_definition_of_the_first_rule_set_has_nothing_of_the_second() {
    let first = GOOD_2.replacen("rule_set  = 2", "rule_set  = 1", 1);
    assert!(errors(&first).iter().all(|number| *number == 7));
    let third = GOOD_2.replacen("rule_set  = 2", "rule_set  = 3", 1);
    assert_eq!(errors(&third), [12]);
}

/// The good definition with these lines in its `[message]`.
fn with_reminders(lines: &str) -> String {
    GOOD_2.replacen("segments_max = 3", &format!("segments_max = 3\n{lines}"), 1)
}

#[test]
fn nobody_is_reminded_unless_the_definition_says_so() {
    let of = |text: &str| {
        let message = lint(text).definition.expect("it stands").message;
        (message.reminders_max, message.reminder_ms_min)
    };
    let hour_ms = 3_600_000;
    assert_eq!(of(GOOD_2), (0, 72 * hour_ms));
    assert_eq!(of(super::GOOD), (0, 72 * hour_ms));
    for (max, hours) in [(0, 24), (5, 1_000)] {
        let lines = format!("reminders_max = {max}\nreminder_hours_min = {hours}");
        assert_eq!(of(&with_reminders(&lines)), (max, hours * hour_ms));
    }
    assert_eq!(of(&with_reminders("reminders_max = 2")), (2, 72 * hour_ms));
}

#[test]
fn the_first_rule_set_has_no_reminders_and_lets_a_link_stand_anywhere() {
    let prefix = "link_prefix = \"https://ur.example/p/\"\n";
    for line in ["reminders_max = 1\n", "reminder_hours_min = 72\n"] {
        let text = super::GOOD.replacen(prefix, &format!("{prefix}{line}"), 1);
        assert_eq!(errors(&text), [7], "{line}");
    }
    let first = super::GOOD.replacen("here: {link}", "here: {link} Thank you.", 1);
    assert_ne!(first, super::GOOD);
    assert!(lint(&first).definition.is_some());
}

/// Where a phone takes the full stop after a link into it, or an Arabic text around it shows its parts in another order,
/// whoever taps it comes nowhere. What holds: the link stands alone in the last line, however the definition writes that.
#[test]
fn the_link_stands_last_on_a_line_of_its_own_however_that_is_written() {
    let escaped = "Answer here:\\n{link}\"";
    let (before, after) = GOOD_2.split_once(escaped).unwrap();
    let (before, words) = before.rsplit_once('"').unwrap();
    for quotes in ["\"\"\"", "'''"] {
        let text = format!("{before}{quotes}{words}Answer here:\n{{link}}{quotes}{after}");
        let definition = lint(&text).definition.expect("it stands");
        let sent = definition.message.as_sent("en");
        let last = sent.lines().last().unwrap();
        assert!(last.starts_with("https://ur.example/p/"), "{sent}");
        assert_eq!(lint(GOOD_2).definition, Some(definition));
    }
}

#[test]
fn the_clock_of_a_poll_is_the_offset_in_which_its_start_is_written() {
    let start = "2026-12-01T08:00:00+03:00";
    for (written, offset_minutes) in [
        (start, 180),
        ("2026-12-01T05:00:00Z", 0),
        ("2026-12-01T01:30:00-03:30", -210),
        ("2026-12-01T10:45:00+05:45", 345),
    ] {
        for good in [GOOD_2, super::GOOD] {
            let text = good.replacen(start, written, 1);
            let field = lint(&text).definition.expect("it stands").field;
            assert_eq!(field.offset_minutes, offset_minutes, "{written}");
            assert_eq!(field.start, 1_796_101_200_000);
        }
    }
}

#[test]
fn contacts_are_kept_as_long_as_is_said_or_until_the_time_for_objections_is_over() {
    let latest = "latest_end = 2026-12-15T20:00:00+03:00";
    let field = |text: &str| lint(text).definition.unwrap();
    let silent = field(GOOD_2);
    let window = silent.rules.objection_window_ms;
    assert!(window > 0);
    assert_eq!(silent.contacts_until(), silent.field.latest_end + window);
    let said = GOOD_2.replacen(
        latest,
        &format!("{latest}\ncontacts_until = 2026-12-15T20:00:00+03:00"),
        1,
    );
    assert_eq!(field(&said).contacts_until(), silent.field.latest_end);
    // Rule set 1 does not have the field.
    let first = super::GOOD.replacen(
        latest,
        &format!("{latest}\ncontacts_until = 2027-01-01T00:00:00Z"),
        1,
    );
    assert_ne!(first, super::GOOD);
    assert_eq!(errors(&first), [7]);
}

#[test]
fn what_the_design_cannot_give_is_warned_of_and_may_stand_unexplained() {
    let close = GOOD_2.replacen("= \"at_end\"", "= \"any_time\"", 1);
    assert_eq!(warnings(&close), [(50, true), (51, true), (52, false)]);
    let sealed = GOOD_2.replacen("= \"open\"", "= \"sealed\"", 1).replacen(
        "threshold                = 10\n",
        "threshold                = 131827\n",
        1,
    );
    assert_eq!(warnings(&sealed), [(50, true), (51, true), (53, false)]);
    let finding = lint(&sealed).findings.pop().unwrap();
    assert!(finding.message.contains("`halabja`"), "{}", finding.message);
    let plain = GOOD_2.replacen("https://ur.example/p/", "http://ur.example/p/", 1);
    assert_eq!(warnings(&plain), [(43, false), (50, true), (51, true)]);
}

#[test]
fn a_reason_is_needed_as_soon_as_one_of_five_bodies_is_another() {
    let (before, rest) = GOOD_2.split_once("[who.why_they_differ]\n").unwrap();
    let (_, after) = rest.split_once("[who.sponsor]").unwrap();
    let text = format!("{before}[who.sponsor]{after}");
    assert_eq!(errors(&text), [34]);
}

/// The good definition with its options rotated.
fn rotated() -> String {
    GOOD_2.replacen("order = \"fixed\"", "order = \"rotated\"", 1)
}

/// Definitions whose options cannot be rotated: an option without an opinion among the others, and one option alone.
fn not_rotatable() -> [String; 2] {
    let silent = |id: &str, no_opinion: &str| {
        let label = format!("label = {{ ar = \"{id}\", ckb = \"{id}\", en = \"{id}\" }}");
        format!("[[option]]\nid = \"{id}\"\nside = \"neither\"\n{no_opinion}{label}\n\n")
    };
    let text = rotated();
    let (before, _) = text.split_once("[[option]]").unwrap();
    let (_, after) = text.split_once("[who]").unwrap();
    let refused = silent("refused", "no_opinion = true\n");
    let one = silent("both", "") + &refused;
    [
        text.replacen("[[option]]\n", &format!("{refused}[[option]]\n"), 1),
        format!("{before}{one}[who]{after}"),
    ]
}

#[test]
fn options_rotate_if_those_without_an_opinion_stand_behind_two_others() {
    let definition = lint(&rotated()).definition.expect("it stands");
    assert_eq!(definition.rotating(), 2);
    let [among, alone] = not_rotatable();
    assert_eq!(errors(&among), [55]);
    assert_eq!(errors(&alone), [55]);
    let fixed = |text: &str| text.replacen("\"rotated\"", "\"fixed\"", 1);
    let is_good = |text: &String| lint(&fixed(text)).definition.is_some();
    assert!([among, alone].iter().all(is_good));
}

/// What happened: the message asked one question and the page another, two options stood against one, nobody could tell
/// who asked. What holds: each of these stops the poll before it begins, and is named.
#[test]
fn the_poll_of_january_2024_is_refused_for_each_of_its_defects() {
    let linted = lint(UR_2024);
    let numbers: Vec<u16> = linted
        .findings
        .iter()
        .map(|finding| finding.number)
        .collect();
    for (rule, defect) in [
        (
            Rule::QuestionNotInMessage,
            "the page does not ask the question of the message",
        ),
        (
            Rule::OptionsUnbalanced,
            "two options against stand beside one for",
        ),
        (Rule::NoOpinionMissing, "none says \"don't know\""),
        (
            Rule::NoReasonToDiffer,
            "sender, conductor and platform differ, and no reason is given",
        ),
    ] {
        assert!(numbers.contains(&rule.number()), "{defect}: {numbers:?}");
    }
    for missing in [
        "rules.revisions",
        "sample.population",
        "sample.frame",
        "sample.planned",
        "sample.weighting",
        "field.start",
        "field.end",
        "disclosure.limitations",
    ] {
        let message = format!("`{missing}` is missing");
        assert!(
            linted
                .findings
                .iter()
                .any(|finding| finding.message == message),
            "{message}: {:#?}",
            linted.findings
        );
    }
    assert!(linted.definition.is_none());
}

#[test]
fn the_second_opinion_finds_the_same_rules_broken_and_the_same_warnings() {
    let mut definitions: Vec<String> = ROWS.iter().map(edited).collect();
    definitions.extend(TABLES.map(without));
    definitions.push(UR_2024.to_owned());
    definitions.push(rotated());
    definitions.extend(not_rotatable());
    definitions.push(with_reminders("reminders_max = 5\nreminder_hours_min = 24"));
    definitions.push(super::GOOD.replacen("country   =", "reminders_max = 1\ncountry =", 1));
    compare(&definitions, |ours, theirs| {
        ours.is_subset(theirs) && ours.is_empty() == theirs.is_empty()
    });
}
