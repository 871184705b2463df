//! Promises handed in: broken ones go on record, and nothing else does.

use crate::pair::Pair;
use sijill_poll::event::How;
use sijill_poll::rules::Refusal;
use sijill_scenarios::bench::Setup;
use sijill_scenarios::fixture;
use sijill_server::Objection;
use sijill_server::desk::{Ask, Reply};
use sijill_server::rejection::Rejection;
use std::sync::atomic::Ordering;

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
    let other = fixture::closed(&other, 10);
    let promise = fixture::dropped(&other);
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
