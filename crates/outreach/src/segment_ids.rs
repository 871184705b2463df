//! Which segment an id of the gateway belongs to: a hash table in a file that is derived from the journal, so that memory
//! does not grow with the number of messages.
//!
//! An id is found by 64 bits of its hash. A gateway may give one id twice, or lie: all segments of an id are found, up to
//! a limit, and whoever asks decides which is meant.

use crate::gateway::Ticket;
use crate::paged_file::PagedFile;
use std::io;
use std::path::{Path, PathBuf};

/// A slot: hash u64, invitation u32, attempt u16, part u8, 1 where it is used.
const SLOT_BYTES: usize = 16;

/// Slots of a new table: 64 KiB.
const SLOTS_FIRST: u64 = 4_096;

/// Segments of one id that are kept. An honest gateway has one.
const SAME_ID_MAX: usize = 16;

/// The table.
#[derive(Debug)]
pub struct SegmentIds {
    path: PathBuf,
    file: PagedFile,
    slots: u64,
    used: u64,
}

impl SegmentIds {
    /// An empty one, in the place of whatever was there.
    pub fn create(path: &Path) -> io::Result<Self> {
        Ok(Self {
            path: path.to_owned(),
            file: PagedFile::create(path)?,
            slots: SLOTS_FIRST,
            used: 0,
        })
    }

    /// Keeps the id of a segment, unless it was given to too many.
    pub fn add(&mut self, id: &str, ticket: Ticket) -> io::Result<()> {
        if self.find(id)?.len() == SAME_ID_MAX {
            return Ok(());
        }
        // At half full, a search looks at two slots on average.
        if self.used * 2 >= self.slots {
            self.grow()?;
        }
        put(&mut self.file, self.slots, &slot(id, ticket))?;
        self.used += 1;
        Ok(())
    }

    /// The segments of this id, the first one kept first.
    pub fn find(&mut self, id: &str) -> io::Result<Vec<Ticket>> {
        let wanted = hash(id);
        let mut found = Vec::new();
        let mut at = wanted % self.slots;
        while let Some((hash, ticket)) = read(&self.file.read::<SLOT_BYTES>(at)?) {
            if hash == wanted {
                found.push(ticket);
            }
            if found.len() == SAME_ID_MAX {
                break;
            }
            at = (at + 1) % self.slots;
        }
        Ok(found)
    }

    /// Twice as many slots, in a new file.
    fn grow(&mut self) -> io::Result<()> {
        let beside = self.path.with_extension("new");
        let mut wider = PagedFile::create(&beside)?;
        let slots = self.slots * 2;
        // From an empty slot on, so that segments of one id keep their order where a run goes over the end.
        let mut from = 0;
        while read(&self.file.read::<SLOT_BYTES>(from)?).is_some() {
            from += 1;
        }
        for place in (from..self.slots).chain(0..from) {
            let bytes = self.file.read::<SLOT_BYTES>(place)?;
            if read(&bytes).is_some() {
                put(&mut wider, slots, &bytes)?;
            }
        }
        std::fs::rename(&beside, &self.path)?;
        (self.file, self.slots) = (wider, slots);
        Ok(())
    }
}

fn put(file: &mut PagedFile, slots: u64, bytes: &[u8; SLOT_BYTES]) -> io::Result<()> {
    let [a, b, c, d, e, f, g, h, ..] = *bytes;
    let mut at = u64::from_le_bytes([a, b, c, d, e, f, g, h]) % slots;
    while read(&file.read::<SLOT_BYTES>(at)?).is_some() {
        at = (at + 1) % slots;
    }
    file.write(at, bytes)
}

fn slot(id: &str, ticket: Ticket) -> [u8; SLOT_BYTES] {
    let [a, b, c, d, e, f, g, h] = hash(id).to_le_bytes();
    let [i, j, k, l] = ticket.invitation.to_le_bytes();
    let [m, n] = ticket.attempt.to_le_bytes();
    [a, b, c, d, e, f, g, h, i, j, k, l, m, n, ticket.part, 1]
}

fn read(slot: &[u8; SLOT_BYTES]) -> Option<(u64, Ticket)> {
    let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, part, used] = *slot;
    let ticket = Ticket {
        invitation: u32::from_le_bytes([i, j, k, l]),
        attempt: u16::from_le_bytes([m, n]),
        part,
    };
    (used == 1).then_some((u64::from_le_bytes([a, b, c, d, e, f, g, h]), ticket))
}

fn hash(id: &str) -> u64 {
    let [a, b, c, d, e, f, g, h, ..] = *blake3::hash(id.as_bytes()).as_bytes();
    u64::from_le_bytes([a, b, c, d, e, f, g, h])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticket(invitation: u32) -> Ticket {
        Ticket {
            invitation,
            attempt: 1,
            part: 0,
        }
    }

    #[test]
    fn ids_are_found_after_the_table_grew_and_one_given_twice_has_both() {
        let folder = tempfile::tempdir().unwrap();
        let mut ids = SegmentIds::create(&folder.path().join("ids")).unwrap();
        for i in 0..20_000 {
            ids.add(&format!("id-{}", i % 15_000), ticket(i)).unwrap();
        }
        for i in 0..5_000 {
            let found = ids.find(&format!("id-{i}")).unwrap();
            assert_eq!(found, [ticket(i), ticket(i + 15_000)]);
        }
        assert_eq!(ids.find("id-14999").unwrap(), [ticket(14_999)]);
        assert!(ids.find("another").unwrap().is_empty());
    }

    #[test]
    fn a_gateway_that_gives_one_id_to_all_does_not_slow_us_down_more_and_more() {
        let folder = tempfile::tempdir().unwrap();
        let mut ids = SegmentIds::create(&folder.path().join("ids")).unwrap();
        for i in 0..3_000 {
            ids.add("0", ticket(i)).unwrap();
        }
        assert_eq!(ids.find("0").unwrap().len(), SAME_ID_MAX);
        assert_eq!(ids.used, SAME_ID_MAX as u64);
    }
}
