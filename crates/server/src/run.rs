//! Running: the web side on a listener and the desk on its socket, until told to stop.

use crate::ServerError;
use crate::desk::Counter;
use crate::limits::{FAREWELL_MS, HEADER_MS_MAX, STOP_MS_MAX};
use crate::service::Service;
use crate::web::{Web, router};
use hyper_util::rt::TokioTimer;
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
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServerError> {
    let serve = |error: std::io::Error| ServerError::Serve(error.to_string());
    listener.set_nonblocking(true).map_err(serve)?;
    let counter = Counter::open(service.data())?;
    let (stop, stopping) = watch::channel(false);
    let handle = axum_server::Handle::new();
    let ending = handle.clone();
    tokio::spawn(async move {
        shutdown.await;
        stop.send_replace(true);
        ending.graceful_shutdown(Some(Duration::from_millis(STOP_MS_MAX)));
    });
    let mut server = axum_server::from_tcp(listener)
        .map_err(serve)?
        .handle(handle);
    let http = server.http_builder();
    http.http1()
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_millis(HEADER_MS_MAX));
    let app = router(Web::new(service.clone(), stopping)).into_make_service();
    let served = tokio::select! {
        served = server.serve(app) => served.map_err(serve),
        () = counter.serve(service.clone()) => Ok(()),
        why = farewell(&service) => return Err(ServerError::Failed(why)),
    };
    drop(counter);
    let failed = service.clone();
    let stopped = tokio::select! {
        stopped = tokio::task::spawn_blocking(move || service.stop()) => stopped,
        why = failed.failed() => return Err(ServerError::Failed(why)),
    };
    served?;
    stopped.map_err(|error| ServerError::Stop(error.to_string()))?
}

/// Waits until the service has failed, and until whoever asks had time to hear of it.
async fn farewell(service: &Service) -> String {
    let why = service.failed().await;
    tokio::time::sleep(Duration::from_millis(FAREWELL_MS)).await;
    why
}
