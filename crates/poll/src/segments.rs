//! How an SMS carries a text: by which alphabet, in how many segments, and what of the last one is left.
//!
//! GSM-7 (3GPP TS 23.038, section 6.2.1, with its extension table) where it has every character, else UCS-2; a text of
//! several segments gives some of each to the header that joins them (TS 23.040, section 9.2.3.24.1).

/// Septets of a single GSM-7 segment: 140 bytes of 8 bits.
const GSM7_SINGLE: usize = 160;
/// Septets of each of several: 7 go to the header of 6 bytes.
const GSM7_JOINED: usize = 153;
/// Characters of a single UCS-2 segment: 140 bytes of 16 bits.
const UCS2_SINGLE: usize = 70;
/// Characters of each of several: 3 go to the header.
const UCS2_JOINED: usize = 67;

/// The default alphabet, without the escape.
const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
/// Characters behind an escape: two septets each.
const EXTENDED: &str = "\u{c}^{}\\[~]|€";

/// By which alphabet a text is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// Seven bits a character, some of them two septets.
    Gsm7,
    /// Sixteen bits a character.
    Ucs2,
}

/// How a text is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segments {
    /// By which alphabet.
    pub encoding: Encoding,
    /// In how many segments.
    pub count: usize,
    /// How much of the last one is left, in septets or characters.
    pub left: usize,
}

/// The first character that no SMS can carry: those beyond U+FFFF, which UCS-2 does not have.
#[must_use]
pub fn not_sendable(text: &str) -> Option<char> {
    text.chars().find(|c| u32::from(*c) > 0xFFFF)
}

/// How a text is sent that can be.
#[must_use]
pub fn of(text: &str) -> Segments {
    let septets: Option<Vec<usize>> = text.chars().map(septets).collect();
    match septets {
        Some(septets) => packed(Encoding::Gsm7, &septets, (GSM7_SINGLE, GSM7_JOINED)),
        None => {
            let units: Vec<usize> = text.chars().map(char::len_utf16).collect();
            packed(Encoding::Ucs2, &units, (UCS2_SINGLE, UCS2_JOINED))
        }
    }
}

fn septets(c: char) -> Option<usize> {
    match (BASIC.contains(c), EXTENDED.contains(c)) {
        (true, _) => Some(1),
        (false, true) => Some(2),
        (false, false) => None,
    }
}

/// Fills one segment after another; no character is cut in two.
fn packed(encoding: Encoding, lengths: &[usize], (single, joined): (usize, usize)) -> Segments {
    let whole: usize = lengths.iter().sum();
    if whole <= single {
        return Segments {
            encoding,
            count: 1,
            left: single - whole,
        };
    }
    let (mut count, mut used) = (1, 0);
    for length in lengths {
        if used + length > joined {
            count += 1;
            used = 0;
        }
        used += length;
    }
    Segments {
        encoding,
        count,
        left: joined - used,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, encoding: Encoding, count: usize, left: usize) {
        let expected = Segments {
            encoding,
            count,
            left,
        };
        assert_eq!(of(text), expected, "{text}");
    }

    #[test]
    fn a_text_is_cut_as_the_alphabet_that_has_all_of_it_cuts() {
        check("", Encoding::Gsm7, 1, 160);
        check(&"a".repeat(160), Encoding::Gsm7, 1, 0);
        check(&"a".repeat(161), Encoding::Gsm7, 2, 145);
        check(&"a".repeat(306), Encoding::Gsm7, 2, 0);
        check(&"a".repeat(307), Encoding::Gsm7, 3, 152);
        check(&"€".repeat(80), Encoding::Gsm7, 1, 0);
        check(&"ن".repeat(70), Encoding::Ucs2, 1, 0);
        check(&"ن".repeat(71), Encoding::Ucs2, 2, 63);
        check("Don’t", Encoding::Ucs2, 1, 65);
    }

    #[test]
    fn an_escape_stays_with_its_character() {
        // The 153rd septet of the first segment stays empty.
        check(
            &format!("{}€{}", "a".repeat(152), "a".repeat(7)),
            Encoding::Gsm7,
            2,
            144,
        );
    }

    #[test]
    fn what_no_message_can_carry_is_named() {
        assert_eq!(not_sendable("نعم 🙂"), Some('🙂'));
        assert_eq!(not_sendable("نعم €"), None);
    }

    #[test]
    fn the_alphabet_has_its_127_characters_and_ten_behind_the_escape() {
        assert_eq!((BASIC.chars().count(), EXTENDED.chars().count()), (127, 10));
    }
}
