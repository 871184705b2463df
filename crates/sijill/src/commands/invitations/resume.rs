//! `sijill invitations resume`: messages leave again.

use crate::fault::Exit;
use crate::settings::Settings;
use anyhow::{Context, Result};
use serde_json::json;
use std::io::ErrorKind;

/// Let messages leave again after `pause`
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: sijill invitations resume --poll coalition")]
pub struct Args {
    /// The poll
    #[arg(long, value_name = "SLUG")]
    poll: String,
}

/// Carries it out.
pub fn run(args: &Args, settings: &Settings) -> Result<Exit> {
    let paused = super::folder_with_vault(settings, &args.poll)?.sending_paused();
    match std::fs::remove_file(&paused) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
    .with_context(|| format!("cannot remove `{}`", paused.display()))?;
    let text = format!(
        "messages of poll `{0}` may leave; `sijill invitations send --poll {0}` sends what is left",
        args.poll
    );
    settings
        .console
        .answer(&text, &json!({"slug": args.poll, "paused": false}))?;
    Ok(Exit::Well)
}
