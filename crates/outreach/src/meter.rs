//! How fast segments leave: measured over the last seconds, by whoever is told how many have left.
//!
//! Time comes in as milliseconds of a clock that only goes forwards.

use std::collections::VecDeque;

/// What is looked back at, in milliseconds: long enough that a throttled gateway's steps do not show, short enough that a
/// stop does.
const BACK_MS: u64 = 10_000;

/// Between two looks that are kept, in milliseconds.
const STEP_MS: u64 = 500;

/// The meter.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Meter {
    /// When, and how many had left by then: the oldest is as far back as is looked.
    seen: VecDeque<(u64, u64)>,
}

impl Meter {
    /// Thousandths of a segment a second over the last seconds, now that `segments` have left in all.
    pub fn rate(&mut self, segments: u64, now: u64) -> u64 {
        let from = now.saturating_sub(BACK_MS);
        while self.seen.get(1).is_some_and(|(at, _)| *at <= from) {
            self.seen.pop_front();
        }
        if self.seen.back().is_none_or(|(at, _)| now >= at + STEP_MS) {
            self.seen.push_back((now, segments));
        }
        let (at, before) = self.seen.front().copied().unwrap_or((now, segments));
        let left = segments.saturating_sub(before);
        let passed = now.saturating_sub(at);
        left.saturating_mul(1_000_000)
            .checked_div(passed)
            .unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A meter told several times a second that this many leave each second, in turn; what it said last of each.
    fn told(rates: &[u64], seconds: u64) -> Vec<u64> {
        let mut meter = Meter::default();
        let (mut left, mut now) = (0, 7);
        meter.rate(left, now);
        let mut last = |rate: u64| {
            let mut said = 0;
            for _ in 0..seconds * 5 {
                (left, now) = (left + rate / 5, now + 200);
                said = meter.rate(left, now);
            }
            assert!(meter.seen.len() <= 22, "{}", meter.seen.len());
            said
        };
        rates.iter().map(|rate| last(*rate)).collect()
    }

    #[test]
    fn what_leaves_now_is_told_and_what_left_long_ago_is_not() {
        assert_eq!(told(&[50, 0, 200], 30), [50_000, 0, 200_000]);
        assert_eq!(told(&[50], 1), [50_000]);
    }

    #[test]
    fn before_any_time_has_passed_and_after_a_long_silence_there_is_no_rate() {
        let mut meter = Meter::default();
        assert_eq!(meter.rate(10, 0), 0);
        assert_eq!(meter.rate(10, 0), 0);
        assert_eq!(meter.rate(10, 86_400_000), 0);
        assert_eq!(meter.rate(u64::MAX, 86_400_001), u64::MAX / 86_400_001);
    }
}
