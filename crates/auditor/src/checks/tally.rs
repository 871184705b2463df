//! V17: the tally folded from the entries is the one declared, in `Closed`, on the page and in the JSON, each figure
//! beside its option's id and text of the signed definition.

use crate::figures::{Figures, Row, Shown, StratumRow};
use crate::findings::Findings;
use crate::report::{Failure, OptionReport, StratumReport, TallyReport};
use sijill_ledger::Link;
use sijill_poll::definition::{Definition, Localised};
use sijill_poll::event::{Closed, QuestionTally};
use sijill_poll::poll::Phase;
use sijill_poll::tally::Tally;
use sijill_poll::{Event, Poll};
use std::collections::BTreeMap;

const V17: u8 = 17;

/// What was declared and shown, and the folds to hold it against.
pub(crate) struct Declared {
    shown: Shown,
    /// The fold after each number of entries that some document shows.
    folds: BTreeMap<u64, Option<Fold>>,
    closed: bool,
}

struct Fold {
    tally: Tally,
    link: Option<Link>,
    invited: u64,
    invited_by_stratum: Vec<u32>,
    planned: u64,
}

impl Declared {
    pub(crate) fn new(shown: Shown) -> Self {
        let sizes = shown.figures().map(|figures| (figures.size, None));
        Self {
            folds: sizes.collect(),
            closed: false,
            shown,
        }
    }

    /// Goes on after entries of which one was `Closed`, or none.
    pub(crate) fn resume(&mut self, closed: bool) {
        self.closed = closed;
    }

    /// Whether one of the entries was `Closed`.
    pub(crate) fn closed(&self) -> bool {
        self.closed
    }

    /// Looks at an entry and the poll before it.
    pub(crate) fn look(&mut self, place: u64, event: &Event, poll: &Poll, findings: &mut Findings) {
        if let Event::Closed(signed) = event {
            self.closed = true;
            judge_close(place, &signed.content, poll, findings);
        }
    }

    /// Looks at the poll after `size` entries, the last with this link.
    pub(crate) fn look_after(&mut self, size: u64, link: Option<Link>, poll: &Poll) {
        if let Some(fold) = self.folds.get_mut(&size) {
            let committed = poll.committed();
            *fold = Some(Fold {
                tally: poll.tally().clone(),
                link,
                invited: committed.map_or(0, |committed| u64::from(committed.count)),
                invited_by_stratum: committed
                    .map_or_else(Vec::new, |committed| committed.by_stratum.clone()),
                planned: poll.planned(),
            });
        }
    }

    /// Judges after the last of `entries` entries.
    pub(crate) fn finish(&self, entries: u64, poll: &Poll, findings: &mut Findings) {
        for (name, figures) in self.shown.documents() {
            match figures {
                Ok(figures) => self.judge_shown(name, figures, entries, poll, findings),
                Err(why) => {
                    findings.not_checked(V17, format!("{name} could not be compared: {why}"))
                }
            }
        }
        if self.shown == Shown::NothingThere {
            findings.note(
                V17,
                "this address shows no figures that an auditor can read (neither results.json nor a results page), so none were compared",
            );
        }
        if !self.closed && self.shown.documents().is_empty() {
            let why = match poll.phase() {
                Phase::Annulled => "the poll was annulled before a result was declared",
                _ => "the poll is not closed, so no result is declared yet",
            };
            findings.not_applicable(V17, why);
        } else if poll.phase() == Phase::Annulled {
            findings.note(V17, "the poll is annulled: the result declared is void");
        }
    }

    fn judge_shown(
        &self,
        name: &str,
        shown: &Figures,
        entries: u64,
        poll: &Poll,
        findings: &mut Findings,
    ) {
        match self.folds.get(&shown.size) {
            Some(Some(fold)) => judge_figures(name, shown, fold, poll.definition(), findings),
            _ => findings.not_checked(
                V17,
                format!(
                    "{name} shows figures of {} entries, and the export served after it has {entries}; audit again",
                    shown.size
                ),
            ),
        }
    }
}

fn judge_close(place: u64, content: &Closed, poll: &Poll, findings: &mut Findings) {
    let folded = poll.tally().declared(poll.definition());
    findings.looked_at(
        V17,
        folded
            .iter()
            .map(|question| question.options.len() as u64)
            .sum(),
    );
    let meaning = "the result declared is not the result";
    let Some(declared) = &content.tally else {
        let failure = Failure::new("`Closed`", "a declared tally", "none", meaning);
        findings.fail(V17, failure.at_entry(place));
        return;
    };
    if !same_rows(declared, &folded) {
        let expected = format!("rows of {}", rows(&folded));
        // What is declared in other rows may be any text: it is not repeated.
        let found = "other rows, or the same in another order";
        let meaning = "right numbers may stand in wrong rows";
        findings.fail(
            V17,
            Failure::new("`Closed`", expected, found, meaning).at_entry(place),
        );
        return;
    }
    let pairs = declared.iter().flat_map(|question| &question.options);
    for (declared, folded) in pairs.zip(folded.iter().flat_map(|question| &question.options)) {
        if declared.count != folded.count {
            let subject = format!("option `{}`", folded.option);
            let (expected, found) = (
                format!("{} in the ledger", folded.count),
                format!("{} declared", declared.count),
            );
            findings.fail(
                V17,
                Failure::new(subject, expected, found, meaning).at_entry(place),
            );
        }
    }
}

fn same_rows(a: &[QuestionTally], b: &[QuestionTally]) -> bool {
    let ids = |tally: &[QuestionTally]| -> Vec<(String, Vec<String>)> {
        let question = |question: &QuestionTally| {
            let options = question.options.iter().map(|row| row.option.clone());
            (question.question.clone(), options.collect())
        };
        tally.iter().map(question).collect()
    };
    ids(a) == ids(b)
}

fn rows(tally: &[QuestionTally]) -> String {
    let options = tally.iter().flat_map(|question| &question.options);
    let ids: Vec<String> = options.map(|row| format!("`{}`", row.option)).collect();
    ids.join(", ")
}

fn judge_figures(
    name: &str,
    shown: &Figures,
    fold: &Fold,
    definition: &Definition,
    findings: &mut Findings,
) {
    let rows = (shown.options.len() + shown.strata.len()) as u64;
    findings.looked_at(V17, rows);
    let mut differences = wrong_totals(shown, fold);
    differences.extend(wrong_rows(&shown.options, fold, definition));
    differences.extend(wrong_strata(&shown.strata, fold, definition));
    for (what, expected, found) in differences {
        let meaning = format!(
            "{name} shows other figures than the ledger has at {} entries",
            shown.size
        );
        let failure = Failure::new(format!("{name}, {what}"), expected, found, meaning);
        findings.fail(V17, failure);
    }
}

/// What differs, what was expected, and what was found.
type Difference = (String, String, String);

fn wrong_totals(shown: &Figures, fold: &Fold) -> Vec<Difference> {
    let mut wrong = Vec::new();
    if let (Some(found), Some(expected)) = (shown.link, fold.link)
        && found != expected
    {
        wrong.push(("link".into(), expected.to_string(), found.to_string()));
    }
    let totals = [
        ("answered", shown.answered, fold.tally.answered),
        ("assisted", shown.assisted, fold.tally.assisted),
        ("invited", shown.invited, fold.invited),
        ("planned", shown.planned, fold.planned),
    ];
    for (what, found, expected) in totals {
        if let Some(found) = found.filter(|found| *found != expected) {
            wrong.push((what.into(), expected.to_string(), found.to_string()));
        }
    }
    wrong
}

/// The rows that are not the definition's options, each once, with its own text and the fold's counts.
fn wrong_rows(rows: &[Row], fold: &Fold, definition: &Definition) -> Vec<Difference> {
    let mut wrong = Vec::new();
    if rows.len() != definition.options.len() {
        let (expected, found) = (definition.options.len(), rows.len());
        wrong.push((
            "number of rows".into(),
            expected.to_string(),
            found.to_string(),
        ));
    }
    let counts = fold.tally.by_option.iter().zip(&fold.tally.first_by_option);
    for (option, (count, first)) in definition.options.iter().zip(counts) {
        let what = format!("option `{}`", option.id);
        let Some(row) = rows.iter().find(|row| row.id == option.id) else {
            wrong.push((what, format!("a row with {count}"), "none".into()));
            continue;
        };
        if row.count != *count {
            wrong.push((what.clone(), count.to_string(), row.count.to_string()));
        }
        if let Some(found) = row.first.filter(|found| found != first) {
            let what = format!("{what} by first answers");
            wrong.push((what, first.to_string(), found.to_string()));
        }
        if !has_own_text(row, &option.label) {
            // What stands there may be any text: it is not repeated.
            let expected = "beside it the option's text of the signed definition";
            wrong.push((what, expected.into(), "another text".into()));
        }
    }
    wrong
}

/// Every text beside the figure is the option's, in the language that the document names, or else in any.
fn has_own_text(row: &Row, label: &Localised) -> bool {
    let is_own = |(named, text): &(Option<String>, String)| {
        label.iter().any(|(language, wording)| {
            named.as_deref().is_none_or(|named| named == language) && wording.trim() == text.trim()
        })
    };
    !row.labels.is_empty() && row.labels.iter().all(is_own)
}

/// The rows by stratum that are not the fold's. A document may show none of them.
fn wrong_strata(rows: &[StratumRow], fold: &Fold, definition: &Definition) -> Vec<Difference> {
    let mut wrong = Vec::new();
    for row in rows {
        // A row of no stratum may name anything: it is not repeated.
        let Some(place) = definition.stratum_index(&row.id).map(usize::from) else {
            let expected = "a stratum of the definition".into();
            wrong.push(("row by stratum".into(), expected, "another".into()));
            continue;
        };
        let Some(Some(counts)) = fold.tally.by_stratum.get(place) else {
            let expected = "no figure of a sealed stratum that is not opened".into();
            wrong.push((format!("stratum `{}`", row.id), expected, "figures".into()));
            continue;
        };
        if *counts != row.counts {
            let (expected, found) = (format!("{counts:?}"), format!("{:?}", row.counts));
            wrong.push((format!("stratum `{}`", row.id), expected, found));
        }
        let invited = fold.invited_by_stratum.get(place).copied().unwrap_or(0);
        if let Some(found) = row.invited.filter(|found| *found != u64::from(invited)) {
            let what = format!("invited in stratum `{}`", row.id);
            wrong.push((what, invited.to_string(), found.to_string()));
        }
    }
    wrong
}

/// The recomputed tally as the report has it.
pub(crate) fn report(poll: &Poll) -> TallyReport {
    let (definition, tally) = (poll.definition(), poll.tally());
    let rows = definition
        .options
        .iter()
        .zip(&tally.by_option)
        .zip(&tally.first_by_option);
    let options: Vec<OptionReport> = rows
        .map(|((option, count), first)| OptionReport {
            id: option.id.clone(),
            label: option
                .label
                .iter()
                .next()
                .map_or_else(String::new, |(_, wording)| wording.to_owned()),
            count: *count,
            first: *first,
        })
        .collect();
    let invited = |place: usize| {
        let committed = poll.committed()?;
        committed.by_stratum.get(place).copied()
    };
    let strata = definition.strata.iter().zip(&tally.by_stratum).enumerate();
    let strata = strata.filter_map(|(place, (stratum, counts))| {
        Some(StratumReport {
            id: stratum.id.clone(),
            invited: invited(place).unwrap_or(0),
            counts: counts.clone()?,
        })
    });
    let leads = leaders(&options, |row| row.count);
    let leads_by_first = leaders(&options, |row| row.first);
    TallyReport {
        invited: poll.committed().map_or(0, |committed| committed.count),
        planned: poll.planned(),
        answered: tally.answered,
        assisted: tally.assisted,
        strata: strata.collect(),
        lead_differs: leads != leads_by_first,
        leads,
        leads_by_first,
        options,
    }
}

/// The options with the highest count, if it is not 0.
fn leaders(options: &[OptionReport], count: impl Fn(&OptionReport) -> u64) -> Vec<String> {
    let highest = options.iter().map(&count).max().unwrap_or(0);
    let leading = options
        .iter()
        .filter(|row| highest > 0 && count(row) == highest);
    leading.map(|row| row.id.clone()).collect()
}
