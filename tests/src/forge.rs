//! Ways to forge a ledger, each with what its forger holds and the checks that must notice: these and no others.
//!
//! A check counts as one when its forgery has made it fail. [`forgeries`] is the table; a new check brings its rows.
//! Forgers without keys bend an honest export ([`edit`]); forgers with keys write their own ledger on a [`Bench`].

use crate::bench::{Bench, Setup};
use crate::export::{Export, Section, file};
use crate::fixture::{self, Case};
use sijill_ledger::container::MUST_UNDERSTAND;
use sijill_ledger::{Entry, Head, Sealed};
use sijill_poll::Event;

mod answers;
mod format;
mod objections;
mod operators;
mod promises;
mod published;
mod receipts;
mod shown;
mod strata;

pub use published::many;

/// What a forger holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    /// Nothing but a copy of the ledger.
    Nothing,
    /// The platform: it writes entries and, on the `link` rung, sees the tokens of those who open their links; it has
    /// log and promise key.
    Platform,
    /// Everything: the platform and the operator's key.
    Everything,
}

/// One way to forge.
#[derive(Clone, Copy)]
pub struct Forgery {
    /// A sentence that names it.
    pub name: &'static str,
    /// What the forger holds.
    pub holds: Holds,
    /// The numbers of the checks that must fail, ascending; no other may.
    pub fails: &'static [u8],
    /// Makes it, and says what the auditor holds.
    pub make: fn() -> Case,
}

/// Every forgery there is.
pub fn forgeries() -> Vec<Forgery> {
    [
        format::FORGERIES,
        operators::FORGERIES,
        answers::FORGERIES,
        promises::FORGERIES,
        objections::FORGERIES,
        receipts::FORGERIES,
        shown::FORGERIES,
        strata::FORGERIES,
        published::FORGERIES,
        published::IN_FOLDERS,
    ]
    .into_iter()
    .flatten()
    .copied()
    .collect()
}

/// Changes entries and makes the chain whole again behind the change: indices and links are those of an honest ledger
/// with these events; signatures stay what they are.
pub fn edit(export: &Export, change: impl FnOnce(&mut Vec<Entry<Event>>)) -> Export {
    let mut entries = read(export);
    change(&mut entries);
    Export {
        entries: reseal(entries),
        roster: export.roster.clone(),
    }
}

/// The entries of an honest export.
pub fn read(export: &Export) -> Vec<Entry<Event>> {
    export
        .entries
        .iter()
        .map(|bytes| {
            Sealed::read(bytes)
                .expect("an honest export's entries can be read")
                .into_entry()
        })
        .collect()
}

/// Chains these events anew from the origin of the first one, and returns their canonical bytes.
pub fn reseal(entries: Vec<Entry<Event>>) -> Vec<Vec<u8>> {
    let Some(Event::Opened(opened)) = entries.first().map(|entry| &entry.event) else {
        return Vec::new();
    };
    let mut head = Head::start(&opened.opening.origin);
    entries
        .into_iter()
        .map(|entry| {
            let sealed = seal(head.next(entry.at, entry.event));
            head = Head {
                size: head.size + 1,
                link: sealed.link(),
            };
            sealed.bytes().to_vec()
        })
        .collect()
}

/// Seals an entry just as it is.
pub fn seal(entry: Entry<Event>) -> Sealed<Event> {
    Sealed::seal(entry).expect("the entry is within its limit")
}

/// The case of this bench with another export in place of its own, and no anchor.
fn swapped(bench: &Bench, export: &Export) -> Case {
    Case {
        file: export.bytes(),
        ..Case::of(bench).without_anchor()
    }
}

/// A file of these sections where the honest one should be, and no anchor.
fn with_sections(bench: &Bench, sections: &[Section]) -> Case {
    Case {
        file: file(sections),
        ..Case::of(bench).without_anchor()
    }
}

/// A section of this kind that a reader must understand.
fn must_understand(kind: u16, bytes: Vec<u8>) -> Section {
    Section {
        kind,
        flags: MUST_UNDERSTAND,
        bytes,
    }
}

/// This export with the roster of another.
fn with_roster(export: &Export, roster: Vec<u8>) -> Export {
    Export {
        entries: export.entries.clone(),
        roster,
    }
}

/// A running poll whose operator, or whoever has all keys, goes on as `bend` says. The auditor notes its end: what is
/// wrong was wrong from the start.
fn gone_on(setup: &Setup, bend: impl FnOnce(&mut Bench)) -> Case {
    let mut bench = fixture::answered(setup, 10);
    bend(&mut bench);
    Case::of(&bench)
}
