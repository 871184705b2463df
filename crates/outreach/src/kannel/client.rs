//! Connections to the gateway, and one request on one of them: whether it was said, and what came back.
//!
//! Of an error only its kind is told: what a library says of it may have an address in it, and ours has the password.

use super::answer::{self, Answer};
use super::limits::{ANSWER_BYTES_MAX, KEPT_MAX};
use super::request::target;
use super::settings::Account;
use crate::gateway::Submit;
use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::Bytes;
use hyper::body::Incoming;
use hyper::client::conn::{TrySendError, http1};
use hyper::{Request, Response, Uri, header};
use hyper_util::rt::TokioIo;
use std::io::{self, ErrorKind};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::{Instant, timeout};
use tokio_util::task::AbortOnDropHandle;
use zeroize::Zeroizing;

/// A connection that nobody uses.
pub(super) struct Connection {
    sender: http1::SendRequest<Empty<Bytes>>,
    used: Instant,
    /// What reads and writes; it ends with this.
    _driver: AbortOnDropHandle<()>,
}

impl Connection {
    /// A new one.
    pub(super) async fn open(account: &Account) -> Result<Self, String> {
        let opened = timeout(account.times.response, opened(account)).await;
        let opened = opened.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
        opened.map_err(|error| unreachable_since(&error).to_owned())
    }

    /// Whether the other side will hardly have closed it yet.
    pub(super) fn is_fresh(&self) -> bool {
        self.sender.is_ready() && self.used.elapsed() < KEPT_MAX
    }
}

fn unreachable_since(error: &io::Error) -> &'static str {
    match error.kind() {
        ErrorKind::ConnectionRefused => "nobody listens at the gateway's address",
        ErrorKind::NotFound => "the gateway's host is not known",
        ErrorKind::InvalidData => "the gateway's certificate is not trusted, or of another name",
        ErrorKind::TimedOut => "the gateway does not answer",
        ErrorKind::NetworkUnreachable | ErrorKind::HostUnreachable => {
            "there is no way to the gateway"
        }
        _ => "the gateway cannot be reached",
    }
}

async fn opened(account: &Account) -> io::Result<Connection> {
    let unknown = |_| io::Error::from(ErrorKind::NotFound);
    let addresses: Vec<_> = lookup_host(&account.host).await.map_err(unknown)?.collect();
    let plain = TcpStream::connect(addresses.as_slice()).await?;
    plain.set_nodelay(true)?;
    let shaken = match &account.secured {
        Some((connector, name)) => {
            let secured = connector.connect(name.clone(), plain).await?;
            shaken(secured).await
        }
        None => shaken(plain).await,
    };
    shaken.map_err(io::Error::other)
}

async fn shaken(
    stream: impl tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin + 'static,
) -> hyper::Result<Connection> {
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let driver = tokio::spawn(async move {
        // How it ended is told to whoever waits for an answer on it.
        let _ = connection.await;
    });
    Ok(Connection {
        sender,
        used: Instant::now(),
        _driver: AbortOnDropHandle::new(driver),
    })
}

/// Asks the gateway to take a segment, on the connection that is kept or a new one; gives the connection back where it
/// can be used again.
pub(super) async fn ask(
    account: &Account,
    kept: Option<Connection>,
    submit: &Submit,
) -> (Answer, Option<Connection>) {
    let Ok(request) = request(account, submit) else {
        return (Answer::NotTaken("its address is too long".to_owned()), kept);
    };
    let request = match kept.filter(Connection::is_fresh) {
        Some(connection) => match asked(account, connection, request).await {
            // It was closed meanwhile.
            Err(request) => *request,
            Ok(done) => return done,
        },
        None => request,
    };
    let connection = match Connection::open(account).await {
        Ok(connection) => connection,
        Err(why) => return (Answer::NotTaken(why), None),
    };
    let done = asked(account, connection, request).await;
    done.unwrap_or_else(|_| {
        (
            Answer::NotTaken("the gateway closed the connection at once".to_owned()),
            None,
        )
    })
}

/// One exchange on a connection; the request back, if nothing of it was written.
async fn asked(
    account: &Account,
    mut connection: Connection,
    request: Request<Empty<Bytes>>,
) -> Result<(Answer, Option<Connection>), Box<Request<Empty<Bytes>>>> {
    let unclear = |why: &str| Ok((Answer::Unclear(why.to_owned()), None));
    let exchanged = async {
        let response = connection.sender.try_send_request(request).await?;
        Ok::<_, TrySendError<_>>(heard(response).await)
    };
    match timeout(account.times.response, exchanged).await {
        Err(_) => unclear("the gateway does not answer"),
        Ok(Err(mut error)) => match error.take_message() {
            Some(request) => Err(Box::new(request)),
            None if error.error().is_parse() => {
                unclear("what answers at the gateway's address speaks no HTTP")
            }
            None => unclear("the gateway closed the connection before it answered"),
        },
        Ok(Ok(None)) => unclear("the gateway broke off its answer"),
        Ok(Ok(Some(answer))) => {
            connection.used = Instant::now();
            Ok((answer, Some(connection)))
        }
    }
}

/// What an answer means; none if it is cut off or too long, and its beginning does not say it.
async fn heard(response: Response<Incoming>) -> Option<Answer> {
    let (head, body) = response.into_parts();
    let status = head.status.as_u16();
    match Limited::new(body, ANSWER_BYTES_MAX).collect().await {
        Ok(whole) => {
            let body = whole.to_bytes();
            Some(answer::of(status, &String::from_utf8_lossy(&body)))
        }
        Err(_) => Some(answer::of(status, "")).filter(|answer| *answer == Answer::Accepted),
    }
}

fn request(account: &Account, submit: &Submit) -> hyper::http::Result<Request<Empty<Bytes>>> {
    let target = Zeroizing::new(target(account, submit).as_bytes().to_vec());
    // The bytes are wiped when the request is dropped.
    let uri = Uri::from_maybe_shared(Bytes::from_owner(target))?;
    Request::get(uri)
        .header(header::HOST, account.authority.as_str())
        .header(header::USER_AGENT, "sijill")
        .body(Empty::new())
}
