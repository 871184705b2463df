//! The rules of a poll's life: given a ledger so far, when something is asked for, then it is recorded or refused.

use sijill_poll::event::{Answer, How, WaveEnded, WaveStarted, Who};
use sijill_poll::poll::Phase;
use sijill_poll::rules::{Refusal, admits};
use sijill_poll::{Command, Event, Request, credential, decide, evolve, operator};
use sijill_scenarios::bench::{Bench, Setup};
use sijill_scenarios::fixture;
use std::collections::BTreeSet;

/// Given this ledger, when this event is asked for at its next moment, then this is the verdict.
#[track_caller]
fn check(given: &Bench, when: Event, then: Result<(), Refusal>) {
    assert_eq!(admits(&given.poll, given.now, &when), then);
}

fn running() -> Bench {
    fixture::invited(&Setup::default())
}

fn yes(bench: &Bench, person: u32) -> Event {
    fixture::respond(bench, person, "yes")
}

#[test]
fn an_answer_is_recorded_once() {
    let mut poll = running();
    let answer = yes(&poll, 3);
    poll.admit(answer.clone());
    check(&poll, answer, Err(Refusal::Repeated));
    assert_eq!(poll.poll.tally().by_option, [1, 0, 0]);
}

#[test]
fn another_answer_at_the_same_revision_is_refused_as_changed_meanwhile() {
    let mut poll = running();
    poll.admit(yes(&poll, 3));
    let other = Event::Responded(poll.responded_as(3, 1, How::Link, "no"));
    check(&poll, other, Err(Refusal::ChangedMeanwhile));
}

#[test]
fn the_last_answer_counts_and_the_first_is_remembered() {
    let mut poll = running();
    poll.admit(yes(&poll, 3));
    poll.admit(fixture::respond(&poll, 3, "no"));
    let tally = poll.poll.tally();
    assert_eq!(tally.by_option, [0, 1, 0]);
    assert_eq!(tally.first_by_option, [1, 0, 0]);
    assert_eq!(tally.answered, 1);
    check(
        &poll,
        yes(&poll, 3),
        Err(Refusal::NoRevisionLeft { allowed: 1 }),
    );
}

#[test]
fn a_revision_cannot_be_left_out() {
    let poll = running();
    let second = Event::Responded(poll.responded_as(3, 2, How::Link, "no"));
    check(
        &poll,
        second,
        Err(Refusal::WrongRevision {
            expected: 1,
            found: 2,
        }),
    );
}

#[test]
fn answers_are_taken_from_the_start_to_before_the_end() {
    let mut poll = running();
    let [start, end, _] = poll.terms.field_ms;
    let answer = yes(&poll, 0);
    poll.now = start - 1_000;
    check(&poll, answer.clone(), Err(Refusal::NotYetOpen { start }));
    poll.now = start;
    check(&poll, answer.clone(), Ok(()));
    poll.now = end - 1_000;
    check(&poll, answer.clone(), Ok(()));
    poll.now = end;
    check(&poll, answer, Err(Refusal::Ended { end }));
}

#[test]
fn a_pause_takes_no_answers_until_it_is_over() {
    let mut poll = running();
    check(&poll, poll.resumed("over"), Err(Refusal::NotPaused));
    poll.admit(poll.paused("Maintenance"));
    check(&poll, yes(&poll, 0), Err(Refusal::Paused));
    check(&poll, poll.paused("again"), Err(Refusal::Paused));
    poll.admit(poll.resumed("over"));
    check(&poll, yes(&poll, 0), Ok(()));
}

#[test]
fn a_repeat_is_told_as_one_after_the_end() {
    let mut poll = running();
    let answer = yes(&poll, 0);
    poll.admit(answer.clone());
    poll.admit(poll.closed("done"));
    check(&poll, answer, Err(Refusal::Repeated));
    check(&poll, yes(&poll, 1), Err(Refusal::Closed));
}

#[test]
fn what_is_not_on_the_ballot_is_refused() {
    let poll = running();
    check(
        &poll,
        fixture::respond(&poll, 0, "maybe"),
        Err(Refusal::NotOnTheBallot),
    );
    let typed = Event::Responded(poll.responded_as(0, 1, How::Assisted, "yes"));
    check(&poll, typed, Err(Refusal::WrongRung));
}

/// An answer of this person, bent.
fn bent(bench: &Bench, person: u32, option: &str, bend: impl Fn(&mut Answer)) -> Event {
    let mut responded = bench.responded(person, option);
    bend(&mut responded.answer);
    Event::Responded(bench.signed_anew(person, responded))
}

#[test]
fn where_options_are_rotated_an_answer_names_the_rotation_of_its_invitation() {
    let poll = fixture::invited(&fixture::rotated_setup());
    let of = |person: u32| match yes(&poll, person) {
        Event::Responded(responded) => responded.answer.order,
        other => panic!("`{}` is no answer", other.name()),
    };
    let shown: BTreeSet<u16> = (0..12).map(of).collect();
    assert_eq!(shown, BTreeSet::from([0, 1, 2]));
    for person in 0..8 {
        let expected = of(person);
        check(&poll, yes(&poll, person), Ok(()));
        for found in (0..5).chain([u16::MAX]).filter(|order| *order != expected) {
            let other = bent(&poll, person, "yes", |answer| answer.order = found);
            check(&poll, other, Err(Refusal::WrongOrder { expected, found }));
        }
    }
}

#[test]
fn where_the_order_is_fixed_an_answer_names_none() {
    let poll = running();
    let other = bent(&poll, 3, "yes", |answer| answer.order = 1);
    let refusal = Refusal::WrongOrder {
        expected: 0,
        found: 1,
    };
    check(&poll, other, Err(refusal));
}

/// The specification says which refusal is told of several: two readers name the same check.
#[test]
fn a_rotation_is_asked_for_after_the_index_and_before_the_revision() {
    let nobody = |answer: &mut Answer| {
        answer.order = 7;
        answer.who = Who::Invitation {
            index: 4_000,
            revision: 1,
        };
    };
    let late = |answer: &mut Answer| {
        answer.order = 7;
        answer.who = Who::Invitation {
            index: 3,
            revision: 9,
        };
    };
    let verdict = |poll: &Bench, option, bend: &dyn Fn(&mut Answer)| {
        let event = bent(poll, 3, option, bend);
        admits(&poll.poll, poll.now, &event).unwrap_err()
    };
    let (fixed, rotated) = (running(), fixture::invited(&fixture::rotated_setup()));
    let is_order = |refusal| matches!(refusal, Refusal::WrongOrder { .. });
    assert!(is_order(verdict(&fixed, "perhaps", &nobody)));
    let found = verdict(&rotated, "perhaps", &nobody);
    assert_eq!(found, Refusal::NotOnTheBallot);
    let found = verdict(&rotated, "yes", &nobody);
    assert_eq!(found, Refusal::NotInRoster { index: 4_000 });
    assert!(is_order(verdict(&rotated, "yes", &late)));
}

#[test]
fn no_more_people_answer_than_were_invited() {
    let mut poll = running();
    for person in 0..8 {
        poll.admit(yes(&poll, person));
    }
    check(
        &poll,
        yes(&poll, 8),
        Err(Refusal::MoreThanInvited { planned: 8 }),
    );
    check(&poll, fixture::respond(&poll, 7, "no"), Ok(()));
}

#[test]
fn an_extension_only_lengthens_and_within_the_definition() {
    let mut poll = running();
    let [_, end, latest] = poll.terms.field_ms;
    for asked in [end, end - 1_000, latest + 1_000, end + 1] {
        let refusal = Refusal::CannotExtend {
            from: end,
            latest,
            asked,
        };
        check(&poll, poll.extended(asked, "rain"), Err(refusal));
    }
    poll.admit(poll.extended(end + 60_000, "rain"));
    poll.now = end + 1_000;
    check(&poll, yes(&poll, 0), Ok(()));
}

#[test]
fn a_poll_that_closes_at_its_end_is_not_closed_before() {
    let mut setup = Setup::default();
    setup.terms.close_any_time = false;
    let mut poll = fixture::invited(&setup);
    let end = poll.poll.end();
    check(
        &poll,
        poll.closed("early"),
        Err(Refusal::TooEarlyToClose { end }),
    );
    poll.now = end;
    check(&poll, poll.closed("at the end"), Ok(()));
}

#[test]
fn a_close_over_another_end_or_another_tally_is_refused() {
    let mut poll = running();
    let before = poll.closed("done");
    poll.admit(yes(&poll, 0));
    let found = poll.poll.head().size;
    check(
        &poll,
        before,
        Err(Refusal::ClosedElsewhere {
            signed: found - 1,
            found,
        }),
    );
    let mut wrong = poll.closing("done");
    wrong.tally.as_mut().unwrap()[0].options[0].count += 1;
    check(
        &poll,
        poll.signed(wrong, Event::Closed),
        Err(Refusal::WrongTally),
    );
}

#[test]
fn after_the_close_only_waves_end_and_results_are_annulled() {
    let mut poll = fixture::answered(&Setup::default(), 8);
    poll.admit(poll.closed("done"));
    check(&poll, poll.paused("late"), Err(Refusal::Closed));
    check(&poll, poll.wave_started(1), Err(Refusal::Closed));
    check(&poll, poll.closed("again"), Err(Refusal::Closed));
    check(&poll, poll.wave_ended(2), Ok(()));
    poll.admit(poll.annulled("The roster was wrong"));
    assert_eq!(poll.poll.phase(), Phase::Annulled);
    check(&poll, poll.annulled("again"), Err(Refusal::Annulled));
}

#[test]
fn a_roster_is_committed_to_once_and_is_that_of_the_leaves() {
    let mut poll = Bench::open(&Setup::default());
    check(&poll, poll.wave_started(1), Err(Refusal::NoRoster));
    let mut other = poll.commitment();
    other.count += 1;
    let other = poll.signed(other, Event::RosterCommitted);
    check(&poll, other, Err(Refusal::RosterDiffers { what: "count" }));
    poll.admit(poll.roster_committed());
    check(
        &poll,
        poll.roster_committed(),
        Err(Refusal::RosterAlreadyCommitted),
    );
}

#[test]
fn waves_count_up_and_never_plan_more_than_the_roster() {
    let poll = running();
    let wave = |wave, planned| {
        let content = WaveStarted {
            wave,
            planned,
            register: None,
        };
        poll.signed(content, Event::WaveStarted)
    };
    check(
        &poll,
        wave(3, 1),
        Err(Refusal::WaveNumber {
            expected: 2,
            found: 3,
        }),
    );
    check(
        &poll,
        wave(2, 5),
        Err(Refusal::WaveTooLarge {
            planned: 5,
            left: 4,
        }),
    );
    check(&poll, wave(2, 4), Ok(()));
}

#[test]
fn a_waves_figures_add_up() {
    let mut poll = running();
    check(
        &poll,
        poll.wave_ended(1),
        Err(Refusal::WaveNotUnderWay { wave: 1 }),
    );
    poll.admit(poll.wave_started(4));
    let ended = |sent, failed, unknown| WaveEnded {
        wave: 2,
        sent,
        failed,
        stopped: 0,
        delivered: 0,
        unknown,
        refused: 0,
        journal: None,
    };
    let event = |content| poll.signed(content, Event::WaveEnded);
    check(&poll, event(ended(3, 1, 3)), Ok(()));
    let verdict = admits(&poll.poll, poll.now, &event(ended(3, 0, 3)));
    assert!(
        matches!(verdict, Err(Refusal::WaveSums { wave: 2, .. })),
        "{verdict:?}"
    );
    let verdict = admits(&poll.poll, poll.now, &event(ended(4, 0, 3)));
    assert!(
        matches!(verdict, Err(Refusal::WaveSums { wave: 2, .. })),
        "{verdict:?}"
    );
}

#[test]
fn a_command_cannot_be_replayed_or_used_too_late() {
    let mut poll = running();
    let pause = poll.paused("Maintenance");
    poll.admit(pause.clone());
    poll.admit(poll.resumed("over"));
    let verdict = admits(&poll.poll, poll.now, &pause);
    assert!(
        matches!(verdict, Err(Refusal::WrongCounter { .. })),
        "{verdict:?}"
    );
    let late = poll.paused("late");
    poll.now += 4_000_000;
    let verdict = admits(&poll.poll, poll.now, &late);
    assert!(matches!(verdict, Err(Refusal::Void { .. })), "{verdict:?}");
}

#[test]
fn a_command_of_another_poll_or_another_key_does_not_verify() {
    let poll = running();
    let other = fixture::invited(&Setup {
        seed: 2,
        ..Setup::default()
    });
    let verdict = operator::verify(poll.poll.id(), poll.poll.definition(), other.paused("x"));
    assert_eq!(verdict.map(|_| ()), Err(Refusal::WrongSignature));
}

#[test]
fn an_answer_signed_for_another_invitation_does_not_verify() {
    let poll = running();
    let mut stolen = poll.responded(3, "yes");
    let sijill_poll::event::Who::Invitation { index, .. } = &mut stolen.answer.who;
    *index = 4;
    let verdict = credential::verify_answer(poll.poll.id(), poll.poll.roster(), stolen);
    assert_eq!(verdict.map(|_| ()), Err(Refusal::WrongSignature));
}

#[test]
fn reasons_hold_no_personal_data() {
    let poll = running();
    let verdict = admits(&poll.poll, poll.now, &poll.paused("call +964 770 123 4567"));
    assert!(
        matches!(verdict, Err(Refusal::PersonalData { .. })),
        "{verdict:?}"
    );
}

#[test]
fn times_keep_the_resolution_and_never_go_back() {
    let mut poll = running();
    let (last, answer) = (poll.poll.last_at(), yes(&poll, 0));
    poll.now = last - 1_000;
    check(
        &poll,
        answer.clone(),
        Err(Refusal::TimeGoesBack {
            at: last - 1_000,
            last,
        }),
    );
    poll.now = poll.terms.field_ms[0] + 1;
    let refusal = Refusal::TimeTooFine {
        at: poll.now,
        resolution: 1_000,
    };
    check(&poll, answer, Err(refusal));
}

#[test]
fn decide_and_evolve_agree_with_what_was_recorded() {
    let mut poll = running();
    let signed = poll.responded(5, "no");
    let answer = credential::verify_answer(poll.poll.id(), poll.poll.roster(), signed).unwrap();
    let command = Command {
        at: poll.now,
        request: Request::Respond(answer),
    };
    let event = decide(&poll.poll, command).unwrap();
    poll.record(event);
    let mut replayed =
        sijill_poll::Poll::open(&poll.entries[0], poll.poll.roster().clone()).unwrap();
    for entry in &poll.entries[1..] {
        evolve(&mut replayed, entry);
    }
    assert_eq!(replayed.tally(), poll.poll.tally());
    assert_eq!(replayed.head(), poll.poll.head());
    assert_eq!(replayed.casts(), poll.poll.casts());
}

fn change(poll: &Bench, field: &str, language: &str, text: &str) -> Event {
    poll.page_changed(&[(field, language, text)], "A word was missing")
}

/// A wording mistake found while the poll runs is mended on the record; what people answer to stays.
#[test]
fn a_wording_is_mended_for_who_looks_from_then_on() {
    let mut poll = running();
    let before = poll.poll.definition().clone();
    poll.admit(change(
        &poll,
        "disclosure.limitations",
        "en",
        "Made for tests alone",
    ));
    let definition = poll.poll.definition();
    let limitations = &definition.disclosure.limitations;
    assert_eq!(limitations.get("en"), "Made for tests alone");
    assert_eq!(
        limitations.get("ar"),
        before.disclosure.limitations.get("ar")
    );
    assert_eq!(poll.poll.page().changes, 1);
    poll.admit(poll.annulled("Rain"));
    check(
        &poll,
        change(&poll, "sample.frame", "en", "Late"),
        Err(Refusal::Annulled),
    );
}

#[test]
fn what_was_signed_stays_and_a_wording_is_one_that_a_definition_could_have() {
    let poll = running();
    for field in [
        "question.text",
        "option.yes.label",
        "message.text",
        "who.sponsor.name",
        "stratum",
        "",
    ] {
        let refused = Err(Refusal::NotMendable {
            field: field.to_owned(),
            language: "en".to_owned(),
        });
        check(&poll, change(&poll, field, "en", "Another"), refused);
    }
    let elsewhere = Err(Refusal::NotMendable {
        field: "sample.frame".to_owned(),
        language: "ckb".to_owned(),
    });
    check(
        &poll,
        change(&poll, "sample.frame", "ckb", "Another"),
        elsewhere.clone(),
    );
    let twice = poll.page_changed(
        &[("sample.frame", "en", "One"), ("sample.frame", "en", "Two")],
        "Twice",
    );
    assert!(matches!(
        admits(&poll.poll, poll.now, &twice),
        Err(Refusal::NotMendable { .. })
    ));
    for (text, number) in [(" ", 13), ("a\u{202E}b", 16), ("Yеs", 47)] {
        let verdict = admits(
            &poll.poll,
            poll.now,
            &change(&poll, "sample.frame", "en", text),
        );
        let Err(Refusal::BadWording { number: found, .. }) = verdict else {
            panic!("{verdict:?}");
        };
        assert_eq!(found, number, "{text}");
    }
    let number = change(&poll, "sample.frame", "en", "Call 07701234567");
    let verdict = admits(&poll.poll, poll.now, &number).unwrap_err();
    assert_eq!(verdict.check(), 32);
    let whom = change(&poll, "contact.name", "en", "Ali, 07701234567");
    check(&poll, whom, Ok(()));
    // The rules of the kind come before the reason, and those of one wording before what is gone over in all of them.
    let number = ("sample.frame", "en", "Call 07701234567");
    let too_long = "long ".repeat(1_000);
    for (wordings, reason, expected) in [
        (vec![number], too_long.as_str(), 32),
        (vec![number, ("sample.mode", "en", "")], "Better", 16),
        (vec![("sample.mode", "en", "By phone")], &too_long, 16),
        (
            vec![("sample.mode", "en", "By phone")],
            "Ask 07701234567",
            32,
        ),
    ] {
        let event = poll.page_changed(&wordings, reason);
        let verdict = admits(&poll.poll, poll.now, &event).unwrap_err();
        assert_eq!(verdict.check(), expected, "{verdict}");
    }
}

/// Whoever goes on from a state that was kept shows what who read all entries shows.
#[test]
fn a_poll_that_is_resumed_has_its_mended_wordings() {
    let mut poll = running();
    poll.admit(poll.page_changed(&[("sample.frame", "en", "Another list")], "It was wrong"));
    let resumed = sijill_poll::Poll::resume(
        &poll.entries[0],
        poll.poll.roster().clone(),
        poll.poll.folded(),
        poll.poll.casts().to_vec(),
    );
    let resumed = resumed.unwrap();
    assert_eq!(resumed.definition(), poll.poll.definition());
    assert_eq!(resumed.page(), poll.poll.page());
}
