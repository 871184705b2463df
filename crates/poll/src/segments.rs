//! How an SMS carries a text: by which alphabet, in how many segments, and what of the last one is left.
//!
//! GSM-7 (3GPP TS 23.038, section 6.2.1, with its extension table) where it has every character, else UCS-2; a text of
//! several segments gives some of each to the header that joins them (TS 23.040, section 9.2.3.24.1).

/// Septets of a single GSM-7 segment: 140 bytes of 8 bits.
pub const GSM7_SINGLE: usize = 160;
/// Septets of each of several: 7 go to the header of 6 bytes.
pub const GSM7_JOINED: usize = 153;
/// Characters of a single UCS-2 segment: 140 bytes of 16 bits.
pub const UCS2_SINGLE: usize = 70;
/// Characters of each of several: 3 go to the header.
pub const UCS2_JOINED: usize = 67;

/// The septet that announces one of the extension table.
pub const ESCAPE: u8 = 0x1B;

/// The default alphabet in the order of its septets, without the escape.
const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
/// Characters behind an escape, with the septet that follows it.
const EXTENDED: [(char, u8); 10] = [
    ('\u{c}', 0x0A),
    ('^', 0x14),
    ('{', 0x28),
    ('}', 0x29),
    ('\\', 0x2F),
    ('[', 0x3C),
    ('~', 0x3D),
    (']', 0x3E),
    ('|', 0x40),
    ('€', 0x65),
];

/// By which alphabet a text is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// Seven bits a character, some of them two septets.
    Gsm7,
    /// Sixteen bits a character.
    Ucs2,
}

/// How GSM-7 writes a character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Septet {
    /// By one septet.
    Basic(u8),
    /// By [`ESCAPE`] and this one.
    Extended(u8),
}

impl Septet {
    /// How many septets that are.
    #[must_use]
    pub fn length(self) -> usize {
        match self {
            Self::Basic(_) => 1,
            Self::Extended(_) => 2,
        }
    }
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
    let septets = text.chars().map(|c| septet(c).map(Septet::length));
    let septets: Option<Vec<usize>> = septets.collect();
    match septets {
        Some(septets) => packed(Encoding::Gsm7, &septets, (GSM7_SINGLE, GSM7_JOINED)),
        None => {
            let units: Vec<usize> = text.chars().map(char::len_utf16).collect();
            packed(Encoding::Ucs2, &units, (UCS2_SINGLE, UCS2_JOINED))
        }
    }
}

/// How GSM-7 writes a character; none where it does not have it.
#[must_use]
pub fn septet(c: char) -> Option<Septet> {
    if let Some(place) = BASIC.chars().position(|basic| basic == c) {
        let place = u8::try_from(place).ok()?;
        return Some(Septet::Basic(place + u8::from(place >= ESCAPE)));
    }
    let (_, septet) = EXTENDED.iter().find(|(extended, _)| *extended == c)?;
    Some(Septet::Extended(*septet))
}

/// The character that these septets write; none where there is none.
#[must_use]
pub fn character(septet: Septet) -> Option<char> {
    match septet {
        Septet::Basic(ESCAPE) => None,
        Septet::Basic(code) => BASIC.chars().nth((code - u8::from(code > ESCAPE)).into()),
        Septet::Extended(code) => {
            let (c, _) = EXTENDED.iter().find(|(_, extended)| *extended == code)?;
            Some(*c)
        }
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
        assert_eq!((BASIC.chars().count(), EXTENDED.len()), (127, 10));
    }

    #[test]
    fn every_character_has_the_septet_of_the_standards_table_and_reads_back() {
        let table = [
            ('@', 0x00),
            ('Æ', 0x1C),
            (' ', 0x20),
            ('A', 0x41),
            ('à', 0x7F),
        ];
        for (c, code) in table {
            assert_eq!(septet(c), Some(Septet::Basic(code)), "{c}");
        }
        assert_eq!(septet('€'), Some(Septet::Extended(0x65)));
        assert_eq!(septet('ن'), None);
        for c in BASIC.chars().chain(EXTENDED.map(|(c, _)| c)) {
            assert_eq!(septet(c).and_then(character), Some(c));
        }
        let nobody = [
            Septet::Basic(ESCAPE),
            Septet::Basic(0x80),
            Septet::Extended(0x41),
        ];
        assert_eq!(nobody.map(character), [None; 3]);
    }
}
