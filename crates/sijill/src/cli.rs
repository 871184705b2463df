//! The command line: what there is to say, and which command it is for.

use crate::commands;
use crate::fault::Exit;
use crate::settings::Settings;
use anyhow::Result;
use clap::builder::FalseyValueParser;
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

/// A poll whose result anyone can check.
#[derive(Debug, Parser)]
#[command(name = "sijill", version, propagate_version = true)]
#[command(
    after_help = "Exit codes: 0 all well · 1 the thing asked about is not so · 2 wrong usage or input · 3 could not finish · 4 nothing failed, but not everything could be verified\n\nExample: sijill demo"
)]
pub struct Cli {
    /// What every command takes.
    #[command(flatten)]
    pub common: Common,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What every command takes.
#[derive(Debug, Default, Clone, Args)]
#[command(next_help_heading = "Common options")]
pub struct Common {
    /// Data directory [default: ./sijill-data]
    #[arg(long, global = true, env = "SIJILL_DATA", value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Configuration file, TOML: data, listen, metrics, key, checkpoints, portal, theme, vault_key, vault_passphrase_file, gateway, sending, json, quiet
    #[arg(long, global = true, env = "SIJILL_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Key file of the vaults of contacts [default: keys/vault.key of the data directory]
    #[arg(long, global = true, env = "SIJILL_VAULT_KEY", value_name = "FILE")]
    pub vault_key: Option<PathBuf>,
    /// File with the passphrase of the vaults of contacts, where they have no key file
    #[arg(
        long,
        global = true,
        env = "SIJILL_VAULT_PASSPHRASE_FILE",
        value_name = "FILE"
    )]
    pub vault_passphrase_file: Option<PathBuf>,
    /// Answer with one JSON document on standard output; an error is one too, with `error` and `exit_code`
    #[arg(long, global = true, env = "SIJILL_JSON", value_parser = FalseyValueParser::new())]
    pub json: bool,
    /// No messages and no progress on standard error
    #[arg(long, global = true, env = "SIJILL_QUIET", value_parser = FalseyValueParser::new())]
    pub quiet: bool,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    Demo(commands::demo::Args),
    Serve(commands::serve::Args),
    /// Make keys
    #[command(subcommand)]
    Keys(Keys),
    /// Check, open, steer and close polls
    #[command(subcommand)]
    Poll(Poll),
    /// The invitations of a poll
    #[command(subcommand)]
    Roster(Roster),
    /// Send invitations, and hand them over for sending
    #[command(subcommand)]
    Invitations(Invitations),
    /// Read a ledger
    #[command(subcommand)]
    Ledger(Ledger),
    Export(commands::export::Args),
    Import(commands::import::Args),
    Publish(commands::publish::Args),
    Replay(commands::replay::Args),
    Audit(commands::audit::Args),
    Verify(commands::verify::Args),
    Prove(commands::prove::Args),
    Compare(commands::compare::Args),
    Monitor(commands::monitor::Args),
}

/// `sijill keys`.
#[derive(Debug, Subcommand)]
pub enum Keys {
    New(commands::keys_new::Args),
}

/// `sijill poll`.
#[derive(Debug, Subcommand)]
pub enum Poll {
    New(commands::poll::new::Args),
    Lint(commands::poll::lint::Args),
    Preview(commands::poll::preview::Args),
    Open(commands::poll::open::Args),
    Pause(commands::poll::pause::Args),
    Resume(commands::poll::resume::Args),
    Extend(commands::poll::extend::Args),
    Mend(commands::poll::mend::Args),
    Close(commands::poll::close::Args),
    Annul(commands::poll::annul::Args),
    List(commands::poll::list::Args),
    Show(commands::poll::show::Args),
    Unseal(commands::poll::unseal::Args),
    Object(commands::poll::object::Args),
    Record(commands::poll::record::Args),
}

/// `sijill roster`.
#[derive(Debug, Subcommand)]
pub enum Roster {
    Import(commands::roster_import::Args),
    Make(commands::roster_make::Args),
    Erase(commands::roster_erase::Args),
}

/// `sijill invitations`.
#[derive(Debug, Subcommand)]
pub enum Invitations {
    Preview(commands::invitations::preview::Args),
    Test(commands::invitations::test::Args),
    Send(commands::invitations::send::Args),
    Remind(commands::invitations::remind::Args),
    Pause(commands::invitations::pause::Args),
    Resume(commands::invitations::resume::Args),
    Status(commands::invitations::status::Args),
    Stop(commands::invitations::stop::Args),
    Export(commands::invitations_export::Args),
}

/// `sijill ledger`.
#[derive(Debug, Subcommand)]
pub enum Ledger {
    Show(commands::ledger_show::Args),
    Tail(commands::ledger_tail::Args),
}

/// Carries out the command of this call.
pub fn run(cli: &Cli) -> Result<Exit> {
    let settings = Settings::of(&cli.common)?;
    match &cli.command {
        Command::Demo(args) => commands::demo::run(args, &settings),
        Command::Serve(args) => commands::serve::run(args, &settings),
        Command::Keys(Keys::New(args)) => commands::keys_new::run(args, &settings),
        Command::Poll(poll) => run_poll(poll, &settings),
        Command::Roster(Roster::Import(args)) => commands::roster_import::run(args, &settings),
        Command::Roster(Roster::Make(args)) => commands::roster_make::run(args, &settings),
        Command::Invitations(invitations) => run_invitations(invitations, &settings),
        Command::Roster(Roster::Erase(args)) => commands::roster_erase::run(args, &settings),
        Command::Ledger(Ledger::Show(args)) => commands::ledger_show::run(args, &settings),
        Command::Ledger(Ledger::Tail(args)) => commands::ledger_tail::run(args, &settings),
        Command::Export(args) => commands::export::run(args, &settings),
        Command::Import(args) => commands::import::run(args, &settings),
        Command::Publish(args) => commands::publish::run(args, &settings),
        Command::Replay(args) => commands::replay::run(args, &settings),
        Command::Audit(args) => commands::audit::run(args, &settings),
        Command::Verify(args) => commands::verify::run(args, &settings),
        Command::Prove(args) => commands::prove::run(args, &settings),
        Command::Compare(args) => commands::compare::run(args, &settings),
        Command::Monitor(args) => commands::monitor::run(args, &settings),
    }
}

fn run_invitations(invitations: &Invitations, settings: &Settings) -> Result<Exit> {
    use commands::invitations::{pause, preview, remind, resume, send, status, stop, test};
    match invitations {
        Invitations::Preview(args) => preview::run(args, settings),
        Invitations::Test(args) => test::run(args, settings),
        Invitations::Send(args) => send::run(args, settings),
        Invitations::Remind(args) => remind::run(args, settings),
        Invitations::Pause(args) => pause::run(args, settings),
        Invitations::Resume(args) => resume::run(args, settings),
        Invitations::Status(args) => status::run(args, settings),
        Invitations::Stop(args) => stop::run(args, settings),
        Invitations::Export(args) => commands::invitations_export::run(args, settings),
    }
}

fn run_poll(poll: &Poll, settings: &Settings) -> Result<Exit> {
    use commands::poll::{
        annul, close, extend, lint, list, mend, new, object, open, pause, preview, record, resume,
        show, unseal,
    };
    match poll {
        Poll::New(args) => new::run(args, settings),
        Poll::Lint(args) => lint::run(args, settings),
        Poll::Preview(args) => preview::run(args, settings),
        Poll::Open(args) => open::run(args, settings),
        Poll::Pause(args) => pause::run(args, settings),
        Poll::Resume(args) => resume::run(args, settings),
        Poll::Extend(args) => extend::run(args, settings),
        Poll::Mend(args) => mend::run(args, settings),
        Poll::Close(args) => close::run(args, settings),
        Poll::Annul(args) => annul::run(args, settings),
        Poll::List(args) => list::run(args, settings),
        Poll::Show(args) => show::run(args, settings),
        Poll::Unseal(args) => unseal::run(args, settings),
        Poll::Object(args) => object::run(args, settings),
        Poll::Record(args) => record::run(args, settings),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_holds_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_help_text_shows_an_example() {
        fn check(command: &clap::Command, path: &str) {
            for sub in command.get_subcommands() {
                let path = format!("{path} {}", sub.get_name());
                if sub.has_subcommands() {
                    check(sub, &path);
                    continue;
                }
                let help = sub
                    .get_after_help()
                    .map(ToString::to_string)
                    .unwrap_or_default();
                assert!(help.contains(&format!("Example: {path}")), "{path}: {help}");
            }
        }
        check(&Cli::command(), "sijill");
    }
}
