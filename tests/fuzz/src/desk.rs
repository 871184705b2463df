//! The desk's socket: what an operator's command asks, and what a server answers, line by line.

use data_encoding::BASE64;
use sijill_ledger::codec;
use sijill_poll::Event;
use sijill_server::{Ask, Reply};

/// A line is one whole wish or none, and a wish that is written again is the same; so is an answer.
pub(crate) fn check(bytes: &[u8]) {
    let line = bytes.split_inclusive(|byte| *byte == b'\n').next();
    if let Ok(ask) = Ask::read(line.unwrap_or_default()) {
        let mut written = serde_json::to_vec(&ask).expect("what was read can be written");
        assert!(Ask::read(&written).is_err(), "half a line is no wish");
        written.push(b'\n');
        assert_eq!(Ask::read(&written).ok().as_ref(), Some(&ask));
        if let Ask::Open { event } | Ask::Record { event, .. } = &ask {
            event_is_canonical(event);
        }
    }
    if let Ok(reply) = serde_json::from_slice::<Reply>(bytes) {
        let written = serde_json::to_vec(&reply).expect("what was read can be written");
        assert_eq!(serde_json::from_slice::<Reply>(&written).ok(), Some(reply));
    }
}

fn event_is_canonical(base64: &str) {
    let Ok(bytes) = BASE64.decode(base64.as_bytes()) else {
        return;
    };
    if let Ok(event) = codec::decode::<Event>(&bytes) {
        assert_eq!(codec::encode(&event), Ok(bytes));
    }
}
