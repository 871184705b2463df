//! `sijill replay`: rebuild every projection from entry 0, and compare it with what the service last stored.

mod recover;
mod repair;

use crate::commands::poll::KeyArg;
use crate::console::grouped;
use crate::data_folder::DataFolder;
use crate::fault::{Exit, Fault, unfinished};
use crate::private_copy::{CopiedLedger, PrivateCopy};
use crate::roster_leaves;
use crate::settings::Settings;
use anyhow::{Context, Result};
use serde_json::{Value, json};
use sijill_ledger::Sealed;
use sijill_poll::roster::Roster;
use sijill_poll::{Event, Poll, evolve};
use sijill_server::snapshot::Snapshot;
use sijill_store::StoreError;
use std::sync::Arc;
use std::time::Instant;

/// Rebuild every figure from entry 0 and compare with what is stored
#[derive(Debug, clap::Args)]
#[command(
    after_help = "All polls of a directory are in one log: where a repair makes it anew, the other polls come along.\n\nExample: sijill replay --data ./sijill-demo\nExample: sijill replay --repair --data /var/lib/sijill"
)]
pub struct Args {
    /// Only this poll
    #[arg(long, value_name = "SLUG")]
    poll: Option<String>,
    /// Rebuild a damaged log from what is published, or damaged tiles from the log; nobody may serve the directory
    #[arg(long, conflicts_with = "accept_loss")]
    repair: bool,
    /// Go on without acknowledged entries that the log lost, and record that; needs --poll and --reason
    #[arg(long)]
    accept_loss: bool,
    /// With --accept-loss: what happened, for everyone to read in the ledger
    #[arg(long, value_name = "TEXT", requires = "accept_loss")]
    reason: Option<String>,
    #[command(flatten)]
    key: KeyArg,
}

/// What a replay of one poll came to.
struct Replayed {
    slug: String,
    entries: u64,
    answered: u64,
    seconds: f64,
    comparison: Comparison,
}

/// The stored snapshot against the replay at the same size.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Comparison {
    /// They are the same.
    Matches { size: u64 },
    /// These fields differ.
    Differs {
        size: u64,
        fields: Vec<&'static str>,
    },
    /// Nothing is stored.
    NothingStored,
}

/// Carries it out.
pub fn run(args: &Args, settings: &Settings) -> Result<Exit> {
    if args.accept_loss {
        let named = (args.poll.as_deref(), args.reason.as_deref());
        return recover::run(settings, named, &args.key);
    }
    if args.repair {
        return repair::run(settings, args.poll.as_deref());
    }
    let data = settings.data();
    data.must_exist()?;
    let copy = PrivateCopy::of(&data)?;
    let mut replayed = Vec::new();
    for ledger in copy.ledgers(args.poll.as_deref())? {
        let outcome = replay(&copy, &data, &ledger, settings);
        replayed.push(outcome.map_err(|error| in_place(error, &data))?);
    }
    if args.poll.is_none() {
        let whole = copy.log().finish_loading();
        whole.map_err(|error| in_place(error.into(), &data))?;
    }
    let lines: Vec<String> = replayed.iter().map(line).collect();
    let text = match lines.as_slice() {
        [] => "no polls to replay".to_owned(),
        lines => lines.join("\n"),
    };
    let json = Value::Array(replayed.iter().map(document).collect());
    settings.console.answer(&text, &json)?;
    let differs = |replayed: &Replayed| matches!(replayed.comparison, Comparison::Differs { .. });
    Ok(if replayed.iter().any(differs) {
        Exit::NotSo
    } else {
        Exit::Well
    })
}

fn replay(
    copy: &PrivateCopy,
    data: &DataFolder,
    ledger: &CopiedLedger,
    settings: &Settings,
) -> Result<Replayed> {
    let started = Instant::now();
    let stored = stored(data, &ledger.slug)?;
    let life = settings
        .console
        .spinner(&format!("replaying `{}`", ledger.slug));
    let rebuilt = rebuild(copy, ledger, stored.as_ref().map(|snapshot| snapshot.size));
    life.finish_and_clear();
    let (poll, at_stored) = rebuilt?;
    Ok(Replayed {
        slug: ledger.slug.clone(),
        entries: poll.head().size,
        answered: poll.tally().answered,
        seconds: started.elapsed().as_secs_f64(),
        comparison: compare(stored, at_stored),
    })
}

/// The snapshot that the service stored, if there is one.
fn stored(data: &DataFolder, slug: &str) -> Result<Option<Snapshot>> {
    let path = data.poll(slug)?.path().join("snapshot.json");
    let text = match std::fs::read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            return Err(error).with_context(|| format!("cannot read `{}`", path.display()));
        }
    };
    let snapshot = serde_json::from_slice(&text).with_context(|| {
        Fault::NotSo(format!(
            "the snapshot `{}` cannot be read; it is derived, so delete it, and the service writes a new one",
            path.display()
        ))
    })?;
    Ok(Some(snapshot))
}

/// The poll after its last entry, and its projections at `size`. As a start does it, which holds the log against its head
/// file.
fn rebuild(
    copy: &PrivateCopy,
    ledger: &CopiedLedger,
    size: Option<u64>,
) -> Result<(Poll, Option<Snapshot>)> {
    let (mut rebuilt, mut at_size): (Option<Poll>, _) = (None, None);
    let slug = ledger.slug.clone();
    let visit = |sealed: Sealed<Event>| {
        let poll = match &mut rebuilt {
            None => rebuilt.insert(open(&sealed)?),
            Some(poll) => {
                if matches!(sealed.entry().event, Event::RosterCommitted(_)) {
                    attach_roster(poll, copy, ledger).map_err(|error| format!("{error:#}"))?;
                }
                evolve(poll, &sealed);
                poll
            }
        };
        if size == Some(poll.head().size) {
            at_size = Some(Snapshot::of(poll));
        }
        Ok(())
    };
    copy.log().load(&ledger.origin, |_| Ok(slug), visit)?;
    let poll =
        rebuilt.ok_or_else(|| unfinished(format!("the ledger `{}` has no entries", ledger.origin)));
    Ok((poll?, at_size))
}

fn open(first: &Sealed<Event>) -> Result<Poll, String> {
    Poll::open(first, Arc::new(Roster::none())).map_err(|error| error.to_string())
}

fn attach_roster(poll: &mut Poll, copy: &PrivateCopy, ledger: &CopiedLedger) -> Result<()> {
    let roster = roster_leaves::read(&copy.roster(ledger)?, poll.definition())?;
    poll.attach(Arc::new(roster));
    Ok(())
}

/// What the log lacks, said of the directory: the copy that was looked into is gone.
fn in_place(error: anyhow::Error, data: &DataFolder) -> anyhow::Error {
    let files = data.path().display().to_string();
    match error.downcast::<StoreError>() {
        Ok(error) => error.with_files_in(files).into(),
        Err(error) => error,
    }
}

fn compare(stored: Option<Snapshot>, rebuilt: Option<Snapshot>) -> Comparison {
    let Some(stored) = stored else {
        return Comparison::NothingStored;
    };
    let size = stored.size;
    let fields = match rebuilt {
        Some(rebuilt) => differing(&stored, &rebuilt),
        None => vec!["size, which the ledger does not reach"],
    };
    if fields.is_empty() {
        return Comparison::Matches { size };
    }
    Comparison::Differs { size, fields }
}

fn differing(stored: &Snapshot, rebuilt: &Snapshot) -> Vec<&'static str> {
    let fields = [
        ("link", stored.link == rebuilt.link),
        ("phase", stored.phase == rebuilt.phase),
        ("end", stored.end == rebuilt.end),
        ("planned", stored.planned == rebuilt.planned),
        ("answered", stored.answered == rebuilt.answered),
        ("by_option", stored.by_option == rebuilt.by_option),
        (
            "first_by_option",
            stored.first_by_option == rebuilt.first_by_option,
        ),
        ("by_stratum", stored.by_stratum == rebuilt.by_stratum),
        ("casts", stored.casts == rebuilt.casts),
    ];
    fields
        .into_iter()
        .filter(|(_, same)| !same)
        .map(|(name, _)| name)
        .collect()
}

fn line(replayed: &Replayed) -> String {
    let outcome = match &replayed.comparison {
        Comparison::Matches { size } => {
            format!("match with the snapshot at {} entries", grouped(*size))
        }
        Comparison::Differs { size, fields } => format!(
            "differs from the snapshot at {} entries in {}; the ledger counts, delete the snapshot",
            grouped(*size),
            fields.join(", ")
        ),
        Comparison::NothingStored => "nothing stored to compare with".to_owned(),
    };
    format!(
        "poll `{}`: rebuilt from {} entries, {} answers, in {:.1} s: {outcome}",
        replayed.slug,
        grouped(replayed.entries),
        grouped(replayed.answered),
        replayed.seconds,
    )
}

fn document(replayed: &Replayed) -> Value {
    let (matches, size, fields) = match &replayed.comparison {
        Comparison::Matches { size } => (Some(true), Some(*size), Vec::new()),
        Comparison::Differs { size, fields } => (Some(false), Some(*size), fields.clone()),
        Comparison::NothingStored => (None, None, Vec::new()),
    };
    json!({
        "slug": replayed.slug,
        "entries": replayed.entries,
        "answered": replayed.answered,
        "seconds": replayed.seconds,
        "snapshot_size": size,
        "matches": matches,
        "differs_in": fields,
    })
}
