//! `sijill invitations`: what is sent to people, by whom, and what came of it. The loop that sends is `outreach`'s; here
//! stand what a wave is, what the ledger is told of it, and what people read. `sijill demo` sends by the same functions.

pub mod pause;
pub mod preview;
pub mod remind;
pub mod resume;
pub mod send;
pub mod status;
pub mod stop;
pub mod test;
pub mod wave;

use crate::data_folder::PollFolder;
use crate::fault::{Fault, not_so};
use crate::ledger_seen::LedgerSeen;
use crate::settings::Settings;
use crate::signing;
use crate::vault_keeping;
use anyhow::{Context, Result};
use sijill_ledger::Origin;
use sijill_outreach::deliveries::{Deliveries, Whose};
use sijill_outreach::vault::Vault;
use sijill_poll::definition::Definition;
use sijill_poll::roster::LEAF_BYTES;
use sijill_server::desk::PollStatus;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// What the journal is sealed under: a sub-key of the vault's.
const JOURNAL_KEY: &str = "sijill 2026 journal v1";

/// The folder of a poll whose contacts are here.
fn folder_with_vault(settings: &Settings, slug: &str) -> Result<PollFolder> {
    let folder = settings.data().poll(slug)?;
    match folder.vault().is_dir() {
        true => Ok(folder),
        false => Err(not_so(format!(
            "there are no contacts of poll `{slug}` in this data directory; messages leave where the roster was made"
        ))),
    }
}

/// The vault must be of this roster, or every link would be dead: its first and its last invitation have the keys of the
/// first and the last leaf.
fn refuse_others(vault: &Vault, origin: &Origin, roster: &Path) -> Result<()> {
    let unreadable = || Fault::Unfinished(format!("cannot read the roster `{}`", roster.display()));
    let file = File::open(roster).with_context(unreadable)?;
    let length = file.metadata().with_context(unreadable)?.len();
    let mut same = length == u64::from(vault.count()) * LEAF_BYTES as u64;
    for invitation in [0, vault.count().saturating_sub(1)] {
        let mut key = [0; 32];
        let at = u64::from(invitation) * LEAF_BYTES as u64;
        same = same && file.read_exact_at(&mut key, at).is_ok();
        let token = vault.contact(invitation)?.token;
        same = same && token.invitation_key(origin).public_key().as_bytes() == &key;
    }
    match same {
        true => Ok(()),
        false => Err(not_so(
            "the contacts in this vault are not those of this poll's roster: put the right vault back; nothing was sent",
        )),
    }
}

/// A poll, as whoever sends needs it.
pub struct Sender {
    /// What the desk says of it.
    pub poll: PollStatus,
    /// Its definition.
    pub definition: Definition,
    /// Where its files are.
    pub folder: PollFolder,
    /// Numbers and tokens.
    pub vault: Vault,
}

impl Sender {
    /// Opens what belongs to this poll.
    pub fn open(settings: &Settings, ledger: &LedgerSeen, slug: &str) -> Result<Self> {
        let poll = ledger.show(slug)?;
        let definition = signing::definition_of(&poll)?;
        let vault = vault_keeping::open_vault(settings, &definition, signing::now())?;
        let folder = settings.data().poll(slug)?;
        refuse_others(&vault, &poll.origin.parse()?, &folder.roster())?;
        Ok(Self {
            folder,
            poll,
            definition,
            vault,
        })
    }

    /// The journal of its messages.
    pub fn deliveries(&self) -> Result<Deliveries> {
        let whose = Whose {
            origin: self.poll.origin.parse()?,
            poll_id: self.poll.poll_id.parse()?,
            invitations: self.vault.count(),
        };
        let key = self.vault.key_for(JOURNAL_KEY);
        Ok(Deliveries::open(&self.folder.vault(), &key, whose)?)
    }
}
