//! What a message centre delivers: receipts, and whatever people write back.

use sijill_outreach::receipt::{Delivered, ID_CHARS_MAX, candidates, normalised, read};
use sijill_outreach::smpp::deliver_sm::DeliverSm;

/// Optional part that names the message of a receipt.
const RECEIPTED_MESSAGE_ID: [u8; 2] = [0x00, 0x1E];

/// A receipt has an id that can be looked up and its own outcome, and what neither class nor optional part calls one is
/// a person's.
pub(crate) fn check(bytes: &[u8]) {
    let Some(delivered) = DeliverSm::read(bytes) else {
        return;
    };
    let shown = format!("{delivered:?}");
    assert!(shown.len() < 40, "a delivery is shown: {shown}");
    assert!(delivered.text().len() <= 3 * bytes.len());
    let found = read(&delivered);
    assert_eq!(found, read(&delivered));
    let named = bytes.windows(2).any(|tag| tag == RECEIPTED_MESSAGE_ID);
    let classed = is_receipt_class(&shown);
    match found {
        Delivered::Reply => assert!(!classed),
        Delivered::Nameless => assert!(classed || named),
        Delivered::Receipt(receipt) => {
            assert!(classed || named);
            assert!((1..=ID_CHARS_MAX).contains(&receipt.id.len()));
            assert!(receipt.id.bytes().all(|byte| byte.is_ascii_graphic()));
            let candidates = candidates(&receipt.id);
            assert!((1..=3).contains(&candidates.len()));
            assert_eq!(candidates.first(), Some(&normalised(&receipt.id)));
            assert!(receipt.error.len() <= 16);
        }
    }
}

/// Whether the class that is shown is one of a receipt (SMPP 3.4, section 5.2.12).
fn is_receipt_class(shown: &str) -> bool {
    let digits = shown
        .split("0x")
        .nth(1)
        .map(|rest| rest.trim_end_matches(')'));
    let class = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
    matches!(class.expect("the class is shown") & 0x3C, 0x04 | 0x20)
}
