//! A published poll as a source, from its folder or its address: entries out of bundles, leaves and checkpoints in
//! streams, and check V1 over them.
//!
//! The note `checkpoint` is read first and says how much there is: what is published meanwhile is left for the next
//! audit. What is missing or of another shape is a finding; only what cannot be read is an error.

use crate::error::AuditError;
use crate::fetcher::{Body, FetchError, Fetcher};
use crate::findings::Findings;
use crate::limits::{BUNDLES_AT_ONCE_MAX, FAILURES_MAX, FETCHES_AT_ONCE_MAX};
use crate::list_reader::ListReader;
use crate::report::Failure;
use sijill_ledger::Sealed;
use sijill_ledger::bundle;
use sijill_ledger::checkpoint::SignedCheckpoint;
use sijill_ledger::checkpoint_list::Splitter;
use sijill_ledger::limits::CHECKPOINT_BYTES_MAX;
use sijill_ledger::tile::{TILE_WIDTH, TileId, TileKind};
use sijill_poll::Event;
use sijill_poll::roster::LEAF_BYTES;
use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Seek, Write};
use std::path::Path;

/// The number of this check.
const V1: u8 = 1;

/// A published poll whose newest checkpoint could be read.
pub(crate) struct Published {
    fetcher: Fetcher,
    newest: SignedCheckpoint,
}

impl Published {
    /// Reads the newest checkpoint; `None` if there is none to go by.
    pub(crate) fn open(
        fetcher: Fetcher,
        findings: &mut Findings,
    ) -> Result<Option<Self>, AuditError> {
        findings.looked_at(V1, 1);
        let newest = match there(fetcher.checkpoint())? {
            Ok(bytes) => read_checkpoint(&bytes),
            Err(lack) => Err(lack),
        };
        match newest {
            Ok(newest) => Ok(Some(Self { fetcher, newest })),
            Err(found) => {
                let meaning = "nothing says how much was published, and nothing of it was read";
                let expected = "the newest checkpoint";
                findings.fail(V1, Failure::new("`checkpoint`", expected, found, meaning));
                Ok(None)
            }
        }
    }

    /// The newest checkpoint, as somebody claims it.
    pub(crate) fn newest(&self) -> &SignedCheckpoint {
        &self.newest
    }

    /// Number of entries that it claims.
    pub(crate) fn size(&self) -> u64 {
        self.newest.claimed().size
    }

    /// All entries, from the first.
    pub(crate) fn entries(&self) -> Entries {
        self.entries_from(0)
    }

    /// The entries from the first of the bundle that has this one.
    pub(crate) fn entries_from(&self, index: u64) -> Entries {
        let bundle = index / TILE_WIDTH;
        Entries {
            fetcher: self.fetcher.clone(),
            size: self.size(),
            first_bundle: bundle,
            next_bundle: bundle,
            fetched: VecDeque::new(),
            waiting: VecDeque::new(),
            read: bundle.saturating_mul(TILE_WIDTH),
            lack: None,
        }
    }

    /// The list of checkpoints, if it is there.
    pub(crate) fn checkpoints(
        &self,
        findings: &mut Findings,
    ) -> Result<Option<ListReader>, AuditError> {
        findings.looked_at(V1, 1);
        match there(self.fetcher.checkpoints())? {
            Ok(body) => self.list(body).map(Some),
            Err(found) => {
                let meaning = "nobody can see what was published before";
                let expected = "the list of checkpoints";
                findings.fail(V1, Failure::new("`checkpoints`", expected, found, meaning));
                Ok(None)
            }
        }
    }

    /// A reader of the list. It is read along with the entries, as slowly as they are judged: no server waits for that.
    fn list(&self, body: Body) -> Result<ListReader, AuditError> {
        if !self.fetcher.is_address() {
            return Ok(ListReader::new(BufReader::with_capacity(1 << 16, body)));
        }
        let mut file = tempfile::tempfile().map_err(AuditError::List)?;
        self.copy_list(body, &mut file).map_err(AuditError::List)?;
        file.rewind().map_err(AuditError::List)?;
        Ok(ListReader::new(BufReader::with_capacity(1 << 16, file)))
    }

    /// Copies a list as far as an honest one of this size can go: a server may send for ever.
    fn copy_list(&self, body: impl Read, file: &mut File) -> io::Result<()> {
        let mut body = BufReader::with_capacity(1 << 16, body);
        let mut out = BufWriter::new(file);
        let (mut end, mut line) = (ListEnd::of(self.size()), Vec::new());
        loop {
            line.clear();
            let mut piece = (&mut body).take(CHECKPOINT_BYTES_MAX as u64 + 1);
            if piece.read_until(b'\n', &mut line)? == 0 || end.is_before(&line) {
                return out.flush();
            }
            out.write_all(&line)?;
        }
    }

    /// Number of leaves committed to, where a commitment is among the first entries, as it usually is.
    fn leaves_committed(&self) -> Result<Option<u64>, AuditError> {
        let mut entries = self.entries();
        for _ in 0..TILE_WIDTH {
            let Some(bytes) = entries.next_entry()? else {
                return Ok(None);
            };
            let event = Sealed::<Event>::read_vec(bytes).map(|sealed| sealed.into_entry().event);
            if let Ok(Event::RosterCommitted(signed)) = event {
                return Ok(Some(u64::from(signed.content.count)));
            }
        }
        Ok(None)
    }

    /// Gives every whole leaf to `take`, and one more than were committed to at most: a server may send for ever. Returns whether the leaves are all there.
    pub(crate) fn roster(
        &self,
        mut take: impl FnMut(&[u8; LEAF_BYTES]),
        findings: &mut Findings,
    ) -> Result<bool, AuditError> {
        findings.looked_at(V1, 1);
        let mut body = match there(self.fetcher.roster())? {
            Ok(body) => BufReader::with_capacity(1 << 16, body),
            Err(found) => {
                let meaning = "a part of the ledger was left out";
                findings.fail(V1, Failure::new("`roster`", "the leaves", found, meaning));
                return Ok(false);
            }
        };
        let max = self.leaves_committed()?.map(|count| count + 1);
        for taken in 0.. {
            if Some(taken) == max {
                break;
            }
            let mut leaf = [0; LEAF_BYTES];
            match fill(&mut body, &mut leaf).map_err(failed)? {
                0 => return Ok(true),
                LEAF_BYTES => take(&leaf),
                left => {
                    let meaning = "the last leaf is cut or smuggled bytes stand behind it";
                    let expected = "whole leaves of 98 bytes";
                    let found = format!("{left} bytes left over");
                    findings.fail(V1, Failure::new("`roster`", expected, found, meaning));
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    /// Where it lies, if that is a folder.
    pub(crate) fn folder(&self) -> Option<&Path> {
        self.fetcher.folder()
    }

    /// Whether it is a folder that has this tile or bundle in this very width.
    pub(crate) fn has_file(&self, id: TileId) -> bool {
        self.fetcher.has_file(id)
    }

    /// The bytes of each of these tiles, or what is there instead.
    pub(crate) fn tiles(&self, ids: &[TileId]) -> Result<Vec<Result<Vec<u8>, String>>, AuditError> {
        tiles(&self.fetcher, ids)
    }
}

/// Where a list of checkpoints ends that cannot be one: nothing that comes after matters, or it is wrong often enough.
pub(crate) struct ListEnd {
    splitter: Splitter,
    /// Size of the largest checkpoint so far.
    largest: Option<u64>,
    /// Bytes of the note that is being read.
    note_bytes: usize,
    faults: usize,
    /// Size of the newest checkpoint.
    size: u64,
}

impl ListEnd {
    pub(crate) fn of(size: u64) -> Self {
        Self {
            splitter: Splitter::default(),
            largest: None,
            note_bytes: 0,
            faults: 0,
            size,
        }
    }

    /// Whether the list may end before this line.
    pub(crate) fn is_before(&mut self, line: &[u8]) -> bool {
        self.note_bytes += line.len();
        match self.splitter.push(line) {
            Ok(None) => {}
            Ok(Some(ended)) => {
                let size = ended.claimed().size;
                if size > self.size {
                    return true;
                }
                self.faults += usize::from(self.largest.is_some_and(|largest| largest >= size));
                self.largest = self.largest.max(Some(size));
                self.note_bytes = line.len();
            }
            Err(_) => {
                self.faults += 1;
                self.note_bytes = line.len();
            }
        }
        self.faults > FAILURES_MAX || self.note_bytes > 2 * CHECKPOINT_BYTES_MAX
    }
}

/// Fetches tiles, some at a time: an address takes its time for each.
fn tiles(fetcher: &Fetcher, ids: &[TileId]) -> Result<Vec<Result<Vec<u8>, String>>, AuditError> {
    let fetch = |ids: &[TileId]| -> Vec<_> {
        let fetched = ids.iter().map(|id| there(fetcher.tile(*id)));
        fetched.collect()
    };
    let at_once = if fetcher.is_address() {
        FETCHES_AT_ONCE_MAX
    } else {
        1
    };
    let share = ids.len().div_ceil(at_once).max(1);
    let fetched: Vec<_> = std::thread::scope(|scope| {
        let (first, rest) = ids.split_at(share.min(ids.len()));
        let others: Vec<_> = rest
            .chunks(share)
            .map(|share| scope.spawn(move || fetch(share)))
            .collect();
        let mut fetched = fetch(first);
        for (other, share) in others.into_iter().zip(rest.chunks(share)) {
            // A thread that could not finish has fetched nothing; it is done again here.
            fetched.extend(other.join().unwrap_or_else(|_| fetch(share)));
        }
        fetched
    });
    fetched.into_iter().collect()
}

/// What was fetched, or why it is nothing; an error where that is nobody's doing.
fn there<T>(fetched: Result<T, FetchError>) -> Result<Result<T, String>, AuditError> {
    match fetched {
        Ok(fetched) => Ok(Ok(fetched)),
        Err(FetchError::Missing { .. }) => Ok(Err("nothing there".into())),
        Err(FetchError::TooLong { max, .. }) => Ok(Err(format!("more than {max} bytes"))),
        Err(error) => Err(error.into()),
    }
}

fn read_checkpoint(bytes: &[u8]) -> Result<SignedCheckpoint, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "bytes that are no UTF-8".to_owned())?;
    text.parse().map_err(|error| format!("{error}"))
}

fn failed(error: io::Error) -> AuditError {
    let known = FetchError::of(&error).cloned();
    let what = "roster".into();
    let why = error.to_string();
    known.unwrap_or(FetchError::Unreadable { what, why }).into()
}

/// Reads until `bytes` are full or the end is there, and says how many there were.
fn fill(reader: &mut impl Read, bytes: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while let Some(room) = bytes.get_mut(filled..).filter(|room| !room.is_empty()) {
        match reader.read(room) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// The entries of a published poll, out of its bundles.
pub(crate) struct Entries {
    fetcher: Fetcher,
    size: u64,
    first_bundle: u64,
    next_bundle: u64,
    fetched: VecDeque<(TileId, Result<Vec<u8>, String>)>,
    waiting: VecDeque<Vec<u8>>,
    read: u64,
    /// The first bundle that is missing or none, and what is there.
    lack: Option<(TileId, String)>,
}

impl Entries {
    /// The next entry; none after the last, or where a bundle is missing.
    pub(crate) fn next_entry(&mut self) -> Result<Option<Vec<u8>>, AuditError> {
        while self.waiting.is_empty() && self.lack.is_none() {
            if self.fetched.is_empty() {
                self.fetch()?;
            }
            let Some((id, bytes)) = self.fetched.pop_front() else {
                break;
            };
            match bytes.and_then(|bytes| take_apart(id, &bytes)) {
                Ok(entries) => self.waiting = entries,
                Err(found) => self.lack = Some((id, found)),
            }
        }
        let entry = self.waiting.pop_front();
        self.read += u64::from(entry.is_some());
        Ok(entry)
    }

    /// How many entries were read, those passed over included.
    pub(crate) fn read(&self) -> u64 {
        self.read
    }

    /// Judges, after the last entry, whether they were all there.
    pub(crate) fn judge(self, findings: &mut Findings) {
        findings.looked_at(V1, self.next_bundle - self.first_bundle);
        if let Some((id, found)) = self.lack {
            let expected = format!("a bundle of {} entries", id.width());
            let meaning = "entries were left out: none after this place was read";
            findings.fail(
                V1,
                Failure::new(format!("`{id}`"), expected, found, meaning),
            );
        }
    }

    fn fetch(&mut self) -> Result<(), AuditError> {
        let ids = (self.next_bundle..self.next_bundle.saturating_add(BUNDLES_AT_ONCE_MAX))
            .map_while(|index| TileId::at(TileKind::Entries, index, self.size));
        let ids: Vec<TileId> = ids.collect();
        let fetched = tiles(&self.fetcher, &ids)?;
        self.next_bundle += ids.len() as u64;
        self.fetched = ids.into_iter().zip(fetched).collect();
        Ok(())
    }
}

fn take_apart(id: TileId, bytes: &[u8]) -> Result<VecDeque<Vec<u8>>, String> {
    let entries = bundle::read(bytes, id.width()).map_err(|error| error.to_string())?;
    Ok(entries.into_iter().map(<[u8]>::to_vec).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use sijill_ledger::checkpoint::Checkpoint;
    use sijill_ledger::{Hash, SecretKey};

    fn note(size: u64) -> String {
        let checkpoint = Checkpoint {
            origin: "ur.example/polls/bridge".parse().unwrap(),
            size,
            root: Hash::of(b""),
        };
        let key = SecretKey::from_seed([1; 32]);
        checkpoint.sign(&key).unwrap().to_string()
    }

    /// How many bytes of such a list are taken, of at most 64 MiB.
    fn taken(size: u64, list: impl Iterator<Item = String>) -> usize {
        let (mut end, mut taken) = (ListEnd::of(size), 0);
        for text in list {
            for line in text.split_inclusive('\n') {
                if taken > 64 * 1024 * 1024 || end.is_before(line.as_bytes()) {
                    return taken;
                }
                taken += line.len();
            }
        }
        taken
    }

    #[test]
    fn a_list_in_order_is_taken_whole_up_to_the_newest_checkpoint() {
        let list = || (1..=2_000).map(note);
        let whole: usize = list().map(|note| note.len()).sum();
        assert_eq!(taken(2_000, list()), whole);
        assert!(taken(1_000, list()) < whole * 6 / 10);
    }

    /// A server could keep an audit reading for hours, and fill a disk.
    #[test]
    fn a_list_without_an_end_is_given_up() {
        let forever = |text: String| std::iter::repeat(text);
        for (what, list) in [
            ("one note again and again", forever(note(7))),
            ("lines that are no notes", forever("a\n".to_owned())),
            ("a line that never ends", forever("a".repeat(1_000))),
        ] {
            let taken = taken(u64::MAX, list);
            assert!(taken < 1024 * 1024, "{what}: {taken} bytes");
        }
    }
}
