//! RFC 6962 tree hashes with SHA-256: of an entry's leaf, of a roster's leaves, and of any list that is appended to.
//!
//! It owns the hashes and the fold. Which hashes are kept is for `tile`, what follows from them for `proof`.

use data_encoding::{BASE64, HEXLOWER};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::{fmt, str::FromStr};

/// A SHA-256 hash: of a leaf, of a node, or of a text that an entry commits to. Written in lower-case hexadecimal.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Hash([u8; 32]);

impl Hash {
    /// A hash from its 32 bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The plain SHA-256 of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// Its 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The hash in base64 with padding, as checkpoints and proofs write it.
    pub fn to_base64(self) -> String {
        BASE64.encode(&self.0)
    }

    /// The hash that is written so in base64: with padding, and no bit set that says nothing.
    pub(crate) fn from_base64(text: &str) -> Option<Self> {
        let bytes = BASE64.decode(text.as_bytes()).ok()?;
        bytes.try_into().ok().map(Self)
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&HEXLOWER.encode(&self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hash({self})")
    }
}

/// The text is not 64 lower-case hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a hash: expected 64 lower-case hexadecimal digits")]
pub struct NotAHash;

impl FromStr for Hash {
    type Err = NotAHash;

    fn from_str(text: &str) -> Result<Self, NotAHash> {
        let bytes = HEXLOWER.decode(text.as_bytes()).map_err(|_| NotAHash)?;
        bytes.try_into().map(Self).map_err(|_| NotAHash)
    }
}

/// The hash of a leaf: `SHA-256(0x00 ‖ data)` (RFC 6962, section 2.1).
pub fn leaf_hash(data: &[u8]) -> Hash {
    Hash(
        Sha256::new()
            .chain_update([0])
            .chain_update(data)
            .finalize()
            .into(),
    )
}

/// The hash of an inner node: `SHA-256(0x01 ‖ left ‖ right)` (RFC 6962, section 2.1).
pub fn node_hash(left: Hash, right: Hash) -> Hash {
    Hash(
        Sha256::new()
            .chain_update([1])
            .chain_update(left.0)
            .chain_update(right.0)
            .finalize()
            .into(),
    )
}

/// The tree of a list that only grows, kept as the roots of its complete subtrees, largest first: one for each bit
/// set in `size`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    roots: Vec<Hash>,
}

impl Frontier {
    /// The frontier of `size` leaves whose complete subtrees have these roots, largest first; none if a tree of this
    /// size has not as many.
    pub fn from_roots(size: u64, roots: Vec<Hash>) -> Option<Self> {
        let fits = usize::try_from(size.count_ones()) == Ok(roots.len());
        fits.then_some(Self { size, roots })
    }

    /// Number of leaves so far.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The roots of its complete subtrees, largest first.
    pub fn roots(&self) -> &[Hash] {
        &self.roots
    }

    /// Adds a leaf by its hash; amortised constant work.
    pub fn append(&mut self, leaf: Hash) {
        self.append_seeing(leaf, |_, _| ());
    }

    /// Adds a leaf by its hash, and shows every subtree that it completes, lowest first, as height and root: first the
    /// leaf itself, of height 0.
    pub fn append_seeing(&mut self, leaf: Hash, mut completed: impl FnMut(u32, Hash)) {
        let mut root = leaf;
        completed(0, root);
        for height in 1..=self.size.trailing_ones() {
            if let Some(left) = self.roots.pop() {
                root = node_hash(left, root);
                completed(height, root);
            }
        }
        self.roots.push(root);
        self.size += 1;
    }

    /// The Merkle tree hash of the list so far; of the empty list, the SHA-256 of nothing.
    pub fn root(&self) -> Hash {
        root_of(&self.roots).unwrap_or_else(|| Hash::of(b""))
    }
}

/// The root over complete subtrees that stand side by side, largest first.
pub(crate) fn root_of(roots: &[Hash]) -> Option<Hash> {
    let from_the_right = roots.iter().rev().copied();
    from_the_right.reduce(|right, left| node_hash(left, right))
}

impl<'a> FromIterator<&'a [u8]> for Frontier {
    fn from_iter<I: IntoIterator<Item = &'a [u8]>>(leaves: I) -> Self {
        let mut frontier = Self::default();
        for leaf in leaves {
            frontier.append(leaf_hash(leaf));
        }
        frontier
    }
}

/// The leaves of the tree of which the certificate-transparency project publishes roots and proofs.
#[cfg(test)]
pub(crate) const PUBLISHED_LEAVES: [&[u8]; 8] = [
    b"",
    b"\x00",
    b"\x10",
    b"\x20\x21",
    b"\x30\x31",
    b"\x40\x41\x42\x43",
    b"\x50\x51\x52\x53\x54\x55\x56\x57",
    b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
];

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The definition of RFC 6962, section 2.1, word for word.
    fn defined(leaves: &[Vec<u8>]) -> Hash {
        match leaves {
            [] => Hash::of(b""),
            [leaf] => leaf_hash(leaf),
            _ => {
                let k = leaves.len().next_power_of_two() / 2;
                let k = if k == leaves.len() { k / 2 } else { k };
                node_hash(defined(&leaves[..k]), defined(&leaves[k..]))
            }
        }
    }

    #[test]
    fn the_empty_tree_has_the_hash_of_the_rfc() {
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(Frontier::default().root().to_string(), empty);
    }

    /// The roots of the first 1 to 8 leaves, as the certificate-transparency project publishes them.
    const PUBLISHED_ROOTS: [&str; 8] = [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];

    #[test]
    fn a_known_tree_of_eight_leaves_has_its_published_roots() {
        let mut tree = Frontier::default();
        for (leaf, root) in PUBLISHED_LEAVES.iter().zip(PUBLISHED_ROOTS) {
            tree.append(leaf_hash(leaf));
            assert_eq!(tree.root().to_string(), root);
        }
    }

    #[test]
    fn a_frontier_is_made_again_from_its_roots_and_not_from_others() {
        let tree: Frontier = PUBLISHED_LEAVES.into_iter().take(7).collect();
        let roots = tree.roots().to_vec();
        assert_eq!(roots.len(), 3);
        assert_eq!(Frontier::from_roots(8, roots.clone()), None);
        assert_eq!(Frontier::from_roots(tree.size(), roots), Some(tree));
    }

    #[test]
    fn the_fold_shows_each_complete_subtree_once() {
        let (mut tree, mut seen) = (Frontier::default(), Vec::new());
        for leaf in PUBLISHED_LEAVES {
            tree.append_seeing(leaf_hash(leaf), |height, root| seen.push((height, root)));
        }
        let heights: Vec<_> = seen.iter().map(|(height, _)| *height).collect();
        assert_eq!(heights, [0, 0, 1, 0, 0, 1, 2, 0, 0, 1, 0, 0, 1, 2, 3]);
        assert_eq!(seen.last(), Some(&(3, tree.root())));
    }

    proptest! {
        #[test]
        fn the_fold_agrees_with_the_definition(leaves: Vec<Vec<u8>>) {
            let frontier: Frontier = leaves.iter().map(Vec::as_slice).collect();
            prop_assert_eq!(frontier.root(), defined(&leaves));
        }
    }
}
