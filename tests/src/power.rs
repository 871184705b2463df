//! A disk that forgets: what a power cut leaves of the files that a process wrote.
//!
//! It is told what the process did ([`crate::trace`]) and promises as little as POSIX does:
//! - bytes are safe once a sync of their file, begun after they were written, has returned; before that each block may
//!   be there, be missing, be torn, or be older than its neighbours;
//! - a name in a folder (of a file made, renamed, linked, removed, or a folder made) is safe once a sync of *the folder*
//!   has returned, whatever happened to the file; before that each change may be there or not;
//! - a rename within a folder is there or not there, never half.
//!
//! A real file system promises more than this; what survives here survives there.

use crate::dice::Dice;
use crate::trace::{Deed, Seen};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

/// A folder with all that is below it, as it is known to the process and as it is on stable storage.
#[derive(Debug)]
pub struct Disk {
    root: PathBuf,
    files: Vec<File>,
    folders: Vec<Folder>,
    /// Syncs under way, by thread: of what, and up to which change.
    syncing: BTreeMap<u32, (Option<Node>, u64)>,
    next_change: u64,
    now: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Node {
    File(usize),
    Folder(usize),
}

#[derive(Debug, Default)]
struct File {
    stable: Vec<u8>,
    pending: Vec<Pending<Change>>,
}

#[derive(Debug)]
enum Change {
    Write { at: usize, bytes: Vec<u8> },
    Resize(usize),
}

/// A change that is not safe yet.
#[derive(Debug)]
struct Pending<T> {
    number: u64,
    time: f64,
    change: T,
}

/// Something that would not certainly survive a power cut.
#[derive(Debug, Clone, PartialEq)]
pub struct Unsafe {
    /// The file with unsynced bytes, below the root; or, after a `/`, the name that its folder may not hold.
    pub name: String,
    /// When the oldest change to it was made.
    pub first: f64,
    /// When the newest was.
    pub last: f64,
}

type Names = BTreeMap<OsString, Node>;

#[derive(Debug, Default)]
struct Folder {
    now: Names,
    stable: Names,
    pending: Vec<Pending<Naming>>,
}

#[derive(Debug)]
enum Naming {
    Put(OsString, Node),
    Take(OsString),
}

/// How a power cut treats what was not synced.
#[derive(Debug)]
struct Fate {
    block_bytes: usize,
    blocks_kept: u64,
    blocks_torn: u64,
    names_kept: u64,
}

impl Disk {
    /// A disk on which everything below this folder is safe.
    pub fn of(root: &Path) -> Self {
        let mut disk = Self {
            root: root.to_owned(),
            files: Vec::new(),
            folders: Vec::new(),
            syncing: BTreeMap::new(),
            next_change: 0,
            now: 0.0,
        };
        disk.take_up(root);
        disk
    }

    /// A disk on which the bytes below this folder are safe, and no name is: a process was killed before it synced the
    /// folders.
    pub fn of_names_unsynced(root: &Path) -> Self {
        let mut disk = Self::of(root);
        for id in 0..disk.folders.len() {
            let names = std::mem::take(&mut disk.folders[id].stable);
            for (name, node) in names {
                let pending = disk.pending(Naming::Put(name, node));
                disk.folders[id].pending.push(pending);
            }
        }
        disk
    }

    fn take_up(&mut self, path: &Path) -> usize {
        let id = self.folders.len();
        self.folders.push(Folder::default());
        for entry in fs::read_dir(path).expect("the folder can be read") {
            let path = entry.expect("the folder can be read").path();
            let node = if path.is_dir() {
                Node::Folder(self.take_up(&path))
            } else {
                let stable = fs::read(&path).expect("the file can be read");
                self.new_file(stable)
            };
            let name = path.file_name().expect("it has a name").to_owned();
            self.folders[id].now.insert(name.clone(), node);
            self.folders[id].stable.insert(name, node);
        }
        id
    }

    fn new_file(&mut self, stable: Vec<u8>) -> Node {
        self.files.push(File {
            stable,
            pending: Vec::new(),
        });
        Node::File(self.files.len() - 1)
    }

    /// Does what the process did.
    pub fn apply(&mut self, seen: &Seen) {
        self.now = seen.time;
        match &seen.deed {
            Deed::Opened {
                path,
                create,
                truncate,
            } => self.opened(path, *create, *truncate),
            Deed::Wrote { path, at, bytes } => {
                let at = usize::try_from(*at).expect("an offset");
                self.change(
                    path,
                    Change::Write {
                        at,
                        bytes: bytes.clone(),
                    },
                );
            }
            Deed::Resized { path, length } => {
                let length = usize::try_from(*length).expect("a length");
                self.change(path, Change::Resize(length));
            }
            Deed::SyncBegan { thread, path } => {
                let node = self.find(path);
                self.syncing.insert(*thread, (node, self.next_change));
            }
            Deed::SyncEnded { thread } => {
                if let Some((Some(node), up_to)) = self.syncing.remove(thread) {
                    self.synced(node, up_to);
                }
            }
            Deed::Made { path } => {
                self.folders.push(Folder::default());
                self.name(path, Node::Folder(self.folders.len() - 1));
            }
            Deed::Linked { from, to } => {
                let node = self.find(from).expect("what is linked is there");
                self.name(to, node);
            }
            Deed::Removed { path } => self.take(path),
            Deed::Renamed { from, to } => self.rename(from, to),
            Deed::Said { .. } => {}
        }
    }

    fn opened(&mut self, path: &Path, create: bool, truncate: bool) {
        match self.find(path) {
            Some(Node::File(_)) if truncate => self.change(path, Change::Resize(0)),
            None if create => {
                let node = self.new_file(Vec::new());
                self.name(path, node);
            }
            _ => {}
        }
    }

    fn change(&mut self, path: &Path, change: Change) {
        let Some(Node::File(id)) = self.find(path) else {
            panic!("`{}` is written and was never made", path.display());
        };
        let pending = self.pending(change);
        self.files[id].pending.push(pending);
    }

    fn pending<T>(&mut self, change: T) -> Pending<T> {
        self.next_change += 1;
        Pending {
            number: self.next_change - 1,
            time: self.now,
            change,
        }
    }

    fn synced(&mut self, node: Node, up_to: u64) {
        match node {
            Node::File(id) => {
                let file = &mut self.files[id];
                let later = file
                    .pending
                    .partition_point(|pending| pending.number < up_to);
                for pending in file.pending.drain(..later) {
                    pending.change.apply(&mut file.stable);
                }
            }
            Node::Folder(id) => {
                let folder = &mut self.folders[id];
                let later = folder
                    .pending
                    .partition_point(|pending| pending.number < up_to);
                for pending in folder.pending.drain(..later) {
                    pending.change.apply(&mut folder.stable);
                }
            }
        }
    }

    fn name(&mut self, path: &Path, node: Node) {
        let name = path.file_name().expect("it has a name").to_owned();
        let pending = self.pending(Naming::Put(name.clone(), node));
        let folder = self.above(path);
        folder.now.insert(name, node);
        folder.pending.push(pending);
    }

    fn take(&mut self, path: &Path) {
        let name = path.file_name().expect("it has a name").to_owned();
        let pending = self.pending(Naming::Take(name.clone()));
        let folder = self.above(path);
        folder.now.remove(&name);
        folder.pending.push(pending);
    }

    fn rename(&mut self, from: &Path, to: &Path) {
        assert_eq!(
            from.parent(),
            to.parent(),
            "a rename between folders is not known"
        );
        let node = self.find(from).expect("what is renamed is there");
        let [old, new] = [from, to].map(|path| path.file_name().expect("it has a name").to_owned());
        let put = self.pending(Naming::Put(new.clone(), node));
        // Two changes with one number, which are there both or neither, even if the file's making is not.
        let take = Pending {
            change: Naming::Take(old.clone()),
            ..put
        };
        let folder = self.above(from);
        folder.now.remove(&old);
        folder.now.insert(new, node);
        folder.pending.extend([put, take]);
    }

    /// The folder that a path is in.
    fn above(&mut self, path: &Path) -> &mut Folder {
        let above = path.parent().expect("it is below the root");
        let Some(Node::Folder(id)) = self.find(above) else {
            panic!("`{}` is no folder", above.display());
        };
        &mut self.folders[id]
    }

    fn find(&self, path: &Path) -> Option<Node> {
        let below = path.strip_prefix(&self.root).ok()?;
        let mut node = Node::Folder(0);
        for name in below.components() {
            let Node::Folder(id) = node else { return None };
            node = *self.folders[id].now.get(name.as_os_str())?;
        }
        Some(node)
    }

    /// What would not certainly survive a power cut now.
    pub fn unsafe_now(&self) -> Vec<Unsafe> {
        let mut found = Vec::new();
        self.unsafe_below(0, "", &mut found);
        found
    }

    fn unsafe_below(&self, id: usize, prefix: &str, found: &mut Vec<Unsafe>) {
        let folder = &self.folders[id];
        found.extend(folder.pending.iter().map(|pending| Unsafe {
            name: format!("/{prefix}{}", pending.change.name().to_string_lossy()),
            first: pending.time,
            last: pending.time,
        }));
        for (name, node) in &folder.now {
            let name = format!("{prefix}{}", name.to_string_lossy());
            match node {
                Node::Folder(id) => self.unsafe_below(*id, &format!("{name}/"), found),
                Node::File(id) => found.extend(self.files[*id].unsafe_as(name)),
            }
        }
    }

    /// Whether a folder lists anything, as the process sees it.
    pub fn is_empty(&self, folder: &Path) -> bool {
        match self.find(folder) {
            Some(Node::Folder(id)) => self.folders[id].now.is_empty(),
            _ => true,
        }
    }

    /// Writes into the folder `into` what a power cut now may leave: one of many ways, chosen by the dice.
    pub fn cut(&self, dice: &mut Dice, into: &Path) {
        let fate = Fate::chosen(dice);
        self.write_folder(0, &fate, dice, into);
    }

    fn write_folder(&self, id: usize, fate: &Fate, dice: &mut Dice, into: &Path) {
        fs::create_dir_all(into).expect("the image can be written");
        let folder = &self.folders[id];
        for (name, node) in folder.left(fate, dice) {
            let path = into.join(&name);
            match node {
                Node::Folder(id) => self.write_folder(id, fate, dice, &path),
                Node::File(id) => {
                    let bytes = self.files[id].left(fate, dice);
                    fs::write(&path, bytes).expect("the image can be written");
                }
            }
        }
    }
}

impl Change {
    fn apply(self, bytes: &mut Vec<u8>) {
        match self {
            Self::Write { at, bytes: new } => put(bytes, at, &new),
            Self::Resize(length) => bytes.resize(length, 0),
        }
    }
}

fn put(bytes: &mut Vec<u8>, at: usize, new: &[u8]) {
    if bytes.len() < at + new.len() {
        bytes.resize(at + new.len(), 0);
    }
    bytes[at..at + new.len()].copy_from_slice(new);
}

impl Naming {
    fn name(&self) -> &OsString {
        match self {
            Self::Put(name, _) | Self::Take(name) => name,
        }
    }

    fn apply(self, names: &mut Names) {
        match self {
            Self::Put(name, node) => {
                names.insert(name, node);
            }
            Self::Take(name) => {
                names.remove(&name);
            }
        }
    }
}

impl Folder {
    /// The names that a power cut leaves.
    fn left(&self, fate: &Fate, dice: &mut Dice) -> Names {
        let mut names = self.stable.clone();
        let mut kept = (u64::MAX, false);
        for pending in &self.pending {
            // The halves of a rename have one number, and one fate.
            if kept.0 != pending.number {
                kept = (pending.number, dice.chance(fate.names_kept));
            }
            match &pending.change {
                _ if !kept.1 => {}
                Naming::Put(name, node) => {
                    names.insert(name.clone(), *node);
                }
                Naming::Take(name) => {
                    names.remove(name);
                }
            }
        }
        names
    }
}

impl File {
    fn unsafe_as(&self, name: String) -> Option<Unsafe> {
        let (first, last) = (self.pending.first()?.time, self.pending.last()?.time);
        Some(Unsafe { name, first, last })
    }

    /// The bytes that a power cut leaves.
    fn left(&self, fate: &Fate, dice: &mut Dice) -> Vec<u8> {
        let mut bytes = self.stable.clone();
        let mut longest = bytes.len();
        // Of each block, how many of the writes that touch it are there.
        let mut left = self.writes_left(fate, dice);
        for pending in &self.pending {
            match &pending.change {
                Change::Resize(length) => {
                    longest = *length;
                    if dice.chance(fate.blocks_kept) {
                        bytes.resize(*length, 0);
                    }
                }
                Change::Write { at, bytes: new } => {
                    longest = longest.max(at + new.len());
                    for (block, start, piece) in pieces(*at, new, fate.block_bytes) {
                        let (whole, torn) = left.get_mut(&block).expect("it is counted");
                        if *whole > 0 {
                            *whole -= 1;
                            put(&mut bytes, start, piece);
                        } else if std::mem::take(torn) {
                            let length = dice.below(piece.len() as u64 + 1) as usize;
                            put(&mut bytes, start, &piece[..length]);
                        }
                    }
                }
            }
        }
        if bytes.len() < longest && dice.chance(50) {
            bytes.resize(longest, 0);
        }
        bytes
    }

    fn writes_left(&self, fate: &Fate, dice: &mut Dice) -> BTreeMap<usize, (u64, bool)> {
        let mut touching = BTreeMap::<usize, u64>::new();
        for pending in &self.pending {
            if let Change::Write { at, bytes } = &pending.change {
                for (block, _, _) in pieces(*at, bytes, fate.block_bytes) {
                    *touching.entry(block).or_default() += 1;
                }
            }
        }
        let chosen = touching.into_iter().map(|(block, writes)| {
            let whole = match (dice.chance(fate.blocks_kept), dice.chance(30)) {
                (true, false) => writes,
                (true, true) => dice.below(writes + 1),
                (false, _) => 0,
            };
            (block, (whole, dice.chance(fate.blocks_torn)))
        });
        chosen.collect()
    }
}

/// Bytes cut at the borders of blocks: block, start, piece.
fn pieces(
    at: usize,
    bytes: &[u8],
    block_bytes: usize,
) -> impl Iterator<Item = (usize, usize, &[u8])> {
    let mut done = 0;
    std::iter::from_fn(move || {
        let start = at + done;
        let room = block_bytes - start % block_bytes;
        let end = (done + room).min(bytes.len());
        let piece = bytes.get(done..end).filter(|piece| !piece.is_empty())?;
        done = end;
        Some((start / block_bytes, start, piece))
    })
}

impl Fate {
    fn chosen(dice: &mut Dice) -> Self {
        let percent = |dice: &mut Dice| [0, 10, 50, 90, 100][dice.below(5) as usize];
        Self {
            block_bytes: [512, 4_096][dice.below(2) as usize],
            blocks_kept: percent(dice),
            blocks_torn: [0, 5, 50][dice.below(3) as usize],
            names_kept: percent(dice),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrote(path: &Path, at: u64, bytes: &[u8]) -> Deed {
        Deed::Wrote {
            path: path.to_owned(),
            at,
            bytes: bytes.to_vec(),
        }
    }

    fn apply(disk: &mut Disk, deed: Deed) {
        disk.apply(&Seen { time: 1.0, deed });
    }

    fn began(path: &Path) -> Deed {
        Deed::SyncBegan {
            thread: 1,
            path: path.to_owned(),
        }
    }

    fn sync(disk: &mut Disk, path: &Path) {
        apply(disk, began(path));
        apply(disk, Deed::SyncEnded { thread: 1 });
    }

    fn unsafe_names(disk: &Disk) -> Vec<String> {
        disk.unsafe_now()
            .into_iter()
            .map(|found| found.name)
            .collect()
    }

    /// What power cuts leave of the file `name`, over many dice.
    fn left(disk: &Disk, name: &str) -> Vec<Option<Vec<u8>>> {
        let folder = tempfile::tempdir().unwrap();
        let mut found: Vec<_> = (0..60)
            .map(|seed| {
                let image = folder.path().join(seed.to_string());
                disk.cut(&mut Dice::new(seed), &image);
                fs::read(image.join(name)).ok()
            })
            .collect();
        found.sort();
        found.dedup();
        found
    }

    #[test]
    fn what_was_synced_is_there_and_what_was_not_may_be_in_part() {
        let folder = tempfile::tempdir().unwrap();
        let (root, path) = (folder.path(), folder.path().join("file"));
        fs::write(&path, [0; 1_024]).unwrap();
        let mut disk = Disk::of(root);
        apply(&mut disk, wrote(&path, 0, &[1; 1_024]));
        sync(&mut disk, &path);
        assert!(disk.unsafe_now().is_empty());
        assert_eq!(left(&disk, "file"), [Some(vec![1; 1_024])]);
        apply(&mut disk, wrote(&path, 0, &[2; 1_024]));
        assert_eq!(unsafe_names(&disk), ["file"]);
        let found = left(&disk, "file");
        let old_after_new = [vec![2; 512], vec![1; 512]].concat();
        let new_after_old = [vec![1; 512], vec![2; 512]].concat();
        for expected in [vec![1; 1_024], vec![2; 1_024], old_after_new, new_after_old] {
            assert!(found.contains(&Some(expected)));
        }
        assert!(found.len() > 6, "nothing is torn");
    }

    #[test]
    fn what_is_written_while_a_sync_runs_is_not_covered_by_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, b"old").unwrap();
        let mut disk = Disk::of(folder.path());
        apply(&mut disk, began(&path));
        apply(&mut disk, wrote(&path, 0, b"new"));
        apply(&mut disk, Deed::SyncEnded { thread: 1 });
        assert_eq!(unsafe_names(&disk), ["file"]);
    }

    #[test]
    fn a_name_is_safe_when_its_folder_is_synced_and_not_before() {
        let folder = tempfile::tempdir().unwrap();
        let (root, new, kept) = (
            folder.path(),
            folder.path().join("new"),
            folder.path().join("kept"),
        );
        fs::write(&kept, b"old").unwrap();
        let mut disk = Disk::of(root);
        apply(
            &mut disk,
            Deed::Opened {
                path: new.clone(),
                create: true,
                truncate: true,
            },
        );
        apply(&mut disk, wrote(&new, 0, b"new"));
        sync(&mut disk, &new);
        assert_eq!(left(&disk, "new"), [None, Some(b"new".to_vec())]);
        apply(
            &mut disk,
            Deed::Renamed {
                from: new,
                to: kept,
            },
        );
        assert_eq!(
            left(&disk, "kept"),
            [Some(b"new".to_vec()), Some(b"old".to_vec())]
        );
        sync(&mut disk, root);
        assert_eq!(left(&disk, "kept"), [Some(b"new".to_vec())]);
        assert_eq!(left(&disk, "new"), [None]);
    }
}
