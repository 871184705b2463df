//! The page that checks receipts and promises in the reader's browser. What is checked never comes here.

use super::results::typed;
use super::trouble::{Parts, problem};
use super::{Web, language, page};
use crate::limits::VERIFY_POLLS_MAX;
use crate::{paths, view};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use sijill_pages::{Language, ProblemKind, VERIFY_JS, VerifyPage, verify_page};

/// The page, in the language that the browser asks for.
pub async fn any_language(State(web): State<Web>, headers: HeaderMap) -> Response {
    show(&web, &headers, None)
}

/// The page, in a chosen language.
pub async fn in_language(
    State(web): State<Web>,
    Parts(tag): Parts<String>,
    headers: HeaderMap,
) -> Response {
    show(&web, &headers, Some(&tag))
}

fn show(web: &Web, headers: &HeaderMap, tag: Option<&str>) -> Response {
    let offered: Vec<Language> = Language::all().collect();
    let language = language(tag, headers, &offered);
    let books = web.service.books();
    let published = books.iter().filter(|book| book.published().head.size > 0);
    let view = VerifyPage {
        frame: view::frame(
            &web.site,
            web.site.domain(&web.service.domain()),
            &offered,
            language,
            |tag| web.site.page(&paths::verify_in(tag)),
        ),
        script_href: web.site.page(paths::VERIFY_JS),
        site_keys: published
            .take(VERIFY_POLLS_MAX)
            .flat_map(|book| view::verifier_keys(book))
            .collect(),
    };
    match verify_page(&view) {
        Ok(html) => page(StatusCode::OK, html, &web.site.policies().verify),
        Err(_) => problem(web, headers, tag, ProblemKind::Internal),
    }
}

/// Its script.
pub async fn script() -> Response {
    typed("text/javascript; charset=utf-8", VERIFY_JS)
}
