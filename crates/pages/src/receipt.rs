//! What a respondent sees of the receipt: the file to keep, the same as a QR code, and how anybody checks it.

use askama::Template;

use crate::content_policy::CSS;
use crate::messages::Messages;
use crate::qr_code::{QrDrawing, qr_drawing};
use crate::{Frame, PageError};

/// What there is to keep of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Receipt {
    /// The promise file: the answer is durable and not published yet.
    Promise(String),
    /// The receipt itself, a tlog-proof: the answer is published.
    Proof(String),
}

impl Receipt {
    /// The file's text.
    pub fn text(&self) -> &str {
        match self {
            Receipt::Promise(text) | Receipt::Proof(text) => text,
        }
    }

    /// The same, taken.
    pub fn into_text(self) -> String {
        match self {
            Receipt::Promise(text) | Receipt::Proof(text) => text,
        }
    }

    /// What its file name ends in, with the dot.
    pub fn extension(&self) -> &'static str {
        match self {
            Receipt::Promise(_) => ".sijill-promise",
            Receipt::Proof(_) => ".tlog-proof",
        }
    }
}

/// The page of a respondent's receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceiptPage {
    /// Language and language links.
    pub frame: Frame,
    /// The receipt, or the promise while there is none.
    pub receipt: Receipt,
    /// Address of the file.
    pub receipt_href: String,
    /// Address of the page that checks receipts.
    pub verify_href: String,
    /// Address of the personal link's own page.
    pub answer_href: String,
}

/// The page of a respondent's receipt.
///
/// # Errors
/// [`PageError::Template`], which a correct program does not meet.
pub fn receipt_page(view: &ReceiptPage) -> Result<String, PageError> {
    let t = view.frame.language.messages();
    Ok(ReceiptTemplate {
        t,
        frame: &view.frame,
        title: t.say("receipt-title"),
        css: CSS,
        drawing: qr_drawing(view.receipt.text()),
        view,
    }
    .render()?)
}

#[derive(Template)]
#[template(path = "receipt.html")]
struct ReceiptTemplate<'a> {
    t: &'static Messages,
    frame: &'a Frame,
    title: String,
    css: &'static str,
    drawing: Option<QrDrawing>,
    view: &'a ReceiptPage,
}

impl ReceiptTemplate<'_> {
    fn stands_as(&self) -> String {
        self.t.say(match self.view.receipt {
            Receipt::Promise(_) => "receipt-is-promise",
            Receipt::Proof(_) => "receipt-is-proof",
        })
    }
}
