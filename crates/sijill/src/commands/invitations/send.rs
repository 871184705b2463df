//! `sijill invitations send`: a wave of invitations, from its beginning or from where it stopped.

use super::wave::{self, WaveArgs};
use crate::fault::Exit;
use crate::settings::Settings;
use anyhow::Result;
use sijill_outreach::delivery::{Delivery, WaveKind};

/// Send invitations: everybody who was not written to yet, or a share of them
#[derive(Debug, clap::Args)]
#[command(
    after_help = "It stays until every message is accounted for, and puts the beginning and the end of the wave on record. Ctrl-C stops it, and the same command goes on; nobody gets a second message, but those of whom nobody knows whether the first one arrived. Messages leave between 9 and 20 o'clock in the poll's time zone, not on Fridays, unless `[sending]` in the configuration says otherwise.\n\nExample: sijill invitations send --poll coalition --share 5"
)]
pub struct Args {
    /// Send to those whose message failed, instead of those who were not written to
    #[arg(long)]
    failed: bool,
    #[command(flatten)]
    wave: WaveArgs,
}

/// Carries it out.
pub fn run(args: &Args, settings: &Settings) -> Result<Exit> {
    match args.failed {
        false => wave::run(&args.wave, settings, WaveKind::First, |_, _| {
            Ok(Box::new(wave::never_written_to))
        }),
        true => wave::run(&args.wave, settings, WaveKind::Again, |sender, ledger| {
            let has_answered = ledger.answered(&sender.poll.slug)?;
            Ok(Box::new(move |invitation: u32, delivery: &Delivery| {
                wave::failed(delivery) && !has_answered(invitation)
            }))
        }),
    }
}
