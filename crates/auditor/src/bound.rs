//! How large a share of bad ones may be at most, if so many were looked at and so many of them were bad.
//!
//! It takes for granted that those looked at are a random sample of all: who reports the figure says so.

use statrs::distribution::{Beta, ContinuousCDF};

/// The confidence of every bound here.
pub const CONFIDENCE: f64 = 0.95;

/// The exact one-sided upper bound (Clopper–Pearson) of the share of bad ones in all, with 95 % confidence, where `bad`
/// of `looked_at` were; 1 where nothing, or nothing good, was looked at. For none bad it is 1 − 0.05^(1 / looked_at).
pub fn share_max(bad: u64, looked_at: u64) -> f64 {
    let good = looked_at.saturating_sub(bad);
    match Beta::new(bad as f64 + 1.0, good as f64) {
        Ok(beta) if good > 0 => beta.inverse_cdf(CONFIDENCE),
        _ => 1.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn none_bad_of_n_gives_the_closed_form() {
        for looked_at in [1, 2, 10, 59, 299, 1_000, 100_000] {
            let closed = 1.0 - 0.05f64.powf(1.0 / looked_at as f64);
            let found = share_max(0, looked_at);
            assert!(
                (found - closed).abs() < 1e-9,
                "{looked_at}: {found} {closed}"
            );
        }
        assert!(share_max(0, 59) < 0.05 && share_max(0, 58) > 0.05);
    }

    /// The probability of at most `bad` bad ones among `looked_at`, if this share of all is bad.
    fn at_most(bad: u64, looked_at: u64, share: f64) -> f64 {
        let mut term = (1.0 - share).powf(looked_at as f64);
        let mut sum = term;
        for k in 0..bad {
            term *= (looked_at - k) as f64 / (k + 1) as f64 * share / (1.0 - share);
            sum += term;
        }
        sum
    }

    #[test]
    fn at_the_bound_so_few_bad_ones_are_seen_in_one_of_twenty_samples() {
        for (bad, looked_at) in [(0, 20), (1, 20), (3, 50), (5, 1_000), (19, 20), (40, 400)] {
            let share = share_max(bad, looked_at);
            let probability = at_most(bad, looked_at, share);
            assert!(
                (probability - 0.05).abs() < 1e-6,
                "{bad} of {looked_at}: {share} {probability}"
            );
        }
    }

    #[test]
    fn nothing_looked_at_or_nothing_good_bounds_nothing() {
        for (bad, looked_at) in [(0, 0), (1, 1), (7, 7), (8, 7)] {
            assert_eq!(share_max(bad, looked_at).to_bits(), 1.0f64.to_bits());
        }
    }
}
