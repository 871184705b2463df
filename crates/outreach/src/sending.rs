//! Sending: one loop that takes in what the gateway tells, decides what leaves next, makes both durable with one sync, and
//! only then acts on it.
//!
//! The instant of commitment is [`Deliveries::commit`]. Before it nothing of what was decided has left, and a crash leaves
//! the journal as it was; after it the messages are on their way, and a crash leaves them *unknown*: the next start
//! repeats them, with the same link.

use crate::calendar::Calendar;
use crate::deliveries::{Deliveries, DeliveriesError, Received};
use crate::delivery::{Command, StopWay};
use crate::gateway::{Ack, Gateway, Receipt, Report, Submit, Ticket};
use crate::limits::{REPORTS_AT_ONCE, RETRIES_FEW, RETRIES_MAX, SEGMENTS_AT_ONCE};
use crate::number::Number;
use crate::pace::Pace;
use crate::segment::{Segment, segments};
use crate::status::{How, Verdict, meaning};
use crate::stop::asks_to_stop;
use crate::wave::{Standing, Wave};
use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};
use tokio::time::timeout;

/// Between two looks at what nobody tells: the clock, a pause, people who asked to be left alone.
const LOOK: Duration = Duration::from_millis(200);

/// How long a segment waits that the gateway could not take for the moment, in milliseconds.
const RETRY_MS: u64 = 1_000;

/// Fewest digits by which a number without its country is known.
const LOCAL_DIGITS_MIN: usize = 7;

/// What the loop needs of the world outside the journal.
pub trait World {
    /// What goes wrong in it.
    type Error: std::error::Error;

    /// Milliseconds since 1970.
    fn now(&self) -> u64;
    /// Whom the message of this invitation is for, and what it says.
    fn message(&mut self, invitation: u32) -> Result<(Number, String), Self::Error>;
    /// Somebody replied that they want no more messages: the invitations of their number.
    fn said_stop(&mut self, number: Number) -> Result<Vec<u32>, Self::Error>;
    /// Invitations that asked, since the last time, to be left alone.
    fn stopped(&mut self) -> Result<Vec<(u32, StopWay)>, Self::Error>;
    /// Whether no message may leave for now, by the operator's will.
    fn is_paused(&mut self) -> bool;
    /// When the poll ends, as far as is known: no message leaves from then on.
    fn ends_at(&mut self) -> u64;
    /// Whether to stop at the next opportunity.
    fn is_interrupted(&self) -> bool;
    /// How it goes, told several times a second, and with each piece of news.
    fn tell(&mut self, progress: &Progress<'_>);
}

/// How it goes.
#[derive(Debug)]
pub struct Progress<'a> {
    /// The wave.
    pub wave: &'a Wave,
    /// Segments that this run has handed to the gateway so far.
    pub segments: u64,
    /// Thousandths of a segment a second that may leave at present.
    pub millisegments_a_second_max: u64,
    /// Why no message leaves, if none does.
    pub waits: Option<Waits>,
    /// Receipts that nobody can make sense of.
    pub strays: u64,
    /// Something that the operator should read, once.
    pub news: Option<String>,
}

/// Why no message leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waits {
    /// The operator paused it.
    Paused,
    /// People are not written to at this time. Until when, in milliseconds since 1970; none where that never ends.
    Quiet(Option<u64>),
    /// The poll is over.
    Over,
    /// There is no connection.
    Gateway,
    /// Everything has left; receipts are waited for.
    Receipts,
}

/// How the loop ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    /// Nothing is left to be sent or waited for.
    Final,
    /// Everything has left, and the receipts did not all come in time.
    Unreceipted,
    /// The poll is over, and some messages never left.
    Over,
    /// Somebody stopped it. What is left is sent when it is started again.
    Interrupted,
    /// The gateway refuses this account, or this sender: the operator must act.
    Stopped {
        /// Why.
        why: String,
    },
}

/// Why sending cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum SendError<E: std::error::Error> {
    /// The account of what was sent.
    #[error(transparent)]
    Deliveries(#[from] DeliveriesError),
    /// The vault, or something else outside.
    #[error(transparent)]
    World(E),
    /// A message that no gateway can carry; the definition's rules refuse it.
    #[error("the message of invitation {invitation} cannot be sent: {why}")]
    Message {
        /// Which invitation.
        invitation: u32,
        /// Why.
        why: String,
    },
}

/// What sending is bound by.
#[derive(Debug, Clone)]
pub struct Terms {
    /// When people may be written to.
    pub calendar: Calendar,
    /// Segments a second, as agreed with the gateway.
    pub rate: u32,
    /// How long receipts are waited for after the last message left, in milliseconds.
    pub receipts_ms: u64,
}

/// Sends the open wave of these deliveries. Needs a runtime of several threads.
///
/// # Errors
/// If the journal cannot be written, the vault not read, or a message not sent. Nothing is lost: what was on its way is
/// unknown to the next start.
pub async fn send<W: World>(
    deliveries: &mut Deliveries,
    gateway: Gateway,
    terms: &Terms,
    world: &mut W,
) -> Result<Ended, SendError<W::Error>> {
    let begin_at = take_up(deliveries)?;
    let mut sender = Sender::new(deliveries, gateway, terms, world);
    sender.cursor = begin_at;
    let ended = sender.run().await?;
    sender.leave().await?;
    Ok(ended)
}

/// What was on its way when the last run ended is unknown from now on. Says where to begin: behind it, so that it is
/// repeated when everybody else was written to. At a process that is killed again and again, the same few people would
/// otherwise be tried each time, until they were tried too often.
fn take_up(deliveries: &mut Deliveries) -> Result<u32, DeliveriesError> {
    let under_way = |wave: &Wave| wave.count(Standing::Submitted) > 0;
    if !deliveries.open_wave().is_some_and(under_way) {
        return Ok(0);
    }
    let mut begin_at = 0;
    for invitation in 0..deliveries.invitations() {
        if give_up(deliveries, invitation, |_| true)? {
            begin_at = invitation + 1;
        }
        if invitation % 1_000 == 0 {
            deliveries.commit()?;
        }
    }
    deliveries.commit()?;
    Ok(begin_at)
}

/// Nobody will answer for these segments of an invitation's attempt. Says whether there were any.
fn give_up(
    deliveries: &mut Deliveries,
    invitation: u32,
    which: impl Fn(Ticket) -> bool,
) -> Result<bool, DeliveriesError> {
    let mut any = false;
    let delivery = deliveries.delivery(invitation)?;
    let attempt = delivery.attempt;
    for part in delivery.open_parts() {
        let ticket = Ticket {
            invitation,
            attempt,
            part,
        };
        if which(ticket) {
            any = true;
            let command = Command::GiveUp { attempt, part };
            // A segment that is open can be given up.
            let _ = deliveries.order(invitation, &command)?;
        }
    }
    Ok(any)
}

/// A segment that the gateway has, or will have again.
#[derive(Clone)]
struct Out {
    submit: Submit,
    retries: u16,
    /// By the sender's clock.
    not_before: u64,
}

struct Sender<'a, W> {
    deliveries: &'a mut Deliveries,
    gateway: Gateway,
    terms: &'a Terms,
    world: &'a mut W,
    pace: Pace,
    /// Handed to the gateway so far.
    segments: u64,
    started: Instant,
    /// Where the search for messages that are due goes on.
    cursor: u32,
    /// What the gateway has and has not answered for.
    out: HashMap<Ticket, Out>,
    /// What the gateway did not take, to be handed in again.
    again: VecDeque<Out>,
    /// What leaves after the next commit.
    leaving: Vec<Submit>,
    /// What is confirmed after the next commit.
    acks: Vec<Ack>,
    up: bool,
    /// When the last message was put on its way, or this run began.
    last_left: u64,
    strays: u64,
    /// Why everything must stop.
    stopped: Option<String>,
    looked: Option<Instant>,
    paused: bool,
}

impl<'a, W: World> Sender<'a, W> {
    fn new(
        deliveries: &'a mut Deliveries,
        gateway: Gateway,
        terms: &'a Terms,
        world: &'a mut W,
    ) -> Self {
        let last_left = world.now();
        Self {
            deliveries,
            gateway,
            terms,
            world,
            pace: Pace::new(terms.rate, 0),
            segments: 0,
            started: Instant::now(),
            cursor: 0,
            out: HashMap::new(),
            again: VecDeque::new(),
            leaving: Vec::new(),
            acks: Vec::new(),
            up: false,
            last_left,
            strays: 0,
            stopped: None,
            looked: None,
            paused: false,
        }
    }

    async fn run(&mut self) -> Result<Ended, SendError<W::Error>> {
        let mut reports = Vec::with_capacity(REPORTS_AT_ONCE);
        loop {
            self.look()?;
            if self.world.now() >= self.world.ends_at() {
                self.take_all_back()?;
            }
            if let Some(ended) = self.ended() {
                return Ok(ended);
            }
            self.choose()?;
            self.act()?;
            let wait = self.wait();
            let told = self
                .gateway
                .reports
                .recv_many(&mut reports, REPORTS_AT_ONCE);
            if timeout(wait, told).await == Ok(0) && self.stopped.is_none() {
                self.stopped = Some("the connection to it ended".to_owned());
            }
            for report in reports.drain(..) {
                self.hear(report)?;
            }
        }
    }

    /// Looks, now and then, at what nobody tells.
    fn look(&mut self) -> Result<(), SendError<W::Error>> {
        if self.looked.is_some_and(|looked| looked.elapsed() < LOOK) {
            return Ok(());
        }
        self.looked = Some(Instant::now());
        self.paused = self.world.is_paused();
        for (invitation, by) in self.world.stopped().map_err(SendError::World)? {
            self.leave_alone(invitation, by)?;
        }
        self.tell(None);
        Ok(())
    }

    /// Nothing of this invitation leaves any more, whatever of it is still here.
    fn leave_alone(&mut self, invitation: u32, by: StopWay) -> Result<(), SendError<W::Error>> {
        if invitation >= self.deliveries.invitations() {
            return Ok(());
        }
        let now = self.world.now();
        self.deliveries.stop(invitation, by, now)?;
        self.keep_back(invitation)
    }

    /// Segments of it that wait here are not handed in again.
    fn keep_back(&mut self, invitation: u32) -> Result<(), SendError<W::Error>> {
        let before = self.again.len();
        self.again
            .retain(|out| out.submit.ticket.invitation != invitation);
        match self.again.len() < before {
            true => self.take_back(invitation),
            false => Ok(()),
        }
    }

    /// Segments of it were waiting here and will not leave: the attempt is taken back if none has left, or else they are
    /// given up.
    fn take_back(&mut self, invitation: u32) -> Result<(), SendError<W::Error>> {
        let out = &self.out;
        let is_out = out.keys().any(|ticket| ticket.invitation == invitation);
        if !is_out
            && self
                .deliveries
                .order(invitation, &Command::Withdraw)?
                .is_ok()
        {
            return Ok(());
        }
        give_up(self.deliveries, invitation, |ticket| {
            !out.contains_key(&ticket)
        })?;
        Ok(())
    }

    fn hear(&mut self, report: Report) -> Result<(), SendError<W::Error>> {
        match report {
            Report::Up => {
                self.up = true;
                self.tell(Some("connected to the gateway".to_owned()));
            }
            Report::Down { why, again_in } => {
                self.up = false;
                let seconds = again_in.as_secs_f32().ceil();
                self.tell(Some(format!(
                    "no connection to the gateway: {why}; the next attempt is in {seconds} s"
                )));
            }
            Report::Stopped { why } => {
                self.up = false;
                self.stopped = Some(why);
            }
            Report::Accepted { ticket, id } => {
                let to = self.out.remove(&ticket).map(|out| out.submit.to);
                let is_to = |named| to.is_none_or(|to| is_same(to, named));
                self.deliveries.accept(ticket, &id, is_to)?;
            }
            Report::Refused { ticket, status } => self.refused(ticket, status)?,
            Report::Unanswered { ticket } => {
                self.out.remove(&ticket);
                give_up(self.deliveries, ticket.invitation, |open| open == ticket)?;
            }
            Report::Unsent { ticket } => self.hand_in_again(ticket, 0, false)?,
            Report::Receipt { receipt, ack } => self.receipt(&receipt, ack)?,
            Report::Reply { from, text, ack } => self.reply(from, &text, ack)?,
        }
        Ok(())
    }

    fn refused(&mut self, ticket: Ticket, status: u32) -> Result<(), SendError<W::Error>> {
        let meaning = meaning(status);
        let most = match meaning.verdict {
            Verdict::Retry { how: How::Slower } => {
                let now = self.clock();
                self.pace.throttled(now);
                RETRIES_MAX
            }
            Verdict::Retry { how: How::Later } => RETRIES_MAX,
            Verdict::Retry { how: How::FewTimes } => RETRIES_FEW,
            Verdict::Final => 0,
            Verdict::Stop => {
                let name = meaning.name;
                self.stopped = Some(format!("it refused a message: {name} (0x{status:02X})"));
                return self.hand_in_again(ticket, 0, false);
            }
        };
        let tried = self.out.get(&ticket).map_or(u16::MAX, |out| out.retries);
        if tried < most {
            return self.hand_in_again(ticket, RETRY_MS, true);
        }
        self.out.remove(&ticket);
        let command = Command::Refuse {
            attempt: ticket.attempt,
            part: ticket.part,
            status,
        };
        // An answer twice, or for an attempt that is over, changes nothing.
        let _ = self.deliveries.order(ticket.invitation, &command)?;
        Ok(())
    }

    /// A segment that certainly did not arrive goes to the gateway once more, unless the person asked to be left alone
    /// meanwhile.
    fn hand_in_again(
        &mut self,
        ticket: Ticket,
        after_ms: u64,
        counted: bool,
    ) -> Result<(), SendError<W::Error>> {
        let Some(out) = self.out.remove(&ticket) else {
            return Ok(());
        };
        self.again.push_back(Out {
            retries: out.retries + u16::from(counted),
            not_before: self.clock() + after_ms,
            ..out
        });
        match self.deliveries.delivery(ticket.invitation)?.stopped {
            true => self.keep_back(ticket.invitation),
            false => Ok(()),
        }
    }

    fn receipt(&mut self, receipt: &Receipt, ack: Ack) -> Result<(), SendError<W::Error>> {
        let world = &mut *self.world;
        let mut failed = None;
        let received = self.deliveries.receive(receipt, |invitation| {
            let Some(to) = receipt.to else { return true };
            match world.message(invitation) {
                Ok((number, _)) => is_same(number, to),
                Err(error) => {
                    failed = Some(error);
                    false
                }
            }
        });
        if let Some(error) = failed {
            return Err(SendError::World(error));
        }
        self.strays += u64::from(received? == Received::Stray);
        self.acks.push(ack);
        Ok(())
    }

    fn reply(
        &mut self,
        from: Option<Number>,
        text: &str,
        ack: Ack,
    ) -> Result<(), SendError<W::Error>> {
        if let (Some(number), true) = (from, asks_to_stop(text)) {
            let all = self.world.said_stop(number).map_err(SendError::World)?;
            for invitation in all {
                self.leave_alone(invitation, StopWay::Reply)?;
            }
        }
        self.acks.push(ack);
        Ok(())
    }

    /// Decides what leaves next: first what the gateway could not take, then the messages that are due.
    fn choose(&mut self) -> Result<(), SendError<W::Error>> {
        if self.why_not().is_some() {
            return Ok(());
        }
        let mut room = self.gateway.submits.capacity().min(SEGMENTS_AT_ONCE);
        self.choose_again(&mut room);
        while room > 0 && self.again.is_empty() {
            match self.choose_next(room)? {
                0 => break,
                segments => room = room.saturating_sub(segments),
            }
        }
        Ok(())
    }

    fn choose_again(&mut self, room: &mut usize) {
        let (now, useful_for) = (self.clock(), self.useful_for());
        for _ in 0..self.again.len() {
            let Some(mut out) = self.again.pop_front() else {
                return;
            };
            if *room > 0 && out.not_before <= now && self.pace.take(1, now) {
                *room -= 1;
                out.submit.useful_for = useful_for;
                self.leaving.push(out.submit.clone());
                self.out.insert(out.submit.ticket, out);
            } else {
                self.again.push_back(out);
            }
        }
    }

    /// Puts the next message that is due on its way, if there is room and the pace lets it; says how many segments.
    fn choose_next(&mut self, room: usize) -> Result<usize, SendError<W::Error>> {
        let Some(invitation) = self.next_due()? else {
            return Ok(0);
        };
        let (to, text) = self.world.message(invitation).map_err(SendError::World)?;
        let reference = self.deliveries.delivery(invitation)?.next_reference();
        let segments = segments(&text, reference).map_err(|why| SendError::Message {
            invitation,
            why: why.to_string(),
        })?;
        let parts = u8::try_from(segments.len()).unwrap_or(u8::MAX);
        // One that is longer than the gateway's window leaves when nothing else is on its way.
        let fits = segments.len() <= room || self.out.is_empty();
        if !fits || !self.pace.take(parts.into(), self.clock()) {
            return Ok(0);
        }
        self.cursor = invitation + 1;
        let at = self.world.now();
        let order = Command::Submit { parts, at };
        match self.deliveries.order(invitation, &order)? {
            Ok(delivery) => {
                self.last_left = at;
                Ok(self.put_out(invitation, delivery.attempt, to, segments))
            }
            Err(why) => Err(SendError::Message {
                invitation,
                why: why.to_string(),
            }),
        }
    }

    fn put_out(
        &mut self,
        invitation: u32,
        attempt: u16,
        to: Number,
        segments: Vec<Segment>,
    ) -> usize {
        let (count, useful_for) = (segments.len(), self.useful_for());
        for (part, segment) in (0..).zip(segments) {
            let ticket = Ticket {
                invitation,
                attempt,
                part,
            };
            let submit = Submit {
                ticket,
                to,
                segment,
                useful_for,
            };
            self.leaving.push(submit.clone());
            let out = Out {
                submit,
                retries: 0,
                not_before: 0,
            };
            self.out.insert(ticket, out);
        }
        count
    }

    /// How long a message that leaves now is of use: until the poll ends.
    fn useful_for(&mut self) -> Duration {
        let end = self.world.ends_at();
        Duration::from_millis(end.saturating_sub(self.world.now()))
    }

    /// The next invitation of the wave whose message is due. The search goes round: what became unknown behind it is found
    /// the next time.
    fn next_due(&mut self) -> Result<Option<u32>, DeliveriesError> {
        let wave = self.deliveries.open_wave().filter(|wave| wave.due() > 0);
        let Some(wave) = wave.map(|wave| wave.number) else {
            return Ok(None);
        };
        for _ in 0..2 {
            while self.cursor < self.deliveries.invitations() {
                let delivery = self.deliveries.delivery(self.cursor)?;
                if delivery.wave == wave && delivery.is_due() {
                    return Ok(Some(self.cursor));
                }
                self.cursor += 1;
            }
            self.cursor = 0;
        }
        Ok(None)
    }

    fn is_any_due(&self) -> bool {
        let wave = self.deliveries.open_wave();
        wave.is_some_and(|wave| wave.due() > 0)
    }

    /// Makes durable what was heard and decided, and acts on it.
    fn act(&mut self) -> Result<(), SendError<W::Error>> {
        let deliveries = &mut *self.deliveries;
        tokio::task::block_in_place(|| deliveries.commit())?;
        self.acks.drain(..).for_each(Ack::give);
        for submit in self.leaving.drain(..) {
            let ticket = submit.ticket;
            if self.gateway.submits.try_send(submit).is_ok() {
                self.segments += 1;
            } else if let Some(out) = self.out.remove(&ticket) {
                // The rest of a message that is longer than the window follows.
                self.again.push_back(out);
            }
        }
        Ok(())
    }

    /// Why no message leaves now.
    fn why_not(&mut self) -> Option<Waits> {
        let now = self.world.now();
        if self.paused {
            return Some(Waits::Paused);
        }
        if now >= self.world.ends_at() {
            return Some(Waits::Over);
        }
        if !self.terms.calendar.is_open(now) {
            return Some(Waits::Quiet(self.terms.calendar.next_open(now)));
        }
        (!self.up).then_some(Waits::Gateway)
    }

    /// Whether there is an end to it, and which.
    fn ended(&mut self) -> Option<Ended> {
        if let Some(why) = self.stopped.take() {
            return Some(Ended::Stopped { why });
        }
        if self.world.is_interrupted() {
            return Some(Ended::Interrupted);
        }
        let now = self.world.now();
        let over = now >= self.world.ends_at();
        let Some(wave) = self.deliveries.open_wave() else {
            return Some(Ended::Final);
        };
        // What waits here when the poll is over will not leave.
        let waiting = !over && (!self.again.is_empty() || wave.due() > 0);
        if waiting || !self.out.is_empty() {
            return None;
        }
        let open = wave.count(Standing::Accepted);
        if open > 0 && now < self.last_left.saturating_add(self.terms.receipts_ms) {
            return None;
        }
        let never_left = wave.due() > 0 || wave.count(Standing::Queued) > 0;
        Some(match (never_left, open) {
            (true, _) => Ended::Over,
            (false, 0) => Ended::Final,
            (false, _) => Ended::Unreceipted,
        })
    }

    /// How long nothing happens unless somebody tells something.
    fn wait(&mut self) -> Duration {
        if self.why_not().is_some() || self.gateway.submits.capacity() == 0 {
            return LOOK;
        }
        let now = self.clock();
        let again = self.again.iter().map(|out| out.not_before).min();
        let next = match again {
            Some(not_before) => not_before,
            None if self.is_any_due() => now,
            None => return LOOK,
        };
        let wait = next.saturating_sub(now).max(self.pace.wait(1, now));
        Duration::from_millis(wait.max(1)).min(LOOK)
    }

    /// Lets what is on its way be answered for, and takes leave of the gateway.
    async fn leave(mut self) -> Result<(), SendError<W::Error>> {
        let (nowhere, _) = tokio::sync::mpsc::channel(1);
        drop(std::mem::replace(&mut self.gateway.submits, nowhere));
        // What was heard last is not confirmed yet, and the gateway waits for that before it takes its leave.
        self.act()?;
        let mut reports = Vec::with_capacity(REPORTS_AT_ONCE);
        while self
            .gateway
            .reports
            .recv_many(&mut reports, REPORTS_AT_ONCE)
            .await
            > 0
        {
            for report in reports.drain(..) {
                self.hear(report)?;
            }
            self.act()?;
        }
        self.take_all_back()?;
        self.act()?;
        self.tell(None);
        Ok(())
    }

    /// Whatever waits here will not leave.
    fn take_all_back(&mut self) -> Result<(), SendError<W::Error>> {
        for out in std::mem::take(&mut self.again) {
            self.take_back(out.submit.ticket.invitation)?;
        }
        Ok(())
    }

    fn tell(&mut self, news: Option<String>) {
        let waits = self.why_not();
        let Some(wave) = self.deliveries.open_wave() else {
            return;
        };
        let to_go = wave.due() + wave.count(Standing::Submitted);
        self.world.tell(&Progress {
            wave,
            segments: self.segments,
            millisegments_a_second_max: self.pace.millisegments_a_second(),
            waits: if to_go == 0 {
                Some(Waits::Receipts)
            } else {
                waits
            },
            strays: self.strays,
            news,
        });
    }

    /// Milliseconds of a clock that only goes forwards.
    fn clock(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

/// Whether two ways of writing a number mean the same one: a receipt may leave the country out.
fn is_same(number: Number, other: Number) -> bool {
    let (number, other) = (number.digits(), other.digits());
    let (long, short) = match number.len() < other.len() {
        true => (other, number),
        false => (number, other),
    };
    short.len() >= LOCAL_DIGITS_MIN && long.ends_with(&short)
}
