//! The real Kannel between us and a message centre: every segment arrives byte for byte, every receipt and reply comes
//! back. Where Kannel is missing this is skipped, and says so.

use crate::centre::{REFUSED, state_for};
use crate::desk::{Desk, NUMBER, free, settings, submits, told};
use crate::program::{Scene, can_run, until};
use sijill_outreach::gateway::{Outcome, Report, Submit, Ticket};
use smpp34::submit_sm;
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

/// An invitation in Arabic, of two segments, with a link of its own.
fn invitation(number: u32) -> (String, String) {
    let token = format!("{:020}", u64::from(number) * 7_919);
    let text = format!(
        "هل تؤيد إنشاء جسر جديد على نهر دجلة؟ تجيب مرة واحدة، وبلا مقابل: https://ur.example/p/{token}"
    );
    (format!("96477{number:08}"), text)
}

/// What the segments for a number say together, read here from their bytes.
fn joined(taken: &[submit_sm], number: &str) -> String {
    let mut parts: Vec<_> = taken
        .iter()
        .filter(|submit| submit.destination_addr == number)
        .collect();
    parts.sort_by_key(|submit| submit.short_message[5]);
    let units = parts.iter().flat_map(|submit| {
        assert_eq!((submit.esm_class & 0x40, submit.data_coding), (0x40, 8));
        assert_eq!(submit.short_message[..3], [5, 0, 3]);
        submit.short_message[6..]
            .chunks(2)
            .map(|pair| u16::from_be_bytes([pair[0], pair[1]]))
    });
    String::from_utf16(&units.collect::<Vec<_>>()).unwrap()
}

/// What becomes of a segment for this number.
fn outcome_for(number: &str) -> (Outcome, &'static str) {
    if number.ends_with(REFUSED) {
        return (Outcome::Failed, "0x0000000b");
    }
    match state_for(number) {
        ("EXPIRED", _) => (Outcome::Expired, ""),
        ("UNDELIV", error) => (Outcome::Failed, error),
        _ => (Outcome::Delivered, ""),
    }
}

/// What is known of everything that was sent.
#[derive(Default)]
struct Known {
    ids: BTreeMap<String, Ticket>,
    /// What became of each id: the outcome that is final, and its error.
    receipts: BTreeMap<String, (Outcome, String)>,
}

impl Known {
    fn hear(&mut self, report: Report) {
        match report {
            Report::Accepted { ticket, id } => {
                assert_eq!(self.ids.insert(id, ticket), None, "an id is given twice");
            }
            Report::Receipt { receipt, ack } => {
                let became = (receipt.outcome, receipt.error);
                assert_eq!(
                    self.receipts.insert(receipt.id, became),
                    None,
                    "it is told of twice"
                );
                ack.give();
            }
            Report::Up => {}
            other => panic!("{}", told(&other)),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn invitations_arrive_whole_through_kannel_and_every_receipt_is_matched() {
    if !can_run("invitations_arrive_whole_through_kannel_and_every_receipt_is_matched") {
        return;
    }
    let mut scene = Scene::open().await;
    let count = 200;
    let all = (0..count).map(|number| (number, invitation(number)));
    let mut todo: VecDeque<Submit> = all
        .flat_map(|(number, (to, text))| submits(number, &to, &text))
        .collect();
    let segments = todo.len();
    assert_eq!(segments, 2 * count as usize);
    let mut known = Known::default();
    while known.ids.len() < segments || known.receipts.len() < segments {
        let submits = scene.desk.0.submits.clone();
        tokio::select! {
            room = submits.reserve(), if !todo.is_empty() => room.unwrap().send(todo.pop_front().unwrap()),
            report = scene.desk.report() => known.hear(report),
        }
    }
    let taken = scene.centre.desk.taken.lock().unwrap().clone();
    let logs = scene.logs();
    for number in 0..count {
        let (to, text) = invitation(number);
        assert!(!logs.contains(&to), "the logs have {to}");
        for part in 0..2 {
            let ticket = Ticket {
                invitation: number,
                attempt: 1,
                part,
            };
            let id = format!("{number}.1.{part}");
            assert_eq!(known.ids.get(&id), Some(&ticket));
            let (outcome, error) = outcome_for(&to);
            assert_eq!(
                known.receipts.get(&id),
                Some(&(outcome, error.to_owned())),
                "{id}"
            );
        }
        let arrived = if to.ends_with(REFUSED) {
            String::new()
        } else {
            text
        };
        assert_eq!(joined(&taken, &to), arrived);
    }
    assert_eq!(taken.len(), segments * 9 / 10);
    for submit in &taken {
        let sender = (
            submit.source_addr_ton,
            submit.source_addr_npi,
            &*submit.source_addr,
        );
        assert_eq!(sender, (5, 0, "Portal"));
        assert_eq!((submit.dest_addr_ton, submit.dest_addr_npi), (1, 1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_character_arrives_as_it_was_sent_and_spaces_where_segments_meet() {
    if !can_run("every_character_arrives_as_it_was_sent_and_spaces_where_segments_meet") {
        return;
    }
    let mut scene = Scene::open().await;
    let basic: String = (0..0x80_u8)
        .filter(|code| *code != 0x1B)
        .map(|code| {
            sijill_outreach::segment::said(sijill_outreach::segment::Encoding::Gsm7, &[code])
        })
        .collect();
    let texts = [
        basic,
        "^{}\\[~]|€\u{c}".to_owned(),
        "a".repeat(160),
        "€".repeat(160),
        format!("{} {}", "a".repeat(152), "b".repeat(152)),
        format!("{} {} ", "ن".repeat(66), "ن".repeat(65)),
        format!("{} ل\n", "ن".repeat(67)),
        " ".repeat(70) + "ن",
        "ئایا پشتگیری دروستکردنی پردێک دەکەیت؟ %d %A + & # \u{200c}".to_owned(),
    ];
    for (invitation, text) in (1..).zip(&texts) {
        let expected = submits(invitation, NUMBER, text);
        scene.desk.send(invitation, text).await;
        let taken = || scene.centre.desk.taken.lock().unwrap().len();
        until(|| taken() == expected.len()).await;
        let mut taken = std::mem::take(&mut *scene.centre.desk.taken.lock().unwrap());
        // What comes together arrives in any order.
        taken.sort_by_key(|submit| (submit.esm_class & 0x40 != 0).then(|| submit.short_message[5]));
        let bytes: Vec<_> = taken
            .iter()
            .map(|submit| &submit.short_message[..])
            .collect();
        let sent: Vec<_> = expected
            .iter()
            .map(|submit| {
                [
                    &submit.segment.header.map_or(vec![], Vec::from)[..],
                    &submit.segment.text,
                ]
                .concat()
            })
            .collect();
        assert_eq!(bytes, sent, "{text:?}");
    }
    let mut told = Vec::new();
    for _ in 0..texts.len() {
        told.push(scene.desk.told().await);
    }
    assert!(
        told.iter().all(|told| !told.contains("refused")),
        "{told:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_confirmed_is_said_again_and_nobody_who_replies_is_answered() {
    if !can_run("what_is_not_confirmed_is_said_again_and_nobody_who_replies_is_answered") {
        return;
    }
    let mut scene = Scene::open().await;
    assert_eq!(scene.desk.told().await, "up");
    scene.desk.send(1, "Hi").await;
    assert_eq!(scene.desk.told().await, "1.0 accepted as 1.1.0");
    let arabic: Vec<u8> = "توقف".encode_utf16().flat_map(u16::to_be_bytes).collect();
    for (expected, coding, message) in [
        ("receipt 1.1.0 Delivered ", None, vec![]),
        ("reply true توقف", Some(8), arabic),
        (
            "reply true Stop @ {€} + & %d",
            Some(0),
            b"Stop \x00 \x1b\x28\x1b\x65\x1b\x29 + & %d".to_vec(),
        ),
        ("reply true café", Some(3), b"caf\xe9".to_vec()),
    ] {
        if let Some(coding) = coding {
            writes(&scene, coding, &message).await;
        }
        // The first time it is not confirmed.
        for given in [false, true] {
            let report = scene.desk.report().await;
            assert_eq!(told(&report), expected);
            match report {
                Report::Receipt { ack, .. } | Report::Reply { ack, .. } if given => ack.give(),
                _ => {}
            }
        }
    }
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    scene.desk.nothing_is_told().await;
    assert_eq!(scene.centre.desk.taken.lock().unwrap().len(), 1);
}

/// A person writes this to us.
async fn writes(scene: &Scene, coding: u8, message: &[u8]) {
    let peer = scene.centre.peer().unwrap();
    let reply = peer
        .deliver_sm()
        .source_addr_ton(1)
        .source_addr_npi(1)
        .source_addr(NUMBER)
        .destination_addr("2026")
        .data_coding(coding)
        .short_message(message);
    reply.send().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_while_nobody_listens_comes_when_somebody_does() {
    if !can_run("what_comes_while_nobody_listens_comes_when_somebody_does") {
        return;
    }
    let mut scene = Scene::open().await;
    assert_eq!(scene.desk.told().await, "up");
    let Scene { desk, .. } = &mut scene;
    let nobody = Desk::open(settings(free()));
    std::mem::replace(desk, nobody).leave().await;
    writes(&scene, 0, b"Stop").await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    scene.desk = Desk::open(scene.settings.clone());
    while scene.desk.told().await != "reply true Stop" {}
}

#[tokio::test(flavor = "multi_thread")]
async fn a_callback_that_is_given_up_sends_nothing_to_whoever_wrote() {
    if !can_run("a_callback_that_is_given_up_sends_nothing_to_whoever_wrote") {
        return;
    }
    let mut scene = Scene::calling_again(1).await;
    assert_eq!(scene.desk.told().await, "up");
    writes(&scene, 0, b"Stop").await;
    for _ in 0..2 {
        assert_eq!(scene.desk.told().await, "reply true Stop");
    }
    tokio::time::sleep(Duration::from_secs(3)).await;
    scene.desk.nothing_is_told().await;
    assert!(scene.centre.desk.taken.lock().unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_stops_everything() {
    if !can_run("a_wrong_password_stops_everything") {
        return;
    }
    let mut scene = Scene::with_another_password().await;
    assert_eq!(scene.desk.told().await, "up");
    scene.desk.send(1, "Hi").await;
    assert_eq!(scene.desk.told().await, "1.0 unsent");
    let expected = "stopped: the gateway refuses this account, or this machine (HTTP 403)";
    assert_eq!(scene.desk.told().await, expected);
}
