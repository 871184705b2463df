//! Whether a promise is one, and whether the poll as it is published now has kept it.

use super::Court;
use super::asked::Asked;
use super::receipt::standing;
use super::said::{Said, Verdict};
use crate::console::grouped;
use crate::fault::input;
use crate::moment::rfc3339;
use anyhow::Result;
use serde_json::json;
use sijill_auditor::search::{Search, Seen, Standing};
use sijill_ledger::note::VerifierKey;
use sijill_poll::definition::Definition;
use sijill_poll::poll::Phase;
use sijill_poll::promise::{self, Promise, VerifiedPromise};

/// Judges the text of a promise.
pub fn judge(text: &str, court: Court) -> Result<Said> {
    let mut said = Said::of("promise");
    let claimed = match promise::claimed(text) {
        Ok(claimed) => claimed,
        Err(error) => return Ok(said.but(Verdict::Wrong, error)),
    };
    shown(&claimed, &mut said);
    match (court.asked, &court.promise_key) {
        (Some(asked), key) => {
            asked.expect(&claimed.origin)?;
            now(text, asked, key.as_ref(), court.now_ms, said)
        }
        (None, Some(key)) => by_key(text, &claimed, key, said),
        (None, None) => {
            let why = "nobody was named whom to believe; give `--policy` and `--source`, or `--promise-key`";
            Ok(said.but(Verdict::NotVerified, why))
        }
    }
}

fn shown(claimed: &Promise, said: &mut Said) {
    let due = rfc3339(claimed.due.saturating_mul(1_000));
    said.row("poll", claimed.origin.as_str());
    said.row("due", due.clone());
    said.field("origin", json!(claimed.origin.as_str()));
    said.field("poll_id", json!(claimed.poll_id.to_string()));
    said.field("due", json!(due));
}

/// That it was promised, and nothing of what came of it.
fn by_key(text: &str, claimed: &Promise, key: &VerifierKey, mut said: Said) -> Result<Said> {
    let name = promise::key_name(&claimed.origin);
    if key.name() != name {
        return Err(input(format!(
            "the promise is of `{}`, whose promises are signed by a key named `{name}`; `--promise-key` is named `{}`",
            claimed.origin,
            key.name()
        )));
    }
    let opened = promise::open(text, &claimed.origin, claimed.poll_id, key.public_key());
    match opened {
        Ok(promise) => {
            said.answer(promise.responded(), None);
            said.row("signed by", key.to_string());
            let why = "the answer was promised; whether the promise is kept was not asked: give `--policy` and `--source`";
            Ok(said.but(Verdict::NotVerified, why))
        }
        Err(error) => Ok(said.but(Verdict::Wrong, error)),
    }
}

/// Asks the poll of now.
fn now(
    text: &str,
    mut asked: Asked,
    key: Option<&VerifierKey>,
    now_ms: u64,
    mut said: Said,
) -> Result<Said> {
    let promise = match opened(text, &asked, key) {
        Ok(promise) => promise,
        Err(why) => return Ok(said.but(Verdict::Wrong, why)),
    };
    said.answer(promise.responded(), asked.definition.as_ref());
    said.trusted(asked.trusted());
    let mut search = Search::default();
    let place = search.want(promise.responded().clone());
    asked.search(&mut search, 0)?;
    let seen = search.seen();
    let read = format!(
        "all {} entries of `{}`, {} of them answers",
        grouped(seen.entries),
        asked.from(),
        grouped(seen.answers)
    );
    said.row("read", read);
    said.field("entries_read", json!(seen.entries));
    let due_ms = promise.promise().due.saturating_mul(1_000);
    Ok(kept(said, search.standing(place), seen, due_ms, now_ms))
}

/// The promise, if this poll made it: by the key that entry 0 names, and due when the definition says.
pub fn opened(
    text: &str,
    asked: &Asked,
    key: Option<&VerifierKey>,
) -> Result<VerifiedPromise, String> {
    let (first, from) = (&asked.first, asked.from());
    if key.is_some_and(|key| key.public_key() != first.opening.promise_key) {
        return Err(format!(
            "entry 0 of `{from}` names another promise key than the one given"
        ));
    }
    let opening = &first.opening;
    let promise = promise::open(text, &opening.origin, first.poll_id, opening.promise_key)
        .map_err(|error| error.to_string())?;
    match asked.definition.as_ref().map(due) {
        Some(due) if due != promise.promise().due => Err(format!(
            "expected a promise due at {}, as the definition says of all, found {}",
            rfc3339(due.saturating_mul(1_000)),
            rfc3339(promise.promise().due.saturating_mul(1_000))
        )),
        _ => Ok(promise),
    }
}

/// When promises are due, in seconds since 1970.
fn due(definition: &Definition) -> u64 {
    let end = definition.field.latest_end;
    end.saturating_add(definition.rules.promise_delay_ms) / 1_000
}

/// Says whether a promise is kept.
pub fn kept(said: Said, stands: Standing, seen: Seen, due_ms: u64, now_ms: u64) -> Said {
    if let Some(at) = stands.at() {
        let mut said = said;
        said.verdict = Verdict::Kept;
        said.row("index", format!("entry {}", grouped(at)));
        said.field("index", json!(at));
        return standing(said, stands, seen);
    }
    let why = match (stands, seen.over) {
        (Standing::Replaced { .. }, _) => return standing(said, stands, seen),
        (_, Some(Phase::Annulled)) => {
            "the poll was annulled, and the answer is not there".to_owned()
        }
        (_, Some(_)) => "the poll is closed, and the answer is not there".to_owned(),
        (_, None) if now_ms > due_ms => "its time is past, and the answer is not there".to_owned(),
        (_, None) => {
            let why = format!(
                "the answer is not there, and need not be before {}; ask again after that",
                rfc3339(due_ms)
            );
            return said.but(Verdict::NotDue, why);
        }
    };
    let what = "; this file and the checkpoint above are the evidence, and `sijill poll object` or the poll's objection address takes it";
    match seen.unread {
        0 => said.but(Verdict::Broken, why + what),
        unread => said.but(
            Verdict::NotVerified,
            format!("the answer was not found, but {} entries are of a later version, or none; read them with a newer Sijill", grouped(unread)),
        ),
    }
}
