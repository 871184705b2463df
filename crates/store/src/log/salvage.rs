//! Salvage: going on with a log that lost entries which had been acknowledged, because somebody who may decides so.
//!
//! Nothing here happens by itself. The files as found are copied first and the copy is kept; what can be read from
//! entry 0 on is kept; what stands behind it is cut off, so that the ledger has one end; and what goes on there must be
//! an entry that says what was lost.

use super::{Known, Log, medium, shown};
use crate::StoreError;
use crate::copy;
use crate::data_dir::{DataDir, poll_folder};
use crate::error::ends_at;
use crate::frame;
use crate::head::{self, Found};
use crate::repair;
use sijill_ledger::{Event, Head, Origin, Sealed};
use std::path::PathBuf;

/// What is left of a ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Salvaged {
    /// The poll's short name.
    pub slug: String,
    /// Where the part ends that can be read.
    pub kept: Head,
    /// Where the ledger ended that was acknowledged.
    pub acknowledged: Head,
    /// Why reading ended there, if not for lack of entries.
    pub why: Option<String>,
}

impl Salvaged {
    /// Number of acknowledged entries that are lost.
    pub fn lost(&self) -> u64 {
        self.acknowledged.size.saturating_sub(self.kept.size)
    }
}

impl Log {
    /// Opens the log of a data directory to salvage what is in it. Its files are copied first, also after a clean stop;
    /// where failed starts left as many copies as there may be, the oldest one serves. Returns where the copy is.
    pub fn open_to_salvage(dir: DataDir) -> Result<(Self, PathBuf), StoreError> {
        let data = dir.path().to_owned();
        repair::end_unfinished(&data)?;
        let copy = copy::before_salvage(&data)?;
        Ok((Self::open_copied(dir, Some(copy.clone()))?, copy))
    }

    /// Reads as much of a ledger as follows from entry 0, and hands it to `visit`. Changes nothing.
    ///
    /// # Errors
    /// If not even entry 0 can be read, or if the head file is missing, damaged, or says another link: then nobody can
    /// say what was lost, and only an export helps. If `visit` refuses an entry: it is there, and not lost.
    pub fn salvage<E: Event>(
        &self,
        origin: &Origin,
        slug: impl FnOnce(&Sealed<E>) -> Result<String, String>,
        mut visit: impl FnMut(Sealed<E>) -> Result<(), String>,
    ) -> Result<Salvaged, StoreError> {
        let mut entries = self.entries_as_they_are(origin, 0);
        let (mut kept, mut acknowledged) = (Head::start(origin), None);
        let (mut naming, mut name) = (Some(slug), String::new());
        let mut why = None;
        loop {
            let (sealed, next) = match self.follow(entries.next(), kept) {
                Ok(Some(read)) => read,
                Ok(None) => break,
                Err(error) => {
                    why = Some(error);
                    break;
                }
            };
            if let Some(slug) = naming.take() {
                name = slug(&sealed).map_err(|why| self.damaged(origin, 0, why))?;
                acknowledged = self.acknowledged(&name)?;
            }
            if let Some(acknowledged) = acknowledged {
                self.as_acknowledged(&name, acknowledged, next)?;
            }
            // What is wrong with what the entry needs beside it is no loss of the log's.
            visit(sealed).map_err(|why| StoreError::NotSalvaged {
                origin: origin.to_string(),
                index: kept.size,
                why,
            })?;
            kept = next;
        }
        match acknowledged {
            Some(acknowledged) => Ok(Salvaged {
                slug: name,
                kept,
                acknowledged,
                why,
            }),
            None => Err(self.damaged(origin, 0, why.unwrap_or_else(|| "it is gone".to_owned()))),
        }
    }

    /// The next entry, if there is one and it follows, and the head after it.
    fn follow<E: Event>(
        &self,
        bytes: Option<Result<Vec<u8>, StoreError>>,
        end: Head,
    ) -> Result<Option<(Sealed<E>, Head)>, String> {
        let Some(bytes) = bytes else {
            return Ok(None);
        };
        let bytes = bytes.map_err(|error| error.to_string())?;
        let sealed = Sealed::<E>::read(&bytes).map_err(|error| error.to_string())?;
        let next = end.follow(&sealed).map_err(|error| error.to_string())?;
        Ok(Some((sealed, next)))
    }

    fn acknowledged(&self, slug: &str) -> Result<Option<Head>, StoreError> {
        match head::read(&poll_folder(self.data(), slug)?)? {
            Found::Says(head) => Ok(Some(head)),
            Found::Nothing | Found::Damaged => Err(StoreError::HeadMissing {
                slug: slug.to_owned(),
                size: None,
            }),
        }
    }

    /// Cuts off everything behind what was kept, durably; the next append goes on there. The head file still says what
    /// was acknowledged, until that append has moved it.
    ///
    /// # Errors
    /// If nothing was lost, or if the medium fails.
    pub fn cut(&self, origin: &Origin, salvaged: &Salvaged) -> Result<(), StoreError> {
        if salvaged.lost() == 0 {
            return Err(StoreError::NothingLost {
                slug: salvaged.slug.clone(),
                last: ends_at(&salvaged.acknowledged),
            });
        }
        let cut = self.cut_frames(origin, salvaged.kept.size);
        self.or_stop(cut)?;
        let known = Known {
            slug: salvaged.slug.clone(),
            durable: salvaged.kept,
            written: salvaged.kept,
        };
        self.state().ledgers.insert(origin.clone(), known);
        Ok(())
    }

    fn cut_frames(&self, origin: &Origin, size: u64) -> Result<(), StoreError> {
        let disk = &self.0.medium;
        let failed = || medium("cutting a ledger");
        let last = disk.frame_at(origin.as_str(), size.saturating_sub(1));
        if let Some((first, bytes)) = last.map_err(failed())? {
            let kept = usize::try_from(size - first).unwrap_or(usize::MAX);
            let short = frame::shortened(&bytes, kept)
                .ok_or_else(|| self.damaged(origin, first, "a frame is damaged".to_owned()))?;
            if short.len() < bytes.len() {
                disk.insert(origin.as_str(), first, &short)
                    .map_err(failed())?;
            }
        }
        disk.remove_from(origin.as_str(), size).map_err(failed())?;
        disk.sync().map_err(medium("syncing the log"))
    }

    /// Where the copy of the files as found is.
    pub fn evidence(&self) -> String {
        shown(self.0.copy.as_deref())
    }
}
