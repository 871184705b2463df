//! `sijill poll extend`: move the end later.

use super::{KeyArg, steer};
use crate::fault::Exit;
use crate::moment;
use crate::settings::Settings;
use anyhow::Result;
use sijill_poll::Event;
use sijill_poll::event::Extended;

/// Move the end later, up to the definition's latest end
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: sijill poll extend coalition --end 2026-12-08T20:00:00+03:00 --reason \"Messages to Basra left a day late.\""
)]
pub struct Args {
    /// The poll
    slug: String,
    /// The new end, with its zone
    #[arg(long, value_name = "RFC3339")]
    end: String,
    /// Why, for everyone to read in the ledger
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    key: KeyArg,
}

/// Carries it out.
pub fn run(args: &Args, settings: &Settings) -> Result<Exit> {
    let end = moment::parse(&args.end)?;
    let content = Extended {
        end,
        reason: args.reason.clone(),
    };
    let done = format!("extended to {}", moment::rfc3339(end));
    steer(
        settings,
        (&args.slug, &args.key),
        &done,
        content,
        Event::Extended,
    )
}
