//! What observers see: front page, results for people and machines, health.

use super::trouble::{Parts, problem};
use super::{Web, language, page};
use crate::{paths, view};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sijill_pages::{HomePage, LIVE_JS, Language, ProblemKind, home_page, results_page};

/// The front page.
pub async fn home(State(web): State<Web>, headers: HeaderMap) -> Response {
    front(&web, &headers, None)
}

/// The front page in a chosen language.
pub async fn home_in(
    State(web): State<Web>,
    Parts(tag): Parts<String>,
    headers: HeaderMap,
) -> Response {
    front(&web, &headers, Some(&tag))
}

fn front(web: &Web, headers: &HeaderMap, tag: Option<&str>) -> Response {
    let offered: Vec<Language> = Language::all().collect();
    let language = language(tag, headers, &offered);
    let now = web.service.now();
    let books = web.service.books();
    let view = HomePage {
        frame: view::frame(
            &web.site,
            web.site.domain(&web.service.domain()),
            &offered,
            language,
            |tag| web.site.page(&paths::home_in(tag)),
        ),
        polls: books
            .iter()
            .map(|book| view::card(&web.site, book, now, language))
            .collect(),
    };
    match home_page(&view) {
        Ok(html) => page(StatusCode::OK, html, &web.site.policies().page),
        Err(_) => problem(web, headers, tag, ProblemKind::Internal),
    }
}

/// The results page in a chosen language.
pub async fn in_language(
    State(web): State<Web>,
    Parts((slug, tag)): Parts<(String, String)>,
    headers: HeaderMap,
) -> Response {
    results(&web, &headers, &slug, Some(&tag))
}

/// The results page in the language that the browser asks for.
pub async fn any_language(
    State(web): State<Web>,
    Parts(slug): Parts<String>,
    headers: HeaderMap,
) -> Response {
    results(&web, &headers, &slug, None)
}

fn results(web: &Web, headers: &HeaderMap, slug: &str, tag: Option<&str>) -> Response {
    let Some(book) = web.service.book(slug) else {
        return problem(web, headers, tag, ProblemKind::NotFound);
    };
    let language = language(tag, headers, &view::languages(&book.definition()));
    match results_page(&view::results(
        &web.site,
        &book,
        web.service.now(),
        language,
    )) {
        Ok(html) => page(StatusCode::OK, html, &web.site.policies().results),
        Err(_) => problem(web, headers, tag, ProblemKind::Internal),
    }
}

/// The results for machines.
pub async fn json(
    State(web): State<Web>,
    Parts(slug): Parts<String>,
    headers: HeaderMap,
) -> Response {
    let Some(book) = web.service.book(&slug) else {
        return problem(&web, &headers, None, ProblemKind::NotFound);
    };
    typed("application/json", book.published().json.clone())
}

/// Whether the service takes answers: 200 and `ok`, or 503 and why not. A disk that damages tiles will damage more.
pub async fn health(State(web): State<Web>) -> Response {
    let unwell = StatusCode::SERVICE_UNAVAILABLE;
    let (status, text) = match (web.service.stopped(), web.service.clock_behind_ms()) {
        (Some(why), _) => (
            unwell,
            serde_json::json!({ "state": "stopped", "why": why }),
        ),
        (None, Some(ms)) => (
            unwell,
            serde_json::json!({ "state": "clock_behind", "behind_ms": ms, "why": "the clock is behind the last entry; answers are taken again when it is past it" }),
        ),
        (None, None) => (
            StatusCode::OK,
            serde_json::json!({ "state": "ok", "tiles_mended": web.service.tiles_mended() }),
        ),
    };
    let mut response = typed("application/json", text.to_string());
    *response.status_mut() = status;
    response
}

/// The script of the results page.
pub async fn live_js() -> Response {
    typed("text/javascript; charset=utf-8", LIVE_JS)
}

/// A file that is compiled in.
pub(super) fn typed(kind: &'static str, body: impl Into<axum::body::Body>) -> Response {
    let mut response = body.into().into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}
