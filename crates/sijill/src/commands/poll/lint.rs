//! `sijill poll lint`: check a definition, and show what is wrong as a compiler does.

use crate::fault::{Exit, Fault};
use crate::settings::Settings;
use anyhow::{Context, Result};
use serde_json::{Value, json};
use sijill_poll::definition::Definition;
use sijill_poll::definition::limits::DEFINITION_BYTES_MAX;
use sijill_poll::lint::{self, Finding, Linted, Severity};
use sijill_poll::segments::{Encoding, Segments};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Check a definition
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: sijill poll lint poll.toml")]
pub struct Args {
    /// The definition
    file: PathBuf,
}

/// Carries it out.
pub fn run(args: &Args, settings: &Settings) -> Result<Exit> {
    let text = read(&args.file)?;
    let Linted {
        findings,
        definition,
    } = lint::lint(&text);
    let messages = definition.as_ref().map(messages).unwrap_or_default();
    let name = args.file.display().to_string();
    let errors = errors(&findings);
    let json = json!({
        "file": name,
        "passed": errors == 0,
        "errors": errors,
        "findings": findings.iter().map(finding).collect::<Vec<_>>(),
        "messages": messages.iter().map(message).collect::<Vec<_>>(),
    });
    let rendered = lint::render(&findings, &name, &text, settings.console.coloured());
    let summary = match (errors, findings.len()) {
        (0, 0) => format!("{name}: passed"),
        (0, warnings) => format!("{rendered}\n{name}: passed, with {warnings} warnings"),
        (1, _) => format!("{rendered}\n{name}: 1 error"),
        (errors, _) => format!("{rendered}\n{name}: {errors} errors"),
    };
    let told: Vec<String> = messages.iter().map(told).chain([summary]).collect();
    settings.console.answer(&told.join("\n"), &json)?;
    Ok(if errors == 0 { Exit::Well } else { Exit::NotSo })
}

/// A message as it will be sent: its language, and how many segments it has with its link.
struct Sent<'a> {
    language: &'a str,
    segments: Segments,
    segments_max: Option<u8>,
}

fn messages(definition: &Definition) -> Vec<Sent<'_>> {
    let texts = definition.message.text.iter();
    texts
        .map(|(language, _)| Sent {
            language,
            segments: definition.message.sent_in(language),
            segments_max: definition.message.segments_max,
        })
        .collect()
}

fn told(sent: &Sent<'_>) -> String {
    let Segments {
        encoding,
        count,
        left,
    } = sent.segments;
    let (alphabet, unit) = match encoding {
        Encoding::Gsm7 => ("GSM-7", "septets"),
        Encoding::Ucs2 => ("UCS-2", "characters"),
    };
    let most = sent
        .segments_max
        .map_or_else(String::new, |most| format!(" of at most {most}"));
    format!(
        "message in {}: {alphabet}, segments: {count}{most}, {left} {unit} left in the last, the link counted",
        sent.language
    )
}

fn message(sent: &Sent<'_>) -> Value {
    json!({
        "language": sent.language,
        "encoding": match sent.segments.encoding {
            Encoding::Gsm7 => "GSM-7",
            Encoding::Ucs2 => "UCS-2",
        },
        "segments": sent.segments.count,
        "segments_max": sent.segments_max,
        "left": sent.segments.left,
    })
}

/// The text of a definition file.
pub fn read(path: &Path) -> Result<String> {
    let unreadable = || Fault::Input(format!("cannot read the definition `{}`", path.display()));
    let file = File::open(path).with_context(unreadable)?;
    let mut bytes = Vec::new();
    // One byte more than a definition may have is enough for the lint to say that it is too long.
    let limited = file
        .take(DEFINITION_BYTES_MAX as u64 + 1)
        .read_to_end(&mut bytes);
    limited.with_context(unreadable)?;
    String::from_utf8(bytes).map_err(|_| {
        crate::fault::input(format!(
            "the definition `{}` is not UTF-8; save it as UTF-8",
            path.display()
        ))
    })
}

/// How many findings are errors.
pub fn errors(findings: &[Finding]) -> usize {
    findings
        .iter()
        .filter(|finding| finding.severity == Severity::Error)
        .count()
}

fn finding(finding: &Finding) -> Value {
    json!({
        "number": format!("L{:02}", finding.number),
        "severity": match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        },
        "line": finding.line,
        "column": finding.column,
        "message": finding.message,
        "help": finding.help,
        "explained": finding.explained,
    })
}
