//! `sijill audit`: what a stranger checks, on a data directory, an export file, a published folder, or a poll's address.
//!
//! A directory is copied first and each of its ledgers written out as it stands, so that the auditor, who trusts
//! nobody, sees bytes and not what the store made of them.

use crate::audit_state;
use crate::console::Console;
use crate::data_folder::DataFolder;
use crate::fault::{Exit, Fault, input};
use crate::private_copy::{CopiedLedger, PrivateCopy};
use crate::settings::Settings;
use crate::signing;
use anyhow::{Context, Result};
use sijill_auditor::fetcher::Fetcher;
use sijill_auditor::report::Unfinished;
use sijill_auditor::{
    Anchor, Options, PollReport, Progress, Report, audit, audit_published, remote, render,
};
use sijill_ledger::limits::{CHECKPOINT_BYTES_MAX, POLICY_BYTES_MAX, TLOG_PROOF_BYTES_MAX};
use sijill_ledger::note::VerifierKey;
use sijill_ledger::policy::Policy;
use sijill_poll::limits::PROMISE_BYTES_MAX;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Most checkpoints taken in one audit.
const CHECKPOINTS_MAX: usize = 10_000;

/// Most promises, and most receipts, in one audit; more want a run for each part. The files of both are kept for a while:
/// a promise is about 1 KiB, a receipt about 3.
const GIVEN_MAX: usize = 100_000;

/// Longest page that is looked at, in bytes: a hundred times what an answer page has.
const PAGE_BYTES_MAX: usize = 1 << 20;
/// Longest message that is looked at, in bytes: more than ten segments have in any script.
const MESSAGE_BYTES_MAX: usize = 1 << 14;

/// Check a ledger as a stranger would: every entry, every signature, every figure
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Keys and anchors must come from somewhere else than what is audited. Exit codes: 0 all verified · 1 a check failed · 3 could not finish · 4 nothing failed, but not everything could be verified.\n\nExample: sijill audit coalition.export --operator-key \"ur-operator+5c1e0000+AbC…\" --anchor 48211:77ab…"
)]
pub struct Args {
    /// Data directory that no server holds, export file, folder of a published poll, or a poll's address
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
    /// A receipt (`.tlog-proof`) that a respondent was given, or a folder of them; repeatable
    #[arg(long, value_name = "FILE")]
    receipt: Vec<PathBuf>,
    /// Policy file: the log keys and witnesses whom you believe
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// A checkpoint that you kept from before, or a folder of them; repeatable
    #[arg(long, value_name = "FILE")]
    checkpoint: Vec<PathBuf>,
    /// An answer page that a respondent saved, or a folder of them; repeatable
    #[arg(long, value_name = "FILE")]
    page: Vec<PathBuf>,
    /// A message that a respondent was sent, with its link or that without its last part, or a folder of them; repeatable
    #[arg(long, value_name = "FILE")]
    message: Vec<PathBuf>,
    /// What to keep from this audit for the next: read if it is there, written if every check passes
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
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
        receipts: receipts(&args.receipt)?,
        pages: texts(&args.page, "page", PAGE_BYTES_MAX)?,
        messages: texts(&args.message, "message", MESSAGE_BYTES_MAX)?,
        policy: args.policy.as_deref().map(policy).transpose()?,
        held: checkpoints(&args.checkpoint)?,
        keep: args.state.is_some(),
        state: args
            .state
            .as_deref()
            .map(audit_state::read)
            .transpose()?
            .flatten(),
        now_ms: signing::now(),
        ..Options::default()
    };
    let console = settings.console;
    let report = if remote::is_address(&args.source) {
        if args.poll.is_some() {
            return Err(input("an address is of one poll; leave `--poll` out"));
        }
        of_address(&args.source, &options, console)?
    } else {
        of_path(
            Path::new(&args.source),
            args.poll.as_deref(),
            &options,
            console,
        )?
    };
    audit_state::keep(&report, args.state.as_deref(), console)?;
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

fn of_address(address: &str, options: &Options, console: Console) -> Result<Report> {
    let (fetching, auditing) = (
        console.bar(0, "fetching the export"),
        console.bar(0, "auditing"),
    );
    let fetched = |done, total: Option<u64>| {
        fetching.set_length(total.unwrap_or(done));
        fetching.set_position(done);
    };
    let report = remote::audit_address(address, options, &fetched, &|progress: Progress| {
        auditing.set_length(progress.total);
        auditing.set_position(progress.done);
    });
    fetching.finish_and_clear();
    auditing.finish_and_clear();
    Ok(Report::new(vec![report?]))
}

fn of_path(path: &Path, poll: Option<&str>, options: &Options, console: Console) -> Result<Report> {
    let kind = std::fs::metadata(path).with_context(|| {
        Fault::Input(format!(
            "cannot read `{}`; give a data directory, an export file, or an address with http:// or https://",
            path.display()
        ))
    })?;
    if kind.is_dir() && is_published(path) {
        if poll.is_some() {
            return Err(input(
                "a published folder holds one poll; leave `--poll` out",
            ));
        }
        return Ok(Report::new(vec![of_folder(path, options, console)?]));
    }
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

/// Whether this directory is what `sijill publish` writes, and no data directory.
fn is_published(path: &Path) -> bool {
    let has = |name| path.join(name).exists();
    !has("format") && (has("checkpoint") || has("tile"))
}

fn of_folder(path: &Path, options: &Options, console: Console) -> Result<PollReport> {
    let bar = console.bar(0, "auditing");
    let fetcher = Fetcher::of_folder(path)?;
    let report = audit_published(fetcher, options, &|progress: Progress| {
        bar.set_length(progress.total);
        bar.set_position(progress.done);
    });
    bar.finish_and_clear();
    Ok(report?)
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
    let for_one = !options.anchors.is_empty()
        || !options.promises.is_empty()
        || !options.receipts.is_empty()
        || !options.held.is_empty()
        || options.state.is_some();
    if for_one && ledgers.len() > 1 {
        return Err(input(
            "an anchor, a promise, a receipt, a checkpoint or a state is of one poll, and this directory has several; say which with `--poll SLUG`",
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
    texts(paths, "promise", PROMISE_BYTES_MAX)
}

/// The receipt files named, and those in folders named.
pub fn receipts(paths: &[PathBuf]) -> Result<Vec<(String, String)>> {
    texts(paths, "receipt", TLOG_PROOF_BYTES_MAX)
}

/// What respondents were given. A file that is too long, or no text, is judged by the auditor as what it is.
fn texts(paths: &[PathBuf], what: &str, bytes_max: usize) -> Result<Vec<(String, String)>> {
    let text = |path: &PathBuf| {
        let (name, bytes) = beginning(path, what, bytes_max)?;
        Ok((name, String::from_utf8_lossy(&bytes).into_owned()))
    };
    named(paths, what, GIVEN_MAX)?.iter().map(text).collect()
}

/// The checkpoint files named, and those in folders named.
fn checkpoints(paths: &[PathBuf]) -> Result<Vec<(String, Vec<u8>)>> {
    let files = named(paths, "checkpoint", CHECKPOINTS_MAX)?;
    let checkpoint = |path: &PathBuf| beginning(path, "checkpoint", CHECKPOINT_BYTES_MAX);
    files.iter().map(checkpoint).collect()
}

/// The policy in this file.
pub fn policy(path: &Path) -> Result<Policy> {
    let (name, bytes) = beginning(path, "policy", POLICY_BYTES_MAX)?;
    Policy::parse(&bytes).map_err(|error| input(format!("`{name}` is no policy: {error}")))
}

/// The files named, and those in folders named.
fn named(paths: &[PathBuf], what: &str, max: usize) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            files.extend(files_of(path, what)?);
        } else {
            files.push(path.clone());
        }
    }
    if files.len() > max {
        return Err(input(format!(
            "{} {what}s, expected at most {max} in one audit",
            files.len()
        )));
    }
    Ok(files)
}

fn files_of(folder: &Path, what: &str) -> Result<Vec<PathBuf>> {
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
            "the folder `{}` holds no {what}; name another, or leave `--{what}` out",
            folder.display()
        )));
    }
    files.sort();
    Ok(files)
}

/// Name and bytes of a file, one more than it may have at most. One that is too long is judged as what it is.
fn beginning(path: &Path, what: &str, max: usize) -> Result<(String, Vec<u8>)> {
    let name = path.display().to_string();
    let cannot = || Fault::Input(format!("cannot read the {what} `{name}`"));
    let mut bytes = Vec::new();
    if path.exists() && !path.is_file() {
        // A pipe would be waited for.
        return Err(input(format!(
            "cannot read the {what} `{name}`: it is no ordinary file"
        )));
    }
    File::open(path)
        .and_then(|file| file.take(max as u64 + 1).read_to_end(&mut bytes))
        .with_context(cannot)?;
    Ok((name, bytes))
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
