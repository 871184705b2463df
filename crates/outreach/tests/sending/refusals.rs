//! What the gateway refuses is tried again where time helps, given up where it does not, and stops everything where every
//! message would fare the same.

use crate::fixture::{TestWorld, gateway, honest, messages, opened, run, standing, wave_of};
use sijill_outreach::gateway::Report;
use sijill_outreach::sending::Ended;
use std::collections::HashSet;

fn refused(submit: &sijill_outreach::gateway::Submit, status: u32) -> Vec<Report> {
    let ticket = submit.ticket;
    vec![Report::Refused { ticket, status }]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_refused_for_the_moment_arrives_once_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let mut deliveries = wave_of(folder.path(), 60);
    let mut refused_once = HashSet::new();
    let (gateway, seen) = gateway(20, move |submit| {
        let kinds = [0x58, 0x14, 0x08, 0x64, 0x7777];
        let place = submit.ticket.invitation as usize;
        match place.is_multiple_of(3) && refused_once.insert(submit.ticket) {
            true => refused(submit, kinds[place / 3 % kinds.len()]),
            false => honest(submit),
        }
    });
    let ended = run(&mut deliveries, gateway, &mut TestWorld::default()).await;
    assert_eq!(ended.unwrap(), Ended::Final);
    assert_eq!(standing(&deliveries), "60 delivered");
    // Of a third, both segments were handed in twice, in one attempt.
    assert_eq!(seen.lock().unwrap().len(), 120 + 40);
    for place in 0..60 {
        assert_eq!(deliveries.delivery(place).unwrap().attempt, 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_that_is_refused_for_good_fails_with_its_reason_and_others_do_not() {
    let folder = tempfile::tempdir().unwrap();
    let mut deliveries = wave_of(folder.path(), 40);
    let (gateway, seen) = gateway(20, |submit| match submit.ticket.invitation {
        3 => refused(submit, 0x0B),
        // The first segment is taken, the second is not.
        4 if submit.ticket.part == 1 => refused(submit, 0x65),
        // A status that nobody knows is tried a few times.
        5 => refused(submit, 0x0499),
        _ => honest(submit),
    });
    let ended = run(&mut deliveries, gateway, &mut TestWorld::default()).await;
    assert_eq!(ended.unwrap(), Ended::Final);
    assert_eq!(standing(&deliveries), "37 delivered, 3 failed");
    let statuses: Vec<_> = deliveries.open_wave().unwrap().statuses().collect();
    assert_eq!(
        statuses,
        [(Some(0x0B), 1), (Some(0x65), 1), (Some(0x0499), 1)]
    );
    let tries = |invitation| {
        let seen = seen.lock().unwrap();
        let own = seen.iter().filter(|s| s.ticket.invitation == invitation);
        own.count()
    };
    assert_eq!((tries(3), tries(4), tries(5)), (2, 2, 8));
}

/// A sender's name that the gateway does not know: each message would be refused. None of them may count as failed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_that_every_message_would_meet_stops_everything_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut deliveries = wave_of(folder.path(), 40);
    let (bad, _) = gateway(4, |submit| refused(submit, 0x0A));
    let ended = run(&mut deliveries, bad, &mut TestWorld::default()).await;
    let Ended::Stopped { why } = ended.unwrap() else {
        panic!("it does not stop")
    };
    assert!(why.contains("sender not allowed (0x0A)"), "{why}");
    assert_eq!(standing(&deliveries), "40 queued");
    drop(deliveries);

    let mut deliveries = opened(folder.path(), 40);
    let (good, seen) = gateway(4, honest);
    let ended = run(&mut deliveries, good, &mut TestWorld::default()).await;
    assert_eq!(ended.unwrap(), Ended::Final);
    assert_eq!(standing(&deliveries), "40 delivered");
    assert_eq!(messages(&seen).len(), 40);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_not_put_on_its_way_is_no_repetition_and_what_was_not_answered_is_one() {
    let folder = tempfile::tempdir().unwrap();
    let mut deliveries = wave_of(folder.path(), 30);
    let mut before = HashSet::new();
    let (gateway, seen) = gateway(20, move |submit| {
        let ticket = submit.ticket;
        if ticket.attempt > 1 || !before.insert(ticket) {
            return honest(submit);
        }
        match ticket.invitation {
            1 => vec![Report::Unsent { ticket }],
            2 => vec![Report::Unanswered { ticket }],
            _ => honest(submit),
        }
    });
    let ended = run(&mut deliveries, gateway, &mut TestWorld::default()).await;
    assert_eq!(ended.unwrap(), Ended::Final);
    assert_eq!(standing(&deliveries), "30 delivered");
    let attempts = |place| {
        seen.lock()
            .unwrap()
            .iter()
            .filter(|s| s.ticket.invitation == place)
            .map(|s| s.ticket.attempt)
            .collect::<Vec<_>>()
    };
    assert_eq!(attempts(1), [1, 1, 1, 1]);
    assert_eq!(attempts(2), [1, 1, 2, 2]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_that_never_answers_is_not_asked_for_ever() {
    let folder = tempfile::tempdir().unwrap();
    let mut deliveries = wave_of(folder.path(), 5);
    let (gateway, seen) = gateway(20, |submit| {
        let ticket = submit.ticket;
        vec![Report::Unanswered { ticket }]
    });
    let ended = run(&mut deliveries, gateway, &mut TestWorld::default()).await;
    assert_eq!(ended.unwrap(), Ended::Final);
    assert_eq!(standing(&deliveries), "5 unknown");
    assert_eq!(messages(&seen)[&0], [1, 2, 3]);
}
