//! What a respondent reads after an answer was taken.

use askama::Template;

use crate::content_policy::CSS;
use crate::figures::short_code;
use crate::messages::{Messages, Value};
use crate::moment::machine_moment;
use crate::{Contact, Frame, PageError};

/// The page after an answer was taken. Times are milliseconds since 1970, UTC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfirmationPage {
    /// Language and language links.
    pub frame: Frame,
    /// The question as asked.
    pub question_text: String,
    /// The short code, in any grouping.
    pub code: String,
    /// Address of the promise file.
    pub promise_href: String,
    /// Address of the receipt's file, which is the promise until the answer is published.
    pub receipt_href: String,
    /// Address of the receipt's page.
    pub receipt_page_href: String,
    /// Whether the answer is published: then the receipt proves it, and nothing of that is to come.
    pub is_public: bool,
    /// Minutes within which answers are usually published, rounded up.
    pub public_within_minutes: u64,
    /// When the promise is due: the answer stands in the public register by then.
    pub promise_due_ms: u64,
    /// The end in force.
    pub closes_at_ms: u64,
    /// Whether the operator may close the poll before that.
    pub may_close_early: bool,
    /// How often the answer may still be changed.
    pub changes_left: u8,
    /// Address of the personal link's own page, where a change is made.
    pub answer_href: String,
    /// Address of the results page.
    pub results_href: String,
    /// Whom to ask.
    pub contact: Contact,
}

/// The page after an answer was taken, be it for the first time or as a repeat.
///
/// # Errors
/// [`PageError::Template`], which a correct program does not meet.
pub fn confirmation_page(view: &ConfirmationPage) -> Result<String, PageError> {
    let t = view.frame.language.messages();
    let title = t.say("recorded-title");
    Ok(ConfirmationTemplate {
        t,
        frame: &view.frame,
        title,
        css: CSS,
        view,
    }
    .render()?)
}

#[derive(Template)]
#[template(path = "confirmation.html")]
struct ConfirmationTemplate<'a> {
    t: &'static Messages,
    frame: &'a Frame,
    title: String,
    css: &'static str,
    view: &'a ConfirmationPage,
}

impl ConfirmationTemplate<'_> {
    fn code(&self) -> String {
        short_code(&self.view.code)
    }

    /// That it is public, or when it will be.
    fn publicity(&self) -> String {
        if self.view.is_public {
            return self.t.say("receipt-is-proof");
        }
        self.t
            .with_number("public-within", "minutes", &self.view.public_within_minutes)
    }

    fn closes(&self) -> String {
        let id = if self.view.may_close_early {
            "next-closes-at-latest"
        } else {
            "next-closes"
        };
        self.at(id, self.view.closes_at_ms)
    }

    fn due(&self) -> String {
        self.at("next-due", self.view.promise_due_ms)
    }

    fn changes_left(&self) -> String {
        self.t
            .with_number("changes-left", "count", &u64::from(self.view.changes_left))
    }

    fn machine_due(&self) -> String {
        machine_moment(self.view.promise_due_ms)
    }

    fn at(&self, id: &str, unix_ms: u64) -> String {
        self.t
            .fill(id, &[("moment", Value::Text(&self.t.moment(&unix_ms)))])
    }
}
