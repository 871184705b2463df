//! The service without its network: a clock in the test's hand, a real log on disk, and a bench beside it that holds
//! the same poll and every key.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what cannot be set up must stop the test that asked for it"
)]

use data_encoding::BASE64;
use sijill_ledger::{PublicKey, codec};
use sijill_poll::credential::VerifiedAnswer;
use sijill_poll::event::How;
use sijill_poll::rules::Refusal;
use sijill_poll::{Event, credential};
use sijill_scenarios::bench::{Bench, Setup};
use sijill_server::desk::{Ask, Reply};
use sijill_server::rejection::Rejection;
use sijill_server::{Config, MasterKey, Objection, ServerError, Service};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// A service, and a bench in lockstep with it.
struct Pair {
    folder: tempfile::TempDir,
    clock: Arc<AtomicU64>,
    service: Service,
    bench: Bench,
}

fn open(folder: &Path, clock: &Arc<AtomicU64>) -> Result<Service, ServerError> {
    let hand = Arc::clone(clock);
    let config = Config {
        data: folder.to_owned(),
        master: MasterKey::new([7; 32]),
        clock: Arc::new(move || hand.load(Ordering::SeqCst)),
    };
    Service::open(config).map(|(service, _)| service)
}

fn encoded(event: &Event) -> String {
    BASE64.encode(&codec::encode(event).unwrap())
}

impl Pair {
    /// A poll with its roster committed to and everyone invited, at its start.
    fn invited(setup: &Setup) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(AtomicU64::new(setup.terms.field_ms[0] - 600_000));
        let service = open(folder.path(), &clock).unwrap();
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
    fn record(&mut self, event: Event) {
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

    fn same_end(&self) {
        let book = self.service.book(&self.bench.terms.slug).unwrap();
        assert_eq!(book.durable().head(), self.bench.poll.head());
    }

    fn verified(&self, person: u32, revision: u8, option: &str) -> VerifiedAnswer {
        let poll = &self.bench.poll;
        let responded = self.bench.responded_as(person, revision, How::Link, option);
        credential::verify_answer(poll.id(), poll.roster(), responded).unwrap()
    }

    fn respond(&self, person: u32, revision: u8, option: &str) -> Result<(), Rejection> {
        let answer = self.verified(person, revision, option);
        let book = self.service.book(&self.bench.terms.slug).unwrap();
        runtime().block_on(self.service.respond(&book, answer))
    }

    /// An answer in both.
    fn answer(&mut self, person: u32, option: &str) {
        self.clock.store(self.bench.now, Ordering::SeqCst);
        assert_eq!(self.respond(person, 1, option), Ok(()));
        self.bench
            .admit(Event::Responded(self.bench.responded(person, option)));
        self.same_end();
    }

    fn published(&self) -> u64 {
        self.service
            .book(&self.bench.terms.slug)
            .unwrap()
            .published()
            .tally
            .answered
    }

    #[track_caller]
    fn waits_until_published(&self, answered: u64) {
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

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}

#[test]
fn what_was_answered_is_there_after_a_restart() {
    let mut pair = Pair::invited(&Setup::default());
    pair.answer(3, "yes");
    pair.answer(4, "no");
    pair.service.stop().unwrap();
    let (head, tally) = (pair.bench.poll.head(), pair.bench.poll.tally().clone());
    let Pair {
        folder,
        clock,
        service,
        ..
    } = pair;
    drop(service);
    let again = reopen(folder.path(), &clock);
    let book = again.books().remove(0);
    assert_eq!(book.durable().head(), head);
    assert_eq!(*book.durable().tally(), tally);
}

/// The threads of the service before hold the lock for a moment after it was stopped.
fn reopen(folder: &Path, clock: &Arc<AtomicU64>) -> Service {
    let begun = Instant::now();
    loop {
        match open(folder, clock) {
            Ok(service) => return service,
            Err(error) => assert!(begun.elapsed() < Duration::from_secs(20), "{error}"),
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn a_second_service_on_the_same_directory_is_refused() {
    let pair = Pair::invited(&Setup::default());
    let error = open(pair.folder.path(), &pair.clock).err().unwrap();
    assert!(
        error.to_string().contains("held by another process"),
        "{error}"
    );
}

#[test]
fn the_same_answer_twice_is_one_entry_and_another_is_refused() {
    let mut pair = Pair::invited(&Setup::default());
    pair.answer(3, "yes");
    let size = pair.bench.poll.head().size;
    assert_eq!(pair.respond(3, 1, "yes"), Ok(()));
    assert_eq!(
        pair.respond(3, 1, "no"),
        Err(Rejection::Refused(Refusal::ChangedMeanwhile))
    );
    let book = pair.service.book(&pair.bench.terms.slug).unwrap();
    assert_eq!(book.durable().head().size, size);
}

#[test]
fn of_two_different_answers_at_once_exactly_one_is_recorded() {
    let pair = Pair::invited(&Setup::default());
    pair.clock.store(pair.bench.now, Ordering::SeqCst);
    let book = pair.service.book(&pair.bench.terms.slug).unwrap();
    let (yes, no) = (pair.verified(5, 1, "yes"), pair.verified(5, 1, "no"));
    let both = runtime().block_on(async {
        tokio::join!(
            pair.service.respond(&book, yes),
            pair.service.respond(&book, no)
        )
    });
    let refused = Err(Rejection::Refused(Refusal::ChangedMeanwhile));
    assert!(
        both == (Ok(()), refused.clone()) || both == (refused, Ok(())),
        "{both:?}"
    );
    assert_eq!(book.durable().tally().answered, 1);
}

#[test]
fn a_clock_that_jumps_back_stops_answers_until_it_is_right_again() {
    let mut pair = Pair::invited(&Setup::default());
    pair.answer(0, "yes");
    let now = pair.bench.now;
    pair.clock.store(now - 3_600_000, Ordering::SeqCst);
    let refused = pair.respond(1, 1, "no");
    assert!(
        matches!(refused, Err(Rejection::ClockWentBack { .. })),
        "{refused:?}"
    );
    assert_eq!(pair.service.clock_behind_ms(), Some(3_600_000 - 1_000));
    pair.answer(1, "no");
    assert_eq!(pair.service.clock_behind_ms(), None);
    pair.clock
        .store(pair.bench.poll.last_at() - 5_000, Ordering::SeqCst);
    assert_eq!(pair.respond(2, 1, "no"), Ok(()), "a small step is bridged");
    let book = pair.service.book(&pair.bench.terms.slug).unwrap();
    assert_eq!(book.durable().last_at(), pair.bench.poll.last_at());
}

#[test]
fn nothing_public_moves_before_the_step_is_full() {
    let mut pair = Pair::invited(&Setup::default());
    for person in 0..9 {
        pair.answer(person, "yes");
    }
    std::thread::sleep(Duration::from_millis(600));
    assert_eq!(pair.published(), 0);
    pair.answer(9, "no");
    pair.clock.fetch_add(2_000, Ordering::SeqCst);
    pair.waits_until_published(10);
}

#[test]
fn the_end_in_force_publishes_what_waits_without_a_close() {
    let mut pair = Pair::invited(&Setup::default());
    pair.answer(0, "yes");
    pair.clock.store(pair.bench.poll.end(), Ordering::SeqCst);
    pair.waits_until_published(1);
}

#[test]
fn a_frozen_ledger_takes_no_answers_until_it_is_closed() {
    let mut pair = Pair::invited(&Setup::default());
    pair.answer(0, "yes");
    let slug = pair.bench.terms.slug.clone();
    let reply = pair.service.ask(Ask::Freeze { slug });
    assert!(matches!(reply, Reply::Poll { .. }), "{reply:?}");
    assert_eq!(pair.respond(1, 1, "yes"), Err(Rejection::Frozen));
    pair.record(pair.bench.closed("done"));
    assert_eq!(
        pair.respond(1, 1, "yes"),
        Err(Rejection::Refused(Refusal::Closed))
    );
}

#[test]
fn an_opening_with_keys_of_another_service_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let setup = Setup::default();
    let clock = Arc::new(AtomicU64::new(setup.terms.field_ms[0] - 600_000));
    let service = open(folder.path(), &clock).unwrap();
    let event = encoded(&Bench::open(&setup).entries[0].entry().event);
    let Reply::Refused { why } = service.ask(Ask::Open { event }) else {
        panic!("opened");
    };
    assert!(why.contains("log and promise keys"), "{why}");
}

#[test]
fn a_promise_is_the_same_whenever_it_is_asked_for() {
    let mut pair = Pair::invited(&Setup::default());
    let responded = pair.bench.responded(3, "yes");
    pair.answer(3, "yes");
    let book = pair.service.book(&pair.bench.terms.slug).unwrap();
    let promise = book.promise(&responded).unwrap();
    assert_eq!(promise, book.promise(&responded).unwrap());
    let key = pair.bench.poll.promise_key();
    let opened = sijill_poll::promise::open(&promise, book.origin(), book.id(), key).unwrap();
    assert_eq!(opened.responded(), &responded);
}

impl Pair {
    /// The promise of this service for an answer of person 10, which nobody recorded.
    fn dropped(&self) -> String {
        let book = self.service.book(&self.bench.terms.slug).unwrap();
        let answer = self.bench.responded_as(10, 1, How::Link, "no");
        book.promise(&answer).unwrap()
    }

    /// Hands a promise in, at the bench's time.
    fn object(&self, promise: &str) -> Result<Objection, Rejection> {
        self.clock.store(self.bench.now, Ordering::SeqCst);
        let book = self.service.book(&self.bench.terms.slug).unwrap();
        self.service.object(&book, promise.to_owned())
    }
}

#[test]
fn a_broken_promise_goes_on_record_after_the_close_and_once() {
    let mut pair = Pair::invited(&Setup::default());
    pair.answer(0, "yes");
    let (promise, due) = (pair.dropped(), pair.bench.poll.promise_due());
    let early = Err(Rejection::Refused(Refusal::NotDueYet { due }));
    assert_eq!(pair.object(&promise), early);
    pair.record(pair.bench.closed("done"));
    let index = pair.bench.poll.head().size;
    let Ok(Objection::Recorded(position)) = pair.object(&promise) else {
        panic!("not recorded");
    };
    pair.bench.admit(pair.bench.objected(&promise));
    pair.same_end();
    assert_eq!((position.index, position.link), pair.bench.end());
    assert_eq!(pair.object(&promise), Ok(Objection::OnRecord { index }));
    let reply = pair.service.ask(Ask::Object { promise });
    assert_eq!(reply, Reply::OnRecord { index });
    pair.same_end();
}

#[test]
fn of_two_who_object_at_once_one_is_recorded_and_the_other_is_told_where() {
    let mut pair = Pair::invited(&Setup::default());
    pair.record(pair.bench.closed("done"));
    let promise = pair.dropped();
    let (one, other) = std::thread::scope(|scope| {
        let one = scope.spawn(|| pair.object(&promise));
        let other = scope.spawn(|| pair.object(&promise));
        (one.join().unwrap(), other.join().unwrap())
    });
    let index = pair.bench.poll.head().size;
    let outcomes = [one.unwrap(), other.unwrap()];
    assert!(
        outcomes.contains(&Objection::OnRecord { index }),
        "{outcomes:?}"
    );
    let recorded =
        |outcome: &Objection| matches!(outcome, Objection::Recorded(at) if at.index == index);
    assert!(outcomes.iter().any(recorded), "{outcomes:?}");
}

#[test]
fn a_kept_promise_is_found_where_its_answer_stands_and_nothing_is_recorded() {
    let mut pair = Pair::invited(&Setup::default());
    pair.answer(3, "yes");
    let index = pair.bench.poll.head().size - 1;
    let answer = pair.bench.responded_as(3, 1, How::Link, "yes");
    let book = pair.service.book(&pair.bench.terms.slug).unwrap();
    let promise = book.promise(&answer).unwrap();
    pair.record(pair.bench.closed("done"));
    pair.waits_until_published(1);
    assert_eq!(pair.object(&promise), Ok(Objection::Kept { index }));
    let Reply::Refused { why } = pair.service.ask(Ask::Object { promise }) else {
        panic!("not refused");
    };
    assert!(why.contains(&format!("entry {index}")), "{why}");
    pair.same_end();
}

#[test]
fn a_promise_of_no_ledger_here_is_refused_at_the_desk() {
    let pair = Pair::invited(&Setup::default());
    let mut other = Setup::default();
    other.terms.slug = "tunnel".into();
    let other = sijill_scenarios::fixture::closed(&other, 10);
    let promise = sijill_scenarios::fixture::dropped(&other);
    for promise in [promise, "no promise".to_owned()] {
        let reply = pair.service.ask(Ask::Object { promise });
        assert!(matches!(reply, Reply::Refused { .. }), "{reply:?}");
    }
}

#[test]
fn a_frozen_ledger_takes_no_objections() {
    let mut pair = Pair::invited(&Setup::default());
    pair.bench.now = pair.bench.poll.promise_due() + 1_000;
    let slug = pair.bench.terms.slug.clone();
    let reply = pair.service.ask(Ask::Freeze { slug });
    assert!(matches!(reply, Reply::Poll { .. }), "{reply:?}");
    assert_eq!(pair.object(&pair.dropped()), Err(Rejection::Frozen));
}
