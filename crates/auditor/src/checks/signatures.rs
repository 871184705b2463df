//! V11: every answer is signed by its invitation's key; and of V8, that every operator event is signed by the key it
//! names. The signatures themselves were checked in `prepare`.

use crate::findings::Findings;
use crate::prepare::Checked;
use crate::report::Failure;
use sijill_poll::event::{Responded, Value, Who};
use sijill_poll::{Event, Poll};

const V8: u8 = 8;
const V11: u8 = 11;

pub(crate) fn look(
    place: u64,
    event: &Event,
    signature: Checked,
    poll: &Poll,
    findings: &mut Findings,
) {
    let check = match event {
        // An objection stands on the signature of the promise in it (V25).
        Event::Opened(_) | Event::Objected(_) => return,
        Event::Responded(_) => V11,
        _ => V8,
    };
    findings.looked_at(check, 1);
    let found = match signature {
        Checked::Good | Checked::NothingToCheck => return,
        Checked::Wrong(error) => error.to_string(),
        Checked::NoInvitation => format!("a roster of {} invitations", poll.roster().len()),
        Checked::NoKey => "a leaf that holds no key".to_owned(),
    };
    let (expected, meaning) = match check {
        V11 => (
            "a signature by the invitation's key over this answer in this poll",
            "the recorded answer is not what this invitation's key signed",
        ),
        _ => (
            "a signature by the key that it names, over this event in this poll",
            "somebody else gave this command, or it was altered",
        ),
    };
    let failure = Failure::new(subject(event, poll), expected, found, meaning);
    findings.fail(check, failure.at_entry(place));
}

/// What an entry is about, for a reader of the report.
pub(crate) fn subject(event: &Event, poll: &Poll) -> String {
    match event {
        Event::Responded(responded) => answer_subject(responded, poll),
        event => format!("`{}`", event.name()),
    }
}

fn answer_subject(responded: &Responded, poll: &Poll) -> String {
    let Who::Invitation { index, revision } = responded.answer.who;
    // What is not on the ballot may be anything, also somebody's number: it is not repeated.
    let option = match responded.answer.chosen.as_slice() {
        [chosen] => match &chosen.value {
            Value::Clear(option) if poll.definition().option_index(option).is_some() => {
                format!("option `{option}`")
            }
            _ => "no option of the ballot".to_owned(),
        },
        _ => "no single choice".to_owned(),
    };
    format!("invitation {index}, revision {revision}, {option}")
}
