//! `sijill verify`: what a file that somebody keeps of a poll proves, be it a receipt, a promise or a fork; alone, or
//! asked against the poll as it is published now.
//!
//! Whom to believe comes from the caller: a policy, or a promise key. What was not given is said, and never counts as
//! verified.

mod asked;
mod folder;
mod fork;
mod promise;
mod receipt;
mod said;

use crate::fault::{Exit, input};
use crate::settings::Settings;
use crate::{signing, small_file};
use anyhow::Result;
use asked::Asked;
use said::{Said, Verdict};
use sijill_ledger::limits::FORK_BYTES_MAX;
use sijill_ledger::note::VerifierKey;
use sijill_ledger::policy::Policy;
use sijill_ledger::{fork as ledger_fork, tlog_proof};
use sijill_poll::promise::FILE_FIRST_LINE;
use std::path::PathBuf;

/// Verify a receipt, a promise or a fork, or a folder of them
#[derive(Debug, clap::Args)]
#[command(
    after_help = "The policy must come from somewhere else than the poll. Exit codes: 0 proven, or kept · 1 wrong, or broken · 2 wrong usage or input · 3 could not finish · 4 nothing failed, but not everything could be verified.\n\nExample: sijill verify answer.tlog-proof --policy policy --source https://ur.example/polls/coalition"
)]
pub struct Args {
    /// The file; its first line says what it is
    #[arg(required_unless_present = "folder", conflicts_with = "folder")]
    file: Option<PathBuf>,
    /// A folder of such files, of one poll
    #[arg(long, value_name = "DIR")]
    folder: Option<PathBuf>,
    /// Whom to believe: log keys, witnesses and quorum, in C2SP's tlog-policy
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// The poll as it is published now: its address, or a folder
    #[arg(long, value_name = "SOURCE", requires = "policy")]
    source: Option<String>,
    /// The key that signs the poll's promises, where there is no source to take it from
    #[arg(long, value_name = "VKEY", conflicts_with = "folder")]
    promise_key: Option<VerifierKey>,
}

/// What a file is judged by.
struct Court {
    policy: Option<Policy>,
    promise_key: Option<VerifierKey>,
    asked: Option<Asked>,
    now_ms: u64,
}

/// What a file is, by its first line.
enum Kind {
    Receipt,
    Promise,
    Fork,
}

/// Bytes of a file that are looked at: a character more than any may have, so that what is too long is seen to be.
const LOOKED_AT_BYTES_MAX: usize = FORK_BYTES_MAX + char::MAX_LEN_UTF8;

/// Carries it out.
pub fn run(args: &Args, settings: &Settings) -> Result<Exit> {
    let policy = args.policy.as_deref().map(small_file::policy).transpose()?;
    let asked = match (&args.source, &policy) {
        (Some(source), Some(policy)) => Some(Asked::of(source, policy)?),
        _ => None,
    };
    let court = Court {
        policy,
        promise_key: args.promise_key.clone(),
        asked,
        now_ms: signing::now(),
    };
    match (&args.file, &args.folder) {
        (Some(file), _) => verify_file(file, court, settings),
        (None, Some(folder)) => folder::run(folder, court, settings),
        (None, None) => Err(input("name a file, or a folder with `--folder`")),
    }
}

fn verify_file(file: &std::path::Path, court: Court, settings: &Settings) -> Result<Exit> {
    let bytes = small_file::beginning(file, LOOKED_AT_BYTES_MAX)?;
    let life = settings.console.spinner("reading the ledger");
    let said = judge(&bytes, court);
    life.finish_and_clear();
    let said = said?.ok_or_else(|| unknown(file))?;
    let name = file.display().to_string();
    settings
        .console
        .answer(&said.text(&name), &said.json(&name))?;
    Ok(said.verdict.exit())
}

/// None if its first line is of no file that is known.
fn judge(bytes: &[u8], court: Court) -> Result<Option<Said>> {
    let Some(kind) = kind_of(bytes) else {
        return Ok(None);
    };
    let Ok(text) = std::str::from_utf8(whole(bytes)) else {
        let said = Said::of(kind.word());
        return Ok(Some(
            said.but(Verdict::Wrong, "it is no text: it is not UTF-8"),
        ));
    };
    let said = match kind {
        Kind::Receipt => receipt::judge(text, court)?,
        Kind::Promise => promise::judge(text, court)?,
        Kind::Fork => fork::judge(text, court.policy.as_ref()),
    };
    Ok(Some(said))
}

/// What was read, without the character that the end of the reading cut.
fn whole(bytes: &[u8]) -> &[u8] {
    match std::str::from_utf8(bytes) {
        Err(cut) if bytes.len() == LOOKED_AT_BYTES_MAX && cut.error_len().is_none() => {
            bytes.get(..cut.valid_up_to()).unwrap_or_default()
        }
        _ => bytes,
    }
}

impl Kind {
    fn word(&self) -> &'static str {
        match self {
            Self::Receipt => "receipt",
            Self::Promise => "promise",
            Self::Fork => "fork",
        }
    }
}

fn kind_of(bytes: &[u8]) -> Option<Kind> {
    let line = bytes.split(|byte| *byte == b'\n').next()?;
    let line = std::str::from_utf8(line).ok()?;
    match line.strip_suffix('\r').unwrap_or(line) {
        tlog_proof::FIRST_LINE => Some(Kind::Receipt),
        FILE_FIRST_LINE => Some(Kind::Promise),
        ledger_fork::FIRST_LINE => Some(Kind::Fork),
        _ => None,
    }
}

fn unknown(file: &std::path::Path) -> anyhow::Error {
    input(format!(
        "`{}` is no receipt, promise or fork: expected `{}`, `{FILE_FIRST_LINE}` or `{}` as its first line",
        file.display(),
        tlog_proof::FIRST_LINE,
        ledger_fork::FIRST_LINE,
    ))
}
