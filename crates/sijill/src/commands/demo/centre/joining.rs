//! Segments are joined back into texts, as a phone does it: by number, reference and count, in whatever order they come.
//!
//! *Invariant:* no more than [`UNFINISHED_MAX`] messages wait for their other segments.

use sijill_outreach::number::Number;
use sijill_outreach::segment::{Encoding, HEADER_BYTES, said};
use std::collections::{BTreeMap, HashMap};

/// Messages that wait for other segments of theirs: a window of submits is below that, and whoever sends begins no more
/// than these at once. Each takes below 3 KiB.
pub const UNFINISHED_MAX: usize = 1_000;

/// Bit of `esm_class`: the message begins with a header.
const HEADER: u8 = 0x40;

/// A segment as it was submitted.
#[derive(Clone, PartialEq, Eq)]
pub struct Piece {
    /// Whom it is for.
    pub to: Number,
    /// Reference and number of the segments that it is joined by; none where it is a message by itself.
    joined_by: Option<(u8, u8)>,
    /// Its place among them, from 1.
    place: u8,
    text: String,
}

/// A text that is whole, and the ids of its segments in their order.
#[derive(PartialEq, Eq)]
#[cfg_attr(test, derive(Debug))]
pub struct Whole {
    /// What it says.
    pub text: String,
    /// The ids of its segments.
    pub ids: Vec<String>,
}

/// Too many messages wait for their other segments.
#[derive(PartialEq, Eq)]
#[cfg_attr(test, derive(Debug))]
pub struct Full;

impl Piece {
    /// Reads a segment's bytes by `esm_class` and `data_coding`; none where they are none that a phone could join.
    pub fn read(to: Number, esm_class: u8, data_coding: u8, message: &[u8]) -> Option<Self> {
        let encoding = match data_coding {
            0 => Encoding::Gsm7,
            8 => Encoding::Ucs2,
            _ => return None,
        };
        let whole = |text| Self {
            to,
            joined_by: None,
            place: 1,
            text: said(encoding, text),
        };
        if esm_class & HEADER == 0 {
            return Some(whole(message));
        }
        let (header, text) = message.split_first_chunk::<HEADER_BYTES>()?;
        let [5, 0, 3, reference, total, place] = *header else {
            return None;
        };
        (1..=total).contains(&place).then(|| Self {
            joined_by: Some((reference, total)),
            place,
            ..whole(text)
        })
    }
}

/// By what segments belong together.
type Key = (Number, u8, u8);

/// The messages that wait for other segments of theirs.
#[derive(Default)]
pub struct Joining(HashMap<Key, BTreeMap<u8, (String, String)>>);

impl Joining {
    /// Adds a segment under its id; the whole, if it is that now. One that comes again takes the place of the former.
    pub fn add(&mut self, piece: Piece, id: &str) -> Result<Option<Whole>, Full> {
        let Some((reference, total)) = piece.joined_by else {
            return Ok(Some(Whole {
                text: piece.text,
                ids: vec![id.to_owned()],
            }));
        };
        let key = (piece.to, reference, total);
        if self.0.len() >= UNFINISHED_MAX && !self.0.contains_key(&key) {
            return Err(Full);
        }
        let pieces = self.0.entry(key).or_default();
        pieces.insert(piece.place, (piece.text, id.to_owned()));
        if pieces.len() < usize::from(total) {
            return Ok(None);
        }
        let (texts, ids): (Vec<_>, Vec<_>) = self
            .0
            .remove(&key)
            .unwrap_or_default()
            .into_values()
            .unzip();
        let text = texts.concat();
        Ok(Some(Whole { text, ids }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sijill_outreach::segment::{Segment, segments};

    const LONG: &str = "هل تؤيد استمرار مهمة التحالف الدولي في العراق؟ محاكاة من سجل. رابطك الشخصي:\nhttp://127.0.0.1:8181/p/7k3vq0x9m2r8t5w1y6zb";

    fn phone(place: u64) -> Number {
        Number::from_u64(9_647_700_000_000 + place).unwrap()
    }

    fn piece(to: Number, segment: &Segment) -> Piece {
        let class = segment.header.map_or(0, |_| 0x40);
        let coding = match segment.encoding {
            Encoding::Gsm7 => 0,
            Encoding::Ucs2 => 8,
        };
        let header = segment.header.as_ref().map_or(&[][..], |header| header);
        let bytes = [header, &segment.text].concat();
        Piece::read(to, class, coding, &bytes).unwrap()
    }

    fn pieces(to: Number, text: &str, reference: u8) -> Vec<Piece> {
        let all = segments(text, reference).unwrap();
        all.iter().map(|segment| piece(to, segment)).collect()
    }

    #[test]
    fn a_text_of_any_length_in_either_encoding_is_joined_word_for_word_whatever_the_order() {
        let texts = [
            "Hi".to_owned(),
            "نعم".to_owned(),
            LONG.to_owned(),
            format!("{} {{€}} {LONG}", "a".repeat(500)),
            format!("{}€{}", "a".repeat(152), "[".repeat(300)),
        ];
        for text in &texts {
            for backwards in [false, true] {
                let mut all = pieces(phone(1), text, 9);
                if backwards {
                    all.reverse();
                }
                let mut joining = Joining::default();
                let (last, others) = all.split_last().unwrap();
                for (id, other) in others.iter().enumerate() {
                    assert_eq!(joining.add(other.clone(), &id.to_string()), Ok(None));
                }
                let whole = joining.add(last.clone(), "last").unwrap().unwrap();
                assert_eq!(&whole.text, text);
                assert_eq!(whole.ids.len(), all.len());
                assert!(joining.0.is_empty());
            }
        }
    }

    #[test]
    fn messages_to_several_phones_or_with_several_references_are_kept_apart() {
        let mut joining = Joining::default();
        let (one, other) = (LONG, LONG.replace("7k3v", "0000"));
        let mut mixed: Vec<Piece> = Vec::new();
        let all = [
            pieces(phone(1), one, 1),
            pieces(phone(2), &other, 1),
            pieces(phone(1), &other, 2),
        ];
        for place in 0..all[0].len() {
            mixed.extend(all.iter().map(|pieces| pieces[place].clone()));
        }
        let joined: Vec<_> = mixed
            .into_iter()
            .filter_map(|piece| joining.add(piece, "id").unwrap())
            .map(|whole| whole.text)
            .collect();
        assert_eq!(joined, [one, &other, &other]);
    }

    #[test]
    fn a_segment_that_comes_twice_makes_no_text() {
        let mut joining = Joining::default();
        let all = pieces(phone(1), LONG, 1);
        for _ in 0..2 {
            assert_eq!(joining.add(all[0].clone(), "id"), Ok(None));
        }
        let whole = joining.add(all[1].clone(), "id").unwrap();
        assert_eq!(whole.unwrap().text, LONG);
    }

    #[test]
    fn what_no_phone_could_join_is_no_piece() {
        let read =
            |class, coding, bytes: &[u8]| Piece::read(phone(1), class, coding, bytes).is_some();
        assert!(read(0x40, 8, &[5, 0, 3, 1, 2, 2, 0, 65]));
        for bytes in [
            &[][..],
            &[5, 0, 3, 1, 2],
            &[6, 8, 4, 0, 1, 2, 1, 0, 65],
            &[5, 0, 3, 1, 2, 0, 0, 65],
            &[5, 0, 3, 1, 2, 3, 0, 65],
            &[5, 0, 3, 1, 0, 0, 0, 65],
        ] {
            assert!(!read(0x40, 8, bytes), "{bytes:?}");
        }
        assert!(!read(0, 4, b"binary"));
    }

    #[test]
    fn messages_that_never_become_whole_do_not_fill_the_memory() {
        let mut joining = Joining::default();
        let first = |place| pieces(phone(place), LONG, 1).remove(0);
        for place in 0..UNFINISHED_MAX as u64 {
            assert_eq!(joining.add(first(place), "id"), Ok(None));
        }
        assert_eq!(joining.add(first(5_000), "id"), Err(Full));
        // Those that wait can still become whole.
        let last = pieces(phone(0), LONG, 1).remove(1);
        assert!(joining.add(last, "id").unwrap().is_some());
        assert_eq!(joining.add(first(5_000), "id"), Ok(None));
    }
}
