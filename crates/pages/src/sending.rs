//! A wave's messages, as the monitor shows them: whether they leave, where they stand, and why those that failed did.
//!
//! Words come from whoever sends, and people read their own for them; a word that is not known is shown as "other".

use crate::messages::{Messages, Value};

/// From so many minutes on, hours are said.
const MINUTES_SAID_MAX: u64 = 120;

/// A wave's messages. Times are milliseconds since 1970, UTC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MonitorSending {
    /// Number of the wave.
    pub wave: u64,
    /// What it is for, in a word: `first`, `again`, `reminder`.
    pub purpose: String,
    /// Whether messages leave.
    pub course: SendingCourse,
    /// When this was so.
    pub seen_at_ms: u64,
    /// Invitations in the wave.
    pub invitations: u64,
    /// How many of them stand where, by word, in the order in which people read them.
    pub standings: Vec<(String, u64)>,
    /// Messages that failed, by reason.
    pub failures: Vec<(String, u64)>,
    /// Tenths of a segment a second, over the last seconds.
    pub decisegments_a_second: u64,
    /// Tenths of a segment a second that may leave.
    pub decisegments_a_second_max: u64,
    /// Seconds until everything has left, about, if that can be said.
    pub seconds_left: Option<u64>,
    /// Delivery receipts that belong to no message.
    pub strays: u64,
}

/// Whether messages leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SendingCourse {
    /// They do.
    Sends,
    /// They do not for now.
    Waits {
        /// Why, in a word.
        why: String,
        /// Until when, where that is known.
        until_ms: Option<u64>,
    },
    /// The process that sent them has ended.
    Ended {
        /// How, in a word.
        how: String,
    },
    /// The process that sent them has said nothing for some time.
    Silent,
}

impl MonitorSending {
    pub(crate) fn heading(&self, t: &Messages) -> String {
        t.with_number("monitor-wave", "wave", &self.wave)
    }

    pub(crate) fn purpose(&self, t: &Messages) -> String {
        said(t, &PURPOSES, &self.purpose)
    }

    pub(crate) fn is_sending(&self) -> bool {
        self.course == SendingCourse::Sends
    }

    /// Whether somebody should do something about it.
    pub(crate) fn is_wrong(&self) -> bool {
        match &self.course {
            SendingCourse::Sends => false,
            SendingCourse::Waits { why, .. } => why == "gateway",
            SendingCourse::Ended { how } => how == "stopped",
            SendingCourse::Silent => true,
        }
    }

    /// Whether messages leave, and why not.
    pub(crate) fn course(&self, t: &Messages) -> String {
        match &self.course {
            SendingCourse::Sends => t.say("monitor-sending"),
            SendingCourse::Waits {
                why,
                until_ms: Some(until),
            } if why == "quiet_hours" => {
                t.with_text("monitor-waits-until", "moment", &t.moment(until))
            }
            SendingCourse::Waits { why, .. } => said(t, &WAITS, why),
            SendingCourse::Ended { how } => said(t, &ENDS, how),
            SendingCourse::Silent => {
                t.with_text("monitor-silent", "moment", &t.moment(&self.seen_at_ms))
            }
        }
    }

    /// Where messages stand: what is always worth a line, and what there is any of.
    pub(crate) fn standings(&self) -> impl Iterator<Item = &(String, u64)> {
        let worth_it =
            |(word, count): &&(String, u64)| *count > 0 || ALWAYS.contains(&word.as_str());
        self.standings.iter().filter(worth_it)
    }

    pub(crate) fn standing(&self, t: &Messages, word: &str) -> String {
        said(t, &STANDINGS, word)
    }

    /// The reasons of those that stand there, which is none but for the failed.
    pub(crate) fn reasons(&self, standing: &str) -> &[(String, u64)] {
        match standing {
            "failed" => &self.failures,
            _ => &[],
        }
    }

    pub(crate) fn reason(&self, t: &Messages, word: &str) -> String {
        said(t, &FAILURES, word)
    }

    pub(crate) fn speed(&self, t: &Messages) -> String {
        let [speed, most] = [self.decisegments_a_second, self.decisegments_a_second_max]
            .map(|tenths| t.tenths(tenths));
        let values = [("count", Value::Text(&speed)), ("most", Value::Text(&most))];
        t.fill("monitor-of", &values)
    }

    /// How long it takes until everything has left, in the largest unit.
    pub(crate) fn left(&self, t: &Messages) -> Option<String> {
        let minutes = self.seconds_left?.div_ceil(60);
        Some(match minutes {
            0 | 1 => t.say("monitor-left-soon"),
            2..MINUTES_SAID_MAX => t.with_number("monitor-left-minutes", "count", &minutes),
            _ => t.with_number("monitor-left-hours", "count", &minutes.div_ceil(60)),
        })
    }

    /// How many per cent of the messages need nothing more done, for the drawing.
    pub(crate) fn done_percent(&self) -> u64 {
        let open = self
            .standings
            .iter()
            .filter(|(word, _)| OPEN.contains(&word.as_str()));
        let open: u64 = open.map(|(_, count)| *count).sum();
        let done = self.invitations.saturating_sub(open);
        (done.saturating_mul(100))
            .checked_div(self.invitations)
            .unwrap_or(0)
    }
}

fn said(t: &Messages, words: &[(&str, &str)], word: &str) -> String {
    let known = words.iter().find(|(known, _)| *known == word);
    t.say(known.map_or("monitor-other", |(_, id)| id))
}

/// Whether people can read every word of sending that this is, for who has the words.
pub fn is_known_in_sending(word: &str) -> bool {
    let all = [&PURPOSES[..], &WAITS, &ENDS, &STANDINGS, &FAILURES];
    all.into_iter().flatten().any(|(known, _)| *known == word)
}

/// Standings that have a line even if nobody stands there.
const ALWAYS: [&str; 4] = ["queued", "accepted", "delivered", "failed"];

/// Standings of messages that have not left.
const OPEN: [&str; 2] = ["queued", "submitted"];

const PURPOSES: [(&str, &str); 3] = [
    ("first", "monitor-wave-first"),
    ("again", "monitor-wave-again"),
    ("reminder", "monitor-wave-reminder"),
];

const WAITS: [(&str, &str); 5] = [
    ("paused", "monitor-waits-paused"),
    ("quiet_hours", "monitor-waits-always"),
    ("poll_over", "monitor-waits-poll-over"),
    ("gateway", "monitor-waits-gateway"),
    ("receipts", "monitor-waits-receipts"),
];

const ENDS: [(&str, &str); 5] = [
    ("final", "monitor-ended-final"),
    ("unreceipted", "monitor-ended-unreceipted"),
    ("poll_over", "monitor-ended-poll-over"),
    ("interrupted", "monitor-ended-interrupted"),
    ("stopped", "monitor-ended-stopped"),
];

const STANDINGS: [(&str, &str); 9] = [
    ("queued", "monitor-messages-queued"),
    ("submitted", "monitor-messages-submitted"),
    ("accepted", "monitor-messages-accepted"),
    ("delivered", "monitor-messages-delivered"),
    ("failed", "monitor-messages-failed"),
    ("expired", "monitor-messages-expired"),
    ("unknown", "monitor-messages-unknown"),
    ("stopped", "monitor-messages-stopped"),
    ("refused", "monitor-messages-refused"),
];

const FAILURES: [(&str, &str); 13] = [
    ("number_invalid", "monitor-failed-number-invalid"),
    ("permanent_error", "monitor-failed-permanent-error"),
    ("refused", "monitor-failed-refused"),
    ("queue_full", "monitor-failed-queue-full"),
    ("too_fast", "monitor-failed-too-fast"),
    ("system_error", "monitor-failed-system-error"),
    ("temporary_error", "monitor-failed-temporary-error"),
    ("not_available", "monitor-failed-not-available"),
    ("submission_failed", "monitor-failed-submission-failed"),
    ("delivery_failed", "monitor-failed-delivery-failed"),
    ("unknown_error", "monitor-failed-unknown-error"),
    ("undelivered", "monitor-failed-undelivered"),
    ("other", "monitor-failed-other"),
];
