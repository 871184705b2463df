//! A service on a clock in the test's hand, and a bench beside it that holds the same poll and every key.

use data_encoding::BASE64;
use sijill_ledger::{PublicKey, codec};
use sijill_poll::Event;
use sijill_poll::credential::{self, VerifiedAnswer};
use sijill_poll::event::How;
use sijill_scenarios::bench::{Bench, Setup};
use sijill_server::desk::{Ask, Reply};
use sijill_server::rejection::Rejection;
use sijill_server::{Checkpoints, Config, MasterKey, Pace, ServerError, Service};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// A service, and a bench in lockstep with it.
pub struct Pair {
    pub folder: tempfile::TempDir,
    pub clock: Arc<AtomicU64>,
    pub service: Service,
    pub bench: Bench,
}

pub fn open(folder: &Path, clock: &Arc<AtomicU64>) -> Result<Service, ServerError> {
    open_with(folder, clock, Checkpoints::Inside)
}

/// The same, with its newest checkpoints kept there.
pub fn open_with(
    folder: &Path,
    clock: &Arc<AtomicU64>,
    checkpoints: Checkpoints,
) -> Result<Service, ServerError> {
    Service::open(config(folder, clock, checkpoints)).map(|(service, _)| service)
}

fn config(folder: &Path, clock: &Arc<AtomicU64>, checkpoints: Checkpoints) -> Config {
    let hand = Arc::clone(clock);
    Config {
        data: folder.to_owned(),
        master: MasterKey::new([7; 32]),
        clock: Arc::new(move || hand.load(Ordering::SeqCst)),
        checkpoints,
    }
}

/// The same at this pace of the scrubber, once the threads of the service before have let go of the directory.
pub fn open_at(folder: &Path, clock: &Arc<AtomicU64>, pace: Pace) -> Service {
    let begun = Instant::now();
    loop {
        match Service::open_at(config(folder, clock, Checkpoints::Inside), pace) {
            Ok((service, _)) => return service,
            Err(error) => assert!(begun.elapsed() < Duration::from_secs(20), "{error}"),
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Stops the service and gives its directory away.
pub fn stopped(pair: Pair) -> (tempfile::TempDir, Arc<AtomicU64>, String) {
    pair.service.stop().unwrap();
    let Pair {
        folder,
        clock,
        service,
        bench,
    } = pair;
    drop(service);
    (folder, clock, bench.terms.slug)
}

pub fn encoded(event: &Event) -> String {
    BASE64.encode(&codec::encode(event).unwrap())
}

impl Pair {
    /// A poll with its roster committed to and everyone invited, at its start.
    pub fn invited(setup: &Setup) -> Self {
        Self::invited_with(setup, Checkpoints::Inside)
    }

    /// The same, with the service's newest checkpoints kept there.
    pub fn invited_with(setup: &Setup, checkpoints: Checkpoints) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(AtomicU64::new(setup.terms.field_ms[0] - 600_000));
        let service = open_with(folder.path(), &clock, checkpoints).unwrap();
        let origin = setup.terms.origin();
        let Reply::Keys { log, promise } = service.ask(Ask::Keys { origin }) else {
            panic!("no keys");
        };
        let key = |text: String| {
            let bytes: [u8; 32] = BASE64.decode(text.as_bytes()).unwrap().try_into().unwrap();
            PublicKey::try_from(bytes).unwrap()
        };
        let (log, promise) = (key(log), key(promise));
        let bench = Bench::open_bent(setup, |opening| {
            opening.log_keys = vec![log];
            opening.promise_key = promise;
        });
        let event = encoded(&bench.entries[0].entry().event);
        let reply = service.ask(Ask::Open { event });
        assert!(
            matches!(reply, Reply::Recorded { index: 0, .. }),
            "{reply:?}"
        );
        let mut pair = Self {
            folder,
            clock,
            service,
            bench,
        };
        let polls = pair
            .folder
            .path()
            .join("polls")
            .join(&pair.bench.terms.slug);
        std::fs::create_dir_all(&polls).unwrap();
        std::fs::write(polls.join("roster"), &pair.bench.leaves).unwrap();
        pair.record(pair.bench.roster_committed());
        pair.record(pair.bench.wave_started(setup.invitations));
        pair.bench.wait_for_start();
        pair
    }

    /// Records an operator event in both, at the same time.
    pub fn record(&mut self, event: Event) {
        self.clock.store(self.bench.now, Ordering::SeqCst);
        let slug = self.bench.terms.slug.clone();
        let reply = self.service.ask(Ask::Record {
            slug,
            event: encoded(&event),
        });
        assert!(matches!(reply, Reply::Recorded { .. }), "{reply:?}");
        self.bench.admit(event);
        self.same_end();
    }

    pub fn same_end(&self) {
        let book = self.service.book(&self.bench.terms.slug).unwrap();
        assert_eq!(book.durable().head(), self.bench.poll.head());
    }

    pub fn verified(&self, person: u32, revision: u8, option: &str) -> VerifiedAnswer {
        let poll = &self.bench.poll;
        let responded = self.bench.responded_as(person, revision, How::Link, option);
        credential::verify_answer(poll.id(), poll.roster(), responded).unwrap()
    }

    pub fn respond(&self, person: u32, revision: u8, option: &str) -> Result<(), Rejection> {
        let answer = self.verified(person, revision, option);
        let book = self.service.book(&self.bench.terms.slug).unwrap();
        runtime().block_on(self.service.respond(&book, answer))
    }

    /// An answer in both.
    pub fn answer(&mut self, person: u32, option: &str) {
        self.clock.store(self.bench.now, Ordering::SeqCst);
        assert_eq!(self.respond(person, 1, option), Ok(()));
        self.bench
            .admit(Event::Responded(self.bench.responded(person, option)));
        self.same_end();
    }

    pub fn published(&self) -> u64 {
        self.service
            .book(&self.bench.terms.slug)
            .unwrap()
            .published()
            .tally
            .answered
    }

    #[track_caller]
    pub fn waits_until_published(&self, answered: u64) {
        let begun = Instant::now();
        while self.published() != answered {
            assert!(
                begun.elapsed() < Duration::from_secs(20),
                "published {}",
                self.published()
            );
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

pub fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}

/// The threads of the service before hold the lock for a moment after it was stopped.
pub fn reopen(folder: &Path, clock: &Arc<AtomicU64>) -> Service {
    let begun = Instant::now();
    loop {
        match open(folder, clock) {
            Ok(service) => return service,
            Err(error) => assert!(begun.elapsed() < Duration::from_secs(20), "{error}"),
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}
