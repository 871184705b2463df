//! Objections: given a ledger so far, when somebody hands a promise in, then it is put on record or refused.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on has failed and says where"
)]

use sijill_ledger::Sealed;
use sijill_poll::event::How;
use sijill_poll::limits::OBJECTIONS_MAX;
use sijill_poll::objection::{BrokenPromise, Found, Search};
use sijill_poll::rules::{Refusal, admits};
use sijill_poll::{Event, PollError, decide, promise};
use sijill_scenarios::bench::{Bench, Setup};
use sijill_scenarios::fixture;

/// Given this ledger, when this promise is objected about at its next moment, then this is the verdict.
#[track_caller]
fn check(given: &Bench, when: &str, then: Result<(), Refusal>) {
    let objected = given.objected(when);
    assert_eq!(admits(&given.poll, given.now, &objected), then);
}

/// What a whole search through the ledger of this bench comes to.
fn searched(bench: &Bench, file: &str) -> Found {
    let mut search = Search::begin(&bench.poll, bench.now, file.to_owned()).unwrap();
    bench
        .entries
        .iter()
        .for_each(|entry| search.look(entry.bytes()));
    search.finish()
}

#[track_caller]
fn broken(bench: &Bench, file: &str) -> BrokenPromise {
    match searched(bench, file) {
        Found::Broken(broken) => *broken,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_broken_promise_is_put_on_record_after_the_close_and_once() {
    let mut poll = fixture::honest();
    let file = fixture::dropped(&poll);
    let event = decide(&poll.poll, broken(&poll, &file).into_command(poll.now)).unwrap();
    assert_eq!(event, poll.objected(&file));
    let index = poll.poll.head().size;
    poll.admit(event);
    let answer = poll.responded_as(10, 1, How::Link, "no").hash().unwrap();
    assert_eq!(poll.poll.objection_about(answer), Some(index));
    check(&poll, &file, Err(Refusal::ObjectedBefore { index }));
    poll.admit(poll.annulled("An answer was dropped"));
    check(&poll, &file, Err(Refusal::ObjectedBefore { index }));
}

#[test]
fn what_was_annulled_has_broken_its_promises_too() {
    let mut poll = fixture::running();
    let file = fixture::dropped(&poll);
    poll.admit(poll.annulled("The roster was wrong"));
    check(&poll, &file, Ok(()));
}

#[test]
fn no_promise_is_broken_before_the_close_and_its_due_time() {
    let mut poll = fixture::running();
    let (file, due) = (fixture::dropped(&poll), poll.poll.promise_due());
    check(&poll, &file, Err(Refusal::NotDueYet { due }));
    poll.now = due;
    check(&poll, &file, Err(Refusal::NotDueYet { due }));
    poll.now = due + 1_000;
    check(&poll, &file, Ok(()));
}

#[test]
fn objections_are_taken_until_the_window_after_the_first_end_is_over() {
    let mut poll = fixture::honest();
    let file = fixture::dropped(&poll);
    let window = poll.poll.definition().rules.objection_window_ms;
    let until = poll.poll.over_since().unwrap() + window;
    poll.now = until;
    poll.admit(poll.annulled("Too many answers were dropped"));
    poll.now = until;
    check(&poll, &file, Ok(()));
    poll.now = until + 1_000;
    check(&poll, &file, Err(Refusal::ObjectionsOver { until }));
}

#[test]
fn what_this_ledger_did_not_promise_is_no_objection() {
    let poll = fixture::honest();
    let answer = poll.responded_as(10, 1, How::Link, "no");
    let mut forger = poll.clone();
    forger.keys.promise = poll.keys.log.clone();
    let due = poll.poll.promise_due() / 1_000;
    let mine = fixture::dropped(&poll);
    let line = mine.lines().last().unwrap();
    for file in [
        String::new(),
        mine.replace('\n', "\r\n"),
        format!("{mine}{line}\n"),
        format!("{mine}{}\n", line.replace("/promise", "/write-to-me")),
        forger.promise(&answer),
        poll.promise_due(&answer, due + 1),
        fixture::dropped(&fixture::honest_of_seed(2)),
    ] {
        let verdict = admits(&poll.poll, poll.now, &poll.objected(&file));
        assert!(matches!(verdict, Err(Refusal::NotAPromise(_))), "{file}");
    }
}

#[test]
fn a_promise_file_has_the_signature_of_the_ledger_alone() {
    let poll = fixture::honest();
    let file = fixture::dropped(&poll);
    let line = file.lines().last().unwrap().replace("/promise", "/other");
    let (origin, id) = (poll.poll.origin(), poll.poll.id());
    let open = |file: &str| promise::open(file, origin, id, poll.poll.promise_key());
    assert!(open(&file).is_ok());
    let why = "its note has not one signature";
    assert_eq!(
        open(&format!("{file}{line}\n")),
        Err(PollError::Promise { why })
    );
    // Nor is it one where nobody, or somebody else alone, signed.
    let others = file.replace("/promise ", "/other ");
    let unsigned = file.replace(&line.replace("/other", "/promise"), "");
    for none in [others, unsigned] {
        assert!(open(&none).is_err(), "{none}");
        assert!(promise::claimed(&none).is_err(), "{none}");
    }
}

#[test]
fn a_promise_that_was_kept_is_found_so_where_its_answer_stands() {
    let poll = fixture::honest();
    // Person 0 changed their answer: both are in the ledger.
    for (person, revision, option) in [(3, 1, "yes"), (0, 1, "yes"), (0, 2, "dont-know")] {
        let answer = poll.responded_as(person, revision, How::Link, option);
        let stands =
            |entry: &&Sealed<Event>| entry.entry().event == Event::Responded(answer.clone());
        let at = poll.entries.iter().find(stands).unwrap().entry().index;
        match searched(&poll, &poll.promise(&answer)) {
            Found::Kept { index } => assert_eq!(index, at),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn another_answer_in_its_place_does_not_keep_a_promise() {
    let poll = fixture::honest();
    let replaced = poll.responded_as(3, 1, How::Link, "no");
    broken(&poll, &poll.promise(&replaced));
}

#[test]
fn nothing_is_broken_before_every_entry_was_looked_at() {
    let poll = fixture::honest();
    let begin = || Search::begin(&poll.poll, poll.now, fixture::dropped(&poll)).unwrap();
    assert!(matches!(begin().finish(), Found::Unfinished));
    let mut without_one = begin();
    assert_eq!(without_one.size(), poll.entries.len() as u64);
    let entries = poll.entries.iter().enumerate();
    entries
        .filter(|(place, _)| *place != 5)
        .for_each(|(_, entry)| without_one.look(entry.bytes()));
    assert!(matches!(without_one.finish(), Found::Unfinished));
}

#[test]
fn an_answer_that_came_after_the_search_takes_the_proof_away() {
    let mut poll = fixture::honest();
    let broken = broken(&poll, &fixture::dropped(&poll));
    poll.record(fixture::respond(&poll, 10, "no"));
    let command = broken.into_command(poll.now);
    assert_eq!(decide(&poll.poll, command), Err(Refusal::AnsweredSince));
}

#[test]
fn a_ledger_takes_so_many_objections_and_no_more() {
    let mut poll = fixture::honest();
    let empty = poll.objected("");
    for _ in 0..OBJECTIONS_MAX {
        poll.record(empty.clone());
        poll.entries.truncate(1);
    }
    check(
        &poll,
        &fixture::dropped(&poll),
        Err(Refusal::TooManyObjections),
    );
}

#[test]
fn an_objection_is_nobodys_command() {
    let poll = fixture::invited(&Setup::default());
    let verdict = sijill_poll::operator::verify(
        poll.poll.id(),
        poll.poll.definition(),
        poll.objected("anything"),
    );
    assert_eq!(verdict.unwrap_err(), Refusal::NotAnOperatorEvent);
}
