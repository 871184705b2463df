//! `sijill poll pause`: take no answers for now.

use super::{KeyArg, steer};
use crate::fault::Exit;
use crate::settings::Settings;
use anyhow::Result;
use sijill_poll::Event;
use sijill_poll::event::Paused;

/// Take no answers for now
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: sijill poll pause coalition --reason \"The SMS gateway sent some messages twice; we look into it.\""
)]
pub struct Args {
    /// The poll
    slug: String,
    /// Why, for everyone to read in the ledger
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    key: KeyArg,
}

/// Carries it out.
pub fn run(args: &Args, settings: &Settings) -> Result<Exit> {
    let content = Paused {
        reason: args.reason.clone(),
    };
    steer(
        settings,
        (&args.slug, &args.key),
        "paused",
        content,
        Event::Paused,
    )
}
