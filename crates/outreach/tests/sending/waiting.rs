//! When nothing leaves: at night, while paused, when the poll is over, when somebody says so.

use crate::fixture::{
    END, TestWorld, accepted, gateway, honest, messages, opened, receipt, run, standing, terms,
    wave_of,
};
use sijill_outreach::calendar::Calendar;
use sijill_outreach::gateway::{Ack, Gateway, Outcome, Report, Submit};
use sijill_outreach::sending::{Ended, Terms, Waits, send};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::timeout;

const HOUR: u64 = 3_600_000;
/// Midnight in UTC.
const MIDNIGHT: u64 = END / (24 * HOUR) * 24 * HOUR - 48 * HOUR;

fn by_day() -> Terms {
    Terms {
        calendar: Calendar {
            from: 9 * 60,
            until: 20 * 60,
            ..Calendar::always()
        },
        ..terms()
    }
}

async fn until(what: impl Fn() -> bool) {
    for _ in 0..500 {
        if what() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it never came to it");
}

/// A clock that jumps: from night into day, in the middle of sending from day into night, and on to the next day.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_leaves_in_quiet_hours_however_the_clock_jumps() {
    let folder = tempfile::tempdir().unwrap();
    let mut deliveries = wave_of(folder.path(), 200);
    let world = TestWorld::default();
    let shared = Arc::clone(&world.0);
    shared.now.store(MIDNIGHT + 3 * HOUR, Ordering::SeqCst);
    let clock = Arc::clone(&world.0);
    let (gateway, seen) = gateway(4, move |submit| {
        let hour = clock.now.load(Ordering::SeqCst) % (24 * HOUR) / HOUR;
        if submit.ticket.invitation == 99 {
            clock.now.store(MIDNIGHT + 21 * HOUR, Ordering::SeqCst);
        }
        // What was in the window when the clock jumped has left already.
        assert!((9..20).contains(&hour) || submit.ticket.invitation < 110);
        honest(submit)
    });
    let task = tokio::spawn(async move {
        let mut world = world;
        let ended = send(&mut deliveries, gateway, &by_day(), &mut world).await;
        (ended.unwrap(), standing(&deliveries))
    });
    let quiet = Some(Waits::Quiet(Some(MIDNIGHT + 9 * HOUR)));
    until(|| shared.waits.lock().unwrap().contains(&quiet)).await;
    assert!(seen.lock().unwrap().is_empty());
    shared.now.store(MIDNIGHT + 10 * HOUR, Ordering::SeqCst);
    let quiet = Some(Waits::Quiet(Some(MIDNIGHT + 33 * HOUR)));
    until(|| shared.waits.lock().unwrap().contains(&quiet)).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    let by_night = messages(&seen).len();
    assert!((100..120).contains(&by_night), "{by_night}");
    shared.now.store(MIDNIGHT + 34 * HOUR, Ordering::SeqCst);
    let (ended, counts) = task.await.unwrap();
    assert_eq!((ended, counts.as_str()), (Ended::Final, "200 delivered"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pause_holds_everything_back_until_it_is_over() {
    let folder = tempfile::tempdir().unwrap();
    let mut deliveries = wave_of(folder.path(), 50);
    let world = TestWorld::default();
    let shared = Arc::clone(&world.0);
    shared.paused.store(true, Ordering::SeqCst);
    let (gateway, seen) = gateway(4, honest);
    let task = tokio::spawn(async move {
        let mut world = world;
        send(&mut deliveries, gateway, &terms(), &mut world)
            .await
            .unwrap()
    });
    until(|| shared.waits.lock().unwrap().contains(&Some(Waits::Paused))).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(seen.lock().unwrap().is_empty());
    shared.paused.store(false, Ordering::SeqCst);
    assert_eq!(task.await.unwrap(), Ended::Final);
    assert_eq!(messages(&seen).len(), 50);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_the_poll_is_over_no_message_leaves_and_what_was_queued_has_failed() {
    let folder = tempfile::tempdir().unwrap();
    let mut deliveries = wave_of(folder.path(), 50);
    let mut world = TestWorld::default();
    let clock = Arc::clone(&world.0);
    let (gateway, _) = gateway(2, move |submit| {
        if submit.ticket.invitation == 20 {
            clock.now.store(END, Ordering::SeqCst);
        }
        honest(submit)
    });
    let ended = send(&mut deliveries, gateway, &terms(), &mut world).await;
    assert_eq!(ended.unwrap(), Ended::Over);
    let outcome = deliveries
        .open_wave()
        .unwrap()
        .outcome(1, deliveries.link());
    assert!(outcome.delivered >= 21 && outcome.failed > 0);
    assert_eq!(outcome.sent + outcome.failed, 50);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_interruption_leaves_nothing_unknown_and_the_next_start_sends_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    let mut deliveries = wave_of(folder.path(), 300);
    let mut world = TestWorld::default();
    let shared = Arc::clone(&world.0);
    let (first, seen) = gateway(8, move |submit| {
        if submit.ticket.invitation == 100 {
            shared.interrupted.store(true, Ordering::SeqCst);
        }
        honest(submit)
    });
    let ended = send(&mut deliveries, first, &terms(), &mut world).await;
    assert_eq!(ended.unwrap(), Ended::Interrupted);
    let before = messages(&seen).len();
    assert_eq!(
        standing(&deliveries),
        format!("{} queued, {before} delivered", 300 - before)
    );
    drop(deliveries);
    let mut deliveries = opened(folder.path(), 300);
    let (second, seen) = gateway(8, honest);
    let ended = send(&mut deliveries, second, &terms(), &mut TestWorld::default()).await;
    assert_eq!(ended.unwrap(), Ended::Final);
    assert_eq!(messages(&seen).len(), 300 - before);
    assert_eq!(standing(&deliveries), "300 delivered");
}

/// The last receipts ended the send before they were confirmed. Over SMPP the leave waited five seconds for that, and was
/// taken without: the gateway would have said them again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_receipts_are_confirmed_before_leave_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    let mut deliveries = wave_of(folder.path(), 5);
    let (submits, mut taken) = mpsc::channel::<Submit>(20);
    let (told, reports) = mpsc::channel(64);
    let (confirming, mut confirmed) = mpsc::unbounded_channel();
    let centre = tokio::spawn(async move {
        told.send(Report::Up).await.unwrap();
        let mut receipts = 0;
        while let Some(submit) = taken.recv().await {
            let Report::Receipt { receipt, .. } = receipt(&submit, Outcome::Delivered) else {
                unreachable!("it is one");
            };
            let confirming = confirming.clone();
            let ack = Ack::new(move || confirming.send(()).unwrap());
            told.send(accepted(&submit)).await.unwrap();
            told.send(Report::Receipt { receipt, ack }).await.unwrap();
            receipts += 1;
        }
        // Nobody sends any more. The reports stay open until everything is confirmed.
        for _ in 0..receipts {
            let confirmation = timeout(Duration::from_secs(20), confirmed.recv()).await;
            confirmation.expect("every receipt is confirmed");
        }
        receipts
    });
    let gateway = Gateway { submits, reports };
    let ended = run(&mut deliveries, gateway, &mut TestWorld::default()).await;
    assert_eq!(ended.unwrap(), Ended::Final);
    assert_eq!(centre.await.unwrap(), 10);
}
