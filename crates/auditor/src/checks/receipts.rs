//! V25: each receipt given proves that an answer is at an index of this log, by the policy given or else by the log keys
//! of entry 0. The entry at that place of this ledger is the receipt's, byte for byte, and still counts, or a later one
//! superseded it. Two receipts of one index with different entries were shown to people of two histories.

use crate::checks::held_answer::{HeldAnswer, who};
use crate::findings::Findings;
use crate::report::Failure;
use sijill_ledger::note::VerifierKey;
use sijill_ledger::policy::Policy;
use sijill_ledger::tlog_proof::TlogProof;
use sijill_ledger::{Hash, Sealed};
use sijill_poll::{Event, Poll};
use std::collections::BTreeMap;

const V25: u8 = 25;

/// The receipts given, and what the ledger has of them so far.
#[derive(Default)]
pub(crate) struct Receipts {
    held: Vec<Receipt>,
    /// Places in `held`, by the entry's.
    by_place: BTreeMap<u64, Vec<usize>>,
    /// Places in `held`, by invitation.
    by_invitation: BTreeMap<u32, Vec<usize>>,
}

struct Receipt {
    place: u64,
    leaf: Hash,
    held: HeldAnswer,
    /// Whether the entry at this place is another than the receipt's.
    differs: bool,
}

impl Receipts {
    /// Opens the receipt files by `policy`, or, where there is none, by the log keys that entry 0 names.
    pub(crate) fn open(
        poll: &Poll,
        files: &[(String, String)],
        policy: Option<&Policy>,
        findings: &mut Findings,
    ) -> Self {
        findings.looked_at(V25, files.len() as u64);
        let own = Policy::of_logs(log_keys(poll));
        let policy = policy.unwrap_or(&own);
        let mut receipts = Self::default();
        for (name, file) in files {
            match receipt(name, file, poll, policy) {
                Ok(receipt) => receipts.hold(receipt, findings),
                Err(why) => {
                    let expected =
                        "a receipt of an answer, under a checkpoint of this log that is trusted";
                    let meaning = "this file does not show that anything is in this ledger";
                    let failure = Failure::new(format!("receipt `{name}`"), expected, why, meaning);
                    findings.fail(V25, failure);
                }
            }
        }
        receipts
    }

    fn hold(&mut self, receipt: Receipt, findings: &mut Findings) {
        let same_place = self.by_place.entry(receipt.place).or_default();
        let others = same_place.iter().filter_map(|other| self.held.get(*other));
        if let Some(other) = others.into_iter().find(|other| other.leaf != receipt.leaf) {
            let failure = Failure::new(
                format!("{} and {}", other.held.by, receipt.held.by),
                format!("one entry {}", receipt.place),
                "two, each under a checkpoint that the log signed",
                "two people were shown different histories; keep both files, they prove it",
            );
            findings.fail(V25, failure);
        }
        same_place.push(self.held.len());
        let same_invitation = self.by_invitation.entry(receipt.held.index).or_default();
        same_invitation.push(self.held.len());
        self.held.push(receipt);
    }

    /// Takes the leaf hash of the entry at this place, whether or not its bytes are an entry.
    pub(crate) fn look_at_leaf(&mut self, place: u64, leaf: Option<Hash>) {
        for at in self.by_place.get(&place).into_iter().flatten() {
            if let Some(receipt) = self.held.get_mut(*at) {
                receipt.differs = leaf != Some(receipt.leaf);
                receipt.held.kept_at = leaf.filter(|_| !receipt.differs).map(|_| place);
            }
        }
    }

    /// Takes an event of a ledger that opens a poll.
    pub(crate) fn look(&mut self, place: u64, event: &Event) {
        let Event::Responded(responded) = event else {
            return;
        };
        let (index, revision) = who(responded);
        for at in self.by_invitation.get(&index).into_iter().flatten() {
            if let Some(receipt) = self.held.get_mut(*at)
                && receipt.held.kept_at != Some(place)
            {
                receipt.held.other = Some((place, revision));
            }
        }
    }

    /// Judges the receipts after the last entry, of which there are so many.
    pub(crate) fn finish(&self, entries: u64, poll: &Poll, findings: &mut Findings) {
        for receipt in &self.held {
            match receipt.held.kept_at {
                Some(place) => receipt.held.judge_kept(place, poll, findings),
                None => findings.fail(V25, receipt.failure(entries)),
            }
        }
    }
}

impl Receipt {
    fn failure(&self, entries: u64) -> Failure {
        match self.differs {
            true => self.held.failure(
                format!("another entry {}", self.place),
                "an entry was replaced after its receipt was given, or two histories are shown",
            ),
            false => self.held.failure(
                format!("{entries} entries, so no entry {}", self.place),
                "this ledger ends before an entry that its log has signed: it was cut, or is an older copy",
            ),
        }
    }
}

/// The keys of entry 0 that may sign checkpoints, under the origin as their name.
fn log_keys(poll: &Poll) -> impl Iterator<Item = VerifierKey> {
    let keys = poll.opening().log_keys.iter();
    keys.filter_map(|key| VerifierKey::new(poll.origin().as_str(), *key).ok())
}

/// What a receipt file proves of this ledger, or why it proves nothing.
fn receipt(name: &str, file: &str, poll: &Poll, policy: &Policy) -> Result<Receipt, String> {
    let proof: TlogProof = file.parse().map_err(to_text)?;
    let origin = &proof.checkpoint().claimed().origin;
    if origin != poll.origin() {
        return Err(format!("a checkpoint of `{origin}`"));
    }
    let verified = proof.verify_entry(policy).map_err(to_text)?;
    let sealed = Sealed::<Event>::read(verified.canonical()).map_err(to_text)?;
    let (entry, leaf) = (sealed.entry(), verified.leaf());
    if entry.index != leaf.index() {
        return Err(format!(
            "an entry that says it is {}, at index {}",
            entry.index,
            leaf.index()
        ));
    }
    match &entry.event {
        Event::Responded(responded) => Ok(Receipt {
            place: leaf.index(),
            leaf: leaf.leaf(),
            held: HeldAnswer::new(format!("receipt `{name}`"), responded),
            differs: false,
        }),
        other => Err(format!("an entry that is no answer, `{}`", other.name())),
    }
}

fn to_text(error: impl ToString) -> String {
    error.to_string()
}
