//! What is asked: the path and query by which a segment is handed to `sendsms`. No clock and no network.

use super::settings::Account;
use crate::gateway::{Submit, Ticket};
use crate::segment::{Encoding, said};
use form_urlencoded::byte_serialize;
use std::fmt::Write as _;
use zeroize::Zeroizing;

/// Which receipts are wanted: delivered (1), not delivered (2), waiting for the phone (4), refused by the message centre
/// (16). That the centre has taken a message (8) would be one more callback a segment and decides nothing.
const RECEIPTS: u8 = 1 | 2 | 4 | 16;

/// Room for a segment of 140 bytes, each written as three, and the rest: it does not move while it grows, which would
/// leave a copy of the password.
const TARGET_BYTES: usize = 4 * 1024;

/// The path and query of a segment's request; wiped when it is dropped.
pub(super) fn target(account: &Account, submit: &Submit) -> Zeroizing<String> {
    let mut target = Zeroizing::new(String::with_capacity(TARGET_BYTES));
    target.push_str(&account.path);
    let mut between = '?';
    let mut field = |name: &str, value: &[u8]| {
        target.push(between);
        between = '&';
        target.push_str(name);
        target.push('=');
        target.extend(byte_serialize(value));
    };
    field("username", account.username.as_bytes());
    field("password", account.password.expose().as_bytes());
    field("from", account.sender.as_bytes());
    field("to", submit.to.e164().as_bytes());
    if let Some(header) = &submit.segment.header {
        field("udh", header);
    }
    let text = &submit.segment.text;
    match submit.segment.encoding {
        Encoding::Ucs2 => {
            field("coding", b"2");
            field("charset", b"UTF-16BE");
            field("text", text);
        }
        Encoding::Gsm7 => {
            field("coding", b"0");
            field("charset", b"UTF-8");
            field(
                "text",
                Zeroizing::new(said(Encoding::Gsm7, text)).as_bytes(),
            );
        }
    }
    if let Some(longest) = account.validity {
        // Zero minutes would leave it to the gateway.
        let minutes = (longest.min(submit.useful_for).as_secs() / 60).max(1);
        field("validity", minutes.to_string().as_bytes());
    }
    field("dlr-mask", RECEIPTS.to_string().as_bytes());
    field("dlr-url", callback(account, submit.ticket).as_bytes());
    target
}

/// The address that is called with what becomes of a segment: `%d` is what, `%A` what the message centre says of it.
fn callback(account: &Account, ticket: Ticket) -> Zeroizing<String> {
    let callbacks = &account.callbacks;
    let mut url = Zeroizing::new(String::with_capacity(TARGET_BYTES));
    let (address, secret, poll) = (
        &callbacks.address,
        callbacks.secret.expose(),
        &callbacks.poll,
    );
    let id = id(ticket);
    // Writing into a text does not fail.
    let _ = write!(
        url,
        "{address}/{secret}/dlr?poll={poll}&id={id}&type=%d&reply=%A"
    );
    url
}

/// The id of a segment, which its receipts name: its ticket, and nothing else.
pub(super) fn id(ticket: Ticket) -> String {
    let Ticket {
        invitation,
        attempt,
        part,
    } = ticket;
    format!("{invitation}.{attempt}.{part}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kannel::settings::tests::settings;
    use crate::number::Number;
    use crate::segment::segments;
    use std::time::Duration;

    #[track_caller]
    fn asks(text: &str, part: usize, expected: &str) {
        let mut settings = settings();
        settings.validity = Some(Duration::from_secs(7_200));
        let account = settings.checked().unwrap();
        let submit = Submit {
            ticket: Ticket {
                invitation: 70_000,
                attempt: 2,
                part: part as u8,
            },
            to: Number::from_digits("9647701234567").unwrap(),
            segment: segments(text, 9).unwrap().swap_remove(part),
            useful_for: Duration::from_secs(86_400),
        };
        assert_eq!(&*target(&account, &submit), expected);
    }

    #[test]
    fn a_short_text_of_the_default_alphabet_is_asked_in_utf_8() {
        asks(
            "A {€}&",
            0,
            "/cgi-bin/sendsms?username=sijill&password=pass+word&from=Portal&to=%2B9647701234567\
             &coding=0&charset=UTF-8&text=A+%7B%E2%82%AC%7D%26&validity=120&dlr-mask=23\
             &dlr-url=http%3A%2F%2F127.0.0.1%3A13080%2F0123456789abcdef012345%2Fdlr%3Fpoll%3Dbridge\
             %26id%3D70000.2.0%26type%3D%25d%26reply%3D%25A",
        );
    }

    #[test]
    fn a_segment_of_an_arabic_text_is_asked_in_its_bytes_with_its_header() {
        let text = format!("{}ن", "ل".repeat(70));
        asks(
            &text,
            1,
            "/cgi-bin/sendsms?username=sijill&password=pass+word&from=Portal&to=%2B9647701234567\
             &udh=%05%00%03%09%02%02&coding=2&charset=UTF-16BE&text=%06D%06D%06D%06F&validity=120&dlr-mask=23\
             &dlr-url=http%3A%2F%2F127.0.0.1%3A13080%2F0123456789abcdef012345%2Fdlr%3Fpoll%3Dbridge\
             %26id%3D70000.2.1%26type%3D%25d%26reply%3D%25A",
        );
    }
}
