//! The promise: the platform's signed word that an answer is and stays in the ledger.
//!
//! A signed note under the name `<origin>/promise`, whose five lines no checkpoint parser accepts, and the file in
//! which a respondent keeps it beside the signed answer.

use crate::error::PollError;
use crate::event::Responded;
use crate::limits::PROMISE_BYTES_MAX;
use data_encoding::BASE64;
use sijill_ledger::base64;
use sijill_ledger::note::{self, Note, VerifierKey};
use sijill_ledger::{Hash, Origin, PublicKey, SecretKey, codec};

/// Length of an Ed25519 signature.
const SIGNATURE_BYTES: usize = 64;
const FIRST_LINE: &str = "sijill promise v1";
/// The first line of a promise's file.
pub const FILE_FIRST_LINE: &str = "sijill-promise@v1";

/// What is promised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Promise {
    /// The ledger's name.
    pub origin: Origin,
    /// The poll's id.
    pub poll_id: Hash,
    /// SHA-256 of the signed answer.
    pub answer: Hash,
    /// When the answer must be public, in seconds since 1970.
    pub due: u64,
}

impl Promise {
    /// The text that is signed.
    fn text(&self) -> String {
        format!(
            "{FIRST_LINE}\n{}\n{}\n{}\n{}\n",
            self.origin,
            BASE64.encode(self.poll_id.as_bytes()),
            BASE64.encode(self.answer.as_bytes()),
            self.due
        )
    }

    fn parse(text: &str) -> Result<Self, PollError> {
        let fail = |why| PollError::Promise { why };
        let lines: Vec<&str> = text.lines().collect();
        let [first, origin, poll_id, answer, due] = lines.as_slice() else {
            return Err(fail("its note has not five lines"));
        };
        if *first != FIRST_LINE {
            return Err(fail("its note is none of version 1"));
        }
        let promise = Self {
            origin: origin.parse().map_err(|_| fail("its origin is none"))?,
            poll_id: hash(poll_id).ok_or(fail("its poll id is none"))?,
            answer: hash(answer).ok_or(fail("its answer's hash is none"))?,
            due: due.parse().map_err(|_| fail("its due time is none"))?,
        };
        if promise.text() != text {
            return Err(fail("its note is not written canonically"));
        }
        Ok(promise)
    }
}

/// The name under which a ledger's promise key signs.
pub fn key_name(origin: &Origin) -> String {
    format!("{origin}/promise")
}

/// The ledger's promise key as a verifier key.
pub fn verifier_key(origin: &Origin, key: PublicKey) -> Result<VerifierKey, PollError> {
    Ok(VerifierKey::new(&key_name(origin), key)?)
}

/// The file that a respondent keeps: the signed answer and the signed promise for it.
pub fn file(
    responded: &Responded,
    promise: &Promise,
    key: &SecretKey,
) -> Result<String, PollError> {
    let note = note::sign(&promise.text(), &key_name(&promise.origin), key)?;
    let answer = BASE64.encode(&responded.signed_bytes()?);
    Ok(format!("{FILE_FIRST_LINE}\nanswer {answer}\n\n{note}"))
}

/// A promise whose signature holds, with the answer it is for. Comes from [`open`] alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedPromise {
    promise: Promise,
    responded: Responded,
}

impl VerifiedPromise {
    /// What is promised.
    pub fn promise(&self) -> &Promise {
        &self.promise
    }

    /// When the answer must be public, in milliseconds since 1970.
    pub fn due_ms(&self) -> u64 {
        self.promise.due.saturating_mul(1_000)
    }

    /// The signed answer.
    pub fn responded(&self) -> &Responded {
        &self.responded
    }
}

/// Reads a promise file, strictly, and checks that it is signed by the promise key of the ledger and that it is for
/// the answer beside it.
pub fn open(
    file: &str,
    origin: &Origin,
    poll_id: Hash,
    key: PublicKey,
) -> Result<VerifiedPromise, PollError> {
    let Claimed {
        promise,
        responded,
        note,
    } = read(file)?;
    if promise.origin != *origin || promise.poll_id != poll_id {
        return Err(PollError::Promise {
            why: "it is of another poll",
        });
    }
    note::open(note, &verifier_key(origin, key)?)?;
    Ok(VerifiedPromise { promise, responded })
}

/// What a promise file claims to promise, whoever signed it: so that one knows which poll's key to ask for before
/// [`open`]. Whatever is no promise of any ledger is refused here.
pub fn claimed(file: &str) -> Result<Promise, PollError> {
    Ok(read(file)?.promise)
}

/// A promise file, whose signature nobody has checked.
struct Claimed<'a> {
    promise: Promise,
    responded: Responded,
    note: &'a str,
}

fn read(file: &str) -> Result<Claimed<'_>, PollError> {
    let fail = |why| PollError::Promise { why };
    let (answer, note) = split(file)?;
    let bytes = base64::decode(answer).ok_or(fail("its answer is not base64"))?;
    let responded: Responded =
        codec::decode(&bytes).map_err(|_| fail("its answer does not decode"))?;
    let signed = Note::parse(note, PROMISE_BYTES_MAX)?;
    let promise = Promise::parse(signed.text())?;
    if Hash::of(&bytes) != promise.answer {
        return Err(fail("it is for another answer than the one beside it"));
    }
    let [signature] = signed.signatures() else {
        return Err(fail("its note has not one signature"));
    };
    if signature.name() != key_name(&promise.origin) || signature.bytes().len() != SIGNATURE_BYTES {
        return Err(fail(
            "its note is not signed by a promise key of its ledger",
        ));
    }
    Ok(Claimed {
        promise,
        responded,
        note,
    })
}

/// The answer in base64, and the note.
fn split(file: &str) -> Result<(&str, &str), PollError> {
    let fail = |why| PollError::Promise { why };
    if file.len() > PROMISE_BYTES_MAX {
        return Err(fail("it is too long"));
    }
    let rest = file
        .strip_prefix(FILE_FIRST_LINE)
        .and_then(|rest| rest.strip_prefix("\nanswer "))
        .ok_or(fail("it does not begin as a promise file"))?;
    rest.split_once("\n\n")
        .ok_or(fail("it has no note after the answer"))
}

fn hash(text: &str) -> Option<Hash> {
    let bytes = base64::decode(text)?;
    bytes.try_into().ok().map(Hash::from_bytes)
}
