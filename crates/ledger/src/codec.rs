//! Canonical bytes: the one encoding that everything hashed, signed or stored is in.
//!
//! It is what bincode 2's `config::standard()` writes through serde; `docs/SPEC.md` states the bytes themselves and
//! golden vectors keep them, so that the format stays ours should the crate go. Nothing else names bincode.
//!
//! Invariants:
//! - a value has exactly one encoding, and decoding accepts no other: what is read is re-encoded and compared;
//! - decoding claims memory by the bytes that are there, whatever they say of their lengths.

use crate::limits::ENTRY_BYTES_MAX;
use crate::reader::Reader;
use serde::{Serialize, de::DeserializeOwned};

/// Room made for bytes that are to be written: most entries are answers, and these are shorter.
const USUAL_BYTES: usize = 256;

/// Why bytes are not the canonical encoding of a value, or a value has none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CodecError {
    /// More bytes than an entry may have.
    #[error("{found} bytes, expected at most {ENTRY_BYTES_MAX}")]
    TooLong {
        /// Number of bytes.
        found: usize,
    },
    /// The bytes decode to nothing of this type.
    #[error("the bytes do not decode: {0}")]
    Malformed(String),
    /// Bytes are left over after the value.
    #[error("{left} bytes are left over after the value")]
    LeftOver {
        /// Number of bytes left.
        left: usize,
    },
    /// The bytes decode, but the value is written otherwise.
    #[error("the bytes decode, but are not the canonical encoding of what they decode to")]
    NotCanonical,
}

/// The canonical bytes of `value`. Fails only where a type cannot be encoded at all, or is too long for an entry.
pub fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, CodecError> {
    encode_after(Vec::with_capacity(USUAL_BYTES), value)
}

/// `front`, and after it the canonical bytes of `value`; together at most as many as an entry may have.
pub fn encode_after<T: Serialize>(front: Vec<u8>, value: &T) -> Result<Vec<u8>, CodecError> {
    let mut written = Written(front);
    bincode::serde::encode_into_writer(value, &mut written, bincode::config::standard())
        .map_err(|error| CodecError::Malformed(error.to_string()))?;
    within_length(&written.0)?;
    Ok(written.0)
}

/// Bytes written so far.
struct Written(Vec<u8>);

impl bincode::enc::write::Writer for &mut Written {
    #[inline]
    fn write(&mut self, bytes: &[u8]) -> Result<(), bincode::error::EncodeError> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }
}

/// The value whose canonical bytes are `bytes`: all of them, and no other encoding of it.
pub fn decode<T: Serialize + DeserializeOwned>(bytes: &[u8]) -> Result<T, CodecError> {
    let (value, used) = decode_prefix::<T>(bytes)?;
    if used != bytes.len() {
        return Err(CodecError::LeftOver {
            left: bytes.len() - used,
        });
    }
    match encodes_to(&value, bytes) {
        true => Ok(value),
        false => Err(CodecError::NotCanonical),
    }
}

/// A value from the front of `bytes`, and how many of them it took; makes no claim that they are canonical.
pub(crate) fn decode_prefix<T: DeserializeOwned>(bytes: &[u8]) -> Result<(T, usize), CodecError> {
    within_length(bytes)?;
    let mut reader = Reader::new(bytes);
    match T::deserialize(&mut reader) {
        Ok(value) => Ok((value, bytes.len() - reader.left())),
        Err(error) => Err(CodecError::Malformed(error.to_string())),
    }
}

/// Whether these are the canonical bytes of `value`, which is encoded again to see it.
fn encodes_to<T: Serialize>(value: &T, bytes: &[u8]) -> bool {
    let mut expected = Expected(bytes);
    let config = bincode::config::standard();
    let written = bincode::serde::encode_into_writer(value, &mut expected, config);
    written.is_ok() && expected.0.is_empty()
}

/// Bytes that must be written next.
struct Expected<'a>(&'a [u8]);

impl bincode::enc::write::Writer for &mut Expected<'_> {
    #[inline]
    fn write(&mut self, bytes: &[u8]) -> Result<(), bincode::error::EncodeError> {
        match self.0.strip_prefix(bytes) {
            Some(rest) => {
                self.0 = rest;
                Ok(())
            }
            None => Err(bincode::error::EncodeError::Other("other bytes")),
        }
    }
}

fn within_length(bytes: &[u8]) -> Result<(), CodecError> {
    if bytes.len() > ENTRY_BYTES_MAX {
        return Err(CodecError::TooLong { found: bytes.len() });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn integers_are_little_endian_and_of_variable_length() {
        assert_eq!(encode(&250u64).unwrap(), [250]);
        assert_eq!(encode(&251u64).unwrap(), [251, 251, 0]);
        assert_eq!(encode(&65_536u64).unwrap(), [252, 0, 0, 1, 0]);
        assert_eq!(
            encode(&(1u64 << 32)).unwrap(),
            [253, 0, 0, 0, 0, 1, 0, 0, 0]
        );
        assert_eq!(encode(&7u8).unwrap(), [7]);
        assert_eq!(encode(&Some("hé")).unwrap(), [1, 3, b'h', 0xc3, 0xa9]);
    }

    #[test]
    fn an_integer_in_a_longer_form_is_refused() {
        assert_eq!(decode::<u64>(&[251, 250, 0]), Err(CodecError::NotCanonical));
        assert_eq!(
            decode::<u64>(&[250, 0]),
            Err(CodecError::LeftOver { left: 1 })
        );
    }

    #[test]
    fn a_length_that_promises_the_moon_claims_no_memory() {
        let bytes = [253, 255, 255, 255, 255, 255, 255, 255, 127, 0];
        assert!(matches!(
            decode::<Vec<u64>>(&bytes),
            Err(CodecError::Malformed(_))
        ));
        assert!(matches!(
            decode::<String>(&bytes),
            Err(CodecError::Malformed(_))
        ));
    }

    proptest! {
        #[test]
        fn what_decodes_is_what_was_encoded(value: (u64, Vec<(String, u32)>, Option<[u8; 32]>)) {
            prop_assert_eq!(decode::<(u64, Vec<(String, u32)>, Option<[u8; 32]>)>(&encode(&value).unwrap()), Ok(value));
        }

        #[test]
        fn the_reader_takes_what_the_library_takes(mut bytes: Vec<u8>, small: bool) {
            if small {
                bytes.iter_mut().for_each(|byte| *byte %= 4);
            }
            type Shape = (u16, Vec<(String, u32)>, Option<[u8; 4]>, Result<bool, u64>);
            let library = bincode::serde::decode_from_slice::<Shape, _>(&bytes, bincode::config::standard().with_limit::<4096>());
            prop_assert_eq!(decode_prefix::<Shape>(&bytes).ok(), library.ok());
        }

        #[test]
        fn no_bytes_make_the_decoder_panic(bytes: Vec<u8>) {
            if let Ok(value) = decode::<(u64, Vec<(String, u32)>, Option<[u8; 32]>)>(&bytes) {
                prop_assert_eq!(encode(&value).unwrap(), bytes);
            }
        }
    }
}
