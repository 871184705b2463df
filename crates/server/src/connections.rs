//! Open connections: each is served until it ends, and where there is no room for a new one, the one that has been
//! waited for longest makes room.
//!
//! Invariants:
//! - there are never more connections than [`room`] says, so that whatever strangers open, a descriptor is left for
//!   the log: a service that cannot open its files stops for good;
//! - a connection is waited for until a whole request of it has arrived; only such a one is ever cut off for another.
//!   Who sends a request at once is served, however many keep the service waiting;
//! - who does not take what was asked for is waited for no longer than `limits::WRITE_MS_MAX`.

use crate::limits::{
    CONNECTIONS_MAX, CONNECTIONS_MIN, DESCRIPTORS_KEPT, HEAD_BYTES_MAX, HEADER_MS_MAX, ROOM_MS,
    STOP_MS_MAX, WRITE_MS_MAX,
};
use crate::patient::Patient;
use crate::web::whole;
use axum::Router;
use axum::body::{Body, HttpBody};
use axum::http::{HeaderValue, Request, header};
use axum::response::Response;
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tower::ServiceExt;

/// How many connections this process has descriptors for: its limit is raised as far as it may be, some are kept for
/// everything else, and each connection may need a second one for the file that it is sent.
pub(crate) fn room() -> std::io::Result<usize> {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: maximum,
        maximum,
    };
    // Where it may not be raised, what there is must do.
    let _ = setrlimit(Resource::Nofile, raised);
    let descriptors = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    room_of(descriptors).ok_or_else(|| {
        let needed = DESCRIPTORS_KEPT + 2 * CONNECTIONS_MIN as u64;
        std::io::Error::other(format!(
            "this process may open {descriptors} files, expected at least {needed}; raise its limit (`ulimit -n`)"
        ))
    })
}

fn room_of(descriptors: u64) -> Option<usize> {
    let half = descriptors.checked_sub(DESCRIPTORS_KEPT)? / 2;
    let room = usize::try_from(half).unwrap_or(usize::MAX);
    (room >= CONNECTIONS_MIN).then_some(room.min(CONNECTIONS_MAX))
}

/// Takes and serves connections, at most `room` at a time, counted in `open_now`, until `stopping` becomes true; then gives those that are
/// open some seconds.
pub(crate) async fn serve(
    listener: TcpListener,
    app: Router,
    room: usize,
    open_now: Arc<AtomicUsize>,
    stopping: watch::Receiver<bool>,
) {
    let mut until = stopping.clone();
    let room = Arc::new(Semaphore::new(room));
    let queue = Arc::new(Queue::default());
    let mut open = JoinSet::new();
    let taking = async {
        loop {
            let (stream, place) = take(&listener, &room, &queue).await;
            while open.try_join_next().is_some() {}
            let seat = Seat::new(&queue);
            let place = Place::new(place, &open_now);
            open.spawn(attend(stream, app.clone(), seat, stopping.clone(), place));
        }
    };
    tokio::select! {
        () = taking => {}
        _ = until.wait_for(|stop| *stop) => {}
    }
    drop(listener);
    let ends = async { while open.join_next().await.is_some() {} };
    // Who is still there after that is cut off.
    drop(tokio::time::timeout(Duration::from_millis(STOP_MS_MAX), ends).await);
}

/// The next connection, once there is room for it.
async fn take(
    listener: &TcpListener,
    room: &Arc<Semaphore>,
    queue: &Queue,
) -> (TcpStream, OwnedSemaphorePermit) {
    let stream = loop {
        match listener.accept().await {
            Ok((stream, _)) => break stream,
            Err(error) => {
                tracing::warn!("a connection could not be taken: {error}");
                tokio::time::sleep(Duration::from_millis(ROOM_MS)).await;
            }
        }
    };
    loop {
        if room.available_permits() == 0 {
            queue.make_room();
        }
        let place = Arc::clone(room).acquire_owned();
        if let Ok(Ok(place)) = tokio::time::timeout(Duration::from_millis(ROOM_MS), place).await {
            return (stream, place);
        }
    }
}

/// Serves one connection until it ends, must make room, or the service stops.
async fn attend(
    stream: TcpStream,
    app: Router,
    seat: Arc<Seat>,
    mut stopping: watch::Receiver<bool>,
    _place: Place,
) {
    let service = service_fn(|request| answer(app.clone(), Arc::clone(&seat), request));
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(Duration::from_millis(HEADER_MS_MAX))
        .max_buf_size(HEAD_BYTES_MAX);
    let stream = TokioIo::new(Patient::new(stream, Duration::from_millis(WRITE_MS_MAX)));
    let mut connection = pin!(http.serve_connection(stream, service));
    // How a connection ends, well or badly, is nobody's business but its peer's.
    loop {
        tokio::select! {
            _ = connection.as_mut() => return,
            // A request that arrived just before keeps its place; somebody else will be told.
            () = seat.leave.notified() => if seat.is_waited_for() { return },
            _ = stopping.wait_for(|stop| *stop) => break,
        }
    }
    connection.as_mut().graceful_shutdown();
    drop(connection.await);
}

/// Answers a request. One whose body came in chunks is the last of its connection: were its length told as well, a
/// proxy in front could see another request begin in its middle (RFC 9112, section 6.1).
async fn answer(
    app: Router,
    seat: Arc<Seat>,
    request: Request<Incoming>,
) -> Result<Response, Infallible> {
    let in_chunks = request.headers().contains_key(header::TRANSFER_ENCODING);
    let request = whole(request).await;
    let work = Work::new(&seat);
    let mut response = app.oneshot(request).await?;
    if in_chunks {
        let close = HeaderValue::from_static("close");
        response.headers_mut().insert(header::CONNECTION, close);
    }
    Ok(response.map(|body| Body::new(Held { body, _work: work })))
}

/// A place of a connection, counted for as long as it is taken.
struct Place {
    _permit: OwnedSemaphorePermit,
    open_now: Arc<AtomicUsize>,
}

impl Place {
    fn new(permit: OwnedSemaphorePermit, open_now: &Arc<AtomicUsize>) -> Self {
        open_now.fetch_add(1, Ordering::Relaxed);
        Self {
            _permit: permit,
            open_now: Arc::clone(open_now),
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.open_now.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The connections that are waited for, in the order in which the waiting began.
#[derive(Default)]
struct Queue(Mutex<Turns>);

#[derive(Default)]
struct Turns {
    next: u64,
    waiting: BTreeMap<u64, Arc<Notify>>,
}

impl Queue {
    /// Tells the connection that has been waited for longest to leave, if there is one.
    fn make_room(&self) {
        if let Some((_, leave)) = self.turns().waiting.pop_first() {
            leave.notify_one();
        }
    }

    fn turns(&self) -> MutexGuard<'_, Turns> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection's place in the queue, while it is waited for.
struct Seat {
    queue: Arc<Queue>,
    leave: Arc<Notify>,
    turn: Mutex<Option<u64>>,
}

impl Seat {
    fn new(queue: &Arc<Queue>) -> Arc<Self> {
        let seat = Self {
            queue: Arc::clone(queue),
            leave: Arc::default(),
            turn: Mutex::new(None),
        };
        seat.wait();
        Arc::new(seat)
    }

    /// Takes a new turn at the end of the queue.
    fn wait(&self) {
        let mut turns = self.queue.turns();
        turns.next += 1;
        let turn = turns.next;
        turns.waiting.insert(turn, Arc::clone(&self.leave));
        *self.turn() = Some(turn);
    }

    fn stop_waiting(&self) {
        // Its own lock is let go before the queue's is taken: `wait` takes them the other way round.
        let turn = self.turn().take();
        if let Some(turn) = turn {
            self.queue.turns().waiting.remove(&turn);
        }
    }

    /// Whether it has a turn, though it may have been told to leave.
    fn is_waited_for(&self) -> bool {
        self.turn().is_some()
    }

    fn turn(&self) -> MutexGuard<'_, Option<u64>> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.stop_waiting();
    }
}

/// The work on a whole request, until its response is sent: nothing is waited for meanwhile.
struct Work(Arc<Seat>);

impl Work {
    fn new(seat: &Arc<Seat>) -> Self {
        seat.stop_waiting();
        Self(Arc::clone(seat))
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        self.0.wait();
    }
}

/// A response's body, which holds on to the work until it is sent or given up.
struct Held {
    body: Body,
    _work: Work,
}

impl HttpBody for Held {
    type Data = <Body as HttpBody>::Data;
    type Error = <Body as HttpBody>::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptors_are_kept_for_the_log_and_shared_by_connections_and_files() {
        assert_eq!(room_of(0), None);
        assert_eq!(
            room_of(DESCRIPTORS_KEPT + 2 * CONNECTIONS_MIN as u64 - 1),
            None
        );
        assert_eq!(room_of(1_024), Some((1_024 - 128) / 2));
        assert_eq!(room_of(u64::MAX), Some(CONNECTIONS_MAX));
    }

    #[tokio::test]
    async fn who_is_waited_for_longest_makes_room_and_who_is_worked_for_never_does() {
        let queue = Arc::new(Queue::default());
        let [first, second, third] = [0; 3].map(|_| Seat::new(&queue));
        let work = Work::new(&first);
        assert!(!first.is_waited_for() && second.is_waited_for());
        queue.make_room();
        second.leave.notified().await;
        drop(work);
        drop(second);
        queue.make_room();
        third.leave.notified().await;
        queue.make_room();
        first.leave.notified().await;
        queue.make_room();
        assert!(queue.turns().waiting.is_empty());
    }
}
