//! For tests: a real service on a fresh directory, with the demo's poll opened, and a clerk at its desk.

use crate::clerk::Clerk;
use crate::commands::{keys_new, poll, roster_import};
use crate::console::Console;
use crate::demo_definition::{self, DemoPoll};
use crate::key_file::{self, SigningKey};
use crate::roster_file::Person;
use crate::settings::{Settings, VaultSecretFile};
use crate::signing::{self, Pen};
use crate::vault_keeping;
use sijill_outreach::number::Number;
use sijill_outreach::vault::{Contact, Vault};
use sijill_poll::definition::Definition;
use sijill_server::desk::PollStatus;
use sijill_server::{Config, Desk, Service};
use std::path::Path;
use tempfile::TempDir;

/// A service with one poll; stopped when dropped.
pub struct TestDesk {
    /// Settings whose data directory is the service's.
    pub settings: Settings,
    definition: Definition,
    operator: SigningKey,
    service: Service,
    folder: TempDir,
}

impl TestDesk {
    /// The poll's short name.
    pub const SLUG: &'static str = "coalition";

    /// The poll opened, without a roster.
    pub fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let settings = Settings {
            checkpoints: sijill_server::Checkpoints::default(),
            portal: None,
            theme: None,
            vault: VaultSecretFile::Ours,
            data_named: Some(folder.path().join("data")),
            listen: None,
            metrics: None,
            key: None,
            gateway: Default::default(),
            sending: Default::default(),
            console: Console {
                json: false,
                quiet: true,
            },
        };
        let data = settings.data();
        let operator = keys_new::make(&data, "demo-operator").unwrap().operator;
        let (service, _) = Service::open(Config {
            data: data.path().to_owned(),
            master: key_file::read_service(&data.service_key()).unwrap(),
            clock: sijill_server::system_clock(),
            checkpoints: sijill_server::Checkpoints::default(),
        })
        .unwrap();
        let text = text(&operator);
        let definition = Definition::parse(&text).unwrap();
        let desk = Self {
            settings,
            definition,
            operator,
            service,
            folder,
        };
        let keys = std::slice::from_ref(&desk.operator);
        poll::open::open(&mut desk.clerk(), &text, &desk.definition, None, keys).unwrap();
        desk
    }

    /// The poll with a roster of so many committed to.
    pub fn with_roster(count: u16) -> Self {
        let desk = Self::open();
        let mut clerk = desk.clerk();
        let poll = clerk.show(Self::SLUG).unwrap();
        let people = Self::people(count);
        roster_import::commit(&mut clerk, &desk.settings, &poll, &desk.pen(), &people).unwrap();
        desk
    }

    /// Made-up people, spread over strata and languages.
    pub fn people(count: u16) -> Vec<Person> {
        let person = |number: u16| Person {
            number: Number::from_u64(9_647_700_000_000 + u64::from(number)).unwrap(),
            stratum: number % 19,
            language: u8::try_from(number % 3).unwrap(),
        };
        (0..count).map(person).collect()
    }

    /// A folder for the test's own files.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The poll's definition.
    pub fn definition(&self) -> &Definition {
        &self.definition
    }

    /// The vault of contacts.
    pub fn vault(&self) -> Vault {
        vault_keeping::open_vault(&self.settings, &self.poll(), 0).unwrap()
    }

    /// What the vault holds.
    pub fn contacts(&self) -> Vec<Contact> {
        self.vault().contacts().map(Result::unwrap).collect()
    }

    /// What the desk says of the poll.
    pub fn poll(&self) -> PollStatus {
        self.clerk().show(Self::SLUG).unwrap()
    }

    /// A vault of other contacts than the poll's.
    pub fn another_vault(&self, contacts: &[Contact]) -> Vault {
        let secret = vault_keeping::secret_for_new(&self.settings, &self.settings.data());
        let count = u32::try_from(contacts.len()).unwrap();
        let folder = self.path().join("another");
        Vault::make(&folder, &secret.unwrap(), count, contacts.iter().cloned()).unwrap()
    }

    /// Somebody at the desk.
    pub fn clerk(&self) -> Clerk {
        Clerk::at(Desk::Local(self.service.clone()))
    }

    /// The operator's pen.
    pub fn pen(&self) -> Pen {
        signing::operator_pen(std::slice::from_ref(&self.operator), &self.definition).unwrap()
    }
}

impl Drop for TestDesk {
    fn drop(&mut self) {
        self.service.stop().unwrap();
    }
}

fn text(operator: &SigningKey) -> String {
    demo_definition::text(&DemoPoll {
        operator: &operator.verifier.to_string(),
        domain: "127.0.0.1:8181",
        planned: 40,
        start: signing::now() / 1_000 * 1_000,
    })
    .unwrap()
}
