//! Every limit of a poll's formats, with its unit last and the arithmetic behind it.

/// The rule set that new polls are opened under.
pub const RULE_SET: u16 = 2;

/// Every rule set that ledgers are judged by: one that was opened under an older set is judged by that.
pub const RULE_SETS: std::ops::RangeInclusive<u16> = 1..=RULE_SET;

/// Longest reason in an event, in bytes of UTF-8: a paragraph in any script.
pub const REASON_BYTES_MAX: usize = 2_000;

/// Most wordings of one change: the fields that can be mended, in a few languages.
pub const WORDINGS_MAX: usize = 100;

/// Most invitations of a roster: the answer's index has 32 bits, and one value is left unused.
pub const INVITATIONS_MAX: u32 = u32::MAX - 1;

/// Characters of a token and of a short code: 20 × 5 bits = 100 bits.
pub const CODE_CHARS: usize = 20;

/// Longest promise file in bytes: a signed answer (at most an entry) in base64, and its note.
pub const PROMISE_BYTES_MAX: usize = 128 * 1024;

/// Most `Objected` entries of one ledger: each needs a promise that the platform signed, is judged with a signature, and
/// leaves 40 bytes behind, 4 MB in all. A poll with so many broken promises is beyond being mended by one more.
pub const OBJECTIONS_MAX: u32 = 100_000;

/// How far an entry's time may lie after the clock of who audits, in milliseconds: five minutes.
pub const CLOCK_TOLERANCE_MS: u64 = 5 * 60 * 1_000;
