//! The page behind a personal link: the question and its form, or what became of it.

use askama::Template;

use crate::content_policy::CSS;
use crate::figures::short_code;
use crate::messages::{Messages, Value};
use crate::{Contact, Frame, PageError, Phase, QuestionView, Warned, Who, question_block};

/// The page behind a personal link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnswerPage {
    /// Language and language links (`/p/TOKEN/in/LANG`).
    pub frame: Frame,
    /// The question in the page's language, with the options in the order of this link.
    pub question: QuestionView,
    /// Who asks, conducts, runs.
    pub who: Who,
    /// How people were drawn: why this person was invited, in the definition's words.
    pub sampling: String,
    /// What the definition's rule set warns of.
    pub warnings: Vec<Warned>,
    /// The definition's privacy notice.
    pub privacy: String,
    /// What the definition says about withdrawing an answer, if it says something.
    pub withdrawal: Option<String>,
    /// Whom to ask.
    pub contact: Contact,
    /// What readers type who would rather find the poll themselves: host, and path where there is one.
    pub typed_address: String,
    /// The poll's name there.
    pub slug: String,
    /// Address of the results page, which also says how answers are counted.
    pub results_href: String,
    /// Address of the definition as it was signed.
    pub definition_href: String,
    /// Whether the order of the options differs from link to link.
    pub order_differs: bool,
    /// Whether the register hides which stratum an answer is from.
    pub strata_are_sealed: bool,
    /// Where the poll stands.
    pub phase: Phase,
    /// The form, where this link may answer or change its answer. It is shown only while the poll
    /// is open, whatever is given here.
    pub form: Option<AnswerForm>,
    /// The answer that stands, where there is one.
    pub standing: Option<Standing>,
    /// Why the submission just made was not taken.
    pub error: Option<FormError>,
    /// Address of the page where this person can ask for no more messages, where the platform can see to that.
    pub stop_href: Option<String>,
}

/// Where and as what an answer is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnswerForm {
    /// Where the form is posted.
    pub action: String,
    /// The revision that this submission makes, 1 for the first answer.
    pub revision: u8,
    /// How many changes are left, this one included, for a link that was answered.
    pub changes_left: u8,
}

/// An answer that was given and stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The short code, in any grouping.
    pub code: String,
    /// Address of the promise file.
    pub promise_href: String,
    /// Address of the receipt's file, which is the promise until the answer is published.
    pub receipt_href: String,
    /// Address of the receipt's page.
    pub receipt_page_href: String,
    /// The label of the option chosen. It is shown only beside a form to change it: whoever merely
    /// picks up a phone need not read it there.
    pub choice: Option<String>,
}

/// Why a submission was not taken, each with what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FormError {
    /// No option was chosen.
    NothingChosen,
    /// More than one option came.
    TwoChosen,
    /// What came is not on the ballot.
    NotOnBallot,
    /// The answer was changed elsewhere since this form was shown. Nothing was recorded.
    ChangedMeanwhile {
        /// The label of what was chosen here, so that nobody has to remember it.
        entered: Option<String>,
    },
    /// The poll does not take answers now; the page's phase says why.
    NotTakenNow {
        /// The label of what was chosen.
        entered: Option<String>,
    },
}

/// The page behind a personal link.
///
/// # Errors
/// [`PageError::Template`], which a correct program does not meet.
pub fn answer_page(view: &AnswerPage) -> Result<String, PageError> {
    Ok(AnswerTemplate::new(view).render()?)
}

#[derive(Template)]
#[template(path = "answer.html")]
struct AnswerTemplate<'a> {
    t: &'static Messages,
    frame: &'a Frame,
    title: String,
    css: &'static str,
    view: &'a AnswerPage,
    block: String,
    form: Option<&'a AnswerForm>,
    error: Option<String>,
    entered: Option<String>,
    /// Where the error leads: the first option, if there is a form.
    error_href: String,
}

impl<'a> AnswerTemplate<'a> {
    fn new(view: &'a AnswerPage) -> AnswerTemplate<'a> {
        let t = view.frame.language.messages();
        let error = view.error.as_ref();
        let question = &view.question.question_text;
        AnswerTemplate {
            t,
            frame: &view.frame,
            title: match error {
                Some(_) => t.with_text("error-title", "title", question),
                None => question.clone(),
            },
            css: CSS,
            view,
            block: question_block(&view.question),
            form: view.form.as_ref().filter(|_| view.phase.is_open()),
            error: error.map(|error| error.sentence(t)),
            entered: error
                .and_then(FormError::entered)
                .map(|entered| t.with_text("you-had-chosen", "option", entered)),
            error_href: first_option_href(&view.question),
        }
    }

    /// The sentence on where the poll stands, unless the form says it by being there.
    fn phase_sentence(&self) -> Option<String> {
        (!self.view.phase.is_open()).then(|| self.view.phase.sentence(self.t))
    }

    fn code(&self, standing: &Standing) -> String {
        short_code(&standing.code)
    }

    fn present_choice(&self, standing: &Standing) -> Option<String> {
        let choice = standing.choice.as_deref()?;
        Some(self.t.with_text("present-choice", "option", choice))
    }

    fn changes_left(&self, form: &AnswerForm) -> String {
        self.t
            .with_number("changes-left", "count", &u64::from(form.changes_left))
    }

    fn learnt_by_all(&self) -> String {
        self.t.say(if self.view.strata_are_sealed {
            "learn-sealed"
        } else {
            "learn-open"
        })
    }

    fn how_to_check(&self) -> String {
        let values = [
            ("domain", Value::Text(&self.view.typed_address)),
            ("poll", Value::Text(&self.view.slug)),
        ];
        self.t.fill("real-how", &values)
    }
}

impl FormError {
    fn sentence(&self, t: &Messages) -> String {
        t.say(match self {
            FormError::NothingChosen => "error-nothing-chosen",
            FormError::TwoChosen => "error-two-chosen",
            FormError::NotOnBallot => "error-not-on-ballot",
            FormError::ChangedMeanwhile { .. } => "error-changed-meanwhile",
            FormError::NotTakenNow { .. } => "error-not-taken-now",
        })
    }

    fn entered(&self) -> Option<&str> {
        match self {
            FormError::ChangedMeanwhile { entered } | FormError::NotTakenNow { entered } => {
                entered.as_deref()
            }
            FormError::NothingChosen | FormError::TwoChosen | FormError::NotOnBallot => None,
        }
    }
}

fn first_option_href(question: &QuestionView) -> String {
    match question.options.first() {
        Some(option) => format!("#answer-{}", option.id),
        None => "#question".to_owned(),
    }
}
