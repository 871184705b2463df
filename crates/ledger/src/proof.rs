//! Inclusion and consistency proofs of RFC 6962 (sections 2.1.1 and 2.1.2): made from any supply of subtree roots,
//! checked as RFC 9162 says it (sections 2.1.3.2 and 2.1.4.2).
//!
//! A proof is a list of hashes and nothing else; size, index and roots come from whoever asks. How long it is follows
//! from size and index, so that no hash of a good proof can be left out, added or moved. Where the roots come from is
//! for `tile_reader`; which root to believe, for `checkpoint`.

use crate::limits::{PROOF_HASHES_MAX, TREE_SIZE_MAX};
use crate::tree::{Frontier, Hash, node_hash, root_of};
use std::{fmt, str::FromStr};

/// Why a proof cannot be made, read or believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// The leaf is not in the tree.
    #[error("the tree has {size} leaves, found index {index}")]
    OutsideTree {
        /// The leaf's index.
        index: u64,
        /// The tree's size.
        size: u64,
    },
    /// A tree does not shrink.
    #[error("expected an older tree of at most {new} leaves, found one of {old}")]
    Shrunk {
        /// Size of the older tree.
        old: u64,
        /// Size of the newer tree.
        new: u64,
    },
    /// Larger than a tree may be.
    #[error("expected a tree of at most {TREE_SIZE_MAX} leaves, found {size}")]
    TooLarge {
        /// Its size.
        size: u64,
    },
    /// Too long or too short.
    #[error("expected a proof of {expected} hashes, found {found}")]
    Length {
        /// As many as follow from index and sizes.
        expected: usize,
        /// As many as there are.
        found: usize,
    },
    /// Longer than any proof.
    #[error("expected a proof of at most {PROOF_HASHES_MAX} hashes, found more")]
    TooLong,
    /// Not a hash in base64.
    #[error("line {line} of the proof is no hash: expected 44 characters of base64 and a newline")]
    Line {
        /// Which line, from 1.
        line: usize,
    },
    /// The proof leads elsewhere.
    #[error("expected the root {expected} for {size} leaves, the proof leads to {found}")]
    Root {
        /// Of the tree of this size.
        size: u64,
        /// The root that was to be proven.
        expected: Hash,
        /// The root that the proof leads to.
        found: Hash,
    },
}

/// That a leaf is at an index of a tree: the sibling of the leaf first, the root's child last.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InclusionProof(Vec<Hash>);

impl InclusionProof {
    /// A proof of these hashes.
    pub fn from_hashes(hashes: Vec<Hash>) -> Result<Self, ProofError> {
        bounded(hashes).map(Self)
    }

    /// The proof that leaf `index` is in the tree of `size`; `subtree` gives the root of a complete subtree by its
    /// height and its place among those of this height.
    pub fn make<E: From<ProofError>>(
        index: u64,
        size: u64,
        subtree: impl FnMut(u32, u64) -> Result<Hash, E>,
    ) -> Result<Self, E> {
        roots_of_spans(&inclusion_spans(index, size)?, subtree).map(Self)
    }

    /// The proof that leaf `index` is in the tree of these leaf hashes.
    pub fn of_leaves(index: u64, leaves: &[Hash]) -> Result<Self, ProofError> {
        Self::make(index, leaves.len() as u64, |height, place| {
            subtree_of_leaves(leaves, height, place)
        })
    }

    /// Whether `leaf` is at `index` in the tree of `size` that has this `root`.
    pub fn verify(&self, leaf: Hash, index: u64, size: u64, root: Hash) -> Result<(), ProofError> {
        same_length(&inclusion_spans(index, size)?, &self.0)?;
        let mut path = Path::new(index, size - 1);
        let mut found = leaf;
        for &hash in &self.0 {
            found = match path.climb() {
                Side::Left => node_hash(hash, found),
                Side::Right => node_hash(found, hash),
            };
        }
        same_root(size, root, found)
    }

    /// Its hashes, from the leaf's sibling up.
    pub fn hashes(&self) -> &[Hash] {
        &self.0
    }
}

/// That an older tree is the beginning of a newer one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConsistencyProof(Vec<Hash>);

impl ConsistencyProof {
    /// A proof of these hashes.
    pub fn from_hashes(hashes: Vec<Hash>) -> Result<Self, ProofError> {
        bounded(hashes).map(Self)
    }

    /// The proof that the tree of size `old` is the beginning of that of size `new`; `subtree` as for
    /// [`InclusionProof::make`]. It is empty where `old` is 0 or `new`.
    pub fn make<E: From<ProofError>>(
        old: u64,
        new: u64,
        subtree: impl FnMut(u32, u64) -> Result<Hash, E>,
    ) -> Result<Self, E> {
        roots_of_spans(&consistency_spans(old, new)?, subtree).map(Self)
    }

    /// The proof that the first `old` of these leaf hashes were the tree once.
    pub fn of_leaves(old: u64, leaves: &[Hash]) -> Result<Self, ProofError> {
        Self::make(old, leaves.len() as u64, |height, place| {
            subtree_of_leaves(leaves, height, place)
        })
    }

    /// Whether the tree of size `old` and root `old_root` is the beginning of that of size `new` and root `new_root`.
    pub fn verify(
        &self,
        (old, old_root): (u64, Hash),
        (new, new_root): (u64, Hash),
    ) -> Result<(), ProofError> {
        same_length(&consistency_spans(old, new)?, &self.0)?;
        if old == 0 {
            return same_root(0, Frontier::default().root(), old_root);
        }
        if old == new {
            return same_root(new, new_root, old_root);
        }
        let (found_old, found_new) = self.lead(old, new, old_root);
        same_root(old, old_root, found_old)?;
        same_root(new, new_root, found_new)
    }

    /// The two roots that the proof leads to, where `0 < old < new` and its length is right.
    fn lead(&self, old: u64, new: u64, old_root: Hash) -> (Hash, Hash) {
        let mut path = Path::new(old - 1, new - 1);
        path.skip_right_children();
        let mut hashes = self.0.iter().copied();
        // A complete older tree is itself the node to begin at.
        let first = match old.is_power_of_two() {
            true => old_root,
            false => hashes.next().unwrap_or(old_root),
        };
        let (mut found_old, mut found_new) = (first, first);
        for hash in hashes {
            match path.climb() {
                Side::Left => {
                    found_old = node_hash(hash, found_old);
                    found_new = node_hash(hash, found_new);
                }
                Side::Right => found_new = node_hash(found_new, hash),
            }
        }
        (found_old, found_new)
    }

    /// Its hashes, in the order of RFC 6962.
    pub fn hashes(&self) -> &[Hash] {
        &self.0
    }
}

/// On which side of the node that was reached the proof's next hash stands.
enum Side {
    Left,
    Right,
}

/// The way from a node up to the root, by its place in its row and that of the row's last node.
struct Path {
    place: u64,
    last: u64,
}

impl Path {
    fn new(place: u64, last: u64) -> Self {
        Self { place, last }
    }

    /// Goes up to the first node that is a left child.
    fn skip_right_children(&mut self) {
        while self.place & 1 == 1 {
            self.up();
        }
    }

    /// Goes to the parent that the next hash makes, and says where that hash stands. A last node without a right
    /// sibling is its own parent, so that the way skips rows there.
    fn climb(&mut self) -> Side {
        if self.place & 1 == 0 && self.place != self.last {
            self.up();
            return Side::Right;
        }
        while self.place & 1 == 0 && self.place != 0 {
            self.up();
        }
        self.up();
        Side::Left
    }

    fn up(&mut self) {
        self.place >>= 1;
        self.last >>= 1;
    }
}

/// Leaves from the first to before the second, under one node.
type Span = (u64, u64);

/// The spans whose roots are the inclusion proof: `PATH(index, D[size])` of RFC 6962, from the leaf up.
fn inclusion_spans(index: u64, size: u64) -> Result<Vec<Span>, ProofError> {
    within_limit(size)?;
    if index >= size {
        return Err(ProofError::OutsideTree { index, size });
    }
    let (mut from, mut to) = (0, size);
    let mut spans = Vec::new();
    while to - from > 1 {
        let middle = from + left_size(to - from);
        if index < middle {
            spans.push((middle, to));
            to = middle;
        } else {
            spans.push((from, middle));
            from = middle;
        }
    }
    spans.reverse();
    Ok(spans)
}

/// The spans whose roots are the consistency proof: `PROOF(old, D[new])` of RFC 6962, in its order.
fn consistency_spans(old: u64, new: u64) -> Result<Vec<Span>, ProofError> {
    within_limit(new)?;
    if old > new {
        return Err(ProofError::Shrunk { old, new });
    }
    if old == 0 {
        return Ok(Vec::new());
    }
    let (mut from, mut to) = (0, new);
    let mut spans = Vec::new();
    while to != old {
        let middle = from + left_size(to - from);
        if old <= middle {
            spans.push((middle, to));
            to = middle;
        } else {
            spans.push((from, middle));
            from = middle;
        }
    }
    if from > 0 {
        spans.push((from, to));
    }
    spans.reverse();
    Ok(spans)
}

/// How many of `leaves` (two or more) are under the left child: the largest power of two below.
fn left_size(leaves: u64) -> u64 {
    1 << (leaves - 1).ilog2()
}

/// The roots of these spans.
fn roots_of_spans<E>(
    spans: &[Span],
    mut subtree: impl FnMut(u32, u64) -> Result<Hash, E>,
) -> Result<Vec<Hash>, E> {
    let mut roots = Vec::with_capacity(spans.len());
    for &span in spans {
        roots.extend(root_of_span(span, &mut subtree)?);
    }
    Ok(roots)
}

/// The root of a span, from its complete subtrees; none if it is empty.
pub(crate) fn root_of_span<E>(
    (from, to): Span,
    mut subtree: impl FnMut(u32, u64) -> Result<Hash, E>,
) -> Result<Option<Hash>, E> {
    let (mut at, mut roots) = (from, Vec::new());
    while at < to {
        let height = (to - at).ilog2();
        roots.push(subtree(height, at >> height)?);
        at += 1 << height;
    }
    Ok(root_of(&roots))
}

/// The root of the subtree of this height at this place, from the leaf hashes of the whole tree.
fn subtree_of_leaves(leaves: &[Hash], height: u32, place: u64) -> Result<Hash, ProofError> {
    let outside = || ProofError::OutsideTree {
        index: place << height,
        size: leaves.len() as u64,
    };
    let from = usize::try_from(place << height).map_err(|_| outside())?;
    let leaves = leaves
        .get(from..)
        .and_then(|leaves| leaves.get(..1 << height))
        .ok_or_else(outside)?;
    let mut subtree = Frontier::default();
    leaves.iter().for_each(|&leaf| subtree.append(leaf));
    Ok(subtree.root())
}

fn within_limit(size: u64) -> Result<(), ProofError> {
    match size <= TREE_SIZE_MAX {
        true => Ok(()),
        false => Err(ProofError::TooLarge { size }),
    }
}

fn bounded(hashes: Vec<Hash>) -> Result<Vec<Hash>, ProofError> {
    match hashes.len() <= PROOF_HASHES_MAX {
        true => Ok(hashes),
        false => Err(ProofError::TooLong),
    }
}

fn same_length(spans: &[Span], hashes: &[Hash]) -> Result<(), ProofError> {
    let (expected, found) = (spans.len(), hashes.len());
    match expected == found {
        true => Ok(()),
        false => Err(ProofError::Length { expected, found }),
    }
}

fn same_root(size: u64, expected: Hash, found: Hash) -> Result<(), ProofError> {
    match expected == found {
        true => Ok(()),
        false => Err(ProofError::Root {
            size,
            expected,
            found,
        }),
    }
}

/// One line of base64 for each hash, as tlog-proof and tlog-witness write proofs.
fn write_lines(hashes: &[Hash], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    hashes
        .iter()
        .try_for_each(|hash| writeln!(f, "{}", hash.to_base64()))
}

fn read_lines(text: &str) -> Result<Vec<Hash>, ProofError> {
    let mut hashes = Vec::new();
    for (number, line) in text.split_inclusive('\n').enumerate() {
        if number == PROOF_HASHES_MAX {
            return Err(ProofError::TooLong);
        }
        let hash = line.strip_suffix('\n').and_then(Hash::from_base64);
        hashes.push(hash.ok_or(ProofError::Line { line: number + 1 })?);
    }
    Ok(hashes)
}

impl fmt::Display for InclusionProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_lines(&self.0, f)
    }
}

impl FromStr for InclusionProof {
    type Err = ProofError;

    fn from_str(text: &str) -> Result<Self, ProofError> {
        read_lines(text).map(Self)
    }
}

impl fmt::Display for ConsistencyProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_lines(&self.0, f)
    }
}

impl FromStr for ConsistencyProof {
    type Err = ProofError;

    fn from_str(text: &str) -> Result<Self, ProofError> {
        read_lines(text).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::{PUBLISHED_LEAVES, leaf_hash};
    use proptest::prelude::*;

    fn leaves(size: u64) -> Vec<Hash> {
        (0..size)
            .map(|leaf| leaf_hash(&leaf.to_be_bytes()))
            .collect()
    }

    fn root(leaves: &[Hash]) -> Hash {
        let mut tree = Frontier::default();
        leaves.iter().for_each(|&leaf| tree.append(leaf));
        tree.root()
    }

    fn published(size: usize) -> Vec<Hash> {
        PUBLISHED_LEAVES[..size]
            .iter()
            .map(|leaf| leaf_hash(leaf))
            .collect()
    }

    fn hashes(text: &[&str]) -> Vec<Hash> {
        text.iter().map(|hash| hash.parse().unwrap()).collect()
    }

    #[test]
    fn the_published_inclusion_proofs_are_made_and_verify() {
        // The certificate-transparency project's reference vectors: leaf (from 1), size, path.
        let cases: [(u64, usize, &[&str]); 4] = [
            (1, 1, &[]),
            (
                1,
                8,
                &[
                    "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                    "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                    "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
                ],
            ),
            (
                6,
                8,
                &[
                    "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
                    "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
                ],
            ),
            (
                3,
                3,
                &["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
            ),
        ];
        for (leaf, size, path) in cases {
            let tree = published(size);
            let proof = InclusionProof::of_leaves(leaf - 1, &tree).unwrap();
            assert_eq!(proof.hashes(), hashes(path));
            let verdict = proof.verify(tree[leaf as usize - 1], leaf - 1, size as u64, root(&tree));
            assert_eq!(verdict, Ok(()));
        }
    }

    #[test]
    fn the_published_consistency_proofs_are_made_and_verify() {
        let cases: [(u64, usize, &[&str]); 4] = [
            (1, 1, &[]),
            (
                1,
                8,
                &[
                    "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                    "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                    "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
                ],
            ),
            (
                6,
                8,
                &[
                    "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
                    "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
                ],
            ),
            (
                2,
                5,
                &[
                    "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                    "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
                ],
            ),
        ];
        for (old, new, path) in cases {
            let tree = published(new);
            let proof = ConsistencyProof::of_leaves(old, &tree).unwrap();
            assert_eq!(proof.hashes(), hashes(path));
            let old_root = root(&tree[..old as usize]);
            let verdict = proof.verify((old, old_root), (new as u64, root(&tree)));
            assert_eq!(verdict, Ok(()));
        }
    }

    /// Every small tree, every leaf and every older size: no sampling.
    #[test]
    fn every_proof_of_every_small_tree_verifies_for_its_place_alone() {
        for size in 1..=33u64 {
            let tree = leaves(size);
            let root = root(&tree);
            for index in 0..size {
                let proof = InclusionProof::of_leaves(index, &tree).unwrap();
                for other in 0..size {
                    let verdict = proof.verify(tree[index as usize], other, size, root);
                    assert_eq!(
                        verdict.is_ok(),
                        other == index,
                        "{index} at {other} of {size}"
                    );
                }
            }
        }
    }

    #[test]
    fn every_consistency_proof_of_every_small_tree_verifies_for_its_sizes_alone() {
        let tree = leaves(33);
        let head = |size: u64| (size, root(&tree[..size as usize]));
        for new in 0..=33u64 {
            for old in 0..=new {
                let proof = ConsistencyProof::of_leaves(old, &tree[..new as usize]).unwrap();
                assert_eq!(proof.verify(head(old), head(new)), Ok(()), "{old} of {new}");
                for other in 1..=new {
                    let verdict = proof.verify((other, head(old).1), head(new));
                    let right = other == old;
                    assert_eq!(verdict.is_ok(), right, "{old} as {other} of {new}");
                }
            }
        }
    }

    #[test]
    fn a_tree_does_not_shrink_and_has_no_leaf_beyond_its_size() {
        let (tree, none) = (leaves(3), InclusionProof::default());
        assert_eq!(
            InclusionProof::of_leaves(3, &tree),
            Err(ProofError::OutsideTree { index: 3, size: 3 })
        );
        assert_eq!(
            none.verify(tree[0], 0, 0, root(&[])),
            Err(ProofError::OutsideTree { index: 0, size: 0 })
        );
        assert_eq!(
            ConsistencyProof::of_leaves(4, &tree),
            Err(ProofError::Shrunk { old: 4, new: 3 })
        );
        assert_eq!(
            none.verify(tree[0], 0, u64::MAX, root(&tree)),
            Err(ProofError::TooLarge { size: u64::MAX })
        );
    }

    #[test]
    fn the_longest_proofs_are_within_the_limit() {
        let sizes = [TREE_SIZE_MAX, TREE_SIZE_MAX - 1, 1 << 62, (1 << 62) + 1];
        for size in sizes {
            assert!(inclusion_spans(size / 3, size).unwrap().len() <= PROOF_HASHES_MAX);
            assert!(consistency_spans(size / 2 - 1, size).unwrap().len() <= PROOF_HASHES_MAX);
            assert!(consistency_spans(3, size).unwrap().len() <= PROOF_HASHES_MAX);
        }
        let many = vec![Hash::of(b""); PROOF_HASHES_MAX + 1];
        assert_eq!(
            InclusionProof::from_hashes(many.clone()),
            Err(ProofError::TooLong)
        );
        let text = ConsistencyProof(many).to_string();
        assert_eq!(text.parse::<ConsistencyProof>(), Err(ProofError::TooLong));
    }

    /// A change to a proof's hashes: one bit, one hash more or less, two exchanged.
    fn changed(hashes: &[Hash], kind: u8, at: usize, bit: usize) -> Vec<Hash> {
        let mut hashes = hashes.to_vec();
        let at = at % hashes.len().max(1);
        match kind % 5 {
            0 if !hashes.is_empty() => {
                let mut bytes = *hashes[at].as_bytes();
                bytes[bit % 32] ^= 1 << (bit / 32 % 8);
                hashes[at] = Hash::from_bytes(bytes);
            }
            1 if !hashes.is_empty() => drop(hashes.remove(at)),
            2 if hashes.len() > 1 => {
                let other = (at + 1) % hashes.len();
                hashes.swap(at, other);
            }
            3 => hashes.push(Hash::of(b"more")),
            _ => hashes.insert(0, hashes.first().copied().unwrap_or(Hash::of(b"more"))),
        }
        hashes
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        fn a_proof_of_any_leaf_verifies_and_no_single_change_does(
            size in 1..600u64, index: u64, kind: u8, at: usize, bit: usize,
        ) {
            let (tree, index) = (leaves(size), index % size);
            let (leaf, root) = (tree[index as usize], root(&tree));
            let proof = InclusionProof::of_leaves(index, &tree).unwrap();
            prop_assert_eq!(proof.verify(leaf, index, size, root), Ok(()));
            let other = InclusionProof(changed(proof.hashes(), kind, at, bit));
            prop_assert!(other.verify(leaf, index, size, root).is_err());
            prop_assert!(proof.verify(Hash::of(b"other"), index, size, root).is_err());
            prop_assert!(proof.verify(leaf, index, size, Hash::of(b"other")).is_err());
            prop_assert!(proof.verify(leaf, (index + 1) % (size + 1), size, root).is_err());
        }

        #[test]
        fn a_proof_of_any_growth_verifies_and_no_single_change_does(
            new in 1..600u64, old: u64, kind: u8, at: usize, bit: usize,
        ) {
            let (tree, old) = (leaves(new), old % (new + 1));
            let (from, to) = ((old, root(&tree[..old as usize])), (new, root(&tree)));
            let proof = ConsistencyProof::of_leaves(old, &tree).unwrap();
            prop_assert_eq!(proof.verify(from, to), Ok(()));
            let other = ConsistencyProof(changed(proof.hashes(), kind, at, bit));
            prop_assert!(other.verify(from, to).is_err());
            prop_assert!(proof.verify((old, Hash::of(b"other")), to).is_err());
            if old > 0 {
                prop_assert!(proof.verify(from, (new, Hash::of(b"other"))).is_err());
            }
        }

        #[test]
        fn a_proof_is_read_as_it_is_written(bytes: Vec<[u8; 32]>) {
            let hashes: Vec<_> = bytes.into_iter().take(PROOF_HASHES_MAX).map(Hash::from_bytes).collect();
            let proof = InclusionProof::from_hashes(hashes).unwrap();
            prop_assert_eq!(proof.to_string().parse(), Ok(proof));
        }

        #[test]
        fn no_text_makes_the_reader_panic(text: String) {
            if let Ok(proof) = text.parse::<ConsistencyProof>() {
                prop_assert_eq!(proof.to_string(), text);
            }
        }
    }
}
