//! The tally: a fold over answers, and nothing but that.
//!
//! Invariants: `answered` is the sum of `by_option`, and of `first_by_option`; each row of `by_stratum` sums to the
//! people of that stratum who answered; a sealed stratum has no row until it is opened.

use crate::definition::{Definition, StrataVisibility};
use crate::event::{How, OptionCount, QuestionTally};
use serde::{Deserialize, Serialize};

/// Counts of the answers that count, each invitation once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Invitations that answered.
    pub answered: u64,
    /// Of them, those whose last answer was typed in and signed by the platform.
    pub assisted: u64,
    /// By option, in the definition's order: each invitation's last answer.
    pub by_option: Vec<u64>,
    /// By option: each invitation's first answer.
    pub first_by_option: Vec<u64>,
    /// By stratum, then option, in the definition's order: each invitation's last answer. None for a sealed stratum
    /// that was not opened.
    pub by_stratum: Vec<Option<Vec<u64>>>,
}

/// What an invitation has answered so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cast {
    /// Place of the option of its last answer.
    pub last: u16,
    /// Place of the option of its first answer.
    pub first: u16,
    /// Number of answers; 0 while there is none.
    pub revision: u8,
    /// Whether the last answer was assisted.
    pub assisted: bool,
}

impl Cast {
    /// Bytes of a cast that is kept.
    pub const BYTES: usize = 6;

    /// The cast as whoever keeps it writes it.
    pub fn to_bytes(self) -> [u8; Self::BYTES] {
        let ([a, b], [c, d]) = (self.last.to_le_bytes(), self.first.to_le_bytes());
        [a, b, c, d, self.revision, u8::from(self.assisted)]
    }

    /// The cast that was written so.
    pub fn from_bytes([a, b, c, d, revision, assisted]: [u8; Self::BYTES]) -> Self {
        Self {
            last: u16::from_le_bytes([a, b]),
            first: u16::from_le_bytes([c, d]),
            revision,
            assisted: assisted != 0,
        }
    }

    /// The cast after one more answer.
    pub fn after(self, option: u16, revision: u8, how: How) -> Self {
        Self {
            last: option,
            first: if self.revision == 0 {
                option
            } else {
                self.first
            },
            revision,
            assisted: how == How::Assisted,
        }
    }
}

impl Tally {
    /// No answers to the question of `definition`.
    pub fn empty(definition: &Definition) -> Self {
        let options = definition.options.len();
        let open = definition.rules.strata == StrataVisibility::Open;
        Self {
            answered: 0,
            assisted: 0,
            by_option: vec![0; options],
            first_by_option: vec![0; options],
            by_stratum: vec![open.then(|| vec![0; options]); definition.strata.len()],
        }
    }

    /// Counts that an invitation of `stratum` went from `before` to `after`.
    pub fn count(&mut self, before: Cast, after: Cast, stratum: u16) {
        if before.revision > 0 {
            self.answered = self.answered.saturating_sub(1);
            self.assisted = self.assisted.saturating_sub(u64::from(before.assisted));
            step(&mut self.by_option, before.last, false);
            step(&mut self.first_by_option, before.first, false);
            self.step_stratum(stratum, before.last, false);
        }
        self.answered += 1;
        self.assisted += u64::from(after.assisted);
        step(&mut self.by_option, after.last, true);
        step(&mut self.first_by_option, after.first, true);
        self.step_stratum(stratum, after.last, true);
    }

    fn step_stratum(&mut self, stratum: u16, option: u16, up: bool) {
        if let Some(Some(row)) = self.by_stratum.get_mut(usize::from(stratum)) {
            step(row, option, up);
        }
    }

    /// The tally as `Closed` declares it.
    pub fn declared(&self, definition: &Definition) -> Vec<QuestionTally> {
        let options = definition.options.iter().zip(&self.by_option);
        vec![QuestionTally {
            question: definition.question.id.clone(),
            options: options
                .map(|(option, count)| OptionCount {
                    option: option.id.clone(),
                    count: *count,
                })
                .collect(),
        }]
    }
}

fn step(counts: &mut [u64], option: u16, up: bool) {
    if let Some(count) = counts.get_mut(usize::from(option)) {
        *count = if up {
            *count + 1
        } else {
            count.saturating_sub(1)
        };
    }
}
