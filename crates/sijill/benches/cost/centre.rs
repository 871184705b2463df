//! A message centre that costs as little as it can: one connection, every segment taken under an id and delivered. It looks
//! at nothing but what it needs for that, and shares no code with the session.

use crate::table::Rate;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

const SUBMIT: u32 = 0x4;
const DELIVER: u32 = 0x5;
const UNBIND: u32 = 0x6;
const BIND: u32 = 0x9;
const ENQUIRE: u32 = 0x15;
/// Bit of a response.
const RESPONSE: u32 = 0x8000_0000;

/// Bytes of a header.
const HEAD: usize = 16;
/// Bytes read at once.
const READ: usize = 64 * 1024;

/// A message centre on a thread of its own, until whoever connected takes leave.
pub struct Centre {
    pub address: SocketAddr,
    thread: JoinHandle<Seen>,
}

/// What it saw.
#[derive(Debug, Clone, Copy)]
pub struct Seen {
    /// Segments taken.
    pub segments: u32,
    /// Receipts that were confirmed.
    pub confirmed: u32,
    /// From the first segment to the last confirmation.
    pub time: Duration,
}

impl Seen {
    /// Segments a second; all that were sent must have been taken, and each receipt confirmed.
    pub fn rate_of(self, segments: u32) -> Rate {
        assert_eq!((self.segments, self.confirmed), (segments, segments));
        f64::from(segments) / self.time.as_secs_f64()
    }
}

impl Centre {
    /// One that answers a segment so much later, and sends its receipt right behind the answer.
    pub fn open(answers_after: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let thread = std::thread::spawn(move || {
            let (stream, _) = listener.accept().unwrap();
            stream.set_nodelay(true).unwrap();
            let mouth = Mouth::of(stream.try_clone().unwrap(), answers_after);
            Line::new(mouth).hear(stream)
        });
        Self { address, thread }
    }

    /// What it saw, when the connection has ended.
    pub fn seen(self) -> Seen {
        self.thread.join().unwrap()
    }
}

/// What answers are said by.
enum Mouth {
    Now(TcpStream),
    Later(Duration, Sender<(Instant, Vec<u8>)>),
}

impl Mouth {
    fn of(mut stream: TcpStream, after: Duration) -> Self {
        if after.is_zero() {
            return Self::Now(stream);
        }
        let (later, due) = channel::<(Instant, Vec<u8>)>();
        std::thread::spawn(move || {
            for (at, said) in due {
                std::thread::sleep(at.saturating_duration_since(Instant::now()));
                // Whoever has closed the connection hears nothing more.
                let _ = stream.write_all(&said);
            }
        });
        Self::Later(after, later)
    }

    fn say(&mut self, said: &mut Vec<u8>) {
        match self {
            Self::Now(stream) => stream.write_all(said).unwrap(),
            Self::Later(after, later) => {
                let due = Instant::now() + *after;
                later.send((due, said.clone())).unwrap();
            }
        }
        said.clear();
    }
}

/// A connection.
struct Line {
    mouth: Mouth,
    out: Vec<u8>,
    /// Numbers of our own commands, of which every one is a receipt.
    sequence: u32,
    segments: u32,
    confirmed: u32,
    first: Option<Instant>,
    last: Instant,
}

impl Line {
    fn new(mouth: Mouth) -> Self {
        Self {
            mouth,
            out: Vec::new(),
            sequence: 0,
            segments: 0,
            confirmed: 0,
            first: None,
            last: Instant::now(),
        }
    }

    fn hear(mut self, mut stream: TcpStream) -> Seen {
        let mut heard = vec![0; READ];
        let mut filled = 0;
        while let Ok(count @ 1..) = stream.read(&mut heard[filled..]) {
            filled += count;
            let used = self.answer(&heard[..filled]);
            heard.copy_within(used..filled, 0);
            filled -= used;
            if !self.out.is_empty() {
                self.mouth.say(&mut self.out);
            }
        }
        let _ = stream.shutdown(Shutdown::Both);
        Seen {
            segments: self.segments,
            confirmed: self.confirmed,
            time: self.last - self.first.unwrap(),
        }
    }

    /// Answers each whole command; says how many bytes those are.
    fn answer(&mut self, heard: &[u8]) -> usize {
        let mut used = 0;
        while let Some(head) = heard.get(used..used + HEAD) {
            let field = |at: usize| u32::from_be_bytes(head[at..at + 4].try_into().unwrap());
            let Some(pdu) = heard.get(used..used + field(0) as usize) else {
                break;
            };
            self.take(field(4), field(12), &pdu[HEAD..]);
            used += pdu.len();
        }
        used
    }

    fn take(&mut self, command: u32, sequence: u32, body: &[u8]) {
        match command {
            SUBMIT => self.deliver(sequence, body),
            BIND => self.put(BIND | RESPONSE, sequence, b"centre\0"),
            ENQUIRE | UNBIND => self.put(command | RESPONSE, sequence, b""),
            other if other == DELIVER | RESPONSE => {
                self.confirmed += 1;
                self.last = Instant::now();
            }
            other => panic!("nobody asks a message centre for {other:#x}"),
        }
    }

    /// Takes a segment, and says that it was delivered.
    fn deliver(&mut self, sequence: u32, body: &[u8]) {
        self.first.get_or_insert_with(Instant::now);
        self.segments += 1;
        let id = format!("{:010}", self.segments);
        self.put(SUBMIT | RESPONSE, sequence, format!("{id}\0").as_bytes());
        self.sequence += 1;
        let receipt = receipt(&id, destination(body));
        self.put(DELIVER, self.sequence, &receipt);
    }

    fn put(&mut self, command: u32, sequence: u32, body: &[u8]) {
        let length = (HEAD + body.len()) as u32;
        for field in [length, command, 0, sequence] {
            self.out.extend_from_slice(&field.to_be_bytes());
        }
        self.out.extend_from_slice(body);
    }
}

/// Whom a segment is for.
fn destination(submit: &[u8]) -> &[u8] {
    let word = |bytes: &[u8]| bytes.iter().position(|byte| *byte == 0).unwrap();
    let rest = &submit[word(submit) + 1 + 2..];
    let rest = &rest[word(rest) + 1 + 2..];
    &rest[..word(rest)]
}

/// That it was delivered, in the customary text and in fields of its own.
fn receipt(id: &str, to: &[u8]) -> Vec<u8> {
    let text = format!(
        "id:{id} sub:001 dlvrd:001 submit date:2401151200 done date:2401151200 stat:DELIVRD err:000 text:"
    );
    let mut body = b"\0\x01\x01".to_vec();
    body.extend_from_slice(to);
    // To whom; a delivery receipt; no times; nothing asked for; and how long the text is.
    body.extend_from_slice(b"\0\x05\x00COUNCIL\0\x04\0\0\0\0\0\0\0\0");
    body.push(text.len() as u8);
    body.extend_from_slice(text.as_bytes());
    body.extend_from_slice(&[0, 0x1e, 0, id.len() as u8 + 1]);
    body.extend_from_slice(id.as_bytes());
    body.extend_from_slice(&[0, 0x04, 0x27, 0, 1, 2]);
    body
}
