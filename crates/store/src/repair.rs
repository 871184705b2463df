//! Repair: a damaged log is rebuilt from what was published of it, and tiles from a log that is whole.
//!
//! Nothing is written where the log is. It is read in a copy; what log and bundles have together becomes a log of its
//! own, which is read back from entry 0 before it takes the place of the old one, all at once. All polls of a directory
//! are in one log, so all come into the new one.
//!
//! Invariants:
//! - the files as found are kept before anything takes their place;
//! - the repaired log is there from the moment its folder has the name `repaired`; before it, what a kill leaves
//!   (`repairing`) is removed by the next start or repair, and after it, they end what is left to do;
//! - an entry of the new log was in the old one or in a bundle under the newest checkpoint, and follows the one before.

use crate::data_dir::{poll_folder, polls_in};
use crate::head::{self, Found};
use crate::import::{self, Batch};
use crate::join::{self, Joined, Outline, Trust, join};
use crate::limits::TILES_UNSETTLED_MAX;
use crate::log::Log;
use crate::scrub::Scrub;
use crate::{CheckpointStore, DataDir, PublicFolder, StoreError};
use crate::{clean, copy, files, publish};
use sijill_ledger::checkpoint::{Checkpoint, SignedCheckpoint};
use sijill_ledger::note::VerifierKey;
use sijill_ledger::tile::TILE_WIDTH;
use sijill_ledger::{Event, Head, Origin, Sealed};
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Where a repair works. What is in it counts for nothing.
const REPAIRING: &str = "repairing";
/// What a repair has made, on its way into place.
const REPAIRED: &str = "repaired";

/// What a repair came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repair {
    /// Each poll, by name.
    pub polls: Vec<Repaired>,
    /// Where the files as found are kept, if the log was rebuilt.
    pub kept: Option<PathBuf>,
}

/// What a repair came to for one poll.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repaired {
    /// The poll's short name.
    pub slug: String,
    /// Where it was acknowledged up to.
    pub acknowledged: Head,
    /// Number of entries that its newest checkpoint is over, or says that it is where nobody can vouch for it.
    pub published: u64,
    /// Number of entries that there are now.
    pub size: u64,
    /// How many entries the log as found had in order, from 0 on.
    pub readable: u64,
    /// Why reading the log ended there, if not for lack of entries.
    pub why: Option<String>,
    /// What was rebuilt from bundles: indices, in order.
    pub rebuilt: Vec<Range<u64>>,
    /// Why a bundle that was needed, or the newest checkpoint, could not be used.
    pub unusable: Option<String>,
    /// How many tiles and bundles were written anew from the log.
    pub tiles: u64,
}

impl Repaired {
    /// Indices of the entries that were acknowledged or published, and are neither in the log nor in a bundle.
    pub fn missing(&self) -> Range<u64> {
        self.size..self.acknowledged.size.max(self.published)
    }

    /// Whether a new log has more than the old one, or lets go of damage behind everything that was acknowledged.
    fn gains(&self) -> bool {
        !self.rebuilt.is_empty() || (self.why.is_some() && self.missing().is_empty())
    }
}

/// What entry 0 says of a poll: its short name, and the keys of which one signs its checkpoints.
pub type Named = (String, Vec<VerifierKey>);

/// A poll of the directory, before its entries are read.
struct Subject {
    slug: String,
    outline: Option<Outline>,
    acknowledged: Head,
    joined: Option<(Joined, Trust)>,
    /// The size of a checkpoint that nobody can vouch for, and why not.
    unproven: Option<(u64, String)>,
}

/// Repairs the log of a data directory that nobody serves, and the tiles of each poll whose log is whole. With `only`,
/// it is done if this poll needs it. `name` reads entry 0.
///
/// # Errors
/// If a head file is missing or damaged; if log and bundles together are not what was published; if a file cannot be
/// read or written. The log is then as it was.
pub fn repair<E: Event>(
    dir: DataDir,
    store: &CheckpointStore,
    only: Option<&str>,
    name: impl Fn(&Sealed<E>) -> Result<Named, String>,
) -> Result<Repair, StoreError> {
    let data = dir.path();
    end_unfinished(data)?;
    let repaired = Work::begin(data, store, only, &name).and_then(|work| work.carry_out());
    end_unfinished(data)?;
    repaired
}

/// Ends what a repair left that was killed: one whose log is made takes its place, of another nothing is kept.
pub(crate) fn end_unfinished(data: &Path) -> Result<(), StoreError> {
    let (repaired, log) = (data.join(REPAIRED), data.join("log"));
    let made = repaired.join("log");
    if made.exists() {
        clean::unmark(data)?;
        if log.exists() {
            files::rename(&log, &repaired.join("replaced"))?;
        }
        files::rename(&made, &log)?;
    }
    if repaired.exists() {
        clean::mark(data)?;
        files::remove_folder(&repaired)?;
    }
    files::remove_folder(&data.join(REPAIRING))
}

/// Where the log of a directory is: a repaired one may be on its way into place.
pub(crate) fn log_of(data: &Path) -> PathBuf {
    let made = data.join(REPAIRED).join("log");
    match made.exists() {
        true => made,
        false => data.join("log"),
    }
}

/// Of how many entries the newest checkpoint of a poll claims to be, wherever one is kept; 0 if there is none.
pub fn claimed_size(data: &Path, store: &CheckpointStore, slug: &str) -> Result<u64, StoreError> {
    let folder = PublicFolder::at(&poll_folder(data, slug)?.join("public"));
    let claimed = claimed(store, slug, &folder)?;
    let sizes = claimed.iter().map(|signed| signed.claimed().size);
    Ok(sizes.max().unwrap_or(0))
}

/// The newest checkpoints of a poll: the one that is kept, and the last of the list. Nobody vouches for them.
fn claimed(
    store: &CheckpointStore,
    slug: &str,
    folder: &PublicFolder,
) -> Result<Vec<SignedCheckpoint>, StoreError> {
    let kept = store.newest(slug)?;
    let kept = kept.and_then(|bytes| String::from_utf8(bytes).ok()?.parse().ok());
    let listed = folder.origin()?;
    let listed = listed.and_then(|origin| publish::newest(folder, &origin).ok());
    Ok(kept
        .into_iter()
        .chain(listed.map(|(signed, _)| signed))
        .collect())
}

/// A repair under way.
struct Work<'a, E, N> {
    data: &'a Path,
    only: Option<&'a str>,
    name: &'a N,
    as_found: Log,
    subjects: Vec<Subject>,
    event: std::marker::PhantomData<E>,
}

impl<'a, E: Event, N: Fn(&Sealed<E>) -> Result<Named, String>> Work<'a, E, N> {
    fn begin(
        data: &'a Path,
        store: &CheckpointStore,
        only: Option<&'a str>,
        name: &'a N,
    ) -> Result<Self, StoreError> {
        let as_found = open_copy(data)?;
        let ledgers = ledgers(&as_found, name);
        let importing = import::unfinished(data)?.map(|(slug, _)| slug);
        let mut slugs = polls_in(data)?;
        slugs.sort();
        let mut subjects = Vec::new();
        for slug in slugs
            .into_iter()
            .filter(|slug| importing.as_ref() != Some(slug))
        {
            let subject = subject(data, store, (&as_found, ledgers.get(&slug)), slug, name)?;
            subjects.extend(subject);
        }
        Ok(Self {
            data,
            only,
            name,
            as_found,
            subjects,
            event: std::marker::PhantomData,
        })
    }

    fn carry_out(&self) -> Result<Repair, StoreError> {
        let mut polls: Vec<Repaired> = self.subjects.iter().map(look).collect();
        let is_meant = |slug: &str| self.only.is_none_or(|only| only == slug);
        let needed = |poll: &Repaired| is_meant(&poll.slug) && poll.gains();
        let mut kept = None;
        if polls.iter().any(needed) {
            kept = Some(copy::before_repair(self.data)?);
            let made = self.make()?;
            self.mend_tiles(&made, &mut polls)?;
            made.close()?;
            drop(made);
            let place = self.data.join(REPAIRING).join("made");
            files::sync_tree(&place)?;
            files::rename(&place, &self.data.join(REPAIRED))?;
        } else {
            polls.retain(|poll| is_meant(&poll.slug));
            self.mend_tiles(&self.as_found, &mut polls)?;
        }
        Ok(Repair { polls, kept })
    }

    /// Makes the log anew, and reads it back.
    fn make(&self) -> Result<Log, StoreError> {
        let place = self.data.join(REPAIRING).join("made");
        let log = Log::open(DataDir::create_or_open(&place)?)?;
        let mut ends = Vec::new();
        for (slug, outline, trust) in self.joined() {
            let mut batch = Batch::<E>::new(&log, slug, &outline.origin);
            join::<E>(outline, &self.as_found, trust, |sealed| {
                let follows = batch.after.follow(&sealed);
                let after = follows.map_err(|error| StoreError::NotAChain {
                    origin: outline.origin.to_string(),
                    after: batch.after.size,
                    why: error.to_string(),
                })?;
                batch.add(sealed, after)
            })?;
            batch.flush()?;
            ends.push(batch.after);
        }
        log.close()?;
        drop(log);
        let log = Log::open(DataDir::open(&place)?)?;
        for ((_, outline, _), end) in self.joined().zip(ends).filter(|(_, end)| end.size > 0) {
            let named = |first: &Sealed<E>| (self.name)(first).map(|(slug, _)| slug);
            let loaded = log.load::<E>(&outline.origin, named, |_| Ok(()))?;
            if loaded.head != end {
                let why = format!("expected {} entries, found {}", end.size, loaded.head.size);
                return Err(log.is_damaged(&outline.origin, loaded.head.size, why));
            }
        }
        log.finish_loading()?;
        Ok(log)
    }

    /// The polls of which anything is known.
    fn joined(&self) -> impl Iterator<Item = (&str, &Outline, Trust)> {
        self.subjects.iter().filter_map(|subject| {
            let (_, trust) = subject.joined.as_ref()?;
            Some((subject.slug.as_str(), subject.outline.as_ref()?, *trust))
        })
    }

    /// Writes the tiles anew that are not what the log makes, of each poll whose published part is in the log.
    fn mend_tiles(&self, log: &Log, polls: &mut [Repaired]) -> Result<(), StoreError> {
        for poll in polls.iter_mut().filter(|poll| poll.size >= poll.published) {
            let outline = self.joined().find(|(slug, ..)| *slug == poll.slug);
            let published = outline.and_then(|(_, outline, _)| {
                let (newest, folder) = outline.published.as_ref()?;
                Some((&outline.origin, newest, PublicFolder::at(folder.path())))
            });
            if let Some((origin, newest, mut folder)) = published {
                poll.tiles = mend(log, origin, newest, &mut folder)?;
            }
        }
        Ok(())
    }
}

fn look(subject: &Subject) -> Repaired {
    let joined = subject.joined.as_ref().map(|(joined, _)| joined);
    let published = subject.outline.as_ref().map_or(0, Outline::published_size);
    let unproven = subject.unproven.as_ref();
    Repaired {
        slug: subject.slug.clone(),
        acknowledged: subject.acknowledged,
        published: published.max(unproven.map_or(0, |(size, _)| *size)),
        size: joined.map_or(0, |joined| joined.end.size),
        readable: joined.map_or(0, |joined| joined.readable),
        why: joined.and_then(|joined| joined.why.clone()),
        rebuilt: joined.map_or_else(Vec::new, |joined| joined.rebuilt.clone()),
        unusable: joined
            .and_then(|joined| joined.unusable.clone())
            .or(unproven.map(|(_, why)| why.clone())),
        tiles: 0,
    }
}

/// Looks through a ledger, and where tiles differ, once more: only then it is known that the log is right.
fn mend(
    log: &Log,
    origin: &Origin,
    newest: &Checkpoint,
    folder: &mut PublicFolder,
) -> Result<u64, StoreError> {
    let mut differing = 0;
    for puts in [false, true] {
        let (mut scrub, mut through) = (Scrub::of(origin), false);
        while !through {
            let looked = scrub.step(log, folder, newest, TILE_WIDTH)?;
            through = looked.through;
            match puts {
                true => looked
                    .differing
                    .iter()
                    .try_for_each(|tile| folder.put(tile))?,
                false => differing += looked.differing.len() as u64,
            }
            if folder.unsettled() >= TILES_UNSETTLED_MAX {
                folder.settle()?;
            }
        }
        if differing == 0 {
            break;
        }
    }
    folder.settle()?;
    Ok(differing)
}

/// A log in a copy, as far as it can be opened: one that cannot has nothing.
fn open_copy(data: &Path) -> Result<Log, StoreError> {
    let place = data.join(REPAIRING).join("as-found");
    copy::copy_held(data, &place)?;
    match Log::open(DataDir::open(&place)?) {
        Err(StoreError::Sled { .. }) => {
            files::remove_folder(&place.join("log"))?;
            Log::open(DataDir::open(&place)?)
        }
        opened => opened,
    }
}

/// The ledgers of the log whose entry 0 can be read, by short name. What cannot be listed is not there.
fn ledgers<E: Event>(
    log: &Log,
    name: &impl Fn(&Sealed<E>) -> Result<Named, String>,
) -> BTreeMap<String, Origin> {
    let mut ledgers = BTreeMap::new();
    let names = log.ledgers().unwrap_or_default();
    for origin in names.iter().filter_map(|name| name.parse::<Origin>().ok()) {
        let first = first_in_log::<E>(log, &origin);
        if let Some((slug, _)) = first.and_then(|first| name(&first).ok()) {
            ledgers.insert(slug, origin);
        }
    }
    ledgers
}

fn first_in_log<E: Event>(log: &Log, origin: &Origin) -> Option<Sealed<E>> {
    let bytes = log.entries_as_they_are(origin, 0).next()?.ok()?;
    is_first(origin, &bytes)
}

fn is_first<E: Event>(origin: &Origin, bytes: &[u8]) -> Option<Sealed<E>> {
    let sealed = Sealed::<E>::read(bytes).ok()?;
    Head::start(origin).follow(&sealed).ok()?;
    Some(sealed)
}

/// What is known of a poll; none if nothing of it was ever acknowledged or published.
fn subject<E: Event>(
    data: &Path,
    store: &CheckpointStore,
    (log, ledger): (&Log, Option<&Origin>),
    slug: String,
    name: &impl Fn(&Sealed<E>) -> Result<Named, String>,
) -> Result<Option<Subject>, StoreError> {
    let place = poll_folder(data, &slug)?;
    let folder = PublicFolder::at(&place.join("public"));
    let claimed = claimed(store, &slug, &folder)?;
    let acknowledged = match head::read(&place)? {
        Found::Says(head) => head,
        Found::Nothing if claimed.is_empty() && ledger.is_none() => return Ok(None),
        Found::Nothing | Found::Damaged => {
            return Err(StoreError::HeadMissing { slug, size: None });
        }
    };
    let mut published: Option<Checkpoint> = None;
    for signed in &claimed {
        let newer = published
            .as_ref()
            .is_none_or(|old| old.size < signed.claimed().size);
        if newer && is_signed(signed, (log, &folder), &slug, name) {
            published = Some(signed.claimed().clone());
        }
    }
    let unproven = unproven(&claimed, published.as_ref());
    let of_checkpoint = published.as_ref().map(|newest| newest.origin.clone());
    let outline = of_checkpoint.or(ledger.cloned()).map(|origin| Outline {
        origin,
        acknowledged,
        published: published.map(|newest| (newest, folder)),
    });
    if outline.is_none() && acknowledged.size == 0 {
        return Ok(None);
    }
    let joined = outline
        .as_ref()
        .map(|outline| join::look::<E>(outline, log));
    Ok(Some(Subject {
        slug,
        acknowledged,
        joined: joined.transpose()?,
        outline,
        unproven,
    }))
}

/// What is claimed beyond what was found signed.
fn unproven(claimed: &[SignedCheckpoint], found: Option<&Checkpoint>) -> Option<(u64, String)> {
    let sizes = claimed.iter().map(|signed| signed.claimed().size);
    let size = sizes
        .max()
        .filter(|size| *size > found.map_or(0, |found| found.size))?;
    let why = format!(
        "the checkpoint over {size} entries is signed by no key of entry 0, or entry 0 can be read neither in the log nor in the first bundle"
    );
    Some((size, why))
}

/// Whether a checkpoint is signed by a key of entry 0, wherever that can be read.
fn is_signed<E: Event>(
    signed: &SignedCheckpoint,
    (log, folder): (&Log, &PublicFolder),
    slug: &str,
    name: &impl Fn(&Sealed<E>) -> Result<Named, String>,
) -> bool {
    let Checkpoint { origin, size, .. } = signed.claimed();
    let in_bundle = folder.entries(0, *size).next().and_then(Result::ok);
    let in_bundle = in_bundle.and_then(|bytes| is_first::<E>(origin, &bytes));
    let firsts = first_in_log::<E>(log, origin).into_iter().chain(in_bundle);
    firsts
        .filter_map(|first| name(&first).ok())
        .any(|(named, keys)| named == slug && signed.verify(&keys).is_ok())
}
