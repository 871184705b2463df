//! A published poll as files: tiles and bundles, and the list of checkpoints (docs/SPEC.md, section 13). The service
//! keeps one beside each log, and `sijill publish` writes one for any file server.
//!
//! What a tile holds is `ledger`'s, and which one is due, whoever publishes'. Here is how files come and go, so that a
//! crash leaves nothing that a checkpoint needs and lacks: tiles are put in place, then made durable together
//! ([`PublicFolder::settle`]), and only then may a checkpoint over them be kept.

use crate::StoreError;
use crate::files;
use sijill_ledger::Origin;
use sijill_ledger::bundle;
use sijill_ledger::checkpoint::SignedCheckpoint;
use sijill_ledger::checkpoint_list::{Ascent, CheckpointListError, Splitter};
use sijill_ledger::decimal;
use sijill_ledger::limits::{CHECKPOINT_BYTES_MAX, ORIGIN_BYTES_MAX};
use sijill_ledger::tile::{TILE_WIDTH, TileId, TileKind};
use sijill_ledger::tile_writer::Tile;
use sijill_ledger::tree::leaf_hash;
use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Take, Write};
use std::path::{Path, PathBuf};

/// Name of the newest checkpoint, in a folder for file servers; the service keeps its own in `checkpoint_store`.
const CHECKPOINT: &str = "checkpoint";
/// Name of the list of checkpoints.
const LIST: &str = "checkpoints";

/// A published checkpoint, and where it ends in the list of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listed {
    /// Number of entries that it is over.
    pub size: u64,
    /// Its end, in bytes from the beginning of the list.
    pub ends_at: u64,
}

/// The folder of a published poll.
#[derive(Debug)]
pub struct PublicFolder {
    path: PathBuf,
    /// What was put in place and is not known to be durable: files, and the folders that list them.
    unsettled: (BTreeSet<PathBuf>, BTreeSet<PathBuf>),
}

impl PublicFolder {
    /// The folder at this path, whether it is there or not.
    pub fn at(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            unsettled: Default::default(),
        }
    }

    /// The folder at this path, made if it is not there.
    pub fn make(path: &Path) -> Result<Self, StoreError> {
        files::make_folder(path)?;
        Ok(Self::at(path))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Puts a tile or bundle in its place: a reader finds the old file or the new one.
    pub fn put(&mut self, tile: &Tile) -> Result<(), StoreError> {
        let path = self.path.join(tile.id.to_string());
        let folder = files::folder_of(&path).to_owned();
        self.make_folder(&folder)?;
        // What is right stays: nothing else is in its place before it is durable. It may not be durable itself yet.
        if read(&path)?.as_ref() != Some(&tile.bytes) {
            let temporary = path.with_extension("writing");
            fs::write(&temporary, &tile.bytes)
                .and_then(|()| fs::rename(&temporary, &path))
                .map_err(StoreError::io("write", &path))?;
        }
        self.unsettled.0.insert(path);
        self.unsettled.1.insert(folder);
        Ok(())
    }

    fn make_folder(&mut self, folder: &Path) -> Result<(), StoreError> {
        if folder.is_dir() {
            return Ok(());
        }
        let above = files::folder_of(folder).to_owned();
        self.make_folder(&above)?;
        match fs::create_dir(folder) {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
                Err(StoreError::io("make", folder)(error))
            }
            _ => {
                self.unsettled.1.insert(above);
                Ok(())
            }
        }
    }

    /// How many files were put in place since the last [`PublicFolder::settle`].
    pub fn unsettled(&self) -> usize {
        self.unsettled.0.len()
    }

    /// Makes everything that was put in place durable.
    pub fn settle(&mut self) -> Result<(), StoreError> {
        let (put, folders) = std::mem::take(&mut self.unsettled);
        files::sync_all_of(put)?;
        files::sync_all_of(folders)
    }

    /// The bytes of a tile or bundle, if it is there.
    pub fn tile(&self, id: TileId) -> Result<Option<Vec<u8>>, StoreError> {
        read(&self.path.join(id.to_string()))
    }

    /// The same, and where a partial one was taken away, the beginning of the full one.
    pub fn tile_or_beginning(&self, id: TileId) -> Result<Option<Vec<u8>>, StoreError> {
        if let Some(bytes) = self.tile(id)? {
            return Ok(Some(bytes));
        }
        let Some(full) = id.full().filter(|_| !id.is_full()) else {
            return Ok(None);
        };
        let bytes = self.tile(full)?;
        Ok(bytes.and_then(|bytes| beginning(&bytes, TILE_WIDTH, id)))
    }

    /// The same, for whoever needs it.
    ///
    /// # Errors
    /// What is wrong with it, by its name.
    pub fn tile_bytes(&self, id: TileId) -> Result<Vec<u8>, String> {
        let bytes = self.tile_or_beginning(id);
        let bytes = bytes.map_err(|error| error.to_string())?;
        bytes.ok_or_else(|| format!("`{id}` is not there"))
    }

    /// What the narrower files beside a partial tile must have, of those that are there: older checkpoints are proven
    /// by them until the tile is full.
    pub(crate) fn narrower(&self, tile: &Tile) -> Result<Vec<Tile>, StoreError> {
        let Some(full) = tile.id.full() else {
            return Ok(Vec::new());
        };
        let folder = self.path.join(format!("{full}.p"));
        let files = match fs::read_dir(&folder) {
            Ok(files) => files,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(StoreError::io("read", &folder)(error)),
        };
        let mut tiles = Vec::new();
        for file in files {
            let name = file.map_err(StoreError::io("read", &folder))?.file_name();
            let width = name
                .to_str()
                .and_then(|name| decimal::parse(name, TILE_WIDTH));
            let id = width.and_then(|width| TileId::new(full.kind(), full.index(), width).ok());
            let id = id.filter(|id| id.width() < tile.id.width());
            tiles.extend(id.and_then(|id| {
                let bytes = beginning(&tile.bytes, tile.id.width(), id)?;
                Some(Tile { id, bytes })
            }));
        }
        Ok(tiles)
    }

    /// The canonical bytes of the entries from one index up to another, bundle by bundle, as they stand: nobody vouches
    /// for them.
    ///
    /// # Errors
    /// If a bundle is missing, cannot be read, or is none.
    pub fn entries(
        &self,
        from: u64,
        size: u64,
    ) -> impl Iterator<Item = Result<Vec<u8>, StoreError>> + '_ {
        let bundles = from / TILE_WIDTH..size.div_ceil(TILE_WIDTH);
        bundles.flat_map(move |index| {
            let skipped = from.saturating_sub(index * TILE_WIDTH);
            match self.bundle(index, size) {
                Ok(entries) => {
                    let skipped = usize::try_from(skipped).unwrap_or(usize::MAX);
                    entries.into_iter().skip(skipped).map(Ok).collect()
                }
                Err(error) => vec![Err(error)],
            }
        })
    }

    fn bundle(&self, index: u64, size: u64) -> Result<Vec<Vec<u8>>, StoreError> {
        let unusable = |why: String| StoreError::Tiles {
            path: self.path.display().to_string(),
            why,
        };
        let Some(id) = TileId::at(TileKind::Entries, index, size) else {
            return Ok(Vec::new());
        };
        let bytes = self.tile_or_beginning(id)?;
        let bytes = bytes.ok_or_else(|| unusable(format!("`{id}` is not there")))?;
        let entries = bundle::read(&bytes, id.width());
        let entries = entries.map_err(|error| unusable(format!("`{id}`: {error}")))?;
        Ok(entries.into_iter().map(<[u8]>::to_vec).collect())
    }

    /// Takes away the partial files of the tiles that became full as a ledger grew from `before` to `size` entries. Only
    /// once a checkpoint over at least that stands.
    pub fn drop_filled(&self, before: u64, size: u64) -> Result<(), StoreError> {
        let filled = TileId::added(before, size).filter(TileId::is_full);
        for tile in filled {
            self.drop_partials(tile)?;
        }
        Ok(())
    }

    fn drop_partials(&self, full: TileId) -> Result<(), StoreError> {
        let folder = self.path.join(format!("{full}.p"));
        match fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(StoreError::io("remove", &folder)(error))
            }
            _ => Ok(()),
        }
    }

    /// Takes away all tiles and bundles: they are derived, and are built anew.
    pub fn drop_tiles(&mut self) -> Result<(), StoreError> {
        self.unsettled = Default::default();
        files::remove_folder(&self.path.join("tile"))
    }

    /// The ledger that the list of checkpoints is of, by its first line; none if nothing is published.
    pub fn origin(&self) -> Result<Option<Origin>, StoreError> {
        let path = self.path.join(LIST);
        let mut line = String::new();
        match files::open(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(StoreError::io("open", &path)(error)),
            Ok(list) => {
                let first = list.take(ORIGIN_BYTES_MAX as u64 + 1);
                let read = BufReader::new(first).read_line(&mut line);
                read.map_err(StoreError::io("read", &path))?;
            }
        }
        Ok(line.trim_end_matches('\n').parse().ok())
    }

    /// Every checkpoint of the list, which is of the ledger of this name. What a crash left half written at its end is passed over.
    ///
    /// # Errors
    /// If one before the last cannot be read, or is not of a larger size than the one before it; if one is of another
    /// ledger.
    pub fn checkpoints(&self, origin: &Origin) -> Result<Vec<Listed>, StoreError> {
        let path = self.path.join(LIST);
        let file = match files::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(StoreError::io("open", &path)(error)),
        };
        let mut scan = Scan::of(origin);
        let mut file = BufReader::new(file);
        let mut line = Vec::new();
        loop {
            line.clear();
            let read = (&mut file)
                .take(CHECKPOINT_BYTES_MAX as u64)
                .read_until(b'\n', &mut line)
                .map_err(StoreError::io("read", &path))?;
            if read == 0 {
                break;
            }
            scan.line(&line);
        }
        scan.finish().map_err(|why| StoreError::List {
            path: path.display().to_string(),
            why,
        })
    }

    /// Writes a checkpoint at this place of the list, durably, and ends the list with it: what a crash left behind that
    /// place was never the end of a publication.
    pub fn list_checkpoint(&self, at_byte: u64, checkpoint: &str) -> Result<(), StoreError> {
        let path = self.path.join(LIST);
        let write = || {
            let mut file = OpenOptions::new()
                .create(true)
                .truncate(false)
                .write(true)
                .open(&path)?;
            file.set_len(at_byte)?;
            file.seek(SeekFrom::Start(at_byte))?;
            file.write_all(checkpoint.as_bytes())?;
            file.sync_data()
        };
        write().map_err(StoreError::io("write", &path))?;
        match at_byte {
            0 => files::sync_folder(&self.path),
            _ => Ok(()),
        }
    }

    /// The checkpoint of a folder for file servers; none if there is none.
    ///
    /// # Errors
    /// If it is none.
    pub fn checkpoint(&self) -> Result<Option<SignedCheckpoint>, StoreError> {
        let path = self.path.join(CHECKPOINT);
        let Some(bytes) = read(&path)? else {
            return Ok(None);
        };
        let text = String::from_utf8(bytes).map_err(|error| error.to_string());
        let signed = text.and_then(|text| {
            let signed = text.parse::<SignedCheckpoint>();
            signed.map_err(|error| error.to_string())
        });
        signed.map(Some).map_err(|why| StoreError::OtherHistory {
            path: self.path.display().to_string(),
            why: format!(
                "its `{CHECKPOINT}` is none: {why}. If this folder is the poll's, remove that file, and it is written again"
            ),
        })
    }

    /// Puts a checkpoint in its place in a folder for file servers, durably.
    pub(crate) fn replace_checkpoint(
        &self,
        checkpoint: &SignedCheckpoint,
    ) -> Result<(), StoreError> {
        let text = checkpoint.to_string();
        files::write_whole(&self.path.join(CHECKPOINT), text.as_bytes(), false)
    }

    /// Whether a folder without a checkpoint is empty, or one that a publication of this ledger was broken off in.
    ///
    /// # Errors
    /// If it has something else in it.
    pub(crate) fn is_begun(&self, origin: &Origin, first: &[u8]) -> Result<(), StoreError> {
        let entries = fs::read_dir(&self.path).map_err(StoreError::io("read", &self.path))?;
        let names: Vec<_> = entries
            .filter_map(|entry| entry.ok().map(|entry| entry.file_name()))
            .collect();
        let ours = |name: &std::ffi::OsString| {
            let name = name.to_str().unwrap_or_default();
            ["tile", "roster", LIST].contains(&name) || name.ends_with(".writing")
        };
        let begun = names.iter().any(|name| name == "tile") && names.iter().all(ours);
        let list =
            !names.iter().any(|name| name == LIST) || self.origin()?.as_ref() == Some(origin);
        let other = |why: String| StoreError::OtherHistory {
            path: self.path.display().to_string(),
            why,
        };
        let is_ours = names.is_empty() || (begun && list);
        if !is_ours {
            return Err(other(
                "it has no `checkpoint`, and other files in it".to_owned(),
            ));
        }
        let leaf = *leaf_hash(first).as_bytes();
        for (kind, begin) in [
            (TileKind::Entries, bundle_of(first)),
            (TileKind::Hashes { level: 0 }, leaf.to_vec()),
        ] {
            let found = self.first_tile(kind)?;
            if found.is_some_and(|found| !found.starts_with(&begin)) {
                return Err(other(format!(
                    "it has no `checkpoint`, and its first tiles begin with another entry 0 than that of `{origin}`"
                )));
            }
        }
        Ok(())
    }

    /// The first tile of this kind, in any width.
    fn first_tile(&self, kind: TileKind) -> Result<Option<Vec<u8>>, StoreError> {
        let widths = (1..=TILE_WIDTH).rev();
        let ids = widths.filter_map(|width| TileId::new(kind, 0, width).ok());
        for id in ids {
            if let Some(bytes) = self.tile(id)? {
                return Ok(Some(bytes));
            }
        }
        Ok(None)
    }

    /// Whether everything in a folder for file servers is its own.
    ///
    /// # Errors
    /// If a part of it is a link: who reads a folder does not follow those that lead out.
    pub(crate) fn has_no_links(&self) -> Result<(), StoreError> {
        let links = [CHECKPOINT, LIST, "roster", "tile"]
            .into_iter()
            .find(|name| {
                let there = self.path.join(name).symlink_metadata();
                there.is_ok_and(|there| there.is_symlink())
            });
        match links {
            None => Ok(()),
            Some(name) => Err(StoreError::OtherHistory {
                path: self.path.display().to_string(),
                why: format!("its `{name}` is a link, which its readers would not follow"),
            }),
        }
    }

    /// Copies a file into this folder under a name, all at once: if it has none of that length, or `anew`.
    pub(crate) fn copy_in(&self, file: &Path, name: &str, anew: bool) -> Result<(), StoreError> {
        let target = self.path.join(name);
        let length = |path: &Path| fs::metadata(path).map(|data| data.len()).ok();
        if !anew && length(&target).is_some() && length(&target) == length(file) {
            return Ok(());
        }
        let from = File::open(file).map_err(StoreError::io("open", file))?;
        self.copy_from(from, &target)
    }

    /// Takes the beginning of another folder's list of checkpoints for this folder's, all at once.
    pub(crate) fn copy_list(&self, other: &Self, bytes: u64) -> Result<(), StoreError> {
        self.copy_from(other.list(0, bytes)?, &self.path.join(LIST))
    }

    fn copy_from(&self, mut from: impl Read, target: &Path) -> Result<(), StoreError> {
        let temporary = target.with_extension("writing");
        let mut copy = || {
            let mut file = File::create(&temporary)?;
            std::io::copy(&mut from, &mut file)?;
            file.sync_data()
        };
        copy().map_err(StoreError::io("write", target))?;
        files::rename(&temporary, target)
    }

    /// The list from one place up to another, to be read.
    pub fn list(&self, from: u64, to: u64) -> Result<Take<File>, StoreError> {
        let path = self.path.join(LIST);
        let open = || {
            let mut file = files::open(&path)?;
            file.seek(SeekFrom::Start(from))?;
            Ok(file.take(to.saturating_sub(from)))
        };
        open().map_err(StoreError::io("read", &path))
    }

    /// The one checkpoint that stands there in the list.
    pub fn listed(&self, from: u64, to: u64) -> Result<Vec<u8>, StoreError> {
        let to = to.min(from.saturating_add(CHECKPOINT_BYTES_MAX as u64));
        let mut bytes = Vec::new();
        self.list(from, to)?
            .read_to_end(&mut bytes)
            .map_err(StoreError::io("read", &self.path.join(LIST)))?;
        Ok(bytes)
    }
}

/// A list as it is read, line by line.
struct Scan<'a> {
    origin: &'a Origin,
    splitter: Splitter,
    ascent: Ascent,
    at: u64,
    listed: Vec<Listed>,
    /// What is wrong with the last checkpoint that was read.
    fault: Option<String>,
    /// The same where others came after it.
    damage: Option<String>,
}

impl<'a> Scan<'a> {
    fn of(origin: &'a Origin) -> Self {
        Self {
            origin,
            splitter: Splitter::default(),
            ascent: Ascent::default(),
            at: 0,
            listed: Vec::new(),
            fault: None,
            damage: None,
        }
    }

    fn line(&mut self, line: &[u8]) {
        let number = self.splitter.note();
        let ended = self.splitter.push(line);
        self.take(number, ended);
        self.at += line.len() as u64;
    }

    fn take(&mut self, number: u64, ended: Result<Option<SignedCheckpoint>, CheckpointListError>) {
        let ended = ended.map_err(|error| error.to_string());
        match ended.and_then(|ended| self.look(number, ended)) {
            Ok(None) => {}
            Ok(Some(size)) => {
                self.damage = self.damage.take().or(self.fault.take());
                let ends_at = self.at;
                self.listed.push(Listed { size, ends_at });
            }
            Err(error) => {
                self.damage = self.damage.take().or(self.fault.take());
                self.fault = Some(error);
            }
        }
    }

    /// The size of a checkpoint that may stand here.
    fn look(
        &mut self,
        number: u64,
        ended: Option<SignedCheckpoint>,
    ) -> Result<Option<u64>, String> {
        let Some(ended) = ended else {
            return Ok(None);
        };
        let claimed = ended.claimed();
        if claimed.origin != *self.origin {
            let found = &claimed.origin;
            return Err(format!(
                "expected checkpoint {number} of `{}`, found one of `{found}`",
                self.origin
            ));
        }
        let ascends = self.ascent.look(number, claimed);
        ascends.map_err(|error| error.to_string())?;
        Ok(Some(claimed.size))
    }

    fn finish(mut self) -> Result<Vec<Listed>, String> {
        let number = self.splitter.note();
        let last = std::mem::take(&mut self.splitter).finish();
        self.take(number, last);
        match self.damage {
            Some(damage) => Err(damage),
            None => Ok(self.listed),
        }
    }
}

/// A whole small file, if it is there.
pub(crate) fn read(path: &Path) -> Result<Option<Vec<u8>>, StoreError> {
    let read = files::open(path).and_then(|mut file| {
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(bytes)
    });
    match read {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(StoreError::io("read", path)(error)),
    }
}

/// How every first bundle begins that has this entry 0; nothing if it is too long for one.
fn bundle_of(first: &[u8]) -> Vec<u8> {
    let mut begin = Vec::new();
    match bundle::push(&mut begin, first) {
        Ok(()) => begin,
        Err(_) => Vec::new(),
    }
}

/// The first hashes or entries of a tile of this width, as many as the partial one has.
fn beginning(wider: &[u8], width: u64, id: TileId) -> Option<Vec<u8>> {
    match id.kind() {
        TileKind::Hashes { .. } => {
            let bytes = usize::try_from(id.width()).ok()? * 32;
            wider.get(..bytes).map(<[u8]>::to_vec)
        }
        TileKind::Entries => {
            let entries = bundle::read(wider, width).ok()?;
            let mut beginning = Vec::new();
            for entry in entries.into_iter().take(usize::try_from(id.width()).ok()?) {
                bundle::push(&mut beginning, entry).ok()?;
            }
            Some(beginning)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sijill_ledger::checkpoint::Checkpoint;
    use sijill_ledger::tile_writer::TileWriter;
    use sijill_ledger::{Hash, SecretKey};

    fn write(folder: &mut PublicFolder, writer: &mut TileWriter, entries: std::ops::Range<u32>) {
        for entry in entries {
            for tile in writer.append(entry.to_string().as_bytes()).unwrap() {
                folder.put(&tile).unwrap();
            }
        }
        for tile in writer.partial() {
            folder.put(&tile).unwrap();
        }
        folder.settle().unwrap();
    }

    #[test]
    fn a_tree_goes_on_from_the_files_of_its_folder() {
        let place = tempfile::tempdir().unwrap();
        let mut folder = PublicFolder::make(&place.path().join("public")).unwrap();
        let mut writer = TileWriter::default();
        write(&mut folder, &mut writer, 0..700);
        let read = |id| folder.tile(id).map(Option::unwrap);
        let mut resumed = TileWriter::resume(700, writer.root(), read).unwrap();
        resumed.append(b"700").unwrap();
        writer.append(b"700").unwrap();
        assert_eq!(resumed.root(), writer.root());
    }

    #[test]
    fn a_partial_tile_that_was_taken_away_is_found_in_the_full_one() {
        let place = tempfile::tempdir().unwrap();
        let mut folder = PublicFolder::make(&place.path().join("public")).unwrap();
        let mut writer = TileWriter::default();
        write(&mut folder, &mut writer, 0..100);
        let ids: Vec<TileId> = TileId::all_of(100).collect();
        let before: Vec<_> = ids.iter().map(|id| folder.tile(*id).unwrap()).collect();
        write(&mut folder, &mut writer, 100..300);
        for id in &ids {
            folder.drop_partials(id.full().unwrap()).unwrap();
            assert_eq!(folder.tile(*id).unwrap(), None);
        }
        let after: Vec<_> = ids
            .iter()
            .map(|id| folder.tile_or_beginning(*id).unwrap())
            .collect();
        assert_eq!(after, before);
    }

    fn origin() -> Origin {
        "ur.example/polls/bridge".parse().unwrap()
    }

    fn checkpoint(size: u64) -> String {
        let checkpoint = Checkpoint {
            origin: origin(),
            size,
            root: Hash::of(&size.to_le_bytes()),
        };
        let key = SecretKey::from_seed([1; 32]);
        checkpoint.sign(&key).unwrap().to_string()
    }

    /// A flipped bit in the middle was once taken for the end of the list, and everything after it was written over.
    #[test]
    fn half_a_checkpoint_at_the_end_of_the_list_is_passed_over_and_one_before_others_is_damage() {
        let place = tempfile::tempdir().unwrap();
        let folder = PublicFolder::make(place.path()).unwrap();
        let notes: Vec<String> = [3, 5, 9].map(checkpoint).into();
        let (mut at, mut expected) = (0, Vec::new());
        for (note, size) in notes.iter().zip([3, 5, 9]) {
            folder.list_checkpoint(at, note).unwrap();
            at += note.len() as u64;
            expected.push(Listed { size, ends_at: at });
            assert_eq!(folder.checkpoints(&origin()).unwrap(), expected);
            folder.list_checkpoint(at, &note[..note.len() / 2]).unwrap();
            assert_eq!(folder.checkpoints(&origin()).unwrap(), expected);
        }
        let list = notes.concat().replacen("\n5\n", "\n05\n", 1);
        std::fs::write(place.path().join(LIST), list).unwrap();
        let error = folder.checkpoints(&origin()).unwrap_err().to_string();
        assert!(error.contains("checkpoint 2"), "{error}");
    }

    #[test]
    fn the_list_ends_with_the_checkpoint_written_last() {
        let place = tempfile::tempdir().unwrap();
        let folder = PublicFolder::make(place.path()).unwrap();
        folder.list_checkpoint(0, "one\n").unwrap();
        folder.list_checkpoint(4, "two, half wri").unwrap();
        folder.list_checkpoint(4, "two\n").unwrap();
        assert_eq!(folder.listed(0, 99).unwrap().len(), 8);
        assert_eq!(folder.listed(4, 8).unwrap(), b"two\n");
        assert_eq!(folder.listed(0, 4).unwrap(), b"one\n");
    }
}
