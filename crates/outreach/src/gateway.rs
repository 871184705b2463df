//! The seam between whoever decides what is sent and whoever carries it: two channels.
//!
//! A gateway takes [`Submit`]s, as many at a time as its window lets it, and tells in [`Report`]s what became of each;
//! every submit that it took gets exactly one of [`Report::Accepted`], [`Report::Refused`], [`Report::Unanswered`] and
//! [`Report::Unsent`]. It repeats nothing by itself, remembers nothing, and decides nothing but when to connect again.
//! What it hears without having asked (receipts, replies) it confirms to the other side only when the [`Ack`] is given:
//! after it is on disk.
//!
//! When the sender of submits is dropped, a gateway ends: it waits for what is on its way, up to its time-out, takes its
//! leave, and closes the reports.

use crate::number::Number;
use crate::segment::Segment;
use std::fmt;
use std::time::Duration;
use tokio::sync::mpsc;

/// Which segment of which attempt at which invitation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ticket {
    /// The invitation's place in the roster.
    pub invitation: u32,
    /// Attempts at this invitation, from 1.
    pub attempt: u16,
    /// The segment's place in the message, from 0.
    pub part: u8,
}

/// A segment to be sent.
#[derive(Debug, Clone)]
pub struct Submit {
    /// What reports will name it by.
    pub ticket: Ticket,
    /// To whom.
    pub to: Number,
    /// What.
    pub segment: Segment,
    /// How long it is worth delivering: no message arrives after its poll.
    pub useful_for: Duration,
}

/// What a gateway tells.
#[derive(Debug)]
pub enum Report {
    /// It is connected and takes submits.
    Up,
    /// The connection is lost, or was never made; another attempt follows.
    Down {
        /// Why, in words for the operator, without anybody's number.
        why: String,
        /// Until the next attempt.
        again_in: Duration,
    },
    /// The other side refuses this account or its settings: nothing is tried until the operator has mended it, and the
    /// reports end.
    Stopped {
        /// Why, in words for the operator.
        why: String,
    },
    /// The gateway answers for this segment under this id.
    Accepted {
        /// Which segment.
        ticket: Ticket,
        /// The id that its receipts will name, as it was given.
        id: String,
    },
    /// The gateway does not take this segment.
    Refused {
        /// Which segment.
        ticket: Ticket,
        /// SMPP's `command_status` (SMPP 3.4, section 5.1.3), or what stands for it.
        status: u32,
    },
    /// It was put on its way and nothing came back in time: nobody knows whether it arrived.
    Unanswered {
        /// Which segment.
        ticket: Ticket,
    },
    /// It was never put on its way: the connection was gone before.
    Unsent {
        /// Which segment.
        ticket: Ticket,
    },
    /// What became of a segment later.
    Receipt {
        /// The receipt.
        receipt: Receipt,
        /// Given when it is on disk.
        ack: Ack,
    },
    /// A message from a person.
    Reply {
        /// Who sent it; none where it is no number.
        from: Option<Number>,
        /// What it says.
        text: String,
        /// Given when it is on disk.
        ack: Ack,
    },
}

/// What a delivery receipt says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The id as the receipt writes it: perhaps in another base, or with zeros before it, than when it was given.
    pub id: String,
    /// Whom the segment was for, if the receipt says it.
    pub to: Option<Number>,
    /// What became of it.
    pub outcome: Outcome,
    /// The network's error code, in its own words; empty where there is none.
    pub error: String,
}

/// What became of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Not final: on its way, or waiting for the phone.
    Pending,
    /// It is on the phone.
    Delivered,
    /// Its time ran out before the phone was reached.
    Expired,
    /// The network will not deliver it: undeliverable, deleted, rejected.
    Failed,
    /// The gateway itself does not know.
    Unknown,
}

/// The confirmation that a gateway owes the other side. Dropped without being given, it is not confirmed, and the other
/// side will say it again.
pub struct Ack(Box<dyn FnOnce() + Send>);

impl Ack {
    /// One that does this when it is given.
    pub fn new(give: impl FnOnce() + Send + 'static) -> Self {
        Self(Box::new(give))
    }

    /// Gives it.
    pub fn give(self) {
        (self.0)();
    }
}

impl fmt::Debug for Ack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ack")
    }
}

/// A gateway at work.
#[derive(Debug)]
pub struct Gateway {
    /// What is to be sent. It has room for as many as may be on their way at once.
    pub submits: mpsc::Sender<Submit>,
    /// What is told.
    pub reports: mpsc::Receiver<Report>,
}
