//! One connection's life after its bind: what is read, written, taken, told and confirmed, until it is lost or left.

use super::deliver_sm::DeliverSm;
use super::exchange::Exchange;
use super::life::{BIND_SEQUENCE, Given, Life, confirmation, hand_over, hand_over_more};
use super::limits::{LEAVE_MAX, READ_BYTES, REPORTS_WAITING_MAX};
use super::stream::Stream;
use super::wire::{self, Frame, INVALID_COMMAND, INVALID_LENGTH, command};
use crate::gateway::{Report, Submit};
use crate::receipt::{self, Delivered};
use rusmpp::Pdu;
use std::io;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep_until};
use tokio_util::bytes::BytesMut;

/// How a connection ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum End {
    /// Nobody sends any more, and leave was taken.
    Left,
    /// It is gone.
    Lost(&'static str),
}

const CLOSED: &str = "the gateway closed the connection";
const BROKEN: &str = "the connection to the gateway broke";
const GARBLED: &str = "the gateway sent what is no SMPP";
const SILENT: &str = "the gateway does not answer";
const DEAF: &str = "the gateway reads nothing";
const UNBOUND: &str = "the gateway ended the session";

/// A connection that is bound.
pub(super) struct Session<'a> {
    life: &'a mut Life,
    exchange: Exchange,
    heard: BytesMut,
    /// A place for the next delivery; while there is none, nothing is read.
    place: Option<OwnedSemaphorePermit>,
    /// Whether what was written waits in a layer of the connection.
    unflushed: bool,
    /// When something was heard last, or reading began again.
    heard_at: Instant,
    /// When the other side was asked whether it is there.
    asked_at: Option<Instant>,
    /// When something was written last, or began to wait for it.
    wrote_at: Instant,
    leave: Leave,
}

/// How far the leave is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Leave {
    /// Somebody sends, or something is on its way.
    No,
    /// Nothing more is on its way; confirmations are waited for until then.
    Confirming(Instant),
    /// Leave was taken; the response is waited for until then.
    Unbound(Instant),
    /// The other side took its leave; the response is being written.
    Parting,
}

impl<'a> Session<'a> {
    /// Of a connection on which this was already heard behind the bind's response.
    pub(super) fn new(life: &'a mut Life, heard: BytesMut) -> Self {
        let now = Instant::now();
        let exchange = Exchange::behind(BIND_SEQUENCE);
        Self {
            life,
            exchange,
            heard,
            place: None,
            unflushed: false,
            heard_at: now,
            asked_at: None,
            wrote_at: now,
            leave: Leave::No,
        }
    }

    /// Goes on until the connection is lost or left; then every submit that was on its way is told of.
    pub(super) async fn hold(mut self, stream: Stream) -> End {
        let end = self.exchanged(stream).await;
        let left = self.leave != Leave::No && self.leave != Leave::Parting;
        let unknown = self.exchange.unknown;
        self.life.waiting.extend(self.exchange.lost());
        tracing::debug!(unknown_responses = unknown, ?end, "an SMPP session ended");
        // Whoever was told goodbye may close before it answers.
        if left { End::Left } else { end }
    }

    async fn exchanged(&mut self, stream: Stream) -> End {
        let (mut reader, mut writer) = tokio::io::split(stream);
        let (reports, places) = (self.life.reports.clone(), self.life.places.clone());
        loop {
            if let Some(end) = self.step(&places) {
                return end;
            }
            let (listens, takes, next_look) = (self.listens(), self.takes(), self.next_look());
            self.heard.reserve(READ_BYTES);
            let writes = !self.exchange.out.is_empty() || self.unflushed;
            tokio::select! {
                read = reader.read_buf(&mut self.heard), if listens => match read {
                    Ok(0) => return End::Lost(CLOSED),
                    Ok(_) => {}
                    Err(_) => return End::Lost(BROKEN),
                },
                wrote = write(&mut writer, &mut self.exchange.out), if writes => match wrote {
                    Ok(bytes) => self.wrote(bytes),
                    Err(_) => return End::Lost(BROKEN),
                },
                taken = self.life.submits.recv(), if takes => match taken {
                    Some(submit) => self.take(&submit),
                    None => self.life.ended = true,
                },
                Some(given) = self.life.given.recv() => self.confirm(&given),
                place = places.clone().acquire_owned(), if self.place.is_none() => self.place = place.ok(),
                room = reports.reserve(), if !self.life.waiting.is_empty() => {
                    self.life.ended |= !hand_over(room, &mut self.life.waiting);
                    hand_over_more(&reports, &mut self.life.waiting);
                }
                () = sleep_until(next_look) => {}
            }
        }
    }

    /// What is to be done without waiting: hear what is whole, see who is late, leave.
    fn step(&mut self, places: &Arc<Semaphore>) -> Option<End> {
        loop {
            if self.place.is_none() {
                self.place = Arc::clone(places).try_acquire_owned().ok();
            }
            if !self.listens() {
                break;
            }
            match Frame::next(&mut self.heard) {
                Ok(Some(frame)) => {
                    if let Some(end) = self.hear(&frame) {
                        return Some(end);
                    }
                }
                Ok(None) => break,
                Err(_) => return Some(End::Lost(GARBLED)),
            }
        }
        self.look(Instant::now())
    }

    /// Whether anything is read. What is not read is nobody's silence.
    fn listens(&self) -> bool {
        self.place.is_some() && !self.exchange.is_full()
    }

    /// Whether another submit is taken.
    fn takes(&self) -> bool {
        let room = self.exchange.flying() < self.life.account.window
            && self.life.waiting.len() < REPORTS_WAITING_MAX;
        room && !self.life.ended && self.leave == Leave::No
    }

    /// Takes a submit, and what waits behind it as far as the window goes, so that they are written together.
    fn take(&mut self, submit: &Submit) {
        self.exchange.submit(&self.life.account, submit);
        while self.takes()
            && let Ok(submit) = self.life.submits.try_recv()
        {
            self.exchange.submit(&self.life.account, &submit);
        }
    }

    /// Confirms a delivery, and those whose confirmation was given meanwhile: no more than there are places.
    fn confirm(&mut self, given: &Given) {
        self.answer_delivery(given);
        while let Ok(given) = self.life.given.try_recv() {
            self.answer_delivery(&given);
        }
    }

    fn answer_delivery(&mut self, given: &Given) {
        if given.session == self.life.session {
            self.exchange.answer(given.sequence, 0, wire::delivered());
        }
    }

    fn wrote(&mut self, bytes: usize) {
        self.wrote_at = Instant::now();
        self.unflushed = bytes > 0;
        let due = self.wrote_at + self.life.account.times.response;
        self.exchange.wrote(bytes, due);
    }

    fn hear(&mut self, frame: &Frame) -> Option<End> {
        self.heard_at = Instant::now();
        self.asked_at = None;
        match frame.command {
            command::SUBMIT_SM_RESP | command::GENERIC_NACK => {
                let told = self.exchange.answered(frame);
                self.life.waiting.extend(told);
            }
            command::DELIVER_SM => self.delivered(frame),
            command::ENQUIRE_LINK => self
                .exchange
                .answer(frame.sequence, 0, Pdu::EnquireLinkResp),
            command::UNBIND => {
                self.exchange.answer(frame.sequence, 0, Pdu::UnbindResp);
                self.leave = Leave::Parting;
            }
            command::UNBIND_RESP if matches!(self.leave, Leave::Unbound(_)) => {
                return Some(End::Left);
            }
            command::ALERT_NOTIFICATION => {}
            other if other & command::RESPONSE != 0 => {}
            _ => self
                .exchange
                .answer(frame.sequence, INVALID_COMMAND, Pdu::GenericNack),
        }
        None
    }

    /// Tells of a delivery, and keeps what confirms it; one that says nothing is confirmed at once.
    fn delivered(&mut self, frame: &Frame) {
        let Some(delivered) = DeliverSm::read(&frame.body) else {
            return self
                .exchange
                .answer(frame.sequence, INVALID_LENGTH, Pdu::GenericNack);
        };
        let read = receipt::read(&delivered);
        let place = match read {
            Delivered::Nameless => None,
            Delivered::Receipt(_) | Delivered::Reply => self.place.take(),
        };
        let Some(place) = place else {
            tracing::warn!("the gateway sent a receipt that names no message");
            return self.exchange.answer(frame.sequence, 0, wire::delivered());
        };
        let ack = confirmation(self.life, frame.sequence, place);
        self.life.waiting.push_back(match read {
            Delivered::Receipt(receipt) => Report::Receipt { receipt, ack },
            _ => Report::Reply {
                from: delivered.from(),
                text: delivered.text(),
                ack,
            },
        });
    }

    /// Sees who is late, and whether to leave.
    fn look(&mut self, now: Instant) -> Option<End> {
        let times = self.life.account.times;
        if self.exchange.out.is_empty() && !self.unflushed {
            self.wrote_at = now;
            if self.leave == Leave::Parting {
                return Some(End::Lost(UNBOUND));
            }
        } else if now >= self.wrote_at + times.response {
            return Some(End::Lost(DEAF));
        }
        if self.listens() {
            if let Some(end) = self.look_at_silence(now) {
                return Some(end);
            }
        } else {
            self.heard_at = now;
            self.asked_at = None;
            self.exchange.postpone(now + times.response);
        }
        self.look_at_leave(now)
    }

    /// Asks a silent other side whether it is there, gives it up where it is not, and tells of what is unanswered.
    fn look_at_silence(&mut self, now: Instant) -> Option<End> {
        let times = self.life.account.times;
        match self.asked_at {
            Some(asked) if now >= asked + times.response => return Some(End::Lost(SILENT)),
            None if now >= self.heard_at + times.enquire_link => {
                self.exchange.ask(Pdu::EnquireLink);
                self.asked_at = Some(now);
            }
            _ => {}
        }
        let overdue = self.exchange.overdue(now);
        self.life.waiting.extend(overdue);
        None
    }

    /// Takes leave when nobody sends and nothing is on its way.
    fn look_at_leave(&mut self, now: Instant) -> Option<End> {
        match self.leave {
            Leave::No if self.life.ended && self.exchange.flying() == 0 => {
                self.leave = Leave::Confirming(now + LEAVE_MAX);
                self.look_at_leave(now)
            }
            Leave::Confirming(until) if self.is_settled() || now >= until => {
                self.exchange.ask(Pdu::Unbind);
                self.leave = Leave::Unbound(now + LEAVE_MAX.min(self.life.account.times.response));
                None
            }
            Leave::Unbound(until) if now >= until => Some(End::Left),
            _ => None,
        }
    }

    /// Whether all is told, and all that was told is confirmed.
    fn is_settled(&self) -> bool {
        self.life.unconfirmed() == usize::from(self.place.is_some()) && self.life.waiting.is_empty()
    }

    /// When to look again at the latest.
    fn next_look(&self) -> Instant {
        let times = self.life.account.times;
        let silence = match self.asked_at {
            Some(asked) => asked + times.response,
            None => self.heard_at + times.enquire_link,
        };
        let leave = match self.leave {
            Leave::Confirming(until) | Leave::Unbound(until) => Some(until),
            Leave::No | Leave::Parting => None,
        };
        let listening = self.listens().then_some(()).and(self.exchange.next_due());
        let write = self.wrote_at + times.response;
        let ends = [listening, leave, Some(write)].into_iter().flatten();
        ends.fold(silence, Instant::min)
    }
}

/// Hands over what waits, or has the connection's layers hand on what they have.
async fn write(writer: &mut (impl AsyncWrite + Unpin), out: &mut BytesMut) -> io::Result<usize> {
    if out.is_empty() {
        writer.flush().await?;
        return Ok(0);
    }
    writer.write_buf(out).await
}
