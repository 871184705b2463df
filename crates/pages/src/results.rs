//! The public page of a poll: its figures, what they rest on, and how to check them.

use askama::Template;

use crate::content_policy::{CSS, RESULTS_CSS};
use crate::figures::bar_percent;
use crate::messages::{Messages, Value};
use crate::moment::machine_moment;
use crate::{Contact, Frame, Method, PageError, Phase, QuestionView, Warned, Who};

/// The script of the results page, to be served as `/static/live.js`. It listens to the poll's
/// live stream and fetches the page anew at each publication; without it the page is complete.
pub const LIVE_JS: &str = include_str!("../static/live.js");

/// The public page of a poll: everything as of the last publication, but for the phase, which is
/// as of now. Times are milliseconds since 1970, UTC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResultsView {
    /// Language and language links.
    pub frame: Frame,
    /// The question as asked.
    pub question: QuestionView,
    /// Who asks, conducts, runs.
    pub who: Who,
    /// Whom to ask.
    pub contact: Contact,
    /// How the poll was made.
    pub method: Method,
    /// Where the poll stands.
    pub phase: Phase,
    /// What the definition's rule set warns of.
    pub warnings: Vec<Warned>,
    /// How often what is said about the poll was mended while it ran.
    pub mended: u64,
    /// Entries that had been acknowledged and are lost, as the ledger itself says.
    pub lost: u64,
    /// Whether the operator may close the poll before its stated end.
    pub may_close_early: bool,
    /// Whether answers may be changed; then the tally by first answer is shown beside.
    pub revisable: bool,
    /// The tally, in the order of the question's options.
    pub options: Vec<OptionCount>,
    /// Invitations committed to in the roster.
    pub invited: u64,
    /// Invitations in the waves begun.
    pub planned: u64,
    /// The tally by stratum, of those that are open or were unsealed; empty where there is none.
    pub strata: Vec<StratumCounts>,
    /// Whether strata are sealed, and what of them is opened.
    pub sealed: SealedStrata,
    /// When the figures were published.
    pub published_at_ms: Option<u64>,
    /// Entries published.
    pub size: u64,
    /// The ledger's name.
    pub origin: String,
    /// The poll id, base64.
    pub poll_id: String,
    /// Path of the live stream, relative to this origin.
    pub live_href: String,
    /// The same of the page's script, [`LIVE_JS`].
    pub script_href: String,
    /// How to check it.
    pub check: CheckYourself,
}

/// What there is to say about sealed strata.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SealedStrata {
    /// Strata are open.
    None,
    /// They are sealed, and opened after the close.
    Sealed,
    /// They were opened, all but so many.
    Opened {
        /// How many stay closed.
        closed: u64,
    },
}

/// The count of one option.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OptionCount {
    /// The option's id in the definition.
    pub id: String,
    /// The option's text in the page's language.
    pub label: String,
    /// Invitations whose last answer it is.
    pub count: u64,
    /// Invitations whose first answer it was.
    pub first_count: u64,
}

/// The counts of one stratum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StratumCounts {
    /// The stratum's id in the definition.
    pub id: String,
    /// Its name in the page's language.
    pub name: String,
    /// Invitations in it.
    pub invited: u64,
    /// Counts in the order of the options.
    pub counts: Vec<u64>,
}

/// What a reader needs to recompute the result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckYourself {
    /// The poll's full address, which `sijill audit` takes.
    pub address: String,
    /// The operator's verifier keys as the definition lists them.
    pub operator_keys: Vec<String>,
    /// Index and link of the last published entry, as `--anchor` takes it.
    pub anchor: Option<String>,
    /// Address of the export.
    pub export_href: String,
    /// Address of the roster.
    pub roster_href: String,
    /// Address of the definition as it was signed.
    pub definition_href: String,
    /// Address of the same figures as JSON.
    pub json_href: String,
    /// Address of the page that checks receipts.
    pub verify_href: String,
}

/// The public page of a poll.
///
/// # Errors
/// [`PageError::Template`], which a correct program does not meet.
pub fn results_page(view: &ResultsView) -> Result<String, PageError> {
    let t = view.frame.language.messages();
    let title = view.question.question_text.clone();
    let answered = view
        .options
        .iter()
        .fold(0u64, |sum, option| sum.saturating_add(option.count));
    let template = ResultsTemplate {
        t,
        frame: &view.frame,
        title,
        css: CSS,
        more_css: RESULTS_CSS,
        view,
        answered,
    };
    Ok(template.render()?)
}

#[derive(Template)]
#[template(path = "results.html")]
struct ResultsTemplate<'a> {
    t: &'static Messages,
    frame: &'a Frame,
    title: String,
    css: &'static str,
    more_css: &'static str,
    view: &'a ResultsView,
    answered: u64,
}

impl ResultsTemplate<'_> {
    fn state(&self) -> String {
        self.view.phase.sentence(self.t)
    }

    /// What the rules let the operator do, or let it do while the poll ran.
    fn early_close(&self) -> String {
        self.t.say(if self.view.phase.is_over() {
            "could-close-early"
        } else {
            "may-close-early"
        })
    }

    fn bar(&self, option: &OptionCount) -> String {
        bar_percent(option.count, self.answered)
    }

    /// What to say of sealed strata, if there is anything.
    fn sealed_note(&self) -> Option<String> {
        match self.view.sealed {
            SealedStrata::None | SealedStrata::Opened { closed: 0 } => None,
            SealedStrata::Sealed => Some(self.t.say("sealed-until-close")),
            SealedStrata::Opened { closed } => {
                Some(self.t.with_number("sealed-stay-closed", "count", &closed))
            }
        }
    }

    fn answered_of(&self, stratum: &StratumCounts) -> u64 {
        stratum
            .counts
            .iter()
            .fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// Each count of a stratum beside the id of its option.
    fn cells<'s>(&'s self, stratum: &'s StratumCounts) -> impl Iterator<Item = (&'s str, u64)> {
        self.view
            .options
            .iter()
            .map(|option| option.id.as_str())
            .zip(stratum.counts.iter().copied())
    }

    fn published(&self) -> String {
        match &self.view.published_at_ms {
            Some(unix_ms) => self
                .t
                .with_text("published-at", "moment", &self.t.moment(unix_ms)),
            None => self.t.say("published-never"),
        }
    }

    fn machine_published(&self) -> Option<String> {
        self.view.published_at_ms.map(machine_moment)
    }

    fn response(&self) -> String {
        let rate = self.t.share(&self.answered, &self.view.invited);
        let values = [
            ("answers", Value::Number(self.answered)),
            ("invited", Value::Number(self.view.invited)),
            ("rate", Value::Text(&rate)),
        ];
        self.t.fill("response-rate", &values)
    }

    fn operator_key(&self) -> &str {
        self.view
            .check
            .operator_keys
            .first()
            .map_or("KEY", String::as_str)
    }
}
