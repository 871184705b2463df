//! Who opens the vault of a poll's contacts, with what, and until when.
//!
//! Contacts are kept until the definition's `field.contacts_until`, or else until the time for objections is over. Whoever
//! comes to the vault after that, and every server that runs then, erases it: with it go the contact master and every
//! file of the vault's folder, the journal of the sending among them. Stratum keys name nobody and stay
//! (`sijill roster erase` takes them).

use crate::data_folder::{DataFolder, PollFolder};
use crate::durable_file;
use crate::fault::{Fault, input, not_so};
use crate::key_file;
use crate::moment::rfc3339;
use crate::settings::{Settings, VaultSecretFile};
use anyhow::{Context, Result};
use sijill_outreach::vault::{self, Vault, VaultSecret};
use sijill_poll::definition::Definition;
use std::path::Path;

/// Opens the vault of this poll in the settings' data directory, or erases it if its time is over. `now` is milliseconds
/// since 1970.
pub fn open_vault(settings: &Settings, definition: &Definition, now: u64) -> Result<Vault> {
    open_vault_in(settings, &settings.data(), definition, now)
}

/// The same in another data directory: that of the sender, where the roster was made.
pub fn open_vault_in(
    settings: &Settings,
    data: &DataFolder,
    definition: &Definition,
    now: u64,
) -> Result<Vault> {
    let folder = data.poll(&definition.slug)?;
    if let Some(notice) = erase_what_is_over(&folder, definition, now)? {
        return Err(not_so(notice));
    }
    // What is not there needs no key.
    vault::must_be_there(&folder.vault())?;
    let secret = secret(settings, data)?;
    Ok(Vault::open(&folder.vault(), &secret)?)
}

/// What opens the vaults of this data directory.
pub fn secret(settings: &Settings, data: &DataFolder) -> Result<VaultSecret> {
    match &settings.vault {
        VaultSecretFile::Key(path) => key(path),
        VaultSecretFile::Passphrase(path) => {
            Ok(VaultSecret::Passphrase(key_file::read_passphrase(path)?))
        }
        VaultSecretFile::Ours => {
            let path = data.vault_key();
            match path.exists() {
                true => key(&path),
                false => Err(input(format!(
                    "there is no key `{}` to open the contacts with; if it is kept elsewhere, name it with `--vault-key FILE`",
                    path.display()
                ))),
            }
        }
    }
}

/// What a new vault of this data directory is made with: the key that is named, or else the directory's own, which is
/// made if there is none.
pub fn secret_for_new(settings: &Settings, data: &DataFolder) -> Result<VaultSecret> {
    if settings.vault != VaultSecretFile::Ours {
        return secret(settings, data);
    }
    let path = data.vault_key();
    durable_file::private_folder(&data.keys())?;
    if key_file::make_vault(&path)? {
        settings.console.message(&format!(
            "secret  a key for the contacts was made: `{}`. It belongs on another disk than the data: move it there, and name it with `--vault-key FILE` or `vault_key` in the configuration file",
            path.display()
        ));
    }
    key(&path)
}

fn key(path: &Path) -> Result<VaultSecret> {
    Ok(VaultSecret::Key(key_file::read_vault(path)?))
}

/// Erases the contacts if their time is over, and says so; nothing where it is not, or where they are gone already.
pub fn erase_what_is_over(
    folder: &PollFolder,
    definition: &Definition,
    now: u64,
) -> Result<Option<String>> {
    let until = definition.contacts_until();
    if now < until || !has_contacts(folder) {
        return Ok(None);
    }
    erase_contacts(folder)?;
    Ok(Some(format!(
        "the contacts of poll `{}` were kept until {} and are erased now; the ledger audits without them",
        definition.slug,
        rfc3339(until)
    )))
}

/// Whether there is anything of contacts in the poll's folder.
pub fn has_contacts(folder: &PollFolder) -> bool {
    vault::is_there(&folder.vault()) || folder.contact_key().exists()
}

/// Erases vault and contact master, each on the disk before this returns.
pub fn erase_contacts(folder: &PollFolder) -> Result<()> {
    vault::erase(&folder.vault())?;
    erase_file(&folder.contact_key())
}

/// Erases a file of secrets.
pub fn erase_file(path: &Path) -> Result<()> {
    let erased = durable_file::erase(path);
    erased.with_context(|| Fault::Unfinished(format!("cannot erase `{}`", path.display())))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::{Exit, exit_of};
    use crate::test_desk::TestDesk;

    #[test]
    fn a_vault_opens_until_its_time_is_over_and_is_then_erased_with_everything_beside_it() {
        let desk = TestDesk::with_roster(40);
        let definition = desk.definition();
        let folder = desk.settings.data().poll(TestDesk::SLUG).unwrap();
        let until = definition.contacts_until();
        let open = |now| open_vault(&desk.settings, definition, now);
        assert_eq!(open(until - 1).unwrap().count(), 40);
        std::fs::write(folder.vault().join("journal"), "sealed").unwrap();

        let error = open(until).unwrap_err();
        assert!(error.to_string().contains("are erased now"), "{error}");
        assert_eq!(exit_of(&error), Exit::NotSo);
        assert!(!has_contacts(&folder) && !folder.vault().join("journal").exists());
        // It is said once; after that they are simply gone.
        let error = open(until).unwrap_err();
        assert!(error.to_string().contains("were erased"), "{error}");
        assert_eq!(exit_of(&error), Exit::NotSo);
        assert_eq!(
            erase_what_is_over(&folder, definition, until).unwrap(),
            None
        );
    }

    #[test]
    fn a_missing_or_another_key_is_wrong_input_and_says_which_flag_names_the_right_one() {
        let mut desk = TestDesk::with_roster(40);
        let definition = desk.definition().clone();
        let ours = desk.settings.data().vault_key();
        let kept = desk.path().join("elsewhere.key");
        std::fs::rename(&ours, &kept).unwrap();
        let mut refused = |vault: VaultSecretFile| {
            desk.settings.vault = vault;
            let opened = open_vault(&desk.settings, &definition, 0);
            let error = opened.unwrap_err();
            assert_eq!(exit_of(&error), Exit::Input, "{error:#}");
            error.to_string()
        };
        let missing = refused(VaultSecretFile::Ours);
        assert!(missing.contains("--vault-key FILE"), "{missing}");
        let other = kept.with_extension("other");
        key_file::make_vault(&other).unwrap();
        let wrong = refused(VaultSecretFile::Key(other.clone()));
        assert!(wrong.contains("does not open the vault"), "{wrong}");
        let words = refused(VaultSecretFile::Passphrase(other));
        assert!(
            words.contains("has a key file and no passphrase"),
            "{words}"
        );
        desk.settings.vault = VaultSecretFile::Key(kept);
        assert!(open_vault(&desk.settings, &definition, 0).is_ok());
    }
}
