//! The operator's desk: what operator commands ask of a service, and what it answers.
//!
//! The same requests are carried out in one way, whether they come over the local socket of a running server
//! ([`Desk::Remote`]) or the command works on the directory itself ([`Desk::Local`]). Signing is done by who asks: no
//! operator key ever reaches the service.

use crate::ServerError;
use crate::limits::{
    DESK_CONNECTIONS_MAX, DESK_LINE_BYTES_MAX, DESK_REST_BYTES_MAX, DESK_REST_MS_MAX, ROOM_MS,
};
use crate::overview::Overview;
use crate::service::{Config, Service};
use serde::{Deserialize, Serialize};
use std::io::ErrorKind::{ConnectionRefused, NotFound};
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::sync::Semaphore;

/// The name of the socket in the data directory.
const SOCKET: &str = "desk.sock";

/// Stands in [`Reply::Casts`] for an invitation that has not answered.
pub const NO_ANSWER: u16 = u16::MAX;

/// What an operator command asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case")]
pub enum Ask {
    /// The keys that a ledger of this origin would have. Answer: [`Reply::Keys`].
    Keys {
        /// The origin.
        origin: String,
    },
    /// Open a poll. Answer: [`Reply::Recorded`].
    Open {
        /// Canonical bytes of the signed `Opened` event, in base64.
        event: String,
    },
    /// Every poll. Answer: [`Reply::Polls`].
    List,
    /// One poll. Answer: [`Reply::Poll`].
    Show {
        /// Its slug.
        slug: String,
    },
    /// Record a signed event of operator or sender. A `RosterCommitted` is checked against the leaves in the poll's
    /// `roster` file, which must be on disk by then. Answer: [`Reply::Recorded`].
    Record {
        /// The poll's slug.
        slug: String,
        /// Canonical bytes of the signed event, in base64.
        event: String,
    },
    /// Take no answers for some seconds, so that `Closed` can be signed over the ledger's end. Ends with a `Record`,
    /// or by itself after `limits::FREEZE_MS`. Answer: [`Reply::Poll`], of the frozen ledger.
    Freeze {
        /// The poll's slug.
        slug: String,
    },
    /// Record that a promise is broken, if it is. Answer: [`Reply::Recorded`], or [`Reply::OnRecord`] where that was done
    /// before.
    Object {
        /// The promise file.
        promise: String,
    },
    /// Some entries, oldest first. Answer: [`Reply::Entries`], at most `limits::DESK_ENTRIES_MAX`.
    Entries {
        /// The poll's slug.
        slug: String,
        /// Index of the first.
        from: u64,
    },
    /// The last answer of every invitation. Answer: [`Reply::Casts`].
    Casts {
        /// The poll's slug.
        slug: String,
    },
    /// Write an export of everything that is durable. Answer: [`Reply::Exported`].
    Export {
        /// The poll's slug.
        slug: String,
        /// Absolute path of the file to write.
        path: PathBuf,
    },
    /// A look at the whole service. Answer: [`Reply::Overview`].
    Overview,
    /// A link that opens the monitor in a browser, once. Answer: [`Reply::MonitorLink`].
    MonitorLink,
}

/// Why a line is nothing that can be asked.
#[derive(Debug, thiserror::Error)]
pub enum NotAnAsk {
    /// It has no end within the limit.
    #[error("the desk takes lines of at most {DESK_LINE_BYTES_MAX} bytes that end in a line feed")]
    Endless,
    /// It is not JSON of an [`Ask`].
    #[error("the desk does not understand this: {0}")]
    Json(#[from] serde_json::Error),
}

impl Ask {
    /// Reads one line of the socket, its line feed included: half a line is nobody's wish.
    pub fn read(line: &[u8]) -> Result<Self, NotAnAsk> {
        if line.len() > DESK_LINE_BYTES_MAX {
            return Err(NotAnAsk::Endless);
        }
        let line = line.strip_suffix(b"\n").ok_or(NotAnAsk::Endless)?;
        Ok(serde_json::from_slice(line)?)
    }
}

/// What the service answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reply", rename_all = "snake_case")]
pub enum Reply {
    /// Keys of a ledger, 32 bytes each in base64.
    Keys {
        /// The log key.
        log: String,
        /// The promise key.
        promise: String,
    },
    /// The event is on stable storage.
    Recorded {
        /// Its index.
        index: u64,
        /// Its link, in hexadecimal.
        link: String,
    },
    /// The event asked for was recorded before, and once is enough.
    OnRecord {
        /// Its index.
        index: u64,
    },
    /// Every poll.
    Polls {
        /// By slug.
        polls: Vec<PollStatus>,
    },
    /// One poll.
    Poll {
        /// The poll.
        poll: Box<PollStatus>,
    },
    /// Entries.
    Entries {
        /// Their canonical bytes, in base64.
        entries: Vec<String>,
    },
    /// The last answers.
    Casts {
        /// In the roster's order, of each the place of the option (u16, little-endian), 65535 where there is none; all
        /// in base64.
        casts: String,
    },
    /// The export is written.
    Exported {
        /// Entries in it.
        size: u64,
        /// Link of the last.
        link: String,
        /// Of them, published so far.
        published: u64,
    },
    /// The service at this moment.
    Overview {
        /// What there is to see.
        overview: Box<Overview>,
    },
    /// A link to the monitor.
    MonitorLink {
        /// Where people reach this service, as far as a definition says so.
        site: Option<String>,
        /// Where it listens on this machine, once it does.
        listening: Option<SocketAddr>,
        /// The path of the link there.
        path: String,
        /// Until when it can be used, milliseconds since 1970.
        until: u64,
    },
    /// Refused; nothing changed.
    Refused {
        /// Why, and what to do.
        why: String,
    },
    /// The service could not; it may have stopped.
    Failed {
        /// Why, and what to do.
        why: String,
    },
}

/// A poll as operators see it: everything durable, published or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PollStatus {
    /// Short name.
    pub slug: String,
    /// The ledger's name.
    pub origin: String,
    /// RFC 6962 leaf hash of entry 0, in hexadecimal.
    pub poll_id: String,
    /// `not_yet_open`, `open`, `paused`, `ended`, `closed` or `annulled`.
    pub state: String,
    /// Number of entries.
    pub entries: u64,
    /// Link of the last, in hexadecimal.
    pub link: String,
    /// Of them, published.
    pub published: u64,
    /// Start, milliseconds since 1970.
    pub start: u64,
    /// End in force, milliseconds since 1970.
    pub end: u64,
    /// Invitations in the roster.
    pub roster: u32,
    /// Root of its leaves, in hexadecimal, once it is committed to.
    pub roster_root: Option<String>,
    /// Where strata are sealed, the hash of each stratum's key that the roster committed to, in hexadecimal.
    pub stratum_keys: Vec<String>,
    /// Whether sealed strata were opened.
    #[serde(default)]
    pub unsealed: bool,
    /// Invitations planned in waves begun.
    pub planned: u64,
    /// Waves begun.
    pub waves: Vec<WaveStatus>,
    /// Invitations that answered.
    pub answered: u64,
    /// By option id, in the definition's order, the last answers.
    pub tally: Vec<(String, u64)>,
    /// The log's verifier key.
    pub log_key: String,
    /// The promise's verifier key.
    pub promise_key: String,
    /// The exact text of the definition.
    pub definition: String,
    /// What the operator's next event must say.
    pub operator: TurnStatus,
    /// What the sender's next event must say.
    pub sender: TurnStatus,
}

/// A wave as operators see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaveStatus {
    /// Its invitations.
    pub planned: u32,
    /// Whether its end is recorded.
    pub ended: bool,
    /// The newest link of its sender's journal then, in hexadecimal, where it was sent with one.
    pub journal: Option<String>,
}

/// A signer's turn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TurnStatus {
    /// Its next counter.
    pub counter: u32,
    /// Link of its previous event, in hexadecimal.
    pub previous: String,
}

/// A way to ask a service: the one that runs on the data directory, or, where none does, one of this process's own.
pub enum Desk {
    /// This process holds the directory.
    Local(Service),
    /// A server holds it.
    Remote(BufReader<UnixStream>),
}

impl Desk {
    /// Reaches the server that holds the data directory; where there is none, opens the directory, with what
    /// `config` makes. Also returns what the operator should know of.
    pub fn reach<E: From<ServerError>>(
        data: &Path,
        config: impl FnOnce() -> Result<Config, E>,
    ) -> Result<(Self, Vec<String>), E> {
        if let Some(desk) = Self::of_server(data)? {
            return Ok((desk, Vec::new()));
        }
        let (service, notices) = Service::open(config()?)?;
        Ok((Self::Local(service), notices))
    }

    /// Reaches the server that holds the data directory, if there is one.
    ///
    /// # Errors
    /// If there may be one, and its desk cannot be reached.
    pub fn of_server(data: &Path) -> Result<Option<Self>, ServerError> {
        match connect(data) {
            Ok(stream) => Ok(Some(Self::Remote(BufReader::new(stream)))),
            // A server that was killed leaves its socket behind.
            Err(error) if [NotFound, ConnectionRefused].contains(&error.kind()) => Ok(None),
            Err(error) => Err(ServerError::Desk(error.to_string())),
        }
    }

    /// Asks. Blocks until the answer is there.
    pub fn ask(&mut self, ask: Ask) -> Result<Reply, ServerError> {
        match self {
            Self::Local(service) => Ok(service.ask(ask)),
            Self::Remote(stream) => ask_over(stream, &ask),
        }
    }

    /// Leaves the desk; a directory that this process opened is closed cleanly.
    pub fn leave(self) -> Result<(), ServerError> {
        match self {
            Self::Local(service) => service.stop(),
            Self::Remote(_) => Ok(()),
        }
    }
}

fn ask_over(stream: &mut BufReader<UnixStream>, ask: &Ask) -> Result<Reply, ServerError> {
    let desk = |error: std::io::Error| ServerError::Desk(error.to_string());
    let mut line = serde_json::to_string(ask).map_err(|error| desk(error.into()))?;
    line.push('\n');
    stream.get_mut().write_all(line.as_bytes()).map_err(desk)?;
    let mut answer = String::new();
    stream.read_line(&mut answer).map_err(desk)?;
    if !answer.ends_with('\n') {
        return Err(ServerError::Desk(
            "the server went away before it answered".to_owned(),
        ));
    }
    serde_json::from_str(&answer).map_err(|error| ServerError::DeskAnswer(error.to_string()))
}

/// A socket's path may have only about a hundred bytes, and a data directory's may have more: it is reached through a
/// descriptor of the directory instead.
fn short_path(directory: &std::fs::File) -> PathBuf {
    let descriptor = std::os::fd::AsRawFd::as_raw_fd(directory);
    PathBuf::from(format!("/proc/self/fd/{descriptor}/{SOCKET}"))
}

fn connect(data: &Path) -> std::io::Result<UnixStream> {
    let directory = std::fs::File::open(data)?;
    UnixStream::connect(short_path(&directory))
}

/// The socket of a server, readable by its owner alone; removed when dropped.
pub struct Counter {
    listener: tokio::net::UnixListener,
    path: PathBuf,
}

impl Counter {
    /// Opens the desk of a data directory whose lock this process holds. Runs inside tokio.
    pub fn open(data: &Path) -> Result<Self, ServerError> {
        let desk = |error: std::io::Error| ServerError::Desk(error.to_string());
        let path = data.join(SOCKET);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(desk(error)),
            _ => {}
        }
        let directory = std::fs::File::open(data).map_err(desk)?;
        let listener = tokio::net::UnixListener::bind(short_path(&directory)).map_err(desk)?;
        let owner = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        std::fs::set_permissions(&path, owner).map_err(desk)?;
        Ok(Self { listener, path })
    }

    /// Serves whoever comes, until dropped.
    pub async fn serve(&self, service: Service) {
        let room = Arc::new(Semaphore::new(DESK_CONNECTIONS_MAX));
        // The semaphore is never closed.
        while let Ok(place) = Arc::clone(&room).acquire_owned().await {
            match self.listener.accept().await {
                Ok((stream, _)) => {
                    let service = service.clone();
                    tokio::spawn(async move {
                        attend(stream, service).await;
                        drop(place);
                    });
                }
                Err(error) => {
                    tracing::warn!("the desk could not take a connection: {error}");
                    tokio::time::sleep(Duration::from_millis(ROOM_MS)).await;
                }
            }
        }
    }
}

impl Drop for Counter {
    fn drop(&mut self) {
        drop(std::fs::remove_file(&self.path));
    }
}

/// Answers one who asks, line by line. Whoever sends a line that is none is told so, and the conversation is over: where
/// the next one begins is not known.
async fn attend(stream: tokio::net::UnixStream, service: Service) {
    let (read, mut write) = stream.into_split();
    let mut lines = tokio::io::BufReader::new(read);
    let mut line = Vec::new();
    loop {
        line.clear();
        let mut limited = (&mut lines).take(DESK_LINE_BYTES_MAX as u64);
        match limited.read_until(b'\n', &mut line).await {
            Ok(length) if length > 0 => {}
            _ => return,
        }
        let (reply, goes_on) = match Ask::read(&line) {
            Ok(ask) => (answer(&service, ask).await, true),
            Err(why) => (
                Reply::Refused {
                    why: why.to_string(),
                },
                false,
            ),
        };
        let Ok(mut text) = serde_json::to_vec(&reply) else {
            return;
        };
        text.push(b'\n');
        if write.write_all(&text).await.is_err() {
            return;
        }
        if !goes_on {
            drop(write.shutdown().await);
            return pass_over(&mut lines).await;
        }
    }
}

/// Reads what is still coming: a socket that is closed over unread bytes takes the answer along with them.
async fn pass_over(rest: &mut (impl AsyncRead + Unpin)) {
    let mut rest = rest.take(DESK_REST_BYTES_MAX);
    let mut nowhere = tokio::io::sink();
    let passed = tokio::io::copy(&mut rest, &mut nowhere);
    drop(tokio::time::timeout(Duration::from_millis(DESK_REST_MS_MAX), passed).await);
}

async fn answer(service: &Service, ask: Ask) -> Reply {
    let service = service.clone();
    tokio::task::spawn_blocking(move || service.ask(ask))
        .await
        .unwrap_or_else(|_| Reply::Failed {
            why: "the service failed while it worked on this; see its log".to_owned(),
        })
}
