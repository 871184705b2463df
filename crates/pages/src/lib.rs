//! What people see: view-models in, HTML out.
//!
//! The server fills plain structs ([`AnswerPage`], [`ResultsView`], …) and gets the text of a page
//! back. This crate has no disk, no network, no clock and no randomness, and knows neither ledger
//! nor poll: `poll` folds the figures, `server` knows addresses, status codes and headers.
//!
//! *Invariant:* all that comes from outside is escaped, here and only here.
//! *Invariant:* the page of a language needs nothing but its wording file and its row in
//! [`language`]'s table.
//! *Invariant:* the answer page needs no script and no second request, and stays under
//! [`limits::ANSWER_PAGE_BYTES_MAX`] for a definition of ordinary length.

mod answer;
mod confirmation;
mod content_policy;
mod disclosure;
mod figures;
mod frame;
mod home;
pub mod language;
pub mod limits;
mod messages;
mod moment;
mod monitor;
mod phase;
mod problem;
mod qr_code;
mod question;
mod receipt;
mod results;
mod sending;
mod stop;
mod theme;
mod verify;

pub use answer::{AnswerForm, AnswerPage, FormError, Standing, answer_page};
pub use confirmation::{ConfirmationPage, confirmation_page};
pub use content_policy::{PAGE_CSP, Policies, RESULTS_CSP, VERIFY_CSP};
pub use disclosure::{Contact, Method, TokensMadeBy, Warned, Warning, Who};
pub use figures::{share_tenths, short_code};
pub use frame::{Frame, LanguageLink};
pub use home::{HomePage, PollCard, home_page};
pub use language::{Direction, Language, negotiate};
pub use monitor::{
    MONITOR_JS, MonitorLinkPage, MonitorPage, MonitorPoll, ServiceState, is_known_refusal,
    monitor_link_page, monitor_page,
};
pub use phase::Phase;
pub use problem::{Problem, ProblemKind, problem_page};
pub use question::{OptionView, QuestionView, question_block};
pub use receipt::{Receipt, ReceiptPage, receipt_page};
pub use results::{
    CheckYourself, LIVE_JS, OptionCount, ResultsView, SealedStrata, StratumCounts, results_page,
};
pub use sending::{MonitorSending, SendingCourse, is_known_in_sending};
pub use stop::{MessageState, StopPage, stop_page};
pub use theme::{CONTRAST_MIN, Palette, Theme, ThemeError, ThemeParts};
pub use verify::{VERIFY_JS, VerifyPage, verify_page};

/// Why a page could not be made.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    /// A template could not be written out. Templates are checked when the program is built, so
    /// this says that the program is broken, not its input.
    #[error("a page could not be written: {0}; this is a defect of the program, please report it")]
    Template(#[from] askama::Error),
}
