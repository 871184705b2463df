//! The page for whatever did not work: what happened, why, and what to do next.
//!
//! *Invariant:* no problem page repeats what was sent: no token, no address, no body. It may end up
//! on a shared screen or in a screenshot sent to the help desk.

use askama::Template;

use crate::content_policy::CSS;
use crate::messages::{Messages, Value};
use crate::{Frame, PageError};

/// A page that says what did not work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Language; links where they hold no token, else none.
    pub frame: Frame,
    /// What happened.
    pub kind: ProblemKind,
    /// Address of the front page.
    pub home_href: String,
}

/// What can go wrong for a reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProblemKind {
    /// A well-formed token that no invitation of any poll here has.
    UnknownLink,
    /// A token of the wrong length or with characters that tokens do not have.
    MalformedLink,
    /// A body above the limit.
    TooLarge {
        /// The limit.
        bytes_max: u64,
    },
    /// A body that is not an HTML form's.
    NotAForm,
    /// A body that is not UTF-8.
    NotUtf8,
    /// A request that did not arrive in time.
    Timeout {
        /// The limit.
        seconds_max: u64,
    },
    /// The queue is full.
    Busy {
        /// When to try again.
        retry_after_seconds: u64,
    },
    /// The service takes no answers until somebody has looked at it.
    Stopped,
    /// An option that the ballot does not have.
    NotOnBallot,
    /// More than one option.
    TwoChosen,
    /// The link was answered differently, and answers are final or no change is left.
    AnsweredOtherwise,
    /// The answer was changed after this form was shown.
    ChangedMeanwhile,
    /// No such page.
    NotFound,
    /// A page that is there, but not for this kind of request.
    WrongMethod,
    /// The service's clock jumped back, so that nothing can be recorded.
    Clock,
    /// A link to the monitor that was used.
    MonitorLinkUsed,
    /// A link to the monitor that is too old, or that there never was.
    MonitorLinkUnknown,
    /// The monitor, in a browser that it was not opened in.
    MonitorNotOpen,
    /// A wish for no more messages that could not be written down.
    StopNotRecorded,
    /// A defect.
    Internal,
}

impl ProblemKind {
    /// One of every kind, for tests and previews.
    pub const ALL: [ProblemKind; 20] = [
        ProblemKind::UnknownLink,
        ProblemKind::MalformedLink,
        ProblemKind::TooLarge { bytes_max: 4096 },
        ProblemKind::NotAForm,
        ProblemKind::NotUtf8,
        ProblemKind::Timeout { seconds_max: 10 },
        ProblemKind::Busy {
            retry_after_seconds: 5,
        },
        ProblemKind::Stopped,
        ProblemKind::NotOnBallot,
        ProblemKind::TwoChosen,
        ProblemKind::AnsweredOtherwise,
        ProblemKind::ChangedMeanwhile,
        ProblemKind::NotFound,
        ProblemKind::WrongMethod,
        ProblemKind::Clock,
        ProblemKind::MonitorLinkUsed,
        ProblemKind::MonitorLinkUnknown,
        ProblemKind::MonitorNotOpen,
        ProblemKind::StopNotRecorded,
        ProblemKind::Internal,
    ];

    /// The stem of its three messages.
    fn id(self) -> &'static str {
        match self {
            ProblemKind::UnknownLink => "unknown-link",
            ProblemKind::MalformedLink => "malformed-link",
            ProblemKind::TooLarge { .. } => "too-large",
            ProblemKind::NotAForm => "not-a-form",
            ProblemKind::NotUtf8 => "not-utf8",
            ProblemKind::Timeout { .. } => "timeout",
            ProblemKind::Busy { .. } => "busy",
            ProblemKind::Stopped => "stopped",
            ProblemKind::NotOnBallot => "not-on-ballot",
            ProblemKind::TwoChosen => "two-chosen",
            ProblemKind::AnsweredOtherwise => "answered-otherwise",
            ProblemKind::ChangedMeanwhile => "changed-meanwhile",
            ProblemKind::NotFound => "not-found",
            ProblemKind::WrongMethod => "wrong-method",
            ProblemKind::Clock => "clock",
            ProblemKind::MonitorLinkUsed => "monitor-link-used",
            ProblemKind::MonitorLinkUnknown => "monitor-link-unknown",
            ProblemKind::MonitorNotOpen => "monitor-not-open",
            ProblemKind::StopNotRecorded => "stop-not-recorded",
            ProblemKind::Internal => "internal",
        }
    }

    /// The number that its messages name: bytes or seconds.
    fn number(self) -> Option<u64> {
        match self {
            ProblemKind::TooLarge { bytes_max } => Some(bytes_max),
            ProblemKind::Timeout { seconds_max } => Some(seconds_max),
            ProblemKind::Busy {
                retry_after_seconds,
            } => Some(retry_after_seconds),
            _ => None,
        }
    }
}

/// The page for whatever did not work.
///
/// # Errors
/// [`PageError::Template`], which a correct program does not meet.
pub fn problem_page(view: &Problem) -> Result<String, PageError> {
    let t = view.frame.language.messages();
    let part = |name: &str| {
        let values: Vec<(&str, Value<'_>)> = view
            .kind
            .number()
            .map(|number| ("number", Value::Number(number)))
            .into_iter()
            .collect();
        t.fill(&format!("problem-{}-{name}", view.kind.id()), &values)
    };
    let (what, why, next) = (part("what"), part("why"), part("next"));
    let title = t.with_text("error-title", "title", &what);
    Ok(ProblemTemplate {
        t,
        frame: &view.frame,
        title,
        css: CSS,
        what,
        why,
        next,
        home_href: &view.home_href,
    }
    .render()?)
}

#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemTemplate<'a> {
    t: &'static Messages,
    frame: &'a Frame,
    title: String,
    css: &'static str,
    what: String,
    why: String,
    next: String,
    home_href: &'a str,
}
