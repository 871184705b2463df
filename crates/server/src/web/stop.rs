//! The page behind a personal link where its holder asks for no more messages. Opening it (GET, HEAD, previews) records
//! nothing; asking again is as asking once. The ledger has nothing of this, and the answer nothing to do with it.

use super::answer::Visit;
use super::arrival::Arrived;
use super::trouble::Parts;
use super::{Web, page};
use crate::book::Book;
use crate::service::Service;
use crate::{paths, view};
use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use sijill_pages::{ProblemKind, stop_page};
use std::io;
use std::sync::Arc;

/// GET, in the language that the browser asks for.
pub async fn show(
    State(web): State<Web>,
    Parts(token): Parts<String>,
    headers: HeaderMap,
) -> Response {
    match visit(&web, &headers, &token, None) {
        Ok(visit) => shown(&visit).await,
        Err(trouble) => *trouble,
    }
}

/// GET, in a chosen language.
pub async fn show_in(
    State(web): State<Web>,
    Parts((token, tag)): Parts<(String, String)>,
    headers: HeaderMap,
) -> Response {
    match visit(&web, &headers, &token, Some(&tag)) {
        Ok(visit) => shown(&visit).await,
        Err(trouble) => *trouble,
    }
}

/// POST, in the language that the browser asks for.
pub async fn ask(
    State(web): State<Web>,
    Parts(token): Parts<String>,
    headers: HeaderMap,
    Extension(arrived): Extension<Arrived>,
) -> Response {
    match visit(&web, &headers, &token, None) {
        Ok(visit) => asked(&visit, arrived).await,
        Err(trouble) => *trouble,
    }
}

/// POST, in a chosen language.
pub async fn ask_in(
    State(web): State<Web>,
    Parts((token, tag)): Parts<(String, String)>,
    headers: HeaderMap,
    Extension(arrived): Extension<Arrived>,
) -> Response {
    match visit(&web, &headers, &token, Some(&tag)) {
        Ok(visit) => asked(&visit, arrived).await,
        Err(trouble) => *trouble,
    }
}

/// Somebody with a link of a poll whose messages this platform sends.
fn visit<'a>(
    web: &'a Web,
    headers: &'a HeaderMap,
    token: &str,
    tag: Option<&str>,
) -> Result<Visit<'a>, Box<Response>> {
    let visit = Visit::new(web, headers, token, tag)?;
    match view::heeds_stops(&visit.book.definition()) {
        true => Ok(visit),
        false => Err(Box::new(visit.problem(ProblemKind::NotFound))),
    }
}

async fn shown(visit: &Visit<'_>) -> Response {
    let is_left_alone = match on_disk(visit, Service::is_left_alone).await {
        Ok(is_left_alone) => is_left_alone,
        Err(kind) => return visit.problem(kind),
    };
    let view = view::stop(
        &visit.web.site,
        &visit.book,
        visit.web.service.now(),
        visit.language,
        (visit.token.reveal(), is_left_alone),
    );
    match stop_page(&view) {
        Ok(html) => page(StatusCode::OK, html, visit.policy()),
        Err(_) => visit.problem(ProblemKind::Internal),
    }
}

/// The form has no field: that it arrived whole is all that counts.
async fn asked(visit: &Visit<'_>, arrived: Arrived) -> Response {
    if let Err(kind) = arrived.0 {
        return visit.problem(kind);
    }
    match on_disk(visit, Service::leave_alone).await {
        Ok(()) => visit.on_to(&paths::stop_in(visit.token.reveal(), visit.language.tag())),
        Err(kind) => visit.problem(kind),
    }
}

/// What asks the disk about this invitation, where that may take its time.
async fn on_disk<T: Send + 'static>(
    visit: &Visit<'_>,
    work: impl FnOnce(&Service, &Book, u32) -> io::Result<T> + Send + 'static,
) -> Result<T, ProblemKind> {
    let (service, book) = (visit.web.service.clone(), Arc::clone(&visit.book));
    let invitation = visit.invitation.index();
    let done = tokio::task::spawn_blocking(move || work(&service, &book, invitation)).await;
    match done {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(error)) => {
            let slug = visit.book.slug();
            tracing::error!(
                "somebody asked for no more messages, and `polls/{slug}/stops` could not be used: {error}; they were told to try again"
            );
            Err(ProblemKind::StopNotRecorded)
        }
        Err(_) => Err(ProblemKind::Internal),
    }
}
