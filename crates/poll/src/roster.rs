//! The roster: the published leaves, one an invitation, and what is committed to of them.
//!
//! A leaf is public key (32) ‖ stratum (u16, little-endian; 0xFFFF where sealed) ‖ sealed stratum (32, zeros where
//! open) ‖ sealed contact (32). Leaves strictly ascend by public key, so that no two are equal and their order tells
//! nothing. Contacts and tokens are never here. How sealed strata are opened is in `unseal`.

use crate::definition::{Definition, StrataVisibility};
use crate::event::{RosterCommitted, with_context};
use crate::limits::INVITATIONS_MAX;
use sijill_ledger::signature::SignatureError;
use sijill_ledger::tree::{Frontier, leaf_hash};
use sijill_ledger::{Hash, PublicKey};

/// Bytes of a leaf.
pub const LEAF_BYTES: usize = 32 + 2 + 32 + 32;

/// The stratum of a leaf whose stratum is sealed.
pub const SEALED_STRATUM: u16 = 0xFFFF;

/// One invitation as everyone may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaf {
    /// The invitation's public key.
    pub key: PublicKey,
    /// Its stratum.
    pub stratum: LeafStratum,
    /// Commitment to the contact.
    pub sealed_contact: [u8; 32],
}

/// How a leaf names its stratum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeafStratum {
    /// In clear: its place in the definition.
    Open(u16),
    /// By a commitment ([`seal_stratum`]).
    Sealed([u8; 32]),
}

impl Leaf {
    /// The leaf's bytes.
    pub fn to_bytes(&self) -> [u8; LEAF_BYTES] {
        let (place, seal) = match self.stratum {
            LeafStratum::Open(place) => (place, [0; 32]),
            LeafStratum::Sealed(seal) => (SEALED_STRATUM, seal),
        };
        let mut bytes = [0; LEAF_BYTES];
        let (key, rest) = bytes.split_at_mut(32);
        let (stratum, rest) = rest.split_at_mut(2);
        let (sealed, contact) = rest.split_at_mut(32);
        key.copy_from_slice(self.key.as_bytes());
        stratum.copy_from_slice(&place.to_le_bytes());
        sealed.copy_from_slice(&seal);
        contact.copy_from_slice(&self.sealed_contact);
        bytes
    }
}

/// The commitment to a contact that stands in a leaf: a BLAKE3 keyed hash under a key of its own (derived from the
/// roster's contact master and the public key), so that opening one opens no other.
pub fn seal_contact(master: &[u8; 32], key: &PublicKey, e164: &str) -> [u8; 32] {
    let material = [master.as_slice(), key.as_bytes()].concat();
    let own = blake3::derive_key("sijill 2026 contact key v1", &material);
    let sealed = [key.as_bytes().as_slice(), e164.as_bytes()].concat();
    *blake3::keyed_hash(&own, &with_context("sijill 2026 contact v1", &sealed)).as_bytes()
}

/// The commitment to a stratum that stands in a leaf whose stratum is sealed: a BLAKE3 keyed hash under the stratum's
/// key, over context, public key and the stratum's id.
pub fn seal_stratum(stratum_key: &[u8; 32], key: &[u8; 32], id: &str) -> [u8; 32] {
    let sealed = [key.as_slice(), id.as_bytes()].concat();
    let message = with_context("sijill 2026 stratum v1", &sealed);
    *blake3::keyed_hash(stratum_key, &message).as_bytes()
}

/// What is wrong with a leaf.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LeafError {
    /// Its key is no key.
    #[error("leaf {index}: {error}")]
    Key {
        /// The leaf's index.
        index: u32,
        /// What is wrong with the key.
        error: SignatureError,
    },
    /// Its key does not come after that of the leaf before.
    #[error(
        "leaf {index}: its public key does not come after that of the leaf before it, expected strictly ascending keys"
    )]
    Order {
        /// The leaf's index.
        index: u32,
    },
    /// Its stratum is not one of the definition's.
    #[error("leaf {index}: stratum {found}, expected one of the definition's {strata}, from 0")]
    Stratum {
        /// The leaf's index.
        index: u32,
        /// The leaf's stratum.
        found: u16,
        /// How many the definition has.
        strata: usize,
    },
    /// A sealed stratum in a roster of open strata.
    #[error("leaf {index}: a sealed stratum, expected zeros where strata are open")]
    Sealed {
        /// The leaf's index.
        index: u32,
    },
    /// A stratum in clear in a roster of sealed strata.
    #[error("leaf {index}: stratum {found}, expected 65535 where strata are sealed")]
    Clear {
        /// The leaf's index.
        index: u32,
        /// The leaf's stratum.
        found: u16,
    },
    /// More leaves than an index can name.
    #[error("more than {INVITATIONS_MAX} leaves")]
    TooMany,
}

/// The leaves in memory: keys and strata, 34 bytes an invitation, and 32 more where strata are sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roster {
    keys: Vec<[u8; 32]>,
    strata: Vec<u16>,
    /// Sealed strata; empty where strata are open.
    seals: Vec<[u8; 32]>,
    by_stratum: Vec<u32>,
    root: Hash,
}

impl Roster {
    /// The roster of a poll that has none yet.
    pub fn none() -> Self {
        Self {
            keys: Vec::new(),
            strata: Vec::new(),
            seals: Vec::new(),
            by_stratum: Vec::new(),
            root: Frontier::default().root(),
        }
    }

    /// Number of invitations.
    pub fn len(&self) -> u32 {
        self.keys.len() as u32
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The key of this leaf, if there is one and it is a key.
    pub fn key(&self, index: u32) -> Option<PublicKey> {
        let bytes = self.keys.get(index as usize)?;
        PublicKey::try_from(*bytes).ok()
    }

    /// The 32 bytes that stand as key in this leaf, if there is one, whether or not they are a key.
    pub fn key_bytes(&self, index: u32) -> Option<&[u8; 32]> {
        self.keys.get(index as usize)
    }

    /// Public key and sealed stratum of every leaf, in order; none where strata are open.
    pub fn seals(&self) -> impl Iterator<Item = (&[u8; 32], &[u8; 32])> {
        self.keys.iter().zip(&self.seals)
    }

    /// Place of this leaf's stratum in the definition; [`SEALED_STRATUM`] where strata are sealed.
    pub fn stratum(&self, index: u32) -> Option<u16> {
        self.strata.get(index as usize).copied()
    }

    /// The index of the leaf with this key.
    pub fn find(&self, key: &PublicKey) -> Option<u32> {
        let place = self.keys.binary_search(key.as_bytes()).ok()?;
        u32::try_from(place).ok()
    }

    /// Number of invitations in each open stratum, in the definition's order.
    pub fn by_stratum(&self) -> &[u32] {
        &self.by_stratum
    }

    /// RFC 6962 root of the leaves.
    pub fn root(&self) -> Hash {
        self.root
    }

    /// The roster as whoever has read its leaves keeps it, so as not to read and hash them again.
    pub fn to_kept(&self) -> Vec<u8> {
        let mut bytes = self.root.as_bytes().to_vec();
        bytes.extend(self.len().to_le_bytes());
        // A definition has at most 1,000 strata.
        bytes.extend((self.by_stratum.len() as u32).to_le_bytes());
        bytes.extend(self.by_stratum.iter().flat_map(|count| count.to_le_bytes()));
        bytes.extend(self.keys.as_flattened());
        bytes.extend(self.strata.iter().flat_map(|place| place.to_le_bytes()));
        bytes.extend(self.seals.as_flattened());
        bytes
    }

    /// The roster that was kept so; none if the bytes are no such. Whether its root is theirs is not computed anew.
    pub fn from_kept(bytes: &[u8]) -> Option<Self> {
        let (root, rest) = bytes.split_first_chunk::<32>()?;
        let (count, rest) = rest.split_first_chunk::<4>()?;
        let (strata, rest) = rest.split_first_chunk::<4>()?;
        let number = |bytes: &[u8; 4]| u32::from_le_bytes(*bytes) as usize;
        let (count, strata) = (number(count), number(strata));
        let (by_stratum, rest) = rest.split_at_checked(strata.checked_mul(4)?)?;
        let (keys, rest) = rest.split_at_checked(count.checked_mul(32)?)?;
        let (places, seals) = rest.split_at_checked(count.checked_mul(2)?)?;
        let (seals, left) = seals.as_chunks::<32>();
        let fits = left.is_empty() && (seals.is_empty() || seals.len() == count);
        fits.then(|| Self {
            root: Hash::from_bytes(*root),
            by_stratum: by_stratum
                .as_chunks()
                .0
                .iter()
                .map(|bytes| u32::from_le_bytes(*bytes))
                .collect(),
            keys: keys.as_chunks().0.to_vec(),
            strata: places
                .as_chunks()
                .0
                .iter()
                .map(|bytes| u16::from_le_bytes(*bytes))
                .collect(),
            seals: seals.to_vec(),
        })
    }

    /// What an operator signs of this roster, strata open.
    pub fn commitment(&self) -> RosterCommitted {
        RosterCommitted {
            root: self.root,
            count: self.len(),
            by_stratum: self.by_stratum.clone(),
            stratum_keys: Vec::new(),
        }
    }
}

/// Reads leaves one after another, and judges each. A bad leaf is kept at its place, so that indices stay right.
#[derive(Debug, Clone)]
pub struct RosterReader {
    keys: Vec<[u8; 32]>,
    strata: Vec<u16>,
    seals: Vec<[u8; 32]>,
    by_stratum: Vec<u32>,
    visibility: StrataVisibility,
    tree: Frontier,
}

impl RosterReader {
    /// A reader for the roster of a poll with this definition.
    pub fn of(definition: &Definition) -> Self {
        Self::new(definition.strata.len(), definition.rules.strata)
    }

    /// A reader for a definition with this many strata.
    pub fn new(strata: usize, visibility: StrataVisibility) -> Self {
        Self {
            keys: Vec::new(),
            strata: Vec::new(),
            seals: Vec::new(),
            by_stratum: vec![0; strata],
            visibility,
            tree: Frontier::default(),
        }
    }

    /// Takes the next leaf; the error says what is wrong with it.
    pub fn push(&mut self, leaf: &[u8; LEAF_BYTES]) -> Result<(), LeafError> {
        if self.keys.len() >= INVITATIONS_MAX as usize {
            return Err(LeafError::TooMany);
        }
        let (key, stratum, sealed) = parts(leaf);
        let verdict = self.judge(&key, stratum, sealed);
        if let Some(count) = self.by_stratum.get_mut(usize::from(stratum)) {
            *count += 1;
        }
        self.tree.append(leaf_hash(leaf));
        self.keys.push(key);
        self.strata.push(stratum);
        if self.visibility == StrataVisibility::Sealed {
            self.seals.push(sealed);
        }
        verdict
    }

    fn judge(&self, key: &[u8; 32], stratum: u16, sealed: [u8; 32]) -> Result<(), LeafError> {
        let index = self.keys.len() as u32;
        PublicKey::try_from(*key).map_err(|error| LeafError::Key { index, error })?;
        if self.keys.last().is_some_and(|last| last >= key) {
            return Err(LeafError::Order { index });
        }
        let strata = self.by_stratum.len();
        let (found, open) = (stratum, self.visibility == StrataVisibility::Open);
        match open {
            true if usize::from(found) >= strata => Err(LeafError::Stratum {
                index,
                found,
                strata,
            }),
            true if sealed != [0; 32] => Err(LeafError::Sealed { index }),
            false if found != SEALED_STRATUM => Err(LeafError::Clear { index, found }),
            _ => Ok(()),
        }
    }

    /// The roster of the leaves taken.
    pub fn finish(self) -> Roster {
        Roster {
            keys: self.keys,
            strata: self.strata,
            seals: self.seals,
            by_stratum: self.by_stratum,
            root: self.tree.root(),
        }
    }
}

/// Public key, stratum and sealed stratum of a leaf.
fn parts(leaf: &[u8; LEAF_BYTES]) -> ([u8; 32], u16, [u8; 32]) {
    let mut key = [0; 32];
    let mut stratum = [0; 2];
    let mut sealed = [0; 32];
    let (k, rest) = leaf.split_at(32);
    let (s, rest) = rest.split_at(2);
    let (x, _) = rest.split_at(32);
    key.copy_from_slice(k);
    stratum.copy_from_slice(s);
    sealed.copy_from_slice(x);
    (key, u16::from_le_bytes(stratum), sealed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use sijill_ledger::SecretKey;

    fn leaves(count: u8) -> Vec<Leaf> {
        let mut leaves: Vec<_> = (0..count)
            .map(|i| Leaf {
                key: SecretKey::from_seed([i; 32]).public_key(),
                stratum: LeafStratum::Open(u16::from(i % 2)),
                sealed_contact: [i; 32],
            })
            .collect();
        leaves.sort_by_key(|leaf| leaf.key);
        leaves
    }

    fn read(leaves: &[Leaf]) -> (Roster, Vec<LeafError>) {
        let mut reader = RosterReader::new(2, StrataVisibility::Open);
        let errors = leaves
            .iter()
            .filter_map(|leaf| reader.push(&leaf.to_bytes()).err())
            .collect();
        (reader.finish(), errors)
    }

    #[test]
    fn a_roster_that_was_kept_is_the_same_and_no_cut_of_it_is_one() {
        let (roster, _) = read(&leaves(9));
        let bytes = roster.to_kept();
        for cut in 0..bytes.len() {
            assert_eq!(Roster::from_kept(&bytes[..cut]), None, "{cut}");
        }
        assert_eq!(Roster::from_kept(&bytes), Some(roster));
    }

    #[test]
    fn every_invitation_is_found_by_its_key() {
        let leaves = leaves(9);
        let (roster, errors) = read(&leaves);
        assert_eq!(errors, []);
        assert_eq!(roster.by_stratum(), [5, 4]);
        for (index, leaf) in leaves.iter().enumerate() {
            assert_eq!(roster.find(&leaf.key), Some(index as u32));
            let stratum = roster.stratum(index as u32).unwrap();
            assert_eq!(LeafStratum::Open(stratum), leaf.stratum);
        }
        assert_eq!(
            roster.find(&SecretKey::from_seed([77; 32]).public_key()),
            None
        );
    }

    #[test]
    fn a_key_twice_or_out_of_order_is_named() {
        let mut twice = leaves(3);
        twice.insert(1, twice[0].clone());
        assert_eq!(read(&twice).1, [LeafError::Order { index: 1 }]);
        let mut swapped = leaves(3);
        swapped.swap(0, 2);
        assert_eq!(read(&swapped).1.len(), 2);
    }

    #[test]
    fn a_stratum_that_does_not_exist_is_named() {
        let mut bad = leaves(2);
        bad[1].stratum = LeafStratum::Open(2);
        assert_eq!(
            read(&bad).1,
            [LeafError::Stratum {
                index: 1,
                found: 2,
                strata: 2
            }]
        );
    }

    #[test]
    fn a_roster_has_its_strata_all_sealed_or_all_in_clear() {
        let sealed: Vec<Leaf> = leaves(2)
            .into_iter()
            .map(|leaf| Leaf {
                stratum: LeafStratum::Sealed([7; 32]),
                ..leaf
            })
            .collect();
        let strata = 2;
        let (index, found) = (0, SEALED_STRATUM);
        assert_eq!(
            read(&sealed[..1]).1,
            [LeafError::Stratum {
                index,
                found,
                strata
            }]
        );
        let mut reader = RosterReader::new(strata, StrataVisibility::Sealed);
        assert_eq!(reader.push(&sealed[0].to_bytes()), Ok(()));
        let clear = LeafError::Clear { index: 1, found: 1 };
        let mut other = leaves(2).remove(1);
        other.stratum = LeafStratum::Open(1);
        assert_eq!(reader.push(&other.to_bytes()), Err(clear));
        let roster = reader.finish();
        assert_eq!((roster.len(), roster.seals().count()), (2, 2));
        assert_eq!(roster.by_stratum(), [0, 1]);
    }

    #[test]
    fn a_sealed_contact_opens_for_one_person_alone() {
        let leaf = &leaves(2)[0];
        let sealed = seal_contact(&[1; 32], &leaf.key, "+9647701234567");
        assert_eq!(sealed, seal_contact(&[1; 32], &leaf.key, "+9647701234567"));
        assert_ne!(sealed, seal_contact(&[1; 32], &leaf.key, "+9647701234568"));
        assert_ne!(
            sealed,
            seal_contact(&[1; 32], &leaves(2)[1].key, "+9647701234567")
        );
    }
}
