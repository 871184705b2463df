//! Findings as a compiler shows them: message, place, the line itself, and what to do.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use super::{Finding, Severity};
use crate::definition::limits::FINDINGS_SHOWN_MAX;

/// Shows `findings` of `text`, which the reader knows as `file_name`; with terminal colours if
/// `colour`. Empty if there is no finding. Lines of the text are shown as they are.
#[must_use]
pub fn render(findings: &[Finding], file_name: &str, text: &str, colour: bool) -> String {
    let renderer = match colour {
        true => Renderer::styled(),
        false => Renderer::plain(),
    };
    let mut shown: Vec<String> = findings
        .iter()
        .take(FINDINGS_SHOWN_MAX)
        .map(|finding| renderer.render(&[group(finding, file_name, text)]))
        .collect();
    let left_out = findings.len().saturating_sub(FINDINGS_SHOWN_MAX);
    if left_out > 0 {
        shown.push(format!("… and {left_out} more findings"));
    }
    shown
        .iter()
        .map(|finding| format!("{finding}\n"))
        .collect::<Vec<_>>()
        .join("\n")
}

fn group<'a>(finding: &'a Finding, file_name: &'a str, text: &'a str) -> Group<'a> {
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning if finding.explained.is_some() => Level::NOTE,
        Severity::Warning => Level::WARNING,
    };
    // Only the lines concerned: a renderer given the whole text would walk through it each time.
    let (start, end) = (finding.span.start, finding.span.end);
    let from = text
        .get(..start)
        .and_then(|before| before.rfind('\n'))
        .map_or(0, |line_end| line_end + 1);
    let to = text
        .get(end..)
        .and_then(|after| after.find('\n'))
        .map_or(text.len(), |length| end + length);
    let snippet = Snippet::source(text.get(from..to).unwrap_or(""))
        .path(file_name)
        .line_start(finding.line)
        .annotation(AnnotationKind::Primary.span(start - from..end - from));
    let group = level
        .primary_title(finding.message.as_str())
        .id(format!("L{:02}", finding.number))
        .element(snippet);
    match &finding.explained {
        Some(why) => group.element(Level::NOTE.message(format!("explained: {why}"))),
        None => group.element(Level::HELP.message(finding.help.as_str())),
    }
}
