//! The service without its network: a clock in the test's hand, a real log on disk, and a bench beside it that holds
//! the same poll and every key.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what cannot be set up must stop the test that asked for it"
)]

mod objections;
mod pair;
mod publication;
mod scrubbing;

use pair::{Pair, encoded, open, reopen, runtime};
use sijill_poll::rules::Refusal;
use sijill_scenarios::bench::{Bench, Setup};
use sijill_server::desk::{Ask, Reply};
use sijill_server::rejection::Rejection;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

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
