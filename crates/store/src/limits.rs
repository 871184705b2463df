//! Every limit of the log, with its unit last and the reason for its size.

use std::time::Duration;

/// Largest frame in bytes, unless it is a single larger entry. sled's leaves hold up to 17 values, and a leaf above a
/// quarter of a segment goes to a blob file that sled never syncs: 17 × 48 KiB is below 4 MiB / 4.
pub const FRAME_BYTES_MAX: usize = 48 * 1024;

/// sled's segment in bytes; fixed when the log is made, and kept in the `format` file.
pub const SEGMENT_BYTES: usize = 4 * 1024 * 1024;

/// sled's cache in bytes.
pub const CACHE_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// How long opening or closing sled may take: it reads the whole log after a crash, at some 100 MiB a second.
pub const SLED_PATIENCE: Duration = Duration::from_secs(600);

/// Least time between two syncs of a head file, unless one is asked for.
pub const HEAD_SYNC_EVERY: Duration = Duration::from_secs(1);

/// Copies of a log that failed starts may leave behind: more tell nothing new and fill the disk.
pub const COPIES_MAX: u32 = 3;

/// Bytes of entries that an import makes durable at once: nobody waits for a single one.
pub const IMPORT_COMMIT_BYTES: usize = 1024 * 1024;

/// Bytes copied at once.
pub const COPY_BYTES: usize = 64 * 1024;
