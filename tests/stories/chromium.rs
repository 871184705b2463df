//! A real browser: Debian's chromium, driven by `tools/browser` through a list of steps.
//!
//! Where it, node or the npm packages are missing, stories in it are skipped, and say so. `SIJILL_PHOTOS=FOLDER` keeps
//! what the pages looked like.

use crate::place::Place;
use crate::process::{COMMAND_MAX, Process};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Whether there is a browser to drive.
pub fn can_browse(test: &str) -> bool {
    let checked = Command::new(driver()).arg("--check").output().unwrap();
    if !checked.status.success() {
        let missing = String::from_utf8_lossy(&checked.stderr);
        println!("{test} is skipped: {}", missing.trim());
    }
    checked.status.success()
}

fn driver() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tools/browser")
}

/// What somebody does in a browser, one step after the other; `tests/browser/drive.cjs` says which steps there are.
pub struct Tour<'a> {
    place: &'a Place,
    steps: Vec<Value>,
}

impl<'a> Tour<'a> {
    /// A tour that has done nothing yet.
    pub fn new(place: &'a Place) -> Self {
        Self {
            place,
            steps: Vec::new(),
        }
    }

    /// One more step.
    pub fn step(mut self, step: Value) -> Self {
        self.steps.push(step);
        self
    }

    /// Reads the value of this expression.
    pub fn read(self, expression: &str) -> Self {
        self.step(json!({ "read": expression }))
    }

    /// Keeps what the page looks like, if anybody wants to see it.
    pub fn photo(self, name: &str) -> Self {
        let Some(folder) = std::env::var_os("SIJILL_PHOTOS") else {
            return self;
        };
        let file = Path::new(&folder).join(name);
        self.step(json!({ "photo": file }))
    }

    /// Goes through all of it. Whatever was found, without the steps that find nothing.
    #[track_caller]
    pub fn found(self) -> Vec<Value> {
        let steps = serde_json::to_string(&self.steps).unwrap();
        let file = self.place.write("steps.json", steps);
        let mut command = Command::new(driver());
        command.arg(self.place.path("")).arg(file);
        let ran = Process::start(&mut command, &self.place.path(""), "browser").wait(COMMAND_MAX);
        let Value::Array(found) = ran.well().json() else {
            panic!("the driver prints a list");
        };
        found.into_iter().filter(|value| !value.is_null()).collect()
    }
}
