//! Every limit of the auditor, with its unit last and the arithmetic behind it.

use std::time::Duration;

/// Entries read, decoded and verified at a time: thirty-two batches of signatures, so that many cores have work.
pub const CHUNK_ENTRIES_MAX: usize = 32 * BATCH_CLAIMS_MAX;

/// Bytes of entries read at a time; three chunks are in memory at once. 32,768 answers of 250 bytes are 8 MiB.
pub const CHUNK_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Signatures verified in one batch; beyond about a thousand a batch gains no speed.
pub const BATCH_CLAIMS_MAX: usize = 1_024;

/// Failures told one by one for each check; all are counted.
pub const FAILURES_MAX: usize = 20;

/// Longest export taken from an address, in bytes: 45 million people with an answer of 250 bytes and a leaf of 98 are
/// 16 GB; four times that.
pub const EXPORT_BYTES_MAX: u64 = 64 * 1024 * 1024 * 1024;

/// Longest results page or JSON taken from an address, in bytes: 1,000 strata by 50 options, 200 bytes a cell.
pub const FIGURES_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// How long a connection to an address may take.
pub const CONNECT_TIME_MAX: Duration = Duration::from_secs(15);

/// How long an address may take to begin its answer; a server may hash a whole export first.
pub const RESPONSE_TIME_MAX: Duration = Duration::from_secs(10 * 60);

/// How long page or JSON may take altogether.
pub const FIGURES_TIME_MAX: Duration = Duration::from_secs(60);

/// How long an export may take altogether: 16 GB at 1 MB/s are four and a half hours.
pub const EXPORT_TIME_MAX: Duration = Duration::from_secs(6 * 60 * 60);

/// Longest list of checkpoints taken from a published poll, in bytes: 45 million answers published by tens, 2,000 bytes
/// a checkpoint with its cosignatures, are 9 GB; seven times that.
pub const CHECKPOINTS_BYTES_MAX: u64 = 64 * 1024 * 1024 * 1024;

/// Longest roster taken from a published poll, in bytes: as many leaves of 98 bytes as a u32 can count.
pub const ROSTER_BYTES_MAX: u64 = 98 * (1 << 32);

/// How long a checkpoint, tile or bundle may take to begin, and how long altogether after that: the longest bundle has
/// 17 MB, which are three minutes at 100 kB/s.
pub const PIECE_TIME_MAX: Duration = Duration::from_secs(3 * 60);

/// How long a list of checkpoints or a roster may take altogether, as an export.
pub const STREAM_TIME_MAX: Duration = EXPORT_TIME_MAX;

/// Bundles fetched at a time: 8 of 17 MB at most, of 64 KiB as answers are.
pub const BUNDLES_AT_ONCE_MAX: u64 = 8;

/// Tiles asked of one address at the same time.
pub const FETCHES_AT_ONCE_MAX: usize = 8;

/// Folders that a tile's path has at most, one in another: level, and six elements of an index below 2^55.
pub const TILE_FOLDERS_DEEP_MAX: usize = 8;
