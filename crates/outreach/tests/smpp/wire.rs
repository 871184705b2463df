//! Bytes on the wire, one by one.

use crate::desk::Desk;
use crate::raw::{BIND, Centre, ENQUIRE, Line, NACK, RESPONSE, SUBMIT, UNBIND, pdu};
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::time::sleep;

#[tokio::test]
async fn a_bind_says_what_the_account_is_and_which_version() {
    let (centre, mut settings) = Centre::open().await;
    settings.system_type = "poll".to_owned();
    let _desk = Desk::open(settings);
    let bind = centre.connection().await.hear(BIND).await;
    assert_eq!((bind.status, bind.sequence), (0, 1));
    assert_eq!(bind.body, b"sijill\0secret\0poll\0\x34\0\0\0");
}

#[tokio::test]
async fn a_short_message_has_each_byte_in_its_place() {
    let (centre, mut settings) = Centre::open().await;
    settings.validity = Some(Duration::from_secs(3_600));
    let desk = Desk::open(settings);
    let mut line = centre.bound().await;
    desk.send(1, "Hi @ €").await;
    let submit = line.hear(SUBMIT).await;
    assert_eq!((submit.status, submit.sequence), (0, 2));
    let fields = [
        &b"\0"[..],          // service type
        b"\x05\x00Portal\0", // sender: a name
        b"\x01\x01",         // recipient: international, E.164
        b"9647701234567\0",
        b"\x00\x00\x00",       // esm_class, protocol, priority
        b"\0",                 // schedule: at once
        b"000000010000000R\0", // validity: an hour
        b"\x01\x00\x00\x00",   // receipt wanted, no replacement, GSM-7, no predefined message
        b"\x07Hi \x00 \x1b\x65",
    ];
    assert_eq!(submit.body, fields.concat());
}

#[tokio::test]
async fn a_message_is_not_delivered_when_it_is_of_no_use_any_more() {
    let (centre, mut settings) = Centre::open().await;
    settings.validity = Some(Duration::from_secs(30 * 86_400));
    let desk = Desk::open(settings);
    let mut line = centre.bound().await;
    // It is of use for a day.
    desk.send(1, "Hi").await;
    let body = line.hear(SUBMIT).await.body;
    let validity = b"000001000000000R\0";
    assert!(body.windows(validity.len()).any(|at| at == validity));
}

#[tokio::test]
async fn each_segment_of_a_long_message_has_its_header_and_says_so() {
    let (centre, settings) = Centre::open().await;
    let desk = Desk::open(settings);
    let mut line = centre.bound().await;
    desk.send(7, &"ن".repeat(68)).await;
    desk.send(8, &"ن".repeat(71)).await;
    let bodies = [
        line.hear(SUBMIT).await.body,
        line.hear(SUBMIT).await.body,
        line.hear(SUBMIT).await.body,
    ];
    let class = "\0\x05\0Portal\0\x01\x019647701234567\0".len();
    assert_eq!(
        bodies.each_ref().map(|body| body[class]),
        [0x00, 0x40, 0x40]
    );
    let coding = class + 7;
    assert_eq!(bodies.each_ref().map(|body| body[coding]), [8, 8, 8]);
    let messages = bodies.each_ref().map(|body| &body[coding + 3..]);
    assert_eq!(messages[0].len(), 136);
    assert_eq!(&messages[1][..8], [5, 0, 3, 8, 2, 1, 0x06, 0x46]);
    assert_eq!(messages[1].len(), 6 + 2 * 67);
    assert_eq!(
        messages[2],
        [5, 0, 3, 8, 2, 2, 6, 0x46, 6, 0x46, 6, 0x46, 6, 0x46]
    );
}

#[tokio::test]
async fn no_more_than_a_window_waits_for_its_response() {
    let (centre, mut settings) = Centre::open().await;
    settings.window = 3;
    let mut desk = Desk::open(settings);
    let mut line = centre.bound().await;
    assert_eq!(desk.told().await, "up");
    let submits = desk.0.submits.clone();
    let sending = tokio::spawn(async move {
        for invitation in 0..9 {
            let submit = crate::desk::submits(invitation, crate::desk::NUMBER, "Hi").remove(0);
            submits.send(submit).await.unwrap();
        }
    });
    let mut heard = Vec::new();
    for round in 0..3 {
        for _ in 0..3 {
            heard.push(line.hear(SUBMIT).await);
        }
        line.is_silent().await;
        // Answered in another order.
        for submit in heard.drain(..).rev() {
            line.accept(&submit, "id").await;
        }
        for _ in 0..3 {
            let told = desk.told().await;
            assert!(told.ends_with("accepted as id"), "round {round}: {told}");
        }
    }
    sending.await.unwrap();
}

#[tokio::test]
async fn bytes_that_come_one_at_a_time_are_the_same_commands() {
    let (centre, settings) = Centre::open().await;
    let mut desk = Desk::open(settings);
    let mut line = centre.connection().await;
    line.hear(BIND).await;
    drip(&mut line, &pdu(BIND | RESPONSE, 0, 1, b"centre\0")).await;
    assert_eq!(desk.told().await, "up");
    desk.send(1, "Hi").await;
    let submit = line.hear(SUBMIT).await;
    let answers = [
        pdu(ENQUIRE, 0, 77, b""),
        pdu(SUBMIT | RESPONSE, 0, submit.sequence, b"00ab\0"),
    ];
    drip(&mut line, &answers.concat()).await;
    assert_eq!(line.hear(ENQUIRE | RESPONSE).await.sequence, 77);
    assert_eq!(desk.told().await, "1.0 accepted as 00ab");
}

async fn drip(line: &mut Line, bytes: &[u8]) {
    for byte in bytes {
        line.0.write_all(&[*byte]).await.unwrap();
        sleep(Duration::from_millis(1)).await;
    }
}

#[tokio::test]
async fn what_is_said_right_behind_the_binds_response_is_heard() {
    let (centre, settings) = Centre::open().await;
    let mut desk = Desk::open(settings);
    let mut line = centre.connection().await;
    line.hear(BIND).await;
    let both = [pdu(BIND | RESPONSE, 0, 1, b"\0"), pdu(ENQUIRE, 0, 9, b"")].concat();
    line.0.write_all(&both).await.unwrap();
    assert_eq!(desk.told().await, "up");
    assert_eq!(line.hear(ENQUIRE | RESPONSE).await.sequence, 9);
}

#[tokio::test]
async fn an_unknown_command_gets_a_nack_and_an_unknown_response_none() {
    let (centre, settings) = Centre::open().await;
    let mut desk = Desk::open(settings);
    let mut line = centre.bound().await;
    assert_eq!(desk.told().await, "up");
    line.say(SUBMIT | RESPONSE, 0, 4_000, b"id\0").await;
    line.say(NACK, 3, 4_001, b"").await;
    line.say(0x8000_0103, 0, 4_002, b"what").await;
    line.say(0x0000_0102, 0, 4_003, b"alert").await;
    line.say(0x0000_7777, 0, 4_004, b"nonsense").await;
    line.say(crate::raw::DELIVER, 0, 4_005, b"no delivery")
        .await;
    let nack = line.hear(NACK).await;
    assert_eq!((nack.status, nack.sequence), (3, 4_004));
    let nack = line.hear(NACK).await;
    assert_eq!((nack.status, nack.sequence), (2, 4_005));
    desk.nothing_is_told().await;
    desk.send(1, "Hi").await;
    line.take("id").await;
    assert_eq!(desk.told().await, "1.0 accepted as id");
}

#[tokio::test]
async fn a_nack_of_a_submit_refuses_it() {
    let (centre, settings) = Centre::open().await;
    let mut desk = Desk::open(settings);
    let mut line = centre.bound().await;
    desk.send(1, "Hi").await;
    let submit = line.hear(SUBMIT).await;
    line.say(NACK, 3, submit.sequence, b"").await;
    assert_eq!(
        [desk.told().await, desk.told().await],
        ["up", "1.0 refused 0x3"]
    );
}

#[tokio::test]
async fn leave_is_taken_when_what_is_on_its_way_is_answered() {
    let (centre, settings) = Centre::open().await;
    let desk = Desk::open(settings);
    let mut line = centre.bound().await;
    desk.send(1, "Hi").await;
    desk.send(2, "Hi").await;
    let leaving = tokio::spawn(desk.leave());
    line.take("a").await;
    let second = line.hear(SUBMIT).await;
    line.is_silent().await;
    line.accept(&second, "b").await;
    let unbind = line.hear(UNBIND).await;
    line.say(UNBIND | RESPONSE, 0, unbind.sequence, b"").await;
    assert!(line.next().await.is_none());
    assert_eq!(
        leaving.await.unwrap(),
        ["up", "1.0 accepted as a", "2.0 accepted as b"]
    );
}

#[tokio::test]
async fn a_centre_that_closes_when_leave_is_taken_is_left_all_the_same() {
    let (centre, settings) = Centre::open().await;
    let desk = Desk::open(settings);
    let mut line = centre.bound().await;
    let leaving = tokio::spawn(desk.leave());
    line.hear(UNBIND).await;
    drop(line);
    assert_eq!(leaving.await.unwrap(), ["up"]);
}
