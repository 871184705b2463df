//! What a message centre delivers: the body of a `deliver_sm` (SMPP 3.4, section 4.6), read leniently.
//!
//! A strict reader would refuse a receipt for an id without its final zero, or a time of an odd length, both of which
//! centres send; and what is refused for good is never said again. So every field is taken as it comes, and only what
//! has no recognisable shape is no `deliver_sm`.

use crate::number::Number;
use crate::segment::{Encoding, said};

/// Optional part with the message, where it is longer than 254 bytes.
const MESSAGE_PAYLOAD: u16 = 0x0424;
/// Bit of `esm_class`: the message begins with a header.
const HEADER: u8 = 0x40;
/// Bits of `esm_class`: what kind of message it is.
const KIND: u8 = 0x3C;
/// A delivery receipt.
const RECEIPT: u8 = 0x04;
/// A notification on the way.
const INTERMEDIATE: u8 = 0x20;
/// Most optional parts that are looked at.
const PARTS_MAX: usize = 64;

/// What a message centre delivers.
#[derive(Clone, PartialEq, Eq)]
pub struct DeliverSm {
    /// Whom it is from: of a receipt, the phone that the message was for.
    source: Vec<u8>,
    /// What kind of message it is.
    esm_class: u8,
    /// How it is encoded.
    data_coding: u8,
    /// What it says, without a header.
    message: Vec<u8>,
    /// Optional parts: tag and value.
    parts: Vec<(u16, Vec<u8>)>,
}

impl std::fmt::Debug for DeliverSm {
    /// Without number and text.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "DeliverSm(esm_class {:#04x})", self.esm_class)
    }
}

impl DeliverSm {
    /// Reads a body; none where it has not the shape of one. A cut list of optional parts is taken as far as it goes.
    #[must_use]
    pub fn read(body: &[u8]) -> Option<Self> {
        let mut rest = body;
        let _service_type = text(&mut rest)?;
        let _source_plan = bytes::<2>(&mut rest)?;
        let source = text(&mut rest)?.to_vec();
        let _destination_plan = bytes::<2>(&mut rest)?;
        let _destination = text(&mut rest)?;
        let [esm_class, _protocol, _priority] = bytes(&mut rest)?;
        let _schedule = text(&mut rest)?;
        let _validity = text(&mut rest)?;
        let [_registered, _replace, data_coding, _predefined, length] = bytes(&mut rest)?;
        let short = rest.split_off(..usize::from(length))?;
        let parts: Vec<_> = std::iter::from_fn(|| part(&mut rest))
            .take(PARTS_MAX)
            .collect();
        let payload = parts.iter().find(|(tag, _)| *tag == MESSAGE_PAYLOAD);
        let message = match payload {
            Some((_, payload)) if short.is_empty() => payload.as_slice(),
            _ => short,
        };
        let message = if esm_class & HEADER == 0 {
            message
        } else {
            without_header(message)
        };
        let message = message.to_vec();
        Some(Self {
            source,
            esm_class,
            data_coding,
            message,
            parts,
        })
    }

    /// Whether it is a receipt by its class. A person cannot set that, but write a text like a receipt's.
    pub(crate) fn is_receipt(&self) -> bool {
        matches!(self.esm_class & KIND, RECEIPT | INTERMEDIATE)
    }

    /// An optional part.
    pub(crate) fn part(&self, tag: u16) -> Option<&[u8]> {
        let part = self.parts.iter().find(|(own, _)| *own == tag);
        part.map(|(_, value)| value.as_slice())
    }

    /// What it says. Handle as personal data.
    #[must_use]
    pub fn text(&self) -> String {
        match self.data_coding {
            0x08 => said(Encoding::Ucs2, &self.message),
            // ISO 8859-1, and ASCII, which is part of it.
            0x01 | 0x03 => self.message.iter().copied().map(char::from).collect(),
            _ => said(Encoding::Gsm7, &self.message),
        }
    }

    /// Its bytes as ASCII, for a receipt: its words and digits are the same in every one-byte alphabet.
    pub(crate) fn ascii(&self) -> String {
        match self.data_coding {
            0x08 => self.text(),
            _ => self.message.iter().copied().map(char::from).collect(),
        }
    }

    /// The number it is from; none where that is no number (a name, a short code with a zero before it).
    #[must_use]
    pub fn from(&self) -> Option<Number> {
        let source = std::str::from_utf8(&self.source).ok()?.trim();
        let digits = source.strip_prefix('+').or(source.strip_prefix("00"));
        Number::from_digits(digits.unwrap_or(source))
    }
}

/// The next bytes.
fn bytes<const COUNT: usize>(rest: &mut &[u8]) -> Option<[u8; COUNT]> {
    let (first, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(*first)
}

/// The next text, up to its zero.
fn text<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let end = rest.iter().position(|byte| *byte == 0)?;
    let text = rest.split_off(..end)?;
    *rest = rest.get(1..)?;
    Some(text)
}

/// The next optional part, if it is whole.
fn part(rest: &mut &[u8]) -> Option<(u16, Vec<u8>)> {
    let tag = u16::from_be_bytes(bytes(rest)?);
    let length = u16::from_be_bytes(bytes(rest)?);
    let value = rest.split_off(..usize::from(length))?;
    Some((tag, value.to_vec()))
}

/// The text behind a header; all of it where the header claims more than there is.
fn without_header(message: &[u8]) -> &[u8] {
    let behind = message
        .split_first()
        .and_then(|(length, rest)| rest.get(usize::from(*length)..));
    behind.unwrap_or(message)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A body with these.
    pub(crate) fn body(
        source: &str,
        esm_class: u8,
        data_coding: u8,
        message: &[u8],
        parts: &[(u16, &[u8])],
    ) -> Vec<u8> {
        let mut body = vec![0, 1, 1];
        body.extend_from_slice(source.as_bytes());
        body.extend_from_slice(&[
            0,
            1,
            1,
            b'7',
            0,
            esm_class,
            0,
            0,
            0,
            0,
            0,
            0,
            data_coding,
            0,
            message.len() as u8,
        ]);
        body.extend_from_slice(message);
        for (tag, value) in parts {
            body.extend_from_slice(&tag.to_be_bytes());
            body.extend_from_slice(&(value.len() as u16).to_be_bytes());
            body.extend_from_slice(value);
        }
        body
    }

    #[track_caller]
    fn says(esm_class: u8, data_coding: u8, message: &[u8], expected: &str) {
        let read =
            DeliverSm::read(&body("9647701234567", esm_class, data_coding, message, &[])).unwrap();
        assert_eq!(read.text(), expected);
        assert!(!read.is_receipt());
    }

    #[test]
    fn what_a_person_writes_is_read_in_each_encoding_and_without_its_header() {
        says(0, 0, b"\x00 Stop", "@ Stop");
        says(0, 8, &[0x06, 0x44, 0x06, 0x27], "لا");
        says(0, 3, b"caf\xe9", "café");
        says(0x40, 8, &[5, 0, 3, 9, 2, 1, 0x06, 0x44], "ل");
        // A header that claims more than there is.
        says(0x40, 0, b"aStop", "aStop");
    }

    #[test]
    fn a_long_message_is_taken_from_its_optional_part() {
        let long = vec![b'a'; 300];
        let read = DeliverSm::read(&body(
            "1",
            0,
            0,
            b"",
            &[(9, b"x"), (MESSAGE_PAYLOAD, &long)],
        ))
        .unwrap();
        assert_eq!(read.text(), "a".repeat(300));
    }

    #[test]
    fn a_number_is_read_in_each_way_of_writing_it_and_a_name_is_none() {
        let from = |source: &str| {
            DeliverSm::read(&body(source, 0, 0, b"", &[]))
                .unwrap()
                .from()
        };
        let number = Number::from_digits("9647701234567");
        for source in ["9647701234567", "+9647701234567", "009647701234567"] {
            assert_eq!(from(source), number, "{source}");
        }
        assert_eq!(from("Zain"), None);
    }

    #[test]
    fn a_body_cut_anywhere_is_none_and_one_cut_in_its_optional_parts_is_read_without_them() {
        let whole = body("1", 0, 0, b"abc", &[(0x1E, b"17\0")]);
        let fixed = whole.len() - 7;
        for length in 0..whole.len() {
            let read = DeliverSm::read(&whole[..length]);
            assert_eq!(read.is_some(), length >= fixed, "{length}");
            assert!(read.is_none_or(|read| read.part(0x1E).is_none()));
        }
        assert_eq!(
            DeliverSm::read(&whole).unwrap().part(0x1E),
            Some(&b"17\0"[..])
        );
    }
}
