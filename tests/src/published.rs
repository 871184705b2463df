//! A ledger as its address serves it and `sijill publish` writes it: `checkpoint`, `checkpoints`, `tile/…`, `roster`;
//! and what a forger who holds the log key publishes.
//!
//! Made from the entries by the formats alone, so that what reads it shares nothing with the server that publishes.

use crate::bench::Bench;
use sijill_ledger::checkpoint::{Checkpoint, SignedCheckpoint};
use sijill_ledger::note::VerifierKey;
use sijill_ledger::proof::InclusionProof;
use sijill_ledger::tile::TileId;
use sijill_ledger::tile_writer::TileWriter;
use sijill_ledger::tlog_proof::TlogProof;
use sijill_ledger::tree::{Frontier, leaf_hash};
use sijill_ledger::{Hash, Origin, SecretKey};
use std::collections::BTreeMap;
use std::path::Path;

/// What is published of a ledger.
#[derive(Debug, Clone)]
pub struct Published {
    /// The ledger's name.
    pub origin: Origin,
    /// The log's key, which signs every checkpoint.
    pub log: SecretKey,
    /// Canonical bytes of each entry.
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

    /// The log's verifier key.
    pub fn log_key(&self) -> VerifierKey {
        VerifierKey::new(self.origin.as_str(), self.log.public_key())
            .expect("an origin is a key's name")
    }

    /// The policy that believes this log and asks for no witness.
    pub fn policy(&self) -> String {
        format!("log {}\nquorum none\n", self.log_key())
    }

    /// The checkpoint of this size.
    pub fn checkpoint(&self, size: u64) -> SignedCheckpoint {
        let checkpoint = Checkpoint {
            origin: self.origin.clone(),
            size,
            root: root(&self.leaves(size)),
        };
        checkpoint.sign(&self.log).expect("it can be signed")
    }

    /// The list of checkpoints.
    pub fn checkpoints(&self) -> String {
        let sizes = self.sizes.iter().copied().chain([self.size()]);
        sizes
            .map(|size| self.checkpoint(size).to_string())
            .collect()
    }

    /// Every tile of the newest size.
    pub fn tiles(&self) -> BTreeMap<TileId, Vec<u8>> {
        let (mut writer, mut tiles) = (TileWriter::default(), Vec::new());
        for entry in &self.entries {
            tiles.extend(writer.append(entry).expect("an entry fits its bundle"));
        }
        tiles.extend(writer.partial());
        tiles
            .into_iter()
            .map(|tile| (tile.id, tile.bytes))
            .collect()
    }

    /// The receipt of an entry under the checkpoint of this size.
    pub fn receipt(&self, index: u64, size: u64) -> TlogProof {
        let inclusion = InclusionProof::of_leaves(index, &self.leaves(size));
        let inclusion = inclusion.expect("the entry is under this size");
        let entry = &self.entries[index as usize];
        TlogProof::of_entry(entry, index, inclusion, self.checkpoint(size))
            .expect("the proof leads to the root")
    }

    /// Every file by its path.
    pub fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let tiles = self.tiles().into_iter();
        let mut files: BTreeMap<_, _> = tiles.map(|(id, bytes)| (id.to_string(), bytes)).collect();
        let newest = self.checkpoint(self.size()).to_string();
        files.insert("checkpoint".into(), newest.into_bytes());
        files.insert("checkpoints".into(), self.checkpoints().into_bytes());
        files.insert("roster".into(), self.roster.clone());
        files
    }

    /// Writes the folder.
    pub fn write(&self, folder: &Path) -> std::io::Result<()> {
        for (path, bytes) in self.files() {
            let file = folder.join(path);
            if let Some(parent) = file.parent() {
                std::fs::create_dir_all(parent)?;
            }
            std::fs::write(file, bytes)?;
        }
        Ok(())
    }

    fn leaves(&self, size: u64) -> Vec<Hash> {
        let entries = &self.entries[..size as usize];
        entries.iter().map(|entry| leaf_hash(entry)).collect()
    }
}

fn root(leaves: &[Hash]) -> Hash {
    let mut tree = Frontier::default();
    leaves.iter().for_each(|leaf| tree.append(*leaf));
    tree.root()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;
    use sijill_ledger::policy::Policy;

    #[test]
    fn what_is_published_verifies_by_its_policy() {
        let published = Published::of(&fixture::honest()).after([3, 9]);
        let policy = Policy::parse(published.policy().as_bytes()).unwrap();
        assert!(policy.verify(&published.checkpoint(9)).is_ok());
        assert!(published.receipt(4, 9).verify_entry(&policy).is_ok());
        let files = published.files();
        let paths: Vec<_> = TileId::all_of(published.size())
            .map(|id| id.to_string())
            .collect();
        assert!(paths.iter().all(|path| files.contains_key(path)));
        assert_eq!(files.len(), paths.len() + 3);
        assert_eq!(published.at(9).checkpoints().matches("\n\n").count(), 2);
    }
}
