use super::{Finding, Rule, Severity, lint, render};
use crate::definition::Definition;

mod fair;
mod fields;
mod mutations;
mod rules;
mod second_opinion;

pub(super) const GOOD: &str = include_str!("../../testdata/good.toml");

#[test]
fn a_good_definition_has_no_findings() {
    let linted = lint(GOOD);
    assert_eq!(linted.findings, []);
    assert!(linted.definition.is_some());
}

#[test]
fn the_documentation_lists_every_rule_by_its_number() {
    let rows: Vec<&str> = include_str!("../lint.rs")
        .lines()
        .filter(|line| line.starts_with("//! | L"))
        .collect();
    let expected: Vec<String> = Rule::ALL
        .iter()
        .map(|(rule, title)| format!("//! | L{:02} | {title} |", rule.number()))
        .collect();
    assert_eq!(rows, expected);
    assert!(Rule::ALL.is_sorted_by_key(|(rule, _)| rule.number()));
}

#[test]
fn all_findings_come_out_at_once_and_errors_come_first() {
    let text = GOOD
        .replace("https://ur.example/p/", "http://ur.example/p/")
        .replace("= \"link\"", "= \"signed\"")
        .replace("side  = \"neither\"", "side  = \"both\"")
        .replace("country   = \"IQ\"\n", "");
    let findings = lint(&text).findings;
    let found: Vec<(u16, Severity)> = findings
        .iter()
        .map(|finding| (finding.number, finding.severity))
        .collect();
    let expected = [
        (6, Severity::Error),
        (9, Severity::Error),
        (11, Severity::Error),
        (43, Severity::Warning),
    ];
    assert_eq!(found, expected);
}

#[test]
fn a_warning_does_not_refuse_a_definition() {
    let text = GOOD.replace("https://ur.example/p/", "http://ur.example/p/");
    let linted = lint(&text);
    assert_eq!(linted.findings.len(), 1);
    assert_eq!(linted.definition, Definition::parse(&text).ok());
    assert!(linted.definition.is_some());
}

#[test]
fn links_to_this_machine_need_no_encryption() {
    for host in ["127.0.0.1:8181", "localhost"] {
        let text = GOOD
            .replace("https://ur.example/p/", &format!("http://{host}/p/"))
            .replace("domain = \"ur.example\"", &format!("domain = \"{host}\""));
        assert_eq!(lint(&text).findings, []);
    }
}

#[test]
fn a_finding_in_arabic_is_shown_with_its_line_and_what_to_do() {
    let text = GOOD.replace("label = { ar = \"لا\"", "label = { ar = \"لا 07701234567\"");
    let expected = "\
error[L42]: `option.no.label.ar` holds what looks like a phone number
  --> poll.toml:31:20
   |
31 | label = { ar = \"لا 07701234567\", ckb = \"نەخێر\", en = \"No\" }
   |                    ^^^^^^^^^^^
   |
   = help: take it out, or move it to `[contact]`: the ledger keeps it for ever
";
    assert_eq!(
        render(&lint(&text).findings, "poll.toml", &text, false),
        expected
    );
}

#[test]
fn what_is_missing_altogether_is_shown_at_the_top() {
    let text = GOOD.replace("slug      = \"coalition\"", "");
    let shown = render(&lint(&text).findings, "poll.toml", &text, false);
    assert!(
        shown.starts_with("error[L06]: `slug` is missing\n --> poll.toml:1:1\n"),
        "{shown}"
    );
    assert!(
        shown.contains("= help: add `slug`: the poll's short name"),
        "{shown}"
    );
}

#[test]
fn colours_are_there_only_if_asked_for() {
    let text = GOOD.replace("slug      = \"coalition\"", "");
    let findings = lint(&text).findings;
    assert!(render(&findings, "poll.toml", &text, true).contains('\u{1b}'));
    assert!(!render(&findings, "poll.toml", &text, false).contains('\u{1b}'));
}

/// A definition with a thousand strata that stay closed had an error after them passed over, and could be opened.
#[test]
fn no_number_of_warnings_hides_an_error() {
    let mut walk = super::walk::Walk::new(GOOD);
    for _ in 0..2 * crate::definition::limits::FINDINGS_MAX {
        walk.warning(super::Rule::StratumStaysClosed, 0..0, "a warning", "");
    }
    walk.error(super::Rule::ContactUnreachable, 0..0, "an error", "");
    let last = walk.into_findings().pop();
    assert!(last.is_some_and(|found| found.severity == Severity::Error));
}

#[test]
fn thousands_of_findings_are_shown_up_to_a_limit() {
    let text = format!("{GOOD}\n#{}", "\u{202E}\n#".repeat(3_000));
    let findings = lint(&text).findings;
    assert_eq!(findings.len(), crate::definition::limits::FINDINGS_MAX);
    let shown = render(&findings, "poll.toml", &text, false);
    assert!(shown.ends_with("… and 900 more findings\n"), "{shown}");
}

#[test]
fn a_finding_says_where_it_is_in_one_line() {
    let text = GOOD.replace("side  = \"neither\"", "side  = \"both\"");
    let [finding] = lint(&text).findings.try_into().expect("one finding");
    assert_eq!(
        finding.to_string(),
        "L09 at 35:9: `option.dont-know.side` is `both`, which is not one of its words"
    );
}

/// The findings of a text, each as its rule's number and the text that it points at.
pub(super) fn pointed(text: &str) -> Vec<(u16, &str)> {
    let point = |finding: Finding| (finding.number, &text[finding.span]);
    lint(text).findings.into_iter().map(point).collect()
}
