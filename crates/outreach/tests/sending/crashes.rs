//! Whatever the moment at which everything stops: no invitation is lost, and none is repeated but those of which nobody
//! knows. The test of the whole program that is killed is `tests/stories/sending.rs`.

use crate::fixture::{TestWorld, gateway, honest, messages, opened, run, standing, terms, wave_of};
use sijill_outreach::delivery::State;
use sijill_outreach::sending::send;
use std::collections::BTreeSet;
use std::time::Duration;

/// A run that is dropped after so many microseconds: as a kill leaves it, but for the kernel's own buffers.
async fn dropped_after(folder: &std::path::Path, microseconds: u64) -> crate::fixture::Seen {
    let mut deliveries = opened(folder, 1_000);
    let (gateway, seen) = gateway(16, honest);
    let (mut world, terms) = (TestWorld::default(), terms());
    let run = send(&mut deliveries, gateway, &terms, &mut world);
    let _ = tokio::time::timeout(Duration::from_micros(microseconds), run).await;
    seen
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_is_cut_off_at_any_moment_skips_nobody_and_repeats_only_the_unknown() {
    let mut cut = 0;
    for round in 0..40 {
        let folder = tempfile::tempdir().unwrap();
        drop(wave_of(folder.path(), 1_000));
        let first = dropped_after(folder.path(), 500 + round * 700).await;
        let first = messages(&first);
        let unknown: BTreeSet<u32> = {
            let mut deliveries = opened(folder.path(), 1_000);
            let submitted =
                |place: &u32| deliveries.delivery(*place).unwrap().state == State::Submitted;
            (0..1_000).filter(submitted).collect()
        };
        cut += usize::from(!unknown.is_empty());

        let mut deliveries = opened(folder.path(), 1_000);
        let (gateway, second) = gateway(16, honest);
        run(&mut deliveries, gateway, &mut TestWorld::default())
            .await
            .unwrap();
        assert_eq!(standing(&deliveries), "1000 delivered", "round {round}");
        let second = messages(&second);
        for place in 0..1_000 {
            let both = first.contains_key(&place) && second.contains_key(&place);
            assert!(first.contains_key(&place) || second.contains_key(&place));
            assert!(
                !both || unknown.contains(&place),
                "round {round}: {place} got it twice"
            );
        }
    }
    assert!(
        cut > 5,
        "only {cut} rounds were cut while something was on its way"
    );
}

/// A process was killed three times just before the same messages left: those people were tried as often as anybody is,
/// and never got one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_was_on_the_way_at_a_crash_is_tried_again_after_everybody_else() {
    let folder = tempfile::tempdir().unwrap();
    drop(wave_of(folder.path(), 1_000));
    for _ in 0..5 {
        let mut deliveries = opened(folder.path(), 1_000);
        let (swallows, _) = gateway(16, |_| Vec::new());
        let (mut world, terms) = (TestWorld::default(), terms());
        let run = send(&mut deliveries, swallows, &terms, &mut world);
        let _ = tokio::time::timeout(Duration::from_millis(150), run).await;
    }
    let mut deliveries = opened(folder.path(), 1_000);
    let (gateway, seen) = gateway(16, honest);
    run(&mut deliveries, gateway, &mut TestWorld::default())
        .await
        .unwrap();
    assert_eq!(standing(&deliveries), "1000 delivered");
    assert_eq!(messages(&seen).len(), 1_000);
}
