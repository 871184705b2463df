//! A message centre that does whatever a bad one does, all at once: the crate `smpp34`, which throttles, has its queue
//! full, keeps responses back and sends receipts in every odd way, behind a line that reads slowly, brings bytes one at a
//! time, puts nonsense between them, and breaks in the middle of a window. What it saw is what the counts are held
//! against.

use crate::place::{Invitation, Place, terms};
use crate::post::{
    SETTINGS, command, configure_with, in_two_segments, letters, open, outcome, repeated, send,
    status,
};
use crate::process::COMMAND_MAX;
use async_trait::async_trait;
use serde_json::json;
use smpp34::server::ESME;
use smpp34::{
    SmppConnectionInformation, SmppError, SmppServer, SmppServerListener, TlvTag, bind_transceiver,
    bind_transceiver_resp, submit_sm, submit_sm_resp,
};
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;

/// Invitations: twelve of each way.
const COUNT: u32 = 240;

/// Every how many numbers a way comes again.
const WAYS: u32 = 20;

/// Submits after which the first connection breaks, and after which the second one brings no SMPP at all.
const BREAKS_AT: [usize; 2] = [60, 80];

/// The time from a submit to its response: long enough that a window fills.
const RESPONSE: Duration = Duration::from_millis(15);

/// How the centre treats the messages for a number, by its last digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Honest,
    /// The id is hexadecimal in the response and decimal in the receipt.
    HexDecimal,
    /// The other way round, and with zeros before it.
    DecimalHex,
    /// Zeros before it in the response.
    Padded,
    /// The receipt is confirmed before the response leaves.
    Early,
    /// The receipt comes twice.
    Twice,
    /// The last segment's receipt comes first.
    Backwards,
    /// A receipt for a message that nobody sent comes too.
    Stray,
    /// A receipt says that this message failed, and names somebody else's number.
    Lie,
    /// All of these get one id.
    SameId,
    /// It is delivered, and later it has failed.
    Contradicted,
    /// It is on its way, and later delivered.
    EnRoute,
    /// The receipt is in optional parts alone.
    Parts,
    /// Too fast, the first time.
    Throttled,
    /// The queue is full, twice.
    QueueFull,
    /// The first segment of the first attempt is never answered for.
    Silent,
    /// The number is refused.
    Refused,
    /// The second segment is not delivered.
    Undelivered,
    /// The time of the second segment runs out.
    Expired,
}

impl Way {
    fn of(place: u32) -> Self {
        match place % WAYS {
            0 => Self::HexDecimal,
            1 => Self::DecimalHex,
            2 => Self::Padded,
            3 => Self::Early,
            4 => Self::Twice,
            5 => Self::Backwards,
            6 => Self::Stray,
            7 => Self::Lie,
            8 => Self::SameId,
            9 => Self::Contradicted,
            10 => Self::EnRoute,
            11 => Self::Parts,
            12 => Self::Throttled,
            13 => Self::QueueFull,
            14 => Self::Silent,
            15 => Self::Refused,
            16 => Self::Undelivered,
            17 => Self::Expired,
            _ => Self::Honest,
        }
    }

    /// An id as it is given, and as receipts have it.
    fn ids(self, number: u32, part: u8) -> [String; 2] {
        let plain = number.to_string();
        match self {
            Self::HexDecimal => [format!("{number:X}"), format!("{number:010}")],
            Self::DecimalHex => [plain, format!("{number:08x}")],
            Self::Padded => [format!("{number:012}"), plain],
            Self::SameId => [format!("same-{part}"), format!("same-{part}")],
            _ => [plain.clone(), plain],
        }
    }
}

/// A segment that arrived.
#[derive(Debug, Clone)]
struct Taken {
    to: String,
    attempt: u8,
    part: u8,
    text: String,
    session: String,
    /// What the receipt says in the end; none where there was no acceptance.
    became: Option<&'static str>,
    /// Whether it was refused for good.
    refused: bool,
}

/// The place in [`crate::place::people`] of who has this number.
fn place_of(number: &str) -> u32 {
    number[number.len() - 7..].parse().unwrap()
}

/// What a segment says, and where it belongs: attempt, part, text.
fn read(submit: &submit_sm) -> (u8, u8, String) {
    let [5, 0, 3, attempt, 2, part, body @ ..] = &submit.short_message[..] else {
        panic!("not one of two segments: {:02X?}", submit.short_message);
    };
    let text = match submit.data_coding {
        8 => {
            let units = body
                .chunks(2)
                .map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
            String::from_utf16(&units.collect::<Vec<_>>()).unwrap()
        }
        _ => String::from_utf8(body.to_vec()).unwrap(),
    };
    (*attempt, *part, text)
}

struct Peer {
    taken: Mutex<Vec<Taken>>,
    /// How often a segment was asked for and put off.
    put_off: Mutex<BTreeMap<(String, u8, u8), u32>>,
    esme: Mutex<Option<Arc<ESME>>>,
    last_id: AtomicU32,
    /// From now on it takes everything.
    is_kind: AtomicBool,
    receipts_confirmed: AtomicU32,
}

impl Peer {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            taken: Mutex::default(),
            put_off: Mutex::default(),
            esme: Mutex::default(),
            last_id: AtomicU32::new(1_000),
            is_kind: AtomicBool::new(false),
            receipts_confirmed: AtomicU32::new(0),
        })
    }

    /// Whether it is put off once more, of so many times.
    fn puts_off(&self, taken: &Taken, times: u32) -> bool {
        let key = (taken.to.clone(), taken.attempt, taken.part);
        let mut put_off = self.put_off.lock().unwrap();
        let count = put_off.entry(key).or_default();
        *count += 1;
        *count <= times
    }

    fn keep(&self, taken: &Taken) {
        self.taken.lock().unwrap().push(taken.clone());
    }

    /// What becomes of a segment that is accepted.
    fn becomes(&self, way: Way, part: u8) -> &'static str {
        match (way, part) {
            _ if self.is_kind.load(Ordering::SeqCst) => "DELIVRD",
            (Way::Undelivered, 2) => "UNDELIV",
            (Way::Expired, 2) => "EXPIRED",
            _ => "DELIVRD",
        }
    }

    /// Sends a receipt until it is confirmed, over whatever connection there is.
    async fn receipt(&self, from: String, id: String, stat: &str, in_parts: bool) {
        let text = format!(
            "id:{id} sub:001 dlvrd:001 submit date:2611301200 done date:261130120100 stat:{stat} err:000 text:"
        );
        let state = match stat {
            "DELIVRD" => 2,
            "EXPIRED" => 3,
            "ENROUTE" => 1,
            _ => 5,
        };
        loop {
            let esme = self.esme.lock().unwrap().clone();
            if let Some(esme) = esme {
                let delivery = esme
                    .deliver_sm()
                    .source_addr_ton(1)
                    .source_addr_npi(1)
                    .source_addr(from.clone())
                    .destination_addr("COUNCIL")
                    .esm_class(4);
                let delivery = match in_parts {
                    true => delivery
                        .tlv(TlvTag::ReceiptedMessageId, format!("{id}\0").into_bytes())
                        .tlv(TlvTag::MessageStateTlv, [state]),
                    false => delivery.short_message(text.clone().into_bytes()),
                };
                if delivery.send().await.is_ok() {
                    self.receipts_confirmed.fetch_add(1, Ordering::SeqCst);
                    return;
                }
            }
            sleep(Duration::from_millis(100)).await;
        }
    }

    /// Whatever is said of an accepted segment, in its order.
    async fn receipts(self: Arc<Self>, way: Way, taken: Taken, id: String) {
        let (to, stat) = (taken.to.clone(), taken.became.unwrap_or("DELIVRD"));
        let say = |from: &str, id: &str, stat: &'static str| {
            self.receipt(from.to_owned(), id.to_owned(), stat, way == Way::Parts)
        };
        match (way, taken.part) {
            (Way::Stray, _) => say(&to, &format!("never-{id}"), "UNDELIV").await,
            (Way::Lie, _) => say("9647700000019", &id, "UNDELIV").await,
            (Way::EnRoute, _) => say(&to, &id, "ENROUTE").await,
            (Way::Backwards, 1) => sleep(Duration::from_millis(600)).await,
            _ => {}
        }
        say(&to, &id, stat).await;
        match way {
            Way::Twice => say(&to, &id, stat).await,
            Way::Contradicted => say(&to, &id, "UNDELIV").await,
            _ => {}
        }
    }
}

/// A centre has the peer.
struct Centre(Arc<Peer>);

#[async_trait]
impl SmppServerListener for Centre {
    async fn on_bind_transceiver(
        &self,
        bind: bind_transceiver,
        _: &SmppConnectionInformation,
        _: &String,
    ) -> bind_transceiver_resp {
        bind.accept("centre".to_owned(), Some(0x34))
    }

    async fn on_submit_sm(
        &self,
        submit: submit_sm,
        _: &SmppConnectionInformation,
        session: &String,
    ) -> submit_sm_resp {
        let peer = &self.0;
        let (attempt, part, text) = read(&submit);
        let way = Way::of(place_of(&submit.destination_addr));
        let kind = peer.is_kind.load(Ordering::SeqCst);
        let mut taken = Taken {
            to: submit.destination_addr.clone(),
            attempt,
            part,
            text,
            session: session.clone(),
            became: None,
            refused: way == Way::Refused && !kind,
        };
        sleep(RESPONSE).await;
        match way {
            Way::Throttled if peer.puts_off(&taken, 1) => {
                return submit.reject(SmppError::ESME_RTHROTTLED);
            }
            Way::QueueFull if peer.puts_off(&taken, 2) => {
                return submit.reject(SmppError::ESME_RMSGQFUL);
            }
            Way::Silent if attempt == 1 && part == 1 => {
                peer.keep(&taken);
                return std::future::pending().await;
            }
            Way::Refused if !kind => {
                peer.keep(&taken);
                return submit.reject(SmppError::ESME_RINVDSTADR);
            }
            _ => {}
        }
        taken.became = Some(peer.becomes(way, part));
        peer.keep(&taken);
        let number = peer.last_id.fetch_add(1, Ordering::SeqCst);
        let [given, named] = way.ids(number, part);
        let receipts = Arc::clone(peer).receipts(way, taken, named);
        match way {
            Way::Early => receipts.await,
            _ => drop(tokio::spawn(receipts)),
        }
        submit.accept(given)
    }

    async fn on_esme_bound(&self, esme: ESME, _: &String) {
        *self.0.esme.lock().unwrap() = Some(Arc::new(esme));
    }
}

/// One whole command of SMPP.
async fn command_of(line: &mut (impl AsyncRead + Unpin)) -> Option<Vec<u8>> {
    let mut command = vec![0; 4];
    line.read_exact(&mut command).await.ok()?;
    let length = u32::from_be_bytes(command[..4].try_into().unwrap()) as usize;
    command.resize(length, 0);
    line.read_exact(&mut command[4..]).await.ok()?;
    Some(command)
}

fn is_submit(command: &[u8]) -> bool {
    command[4..8] == [0, 0, 0, 4]
}

/// Whole commands that mean nothing: one that nobody knows, responses to what was never asked, a delivery that is cut.
fn nonsense(number: u32) -> Vec<u8> {
    let sequence = 0x7F00_0000 + number;
    let (kind, body): (u32, &[u8]) = match number % 4 {
        0 => (0x0000_1234, b"what is this"),
        1 => (0x8000_0004, b"nobody-asked\0"),
        2 => (0x8000_0015, b""),
        _ => (0x0000_0005, b"\0\x01\x019647"),
    };
    let head = [16 + body.len() as u32, kind, 0, sequence];
    [&head.map(u32::to_be_bytes).concat(), body].concat()
}

/// One connection between the program and the centre.
async fn line(number: usize, program: TcpStream, centre: TcpStream) {
    program.set_nodelay(true).unwrap();
    let (mut from_program, mut to_program) = program.into_split();
    let (mut from_centre, mut to_centre) = centre.into_split();
    let submits = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&submits);
    let breaks_at = BREAKS_AT.get(number).copied().unwrap_or(usize::MAX);
    let there = async move {
        while let Some(command) = command_of(&mut from_program).await {
            let count = counted.fetch_add(u32::from(is_submit(&command)), Ordering::SeqCst);
            if number == 0 && count as usize >= breaks_at {
                return;
            }
            // The program is read from slowly.
            for some in command.chunks(50) {
                sleep(Duration::from_millis(1)).await;
                if to_centre.write_all(some).await.is_err() {
                    return;
                }
            }
        }
    };
    let back = async move {
        let mut said = 0;
        while let Some(command) = command_of(&mut from_centre).await {
            said += 1;
            let mut bytes = command;
            if number == 1 && submits.load(Ordering::SeqCst) as usize >= breaks_at {
                bytes.extend_from_slice(b"HTTP/1.1 400 Bad Request\r\n\r\n");
            } else if said % 9 == 0 {
                bytes.extend(nonsense(said));
            }
            for byte in bytes {
                if to_program.write_all(&[byte]).await.is_err() {
                    return;
                }
            }
        }
    };
    // Whichever way ends takes the other with it.
    tokio::select! {
        () = there => {}
        () = back => {}
    }
}

/// The line that the program is given the address of; how many connections there were so far.
async fn lines(centre: SocketAddr) -> (SocketAddr, Arc<AtomicU32>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let connections = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&connections);
    tokio::spawn(async move {
        while let Ok((program, _)) = listener.accept().await {
            let number = counted.fetch_add(1, Ordering::SeqCst) as usize;
            if let Ok(centre) = TcpStream::connect(centre).await {
                tokio::spawn(line(number, program, centre));
            }
        }
    });
    (address, connections)
}

/// The centre at work, the address that the program is given, and how many connections there were so far.
async fn centre(peer: &Arc<Peer>) -> (SmppServer, SocketAddr, Arc<AtomicU32>) {
    let port = sijill_scenarios::kannel::free().port();
    let localhost = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let listener = Arc::new(Centre(Arc::clone(peer)));
    let mut server = SmppServer::new(localhost, port, listener);
    server.start().await;
    let (address, connections) = lines(SocketAddr::new(localhost, port)).await;
    (server, address, connections)
}

/// What arrived for one number, by attempt.
type Attempts = BTreeMap<u8, Vec<Taken>>;

fn by_number(taken: &[Taken]) -> BTreeMap<String, Attempts> {
    let mut all: BTreeMap<String, Attempts> = BTreeMap::new();
    for taken in taken {
        let attempts = all.entry(format!("+{}", taken.to)).or_default();
        attempts
            .entry(taken.attempt)
            .or_default()
            .push(taken.clone());
    }
    all
}

/// What the parts of an attempt say together; each of them arrived once.
#[track_caller]
fn text_of(attempt: &[Taken]) -> String {
    let mut parts: Vec<_> = attempt.iter().collect();
    parts.sort_by_key(|taken| taken.part);
    let order: Vec<u8> = parts.iter().map(|taken| taken.part).collect();
    assert_eq!(order, [1, 2]);
    parts.iter().map(|taken| taken.text.as_str()).collect()
}

/// What an attempt came to, by what the centre did with its segments.
fn came_to(attempt: &[Taken]) -> &'static str {
    let became = |stat| attempt.iter().any(|taken| taken.became == Some(stat));
    match () {
        () if attempt.iter().any(|taken| taken.refused) || became("UNDELIV") => "failed",
        () if became("EXPIRED") => "expired",
        () => "delivered",
    }
}

/// How many messages came to what, by their last attempt.
fn counted(all: &BTreeMap<String, Attempts>) -> BTreeMap<&'static str, u64> {
    let mut counts = BTreeMap::new();
    for attempts in all.values() {
        let (_, last) = attempts.last_key_value().unwrap();
        *counts.entry(came_to(last)).or_default() += 1;
    }
    counts
}

/// Everybody has their own message, and a second one only where nobody could know of the first; says where whoever has
/// a second one stands in the roster.
#[track_caller]
fn check_messages(
    taken: &[Taken],
    letters: &[(Invitation, String)],
    lasting: &str,
) -> BTreeSet<u64> {
    let all = by_number(taken);
    assert_eq!(
        all.len(),
        letters.len(),
        "nobody is skipped, and nobody else written to"
    );
    let mut again = BTreeSet::new();
    for (index, (invitation, text)) in (0..).zip(letters) {
        let attempts = &all[&invitation.contact];
        let (last, final_one) = attempts.last_key_value().unwrap();
        // Of a message that is refused, one segment may be lost.
        if came_to(final_one) != "failed" || final_one.len() == 2 {
            assert_eq!(&text_of(final_one), text, "{}", invitation.contact);
        }
        for attempt in attempts
            .values()
            .filter(|attempt| attempt[0].attempt != *last)
        {
            let unknown = |taken: &Taken| {
                let silent = taken.became.is_none() && !taken.refused;
                silent || taken.session != lasting
            };
            // A segment that did not get here was lost with its connection.
            assert!(
                attempt.len() < 2 || attempt.iter().any(unknown),
                "the first was known of: {attempts:#?}"
            );
            for taken in attempt {
                assert!(text.contains(&taken.text), "another link: {taken:?}");
            }
        }
        if *last > 1 {
            again.insert(index);
        }
    }
    again
}

#[test]
fn whatever_a_centre_does_nobody_is_skipped_nobody_gets_a_needless_second_and_the_counts_are_its_own()
 {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let peer = Peer::new();
    let (mut server, address, connections) = runtime.block_on(centre(&peer));
    let place = Place::new();
    let short = "response_seconds = 4\n";
    configure_with(&place, &address.to_string(), short, SETTINGS);
    open(&place, &in_two_segments(&place.definition(&terms())), COUNT);
    let sending = place.start("send", command(&place, "send", &[]));
    let sent = sending.wait(2 * COMMAND_MAX).well();
    assert_eq!(connections.load(Ordering::SeqCst), 3, "{}", sent.err);

    let letters = letters(&place);
    let taken = peer.taken.lock().unwrap().clone();
    let lasting = taken.last().unwrap().session.clone();
    let again = check_messages(&taken, &letters, &lasting);
    let listed: BTreeSet<u64> = repeated(&place).into_iter().collect();
    assert_eq!(
        listed, again,
        "those of whom nobody knew are listed, and nobody else"
    );
    // Whoever was in the window of a connection that broke, and those of whom no response came.
    assert!(again.len() >= 12, "{again:?}");

    let all = by_number(&taken);
    let counts = counted(&all);
    let expected = [("delivered", 204), ("expired", 12), ("failed", 24)];
    assert_eq!(counts, BTreeMap::from(expected));
    let shown = status(&place, &[]);
    for (standing, count) in shown["counts"].as_object().unwrap() {
        let seen = counts.get(standing.as_str()).copied().unwrap_or(0);
        assert_eq!(count, seen, "{standing}: {shown}");
    }
    let invalid = json!([{"status": 0x0B, "count": 12}]);
    assert_eq!(shown["failed"], invalid, "{shown}");
    assert_eq!(outcome(&place), [204, 36, 0, 204, 0, 0]);

    // Whose message failed gets it again, and nobody else does.
    peer.is_kind.store(true, Ordering::SeqCst);
    send(&place, &["--failed"]).well();
    let taken = peer.taken.lock().unwrap()[taken.len()..].to_vec();
    let second = by_number(&taken);
    let failed: BTreeSet<&String> = all
        .iter()
        .filter(|(_, attempts)| came_to(attempts.last_key_value().unwrap().1) != "delivered")
        .map(|(number, _)| number)
        .collect();
    assert_eq!(second.keys().collect::<BTreeSet<_>>(), failed);
    for (invitation, text) in letters
        .iter()
        .filter(|(to, _)| failed.contains(&to.contact))
    {
        let attempts: Vec<_> = second[&invitation.contact].values().collect();
        assert_eq!(attempts.len(), 1);
        assert_eq!(&text_of(attempts[0]), text);
    }
    let shown = status(&place, &[]);
    assert_eq!(
        (&shown["kind"], &shown["counts"]["delivered"]),
        (&"again".into(), &36.into()),
        "{shown}"
    );
    runtime.block_on(server.stop());
    place.close(&terms().slug);
    place.audit_data(&terms().slug).well();
}
