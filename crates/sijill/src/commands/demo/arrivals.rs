//! When simulated respondents answer, and what.
//!
//! Delays after a message are log-normal with a median of 40 minutes and a sigma of 1.6, which fits what is known of
//! answers to SMS (60 % of all within 45 minutes in one study, half within 50 in another). The demo shows the first
//! hours of that curve, compressed.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::f64::consts::TAU;
use std::time::Duration;

const MEDIAN_MINUTES: f64 = 40.0;
const SIGMA: f64 = 1.6;

/// How much of the curve is shown: the first three hours, in which four of five who answer do.
pub const SHOWN_HOURS: u32 = 3;

/// Chance of the options, in the definition's order, before the lots for a governorate are drawn.
const CHANCES: [f64; 3] = [0.41, 0.45, 0.14];

/// How far the lots may move a chance, as a share of it.
const LOT: f64 = 0.3;

/// The lots of one demo: everything that is made up, from one seed.
pub struct Lots(StdRng);

impl Lots {
    /// The lots of this seed.
    pub fn new(seed: u64) -> Self {
        Self(StdRng::seed_from_u64(seed))
    }

    /// When `count` people answer, ascending, with the hours shown compressed into `span`.
    pub fn delays(&mut self, count: usize, span: Duration) -> Vec<Duration> {
        let shown = f64::from(SHOWN_HOURS) * 60.0;
        let mut minutes: Vec<f64> = (0..count).map(|_| self.minutes_below(shown)).collect();
        minutes.sort_by(f64::total_cmp);
        minutes
            .into_iter()
            .map(|minutes| span.mul_f64(minutes / shown))
            .collect()
    }

    /// A delay in minutes, drawn again until it is one of those shown.
    fn minutes_below(&mut self, shown: f64) -> f64 {
        loop {
            let minutes = MEDIAN_MINUTES * (SIGMA * self.normal()).exp();
            if minutes < shown {
                return minutes;
            }
        }
    }

    /// A standard normal value (Box and Muller).
    fn normal(&mut self) -> f64 {
        // In (0, 1], so that the logarithm is finite.
        let u = 1.0 - self.0.random::<f64>();
        let v = self.0.random::<f64>();
        (-2.0 * u.ln()).sqrt() * (TAU * v).cos()
    }

    /// Chances of the options in one governorate, drawn by lot: no claim about anybody.
    pub fn leaning(&mut self) -> Leaning {
        let weights =
            CHANCES.map(|chance| chance * (1.0 + LOT * (2.0 * self.0.random::<f64>() - 1.0)));
        let sum: f64 = weights.iter().sum();
        Leaning(weights.map(|weight| weight / sum))
    }

    /// The place of the option that somebody of this leaning chooses.
    pub fn choice(&mut self, leaning: Leaning) -> usize {
        let [first, second, _] = leaning.0;
        let lot = self.0.random::<f64>();
        usize::from(lot >= first) + usize::from(lot >= first + second)
    }

    /// `count` of these, in an order drawn by lot.
    pub fn some_of<T>(&mut self, mut all: Vec<T>, count: usize) -> Vec<T> {
        for place in 0..count.min(all.len()) {
            let other = self.0.random_range(place..all.len());
            all.swap(place, other);
        }
        all.truncate(count);
        all
    }
}

/// Chances of the options, in the definition's order.
#[derive(Debug, Clone, Copy)]
pub struct Leaning([f64; 3]);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn most_answers_come_early_as_after_a_real_message() {
        let span = Duration::from_secs(180);
        let delays = Lots::new(7).delays(20_000, span);
        assert!(delays.is_sorted());
        assert!(delays.last().unwrap() <= &span);
        // One second of the span stands for a minute. Of all who answer, 27 % do within 15 minutes, 50 % within 40, 60 %
        // within 60, and 82.7 % within the three hours shown.
        for (minutes, share) in [(15, 0.27), (40, 0.50), (60, 0.60)] {
            let found = delays.partition_point(|delay| *delay < Duration::from_secs(minutes));
            let found = found as f64 / 20_000.0 * 0.827;
            assert!((found - share).abs() < 0.015, "{minutes} min: {found}");
        }
    }

    #[test]
    fn the_same_seed_makes_up_the_same_demo() {
        let lots = || {
            let mut lots = Lots::new(3);
            let leaning = lots.leaning();
            (0..100).map(|_| lots.choice(leaning)).collect::<Vec<_>>()
        };
        assert_eq!(lots(), lots());
        assert!((0..3).all(|option| lots().contains(&option)));
    }

    #[test]
    fn nobody_is_drawn_twice() {
        let mut drawn = Lots::new(5).some_of((0..100).collect(), 60);
        drawn.sort_unstable();
        drawn.dedup();
        assert_eq!(drawn.len(), 60);
    }
}
