//! The shelf: the log, and the small files of each poll that stand beside it.
//!
//! The log is `store`'s. What is here besides can be deleted and is made anew: how far a poll was published, the
//! snapshot of its projections, the exports that observers download.

use crate::ServerError;
use crate::book::{Book, Places};
use crate::checkpoint_list::{self, ListNote};
use crate::snapshot::Snapshot;
use serde::{Deserialize, Serialize};
use sijill_ledger::checkpoint::SignedCheckpoint;
use sijill_ledger::{Head, Link, Origin, Sealed};
use sijill_poll::definition::Definition;
use sijill_poll::event::Who;
use sijill_poll::poll::Phase;
use sijill_poll::roster::{LEAF_BYTES, Roster, RosterReader};
use sijill_poll::{Event, Poll, evolve};
use sijill_store::export::{self, Beside};
use sijill_store::{CheckpointStore, DataDir, Loaded, Log, PublicFolder, StoreError, files};
use std::collections::BTreeSet;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How far a poll was published, as it stands on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishedUpTo {
    /// Entries.
    pub size: u64,
    /// When, milliseconds since 1970.
    pub at: u64,
    /// The list of checkpoints before.
    pub list: ListNote,
    /// Which ledger's it is: its origin's link.
    pub ledger: Link,
}

/// A poll as it came out of the log.
pub struct Replayed {
    /// Its state after everything durable.
    pub poll: Poll,
    /// Its state at the last publication, and when that was.
    pub published: (Poll, u64),
    /// Where the answers stand.
    pub places: Places,
    /// Invitations that answered after that, and how many other entries came.
    pub unpublished: (BTreeSet<u32>, u64),
}

/// A data directory, opened and replayed.
pub struct Opened {
    /// The log, and the files beside it.
    pub shelf: Shelf,
    /// Where the newest checkpoints are kept.
    pub store: CheckpointStore,
    /// The polls in it.
    pub polls: Vec<Replayed>,
    /// What the operator should know.
    pub notices: Vec<String>,
}

/// Opens a data directory and replays every ledger in it.
pub fn open(data: &Path, checkpoints: &Checkpoints) -> Result<Opened, ServerError> {
    let dir = DataDir::create_or_open(data)?;
    let store = store(data, checkpoints)?;
    over(Log::open(dir)?, data, store)
}

/// Where the newest checkpoints are kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Checkpoints {
    /// In the data directory, which must not be a copy of another.
    #[default]
    Inside,
    /// There too; the directory was moved or restored to where it is now, and no other like it is served.
    Moved,
    /// In a folder that several machines share.
    Shared(PathBuf),
    /// In the data directory, which may be a copy of another: nothing is published.
    OnlyRead,
}

fn store(data: &Path, checkpoints: &Checkpoints) -> Result<CheckpointStore, StoreError> {
    match checkpoints {
        Checkpoints::Inside => CheckpointStore::inside(data),
        Checkpoints::Moved => {
            CheckpointStore::moved(data)?;
            CheckpointStore::inside(data)
        }
        Checkpoints::Shared(folder) => CheckpointStore::shared(folder),
        Checkpoints::OnlyRead => Ok(CheckpointStore::only_read(data)),
    }
}

/// Replays every ledger of a log.
pub fn over(log: Log, data: &Path, store: CheckpointStore) -> Result<Opened, ServerError> {
    let mut polls = Vec::new();
    let mut notices = Vec::new();
    for ledger in log.ledgers()? {
        let origin: Origin = ledger.parse().map_err(|_| ServerError::Replay {
            origin: ledger.clone(),
            why: "its name is no origin".to_owned(),
        })?;
        let (replayed, loaded) = replay(&log, data, &store, &origin)?;
        notices.extend(notice(&loaded, &replayed.poll, data));
        notices.extend(note_notice(data, &store, &replayed.poll));
        polls.push(replayed);
    }
    log.finish_loading()?;
    let shelf = Shelf {
        data: data.to_owned(),
        log,
    };
    Ok(Opened {
        shelf,
        store,
        polls,
        notices,
    })
}

fn notice(loaded: &Loaded, poll: &Poll, data: &Path) -> Vec<String> {
    let mut notices = Vec::new();
    if loaded.unacknowledged > 0 {
        notices.push(format!(
            "`{}`: the last {} entries were on disk when the service stopped, but nobody was told; they are kept",
            loaded.slug, loaded.unacknowledged
        ));
    }
    let changed = crate::view::changed_questions(poll);
    if !changed.is_empty() {
        notices.push(format!(
            "`{}`: this version shows the question in {} otherwise than the poll was opened with; serve it with the version that opened it",
            loaded.slug,
            changed.join(", ")
        ));
    }
    let differs = stored_snapshot(data, &loaded.slug).is_some_and(|snapshot| {
        snapshot.size == poll.head().size && snapshot != Snapshot::of(poll)
    });
    if differs {
        notices.push(format!(
            "`{}`: the stored snapshot differs from the replay of the ledger; the replay is used. `sijill replay` shows where",
            loaded.slug
        ));
    }
    notices
}

/// Replays one ledger, and stops on the way at its last publication.
pub fn replay(
    log: &Log,
    data: &Path,
    store: &CheckpointStore,
    origin: &Origin,
) -> Result<(Replayed, Loaded), ServerError> {
    let mut state: Option<Poll> = None;
    let mut published: Option<(Poll, u64)> = None;
    let mut up_to = None;
    let mut unpublished = (Vec::new(), 0);
    let mut places = Places::default();
    let mut roster_error = None;
    let loaded = log.load::<Event>(origin, slug_of, |sealed| {
        let poll = match &mut state {
            Some(poll) => {
                evolve(poll, &sealed);
                poll
            }
            None => {
                let (poll, error) = first_state(data, &sealed)?;
                roster_error = error;
                up_to = published_up_to(data, store, &poll, sealed.entry().at);
                state.insert(poll)
            }
        };
        places.look(sealed.entry().index, &sealed.entry().event);
        match &sealed.entry().event {
            Event::Responded(responded) => {
                let Who::Invitation { index, .. } = responded.answer.who;
                unpublished.0.push(index);
            }
            _ => unpublished.1 += 1,
        }
        let size = poll.head().size;
        if up_to.is_some_and(|up_to: PublishedUpTo| up_to.size == size) {
            published = Some((poll.clone(), up_to.map_or(0, |up_to| up_to.at)));
            unpublished = (Vec::new(), 0);
        }
        // Entry 0 is public as soon as it is there.
        if published.is_none() && size == 1 {
            published = Some((poll.clone(), sealed.entry().at));
            unpublished = (Vec::new(), 0);
        }
        Ok(())
    })?;
    let broken = |why: &str| ServerError::Replay {
        origin: origin.to_string(),
        why: why.to_owned(),
    };
    let poll = state.ok_or_else(|| broken("it has no entries"))?;
    roster_is_committed(&poll, roster_error)?;
    let published = published.ok_or_else(|| broken("it has no entries"))?;
    let replayed = Replayed {
        poll,
        published,
        places,
        unpublished: (unpublished.0.into_iter().collect(), unpublished.1),
    };
    Ok((replayed, loaded))
}

/// The poll's short name, from entry 0.
pub fn slug_of(first: &Sealed<Event>) -> Result<String, String> {
    let empty = Arc::new(Roster::none());
    Poll::open(first, empty)
        .map(|poll| poll.definition().slug.clone())
        .map_err(|error| error.to_string())
}

/// The poll that entry 0 opens, with its leaves if their file is there; and what is wrong with the file. It matters only
/// once it is committed to: a file that an import left which was refused is nobody's roster.
fn first_state(data: &Path, first: &Sealed<Event>) -> Result<(Poll, Option<String>), String> {
    let empty = Arc::new(Roster::none());
    let mut poll = Poll::open(first, empty).map_err(|error| error.to_string())?;
    let path = roster_path(data, &poll.definition().slug);
    match read_roster(&path, poll.definition()) {
        Ok(Some(roster)) => poll.attach(Arc::new(roster)),
        Ok(None) => {}
        Err(error) => return Ok((poll, Some(error.to_string()))),
    }
    Ok((poll, None))
}

fn roster_is_committed(poll: &Poll, unreadable: Option<String>) -> Result<(), ServerError> {
    let slug = &poll.definition().slug;
    if let (Some(_), Some(why)) = (poll.committed(), unreadable) {
        let slug = slug.clone();
        return Err(ServerError::Roster { slug, why });
    }
    match poll.committed() {
        Some(committed) if committed.root != poll.roster().root() => Err(ServerError::Roster {
            slug: poll.definition().slug.clone(),
            why: format!(
                "expected root {}, found {}",
                committed.root,
                poll.roster().root()
            ),
        }),
        _ => Ok(()),
    }
}

/// The file of a poll's leaves.
pub fn roster_path(data: &Path, slug: &str) -> PathBuf {
    folder(data, slug).join("roster")
}

/// The list of those who asked for no more messages: whoever sends reads it.
pub fn stops_path(data: &Path, slug: &str) -> PathBuf {
    folder(data, slug).join("stops")
}

/// How sending goes, where messages leave from this directory: whoever sends writes it.
pub fn sending_state_path(data: &Path, slug: &str) -> PathBuf {
    folder(data, slug).join("sending.json")
}

/// The folder of what is published of a poll.
pub fn public_path(data: &Path, slug: &str) -> PathBuf {
    folder(data, slug).join("public")
}

fn folder(data: &Path, slug: &str) -> PathBuf {
    data.join("polls").join(slug)
}

/// Reads the leaves of a roster file, if it is there. A bad leaf is an error.
pub fn read_roster(path: &Path, definition: &Definition) -> Result<Option<Roster>, ServerError> {
    let file = match std::fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unusable("read", path, error)),
    };
    let length = file
        .metadata()
        .map_err(|error| unusable("read", path, error))?
        .len();
    if !length.is_multiple_of(LEAF_BYTES as u64) {
        return Err(unusable("read", path, "it ends inside a leaf"));
    }
    let mut file = BufReader::new(file);
    let mut reader = RosterReader::of(definition);
    for _ in 0..length / LEAF_BYTES as u64 {
        let mut leaf = [0; LEAF_BYTES];
        file.read_exact(&mut leaf)
            .map_err(|error| unusable("read", path, error))?;
        reader
            .push(&leaf)
            .map_err(|error| unusable("use", path, error))?;
    }
    Ok(Some(reader.finish()))
}

fn unusable(what: &'static str, path: &Path, why: impl ToString) -> ServerError {
    ServerError::File {
        what,
        path: path.display().to_string(),
        why: why.to_string(),
    }
}

/// The note of how far a poll is published, if there is one.
///
/// # Errors
/// Why the file is none of this poll's.
fn noted(data: &Path, slug: &str, origin: &Origin) -> Result<Option<PublishedUpTo>, String> {
    match note(data, slug)? {
        Some(noted) if noted.ledger != Link::of_origin(origin) => {
            Err("it is of another ledger".to_owned())
        }
        noted => Ok(noted),
    }
}

/// The same, whatever ledger it is of.
fn note(data: &Path, slug: &str) -> Result<Option<PublishedUpTo>, String> {
    match std::fs::read(folder(data, slug).join("published")) {
        Ok(text) => serde_json::from_slice(&text).map_err(|error| error.to_string()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.to_string()),
    }
}

/// How the list of a poll's published checkpoints begins, if that is noted.
fn list_note(data: &Path, slug: &str, origin: &Origin) -> Option<ListNote> {
    let noted = noted(data, slug, origin).ok().flatten();
    noted.map(|noted| noted.list)
}

/// Why a poll has no list of published checkpoints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoList {
    /// Nothing of it was ever published from here, by whatever would be left of that.
    Unpublished,
    /// Its first publication is under way, or a crash came before its checkpoint was listed: the next start lists it.
    NotYet,
    /// It was there.
    Gone,
}

/// Why a poll has no list, if it has none. Look at this before the list: of a publication that goes on meanwhile, the
/// list is what is written last.
pub fn no_list(data: &Path, store: &CheckpointStore, slug: &str) -> Result<NoList, StoreError> {
    // Before the note, for the same reason.
    let is_kept = store.newest(slug)?.is_some();
    Ok(match note(data, slug) {
        Ok(None) if !is_kept => NoList::Unpublished,
        Ok(Some(noted)) if noted.list.bytes == 0 => NoList::NotYet,
        _ => NoList::Gone,
    })
}

/// What a list of published checkpoints was found to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedList {
    /// The size of the newest checkpoint, if a crash came before it was listed: the next start lists it.
    pub not_listed: Option<u64>,
    /// What it could not be held against, in words.
    pub notice: Option<String>,
}

/// Holds the list of a poll's published checkpoints against what a start holds it against.
///
/// # Errors
/// What would stop the start, and says what to do.
pub fn check_list(
    data: &Path,
    store: &CheckpointStore,
    poll: &Poll,
) -> Result<CheckedList, ServerError> {
    let slug = &poll.definition().slug;
    // Before the list: a server that goes on meanwhile writes it after.
    let noted = list_note(data, slug, poll.origin());
    let public = PublicFolder::at(&public_path(data, slug));
    Ok(CheckedList {
        not_listed: checkpoint_list::check(&public, store, poll, noted)?,
        notice: note_notice(data, store, poll),
    })
}

/// What a start cannot hold against anything, where the note of how far a poll is published is gone.
fn note_notice(data: &Path, store: &CheckpointStore, poll: &Poll) -> Option<String> {
    let slug = &poll.definition().slug;
    let why = match noted(data, slug, poll.origin()) {
        Ok(Some(_)) => return None,
        Ok(None) => "is not there, as after an import".to_owned(),
        Err(why) => format!("cannot be used ({why})"),
    };
    // Of what was never published, there is nothing to note.
    store.newest(slug).ok()??;
    Some(format!(
        "`{slug}`: `polls/{slug}/published`, the note of what is published, {why}. That no checkpoint was taken out of the list of published ones, `polls/{slug}/public/checkpoints`, is held against nothing this time; an auditor who kept a state or an older list can tell"
    ))
}

/// How far a poll was published: as the file says, and at least as far as its newest checkpoint goes. What is wrong with
/// that is for the signer to say.
fn published_up_to(
    data: &Path,
    store: &CheckpointStore,
    poll: &Poll,
    opened_at: u64,
) -> Option<PublishedUpTo> {
    let slug = &poll.definition().slug;
    let noted = noted(data, slug, poll.origin()).ok().flatten();
    let newest = store.newest(slug).ok().flatten();
    let newest = newest.and_then(|bytes| String::from_utf8(bytes).ok()?.parse().ok());
    let signed = newest.map(|signed: SignedCheckpoint| PublishedUpTo {
        size: signed.claimed().size,
        at: noted.map_or(opened_at, |noted| noted.at),
        list: noted.map_or_else(ListNote::default, |noted| noted.list),
        ledger: Link::of_origin(poll.origin()),
    });
    noted
        .into_iter()
        .chain(signed)
        .max_by_key(|up_to| up_to.size)
}

/// The stored snapshot of a poll, if there is one that can be read.
pub fn stored_snapshot(data: &Path, slug: &str) -> Option<Snapshot> {
    let text = std::fs::read(folder(data, slug).join("snapshot.json")).ok()?;
    serde_json::from_slice(&text).ok()
}

/// The log and the files beside it, for the threads that write these.
#[derive(Clone)]
pub struct Shelf {
    data: PathBuf,
    log: Log,
}

impl Shelf {
    /// The log, for the writer and for readers.
    pub fn log(&self) -> Log {
        self.log.clone()
    }

    /// Writes how far a poll is published, durably, and the head files before it.
    pub fn published(
        &self,
        (slug, origin): (&str, &Origin),
        head: Head,
        at: u64,
        list: ListNote,
    ) -> Result<(), ServerError> {
        self.log.sync_heads()?;
        let up_to = PublishedUpTo {
            size: head.size,
            at,
            list,
            ledger: Link::of_origin(origin),
        };
        self.write(slug, "published", &up_to)
    }

    /// The folder of what is published of a poll, made if it is not there.
    pub fn public_folder(&self, slug: &str) -> Result<PublicFolder, ServerError> {
        Ok(PublicFolder::make(&public_path(&self.data, slug))?)
    }

    /// How the list of a poll's published checkpoints begins.
    pub fn list_note(&self, slug: &str, origin: &Origin) -> Option<ListNote> {
        list_note(&self.data, slug, origin)
    }

    /// Writes the snapshot of a poll.
    pub fn snapshot(&self, poll: &Poll) -> Result<(), ServerError> {
        let slug = &poll.definition().slug;
        self.write(slug, "snapshot.json", &Snapshot::of(poll))
    }

    fn write(&self, slug: &str, name: &str, value: &impl Serialize) -> Result<(), ServerError> {
        let path = folder(&self.data, slug).join(name);
        let text =
            serde_json::to_vec_pretty(value).map_err(|error| unusable("write", &path, error))?;
        Ok(files::write_whole(&path, &text, false)?)
    }

    /// Closes the log cleanly.
    pub fn close(&self) -> Result<(), ServerError> {
        Ok(self.log.close()?)
    }
}

/// The canonical bytes of a ledger's entries.
pub fn entries<'a>(
    log: &'a Log,
    origin: &Origin,
    from: u64,
) -> impl Iterator<Item = Result<Vec<u8>, StoreError>> + 'a {
    log.entries(origin, from)
}

/// Writes an export of a ledger's first `size` entries.
pub fn export(
    log: &Log,
    data: &Path,
    book: &Book,
    size: u64,
    target: &Path,
) -> Result<(), ServerError> {
    let roster = match book.durable().committed() {
        Some(_) => roster_path(data, book.slug()),
        None => folder(data, book.slug()).join("no-roster"),
    };
    let public = PublicFolder::at(&public_path(data, book.slug()));
    let beside = Beside {
        roster: &roster,
        checkpoints: Some((&public, book.list_end_at(size))),
    };
    export::write(log, book.origin(), beside, Some(size), target, |_| ())?;
    Ok(())
}

/// The export of a poll at this publication, opened; made if it is not there, and older ones removed.
pub fn published_export(
    log: &Log,
    data: &Path,
    book: &Book,
    size: u64,
) -> Result<std::fs::File, ServerError> {
    let exports = folder(data, book.slug()).join("exports");
    let path = exports.join(format!("{size}.sijill"));
    if let Ok(file) = std::fs::File::open(&path) {
        return Ok(file);
    }
    files::make_folder(&exports)?;
    let old: Vec<PathBuf> = std::fs::read_dir(&exports)
        .map_err(|error| unusable("read", &exports, error))?
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .collect();
    export(log, data, book, size, &path)?;
    for old in old {
        // Who reads it still has it open.
        files::remove(&old)?;
    }
    std::fs::File::open(&path).map_err(|error| unusable("open", &path, error))
}

/// Whether nothing more can be recorded but what follows an end.
pub fn is_over(poll: &Poll) -> bool {
    matches!(poll.phase(), Phase::Closed | Phase::Annulled)
}
