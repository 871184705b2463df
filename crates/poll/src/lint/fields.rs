//! The kinds of field: what each must be, whatever it is for.
//!
//! Every reader reports what it finds and returns `None` only after it reported an error, so that a
//! section can read all of its fields before it gives up.

use std::ops::{Range, RangeInclusive};

use toml::de::DeValue;
use toml::value::Offset;

use super::walk::{Section, Value, Walk, quoted};
use super::{Rule, format, look_alike, source};
use crate::definition::Localised;
use crate::definition::limits::{
    EXPLANATION_CHARS_MAX, LABEL_CHARS_MAX, MESSAGE_CHARS_MAX, QUESTION_CHARS_MAX,
};
use crate::personal;

/// What a wording may be.
#[derive(Clone, Copy)]
pub(super) struct Wording {
    chars_max: usize,
    /// Whether it may have several lines.
    lines: bool,
    /// Whether it may hold what looks like personal data.
    personal: bool,
}

impl Wording {
    pub(super) const LABEL: Self = Self::public(LABEL_CHARS_MAX, false);
    pub(super) const QUESTION: Self = Self::public(QUESTION_CHARS_MAX, false);
    pub(super) const MESSAGE: Self = Self::public(MESSAGE_CHARS_MAX, true);
    pub(super) const EXPLANATION: Self = Self::public(EXPLANATION_CHARS_MAX, true);
    /// A name in `[contact]`.
    pub(super) const CONTACT: Self = Self {
        personal: true,
        ..Self::LABEL
    };

    const fn public(chars_max: usize, lines: bool) -> Self {
        Self {
            chars_max,
            lines,
            personal: false,
        }
    }
}

/// A word that a field offers.
pub(super) enum Offer<T> {
    /// It means this.
    Now(T),
    /// It does not exist yet.
    Later,
}

/// A value and where it stands.
#[derive(Clone)]
pub(super) struct Placed<T> {
    pub(super) value: T,
    pub(super) span: Range<usize>,
}

impl<'t> Walk<'t> {
    /// A text of one line, whatever it says.
    pub(super) fn string<'a>(&mut self, value: &Value<'a>) -> Option<&'a str> {
        let DeValue::String(text) = value.value else {
            self.wrong_type(value, "a text");
            return None;
        };
        Some(text)
    }

    /// A text of a form of its own, such as an id: `is_form` decides, `form` says it in words.
    pub(super) fn formed(
        &mut self,
        value: &Value<'_>,
        rule: Rule,
        is_form: fn(&str) -> bool,
        form: &str,
    ) -> Option<String> {
        let text = self.string(value)?;
        if is_form(text) {
            return Some(text.to_owned());
        }
        let message = match rule {
            // What should have been an address may be a good one in the wrong field.
            Rule::ContactMalformed => format!("`{}` is malformed", value.path),
            _ => format!("`{}` is malformed: found {}", value.path, quoted(text)),
        };
        self.error(
            rule,
            value.span.clone(),
            message,
            format!("expected {form}"),
        );
        None
    }

    /// An id that is public, and so may not look like a phone number.
    pub(super) fn id(
        &mut self,
        section: &mut Section<'_>,
        meaning: &str,
    ) -> Option<Placed<String>> {
        let value = self.value(section, "id", meaning)?;
        let form = "1 to 40 of a-z, 0-9 and -";
        let id = self.formed(&value, Rule::IdMalformed, format::is_id, form)?;
        self.not_personal(&value, &id);
        let span = value.span;
        Some(Placed { value: id, span })
    }

    /// A text in every language of the poll.
    pub(super) fn localised(
        &mut self,
        section: &mut Section<'_>,
        key: &'static str,
        meaning: &str,
        wording: Wording,
    ) -> Option<Localised> {
        let value = self.value(section, key, meaning)?;
        self.localised_value(&value, wording)
    }

    pub(super) fn localised_value(
        &mut self,
        value: &Value<'_>,
        wording: Wording,
    ) -> Option<Localised> {
        let DeValue::Table(table) = value.value else {
            self.wrong_type(value, "a table with a text for each language");
            return None;
        };
        let mut found = Vec::new();
        for (language, text) in table {
            let name: &str = language.get_ref();
            self.offered(&value.path, name, language.span());
            let shown = if format::is_language(name) {
                name
            } else {
                "…"
            };
            let text = Value::new(format!("{}.{shown}", value.path), text);
            found.push((name, self.wording(&text, wording)));
        }
        self.complete(value, &found)
    }

    /// Reports a language that the poll does not offer.
    fn offered(&mut self, path: &str, name: &str, span: Range<usize>) {
        let Some(languages) = &self.languages else {
            return;
        };
        if !languages.iter().any(|language| language == name) {
            let message = format!(
                "`{path}` has {}, which `languages` does not list",
                quoted(name)
            );
            let help = "take it out, or add it to `languages` and to every other text";
            self.error(Rule::LanguageNotOffered, span, message, help);
        }
    }

    /// The wordings found, in the order of the poll's languages; reports those that are missing.
    fn complete(
        &mut self,
        value: &Value<'_>,
        found: &[(&str, Option<String>)],
    ) -> Option<Localised> {
        let languages = self.languages.clone()?;
        let mut wordings = Some(Vec::new());
        for language in languages {
            let wording = match found.iter().find(|(name, _)| *name == language) {
                Some((_, wording)) => wording.clone(),
                None => {
                    let message = format!("`{}` lacks the language `{language}`", value.path);
                    let help = format!(
                        "add `{language} = \"…\"`: every text is complete in every language"
                    );
                    self.error(Rule::LanguageMissing, value.span.clone(), message, help);
                    None
                }
            };
            wordings = wordings.zip(wording).map(|(mut wordings, wording)| {
                wordings.push((language, wording));
                wordings
            });
        }
        wordings.map(Localised::new)
    }

    /// A text that people read.
    fn wording(&mut self, value: &Value<'_>, wording: Wording) -> Option<String> {
        let text = self.string(value)?;
        let found = self.length(value, text, wording.chars_max);
        let found = self.visible(value, text, wording.lines) && found;
        let found = self.no_look_alike(value, text) && found;
        let found = (wording.personal || self.not_personal(value, text)) && found;
        found.then(|| text.to_owned())
    }

    fn length(&mut self, value: &Value<'_>, text: &str, chars_max: usize) -> bool {
        if text.trim().is_empty() {
            let message = format!("`{}` is empty", value.path);
            let help = "write what people shall read, in this language";
            self.error(Rule::TextEmpty, value.span.clone(), message, help);
            return false;
        }
        let chars = text.chars().count();
        if chars > chars_max {
            let message = format!(
                "`{}` has {chars} characters, expected at most {chars_max}",
                value.path
            );
            self.error(Rule::TextTooLong, value.span.clone(), message, "shorten it");
        }
        chars <= chars_max
    }

    /// Reports characters that the text writes as escapes; what stands in it as itself has been
    /// reported already.
    fn visible(&mut self, value: &Value<'_>, text: &str, lines: bool) -> bool {
        let raw = self.raw(&value.span);
        let hidden = text.chars().find(|c| {
            let line_end = *c == '\n' && !lines;
            let as_itself = !line_end && *c != '\t' && raw.contains(*c);
            (line_end || source::is_hidden(*c)) && !as_itself
        });
        if let Some(c) = hidden {
            let message = format!(
                "`{}` has the invisible character U+{:04X}",
                value.path,
                u32::from(c)
            );
            let help = "take it out: what people read must be what was signed";
            self.error(Rule::InvisibleCharacter, value.span.clone(), message, help);
        }
        hidden.is_none()
    }

    /// Reports characters that pass for others, which rule set 1 let through.
    fn no_look_alike(&mut self, value: &Value<'_>, text: &str) -> bool {
        let Some(found) = look_alike::find(text).filter(|_| self.rule_set > 1) else {
            return true;
        };
        let shown = quoted(text.get(found.clone()).unwrap_or_default());
        let message = format!(
            "`{}` has {shown}, which looks like something else: letters of two scripts, or a form of a letter",
            value.path
        );
        let help = "write it with the ordinary letters of one script: what people read must be what can be searched and compared";
        let span = self.place(text, &value.span, found);
        self.error(Rule::LookAlike, span, message, help);
        false
    }

    /// Reports what looks like personal data.
    pub(super) fn not_personal(&mut self, value: &Value<'_>, text: &str) -> bool {
        let Some(hit) = personal::find(text) else {
            return true;
        };
        let message = format!("`{}` holds what looks like {}", value.path, hit.kind);
        let help = "take it out, or move it to `[contact]`: the ledger keeps it for ever";
        let span = self.place(text, &value.span, hit.range);
        self.error(Rule::PersonalData, span, message, help);
        false
    }

    /// A whole number within bounds.
    pub(super) fn integer<T: TryFrom<u64>>(
        &mut self,
        section: &mut Section<'_>,
        key: &'static str,
        meaning: &str,
        range: RangeInclusive<u64>,
    ) -> Option<T> {
        let (value, number) = self.number(section, key, meaning)?;
        let number = number.filter(|number| range.contains(number));
        let fitting = number.and_then(|number| T::try_from(number).ok());
        if fitting.is_none() {
            let (low, high) = (range.start(), range.end());
            let message = format!("`{}` is out of range", value.path);
            let help = format!("expected a whole number from {low} to {high}");
            self.error(Rule::NumberOutOfRange, value.span, message, help);
        }
        fitting
    }

    /// A whole number where it stands; none beside it if it is negative or has more than 64 bits.
    pub(super) fn number<'a>(
        &mut self,
        section: &mut Section<'a>,
        key: &'static str,
        meaning: &str,
    ) -> Option<(Value<'a>, Option<u64>)> {
        let value = self.value(section, key, meaning)?;
        let DeValue::Integer(integer) = value.value else {
            self.wrong_type(&value, "a whole number");
            return None;
        };
        let number = u64::from_str_radix(integer.as_str(), integer.radix()).ok();
        Some((value, number))
    }

    /// `true` or `false`.
    pub(super) fn boolean(
        &mut self,
        section: &mut Section<'_>,
        key: &'static str,
        meaning: &str,
    ) -> Option<bool> {
        let value = self.value(section, key, meaning)?;
        let DeValue::Boolean(boolean) = value.value else {
            self.wrong_type(&value, "true or false");
            return None;
        };
        Some(*boolean)
    }

    /// One word of those offered.
    pub(super) fn word<T>(
        &mut self,
        section: &mut Section<'_>,
        key: &'static str,
        meaning: &str,
        offers: impl IntoIterator<Item = (&'static str, Offer<T>)>,
    ) -> Option<T> {
        let value = self.value(section, key, meaning)?;
        let text = self.string(&value)?;
        let mut words = Vec::new();
        let mut later = false;
        for (word, offer) in offers {
            match offer {
                Offer::Now(meant) if word == text => return Some(meant),
                Offer::Now(_) => words.push(format!("`{key} = \"{word}\"`")),
                Offer::Later => later |= word == text,
            }
        }
        let path = &value.path;
        let (rule, message) = match later {
            true => (
                Rule::NotYet,
                format!("this version of Sijill cannot run `{path} = \"{text}\"` yet"),
            ),
            false => (
                Rule::WordUnknown,
                format!(
                    "`{path}` is {}, which is not one of its words",
                    quoted(text)
                ),
            ),
        };
        let help = format!("use {}", words.join(" or "));
        self.error(rule, value.span, message, help);
        None
    }

    /// A moment, in milliseconds since 1970.
    pub(super) fn moment(
        &mut self,
        section: &mut Section<'_>,
        key: &'static str,
        meaning: &str,
    ) -> Option<Placed<u64>> {
        let (moment, _) = self.moment_and_offset(section, key, meaning)?;
        Some(moment)
    }

    /// A moment, and the offset from UTC in which it is written, in minutes.
    pub(super) fn moment_and_offset(
        &mut self,
        section: &mut Section<'_>,
        key: &'static str,
        meaning: &str,
    ) -> Option<(Placed<u64>, i32)> {
        let value = self.value(section, key, meaning)?;
        let DeValue::Datetime(date) = value.value else {
            self.wrong_type(&value, "a date and time such as 2026-12-01T08:00:00+03:00");
            return None;
        };
        if date.time.is_some_and(|time| time.second.is_none()) {
            let message = format!("`{}` has no seconds: TOML 1.0 asks for them", value.path);
            self.error(
                Rule::NotToml10,
                value.span,
                message,
                "write 08:00 as 08:00:00",
            );
            return None;
        }
        let moment = milliseconds(date);
        if moment.is_none() {
            let message = format!(
                "`{}` is no moment from 1970 on, in whole milliseconds",
                value.path
            );
            let help = "write date, time and offset: 2026-12-01T08:00:00+03:00";
            self.error(Rule::DateMalformed, value.span.clone(), message, help);
        }
        let moment = Placed {
            value: moment?,
            span: value.span,
        };
        Some((moment, offset_minutes(date)))
    }

    /// A table that must be there.
    pub(super) fn table<'a>(
        &mut self,
        section: &mut Section<'a>,
        key: &'static str,
        meaning: &str,
    ) -> Option<Section<'a>> {
        let value = self.value(section, key, meaning)?;
        let DeValue::Table(table) = value.value else {
            self.wrong_type(&value, "a table");
            return None;
        };
        Some(Section::new(value.path, value.span, table))
    }

    /// A list of tables that must be there, each named by its id or, without one, its place. Its
    /// place comes first.
    pub(super) fn tables<'a>(
        &mut self,
        section: &mut Section<'a>,
        key: &'static str,
        meaning: &str,
    ) -> Option<Placed<Vec<Section<'a>>>> {
        let value = self.value(section, key, meaning)?;
        let DeValue::Array(array) = value.value else {
            self.wrong_type(&value, &format!("a list of `[[{key}]]`"));
            return None;
        };
        let mut tables = Some(Vec::new());
        for (place, entry) in array.iter().enumerate() {
            let numbered = Value::new(format!("{key} {}", place + 1), entry);
            let table = match numbered.value {
                DeValue::Table(table) => Some(table),
                _ => {
                    self.wrong_type(&numbered, "a table");
                    None
                }
            };
            tables = tables.zip(table).map(|(mut tables, table)| {
                let id = table.get("id").and_then(|id| id.get_ref().as_str());
                let path = id
                    .filter(|id| format::is_id(id) && personal::find(id).is_none())
                    .map_or(numbered.path, |id| format!("{key}.{id}"));
                tables.push(Section::new(path, numbered.span, table));
                tables
            });
        }
        let span = value.span;
        tables.map(|value| Placed { value, span })
    }

    /// Reports ids that are used before.
    pub(super) fn unique(&mut self, ids: &[Placed<String>], what: &str) {
        let mut seen = std::collections::BTreeMap::new();
        for id in ids {
            if let Some(first) = seen.insert(&id.value, id.span.start) {
                let (line, _) = self.position(first);
                let message = format!("the {what} `{}` is already on line {line}", id.value);
                let help = "give each an id of its own";
                self.error(Rule::IdTwice, id.span.clone(), message, help);
            }
        }
    }
}

/// The offset from UTC of a date that has one, in minutes, east positive.
fn offset_minutes(date: &toml::value::Datetime) -> i32 {
    match date.offset {
        Some(Offset::Custom { minutes }) => minutes.into(),
        Some(Offset::Z) | None => 0,
    }
}

/// Milliseconds since 1970 of a date with time and offset, if they are whole and there is no leap
/// second.
fn milliseconds(date: &toml::value::Datetime) -> Option<u64> {
    date.date.and(date.offset)?;
    let time = date.time.filter(|time| time.second != Some(60))?;
    if !time.nanosecond.unwrap_or(0).is_multiple_of(1_000_000) {
        return None;
    }
    let timestamp: jiff::Timestamp = date.to_string().parse().ok()?;
    u64::try_from(timestamp.as_millisecond()).ok()
}
