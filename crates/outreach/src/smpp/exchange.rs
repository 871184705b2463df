//! What is on its way over one connection: which submits wait for their response, and how much of what was said the
//! connection has taken. No clock and no network: the time comes in.
//!
//! *Invariants:* a submit that was put in comes out in one report; sequence numbers run from 1 to 0x7FFFFFFF and are
//! never those of a submit that waits.

use super::limits::UNWRITTEN_BYTES_MAX;
use super::settings::Account;
use super::wire::{self, Frame, UNKNOWN_ERROR, command};
use crate::gateway::{Report, Submit, Ticket};
use rusmpp::Pdu;
use std::collections::BTreeMap;
use tokio::time::Instant;
use tokio_util::bytes::BytesMut;

/// Largest sequence number (SMPP 3.4, section 5.1.4).
const SEQUENCE_MAX: u32 = 0x7FFF_FFFF;

/// A submit that waits for its response.
struct Flight {
    ticket: Ticket,
    /// Bytes said before it.
    begins: u64,
    /// When its response is overdue, once the connection has taken a byte of it.
    due: Option<Instant>,
}

/// What is on its way.
pub(super) struct Exchange {
    /// What the connection has not taken.
    pub(super) out: BytesMut,
    /// Bytes that it has.
    written: u64,
    flights: BTreeMap<u32, Flight>,
    sequence: u32,
    /// Responses to nothing that waits.
    pub(super) unknown: u64,
}

impl Exchange {
    /// Nothing on its way, behind this sequence number.
    pub(super) fn behind(sequence: u32) -> Self {
        Self {
            out: BytesMut::new(),
            written: 0,
            flights: BTreeMap::new(),
            sequence,
            unknown: 0,
        }
    }

    /// The next sequence number.
    fn next(&mut self) -> u32 {
        loop {
            self.sequence = if self.sequence < SEQUENCE_MAX {
                self.sequence + 1
            } else {
                1
            };
            if !self.flights.contains_key(&self.sequence) {
                return self.sequence;
            }
        }
    }

    /// Puts a submit on its way.
    pub(super) fn submit(&mut self, account: &Account, submit: &Submit) {
        let sequence = self.next();
        let begins = self.written + self.out.len() as u64;
        wire::say(&mut self.out, sequence, wire::submit(account, submit));
        let ticket = submit.ticket;
        self.flights.insert(
            sequence,
            Flight {
                ticket,
                begins,
                due: None,
            },
        );
    }

    /// Says something that asks for a response which nobody waits for by its number.
    pub(super) fn ask(&mut self, pdu: Pdu) {
        let sequence = self.next();
        wire::say(&mut self.out, sequence, pdu);
    }

    /// Answers a command.
    pub(super) fn answer(&mut self, sequence: u32, status: u32, pdu: Pdu) {
        wire::answer(&mut self.out, sequence, status, pdu);
    }

    /// The connection has taken so many bytes; the response to what is in them is due then.
    pub(super) fn wrote(&mut self, bytes: usize, due: Instant) {
        self.written += bytes as u64;
        let written = self.written;
        for flight in self
            .flights
            .values_mut()
            .filter(|flight| flight.begins < written)
        {
            flight.due.get_or_insert(due);
        }
    }

    /// Whether so much waits to be written that nothing is to be read, since it might be answered.
    pub(super) fn is_full(&self) -> bool {
        self.out.len() > UNWRITTEN_BYTES_MAX
    }

    /// Submits that wait.
    pub(super) fn flying(&self) -> usize {
        self.flights.len()
    }

    /// What a response says of a submit; none where it is to nothing that waits.
    pub(super) fn answered(&mut self, frame: &Frame) -> Option<Report> {
        let Some(Flight { ticket, .. }) = self.flights.remove(&frame.sequence) else {
            self.unknown += 1;
            return None;
        };
        Some(match (frame.command, frame.status) {
            (command::SUBMIT_SM_RESP, 0) => Report::Accepted {
                ticket,
                id: frame.message_id(),
            },
            (_, 0) => Report::Refused {
                ticket,
                status: UNKNOWN_ERROR,
            },
            (_, status) => Report::Refused { ticket, status },
        })
    }

    /// When the next submit is overdue.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.flights.values().filter_map(|flight| flight.due).min()
    }

    /// Nothing is overdue before then: nobody listens for a response.
    pub(super) fn postpone(&mut self, due: Instant) {
        for own in self
            .flights
            .values_mut()
            .filter_map(|flight| flight.due.as_mut())
        {
            *own = due.max(*own);
        }
    }

    /// Submits whose response has not come in time, taken out.
    pub(super) fn overdue(&mut self, now: Instant) -> Vec<Report> {
        let overdue = |_: &u32, flight: &mut Flight| flight.due.is_some_and(|due| due <= now);
        let overdue = self.flights.extract_if(.., overdue);
        overdue
            .map(|(_, flight)| Report::Unanswered {
                ticket: flight.ticket,
            })
            .collect()
    }

    /// What becomes of each submit when the connection is gone: one of which the connection has taken a byte may have
    /// arrived.
    pub(super) fn lost(self) -> Vec<Report> {
        let told = |flight: Flight| match flight.ticket {
            ticket if flight.begins < self.written => Report::Unanswered { ticket },
            ticket => Report::Unsent { ticket },
        };
        self.flights.into_values().map(told).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::number::Number;
    use crate::segment::segments;
    use crate::smpp::settings::{Password, SmppSettings};
    use std::time::Duration;
    use tokio_util::bytes::Buf;
    use zeroize::Zeroizing;

    fn account() -> Account {
        let password = Password::new(Zeroizing::new("secret".to_owned()));
        SmppSettings::new("smsc.example:2775", "sijill", password, "Portal")
            .checked()
            .unwrap()
    }

    fn submit_number(invitation: u32) -> Submit {
        Submit {
            ticket: Ticket {
                invitation,
                attempt: 1,
                part: 0,
            },
            to: Number::from_digits("9647701234567").unwrap(),
            segment: segments("Hello", 1).unwrap().remove(0),
            useful_for: Duration::from_secs(3_600),
        }
    }

    fn response(command: u32, status: u32, sequence: u32, body: &[u8]) -> Frame {
        Frame {
            command,
            status,
            sequence,
            body: BytesMut::from(body),
        }
    }

    fn told(report: &Report) -> (u32, String) {
        match report {
            Report::Accepted { ticket, id } => (ticket.invitation, format!("accepted {id}")),
            Report::Refused { ticket, status } => {
                (ticket.invitation, format!("refused {status:#x}"))
            }
            Report::Unanswered { ticket } => (ticket.invitation, "unanswered".to_owned()),
            Report::Unsent { ticket } => (ticket.invitation, "unsent".to_owned()),
            other => panic!("{other:?}"),
        }
    }

    /// Three submits, of which the connection has taken one and a byte.
    fn three() -> Exchange {
        let account = account();
        let mut exchange = Exchange::behind(0);
        exchange.submit(&account, &submit_number(1));
        let first = exchange.out.len();
        exchange.submit(&account, &submit_number(2));
        exchange.submit(&account, &submit_number(3));
        exchange.out.advance(first + 1);
        exchange.wrote(first + 1, Instant::now());
        exchange
    }

    #[test]
    fn a_submit_of_which_a_byte_was_written_may_have_arrived() {
        let lost: Vec<_> = three().lost().iter().map(told).collect();
        let expected = [(1, "unanswered"), (2, "unanswered"), (3, "unsent")];
        assert_eq!(
            lost,
            expected.map(|(invitation, what)| (invitation, what.to_owned()))
        );
    }

    #[test]
    fn each_submit_is_told_of_once_whatever_is_answered_how_often() {
        let mut exchange = three();
        let accepted = response(command::SUBMIT_SM_RESP, 0, 1, b"ab\0");
        assert_eq!(
            told(&exchange.answered(&accepted).unwrap()),
            (1, "accepted ab".to_owned())
        );
        assert!(exchange.answered(&accepted).is_none());
        assert!(
            exchange
                .answered(&response(command::SUBMIT_SM_RESP, 0, 99, b""))
                .is_none()
        );
        assert_eq!(exchange.unknown, 2);
        let throttled = response(command::SUBMIT_SM_RESP, 0x58, 2, b"");
        assert_eq!(
            told(&exchange.answered(&throttled).unwrap()),
            (2, "refused 0x58".to_owned())
        );
        let nack = response(command::GENERIC_NACK, 0, 3, b"");
        assert_eq!(
            told(&exchange.answered(&nack).unwrap()),
            (3, "refused 0xff".to_owned())
        );
        assert_eq!((exchange.flying(), exchange.lost().len()), (0, 0));
    }

    #[test]
    fn what_was_never_written_is_not_overdue() {
        let mut exchange = three();
        let overdue: Vec<_> = exchange.overdue(Instant::now()).iter().map(told).collect();
        assert_eq!(
            overdue
                .iter()
                .map(|(invitation, _)| *invitation)
                .collect::<Vec<_>>(),
            [1, 2]
        );
        let lost: Vec<_> = exchange.lost().iter().map(told).collect();
        assert_eq!(lost, [(3, "unsent".to_owned())]);
    }

    #[test]
    fn sequence_numbers_begin_again_and_pass_over_those_that_wait() {
        let account = account();
        let mut exchange = Exchange::behind(SEQUENCE_MAX - 1);
        exchange.submit(&account, &submit_number(1));
        exchange.submit(&account, &submit_number(2));
        assert_eq!(
            exchange.flights.keys().copied().collect::<Vec<_>>(),
            [1, SEQUENCE_MAX]
        );
        exchange.sequence = SEQUENCE_MAX - 1;
        exchange.submit(&account, &submit_number(3));
        assert_eq!(
            exchange.flights.keys().copied().collect::<Vec<_>>(),
            [1, 2, SEQUENCE_MAX]
        );
    }
}
