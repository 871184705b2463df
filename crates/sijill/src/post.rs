//! The world that sending needs: the vault's messages, the clock, who asked to be left alone, whether somebody paused it,
//! and when the poll is paused or over, which the ledger is asked for now and then.

use crate::console::{Console, grouped};
use crate::data_folder::PollFolder;
use crate::ledger_seen::{LedgerSeen, Mark};
use crate::other_polls;
use crate::settings::Settings;
use crate::signing;
use indicatif::ProgressBar;
use sijill_outreach::OutreachError;
use sijill_outreach::delivery::StopWay;
use sijill_outreach::meter::Meter;
use sijill_outreach::number::Number;
use sijill_outreach::sending::{Progress, World};
use sijill_outreach::sending_state::{self, SendingState};
use sijill_outreach::stop_list::StopList;
use sijill_outreach::vault::Vault;
use sijill_outreach::wave::{Standing, Wave};
use sijill_poll::definition::Definition;
use sijill_poll::definition::limits::LINK_PLACEHOLDER;
use sijill_server::desk::PollStatus;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How often the own ledger is asked whether the poll still runs; it is a look at a file.
const ASK: Duration = Duration::from_millis(500);

/// How often a published one is, which may be far away.
const ASK_FAR: Duration = Duration::from_secs(5);

/// How often what is going on is written down for others.
const WRITE: Duration = Duration::from_secs(1);

/// Why the world stopped answering.
#[derive(Debug, thiserror::Error)]
pub enum PostError {
    /// The vault.
    #[error(transparent)]
    Vault(#[from] OutreachError),
    /// The list of those who asked to be left alone. Nobody is written to who may stand there.
    #[error("cannot read who asked to be left alone: {0}")]
    Stops(#[from] io::Error),
    /// Another poll of this sender.
    #[error(
        "somebody wants no more messages, and another poll of this data directory could not be told: {0}"
    )]
    Elsewhere(String),
}

/// Messages as a definition words them.
#[derive(Debug, Clone)]
pub struct Letters {
    texts: Vec<String>,
    prefix: String,
}

impl Letters {
    /// Those of this definition.
    pub fn of(definition: &Definition) -> Self {
        let message = &definition.message;
        let texts = definition.languages();
        Self {
            texts: texts.map(|tag| message.text.get(tag).to_owned()).collect(),
            prefix: message.link_prefix.clone(),
        }
    }

    /// The message in the language of this place, with the link of this token.
    pub fn text(&self, language: u8, token: &str) -> String {
        let text = self.texts.get(usize::from(language)).or(self.texts.first());
        let link = format!("{}{token}", self.prefix);
        text.map_or(link.clone(), |text| text.replace(LINK_PLACEHOLDER, &link))
    }
}

/// The world of one run.
pub struct Post {
    settings: Settings,
    vault: Vault,
    letters: Letters,
    stops: StopList,
    paused: PathBuf,
    state: PathBuf,
    ledger: LedgerSeen,
    slug: String,
    life: Life,
    /// Of the ledger that `life` is of; none before it was looked at.
    mark: Option<Mark>,
    asked: Instant,
    written: Option<Instant>,
    /// When this run told something first, and how many messages had not left then.
    began: Option<(Instant, u32)>,
    made: Instant,
    meter: Meter,
    interrupted: Arc<AtomicBool>,
    bar: ProgressBar,
    console: Console,
    /// Whether connections that come and go are told to people.
    pub tells_news: bool,
}

impl Post {
    /// The world of this poll.
    pub fn new(
        settings: &Settings,
        ledger: LedgerSeen,
        (poll, definition): (&PollStatus, &Definition),
        folder: &PollFolder,
        vault: Vault,
        interrupted: Arc<AtomicBool>,
    ) -> Self {
        Self {
            settings: settings.clone(),
            vault,
            letters: Letters::of(definition),
            stops: StopList::new(folder.stops()),
            paused: folder.sending_paused(),
            state: folder.sending_state(),
            ledger,
            slug: poll.slug.clone(),
            life: Life::of(poll),
            mark: None,
            asked: Instant::now(),
            written: None,
            began: None,
            made: Instant::now(),
            meter: Meter::default(),
            interrupted,
            bar: settings.console.bar(0, "messages"),
            console: settings.console,
            tells_news: true,
        }
    }

    /// The bar goes.
    pub fn close(self) {
        self.bar.finish_and_clear();
    }

    /// How long it takes until everything has left, at the pace of this run so far.
    fn seconds_left(&mut self, to_go: u32) -> Option<u64> {
        let (began, at_first) = *self.began.get_or_insert((Instant::now(), to_go));
        let left = u64::from(at_first.saturating_sub(to_go));
        let milliseconds = u64::try_from(began.elapsed().as_millis()).ok()?;
        match left {
            0 => None,
            left => Some(u64::from(to_go) * milliseconds / left / 1_000),
        }
    }

    /// How fast segments leave, in thousandths a second.
    fn rate(&mut self, segments: u64) -> u64 {
        let milliseconds = self.made.elapsed().as_millis();
        let now = u64::try_from(milliseconds).unwrap_or(u64::MAX);
        self.meter.rate(segments, now)
    }

    fn show(&self, wave: &Wave) {
        let to_go = wave.count(Standing::Queued) + wave.count(Standing::Submitted);
        let left = wave.size().saturating_sub(to_go);
        self.bar.set_length(wave.size().into());
        self.bar.set_position(left.into());
        let delivered = grouped(wave.count(Standing::Delivered).into());
        self.bar.set_message(format!("{delivered} delivered"));
    }

    /// What the ledger says of the poll meanwhile. Where it cannot be asked, what it said last stands.
    fn ask(&mut self) {
        if self.asked.elapsed() < if self.ledger.is_far() { ASK_FAR } else { ASK } {
            return;
        }
        let mark = self.ledger.mark(&self.slug).ok();
        if mark != self.mark
            && let Ok(poll) = self.ledger.show(&self.slug)
        {
            self.life = Life::of(&poll);
            self.mark = mark;
        }
        self.asked = Instant::now();
    }
}

/// As far as messages depend on it, how a poll stands.
struct Life {
    /// From when on no message leaves, milliseconds since 1970.
    end: u64,
    paused: bool,
}

impl Life {
    fn of(poll: &PollStatus) -> Self {
        Self {
            end: if is_over(poll) { 0 } else { poll.end },
            paused: poll.state == "paused",
        }
    }
}

/// Whether a poll was closed or annulled.
pub fn is_over(poll: &PollStatus) -> bool {
    matches!(poll.state.as_str(), "closed" | "annulled")
}

impl World for Post {
    type Error = PostError;

    fn now(&self) -> u64 {
        signing::now()
    }

    fn message(&mut self, invitation: u32) -> Result<(Number, String), PostError> {
        let contact = self.vault.contact(invitation)?;
        let text = self.letters.text(contact.language, contact.token.reveal());
        Ok((contact.number, text))
    }

    fn said_stop(&mut self, number: Number) -> Result<Vec<u32>, PostError> {
        let mut found = Vec::new();
        for (invitation, contact) in (0..).zip(self.vault.contacts()) {
            if contact?.number == number {
                found.push(invitation);
            }
        }
        other_polls::leave_alone(&self.settings, &self.slug, number)
            .map_err(|error| PostError::Elsewhere(format!("{error:#}")))?;
        Ok(found)
    }

    fn stopped(&mut self) -> Result<Vec<(u32, StopWay)>, PostError> {
        Ok(self.stops.new_lines()?)
    }

    fn is_paused(&mut self) -> bool {
        self.ask();
        self.life.paused || self.paused.exists()
    }

    fn ends_at(&mut self) -> u64 {
        self.life.end
    }

    fn is_interrupted(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed)
    }

    fn tell(&mut self, progress: &Progress<'_>) {
        if let Some(news) = progress.news.as_ref().filter(|_| self.tells_news) {
            self.bar.suspend(|| self.console.message(news));
        }
        self.show(progress.wave);
        let rate = self.rate(progress.segments);
        if self
            .written
            .is_some_and(|written| written.elapsed() < WRITE)
            && progress.news.is_none()
        {
            return;
        }
        self.written = Some(Instant::now());
        let mut state = SendingState::of(progress, signing::now());
        state.seconds_left = self.seconds_left(state.to_go());
        state.millisegments_a_second = rate;
        // It is for whoever watches; that it cannot be written stops nobody from sending.
        let _ = sending_state::write(&self.state, &state);
    }
}
