//! Peak memory of the built program with ten million invitations: what grows by an invitation, and what does not.

use crate::Scale;
use crate::big::{Big, operator_key};
use crate::stage::temporary;
use crate::table::Row;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// What anything may take, in bytes, and what each invitation may add.
const BASE_BYTES: u64 = 256 * 1024 * 1024;
const INVITATION_BYTES: u64 = 64;

pub fn rows(scale: &Scale) -> Vec<Row> {
    let big = Big {
        answers: scale.of(200_000),
        silent: scale.of(9_800_000),
    };
    let (export, data) = (big.export(), big.data());
    let invitations = u64::from(big.answers) + u64::from(big.silent);
    let folder = temporary();
    let measured = [
        ("service", serve(&data)),
        (
            "export",
            peak(&sijill(
                &["export", "bridge"],
                &[&folder.path().join("x"), Path::new("--data"), &data],
            )),
        ),
        (
            "audit",
            peak(&sijill(
                &["audit", "--operator-key", &operator_key().to_string()],
                &[&export],
            )),
        ),
        (
            "import",
            peak(&sijill(
                &["import"],
                &[&export, Path::new("--data"), &folder.path().join("y")],
            )),
        ),
    ];
    measured
        .map(|(what, bytes)| row(what, bytes, invitations))
        .into()
}

fn row(what: &str, bytes: u64, invitations: u64) -> Row {
    let allowed = BASE_BYTES + INVITATION_BYTES * invitations;
    let mib = |bytes: u64| bytes / (1024 * 1024);
    Row {
        measured: format!(
            "memory of {what}, {invitations} invitations: {} MiB",
            mib(bytes)
        ),
        beside: format!("256 MiB + 64 bytes an invitation = {} MiB", mib(allowed)),
        ratio: format!("{:.2}", bytes as f64 / allowed as f64),
        reach: "≤ 1".into(),
        met: if bytes <= allowed { "yes" } else { "no" },
    }
}

/// The arguments of a call of the program: words, then paths.
pub fn sijill(words: &[&str], paths: &[&Path]) -> Vec<std::ffi::OsString> {
    let words = words.iter().map(Into::into);
    words
        .chain(paths.iter().map(|path| path.as_os_str().to_owned()))
        .collect()
}

fn start(arguments: &[std::ffi::OsString]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_sijill"))
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// The most that a run to its end ever had in memory.
pub fn peak(arguments: &[std::ffi::OsString]) -> u64 {
    let mut child = start(arguments);
    let mut most = 0;
    let status = loop {
        most = high_water(&child).unwrap_or(most);
        match child.try_wait().unwrap() {
            Some(status) => break status,
            None => std::thread::sleep(Duration::from_millis(5)),
        }
    };
    // 4: nothing failed, and no anchor was given.
    let well = matches!(status.code(), Some(0 | 4));
    assert!(
        well,
        "{arguments:?}: {status}, {:?}",
        std::io::read_to_string(child.stderr.unwrap())
    );
    most
}

/// The most that a service had in memory when it began to serve, and after it stopped.
fn serve(data: &Path) -> u64 {
    let serving = Serving::on(data);
    high_water(&serving.0).unwrap().max(serving.stop())
}

/// A service of a process of its own.
pub struct Serving(Child);

impl Serving {
    /// One on this data directory, as soon as it serves.
    pub fn on(data: &Path) -> Self {
        let arguments = sijill(&["serve", "--listen", "127.0.0.1:0", "--data"], &[data]);
        let mut child = start(&arguments);
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let serving = lines
            .by_ref()
            .map_while(Result::ok)
            .find(|line| line.contains("127.0.0.1"));
        assert!(serving.is_some(), "it did not begin to serve");
        // Whatever else it says is read, so that it never waits for that.
        std::thread::spawn(move || lines.count());
        Self(child)
    }

    /// Stops it; the most that it had in memory, in bytes.
    pub fn stop(mut self) -> u64 {
        let kill = Command::new("kill")
            .arg(self.0.id().to_string())
            .status()
            .unwrap();
        assert!(kill.success());
        let mut most = 0;
        while self.0.try_wait().unwrap().is_none() {
            most = high_water(&self.0).unwrap_or(most);
            std::thread::sleep(Duration::from_millis(5));
        }
        most
    }
}

/// VmHWM of a process that still runs, in bytes.
fn high_water(child: &Child) -> Option<u64> {
    status(&child.id().to_string(), "VmHWM:")
}

/// What of this process is in memory now, in bytes.
pub fn resident() -> u64 {
    status("self", "VmRSS:").unwrap()
}

fn status(process: &str, field: &str) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(field))?;
    let kib: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kib * 1024)
}
