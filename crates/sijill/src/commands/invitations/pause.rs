//! `sijill invitations pause`: no message leaves until `resume`.

use crate::fault::Exit;
use crate::settings::Settings;
use anyhow::{Context, Result};
use serde_json::json;

/// Let no message leave until `resume`; the sending process stays and listens for receipts
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: sijill invitations pause --poll coalition")]
pub struct Args {
    /// The poll
    #[arg(long, value_name = "SLUG")]
    poll: String,
}

/// Carries it out.
pub fn run(args: &Args, settings: &Settings) -> Result<Exit> {
    let folder = super::folder_with_vault(settings, &args.poll)?;
    std::fs::write(folder.sending_paused(), b"")
        .with_context(|| format!("cannot write `{}`", folder.sending_paused().display()))?;
    let text = format!(
        "no message of poll `{0}` leaves until `sijill invitations resume --poll {0}`",
        args.poll
    );
    settings
        .console
        .answer(&text, &json!({"slug": args.poll, "paused": true}))?;
    Ok(Exit::Well)
}
