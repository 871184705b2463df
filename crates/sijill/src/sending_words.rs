//! How sending goes, in words for a terminal: what `sijill invitations` and `sijill monitor` both say of a
//! [`SendingState`].

use crate::console::{duration, grouped};
use crate::moment::rfc3339;
use sijill_outreach::sending_state::{Course, EndReason, Refusals, SendingState, WaitReason};
use sijill_outreach::status::{UNDELIVERED, meaning};

/// What a state comes to now, in a clause.
pub fn course(state: &SendingState, now: u64) -> String {
    match (state.course(now), state.waits, state.ended) {
        (Course::Ended, _, Some(ended)) => end(ended).to_owned(),
        (Course::Waits, Some(waits), _) => wait(waits, state.waits_until),
        (Course::Silent, _, _) => format!(
            "NOBODY SENDS; last seen at {}, and the same command goes on with it",
            rfc3339(state.at / 1_000 * 1_000)
        ),
        _ => format!("messages leave{}{}", rate(state), left(state)),
    }
}

/// Why no message leaves.
fn wait(waits: WaitReason, until: Option<u64>) -> String {
    match (waits, until) {
        (WaitReason::Paused, _) => "nothing leaves: paused".to_owned(),
        (WaitReason::QuietHours, Some(until)) => {
            format!("nothing leaves: quiet hours until {}", rfc3339(until))
        }
        (WaitReason::QuietHours, None) => {
            "nothing leaves: quiet hours without an end; mend `[sending]`".to_owned()
        }
        (WaitReason::PollOver, _) => "nothing leaves: the poll is over".to_owned(),
        (WaitReason::Gateway, _) => "NOTHING LEAVES: no connection to the gateway".to_owned(),
        (WaitReason::Receipts, _) => "everything has left; receipts are waited for".to_owned(),
    }
}

/// How a run ended.
pub fn end(ended: EndReason) -> &'static str {
    match ended {
        EndReason::Final => "the wave is over",
        EndReason::Unreceipted => {
            "the wave is over; no receipt came for the messages that are accepted"
        }
        EndReason::PollOver => {
            "the poll is over; the messages that are queued never left, and count as failed"
        }
        EndReason::Interrupted => "stopped; the same command goes on with it",
        EndReason::Stopped => "THE GATEWAY STOPS IT; the process that sent says why",
    }
}

fn rate(state: &SendingState) -> String {
    format!(
        ", {} segments a second of {} allowed",
        tenths(state.millisegments_a_second),
        tenths(state.millisegments_a_second_max)
    )
}

fn left(state: &SendingState) -> String {
    let seconds = state.seconds_left.filter(|_| state.to_go() > 0);
    seconds.map_or_else(String::new, |seconds| {
        format!("; {} left", duration(seconds))
    })
}

/// Thousandths, with one decimal.
fn tenths(thousandths: u64) -> String {
    format!(
        "{}.{}",
        grouped(thousandths / 1_000),
        thousandths % 1_000 / 100
    )
}

/// What messages failed by, each with its count.
pub fn failures(state: &SendingState) -> Vec<(String, u32)> {
    let refused = state.failed.iter().map(|of| (reason(of), of.count));
    let undelivered = state.failures().remove(UNDELIVERED);
    let undelivered = undelivered.map(|count| ("not delivered, by receipt".to_owned(), count));
    refused.chain(undelivered).collect()
}

fn reason(of: &Refusals) -> String {
    of.status.map_or("other reasons".to_owned(), |status| {
        format!("{} (0x{status:02X})", meaning(status).name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use sijill_outreach::delivery::WaveKind;
    use sijill_outreach::wave::Standing;
    use std::collections::BTreeMap;

    const NOW: u64 = 1_795_450_199_000;

    fn state() -> SendingState {
        SendingState {
            wave: 1,
            kind: WaveKind::First,
            invitations: 500,
            counts: BTreeMap::from([(Standing::Queued, 90), (Standing::Failed, 10)]),
            failed: vec![Refusals {
                status: Some(0x0B),
                count: 7,
            }],
            millisegments_a_second: 49_870,
            millisegments_a_second_max: 1_250_000,
            seconds_left: Some(61),
            waits: None,
            waits_until: None,
            ended: None,
            strays: 0,
            at: NOW,
        }
    }

    #[test]
    fn a_course_is_said_with_what_can_be_done() {
        let waits = |waits, until| SendingState {
            waits: Some(waits),
            waits_until: until,
            ..state()
        };
        for (state, now, said) in [
            (
                state(),
                NOW,
                "messages leave, 49.8 segments a second of 1,250.0 allowed; 1 min 1 s left",
            ),
            (
                state(),
                NOW + 60_000,
                "NOBODY SENDS; last seen at 2026-11-23T16:09:59Z, and the same command goes on with it",
            ),
            (
                waits(WaitReason::QuietHours, Some(NOW)),
                NOW,
                "nothing leaves: quiet hours until 2026-11-23T16:09:59Z",
            ),
            (
                waits(WaitReason::Gateway, None),
                NOW,
                "NOTHING LEAVES: no connection to the gateway",
            ),
            (
                SendingState {
                    ended: Some(EndReason::Final),
                    ..state()
                },
                NOW + 60_000,
                "the wave is over",
            ),
        ] {
            assert_eq!(course(&state, now), said);
        }
    }

    #[test]
    fn the_reasons_of_failed_messages_add_up_to_them() {
        let expected = [
            ("number invalid (0x0B)".to_owned(), 7),
            ("not delivered, by receipt".to_owned(), 3),
        ];
        assert_eq!(failures(&state()), expected);
    }
}
