//! `sijill export`: one self-contained file of a poll's ledger and roster, without contacts.

use crate::clerk::{self, Clerk, Exported};
use crate::console::grouped;
use crate::fault::Exit;
use crate::settings::Settings;
use anyhow::Result;
use serde_json::json;
use std::path::PathBuf;

/// Write a poll's ledger and roster into one file
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: sijill export coalition coalition.export")]
pub struct Args {
    /// The poll
    poll: String,
    /// The file to write
    file: PathBuf,
}

/// Carries it out.
pub fn run(args: &Args, settings: &Settings) -> Result<Exit> {
    let console = settings.console;
    let Exported {
        size,
        link,
        published,
    } = clerk::at_the_desk(Clerk::reach_to_read(settings)?, |clerk| {
        let life = console.spinner("writing the export");
        let exported = clerk.export(&args.poll, &args.file);
        life.finish_and_clear();
        exported
    })?;
    let last = size.saturating_sub(1);
    let anchor = format!("{last}:{link}");
    let json = json!({
        "slug": args.poll,
        "file": args.file,
        "entries": size,
        "published": published,
        "anchor": anchor,
    });
    let text = format!(
        "{} entries in `{}`\nanchor {anchor}",
        grouped(size),
        args.file.display()
    );
    console.answer(&text, &json)?;
    if published < size {
        console.message(&format!(
            "{} of these entries are not published yet; keep the file to yourself until they are",
            grouped(size - published)
        ));
    }
    Ok(Exit::Well)
}
