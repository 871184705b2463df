//! Events of operator and sender: who signs them, in what order, and until when.
//!
//! Each signer has a counter and the link of its own previous event, so that nothing can be replayed, left out or
//! reordered. `Opened` is the operator's event number 0, and the event that both signers' first one follows.

use crate::definition::Definition;
use crate::error::PollError;
use crate::event::{Event, with_context};
use crate::rules::Refusal;
use serde::{Deserialize, Serialize};
use sijill_ledger::{Hash, Link, PublicKey, SecretKey, Signature, codec};

/// A content that operator or sender signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signed<C> {
    /// Which key signs.
    pub signer: Signer,
    /// How many events this signer recorded before; the operator's `Opened` counts.
    pub counter: u32,
    /// Link of this signer's previous event; of `Opened` where there is none.
    pub previous: Link,
    /// Milliseconds since 1970 after which the event must not be recorded.
    pub until: u64,
    /// What is recorded.
    pub content: C,
    /// Over context, poll id, kind and all fields before it.
    pub signature: Signature,
}

/// Which of the definition's keys signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Signer {
    /// The operator key of this place, from 0.
    Operator {
        /// Its place in the definition.
        key: u8,
    },
    /// The sender's key.
    Sender,
}

impl Signer {
    /// The signer's public key, if the definition has it.
    pub fn key(self, definition: &Definition) -> Option<PublicKey> {
        match self {
            Self::Operator { key } => definition.keys.operators.get(usize::from(key)),
            Self::Sender => definition.keys.sender.as_ref(),
        }
        .map(|verifier| verifier.public_key())
    }
}

/// Where a signer stands: what its next event must say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turn {
    /// Its next counter.
    pub counter: u32,
    /// The link of its previous event.
    pub previous: Link,
}

/// The bytes that are signed: context, poll id, kind, signer, counter, previous, until, content.
fn message<C: Serialize>(
    poll_id: Hash,
    kind: u32,
    signed: &Signed<C>,
) -> Result<Vec<u8>, PollError> {
    let bytes = codec::encode(&(
        poll_id,
        kind,
        signed.signer,
        signed.counter,
        signed.previous,
        signed.until,
        &signed.content,
    ))?;
    Ok(with_context("sijill 2026 operator event v1", &bytes))
}

/// Signs `content` as the signer's next event. `wrap` makes the event of it, as `Event::Paused`.
pub fn sign<C: Serialize + Clone>(
    poll_id: Hash,
    (signer, key): (Signer, &SecretKey),
    turn: Turn,
    until: u64,
    content: C,
    wrap: impl Fn(Signed<C>) -> Event,
) -> Result<Event, PollError> {
    let mut signed = Signed {
        signer,
        counter: turn.counter,
        previous: turn.previous,
        until,
        content,
        signature: Signature::from_bytes([0; 64]),
    };
    let kind = wrap(signed.clone()).kind();
    signed.signature = key.sign(&message(poll_id, kind, &signed)?);
    Ok(wrap(signed))
}

/// What every signed event has, whatever its content.
#[derive(Debug, Clone)]
pub struct Envelope {
    /// Which key signs.
    pub signer: Signer,
    /// The event's counter.
    pub counter: u32,
    /// Link of the signer's previous event.
    pub previous: Link,
    /// Time after which it is void.
    pub until: u64,
    /// The bytes that are signed.
    pub message: Vec<u8>,
    /// The signature over them.
    pub signature: Signature,
}

/// The envelope of an event of operator or sender; `None` for `Opened`, answers and objections.
pub fn envelope(poll_id: Hash, event: &Event) -> Result<Option<Envelope>, PollError> {
    let kind = event.kind();
    match event {
        Event::Opened(_) | Event::Responded(_) | Event::Objected(_) => Ok(None),
        Event::RosterCommitted(signed) => envelope_of(poll_id, kind, signed),
        Event::WaveStarted(signed) => envelope_of(poll_id, kind, signed),
        Event::WaveEnded(signed) => envelope_of(poll_id, kind, signed),
        Event::Paused(signed) => envelope_of(poll_id, kind, signed),
        Event::Resumed(signed) => envelope_of(poll_id, kind, signed),
        Event::Extended(signed) => envelope_of(poll_id, kind, signed),
        Event::Closed(signed) => envelope_of(poll_id, kind, signed),
        Event::Annulled(signed) => envelope_of(poll_id, kind, signed),
        Event::Unsealed(signed) => envelope_of(poll_id, kind, signed),
        Event::Recovered(signed) => envelope_of(poll_id, kind, signed),
        Event::PageChanged(signed) => envelope_of(poll_id, kind, signed),
        Event::CredentialIssued(later) => match *later {},
    }
}

fn envelope_of<C: Serialize>(
    poll_id: Hash,
    kind: u32,
    signed: &Signed<C>,
) -> Result<Option<Envelope>, PollError> {
    Ok(Some(Envelope {
        signer: signed.signer,
        counter: signed.counter,
        previous: signed.previous,
        until: signed.until,
        message: message(poll_id, kind, signed)?,
        signature: signed.signature,
    }))
}

/// An event of operator or sender whose signature holds. Comes from [`verify`] alone.
#[derive(Debug, Clone)]
pub struct VerifiedEvent(Event);

impl VerifiedEvent {
    /// The event.
    pub fn event(&self) -> &Event {
        &self.0
    }

    /// The event alone.
    pub fn into_event(self) -> Event {
        self.0
    }
}

/// Checks the signature of an event of operator or sender against the definition's keys.
pub fn verify(
    poll_id: Hash,
    definition: &Definition,
    event: Event,
) -> Result<VerifiedEvent, Refusal> {
    let envelope = envelope(poll_id, &event)
        .ok()
        .flatten()
        .ok_or(Refusal::NotAnOperatorEvent)?;
    let key = envelope
        .signer
        .key(definition)
        .ok_or(Refusal::UnknownSigner)?;
    key.verify(&envelope.message, &envelope.signature)
        .map_err(|_| Refusal::WrongSignature)?;
    Ok(VerifiedEvent(event))
}
