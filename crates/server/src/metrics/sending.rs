//! Messages that leave, of each poll whose sender works in this data directory. Labels are polls' names and words of this
//! program, a bounded number of each.

use super::{OfPoll, Seconds, Sheet, Whole};
use crate::overview::{PollOverview, SendingOverview};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Unit;
use sijill_outreach::sending_state::{Course, EndReason, WaitReason};
use sijill_outreach::status::FAILURES;
use sijill_outreach::wave::Standing;
use std::hash::Hash;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfStanding {
    poll: String,
    standing: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfFailure {
    poll: String,
    reason: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfCourse {
    poll: String,
    course: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfWait {
    poll: String,
    why: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfEnd {
    poll: String,
    how: &'static str,
}

/// A poll with the messages of its last wave.
type Sending<'a> = (&'a str, &'a SendingOverview);

impl Sheet {
    pub(super) fn sending(&mut self, polls: &[PollOverview]) {
        let sending = polls.iter().filter_map(|poll| {
            let sending = poll.sending.as_ref()?;
            Some((poll.slug.as_str(), sending))
        });
        let sending: Vec<Sending<'_>> = sending.collect();
        if sending.is_empty() {
            return;
        }
        self.sending_course(&sending);
        self.sending_counts(&sending);
        self.sending_figures(&sending);
        self.sending_times(&sending);
    }

    fn sending_course(&mut self, sending: &[Sending<'_>]) {
        let courses = Family::<OfCourse, Whole>::default();
        let waits = Family::<OfWait, Whole>::default();
        let ends = Family::<OfEnd, Whole>::default();
        for (poll, seen) in sending {
            let poll = || (*poll).to_owned();
            one_of(&courses, Course::ALL, seen.course, |course| OfCourse {
                poll: poll(),
                course: course.word(),
            });
            let why = seen.state.waits.filter(|_| seen.course == Course::Waits);
            one_of(&waits, WaitReason::ALL.map(Some), why, |why| OfWait {
                poll: poll(),
                why: why.map_or("", WaitReason::word),
            });
            one_of(&ends, EndReason::ALL.map(Some), seen.state.ended, |how| {
                OfEnd {
                    poll: poll(),
                    how: how.map_or("", EndReason::word),
                }
            });
        }
        let help = "1 for what sending does: sends, waits, ended, or silent when nobody has told anything for some time";
        self.0.register("sending_course", help, courses);
        let help = "1 for the reason why no message leaves while a process waits to send, 0 for the others";
        self.0.register("sending_waits", help, waits);
        let help = "1 for how the last run of sending ended, 0 for the others, and for all while it goes on";
        self.0.register("sending_ended", help, ends);
    }

    /// Every word from the start on, so that the first of its kind is seen to come.
    fn sending_counts(&mut self, sending: &[Sending<'_>]) {
        let standings = Family::<OfStanding, Whole>::default();
        let failures = Family::<OfFailure, Whole>::default();
        for (poll, seen) in sending {
            for standing in Standing::ALL {
                let labels = OfStanding {
                    poll: (*poll).to_owned(),
                    standing: standing.word(),
                };
                let count = seen.state.count(standing).into();
                standings.get_or_create(&labels).set(count);
            }
            let found = seen.state.failures();
            for reason in FAILURES {
                let labels = OfFailure {
                    poll: (*poll).to_owned(),
                    reason,
                };
                let count = found.get(reason).copied().unwrap_or(0).into();
                failures.get_or_create(&labels).set(count);
            }
        }
        let help = "Invitations of the last wave, by where their message stands";
        self.0.register("sending_invitations", help, standings);
        let help = "Messages of the last wave that failed, by reason";
        self.0.register("sending_failed", help, failures);
    }

    fn sending_figures(&mut self, sending: &[Sending<'_>]) {
        let mut each = |name: &str, help: &str, of: fn(&SendingOverview) -> f64| {
            let family = Family::<OfPoll, Seconds>::default();
            for (poll, seen) in sending {
                family.get_or_create(&labels(poll)).set(of(seen));
            }
            self.0.register(name, help, family);
        };
        each(
            "sending_wave",
            "Number of the last wave among the waves of its sender",
            |seen| seen.state.wave.into(),
        );
        each(
            "sending_segments_per_second",
            "Message segments that left a second, over the last seconds",
            |seen| whole_segments(seen, seen.state.millisegments_a_second),
        );
        each(
            "sending_segments_per_second_max",
            "Message segments that may leave a second at present: as agreed with the gateway, or fewer while it says too fast",
            |seen| whole_segments(seen, seen.state.millisegments_a_second_max),
        );
        each(
            "sending_stray_receipts",
            "Delivery receipts of the present run that belong to no message",
            |seen| seen.state.strays as f64,
        );
    }

    fn sending_times(&mut self, sending: &[Sending<'_>]) {
        let told = Family::<OfPoll, Seconds>::default();
        let left = Family::<OfPoll, Seconds>::default();
        for (poll, seen) in sending {
            let at = seen.state.at as f64 / 1_000.0;
            told.get_or_create(&labels(poll)).set(at);
            let seconds = seen.state.seconds_left.filter(|_| is_there(seen));
            left.get_or_create(&labels(poll))
                .set(seconds.map_or(f64::NAN, |seconds| seconds as f64));
        }
        let help = "When the process that sends last told how it goes, since 1970; each second while there is one";
        let mut timed = |name: &str, help: &str, family: Family<OfPoll, Seconds>| {
            self.0.register_with_unit(name, help, Unit::Seconds, family);
        };
        timed("sending_told_time", help, told);
        let help = "About how long it takes until every message has left; not a number where that cannot be said";
        timed("sending_left", help, left);
    }
}

/// 1 for the one that is so, 0 for the others.
fn one_of<T: PartialEq, L: Clone + Eq + Hash, const N: usize>(
    family: &Family<L, Whole>,
    all: [T; N],
    is_so: T,
    labels: impl Fn(&T) -> L,
) {
    for one in all {
        let value = u64::from(one == is_so);
        family.get_or_create(&labels(&one)).set(value);
    }
}

/// Whether a process is there that sends, or waits to.
fn is_there(seen: &SendingOverview) -> bool {
    matches!(seen.course, Course::Sends | Course::Waits)
}

/// Whole segments, and none where nobody sends.
fn whole_segments(seen: &SendingOverview, thousandths: u64) -> f64 {
    match is_there(seen) {
        true => thousandths as f64 / 1_000.0,
        false => 0.0,
    }
}

fn labels(poll: &str) -> OfPoll {
    OfPoll {
        poll: poll.to_owned(),
    }
}
