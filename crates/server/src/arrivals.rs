//! Answers by the minute in which they became durable, for as many minutes as a monitor shows.

use crate::limits::ARRIVAL_MINUTES;

const MINUTE_MS: u64 = 60_000;

/// Answers of the last minutes.
#[derive(Debug, Clone)]
pub struct Arrivals {
    /// The minute of the last figure, in minutes since 1970.
    newest: u64,
    /// Oldest first.
    by_minute: [u64; ARRIVAL_MINUTES],
}

impl Default for Arrivals {
    fn default() -> Self {
        Self {
            newest: 0,
            by_minute: [0; ARRIVAL_MINUTES],
        }
    }
}

impl Arrivals {
    /// Adds answers of this moment. Where the clock has gone back, they count for the newest minute known.
    pub fn add(&mut self, now_ms: u64, answers: u64) {
        self.go_on_to(now_ms / MINUTE_MS);
        if let Some(last) = self.by_minute.last_mut() {
            *last += answers;
        }
    }

    /// By minute, oldest first; the last is the minute of `now_ms`, which is not over.
    pub fn until(&self, now_ms: u64) -> Vec<u64> {
        let mut moved = self.clone();
        moved.go_on_to(now_ms / MINUTE_MS);
        moved.by_minute.to_vec()
    }

    fn go_on_to(&mut self, minute: u64) {
        let gone = minute.saturating_sub(self.newest);
        let gone = usize::try_from(gone).map_or(ARRIVAL_MINUTES, |gone| gone.min(ARRIVAL_MINUTES));
        self.by_minute.rotate_left(gone);
        let fresh = self.by_minute.iter_mut().rev().take(gone);
        fresh.for_each(|answers| *answers = 0);
        self.newest = self.newest.max(minute);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_stand_in_the_minute_they_came_in_and_leave_when_it_is_old() {
        let mut arrivals = Arrivals::default();
        let start = 29_000_000 * MINUTE_MS;
        arrivals.add(start + 59_999, 2);
        arrivals.add(start + 60_000, 3);
        arrivals.add(start, 1);
        let shown = |at: u64| arrivals.until(start + at * MINUTE_MS);
        assert_eq!(shown(1).get(ARRIVAL_MINUTES - 2..), Some([2, 4].as_slice()));
        assert_eq!(shown(29).first(), Some(&2));
        assert_eq!(shown(30).first(), Some(&4));
        assert_eq!(shown(31), vec![0; ARRIVAL_MINUTES]);
        assert_eq!(shown(0).last(), Some(&4), "the clock went back");
    }
}
