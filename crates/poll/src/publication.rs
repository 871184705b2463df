//! When to publish: tally and entries advance together, in steps that no single answer moves.

use crate::definition::Rules;

/// What waits to be published.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Waiting {
    /// People whose answers wait, however often they changed them.
    pub people: u64,
    /// Entries of other kinds.
    pub others: u64,
    /// Milliseconds since the first answer of those that wait was recorded.
    pub age_ms: u64,
}

/// Fewest people whose answers are published because of their age.
const AGED_PEOPLE_MIN: u64 = 3;

/// Whether what waits is to be published now. `over` says that the end in force is reached, or the poll closed or
/// annulled: then nothing is held back any more.
pub fn is_due(rules: &Rules, waiting: Waiting, over: bool) -> bool {
    if waiting.people == 0 {
        return waiting.others > 0;
    }
    over || waiting.people >= u64::from(rules.publication_answers)
        || (waiting.people >= AGED_PEOPLE_MIN && waiting.age_ms >= rules.publication_ms)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition::{AnswerRung, ClosePolicy, Results, StrataVisibility};

    fn check(people: u64, others: u64, age_ms: u64, over: bool, expected: bool) {
        let rules = Rules {
            answers: AnswerRung::Link,
            revisions: 0,
            results: Results::Live,
            strata: StrataVisibility::Open,
            strata_min: 1_000,
            threshold: 10,
            close: ClosePolicy::AtEnd,
            resolution_ms: 60_000,
            publication_answers: 10,
            publication_ms: 900_000,
            promise_delay_ms: 0,
            objection_window_ms: 0,
        };
        let waiting = Waiting {
            people,
            others,
            age_ms,
        };
        assert_eq!(is_due(&rules, waiting, over), expected, "{waiting:?}");
    }

    #[test]
    fn nothing_public_moves_by_a_single_answer() {
        check(0, 0, 0, false, false);
        check(0, 1, 0, false, true);
        check(1, 1, 0, false, false);
        check(9, 0, 899_999, false, false);
        check(10, 0, 0, false, true);
        check(2, 0, 10_000_000, false, false);
        check(3, 0, 900_000, false, true);
    }

    #[test]
    fn at_the_end_nothing_is_held_back() {
        check(1, 0, 0, true, true);
        check(0, 0, 0, true, false);
    }
}
