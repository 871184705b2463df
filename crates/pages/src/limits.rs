//! The limits of this crate, each with its unit last and its arithmetic.

/// Bytes that the answer page stays under, uncompressed, for a definition of ordinary length that
/// draws every warning: it must arrive in one go on a slow network even where nobody compresses it.
/// TCP's first window is about 14 kB; headers, TLS and a margin leave 12 kB.
pub const ANSWER_PAGE_BYTES_MAX: usize = 12_000;

/// Ranges of an `Accept-Language` header that are looked at; browsers send five or six, and a
/// longer header is no reason to work longer.
pub const ACCEPT_LANGUAGE_RANGES_MAX: usize = 32;

/// Characters of a short code that stand together, so that it can be read out.
pub const SHORT_CODE_GROUP_CHARS: usize = 4;

/// Characters of a platform's name at the top of its pages: one line of a phone, or two.
pub const THEME_NAME_CHARS_MAX: usize = 60;

/// Bytes of a logo, which is sent with every page: with 3 kB of the answer page and a theme's 1 kB, compressed, it leaves
/// more than a third of the 10 kB that arrive in one go.
pub const LOGO_BYTES_MAX: usize = 2_048;

/// Bytes of a text that fit one QR code: version 40 at error correction level L, byte mode (ISO/IEC 18004, table 7).
pub const QR_TEXT_BYTES_MAX: usize = 2_953;
