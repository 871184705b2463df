//! Signed notes and verifier keys, to the byte as in C2SP's signed-note: whole notes of signatures of any type, and
//! Ed25519 (signature type 0x01), by which texts are signed and opened here.
//!
//! A note is a text that ends in a newline, an empty line, and signature lines `— name base64(key id ‖ signature)`.
//! What a text means is for others to say: `checkpoint` for tree heads, `cosignature` for signatures of type 0x04.
//! ML-DSA-44 (type 0x06) is carried and passed over, as every type that a reader does not know.

use crate::base64;
use crate::limits::{KEY_NAME_BYTES_MAX, NOTE_BYTES_MAX, NOTE_SIGNATURES_MAX};
use crate::signature::{PublicKey, SecretKey, Signature, SignatureError};
use data_encoding::{BASE64, HEXLOWER};
use sha2::{Digest, Sha256};
use std::{fmt, str::FromStr};

pub(crate) const ED25519: u8 = 0x01;
pub(crate) const SIGNATURE_START: &str = "\u{2014} ";

/// Why a text is no verifier key or no note signed as asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// Not `name+hash+base64`.
    #[error(
        "not a verifier key: expected `name+hash+base64`, as `sijill keys new` prints it; {why}"
    )]
    VerifierKey {
        /// What is wrong with it.
        why: &'static str,
    },
    /// The key inside is no key.
    #[error("not a verifier key: {0}")]
    Key(#[from] SignatureError),
    /// Not a signed note.
    #[error("not a signed note: {why}")]
    Note {
        /// What is wrong with it.
        why: &'static str,
    },
    /// Longer than it may be.
    #[error("not a signed note: expected at most {expected} bytes, found {found}")]
    TooLong {
        /// As many as it may have.
        expected: usize,
        /// As many as it has.
        found: usize,
    },
    /// None of the signatures is by this key.
    #[error("the note has no signature by `{name}`")]
    NotSigned {
        /// The key's name.
        name: String,
    },
    /// A signature claims to be by this key and is not.
    #[error("the note's signature by `{name}` is wrong")]
    WrongSignature {
        /// The key's name.
        name: String,
    },
}

/// A verifier key of any signature type: name, type, and the key as bytes that only this type understands.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct TypedKey {
    pub(crate) name: String,
    pub(crate) kind: u8,
    pub(crate) key: Vec<u8>,
}

impl TypedKey {
    /// Reads `name+hash+base64`, strictly, where the hash is made as signed-note recommends.
    pub(crate) fn parse(text: &str) -> Result<Self, NoteError> {
        let fail = |why| NoteError::VerifierKey { why };
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(hash), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(fail("it has no two pluses"));
        };
        check_key_name(name)?;
        let bytes = base64::decode(key).ok_or(fail("its key is not base64"))?;
        let Some((&kind, key)) = bytes.split_first() else {
            return Err(fail("its key is empty"));
        };
        if HEXLOWER.encode(&key_id(name, kind, key)) != hash {
            return Err(fail("its hash is not that of its name and key"));
        }
        Ok(Self {
            name: name.to_owned(),
            kind,
            key: key.to_vec(),
        })
    }

    /// The key as one of Ed25519, if it is of signature type `kind`.
    pub(crate) fn ed25519(&self, kind: u8, why_not: &'static str) -> Result<PublicKey, NoteError> {
        let fail = |why| NoteError::VerifierKey { why };
        if self.kind != kind {
            return Err(fail(why_not));
        }
        let key: [u8; 32] = self
            .key
            .as_slice()
            .try_into()
            .map_err(|_| fail("its key has not 32 bytes"))?;
        Ok(PublicKey::try_from(key)?)
    }
}

impl fmt::Display for TypedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = key_id(&self.name, self.kind, &self.key);
        let bytes = [&[self.kind], self.key.as_slice()].concat();
        let (hash, key) = (HEXLOWER.encode(&id), BASE64.encode(&bytes));
        write!(f, "{}+{hash}+{key}", self.name)
    }
}

/// The four bytes that stand before a signature by this key: `SHA-256(name ‖ 0x0A ‖ type ‖ public key)[:4]`.
pub(crate) fn key_id(name: &str, kind: u8, key: &[u8]) -> [u8; 4] {
    let hash = Sha256::new()
        .chain_update(name.as_bytes())
        .chain_update([b'\n', kind])
        .chain_update(key)
        .finalize();
    let [a, b, c, d, ..] = <[u8; 32]>::from(hash);
    [a, b, c, d]
}

/// Whether a key may have this name: not empty, no white space, no plus.
pub(crate) fn check_key_name(name: &str) -> Result<(), NoteError> {
    match is_key_name(name) {
        true => Ok(()),
        false => Err(NoteError::VerifierKey {
            why: "its name is empty, too long, or has a space or a plus",
        }),
    }
}

fn is_key_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= KEY_NAME_BYTES_MAX
        && !name.contains(|c: char| c == '+' || c.is_whitespace() || c.is_control())
}

/// A name and a public key: whom a signature is expected from. Written `name+hash+base64`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct VerifierKey {
    name: String,
    key: PublicKey,
}

impl VerifierKey {
    /// A verifier key, if `name` is one that a note can carry: not empty, no white space, no plus.
    pub fn new(name: &str, key: PublicKey) -> Result<Self, NoteError> {
        check_key_name(name)?;
        Ok(Self {
            name: name.to_owned(),
            key,
        })
    }

    /// Reads `name+hash+base64`, strictly.
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        Self::try_from(TypedKey::parse(text)?)
    }

    /// The key's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The key.
    pub fn public_key(&self) -> PublicKey {
        self.key
    }

    /// The four bytes that stand before a signature by this key.
    fn id(&self) -> [u8; 4] {
        key_id(&self.name, ED25519, self.key.as_bytes())
    }
}

impl TryFrom<TypedKey> for VerifierKey {
    type Error = NoteError;

    fn try_from(key: TypedKey) -> Result<Self, NoteError> {
        let public = key.ed25519(ED25519, "its key is not an Ed25519 key")?;
        Ok(Self {
            name: key.name,
            key: public,
        })
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = TypedKey {
            name: self.name.clone(),
            kind: ED25519,
            key: self.key.as_bytes().to_vec(),
        };
        key.fmt(f)
    }
}

impl fmt::Debug for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifierKey({self})")
    }
}

impl FromStr for VerifierKey {
    type Err = NoteError;

    fn from_str(text: &str) -> Result<Self, NoteError> {
        Self::parse(text)
    }
}

/// Signs `text` (which ends in a newline) under `name`, and returns the whole note.
pub fn sign(text: &str, name: &str, key: &SecretKey) -> Result<String, NoteError> {
    let mut note = Note::unsigned(text)?;
    note.sign(name, key)?;
    Ok(note.to_string())
}

/// The text of `note`, if it carries a good signature by `verifier` (and no bad one that claims to be).
/// Signatures by others are passed over.
pub fn open<'a>(note: &'a str, verifier: &VerifierKey) -> Result<&'a str, NoteError> {
    let (text, signatures) = split(note, NOTE_BYTES_MAX)?;
    match is_signed_by(text, &signatures, verifier)? {
        true => Ok(text),
        false => Err(NoteError::NotSigned {
            name: verifier.name.clone(),
        }),
    }
}

/// A whole note: its text and its signatures, none of them checked. It is written as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<NoteSignature>,
}

/// One signature line of a note, of whatever type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteSignature {
    name: String,
    id: [u8; 4],
    bytes: Vec<u8>,
}

impl Note {
    /// A note of this text, to be signed: as it is, it has no signature and is none that anybody reads.
    pub(crate) fn unsigned(text: &str) -> Result<Self, NoteError> {
        if !is_note_text(text) {
            return Err(NoteError::Note {
                why: "its text does not end in a newline, or has control characters",
            });
        }
        Ok(Self {
            text: text.to_owned(),
            signatures: Vec::new(),
        })
    }

    /// Reads a note of at most `bytes_max` bytes, strictly: what it gives is written again as it was read.
    pub fn parse(note: &str, bytes_max: usize) -> Result<Self, NoteError> {
        let (text, signatures) = split(note, bytes_max)?;
        Ok(Self {
            text: text.to_owned(),
            signatures,
        })
    }

    /// Its text, with the last newline.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Its signatures, in its order; each may be anybody's.
    pub fn signatures(&self) -> &[NoteSignature] {
        &self.signatures
    }

    /// Whether it carries a good signature by `verifier`, however often. A bad one that claims to be is an error.
    pub fn is_signed_by(&self, verifier: &VerifierKey) -> Result<bool, NoteError> {
        is_signed_by(&self.text, &self.signatures, verifier)
    }

    /// Signs it under `name` too.
    pub(crate) fn sign(&mut self, name: &str, key: &SecretKey) -> Result<(), NoteError> {
        let verifier = VerifierKey::new(name, key.public_key())?;
        let signature = key.sign(self.text.as_bytes());
        self.add(NoteSignature {
            name: verifier.name.clone(),
            id: verifier.id(),
            bytes: signature.as_bytes().to_vec(),
        })
    }

    /// Adds a signature line at its end, as it comes.
    pub(crate) fn add(&mut self, signature: NoteSignature) -> Result<(), NoteError> {
        if self.signatures.len() >= NOTE_SIGNATURES_MAX {
            return Err(NoteError::Note {
                why: "it has too many signatures",
            });
        }
        self.signatures.push(signature);
        Ok(())
    }
}

impl NoteSignature {
    /// The line of `name`, the key's four bytes and the signature's.
    pub(crate) fn new(name: &str, id: [u8; 4], bytes: Vec<u8>) -> Self {
        Self {
            name: name.to_owned(),
            id,
            bytes,
        }
    }

    /// The name of the key that it claims to be by.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The signature itself, without the key's four bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether it claims to be by the key of this name and these four bytes.
    pub(crate) fn claims(&self, name: &str, id: [u8; 4]) -> bool {
        self.name == name && self.id == id
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures
            .iter()
            .try_for_each(|line| writeln!(f, "{line}"))
    }
}

impl fmt::Display for NoteSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = [self.id.as_slice(), &self.bytes].concat();
        let base64 = BASE64.encode(&bytes);
        write!(f, "{SIGNATURE_START}{} {base64}", self.name)
    }
}

impl FromStr for NoteSignature {
    type Err = NoteError;

    /// Reads one signature line, without its newline.
    fn from_str(line: &str) -> Result<Self, NoteError> {
        signature_line(line).ok_or(NoteError::Note {
            why: "a signature line is malformed",
        })
    }
}

/// Every line that claims to be by `verifier` must be: one may stand there twice, and counts once.
fn is_signed_by(
    text: &str,
    signatures: &[NoteSignature],
    verifier: &VerifierKey,
) -> Result<bool, NoteError> {
    let mut signed = false;
    let id = verifier.id();
    for line in signatures
        .iter()
        .filter(|line| line.claims(&verifier.name, id))
    {
        let wrong = || NoteError::WrongSignature {
            name: verifier.name.clone(),
        };
        let signature: [u8; 64] = line.bytes().try_into().map_err(|_| wrong())?;
        verifier
            .key
            .verify(text.as_bytes(), &Signature::from_bytes(signature))
            .map_err(|_| wrong())?;
        signed = true;
    }
    Ok(signed)
}

/// A note's text (with its last newline) and its signature lines.
fn split(note: &str, bytes_max: usize) -> Result<(&str, Vec<NoteSignature>), NoteError> {
    let fail = |why| NoteError::Note { why };
    if note.len() > bytes_max {
        return Err(NoteError::TooLong {
            expected: bytes_max,
            found: note.len(),
        });
    }
    let at = note
        .rfind("\n\n")
        .ok_or(fail("it has no empty line before its signatures"))?;
    let (text, rest) = note.split_at(at + 1);
    let lines = rest
        .strip_prefix('\n')
        .and_then(|rest| rest.strip_suffix('\n'))
        .ok_or(fail("it does not end in a newline"))?;
    if !is_note_text(text) {
        return Err(fail("its text has control characters"));
    }
    let signatures: Vec<_> = lines
        .split('\n')
        .take(NOTE_SIGNATURES_MAX + 1)
        .map(str::parse)
        .collect::<Result<_, _>>()?;
    if signatures.len() > NOTE_SIGNATURES_MAX {
        return Err(fail("it has too many signatures"));
    }
    Ok((text, signatures))
}

fn signature_line(line: &str) -> Option<NoteSignature> {
    let (name, signed) = line.strip_prefix(SIGNATURE_START)?.split_once(' ')?;
    let bytes = base64::decode(signed)?;
    let (id, signature) = bytes.split_first_chunk::<4>()?;
    (is_key_name(name) && !signature.is_empty())
        .then(|| NoteSignature::new(name, *id, signature.to_vec()))
}

fn is_note_text(text: &str) -> bool {
    text.ends_with('\n') && !text.contains(|c: char| c.is_ascii_control() && c != '\n')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The note and key of the example that C2SP's and Go's signed note share.
    const VKEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    const NOTE: &str = "If you think cryptography is the answer to your problem,\n\
        then you don't know what your problem is.\n\n\
        \u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

    #[test]
    fn the_worlds_example_note_opens() {
        let verifier = VerifierKey::parse(VKEY).unwrap();
        assert_eq!(verifier.to_string(), VKEY);
        assert!(open(NOTE, &verifier).unwrap().starts_with("If you think"));
        let altered = NOTE.replace("problem is", "problem was");
        assert_eq!(
            open(&altered, &verifier),
            Err(NoteError::WrongSignature {
                name: "PeterNeumann".into()
            })
        );
    }

    #[test]
    fn what_is_signed_opens_and_nothing_else_does() {
        let key = SecretKey::from_seed([1; 32]);
        let verifier = VerifierKey::new("ur.example/promise", key.public_key()).unwrap();
        let note = sign("hello\n", "ur.example/promise", &key).unwrap();
        assert_eq!(open(&note, &verifier), Ok("hello\n"));
        let other = VerifierKey::new("ur.example/other", key.public_key()).unwrap();
        assert!(matches!(
            open(&note, &other),
            Err(NoteError::NotSigned { .. })
        ));
    }

    #[test]
    fn a_verifier_key_with_a_wrong_part_says_which() {
        for bad in [
            "",
            "name",
            "name+c74f20a3",
            "Peter Neumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
            "PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
            "PeterNeumann+c74f20a3+AhpC2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
            "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10T",
        ] {
            assert!(
                VerifierKey::parse(bad)
                    .unwrap_err()
                    .to_string()
                    .starts_with("not a verifier key"),
                "{bad}"
            );
        }
    }

    /// The examples of C2SP's signed-note; of the first one only the shape, since its key is not given there.
    #[test]
    fn the_specifications_examples_are_read() {
        let poem = "Ognuno sta solo sul cuor della terra\n\
            trafitto da un raggio di sole:\n\n\
            ed è subito sera.\n\n\
            \u{2014} quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=\n";
        let note = Note::parse(poem, NOTE_BYTES_MAX).unwrap();
        assert!(note.text().ends_with("sole:\n\ned è subito sera.\n"));
        assert_eq!(note.signatures()[0].name(), "quasimodo.example/salvatore");
        let key = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
        let note = "This is an example message.\n\n\
            \u{2014} example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";
        let opened = open(note, &VerifierKey::parse(key).unwrap());
        assert_eq!(opened, Ok("This is an example message.\n"));
    }

    #[test]
    fn signatures_by_others_are_passed_over_and_bad_ones_by_this_key_are_not() {
        let verifier = VerifierKey::parse(VKEY).unwrap();
        let (text, line) = NOTE.split_once("\n\n").unwrap();
        let with = |lines: &str| format!("{text}\n\n{lines}");
        let stranger = "\u{2014} PeterNeumann AAAAAAAA\n\u{2014} other x08goAAA\n";
        let many = stranger.repeat(16) + line;
        assert!(open(&with(&many), &verifier).is_ok());
        assert!(open(&with(&line.repeat(2)), &verifier).is_ok());
        let bad = line.replace("ZJku", "ZJkv");
        for lines in [
            bad.clone() + line,
            line.to_owned() + &bad,
            "\u{2014} PeterNeumann x08gowA=\n".to_owned() + line,
        ] {
            assert!(
                matches!(
                    open(&with(&lines), &verifier),
                    Err(NoteError::WrongSignature { .. })
                ),
                "{lines}"
            );
        }
    }

    #[test]
    fn a_note_that_is_none_says_why() {
        let verifier = VerifierKey::parse(VKEY).unwrap();
        let (text, line) = NOTE.split_once("\n\n").unwrap();
        let long = format!("{}\n\n{line}", "x".repeat(NOTE_BYTES_MAX));
        let too_many = format!("{text}\n\n{}", line.repeat(NOTE_SIGNATURES_MAX + 1));
        for (note, why) in [
            (NOTE.trim_end(), "does not end in a newline"),
            (&NOTE.replace("\n\n", "\n"), "no empty line"),
            (&NOTE.replace('\n', "\r\n"), "no empty line"),
            (&NOTE.replace(",\n", ",\r\n"), "control characters"),
            (
                &NOTE.replace('\u{2014}', "-"),
                "signature line is malformed",
            ),
            (
                &NOTE.replace(" x08go", "  x08go"),
                "signature line is malformed",
            ),
            (&NOTE.replace("nAM=", "nAN="), "signature line is malformed"),
            (&NOTE.replace("nAM=", "nAM"), "signature line is malformed"),
            (&format!("{text}\n\n"), "does not end in a newline"),
            (&too_many, "too many signatures"),
            (&long, "expected at most 16384 bytes"),
        ] {
            let error = open(note, &verifier).unwrap_err().to_string();
            assert!(error.contains(why), "{error} instead of {why}");
        }
    }

    proptest! {
        #[test]
        fn a_note_is_written_as_it_was_read(
            text in "([a-z é]{0,9}\n){1,4}",
            lines in proptest::collection::vec(("[a-z/.]{1,9}", any::<[u8; 4]>(), proptest::collection::vec(any::<u8>(), 1..80)), 1..20),
        ) {
            let mut note = Note::unsigned(&text).unwrap();
            for (name, id, bytes) in lines {
                note.add(NoteSignature::new(&name, id, bytes)).unwrap();
            }
            let written = note.to_string();
            prop_assert_eq!(Note::parse(&written, NOTE_BYTES_MAX), Ok(note));
        }

        #[test]
        fn no_text_makes_the_reader_panic(text: String) {
            let verifier = VerifierKey::parse(VKEY).unwrap();
            prop_assert!(open(&text, &verifier).is_err());
            prop_assert!(VerifierKey::parse(&text).is_err());
        }
    }
}
