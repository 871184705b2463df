//! Every limit of the service, with its unit last and the reason for its size.

use sijill_ledger::limits::ENTRY_BYTES_MAX;
use sijill_store::limits::UNSYNCED_BYTES_MAX;

/// Longest body of a submission, in bytes: a form of three short fields, with room.
pub const FORM_BYTES_MAX: usize = 4 * 1024;

/// Longest promise file taken, in bytes: origin (240), hashes, signature and an answer on the ballot, twice encoded, are
/// below 2 KiB.
pub const OBJECTION_BYTES_MAX: usize = 16 * 1024;

/// Promises looked into at the same time: one has a ledger gone through, the others wait for their turn.
pub const OBJECTORS_MAX: usize = 4;

/// Answers remembered that were promised and found, 40 bytes each.
pub const KEPT_ANSWERS_MAX: usize = 10_000;

/// Time to send a submission's body, in milliseconds: 4 KiB over the slowest mobile network.
pub const FORM_MS_MAX: u64 = 10_000;

/// Time to send a request's head, in milliseconds; also how long a connection may ask for nothing.
pub const HEADER_MS_MAX: u64 = 10_000;

/// Longest head of a request, in bytes: a path of some hundred bytes, a browser's headers of some thousand. It is also
/// what is kept of a response on its way.
pub const HEAD_BYTES_MAX: usize = 16 * 1024;

/// Connections open at the same time. Each has two buffers of at most [`HEAD_BYTES_MAX`], a body of at most
/// [`OBJECTION_BYTES_MAX`] and some KiB of its own: 4,096 × (3 × 16 + 4) KiB = 208 MiB at the very most, a fifth of it
/// where they idle.
pub const CONNECTIONS_MAX: usize = 4_096;

/// Connections without which a service is none.
pub const CONNECTIONS_MIN: usize = 16;

/// Descriptors that connections never get: 64 for the log, its head, snapshots, exports being made, the runtime,
/// standard streams (about 30 are open while it idles) and [`METRICS_CONNECTIONS_MAX`], and [`DESK_CONNECTIONS_MAX`].
pub const DESCRIPTORS_KEPT: u64 = 64 + DESK_CONNECTIONS_MAX as u64;

/// How often somebody who waits for a place, or for the desk, is looked after, in milliseconds.
pub const ROOM_MS: u64 = 100;

/// Time in which a peer must take [`WRITE_BYTES_MIN`] of what waits for it, in milliseconds.
pub const WRITE_MS_MAX: u64 = 30_000;

/// Least bytes that a peer must take in [`WRITE_MS_MAX`]: 16 KiB in 30 seconds is a tenth of the slowest mobile network.
pub const WRITE_BYTES_MIN: usize = 16 * 1024;

/// Requests answered at the same time; more wait in their connections.
pub const REQUESTS_MAX: usize = 1_024;

/// Time from a request to its answer, in milliseconds, the wait for the disk included.
pub const REQUEST_MS_MAX: u64 = 30_000;

/// Polls whose keys stand on the page that checks receipts: some 200 bytes each, so that it stays under 40 kB.
pub const VERIFY_POLLS_MAX: usize = 100;

/// Listeners to live results at the same time.
pub const LISTENERS_MAX: usize = 2_048;

/// Silence after which a live stream sends a comment, so that it is not cut on the way, in milliseconds.
pub const LIVE_SILENCE_MS: u64 = 15_000;

/// Jobs that wait for the writer; when they are as many, answers are told to come again.
pub const QUEUE_JOBS_MAX: usize = 4_096;

/// What a respondent is asked to wait when the queue is full or the ledger frozen, in seconds.
pub const RETRY_AFTER_SECONDS: u64 = 3;

/// Bytes of one group commit, to which one more entry may come: a few frames of the log, behind one sync. While one is
/// made durable, a second waits and a third is written: the log sets how much these two may be.
pub const BATCH_BYTES_MAX: usize = 128 * 1024;
const _: () = assert!(2 * (BATCH_BYTES_MAX + ENTRY_BYTES_MAX) <= UNSYNCED_BYTES_MAX);

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

/// Bytes that the desk passes over after a line that it refused, and for how many milliseconds, so that the refusal
/// arrives: a few such lines of who did not know the limit.
pub const DESK_REST_BYTES_MAX: u64 = 16 * DESK_LINE_BYTES_MAX as u64;
/// See [`DESK_REST_BYTES_MAX`].
pub const DESK_REST_MS_MAX: u64 = 2_000;

/// Conversations at the desk at the same time; more wait. Each is one command of an operator.
pub const DESK_CONNECTIONS_MAX: usize = 64;

/// Longest that the disk may take over one commit, in milliseconds: as long as a request may take in all. A disk that is
/// silent for longer has failed, whatever it says afterwards.
pub const COMMIT_MS_MAX: u64 = REQUEST_MS_MAX;

/// Time in which a service that has failed still says so (503, `/health`) before it ends, in milliseconds: what asks
/// every few seconds gets to know.
pub const FAREWELL_MS: u64 = 10_000;

/// How often a service looks whether it has failed, in milliseconds.
pub const LOOK_MS: u64 = 250;

/// How often one who may block looks whether the writer has answered, in milliseconds: operators are few.
pub const WAIT_MS: u64 = 2;

/// Least time between two publications of answers, in milliseconds: more would only be work.
pub const PUBLICATION_MS_MIN: u64 = 1_000;

/// Time that open connections get to end when the service stops, in milliseconds.
pub const STOP_MS_MAX: u64 = 5_000;

/// Bytes of entries that the scrubber reads in a second, about: a hundredth of what a disk gives, and a ledger of a
/// million answers is through in five minutes.
pub const SCRUB_BYTES_PER_SECOND: u64 = 1024 * 1024;

/// Entries of one step of the scrubber, which a publication may have to wait for: a bundle, some 60 KiB.
pub const SCRUB_ENTRIES: u64 = 256;

/// Time between two rounds of the scrubber, in milliseconds.
pub const SCRUB_REST_MS: u64 = 600_000;

/// Tiles that the scrubber writes anew in one round of a poll: they are kept in memory, some 4 MiB, until all of the
/// ledger was read. The next round has the next ones.
pub const SCRUB_TILES_MAX: usize = 64;

/// Bytes of full tiles and bundles that are kept in memory: some 3,000 tiles, or 700 bundles of 40 KiB.
pub const TILES_KEPT_BYTES_MAX: usize = 32 * 1024 * 1024;

/// Connections to the metrics' listener at the same time; more wait. One collector, and whoever looks beside it.
pub const METRICS_CONNECTIONS_MAX: usize = 8;

/// Minutes for which arrivals are kept: what a monitor shows at once. 30 counts of 8 bytes a poll.
pub const ARRIVAL_MINUTES: usize = 30;

/// What an answer takes on disk, in bytes, rather too much than too little: its share of the log, of bundles, tiles and
/// the export that observers download was some 1,000 bytes in a demo of 2,000 answers.
pub const ANSWER_DISK_BYTES: u64 = 2 * 1024;

/// Time in which a link to the monitor can be used, in milliseconds: to copy it from a terminal to a browser.
pub const MONITOR_LINK_MS: u64 = 600_000;

/// Time for which a browser keeps the monitor open, in milliseconds: a long day.
pub const MONITOR_VISIT_MS: u64 = 43_200_000;
