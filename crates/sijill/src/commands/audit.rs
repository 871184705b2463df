//! `sijill audit`: what a stranger checks, on a data directory, an export file, or a poll's address.
//!
//! A directory is copied first and each of its ledgers written out as it stands, so that the auditor, who trusts
//! nobody, sees bytes and not what the store made of them.

use crate::console::Console;
use crate::data_folder::DataFolder;
use crate::fault::{Exit, Fault, input};
use crate::private_copy::{CopiedLedger, PrivateCopy};
use crate::settings::Settings;
use crate::signing;
use anyhow::{Context, Result};
use sijill_auditor::report::Unfinished;
use sijill_auditor::{Anchor, Options, PollReport, Progress, Report, audit, remote, render};
use sijill_ledger::note::VerifierKey;
use sijill_poll::limits::PROMISE_BYTES_MAX;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Most promises taken from one folder; more want a run for each part.
const PROMISES_MAX: usize = 100_000;

/// Check a ledger as a stranger would: every entry, every signature, every figure
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Keys and anchors must come from somewhere else than what is audited. Exit codes: 0 all verified · 1 a check failed · 3 could not finish · 4 nothing failed, but not everything could be verified.\n\nExample: sijill audit coalition.export --operator-key \"ur-operator+5c1e0000+AbC…\" --anchor 48211:77ab…"
)]
pub struct Args {
    /// Data directory that no server holds, export file, or a poll's address
    source: String,
    /// Public key of an operator whom you expect; repeatable
    #[arg(long, value_name = "VKEY")]
    operator_key: Vec<VerifierKey>,
    /// An entry and its link that you noted before; repeatable
    #[arg(long, value_name = "INDEX:LINK")]
    anchor: Vec<Anchor>,
    /// A promise file that a respondent was given, or a folder of them; repeatable
    #[arg(long, value_name = "FILE")]
    promise: Vec<PathBuf>,
    /// Of a data directory, only this poll
    #[arg(long, value_name = "SLUG")]
    poll: Option<String>,
}

/// Carries it out.
pub fn run(args: &Args, settings: &Settings) -> Result<Exit> {
    let options = Options {
        operator_keys: args.operator_key.clone(),
        anchors: args.anchor.clone(),
        promises: promises(&args.promise)?,
        now_ms: signing::now(),
        ..Options::default()
    };
    let console = settings.console;
    let report = if remote::is_address(&args.source) {
        if args.poll.is_some() {
            return Err(input("an address is of one poll; leave `--poll` out"));
        }
        of_address(&args.source, options, console)?
    } else {
        of_path(
            Path::new(&args.source),
            args.poll.as_deref(),
            &options,
            console,
        )?
    };
    console.answer(&render(&report), &serde_json::to_value(&report)?)?;
    Ok(exit_of(&report))
}

/// The exit code of a report.
pub fn exit_of(report: &Report) -> Exit {
    match report.exit_code() {
        0 => Exit::Well,
        1 => Exit::NotSo,
        4 => Exit::Incomplete,
        _ => Exit::Unfinished,
    }
}

fn of_address(address: &str, options: Options, console: Console) -> Result<Report> {
    let bar = console.bar(0, "fetching the export");
    let fetched = remote::fetch(address, &|done, total| {
        bar.set_length(total.unwrap_or(done));
        bar.set_position(done);
    });
    bar.finish_and_clear();
    let fetched = fetched?;
    let options = Options {
        shown: fetched.shown,
        ..options
    };
    let report = of_file(fetched.export.path(), &options, "auditing", console)?;
    Ok(Report::new(vec![report]))
}

fn of_path(path: &Path, poll: Option<&str>, options: &Options, console: Console) -> Result<Report> {
    let kind = std::fs::metadata(path).with_context(|| {
        Fault::Input(format!(
            "cannot read `{}`; give a data directory, an export file, or an address with http:// or https://",
            path.display()
        ))
    })?;
    if kind.is_dir() {
        return of_directory(&DataFolder::new(path.to_owned()), poll, options, console);
    }
    if poll.is_some() {
        return Err(input("an export file holds one poll; leave `--poll` out"));
    }
    Ok(Report::new(vec![of_file(
        path, options, "auditing", console,
    )?]))
}

fn of_file(path: &Path, options: &Options, what: &str, console: Console) -> Result<PollReport> {
    let bar = console.bar(0, what);
    let report = audit(path, options, &|progress: Progress| {
        bar.set_length(progress.total);
        bar.set_position(progress.done);
    });
    bar.finish_and_clear();
    Ok(report?)
}

/// Audits every poll of a data directory, or one of them, from a private copy.
pub fn of_directory(
    data: &DataFolder,
    poll: Option<&str>,
    options: &Options,
    console: Console,
) -> Result<Report> {
    let copy = PrivateCopy::of(data)?;
    let ledgers = copy.ledgers(poll)?;
    let for_one = !options.anchors.is_empty() || !options.promises.is_empty();
    if for_one && ledgers.len() > 1 {
        return Err(input(
            "an anchor or a promise is of one poll, and this directory has several; say which with `--poll SLUG`",
        ));
    }
    let mut reports = Vec::new();
    let mut unfinished = Vec::new();
    for ledger in &ledgers {
        match of_ledger(&copy, ledger, options, console) {
            Ok(report) => reports.push(report),
            Err(error) => unfinished.push(Unfinished {
                poll: ledger.slug.clone(),
                why: format!("{error:#}"),
            }),
        }
    }
    let lost = if poll.is_none() {
        copy.lost()?
    } else {
        Vec::new()
    };
    unfinished.extend(lost.into_iter().map(|poll| Unfinished {
        poll,
        why: "its head file names a ledger that the log does not have".to_owned(),
    }));
    Ok(Report::new(reports).with_unfinished(unfinished))
}

fn of_ledger(
    copy: &PrivateCopy,
    ledger: &CopiedLedger,
    options: &Options,
    console: Console,
) -> Result<PollReport> {
    let folder = tempfile::Builder::new().prefix("sijill-audit-").tempdir()?;
    let file = folder.path().join("ledger.export");
    let life = console.spinner(&format!("copying `{}`", ledger.slug));
    let written = copy.export(ledger, &file, |entries| life.set_position(entries));
    life.finish_and_clear();
    written?;
    of_file(
        &file,
        options,
        &format!("auditing `{}`", ledger.slug),
        console,
    )
}

/// The promise files named, and those in folders named.
pub fn promises(paths: &[PathBuf]) -> Result<Vec<(String, String)>> {
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            files.extend(files_of(path)?);
        } else {
            files.push(path.clone());
        }
    }
    if files.len() > PROMISES_MAX {
        return Err(input(format!(
            "{} promises, expected at most {PROMISES_MAX} in one audit",
            files.len()
        )));
    }
    files.iter().map(|path| promise(path)).collect()
}

fn files_of(folder: &Path) -> Result<Vec<PathBuf>> {
    let cannot = || Fault::Input(format!("cannot read the folder `{}`", folder.display()));
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(cannot)? {
        let path = entry.with_context(cannot)?.path();
        if path.is_file() {
            files.push(path);
        }
    }
    if files.is_empty() {
        return Err(input(format!(
            "the folder `{}` holds no promise; name another, or leave `--promise` out",
            folder.display()
        )));
    }
    files.sort();
    Ok(files)
}

/// Name and text of a promise file. One that is too long, or no text, is judged by the auditor as what it is.
fn promise(path: &Path) -> Result<(String, String)> {
    let cannot = || Fault::Input(format!("cannot read the promise `{}`", path.display()));
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| {
            file.take(PROMISE_BYTES_MAX as u64 + 1)
                .read_to_end(&mut bytes)
        })
        .with_context(cannot)?;
    Ok((
        path.display().to_string(),
        String::from_utf8_lossy(&bytes).into_owned(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn promises_come_from_files_and_folders_in_order() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b", "a"] {
            std::fs::write(folder.path().join(name), name).unwrap();
        }
        let single = folder.path().join("b");
        let texts: Vec<String> = promises(&[folder.path().to_owned(), single])
            .unwrap()
            .into_iter()
            .map(|(_, text)| text)
            .collect();
        assert_eq!(texts, ["a", "b", "b"]);
    }

    #[test]
    fn a_promise_that_is_not_there_is_wrong_input() {
        let error = promises(&["no-such-promise".into()]).unwrap_err();
        assert_eq!(crate::fault::exit_of(&error), Exit::Input);
    }
}
