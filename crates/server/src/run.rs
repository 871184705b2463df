//! Running: the web side on a listener and the desk on its socket, until told to stop.

use crate::ServerError;
use crate::connections::{self, room};
use crate::desk::Counter;
use crate::limits::FAREWELL_MS;
use crate::service::Service;
use crate::site::Site;
use crate::web::{Web, router};
use std::net::TcpListener;
use std::time::Duration;
use tokio::sync::watch;

/// Serves until `shutdown` is done, then ends live streams, gives open requests some seconds, and stops the service
/// cleanly.
///
/// # Errors
/// If the service fails: it goes on to say so for some seconds, then this returns, and the process is to end. Nothing is
/// closed then: on a disk that fails, closing may take for ever.
pub async fn run(
    listener: TcpListener,
    service: Service,
    site: Site,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServerError> {
    let serve = |error: std::io::Error| ServerError::Serve(error.to_string());
    listener.set_nonblocking(true).map_err(serve)?;
    service.listens_at(listener.local_addr().map_err(serve)?);
    let listener = tokio::net::TcpListener::from_std(listener).map_err(serve)?;
    let room = room().map_err(serve)?;
    service.counts().has_room(room);
    let counter = Counter::open(service.data())?;
    let (stop, stopping) = watch::channel(false);
    tokio::spawn(async move {
        shutdown.await;
        stop.send_replace(true);
    });
    let app = router(Web::new(service.clone(), site, room, stopping.clone()));
    tokio::select! {
        () = connections::serve(listener, app, room, service.counts().connections(), stopping) => {}
        () = counter.serve(service.clone()) => {}
        why = farewell(&service) => return Err(ServerError::Failed(why)),
    }
    drop(counter);
    let failed = service.clone();
    let stopped = tokio::select! {
        stopped = tokio::task::spawn_blocking(move || service.stop()) => stopped,
        why = failed.failed() => return Err(ServerError::Failed(why)),
    };
    stopped.map_err(|error| ServerError::Stop(error.to_string()))?
}

/// Waits until the service has failed, and until whoever asks had time to hear of it.
async fn farewell(service: &Service) -> String {
    let why = service.failed().await;
    tokio::time::sleep(Duration::from_millis(FAREWELL_MS)).await;
    why
}
