//! Which key signs, and what it signs: an operator's next event, on what the desk says of the poll.

use crate::data_folder::DataFolder;
use crate::fault::{input, unfinished};
use crate::key_file::{self, SigningKey};
use anyhow::Result;
use serde::Serialize;
use sijill_ledger::SecretKey;
use sijill_ledger::note::VerifierKey;
use sijill_poll::Event;
use sijill_poll::definition::Definition;
use sijill_poll::operator::{self, Signed, Signer, Turn};
use sijill_server::desk::{PollStatus, TurnStatus};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// How long after signing an event may be recorded, in milliseconds: ten minutes.
pub const VALID_MS: u64 = 10 * 60 * 1_000;

/// Milliseconds since 1970.
pub fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| {
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    })
}

/// A key that the definition names, and its place there.
#[derive(Debug, Clone)]
pub struct Pen {
    /// Which of the definition's keys it is.
    pub signer: Signer,
    /// The key.
    pub secret: SecretKey,
}

/// The keys at hand: the one file named, or those in the data directory.
pub fn keys_at_hand(data: &DataFolder, named: Option<&Path>) -> Result<Vec<SigningKey>> {
    match named {
        Some(path) => Ok(vec![key_file::read_operator(path)?]),
        None => key_files(data)?
            .iter()
            .map(|path| key_file::read_operator(path))
            .collect(),
    }
}

/// The key files of operators in the data directory, by name.
fn key_files(data: &DataFolder) -> Result<Vec<PathBuf>> {
    let folder = data.keys();
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let is_key = path.extension().is_some_and(|extension| extension == "key");
        if is_key && ![data.service_key(), data.vault_key()].contains(&path) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// The operator's pen: the first key at hand that the definition lists.
pub fn operator_pen(keys: &[SigningKey], definition: &Definition) -> Result<Pen> {
    let operators = &definition.keys.operators;
    let pens = keys.iter().find_map(|key| {
        let place = operators
            .iter()
            .position(|operator| *operator == key.verifier)?;
        Some((u8::try_from(place).ok()?, key))
    });
    match pens {
        Some((place, key)) => Ok(Pen {
            signer: Signer::Operator { key: place },
            secret: key.secret.clone(),
        }),
        None => Err(no_pen("operators", operators.iter(), keys)),
    }
}

/// The pen that signs waves: the sender's where the definition names one, else the operator's.
pub fn wave_pen(keys: &[SigningKey], definition: &Definition) -> Result<Pen> {
    let Some(sender) = &definition.keys.sender else {
        return operator_pen(keys, definition);
    };
    match keys.iter().find(|key| key.verifier == *sender) {
        Some(key) => Ok(Pen {
            signer: Signer::Sender,
            secret: key.secret.clone(),
        }),
        None => Err(no_pen("the sender", std::iter::once(sender), keys)),
    }
}

fn no_pen<'a>(
    whose: &str,
    expected: impl Iterator<Item = &'a VerifierKey>,
    found: &[SigningKey],
) -> anyhow::Error {
    let expected: Vec<String> = expected.map(|key| format!("`{key}`")).collect();
    let found: Vec<String> = found
        .iter()
        .map(|key| format!("`{}`", key.verifier))
        .collect();
    let found = if found.is_empty() {
        "none".to_owned()
    } else {
        found.join(", ")
    };
    input(format!(
        "no key at hand is one that the definition lists for {whose}: expected {}, found {found}; name the right one with `--key FILE`",
        expected.join(" or ")
    ))
}

/// Signs `content` as the pen's next event of this poll.
pub fn sign<C: Serialize + Clone>(
    poll: &PollStatus,
    pen: &Pen,
    content: C,
    wrap: impl Fn(Signed<C>) -> Event,
) -> Result<Event> {
    sign_for(poll, pen, content, wrap, VALID_MS)
}

/// The same for an event that may be recorded for so many milliseconds.
pub fn sign_for<C: Serialize + Clone>(
    poll: &PollStatus,
    pen: &Pen,
    content: C,
    wrap: impl Fn(Signed<C>) -> Event,
    valid_ms: u64,
) -> Result<Event> {
    let turn = match pen.signer {
        Signer::Operator { .. } => &poll.operator,
        Signer::Sender => &poll.sender,
    };
    let until = now() + valid_ms;
    let event = operator::sign(
        poll.poll_id.parse()?,
        (pen.signer, &pen.secret),
        turn_of(turn)?,
        until,
        content,
        wrap,
    )?;
    Ok(event)
}

fn turn_of(status: &TurnStatus) -> Result<Turn> {
    Ok(Turn {
        counter: status.counter,
        previous: status.previous.parse()?,
    })
}

/// The definition of a poll, from what the desk says of it.
pub fn definition_of(poll: &PollStatus) -> Result<Definition> {
    Definition::parse(&poll.definition).map_err(|findings| {
        let why = findings
            .first()
            .map_or_else(String::new, |finding| finding.message.clone());
        unfinished(format!(
            "the definition of `{}` cannot be read: {why}",
            poll.slug
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo_definition;

    fn key(seed: u8, name: &str) -> SigningKey {
        let secret = SecretKey::from_seed([seed; 32]);
        SigningKey {
            verifier: VerifierKey::new(name, secret.public_key()).unwrap(),
            secret,
        }
    }

    /// The demo's definition, which lists `demo-operator` (seed 1); with a sender's key if one is given.
    fn definition(sender: Option<&SigningKey>) -> Definition {
        let text = demo_definition::sample();
        let text = match sender {
            Some(sender) => text.replace(
                "[question]",
                &format!("sender = \"{}\"\n\n[question]", sender.verifier),
            ),
            None => text,
        };
        Definition::parse(&text).unwrap()
    }

    #[test]
    fn the_key_that_the_definition_lists_is_found_among_others() {
        let keys = [key(9, "somebody"), key(1, "demo-operator")];
        let pen = operator_pen(&keys, &definition(None)).unwrap();
        assert_eq!(pen.signer, Signer::Operator { key: 0 });
        assert_eq!(pen.secret.public_key(), keys[1].verifier.public_key());
    }

    #[test]
    fn a_key_under_another_name_is_refused_with_what_was_expected_and_found() {
        let error = operator_pen(&[key(1, "another-name")], &definition(None)).unwrap_err();
        let said = error.to_string();
        assert!(
            said.contains("demo-operator+") && said.contains("another-name+"),
            "{said}"
        );
        assert!(
            operator_pen(&[], &definition(None))
                .unwrap_err()
                .to_string()
                .contains("found none")
        );
    }

    #[test]
    fn waves_are_signed_by_the_sender_where_one_is_named() {
        let (operator, sender) = (key(1, "demo-operator"), key(2, "sender"));
        let with_sender = definition(Some(&sender));
        let both = [operator.clone(), sender];
        assert_eq!(
            wave_pen(&both, &with_sender).unwrap().signer,
            Signer::Sender
        );
        assert!(wave_pen(std::slice::from_ref(&operator), &with_sender).is_err());
        let by_operator = wave_pen(&[operator], &definition(None)).unwrap();
        assert_eq!(by_operator.signer, Signer::Operator { key: 0 });
    }
}
