//! Every limit of the service, with its unit last and the reason for its size.

/// Longest body of a submission, in bytes: a form of three short fields, with room.
pub const FORM_BYTES_MAX: usize = 4 * 1024;

/// Time to send a submission's body, in milliseconds: 4 KiB over the slowest mobile network.
pub const FORM_MS_MAX: u64 = 10_000;

/// Time to send a request's head, in milliseconds.
pub const HEADER_MS_MAX: u64 = 10_000;

/// Requests answered at the same time; more wait in their connections.
pub const REQUESTS_MAX: usize = 1_024;

/// Time from a request to its answer, in milliseconds, the wait for the disk included.
pub const REQUEST_MS_MAX: u64 = 30_000;

/// Listeners to live results at the same time.
pub const LISTENERS_MAX: usize = 2_048;

/// Silence after which a live stream sends a comment, so that it is not cut on the way, in milliseconds.
pub const LIVE_SILENCE_MS: u64 = 15_000;

/// Jobs that wait for the writer; when they are as many, answers are told to come again.
pub const QUEUE_JOBS_MAX: usize = 4_096;

/// What a respondent is asked to wait when the queue is full or the ledger frozen, in seconds.
pub const RETRY_AFTER_SECONDS: u64 = 3;

/// Bytes of one group commit: a few frames of the log, behind one sync.
pub const BATCH_BYTES_MAX: usize = 256 * 1024;

/// Entries of one group commit: a quarter of the queue, so that the next batch is waiting when this one is durable.
pub const BATCH_ENTRIES_MAX: usize = QUEUE_JOBS_MAX / 4;

/// How long a frozen ledger waits for its `Closed`, in milliseconds.
pub const FREEZE_MS: u64 = 10_000;

/// How far the clock may jump back and entries still take the time of the last one, in milliseconds.
pub const CLOCK_BACK_MS_MAX: u64 = 60_000;

/// How often publications are looked at while nothing happens, in milliseconds.
pub const TICK_MS: u64 = 250;

/// Entries in one answer of the desk.
pub const DESK_ENTRIES_MAX: usize = 256;

/// Longest line on the desk's socket, in bytes: an entry in base64 with its envelope; answers are longer.
pub const DESK_LINE_BYTES_MAX: usize = 256 * 1024;

/// Least time between two publications of answers, in milliseconds: more would only be work.
pub const PUBLICATION_MS_MIN: u64 = 1_000;

/// Time that open connections get to end when the service stops, in milliseconds.
pub const STOP_MS_MAX: u64 = 5_000;
