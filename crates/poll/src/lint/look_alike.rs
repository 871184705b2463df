//! Characters that pass for others: letters of two scripts in one word, and forms that exist beside the ordinary ones.
//!
//! Whoever searches, compares or signs a text must not be shown one thing and given another (after Unicode TR 39, of
//! which the ranges here are what a poll's wording needs).

use std::ops::{Range, RangeInclusive};

/// Letters of each script.
const SCRIPTS: [&[RangeInclusive<u32>]; 5] = [
    // Latin
    &[
        0x41..=0x5A,
        0x61..=0x7A,
        0xC0..=0xD6,
        0xD8..=0xF6,
        0xF8..=0x24F,
        0x1E00..=0x1EFF,
    ],
    // Greek
    &[0x370..=0x3FF, 0x1F00..=0x1FFF],
    // Cyrillic
    &[0x400..=0x52F],
    // Hebrew
    &[0x5D0..=0x5EA],
    // Arabic
    &[
        0x620..=0x64A,
        0x66E..=0x6D3,
        0x6FA..=0x6FF,
        0x750..=0x77F,
        0x8A0..=0x8C9,
    ],
];

/// Ligatures, presentation forms, circled, full-width and mathematical letters.
const FORMS: [RangeInclusive<u32>; 7] = [
    0x24B6..=0x24E9,
    0xFB00..=0xFB4F,
    0xFB50..=0xFBC1,
    0xFE70..=0xFEFC,
    0xFF01..=0xFF5E,
    0x1D400..=0x1D7FF,
    0x1F130..=0x1F189,
];

/// The first word of two scripts, or the first character of another form.
pub(super) fn find(text: &str) -> Option<Range<usize>> {
    let mut word: Option<(usize, usize)> = None;
    for (at, c) in text.char_indices() {
        if is_in(&FORMS, c) {
            return Some(at..at + c.len_utf8());
        }
        word = match (script(c), word) {
            (None, _) => None,
            (Some(script), None) => Some((at, script)),
            (Some(script), Some((start, first))) if script != first => {
                return Some(start..at + c.len_utf8());
            }
            (Some(_), same) => same,
        };
    }
    None
}

fn script(c: char) -> Option<usize> {
    SCRIPTS.iter().position(|ranges| is_in(ranges, c))
}

fn is_in(ranges: &[RangeInclusive<u32>], c: char) -> bool {
    ranges.iter().any(|range| range.contains(&u32::from(c)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_has_one_script_and_a_letter_one_form() {
        for good in [
            "",
            "Are you in favor?",
            "رابط SMS من ur.example",
            "نەخێر ١٢٣ V",
            "№ 5 €",
            "ﷺ",
            "Ελλάδα and Москва",
        ] {
            assert_eq!(find(good), None, "{good}");
        }
        for (bad, found) in [
            ("pаypal", "pа"),
            ("is ΑB here", "ΑB"),
            ("نعمA", "نعمA"),
            ("Ｙes", "Ｙ"),
            ("ﻻ", "ﻻ"),
            ("𝐘es", "𝐘"),
        ] {
            assert_eq!(find(bad).and_then(|range| bad.get(range)), Some(found));
        }
    }
}
