//! What a callback says: receipts at `/SECRET/dlr`, replies at `/SECRET/sms`. No clock and no network.
//!
//! Whatever stands before the secret in a path is let pass: a proxy may have its own there.

use super::request;
use super::settings::Callbacks;
use crate::gateway::{Outcome, Receipt, Ticket};
use crate::number::Number;
use crate::receipt;
use crate::segment::{Encoding, said};

/// Longest error code that is taken over, in characters: `0x0000000b`.
const ERROR_CHARS_MAX: usize = 16;

/// What a callback says.
#[derive(Debug, PartialEq, Eq)]
pub enum Said {
    /// What became of a segment.
    Receipt(Receipt),
    /// What became of a segment of another poll, which nobody here waits for.
    OfAnother,
    /// A message from a person.
    Reply {
        /// Who sent it; none where it is no number.
        from: Option<Number>,
        /// What it says.
        text: String,
    },
}

/// Why a callback says nothing.
#[derive(Debug, PartialEq, Eq)]
pub enum Strange {
    /// It knows no secret, or nothing is there.
    NotHere,
    /// It has the secret, and not the fields that it needs.
    Garbled,
}

/// What is said by this path and query.
///
/// # Errors
/// [`Strange`] says why that is nothing.
pub fn read(callbacks: &Callbacks, path: &str, query: &str) -> Result<Said, Strange> {
    let mut parts = path.rsplit('/');
    let (kind, secret) = (parts.next(), parts.next());
    // Hashes are compared in the same time wherever they differ.
    let hash = |text: &str| blake3::hash(text.as_bytes());
    if !secret.is_some_and(|secret| hash(secret) == hash(callbacks.secret.expose())) {
        return Err(Strange::NotHere);
    }
    match kind {
        Some("dlr") => receipt_of(callbacks, query).ok_or(Strange::Garbled),
        Some("sms") => reply_of(query).ok_or(Strange::Garbled),
        _ => Err(Strange::NotHere),
    }
}

fn receipt_of(callbacks: &Callbacks, query: &str) -> Option<Said> {
    let of = field(query, "poll")?;
    let ticket = ticket_of(&String::from_utf8(field(query, "id")?).ok()?)?;
    let kind: u32 = String::from_utf8(field(query, "type")?)
        .ok()?
        .parse()
        .ok()?;
    if of != callbacks.poll.as_bytes() {
        return Some(Said::OfAnother);
    }
    let reply = field(query, "reply").unwrap_or_default();
    let (outcome, error) = outcome_of(kind, &String::from_utf8_lossy(&reply));
    Some(Said::Receipt(Receipt {
        id: request::id(ticket),
        to: None,
        outcome,
        error,
    }))
}

/// What Kannel's kinds of receipts mean. One that is not known decides nothing.
fn outcome_of(kind: u32, reply: &str) -> (Outcome, String) {
    let (said, error) = receipt::of_text(reply);
    match kind {
        1 => (Outcome::Delivered, error),
        // Kannel says of everything else that is final that it was not delivered; the centre's words say more.
        2 => match said {
            Some(said @ (Outcome::Expired | Outcome::Unknown)) => (said, error),
            _ => (Outcome::Failed, error),
        },
        16 => (Outcome::Failed, refusal_of(reply)),
        _ => (Outcome::Pending, error),
    }
}

/// The message centre's status in Kannel's `NACK/0x0000000b/…`; empty where there is none.
fn refusal_of(reply: &str) -> String {
    let code = reply
        .strip_prefix("NACK/")
        .and_then(|rest| rest.split('/').next());
    let code = code.filter(|code| {
        code.len() <= ERROR_CHARS_MAX && code.bytes().all(|byte| byte.is_ascii_alphanumeric())
    });
    code.unwrap_or_default().to_owned()
}

fn ticket_of(id: &str) -> Option<Ticket> {
    let mut parts = id.split('.');
    let ticket = Ticket {
        invitation: parts.next()?.parse().ok()?,
        attempt: parts.next()?.parse().ok()?,
        part: parts.next()?.parse().ok()?,
    };
    parts.next().is_none().then_some(ticket)
}

fn reply_of(query: &str) -> Option<Said> {
    let from = String::from_utf8(field(query, "from")?).ok();
    let text = field(query, "text")?;
    let coding = field(query, "coding").unwrap_or_default();
    let charset = field(query, "charset")
        .unwrap_or_default()
        .to_ascii_uppercase();
    let text = match (coding.as_slice(), charset.as_slice()) {
        (b"2", _) | (_, b"UTF-16BE") => said(Encoding::Ucs2, &text),
        (_, b"WINDOWS-1252" | b"ISO-8859-1") => text.into_iter().map(char::from).collect(),
        _ => String::from_utf8_lossy(&text).into_owned(),
    };
    let from = from.and_then(|from| number_of(&from));
    Some(Said::Reply { from, text })
}

/// A number in each way of writing it; none where it is a name.
fn number_of(text: &str) -> Option<Number> {
    let text = text.trim();
    let digits = text.strip_prefix('+').or(text.strip_prefix("00"));
    Number::from_digits(digits.unwrap_or(text))
}

/// The first field of this name, as the bytes that it stands for.
fn field(query: &str, name: &str) -> Option<Vec<u8>> {
    let mut fields = query.split('&').filter_map(|field| field.split_once('='));
    let (_, value) = fields.find(|(own, _)| *own == name)?;
    Some(unescaped(value))
}

/// The bytes of a field. What is no escape stands for itself.
fn unescaped(value: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let escaped = behind.split_first_chunk().filter(|_| *first == b'%');
        let escaped = escaped.and_then(|(digits, behind)| Some((byte_of(digits)?, behind)));
        let (byte, behind) = match (escaped, *first) {
            (Some(escaped), _) => escaped,
            (None, b'+') => (b' ', behind),
            (None, other) => (other, behind),
        };
        bytes.push(byte);
        rest = behind;
    }
    bytes
}

fn byte_of(digits: &[u8; 2]) -> Option<u8> {
    let [high, low] = digits.map(|digit| char::from(digit).to_digit(16));
    u8::try_from(high? * 16 + low?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kannel::settings::tests::settings;
    use proptest::prelude::*;

    const SECRET: &str = "0123456789abcdef012345";

    fn reads(path: &str, query: &str) -> Result<Said, Strange> {
        read(&settings().callbacks, path, query)
    }

    #[track_caller]
    fn receipt(kind: &str, reply: &str, outcome: Outcome, error: &str) {
        let query = format!("poll=bridge&id=7.1.0&type={kind}&reply={reply}");
        let expected = Receipt {
            id: "7.1.0".to_owned(),
            to: None,
            outcome,
            error: error.to_owned(),
        };
        assert_eq!(
            reads(&format!("/{SECRET}/dlr"), &query),
            Ok(Said::Receipt(expected)),
            "{query}"
        );
    }

    #[test]
    fn each_kind_of_receipt_is_read_with_what_the_message_centre_says() {
        let text = |stat: &str, err: &str| {
            format!(
                "id%3Aab+sub%3A001+dlvrd%3A000+submit+date%3A2611301200+done+date%3A2611301201+stat%3A{stat}+err%3A{err}+text%3Astat:DELIVRD"
            )
        };
        receipt("1", &text("DELIVRD", "000"), Outcome::Delivered, "");
        receipt("2", &text("UNDELIV", "027"), Outcome::Failed, "027");
        receipt("2", &text("EXPIRED", "000"), Outcome::Expired, "");
        receipt("2", &text("UNKNOWN", "000"), Outcome::Unknown, "");
        receipt("2", "", Outcome::Failed, "");
        receipt("4", &text("ENROUTE", "000"), Outcome::Pending, "");
        receipt("8", "ACK/", Outcome::Pending, "");
        receipt(
            "16",
            "NACK/0x0000000b/Invalid+Destination+Address",
            Outcome::Failed,
            "0x0000000b",
        );
        receipt("16", "NACK/%2B9647701234567", Outcome::Failed, "");
        receipt("64", "", Outcome::Pending, "");
    }

    #[test]
    fn a_reply_is_read_in_each_encoding() {
        for (query, number, text) in [
            (
                "from=%2B9647701234567&coding=2&charset=UTF-16BE&text=%06D%06%27",
                Some("9647701234567"),
                "لا",
            ),
            (
                "from=009647701234567&coding=0&charset=UTF-8&text=caf%C3%A9+%2B+%zz",
                Some("9647701234567"),
                "café + %zz",
            ),
            (
                "from=9647701234567&charset=windows-1252&text=caf%E9",
                Some("9647701234567"),
                "café",
            ),
            ("from=Zain&text=", None, ""),
        ] {
            let from = number.and_then(Number::from_digits);
            let expected = Said::Reply {
                from,
                text: text.to_owned(),
            };
            assert_eq!(
                reads(&format!("/portal/{SECRET}/sms"), query),
                Ok(expected),
                "{query}"
            );
        }
    }

    #[test]
    fn without_the_secret_nothing_is_there_and_with_it_what_lacks_a_field_is_refused() {
        let query = "poll=bridge&id=7.1.0&type=1";
        for path in [
            "/",
            "/dlr",
            "/0123456789abcdef012346/dlr",
            &format!("/{SECRET}"),
            &format!("/{SECRET}/other"),
            &format!("/{SECRET}/dlr/"),
        ] {
            assert_eq!(reads(path, query), Err(Strange::NotHere), "{path}");
        }
        for query in [
            "",
            "poll=bridge&id=7.1.0",
            "poll=bridge&id=7.1&type=1",
            "poll=bridge&id=7.1.0.0&type=1",
            "poll=bridge&id=7.1.256&type=1",
            "poll=bridge&id=7.1.0&type=x",
            "id=7.1.0&type=1",
        ] {
            assert_eq!(
                reads(&format!("/{SECRET}/dlr"), query),
                Err(Strange::Garbled),
                "{query}"
            );
        }
        assert_eq!(
            reads(&format!("/{SECRET}/sms"), "text=a"),
            Err(Strange::Garbled)
        );
        assert_eq!(
            reads(&format!("/{SECRET}/dlr"), "poll=other&id=7.1.0&type=1"),
            Ok(Said::OfAnother)
        );
    }

    proptest! {
        #[test]
        fn any_bytes_are_escaped_and_read_back(bytes: Vec<u8>) {
            let escaped: String = form_urlencoded::byte_serialize(&bytes).collect();
            prop_assert_eq!(unescaped(&escaped), bytes);
        }

        #[test]
        fn any_query_is_read_or_refused(query in "(poll=bridge&)?(id=[0-9.]{0,6}&)?(type=[0-9a]{0,3}&)?.{0,40}", kind in "dlr|sms") {
            let read = reads(&format!("/{SECRET}/{kind}"), &query);
            prop_assert!(read != Err(Strange::NotHere));
        }
    }
}
