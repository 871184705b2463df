//! Definitions bent at random.

use proptest::prelude::*;

use super::{GOOD, Severity, lint, render};
use crate::personal;

/// Pieces that mean something in a definition, or break one.
pub(super) const PIECES: [&str; 28] = [
    "",
    "\"",
    "'",
    "\"\"\"",
    "'''",
    "[",
    "]",
    "[[",
    "]]",
    "{",
    "}",
    "=",
    ",",
    "\n",
    "\r\n",
    "#",
    "\\",
    "\\u202E",
    "\u{202E}",
    "\u{FEFF}",
    "\0",
    "é",
    "٠",
    "{link}",
    "option",
    "[who]",
    "2026-12-01T08:00:60Z",
    "99999999999999999999",
];

fn mutated() -> impl Strategy<Value = String> {
    let cut = (0..GOOD.len(), 0_usize..60, 0..PIECES.len());
    prop::collection::vec(cut, 1..6).prop_map(|cuts| {
        let mut text = GOOD.to_owned();
        for (at, length, piece) in cuts {
            let start = text.floor_char_boundary(at);
            let end = text.ceil_char_boundary(start + length);
            text.replace_range(start..end, PIECES[piece]);
        }
        text
    })
}

fn check(text: &str) {
    let linted = lint(text);
    let refused = linted
        .findings
        .iter()
        .any(|finding| finding.severity == Severity::Error);
    assert_eq!(
        linted.definition.is_none(),
        refused,
        "{:?}",
        linted.findings
    );
    for finding in &linted.findings {
        assert!(text.get(finding.span.clone()).is_some(), "{finding:?}");
        assert_eq!(finding.message.lines().count(), 1, "{finding:?}");
        assert!(personal::find(&finding.message).is_none(), "{finding:?}");
        assert!(!finding.help.is_empty(), "{finding:?}");
    }
    for colour in [true, false] {
        let shown = render(&linted.findings, "poll.toml", text, colour);
        assert_eq!(shown.is_empty(), linted.findings.is_empty());
    }
    if let Some(definition) = linted.definition {
        for (path, wording) in personal::texts(&definition) {
            assert_eq!(personal::find(wording), None, "{path}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_bent_definition_is_refused_or_read_and_never_panics(text in mutated()) {
        check(&text);
    }

    #[test]
    fn any_text_is_refused_or_read_and_never_panics(text in "\\PC{0,200}") {
        check(&text);
    }

    #[test]
    fn any_text_of_digits_and_signs_is_scanned(text in "[0-9٠-٩۰-۹ .()/:,+@a-f%-]{0,60}") {
        if let Some(hit) = personal::find(&text) {
            prop_assert!(text.get(hit.range.clone()).is_some_and(|found| !found.is_empty()));
            let kind = personal::find(&text[hit.range.clone()]).map(|hit| hit.kind);
            prop_assert!(kind.is_some() || hit.kind == personal::Kind::Phone, "{}", &text[hit.range]);
        }
    }
}
