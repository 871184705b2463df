//! Sending over SMPP beside a bare loop with the same codec and peer, and the memory that a send takes.

use crate::Scale;
use crate::centre::{Centre, Seen};
use crate::field::Field;
use crate::memory::{Serving, peak};
use crate::npm;
use crate::stage::temporary;
use crate::table::{Rate, Row, in_turn, median, ratio};
use rusmpp::pdus::{BindTransceiver, DeliverSmResp, SubmitSm};
use rusmpp::tokio_codec::CommandCodec;
use rusmpp::types::{COctetString, OctetString};
use rusmpp::values::{DataCoding, EsmClass, InterfaceVersion, Npi, RegisteredDelivery, Ton};
use rusmpp::{Command, CommandStatus, Pdu};
use serde_json::Value;
use sijill_ledger::Hash;
use sijill_outreach::OutreachError;
use sijill_outreach::calendar::Calendar;
use sijill_outreach::deliveries::{Deliveries, Whose};
use sijill_outreach::delivery::{Selection, StopWay, WaveKind};
use sijill_outreach::number::Number;
use sijill_outreach::segment::{Segment, segments};
use sijill_outreach::sending::{Ended, Progress, Terms, World, send};
use sijill_outreach::smpp::settings::{Password, SmppSettings};
use sijill_outreach::vault::{Contact, Vault, VaultSecret};
use sijill_outreach::wave::Standing;
use sijill_poll::credential::Token;
use sijill_scenarios::bench::entropy;
use sijill_scenarios::definition::HOUR_MS;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio_util::bytes::BytesMut;
use tokio_util::codec::{Decoder, Encoder};
use zeroize::Zeroizing;

/// Submits that wait for their response.
const WINDOW: usize = 50;
/// Segments of a message.
const PARTS: u32 = 2;
/// Segments a second that nobody reaches.
const RATE: u32 = 10_000_000;
/// What a peer at some distance takes to answer.
const DISTANCE: Duration = Duration::from_millis(5);
/// What ten times the roster may add to the memory of a send.
const MORE_BYTES_MAX: u64 = 64 * 1024 * 1024;

pub fn rows(scale: &Scale) -> Vec<Row> {
    let at_once = || Peer::near(Duration::ZERO);
    let distant = || Peer::near(DISTANCE);
    let real = || Peer::npm().unwrap();
    let mut peers: Vec<(&str, u32, &dyn Fn() -> Peer)> = vec![
        ("a peer that answers at once", 100_000, &at_once),
        ("a peer that answers after 5 ms", 20_000, &distant),
    ];
    if Peer::npm().is_some() {
        peers.push(("npm's `smpp` as message centre", 20_000, &real));
    }
    let mut rows = Vec::new();
    for (peer, invitations, open) in peers {
        rows.extend(beside_bare_loop(scale, peer, scale.of(invitations), open));
    }
    rows.push(memory(scale));
    rows
}

/// A message centre, for one connection.
struct Peer {
    address: SocketAddr,
    /// What it saw, when the connection has ended.
    seen: Box<dyn FnOnce() -> Seen>,
}

impl Peer {
    /// One in this process, which answers so much later.
    fn near(after: Duration) -> Self {
        let centre = Centre::open(after);
        Self {
            address: centre.address,
            seen: Box::new(|| centre.seen()),
        }
    }

    /// npm's `smpp`, in a process of its own; none, and a line that says why, where it is missing.
    fn npm() -> Option<Self> {
        let folder = temporary();
        let centre = npm::Centre::open(folder.path(), &[])?;
        Some(Self {
            address: centre.address().parse().unwrap(),
            seen: Box::new(move || {
                let report = centre.report();
                drop(folder);
                reported(&report)
            }),
        })
    }

    /// Segments a second, of so many invitations.
    fn rate(self, invitations: u32) -> Rate {
        (self.seen)().rate_of(invitations * PARTS)
    }
}

/// What npm's `smpp` saw, by its report.
fn reported(report: &Value) -> Seen {
    let number = |name: &str| report[name].as_u64().unwrap();
    assert_eq!((number("strange"), number("incomplete")), (0, 0));
    Seen {
        segments: number("segments") as u32,
        confirmed: number("receipts_confirmed") as u32,
        time: Duration::from_millis(number("ended") - number("began")),
    }
}

fn beside_bare_loop(
    scale: &Scale,
    peer: &str,
    invitations: u32,
    open: &dyn Fn() -> Peer,
) -> Vec<Row> {
    let folder = temporary();
    let vault = vault(folder.path(), invitations);
    let mut syncs = Vec::new();
    let [ours, bare] = in_turn(
        2 * scale.rounds - 1,
        [
            ("send", &mut || {
                let peer = open();
                let frames = real(&vault, peer.address);
                syncs.push(frames as f64 * 1_000.0 / f64::from(invitations * PARTS));
                peer.rate(invitations)
            }),
            ("bare loop", &mut || {
                let peer = open();
                bare(&vault, peer.address);
                peer.rate(invitations)
            }),
        ],
    );
    let measured = format!(
        "send of {invitations} invitations of two segments over SMPP, window {WINDOW}, {peer}"
    );
    let beside = "bare loop with the same codec and peer";
    vec![
        Row::at_least(&measured, beside, ratio(&ours, &bare), 0.7),
        Row::stated(
            &format!("syncs of the journal a thousand segments, {peer}"),
            "—",
            format!("{:.0}", median(syncs)),
        ),
    ]
}

/// A vault of so many invitations.
fn vault(folder: &Path, invitations: u32) -> Vault {
    let contacts = (0..invitations).map(|place| Contact {
        number: Number::from_u64(9_647_700_000_000 + u64::from(place)).unwrap(),
        token: Token::from_entropy(*entropy(9, "token", place).first_chunk().unwrap()),
        stratum: 0,
        language: 0,
    });
    let secret = VaultSecret::Key(Zeroizing::new([7; 32]));
    Vault::make(&folder.join("vault"), &secret, invitations, contacts).unwrap()
}

/// An invitation's message, in two segments.
fn text(token: &str) -> String {
    format!(
        "هل تؤيد استمرار مهمة التحالف الدولي في العراق؟ رابطك الشخصي:\nhttps://ur.example/p/{token}"
    )
}

/// The way of a message from the vault to its receipts in the journal; the frames of the journal, each of which was made
/// durable.
fn real(vault: &Vault, address: SocketAddr) -> usize {
    let folder = temporary();
    let whose = Whose {
        origin: "ur.example/polls/bridge".parse().unwrap(),
        poll_id: Hash::of(b"poll"),
        invitations: vault.count(),
    };
    let mut deliveries = Deliveries::open(folder.path(), &[7; 32], whose).unwrap();
    let all = Selection::default();
    let wave = deliveries.begin_wave(WaveKind::First, &all, 1).unwrap();
    deliveries.choose(wave, 0..vault.count()).unwrap();
    let before = frames(folder.path());
    let terms = Terms {
        calendar: Calendar::always(),
        rate: RATE,
        receipts_ms: 60_000,
    };
    // As the program's own.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let ended = runtime.block_on(async {
        let gateway = sijill_outreach::smpp::connect(settings(address)).unwrap();
        send(&mut deliveries, gateway, &terms, &mut Desk { vault }).await
    });
    assert_eq!(ended.unwrap(), Ended::Final);
    let wave = deliveries.open_wave().unwrap();
    assert_eq!(wave.count(Standing::Delivered), vault.count());
    frames(folder.path()) - before
}

fn settings(address: SocketAddr) -> SmppSettings {
    let [_, system_id, _, password] = npm::ACCOUNT;
    let password = Password::new(Zeroizing::new(password.to_owned()));
    SmppSettings {
        window: WINDOW,
        ..SmppSettings::new(&address.to_string(), system_id, password, "COUNCIL")
    }
}

/// Frames of a folder's journal (SPEC, section 15).
fn frames(folder: &Path) -> usize {
    let bytes = std::fs::read(folder.join("journal")).unwrap();
    let (mut at, mut frames) = (16, 0);
    while let Some(length) = bytes.get(at..at + 4) {
        at += 8 + u32::from_le_bytes(length.try_into().unwrap()) as usize;
        frames += 1;
    }
    frames
}

/// The world of a send: messages come from the vault.
struct Desk<'a> {
    vault: &'a Vault,
}

impl World for Desk<'_> {
    type Error = OutreachError;

    fn now(&self) -> u64 {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap()
            .as_millis() as u64
    }

    fn message(&mut self, invitation: u32) -> Result<(Number, String), OutreachError> {
        let contact = self.vault.contact(invitation)?;
        Ok((contact.number, text(contact.token.reveal())))
    }

    fn said_stop(&mut self, _: Number) -> Result<Vec<u32>, OutreachError> {
        Ok(Vec::new())
    }

    fn stopped(&mut self) -> Result<Vec<(u32, StopWay)>, OutreachError> {
        Ok(Vec::new())
    }

    fn is_paused(&mut self) -> bool {
        false
    }

    fn ends_at(&mut self) -> u64 {
        self.now() + 24 * HOUR_MS
    }

    fn is_interrupted(&self) -> bool {
        false
    }

    fn tell(&mut self, _: &Progress<'_>) {}
}

/// The least that could be done: segments that are ready, encoded, a window of them on its way, answers and receipts read,
/// receipts confirmed; nothing kept, and one thread that waits for nothing but the peer.
fn bare(vault: &Vault, address: SocketAddr) {
    let messages: Vec<(String, Vec<Segment>)> = vault
        .contacts()
        .map(|contact| {
            let contact = contact.unwrap();
            let segments = segments(&text(contact.token.reveal()), 7).unwrap();
            assert_eq!(segments.len() as u32, PARTS);
            (contact.number.digits(), segments)
        })
        .collect();
    let mut bare = Bare::bound(address);
    let segments = messages
        .iter()
        .flat_map(|(to, segments)| segments.iter().map(move |segment| (to.as_str(), segment)));
    bare.send(segments, vault.count() * PARTS);
    bare.leave();
}

/// A bare connection.
struct Bare {
    stream: TcpStream,
    codec: CommandCodec,
    out: BytesMut,
    heard: BytesMut,
    sequence: u32,
}

impl Bare {
    fn bound(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        let mut bare = Self {
            stream,
            codec: CommandCodec::new(),
            out: BytesMut::new(),
            heard: BytesMut::new(),
            sequence: 0,
        };
        let [_, system_id, _, password] = npm::ACCOUNT;
        let bind = BindTransceiver::builder()
            .system_id(word(system_id))
            .password(word(password))
            .interface_version(InterfaceVersion::Smpp3_4)
            .build();
        bare.put(bind);
        bare.write();
        bare.read();
        assert!(bare.next().is_some(), "the peer answers the bind");
        bare
    }

    /// Sends these, and returns when every receipt was confirmed.
    fn send<'a>(&mut self, segments: impl Iterator<Item = (&'a str, &'a Segment)>, count: u32) {
        let mut segments = segments;
        let (mut flying, mut delivered) = (0, 0);
        while delivered < count {
            for (to, segment) in segments.by_ref().take(WINDOW - flying) {
                self.put(submit(to, segment));
                flying += 1;
            }
            self.write();
            self.read();
            while let Some(command) = self.next() {
                match command.pdu() {
                    Some(Pdu::SubmitSmResp(_)) => flying -= 1,
                    Some(Pdu::DeliverSm(_)) => {
                        delivered += 1;
                        self.confirm(command.sequence_number());
                    }
                    other => panic!("{other:?}"),
                }
            }
        }
    }

    /// Returns when the peer has read everything.
    fn leave(mut self) {
        self.put(Pdu::Unbind);
        self.write();
        self.read();
        let answer = self.next().unwrap();
        assert!(matches!(answer.pdu(), Some(Pdu::UnbindResp)), "{answer:?}");
    }

    fn put(&mut self, pdu: impl Into<Pdu>) {
        self.sequence += 1;
        let command = Command::new(CommandStatus::EsmeRok, self.sequence, pdu);
        self.codec.encode(command, &mut self.out).unwrap();
    }

    fn confirm(&mut self, sequence: u32) {
        let pdu = DeliverSmResp::default();
        let command = Command::new(CommandStatus::EsmeRok, sequence, pdu);
        self.codec.encode(command, &mut self.out).unwrap();
    }

    fn write(&mut self) {
        self.stream.write_all(&self.out).unwrap();
        self.out.clear();
    }

    fn read(&mut self) {
        let mut bytes = [0; 16 * 1024];
        let count = self.stream.read(&mut bytes).unwrap();
        assert!(count > 0, "the peer closed");
        self.heard.extend_from_slice(&bytes[..count]);
    }

    fn next(&mut self) -> Option<Command> {
        self.codec.decode(&mut self.heard).unwrap()
    }
}

fn word<const MAX: usize>(text: &str) -> COctetString<1, MAX> {
    COctetString::from_string(text.to_owned()).unwrap()
}

/// A segment as the session writes it.
fn submit(to: &str, segment: &Segment) -> SubmitSm {
    let header = segment.header.as_ref().map_or(&[][..], |header| header);
    SubmitSm::builder()
        .source_addr_ton(Ton::Alphanumeric)
        .source_addr_npi(Npi::Unknown)
        .source_addr(word("COUNCIL"))
        .dest_addr_ton(Ton::International)
        .dest_addr_npi(Npi::Isdn)
        .destination_addr(word(to))
        .esm_class(EsmClass::from(0x40))
        .registered_delivery(RegisteredDelivery::from(1))
        .data_coding(DataCoding::from(8))
        .short_message(OctetString::from_vec([header, &segment.text].concat()).unwrap())
        .build()
}

/// The built program sends to a tenth of a roster's size, and to all of it.
fn memory(scale: &Scale) -> Row {
    let invitations = scale.of(1_000_000);
    let [few, many] = [invitations / 10, invitations].map(|count| {
        let field = Field::new();
        field.import(&field.roster(count));
        // As in the field: the ledger is the service's, which answers the sender's questions.
        let serving = Serving::on(&field.data());
        let centre = Centre::open(Duration::ZERO);
        let bytes = peak(&field.send(centre.address));
        serving.stop();
        centre.seen().rate_of(count * PARTS);
        eprintln!("   {count} invitations: {} KiB", bytes / 1_024);
        bytes
    });
    let mib = |bytes: u64| bytes / (1_024 * 1_024);
    let more = many.saturating_sub(few);
    Row {
        measured: format!(
            "memory of a send to {invitations} invitations, {} MiB, above that of one to {}, {} MiB",
            mib(many),
            invitations / 10,
            mib(few)
        ),
        beside: format!("{} MiB", mib(MORE_BYTES_MAX)),
        ratio: format!("{:.2}", more as f64 / MORE_BYTES_MAX as f64),
        reach: "≤ 1".into(),
        met: if more <= MORE_BYTES_MAX { "yes" } else { "no" },
    }
}
