//! Whatever did not work, as a page: what happened, why, what to do next.

use super::{Web, language, page};
use crate::limits::RETRY_AFTER_SECONDS;
use crate::rejection::Rejection;
use axum::extract::{FromRequestParts, Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header, request};
use axum::response::Response;
use serde::de::DeserializeOwned;
use sijill_pages::{Language, Problem, ProblemKind, problem_page};

/// The problem page of this kind, in the language that fits the request.
pub fn problem(web: &Web, headers: &HeaderMap, path: Option<&str>, kind: ProblemKind) -> Response {
    let offered: Vec<Language> = Language::all().collect();
    let language = language(path, headers, &offered);
    let status = status(kind);
    let domain = web.service.domain();
    let view = Problem {
        frame: crate::view::frame(&web.site, web.site.domain(&domain), &[], language, |_| {
            String::new()
        }),
        kind,
        home_href: web
            .site
            .from_anywhere(&crate::paths::home_in(language.tag())),
    };
    let html = problem_page(&view).unwrap_or_else(|error| error.to_string());
    let mut response = page(status, html, &web.site.policies().page);
    response.extensions_mut().insert(kind);
    if status == StatusCode::SERVICE_UNAVAILABLE {
        let headers = response.headers_mut();
        headers.insert(header::RETRY_AFTER, HeaderValue::from(RETRY_AFTER_SECONDS));
    }
    response
}

fn status(kind: ProblemKind) -> StatusCode {
    match kind {
        ProblemKind::UnknownLink
        | ProblemKind::MalformedLink
        | ProblemKind::MonitorLinkUnknown
        | ProblemKind::NotFound => StatusCode::NOT_FOUND,
        ProblemKind::MonitorLinkUsed => StatusCode::GONE,
        ProblemKind::MonitorNotOpen => StatusCode::FORBIDDEN,
        ProblemKind::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
        ProblemKind::NotAForm => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        ProblemKind::NotUtf8 => StatusCode::BAD_REQUEST,
        ProblemKind::Timeout { .. } => StatusCode::REQUEST_TIMEOUT,
        ProblemKind::Busy { .. }
        | ProblemKind::Stopped
        | ProblemKind::Clock
        | ProblemKind::StopNotRecorded => StatusCode::SERVICE_UNAVAILABLE,
        ProblemKind::NotOnBallot | ProblemKind::TwoChosen => StatusCode::UNPROCESSABLE_ENTITY,
        ProblemKind::AnsweredOtherwise | ProblemKind::ChangedMeanwhile => StatusCode::CONFLICT,
        ProblemKind::WrongMethod => StatusCode::METHOD_NOT_ALLOWED,
        ProblemKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// What a rejection is for who only sees pages; refusals by the poll's rules are told on the answer page instead.
pub fn kind_of(rejection: &Rejection) -> ProblemKind {
    match rejection {
        Rejection::Frozen | Rejection::Busy => ProblemKind::Busy {
            retry_after_seconds: RETRY_AFTER_SECONDS,
        },
        Rejection::Stopped { .. } => ProblemKind::Stopped,
        Rejection::ClockWentBack { .. } => ProblemKind::Clock,
        _ => ProblemKind::Internal,
    }
}

/// Parts of an address. One that is no text (`/p/%ff`), and a poll's in another spelling, is an address that there is not,
/// and gets the page for that.
pub struct Parts<T>(pub T);

impl<T: DeserializeOwned + Send> FromRequestParts<Web> for Parts<T> {
    type Rejection = Response;

    async fn from_request_parts(request: &mut request::Parts, web: &Web) -> Result<Self, Response> {
        let is_other = crate::paths::is_spelled_otherwise(request.uri.path());
        match Path::<T>::from_request_parts(request, web).await {
            Ok(Path(parts)) if !is_other => Ok(Self(parts)),
            _ => Err(problem(web, &request.headers, None, ProblemKind::NotFound)),
        }
    }
}

/// No such address.
pub async fn not_found(State(web): State<Web>, headers: HeaderMap) -> Response {
    problem(&web, &headers, None, ProblemKind::NotFound)
}

/// An address that is there, asked in a way that it does not answer.
pub async fn wrong_method(State(web): State<Web>, headers: HeaderMap) -> Response {
    problem(&web, &headers, None, ProblemKind::WrongMethod)
}
