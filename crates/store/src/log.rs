//! The log: ledgers on a medium, appended to against an expected head, and verified when they are loaded.
//!
//! Invariants, checked before a write and after a read:
//! - the frames of a ledger hold its entries in order, without gap, each once;
//! - the head file never says more than what is on stable storage, and is written before anyone is told;
//! - after any failure of the medium nothing is written any more: it is not known what is on disk.

use crate::StoreError;
use crate::copy;
use crate::data_dir::DataDir;
use crate::error::ends_at;
use crate::files;
use crate::frame;
use crate::head;
use crate::medium::{Medium, MediumError};
use crate::sled_medium::SledMedium;
use sijill_ledger::{Event, Head, Origin, Sealed};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Entries to be made durable at the end of one ledger.
#[derive(Debug)]
pub struct Append<'a> {
    /// The ledger.
    pub origin: &'a Origin,
    /// The poll's short name, which names its folder.
    pub slug: &'a str,
    /// Where the ledger ends before.
    pub before: Head,
    /// Where it ends after.
    pub after: Head,
    /// The canonical bytes of the entries in between.
    pub entries: Vec<&'a [u8]>,
}

/// What loading a ledger found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loaded {
    /// The poll's short name.
    pub slug: String,
    /// Where the ledger ends.
    pub head: Head,
    /// Entries beyond the head file: durable, but never acknowledged.
    pub unacknowledged: u64,
}

/// The log of a data directory. Cheap to clone; readers and the one writer share it.
#[derive(Clone)]
pub struct Log(Arc<Inner>);

struct Inner {
    medium: Box<dyn Medium>,
    state: Mutex<State>,
    /// The copy made before an unclean log was opened, while it is not known to be whole.
    copy: Option<PathBuf>,
    /// Last, because fields are dropped in order: the lock is let go only after sled has written its last.
    dir: DataDir,
}

#[derive(Default)]
struct State {
    heads: BTreeMap<Origin, (String, Head)>,
    poisoned: Option<String>,
}

impl Log {
    /// Opens the log of a data directory, or makes it. After an unclean stop its files are copied first, because
    /// opening a damaged log destroys evidence.
    pub fn open(dir: DataDir) -> Result<Self, StoreError> {
        let path = dir.path().to_owned();
        let copy = copy::before_recovery(&path)?;
        files::remove(&path.join("clean"))?;
        files::sync_folder(&path)?;
        let medium = SledMedium::open(&path).map_err(|MediumError(why)| StoreError::Sled {
            what: "opened",
            why,
            copy: shown(copy.as_deref()),
        })?;
        Ok(Self::on(dir, Box::new(medium), copy))
    }

    /// A log on any medium; tests bring their own.
    pub(crate) fn on(dir: DataDir, medium: Box<dyn Medium>, copy: Option<PathBuf>) -> Self {
        let state = Mutex::new(State::default());
        Self(Arc::new(Inner {
            dir,
            medium,
            state,
            copy,
        }))
    }

    /// The data directory.
    pub fn data(&self) -> &Path {
        self.0.dir.path()
    }

    /// The ledgers in the log, by name.
    pub fn ledgers(&self) -> Result<Vec<String>, StoreError> {
        self.0.medium.ledgers().map_err(medium("listing ledgers"))
    }

    /// Loads one ledger: reads every entry, follows the chain, hands each to `visit`, and holds the end against the
    /// head file. `slug` says from entry 0 in which folder the poll has its files.
    pub fn load<E: Event>(
        &self,
        origin: &Origin,
        slug: impl FnOnce(&Sealed<E>) -> Result<String, String>,
        mut visit: impl FnMut(Sealed<E>) -> Result<(), String>,
    ) -> Result<Loaded, StoreError> {
        let mut end = Head::start(origin);
        let mut folder = Err("it has no entries".to_owned());
        let mut name = Some(slug);
        let mut acknowledged = None;
        for bytes in self.entries(origin, 0) {
            let sealed = Sealed::<E>::read(&bytes?)
                .map_err(|error| self.damaged(origin, end.size, error.to_string()))?;
            let next = end
                .follow(&sealed)
                .map_err(|error| self.damaged(origin, end.size, error.to_string()))?;
            if let Some(slug) = name.take() {
                folder = slug(&sealed);
                let slug = folder
                    .as_ref()
                    .map_err(|why| self.damaged(origin, 0, why.clone()))?;
                acknowledged = head::read(&self.folder(slug))?;
            }
            if let (Some(acknowledged), Ok(slug)) = (acknowledged, &folder) {
                self.as_acknowledged(slug, acknowledged, next)?;
            }
            visit(sealed).map_err(|why| self.damaged(origin, end.size, why))?;
            end = next;
        }
        let slug = folder.map_err(|why| self.damaged(origin, 0, why))?;
        let unacknowledged = self.beyond_head(origin, &slug, acknowledged, end)?;
        self.state()
            .heads
            .insert(origin.clone(), (slug.clone(), end));
        Ok(Loaded {
            slug,
            head: end,
            unacknowledged,
        })
    }

    /// The entry that the head file names must be the one that was acknowledged.
    fn as_acknowledged(&self, slug: &str, acknowledged: Head, now: Head) -> Result<(), StoreError> {
        if now.size == acknowledged.size && now.link != acknowledged.link {
            return Err(StoreError::OtherThanHead {
                slug: slug.to_owned(),
                index: ends_at(&now),
                expected: acknowledged.link.to_string(),
                found: now.link.to_string(),
                copy: self.copy(),
            });
        }
        Ok(())
    }

    /// How many entries lie beyond the head file. They are kept, and the head file is moved on; a log that ends before
    /// it, or has none that says how far it must go, is not used.
    fn beyond_head(
        &self,
        origin: &Origin,
        slug: &str,
        acknowledged: Option<Head>,
        end: Head,
    ) -> Result<u64, StoreError> {
        let acknowledged = match acknowledged {
            Some(head) => head.size,
            // Without a head file only the very first commit can have been under way.
            None if self.in_first_frame(origin, end.size)? => 0,
            None => {
                return Err(StoreError::HeadMissing {
                    slug: slug.to_owned(),
                    size: end.size,
                });
            }
        };
        let Some(beyond) = end.size.checked_sub(acknowledged) else {
            return Err(StoreError::BehindHead {
                slug: slug.to_owned(),
                last: acknowledged.saturating_sub(1),
                found: end.size,
                copy: self.copy(),
            });
        };
        if beyond > 0 {
            self.0.medium.sync().map_err(medium("syncing the log"))?;
            let written = self.0.medium.write_head(slug, end, true);
            written.map_err(medium("writing a head file"))?;
        }
        Ok(beyond)
    }

    fn in_first_frame(&self, origin: &Origin, size: u64) -> Result<bool, StoreError> {
        let first = self.0.medium.frame_at(origin.as_str(), 0);
        let first = first.map_err(medium("reading"))?;
        let entries = first.and_then(|(_, bytes)| frame::entries(&bytes).map(|list| list.len()));
        Ok(entries.is_some_and(|entries| entries as u64 == size))
    }

    /// Ends loading: every poll that has a head file must have been in the log. Only then is the log known to be
    /// whole, and the copy made before it was opened is removed.
    pub fn finish_loading(&self) -> Result<(), StoreError> {
        let loaded: Vec<String> = self.loaded();
        for slug in polls_in(self.data())? {
            if loaded.contains(&slug) {
                continue;
            }
            if let Some(head) = head::read(&self.folder(&slug))? {
                return Err(StoreError::BehindHead {
                    slug,
                    last: ends_at(&head),
                    found: 0,
                    copy: self.copy(),
                });
            }
        }
        match &self.0.copy {
            Some(copy) => std::fs::remove_dir_all(copy).map_err(StoreError::io("remove", copy)),
            None => Ok(()),
        }
    }

    /// Makes entries durable, of one ledger or several: the whole commit, top to bottom.
    ///
    /// The entries exist from the moment `sync` has returned: whatever happens afterwards, a restart finds them. Before
    /// it a restart may find all of them, a part, or none, and nobody was told. The head files follow; an entry beyond
    /// them is kept by a restart and reported as never acknowledged.
    pub fn append(&self, appends: &[Append<'_>]) -> Result<(), StoreError> {
        let mut state = self.state();
        if let Some(why) = &state.poisoned {
            return Err(StoreError::Poisoned(why.clone()));
        }
        for append in appends {
            expect(&state, append)?;
        }
        let committed = self.commit(appends);
        match committed {
            Ok(()) => {
                for append in appends {
                    let head = (append.slug.to_owned(), append.after);
                    state.heads.insert(append.origin.clone(), head);
                }
                Ok(())
            }
            Err(error) => {
                state.poisoned = Some(error.to_string());
                Err(error)
            }
        }
    }

    fn commit(&self, appends: &[Append<'_>]) -> Result<(), StoreError> {
        let disk = &self.0.medium;
        for append in appends {
            for (first, frame) in frame::frames(append.before.size, &append.entries) {
                let inserted = disk.insert(append.origin.as_str(), first, &frame);
                inserted.map_err(medium("writing a frame"))?;
            }
        }
        disk.sync().map_err(medium("syncing the log"))?;
        for append in appends {
            let written = disk.write_head(append.slug, append.after, false);
            written.map_err(medium("writing a head file"))?;
        }
        Ok(())
    }

    /// Makes the head files durable: before a publication, and at a clean stop.
    pub fn sync_heads(&self) -> Result<(), StoreError> {
        let state = self.state();
        for (slug, head) in state.heads.values() {
            let written = self.0.medium.write_head(slug, *head, true);
            written.map_err(medium("writing a head file"))?;
        }
        Ok(())
    }

    /// The short names of the polls loaded or appended to.
    fn loaded(&self) -> Vec<String> {
        let state = self.state();
        state.heads.values().map(|(slug, _)| slug.clone()).collect()
    }

    /// The canonical bytes of a ledger's entries from this index on, frame by frame. Not verified.
    pub fn entries(&self, origin: &Origin, from: u64) -> Entries<'_> {
        Entries {
            log: self,
            ledger: origin.to_string(),
            origin: origin.clone(),
            frame: Vec::new().into_iter(),
            next: Next::At(from),
        }
    }

    /// Takes a ledger out again: one whose import failed.
    pub(crate) fn remove(&self, origin: &Origin) -> Result<(), StoreError> {
        self.state().heads.remove(origin);
        let removed = self.0.medium.remove(origin.as_str());
        removed.map_err(medium("removing a ledger"))
    }

    /// Closes the log and marks it as stopped cleanly, so that the next start need not copy it. Not after a failure:
    /// then its files are evidence.
    pub fn close(&self) -> Result<(), StoreError> {
        if let Some(why) = &self.state().poisoned {
            return Err(StoreError::Poisoned(why.clone()));
        }
        self.sync_heads()?;
        self.0
            .medium
            .close()
            .map_err(|MediumError(why)| StoreError::Sled {
                what: "closed",
                why,
                copy: self.copy(),
            })?;
        files::write_whole(&self.data().join("clean"), b"", false)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn folder(&self, slug: &str) -> PathBuf {
        self.data().join("polls").join(slug)
    }

    fn copy(&self) -> String {
        shown(self.0.copy.as_deref())
    }

    fn damaged(&self, origin: &Origin, index: u64, why: String) -> StoreError {
        StoreError::Damaged {
            origin: origin.to_string(),
            index,
            why,
            copy: self.copy(),
        }
    }
}

/// The ledger must end where the append begins, and the append must be as long as it says.
fn expect(state: &State, append: &Append<'_>) -> Result<(), StoreError> {
    let found = state.heads.get(append.origin).map(|(_, head)| *head);
    let found = found.unwrap_or_else(|| Head::start(append.origin));
    let length = append.after.size.checked_sub(append.before.size);
    if found != append.before || length != Some(append.entries.len() as u64) {
        return Err(StoreError::Conflict {
            origin: append.origin.to_string(),
            expected: append.before.size,
            found: found.size,
        });
    }
    Ok(())
}

fn medium(what: &'static str) -> impl FnOnce(MediumError) -> StoreError {
    move |MediumError(why)| StoreError::Medium { what, why }
}

fn shown(copy: Option<&Path>) -> String {
    copy.map_or_else(|| "log".to_owned(), |copy| copy.display().to_string())
}

/// The folders of polls in a data directory, by slug.
pub(crate) fn polls_in(data: &Path) -> Result<Vec<String>, StoreError> {
    let path = data.join("polls");
    let entries = match std::fs::read_dir(&path) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(StoreError::io("read", &path)(error)),
    };
    let names = entries.filter_map(Result::ok);
    Ok(names
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect())
}

/// Where the next frame is.
enum Next {
    /// It holds this index, or is the first above it.
    At(u64),
    /// It comes after the frame with this key.
    After(u64),
    /// There is none.
    End,
}

/// Entries of a ledger, one after another.
pub struct Entries<'a> {
    log: &'a Log,
    ledger: String,
    origin: Origin,
    frame: std::vec::IntoIter<Vec<u8>>,
    next: Next,
}

impl Entries<'_> {
    /// Reads the next frame; false at the end.
    fn advance(&mut self) -> Result<bool, StoreError> {
        let disk = &self.log.0.medium;
        let (found, skip_to) = match self.next {
            Next::End => return Ok(false),
            Next::After(key) => (disk.frame_after(&self.ledger, key), None),
            Next::At(index) => (disk.frame_at(&self.ledger, index), Some(index)),
        };
        let Some((key, bytes)) = found.map_err(medium("reading"))? else {
            // The first frame may begin above 0 in a damaged log; who reads says so.
            self.next = match (&self.next, skip_to) {
                (Next::At(index), Some(_)) => Next::After(*index),
                _ => Next::End,
            };
            return Ok(!matches!(self.next, Next::End));
        };
        let entries = frame::entries(&bytes).ok_or_else(|| {
            self.log
                .damaged(&self.origin, key, "a frame is damaged".to_owned())
        })?;
        let skip = skip_to.map_or(0, |index| index.saturating_sub(key) as usize);
        let kept: Vec<Vec<u8>> = entries
            .iter()
            .skip(skip)
            .map(|entry| entry.to_vec())
            .collect();
        self.frame = kept.into_iter();
        self.next = Next::After(key);
        Ok(true)
    }
}

impl Iterator for Entries<'_> {
    type Item = Result<Vec<u8>, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(entry) = self.frame.next() {
                return Some(Ok(entry));
            }
            match self.advance() {
                Ok(true) => {}
                Ok(false) => return None,
                Err(error) => {
                    self.next = Next::End;
                    return Some(Err(error));
                }
            }
        }
    }
}
