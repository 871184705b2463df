//! Proofs that anyone can take away: C2SP's tlog-proof, version 1, one file that shows without the log that an entry is
//! in it.
//!
//! The file holds the entry's index, its inclusion proof and the checkpoint that it leads to, cosignatures and all. Ours
//! carry the entry's canonical bytes as `extra`, so that a receipt needs nothing else; nobody vouches for `extra` until
//! the proof leads from its leaf hash to a trusted root. What the entry says, and whether it still counts, is for others.
//!
//! Invariants:
//! - what was read is written again as it was read;
//! - a `VerifiedEntry` is in the tree of a checkpoint that the policy trusts, at this index.

use crate::checkpoint::{CheckpointError, SignedCheckpoint};
use crate::decimal;
use crate::limits::{ENTRY_BYTES_MAX, TLOG_PROOF_BYTES_MAX, TREE_SIZE_MAX};
use crate::policy::{Policy, TrustError, TrustedCheckpoint};
use crate::proof::{InclusionProof, ProofError};
use crate::tree::{Hash, leaf_hash};
use data_encoding::BASE64;
use std::{fmt, str::FromStr};

/// The first line of a tlog-proof's file.
pub const FIRST_LINE: &str = "c2sp.org/tlog-proof@v1";

/// Why a text is no tlog-proof, or proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TlogProofError {
    /// Longer than a proof may be.
    #[error("not a tlog-proof: expected at most {TLOG_PROOF_BYTES_MAX} bytes, found {found}")]
    TooLong {
        /// Its bytes.
        found: usize,
    },
    /// Another file.
    #[error("not a tlog-proof: expected `{FIRST_LINE}` as its first line")]
    FirstLine,
    /// Extra data in another form.
    #[error(
        "not a tlog-proof: expected `extra ` and 1 to {ENTRY_BYTES_MAX} bytes in base64, or no such line"
    )]
    Extra,
    /// No index, or not as it is written.
    #[error(
        "not a tlog-proof: expected a line `index ` and a number below {TREE_SIZE_MAX} without leading zeros"
    )]
    Index,
    /// No empty line, and so no checkpoint.
    #[error("not a tlog-proof: expected an empty line and a checkpoint after the hashes")]
    NoCheckpoint,
    /// The checkpoint is none.
    #[error("not a tlog-proof: {0}")]
    Checkpoint(#[from] CheckpointError),
    /// The hashes are none, or do not lead from the entry to the checkpoint's root.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// The policy does not trust the checkpoint.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// It does not say of which entry it is the proof.
    #[error("the proof carries no entry: expected a line `extra `")]
    NoEntry,
}

/// A tlog-proof as it was made or read: a claim, until [`TlogProof::verify`] or [`TlogProof::verify_entry`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlogProof {
    extra: Option<Vec<u8>>,
    index: u64,
    inclusion: InclusionProof,
    checkpoint: SignedCheckpoint,
}

impl TlogProof {
    /// The proof that the entry of these canonical bytes is at `index` of the log that `checkpoint` is of.
    pub fn of_entry(
        canonical: &[u8],
        index: u64,
        inclusion: InclusionProof,
        checkpoint: SignedCheckpoint,
    ) -> Result<Self, TlogProofError> {
        let claimed = checkpoint.claimed();
        inclusion.verify(leaf_hash(canonical), index, claimed.size, claimed.root)?;
        Ok(Self {
            extra: Some(within_length(canonical.to_vec()).ok_or(TlogProofError::Extra)?),
            index,
            inclusion,
            checkpoint,
        })
    }

    /// The extra data, for which nobody vouches.
    pub fn extra(&self) -> Option<&[u8]> {
        self.extra.as_deref()
    }

    /// The entry's index, as claimed.
    pub fn index(&self) -> u64 {
        self.index
    }

    /// The hashes from the leaf's sibling up.
    pub fn inclusion(&self) -> &InclusionProof {
        &self.inclusion
    }

    /// The checkpoint, not checked.
    pub fn checkpoint(&self) -> &SignedCheckpoint {
        &self.checkpoint
    }

    /// Checks that the leaf of this hash is at this index of a log that `policy` trusts.
    pub fn verify(&self, leaf: Hash, policy: &Policy) -> Result<VerifiedLeaf, TlogProofError> {
        let checkpoint = policy.verify(&self.checkpoint)?;
        let trusted = checkpoint.verified().checkpoint();
        self.inclusion
            .verify(leaf, self.index, trusted.size, trusted.root)?;
        Ok(VerifiedLeaf {
            leaf,
            index: self.index,
            checkpoint,
        })
    }

    /// Checks that `extra` is the entry at this index of a log that `policy` trusts.
    pub fn verify_entry(&self, policy: &Policy) -> Result<VerifiedEntry, TlogProofError> {
        let canonical = self.extra().ok_or(TlogProofError::NoEntry)?;
        Ok(VerifiedEntry {
            canonical: canonical.to_vec(),
            leaf: self.verify(leaf_hash(canonical), policy)?,
        })
    }
}

/// That a leaf is in a log. It can only come from [`TlogProof::verify`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedLeaf {
    leaf: Hash,
    index: u64,
    checkpoint: TrustedCheckpoint,
}

impl VerifiedLeaf {
    /// The leaf's hash.
    pub fn leaf(&self) -> Hash {
        self.leaf
    }

    /// Its index in the log.
    pub fn index(&self) -> u64 {
        self.index
    }

    /// The checkpoint that it is under: which log, how large, by whom cosigned and when.
    pub fn checkpoint(&self) -> &TrustedCheckpoint {
        &self.checkpoint
    }
}

/// That an entry is in a log, with its bytes. It can only come from [`TlogProof::verify_entry`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedEntry {
    canonical: Vec<u8>,
    leaf: VerifiedLeaf,
}

impl VerifiedEntry {
    /// The entry's bytes. That they are canonical, and that their index is the leaf's, is for who reads entries.
    pub fn canonical(&self) -> &[u8] {
        &self.canonical
    }

    /// Where it is, and under which checkpoint.
    pub fn leaf(&self) -> &VerifiedLeaf {
        &self.leaf
    }
}

impl fmt::Display for TlogProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{FIRST_LINE}")?;
        if let Some(extra) = &self.extra {
            writeln!(f, "extra {}", BASE64.encode(extra))?;
        }
        write!(
            f,
            "index {}\n{}\n{}",
            self.index, self.inclusion, self.checkpoint
        )
    }
}

impl FromStr for TlogProof {
    type Err = TlogProofError;

    fn from_str(text: &str) -> Result<Self, TlogProofError> {
        if text.len() > TLOG_PROOF_BYTES_MAX {
            return Err(TlogProofError::TooLong { found: text.len() });
        }
        let rest = text
            .strip_prefix(FIRST_LINE)
            .and_then(|rest| rest.strip_prefix('\n'))
            .ok_or(TlogProofError::FirstLine)?;
        let (extra, rest) = split_extra(rest)?;
        let (index, rest) = split_index(rest).ok_or(TlogProofError::Index)?;
        let (hashes, checkpoint) = split_hashes(rest).ok_or(TlogProofError::NoCheckpoint)?;
        Ok(Self {
            extra,
            index,
            inclusion: hashes.parse()?,
            checkpoint: checkpoint.parse()?,
        })
    }
}

fn split_extra(text: &str) -> Result<(Option<Vec<u8>>, &str), TlogProofError> {
    let Some(rest) = text.strip_prefix("extra ") else {
        return Ok((None, text));
    };
    let (base64, rest) = rest.split_once('\n').ok_or(TlogProofError::Extra)?;
    let bytes = BASE64.decode(base64.as_bytes()).ok();
    match bytes.and_then(within_length) {
        Some(bytes) => Ok((Some(bytes), rest)),
        None => Err(TlogProofError::Extra),
    }
}

fn split_index(text: &str) -> Option<(u64, &str)> {
    let (index, rest) = text.strip_prefix("index ")?.split_once('\n')?;
    Some((decimal::parse(index, TREE_SIZE_MAX - 1)?, rest))
}

/// The lines before the first empty one, and what follows it.
fn split_hashes(text: &str) -> Option<(&str, &str)> {
    match text.strip_prefix('\n') {
        Some(checkpoint) => Some(("", checkpoint)),
        None => {
            let (hashes, rest) = text.split_at_checked(text.find("\n\n")? + 1)?;
            Some((hashes, rest.strip_prefix('\n')?))
        }
    }
}

fn within_length(extra: Vec<u8>) -> Option<Vec<u8>> {
    (1..=ENTRY_BYTES_MAX)
        .contains(&extra.len())
        .then_some(extra)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkpoint::Checkpoint;
    use crate::note::VerifierKey;
    use crate::signature::SecretKey;
    use crate::tree::Frontier;
    use proptest::prelude::*;

    fn secret() -> SecretKey {
        SecretKey::from_seed([1; 32])
    }

    fn policy() -> Policy {
        let key = VerifierKey::new("ur.example/polls/bridge", secret().public_key());
        Policy::of_logs([key.unwrap()])
    }

    fn entry(index: u64) -> Vec<u8> {
        format!("entry {index}").into_bytes()
    }

    fn proof(index: u64, size: u64) -> TlogProof {
        let leaves: Vec<_> = (0..size).map(|index| leaf_hash(&entry(index))).collect();
        let mut tree = Frontier::default();
        leaves.iter().for_each(|&leaf| tree.append(leaf));
        let checkpoint = Checkpoint {
            origin: "ur.example/polls/bridge".parse().unwrap(),
            size,
            root: tree.root(),
        };
        let inclusion = InclusionProof::of_leaves(index, &leaves).unwrap();
        let signed = checkpoint.sign(&secret()).unwrap();
        TlogProof::of_entry(&entry(index), index, inclusion, signed).unwrap()
    }

    #[test]
    fn a_receipt_is_read_as_it_is_written_and_proves_its_entry() {
        for (index, size) in [(0, 1), (0, 2), (4, 5), (123, 1000)] {
            let proof = proof(index, size);
            let text = proof.to_string();
            assert_eq!(text.parse(), Ok(proof.clone()), "{text}");
            let verified = proof.verify_entry(&policy()).unwrap();
            assert_eq!(verified.canonical(), entry(index));
            assert_eq!(verified.leaf().index(), index);
            assert_eq!(
                verified.leaf().checkpoint().verified().checkpoint().size,
                size
            );
        }
    }

    #[test]
    fn a_proof_without_extra_needs_the_leaf_from_elsewhere() {
        let text = proof(3, 7).to_string();
        let (before, rest) = text.split_once("extra ").unwrap();
        let text = before.to_owned() + rest.split_once('\n').unwrap().1;
        let bare: TlogProof = text.parse().unwrap();
        assert_eq!(bare.to_string(), text);
        assert_eq!(bare.verify_entry(&policy()), Err(TlogProofError::NoEntry));
        assert!(bare.verify(leaf_hash(&entry(3)), &policy()).is_ok());
        assert!(matches!(
            bare.verify(leaf_hash(&entry(2)), &policy()),
            Err(TlogProofError::Proof(_))
        ));
    }

    #[test]
    fn the_shape_of_the_specifications_example_is_read() {
        // The specification shortens extra and signatures; hashes and body are its own.
        let text = "c2sp.org/tlog-proof@v1\nextra YWdl\nindex 73894\n\
            gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=\n\
            B95lDa8R83lS8n0eG+o0buTxRKQTYFi//1U8anccXmA=\n\
            EKNzoDWG8LGC0Yp9o+sv3qllpMP9uHQ9B20KNL+Q1zs=\n\
            RoopEkOdqkYqMB4MJXrbt/hMjOxsVn0IrWjpz1ZMMes=\n\
            AHCioX9nLjsrse6YhjRRmk1WUEirVOLLRoOQ6vfO5vk=\n\n\
            example.com/fancylog\n109482\nsFodV/vSp5O8n9a8QpW6PRY97tfOSW5bsc2Xl/EQi08=\n\n\
            \u{2014} example.com/fancylog hI2DJ1roloI=\n\
            \u{2014} witness1.example mJirIklj\n";
        let proof: TlogProof = text.parse().unwrap();
        assert_eq!(
            (proof.index(), proof.inclusion().hashes().len()),
            (73_894, 5)
        );
        assert_eq!(proof.checkpoint().claimed().size, 109_482);
        assert_eq!(proof.to_string(), text);
    }

    #[test]
    fn a_text_in_another_form_is_refused() {
        let good = proof(3, 7).to_string();
        let extra = "extra ZW50cnkgMw==";
        assert!(good.contains(extra));
        let hash = good.lines().nth(3).unwrap();
        for (text, error) in [
            (good.replace("@v1", "@v2"), TlogProofError::FirstLine),
            (good.replace('\n', "\r\n"), TlogProofError::FirstLine),
            (format!("\n{good}"), TlogProofError::FirstLine),
            (good.replace(extra, "extra "), TlogProofError::Extra),
            (
                good.replace(extra, "extra ZW50cnkgMw"),
                TlogProofError::Extra,
            ),
            (
                good.replace(extra, "extra ZW50cnkgMx=="),
                TlogProofError::Extra,
            ),
            (good.replace(extra, "extra"), TlogProofError::Index),
            (good.replace("index 3", "index 03"), TlogProofError::Index),
            (good.replace("index 3", "index +3"), TlogProofError::Index),
            (
                good.replace("index 3", "index 9223372036854775807"),
                TlogProofError::Index,
            ),
            (good.replace("index 3\n", ""), TlogProofError::Index),
            (
                good.replace("index", &format!("{extra}\nindex")),
                TlogProofError::Index,
            ),
            (
                good.replace(hash, &hash[1..]),
                TlogProofError::Proof(ProofError::Line { line: 1 }),
            ),
            (
                good.replace(hash, &format!("{hash} ")),
                TlogProofError::Proof(ProofError::Line { line: 1 }),
            ),
            (good.replace("\n\n", "\n"), TlogProofError::NoCheckpoint),
            (
                format!("{good}{}", "x".repeat(TLOG_PROOF_BYTES_MAX)),
                TlogProofError::TooLong {
                    found: good.len() + TLOG_PROOF_BYTES_MAX,
                },
            ),
        ] {
            assert_eq!(text.parse::<TlogProof>(), Err(error), "{text:.200}");
        }
        let trailing = good.clone() + "\n";
        assert!(matches!(
            trailing.parse::<TlogProof>(),
            Err(TlogProofError::Checkpoint(_))
        ));
        let long = format!("{hash}\n").repeat(65);
        assert_eq!(
            good.replace(&format!("{hash}\n"), &long)
                .parse::<TlogProof>(),
            Err(TlogProofError::Proof(ProofError::TooLong))
        );
    }

    #[test]
    fn an_entry_that_the_checkpoint_has_not_makes_no_receipt() {
        let proof = proof(3, 7);
        let made = |entry: &[u8], index| {
            TlogProof::of_entry(
                entry,
                index,
                proof.inclusion.clone(),
                proof.checkpoint.clone(),
            )
        };
        assert_eq!(made(&entry(3), 3), Ok(proof.clone()));
        assert!(matches!(made(&entry(2), 3), Err(TlogProofError::Proof(_))));
        assert!(matches!(made(&entry(3), 2), Err(TlogProofError::Proof(_))));
    }

    #[test]
    fn the_longest_receipt_is_within_the_limit() {
        let lines = FIRST_LINE.len()
            + 1
            + "extra ".len()
            + ENTRY_BYTES_MAX.div_ceil(3) * 4
            + 1
            + "index ".len()
            + 20
            + crate::limits::PROOF_HASHES_MAX * 45
            + 1;
        assert!(lines + crate::limits::CHECKPOINT_BYTES_MAX <= TLOG_PROOF_BYTES_MAX);
    }

    proptest! {
        #[test]
        fn no_changed_character_of_a_receipt_proves_anything_else(at: usize, to in "[ -~\n]") {
            let text = proof(5, 9).to_string();
            let starts: Vec<_> = text.char_indices().map(|(start, _)| start).collect();
            let start = starts[at % starts.len()];
            let end = start + text[start..].chars().next().unwrap().len_utf8();
            let changed = format!("{}{to}{}", &text[..start], &text[end..]);
            prop_assume!(changed != text);
            let verdict = changed.parse::<TlogProof>().and_then(|proof| proof.verify_entry(&policy()));
            prop_assert!(verdict.is_err());
        }

        #[test]
        fn no_text_makes_the_reader_panic(text: String, lines in "c2sp.org/tlog-proof@v1\n(extra [A-Z=]{0,5}\n)?(index [0-9]{0,3}\n)?([A-Z=]{44}\n){0,2}\n?(a/b\n1\n[A-Z]{43}=\n\n— a [A-Z]{8}\n)?") {
            prop_assert!(text.parse::<TlogProof>().is_err());
            if let Ok(proof) = lines.parse::<TlogProof>() {
                prop_assert_eq!(proof.to_string(), lines);
            }
        }
    }
}
