//! Every limit of the log, with its unit last and the reason for its size.

use sijill_ledger::limits::ENTRY_BYTES_MAX;
use std::time::Duration;

/// Largest frame in bytes, unless it is a single larger entry. sled's leaves hold up to 17 values, and a leaf above a
/// quarter of a segment goes to a blob file that sled never syncs: 17 × 48 KiB is below 4 MiB / 4.
pub const FRAME_BYTES_MAX: usize = 48 * 1024;

/// sled's segment in bytes; fixed when the log is made, and kept in the `format` file.
pub const SEGMENT_BYTES: usize = 4 * 1024 * 1024;

/// Bytes of entries that may be written while a commit is on its way to stable storage, or in one commit.
///
/// sled uses a segment again once what stood in it was written elsewhere, and what it takes for written may not be
/// synced yet. Two things keep the old bytes until it is. sled defers: a segment is free only after the one with its
/// last replacement has been left for another whose head is written. And a segment that is taken again is written to at
/// the next flush, which comes after our sync, or when a whole segment of new bytes has come. These bytes stay below
/// that for one ledger: for 8 frames sled may write a leaf of 17 anew twice; 384 KiB are 8 frames, (8 + 2 × 17) × 48
/// KiB is below 2 MiB, and twice that, for frames that are half full, below [`SEGMENT_BYTES`]. Where more than four
/// ledgers are written to at once, it is sled's deferral alone.
pub const UNSYNCED_BYTES_MAX: usize = 384 * 1024;

/// sled's cache in bytes.
pub const CACHE_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// How long opening or closing sled may take: it reads the whole log after a crash, at some 100 MiB a second.
pub const SLED_PATIENCE: Duration = Duration::from_secs(600);

/// Least time between two syncs of a head file, unless one is asked for.
pub const HEAD_SYNC_EVERY: Duration = Duration::from_secs(1);

/// Copies of a log that failed starts may leave behind: more tell nothing new and fill the disk.
pub const COPIES_MAX: u32 = 3;

/// Bytes of entries that an import makes durable at once: nobody waits for a single one.
pub const IMPORT_COMMIT_BYTES: usize = UNSYNCED_BYTES_MAX - ENTRY_BYTES_MAX;

/// Bytes copied at once.
pub const COPY_BYTES: usize = 64 * 1024;

/// Files of tiles and bundles that are put in place before they are made durable together: 512 tiles of 8 KiB and as many
/// bundles of some 60 KiB are about 32 MiB, which a disk takes in a second.
pub const TILES_UNSETTLED_MAX: usize = 1_024;

/// Files made durable at the same time: a disk confirms sixteen in little more time than one, and more would only be
/// threads.
pub const SYNCS_MAX: usize = 16;
