//! What the checks find while they run: by check, how many items, which failures, and what could not be looked at.

use crate::checks::CHECKS;
use crate::limits::FAILURES_MAX;
use crate::report::{CheckReport, Failure, Number, Verdict};
use std::collections::BTreeMap;

/// The findings of all checks of one poll.
#[derive(Debug, Default)]
pub(crate) struct Findings(BTreeMap<u8, Finding>);

#[derive(Debug, Default)]
struct Finding {
    items: u64,
    failed: u64,
    failures: Vec<Failure>,
    /// The entry of the last failure.
    last_entry: Option<u64>,
    not_checked: Vec<String>,
    not_applicable: Vec<String>,
    notes: Vec<String>,
}

impl Findings {
    /// The check looked at this many more items.
    pub(crate) fn looked_at(&mut self, check: u8, items: u64) {
        self.of(check).items += items;
    }

    /// The check failed here.
    pub(crate) fn fail(&mut self, check: u8, failure: Failure) {
        let finding = self.of(check);
        finding.failed += 1;
        finding.last_entry = failure.entry;
        if finding.failures.len() < FAILURES_MAX {
            finding.failures.push(failure);
        }
    }

    /// The check failed at this entry, unless it is already known to: one entry that is wrong in one way is told once.
    pub(crate) fn fail_once(&mut self, check: u8, failure: Failure) {
        if failure.entry.is_none() || self.of(check).last_entry != failure.entry {
            self.fail(check, failure);
        }
    }

    /// The check failed this many times more than is told one by one.
    pub(crate) fn failed_besides(&mut self, check: u8, count: u64) {
        self.of(check).failed += count;
    }

    /// Something of the check could not be looked at.
    pub(crate) fn not_checked(&mut self, check: u8, why: impl Into<String>) {
        self.of(check).not_checked.push(why.into());
    }

    /// There is nothing for the check to look at.
    pub(crate) fn not_applicable(&mut self, check: u8, why: impl Into<String>) {
        self.of(check).not_applicable.push(why.into());
    }

    /// Something that a reader should know besides the verdict.
    pub(crate) fn note(&mut self, check: u8, note: impl Into<String>) {
        self.of(check).notes.push(note.into());
    }

    /// Takes back the failures of a check that turn out to come from what is missing elsewhere, and says why.
    pub(crate) fn withdraw(&mut self, check: u8, why: &str) {
        let finding = self.of(check);
        finding.failed = 0;
        finding.failures.clear();
        finding.not_applicable.clear();
        finding.not_checked.push(why.to_owned());
    }

    /// How many items each check has looked at, by number.
    pub(crate) fn items(&self) -> Vec<(u8, u64)> {
        let items = self
            .0
            .iter()
            .map(|(check, finding)| (*check, finding.items));
        items.collect()
    }

    /// Goes on after a run in which checks looked at so many items, those that were looked at again among them.
    pub(crate) fn resume(&mut self, items: &[(u8, u64)]) {
        for (check, items) in items {
            let finding = self.of(*check);
            finding.items = finding.items.max(*items);
        }
    }

    /// Whether any check has failed so far.
    pub(crate) fn has_any_failed(&self) -> bool {
        self.0.values().any(|finding| finding.failed > 0)
    }

    /// Whether the check has failed so far.
    pub(crate) fn has_failed(&self, check: u8) -> bool {
        self.0.get(&check).is_some_and(|finding| finding.failed > 0)
    }

    /// The report of every check, by number.
    pub(crate) fn into_reports(mut self) -> Vec<CheckReport> {
        CHECKS
            .into_iter()
            .map(|(number, title)| {
                report(number, title, self.0.remove(&number).unwrap_or_default())
            })
            .collect()
    }

    fn of(&mut self, check: u8) -> &mut Finding {
        self.0.entry(check).or_default()
    }
}

fn report(number: u8, title: &'static str, finding: Finding) -> CheckReport {
    let verdict = finding.verdict();
    let why = match verdict {
        Verdict::NotApplicable => finding.not_applicable,
        Verdict::Passed => Vec::new(),
        Verdict::Failed | Verdict::NotChecked => finding.not_checked,
    };
    CheckReport {
        number: Number(number),
        title,
        verdict,
        items: finding.items,
        failed: finding.failed,
        failures: finding.failures,
        why,
        notes: finding.notes,
    }
}

impl Finding {
    fn verdict(&self) -> Verdict {
        if self.failed > 0 {
            Verdict::Failed
        } else if !self.not_checked.is_empty() {
            Verdict::NotChecked
        } else if !self.not_applicable.is_empty() {
            Verdict::NotApplicable
        } else {
            Verdict::Passed
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict_of(findings: Findings, number: u8) -> Verdict {
        let reports = findings.into_reports();
        let check = reports.iter().find(|check| check.number.0 == number);
        check.expect("the check exists").verdict
    }

    fn failure() -> Failure {
        Failure::new("entry", "this", "that", "something")
    }

    #[test]
    fn a_failure_outweighs_what_was_not_checked() {
        let mut findings = Findings::default();
        findings.not_checked(7, "no key");
        findings.not_applicable(7, "nothing there");
        findings.fail(7, failure());
        assert_eq!(verdict_of(findings, 7), Verdict::Failed);
    }

    #[test]
    fn not_checked_is_never_passed() {
        let mut findings = Findings::default();
        findings.looked_at(7, 1);
        findings.not_checked(7, "no key");
        assert_eq!(verdict_of(findings, 7), Verdict::NotChecked);
    }

    #[test]
    fn failures_are_told_up_to_a_limit_and_counted_beyond() {
        let mut findings = Findings::default();
        for place in 0..50 {
            findings.fail(4, failure().at_entry(place));
        }
        let reports = findings.into_reports();
        let chain = reports
            .iter()
            .find(|check| check.number.0 == 4)
            .expect("V4");
        assert_eq!((chain.failed, chain.failures.len()), (50, FAILURES_MAX));
    }
}
