//! `sijill replay --accept-loss`: goes on with a ledger that lost entries which had been acknowledged.
//!
//! What can be read is kept, what stands behind it is cut off, and a `Recovered` signed by the operator says for ever
//! which entries were acknowledged and are lost. Whoever holds a promise or an anchor for one of them has the proof.

use crate::commands::poll::KeyArg;
use crate::console::grouped;
use crate::data_folder::DataFolder;
use crate::fault::{Exit, input, not_so, unfinished};
use crate::private_copy::PrivateCopy;
use crate::roster_leaves;
use crate::settings::Settings;
use crate::signing::{self, VALID_MS};
use anyhow::Result;
use serde_json::json;
use sijill_ledger::{Head, Linked, Origin, Sealed};
use sijill_poll::event::Recovered;
use sijill_poll::roster::Roster;
use sijill_poll::{Event, Poll, evolve, operator, rules};
use sijill_store::{Append, DataDir, Log, Salvaged, claimed_size};
use std::sync::Arc;

/// Carries it out.
pub fn run(
    settings: &Settings,
    (slug, reason): (Option<&str>, Option<&str>),
    key: &KeyArg,
) -> Result<Exit> {
    let (Some(slug), Some(reason)) = (slug, reason) else {
        return Err(input(
            "name the poll with `--poll SLUG`, and say with `--reason TEXT`, for everyone to read, what happened; nothing was changed",
        ));
    };
    let data = settings.data();
    data.must_exist()?;
    look_first(settings, &data, (slug, reason), key)?;
    let (log, copy) = Log::open_to_salvage(DataDir::open(data.path())?)?;
    let (origin, salvaged, poll) = read(&log, &data, slug)?;
    let sealed = recovered(settings, &poll, &salvaged, reason, key)?;
    log.cut(&origin, &salvaged)?;
    let after = append(&log, &origin, &salvaged, &sealed)?;
    let whole = close(&log)?;
    say(settings, &salvaged, after, &copy.display().to_string())?;
    if let Err(why) = whole {
        settings.console.message(&format!("next: {why}"));
    }
    Ok(Exit::Well)
}

/// Whether there is a loss, and whether it can be recorded so: on a copy, so that a refusal changes nothing.
fn look_first(
    settings: &Settings,
    data: &DataFolder,
    (slug, reason): (&str, &str),
    key: &KeyArg,
) -> Result<()> {
    let copy = PrivateCopy::of(data)?;
    let (_, salvaged, poll) = read(copy.log(), copy.data(), slug)?;
    if salvaged.lost() == 0 {
        return Err(not_so(format!(
            "of `{slug}` nothing is lost: all {} acknowledged entries are there; nothing was changed, start the service",
            grouped(salvaged.acknowledged.size)
        )));
    }
    is_not_published(settings, &salvaged)?;
    recovered(settings, &poll, &salvaged, reason, key).map(drop)
}

/// A log that goes on before the end of what was published would be a second history of it.
fn is_not_published(settings: &Settings, salvaged: &Salvaged) -> Result<()> {
    let store = settings.newest_checkpoints()?;
    let published = claimed_size(settings.data().path(), &store, &salvaged.slug)?;
    match salvaged.kept.size < published {
        true => Err(not_so(format!(
            "the newest checkpoint of `{}` is over {} entries, and the log can be read for {}: going on there would give what was published a second history; nothing was changed. Rebuild the log from what is published first: `sijill replay --repair`",
            salvaged.slug,
            grouped(published),
            grouped(salvaged.kept.size)
        ))),
        false => Ok(()),
    }
}

/// The ledger of this poll, what is left of it, and the poll after that.
fn read(log: &Log, data: &DataFolder, slug: &str) -> Result<(Origin, Salvaged, Poll)> {
    for name in log.ledgers()? {
        let origin: Origin = name.parse()?;
        let mut poll: Option<Poll> = None;
        let salvaged =
            log.salvage::<Event>(&origin, slug_of, |sealed| follow(&mut poll, data, &sealed));
        match (salvaged, poll) {
            (Ok(salvaged), Some(poll)) if salvaged.slug == slug => {
                return Ok((origin, salvaged, poll));
            }
            (Err(error), _) if origin.as_str().ends_with(&format!("/{slug}")) => {
                return Err(error.into());
            }
            _ => {}
        }
    }
    Err(not_so(format!(
        "the log has no poll `{slug}` of which anything can be read; `sijill replay --repair` rebuilds what was published, `sijill import` restores an export into a new directory"
    )))
}

fn slug_of(first: &Sealed<Event>) -> Result<String, String> {
    let poll = Poll::open(first, Arc::new(Roster::none())).map_err(|error| error.to_string())?;
    Ok(poll.definition().slug.clone())
}

fn follow(
    state: &mut Option<Poll>,
    data: &DataFolder,
    sealed: &Sealed<Event>,
) -> Result<(), String> {
    let Some(poll) = state else {
        let opened = Poll::open(sealed, Arc::new(Roster::none()));
        *state = Some(opened.map_err(|error| error.to_string())?);
        return Ok(());
    };
    if matches!(sealed.entry().event, Event::RosterCommitted(_)) {
        let definition = Arc::clone(poll.definition());
        let folder = data
            .poll(&definition.slug)
            .map_err(|error| error.to_string())?;
        let roster = roster_leaves::read(&folder.roster(), &definition);
        poll.attach(Arc::new(roster.map_err(|error| format!("{error:#}"))?));
    }
    evolve(poll, sealed);
    Ok(())
}

/// The entry that says what was lost.
fn recovered(
    settings: &Settings,
    poll: &Poll,
    salvaged: &Salvaged,
    reason: &str,
    key: &KeyArg,
) -> Result<Sealed<Event>> {
    let named = key.key.as_deref().or(settings.key.as_deref());
    let keys = signing::keys_at_hand(&settings.data(), named)?;
    let pen = signing::operator_pen(&keys, poll.definition())?;
    let now = signing::now();
    let content = Recovered {
        head_size: salvaged.acknowledged.size,
        head_link: salvaged.acknowledged.link,
        reason: reason.to_owned(),
    };
    let (signer, turn) = ((pen.signer, &pen.secret), poll.turn(pen.signer));
    let event = operator::sign(
        poll.id(),
        signer,
        turn,
        now + VALID_MS,
        content,
        Event::Recovered,
    )?;
    let at = (now - now % poll.definition().rules.resolution_ms).max(poll.last_at());
    rules::admits(poll, at, &event).map_err(|refusal| not_so(refusal.to_string()))?;
    Ok(Sealed::seal(poll.head().next(at, event))?)
}

fn append(log: &Log, origin: &Origin, salvaged: &Salvaged, sealed: &Sealed<Event>) -> Result<Head> {
    let after = salvaged
        .kept
        .follow(sealed)
        .map_err(|error| unfinished(error.to_string()))?;
    log.append(&[Append {
        origin,
        slug: &salvaged.slug,
        before: salvaged.kept,
        entries: vec![Linked::sealed(sealed)],
    }])?;
    log.sync_heads()?;
    Ok(after)
}

/// Marks the directory as stopped cleanly if everything else in it is whole; says what is not.
fn close(log: &Log) -> Result<Result<(), String>> {
    for name in log.ledgers()? {
        let loaded = log.load::<Event>(&name.parse()?, slug_of, |_| Ok(()));
        if let Err(error) = loaded {
            return Ok(Err(error.to_string()));
        }
    }
    log.close()?;
    Ok(Ok(()))
}

fn say(settings: &Settings, salvaged: &Salvaged, after: Head, copy: &str) -> Result<()> {
    let (from, to) = (
        salvaged.kept.size,
        salvaged.acknowledged.size.saturating_sub(1),
    );
    let why = salvaged.why.as_deref().unwrap_or("the log ends there");
    let anchor = format!("{}:{}", after.size.saturating_sub(1), after.link);
    let text = format!(
        "poll `{}` goes on without {} acknowledged entries, {from} to {to} ({why}); `Recovered` stands in their place\n  the files as found are kept in `{copy}`\nanchor {anchor}",
        salvaged.slug,
        grouped(salvaged.lost()),
    );
    let json = json!({
        "slug": salvaged.slug,
        "kept": salvaged.kept.size,
        "lost": salvaged.lost(),
        "why": why,
        "anchor": anchor,
        "copy": copy,
    });
    settings.console.answer(&text, &json)
}
