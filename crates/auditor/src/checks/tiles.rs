//! V24: every tile and entry bundle, full and partial, is what the entries say.
//!
//! Bundles are where the entries come from, so they say what they say; hash tiles are compared as the fold makes them.
//! In a folder, every further file under `tile/` is held against the wider tile that begins with it.

use crate::error::AuditError;
use crate::findings::Findings;
use crate::limits::TILE_FOLDERS_DEEP_MAX;
use crate::published_files::Published;
use crate::report::Failure;
use sijill_ledger::bundle;
use sijill_ledger::tile::{TileId, TileKind};
use sijill_ledger::tile_writer::Tile;
use std::fs::{self, DirEntry};
use std::path::{Path, PathBuf};

const V24: u8 = 24;

/// What came of comparing tiles.
#[derive(Default)]
pub(crate) struct Compared {
    tiles: u64,
    failures: Vec<Failure>,
    /// Further files that are no tile of the published size.
    others: u64,
}

/// Compares tiles as they are published with these, which the entries make.
pub(crate) fn compare(published: &Published, tiles: &[Tile]) -> Result<Compared, AuditError> {
    let ids: Vec<TileId> = tiles.iter().map(|tile| tile.id).collect();
    let found = published.tiles(&ids)?;
    let failures = tiles.iter().zip(found).filter_map(|(tile, found)| {
        let found = match found {
            Ok(found) if found == tile.bytes => return None,
            Ok(found) => differing(&tile.bytes, &found),
            Err(found) => found,
        };
        Some(failure(tile.id, found))
    });
    Ok(Compared {
        tiles: tiles.len() as u64,
        failures: failures.collect(),
        others: 0,
    })
}

fn failure(id: TileId, found: String) -> Failure {
    let expected = match id.kind() {
        TileKind::Entries => "the entries of this place".into(),
        TileKind::Hashes { .. } => format!("the {} hashes that the entries make", id.width()),
    };
    let meaning = "proofs from this tile are of a tree that nobody else sees";
    Failure::new(format!("`{id}`"), expected, found, meaning)
}

fn differing(expected: &[u8], found: &[u8]) -> String {
    if expected.len() != found.len() {
        return format!("{} bytes", found.len());
    }
    let hashes = expected.chunks(32).zip(found.chunks(32));
    let wrong = hashes.filter(|(expected, found)| expected != found).count();
    format!("another hash at {wrong} places")
}

impl Compared {
    /// Tells what was found.
    pub(crate) fn tell(self, findings: &mut Findings) {
        findings.looked_at(V24, self.tiles);
        for failure in self.failures {
            findings.fail(V24, failure);
        }
        if self.others > 0 {
            let note = format!(
                "{} files under `tile/` are no tiles of the newest checkpoint's tree, and were not looked at",
                self.others
            );
            findings.note(V24, note);
        }
    }
}

/// Compares every further file of a folder; nothing at an address, which lists none.
pub(crate) fn compare_further(published: &Published) -> Result<Compared, AuditError> {
    let mut compared = Compared::default();
    let Some(folder) = published.folder() else {
        return Ok(compared);
    };
    let mut walk = Walk {
        folder,
        published,
        compared: &mut compared,
    };
    walk.go_through(&folder.join("tile"), TILE_FOLDERS_DEEP_MAX)?;
    Ok(compared)
}

struct Walk<'a> {
    folder: &'a Path,
    published: &'a Published,
    compared: &'a mut Compared,
}

impl Walk<'_> {
    fn go_through(&mut self, folder: &Path, deep: usize) -> Result<(), AuditError> {
        let failed = |source| AuditError::Read {
            path: folder.to_owned(),
            source,
        };
        if !folder.is_dir() {
            return Ok(());
        }
        for entry in fs::read_dir(folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            match (entry.file_type().map_err(failed)?.is_dir(), deep) {
                (true, 1..) => self.go_through(&entry.path(), deep - 1)?,
                _ => self.look(&entry)?,
            }
        }
        Ok(())
    }

    fn look(&mut self, file: &DirEntry) -> Result<(), AuditError> {
        let Some(id) = self.tile(&file.path()) else {
            self.compared.others += 1;
            return Ok(());
        };
        let size = self.published.size();
        let wider = match TileId::at(id.kind(), id.index(), size) {
            // It was compared, or read.
            Some(now) if now == id => return Ok(()),
            Some(now) if now.width() > id.width() && self.published.has_file(id) => now,
            _ => {
                self.compared.others += 1;
                return Ok(());
            }
        };
        self.compared.tiles += 1;
        let both = self.published.tiles(&[id, wider])?;
        let found = match both.as_slice() {
            [Err(found), _] => found.clone(),
            [Ok(found), Ok(wider)] if !(has_shape(id, found) && wider.starts_with(found)) => {
                "other bytes than the wider tile begins with".into()
            }
            // A wider one that cannot be had was told of when it was compared, or read.
            _ => return Ok(()),
        };
        self.compared.failures.push(failure(id, found));
        Ok(())
    }

    fn tile(&self, path: &Path) -> Option<TileId> {
        let path: PathBuf = path.strip_prefix(self.folder).ok()?.to_owned();
        path.to_str()?.parse().ok()
    }
}

fn has_shape(id: TileId, bytes: &[u8]) -> bool {
    match id.kind() {
        TileKind::Entries => bundle::read(bytes, id.width()).is_ok(),
        TileKind::Hashes { .. } => id.read_hashes(bytes).is_ok(),
    }
}

/// What cannot be compared, and why; `read` entries were there.
pub(crate) fn finish(published: Option<&Published>, read: u64, findings: &mut Findings) {
    match published {
        None => findings.not_applicable(V24, "an export has no tiles"),
        Some(published) if published.size() != read => findings.not_checked(
            V24,
            format!(
                "entries could be read up to {read} of {} only",
                published.size()
            ),
        ),
        Some(_) => {}
    }
}
