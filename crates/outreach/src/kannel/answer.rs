//! What a gateway's answer to a request means (Kannel 1.4.5, user guide, table "SMS Push reply codes", and what the
//! program says by itself). No clock and no network.
//!
//! An answer is about the number only where it says so, and nothing is believed to have gone out, or not, that the answer
//! leaves open.

use crate::gateway::{Report, Ticket};

/// `status.rs`: submission failed, tried a few times.
const SUBMISSION_FAILED: u32 = 0x45;
/// Number invalid: not to this number again.
const NUMBER_INVALID: u32 = 0x0B;
/// Sender not allowed: everything stops.
const SENDER_NOT_ALLOWED: u32 = 0x0A;
/// Too fast: half the rate.
const TOO_FAST: u32 = 0x58;
/// Temporary error of the application: later.
const TEMPORARY: u32 = 0x64;
/// Service denied: everything stops.
const DENIED: u32 = 0x103;
/// Encoding invalid: everything stops.
const ENCODING_INVALID: u32 = 0x104;

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    /// The gateway has the segment.
    Accepted,
    /// It does not take it, with the status of SMPP that stands for its reason.
    Refused(u32),
    /// It never had it, and will not take another one now.
    NotTaken(String),
    /// Nobody knows, and it is no use to ask on.
    Unclear(String),
    /// It refuses the account.
    Denied(String),
}

/// What a whole answer says.
pub(super) fn of(status: u16, body: &str) -> Answer {
    let body = body.trim();
    let says = |words: &str| body.contains(words);
    match status {
        202 => Answer::Accepted,
        // What is no Kannel's answers 200 to anything.
        200..300 if body.starts_with("0:") || body.starts_with("3:") => Answer::Accepted,
        200..300 => Answer::Unclear(strange(status)),
        400 if says("denied by white- and/or black-lists") => Answer::Refused(NUMBER_INVALID),
        400 if says("Sender missing") => Answer::Refused(SENDER_NOT_ALLOWED),
        400 if says("Charset or body misformed") => Answer::Refused(ENCODING_INVALID),
        // Another field than the number's is wrong, as it would be with every message.
        400 if says("rejected") => Answer::Refused(DENIED),
        403 if says("Not routable") => Answer::Refused(SUBMISSION_FAILED),
        401 | 403 | 407 => Answer::Denied(format!(
            "the gateway refuses this account, or this machine (HTTP {status})"
        )),
        429 => Answer::Refused(TOO_FAST),
        503 => Answer::Refused(TEMPORARY),
        300..400 | 404 | 405 | 410 | 414 | 421 => Answer::NotTaken(format!(
            "nothing takes messages at the gateway's address (HTTP {status})"
        )),
        400..500 => Answer::Refused(SUBMISSION_FAILED),
        _ => Answer::Unclear(strange(status)),
    }
}

fn strange(status: u16) -> String {
    format!(
        "what answers at the gateway's address does not say whether it took a message (HTTP {status})"
    )
}

impl Answer {
    /// What is told of the segment.
    pub(super) fn report(&self, ticket: Ticket) -> Report {
        match self {
            Self::Accepted => Report::Accepted {
                ticket,
                id: super::request::id(ticket),
            },
            Self::Refused(status) => Report::Refused {
                ticket,
                status: *status,
            },
            Self::NotTaken(_) | Self::Denied(_) => Report::Unsent { ticket },
            Self::Unclear(_) => Report::Unanswered { ticket },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::{How, Verdict, meaning};

    #[test]
    fn what_kannel_answers_is_what_it_means() {
        for body in ["0: Accepted for delivery", "3: Queued for later delivery"] {
            assert_eq!(of(202, body), Answer::Accepted);
            assert_eq!(of(200, body), Answer::Accepted);
        }
        let verdict = |status, body| match of(status, body) {
            Answer::Refused(status) => meaning(status).verdict,
            other => panic!("{other:?}"),
        };
        let retry = |how| Verdict::Retry { how };
        for (status, body, expected) in [
            (503, "Temporal failure, try again later.", retry(How::Later)),
            (429, "", retry(How::Slower)),
            (403, "Not routable. Do not try again.", retry(How::FewTimes)),
            (
                400,
                "Number(s) has/have been denied by white- and/or black-lists.",
                Verdict::Final,
            ),
            (
                400,
                "Sender missing and no global set, rejected",
                Verdict::Stop,
            ),
            (400, "Charset or body misformed, rejected", Verdict::Stop),
            (400, "DLR-URL field misformed, rejected", Verdict::Stop),
            (400, "something of another program", retry(How::FewTimes)),
        ] {
            assert_eq!(verdict(status, body), expected, "{status} {body}");
        }
    }

    #[test]
    fn a_refused_account_stops_and_what_is_unclear_is_not_taken_for_either() {
        assert!(matches!(
            of(403, "Authorization failed for sendsms"),
            Answer::Denied(_)
        ));
        assert!(matches!(of(401, ""), Answer::Denied(_)));
        for (status, body) in [
            (200, "<html>Welcome"),
            (204, ""),
            (500, ""),
            (502, ""),
            (504, ""),
            (999, ""),
        ] {
            assert!(matches!(of(status, body), Answer::Unclear(_)), "{status}");
        }
        for status in [301, 404, 405] {
            assert!(
                matches!(of(status, "Unknown request."), Answer::NotTaken(_)),
                "{status}"
            );
        }
    }
}
