//! Every limit of a gateway over HTTP, with its unit last and the reason for its size.

use std::time::Duration;

/// Most requests that may wait for their answer, each on a connection of its own: Kannel takes some hundred, and other
/// services fewer.
pub const WINDOW_MAX: usize = 100;

/// Longest answer that is read, in bytes: Kannel's have below 100.
pub const ANSWER_BYTES_MAX: usize = 4 * 1024;

/// How long a connection is kept that nobody needs. Kannel closes one after a minute of silence; a request must not meet
/// that, since nobody would know whether it was read.
pub const KEPT_MAX: Duration = Duration::from_secs(20);

/// Callbacks at once. Kannel makes up to 512 and waits with the rest.
pub const CALLBACKS_MAX: usize = 256;

/// Longest head of a callback, in bytes: its address with a text of ten segments, every byte of it written as three
/// (10 × 140 × 3), or a receipt's text, and some headers. It is the least that hyper takes.
pub const CALLBACK_BYTES_MAX: usize = 8 * 1024;

/// How long the head of a callback may take.
pub const CALLBACK_HEAD_MAX: Duration = Duration::from_secs(10);

/// How long a callback may take in all: what it says is on disk before. Kannel gives up after four minutes.
pub const CALLBACK_MAX: Duration = Duration::from_secs(30);

/// How long nobody is let in after the system refused a connection, mostly for want of descriptors.
pub const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Reports in the channel. What does not fit waits in the task: what is told of a window; and in the callbacks.
pub const REPORTS_MAX: usize = 256;

/// Reports that wait in the task while no submit is taken.
pub const REPORTS_WAITING_MAX: usize = 1_000;

/// How often it is looked whether anybody still sends, while there is no connection.
pub const LOOK_EVERY: Duration = Duration::from_millis(50);

/// How long a leave waits for callbacks under way.
pub const LEAVE_MAX: Duration = Duration::from_secs(5);

/// Longest validity of a message: networks keep none longer.
pub const VALIDITY_MAX: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Longest name of an account, and password, in characters.
pub const CREDENTIAL_CHARS_MAX: usize = 128;

/// Shortest secret, in characters: 128 bits need 22 of an alphabet of 64.
pub const SECRET_CHARS_MIN: usize = 22;

/// Longest secret, in characters.
pub const SECRET_CHARS_MAX: usize = 128;

/// Longest name of a poll in the callbacks, in characters.
pub const POLL_CHARS_MAX: usize = 64;
