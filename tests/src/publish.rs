//! What a bench publishes: checkpoints, tiles, and the folder they make, as an honest platform or a forger who holds the
//! log's key writes them.

use crate::bench::Bench;
use crate::fixture::Folder;
use sijill_ledger::Hash;
use sijill_ledger::checkpoint::{Checkpoint, SignedCheckpoint};
use sijill_ledger::note::VerifierKey;
use sijill_ledger::policy::Policy;
use sijill_ledger::tile_writer::{Tile, TileWriter};
use sijill_ledger::tree::{Frontier, leaf_hash};

impl Bench {
    /// The log's key as a policy names it.
    pub fn log_key(&self) -> VerifierKey {
        VerifierKey::new(self.poll.origin().as_str(), self.keys.log.public_key())
            .expect("an origin is a name that a key can have")
    }

    /// A policy that believes the log's key and asks for no witness, as a file.
    pub fn policy(&self) -> Vec<u8> {
        Policy::of_logs([self.log_key()]).to_bytes()
    }

    /// The root of the first `size` entries.
    pub fn root(&self, size: u64) -> Hash {
        let leaves = self.entries.iter().zip(0..size);
        let mut tree = Frontier::default();
        leaves.for_each(|(entry, _)| tree.append(leaf_hash(entry.bytes())));
        tree.root()
    }

    /// What a checkpoint over the first `size` entries says.
    pub fn checkpoint(&self, size: u64) -> Checkpoint {
        Checkpoint {
            origin: self.poll.origin().clone(),
            size,
            root: self.root(size),
        }
    }

    /// The checkpoint over the first `size` entries, signed by the log.
    pub fn signed_checkpoint(&self, size: u64) -> SignedCheckpoint {
        self.sign(&self.checkpoint(size))
    }

    /// A checkpoint of whatever it says, signed by the log.
    pub fn sign(&self, checkpoint: &Checkpoint) -> SignedCheckpoint {
        let signed = checkpoint.sign(&self.keys.log);
        signed.expect("the checkpoint can be signed")
    }

    /// The list of checkpoints at these sizes.
    pub fn list(&self, sizes: &[u64]) -> String {
        let notes = sizes.iter().map(|size| self.signed_checkpoint(*size));
        notes.map(|signed| signed.to_string()).collect()
    }

    /// Every tile and bundle that was published at these sizes, the last of which is the newest; partial ones that a
    /// larger size made superfluous are still there.
    pub fn tiles(&self, sizes: &[u64]) -> Vec<Tile> {
        let (mut writer, mut tiles) = (TileWriter::default(), Vec::new());
        let last = sizes.iter().max().copied().unwrap_or_default();
        for (entry, size) in self.entries.iter().zip(1..=last) {
            tiles.extend(
                writer
                    .append(entry.bytes())
                    .expect("an entry fits a bundle"),
            );
            if sizes.contains(&size) {
                tiles.extend(writer.partial());
            }
        }
        tiles
    }

    /// The folder of this poll, published at these sizes.
    pub fn folder(&self, sizes: &[u64]) -> Folder {
        let tiles = self.tiles(sizes).into_iter();
        let mut folder: Folder = tiles
            .map(|tile| (tile.id.to_string(), tile.bytes))
            .collect();
        let newest = sizes.last().map(|size| self.signed_checkpoint(*size));
        let newest = newest.map(|signed| signed.to_string()).unwrap_or_default();
        folder.insert("checkpoint".into(), newest.into_bytes());
        folder.insert("checkpoints".into(), self.list(sizes).into_bytes());
        folder.insert("roster".into(), self.leaves.clone());
        folder
    }
}
