//! A child process that never outlives its story, and what it said.
//!
//! Output goes to files, so that no pipe fills up and a story can read along; every wait has a limit.

use std::ffi::OsStr;
use std::fs::File;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Longest that a command may take, in a slow build on a busy machine.
pub const COMMAND_MAX: Duration = Duration::from_secs(90);

/// Time between two looks at something that is waited for.
const LOOK: Duration = Duration::from_millis(10);

/// How a process ended, and what it said.
#[derive(Debug)]
pub struct Ran {
    /// The exit code; none where a signal ended it.
    pub code: Option<i32>,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Ran {
    /// The same, if it ended with this code.
    #[track_caller]
    pub fn expect_code(self, code: i32) -> Self {
        assert_eq!(
            self.code,
            Some(code),
            "stdout: {}\nstderr: {}",
            self.out,
            self.err
        );
        self
    }

    /// The same, if it ended well.
    #[track_caller]
    pub fn well(self) -> Self {
        self.expect_code(0)
    }

    /// Standard output as one JSON document.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out)
            .unwrap_or_else(|error| panic!("{error} in: {}\nstderr: {}", self.out, self.err))
    }

    /// Standard output as one JSON document a line.
    #[track_caller]
    pub fn json_lines(&self) -> Vec<serde_json::Value> {
        let lines = self.out.lines();
        lines
            .map(|line| {
                serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in: {line}"))
            })
            .collect()
    }
}

/// A child; killed when dropped.
pub struct Process {
    child: Child,
    out: PathBuf,
    err: PathBuf,
}

impl Process {
    /// Starts `command`, its output in files named after `name`.
    pub fn start(command: &mut Command, folder: &std::path::Path, name: &str) -> Self {
        let (out, err) = (
            folder.join(format!("{name}.out")),
            folder.join(format!("{name}.err")),
        );
        let file = |path| File::create(path).expect("the story's folder can be written to");
        let child = command
            .stdin(Stdio::null())
            .stdout(file(&out))
            .stderr(file(&err))
            .spawn()
            .expect("the binary is built");
        Self { child, out, err }
    }

    /// What it said on standard output so far.
    pub fn out(&self) -> String {
        read(&self.out)
    }

    /// What it said on standard error so far.
    pub fn err(&self) -> String {
        read(&self.err)
    }

    /// Its number.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Presses Ctrl-C.
    pub fn interrupt(&self) {
        let done = Command::new("sh")
            .args(["-c", &format!("kill -INT {}", self.child.id())])
            .status();
        assert!(done.expect("there is a shell").success());
    }

    /// Ends it as a power cut would: with no chance to say goodbye.
    pub fn kill(&mut self) {
        self.child.kill().expect("the child is ours");
        self.child.wait().expect("the child is ours");
    }

    /// Whether it is still there.
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("the child is ours").is_none()
    }

    /// Waits for its end, at most so long.
    #[track_caller]
    pub fn wait(mut self, limit: Duration) -> Ran {
        let ended = until(limit, || self.child.try_wait().expect("the child is ours"));
        let Some(status) = ended else {
            panic!(
                "still running after {limit:?}\nstdout: {}\nstderr: {}",
                self.out(),
                self.err()
            );
        };
        Ran {
            code: status.code(),
            out: self.out(),
            err: self.err(),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Already gone is as good.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn read(path: &std::path::Path) -> String {
    let bytes = std::fs::read(path).expect("the output is a file of the story's");
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The binary, told nothing by the environment.
pub fn binary() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sijill"));
    for (name, _) in std::env::vars_os() {
        if name.as_encoded_bytes().starts_with(b"SIJILL_") {
            command.env_remove(name);
        }
    }
    command
}

/// Looks until there is something to see, at most so long.
pub fn until<T>(limit: Duration, mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let start = Instant::now();
    loop {
        if let Some(seen) = look() {
            return Some(seen);
        }
        if start.elapsed() > limit {
            return None;
        }
        std::thread::sleep(LOOK);
    }
}

/// Arguments of any mixture of texts and paths.
#[macro_export]
macro_rules! args {
    ($($argument:expr),* $(,)?) => {
        &[$(::std::ffi::OsString::from($argument)),*]
    };
}

/// What [`crate::place::Place::sijill`] takes: `["poll", "list"]`, or `args!["export", slug, path]`.
pub trait Argument: AsRef<OsStr> {}
impl<T: AsRef<OsStr>> Argument for T {}
