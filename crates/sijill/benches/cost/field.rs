//! A poll in the field, as an operator has it: a data directory of the built program, with keys and an open poll.

use crate::memory::sijill;
use crate::stage::temporary;
use sijill_ledger::note::VerifierKey;
use sijill_scenarios::Terms;
use sijill_scenarios::definition::HOUR_MS;
use std::ffi::OsString;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{SystemTime, UNIX_EPOCH};
use tempfile::TempDir;

/// As many hours as a run may last.
const HOURS: u64 = 24;

/// The poll's name.
const SLUG: &str = "bridge";

/// Such a directory, removed when it is dropped.
pub struct Field {
    folder: TempDir,
}

impl Field {
    /// A new one, whose poll takes answers now.
    pub fn new() -> Self {
        let field = Self {
            folder: temporary(),
        };
        let said = field.run(sijill(
            &["keys", "new", "--name", "council", "--data"],
            &[&field.data()],
        ));
        let key = VerifierKey::parse(String::from_utf8_lossy(&said.stdout).trim()).unwrap();
        let definition = field.path("poll.toml");
        std::fs::write(&definition, terms().text(&[key], None)).unwrap();
        field.run(field.with_key(sijill(&["poll", "open"], &[&definition])));
        let config = "[sending]\nhours = \"00:00-24:00\"\nrest_days = []\n";
        std::fs::write(field.path("sijill.toml"), config).unwrap();
        field
    }

    /// A roster of so many people, in the ways in which numbers are written: every other one in E.164, the rest as they
    /// are dialled, with spaces, in Arabic digits, and with a stray 0.
    pub fn roster(&self, people: u32) -> PathBuf {
        let path = self.path("roster.csv");
        let mut file = BufWriter::new(File::create(&path).unwrap());
        writeln!(file, "contact,stratum,language").unwrap();
        for place in 0..people {
            let stratum = ["north", "south"][place as usize / 2 % 2];
            writeln!(file, "{},{stratum},ar", written(place)).unwrap();
        }
        file.into_inner().unwrap().sync_all().unwrap();
        path
    }

    /// Imports it.
    pub fn import(&self, roster: &Path) {
        self.run(self.importing(roster));
    }

    /// The arguments by which it is imported.
    pub fn importing(&self, roster: &Path) -> Vec<OsString> {
        self.with_key(sijill(&["roster", "import", "--poll", SLUG], &[roster]))
    }

    /// The arguments by which every invitation is sent by this message centre.
    pub fn send(&self, centre: SocketAddr) -> Vec<OsString> {
        let centre = centre.to_string();
        let words = [
            "invitations",
            "send",
            "--poll",
            SLUG,
            "--smpp",
            &centre,
            "--system-id",
            "council",
            "--window",
            "50",
            "--rate",
            "10000000",
            "--config",
        ];
        self.with_key(sijill(&words, &[&self.path("sijill.toml")]))
    }

    fn with_key(&self, arguments: Vec<OsString>) -> Vec<OsString> {
        let (data, key) = (self.data(), self.data().join("keys/council.key"));
        let more = ["--data".into(), data.into(), "--key".into(), key.into()];
        arguments.into_iter().chain(more).collect()
    }

    fn run(&self, arguments: Vec<OsString>) -> Output {
        let ran = Command::new(env!("CARGO_BIN_EXE_sijill"))
            .args(&arguments)
            .output()
            .unwrap();
        assert!(ran.status.success(), "{arguments:?}: {ran:?}");
        ran
    }

    /// The data directory.
    pub fn data(&self) -> PathBuf {
        self.path("data")
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

/// A poll whose links are long enough for a message of two segments.
pub fn terms() -> Terms {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let now = now.as_secs() * 1_000;
    Terms {
        host: "answers.city-council.ur.example".into(),
        field_ms: [
            now - 60_000,
            now + HOURS * HOUR_MS,
            now + 2 * HOURS * HOUR_MS,
        ],
        ..Terms::default()
    }
}

/// A number as somebody writes it.
fn written(place: u32) -> String {
    let digits = format!("770{place:07}");
    match place % 10 {
        1 | 3 => format!("0{digits}"),
        5 => format!("0770 {} {}", &digits[3..6], &digits[6..]),
        7 => format!("٠{}", digits.chars().map(arabic).collect::<String>()),
        9 => format!("+9640{digits}"),
        _ => format!("+964{digits}"),
    }
}

fn arabic(digit: char) -> char {
    let value = digit.to_digit(10).unwrap();
    char::from_u32(0x660 + value).unwrap()
}
