//! What may happen to the messages of one invitation, and what it means: `decide` and `evolve` over the steps that the
//! journal keeps.
//!
//! Invariants:
//! - a message is put on its way only while its invitation is queued, or after an attempt of which nobody knows whether
//!   it arrived; never after one that was accepted, and never to whoever asked to be left alone;
//! - an attempt is over when each of its segments has been answered for; what arrives for an earlier one changes nothing;
//! - what a segment ended with, it keeps.
//!
//! Values in, values out: time comes with the command, disk and network are others'.

use crate::gateway::Outcome;
use crate::limits::{PARTS_MAX, TRIES_MAX};
use serde::{Deserialize, Serialize};
use sijill_ledger::Hash;

/// A line of the journal. Kinds have fixed numbers: new ones are appended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Step {
    /// The first line: whose journal it is.
    Began {
        /// The ledger's name.
        origin: String,
        /// The poll.
        poll_id: Hash,
        /// Random, so that the commitment to the journal tells nothing of what is in it.
        salt: [u8; 32],
        /// Invitations of the roster.
        invitations: u32,
    },
    /// A wave begins.
    WaveBegan {
        /// Its number in the journal.
        wave: u16,
        /// What it is for.
        kind: WaveKind,
        /// Which invitations.
        selection: Selection,
        /// Milliseconds since 1970.
        at: u64,
    },
    /// These invitations are part of it.
    Chosen {
        /// The wave.
        wave: u16,
        /// Places in the roster.
        invitations: Vec<u32>,
    },
    /// All of a wave is chosen; its messages may leave.
    WaveReady {
        /// The wave.
        wave: u16,
    },
    /// A wave is over, and the ledger has what came of it.
    WaveEnded {
        /// The wave.
        wave: u16,
        /// Milliseconds since 1970.
        at: u64,
    },
    /// A receipt for an id that nobody knows yet: it may have overtaken the answer that gives the id.
    Parked {
        /// The id as the receipt has it.
        id: String,
        /// What became of the segment.
        outcome: Final,
    },
    /// Something about one invitation.
    Of {
        /// Its place in the roster.
        invitation: u32,
        /// What.
        what: What,
    },
    /// The ledger has the beginning of a wave.
    WaveRecorded {
        /// The wave, as it is counted here.
        wave: u16,
        /// Its number in the ledger.
        recorded: u16,
    },
}

/// What happened to the message of an invitation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum What {
    /// It is about to be put on its way. Durable before the first byte leaves.
    Submitted {
        /// Which attempt at this invitation, from 1, over all waves.
        attempt: u16,
        /// Segments.
        parts: u8,
        /// Milliseconds since 1970.
        at: u64,
    },
    /// The gateway answers for a segment.
    Accepted {
        /// Of which attempt.
        attempt: u16,
        /// Which segment.
        part: u8,
        /// The gateway's id, normalised.
        id: String,
    },
    /// The gateway does not take a segment, and it will not be tried again.
    Refused {
        /// Of which attempt.
        attempt: u16,
        /// Which segment.
        part: u8,
        /// SMPP's command status.
        status: u32,
    },
    /// Nobody knows whether a segment arrived.
    Unanswered {
        /// Of which attempt.
        attempt: u16,
        /// Which segment.
        part: u8,
    },
    /// A receipt.
    Receipt {
        /// Of which attempt.
        attempt: u16,
        /// Which segment.
        part: u8,
        /// What became of it.
        outcome: Final,
    },
    /// An attempt of which no segment had left was taken back.
    Withdrawn {
        /// Which attempt.
        attempt: u16,
    },
    /// The person asked to be left alone.
    Stopped {
        /// How.
        by: StopWay,
        /// Milliseconds since 1970.
        at: u64,
    },
}

/// Which invitations a wave is for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Selection {
    /// Places of strata in the definition; all where it is empty.
    pub strata: Vec<u16>,
    /// How many of them, in hundredths of a percent; all where it is 0.
    pub share: u16,
}

/// What a wave is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WaveKind {
    /// Invitations that no wave before had.
    First,
    /// Invitations whose message failed.
    Again,
    /// Invitations that have not answered.
    Reminder,
}

impl WaveKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::First, Self::Again, Self::Reminder];

    /// Its word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Again => "again",
            Self::Reminder => "reminder",
        }
    }
}

/// How somebody asked to be left alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum StopWay {
    /// By replying to the message.
    Reply,
    /// On the page behind the link.
    Page,
    /// By telling the operator.
    Operator,
}

/// What a segment ended with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Final {
    /// It is on the phone.
    Delivered,
    /// Its time ran out.
    Expired,
    /// It will not be delivered.
    Failed,
    /// The gateway does not know.
    Unknown,
}

impl Final {
    /// What an outcome is as an end; none where it is none.
    #[must_use]
    pub fn of(outcome: Outcome) -> Option<Self> {
        match outcome {
            Outcome::Pending => None,
            Outcome::Delivered => Some(Self::Delivered),
            Outcome::Expired => Some(Self::Expired),
            Outcome::Failed => Some(Self::Failed),
            Outcome::Unknown => Some(Self::Unknown),
        }
    }
}

/// Where the message of an invitation stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// In no wave yet.
    #[default]
    Uninvited,
    /// To be sent.
    Queued,
    /// On its way to the gateway.
    Submitted,
    /// The gateway answers for all of it.
    Accepted,
    /// All of it is on the phone.
    Delivered,
    /// The gateway or the network will not deliver all of it.
    Failed,
    /// Its time ran out.
    Expired,
    /// Nobody knows whether all of it arrived.
    Unknown,
}

impl State {
    /// All of them, in their order.
    pub const ALL: [Self; 8] = [
        Self::Uninvited,
        Self::Queued,
        Self::Submitted,
        Self::Accepted,
        Self::Delivered,
        Self::Failed,
        Self::Expired,
        Self::Unknown,
    ];
}

/// Segments of an attempt, a bit each.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Parts(pub(crate) u16);

impl Parts {
    fn has(self, part: u8) -> bool {
        self.0 & bit(part) != 0
    }

    fn add(&mut self, part: u8) {
        self.0 |= bit(part);
    }

    fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    fn is_empty(self) -> bool {
        self.0 == 0
    }
}

/// A part beyond the limit has no bit; `decide` refuses it.
fn bit(part: u8) -> u16 {
    1_u16.checked_shl(part.into()).unwrap_or(0)
}

/// One invitation's message, folded from its steps.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Delivery {
    /// Where it stands.
    pub state: State,
    /// The wave that it is or was last part of; 0 before the first.
    pub wave: u16,
    /// Attempts made, over all waves.
    pub attempt: u16,
    /// Attempts made in the wave.
    pub tries: u8,
    /// Segments of the attempt.
    pub parts: u8,
    /// Reminders it was chosen for.
    pub reminders: u8,
    /// Whether the person asked to be left alone.
    pub stopped: bool,
    /// Whether anything of it may have reached the person in the wave.
    pub on_air: bool,
    /// When it was last put on its way, in milliseconds since 1970.
    pub at: u64,
    /// The status with which it was refused.
    pub status: u32,
    pub(crate) accepted: Parts,
    pub(crate) refused: Parts,
    pub(crate) unanswered: Parts,
    pub(crate) delivered: Parts,
    pub(crate) failed: Parts,
    pub(crate) expired: Parts,
    pub(crate) lost: Parts,
}

/// What somebody wants to do about one invitation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command<'a> {
    /// Put its message on its way.
    Submit {
        /// Segments.
        parts: u8,
        /// Milliseconds since 1970.
        at: u64,
    },
    /// Record that the gateway took a segment.
    Accept {
        /// Of which attempt.
        attempt: u16,
        /// Which segment.
        part: u8,
        /// Its id, normalised.
        id: &'a str,
    },
    /// Record that the gateway refused a segment for good.
    Refuse {
        /// Of which attempt.
        attempt: u16,
        /// Which segment.
        part: u8,
        /// SMPP's command status.
        status: u32,
    },
    /// Record that nothing came back.
    GiveUp {
        /// Of which attempt.
        attempt: u16,
        /// Which segment.
        part: u8,
    },
    /// Record a receipt.
    Receive {
        /// Of which attempt.
        attempt: u16,
        /// Which segment.
        part: u8,
        /// What it says.
        outcome: Final,
    },
    /// Take an attempt back of which no segment has left.
    Withdraw,
    /// Leave the person alone from now on.
    Stop {
        /// How they asked.
        by: StopWay,
        /// Milliseconds since 1970.
        at: u64,
    },
}

/// Why something may not happen to a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The person asked to be left alone.
    #[error("the person asked not to be written to")]
    Stopped,
    /// It is not waiting to be sent.
    #[error("its message is not waiting to be sent")]
    NotQueued,
    /// It was tried as often as it may be.
    #[error("its message was tried {TRIES_MAX} times")]
    TooOften,
    /// It has no segment, or too many.
    #[error("a message has 1 to {PARTS_MAX} segments")]
    Segments,
    /// No such attempt is under way, or no such segment of it.
    #[error("this is of another attempt, or of no segment of it")]
    Stale,
    /// It is known already.
    #[error("this is known already")]
    Known,
}

/// What the command comes to, if it may be.
///
/// # Errors
/// Which rule it breaks.
pub fn decide(delivery: &Delivery, command: &Command<'_>) -> Result<What, Refusal> {
    match *command {
        Command::Submit { parts, at } => submit(delivery, parts, at),
        Command::Accept { attempt, part, id } => {
            must_be_open(delivery, attempt, part)?;
            let id = id.to_owned();
            Ok(What::Accepted { attempt, part, id })
        }
        Command::Refuse {
            attempt,
            part,
            status,
        } => {
            must_be_open(delivery, attempt, part)?;
            Ok(What::Refused {
                attempt,
                part,
                status,
            })
        }
        Command::GiveUp { attempt, part } => {
            must_be_open(delivery, attempt, part)?;
            Ok(What::Unanswered { attempt, part })
        }
        Command::Receive {
            attempt,
            part,
            outcome,
        } => receive(delivery, attempt, part, outcome),
        Command::Withdraw => withdraw(delivery),
        Command::Stop { by, at } => match delivery.stopped {
            true => Err(Refusal::Known),
            false => Ok(What::Stopped { by, at }),
        },
    }
}

fn submit(delivery: &Delivery, parts: u8, at: u64) -> Result<What, Refusal> {
    if delivery.stopped {
        return Err(Refusal::Stopped);
    }
    if !matches!(delivery.state, State::Queued | State::Unknown) {
        return Err(Refusal::NotQueued);
    }
    if delivery.tries >= TRIES_MAX {
        return Err(Refusal::TooOften);
    }
    if parts == 0 || parts > PARTS_MAX {
        return Err(Refusal::Segments);
    }
    let attempt = delivery.attempt.saturating_add(1);
    Ok(What::Submitted { attempt, parts, at })
}

/// A segment of the attempt that nobody has answered for.
fn must_be_open(delivery: &Delivery, attempt: u16, part: u8) -> Result<(), Refusal> {
    must_be_of_attempt(delivery, attempt, part)?;
    match delivery.answered().has(part) {
        true => Err(Refusal::Known),
        false => Ok(()),
    }
}

fn must_be_of_attempt(delivery: &Delivery, attempt: u16, part: u8) -> Result<(), Refusal> {
    match attempt == delivery.attempt && part < delivery.parts {
        true => Ok(()),
        false => Err(Refusal::Stale),
    }
}

fn receive(delivery: &Delivery, attempt: u16, part: u8, outcome: Final) -> Result<What, Refusal> {
    must_be_of_attempt(delivery, attempt, part)?;
    if !delivery.accepted.has(part) {
        return Err(Refusal::Stale);
    }
    let again = delivery.lost.has(part) && outcome == Final::Unknown;
    match again || delivery.ended().has(part) {
        true => Err(Refusal::Known),
        false => Ok(What::Receipt {
            attempt,
            part,
            outcome,
        }),
    }
}

fn withdraw(delivery: &Delivery) -> Result<What, Refusal> {
    let attempt = delivery.attempt;
    match delivery.state == State::Submitted && delivery.answered().is_empty() {
        true => Ok(What::Withdrawn { attempt }),
        false => Err(Refusal::Stale),
    }
}

impl Delivery {
    /// Whether its message is to be put on its way: it waits, or nobody knows whether it arrived.
    #[must_use]
    pub fn is_due(&self) -> bool {
        let waits = matches!(self.state, State::Queued | State::Unknown);
        waits && !self.stopped && self.tries < TRIES_MAX
    }

    /// Whether a reminder may go to it, at most `most` over all waves: a message left for it, the last one at `latest` or
    /// before, and nobody asked to be left alone. Whether they have answered is not known here.
    #[must_use]
    pub fn may_be_reminded(&self, most: u8, latest: u64) -> bool {
        let left = matches!(
            self.state,
            State::Accepted | State::Delivered | State::Unknown
        );
        left && !self.stopped && self.reminders < most && self.at <= latest
    }

    /// The reference in the header that joins the segments of the next attempt. Each attempt has its own, or a phone would
    /// join segments of two.
    #[must_use]
    pub fn next_reference(&self) -> u8 {
        let [low, _] = self.attempt.wrapping_add(1).to_le_bytes();
        low
    }

    /// Segments that nobody has answered for: after a restart, nobody will.
    pub fn open_parts(&self) -> impl Iterator<Item = u8> + use<> {
        let (answered, parts) = (self.answered(), self.parts);
        let submitted = self.state == State::Submitted;
        (0..parts).filter(move |part| submitted && !answered.has(*part))
    }

    /// Segments that the gateway has answered for, or will not any more.
    fn answered(&self) -> Parts {
        self.accepted.union(self.refused).union(self.unanswered)
    }

    /// Segments of which the end is known.
    fn ended(&self) -> Parts {
        self.delivered.union(self.failed).union(self.expired)
    }

    /// Every segment of the attempt.
    fn all(&self) -> Parts {
        Parts(bit(self.parts).wrapping_sub(1))
    }

    /// Where the attempt stands by its segments.
    fn standing(&self) -> State {
        let all = self.all();
        match () {
            () if self.answered() != all => State::Submitted,
            () if !self.refused.union(self.failed).is_empty() => State::Failed,
            () if !self.expired.is_empty() => State::Expired,
            () if self.delivered == all => State::Delivered,
            () if !self.unanswered.is_empty() => State::Unknown,
            () => State::Accepted,
        }
    }
}

/// What a step about one invitation means. It was decided, or read from a journal that was.
pub fn evolve(delivery: &mut Delivery, what: &What) {
    match *what {
        What::Submitted { attempt, parts, at } => {
            begin(delivery, attempt, parts, at);
            return;
        }
        What::Stopped { .. } => {
            delivery.stopped = true;
            return;
        }
        What::Withdrawn { .. } => {
            // It was no attempt at all: however often it happens, the message is still to be sent.
            delivery.tries = delivery.tries.saturating_sub(1);
            delivery.state = match delivery.on_air {
                true => State::Unknown,
                false => State::Queued,
            };
            return;
        }
        What::Accepted { part, .. } => {
            delivery.accepted.add(part);
            delivery.on_air = true;
        }
        What::Refused { part, status, .. } => {
            delivery.refused.add(part);
            delivery.status = status;
        }
        What::Unanswered { part, .. } => {
            delivery.unanswered.add(part);
            delivery.on_air = true;
        }
        What::Receipt { part, outcome, .. } => match outcome {
            Final::Delivered => delivery.delivered.add(part),
            Final::Expired => delivery.expired.add(part),
            Final::Failed => delivery.failed.add(part),
            Final::Unknown => delivery.lost.add(part),
        },
    }
    delivery.state = delivery.standing();
}

/// A new attempt: what was known of the segments of the one before is no longer asked for.
fn begin(delivery: &mut Delivery, attempt: u16, parts: u8, at: u64) {
    *delivery = Delivery {
        state: State::Submitted,
        wave: delivery.wave,
        attempt,
        tries: delivery.tries.saturating_add(1),
        parts,
        reminders: delivery.reminders,
        stopped: delivery.stopped,
        on_air: delivery.on_air,
        at,
        ..Delivery::default()
    };
}

/// What being chosen for a wave means.
pub fn choose(delivery: &mut Delivery, wave: u16, kind: WaveKind) {
    let reminder = u8::from(kind == WaveKind::Reminder);
    *delivery = Delivery {
        state: State::Queued,
        wave,
        attempt: delivery.attempt,
        reminders: delivery.reminders.saturating_add(reminder),
        stopped: delivery.stopped,
        at: delivery.at,
        ..Delivery::default()
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A delivery that went through these steps, before which it was chosen for a first wave.
    fn given(steps: &[What]) -> Delivery {
        let mut delivery = Delivery::default();
        choose(&mut delivery, 1, WaveKind::First);
        steps.iter().for_each(|step| evolve(&mut delivery, step));
        delivery
    }

    #[track_caller]
    fn when(steps: &[What], command: Command<'_>) -> (Result<What, Refusal>, State) {
        let mut delivery = given(steps);
        let decided = decide(&delivery, &command);
        if let Ok(step) = &decided {
            evolve(&mut delivery, step);
        }
        (decided, delivery.state)
    }

    const SUBMIT: Command<'_> = Command::Submit { parts: 2, at: 7 };

    fn submitted(attempt: u16) -> What {
        let (parts, at) = (2, 7);
        What::Submitted { attempt, parts, at }
    }

    fn accepted(attempt: u16, part: u8) -> What {
        let id = format!("{attempt}{part}");
        What::Accepted { attempt, part, id }
    }

    fn unanswered(attempt: u16, part: u8) -> What {
        What::Unanswered { attempt, part }
    }

    fn receipt(part: u8, outcome: Final) -> What {
        let attempt = 1;
        What::Receipt {
            attempt,
            part,
            outcome,
        }
    }

    fn receive(attempt: u16, part: u8, outcome: Final) -> Command<'static> {
        Command::Receive {
            attempt,
            part,
            outcome,
        }
    }

    const STOPPED: What = What::Stopped {
        by: StopWay::Reply,
        at: 8,
    };

    #[test]
    fn a_message_leaves_once_and_arrives_when_each_of_its_segments_has() {
        assert_eq!(when(&[], SUBMIT), (Ok(submitted(1)), State::Submitted));
        let mut steps = vec![submitted(1), accepted(1, 0)];
        assert_eq!(given(&steps).state, State::Submitted);
        steps.push(accepted(1, 1));
        assert_eq!(given(&steps).state, State::Accepted);
        assert_eq!(when(&steps, SUBMIT).0, Err(Refusal::NotQueued));
        steps.push(receipt(1, Final::Delivered));
        assert_eq!(given(&steps).state, State::Accepted);
        let last = when(&steps, receive(1, 0, Final::Delivered));
        assert_eq!(last.1, State::Delivered);
    }

    #[test]
    fn what_nobody_knows_of_may_be_repeated_and_not_for_ever() {
        let mut steps = vec![submitted(1), accepted(1, 0), unanswered(1, 1)];
        assert_eq!(given(&steps).state, State::Unknown);
        assert_eq!(when(&steps, SUBMIT).0, Ok(submitted(2)));
        for attempt in 2..=u16::from(TRIES_MAX) {
            assert!(given(&steps).is_due());
            steps.push(submitted(attempt));
            steps.extend([unanswered(attempt, 0), unanswered(attempt, 1)]);
        }
        assert_eq!(when(&steps, SUBMIT).0, Err(Refusal::TooOften));
        assert!(!given(&steps).is_due());
    }

    #[test]
    fn what_an_earlier_attempt_came_to_changes_nothing() {
        let steps = [submitted(1), accepted(1, 0), unanswered(1, 1), submitted(2)];
        let late = when(&steps, receive(1, 0, Final::Delivered));
        assert_eq!(late, (Err(Refusal::Stale), State::Submitted));
        let accept = Command::Accept {
            attempt: 1,
            part: 0,
            id: "x",
        };
        assert_eq!(when(&steps, accept).0, Err(Refusal::Stale));
    }

    #[test]
    fn a_segment_that_fails_or_expires_fails_or_expires_the_message() {
        let all = [submitted(1), accepted(1, 0), accepted(1, 1)];
        for (outcome, state) in [
            (Final::Failed, State::Failed),
            (Final::Expired, State::Expired),
            (Final::Unknown, State::Accepted),
        ] {
            assert_eq!(when(&all, receive(1, 1, outcome)).1, state);
        }
        let steps = [&all[..], &[receipt(1, Final::Failed)]].concat();
        let again = when(&steps, receive(1, 1, Final::Delivered));
        assert_eq!(again, (Err(Refusal::Known), State::Failed));
        let refused = Command::Refuse {
            attempt: 1,
            part: 1,
            status: 0x0B,
        };
        assert_eq!(when(&all[..2], refused).1, State::Failed);
    }

    #[test]
    fn nobody_is_written_to_who_asked_to_be_left_alone() {
        assert_eq!(when(&[STOPPED], SUBMIT).0, Err(Refusal::Stopped));
        let unknown = [submitted(1), unanswered(1, 0), unanswered(1, 1), STOPPED];
        assert_eq!(when(&unknown, SUBMIT).0, Err(Refusal::Stopped));
        assert!(!given(&unknown).is_due());
        let mut reminded = given(&[STOPPED]);
        choose(&mut reminded, 2, WaveKind::Reminder);
        assert_eq!(decide(&reminded, &SUBMIT), Err(Refusal::Stopped));
        assert_eq!((reminded.reminders, reminded.wave), (1, 2));
    }

    #[test]
    fn an_attempt_is_taken_back_only_while_none_of_it_has_left() {
        let back = when(&[submitted(1), STOPPED], Command::Withdraw);
        assert_eq!(back, (Ok(What::Withdrawn { attempt: 1 }), State::Queued));
        let gone = when(&[submitted(1), accepted(1, 0)], Command::Withdraw);
        assert_eq!(gone.0, Err(Refusal::Stale));
    }

    #[test]
    fn a_reminder_goes_to_whom_a_message_left_long_enough_ago_and_no_more_often_than_allowed() {
        let sent = Delivery {
            state: State::Delivered,
            at: 1_000,
            ..Delivery::default()
        };
        assert!(sent.may_be_reminded(1, 1_000));
        assert!(!sent.may_be_reminded(1, 999));
        let (reminders, stopped) = (1, true);
        for not in [
            Delivery { reminders, ..sent },
            Delivery { stopped, ..sent },
            Delivery {
                state: State::Failed,
                ..sent
            },
            Delivery {
                state: State::Uninvited,
                ..sent
            },
        ] {
            assert!(!not.may_be_reminded(1, 1_000), "{not:?}");
        }
    }

    /// Three stops while the gateway took nothing, and an invitation was never sent, in a wave that counted as over.
    #[test]
    fn what_was_taken_back_is_still_to_be_sent_however_often_that_was() {
        let mut steps = Vec::new();
        for attempt in 1..=2 * u16::from(TRIES_MAX) {
            steps.extend([submitted(attempt), What::Withdrawn { attempt }]);
        }
        let delivery = given(&steps);
        assert_eq!((delivery.state, delivery.is_due()), (State::Queued, true));
    }

    #[test]
    fn the_next_attempt_has_another_reference() {
        let first = given(&[]).next_reference();
        let second = given(&[submitted(1), unanswered(1, 0), unanswered(1, 1)]).next_reference();
        assert_ne!(first, second);
    }

    #[test]
    fn no_message_has_more_segments_than_there_are_bits() {
        for (parts, all) in [(1, 1), (10, 0x3FF), (16, 0xFFFF)] {
            let delivery = Delivery {
                parts,
                ..Delivery::default()
            };
            assert_eq!(delivery.all(), Parts(all));
        }
        for parts in [0, PARTS_MAX + 1] {
            let command = Command::Submit { parts, at: 0 };
            assert_eq!(when(&[], command).0, Err(Refusal::Segments));
        }
    }

    /// One step of each kind.
    fn every_step() -> [Step; 14] {
        let of = |what| Step::Of {
            invitation: 70_000,
            what,
        };
        let (wave, at, attempt, part) = (300, 9, 2, 1);
        let id = "ab".to_owned();
        let (origin, poll_id, salt) = ("a.b/c".to_owned(), Hash::of(b""), [7; 32]);
        let selection = Selection {
            strata: vec![3],
            share: 500,
        };
        [
            Step::Began {
                origin,
                poll_id,
                salt,
                invitations: 251,
            },
            Step::WaveBegan {
                wave,
                kind: WaveKind::Reminder,
                selection,
                at,
            },
            Step::Chosen {
                wave,
                invitations: vec![1, 70_000],
            },
            Step::WaveReady { wave },
            Step::WaveEnded { wave, at },
            Step::Parked {
                id: id.clone(),
                outcome: Final::Unknown,
            },
            of(What::Submitted {
                attempt,
                parts: 3,
                at,
            }),
            of(What::Accepted { attempt, part, id }),
            of(What::Refused {
                attempt,
                part,
                status: 0x58,
            }),
            of(unanswered(attempt, part)),
            of(receipt(1, Final::Expired)),
            of(What::Withdrawn { attempt }),
            of(What::Stopped {
                by: StopWay::Operator,
                at,
            }),
            Step::WaveRecorded { wave, recorded: 4 },
        ]
    }

    /// The journal of a sender is kept for years: its bytes never change.
    #[test]
    fn the_bytes_of_every_step_are_those_of_the_specification() {
        let hex = |step: &Step| {
            let bytes = sijill_ledger::codec::encode(step).unwrap();
            let digits = bytes.iter().map(|byte| format!("{byte:02x}"));
            digits.collect::<String>()
        };
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        let expected = [
            format!("0005612e622f63{empty}{}fbfb00", "07".repeat(32)),
            "01fb2c01020103fbf40109".to_owned(),
            "02fb2c010201fc70110100".to_owned(),
            "03fb2c01".to_owned(),
            "04fb2c0109".to_owned(),
            "0502616203".to_owned(),
            "06fc7011010000020309".to_owned(),
            "06fc70110100010201026162".to_owned(),
            "06fc7011010002020158".to_owned(),
            "06fc70110100030201".to_owned(),
            "06fc7011010004010101".to_owned(),
            "06fc701101000502".to_owned(),
            "06fc70110100060209".to_owned(),
            "07fb2c0104".to_owned(),
        ];
        assert_eq!(every_step().each_ref().map(hex), expected);
    }

    fn any_command() -> impl Strategy<Value = Command<'static>> {
        let part = || (0_u16..4, 0_u8..3);
        let ends = prop_oneof![
            Just(Final::Delivered),
            Just(Final::Expired),
            Just(Final::Failed),
            Just(Final::Unknown)
        ];
        let by = StopWay::Page;
        let id = "7";
        prop_oneof![
            Just(SUBMIT),
            Just(Command::Withdraw),
            Just(Command::Stop { by, at: 9 }),
            part().prop_map(move |(attempt, part)| Command::Accept { attempt, part, id }),
            part().prop_map(|(attempt, part)| Command::Refuse {
                attempt,
                part,
                status: 0x45
            }),
            part().prop_map(|(attempt, part)| Command::GiveUp { attempt, part }),
            (part(), ends).prop_map(|((attempt, part), outcome)| receive(attempt, part, outcome)),
        ]
    }

    proptest! {
        #[test]
        fn nobody_gets_a_link_twice_unless_the_attempt_before_was_unknown_or_taken_back(
            commands in proptest::collection::vec(any_command(), 0..60),
        ) {
            let mut delivery = given(&[]);
            let mut stopped = false;
            for command in commands {
                let before = delivery;
                let Ok(step) = decide(&delivery, &command) else { continue };
                evolve(&mut delivery, &step);
                if let What::Submitted { attempt, .. } = step {
                    prop_assert!(!stopped);
                    prop_assert!(matches!(before.state, State::Queued | State::Unknown));
                    prop_assert_eq!(attempt, before.attempt + 1);
                }
                stopped |= matches!(step, What::Stopped { .. });
                prop_assert!(delivery.tries <= TRIES_MAX);
                // An end is an end, but for a segment whose end was not known yet.
                if matches!(before.state, State::Delivered | State::Failed | State::Expired) {
                    let told = matches!(step, What::Receipt { .. });
                    let changes = told && before.state != State::Delivered;
                    prop_assert!(delivery.state == before.state || changes);
                }
            }
        }
    }
}
