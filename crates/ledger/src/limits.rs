//! Every limit of the ledger's formats, with its unit last and the arithmetic behind it.

/// Longest canonical entry in bytes: C2SP tlog-tiles gives an entry of a bundle a 16-bit length.
pub const ENTRY_BYTES_MAX: usize = 65_535;

/// Longest origin in bytes; with `/promise` added it still fits a note's key name.
pub const ORIGIN_BYTES_MAX: usize = 240;

/// Longest key name of a signed note in bytes.
pub const KEY_NAME_BYTES_MAX: usize = 255;

/// Longest signed note in bytes, signatures included.
pub const NOTE_BYTES_MAX: usize = 16 * 1024;

/// Most signature lines read from one note; C2SP asks for at least 16.
pub const NOTE_SIGNATURES_MAX: usize = 64;

/// Most sections an export may announce. Three kinds exist; the rest is room for later ones.
pub const SECTIONS_MAX: usize = 64;
