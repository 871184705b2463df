//! A message as it goes over the air: the segments of a text, each with the header that joins them.

pub use sijill_poll::segments::Encoding;

/// Bytes of the header that joins segments: `05 00 03`, reference, number of segments, place from 1 (3GPP TS 23.040,
/// section 9.2.3.24.1).
pub const HEADER_BYTES: usize = 6;

/// One short message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// How its text is encoded.
    pub encoding: Encoding,
    /// The header that joins it to the others, where there are others.
    pub header: Option<[u8; HEADER_BYTES]>,
    /// The text: one septet of GSM-7 a byte, or UCS-2, big-endian.
    pub text: Vec<u8>,
}
