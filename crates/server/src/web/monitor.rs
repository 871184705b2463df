//! The operator's monitor in a browser. A link that the command line prints leads to a button, and the button opens the
//! monitor in this browser; the link itself is worth nothing afterwards. GET spends nothing, previews of links included.
//!
//! Addresses here are relative, so that they hold below any prefix; a cookie without a path is sent to what is below
//! `paths::MONITOR` alone.

use super::trouble::{Parts, problem};
use super::{Web, language, page, see_other};
use crate::passes::LinkState;
use crate::view;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use sijill_pages::{
    Language, MONITOR_JS, MonitorLinkPage, ProblemKind, monitor_link_page, monitor_page,
};

/// The cookie that keeps a visit.
const COOKIE: &str = "sijill_monitor";

/// The page of a link: a button, or why it opens nothing.
pub async fn link(
    State(web): State<Web>,
    Parts(secret): Parts<String>,
    headers: HeaderMap,
) -> Response {
    let now = web.service.now();
    if let Some(trouble) = trouble(&web, &headers, web.service.passes().look(&secret, now)) {
        return trouble;
    }
    let offered: Vec<Language> = Language::all().collect();
    let language = language(None, &headers, &offered);
    let domain = web.service.domain();
    let domain = web.site.domain(&domain);
    let view = MonitorLinkPage {
        frame: view::frame(&web.site, domain, &[], language, |_| String::new()),
    };
    match monitor_link_page(&view) {
        Ok(html) => page(StatusCode::OK, html, &web.site.policies().page),
        Err(_) => problem(&web, &headers, None, ProblemKind::Internal),
    }
}

/// The button of that page.
pub async fn open(
    State(web): State<Web>,
    Parts(secret): Parts<String>,
    headers: HeaderMap,
) -> Response {
    let now = web.service.now();
    let visit = match web.service.passes().open(&secret, now) {
        Ok(Ok(visit)) => visit,
        Ok(Err(state)) => {
            return trouble(&web, &headers, state)
                .unwrap_or_else(|| problem(&web, &headers, None, ProblemKind::Internal));
        }
        Err(_) => return problem(&web, &headers, None, ProblemKind::Internal),
    };
    tracing::info!("the monitor was opened in a browser");
    let mut response = to_page(&headers, "in/");
    let cookie = format!("{COOKIE}={visit}; Secure; HttpOnly; SameSite=Strict");
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

/// The address without a language.
pub async fn any_language(headers: HeaderMap) -> Response {
    to_page(&headers, "monitor/in/")
}

/// The monitor, in a chosen language.
pub async fn in_language(
    State(web): State<Web>,
    Parts(tag): Parts<String>,
    headers: HeaderMap,
) -> Response {
    let now = web.service.now();
    let is_open = |visit: &str| web.service.passes().is_open(visit, now);
    if !visits(&headers).any(is_open) {
        return problem(&web, &headers, Some(&tag), ProblemKind::MonitorNotOpen);
    }
    let offered: Vec<Language> = Language::all().collect();
    let language = language(Some(&tag), &headers, &offered);
    let (site, service) = (web.site.clone(), web.service.clone());
    // It asks the disk how much is free, which may take its time.
    let seen = tokio::task::spawn_blocking(move || view::monitor(&site, &service, language)).await;
    match seen.map(|view| monitor_page(&view)) {
        Ok(Ok(html)) => page(StatusCode::OK, html, &web.site.policies().results),
        _ => problem(&web, &headers, Some(&tag), ProblemKind::Internal),
    }
}

/// The page's script.
pub async fn script() -> Response {
    super::results::typed("text/javascript; charset=utf-8", MONITOR_JS)
}

fn trouble(web: &Web, headers: &HeaderMap, state: LinkState) -> Option<Response> {
    let kind = match state {
        LinkState::Fresh => return None,
        LinkState::Used => ProblemKind::MonitorLinkUsed,
        LinkState::Unknown => ProblemKind::MonitorLinkUnknown,
    };
    Some(problem(web, headers, None, kind))
}

/// On to the monitor in the browser's language, at `below` as seen from here.
fn to_page(headers: &HeaderMap, below: &str) -> Response {
    let offered: Vec<Language> = Language::all().collect();
    let to = format!("{below}{}", language(None, headers, &offered).tag());
    see_other(&to)
}

/// What a browser says that it has a visit by.
fn visits(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let cookies = headers.get_all(header::COOKIE).into_iter();
    let cookies = cookies.filter_map(|value| value.to_str().ok());
    let pairs = cookies.flat_map(|cookies| cookies.split(';'));
    pairs.filter_map(|pair| pair.trim().strip_prefix(COOKIE)?.strip_prefix('='))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_visit_is_found_among_other_cookies() {
        let cookies = "a=1; sijill_monitor=abc;sijill_monitor_b=2; sijill_monitor=def";
        let headers = HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_static(cookies))]);
        assert_eq!(visits(&headers).collect::<Vec<_>>(), ["abc", "def"]);
        assert_eq!(visits(&HeaderMap::new()).count(), 0);
    }
}
