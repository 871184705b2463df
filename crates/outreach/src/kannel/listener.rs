//! The listener for callbacks: a small HTTP server for the gateway alone. A callback is answered with 200 when what it
//! says is on disk, and with anything else if it is to be said again.
//!
//! *Invariants:* connections, their heads and their time are bounded; nothing of a body is read; nobody without the
//! secret learns that there is anything.

use super::callback::{self, Said, Strange};
use super::limits::{
    ACCEPT_PAUSE, CALLBACK_BYTES_MAX, CALLBACK_HEAD_MAX, CALLBACK_MAX, CALLBACKS_MAX, LEAVE_MAX,
};
use super::settings::{Callbacks, WrongSetting};
use crate::gateway::{Ack, Report};
use http_body_util::Empty;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{sleep, timeout};

/// A listener at work.
pub(super) struct Listener {
    /// Dropped or used, it ends.
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

/// What every callback needs.
struct Desk {
    callbacks: Callbacks,
    reports: mpsc::Sender<Report>,
}

impl Listener {
    /// Listens from now on.
    pub(super) fn open(
        callbacks: &Callbacks,
        reports: mpsc::Sender<Report>,
    ) -> Result<Self, WrongSetting> {
        let listener = bound(callbacks).map_err(|error| WrongSetting::Listen {
            listen: callbacks.listen,
            kind: error.kind(),
        })?;
        let callbacks = callbacks.clone();
        let desk = Arc::new(Desk { callbacks, reports });
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(listen(listener, desk, stopped));
        Ok(Self { stop, task })
    }

    /// Lets nobody in any more, and waits a while for the callbacks under way.
    pub(super) async fn leave(self) {
        let _ = self.stop.send(());
        // Its task ends by itself; how it does changes nothing.
        let _ = self.task.await;
    }
}

fn bound(callbacks: &Callbacks) -> io::Result<TcpListener> {
    let listener = std::net::TcpListener::bind(callbacks.listen)?;
    listener.set_nonblocking(true)?;
    TcpListener::from_std(listener)
}

async fn listen(listener: TcpListener, desk: Arc<Desk>, mut stopped: oneshot::Receiver<()>) {
    let mut open = JoinSet::new();
    loop {
        tokio::select! {
            _ = &mut stopped => break,
            Some(_) = open.join_next() => {}
            accepted = listener.accept(), if open.len() < CALLBACKS_MAX => match accepted {
                Ok((stream, _)) => {
                    open.spawn(timeout(CALLBACK_MAX, served(stream, desk.clone())));
                }
                Err(_) => sleep(ACCEPT_PAUSE).await,
            }
        }
    }
    drop(listener);
    let rest = async { while open.join_next().await.is_some() {} };
    let _ = timeout(LEAVE_MAX, rest).await;
}

/// One connection, for one callback.
async fn served(stream: TcpStream, desk: Arc<Desk>) {
    let service = service_fn(move |request| {
        let desk = desk.clone();
        async move {
            let mut response = Response::new(Empty::<Bytes>::new());
            *response.status_mut() = desk.heard(&request).await;
            Ok::<_, Infallible>(response)
        }
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(CALLBACK_HEAD_MAX)
        .max_buf_size(CALLBACK_BYTES_MAX)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), service)
        .await;
    if served.is_err() {
        tracing::debug!("a callback's connection broke, or was none of HTTP");
    }
}

impl Desk {
    /// Tells what a callback says, and waits until that is on disk.
    async fn heard(&self, request: &Request<Incoming>) -> StatusCode {
        let uri = request.uri();
        let said = callback::read(&self.callbacks, uri.path(), uri.query().unwrap_or_default());
        let said = match said {
            Ok(_) if request.method() != Method::GET => return StatusCode::METHOD_NOT_ALLOWED,
            Ok(said) => said,
            Err(Strange::NotHere) => return StatusCode::NOT_FOUND,
            Err(Strange::Garbled) => {
                tracing::warn!(
                    "a callback of the SMS gateway lacks a field: compare its configuration with docs/OPERATIONS.md"
                );
                return StatusCode::BAD_REQUEST;
            }
        };
        let (give, given) = oneshot::channel();
        let ack = Ack::new(move || {
            // Nobody waits where the gateway has hung up; it says it again.
            let _ = give.send(());
        });
        let report = match said {
            Said::OfAnother => return StatusCode::OK,
            Said::Receipt(receipt) => Report::Receipt { receipt, ack },
            Said::Reply { from, text } => Report::Reply { from, text, ack },
        };
        match self.reports.send(report).await.is_ok() && given.await.is_ok() {
            true => StatusCode::OK,
            false => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}
