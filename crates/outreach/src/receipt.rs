//! Delivery receipts: what became of a segment, as message centres write it.
//!
//! The optional parts `receipted_message_id` and `message_state` count first (SMPP 3.4, sections 5.3.2.12 and 5.3.2.35);
//! else the text that appendix B of it shows, in the ways that centres deviate from it. A text of that form is a receipt
//! only where the class or an optional part says so: anybody can write it on a phone.

use crate::gateway::{Outcome, Receipt};
use crate::smpp::deliver_sm::DeliverSm;

/// Optional part with the id of the message that a receipt is about.
const RECEIPTED_MESSAGE_ID: u16 = 0x001E;
/// Optional part with what became of it.
const MESSAGE_STATE: u16 = 0x0427;
/// Optional part with the network's error: a byte for the kind of network, two for the code.
const NETWORK_ERROR_CODE: u16 = 0x0423;

/// Longest id, in characters (SMPP 3.4, section 4.4.2).
pub const ID_CHARS_MAX: usize = 64;
/// Longest error code kept, in characters: they have three.
const ERROR_CHARS_MAX: usize = 16;

/// What was delivered, if it is no message of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivered {
    /// A receipt.
    Receipt(Receipt),
    /// A receipt that does not say of what.
    Nameless,
    /// A message of a person.
    Reply,
}

/// Whether that is a receipt, and what it says.
#[must_use]
pub fn read(delivered: &DeliverSm) -> Delivered {
    let id_part = delivered.part(RECEIPTED_MESSAGE_ID);
    if !delivered.is_receipt() && id_part.is_none() {
        return Delivered::Reply;
    }
    let text = delivered.ascii();
    let fields = Fields::of(&text);
    let id = id_part
        .and_then(id_of_part)
        .or_else(|| id_of_text(fields.get("id")?));
    let Some(id) = id else {
        return Delivered::Nameless;
    };
    let state = delivered.part(MESSAGE_STATE).and_then(<[u8]>::last);
    let outcome = match (state, fields.get("stat")) {
        (Some(state), _) => outcome_of_state(*state),
        (None, Some(word)) => outcome_of_word(word),
        (None, None) => Outcome::Unknown,
    };
    let error = fields.get("err").and_then(error_of_text);
    let error = error.or_else(|| delivered.part(NETWORK_ERROR_CODE).and_then(error_of_part));
    Delivered::Receipt(Receipt {
        id,
        to: delivered.from(),
        outcome,
        error: error.unwrap_or_default(),
    })
}

/// What the text of a receipt says where another way brings its id: what became of the message, if it says it, and the
/// network's error code; empty where there is none.
pub(crate) fn of_text(text: &str) -> (Option<Outcome>, String) {
    let fields = Fields::of(text);
    let error = fields.get("err").and_then(error_of_text);
    (
        fields.get("stat").map(outcome_of_word),
        error.unwrap_or_default(),
    )
}

/// An id as it is compared: without zeros before it, in lower case.
#[must_use]
pub fn normalised(id: &str) -> String {
    let id = id.trim();
    let short = id.trim_start_matches('0');
    let short = if short.is_empty() && !id.is_empty() {
        "0"
    } else {
        short
    };
    short.to_ascii_lowercase()
}

/// The normalised ids that a receipt with this one may be about, the likeliest first: the same; the same in hexadecimal
/// where it reads as decimal; the same in decimal where it reads as hexadecimal. An empty id is about nothing.
#[must_use]
pub fn candidates(receipt_id: &str) -> Vec<String> {
    let same = normalised(receipt_id);
    if same.is_empty() {
        return Vec::new();
    }
    let plain = !same.starts_with('+');
    let hexadecimal = same
        .parse::<u128>()
        .ok()
        .filter(|_| plain)
        .map(|number| format!("{number:x}"));
    let decimal = u128::from_str_radix(&same, 16)
        .ok()
        .filter(|_| plain)
        .map(|number| number.to_string());
    let mut candidates = vec![same];
    for other in [hexadecimal, decimal].into_iter().flatten() {
        if !candidates.contains(&other) {
            candidates.push(other);
        }
    }
    candidates
}

/// The fields of a receipt's text.
struct Fields<'a> {
    text: &'a str,
    lower: String,
}

impl<'a> Fields<'a> {
    /// What stands before `text:`: behind it is the message itself, which may say anything.
    fn of(text: &'a str) -> Self {
        let lower = text.to_ascii_lowercase();
        let end = start_of(&lower, "text").map_or(lower.len(), |(start, _)| start);
        let (text, lower) = (
            text.get(..end).unwrap_or(text),
            lower.get(..end).unwrap_or(&lower),
        );
        Self {
            text,
            lower: lower.to_owned(),
        }
    }

    /// The word behind this key; none where there is none, or where the next key stands there.
    fn get(&self, key: &str) -> Option<&'a str> {
        let (_, behind) = start_of(&self.lower, key)?;
        let word = self.text.get(behind..)?.split_whitespace().next()?;
        (!word.contains(':')).then_some(word)
    }
}

/// Where `key:` begins as a word of its own, and where its value does. Spaces before the colon are let pass.
fn start_of(lower: &str, key: &str) -> Option<(usize, usize)> {
    lower.match_indices(key).find_map(|(start, _)| {
        let before = lower.get(..start)?.chars().next_back();
        let behind = lower.get(start + key.len()..)?;
        let colon = behind.trim_start().strip_prefix(':')?;
        let whole = before.is_none_or(|c| !c.is_ascii_alphanumeric());
        whole.then_some((start, lower.len() - colon.len()))
    })
}

fn id_of_part(part: &[u8]) -> Option<String> {
    let text = part.split(|byte| *byte == 0).next()?;
    id_of_text(std::str::from_utf8(text).ok()?)
}

fn id_of_text(text: &str) -> Option<String> {
    let id = text.trim();
    let good =
        (1..=ID_CHARS_MAX).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic());
    good.then(|| id.to_owned())
}

/// An error code; zeros say that there is none.
fn error_of_text(word: &str) -> Option<String> {
    let code: String = word
        .chars()
        .filter(char::is_ascii_graphic)
        .take(ERROR_CHARS_MAX)
        .collect();
    (!code.bytes().all(|byte| byte == b'0')).then_some(code)
}

fn error_of_part(part: &[u8]) -> Option<String> {
    let [network, high, low] = part else {
        return None;
    };
    let code = u16::from_be_bytes([*high, *low]);
    (code != 0).then(|| format!("{network}/{code}"))
}

/// SMPP 3.4, section 5.2.28, and the two that 5.0 adds (0, 9).
fn outcome_of_state(state: u8) -> Outcome {
    match state {
        0 | 1 | 6 => Outcome::Pending,
        2 => Outcome::Delivered,
        3 => Outcome::Expired,
        4 | 5 | 8 | 9 => Outcome::Failed,
        _ => Outcome::Unknown,
    }
}

/// SMPP 3.4, appendix B. `ACCEPTD` is final there, but what centres mean by it is that the next one has it.
fn outcome_of_word(word: &str) -> Outcome {
    let word = word.to_ascii_uppercase();
    let begins = |beginnings: &[&str]| {
        beginnings
            .iter()
            .any(|beginning| word.starts_with(beginning))
    };
    match () {
        () if begins(&["DELIVRD", "DELIVERED"]) => Outcome::Delivered,
        () if begins(&["EXPIRED"]) => Outcome::Expired,
        () if begins(&["UNDELIV", "DELETED", "REJECT", "FAILED", "SKIPPED"]) => Outcome::Failed,
        () if begins(&["ENROUTE", "ACCEPT", "BUFFER", "SCHEDUL"]) => Outcome::Pending,
        () => Outcome::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::smpp::deliver_sm::tests::body;
    use proptest::prelude::*;

    const BY_CLASS: u8 = 0x04;

    fn of(class: u8, text: &str, parts: &[(u16, &[u8])]) -> Delivered {
        let body = body("9647701234567", class, 0, text.as_bytes(), parts);
        read(&DeliverSm::read(&body).unwrap())
    }

    #[track_caller]
    fn check(text: &str, id: &str, outcome: Outcome, error: &str) {
        let Delivered::Receipt(receipt) = of(BY_CLASS, text, &[]) else {
            panic!("no receipt: {text}");
        };
        assert_eq!(
            (&*receipt.id, receipt.outcome, &*receipt.error),
            (id, outcome, error),
            "{text}"
        );
        assert!(receipt.to.is_some());
    }

    #[test]
    fn the_text_of_the_standard_is_read_and_so_is_what_centres_make_of_it() {
        use Outcome::{Delivered, Expired, Failed, Pending, Unknown};
        for (text, id, outcome, error) in [
            (
                "id:0123456789 sub:001 dlvrd:001 submit date:2611301200 done date:2611301201 stat:DELIVRD err:000 text:hello",
                "0123456789",
                Delivered,
                "",
            ),
            (
                "id:c0ffee sub:001 dlvrd:000 submit date:261130120000 done date:261130120100 stat:UNDELIV err:027 Text:",
                "c0ffee",
                Failed,
                "027",
            ),
            ("ID:7 STAT:EXPIRED ERR:1", "7", Expired, "1"),
            ("id: 7  stat : delivered", "7", Delivered, ""),
            ("id:7 stat:ACCEPTD", "7", Pending, ""),
            ("id:7 stat:ENROUTE err:", "7", Pending, ""),
            ("id:7 stat:REJECTD err:0x21", "7", Failed, "0x21"),
            ("id:7 stat:DELETED", "7", Failed, ""),
            ("id:7 stat:UNKNOWN", "7", Unknown, ""),
            ("id:7 stat:WHATEVER", "7", Unknown, ""),
            ("id:7", "7", Unknown, ""),
            ("id:7 sub:001 stat: err:000", "7", Unknown, ""),
            ("stat:DELIVRD\r\nid:7", "7", Delivered, ""),
            (
                "id:550e8400-e29b-41d4-a716-446655440000 stat:DELIVRD",
                "550e8400-e29b-41d4-a716-446655440000",
                Delivered,
                "",
            ),
        ] {
            check(text, id, outcome, error);
        }
    }

    #[test]
    fn what_the_message_itself_says_is_no_field_of_its_receipt() {
        check("id:7 text:id:8 stat:DELIVRD", "7", Outcome::Unknown, "");
        assert_eq!(
            of(BY_CLASS, "text:id:8 stat:DELIVRD", &[]),
            Delivered::Nameless
        );
    }

    #[test]
    fn the_optional_parts_count_before_the_text() {
        let parts: [(u16, &[u8]); 3] = [
            (RECEIPTED_MESSAGE_ID, b"00AB\0"),
            (MESSAGE_STATE, &[5]),
            (NETWORK_ERROR_CODE, &[3, 0, 27]),
        ];
        let expected = |error: &str| {
            let to = crate::number::Number::from_digits("9647701234567");
            Delivered::Receipt(Receipt {
                id: "00AB".to_owned(),
                to,
                outcome: Outcome::Failed,
                error: error.to_owned(),
            })
        };
        assert_eq!(
            of(BY_CLASS, "id:9 stat:DELIVRD err:000", &parts),
            expected("3/27")
        );
        assert_eq!(of(BY_CLASS, "err:042", &parts), expected("042"));
        assert_eq!(of(0, "", &parts), expected("3/27"));
        assert_eq!(
            of(
                0,
                "",
                &[(RECEIPTED_MESSAGE_ID, b"00AB"), parts[1], parts[2]]
            ),
            expected("3/27")
        );
    }

    #[test]
    fn a_person_who_writes_like_a_receipt_is_a_person() {
        assert_eq!(of(0, "id:7 stat:DELIVRD err:000", &[]), Delivered::Reply);
    }

    #[test]
    fn a_receipt_of_nothing_is_nameless() {
        let long = format!("id:{}", "7".repeat(ID_CHARS_MAX + 1));
        for text in ["", "id:", "stat:DELIVRD", "id: stat:DELIVRD", &long] {
            assert_eq!(of(BY_CLASS, text, &[]), Delivered::Nameless, "{text}");
        }
    }

    #[test]
    fn an_id_is_found_in_whichever_base_it_is_written() {
        assert_eq!(candidates("00AB"), ["ab", "171"]);
        assert_eq!(candidates("171"), ["171", "ab", "369"]);
        assert_eq!(candidates("0"), ["0"]);
        assert_eq!(candidates("msg-1"), ["msg-1"]);
        assert_eq!(candidates("+5"), ["+5"]);
        assert_eq!(candidates(" "), Vec::<String>::new());
        assert_eq!(normalised("0000000AB"), "ab");
        assert_eq!(normalised("000"), "0");
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(bytes: Vec<u8>) {
            let _ = DeliverSm::read(&bytes).map(|delivered| read(&delivered));
        }

        #[test]
        fn any_text_is_read_without_a_panic(class: u8, coding: u8, text in "(?i)(id|stat|err|text|[ :\u{130}ß0-9a-z]){0,40}") {
            let text = text.as_bytes();
            let body = body("1", class, coding, &text[..text.len().min(255)], &[]);
            let _ = read(&DeliverSm::read(&body).unwrap());
        }

        #[test]
        fn an_id_given_in_one_base_is_among_the_candidates_of_its_receipt(number: u64, zeros in 0usize..5) {
            let zeros = "0".repeat(zeros);
            let (decimal, hexadecimal) = (format!("{zeros}{number}"), format!("{zeros}{number:X}"));
            for (given, receipt) in [(&decimal, &decimal), (&decimal, &hexadecimal), (&hexadecimal, &decimal), (&hexadecimal, &hexadecimal)] {
                prop_assert!(candidates(receipt).contains(&normalised(given)), "{} {}", given, receipt);
            }
        }
    }
}
