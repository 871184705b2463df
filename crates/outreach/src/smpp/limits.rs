//! Every limit of a session with a message centre, with its unit last and the reason for its size.

use std::time::Duration;

/// Longest PDU taken, in bytes: a receipt has some hundred; a `message_payload` of a few kilobytes is the longest reply
/// that a phone sends.
pub const PDU_BYTES_MAX: usize = 16 * 1024;

/// Shortest PDU: its header.
pub const PDU_BYTES_MIN: usize = 16;

/// Room for what is read at once, in bytes: the answers and receipts of a window of 50 are some 12 KiB.
pub const READ_BYTES: usize = 16 * 1024;

/// Most submits that may wait for their response: 500 of some 300 bytes are below the buffers of a connection.
pub const WINDOW_MAX: usize = 500;

/// Receipts and replies that are told and not yet confirmed, of about 1 KiB each; while there are as many, nothing more
/// is read.
pub const UNCONFIRMED_MAX: usize = 1_000;

/// Reports in the channel. What does not fit waits in the task: what is told of a window, and of [`UNCONFIRMED_MAX`].
pub const REPORTS_MAX: usize = 256;

/// Reports that wait in the task while no submit is taken.
pub const REPORTS_WAITING_MAX: usize = 1_000;

/// Bytes that wait to be written while nothing is read: a window of submits (500 × 300) and confirmations.
pub const UNWRITTEN_BYTES_MAX: usize = 256 * 1024;

/// Binds in a row that may be refused for a reason that can pass, such as a session that has not ended: with the default
/// times an hour and a half.
pub const BIND_REFUSALS_MAX: u32 = 20;

/// How often it is looked whether anybody still sends, while there is no connection.
pub const LOOK_EVERY: Duration = Duration::from_millis(50);

/// How long a leave waits for confirmations of what was told, and then for the response to it.
pub const LEAVE_MAX: Duration = Duration::from_secs(5);

/// Longest validity of a message: relative times have two digits for days, and networks keep no message longer.
pub const VALIDITY_MAX: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Longest time in the settings: what waits for longer is broken, and a day cannot overflow a clock.
pub const TIME_MAX: Duration = Duration::from_secs(24 * 60 * 60);
