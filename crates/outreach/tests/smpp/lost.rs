//! Connections that are lost, and what is told of what was on its way.

use crate::desk::Desk;
use crate::raw::{Centre, ENQUIRE, Line, RESPONSE, SUBMIT, UNBIND};
use std::time::Duration;
use tokio::io::AsyncWriteExt;

#[tokio::test]
async fn a_connection_lost_in_the_middle_of_a_window_leaves_nobody_untold_and_nothing_sent_twice() {
    let (centre, mut settings) = Centre::open().await;
    settings.window = 3;
    let mut desk = Desk::open(settings);
    let mut line = centre.bound().await;
    for invitation in 1..=5 {
        desk.send(invitation, "Hi").await;
    }
    assert_eq!(desk.told().await, "up");
    line.take("a").await;
    assert_eq!(desk.told().await, "1.0 accepted as a");
    for _ in 0..3 {
        line.hear(SUBMIT).await;
    }
    drop(line);
    let mut told = Vec::new();
    for _ in 0..4 {
        told.push(desk.told().await);
    }
    assert_eq!(
        told[..3],
        ["2.0 unanswered", "3.0 unanswered", "4.0 unanswered"]
    );
    assert!(told[3].starts_with("down: "), "{told:?}");
    // The fifth waited, and goes over the next one, alone.
    let mut line = centre.bound().await;
    line.take("b").await;
    assert_eq!(
        [desk.told().await, desk.told().await],
        ["up", "5.0 accepted as b"]
    );
    line.is_silent().await;
}

#[tokio::test]
async fn a_response_that_never_comes_is_told_and_one_that_comes_late_changes_nothing() {
    let (centre, mut settings) = Centre::open().await;
    settings.times.response = Duration::from_millis(300);
    settings.window = 1;
    let mut desk = Desk::open(settings);
    let mut line = centre.bound().await;
    desk.send(1, "Hi").await;
    let first = line.hear(SUBMIT).await;
    assert_eq!(
        [desk.told().await, desk.told().await],
        ["up", "1.0 unanswered"]
    );
    desk.send(2, "Hi").await;
    let second = line.hear(SUBMIT).await;
    line.accept(&first, "late").await;
    line.accept(&second, "b").await;
    assert_eq!(desk.told().await, "2.0 accepted as b");
    desk.nothing_is_told().await;
}

#[tokio::test]
async fn what_is_no_smpp_ends_the_connection_and_another_is_made() {
    for garbage in [
        &b"HTTP/1.1 400 Bad Request\r\n\r\n"[..],
        &[0; 16],
        &[0, 0, 0, 15],
        &[0, 1, 0, 0],
    ] {
        let (centre, settings) = Centre::open().await;
        let mut desk = Desk::open(settings);
        let mut line = centre.bound().await;
        desk.send(1, "Hi").await;
        line.hear(SUBMIT).await;
        line.0.write_all(garbage).await.unwrap();
        assert!(line.next().await.is_none());
        let told = [desk.told().await, desk.told().await, desk.told().await];
        assert_eq!(
            told,
            [
                "up",
                "1.0 unanswered",
                "down: the gateway sent what is no SMPP"
            ]
        );
        centre.bound().await;
        assert_eq!(desk.told().await, "up");
    }
}

#[tokio::test]
async fn a_centre_that_says_goodbye_is_answered_and_connected_to_again() {
    let (centre, settings) = Centre::open().await;
    let mut desk = Desk::open(settings);
    let mut line = centre.bound().await;
    line.say(UNBIND, 0, 55, b"").await;
    assert_eq!(line.hear(UNBIND | RESPONSE).await.sequence, 55);
    assert!(line.next().await.is_none());
    assert_eq!(
        [desk.told().await, desk.told().await],
        ["up", "down: the gateway ended the session"]
    );
    centre.bound().await;
    assert_eq!(desk.told().await, "up");
}

#[tokio::test]
async fn a_silent_centre_is_asked_whether_it_is_there_and_given_up_if_not() {
    let (centre, mut settings) = Centre::open().await;
    settings.times.enquire_link = Duration::from_millis(100);
    settings.times.response = Duration::from_millis(300);
    let mut desk = Desk::open(settings);
    let mut line: Line = centre.bound().await;
    assert_eq!(desk.told().await, "up");
    for _ in 0..3 {
        let asked = line.hear(ENQUIRE).await;
        line.say(ENQUIRE | RESPONSE, 0, asked.sequence, b"").await;
    }
    line.hear(ENQUIRE).await;
    assert!(line.next().await.is_none());
    assert_eq!(desk.told().await, "down: the gateway does not answer");
}

#[tokio::test]
async fn a_gateway_that_is_away_for_longer_than_it_is_waited_for_is_given_up_and_what_waited_is_told_of()
 {
    let (centre, mut settings) = Centre::open().await;
    settings.times.give_up = Some(Duration::from_millis(300));
    let mut desk = Desk::open(settings);
    let line = centre.bound().await;
    assert_eq!(desk.told().await, "up");
    // A session is no absence, however long it lasts.
    tokio::time::sleep(Duration::from_millis(600)).await;
    drop((line, centre));
    let mut told = vec![desk.told().await];
    assert!(told[0].starts_with("down: "), "{told:?}");
    desk.send(1, "Hi").await;
    while let Some(report) = desk.0.reports.recv().await {
        told.push(crate::desk::told(&report));
    }
    let last = told.split_off(told.len() - 2);
    assert_eq!(
        last,
        [
            "1.0 unsent",
            "stopped: nobody listens at the gateway's address"
        ]
    );
    assert!(told.iter().all(|told| told.starts_with("down: ")));
}
