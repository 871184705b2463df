//! V3: indices count 0, 1, 2, … without gap or repeat.
//!
//! What is expected is one more than the entry before says, so that one gap is one failure.

use crate::findings::Findings;
use crate::report::Failure;

const V3: u8 = 3;

#[derive(Default)]
pub(crate) struct Numbering {
    next: u64,
}

impl Numbering {
    /// Goes on with this index.
    pub(crate) fn resume(next: u64) -> Self {
        Self { next }
    }

    /// `index` is what the entry says; none where it says nothing readable.
    pub(crate) fn look(&mut self, place: u64, index: Option<u64>, findings: &mut Findings) {
        findings.looked_at(V3, 1);
        let found = index.unwrap_or(self.next);
        if found != self.next {
            let meaning = if found > self.next {
                "entries were removed before it, or it was moved here"
            } else {
                "it stands here a second time, or was inserted"
            };
            let (expected, found) = (format!("index {}", self.next), format!("index {found}"));
            let failure = Failure::new("entry", expected, found, meaning);
            findings.fail(V3, failure.at_entry(place));
        }
        self.next = found.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(indices: &[Option<u64>], failures: u64) {
        let (mut numbering, mut findings) = (Numbering::default(), Findings::default());
        for (place, index) in indices.iter().enumerate() {
            numbering.look(place as u64, *index, &mut findings);
        }
        let reports = findings.into_reports();
        let report = reports.iter().find(|check| check.number.0 == V3);
        assert_eq!(
            report.map(|check| check.failed),
            Some(failures),
            "{indices:?}"
        );
    }

    #[test]
    fn one_gap_is_one_failure() {
        check(&[Some(0), Some(1), Some(2)], 0);
        check(&[Some(0), Some(2), Some(3)], 1);
        check(&[Some(0), Some(1), Some(1), Some(2)], 1);
        check(&[Some(1), Some(2)], 1);
        check(&[Some(0), None, Some(2)], 0);
        check(&[Some(0), Some(u64::MAX), Some(2)], 2);
    }
}
