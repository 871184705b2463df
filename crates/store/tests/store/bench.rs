//! What the stories share: a small kind of ledger, its writer, and a look at what a log holds.

use serde::{Deserialize, Serialize};
use sijill_ledger::{Head, Linked, Origin, Sealed};
use sijill_store::{Append, DataDir, Loaded, Log, StoreError};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Events enough for a log, which does not care what they mean.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// Names the poll.
    Opened(String),
    /// Anything else.
    Said(String),
}

impl sijill_ledger::Event for Event {
    fn is_known(kind: u32) -> bool {
        kind < 2
    }
}

/// A ledger as its writer knows it.
#[derive(Debug, Clone)]
pub struct Ledger {
    pub origin: Origin,
    pub slug: String,
    pub head: Head,
    pub entries: Vec<Vec<u8>>,
}

impl Ledger {
    pub fn new(slug: &str) -> Self {
        let origin: Origin = format!("ur.example/polls/{slug}").parse().unwrap();
        Self {
            slug: slug.to_owned(),
            head: Head::start(&origin),
            origin,
            entries: Vec::new(),
        }
    }

    /// Seals what comes next: `Opened` first, then what is said.
    pub fn seal(&mut self, text: &str) {
        let event = match self.head.size {
            0 => Event::Opened(self.slug.clone()),
            _ => Event::Said(text.to_owned()),
        };
        self.take(event);
    }

    fn take(&mut self, event: Event) {
        let sealed = Sealed::seal(self.head.next(60_000, event)).unwrap();
        self.head = self.head.follow(&sealed).unwrap();
        self.entries.push(sealed.bytes().to_vec());
    }

    /// Seals an entry of exactly this many canonical bytes.
    pub fn seal_bytes(&mut self, bytes: usize) {
        assert!(self.head.size > 0, "entry 0 is `Opened`");
        let of = |length: usize| {
            let event = Event::Said("x".repeat(length));
            Sealed::seal(self.head.next(60_000, event)).map(|sealed| sealed.bytes().len())
        };
        let length = (0..=bytes)
            .rev()
            .take(80)
            .find(|length| of(*length) == Ok(bytes))
            .unwrap();
        self.take(Event::Said("x".repeat(length)));
    }

    /// What was sealed since `before`, to be appended.
    pub fn since(&self, before: Head) -> Append<'_> {
        Append {
            origin: &self.origin,
            slug: &self.slug,
            before,
            entries: self.entries[before.size as usize..]
                .iter()
                .map(|bytes| Linked::of(bytes).unwrap())
                .collect(),
        }
    }

    /// Seals and appends these as one commit.
    pub fn append(&mut self, log: &Log, texts: &[&str]) -> Result<(), StoreError> {
        let before = self.head;
        texts.iter().for_each(|text| self.seal(text));
        log.append(&[self.since(before)])
    }
}

/// A ledger of this many entries in a log, each its own commit.
pub fn written(log: &Log, slug: &str, entries: usize) -> Ledger {
    let mut ledger = Ledger::new(slug);
    for number in 0..entries {
        ledger.append(log, &[&format!("entry {number}")]).unwrap();
    }
    ledger
}

pub fn open(path: &Path) -> Log {
    Log::open(DataDir::create_or_open(path).unwrap()).unwrap()
}

pub fn slug_of(first: &Sealed<Event>) -> Result<String, String> {
    match &first.entry().event {
        Event::Opened(slug) => Ok(slug.clone()),
        Event::Said(_) => Err("expected `Opened`".to_owned()),
    }
}

/// Loads a ledger: what the log says of it, and its entries.
pub fn load(log: &Log, origin: &Origin) -> Result<(Loaded, Vec<Vec<u8>>), StoreError> {
    let mut entries = Vec::new();
    let loaded = log.load::<Event>(origin, slug_of, |sealed| {
        entries.push(sealed.bytes().to_vec());
        Ok(())
    })?;
    Ok((loaded, entries))
}

/// The log holds this ledger, whole and acknowledged.
#[track_caller]
pub fn check_loads(log: &Log, ledger: &Ledger) {
    let (loaded, entries) = load(log, &ledger.origin).unwrap();
    assert_eq!(loaded.slug, ledger.slug);
    assert_eq!(loaded.head, ledger.head);
    assert_eq!(loaded.unacknowledged, 0);
    assert!(entries == ledger.entries, "other entries than were written");
}

/// How many entries the head file of a poll says are acknowledged.
pub fn head_of(data: &Path, slug: &str) -> u64 {
    let file = fs::read(data.join("polls").join(slug).join("head")).unwrap();
    let number = |bytes: &[u8]| u64::from_le_bytes(bytes.try_into().unwrap());
    let slots = file
        .chunks(80)
        .map(|slot| (number(&slot[..8]), number(&slot[8..16])));
    slots.max().unwrap().1
}

/// Every file below a folder, with its bytes.
pub fn files_in(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() {
            found.insert(format!("{name}/"), Vec::new());
            for (below, bytes) in files_in(&path) {
                found.insert(format!("{name}/{below}"), bytes);
            }
        } else {
            found.insert(name, fs::read(&path).unwrap());
        }
    }
    found
}

/// What a folder lists, in order.
pub fn listing(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// The folder as a killed process would leave it: all that was written so far, whoever still has it open.
pub fn as_killed(folder: &Path, into: &Path) {
    fs::create_dir_all(into).unwrap();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let target = into.join(path.file_name().unwrap());
        if path.is_dir() {
            as_killed(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}

/// The copies made before an unclean log was opened.
pub fn copies(data: &Path) -> Vec<String> {
    let mut names = listing(data);
    names.retain(|name| name.starts_with("before-recovery"));
    names
}
