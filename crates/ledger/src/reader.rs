//! The reader of canonical bytes: what `codec` decodes with, as a deserializer of serde's.
//!
//! It reads the encoding of `docs/SPEC.md`, "Canonical bytes", and no other form of a value: an integer that is longer
//! than need be is refused here, bytes left over by `codec`. It exists because an audit and a restart read every entry:
//! the library that writes the bytes reads a hash as 32 fallible calls, and would have to write them anew to see whether
//! they are the one form (docs/PERFORMANCE.md).
//!
//! A length never makes it claim memory: every element has at least one byte, and room is made for few at once.

use serde::de::{
    self, DeserializeSeed, Deserializer, EnumAccess, SeqAccess, VariantAccess, Visitor,
};
use std::fmt;

/// Elements that a list gets room for before they are read.
const ROOM_ELEMENTS_MAX: usize = 64;

/// Why bytes decode to nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ReadError {
    /// They end inside a value.
    Ends,
    /// A number, tag or text that is none of its type.
    Not(&'static str),
    /// An integer in more bytes than it needs.
    NotShortest,
    /// What the type itself says of a value.
    Refused(String),
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ends => f.write_str("they end inside a value"),
            Self::Not(what) => write!(f, "{what} expected, and found none"),
            Self::NotShortest => f.write_str("an integer is longer than it need be"),
            Self::Refused(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for ReadError {}

impl de::Error for ReadError {
    fn custom<T: fmt::Display>(why: T) -> Self {
        Self::Refused(why.to_string())
    }
}

/// Reads values from the front of some bytes.
pub(crate) struct Reader<'de> {
    rest: &'de [u8],
}

impl<'de> Reader<'de> {
    /// A reader of these bytes.
    pub(crate) fn new(bytes: &'de [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Number of bytes not read yet.
    pub(crate) fn left(&self) -> usize {
        self.rest.len()
    }

    #[inline]
    fn byte(&mut self) -> Result<u8, ReadError> {
        let (byte, rest) = self.rest.split_first().ok_or(ReadError::Ends)?;
        self.rest = rest;
        Ok(*byte)
    }

    #[inline]
    fn array<const N: usize>(&mut self) -> Result<[u8; N], ReadError> {
        let (bytes, rest) = self.rest.split_first_chunk::<N>().ok_or(ReadError::Ends)?;
        self.rest = rest;
        Ok(*bytes)
    }

    fn take(&mut self, length: usize) -> Result<&'de [u8], ReadError> {
        let (bytes, rest) = self.rest.split_at_checked(length).ok_or(ReadError::Ends)?;
        self.rest = rest;
        Ok(bytes)
    }

    /// An integer of variable length, of at most as many bytes as its type has.
    #[inline]
    fn integer(&mut self, bytes_max: usize) -> Result<u64, ReadError> {
        let (value, bytes, shorter_max) = match self.byte()? {
            small @ 0..=250 => return Ok(u64::from(small)),
            251 => (u64::from(u16::from_le_bytes(self.array()?)), 2, 250),
            252 => {
                let value = u32::from_le_bytes(self.array()?);
                (u64::from(value), 4, u64::from(u16::MAX))
            }
            253 => {
                let value = u64::from_le_bytes(self.array()?);
                (value, 8, u64::from(u32::MAX))
            }
            _ => return Err(ReadError::Not("an integer")),
        };
        match (bytes <= bytes_max, value > shorter_max) {
            (true, true) => Ok(value),
            (true, false) => Err(ReadError::NotShortest),
            (false, _) => Err(ReadError::Not("an integer of its type")),
        }
    }

    /// The length of a text or list, of which every element has at least one byte.
    fn length(&mut self) -> Result<usize, ReadError> {
        let length = usize::try_from(self.integer(8)?).map_err(|_| ReadError::Ends)?;
        match length <= self.rest.len() {
            true => Ok(length),
            false => Err(ReadError::Ends),
        }
    }

    fn text(&mut self) -> Result<&'de str, ReadError> {
        let length = self.length()?;
        std::str::from_utf8(self.take(length)?).map_err(|_| ReadError::Not("UTF-8"))
    }

    #[inline]
    fn flag(&mut self) -> Result<bool, ReadError> {
        match self.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(ReadError::Not("0 or 1")),
        }
    }
}

/// Kinds of values that the encoding has not.
macro_rules! none {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, _: V) -> Result<V::Value, ReadError> {
            Err(ReadError::Not("a kind of value that the encoding has"))
        }
    )*};
}

impl<'de> Deserializer<'de> for &mut Reader<'de> {
    type Error = ReadError;

    none!(deserialize_any deserialize_ignored_any deserialize_identifier deserialize_map deserialize_char
        deserialize_f32 deserialize_f64 deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64);

    fn is_human_readable(&self) -> bool {
        false
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        visitor.visit_bool(self.flag()?)
    }

    #[inline]
    fn deserialize_u8<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        visitor.visit_u8(self.byte()?)
    }

    fn deserialize_u16<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        visitor.visit_u64(self.integer(2)?)
    }

    fn deserialize_u32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        visitor.visit_u64(self.integer(4)?)
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        visitor.visit_u64(self.integer(8)?)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        visitor.visit_borrowed_str(self.text()?)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        visitor.visit_borrowed_str(self.text()?)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        let length = self.length()?;
        visitor.visit_borrowed_bytes(self.take(length)?)
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        self.deserialize_bytes(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        match self.flag()? {
            true => visitor.visit_some(self),
            false => visitor.visit_none(),
        }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        visitor.visit_unit()
    }

    #[inline]
    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ReadError> {
        let left = self.length()?;
        visitor.visit_seq(Elements { reader: self, left })
    }

    #[inline]
    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        left: usize,
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        visitor.visit_seq(Elements { reader: self, left })
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        left: usize,
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        self.deserialize_tuple(left, visitor)
    }

    #[inline]
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        self.deserialize_tuple(fields.len(), visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        visitor.visit_enum(self)
    }
}

/// Elements one after another, of which so many are left.
struct Elements<'a, 'de> {
    reader: &'a mut Reader<'de>,
    left: usize,
}

impl<'de> SeqAccess<'de> for Elements<'_, 'de> {
    type Error = ReadError;

    #[inline]
    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, ReadError> {
        let Some(left) = self.left.checked_sub(1) else {
            return Ok(None);
        };
        self.left = left;
        seed.deserialize(&mut *self.reader).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.left.min(ROOM_ELEMENTS_MAX))
    }
}

impl<'de> EnumAccess<'de> for &mut Reader<'de> {
    type Error = ReadError;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self), ReadError> {
        let number = self.integer(4)?;
        let variant = seed.deserialize(de::value::U64Deserializer::<ReadError>::new(number))?;
        Ok((variant, self))
    }
}

impl<'de> VariantAccess<'de> for &mut Reader<'de> {
    type Error = ReadError;

    fn unit_variant(self) -> Result<(), ReadError> {
        Ok(())
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, ReadError> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(
        self,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        self.deserialize_tuple(length, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ReadError> {
        self.deserialize_tuple(fields.len(), visitor)
    }
}
