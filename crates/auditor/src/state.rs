//! What an auditor keeps from one audit of a poll to the next: the newest checkpoint, against which the next source is
//! held (V23), and, of a source with tiles, all that the checks carry along, so that the next audit reads the growth alone.
//!
//! A state is made only after every check of a run has passed, so it never stands for less than that. It is private, and
//! trusted as the auditor's own memory is; its checksum tells damage, not forgery.
//!
//! ```text
//! sijill audit state 1 newline | five parts, each as its length u64 and its bytes | BLAKE3 of all bytes before (32)
//! parts: checkpoint (a note) | carried (JSON) | entry 0 | roster | casts; the last four are empty where nothing is carried
//! ```
//! Integers are little-endian.

use sijill_ledger::Origin;
use sijill_ledger::checkpoint::SignedCheckpoint;

/// What a state of any version begins with.
const MAGIC: &str = "sijill audit state ";
/// The version that this auditor writes and reads.
const VERSION: u32 = 1;
const CHECKSUM_BYTES: usize = 32;

/// Why a file is no state that can be gone on from.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StateError {
    /// Some other file.
    #[error("it is no state of an audit; name another file, or one that is not there yet")]
    NotAState,
    /// Written by another version.
    #[error(
        "it is a state of version {found}, and this auditor has version {VERSION}; name a file that is not there yet, and audit in full"
    )]
    OtherVersion {
        /// Its version.
        found: String,
    },
    /// Its checksum does not match.
    #[error(
        "it is damaged: its checksum does not match; put a copy in its place, or name a file that is not there yet and audit in full, with --checkpoint for what you hold"
    )]
    Damaged,
    /// Of another poll.
    #[error(
        "it is the state of an audit of `{expected}`, and the source is of `{found}`; name that poll's own state"
    )]
    OtherPoll {
        /// The origin it is of.
        expected: Origin,
        /// The source's.
        found: Origin,
    },
}

/// What is kept of an audit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    checkpoint: SignedCheckpoint,
    carried: Option<Carried>,
}

/// What the checks carry along, in the parts that a file has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Carried {
    /// The small things, as JSON.
    pub(crate) carried: Vec<u8>,
    /// Entry 0's canonical bytes.
    pub(crate) first: Vec<u8>,
    /// The leaves, as [`sijill_poll::roster::Roster::to_kept`] writes them.
    pub(crate) roster: Vec<u8>,
    /// What every invitation has answered, [`sijill_poll::tally::Cast::BYTES`] each.
    pub(crate) casts: Vec<u8>,
}

impl State {
    /// The state after an audit whose newest checkpoint was this.
    pub(crate) fn new(checkpoint: SignedCheckpoint, carried: Option<Carried>) -> Self {
        Self {
            checkpoint,
            carried,
        }
    }

    /// What the checks carried at the end, of a source with tiles.
    pub(crate) fn carried(&self) -> Option<&Carried> {
        self.carried.as_ref()
    }

    /// The checkpoint.
    pub fn checkpoint(&self) -> &SignedCheckpoint {
        &self.checkpoint
    }

    /// Fails if it is of another ledger than this.
    pub(crate) fn is_of(&self, origin: &Origin) -> Result<(), StateError> {
        let expected = &self.checkpoint.claimed().origin;
        match expected == origin {
            true => Ok(()),
            false => Err(StateError::OtherPoll {
                expected: expected.clone(),
                found: origin.clone(),
            }),
        }
    }

    /// The file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = format!("{MAGIC}{VERSION}\n").into_bytes();
        let note = self.checkpoint.to_string().into_bytes();
        let rest = match &self.carried {
            Some(carried) => [
                &carried.carried[..],
                &carried.first,
                &carried.roster,
                &carried.casts,
            ],
            None => [&[][..]; 4],
        };
        for part in std::iter::once(&note[..]).chain(rest) {
            bytes.extend((part.len() as u64).to_le_bytes());
            bytes.extend(part);
        }
        let checksum = blake3::hash(&bytes);
        bytes.extend(checksum.as_bytes());
        bytes
    }

    /// Reads a file.
    pub fn read(bytes: &[u8]) -> Result<Self, StateError> {
        let rest = bytes
            .strip_prefix(MAGIC.as_bytes())
            .ok_or(StateError::NotAState)?;
        let version = rest.split(|byte| *byte == b'\n').next().unwrap_or_default();
        if version != VERSION.to_string().as_bytes() {
            let shown: Vec<u8> = version.iter().copied().take(20).collect();
            let found = String::from_utf8_lossy(&shown).into_owned();
            return Err(StateError::OtherVersion { found });
        }
        let (body, checksum) = bytes
            .len()
            .checked_sub(CHECKSUM_BYTES)
            .and_then(|end| bytes.split_at_checked(end))
            .ok_or(StateError::Damaged)?;
        if blake3::hash(body).as_bytes() != checksum {
            return Err(StateError::Damaged);
        }
        let body = body.get(MAGIC.len() + version.len() + 1..);
        body.and_then(read_body).ok_or(StateError::Damaged)
    }
}

fn read_body(body: &[u8]) -> Option<State> {
    let (note, rest) = part(body)?;
    let (carried, rest) = part(rest)?;
    let (first, rest) = part(rest)?;
    let (roster, rest) = part(rest)?;
    let (casts, rest) = part(rest)?;
    let carried = (!carried.is_empty()).then(|| Carried {
        carried: carried.to_vec(),
        first: first.to_vec(),
        roster: roster.to_vec(),
        casts: casts.to_vec(),
    });
    let checkpoint = std::str::from_utf8(note).ok()?.parse().ok()?;
    let state = State {
        checkpoint,
        carried,
    };
    rest.is_empty().then_some(state)
}

fn part(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<8>()?;
    rest.split_at_checked(usize::try_from(u64::from_le_bytes(*length)).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use sijill_ledger::checkpoint::Checkpoint;
    use sijill_ledger::{Hash, SecretKey};

    fn state() -> State {
        let checkpoint = Checkpoint {
            origin: "ur.example/polls/bridge".parse().unwrap(),
            size: 7,
            root: Hash::of(b"root"),
        };
        let part = |length| vec![7; length];
        let carried = Carried {
            carried: part(3),
            first: part(2),
            roster: part(0),
            casts: part(6),
        };
        let signed = checkpoint.sign(&SecretKey::from_seed([1; 32])).unwrap();
        State::new(signed, Some(carried))
    }

    #[test]
    fn a_state_is_read_as_it_is_written() {
        assert_eq!(State::read(&state().to_bytes()), Ok(state()));
        let alone = State::new(state().checkpoint, None);
        assert_eq!(State::read(&alone.to_bytes()), Ok(alone));
    }

    #[test]
    fn no_changed_byte_and_no_cut_gets_by() {
        let bytes = state().to_bytes();
        for place in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[place] ^= 1;
            assert!(State::read(&changed).is_err(), "{place}");
            assert!(State::read(&bytes[..place]).is_err(), "{place}");
        }
    }

    #[test]
    fn what_is_no_state_or_of_another_version_is_told_apart_from_a_damaged_one() {
        assert_eq!(State::read(b""), Err(StateError::NotAState));
        assert_eq!(State::read(b"\x7fELF"), Err(StateError::NotAState));
        let found = "2".to_owned();
        assert_eq!(
            State::read(b"sijill audit state 2\nanything"),
            Err(StateError::OtherVersion { found })
        );
        let mut bytes = state().to_bytes();
        bytes[40] ^= 1;
        assert_eq!(State::read(&bytes), Err(StateError::Damaged));
    }

    #[test]
    fn another_polls_state_is_named() {
        let other = "ur.example/polls/tunnel".parse().unwrap();
        assert!(
            state()
                .is_of(&other)
                .unwrap_err()
                .to_string()
                .contains("tunnel")
        );
        assert_eq!(
            state().is_of(&state().checkpoint().claimed().origin),
            Ok(())
        );
    }
}
