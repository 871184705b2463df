//! `sijill poll object`: puts it on record that a promise is broken. Nobody signs that but who signed the promise.

use crate::clerk::{self, Clerk};
use crate::fault::{Exit, Fault, input};
use crate::settings::Settings;
use anyhow::{Context, Result};
use serde_json::json;
use sijill_poll::limits::PROMISE_BYTES_MAX;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Put it on record, for everyone to read, that a promise is broken
#[derive(Debug, clap::Args)]
#[command(
    after_help = "The ledger is gone through for the promised answer. Exit codes: 0 it is missing, and that is on record · 1 the promise is kept, or not due yet, or none of these polls'.\n\nExample: sijill poll object coalition.sijill-promise"
)]
pub struct Args {
    /// The promise file that a respondent was given
    file: PathBuf,
}

/// Carries it out.
pub fn run(args: &Args, settings: &Settings) -> Result<Exit> {
    let promise = read(&args.file)?;
    let objected = clerk::at_the_desk(Clerk::reach(settings)?, |clerk| clerk.object(promise))?;
    let index = objected.index;
    let when = if objected.before { "was" } else { "is" };
    let text = format!(
        "the promise is broken: its answer is not in the ledger; that {when} put on record as entry {index}, and an audit tells it"
    );
    let json = json!({"done": "objected", "index": index, "before": objected.before});
    settings.console.answer(&text, &json)?;
    Ok(Exit::Well)
}

fn read(path: &Path) -> Result<String> {
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| {
            file.take(PROMISE_BYTES_MAX as u64 + 1)
                .read_to_end(&mut bytes)
        })
        .with_context(|| Fault::Input(format!("cannot read the promise `{}`", path.display())))?;
    let text = String::from_utf8(bytes).ok();
    text.filter(|text| text.len() <= PROMISE_BYTES_MAX)
        .ok_or_else(|| {
            input(format!(
                "`{}` is no promise: expected text of at most {PROMISE_BYTES_MAX} bytes, as the poll's page gave it",
                path.display()
            ))
        })
}
