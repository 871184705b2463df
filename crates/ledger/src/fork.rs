//! Forks: one file that shows, without the log, that a log signed two histories.
//!
//! It holds two checkpoints of one origin as they were signed. Of equal sizes, their roots differ; of different sizes,
//! the tree of the larger one had another root at the smaller's size, which a consistency proof shows. Nobody can make
//! one but with the log's key: from a log that only ever grew there is none. Where the other root comes from is for
//! `tile_reader`; who shows the file to whom, for others.
//!
//! Invariants:
//! - what was read is written again as it was read;
//! - a `ForkProof` is of one origin and has the parts that its sizes ask for, and no others;
//! - a `VerifiedFork` is of two checkpoints that the policy's log keys signed and that no one history has.

use crate::checkpoint::{Checkpoint, CheckpointError, SignedCheckpoint, VerifiedCheckpoint};
use crate::decimal;
use crate::limits::{CHECKPOINT_BYTES_MAX, FORK_BYTES_MAX};
use crate::origin::Origin;
use crate::policy::Policy;
use crate::proof::{ConsistencyProof, ProofError};
use crate::tree::Hash;
use std::{fmt, str::FromStr};

/// The first line of a fork's file.
pub const FIRST_LINE: &str = "sijill-fork@v1";

/// Why a text is no fork, or proves none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ForkError {
    /// Longer than a fork may be.
    #[error("not a fork: expected at most {FORK_BYTES_MAX} bytes, found {found}")]
    TooLong {
        /// Its bytes.
        found: usize,
    },
    /// Another file.
    #[error("not a fork: expected `{FIRST_LINE}` as its first line")]
    FirstLine,
    /// A root in another form.
    #[error("not a fork: expected a line `root ` and 32 bytes in base64, or no such line")]
    Root,
    /// No empty line, and so no checkpoints.
    #[error("not a fork: expected an empty line and two checkpoints after the hashes")]
    NoCheckpoints,
    /// The first checkpoint's length is none, or not as it is written, or beyond the file's end.
    #[error(
        "not a fork: expected the first checkpoint's length, a number of at most {CHECKPOINT_BYTES_MAX} bytes that the file has, without leading zeros"
    )]
    Length,
    /// A checkpoint is none.
    #[error("not a fork: {0}")]
    Checkpoint(CheckpointError),
    /// The checkpoints are of two logs.
    #[error("not a fork: its checkpoints are of two logs, `{first}` and `{second}`")]
    Origins {
        /// Of the first.
        first: Origin,
        /// Of the second.
        second: Origin,
    },
    /// The sizes are not in order, or the parts not those that the sizes ask for.
    #[error(
        "not a fork: expected of sizes {first} and {second} {}",
        match (first, second) {
            (0, _) => "a first one of 1 or more, since all logs began alike",
            (m, n) if m == n => "neither root nor hashes",
            (m, n) if m < n => "a root and the hashes of a consistency proof",
            _ => "the smaller one first",
        }
    )]
    Sizes {
        /// Of the first checkpoint.
        first: u64,
        /// Of the second checkpoint.
        second: u64,
    },
    /// The hashes are none, or do not lead from the other root to the second checkpoint's.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// One history has both.
    #[error(
        "no fork: both checkpoints have, or grew from, the root {root} for {size} leaves, so that one history has both"
    )]
    SameHistory {
        /// Size of the first checkpoint.
        size: u64,
        /// The root at this size.
        root: Hash,
    },
    /// The log did not sign a checkpoint.
    #[error("the {which} checkpoint is not the log's: {error}")]
    NotTheLogs {
        /// `first` or `second`.
        which: &'static str,
        /// What is wrong with it.
        error: CheckpointError,
    },
}

/// What a larger tree had at the smaller one's size, and the proof that it had it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Other {
    root: Hash,
    consistency: ConsistencyProof,
}

/// A fork as it was made or read: a claim, until [`ForkProof::verify`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForkProof {
    first: SignedCheckpoint,
    second: SignedCheckpoint,
    other: Option<Other>,
}

impl ForkProof {
    /// The fork of two checkpoints of equal size and different roots. Signatures are for [`ForkProof::verify`].
    pub fn of_equal_sizes(
        first: SignedCheckpoint,
        second: SignedCheckpoint,
    ) -> Result<Self, ForkError> {
        Self::new(first, second, None)?.if_it_differs()
    }

    /// The fork of two checkpoints of which the second is larger: at the first's size its tree had `root`, as
    /// `consistency` shows. Signatures are for [`ForkProof::verify`].
    pub fn of_growth(
        first: SignedCheckpoint,
        second: SignedCheckpoint,
        root: Hash,
        consistency: ConsistencyProof,
    ) -> Result<Self, ForkError> {
        Self::new(first, second, Some(Other { root, consistency }))?.if_it_differs()
    }

    fn new(
        first: SignedCheckpoint,
        second: SignedCheckpoint,
        other: Option<Other>,
    ) -> Result<Self, ForkError> {
        let (a, b) = (first.claimed(), second.claimed());
        if a.origin != b.origin {
            return Err(ForkError::Origins {
                first: a.origin.clone(),
                second: b.origin.clone(),
            });
        }
        let fits = match other {
            None => a.size == b.size,
            Some(_) => a.size < b.size,
        };
        match fits && a.size > 0 {
            true => Ok(Self {
                first,
                second,
                other,
            }),
            false => Err(ForkError::Sizes {
                first: a.size,
                second: b.size,
            }),
        }
    }

    /// The smaller checkpoint, or one of two of equal size; not checked.
    pub fn first(&self) -> &SignedCheckpoint {
        &self.first
    }

    /// The other one, not checked.
    pub fn second(&self) -> &SignedCheckpoint {
        &self.second
    }

    /// The root that the second checkpoint's tree has at the first's size, as claimed.
    pub fn other_root(&self) -> Hash {
        match &self.other {
            Some(other) => other.root,
            None => self.second.claimed().root,
        }
    }

    /// Checks that a log of `policy` signed both checkpoints, and that no one history has both. Witnesses are not asked
    /// for: the log's own signatures convict it.
    pub fn verify(&self, policy: &Policy) -> Result<VerifiedFork, ForkError> {
        let log = |which, signed: &SignedCheckpoint| {
            let verified = policy.verify_log(signed);
            verified.map_err(|error| ForkError::NotTheLogs { which, error })
        };
        let (first, second) = (log("first", &self.first)?, log("second", &self.second)?);
        self.differs()?;
        Ok(VerifiedFork {
            first,
            second,
            other_root: self.other_root(),
        })
    }

    fn if_it_differs(self) -> Result<Self, ForkError> {
        self.differs().map(|()| self)
    }

    /// Whether no tree of any growth has both roots, whoever signed them.
    fn differs(&self) -> Result<(), ForkError> {
        let Checkpoint { size, root, .. } = *self.first.claimed();
        if root == self.other_root() {
            return Err(ForkError::SameHistory { size, root });
        }
        let Some(other) = &self.other else {
            return Ok(());
        };
        let second = self.second.claimed();
        let grown = (second.size, second.root);
        Ok(other.consistency.verify((size, other.root), grown)?)
    }
}

/// That a log signed two histories. It can only come from [`ForkProof::verify`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedFork {
    first: VerifiedCheckpoint,
    second: VerifiedCheckpoint,
    other_root: Hash,
}

impl VerifiedFork {
    /// The smaller checkpoint, or one of two of equal size.
    pub fn first(&self) -> &VerifiedCheckpoint {
        &self.first
    }

    /// The other one.
    pub fn second(&self) -> &VerifiedCheckpoint {
        &self.second
    }

    /// The root that the second checkpoint's tree has at the first's size, and that is not the first's.
    pub fn other_root(&self) -> Hash {
        self.other_root
    }
}

impl fmt::Display for ForkProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{FIRST_LINE}")?;
        if let Some(Other { root, consistency }) = &self.other {
            write!(f, "root {}\n{consistency}", root.to_base64())?;
        }
        let first = self.first.to_string();
        write!(f, "\n{}\n{first}{}", first.len(), self.second)
    }
}

impl FromStr for ForkProof {
    type Err = ForkError;

    fn from_str(text: &str) -> Result<Self, ForkError> {
        if text.len() > FORK_BYTES_MAX {
            return Err(ForkError::TooLong { found: text.len() });
        }
        let rest = text
            .strip_prefix(FIRST_LINE)
            .and_then(|rest| rest.strip_prefix('\n'))
            .ok_or(ForkError::FirstLine)?;
        let (other, checkpoints) = split_other(rest)?;
        let (first, second) = split_checkpoints(checkpoints).ok_or(ForkError::Length)?;
        let [first, second] = [first.parse(), second.parse()];
        let first = first.map_err(ForkError::Checkpoint)?;
        Self::new(first, second.map_err(ForkError::Checkpoint)?, other)
    }
}

/// The other root and its proof, if there are any, and what follows the empty line.
fn split_other(text: &str) -> Result<(Option<Other>, &str), ForkError> {
    if let Some(checkpoints) = text.strip_prefix('\n') {
        return Ok((None, checkpoints));
    }
    let rest = text.strip_prefix("root ").ok_or(ForkError::Root)?;
    let (root, rest) = rest.split_once('\n').ok_or(ForkError::Root)?;
    let root = Hash::from_base64(root).ok_or(ForkError::Root)?;
    let (hashes, checkpoints) = split_hashes(rest).ok_or(ForkError::NoCheckpoints)?;
    let consistency = hashes.parse()?;
    Ok((Some(Other { root, consistency }), checkpoints))
}

/// The lines before the first empty one, and what follows it. No consistency proof between different sizes of 1 or more
/// is empty.
fn split_hashes(text: &str) -> Option<(&str, &str)> {
    let (hashes, rest) = text.split_at_checked(text.find("\n\n")? + 1)?;
    Some((hashes, rest.strip_prefix('\n')?))
}

/// The two checkpoints, by the length of the first.
fn split_checkpoints(text: &str) -> Option<(&str, &str)> {
    let (length, rest) = text.split_once('\n')?;
    let length = decimal::parse(length, CHECKPOINT_BYTES_MAX as u64)?;
    rest.split_at_checked(usize::try_from(length).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::note::VerifierKey;
    use crate::signature::SecretKey;
    use crate::tree::{Frontier, leaf_hash};
    use proptest::prelude::*;

    const ORIGIN: &str = "ur.example/polls/bridge";

    fn secret(seed: u8) -> SecretKey {
        SecretKey::from_seed([seed; 32])
    }

    fn policy() -> Policy {
        let key = VerifierKey::new(ORIGIN, secret(1).public_key());
        Policy::of_logs([key.unwrap()])
    }

    /// The leaves of a history that differs from history 0 from leaf `since` on.
    fn leaves(history: u8, since: u64, size: u64) -> Vec<Hash> {
        let leaf = |index: u64| match index < since {
            true => leaf_hash(&index.to_be_bytes()),
            false => leaf_hash(&[&[history], &index.to_be_bytes()[..]].concat()),
        };
        (0..size).map(leaf).collect()
    }

    fn root(leaves: &[Hash]) -> Hash {
        let mut tree = Frontier::default();
        leaves.iter().for_each(|&leaf| tree.append(leaf));
        tree.root()
    }

    fn signed_as(origin: &str, leaves: &[Hash], seed: u8) -> SignedCheckpoint {
        let checkpoint = Checkpoint {
            origin: origin.parse().unwrap(),
            size: leaves.len() as u64,
            root: root(leaves),
        };
        checkpoint.sign(&secret(seed)).unwrap()
    }

    fn signed(leaves: &[Hash]) -> SignedCheckpoint {
        signed_as(ORIGIN, leaves, 1)
    }

    /// The fork, or none, of `old` leaves of one history and `new` of another.
    fn fork(old: &[Hash], new: &[Hash]) -> Result<ForkProof, ForkError> {
        if old.len() == new.len() {
            return ForkProof::of_equal_sizes(signed(old), signed(new));
        }
        let consistency = ConsistencyProof::of_leaves(old.len() as u64, new).unwrap();
        let other = root(&new[..old.len()]);
        ForkProof::of_growth(signed(old), signed(new), other, consistency)
    }

    fn proof(since: u64, old: u64, new: u64) -> ForkProof {
        fork(&leaves(0, since, old), &leaves(1, since, new)).unwrap()
    }

    #[test]
    fn a_fork_is_read_as_it_is_written_and_convicts_the_log() {
        for (since, old, new) in [
            (0, 1, 1),
            (2, 3, 3),
            (0, 1, 2),
            (2, 3, 7),
            (4, 8, 8),
            (3, 4, 300),
        ] {
            let proof = proof(since, old, new);
            let text = proof.to_string();
            assert_eq!(text.parse(), Ok(proof.clone()), "{text}");
            let verified = proof.verify(&policy()).unwrap();
            assert_eq!(verified.first().checkpoint().size, old);
            assert_eq!(verified.second().checkpoint().size, new);
            assert_eq!(verified.other_root(), root(&leaves(1, since, old)));
        }
    }

    #[test]
    fn one_history_makes_no_fork() {
        let history = leaves(0, 0, 9);
        for old in 1..=9 {
            let same = fork(&history[..old], &history);
            let (size, root) = (old as u64, root(&history[..old]));
            assert_eq!(same, Err(ForkError::SameHistory { size, root }));
        }
        // A root that the larger tree never had needs a proof that nobody can make.
        let old = &history[..5];
        let consistency = ConsistencyProof::of_leaves(5, &history).unwrap();
        let invented =
            ForkProof::of_growth(signed(old), signed(&history), Hash::of(b"x"), consistency);
        assert!(matches!(
            invented,
            Err(ForkError::Proof(ProofError::Root { .. }))
        ));
    }

    #[test]
    fn a_fork_of_two_logs_or_of_nothing_is_none() {
        let (old, new) = (leaves(0, 0, 3), leaves(1, 0, 3));
        let other = signed_as("ur.example/polls/other", &new, 1);
        let two = ForkProof::of_equal_sizes(signed(&old), other);
        assert!(matches!(two, Err(ForkError::Origins { .. })));
        let nothing = Checkpoint {
            root: Hash::of(b"not the root of nothing"),
            ..signed(&[]).claimed().clone()
        };
        let nothing = nothing.sign(&secret(1)).unwrap();
        let of_nothing = ForkProof::of_equal_sizes(nothing, signed(&[]));
        assert_eq!(
            of_nothing,
            Err(ForkError::Sizes {
                first: 0,
                second: 0
            })
        );
        let shrunk = ForkProof::of_growth(
            signed(&leaves(0, 0, 4)),
            signed(&new),
            Hash::of(b"x"),
            ConsistencyProof::default(),
        );
        assert_eq!(
            shrunk,
            Err(ForkError::Sizes {
                first: 4,
                second: 3
            })
        );
        let bare = ForkProof::of_equal_sizes(signed(&old), signed(&leaves(1, 0, 4)));
        assert_eq!(
            bare,
            Err(ForkError::Sizes {
                first: 3,
                second: 4
            })
        );
    }

    #[test]
    fn who_has_not_the_logs_key_forges_no_fork() {
        let (old, new) = (leaves(0, 0, 3), leaves(1, 0, 3));
        for (first, second, which) in [(2, 1, "first"), (1, 2, "second")] {
            let [first, second] = [(&old, first), (&new, second)]
                .map(|(leaves, seed)| signed_as(ORIGIN, leaves, seed));
            let forged = ForkProof::of_equal_sizes(first, second).unwrap();
            match forged.verify(&policy()) {
                Err(ForkError::NotTheLogs {
                    which: found,
                    error: CheckpointError::NotSigned { .. },
                }) => {
                    assert_eq!(found, which);
                }
                other => panic!("{other:?}"),
            }
        }
        let of_no_log = proof(0, 3, 3).verify(&Policy::of_logs([]));
        assert!(matches!(of_no_log, Err(ForkError::NotTheLogs { .. })));
    }

    #[test]
    fn a_text_in_another_form_is_refused() {
        let (good, equal) = (proof(2, 3, 7).to_string(), proof(2, 3, 3).to_string());
        let first = signed(&leaves(0, 2, 3)).to_string();
        let length = first.len().to_string();
        let [root, hash] = [1, 2].map(|line| good.lines().nth(line).unwrap());
        let other = &good[FIRST_LINE.len() + 1..good.find("\n\n").unwrap() + 1];
        let sizes = |first, second| ForkError::Sizes { first, second };
        for (text, error) in [
            (good.replace("@v1", "@v2"), ForkError::FirstLine),
            (good.replace('\n', "\r\n"), ForkError::FirstLine),
            (format!("\n{good}"), ForkError::FirstLine),
            (good.replace(root, "root "), ForkError::Root),
            (good.replace(root, &root[..48]), ForkError::Root),
            (good.replace(&format!("{root}\n"), ""), ForkError::Root),
            (
                good.replace(hash, &hash[1..]),
                ForkError::Proof(ProofError::Line { line: 1 }),
            ),
            (
                good.replace(&format!("\n{length}\n"), &format!("\n0{length}\n")),
                ForkError::Length,
            ),
            (
                good.replace(&format!("\n{length}\n"), "\n131073\n"),
                ForkError::Length,
            ),
            (
                good.replace(&format!("\n{length}\n"), "\n99999\n"),
                ForkError::Length,
            ),
            (
                good.replace(&format!("\n{length}\n"), "\n+9\n"),
                ForkError::Length,
            ),
            (good.replace(other, ""), sizes(3, 7)),
            (
                equal.replace(FIRST_LINE, &format!("{FIRST_LINE}\n{}", other.trim_end())),
                sizes(3, 3),
            ),
            (good.replace("\n\n", "\n"), ForkError::NoCheckpoints),
            (
                format!("{good}{}", "x".repeat(FORK_BYTES_MAX)),
                ForkError::TooLong {
                    found: good.len() + FORK_BYTES_MAX,
                },
            ),
        ] {
            assert_eq!(text.parse::<ForkProof>(), Err(error), "{text:.300}");
        }
        let shifted = (first.len() - 1).to_string();
        for bad in [
            good.clone() + "\n",
            good.replace(&format!("\n{length}\n"), &format!("\n{shifted}\n")),
        ] {
            assert!(matches!(
                bad.parse::<ForkProof>(),
                Err(ForkError::Checkpoint(_))
            ));
        }
        // The dash of a signature line has three bytes; a length may end within it.
        let within = first.find('\u{2014}').unwrap() + 1;
        let cut = good.replace(&format!("\n{length}\n"), &format!("\n{within}\n"));
        assert_eq!(cut.parse::<ForkProof>(), Err(ForkError::Length));
    }

    #[test]
    fn the_longest_fork_is_within_the_limit() {
        let lines =
            FIRST_LINE.len() + 1 + "root ".len() + 45 + crate::limits::PROOF_HASHES_MAX * 45 + 1;
        assert!(
            lines + CHECKPOINT_BYTES_MAX.to_string().len() + 1 + 2 * CHECKPOINT_BYTES_MAX
                <= FORK_BYTES_MAX
        );
    }

    proptest! {
        #[test]
        fn whatever_two_histories_are_signed_the_fork_convicts(since in 0..40u64, more in 1..40u64, growth in 0..40u64) {
            let (old, new) = (since + more, since + more + growth);
            let proof = proof(since, old, new);
            prop_assert_eq!(proof.to_string().parse(), Ok(proof.clone()));
            prop_assert!(proof.verify(&policy()).is_ok());
        }

        #[test]
        fn no_fork_between_consistent_checkpoints_verifies(old in 1..60u64, growth in 0..60u64, root: [u8; 32], hashes: Vec<[u8; 32]>) {
            let history = leaves(0, 0, old + growth);
            let (first, second) = (signed(&history[..old as usize]), signed(&history));
            let hashes: Vec<_> = hashes.into_iter().take(60).map(Hash::from_bytes).collect();
            let honest = ConsistencyProof::of_leaves(old, &history).unwrap();
            for consistency in [honest, ConsistencyProof::from_hashes(hashes).unwrap()] {
                for root in [first.claimed().root, second.claimed().root, Hash::from_bytes(root)] {
                    let other = Some(Other { root, consistency: consistency.clone() });
                    for other in [None, other] {
                        let made = ForkProof::new(first.clone(), second.clone(), other);
                        prop_assert!(made.and_then(|proof| proof.verify(&policy())).is_err());
                    }
                }
            }
        }

        #[test]
        fn no_changed_character_of_a_fork_proves_anything(at: usize, to in "[ -~\n]") {
            let text = proof(5, 6, 9).to_string();
            let starts: Vec<_> = text.char_indices().map(|(start, _)| start).collect();
            let start = starts[at % starts.len()];
            let end = start + text[start..].chars().next().unwrap().len_utf8();
            let changed = format!("{}{to}{}", &text[..start], &text[end..]);
            prop_assume!(changed != text);
            let verdict = changed.parse::<ForkProof>().and_then(|proof| proof.verify(&policy()));
            prop_assert!(verdict.is_err());
        }

        #[test]
        fn no_text_makes_the_reader_panic(text: String, lines in "sijill-fork@v1\n(root [A-Z]{43}=\n)?([A-Z=]{44}\n){0,2}\n?[0-9]{1,2}\n(a/b\n1\n[A-Z]{43}=\n\n— a [A-Z]{8}\n){0,2}") {
            prop_assert!(text.parse::<ForkProof>().is_err());
            if let Ok(proof) = lines.parse::<ForkProof>() {
                prop_assert_eq!(proof.to_string(), lines);
            }
        }
    }
}
