//! `sijill invitations stop`: somebody told the operator that they want no more messages.

use super::Sender;
use crate::console::grouped;
use crate::fault::{Exit, input, not_so};
use crate::ledger_seen::LedgerSeen;
use crate::settings::Settings;
use anyhow::Result;
use serde_json::json;
use sijill_outreach::delivery::StopWay;
use sijill_outreach::number::Number;
use sijill_outreach::stop_list;
use std::io::Read;

/// Longest number that is read, in bytes.
const NUMBER_BYTES_MAX: u64 = 200;

/// Write nothing more to a number, which is read from standard input
#[derive(Debug, clap::Args)]
#[command(
    after_help = "The number is not taken from the command line, which others can read. It counts from the next message on, over restarts and new waves.\n\nExample: sijill invitations stop --poll coalition < number.txt"
)]
pub struct Args {
    /// The poll
    #[arg(long, value_name = "SLUG")]
    poll: String,
    /// Where a sender of its own sees the ledger: the poll's address, or a folder that `sijill publish` wrote
    #[arg(long, value_name = "SOURCE")]
    ledger: Option<String>,
}

/// Carries it out.
pub fn run(args: &Args, settings: &Settings) -> Result<Exit> {
    let mut text = String::new();
    std::io::stdin()
        .take(NUMBER_BYTES_MAX)
        .read_to_string(&mut text)?;
    let sender = Sender::open(
        settings,
        &LedgerSeen::new(settings, args.ledger.as_deref()),
        &args.poll,
    )?;
    let number = Number::read(text.trim(), &sender.definition.country)
        .map_err(|why| input(format!("standard input has no mobile number: {why}")))?
        .number;
    let mut found = 0;
    for (invitation, contact) in (0..).zip(sender.vault.contacts()) {
        if contact?.number == number {
            stop_list::add(&sender.folder.stops(), invitation, StopWay::Operator)?;
            found += 1;
        }
    }
    if found == 0 {
        return Err(not_so(
            "nobody of this roster has that number; nothing was changed",
        ));
    }
    let text = format!("nothing more is sent to it ({} invitation)", grouped(found));
    settings
        .console
        .answer(&text, &json!({"slug": args.poll, "stopped": found}))?;
    Ok(Exit::Well)
}
