//! Who opens the vault of a poll's contacts, with what, and until when.
//!
//! Contacts are kept until the definition's `field.contacts_until`, or else until the time for objections is over. Whoever
//! comes to the vault after that, and every server that runs then, erases it: every file of the vault's folder, the
//! contact master and the journal of the sending among them. Stratum keys name nobody and stay (`sijill roster erase`
//! takes them).
//!
//! A vault is opened for the roster that the ledger commits to, and for no other.

use crate::data_folder::{DataFolder, PollFolder};
use crate::durable_file;
use crate::fault::{Fault, input, not_so, unfinished};
use crate::key_file;
use crate::moment::rfc3339;
use crate::roster_leaves;
use crate::sending_lock::SendingLock;
use crate::settings::{Settings, VaultSecretFile};
use crate::signing;
use anyhow::{Context, Result};
use sijill_ledger::{Hash, Origin};
use sijill_outreach::vault::{self, RosterSecrets, Vault, VaultSecret};
use sijill_poll::definition::Definition;
use sijill_poll::roster::{LEAF_BYTES, Roster, seal_contact};
use sijill_server::desk::PollStatus;
use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

/// Opens the vault of this poll in the settings' data directory, or erases it if its time is over. `now` is milliseconds
/// since 1970.
pub fn open_vault(settings: &Settings, poll: &PollStatus, now: u64) -> Result<Vault> {
    open_vault_in(settings, &settings.data(), poll, now)
}

/// The same in another data directory: that of the sender, where the roster was made.
pub fn open_vault_in(
    settings: &Settings,
    data: &DataFolder,
    poll: &PollStatus,
    now: u64,
) -> Result<Vault> {
    let definition = signing::definition_of(poll)?;
    let folder = data.poll(&definition.slug)?;
    if let Some(notice) = erase_what_is_over(&folder, &definition, now)? {
        return Err(not_so(notice));
    }
    // What is not there needs no key.
    vault::must_be_there(&folder.vault())?;
    let vault = Vault::open(&folder.vault(), &secret(settings, data)?)?;
    let root = committed_root(poll)?;
    if fs::symlink_metadata(folder.contact_key()).is_ok() {
        seal_contact_key(&folder, &vault, &definition, (&poll.origin.parse()?, root))?;
        settings.console.message(
            "the contact master, which lay beside the contacts in clear, is sealed with them now, and `contact.key` is erased; backups still have it",
        );
    }
    vault.must_be_of(root)?;
    Ok(vault)
}

/// The root of the roster that the ledger commits to.
fn committed_root(poll: &PollStatus) -> Result<Hash> {
    match &poll.roster_root {
        Some(root) => Ok(root.parse()?),
        None if poll.roster == 0 => Err(not_so(format!(
            "poll `{0}` has no roster yet; `sijill roster import FILE --poll {0}` comes first, and where it was just done, its publication",
            poll.slug
        ))),
        None => Err(unfinished(
            "the server that runs on this data directory is of an earlier version and does not say which roster is committed to; start it anew",
        )),
    }
}

/// Takes the contact master, as earlier versions left it, into the vault, which must be that of the roster with this root:
/// every token is held against its leaf. The file goes only when the vault has it on stable storage.
fn seal_contact_key(
    folder: &PollFolder,
    vault: &Vault,
    definition: &Definition,
    (origin, root): (&Origin, Hash),
) -> Result<()> {
    let path = folder.contact_key();
    if !fs::symlink_metadata(&path)?.is_file() {
        return Err(not_so(format!(
            "`{}` is no regular file; put it away, nothing was changed",
            path.display()
        )));
    }
    // A power cut during the erasing left zeros.
    if vault.has_secrets() && fs::read(&path)?.iter().all(|byte| *byte == 0) {
        vault.must_be_of(root)?;
        return erase_file(&path);
    }
    let contact_master = key_file::read_contact(&path)?;
    if vault.has_secrets() {
        vault.must_be_of(root)?;
        if *vault.secrets()?.contact_master != *contact_master {
            return Err(another_master(&path));
        }
    } else {
        let roster = roster_leaves::read(&folder.roster(), definition)?;
        if roster.root() != root || !is_of(vault, &roster, origin)? {
            return Err(not_so(
                "the contacts in this vault are not those of the roster that the ledger commits to; put this poll's own vault back",
            ));
        }
        if !seals(&contact_master, vault, (&roster, &folder.roster()))? {
            return Err(another_master(&path));
        }
        vault.keep(&RosterSecrets {
            contact_master,
            root,
        })?;
    }
    erase_file(&path)
}

fn another_master(path: &Path) -> anyhow::Error {
    not_so(format!(
        "`{}` is not the key that this roster's contacts were sealed with; put it away, or the right one in its place; nothing was changed",
        path.display()
    ))
}

/// Whether the roster's first leaf was sealed with this master.
fn seals(
    contact_master: &[u8; 32],
    vault: &Vault,
    (roster, file): (&Roster, &Path),
) -> Result<bool> {
    let Some(key) = roster.key(0) else {
        return Ok(true);
    };
    let mut leaf = [0; LEAF_BYTES];
    File::open(file)?.read_exact(&mut leaf)?;
    let number = vault.contact(0)?.number.e164();
    let sealed = seal_contact(contact_master, &key, &number);
    Ok(leaf.ends_with(&sealed))
}

/// Whether each invitation of the vault is the one at its place of the roster.
fn is_of(vault: &Vault, roster: &Roster, origin: &Origin) -> Result<bool> {
    for (place, contact) in (0..).zip(vault.contacts()) {
        let key = contact?.token.invitation_key(origin).public_key();
        if roster.find(&key) != Some(place) {
            return Ok(false);
        }
    }
    Ok(vault.count() == roster.len())
}

/// Fails where contacts of this poll would have to be erased already.
pub fn refuse_after_its_time(definition: &Definition, now: u64) -> Result<()> {
    let until = definition.contacts_until();
    match now < until {
        true => Ok(()),
        false => Err(not_so(format!(
            "the contacts of poll `{}` are kept until {} (`contacts_until`), which is over: nobody could be written to; nothing was imported",
            definition.slug,
            rfc3339(until)
        ))),
    }
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

/// Erases the contacts if their time is over, and says so; nothing where it is not, where they are gone already, or while
/// somebody sends: whoever comes next does it then.
pub fn erase_what_is_over(
    folder: &PollFolder,
    definition: &Definition,
    now: u64,
) -> Result<Option<String>> {
    if !is_overdue(folder, definition, now) {
        return Ok(None);
    }
    let Some(_sending) = SendingLock::if_free(folder)? else {
        return Ok(None);
    };
    erase_contacts(folder)?;
    Ok(Some(format!(
        "the contacts of poll `{}` were kept until {} and are erased now; the ledger audits without them",
        definition.slug,
        rfc3339(definition.contacts_until())
    )))
}

/// Whether there are contacts whose time is over.
pub fn is_overdue(folder: &PollFolder, definition: &Definition, now: u64) -> bool {
    now >= definition.contacts_until() && has_contacts(folder)
}

/// Whether there is anything of contacts in the poll's folder; `contact.key` is there where no later version came to it.
pub fn has_contacts(folder: &PollFolder) -> bool {
    vault::is_there(&folder.vault()) || folder.contact_key().exists()
}

/// Erases the vault, and a contact master of earlier versions beside it, each on the disk before this returns.
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
    use zeroize::Zeroizing;

    #[test]
    fn a_vault_opens_until_its_time_is_over_and_is_then_erased_with_everything_beside_it() {
        let desk = TestDesk::with_roster(40);
        let definition = desk.definition();
        let folder = desk.settings.data().poll(TestDesk::SLUG).unwrap();
        let until = definition.contacts_until();
        let poll = desk.poll();
        let open = |now| open_vault(&desk.settings, &poll, now);
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
    fn contacts_that_are_written_to_are_erased_when_that_ends() {
        let desk = TestDesk::with_roster(40);
        let definition = desk.definition();
        let folder = desk.settings.data().poll(TestDesk::SLUG).unwrap();
        let until = definition.contacts_until();
        let erase = || erase_what_is_over(&folder, definition, until).unwrap();
        let sending = SendingLock::take(&folder).unwrap();
        assert_eq!(erase(), None);
        assert!(is_overdue(&folder, definition, until));
        assert!(SendingLock::take(&folder).is_err());
        drop(sending);
        assert!(erase().is_some());
        assert!(!is_overdue(&folder, definition, until));
    }

    #[test]
    fn a_missing_or_another_key_is_wrong_input_and_says_which_flag_names_the_right_one() {
        let mut desk = TestDesk::with_roster(40);
        let poll = desk.poll();
        let ours = desk.settings.data().vault_key();
        let kept = desk.path().join("elsewhere.key");
        std::fs::rename(&ours, &kept).unwrap();
        let mut refused = |vault: VaultSecretFile| {
            desk.settings.vault = vault;
            let opened = open_vault(&desk.settings, &poll, 0);
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
        assert!(open_vault(&desk.settings, &poll, 0).is_ok());
    }

    /// What earlier versions left: the contact master in clear, and nothing that binds the vault to its roster.
    fn as_before(desk: &TestDesk) -> (PollFolder, Zeroizing<[u8; 32]>) {
        let folder = desk.settings.data().poll(TestDesk::SLUG).unwrap();
        let master = desk.vault().secrets().unwrap().contact_master;
        key_file::write_contact(&folder.contact_key(), &master).unwrap();
        std::fs::remove_file(folder.vault().join("secrets")).unwrap();
        (folder, master)
    }

    #[test]
    fn a_contact_master_of_earlier_versions_is_sealed_when_the_vault_is_opened_and_its_file_erased()
    {
        let desk = TestDesk::with_roster(40);
        let (folder, master) = as_before(&desk);
        let vault = open_vault(&desk.settings, &desk.poll(), 0).unwrap();
        assert_eq!(vault.secrets().unwrap().contact_master, master);
        assert!(!folder.contact_key().exists());

        // The machine went down between the two, or while the file was erased: it goes, and what is sealed stays.
        for zeros in [false, true] {
            key_file::write_contact(&folder.contact_key(), &master).unwrap();
            if zeros {
                std::fs::write(folder.contact_key(), [0; 64]).unwrap();
            }
            let vault = open_vault(&desk.settings, &desk.poll(), 0).unwrap();
            assert_eq!(vault.secrets().unwrap().contact_master, master);
            assert!(!folder.contact_key().exists());
        }
    }

    /// A key of another roster was sealed as this one's, and the file destroyed: no contact of the roster could ever have
    /// been opened again.
    #[test]
    fn a_contact_master_that_did_not_seal_this_roster_is_not_taken_in_and_stays() {
        for sealed in [true, false] {
            let desk = TestDesk::with_roster(40);
            let folder = desk.settings.data().poll(TestDesk::SLUG).unwrap();
            if !sealed {
                std::fs::remove_file(folder.vault().join("secrets")).unwrap();
            }
            key_file::write_contact(&folder.contact_key(), &[9; 32]).unwrap();
            let error = open_vault(&desk.settings, &desk.poll(), 0).unwrap_err();
            assert!(error.to_string().contains("is not the key"), "{error}");
            assert!(folder.contact_key().exists());
            assert_eq!(folder.vault().join("secrets").exists(), sealed);
            // Nor is what a link leads to erased.
            let kept = desk.path().join("kept");
            std::fs::rename(folder.contact_key(), &kept).unwrap();
            std::os::unix::fs::symlink(&kept, folder.contact_key()).unwrap();
            let error = open_vault(&desk.settings, &desk.poll(), 0).unwrap_err();
            assert!(error.to_string().contains("no regular file"), "{error}");
            assert!(kept.exists());
        }
    }

    #[test]
    fn a_contact_master_beside_other_contacts_or_leaves_than_the_ledgers_stays_where_it_is() {
        let desk = TestDesk::with_roster(40);
        // Whoever opens the vault takes the master in.
        let mut contacts = desk.contacts();
        let (folder, _) = as_before(&desk);
        let poll = desk.poll();
        let (vault, roster) = (folder.vault(), folder.roster());
        let refused = || {
            let error = open_vault(&desk.settings, &poll, 0).unwrap_err();
            assert!(error.to_string().contains("own vault back"), "{error}");
            assert!(folder.contact_key().exists() && !vault.join("secrets").exists());
        };
        let leaves = std::fs::read(&roster).unwrap();
        std::fs::write(&roster, &leaves[98..]).unwrap();
        refused();
        std::fs::write(&roster, &leaves).unwrap();

        // First and last are right, and two between them changed places.
        contacts.swap(3, 4);
        desk.another_vault(&contacts);
        std::fs::copy(desk.path().join("another/contacts"), vault.join("contacts")).unwrap();
        refused();
    }

    #[test]
    fn a_vault_of_another_roster_and_one_that_does_not_say_are_refused() {
        let desk = TestDesk::with_roster(40);
        let folder = desk.settings.data().poll(TestDesk::SLUG).unwrap();
        let mut contacts = desk.contacts();
        contacts[7].token = sijill_poll::credential::Token::from_entropy([3; 20]);
        let other = desk.another_vault(&contacts);
        let contact_master = key_file::random().unwrap();
        let root = Hash::of(b"another");
        other
            .keep(&RosterSecrets {
                contact_master,
                root,
            })
            .unwrap();
        for file in ["contacts", "secrets"] {
            let from = desk.path().join("another").join(file);
            std::fs::copy(from, folder.vault().join(file)).unwrap();
        }
        let refused = || open_vault(&desk.settings, &desk.poll(), 0).unwrap_err();
        let error = refused();
        assert_eq!(exit_of(&error), Exit::NotSo, "{error}");
        let expected = desk.poll().roster_root.unwrap();
        let text = error.to_string();
        assert!(
            text.contains(&expected) && text.contains(&root.to_string()),
            "{text}"
        );

        std::fs::remove_file(folder.vault().join("secrets")).unwrap();
        assert!(refused().to_string().contains("whole folder back"));
    }

    #[test]
    fn nobody_is_imported_of_whom_nothing_may_be_kept() {
        let desk = TestDesk::open();
        let until = desk.definition().contacts_until();
        refuse_after_its_time(desk.definition(), until - 1).unwrap();
        let error = refuse_after_its_time(desk.definition(), until).unwrap_err();
        assert_eq!(exit_of(&error), Exit::NotSo);
        assert!(
            error.to_string().contains("nothing was imported"),
            "{error}"
        );
    }
}
