//! A host that serves files below one path, or something else in their place: what an auditor of an address may meet.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;

/// What is served in place of a file.
#[derive(Debug, Clone)]
pub enum Serves {
    /// These bytes.
    Bytes(Vec<u8>),
    /// A gzip of a thousand times as many bytes as it has.
    Bomb,
    /// Bytes without end.
    Endless,
    /// The word that it is elsewhere.
    Redirect,
}

/// A host on this machine, for as long as the story runs.
pub struct StaticHost {
    address: SocketAddr,
}

impl StaticHost {
    /// A host of these files at `/polls/bridge/…`; whatever else is asked for is not there.
    pub fn of(files: impl IntoIterator<Item = (String, Serves)>) -> Self {
        Self::answering(files, "404 Not Found")
    }

    /// The same, where nobody may see what is there, as in a bucket: whatever else is asked for is forbidden.
    pub fn of_bucket(files: impl IntoIterator<Item = (String, Serves)>) -> Self {
        Self::answering(files, "403 Forbidden")
    }

    fn answering(files: impl IntoIterator<Item = (String, Serves)>, nothing: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let files: Arc<BTreeMap<String, Serves>> = Arc::new(files.into_iter().collect());
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let files = Arc::clone(&files);
                // Whoever has had enough hangs up, which is no failure of the host.
                std::thread::spawn(move || drop(answer(stream, &files, nothing)));
            }
        });
        Self { address }
    }

    /// The poll's address.
    pub fn url(&self) -> String {
        format!("http://{}/polls/bridge", self.address)
    }
}

fn answer(
    mut stream: TcpStream,
    files: &BTreeMap<String, Serves>,
    nothing: &str,
) -> std::io::Result<()> {
    let mut head = [0; 4_096];
    let read = stream.read(&mut head)?;
    let head = String::from_utf8_lossy(&head[..read]).into_owned();
    let path = head.split(' ').nth(1).unwrap_or_default();
    let file = path
        .strip_prefix("/polls/bridge/")
        .and_then(|path| files.get(path));
    let length = |bytes: &[u8]| format!("Content-Length: {}\r\n", bytes.len());
    match file {
        None => stream.write_all(&response(nothing, "Content-Length: 0\r\n")),
        Some(Serves::Bytes(bytes)) => {
            stream.write_all(&response("200 OK", &length(bytes)))?;
            stream.write_all(bytes)
        }
        Some(Serves::Bomb) => {
            let bomb = bomb();
            let headers = length(&bomb) + "Content-Encoding: gzip\r\n";
            stream.write_all(&response("200 OK", &headers))?;
            stream.write_all(&bomb)
        }
        Some(Serves::Endless) => {
            stream.write_all(&response("200 OK", ""))?;
            loop {
                stream.write_all(&[b'a'; 4_096])?;
            }
        }
        Some(Serves::Redirect) => {
            let headers = "Location: http://elsewhere.example/\r\nContent-Length: 0\r\n";
            stream.write_all(&response("302 Found", headers))
        }
    }
}

fn response(status: &str, headers: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\n{headers}Connection: close\r\n\r\n").into_bytes()
}

/// The beginning of 64 MiB of zeros as `gzip -9` packs them: the codes of one deflate block, and then one bit each for
/// "258 more of the same".
fn bomb() -> Vec<u8> {
    let mut bytes = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 3];
    bytes.extend([
        0xec, 0xc1, 0x01, 0x01, 0, 0, 0, 0x80, 0x90, 0xfe, 0xaf, 0xee, 8, 0x0a,
    ]);
    bytes.extend(vec![0; 65_000]);
    bytes
}
