//! The limits of a definition, each with its arithmetic.
//!
//! What they protect is the entry: at most 65,535 canonical bytes (tlog-tiles), and no kind of
//! event planned above 60,000.

use std::ops::RangeInclusive;

/// Bytes of the text. The text is part of entry 0 beside origin, keys, hashes and a signature (under
/// 4,000 bytes together): 49,152 + 4,000 < 60,000.
pub const DEFINITION_BYTES_MAX: usize = 48 * 1024;

/// Bytes of an id (slug, question, option, stratum).
pub const ID_BYTES_MAX: usize = 40;

/// Languages of a ballot. Entry 0 holds two hashes for each: 12 × 2 × (1 + 35 tag + 32) = 1,632.
pub const LANGUAGES_MAX: usize = 12;

/// Operator keys, any one of which signs.
pub const OPERATORS_MAX: usize = 3;

/// Options on a ballot, from a question with two sides to a list of parties.
pub const OPTIONS_MIN: usize = 2;
/// See [`OPTIONS_MIN`]. `Closed` declares a count by option: 50 × (1 + 40 id + 9 count) = 2,500 < 60,000.
pub const OPTIONS_MAX: usize = 50;

/// Strata. `RosterCommitted` holds a count (at most 5 bytes) and, where sealed, a 32-byte key hash
/// for each: 1,000 × 37 = 37,000 < 60,000. `Unsealed` holds a position (3) and a key (32) for
/// each: 1,000 × 35 = 35,000 < 60,000.
pub const STRATA_MAX: usize = 1_000;

/// Characters of a name or label.
pub const LABEL_CHARS_MAX: usize = 200;
/// Characters of the question.
pub const QUESTION_CHARS_MAX: usize = 600;
/// Characters of a message with its placeholder: ten SMS parts of 67 UCS-2 characters.
pub const MESSAGE_CHARS_MAX: usize = 670;
/// Segments of a message, which somebody pays for each.
pub const SEGMENTS_MAX: u64 = 10;
/// How often somebody who has not answered may be written to again: a sixth message persuades nobody, and is paid for.
pub const REMINDERS_MAX: u64 = 5;
/// Hours between two messages to the same person: not less than a day, not more than six weeks.
pub const REMINDER_HOURS: RangeInclusive<u64> = 24..=1_000;
/// The same where the definition does not say: three days.
pub const REMINDER_HOURS_DEFAULT: u64 = 72;
/// Explanations of warnings: there are fewer kinds of these.
pub const EXPLANATIONS_MAX: usize = 20;
/// Characters of an explaining text (sample, disclosure, why they differ).
pub const EXPLANATION_CHARS_MAX: usize = 6_000;
/// Bytes of a language tag: the longest that BCP 47 (RFC 5646, section 4.4.1) asks for.
pub const LANGUAGE_BYTES_MAX: usize = 35;
/// Characters of a message's sender name: GSM 03.40 allows eleven.
pub const SENDER_CHARS_MAX: usize = 11;
/// Bytes of a domain with its port: 253 of a DNS name, a colon, five digits. An origin that is to
/// have room for a path (240 bytes in all) needs it shorter: 190.
pub const DOMAIN_BYTES_MAX: usize = 190;
/// Bytes of a contact's phone, e-mail or web address, and of a link prefix.
pub const ADDRESS_BYTES_MAX: usize = 254;

/// Where the personal link goes in a message.
pub const LINK_PLACEHOLDER: &str = "{link}";
/// What a message ends with since rule set 2: [`LINK_PLACEHOLDER`] on a line of its own.
pub const LINK_LINE: &str = "\n{link}";

/// What a link prefix ends with.
pub const LINK_PATH: &str = "/p/";

/// How often an answer may be changed at most; a revision is a `u8`, and nine is already odd.
pub const REVISIONS_MAX: u64 = 9;

/// Seconds of the resolution; it must also divide an hour.
pub const RESOLUTION_SECONDS_MAX: u64 = 3_600;

/// Seconds of any other duration in `[rules]`: a year of 365 days.
pub const DURATION_SECONDS_MAX: u64 = 365 * 24 * 3_600;

/// People in a stratum: more than there are on earth.
pub const POPULATION_MAX: u64 = 10_000_000_000;

/// Findings of one text; what comes after them is found once they are corrected.
pub const FINDINGS_MAX: usize = 1_000;

/// Findings that a rendering shows in full; a text of 48 KiB can have thousands.
pub const FINDINGS_SHOWN_MAX: usize = 100;

/// Characters of a value that a message quotes.
pub const QUOTED_CHARS_MAX: usize = 40;
