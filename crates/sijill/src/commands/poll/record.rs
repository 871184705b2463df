//! `sijill poll record`: an event that a sender of its own signed elsewhere comes on record.

use crate::clerk::{self, Clerk};
use crate::fault::{Exit, input, not_so};
use crate::ledger_seen::EVENT_FILE;
use crate::settings::Settings;
use crate::small_file;
use anyhow::Result;
use data_encoding::BASE64;
use serde_json::json;
use sijill_ledger::codec;
use sijill_ledger::limits::ENTRY_BYTES_MAX;
use sijill_poll::Event;
use std::path::PathBuf;

/// Longest file: an entry in base64, and a line before it.
const FILE_BYTES_MAX: usize = 2 * ENTRY_BYTES_MAX;

/// Put an event on record that a sender of its own signed and handed over
#[derive(Debug, clap::Args)]
#[command(
    after_help = "It comes on record only if the sender's signature holds and it is the sender's next event.\n\nExample: sijill poll record WaveStarted-0.event --poll coalition"
)]
pub struct Args {
    /// The file that `sijill invitations send --ledger` wrote
    file: PathBuf,
    /// The poll
    #[arg(long, value_name = "SLUG")]
    poll: String,
}

/// Carries it out.
pub fn run(args: &Args, settings: &Settings) -> Result<Exit> {
    let event = read(&args.file)?;
    let name = event.name();
    let recorded = clerk::at_the_desk(Clerk::reach(settings)?, |clerk| {
        clerk.record(&args.poll, &event)
    })?;
    let text = format!(
        "`{name}` of poll `{}` is on record, entry {}, link {}",
        args.poll, recorded.index, recorded.link
    );
    let json = json!({"slug": args.poll, "event": name, "index": recorded.index, "link": recorded.link.to_string()});
    settings.console.answer(&text, &json)?;
    Ok(Exit::Well)
}

/// The event of a file: one of those that a sender signs.
fn read(file: &std::path::Path) -> Result<Event> {
    let shown = file.display();
    let text = small_file::text(file, FILE_BYTES_MAX)?;
    let mut lines = text.lines();
    let is_one = lines.next() == Some(EVENT_FILE);
    let bytes = lines
        .next()
        .and_then(|line| BASE64.decode(line.as_bytes()).ok());
    let event = bytes.and_then(|bytes| codec::decode(&bytes).ok());
    match event {
        Some(event @ (Event::WaveStarted(_) | Event::WaveEnded(_))) if is_one => Ok(event),
        Some(_) if is_one => Err(not_so(format!(
            "`{shown}` holds an event that a sender does not sign; nothing was recorded"
        ))),
        _ => Err(input(format!(
            "`{shown}` is no event of a sender: expected a file that `sijill invitations send --ledger` wrote"
        ))),
    }
}
