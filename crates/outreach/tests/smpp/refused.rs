//! Binds that are refused: never again where the account is wrong, slowly where it may pass, and never without end.

use crate::desk::Desk;
use crate::raw::{BIND, Centre, NACK, RESPONSE};
use sijill_outreach::smpp::limits::BIND_REFUSALS_MAX;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::time::sleep;

/// Refuses every bind with a status, and counts them.
fn refuses(centre: Centre, status: u32) -> Arc<AtomicUsize> {
    let binds = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&binds);
    tokio::spawn(async move {
        loop {
            let mut line = centre.connection().await;
            let bind = line.hear(BIND).await;
            counted.fetch_add(1, Ordering::SeqCst);
            line.say(BIND | RESPONSE, status, bind.sequence, b"").await;
        }
    });
    binds
}

#[tokio::test]
async fn a_wrong_password_is_tried_once_and_what_waited_is_told_of() {
    for (status, name) in [
        (0x0D, "bind failed"),
        (0x0E, "password wrong"),
        (0x0F, "system id unknown"),
    ] {
        let (centre, settings) = Centre::open().await;
        let mut desk = Desk::open(settings);
        desk.send(1, "Hi").await;
        let binds = refuses(centre, status);
        assert_eq!(desk.told().await, "1.0 unsent");
        let stopped =
            format!("stopped: the gateway refuses this account: {name} (`0x{status:02X}`)");
        assert_eq!(desk.told().await, stopped);
        assert!(desk.0.reports.recv().await.is_none());
        assert!(desk.0.submits.is_closed());
        sleep(Duration::from_millis(300)).await;
        assert_eq!(binds.load(Ordering::SeqCst), 1);
    }
}

#[tokio::test]
async fn a_session_that_has_not_ended_yet_is_waited_for_ever_more_slowly() {
    let (centre, mut settings) = Centre::open().await;
    settings.times.again_first = Duration::from_millis(100);
    settings.times.again_max = Duration::from_secs(60);
    let mut desk = Desk::open(settings);
    let binds = refuses(centre, 0x05);
    assert_eq!(
        desk.told().await,
        "down: the gateway refuses this account: already bound (`0x05`)"
    );
    sleep(Duration::from_millis(1_000)).await;
    // At 0, 100, 300 and 700 ms.
    let binds = binds.load(Ordering::SeqCst);
    assert!((2..=4).contains(&binds), "{binds} binds");
}

#[tokio::test]
async fn a_refusal_that_does_not_pass_stops_in_the_end() {
    let (centre, mut settings) = Centre::open().await;
    settings.times.again_first = Duration::from_millis(1);
    settings.times.again_max = Duration::from_millis(1);
    let mut desk = Desk::open(settings);
    let binds = refuses(centre, 0x08);
    for _ in 0..BIND_REFUSALS_MAX {
        assert_eq!(
            desk.told().await,
            "down: the gateway refuses this account: system error (`0x08`)"
        );
    }
    assert_eq!(
        desk.told().await,
        "stopped: the gateway refuses this account: system error (`0x08`)"
    );
    assert_eq!(binds.load(Ordering::SeqCst), BIND_REFUSALS_MAX as usize + 1);
}

#[tokio::test]
async fn a_centre_that_hangs_up_after_every_bind_is_not_stormed() {
    let (centre, mut settings) = Centre::open().await;
    settings.times.again_first = Duration::from_millis(100);
    settings.times.again_max = Duration::from_secs(60);
    let _desk = Desk::open(settings);
    let hanging_up = async {
        let mut count = 0;
        loop {
            drop(centre.bound().await);
            count += 1;
            if count == 4 {
                return;
            }
        }
    };
    let start = std::time::Instant::now();
    hanging_up.await;
    assert!(
        start.elapsed() >= Duration::from_millis(700),
        "{:?}",
        start.elapsed()
    );
}

#[tokio::test]
async fn a_nack_to_the_bind_is_a_refusal_and_silence_is_another_attempt() {
    let (centre, mut settings) = Centre::open().await;
    settings.times.response = Duration::from_millis(200);
    let mut desk = Desk::open(settings);
    let mut silent = centre.connection().await;
    silent.hear(BIND).await;
    assert_eq!(desk.told().await, "down: the gateway does not answer");
    let mut line = centre.connection().await;
    let bind = line.hear(BIND).await;
    line.say(NACK, 0x03, bind.sequence, b"").await;
    assert_eq!(
        desk.told().await,
        "stopped: the gateway refuses this account: command unknown (`0x03`)"
    );
}

#[tokio::test]
async fn nobody_who_answers_is_tried_again_and_leaving_ends_that() {
    let (centre, settings) = Centre::open().await;
    drop(centre);
    let mut desk = Desk::open(settings);
    desk.send(1, "Hi").await;
    assert_eq!(
        desk.told().await,
        "down: nobody listens at the gateway's address"
    );
    let rest = desk.leave().await;
    assert_eq!(rest.last().map(String::as_str), Some("1.0 unsent"));
}

#[tokio::test]
async fn a_host_that_nobody_knows_is_said_to_be_unknown() {
    let (_centre, mut settings) = Centre::open().await;
    settings.address = "nowhere.invalid:2775".to_owned();
    let mut desk = Desk::open(settings);
    assert_eq!(desk.told().await, "down: the gateway's host is not known");
}
