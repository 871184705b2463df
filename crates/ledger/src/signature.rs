//! Ed25519 by one rule, under which single, batch and every other implementation agree.
//!
//! A signature is good exactly if (`docs/SPEC.md`, "Signatures"):
//! 1. the public key A is a canonical encoding and not of small order,
//! 2. R is a canonical encoding,
//! 3. `S < L`,
//! 4. the cofactored equation `8·S·B = 8·R + 8·k·A` holds (ZIP-215).
//!
//! 1 and 2 are decided on the bytes, before any arithmetic; 3 and 4 are `ed25519-zebra`'s, whose batch equals its
//! single check. No randomness: a batch's coefficients are derived from all that it holds.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;

/// A point's y coordinate is below this prime, p = 2^255 − 19, in a canonical encoding (little-endian).
const P: [u8; 32] = {
    let mut p = [0xff; 32];
    p[0] = 0xed;
    p[31] = 0x7f;
    p
};

/// p − 1, the y coordinate of the point of order 2.
const P_MINUS_1: [u8; 32] = {
    let mut y = P;
    y[0] = 0xec;
    y
};

const ZERO: [u8; 32] = [0; 32];

const ONE: [u8; 32] = {
    let mut y = ZERO;
    y[0] = 1;
    y
};

/// The y coordinates of the four points of order 8, two by two (sign bit cleared).
const ORDER_8: [[u8; 32]; 2] = [
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98,
        0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53,
        0xfc, 0x05,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67,
        0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac,
        0x03, 0x7a,
    ],
];

/// What is wrong with a key or a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// The public key is not the canonical encoding of a point.
    #[error("the public key is not a canonical encoding of a point")]
    KeyNotCanonical,
    /// The public key is of small order: it would accept signatures that nobody made.
    #[error("the public key is of small order")]
    KeyOfSmallOrder,
    /// R is not a canonical encoding.
    #[error("the signature's R is not a canonical encoding")]
    RNotCanonical,
    /// The equation does not hold, or S is not below L.
    #[error("the signature is not one by this key over these bytes")]
    Wrong,
}

/// An Ed25519 public key: canonical and not of small order, or it is not one.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "[u8; 32]", into = "[u8; 32]")]
pub struct PublicKey([u8; 32]);

impl PublicKey {
    /// The key's 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Checks one signature over `message` by this key.
    pub fn verify(&self, message: &[u8], signature: &Signature) -> Result<(), SignatureError> {
        signature.check_r()?;
        let key = ed25519_zebra::VerificationKey::try_from(self.0)
            .map_err(|_| SignatureError::KeyNotCanonical)?;
        key.verify(&signature.to_zebra(), message)
            .map_err(|_| SignatureError::Wrong)
    }
}

impl TryFrom<[u8; 32]> for PublicKey {
    type Error = SignatureError;

    fn try_from(bytes: [u8; 32]) -> Result<Self, SignatureError> {
        if !is_canonical(&bytes) {
            return Err(SignatureError::KeyNotCanonical);
        }
        if is_of_small_order(&bytes) {
            return Err(SignatureError::KeyOfSmallOrder);
        }
        Ok(Self(bytes))
    }
}

impl From<PublicKey> for [u8; 32] {
    fn from(key: PublicKey) -> Self {
        key.0
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", data_encoding::HEXLOWER.encode(&self.0))
    }
}

/// An Ed25519 signature as its 64 bytes, not yet checked against anything.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Signature([u8; 64]);

impl Signature {
    /// A signature from its 64 bytes: R, then S.
    pub fn from_bytes(bytes: [u8; 64]) -> Self {
        Self(bytes)
    }

    /// Its 64 bytes.
    pub fn as_bytes(&self) -> &[u8; 64] {
        &self.0
    }

    fn check_r(&self) -> Result<(), SignatureError> {
        match self.0.first_chunk::<32>() {
            Some(r) if is_canonical(r) => Ok(()),
            _ => Err(SignatureError::RNotCanonical),
        }
    }

    fn to_zebra(self) -> ed25519_zebra::Signature {
        ed25519_zebra::Signature::from(self.0)
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signature({})", data_encoding::HEXLOWER.encode(&self.0))
    }
}

/// Written as its 64 bytes and nothing else; serde has no arrays of this length of its own.
impl Serialize for Signature {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (low, high) = self.0.split_at(32);
        let half = |bytes: &[u8]| <[u8; 32]>::try_from(bytes).map_err(serde::ser::Error::custom);
        (half(low)?, half(high)?).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Signature {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let halves = <[[u8; 32]; 2]>::deserialize(deserializer)?;
        let bytes = halves.as_flattened().try_into();
        bytes
            .map(Self)
            .map_err(|_| de::Error::custom("a signature has 64 bytes"))
    }
}

/// An Ed25519 secret key, from a 32-byte seed. It is never shown and is wiped when dropped.
#[derive(Clone)]
pub struct SecretKey {
    seed: zeroize::Zeroizing<[u8; 32]>,
    public: PublicKey,
}

impl SecretKey {
    /// The key of this seed (RFC 8032, section 5.1.5).
    pub fn from_seed(seed: [u8; 32]) -> Self {
        let signing = ed25519_zebra::SigningKey::from(seed);
        let public = ed25519_zebra::VerificationKeyBytes::from(&signing);
        Self {
            seed: zeroize::Zeroizing::new(seed),
            // A clamped scalar times the base point is canonical and has the full order, so there is nothing to check.
            public: PublicKey(public.into()),
        }
    }

    /// The seed, for the one place that writes key files.
    pub fn seed(&self) -> &[u8; 32] {
        &self.seed
    }

    /// Its public half.
    pub fn public_key(&self) -> PublicKey {
        self.public
    }

    /// Signs `message`; deterministic (RFC 8032), so the same message has the same signature.
    pub fn sign(&self, message: &[u8]) -> Signature {
        let signing = ed25519_zebra::SigningKey::from(*self.seed);
        Signature(signing.sign(message).into())
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretKey(of {:?})", self.public)
    }
}

/// One signature to be checked.
#[derive(Debug, Clone)]
pub struct Claim {
    /// By whom.
    pub key: PublicKey,
    /// Over what.
    pub message: Vec<u8>,
    /// The signature.
    pub signature: Signature,
}

impl Claim {
    /// Checks this claim alone.
    pub fn verify(&self) -> Result<(), SignatureError> {
        self.key.verify(&self.message, &self.signature)
    }
}

/// Checks many claims at once, and names the positions of those that fail, with the reason. Agrees with
/// [`Claim::verify`] on each; about twice as fast where all are good.
pub fn verify_all(claims: &[Claim]) -> Vec<(usize, SignatureError)> {
    if all_good(claims) {
        return Vec::new();
    }
    claims
        .iter()
        .enumerate()
        .filter_map(|(position, claim)| claim.verify().err().map(|error| (position, error)))
        .collect()
}

fn all_good(claims: &[Claim]) -> bool {
    let mut batch = ed25519_zebra::batch::Verifier::new();
    let mut transcript = blake3::Hasher::new_derive_key("sijill 2026 batch coefficients v1");
    for claim in claims {
        if claim.signature.check_r().is_err() {
            return false;
        }
        transcript.update(&claim.key.0);
        transcript.update(&claim.signature.0);
        transcript.update(blake3::hash(&claim.message).as_bytes());
        batch.queue((
            claim.key.0.into(),
            claim.signature.to_zebra(),
            &claim.message,
        ));
    }
    batch
        .verify(Coefficients(transcript.finalize_xof()))
        .is_ok()
}

/// The random coefficients of a batch, from a hash over all of its keys, signatures and messages: whoever wants to
/// choose signatures that cancel each other would have to choose them before knowing the coefficients.
struct Coefficients(blake3::OutputReader);

impl rand_core::TryRng for Coefficients {
    type Error = std::convert::Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        let mut bytes = [0; 4];
        self.0.fill(&mut bytes);
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes);
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Self::Error> {
        self.0.fill(bytes);
        Ok(())
    }
}

impl rand_core::TryCryptoRng for Coefficients {}

/// The y coordinate is below p, and a sign bit stands only where x is not 0 (x is 0 exactly for y = 1 and y = −1).
fn is_canonical(encoding: &[u8; 32]) -> bool {
    let (y, sign) = split_sign(encoding);
    y.iter().rev().lt(P.iter().rev()) && !(sign && (y == ONE || y == P_MINUS_1))
}

/// For a canonical encoding: whether the point's order divides 8.
fn is_of_small_order(encoding: &[u8; 32]) -> bool {
    let (y, _) = split_sign(encoding);
    [ZERO, ONE, P_MINUS_1].contains(&y) || ORDER_8.contains(&y)
}

fn split_sign(encoding: &[u8; 32]) -> ([u8; 32], bool) {
    let mut y = *encoding;
    let mut sign = false;
    if let Some(last) = y.last_mut() {
        sign = *last & 0x80 != 0;
        *last &= 0x7f;
    }
    (y, sign)
}

#[cfg(test)]
mod tests {
    use super::*;
    use curve25519_dalek::{
        EdwardsPoint, Scalar,
        constants::{ED25519_BASEPOINT_POINT, EIGHT_TORSION},
        edwards::CompressedEdwardsY,
        traits::IsIdentity,
    };
    use proptest::prelude::*;

    fn key(byte: u8) -> SecretKey {
        SecretKey::from_seed([byte; 32])
    }

    #[test]
    fn the_first_vector_of_rfc_8032_signs_and_verifies() {
        let seed = data_encoding::HEXLOWER
            .decode(b"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
            .unwrap();
        let key = SecretKey::from_seed(seed.try_into().unwrap());
        let signature = key.sign(b"");
        assert!(format!("{signature:?}").starts_with("Signature(e5564300c360ac729086e2cc806e828a"));
        assert_eq!(key.public_key().verify(b"", &signature), Ok(()));
        assert_eq!(
            key.public_key().verify(b"x", &signature),
            Err(SignatureError::Wrong)
        );
    }

    #[test]
    fn no_small_order_point_is_a_public_key() {
        for point in EIGHT_TORSION {
            let bytes = point.compress().to_bytes();
            assert_eq!(
                PublicKey::try_from(bytes),
                Err(SignatureError::KeyOfSmallOrder)
            );
        }
    }

    #[test]
    fn the_byte_rule_for_canonical_encodings_is_the_curves_own() {
        let mut encodings: Vec<[u8; 32]> = (0u8..=255)
            .flat_map(|low| {
                [0x7f, 0xff].map(|high| {
                    let mut bytes = [0xff; 32];
                    bytes[0] = low;
                    bytes[31] = high;
                    bytes
                })
            })
            .collect();
        encodings.extend((0u8..=255).flat_map(|low| {
            [0, 0x80].map(|high| {
                let mut bytes = [0; 32];
                bytes[0] = low;
                bytes[31] = high;
                bytes
            })
        }));
        for bytes in encodings {
            if let Some(point) = CompressedEdwardsY(bytes).decompress() {
                assert_eq!(
                    is_canonical(&bytes),
                    point.compress().to_bytes() == bytes,
                    "{bytes:x?}"
                );
                if is_canonical(&bytes) {
                    assert_eq!(is_of_small_order(&bytes), point.is_small_order());
                }
            }
        }
    }

    /// A signature whose R carries a component of order 8: the cofactored equation holds, the cofactorless does not.
    fn with_torsion(secret: &[u8; 32], message: &[u8]) -> Claim {
        use sha2::{Digest, Sha512};
        let scalar = Scalar::from_bytes_mod_order(*secret);
        let public = (ED25519_BASEPOINT_POINT * scalar).compress();
        let nonce = Scalar::from(12_345u64);
        let r = (ED25519_BASEPOINT_POINT * nonce + EIGHT_TORSION[1]).compress();
        let mut hash = Sha512::new();
        hash.update(r.as_bytes());
        hash.update(public.as_bytes());
        hash.update(message);
        let k = Scalar::from_bytes_mod_order_wide(&hash.finalize().into());
        let s = nonce + k * scalar;
        let mut bytes = [0; 64];
        bytes[..32].copy_from_slice(r.as_bytes());
        bytes[32..].copy_from_slice(s.as_bytes());
        assert!(!EdwardsPoint::is_identity(&EIGHT_TORSION[1]));
        Claim {
            key: PublicKey::try_from(public.to_bytes()).unwrap(),
            message: message.to_vec(),
            signature: Signature(bytes),
        }
    }

    #[test]
    fn the_cofactored_equation_decides_alone_and_in_a_batch() {
        let torsion = with_torsion(&[9; 32], b"answer");
        assert_eq!(torsion.verify(), Ok(()));
        let other = Claim {
            key: key(2).public_key(),
            message: b"other".to_vec(),
            signature: key(2).sign(b"other"),
        };
        assert_eq!(verify_all(&[other, torsion]), []);
    }

    #[test]
    fn an_s_that_is_not_below_l_is_refused() {
        let signature = key(1).sign(b"answer");
        let mut bytes = signature.0;
        // S + L, which satisfies the same equation.
        let l = data_encoding::HEXLOWER
            .decode(b"edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010")
            .unwrap();
        let mut carry = 0u16;
        for (byte, l) in bytes[32..].iter_mut().zip(l) {
            let sum = u16::from(*byte) + u16::from(l) + carry;
            *byte = sum as u8;
            carry = sum >> 8;
        }
        assert_eq!(
            key(1).public_key().verify(b"answer", &Signature(bytes)),
            Err(SignatureError::Wrong)
        );
    }

    proptest! {
        #[test]
        fn a_batch_names_exactly_the_bad_claims(bad in proptest::collection::vec(any::<bool>(), 1..20)) {
            let claims: Vec<Claim> = bad.iter().enumerate().map(|(i, bad)| {
                let key = key(i as u8);
                let signature = key.sign(if *bad { b"other" } else { b"this" });
                Claim { key: key.public_key(), message: b"this".to_vec(), signature }
            }).collect();
            let expected: Vec<_> = bad.iter().enumerate().filter(|(_, bad)| **bad)
                .map(|(i, _)| (i, SignatureError::Wrong)).collect();
            prop_assert_eq!(verify_all(&claims), expected);
        }
    }
}
