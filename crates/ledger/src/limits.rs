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

/// Largest tree, 2^63 − 1 leaves: Go's `sumdb/tlog`, which many clients of the transparency world are, counts in 63
/// bits.
pub const TREE_SIZE_MAX: u64 = i64::MAX as u64;

/// Most hashes of a proof: a tree of at most 2^63 − 1 leaves is 63 high, and a consistency proof has at most one more.
pub const PROOF_HASHES_MAX: usize = 64;

/// Longest hash tile in bytes: 256 hashes of 32.
pub const TILE_BYTES_MAX: usize = 256 * 32;

/// Longest entry bundle in bytes: 256 entries, each after its 16-bit length.
pub const BUNDLE_BYTES_MAX: usize = 256 * (2 + ENTRY_BYTES_MAX);

/// Longest path of a tile in bytes: `tile/entries/` (13), an index below 2^55 as six elements (28), `.p/255` (6), and
/// some room.
pub const TILE_PATH_BYTES_MAX: usize = 64;

/// Most tiles that a reader of tiles keeps beside the tree's right edge: 511 hashes each, 4 MiB in all.
pub const TILES_KEPT_MAX: usize = 256;

/// Longest checkpoint in bytes, signatures included. C2SP asks for at least 16 signatures and expects up to 5,000 bytes
/// of one: 16 × (6,667 in base64 + a key name of 255 + 6) + a body of 330 are 111,178.
pub const CHECKPOINT_BYTES_MAX: usize = 128 * 1024;

/// Latest time of a cosignature in seconds since 1970, as tlog-cosignature bounds it.
pub const COSIGNATURE_TIME_MAX: u64 = i64::MAX as u64;

/// Longest policy in bytes: some thousand lines, where C2SP asks for 32 logs, 32 witnesses and 32 groups.
pub const POLICY_BYTES_MAX: usize = 256 * 1024;

/// Longest tlog-proof in bytes: an entry in base64 (87,380), 64 hashes of 45 bytes, a checkpoint (131,072), and room
/// for the lines' words.
pub const TLOG_PROOF_BYTES_MAX: usize = 224 * 1024;

/// Longest fork in bytes: two checkpoints (262,144), a root and 64 hashes of 45 bytes, and room for the lines' words.
pub const FORK_BYTES_MAX: usize = 384 * 1024;
