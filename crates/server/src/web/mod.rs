//! The web side: routes, limits and headers. What each address answers is in the files beside.
//!
//! Nothing a person sends is logged: no token, no address, no answer. Nothing here asks where a request comes from either,
//! nor what it says of that (`Host`, `Forwarded`, `X-Forwarded-For`): see `portal`.

mod answer;
mod arrival;
mod counted;
mod files;
mod live;
mod monitor;
mod objections;
mod preview;
mod results;
mod stop;
mod tiles;
mod trouble;
mod verify;

use crate::limits::{LISTENERS_MAX, OBJECTORS_MAX, REQUEST_MS_MAX, REQUESTS_MAX};
use crate::paths::{self, route};
use crate::service::Service;
use crate::site::Site;
use axum::Router;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use sijill_pages::Language;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, watch};
use tower::limit::GlobalConcurrencyLimitLayer;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::timeout::TimeoutLayer;

pub use arrival::whole;
pub use preview::preview;

/// Says what search engines may do, for files too.
const NO_ROBOTS: HeaderName = HeaderName::from_static("x-robots-tag");

/// What every handler has.
#[derive(Clone)]
pub struct Web {
    /// The service.
    pub service: Service,
    /// Where people reach it, and how its pages look.
    pub site: Site,
    /// Places for listeners to live results.
    pub listeners: Arc<Semaphore>,
    /// Places for those whose promises are looked into.
    pub objectors: Arc<Semaphore>,
    /// Full tiles, kept in memory.
    pub tiles: tiles::KeptTiles,
    /// Becomes true when the service stops; live streams end then.
    pub stopping: watch::Receiver<bool>,
}

impl Web {
    /// The web side of a service that has room for this many connections; `stopping` becomes true when it stops. At
    /// least half of the room is left to those who do not listen.
    pub fn new(service: Service, site: Site, room: usize, stopping: watch::Receiver<bool>) -> Self {
        Self {
            service,
            site,
            tiles: tiles::KeptTiles::default(),
            listeners: Arc::new(Semaphore::new(LISTENERS_MAX.min(room / 2))),
            objectors: Arc::new(Semaphore::new(OBJECTORS_MAX)),
            stopping,
        }
    }
}

/// Every route with its limits. Live streams stand outside the time limit, since they last.
pub fn router(web: Web) -> Router {
    let header =
        |name, value| SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value));
    // What is behind a personal link is one person's: no search engine keeps it, files included.
    let personal = Router::new()
        .route(route::ANSWER, get(answer::show).post(answer::submit))
        .route(
            route::ANSWER_IN,
            get(answer::show_in).post(answer::submit_in),
        )
        .route(route::CONFIRMATION_IN, get(answer::confirmation_in))
        .route(route::PROMISE, get(answer::promise))
        .route(route::RECEIPT, get(answer::receipt))
        .route(route::RECEIPT_IN, get(answer::receipt_in))
        .route(route::STOP, get(stop::show).post(stop::ask))
        .route(route::STOP_IN, get(stop::show_in).post(stop::ask_in))
        .layer(header(NO_ROBOTS, "noindex"));
    let timed = personal
        .route(paths::HOME, get(results::home))
        .route(paths::HOME_IN, get(results::home_in))
        .route(paths::HEALTH, get(results::health))
        .route(paths::LIVE_JS, get(results::live_js))
        .route(paths::VERIFY, get(verify::any_language))
        .route(paths::VERIFY_IN, get(verify::in_language))
        .route(paths::VERIFY_JS, get(verify::script))
        .route(paths::MONITOR, get(monitor::any_language))
        .route(paths::MONITOR_IN, get(monitor::in_language))
        .route(paths::MONITOR_LINK, get(monitor::link).post(monitor::open))
        .route(paths::MONITOR_JS, get(monitor::script))
        .route(route::RESULTS, get(results::any_language))
        .route(route::RESULTS_IN, get(results::in_language))
        .route(route::RESULTS_JSON, get(results::json))
        .route(route::EXPORT, get(files::export))
        .route(route::DEFINITION, get(files::definition))
        .route(route::QUESTION, get(files::question))
        .route(route::ROSTER, get(files::roster))
        .route(route::OBJECTIONS, post(objections::hand_in))
        .route(route::CHECKPOINT, get(tiles::checkpoint))
        .route(route::CHECKPOINTS, get(tiles::checkpoints))
        .route(route::BUNDLE, get(tiles::bundle))
        .route(route::RECEIPT_UNDER, get(tiles::receipt))
        .route(route::CONSISTENCY, get(tiles::consistency))
        .fallback(trouble::not_found)
        .method_not_allowed_fallback(trouble::wrong_method)
        .layer(CompressionLayer::new())
        // Hashes do not get smaller.
        .route(route::HASHES, get(tiles::hashes));
    #[cfg(feature = "bench")]
    let timed = timed.route(crate::measure::FIXED, get(crate::measure::fixed));
    let timed = timed
        .layer(TimeoutLayer::with_status_code(
            StatusCode::SERVICE_UNAVAILABLE,
            Duration::from_millis(REQUEST_MS_MAX),
        ))
        .layer(GlobalConcurrencyLimitLayer::new(REQUESTS_MAX));
    Router::new()
        .route(route::LIVE, get(live::stream))
        .merge(timed)
        .layer(CatchPanicLayer::new())
        .layer(axum::middleware::from_fn_with_state(
            web.clone(),
            counted::count,
        ))
        .layer(header(header::REFERRER_POLICY, "no-referrer"))
        .layer(header(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .with_state(web)
}

/// On to this address with GET, whatever the method was: what a browser then has in its history can be gone back to and
/// loaded again. RFC 9110, section 15.4.4.
fn see_other(to: &str) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(to) = HeaderValue::from_str(to) {
        headers.insert(header::LOCATION, to);
    }
    response
}

/// A page that may be kept by nobody: it is one person's, or changes.
fn page(status: StatusCode, html: String, policy: &str) -> Response {
    let mut response = (status, Html(html)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(policy) = HeaderValue::from_str(policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// The language asked for in the path, or the best of those offered for the browser's wishes.
fn language(path: Option<&str>, headers: &HeaderMap, offered: &[Language]) -> Language {
    let wishes = headers
        .get(header::ACCEPT_LANGUAGE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    path.and_then(Language::parse)
        .filter(|language| offered.contains(language))
        .unwrap_or_else(|| sijill_pages::negotiate(wishes, offered))
}
