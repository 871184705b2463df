//! What auditors download: the ledger up to the last publication, the definition, and the roster's leaves.

use super::Web;
use super::trouble::{Parts, problem};
use crate::view;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{Html, IntoResponse, Response};
use sijill_pages::{Language, ProblemKind, question_block};
use tokio_util::io::ReaderStream;

/// The ledger up to the last publication, as an export.
pub async fn export(
    State(web): State<Web>,
    Parts(slug): Parts<String>,
    headers: HeaderMap,
) -> Response {
    let Some(book) = web.service.book(&slug) else {
        return problem(&web, &headers, None, ProblemKind::NotFound);
    };
    let service = web.service.clone();
    let name = format!("{slug}.sijill");
    let made = tokio::task::spawn_blocking(move || service.published_export(&book)).await;
    match made {
        Ok(Ok(file)) => send(&web, &headers, file, &name).await,
        Ok(Err(error)) => {
            tracing::error!("an export could not be made: {error}");
            problem(&web, &headers, None, ProblemKind::Internal)
        }
        Err(_) => problem(&web, &headers, None, ProblemKind::Internal),
    }
}

/// The question block of the answer page, as auditors hold it against the ledger.
pub async fn question(
    State(web): State<Web>,
    Parts((slug, tag)): Parts<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let book = web.service.book(&slug);
    let shown = book.as_ref().and_then(|book| {
        let definition = book.definition();
        let language = Language::parse(&tag)?;
        let offered = view::languages(&definition).contains(&language);
        offered.then(|| question_block(&view::question(&definition, language)))
    });
    let Some(block) = shown else {
        return problem(&web, &headers, None, ProblemKind::NotFound);
    };
    let mut response = Html(block).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    let nothing = HeaderValue::from_static("default-src 'none'");
    headers.insert(header::CONTENT_SECURITY_POLICY, nothing);
    response
}

/// The definition as it was signed: the text in entry 0, which no later entry can change.
pub async fn definition(
    State(web): State<Web>,
    Parts(slug): Parts<String>,
    headers: HeaderMap,
) -> Response {
    let Some(book) = web.service.book(&slug) else {
        return problem(&web, &headers, None, ProblemKind::NotFound);
    };
    let text = book.durable().opening().definition.clone();
    let mut response = text.into_response();
    let headers = response.headers_mut();
    let kind = HeaderValue::from_static("text/plain; charset=utf-8");
    headers.insert(header::CONTENT_TYPE, kind);
    // It never changes, but another poll may come to have this address, as the next demo on a machine does.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

/// The roster's leaves, 98 bytes each, once their commitment is published.
pub async fn roster(
    State(web): State<Web>,
    Parts(slug): Parts<String>,
    headers: HeaderMap,
) -> Response {
    let published = web
        .service
        .book(&slug)
        .filter(|book| book.published().invited > 0);
    let Some(book) = published else {
        return problem(&web, &headers, None, ProblemKind::NotFound);
    };
    match std::fs::File::open(web.service.roster_path(book.slug())) {
        Ok(file) => send(&web, &headers, file, &format!("{slug}.roster")).await,
        Err(_) => problem(&web, &headers, None, ProblemKind::Internal),
    }
}

async fn send(web: &Web, headers: &HeaderMap, file: std::fs::File, name: &str) -> Response {
    let Ok(length) = file.metadata().map(|data| data.len()) else {
        return problem(web, headers, None, ProblemKind::Internal);
    };
    let file = tokio::fs::File::from_std(file);
    let mut response = Body::from_stream(ReaderStream::new(file)).into_response();
    let headers = response.headers_mut();
    let kind = HeaderValue::from_static("application/octet-stream");
    headers.insert(header::CONTENT_TYPE, kind);
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    response
}
