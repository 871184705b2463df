//! `sijill poll show`: one poll as its operator sees it, published or not.

use crate::clerk::{self, Clerk};
use crate::console::{grouped, percent};
use crate::fault::Exit;
use crate::moment::rfc3339;
use crate::settings::Settings;
use crate::signing;
use anyhow::Result;
use serde_json::{Value, json};
use sijill_server::desk::PollStatus;
use std::fmt::Write;

/// Show a poll: its keys, its state, its tally
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: sijill poll show coalition --json")]
pub struct Args {
    /// The poll; needless where there is only one
    slug: Option<String>,
}

/// Carries it out.
pub fn run(args: &Args, settings: &Settings) -> Result<Exit> {
    let clerk = Clerk::reach_to_read(settings)?;
    let poll = clerk::at_the_desk(clerk, |clerk| clerk.the_poll(args.slug.as_deref()))?;
    let definition = signing::definition_of(&poll)?;
    let operators = definition.keys.operators.iter().map(ToString::to_string);
    let operators: Vec<String> = operators.collect();
    let document = document(&poll, &operators);
    settings
        .console
        .answer(&text(&poll, &operators)?, &document)?;
    Ok(Exit::Well)
}

fn document(poll: &PollStatus, operators: &[String]) -> Value {
    let tally = poll.tally.iter();
    let waves = poll.waves.iter();
    json!({
        "slug": poll.slug,
        "origin": poll.origin,
        "poll_id": poll.poll_id,
        "state": poll.state,
        "entries": poll.entries,
        "link": poll.link,
        "published": poll.published,
        "start": rfc3339(poll.start),
        "end": rfc3339(poll.end),
        "invited": poll.roster,
        "planned": poll.planned,
        "waves": waves.map(|wave| json!({"planned": wave.planned, "ended": wave.ended})).collect::<Vec<_>>(),
        "answered": poll.answered,
        "tally": tally.map(|(option, count)| json!({"option": option, "count": count})).collect::<Vec<_>>(),
        "operator_keys": operators,
        "log_key": poll.log_key,
        "promise_key": poll.promise_key,
    })
}

fn text(poll: &PollStatus, operators: &[String]) -> Result<String> {
    let mut text = format!("poll `{}`: {}\n", poll.slug, poll.state);
    let last = poll.entries.saturating_sub(1);
    for (name, value) in [
        ("origin", poll.origin.clone()),
        ("poll id", poll.poll_id.clone()),
        (
            "field",
            format!("{} to {}", rfc3339(poll.start), rfc3339(poll.end)),
        ),
        (
            "entries",
            format!(
                "{}, of them {} published",
                grouped(poll.entries),
                grouped(poll.published)
            ),
        ),
        ("end of ledger", format!("{last}:{}", poll.link)),
        ("operator key", operators.join(", ")),
        ("log key", poll.log_key.clone()),
        ("promise key", poll.promise_key.clone()),
        (
            "invited",
            format!(
                "{}, of them {} in waves",
                grouped(poll.roster.into()),
                grouped(poll.planned)
            ),
        ),
        (
            "answered",
            format!(
                "{}, {} of the invited",
                grouped(poll.answered),
                percent(poll.answered, poll.roster.into())
            ),
        ),
    ] {
        writeln!(text, "  {name:<14} {value}")?;
    }
    for (option, count) in &poll.tally {
        writeln!(
            text,
            "    {option:<16} {:>12}  {:>7}",
            grouped(*count),
            percent(*count, poll.answered)
        )?;
    }
    Ok(text)
}
