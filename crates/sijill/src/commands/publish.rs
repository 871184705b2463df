//! `sijill publish`: what is published of a poll as files that any server can carry, and any auditor can audit.

use crate::console::grouped;
use crate::data_folder::PollFolder;
use crate::fault::{Exit, input, unfinished};
use crate::roster_leaves;
use crate::settings::Settings;
use anyhow::Result;
use serde_json::json;
use sijill_ledger::{Hash, Origin, Sealed};
use sijill_poll::definition::Definition;
use sijill_poll::roster::Roster;
use sijill_poll::{Event, Poll};
use sijill_store::{CheckpointStore, Copied, PublicFolder};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Write what is published of a poll into a folder for any file server
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Run it again to bring the folder up to date: only what is new is written, and what is there is not looked at again (`sijill audit DIR` does). A server may run meanwhile. The folder belongs where the poll's origin says, and `sijill audit DIR` audits it anywhere.\n\nExample: sijill publish coalition /var/www/polls/coalition"
)]
pub struct Args {
    /// The poll
    poll: String,
    /// The folder; made if it is not there
    dir: PathBuf,
    /// Write every file again, recomputed from the entries: for a folder that was damaged
    #[arg(long)]
    anew: bool,
}

/// Carries it out.
pub fn run(args: &Args, settings: &Settings) -> Result<Exit> {
    let data = settings.data();
    data.must_exist()?;
    let poll = data.poll(&args.poll)?;
    let source = PublicFolder::at(&poll.path().join("public"));
    if is_below(&args.dir, &settings.data().path().join("polls")) {
        return Err(input(format!(
            "`{}` is where the service keeps its polls; name a folder outside of the data directory",
            args.dir.display()
        )));
    }
    let store = settings.newest_checkpoints()?;
    let Some(origin) = source.origin()? else {
        if store.newest(&args.poll)?.is_some() {
            return Err(unfinished(format!(
                "`polls/{}/public/checkpoints`, the list of published checkpoints, is not there; put it back from a backup, or from what observers have of it",
                args.poll
            )));
        }
        return Err(input(format!(
            "nothing of `{}` is published in this data directory; `sijill poll list` shows the polls, and `sijill serve` publishes them",
            args.poll
        )));
    };
    let life = settings.console.spinner("writing what is published");
    let copied = publish(&source, &origin, &poll, (args, settings, &store));
    life.finish_and_clear();
    answer(&args.dir, &copied?, settings)
}

/// Whether a path, which need not be there, leads into a folder.
fn is_below(path: &Path, folder: &Path) -> bool {
    let there = |path: &Path| path.canonicalize().ok();
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let place = path.ancestors().find_map(there);
    let folder = there(folder);
    place
        .zip(folder)
        .is_some_and(|(place, folder)| place.starts_with(folder))
}

fn answer(dir: &Path, copied: &Copied, settings: &Settings) -> Result<Exit> {
    let Copied { checkpoint, before } = copied;
    let json = json!({
        "origin": checkpoint.origin.to_string(),
        "dir": dir,
        "entries": checkpoint.size,
        "entries_before": before,
        "root": checkpoint.root.to_base64(),
    });
    let text = format!(
        "{} entries of `{}` in `{}`, {} of them new",
        grouped(checkpoint.size),
        checkpoint.origin,
        dir.display(),
        grouped(checkpoint.size - before),
    );
    settings.console.answer(&text, &json)?;
    Ok(Exit::Well)
}

fn publish(
    source: &PublicFolder,
    origin: &Origin,
    poll: &PollFolder,
    (args, settings, store): (&Args, &Settings, &CheckpointStore),
) -> Result<Copied> {
    let listed = source.checkpoints(origin)?;
    let size = listed.last().map_or(0, |last| last.size);
    check_list(source, size, (settings, store))?;
    let roster = poll.roster();
    let is_public = check_roster(source, size, &roster)?;
    let mut target = PublicFolder::make(&args.dir)?;
    let roster = is_public.then_some(roster.as_path());
    Ok(sijill_store::publish(
        source,
        origin,
        roster,
        &mut target,
        args.anew,
    )?)
}

/// What is copied is what a start would go on with.
fn check_list(
    source: &PublicFolder,
    size: u64,
    (settings, store): (&Settings, &CheckpointStore),
) -> Result<()> {
    let Some(first) = source.entries(0, size).next() else {
        return Ok(());
    };
    let first = Sealed::read(&first?)?;
    let poll = Poll::open(&first, Arc::new(Roster::none()));
    let poll = poll
        .map_err(|error| unfinished(format!("entry 0 cannot be read by this version: {error}")))?;
    Ok(sijill_server::check_list(
        settings.data().path(),
        store,
        &poll,
    )?)
}

/// Whether a roster's commitment is published. The leaves must be those committed to: nobody could audit others.
fn check_roster(source: &PublicFolder, size: u64, roster: &Path) -> Result<bool> {
    let mut definition = None;
    for bytes in source.entries(0, size) {
        match Sealed::<Event>::read(&bytes?)?.into_entry().event {
            Event::Opened(opened) => {
                definition = Definition::parse(&opened.opening.definition).ok();
            }
            Event::RosterCommitted(signed) => {
                let definition = definition.ok_or_else(|| {
                    unfinished("the definition in entry 0 cannot be read by this version")
                })?;
                is_committed(roster, &definition, signed.content.root)?;
                return Ok(true);
            }
            _ => {}
        }
    }
    Ok(false)
}

fn is_committed(path: &Path, definition: &Definition, expected: Hash) -> Result<()> {
    let found = roster_leaves::read(path, definition)?.root();
    if found == expected {
        return Ok(());
    }
    Err(unfinished(format!(
        "the roster `{}` is not the one committed to: expected the root {expected}, found {found}; put the right file back",
        path.display()
    )))
}
