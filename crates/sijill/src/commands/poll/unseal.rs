//! `sijill poll unseal`: opens the sealed strata of a closed poll, those that the rule allows.
//!
//! The keys are read here and used here; only those of the strata that may be opened leave, in the signed event.

use super::{KeyArg, say_recorded};
use crate::clerk::{self, Clerk};
use crate::fault::{Exit, input, not_so};
use crate::key_file::StratumKeys;
use crate::roster_leaves;
use crate::settings::Settings;
use crate::signing;
use anyhow::Result;
use sijill_ledger::Hash;
use sijill_poll::definition::{Definition, StrataVisibility};
use sijill_poll::event::Unsealed;
use sijill_poll::unseal;
use sijill_poll::{Event, PollError};
use sijill_server::desk::PollStatus;
use std::path::{Path, PathBuf};

/// Open the sealed strata of a closed poll that have enough answers
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Strata with fewer answers than the definition's threshold stay closed for ever, and as many others as it takes that nobody can subtract.\n\nExample: sijill poll unseal coalition --keys sender-data/polls/coalition/strata.keys"
)]
pub struct Args {
    /// The poll
    slug: String,
    /// The file of stratum keys [default: the one of the roster made here]
    #[arg(long, value_name = "FILE")]
    keys: Option<PathBuf>,
    #[command(flatten)]
    key: KeyArg,
}

/// Carries it out.
pub fn run(args: &Args, settings: &Settings) -> Result<Exit> {
    let folder = settings.data().poll(&args.slug)?;
    let keys = args.keys.clone().unwrap_or_else(|| folder.stratum_keys());
    let (recorded, closed) = clerk::at_the_desk(Clerk::reach(settings)?, |clerk| {
        let poll = clerk.show(&args.slug)?;
        let definition = signing::definition_of(&poll)?;
        refuse_early(&poll, &definition)?;
        let content = unsealing(clerk, &poll, &definition, &folder.roster(), &keys)?;
        let closed = closed(&definition, &content);
        let pen = args.key.pen(settings, &poll)?;
        let event = signing::sign(&poll, &pen, content, Event::Unsealed)?;
        Ok((clerk.record(&args.slug, &event)?, closed))
    })?;
    say_recorded(settings, &args.slug, "unsealed", recorded)?;
    if !closed.is_empty() {
        let closed = closed.join("`, `");
        settings.console.message(&format!(
            "stay closed, so that small numbers cannot be read: `{closed}`"
        ));
    }
    Ok(Exit::Well)
}

fn refuse_early(poll: &PollStatus, definition: &Definition) -> Result<()> {
    if definition.rules.strata == StrataVisibility::Open {
        return Err(not_so(format!(
            "the strata of poll `{}` are open; there is nothing to unseal",
            poll.slug
        )));
    }
    if poll.state != "closed" {
        return Err(not_so(format!(
            "poll `{}` is {}, and strata are opened after the close; `sijill poll close` comes first",
            poll.slug, poll.state
        )));
    }
    Ok(())
}

fn unsealing(
    clerk: &mut Clerk,
    poll: &PollStatus,
    definition: &Definition,
    roster: &Path,
    keys: &Path,
) -> Result<Unsealed> {
    let committed = poll.stratum_keys.iter().map(|hash| Ok(hash.parse()?));
    let committed = committed.collect::<Result<Vec<Hash>>>()?;
    let keys = StratumKeys::read(keys, definition)?;
    let roster = roster_leaves::read(roster, definition)?;
    let casts = clerk.casts(&definition.slug)?;
    let keys = keys.iter().map(|key| **key).collect();
    unseal::unsealing(definition, &committed, &roster, &casts, keys).map_err(|error| match error {
        PollError::StratumKey { .. } => input(error.to_string()),
        error => error.into(),
    })
}

/// Ids of the strata that stay closed.
fn closed(definition: &Definition, content: &Unsealed) -> Vec<String> {
    let rows = definition.strata.iter().zip(&content.keys);
    let closed = rows.filter(|(_, key)| key.is_none());
    closed.map(|(stratum, _)| stratum.id.clone()).collect()
}
