//! The stage of a demo: a fresh data directory, a free port, keys; and on it the poll, opened, with its roster.

use super::arrivals::Lots;
use super::crowd::Respondent;
use super::people;
use crate::clerk::Clerk;
use crate::commands::{keys_new, poll, roster_import};
use crate::console::Console;
use crate::data_folder::DataFolder;
use crate::demo_definition::{self, DemoPoll};
use crate::durable_file::{self, Access};
use crate::fault::{Fault, input, unfinished};
use crate::key_file::{self, SigningKey};
use crate::roster_intake;
use crate::settings::{Settings, VaultSecretFile};
use crate::signing;
use anyhow::{Context, Result};
use sijill_outreach::vault::Contact;
use sijill_poll::definition::Definition;
use std::io::{ErrorKind, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Where the demo is if nobody says.
const DATA: &str = "sijill-demo";

/// Where it listens if nobody says, and how many ports after that are tried.
const PORT: u16 = 8181;
const PORTS_TRIED: u16 = 100;

/// The name of the demo's operator.
const OPERATOR: &str = "demo-operator";

/// Invitations for each respondent, and at least these more than respondents, so that links are left to try.
const INVITED_PER_ANSWER: u64 = 3;
const INVITED_MORE_MIN: u64 = 30;

/// What a demo is played on.
pub struct Stage {
    /// The settings, with the demo's own data directory.
    pub settings: Settings,
    /// The listener; each server gets a clone, so that the port stays taken.
    pub listener: TcpListener,
    /// Host and port as people type them.
    pub domain: String,
    /// The operator's key.
    pub operator: SigningKey,
    /// Seed of everything that is made up.
    pub seed: u64,
}

/// The demo's poll once its roster is committed to.
pub struct Opening {
    /// Its short name.
    pub slug: String,
    /// Its ledger's name.
    pub origin: String,
    /// Its definition.
    pub definition: Definition,
    /// Invitations.
    pub invited: u64,
    /// Root of the roster, in hexadecimal.
    pub roster_root: String,
}

impl Stage {
    /// Sets it: nothing that exists is touched.
    pub fn set(listen: Option<SocketAddr>, seed: Option<u64>, settings: &Settings) -> Result<Self> {
        let data = fresh_folder(settings.data_named.as_deref(), settings.console)?;
        let settings = Settings {
            data_named: Some(data),
            ..settings.clone()
        };
        let listener = bind(listen, settings.console)?;
        let domain = domain(listener.local_addr()?);
        let operator = keys_new::make(&settings.data(), OPERATOR)?.operator;
        if settings.vault == VaultSecretFile::Ours {
            // A new key is told of with advice that a demo need not heed.
            key_file::make_vault(&settings.data().vault_key())?;
        }
        let seed = match seed {
            Some(seed) => seed,
            None => getrandom::u64().context("the system gives no random numbers")?,
        };
        let stage = Self {
            settings,
            listener,
            domain,
            operator,
            seed,
        };
        let public = format!("{}\n", stage.operator.verifier);
        stage.keep("operator.vkey", &public)?;
        Ok(stage)
    }

    /// The data directory.
    pub fn data(&self) -> DataFolder {
        self.settings.data()
    }

    /// Where promises are kept.
    pub fn promises(&self) -> PathBuf {
        self.data().path().join("promises")
    }

    /// Where the receipts are that they turned into.
    pub fn receipts(&self) -> PathBuf {
        self.data().path().join("receipts")
    }

    /// Where the policy is.
    pub fn policy(&self) -> PathBuf {
        self.data().path().join("policy")
    }

    /// The site's address.
    pub fn site(&self) -> String {
        format!("http://{}", self.domain)
    }

    /// The address of a poll's results.
    pub fn results(&self, slug: &str) -> String {
        format!("{}/polls/{slug}", self.site())
    }

    fn keep(&self, name: &str, text: &str) -> Result<PathBuf> {
        let path = self.data().path().join(name);
        durable_file::replace(&path, Access::Public, |out| {
            Ok(out.write_all(text.as_bytes())?)
        })?;
        Ok(path)
    }

    /// Opens the poll and imports a made-up roster, with the commands' own functions.
    pub fn open(&self, clerk: &mut Clerk, respondents: u64) -> Result<Opening> {
        let invited = (INVITED_PER_ANSWER * respondents).max(respondents + INVITED_MORE_MIN);
        let definition = self.definition(clerk, invited)?;
        let slug = definition.slug.clone();
        let committed = self.roster(clerk, &definition, invited)?;
        Ok(Opening {
            origin: clerk.show(&slug)?.origin,
            invited: committed.count.into(),
            roster_root: committed.root,
            slug,
            definition,
        })
    }

    fn definition(&self, clerk: &mut Clerk, invited: u64) -> Result<Definition> {
        let text = demo_definition::text(&DemoPoll {
            operator: &self.operator.verifier.to_string(),
            domain: &self.domain,
            planned: invited,
            start: signing::now() / 1_000 * 1_000,
        })?;
        self.keep("poll.toml", &text)?;
        let definition = Definition::parse(&text).map_err(|findings| {
            let why = findings
                .first()
                .map(ToString::to_string)
                .unwrap_or_default();
            unfinished(format!("the demo's own definition is refused: {why}"))
        })?;
        let keys = std::slice::from_ref(&self.operator);
        poll::open::open(clerk, &text, &definition, None, keys)?;
        Ok(definition)
    }

    fn roster(
        &self,
        clerk: &mut Clerk,
        definition: &Definition,
        invited: u64,
    ) -> Result<roster_import::Committed> {
        let path = self.data().path().join("roster.csv");
        people::write_roster(&path, &demo_definition::governorates()?, invited)?;
        let parsed = roster_intake::read(&path, definition, &self.settings)?;
        if let Some(problem) = parsed.problems.first() {
            return Err(unfinished(format!(
                "the demo's own roster has a bad row: {problem}"
            )));
        }
        let status = clerk.show(&definition.slug)?;
        let pen = signing::operator_pen(std::slice::from_ref(&self.operator), definition)?;
        roster_import::commit(clerk, &self.settings, &status, &pen, &parsed.people)
    }
}

impl Opening {
    /// The options' names for the terminal.
    pub fn option_names(&self) -> Vec<String> {
        let options = self.definition.options.iter();
        options
            .map(|option| option.label.get("en").to_lowercase())
            .collect()
    }

    /// `count` of these people, or all of them if they are fewer, who answer within `span`, with what they answer.
    pub fn crowd(
        &self,
        people: &[Contact],
        seed: u64,
        count: u64,
        span: Duration,
    ) -> Vec<Respondent> {
        let mut lots = Lots::new(seed);
        let strata = self.definition.strata.iter();
        let leanings: Vec<_> = strata.map(|_| lots.leaning()).collect();
        let everybody = lots.leaning();
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        let drawn = lots.some_of(people.to_vec(), count);
        let delays = lots.delays(drawn.len(), span);
        let answers = drawn.into_iter().zip(delays);
        answers
            .map(|(contact, delay)| {
                let leaning = leanings
                    .get(usize::from(contact.stratum))
                    .copied()
                    .unwrap_or(everybody);
                let option = self.definition.options.get(lots.choice(leaning));
                Respondent {
                    language: self.language_of(&contact).to_owned(),
                    token: contact.token,
                    option: option.map_or_else(String::new, |option| option.id.clone()),
                    delay,
                }
            })
            .collect()
    }

    /// The language in which somebody is written to.
    pub fn language_of(&self, contact: &Contact) -> &str {
        let language = self.definition.languages.get(usize::from(contact.language));
        language.map_or("", String::as_str)
    }
}

/// A folder that nothing is in yet: the one named, or else `sijill-demo`, `sijill-demo-2`, …
fn fresh_folder(named: Option<&Path>, console: Console) -> Result<PathBuf> {
    if let Some(named) = named {
        if is_fresh(named) {
            return Ok(named.to_owned());
        }
        return Err(input(format!(
            "`{}` exists and is not empty; the demo deletes nothing, name another folder with `--data`",
            named.display()
        )));
    }
    let names =
        std::iter::once(DATA.to_owned()).chain((2..).map(|number| format!("{DATA}-{number}")));
    let mut folders = names.map(|name| Path::new(".").join(name));
    let folder = folders
        .find(|folder| is_fresh(folder))
        .unwrap_or_else(|| DATA.into());
    if folder != Path::new(".").join(DATA) {
        console.message(&format!(
            "`{DATA}` is there from an earlier demo and stays; this one is in `{}`",
            folder.display()
        ));
    }
    Ok(folder)
}

fn is_fresh(folder: &Path) -> bool {
    match std::fs::read_dir(folder) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) => error.kind() == ErrorKind::NotFound,
    }
}

/// Binds the address asked for, or else the usual one or the next that is free.
fn bind(listen: Option<SocketAddr>, console: Console) -> Result<TcpListener> {
    if let Some(listen) = listen {
        if listen.is_ipv6() {
            return Err(input(format!(
                "the demo's links are written with an IPv4 address, and {listen} is none; try `--listen 127.0.0.1:{}`",
                listen.port()
            )));
        }
        return TcpListener::bind(listen).with_context(|| {
            Fault::Unfinished(format!(
                "cannot listen on {listen}; choose another with `--listen`"
            ))
        });
    }
    for port in PORT..PORT + PORTS_TRIED {
        match TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
            Ok(listener) => {
                if port != PORT {
                    console.message(&format!(
                        "port {PORT} is taken; this demo is on port {port}"
                    ));
                }
                return Ok(listener);
            }
            Err(error) if error.kind() == ErrorKind::AddrInUse => {}
            Err(error) => return Err(error).context(format!("cannot listen on 127.0.0.1:{port}")),
        }
    }
    Err(unfinished(format!(
        "the ports {PORT} to {} are all taken; choose one with `--listen`",
        PORT + PORTS_TRIED - 1
    )))
}

/// Host and port as people type them, in a form that an origin can have.
fn domain(address: SocketAddr) -> String {
    match address.ip().is_unspecified() {
        false => address.to_string(),
        true => format!("127.0.0.1:{}", address.port()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SILENT: Console = Console {
        json: false,
        quiet: true,
    };

    #[test]
    fn a_folder_that_has_something_in_it_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(
            fresh_folder(Some(folder.path()), SILENT).unwrap(),
            folder.path()
        );
        std::fs::write(folder.path().join("mine"), "").unwrap();
        assert!(fresh_folder(Some(folder.path()), SILENT).is_err());
    }

    #[test]
    fn a_taken_port_is_an_error_where_it_was_asked_for() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = taken.local_addr().unwrap();
        assert!(bind(Some(address), SILENT).is_err());
    }

    #[test]
    fn domains_are_ones_that_an_origin_can_have() {
        for (address, expected) in [
            ("127.0.0.1:8181", "127.0.0.1:8181"),
            ("0.0.0.0:80", "127.0.0.1:80"),
        ] {
            assert_eq!(domain(address.parse().unwrap()), expected);
        }
    }
}
