//! V32: no text of an entry, the definition's contact aside, holds what looks like personal data. Byte strings have
//! their fixed length or do not decode (V2), and what must be absent on this rung is refused at the opening (V6).
//!
//! A report names place and kind, and never repeats what was found.

use crate::checks::signatures::subject;
use crate::findings::Findings;
use crate::report::Failure;
use sijill_poll::event::{Responded, Value};
use sijill_poll::{Event, Poll, personal};

const V32: u8 = 32;

/// Looks at the texts of the definition.
pub(crate) fn look_at_definition(poll: &Poll, findings: &mut Findings) {
    for (path, text) in personal::texts(poll.definition()) {
        findings.looked_at(V32, 1);
        scan(0, &format!("definition, `{path}`"), text, findings);
    }
}

/// Looks at the texts of one entry.
pub(crate) fn look(place: u64, event: &Event, poll: &Poll, findings: &mut Findings) {
    for text in texts(event, poll) {
        findings.looked_at(V32, 1);
        scan(place, &subject(event, poll), text, findings);
    }
}

fn scan(place: u64, subject: &str, text: &str, findings: &mut Findings) {
    if let Some(hit) = personal::find(text) {
        let meaning = "somebody's data is public and can never be taken back";
        let found = format!("what looks like {}", hit.kind);
        let failure = Failure::new(subject, "a text without personal data", found, meaning);
        findings.fail_once(V32, failure.at_entry(place));
    }
}

fn texts<'a>(event: &'a Event, poll: &Poll) -> Vec<&'a str> {
    match event {
        Event::Responded(responded) => answer_texts(responded, poll),
        Event::Paused(signed) => vec![&signed.content.reason],
        Event::Resumed(signed) => vec![&signed.content.reason],
        Event::Extended(signed) => vec![&signed.content.reason],
        Event::Annulled(signed) => vec![&signed.content.reason],
        Event::Recovered(signed) => vec![&signed.content.reason],
        Event::Closed(signed) => {
            let rows = signed.content.tally.iter().flatten().flat_map(|question| {
                let options = question.options.iter().map(|row| row.option.as_str());
                options.chain([question.question.as_str()])
            });
            rows.chain([signed.content.reason.as_str()]).collect()
        }
        Event::Opened(_)
        | Event::RosterCommitted(_)
        | Event::WaveStarted(_)
        | Event::WaveEnded(_)
        | Event::Unsealed(_)
        // A promise file, checked to the byte (V25): names, hashes, and a due time that has the digits of a phone number.
        | Event::Objected(_) => Vec::new(),
        Event::PageChanged(signed) => {
            let wordings = signed.content.wordings.iter();
            // Whom to ask may be named with a number, as in the definition.
            let gone_over = wordings.filter(|wording| wording.field != "contact.name");
            let texts = gone_over.flat_map(|wording| {
                [&wording.field, &wording.language, &wording.text].map(String::as_str)
            });
            texts.chain([signed.content.reason.as_str()]).collect()
        }
        Event::CredentialIssued(later) => match *later {},
    }
}

/// An answer on the ballot has no text but ids of the definition, which were looked at; another may have any.
fn answer_texts<'a>(responded: &'a Responded, poll: &Poll) -> Vec<&'a str> {
    if poll.chosen_option(&responded.answer).is_some() {
        return Vec::new();
    }
    let chosen = responded.answer.chosen.iter();
    chosen
        .flat_map(|chosen| {
            let option = match &chosen.value {
                Value::Clear(option) => Some(option.as_str()),
                Value::Sealed(_) => None,
            };
            [Some(chosen.question.as_str()), option]
        })
        .flatten()
        .collect()
}
