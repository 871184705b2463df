//! Publications as server-sent events: each serialised once, for all listeners.

use super::Web;
use super::trouble::{Parts, problem};
use crate::book::Published;
use crate::limits::{LIVE_SILENCE_MS, RETRY_AFTER_SECONDS};
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures_util::Stream;
use sijill_pages::ProblemKind;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, watch};

/// The stream of a poll's publications, the newest first and then each as it happens.
pub async fn stream(
    State(web): State<Web>,
    Parts(slug): Parts<String>,
    headers: HeaderMap,
) -> Response {
    let Some(book) = web.service.book(&slug) else {
        return problem(&web, &headers, None, ProblemKind::NotFound);
    };
    let Ok(place) = Arc::clone(&web.listeners).try_acquire_owned() else {
        let retry_after_seconds = RETRY_AFTER_SECONDS;
        let kind = ProblemKind::Busy {
            retry_after_seconds,
        };
        return problem(&web, &headers, None, kind);
    };
    let mut publications = book.publications();
    publications.mark_changed();
    let listener = Listener {
        publications,
        stopping: web.stopping.clone(),
        _place: place,
    };
    let mut response = Body::from_stream(events(listener)).into_response();
    let headers = response.headers_mut();
    let kind = HeaderValue::from_static("text/event-stream");
    headers.insert(header::CONTENT_TYPE, kind);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// One who listens.
struct Listener {
    publications: watch::Receiver<Arc<Published>>,
    stopping: watch::Receiver<bool>,
    _place: OwnedSemaphorePermit,
}

fn events(listener: Listener) -> impl Stream<Item = Result<Bytes, Infallible>> {
    futures_util::stream::unfold(listener, |mut listener| async move {
        let event = listener.next().await?;
        Some((Ok(event), listener))
    })
}

impl Listener {
    /// The next event, a comment after a silence, or the end when the service stops.
    async fn next(&mut self) -> Option<Bytes> {
        tokio::select! {
            changed = self.publications.changed() => {
                changed.ok()?;
                Some(self.publications.borrow_and_update().event.clone())
            }
            _ = self.stopping.wait_for(|stopping| *stopping) => None,
            () = tokio::time::sleep(Duration::from_millis(LIVE_SILENCE_MS)) => {
                Some(Bytes::from_static(b": still here\n\n"))
            }
        }
    }
}
