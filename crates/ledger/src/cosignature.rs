//! Cosignatures of C2SP's tlog-cosignature, version 1 with Ed25519 (signature type 0x04): a witness says that at a time
//! the checkpoint was the largest it had seen of this log, and that the log had only grown.
//!
//! It owns the witness's key, the message and the signature's bytes. Whether the log only grew is for a witness to check
//! before it signs; which witnesses count, for `policy`; what to make of a time, for whoever has a clock. ML-DSA-44
//! (type 0x06) has a line of its own on the note, which is passed over.

use crate::checkpoint::VerifiedCheckpoint;
use crate::limits::COSIGNATURE_TIME_MAX;
use crate::note::{NoteError, NoteSignature, TypedKey, check_key_name, key_id};
use crate::signature::{PublicKey, SecretKey, Signature};
use std::{fmt, str::FromStr};

pub(crate) const COSIGNATURE: u8 = 0x04;

/// Why a cosignature is not made or not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CosignatureError {
    /// No note can carry the witness's name.
    #[error(transparent)]
    Name(#[from] NoteError),
    /// Not 8 bytes of time and 64 of signature.
    #[error("expected a cosignature of 72 bytes by `{name}`, found {found}")]
    Length {
        /// The witness's name.
        name: String,
        /// Its bytes.
        found: usize,
    },
    /// A time that no cosignature may have.
    #[error(
        "expected a cosignature by `{name}` with a time of at most {COSIGNATURE_TIME_MAX} seconds, found {found}"
    )]
    Time {
        /// The witness's name.
        name: String,
        /// The time, in seconds since 1970.
        found: u64,
    },
    /// It claims to be by this witness and is not.
    #[error("the cosignature by `{name}` is wrong")]
    Wrong {
        /// The witness's name.
        name: String,
    },
}

/// A witness's name and public key. Written as a verifier key of type 0x04.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct WitnessKey {
    name: String,
    key: PublicKey,
}

impl WitnessKey {
    /// A witness's key, if `name` is one that a note can carry.
    pub fn new(name: &str, key: PublicKey) -> Result<Self, NoteError> {
        check_key_name(name)?;
        Ok(Self {
            name: name.to_owned(),
            key,
        })
    }

    /// The witness's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its key.
    pub fn public_key(&self) -> PublicKey {
        self.key
    }

    fn id(&self) -> [u8; 4] {
        key_id(&self.name, COSIGNATURE, self.key.as_bytes())
    }
}

impl TryFrom<TypedKey> for WitnessKey {
    type Error = NoteError;

    fn try_from(key: TypedKey) -> Result<Self, NoteError> {
        let public = key.ed25519(COSIGNATURE, "its key is not one for cosignatures")?;
        Ok(Self {
            name: key.name,
            key: public,
        })
    }
}

impl FromStr for WitnessKey {
    type Err = NoteError;

    fn from_str(text: &str) -> Result<Self, NoteError> {
        Self::try_from(TypedKey::parse(text)?)
    }
}

impl fmt::Display for WitnessKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = TypedKey {
            name: self.name.clone(),
            kind: COSIGNATURE,
            key: self.key.as_bytes().to_vec(),
        };
        key.fmt(f)
    }
}

impl fmt::Debug for WitnessKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WitnessKey({self})")
    }
}

/// That a witness saw a checkpoint at a time. It can only come from [`VerifiedCheckpoint::cosignatures`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cosignature {
    witness: WitnessKey,
    time: u64,
}

impl Cosignature {
    /// By whom.
    pub fn witness(&self) -> &WitnessKey {
        &self.witness
    }

    /// When, in seconds since 1970, as the witness says.
    pub fn time(&self) -> u64 {
        self.time
    }
}

impl VerifiedCheckpoint {
    /// The signature line by which the witness `name` says that at `time` (seconds since 1970) this was the largest
    /// checkpoint it had seen of this log. That it is consistent with the one before, the witness has checked.
    pub fn cosign(
        &self,
        name: &str,
        key: &SecretKey,
        time: u64,
    ) -> Result<NoteSignature, CosignatureError> {
        let witness = WitnessKey::new(name, key.public_key())?;
        if time > COSIGNATURE_TIME_MAX {
            let (name, found) = (name.to_owned(), time);
            return Err(CosignatureError::Time { name, found });
        }
        let signature = key.sign(&message(self.signed().note().text(), time));
        let bytes = [&time.to_be_bytes()[..], signature.as_bytes()].concat();
        Ok(NoteSignature::new(name, witness.id(), bytes))
    }

    /// The cosignatures by these witnesses, in the note's order, each checked; a line that claims to be by one of them
    /// and is not is an error. A witness that cosigned twice is there twice. Lines of others are passed over.
    pub fn cosignatures(
        &self,
        witnesses: &[WitnessKey],
    ) -> Result<Vec<Cosignature>, CosignatureError> {
        let note = self.signed().note();
        let mut found = Vec::new();
        for line in note.signatures() {
            let by_this = |witness: &&WitnessKey| {
                line.name() == witness.name && line.claims(&witness.name, witness.id())
            };
            if let Some(witness) = witnesses.iter().find(by_this) {
                let time = verify(note.text(), witness, line.bytes())?;
                let witness = witness.clone();
                found.push(Cosignature { witness, time });
            }
        }
        Ok(found)
    }
}

/// What is signed: a line of context, a line of time, and the checkpoint's body.
fn message(body: &str, time: u64) -> Vec<u8> {
    format!("cosignature/v1\ntime {time}\n{body}").into_bytes()
}

/// The time of a cosignature (8 bytes, big-endian, before the signature), if it is by `witness` over `body`.
fn verify(body: &str, witness: &WitnessKey, bytes: &[u8]) -> Result<u64, CosignatureError> {
    let name = || witness.name.clone();
    let wrong_length = || CosignatureError::Length {
        name: name(),
        found: bytes.len(),
    };
    let (time, signature) = bytes.split_first_chunk::<8>().ok_or_else(wrong_length)?;
    let signature: [u8; 64] = signature.try_into().map_err(|_| wrong_length())?;
    let time = u64::from_be_bytes(*time);
    if time > COSIGNATURE_TIME_MAX {
        let (name, found) = (name(), time);
        return Err(CosignatureError::Time { name, found });
    }
    witness
        .key
        .verify(&message(body, time), &Signature::from_bytes(signature))
        .map_err(|_| CosignatureError::Wrong { name: name() })?;
    Ok(time)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkpoint::{Checkpoint, SignedCheckpoint};
    use crate::note::VerifierKey;
    use crate::tree::Hash;

    const NAME: &str = "witness.example/w1";

    fn secret(seed: u8) -> SecretKey {
        SecretKey::from_seed([seed; 32])
    }

    fn witness(seed: u8) -> WitnessKey {
        WitnessKey::new(NAME, secret(seed).public_key()).unwrap()
    }

    fn verified(signed: &SignedCheckpoint) -> VerifiedCheckpoint {
        let key = VerifierKey::new("ur.example/a", secret(1).public_key()).unwrap();
        signed.verify(&[key]).unwrap()
    }

    fn signed() -> SignedCheckpoint {
        let checkpoint = Checkpoint {
            origin: "ur.example/a".parse().unwrap(),
            size: 9,
            root: Hash::of(b"root"),
        };
        checkpoint.sign(&secret(1)).unwrap()
    }

    fn cosigned(lines: impl IntoIterator<Item = NoteSignature>) -> VerifiedCheckpoint {
        let signed = lines.into_iter().try_fold(signed(), SignedCheckpoint::with);
        verified(&signed.unwrap())
    }

    fn line(bytes: &[u8]) -> NoteSignature {
        NoteSignature::new(NAME, witness(2).id(), bytes.to_vec())
    }

    #[test]
    fn the_message_is_that_of_the_specification() {
        let body =
            "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
        let expected = "cosignature/v1\ntime 1679315147\nexample.com/behind-the-sofa\n20852163\n\
            CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
        assert_eq!(message(body, 1_679_315_147), expected.as_bytes());
    }

    #[test]
    fn the_time_of_the_specifications_example_is_that_of_its_message() {
        let line = "\u{2014} witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==";
        let line: NoteSignature = line.parse().unwrap();
        let time = line.bytes().first_chunk::<8>().unwrap();
        assert_eq!(u64::from_be_bytes(*time), 1_679_315_147);
        assert_eq!(line.bytes().len(), 72);
    }

    #[test]
    fn a_cosignature_verifies_with_its_time_for_its_witness_alone() {
        let line = verified(&signed())
            .cosign(NAME, &secret(2), 1_700_000_000)
            .unwrap();
        let found = cosigned([line.clone()])
            .cosignatures(&[witness(3), witness(2)])
            .unwrap();
        let [cosignature] = &found[..] else {
            panic!("one")
        };
        assert_eq!(
            (cosignature.witness(), cosignature.time()),
            (&witness(2), 1_700_000_000)
        );
        assert_eq!(cosigned([line]).cosignatures(&[witness(3)]), Ok(vec![]));
    }

    #[test]
    fn a_witness_that_cosigned_twice_is_there_twice() {
        let lines = [5, 4].map(|time| verified(&signed()).cosign(NAME, &secret(2), time).unwrap());
        let found = cosigned(lines).cosignatures(&[witness(2)]).unwrap();
        assert_eq!(
            found.iter().map(Cosignature::time).collect::<Vec<_>>(),
            [5, 4]
        );
    }

    #[test]
    fn a_cosignature_of_another_shape_time_or_checkpoint_is_refused() {
        let good = verified(&signed()).cosign(NAME, &secret(2), 7).unwrap();
        let verdict = |bytes: &[u8]| cosigned([line(bytes)]).cosignatures(&[witness(2)]);
        let name = || NAME.to_owned();
        assert_eq!(
            verdict(&[0; 64]),
            Err(CosignatureError::Length {
                name: name(),
                found: 64
            })
        );
        assert_eq!(
            verdict(&[0; 7]),
            Err(CosignatureError::Length {
                name: name(),
                found: 7
            })
        );
        assert_eq!(
            verdict(&[0xff; 72]),
            Err(CosignatureError::Time {
                name: name(),
                found: u64::MAX
            })
        );
        let mut later = good.bytes().to_vec();
        later[7] += 1;
        assert_eq!(
            verdict(&later),
            Err(CosignatureError::Wrong { name: name() })
        );
        let plain = secret(2).sign(signed().note().text().as_bytes());
        let plain = [&7u64.to_be_bytes()[..], plain.as_bytes()].concat();
        assert_eq!(
            verdict(&plain),
            Err(CosignatureError::Wrong { name: name() })
        );
        assert_eq!(
            verified(&signed()).cosign(NAME, &secret(2), 1 << 63),
            Err(CosignatureError::Time {
                name: name(),
                found: 1 << 63
            })
        );
    }

    #[test]
    fn a_witness_key_is_of_its_own_type() {
        let text = witness(2).to_string();
        assert_eq!(text.parse(), Ok(witness(2)));
        assert!(VerifierKey::parse(&text).is_err());
        let log = VerifierKey::new(NAME, secret(2).public_key()).unwrap();
        assert!(log.to_string().parse::<WitnessKey>().is_err());
    }
}
