//! A preview: what people would see of a definition, for whoever writes it. There is no ledger, no key and no service;
//! whatever is sent comes to nothing.

use super::{language, page};
use crate::book::{Book, Published};
use crate::keys::MasterKey;
use crate::paths::{self, route};
use crate::site::Site;
use crate::{ServerError, view};
use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use sijill_ledger::{Entry, Head, Origin, Sealed, Signature};
use sijill_pages::{Theme, answer_page, confirmation_page, results_page, stop_page};
use sijill_poll::definition::Definition;
use sijill_poll::event::{Answer, Chosen, How, Opened, Opening, Responded, Value, Who};
use sijill_poll::roster::Roster;
use sijill_poll::{Event, Poll, opening};
use std::sync::Arc;
use tokio::net::TcpListener;

/// What stands in the place of a token.
const TOKEN: &str = "preview";

/// The pages of a definition.
#[derive(Clone)]
struct Preview {
    site: Site,
    book: Arc<Book>,
}

/// Shows the pages of a definition that passed the lint until `shutdown` is done; the first is at `/`.
///
/// # Errors
/// If the definition cannot be shown, or the listener fails.
pub async fn preview(
    listener: std::net::TcpListener,
    text: &str,
    definition: &Definition,
    theme: Option<Theme>,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServerError> {
    let failed = |error: std::io::Error| ServerError::Serve(error.to_string());
    let preview = Preview {
        site: Site::preview(theme),
        book: Arc::new(book(text, definition)?),
    };
    listener.set_nonblocking(true).map_err(failed)?;
    let listener = TcpListener::from_std(listener).map_err(failed)?;
    let pages = Router::new()
        .route(paths::HOME, get(first))
        .route(route::ANSWER_IN, get(answer).post(sent))
        .route(route::CONFIRMATION_IN, get(confirmation))
        .route(route::STOP_IN, get(stop).post(asked))
        .route(route::RESULTS, get(first))
        .route(route::RESULTS_IN, get(results))
        .fallback(first)
        .with_state(preview);
    let served = axum::serve(listener, pages).with_graceful_shutdown(shutdown);
    served.await.map_err(failed)
}

/// A poll that begins now, of an opening that nobody signed.
fn book(text: &str, definition: &Definition) -> Result<Book, ServerError> {
    let name = format!(
        "{}/polls/{}",
        definition.who.platform.domain, definition.slug
    );
    let broken = |why: String| ServerError::Replay {
        origin: name.clone(),
        why,
    };
    let origin: Origin = name
        .parse()
        .map_err(|_| broken("it is no origin".to_owned()))?;
    let master = MasterKey::new([0; 32]);
    let opening = Opening {
        rule_set: definition.rule_set,
        definition: text.to_owned(),
        log_keys: vec![master.log_key(&origin).public_key()],
        promise_key: master.promise_key(&origin).public_key(),
        messages: opening::message_hashes(definition),
        questions: Vec::new(),
        script: None,
        sealing_key: None,
        issuing_keys: Vec::new(),
        key: 0,
        until: definition.field.start,
        origin,
    };
    let first = Sealed::seal(Entry {
        index: 0,
        previous: Head::start(&opening.origin).link,
        at: definition.field.start,
        event: Event::Opened(Box::new(Opened {
            opening,
            signature: Signature::from_bytes([0; 64]),
        })),
    });
    let first = first.map_err(|error| broken(error.to_string()))?;
    let poll = Poll::open(&first, Arc::new(Roster::none()));
    let poll = poll.map_err(|error| broken(error.to_string()))?;
    let published = Published::of(&poll, definition.field.start);
    Ok(Book::new(poll, published, &master))
}

impl Preview {
    /// The moment that the pages are of: the poll has just begun.
    fn now(&self) -> u64 {
        self.book.definition().field.start
    }

    fn answered(&self, made: Result<String, impl std::fmt::Display>, policy: &str) -> Response {
        match made {
            Ok(html) => page(StatusCode::OK, html, policy),
            Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
        }
    }
}

/// To the first page, in the browser's language.
async fn first(State(preview): State<Preview>, headers: HeaderMap) -> Redirect {
    let offered = view::languages(&preview.book.definition());
    let language = language(None, &headers, &offered);
    Redirect::to(&paths::answer_in(TOKEN, language.tag()))
}

async fn answer(
    State(preview): State<Preview>,
    Path((_, tag)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let (site, book) = (&preview.site, &preview.book);
    let language = language(Some(&tag), &headers, &view::languages(&book.definition()));
    let reader = view::Reader {
        token: TOKEN,
        rotation: 0,
        standing: None,
    };
    let shown = view::answer_page(site, book, preview.now(), language, reader);
    preview.answered(answer_page(&shown), &site.policies().page)
}

/// What is sent comes to nothing, and the page that it leads to says so.
async fn sent(Path((_, tag)): Path<(String, String)>) -> Redirect {
    Redirect::to(&paths::confirmation_in(TOKEN, &tag))
}

async fn confirmation(
    State(preview): State<Preview>,
    Path((_, tag)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let (site, book) = (&preview.site, &preview.book);
    let definition = book.definition();
    let language = language(Some(&tag), &headers, &view::languages(&definition));
    let made_up = made_up(&definition);
    let shown = view::confirmation(site, book, language, TOKEN, (&made_up, false));
    preview.answered(confirmation_page(&shown), &site.policies().page)
}

async fn stop(
    State(preview): State<Preview>,
    Path((_, tag)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let (site, book) = (&preview.site, &preview.book);
    let language = language(Some(&tag), &headers, &view::languages(&book.definition()));
    let shown = view::stop(site, book, preview.now(), language, (TOKEN, false));
    preview.answered(stop_page(&shown), &site.policies().page)
}

/// Nobody is written to, so there is nothing to stop, and the page stays as it is.
async fn asked(Path((_, tag)): Path<(String, String)>) -> Redirect {
    Redirect::to(&paths::stop_in(TOKEN, &tag))
}

/// An answer of nobody, whatever was sent: its code is one that no ledger has.
fn made_up(definition: &Definition) -> Responded {
    let option = definition.options.first().map(|option| option.id.clone());
    Responded {
        answer: Answer {
            who: Who::Invitation {
                index: 0,
                revision: 1,
            },
            how: How::Link,
            order: 0,
            chosen: vec![Chosen {
                question: definition.question.id.clone(),
                value: Value::Clear(option.unwrap_or_default()),
            }],
        },
        signature: Signature::from_bytes([0; 64]),
    }
}

async fn results(
    State(preview): State<Preview>,
    Path((_, tag)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let (site, book) = (&preview.site, &preview.book);
    let language = language(Some(&tag), &headers, &view::languages(&book.definition()));
    let shown = view::results(site, book, preview.now(), language);
    preview.answered(results_page(&shown), &site.policies().results)
}
