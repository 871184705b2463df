//! Centres that speak and do not read, or read slowly.

use crate::desk::Desk;
use crate::raw::{Centre, ENQUIRE, RESPONSE, SUBMIT, pdu};
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::time::{sleep, timeout};

#[tokio::test]
async fn a_centre_that_floods_and_reads_nothing_is_given_up() {
    let (centre, mut settings) = Centre::open().await;
    settings.times.response = Duration::from_millis(500);
    let mut desk = Desk::open(settings);
    let mut line = centre.bound().await;
    assert_eq!(desk.told().await, "up");
    let flood = pdu(ENQUIRE, 0, 1, b"").repeat(1_000);
    let flooding = async { while line.0.write_all(&flood).await.is_ok() {} };
    timeout(Duration::from_secs(60), flooding)
        .await
        .expect("it is hung up on");
    let told = desk.told().await;
    assert!(told.starts_with("down: "), "{told}");
}

#[tokio::test]
async fn a_centre_that_reads_slowly_gets_everything() {
    let (centre, mut settings) = Centre::open().await;
    settings.window = 50;
    let mut desk = Desk::open(settings);
    let mut line = centre.bound().await;
    for invitation in 0..50 {
        desk.send(invitation, "Hi").await;
    }
    assert_eq!(desk.told().await, "up");
    for invitation in 0..50 {
        sleep(Duration::from_millis(5)).await;
        line.take("id").await;
        assert_eq!(desk.told().await, format!("{invitation}.0 accepted as id"));
    }
}

#[tokio::test]
async fn nobody_is_overdue_while_nothing_is_read() {
    let (centre, mut settings) = Centre::open().await;
    settings.times.response = Duration::from_millis(1_500);
    let mut desk = Desk::open(settings);
    let mut line = centre.bound().await;
    assert_eq!(desk.told().await, "up");
    // As many receipts as may wait for their confirmation, which nobody gives; then the response.
    let receipt = crate::raw::delivery("1", 4, 0, b"id:7 stat:DELIVRD", &[]);
    let places = sijill_outreach::smpp::limits::UNCONFIRMED_MAX;
    for sequence in 0..places {
        line.say(crate::raw::DELIVER, 0, sequence as u32 + 1, &receipt)
            .await;
    }
    let mut acks = Vec::new();
    desk.send(1, "Hi").await;
    for _ in 0..places {
        acks.push(desk.report().await);
    }
    let submit = line.hear(SUBMIT).await;
    sleep(Duration::from_millis(1_000)).await;
    line.accept(&submit, "id").await;
    sleep(Duration::from_millis(1_500)).await;
    desk.nothing_is_told().await;
    drop(acks);
    assert_eq!(desk.told().await, "1.0 accepted as id");
    line.say(ENQUIRE, 0, 9, b"").await;
    assert_eq!(line.hear(ENQUIRE | RESPONSE).await.sequence, 9);
}
