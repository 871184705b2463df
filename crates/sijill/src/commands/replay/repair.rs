//! `sijill replay --repair`: rebuilds a damaged log from what was published of it, and tiles from a log that is whole.

use crate::console::grouped;
use crate::fault::{Exit, not_so};
use crate::settings::Settings;
use anyhow::Result;
use serde_json::{Value, json};
use sijill_ledger::Sealed;
use sijill_ledger::note::VerifierKey;
use sijill_poll::roster::Roster;
use sijill_poll::{Event, Poll};
use sijill_store::{CheckpointStore, DataDir, Repair, Repaired};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

/// Carries it out.
pub fn run(settings: &Settings, slug: Option<&str>) -> Result<Exit> {
    let data = settings.data();
    data.must_exist()?;
    let dir = DataDir::open(data.path())?;
    if let Some(slug) = slug.filter(|slug| !data.slugs().is_ok_and(|slugs| has(&slugs, slug))) {
        return Err(not_so(format!(
            "there is no poll `{slug}` in this data directory; nothing was changed"
        )));
    }
    let store = settings.newest_checkpoints()?;
    let opened = RefCell::new(BTreeMap::new());
    let life = settings.console.spinner("repairing");
    let repair = sijill_store::repair(dir, &store, slug, |first| {
        let poll = open(first)?;
        let named = named(&poll);
        opened.borrow_mut().insert(named.0.clone(), poll);
        Ok(named)
    });
    life.finish_and_clear();
    let repair = repair?;
    let opened = opened.into_inner();
    let lists: Vec<Option<String>> = repair
        .polls
        .iter()
        .map(|poll| list_fault(settings, &store, opened.get(&poll.slug)?))
        .collect();
    say(settings, &repair, &lists)?;
    let is_whole = |poll: &Repaired| poll.missing().is_empty() && poll.unusable.is_none();
    let whole = repair.polls.iter().all(is_whole) && lists.iter().all(Option::is_none);
    Ok(match whole {
        true => Exit::Well,
        false => Exit::NotSo,
    })
}

/// What is wrong with the list of a poll's checkpoints. Nothing makes it anew: signatures are in it.
fn list_fault(settings: &Settings, store: &CheckpointStore, poll: &Poll) -> Option<String> {
    let data = settings.data();
    match sijill_server::check_list(data.path(), store, poll) {
        Ok(checked) => {
            if let Some(size) = checked.not_listed {
                settings.console.message(&format!(
                    "`{}`: the newest checkpoint, over {} entries, is not listed yet, as after a crash; the next start lists it",
                    poll.definition().slug,
                    grouped(size)
                ));
            }
            if let Some(notice) = checked.notice {
                settings.console.message(&notice);
            }
            None
        }
        Err(error) => Some(error.to_string()),
    }
}

fn has(slugs: &[String], slug: &str) -> bool {
    slugs.iter().any(|there| there == slug)
}

fn open(first: &Sealed<Event>) -> Result<Poll, String> {
    Poll::open(first, Arc::new(Roster::none())).map_err(|error| error.to_string())
}

/// What entry 0 says: the poll's short name, and the keys of which one signs its checkpoints.
fn named(poll: &Poll) -> (String, Vec<VerifierKey>) {
    let keys = poll.opening().log_keys.iter();
    let keys = keys.filter_map(|key| VerifierKey::new(poll.origin().as_str(), *key).ok());
    (poll.definition().slug.clone(), keys.collect())
}

fn say(settings: &Settings, repair: &Repair, lists: &[Option<String>]) -> Result<()> {
    let polls = repair.polls.iter().zip(lists);
    let mut lines: Vec<String> = polls.clone().map(text).collect();
    if lines.is_empty() {
        lines.push("no polls to repair".to_owned());
    }
    if let Some(kept) = &repair.kept {
        lines.push(format!(
            "the files as found are kept in `{}`",
            kept.display()
        ));
    }
    let json = json!({
        "polls": polls.map(document).collect::<Vec<Value>>(),
        "copy": repair.kept.as_deref().map(Path::display).map(|path| path.to_string()),
    });
    settings.console.answer(&lines.join("\n"), &json)
}

fn text((poll, list): (&Repaired, &Option<String>)) -> String {
    let mut text = format!("poll `{}`: {}", poll.slug, outcome(poll));
    if poll.tiles > 0 {
        let tiles = grouped(poll.tiles);
        text += &format!("\n  tiles and bundles written anew from the log: {tiles}");
    }
    if let Some(why) = &poll.unusable {
        text += &format!("\n  what is published cannot be used: {why}");
    }
    if let Some(fault) = list {
        text += &format!("\n  {fault}");
    }
    let missing = poll.missing();
    if !missing.is_empty() {
        text += &format!(
            "\n  still missing: {}; {}",
            entries(&missing),
            advice(poll, &missing)
        );
    }
    text
}

fn outcome(poll: &Repaired) -> String {
    let size = grouped(poll.size);
    let why = poll.why.as_deref().unwrap_or("the log ends there");
    let readable = grouped(poll.readable);
    match (poll.rebuilt.is_empty(), poll.missing().is_empty()) {
        (true, true) if poll.why.is_none() => {
            format!("nothing to repair in the log, all {size} entries are there")
        }
        (true, true) => format!(
            "the log is made anew without what was damaged behind everything that was acknowledged ({why}); it has {size} entries"
        ),
        (true, false) => {
            format!("nothing can be rebuilt; the log is whole for {readable} entries ({why})")
        }
        (false, _) => {
            let rebuilt: Vec<String> = poll.rebuilt.iter().map(entries).collect();
            format!(
                "{} rebuilt from bundles; the log was whole for {readable} entries ({why}), and has {size} now",
                rebuilt.join(", ")
            )
        }
    }
}

fn entries(range: &Range<u64>) -> String {
    match range.end.saturating_sub(1) {
        last if last == range.start => format!("entry {last}"),
        last => format!("entries {} to {last}", range.start),
    }
}

fn advice(poll: &Repaired, missing: &Range<u64>) -> String {
    match missing.start < poll.published {
        true => format!(
            "{} entries were published: put the folder `tile` back from whoever mirrors it, or `polls/{}/public` from a backup, and repair again",
            grouped(poll.published),
            poll.slug
        ),
        false => format!(
            "they were acknowledged and not published. Put a backup of the log in place, or go on without them: `sijill replay --accept-loss --poll {}` says so in the ledger",
            poll.slug
        ),
    }
}

fn document((poll, list): (&Repaired, &Option<String>)) -> Value {
    let range = |range: &Range<u64>| json!({ "from": range.start, "to": range.end });
    let missing = poll.missing();
    json!({
        "slug": poll.slug,
        "entries": poll.size,
        "readable": poll.readable,
        "why": poll.why,
        "published": poll.published,
        "acknowledged": poll.acknowledged.size,
        "rebuilt": poll.rebuilt.iter().map(range).collect::<Vec<Value>>(),
        "missing": (!missing.is_empty()).then(|| range(&missing)),
        "unusable": poll.unusable,
        "list": list,
        "tiles": poll.tiles,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_said_by_its_first_and_last_entry() {
        assert_eq!(entries(&(3..4)), "entry 3");
        assert_eq!(entries(&(3..9)), "entries 3 to 8");
    }
}
