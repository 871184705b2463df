//! What each `command_status` of SMPP means for whoever sends (SMPP 3.4, section 5.1.3, and the later ones of 5.0): one
//! table, which docs/OPERATIONS.md repeats for people.
//!
//! A status is final for a number only where the other side says so of the number. What is wrong with a setting would
//! be wrong with every message, so it stops everything before all of them have failed.

/// What follows from a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The same may go well another time.
    Retry {
        /// When, and how often.
        how: How,
    },
    /// This number will not be reached; the others may be.
    Final,
    /// No message will go: nothing more is sent until the operator has mended it.
    Stop,
}

/// How something is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// At half the rate, which recovers slowly: the other side says that it is too much.
    Slower,
    /// Later, as long as the message may be sent at all.
    Later,
    /// Later, and only a few times: the status does not say that time helps.
    FewTimes,
}

/// What a status means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Meaning {
    /// Its name for people.
    pub name: &'static str,
    /// What follows.
    pub verdict: Verdict,
}

/// What a status other than 0 means; one that is not in the [`TABLE`] is tried a few times.
#[must_use]
pub fn meaning(status: u32) -> Meaning {
    let known = TABLE.iter().find(|(known, _)| *known == status);
    known.map_or(UNKNOWN, |(_, meaning)| *meaning)
}

/// What a message failed by that the gateway took and, as a receipt says, did not deliver.
pub const UNDELIVERED: &str = "undelivered";

/// Whatever has no word of its own among the [`FAILURES`].
const OTHER: &str = "other";

/// Every word for what a message failed by: a few, since whoever counts by them keeps a series each.
pub const FAILURES: [&str; 13] = [
    "number_invalid",
    "permanent_error",
    "refused",
    "queue_full",
    "too_fast",
    "system_error",
    "temporary_error",
    "not_available",
    "submission_failed",
    "delivery_failed",
    "unknown_error",
    UNDELIVERED,
    OTHER,
];

/// A word of [`FAILURES`] for the status that a message was refused with. What stops everything fails no message, so it
/// has none of its own.
#[must_use]
pub fn failure(status: Option<u32>) -> &'static str {
    match status {
        Some(0x0B) => "number_invalid",
        Some(0x65) => "permanent_error",
        Some(0x66) => "refused",
        Some(0x14) => "queue_full",
        Some(0x58) => "too_fast",
        Some(0x08) => "system_error",
        Some(0x64) => "temporary_error",
        Some(0x102) => "not_available",
        Some(0x45) => "submission_failed",
        Some(0xFE) => "delivery_failed",
        Some(0xFF) => "unknown_error",
        _ => OTHER,
    }
}

const SLOWER: Verdict = Verdict::Retry { how: How::Slower };
const LATER: Verdict = Verdict::Retry { how: How::Later };
const FEW_TIMES: Verdict = Verdict::Retry { how: How::FewTimes };

const UNKNOWN: Meaning = Meaning {
    name: "status that the gateway alone knows",
    verdict: FEW_TIMES,
};

/// Every status that is known, in their order.
pub const TABLE: [(u32, Meaning); 42] = [
    row(0x01, "message too long", Verdict::Stop),
    row(0x02, "command length invalid", Verdict::Stop),
    row(0x03, "command unknown", Verdict::Stop),
    row(0x04, "not bound for this command", LATER),
    row(0x05, "already bound", LATER),
    row(0x06, "priority flag invalid", Verdict::Stop),
    row(0x07, "registered delivery flag invalid", Verdict::Stop),
    row(0x08, "system error", LATER),
    row(0x0A, "sender not allowed", Verdict::Stop),
    row(0x0B, "number invalid", Verdict::Final),
    row(0x0D, "bind failed", Verdict::Stop),
    row(0x0E, "password wrong", Verdict::Stop),
    row(0x0F, "system id unknown", Verdict::Stop),
    row(0x14, "queue full", LATER),
    row(0x15, "service type invalid", Verdict::Stop),
    row(0x43, "message class invalid", Verdict::Stop),
    row(0x45, "submission failed", FEW_TIMES),
    row(0x48, "sender's type of number invalid", Verdict::Stop),
    row(0x49, "sender's numbering plan invalid", Verdict::Stop),
    row(0x50, "recipient's type of number invalid", Verdict::Stop),
    row(0x51, "recipient's numbering plan invalid", Verdict::Stop),
    row(0x53, "system type invalid", Verdict::Stop),
    row(0x54, "replace flag invalid", Verdict::Stop),
    row(0x58, "too fast", SLOWER),
    row(0x61, "scheduled time invalid", Verdict::Stop),
    row(0x62, "validity period invalid", Verdict::Stop),
    row(0x63, "predefined message unknown", Verdict::Stop),
    row(0x64, "temporary error of the application", LATER),
    row(0x65, "permanent error of the application", Verdict::Final),
    row(0x66, "refused by the application", Verdict::Final),
    row(0xC0, "optional part invalid", Verdict::Stop),
    row(0xC1, "optional part not allowed", Verdict::Stop),
    row(0xC2, "optional part's length invalid", Verdict::Stop),
    row(0xC3, "optional part missing", Verdict::Stop),
    row(0xC4, "optional part's value invalid", Verdict::Stop),
    row(0xFE, "delivery failed", FEW_TIMES),
    row(0xFF, "unknown error", FEW_TIMES),
    row(0x100, "service not authorised", Verdict::Stop),
    row(0x101, "account not allowed to do this", Verdict::Stop),
    row(0x102, "service not available", LATER),
    row(0x103, "service denied", Verdict::Stop),
    row(0x104, "encoding invalid", Verdict::Stop),
];

const fn row(status: u32, name: &'static str, verdict: Verdict) -> (u32, Meaning) {
    (status, Meaning { name, verdict })
}

impl Verdict {
    /// What follows, in words for people.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Retry { how: How::Slower } => "again, at half the rate",
            Self::Retry { how: How::Later } => "again later",
            Self::Retry { how: How::FewTimes } => "again later, a few times",
            Self::Final => "not to this number again",
            Self::Stop => "everything stops: call the gateway, or mend the settings",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_for_operators_is_the_table_in_code() {
        let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/OPERATIONS.md");
        let page = std::fs::read_to_string(page).unwrap();
        let shown = page.lines().filter(|line| line.starts_with("| `0x"));
        let code = TABLE.iter().map(|(status, meaning)| {
            format!(
                "| `0x{status:02X}` | {} | {} |",
                meaning.name,
                meaning.verdict.words()
            )
        });
        assert_eq!(shown.collect::<Vec<_>>(), code.collect::<Vec<_>>());
        let other = format!(
            "| any other | {} | {} |",
            UNKNOWN.name,
            UNKNOWN.verdict.words()
        );
        assert!(page.contains(&other), "{other}");
    }

    #[test]
    fn what_fails_a_number_has_a_word_of_its_own_and_what_stops_everything_has_none() {
        for (status, meaning) in TABLE {
            let word = failure(Some(status));
            assert!(FAILURES.contains(&word), "{word}");
            match meaning.verdict {
                Verdict::Final => assert_ne!(word, OTHER, "{}", meaning.name),
                Verdict::Stop => assert_eq!(word, OTHER, "{}", meaning.name),
                Verdict::Retry { .. } => {}
            }
        }
        assert_eq!([failure(None), failure(Some(u32::MAX))], [OTHER, OTHER]);
    }

    #[test]
    fn each_status_is_in_the_table_once() {
        assert!(TABLE.is_sorted_by(|(one, _), (next, _)| one < next));
    }

    #[test]
    fn a_status_stops_a_number_or_everything_only_where_it_says_so() {
        let verdict = |status| meaning(status).verdict;
        assert_eq!(verdict(0x58), SLOWER);
        for later in [0x05, 0x08, 0x14, 0x64] {
            assert_eq!(verdict(later), LATER, "{later:#x}");
        }
        for last in [0x0B, 0x65, 0x66] {
            assert_eq!(verdict(last), Verdict::Final, "{last:#x}");
        }
        for stop in [0x0A, 0x0D, 0x0E, 0x0F, 0x48, 0x49] {
            assert_eq!(verdict(stop), Verdict::Stop, "{stop:#x}");
        }
        for unknown in [0x400, 0x4FF, u32::MAX] {
            assert_eq!(verdict(unknown), FEW_TIMES, "{unknown:#x}");
        }
    }
}
