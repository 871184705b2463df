//! How sending goes, for whoever watches: a small file that the sending process writes each second and others read. It
//! holds counts, and is true of the moment it names; what counts is the journal.

use crate::moment::rfc3339;
use serde::{Deserialize, Serialize};
use sijill_outreach::sending::{Progress, Waits};
use sijill_outreach::status::meaning;
use sijill_outreach::wave::{Standing, Wave};
use std::collections::BTreeMap;
use std::io;
use std::path::Path;

/// How sending goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SendingState {
    /// The wave, counted over the journal.
    pub wave: u16,
    /// What it is for: `first`, `again`, `reminder`.
    pub kind: String,
    /// Invitations in it.
    pub invitations: u32,
    /// How many of them stand where, by the words of [`Standing`].
    pub counts: BTreeMap<String, u32>,
    /// Messages that were refused, by reason.
    pub failed: BTreeMap<String, u32>,
    /// Thousandths of a segment a second, at present.
    pub millisegments_a_second: u64,
    /// Seconds until everything has left, at the pace of the run so far; none before anything has.
    pub seconds_left: Option<u64>,
    /// Why nothing leaves, if nothing does.
    pub waits: Option<String>,
    /// Receipts that nobody can make sense of.
    pub strays: u64,
    /// When this was true, milliseconds since 1970.
    pub at: u64,
}

impl SendingState {
    /// What a run tells.
    pub fn of(progress: &Progress<'_>, at: u64) -> Self {
        Self {
            millisegments_a_second: progress.millisegments_a_second,
            waits: progress.waits.map(words),
            strays: progress.strays,
            ..Self::of_wave(progress.wave, at)
        }
    }

    /// What a journal says of a wave that nobody is sending.
    pub fn of_wave(wave: &Wave, at: u64) -> Self {
        let counts = Standing::ALL.into_iter();
        let counts = counts.map(|standing| (standing.word().to_owned(), wave.count(standing)));
        Self {
            wave: wave.number,
            kind: kind(wave).to_owned(),
            invitations: wave.size(),
            counts: counts.collect(),
            failed: wave.statuses().map(reason).collect(),
            millisegments_a_second: 0,
            seconds_left: None,
            waits: None,
            strays: 0,
            at,
        }
    }

    /// How many stand there.
    pub fn count(&self, standing: Standing) -> u32 {
        self.counts.get(standing.word()).copied().unwrap_or(0)
    }

    /// Messages that have not left, or of which the gateway has not said anything.
    pub fn to_go(&self) -> u32 {
        self.count(Standing::Queued) + self.count(Standing::Submitted)
    }
}

/// What a wave is for, in a word.
pub fn kind(wave: &Wave) -> &'static str {
    use sijill_outreach::delivery::WaveKind;
    match wave.kind {
        WaveKind::First => "first",
        WaveKind::Again => "again",
        WaveKind::Reminder => "reminder",
    }
}

fn reason((status, count): (Option<u32>, u32)) -> (String, u32) {
    let name = status.map_or("other reasons".to_owned(), |status| {
        format!("{} (0x{status:02X})", meaning(status).name)
    });
    (name, count)
}

fn words(waits: Waits) -> String {
    match waits {
        Waits::Paused => "paused".to_owned(),
        Waits::Quiet(Some(until)) => format!("quiet hours until {}", rfc3339(until)),
        Waits::Quiet(None) => "quiet hours without an end: mend `[sending]`".to_owned(),
        Waits::Over => "the poll is over".to_owned(),
        Waits::Gateway => "no connection to the gateway".to_owned(),
        Waits::Receipts => "everything has left; receipts are waited for".to_owned(),
    }
}

/// Writes the file, in the place of the one before.
pub fn write(path: &Path, state: &SendingState) -> io::Result<()> {
    let beside = path.with_extension("new");
    std::fs::write(&beside, serde_json::to_vec(state)?)?;
    std::fs::rename(&beside, path)
}

/// Reads it, if there is one.
pub fn read(path: &Path) -> Option<SendingState> {
    serde_json::from_slice(&std::fs::read(path).ok()?).ok()
}
