//! The binary: arguments in, exit code out.
//!
//! It makes and reads keys, reads what operators write, and hands everything else to the crate whose it is: `server`
//! serves and keeps, `auditor` judges, `store` has the disk. It is the one place that gives the auditor a data
//! directory, as a private copy. Its library ([`sijill`]) is what others read too: the parsers of rosters, for fuzzing.

mod account_lock;
mod audit_state;
mod clerk;
mod cli;
mod commands;
mod console;
mod data_folder;
mod demo_definition;
mod entry_json;
mod gateway_settings;
mod interruption;
mod invocation;
mod key_file;
mod ledger_seen;
mod moment;
mod other_polls;
mod post;
mod private_copy;
mod published_poll;
mod roster_intake;
mod roster_leaves;
mod roster_making;
mod sending_lock;
mod sending_words;
mod settings;
mod signing;
mod small_file;
#[cfg(test)]
mod test_desk;
mod theme_file;
mod vault_keeping;

use clap::Parser;
use sijill::{durable_file, fault, public_roster, roster_file};
use std::io::Write;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    match cli::run(&cli) {
        Ok(exit) => exit.into(),
        Err(error) if fault::is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            let exit = fault::exit_of(&error);
            let json = serde_json::json!({"error": format!("{error:#}"), "exit_code": exit.code()});
            // Nobody is left to be told that standard output or error is closed.
            if cli.common.json {
                let _ = writeln!(std::io::stdout(), "{json}");
            }
            let _ = writeln!(std::io::stderr(), "error: {error:#}");
            exit.into()
        }
    }
}
