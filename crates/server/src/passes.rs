//! Passes to the monitor's page: links that open it once, and the visits that they opened. All of it in memory, and of
//! no use after a restart.
//!
//! Invariants:
//! - a link opens one visit and no more; looking at it opens none;
//! - making a link ends every visit and every link before it, so whoever may make one can lock others out;
//! - what is kept of a secret is its hash.

use crate::limits::{MONITOR_LINK_MS, MONITOR_VISIT_MS};
use sijill_ledger::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Bytes of a secret.
const SECRET_BYTES: usize = 16;

/// Links and visits.
#[derive(Debug, Default)]
pub struct Passes(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    /// The newest link: its hash, until when it opens a visit, and whether it did.
    link: Option<(Hash, u64, bool)>,
    /// The visit that it opened: its hash, and until when.
    visit: Option<(Hash, u64)>,
}

/// What a link is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkState {
    /// It opens a visit.
    Fresh,
    /// It did.
    Used,
    /// It is too old, another was made after it, or there never was one.
    Unknown,
}

impl Passes {
    /// Makes a link, and says until when it opens a visit, in milliseconds since 1970. All before it are void.
    pub fn make_link(&self, now: u64) -> Result<(String, u64), getrandom::Error> {
        let secret = secret()?;
        let until = now.saturating_add(MONITOR_LINK_MS);
        *self.kept() = Kept {
            link: Some((hash(&secret), until, false)),
            visit: None,
        };
        Ok((secret, until))
    }

    /// What a link is good for now.
    pub fn look(&self, secret: &str, now: u64) -> LinkState {
        match self.kept().link {
            Some((kept, _, true)) if kept == hash(secret) => LinkState::Used,
            Some((kept, until, false)) if kept == hash(secret) && now < until => LinkState::Fresh,
            _ => LinkState::Unknown,
        }
    }

    /// Opens a visit, if the link is good for one; returns the visit's secret.
    pub fn open(
        &self,
        link: &str,
        now: u64,
    ) -> Result<Result<String, LinkState>, getrandom::Error> {
        let visit = secret()?;
        let mut kept = self.kept();
        let state = match &mut kept.link {
            Some((of, until, used)) if *of == hash(link) => match (*used, now < *until) {
                (true, _) => LinkState::Used,
                (false, true) => {
                    *used = true;
                    LinkState::Fresh
                }
                (false, false) => LinkState::Unknown,
            },
            _ => LinkState::Unknown,
        };
        if state != LinkState::Fresh {
            return Ok(Err(state));
        }
        kept.visit = Some((hash(&visit), now.saturating_add(MONITOR_VISIT_MS)));
        Ok(Ok(visit))
    }

    /// Whether this is the secret of a visit that is open.
    pub fn is_open(&self, visit: &str, now: u64) -> bool {
        let open = self.kept().visit;
        open.is_some_and(|(kept, until)| kept == hash(visit) && now < until)
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn secret() -> Result<String, getrandom::Error> {
    let mut bytes = [0; SECRET_BYTES];
    getrandom::fill(&mut bytes)?;
    Ok(data_encoding::HEXLOWER.encode(&bytes))
}

/// Hashes are compared, so how long that takes says nothing of the secret.
fn hash(secret: &str) -> Hash {
    Hash::of(secret.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_opens_one_visit_and_looking_at_it_none() {
        let passes = Passes::default();
        let (link, until) = passes.make_link(1_000).unwrap();
        assert_eq!(until, 1_000 + MONITOR_LINK_MS);
        assert_eq!(link.len(), 32);
        assert_eq!(passes.look(&link, 2_000), LinkState::Fresh);
        assert_eq!(passes.look(&link, 2_000), LinkState::Fresh);
        assert!(!passes.is_open(&link, 2_000));
        let visit = passes.open(&link, 2_000).unwrap().unwrap();
        assert!(passes.is_open(&visit, 2_000));
        assert_eq!(passes.look(&link, 2_000), LinkState::Used);
        assert_eq!(passes.open(&link, 2_000).unwrap(), Err(LinkState::Used));
        assert!(
            passes.is_open(&visit, 2_000),
            "a second try shuts nobody out"
        );
        assert!(!passes.is_open(&visit, 2_000 + MONITOR_VISIT_MS));
    }

    #[test]
    fn a_link_is_good_for_ten_minutes() {
        let passes = Passes::default();
        let (link, until) = passes.make_link(0).unwrap();
        assert_eq!(passes.look(&link, until - 1), LinkState::Fresh);
        assert_eq!(passes.look(&link, until), LinkState::Unknown);
        assert_eq!(passes.open(&link, until).unwrap(), Err(LinkState::Unknown));
        assert_eq!(passes.look("", 0), LinkState::Unknown);
    }

    #[test]
    fn a_new_link_ends_what_was_before() {
        let passes = Passes::default();
        let (first, _) = passes.make_link(0).unwrap();
        let visit = passes.open(&first, 0).unwrap().unwrap();
        let (second, _) = passes.make_link(1).unwrap();
        assert!(!passes.is_open(&visit, 1));
        assert_eq!(passes.look(&first, 1), LinkState::Unknown);
        assert_eq!(passes.look(&second, 1), LinkState::Fresh);
    }
}
