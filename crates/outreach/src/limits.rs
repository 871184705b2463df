//! Every limit of this crate, with its unit last and the arithmetic behind it.

/// Invitations of one chunk of the vault: 128 × 32 bytes are the 4 KiB that a disk reads at a time anyway, and one chunk
/// is all that looking up one invitation decrypts. Its nonce and tag (40 bytes) are 1 % of it.
pub const CHUNK_RECORDS: usize = 128;

/// Most memory that a vault may ask for to make a key from a passphrase, in KiB: 1 GiB. Sixteen times what we ask for,
/// and what a machine of the sender has; a file of somebody else's must not take more.
pub const PASSPHRASE_KIB_MAX: u32 = 1 << 20;

/// Most passes over that memory: with all of it, some seconds each.
pub const PASSPHRASE_PASSES_MAX: u32 = 16;

/// Most lanes of that memory.
pub const PASSPHRASE_LANES_MAX: u32 = 16;

/// Segments of a message: what a definition's `segments_max` can be at most.
pub const PARTS_MAX: u8 = 10;

/// Attempts at a message in one wave. More than one is made only where nobody knows whether the one before arrived.
pub const TRIES_MAX: u8 = 3;

/// How often a segment is handed in again that the gateway refuses for the moment (its queue is full, it is throttled).
/// At a second each and more, this is a quarter of an hour and more.
pub const RETRIES_MAX: u16 = 1_000;

/// How often a segment is handed in again whose refusal does not say that time helps.
pub const RETRIES_FEW: u16 = 3;

/// Invitations named in one step of the journal: 1,000 of at most 5 bytes each are far below the limit of a frame.
pub const CHOSEN_MAX: usize = 1_000;

/// Most bytes of a frame's steps: the canonical encoding's limit is 65,535.
pub const FRAME_BYTES_MAX: usize = 60_000;

/// Longest id that a gateway may give to a segment. SMPP's own limit is 64 characters.
pub const ID_CHARS_MAX: usize = 64;

/// Receipts kept whose id nobody knows yet. Each takes below 500 bytes.
pub const PARKED_MAX: usize = 10_000;

/// Bytes of a page of the files that are derived from the journal.
pub const PAGE_BYTES: usize = 4_096;

/// Pages of such a file that are kept in memory: 16 MiB.
pub const PAGES_KEPT: usize = 4_096;

/// Reports taken in at once, before what they say is made durable.
pub const REPORTS_AT_ONCE: usize = 512;

/// Segments put on their way at once, before that is made durable.
pub const SEGMENTS_AT_ONCE: usize = 256;

/// Statuses of refusals that are told apart in a wave; whatever comes after them is counted as one.
pub const STATUSES_MAX: usize = 64;

/// Most bytes of the file that tells how sending goes: 65 statuses of at most 40, nine standings of at most 24, and some
/// hundred for the rest are below 4 KiB, and this is four times as much.
pub const STATE_BYTES_MAX: u64 = 16 * 1024;

/// Last moment that may stand in it, in milliseconds since 1970: the end of the year 9999.
pub const STATE_MOMENT_MS_MAX: u64 = 253_402_300_799_999;

/// How old it may be, in milliseconds, and still tell of a process that sends: it is written each second, and a busy disk
/// may take some.
pub const LIVE_MS_MAX: u64 = 10_000;
