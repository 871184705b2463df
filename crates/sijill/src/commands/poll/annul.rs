//! `sijill poll annul`: declare a poll void.

use super::{KeyArg, steer};
use crate::fault::Exit;
use crate::settings::Settings;
use anyhow::Result;
use sijill_poll::Event;
use sijill_poll::event::Annulled;

/// Declare a poll void, for good
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: sijill poll annul coalition --reason \"The invitations named another question than the page.\""
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
    let content = Annulled {
        reason: args.reason.clone(),
    };
    steer(
        settings,
        (&args.slug, &args.key),
        "annulled",
        content,
        Event::Annulled,
    )
}
