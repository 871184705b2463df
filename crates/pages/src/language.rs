//! The languages that the pages speak, and the choice between them. The wording itself is in
//! `locales/`; a language is one file there and one row of the table here.

use std::fmt;
use std::sync::OnceLock;

use crate::limits::ACCEPT_LANGUAGE_RANGES_MAX;
use crate::messages::Messages;

/// Arabic as written in Iraq, the languages' order being the order offered where nobody asks.
static TABLE: [Row; 3] = [
    row(
        "ar",
        "ar-IQ",
        Direction::RightToLeft,
        "العربية",
        &[],
        include_str!("../locales/ar.ftl"),
    ),
    row(
        "ckb",
        "ckb",
        Direction::RightToLeft,
        "کوردی",
        &["ku"],
        include_str!("../locales/ckb.ftl"),
    ),
    row(
        "en",
        "en",
        Direction::LeftToRight,
        "English",
        &[],
        include_str!("../locales/en.ftl"),
    ),
];

/// A language that the pages can be shown in.
#[derive(Clone, Copy)]
pub struct Language(&'static Row);

/// Which way a language is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// As English.
    LeftToRight,
    /// As Arabic.
    RightToLeft,
}

impl Language {
    /// Every language there is, in the order of the table.
    pub fn all() -> impl Iterator<Item = Language> {
        TABLE.iter().map(Language)
    }

    /// The language of a BCP 47 tag as definitions write it (`ar`, `ckb`, `en`), in any case;
    /// `None` where there is no wording for it.
    pub fn parse(tag: &str) -> Option<Language> {
        Language::all().find(|language| language.tag().eq_ignore_ascii_case(tag))
    }

    /// The tag, as in a definition, an address (`/p/TOKEN/in/ckb`) and `lang="…"`.
    pub fn tag(self) -> &'static str {
        self.0.tag
    }

    /// The language's own name for itself.
    pub fn native_name(self) -> &'static str {
        self.0.native_name
    }

    /// Which way it is written.
    pub fn direction(self) -> Direction {
        self.0.direction
    }

    /// `rtl` or `ltr`, the value of HTML's `dir`.
    pub fn dir(self) -> &'static str {
        match self.0.direction {
            Direction::LeftToRight => "ltr",
            Direction::RightToLeft => "rtl",
        }
    }

    /// The locale by which digits and dates are written.
    pub(crate) fn locale(self) -> &'static str {
        self.0.locale
    }

    /// Wording, digits and dates of this language.
    pub(crate) fn messages(self) -> &'static Messages {
        self.0
            .messages
            .get_or_init(|| Messages::new(self.0.locale, self.0.wording))
    }

    /// Whether an `Accept-Language` range (`ar`, `ar-EG`, `ku-IQ`) asks for this language.
    fn is_meant_by(self, range: &str) -> bool {
        let primary = range.split('-').next().unwrap_or(range);
        primary.eq_ignore_ascii_case(self.0.tag)
            || self
                .0
                .aliases
                .iter()
                .any(|alias| primary.eq_ignore_ascii_case(alias))
    }
}

/// The offered language that a browser's `Accept-Language` header likes best; the first offered
/// one where none is liked. Where nothing is offered, all languages are.
///
/// Ranges are matched by their primary subtag (RFC 4647 lookup would not find Arabic for `ar-EG`
/// in a poll that offers `ar-IQ`), `q=0` excludes, and a malformed weight counts as 0.
pub fn negotiate(accept_language: &str, offered: &[Language]) -> Language {
    let offered: Vec<Language> = if offered.is_empty() {
        Language::all().collect()
    } else {
        offered.to_vec()
    };
    let mut ranges: Vec<(u16, &str)> = accept_language
        .split(',')
        .take(ACCEPT_LANGUAGE_RANGES_MAX)
        .map(weighted)
        .collect();
    // A stable sort: of equal weights the earlier range wins, as browsers mean it.
    ranges.sort_by_key(|(weight, _)| std::cmp::Reverse(*weight));
    ranges
        .iter()
        .filter(|(weight, _)| *weight > 0)
        .find_map(|(_, range)| offered.iter().find(|language| language.is_meant_by(range)))
        .or(offered.first())
        .copied()
        .unwrap_or(Language(FIRST))
}

static FIRST: &Row = {
    let [first, ..] = &TABLE;
    first
};

/// A range and its weight in thousandths (`en;q=0.8` is 800).
fn weighted(range: &str) -> (u16, &str) {
    let mut parts = range.split(';');
    let tag = parts.next().unwrap_or("").trim();
    let quality = parts.find_map(|part| part.trim().strip_prefix("q="));
    (quality.map_or(1000, thousandths), tag)
}

/// `0.8` as 800. The grammar (RFC 9110, 12.4.2) allows 0 to 1 with up to three decimals.
fn thousandths(quality: &str) -> u16 {
    match quality.trim().split_once('.') {
        None => {
            if quality.trim() == "1" {
                1000
            } else {
                0
            }
        }
        Some(("1", decimals)) if decimals.bytes().all(|byte| byte == b'0') => 1000,
        Some(("0", decimals)) if (1..=3).contains(&decimals.len()) => {
            format!("{decimals:0<3}").parse().unwrap_or(0)
        }
        Some(_) => 0,
    }
}

struct Row {
    tag: &'static str,
    /// Where digits and month names come from: plain `ar` would give Latin digits and the
    /// Egyptian month names.
    locale: &'static str,
    direction: Direction,
    native_name: &'static str,
    /// Other primary subtags by which browsers ask for it. `ku` is written by phones set to
    /// Kurdish without saying which; in Iraq, Sorani is the better answer than Arabic.
    aliases: &'static [&'static str],
    wording: &'static str,
    messages: OnceLock<Messages>,
}

const fn row(
    tag: &'static str,
    locale: &'static str,
    direction: Direction,
    native_name: &'static str,
    aliases: &'static [&'static str],
    wording: &'static str,
) -> Row {
    Row {
        tag,
        locale,
        direction,
        native_name,
        aliases,
        wording,
        messages: OnceLock::new(),
    }
}

impl PartialEq for Language {
    fn eq(&self, other: &Language) -> bool {
        self.tag() == other.tag()
    }
}

impl Eq for Language {}

impl fmt::Debug for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Language({})", self.tag())
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.tag())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(header: &str, offered: &[&str], expected: &str) {
        let offered: Vec<_> = offered
            .iter()
            .map(|tag| Language::parse(tag).unwrap())
            .collect();
        assert_eq!(
            negotiate(header, &offered).tag(),
            expected,
            "for `{header}`"
        );
    }

    #[test]
    fn the_browser_gets_the_offered_language_that_it_likes_best() {
        check("en-GB,en;q=0.9,ar;q=0.8", &["ar", "ckb", "en"], "en");
        check("fr, ckb;q=0.5, en;q=0.7", &["ar", "ckb", "en"], "en");
        check("ar-EG", &["en", "ar"], "ar");
        check("ku-IQ,ar;q=0.9", &["ar", "ckb"], "ckb");
        check("EN", &["ar", "en"], "en");
    }

    #[test]
    fn who_asks_for_nothing_we_have_gets_the_first_offered() {
        check("", &["ckb", "en"], "ckb");
        check("fr,de;q=0.5", &["en", "ar"], "en");
        check("en;q=0", &["ar", "en"], "ar");
        check("en;q=zebra,;;;,=", &["ar", "en"], "ar");
        check("fr", &[], "ar");
    }

    #[test]
    fn of_equal_weights_the_earlier_range_wins() {
        check("ckb,en", &["en", "ckb"], "ckb");
        check("en;q=0.5,ckb;q=0.50", &["ckb", "en"], "en");
    }

    #[test]
    fn a_range_beyond_the_limit_is_not_looked_at() {
        let header = format!("{}en", "fr,".repeat(ACCEPT_LANGUAGE_RANGES_MAX));
        check(&header, &["ar", "en"], "ar");
    }

    #[test]
    fn tags_are_known_in_any_case_and_nothing_else_is() {
        assert_eq!(Language::parse("CKB").unwrap().dir(), "rtl");
        assert_eq!(Language::parse("en").unwrap().dir(), "ltr");
        assert!(Language::parse("ku").is_none());
        assert!(Language::parse("").is_none());
    }
}
