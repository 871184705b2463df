//! Events: what a ledger of a poll records, and the exact messages that are signed for them.
//!
//! Kinds are numbered by their place in [`Event`]; a kind's bytes never change, a new shape is a new kind, appended.
//! What an event means for a poll is in `poll`, what may happen in `rules`.

use crate::error::PollError;
use crate::operator::Signed;
use serde::{Deserialize, Serialize};
use sijill_ledger::{Hash, Link, Origin, PublicKey, Signature, codec};

/// What happened. The variant's place is the kind's number, for ever.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// Kind 0: the poll was opened; always and only entry 0.
    Opened(Box<Opened>),
    /// Kind 1: the set of invitations was committed to.
    RosterCommitted(Signed<RosterCommitted>),
    /// Kind 2: a wave of invitations begins; durable before its first message.
    WaveStarted(Signed<WaveStarted>),
    /// Kind 3: a wave is over, and this is what became of it.
    WaveEnded(Signed<WaveEnded>),
    /// Kind 4: somebody answered.
    Responded(Responded),
    /// Kind 5: no answers are taken for now.
    Paused(Signed<Paused>),
    /// Kind 6: answers are taken again.
    Resumed(Signed<Resumed>),
    /// Kind 7: the end was moved later.
    Extended(Signed<Extended>),
    /// Kind 8: no more answers; the result is declared.
    Closed(Signed<Closed>),
    /// Kind 9: the poll is void.
    Annulled(Signed<Annulled>),
    /// Kind 10: a key was certified for anonymous answers; of a later version.
    CredentialIssued(Later),
    /// Kind 11: wording on a page was mended, or the form in which the question is shown.
    PageChanged(Signed<PageChanged>),
    /// Kind 12: keys of sealed strata, and what they open.
    Unsealed(Signed<Unsealed>),
    /// Kind 13: a broken promise was handed in; signed by nobody but in what it holds.
    Objected(Objected),
    /// Kind 14: the service goes on without entries that it had acknowledged.
    Recovered(Signed<Recovered>),
}

impl sijill_ledger::Event for Event {
    fn is_known(kind: u32) -> bool {
        kind <= 14 && !LATER_KINDS.iter().any(|(later, _)| *later == kind)
    }
}

/// Kinds that have a number and a name, and whose content comes with later versions.
pub const LATER_KINDS: [(u32, &str); 2] = [(10, "CredentialIssued"), (15, "Certified")];

/// The content of a kind that has only its number yet: there is no such value, so nothing decodes to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Later {}

impl Event {
    /// The kind's number.
    pub fn kind(&self) -> u32 {
        match self {
            Self::Opened(_) => 0,
            Self::RosterCommitted(_) => 1,
            Self::WaveStarted(_) => 2,
            Self::WaveEnded(_) => 3,
            Self::Responded(_) => 4,
            Self::Paused(_) => 5,
            Self::Resumed(_) => 6,
            Self::Extended(_) => 7,
            Self::Closed(_) => 8,
            Self::Annulled(_) => 9,
            Self::CredentialIssued(later) => match *later {},
            Self::PageChanged(_) => 11,
            Self::Unsealed(_) => 12,
            Self::Objected(_) => 13,
            Self::Recovered(_) => 14,
        }
    }

    /// The kind's name, as DESIGN and SPEC write it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Opened(_) => "Opened",
            Self::RosterCommitted(_) => "RosterCommitted",
            Self::WaveStarted(_) => "WaveStarted",
            Self::WaveEnded(_) => "WaveEnded",
            Self::Responded(_) => "Responded",
            Self::Paused(_) => "Paused",
            Self::Resumed(_) => "Resumed",
            Self::Extended(_) => "Extended",
            Self::Closed(_) => "Closed",
            Self::Annulled(_) => "Annulled",
            Self::CredentialIssued(later) => match *later {},
            Self::PageChanged(_) => "PageChanged",
            Self::Unsealed(_) => "Unsealed",
            Self::Objected(_) => "Objected",
            Self::Recovered(_) => "Recovered",
        }
    }
}

/// Entry 0: everything that stands for as long as the poll does, signed by an operator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opened {
    /// What is signed.
    pub opening: Opening,
    /// By the operator key that `opening.key` names, over [`Opening::message`].
    pub signature: Signature,
}

/// The content of entry 0.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opening {
    /// The ledger's name.
    pub origin: Origin,
    /// Version of the rules by which definition and ledger are judged.
    pub rule_set: u16,
    /// The exact text of `poll.toml`.
    pub definition: String,
    /// Keys that sign this ledger's checkpoints, under the origin as their name.
    pub log_keys: Vec<PublicKey>,
    /// Key that signs promises, under the name `<origin>/promise`.
    pub promise_key: PublicKey,
    /// SHA-256 of the message template in each language, in the definition's order.
    pub messages: Vec<Committed>,
    /// SHA-256 of the question block of the answer page in each language, in the definition's order.
    pub questions: Vec<Committed>,
    /// SHA-256 of the answer page's script, where it has one.
    pub script: Option<Hash>,
    /// X25519 key to which answers are sealed, where they are.
    pub sealing_key: Option<[u8; 32]>,
    /// Keys that certify anonymous answers, where they are (SubjectPublicKeyInfo, DER).
    pub issuing_keys: Vec<Vec<u8>>,
    /// Which of the definition's operator keys signs, from 0.
    pub key: u8,
    /// Milliseconds since 1970 after which this event must not be recorded.
    pub until: u64,
}

/// What entry 0 commits to in one language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Committed {
    /// The language's tag.
    pub language: String,
    /// SHA-256 of the text.
    pub hash: Hash,
}

impl Opening {
    /// The bytes that the operator signs: context, then every field of the opening.
    pub fn message(&self) -> Result<Vec<u8>, PollError> {
        Ok(with_context("sijill 2026 opened v1", &codec::encode(self)?))
    }
}

/// The roster's commitment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RosterCommitted {
    /// RFC 6962 root of the leaves.
    pub root: Hash,
    /// Number of leaves.
    pub count: u32,
    /// Number of leaves in each stratum, in the definition's order.
    pub by_stratum: Vec<u32>,
    /// Where strata are sealed, the SHA-256 of each stratum's key; empty where they are open.
    pub stratum_keys: Vec<Hash>,
}

/// A wave begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaveStarted {
    /// Its number, from 1.
    pub wave: u16,
    /// How many invitations of no earlier wave it will send.
    pub planned: u32,
    /// A checkpoint of the register, once there is one.
    pub register: Option<RegisterHead>,
}

/// A checkpoint of the register of polls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegisterHead {
    /// The register's name.
    pub origin: Origin,
    /// Its number of entries.
    pub size: u64,
    /// Its RFC 6962 root.
    pub root: Hash,
}

/// A wave is over: `sent + failed + stopped` is what was planned, `delivered + unknown + refused` is `sent`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaveEnded {
    /// Its number.
    pub wave: u16,
    /// Handed over for sending, and not known to have failed.
    pub sent: u32,
    /// Refused, undeliverable or expired, or never handed over.
    pub failed: u32,
    /// Not sent because the person had asked not to be written to.
    pub stopped: u32,
    /// Of those sent: known to have arrived.
    pub delivered: u32,
    /// Of those sent: nothing is known.
    pub unknown: u32,
    /// Of those sent: the person asked afterwards not to be written to.
    pub refused: u32,
    /// A commitment to the sender's journal, where there is one.
    pub journal: Option<Hash>,
}

/// No answers for now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paused {
    /// Why, for everyone to read.
    pub reason: String,
}

/// Answers again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resumed {
    /// Why, for everyone to read.
    pub reason: String,
}

/// A later end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extended {
    /// The new end, milliseconds since 1970; answers are taken before it.
    pub end: u64,
    /// Why, for everyone to read.
    pub reason: String,
}

/// The end of the poll, signed on a ledger that takes nothing in between.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closed {
    /// Number of entries before this one.
    pub size: u64,
    /// Link of the last of them.
    pub link: Link,
    /// The declared result; absent where answers are sealed.
    pub tally: Option<Vec<QuestionTally>>,
    /// Why now, for everyone to read; may be empty at the end in force.
    pub reason: String,
}

/// The declared counts of one question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuestionTally {
    /// The question's id.
    pub question: String,
    /// Answers that count, by option, in the definition's order.
    pub options: Vec<OptionCount>,
}

/// The declared count of one option.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OptionCount {
    /// The option's id.
    pub option: String,
    /// How many answers count for it.
    pub count: u64,
}

/// The poll is void.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Annulled {
    /// Why, for everyone to read.
    pub reason: String,
}

/// What pages say from here on. Question, options and message stay as they were signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageChanged {
    /// Texts of the definition that are shown in another wording.
    pub wordings: Vec<Wording>,
    /// SHA-256 of the question block in each language, in the definition's order.
    pub questions: Vec<Committed>,
    /// SHA-256 of the answer page's script, where it has one.
    pub script: Option<Hash>,
    /// Why, for everyone to read.
    pub reason: String,
}

/// A text of the definition in another wording.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wording {
    /// The field, as the definition has it: `disclosure.limitations`.
    pub field: String,
    /// The language's tag.
    pub language: String,
    /// The text.
    pub text: String,
}

/// Sealed strata are opened, those that the rule allows (`unseal`), after the close and once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unsealed {
    /// One for each stratum of the definition, in its order: the key, or none where the stratum stays closed.
    pub keys: Vec<Option<[u8; 32]>>,
    /// SHA-256 of the tables of the opened strata (`unseal::tables_hash`).
    pub tables: Hash,
}

/// Somebody was promised that their answer is and stays in the ledger, and it is not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Objected {
    /// The whole promise file (`promise`).
    pub promise: String,
}

/// Entries that had been acknowledged are lost, and the ledger goes on behind the last one kept: that which this entry
/// follows. The entries from this one's index up to `head_size` are those lost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recovered {
    /// Number of entries that had been acknowledged.
    pub head_size: u64,
    /// Link of the last of them.
    pub head_link: Link,
    /// What happened, for everyone to read.
    pub reason: String,
}

/// An answer and its signature. Its canonical bytes are *the signed answer*, whose SHA-256 a promise names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Responded {
    /// What is signed.
    pub answer: Answer,
    /// By the invitation's key, over [`Answer::message`].
    pub signature: Signature,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// Whose.
    pub who: Who,
    /// How it came.
    pub how: How,
    /// Rotation in which the options were shown (`rotation`); 0 as defined.
    pub order: u16,
    /// What was chosen, question by question.
    pub chosen: Vec<Chosen>,
}

/// Whose answer it is; later versions append.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Who {
    /// Of an invitation.
    Invitation {
        /// Index of its leaf in the roster.
        index: u32,
        /// 1 for the first answer, one more for each change.
        revision: u8,
    },
}

/// How an answer came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum How {
    /// The platform signed for who opened the link.
    Link,
    /// The respondent's browser signed.
    Signed,
    /// The respondent typed the code; the platform signed.
    Assisted,
    /// Signed with a key certified blind.
    Anonymous,
}

/// The choice made on one question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chosen {
    /// The question's id.
    pub question: String,
    /// What was chosen.
    pub value: Value,
}

/// A choice, readable or sealed until the close.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Value {
    /// An option's id.
    Clear(String),
    /// A ciphertext.
    Sealed(Vec<u8>),
}

impl Answer {
    /// The bytes that the invitation's key signs: context, poll id, then every field of the answer.
    pub fn message(&self, poll_id: Hash) -> Result<Vec<u8>, PollError> {
        let front = with_context("sijill 2026 answer v1", poll_id.as_bytes());
        Ok(codec::encode_after(front, self)?)
    }
}

impl Responded {
    /// The signed answer's bytes: what a promise stands for.
    pub fn signed_bytes(&self) -> Result<Vec<u8>, PollError> {
        Ok(codec::encode(self)?)
    }

    /// SHA-256 of [`Responded::signed_bytes`].
    pub fn hash(&self) -> Result<Hash, PollError> {
        Ok(Hash::of(&self.signed_bytes()?))
    }
}

/// Every signed message begins with a context of its own kind and a zero byte, so that none can be taken for another.
pub(crate) fn with_context(context: &str, bytes: &[u8]) -> Vec<u8> {
    [context.as_bytes(), &[0], bytes].concat()
}
