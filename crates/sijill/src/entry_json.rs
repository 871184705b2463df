//! An entry as one JSON object, for `sijill ledger`. Converted by hand, so that no change inside moves what people
//! read: hashes and links in hexadecimal, keys and signatures in base64, moments in RFC 3339.

use crate::moment::rfc3339;
use data_encoding::BASE64;
use serde_json::{Value, json};
use sijill_ledger::{PublicKey, Sealed, Signature};
use sijill_poll::Event;
use sijill_poll::event::{
    self, Closed, Committed, Extended, How, Opened, PageChanged, Recovered, RegisterHead,
    Responded, RosterCommitted, Unsealed, WaveEnded, WaveStarted, Who, Wording,
};
use sijill_poll::operator::{Signed, Signer};

/// The entry as one line of JSON. What would turn the direction of a terminal's text is escaped, as JSON does with
/// control characters: somebody else wrote the reasons and definitions in it.
pub fn line(sealed: &Sealed<Event>) -> String {
    let mut line = String::new();
    for c in entry(sealed).to_string().chars() {
        match c {
            '\u{7f}'..='\u{9f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                line += &format!("\\u{:04x}", u32::from(c));
            }
            c => line.push(c),
        }
    }
    line
}

/// The entry as one JSON object.
fn entry(sealed: &Sealed<Event>) -> Value {
    let entry = sealed.entry();
    json!({
        "index": entry.index,
        "at": rfc3339(entry.at),
        "kind": entry.event.name(),
        "content": content(&entry.event),
        "previous": entry.previous.to_string(),
        "link": sealed.link().to_string(),
    })
}

fn content(event: &Event) -> Value {
    match event {
        Event::Opened(opened) => self::opened(opened),
        Event::RosterCommitted(signed) => operated(signed, roster(&signed.content)),
        Event::WaveStarted(signed) => operated(signed, wave_started(&signed.content)),
        Event::WaveEnded(signed) => operated(signed, wave_ended(&signed.content)),
        Event::Responded(responded) => self::responded(responded),
        Event::Paused(signed) => operated(signed, json!({"reason": signed.content.reason})),
        Event::Resumed(signed) => operated(signed, json!({"reason": signed.content.reason})),
        Event::Extended(signed) => operated(signed, extended(&signed.content)),
        Event::Closed(signed) => operated(signed, closed(&signed.content)),
        Event::Annulled(signed) => operated(signed, json!({"reason": signed.content.reason})),
        Event::Unsealed(signed) => operated(signed, unsealed(&signed.content)),
        Event::Recovered(signed) => operated(signed, recovered(&signed.content)),
        Event::Objected(objected) => json!({"promise": objected.promise}),
        Event::PageChanged(signed) => operated(signed, page_changed(&signed.content)),
        Event::CredentialIssued(later) => match *later {},
    }
}

fn opened(opened: &Opened) -> Value {
    let opening = &opened.opening;
    json!({
        "origin": opening.origin.as_str(),
        "rule_set": opening.rule_set,
        "definition": opening.definition,
        "log_keys": opening.log_keys.iter().map(key).collect::<Vec<_>>(),
        "promise_key": key(&opening.promise_key),
        "messages": opening.messages.iter().map(committed).collect::<Vec<_>>(),
        "questions": opening.questions.iter().map(committed).collect::<Vec<_>>(),
        "script": opening.script.map(|hash| hash.to_string()),
        "sealing_key": opening.sealing_key.map(|key| BASE64.encode(&key)),
        "issuing_keys": opening.issuing_keys.iter().map(|key| BASE64.encode(key)).collect::<Vec<_>>(),
        "signer": signer(Signer::Operator { key: opening.key }),
        "until": rfc3339(opening.until),
        "signature": signature(&opened.signature),
    })
}

fn committed(committed: &Committed) -> Value {
    json!({"language": committed.language, "hash": committed.hash.to_string()})
}

/// What every event of operator or sender has, round its own content.
fn operated<C>(signed: &Signed<C>, content: Value) -> Value {
    let mut fields = json!({
        "signer": signer(signed.signer),
        "counter": signed.counter,
        "follows": signed.previous.to_string(),
        "until": rfc3339(signed.until),
        "signature": signature(&signed.signature),
    });
    if let (Value::Object(fields), Value::Object(content)) = (&mut fields, content) {
        fields.extend(content);
    }
    fields
}

fn signer(signer: Signer) -> Value {
    match signer {
        Signer::Operator { key } => json!({"operator": key}),
        Signer::Sender => json!("sender"),
    }
}

fn roster(content: &RosterCommitted) -> Value {
    json!({
        "root": content.root.to_string(),
        "count": content.count,
        "by_stratum": content.by_stratum,
        "stratum_keys": content.stratum_keys.iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}

fn wave_started(content: &WaveStarted) -> Value {
    json!({
        "wave": content.wave,
        "planned": content.planned,
        "register": content.register.as_ref().map(register),
    })
}

fn register(head: &RegisterHead) -> Value {
    json!({"origin": head.origin.as_str(), "size": head.size, "root": head.root.to_string()})
}

fn wave_ended(content: &WaveEnded) -> Value {
    json!({
        "wave": content.wave,
        "sent": content.sent,
        "failed": content.failed,
        "stopped": content.stopped,
        "delivered": content.delivered,
        "unknown": content.unknown,
        "refused": content.refused,
        "journal": content.journal.map(|hash| hash.to_string()),
    })
}

fn page_changed(content: &PageChanged) -> Value {
    let wording = |wording: &Wording| {
        json!({
            "field": wording.field,
            "language": wording.language,
            "text": wording.text,
        })
    };
    json!({
        "wordings": content.wordings.iter().map(wording).collect::<Vec<_>>(),
        "questions": content.questions.iter().map(committed).collect::<Vec<_>>(),
        "script": content.script.map(|hash| hash.to_string()),
        "reason": content.reason,
    })
}

fn extended(content: &Extended) -> Value {
    json!({"end": rfc3339(content.end), "reason": content.reason})
}

fn closed(content: &Closed) -> Value {
    json!({
        "size": content.size,
        "link": content.link.to_string(),
        "tally": content.tally.as_ref().map(|questions| questions.iter().map(tally).collect::<Vec<_>>()),
        "reason": content.reason,
    })
}

fn unsealed(content: &Unsealed) -> Value {
    let key = |key: &Option<[u8; 32]>| key.map(|key| BASE64.encode(&key));
    json!({
        "keys": content.keys.iter().map(key).collect::<Vec<_>>(),
        "tables": content.tables.to_string(),
    })
}

fn recovered(content: &Recovered) -> Value {
    json!({
        "head_size": content.head_size,
        "head_link": content.head_link.to_string(),
        "reason": content.reason,
    })
}

fn tally(question: &event::QuestionTally) -> Value {
    let options = question.options.iter();
    json!({
        "question": question.question,
        "options": options
            .map(|option| json!({"option": option.option, "count": option.count}))
            .collect::<Vec<_>>(),
    })
}

fn responded(responded: &Responded) -> Value {
    let answer = &responded.answer;
    let Who::Invitation { index, revision } = answer.who;
    json!({
        "invitation": index,
        "revision": revision,
        "how": how(answer.how),
        "order": answer.order,
        "answers": answer.chosen.iter().map(chosen).collect::<Vec<_>>(),
        "signature": signature(&responded.signature),
    })
}

fn how(how: How) -> &'static str {
    match how {
        How::Link => "link",
        How::Signed => "signed",
        How::Assisted => "assisted",
        How::Anonymous => "anonymous",
    }
}

fn chosen(chosen: &event::Chosen) -> Value {
    match &chosen.value {
        event::Value::Clear(option) => json!({"question": chosen.question, "option": option}),
        event::Value::Sealed(bytes) => {
            json!({"question": chosen.question, "sealed": BASE64.encode(bytes)})
        }
    }
}

fn key(key: &PublicKey) -> String {
    BASE64.encode(key.as_bytes())
}

fn signature(signature: &Signature) -> String {
    BASE64.encode(signature.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use sijill_ledger::{Head, Link};
    use sijill_poll::event::{Answer, Chosen, Paused};

    const AT: u64 = 1_796_000_000_000;

    fn shown(event: Event) -> Value {
        let head = Head {
            size: 7,
            link: Link::from_bytes([1; 32]),
        };
        entry(&Sealed::seal(head.next(AT, event)).unwrap())
    }

    #[test]
    fn an_answer_is_shown_with_everything_it_holds() {
        let event = Event::Responded(Responded {
            answer: Answer {
                who: Who::Invitation {
                    index: 902_117,
                    revision: 1,
                },
                how: How::Link,
                order: 0,
                chosen: vec![Chosen {
                    question: "mission".into(),
                    value: event::Value::Clear("no".into()),
                }],
            },
            signature: Signature::from_bytes([2; 64]),
        });
        let value = shown(event);
        assert_eq!(value["index"], 7);
        assert_eq!(value["at"], "2026-11-30T00:53:20Z");
        assert_eq!(value["kind"], "Responded");
        assert_eq!(value["previous"], "01".repeat(32));
        assert_eq!(value["content"]["invitation"], 902_117);
        assert_eq!(
            value["content"]["answers"],
            json!([{"question": "mission", "option": "no"}])
        );
        assert_eq!(value["content"]["signature"], BASE64.encode(&[2; 64]));
    }

    #[test]
    fn an_operators_event_is_shown_with_its_envelope_and_its_content() {
        let event = Event::Paused(Signed {
            signer: Signer::Operator { key: 1 },
            counter: 4,
            previous: Link::from_bytes([3; 32]),
            until: AT,
            content: Paused {
                reason: "a fault".into(),
            },
            signature: Signature::from_bytes([5; 64]),
        });
        let content = &shown(event)["content"];
        assert_eq!(content["signer"], json!({"operator": 1}));
        assert_eq!(content["counter"], 4);
        assert_eq!(content["follows"], "03".repeat(32));
        assert_eq!(content["reason"], "a fault");
    }
}
