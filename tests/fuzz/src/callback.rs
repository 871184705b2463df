//! What a gateway over HTTP says by callback: receipts, and whatever people write back.

use sijill_outreach::kannel::callback::{Said, Strange, read};
use sijill_outreach::kannel::settings::{Callbacks, Secret};
use std::net::{Ipv4Addr, SocketAddr};
use zeroize::Zeroizing;

const SECRET: &str = "0123456789abcdef012345";

/// A callback is heard only with the secret right before its last part, and what it says is no longer than itself: an
/// id of three numbers, a short error, a text.
pub(crate) fn check(bytes: &[u8]) {
    let target = String::from_utf8_lossy(bytes);
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let read = read(&callbacks(), path, query);
    let addressed = ["dlr", "sms"]
        .map(|kind| format!("{SECRET}/{kind}"))
        .iter()
        .any(|end| path == end || path.ends_with(&format!("/{end}")));
    assert_eq!(addressed, read != Err(Strange::NotHere));
    match read {
        Ok(Said::Receipt(receipt)) => {
            let numbers: Vec<u32> = receipt
                .id
                .split('.')
                .map(|number| number.parse().expect("an id is made of numbers"))
                .collect();
            assert!(matches!(numbers[..], [_, 0..=0xFFFF, 0..=0xFF]));
            assert!(receipt.error.len() <= 16 && receipt.error.is_ascii());
            assert_eq!(receipt.to, None);
        }
        Ok(Said::Reply { text, .. }) => assert!(text.len() <= 3 * target.len()),
        Ok(Said::OfAnother) | Err(_) => {}
    }
}

fn callbacks() -> Callbacks {
    Callbacks {
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 13_080)),
        address: "http://127.0.0.1:13080".to_owned(),
        secret: Secret::new(Zeroizing::new(SECRET.to_owned())),
        poll: "bridge".to_owned(),
    }
}
