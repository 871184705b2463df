//! Each kind of file of a data directory damaged in each way: found and named, or derived and made anew, and nothing
//! confirmed dropped in silence.
//!
//! The tables say what each damage comes to. After a refusal nothing is lost by the refusal itself: with the right files
//! put back, everything confirmed is there.

use crate::assertions::bare;
use crate::place::{Invitation, Place, Server, copy, terms};
use crate::process::Ran;
use sijill_scenarios::Terms;
use std::fs;
use std::path::{Path, PathBuf};

/// What is done to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Damage {
    /// A bit in every 97th byte is flipped, so that both halves of a file have some.
    Flipped,
    /// Cut to half.
    Cut,
    /// Nothing is left in it.
    Emptied,
    /// The file of another poll, or of another service, in its place.
    Swapped,
    /// It is not there.
    Missing,
}
use Damage::{Cut, Emptied, Flipped, Missing, Swapped};

const EVERY: [Damage; 5] = [Flipped, Cut, Emptied, Swapped, Missing];

/// What it comes to.
#[derive(Debug, Clone, Copy)]
enum Outcome {
    /// The service starts and has everything, and the audit is well: the file says nothing that is not derived, or
    /// nothing that matters.
    Whole,
    /// The service does not start, ends with code 2 or 3, and says this.
    Refused(&'static str),
    /// One of the two: what sled finds in a damaged page depends on the page.
    WholeOrRefused(&'static str),
}
use Outcome::{Refused, Whole, WholeOrRefused};

/// A file below the data directory, damages, and what they come to.
type Row = (&'static str, &'static [Damage], Outcome);

#[rustfmt::skip]
const DIRECTORY: &[Row] = &[
    ("format",           &[Flipped, Cut, Emptied],          Refused("data directory of another version")),
    ("format",           &[Missing],                        Refused("no Sijill data directory")),
    ("format",           &[Swapped],                        Whole),
    ("lock",             &EVERY,                            Whole),
    ("clean",            &EVERY,                            Whole),
    ("keys/service.key", &[Flipped, Cut, Emptied],          Refused("service.key")),
    ("keys/service.key", &[Swapped],                        Refused("service.key")),
    ("keys/service.key", &[Missing],                        Refused("service.key")),
    ("keys/operator.key", &EVERY,                           Whole),
    ("checkpoints/bridge.checkpoint", &EVERY,               Refused("bridge.checkpoint")),
    ("checkpoints/place", &[Flipped, Emptied, Swapped],     Refused("is a copy")),
    // A mark of an import that is not this directory's: what it names was served and is not taken out.
    ("importing",        &[Swapped],                        Refused("importing")),
    ("importing",        &[Emptied],                        Refused("importing")),
];

#[rustfmt::skip]
const LOG: &[Row] = &[
    ("log/conf",         &EVERY,                            Whole),
    ("log/snap.",        &[Flipped, Cut, Emptied, Missing], Whole),
    ("log/snap.",        &[Swapped],                        WholeOrRefused("before-recovery-1")),
    ("log/db",           &[Flipped],                        WholeOrRefused("before-recovery-1")),
    ("log/db",           &[Cut],                            WholeOrRefused("before-recovery-1")),
    ("log/db",           &[Emptied, Missing],               Refused("behind its head")),
    ("log/db",           &[Swapped],                        Refused("head")),
];

#[rustfmt::skip]
const POLL: &[Row] = &[
    ("polls/bridge/head",          &[Flipped, Emptied, Missing], Refused("head file of `bridge`")),
    ("polls/bridge/head",          &[Cut],                       Whole),
    ("polls/bridge/head",          &[Swapped],                   Refused("`bridge`")),
    ("polls/bridge/roster",        &EVERY,                       Refused("roster")),
    ("polls/bridge/published",     &EVERY,                       Whole),
    ("polls/bridge/snapshot.json", &EVERY,                       Whole),
    ("polls/bridge/public/checkpoints", &EVERY,                  Refused("list of published checkpoints")),
    ("polls/bridge/vault/contacts", &EVERY,                       Whole),
    ("polls/bridge/vault/secrets",  &EVERY,                       Whole),
];

/// A data directory of two polls, stopped cleanly, and another service's.
struct Story {
    place: Place,
    other: Place,
    confirmed: Vec<(String, String)>,
    next: Invitation,
}

impl Story {
    fn new() -> Self {
        let (place, other) = (Place::new(), Place::new());
        let tunnel = Terms {
            slug: "tunnel".to_owned(),
            ..terms()
        };
        other.poll(&terms(), 12);
        other.serve().stop().well();
        let mut invited = place.poll(&terms(), 24);
        invited.extend(place.poll(&tunnel, 12));
        let mut confirmed = Vec::new();
        // Twice, so that sled has a snapshot of a log with answers.
        for people in [&invited[..9], &invited[9..16], &invited[24..30]] {
            let server = place.serve();
            for person in people {
                let page = server.browser().answer(&person.path, "yes").status(200);
                confirmed.push((person.path.clone(), bare(&page.code().unwrap())));
            }
            server.stop().well();
        }
        let next = invited.swap_remove(20);
        Self {
            place,
            other,
            confirmed,
            next,
        }
    }

    /// Where the files of a row are: a name that ends in `.` is the beginning of one.
    fn file(data: &Path, name: &str) -> PathBuf {
        let path = data.join(name);
        if !name.ends_with('.') {
            return path;
        }
        let start = path.file_name().unwrap().to_str().unwrap().to_owned();
        let mut found = fs::read_dir(path.parent().unwrap())
            .unwrap()
            .map(|entry| entry.unwrap().path());
        found
            .find(|path| {
                path.file_name()
                    .unwrap()
                    .to_str()
                    .unwrap()
                    .starts_with(&start)
            })
            .expect("there is such a file")
    }

    /// What is put in its place: the other poll's, the other service's, or a mark of an import.
    fn foreign(&self, name: &str, whole: &Path) -> Vec<u8> {
        if name == "importing" {
            return format!("bridge\n{}\n", terms().origin()).into_bytes();
        }
        let others = match name.strip_prefix("polls/bridge/") {
            Some(below) => whole.join("polls/tunnel").join(below),
            None => Self::file(&self.other.data(), name),
        };
        fs::read(others).unwrap()
    }

    fn damage(&self, name: &str, damage: Damage, whole: &Path) {
        let data = self.place.data();
        let file = if data.join(name).exists() || name.ends_with('.') {
            Self::file(&data, name)
        } else {
            data.join(name)
        };
        let bytes = fs::read(&file).unwrap_or_default();
        let damaged = match damage {
            Flipped if bytes.is_empty() => vec![0xA5],
            Flipped => flipped(bytes),
            Cut => bytes[..bytes.len() / 2].to_vec(),
            Emptied => Vec::new(),
            Swapped => self.foreign(name, whole),
            Missing => return fs::remove_file(file).unwrap(),
        };
        fs::write(file, damaged).unwrap();
    }

    /// Every row of a table, each on a fresh copy of the directory.
    fn check(&self, rows: &[Row]) {
        let whole = self.place.path("whole");
        fs::rename(self.place.data(), &whole).unwrap();
        let mut cases = 0;
        for (name, damages, outcome) in rows {
            for damage in *damages {
                self.restore(&whole);
                self.damage(name, *damage, &whole);
                self.check_case(name, *damage, *outcome, &whole);
                fs::remove_dir_all(self.place.data()).unwrap();
                cases += 1;
            }
        }
        println!("{cases} damages");
    }

    /// Puts a backup in place. It is a copy, and says that it is the one that is served.
    fn restore(&self, whole: &Path) {
        let data = self.place.data();
        copy(whole, &data);
        fs::remove_file(data.join("checkpoints/place")).unwrap();
    }

    fn check_case(&self, name: &str, damage: Damage, outcome: Outcome, whole: &Path) {
        let found = fs::read(self.place.data().join("log/db")).ok();
        let came = self.place.try_serve();
        let said = came.as_ref().err().map(|ran| ran.err.clone());
        println!("{name} {damage:?}: {}", said.as_deref().unwrap_or("starts"));
        match (outcome, came) {
            (Whole | WholeOrRefused(_), Ok(server)) => self.check_whole(server),
            (Refused(text) | WholeOrRefused(text), Err(ran)) => {
                assert!(
                    self.is_kept(&found),
                    "{name} {damage:?}: the log as found is gone"
                );
                self.check_refused(&ran, text, whole)
            }
            (Whole, Err(ran)) => panic!("{name} {damage:?} is refused: {}", ran.err),
            (Refused(_), Ok(server)) => {
                panic!("{name} {damage:?} is not noticed: {}", server.log())
            }
        }
    }

    /// Whether the log is still as it was found, in its place or in a copy.
    fn is_kept(&self, found: &Option<Vec<u8>>) -> bool {
        let data = self.place.data();
        let copies = (1..=3).map(|number| data.join(format!("before-recovery-{number}")));
        let mut places = copies.chain([data.clone()]);
        places.any(|place| fs::read(place.join("log/db")).ok() == *found)
    }

    fn check_whole(&self, server: Server) {
        let browser = server.browser();
        for (path, code) in &self.confirmed {
            let page = browser.get(path).status(200);
            assert_eq!(page.code().as_deref().map(bare).as_ref(), Some(code));
        }
        browser.answer(&self.next.path, "no").status(200);
        server.stop().well();
        self.place.audit_data("bridge").well();
    }

    /// It says what is wrong, and with the right files put back everything is there.
    fn check_refused(&self, ran: &Ran, text: &str, whole: &Path) {
        assert!(
            matches!(ran.code, Some(2 | 3)),
            "{:?}: {}",
            ran.code,
            ran.err
        );
        assert!(ran.err.contains(text), "expected `{text}` in: {}", ran.err);
        assert!(
            !ran.err.contains("stopped; everything confirmed"),
            "{}",
            ran.err
        );
        let data = self.place.data();
        assert!(!data.join("clean").exists() || same(&data.join("log/db"), &whole.join("log/db")));
        fs::remove_dir_all(&data).unwrap();
        self.restore(whole);
        self.check_whole(self.place.serve());
    }
}

fn flipped(mut bytes: Vec<u8>) -> Vec<u8> {
    let used = bytes
        .iter()
        .rposition(|byte| *byte != 0)
        .map_or(0, |last| last + 1);
    // A bit that leaves text text, somewhere in the middle and then again and again.
    let step = 97.min(used.div_ceil(2)).max(1);
    for byte in bytes[..used].iter_mut().skip(step / 2).step_by(step) {
        *byte ^= 0x04;
    }
    bytes
}

fn same(one: &Path, other: &Path) -> bool {
    fs::read(one).ok() == fs::read(other).ok()
}

#[test]
fn damage_to_the_directory_or_its_keys_is_named_or_makes_no_difference() {
    Story::new().check(DIRECTORY);
}

#[test]
fn damage_to_the_log_is_named_or_mended_and_what_is_found_is_kept() {
    Story::new().check(LOG);
}

#[test]
fn damage_to_what_stands_beside_a_ledger_is_named_or_derived_anew() {
    Story::new().check(POLL);
}

#[test]
fn exports_restore_what_they_hold_after_the_log_is_gone() {
    let story = Story::new();
    let (place, data) = (&story.place, story.place.data());
    let files = ["bridge", "tunnel"].map(|slug| {
        let file = place.path(&format!("{slug}.export"));
        place.sijill(args!["export", slug, &file]).well();
        file
    });
    fs::write(data.join("log/db"), b"").unwrap();
    let Err(refused) = place.try_serve() else {
        panic!("a log that is gone is not missed");
    };
    assert!(
        refused.err.contains("`sijill import` restores an export"),
        "{}",
        refused.err
    );
    for command in [&["replay"][..], &["replay", "--json"]] {
        let missed = place.sijill(command).expect_code(3);
        let said = missed.out + &missed.err;
        assert!(said.contains("behind its head"), "{said}");
        assert!(said.contains(data.to_str().unwrap()), "{said}");
    }
    let broken = place.path("broken");
    fs::rename(&data, &broken).unwrap();
    fs::create_dir(&data).unwrap();
    fs::create_dir(data.join("keys")).unwrap();
    for name in ["keys/service.key", "keys/operator.key"] {
        fs::copy(broken.join(name), data.join(name)).unwrap();
    }
    for file in files {
        place.sijill(args!["import", file]).well();
    }
    story.check_whole(place.serve());
    place.sijill(["replay"]).well();
}
