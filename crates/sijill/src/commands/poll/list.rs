//! `sijill poll list`: every poll of a data directory.

use crate::clerk::{self, Clerk};
use crate::console::grouped;
use crate::fault::Exit;
use crate::settings::Settings;
use anyhow::Result;
use serde_json::{Value, json};
use sijill_server::desk::PollStatus;

/// List the polls of a data directory
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: sijill poll list --data /var/lib/sijill")]
pub struct Args {}

/// Carries it out.
pub fn run(_: &Args, settings: &Settings) -> Result<Exit> {
    let polls = clerk::at_the_desk(Clerk::reach_to_read(settings)?, Clerk::list)?;
    let json: Vec<Value> = polls.iter().map(short).collect();
    settings
        .console
        .answer(&table(&polls), &Value::Array(json))?;
    Ok(Exit::Well)
}

fn short(poll: &PollStatus) -> Value {
    json!({
        "slug": poll.slug,
        "origin": poll.origin,
        "state": poll.state,
        "entries": poll.entries,
    })
}

fn table(polls: &[PollStatus]) -> String {
    if polls.is_empty() {
        return "no polls yet; `sijill poll open FILE` opens one".to_owned();
    }
    let width = |of: fn(&PollStatus) -> usize| polls.iter().map(of).max().unwrap_or(0);
    let slug = width(|poll| poll.slug.len());
    let state = width(|poll| poll.state.len());
    let lines = polls.iter().map(|poll| {
        format!(
            "{:slug$}  {:state$}  {:>11} entries  {}",
            poll.slug,
            poll.state,
            grouped(poll.entries),
            poll.origin
        )
    });
    lines.collect::<Vec<_>>().join("\n")
}
