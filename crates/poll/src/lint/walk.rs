//! The walk through the text's tables: collects findings, and remembers which fields were asked for.
//!
//! Owns [`Section`], a table with its path, and [`Walk`], what has been found so far. What a field
//! must be is `fields`'; which fields there are is `sections`'.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Finding, Rule, Severity};
use crate::definition::limits::{FINDINGS_MAX, QUOTED_CHARS_MAX};
use crate::limits::RULE_SET;
use crate::personal;

/// What has been found so far in a text.
pub(super) struct Walk<'t> {
    text: &'t str,
    findings: Vec<Finding>,
    /// The poll's languages, once they are known.
    pub(super) languages: Option<Vec<String>>,
    /// The rule set that the text is judged by.
    pub(super) rule_set: u16,
}

impl<'t> Walk<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self {
            text,
            findings: Vec::new(),
            languages: None,
            rule_set: RULE_SET,
        }
    }

    /// What was found so far.
    pub(super) fn findings(&mut self) -> &mut [Finding] {
        &mut self.findings
    }

    pub(super) fn into_findings(self) -> Vec<Finding> {
        self.findings
    }

    pub(super) fn error(
        &mut self,
        rule: Rule,
        span: Range<usize>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.find(Severity::Error, rule, span, message.into(), help.into());
    }

    pub(super) fn warning(
        &mut self,
        rule: Rule,
        span: Range<usize>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.find(Severity::Warning, rule, span, message.into(), help.into());
    }

    fn find(
        &mut self,
        severity: Severity,
        rule: Rule,
        span: Range<usize>,
        message: String,
        help: String,
    ) {
        // Warnings are as many as there are strata at most, and must not stand in an error's place.
        let errors = self
            .findings
            .iter()
            .filter(|found| found.severity == Severity::Error);
        if severity == Severity::Error && errors.count() >= FINDINGS_MAX {
            return;
        }
        let (line, column) = self.position(span.start);
        self.findings.push(Finding {
            number: rule.number(),
            severity,
            message,
            span,
            line,
            column,
            help,
            explained: None,
        });
    }

    /// Line and column of a place in the text, both from 1.
    pub(super) fn position(&self, at: usize) -> (usize, usize) {
        let before = self.text.get(..at).unwrap_or(self.text);
        let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
        let column = before
            .rsplit('\n')
            .next()
            .map_or(0, |start| start.chars().count())
            + 1;
        (line, column)
    }

    /// Where `part`, a range of the decoded `value`, stands in the text: all of `span` where the
    /// text writes the value with escapes.
    pub(super) fn place(
        &self,
        value: &str,
        span: &Range<usize>,
        part: Range<usize>,
    ) -> Range<usize> {
        let written = self.raw(span).find(value);
        written.map_or_else(
            || span.clone(),
            |offset| span.start + offset + part.start..span.start + offset + part.end,
        )
    }

    /// What stands in the text at `span`.
    pub(super) fn raw(&self, span: &Range<usize>) -> &'t str {
        self.text.get(span.clone()).unwrap_or("")
    }

    /// The value of a field that must be there.
    pub(super) fn value<'a>(
        &mut self,
        section: &mut Section<'a>,
        key: &'static str,
        meaning: &str,
    ) -> Option<Value<'a>> {
        let value = section.optional(key);
        if value.is_none() {
            let message = format!("`{}` is missing", section.path(key));
            let help = format!("add `{key}`: {meaning}");
            self.error(Rule::FieldMissing, section.span.clone(), message, help);
        }
        value
    }

    /// Reports every field of a section that was never asked for.
    pub(super) fn unknown_fields(&mut self, section: &Section<'_>) {
        for (key, _) in section.table {
            let name: &str = key.get_ref();
            if !section.asked.contains(&name) {
                let message = format!("{} is unknown", quoted(&section.path(name)));
                let known: Vec<_> = section.asked.iter().map(|key| format!("`{key}`")).collect();
                let help = format!("take it out, or use one of {}", known.join(", "));
                self.error(Rule::FieldUnknown, key.span(), message, help);
            }
        }
    }

    /// Reports that a value is not of the type `expected`.
    pub(super) fn wrong_type(&mut self, value: &Value<'_>, expected: &str) {
        let found = match value.value {
            DeValue::String(_) => "a text",
            DeValue::Integer(_) => "a whole number",
            DeValue::Float(_) => "a number with a point",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a date or time",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        let message = format!("`{}`: expected {expected}, found {found}", value.path);
        let help = format!("make it {expected}");
        self.error(Rule::WrongType, value.span.clone(), message, help);
    }
}

/// A value with its path and place.
pub(super) struct Value<'a> {
    pub(super) path: String,
    pub(super) span: Range<usize>,
    pub(super) value: &'a DeValue<'a>,
}

impl<'a> Value<'a> {
    pub(super) fn new(path: String, value: &'a Spanned<DeValue<'a>>) -> Self {
        Self {
            path,
            span: value.span(),
            value: value.get_ref(),
        }
    }
}

/// A table with its path and place.
pub(super) struct Section<'a> {
    path: String,
    /// Where the table begins: its header, its braces, or the start of the text.
    pub(super) span: Range<usize>,
    table: &'a DeTable<'a>,
    asked: Vec<&'static str>,
}

impl<'a> Section<'a> {
    pub(super) fn new(path: String, span: Range<usize>, table: &'a DeTable<'a>) -> Self {
        Self {
            path,
            span,
            table,
            asked: Vec::new(),
        }
    }

    /// The value of a field, if it is there.
    pub(super) fn optional(&mut self, key: &'static str) -> Option<Value<'a>> {
        if !self.asked.contains(&key) {
            self.asked.push(key);
        }
        let value = self.table.get(key)?;
        Some(Value::new(self.path(key), value))
    }

    /// The whole path of a field.
    pub(super) fn path(&self, key: &str) -> String {
        match self.path.as_str() {
            "" => key.to_owned(),
            path => format!("{path}.{key}"),
        }
    }
}

/// A value as a message may repeat it: in backticks, shortened, nothing invisible, nothing personal.
pub(super) fn quoted(value: &str) -> String {
    if let Some(hit) = personal::find(value) {
        return format!("(a value that looks like {})", hit.kind);
    }
    let mut shown = String::from("`");
    for c in value.chars().take(QUOTED_CHARS_MAX) {
        match super::source::is_hidden(c) || c == '\n' || c == '`' {
            true => shown.extend(c.escape_unicode()),
            false => shown.push(c),
        }
    }
    if value.chars().count() > QUOTED_CHARS_MAX {
        shown.push('…');
    }
    shown.push('`');
    shown
}
