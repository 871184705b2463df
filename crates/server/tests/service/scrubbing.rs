//! A disk that damages what a running service has published.

use crate::pair::{Pair, open_at, stopped};
use crate::publication::{answered, crowd, published};
use sijill_server::Pace;
use std::time::{Duration, Instant};

#[test]
fn tiles_that_are_damaged_while_the_service_runs_are_written_anew() {
    let mut pair = Pair::invited(&crowd());
    let newest = answered(&mut pair, 0..300);
    let bench = pair.bench.clone();
    let (folder, clock, slug) = stopped(pair);
    let pace = Pace {
        bytes_per_second: u64::MAX,
        rest: Duration::ZERO,
    };
    let service = open_at(folder.path(), &clock, pace);
    let mut pair = Pair {
        folder,
        clock,
        service,
        bench,
    };
    let tiles = pair.folder.path().join(format!("polls/{slug}/public/tile"));
    let width = newest.claimed().size - 256;
    let partial = format!("entries/001.p/{width}");
    let mut mended = 0;
    for name in ["entries/000", "0/000", &partial] {
        let file = tiles.join(name);
        let right = std::fs::read(&file).unwrap();
        let mut wrong = right.clone();
        wrong[100] ^= 1;
        std::fs::write(&file, wrong).unwrap();
        mended += 1;
        let begun = Instant::now();
        while pair.service.tiles_mended() < mended {
            let waited = begun.elapsed() < Duration::from_secs(20);
            assert!(waited, "{name}: {:?}", pair.service.stopped());
            std::thread::sleep(Duration::from_millis(5));
        }
        assert_eq!(std::fs::read(&file).unwrap(), right, "{name}");
    }
    // It goes on as before: answers, a publication, and nothing else to mend.
    let after = answered(&mut pair, 300..320);
    assert_eq!(published(&pair, after.claimed().size), after);
    assert_eq!(pair.service.tiles_mended(), mended);
    pair.service.stop().unwrap();
}
