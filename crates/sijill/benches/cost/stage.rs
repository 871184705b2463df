//! A service in this process, over a log of the benchmark's choice, in which a poll is ready to take answers.

use data_encoding::BASE64;
use sijill_ledger::{Origin, SecretKey, codec};
use sijill_poll::Event;
use sijill_poll::event::Opening;
use sijill_scenarios::bench::{Bench, Setup};
use sijill_scenarios::definition::HOUR_MS;
use sijill_server::desk::{Ask, Reply};
use sijill_server::measure::{self, BatchLimits};
use sijill_server::{Config, MasterKey, Service};
use sijill_store::{DataDir, Log};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Instant;
use tempfile::TempDir;

/// A folder for what is only needed now: where `SIJILL_BENCH_DISK` says, or on the disk on which everything is built.
pub fn temporary() -> TempDir {
    let disk = std::env::var_os("SIJILL_BENCH_DISK").map_or_else(kept, PathBuf::from);
    tempfile::tempdir_in(disk).unwrap()
}

/// The folder for what later runs can use again.
pub fn kept() -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("cost");
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// The poll that a stage shows: everyone invited, at its start.
pub fn play(invitations: u32, bend: impl FnOnce(String) -> String) -> Bench {
    play_of(&mut Setup::default(), invitations, bend)
}

/// The same with terms of the caller's choice.
pub fn play_of(setup: &mut Setup, invitations: u32, bend: impl FnOnce(String) -> String) -> Bench {
    setup.invitations = invitations;
    setup.terms.strata.truncate(1);
    let [start, ..] = setup.terms.field_ms;
    setup.terms.field_ms = [start, start + 24 * HOUR_MS, start + 48 * HOUR_MS];
    let mut bench = Bench::open_bent(setup, |opening| {
        served_here(opening);
        opening.definition = bend(std::mem::take(&mut opening.definition));
    });
    bench.admit(bench.roster_committed());
    bench.admit(bench.wave_started(invitations));
    bench.wait_for_start();
    bench
}

/// The bytes of the master key of every service here.
pub const MASTER: [u8; 32] = [7; 32];

/// That key.
pub fn master() -> MasterKey {
    MasterKey::new(MASTER)
}

/// The key by which a service with that master signs this ledger's checkpoints.
pub fn log_key(origin: &Origin) -> SecretKey {
    master().log_key(origin)
}

/// Gives a poll the keys that a service with that master has for it.
pub fn served_here(opening: &mut Opening) {
    opening.log_keys = vec![master().log_key(&opening.origin).public_key()];
    opening.promise_key = master().promise_key(&opening.origin).public_key();
}

/// A service with that poll.
pub struct Stage {
    pub service: Service,
    pub slug: String,
    folder: TempDir,
}

impl Stage {
    /// Opens a service and records all that the bench has.
    pub fn of(bench: &Bench, limits: BatchLimits, log: impl FnOnce(DataDir) -> Log) -> Self {
        let folder = temporary();
        let hand = Arc::new(AtomicU64::new(0));
        let running: Arc<OnceLock<Instant>> = Arc::default();
        let clock = {
            let (hand, running) = (Arc::clone(&hand), Arc::clone(&running));
            move || {
                let since = running
                    .get()
                    .map_or(0, |since| since.elapsed().as_millis() as u64);
                hand.load(Ordering::SeqCst) + since
            }
        };
        let config = Config {
            data: folder.path().to_owned(),
            master: master(),
            clock: Arc::new(clock),
            checkpoints: sijill_server::Checkpoints::default(),
        };
        let log = log(DataDir::create_or_open(folder.path()).unwrap());
        let service = measure::open(config, log, limits).unwrap();
        let slug = bench.terms.slug.clone();
        let polls = folder.path().join("polls").join(&slug);
        for sealed in &bench.entries {
            // The publisher writes how far is published as soon as there is a poll.
            std::fs::create_dir_all(&polls).unwrap();
            hand.store(sealed.entry().at, Ordering::SeqCst);
            if sealed.entry().index == 1 {
                std::fs::write(polls.join("roster"), &bench.leaves).unwrap();
            }
            record(&service, &slug, &sealed.entry().event);
        }
        hand.store(bench.now, Ordering::SeqCst);
        running.set(Instant::now()).unwrap();
        Self {
            service,
            slug,
            folder,
        }
    }

    /// Number of entries that are durable.
    pub fn entries(&self) -> u64 {
        self.service.book(&self.slug).unwrap().durable().head().size
    }

    /// Stops; sled's blob folder must be empty.
    pub fn stop(self) {
        self.service.stop().unwrap();
        let blobs = self.folder.path().join("log").join("blobs");
        let found = std::fs::read_dir(blobs).map_or(0, |blobs| blobs.count());
        assert_eq!(found, 0, "frames went to blob files");
    }
}

fn record(service: &Service, slug: &str, event: &Event) {
    let text = BASE64.encode(&codec::encode(event).unwrap());
    let reply = match event {
        Event::Opened(_) => service.ask(Ask::Open { event: text }),
        _ => service.ask(Ask::Record {
            slug: slug.to_owned(),
            event: text,
        }),
    };
    assert!(matches!(reply, Reply::Recorded { .. }), "{reply:?}");
}
