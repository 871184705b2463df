//! The report for people. Failures come first, each with what was expected, what was found and what it means; then what
//! passed, by group; then what is missing. It never says that all is well over a gap.
//!
//! Text that comes from a ledger is printed without control characters: it is outside input, and a terminal obeys them.

use crate::report::{CheckReport, Failure, PollReport, Report, TallyReport, Verdict};
use std::fmt::Write;

/// Checks told in one line where they passed.
const GROUPS: [(&str, &[u8]); 9] = [
    ("format and chain", &[1, 2, 3, 4, 5]),
    ("definition and operator", &[6, 7, 8]),
    ("pages and messages", &[9]),
    ("roster and answers", &[10, 11, 12]),
    ("rules and tally", &[14, 15, 16, 17]),
    ("strata unsealed", &[18]),
    ("tree and checkpoints", &[20, 21, 23, 24]),
    ("promises and receipts", &[25]),
    ("nothing personal", &[32]),
];

/// The whole report as text, ending in a newline.
pub fn render(report: &Report) -> String {
    let mut text = String::new();
    for poll in &report.polls {
        render_poll(poll, &mut text);
    }
    for unfinished in &report.unfinished {
        line(
            &mut text,
            &format!("  ! {}: not audited: {}", unfinished.poll, unfinished.why),
        );
    }
    if report.polls.is_empty() {
        line(&mut text, "  – no poll was audited");
    }
    render_end(report, &mut text);
    text
}

fn render_poll(poll: &PollReport, text: &mut String) {
    let name = poll
        .origin
        .as_deref()
        .unwrap_or("a ledger without a readable opening");
    let entries = grouped(poll.entries);
    line(
        text,
        &format!(
            "{name}  {}, {entries} entries",
            poll.state.unwrap_or("unknown state")
        ),
    );
    if poll.audited_from > 0 {
        let before = grouped(poll.audited_from);
        let what = format!(
            "  the first {before} entries passed the audit before (state file), and were not read again"
        );
        line(text, &what);
    }
    for check in with(poll, Verdict::Failed) {
        render_failed(check, text);
    }
    for (title, numbers) in GROUPS {
        render_passed(poll, title, numbers, text);
    }
    render_gaps(poll, Verdict::NotChecked, "not checked", text);
    render_gaps(poll, Verdict::NotApplicable, "not applicable", text);
    render_notes(poll, text);
    if let Some(tally) = &poll.tally {
        render_tally(tally, text);
    }
    render_ground(poll, text);
}

fn with(poll: &PollReport, verdict: Verdict) -> impl Iterator<Item = &CheckReport> {
    poll.checks
        .iter()
        .filter(move |check| check.verdict == verdict)
}

fn render_failed(check: &CheckReport, text: &mut String) {
    let (failed, items) = (
        grouped(check.failed),
        grouped(check.items.max(check.failed)),
    );
    line(
        text,
        &format!(
            "  ✗ {} {}: {failed} of {items} failed",
            check.number, check.title
        ),
    );
    for failure in &check.failures {
        render_failure(failure, text);
    }
    let untold = check.failed.saturating_sub(check.failures.len() as u64);
    if untold > 0 {
        line(text, &format!("      and {} more", grouped(untold)));
    }
    for note in check.why.iter().chain(&check.notes) {
        line(text, &format!("      {note}"));
    }
}

fn render_failure(failure: &Failure, text: &mut String) {
    let place = match (failure.entry, failure.leaf) {
        (Some(entry), _) => format!("entry {}  ", grouped(entry)),
        (None, Some(leaf)) => format!("leaf {}  ", grouped(leaf)),
        (None, None) => String::new(),
    };
    line(text, &format!("      {place}{}", failure.subject));
    line(text, &format!("        expected  {}", failure.expected));
    line(text, &format!("        found     {}", failure.found));
    line(text, &format!("        meaning   {}", failure.meaning));
}

/// One line for the checks of a group that passed.
fn render_passed(poll: &PollReport, title: &str, numbers: &[u8], text: &mut String) {
    let passed: Vec<&CheckReport> = with(poll, Verdict::Passed)
        .filter(|check| numbers.contains(&check.number.0))
        .collect();
    if passed.is_empty() {
        return;
    }
    let names = ranges(&passed, numbers);
    line(
        text,
        &format!("  ✓ {names:<13} {title:<24} {}", evidence(poll, title)),
    );
}

/// Numbers of checks, neighbours of the group drawn together: `V10–V12`, `V6, V8`.
fn ranges(passed: &[&CheckReport], group: &[u8]) -> String {
    let mut runs: Vec<(u8, u8)> = Vec::new();
    for place in group {
        let is_passed = passed.iter().any(|check| check.number.0 == *place);
        let before = group.iter().rev().find(|number| *number < place);
        match runs.last_mut() {
            Some(run) if is_passed && before == Some(&run.1) => run.1 = *place,
            _ if is_passed => runs.push((*place, *place)),
            _ => {}
        }
    }
    let name = |(first, last): &(u8, u8)| match first == last {
        true => format!("V{first}"),
        false => format!("V{first}–V{last}"),
    };
    runs.iter().map(name).collect::<Vec<_>>().join(", ")
}

fn has_passed(poll: &PollReport, number: u8) -> bool {
    with(poll, Verdict::Passed).any(|check| check.number.0 == number)
}

/// What the group looked at, in a few words.
fn evidence(poll: &PollReport, title: &str) -> String {
    let items = |number: u8| {
        let check = poll.checks.iter().find(|check| check.number.0 == number);
        grouped(check.map_or(0, |check| check.items))
    };
    match title {
        "format and chain" => match has_passed(poll, 4) {
            true => format!("{} entries, every link recomputed", grouped(poll.entries)),
            false => format!("{} entries", grouped(poll.entries)),
        },
        "definition and operator" => match &poll.keys.signed_by {
            Some(key) => format!("signed by {}", key.name()),
            None => String::new(),
        },
        "roster and answers" => format!(
            "{} invitations, {} answers, every signature",
            items(10),
            items(11)
        ),
        "pages and messages" => format!("{} looked at", items(9)),
        "strata unsealed" => format!("{} strata, opened or left closed by the rule", items(18)),
        "rules and tally" => {
            let result = if has_passed(poll, 17) {
                ", figures as declared"
            } else {
                ""
            };
            format!("{} entries judged at their place{result}", items(16))
        }
        "tree and checkpoints" => log_evidence(poll, items),
        "promises and receipts" => format!("{} looked at", items(25)),
        _ => format!("{} texts", items(32)),
    }
}

/// What there was to be seen of the log.
fn log_evidence(poll: &PollReport, items: impl Fn(u8) -> String) -> String {
    let mut parts = Vec::new();
    if let Some(checkpoint) = &poll.checkpoint {
        let size = grouped(checkpoint.size);
        parts.push(format!(
            "{} checkpoints, the newest of {size} entries",
            items(21)
        ));
    }
    if has_passed(poll, 23) {
        parts.push(format!("{} held before", items(23)));
    }
    if has_passed(poll, 24) {
        let of = match poll.audited_from {
            0 => "looked at",
            _ => "looked at in all, now those of the growth",
        };
        parts.push(format!("tiles and bundles {of}: {}", items(24)));
    }
    parts.join(", ")
}

/// Checks that were not made, those of one reason together.
fn render_gaps(poll: &PollReport, verdict: Verdict, word: &str, text: &mut String) {
    let mut reasons: Vec<(String, Vec<&CheckReport>)> = Vec::new();
    for check in with(poll, verdict) {
        let why = check.why.join("; ");
        match reasons.iter_mut().find(|(known, _)| *known == why) {
            Some((_, checks)) => checks.push(check),
            None => reasons.push((why, vec![check])),
        }
    }
    for (why, checks) in reasons {
        let names = match checks.as_slice() {
            [check] => format!("{} {}", check.number, check.title),
            many => {
                let numbers: Vec<String> =
                    many.iter().map(|check| check.number.to_string()).collect();
                numbers.join(", ")
            }
        };
        line(text, &format!("  – {names}: {word} ({why})"));
    }
}

/// What readers of checks that passed should know.
fn render_notes(poll: &PollReport, text: &mut String) {
    // Those of checks that failed stand with them.
    let others = poll.checks.iter();
    for check in others.filter(|check| check.verdict != Verdict::Failed) {
        for note in &check.notes {
            line(text, &format!("      {}: {note}", check.number));
        }
    }
}

fn render_tally(tally: &TallyReport, text: &mut String) {
    let counts = tally
        .options
        .iter()
        .map(|row| format!("{} {}", row.id, grouped(row.count)));
    let counts = counts.collect::<Vec<_>>().join(", ");
    line(
        text,
        &format!(
            "  recomputed: {counts}; {} of {} invited answered",
            grouped(tally.answered),
            grouped(tally.invited.into())
        ),
    );
    if tally.lead_differs {
        let (last, first) = (names(&tally.leads), names(&tally.leads_by_first));
        line(
            text,
            &format!("  the lead    {last} by last answers, {first} by first answers"),
        );
    }
}

fn names(ids: &[String]) -> String {
    match ids {
        [] => "nobody".into(),
        ids => ids.join(" and "),
    }
}

/// What the verdicts stand on, and what they cannot show.
fn render_ground(poll: &PollReport, text: &mut String) {
    for anchor in &poll.anchors {
        let met = if anchor.met { "met" } else { "not met" };
        line(
            text,
            &format!(
                "  anchor      entry {}: {met}",
                grouped(anchor.anchor.index)
            ),
        );
    }
    let end = if poll.end_anchored {
        "anchored"
    } else {
        "not anchored"
    };
    let head = poll
        .head
        .map_or_else(String::new, |head| format!("  {head}"));
    line(text, &format!("  the end     {end}{head}"));
    if let Some(checkpoint) = &poll.checkpoint {
        let names = checkpoint.signed_by.iter().map(ToString::to_string);
        let by = match names.collect::<Vec<_>>().as_slice() {
            [] => "nobody known".to_owned(),
            names => names.join(" and "),
        };
        let size = grouped(checkpoint.size);
        line(
            text,
            &format!("  checkpoint  of {size} entries, signed by {by}"),
        );
    }
    for missing in &poll.missing {
        line(
            text,
            &format!("  missing     {}: give {}", missing.what, missing.give),
        );
    }
    if !poll.warnings.is_empty() {
        line(text, "  the definition draws warnings:");
    }
    for warning in &poll.warnings {
        let explained = match warning.explained {
            true => "explained in it",
            false => "not explained",
        };
        let what = warning.title.trim_end_matches(" (a warning)");
        line(text, &format!("    - {} {what}: {explained}", warning.rule));
    }
    if !poll.rests_on.is_empty() {
        line(text, "  on somebody's word, whatever was checked:");
    }
    for rest in &poll.rests_on {
        line(text, &format!("    - {rest}"));
    }
}

fn render_end(report: &Report, text: &mut String) {
    let count = |verdict| {
        let checks = report.checks.iter();
        checks.filter(|check| check.verdict == verdict).count()
    };
    let (failed, passed) = (count(Verdict::Failed), count(Verdict::Passed));
    let (unchecked, other) = (count(Verdict::NotChecked), count(Verdict::NotApplicable));
    let code = report.exit_code();
    let sum = match code {
        0 => format!(
            "{} passed, none failed, {other} not applicable. Nothing is missing.",
            checks(passed)
        ),
        1 => format!(
            "{} failed, {passed} passed, {unchecked} not checked, {other} not applicable.",
            checks(failed)
        ),
        3 => format!(
            "{} passed, none failed; not every poll could be audited.",
            checks(passed)
        ),
        _ => format!(
            "{} passed, none failed. Not verified: {}.",
            checks(passed),
            gaps(report)
        ),
    };
    line(text, &format!("{sum}  exit code {code}"));
}

/// What keeps an audit without failures from being complete.
fn gaps(report: &Report) -> String {
    let missing = report.polls.iter().flat_map(|poll| &poll.missing);
    let mut gaps: Vec<String> = missing.map(|missing| missing.what.clone()).collect();
    let unchecked = report
        .checks
        .iter()
        .filter(|check| check.verdict == Verdict::NotChecked);
    gaps.extend(unchecked.map(|check| check.number.to_string()));
    gaps.dedup();
    if report.polls.is_empty() {
        gaps.push("anything, since there was no poll".into());
    }
    gaps.join(", ")
}

fn checks(count: usize) -> String {
    match count {
        1 => "1 check".into(),
        _ => format!("{count} checks"),
    }
}

/// A number with a comma between thousands.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Adds a line, without characters that a terminal would obey or that change the direction of what follows.
fn line(text: &mut String, content: &str) {
    let obeyed =
        |c: char| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let plain: String = content
        .chars()
        .map(|c| if obeyed(c) { '\u{fffd}' } else { c })
        .collect();
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{plain}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_set_apart() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (48_102, "48,102"),
            (1_234_567, "1,234,567"),
        ] {
            assert_eq!(grouped(number), text);
        }
    }

    #[test]
    fn a_ledger_cannot_command_the_terminal() {
        let mut text = String::new();
        line(&mut text, "a\u{1b}[2Jb\u{202e}c");
        assert_eq!(text, "a\u{fffd}[2Jb\u{fffd}c\n");
    }
}
