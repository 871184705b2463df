//! The operator's monitor: an overview as its page shows it.

use super::{frame, phase};
use crate::overview::{PollOverview, SendingOverview};
use crate::paths;
use crate::service::Service;
use crate::site::Site;
use sijill_outreach::sending_state::Course;
use sijill_outreach::wave::Standing;
use sijill_pages as pages;
use sijill_pages::Language;

/// The operator's monitor. Its addresses are relative to that of the page.
pub fn monitor(site: &Site, service: &Service, language: Language) -> pages::MonitorPage {
    const MIB: u64 = 1024 * 1024;
    let seen = service.overview();
    let offered: Vec<Language> = Language::all().collect();
    let polls = seen.polls.into_iter();
    pages::MonitorPage {
        frame: frame(
            site,
            site.domain(&service.domain()),
            &offered,
            language,
            str::to_owned,
        ),
        state: match seen.state.as_str() {
            "ok" => pages::ServiceState::Well,
            "clock_behind" => pages::ServiceState::ClockBehind,
            _ => pages::ServiceState::Stopped,
        },
        seen_at_ms: seen.now,
        started_at_ms: seen.started,
        queue_jobs: seen.queue_jobs,
        queue_jobs_max: seen.queue_jobs_max,
        disk_free_mib: seen.disk_free_bytes.map(|free| free / MIB),
        disk_needed_mib: seen.disk_needed_bytes.div_ceil(MIB),
        connections: seen.connections,
        connections_max: seen.connections_max,
        tiles_mended: seen.tiles_mended,
        refused: seen.refused.into_iter().collect(),
        polls: polls
            .filter_map(|poll| monitored(service, poll, seen.now))
            .collect(),
        script_href: format!("../..{}", paths::MONITOR_JS),
    }
}

fn monitored(service: &Service, poll: PollOverview, now: u64) -> Option<pages::MonitorPoll> {
    let book = service.book(&poll.slug)?;
    let phase = phase(&book.durable(), now);
    Some(pages::MonitorPoll {
        slug: poll.slug,
        phase,
        answered: poll.answered,
        planned: poll.planned,
        pages_opened: poll.pages_opened,
        repeated: poll.repeated,
        arrivals: poll.arrivals,
        published_at_ms: poll.published_at,
        unpublished: poll.entries.saturating_sub(poll.published),
        refused: poll.refused.into_iter().collect(),
        sending: poll.sending.as_ref().map(sending),
    })
}

/// The messages of a wave.
fn sending(seen: &SendingOverview) -> pages::MonitorSending {
    let state = &seen.state;
    let standings = Standing::ALL.map(|of| (of.word().to_owned(), state.count(of).into()));
    let failures = state.failures().into_iter();
    pages::MonitorSending {
        wave: state.wave.into(),
        purpose: state.kind.word().to_owned(),
        course: course(seen),
        seen_at_ms: state.at,
        invitations: state.invitations.into(),
        standings: standings.to_vec(),
        failures: failures
            .map(|(reason, count)| (reason.to_owned(), count.into()))
            .collect(),
        decisegments_a_second: state.millisegments_a_second / 100,
        decisegments_a_second_max: state.millisegments_a_second_max / 100,
        seconds_left: state.seconds_left.filter(|_| state.to_go() > 0),
        strays: state.strays,
    }
}

fn course(seen: &SendingOverview) -> pages::SendingCourse {
    let state = &seen.state;
    match (seen.course, state.waits, state.ended) {
        (Course::Waits, Some(why), _) => pages::SendingCourse::Waits {
            why: why.word().to_owned(),
            until_ms: state.waits_until,
        },
        (Course::Ended, _, Some(how)) => pages::SendingCourse::Ended {
            how: how.word().to_owned(),
        },
        (Course::Silent, _, _) => pages::SendingCourse::Silent,
        _ => pages::SendingCourse::Sends,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sijill_outreach::delivery::WaveKind;
    use sijill_outreach::sending_state::{EndReason, Refusals, SendingState, WaitReason};
    use sijill_outreach::status::FAILURES;
    use std::collections::BTreeMap;

    const NOW: u64 = 1_795_450_199_000;

    fn state() -> SendingState {
        SendingState {
            wave: 3,
            kind: WaveKind::Again,
            invitations: 100,
            counts: BTreeMap::from([(Standing::Queued, 40), (Standing::Failed, 60)]),
            failed: vec![Refusals {
                status: Some(0x0B),
                count: 60,
            }],
            millisegments_a_second: 49_870,
            millisegments_a_second_max: 50_000,
            seconds_left: Some(61),
            waits: None,
            waits_until: None,
            ended: None,
            strays: 2,
            at: NOW,
        }
    }

    fn shown(state: SendingState, now: u64) -> pages::MonitorSending {
        sending(&SendingOverview {
            course: state.course(now),
            state,
        })
    }

    #[test]
    fn people_can_read_every_word_of_sending() {
        let words = Standing::ALL.map(Standing::word).into_iter();
        let words = words.chain(WaitReason::ALL.map(WaitReason::word));
        let words = words.chain(EndReason::ALL.map(EndReason::word));
        let words = words.chain(WaveKind::ALL.map(WaveKind::word));
        for word in words.chain(FAILURES) {
            assert!(pages::is_known_in_sending(word), "{word}");
        }
    }

    #[test]
    fn the_page_shows_what_was_said_and_what_it_comes_to() {
        let seen = shown(state(), NOW);
        assert_eq!(seen.course, pages::SendingCourse::Sends);
        assert_eq!(seen.standings.len(), Standing::ALL.len());
        assert_eq!(seen.standings[0], ("queued".to_owned(), 40));
        assert_eq!(seen.failures, [("number_invalid".to_owned(), 60)]);
        assert_eq!(
            (seen.decisegments_a_second, seen.decisegments_a_second_max),
            (498, 500)
        );
        let waits = SendingState {
            waits: Some(WaitReason::QuietHours),
            waits_until: Some(NOW + 1),
            ..state()
        };
        let why = "quiet_hours".to_owned();
        let until_ms = Some(NOW + 1);
        let expected = pages::SendingCourse::Waits { why, until_ms };
        assert_eq!(shown(waits, NOW).course, expected);
        let silent = shown(state(), NOW + 60_000);
        assert_eq!(silent.course, pages::SendingCourse::Silent);
        let ended = SendingState {
            ended: Some(EndReason::Stopped),
            ..state()
        };
        let how = "stopped".to_owned();
        let expected = pages::SendingCourse::Ended { how };
        assert_eq!(shown(ended, NOW + 60_000).course, expected);
    }
}
