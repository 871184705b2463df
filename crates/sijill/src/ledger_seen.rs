//! The ledger as a sender sees it, and the way its events get there. Who sends and runs the platform goes to the desk; a
//! sender of its own reads what is published, and hands its events over as files: nothing comes back but by publication.

use crate::clerk::{self, Clerk};
use crate::durable_file::{self, Access};
use crate::fault::{not_so, unfinished};
use crate::published_poll;
use crate::roster_leaves;
use crate::settings::Settings;
use crate::signing::{self, Pen};
use anyhow::Result;
use data_encoding::BASE64;
use serde::Serialize;
use sijill_auditor::published::Published;
use sijill_ledger::codec;
use sijill_poll::operator::{Signed, Signer};
use sijill_poll::tally::Cast;
use sijill_poll::{Event, Poll};
use sijill_server::ServerError;
use sijill_server::desk::PollStatus;
use sijill_store::StoreError;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

/// What a file with an event for the platform begins with.
pub const EVENT_FILE: &str = "sijill-event@v1";

/// How long after signing an event that is handed over may be recorded, in milliseconds: a day.
const HAND_OVER_MS: u64 = 24 * 60 * 60 * 1_000;

/// How long a directory is waited for that another command has, and how often it is looked at.
const HELD_MAX: Duration = Duration::from_secs(5);
const HELD_LOOK: Duration = Duration::from_millis(50);

/// How often what is published is looked at again.
const LOOK: Duration = Duration::from_secs(2);

/// How often the operator is told what is waited for.
const REMIND: Duration = Duration::from_secs(60);

/// What changes whenever a ledger does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// When its head file was written.
    Written(SystemTime),
    /// How many entries of it are published.
    Size(u64),
}

/// Whether another process has the data directory.
fn is_held(error: &anyhow::Error) -> bool {
    let held = |error: Option<&StoreError>| matches!(error, Some(StoreError::Held { .. }));
    error.chain().any(|cause| {
        let server = cause.downcast_ref();
        held(cause.downcast_ref())
            || matches!(server, Some(ServerError::Store(StoreError::Held { .. })))
    })
}

/// The ledger, as a sender sees it.
#[derive(Clone)]
pub struct LedgerSeen {
    settings: Settings,
    /// The address or folder of what is published; none where the desk is asked.
    source: Option<String>,
}

impl LedgerSeen {
    /// By what is published at this address or in this folder, or by the desk.
    pub fn new(settings: &Settings, source: Option<&str>) -> Self {
        Self {
            settings: settings.clone(),
            source: source.map(str::to_owned),
        }
    }

    /// Whether it is seen by what is published.
    pub fn is_far(&self) -> bool {
        self.source.is_some()
    }

    /// What there is to say of the poll.
    pub fn show(&self, slug: &str) -> Result<PollStatus> {
        let Some(source) = &self.source else {
            return clerk::at_the_desk(self.desk()?, |clerk| clerk.show(slug));
        };
        let (poll, size) = self.fold(source, slug)?;
        Ok(PollStatus::of(&poll, size, signing::now()))
    }

    /// What changes whenever the ledger does, and is cheap to look at: of the own one, when its head file was written;
    /// of a published one, its size.
    pub fn mark(&self, slug: &str) -> Result<Mark> {
        match &self.source {
            None => {
                let head = self.settings.data().poll(slug)?.head();
                Ok(Mark::Written(std::fs::metadata(head)?.modified()?))
            }
            Some(source) => Ok(Mark::Size(Published::of(source)?.newest().claimed().size)),
        }
    }

    /// The desk. Another command may have the directory for a moment: it is waited for.
    fn desk(&self) -> Result<Clerk> {
        let began = Instant::now();
        loop {
            match Clerk::reach(&self.settings) {
                Err(error) if is_held(&error) && began.elapsed() < HELD_MAX => {
                    std::thread::sleep(HELD_LOOK);
                }
                reached => return reached,
            }
        }
    }

    /// Whether an invitation has answered, by its place in the roster.
    pub fn answered(&self, slug: &str) -> Result<impl Fn(u32) -> bool + use<>> {
        let casts = self.casts(slug)?;
        Ok(move |invitation: u32| {
            let cast = casts.get(invitation as usize);
            cast.is_some_and(|cast| cast.revision > 0)
        })
    }

    /// The last answer of every invitation, in the roster's order.
    fn casts(&self, slug: &str) -> Result<Vec<Cast>> {
        match &self.source {
            None => clerk::at_the_desk(self.desk()?, |clerk| clerk.casts(slug)),
            Some(source) => Ok(self.fold(source, slug)?.0.casts().to_vec()),
        }
    }

    /// Signs `content` and has it recorded; returns when it is on record. Where it is handed over as a file, that is when
    /// it is published.
    pub fn record<C: Serialize + Clone>(
        &self,
        poll: &PollStatus,
        pen: &Pen,
        content: C,
        wrap: impl Fn(Signed<C>) -> Event,
        interrupted: &AtomicBool,
    ) -> Result<()> {
        if self.source.is_none() {
            let event = signing::sign(poll, pen, content, wrap)?;
            return clerk::at_the_desk(self.desk()?, |clerk| {
                clerk.record(&poll.slug, &event).map(|_| ())
            });
        }
        if pen.signer != Signer::Sender {
            return Err(not_so(
                "a sender of its own signs waves with the key that the definition names for it (`keys.sender`); this definition names none",
            ));
        }
        let event = signing::sign_for(poll, pen, content, wrap, HAND_OVER_MS)?;
        let file = self.hand_over(poll, &event)?;
        self.wait_for(poll, &file, interrupted)
    }

    /// Writes the event as a file for the platform.
    fn hand_over(&self, poll: &PollStatus, event: &Event) -> Result<PathBuf> {
        let folder = self.settings.data().poll(&poll.slug)?;
        let name = format!("{}-{}.event", event.name(), poll.sender.counter);
        let file = folder.path().join(name);
        let text = format!("{EVENT_FILE}\n{}\n", BASE64.encode(&codec::encode(event)?));
        durable_file::replace(&file, Access::Public, |out| {
            Ok(std::io::Write::write_all(out, text.as_bytes())?)
        })?;
        Ok(file)
    }

    /// Waits until the sender's turn is the next one.
    fn wait_for(&self, poll: &PollStatus, file: &Path, interrupted: &AtomicBool) -> Result<()> {
        let mut told: Option<Instant> = None;
        loop {
            if self.show(&poll.slug)?.sender.counter > poll.sender.counter {
                // What is on record needs no file.
                return match std::fs::remove_file(file) {
                    Err(error) if error.kind() != ErrorKind::NotFound => Err(error.into()),
                    _ => Ok(()),
                };
            }
            if told.is_none_or(|told| told.elapsed() >= REMIND) {
                told = Some(Instant::now());
                self.settings.console.message(&format!(
                    "hand `{}` to the platform, where `sijill poll record FILE --poll SLUG` puts it on record; waiting until it is published",
                    file.display()
                ));
            }
            if interrupted.load(Ordering::Relaxed) {
                return Err(unfinished(
                    "stopped while waiting for the platform; the same command goes on",
                ));
            }
            std::thread::sleep(LOOK);
        }
    }

    fn fold(&self, source: &str, slug: &str) -> Result<(Poll, u64)> {
        let roster = self.settings.data().poll(slug)?.roster();
        let published = published_poll::fold(source, |definition| {
            if definition.slug != slug {
                return Err(not_so(format!(
                    "`{source}` publishes the poll `{}`, not `{slug}`",
                    definition.slug
                )));
            }
            roster_leaves::read(&roster, definition)
        })?;
        Ok((published.poll, published.size))
    }
}
