//! The service: one data directory, opened. Readers read books, everyone who wants something recorded asks the writer.

use crate::ServerError;
use crate::book::Book;
use crate::clock::Clock;
use crate::committer::Committer;
use crate::counts::Counts;
use crate::health::Health;
use crate::keys::MasterKey;
use crate::limits::{COMMIT_MS_MAX, LOOK_MS, QUEUE_JOBS_MAX, WAIT_MS};
use crate::objection::KeptAnswers;
use crate::passes::Passes;
use crate::publisher::Publisher;
use crate::rejection::Rejection;
use crate::scrubber::Pace;
use crate::shelf::{self, Checkpoints, Opened, Shelf};
use crate::signer::Signer;
use crate::stops::Stops;
use crate::writer::{BatchLimits, Job, ToCommitter, Writer};
use crossbeam_channel::{Sender, TrySendError, bounded, unbounded};
use sijill_ledger::Origin;
use sijill_poll::credential::{Invitation, Token, VerifiedAnswer};
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock};
use std::time::{Duration, Instant};
use tokio::sync::oneshot::{self, error::TryRecvError};
use tokio::sync::watch;

/// What there is to say while the clock is behind.
const CLOCK_BEHIND: &str =
    "the clock is behind the last entry; answers are taken again when it is past it";

/// What a service needs.
pub struct Config {
    /// Its data directory.
    pub data: PathBuf,
    /// Its master key.
    pub master: MasterKey,
    /// The clock.
    pub clock: Clock,
    /// Where the newest checkpoints are kept.
    pub checkpoints: Checkpoints,
}

/// Every book, by slug.
#[derive(Debug, Default)]
pub struct Books(RwLock<BTreeMap<String, Arc<Book>>>);

impl Books {
    /// One book.
    pub fn get(&self, slug: &str) -> Option<Arc<Book>> {
        let books = self.0.read().unwrap_or_else(PoisonError::into_inner);
        books.get(slug).cloned()
    }

    /// All of them.
    pub fn all(&self) -> Vec<Arc<Book>> {
        let books = self.0.read().unwrap_or_else(PoisonError::into_inner);
        books.values().cloned().collect()
    }

    /// Answers on stable storage, of all polls.
    pub(crate) fn answers(&self) -> u64 {
        let of = |book: &Arc<Book>| book.durable().tally().answered;
        self.all().iter().map(of).sum()
    }

    /// Adds a book.
    pub(crate) fn put(&self, book: Arc<Book>) {
        let mut books = self.0.write().unwrap_or_else(PoisonError::into_inner);
        books.insert(book.slug().to_owned(), book);
    }
}

/// An opened data directory. Cheap to clone.
#[derive(Clone)]
pub struct Service(Arc<Shared>);

struct Shared {
    data: PathBuf,
    master: MasterKey,
    clock: Clock,
    /// When it was opened, milliseconds since 1970.
    started: u64,
    books: Arc<Books>,
    health: Arc<Health>,
    /// The writer's queue.
    jobs: Sender<Job>,
    /// Who may see the monitor in a browser.
    passes: Passes,
    /// One export is made at a time.
    exporting: Mutex<()>,
    /// One ledger is gone through for an answer at a time; those found before.
    searching: Mutex<KeptAnswers>,
    /// Who asked for no more messages.
    stops: Stops,
    log: sijill_store::Log,
    /// Where its web side listens, set once it does.
    listening: OnceLock<SocketAddr>,
}

impl Service {
    /// Opens a data directory: takes its lock, replays its log, starts writer, committer and signer. Also returns what the
    /// operator should know of (a recovery, say).
    pub fn open(config: Config) -> Result<(Self, Vec<String>), ServerError> {
        Self::open_at(config, Pace::default())
    }

    /// The same, with its scrubber at another pace.
    pub fn open_at(config: Config, pace: Pace) -> Result<(Self, Vec<String>), ServerError> {
        let opened = shelf::open(&config.data, &config.checkpoints)?;
        Self::over(config, opened, BatchLimits::default(), pace)
    }

    /// A service over what was opened.
    pub(crate) fn over(
        config: Config,
        opened: Opened,
        limits: BatchLimits,
        pace: Pace,
    ) -> Result<(Self, Vec<String>), ServerError> {
        let Config {
            data,
            master,
            clock,
            checkpoints: _,
        } = config;
        let books = Arc::new(Books::default());
        let mut polls = Vec::new();
        for replayed in opened.polls {
            has_own_keys(&replayed.poll, &master)?;
            polls.push(replayed.poll.clone());
            let book = Book::replayed(replayed, &master);
            books.put(Arc::new(book));
        }
        let health = Arc::new(Health::new(data.clone(), Arc::clone(&books)));
        let log = opened.shelf.log();
        let signer = Signer::new(
            opened.shelf.clone(),
            opened.store,
            &books,
            master.clone(),
            Arc::clone(&health),
            pace,
        )?;
        let jobs = start(
            opened.shelf,
            signer,
            polls,
            &books,
            &clock,
            &master,
            &health,
            limits,
        )?;
        let shared = Shared {
            data,
            master,
            started: clock(),
            clock,
            books,
            health,
            jobs,
            passes: Passes::default(),
            exporting: Mutex::new(()),
            searching: Mutex::default(),
            stops: Stops::default(),
            log,
            listening: OnceLock::new(),
        };
        Ok((Self(Arc::new(shared)), opened.notices))
    }

    /// Milliseconds since 1970.
    pub fn now(&self) -> u64 {
        (self.0.clock)()
    }

    /// Takes note of where the web side listens.
    pub(crate) fn listens_at(&self, address: SocketAddr) {
        // A service is served once; another address would be no other place than this.
        let _ = self.0.listening.set(address);
    }

    /// Where the web side is reached on this machine, once it listens: a listener on every address is on the loopback one.
    pub(crate) fn listening(&self) -> Option<SocketAddr> {
        let bound = self.0.listening.get()?;
        let at = match bound.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
            ip => ip,
        };
        Some(SocketAddr::new(at, bound.port()))
    }

    /// When it was opened, milliseconds since 1970.
    pub(crate) fn started(&self) -> u64 {
        self.0.started
    }

    /// What is counted.
    pub(crate) fn counts(&self) -> &Counts {
        self.0.health.counts()
    }

    /// Who may see the monitor in a browser.
    pub(crate) fn passes(&self) -> &Passes {
        &self.0.passes
    }

    /// Jobs that wait for the writer.
    pub(crate) fn waiting_jobs(&self) -> usize {
        self.0.jobs.len()
    }

    /// Every poll.
    pub fn books(&self) -> Vec<Arc<Book>> {
        self.0.books.all()
    }

    /// One poll.
    pub fn book(&self, slug: &str) -> Option<Arc<Book>> {
        self.0.books.get(slug)
    }

    /// The last publication of a poll and every later one.
    pub fn published(&self, slug: &str) -> Option<watch::Receiver<Arc<crate::book::Published>>> {
        Some(self.book(slug)?.publications())
    }

    /// Why entries are taken no more, if they are not.
    pub fn stopped(&self) -> Option<String> {
        self.0.health.stopped()
    }

    /// Whether entries are taken, in a word for machines, and if not, why and what to do.
    pub fn state(&self) -> (&'static str, Option<String>) {
        match (self.stopped(), self.clock_behind_ms()) {
            (Some(why), _) => ("stopped", Some(why)),
            (None, Some(_)) => ("clock_behind", Some(CLOCK_BEHIND.to_owned())),
            (None, None) => ("ok", None),
        }
    }

    /// How many tiles and bundles were found damaged and written anew since the start.
    pub fn tiles_mended(&self) -> u64 {
        self.0.health.tiles_mended()
    }

    /// How many milliseconds the clock is behind the last entry, if answers are refused for that.
    pub fn clock_behind_ms(&self) -> Option<u64> {
        self.0.health.clock_behind_ms()
    }

    /// Waits until the service has failed, and says why. A disk that does not answer has failed, and so has a log that
    /// a reader found damaged.
    pub async fn failed(&self) -> String {
        let look = Duration::from_millis(LOOK_MS);
        loop {
            let log = self.0.log.stopped();
            tokio::time::sleep(look).await;
            // Who found it reports it better: it had the time of one look.
            if let Some(cause) = log {
                self.0.health.stop(&cause);
            }
            let limit = Duration::from_millis(COMMIT_MS_MAX);
            self.0.health.expect_disk_within(limit);
            if let Some(why) = self.stopped() {
                return why;
            }
        }
    }

    /// The platform's domain, for pages that belong to no poll: that of the first poll.
    pub fn domain(&self) -> String {
        self.books().first().map_or_else(String::new, |book| {
            book.definition().who.platform.domain.clone()
        })
    }

    /// The poll and invitation that a token belongs to.
    pub fn find(&self, token: &Token) -> Option<(Arc<Book>, Invitation)> {
        self.books().into_iter().find_map(|book| {
            let roster = Arc::clone(book.durable().roster());
            let invitation = token.invitation_key(book.origin()).find_in(&roster)?;
            Some((book, invitation))
        })
    }

    /// Records an answer; returns once it is on stable storage, or is a repeat of one that is.
    pub async fn respond(&self, book: &Book, answer: VerifiedAnswer) -> Result<(), Rejection> {
        let began = Instant::now();
        let done = self.submit(book, answer)?;
        let answered = tokio::select! {
            biased;
            answer = done => answer.unwrap_or_else(|_| Err(self.gone())),
            () = self.until_stopped() => Err(self.gone()),
        };
        if answered.is_ok() {
            self.counts().acknowledged(began.elapsed());
        }
        answered
    }

    /// Asks the writer to record an answer, and returns where its answer comes.
    pub(crate) fn submit(
        &self,
        book: &Book,
        answer: VerifiedAnswer,
    ) -> Result<oneshot::Receiver<Result<(), Rejection>>, Rejection> {
        let (reply, done) = oneshot::channel();
        self.ask_writer(Job::Respond {
            slug: book.shared_slug(),
            answer,
            reply,
        })?;
        Ok(done)
    }

    /// Nobody waits for a disk that has failed, whether or not it ever answers.
    async fn until_stopped(&self) {
        while self.stopped().is_none() {
            tokio::time::sleep(Duration::from_millis(LOOK_MS)).await;
        }
    }

    /// Hands a job to the writer and waits for its answer. Blocks; not for async code.
    pub(crate) fn wait<T>(
        &self,
        job: impl FnOnce(oneshot::Sender<Result<T, Rejection>>) -> Job,
    ) -> Result<T, Rejection> {
        let (reply, mut done) = oneshot::channel();
        self.ask_writer(job(reply))?;
        loop {
            match done.try_recv() {
                Ok(answer) => return answer,
                Err(TryRecvError::Closed) => return Err(self.gone()),
                Err(TryRecvError::Empty) => {}
            }
            let limit = Duration::from_millis(COMMIT_MS_MAX);
            self.0.health.expect_disk_within(limit);
            if self.stopped().is_some() {
                return Err(self.gone());
            }
            std::thread::sleep(Duration::from_millis(WAIT_MS));
        }
    }

    fn ask_writer(&self, job: Job) -> Result<(), Rejection> {
        if self.stopped().is_some() {
            return Err(self.gone());
        }
        self.0.jobs.try_send(job).map_err(|error| match error {
            TrySendError::Full(_) => Rejection::Busy,
            TrySendError::Disconnected(_) => self.gone(),
        })
    }

    fn gone(&self) -> Rejection {
        Rejection::Stopped {
            why: self
                .stopped()
                .unwrap_or_else(|| "the service is stopping".to_owned()),
        }
    }

    /// Finishes: what waits is made durable, the snapshots are written, the log is marked as stopped cleanly.
    pub fn stop(&self) -> Result<(), ServerError> {
        self.wait(|reply| Job::Stop { reply })
            .map_err(|rejection| ServerError::Stop(rejection.to_string()))
    }

    /// The keys that a ledger of this origin has here.
    pub(crate) fn master(&self) -> &MasterKey {
        &self.0.master
    }

    /// The data directory.
    pub fn data(&self) -> &std::path::Path {
        &self.0.data
    }

    pub(crate) fn log(&self) -> &sijill_store::Log {
        &self.0.log
    }

    /// The file of a poll's leaves.
    pub fn roster_path(&self, slug: &str) -> PathBuf {
        shelf::roster_path(&self.0.data, slug)
    }

    /// Whether an invitation's holder gets no more messages, as they or the operator for them asked. Blocks; not for async
    /// code.
    pub fn is_left_alone(&self, book: &Book, invitation: u32) -> std::io::Result<bool> {
        let path = shelf::stops_path(&self.0.data, book.slug());
        self.0.stops.has(&path, invitation)
    }

    /// Records that an invitation's holder wants no more messages; it is on stable storage when this returns. Blocks; not
    /// for async code.
    pub fn leave_alone(&self, book: &Book, invitation: u32) -> std::io::Result<()> {
        let path = shelf::stops_path(&self.0.data, book.slug());
        self.0.stops.add(&path, invitation)
    }

    /// Waits for the turn to go through a ledger for an answer; and what was found before.
    pub(crate) fn one_search(&self) -> MutexGuard<'_, KeptAnswers> {
        let searching = self.0.searching.lock();
        searching.unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a poll of this origin can be opened: no other has it.
    pub(crate) fn has_origin(&self, origin: &Origin) -> bool {
        self.books().iter().any(|book| book.origin() == origin)
    }

    /// An export of the ledger up to the last publication; made once a publication, kept until the next.
    pub fn published_export(&self, book: &Book) -> Result<std::fs::File, ServerError> {
        let _one_at_a_time = self
            .0
            .exporting
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let size = book.published().head.size;
        shelf::published_export(self.log(), &self.0.data, book, size)
    }
}

/// A poll that takes answers is served with the keys that its entry 0 names, or not at all: a promise signed with any
/// other is none.
fn has_own_keys(poll: &sijill_poll::Poll, master: &MasterKey) -> Result<(), ServerError> {
    let log = master.log_key(poll.origin()).public_key();
    let promise = master.promise_key(poll.origin()).public_key();
    let own = poll.opening().log_keys.contains(&log) && poll.promise_key() == promise;
    match own || shelf::is_over(poll) {
        true => Ok(()),
        false => Err(ServerError::ForeignKeys {
            slug: poll.definition().slug.clone(),
        }),
    }
}

/// Starts the three threads, and returns the writer's queue.
#[allow(
    clippy::too_many_arguments,
    reason = "what three threads need, handed on once"
)]
fn start(
    shelf: Shelf,
    signer: Signer,
    polls: Vec<sijill_poll::Poll>,
    books: &Arc<Books>,
    clock: &Clock,
    master: &MasterKey,
    health: &Arc<Health>,
    limits: BatchLimits,
) -> Result<Sender<Job>, ServerError> {
    let (jobs, queue) = bounded(QUEUE_JOBS_MAX);
    // While one batch is made durable, one waits and one is written: `BATCH_BYTES_MAX` counts on that.
    let (batches, written) = bounded(1);
    let (has_nothing, idle) = bounded(1);
    let writer = Writer::new(
        shelf.log(),
        polls.into_iter(),
        Arc::clone(clock),
        master.clone(),
        Arc::clone(health),
        ToCommitter { batches, idle },
        limits,
    );
    let log = shelf.log();
    // Of each poll one publication at most is under way.
    let (to_signer, orders) = unbounded();
    let publisher = Publisher::new(
        shelf,
        Arc::clone(books),
        to_signer,
        Arc::clone(clock),
        master.clone(),
        Arc::clone(health),
    );
    let committer = Committer {
        log,
        health: Arc::clone(health),
        idle: has_nothing,
        publisher,
    };
    spawn("signer", move || signer.run(&orders))?;
    spawn("committer", move || committer.run(&written))?;
    spawn("writer", move || writer.run(&queue))?;
    Ok(jobs)
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<(), ServerError> {
    let thread = std::thread::Builder::new().name(name.to_owned());
    match thread.spawn(work) {
        Ok(_) => Ok(()),
        Err(error) => Err(ServerError::Thread(error.to_string())),
    }
}
