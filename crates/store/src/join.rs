//! One ledger from two places: the log, as far as it can be read, and the bundles that were published of it.
//!
//! An entry is taken from either only where the chain leads to it. Of the part that was published it must also be the
//! leaf that the newest checkpoint commits to, as far as the tiles can say; and whatever they say, all of that part
//! must have the checkpoint's root, or nothing of it is used.

use crate::log::{Entries, Log};
use crate::{PublicFolder, StoreError};
use sijill_ledger::bundle;
use sijill_ledger::checkpoint::Checkpoint;
use sijill_ledger::tile::{TILE_WIDTH, TileId, TileKind};
use sijill_ledger::tile_reader::TileReader;
use sijill_ledger::tree::{Frontier, leaf_hash};
use sijill_ledger::{Event, Hash, Head, Origin, Sealed};
use std::ops::Range;

/// What is known of a ledger without its log.
#[derive(Debug)]
pub(crate) struct Outline {
    /// Its name.
    pub origin: Origin,
    /// Where it was acknowledged up to.
    pub acknowledged: Head,
    /// The newest checkpoint that its keys signed, and the tiles and bundles under it.
    pub published: Option<(Checkpoint, PublicFolder)>,
}

impl Outline {
    /// How many entries were published.
    pub fn published_size(&self) -> u64 {
        self.published.as_ref().map_or(0, |(newest, _)| newest.size)
    }
}

/// Which bundles are believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trust {
    /// Those whose entries the tiles confirm.
    Tiles,
    /// All, because their root is the checkpoint's in the end.
    Root,
}

/// What the two places have together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Joined {
    /// Where that ends.
    pub end: Head,
    /// How many entries the log had in order from 0 on.
    pub readable: u64,
    /// Why reading the log first ended, if before its end.
    pub why: Option<String>,
    /// What was taken from bundles: indices, in order.
    pub rebuilt: Vec<Range<u64>>,
    /// Why a bundle that was needed could not be used.
    pub unusable: Option<String>,
}

type Fetch<'a> = Box<dyn FnMut(TileId) -> Result<Vec<u8>, String> + 'a>;

/// The entries of a ledger, from whichever place has them.
struct Join<'a> {
    outline: &'a Outline,
    log: &'a Log,
    trust: Trust,
    /// The log's next entries, while it has what comes next.
    entries: Option<Entries<'a>>,
    /// What the newest checkpoint commits to, where its tiles lead to its root.
    tiles: Option<TileReader<Fetch<'a>>>,
    /// The bundle read last.
    bundle: Option<(u64, Vec<Vec<u8>>)>,
    tree: Frontier,
    joined: Joined,
}

/// What the two places have together, and which bundles it takes to have it: without tiles to confirm them, bundles help
/// only where they lead to the checkpoint's root.
///
/// # Errors
/// As [`join`].
pub(crate) fn look<E: Event>(outline: &Outline, log: &Log) -> Result<(Joined, Trust), StoreError> {
    let by_tiles = join::<E>(outline, log, Trust::Tiles, |_| Ok(()))?;
    let is_enough = |joined: &Joined| joined.end.size >= outline.published_size();
    if is_enough(&by_tiles) {
        return Ok((by_tiles, Trust::Tiles));
    }
    match join::<E>(outline, log, Trust::Root, |_| Ok(())) {
        Ok(by_root) if is_enough(&by_root) => Ok((by_root, Trust::Root)),
        _ => Ok((by_tiles, Trust::Tiles)),
    }
}

/// Hands every entry that the log or a bundle has to `visit`, from 0 on, until neither has the next.
///
/// # Errors
/// If all of the published part is there and its root is not the checkpoint's; if `visit` fails.
pub(crate) fn join<E: Event>(
    outline: &Outline,
    log: &Log,
    trust: Trust,
    mut visit: impl FnMut(Sealed<E>) -> Result<(), StoreError>,
) -> Result<Joined, StoreError> {
    let mut join = Join::of(outline, log, trust);
    while let Some(sealed) = join.next::<E>() {
        join.is_under_checkpoint()?;
        visit(sealed)?;
    }
    Ok(join.joined)
}

impl<'a> Join<'a> {
    fn of(outline: &'a Outline, log: &'a Log, trust: Trust) -> Self {
        let tiles = outline.published.as_ref().and_then(|(newest, folder)| {
            let fetch: Fetch<'a> = Box::new(|id| folder.tile_bytes(id));
            TileReader::open(newest.size, newest.root, fetch).ok()
        });
        Self {
            outline,
            log,
            trust,
            entries: Some(log.entries_as_they_are(&outline.origin, 0)),
            tiles,
            bundle: None,
            tree: Frontier::default(),
            joined: Joined {
                end: Head::start(&outline.origin),
                readable: 0,
                why: None,
                rebuilt: Vec::new(),
                unusable: None,
            },
        }
    }

    fn next<E: Event>(&mut self) -> Option<Sealed<E>> {
        let index = self.joined.end.size;
        let published = self.outline.published_size();
        // Where the log broke, it is asked again at the next bundle: damage has an end.
        if self.entries.is_none()
            && index <= published
            && (index.is_multiple_of(TILE_WIDTH) || index == published)
        {
            self.entries = Some(self.log.entries_as_they_are(&self.outline.origin, index));
        }
        if let Some(sealed) = self.log_entry() {
            return Some(sealed);
        }
        match (index < published).then(|| self.bundle_entry(index)) {
            Some(Ok((sealed, next))) => {
                match self.joined.rebuilt.last_mut() {
                    Some(last) if last.end == index => last.end = next.size,
                    _ => self.joined.rebuilt.push(index..next.size),
                }
                Some(self.take(sealed, next))
            }
            Some(Err(why)) => {
                self.joined.unusable = Some(why);
                None
            }
            None => None,
        }
    }

    fn log_entry<E: Event>(&mut self) -> Option<Sealed<E>> {
        let read = self.entries.as_mut()?.next();
        let unbroken = self.joined.readable == self.joined.end.size;
        match read.map(|read| read.map_err(|error| error.cause())) {
            None => self.entries = None,
            Some(read) => match read.and_then(|bytes| self.fits(&bytes, Trust::Root)) {
                Ok((sealed, next)) => {
                    if unbroken {
                        self.joined.readable = next.size;
                    }
                    return Some(self.take(sealed, next));
                }
                Err(why) => {
                    self.entries = None;
                    if unbroken {
                        self.joined.why.get_or_insert(why);
                    }
                }
            },
        }
        None
    }

    fn bundle_entry<E: Event>(&mut self, index: u64) -> Result<(Sealed<E>, Head), String> {
        let number = index / TILE_WIDTH;
        if self.bundle.as_ref().is_none_or(|(read, _)| *read != number) {
            self.bundle = Some((number, self.read_bundle(number)?));
        }
        let place = usize::try_from(index % TILE_WIDTH).unwrap_or(usize::MAX);
        let entries = self.bundle.as_ref().map(|(_, entries)| entries);
        let bytes = entries.and_then(|entries| entries.get(place)).cloned();
        let id = TileId::at(TileKind::Entries, number, self.outline.published_size());
        let named = |why: String| match id {
            Some(id) => format!("`{id}`: {why}"),
            None => why,
        };
        let bytes = bytes.ok_or_else(|| named("it is too short".to_owned()))?;
        self.fits(&bytes, self.trust)
            .map_err(|why| named(format!("entry {index}: {why}")))
    }

    fn read_bundle(&self, number: u64) -> Result<Vec<Vec<u8>>, String> {
        let Some((newest, folder)) = &self.outline.published else {
            return Err("nothing is published".to_owned());
        };
        let id = TileId::at(TileKind::Entries, number, newest.size);
        let id = id.ok_or_else(|| format!("there is no bundle {number}"))?;
        let bytes = folder.tile_bytes(id)?;
        let entries = bundle::read(&bytes, id.width());
        let entries = entries.map_err(|error| format!("`{id}`: {error}"))?;
        Ok(entries.into_iter().map(<[u8]>::to_vec).collect())
    }

    /// The entry, if it is the one that comes next, and the head after it.
    fn fits<E: Event>(&mut self, bytes: &[u8], trust: Trust) -> Result<(Sealed<E>, Head), String> {
        let sealed = Sealed::<E>::read(bytes).map_err(|error| error.to_string())?;
        let index = self.joined.end.size;
        let next = self.joined.end.follow(&sealed);
        let next = next.map_err(|error| error.to_string())?;
        let acknowledged = &self.outline.acknowledged;
        if next.size == acknowledged.size && next.link != acknowledged.link {
            return Err(format!(
                "expected the link {} that was acknowledged, found {}",
                acknowledged.link, next.link
            ));
        }
        let found = leaf_hash(bytes);
        match self.leaf(index) {
            Some(expected) if expected != found => Err(format!(
                "expected the leaf hash {expected} that was published, found {found}"
            )),
            None if trust == Trust::Tiles => Err("no tile confirms it".to_owned()),
            _ => Ok((sealed, next)),
        }
    }

    /// The leaf hash that was published, where the tiles say it.
    fn leaf(&mut self, index: u64) -> Option<Hash> {
        let published = index < self.outline.published_size();
        let tiles = self.tiles.as_mut().filter(|_| published)?;
        tiles.leaf(index).ok()
    }

    fn take<E: Event>(&mut self, sealed: Sealed<E>, next: Head) -> Sealed<E> {
        if self.joined.end.size < self.outline.published_size() {
            self.tree.append(leaf_hash(sealed.bytes()));
        }
        self.joined.end = next;
        sealed
    }

    fn is_under_checkpoint(&self) -> Result<(), StoreError> {
        let newest = self.outline.published.as_ref().map(|(newest, _)| newest);
        let newest = newest.filter(|newest| newest.size == self.joined.end.size);
        match newest {
            Some(newest) if newest.root != self.tree.root() => Err(StoreError::NotJoined {
                origin: self.outline.origin.to_string(),
                size: newest.size,
                expected: newest.root.to_string(),
                found: self.tree.root().to_string(),
            }),
            _ => Ok(()),
        }
    }
}
