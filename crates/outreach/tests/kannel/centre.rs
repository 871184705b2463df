//! The crate `smpp34` as the message centre behind Kannel: what arrives is kept byte for byte, and receipts go back.

use async_trait::async_trait;
use smpp34::server::ESME;
use smpp34::{
    SmppConnectionInformation, SmppError, SmppServer, SmppServerListener, bind_transceiver,
    bind_transceiver_resp, submit_sm, submit_sm_resp,
};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

/// A number that the centre refuses as invalid ends so.
pub const REFUSED: &str = "5";

/// What a receipt says of a segment for this number: its state, and its error.
pub fn state_for(number: &str) -> (&'static str, &'static str) {
    match number.chars().next_back() {
        Some('3') => ("EXPIRED", "000"),
        Some('6') => ("UNDELIV", "027"),
        _ => ("DELIVRD", "000"),
    }
}

/// What the centre keeps.
pub struct Desk {
    pub taken: Mutex<Vec<submit_sm>>,
    /// Who is connected.
    pub peer: Mutex<Option<Arc<ESME>>>,
}

/// A centre at work.
pub struct Centre {
    pub desk: Arc<Desk>,
    /// It ends with this.
    _server: SmppServer,
}

impl Centre {
    pub async fn open(address: SocketAddr) -> Self {
        let desk = Desk {
            taken: Mutex::default(),
            peer: Mutex::default(),
        };
        let desk = Arc::new(desk);
        let localhost = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let mut server = SmppServer::new(localhost, address.port(), desk.clone());
        server.start().await;
        Self {
            desk,
            _server: server,
        }
    }

    /// Who is connected.
    pub fn peer(&self) -> Option<Arc<ESME>> {
        self.desk.peer.lock().unwrap().clone()
    }
}

#[async_trait]
impl SmppServerListener for Desk {
    async fn on_bind_transceiver(
        &self,
        bind: bind_transceiver,
        _: &SmppConnectionInformation,
        _: &String,
    ) -> bind_transceiver_resp {
        if bind.system_id == "sijill" && bind.password == "centre" {
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
        if submit.destination_addr.ends_with(REFUSED) {
            return submit.reject(SmppError::ESME_RINVDSTADR);
        }
        let id = {
            let mut taken = self.taken.lock().unwrap();
            taken.push(submit.clone());
            format!("{:08}", taken.len())
        };
        let peer = self.peer.lock().unwrap().clone();
        if let (Some(peer), 1) = (peer, submit.registered_delivery & 1) {
            tokio::spawn(receipt(peer, submit.clone(), id.clone()));
        }
        submit.accept(id)
    }

    async fn on_esme_bound(&self, esme: ESME, _: &String) {
        *self.peer.lock().unwrap() = Some(Arc::new(esme));
    }
}

async fn receipt(peer: Arc<ESME>, submit: submit_sm, id: String) {
    // Behind the response, as networks do.
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    let (state, error) = state_for(&submit.destination_addr);
    let text = format!(
        "id:{id} sub:001 dlvrd:001 submit date:2611301200 done date:2611301201 stat:{state} err:{error} text:"
    );
    let sent = peer
        .deliver_sm()
        .source_addr_ton(1)
        .source_addr_npi(1)
        .source_addr(submit.destination_addr)
        .destination_addr(submit.source_addr)
        .esm_class(4)
        .short_message(text.into_bytes());
    let _ = sent.send().await;
}
