//! The live tally in the terminal, as it is published.

use super::crowd::Crowd;
use super::site::Site;
use crate::console::{Console, grouped, percent};
use crate::fault::unfinished;
use anyhow::Result;
use indicatif::{ProgressBar, ProgressStyle};
use sijill_server::Published;
use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// How often the bar moves.
const STEP: Duration = Duration::from_millis(100);

/// How often a line is written where there is no terminal.
const LINE: Duration = Duration::from_secs(5);

/// What is watched.
pub struct Watch<'a> {
    /// Where to show it.
    pub console: Console,
    /// The site.
    pub site: &'a Site,
    /// Answers expected.
    pub expected: u64,
    /// The options' labels, in the definition's order.
    pub options: Vec<String>,
    /// Set when the demo is to end.
    pub interrupted: &'a AtomicBool,
}

impl Watch<'_> {
    /// Shows the tally until the crowd is done, or the demo is to end, or the service fails.
    pub fn until_done(
        &self,
        crowd: &Crowd,
        published: &watch::Receiver<Arc<Published>>,
    ) -> Result<()> {
        let bar = self.bar();
        let started = Instant::now();
        let mut next_line = started + LINE;
        while !crowd.is_done() && !self.interrupted.load(Ordering::Relaxed) {
            std::thread::sleep(STEP);
            if let Some(why) = self.site.stopped() {
                bar.abandon();
                return Err(unfinished(format!("the service stopped: {why}")));
            }
            let tally = published.borrow().tally.clone();
            bar.set_position(tally.answered);
            bar.set_message(self.message(crowd, started, &tally.by_option, tally.answered));
            if bar.is_hidden() && Instant::now() >= next_line {
                self.console
                    .message(&self.line(tally.answered, &tally.by_option));
                next_line += LINE;
            }
        }
        bar.finish_and_clear();
        Ok(())
    }

    fn bar(&self) -> ProgressBar {
        let bar = self.console.bar(self.expected, "");
        let template = "  {elapsed_precise}  {bar:28}  {human_pos} of {human_len} answers   {msg}";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("█▉▊▋▌▍▎▏░"));
        }
        bar
    }

    fn message(&self, crowd: &Crowd, started: Instant, counts: &[u64], answered: u64) -> String {
        let rate = crowd.progress().answered() as f64 / started.elapsed().as_secs_f64().max(0.1);
        format!(
            "{rate:.0}/s, each on disk before it is confirmed\n            {}",
            self.shares(counts, answered)
        )
    }

    fn line(&self, answered: u64, counts: &[u64]) -> String {
        format!(
            "  {} of {} answers   {}",
            grouped(answered),
            grouped(self.expected),
            self.shares(counts, answered)
        )
    }

    fn shares(&self, counts: &[u64], answered: u64) -> String {
        shares(&self.options, counts, answered)
    }
}

/// Counts and shares by option, in one line.
pub fn shares(options: &[String], counts: &[u64], answered: u64) -> String {
    let mut text = String::new();
    for (option, count) in options.iter().zip(counts) {
        // Writing into a String cannot fail.
        let _ = write!(
            text,
            "{option} {} ({})   ",
            grouped(*count),
            percent(*count, answered)
        );
    }
    text.trim_end().to_owned()
}
