//! The other polls of the same sender, where somebody replies that they want no more messages: they reply to a sender, and
//! do not know which of its polls' messages it was.

use crate::data_folder::PollFolder;
use crate::settings::Settings;
use crate::vault_keeping;
use anyhow::Result;
use sijill_outreach::delivery::StopWay;
use sijill_outreach::number::Number;
use sijill_outreach::stop_list;
use sijill_outreach::vault::{self, Vault};

/// Writes nothing more to this number from any poll of the data directory but `slug`, which its own sending process knows
/// already. Vaults that the settings' key does not open are passed over: they are somebody else's.
///
/// # Errors
/// If the data directory, a vault, or a list cannot be read or written.
pub fn leave_alone(settings: &Settings, slug: &str, number: Number) -> Result<()> {
    let data = settings.data();
    let mut slugs = data.slugs()?;
    slugs.retain(|other| other != slug);
    for other in slugs {
        let folder = data.poll(&other)?;
        if let Some(vault) = opened(settings, &folder) {
            leave_alone_in(&folder, &vault, number)?;
        }
    }
    Ok(())
}

fn opened(settings: &Settings, folder: &PollFolder) -> Option<Vault> {
    vault::is_there(&folder.vault())
        .then(|| vault_keeping::secret(settings, &settings.data()).ok())
        .flatten()
        .and_then(|secret| Vault::open(&folder.vault(), &secret).ok())
}

fn leave_alone_in(folder: &PollFolder, vault: &Vault, number: Number) -> Result<()> {
    for (invitation, contact) in (0..).zip(vault.contacts()) {
        if contact?.number == number {
            stop_list::add(&folder.stops(), invitation, StopWay::Reply)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_desk::TestDesk;
    use sijill_outreach::stop_list::StopList;

    #[test]
    fn who_wants_no_more_messages_is_left_alone_by_every_poll_of_the_sender_that_knows_the_number()
    {
        let desk = TestDesk::with_roster(40);
        let folder = desk.settings.data().poll(TestDesk::SLUG).unwrap();
        let secret = vault_keeping::secret(&desk.settings, &desk.settings.data()).unwrap();
        let vault = Vault::open(&folder.vault(), &secret).unwrap();
        let number = vault.contact(17).unwrap().number;
        leave_alone(&desk.settings, TestDesk::SLUG, number).unwrap();
        let told = || StopList::new(folder.stops()).new_lines().unwrap();
        assert_eq!(told(), []);

        leave_alone(&desk.settings, "another", number).unwrap();
        assert_eq!(told(), [(17, StopWay::Reply)]);
        let stranger = Number::from_digits("9647999999999").unwrap();
        leave_alone(&desk.settings, "another", stranger).unwrap();
        assert_eq!(told().len(), 1);
    }
}
