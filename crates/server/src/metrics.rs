//! `/metrics`: an overview and its histograms as OpenMetrics text, on a listener of its own.
//!
//! Not on the public one: most of it moves with every single answer, and who watches it closely would know who answered
//! when. It is for the operator's own collector.

mod sending;

use crate::ServerError;
use crate::connections;
use crate::limits::{METRICS_CONNECTIONS_MAX, REQUEST_MS_MAX};
use crate::overview::{Overview, PollOverview};
use crate::reason::Reason;
use crate::service::Service;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;
use tokio::sync::watch;
use tower_http::timeout::TimeoutLayer;

/// The media type of what is served.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// States that a poll can be in.
const STATES: [&str; 6] = [
    "not_yet_open",
    "open",
    "paused",
    "ended",
    "closed",
    "annulled",
];

/// Serves `/metrics` of a service on this listener, for as long as anybody waits for it.
///
/// # Errors
/// If the listener cannot be used.
pub async fn serve_metrics(listener: TcpListener, service: Service) -> Result<(), ServerError> {
    let serve = |error: std::io::Error| ServerError::Serve(error.to_string());
    listener.set_nonblocking(true).map_err(serve)?;
    let listener = tokio::net::TcpListener::from_std(listener).map_err(serve)?;
    let app = Router::new()
        .route("/metrics", get(metrics))
        .layer(TimeoutLayer::with_status_code(
            StatusCode::SERVICE_UNAVAILABLE,
            Duration::from_millis(REQUEST_MS_MAX),
        ))
        .with_state(service);
    let (_never, stopping) = watch::channel(false);
    connections::serve(
        listener,
        app,
        METRICS_CONNECTIONS_MAX,
        Arc::default(),
        stopping,
    )
    .await;
    Ok(())
}

async fn metrics(State(service): State<Service>) -> Response {
    // It asks the disk how much is free, which may take its time.
    let written = tokio::task::spawn_blocking(move || write(&service)).await;
    let Ok(Ok(text)) = written else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let mut response = text.into_response();
    let headers = response.headers_mut();
    let kind = HeaderValue::from_static(OPEN_METRICS);
    headers.insert(header::CONTENT_TYPE, kind);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn write(service: &Service) -> Result<String, std::fmt::Error> {
    let overview = service.overview();
    let mut sheet = Sheet(Registry::with_prefix("sijill"));
    sheet.service(&overview);
    sheet.disk_and_network(&overview);
    sheet.requests(&overview);
    sheet.histograms(service);
    sheet.polls(&overview.polls);
    sheet.answers(&overview);
    sheet.sending(&overview.polls);
    let mut out = String::new();
    text::encode(&mut out, &sheet.0)?;
    Ok(out)
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfPoll {
    poll: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfPollState {
    poll: String,
    state: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfReason {
    poll: String,
    reason: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfRequest {
    kind: String,
    class: String,
}

/// What is to be written down.
struct Sheet(Registry);

impl Sheet {
    fn service(&mut self, seen: &Overview) {
        let version = [("version", env!("CARGO_PKG_VERSION"))];
        let build = "The program that runs";
        self.0.register("build", build, Info::new(version));
        self.seconds(
            "start_time",
            "When the service was started, since 1970",
            seen.started as f64 / 1_000.0,
        );
        self.gauge(
            "taking_answers",
            "1 while the service takes answers, 0 while it does not; /health says why",
            u64::from(seen.state == "ok"),
        );
        self.seconds(
            "clock_behind",
            "How far the clock is behind the last entry; above 0 no answers are taken",
            seen.clock_behind_ms as f64 / 1_000.0,
        );
        self.gauge(
            "writer_queue_jobs",
            "Jobs that wait for the writer",
            seen.queue_jobs,
        );
        self.gauge(
            "writer_queue_jobs_max",
            "Jobs that may wait for the writer; more are told to come again",
            seen.queue_jobs_max,
        );
    }

    fn disk_and_network(&mut self, seen: &Overview) {
        if let Some(free) = seen.disk_free_bytes {
            let help = "Bytes that may still be written to the disk of the data directory";
            self.bytes("disk_free", help, free);
        }
        self.bytes(
            "disk_needed",
            "About what the disk will need if everybody answers who is invited to a poll that is not over",
            seen.disk_needed_bytes,
        );
        self.gauge("connections", "Connections open", seen.connections);
        self.gauge(
            "connections_max",
            "Connections that there is room for",
            seen.connections_max,
        );
        self.counter(
            "tiles_mended",
            "Tiles and bundles that were damaged on disk and written anew; above 0 see that the disk works",
            seen.tiles_mended,
        );
        let (help, read) = (
            "Bytes of entries that the scrubber read again",
            counter(seen.scrubbed_bytes),
        );
        self.0
            .register_with_unit("scrubbed", help, Unit::Bytes, read);
        self.counter(
            "scrub_looks",
            "Times that the scrubber came to the end of a ledger and found it as it should be",
            seen.scrub_looks,
        );
    }

    fn requests(&mut self, seen: &Overview) {
        let requests = Family::<OfRequest, Counter>::default();
        for of in &seen.requests {
            let labels = OfRequest {
                kind: of.kind.clone(),
                class: of.class.clone(),
            };
            requests.get_or_create(&labels).inc_by(of.count);
        }
        let help = "Requests answered, by what was asked for and the class of the status";
        self.0.register("requests", help, requests);
    }

    fn histograms(&mut self, service: &Service) {
        let counts = service.counts();
        let mut timed = |name: &str, help: &str, histogram: &Histogram| {
            self.0
                .register_with_unit(name, help, Unit::Seconds, histogram.clone());
        };
        timed(
            "acknowledgement",
            "Time from an answer's hand-over to the writer until it was durable and confirmed",
            counts.acknowledgements().histogram(),
        );
        timed(
            "commit",
            "Time that the disk took to make a batch durable",
            counts.commits().histogram(),
        );
        let help = "Entries that were made durable together";
        self.0
            .register("batch_entries", help, counts.batches().clone());
    }

    fn polls(&mut self, polls: &[PollOverview]) {
        self.states(polls);
        let mut each = |name: &str, help: &str, of: fn(&PollOverview) -> u64| {
            let family = Family::<OfPoll, Whole>::default();
            for poll in polls {
                family.get_or_create(&labels(poll)).set(of(poll));
            }
            self.0.register(name, help, family);
        };
        each("entries", "Entries that are durable", |poll| poll.entries);
        each(
            "entries_unpublished",
            "Entries that are durable and not published",
            |poll| poll.entries.saturating_sub(poll.published),
        );
        each("invitations", "Invitations in the roster", |poll| {
            poll.invited
        });
        each(
            "invitations_planned",
            "Invitations in waves begun",
            |poll| poll.planned,
        );
        each(
            "invitations_answered",
            "Invitations that answered",
            |poll| poll.answered,
        );
        let published = Family::<OfPoll, Seconds>::default();
        for poll in polls {
            let at = poll.published_at.unwrap_or(0) as f64 / 1_000.0;
            published.get_or_create(&labels(poll)).set(at);
        }
        let help = "When the last publication was made, since 1970; 0 before the first";
        self.0
            .register_with_unit("published_time", help, Unit::Seconds, published);
    }

    fn states(&mut self, polls: &[PollOverview]) {
        let states = Family::<OfPollState, Whole>::default();
        for (poll, state) in polls
            .iter()
            .flat_map(|poll| STATES.map(|state| (poll, state)))
        {
            let labels = OfPollState {
                poll: poll.slug.clone(),
                state,
            };
            let is_so = u64::from(poll.state == state);
            states.get_or_create(&labels).set(is_so);
        }
        let help = "1 for the state that the poll is in, 0 for the others";
        self.0.register("poll_state", help, states);
    }

    fn answers(&mut self, seen: &Overview) {
        let mut each = |name: &str, help: &str, of: fn(&PollOverview) -> u64| {
            let family = Family::<OfPoll, Counter>::default();
            for poll in &seen.polls {
                family.get_or_create(&labels(poll)).inc_by(of(poll));
            }
            self.0.register(name, help, family);
        };
        each(
            "answer_pages_opened",
            "Times that the page behind a link was shown, previews included",
            |poll| poll.pages_opened,
        );
        each(
            "answers_taken",
            "Answers that became durable; one that changes another counts too",
            |poll| poll.taken,
        );
        each(
            "answers_repeated",
            "Submissions that said again what stands",
            |poll| poll.repeated,
        );
        each("publications", "Publications made", |poll| {
            poll.publications
        });
        self.refusals(seen);
    }

    /// Every reason from the start on, so that the first of its kind is seen to come.
    fn refusals(&mut self, seen: &Overview) {
        let refused = Family::<OfReason, Counter>::default();
        let polls = seen.polls.iter();
        let polls = polls.map(|poll| (poll.slug.as_str(), &poll.refused));
        for (poll, counts) in polls.chain([("", &seen.refused)]) {
            for reason in Reason::ALL.map(Reason::word) {
                let labels = OfReason {
                    poll: poll.to_owned(),
                    reason,
                };
                let count = counts.get(reason).copied().unwrap_or(0);
                refused.get_or_create(&labels).inc_by(count);
            }
        }
        let help = "Submissions refused, by reason; without a poll where the link is of none";
        self.0.register("answers_refused", help, refused);
    }

    fn gauge(&mut self, name: &str, help: &str, value: u64) {
        self.0.register(name, help, whole(value));
    }

    fn bytes(&mut self, name: &str, help: &str, value: u64) {
        self.0
            .register_with_unit(name, help, Unit::Bytes, whole(value));
    }

    fn seconds(&mut self, name: &str, help: &str, value: f64) {
        let gauge = Seconds::default();
        gauge.set(value);
        self.0.register_with_unit(name, help, Unit::Seconds, gauge);
    }

    fn counter(&mut self, name: &str, help: &str, value: u64) {
        self.0.register(name, help, counter(value));
    }
}

type Whole = Gauge<u64, AtomicU64>;
type Seconds = Gauge<f64, AtomicU64>;

fn whole(value: u64) -> Whole {
    let gauge = Whole::default();
    gauge.set(value);
    gauge
}

fn counter(value: u64) -> Counter {
    let counter = Counter::default();
    counter.inc_by(value);
    counter
}

fn labels(poll: &PollOverview) -> OfPoll {
    OfPoll {
        poll: poll.slug.clone(),
    }
}
