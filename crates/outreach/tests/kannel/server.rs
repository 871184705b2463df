//! A gateway of HTTP that does what a test says, byte by byte; and a caller of callbacks.

use crate::desk::{SOON, settings};
use sijill_outreach::kannel::settings::KannelSettings;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

/// A server.
pub struct Server(TcpListener);

impl Server {
    /// One, and settings for it.
    pub async fn open() -> (Self, KannelSettings) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let settings = settings(listener.local_addr().unwrap());
        (Self(listener), settings)
    }

    /// The next connection.
    pub async fn connection(&self) -> Line {
        let accepted = timeout(SOON, self.0.accept()).await;
        Line(accepted.expect("a connection comes in time").unwrap().0)
    }

    /// Says that nobody connects for a while.
    pub async fn nobody_connects(&self) {
        let accepted = timeout(Duration::from_millis(150), self.0.accept()).await;
        assert!(accepted.is_err());
    }
}

/// A connection.
pub struct Line(pub TcpStream);

impl Line {
    /// The path and query of the next request; none where the connection ends.
    pub async fn next(&mut self) -> Option<String> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            match self.0.read_u8().await {
                Ok(byte) => head.push(byte),
                Err(_) => return None,
            }
        }
        let head = String::from_utf8(head).unwrap();
        let target = head
            .strip_prefix("GET ")
            .and_then(|rest| rest.split(' ').next());
        Some(target.expect("it asks by GET").to_owned())
    }

    /// The same, which must come.
    pub async fn request(&mut self) -> String {
        let next = timeout(SOON, self.next()).await;
        next.expect("a request comes in time").expect("it comes")
    }

    pub async fn say(&mut self, bytes: &str) {
        self.0.write_all(bytes.as_bytes()).await.unwrap();
    }

    /// A whole answer.
    pub async fn answer(&mut self, status: u16, body: &str) {
        let length = body.len();
        self.say(&format!(
            "HTTP/1.1 {status} Said\r\nContent-Length: {length}\r\n\r\n{body}"
        ))
        .await;
    }
}

/// The status of an answer to these bytes; none where the connection is closed without one.
pub async fn called(listener: SocketAddr, bytes: &str) -> Option<u16> {
    let mut stream = TcpStream::connect(listener).await.unwrap();
    stream.write_all(bytes.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    let answer = String::from_utf8(answer).unwrap();
    let status = answer.strip_prefix("HTTP/1.1 ")?;
    status.get(..3)?.parse().ok()
}

/// The status of an answer to a callback of this path and query.
pub async fn call(listener: SocketAddr, target: &str) -> Option<u16> {
    called(
        listener,
        &format!("GET {target} HTTP/1.1\r\nHost: sijill\r\n\r\n"),
    )
    .await
}
