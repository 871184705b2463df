//! V18: what `Unsealed` opens is what the roster committed to, its tables are the fold's, and exactly the strata that
//! the rule names stay closed, as far as that can be seen. When it may come is among the rules.

use crate::findings::Findings;
use crate::report::Failure;
use sijill_poll::definition::StrataVisibility;
use sijill_poll::unseal::{self, UnsealingFault};
use sijill_poll::{Event, Poll};

const V18: u8 = 18;

/// Looks at an entry and the poll before it.
pub(crate) fn look(place: u64, event: &Event, poll: &Poll, findings: &mut Findings) {
    let Event::Unsealed(signed) = event else {
        return;
    };
    findings.looked_at(V18, signed.content.keys.len() as u64);
    // A further one is wrong in itself, and not opened again.
    if poll.definition().rules.strata == StrataVisibility::Open || poll.unsealed().is_some() {
        return;
    }
    for fault in unseal::faults(poll, &signed.content) {
        findings.fail(V18, failure(&fault).at_entry(place));
    }
}

fn failure(fault: &UnsealingFault) -> Failure {
    let (expected, meaning) = match fault {
        UnsealingFault::Count { .. } => (
            "one key, or none, for each stratum of the definition",
            "keys cannot be told apart",
        ),
        UnsealingFault::Key { .. } => (
            "the keys whose hashes the roster committed to",
            "people could be moved between strata, or labels swapped",
        ),
        UnsealingFault::Invited { .. } => (
            "as many invitations in each stratum as were committed to",
            "people were moved between strata",
        ),
        UnsealingFault::Tables => (
            "the tables that keys and answers make",
            "the figures by stratum are not the answers'",
        ),
        UnsealingFault::TooFew { .. } | UnsealingFault::Subtractable { .. } => (
            "strata with few answers closed, and enough others that nobody can subtract",
            "what few people answered can be read",
        ),
        UnsealingFault::TooMany { .. } => (
            "every stratum opened that has enough answers",
            "a result was hidden after it was known",
        ),
    };
    Failure::new("`Unsealed`", expected, fault.to_string(), meaning)
}

/// Judges after the last entry.
pub(crate) fn finish(poll: &Poll, findings: &mut Findings) {
    if findings.has_failed(V18) {
        return;
    }
    let definition = poll.definition();
    match (definition.rules.strata, poll.unsealed()) {
        (StrataVisibility::Open, _) => {
            findings.not_applicable(V18, "the strata of this poll are open")
        }
        (StrataVisibility::Sealed, None) => {
            findings.not_applicable(
                V18,
                "the strata of this poll are sealed and were not opened yet",
            );
        }
        (StrataVisibility::Sealed, Some(keys)) => {
            let rows = definition.strata.iter().zip(keys);
            let closed = rows
                .filter(|(_, key)| key.is_none())
                .map(|(stratum, _)| stratum.id.as_str());
            let closed: Vec<&str> = closed.collect();
            if !closed.is_empty() {
                let note = format!(
                    "strata that stay closed, so that small numbers cannot be read: {}",
                    closed.join(", ")
                );
                findings.note(V18, note);
            }
        }
    }
}
