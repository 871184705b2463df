//! Signed notes and verifier keys, to the byte as in C2SP's signed-note, with Ed25519 (signature type 0x01) alone.
//!
//! A note is a text that ends in a newline, an empty line, and signature lines `— name base64(key id ‖ signature)`.
//! What a text means is for others to say.

use crate::limits::{KEY_NAME_BYTES_MAX, NOTE_BYTES_MAX, NOTE_SIGNATURES_MAX};
use crate::signature::{PublicKey, SecretKey, Signature, SignatureError};
use data_encoding::{BASE64, HEXLOWER};
use sha2::{Digest, Sha256};
use std::{fmt, str::FromStr};

const ED25519: u8 = 0x01;
const SIGNATURE_START: &str = "\u{2014} ";

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

/// A name and a public key: whom a signature is expected from. Written `name+hash+base64`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct VerifierKey {
    name: String,
    key: PublicKey,
}

impl VerifierKey {
    /// A verifier key, if `name` is one that a note can carry: not empty, no white space, no plus.
    pub fn new(name: &str, key: PublicKey) -> Result<Self, NoteError> {
        if !is_key_name(name) {
            return Err(NoteError::VerifierKey {
                why: "its name is empty, too long, or has a space or a plus",
            });
        }
        Ok(Self {
            name: name.to_owned(),
            key,
        })
    }

    /// Reads `name+hash+base64`, strictly.
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        let fail = |why| NoteError::VerifierKey { why };
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(hash), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(fail("it has no two pluses"));
        };
        let bytes = BASE64
            .decode(key.as_bytes())
            .map_err(|_| fail("its key is not base64"))?;
        let Some((&ED25519, key)) = bytes.split_first() else {
            return Err(fail("its key is not an Ed25519 key"));
        };
        let key: [u8; 32] = key
            .try_into()
            .map_err(|_| fail("its key has not 32 bytes"))?;
        let verifier = Self::new(name, PublicKey::try_from(key)?)?;
        if HEXLOWER.encode(&verifier.id()) != hash {
            return Err(fail("its hash is not that of its name and key"));
        }
        Ok(verifier)
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
        let hash = Sha256::new()
            .chain_update(self.name.as_bytes())
            .chain_update([b'\n', ED25519])
            .chain_update(self.key.as_bytes())
            .finalize();
        let [a, b, c, d, ..] = <[u8; 32]>::from(hash);
        [a, b, c, d]
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = vec![ED25519];
        bytes.extend(self.key.as_bytes());
        write!(
            f,
            "{}+{}+{}",
            self.name,
            HEXLOWER.encode(&self.id()),
            BASE64.encode(&bytes)
        )
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

fn is_key_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= KEY_NAME_BYTES_MAX
        && !name.contains(|c: char| c == '+' || c.is_whitespace() || c.is_control())
}

/// Signs `text` (which ends in a newline) under `name`, and returns the whole note.
pub fn sign(text: &str, name: &str, key: &SecretKey) -> Result<String, NoteError> {
    if !is_note_text(text) {
        return Err(NoteError::Note {
            why: "its text does not end in a newline, or has control characters",
        });
    }
    let verifier = VerifierKey::new(name, key.public_key())?;
    let mut bytes = verifier.id().to_vec();
    bytes.extend(key.sign(text.as_bytes()).as_bytes());
    Ok(format!(
        "{text}\n{SIGNATURE_START}{name} {}\n",
        BASE64.encode(&bytes)
    ))
}

/// The text of `note`, if it carries a good signature by `verifier` (and no bad one that claims to be).
/// Signatures by others are passed over.
pub fn open<'a>(note: &'a str, verifier: &VerifierKey) -> Result<&'a str, NoteError> {
    let (text, signatures) = split(note)?;
    let mut signed = false;
    for (name, id, signature) in signatures {
        if name != verifier.name || id != verifier.id() {
            continue;
        }
        let wrong = || NoteError::WrongSignature {
            name: name.to_owned(),
        };
        let signature: [u8; 64] = signature.try_into().map_err(|_| wrong())?;
        verifier
            .key
            .verify(text.as_bytes(), &Signature::from_bytes(signature))
            .map_err(|_| wrong())?;
        signed = true;
    }
    if signed {
        Ok(text)
    } else {
        Err(NoteError::NotSigned {
            name: verifier.name.clone(),
        })
    }
}

type SignatureLine<'a> = (&'a str, [u8; 4], Vec<u8>);

/// A note's text (with its last newline) and its signature lines.
fn split(note: &str) -> Result<(&str, Vec<SignatureLine<'_>>), NoteError> {
    let fail = |why| NoteError::Note { why };
    if note.len() > NOTE_BYTES_MAX {
        return Err(fail("it is longer than 16 KiB"));
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
        .map(signature_line)
        .collect::<Option<_>>()
        .ok_or(fail("a signature line is malformed"))?;
    if signatures.len() > NOTE_SIGNATURES_MAX {
        return Err(fail("it has too many signatures"));
    }
    Ok((text, signatures))
}

fn signature_line(line: &str) -> Option<SignatureLine<'_>> {
    let (name, base64) = line.strip_prefix(SIGNATURE_START)?.split_once(' ')?;
    let bytes = BASE64.decode(base64.as_bytes()).ok()?;
    let (id, signature) = bytes.split_first_chunk::<4>()?;
    (is_key_name(name) && !signature.is_empty()).then(|| (name, *id, signature.to_vec()))
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

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text: String) {
            let verifier = VerifierKey::parse(VKEY).unwrap();
            prop_assert!(open(&text, &verifier).is_err());
            prop_assert!(VerifierKey::parse(&text).is_err());
        }
    }
}
