//! A wave: which invitations are written to together, and how many of them stand where. What the ledger is told of it at
//! its end follows from these counts.

use crate::delivery::{Delivery, Selection, State, WaveKind};
use crate::limits::STATUSES_MAX;
use serde::{Deserialize, Serialize};
use sijill_ledger::Hash;
use sijill_poll::event::WaveEnded;
use std::collections::BTreeMap;

/// Where an invitation of a wave stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Its message is to be sent.
    Queued,
    /// Its message is on its way to the gateway.
    Submitted,
    /// The gateway answers for it.
    Accepted,
    /// It is on the phone.
    Delivered,
    /// It will not be delivered.
    Failed,
    /// Its time ran out.
    Expired,
    /// Nobody knows.
    Unknown,
    /// The person asked to be left alone before any message left.
    Stopped,
    /// The person asked to be left alone after it was sent.
    Refused,
}

impl Standing {
    /// All of them, in the order in which people read them.
    pub const ALL: [Self; 9] = [
        Self::Queued,
        Self::Submitted,
        Self::Accepted,
        Self::Delivered,
        Self::Failed,
        Self::Expired,
        Self::Unknown,
        Self::Stopped,
        Self::Refused,
    ];

    /// Where it stands by its fold.
    #[must_use]
    pub fn of(delivery: &Delivery) -> Self {
        match (delivery.state, delivery.stopped) {
            (State::Uninvited | State::Queued, true) => Self::Stopped,
            (State::Uninvited | State::Queued, false) => Self::Queued,
            (State::Submitted, _) => Self::Submitted,
            (State::Failed, _) => Self::Failed,
            (State::Expired, _) => Self::Expired,
            (State::Accepted | State::Delivered | State::Unknown, true) => Self::Refused,
            (State::Accepted, false) => Self::Accepted,
            (State::Delivered, false) => Self::Delivered,
            (State::Unknown, false) => Self::Unknown,
        }
    }

    /// Its word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Submitted => "submitted",
            Self::Accepted => "accepted",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
            Self::Expired => "expired",
            Self::Unknown => "unknown",
            Self::Stopped => "stopped",
            Self::Refused => "refused",
        }
    }
}

/// A wave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wave {
    /// Its number among the journal's waves, from 1.
    pub number: u16,
    /// What it is for.
    pub kind: WaveKind,
    /// Which invitations it is for.
    pub selection: Selection,
    /// Whether all of it is chosen.
    pub ready: bool,
    /// Its number in the ledger, once its beginning is there.
    pub recorded: Option<u16>,
    /// Whether it is over.
    pub ended: bool,
    counts: BTreeMap<Standing, u32>,
    /// Invitations whose message is to be put on its way.
    due: u32,
    /// Invitations whose message was refused, by status.
    statuses: BTreeMap<Option<u32>, u32>,
}

impl Wave {
    pub(crate) fn new(number: u16, kind: WaveKind, selection: Selection) -> Self {
        Self {
            number,
            kind,
            selection,
            ready: false,
            recorded: None,
            ended: false,
            counts: BTreeMap::new(),
            due: 0,
            statuses: BTreeMap::new(),
        }
    }

    /// Its invitations.
    #[must_use]
    pub fn size(&self) -> u32 {
        self.counts.values().sum()
    }

    /// How many of them stand there.
    #[must_use]
    pub fn count(&self, standing: Standing) -> u32 {
        self.counts.get(&standing).copied().unwrap_or(0)
    }

    /// How many messages are to be put on their way: those that wait, and those that may have to be repeated.
    #[must_use]
    pub fn due(&self) -> u32 {
        self.due
    }

    /// How many messages were refused with which status; none stands for all that came after the first kinds.
    pub fn statuses(&self) -> impl Iterator<Item = (Option<u32>, u32)> + '_ {
        let statuses = self.statuses.iter();
        statuses.map(|(status, count)| (*status, *count))
    }

    /// How many of them it plans, in the ledger's words: those that no earlier wave had.
    #[must_use]
    pub fn planned(&self) -> u32 {
        match self.kind {
            WaveKind::First => self.size(),
            WaveKind::Again | WaveKind::Reminder => 0,
        }
    }

    /// What the ledger is told when it is over: what expired has failed, what is accepted or unknown was sent, and what
    /// was never put on its way was not sent. A wave that plans nobody tells of nobody.
    #[must_use]
    pub fn outcome(&self, wave: u16, journal: Hash) -> WaveEnded {
        let of = |standings: &[Standing]| match self.kind {
            WaveKind::First => standings.iter().map(|standing| self.count(*standing)).sum(),
            WaveKind::Again | WaveKind::Reminder => 0,
        };
        let delivered = of(&[Standing::Delivered]);
        let unknown = of(&[Standing::Accepted, Standing::Unknown, Standing::Submitted]);
        let refused = of(&[Standing::Refused]);
        WaveEnded {
            wave,
            sent: delivered + unknown + refused,
            failed: of(&[Standing::Failed, Standing::Expired, Standing::Queued]),
            stopped: of(&[Standing::Stopped]),
            delivered,
            unknown,
            refused,
            journal: Some(journal),
        }
    }

    pub(crate) fn add(&mut self, delivery: &Delivery) {
        *self.counts.entry(Standing::of(delivery)).or_default() += 1;
        self.due += u32::from(delivery.is_due());
    }

    pub(crate) fn moved(&mut self, before: &Delivery, after: &Delivery) {
        if let Some(count) = self.counts.get_mut(&Standing::of(before)) {
            *count = count.saturating_sub(1);
        }
        self.due = self.due.saturating_sub(before.is_due().into());
        self.add(after);
        let fails = after.state == State::Failed && before.state != State::Failed;
        if fails && after.status != 0 {
            let known = self.statuses.contains_key(&Some(after.status));
            let status = (known || self.statuses.len() < STATUSES_MAX).then_some(after.status);
            *self.statuses.entry(status).or_default() += 1;
        }
    }
}
