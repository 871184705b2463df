//! The published tree of one ledger: its tiles, its checkpoints, and how both grow by a publication.
//!
//! Invariants:
//! - a checkpoint is signed only over entries that were read back from the log, follow each other, and end where the
//!   writer says;
//! - its tiles are durable before it is; it replaces the very checkpoint that was signed before it;
//! - a start goes on only if the log has the entries that the newest checkpoint is over.

use crate::ServerError;
use crate::checkpoint_list::{CheckpointList, ListNote, Subject, ends_with};
use crate::limits::SCRUB_ENTRIES;
use sijill_ledger::checkpoint::{Checkpoint, SignedCheckpoint};
use sijill_ledger::tile::{TileId, TileKind};
use sijill_ledger::tile_reader::TileReader;
use sijill_ledger::tile_writer::{Tile, TileWriter};
use sijill_ledger::tree::leaf_hash;
use sijill_ledger::{Head, Linked, Origin, Sealed, SecretKey};
use sijill_poll::{Event, Poll};
use sijill_store::limits::TILES_UNSETTLED_MAX;
use sijill_store::public_folder::Listed;
use sijill_store::scrub::{Looked, Scrub};
use sijill_store::{CheckpointStore, Log, PublicFolder};

/// The published tree of one ledger.
pub struct Tree {
    subject: Subject,
    /// Where the part of the ledger ends that the tiles are of.
    head: Head,
    writer: TileWriter,
    folder: PublicFolder,
    /// The newest checkpoint as it is kept.
    newest: Option<Vec<u8>>,
    list: CheckpointList,
    /// Size of the checkpoint before the newest. Partial tiles that one of them needs stay, though they are full by now:
    /// until the newest is seen by everyone, a reader may be at the one before.
    before_newest: u64,
}

/// What a start finds of a tree.
pub struct Found {
    /// The tree, to go on with.
    pub tree: Tree,
    /// The newest checkpoint.
    pub newest: Option<SignedCheckpoint>,
    /// The published checkpoints.
    pub listed: Vec<Listed>,
}

impl Tree {
    /// The tree of a ledger as its files have it, held against the log. `noted` is how the list of checkpoints begins, if that is known.
    ///
    /// # Errors
    /// If the newest checkpoint is over something that the log has not, if it is none, or if it is missing.
    pub fn find(
        log: &Log,
        store: &CheckpointStore,
        folder: PublicFolder,
        noted: Option<ListNote>,
        poll: &Poll,
    ) -> Result<Found, ServerError> {
        let subject = Subject::of(poll);
        let kept = store.newest(&subject.slug)?;
        let newest = kept.as_deref().map(|bytes| subject.newest(bytes));
        let newest = newest.transpose()?;
        let mut tree = Self {
            newest: kept,
            head: Head::start(&subject.origin),
            subject,
            writer: TileWriter::default(),
            folder,
            list: CheckpointList::default(),
            before_newest: 0,
        };
        if let Some(newest) = &newest {
            tree.resume(log, newest.claimed(), poll.head())?;
        }
        let last = newest.as_ref();
        let (list, listed) = CheckpointList::read(&tree.folder, &tree.subject, noted)?;
        ends_with(&tree.folder, &tree.subject, (noted, &listed), last)?;
        tree.list = list;
        let listed = tree.end_list(last, listed)?;
        Ok(Found {
            tree,
            newest,
            listed,
        })
    }

    fn read_newest(&self) -> Result<Option<SignedCheckpoint>, ServerError> {
        let newest = self.newest.as_deref();
        newest.map(|bytes| self.subject.newest(bytes)).transpose()
    }

    /// Goes on after a checkpoint: from the tiles if they lead to its root, else from the log. Either way the log must
    /// have the last entry that it is over, and with it, by the chain, all before.
    fn resume(&mut self, log: &Log, newest: &Checkpoint, end: Head) -> Result<(), ServerError> {
        if newest.size > end.size {
            return Err(ServerError::BehindCheckpoint {
                slug: self.subject.slug.clone(),
                size: newest.size,
                found: end.size,
            });
        }
        match self.go_on_from_tiles(log, newest) {
            Some(head) => self.head = head,
            None => self.rebuild(log, newest.size)?,
        }
        let found = self.writer.root();
        match found == newest.root && self.head.size == newest.size {
            true => Ok(()),
            false => Err(ServerError::OtherThanCheckpoint {
                slug: self.subject.slug.clone(),
                size: newest.size,
                expected: newest.root,
                found,
            }),
        }
    }

    /// The head at the checkpoint, if its tiles are there and have the log's last entry as their last leaf.
    fn go_on_from_tiles(&mut self, log: &Log, newest: &Checkpoint) -> Option<Head> {
        let Checkpoint { size, root, .. } = *newest;
        let last = size.checked_sub(1)?;
        let bytes = log.entries(&self.subject.origin, last).next()?.ok()?;
        let entry = Sealed::<Event>::read(&bytes).ok()?;
        let folder = &self.folder;
        let fetch = |id| match folder.tile(id) {
            Ok(Some(bytes)) => Ok(bytes),
            _ => Err(()),
        };
        let leaf = TileReader::open(size, root, fetch).ok()?.leaf(last).ok()?;
        if leaf != leaf_hash(&bytes) || entry.entry().index != last {
            return None;
        }
        self.writer = TileWriter::resume(size, root, fetch).ok()?;
        Some(Head {
            size,
            link: entry.link(),
        })
    }

    /// Builds the tiles of the first `size` entries anew: they are derived.
    fn rebuild(&mut self, log: &Log, size: u64) -> Result<(), ServerError> {
        self.folder.drop_tiles()?;
        self.writer = TileWriter::default();
        self.head = Head::start(&self.subject.origin);
        self.read_back(log, size)?;
        self.put_partials()
    }

    /// Ends the list with the newest checkpoint: a crash may have come between the two.
    fn end_list(
        &mut self,
        newest: Option<&SignedCheckpoint>,
        mut listed: Vec<Listed>,
    ) -> Result<Vec<Listed>, ServerError> {
        let last = listed.last().map_or(0, |last| last.size);
        if let Some(newest) = newest.filter(|newest| newest.claimed().size > last) {
            let size = newest.claimed().size;
            listed.push(self.list.push(&self.folder, &newest.to_string(), size)?);
        }
        let mut before = listed.iter().rev().skip(1).map(|before| before.size);
        self.before_newest = before.next().unwrap_or(0);
        let earlier = before.next().unwrap_or(0);
        self.folder.drop_filled(earlier, self.before_newest)?;
        Ok(listed)
    }

    /// The list of checkpoints as it is.
    pub fn list_note(&self) -> ListNote {
        self.list.note()
    }

    /// The ledger's name.
    pub fn origin(&self) -> &Origin {
        &self.subject.origin
    }

    /// Looks through the next entries and their tiles; nothing where nothing is published.
    pub fn look(&self, scrub: &mut Scrub, log: &Log) -> Result<Option<Looked>, ServerError> {
        let Some(newest) = self.read_newest()? else {
            return Ok(None);
        };
        let looked = scrub.step(log, &self.folder, newest.claimed(), SCRUB_ENTRIES)?;
        Ok(Some(looked))
    }

    /// Writes tiles anew that are not what the log makes, and says so. Returns how many.
    pub fn mend(&mut self, tiles: &[Tile]) -> Result<u64, ServerError> {
        for tile in tiles {
            self.folder.put(tile)?;
        }
        self.folder.settle()?;
        let names: Vec<String> = tiles.iter().map(|tile| format!("`{}`", tile.id)).collect();
        tracing::warn!(
            "`{}`: {} of what is published were damaged on disk and are written anew from the log: {}. See that the disk works",
            self.subject.slug,
            names.len(),
            names.join(", ")
        );
        Ok(names.len() as u64)
    }

    /// Number of entries that the newest checkpoint is over.
    pub fn size(&self) -> u64 {
        self.head.size
    }

    /// Makes the tiles of the ledger up to `end` durable, once what the log has leads there, and signs the checkpoint.
    /// Nobody sees it yet.
    pub fn grow(
        &mut self,
        log: &Log,
        end: Head,
        key: &SecretKey,
    ) -> Result<SignedCheckpoint, ServerError> {
        self.read_back(log, end.size)?;
        if self.head != end {
            return Err(ServerError::NotWhatWasDecided {
                slug: self.subject.slug.clone(),
                index: end.size.saturating_sub(1),
                why: format!("expected the link {}, found {}", end.link, self.head.link),
            });
        }
        self.put_partials()?;
        let checkpoint = Checkpoint {
            origin: self.subject.origin.clone(),
            size: end.size,
            root: self.writer.root(),
        };
        let signed = checkpoint.sign(key);
        signed.map_err(|error| ServerError::BadCheckpoint {
            slug: self.subject.slug.clone(),
            why: error.to_string(),
        })
    }

    /// Puts a checkpoint in the place of the newest. From here on it is published, whatever happens: a start finds it.
    pub fn publish(
        &mut self,
        store: &CheckpointStore,
        checkpoint: &SignedCheckpoint,
    ) -> Result<Listed, ServerError> {
        let text = checkpoint.to_string();
        store.replace(&self.subject.slug, self.newest.as_deref(), text.as_bytes())?;
        let before = self.claimed_size();
        let listed = self
            .list
            .push(&self.folder, &text, checkpoint.claimed().size)?;
        self.newest = Some(text.into_bytes());
        self.folder.drop_filled(self.before_newest, before)?;
        self.before_newest = before;
        Ok(listed)
    }

    fn claimed_size(&self) -> u64 {
        let newest = self.read_newest().ok().flatten();
        newest.map_or(0, |newest| newest.claimed().size)
    }

    /// Reads the entries from where the tiles end up to `size` back from the log, follows their chain, and puts what
    /// becomes full by them in its place.
    fn read_back(&mut self, log: &Log, size: u64) -> Result<(), ServerError> {
        let mut entries = log.entries(&self.subject.origin, self.head.size);
        while self.head.size < size {
            let index = self.head.size;
            let other = |why: String| ServerError::NotWhatWasDecided {
                slug: self.subject.slug.clone(),
                index,
                why,
            };
            let bytes = match entries.next() {
                Some(bytes) => bytes?,
                None => return Err(other("the log ends before it".to_owned())),
            };
            // What the bytes say was decided on before: where they end, they have that link.
            let follows = Linked::of(&bytes).and_then(|entry| self.head.follow_linked(&entry));
            self.head = follows.map_err(|error| other(error.to_string()))?;
            let full = self.writer.append(&bytes);
            for tile in full.map_err(|error| other(error.to_string()))? {
                self.folder.put(&tile)?;
            }
            if self.folder.unsettled() >= TILES_UNSETTLED_MAX {
                self.folder.settle()?;
            }
        }
        Ok(())
    }

    fn put_partials(&mut self) -> Result<(), ServerError> {
        for tile in self.writer.partial() {
            self.folder.put(&tile)?;
        }
        Ok(self.folder.settle()?)
    }
}

/// A tile that a checkpoint of `size` entries is proven by, or that one before it was: nothing of it lies beyond.
pub fn is_published(id: TileId, size: u64) -> bool {
    let level = match id.kind() {
        TileKind::Entries => 0,
        TileKind::Hashes { level } => level,
    };
    let hashes = id.index() * sijill_ledger::tile::TILE_WIDTH + id.width();
    let leaves = u128::from(hashes) << (u32::from(level) * sijill_ledger::tile::TILE_HEIGHT);
    leaves <= u128::from(size)
}

#[cfg(test)]
mod tests {
    use super::*;
    use sijill_ledger::{Link, Linked};
    use sijill_scenarios::bench::{Bench, Setup};
    use sijill_store::{Append, DataDir};

    /// A log with these bytes as the entries of a bench's ledger.
    fn log(place: &std::path::Path, bench: &Bench, entries: &[Vec<u8>]) -> Log {
        let log = Log::open(DataDir::create_or_open(place).unwrap()).unwrap();
        let origin = bench.poll.origin();
        log.append(&[Append {
            origin,
            slug: &bench.terms.slug,
            before: Head::start(origin),
            entries: entries
                .iter()
                .map(|bytes| Linked::of(bytes).unwrap())
                .collect(),
        }])
        .unwrap();
        log
    }

    fn tree(place: &std::path::Path, log: &Log, bench: &Bench) -> Tree {
        let store = CheckpointStore::inside(place).unwrap();
        let folder = PublicFolder::make(&place.join("public")).unwrap();
        let noted = Some(ListNote::default());
        let first = Poll::open(&bench.entries[0], bench.poll.roster().clone()).unwrap();
        Tree::find(log, &store, folder, noted, &first).unwrap().tree
    }

    fn bench() -> (Bench, Vec<Vec<u8>>) {
        let bench = Bench::open(&Setup::default());
        let bytes = bench.entries.iter().map(|entry| entry.bytes().to_vec());
        let bytes = bytes.collect();
        (bench, bytes)
    }

    #[test]
    fn what_is_read_back_as_it_was_decided_is_signed() {
        let (place, (bench, bytes)) = (tempfile::tempdir().unwrap(), bench());
        let log = log(place.path(), &bench, &bytes);
        let mut tree = tree(place.path(), &log, &bench);
        let signed = tree.grow(&log, bench.poll.head(), &bench.keys.log).unwrap();
        assert_eq!(signed.claimed().size, 1);
        assert!(signed.verify(&tree.subject.keys).is_ok());
    }

    /// A bit that flips in memory after an entry was decided on would be signed for ever.
    #[test]
    fn a_bit_flipped_in_memory_before_the_signing_is_noticed_and_nothing_is_signed() {
        let (place, (bench, bytes)) = (tempfile::tempdir().unwrap(), bench());
        let log = log(place.path(), &bench, &bytes);
        let mut tree = tree(place.path(), &log, &bench);
        let Head { size, link } = bench.poll.head();
        let mut flipped = *link.as_bytes();
        flipped[7] ^= 1;
        let end = Head {
            size,
            link: Link::from_bytes(flipped),
        };
        let error = tree.grow(&log, end, &bench.keys.log).unwrap_err();
        assert!(
            matches!(error, ServerError::NotWhatWasDecided { .. }),
            "{error}"
        );
        assert!(error.to_string().contains("Nothing was signed"), "{error}");
    }

    /// The same of one that flips on the way to the disk, or on it: in a signature, so that the entry still reads well.
    #[test]
    fn a_bit_flipped_on_disk_before_the_signing_is_noticed_and_nothing_is_signed() {
        let (place, (bench, mut bytes)) = (tempfile::tempdir().unwrap(), bench());
        *bytes[0].last_mut().unwrap() ^= 1;
        let log = log(place.path(), &bench, &bytes);
        let mut tree = tree(place.path(), &log, &bench);
        let error = tree.grow(&log, bench.poll.head(), &bench.keys.log);
        let error = error.unwrap_err();
        assert!(
            matches!(error, ServerError::NotWhatWasDecided { .. }),
            "{error}"
        );
    }

    #[test]
    fn a_log_that_ends_before_what_is_to_be_published_is_noticed() {
        let (place, (bench, bytes)) = (tempfile::tempdir().unwrap(), bench());
        let log = log(place.path(), &bench, &bytes);
        let mut tree = tree(place.path(), &log, &bench);
        let end = Head {
            size: 2,
            ..bench.poll.head()
        };
        let error = tree.grow(&log, end, &bench.keys.log).unwrap_err();
        assert!(error.to_string().contains("the log ends"), "{error}");
    }

    #[test]
    fn a_tile_is_published_once_a_checkpoint_covers_all_of_it() {
        let cases = [
            ("tile/0/000", 256, true),
            ("tile/0/000", 255, false),
            ("tile/0/000.p/255", 255, true),
            ("tile/0/000.p/7", 255, true),
            ("tile/1/000.p/1", 255, false),
            ("tile/1/000.p/1", 256, true),
            ("tile/entries/001.p/4", 260, true),
            ("tile/entries/001.p/5", 260, false),
        ];
        for (path, size, expected) in cases {
            assert_eq!(
                is_published(path.parse().unwrap(), size),
                expected,
                "{path}"
            );
        }
    }
}
