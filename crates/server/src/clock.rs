//! The clock, as a value: the binary hands in the system's, tests hand in their own.

use crate::limits::CLOCK_BACK_MS_MAX;
use crate::rejection::Rejection;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// Tells the time in milliseconds since 1970.
pub type Clock = Arc<dyn Fn() -> u64 + Send + Sync>;

/// The machine's clock.
pub fn system_clock() -> Clock {
    Arc::new(|| {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_millis() as u64)
    })
}

/// The time that an entry made now gets: rounded down to the resolution, and never before the last entry's. A small
/// step back (an adjusted clock) is bridged with the last entry's time, a large one refused: answers would be dated
/// wrongly for as long as it lasts.
pub fn entry_time(now: u64, resolution_ms: u64, last_at: u64) -> Result<u64, Rejection> {
    let rounded = now - now % resolution_ms.max(1);
    let back_ms = last_at.saturating_sub(now);
    if back_ms > CLOCK_BACK_MS_MAX {
        return Err(Rejection::ClockWentBack { back_ms });
    }
    Ok(rounded.max(last_at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_rounded_down_and_never_decrease() {
        assert_eq!(entry_time(125_999, 60_000, 0), Ok(120_000));
        assert_eq!(entry_time(119_999, 60_000, 120_000), Ok(120_000));
    }

    #[test]
    fn a_clock_that_jumps_back_is_refused() {
        assert_eq!(
            entry_time(1_000_000, 1_000, 1_060_001),
            Err(Rejection::ClockWentBack { back_ms: 60_001 })
        );
    }
}
