//! Checkpoints of C2SP's tlog-checkpoint: a log's origin, size and root in three lines, signed as a note by the log's
//! own key (Ed25519, type 0x01) under the origin as name.
//!
//! Ours have no extension lines: nobody could audit them, so that a body with a fourth line is refused. Which keys are
//! to be believed is for `policy`; cosignatures on the same note are for `cosignature`; whether the log only grew, for
//! `proof`.
//!
//! Invariants:
//! - a `VerifiedCheckpoint` carries a good signature by a key of its origin that the caller named, and none that claims
//!   to be by one and is not;
//! - what was read is written again as it was read.

use crate::decimal;
use crate::excerpt::excerpt;
use crate::limits::{CHECKPOINT_BYTES_MAX, TREE_SIZE_MAX};
use crate::note::{Note, NoteError, NoteSignature, VerifierKey};
use crate::origin::{Origin, OriginError};
use crate::signature::SecretKey;
use crate::tree::Hash;
use std::{fmt, str::FromStr};

/// Why a text is no checkpoint, or not one by this log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// Not a signed note, or signed wrongly.
    #[error("not a checkpoint: {0}")]
    Note(#[from] NoteError),
    /// The body has not three lines.
    #[error("not a checkpoint: expected three lines (origin, size, root), found {found}")]
    Lines {
        /// Number of lines.
        found: usize,
    },
    /// The first line is no origin.
    #[error("not a checkpoint: {0}")]
    Origin(#[from] OriginError),
    /// The second line is no size.
    #[error(
        "not a checkpoint: expected a size from 0 to {TREE_SIZE_MAX} without leading zeros as its second line, found `{found}`"
    )]
    Size {
        /// The beginning of the line.
        found: String,
    },
    /// The third line is no hash.
    #[error(
        "not a checkpoint: expected 32 bytes in base64 with padding as its third line, found `{found}`"
    )]
    Root {
        /// The beginning of the line.
        found: String,
    },
    /// No key of this origin is known.
    #[error("no key is known for the log `{origin}`")]
    UnknownLog {
        /// The checkpoint's origin.
        origin: Origin,
    },
    /// None of the origin's keys signed it.
    #[error("the checkpoint is not signed by a known key of the log `{origin}`")]
    NotSigned {
        /// The checkpoint's origin.
        origin: Origin,
    },
}

/// What a checkpoint says: the log's name, its number of entries, and the RFC 6962 root over them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The log's name.
    pub origin: Origin,
    /// Number of entries.
    pub size: u64,
    /// The root over them.
    pub root: Hash,
}

impl Checkpoint {
    /// The checkpoint signed by one of the log's keys.
    pub fn sign(&self, key: &SecretKey) -> Result<SignedCheckpoint, CheckpointError> {
        let body = self.to_string();
        body.parse::<Self>()?;
        let mut note = Note::unsigned(&body)?;
        note.sign(self.origin.as_str(), key)?;
        Ok(SignedCheckpoint {
            checkpoint: self.clone(),
            note,
        })
    }
}

/// Writes the body: three lines, each with its newline.
impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{}\n{}\n{}",
            self.origin,
            self.size,
            self.root.to_base64()
        )
    }
}

impl FromStr for Checkpoint {
    type Err = CheckpointError;

    /// Reads the body: three lines, each with its newline, and nothing else.
    fn from_str(body: &str) -> Result<Self, CheckpointError> {
        let mut lines = body.split('\n');
        let (Some(origin), Some(size), Some(root), Some(""), None) = (
            lines.next(),
            lines.next(),
            lines.next(),
            lines.next(),
            lines.next(),
        ) else {
            return Err(CheckpointError::Lines {
                found: body.lines().count(),
            });
        };
        Ok(Self {
            origin: origin.parse()?,
            size: decimal::parse(size, TREE_SIZE_MAX).ok_or_else(|| CheckpointError::Size {
                found: excerpt(size),
            })?,
            root: Hash::from_base64(root).ok_or_else(|| CheckpointError::Root {
                found: excerpt(root),
            })?,
        })
    }
}

/// A checkpoint with its signatures, read but not checked: what it says is what somebody claims.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedCheckpoint {
    checkpoint: Checkpoint,
    note: Note,
}

impl SignedCheckpoint {
    /// What it claims.
    pub fn claimed(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// The note that it is.
    pub fn note(&self) -> &Note {
        &self.note
    }

    /// The same checkpoint signed by one more of the log's keys.
    pub fn sign(mut self, key: &SecretKey) -> Result<Self, CheckpointError> {
        self.note.sign(self.checkpoint.origin.as_str(), key)?;
        self.within_length()
    }

    /// The same checkpoint with one more signature line, a witness's cosignature for example, as it comes. A line that
    /// is there already is not added again.
    pub fn with(mut self, signature: NoteSignature) -> Result<Self, CheckpointError> {
        if !self.note.signatures().contains(&signature) {
            self.note.add(signature)?;
        }
        self.within_length()
    }

    /// The same, if it is not too long to be read again.
    fn within_length(self) -> Result<Self, CheckpointError> {
        let (expected, found) = (CHECKPOINT_BYTES_MAX, self.to_string().len());
        match found <= expected {
            true => Ok(self),
            false => Err(NoteError::TooLong { expected, found }.into()),
        }
    }

    /// Checks it against those of `keys` that are of its origin: at least one must have signed, and no line that claims
    /// to be by one of them may be wrong. Lines of other keys are passed over.
    pub fn verify(&self, keys: &[VerifierKey]) -> Result<VerifiedCheckpoint, CheckpointError> {
        let origin = &self.checkpoint.origin;
        let (mut signed_by, mut not_signed_by) = (Vec::new(), Vec::new());
        for key in keys.iter().filter(|key| key.name() == origin.as_str()) {
            match self.note.is_signed_by(key)? {
                true => signed_by.push(key.clone()),
                false => not_signed_by.push(key.clone()),
            }
        }
        let origin = || origin.clone();
        match (signed_by.is_empty(), not_signed_by.is_empty()) {
            (true, true) => Err(CheckpointError::UnknownLog { origin: origin() }),
            (true, false) => Err(CheckpointError::NotSigned { origin: origin() }),
            _ => Ok(VerifiedCheckpoint {
                signed: self.clone(),
                signed_by,
                not_signed_by,
            }),
        }
    }
}

impl fmt::Display for SignedCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.note.fmt(f)
    }
}

impl FromStr for SignedCheckpoint {
    type Err = CheckpointError;

    fn from_str(text: &str) -> Result<Self, CheckpointError> {
        let note = Note::parse(text, CHECKPOINT_BYTES_MAX)?;
        Ok(Self {
            checkpoint: note.text().parse()?,
            note,
        })
    }
}

/// A checkpoint that the log signed. It can only come from [`SignedCheckpoint::verify`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedCheckpoint {
    signed: SignedCheckpoint,
    signed_by: Vec<VerifierKey>,
    not_signed_by: Vec<VerifierKey>,
}

impl VerifiedCheckpoint {
    /// What it says.
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.signed.checkpoint
    }

    /// The checkpoint as it was read, to be kept or passed on.
    pub fn signed(&self) -> &SignedCheckpoint {
        &self.signed
    }

    /// The keys of its origin, of those that the caller named, that signed it: at least one.
    pub fn signed_by(&self) -> &[VerifierKey] {
        &self.signed_by
    }

    /// The keys of its origin, of those that the caller named, that did not.
    pub fn not_signed_by(&self) -> &[VerifierKey] {
        &self.not_signed_by
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The example of C2SP's tlog-checkpoint; the specification does not give its key.
    pub(crate) const EXAMPLE: &str = "example.com/behind-the-sofa\n20852163\n\
        CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n\
        \u{2014} example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n";

    fn checkpoint() -> Checkpoint {
        Checkpoint {
            origin: "ur.example/polls/bridge".parse().unwrap(),
            size: 70_000,
            root: Hash::of(b"root"),
        }
    }

    fn secret(seed: u8) -> SecretKey {
        SecretKey::from_seed([seed; 32])
    }

    fn key(seed: u8) -> VerifierKey {
        VerifierKey::new("ur.example/polls/bridge", secret(seed).public_key()).unwrap()
    }

    fn signed() -> SignedCheckpoint {
        checkpoint().sign(&secret(1)).unwrap()
    }

    #[test]
    fn the_specifications_example_is_read_as_it_is_written() {
        let signed: SignedCheckpoint = EXAMPLE.parse().unwrap();
        assert_eq!(
            signed.claimed().origin.as_str(),
            "example.com/behind-the-sofa"
        );
        assert_eq!(signed.claimed().size, 20_852_163);
        assert_eq!(signed.to_string(), EXAMPLE);
        assert!(matches!(
            signed.verify(&[key(1)]),
            Err(CheckpointError::UnknownLog { .. })
        ));
    }

    #[test]
    fn what_the_log_signed_verifies_by_its_keys_and_by_no_others() {
        let signed = signed();
        let verified = signed.verify(&[key(2), key(1)]).unwrap();
        assert_eq!(verified.checkpoint(), &checkpoint());
        assert_eq!(
            (verified.signed_by(), verified.not_signed_by()),
            (&[key(1)][..], &[key(2)][..])
        );
        let both = signed.clone().sign(&secret(2)).unwrap();
        assert_eq!(both.verify(&[key(2), key(1)]).unwrap().not_signed_by(), []);
        let other_name =
            VerifierKey::new("ur.example/polls/other", secret(1).public_key()).unwrap();
        let unknown = Err(CheckpointError::UnknownLog {
            origin: checkpoint().origin,
        });
        assert_eq!(signed.verify(&[other_name]), unknown);
        assert_eq!(signed.verify(&[]), unknown);
        let not_signed = Err(CheckpointError::NotSigned {
            origin: checkpoint().origin,
        });
        assert_eq!(signed.verify(&[key(2)]), not_signed);
    }

    #[test]
    fn a_promise_key_signs_no_checkpoint() {
        let name = "ur.example/polls/bridge/promise";
        let text = crate::note::sign(&checkpoint().to_string(), name, &secret(1)).unwrap();
        let signed: SignedCheckpoint = text.parse().unwrap();
        assert!(matches!(
            signed.verify(&[key(1)]),
            Err(CheckpointError::NotSigned { .. })
        ));
    }

    #[track_caller]
    fn refused(body: &str, expected: CheckpointError) {
        assert_eq!(body.parse::<Checkpoint>(), Err(expected), "{body:?}");
    }

    #[test]
    fn a_size_or_root_in_another_form_is_refused() {
        let good = checkpoint().to_string();
        for size in [
            "",
            "070000",
            "+70000",
            " 70000",
            "7e4",
            "9223372036854775808",
        ] {
            let found = size.to_owned();
            refused(
                &good.replace("70000", size),
                CheckpointError::Size { found },
            );
        }
        let found = "9".repeat(80);
        refused(
            &good.replace("70000", &"9".repeat(999)),
            CheckpointError::Size { found },
        );
        let root = checkpoint().root.to_base64();
        let (unpadded, more) = (&root[..43], root.replace('=', "=="));
        // The last bits before the padding must be zero: they say nothing.
        let loose = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2J=";
        for other in [unpadded, &more, loose, "AAAA", ""] {
            let found = other.to_owned();
            refused(&good.replace(&root, other), CheckpointError::Root { found });
        }
    }

    #[test]
    fn a_body_of_other_lines_is_refused() {
        let good = checkpoint().to_string();
        let lines = |found| CheckpointError::Lines { found };
        refused(good.trim_end(), lines(3));
        refused(&(good.clone() + "extension\n"), lines(4));
        refused(&(good.clone() + "\n"), lines(4));
        refused("ur.example/a\n1\n", lines(2));
        refused("", lines(0));
        let found = "ur.example/polls/bridge\r".to_owned();
        let malformed = OriginError::Malformed { found };
        refused(
            &good.replace('\n', "\r\n"),
            CheckpointError::Origin(malformed),
        );
        let empty = "a/b\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n";
        assert!(empty.parse::<Checkpoint>().is_ok());
    }

    #[test]
    fn a_wrong_signature_by_a_known_key_refuses_all() {
        let text = signed().sign(&secret(2)).unwrap().to_string();
        let altered: SignedCheckpoint = text.replace("70000", "70001").parse().unwrap();
        assert!(matches!(
            altered.verify(&[key(1)]),
            Err(CheckpointError::Note(NoteError::WrongSignature { .. }))
        ));
        let (body, lines) = text.split_once("\n\n").unwrap();
        let [first, second] = lines.lines().collect::<Vec<_>>()[..] else {
            panic!("two lines")
        };
        // The second key's four bytes before the first key's signature.
        let mixed = format!(
            "{}{}",
            &second[..second.len() - 80],
            &first[first.len() - 80..]
        );
        let mixed: SignedCheckpoint = format!("{body}\n\n{first}\n{mixed}\n").parse().unwrap();
        assert!(mixed.verify(&[key(1)]).is_ok());
        assert!(matches!(
            mixed.verify(&[key(1), key(2)]),
            Err(CheckpointError::Note(NoteError::WrongSignature { .. }))
        ));
    }

    #[test]
    fn sixteen_signatures_of_post_quantum_length_are_accepted_and_a_huge_note_is_not() {
        let line = |place: u8| {
            NoteSignature::new(
                "witness.example/of-tomorrow",
                [place; 4],
                vec![place; 5_000],
            )
        };
        let many = (0..16)
            .try_fold(signed(), |signed, place| signed.with(line(place)))
            .unwrap();
        let text = many.to_string();
        assert_eq!(text.parse(), Ok(many.clone()));
        assert!(many.verify(&[key(1)]).is_ok());
        let huge = text.clone() + &text[text.len() - 6_700..].repeat(8);
        assert!(matches!(
            huge.parse::<SignedCheckpoint>(),
            Err(CheckpointError::Note(NoteError::TooLong { .. }))
        ));
    }

    #[test]
    fn a_line_that_is_there_is_not_added_again() {
        let line = signed().note().signatures()[0].clone();
        assert_eq!(signed().with(line), Ok(signed()));
    }

    proptest! {
        #[test]
        fn a_checkpoint_is_read_as_it_is_written(size in 0..=TREE_SIZE_MAX, root: [u8; 32]) {
            let checkpoint = Checkpoint { size, root: Hash::from_bytes(root), ..checkpoint() };
            prop_assert_eq!(checkpoint.to_string().parse(), Ok(checkpoint.clone()));
            let signed = checkpoint.sign(&secret(1)).unwrap();
            prop_assert_eq!(signed.to_string().parse(), Ok(signed));
        }

        #[test]
        fn no_text_makes_the_reader_panic(text: String, body in "[a/]{1,4}\n[0-9]{1,3}\n[A-Za-z=]{44}\n") {
            prop_assert!(text.parse::<SignedCheckpoint>().is_err());
            if let Ok(checkpoint) = body.parse::<Checkpoint>() {
                prop_assert_eq!(checkpoint.to_string(), body);
            }
        }

        #[test]
        fn no_changed_character_of_a_checkpoint_verifies(at: usize, to in "[ -~\n]") {
            let text = signed().to_string();
            let starts: Vec<_> = text.char_indices().map(|(start, _)| start).collect();
            let start = starts[at % starts.len()];
            let end = start + text[start..].chars().next().unwrap().len_utf8();
            let changed = format!("{}{to}{}", &text[..start], &text[end..]);
            prop_assume!(changed != text);
            let verdict = changed.parse::<SignedCheckpoint>().and_then(|signed| signed.verify(&[key(1)]));
            prop_assert!(verdict.is_err());
        }
    }
}
