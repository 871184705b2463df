//! V6: entry 0, and only it, is `Opened`, and it could have been opened; V7: an operator key that the auditor pinned
//! signed it. That no later entry is `Opened` is among the rules.

use crate::findings::Findings;
use crate::report::Failure;
use sijill_ledger::Sealed;
use sijill_ledger::note::VerifierKey;
use sijill_poll::event::Opened;
use sijill_poll::opening::{self, OpeningFault};
use sijill_poll::{Event, Poll};

const V6: u8 = 6;
const V7: u8 = 7;
const V8: u8 = 8;

/// The opening that entry 0 is, if it is one.
pub(crate) fn of(first: &Sealed<Event>) -> Option<&Opened> {
    match &first.entry().event {
        Event::Opened(opened) => Some(opened),
        _ => None,
    }
}

/// Judges entry 0 by the rules of opening.
pub(crate) fn look(first: &Sealed<Event>, findings: &mut Findings) {
    findings.looked_at(V6, 1);
    let Some(opened) = of(first) else {
        let found = format!("`{}`", first.entry().event.name());
        let meaning = "nothing says what was asked, by whom, or by which rules";
        findings.fail(
            V6,
            Failure::new("entry", "`Opened`", found, meaning).at_entry(0),
        );
        return;
    };
    for fault in opening::faults(first.entry().at, opened) {
        let check = fault.check();
        let failure = Failure::new(
            "`Opened`",
            "an opening that the rules admit",
            fault.to_string(),
            meaning(&fault),
        );
        findings.fail(check, failure.at_entry(0));
    }
}

fn meaning(fault: &OpeningFault) -> &'static str {
    match fault.check() {
        V7 => "nobody known signed this poll, its definition and its keys",
        V8 => "it was recorded after the time that its signer allowed",
        5 => "times finer than declared can give people away",
        _ => "this poll could not have been opened",
    }
}

/// Holds entry 0's signer against the pinned keys. Returns the key that signed, if its signature holds.
pub(crate) fn look_at_key(
    poll: &Poll,
    pinned: &[VerifierKey],
    findings: &mut Findings,
) -> Option<VerifierKey> {
    findings.looked_at(V7, 1);
    if findings.has_failed(V7) {
        return None;
    }
    let place = usize::from(poll.opening().key);
    let signer = poll.definition().keys.operators.get(place)?.clone();
    if pinned.is_empty() {
        findings.not_checked(
            V7,
            "entry 0 is signed, but nobody said by whom it should be; give --operator-key, from somewhere else than this ledger",
        );
    } else if !pinned
        .iter()
        .any(|key| key.public_key() == signer.public_key())
    {
        findings.fail(V7, foreign(pinned, &signer).at_entry(0));
    }
    Some(signer)
}

fn foreign(pinned: &[VerifierKey], signer: &VerifierKey) -> Failure {
    let pinned: Vec<String> = pinned.iter().map(ToString::to_string).collect();
    Failure::new(
        "`Opened`",
        format!("a signature by {}", pinned.join(" or ")),
        format!("one by {signer}"),
        "this is not the poll of the operator whose key you gave",
    )
}

/// Operator events are signed by keys of the definition: they are worth what entry 0's signature is worth.
pub(crate) fn look_at_commands(vouched: bool, findings: &mut Findings) {
    if !vouched {
        findings.not_checked(
            V8,
            "the keys that sign operator events stand in entry 0, for which no pinned key vouches",
        );
    }
}
