//! The log: ledgers on a medium, appended to against an expected head, and verified when they are loaded.
//!
//! Invariants, checked before a write and after a read:
//! - the frames of a ledger hold its entries in order, without gap, each once;
//! - a ledger with a frame has a head file, which never says more than what is on stable storage, and is written before
//!   anyone is told;
//! - two ledgers never share a poll's folder;
//! - after any failure of the medium, and after a load that found damage, nothing is written any more: it is not known
//!   what is on disk.

mod salvage;

pub use salvage::Salvaged;

use crate::StoreError;
use crate::clean;
use crate::copy;
use crate::data_dir::{DataDir, poll_folder, polls_in};
use crate::error::{READING, ends_at};
use crate::files;
use crate::frame;
use crate::head::{self, Found};
use crate::import;
use crate::medium::{Medium, MediumError};
use crate::repair;
use crate::sled_medium::{self, SledMedium};
use sijill_ledger::{Event, Head, Linked, Origin, Sealed};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

/// Entries to be made durable at the end of one ledger.
#[derive(Debug)]
pub struct Append<'a> {
    /// The ledger.
    pub origin: &'a Origin,
    /// The poll's short name, which names its folder.
    pub slug: &'a str,
    /// Where the ledger ends before.
    pub before: Head,
    /// The entries that come next.
    pub entries: Vec<Linked<'a>>,
}

/// Entries that were written and are not durable before [`Log::commit`] has returned.
#[derive(Debug, Default)]
#[must_use = "what was written is durable, and may be acknowledged, only after `Log::commit`"]
pub struct Written {
    /// Where each ledger ends with them.
    ends: Vec<(Origin, Head)>,
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
    /// Why nothing is written any more. Read without waiting for a commit that may be under way.
    poisoned: OnceLock<String>,
    /// The copy made before an unclean log was opened, while it is not known to be whole.
    copy: Option<PathBuf>,
    /// Last, because fields are dropped in order: the lock is let go only after sled has written its last.
    dir: DataDir,
}

#[derive(Default)]
struct State {
    /// Each ledger that was loaded or written to.
    ledgers: BTreeMap<Origin, Known>,
    closed: bool,
}

/// What the log knows of a ledger.
struct Known {
    /// The poll's short name.
    slug: String,
    /// Where it ends on stable storage.
    durable: Head,
    /// Where it ends with what is written and not durable yet.
    written: Head,
}

impl Log {
    /// Opens the log of a data directory, or makes it. After an unclean stop its files are copied first, because
    /// opening a damaged log destroys evidence. What an import left that did not end is taken out again, and a repair
    /// that was as good as done is ended.
    pub fn open(dir: DataDir) -> Result<Self, StoreError> {
        repair::end_unfinished(dir.path())?;
        let copy = copy::before_recovery(dir.path())?;
        Self::open_copied(dir, copy)
    }

    fn open_copied(dir: DataDir, mut copy: Option<PathBuf>) -> Result<Self, StoreError> {
        let path = dir.path().to_owned();
        clean::unmark(&path)?;
        let medium = match SledMedium::open(&path) {
            Ok(medium) => medium,
            Err(first) => Self::open_again(&path, &mut copy, first)?,
        };
        let log = Self::on(dir, Box::new(medium), copy);
        import::take_out_unfinished(&log)?;
        Ok(log)
    }

    /// Opens what could not be opened once more, without the files that sled derives from its log. The files as they
    /// were are kept aside.
    fn open_again(
        path: &Path,
        copy: &mut Option<PathBuf>,
        MediumError(why): MediumError,
    ) -> Result<SledMedium, StoreError> {
        if copy.is_none() {
            *copy = copy::before_recovery(path)?;
        }
        let derived = sled_medium::remove_derived(path);
        derived.map_err(StoreError::io("clear", &path.join("log")))?;
        SledMedium::open(path).map_err(|_| {
            copy.iter().for_each(|copy| copy::note_failed(copy, &why));
            StoreError::Sled {
                what: "opened",
                why,
                copy: shown(copy.as_deref()),
            }
        })
    }

    /// A log on any medium; tests bring their own.
    pub(crate) fn on(dir: DataDir, medium: Box<dyn Medium>, copy: Option<PathBuf>) -> Self {
        let state = Mutex::new(State::default());
        Self(Arc::new(Inner {
            dir,
            medium,
            state,
            poisoned: OnceLock::new(),
            copy,
        }))
    }

    /// The data directory.
    pub fn data(&self) -> &Path {
        self.0.dir.path()
    }

    /// Why nothing is written any more, if so.
    pub fn stopped(&self) -> Option<String> {
        self.0.poisoned.get().cloned()
    }

    /// The ledgers in the log, by name.
    pub fn ledgers(&self) -> Result<Vec<String>, StoreError> {
        let ledgers = self.0.medium.ledgers();
        self.or_stop(ledgers.map_err(medium("listing ledgers")))
    }

    /// Loads one ledger: reads every entry, follows the chain, hands each to `visit`, and holds the end against the
    /// head file. `slug` says from entry 0 in which folder the poll has its files.
    ///
    /// # Errors
    /// If an entry is missing, damaged or another than was acknowledged, or if `slug` or `visit` refuse one. Nothing is
    /// written any more after that.
    pub fn load<E: Event>(
        &self,
        origin: &Origin,
        slug: impl FnOnce(&Sealed<E>) -> Result<String, String>,
        visit: impl FnMut(Sealed<E>) -> Result<(), String>,
    ) -> Result<Loaded, StoreError> {
        let loaded = self.read_through(origin, slug, visit);
        self.or_stop(loaded)
    }

    fn read_through<E: Event>(
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
            let sealed = Sealed::<E>::read_vec(bytes?)
                .map_err(|error| self.damaged(origin, end.size, error.to_string()))?;
            let next = end
                .follow(&sealed)
                .map_err(|error| self.damaged(origin, end.size, error.to_string()))?;
            if let Some(slug) = name.take() {
                folder = slug(&sealed);
                let slug = folder
                    .as_ref()
                    .map_err(|why| self.damaged(origin, 0, why.clone()))?;
                if let Found::Says(head) = head::read(&poll_folder(self.data(), slug)?)? {
                    acknowledged = Some(head);
                }
            }
            if let (Some(acknowledged), Ok(slug)) = (acknowledged, &folder) {
                self.as_acknowledged(slug, acknowledged, next)?;
            }
            visit(sealed).map_err(|why| self.damaged(origin, end.size, why))?;
            end = next;
        }
        let slug = folder.map_err(|why| self.damaged(origin, 0, why))?;
        let unacknowledged = self.beyond_head(&slug, acknowledged, end)?;
        let known = Known {
            slug: slug.clone(),
            durable: end,
            written: end,
        };
        self.state().ledgers.insert(origin.clone(), known);
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
        slug: &str,
        acknowledged: Option<Head>,
        end: Head,
    ) -> Result<u64, StoreError> {
        let Some(acknowledged) = acknowledged else {
            return Err(StoreError::HeadMissing {
                slug: slug.to_owned(),
                size: Some(end.size),
            });
        };
        let Some(beyond) = end.size.checked_sub(acknowledged.size) else {
            return Err(StoreError::BehindHead {
                slug: slug.to_owned(),
                last: ends_at(&acknowledged),
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

    /// Ends loading: every poll of which something was acknowledged must have been in the log. Only then is the log
    /// known to be whole, and the copy made before it was opened is removed.
    pub fn finish_loading(&self) -> Result<(), StoreError> {
        let missed = self.miss_none();
        self.or_stop(missed)?;
        match &self.0.copy {
            Some(copy) => files::remove_folder(copy),
            None => Ok(()),
        }
    }

    fn miss_none(&self) -> Result<(), StoreError> {
        let loaded: Vec<String> = self.loaded();
        for slug in polls_in(self.data())? {
            if loaded.contains(&slug) {
                continue;
            }
            match head::read(&poll_folder(self.data(), &slug)?)? {
                Found::Nothing => {}
                // Its first commit was under way, and nobody was told.
                Found::Says(head) if head.size == 0 => {}
                Found::Damaged => return Err(StoreError::HeadMissing { slug, size: None }),
                Found::Says(head) => {
                    return Err(StoreError::BehindHead {
                        slug,
                        last: ends_at(&head),
                        found: 0,
                        copy: self.copy(),
                    });
                }
            }
        }
        Ok(())
    }

    /// Makes entries durable, of one ledger or several; when it has returned, they may be acknowledged.
    ///
    /// # Errors
    /// If the appends are refused (then nothing was written, and the log goes on), or if the medium fails (then nothing
    /// more is written).
    pub fn append(&self, appends: &[Append<'_>]) -> Result<(), StoreError> {
        let written = self.write(appends)?;
        self.commit(written)
    }

    /// The first half of a commit: hands entries to the medium. One thread writes; what it has written before may be on
    /// its way to stable storage meanwhile. A restart may find all of it, a part, or none, and nobody was told.
    ///
    /// A new ledger has its head file, which says 0 entries, before its first frame: whoever finds frames without a head
    /// file knows that it was lost.
    ///
    /// # Errors
    /// As [`Log::append`].
    pub fn write(&self, appends: &[Append<'_>]) -> Result<Written, StoreError> {
        let mut state = self.state();
        self.working(&state)?;
        let mut ends: Vec<(Origin, Head)> = Vec::new();
        for (place, append) in appends.iter().enumerate() {
            let others = appends.get(..place).unwrap_or_default();
            self.expect(&state, append, others.iter().zip(&ends))?;
            ends.push((append.origin.clone(), end_of(append)?));
        }
        self.or_stop(self.write_frames(appends))?;
        for (append, (origin, written)) in appends.iter().zip(&ends) {
            let known = state.ledgers.entry(origin.clone());
            let known = known.or_insert_with(|| Known {
                slug: append.slug.to_owned(),
                durable: append.before,
                written: append.before,
            });
            known.written = *written;
        }
        Ok(Written { ends })
    }

    fn write_frames(&self, appends: &[Append<'_>]) -> Result<(), StoreError> {
        let disk = &self.0.medium;
        for append in appends.iter().filter(|append| append.before.size == 0) {
            let made = disk.write_head(append.slug, append.before, true);
            made.map_err(medium("making a head file"))?;
        }
        for append in appends {
            let entries: Vec<&[u8]> = append.entries.iter().map(Linked::bytes).collect();
            for (first, frame) in frame::frames(append.before.size, &entries) {
                let inserted = disk.insert(append.origin.as_str(), first, &frame);
                inserted.map_err(medium("writing a frame"))?;
            }
        }
        Ok(())
    }

    /// The second half, in the order of the writes: the entries exist from the moment `sync` has returned, whatever
    /// happens afterwards. The head files follow; an entry beyond them is kept by a restart and reported as never
    /// acknowledged. What is written meanwhile may become durable too, and waits for its own commit all the same.
    ///
    /// # Errors
    /// If the medium fails; then nothing more is written.
    pub fn commit(&self, written: Written) -> Result<(), StoreError> {
        self.working(&self.state())?;
        if written.ends.is_empty() {
            return Ok(());
        }
        let synced = self.0.medium.sync();
        self.or_stop(synced.map_err(medium("syncing the log")))?;
        for (origin, end) in written.ends {
            let mut state = self.state();
            let Some(known) = state.ledgers.get_mut(&origin) else {
                continue;
            };
            known.durable = end;
            let moved = self.0.medium.write_head(&known.slug, end, false);
            self.or_stop(moved.map_err(medium("writing a head file")))?;
        }
        Ok(())
    }

    /// Makes the head files durable: before a publication, and at a clean stop.
    pub fn sync_heads(&self) -> Result<(), StoreError> {
        let state = self.state();
        self.working(&state)?;
        for known in state.ledgers.values() {
            let written = self.0.medium.write_head(&known.slug, known.durable, true);
            self.or_stop(written.map_err(medium("writing a head file")))?;
        }
        Ok(())
    }

    /// The append must be of a known ledger or a new one, begin where that ends, and lead where it says.
    fn expect<'a>(
        &self,
        state: &State,
        append: &Append<'_>,
        others: impl Iterator<Item = (&'a Append<'a>, &'a (Origin, Head))>,
    ) -> Result<(), StoreError> {
        poll_folder(self.data(), append.slug)?;
        let of_others = others.map(|(other, (origin, end))| (origin, other.slug, *end));
        let known = state.ledgers.iter();
        let known = known.map(|(origin, known)| (origin, known.slug.as_str(), known.written));
        let mut found = None;
        for (origin, slug, end) in known.chain(of_others) {
            match (origin == append.origin, slug == append.slug) {
                (true, true) => found = Some(end),
                (false, false) => {}
                _ => return Err(exists(append)),
            }
        }
        let found = match found {
            Some(head) => head,
            None => self.begun(append)?,
        };
        if found != append.before {
            return Err(StoreError::Conflict {
                origin: append.origin.to_string(),
                expected: append.before.size,
                found: found.size,
            });
        }
        Ok(())
    }

    /// Where a ledger begins that this log has never seen.
    fn begun(&self, append: &Append<'_>) -> Result<Head, StoreError> {
        let ledgers = self.ledgers()?;
        if ledgers.iter().any(|name| name == append.origin.as_str()) {
            return Err(StoreError::NotLoaded {
                origin: append.origin.to_string(),
            });
        }
        match head::read(&poll_folder(self.data(), append.slug)?)? {
            Found::Nothing => Ok(Head::start(append.origin)),
            Found::Says(head) if head.size == 0 => Ok(Head::start(append.origin)),
            _ => Err(exists(append)),
        }
    }

    /// The result; an error stops the log.
    fn or_stop<T>(&self, result: Result<T, StoreError>) -> Result<T, StoreError> {
        if let Err(error) = &result {
            self.stop_after(error);
        }
        result
    }

    fn stop_after(&self, error: &StoreError) {
        let copy = self.0.copy.iter();
        copy.for_each(|copy| copy::note_failed(copy, &error.to_string()));
        self.0.poisoned.get_or_init(|| error.cause());
    }

    /// The short names of the polls loaded or appended to.
    fn loaded(&self) -> Vec<String> {
        let state = self.state();
        state
            .ledgers
            .values()
            .map(|known| known.slug.clone())
            .collect()
    }

    /// The canonical bytes of a ledger's entries from this index on, frame by frame. Not verified.
    pub fn entries(&self, origin: &Origin, from: u64) -> Entries<'_> {
        Entries {
            stops: true,
            log: self,
            ledger: origin.to_string(),
            origin: origin.clone(),
            frame: Vec::new().into_iter(),
            next: Next::At(from),
        }
    }

    /// The same of a log that may be damaged: what cannot be read stops nothing.
    pub(crate) fn entries_as_they_are(&self, origin: &Origin, from: u64) -> Entries<'_> {
        Entries {
            stops: false,
            ..self.entries(origin, from)
        }
    }

    /// Stops the log, because a reader found that it is damaged there.
    pub(crate) fn is_damaged(&self, origin: &Origin, index: u64, why: String) -> StoreError {
        let damaged = self.damaged(origin, index, why);
        self.stop_after(&damaged);
        damaged
    }

    /// Takes a ledger out again, with its poll's folder: one whose import did not end. Both are gone for good before
    /// it returns, so that whoever removes the import's mark then leaves no head file without its ledger.
    pub(crate) fn remove(&self, origin: &Origin, slug: &str) -> Result<(), StoreError> {
        self.state().ledgers.remove(origin);
        let removed = self.0.medium.remove(origin.as_str(), slug);
        self.or_stop(removed.map_err(medium("removing a ledger")))?;
        let folder = poll_folder(self.data(), slug)?;
        self.or_stop(files::remove_folder(&folder))
    }

    /// Closes the log and marks it as stopped cleanly, so that the next start need not copy it. Not after a failure:
    /// then its files are evidence. A log that is closed stays so.
    pub fn close(&self) -> Result<(), StoreError> {
        match self.working(&self.state()) {
            Err(StoreError::Closed) => return Ok(()),
            working => working?,
        }
        self.sync_heads()?;
        let closed = self.0.medium.close();
        self.or_stop(closed.map_err(|MediumError(why)| StoreError::Sled {
            what: "closed",
            why,
            copy: self.copy(),
        }))?;
        self.or_stop(clean::mark(self.data()))?;
        self.state().closed = true;
        Ok(())
    }

    /// Whether anything may be written.
    fn working(&self, state: &State) -> Result<(), StoreError> {
        match self.0.poisoned.get() {
            Some(why) => Err(StoreError::Poisoned(why.clone())),
            None if state.closed => Err(StoreError::Closed),
            None => Ok(()),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
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

/// Where a ledger ends after these entries, which must follow each other.
fn end_of(append: &Append<'_>) -> Result<Head, StoreError> {
    append.entries.iter().try_fold(append.before, |end, entry| {
        end.follow_linked(entry)
            .map_err(|error| StoreError::NotAChain {
                origin: append.origin.to_string(),
                after: ends_at(&end),
                why: error.to_string(),
            })
    })
}

fn exists(append: &Append<'_>) -> StoreError {
    StoreError::Exists {
        slug: append.slug.to_owned(),
        origin: append.origin.to_string(),
    }
}

fn medium(what: &'static str) -> impl FnOnce(MediumError) -> StoreError {
    move |MediumError(why)| StoreError::Medium { what, why }
}

fn shown(copy: Option<&Path>) -> String {
    copy.map_or_else(|| "log".to_owned(), |copy| copy.display().to_string())
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
    /// Whether what cannot be read stops the log.
    stops: bool,
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
        let Some((key, bytes)) = found.map_err(medium(READING))? else {
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
                // A page that cannot be read says that the medium fails, whoever wanted to read it.
                Err(error) => {
                    self.next = Next::End;
                    return Some(match self.stops {
                        true => self.log.or_stop(Err(error)),
                        false => Err(error),
                    });
                }
            }
        }
    }
}

#[cfg(test)]
mod failures;
#[cfg(test)]
mod mended;
