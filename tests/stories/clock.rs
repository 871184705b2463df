//! The time of a place, which a story sets: Debian's libfaketime gives it to every process that is started there, and to
//! those that run already. Clocks that only go forwards, by which programs wait, stay as they are.

use crate::place::{Place, now_ms};
use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};

/// Where Debian puts it, below the folder of the machine's kind.
const LIBRARY: &str = "faketime/libfaketimeMT.so.1";

/// A clock that can be set.
pub struct Clock {
    file: PathBuf,
    ahead_seconds: Cell<u64>,
}

impl Clock {
    /// The clock of this place, which goes like the machine's until it is set; none, and a line that says so, where
    /// libfaketime is missing.
    pub fn of(place: &Place, test: &str) -> Option<Self> {
        let Some(library) = library() else {
            println!("skipped: `{test}` needs libfaketime (Debian: apt-get install faketime)");
            return None;
        };
        let clock = Self {
            file: place.path("clock"),
            ahead_seconds: Cell::new(0),
        };
        clock.advance(0);
        place.set_variable("LD_PRELOAD", library);
        place.set_variable("FAKETIME_TIMESTAMP_FILE", &clock.file);
        for name in [
            "FAKETIME_NO_CACHE",
            "FAKETIME_DONT_FAKE_MONOTONIC",
            "NO_FAKE_STAT",
        ] {
            place.set_variable(name, "1");
        }
        Some(clock)
    }

    /// Sets it forward by so many seconds.
    pub fn advance(&self, seconds: u64) {
        self.ahead_seconds.set(self.ahead_seconds.get() + seconds);
        // Whoever looks meanwhile finds the old time or the new one.
        let beside = self.file.with_extension("new");
        fs::write(&beside, format!("+{}\n", self.ahead_seconds.get())).unwrap();
        fs::rename(beside, &self.file).unwrap();
    }

    /// What it shows, in milliseconds since 1970.
    pub fn now_ms(&self) -> u64 {
        now_ms() + self.ahead_ms()
    }

    /// By how much it is ahead of the machine's.
    pub fn ahead_ms(&self) -> u64 {
        self.ahead_seconds.get() * 1_000
    }

    /// Sets it to the next time at which it is so many seconds after midnight, so many minutes east of UTC.
    pub fn advance_to(&self, second_of_day: u64, east_minutes: u64) {
        const DAY: u64 = 24 * 3_600;
        let local = (self.now_ms() / 1_000 + east_minutes * 60) % DAY;
        self.advance((second_of_day + DAY - local) % DAY);
    }
}

fn library() -> Option<PathBuf> {
    let folders = fs::read_dir("/usr/lib").ok()?;
    let kinds = folders.filter_map(|entry| Some(entry.ok()?.path()));
    let mut found = kinds.map(|folder| folder.join(Path::new(LIBRARY)));
    found.find(|library| library.is_file())
}
