//! The list of checkpoints of SPEC.md, section 13: every published checkpoint of a ledger, oldest first, one note directly
//! after another.
//!
//! It owns where one note ends and the next begins, that sizes ascend, and what may be appended. Nothing is read at once:
//! whoever reads brings lines, and no more than one checkpoint is held. Whose signatures are on a checkpoint is for
//! `checkpoint` and `policy`; whether the log only grew from one to the next, for `proof`.
//!
//! Invariants:
//! - a note that cannot be read costs itself alone: the splitter goes on with the next one;
//! - what the splitter gives, written one after another, is the list again.

use crate::checkpoint::{Checkpoint, CheckpointError, SignedCheckpoint};
use crate::limits::CHECKPOINT_BYTES_MAX;
use crate::note::{NoteError, SIGNATURE_START};

/// What is wrong with a list of checkpoints, and with which of them, counted from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointListError {
    /// One of the notes is no checkpoint.
    #[error("checkpoint {note} of the list: {why}")]
    Checkpoint {
        /// Its number, from 1.
        note: u64,
        /// Why not.
        why: CheckpointError,
    },
    /// A checkpoint is not of a larger size than the one before it.
    #[error(
        "checkpoint {note} of the list: expected a size above that of the one before, {before}, found {found}"
    )]
    Order {
        /// Its number, from 1.
        note: u64,
        /// The size of the last one that could be read before it.
        before: u64,
        /// Its size.
        found: u64,
    },
}

impl CheckpointListError {
    /// The number of the checkpoint that it is about, from 1.
    pub fn note(&self) -> u64 {
        match self {
            Self::Checkpoint { note, .. } | Self::Order { note, .. } => *note,
        }
    }
}

/// Splits a list into its checkpoints, line by line.
#[derive(Debug, Default)]
pub struct Splitter {
    /// Notes begun so far, this one included.
    notes: u64,
    /// The lines of this note so far, at most as many bytes as a checkpoint may have.
    lines: Vec<u8>,
    /// Bytes of this note so far, kept or not.
    found: usize,
    /// Whether this note has a signature line.
    signed: bool,
    /// Whether the last line has not ended yet.
    within_line: bool,
}

impl Splitter {
    /// Takes the next line, with its newline, and gives the checkpoint that ended before it. Of a line that is longer
    /// than a checkpoint may be, `CHECKPOINT_BYTES_MAX` bytes and more at a time may be brought.
    pub fn push(&mut self, line: &[u8]) -> Result<Option<SignedCheckpoint>, CheckpointListError> {
        let signature = !self.within_line && line.starts_with(SIGNATURE_START.as_bytes());
        let ends = self.signed && !self.within_line && !signature;
        let before = if ends { self.end() } else { Ok(None) };
        self.keep(line);
        self.signed |= signature;
        before
    }

    /// The last checkpoint, after the last line; none if the list is empty.
    pub fn finish(mut self) -> Result<Option<SignedCheckpoint>, CheckpointListError> {
        self.end()
    }

    /// The number of the checkpoint that the last line belongs to, from 1; 0 before the first line.
    pub fn note(&self) -> u64 {
        self.notes
    }

    fn keep(&mut self, line: &[u8]) {
        if self.found == 0 {
            self.notes += 1;
        }
        self.found = self.found.saturating_add(line.len());
        if self.found <= CHECKPOINT_BYTES_MAX {
            self.lines.extend_from_slice(line);
        }
        self.within_line = !line.ends_with(b"\n");
    }

    /// Reads the note that ends here, if one was begun, and makes room for the next.
    fn end(&mut self) -> Result<Option<SignedCheckpoint>, CheckpointListError> {
        let (lines, found) = (std::mem::take(&mut self.lines), self.found);
        (self.found, self.signed, self.within_line) = (0, false, false);
        if found == 0 {
            return Ok(None);
        }
        let note = self.notes;
        let failed = |why| CheckpointListError::Checkpoint { note, why };
        read(&lines, found).map(Some).map_err(failed)
    }
}

/// The checkpoint that these bytes are, of which there were `found`.
fn read(bytes: &[u8], found: usize) -> Result<SignedCheckpoint, CheckpointError> {
    if found > CHECKPOINT_BYTES_MAX {
        let expected = CHECKPOINT_BYTES_MAX;
        return Err(NoteError::TooLong { expected, found }.into());
    }
    let text = std::str::from_utf8(bytes).map_err(|_| NoteError::Note {
        why: "it is not UTF-8",
    })?;
    text.parse()
}

/// Holds each checkpoint's size against the one before.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ascent {
    before: Option<u64>,
}

impl Ascent {
    /// An ascent whose last checkpoint had this size.
    pub fn above(size: u64) -> Self {
        Self { before: Some(size) }
    }

    /// Takes the checkpoint with number `note`. One that is not larger is an error and changes nothing: the next is held
    /// against the largest so far.
    pub fn look(&mut self, note: u64, checkpoint: &Checkpoint) -> Result<(), CheckpointListError> {
        let found = checkpoint.size;
        match self.before {
            Some(before) if before >= found => Err(CheckpointListError::Order {
                note,
                before,
                found,
            }),
            _ => {
                self.before = Some(found);
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::note::NoteSignature;
    use crate::signature::SecretKey;
    use crate::tree::Hash;
    use proptest::prelude::*;

    fn checkpoint(size: u64, signatures: u8) -> SignedCheckpoint {
        let checkpoint = Checkpoint {
            origin: "ur.example/polls/bridge".parse().unwrap(),
            size,
            root: Hash::of(&size.to_be_bytes()),
        };
        let signed = checkpoint.sign(&SecretKey::from_seed([1; 32])).unwrap();
        (0..signatures).fold(signed, |signed, place| {
            let line = NoteSignature::new("witness.example/w", [place; 4], vec![place; 72]);
            signed.with(line).unwrap()
        })
    }

    type Split = Vec<Result<SignedCheckpoint, CheckpointListError>>;

    fn split(list: &[u8]) -> Split {
        let (mut splitter, mut split) = (Splitter::default(), Vec::new());
        for line in list.split_inclusive(|byte| *byte == b'\n') {
            split.extend(splitter.push(line).transpose());
        }
        split.extend(splitter.finish().transpose());
        split
    }

    fn list(checkpoints: &[SignedCheckpoint]) -> String {
        checkpoints.iter().map(ToString::to_string).collect()
    }

    fn numbers(split: &Split) -> Vec<Result<u64, u64>> {
        let number = |one: &Result<SignedCheckpoint, CheckpointListError>| match one {
            Ok(signed) => Ok(signed.claimed().size),
            Err(error) => Err(error.note()),
        };
        split.iter().map(number).collect()
    }

    #[test]
    fn an_empty_list_has_no_checkpoint() {
        assert_eq!(split(b""), []);
    }

    #[test]
    fn a_note_that_cannot_be_read_is_named_and_the_next_one_is_read() {
        let good = list(&[checkpoint(3, 1), checkpoint(8, 0), checkpoint(9, 2)]);
        for (from, to) in [
            ("\n8\n", "\n08\n"),
            ("\n8\n", "\n8\r\n"),
            ("\n8\n", "\n\n8\n"),
        ] {
            let bad = good.replacen(from, to, 1);
            assert_eq!(
                numbers(&split(bad.as_bytes())),
                [Ok(3), Err(2), Ok(9)],
                "{to:?}"
            );
        }
        let cut = &good[..good.len() - 1];
        assert_eq!(numbers(&split(cut.as_bytes())), [Ok(3), Ok(8), Err(3)]);
        let mut bytes = good.into_bytes();
        bytes[0] = 0xff;
        assert_eq!(numbers(&split(&bytes)), [Err(1), Ok(8), Ok(9)]);
    }

    #[test]
    fn an_empty_line_between_two_notes_belongs_to_the_second() {
        let between = format!("{}\n{}", checkpoint(3, 0), checkpoint(8, 0));
        assert_eq!(numbers(&split(between.as_bytes())), [Ok(3), Err(2)]);
        let after = format!("{}\n", checkpoint(3, 0));
        assert_eq!(numbers(&split(after.as_bytes())), [Ok(3), Err(2)]);
    }

    #[test]
    fn a_note_without_signature_swallows_the_next_and_no_more() {
        let body = checkpoint(3, 0).claimed().to_string();
        let list = format!("{body}{}{}", checkpoint(8, 0), checkpoint(9, 0));
        assert_eq!(numbers(&split(list.as_bytes())), [Err(1), Ok(9)]);
    }

    #[test]
    fn a_huge_note_is_passed_over_without_being_kept() {
        let mut splitter = Splitter::default();
        assert_eq!(splitter.push(&vec![b'a'; CHECKPOINT_BYTES_MAX]), Ok(None));
        // The same line goes on: what it begins with in the middle says nothing.
        for _ in 0..4 {
            assert_eq!(
                splitter.push("\u{2014} more".repeat(20_000).as_bytes()),
                Ok(None)
            );
            assert!(splitter.lines.len() <= CHECKPOINT_BYTES_MAX);
        }
        assert_eq!(splitter.push(b"\n"), Ok(None));
        assert_eq!(splitter.push("\u{2014} a b\n".as_bytes()), Ok(None));
        let text = checkpoint(8, 0).to_string();
        let mut lines = text.split_inclusive('\n');
        let why = splitter.push(lines.next().unwrap().as_bytes()).unwrap_err();
        assert!(matches!(
            why,
            CheckpointListError::Checkpoint {
                note: 1,
                why: CheckpointError::Note(NoteError::TooLong { .. })
            }
        ));
        lines.for_each(|line| assert_eq!(splitter.push(line.as_bytes()), Ok(None)));
        assert_eq!(splitter.note(), 2);
        assert_eq!(splitter.finish(), Ok(Some(checkpoint(8, 0))));
    }

    #[test]
    fn sizes_ascend_and_one_that_does_not_is_named() {
        let mut ascent = Ascent::above(2);
        let mut look = |note, size| ascent.look(note, checkpoint(size, 0).claimed());
        let order = |note, before, found| {
            Err(CheckpointListError::Order {
                note,
                before,
                found,
            })
        };
        assert_eq!(look(1, 2), order(1, 2, 2));
        assert_eq!(look(2, 9), Ok(()));
        assert_eq!(look(3, 8), order(3, 9, 8));
        assert_eq!(look(4, 10), Ok(()));
        assert_eq!(
            Ascent::default().look(1, checkpoint(0, 0).claimed()),
            Ok(())
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn what_is_written_one_after_another_is_split_again(
            sizes in prop::collection::vec((0..u64::MAX >> 1, 0..4u8), 0..6),
        ) {
            let checkpoints: Vec<_> =
                sizes.into_iter().map(|(size, lines)| checkpoint(size, lines)).collect();
            let split: Result<Vec<_>, _> = split(list(&checkpoints).as_bytes()).into_iter().collect();
            prop_assert_eq!(split, Ok(checkpoints));
        }

        #[test]
        fn no_bytes_make_the_splitter_panic(lines: Vec<Vec<u8>>) {
            let mut splitter = Splitter::default();
            for line in &lines {
                let _ = splitter.push(line);
            }
            let _ = splitter.finish();
        }
    }
}
