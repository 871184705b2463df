//! Running: the web side on a listener and the desk on its socket, until told to stop.

use crate::ServerError;
use crate::connections::{self, room};
use crate::desk::Counter;
use crate::service::Service;
use crate::web::{Web, router};
use std::net::TcpListener;
use tokio::sync::watch;

/// Serves until `shutdown` is done, then ends live streams, gives open requests some seconds, and stops the service
/// cleanly.
pub async fn run(
    listener: TcpListener,
    service: Service,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServerError> {
    let serve = |error: std::io::Error| ServerError::Serve(error.to_string());
    listener.set_nonblocking(true).map_err(serve)?;
    let listener = tokio::net::TcpListener::from_std(listener).map_err(serve)?;
    let room = room().map_err(serve)?;
    let counter = Counter::open(service.data())?;
    let (stop, stopping) = watch::channel(false);
    tokio::spawn(async move {
        shutdown.await;
        stop.send_replace(true);
    });
    let app = router(Web::new(service.clone(), room, stopping.clone()));
    tokio::select! {
        () = connections::serve(listener, app, room, stopping) => {}
        () = counter.serve(service.clone()) => {}
    }
    drop(counter);
    let stopped = tokio::task::spawn_blocking(move || service.stop()).await;
    stopped.map_err(|error| ServerError::Stop(error.to_string()))?
}
