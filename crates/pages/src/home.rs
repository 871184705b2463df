//! The front page of a platform: its polls.

use askama::Template;

use crate::content_policy::CSS;
use crate::messages::{Messages, Value};
use crate::{Frame, PageError, Phase};

/// The front page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HomePage {
    /// Language and language links.
    pub frame: Frame,
    /// The polls, newest first.
    pub polls: Vec<PollCard>,
}

/// One poll on the front page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PollCard {
    /// The poll's name on the platform.
    pub slug: String,
    /// The question, in the page's language where the poll has it.
    pub question_text: String,
    /// Who asks.
    pub sponsor: String,
    /// Where it stands.
    pub phase: Phase,
    /// People who answered, as last published.
    pub answered: u64,
    /// Invitations committed to.
    pub invited: u64,
    /// Address of the results page.
    pub href: String,
}

/// The front page.
///
/// # Errors
/// [`PageError::Template`], which a correct program does not meet.
pub fn home_page(view: &HomePage) -> Result<String, PageError> {
    let t = view.frame.language.messages();
    let title = t.with_text("home-title", "domain", &view.frame.domain);
    Ok(HomeTemplate {
        t,
        frame: &view.frame,
        title,
        css: CSS,
        view,
    }
    .render()?)
}

#[derive(Template)]
#[template(path = "home.html")]
struct HomeTemplate<'a> {
    t: &'static Messages,
    frame: &'a Frame,
    title: String,
    css: &'static str,
    view: &'a HomePage,
}

impl HomeTemplate<'_> {
    fn state(&self, card: &PollCard) -> String {
        card.phase.sentence(self.t)
    }

    fn response(&self, card: &PollCard) -> String {
        let values = [
            ("answers", Value::Number(card.answered)),
            ("invited", Value::Number(card.invited)),
        ];
        self.t.fill("answers-of-invited", &values)
    }

    fn asks(&self, card: &PollCard) -> String {
        self.t.with_text("who-asks", "sponsor", &card.sponsor)
    }
}
