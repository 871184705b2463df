//! When people may be written to: not at night, not on days of rest, not on holidays, in the poll's time zone, which is
//! the offset in which the definition writes its start.
//!
//! Times are milliseconds since 1970. Days are counted from 1970-01-01, a Thursday.

use serde::{Deserialize, Serialize};

const MINUTE_MS: i64 = 60_000;
const DAY_MINUTES: i64 = 24 * 60;
const DAY_MS: i64 = DAY_MINUTES * MINUTE_MS;

/// How far a search for the next open time goes, in days: longer than any feast.
const SEARCH_DAYS: i64 = 400;

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Weekday {
    /// Day 0 of 1970.
    Thursday,
    /// The next.
    Friday,
    /// The next.
    Saturday,
    /// The next.
    Sunday,
    /// The next.
    Monday,
    /// The next.
    Tuesday,
    /// The next.
    Wednesday,
}

const WEEK: [Weekday; 7] = [
    Weekday::Thursday,
    Weekday::Friday,
    Weekday::Saturday,
    Weekday::Sunday,
    Weekday::Monday,
    Weekday::Tuesday,
    Weekday::Wednesday,
];

/// When people may be written to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    /// Minutes east of UTC.
    pub offset: i32,
    /// From this minute of the day on messages may leave …
    pub from: u16,
    /// … and before this one. No quiet hours where they are 0 and 1,440.
    pub until: u16,
    /// Days of the week without messages.
    pub rest: Vec<Weekday>,
    /// Further days without messages, counted from 1970-01-01.
    pub holidays: Vec<i64>,
}

impl Calendar {
    /// One without any quiet time.
    #[must_use]
    pub fn always() -> Self {
        Self {
            offset: 0,
            from: 0,
            until: 1_440,
            rest: Vec::new(),
            holidays: Vec::new(),
        }
    }

    /// Whether a message may leave.
    #[must_use]
    pub fn is_open(&self, at: u64) -> bool {
        let (day, within) = self.local(at);
        let hours = self.hours_of(day);
        hours.is_some_and(|(from, until)| (from..until).contains(&within))
    }

    /// The first time from `at` on at which a message may leave; none within more than a year.
    #[must_use]
    pub fn next_open(&self, at: u64) -> Option<u64> {
        let (today, within) = self.local(at);
        (today..today + SEARCH_DAYS).find_map(|day| {
            let (from, until) = self.hours_of(day)?;
            let begin = if day == today { from.max(within) } else { from };
            (begin < until).then(|| self.instant(day, begin))
        })
    }

    /// Milliseconds between two times in which messages may leave.
    #[must_use]
    pub fn open_between(&self, begin: u64, end: u64) -> u64 {
        if end <= begin {
            return 0;
        }
        let ((first, after), (last, before)) = (self.local(begin), self.local(end));
        let open = (first..=last).filter_map(|day| {
            let (from, until) = self.hours_of(day)?;
            let from = if day == first { from.max(after) } else { from };
            let until = if day == last {
                until.min(before)
            } else {
                until
            };
            u64::try_from(until - from).ok()
        });
        open.sum()
    }

    /// Day and milliseconds within it.
    fn local(&self, at: u64) -> (i64, i64) {
        let at = i64::try_from(at).unwrap_or(i64::MAX);
        let local = at.saturating_add(i64::from(self.offset) * MINUTE_MS);
        (local.div_euclid(DAY_MS), local.rem_euclid(DAY_MS))
    }

    fn instant(&self, day: i64, within: i64) -> u64 {
        let local = day * DAY_MS + within;
        u64::try_from(local - i64::from(self.offset) * MINUTE_MS).unwrap_or(0)
    }

    /// From and until when of this day, in milliseconds.
    fn hours_of(&self, day: i64) -> Option<(i64, i64)> {
        let weekday = usize::try_from(day.rem_euclid(7)).ok();
        let weekday = weekday.and_then(|place| WEEK.get(place))?;
        if self.rest.contains(weekday) || self.holidays.contains(&day) {
            return None;
        }
        let minutes = |minutes: u16| i64::from(minutes).min(DAY_MINUTES) * MINUTE_MS;
        Some((minutes(self.from), minutes(self.until)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HOUR: u64 = 3_600_000;
    /// 2026-11-27, a Friday, at midnight in Baghdad.
    const FRIDAY: u64 = 20_783 * 24 * HOUR + 21 * HOUR;

    fn baghdad() -> Calendar {
        Calendar {
            offset: 180,
            from: 9 * 60,
            until: 20 * 60,
            rest: vec![Weekday::Friday],
            holidays: Vec::new(),
        }
    }

    #[test]
    fn nobody_is_written_to_at_night_or_on_a_day_of_rest() {
        let calendar = baghdad();
        let saturday = FRIDAY + 24 * HOUR;
        assert!(!calendar.is_open(FRIDAY + 12 * HOUR));
        assert!(!calendar.is_open(saturday + 9 * HOUR - 1));
        assert!(calendar.is_open(saturday + 9 * HOUR));
        assert!(calendar.is_open(saturday + 20 * HOUR - 1));
        assert!(!calendar.is_open(saturday + 20 * HOUR));
        assert_eq!(calendar.next_open(FRIDAY), Some(saturday + 9 * HOUR));
        let now = saturday + 10 * HOUR + 7;
        assert_eq!(calendar.next_open(now), Some(now));
        let feast = Calendar {
            holidays: vec![20_785],
            ..calendar
        };
        assert_eq!(feast.next_open(FRIDAY), Some(saturday + 33 * HOUR));
    }

    #[test]
    fn a_calendar_that_is_never_open_says_so() {
        let never = Calendar {
            rest: WEEK.to_vec(),
            ..baghdad()
        };
        assert_eq!(never.next_open(FRIDAY), None);
        assert_eq!(never.open_between(FRIDAY, FRIDAY + 1_000 * HOUR), 0);
    }

    #[test]
    fn a_week_has_six_days_of_eleven_hours() {
        let week = baghdad().open_between(FRIDAY, FRIDAY + 7 * 24 * HOUR);
        assert_eq!(week, 6 * 11 * HOUR);
        assert_eq!(Calendar::always().open_between(5, 5 + HOUR), HOUR);
        assert_eq!(baghdad().open_between(FRIDAY + HOUR, FRIDAY), 0);
    }

    proptest! {
        #[test]
        fn open_time_adds_up_and_the_next_open_time_is_open(
            begin in 0_u64..4_000_000_000_000,
            first in 0_u64..1_000_000_000,
            second in 0_u64..1_000_000_000,
        ) {
            let calendar = baghdad();
            let (middle, end) = (begin + first, begin + first + second);
            prop_assert_eq!(
                calendar.open_between(begin, end),
                calendar.open_between(begin, middle) + calendar.open_between(middle, end)
            );
            let next = calendar.next_open(begin).unwrap();
            prop_assert!(calendar.is_open(next));
            prop_assert_eq!(calendar.open_between(begin, next), 0);
        }
    }
}
