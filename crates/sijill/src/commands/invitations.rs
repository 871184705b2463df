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
use crate::fault::not_so;
use crate::ledger_seen::LedgerSeen;
use crate::settings::Settings;
use crate::signing;
use crate::vault_keeping;
use anyhow::Result;
use sijill_outreach::deliveries::{Deliveries, WaveSeen, Whose};
use sijill_outreach::vault::Vault;
use sijill_poll::definition::Definition;
use sijill_server::desk::{PollStatus, WaveStatus};
use zeroize::Zeroizing;

/// What the journal is sealed under: a sub-key of the vault's.
const JOURNAL_KEY: &str = "sijill 2026 journal v1";

/// The folder of a poll whose contacts are here.
fn folder_with_vault(settings: &Settings, slug: &str) -> Result<PollFolder> {
    let folder = settings.data().poll(slug)?;
    match folder.vault().is_dir() {
        true => Ok(folder),
        false => Err(not_so(format!(
            "there are no contacts of poll `{slug}` in the data directory `{}`; messages leave where the roster was made: name that directory with `--data` or `--config`",
            settings.data().path().display()
        ))),
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
    /// Opens what belongs to this poll, and to the roster that its ledger commits to.
    pub fn open(settings: &Settings, ledger: &LedgerSeen, slug: &str) -> Result<Self> {
        let poll = ledger.show(slug)?;
        let definition = signing::definition_of(&poll)?;
        let vault = vault_keeping::open_vault(settings, &poll, signing::now())?;
        Ok(Self {
            folder: settings.data().poll(slug)?,
            poll,
            definition,
            vault,
        })
    }

    /// The journal of its messages, which knows of every wave that the ledger says was sent with it.
    pub fn deliveries(&self) -> Result<Deliveries> {
        let (whose, key) = journal_of(&self.poll, &self.vault)?;
        let seen: Vec<WaveSeen> = self.poll.waves.iter().map(seen).collect::<Result<_>>()?;
        let folder = self.folder.vault();
        Ok(Deliveries::open_beside(&folder, &key, whose, &seen)?)
    }
}

/// Whose the journal in a vault is, and the key that it is sealed under.
pub fn journal_of(poll: &PollStatus, vault: &Vault) -> Result<(Whose, Zeroizing<[u8; 32]>)> {
    let whose = Whose {
        origin: poll.origin.parse()?,
        poll_id: poll.poll_id.parse()?,
        invitations: vault.count(),
    };
    Ok((whose, vault.key_for(JOURNAL_KEY)))
}

/// A wave, as the ledger tells of it.
fn seen(wave: &WaveStatus) -> Result<WaveSeen> {
    if !wave.ended {
        return Ok(WaveSeen::Begun);
    }
    let link = wave.journal.as_ref().map(|link| link.parse()).transpose()?;
    Ok(WaveSeen::Ended(link))
}
