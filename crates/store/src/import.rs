//! Importing: from an export back into a log. The whole file is checked before anything is written, and a failed
//! import leaves nothing behind.

use crate::clean;
use crate::data_dir::{IMPORTING, poll_folder, polls_in};
use crate::files;
use crate::limits::{COPY_BYTES, IMPORT_COMMIT_BYTES};
use crate::log::{Append, Loaded, Log};
use crate::public_folder::Listed;
use crate::{CheckpointStore, DataDir, PublicFolder, StoreError};
use sha2::{Digest, Sha256};
use sijill_ledger::checkpoint::SignedCheckpoint;
use sijill_ledger::container::{self, CHECKPOINTS, ENTRIES, MUST_UNDERSTAND, ROSTER, Section};
use sijill_ledger::limits::ENTRY_BYTES_MAX;
use sijill_ledger::tree::{Frontier, leaf_hash};
use sijill_ledger::{Event, Hash, Head, Linked, Origin, Sealed};
use std::collections::VecDeque;
use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::Path;

/// Bytes of a leaf in the roster section.
const LEAF_BYTES: u64 = 98;

/// Restores the ledger of an export into a data directory that was stopped cleanly. `name` says from entry 0 the poll's
/// short name and origin; `visit` sees every entry and refuses what the poll's rules do.
///
/// The ledger is there from the moment the mark `importing` is removed. Before it, a start finds the mark and takes out
/// what was restored so far.
///
/// # Errors
/// If the file is no whole export, if `name` or `visit` refuse it, if the poll or ledger is there already, or if the
/// directory was not stopped cleanly. The directory is then as it was.
pub fn import<E: Event>(
    file: &Path,
    dir: DataDir,
    name: impl FnOnce(&Sealed<E>) -> Result<(String, Origin), String>,
    visit: impl FnMut(&Sealed<E>) -> Result<(), String>,
) -> Result<Loaded, StoreError> {
    let mut source = Source::open(file)?;
    let first = source.first_entry::<E>()?;
    let (slug, origin) = name(&first).map_err(|why| source.bad(why))?;
    poll_folder(dir.path(), &slug).map_err(|error| source.bad(error.to_string()))?;
    check_stopped(dir.path())?;
    let log = Log::open(dir)?;
    let restored = match is_there(&log, &slug, &origin)? {
        true => Err(StoreError::Exists {
            slug: slug.clone(),
            origin: origin.to_string(),
        }),
        false => restore(&mut source, &log, &slug, &origin, visit),
    };
    log.close()?;
    Ok(Loaded {
        slug,
        head: restored?,
        unacknowledged: 0,
    })
}

fn restore<E: Event>(
    source: &mut Source<'_>,
    log: &Log,
    slug: &str,
    origin: &Origin,
    visit: impl FnMut(&Sealed<E>) -> Result<(), String>,
) -> Result<Head, StoreError> {
    let mark = log.data().join(IMPORTING);
    files::write_whole(&mark, format!("{slug}\n{origin}\n").as_bytes(), false)?;
    let restored = source
        .restore(log, slug, origin, visit)
        .and_then(|head| log.sync_heads().map(|()| head));
    if restored.is_err() {
        log.remove(origin, slug)?;
        CheckpointStore::forget(log.data(), slug)?;
    }
    files::remove(&mark)?;
    files::sync_folder(log.data())?;
    restored
}

/// Takes out what an import restored that did not come to its end.
pub(crate) fn take_out_unfinished(log: &Log) -> Result<(), StoreError> {
    let Some((slug, origin)) = unfinished(log.data())? else {
        return Ok(());
    };
    is_only_imported(log.data(), &slug)?;
    log.remove(&origin, &slug)?;
    CheckpointStore::forget(log.data(), &slug)?;
    files::remove(&log.data().join(IMPORTING))?;
    files::sync_folder(log.data())
}

/// An import that did not end leaves a head file, leaves and published checkpoints, and nothing that only a service writes. A mark that names a
/// poll with more in its folder is of another directory, and takes nothing out.
fn is_only_imported(data: &Path, slug: &str) -> Result<(), StoreError> {
    let folder = poll_folder(data, slug)?;
    let entries = match std::fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(StoreError::io("read", &folder)(error)),
    };
    for entry in entries {
        let name = entry.map_err(StoreError::io("read", &folder))?.file_name();
        let stem = Path::new(&name).file_stem().and_then(|stem| stem.to_str());
        if !matches!(stem, Some("head" | "roster" | "public")) {
            let served = std::io::Error::other(
                "it names a poll that was served, so it is not of an import here",
            );
            return Err(StoreError::io("use", &data.join(IMPORTING))(served));
        }
    }
    Ok(())
}

/// Whether an import that did not end is all that a directory holds: nothing in it was ever acknowledged.
pub(crate) fn is_all_unfinished(data: &Path) -> Result<bool, StoreError> {
    let Some((slug, _)) = unfinished(data)? else {
        return Ok(false);
    };
    Ok(polls_in(data)?.iter().all(|poll| *poll == slug))
}

/// The poll and ledger of an import that did not end.
pub(crate) fn unfinished(data: &Path) -> Result<Option<(String, Origin)>, StoreError> {
    let path = data.join(IMPORTING);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(StoreError::io("read", &path)(error)),
    };
    let named = text.trim_end().split_once('\n');
    let named = named.and_then(|(slug, origin)| Some((slug.to_owned(), origin.parse().ok()?)));
    let damaged = || std::io::Error::new(std::io::ErrorKind::InvalidData, "it is damaged");
    let named = named.ok_or_else(|| StoreError::io("use", &path)(damaged()))?;
    Ok(Some(named))
}

/// A directory that was killed is started first: that is what looks whether its polls are whole.
fn check_stopped(data: &Path) -> Result<(), StoreError> {
    let stopped = !data.join("log").exists() || clean::is_marked(data);
    match stopped || is_all_unfinished(data)? {
        true => Ok(()),
        false => Err(StoreError::NotStopped {
            path: data.display().to_string(),
        }),
    }
}

fn is_there(log: &Log, slug: &str, origin: &Origin) -> Result<bool, StoreError> {
    let in_log = log.ledgers()?.contains(&origin.to_string());
    Ok(in_log || poll_folder(log.data(), slug)?.exists())
}

/// An export whose sections are those that its head announces, to the last byte.
struct Source<'a> {
    path: &'a Path,
    file: BufReader<File>,
    entries: (u64, u64),
    roster: (u64, u64),
    checkpoints: (u64, u64),
}

impl<'a> Source<'a> {
    fn open(path: &'a Path) -> Result<Self, StoreError> {
        let io = || StoreError::io("read", path);
        let file = File::open(path).map_err(StoreError::io("open", path))?;
        let length = file.metadata().map_err(io())?.len();
        let mut source = Self {
            path,
            file: BufReader::new(file),
            entries: (0, 0),
            roster: (0, 0),
            checkpoints: (0, 0),
        };
        let sections = source.head()?;
        let mut at = source.file.stream_position().map_err(io())?;
        source.check_kinds(&sections)?;
        for section in &sections {
            match section.kind {
                ENTRIES => source.entries = (at, section.length),
                ROSTER => source.roster = (at, section.length),
                CHECKPOINTS => source.checkpoints = (at, section.length),
                _ => {}
            }
            source.check(section)?;
            at = at.saturating_add(section.length);
        }
        if at != length {
            return Err(source.bad(format!("expected {at} bytes, found {length}")));
        }
        if !source.roster.1.is_multiple_of(LEAF_BYTES) {
            return Err(source.bad("its roster is not a whole number of leaves"));
        }
        Ok(source)
    }

    /// Each section that there must be, once; and none that would have to be understood and is not.
    fn check_kinds(&self, sections: &[Section]) -> Result<(), StoreError> {
        for kind in [ENTRIES, ROSTER] {
            let mut of_kind = sections.iter().filter(|section| section.kind == kind);
            match (of_kind.next(), of_kind.next()) {
                (Some(one), None) if one.flags == MUST_UNDERSTAND => {}
                _ => return Err(self.bad(format!("expected section {kind} once, with flag 1"))),
            }
        }
        let of_kind = |section: &&Section| section.kind == CHECKPOINTS;
        if sections.iter().filter(of_kind).count() > 1 {
            return Err(self.bad(format!("expected section {CHECKPOINTS} at most once")));
        }
        let known = |section: &Section| [ENTRIES, ROSTER].contains(&section.kind);
        match sections
            .iter()
            .find(|section| !known(section) && section.flags != 0)
        {
            Some(section) => Err(self.bad(format!(
                "section {} is of a later version; use a newer Sijill",
                section.kind
            ))),
            None => Ok(()),
        }
    }

    fn bad(&self, why: impl Into<String>) -> StoreError {
        StoreError::Import {
            path: self.path.display().to_string(),
            why: why.into(),
        }
    }

    fn exactly(&mut self, length: usize) -> Result<Vec<u8>, StoreError> {
        let mut bytes = vec![0; length];
        match self.file.read_exact(&mut bytes) {
            Ok(()) => Ok(bytes),
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
                Err(self.bad("it is cut short"))
            }
            Err(error) => Err(StoreError::io("read", self.path)(error)),
        }
    }

    fn head(&mut self) -> Result<Vec<Section>, StoreError> {
        let mut head = self.exactly(container::PREAMBLE_BYTES)?;
        let length = container::head_length(&head).map_err(|error| self.bad(error.to_string()))?;
        head.extend(self.exactly(length - container::PREAMBLE_BYTES)?);
        container::sections(&head).map_err(|error| self.bad(error.to_string()))
    }

    fn check(&mut self, section: &Section) -> Result<(), StoreError> {
        let mut hash = Sha256::new();
        let mut left = section.length;
        while left > 0 {
            let bytes = self.exactly(left.min(COPY_BYTES as u64) as usize)?;
            left -= bytes.len() as u64;
            hash.update(&bytes);
        }
        if Hash::from_bytes(hash.finalize().into()) != section.hash {
            return Err(self.bad(format!("the hash of section {} is wrong", section.kind)));
        }
        Ok(())
    }

    fn seek(&mut self, at: u64) -> Result<(), StoreError> {
        self.file
            .seek(SeekFrom::Start(at))
            .map(|_| ())
            .map_err(StoreError::io("read", self.path))
    }

    /// The next entry of the section, which has `left` bytes.
    fn entry<E: Event>(&mut self, left: &mut u64) -> Result<Sealed<E>, StoreError> {
        let length: [u8; 4] = self
            .exactly(4)?
            .try_into()
            .map_err(|_| self.bad("it is cut short"))?;
        let length = u32::from_le_bytes(length) as usize;
        let taken = 4 + length as u64;
        if length > ENTRY_BYTES_MAX || taken > *left {
            return Err(self.bad("an entry is longer than its section"));
        }
        *left -= taken;
        let bytes = self.exactly(length)?;
        Sealed::read(&bytes).map_err(|error| self.bad(error.to_string()))
    }

    fn first_entry<E: Event>(&mut self) -> Result<Sealed<E>, StoreError> {
        self.seek(self.entries.0)?;
        let mut left = self.entries.1;
        if left == 0 {
            return Err(self.bad("it has no entries"));
        }
        self.entry(&mut left)
    }

    fn restore<E: Event>(
        &mut self,
        log: &Log,
        slug: &str,
        origin: &Origin,
        mut visit: impl FnMut(&Sealed<E>) -> Result<(), String>,
    ) -> Result<Head, StoreError> {
        let folder = poll_folder(log.data(), slug)?;
        files::make_folder(&folder)?;
        self.section_to(self.roster, &folder.join("roster"))?;
        let mut published = self.checkpoints_to(origin, &folder.join("public"))?;
        self.seek(self.entries.0)?;
        let (mut left, mut tree) = (self.entries.1, Frontier::default());
        let mut batch = Batch::new(log, slug, origin);
        while left > 0 {
            let sealed = self.entry::<E>(&mut left)?;
            let at = batch.after.size;
            let after = batch.after.follow(&sealed);
            let after = after.map_err(|error| self.bad(format!("entry {at}: {error}")))?;
            visit(&sealed).map_err(|why| self.bad(format!("entry {at}: {why}")))?;
            tree.append(leaf_hash(sealed.bytes()));
            published.look(&tree).map_err(|why| self.bad(why))?;
            batch.add(sealed, after)?;
        }
        batch.flush()?;
        if let Some(newest) = published.end(&tree).map_err(|why| self.bad(why))? {
            let store = CheckpointStore::inside(log.data())?;
            store.replace(slug, None, &newest)?;
        }
        Ok(batch.after)
    }

    /// Restores the list of published checkpoints.
    fn checkpoints_to(
        &mut self,
        origin: &Origin,
        folder: &Path,
    ) -> Result<PublishedList, StoreError> {
        if self.checkpoints.1 == 0 {
            return Ok(PublishedList::default());
        }
        let folder = PublicFolder::make(folder)?;
        self.section_to(self.checkpoints, &folder.path().join("checkpoints"))?;
        let listed = folder.checkpoints(origin).ok();
        let end = self.checkpoints.1;
        let listed = listed.filter(|listed| listed.last().is_some_and(|last| last.ends_at == end));
        let Some(listed) = listed else {
            return Err(self.bad("its published checkpoints are no list of checkpoints"));
        };
        Ok(PublishedList {
            folder: Some(folder),
            waiting: listed.into(),
            ..PublishedList::default()
        })
    }

    fn section_to(&mut self, (at, length): (u64, u64), target: &Path) -> Result<(), StoreError> {
        if length == 0 {
            return Ok(());
        }
        let temporary = target.with_extension("writing");
        let io = || StoreError::io("write", &temporary);
        let mut out = BufWriter::new(File::create(&temporary).map_err(io())?);
        self.seek(at)?;
        let mut left = length;
        while left > 0 {
            let bytes = self.exactly(left.min(COPY_BYTES as u64) as usize)?;
            left -= bytes.len() as u64;
            out.write_all(&bytes).map_err(io())?;
        }
        let file = out.into_inner().map_err(|error| io()(error.into_error()))?;
        file.sync_all().map_err(io())?;
        files::rename(&temporary, target)
    }
}

/// The published checkpoints of an export, each held against the entries once there are as many as it is over.
#[derive(Default)]
struct PublishedList {
    folder: Option<PublicFolder>,
    /// Those that are over more entries than came yet.
    waiting: VecDeque<Listed>,
    /// Where the last one that was held against them ends in the list, and its bytes.
    last: (u64, Option<Vec<u8>>),
}

impl PublishedList {
    /// Holds the next one against the tree, if it is over as many entries.
    fn look(&mut self, tree: &Frontier) -> Result<(), String> {
        let is_over = |next: &Listed| next.size == tree.size();
        let (Some(folder), Some(next)) = (
            &self.folder,
            self.waiting.front().filter(|next| is_over(next)),
        ) else {
            return Ok(());
        };
        let bytes = folder.listed(self.last.0, next.ends_at);
        let bytes = bytes.map_err(|error| error.to_string())?;
        let root = root_in(&bytes)?;
        if root != tree.root() {
            return Err(format!(
                "its published checkpoint over {} entries is over others: expected the root {root}, found {}",
                tree.size(),
                tree.root()
            ));
        }
        self.last = (next.ends_at, Some(bytes));
        self.waiting.pop_front();
        Ok(())
    }

    /// The newest one, none if there is none, once all entries came.
    fn end(self, tree: &Frontier) -> Result<Option<Vec<u8>>, String> {
        match self.waiting.back() {
            None => Ok(self.last.1),
            Some(newest) => Err(format!(
                "its last published checkpoint is over {} entries, and it has {}",
                newest.size,
                tree.size()
            )),
        }
    }
}

/// The root that a checkpoint says.
fn root_in(note: &[u8]) -> Result<Hash, String> {
    let text = std::str::from_utf8(note).map_err(|error| error.to_string())?;
    let signed = text.parse::<SignedCheckpoint>();
    signed
        .map(|signed| signed.claimed().root)
        .map_err(|error| format!("a published checkpoint cannot be read: {error}"))
}

/// Entries on their way into the log, a commit at a time.
pub(crate) struct Batch<'a, E> {
    log: &'a Log,
    slug: &'a str,
    origin: &'a Origin,
    before: Head,
    /// Where the ledger ends with them.
    pub(crate) after: Head,
    entries: Vec<Sealed<E>>,
    bytes: usize,
}

impl<'a, E: Event> Batch<'a, E> {
    /// Entries of a new ledger.
    pub(crate) fn new(log: &'a Log, slug: &'a str, origin: &'a Origin) -> Self {
        let start = Head::start(origin);
        Self {
            log,
            slug,
            origin,
            before: start,
            after: start,
            entries: Vec::new(),
            bytes: 0,
        }
    }

    /// Adds the next entry, which leads there.
    pub(crate) fn add(&mut self, entry: Sealed<E>, after: Head) -> Result<(), StoreError> {
        self.bytes += entry.bytes().len();
        self.entries.push(entry);
        self.after = after;
        if self.bytes >= IMPORT_COMMIT_BYTES {
            self.flush()?;
        }
        Ok(())
    }

    /// Makes what is left durable.
    pub(crate) fn flush(&mut self) -> Result<(), StoreError> {
        if self.entries.is_empty() {
            return Ok(());
        }
        self.log.append(&[Append {
            origin: self.origin,
            slug: self.slug,
            before: self.before,
            entries: self.entries.iter().map(Linked::sealed).collect(),
        }])?;
        self.before = self.after;
        self.entries.clear();
        self.bytes = 0;
        Ok(())
    }
}
