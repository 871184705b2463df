//! What is known of each entry before its place is judged: decoded, hashed, its signature checked. All of it in
//! parallel over the cores, chunk by chunk.

use crate::limits::BATCH_CLAIMS_MAX;
use crate::source::Raw;
use rayon::prelude::*;
use sijill_ledger::signature::{Claim, SignatureError, verify_all};
use sijill_ledger::tree::leaf_hash;
use sijill_ledger::{Hash, Link, Sealed, chain};
use sijill_poll::definition::Definition;
use sijill_poll::event::{Responded, Who};
use sijill_poll::roster::Roster;
use sijill_poll::{Event, Poll, operator};
use std::sync::Arc;

/// Whose signatures are expected, and over which poll.
pub(crate) struct Signers {
    poll_id: Hash,
    definition: Arc<Definition>,
    roster: Arc<Roster>,
}

impl Signers {
    /// The signers of this poll.
    pub(crate) fn of(poll: &Poll) -> Self {
        Self {
            poll_id: poll.id(),
            definition: Arc::clone(poll.definition()),
            roster: Arc::clone(poll.roster()),
        }
    }
}

/// An entry as far as it can be known without its place.
pub(crate) struct Prepared {
    /// The entry, or why its bytes are none.
    pub(crate) entry: Result<Sealed<Event>, String>,
    /// The link of its bytes; none where they were too many to be read.
    pub(crate) link: Option<Link>,
    /// The RFC 6962 leaf hash of its bytes.
    pub(crate) leaf: Option<Hash>,
    /// What came of its signature.
    pub(crate) signature: Checked,
}

/// What came of an entry's signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Checked {
    /// None was expected, or nobody is known who could have made one.
    NothingToCheck,
    /// It holds.
    Good,
    /// It is wrong.
    Wrong(SignatureError),
    /// The roster has no such invitation.
    NoInvitation,
    /// The leaf of the invitation holds no key.
    NoKey,
}

/// Prepares entries; `signers` is none while no poll could be opened.
pub(crate) fn prepare(raws: Vec<Raw>, signers: Option<&Signers>) -> Vec<Prepared> {
    let batches: Vec<Vec<Prepared>> = raws
        .into_par_iter()
        .chunks(BATCH_CLAIMS_MAX)
        .map(|batch| prepare_batch(batch, signers))
        .collect();
    batches.into_iter().flatten().collect()
}

/// One core's work: all of a batch, while it is near.
fn prepare_batch(raws: Vec<Raw>, signers: Option<&Signers>) -> Vec<Prepared> {
    let mut entries: Vec<Prepared> = raws.into_iter().map(read).collect();
    let (places, claims): (Vec<usize>, Vec<Claim>) = entries
        .iter_mut()
        .enumerate()
        .filter_map(|(place, prepared)| claim(prepared, signers).map(|claim| (place, claim)))
        .unzip();
    for (at, error) in verify_all(&claims) {
        let prepared = places.get(at).and_then(|place| entries.get_mut(*place));
        if let Some(prepared) = prepared {
            prepared.signature = Checked::Wrong(error);
        }
    }
    entries
}

fn read(raw: Raw) -> Prepared {
    match raw {
        Raw::Entry(bytes) => {
            let leaf = Some(leaf_hash(&bytes));
            let entry = Sealed::read(&bytes);
            Prepared {
                link: Some(match &entry {
                    Ok(sealed) => sealed.link(),
                    Err(_) => chain::link_of(&bytes),
                }),
                entry: entry.map_err(|error| error.to_string()),
                leaf,
                signature: Checked::NothingToCheck,
            }
        }
        Raw::TooLong(length) => Prepared {
            entry: Err(format!("{length} bytes")),
            link: None,
            leaf: None,
            signature: Checked::NothingToCheck,
        },
    }
}

/// The signature to be checked of this entry. Where there is one, it counts as good until the batch says otherwise.
fn claim(prepared: &mut Prepared, signers: Option<&Signers>) -> Option<Claim> {
    let (Ok(sealed), Some(signers)) = (&prepared.entry, signers) else {
        return None;
    };
    let claim = match &sealed.entry().event {
        Event::Opened(_) => None,
        Event::Responded(responded) => match answer_claim(responded, signers) {
            Ok(claim) => Some(claim),
            Err(checked) => {
                prepared.signature = checked;
                None
            }
        },
        event => operator_claim(event, signers),
    };
    if claim.is_some() {
        prepared.signature = Checked::Good;
    }
    claim
}

fn answer_claim(responded: &Responded, signers: &Signers) -> Result<Claim, Checked> {
    let Who::Invitation { index, .. } = responded.answer.who;
    if index >= signers.roster.len() {
        return Err(Checked::NoInvitation);
    }
    let key = signers.roster.key(index).ok_or(Checked::NoKey)?;
    let message = responded.answer.message(signers.poll_id);
    Ok(Claim {
        key,
        message: message.map_err(|_| Checked::Wrong(SignatureError::Wrong))?,
        signature: responded.signature,
    })
}

/// A signer that the definition does not have is the rules' to refuse.
fn operator_claim(event: &Event, signers: &Signers) -> Option<Claim> {
    let envelope = operator::envelope(signers.poll_id, event).ok()??;
    Some(Claim {
        key: envelope.signer.key(&signers.definition)?,
        message: envelope.message,
        signature: envelope.signature,
    })
}
