//! A message centre made of bytes: it says and hears what a test writes down, and shares no code with the session.

use crate::desk::{SOON, settings};
use sijill_outreach::smpp::settings::SmppSettings;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

pub const BIND: u32 = 0x9;
pub const SUBMIT: u32 = 0x4;
pub const DELIVER: u32 = 0x5;
pub const UNBIND: u32 = 0x6;
pub const ENQUIRE: u32 = 0x15;
pub const NACK: u32 = 0x8000_0000;
/// Bit of a response.
pub const RESPONSE: u32 = 0x8000_0000;

/// Where connections come in.
pub struct Centre(TcpListener);

impl Centre {
    pub async fn open() -> (Self, SmppSettings) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let settings = settings(listener.local_addr().unwrap().port());
        (Self(listener), settings)
    }

    /// The next connection, before its bind.
    pub async fn connection(&self) -> Line {
        let accepted = timeout(SOON, self.0.accept()).await;
        Line(accepted.expect("somebody connects").unwrap().0)
    }

    /// The next connection, bound.
    pub async fn bound(&self) -> Line {
        let mut line = self.connection().await;
        let bind = line.hear(BIND).await;
        line.say(BIND | RESPONSE, 0, bind.sequence, b"centre\0")
            .await;
        line
    }
}

/// A command as it came.
#[derive(Debug)]
pub struct Pdu {
    pub command: u32,
    pub status: u32,
    pub sequence: u32,
    pub body: Vec<u8>,
}

/// One connection.
pub struct Line(pub TcpStream);

impl Line {
    /// The next command; none where the connection ends.
    pub async fn next(&mut self) -> Option<Pdu> {
        let mut head = [0; 16];
        timeout(SOON, self.0.read_exact(&mut head))
            .await
            .expect("something is said")
            .ok()?;
        let field = |at: usize| u32::from_be_bytes(head[at..at + 4].try_into().unwrap());
        let mut body = vec![0; field(0) as usize - 16];
        self.0.read_exact(&mut body).await.ok()?;
        Some(Pdu {
            command: field(4),
            status: field(8),
            sequence: field(12),
            body,
        })
    }

    /// The next command, which is this one.
    pub async fn hear(&mut self, command: u32) -> Pdu {
        let pdu = self.next().await.expect("the connection stands");
        assert_eq!(pdu.command, command, "{pdu:?}");
        pdu
    }

    pub async fn say(&mut self, command: u32, status: u32, sequence: u32, body: &[u8]) {
        self.0
            .write_all(&pdu(command, status, sequence, body))
            .await
            .unwrap();
    }

    /// Answers a submit.
    pub async fn accept(&mut self, submit: &Pdu, id: &str) {
        let body = [id.as_bytes(), b"\0"].concat();
        self.say(SUBMIT | RESPONSE, 0, submit.sequence, &body).await;
    }

    /// Hears a submit and answers it.
    pub async fn take(&mut self, id: &str) {
        let submit = self.hear(SUBMIT).await;
        self.accept(&submit, id).await;
    }

    /// Says that nothing comes for a while.
    pub async fn is_silent(&mut self) {
        let mut byte = [0];
        let read = timeout(
            std::time::Duration::from_millis(200),
            self.0.read(&mut byte),
        )
        .await;
        assert!(read.is_err(), "read: {read:?}");
    }
}

/// The bytes of a command.
pub fn pdu(command: u32, status: u32, sequence: u32, body: &[u8]) -> Vec<u8> {
    let length = 16 + body.len() as u32;
    let head = [length, command, status, sequence].map(u32::to_be_bytes);
    [&head.concat(), body].concat()
}

/// The body of a delivery.
pub fn delivery(
    from: &str,
    esm_class: u8,
    data_coding: u8,
    message: &[u8],
    parts: &[(u16, &[u8])],
) -> Vec<u8> {
    let length = message.len() as u8;
    let mut body = [&b"\0\x01\x01"[..], from.as_bytes(), b"\0\x05\0Portal\0"].concat();
    body.extend_from_slice(&[esm_class, 0, 0, 0, 0, 0, 0, data_coding, 0, length]);
    body.extend_from_slice(message);
    for (tag, value) in parts {
        body.extend_from_slice(&tag.to_be_bytes());
        body.extend_from_slice(&(value.len() as u16).to_be_bytes());
        body.extend_from_slice(value);
    }
    body
}
