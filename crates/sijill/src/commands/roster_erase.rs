//! `sijill roster erase`: the contacts of a poll, gone for good before their time is over.
//!
//! The vault goes, with the contact master in it. Stratum keys go too where nothing needs them any more: once the strata are
//! unsealed, or where the poll was annulled. What is in the ledger, and the roster's leaves, stay, and audit as before.

use crate::clerk::{self, Clerk};
use crate::data_folder::PollFolder;
use crate::fault::{Exit, input, not_so};
use crate::roster_making::Held;
use crate::sending_lock::SendingLock;
use crate::settings::Settings;
use crate::vault_keeping::{erase_contacts, erase_file, has_contacts};
use anyhow::Result;
use clap::ValueEnum;
use serde_json::json;
use sijill_outreach::OutreachError;

/// Erase the contacts of a poll: numbers, tokens, and what they are sealed with
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Nothing brings them back, and no invitation can be sent after it. Backups, the file that the roster was imported from, and exported messages are not reached: erase them where they are.\n\nExample: sijill roster erase --poll coalition --yes"
)]
pub struct Args {
    /// The poll
    #[arg(long, value_name = "SLUG")]
    poll: String,
    /// Do it; without this, it is only said what would be done
    #[arg(long)]
    yes: bool,
    /// What to do with stratum keys that `sijill poll unseal` still needs
    #[arg(long, value_name = "WHAT")]
    stratum_keys: Option<StratumKeys>,
}

/// What to do with stratum keys that are still needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum StratumKeys {
    /// Leave them where they are
    Keep,
    /// Erase them: the strata are never opened
    Erase,
}

/// Carries it out.
pub fn run(args: &Args, settings: &Settings) -> Result<Exit> {
    let data = settings.data();
    data.must_exist()?;
    let folder = data.poll(&args.poll)?;
    let plan = Plan::of(args, settings, &folder)?;
    if !args.yes {
        return Err(input(format!(
            "nothing was erased: this would erase {} of poll `{}`, and nothing brings them back; run it again with `--yes`",
            plan.in_words(),
            args.poll
        )));
    }
    let _held = Held::new(&folder)?;
    let _sending = SendingLock::take(&folder)?;
    plan.carry_out(&folder)?;
    let text = format!("erased {} of poll `{}`", plan.in_words(), args.poll);
    let json = json!({
        "slug": args.poll,
        "contacts_erased": plan.contacts,
        "stratum_keys_erased": plan.stratum_keys,
        "stratum_keys_kept": folder.stratum_keys().exists(),
    });
    settings.console.answer(&text, &json)?;
    settings.console.message(
        "backups, the file that the roster was imported from, and exported messages are not reached: erase them where they are",
    );
    Ok(Exit::Well)
}

/// What is to be erased.
#[derive(Debug, PartialEq, Eq)]
struct Plan {
    contacts: bool,
    stratum_keys: bool,
}

impl Plan {
    fn of(args: &Args, settings: &Settings, folder: &PollFolder) -> Result<Self> {
        let plan = Self {
            contacts: has_contacts(folder),
            stratum_keys: folder.stratum_keys().exists() && !must_stay(args, settings, folder)?,
        };
        match plan {
            Self {
                contacts: false,
                stratum_keys: false,
            } => Err(nothing_here(folder)),
            plan => Ok(plan),
        }
    }

    fn in_words(&self) -> String {
        let contacts = "the contacts (vault and contact master)";
        match (self.contacts, self.stratum_keys) {
            (true, true) => format!("{contacts} and the stratum keys"),
            (true, false) => contacts.to_owned(),
            (false, _) => "the stratum keys".to_owned(),
        }
    }

    fn carry_out(&self, folder: &PollFolder) -> Result<()> {
        if self.contacts {
            erase_contacts(folder)?;
        }
        if self.stratum_keys {
            erase_file(&folder.stratum_keys())?;
        }
        Ok(())
    }
}

/// Whether stratum keys stay: because they are needed, and it was said that they shall. Needed ones of which nothing was
/// said stop everything.
fn must_stay(args: &Args, settings: &Settings, folder: &PollFolder) -> Result<bool> {
    let needed = match folder.has_ledger() {
        true => clerk::at_the_desk(Clerk::reach(settings)?, |clerk| {
            let poll = clerk.show(&args.poll)?;
            Ok(!poll.unsealed && poll.state != "annulled")
        })?,
        // The sender's directory has no ledger that would say it.
        false => true,
    };
    match (needed, args.stratum_keys) {
        (false, _) | (true, Some(StratumKeys::Erase)) => Ok(false),
        (true, Some(StratumKeys::Keep)) => Ok(true),
        (true, None) => Err(not_so(format!(
            "nothing was erased: `sijill poll unseal` may still need the stratum keys of poll `{}`; unseal it first, or say `--stratum-keys keep`, or `--stratum-keys erase` if its strata shall never be opened",
            args.poll
        ))),
    }
}

fn nothing_here(folder: &PollFolder) -> anyhow::Error {
    let path = folder.vault().display().to_string();
    match folder.vault().exists() {
        true => OutreachError::Erased { path }.into(),
        false => OutreachError::NoVault { path }.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::exit_of;
    use crate::test_desk::TestDesk;

    fn args(yes: bool) -> Args {
        Args {
            poll: TestDesk::SLUG.to_owned(),
            yes,
            stratum_keys: None,
        }
    }

    #[test]
    fn nothing_is_erased_before_somebody_says_yes() {
        let desk = TestDesk::with_roster(40);
        let folder = desk.settings.data().poll(TestDesk::SLUG).unwrap();
        let error = run(&args(false), &desk.settings).unwrap_err();
        assert_eq!(exit_of(&error), Exit::Input);
        assert!(error.to_string().contains("--yes"), "{error}");
        assert!(has_contacts(&folder) && folder.vault().join("secrets").exists());

        assert_eq!(run(&args(true), &desk.settings).unwrap(), Exit::Well);
        assert!(!has_contacts(&folder) && !folder.vault().join("secrets").exists());
        let again = run(&args(true), &desk.settings).unwrap_err();
        assert_eq!(exit_of(&again), Exit::NotSo);
        assert!(again.to_string().contains("were erased"), "{again}");
    }

    #[test]
    fn a_poll_without_contacts_is_told_so() {
        let desk = TestDesk::open();
        let error = run(&args(true), &desk.settings).unwrap_err();
        assert_eq!(exit_of(&error), Exit::Input);
        assert!(error.to_string().contains("no contacts"), "{error}");
    }
}
