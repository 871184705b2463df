//! V10: the published leaves are in order and rebuild what is committed to. That it is committed to once, and before
//! wave and answer, is among the rules.

use crate::findings::Findings;
use crate::report::Failure;
use sijill_poll::Poll;
use sijill_poll::definition::StrataVisibility;
use sijill_poll::roster::{LEAF_BYTES, LeafError, Roster, RosterReader};

const V10: u8 = 10;

/// Reads leaves and keeps what is wrong with them until it is known that they are committed to.
pub(crate) struct Leaves {
    reader: RosterReader,
    wrong: Vec<LeafError>,
    wrong_count: u64,
}

impl Leaves {
    /// A reader for the leaves of this poll, if entry 0 opens one.
    pub(crate) fn of(poll: Option<&Poll>) -> Self {
        let reader = match poll {
            Some(poll) => RosterReader::of(poll.definition()),
            None => RosterReader::new(0, StrataVisibility::Open),
        };
        Self {
            reader,
            wrong: Vec::new(),
            wrong_count: 0,
        }
    }

    pub(crate) fn take(&mut self, leaf: &[u8; LEAF_BYTES]) {
        if let Err(error) = self.reader.push(leaf) {
            self.wrong_count += 1;
            if self.wrong.len() < crate::limits::FAILURES_MAX {
                self.wrong.push(error);
            }
        }
    }

    pub(crate) fn finish(self) -> (Roster, WrongLeaves) {
        let wrong = WrongLeaves {
            told: self.wrong,
            count: self.wrong_count,
        };
        (self.reader.finish(), wrong)
    }
}

/// What is wrong with the leaves.
#[derive(Default)]
pub(crate) struct WrongLeaves {
    told: Vec<LeafError>,
    count: u64,
}

/// Judges the leaves after the last entry.
pub(crate) fn finish(poll: &Poll, wrong: &WrongLeaves, findings: &mut Findings) {
    findings.looked_at(V10, u64::from(poll.roster().len()));
    if poll.committed().is_none() && !findings.has_failed(V10) {
        let leaves = poll.roster().len();
        let why = match leaves {
            0 => "no roster is committed to yet".to_owned(),
            _ => format!(
                "no roster is committed to yet; the {leaves} leaves in the source stand for nothing"
            ),
        };
        findings.not_applicable(V10, why);
        return;
    }
    for error in &wrong.told {
        findings.fail(V10, failure(error));
    }
    let untold = wrong.count.saturating_sub(wrong.told.len() as u64);
    findings.failed_besides(V10, untold);
}

fn failure(error: &LeafError) -> Failure {
    let (index, expected, meaning) = match error {
        LeafError::Key { index, .. } => (
            Some(*index),
            "a canonical public key that is not of small order",
            "anybody could answer for this invitation",
        ),
        LeafError::Order { index } => (
            Some(*index),
            "a key after that of the leaf before it",
            "one key stands twice, or the order tells something about people",
        ),
        LeafError::Stratum { index, .. } => (
            Some(*index),
            "a stratum of the definition",
            "its answers are in no count by stratum",
        ),
        LeafError::Sealed { index } => (
            Some(*index),
            "zeros where a sealed stratum would stand",
            "the definition says that strata are open",
        ),
        LeafError::Clear { index, .. } => (
            Some(*index),
            "65535 where a stratum would stand",
            "the definition says that strata are sealed",
        ),
        LeafError::TooMany => (
            None,
            "as many leaves as an index can name",
            "nobody could answer for the rest",
        ),
    };
    let failure = Failure::new("leaf", expected, error.to_string(), meaning);
    match index {
        Some(index) => failure.at_leaf(u64::from(index)),
        None => failure,
    }
}
