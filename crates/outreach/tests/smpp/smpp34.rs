//! The crate `smpp34` as message centre: another implementation reads what is sent, and sends receipts and replies.

use crate::desk::{Desk, NUMBER, SOON, settings, told};
use ::smpp34::server::ESME;
use ::smpp34::{
    SmppConnectionInformation, SmppError, SmppServer, SmppServerListener, TlvTag, bind_transceiver,
    bind_transceiver_resp, submit_sm, submit_sm_resp,
};
use async_trait::async_trait;
use sijill_outreach::gateway::Report;
use std::net::{IpAddr, Ipv4Addr, TcpListener};
use std::sync::{Arc, Mutex};
use tokio::sync::mpsc;
use tokio::time::timeout;

/// What a centre took, and how it answers next.
struct Centre {
    taken: Mutex<Vec<submit_sm>>,
    /// Answers other than an acceptance, the next one last.
    answers: Mutex<Vec<SmppError>>,
    bound: mpsc::UnboundedSender<ESME>,
}

#[async_trait]
impl SmppServerListener for Centre {
    async fn on_bind_transceiver(
        &self,
        bind: bind_transceiver,
        _: &SmppConnectionInformation,
        _: &String,
    ) -> bind_transceiver_resp {
        let right = bind.system_id == "sijill"
            && bind.password == "secret"
            && bind.interface_version == 0x34;
        if right {
            bind.accept("centre".to_owned(), Some(0x34))
        } else {
            bind.reject(SmppError::ESME_RINVPASWD)
        }
    }

    async fn on_submit_sm(
        &self,
        submit: submit_sm,
        _: &SmppConnectionInformation,
        _: &String,
    ) -> submit_sm_resp {
        if let Some(error) = self.answers.lock().unwrap().pop() {
            return submit.reject(error);
        }
        let mut taken = self.taken.lock().unwrap();
        taken.push(submit.clone());
        submit.accept(format!("{:010X}", 0xA0 + taken.len()))
    }

    async fn on_esme_bound(&self, esme: ESME, _: &String) {
        let _ = self.bound.send(esme);
    }
}

/// A centre at work, a desk connected to it, and the centre's way back.
struct Scene {
    centre: Arc<Centre>,
    server: SmppServer,
    desk: Desk,
    esme: ESME,
}

impl Scene {
    async fn new() -> Self {
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let (bound, mut bounds) = mpsc::unbounded_channel();
        let centre = Centre {
            taken: Mutex::default(),
            answers: Mutex::default(),
            bound,
        };
        let centre = Arc::new(centre);
        let mut server = SmppServer::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port, centre.clone());
        server.start().await;
        let mut desk = Desk::open(settings(port));
        // The server may listen a moment after it said so.
        while desk.told().await != "up" {}
        let esme = timeout(SOON, bounds.recv()).await.unwrap().unwrap();
        Self {
            centre,
            server,
            desk,
            esme,
        }
    }

    async fn end(mut self) {
        assert_eq!(self.desk.leave().await, Vec::<String>::new());
        self.server.stop().await;
    }
}

/// What a segment says, read here from its bytes.
fn text(submit: &submit_sm) -> String {
    let body = if submit.esm_class & 0x40 == 0 {
        &submit.short_message[..]
    } else {
        &submit.short_message[6..]
    };
    match submit.data_coding {
        8 => String::from_utf16(
            &body
                .chunks(2)
                .map(|pair| u16::from_be_bytes([pair[0], pair[1]]))
                .collect::<Vec<_>>(),
        )
        .unwrap(),
        _ => String::from_utf8(body.to_vec()).unwrap(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_in_three_languages_arrive_as_they_were_written() {
    let mut scene = Scene::new().await;
    let arabic = "هل تؤيد إنشاء جسر جديد على نهر دجلة؟ أجب هنا: https://ur.example/p/06nq7a6x06s77yrah9aq شكرًا لك";
    let kurdish = "ئایا پشتگیری دروستکردنی پردێکی نوێ دەکەیت؟ لێرە وەڵام بدەرەوە: ur.example/p/06nq7a6x06s77yrah9aq";
    let english =
        "Do you support a new bridge? Answer here: https://ur.example/p/06nq7a6x06s77yrah9aq";
    for (invitation, text) in (1..).zip([arabic, kurdish, english]) {
        scene.desk.send(invitation, text).await;
    }
    let mut told = Vec::new();
    for _ in 0..5 {
        told.push(scene.desk.told().await);
    }
    told.sort();
    assert!(told[0].starts_with("1.0 accepted as 00000000A"), "{told:?}");
    let mut taken = std::mem::take(&mut *scene.centre.taken.lock().unwrap());
    // It takes what comes together in any order.
    taken.sort_by_key(|submit| match submit.esm_class {
        0x40 => (submit.short_message[3], submit.short_message[5]),
        _ => (u8::MAX, 0),
    });
    let classes: Vec<u8> = taken.iter().map(|submit| submit.esm_class).collect();
    assert_eq!(classes, [0x40, 0x40, 0x40, 0x40, 0x00]);
    let texts: Vec<String> = taken.iter().map(text).collect();
    assert_eq!(
        [texts[..2].concat(), texts[2..4].concat(), texts[4].clone()],
        [arabic, kurdish, english]
    );
    for submit in &taken {
        let addressed = (
            submit.dest_addr_ton,
            submit.dest_addr_npi,
            &*submit.destination_addr,
            submit.registered_delivery,
        );
        assert_eq!(addressed, (1, 1, NUMBER, 1));
        assert_eq!(
            (
                submit.source_addr_ton,
                submit.source_addr_npi,
                &*submit.source_addr
            ),
            (5, 0, "Portal")
        );
    }
    scene.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_are_told_with_their_status() {
    let mut scene = Scene::new().await;
    let statuses = [
        SmppError::ESME_RINVDSTADR,
        SmppError::ESME_RMSGQFUL,
        SmppError::ESME_RTHROTTLED,
    ];
    scene.centre.answers.lock().unwrap().extend(statuses);
    for expected in [
        "1.0 refused 0x58",
        "2.0 refused 0x14",
        "3.0 refused 0xb",
        "4.0 accepted as 00000000A1",
    ] {
        scene.desk.send(expected[..1].parse().unwrap(), "Hi").await;
        assert_eq!(scene.desk.told().await, expected);
    }
    scene.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn receipts_by_optional_parts_and_by_text_and_a_persons_reply_arrive_and_are_confirmed() {
    let mut scene = Scene::new().await;
    let delivery = || {
        scene
            .esme
            .deliver_sm()
            .source_addr_ton(1)
            .source_addr_npi(1)
            .source_addr(NUMBER)
    };
    let parts = delivery()
        .esm_class(4)
        .tlv(TlvTag::ReceiptedMessageId, b"00000000A1\0".to_vec())
        .tlv(TlvTag::MessageStateTlv, [2]);
    let text = delivery()
        .esm_class(4)
        .short_message(b"id:161 sub:001 dlvrd:000 stat:EXPIRED err:005 text:".to_vec());
    let stop = "لا"
        .encode_utf16()
        .flat_map(u16::to_be_bytes)
        .collect::<Vec<_>>();
    let reply = delivery().data_coding(8).short_message(stop);
    let all = [
        (parts, "receipt 00000000A1 Delivered "),
        (text, "receipt 161 Expired 005"),
        (reply, "reply لا"),
    ];
    for (delivery, expected) in all {
        let (confirmed, report) = tokio::join!(delivery.send(), async {
            let report = scene.desk.0.reports.recv().await.unwrap();
            let said = told(&report);
            match report {
                Report::Receipt { ack, .. } | Report::Reply { ack, .. } => ack.give(),
                other => panic!("{other:?}"),
            }
            said
        });
        assert!(confirmed.is_ok());
        assert_eq!(report, expected);
    }
    scene.end().await;
}
