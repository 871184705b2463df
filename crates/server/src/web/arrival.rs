//! A request's body, read within its limits of size and time before anything else happens: who sends it slowly keeps
//! nobody else's place.

use crate::limits::{FORM_BYTES_MAX, FORM_MS_MAX, OBJECTION_BYTES_MAX};
use crate::paths;
use axum::body::{Body, Bytes};
use axum::http::{Method, Request};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Incoming;
use sijill_pages::ProblemKind;
use std::time::Duration;

/// What arrived of a request's body, or why it was given up.
#[derive(Debug, Clone)]
pub struct Arrived(pub Result<Bytes, ProblemKind>);

/// The request with what arrived of its body among its extensions. Only a POST has one that is looked at.
pub async fn whole(request: Request<Incoming>) -> Request<Body> {
    let (mut parts, body) = request.into_parts();
    let arrived = match parts.method {
        Method::POST if paths::is_objections(parts.uri.path()) => {
            arrive(body, OBJECTION_BYTES_MAX).await
        }
        Method::POST => arrive(body, FORM_BYTES_MAX).await,
        _ => Ok(Bytes::new()),
    };
    parts.extensions.insert(Arrived(arrived));
    Request::from_parts(parts, Body::empty())
}

async fn arrive(body: Incoming, bytes_max: usize) -> Result<Bytes, ProblemKind> {
    let limit = Duration::from_millis(FORM_MS_MAX);
    match tokio::time::timeout(limit, Limited::new(body, bytes_max).collect()).await {
        Err(_) => Err(ProblemKind::Timeout {
            seconds_max: FORM_MS_MAX / 1_000,
        }),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(ProblemKind::TooLarge {
            bytes_max: bytes_max as u64,
        }),
        Ok(Err(_)) => Err(ProblemKind::NotAForm),
        Ok(Ok(whole)) => Ok(whole.to_bytes()),
    }
}
