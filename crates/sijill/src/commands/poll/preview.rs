//! `sijill poll preview`: what people would see of a definition, before it is signed.

use super::lint::{errors, read};
use crate::fault::{Exit, Fault, not_so};
use crate::settings::Settings;
use crate::theme_file;
use anyhow::{Context, Result};
use serde_json::json;
use sijill_poll::definition::Order;
use sijill_poll::lint;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;

/// Show the pages of a definition, with a banner and no ledger, until Ctrl-C
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: sijill poll preview poll.toml --listen 127.0.0.1:8182")]
pub struct Args {
    /// The definition
    file: PathBuf,
    /// Address to listen on
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8182")]
    listen: SocketAddr,
}

/// Carries it out.
pub fn run(args: &Args, settings: &Settings) -> Result<Exit> {
    let text = read(&args.file)?;
    let name = args.file.display().to_string();
    let linted = lint::lint(&text);
    if !linted.findings.is_empty() {
        let rendered = lint::render(&linted.findings, &name, &text, false);
        settings.console.message(rendered.trim_end());
    }
    let definition = linted.definition.ok_or_else(|| {
        not_so(format!(
            "`{name}` has {} errors, and cannot be shown with any",
            errors(&linted.findings)
        ))
    })?;
    let theme = settings
        .theme
        .as_deref()
        .map(theme_file::read)
        .transpose()?;
    let listener = TcpListener::bind(args.listen)
        .with_context(|| Fault::Unfinished(format!("cannot listen on {}", args.listen)))?;
    let address = format!("http://{}/", listener.local_addr()?);
    let said = format!("a preview of `{name}` is at {address} until Ctrl-C; nothing is recorded");
    settings
        .console
        .answer(&said, &json!({ "file": name, "address": address }))?;
    if definition.question.order == Order::Rotated {
        let note = "options are rotated from invitation to invitation; the preview shows them as the definition has them";
        settings.console.message(note);
    }
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        let until = async {
            // Without a signal to wait for, it is shown until it is killed.
            if tokio::signal::ctrl_c().await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        sijill_server::preview(listener, &text, &definition, theme, until).await
    })?;
    Ok(Exit::Well)
}
