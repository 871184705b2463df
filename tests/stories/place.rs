//! Where a story happens: one folder with a data directory, an operator's key, polls, invitations, a server.

use crate::browser::Browser;
use crate::process::{Argument, COMMAND_MAX, Process, Ran, binary, until};
use data_encoding::BASE64;
use sijill_ledger::checkpoint::SignedCheckpoint;
use sijill_ledger::note::VerifierKey;
use sijill_outreach::vault::{Contact, Vault, VaultSecret};
use sijill_scenarios::Terms;
use std::cell::{Cell, RefCell};
use std::ffi::OsString;
use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use zeroize::Zeroizing;

/// Longest that a server may take to start.
pub const START_MAX: Duration = Duration::from_secs(60);

/// Longest that a server may take to stop: what it gives open connections, and some seconds.
const STOP_MAX: Duration = Duration::from_secs(20);

/// Longest that a publication may take once it is due, in a slow build on a busy machine.
const PUBLICATION_MAX: Duration = Duration::from_secs(40);

/// People who answer at the same time.
const AT_ONCE: usize = 8;

/// A folder of a story's own, removed at its end.
pub struct Place {
    folder: tempfile::TempDir,
    operator: VerifierKey,
    servers: Cell<u32>,
    runs: Cell<u32>,
    variables: RefCell<Vec<(OsString, OsString)>>,
}

/// Somebody to be invited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Phone number.
    pub contact: String,
    /// Id of a stratum.
    pub stratum: String,
    /// Tag of a language.
    pub language: String,
}

/// An invitation as it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// Phone number.
    pub contact: String,
    /// The whole link.
    pub link: String,
    /// Its path on the server: `/p/TOKEN`.
    pub path: String,
    /// The text message.
    pub message: String,
}

impl Invitation {
    /// The secret in the link.
    pub fn token(&self) -> &str {
        self.path.rsplit('/').next().unwrap()
    }
}

/// Milliseconds since 1970.
pub fn now_ms() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    u64::try_from(now.as_millis()).unwrap()
}

/// The terms of a poll that takes answers now and for the next hour.
pub fn terms() -> Terms {
    let now = now_ms() / 1_000 * 1_000;
    Terms {
        field_ms: [now - 60_000, now + 3_600_000, now + 7_200_000],
        revisions: 0,
        ..Terms::default()
    }
}

/// The same of a poll in which every answer is published as soon as may be.
pub fn prompt_terms() -> Terms {
    Terms {
        publication_answers: 1,
        ..terms()
    }
}

/// This many people with Iraqi mobile numbers, in the strata of [`terms`] in turn, who read Arabic and English in turn.
pub fn people(count: u32) -> Vec<Person> {
    let person = |place: u32| Person {
        contact: format!("+964770{place:07}"),
        stratum: ["north", "south"][place as usize % 2].to_owned(),
        language: ["ar", "en"][place as usize / 2 % 2].to_owned(),
    };
    (0..count).map(person).collect()
}

/// A roster file of these people.
pub fn roster(people: &[Person]) -> String {
    let rows = people.iter().map(|person| {
        format!(
            "{},{},{}\n",
            person.contact, person.stratum, person.language
        )
    });
    format!("contact,stratum,language\n{}", rows.collect::<String>())
}

impl Place {
    /// A new folder with the keys of a service and of an operator.
    pub fn new() -> Self {
        let folder = tempfile::Builder::new()
            .prefix("sijill-story-")
            .tempdir()
            .unwrap();
        let made = run(
            binary()
                .args(["keys", "new", "--name", "operator", "--data"])
                .arg(folder.path().join("data")),
            folder.path(),
            "keys",
        );
        let operator = VerifierKey::parse(made.well().out.trim()).unwrap();
        Self {
            folder,
            operator,
            servers: Cell::new(0),
            runs: Cell::new(0),
            variables: RefCell::default(),
        }
    }

    /// A path in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The data directory.
    pub fn data(&self) -> PathBuf {
        self.path("data")
    }

    /// The operator's verifier key, as `keys new` printed it.
    pub fn operator_key(&self) -> String {
        self.operator.to_string()
    }

    /// The operator's key file.
    pub fn key_file(&self) -> PathBuf {
        self.data().join("keys/operator.key")
    }

    /// Writes a file into the folder.
    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, text).unwrap();
        path
    }

    /// Writes a file that its owner alone can read.
    pub fn write_secret(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.write(name, text);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        path
    }

    /// Gives everything that is started here from now on this variable of the environment.
    pub fn set_variable(&self, name: &str, value: impl Into<OsString>) {
        self.variables
            .borrow_mut()
            .push((name.into(), value.into()));
    }

    /// The binary, in this folder, on its data directory, with the configuration in `sijill.toml` if there is one.
    pub fn command(&self) -> Command {
        let mut command = binary();
        command
            .current_dir(self.folder.path())
            .env("SIJILL_DATA", self.data())
            .envs(self.variables.borrow().iter().cloned());
        let configuration = self.path("sijill.toml");
        if configuration.exists() {
            command.env("SIJILL_CONFIG", configuration);
        }
        command
    }

    /// Runs a command of the binary to its end.
    #[track_caller]
    pub fn sijill<A: Argument>(&self, arguments: impl IntoIterator<Item = A>) -> Ran {
        self.runs.set(self.runs.get() + 1);
        let name = format!("run-{}", self.runs.get());
        run(self.command().args(arguments), self.folder.path(), &name)
    }

    /// Starts a command of the binary.
    pub fn start<A: Argument>(
        &self,
        name: &str,
        arguments: impl IntoIterator<Item = A>,
    ) -> Process {
        Process::start(self.command().args(arguments), self.folder.path(), name)
    }

    /// The text of a definition with these terms and this place's operator.
    pub fn definition(&self, terms: &Terms) -> String {
        terms.text(std::slice::from_ref(&self.operator), None)
    }

    /// Opens the poll of this definition.
    #[track_caller]
    pub fn open(&self, definition: &str) -> Ran {
        let file = self.write("poll.toml", definition);
        self.sijill(args!["poll", "open", file, "--key", self.key_file()])
            .well()
    }

    /// Imports a roster and exports the invitations, in the roster's order.
    #[track_caller]
    pub fn invite(&self, slug: &str, people: &[Person]) -> Vec<Invitation> {
        let file = self.write(&format!("roster-{slug}.csv"), roster(people));
        self.sijill(args![
            "roster",
            "import",
            file,
            "--poll",
            slug,
            "--key",
            self.key_file()
        ])
        .well();
        let out = self.path(&format!("invitations-{slug}.csv"));
        self.sijill(args![
            "invitations",
            "export",
            "--poll",
            slug,
            "--out",
            &out,
            "--key",
            self.key_file()
        ])
        .well();
        let made = invitations(&out);
        let of = |person: &Person| {
            made.iter()
                .find(|made| made.contact == person.contact)
                .cloned()
        };
        people
            .iter()
            .map(|person| of(person).expect("everyone is invited"))
            .collect()
    }

    /// The first invitation of a poll's vault.
    #[track_caller]
    pub fn first_contact(&self, slug: &str) -> Contact {
        self.vault(slug).contact(0).unwrap()
    }

    /// A poll's vault, opened with the key that the import made.
    #[track_caller]
    pub fn vault(&self, slug: &str) -> Vault {
        vault(&self.data(), slug)
    }

    /// The vault in this folder, opened with that key.
    #[track_caller]
    pub fn vault_in(&self, folder: &Path) -> Vault {
        Vault::open(folder, &vault_secret(&self.data())).unwrap()
    }

    /// Opens a poll with these terms and invites this many of [`people`].
    #[track_caller]
    pub fn poll(&self, terms: &Terms, count: u32) -> Vec<Invitation> {
        self.open(&self.definition(terms));
        self.invite(&terms.slug, &people(count))
    }

    /// Closes a poll.
    #[track_caller]
    pub fn close(&self, slug: &str) -> Ran {
        self.sijill(args![
            "poll",
            "close",
            slug,
            "--reason",
            "The field period is over",
            "--key",
            self.key_file()
        ])
        .well()
    }

    /// Index and link of the last entry, as an auditor notes them: `INDEX:LINK`.
    #[track_caller]
    pub fn anchor(&self, slug: &str) -> String {
        let entries = self.sijill(["ledger", "show", slug]).well().json_lines();
        let last = entries.last().expect("a ledger has an entry");
        format!("{}:{}", last["index"], last["link"].as_str().unwrap())
    }

    /// Number of entries of a poll, published or not.
    #[track_caller]
    pub fn recorded(&self, slug: &str) -> u64 {
        let shown = self.sijill(["poll", "show", slug, "--json"]).well().json();
        shown["entries"].as_u64().unwrap()
    }

    /// A policy that believes this poll's log and asks for no witness, as a file.
    #[track_caller]
    pub fn policy(&self, slug: &str) -> PathBuf {
        let shown = self.sijill(["poll", "show", slug, "--json"]).well().json();
        let key = shown["log_key"].as_str().unwrap();
        self.write("policy", format!("log {key}\nquorum none\n"))
    }

    /// Audits something with the operator's key and these further arguments.
    #[track_caller]
    pub fn audit<A: Argument>(
        &self,
        source: impl Argument,
        more: impl IntoIterator<Item = A>,
    ) -> Ran {
        self.runs.set(self.runs.get() + 1);
        let name = format!("audit-{}", self.runs.get());
        let mut command = self.command();
        command
            .arg("audit")
            .arg(source)
            .args(["--operator-key", &self.operator_key()])
            .args(more);
        run(&mut command, self.folder.path(), &name)
    }

    /// Audits the data directory, which no server holds, with the end of this poll's ledger as the desk shows it.
    #[track_caller]
    pub fn audit_data(&self, slug: &str) -> Ran {
        let anchor = self.anchor(slug);
        self.audit(self.data(), ["--anchor", &anchor, "--poll", slug])
    }

    /// Starts a server on the data directory and waits until it takes requests.
    #[track_caller]
    pub fn serve(&self) -> Server {
        let mut command = self.command();
        command.args(["serve", "--listen", "127.0.0.1:0"]);
        started(self.serve_by(&mut command))
    }

    /// The same, for a server that may open only so many files.
    #[track_caller]
    pub fn serve_with_descriptors(&self, descriptors: u32) -> Server {
        let binary = self.command();
        let mut command = Command::new("sh");
        let limited = format!("ulimit -n {descriptors} && exec \"$0\" serve --listen 127.0.0.1:0");
        command.args(["-c", &limited]).arg(binary.get_program());
        command
            .current_dir(self.folder.path())
            .env("SIJILL_DATA", self.data());
        started(self.serve_by(&mut command))
    }

    /// The same of one that may refuse to start: how it ended then.
    #[track_caller]
    pub fn try_serve(&self) -> Result<Server, Ran> {
        self.try_serve_with::<&str>([])
    }

    /// The same with these further arguments.
    #[track_caller]
    pub fn try_serve_with<A: Argument>(
        &self,
        more: impl IntoIterator<Item = A>,
    ) -> Result<Server, Ran> {
        let mut command = self.command();
        command
            .args(["serve", "--listen", "127.0.0.1:0"])
            .args(more);
        self.serve_by(&mut command)
    }

    #[track_caller]
    fn serve_by(&self, command: &mut Command) -> Result<Server, Ran> {
        self.servers.set(self.servers.get() + 1);
        let name = format!("server-{}", self.servers.get());
        let mut process = Process::start(command, self.folder.path(), &name);
        let come = until(START_MAX, || match process.is_running() {
            true => listening(&process.err()).map(Some),
            false => Some(None),
        });
        let address = match come {
            Some(None) => return Err(process.wait(START_MAX)),
            come => come.flatten(),
        };
        let Some(address) = address else {
            panic!(
                "the server does not say where it listens: {}",
                process.err()
            );
        };
        let browser = Browser::new(address);
        let healthy = || {
            browser
                .ask("GET", "/health", &[], b"")
                .ok()
                .filter(|page| page.status == 200)
        };
        until(START_MAX, healthy).expect("the server gets healthy");
        Ok(Server { process, address })
    }
}

#[track_caller]
fn started(server: Result<Server, Ran>) -> Server {
    match server {
        Ok(server) => server,
        Err(ran) => panic!("the server ended: {}", ran.err),
    }
}

/// The address that a server says it listens on.
pub fn listening(log: &str) -> Option<SocketAddr> {
    let (_, rest) = log.split_once("http://")?;
    let end = rest.find(|c: char| !(c.is_ascii_digit() || ".:".contains(c)))?;
    rest[..end].parse().ok()
}

/// Copies a folder with everything in it.
pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        match path.is_dir() {
            true => copy(&path, &target),
            false => drop(fs::copy(&path, &target).unwrap()),
        }
    }
}

fn run(command: &mut Command, folder: &Path, name: &str) -> Ran {
    Process::start(command, folder, name).wait(COMMAND_MAX)
}

/// The vault of a poll in this data directory, opened with the key that the import made.
#[track_caller]
pub fn vault(data: &Path, slug: &str) -> Vault {
    let folder = data.join("polls").join(slug).join("vault");
    Vault::open(&folder, &vault_secret(data)).unwrap()
}

/// The key that an import made in this data directory.
fn vault_secret(data: &Path) -> VaultSecret {
    let line = fs::read_to_string(data.join("keys/vault.key")).unwrap();
    let base64 = line.trim_end().strip_prefix("sijill-vault-key@v1 ");
    let key = BASE64.decode(base64.unwrap().as_bytes()).unwrap();
    VaultSecret::Key(Zeroizing::new(key.try_into().unwrap()))
}

/// Reads what `invitations export` wrote.
#[track_caller]
pub fn invitations(file: &Path) -> Vec<Invitation> {
    let mut rows = csv::Reader::from_path(file).unwrap();
    assert_eq!(rows.headers().unwrap(), vec!["contact", "link", "message"]);
    let rows = rows.records().map(|row| {
        let row = row.unwrap();
        let start = row[1]
            .find("/p/")
            .expect("a link has the path of an answer");
        Invitation {
            contact: row[0].to_owned(),
            link: row[1].to_owned(),
            path: row[1][start..].to_owned(),
            message: row[2].to_owned(),
        }
    });
    rows.collect()
}

/// A running server; killed when dropped.
pub struct Server {
    process: Process,
    address: SocketAddr,
}

impl Server {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Somebody's browser.
    pub fn browser(&self) -> Browser {
        Browser::new(self.address)
    }

    /// The whole address of a path.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// These people answer, some at a time.
    pub fn answer(&self, people: &[Invitation], choice: &str) {
        std::thread::scope(|scope| {
            for share in people.chunks(people.len().div_ceil(AT_ONCE).max(1)) {
                let browser = self.browser();
                scope.spawn(move || {
                    for person in share {
                        browser.answer(&person.path, choice).status(200);
                    }
                });
            }
        });
    }

    /// Waits until a checkpoint over this many entries or more is published, and returns it.
    #[track_caller]
    pub fn published(&self, slug: &str, entries: u64) -> SignedCheckpoint {
        let (browser, path) = (self.browser(), format!("/polls/{slug}/checkpoint"));
        let newest = || {
            let page = browser.get(&path);
            let signed: Option<SignedCheckpoint> = page.text().parse().ok();
            signed.filter(|signed| signed.claimed().size >= entries)
        };
        let newest = until(PUBLICATION_MAX, newest);
        newest.unwrap_or_else(|| panic!("no {entries} entries are published: {}", self.log()))
    }

    /// What it takes of the machine.
    pub fn usage(&self) -> Usage {
        Usage::of(self.process.id())
    }

    /// What it logged so far.
    pub fn log(&self) -> String {
        self.process.err()
    }

    /// Ctrl-C, and how it ended.
    #[track_caller]
    pub fn stop(self) -> Ran {
        self.process.interrupt();
        self.process.wait(STOP_MAX)
    }

    /// How it ended by itself.
    #[track_caller]
    pub fn ended(self) -> Ran {
        self.process.wait(STOP_MAX)
    }

    /// Ctrl-C.
    pub fn interrupt(&self) {
        self.process.interrupt();
    }

    /// Ends it as a power cut would.
    pub fn kill(&mut self) {
        self.process.kill();
    }
}

/// What a process takes of the machine.
#[derive(Debug, Clone, Copy)]
pub struct Usage {
    /// The most memory that it ever had, in KiB.
    pub memory_peak_kib: u64,
    /// Descriptors that are open.
    pub descriptors: usize,
}

impl Usage {
    /// The most memory that a process ever had, in KiB, while it is there.
    pub fn peak_kib(process: u32) -> Option<u64> {
        let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
        let peak = status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:"))?;
        peak.trim().strip_suffix(" kB")?.trim().parse().ok()
    }

    fn of(process: u32) -> Self {
        Self {
            memory_peak_kib: Self::peak_kib(process).unwrap(),
            descriptors: fs::read_dir(format!("/proc/{process}/fd")).unwrap().count(),
        }
    }
}
