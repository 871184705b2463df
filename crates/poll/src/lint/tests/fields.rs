//! Every field, taken out in turn.

use super::{GOOD, lint};

/// Every field that must be there, tables too.
pub(super) const REQUIRED: [&str; 53] = [
    "rule_set",
    "slug",
    "languages",
    "political",
    "country",
    "keys",
    "keys.operators",
    "question",
    "question.id",
    "question.order",
    "question.text",
    "option.id",
    "option.side",
    "option.label",
    "who",
    "who.tokens_made_by",
    "who.sponsor",
    "who.sponsor.name",
    "who.conductor",
    "who.conductor.name",
    "who.platform",
    "who.platform.name",
    "who.platform.domain",
    "sample.planned",
    "sample.population",
    "sample.frame",
    "sample.sampling",
    "sample.mode",
    "sample.weighting",
    "field",
    "field.start",
    "field.end",
    "field.latest_end",
    "message",
    "message.sender",
    "message.link_prefix",
    "message.text",
    "rules",
    "rules.answers",
    "rules.revisions",
    "rules.results",
    "rules.strata",
    "rules.strata_min",
    "rules.threshold",
    "rules.close",
    "rules.resolution_seconds",
    "rules.publication_answers",
    "rules.publication_seconds",
    "rules.promise_delay_seconds",
    "rules.objection_window_seconds",
    "stratum.id",
    "stratum.population",
    "stratum.name",
];

/// Texts of which every language must be there.
const LOCALISED: [&str; 15] = [
    "question.text",
    "option.label",
    "who.why_they_differ",
    "who.sponsor.name",
    "who.conductor.name",
    "who.platform.name",
    "sample.population",
    "sample.frame",
    "sample.sampling",
    "sample.mode",
    "sample.weighting",
    "message.text",
    "stratum.name",
    "disclosure.exclusions",
    "contact.name",
];

/// A line of the definition: the path of the table it stands in, and its key, if it has one.
struct Line<'a> {
    table: &'a str,
    key: Option<&'a str>,
}

fn lines() -> Vec<Line<'static>> {
    let mut table = "";
    GOOD.lines()
        .map(|line| {
            if line.starts_with('[') {
                table = line.trim_matches(['[', ']']);
                return Line { table, key: None };
            }
            let key = line.split_once('=').filter(|_| !line.starts_with('#'));
            Line {
                table,
                key: key.map(|(key, _)| key.trim()),
            }
        })
        .collect()
}

fn blank(taken_out: impl Fn(usize) -> bool) -> String {
    let kept = |(place, line)| if taken_out(place) { "" } else { line };
    GOOD.lines()
        .enumerate()
        .map(kept)
        .collect::<Vec<_>>()
        .join("\n")
}

/// The text without a field or table (where it is in a list, without that of the first entry), and
/// the line, from 1, of the table that lacks it then.
pub(super) fn without(path: &str) -> (String, usize) {
    let lines = lines();
    let (parent, key) = path.rsplit_once('.').unwrap_or(("", path));
    let header = |path: &str| {
        let place = lines
            .iter()
            .position(|line| line.table == path && !path.is_empty());
        place.map_or(1, |place| place + 1)
    };
    let field = lines
        .iter()
        .position(|line| line.table == parent && line.key == Some(key));
    let text = match field {
        Some(field) => blank(|place| place == field),
        None => blank(|place| {
            let table = lines[place].table;
            table == path
                || table
                    .strip_prefix(path)
                    .is_some_and(|rest| rest.starts_with('.'))
        }),
    };
    assert_ne!(
        text.trim(),
        GOOD.trim(),
        "{path} is not in the good definition"
    );
    (text, header(parent))
}

/// How a message names a field of the first entry of a list: an entry without its id by its place.
fn named(path: &str) -> String {
    let (first, rest) = path.split_once('.').unwrap_or((path, ""));
    let entry = match (first, rest) {
        ("option" | "stratum", "id") => format!("{first} 1"),
        ("option", _) => "option.yes".to_owned(),
        ("stratum", _) => "stratum.baghdad".to_owned(),
        _ => return path.to_owned(),
    };
    format!("{entry}.{rest}")
}

#[track_caller]
fn check_missing(path: &str) {
    let (text, line) = without(path);
    let message = format!("`{}` is missing", named(path));
    let findings = lint(&text).findings;
    let found = findings.iter().find(|finding| finding.message == message);
    let found = found.unwrap_or_else(|| panic!("{message}: not in {findings:#?}"));
    assert_eq!(
        (found.number, found.line, found.column),
        (6, line, 1),
        "{message}"
    );
    assert!(found.help.starts_with("add `"), "{}", found.help);
}

#[test]
fn every_missing_field_is_found_and_named_at_its_table() {
    REQUIRED.iter().for_each(|path| check_missing(path));
}

#[test]
fn every_missing_list_or_table_is_found() {
    for (path, rest) in [
        ("option", 0),
        ("stratum", 0),
        ("disclosure", 0),
        ("contact", 0),
    ] {
        let (text, _) = without(path);
        let findings = lint(&text).findings;
        assert_eq!(findings.len(), 1 + rest, "{findings:#?}");
        assert_eq!(findings[0].message, format!("`{path}` is missing"));
    }
}

#[test]
fn a_missing_disclosure_text_is_found_where_the_others_are() {
    for path in [
        "disclosure.exclusions",
        "disclosure.limitations",
        "disclosure.privacy",
    ] {
        let (text, _) = without(path);
        let findings = lint(&text).findings;
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].message, format!("`{path}` is missing"));
        assert!(
            text.lines()
                .nth(findings[0].line - 1)
                .unwrap()
                .starts_with("[disclosure.")
        );
    }
}

#[test]
fn a_missing_field_is_one_finding_alone() {
    // Without these, others cannot be judged, or a second thing is wrong as well.
    let alone = |path: &&&str| !["sample", "languages", "rule_set"].contains(path);
    for path in REQUIRED.iter().filter(alone) {
        let (text, _) = without(path);
        let findings = lint(&text).findings;
        assert_eq!(findings.len(), 1, "{path}: {findings:#?}");
    }
}

#[test]
fn optional_fields_may_be_missing() {
    for path in [
        "keys.sender",
        "contact.phone",
        "contact.email",
        "contact.url",
    ] {
        assert_eq!(lint(&without(path).0).findings, [], "{path}");
    }
}

#[test]
fn a_reason_is_not_needed_where_the_bodies_are_one() {
    let (text, _) = without("who.why_they_differ");
    let mut one = String::new();
    for line in text.lines() {
        let is_name = line.starts_with("name ") && line.contains(" en = ");
        let body = ["Secretariat", "Center", "portal"]
            .iter()
            .any(|body| line.contains(body));
        one += if is_name && body {
            "name = { ar = \"أ\", ckb = \"ئ\", en = \"A\" }"
        } else {
            line
        };
        one.push('\n');
    }
    assert_eq!(lint(&one).findings, []);
}

#[test]
fn every_missing_language_is_found() {
    for path in LOCALISED {
        for language in ["ar", "ckb", "en"] {
            check_language(path, language);
        }
    }
}

#[track_caller]
fn check_language(path: &str, language: &str) {
    let lines = lines();
    let (table, field) = path.rsplit_once('.').unwrap();
    let own = |line: &Line<'_>| line.table == path && line.key == Some(language);
    let inline = |line: &Line<'_>| line.table == table && line.key == Some(field);
    let place = lines
        .iter()
        .position(|line| own(line) || inline(line))
        .unwrap();
    let edit = |(at, line): (usize, &str)| match at == place {
        true if own(&lines[at]) => String::new(),
        true => line
            .replace(&format!("{language} = "), "x-")
            .replacen("x-\"", "xx = \"", 1),
        false => line.to_owned(),
    };
    let text = GOOD
        .lines()
        .enumerate()
        .map(edit)
        .collect::<Vec<_>>()
        .join("\n");
    let message = format!("`{}` lacks the language `{language}`", named(path));
    let findings = lint(&text).findings;
    let found = findings.iter().find(|finding| finding.message == message);
    let found = found.unwrap_or_else(|| panic!("{message}: not in {findings:#?}"));
    let header = lines
        .iter()
        .position(|line| line.table == path)
        .unwrap_or(place);
    assert_eq!((found.number, found.line), (17, header + 1), "{message}");
}
