//! A private copy of a data directory, for what must not touch the directory itself: opening a log runs its recovery,
//! and evidence is not altered.

use crate::data_folder::DataFolder;
use crate::fault::{Fault, input};
use anyhow::{Context, Result};
use sijill_ledger::{Origin, Sealed};
use sijill_poll::Event;
use sijill_poll::definition::Definition;
use sijill_store::export::{self, Beside};
use sijill_store::{DataDir, Log, PublicFolder, StoreError};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long a directory that somebody still holds is waited for: a server that is stopping lets go of it.
const WAIT: Duration = Duration::from_secs(5);

/// A copy of a data directory, removed when dropped.
pub struct PrivateCopy {
    log: Log,
    data: DataFolder,
    // Removed last, when the log in it is closed.
    _folder: TempDir,
}

/// A ledger of the copy.
#[derive(Debug, Clone)]
pub struct CopiedLedger {
    /// Its name.
    pub origin: Origin,
    /// The poll's slug, from entry 0; the last part of the origin where that cannot be read.
    pub slug: String,
}

impl PrivateCopy {
    /// Copies a directory that no server holds.
    pub fn of(data: &DataFolder) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("sijill-copy-").tempdir()?;
        let copy = folder.path().join("data");
        copy_when_free(data.path(), &copy)?;
        Ok(Self {
            log: Log::open(DataDir::open(&copy)?)?,
            data: DataFolder::new(copy),
            _folder: folder,
        })
    }

    /// The log in it.
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// The copied directory.
    pub fn data(&self) -> &DataFolder {
        &self.data
    }

    /// The ledgers in it; with a slug, only that one.
    pub fn ledgers(&self, slug: Option<&str>) -> Result<Vec<CopiedLedger>> {
        let mut ledgers = Vec::new();
        for name in self.log.ledgers()? {
            let origin: Origin = name.parse().with_context(|| {
                Fault::Unfinished(format!("the log holds `{name}`, which is no ledger"))
            })?;
            let slug = self.slug_of(&origin);
            ledgers.push(CopiedLedger { origin, slug });
        }
        let Some(slug) = slug else {
            return Ok(ledgers);
        };
        ledgers.retain(|ledger| ledger.slug == slug);
        if ledgers.is_empty() {
            return Err(input(format!(
                "there is no poll `{slug}` in this data directory"
            )));
        }
        Ok(ledgers)
    }

    /// Polls that have a folder with a head file, and no ledger in the log.
    pub fn lost(&self) -> Result<Vec<String>> {
        let there: Vec<String> = self
            .ledgers(None)?
            .into_iter()
            .map(|ledger| ledger.slug)
            .collect();
        let mut slugs = self.data.slugs()?;
        slugs.retain(|slug| {
            !there.contains(slug)
                && self
                    .data
                    .path()
                    .join("polls")
                    .join(slug)
                    .join("head")
                    .exists()
        });
        Ok(slugs)
    }

    fn slug_of(&self, origin: &Origin) -> String {
        let first = self.entries(origin).next().and_then(Result::ok);
        let slug =
            first.and_then(
                |bytes| match Sealed::<Event>::read(&bytes).ok()?.into_entry().event {
                    Event::Opened(opened) => {
                        Some(Definition::parse(&opened.opening.definition).ok()?.slug)
                    }
                    _ => None,
                },
            );
        let last = || {
            origin
                .as_str()
                .rsplit('/')
                .next()
                .unwrap_or_default()
                .to_owned()
        };
        slug.unwrap_or_else(last)
    }

    /// The canonical bytes of a ledger's entries, as they stand.
    pub fn entries(
        &self,
        origin: &Origin,
    ) -> impl Iterator<Item = Result<Vec<u8>, StoreError>> + '_ {
        self.log.entries(origin, 0)
    }

    /// The roster file of a ledger, whether it is there or not.
    pub fn roster(&self, ledger: &CopiedLedger) -> Result<PathBuf> {
        Ok(self.data.poll(&ledger.slug)?.roster())
    }

    /// Writes an export of the ledger as it stands, verified by nobody.
    pub fn export(
        &self,
        ledger: &CopiedLedger,
        target: &Path,
        progress: impl FnMut(u64),
    ) -> Result<()> {
        let roster = if self.has_committed_roster(&ledger.origin) {
            self.roster(ledger)?
        } else {
            // Leaves that nothing commits to are a broken-off import, and no part of the ledger.
            self.data.path().join("no-roster")
        };
        let folder = self.data.path().join("polls").join(&ledger.slug);
        let public = PublicFolder::at(&folder.join("public"));
        let end = match public.checkpoints(&ledger.origin) {
            Ok(listed) => listed.last().map_or(0, |last| last.ends_at),
            // What is wrong with the list is for the audit to say.
            Err(_) => u64::MAX,
        };
        let beside = Beside {
            roster: &roster,
            checkpoints: Some((&public, end)),
        };
        export::write(&self.log, &ledger.origin, beside, None, target, progress)?;
        Ok(())
    }

    fn has_committed_roster(&self, origin: &Origin) -> bool {
        let mut entries = self.entries(origin).filter_map(Result::ok);
        entries.any(|bytes| {
            let event = Sealed::<Event>::read(&bytes).map(|sealed| sealed.into_entry().event);
            matches!(event, Ok(Event::RosterCommitted(_)))
        })
    }
}

fn copy_when_free(data: &Path, copy: &Path) -> Result<()> {
    let until = Instant::now() + WAIT;
    loop {
        match sijill_store::private_copy(data, copy) {
            Err(StoreError::Held { .. }) if Instant::now() < until => {
                std::thread::sleep(Duration::from_millis(100));
            }
            outcome => return Ok(outcome?),
        }
    }
}
