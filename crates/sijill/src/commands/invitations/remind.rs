//! `sijill invitations remind`: a message once more to those who have not answered, as often as the definition allows.

use super::wave::{self, Audience, WaveArgs};
use crate::fault::{Exit, not_so};
use crate::moment::rfc3339;
use crate::settings::Settings;
use crate::signing;
use anyhow::Result;
use sijill_outreach::delivery::{Delivery, WaveKind};

/// Milliseconds of an hour.
const HOUR_MS: u64 = 3_600_000;

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
            Ok(Box::new(Reminded {
                most,
                apart,
                now: signing::now(),
                has_answered: ledger.answered(&sender.poll.slug)?,
                soonest: None,
                often: false,
            }))
        },
    )
}

/// Who may be reminded, and why others may not.
struct Reminded<F> {
    /// Reminders over all waves.
    most: u8,
    /// Least time between two messages, in milliseconds.
    apart: u64,
    /// Milliseconds since 1970.
    now: u64,
    has_answered: F,
    /// When the first of those may be written to whose last message left too short a time ago.
    soonest: Option<u64>,
    /// Whether somebody was reminded as often as may be.
    often: bool,
}

impl<F: Fn(u32) -> bool> Audience for Reminded<F> {
    fn has(&mut self, invitation: u32, delivery: &Delivery) -> bool {
        let latest = self.now.saturating_sub(self.apart);
        if !delivery.may_be_reminded(u8::MAX, u64::MAX) || (self.has_answered)(invitation) {
            return false;
        }
        let (often, soon) = (delivery.reminders >= self.most, delivery.at > latest);
        self.often |= often;
        if soon && !often {
            let from = delivery.at.saturating_add(self.apart);
            self.soonest = Some(self.soonest.map_or(from, |soonest| soonest.min(from)));
        }
        delivery.may_be_reminded(self.most, latest)
    }

    fn why_nobody(&self) -> String {
        match (self.soonest, self.often) {
            (Some(soonest), _) => format!(
                "the last message to whoever may be reminded left less than {} h ago (`message.reminder_hours_min`); from {} on a reminder may leave",
                self.apart / HOUR_MS,
                rfc3339(soonest)
            ),
            (None, true) => format!(
                "whoever has not answered was reminded as often as the definition allows (`message.reminders_max` is {})",
                self.most
            ),
            (None, false) => "nobody is left who may be reminded: they have answered, or want no more messages, or no message reached them".to_owned(),
        }
    }
}
