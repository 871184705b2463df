//! What somebody kept of a poll: receipt, promise and policy, made from the ledger's own types.

use sijill_ledger::SecretKey;
use sijill_ledger::checkpoint::SignedCheckpoint;
use sijill_ledger::cosignature::WitnessKey;
use sijill_ledger::note::VerifierKey;
use sijill_poll::{Event, promise};
use sijill_scenarios::bench::Setup;
use sijill_scenarios::{Bench, Published, fixture};

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
        self.bench.log_key()
    }

    fn checkpoint(&self, witness: Option<&SecretKey>) -> SignedCheckpoint {
        let signed = self
            .bench
            .signed_checkpoint(self.bench.entries.len() as u64);
        let Some(witness) = witness else {
            return signed;
        };
        let verified = signed.verify(&[self.log_key()]).unwrap();
        let line = verified.cosign(WITNESS, witness, COSIGNED_AT).unwrap();
        signed.with(line).unwrap()
    }

    /// The receipt under a checkpoint that this witness cosigned.
    pub fn receipt(&self, witness: Option<&SecretKey>) -> String {
        let published = Published::of(&self.bench);
        let receipt = published.receipt_under(self.index as u64, self.checkpoint(witness));
        receipt.to_string()
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
        let published = Published {
            entries: vec![entry.to_vec()],
            ..Published::of(&self.bench)
        };
        published.receipt(0, 1).to_string()
    }
}
