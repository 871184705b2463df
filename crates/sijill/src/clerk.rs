//! The clerk: carries what operator commands ask to the desk, whether that is a running server's or the directory's
//! own, and turns its answers into values or faults.

use crate::console::Console;
use crate::data_folder::DataFolder;
use crate::fault::{Fault, not_so, unfinished};
use crate::key_file;
use crate::settings::Settings;
use anyhow::{Context, Result};
use data_encoding::BASE64;
use sijill_ledger::{Link, Origin, PublicKey, Sealed, codec};
use sijill_poll::Event;
use sijill_poll::tally::Cast;
use sijill_server::desk::{Ask, NO_ANSWER, PollStatus, Reply};
use sijill_server::keys::MasterKey;
use sijill_server::overview::Overview;
use sijill_server::{Checkpoints, Config, Desk};
use std::net::SocketAddr;
use std::path::Path;

/// Somebody at the desk.
pub struct Clerk(Desk);

/// The public keys that a ledger has.
#[derive(Debug, Clone, Copy)]
pub struct LedgerKeys {
    /// Signs checkpoints.
    pub log: PublicKey,
    /// Signs promises.
    pub promise: PublicKey,
}

/// Where an entry came to stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recorded {
    /// Its index.
    pub index: u64,
    /// Its link.
    pub link: Link,
}

/// Where it is on record that a promise is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Objected {
    /// Index of the entry.
    pub index: u64,
    /// Whether it was there before.
    pub before: bool,
}

/// An export that the desk wrote.
#[derive(Debug, Clone, Copy)]
pub struct Exported {
    /// Entries in it.
    pub size: u64,
    /// Link of the last.
    pub link: Link,
    /// Of them, published so far.
    pub published: u64,
}

/// A link to the monitor.
#[derive(Debug, Clone)]
pub struct MonitorLink {
    /// Where people reach the service, as far as a definition says so.
    pub site: Option<String>,
    /// Where the service listens on this machine.
    pub listening: Option<SocketAddr>,
    /// The path of the link there.
    pub path: String,
    /// Until when it can be used, milliseconds since 1970.
    pub until: u64,
}

impl Clerk {
    /// Goes to the desk of the server that runs on this directory, or else opens the directory.
    pub fn reach(settings: &Settings) -> Result<Self> {
        let data = settings.data();
        let checkpoints = settings.checkpoints.clone();
        Self::with_master(&data, settings.console, checkpoints, || {
            key_file::read_service(&data.service_key())
        })
    }

    /// The same for what only reads: a copy of a directory can be read, too. A directory restored by an import has no
    /// service master and needs none for it.
    pub fn reach_to_read(settings: &Settings) -> Result<Self> {
        let data = settings.data();
        let checkpoints = match &settings.checkpoints {
            shared @ Checkpoints::Shared(_) => shared.clone(),
            _ => Checkpoints::OnlyRead,
        };
        Self::with_master(&data, settings.console, checkpoints, || {
            if data.service_key().exists() {
                return key_file::read_service(&data.service_key());
            }
            Ok(MasterKey::new(*key_file::random()?))
        })
    }

    fn with_master(
        data: &DataFolder,
        console: Console,
        checkpoints: Checkpoints,
        master: impl FnOnce() -> Result<MasterKey>,
    ) -> Result<Self> {
        data.must_exist()?;
        let config = || -> Result<Config> {
            Ok(Config {
                data: data.path().to_owned(),
                master: master()?,
                clock: sijill_server::system_clock(),
                checkpoints,
            })
        };
        let (desk, notices) = Desk::reach(data.path(), config)?;
        for notice in notices {
            console.message(&notice);
        }
        Ok(Self(desk))
    }

    /// A clerk at the desk of a service of this process.
    pub fn at(desk: Desk) -> Self {
        Self(desk)
    }

    /// Goes to the desk of the server that runs on this directory; without one there is nobody to ask.
    pub fn at_the_server(settings: &Settings) -> Result<Self> {
        let data = settings.data();
        data.must_exist()?;
        Desk::of_server(data.path())?.map(Self).ok_or_else(|| {
            not_so(format!(
                "no server runs on `{}`, so there is nothing to watch; `sijill serve` starts one, and `sijill poll list` shows the polls without it",
                data.path().display()
            ))
        })
    }

    /// Whether the directory is open in this process, and so no server runs on it.
    pub fn is_local(&self) -> bool {
        matches!(self.0, Desk::Local(_))
    }

    /// The keys that a ledger of this origin has.
    pub fn keys(&mut self, origin: &Origin) -> Result<LedgerKeys> {
        let ask = Ask::Keys {
            origin: origin.to_string(),
        };
        match self.ask(ask)? {
            Reply::Keys { log, promise } => Ok(LedgerKeys {
                log: public_key(&log)?,
                promise: public_key(&promise)?,
            }),
            other => Err(unexpected(other)),
        }
    }

    /// Opens a poll with its signed entry 0.
    pub fn open(&mut self, event: &Event) -> Result<Recorded> {
        let event = encoded(event)?;
        self.recorded(Ask::Open { event })
    }

    /// Records a signed event of operator or sender.
    pub fn record(&mut self, slug: &str, event: &Event) -> Result<Recorded> {
        let (slug, event) = (slug.to_owned(), encoded(event)?);
        self.recorded(Ask::Record { slug, event })
    }

    /// Has it recorded that a promise is broken, if it is; says whether that was done before, and in which entry.
    pub fn object(&mut self, promise: String) -> Result<Objected> {
        match self.ask(Ask::Object { promise })? {
            Reply::Recorded { index, .. } => Ok(Objected {
                index,
                before: false,
            }),
            Reply::OnRecord { index } => Ok(Objected {
                index,
                before: true,
            }),
            other => Err(unexpected(other)),
        }
    }

    fn recorded(&mut self, ask: Ask) -> Result<Recorded> {
        match self.ask(ask)? {
            Reply::Recorded { index, link } => Ok(Recorded {
                index,
                link: link.parse()?,
            }),
            other => Err(unexpected(other)),
        }
    }

    /// Every poll.
    pub fn list(&mut self) -> Result<Vec<PollStatus>> {
        match self.ask(Ask::List)? {
            Reply::Polls { polls } => Ok(polls),
            other => Err(unexpected(other)),
        }
    }

    /// The service at this moment.
    pub fn overview(&mut self) -> Result<Overview> {
        match self.ask(Ask::Overview)? {
            Reply::Overview { overview } => Ok(*overview),
            other => Err(unexpected(other)),
        }
    }

    /// A link that opens the monitor in a browser.
    pub fn monitor_link(&mut self) -> Result<MonitorLink> {
        match self.ask(Ask::MonitorLink)? {
            Reply::MonitorLink {
                site,
                listening,
                path,
                until,
            } => Ok(MonitorLink {
                site,
                listening,
                path,
                until,
            }),
            other => Err(unexpected(other)),
        }
    }

    /// One poll.
    pub fn show(&mut self, slug: &str) -> Result<PollStatus> {
        self.status(Ask::Show {
            slug: slug.to_owned(),
        })
    }

    /// One poll, which takes no answers from now on for some seconds.
    pub fn freeze(&mut self, slug: &str) -> Result<PollStatus> {
        self.status(Ask::Freeze {
            slug: slug.to_owned(),
        })
    }

    fn status(&mut self, ask: Ask) -> Result<PollStatus> {
        match self.ask(ask)? {
            Reply::Poll { poll } => Ok(*poll),
            other => Err(unexpected(other)),
        }
    }

    /// The poll of this name; without a name, the only one there is.
    pub fn the_poll(&mut self, slug: Option<&str>) -> Result<PollStatus> {
        if let Some(slug) = slug {
            return self.show(slug);
        }
        let mut polls = self.list()?;
        match (polls.pop(), polls.as_slice()) {
            (Some(only), []) => Ok(only),
            (None, _) => Err(not_so(
                "there is no poll in this data directory; `sijill poll open FILE` opens one",
            )),
            (Some(last), others) => {
                let names: Vec<&str> = others.iter().map(|poll| poll.slug.as_str()).collect();
                Err(crate::fault::input(format!(
                    "there are several polls, say which: `{}`, `{}`",
                    names.join("`, `"),
                    last.slug
                )))
            }
        }
    }

    /// Some entries from index `from` on; none at the end.
    pub fn entries(&mut self, slug: &str, from: u64) -> Result<Vec<Sealed<Event>>> {
        let ask = Ask::Entries {
            slug: slug.to_owned(),
            from,
        };
        match self.ask(ask)? {
            Reply::Entries { entries } => entries.iter().map(|entry| decoded(entry)).collect(),
            other => Err(unexpected(other)),
        }
    }

    /// The last answer of every invitation, in the roster's order.
    pub fn casts(&mut self, slug: &str) -> Result<Vec<Cast>> {
        let slug = slug.to_owned();
        match self.ask(Ask::Casts { slug })? {
            Reply::Casts { casts } => {
                let bytes = BASE64.decode(casts.as_bytes())?;
                let (options, _) = bytes.as_chunks();
                Ok(options.iter().map(|option| cast(*option)).collect())
            }
            other => Err(unexpected(other)),
        }
    }

    /// Writes an export of everything that is durable.
    pub fn export(&mut self, slug: &str, path: &Path) -> Result<Exported> {
        let path = std::path::absolute(path)?;
        let slug = slug.to_owned();
        match self.ask(Ask::Export { slug, path })? {
            Reply::Exported {
                size,
                link,
                published,
            } => Ok(Exported {
                size,
                link: link.parse()?,
                published,
            }),
            other => Err(unexpected(other)),
        }
    }

    /// Closes the directory, if this process opened it.
    pub fn leave(self) -> Result<()> {
        Ok(self.0.leave()?)
    }

    fn ask(&mut self, ask: Ask) -> Result<Reply> {
        match self.0.ask(ask)? {
            Reply::Refused { why } => Err(not_so(why)),
            Reply::Failed { why } => Err(unfinished(why)),
            reply => Ok(reply),
        }
    }
}

/// Does `work` at the desk and leaves it, whether the work went well or not.
pub fn at_the_desk<T>(mut clerk: Clerk, work: impl FnOnce(&mut Clerk) -> Result<T>) -> Result<T> {
    let outcome = work(&mut clerk);
    let left = clerk.leave();
    let value = outcome?;
    left?;
    Ok(value)
}

fn cast(option: [u8; 2]) -> Cast {
    match u16::from_le_bytes(option) {
        NO_ANSWER => Cast::default(),
        last => Cast {
            last,
            first: last,
            revision: 1,
            assisted: false,
        },
    }
}

fn encoded(event: &Event) -> Result<String> {
    Ok(BASE64.encode(&codec::encode(event)?))
}

fn decoded(entry: &str) -> Result<Sealed<Event>> {
    let bytes = BASE64.decode(entry.as_bytes())?;
    Sealed::read(&bytes).context(Fault::Unfinished("an entry cannot be read".into()))
}

fn public_key(base64: &str) -> Result<PublicKey> {
    let bytes: [u8; 32] = BASE64
        .decode(base64.as_bytes())?
        .try_into()
        .map_err(|_| unfinished("the service named a key of another length than 32 bytes"))?;
    Ok(PublicKey::try_from(bytes)?)
}

fn unexpected(reply: Reply) -> anyhow::Error {
    let kind = match reply {
        Reply::Keys { .. } => "keys",
        Reply::Recorded { .. } | Reply::OnRecord { .. } => "a record",
        Reply::Polls { .. } => "polls",
        Reply::Poll { .. } => "a poll",
        Reply::Entries { .. } => "entries",
        Reply::Casts { .. } => "casts",
        Reply::Exported { .. } => "an export",
        Reply::Overview { .. } => "an overview",
        Reply::MonitorLink { .. } => "a link",
        Reply::Refused { .. } | Reply::Failed { .. } => "a refusal",
    };
    unfinished(format!(
        "the service answered with {kind}, which is not what was asked; does a server of another version run on this directory?"
    ))
}
