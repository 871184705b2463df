//! Everybody gets one message, and everything that came of it is counted.

use crate::fixture::{
    TestWorld, accepted, gateway, honest, messages, number, receipt, run, standing, text, wave_of,
};
use sijill_outreach::delivery::StopWay;
use sijill_outreach::gateway::{Ack, Outcome, Report};
use sijill_outreach::sending::Ended;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_gets_one_message_word_for_word_and_a_receipt_for_each_counts() {
    let folder = tempfile::tempdir().unwrap();
    let mut deliveries = wave_of(folder.path(), 500);
    let (gateway, seen) = gateway(50, honest);
    let mut world = TestWorld::default();
    let ended = run(&mut deliveries, gateway, &mut world).await.unwrap();
    assert_eq!(ended, Ended::Final);
    assert_eq!(standing(&deliveries), "500 delivered");
    let messages = messages(&seen);
    assert_eq!(messages.len(), 500);
    assert!(messages.values().all(|attempts| attempts == &[1]));
    for invitation in [0, 499] {
        let seen = seen.lock().unwrap();
        let own = seen.iter().filter(|submit| submit.to == number(invitation));
        let units: Vec<u16> = own
            .flat_map(|submit| submit.segment.text.chunks(2))
            .map(|pair| u16::from_be_bytes([pair[0], pair[1]]))
            .collect();
        assert_eq!(String::from_utf16(&units).unwrap(), text(invitation));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_window_smaller_than_a_message_sends_it_piece_by_piece() {
    let folder = tempfile::tempdir().unwrap();
    let mut deliveries = wave_of(folder.path(), 20);
    let (gateway, seen) = gateway(1, honest);
    let ended = run(&mut deliveries, gateway, &mut TestWorld::default()).await;
    assert_eq!(ended.unwrap(), Ended::Final);
    assert_eq!(standing(&deliveries), "20 delivered");
    assert_eq!(seen.lock().unwrap().len(), 40);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn receipts_are_confirmed_when_they_are_in_the_journal_and_not_before() {
    let folder = tempfile::tempdir().unwrap();
    let mut deliveries = wave_of(folder.path(), 30);
    let acks = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&acks);
    let journal = folder.path().join("journal");
    let (gateway, _) = gateway(50, move |submit| {
        let before = std::fs::metadata(&journal).unwrap().len();
        let (counted, journal) = (Arc::clone(&counted), journal.clone());
        let Report::Receipt { receipt, .. } = receipt(submit, Outcome::Delivered) else {
            unreachable!("it makes a receipt")
        };
        let ack = Ack::new(move || {
            assert!(std::fs::metadata(&journal).unwrap().len() > before);
            counted.fetch_add(1, Ordering::SeqCst);
        });
        vec![accepted(submit), Report::Receipt { receipt, ack }]
    });
    run(&mut deliveries, gateway, &mut TestWorld::default())
        .await
        .unwrap();
    assert_eq!(acks.load(Ordering::SeqCst), 60);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_oddity_of_receipts_is_counted_right() {
    let folder = tempfile::tempdir().unwrap();
    let mut deliveries = wave_of(folder.path(), 60);
    let (gateway, _) = gateway(50, |submit| {
        let receipt = |outcome| receipt(submit, outcome);
        match submit.ticket.invitation % 6 {
            // Before the answer, and twice.
            0 => vec![
                receipt(Outcome::Delivered),
                accepted(submit),
                receipt(Outcome::Delivered),
            ],
            // Not final, and then final.
            1 => vec![
                accepted(submit),
                receipt(Outcome::Pending),
                receipt(Outcome::Expired),
            ],
            2 => vec![accepted(submit), receipt(Outcome::Failed)],
            3 => vec![accepted(submit), receipt(Outcome::Unknown)],
            4 => vec![accepted(submit)],
            // Delivered, and then something else: what a segment ended with, it keeps.
            _ => vec![
                accepted(submit),
                receipt(Outcome::Delivered),
                receipt(Outcome::Failed),
            ],
        }
    });
    let ended = run(&mut deliveries, gateway, &mut TestWorld::default()).await;
    assert_eq!(ended.unwrap(), Ended::Unreceipted);
    assert_eq!(
        standing(&deliveries),
        "20 accepted, 20 delivered, 10 failed, 10 expired"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receipt_for_a_message_never_sent_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut deliveries = wave_of(folder.path(), 10);
    let (gateway, _) = gateway(50, |submit| {
        let mut stranger = submit.clone();
        stranger.ticket.attempt = 77;
        let mut all = vec![receipt(&stranger, Outcome::Failed)];
        all.extend(honest(submit));
        all
    });
    run(&mut deliveries, gateway, &mut TestWorld::default())
        .await
        .unwrap();
    assert_eq!(standing(&deliveries), "10 delivered");
    assert_eq!(deliveries.parked(), 20);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_replies_stop_gets_nothing_more_and_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    let mut deliveries = wave_of(folder.path(), 100);
    // Invitation 0 answers its message with STOP for itself and, as it has their phones, for 90 and 91.
    let (gateway, seen) = gateway(4, |submit| {
        let mut all = honest(submit);
        if submit.ticket.invitation == 0 && submit.ticket.part == 1 {
            for invitation in [0, 90, 91] {
                all.push(Report::Reply {
                    from: Some(number(invitation)),
                    text: "توقف".to_owned(),
                    ack: Ack::new(|| {}),
                });
            }
            all.push(Report::Reply {
                from: Some(number(95)),
                text: "من أنتم؟".to_owned(),
                ack: Ack::new(|| {}),
            });
        }
        all
    });
    run(&mut deliveries, gateway, &mut TestWorld::default())
        .await
        .unwrap();
    assert_eq!(standing(&deliveries), "97 delivered, 2 stopped, 1 refused");
    let messages = messages(&seen);
    assert!(!messages.contains_key(&90) && messages.contains_key(&95));
    let delivery = deliveries.delivery(90).unwrap();
    assert!(delivery.stopped && !delivery.on_air);
}

/// The opt-out arrives while its message waits here, since the gateway's queue was full: none of it has left.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_opt_out_that_arrives_while_its_message_waits_takes_it_back() {
    let folder = tempfile::tempdir().unwrap();
    let mut deliveries = wave_of(folder.path(), 3);
    let world = TestWorld::default();
    let shared = Arc::clone(&world.0);
    let (gateway, seen) = gateway(50, move |submit| {
        let ticket = submit.ticket;
        if ticket.invitation != 1 {
            return honest(submit);
        }
        shared.stops.lock().unwrap().push((1, StopWay::Page));
        vec![Report::Refused {
            ticket,
            status: 0x14,
        }]
    });
    run(&mut deliveries, gateway, &mut world.clone())
        .await
        .unwrap();
    assert_eq!(standing(&deliveries), "2 delivered, 1 stopped");
    let of_one = |submit: &&sijill_outreach::gateway::Submit| submit.ticket.invitation == 1;
    assert_eq!(seen.lock().unwrap().iter().filter(of_one).count(), 2);
    let outcome = deliveries
        .open_wave()
        .unwrap()
        .outcome(1, deliveries.link());
    assert_eq!((outcome.sent, outcome.stopped), (2, 1));
}
