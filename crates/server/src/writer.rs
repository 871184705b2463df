//! The writer: the one thread that decides what is recorded, in which order and with what time.
//!
//! It owns a state of each poll that runs ahead of the disk by at most the batches on their way, decides on it, seals
//! the entries, writes them to the log, where they are not durable yet, and hands them to the committer in order.
//! Whatever it answers goes the same way, so that nobody hears of a state that is not durable.
//!
//! Invariants:
//! - an entry is sealed only if the rules admit it after all entries sealed before it;
//! - batches are written, and reach the committer, in the order in which they were sealed;
//! - while the committer works on a batch, at most two more are written;
//! - after a failure of the disk nothing is sealed any more.

use crate::batch::{Batch, Waiting, lost};
use crate::clock::{Clock, entry_time};
use crate::health::Health;
use crate::keys::MasterKey;
use crate::limits::{BATCH_BYTES_MAX, BATCH_ENTRIES_MAX, FREEZE_MS};
use crate::rejection::Rejection;
use crossbeam_channel::{Receiver, Sender};
use sijill_ledger::{Head, Link, Origin, Sealed};
use sijill_poll::credential::VerifiedAnswer;
use sijill_poll::event::Opened;
use sijill_poll::objection::BrokenPromise;
use sijill_poll::operator::VerifiedEvent;
use sijill_poll::roster::Roster;
use sijill_poll::rules::Refusal;
use sijill_poll::{Command, Event, Poll, Request, decide, evolve, opening};
use sijill_store::Log;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// Where an answer to a job goes.
pub type Answer<T> = oneshot::Sender<Result<T, Rejection>>;

/// Where an entry came to stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// Its index.
    pub index: u64,
    /// Its link.
    pub link: Link,
}

impl Position {
    fn of(sealed: &Sealed<Event>) -> Self {
        Self {
            index: sealed.entry().index,
            link: sealed.link(),
        }
    }
}

/// Something for the writer to do.
#[derive(Debug)]
pub enum Job {
    /// Record an answer. A repeat of one that stands is answered like it.
    Respond {
        /// The poll.
        slug: Arc<str>,
        /// The answer.
        answer: VerifiedAnswer,
        /// Told once the answer is durable.
        reply: Answer<()>,
    },
    /// Record an event of operator or sender.
    Record {
        /// The poll.
        slug: String,
        /// The event.
        event: Box<VerifiedEvent>,
        /// The leaves, with a `RosterCommitted`.
        roster: Option<Arc<Roster>>,
        /// Told once the event is durable.
        reply: Answer<Position>,
    },
    /// Record that a promise is broken.
    Object {
        /// The poll.
        slug: String,
        /// The promise.
        broken: Box<BrokenPromise>,
        /// Told once the objection is durable.
        reply: Answer<Position>,
    },
    /// Open a poll.
    Open {
        /// Entry 0.
        opened: Box<Opened>,
        /// Told once it is durable.
        reply: Answer<Position>,
    },
    /// Take no answers for a while.
    Freeze {
        /// The poll.
        slug: String,
        /// Told once everything before is durable.
        reply: Answer<()>,
    },
    /// Finish: everything before is durable, the log is marked as stopped cleanly.
    Stop {
        /// Told when it is done.
        reply: Answer<()>,
    },
}

/// A poll as the writer sees it: ahead of the disk.
struct Ahead {
    poll: Poll,
    frozen_until: Option<Instant>,
}

/// The writer's own state.
pub struct Writer {
    log: Log,
    polls: BTreeMap<String, Ahead>,
    clock: Clock,
    master: MasterKey,
    health: Arc<Health>,
    committer: ToCommitter,
    limits: BatchLimits,
}

/// The committer, as the writer knows it.
pub struct ToCommitter {
    /// Where batches go that are written.
    pub batches: Sender<Batch>,
    /// Where it says that it has nothing to do.
    pub idle: Receiver<()>,
}

/// How much is made durable at once.
#[derive(Debug, Clone, Copy)]
pub struct BatchLimits {
    /// Entries.
    pub entries_max: usize,
    /// Bytes of them.
    pub bytes_max: usize,
}

impl Default for BatchLimits {
    fn default() -> Self {
        Self {
            entries_max: BATCH_ENTRIES_MAX,
            bytes_max: BATCH_BYTES_MAX,
        }
    }
}

impl BatchLimits {
    /// Whether nothing more goes into it; refusals and repeats wait with it, and have no entry.
    fn reached(self, batch: &Batch) -> bool {
        batch.stop
            || batch.bytes() >= self.bytes_max
            || batch.entries().max(batch.waiting()) >= self.entries_max
    }
}

impl Writer {
    /// A writer over polls as they stand in the log.
    pub fn new(
        log: Log,
        polls: impl Iterator<Item = Poll>,
        clock: Clock,
        master: MasterKey,
        health: Arc<Health>,
        committer: ToCommitter,
        limits: BatchLimits,
    ) -> Self {
        let ahead = |poll: Poll| {
            let frozen_until = None;
            (poll.definition().slug.clone(), Ahead { poll, frozen_until })
        };
        Self {
            log,
            polls: polls.map(ahead).collect(),
            clock,
            master,
            health,
            committer,
            limits,
        }
    }

    /// Works until a `Stop`, or until nobody can ask any more.
    pub fn run(mut self, jobs: &Receiver<Job>) {
        let _alarm = self.health.alarm("the writer");
        let mut batch = Batch::empty();
        let mut is_idle = false;
        loop {
            crossbeam_channel::select! {
                recv(jobs) -> job => match job {
                    Ok(job) => self.take(job, &mut batch),
                    Err(_) => return,
                },
                recv(self.committer.idle) -> told => match told {
                    Ok(()) => is_idle = true,
                    Err(_) => return,
                },
            }
            while !self.limits.reached(&batch)
                && let Ok(job) = jobs.try_recv()
            {
                self.take(job, &mut batch);
            }
            // While the committer is busy, what comes shares a sync with what came.
            if !batch.is_empty() && (is_idle || self.limits.reached(&batch)) {
                is_idle = false;
                let ended = batch.stop;
                self.write(&mut batch);
                let batch = std::mem::replace(&mut batch, Batch::empty());
                if self.committer.batches.send(batch).is_err() || ended {
                    return;
                }
            }
        }
    }

    /// Writes a batch to the log. If that fails, the service stops, and who waits is told so where the batch ends.
    fn write(&self, batch: &mut Batch) {
        if batch.entries() == 0 || self.health.stopped().is_some() {
            return;
        }
        match self.health.watch(|| self.log.write(&batch.appends())) {
            Ok(written) => batch.written = written,
            Err(error) => self.health.stop(&(error.cause() + &lost(batch.parts()))),
        }
    }

    fn take(&mut self, job: Job, batch: &mut Batch) {
        match job {
            Job::Respond {
                slug,
                answer,
                reply,
            } => {
                let outcome = self.respond(&slug, answer, batch);
                batch.wait(Waiting::Done(reply, outcome));
            }
            Job::Record {
                slug,
                event,
                roster,
                reply,
            } => {
                let outcome = self.record(&slug, *event, roster, batch);
                batch.wait(Waiting::Placed(reply, outcome));
            }
            Job::Object {
                slug,
                broken,
                reply,
            } => {
                let outcome = self.object(&slug, broken, batch);
                batch.wait(Waiting::Placed(reply, outcome));
            }
            Job::Open { opened, reply } => {
                let outcome = self.open(*opened, batch);
                batch.wait(Waiting::Placed(reply, outcome));
            }
            Job::Freeze { slug, reply } => {
                let outcome = self.freeze(&slug);
                batch.wait(Waiting::Done(reply, outcome));
            }
            Job::Stop { reply } => {
                batch.stop = true;
                batch.wait(Waiting::Done(reply, Ok(())));
            }
        }
    }

    fn respond(
        &mut self,
        slug: &str,
        answer: VerifiedAnswer,
        batch: &mut Batch,
    ) -> Result<(), Rejection> {
        let ahead = self.ahead(slug)?;
        if ahead.is_frozen() {
            return Err(Rejection::Frozen);
        }
        match self.decide(slug, Request::Respond(answer), batch) {
            Ok(_) => Ok(()),
            Err(Rejection::Refused(Refusal::Repeated)) => {
                self.health.counts().repeated(slug);
                Ok(())
            }
            Err(rejection) => Err(rejection),
        }
    }

    fn record(
        &mut self,
        slug: &str,
        event: VerifiedEvent,
        roster: Option<Arc<Roster>>,
        batch: &mut Batch,
    ) -> Result<Position, Rejection> {
        let ahead = self.ahead(slug)?;
        ahead.frozen_until = None;
        if let Some(roster) = &roster
            && ahead.poll.committed().is_none()
        {
            ahead.poll.attach(Arc::clone(roster));
        }
        let position = self.decide(slug, Request::Operate(Box::new(event)), batch)?;
        batch.attach(slug, roster);
        Ok(position)
    }

    /// Not while the ledger is frozen: the `Closed` that it waits for is signed over its end.
    fn object(
        &mut self,
        slug: &str,
        broken: Box<BrokenPromise>,
        batch: &mut Batch,
    ) -> Result<Position, Rejection> {
        if self.ahead(slug)?.is_frozen() {
            return Err(Rejection::Frozen);
        }
        self.decide(slug, Request::Object(broken), batch)
    }

    fn freeze(&mut self, slug: &str) -> Result<(), Rejection> {
        let ahead = self.ahead(slug)?;
        ahead.frozen_until = Some(Instant::now() + Duration::from_millis(FREEZE_MS));
        Ok(())
    }

    /// Decides, seals, and goes on as if it were durable already.
    fn decide(
        &mut self,
        slug: &str,
        request: Request,
        batch: &mut Batch,
    ) -> Result<Position, Rejection> {
        let now = (self.clock)();
        let health = Arc::clone(&self.health);
        let ahead = self.ahead(slug)?;
        let resolution = ahead.poll.definition().rules.resolution_ms;
        let at = entry_time(now, resolution, ahead.poll.last_at());
        health.clock_is_behind(match at {
            Err(Rejection::ClockWentBack { back_ms }) => back_ms,
            _ => 0,
        });
        let at = at?;
        let event = decide(&ahead.poll, Command { at, request })?;
        let sealed = seal(ahead.poll.head(), at, event)?;
        evolve(&mut ahead.poll, &sealed);
        let position = Position::of(&sealed);
        batch.add(slug, ahead.poll.origin(), sealed);
        Ok(position)
    }

    fn open(&mut self, opened: Opened, batch: &mut Batch) -> Result<Position, Rejection> {
        self.working()?;
        let origin = opened.opening.origin.clone();
        let resolution = sijill_poll::definition::Definition::parse(&opened.opening.definition)
            .map_or(1, |definition| definition.rules.resolution_ms);
        let at = entry_time((self.clock)(), resolution, 0)?;
        if let Some(fault) = opening::faults(at, &opened)
            .into_iter()
            .chain(opening::is_late(&opened.opening))
            .next()
        {
            return Err(Rejection::Opening(fault));
        }
        self.own_keys(&opened, &origin)?;
        let event = Event::Opened(Box::new(opened));
        let sealed = seal(Head::start(&origin), at, event)?;
        let empty = sijill_poll::roster::Roster::none();
        let poll = Poll::open(&sealed, Arc::new(empty))
            .map_err(|error| Rejection::Unwritable(error.to_string()))?;
        let slug = poll.definition().slug.clone();
        self.is_free(&slug, &origin)?;
        let position = Position::of(&sealed);
        batch.add(&slug, &origin, sealed);
        let frozen_until = None;
        self.polls.insert(slug, Ahead { poll, frozen_until });
        Ok(position)
    }

    fn own_keys(&self, opened: &Opened, origin: &Origin) -> Result<(), Rejection> {
        let log = self.master.log_key(origin).public_key();
        let promise = self.master.promise_key(origin).public_key();
        if opened.opening.log_keys != [log] || opened.opening.promise_key != promise {
            return Err(Rejection::ForeignKeys);
        }
        Ok(())
    }

    fn is_free(&self, slug: &str, origin: &Origin) -> Result<(), Rejection> {
        let taken = self.polls.contains_key(slug)
            || self
                .polls
                .values()
                .any(|ahead| ahead.poll.origin() == origin);
        match taken {
            true => Err(Rejection::Taken {
                slug: slug.to_owned(),
            }),
            false => Ok(()),
        }
    }

    fn ahead(&mut self, slug: &str) -> Result<&mut Ahead, Rejection> {
        self.working()?;
        self.polls
            .get_mut(slug)
            .ok_or_else(|| Rejection::UnknownPoll {
                slug: slug.to_owned(),
            })
    }

    fn working(&self) -> Result<(), Rejection> {
        match self.health.stopped() {
            Some(why) => Err(Rejection::Stopped { why }),
            None => Ok(()),
        }
    }
}

impl Ahead {
    fn is_frozen(&mut self) -> bool {
        self.frozen_until
            .is_some_and(|until| Instant::now() < until)
    }
}

fn seal(head: Head, at: u64, event: Event) -> Result<Sealed<Event>, Rejection> {
    Sealed::seal(head.next(at, event)).map_err(|error| Rejection::Unwritable(error.to_string()))
}
