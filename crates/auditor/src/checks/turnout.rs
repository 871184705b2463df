//! V14: at every prefix, the roster has at least as many invitations as waves planned, and these at least as many as
//! answered; a wave without an end is named. That the figures of a wave add up is among the rules.

use crate::findings::Findings;
use crate::report::Failure;
use sijill_poll::Poll;

const V14: u8 = 14;

/// What was in order at the prefix before.
pub(crate) struct Turnout {
    planned_fits: bool,
    answered_fits: bool,
    waves: usize,
}

impl Default for Turnout {
    fn default() -> Self {
        Self {
            planned_fits: true,
            answered_fits: true,
            waves: 0,
        }
    }
}

impl Turnout {
    /// Goes on after entries that left the poll so, with everything in order.
    pub(crate) fn resume(poll: &Poll) -> Self {
        Self {
            waves: poll.waves().len(),
            ..Self::default()
        }
    }

    /// Looks at the poll after the entry at `place`; told is where an inequality ceases to hold.
    pub(crate) fn look(&mut self, place: u64, poll: &Poll, findings: &mut Findings) {
        findings.looked_at(V14, 1);
        if poll.waves().len() != self.waves {
            self.waves = poll.waves().len();
            let invited = poll.committed().map(|committed| u64::from(committed.count));
            let fits = invited.is_none_or(|invited| poll.planned() <= invited);
            if self.planned_fits && !fits {
                let expected = format!(
                    "at most {} invitations planned",
                    invited.unwrap_or_default()
                );
                let found = format!("{} planned", poll.planned());
                fail(place, expected, found, findings);
            }
            self.planned_fits = fits;
        }
        let (answered, planned) = (poll.tally().answered, poll.planned());
        let fits = answered <= planned;
        if self.answered_fits && !fits {
            let expected = format!("at most {planned} people who answered");
            fail(
                place,
                expected,
                format!("{answered} who answered"),
                findings,
            );
        }
        self.answered_fits = fits;
    }

    pub(crate) fn finish(poll: &Poll, findings: &mut Findings) {
        if poll.waves().is_empty() && !findings.has_failed(V14) {
            findings.not_applicable(V14, "no wave of invitations was begun yet");
        }
        for (place, wave) in poll
            .waves()
            .iter()
            .enumerate()
            .take(crate::limits::FAILURES_MAX)
        {
            if !wave.ended {
                let note = format!(
                    "wave {} ({} invitations) has no end recorded: nothing says how many were sent",
                    place + 1,
                    wave.planned
                );
                findings.note(V14, note);
            }
        }
    }
}

fn fail(place: u64, expected: String, found: String, findings: &mut Findings) {
    let meaning = "answers were stuffed, or a wave was declared larger than it can have been";
    let failure = Failure::new("prefix up to this entry", expected, found, meaning);
    findings.fail_once(V14, failure.at_entry(place));
}
