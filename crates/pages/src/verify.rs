//! The page that checks a receipt or a promise in the reader's browser, and the script that does it.
//!
//! The page holds every word that the script may say, in the reader's language, and the script has no words of its own
//! but what stands in formats. Nothing that is checked reaches the server.

use askama::Template;

use crate::content_policy::{CSS, VERIFY_CSS};
use crate::messages::{Messages, Value};
use crate::{Frame, PageError};

/// The script of the page, to be served as `/static/verify.js`: its files one after another, closed in one function.
pub const VERIFY_JS: &str = concat!(
    "(() => {\n\"use strict\";\n",
    include_str!("../static/verify/bytes.js"),
    include_str!("../static/verify/signature.js"),
    include_str!("../static/verify/log.js"),
    include_str!("../static/verify/policy.js"),
    include_str!("../static/verify/entry.js"),
    include_str!("../static/verify/check.js"),
    include_str!("../static/verify/page.js"),
    "})();\n"
);

/// What the script says, with the variables that it fills in.
const WORDS: [(&str, &[&str]); 53] = [
    ("moment", &["moment"]),
    ("verify-receipt-good", &[]),
    ("verify-receipt-unpinned", &[]),
    ("verify-receipt-unsigned", &[]),
    ("verify-promise-good", &[]),
    ("verify-promise-unpinned", &[]),
    ("verify-promise-unsigned", &[]),
    ("verify-receipt-means", &[]),
    ("verify-entry-means", &[]),
    ("verify-by-policy", &[]),
    ("verify-by-policy-alone", &[]),
    ("verify-by-key", &[]),
    ("verify-by-site", &[]),
    ("verify-by-nobody", &[]),
    ("verify-no-witness", &[]),
    ("verify-still-counts", &[]),
    ("verify-promise-means", &["moment"]),
    ("verify-promise-pending", &[]),
    ("verify-promise-past", &["address"]),
    ("verify-wrong", &[]),
    ("verify-unusable", &[]),
    ("verify-step-file", &[]),
    ("verify-step-receipt-form", &[]),
    ("verify-step-promise-form", &[]),
    ("verify-step-policy", &[]),
    ("verify-step-signature", &["name"]),
    ("verify-step-not-signed", &["name"]),
    ("verify-step-unknown-log", &["name"]),
    ("verify-step-quorum", &[]),
    ("verify-step-inclusion", &[]),
    ("verify-step-entry", &[]),
    ("verify-step-entry-index", &[]),
    ("verify-step-promise-answer", &[]),
    ("verify-step-defect", &[]),
    ("verify-row-answer", &[]),
    ("verify-row-question", &[]),
    ("verify-row-code", &[]),
    ("verify-row-invitation", &[]),
    ("verify-row-revision", &[]),
    ("verify-row-kind", &[]),
    ("verify-row-poll", &[]),
    ("verify-row-poll-id", &[]),
    ("verify-row-entry", &[]),
    ("verify-row-recorded", &[]),
    ("verify-row-size", &[]),
    ("verify-row-root", &[]),
    ("verify-row-signed", &[]),
    ("verify-row-missing", &[]),
    ("verify-row-cosigned", &[]),
    ("verify-row-due", &[]),
    ("verify-row-line", &[]),
    ("verify-row-expected", &[]),
    ("verify-row-found", &[]),
];

/// The page that checks a receipt or a promise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifyPage {
    /// Language and language links (`/verify/in/LANG`).
    pub frame: Frame,
    /// Verifier keys of logs and promises that this site serves. The script says of what they alone uphold that nobody
    /// pinned them.
    pub site_keys: Vec<String>,
    /// Path of the page's script, [`VERIFY_JS`], relative to this origin.
    pub script_href: String,
}

/// The page that checks a receipt or a promise.
///
/// # Errors
/// [`PageError::Template`], which a correct program does not meet.
pub fn verify_page(view: &VerifyPage) -> Result<String, PageError> {
    let t = view.frame.language.messages();
    Ok(VerifyTemplate {
        t,
        frame: &view.frame,
        title: t.say("verify-title"),
        css: CSS,
        more_css: VERIFY_CSS,
        words: WORDS.iter().map(|word| to_be_filled(t, *word)).collect(),
        view,
    }
    .render()?)
}

/// A message whose variables stand in braces, for the script to fill in.
fn to_be_filled(t: &Messages, (id, variables): (&'static str, &[&str])) -> (&'static str, String) {
    let places: Vec<_> = variables.iter().map(|name| format!("{{{name}}}")).collect();
    let pairs = variables.iter().zip(&places);
    let values: Vec<_> = pairs
        .map(|(name, place)| (*name, Value::Text(place)))
        .collect();
    (id, t.fill(id, &values))
}

#[derive(Template)]
#[template(path = "verify.html")]
struct VerifyTemplate<'a> {
    t: &'static Messages,
    frame: &'a Frame,
    title: String,
    css: &'static str,
    more_css: &'static str,
    words: Vec<(&'static str, String)>,
    view: &'a VerifyPage,
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// What stands in the script between `before` and the next character that is no part of an id.
    fn said(before: &str) -> BTreeSet<&'static str> {
        let rests = VERIFY_JS.split(before).skip(1);
        let is_part = |c: char| c.is_ascii_lowercase() || c == '-';
        rests
            .map(|rest| rest.split(|c| !is_part(c)).next().unwrap())
            .collect()
    }

    #[test]
    fn the_page_has_every_word_that_the_script_says_and_no_other() {
        let mut said: BTreeSet<_> = said("\"verify-")
            .into_iter()
            .map(|id| format!("verify-{id}"))
            .chain(
                self::said("new Fault(\"")
                    .into_iter()
                    .map(|id| format!("verify-step-{id}")),
            )
            .collect();
        for state in ["good", "unpinned", "unsigned"] {
            assert!(VERIFY_JS.contains(&format!("\"{state}\"")), "{state}");
            said.extend(["receipt", "promise"].map(|what| format!("verify-{what}-{state}")));
        }
        // Steps that are named where they are chosen from two.
        said.extend(
            [
                "verify-step-not-signed",
                "verify-step-unknown-log",
                "moment",
            ]
            .map(str::to_owned),
        );
        let had: BTreeSet<_> = WORDS.iter().map(|(id, _)| (*id).to_owned()).collect();
        assert_eq!(had, said);
        assert_eq!(WORDS.len(), had.len(), "a word stands twice");
    }

    #[test]
    fn the_script_fetches_nothing_and_writes_no_markup() {
        for word in [
            "fetch(",
            "XMLHttp",
            "WebSocket",
            "EventSource",
            "sendBeacon",
            "import(",
            "innerHTML",
            "outerHTML",
            "insertAdjacent",
            "document.write",
            "eval(",
            "Function(",
            "localStorage",
            "document.cookie",
            "location.href",
            "location =",
            "window.open",
            ".src",
        ] {
            assert!(!VERIFY_JS.contains(word), "`{word}`");
        }
    }
}
