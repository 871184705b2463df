//! Why a submitted answer was refused, as one of a small fixed set of words: what is counted, and what the monitor and
//! the metrics name. Nothing of a request is ever in it.

use crate::rejection::Rejection;
use sijill_pages::ProblemKind;
use sijill_poll::rules::Refusal;

/// Why a submitted answer was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// No invitation has this token.
    UnknownLink,
    /// The token has another form than tokens have.
    MalformedLink,
    /// The body is above the limit.
    TooLarge,
    /// The body did not arrive in time.
    TooSlow,
    /// The body is no form.
    NotAForm,
    /// The body is not UTF-8.
    NotUtf8,
    /// No option.
    NothingChosen,
    /// More than one option.
    TwoChosen,
    /// An option that there is not.
    NotOnBallot,
    /// Before the start.
    NotYetOpen,
    /// After the end.
    Ended,
    /// While the poll is paused.
    Paused,
    /// After the close.
    Closed,
    /// After the poll was annulled.
    Annulled,
    /// More people than were invited.
    MoreThanInvited,
    /// Another answer stands, and this one does not change it.
    AnsweredOtherwise,
    /// While the ledger is being closed.
    Frozen,
    /// The writer's queue is full.
    Busy,
    /// The clock is behind the last entry.
    Clock,
    /// The service has stopped.
    Stopped,
    /// Anything else: a defect, or a rule that no answer from a page can break.
    Other,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Self; 21] = [
        Self::UnknownLink,
        Self::MalformedLink,
        Self::TooLarge,
        Self::TooSlow,
        Self::NotAForm,
        Self::NotUtf8,
        Self::NothingChosen,
        Self::TwoChosen,
        Self::NotOnBallot,
        Self::NotYetOpen,
        Self::Ended,
        Self::Paused,
        Self::Closed,
        Self::Annulled,
        Self::MoreThanInvited,
        Self::AnsweredOtherwise,
        Self::Frozen,
        Self::Busy,
        Self::Clock,
        Self::Stopped,
        Self::Other,
    ];

    /// One word for machines.
    pub fn word(self) -> &'static str {
        match self {
            Self::UnknownLink => "unknown_link",
            Self::MalformedLink => "malformed_link",
            Self::TooLarge => "too_large",
            Self::TooSlow => "too_slow",
            Self::NotAForm => "not_a_form",
            Self::NotUtf8 => "not_utf8",
            Self::NothingChosen => "nothing_chosen",
            Self::TwoChosen => "two_chosen",
            Self::NotOnBallot => "not_on_ballot",
            Self::NotYetOpen => "not_yet_open",
            Self::Ended => "ended",
            Self::Paused => "paused",
            Self::Closed => "closed",
            Self::Annulled => "annulled",
            Self::MoreThanInvited => "more_than_invited",
            Self::AnsweredOtherwise => "answered_otherwise",
            Self::Frozen => "frozen",
            Self::Busy => "busy",
            Self::Clock => "clock",
            Self::Stopped => "stopped",
            Self::Other => "other",
        }
    }
}

impl From<&Rejection> for Reason {
    fn from(rejection: &Rejection) -> Self {
        match rejection {
            Rejection::Refused(refusal) => refusal.into(),
            Rejection::Frozen => Self::Frozen,
            Rejection::Busy => Self::Busy,
            Rejection::ClockWentBack { .. } => Self::Clock,
            Rejection::Stopped { .. } => Self::Stopped,
            _ => Self::Other,
        }
    }
}

impl From<&Refusal> for Reason {
    fn from(refusal: &Refusal) -> Self {
        match refusal {
            Refusal::NotYetOpen { .. } => Self::NotYetOpen,
            Refusal::Ended { .. } => Self::Ended,
            Refusal::Paused => Self::Paused,
            Refusal::Closed => Self::Closed,
            Refusal::Annulled => Self::Annulled,
            Refusal::MoreThanInvited { .. } => Self::MoreThanInvited,
            Refusal::ChangedMeanwhile
            | Refusal::NoRevisionLeft { .. }
            | Refusal::WrongRevision { .. } => Self::AnsweredOtherwise,
            Refusal::NotOnTheBallot => Self::NotOnBallot,
            _ => Self::Other,
        }
    }
}

impl From<ProblemKind> for Reason {
    fn from(kind: ProblemKind) -> Self {
        match kind {
            ProblemKind::UnknownLink => Self::UnknownLink,
            ProblemKind::MalformedLink => Self::MalformedLink,
            ProblemKind::TooLarge { .. } => Self::TooLarge,
            ProblemKind::Timeout { .. } => Self::TooSlow,
            ProblemKind::NotAForm => Self::NotAForm,
            ProblemKind::NotUtf8 => Self::NotUtf8,
            _ => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_reason_has_a_word_of_its_own_that_a_label_can_have() {
        let words: BTreeSet<&str> = Reason::ALL.iter().map(|reason| reason.word()).collect();
        assert_eq!(words.len(), Reason::ALL.len());
        let plain = |word: &&str| {
            word.bytes()
                .all(|b| b.is_ascii_lowercase() || b"_8".contains(&b))
        };
        assert!(words.iter().all(plain), "{words:?}");
        assert!(Reason::ALL.is_sorted());
    }

    #[test]
    fn people_can_read_every_reason() {
        for word in Reason::ALL.map(Reason::word) {
            assert!(sijill_pages::is_known_refusal(word), "{word}");
        }
    }

    #[test]
    fn what_the_rules_refuse_is_counted_by_its_rule() {
        let cases = [
            (Rejection::Refused(Refusal::Paused), Reason::Paused),
            (Rejection::Refused(Refusal::Ended { end: 1 }), Reason::Ended),
            (
                Rejection::Refused(Refusal::NoRevisionLeft { allowed: 0 }),
                Reason::AnsweredOtherwise,
            ),
            (Rejection::Busy, Reason::Busy),
            (Rejection::ClockWentBack { back_ms: 1 }, Reason::Clock),
            (Rejection::ForeignKeys, Reason::Other),
        ];
        for (rejection, reason) in cases {
            assert_eq!(Reason::from(&rejection), reason, "{rejection}");
        }
    }
}
