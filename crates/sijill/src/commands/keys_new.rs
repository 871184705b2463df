//! `sijill keys new`: the service master, if there is none, and an operator's key.

use crate::data_folder::DataFolder;
use crate::durable_file;
use crate::fault::{Exit, input};
use crate::key_file::{self, SigningKey};
use crate::settings::Settings;
use anyhow::{Context, Result};
use serde_json::json;

/// Make an operator's key, and the service master if there is none
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: sijill keys new --name ur-operator --data /var/lib/sijill")]
pub struct Args {
    /// The name that the key signs under: letters, digits, `.`, `-` and `_`
    #[arg(long)]
    name: String,
}

/// What was made.
#[derive(Debug, Clone)]
pub struct NewKeys {
    /// The operator's key.
    pub operator: SigningKey,
    /// Whether the service master was made too.
    pub made_service: bool,
}

/// Carries it out.
pub fn run(args: &Args, settings: &Settings) -> Result<Exit> {
    let data = settings.data();
    let keys = make(&data, &args.name)?;
    let path = data.operator_key(&args.name);
    let verifier = keys.operator.verifier.to_string();
    let json = json!({
        "name": args.name,
        "verifier_key": verifier,
        "key_file": path,
        "service_key_file": data.service_key(),
        "made_service_key": keys.made_service,
    });
    settings.console.answer(&verifier, &json)?;
    settings.console.message(&format!(
        "The line above is the public key: put it into `keys.operators` of the definition (or, where a sender of its own made it, into `keys.sender`), and publish it where people look for it.\nsecret  {}  keep a copy apart from this machine; whoever has it can sign in this name: an operator's opens and closes polls, a sender's its waves",
        path.display()
    ));
    if keys.made_service {
        settings.console.message(&format!(
            "secret  {}  the service signs promises with it",
            data.service_key().display()
        ));
    }
    Ok(Exit::Well)
}

/// Makes the keys in this data directory; nothing that exists is written over.
pub fn make(data: &DataFolder, name: &str) -> Result<NewKeys> {
    refuse_other_names(name)?;
    let folder = data.keys();
    durable_file::private_folder(&folder)
        .with_context(|| format!("cannot make the folder `{}`", folder.display()))?;
    let operator = key_file::make_operator(&data.operator_key(name), name)?;
    let made_service = key_file::make_service(&data.service_key())?;
    Ok(NewKeys {
        operator,
        made_service,
    })
}

/// The name becomes a file's name, and `service` and `vault` are taken.
fn refuse_other_names(name: &str) -> Result<()> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let fits =
        (1..=100).contains(&name.len()) && name.chars().all(is_plain) && !name.starts_with('.');
    if fits && !["service", "vault"].contains(&name) {
        return Ok(());
    }
    Err(input(format!(
        "`{name}` cannot name a key: expected letters, digits, `.`, `-` and `_`, at most 100 of them, not `service` or `vault`"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_operators_share_one_service_master() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataFolder::new(folder.path().join("data"));
        assert!(make(&data, "aras").unwrap().made_service);
        assert!(!make(&data, "zainab").unwrap().made_service);
        assert!(make(&data, "aras").is_err());
    }

    #[test]
    fn a_name_that_leads_elsewhere_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataFolder::new(folder.path().to_owned());
        for bad in [
            "", "service", "vault", "../x", "a/b", ".x", "a b", "a+b", "سجل",
        ] {
            assert!(make(&data, bad).is_err(), "{bad}");
        }
    }
}
