//! Numbers as people, and their spreadsheets, write them: what can be told for certain is mended and said, everything else
//! is refused. What is a number of which kind is libphonenumber's to know.
//!
//! A number that is good as it stands is never mended into another one: each further mending is tried only where what was
//! tried before is no number at all.

use super::Number;
use rlibphonenumber::enums::Region;
use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumber, PhoneNumberFormat, PhoneNumberType};
use std::fmt;

/// Most digits that are looked at: a number, its country code three times, and zeros; libphonenumber's own limit is 250.
const WRITTEN_DIGITS_MAX: usize = 40;

/// Times that a country code is taken away from before itself.
const CODES_DOUBLED_MAX: usize = 2;

/// A number, and what was mended of the way in which it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Read {
    /// The number.
    pub number: Number,
    /// What was mended.
    pub repairs: Repairs,
}

/// A way in which a number was written that had to be mended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Repair {
    /// Spaces, dashes, parentheses and the like between the digits.
    Signs,
    /// Digits of another script.
    OtherDigits,
    /// Characters that nobody sees, mostly those that turn the direction of writing.
    Invisible,
    /// `00` for the `+`.
    DoubleZero,
    /// The `+` is missing before the country code.
    LostPlus,
    /// A `+` before a number without a country code.
    StrayPlus,
    /// The `0` is missing before a number without a country code.
    LostZero,
    /// A `0` after the country code, or before it.
    StrayZero,
    /// The country code twice.
    CodeDoubled,
    /// An exponent that a spreadsheet made, with every digit still there.
    Exponent,
    /// Decimals that a spreadsheet made, all of them 0.
    Decimals,
}

impl Repair {
    /// All of them, in the order in which they are reported.
    pub const ALL: [Self; 11] = [
        Self::StrayZero,
        Self::CodeDoubled,
        Self::LostPlus,
        Self::LostZero,
        Self::StrayPlus,
        Self::DoubleZero,
        Self::Exponent,
        Self::Decimals,
        Self::OtherDigits,
        Self::Invisible,
        Self::Signs,
    ];

    /// What was wrong, in words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Signs => "spaces and signs",
            Self::OtherDigits => "digits of another script",
            Self::Invisible => "invisible characters",
            Self::DoubleZero => "00 for +",
            Self::LostPlus => "lost +",
            Self::StrayPlus => "stray +",
            Self::LostZero => "lost 0",
            Self::StrayZero => "stray 0",
            Self::CodeDoubled => "country code doubled",
            Self::Exponent => "exponent",
            Self::Decimals => "decimals",
        }
    }

    /// Its name for machines.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Signs => "signs",
            Self::OtherDigits => "other_digits",
            Self::Invisible => "invisible",
            Self::DoubleZero => "double_zero",
            Self::LostPlus => "lost_plus",
            Self::StrayPlus => "stray_plus",
            Self::LostZero => "lost_zero",
            Self::StrayZero => "stray_zero",
            Self::CodeDoubled => "code_doubled",
            Self::Exponent => "exponent",
            Self::Decimals => "decimals",
        }
    }
}

/// What was mended of one number; each kind at most once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Repairs(u16);

impl Repairs {
    /// Whether the number stood as it is read, or in one of the two ways that need no mending: with its country code
    /// after a `+`, or as it is dialled within the country.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The kinds, in the order of [`Repair::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Repair> {
        Repair::ALL
            .into_iter()
            .filter(move |kind| self.0 & bit(*kind) != 0)
    }

    fn add(&mut self, kind: Repair) {
        self.0 |= bit(kind);
    }

    fn with(mut self, kinds: &[Repair]) -> Self {
        kinds.iter().for_each(|kind| self.add(*kind));
        self
    }
}

fn bit(kind: Repair) -> u16 {
    1 << kind as u16
}

/// Why a cell is no mobile number. It never repeats what stands there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NumberProblem {
    /// Nothing stands there.
    Empty,
    /// An exponent, with digits lost.
    DigitsLost,
    /// Not a phone number.
    NotANumber,
    /// A phone number that takes no messages.
    NotMobile,
    /// The country is none whose numbers are known.
    Country,
}

impl fmt::Display for NumberProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "has no contact",
            Self::DigitsLost => {
                "has a contact with an exponent: the spreadsheet lost digits of the number; export the column as text"
            }
            Self::NotANumber => "has a contact that is no phone number",
            Self::NotMobile => "has a contact that is not a mobile number",
            Self::Country => "is of a country whose phone numbers are not known",
        })
    }
}

/// Whether the numbers of this country (ISO 3166, two capital letters) are known.
#[must_use]
pub fn is_country(country: &str) -> bool {
    Region::from_code(country).is_ok_and(|region| calling_code(region).is_some())
}

impl Number {
    /// Reads a mobile number as people write it: with its country code, or as it is dialled in `country` (ISO 3166, two
    /// capital letters), in digits of any script, and mends what spreadsheets do to it.
    ///
    /// # Errors
    /// If it cannot be told for certain which mobile number it is.
    pub fn read(cell: &str, country: &str) -> Result<Read, NumberProblem> {
        let region = Region::from_code(country).map_err(|_| NumberProblem::Country)?;
        let code = calling_code(region).ok_or(NumberProblem::Country)?;
        let mut repairs = Repairs::default();
        let seen = visible(cell, &mut repairs);
        let whole = whole(seen.trim(), &mut repairs)?;
        let digits = without_signs(&whole, &mut repairs)?;
        Settling {
            region,
            code,
            repairs,
        }
        .settle(&digits)
    }
}

fn calling_code(region: Region) -> Option<String> {
    let code = PHONE_NUMBER_UTIL.get_country_code_for_region(region);
    code.map(|code| code.to_string())
}

/// The cell without what nobody sees, its digits as ASCII.
fn visible(cell: &str, repairs: &mut Repairs) -> String {
    let mut seen = String::with_capacity(cell.len());
    for c in cell.trim().chars() {
        if is_invisible(c) {
            repairs.add(Repair::Invisible);
            continue;
        }
        let ascii = digit(c);
        if ascii != c {
            repairs.add(Repair::OtherDigits);
        }
        seen.push(ascii);
    }
    seen
}

/// Marks of direction, zero-width characters, variation selectors and control characters; not white space.
fn is_invisible(c: char) -> bool {
    let marks = matches!(
        c,
        '\u{ad}'
            | '\u{61c}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
    );
    marks || (c.is_control() && !c.is_whitespace())
}

/// First digits of the scripts whose digits are met: Arabic-Indic, Persian, Devanagari, Bengali, fullwidth.
const ZEROS: [char; 5] = ['\u{660}', '\u{6f0}', '\u{966}', '\u{9e6}', '\u{ff10}'];

/// A digit of another script as ASCII; everything else as it is.
fn digit(c: char) -> char {
    let value = ZEROS
        .iter()
        .filter_map(|zero| u32::from(c).checked_sub(u32::from(*zero)))
        .find(|value| *value < 10);
    value
        .and_then(|value| char::from_digit(value, 10))
        .unwrap_or(c)
}

/// The text with the exponent or the decimals of a spreadsheet taken back.
fn whole(text: &str, repairs: &mut Repairs) -> Result<String, NumberProblem> {
    let plain: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    if plain.is_empty() {
        return Err(NumberProblem::Empty);
    }
    if let Some((mantissa, exponent)) = exponent_form(&plain) {
        repairs.add(Repair::Exponent);
        return all_digits(mantissa, exponent).ok_or(NumberProblem::DigitsLost);
    }
    match decimals(&plain) {
        Some(number) => {
            repairs.add(Repair::Decimals);
            Ok(number.to_owned())
        }
        None => Ok(text.to_owned()),
    }
}

/// `9.64771E+11`, `7,71e9`: the two parts.
fn exponent_form(plain: &str) -> Option<(&str, &str)> {
    let (mantissa, exponent) = plain.split_once(['e', 'E'])?;
    let exponent = exponent.trim_start_matches(['+', '-']);
    let is_number = mantissa
        .chars()
        .all(|c| c.is_ascii_digit() || matches!(c, '.' | ',' | '٫' | '+' | '-'));
    let has_digits = |text: &str| text.chars().any(|c| c.is_ascii_digit());
    let is_exponent = !exponent.is_empty() && exponent.bytes().all(|b| b.is_ascii_digit());
    (is_number && has_digits(mantissa) && is_exponent).then_some((mantissa, exponent))
}

/// The number, if the mantissa has a decimal for each power of ten: a spreadsheet writes fewer where it rounded, or where
/// the number ends with zeros, and nobody can tell which.
fn all_digits(mantissa: &str, exponent: &str) -> Option<String> {
    let (before, after) = mantissa.split_once(['.', ',', '٫'])?;
    let is_exact = exponent.parse() == Ok(after.len());
    let digits = format!("{before}{after}");
    let is_plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    (is_exact && is_plain && !digits.starts_with('0')).then_some(digits)
}

/// `9647701234567.0`: the number before its decimals. A number that was taken for one has no zero before it.
fn decimals(plain: &str) -> Option<&str> {
    let (number, zeros) = plain.split_once(['.', '٫'])?;
    let is_number = number.len() > 4 && number.bytes().all(|byte| byte.is_ascii_digit());
    let are_zeros = matches!(zeros, "0" | "00");
    (is_number && are_zeros && !number.starts_with('0')).then_some(number)
}

/// The digits, with each `+`.
fn without_signs(text: &str, repairs: &mut Repairs) -> Result<String, NumberProblem> {
    let mut digits = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '0'..='9' => digits.push(c),
            '+' | '＋' => digits.push('+'),
            c if is_sign(c) => repairs.add(Repair::Signs),
            _ => return Err(NumberProblem::NotANumber),
        }
    }
    match digits.len() {
        0 | WRITTEN_DIGITS_MAX.. => Err(NumberProblem::NotANumber),
        _ => Ok(digits),
    }
}

/// What stands between digits, and what spreadsheets put around a text to keep it one (`'0770…`, `="0770…"`).
fn is_sign(c: char) -> bool {
    c.is_whitespace()
        || matches!(c, '\u{2010}'..='\u{2015}' | '\u{2212}')
        || "-_()[]./\\,،٬'’`\"=".contains(c)
}

/// What a text of digits was found to be.
enum Verdict {
    Mobile(Box<PhoneNumber>),
    NotMobile,
    NotANumber,
}

/// Finding out which number it is.
struct Settling {
    region: Region,
    /// The country's calling code.
    code: String,
    /// What was mended so far.
    repairs: Repairs,
}

impl Settling {
    fn settle(mut self, written: &str) -> Result<Read, NumberProblem> {
        let mut digits = written;
        let mut is_international = false;
        while let Some(rest) = self.without_prefix(digits) {
            (digits, is_international) = (rest, true);
        }
        for (candidate, kinds) in self.candidates(digits, is_international) {
            match judge(&candidate, self.region) {
                Verdict::NotANumber => {}
                Verdict::NotMobile => return Err(NumberProblem::NotMobile),
                Verdict::Mobile(number) => {
                    let repairs = self.repairs.with(&kinds);
                    return read(&candidate, &number, repairs);
                }
            }
        }
        Err(NumberProblem::NotANumber)
    }

    /// Takes a `+` or `00` away.
    fn without_prefix<'a>(&mut self, digits: &'a str) -> Option<&'a str> {
        if let Some(rest) = digits.strip_prefix("00") {
            self.repairs.add(Repair::DoubleZero);
            return Some(rest);
        }
        digits.strip_prefix('+')
    }

    /// What it may be, the least mended first.
    fn candidates(&self, digits: &str, is_international: bool) -> Vec<(String, Vec<Repair>)> {
        let mut candidates = match is_international {
            true => vec![(format!("+{digits}"), Vec::new())],
            false => vec![(digits.to_owned(), Vec::new())],
        };
        if is_international && digits.starts_with('0') {
            candidates.push((digits.to_owned(), vec![Repair::StrayPlus]));
        }
        let mut kinds = match is_international {
            true => Vec::new(),
            false => vec![Repair::LostPlus],
        };
        let unpadded = digits.trim_start_matches('0');
        if unpadded.len() < digits.len() {
            kinds.push(Repair::StrayZero);
        }
        let Some(mut rest) = unpadded.strip_prefix(self.code.as_str()) else {
            return candidates;
        };
        candidates.push((self.with_code(rest), kinds.clone()));
        candidates.push(self.without_zeros(rest, &kinds));
        kinds.push(Repair::CodeDoubled);
        for _ in 0..CODES_DOUBLED_MAX {
            let inner = rest.trim_start_matches(['+', '0']);
            let Some(shorter) = inner.strip_prefix(self.code.as_str()) else {
                break;
            };
            rest = shorter;
            candidates.push((self.with_code(rest), kinds.clone()));
            candidates.push(self.without_zeros(rest, &kinds));
        }
        candidates
    }

    fn with_code(&self, rest: &str) -> String {
        format!("+{}{rest}", self.code)
    }

    fn without_zeros(&self, rest: &str, kinds: &[Repair]) -> (String, Vec<Repair>) {
        let candidate = self.with_code(rest.trim_start_matches('0'));
        (candidate, [kinds, &[Repair::StrayZero]].concat())
    }
}

fn judge(candidate: &str, region: Region) -> Verdict {
    let digits = candidate.strip_prefix('+').unwrap_or(candidate);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Verdict::NotANumber;
    }
    let Ok(number) = PHONE_NUMBER_UTIL.parse(candidate, Some(region)) else {
        return Verdict::NotANumber;
    };
    // An invalid short number would be formatted as something else, so this comes before.
    if !number.is_valid() || number.extension.is_some() {
        return Verdict::NotANumber;
    }
    match number.get_type() {
        PhoneNumberType::Mobile | PhoneNumberType::FixedLineOrMobile => {
            Verdict::Mobile(Box::new(number))
        }
        _ => Verdict::NotMobile,
    }
}

/// The number, with what libphonenumber mended by itself.
fn read(
    candidate: &str,
    number: &PhoneNumber,
    mut repairs: Repairs,
) -> Result<Read, NumberProblem> {
    let e164 = number.format_as(PhoneNumberFormat::E164);
    let full = e164.trim_start_matches('+');
    let code = number.country_code.to_string();
    let national = full.strip_prefix(code.as_str()).unwrap_or(full);
    let digits = candidate.trim_start_matches('+');
    let has_code = digits == full;
    let before = digits.strip_suffix(national).unwrap_or_default();
    let zeros = before.strip_prefix(code.as_str()).unwrap_or_default();
    let has_zero_after_code = !zeros.is_empty() && zeros.bytes().all(|byte| byte == b'0');
    if has_zero_after_code {
        repairs.add(Repair::StrayZero);
    }
    if !candidate.starts_with('+') {
        if has_code || has_zero_after_code {
            repairs.add(Repair::LostPlus);
        } else if digits == national && dialled(number) != national {
            repairs.add(Repair::LostZero);
        }
    }
    let number = Number::from_digits(full).ok_or(NumberProblem::NotANumber)?;
    Ok(Read { number, repairs })
}

/// The digits by which it is dialled within its country.
fn dialled(number: &PhoneNumber) -> String {
    let national = number.format_as(PhoneNumberFormat::National);
    national.chars().filter(char::is_ascii_digit).collect()
}

#[cfg(test)]
mod tests;
