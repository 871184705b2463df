//! V5: `at` never decreases, has the declared resolution, and does not lie after the auditor's clock by more than the
//! tolerance.
//!
//! Each time is held against that of the entry before, so that one wild time is not told again at every later entry.

use crate::findings::Findings;
use crate::report::Failure;
use sijill_poll::limits::CLOCK_TOLERANCE_MS;

const V5: u8 = 5;

pub(crate) struct Times {
    last: u64,
    /// Milliseconds; none where no definition declares it. Then nothing is judged: V5 is not checked.
    resolution: Option<u64>,
    latest: u64,
}

impl Times {
    pub(crate) fn new(resolution: Option<u64>, now_ms: u64) -> Self {
        Self {
            last: 0,
            resolution,
            latest: now_ms.saturating_add(CLOCK_TOLERANCE_MS),
        }
    }

    /// Goes on after an entry of this time.
    pub(crate) fn resume(&mut self, last: u64) {
        self.last = last;
    }

    pub(crate) fn look(&mut self, place: u64, at: u64, findings: &mut Findings) {
        let Some(resolution) = self.resolution else {
            return;
        };
        findings.looked_at(V5, 1);
        let mut fail = |expected: String, meaning: &str| {
            let failure = Failure::new("entry", expected, format!("{at} ms"), meaning);
            findings.fail_once(V5, failure.at_entry(place));
        };
        if at < self.last {
            fail(
                format!(
                    "a time not before that of the entry before it, {} ms",
                    self.last
                ),
                "one of the two is dated falsely",
            );
        }
        if at > self.latest {
            fail(
                format!(
                    "a time not after the auditor's clock and its tolerance, {} ms",
                    self.latest
                ),
                "the entry is dated in the future, or the auditor's clock is slow",
            );
        }
        if !at.is_multiple_of(resolution) {
            fail(
                format!("a multiple of the resolution, {resolution} ms"),
                "times finer than declared can give people away",
            );
        }
        self.last = at;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(times: &[u64], failed: u64) {
        let (mut look, mut findings) = (Times::new(Some(1_000), 10_000), Findings::default());
        for (place, at) in times.iter().enumerate() {
            look.look(place as u64, *at, &mut findings);
        }
        let reports = findings.into_reports();
        let report = reports.iter().find(|check| check.number.0 == V5);
        assert_eq!(report.map(|check| check.failed), Some(failed), "{times:?}");
    }

    #[test]
    fn times_stand_still_or_go_on() {
        check(&[1_000, 1_000, 5_000], 0);
        check(&[2_000, 1_000, 2_000], 1);
        check(&[1_000, 1_500], 1);
    }

    #[test]
    fn the_tolerance_is_met_to_the_millisecond() {
        check(&[10_000 + CLOCK_TOLERANCE_MS], 0);
        check(&[11_000 + CLOCK_TOLERANCE_MS], 1);
    }

    #[test]
    fn one_wild_time_is_told_where_it_stands_and_where_it_ends() {
        check(&[1_000, u64::MAX - u64::MAX % 1_000, 2_000, 3_000], 2);
    }
}
