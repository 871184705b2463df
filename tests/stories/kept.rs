//! What somebody kept of a poll: receipt, promise and policy, made from the ledger's own types.

use sijill_ledger::checkpoint::{Checkpoint, SignedCheckpoint};
use sijill_ledger::cosignature::WitnessKey;
use sijill_ledger::note::VerifierKey;
use sijill_ledger::proof::InclusionProof;
use sijill_ledger::tlog_proof::TlogProof;
use sijill_ledger::tree::{Frontier, leaf_hash};
use sijill_ledger::{Hash, SecretKey};
use sijill_poll::{Event, promise};
use sijill_scenarios::bench::Setup;
use sijill_scenarios::{Bench, fixture};

/// The name of the witness in [`Kept::policy`].
pub const WITNESS: &str = "witness.example/w";
/// 2026-12-01T12:00:30Z.
const COSIGNED_AT: u64 = 1_796_126_430;

/// A closed poll, whose answer in the middle somebody has the receipt of.
pub struct Kept {
    /// The poll, with all its keys.
    pub bench: Bench,
    /// Where the answer stands.
    pub index: usize,
}

impl Kept {
    /// That of a poll of six answers.
    pub fn new() -> Self {
        Self::of(&Setup::default())
    }

    /// The same of a poll made from this.
    pub fn of(setup: &Setup) -> Self {
        let bench = fixture::closed(setup, 6);
        let answers = bench.entries.iter().enumerate();
        let mut answers =
            answers.filter(|(_, entry)| matches!(entry.entry().event, Event::Responded(_)));
        let (index, _) = answers.nth(2).expect("six people answered");
        Self { bench, index }
    }

    /// The log's key.
    pub fn log_key(&self) -> VerifierKey {
        let origin = self.bench.poll.origin();
        VerifierKey::new(origin.as_str(), self.bench.keys.log.public_key()).unwrap()
    }

    fn checkpoint(&self, witness: Option<&SecretKey>) -> SignedCheckpoint {
        let mut tree = Frontier::default();
        self.leaves().iter().for_each(|&leaf| tree.append(leaf));
        let checkpoint = Checkpoint {
            origin: self.bench.poll.origin().clone(),
            size: self.bench.entries.len() as u64,
            root: tree.root(),
        };
        let signed = checkpoint.sign(&self.bench.keys.log).unwrap();
        let Some(witness) = witness else {
            return signed;
        };
        let verified = signed.verify(&[self.log_key()]).unwrap();
        let line = verified.cosign(WITNESS, witness, COSIGNED_AT).unwrap();
        signed.with(line).unwrap()
    }

    fn leaves(&self) -> Vec<Hash> {
        let entries = self.bench.entries.iter();
        entries.map(|entry| leaf_hash(entry.bytes())).collect()
    }

    /// The receipt under a checkpoint that this witness cosigned.
    pub fn receipt(&self, witness: Option<&SecretKey>) -> String {
        let (index, leaves) = (self.index as u64, self.leaves());
        let inclusion = InclusionProof::of_leaves(index, &leaves).unwrap();
        let entry = self.bench.entries[self.index].bytes();
        TlogProof::of_entry(entry, index, inclusion, self.checkpoint(witness))
            .unwrap()
            .to_string()
    }

    /// The log's key and one witness, who must have cosigned.
    pub fn policy(&self, witness: &SecretKey) -> String {
        let key = WitnessKey::new(WITNESS, witness.public_key());
        format!(
            "log {}\nwitness w {}\nquorum w\n",
            self.log_key(),
            key.unwrap()
        )
    }

    /// The key by which the poll's promises are signed.
    pub fn promise_key(&self) -> VerifierKey {
        let key = self.bench.keys.promise.public_key();
        promise::verifier_key(self.bench.poll.origin(), key).unwrap()
    }

    /// The promise for the answer.
    pub fn promise(&self) -> String {
        let Event::Responded(responded) = &self.bench.entries[self.index].entry().event else {
            panic!("it is an answer");
        };
        self.bench.promise(responded)
    }

    /// The receipt of any bytes as the only entry of a log with the same key.
    pub fn receipt_of(&self, entry: &[u8]) -> String {
        let leaf = leaf_hash(entry);
        let mut tree = Frontier::default();
        tree.append(leaf);
        let checkpoint = Checkpoint {
            origin: self.bench.poll.origin().clone(),
            size: 1,
            root: tree.root(),
        };
        let signed = checkpoint.sign(&self.bench.keys.log).unwrap();
        let inclusion = InclusionProof::of_leaves(0, &[leaf]).unwrap();
        let receipt = TlogProof::of_entry(entry, 0, inclusion, signed);
        receipt.unwrap().to_string()
    }
}
