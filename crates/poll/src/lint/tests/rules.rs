//! One row and more for every rule: an edit of a good definition, the rule, and where it points.

use std::collections::BTreeSet;

use super::{GOOD, Rule, lint, pointed};
use crate::definition::limits::DEFINITION_BYTES_MAX;

/// A rule, what is replaced in the good definition (once) by what, and what the finding points at.
pub(super) type Row = (Rule, &'static str, &'static str, &'static str);

pub(super) const ROWS: &[Row] = &[
    (
        Rule::ByteOrderMark,
        "# The question",
        "\u{FEFF}# The question",
        "\u{FEFF}",
    ),
    (
        Rule::CarriageReturn,
        "rule_set  = 1\n",
        "rule_set  = 1\r\n",
        "\r",
    ),
    (Rule::NotToml, "order = \"fixed\"", "order = \"fixed", ""),
    (Rule::NotToml, "order = \"fixed\"", "id = \"again\"", "id"),
    (Rule::NotToml10, "en = \"Yes\" }", "en = \"Yes\", }", "}"),
    (
        Rule::NotToml10,
        ", ckb = \"بەڵێ\"",
        ",\n ckb = \"بەڵێ\"",
        "",
    ),
    (Rule::NotToml10, "\"Yes\"", "\"\\x59es\"", "\\x"),
    (
        Rule::NotToml10,
        "08:00:00+03:00",
        "08:00+03:00",
        "2026-12-01T08:00+03:00",
    ),
    (Rule::FieldMissing, "political = true\n", "", ""),
    (
        Rule::FieldUnknown,
        "order = ",
        "colour = 1\norder = ",
        "colour",
    ),
    (
        Rule::FieldUnknown,
        "[keys]",
        "[fairness]\n[keys]",
        "fairness",
    ),
    (
        Rule::WrongType,
        "political = true",
        "political = \"yes\"",
        "\"yes\"",
    ),
    (
        Rule::WrongType,
        "planned = 6000\n",
        "planned = 1.5\n",
        "1.5",
    ),
    (Rule::WrongType, "\"نعم\"", "1", "1"),
    (Rule::WordUnknown, "\"neither\"", "\"both\"", "\"both\""),
    (
        Rule::NumberOutOfRange,
        "revisions                = 0",
        "revisions = 10",
        "10",
    ),
    (
        Rule::NumberOutOfRange,
        "planned = 6000",
        "planned = -1",
        "-1",
    ),
    (
        Rule::NumberOutOfRange,
        "planned = 6000",
        "planned = 4294967296",
        "4294967296",
    ),
    (
        Rule::NumberOutOfRange,
        "threshold                = 10",
        "threshold = 0",
        "0",
    ),
    (Rule::NotYet, "\"live\"", "\"at_close\"", "\"at_close\""),
    (Rule::NotYet, "= \"link\"", "= \"signed\"", "\"signed\""),
    (
        Rule::NotYet,
        "= \"link\"",
        "= \"anonymous\"",
        "\"anonymous\"",
    ),
    (Rule::WordUnknown, "\"fixed\"", "\"rotated\"", "\"rotated\""),
    (Rule::RuleSetUnknown, "rule_set  = 1", "rule_set = 3", "3"),
    (Rule::RuleSetUnknown, "rule_set  = 1", "rule_set = 0", "0"),
    (Rule::RuleSetUnknown, "rule_set  = 1", "rule_set = -1", "-1"),
    (
        Rule::RuleSetUnknown,
        "rule_set  = 1",
        "rule_set = 65536",
        "65536",
    ),
    (
        Rule::RuleSetUnknown,
        "rule_set  = 1",
        "rule_set = 18446744073709551616",
        "18446744073709551616",
    ),
    (Rule::TextEmpty, "\"Yes\"", "\" \"", "\" \""),
    (
        Rule::InvisibleCharacter,
        "\"Yes\"",
        "\"Y\u{202E}es\"",
        "\u{202E}",
    ),
    (
        Rule::InvisibleCharacter,
        "# both",
        "# \u{2067}both",
        "\u{2067}",
    ),
    (
        Rule::InvisibleCharacter,
        "\"Yes\"",
        "\"Y\\u202Ees\"",
        "\"Y\\u202Ees\"",
    ),
    (
        Rule::InvisibleCharacter,
        "\"Yes\"",
        "\"Yes\\nNo\"",
        "\"Yes\\nNo\"",
    ),
    (
        Rule::LanguageMissing,
        ", en = \"Yes\"",
        "",
        "{ ar = \"نعم\", ckb = \"بەڵێ\" }",
    ),
    (
        Rule::LanguageNotOffered,
        "en = \"Yes\"",
        "en = \"Yes\", tr = \"Evet\"",
        "tr",
    ),
    (
        Rule::LanguageMalformed,
        "[\"ar\",",
        "[\"Arabic!\", \"ar\",",
        "\"Arabic!\"",
    ),
    (
        Rule::LanguageTwice,
        "[\"ar\",",
        "[\"ar\", \"ar\",",
        "\"ar\"",
    ),
    (
        Rule::LanguagesCount,
        "[\"ar\", \"ckb\", \"en\"]",
        "[]",
        "[]",
    ),
    (Rule::IdMalformed, "\"coalition\"", "\"2024\"", "\"2024\""),
    (
        Rule::IdMalformed,
        "\"dont-know\"",
        "\"don't know\"",
        "\"don't know\"",
    ),
    (Rule::IdMalformed, "\"mission\"", "\"\"", "\"\""),
    (Rule::IdTwice, "\"dont-know\"", "\"yes\"", "\"yes\""),
    (Rule::IdTwice, "\"halabja\"", "\"baghdad\"", "\"baghdad\""),
    (Rule::CountryMalformed, "\"IQ\"", "\"Iraq\"", "\"Iraq\""),
    (
        Rule::OperatorsCount,
        "operators = [",
        "operators = [] #",
        "[]",
    ),
    (
        Rule::KeyMalformed,
        "[\"ur-operator+",
        "[\"ur-operators+",
        "\"ur-operators+",
    ),
    (
        Rule::DateMalformed,
        "08:00:00+03:00",
        "08:00:00",
        "2026-12-01T08:00:00",
    ),
    (
        Rule::DateMalformed,
        "2026-12-01T",
        "1926-12-01T",
        "1926-12-01T08:00:00+03:00",
    ),
    (
        Rule::DateMalformed,
        "2026-12-01T08:00:00+",
        "2026-12-01T08:00:00.0001+",
        "2026-12-01T08:00:00.0001+03:00",
    ),
    (
        Rule::DatesOutOfOrder,
        "2026-12-08T20:00:00+",
        "2026-11-08T20:00:00+",
        "2026-11-08T20:00:00+03:00",
    ),
    (
        Rule::DatesOutOfOrder,
        "2026-12-15T",
        "2026-12-07T",
        "2026-12-07T20:00:00+03:00",
    ),
    (
        Rule::DateOffResolution,
        "08:00:00+03:00",
        "08:00:30+03:00",
        "2026-12-01T08:00:30+03:00",
    ),
    (
        Rule::DateOffResolution,
        "08:00:00+",
        "08:00:00.500+",
        "2026-12-01T08:00:00.500+03:00",
    ),
    (
        Rule::ResolutionUneven,
        "resolution_seconds       = 60",
        "resolution_seconds = 7",
        "7",
    ),
    (
        Rule::NoReasonToDiffer,
        "[who.why_they_differ]",
        "[unused]",
        "[who]",
    ),
    (
        Rule::DomainMalformed,
        "domain = \"ur.example\"",
        "domain = \"Ur.Example\"",
        "\"Ur.Example\"",
    ),
    (
        Rule::DomainMalformed,
        "domain = \"ur.example\"",
        "domain = \"ur.example/x\"",
        "\"ur.example/x\"",
    ),
    (
        Rule::LinkPrefixMalformed,
        "example/p/\"",
        "example/p\"",
        "\"https://ur.example/p\"",
    ),
    (
        Rule::LinkPrefixMalformed,
        "\"https://ur",
        "\"ftp://ur",
        "\"ftp://ur.example/p/\"",
    ),
    (
        Rule::LinkPrefixElsewhere,
        "\"https://ur.",
        "\"https://ur2.",
        "\"https://ur2.example/p/\"",
    ),
    (
        Rule::Placeholders,
        "here: {link}",
        "here",
        "\"Dear citizen, are",
    ),
    (
        Rule::Placeholders,
        "here: {link}",
        "here: {link} {link}",
        "\"Dear citizen, are",
    ),
    (
        Rule::Placeholders,
        "Dear citizen",
        "Dear {name}",
        "\"Dear {name}, are",
    ),
    (Rule::SenderMalformed, "\"UR-POLL\"", "\"أور\"", "\"أور\""),
    (
        Rule::SenderMalformed,
        "\"UR-POLL\"",
        "\"UR-POLL-2024\"",
        "\"UR-POLL-2024\"",
    ),
    (
        Rule::ContactMalformed,
        "\"polls@ur.example\"",
        "\"polls\"",
        "\"polls\"",
    ),
    (
        Rule::ContactMalformed,
        "\"+964 700 000 0000\"",
        "\"call us\"",
        "\"call us\"",
    ),
    (
        Rule::ContactMalformed,
        "\"https://ur.example/contact\"",
        "\"ur.example\"",
        "\"ur.example\"",
    ),
    (
        Rule::PersonalData,
        "portal\"",
        "portal, 07701234567\"",
        "07701234567",
    ),
    (
        Rule::PersonalData,
        "\"coalition\"",
        "\"c-07701234567\"",
        "07701234567",
    ),
    (
        Rule::PersonalData,
        "# The Arabic",
        "# Ask ali@ur.example. The Arabic",
        "ali@ur.example",
    ),
    (
        Rule::PersonalData,
        "portal\"",
        "p\\u006Frtal 10.0.0.1\"",
        "\"Ur p\\u006Frtal 10.0.0.1\"",
    ),
    (
        Rule::LinksNotEncrypted,
        "\"https://ur.",
        "\"http://ur.",
        "\"http://ur.example/p/\"",
    ),
];

#[test]
fn every_rule_is_found_where_it_is_broken() {
    for (rule, from, to, at) in ROWS {
        assert!(
            GOOD.contains(from),
            "{from:?} is not in the good definition"
        );
        let text = GOOD.replacen(from, to, 1);
        let found = pointed(&text);
        let hit =
            |(number, pointed): &(u16, &str)| *number == rule.number() && pointed.starts_with(at);
        assert!(found.iter().any(hit), "{rule:?}, {to:?}: found {found:?}");
    }
}

#[test]
fn every_rule_has_a_row() {
    let apart = [
        Rule::TooLarge,
        Rule::PoliticalOnLinks,
        Rule::PoliticalOneBody,
        Rule::CloseAnyTime,
        Rule::StratumStaysClosed,
        Rule::TextTooLong,
        Rule::OptionsCount,
        Rule::StrataCount,
        Rule::KeyTwice,
        Rule::ContactUnreachable,
        Rule::NotRotatable,
    ];
    let rows = ROWS.iter().chain(super::fair::ROWS);
    let rows = rows.map(|(rule, ..)| rule.number());
    let covered: BTreeSet<u16> = rows.chain(apart.map(Rule::number)).collect();
    let all: BTreeSet<u16> = Rule::ALL.iter().map(|(rule, _)| rule.number()).collect();
    assert_eq!(covered, all);
}

const NONE: [u16; 0] = [];

/// The numbers of the rules that a text breaks.
fn broken(text: &str) -> Vec<u16> {
    lint(text)
        .findings
        .iter()
        .map(|finding| finding.number)
        .collect()
}

#[test]
fn a_text_may_be_as_large_as_the_limit_and_no_larger() {
    let full = format!(
        "{GOOD}#{}",
        "x".repeat(DEFINITION_BYTES_MAX - GOOD.len() - 1)
    );
    assert_eq!(broken(&full), NONE);
    assert_eq!(broken(&format!("{full}x")), [1]);
}

#[test]
fn a_wording_may_be_as_long_as_the_limit_and_no_longer() {
    let label = |chars| GOOD.replace("\"Yes\"", &format!("\"{}\"", "ن".repeat(chars)));
    assert_eq!(broken(&label(200)), NONE);
    assert_eq!(broken(&label(201)), [15]);
}

#[test]
fn a_ballot_has_two_to_fifty_options() {
    let option = |id: usize| {
        format!(
            "[[option]]\nid = \"o{id}\"\nside = \"for\"\nlabel = {{ ar = \"أ\", ckb = \"ئ\", en = \"A\" }}\n"
        )
    };
    let with = |options: usize| {
        let (before, rest) = GOOD.split_once("[[option]]").unwrap();
        let (_, after) = rest.split_once("[who]").unwrap();
        let options: String = (0..options).map(option).collect();
        format!("{before}{options}[who]{after}")
    };
    assert_eq!(broken(&with(1)), [24]);
    assert_eq!(broken(&with(2)), NONE);
    assert_eq!(broken(&with(50)), NONE);
    assert_eq!(broken(&with(51)), [24]);
}

#[test]
fn a_poll_has_one_to_a_thousand_strata_as_far_as_they_fit() {
    let stratum =
        |id: usize| format!("[[stratum]]\nid=\"s{id}\"\npopulation=1\nname={{a=\"s\"}}\n");
    // Strata of one short language each, so that the text stays within its limit.
    let with = |strata: usize| {
        let (before, rest) = GOOD.split_once("[[stratum]]").unwrap();
        let (_, after) = rest.split_once("[disclosure.exclusions]").unwrap();
        let strata: String = (0..strata).map(stratum).collect();
        format!("{before}{strata}[disclosure.exclusions]{after}")
    };
    let count = |strata| broken(&with(strata)).contains(&25);
    assert!(!count(1));
    assert!(!count(700));
    assert!(
        lint(&format!("stratum = []\n{}", with(0)))
            .findings
            .iter()
            .any(|finding| finding.number == 25)
    );
}

#[test]
fn a_key_has_one_part() {
    let line = GOOD
        .lines()
        .find(|line| line.starts_with("operators"))
        .unwrap();
    let key = line.split('"').nth(1).unwrap();
    let twice = GOOD.replace(&format!("[\"{key}\"]"), &format!("[\"{key}\", \"{key}\"]"));
    assert_eq!(broken(&twice), [29]);
    let sender = GOOD
        .lines()
        .find(|line| line.starts_with("sender    "))
        .unwrap();
    let shared = GOOD.replacen(sender, &format!("sender = \"{key}\""), 1);
    assert_eq!(broken(&shared), [29]);
}

#[test]
fn a_contact_has_a_way_to_be_reached() {
    let unreachable: Vec<&str> = GOOD
        .lines()
        .filter(|line| {
            !["phone", "email", "url "]
                .iter()
                .any(|key| line.starts_with(key))
        })
        .collect();
    assert_eq!(broken(&unreachable.join("\n")), [40]);
}

#[test]
fn a_message_never_repeats_what_looks_personal() {
    let number = "07701234567";
    for (from, to) in [
        ("\"Yes\"", format!("\"{number}\"")),
        ("\"dont-know\"", format!("\"{number}\"")),
        ("\"dont-know\"", format!("\"Ali {number}\"")),
        ("\"IQ\"", format!("\"{number}\"")),
        ("\"fixed\"", format!("\"{number}\"")),
        ("\"UR-POLL\"", format!("\"{number}\"")),
        ("\"polls@ur.example\"", format!("\"{number}\"")),
        ("\"https://ur.example/p/\"", format!("\"{number}\"")),
        ("[\"ar\"", format!("[\"{number}\", \"ar\"")),
        ("[\"ar\"", format!("[\"ab-{number}\", \"ar\"")),
        (
            "en = \"Yes\"",
            format!("en = \"Yes\", {number} = \"{number}\""),
        ),
        ("political", format!("{number} = 1\npolitical")),
        ("[\"ur-operator+", format!("[\"{number}+")),
    ] {
        let findings = lint(&GOOD.replacen(from, &to, 1)).findings;
        assert!(!findings.is_empty(), "{to}");
        for finding in findings {
            assert!(!finding.message.contains(number), "{}", finding.message);
            assert!(!finding.help.contains(number), "{}", finding.help);
        }
    }
}

#[test]
fn the_joiners_of_kurdish_are_no_invisible_characters() {
    let text = GOOD.replace("\"نازانم\"", "\"نا\u{200C}زانم\u{200D}\"");
    assert_eq!(broken(&text), NONE);
}

#[test]
fn strings_that_look_like_syntax_are_no_newer_toml() {
    let text = GOOD
        .replace("en = \"Yes\"", "en = 'Yes \\x, } # {'")
        .replace(
            "en  = \"People without",
            "en = \"\"\"{,\n} \\\\x \\\"\\\"\\\" People without",
        )
        .replace("outside Iraq.\"", "outside Iraq.\"\"\"\"")
        .replace("operators = [", "operators = [ # one,\n  ");
    assert_eq!(broken(&text), NONE);
}
