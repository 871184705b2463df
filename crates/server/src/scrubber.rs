//! The scrubber: while the service runs, the log is read again and the tiles are held against it, poll after poll, round
//! after round, slowly. It works in the signer's thread, where nothing is published meanwhile, and a publication waits for
//! one of its steps at most; commits do not wait for it.
//!
//! What it reads of the log may come from sled's cache: what only the disk has wrong, a start finds, which reads all of it.
//!
//! Invariants:
//! - a log that does not lead to the newest checkpoint stops the service;
//! - a tile is written anew only when the log has led to the newest checkpoint's root.

use crate::ServerError;
use crate::health::Health;
use crate::limits::{SCRUB_BYTES_PER_SECOND, SCRUB_REST_MS, SCRUB_TILES_MAX};
use crate::tree::Tree;
use sijill_ledger::tile_writer::Tile;
use sijill_store::scrub::Scrub;
use sijill_store::{Log, StoreError};
use std::collections::BTreeMap;
use std::ops::Bound;
use std::time::{Duration, Instant};

/// Least time between two rounds: a thread that never waits helps nobody.
const REST_MIN: Duration = Duration::from_millis(1);

/// How fast the scrubber goes.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// Bytes of entries read in a second, about.
    pub bytes_per_second: u64,
    /// Time between two rounds.
    pub rest: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            bytes_per_second: SCRUB_BYTES_PER_SECOND,
            rest: Duration::from_millis(SCRUB_REST_MS),
        }
    }
}

/// The scrubber's own state.
pub struct Scrubber {
    pace: Pace,
    looking: Option<Look>,
    /// The poll looked at last in this round.
    last: Option<String>,
    /// When the next step is due.
    due: Instant,
}

/// A look at one poll, from entry 0 on.
struct Look {
    slug: String,
    scrub: Scrub,
    differing: Vec<Tile>,
}

impl Scrubber {
    /// A scrubber whose first step is due now.
    pub fn new(pace: Pace) -> Self {
        Self {
            pace,
            looking: None,
            last: None,
            due: Instant::now(),
        }
    }

    /// How long until the next step is due.
    pub fn due_in(&self) -> Duration {
        self.due.saturating_duration_since(Instant::now())
    }

    /// Makes one step.
    ///
    /// # Errors
    /// If the log is damaged or cannot be read. What is wrong with files beside it is only said.
    pub fn step(
        &mut self,
        log: &Log,
        trees: &mut BTreeMap<String, Tree>,
        health: &Health,
    ) -> Result<(), ServerError> {
        let Some(look) = self.looking.take().or_else(|| self.next(trees)) else {
            self.last = None;
            self.due = Instant::now() + self.pace.rest.max(REST_MIN);
            return Ok(());
        };
        let slug = look.slug.clone();
        match self.go_on(look, log, trees, health) {
            Err(ServerError::Store(StoreError::Io { what, path, error })) => {
                self.last = Some(slug);
                tracing::warn!("while tiles are looked through: cannot {what} `{path}`: {error}");
                Ok(())
            }
            done => done,
        }
    }

    /// The poll after the last one.
    fn next(&self, trees: &BTreeMap<String, Tree>) -> Option<Look> {
        let after = match &self.last {
            Some(last) => Bound::Excluded(last.as_str()),
            None => Bound::Unbounded,
        };
        let (slug, tree) = trees.range::<str, _>((after, Bound::Unbounded)).next()?;
        Some(Look {
            slug: slug.clone(),
            scrub: Scrub::of(tree.origin()),
            differing: Vec::new(),
        })
    }

    fn go_on(
        &mut self,
        mut look: Look,
        log: &Log,
        trees: &mut BTreeMap<String, Tree>,
        health: &Health,
    ) -> Result<(), ServerError> {
        let Some(tree) = trees.get_mut(&look.slug) else {
            return Ok(());
        };
        let Some(looked) = tree.look(&mut look.scrub, log)? else {
            self.last = Some(look.slug);
            return Ok(());
        };
        self.due = Instant::now() + self.time_for(looked.bytes);
        let counts = health.counts();
        counts.scrubbed(looked.bytes, looked.through);
        let room = SCRUB_TILES_MAX.saturating_sub(look.differing.len());
        look.differing
            .extend(looked.differing.into_iter().take(room));
        if !looked.through {
            self.looking = Some(look);
            return Ok(());
        }
        self.last = Some(look.slug);
        if !look.differing.is_empty() {
            health.mended(tree.mend(&look.differing)?);
        }
        Ok(())
    }

    fn time_for(&self, bytes: u64) -> Duration {
        let ms = bytes.saturating_mul(1_000) / self.pace.bytes_per_second.max(1);
        Duration::from_millis(ms)
    }
}
