//! `sijill poll resume`: take answers again.

use super::{KeyArg, steer};
use crate::fault::Exit;
use crate::settings::Settings;
use anyhow::Result;
use sijill_poll::Event;
use sijill_poll::event::Resumed;

/// Take answers again
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: sijill poll resume coalition --reason \"Each person is counted once, as before; no message is lost.\""
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
    let content = Resumed {
        reason: args.reason.clone(),
    };
    steer(
        settings,
        (&args.slug, &args.key),
        "resumed",
        content,
        Event::Resumed,
    )
}
