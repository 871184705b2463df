//! Base64 as the formats write it (RFC 4648, section 4, with padding): of bytes there is one text, and no other is read.

use data_encoding::BASE64;

/// The bytes of this base64, if it is their one text. The decoder alone would also take several padded texts, one after
/// another, as the base64 of all their bytes.
pub fn decode(text: &str) -> Option<Vec<u8>> {
    let bytes = BASE64.decode(text.as_bytes()).ok()?;
    (BASE64.encode(&bytes) == text).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_one_text_of_bytes_is_read_and_no_other() {
        for bytes in [b"".as_slice(), b"a", b"ab", b"abc", b"abcd"] {
            assert_eq!(decode(&BASE64.encode(bytes)).as_deref(), Some(bytes));
        }
        for text in [
            "YQ", "YQ=", "YR==", "Y Q==", "YQ==\n", "YQ==YQ==", "YQ==YWI=", "YWI=YWJj",
        ] {
            assert_eq!(decode(text), None, "{text}");
        }
    }
}
