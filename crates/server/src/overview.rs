//! One look at a running service, as its operator sees it: what monitor, monitor page and metrics show, all from here.
//! It reads and changes nothing. Times are milliseconds since 1970.

use crate::book::{Book, state_word};
use crate::limits::{ANSWER_DISK_BYTES, QUEUE_JOBS_MAX};
use crate::reason::Reason;
use crate::service::Service;
use crate::shelf::sending_state_path;
use serde::{Deserialize, Serialize};
use sijill_outreach::sending_state::{self, Course, SendingState};
use sijill_poll::Poll;
use std::collections::BTreeMap;

/// A service at a moment. What is counted is counted from its start on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overview {
    /// The moment.
    pub now: u64,
    /// When the service was started.
    pub started: u64,
    /// `ok`, `stopped` or `clock_behind`.
    pub state: String,
    /// Why it is not `ok`, and what to do.
    pub why: Option<String>,
    /// How far the clock is behind the last entry, in milliseconds; 0 while it is not.
    pub clock_behind_ms: u64,
    /// Jobs that wait for the writer.
    pub queue_jobs: u64,
    /// As many may wait; more are told to come again.
    pub queue_jobs_max: u64,
    /// Bytes that may still be written; none where the system does not say.
    pub disk_free_bytes: Option<u64>,
    /// About what the disk will need if everybody answers who is invited to a poll that is not over.
    pub disk_needed_bytes: u64,
    /// Connections open.
    pub connections: u64,
    /// As many may be open.
    pub connections_max: u64,
    /// Answers confirmed.
    pub acknowledged: u64,
    /// What these waited in all for the writer and the disk, in microseconds.
    pub acknowledged_us: u64,
    /// Group commits.
    pub commits: u64,
    /// What the disk took for them in all, in microseconds.
    pub commits_us: u64,
    /// Entries made durable by them.
    pub committed_entries: u64,
    /// Tiles and bundles that were damaged and written anew.
    pub tiles_mended: u64,
    /// Bytes of entries that the scrubber has read again.
    pub scrubbed_bytes: u64,
    /// How often it came to the end of a ledger, and found it as it should be.
    pub scrub_looks: u64,
    /// Requests answered.
    pub requests: Vec<RequestCount>,
    /// Submissions refused whose link is of no poll, by reason.
    pub refused: BTreeMap<String, u64>,
    /// The polls, by slug.
    pub polls: Vec<PollOverview>,
}

/// How many requests of a kind were answered with statuses of a class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestCount {
    /// What was asked for.
    pub kind: String,
    /// `2xx`, `3xx`, `4xx` or `5xx`.
    pub class: String,
    /// How many.
    pub count: u64,
}

/// A poll at that moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PollOverview {
    /// Short name.
    pub slug: String,
    /// `not_yet_open`, `open`, `paused`, `ended`, `closed` or `annulled`.
    pub state: String,
    /// When answers are taken from.
    pub start: u64,
    /// The end in force.
    pub end: u64,
    /// Invitations in the roster.
    pub invited: u64,
    /// Of them, planned in waves begun.
    pub planned: u64,
    /// Of them, answered.
    pub answered: u64,
    /// Entries that are durable.
    pub entries: u64,
    /// Of them, published.
    pub published: u64,
    /// When the last publication was made; none before the first.
    pub published_at: Option<u64>,
    /// Publications made.
    pub publications: u64,
    /// Times that the page behind a link was shown, previews included.
    pub pages_opened: u64,
    /// Answers that became durable; one that changes another counts too.
    pub taken: u64,
    /// Submissions that said again what stands.
    pub repeated: u64,
    /// Submissions refused, by reason.
    pub refused: BTreeMap<String, u64>,
    /// Answers by minute, oldest first; the last minute is not over.
    pub arrivals: Vec<u64>,
    /// The messages of its last wave; none where none leave from this directory, or none has yet.
    pub sending: Option<SendingOverview>,
}

/// The messages of a wave, as the process that sends them last said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SendingOverview {
    /// What that comes to at this moment.
    pub course: Course,
    /// What it said.
    #[serde(flatten)]
    pub state: SendingState,
}

impl Service {
    /// A look at this service.
    pub fn overview(&self) -> Overview {
        let now = self.now();
        let counts = self.counts();
        let (state, why) = self.state();
        let (connections, connections_max) = counts.connections_of();
        let (acknowledged, acknowledged_us) = counts.acknowledgements().sums();
        let (commits, commits_us) = counts.commits().sums();
        let (scrubbed_bytes, scrub_looks) = counts.scrubs();
        let books = self.books();
        let requests = counts.requests().into_iter();
        Overview {
            now,
            started: self.started(),
            state: state.to_owned(),
            why,
            clock_behind_ms: self.clock_behind_ms().unwrap_or(0),
            queue_jobs: self.waiting_jobs() as u64,
            queue_jobs_max: QUEUE_JOBS_MAX as u64,
            disk_free_bytes: sijill_store::space::free_bytes(self.data()),
            disk_needed_bytes: books.iter().map(|book| needed_bytes(book, now)).sum(),
            connections,
            connections_max,
            acknowledged,
            acknowledged_us,
            commits,
            commits_us,
            committed_entries: counts.entries(),
            tiles_mended: self.tiles_mended(),
            scrubbed_bytes,
            scrub_looks,
            requests: requests
                .map(|((kind, class), count)| RequestCount {
                    kind: kind.to_owned(),
                    class: class.to_owned(),
                    count,
                })
                .collect(),
            refused: by_word(counts.strangers()),
            polls: books.iter().map(|book| self.of_book(book, now)).collect(),
        }
    }

    fn of_book(&self, book: &Book, now: u64) -> PollOverview {
        let counts = self.counts().poll(book.slug());
        let published = book.published();
        let poll = book.durable();
        PollOverview {
            slug: book.slug().to_owned(),
            state: state_word(&poll, now).to_owned(),
            start: poll.definition().field.start,
            end: poll.end(),
            invited: poll.committed().map_or(0, |roster| roster.count).into(),
            planned: poll.planned(),
            answered: poll.tally().answered,
            entries: poll.head().size,
            published: published.head.size,
            published_at: published.checkpoint.is_some().then_some(published.at),
            publications: counts.publications,
            pages_opened: counts.pages_opened,
            taken: counts.taken,
            repeated: counts.repeated,
            refused: by_word(counts.refused),
            arrivals: counts.arrivals.until(now),
            sending: self.sending(book.slug(), now),
        }
    }

    fn sending(&self, slug: &str, now: u64) -> Option<SendingOverview> {
        let state = sending_state::read(&sending_state_path(self.data(), slug))?;
        Some(SendingOverview {
            course: state.course(now),
            state,
        })
    }
}

/// What a poll that is not over will still write, about: an entry for every answer that its roster and its rules allow.
fn needed_bytes(book: &Book, now: u64) -> u64 {
    let poll = book.durable();
    let is_over = matches!(state_word(&poll, now), "ended" | "closed" | "annulled");
    match is_over {
        true => 0,
        false => answers_left(&poll).saturating_mul(ANSWER_DISK_BYTES),
    }
}

/// How many answers may still come, changed ones counted.
fn answers_left(poll: &Poll) -> u64 {
    let invited = poll.committed().map_or(0, |roster| roster.count);
    let each = u64::from(poll.definition().rules.revisions) + 1;
    let given: u64 = poll
        .casts()
        .iter()
        .map(|cast| u64::from(cast.revision))
        .sum();
    (u64::from(invited) * each).saturating_sub(given)
}

fn by_word(refused: BTreeMap<Reason, u64>) -> BTreeMap<String, u64> {
    let refused = refused.into_iter();
    refused
        .map(|(reason, count)| (reason.word().to_owned(), count))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::answers_left;
    use sijill_poll::Event;
    use sijill_scenarios::bench::{Bench, Setup};

    #[test]
    fn every_answer_that_may_still_come_needs_its_place_and_no_other() {
        let mut setup = Setup::default();
        setup.terms.revisions = 2;
        let mut bench = Bench::open(&setup);
        assert_eq!(answers_left(&bench.poll), 0, "nobody is invited yet");
        bench.admit(bench.roster_committed());
        assert_eq!(answers_left(&bench.poll), 36, "12 people, 3 answers each");
        bench.admit(bench.wave_started(12));
        bench.wait_for_start();
        for (option, left) in [("yes", 35), ("no", 34), ("yes", 33)] {
            bench.admit(Event::Responded(bench.responded(4, option)));
            assert_eq!(answers_left(&bench.poll), left);
        }
    }
}
