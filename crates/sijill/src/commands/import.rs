//! `sijill import`: a ledger back from an export, entry by entry by the poll's own rules.
//!
//! The store checks file, chain and bytes; here each entry passes the rules at its place. Signatures are an audit's
//! business: an import restores, it does not vouch.

use crate::console::grouped;
use crate::data_folder::DataFolder;
use crate::fault::{Exit, Fault};
use crate::roster_leaves;
use crate::settings::Settings;
use anyhow::{Context, Result};
use serde_json::json;
use sijill_ledger::{Origin, Sealed};
use sijill_poll::roster::Roster;
use sijill_poll::{Event, Poll, evolve, opening, rules};
use sijill_store::{DataDir, import};
use std::path::PathBuf;
use std::sync::Arc;

/// Restore a ledger from an export
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Contacts and keys are not part of an export: respondents' links work again only with the service master of the old directory in DATA/keys.\n\nExample: sijill import coalition.export --data ./restored"
)]
pub struct Args {
    /// The export
    file: PathBuf,
}

/// Carries it out.
pub fn run(args: &Args, settings: &Settings) -> Result<Exit> {
    let data = settings.data();
    let length = std::fs::metadata(&args.file)
        .with_context(|| Fault::Input(format!("cannot read the export `{}`", args.file.display())))?
        .len();
    let life = settings
        .console
        .spinner(&format!("restoring {} bytes", grouped(length)));
    let mut replay = Replay::new(data.clone());
    let loaded = import::<Event>(
        &args.file,
        DataDir::create_or_open(data.path())?,
        name,
        |sealed| {
            life.set_message(format!("restoring entry {}", grouped(sealed.entry().index)));
            replay.take(sealed)
        },
    );
    life.finish_and_clear();
    let loaded = loaded?;
    let last = loaded.head.size.saturating_sub(1);
    let anchor = format!("{last}:{}", loaded.head.link);
    let json = json!({"slug": loaded.slug, "entries": loaded.head.size, "anchor": anchor, "data": data.path()});
    let text = format!(
        "poll `{}` restored in `{}`: {} entries\nanchor {anchor}",
        loaded.slug,
        data.path().display(),
        grouped(loaded.head.size),
    );
    settings.console.answer(&text, &json)?;
    settings.console.message(
        "next: sijill audit, with the operator's key and an anchor that you have from elsewhere",
    );
    Ok(Exit::Well)
}

/// The poll's short name and its ledger's, from entry 0.
fn name(first: &Sealed<Event>) -> Result<(String, Origin), String> {
    let poll = open(first)?;
    Ok((poll.definition().slug.clone(), poll.origin().clone()))
}

fn open(first: &Sealed<Event>) -> Result<Poll, String> {
    let nobody = Arc::new(Roster::none());
    Poll::open(first, nobody).map_err(|error| error.to_string())
}

/// The poll as far as its entries were taken.
struct Replay {
    data: DataFolder,
    poll: Option<Poll>,
}

impl Replay {
    fn new(data: DataFolder) -> Self {
        Self { data, poll: None }
    }

    fn take(&mut self, sealed: &Sealed<Event>) -> Result<(), String> {
        let entry = sealed.entry();
        let Some(poll) = &mut self.poll else {
            refuse_bad_opening(entry.at, &entry.event)?;
            self.poll = Some(open(sealed)?);
            return Ok(());
        };
        if matches!(entry.event, Event::RosterCommitted(_)) {
            attach_roster(poll, &self.data)?;
        }
        rules::admits(poll, entry.at, &entry.event).map_err(|refusal| refusal.to_string())?;
        evolve(poll, sealed);
        Ok(())
    }
}

fn refuse_bad_opening(at: u64, event: &Event) -> Result<(), String> {
    let Event::Opened(opened) = event else {
        return Err(format!("`{}`, expected `Opened`", event.name()));
    };
    match opening::faults(at, opened).first() {
        None => Ok(()),
        Some(fault) => Err(fault.to_string()),
    }
}

/// The store has written the leaves by now, and nothing of the poll's stays if they are wrong.
fn attach_roster(poll: &mut Poll, data: &DataFolder) -> Result<(), String> {
    let definition = Arc::clone(poll.definition());
    let folder = data
        .poll(&definition.slug)
        .map_err(|error| error.to_string())?;
    let roster = roster_leaves::read(&folder.roster(), &definition);
    poll.attach(Arc::new(roster.map_err(|error| format!("{error:#}"))?));
    Ok(())
}
