//! `sijill ledger show`: entries as JSON lines.

use crate::clerk::{self, Clerk};
use crate::entry_json;
use crate::fault::Exit;
use crate::settings::Settings;
use anyhow::Result;

/// Show entries, one JSON line each, oldest first
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: sijill ledger show coalition --from 0 --count 1")]
pub struct Args {
    /// The poll; needless where there is only one
    slug: Option<String>,
    /// Index of the first entry
    #[arg(long, value_name = "N", default_value_t = 0)]
    from: u64,
    /// How many at most [default: all]
    #[arg(long, value_name = "N")]
    count: Option<u64>,
}

/// Carries it out.
pub fn run(args: &Args, settings: &Settings) -> Result<Exit> {
    clerk::at_the_desk(Clerk::reach_to_read(settings)?, |clerk| {
        let slug = clerk.the_poll(args.slug.as_deref())?.slug;
        show(
            clerk,
            settings,
            &slug,
            args.from,
            args.count.unwrap_or(u64::MAX),
        )
    })?;
    Ok(Exit::Well)
}

/// Prints at most `count` entries from index `from` on; returns the index after the last.
pub fn show(
    clerk: &mut Clerk,
    settings: &Settings,
    slug: &str,
    from: u64,
    count: u64,
) -> Result<u64> {
    let end = from.saturating_add(count);
    let mut next = from;
    while next < end {
        let entries = clerk.entries(slug, next)?;
        if entries.is_empty() {
            break;
        }
        for entry in &entries {
            if next == end {
                break;
            }
            settings
                .console
                .line(&entry_json::entry(entry).to_string())?;
            next += 1;
        }
    }
    Ok(next)
}
