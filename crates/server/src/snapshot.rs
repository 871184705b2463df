//! The snapshot: a poll's projections as the service last had them, to be compared with a replay.
//!
//! It is derived, readable (JSON), and carries the size and link that it stands for.

use serde::{Deserialize, Serialize};
use sijill_ledger::Hash;
use sijill_poll::Poll;
use sijill_poll::poll::Phase;

/// The projections of one poll after some prefix of its ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Entries.
    pub size: u64,
    /// Link of the last, in hexadecimal.
    pub link: String,
    /// `running`, `paused`, `closed` or `annulled`.
    pub phase: String,
    /// End in force, milliseconds since 1970.
    pub end: u64,
    /// Invitations planned in waves begun.
    pub planned: u64,
    /// Invitations that answered.
    pub answered: u64,
    /// By option id: last answers.
    pub by_option: Vec<(String, u64)>,
    /// By option, in the same order: first answers.
    pub first_by_option: Vec<u64>,
    /// By stratum id: last answers in the order of the options.
    pub by_stratum: Vec<(String, Option<Vec<u64>>)>,
    /// SHA-256 over what each invitation answered (last, first: u16; revision: u8; little-endian), in hexadecimal.
    pub casts: String,
}

impl Snapshot {
    /// The projections of `poll` as it is.
    pub fn of(poll: &Poll) -> Self {
        let definition = poll.definition();
        let tally = poll.tally();
        let options = definition.options.iter().map(|option| option.id.clone());
        let strata = definition.strata.iter().map(|stratum| stratum.id.clone());
        Self {
            size: poll.head().size,
            link: poll.head().link.to_string(),
            phase: phase(poll.phase()).to_owned(),
            end: poll.end(),
            planned: poll.planned(),
            answered: tally.answered,
            by_option: options.zip(tally.by_option.iter().copied()).collect(),
            first_by_option: tally.first_by_option.clone(),
            by_stratum: strata.zip(tally.by_stratum.iter().cloned()).collect(),
            casts: casts(poll).to_string(),
        }
    }
}

fn phase(phase: Phase) -> &'static str {
    match phase {
        Phase::Running => "running",
        Phase::Paused => "paused",
        Phase::Closed => "closed",
        Phase::Annulled => "annulled",
    }
}

fn casts(poll: &Poll) -> Hash {
    let mut bytes = Vec::with_capacity(poll.casts().len() * 5);
    for cast in poll.casts() {
        bytes.extend(cast.last.to_le_bytes());
        bytes.extend(cast.first.to_le_bytes());
        bytes.push(cast.revision);
    }
    Hash::of(&bytes)
}
