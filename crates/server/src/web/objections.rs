//! A promise handed in, and what came of it: a sentence for people, or a small object for machines.

use super::Web;
use super::arrival::Arrived;
use super::trouble::{Parts, problem};
use crate::limits::RETRY_AFTER_SECONDS;
use crate::objection::Objection;
use crate::rejection::Rejection;
use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use sijill_pages::ProblemKind;
use sijill_poll::rules::Refusal;
use std::sync::Arc;

/// POST: the body is a promise file, whatever its type is said to be.
pub async fn hand_in(
    State(web): State<Web>,
    Parts(slug): Parts<String>,
    headers: HeaderMap,
    Extension(arrived): Extension<Arrived>,
) -> Response {
    let trouble = |kind| problem(&web, &headers, None, kind);
    let Some(book) = web.service.book(&slug) else {
        return trouble(ProblemKind::NotFound);
    };
    let file = match arrived.0.map(|body| String::from_utf8(body.into())) {
        Ok(Ok(file)) => file,
        Ok(Err(_)) => return trouble(ProblemKind::NotUtf8),
        Err(kind) => return trouble(kind),
    };
    let Ok(place) = Arc::clone(&web.objectors).try_acquire_owned() else {
        return told(&headers, Err(Rejection::Busy));
    };
    let service = web.service.clone();
    // Who asked may go; the place is free when the ledger was gone through.
    let looked_into = tokio::task::spawn_blocking(move || {
        let _place = place;
        service.object(&book, file)
    });
    match looked_into.await {
        Ok(outcome) => told(&headers, outcome),
        Err(_) => trouble(ProblemKind::Internal),
    }
}

/// What machines are told.
#[derive(Debug, Serialize)]
struct Told {
    /// One word.
    outcome: &'static str,
    /// Index of the entry that objects, or that is the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    entry: Option<u64>,
    /// The sentence that people are told.
    text: String,
}

fn told(headers: &HeaderMap, outcome: Result<Objection, Rejection>) -> Response {
    let (status, word, entry) = match &outcome {
        Ok(objection) => of_objection(objection),
        Err(rejection) => of_rejection(rejection),
    };
    let told = Told {
        outcome: word,
        entry,
        text: outcome.map_or_else(|error| error.to_string(), |objection| objection.to_string()),
    };
    let (kind, body) = match wants_json(headers) {
        // Texts and integers always serialise.
        true => (
            "application/json",
            serde_json::to_string(&told).unwrap_or_default(),
        ),
        false => ("text/plain; charset=utf-8", told.text + "\n"),
    };
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if status == StatusCode::SERVICE_UNAVAILABLE {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(RETRY_AFTER_SECONDS));
    }
    response
}

fn of_objection(objection: &Objection) -> (StatusCode, &'static str, Option<u64>) {
    match objection {
        Objection::Recorded(position) => (StatusCode::CREATED, "recorded", Some(position.index)),
        Objection::OnRecord { index } => (StatusCode::OK, "on_record", Some(*index)),
        Objection::Kept { index } => (StatusCode::CONFLICT, "kept", Some(*index)),
        Objection::Waiting { .. } => (StatusCode::CONFLICT, "waiting", None),
    }
}

fn of_rejection(rejection: &Rejection) -> (StatusCode, &'static str, Option<u64>) {
    let (status, word) = match rejection {
        Rejection::Refused(Refusal::NotAPromise(_)) => {
            (StatusCode::UNPROCESSABLE_ENTITY, "not_a_promise")
        }
        Rejection::Refused(Refusal::NotDueYet { .. }) => (StatusCode::CONFLICT, "not_due_yet"),
        Rejection::Refused(Refusal::ObjectionsOver { .. }) => (StatusCode::CONFLICT, "too_late"),
        Rejection::Refused(Refusal::TooManyObjections) => (StatusCode::CONFLICT, "too_many"),
        Rejection::Refused(Refusal::AnsweredSince)
        | Rejection::Frozen
        | Rejection::Busy
        | Rejection::ClockWentBack { .. } => (StatusCode::SERVICE_UNAVAILABLE, "busy"),
        Rejection::Stopped { .. } | Rejection::Unread { .. } => {
            (StatusCode::SERVICE_UNAVAILABLE, "stopped")
        }
        _ => (StatusCode::INTERNAL_SERVER_ERROR, "failed"),
    };
    (status, word, None)
}

fn wants_json(headers: &HeaderMap) -> bool {
    let accepted = headers.get(header::ACCEPT);
    let accepted = accepted.and_then(|value| value.to_str().ok());
    accepted.is_some_and(|kinds| kinds.to_ascii_lowercase().contains("application/json"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(accept: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static(accept))])
    }

    #[test]
    fn who_comes_while_ledgers_are_gone_through_is_told_when_to_come_again() {
        let response = told(&asked("*/*"), Err(Rejection::Busy));
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        let after = response.headers().get(header::RETRY_AFTER);
        assert_eq!(after, Some(&HeaderValue::from(RETRY_AFTER_SECONDS)));
    }

    #[test]
    fn json_is_for_who_asks_for_it() {
        for (accept, kind) in [
            ("text/html, application/JSON;q=0.9", "application/json"),
            ("text/html", "text/plain; charset=utf-8"),
        ] {
            let response = told(&asked(accept), Ok(Objection::Kept { index: 4 }));
            assert_eq!(response.headers()[header::CONTENT_TYPE], kind);
            assert_eq!(response.status(), StatusCode::CONFLICT);
        }
    }
}
