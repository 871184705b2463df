//! The audit of one poll: opens the source, runs the checks over it in one pass, and reports.
//!
//! While one chunk of entries is decoded and its signatures are checked on all cores, the one before is folded in order
//! and the one after is read.

use crate::checks::checkpoints::Newest;
use crate::checks::roster::WrongLeaves;
use crate::checks::tiles::Compared;
use crate::checks::{NEED_A_POLL, opening, roster, tally, tiles};
use crate::error::AuditError;
use crate::export_file::ExportFile;
use crate::fetcher::Fetcher;
use crate::figures::Shown;
use crate::findings::Findings;
use crate::fold::Fold;
use crate::forks::forks;
use crate::growth::{self, audit_growth, has_passed};
use crate::limits::FAILURES_MAX;
use crate::log::Log;
use crate::prepare::{Prepared, Signers, prepare};
use crate::published_files::Published;
use crate::report::{AnchorReport, KeysReport, Missing, PollReport, WarningReport};
use crate::source::{Entries, Raw, Source};
use crate::state::State;
use data_encoding::BASE64;
use serde::{Serialize, Serializer};
use sijill_ledger::note::VerifierKey;
use sijill_ledger::policy::Policy;
use sijill_ledger::tile_writer::Tile;
use sijill_ledger::tree::Frontier;
use sijill_ledger::{Link, Sealed};
use sijill_poll::definition::{AnswerRung, ClosePolicy, Definition};
use sijill_poll::poll::Phase;
use sijill_poll::roster::Roster;
use sijill_poll::{Event, Poll};
use std::fmt;
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;

/// An entry's index and link, noted outside of what is audited. Written `INDEX:LINK`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Anchor {
    /// The entry's index.
    pub index: u64,
    /// Its link.
    pub link: Link,
}

/// The text is no anchor.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no anchor: expected INDEX:LINK, as `2010:` and 64 hexadecimal digits")]
pub struct NotAnAnchor(String);

impl FromStr for Anchor {
    type Err = NotAnAnchor;

    fn from_str(text: &str) -> Result<Self, NotAnAnchor> {
        let fail = || NotAnAnchor(text.to_owned());
        let (index, link) = text.split_once(':').ok_or_else(fail)?;
        Ok(Self {
            index: index.parse().map_err(|_| fail())?,
            link: link.parse().map_err(|_| fail())?,
        })
    }
}

impl fmt::Display for Anchor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.index, self.link)
    }
}

impl Serialize for Anchor {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// What an auditor brings along.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Operator keys, from somewhere else than the ledger.
    pub operator_keys: Vec<VerifierKey>,
    /// Anchors.
    pub anchors: Vec<Anchor>,
    /// Promise files: name and text.
    pub promises: Vec<(String, String)>,
    /// Receipt files: name and text.
    pub receipts: Vec<(String, String)>,
    /// Answer pages as people kept them: name and text.
    pub pages: Vec<(String, String)>,
    /// Messages as people were sent them: name and text.
    pub messages: Vec<(String, String)>,
    /// Whom to believe about checkpoints.
    pub policy: Option<Policy>,
    /// Checkpoints held from before: name and bytes.
    pub held: Vec<(String, Vec<u8>)>,
    /// What was kept of an audit of this poll before.
    pub state: Option<State>,
    /// Whether to make what to keep of this one ([`PollReport::kept`]).
    pub keep: bool,
    /// The auditor's clock, milliseconds since 1970.
    pub now_ms: u64,
    /// What the server shows, where the source is one; fetched before the export.
    pub shown: Shown,
    /// The question blocks that it shows, each with its language, or why there is none.
    pub blocks: Vec<(String, Result<String, String>)>,
}

impl Options {
    /// Whether there is a checkpoint from before.
    fn holds_checkpoints(&self) -> bool {
        self.state.is_some() || !self.held.is_empty()
    }

    /// Whether nobody who answered gave anything.
    pub(crate) fn has_nothing_of_answers(&self) -> bool {
        self.promises.is_empty() && self.receipts.is_empty()
    }

    /// Every checkpoint from before: name and bytes.
    pub(crate) fn all_held(&self) -> Vec<(String, Vec<u8>)> {
        let kept = self.state.iter().map(|state| {
            let note = state.checkpoint().to_string();
            ("state file".to_owned(), note.into_bytes())
        });
        self.held.iter().cloned().chain(kept).collect()
    }
}

/// How far an audit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Entries looked at.
    pub entries: u64,
    /// Read so far: bytes of a file, entries of a published poll.
    pub done: u64,
    /// All that there is to be read, in the same unit.
    pub total: u64,
}

/// Audits the export file at `path`. A damaged file, or one that is no export, is a report with failures.
///
/// # Errors
/// Only where the file cannot be read at all.
pub fn audit(
    path: &Path,
    options: &Options,
    progress: &dyn Fn(Progress),
) -> Result<PollReport, AuditError> {
    let mut findings = Findings::default();
    let source = ExportFile::open(path, &mut findings)?.map(Source::Export);
    audit_source(source, options, findings, progress)
}

/// Audits the published poll that this fetcher reads. What is missing or wrong there is a report with failures.
///
/// # Errors
/// Only where something cannot be read that may well be there.
pub fn audit_published(
    fetcher: Fetcher,
    options: &Options,
    progress: &dyn Fn(Progress),
) -> Result<PollReport, AuditError> {
    let mut findings = Findings::default();
    let source = Published::open(fetcher, &mut findings)?.map(Source::Published);
    if let (Some(source), Some(state)) = (&source, &options.state)
        && let Some(report) = audit_growth(source, state, options, progress)?
    {
        return Ok(report);
    }
    audit_source(source, options, findings, progress)
}

fn audit_source(
    source: Option<Source>,
    options: &Options,
    mut findings: Findings,
    progress: &dyn Fn(Progress),
) -> Result<PollReport, AuditError> {
    let Some(source) = source else {
        for check in crate::CHECKS.iter().skip(1) {
            findings.not_checked(check.0, "nothing of the source could be read");
        }
        return Ok(nothing_read(options, findings));
    };
    let first = source.first_entry()?.map(|bytes| Sealed::read(&bytes));
    // Why it cannot be read is told by V2, in its turn.
    let first = first.and_then(Result::ok);
    judge_first(first.as_ref(), &mut findings);
    let none = Arc::new(Roster::none());
    let mut poll = first
        .as_ref()
        .and_then(|first| Poll::open(first, none).ok());
    let leaves = read_roster(&source, poll.as_ref(), &mut findings)?;
    if let Some(poll) = &mut poll {
        poll.attach(Arc::clone(&leaves.roster));
    }
    let signer = Signer::of(poll.as_ref(), options, &mut findings);
    let log = match &poll {
        Some(poll) => Log::of(poll, signer.pinned, &source, options, &mut findings)?,
        None => Log::default(),
    };
    let mut fold = Fold::new(first.as_ref(), poll, log, options, findings);
    run(&source, &mut fold, progress)?;
    look_again(&source, &mut fold)?;
    fold.log.finish(&mut fold.findings)?;
    let forks = forks(&source, &fold.log)?;
    let report = report(fold, &leaves.wrong, leaves.whole, signer, options);
    Ok(PollReport { forks, ..report })
}

/// Who signed entry 0.
pub(crate) struct Signer {
    /// The key that signed, if its signature holds.
    key: Option<VerifierKey>,
    /// Whether the auditor pinned it.
    pub(crate) pinned: bool,
}

impl Signer {
    pub(crate) fn of(poll: Option<&Poll>, options: &Options, findings: &mut Findings) -> Self {
        let pinned = &options.operator_keys;
        let key = poll.and_then(|poll| opening::look_at_key(poll, pinned, findings));
        Self {
            pinned: key.as_ref().is_some_and(|key| is_pinned(key, pinned)),
            key,
        }
    }
}

/// Entry 0, before there is a poll.
pub(crate) fn judge_first(first: Option<&Sealed<Event>>, findings: &mut Findings) {
    match first {
        Some(first) => opening::look(first, findings),
        None => findings.not_checked(6, "entry 0 is missing or cannot be read"),
    }
}

/// The leaves of the source, and how they are.
struct Leaves {
    roster: Arc<Roster>,
    wrong: WrongLeaves,
    whole: bool,
}

fn read_roster(
    source: &Source,
    poll: Option<&Poll>,
    findings: &mut Findings,
) -> Result<Leaves, AuditError> {
    let mut leaves = roster::Leaves::of(poll);
    let whole = source.roster(|leaf| leaves.take(leaf), findings)?;
    let (roster, wrong) = leaves.finish();
    Ok(Leaves {
        roster: Arc::new(roster),
        wrong,
        whole,
    })
}

/// Reads, prepares and folds all entries. The tiles that one chunk makes are compared while the next is being read.
fn run(source: &Source, fold: &mut Fold, progress: &dyn Fn(Progress)) -> Result<(), AuditError> {
    run_growth(source, source.entries()?, fold, progress)?;
    if let (Source::Published(published), Some(_)) = (source, &fold.poll) {
        tiles::compare_further(published)?.tell(&mut fold.findings);
    }
    Ok(())
}

/// The same, of these entries alone.
pub(crate) fn run_growth(
    source: &Source,
    mut entries: Entries,
    fold: &mut Fold,
    progress: &dyn Fn(Progress),
) -> Result<(), AuditError> {
    let signers = fold.poll.as_ref().map(Signers::of);
    let mut ready: Vec<Prepared> = Vec::new();
    let mut raws = entries.next_chunk()?;
    while !(raws.is_empty() && ready.is_empty()) {
        let made = fold.log.tree_mut().take_full();
        let (next, read) = rayon::join(
            || prepare(raws, signers.as_ref()),
            || {
                ready.iter().for_each(|entry| fold.take(entry));
                entries
                    .next_chunk()
                    .and_then(|raws| Ok((raws, compare(source, &made)?)))
            },
        );
        ready = next;
        let (next, compared) = read?;
        raws = next;
        compared.tell(&mut fold.findings);
        let (done, total) = source.how_far(&entries);
        progress(Progress {
            entries: fold.entries,
            done,
            total,
        });
    }
    source.judge_entries(entries, &mut fold.findings);
    judge_tiles(source, fold)
}

fn compare(source: &Source, made: &[Tile]) -> Result<Compared, AuditError> {
    match source {
        Source::Published(published) => tiles::compare(published, made),
        Source::Export(_) => Ok(Compared::default()),
    }
}

/// What is left of V24 after the last entry.
fn judge_tiles(source: &Source, fold: &mut Fold) -> Result<(), AuditError> {
    if fold.poll.is_none() {
        return Ok(());
    }
    let (tree, read) = (fold.log.tree_mut(), fold.entries);
    let published = match source {
        Source::Published(published) => Some(published),
        Source::Export(_) => None,
    };
    if let Some(published) = published {
        let mut made = tree.take_full();
        if published.size() == tree.size() {
            made.extend(tree.partial());
        }
        tiles::compare(published, &made)?.tell(&mut fold.findings);
    }
    tiles::finish(published, read, &mut fold.findings);
    Ok(())
}

/// Goes through the entries once more for the answers that objections are about, where there are any.
fn look_again(source: &Source, fold: &mut Fold) -> Result<(), AuditError> {
    if !fold.objections.has_open_ones() {
        return Ok(());
    }
    let mut entries = source.entries()?;
    let mut place = 0;
    loop {
        let raws = entries.next_chunk()?;
        if raws.is_empty() {
            return Ok(());
        }
        for raw in raws {
            if let Raw::Entry(bytes) = raw
                && let Ok(sealed) = Sealed::<Event>::read_vec(bytes)
            {
                fold.objections.look_for(place, &sealed.entry().event);
            }
            place += 1;
        }
    }
}

/// The report after the last entry. `wrong` is what is wrong with the leaves, `whole` whether they are all there.
pub(crate) fn report(
    mut fold: Fold,
    wrong: &WrongLeaves,
    whole: bool,
    signer: Signer,
    options: &Options,
) -> PollReport {
    let carried = match options.keep {
        true => growth::carried(&fold, options),
        false => None,
    };
    let anchors = fold.chain.finish(fold.entries, &mut fold.findings);
    fold.finish(options);
    match &fold.poll {
        Some(poll) => {
            opening::look_at_commands(signer.pinned, &mut fold.findings);
            roster::finish(poll, wrong, &mut fold.findings);
            note_close(poll, &mut fold.findings);
            note_losses(poll, &mut fold.findings);
            withdraw_without_roster(poll, whole, &mut fold.findings);
        }
        None => without_poll(&mut fold.findings),
    }
    let end = fold
        .chain
        .last()
        .filter(|last| last.index + 1 == fold.entries);
    let policy = options.policy.as_ref();
    let end_anchored = anchors
        .iter()
        .any(|anchor| anchor.met && Some(anchor.anchor) == end)
        || fold.log.is_trusted_to_the_end(fold.entries, policy);
    let newest = fold.log.newest();
    let kept = newest.map(|newest| State::new(newest.signed.clone(), carried));
    let poll = fold.poll.as_ref();
    let checks = fold.findings.into_reports();
    let report = PollReport {
        slug: poll.map(|poll| poll.definition().slug.clone()),
        origin: poll.map(|poll| poll.origin().to_string()),
        poll_id: poll.map(|poll| BASE64.encode(poll.id().as_bytes())),
        state: poll.map(|poll| state(poll.phase())),
        entries: fold.entries,
        head: end,
        root: fold.log.tree().root().to_string(),
        missing: missing(end_anchored, options),
        rests_on: rests_on(poll, &anchors, options),
        warnings: poll
            .map(|poll| warnings(poll.definition()))
            .unwrap_or_default(),
        keys: KeysReport {
            pinned: options.operator_keys.clone(),
            signed_by: signer.key,
            log: fold.log.keys().to_vec(),
        },
        anchors,
        checkpoint: fold.log.newest().map(Newest::report),
        forks: Vec::new(),
        kept: None,
        audited_from: 0,
        end_anchored,
        tally: poll.map(tally::report),
        checks,
    };
    PollReport {
        kept: kept.filter(|_| options.keep && has_passed(&report)),
        ..report
    }
}

fn warnings(definition: &Definition) -> Vec<WarningReport> {
    let warnings = definition.warnings.iter();
    warnings
        .map(|warning| WarningReport {
            rule: format!("L{:02}", warning.rule.number()),
            title: warning.rule.title(),
            explained: warning.why.is_some(),
        })
        .collect()
}

fn is_pinned(key: &VerifierKey, pinned: &[VerifierKey]) -> bool {
    pinned
        .iter()
        .any(|pinned| pinned.public_key() == key.public_key())
}

fn state(phase: Phase) -> &'static str {
    match phase {
        Phase::Running => "running",
        Phase::Paused => "paused",
        Phase::Closed => "closed",
        Phase::Annulled => "annulled",
    }
}

/// A reader of the result should know that its operator could choose the moment of the end.
fn note_close(poll: &Poll, findings: &mut Findings) {
    if poll.definition().rules.close == ClosePolicy::AnyTime {
        let note = "the definition lets the operator close at any time (`any_time`)";
        findings.note(15, note);
    }
}

/// What was acknowledged and lost is named, whoever's promise it was.
fn note_losses(poll: &Poll, findings: &mut Findings) {
    for loss in poll.losses().iter().take(FAILURES_MAX) {
        let note = format!(
            "entries {} to {} were acknowledged and are lost, as `Recovered` (entry {0}) says; the last of them had link {}",
            loss.from,
            loss.head_size.saturating_sub(1),
            loss.head_link
        );
        findings.note(15, note);
    }
}

/// The checks that cannot be made without a poll.
fn without_poll(findings: &mut Findings) {
    for check in NEED_A_POLL {
        if check != 6 {
            findings.not_checked(check, "entry 0 opens no poll that this version can follow");
        }
    }
}

/// Without all the leaves, answers cannot be told from inventions: what failed for that alone is taken back.
fn withdraw_without_roster(poll: &Poll, whole: bool, findings: &mut Findings) {
    if whole || poll.committed().is_none() {
        return;
    }
    let why = "the roster's leaves are not all in the source";
    for check in [10, 11, 12, 14, 17, 18, 25] {
        findings.withdraw(check, why);
    }
    for check in [15, 16] {
        findings.not_checked(check, why);
    }
}

/// What the auditor did not bring, and what to give. That a check was not made is in its own report.
fn missing(end_anchored: bool, options: &Options) -> Vec<Missing> {
    let mut missing = Vec::new();
    if options.operator_keys.is_empty() {
        missing.push(Missing {
            what: "the operator's key".into(),
            give: "--operator-key, from somewhere else than this ledger".into(),
        });
    }
    if !end_anchored {
        missing.push(Missing {
            what: "an anchor for the end".into(),
            give: "--anchor INDEX:LINK of the last entry, as somebody noted it before, or --policy, where it trusts a checkpoint of this size".into(),
        });
    }
    missing
}

/// What no check of this version can show.
fn rests_on(poll: Option<&Poll>, anchors: &[AnchorReport], options: &Options) -> Vec<String> {
    let mut rests = Vec::new();
    if let Some(poll) = poll {
        rests.push(
            "that the people invited exist, and were drawn as declared (who made the roster)",
        );
        if poll.definition().rules.answers == AnswerRung::Link {
            rests.push("that people answered for themselves (`link` rung: the platform could answer for those who opened their link, and who made or carried the messages for anybody)");
        }
    }
    rests.push("that people were shown and sent what is on record (a page or message that was not handed in, and whatever stands around a question, is not looked at)");
    if options.has_nothing_of_answers() {
        rests.push(
            "that every acknowledged answer is here (no respondent's promise or receipt was given)",
        );
    }
    if !anchors.iter().any(|anchor| anchor.met) && !options.holds_checkpoints() {
        rests.push(
            "that the ledger was not written anew from the start (nothing noted before was given)",
        );
    }
    rests.push("that everybody is shown this same ledger (this version has no witnesses)");
    rests.into_iter().map(String::from).collect()
}

/// The report of a source of which nothing could be read.
fn nothing_read(options: &Options, findings: Findings) -> PollReport {
    let checks = findings.into_reports();
    let anchors = options.anchors.iter().map(|anchor| AnchorReport {
        anchor: *anchor,
        met: false,
    });
    PollReport {
        slug: None,
        origin: None,
        poll_id: None,
        state: None,
        entries: 0,
        head: None,
        root: Frontier::default().root().to_string(),
        keys: KeysReport {
            pinned: options.operator_keys.clone(),
            signed_by: None,
            log: Vec::new(),
        },
        anchors: anchors.collect(),
        checkpoint: None,
        forks: Vec::new(),
        kept: None,
        audited_from: 0,
        end_anchored: false,
        missing: missing(false, options),
        rests_on: Vec::new(),
        warnings: Vec::new(),
        tally: None,
        checks,
    }
}
