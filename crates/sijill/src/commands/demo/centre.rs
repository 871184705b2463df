//! The demo's message centre: it takes invitations over SMPP as a real one does, joins their segments, lets the texts
//! arrive on made-up phones (an [`Inbox`]), and answers with delivery receipts. A small share cannot be delivered, drawn
//! by the demo's seed, so that what the demo shows looks like what a real wave comes to.
//!
//! It is for the demo alone: it listens on this machine's own address, on a port that the system gives it; it takes one
//! account, whose password is made for the run, and one session at a time; and what it keeps is bounded by the phones
//! that it is for.

mod joining;
mod session;

use super::inbox::Inbox;
use crate::fault::unfinished;
use anyhow::{Context, Result};
use joining::{Joining, Piece};
use rusmpp::CommandStatus;
use sijill_outreach::number::Number;
use sijill_outreach::smpp::settings::{Password, SmppSettings};
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::thread::JoinHandle;
use tokio::sync::oneshot;
use zeroize::Zeroizing;

/// The account's name.
const SYSTEM_ID: &str = "demo";

/// Bytes of its password: written in hexadecimal they are the eight characters that SMPP has room for.
const PASSWORD_BYTES: usize = 4;

/// Of how many phones one, by lot, cannot be reached.
const UNREACHED_OF: u32 = 60;

/// Draws the phones that cannot be reached.
const UNREACHED_KEY: &str = "sijill 2026 demo phones out of reach v1";

/// Submits that may wait for their response.
const WINDOW: usize = 256;

/// A message centre at work.
pub struct Centre {
    address: SocketAddr,
    password: Zeroizing<String>,
    stop: oneshot::Sender<()>,
    thread: JoinHandle<Result<Inbox>>,
}

impl Centre {
    /// Opens one for this many phones, on a thread of its own.
    pub fn open(seed: u64, phones_max: usize) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .context("the demo's message centre finds no port to listen on")?;
        let address = listener.local_addr()?;
        let password = password()?;
        let office = Office::new(seed, password.clone(), Inbox::of(phones_max));
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::Builder::new()
            .name("message centre".to_owned())
            .spawn(move || serve_on_a_runtime(listener, office, stopped))?;
        Ok(Self {
            address,
            password,
            stop,
            thread,
        })
    }

    /// The account at it, for messages from this sender.
    pub fn settings(&self, sender: &str) -> SmppSettings {
        let password = Password::new(self.password.clone());
        SmppSettings {
            window: WINDOW,
            ..SmppSettings::new(&self.address.to_string(), SYSTEM_ID, password, sender)
        }
    }

    /// Closes it, and gives what arrived.
    pub fn close(self) -> Result<Inbox> {
        // One that has ended by itself says why below.
        let _ = self.stop.send(());
        self.thread
            .join()
            .map_err(|_| unfinished("the demo's message centre broke down"))?
    }
}

fn password() -> Result<Zeroizing<String>> {
    let mut bytes = Zeroizing::new([0; PASSWORD_BYTES]);
    getrandom::fill(bytes.as_mut_slice()).context("the system gives no random numbers")?;
    Ok(Zeroizing::new(
        data_encoding::HEXLOWER.encode(bytes.as_slice()),
    ))
}

fn serve_on_a_runtime(
    listener: TcpListener,
    office: Office,
    stopped: oneshot::Receiver<()>,
) -> Result<Inbox> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(serve(listener, office, stopped))
}

/// Until it is stopped.
async fn serve(
    listener: TcpListener,
    mut office: Office,
    stopped: oneshot::Receiver<()>,
) -> Result<Inbox> {
    listener.set_nonblocking(true)?;
    let listener = tokio::net::TcpListener::from_std(listener)?;
    tokio::select! {
        Err(error) = sessions(&listener, &mut office) => return Err(error.into()),
        _ = stopped => {}
    }
    Ok(office.inbox)
}

async fn sessions(listener: &tokio::net::TcpListener, office: &mut Office) -> io::Result<()> {
    loop {
        let (stream, _) = listener.accept().await?;
        // Whoever sends notices that a session is lost, and makes another.
        let _ = session::hold(stream, office).await;
    }
}

/// What every session of a centre works on.
struct Office {
    seed: u64,
    password: Zeroizing<String>,
    joining: Joining,
    inbox: Inbox,
    /// Segments taken, which their ids count.
    taken: u64,
}

/// What became of a segment, to be told once its message is whole.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Outcome {
    id: String,
    to: Number,
    delivered: bool,
}

impl Office {
    fn new(seed: u64, password: Zeroizing<String>, inbox: Inbox) -> Self {
        Self {
            seed,
            password,
            joining: Joining::default(),
            inbox,
            taken: 0,
        }
    }

    /// Whether that is the account.
    fn knows(&self, system_id: &str, password: &str) -> bool {
        system_id == SYSTEM_ID && password == self.password.as_str()
    }

    /// Takes a segment: its id, and the outcomes of a whole message's segments where this was the last of them.
    fn take(&mut self, piece: Piece) -> Result<(String, Vec<Outcome>), CommandStatus> {
        let id = format!("{:08X}", self.taken + 1);
        let to = piece.to;
        let whole = self.joining.add(piece, &id);
        let whole = whole.map_err(|_| CommandStatus::EsmeRmsgqful)?;
        self.taken += 1;
        let Some(whole) = whole else {
            return Ok((id, Vec::new()));
        };
        let delivered = !is_unreached(self.seed, to) && self.inbox.deliver(to, &whole.text);
        let outcome = |id| Outcome { id, to, delivered };
        Ok((id, whole.ids.into_iter().map(outcome).collect()))
    }
}

/// Whether a phone cannot be reached, by the demo's lot.
fn is_unreached(seed: u64, phone: Number) -> bool {
    let key = blake3::derive_key(UNREACHED_KEY, &seed.to_le_bytes());
    let drawn = blake3::keyed_hash(&key, &phone.to_u64().to_le_bytes());
    let [a, b, c, d, ..] = *drawn.as_bytes();
    u32::from_le_bytes([a, b, c, d]).is_multiple_of(UNREACHED_OF)
}

#[cfg(test)]
mod tests {
    use super::*;
    use sijill_outreach::gateway::{Outcome as Told, Report, Submit, Ticket};
    use sijill_outreach::segment::segments;
    use sijill_outreach::smpp::connect;
    use std::collections::BTreeMap;
    use std::time::Duration;
    use tokio::time::timeout;

    const SEED: u64 = 7;

    fn phone(place: u64) -> Number {
        Number::from_u64(9_647_700_000_000 + place).unwrap()
    }

    fn text(place: u64) -> String {
        let link = format!("http://127.0.0.1:8181/p/{place:020}");
        match place % 2 {
            0 => format!("A question, {{in braces}} and for 5 €?\n{link}"),
            _ => format!(
                "هل تؤيد استمرار مهمة التحالف الدولي في العراق؟ محاكاة من سجل. رابطك الشخصي:\n{link}"
            ),
        }
    }

    #[test]
    fn about_one_phone_of_sixty_is_out_of_reach_and_the_same_ones_for_the_same_seed() {
        let unreached = |seed: u64| -> Vec<u64> {
            (0..60_000)
                .filter(|place| is_unreached(seed, phone(*place)))
                .collect()
        };
        let first = unreached(1);
        assert!((900..1_100).contains(&first.len()), "{}", first.len());
        assert_eq!(first, unreached(1));
        assert_ne!(first, unreached(2));
    }

    /// Sends a message to each of these phones as the sender does, and gives what is told of the segments: whether they
    /// were delivered, by phone.
    async fn sent(settings: SmppSettings, places: u64) -> BTreeMap<u64, Vec<Told>> {
        let mut gateway = connect(settings).unwrap();
        let submits = gateway.submits.clone();
        tokio::spawn(async move {
            for place in 0..places {
                let all = segments(&text(place), place as u8).unwrap();
                for (part, segment) in (0..).zip(all) {
                    let ticket = Ticket {
                        invitation: u32::try_from(place).unwrap(),
                        attempt: 1,
                        part,
                    };
                    let to = phone(place);
                    let submit = Submit {
                        ticket,
                        to,
                        segment,
                        useful_for: Duration::from_secs(60),
                    };
                    submits.send(submit).await.unwrap();
                }
            }
        });
        let parts: usize = (0..places)
            .map(|place| segments(&text(place), 0).unwrap().len())
            .sum();
        let mut phones = BTreeMap::new();
        let (mut told, mut tickets) = (BTreeMap::<u64, Vec<Told>>::new(), 0);
        while tickets < parts || told.values().map(Vec::len).sum::<usize>() < parts {
            let report = timeout(Duration::from_secs(60), gateway.reports.recv()).await;
            match report.expect("in time").expect("the gateway lives") {
                Report::Up => {}
                Report::Accepted { ticket, id } => {
                    tickets += 1;
                    phones.insert(id, u64::from(ticket.invitation));
                }
                Report::Receipt { receipt, ack } => {
                    let place = phones[&receipt.id];
                    assert_eq!(receipt.to, Some(phone(place)));
                    told.entry(place).or_default().push(receipt.outcome);
                    ack.give();
                }
                other => panic!("{other:?}"),
            }
        }
        told
    }

    #[test]
    fn every_text_arrives_joined_and_every_segment_has_a_receipt_that_says_so() {
        let centre = Centre::open(SEED, 400).unwrap();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let told = runtime.block_on(sent(centre.settings("SIJILL-DEMO"), 400));
        drop(runtime);
        let inbox = centre.close().unwrap();
        let mut failed = 0;
        for place in 0..400 {
            let reached = !is_unreached(SEED, phone(place));
            let expected = match reached {
                true => Told::Delivered,
                false => Told::Failed,
            };
            assert!(told[&place].iter().all(|told| *told == expected), "{place}");
            let token = inbox.token(phone(place)).map(|token| token.reveal());
            let sent = format!("{place:020}");
            assert_eq!(token, reached.then_some(sent.as_str()));
            failed += u32::from(!reached);
        }
        assert!((1..30).contains(&failed), "{failed}");
        assert_eq!(inbox.text(phone(0)), Some(text(0).as_str()));
    }

    #[test]
    fn another_account_is_refused_and_whoever_says_nothing_keeps_nobody_out() {
        let centre = Centre::open(SEED, 4).unwrap();
        let silent = std::net::TcpStream::connect(centre.address).unwrap();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let mut wrong = centre.settings("SIJILL-DEMO");
        wrong.password = Password::new(Zeroizing::new("other".to_owned()));
        runtime.block_on(async {
            let mut gateway = connect(wrong).unwrap();
            let report = timeout(Duration::from_secs(60), gateway.reports.recv()).await;
            let Some(Report::Stopped { why }) = report.unwrap() else {
                panic!("it is refused")
            };
            assert!(why.contains("password wrong"), "{why}");
        });
        drop(silent);
        assert!(centre.close().unwrap().token(phone(0)).is_none());
    }
}
