//! `sijill invitations status`: how sending goes.

use crate::console::grouped;
use crate::fault::{Exit, not_so};
use crate::moment::rfc3339;
use crate::sending_state::{self, SendingState};
use crate::settings::Settings;
use anyhow::Result;
use serde_json::json;
use sijill_outreach::wave::Standing;

/// Show how sending goes
#[derive(Debug, clap::Args)]
#[command(
    after_help = "It shows what the sending process last said, with the moment at which that was true.\n\nExample: sijill invitations status --poll coalition"
)]
pub struct Args {
    /// The poll
    #[arg(long, value_name = "SLUG")]
    poll: String,
}

/// Carries it out.
pub fn run(args: &Args, settings: &Settings) -> Result<Exit> {
    let folder = super::folder_with_vault(settings, &args.poll)?;
    let Some(state) = sending_state::read(&folder.sending_state()) else {
        return Err(not_so(format!(
            "no message of poll `{0}` was sent yet; `sijill invitations send --poll {0}` begins",
            args.poll
        )));
    };
    let paused = folder.sending_paused().exists();
    let mut json = serde_json::to_value(&state)?;
    if let Some(fields) = json.as_object_mut() {
        fields.insert("slug".to_owned(), json!(args.poll));
        fields.insert("paused".to_owned(), json!(paused));
    }
    settings.console.answer(&text(&state), &json)?;
    Ok(Exit::Well)
}

/// What a state says, for people.
pub fn text(state: &SendingState) -> String {
    let mut text = format!(
        "wave {} ({}), {} invitations, at {}",
        state.wave,
        state.kind,
        grouped(state.invitations.into()),
        rfc3339(state.at)
    );
    for standing in Standing::ALL {
        let count = state.count(standing);
        if count > 0 {
            text += &format!("\n  {:>11} {}", grouped(count.into()), standing.word());
        }
    }
    for (reason, count) in &state.failed {
        text += &format!(
            "\n  {:>11} of the failed: {reason}",
            grouped((*count).into())
        );
    }
    if state.millisegments_a_second > 0 {
        text += &format!("\n  at {}", rate(state.millisegments_a_second));
    }
    if let Some(waits) = &state.waits {
        text += &format!("\n  nothing leaves: {waits}");
    }
    if state.strays > 0 {
        text += &format!(
            "\n  {} receipts for messages that nobody knows",
            grouped(state.strays)
        );
    }
    text
}

fn rate(millisegments: u64) -> String {
    format!(
        "{}.{} segments a second",
        millisegments / 1_000,
        millisegments % 1_000 / 100
    )
}
