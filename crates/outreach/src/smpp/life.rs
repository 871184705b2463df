//! The task of a gateway: it connects, binds, has a session, and connects again, ever more slowly, until nobody sends or
//! the other side refuses the account.

use super::limits::{BIND_REFUSALS_MAX, LOOK_EVERY, UNCONFIRMED_MAX};
use super::session::{End, Session};
use super::settings::Account;
use super::stream::{Stream, connected};
use super::wire::{self, Frame, command};
use crate::gateway::{Ack, Report, Submit};
use crate::status::{Verdict, meaning};
use std::collections::VecDeque;
use std::future::Future;
use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::mpsc::{self, Permit, error::SendError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::bytes::BytesMut;
use zeroize::Zeroize;

/// Sequence number of a bind, the first of its session.
pub(super) const BIND_SEQUENCE: u32 = 1;

/// That a delivery may be confirmed.
pub(super) struct Given {
    /// Of which session it is.
    pub(super) session: u64,
    pub(super) sequence: u32,
    _place: OwnedSemaphorePermit,
}

/// A gateway's task.
pub(super) struct Life {
    pub(super) account: Arc<Account>,
    pub(super) submits: mpsc::Receiver<Submit>,
    pub(super) reports: mpsc::Sender<Report>,
    /// Reports for which there was no room yet.
    pub(super) waiting: VecDeque<Report>,
    /// Places for deliveries that are told and not confirmed.
    pub(super) places: Arc<Semaphore>,
    /// Confirmations that were given; no more than there are places.
    pub(super) given: mpsc::UnboundedReceiver<Given>,
    giving: mpsc::UnboundedSender<Given>,
    /// Which session this is.
    pub(super) session: u64,
    /// Nobody sends any more, or nobody reads reports.
    pub(super) ended: bool,
}

/// Why there is no session.
enum Failed {
    /// Another attempt may go well.
    Again(String),
    /// The bind was refused for a reason that can pass.
    Refused(String),
    /// It was refused for good.
    Stopped(String),
}

/// What confirms a delivery of this session.
pub(super) fn confirmation(life: &Life, sequence: u32, place: OwnedSemaphorePermit) -> Ack {
    let (giving, session) = (life.giving.clone(), life.session);
    Ack::new(move || {
        // A gateway that is gone confirms nothing, and the other side says it again.
        let _ = giving.send(Given {
            session,
            sequence,
            _place: place,
        });
    })
}

/// Hands the next report over; says whether anybody reads them. Where nobody does, none is kept.
pub(super) fn hand_over(
    room: Result<Permit<'_, Report>, SendError<()>>,
    waiting: &mut VecDeque<Report>,
) -> bool {
    match (room, waiting.pop_front()) {
        (Ok(room), Some(report)) => room.send(report),
        (Ok(_), None) => {}
        (Err(_), _) => {
            waiting.clear();
            return false;
        }
    }
    true
}

/// Hands over what else there is room for.
pub(super) fn hand_over_more(reports: &mpsc::Sender<Report>, waiting: &mut VecDeque<Report>) {
    while !waiting.is_empty()
        && let Ok(room) = reports.try_reserve()
    {
        hand_over(Ok(room), waiting);
    }
}

impl Life {
    pub(super) fn new(
        account: Account,
        submits: mpsc::Receiver<Submit>,
        reports: mpsc::Sender<Report>,
    ) -> Self {
        let (giving, given) = mpsc::unbounded_channel();
        Self {
            account: Arc::new(account),
            submits,
            reports,
            waiting: VecDeque::new(),
            places: Arc::new(Semaphore::new(UNCONFIRMED_MAX)),
            given,
            giving,
            session: 0,
            ended: false,
        }
    }

    /// Deliveries that were told and not confirmed, and the place that is kept for the next.
    pub(super) fn unconfirmed(&self) -> usize {
        UNCONFIRMED_MAX - self.places.available_permits()
    }

    /// Lives until nobody sends any more, the account is refused, or it has given up.
    pub(super) async fn live(mut self) {
        let stopped = self.sessions().await;
        self.submits.close();
        while let Some(submit) = self.submits.recv().await {
            self.waiting.push_back(Report::Unsent {
                ticket: submit.ticket,
            });
        }
        self.waiting
            .extend(stopped.map(|why| Report::Stopped { why }));
        for report in self.waiting {
            if self.reports.send(report).await.is_err() {
                return;
            }
        }
    }

    /// One session after another; ends with the reason if the account is refused, or nobody connects for too long.
    async fn sessions(&mut self) -> Option<String> {
        let times = self.account.times;
        let (mut again_in, mut refusals) = (times.again_first, 0);
        let mut lost = Instant::now();
        loop {
            let why = match self.bound().await? {
                Ok((stream, heard)) => {
                    let began = Instant::now();
                    refusals = 0;
                    let why = self.held(stream, heard).await?;
                    // A session that ends as soon as it begins is no reason to hurry.
                    if began.elapsed() > times.again_first {
                        again_in = times.again_first;
                        lost = Instant::now();
                    }
                    why
                }
                Err(Failed::Again(why)) => why,
                Err(Failed::Refused(why)) if refusals < BIND_REFUSALS_MAX => {
                    refusals += 1;
                    why
                }
                Err(Failed::Refused(why) | Failed::Stopped(why)) => return Some(why),
            };
            if times
                .give_up
                .is_some_and(|longest| lost.elapsed() >= longest)
            {
                return Some(why);
            }
            tracing::warn!(%why, again_in_ms = again_in.as_millis(), "no connection to the SMS gateway");
            self.waiting.push_back(Report::Down { why, again_in });
            self.slept(again_in).await?;
            again_in = (again_in * 2).min(times.again_max);
        }
    }

    /// A session's life; why it was lost, or none if nobody sends any more.
    async fn held(&mut self, stream: Stream, heard: BytesMut) -> Option<String> {
        tracing::info!("connected to the SMS gateway");
        self.session += 1;
        self.waiting.push_back(Report::Up);
        match Session::new(self, heard).hold(stream).await {
            End::Lost(why) if !self.ended => Some(why.to_owned()),
            End::Lost(_) | End::Left => None,
        }
    }

    /// A connection that is bound, with what was heard on it already; none if nobody sends any more.
    async fn bound(&mut self) -> Option<Result<(Stream, BytesMut), Failed>> {
        let account = Arc::clone(&self.account);
        let binding = async move {
            let in_time = timeout(account.times.response, bind(&account)).await;
            in_time.unwrap_or_else(|_| Err(Failed::Again("the gateway does not answer".to_owned())))
        };
        let is_over = |life: &Self| life.submits.is_closed() && life.submits.is_empty();
        self.meanwhile(binding, is_over).await
    }

    /// Sleeps; none if nobody sends any more.
    async fn slept(&mut self, time: Duration) -> Option<()> {
        self.meanwhile(sleep(time), |life| life.submits.is_closed())
            .await
    }

    /// Does this and hands over reports meanwhile; none if it is over before.
    async fn meanwhile<T>(
        &mut self,
        doing: impl Future<Output = T>,
        is_over: fn(&Self) -> bool,
    ) -> Option<T> {
        tokio::pin!(doing);
        let reports = self.reports.clone();
        let mut look = tokio::time::interval(LOOK_EVERY);
        loop {
            tokio::select! {
                done = &mut doing => return Some(done),
                _ = look.tick() => {
                    // What was given for a session that is over confirms nothing; its place is free.
                    while self.given.try_recv().is_ok() {}
                    if is_over(self) || self.reports.is_closed() {
                        return None;
                    }
                }
                room = reports.reserve(), if !self.waiting.is_empty() => {
                    if !hand_over(room, &mut self.waiting) {
                        return None;
                    }
                }
            }
        }
    }
}

/// Why there is no connection: of an error only its kind, since what a system says of it may have an address in it.
fn unreachable_since(error: &std::io::Error) -> &'static str {
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

/// Connects and binds.
async fn bind(account: &Account) -> Result<(Stream, BytesMut), Failed> {
    let again = |error: std::io::Error| Failed::Again(unreachable_since(&error).to_owned());
    let mut stream = connected(&account.address, account.secured.as_ref())
        .await
        .map_err(again)?;
    let mut out = BytesMut::new();
    wire::say(&mut out, BIND_SEQUENCE, wire::bind(account));
    let written = stream.write_all(&out).await;
    out.zeroize();
    written.map_err(again)?;
    stream.flush().await.map_err(again)?;
    let mut heard = BytesMut::new();
    let status = bind_status(&mut stream, &mut heard).await?;
    if status == 0 {
        return Ok((stream, heard));
    }
    let meaning = meaning(status);
    let why = format!(
        "the gateway refuses this account: {} (`0x{status:02X}`)",
        meaning.name
    );
    Err(match meaning.verdict {
        Verdict::Retry { .. } => Failed::Refused(why),
        Verdict::Final | Verdict::Stop => Failed::Stopped(why),
    })
}

/// What the other side answers to the bind. What it says before that is not waited for by anybody.
async fn bind_status(stream: &mut Stream, heard: &mut BytesMut) -> Result<u32, Failed> {
    let lost = |why: &str| Failed::Again(why.to_owned());
    loop {
        match Frame::next(heard) {
            Ok(Some(frame)) => match frame.command {
                command::BIND_TRANSCEIVER_RESP => return Ok(frame.status),
                command::GENERIC_NACK if frame.status == 0 => return Ok(wire::UNKNOWN_ERROR),
                command::GENERIC_NACK => return Ok(frame.status),
                _ => continue,
            },
            Ok(None) => {}
            Err(_) => return Err(lost("what answers at the gateway's address speaks no SMPP")),
        }
        match stream.read_buf(heard).await {
            Ok(0) | Err(_) => {
                return Err(lost(
                    "the gateway closed the connection before the session began",
                ));
            }
            Ok(_) => {}
        }
    }
}
