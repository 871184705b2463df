//! Canonical bytes: the one encoding that everything hashed, signed or stored is in.
//!
//! It is what bincode 2's `config::standard()` writes through serde; `docs/SPEC.md` states the bytes themselves and
//! golden vectors keep them, so that the format stays ours should the crate go. Nothing else names bincode.
//!
//! Invariants:
//! - a value has exactly one encoding, and decoding accepts no other: what is read is re-encoded and compared;
//! - decoding claims at most [`DECODE_CLAIM_BYTES_MAX`] bytes, whatever the input says of its lengths.

use crate::limits::{DECODE_CLAIM_BYTES_MAX, ENTRY_BYTES_MAX};
use serde::{Serialize, de::DeserializeOwned};

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
    let bytes = bincode::serde::encode_to_vec(value, bincode::config::standard())
        .map_err(|error| CodecError::Malformed(error.to_string()))?;
    within_length(&bytes)?;
    Ok(bytes)
}

/// The value whose canonical bytes are `bytes`: all of them, and no other encoding of it.
pub fn decode<T: Serialize + DeserializeOwned>(bytes: &[u8]) -> Result<T, CodecError> {
    let (value, used) = decode_prefix::<T>(bytes)?;
    if used != bytes.len() {
        return Err(CodecError::LeftOver {
            left: bytes.len() - used,
        });
    }
    if encode(&value)? != bytes {
        return Err(CodecError::NotCanonical);
    }
    Ok(value)
}

/// A value from the front of `bytes`, and how many of them it took; makes no claim that they are canonical.
pub(crate) fn decode_prefix<T: DeserializeOwned>(bytes: &[u8]) -> Result<(T, usize), CodecError> {
    within_length(bytes)?;
    let config = bincode::config::standard().with_limit::<DECODE_CLAIM_BYTES_MAX>();
    bincode::serde::decode_from_slice(bytes, config)
        .map_err(|error| CodecError::Malformed(error.to_string()))
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
        fn no_bytes_make_the_decoder_panic(bytes: Vec<u8>) {
            if let Ok(value) = decode::<(u64, Vec<(String, u32)>, Option<[u8; 32]>)>(&bytes) {
                prop_assert_eq!(encode(&value).unwrap(), bytes);
            }
        }
    }
}
