//! Who asked, on the page behind their link, for no more messages: put on the list beside the poll's ledger that whoever
//! sends reads before each batch (`outreach::stop_list`). What there is to send, and to which number, is not known here.
//!
//! *Invariant:* an invitation that is known to stand on a list is not added again, so that asking without end fills no
//! disk.

use sijill_outreach::delivery::StopWay;
use sijill_outreach::stop_list::{self, StopList};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The lists of all polls, as far as they were read.
#[derive(Debug, Default)]
pub struct Stops(Mutex<BTreeMap<PathBuf, Known>>);

/// What is known of one list.
#[derive(Debug)]
struct Known {
    list: StopList,
    invitations: BTreeSet<u32>,
    /// Of whom it is not certain that their line is durable: the disk failed while it was written.
    uncertain: BTreeSet<u32>,
}

impl Stops {
    /// Whether an invitation stands on the list at this path. Blocks; not for async code.
    pub fn has(&self, path: &Path, invitation: u32) -> io::Result<bool> {
        let mut lists = self.lock();
        Ok(known(&mut lists, path)?.has(invitation))
    }

    /// Puts an invitation on the list at this path: durable when it returns. Blocks; not for async code.
    pub fn add(&self, path: &Path, invitation: u32) -> io::Result<()> {
        let mut lists = self.lock();
        let known = known(&mut lists, path)?;
        if known.has(invitation) {
            return Ok(());
        }
        known.uncertain.insert(invitation);
        stop_list::add(path, invitation, StopWay::Page)?;
        known.uncertain.remove(&invitation);
        known.invitations.insert(invitation);
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<PathBuf, Known>> {
        // Whatever a thread that died had read of a list is read, and whatever it wrote is uncertain.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn has(&self, invitation: u32) -> bool {
        self.invitations.contains(&invitation) && !self.uncertain.contains(&invitation)
    }
}

/// What is known of the list at this path, once everything on it was read: the operator's commands add to it, too.
fn known<'a>(lists: &'a mut BTreeMap<PathBuf, Known>, path: &Path) -> io::Result<&'a mut Known> {
    let known = lists.entry(path.to_owned()).or_insert_with(|| Known {
        list: StopList::new(path.to_owned()),
        invitations: BTreeSet::new(),
        uncertain: BTreeSet::new(),
    });
    loop {
        let lines = known.list.new_lines()?;
        if lines.is_empty() {
            return Ok(known);
        }
        let invitations = lines.into_iter().map(|(invitation, _)| invitation);
        known.invitations.extend(invitations);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asking_again_adds_no_line_and_what_others_added_counts() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("stops");
        let stops = Stops::default();
        assert!(!stops.has(&path, 7).unwrap());
        assert!(!path.exists(), "looking makes nothing");
        stop_list::add(&path, 9, StopWay::Operator).unwrap();
        for _ in 0..3 {
            stops.add(&path, 7).unwrap();
            stops.add(&path, 9).unwrap();
        }
        assert!(stops.has(&path, 7).unwrap() && stops.has(&path, 9).unwrap());
        assert!(!stops.has(&path, 8).unwrap());
        // And the same after a restart.
        Stops::default().add(&path, 7).unwrap();
        let list = std::fs::read_to_string(&path).unwrap();
        assert_eq!(list, "9 operator\n7 page\n");
    }

    #[test]
    fn what_could_not_be_written_is_not_taken_for_done() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("gone").join("stops");
        let stops = Stops::default();
        assert!(stops.add(&path, 7).is_err());
        assert!(!stops.has(&path, 7).unwrap());
        std::fs::create_dir(path.parent().unwrap()).unwrap();
        stops.add(&path, 7).unwrap();
        assert!(stops.has(&path, 7).unwrap());
    }

    #[test]
    fn each_poll_has_a_list_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let [one, other] = ["one", "other"].map(|name| folder.path().join(name));
        let stops = Stops::default();
        stops.add(&one, 7).unwrap();
        assert!(!stops.has(&other, 7).unwrap());
        assert!(!other.exists());
    }
}
