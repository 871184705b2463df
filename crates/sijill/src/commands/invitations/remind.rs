//! `sijill invitations remind`: a message once more to those who have not answered, as often as the definition allows.

use super::wave::{self, WaveArgs};
use crate::fault::{Exit, not_so};
use crate::settings::Settings;
use crate::signing;
use anyhow::Result;
use sijill_outreach::delivery::{Delivery, WaveKind};

/// Remind those who have not answered, at most as often as the definition says
#[derive(Debug, clap::Args)]
#[command(
    after_help = "It goes to invitations whose message left, that have not answered, and whose holders did not ask to be left alone. Who has answered is read from the ledger; a sender of its own reads the published one (--ledger).\n\nExample: sijill invitations remind --poll coalition"
)]
pub struct Args {
    #[command(flatten)]
    wave: WaveArgs,
}

/// Carries it out.
pub fn run(args: &Args, settings: &Settings) -> Result<Exit> {
    wave::run(
        &args.wave,
        settings,
        WaveKind::Reminder,
        |sender, ledger| {
            let message = &sender.definition.message;
            let (most, apart) = (message.reminders_max, message.reminder_ms_min);
            if most == 0 {
                return Err(not_so(
                    "the definition allows no reminders (`message.reminders_max`); nothing was sent",
                ));
            }
            let has_answered = ledger.answered(&sender.poll.slug)?;
            let now = signing::now();
            Ok(Box::new(move |invitation, delivery: &Delivery| {
                delivery.may_be_reminded(most, now.saturating_sub(apart))
                    && !has_answered(invitation)
            }))
        },
    )
}
