//! What the centre delivers: receipts and replies, confirmed when the ack is given and not before.

use crate::desk::{Desk, NUMBER, told};
use crate::raw::{Centre, DELIVER, RESPONSE, SUBMIT, UNBIND, delivery};
use sijill_outreach::gateway::{Outcome, Report};
use sijill_outreach::number::Number;
use sijill_outreach::smpp::limits::UNCONFIRMED_MAX;

const RECEIPT: &[u8] = b"id:00AB sub:001 dlvrd:001 submit date:2611301200 done date:2611301201 stat:DELIVRD err:000 text:Hi";

#[tokio::test]
async fn a_receipt_is_confirmed_when_its_ack_is_given_and_not_before() {
    let (centre, settings) = Centre::open().await;
    let mut desk = Desk::open(settings);
    let mut line = centre.bound().await;
    assert_eq!(desk.told().await, "up");
    line.say(DELIVER, 0, 31, &delivery(NUMBER, 4, 0, RECEIPT, &[]))
        .await;
    let Report::Receipt { receipt, ack } = desk.report().await else {
        panic!("no receipt");
    };
    assert_eq!(
        (&*receipt.id, receipt.outcome, &*receipt.error),
        ("00AB", Outcome::Delivered, "")
    );
    assert_eq!(receipt.to, Number::from_digits(NUMBER));
    line.is_silent().await;
    ack.give();
    let confirmed = line.hear(DELIVER | RESPONSE).await;
    assert_eq!(
        (confirmed.status, confirmed.sequence, &*confirmed.body),
        (0, 31, &b"\0"[..])
    );
}

#[tokio::test]
async fn a_receipt_may_come_before_the_response_twice_and_of_what_was_never_sent() {
    let (centre, settings) = Centre::open().await;
    let mut desk = Desk::open(settings);
    let mut line = centre.bound().await;
    desk.send(1, "Hi").await;
    let submit = line.hear(SUBMIT).await;
    let parts: [(u16, &[u8]); 2] = [(0x1E, b"17\0"), (0x0427, &[2])];
    line.say(DELIVER, 0, 1, &delivery(NUMBER, 4, 0, b"", &parts))
        .await;
    line.say(DELIVER, 0, 2, &delivery(NUMBER, 4, 0, b"", &parts))
        .await;
    line.accept(&submit, "17").await;
    line.say(
        DELIVER,
        0,
        3,
        &delivery(NUMBER, 4, 0, b"id:never stat:UNDELIV err:027", &[]),
    )
    .await;
    let expected = [
        "up",
        "receipt 17 Delivered ",
        "receipt 17 Delivered ",
        "1.0 accepted as 17",
        "receipt never Failed 027",
    ];
    for expected in expected {
        let report = desk.report().await;
        assert_eq!(told(&report), expected);
        if let Report::Receipt { ack, .. } = report {
            ack.give();
        }
    }
    for sequence in 1..=3 {
        assert_eq!(line.hear(DELIVER | RESPONSE).await.sequence, sequence);
    }
}

#[tokio::test]
async fn a_person_is_heard_in_each_encoding_and_not_taken_for_a_receipt() {
    let (centre, settings) = Centre::open().await;
    let mut desk = Desk::open(settings);
    let mut line = centre.bound().await;
    assert_eq!(desk.told().await, "up");
    let stop = "توقف"
        .encode_utf16()
        .flat_map(u16::to_be_bytes)
        .collect::<Vec<_>>();
    let headed = [&[5, 0, 3, 1, 2, 1][..], &stop].concat();
    let said: [(u8, u8, &[u8], &str); 4] = [
        (0, 0, b"STOP \x1b\x65", "reply STOP €"),
        (0, 8, &stop, "reply توقف"),
        (0x40, 8, &headed, "reply توقف"),
        (
            0,
            0,
            RECEIPT,
            &format!("reply {}", String::from_utf8_lossy(RECEIPT)),
        ),
    ];
    for (class, coding, message, expected) in said {
        line.say(
            DELIVER,
            0,
            1,
            &delivery(NUMBER, class, coding, message, &[]),
        )
        .await;
        let report = desk.report().await;
        assert_eq!(told(&report), expected);
        let Report::Reply { from, ack, .. } = report else {
            panic!("no reply");
        };
        assert_eq!(from, Number::from_digits(NUMBER));
        ack.give();
        line.hear(DELIVER | RESPONSE).await;
    }
}

#[tokio::test]
async fn what_is_not_confirmed_takes_no_place_for_ever() {
    let (centre, settings) = Centre::open().await;
    let mut desk = Desk::open(settings);
    let mut line = centre.bound().await;
    assert_eq!(desk.told().await, "up");
    for sequence in 0..UNCONFIRMED_MAX as u32 + 50 {
        line.say(
            DELIVER,
            0,
            sequence + 1,
            &delivery(NUMBER, 4, 0, RECEIPT, &[]),
        )
        .await;
        drop(desk.report().await);
    }
    line.is_silent().await;
}

#[tokio::test]
async fn an_ack_given_after_its_connection_is_gone_confirms_nothing_on_the_next() {
    let (centre, settings) = Centre::open().await;
    let mut desk = Desk::open(settings);
    let mut line = centre.bound().await;
    assert_eq!(desk.told().await, "up");
    line.say(DELIVER, 0, 31, &delivery(NUMBER, 4, 0, RECEIPT, &[]))
        .await;
    let Report::Receipt { ack, .. } = desk.report().await else {
        panic!("no receipt");
    };
    drop(line);
    assert!(desk.told().await.starts_with("down: "));
    let mut line = centre.bound().await;
    assert_eq!(desk.told().await, "up");
    ack.give();
    line.is_silent().await;
}

#[tokio::test]
async fn a_receipt_that_names_nothing_is_confirmed_and_told_to_nobody() {
    let (centre, settings) = Centre::open().await;
    let mut desk = Desk::open(settings);
    let mut line = centre.bound().await;
    assert_eq!(desk.told().await, "up");
    line.say(DELIVER, 0, 5, &delivery(NUMBER, 4, 0, b"stat:DELIVRD", &[]))
        .await;
    assert_eq!(line.hear(DELIVER | RESPONSE).await.sequence, 5);
    desk.nothing_is_told().await;
}

#[tokio::test]
async fn whoever_leaves_confirms_first_what_was_told() {
    let (centre, settings) = Centre::open().await;
    let mut desk = Desk::open(settings);
    let mut line = centre.bound().await;
    assert_eq!(desk.told().await, "up");
    line.say(DELIVER, 0, 5, &delivery(NUMBER, 4, 0, RECEIPT, &[]))
        .await;
    let Report::Receipt { ack, .. } = desk.report().await else {
        panic!("no receipt");
    };
    let leaving = tokio::spawn(desk.leave());
    line.is_silent().await;
    ack.give();
    line.hear(DELIVER | RESPONSE).await;
    line.hear(UNBIND).await;
    drop(line);
    assert_eq!(leaving.await.unwrap(), Vec::<String>::new());
}
