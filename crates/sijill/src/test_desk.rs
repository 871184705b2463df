//! For tests: a real service on a fresh directory, with the demo's poll opened, and a clerk at its desk.

use crate::clerk::Clerk;
use crate::commands::{keys_new, poll, roster_import};
use crate::console::Console;
use crate::demo_definition::{self, DemoPoll};
use crate::key_file::{self, SigningKey};
use crate::roster_file::Person;
use crate::settings::Settings;
use crate::signing::{self, Pen};
use sijill_poll::definition::Definition;
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
            contact: format!("+96477{number:08}"),
            stratum: number % 19,
            language: u8::try_from(number % 3).unwrap(),
        };
        (0..count).map(person).collect()
    }

    /// A folder for the test's own files.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The file of contacts.
    pub fn contacts(&self) -> std::path::PathBuf {
        let folder = self.settings.data().poll(Self::SLUG);
        folder.unwrap().contacts()
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
