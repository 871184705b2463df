//! A published poll as whoever asks one thing of it reads it: its newest checkpoint, the tree under it or under an older
//! one, and the entries one by one, each traced to the root.
//!
//! Whom to believe is for the caller's policy: [`Published::newest`] is a claim until it was verified. What is read of
//! tree and entries is what that checkpoint commits to, or an error that says which tile or entry is another.

use crate::error::AuditError;
use crate::fetcher::{FetchError, Fetcher};
use crate::published_files::ListEnd;
use sijill_ledger::checkpoint::{Checkpoint, CheckpointError, SignedCheckpoint};
use sijill_ledger::checkpoint_list::Splitter;
use sijill_ledger::limits::CHECKPOINT_BYTES_MAX;
use sijill_ledger::note::NoteError;
use sijill_ledger::proof::ProofError;
use sijill_ledger::tile::{TILE_WIDTH, TileId, TileKind};
use sijill_ledger::tile_reader::{ReadError, TileReader};
use sijill_ledger::tree::leaf_hash;
use sijill_ledger::{Hash, Origin, Sealed, bundle};
use sijill_poll::Event;
use sijill_poll::event::Opening;
use std::io::{BufRead, BufReader, Read};

/// Why a published poll does not give what it is asked for.
#[derive(Debug, thiserror::Error)]
pub enum PublishedError {
    /// Neither a folder that can be read nor an address of a poll.
    #[error(transparent)]
    Source(#[from] AuditError),
    /// It could not be had.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// What stands where its newest checkpoint should is none.
    #[error("`checkpoint` of `{from}`: {error}")]
    Checkpoint {
        /// The folder or address.
        from: String,
        /// What is wrong.
        error: CheckpointError,
    },
    /// A tile or bundle is none, or not the one that the checkpoint commits to.
    #[error("`{from}` has other tiles than its checkpoint commits to: {error}")]
    Tiles {
        /// The folder or address.
        from: String,
        /// What is wrong.
        error: ReadError<FetchError>,
    },
    /// The tree does not have it.
    #[error(transparent)]
    Outside(ProofError),
    /// Entry 0 is not the opening of this ledger.
    #[error("entry 0 of `{from}` is not the opening of `{origin}`: {why}")]
    Opening {
        /// The folder or address.
        from: String,
        /// The checkpoint's origin.
        origin: Origin,
        /// What it is instead.
        why: String,
    },
    /// No published checkpoint has this size.
    #[error("`checkpoints` of `{from}` has none of {size} entries; the newest has {newest}")]
    NoSuchSize {
        /// The folder or address.
        from: String,
        /// The size asked for.
        size: u64,
        /// That of the newest checkpoint.
        newest: u64,
    },
}

impl PublishedError {
    /// Whether the source contradicts the checkpoint that it serves, and neither disk nor network is to blame.
    pub fn is_contradiction(&self) -> bool {
        match self {
            Self::Checkpoint { .. } | Self::Tiles { .. } | Self::Opening { .. } => true,
            Self::Source(_) | Self::Fetch(_) | Self::Outside(_) | Self::NoSuchSize { .. } => false,
        }
    }

    /// Whether something is simply not there.
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Fetch(FetchError::Missing { .. }))
    }
}

type Fetch = Box<dyn FnMut(TileId) -> Result<Vec<u8>, FetchError>>;

/// The folder or address of a published poll, and the newest checkpoint that it had when it was asked.
#[derive(Debug, Clone)]
pub struct Published {
    from: String,
    fetcher: Fetcher,
    newest: SignedCheckpoint,
}

impl Published {
    /// Asks a folder or an address for its newest checkpoint.
    pub fn of(source: &str) -> Result<Self, PublishedError> {
        let fetcher = Fetcher::of(source)?;
        let from = source.to_owned();
        match read_checkpoint(&fetcher.checkpoint()?) {
            Ok(newest) => Ok(Self {
                from,
                fetcher,
                newest,
            }),
            Err(error) => Err(PublishedError::Checkpoint { from, error }),
        }
    }

    /// The folder or address, as it was given.
    pub fn from(&self) -> &str {
        &self.from
    }

    /// Its newest checkpoint, not verified.
    pub fn newest(&self) -> &SignedCheckpoint {
        &self.newest
    }

    /// The published checkpoint of this size, not verified.
    pub fn checkpoint_of(&self, size: u64) -> Result<SignedCheckpoint, PublishedError> {
        let newest = self.newest.claimed().size;
        if size == newest {
            return Ok(self.newest.clone());
        }
        let mut lines = BufReader::new(self.fetcher.checkpoints()?);
        let (mut splitter, mut end) = (Splitter::default(), ListEnd::of(newest));
        let is_it = |signed: &SignedCheckpoint| signed.claimed().size == size;
        // Of a note that is none, nothing is asked here: it is not the one that is looked for.
        while let Some(line) = next_line(&mut lines)? {
            if end.is_before(&line) {
                break;
            }
            if let Some(found) = splitter.push(&line).ok().flatten().filter(is_it) {
                return Ok(found);
            }
        }
        let last = splitter.finish().ok().flatten().filter(is_it);
        last.ok_or_else(|| PublishedError::NoSuchSize {
            from: self.from.clone(),
            size,
            newest,
        })
    }

    /// The tree of the newest checkpoint.
    pub fn tree(&self) -> Result<Tree, PublishedError> {
        self.tree_under(self.newest.claimed())
    }

    /// The tree that this checkpoint commits to, which may be an older one of this log, or another's whose tiles these
    /// are to be.
    pub fn tree_under(&self, checkpoint: &Checkpoint) -> Result<Tree, PublishedError> {
        let (fetcher, newest) = (self.fetcher.clone(), self.newest.claimed().size);
        let fetch: Fetch = Box::new(move |id| fetcher.tile_within(newest, id));
        let reader = TileReader::open(checkpoint.size, checkpoint.root, fetch);
        Ok(Tree {
            reader: reader.map_err(|error| failed(&self.from, error))?,
            origin: checkpoint.origin.clone(),
            from: self.from.clone(),
        })
    }
}

fn read_checkpoint(bytes: &[u8]) -> Result<SignedCheckpoint, CheckpointError> {
    let text = std::str::from_utf8(bytes).map_err(|_| NoteError::Note {
        why: "it is not UTF-8",
    })?;
    text.parse()
}

/// The next line, or as much of it as a checkpoint can have; none at the end.
fn next_line(lines: &mut impl BufRead) -> Result<Option<Vec<u8>>, PublishedError> {
    let mut line = Vec::new();
    let most = CHECKPOINT_BYTES_MAX as u64 + 1;
    match lines.by_ref().take(most).read_until(b'\n', &mut line) {
        Ok(0) => Ok(None),
        Ok(_) => Ok(Some(line)),
        Err(error) => Err(FetchError::of_io(&error).into()),
    }
}

/// Which of the two it is: a source that could not be read, or one that has something else.
fn failed(from: &str, error: ReadError<FetchError>) -> PublishedError {
    match error {
        ReadError::Fetch { error, .. } => error.into(),
        ReadError::Proof(error) => PublishedError::Outside(error),
        error => PublishedError::Tiles {
            from: from.to_owned(),
            error,
        },
    }
}

/// The tree under one checkpoint, read from tiles as it is asked.
pub struct Tree {
    reader: TileReader<Fetch>,
    origin: Origin,
    from: String,
}

/// What entry 0 says.
#[derive(Debug, Clone)]
pub struct First {
    /// The poll's id: the leaf hash of entry 0.
    pub poll_id: Hash,
    /// The opening.
    pub opening: Opening,
}

impl Tree {
    /// Number of entries.
    pub fn size(&self) -> u64 {
        self.reader.size()
    }

    /// What a reader of the tree says, in this source's name.
    pub fn ask<T>(
        &mut self,
        ask: impl FnOnce(&mut TileReader<Fetch>) -> Result<T, ReadError<FetchError>>,
    ) -> Result<T, PublishedError> {
        ask(&mut self.reader).map_err(|error| failed(&self.from, error))
    }

    /// The canonical bytes of one entry.
    pub fn entry(&mut self, index: u64) -> Result<Vec<u8>, PublishedError> {
        let mut found = Vec::new();
        self.bundle(index / TILE_WIDTH, |at, entry| {
            if at == index {
                found = entry.to_vec();
            }
        })?;
        match index < self.size() {
            true => Ok(found),
            false => Err(PublishedError::Outside(ProofError::OutsideTree {
                index,
                size: self.size(),
            })),
        }
    }

    /// Shows every entry from `from` on with its place, bundle by bundle.
    pub fn entries(
        &mut self,
        from: u64,
        mut see: impl FnMut(u64, &[u8]),
    ) -> Result<(), PublishedError> {
        let bundles = from / TILE_WIDTH..self.size().div_ceil(TILE_WIDTH);
        for index in bundles {
            self.bundle(index, |at, entry| {
                if at >= from {
                    see(at, entry);
                }
            })?;
        }
        Ok(())
    }

    /// Entry 0, if it is the opening of the ledger that the checkpoint is of.
    pub fn first(&mut self) -> Result<First, PublishedError> {
        let bytes = self.entry(0)?;
        let wrong = |why: String| PublishedError::Opening {
            from: self.from.clone(),
            origin: self.origin.clone(),
            why,
        };
        let sealed = Sealed::<Event>::read(&bytes).map_err(|error| wrong(error.to_string()))?;
        match sealed.into_entry().event {
            Event::Opened(opened) if opened.opening.origin == self.origin => Ok(First {
                poll_id: leaf_hash(&bytes),
                opening: opened.opening,
            }),
            Event::Opened(opened) => Err(wrong(format!("it opens `{}`", opened.opening.origin))),
            other => Err(wrong(format!("it is `{}`", other.name()))),
        }
    }

    fn bundle(
        &mut self,
        index: u64,
        mut see: impl FnMut(u64, &[u8]),
    ) -> Result<(), PublishedError> {
        let Some(id) = TileId::at(TileKind::Entries, index, self.size()) else {
            return Ok(());
        };
        let bytes = self.ask(|reader| reader.bundle(index))?;
        let entries = bundle::read(&bytes, id.width()).map_err(|error| PublishedError::Tiles {
            from: self.from.clone(),
            error: ReadError::Bundle { id, error },
        })?;
        for (at, entry) in (index * TILE_WIDTH..).zip(entries) {
            see(at, entry);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sijill_scenarios::{Published as Made, fixture};

    /// A folder of this, and what is read of it.
    fn asked(made: &Made) -> (tempfile::TempDir, Published) {
        let folder = tempfile::tempdir().unwrap();
        made.write(folder.path()).unwrap();
        let published = Published::of(folder.path().to_str().unwrap()).unwrap();
        (folder, published)
    }

    #[test]
    fn entries_and_opening_are_read_under_the_newest_and_under_an_older_checkpoint() {
        let bench = fixture::honest();
        let made = Made::of(&bench).after([3, 9]);
        let (_folder, published) = asked(&made);
        for size in [3, 9, made.size()] {
            let signed = published.checkpoint_of(size).unwrap();
            assert_eq!(signed, made.signed_checkpoint(size));
            let mut tree = published.tree_under(signed.claimed()).unwrap();
            assert_eq!(tree.first().unwrap().poll_id, bench.poll.id());
            let mut seen = Vec::new();
            tree.entries(2, |at, entry| seen.push((at, entry.to_vec())))
                .unwrap();
            let expected = (2..size).map(|at| (at, made.entries[at as usize].clone()));
            assert_eq!(seen, expected.collect::<Vec<_>>());
            assert_eq!(
                tree.entry(size - 1).unwrap(),
                made.entries[size as usize - 1]
            );
            assert!(matches!(tree.entry(size), Err(PublishedError::Outside(_))));
        }
        let other = published.checkpoint_of(4);
        assert!(matches!(
            other,
            Err(PublishedError::NoSuchSize { size: 4, .. })
        ));
    }

    /// The log's own key signs a tree whose first entry opens another ledger, or none.
    #[test]
    fn a_ledger_that_does_not_begin_with_its_own_opening_is_a_contradiction() {
        let bench = fixture::honest();
        let mut renamed = Made::of(&bench);
        renamed.origin = "ur.example/polls/other".parse().unwrap();
        let mut headless = Made::of(&bench);
        headless.entries.remove(0);
        let mut nonsense = Made::of(&bench);
        nonsense.entries[0] = b"nonsense".to_vec();
        for made in [renamed, headless, nonsense] {
            let (_folder, published) = asked(&made);
            let error = published.tree().unwrap().first().unwrap_err();
            assert!(error.is_contradiction() && !error.is_missing(), "{error}");
        }
    }

    #[test]
    fn a_tile_that_is_bent_or_missing_is_told_apart() {
        let made = Made::of(&fixture::honest());
        let (folder, published) = asked(&made);
        let bundle = folder
            .path()
            .join(format!("tile/entries/000.p/{}", made.size()));
        let mut bytes = std::fs::read(&bundle).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        std::fs::write(&bundle, bytes).unwrap();
        let error = published.tree().unwrap().entry(0).unwrap_err();
        assert!(error.is_contradiction(), "{error}");
        std::fs::remove_file(&bundle).unwrap();
        let error = published.tree().unwrap().entry(0).unwrap_err();
        assert!(error.is_missing() && !error.is_contradiction(), "{error}");
    }
}
