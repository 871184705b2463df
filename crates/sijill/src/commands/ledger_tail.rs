//! `sijill ledger tail`: the last entries as JSON lines, and those that come.

use super::ledger_show::show;
use crate::clerk::{self, Clerk};
use crate::fault::Exit;
use crate::settings::Settings;
use anyhow::Result;
use std::time::Duration;

/// How often to look for new entries.
const LOOK: Duration = Duration::from_millis(500);

/// Show the last entries, one JSON line each
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: sijill ledger tail coalition --follow")]
pub struct Args {
    /// The poll; needless where there is only one
    slug: Option<String>,
    /// How many
    #[arg(long, value_name = "N", default_value_t = 10)]
    count: u64,
    /// Go on with those that a running server records; ends with Ctrl-C
    #[arg(long)]
    follow: bool,
}

/// Carries it out.
pub fn run(args: &Args, settings: &Settings) -> Result<Exit> {
    clerk::at_the_desk(Clerk::reach_to_read(settings)?, |clerk| {
        let poll = clerk.the_poll(args.slug.as_deref())?;
        let from = poll.entries.saturating_sub(args.count);
        let mut next = show(clerk, settings, &poll.slug, from, u64::MAX)?;
        if args.follow && clerk.is_local() {
            settings
                .console
                .message("no server runs on this directory, so nothing more will come");
            return Ok(());
        }
        if !args.follow {
            return Ok(());
        }
        loop {
            std::thread::sleep(LOOK);
            next = show(clerk, settings, &poll.slug, next, u64::MAX)?;
        }
    })?;
    Ok(Exit::Well)
}
