//! The report: what was checked, what came of it, what it rests on, and the exit code. Its JSON is that of DESIGN.md,
//! "Command line"; how it reads for people is `render`'s.

use crate::audit::Anchor;
use crate::state::State;
use serde::{Serialize, Serializer};
use sijill_ledger::fork::ForkProof;
use sijill_ledger::note::VerifierKey;
use std::collections::BTreeMap;

/// What came of a check, worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Something is not as it must be.
    Failed,
    /// Nothing was found wrong, and not everything could be looked at.
    NotChecked,
    /// All of it was looked at and is as it must be.
    Passed,
    /// There is nothing in this ledger to look at.
    NotApplicable,
}

/// A check's number, written `V4`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Number(pub u8);

impl std::fmt::Display for Number {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "V{}", self.0)
    }
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// One thing that is not as it must be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// The slug of its poll, where a report is of several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub poll: Option<String>,
    /// The entry's place in the ledger, from 0, if it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entry: Option<u64>,
    /// The roster leaf's index, if it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub leaf: Option<u64>,
    /// What it is about.
    pub subject: String,
    /// What should be there.
    pub expected: String,
    /// What is there.
    pub found: String,
    /// What that means.
    pub meaning: String,
}

impl Failure {
    /// A failure about `subject`.
    pub(crate) fn new(
        subject: impl Into<String>,
        expected: impl Into<String>,
        found: impl Into<String>,
        meaning: impl Into<String>,
    ) -> Self {
        Self {
            poll: None,
            entry: None,
            leaf: None,
            subject: subject.into(),
            expected: expected.into(),
            found: found.into(),
            meaning: meaning.into(),
        }
    }

    /// The same, at this entry.
    pub(crate) fn at_entry(self, place: u64) -> Self {
        Self {
            entry: Some(place),
            ..self
        }
    }

    /// The same, at this leaf.
    pub(crate) fn at_leaf(self, index: u64) -> Self {
        Self {
            leaf: Some(index),
            ..self
        }
    }
}

/// What came of one check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CheckReport {
    /// Its number.
    pub number: Number,
    /// Its title.
    pub title: &'static str,
    /// What came of it.
    pub verdict: Verdict,
    /// How many items it looked at.
    pub items: u64,
    /// How many failures there are; [`CheckReport::failures`] has the first of them.
    pub failed: u64,
    /// The first failures.
    pub failures: Vec<Failure>,
    /// Why it was not checked, and what to give; or why it is not applicable.
    pub why: Vec<String>,
    /// What a reader should know besides.
    pub notes: Vec<String>,
}

/// An anchor, and whether the ledger met it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AnchorReport {
    /// What was given.
    pub anchor: Anchor,
    /// Whether the entry with that index has that link.
    pub met: bool,
}

/// The keys that an audit rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeysReport {
    /// Operator keys that the auditor pinned.
    #[serde(serialize_with = "keys")]
    pub pinned: Vec<VerifierKey>,
    /// The operator key that signed entry 0, as the definition names it, if the signature holds.
    #[serde(serialize_with = "key")]
    pub signed_by: Option<VerifierKey>,
    /// The log keys that checkpoints were judged by, of the policy or, without one, of entry 0.
    #[serde(serialize_with = "keys")]
    pub log: Vec<VerifierKey>,
}

/// A checkpoint of the source, whose root is that of its entries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CheckpointReport {
    /// Its size.
    pub size: u64,
    /// Its root in hexadecimal.
    pub root: String,
    /// The whole note, to be kept for the next audit.
    pub note: String,
    /// The log keys that signed it, as far as they are known.
    #[serde(serialize_with = "keys")]
    pub signed_by: Vec<VerifierKey>,
    /// Witnesses of the policy that cosigned it, and when, in seconds since 1970.
    pub cosigned_by: Vec<(String, u64)>,
}

fn keys<S: Serializer>(keys: &[VerifierKey], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(keys.iter().map(ToString::to_string))
}

fn texts<S: Serializer>(forks: &[ForkProof], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(forks.iter().map(ToString::to_string))
}

fn key<S: Serializer>(key: &Option<VerifierKey>, serializer: S) -> Result<S::Ok, S::Error> {
    key.as_ref().map(ToString::to_string).serialize(serializer)
}

/// Something without which the audit is not complete.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Missing {
    /// What it is.
    pub what: String,
    /// What to give or do.
    pub give: String,
}

/// What a rule warns of in a definition that stands nevertheless: it follows from the definition alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WarningReport {
    /// The rule's number, such as `L50`.
    pub rule: String,
    /// What it warns of; not in the JSON, which has the number.
    #[serde(skip)]
    pub title: &'static str,
    /// Whether the definition explains why it stands nevertheless.
    pub explained: bool,
}

/// The recomputed result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TallyReport {
    /// Invitations that the roster committed to has.
    pub invited: u32,
    /// Invitations in waves begun.
    pub planned: u64,
    /// Invitations that answered.
    pub answered: u64,
    /// Of them, those whose answer the platform signed for somebody who typed the code.
    pub assisted: u64,
    /// Counts by option.
    pub options: Vec<OptionReport>,
    /// Counts by stratum.
    pub strata: Vec<StratumReport>,
    /// Ids of the options that lead, by last answers; more than one at a tie, none without answers.
    pub leads: Vec<String>,
    /// Ids of the options that lead by first answers.
    pub leads_by_first: Vec<String>,
    /// Whether last and first answers have another lead.
    pub lead_differs: bool,
}

/// The counts of one option.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OptionReport {
    /// The option's id.
    pub id: String,
    /// What respondents read, in the poll's first language.
    pub label: String,
    /// Invitations whose last answer it is.
    pub count: u64,
    /// Invitations whose first answer it is.
    pub first: u64,
}

/// The counts of one stratum.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StratumReport {
    /// The stratum's id.
    pub id: String,
    /// Its invitations.
    pub invited: u32,
    /// Counts by option, in the definition's order.
    pub counts: Vec<u64>,
}

/// The report of one poll.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PollReport {
    /// The poll's slug, if its definition could be read.
    pub slug: Option<String>,
    /// The ledger's name, if entry 0 could be read.
    pub origin: Option<String>,
    /// The poll id in base64, as page and promise have it, if entry 0 could be read.
    pub poll_id: Option<String>,
    /// `running`, `paused`, `closed` or `annulled` after the last entry, if the poll could be opened.
    pub state: Option<&'static str>,
    /// How many entries were read.
    pub entries: u64,
    /// Index and link of the last of them, as `--anchor` takes it.
    pub head: Option<Anchor>,
    /// RFC 6962 root of the entries in hexadecimal.
    pub root: String,
    /// Keys.
    pub keys: KeysReport,
    /// Anchors.
    pub anchors: Vec<AnchorReport>,
    /// The source's newest checkpoint that is over these entries.
    pub checkpoint: Option<CheckpointReport>,
    /// Where this log signed two histories: proofs of it that stand without this source, as files have them.
    #[serde(serialize_with = "texts")]
    pub forks: Vec<ForkProof>,
    /// Whether an anchor at the last entry was given and met, or the policy given trusts a checkpoint over all entries.
    pub end_anchored: bool,
    /// Entries before this one were not read again: an audit whose state was given had passed them.
    pub audited_from: u64,
    /// What to keep for the next audit, if that was asked for, every check that applies has passed, and there is a
    /// checkpoint to keep.
    #[serde(skip)]
    pub kept: Option<State>,
    /// The checks, by number.
    pub checks: Vec<CheckReport>,
    /// What an auditor must bring for a complete audit, and did not.
    pub missing: Vec<Missing>,
    /// What stays on somebody's word, whatever was checked.
    pub rests_on: Vec<String>,
    /// What the definition's rule set warns of, if the definition could be read.
    pub warnings: Vec<WarningReport>,
    /// The recomputed tally, if the poll could be opened.
    pub tally: Option<TallyReport>,
}

impl PollReport {
    /// Whether a check has this verdict.
    pub(crate) fn has(&self, verdict: Verdict) -> bool {
        self.checks.iter().any(|check| check.verdict == verdict)
    }
}

/// A poll whose audit could not be finished.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unfinished {
    /// Which.
    pub poll: String,
    /// Why.
    pub why: String,
}

/// The whole report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The auditor's version.
    pub version: &'static str,
    /// Each check with its worst verdict over all polls.
    pub checks: Vec<CheckReport>,
    /// The reports of the polls.
    pub polls: Vec<PollReport>,
    /// Polls without a report.
    pub unfinished: Vec<Unfinished>,
}

impl Report {
    /// The report of these polls.
    pub fn new(polls: Vec<PollReport>) -> Self {
        Self {
            version: env!("CARGO_PKG_VERSION"),
            checks: worst(&polls),
            polls,
            unfinished: Vec::new(),
        }
    }

    /// The same, with polls whose audit could not be finished.
    pub fn with_unfinished(self, unfinished: Vec<Unfinished>) -> Self {
        Self { unfinished, ..self }
    }

    /// 0 if all is verified; 1 if a check failed; 3 if a poll's audit could not be finished; 4 if nothing failed and not
    /// everything could be verified.
    pub fn exit_code(&self) -> u8 {
        let any = |verdict| self.polls.iter().any(|poll| poll.has(verdict));
        if any(Verdict::Failed) {
            1
        } else if !self.unfinished.is_empty() {
            3
        } else if self.is_incomplete() || any(Verdict::NotChecked) {
            4
        } else {
            0
        }
    }

    fn is_incomplete(&self) -> bool {
        self.polls.is_empty() || self.polls.iter().any(|poll| !poll.missing.is_empty())
    }
}

/// Each check once: the worst verdict, all items, and the failures of all polls up to the limit.
fn worst(polls: &[PollReport]) -> Vec<CheckReport> {
    let mut checks: BTreeMap<Number, CheckReport> = BTreeMap::new();
    for poll in polls {
        let named = (polls.len() > 1).then(|| poll.slug.clone()).flatten();
        for check in &poll.checks {
            let check = of_poll(check, &named);
            match checks.get_mut(&check.number) {
                Some(sum) => add(sum, check),
                None => {
                    checks.insert(check.number, check);
                }
            }
        }
    }
    checks.into_values().collect()
}

fn of_poll(check: &CheckReport, poll: &Option<String>) -> CheckReport {
    let mut check = check.clone();
    for failure in &mut check.failures {
        failure.poll.clone_from(poll);
    }
    check
}

fn add(sum: &mut CheckReport, check: CheckReport) {
    sum.verdict = sum.verdict.min(check.verdict);
    sum.items += check.items;
    sum.failed += check.failed;
    sum.failures.extend(check.failures);
    sum.failures.truncate(crate::limits::FAILURES_MAX);
    join(&mut sum.why, check.why);
    join(&mut sum.notes, check.notes);
}

fn join(sum: &mut Vec<String>, texts: Vec<String>) {
    for text in texts {
        if !sum.contains(&text) {
            sum.push(text);
        }
    }
}
