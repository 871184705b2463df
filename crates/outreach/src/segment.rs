//! A message as it goes over the air: the segments of a text, each with the header that joins them.
//!
//! GSM-7 where it has every character, else UCS-2; which characters those are, and how much a segment carries, stands in
//! [`sijill_poll::segments`], by which a definition's message is judged.
//!
//! *Invariants:* the segments in their order say the text, whole and exact; no character is cut in two; there are as many
//! as [`sijill_poll::segments::of`] counts; none has more than 140 bytes over the air.

use sijill_poll::segments::{
    ESCAPE, GSM7_JOINED, GSM7_SINGLE, Septet, UCS2_JOINED, UCS2_SINGLE, character, not_sendable,
    septet,
};

pub use sijill_poll::segments::Encoding;

/// Bytes of the header that joins segments: `05 00 03`, reference, number of segments, place from 1 (3GPP TS 23.040,
/// section 9.2.3.24.1).
pub const HEADER_BYTES: usize = 6;

/// Segments of one message: the header counts them in a byte.
pub const SEGMENTS_MAX: usize = 255;

/// One short message.
#[derive(Clone, PartialEq, Eq)]
pub struct Segment {
    /// How its text is encoded.
    pub encoding: Encoding,
    /// The header that joins it to the others, where there are others.
    pub header: Option<[u8; HEADER_BYTES]>,
    /// The text: one septet of GSM-7 a byte, or UCS-2, big-endian.
    pub text: Vec<u8>,
}

impl std::fmt::Debug for Segment {
    /// Without the text: a personal link is in it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let bytes = self.text.len();
        write!(f, "Segment({:?}, {bytes} bytes)", self.encoding)
    }
}

/// Why a text cannot be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotSendable {
    /// No SMS has this character.
    #[error("no SMS can carry the character `{0}`: leave it out")]
    Character(char),
    /// It is too long.
    #[error("the text needs more than {SEGMENTS_MAX} segments: shorten it")]
    TooLong,
}

/// The segments of a text. Those of one message share `reference`, by which a phone joins them; give the next message
/// to the same number another one.
///
/// # Errors
/// [`NotSendable`] names the character that no SMS has (those beyond U+FFFF), or says that the text is too long.
pub fn segments(text: &str, reference: u8) -> Result<Vec<Segment>, NotSendable> {
    if let Some(c) = not_sendable(text) {
        return Err(NotSendable::Character(c));
    }
    let (encoding, pieces) = match gsm7(text) {
        Some(characters) => (
            Encoding::Gsm7,
            filled(&characters, GSM7_SINGLE, GSM7_JOINED),
        ),
        None => (
            Encoding::Ucs2,
            filled(&ucs2(text), 2 * UCS2_SINGLE, 2 * UCS2_JOINED),
        ),
    };
    let total = u8::try_from(pieces.len()).map_err(|_| NotSendable::TooLong)?;
    let header = |place| (total > 1).then_some([5, 0, 3, reference, total, place]);
    let placed = (1..=total).zip(pieces);
    let made = placed.map(|(place, text)| Segment {
        encoding,
        header: header(place),
        text,
    });
    Ok(made.collect())
}

/// What a segment's text says: septets of GSM-7, or UCS-2. What is no character of it becomes U+FFFD.
#[must_use]
pub fn said(encoding: Encoding, text: &[u8]) -> String {
    match encoding {
        Encoding::Gsm7 => gsm7_said(text),
        Encoding::Ucs2 => {
            let units = text.chunks(2).map(|pair| match *pair {
                [high, low] => u16::from_be_bytes([high, low]),
                _ => 0xFFFD,
            });
            char::decode_utf16(units)
                .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
                .collect()
        }
    }
}

fn gsm7_said(text: &[u8]) -> String {
    let mut septets = text.iter().copied();
    let mut said = String::new();
    while let Some(code) = septets.next() {
        let septet = match code {
            ESCAPE => septets.next().map(Septet::Extended),
            code => Some(Septet::Basic(code)),
        };
        said.push(
            septet
                .and_then(character)
                .unwrap_or(char::REPLACEMENT_CHARACTER),
        );
    }
    said
}

/// The septets of each character, if GSM-7 has them all.
fn gsm7(text: &str) -> Option<Vec<Vec<u8>>> {
    let of = |c| {
        septet(c).map(|septet| match septet {
            Septet::Basic(code) => vec![code],
            Septet::Extended(code) => vec![ESCAPE, code],
        })
    };
    text.chars().map(of).collect()
}

/// The two bytes of each character.
fn ucs2(text: &str) -> Vec<Vec<u8>> {
    let units = text.encode_utf16();
    units.map(|unit| unit.to_be_bytes().to_vec()).collect()
}

/// Fills one segment after another with whole characters: one of `single` bytes, or several of `joined`.
fn filled(characters: &[Vec<u8>], single: usize, joined: usize) -> Vec<Vec<u8>> {
    let whole: usize = characters.iter().map(Vec::len).sum();
    if whole <= single {
        return vec![characters.concat()];
    }
    let (mut filled, mut last) = (Vec::new(), Vec::new());
    for character in characters {
        if last.len() + character.len() > joined {
            filled.push(std::mem::take(&mut last));
        }
        last.extend_from_slice(character);
    }
    filled.push(last);
    filled
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use sijill_poll::segments;

    /// Bytes over the air: septets are packed, eight in seven bytes, behind a header that ends at a whole septet.
    fn bytes_on_the_air(segment: &Segment) -> usize {
        let header = segment.header.map_or(0, |header| header.len());
        match segment.encoding {
            Encoding::Gsm7 => ((header * 8).div_ceil(7) * 7 + segment.text.len() * 7).div_ceil(8),
            Encoding::Ucs2 => header + segment.text.len(),
        }
    }

    #[track_caller]
    fn holds(text: &str, reference: u8) {
        let made = super::segments(text, reference).unwrap();
        let counted = segments::of(text);
        assert_eq!(made.len(), counted.count, "{text:?}");
        let joined: String = made
            .iter()
            .map(|segment| said(segment.encoding, &segment.text))
            .collect();
        assert_eq!(joined, text);
        for (place, segment) in (1..).zip(&made) {
            let header = [5, 0, 3, reference, made.len() as u8, place];
            assert_eq!(segment.header, (made.len() > 1).then_some(header));
            assert_eq!(segment.encoding, counted.encoding);
            assert!(bytes_on_the_air(segment) <= 140, "{segment:?}");
        }
        let last = made.last().unwrap();
        let unit = if counted.encoding == Encoding::Gsm7 {
            1
        } else {
            2
        };
        let most = match (counted.encoding, made.len()) {
            (Encoding::Gsm7, 1) => GSM7_SINGLE,
            (Encoding::Gsm7, _) => GSM7_JOINED,
            (Encoding::Ucs2, 1) => UCS2_SINGLE,
            (Encoding::Ucs2, _) => UCS2_JOINED,
        };
        assert_eq!(counted.left, most - last.text.len() / unit);
    }

    #[test]
    fn segments_of_every_length_join_to_the_text() {
        for length in 0..330 {
            holds(&"a".repeat(length), 7);
            holds(&"€".repeat(length), 0);
            holds(
                &format!("{}€{}", "a".repeat(length), "[".repeat(length)),
                255,
            );
            holds(&"ن".repeat(length), 7);
        }
    }

    #[test]
    fn an_escape_is_never_parted_from_its_character() {
        let made = super::segments(&format!("{}€{}", "a".repeat(152), "a".repeat(7)), 1).unwrap();
        let lengths: Vec<_> = made.iter().map(|segment| segment.text.len()).collect();
        assert_eq!(lengths, [152, 9]);
        assert_eq!(made[1].text[..2], [ESCAPE, 0x65]);
    }

    #[test]
    fn what_no_sms_has_is_named_and_what_is_too_long_is_refused() {
        assert_eq!(
            super::segments("نعم 🙂", 1),
            Err(NotSendable::Character('🙂'))
        );
        assert_eq!(
            super::segments(&"ن".repeat(67 * 255), 1).unwrap().len(),
            255
        );
        assert_eq!(
            super::segments(&"ن".repeat(67 * 255 + 1), 1),
            Err(NotSendable::TooLong)
        );
    }

    #[test]
    fn a_text_is_not_shown_to_whoever_debugs() {
        let made = super::segments("ur.example/p/secret", 1).unwrap();
        assert_eq!(format!("{made:?}"), "[Segment(Gsm7, 19 bytes)]");
    }

    proptest! {
        #[test]
        fn any_text_joins_back_and_is_counted_alike(text in "[ -~€ÄöΩ\n]{0,700}", reference: u8) {
            holds(&text, reference);
        }

        #[test]
        fn any_text_in_ucs2_joins_back_and_is_counted_alike(text in "[ا-يەێۆڵ0-9 €/\u{200c}\u{fffd}]{0,300}", reference: u8) {
            holds(&text, reference);
        }

        #[test]
        fn any_text_at_all_is_sent_exactly_or_refused(text: String) {
            match segments::not_sendable(&text) {
                Some(c) => prop_assert_eq!(super::segments(&text, 0), Err(NotSendable::Character(c))),
                None => holds(&text, 0),
            }
        }

        #[test]
        fn any_bytes_read_as_some_text(bytes: Vec<u8>) {
            prop_assert!(said(Encoding::Gsm7, &bytes).chars().count() <= bytes.len());
            prop_assert!(said(Encoding::Ucs2, &bytes).chars().count() <= bytes.len().div_ceil(2));
        }
    }
}
