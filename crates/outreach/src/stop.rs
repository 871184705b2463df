//! Whether a person's reply asks to be left alone.
//!
//! A reply does so if it is one of the words below and nothing else, whatever stands around it that is neither letter nor
//! digit, in any case, and with or without the marks that Arabic script may leave out. Who writes more than that is read
//! by people.

/// Most characters of a reply that are looked at: a segment has 160.
const REPLY_CHARS_MAX: usize = 200;

/// Words that stop messages, as they are compared: English, Arabic, Sorani Kurdish.
const WORDS: &[&str] = &[
    "stop",
    "stopall",
    "unsubscribe",
    "cancel",
    "quit",
    "end",
    "توقف",
    "اوقف",
    "ايقاف",
    "قف",
    "الغاء",
    "وقف",
    "ستوب",
    "وەستان",
    "بوەستە",
    "رايبگرە",
    "راگرتن",
    "وەستاندن",
];

/// Whether it does.
#[must_use]
pub fn asks_to_stop(reply: &str) -> bool {
    let letters = reply.chars().take(REPLY_CHARS_MAX);
    let folded: String = letters.filter_map(folded).collect();
    let mut words = folded.split_whitespace();
    match (words.next(), words.next(), words.next()) {
        (Some(word), None, None) => WORDS.contains(&word),
        (Some("stop"), Some("all"), None) | (Some("الغاء"), Some("الاشتراك"), None) => {
            true
        }
        _ => false,
    }
}

/// A letter as it is compared: small, without vowel marks, and one form of alef, yeh and reh.
fn folded(c: char) -> Option<char> {
    match c {
        // Vowel marks, the lengthening stroke, joiners.
        '\u{64B}'..='\u{65F}' | '\u{670}' | '\u{640}' | '\u{200C}' | '\u{200D}' => None,
        'أ' | 'إ' | 'آ' | 'ٱ' => Some('ا'),
        // As Persian and Kurdish keyboards write it, and ones that have no letter with a small v.
        'ی' | 'ى' => Some('ي'),
        'ڕ' => Some('ر'),
        // Full width.
        '\u{FF21}'..='\u{FF3A}' | '\u{FF41}'..='\u{FF5A}' => {
            char::from_u32(c as u32 - 0xFEE0)?.to_lowercase().next()
        }
        _ if c.is_alphanumeric() => c.to_lowercase().next(),
        _ => Some(' '),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_heard_in_every_language_however_they_are_written() {
        for reply in [
            "STOP",
            "stop.",
            " Stop! ",
            "\"stop\"",
            "Stop all",
            "UNSUBSCRIBE",
            "توقف",
            "توقّف",
            "أوقف",
            "إيقاف",
            "إلغاء",
            "تـوقف",
            "وەستان",
            "ایقاف",
            "إلغاء الاشتراك",
            "راگرتن",
            "ڕاگرتن",
            "ڕایبگرە",
            "ＳＴＯＰ",
            "بوەستە",
            "ڕایبگرە",
        ] {
            assert!(asks_to_stop(reply), "{reply}");
        }
    }

    #[test]
    fn an_answer_or_a_question_is_not_taken_for_it() {
        for reply in [
            "",
            "yes",
            "نعم",
            "بەڵێ",
            "who is this?",
            "do not stop",
            "stop the mission",
            "لا",
            "1",
        ] {
            assert!(!asks_to_stop(reply), "{reply}");
        }
    }

    #[test]
    fn every_word_is_written_as_it_is_compared() {
        for word in WORDS {
            assert!(asks_to_stop(word), "{word}");
        }
    }
}
