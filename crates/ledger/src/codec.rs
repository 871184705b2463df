//! Canonical bytes: the one encoding that everything hashed, signed or stored is in.
//!
//! It is what bincode 2's `config::standard()` writes through serde; `docs/SPEC.md` states the bytes themselves and
//! golden vectors keep them, so that the format stays ours should the crate go. Nothing else names bincode.
//!
//! Invariants:
//! - a value has exactly one encoding, and decoding accepts no other: what decodes, encodes to the same bytes;
//! - decoding claims memory by the bytes that are there, whatever they say of their lengths.

use crate::limits::ENTRY_BYTES_MAX;
use crate::reader::{ReadError, Reader};
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
    /// What they say is written otherwise.
    #[error(
        "the bytes are not the canonical encoding of what they say: an integer is longer than it need be"
    )]
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
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, CodecError> {
    let (value, used) = decode_prefix::<T>(bytes)?;
    match bytes.len() - used {
        0 => Ok(value),
        left => Err(CodecError::LeftOver { left }),
    }
}

/// A value from the front of `bytes`, and how many of them it took. What follows it is not looked at.
pub fn decode_prefix<T: DeserializeOwned>(bytes: &[u8]) -> Result<(T, usize), CodecError> {
    within_length(bytes)?;
    let mut reader = Reader::new(bytes);
    match T::deserialize(&mut reader) {
        Ok(value) => Ok((value, bytes.len() - reader.left())),
        Err(ReadError::NotShortest) => Err(CodecError::NotCanonical),
        Err(error) => Err(CodecError::Malformed(error.to_string())),
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
        fn what_decodes_is_what_the_library_reads_and_writes_again(mut bytes: Vec<u8>, small in 0..3u8) {
            match small {
                0 => bytes.iter_mut().for_each(|byte| *byte %= 4),
                1 => bytes.iter_mut().step_by(2).for_each(|byte| *byte = 249 + *byte % 5),
                _ => {}
            }
            type Shape = (u16, Vec<(String, u32)>, Option<[u8; 4]>, Result<bool, u64>);
            let config = bincode::config::standard().with_limit::<4096>();
            for length in 0..=bytes.len() {
                let bytes = &bytes[..length];
                let library = bincode::serde::decode_from_slice::<Shape, _>(bytes, config).ok();
                let again = library.map(|(value, _)| value).filter(|value| encode(value).unwrap() == bytes);
                prop_assert_eq!(decode::<Shape>(bytes).ok(), again);
            }
        }

        #[test]
        fn an_integer_decodes_in_its_shortest_form_alone(value: u64, small: bool, bytes in 0..4usize) {
            let value = if small { value % 300 } else { value };
            let mut written = vec![[0, 251, 252, 253][bytes]];
            written.extend(&value.to_le_bytes()[..[0, 2, 4, 8][bytes]]);
            if bytes == 0 {
                written[0] = value as u8;
            }
            let decoded = decode::<u64>(&written);
            let library = bincode::serde::decode_from_slice::<u64, _>(&written, bincode::config::standard());
            let again = library.ok().map(|(value, _)| value).filter(|value| encode(value).unwrap() == written);
            prop_assert_eq!(decoded.ok(), again);
        }

        #[test]
        fn no_bytes_make_the_decoder_panic(bytes: Vec<u8>) {
            if let Ok(value) = decode::<(u64, Vec<(String, u32)>, Option<[u8; 32]>)>(&bytes) {
                prop_assert_eq!(encode(&value).unwrap(), bytes);
            }
        }
    }
}
