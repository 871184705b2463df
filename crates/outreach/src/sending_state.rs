//! How sending goes, for whoever watches: a small file that the sending process writes each second and others read. It is
//! true of the moment it names; what counts is the journal.
//!
//! *Invariant:* there is nothing in it but counts, moments and words of this program. A file that says anything else, is
//! torn, or is longer than one can be, is as good as none: whoever watches is shown no text of anybody's, and nothing
//! that reads it fails by it.

use crate::delivery::WaveKind;
use crate::limits::{LIVE_MS_MAX, STATE_BYTES_MAX, STATE_MOMENT_MS_MAX, STATUSES_MAX};
use crate::sending::{Ended, Progress, Waits};
use crate::status;
use crate::wave::{Standing, Wave};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// How sending goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SendingState {
    /// The wave, counted over the journal.
    pub wave: u16,
    /// What it is for.
    pub kind: WaveKind,
    /// Invitations in it.
    pub invitations: u32,
    /// How many of them stand where.
    pub counts: BTreeMap<Standing, u32>,
    /// Messages that the gateway refused.
    pub failed: Vec<Refusals>,
    /// Thousandths of a segment a second, over the last seconds.
    pub millisegments_a_second: u64,
    /// Thousandths of a segment a second that the pace lets leave at present.
    pub millisegments_a_second_max: u64,
    /// Seconds until everything has left, at the pace of the run so far; none before anything has.
    pub seconds_left: Option<u64>,
    /// Why nothing leaves, if nothing does.
    pub waits: Option<WaitReason>,
    /// Until when it waits, milliseconds since 1970, where that is known.
    pub waits_until: Option<u64>,
    /// How the run ended, if it has.
    pub ended: Option<EndReason>,
    /// Receipts that nobody can make sense of.
    pub strays: u64,
    /// When this was true, milliseconds since 1970.
    pub at: u64,
}

/// Messages that were refused with one status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusals {
    /// Which status; none stands for all that came after the first kinds.
    pub status: Option<u32>,
    /// How many messages.
    pub count: u32,
}

/// Why no message leaves, in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WaitReason {
    /// The operator paused it, or the poll.
    Paused,
    /// People are not written to at this time.
    QuietHours,
    /// The poll is over.
    PollOver,
    /// There is no connection.
    Gateway,
    /// Everything has left; receipts are waited for.
    Receipts,
}

impl WaitReason {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Paused,
        Self::QuietHours,
        Self::PollOver,
        Self::Gateway,
        Self::Receipts,
    ];

    /// Its word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Paused => "paused",
            Self::QuietHours => "quiet_hours",
            Self::PollOver => "poll_over",
            Self::Gateway => "gateway",
            Self::Receipts => "receipts",
        }
    }
}

impl From<Waits> for WaitReason {
    fn from(waits: Waits) -> Self {
        match waits {
            Waits::Paused => Self::Paused,
            Waits::Quiet(_) => Self::QuietHours,
            Waits::Over => Self::PollOver,
            Waits::Gateway => Self::Gateway,
            Waits::Receipts => Self::Receipts,
        }
    }
}

/// How a run ended, in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// Nothing is left to be sent or waited for.
    Final,
    /// Everything has left, and the receipts did not all come in time.
    Unreceipted,
    /// The poll is over, and some messages never left.
    PollOver,
    /// Somebody stopped it.
    Interrupted,
    /// The gateway refuses this account, or this sender.
    Stopped,
}

impl EndReason {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Final,
        Self::Unreceipted,
        Self::PollOver,
        Self::Interrupted,
        Self::Stopped,
    ];

    /// Its word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Final => "final",
            Self::Unreceipted => "unreceipted",
            Self::PollOver => "poll_over",
            Self::Interrupted => "interrupted",
            Self::Stopped => "stopped",
        }
    }
}

impl From<&Ended> for EndReason {
    fn from(ended: &Ended) -> Self {
        match ended {
            Ended::Final => Self::Final,
            Ended::Unreceipted => Self::Unreceipted,
            Ended::Over => Self::PollOver,
            Ended::Interrupted => Self::Interrupted,
            Ended::Stopped { .. } => Self::Stopped,
        }
    }
}

/// What a state comes to at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Course {
    /// Messages leave.
    Sends,
    /// A process is there, and nothing leaves.
    Waits,
    /// The run ended, and said how.
    Ended,
    /// Nobody has written the state for some time, and nobody said that it ended.
    Silent,
}

impl Course {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Sends, Self::Waits, Self::Ended, Self::Silent];

    /// Its word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Sends => "sends",
            Self::Waits => "waits",
            Self::Ended => "ended",
            Self::Silent => "silent",
        }
    }
}

impl SendingState {
    /// What a run tells.
    #[must_use]
    pub fn of(progress: &Progress<'_>, at: u64) -> Self {
        Self {
            millisegments_a_second_max: progress.millisegments_a_second_max,
            waits: progress.waits.map(WaitReason::from),
            waits_until: match progress.waits {
                Some(Waits::Quiet(until)) => until,
                _ => None,
            },
            strays: progress.strays,
            ..Self::of_wave(progress.wave, at)
        }
    }

    /// What a journal says of a wave that nobody is sending.
    #[must_use]
    pub fn of_wave(wave: &Wave, at: u64) -> Self {
        let counts = Standing::ALL.into_iter();
        let refusals = |(status, count)| Refusals { status, count };
        Self {
            wave: wave.number,
            kind: wave.kind,
            invitations: wave.size(),
            counts: counts
                .map(|standing| (standing, wave.count(standing)))
                .collect(),
            failed: wave.statuses().map(refusals).collect(),
            millisegments_a_second: 0,
            millisegments_a_second_max: 0,
            seconds_left: None,
            waits: None,
            waits_until: None,
            ended: None,
            strays: 0,
            at,
        }
    }

    /// How many stand there.
    #[must_use]
    pub fn count(&self, standing: Standing) -> u32 {
        self.counts.get(&standing).copied().unwrap_or(0)
    }

    /// Messages that have not left, or of which the gateway has not said anything.
    #[must_use]
    pub fn to_go(&self) -> u32 {
        let queued = self.count(Standing::Queued);
        queued.saturating_add(self.count(Standing::Submitted))
    }

    /// What it comes to now, milliseconds since 1970. A moment that lies ahead is as far away as one behind: a clock that
    /// was set back makes nobody send for ever.
    #[must_use]
    pub fn course(&self, now: u64) -> Course {
        let is_live = self.at.abs_diff(now) <= LIVE_MS_MAX;
        match (self.ended, is_live, self.waits) {
            (Some(_), _, _) => Course::Ended,
            (None, false, _) => Course::Silent,
            (None, true, Some(_)) => Course::Waits,
            (None, true, None) => Course::Sends,
        }
    }

    /// Failed messages by reason, the words of [`status::FAILURES`]: what the gateway refused, and what a receipt says was
    /// not delivered.
    #[must_use]
    pub fn failures(&self) -> BTreeMap<&'static str, u32> {
        let mut failures = BTreeMap::new();
        let mut refused = 0_u32;
        for of in &self.failed {
            let count: &mut u32 = failures.entry(status::failure(of.status)).or_default();
            *count = count.saturating_add(of.count);
            refused = refused.saturating_add(of.count);
        }
        match self.count(Standing::Failed).saturating_sub(refused) {
            0 => {}
            by_receipt => {
                failures.insert(status::UNDELIVERED, by_receipt);
            }
        }
        failures
    }

    /// Whether a sending process could have said this.
    fn is_possible(&self) -> bool {
        let moments = self.waits_until.into_iter().chain([self.at]);
        // One more than are told apart: all the others.
        self.failed.len() <= STATUSES_MAX + 1 && moments.max().unwrap_or(0) <= STATE_MOMENT_MS_MAX
    }
}

/// Writes the file, in the place of the one before.
pub fn write(path: &Path, state: &SendingState) -> io::Result<()> {
    let beside = path.with_extension("new");
    std::fs::write(&beside, serde_json::to_vec(state)?)?;
    std::fs::rename(&beside, path)
}

/// Reads it, if there is one. What is no file is not opened: a pipe in its place would hold whoever looks.
#[must_use]
pub fn read(path: &Path) -> Option<SendingState> {
    let is_file = std::fs::symlink_metadata(path).ok()?.is_file();
    let file = is_file.then(|| File::open(path).ok()).flatten()?;
    let mut bytes = Vec::new();
    file.take(STATE_BYTES_MAX + 1)
        .read_to_end(&mut bytes)
        .ok()?;
    let is_whole = bytes.len() as u64 <= STATE_BYTES_MAX;
    let state: SendingState = is_whole
        .then(|| serde_json::from_slice(&bytes).ok())
        .flatten()?;
    state.is_possible().then_some(state)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_795_450_199_123;

    fn state() -> SendingState {
        SendingState {
            wave: 2,
            kind: WaveKind::Reminder,
            invitations: 500,
            counts: BTreeMap::from([
                (Standing::Queued, 90),
                (Standing::Submitted, 10),
                (Standing::Delivered, 300),
                (Standing::Failed, 100),
            ]),
            failed: vec![
                refusals(Some(0x0B), 60),
                refusals(Some(0x66), 10),
                refusals(Some(0x0BAD_CAFE), 4),
                refusals(None, 1),
            ],
            millisegments_a_second: 49_800,
            millisegments_a_second_max: 50_000,
            seconds_left: Some(4),
            waits: None,
            waits_until: None,
            ended: None,
            strays: 0,
            at: NOW,
        }
    }

    fn refusals(status: Option<u32>, count: u32) -> Refusals {
        Refusals { status, count }
    }

    /// What is read when this stands in the file.
    fn read_of(bytes: &[u8]) -> Option<SendingState> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sending.json");
        std::fs::write(&path, bytes).unwrap();
        read(&path)
    }

    #[test]
    fn what_was_written_is_read_and_stands_alone_in_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sending.json");
        for wave in 0..2 {
            let state = SendingState { wave, ..state() };
            write(&path, &state).unwrap();
            assert_eq!(read(&path), Some(state));
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn the_longest_state_there_can_be_is_read() {
        let failed =
            (0..=STATUSES_MAX).map(|status| refusals(Some(u32::MAX - status as u32), u32::MAX));
        let counts = Standing::ALL.map(|standing| (standing, u32::MAX));
        let longest = SendingState {
            wave: u16::MAX,
            invitations: u32::MAX,
            counts: counts.into(),
            failed: failed.collect(),
            millisegments_a_second: u64::MAX,
            millisegments_a_second_max: u64::MAX,
            seconds_left: Some(u64::MAX),
            waits: Some(WaitReason::QuietHours),
            waits_until: Some(STATE_MOMENT_MS_MAX),
            ended: Some(EndReason::Unreceipted),
            strays: u64::MAX,
            at: STATE_MOMENT_MS_MAX,
            ..state()
        };
        let bytes = serde_json::to_vec(&longest).unwrap();
        assert_eq!(read_of(&bytes), Some(longest));
    }

    #[test]
    fn what_no_sending_process_wrote_is_as_good_as_nothing() {
        let whole = serde_json::to_string(&state()).unwrap();
        assert!(read_of(whole.as_bytes()).is_some());
        for cut in 0..whole.len() {
            assert_eq!(read_of(&whole.as_bytes()[..cut]), None, "{cut} bytes");
        }
        for (from, to) in [
            ("\"reminder\"", "\"+9647701234567\""),
            ("\"queued\"", "\"+9647701234567\""),
            ("\"wave\":2", "\"wave\":-2"),
            ("\"wave\":2", "\"wave\":65536"),
            ("\"waits\":null", "\"waits\":\"quiet hours until then\""),
            ("\"ended\":null", "\"ended\":\"the gateway said so\""),
            (
                "\"failed\":[",
                "\"failed\":[{\"status\":\"x\",\"count\":1},",
            ),
            (&NOW.to_string(), "18446744073709551615"),
            ("\"waits_until\":null", "\"waits_until\":253402300800000"),
        ] {
            assert!(whole.contains(from), "{from}");
            assert_eq!(read_of(whole.replace(from, to).as_bytes()), None, "{to}");
        }
        let too_many = SendingState {
            failed: vec![refusals(None, 1); STATUSES_MAX + 2],
            ..state()
        };
        assert_eq!(read_of(&serde_json::to_vec(&too_many).unwrap()), None);
        let padded = format!("{whole}{}", " ".repeat(STATE_BYTES_MAX as usize));
        assert_eq!(read_of(padded.as_bytes()), None);
        assert_eq!(read_of(&[b'['; 10_000]), None);
        assert_eq!(read_of(b"\xff\xfe"), None);
    }

    #[test]
    fn what_is_no_file_is_not_opened() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(read(&folder.path().join("sending.json")), None);
        assert_eq!(read(folder.path()), None);
        let pipe = folder.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.unwrap().success());
        assert_eq!(read(&pipe), None);
    }

    #[test]
    fn a_state_that_nobody_wrote_for_some_time_is_silent_unless_it_ended() {
        let waits = SendingState {
            waits: Some(WaitReason::Gateway),
            ..state()
        };
        let ended = SendingState {
            ended: Some(EndReason::Final),
            ..state()
        };
        for (now, sends, waiting) in [
            (NOW, Course::Sends, Course::Waits),
            (NOW + LIVE_MS_MAX, Course::Sends, Course::Waits),
            (NOW + LIVE_MS_MAX + 1, Course::Silent, Course::Silent),
            (NOW - LIVE_MS_MAX, Course::Sends, Course::Waits),
            (NOW - LIVE_MS_MAX - 1, Course::Silent, Course::Silent),
            (u64::MAX, Course::Silent, Course::Silent),
        ] {
            assert_eq!(state().course(now), sends, "{now}");
            assert_eq!(waits.course(now), waiting, "{now}");
            assert_eq!(ended.course(now), Course::Ended, "{now}");
        }
    }

    #[test]
    fn every_failed_message_has_a_reason_and_only_words_of_ours_are_reasons() {
        let failures = state().failures();
        let expected = [
            ("number_invalid", 60),
            ("other", 5),
            ("refused", 10),
            ("undelivered", 25),
        ];
        assert_eq!(failures, BTreeMap::from(expected));
        assert_eq!(failures.values().sum::<u32>(), 100);
        assert!(failures.keys().all(|word| status::FAILURES.contains(word)));
    }

    #[test]
    fn words_are_the_same_in_the_file_and_for_whoever_shows_them() {
        let in_file = |value: serde_json::Value| value.as_str().unwrap().to_owned();
        for standing in Standing::ALL {
            let word = serde_json::to_value(standing).unwrap();
            assert_eq!(in_file(word), standing.word());
        }
        for reason in WaitReason::ALL {
            let word = serde_json::to_value(reason).unwrap();
            assert_eq!(in_file(word), reason.word());
        }
        for reason in EndReason::ALL {
            let word = serde_json::to_value(reason).unwrap();
            assert_eq!(in_file(word), reason.word());
        }
        for course in Course::ALL {
            let word = serde_json::to_value(course).unwrap();
            assert_eq!(in_file(word), course.word());
        }
        for kind in WaveKind::ALL {
            let word = serde_json::to_value(kind).unwrap();
            assert_eq!(in_file(word), kind.word());
        }
    }
}
