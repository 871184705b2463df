//! The simulated crowd: each opens the personal link and sends the form, over HTTP like a phone would.

use anyhow::{Context, Result, anyhow, bail};
use sijill_poll::credential::Token;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use ureq::Agent;

/// Respondents who are on the line at the same time.
const PHONES: usize = 8;

/// Longest wait for one page.
const PAGE_TIME_MAX: Duration = Duration::from_secs(30);

/// How often somebody tries again when the service is busy.
const TRIES_MAX: u32 = 5;

/// Promises that are kept, for the audit and to look at.
pub const PROMISES_KEPT: usize = 5;

/// Somebody who will answer.
#[derive(Debug, Clone)]
pub struct Respondent {
    /// The secret in the link.
    pub token: Token,
    /// The language of the page.
    pub language: String,
    /// The option's id.
    pub option: String,
    /// When, after the messages left.
    pub delay: Duration,
}

/// How far the crowd is.
#[derive(Debug, Default)]
pub struct Progress {
    next: AtomicUsize,
    answered: AtomicU64,
    failed: AtomicU64,
    first_failure: Mutex<Option<String>>,
    stopped: AtomicBool,
}

impl Progress {
    /// Answers that were confirmed.
    pub fn answered(&self) -> u64 {
        self.answered.load(Ordering::Relaxed)
    }

    /// Respondents who did not get through, and what the first of them met.
    pub fn failed(&self) -> Option<(u64, String)> {
        let count = self.failed.load(Ordering::Relaxed);
        let first = self
            .first_failure
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        first.as_ref().map(|why| (count, why.clone()))
    }

    fn fail(&self, error: &anyhow::Error) {
        self.failed.fetch_add(1, Ordering::Relaxed);
        let mut first = self
            .first_failure
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        first.get_or_insert_with(|| format!("{error:#}"));
    }
}

/// A crowd under way.
pub struct Crowd {
    progress: Arc<Progress>,
    phones: Vec<JoinHandle<()>>,
}

/// What all phones of a crowd share.
struct Shared {
    site: String,
    promises: PathBuf,
    respondents: Vec<Respondent>,
    started: Instant,
    progress: Arc<Progress>,
}

impl Crowd {
    /// Lets these respondents (by ascending delay) loose on the site at `http://HOST:PORT`.
    pub fn start(site: String, promises: &Path, respondents: Vec<Respondent>) -> Result<Self> {
        std::fs::create_dir_all(promises)?;
        let progress = Arc::new(Progress::default());
        let shared = Arc::new(Shared {
            site,
            promises: promises.to_owned(),
            respondents,
            started: Instant::now(),
            progress: Arc::clone(&progress),
        });
        let phone = |_| {
            let shared = Arc::clone(&shared);
            std::thread::Builder::new()
                .name("phone".to_owned())
                .spawn(move || shared.answer_all())
        };
        let phones = (0..PHONES).map(phone).collect::<Result<_, _>>()?;
        Ok(Self { progress, phones })
    }

    /// How far it is.
    pub fn progress(&self) -> &Progress {
        &self.progress
    }

    /// Whether everybody is done.
    pub fn is_done(&self) -> bool {
        self.phones.iter().all(JoinHandle::is_finished)
    }

    /// Sends everybody home who has not begun, and waits for the others.
    pub fn stop(self) {
        self.progress.stopped.store(true, Ordering::Relaxed);
        for phone in self.phones {
            // A phone that broke down has told why on standard error.
            let _ = phone.join();
        }
    }
}

impl Shared {
    fn answer_all(&self) {
        let agent: Agent = Agent::config_builder()
            .timeout_global(Some(PAGE_TIME_MAX))
            .http_status_as_error(false)
            .build()
            .into();
        loop {
            let place = self.progress.next.fetch_add(1, Ordering::Relaxed);
            let Some(respondent) = self.respondents.get(place) else {
                return;
            };
            if !self.wait_until(respondent.delay) {
                return;
            }
            match self.answer(&agent, place, respondent) {
                Ok(()) => {
                    self.progress.answered.fetch_add(1, Ordering::Relaxed);
                }
                Err(error) => self.progress.fail(&error),
            }
        }
    }

    /// Sleeps in short steps; false if the crowd was sent home meanwhile.
    fn wait_until(&self, delay: Duration) -> bool {
        loop {
            if self.progress.stopped.load(Ordering::Relaxed) {
                return false;
            }
            let left = delay.saturating_sub(self.started.elapsed());
            if left.is_zero() {
                return true;
            }
            std::thread::sleep(left.min(Duration::from_millis(50)));
        }
    }

    fn answer(&self, agent: &Agent, place: usize, respondent: &Respondent) -> Result<()> {
        let page = format!(
            "{}/p/{}/in/{}",
            self.site,
            respondent.token.reveal(),
            respondent.language
        );
        // The link is a secret; no error may carry it.
        let hidden =
            |error: ureq::Error| anyhow!(error.to_string().replace(respondent.token.reveal(), "…"));
        let shown = agent.get(&page).call().map_err(hidden)?;
        if shown.status() != 200 {
            bail!("the page came with status {}", shown.status());
        }
        drop_body(shown)?;
        for _ in 0..TRIES_MAX {
            let form = [
                ("answer", respondent.option.as_str()),
                ("revision", "1"),
                ("language", respondent.language.as_str()),
            ];
            let confirmed = agent.post(&page).send_form(form).map_err(hidden)?;
            let status = confirmed.status();
            drop_body(confirmed)?;
            match status.as_u16() {
                200..=299 => return self.keep_promise(agent, place, respondent),
                503 => std::thread::sleep(Duration::from_secs(1)),
                other => bail!("the answer was met with status {other}"),
            }
        }
        bail!("the service stayed busy")
    }

    /// The first few keep what they were promised.
    fn keep_promise(&self, agent: &Agent, place: usize, respondent: &Respondent) -> Result<()> {
        if place >= PROMISES_KEPT {
            return Ok(());
        }
        let address = format!("{}/p/{}/promise", self.site, respondent.token.reveal());
        let mut answer = agent
            .get(&address)
            .call()
            .map_err(|_| anyhow!("the promise could not be fetched"))?;
        if answer.status() != 200 {
            bail!("the promise came with status {}", answer.status());
        }
        let text = answer
            .body_mut()
            .read_to_string()
            .map_err(|_| anyhow!("the promise could not be read"))?;
        let file = self
            .promises
            .join(format!("answer-{}.sijill-promise", place + 1));
        std::fs::write(&file, text).with_context(|| format!("cannot write `{}`", file.display()))
    }
}

/// Reads a page to its end, so that its connection can be used again.
fn drop_body(mut response: ureq::http::Response<ureq::Body>) -> Result<()> {
    std::io::copy(&mut response.body_mut().as_reader(), &mut std::io::sink())?;
    Ok(())
}
