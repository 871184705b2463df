//! What a published poll consists of, from a folder or from its address: a read-only fetcher of four verbs
//! (`checkpoint`, `checkpoints`, `tile`, `roster`).
//!
//! It vouches for nothing: whoever asks checks what comes. What it answers for is how much it takes and how long it
//! waits. Every body is bounded as it arrives, after decompression; nothing is asked for by a name that somebody else
//! made up, since a tile's path comes from its [`TileId`]; nothing leads elsewhere, be it a redirection or a symbolic
//! link out of the folder. The export is for `remote`.

use crate::error::AuditError;
use crate::limits::{
    CHECKPOINTS_BYTES_MAX, CONNECT_TIME_MAX, PIECE_TIME_MAX, ROSTER_BYTES_MAX, STREAM_TIME_MAX,
};
use crate::remote::{is_address, is_poll_address};
use sijill_ledger::bundle;
use sijill_ledger::limits::{BUNDLE_BYTES_MAX, CHECKPOINT_BYTES_MAX, TILE_BYTES_MAX};
use sijill_ledger::tile::{TileId, TileKind};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Linux's ELOOP, for which std has no name yet.
const LINKS_IN_A_CIRCLE: i32 = 40;

/// Why something of a published poll could not be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// It is not there.
    #[error("`{what}` is not there")]
    Missing {
        /// Its path or address.
        what: String,
    },
    /// It is longer than it may be, once decompressed. Nothing beyond the limit was kept.
    #[error("`{what}` is longer than {max} bytes, which is more than it can be")]
    TooLong {
        /// Its path or address.
        what: String,
        /// The most bytes that were taken.
        max: u64,
    },
    /// It could not be read: a disk, a network, a server that answers with something else.
    #[error("cannot read `{what}`: {why}")]
    Unreadable {
        /// Its path or address.
        what: String,
        /// What happened.
        why: String,
    },
}

impl FetchError {
    /// The error that a [`Body`] ended with, told apart from others of its kind.
    pub fn of(error: &io::Error) -> Option<&Self> {
        error.get_ref()?.downcast_ref()
    }

    /// The same, whatever ended it.
    pub(crate) fn of_io(error: &io::Error) -> Self {
        let other = || Self::unreadable("a stream", error);
        Self::of(error).cloned().unwrap_or_else(other)
    }

    fn unreadable(what: &str, why: impl ToString) -> Self {
        Self::Unreadable {
            what: what.to_owned(),
            why: why.to_string(),
        }
    }
}

/// A published poll's folder or address.
#[derive(Debug, Clone)]
pub struct Fetcher {
    place: Place,
}

#[derive(Debug, Clone)]
enum Place {
    /// A folder, by its path without symbolic links.
    Folder(PathBuf),
    /// An address without a slash at its end.
    Address { address: String, agent: ureq::Agent },
}

impl Fetcher {
    /// The fetcher of this folder, or of this address (`https://ur.example/polls/bridge`).
    ///
    /// # Errors
    /// If it is neither: an address without host or path, or no folder that can be read.
    pub fn of(source: &str) -> Result<Self, AuditError> {
        match is_address(source) {
            true => Self::of_address(source, PIECE_TIME_MAX),
            false => Self::of_folder(Path::new(source)),
        }
    }

    /// The fetcher of this folder.
    ///
    /// # Errors
    /// If it is none that can be read.
    pub fn of_folder(folder: &Path) -> Result<Self, AuditError> {
        let failed = |source| AuditError::Read {
            path: folder.to_owned(),
            source,
        };
        let root = folder.canonicalize().map_err(failed)?;
        match root.is_dir() {
            true => Ok(Self {
                place: Place::Folder(root),
            }),
            false => Err(failed(io::ErrorKind::NotADirectory.into())),
        }
    }

    fn of_address(source: &str, begin_time_max: Duration) -> Result<Self, AuditError> {
        let address = source.trim_end_matches('/').to_owned();
        if !is_poll_address(&address) {
            return Err(AuditError::Address { address });
        }
        let agent = ureq::Agent::config_builder()
            .timeout_connect(Some(CONNECT_TIME_MAX.min(begin_time_max)))
            .timeout_recv_response(Some(begin_time_max))
            .max_redirects(0)
            .http_status_as_error(false)
            .user_agent(concat!("sijill-auditor/", env!("CARGO_PKG_VERSION")))
            .build()
            .new_agent();
        let place = Place::Address { address, agent };
        Ok(Self { place })
    }

    /// Whether it asks an address, and not a folder.
    pub(crate) fn is_address(&self) -> bool {
        matches!(self.place, Place::Address { .. })
    }

    /// The folder, if it is one.
    pub(crate) fn folder(&self) -> Option<&Path> {
        match &self.place {
            Place::Folder(root) => Some(root),
            Place::Address { .. } => None,
        }
    }

    /// Whether a folder has this tile or bundle in this very width.
    pub(crate) fn has_file(&self, id: TileId) -> bool {
        self.folder()
            .is_some_and(|root| real_file(root, &id.to_string()).is_ok())
    }

    /// The newest checkpoint, as it stands there.
    pub fn checkpoint(&self) -> Result<Vec<u8>, FetchError> {
        let max = CHECKPOINT_BYTES_MAX as u64;
        self.open("checkpoint", max, PIECE_TIME_MAX)?.whole()
    }

    /// The list of checkpoints, as a stream.
    pub fn checkpoints(&self) -> Result<Body, FetchError> {
        self.open("checkpoints", CHECKPOINTS_BYTES_MAX, STREAM_TIME_MAX)
    }

    /// The roster's leaves, one after another, as a stream.
    pub fn roster(&self) -> Result<Body, FetchError> {
        self.open("roster", ROSTER_BYTES_MAX, STREAM_TIME_MAX)
    }

    /// A tile or bundle. A partial one that is no longer there is the beginning of the full one.
    pub fn tile(&self, id: TileId) -> Result<Vec<u8>, FetchError> {
        match (self.piece(id), id.full()) {
            (Err(FetchError::Missing { what }), Some(full)) if full != id => {
                match self.piece(full) {
                    Err(FetchError::Missing { .. }) => Err(FetchError::Missing { what }),
                    whole => whole.map(|bytes| beginning(id, full, bytes)),
                }
            }
            (piece, _) => piece,
        }
    }

    /// The same of a source whose newest checkpoint is of `size`: a partial tile that an older size had may be there as
    /// the beginning of the one that this size has.
    pub fn tile_within(&self, size: u64, id: TileId) -> Result<Vec<u8>, FetchError> {
        match TileId::at(id.kind(), id.index(), size) {
            Some(wider) if wider.width() > id.width() => {
                Ok(beginning(id, wider, self.tile(wider)?))
            }
            _ => self.tile(id),
        }
    }

    fn piece(&self, id: TileId) -> Result<Vec<u8>, FetchError> {
        let max = match id.kind() {
            TileKind::Entries => BUNDLE_BYTES_MAX,
            TileKind::Hashes { .. } => TILE_BYTES_MAX,
        };
        let body = self.open(&id.to_string(), max as u64, PIECE_TIME_MAX)?;
        body.whole()
    }

    /// The body of this name, of which at most `max` bytes will be taken.
    fn open(&self, name: &str, max: u64, time_max: Duration) -> Result<Body, FetchError> {
        match &self.place {
            Place::Folder(root) => open_file(root, name, max),
            Place::Address { address, agent } => get(agent, address, name, max, time_max),
        }
    }
}

/// The first entries or hashes of the same tile when it was wider. What is not as wide as it should be is given as it
/// is: who reads it will refuse it.
fn beginning(id: TileId, wider: TileId, bytes: Vec<u8>) -> Vec<u8> {
    let length = match id.kind() {
        TileKind::Hashes { .. } => bytes.len() as u64 / wider.width() * id.width(),
        TileKind::Entries => match bundle::read(&bytes, wider.width()) {
            Ok(entries) => {
                let entries = entries.iter().zip(0..id.width());
                entries.map(|(entry, _)| 2 + entry.len() as u64).sum()
            }
            Err(_) => bytes.len() as u64,
        },
    };
    let mut bytes = bytes;
    bytes.truncate(usize::try_from(length).unwrap_or(usize::MAX));
    bytes
}

/// A file of the folder. What is no file, or outside, wherever links lead, is not there: what is published of a poll is
/// in files, and files can be copied.
fn open_file(root: &Path, name: &str, max: u64) -> Result<Body, FetchError> {
    let (what, real) = real_file(root, name)?;
    match File::open(&real) {
        Ok(file) => Ok(Body::new(what, Box::new(file), max)),
        Err(error) => Err(not_opened(what, &error)),
    }
}

/// What a file of the folder is called, and where it really is.
fn real_file(root: &Path, name: &str) -> Result<(String, PathBuf), FetchError> {
    let path = root.join(name);
    let what = path.display().to_string();
    let real = match path.canonicalize() {
        Ok(real) => real,
        Err(error) => return Err(not_opened(what, &error)),
    };
    if !real.starts_with(root) {
        let what = format!("{what} (a link that leads out of the folder)");
        return Err(FetchError::Missing { what });
    }
    // Opening a pipe would wait for whoever writes into it.
    if !real.is_file() {
        let what = format!("{what} (no ordinary file)");
        return Err(FetchError::Missing { what });
    }
    Ok((what, real))
}

fn not_opened(what: String, error: &io::Error) -> FetchError {
    match error.kind() {
        // A link that leads to itself.
        _ if error.raw_os_error() == Some(LINKS_IN_A_CIRCLE) => FetchError::Missing { what },
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => FetchError::Missing { what },
        _ => FetchError::unreadable(&what, error),
    }
}

/// What the server answers for this name: only a status of 200 has a body that counts.
fn get(
    agent: &ureq::Agent,
    address: &str,
    name: &str,
    max: u64,
    time_max: Duration,
) -> Result<Body, FetchError> {
    let what = format!("{address}/{name}");
    let ask = || {
        let request = agent.get(&what).config();
        request.timeout_recv_body(Some(time_max)).build().call()
    };
    let response = match ask() {
        Err(error) if hung_up(&error) => ask(),
        response => response,
    };
    let response = response.map_err(|error| FetchError::unreadable(&what, error))?;
    let status = response.status();
    match status.as_u16() {
        200 => {
            let body = response.into_body().into_with_config();
            Ok(Body::new(
                what,
                Box::new(body.limit(u64::MAX).reader()),
                max,
            ))
        }
        404 | 410 => Err(FetchError::Missing { what }),
        300..400 => Err(FetchError::unreadable(&what, redirected(&response))),
        _ => Err(FetchError::unreadable(
            &what,
            format!("the server answers with status {status}"),
        )),
    }
}

/// Whether the server hung up before it answered. It may do so with a connection that has lain idle, at the moment when
/// it is used again; then the same is asked once more, over another one (RFC 9112, 9.3.1).
fn hung_up(error: &ureq::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    let ended = [
        BrokenPipe,
        ConnectionAborted,
        ConnectionReset,
        UnexpectedEof,
    ];
    matches!(error, ureq::Error::Io(error) if ended.contains(&error.kind()))
}

fn redirected(response: &ureq::http::Response<ureq::Body>) -> String {
    let location = response.headers().get("location");
    let to = location.and_then(|to| to.to_str().ok()).unwrap_or_default();
    let shown: String = to.chars().take(200).collect();
    format!("the server sends to another address, `{shown}`; give that one if it is the poll's")
}

/// A body that is being read, of which no more is taken than it may have. Its errors are [`FetchError`]s inside
/// [`io::Error`]s ([`FetchError::of`]).
pub struct Body {
    inner: Box<dyn Read + Send>,
    what: String,
    left: u64,
    max: u64,
}

impl Body {
    fn new(what: String, inner: Box<dyn Read + Send>, max: u64) -> Self {
        let left = max;
        Self {
            inner,
            what,
            left,
            max,
        }
    }

    /// All of it.
    fn whole(mut self) -> Result<Vec<u8>, FetchError> {
        let mut bytes = Vec::new();
        match self.read_to_end(&mut bytes) {
            Ok(_) => Ok(bytes),
            Err(error) => Err(FetchError::of_io(&error)),
        }
    }

    fn unreadable(&self, error: &io::Error) -> io::Error {
        io::Error::other(FetchError::unreadable(&self.what, error))
    }

    fn too_long(&self) -> io::Error {
        io::Error::other(FetchError::TooLong {
            what: self.what.clone(),
            max: self.max,
        })
    }
}

impl Read for Body {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        // One byte more than may be taken tells a body that ends there from one that goes on.
        let room = usize::try_from(self.left).unwrap_or(usize::MAX);
        let length = buffer.len().min(room.saturating_add(1));
        let buffer = buffer.get_mut(..length).unwrap_or_default();
        let read = match self.inner.read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Err(error),
            read => read.map_err(|error| self.unreadable(&error))?,
        };
        match self.left.checked_sub(read as u64) {
            Some(left) => {
                self.left = left;
                Ok(read)
            }
            None => Err(self.too_long()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sijill_ledger::tile_reader::TileReader;
    use sijill_ledger::tile_writer::TileWriter;
    use std::io::Write;
    use std::net::{SocketAddr, TcpListener, TcpStream};
    use std::time::Instant;

    const SIZE: u64 = 600;
    const OLDER: u64 = 530;

    fn entry(index: u64) -> Vec<u8> {
        format!("entry {index}").into_bytes()
    }

    /// A folder with the tiles of so many entries, and the writer after them.
    fn folder(size: u64) -> (tempfile::TempDir, TileWriter) {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = TileWriter::default();
        let mut tiles = Vec::new();
        for index in 0..size {
            tiles.extend(writer.append(&entry(index)).unwrap());
        }
        tiles.extend(writer.partial());
        for tile in tiles {
            let path = folder.path().join(tile.id.to_string());
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, tile.bytes).unwrap();
        }
        (folder, writer)
    }

    fn tile(path: &str) -> TileId {
        path.parse().unwrap()
    }

    #[test]
    fn a_folder_gives_what_it_has_and_names_what_it_has_not() {
        let (folder, writer) = folder(SIZE);
        std::fs::write(folder.path().join("checkpoint"), b"anything").unwrap();
        std::fs::write(folder.path().join("roster"), b"leaves").unwrap();
        let fetcher = Fetcher::of(folder.path().to_str().unwrap()).unwrap();
        assert_eq!(fetcher.checkpoint().unwrap(), b"anything");
        assert_eq!(fetcher.roster().unwrap().whole().unwrap(), b"leaves");
        assert!(matches!(
            fetcher.checkpoints().map(|_| ()),
            Err(FetchError::Missing { what }) if what.ends_with("/checkpoints")
        ));
        let mut reader = TileReader::open(SIZE, writer.root(), |id| fetcher.tile(id)).unwrap();
        assert!(reader.bundle(2).is_ok() && reader.inclusion(7).is_ok());
        let beyond = fetcher.tile(tile("tile/0/003"));
        assert!(matches!(beyond, Err(FetchError::Missing { .. })));
    }

    #[test]
    fn a_tree_of_an_older_size_is_read_from_the_tiles_of_the_newest() {
        let ((folder, _), (_, older)) = (folder(SIZE), folder(OLDER));
        let fetcher = Fetcher::of_folder(folder.path()).unwrap();
        assert!(TileReader::open(OLDER, older.root(), |id| fetcher.tile(id)).is_err());
        let fetch = |id| fetcher.tile_within(SIZE, id);
        let mut reader = TileReader::open(OLDER, older.root(), fetch).unwrap();
        assert_eq!(
            bundle::read(&reader.bundle(2).unwrap(), 18).unwrap().len(),
            18
        );
        // A partial tile that has become full and was taken away.
        let first = fetcher.tile(tile("tile/entries/001.p/3")).unwrap();
        assert_eq!(bundle::read(&first, 3).unwrap()[2], entry(258));
    }

    #[test]
    fn nothing_outside_the_folder_and_nothing_that_is_no_file_is_read() {
        let (folder, _) = folder(1);
        let outside = tempfile::tempdir().unwrap();
        std::fs::write(outside.path().join("secret"), b"secret").unwrap();
        let link =
            |to: &Path, name| std::os::unix::fs::symlink(to, folder.path().join(name)).unwrap();
        link(&outside.path().join("secret"), "checkpoint");
        link(&folder.path().join("tile/0/000.p/1"), "roster");
        std::fs::create_dir(folder.path().join("checkpoints")).unwrap();
        let fetcher = Fetcher::of_folder(folder.path()).unwrap();
        let why = |result: Result<Vec<u8>, FetchError>| match result {
            Err(FetchError::Missing { what }) => what,
            other => panic!("{other:?}"),
        };
        assert!(why(fetcher.checkpoint()).contains("out of the folder"));
        assert!(why(fetcher.checkpoints().and_then(Body::whole)).contains("no ordinary file"));
        assert_eq!(fetcher.roster().unwrap().whole().unwrap().len(), 32);
        assert!(Fetcher::of_folder(&outside.path().join("secret")).is_err());
        assert!(Fetcher::of("no/such/folder").is_err());
    }

    #[test]
    fn a_file_that_is_too_long_is_refused_and_one_that_just_fits_is_not() {
        let (folder, _) = folder(1);
        let fetcher = Fetcher::of_folder(folder.path()).unwrap();
        let path = folder.path().join("checkpoint");
        std::fs::write(&path, vec![b'a'; CHECKPOINT_BYTES_MAX]).unwrap();
        assert_eq!(fetcher.checkpoint().unwrap().len(), CHECKPOINT_BYTES_MAX);
        std::fs::write(&path, vec![b'a'; CHECKPOINT_BYTES_MAX + 1]).unwrap();
        let max = CHECKPOINT_BYTES_MAX as u64;
        assert!(
            matches!(fetcher.checkpoint(), Err(FetchError::TooLong { max: found, .. }) if found == max)
        );
    }

    /// A server that answers each request with what `answer` writes, and hangs up.
    fn server(answer: fn(&str, &mut TcpStream) -> io::Result<()>) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut head = [0; 2_048];
                let read = stream.read(&mut head).unwrap();
                let head = String::from_utf8_lossy(&head[..read]).into_owned();
                let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
                // Whoever has had enough hangs up, which is what is tested.
                drop(answer(&path, &mut stream));
            }
        });
        address
    }

    fn fetcher(server: SocketAddr) -> Fetcher {
        Fetcher::of_address(
            &format!("http://{server}/polls/bridge/"),
            Duration::from_secs(5),
        )
        .unwrap()
    }

    fn head(stream: &mut TcpStream, more: &str) -> io::Result<()> {
        write!(stream, "HTTP/1.1 200 OK\r\n{more}Connection: close\r\n\r\n")
    }

    #[test]
    fn an_address_gives_what_is_below_it() {
        let server = server(|path, stream| match path {
            "/polls/bridge/tile/0/000.p/1" => {
                head(stream, "Content-Length: 32\r\n")?;
                stream.write_all(&[7; 32])
            }
            "/polls/bridge/checkpoint" => {
                write!(
                    stream,
                    "HTTP/1.1 503 Busy\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
                )
            }
            "/polls/bridge/roster" => write!(
                stream,
                "HTTP/1.1 302 Found\r\nLocation: http://elsewhere.example/roster\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
            ),
            _ => write!(
                stream,
                "HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
            ),
        });
        let fetcher = fetcher(server);
        assert_eq!(fetcher.tile(tile("tile/0/000.p/1")).unwrap(), [7; 32]);
        assert!(matches!(
            fetcher.tile(tile("tile/0/000.p/2")),
            Err(FetchError::Missing { .. })
        ));
        let why = |result: Result<Vec<u8>, FetchError>| match result {
            Err(FetchError::Unreadable { why, .. }) => why,
            other => panic!("{other:?}"),
        };
        assert!(why(fetcher.checkpoint()).contains("503"));
        let redirected = why(fetcher.roster().and_then(Body::whole));
        assert!(redirected.contains("elsewhere.example"), "{redirected}");
        assert!(Fetcher::of("http://nowhere").is_err());
    }

    /// An audit over an address failed now and then, since a server had closed a connection that was about to be used
    /// again: an auditor would have taken it for a poll that cannot be read.
    #[test]
    fn a_connection_that_the_server_closed_meanwhile_is_made_anew() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut head = [0; 2_048];
                let _heard = stream.read(&mut head).unwrap();
                write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: 32\r\n\r\n").unwrap();
                stream.write_all(&[7; 32]).unwrap();
                // The next one is heard, and not answered.
                let _heard = stream.read(&mut head).unwrap();
            }
        });
        let fetcher = fetcher(address);
        for _ in 0..3 {
            assert_eq!(fetcher.tile(tile("tile/0/000.p/1")).unwrap(), [7; 32]);
        }
    }

    #[test]
    fn a_body_without_end_is_left_at_its_limit() {
        let server = server(|_, stream| {
            head(stream, "Content-Type: application/octet-stream\r\n")?;
            loop {
                stream.write_all(&[7; 4_096])?;
            }
        });
        let fetcher = fetcher(server);
        let too_long = |result: Result<Vec<u8>, FetchError>, most: usize| {
            assert!(
                matches!(result, Err(FetchError::TooLong { max, .. }) if max == most as u64),
                "{result:?}"
            );
        };
        too_long(fetcher.checkpoint(), CHECKPOINT_BYTES_MAX);
        too_long(fetcher.tile(tile("tile/0/000")), TILE_BYTES_MAX);
        too_long(fetcher.tile(tile("tile/entries/000")), BUNDLE_BYTES_MAX);
    }

    /// A gzip of 64 MiB of zeros, as `gzip -9` writes it: the codes of one deflate block, and then one bit each for "258
    /// more of the same". It ends before the block does, which nobody should come to know.
    fn gzip_bomb() -> Vec<u8> {
        let mut bytes = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 3];
        bytes.extend([
            0xec, 0xc1, 0x01, 0x01, 0, 0, 0, 0x80, 0x90, 0xfe, 0xaf, 0xee, 8, 0x0a,
        ]);
        bytes.extend(vec![0; 65_160]);
        bytes
    }

    #[test]
    fn a_body_that_swells_as_it_is_unpacked_is_left_at_its_limit() {
        let server = server(|_, stream| {
            let body = gzip_bomb();
            head(
                stream,
                &format!(
                    "Content-Encoding: gzip\r\nContent-Length: {}\r\n",
                    body.len()
                ),
            )?;
            stream.write_all(&body)
        });
        let result = fetcher(server).tile(tile("tile/entries/000"));
        assert!(
            matches!(result, Err(FetchError::TooLong { .. })),
            "{result:?}"
        );
    }

    #[test]
    fn a_server_that_says_nothing_is_not_waited_for_for_ever() {
        let server = server(|_, stream| {
            std::thread::sleep(Duration::from_secs(20));
            head(stream, "")
        });
        let start = Instant::now();
        let fetcher = Fetcher::of_address(
            &format!("http://{server}/polls/b"),
            Duration::from_millis(300),
        );
        let silent = fetcher.unwrap().checkpoint();
        assert!(
            matches!(silent, Err(FetchError::Unreadable { .. })),
            "{silent:?}"
        );
        assert!(start.elapsed() < Duration::from_secs(10));
    }
}
