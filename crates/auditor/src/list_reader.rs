//! A list of checkpoints, read note by note from wherever it comes: never more than one of them is held.

use sijill_ledger::checkpoint::SignedCheckpoint;
use sijill_ledger::checkpoint_list::{CheckpointListError, Splitter};
use sijill_ledger::limits::CHECKPOINT_BYTES_MAX;
use std::io::{self, BufRead, Read};

/// One note of a list.
pub(crate) struct Listed {
    /// Its number, from 1.
    pub(crate) note: u64,
    /// The checkpoint, or why it is none.
    pub(crate) checkpoint: Result<SignedCheckpoint, CheckpointListError>,
}

/// Reads a list.
pub(crate) struct ListReader {
    bytes: Box<dyn BufRead + Send>,
    /// None after the last line.
    splitter: Option<Splitter>,
    line: Vec<u8>,
    notes: u64,
}

impl ListReader {
    /// A reader of these bytes.
    pub(crate) fn new(bytes: impl BufRead + Send + 'static) -> Self {
        Self {
            bytes: Box::new(bytes),
            splitter: Some(Splitter::default()),
            line: Vec::new(),
            notes: 0,
        }
    }

    /// The next note; none after the last.
    pub(crate) fn next_note(&mut self) -> io::Result<Option<Listed>> {
        while let Some(mut splitter) = self.splitter.take() {
            self.line.clear();
            // What is cut here belongs to a note that is too long to be one.
            let mut line = (&mut self.bytes).take(CHECKPOINT_BYTES_MAX as u64 + 1);
            let split = match line.read_until(b'\n', &mut self.line)? {
                0 => splitter.finish().transpose(),
                _ => {
                    let split = splitter.push(&self.line).transpose();
                    self.splitter = Some(splitter);
                    split
                }
            };
            if let Some(checkpoint) = split {
                self.notes += 1;
                let note = self.notes;
                return Ok(Some(Listed { note, checkpoint }));
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    #[test]
    fn an_endless_line_is_one_note_that_is_none() {
        let list = vec![b'a'; 3 * CHECKPOINT_BYTES_MAX];
        let mut reader = ListReader::new(Cursor::new(list));
        let listed = reader.next_note().unwrap().expect("one note");
        assert_eq!(listed.note, 1);
        assert!(listed.checkpoint.is_err());
        assert!(reader.next_note().unwrap().is_none());
        assert!(reader.next_note().unwrap().is_none());
    }

    #[test]
    fn an_empty_list_has_no_note() {
        let mut reader = ListReader::new(Cursor::new(Vec::new()));
        assert!(reader.next_note().unwrap().is_none());
    }
}
