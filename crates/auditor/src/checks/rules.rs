//! V16: every entry passes `decide` at its place with its own time. A refusal is reported under the check that its rule
//! belongs to (V6, V8, V10, V12, V14, V15, V17, V32), and under V16 where there is no other.

use crate::checks::signatures::subject;
use crate::findings::Findings;
use crate::report::Failure;
use sijill_ledger::Entry;
use sijill_poll::rules::{self, admits, takes_answers};
use sijill_poll::{Event, Poll, Refusal};

const V12: u8 = 12;
const V15: u8 = 15;
const V16: u8 = 16;

/// The checks that rest on the rules alone, or almost.
const BY_RULES: [u8; 6] = [V12, 14, V15, V16, 17, 8];

#[derive(Default)]
pub(crate) struct Rules {
    judged: u64,
    refused_elsewhere: u64,
    unjudged: u64,
    answers: u64,
}

impl Rules {
    /// Judges an entry after entry 0 against the poll before it.
    pub(crate) fn look(
        &mut self,
        place: u64,
        entry: &Entry<Event>,
        poll: &Poll,
        findings: &mut Findings,
    ) {
        self.answers += u64::from(matches!(entry.event, Event::Responded(_)));
        let refusal = match judge(poll, entry.at, &entry.event) {
            Judgement::Admitted => None,
            Judgement::Refused(refusal) => Some(refusal),
            Judgement::Unknown => {
                self.unjudged += 1;
                return;
            }
        };
        self.judged += 1;
        if let Some(refusal) = refusal {
            let check = refusal.check();
            self.refused_elsewhere += u64::from(check != V16);
            let failure = failure(subject(&entry.event, poll), &refusal);
            findings.fail_once(check, failure.at_entry(place));
        }
    }

    pub(crate) fn finish(&self, findings: &mut Findings) {
        findings.looked_at(V16, self.judged);
        findings.looked_at(V15, self.judged);
        findings.looked_at(V12, self.answers);
        if self.answers == 0 {
            findings.not_applicable(V12, "nobody has answered yet");
            findings.not_applicable(11, "nobody has answered yet");
        }
        if self.refused_elsewhere > 0 {
            let note = format!(
                "entries that break rules of other checks, which tell them: {}",
                self.refused_elsewhere
            );
            findings.note(V16, note);
        }
        if self.unjudged > 0 {
            let why = format!(
                "{} entries have times at which nothing can be judged",
                self.unjudged
            );
            for check in BY_RULES {
                findings.not_checked(check, why.clone());
            }
        }
    }
}

enum Judgement {
    Admitted,
    Refused(Refusal),
    /// The times are such that no other rule can be asked.
    Unknown,
}

/// What the rules say of an event, its time aside where that is wrong in itself: V5 tells times, and one wild time must
/// not hide what else is wrong.
fn judge(poll: &Poll, at: u64, event: &Event) -> Judgement {
    match admits(poll, at, event) {
        Ok(()) => Judgement::Admitted,
        Err(Refusal::TimeGoesBack { .. } | Refusal::TimeTooFine { .. }) => {
            judge_untimely(poll, at, event)
        }
        Err(refusal) => Judgement::Refused(refusal),
    }
}

/// Judges an event of a wrong time as if it had come at the next possible one; rules about time are asked with its own,
/// where they can be.
fn judge_untimely(poll: &Poll, at: u64, event: &Event) -> Judgement {
    let resolution = poll.definition().rules.resolution_ms;
    let Some(earliest) = poll.last_at().checked_next_multiple_of(resolution) else {
        return Judgement::Unknown;
    };
    let then = (at - at % resolution.max(1)).max(earliest);
    let by_its_own_time = || match event {
        Event::Responded(_) => takes_answers(poll, at),
        _ => Ok(()),
    };
    match admits(poll, then, event) {
        Ok(()) => by_its_own_time().map_or_else(Judgement::Refused, |()| Judgement::Admitted),
        Err(refusal) if hangs_on_time(&refusal) => {
            by_its_own_time().map_or_else(Judgement::Refused, |()| Judgement::Admitted)
        }
        Err(refusal) => Judgement::Refused(refusal),
    }
}

fn hangs_on_time(refusal: &Refusal) -> bool {
    matches!(
        refusal,
        Refusal::NotYetOpen { .. }
            | Refusal::Ended { .. }
            | Refusal::Void { .. }
            | Refusal::TooEarlyToClose { .. }
            | Refusal::CannotExtend { .. }
            | Refusal::NotDueYet { .. }
            | Refusal::ObjectionsOver { .. }
    )
}

fn failure(subject: String, refusal: &rules::Refusal) -> Failure {
    let (expected, meaning) = match refusal.check() {
        6 => ("no second `Opened`", "a poll is opened once, by entry 0"),
        8 => (
            "an event that its signer may sign, in its turn and within its time",
            "a command was forged, left out, replayed or reordered",
        ),
        10 => (
            "one roster, committed to before the first wave and the first answer, as the leaves are",
            "invitations may have been invented afterwards",
        ),
        11 => (
            "an invitation of the roster",
            "somebody answered who was not invited",
        ),
        12 => (
            "answers of one invitation numbered 1, 2, … up to what the definition allows",
            "an invitation counted twice, or an answer was changed against the rules",
        ),
        14 => (
            "no more planned than invited, no more answers than planned, waves whose figures add up",
            "answers came from people who were not invited, or a wave was not as declared",
        ),
        15 => (
            "an event that the poll's state and dates allow",
            "it came when the poll did not take it",
        ),
        17 => (
            "the counts of the entries",
            "the result declared is not the result",
        ),
        25 => (
            "a promise signed by this ledger's promise key",
            "what is on record as a broken promise is none of this ledger's",
        ),
        32 => (
            "a text without personal data",
            "somebody's data is public and can never be taken back",
        ),
        _ => (
            "an entry that the rules admit",
            "what should have been refused is in the ledger",
        ),
    };
    Failure::new(subject, expected, refusal.to_string(), meaning)
}
