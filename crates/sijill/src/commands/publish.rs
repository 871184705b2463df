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
use sijill_server::{NoList, ServerError};
use sijill_store::{CheckpointStore, Copied, PublicFolder};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a running server may take between keeping a checkpoint and listing it.
const LISTED_WITHIN: Duration = Duration::from_secs(2);

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
    is_place_for_a_copy(&args.dir, data.path())?;
    let store = settings.newest_checkpoints()?;
    let origin = origin(&source, &args.poll, (settings, &store))?;
    let life = settings.console.spinner("writing what is published");
    let copied = publish(&source, &origin, &poll, (args, settings, &store));
    life.finish_and_clear();
    answer(&args.dir, &copied?, settings)
}

/// The ledger's name, which the list of published checkpoints says.
fn origin(
    source: &PublicFolder,
    slug: &str,
    (settings, store): (&Settings, &CheckpointStore),
) -> Result<Origin> {
    let started = Instant::now();
    loop {
        let without = sijill_server::no_list(settings.data().path(), store, slug)?;
        if let Some(origin) = source.origin()? {
            return Ok(origin);
        }
        match without {
            NoList::Unpublished => {
                return Err(input(format!(
                    "nothing of `{slug}` is published in this data directory; `sijill poll list` shows the polls, and `sijill serve` publishes them"
                )));
            }
            NoList::Gone => {
                let slug = slug.to_owned();
                return Err(ServerError::ListGone { slug }.into());
            }
            // A server that goes on lists it in a moment.
            NoList::NotYet if started.elapsed() < LISTED_WITHIN => {
                std::thread::sleep(LISTED_WITHIN / 10);
            }
            NoList::NotYet => {
                return Err(unfinished(format!(
                    "the first checkpoint of `{slug}` is not listed yet, as after a crash; `sijill serve` lists it, and then publish again"
                )));
            }
        }
    }
}

/// A folder, there or not yet, outside of the data directory.
fn is_place_for_a_copy(path: &Path, data: &Path) -> Result<()> {
    let shown = path.display();
    if path.symlink_metadata().is_ok() && !path.is_dir() {
        return Err(input(format!(
            "`{shown}` is no folder; name one, or one that is not there yet"
        )));
    }
    match data
        .canonicalize()
        .is_ok_and(|data| real(path).starts_with(data))
    {
        true => Err(input(format!(
            "`{shown}` is in the data directory, where the service keeps its polls; name a folder outside of it"
        ))),
        false => Ok(()),
    }
}

/// Where a path leads, as far as it is there.
fn real(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    path.components().fold(PathBuf::new(), |place, part| {
        let next = match part {
            Component::ParentDir => place.parent().map(Path::to_owned).unwrap_or(place),
            part => place.join(part),
        };
        next.canonicalize().unwrap_or(next)
    })
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
    let mut checked = sijill_server::check_list(settings.data().path(), store, &poll)?;
    let started = Instant::now();
    // A server that goes on lists it in a moment.
    while checked.not_listed.is_some() && started.elapsed() < LISTED_WITHIN {
        std::thread::sleep(LISTED_WITHIN / 10);
        checked = sijill_server::check_list(settings.data().path(), store, &poll)?;
    }
    if let Some(size) = checked.not_listed {
        return Err(unfinished(format!(
            "the newest checkpoint, over {size} entries, is kept and not listed yet, as after a crash; `sijill serve` lists it, and then publish again"
        )));
    }
    if let Some(notice) = checked.notice {
        settings.console.message(&notice);
    }
    Ok(())
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
