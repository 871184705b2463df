//! A poll: its definition, roster, invitations, events and rules, and the pure pair of `decide` and `evolve`.
//!
//! Values in, values out: no clock, no randomness, no disk, no network, no async. `store` has the disk, `server` the
//! clock and the network, `sijill` the keys and the randomness; `ledger` has entries, chain and signatures.

pub mod credential;
pub mod decide;
pub mod definition;
pub mod error;
pub mod event;
pub mod limits;
pub mod lint;
pub mod objection;
pub mod opening;
pub mod operator;
pub mod personal;
pub mod poll;
pub mod promise;
pub mod publication;
pub mod roster;
pub mod rotation;
pub mod rules;
pub mod segments;
pub mod tally;
pub mod unseal;

pub use decide::{Command, Request, decide};
pub use error::PollError;
pub use event::Event;
pub use poll::{Poll, evolve};
pub use rules::Refusal;
