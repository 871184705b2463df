//! The state of a poll as its pages tell it.

use crate::messages::Messages;

/// Where a poll stands. Times are milliseconds since 1970, UTC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Phase {
    /// The field period has not begun.
    NotYetOpen {
        /// When it begins.
        opens_at_ms: u64,
    },
    /// Answers are taken.
    Open {
        /// The end in force.
        closes_at_ms: u64,
    },
    /// The operator has interrupted the poll.
    Paused,
    /// No more answers are taken.
    Closed {
        /// Since when.
        closed_at_ms: u64,
    },
    /// The poll counts for nothing.
    Annulled {
        /// The operator's signed reason.
        reason: String,
    },
}

impl Phase {
    /// A word for machines: `data-state` of the results page.
    pub(crate) fn id(&self) -> &'static str {
        match self {
            Phase::NotYetOpen { .. } => "not-yet-open",
            Phase::Open { .. } => "open",
            Phase::Paused => "paused",
            Phase::Closed { .. } => "closed",
            Phase::Annulled { .. } => "annulled",
        }
    }

    /// One sentence for people.
    pub(crate) fn sentence(&self, t: &Messages) -> String {
        let at = |id, unix_ms| t.with_text(id, "moment", &t.moment(unix_ms));
        match self {
            Phase::NotYetOpen { opens_at_ms } => at("state-not-yet-open", opens_at_ms),
            Phase::Open { closes_at_ms } => at("state-open", closes_at_ms),
            Phase::Paused => t.say("state-paused"),
            Phase::Closed { closed_at_ms } => at("state-closed", closed_at_ms),
            Phase::Annulled { reason } => t.with_text("state-annulled", "reason", reason),
        }
    }

    pub(crate) fn is_over(&self) -> bool {
        matches!(self, Phase::Closed { .. } | Phase::Annulled { .. })
    }

    pub(crate) fn is_open(&self) -> bool {
        matches!(self, Phase::Open { .. })
    }
}
