//! The operator's page: how the service does, how its polls do, and nothing that could be changed.

use askama::Template;

use crate::content_policy::{CSS, RESULTS_CSS};
use crate::messages::{Messages, Value};
use crate::{Frame, MonitorSending, PageError, Phase};

/// The script of the monitor's page, to be served as `/static/monitor.js`. It fetches the page anew every few seconds;
/// without it the page is complete, and a link on it does the same.
pub const MONITOR_JS: &str = include_str!("../static/monitor.js");

/// The height of the drawing of arrivals, in its own units.
const ARRIVALS_HEIGHT: u64 = 100;

/// How a service does. Counts are from its start on; times are milliseconds since 1970, UTC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MonitorPage {
    /// Language and language links.
    pub frame: Frame,
    /// Whether answers are taken.
    pub state: ServiceState,
    /// When this was so.
    pub seen_at_ms: u64,
    /// When the service was started.
    pub started_at_ms: u64,
    /// Jobs that wait for the writer.
    pub queue_jobs: u64,
    /// As many may wait.
    pub queue_jobs_max: u64,
    /// What may still be written to the disk, in MiB, if the system says so.
    pub disk_free_mib: Option<u64>,
    /// What may still be needed of it, in MiB, about.
    pub disk_needed_mib: u64,
    /// Connections open.
    pub connections: u64,
    /// As many may be open.
    pub connections_max: u64,
    /// Tiles that were damaged on disk and written anew.
    pub tiles_mended: u64,
    /// Submissions refused whose link is of no poll, by reason.
    pub refused: Vec<(String, u64)>,
    /// The polls.
    pub polls: Vec<MonitorPoll>,
    /// Address of [`MONITOR_JS`].
    pub script_href: String,
}

/// Whether a service takes answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServiceState {
    /// It does.
    Well,
    /// It does not until somebody has looked at it; the command line says why.
    Stopped,
    /// It does not until the clock is right.
    ClockBehind,
}

/// How a poll does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MonitorPoll {
    /// Short name.
    pub slug: String,
    /// Where it stands.
    pub phase: Phase,
    /// Invitations that answered.
    pub answered: u64,
    /// Invitations in waves begun.
    pub planned: u64,
    /// Times that the page behind a link was shown.
    pub pages_opened: u64,
    /// Submissions that said again what stands.
    pub repeated: u64,
    /// Answers by minute, oldest first; the last minute is not over.
    pub arrivals: Vec<u64>,
    /// When the last publication was made.
    pub published_at_ms: Option<u64>,
    /// Entries that are durable and not published.
    pub unpublished: u64,
    /// Submissions refused, by reason.
    pub refused: Vec<(String, u64)>,
    /// The messages of its last wave, where they leave from the machine of the service.
    pub sending: Option<MonitorSending>,
}

/// The page that a one-time link leads to: a button opens the monitor, so that nobody's preview does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MonitorLinkPage {
    /// Language, and no links: they would hold the secret.
    pub frame: Frame,
}

/// The operator's page.
///
/// # Errors
/// [`PageError::Template`], which a correct program does not meet.
pub fn monitor_page(view: &MonitorPage) -> Result<String, PageError> {
    let t = view.frame.language.messages();
    Ok(MonitorTemplate {
        t,
        frame: &view.frame,
        title: t.say("monitor-title"),
        css: CSS,
        more_css: RESULTS_CSS,
        view,
    }
    .render()?)
}

/// The page of a one-time link that was not used yet.
///
/// # Errors
/// [`PageError::Template`], which a correct program does not meet.
pub fn monitor_link_page(view: &MonitorLinkPage) -> Result<String, PageError> {
    let t = view.frame.language.messages();
    Ok(LinkTemplate {
        t,
        frame: &view.frame,
        title: t.say("monitor-title"),
        css: CSS,
    }
    .render()?)
}

#[derive(Template)]
#[template(path = "monitor.html")]
struct MonitorTemplate<'a> {
    t: &'static Messages,
    frame: &'a Frame,
    title: String,
    css: &'static str,
    more_css: &'static str,
    view: &'a MonitorPage,
}

#[derive(Template)]
#[template(path = "monitor_link.html")]
struct LinkTemplate<'a> {
    t: &'static Messages,
    frame: &'a Frame,
    title: String,
    css: &'static str,
}

impl MonitorTemplate<'_> {
    fn is_well(&self) -> bool {
        self.view.state == ServiceState::Well
    }

    fn state(&self) -> String {
        self.t.say(match self.view.state {
            ServiceState::Well => "monitor-well",
            ServiceState::Stopped => "monitor-stopped",
            ServiceState::ClockBehind => "monitor-clock-behind",
        })
    }

    fn is_short_of_space(&self) -> bool {
        let free = self.view.disk_free_mib;
        free.is_some_and(|free| free < self.view.disk_needed_mib)
    }

    fn mib(&self, count: &u64) -> String {
        self.t.with_number("monitor-mib", "count", count)
    }

    fn free(&self) -> String {
        match &self.view.disk_free_mib {
            Some(free) => self.mib(free),
            None => self.t.say("no-figure"),
        }
    }

    fn of(&self, count: &u64, most: &u64) -> String {
        let values = [
            ("count", Value::Number(*count)),
            ("most", Value::Number(*most)),
        ];
        self.t.fill("monitor-of", &values)
    }

    fn phase(&self, poll: &MonitorPoll) -> String {
        poll.phase.sentence(self.t)
    }

    fn at(&self, id: &str, unix_ms: &u64) -> String {
        self.t.with_text(id, "moment", &self.t.moment(unix_ms))
    }

    /// Answers of the last minute that is over.
    fn last_minute(&self, poll: &MonitorPoll) -> String {
        let place = poll.arrivals.len().checked_sub(2);
        let last = place.and_then(|place| poll.arrivals.get(place));
        self.t.number(last.unwrap_or(&0))
    }

    fn last_minutes(&self, poll: &MonitorPoll) -> String {
        self.t.number(&poll.arrivals.iter().sum())
    }

    fn reason(&self, word: &str) -> String {
        let known = REASONS.iter().find(|(known, _)| *known == word);
        self.t
            .say(known.map_or("monitor-refused-other", |(_, id)| id))
    }
}

impl MonitorPoll {
    /// Place, upper edge and height of each minute's column.
    fn columns(&self) -> Vec<(usize, u64, u64)> {
        let most = self.arrivals.iter().copied().max().unwrap_or(0).max(1);
        let column = |(place, answers): (usize, &u64)| {
            let height = (answers * ARRIVALS_HEIGHT).div_ceil(most);
            (place, ARRIVALS_HEIGHT - height, height)
        };
        self.arrivals.iter().enumerate().map(column).collect()
    }
}

/// Words that the service has for why a submission was refused, and what people read for them.
const REASONS: [(&str, &str); 20] = [
    ("unknown_link", "monitor-refused-unknown-link"),
    ("malformed_link", "monitor-refused-malformed-link"),
    ("too_large", "monitor-refused-too-large"),
    ("too_slow", "monitor-refused-too-slow"),
    ("not_a_form", "monitor-refused-not-a-form"),
    ("not_utf8", "monitor-refused-not-utf8"),
    ("nothing_chosen", "monitor-refused-nothing-chosen"),
    ("two_chosen", "monitor-refused-two-chosen"),
    ("not_on_ballot", "monitor-refused-not-on-ballot"),
    ("not_yet_open", "monitor-refused-not-yet-open"),
    ("ended", "monitor-refused-ended"),
    ("paused", "monitor-refused-paused"),
    ("closed", "monitor-refused-closed"),
    ("annulled", "monitor-refused-annulled"),
    ("more_than_invited", "monitor-refused-more-than-invited"),
    ("answered_otherwise", "monitor-refused-answered-otherwise"),
    ("frozen", "monitor-refused-frozen"),
    ("busy", "monitor-refused-busy"),
    ("clock", "monitor-refused-clock"),
    ("stopped", "monitor-refused-stopped"),
];

/// Whether people can read why a submission was refused, for who has the words.
pub fn is_known_refusal(word: &str) -> bool {
    word == "other" || REASONS.iter().any(|(known, _)| *known == word)
}
