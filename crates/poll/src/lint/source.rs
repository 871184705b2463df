//! The text before it is a tree: size, characters, TOML, and the parts of TOML that are too new.
//!
//! Definitions are TOML 1.0, since verifiers in other languages (Python's `tomllib`) read no later
//! one: a text must not mean something to one auditor and nothing to the next.

use std::ops::Range;

use toml::Spanned;
use toml::de::DeTable;

use super::{Rule, walk::Walk};
use crate::{definition::limits::DEFINITION_BYTES_MAX, personal};

/// Whether the text is small enough to be read at all.
pub(super) fn check_size(walk: &mut Walk<'_>, text: &str) -> bool {
    if text.len() <= DEFINITION_BYTES_MAX {
        return true;
    }
    let message = format!(
        "the definition has {} bytes, expected at most {DEFINITION_BYTES_MAX}",
        text.len()
    );
    let help =
        "it is part of one entry of the ledger; shorten the explaining texts or merge strata";
    walk.error(Rule::TooLarge, 0..0, message, help);
    false
}

/// Byte-order mark, carriage returns and invisible characters, comments included.
pub(super) fn check_characters(walk: &mut Walk<'_>, text: &str) {
    const MARK: char = '\u{FEFF}';
    if text.starts_with(MARK) {
        let message = "the definition begins with a byte-order mark";
        walk.error(
            Rule::ByteOrderMark,
            0..MARK.len_utf8(),
            message,
            "save it as UTF-8 without one",
        );
    }
    if let Some(first) = text.find('\r') {
        let count = text.matches('\r').count();
        let message =
            format!("the definition has carriage returns ({count}), expected line feeds alone");
        let help = "save it with Unix line ends (LF)";
        walk.error(Rule::CarriageReturn, first..first + 1, message, help);
    }
    let hidden = |(at, c): &(usize, char)| {
        is_hidden(*c) && !matches!(c, '\r' | '\t') && (*at, *c) != (0, MARK)
    };
    for (at, c) in text.char_indices().filter(hidden) {
        let message = format!("the character U+{:04X} is invisible", u32::from(c));
        let help = "take it out: what people read must be what was signed";
        walk.error(
            Rule::InvisibleCharacter,
            at..at + c.len_utf8(),
            message,
            help,
        );
    }
}

/// Whether a character cannot be seen, or changes the order in which others are seen. The zero-width
/// joiner and non-joiner are not among them: Kurdish is written with them.
pub(super) fn is_hidden(c: char) -> bool {
    (c.is_control() && c != '\n')
        || matches!(c,
            '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{200B}' | '\u{200E}' | '\u{200F}'
            | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}'
            | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}')
}

/// The text as a tree, if it is TOML.
pub(super) fn parse<'t>(walk: &mut Walk<'_>, text: &'t str) -> Option<Spanned<DeTable<'t>>> {
    let (document, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        let span = error.span().unwrap_or(0..0);
        let message = format!("the definition is not TOML: {}", one_line(error.message()));
        let help = "correct it here; `key = \"text\"` and `[table]` are the usual forms";
        walk.error(Rule::NotToml, on_characters(text, span), message, help);
    }
    errors.is_empty().then_some(document)
}

fn one_line(message: &str) -> String {
    message.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The smallest range around `span` that cuts no character in two.
fn on_characters(text: &str, span: Range<usize>) -> Range<usize> {
    let start = text.floor_char_boundary(span.start);
    start..text.ceil_char_boundary(span.end.max(start))
}

/// What TOML 1.0 does not have, and personal data in comments. The text is known to be TOML.
pub(super) fn check_dialect(walk: &mut Walk<'_>, text: &str) {
    let mut scan = Scan {
        text,
        at: 0,
        open: Vec::new(),
        after_comma: false,
    };
    while let Some(token) = scan.next_token() {
        match token {
            Token::Comment(span) => check_comment(walk, text, span),
            Token::TooNew(span, what) => {
                let message = format!("{what}: TOML 1.0 does not have this");
                let help = "write it as TOML 1.0, which every auditor's reader understands";
                walk.error(Rule::NotToml10, span, message, help);
            }
            Token::Other => {}
        }
    }
}

fn check_comment(walk: &mut Walk<'_>, text: &str, span: Range<usize>) {
    let Some(hit) = text.get(span.clone()).and_then(personal::find) else {
        return;
    };
    let message = format!("a comment holds what looks like {}", hit.kind);
    let help = "take it out: comments are published with the definition";
    let place = span.start + hit.range.start..span.start + hit.range.end;
    walk.error(Rule::PersonalData, place, message, help);
}

enum Token {
    Comment(Range<usize>),
    TooNew(Range<usize>, &'static str),
    Other,
}

/// Walks through strings, comments and brackets of a text that is TOML.
struct Scan<'t> {
    text: &'t str,
    at: usize,
    /// The brackets that are open.
    open: Vec<char>,
    /// Whether the last thing that was no space is a comma.
    after_comma: bool,
}

impl Scan<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn next_token(&mut self) -> Option<Token> {
        let start = self.at;
        let c = self.rest().chars().next()?;
        match c {
            '"' | '\'' => return Some(self.string(c)),
            '#' => self.at += self.rest().find('\n').unwrap_or(self.rest().len()),
            _ => self.at += c.len_utf8(),
        }
        let span = start..self.at;
        let inline = self.open.last() == Some(&'{');
        let after_comma = std::mem::replace(&mut self.after_comma, c == ',');
        match c {
            ' ' | '\t' => self.after_comma = after_comma,
            '[' | '{' => self.open.push(c),
            ']' | '}' => drop(self.open.pop()),
            _ => {}
        }
        Some(match c {
            '\n' if inline => {
                Token::TooNew(start..start, "an inline table goes over several lines")
            }
            '}' if after_comma => Token::TooNew(span, "an inline table ends with a comma"),
            '#' => Token::Comment(span),
            _ => Token::Other,
        })
    }

    /// Passes over a string, or up to an escape in it that is too new.
    fn string(&mut self, quote: char) -> Token {
        self.after_comma = false;
        let triple: String = std::iter::repeat_n(quote, 3).collect();
        let long = self.rest().starts_with(&triple);
        let delimiter = if long { triple } else { quote.to_string() };
        self.at += delimiter.len();
        let mut too_new = None;
        while let Some(c) = self.rest().chars().next() {
            if self.rest().starts_with(&delimiter) {
                break;
            }
            let length = match self.rest().chars().nth(1) {
                Some(escaped) if c == '\\' && quote == '"' => {
                    if matches!(escaped, 'e' | 'x') && too_new.is_none() {
                        too_new = Some(self.at..self.at + 2);
                    }
                    1 + escaped.len_utf8()
                }
                _ => c.len_utf8(),
            };
            self.at += length;
        }
        self.at += delimiter.len();
        // A long string may end in up to two quotes of its own.
        while long && self.rest().starts_with(quote) {
            self.at += 1;
        }
        too_new.map_or(Token::Other, |span| {
            Token::TooNew(span, "the escapes `\\e` and `\\x` are new")
        })
    }
}
