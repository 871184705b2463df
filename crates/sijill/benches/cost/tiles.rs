//! Full tiles of a published poll over HTTP, beside a fixed body as long as they are, from the same server.

use crate::Scale;
use crate::big::Big;
use crate::http::{asked, serving};
use crate::stage::{master, temporary};
use crate::table::{Row, in_turn, ratio};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use sijill_ledger::tile::{TILE_WIDTH, TileId, TileKind};
use sijill_server::measure::{self, BatchLimits, FIXED};
use sijill_server::{Checkpoints, Config, Service, system_clock};
use sijill_store::{DataDir, Log};
use std::path::Path;
use std::time::{Duration, Instant};

const CONNECTIONS: usize = 64;

/// The longest that the poll may take to be published.
const PUBLICATION_TIME_MAX: Duration = Duration::from_secs(300);

pub fn rows(scale: &Scale) -> Vec<Row> {
    let answers = scale.of(1_000_000);
    let folder = temporary();
    let data = folder.path().join("data");
    sijill_store::private_copy(&Big { answers, silent: 0 }.data(), &data).unwrap();
    let service = open(&data);
    let (slug, size) = published(&service);
    let full = size / TILE_WIDTH;
    let dice = &mut StdRng::seed_from_u64(1);
    let count = scale.of(200_000);
    let tiles: Vec<String> = (0..count)
        .map(|_| tile(&slug, dice.random_range(..full)))
        .collect();
    let fixed = vec![request(FIXED); tiles.len()];
    let [served, plain] = serving(&service, |address| {
        let every: Vec<String> = (0..full).map(|index| tile(&slug, index)).collect();
        asked(address, &every, CONNECTIONS);
        in_turn(
            scale.rounds,
            [
                ("tiles", &mut || asked(address, &tiles, CONNECTIONS)),
                ("fixed body", &mut || asked(address, &fixed, CONNECTIONS)),
            ],
        )
    });
    vec![Row::at_least(
        &format!("full hash tiles over HTTP, any of {full}, {CONNECTIONS} connections"),
        "a fixed body of 8 KiB from the same server",
        ratio(&served, &plain),
        0.8,
    )]
}

fn open(data: &Path) -> Service {
    let log = Log::open(DataDir::open(data).unwrap()).unwrap();
    let config = Config {
        data: data.to_owned(),
        master: master(),
        clock: system_clock(),
        checkpoints: Checkpoints::default(),
    };
    measure::open(config, log, BatchLimits::default()).unwrap()
}

/// Waits until all of the only poll is published; its short name, and how many entries it has.
fn published(service: &Service) -> (String, u64) {
    let book = service.books().remove(0);
    let size = book.durable().head().size;
    let start = Instant::now();
    while book.published().head.size < size {
        assert!(
            start.elapsed() < PUBLICATION_TIME_MAX,
            "it is not published"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
    let seconds = start.elapsed().as_secs_f64();
    eprintln!("   {size} entries published in {seconds:.1} s");
    (book.slug().to_owned(), size)
}

fn tile(slug: &str, index: u64) -> String {
    let id = TileId::new(TileKind::Hashes { level: 0 }, index, TILE_WIDTH).unwrap();
    request(&sijill_server::paths::of_poll(slug, &id.to_string()))
}

fn request(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: ur.example\r\n\r\n")
}
