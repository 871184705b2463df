//! Every call to the medium failed, at every place of a life in turn, and in both ways: lost, and done but reported
//! lost. After each the log has stopped, and a restart, after a kill or a power cut, finds whatever was acknowledged.

#[path = "../../tests/store/bench.rs"]
#[allow(dead_code, reason = "the stories of the store use the rest of it")]
pub(super) mod bench;

use self::bench::{Ledger, check_loads, load};
use super::Log;
use crate::data_dir::{IMPORTING, poll_folder};
use crate::head::HeadFile;
use crate::limits::FRAME_BYTES_MAX;
use crate::medium::{Frame, Medium, MediumError};
use crate::{DataDir, StoreError, files, import};
use sijill_ledger::Head;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

/// How a call fails.
#[derive(Debug, Clone, Copy)]
pub(super) enum Way {
    /// Nothing was done.
    Lost,
    /// It was done, and reported as lost.
    DoneButReported,
}

/// What a restart finds of what was never synced.
#[derive(Debug, Clone, Copy)]
enum Aftermath {
    /// All of it: the process was killed.
    Everything,
    /// The oldest unsynced frame alone: the power went while the disk was writing.
    OneFrame,
    /// Nothing of it: the power went.
    Nothing,
}

pub(super) type Frames = BTreeMap<(String, u64), Vec<u8>>;

/// What is on the disk, and when it fails.
#[derive(Default)]
pub(super) struct Plates {
    pub(super) written: Frames,
    stable: Frames,
    open_heads: BTreeMap<String, HeadFile>,
    /// Bytes of the head files that are on stable storage.
    stable_heads: BTreeMap<String, Vec<u8>>,
    calls: usize,
    fails: Option<(usize, Way)>,
    failed_in: Option<&'static str>,
}

/// A disk in memory, its head files in a real folder.
#[derive(Clone)]
pub(super) struct Disk {
    data: PathBuf,
    plates: Arc<Mutex<Plates>>,
}

impl Disk {
    pub(super) fn new(data: &Path, fails: Option<(usize, Way)>) -> Self {
        let plates = Plates {
            fails,
            ..Plates::default()
        };
        Self {
            data: data.to_owned(),
            plates: Arc::new(Mutex::new(plates)),
        }
    }

    pub(super) fn plates(&self) -> MutexGuard<'_, Plates> {
        self.plates.lock().unwrap()
    }

    /// One call: done, unless it is the one that fails.
    fn call<T>(
        &self,
        name: &'static str,
        work: impl FnOnce(&mut Plates) -> T,
    ) -> Result<T, MediumError> {
        let mut plates = self.plates();
        let place = plates.calls;
        plates.calls += 1;
        let way = plates.fails.filter(|(at, _)| *at == place);
        if let Some((_, way)) = way {
            plates.failed_in = Some(name);
            if matches!(way, Way::DoneButReported) {
                work(&mut plates);
            }
            return Err(MediumError(format!("{name} was made to fail")));
        }
        Ok(work(&mut plates))
    }

    fn head_path(&self, slug: &str) -> PathBuf {
        poll_folder(&self.data, slug).unwrap().join("head")
    }

    /// The machine went down and comes up again with a disk that works.
    fn restart(&self, aftermath: Aftermath) {
        let mut plates = self.plates();
        plates.fails = None;
        plates.open_heads.clear();
        if matches!(aftermath, Aftermath::Everything) {
            plates.stable = plates.written.clone();
            return;
        }
        let unsynced = plates.written.iter();
        let first = unsynced
            .filter(|(key, _)| !plates.stable.contains_key(*key))
            .map(|(key, frame)| (key.clone(), frame.clone()))
            .next();
        if let (Aftermath::OneFrame, Some((key, frame))) = (aftermath, first) {
            plates.stable.insert(key, frame);
        }
        plates.written = plates.stable.clone();
        for folder in fs::read_dir(self.data.join("polls")).unwrap() {
            let path = folder.unwrap().path().join("head");
            drop(fs::remove_file(path));
        }
        for (slug, bytes) in &plates.stable_heads {
            fs::write(self.head_path(slug), bytes).unwrap();
        }
    }
}

impl Medium for Disk {
    fn insert(&self, ledger: &str, first: u64, frame: &[u8]) -> Result<(), MediumError> {
        self.call("insert", |plates| {
            let key = (ledger.to_owned(), first);
            plates.written.insert(key, frame.to_vec());
        })
    }

    fn sync(&self) -> Result<(), MediumError> {
        self.call("sync", |plates| plates.stable = plates.written.clone())
    }

    fn write_head(&self, slug: &str, head: Head, durably: bool) -> Result<(), MediumError> {
        self.call("write_head", |plates| {
            let folder = poll_folder(&self.data, slug).unwrap();
            let file = plates
                .open_heads
                .entry(slug.to_owned())
                .or_insert_with(|| HeadFile::open_or_make(&folder, head).unwrap());
            file.write(head).unwrap();
            if durably {
                let bytes = fs::read(self.head_path(slug)).unwrap();
                plates.stable_heads.insert(slug.to_owned(), bytes);
            }
        })
    }

    fn frame_at(&self, ledger: &str, index: u64) -> Result<Option<Frame>, MediumError> {
        self.call("frame_at", |plates| {
            let range = (ledger.to_owned(), 0)..=(ledger.to_owned(), index);
            let found = plates.written.range(range).next_back();
            found.map(|((_, key), frame)| (*key, frame.clone()))
        })
    }

    fn frame_after(&self, ledger: &str, index: u64) -> Result<Option<Frame>, MediumError> {
        self.call("frame_after", |plates| {
            let range = (ledger.to_owned(), index + 1)..=(ledger.to_owned(), u64::MAX);
            let found = plates.written.range(range).next();
            found.map(|((_, key), frame)| (*key, frame.clone()))
        })
    }

    fn ledgers(&self) -> Result<Vec<String>, MediumError> {
        self.call("ledgers", |plates| {
            let mut names: Vec<String> = plates.written.keys().map(|key| key.0.clone()).collect();
            names.dedup();
            names
        })
    }

    fn remove_from(&self, ledger: &str, first: u64) -> Result<(), MediumError> {
        self.call("remove_from", |plates| {
            let is_kept = |key: &(String, u64)| key.0 != ledger || key.1 < first;
            plates.written.retain(|key, _| is_kept(key));
        })
    }

    fn remove(&self, ledger: &str, slug: &str) -> Result<(), MediumError> {
        self.call("remove", |plates| {
            plates.written.retain(|key, _| key.0 != ledger);
            plates.stable = plates.written.clone();
            plates.open_heads.remove(slug);
            plates.stable_heads.remove(slug);
        })
    }

    fn close(&self) -> Result<(), MediumError> {
        self.call("close", |plates| plates.stable = plates.written.clone())
    }
}

/// A ledger as its writer knows it, and how much of it anybody was told of.
struct Told {
    ledger: Ledger,
    acknowledged: usize,
}

impl Told {
    fn new(slug: &str) -> Self {
        Self {
            ledger: Ledger::new(slug),
            acknowledged: 0,
        }
    }

    /// Takes up the ledger where the log has it, as a restart does.
    #[track_caller]
    fn check_and_take(&mut self, log: &Log, is_there: bool, aftermath: Aftermath) {
        if !is_there {
            assert_eq!(self.acknowledged, 0, "an acknowledged ledger is gone");
            self.ledger = Ledger::new(&self.ledger.slug);
            return;
        }
        let (loaded, entries) = load(log, &self.ledger.origin).unwrap();
        assert!(
            entries.len() >= self.acknowledged,
            "acknowledged entries are gone"
        );
        assert!(self.ledger.entries.starts_with(&entries), "other entries");
        if matches!(aftermath, Aftermath::Everything) {
            let beyond = (entries.len() - self.acknowledged) as u64;
            assert!(
                loaded.unacknowledged <= beyond,
                "told, and reported as never told"
            );
        }
        (self.ledger.head, self.ledger.entries) = (loaded.head, entries);
    }
}

pub(super) fn open(disk: &Disk) -> Result<Log, StoreError> {
    let dir = DataDir::create_or_open(&disk.data)?;
    files::remove(&disk.data.join("clean"))?;
    let log = Log::on(dir, Box::new(disk.clone()), None);
    import::take_out_unfinished(&log)?;
    Ok(log)
}

/// Seals an entry in each of these and appends them as one commit.
fn say(log: &Log, told: &mut [&mut Told], bytes: usize) -> Result<(), StoreError> {
    let before: Vec<Head> = told.iter().map(|told| told.ledger.head).collect();
    for told in told.iter_mut() {
        told.ledger.seal("first");
        told.ledger.seal(&"x".repeat(bytes));
    }
    let ledgers = told.iter().zip(before);
    let appends: Vec<_> = ledgers
        .map(|(told, before)| told.ledger.since(before))
        .collect();
    log.append(&appends)?;
    for told in told {
        told.acknowledged = told.ledger.entries.len();
    }
    Ok(())
}

/// Seals an entry in each of these and writes it while the one before is not durable yet; then both commits end.
fn say_ahead(log: &Log, iraq: &mut Told, chile: &mut Told) -> Result<(), StoreError> {
    let before = [iraq.ledger.head, chile.ledger.head];
    iraq.ledger.seal("first");
    chile.ledger.seal("second");
    let first = log.write(&[iraq.ledger.since(before[0])])?;
    let second = log.write(&[chile.ledger.since(before[1])])?;
    log.commit(first)?;
    iraq.acknowledged = iraq.ledger.entries.len();
    log.sync_heads()?;
    log.commit(second)?;
    chile.acknowledged = chile.ledger.entries.len();
    Ok(())
}

/// An import that does not end well: restored so far, then taken out again.
fn half_an_import(log: &Log) -> Result<(), StoreError> {
    let mut peru = Told::new("peru");
    let mark = log.data().join(IMPORTING);
    let text = format!("peru\n{}\n", peru.ledger.origin);
    files::write_whole(&mark, text.as_bytes(), false)?;
    say(log, &mut [&mut peru], 10)?;
    import::take_out_unfinished(log)
}

/// The first part of a life: two ledgers begun, written to alone and together, in one frame and several, published,
/// read for an export, beside an import that is given up, and stopped.
fn first_life(log: &Log, iraq: &mut Told, chile: &mut Told) -> Result<(), StoreError> {
    say(log, &mut [iraq], 10)?;
    say(log, &mut [iraq, chile], 10)?;
    log.sync_heads()?;
    say(log, &mut [chile], FRAME_BYTES_MAX)?;
    log.entries(&iraq.ledger.origin, 1)
        .try_for_each(|entry| entry.map(drop))?;
    half_an_import(log)?;
    say(log, &mut [chile, iraq], FRAME_BYTES_MAX - 100)?;
    log.close()
}

/// The second: loaded, written to, stopped.
fn second_life(log: &Log, iraq: &mut Told, chile: &mut Told) -> Result<(), StoreError> {
    log.ledgers()?;
    for told in [&*iraq, &*chile] {
        load(log, &told.ledger.origin)?;
    }
    log.finish_loading()?;
    say(log, &mut [iraq, chile], 10)?;
    say_ahead(log, iraq, chile)?;
    log.close()
}

/// Lives until something fails. The log is returned with the error, to see what it still does.
fn live(disk: &Disk, iraq: &mut Told, chile: &mut Told) -> Result<(), (Option<Log>, StoreError)> {
    for life in [first_life, second_life] {
        let log = open(disk).map_err(|error| (None, error))?;
        life(&log, iraq, chile).map_err(|error| (Some(log), error))?;
    }
    Ok(())
}

#[track_caller]
fn check_stopped(log: &Log, iraq: &Told) {
    let mut more = iraq.ledger.clone();
    let before = more.head;
    more.seal("after a failure");
    log.append(&[more.since(before)]).unwrap_err();
    log.sync_heads().unwrap_err();
    log.close().unwrap_err();
    log.close().unwrap_err();
    assert!(
        !log.data().join("clean").exists(),
        "a failed log is marked as stopped cleanly"
    );
}

/// A restart finds everything acknowledged, goes on, and a last one finds that too.
#[track_caller]
fn check_restart(disk: &Disk, aftermath: Aftermath, iraq: &mut Told, chile: &mut Told) {
    disk.restart(aftermath);
    let log = open(disk).unwrap();
    let there = log.ledgers().unwrap();
    assert!(
        !there.iter().any(|name| name.ends_with("peru")),
        "a given-up import is left"
    );
    for told in [&mut *iraq, &mut *chile] {
        let is_there = there.contains(&told.ledger.origin.to_string());
        told.check_and_take(&log, is_there, aftermath);
    }
    log.finish_loading().unwrap();
    say(&log, &mut [iraq, chile], 20).unwrap();
    log.close().unwrap();
    drop(log);
    disk.restart(Aftermath::Nothing);
    let log = open(disk).unwrap();
    check_loads(&log, &iraq.ledger);
    check_loads(&log, &chile.ledger);
    log.finish_loading().unwrap();
}

/// In memory, where there is such a place: what is durable here, the double says.
fn folder() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm")
        .or_else(|_| tempfile::tempdir())
        .unwrap()
}

/// Calls to the medium in a life without a fault.
fn places() -> usize {
    let folder = folder();
    let disk = Disk::new(folder.path(), None);
    let (mut iraq, mut chile) = (Told::new("iraq"), Told::new("chile"));
    let lived = live(&disk, &mut iraq, &mut chile);
    assert!(lived.is_ok());
    check_restart(&disk, Aftermath::Nothing, &mut iraq, &mut chile);
    disk.plates().calls
}

fn check_place(place: usize, way: Way, aftermath: Aftermath) -> Option<&'static str> {
    let folder = folder();
    let disk = Disk::new(folder.path(), Some((place, way)));
    let (mut iraq, mut chile) = (Told::new("iraq"), Told::new("chile"));
    println!("call {place}, {way:?}, then {aftermath:?}");
    if let Err((log, error)) = live(&disk, &mut iraq, &mut chile) {
        println!("  {error}");
        if let Some(log) = log {
            check_stopped(&log, &iraq);
        }
    }
    check_restart(&disk, aftermath, &mut iraq, &mut chile);
    disk.plates().failed_in
}

/// Somebody who sent the same answer again and again made the disk sync for each.
#[test]
fn a_commit_of_nothing_asks_nothing_of_the_disk() {
    let folder = folder();
    let disk = Disk::new(folder.path(), None);
    let log = open(&disk).unwrap();
    say(&log, &mut [&mut Told::new("iraq")], 10).unwrap();
    let calls = disk.plates().calls;
    log.append(&[]).unwrap();
    assert_eq!(disk.plates().calls, calls);
}

/// What happened: a head file could not be synced before a publication, and a clean stop half a second later was
/// taken for one; a second close of a log whose first had failed said that all was well; a page that could not be read
/// for an export stopped nothing. What a respondent would have lost: the next power cut could take an answer that was
/// confirmed, from a log marked as whole, of which no copy is made before it is opened. What holds: after any failure,
/// of whatever call, nothing is written and nothing is called clean until the log is read again from the start.
#[test]
fn whatever_call_fails_and_however_the_log_stops_and_a_restart_finds_everything_acknowledged() {
    let mut failed = BTreeMap::<&str, usize>::new();
    for place in 0..places() {
        for way in [Way::Lost, Way::DoneButReported] {
            for aftermath in [
                Aftermath::Everything,
                Aftermath::OneFrame,
                Aftermath::Nothing,
            ] {
                if let Some(name) = check_place(place, way, aftermath) {
                    *failed.entry(name).or_default() += 1;
                }
            }
        }
    }
    println!("failed: {failed:?}");
    assert_eq!(
        failed.len(),
        8,
        "not every call of the medium was failed: {failed:?}"
    );
}
