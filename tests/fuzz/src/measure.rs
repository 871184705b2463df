//! What one input may cost: memory held at once, and time.
//!
//! Memory is counted by the allocator, so a claim for the moon shows even where no page of it is touched. One input is
//! measured at a time; what else the process does meanwhile counts too.

use peak_alloc::PeakAlloc;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// Bytes that one input may make its reader hold at once. An audit keeps two chunks of entries (16 MiB), an import
/// opens a log whose cache is 64 MiB; inputs here are at most some MiB, and readers hold a few times what they read.
pub const HELD_BYTES_MAX: usize = 192 * 1024 * 1024;

/// Time that one input may take, in a slow build on a busy machine.
pub const TIME_MAX: Duration = Duration::from_secs(20);

/// Runs `check`, and panics if it holds too much or takes too long.
pub fn within_limits(check: impl FnOnce()) {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let before = ALLOCATOR.current_usage();
    ALLOCATOR.reset_peak_usage();
    let start = Instant::now();
    check();
    let took = start.elapsed();
    let held = ALLOCATOR.peak_usage().saturating_sub(before);
    drop(alone);
    assert!(held <= HELD_BYTES_MAX, "{held} bytes held at once");
    assert!(took <= TIME_MAX, "took {took:?}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_for_the_moon_is_noticed_though_nothing_is_written_there() {
        let greedy = || drop(Vec::<u8>::with_capacity(HELD_BYTES_MAX + 1));
        assert!(std::panic::catch_unwind(|| within_limits(greedy)).is_err());
        within_limits(|| drop(Vec::<u8>::with_capacity(1_000)));
    }
}
