//! An entry's canonical bytes: whoever writes a ledger writes these.

use sijill_ledger::{Event as _, Hash, Sealed, chain, entry::EntryError, limits::ENTRY_BYTES_MAX};
use sijill_poll::event::Responded;
use sijill_poll::roster::Roster;
use sijill_poll::{Event, Poll, opening, operator};
use std::sync::Arc;

/// What reads is the one encoding of what it reads as; what does not read is refused for a reason that is true.
pub(crate) fn check(bytes: &[u8]) {
    match Sealed::<Event>::read(bytes) {
        Ok(sealed) => is_canonical(&sealed, bytes),
        Err(EntryError::LaterVersion { kind }) => assert!(!Event::is_known(kind)),
        Err(EntryError::Codec(_)) => {}
    }
}

fn is_canonical(sealed: &Sealed<Event>, bytes: &[u8]) {
    assert!(bytes.len() <= ENTRY_BYTES_MAX);
    assert_eq!(sealed.bytes(), bytes);
    assert_eq!(sealed.link(), chain::link_of(bytes));
    let again = Sealed::seal(sealed.entry().clone()).expect("what was read can be sealed");
    assert_eq!(&again, sealed);
    judge(sealed);
}

/// Whatever an entry says can be looked at: nobody has checked it yet.
fn judge(sealed: &Sealed<Event>) {
    let entry = sealed.entry();
    let poll_id = Hash::of(b"some poll");
    match &entry.event {
        Event::Opened(opened) => {
            let refused = !opening::faults(entry.at, opened).is_empty();
            let nobody = Arc::new(Roster::none());
            assert!(refused || Poll::open(sealed, nobody).is_ok());
        }
        Event::Responded(responded) => message_is_its_own(responded, poll_id),
        event => drop(operator::envelope(poll_id, event)),
    }
}

/// Answers that differ in anything are signed as different messages.
fn message_is_its_own(responded: &Responded, poll_id: Hash) {
    let message = responded.answer.message(poll_id);
    let mut other = responded.answer.clone();
    other.order ^= 1;
    assert_ne!(message.ok(), other.message(poll_id).ok());
}
