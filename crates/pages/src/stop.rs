//! The page where whoever has a personal link asks to be written to no more: what that means, and one button.

use askama::Template;

use crate::content_policy::CSS;
use crate::messages::Messages;
use crate::{Frame, PageError};

/// The page behind a personal link that is about its messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StopPage {
    /// Language and language links.
    pub frame: Frame,
    /// Whether messages of this poll still leave for this person.
    pub state: MessageState,
    /// Address of the personal link's own page.
    pub answer_href: String,
}

/// Whether messages of a poll still leave for somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MessageState {
    /// They may, until this person asks for none.
    MayLeave {
        /// Where the form is posted.
        action: String,
    },
    /// Not for this person, as was asked.
    Stopped,
    /// For nobody: the poll is over.
    Over,
}

/// The page behind a personal link that is about its messages.
///
/// # Errors
/// [`PageError::Template`], which a correct program does not meet.
pub fn stop_page(view: &StopPage) -> Result<String, PageError> {
    let t = view.frame.language.messages();
    let (title, action) = match &view.state {
        MessageState::MayLeave { action } => (t.say("stop-title"), Some(action.as_str())),
        MessageState::Stopped => (t.say("stop-done"), None),
        MessageState::Over => (t.say("stop-over"), None),
    };
    Ok(StopTemplate {
        t,
        frame: &view.frame,
        title,
        css: CSS,
        view,
        action,
    }
    .render()?)
}

#[derive(Template)]
#[template(path = "stop.html")]
struct StopTemplate<'a> {
    t: &'static Messages,
    frame: &'a Frame,
    title: String,
    css: &'static str,
    view: &'a StopPage,
    action: Option<&'a str>,
}
