//! Every request counted, by what it asked for and how it was answered: a word of this file and a class of statuses.
//! Which poll, which link and whose it is are no part of it.

use super::Web;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::Response;

/// Answers a request and counts it.
pub async fn count(State(web): State<Web>, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>();
    let kind = kind(route.map(MatchedPath::as_str), request.method());
    let response = next.run(request).await;
    let class = class(response.status());
    web.service.counts().request(kind, class);
    response
}

/// What a request asks for, by the route that it takes (`/p/{token}`, whatever stands before it).
fn kind(route: Option<&str>, method: &Method) -> &'static str {
    let Some(route) = route else {
        return "unknown_address";
    };
    let has = |part: &str| route.contains(part);
    match *method {
        _ if has("/p/{token}/stop") => "stop",
        Method::POST if has("/p/{token}") => "answer",
        _ if has("/monitor") => "monitor",
        Method::POST if has("/objections") => "objection",
        _ if has("/confirmation") => "confirmation",
        _ if has("/promise") || has("/receipt") => "receipt",
        _ if has("/p/{token}") => "answer_page",
        _ if has("/live") && has("{slug}") => "live",
        _ if has("/export") || has("/roster") => "file",
        _ if has("/tile/") || has("/checkpoint") || has("/consistency/") => "tile",
        _ if has("/health") => "health",
        _ => "page",
    }
}

fn class(status: StatusCode) -> &'static str {
    match status.as_u16() {
        0..300 => "2xx",
        300..400 => "3xx",
        400..500 => "4xx",
        _ => "5xx",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::paths::{self, route};

    #[test]
    fn a_request_is_known_by_its_route_and_nothing_else() {
        let get = [
            (route::ANSWER, "answer_page"),
            (route::ANSWER_IN, "answer_page"),
            (route::CONFIRMATION_IN, "confirmation"),
            (route::PROMISE, "receipt"),
            (route::RECEIPT_IN, "receipt"),
            (route::RECEIPT_UNDER, "receipt"),
            (route::STOP, "stop"),
            (route::STOP_IN, "stop"),
            (route::RESULTS, "page"),
            (route::RESULTS_JSON, "page"),
            (paths::HOME, "page"),
            (paths::VERIFY_JS, "page"),
            (route::LIVE, "live"),
            (route::EXPORT, "file"),
            (route::ROSTER, "file"),
            (route::CHECKPOINTS, "tile"),
            (route::BUNDLE, "tile"),
            (route::CONSISTENCY, "tile"),
            (paths::HEALTH, "health"),
            (paths::MONITOR_IN, "monitor"),
            (paths::MONITOR_LINK, "monitor"),
        ];
        for (route, expected) in get {
            assert_eq!(kind(Some(route), &Method::GET), expected, "{route}");
            let behind = format!("/services/polls{route}");
            assert_eq!(kind(Some(&behind), &Method::HEAD), expected, "{behind}");
        }
        assert_eq!(kind(Some(route::ANSWER_IN), &Method::POST), "answer");
        assert_eq!(kind(Some(route::STOP_IN), &Method::POST), "stop");
        assert_eq!(kind(Some(route::OBJECTIONS), &Method::POST), "objection");
        assert_eq!(kind(Some(paths::HEALTH), &Method::POST), "health");
        assert_eq!(kind(None, &Method::POST), "unknown_address");
    }
}
