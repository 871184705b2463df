//! The page behind a personal link. Opening it (GET, HEAD, previews) never spends it; sending the same answer again
//! gets the same promise.

use super::arrival::Arrived;
use super::trouble::{Parts, kind_of, problem};
use super::{Web, language, page, see_other};
use crate::book::Book;
use crate::form::{Form, FormFault};
use crate::paths;
use crate::reason::Reason;
use crate::rejection::Rejection;
use crate::view;
use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sijill_pages::{
    FormError, Language, Phase, ProblemKind, Receipt, answer_page, confirmation_page, receipt_page,
};
use sijill_poll::credential::{Invitation, Token, VerifiedAnswer};
use sijill_poll::event::{How, Responded};
use sijill_poll::rules::Refusal;
use std::sync::Arc;

/// GET, in the language that the browser asks for.
pub async fn show(
    State(web): State<Web>,
    Parts(token): Parts<String>,
    headers: HeaderMap,
) -> Response {
    Visit::new(&web, &headers, &token, None).map_or_else(|trouble| *trouble, |visit| visit.show())
}

/// GET, in a chosen language.
pub async fn show_in(
    State(web): State<Web>,
    Parts((token, tag)): Parts<(String, String)>,
    headers: HeaderMap,
) -> Response {
    Visit::new(&web, &headers, &token, Some(&tag))
        .map_or_else(|trouble| *trouble, |visit| visit.show())
}

/// POST, in the language that the browser asks for.
pub async fn submit(
    State(web): State<Web>,
    Parts(token): Parts<String>,
    headers: HeaderMap,
    Extension(arrived): Extension<Arrived>,
) -> Response {
    match Visit::new(&web, &headers, &token, None) {
        Ok(visit) => visit.submit(arrived).await,
        Err(trouble) => stranger(&web, *trouble),
    }
}

/// POST, in a chosen language.
pub async fn submit_in(
    State(web): State<Web>,
    Parts((token, tag)): Parts<(String, String)>,
    headers: HeaderMap,
    Extension(arrived): Extension<Arrived>,
) -> Response {
    match Visit::new(&web, &headers, &token, Some(&tag)) {
        Ok(visit) => visit.submit(arrived).await,
        Err(trouble) => stranger(&web, *trouble),
    }
}

/// What was recorded: the answer that stands.
pub async fn confirmation_in(
    State(web): State<Web>,
    Parts((token, tag)): Parts<(String, String)>,
    headers: HeaderMap,
) -> Response {
    Visit::new(&web, &headers, &token, Some(&tag))
        .map_or_else(|trouble| *trouble, |visit| visit.confirmation())
}

/// The promise for the answer that stands, as a file.
pub async fn promise(
    State(web): State<Web>,
    Parts(token): Parts<String>,
    headers: HeaderMap,
) -> Response {
    match Visit::new(&web, &headers, &token, None) {
        Ok(visit) => visit.file(visit.promise()),
        Err(trouble) => *trouble,
    }
}

/// The receipt of the answer that stands, or its promise until there is one, as a file.
pub async fn receipt(
    State(web): State<Web>,
    Parts(token): Parts<String>,
    headers: HeaderMap,
) -> Response {
    match Visit::new(&web, &headers, &token, None) {
        Ok(visit) => visit.file(visit.receipt().await),
        Err(trouble) => *trouble,
    }
}

/// The page of that receipt, in a chosen language.
pub async fn receipt_in(
    State(web): State<Web>,
    Parts((token, tag)): Parts<(String, String)>,
    headers: HeaderMap,
) -> Response {
    match Visit::new(&web, &headers, &token, Some(&tag)) {
        Ok(visit) => visit.receipt_page().await,
        Err(trouble) => *trouble,
    }
}

/// A submission behind a link that no roster knows, counted.
fn stranger(web: &Web, trouble: Response) -> Response {
    let kind = trouble.extensions().get::<ProblemKind>().copied();
    let reason = kind.map_or(Reason::Other, Reason::from);
    web.service.counts().refused_stranger(reason);
    trouble
}

fn file(slug: &str, receipt: Receipt) -> Response {
    let extension = receipt.extension();
    let disposition = format!("attachment; filename=\"{slug}{extension}\"");
    let mut response = receipt.into_text().into_response();
    let headers = response.headers_mut();
    let plain = HeaderValue::from_static("text/plain; charset=utf-8");
    headers.insert(header::CONTENT_TYPE, plain);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(disposition) = HeaderValue::from_str(&disposition) {
        headers.insert(header::CONTENT_DISPOSITION, disposition);
    }
    response
}

/// Somebody with a link that a roster knows.
pub(super) struct Visit<'a> {
    pub web: &'a Web,
    headers: &'a HeaderMap,
    pub book: Arc<Book>,
    pub invitation: Invitation,
    pub token: Token,
    pub language: Language,
}

impl<'a> Visit<'a> {
    pub fn new(
        web: &'a Web,
        headers: &'a HeaderMap,
        token: &str,
        tag: Option<&str>,
    ) -> Result<Self, Box<Response>> {
        let trouble = |kind| Box::new(problem(web, headers, tag, kind));
        let token: Token = token
            .parse()
            .map_err(|_| trouble(ProblemKind::MalformedLink))?;
        let (book, invitation) = web
            .service
            .find(&token)
            .ok_or_else(|| trouble(ProblemKind::UnknownLink))?;
        let language = language(tag, headers, &view::languages(&book.definition()));
        Ok(Self {
            web,
            headers,
            book,
            invitation,
            token,
            language,
        })
    }

    pub fn policy(&self) -> &str {
        &self.web.site.policies().page
    }

    pub fn problem(&self, kind: ProblemKind) -> Response {
        problem(self.web, self.headers, Some(self.language.tag()), kind)
    }

    /// The answer of this invitation that stands, signed again: signing is deterministic, so these are its bytes.
    fn standing(&self) -> Option<Responded> {
        let (cast, option) = {
            let poll = self.book.durable();
            let cast = poll.cast(self.invitation.index());
            let option = poll.definition().options.get(usize::from(cast.last));
            (cast, option.map(|option| option.id.clone()))
        };
        if cast.revision == 0 {
            return None;
        }
        self.sign(cast.revision, &option?)
            .map(VerifiedAnswer::into_responded)
    }

    fn sign(&self, revision: u8, option: &str) -> Option<VerifiedAnswer> {
        let poll = (self.book.id(), &*self.book.definition());
        self.invitation
            .answer(poll, How::Link, revision, option)
            .ok()
    }

    /// The promise for the answer that stands.
    fn promise(&self) -> Result<Receipt, ProblemKind> {
        let standing = self.standing().ok_or(ProblemKind::NotFound)?;
        let promise = self.book.promise(&standing);
        promise
            .map(Receipt::Promise)
            .map_err(|_| ProblemKind::Internal)
    }

    /// The size of the newest checkpoint, and where the answer that stands is under it, if it is public.
    fn public_at(&self) -> Option<(u64, u64)> {
        let newest = self.book.published().checkpoint.clone();
        let size = newest.map_or(0, |newest| newest.claimed().size);
        let place = self.book.place(self.invitation.index())?;
        (place < size).then_some((size, place))
    }

    /// What there is to keep of the answer that stands: its receipt under the newest checkpoint, or the promise while
    /// that is not over it.
    async fn receipt(&self) -> Result<Receipt, ProblemKind> {
        let promise = self.promise()?;
        let Some((size, place)) = self.public_at() else {
            return Ok(promise);
        };
        let (service, book) = (self.web.service.clone(), Arc::clone(&self.book));
        let made = tokio::task::spawn_blocking(move || service.receipt(&book, size, place)).await;
        match made {
            Ok(Ok(Some(receipt))) => Ok(Receipt::Proof(receipt.to_string())),
            Ok(Err(error)) => {
                tracing::error!("{error}");
                Err(ProblemKind::Internal)
            }
            _ => Err(ProblemKind::Internal),
        }
    }

    fn file(&self, receipt: Result<Receipt, ProblemKind>) -> Response {
        match receipt {
            Ok(receipt) => file(self.book.slug(), receipt),
            Err(kind) => self.problem(kind),
        }
    }

    async fn receipt_page(&self) -> Response {
        let receipt = match self.receipt().await {
            Ok(receipt) => receipt,
            Err(kind) => return self.problem(kind),
        };
        let view = view::receipt(
            &self.web.site,
            &self.book,
            self.language,
            self.token.reveal(),
            receipt,
        );
        match receipt_page(&view) {
            Ok(html) => page(StatusCode::OK, html, self.policy()),
            Err(_) => self.problem(ProblemKind::Internal),
        }
    }

    fn show(&self) -> Response {
        self.web.service.counts().page_opened(self.book.slug());
        self.answer_page(StatusCode::OK, None)
    }

    fn answer_page(&self, status: StatusCode, error: Option<FormError>) -> Response {
        let standing = self.standing();
        let now = self.web.service.now();
        let reader = view::Reader {
            token: self.token.reveal(),
            rotation: self.invitation.rotation(&self.book.definition()),
            standing: standing.as_ref(),
        };
        let mut view = view::answer_page(&self.web.site, &self.book, now, self.language, reader);
        view.error = error;
        match answer_page(&view) {
            Ok(html) => page(status, html, self.policy()),
            Err(_) => self.problem(ProblemKind::Internal),
        }
    }

    async fn submit(&self, arrived: Arrived) -> Response {
        let form = match read_form(self.headers, arrived) {
            Ok(form) => form,
            Err(kind) => {
                self.count(kind.into());
                return self.problem(kind);
            }
        };
        let option = match form.answers.as_slice() {
            [] => return self.form_error(FormError::NothingChosen, Reason::NothingChosen),
            [option] => option,
            _ => return self.form_error(FormError::TwoChosen, Reason::TwoChosen),
        };
        if self.book.definition().option_index(option).is_none() {
            return self.form_error(FormError::NotOnBallot, Reason::NotOnBallot);
        }
        let Some(answer) = self.sign(form.revision, option) else {
            self.count(Reason::Other);
            return self.problem(ProblemKind::Internal);
        };
        match self.web.service.respond(&self.book, answer).await {
            Ok(()) => self.on_to(&paths::confirmation_in(
                self.token.reveal(),
                self.language.tag(),
            )),
            Err(rejection) => self.rejected(&rejection, option),
        }
    }

    fn rejected(&self, rejection: &Rejection, option: &str) -> Response {
        self.count(rejection.into());
        match rejection {
            Rejection::Refused(refusal) => self.refused(refusal, option),
            _ => self.problem(kind_of(rejection)),
        }
    }

    /// Counts this submission as refused.
    fn count(&self, reason: Reason) {
        self.web.service.counts().refused(self.book.slug(), reason);
    }

    fn form_error(&self, error: FormError, reason: Reason) -> Response {
        self.count(reason);
        self.answer_page(StatusCode::UNPROCESSABLE_ENTITY, Some(error))
    }

    pub fn on_to(&self, path: &str) -> Response {
        let definition = self.book.definition();
        see_other(&self.web.site.personal(&definition).own(path))
    }

    /// Of what was just recorded. What it says of the time to come holds while the poll is open; who has it loaded again
    /// later is led to the page that says how things stand.
    fn confirmation(&self) -> Response {
        let (token, tag) = (self.token.reveal(), self.language.tag());
        let phase = view::phase(&self.book.durable(), self.web.service.now());
        let standing = match phase {
            Phase::Open { .. } => self.standing(),
            _ => None,
        };
        let Some(standing) = standing else {
            return self.on_to(&paths::answer_in(token, tag));
        };
        let view = view::confirmation(
            &self.web.site,
            &self.book,
            self.language,
            token,
            (&standing, self.public_at().is_some()),
        );
        match confirmation_page(&view) {
            Ok(html) => page(StatusCode::OK, html, self.policy()),
            Err(_) => self.problem(ProblemKind::Internal),
        }
    }

    fn refused(&self, refusal: &Refusal, option: &str) -> Response {
        let entered = view::option_label(&self.book.definition(), option, self.language);
        let is_final = self.book.definition().rules.revisions == 0;
        let error = match refusal {
            Refusal::ChangedMeanwhile | Refusal::WrongRevision { .. } if !is_final => {
                FormError::ChangedMeanwhile { entered }
            }
            Refusal::ChangedMeanwhile
            | Refusal::WrongRevision { .. }
            | Refusal::NoRevisionLeft { .. } => {
                return self.problem(ProblemKind::AnsweredOtherwise);
            }
            Refusal::NotYetOpen { .. }
            | Refusal::Ended { .. }
            | Refusal::Paused
            | Refusal::Closed
            | Refusal::Annulled
            | Refusal::MoreThanInvited { .. } => FormError::NotTakenNow { entered },
            _ => return self.problem(ProblemKind::Internal),
        };
        self.answer_page(StatusCode::CONFLICT, Some(error))
    }
}

/// The form in what arrived of a request.
fn read_form(headers: &HeaderMap, arrived: Arrived) -> Result<Form, ProblemKind> {
    let kind = headers.get(header::CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return Err(ProblemKind::NotAForm);
    }
    Form::parse(&arrived.0?).map_err(|fault| match fault {
        FormFault::NotUtf8 => ProblemKind::NotUtf8,
        FormFault::Revision => ProblemKind::NotAForm,
    })
}
