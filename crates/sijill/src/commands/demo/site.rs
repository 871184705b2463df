//! The demo's service, served from a thread of this process.

use crate::clerk::Clerk;
use crate::data_folder::DataFolder;
use crate::fault::unfinished;
use crate::key_file;
use anyhow::Result;
use sijill_server::book::Book;
use sijill_server::{Config, Desk, Published, Service};
use std::net::TcpListener;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::sync::{oneshot, watch};

/// Longest that the publication of a close may take: it is due at once, and a slow disk takes some seconds.
const PUBLICATION_MAX: Duration = Duration::from_secs(60);

/// A service that is being served.
pub struct Site {
    service: Service,
    shutdown: oneshot::Sender<()>,
    server: JoinHandle<Result<()>>,
}

impl Site {
    /// Opens the data directory and serves it on this listener.
    pub fn start(data: &DataFolder, listener: TcpListener) -> Result<Self> {
        let (service, _) = Service::open(Config {
            data: data.path().to_owned(),
            master: key_file::read_service(&data.service_key())?,
            clock: sijill_server::system_clock(),
            checkpoints: sijill_server::Checkpoints::default(),
        })?;
        let (shutdown, asked) = oneshot::channel::<()>();
        let served = service.clone();
        let server = std::thread::Builder::new()
            .name("site".to_owned())
            .spawn(move || {
                let until = async move {
                    // A sender that is gone asks as well.
                    let _ = asked.await;
                };
                let runtime = tokio::runtime::Runtime::new()?;
                Ok(runtime.block_on(sijill_server::run(
                    listener,
                    served,
                    sijill_server::Site::default(),
                    until,
                ))?)
            })?;
        Ok(Self {
            service,
            shutdown,
            server,
        })
    }

    /// A clerk at its desk.
    pub fn clerk(&self) -> Clerk {
        Clerk::at(Desk::Local(self.service.clone()))
    }

    /// The publications of a poll.
    pub fn publications(&self, slug: &str) -> Result<watch::Receiver<Arc<Published>>> {
        self.service
            .published(slug)
            .ok_or_else(|| unfinished(format!("the service does not know the poll `{slug}`")))
    }

    /// The service.
    pub fn service(&self) -> &Service {
        &self.service
    }

    /// A poll of it.
    pub fn book(&self, slug: &str) -> Result<Arc<Book>> {
        self.service
            .book(slug)
            .ok_or_else(|| unfinished(format!("the service does not know the poll `{slug}`")))
    }

    /// Waits until a checkpoint over this many entries is published.
    pub fn wait_until_published(&self, slug: &str, size: u64) -> Result<()> {
        let published = self.publications(slug)?;
        let began = Instant::now();
        loop {
            let newest = published.borrow().checkpoint.clone();
            if newest.is_some_and(|newest| newest.claimed().size >= size) {
                return Ok(());
            }
            if let Some(why) = self.stopped() {
                return Err(unfinished(why));
            }
            if began.elapsed() > PUBLICATION_MAX {
                let seconds = PUBLICATION_MAX.as_secs();
                return Err(unfinished(format!(
                    "nothing was published for {seconds} seconds"
                )));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Why it takes answers no more, if it does not.
    pub fn stopped(&self) -> Option<String> {
        if self.server.is_finished() {
            return Some("the server ended".to_owned());
        }
        self.service.stopped()
    }

    /// Stops it cleanly and lets go of the directory.
    pub fn stop(self) -> Result<()> {
        // A server that ended by itself says why below.
        let _ = self.shutdown.send(());
        drop(self.service);
        match self.server.join() {
            Ok(outcome) => outcome,
            Err(_) => Err(unfinished("the server broke down; see the messages above")),
        }
    }
}
