//! Phone numbers: the rules P of `docs/SPEC.md`, section 6.

use std::ops::{Range, RangeInclusive};

/// Digits of a candidate above which it can hold a second number (P7).
const ONE_NUMBER_DIGITS_MAX: usize = 15;
const INTERNATIONAL_DIGITS: RangeInclusive<usize> = 8..=15;
/// The longest row that any rule but P11 takes: P9, with its `00`.
const NUMBER_DIGITS_MAX: usize = 17;
const NATIONAL_DIGITS: RangeInclusive<usize> = 9..=12;
const BARE_DIGITS_MIN: usize = 10;
/// Digits of a group up to which it can be part of a time or of a number with thousands (P4).
const PART_DIGITS_MAX: usize = 3;

/// The first phone number.
pub(super) fn phone(text: &str) -> Option<Range<usize>> {
    candidates(text).iter().find_map(Candidate::number)
}

/// A run of digits (P2).
#[derive(Clone)]
struct Group {
    /// Where it stands, in bytes.
    range: Range<usize>,
    /// Its digits' values.
    digits: Vec<u8>,
    /// What stands between the group before and this one.
    gap: String,
}

impl Group {
    fn value(&self) -> u32 {
        self.digits
            .iter()
            .take(4)
            .fold(0, |value, digit| value * 10 + u32::from(*digit))
    }

    fn is_year(&self) -> bool {
        self.digits.len() == 4 && (1900..=2099).contains(&self.value())
    }

    fn is_day_or_month(&self) -> bool {
        self.digits.len() <= 2 && (1..=31).contains(&self.value())
    }
}

/// A row of groups that could be one number (P6).
struct Candidate {
    /// Where the plus stands, if there is one.
    plus: Option<usize>,
    groups: Vec<Group>,
}

impl Candidate {
    /// The first number in it (P7).
    fn number(&self) -> Option<Range<usize>> {
        let digits: usize = self.groups.iter().map(|group| group.digits.len()).sum();
        let starts = match digits > ONE_NUMBER_DIGITS_MAX {
            true => self.groups.len(),
            false => 1,
        };
        (0..starts).find_map(|first| self.number_from(first))
    }

    /// The shortest number that begins with the group `first`.
    fn number_from(&self, first: usize) -> Option<Range<usize>> {
        let groups = self.groups.get(first..)?;
        let plus = self.plus.filter(|_| first == 0);
        let start = groups.first()?.range.start;
        let decimal = is_decimal(groups);
        let mut digits = Vec::new();
        for (position, group) in groups.iter().enumerate() {
            digits.extend(&group.digits);
            let bare = position == 0 && digits.len() >= BARE_DIGITS_MIN;
            if bare || is_number(&digits, plus.is_some(), decimal) {
                return Some(plus.unwrap_or(start)..group.range.end);
            }
            if digits.len() > NUMBER_DIGITS_MAX {
                return None;
            }
        }
        None
    }
}

/// Whether a row begins with a lone zero before a point (P10).
fn is_decimal(groups: &[Group]) -> bool {
    matches!(groups, [zero, next, ..] if zero.digits == [0] && next.gap.starts_with('.'))
}

/// P8 to P10.
fn is_number(digits: &[u8], plus: bool, decimal: bool) -> bool {
    match digits {
        _ if plus => INTERNATIONAL_DIGITS.contains(&digits.len()),
        [0, 0, first, ..] if *first != 0 => INTERNATIONAL_DIGITS.contains(&(digits.len() - 2)),
        [0, first, ..] if *first != 0 && !decimal => NATIONAL_DIGITS.contains(&digits.len()),
        _ => false,
    }
}

fn candidates(text: &str) -> Vec<Candidate> {
    let mut candidates = Vec::new();
    let mut row: Vec<Group> = Vec::new();
    for group in groups(text) {
        let taken_out = is_part_of_time_or_number(text, &group);
        if taken_out || !is_joint(&group.gap) {
            candidates.extend(without_dates(text, std::mem::take(&mut row)));
        }
        if !taken_out {
            row.push(group);
        }
    }
    candidates.extend(without_dates(text, row));
    candidates
}

/// The groups of a text, each with what stands before it.
fn groups(text: &str) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut gap = String::new();
    for (at, c) in text.char_indices() {
        let Some(value) = digit(c) else {
            gap.push(c);
            continue;
        };
        let range = at..at + c.len_utf8();
        match groups.last_mut() {
            Some(group) if group.range.end == at => {
                group.range.end = range.end;
                group.digits.push(value);
            }
            _ => groups.push(Group {
                range,
                digits: vec![value],
                gap: std::mem::take(&mut gap),
            }),
        }
    }
    groups
}

/// P1.
pub(super) fn digit(c: char) -> Option<u8> {
    let value = match c {
        '0'..='9' => u32::from(c) - u32::from('0'),
        '\u{660}'..='\u{669}' => u32::from(c) - 0x660,
        '\u{6F0}'..='\u{6F9}' => u32::from(c) - 0x6F0,
        _ => return None,
    };
    u8::try_from(value).ok()
}

/// P3.
fn is_joint(gap: &str) -> bool {
    let bracket = |c: char| c == '(' || c == ')';
    let separator = |c: char| bracket(c) || " \u{A0}-\u{2011}./".contains(c);
    let brackets = gap.chars().filter(|c| bracket(*c)).count();
    gap.chars().all(separator)
        && match gap.chars().count() {
            1 => true,
            2 => brackets == 1,
            _ => false,
        }
}

/// P4.
fn is_part_of_time_or_number(text: &str, group: &Group) -> bool {
    let joins = |mark: Option<char>, digit_beyond: Option<char>| {
        mark.is_some_and(|c| matches!(c, ':' | ',' | '\u{66B}' | '\u{66C}'))
            && digit_beyond.is_some_and(|c| digit(c).is_some())
    };
    let mut before = text.get(..group.range.start).unwrap_or("").chars().rev();
    let mut after = text.get(group.range.end..).unwrap_or("").chars();
    group.digits.len() <= PART_DIGITS_MAX
        && (joins(before.next(), before.next()) || joins(after.next(), after.next()))
}

/// The candidates that a row of joined groups makes once dates are taken out (P5, P6).
fn without_dates(text: &str, row: Vec<Group>) -> Vec<Candidate> {
    let mut candidates = Vec::new();
    let mut kept: Vec<Group> = Vec::new();
    let mut rest = row.as_slice();
    while let [first, after @ ..] = rest {
        if is_date(rest) {
            candidates.extend(candidate(text, std::mem::take(&mut kept)));
            rest = rest.get(3..).unwrap_or(&[]);
        } else {
            kept.push(first.clone());
            rest = after;
        }
    }
    candidates.extend(candidate(text, kept));
    candidates
}

fn is_date(groups: &[Group]) -> bool {
    let [a, b, c, ..] = groups else { return false };
    let year_first = a.is_year() && b.is_day_or_month() && c.is_day_or_month();
    let year_last = a.is_day_or_month() && b.is_day_or_month() && c.is_year();
    b.gap == c.gap && matches!(b.gap.as_str(), "-" | "." | "/") && (year_first || year_last)
}

fn candidate(text: &str, groups: Vec<Group>) -> Option<Candidate> {
    let first = groups.first()?;
    let before = text.get(..first.range.start)?;
    let plus = before
        .strip_suffix('+')
        .or_else(|| before.strip_suffix("+("))
        .map(str::len);
    Some(Candidate { plus, groups })
}
