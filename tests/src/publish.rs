//! What is published of a ledger, as its address serves it and `sijill publish` writes it: `checkpoint`, `checkpoints`,
//! `tile/…`, `roster`, and receipts; by an honest platform, or by a forger who holds the log's key.
//!
//! Made from the entries by the formats alone, so that what reads it shares nothing with the server that publishes.

use crate::bench::Bench;
use crate::fixture::Folder;
use sijill_ledger::checkpoint::{Checkpoint, SignedCheckpoint};
use sijill_ledger::note::VerifierKey;
use sijill_ledger::policy::Policy;
use sijill_ledger::proof::InclusionProof;
use sijill_ledger::tile_writer::{Tile, TileWriter};
use sijill_ledger::tlog_proof::TlogProof;
use sijill_ledger::tree::{Frontier, leaf_hash};
use sijill_ledger::{Hash, Origin, SecretKey};
use std::path::Path;

/// What is published of a ledger.
#[derive(Debug, Clone)]
pub struct Published {
    /// The ledger's name.
    pub origin: Origin,
    /// The log's key, which signs every checkpoint.
    pub log: SecretKey,
    /// What stands where entries should, canonical bytes or not.
    pub entries: Vec<Vec<u8>>,
    /// The roster's leaves.
    pub roster: Vec<u8>,
    /// The sizes that were published before the last one, ascending.
    pub sizes: Vec<u64>,
}

impl Published {
    /// All of this bench's ledger, published at once.
    pub fn of(bench: &Bench) -> Self {
        let entries = bench.entries.iter().map(|sealed| sealed.bytes().to_vec());
        Self {
            origin: bench.poll.origin().clone(),
            log: bench.keys.log.clone(),
            entries: entries.collect(),
            roster: bench.leaves.clone(),
            sizes: Vec::new(),
        }
    }

    /// The same, published at these sizes before.
    pub fn after(self, sizes: impl IntoIterator<Item = u64>) -> Self {
        let sizes = sizes.into_iter().collect();
        Self { sizes, ..self }
    }

    /// The same as it was at this size.
    pub fn at(&self, size: u64) -> Self {
        let mut older = self.clone();
        older.entries.truncate(size as usize);
        older.sizes.retain(|before| *before < size);
        older
    }

    /// Number of entries.
    pub fn size(&self) -> u64 {
        self.entries.len() as u64
    }

    /// The log's verifier key, as a policy names it.
    pub fn log_key(&self) -> VerifierKey {
        VerifierKey::new(self.origin.as_str(), self.log.public_key())
            .expect("an origin is a name that a key can have")
    }

    /// The policy that believes this log and asks for no witness, as a file.
    pub fn policy(&self) -> String {
        let policy = Policy::of_logs([self.log_key()]).to_bytes();
        String::from_utf8(policy).expect("an origin is text")
    }

    /// What a checkpoint over the first `size` entries says.
    pub fn checkpoint(&self, size: u64) -> Checkpoint {
        let mut tree = Frontier::default();
        let leaves = self.leaves(size).into_iter();
        leaves.for_each(|leaf| tree.append(leaf));
        Checkpoint {
            origin: self.origin.clone(),
            size,
            root: tree.root(),
        }
    }

    /// The checkpoint over the first `size` entries, signed by the log.
    pub fn signed_checkpoint(&self, size: u64) -> SignedCheckpoint {
        let signed = self.checkpoint(size).sign(&self.log);
        signed.expect("the checkpoint can be signed")
    }

    /// The list of checkpoints.
    pub fn checkpoints(&self) -> String {
        let sizes = self.sizes.iter().copied().chain([self.size()]);
        sizes
            .map(|size| self.signed_checkpoint(size).to_string())
            .collect()
    }

    /// Every tile and bundle of the newest size, and the partial ones of the sizes before it.
    pub fn tiles(&self) -> Vec<Tile> {
        let (mut writer, mut tiles) = (TileWriter::default(), Vec::new());
        for (entry, size) in self.entries.iter().zip(1..) {
            tiles.extend(writer.append(entry).expect("an entry fits its bundle"));
            if size == self.size() || self.sizes.contains(&size) {
                tiles.extend(writer.partial());
            }
        }
        tiles
    }

    /// The receipt of an entry under the checkpoint of this size.
    pub fn receipt(&self, index: u64, size: u64) -> TlogProof {
        self.receipt_under(index, self.signed_checkpoint(size))
    }

    /// The receipt of an entry under this checkpoint.
    pub fn receipt_under(&self, index: u64, checkpoint: SignedCheckpoint) -> TlogProof {
        let leaves = self.leaves(checkpoint.claimed().size);
        let inclusion = InclusionProof::of_leaves(index, &leaves);
        let inclusion = inclusion.expect("the entry is under this size");
        let entry = &self.entries[index as usize];
        TlogProof::of_entry(entry, index, inclusion, checkpoint)
            .expect("the proof leads to the root")
    }

    /// Every file by its path. Partial tiles of sizes before, where the full ones are there, are taken away.
    pub fn files(&self) -> Folder {
        let mut files = self.files_with_old_partials();
        let paths: Vec<String> = files.keys().cloned().collect();
        let is_full = |path: &String| {
            let full = path.split_once(".p/").map(|(full, _)| full.to_owned());
            full.is_some_and(|full| paths.contains(&full))
        };
        files.retain(|path, _| !is_full(path));
        files
    }

    /// Every file by its path, and each partial tile that any size had.
    pub fn files_with_old_partials(&self) -> Folder {
        let tiles = self.tiles().into_iter();
        let mut files: Folder = tiles
            .map(|tile| (tile.id.to_string(), tile.bytes))
            .collect();
        let newest = self.signed_checkpoint(self.size()).to_string();
        files.insert("checkpoint".into(), newest.into_bytes());
        files.insert("checkpoints".into(), self.checkpoints().into_bytes());
        files.insert("roster".into(), self.roster.clone());
        files
    }

    /// Writes the folder.
    pub fn write(&self, folder: &Path) -> std::io::Result<()> {
        write(&self.files(), folder)
    }

    fn leaves(&self, size: u64) -> Vec<Hash> {
        let entries = self.entries.iter().take(size as usize);
        entries.map(|entry| leaf_hash(entry)).collect()
    }
}

/// Writes these files into a folder.
pub fn write(files: &Folder, folder: &Path) -> std::io::Result<()> {
    for (path, bytes) in files {
        let file = folder.join(path);
        if let Some(parent) = file.parent() {
            std::fs::create_dir_all(parent)?;
        }
        std::fs::write(file, bytes)?;
    }
    Ok(())
}

/// The same of a bench, for those that bend it as they go.
impl Bench {
    /// The log's verifier key, as a policy names it.
    pub fn log_key(&self) -> VerifierKey {
        Published::of(self).log_key()
    }

    /// The policy that believes the log and asks for no witness, as a file.
    pub fn policy(&self) -> Vec<u8> {
        Published::of(self).policy().into_bytes()
    }

    /// What a checkpoint over the first `size` entries says.
    pub fn checkpoint(&self, size: u64) -> Checkpoint {
        Published::of(self).checkpoint(size)
    }

    /// The checkpoint over the first `size` entries, signed by the log.
    pub fn signed_checkpoint(&self, size: u64) -> SignedCheckpoint {
        Published::of(self).signed_checkpoint(size)
    }

    /// A checkpoint of whatever it says, signed by the log.
    pub fn sign(&self, checkpoint: &Checkpoint) -> SignedCheckpoint {
        let signed = checkpoint.sign(&self.keys.log);
        signed.expect("the checkpoint can be signed")
    }

    /// Checkpoints at these sizes, in this order, one after another.
    pub fn list(&self, sizes: &[u64]) -> String {
        let published = Published::of(self);
        let notes = sizes.iter().map(|size| published.signed_checkpoint(*size));
        notes.map(|signed| signed.to_string()).collect()
    }

    /// The folder of this poll, published at these sizes, of which the last is the newest; with all partial tiles.
    pub fn folder(&self, sizes: &[u64]) -> Folder {
        let (newest, before) = sizes.split_last().expect("it was published at a size");
        let published = Published::of(self).after(before.iter().copied());
        published.at(*newest).files_with_old_partials()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;
    use crate::forge::many;
    use sijill_ledger::tile::TileId;

    #[test]
    fn what_is_published_verifies_by_its_policy() {
        let published = Published::of(&fixture::honest()).after([3, 9]);
        let policy = Policy::parse(published.policy().as_bytes()).unwrap();
        assert!(policy.verify(&published.signed_checkpoint(9)).is_ok());
        assert!(published.receipt(4, 9).verify_entry(&policy).is_ok());
        assert_eq!(published.at(9).checkpoints().matches("\n\n").count(), 2);
    }

    #[test]
    fn a_folder_has_every_tile_of_its_size_and_old_partial_ones_only_where_nothing_replaced_them() {
        let published = Published::of(&many()).after([100, 280]);
        let files = published.files();
        let paths: Vec<_> = TileId::all_of(published.size())
            .map(|id| id.to_string())
            .collect();
        assert!(paths.iter().all(|path| files.contains_key(path)));
        // 256 to 279, a bundle and a tile.
        assert_eq!(files.len(), paths.len() + 2 + 3);
        let more = published.files_with_old_partials();
        assert_eq!(more.len(), files.len() + 2);
        assert!(more.contains_key("tile/entries/000.p/100"));
    }
}
