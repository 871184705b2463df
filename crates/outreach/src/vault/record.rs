//! One record of the vault: 32 bytes, so that the place of each follows from its number.
//!
//! ```text
//! number u64 | token (20, ASCII) | stratum u16 | language u8 | 0
//! ```

use super::Contact;
use crate::number::Number;
use sijill_poll::credential::Token;
use sijill_poll::limits::CODE_CHARS;

const TOKEN_AT: usize = 8;
const STRATUM_AT: usize = TOKEN_AT + CODE_CHARS;
const LANGUAGE_AT: usize = STRATUM_AT + 2;

/// Bytes of a record; the last one is reserved and 0.
pub const RECORD_BYTES: usize = LANGUAGE_AT + 2;

/// Appends the record of a contact.
pub fn write(contact: &Contact, to: &mut Vec<u8>) {
    to.extend(contact.number.to_u64().to_le_bytes());
    to.extend(contact.token.reveal().as_bytes());
    to.extend(contact.stratum.to_le_bytes());
    to.extend([contact.language, 0]);
}

/// The contact of a record, if these are the bytes of one.
pub fn read(bytes: Option<&[u8]>) -> Option<Contact> {
    let bytes: &[u8; RECORD_BYTES] = bytes?.try_into().ok()?;
    let (number, rest) = bytes.split_first_chunk()?;
    let (token, rest) = rest.split_first_chunk::<CODE_CHARS>()?;
    let (stratum, rest) = rest.split_first_chunk()?;
    let [language, 0] = rest else { return None };
    let text = std::str::from_utf8(token).ok()?;
    let token: Token = text.parse().ok()?;
    // Tokens are read in several spellings, and kept in one.
    let contact = Contact {
        number: Number::from_u64(u64::from_le_bytes(*number))?,
        stratum: u16::from_le_bytes(*stratum),
        language: *language,
        token,
    };
    (contact.token.reveal() == text).then_some(contact)
}
