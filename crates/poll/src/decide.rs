//! Decide: from a command to the event that records it, or the reason why not.
//!
//! Plain and pure: the time comes inside the command, already rounded; signatures were checked before, and the types
//! prove it. What an event then means is `poll::evolve`'s.

use crate::credential::VerifiedAnswer;
use crate::event::Event;
use crate::objection::BrokenPromise;
use crate::operator::VerifiedEvent;
use crate::poll::Poll;
use crate::rules::{self, Refusal};

/// Something that somebody wants to happen.
#[derive(Debug, Clone)]
pub struct Command {
    /// When it would be recorded: milliseconds since 1970, rounded down to the poll's resolution.
    pub at: u64,
    /// What.
    pub request: Request,
}

/// What somebody wants.
#[derive(Debug, Clone)]
pub enum Request {
    /// Record this answer.
    Respond(VerifiedAnswer),
    /// Record this event of operator or sender.
    Operate(Box<VerifiedEvent>),
    /// Record that this promise is broken.
    Object(Box<BrokenPromise>),
}

/// The event that records `command`, if the rules admit it.
pub fn decide(poll: &Poll, command: Command) -> Result<Event, Refusal> {
    let event = match command.request {
        Request::Respond(answer) => Event::Responded(answer.into_responded()),
        Request::Operate(verified) => verified.into_event(),
        Request::Object(broken) => broken.into_event(poll)?,
    };
    rules::admits(poll, command.at, &event)?;
    Ok(event)
}
