//! `sijill ledger show`: entries as JSON lines.

use crate::clerk::{self, Clerk};
use crate::console::grouped;
use crate::entry_json;
use crate::fault::{Exit, input, not_so};
use crate::settings::Settings;
use anyhow::Result;
use sijill_ledger::Sealed;
use sijill_poll::Event;
use sijill_poll::credential::{Code, Token};

/// Show entries, one JSON line each, oldest first
#[derive(Debug, clap::Args)]
#[command(
    after_help = "A code names an answer and proves nothing; for a promise, `sijill audit --promise`.\n\nExample: sijill ledger show coalition --from 0 --count 1"
)]
pub struct Args {
    /// The poll; needless where there is only one
    slug: Option<String>,
    /// Index of the first entry
    #[arg(long, value_name = "N", default_value_t = 0)]
    from: u64,
    /// How many at most [default: all]
    #[arg(long, value_name = "N")]
    count: Option<u64>,
    /// Only the answer with this code, as its respondent was shown it
    #[arg(long, value_name = "CODE", conflicts_with_all = ["from", "count"])]
    code: Option<String>,
}

/// Carries it out.
pub fn run(args: &Args, settings: &Settings) -> Result<Exit> {
    clerk::at_the_desk(Clerk::reach_to_read(settings)?, |clerk| {
        let slug = clerk.the_poll(args.slug.as_deref())?.slug;
        if let Some(code) = &args.code {
            return find(clerk, settings, &slug, code).map(|()| 0);
        }
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

/// Prints the answer with this code.
fn find(clerk: &mut Clerk, settings: &Settings, slug: &str, code: &str) -> Result<()> {
    let wanted = as_shown(code).ok_or_else(|| {
        input(format!(
            "`{code}` is no code: expected 20 letters and digits, as the confirmation shows them"
        ))
    })?;
    let mut next = 0;
    loop {
        let entries = clerk.entries(slug, next)?;
        if entries.is_empty() {
            return Err(not_so(format!(
                "no answer among the {} entries of `{slug}` has the code `{code}`",
                grouped(next)
            )));
        }
        for entry in &entries {
            if has_code(entry, &wanted)? {
                return settings.console.line(&entry_json::line(entry));
            }
        }
        next += entries.len() as u64;
    }
}

fn has_code(entry: &Sealed<Event>, wanted: &str) -> Result<bool> {
    match &entry.entry().event {
        Event::Responded(responded) => Ok(Code::of(responded.hash()?).to_string() == wanted),
        _ => Ok(false),
    }
}

/// A code as it is shown, from one as somebody typed it: like a token, but in capitals and groups of four.
fn as_shown(typed: &str) -> Option<String> {
    let plain: Token = typed.parse().ok()?;
    let letters: Vec<char> = plain.reveal().to_uppercase().chars().collect();
    let groups = letters
        .chunks(4)
        .map(|group| group.iter().collect::<String>());
    Some(groups.collect::<Vec<_>>().join(" "))
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
            settings.console.line(&entry_json::line(entry))?;
            next += 1;
        }
    }
    Ok(next)
}
