//! Lists of checkpoints, as an address serves them and an export has them.

use sijill_ledger::checkpoint::SignedCheckpoint;
use sijill_ledger::checkpoint_list::{Ascent, CheckpointListError, Splitter};

/// Every note is read for itself; a list that reads is its notes, one after another; sizes ascend if each is the
/// largest so far.
pub(crate) fn check(bytes: &[u8]) {
    let mut read = Read::default();
    let mut splitter = Splitter::default();
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let ended = splitter.push(line);
        read.take(ended, splitter.note());
    }
    let notes = splitter.note();
    read.take(splitter.finish(), notes);
    assert_eq!(read.good + read.refused, notes);
    if read.refused == 0 {
        assert_eq!(read.written.as_bytes(), bytes);
    }
}

#[derive(Default)]
struct Read {
    written: String,
    good: u64,
    refused: u64,
    ascent: Ascent,
    largest: Option<u64>,
}

impl Read {
    fn take(&mut self, ended: Result<Option<SignedCheckpoint>, CheckpointListError>, notes: u64) {
        match ended {
            Ok(None) => {}
            Ok(Some(signed)) => self.good_one(&signed),
            Err(error) => {
                self.refused += 1;
                assert!((1..=notes).contains(&error.note()), "{error}");
                assert!(error.to_string().len() < 1_000, "{error}");
            }
        }
    }

    fn good_one(&mut self, signed: &SignedCheckpoint) {
        self.good += 1;
        self.written += &signed.to_string();
        let size = signed.claimed().size;
        let ascends = self.largest.is_none_or(|largest| largest < size);
        let looked = self.ascent.look(self.good, signed.claimed());
        assert_eq!(looked.is_ok(), ascends);
        self.largest = self.largest.max(Some(size));
    }
}
