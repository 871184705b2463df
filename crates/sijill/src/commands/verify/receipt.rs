//! What a receipt proves, and how its entry stands in the poll as it is published now.

use super::Court;
use super::asked::{Asked, Growth};
use super::said::{Said, Verdict};
use crate::console::grouped;
use anyhow::Result;
use serde_json::json;
use sijill_auditor::receipt::{self, ProvenReceipt};
use sijill_auditor::search::{Search, Seen, Standing};
use sijill_ledger::tlog_proof::TlogProof;
use sijill_poll::Event;
use sijill_poll::definition::Definition;
use sijill_poll::event::Responded;
use sijill_poll::poll::Phase;

/// Judges the text of a receipt.
pub fn judge(text: &str, court: Court) -> Result<Said> {
    let mut said = Said::of("receipt");
    let proof = match text.parse::<TlogProof>() {
        Ok(proof) => proof,
        Err(error) => return Ok(said.but(Verdict::Wrong, error)),
    };
    let Some(policy) = &court.policy else {
        return Ok(without_policy(&proof, said));
    };
    let proven = match receipt::prove(&proof, policy) {
        Ok(proven) => proven,
        Err(error) if error.is_ignorance() => {
            said.claimed(proof.checkpoint().claimed());
            let why = format!(
                "{error}; give a policy that lists this log, and a newer Sijill where it needs one"
            );
            return Ok(said.but(Verdict::NotVerified, why));
        }
        Err(error) => return Ok(said.but(Verdict::Wrong, error)),
    };
    match court.asked {
        Some(asked) => now(proven, asked, said),
        None => {
            let definition = definition_of(proven.entry().entry().event.clone());
            told(&proven, definition.as_ref(), &mut said);
            let why = "not asked whether it still counts; give `--source` with the poll's address";
            said.row("since then", why);
            Ok(said)
        }
    }
}

/// What it says, which anybody could have written.
fn without_policy(proof: &TlogProof, mut said: Said) -> Said {
    match receipt::entry_of(proof) {
        Ok(entry) => {
            let definition = definition_of(entry.entry().event.clone());
            said.entry(&entry, definition.as_ref());
            said.claimed(proof.checkpoint().claimed());
            let why = "nobody was named whom to believe; give `--policy` with the log's key";
            said.but(Verdict::NotVerified, why)
        }
        Err(error) => said.but(Verdict::Wrong, error),
    }
}

/// The definition, where the receipt is of the entry that holds it.
fn definition_of(event: Event) -> Option<Definition> {
    match event {
        Event::Opened(opened) => Definition::parse(&opened.opening.definition).ok(),
        _ => None,
    }
}

fn told(proven: &ProvenReceipt, definition: Option<&Definition>, said: &mut Said) {
    said.entry(proven.entry(), definition);
    said.trusted(proven.checkpoint());
}

/// Asks the poll of now.
fn now(proven: ProvenReceipt, mut asked: Asked, mut said: Said) -> Result<Said> {
    let held = proven.checkpoint().verified().checkpoint().clone();
    asked.expect(&held.origin)?;
    told(&proven, asked.definition.as_ref(), &mut said);
    let newest = asked.newest().clone();
    let (from, size) = (asked.from().to_owned(), grouped(newest.size));
    said.field(
        "asked",
        json!({"source": from, "size": newest.size, "root": newest.root.to_string()}),
    );
    match asked.growth_from(held.size, held.root)? {
        Growth::Consistent => {}
        Growth::WentBack => {
            return Ok(said.but(Verdict::Broken, went_back(&from, newest.size, held.size)));
        }
        Growth::Fork { found } => {
            let why = format!(
                "`{from}` has another history: at {} entries its root is {found}; `sijill compare` makes the proof of it from this file and the source",
                grouped(held.size)
            );
            return Ok(said.but(Verdict::Broken, why));
        }
    }
    said.row(
        "since then",
        format!("`{from}` grew from it to {size} entries"),
    );
    match &proven.entry().entry().event {
        Event::Responded(responded) => later(&proven, responded.clone(), asked, said),
        _ => Ok(said),
    }
}

/// What is said of a source that has fewer entries than a checkpoint that was held.
pub fn went_back(from: &str, found: u64, held: u64) -> String {
    format!(
        "expected at least the {} entries that this file's checkpoint has, `{from}` shows {}: it went back, or shows an old copy; keep the file and ask again",
        grouped(held),
        grouped(found)
    )
}

/// Reads the entries from the answer's own on.
fn later(
    proven: &ProvenReceipt,
    responded: Responded,
    mut asked: Asked,
    mut said: Said,
) -> Result<Said> {
    let mut search = Search::default();
    let place = search.want(responded);
    asked.search(&mut search, proven.index())?;
    let seen = search.seen();
    let after = seen.entries.saturating_sub(1);
    said.row("read", format!("the {} entries after it", grouped(after)));
    said.field("entries_read", json!(after));
    Ok(standing(said, search.standing(place), seen))
}

/// Says how an answer stands.
pub fn standing(mut said: Said, standing: Standing, seen: Seen) -> Said {
    match standing {
        Standing::Counts { .. } => {
            let counts = match seen.over {
                Some(Phase::Annulled) => {
                    "it was the last of its invitation, and the poll was annulled"
                }
                _ => "it counts: no later answer of its invitation is there",
            };
            said.row("now", counts);
            said.field("counts", json!(seen.over != Some(Phase::Annulled)));
        }
        Standing::Superseded { by, revision, .. } => {
            let row = format!(
                "it no longer counts: revision {revision}, entry {}, superseded it",
                grouped(by)
            );
            said.row("now", row);
            said.field("counts", json!(false));
            said.field("superseded_by", json!({"index": by, "revision": revision}));
        }
        Standing::PassedOver { other, .. } => {
            let why = format!(
                "entry {} stands in its way: the answer is there, and the tally passes over it",
                grouped(other)
            );
            return said.but(Verdict::Broken, why);
        }
        Standing::Replaced { other } => {
            let why = format!(
                "another answer of its invitation and revision stands in its place, entry {}",
                grouped(other)
            );
            return said.but(Verdict::Broken, why);
        }
        Standing::Absent => return said.but(Verdict::Broken, "it is not there"),
    }
    match seen.unread {
        0 => said,
        unread => said.but(
            Verdict::NotVerified,
            format!(
                "{} of the entries are of a later version, or none; read them with a newer Sijill",
                grouped(unread)
            ),
        ),
    }
}
