//! How many segments may leave now: the agreed rate, halved when the gateway says that it is too much, and won back slowly.
//!
//! Time comes in as milliseconds of a clock that only goes forwards.

/// The least rate, in thousandths of a segment a second: a gateway that goes on refusing is asked once in ten seconds.
const MILLISEGMENTS_MIN: u64 = 100;

/// What is won back each second without a refusal, in hundredths of the agreed rate: from the half in ten seconds.
const WON_BACK_PERCENT: u64 = 5;

/// Between two halvings, in milliseconds: the refusals of one window are one refusal.
const HALVED_MS: u64 = 1_000;

/// The pace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pace {
    /// Thousandths of a segment a second, as agreed.
    agreed: u64,
    /// Thousandths of a segment a second, at present.
    rate: u64,
    /// Thousandths of a segment that may leave now.
    left: u64,
    /// Until when `left` is reckoned. It lies ahead where more left than there was.
    at: u64,
    halved_at: Option<u64>,
}

impl Pace {
    /// A pace of so many segments a second.
    #[must_use]
    pub fn new(segments_a_second: u32, now: u64) -> Self {
        let agreed = u64::from(segments_a_second.max(1)) * 1_000;
        Self {
            agreed,
            rate: agreed,
            left: 0,
            at: now,
            halved_at: None,
        }
    }

    /// Takes `segments`, if they may leave now. A message's segments leave together, be they more than a second brings:
    /// what they are too many is made up for afterwards.
    pub fn take(&mut self, segments: u32, now: u64) -> bool {
        self.go_on(now);
        let wanted = u64::from(segments) * 1_000;
        if self.left < self.enough(segments) {
            return false;
        }
        let debt = wanted.saturating_sub(self.left);
        self.left = self.left.saturating_sub(wanted);
        self.at += debt * 1_000 / self.rate;
        true
    }

    /// Milliseconds until `segments` may leave.
    #[must_use]
    pub fn wait(&self, segments: u32, now: u64) -> u64 {
        let missing = self.enough(segments).saturating_sub(self.left);
        (self.at + (missing * 1_000).div_ceil(self.rate)).saturating_sub(now)
    }

    /// The gateway says that it is too much.
    pub fn throttled(&mut self, now: u64) {
        if self.halved_at.is_some_and(|at| now < at + HALVED_MS) {
            return;
        }
        self.go_on(now);
        self.rate = (self.rate / 2).max(MILLISEGMENTS_MIN);
        self.left = self.left.min(self.rate);
        self.halved_at = Some(now);
    }

    /// Thousandths of a segment a second, at present.
    #[must_use]
    pub fn millisegments_a_second(&self) -> u64 {
        self.rate
    }

    /// What must be there for `segments` to leave: a second's worth is enough for any number.
    fn enough(&self, segments: u32) -> u64 {
        (u64::from(segments) * 1_000).min(self.rate.max(1_000))
    }

    fn go_on(&mut self, now: u64) {
        let passed = now.saturating_sub(self.at);
        if passed == 0 {
            return;
        }
        if self.rate < self.agreed {
            let won = self.agreed * WON_BACK_PERCENT * passed / 100_000;
            self.rate = (self.rate + won).min(self.agreed);
        }
        // No more than a second's worth is saved up; a long pause is no reason for a burst.
        let most = self.rate.max(1_000);
        self.left = (self.left + self.rate.saturating_mul(passed) / 1_000).min(most);
        self.at = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// How many segments leave from `from` on in so many milliseconds, asked every millisecond.
    fn left(pace: &mut Pace, from: u64, milliseconds: u64, segments: u32) -> u32 {
        (from..from + milliseconds)
            .map(|now| u32::from(pace.take(segments, now)) * segments)
            .sum()
    }

    #[test]
    fn as_many_leave_as_agreed() {
        let mut pace = Pace::new(50, 0);
        let first = left(&mut pace, 0, 10_000, 2);
        assert!((496..=502).contains(&first), "{first}");
        // After an hour of quiet no more than a second's worth at once.
        let later = left(&mut pace, 3_600_000, 1_000, 2);
        assert!((96..=104).contains(&later), "{later}");
    }

    #[test]
    fn a_message_of_more_segments_than_a_second_has_leaves_and_is_made_up_for() {
        let mut pace = Pace::new(2, 0);
        let all = left(&mut pace, 0, 60_000, 10);
        assert!((110..=130).contains(&all), "{all}");
    }

    #[test]
    fn a_refusal_halves_the_rate_once_a_second_and_it_is_won_back_slowly() {
        let mut pace = Pace::new(100, 0);
        for now in [5_000, 5_001, 5_900] {
            pace.throttled(now);
        }
        assert_eq!(pace.millisegments_a_second(), 50_000);
        pace.throttled(6_100);
        assert!(pace.millisegments_a_second() <= 30_000);
        left(&mut pace, 6_100, 5_000, 1);
        assert!(pace.millisegments_a_second() < 60_000);
        left(&mut pace, 11_100, 20_000, 1);
        assert_eq!(pace.millisegments_a_second(), 100_000);
    }

    proptest! {
        #[test]
        fn who_waits_as_told_may_then_send_and_no_sooner(
            rate in 1_u32..500,
            segments in 1_u32..10,
            taken in 0_u32..20,
            later in 0_u64..2_000,
        ) {
            let mut pace = Pace::new(rate, 1_000);
            let mut now = 1_000;
            for _ in 0..taken {
                now += 137;
                pace.take(segments, now);
            }
            now += later;
            let wait = pace.wait(segments, now);
            let mut early = pace.clone();
            if wait > 2 {
                prop_assert!(!early.take(segments, now + wait - 2));
            }
            prop_assert!(pace.take(segments, now + wait + 1));
        }
    }
}
