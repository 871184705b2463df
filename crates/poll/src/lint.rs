//! What a definition must be: every rule of every rule set, and findings shown as a compiler shows them.
//!
//! Owns reading `poll.toml` into a [`Definition`] and the numbers of its rules. A text is judged by the rule set that it
//! names: rule set 1 is what can be read at all, rule set 2 adds fairness and disclosure (`fairness`).
//!
//! All findings of a text come out at once. A text that is too large is not read further, and one
//! that is not TOML is not judged by the rules on its fields.
//!
//! # The rules
//! A number is given once, for ever.
//!
//! | rule | what is wrong |
//! | --- | --- |
//! | L01 | the text is too large |
//! | L02 | the text begins with a byte-order mark |
//! | L03 | the text has a carriage return |
//! | L04 | the text is not TOML |
//! | L05 | the text uses what TOML 1.0 does not have |
//! | L06 | a field is missing |
//! | L07 | a field is unknown |
//! | L08 | a field has the wrong type |
//! | L09 | a word is not one of those offered |
//! | L10 | a number is out of range |
//! | L11 | what is asked for does not exist yet |
//! | L12 | the rule set is unknown |
//! | L13 | a text is empty |
//! | L14 | options are not balanced |
//! | L15 | a text is too long |
//! | L16 | a text has an invisible character |
//! | L17 | a text lacks a language |
//! | L18 | a text has a language that the poll does not offer |
//! | L19 | a language tag is malformed |
//! | L20 | a language is listed twice |
//! | L21 | there are no or too many languages |
//! | L22 | an id is malformed |
//! | L23 | an id is used twice |
//! | L24 | there are too few or too many options |
//! | L25 | there are no or too many strata |
//! | L26 | the country is malformed |
//! | L27 | there are no or too many operator keys |
//! | L28 | a key is malformed |
//! | L29 | a key is listed twice |
//! | L30 | a date is no moment |
//! | L31 | dates are out of order |
//! | L32 | a date is not a multiple of the resolution |
//! | L33 | the resolution does not divide an hour |
//! | L34 | the bodies differ and no reason is given |
//! | L35 | the domain is malformed |
//! | L36 | the link prefix is malformed |
//! | L37 | the link prefix leads to another domain |
//! | L38 | the message's placeholders are wrong |
//! | L39 | the message's sender name is malformed |
//! | L40 | the contact cannot be reached |
//! | L41 | a contact's address is malformed |
//! | L42 | a text looks like personal data |
//! | L43 | links are not encrypted (a warning) |
//! | L44 | the message does not ask the question |
//! | L45 | nobody can say that they have no opinion |
//! | L46 | two options read the same |
//! | L47 | a text has characters that look like others |
//! | L48 | a character cannot be sent by SMS |
//! | L49 | a message has too many segments |
//! | L50 | a political question is answered by links (a warning) |
//! | L51 | in a political question, the platform makes the links (a warning) |
//! | L52 | the operator may close at any time (a warning) |
//! | L53 | a stratum will certainly stay closed (a warning) |
//! | L54 | an explanation is of no warning |
//! | L55 | options cannot be rotated |
//! | L56 | contacts would be erased before the poll ends |
//! | L57 | the link does not stand last in the message, on a line of its own |

use std::{fmt, ops::Range};

use crate::definition::Definition;

mod fairness;
mod fields;
mod format;
mod look_alike;
mod render;
mod rule;
mod sections;
mod source;
mod walk;

#[cfg(test)]
mod tests;

pub use render::render;
pub use rule::Rule;

/// What came of reading a definition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Linted {
    /// Everything found: errors first, each kind in the order of the text.
    pub findings: Vec<Finding>,
    /// The definition, exactly if no finding is an error.
    pub definition: Option<Definition>,
}

/// Whether a finding stops a poll from being opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// It does.
    Error,
    /// It does not, and somebody should know.
    Warning,
}

/// One thing found in a definition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Number of the rule, printed as `L06`; see the table of this module.
    pub number: u16,
    /// Whether it stops a poll from being opened.
    pub severity: Severity,
    /// What is wrong, in one line; never repeats a value that looks like personal data.
    pub message: String,
    /// Where, in bytes of the text; empty where something is missing from the text as a whole.
    pub span: Range<usize>,
    /// Line of the span's start, from 1.
    pub line: usize,
    /// Column of the span's start in characters, from 1.
    pub column: usize,
    /// What to do about it.
    pub help: String,
    /// Why it stands nevertheless, in the poll's first language, if it is a warning that the definition explains.
    pub explained: Option<String>,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "L{:02} at {}:{}: {}",
            self.number, self.line, self.column, self.message
        )
    }
}

/// Checks the text of a definition by every rule.
#[must_use]
pub fn lint(text: &str) -> Linted {
    let mut walk = walk::Walk::new(text);
    let definition = read(&mut walk, text);
    let mut findings = walk.into_findings();
    findings.sort_by_key(|finding| (finding.severity, finding.span.start, finding.number));
    let refused = findings
        .iter()
        .any(|finding| finding.severity == Severity::Error);
    Linted {
        findings,
        definition: definition.filter(|_| !refused),
    }
}

/// The rule that a wording breaks by itself, if it breaks one: no more characters than this, one line or several, and what
/// people read is what stands there.
#[must_use]
pub fn wording_fault(text: &str, chars_max: usize, lines: bool) -> Option<Rule> {
    let hidden = |c: char| source::is_hidden(c) || (c == '\n' && !lines);
    if text.trim().is_empty() {
        Some(Rule::TextEmpty)
    } else if text.chars().count() > chars_max {
        Some(Rule::TextTooLong)
    } else if text.chars().any(hidden) {
        Some(Rule::InvisibleCharacter)
    } else {
        look_alike::find(text).map(|_| Rule::LookAlike)
    }
}

fn read(walk: &mut walk::Walk<'_>, text: &str) -> Option<Definition> {
    if !source::check_size(walk, text) {
        return None;
    }
    source::check_characters(walk, text);
    let document = source::parse(walk, text)?;
    source::check_dialect(walk, text);
    sections::definition(walk, document.get_ref())
}
