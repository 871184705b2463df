//! `sijill invitations remind`: a message once more to those who have not answered, as often as the definition allows.

use super::wave::{self, WaveArgs};
use crate::fault::{Exit, not_so};
use crate::settings::Settings;
use crate::signing;
use anyhow::Result;
use sijill_outreach::delivery::{Delivery, State, WaveKind};

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
            let casts = ledger.casts(&sender.poll.slug)?;
            let has_answered = move |invitation: u32| {
                let cast = casts.get(invitation as usize);
                cast.is_some_and(|cast| cast.revision > 0)
            };
            let now = signing::now();
            Ok(Box::new(move |invitation, delivery: &Delivery| {
                may_be_reminded(delivery, most, now.saturating_sub(apart))
                    && !has_answered(invitation)
            }))
        },
    )
}

/// Whether a message left for it, nobody asked to be left alone, and the last message is old enough.
fn may_be_reminded(delivery: &Delivery, most: u8, latest: u64) -> bool {
    let left = matches!(
        delivery.state,
        State::Accepted | State::Delivered | State::Unknown
    );
    left && !delivery.stopped && delivery.reminders < most && delivery.at <= latest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reminder_goes_to_whom_a_message_left_long_enough_ago_and_no_more_often_than_allowed() {
        let sent = Delivery {
            state: State::Delivered,
            at: 1_000,
            ..Delivery::default()
        };
        assert!(may_be_reminded(&sent, 1, 1_000));
        assert!(!may_be_reminded(&sent, 1, 999));
        for not in [
            Delivery {
                reminders: 1,
                ..sent
            },
            Delivery {
                stopped: true,
                ..sent
            },
            Delivery {
                state: State::Failed,
                ..sent
            },
            Delivery {
                state: State::Uninvited,
                ..sent
            },
        ] {
            assert!(!may_be_reminded(&not, 1, 1_000), "{not:?}");
        }
    }
}
