//! The rules of opening: what entry 0 must be, before any poll exists that could judge it.
//!
//! Returns every fault, each with the number of the check it belongs to: V6 (form) or V7 (signature).

use crate::definition::{AnswerRung, Definition};
use crate::event::{Committed, Opened, Opening};
use crate::limits::{RULE_SET, RULE_SETS};
use crate::lint::Severity;
use sijill_ledger::Hash;

/// Most log keys of one ledger.
const LOG_KEYS_MAX: usize = 3;

/// What is wrong with an opening.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpeningFault {
    /// A rule set that this version does not have.
    #[error("rule set {found}, of a later version; read it with a newer Sijill")]
    RuleSet {
        /// The rule set named.
        found: u16,
    },
    /// The definition is of another rule set than the opening says.
    #[error("rule set {found}, and its definition is of rule set {expected}")]
    OtherRuleSet {
        /// The definition's.
        expected: u16,
        /// The opening's.
        found: u16,
    },
    /// A rule set under which polls are no longer opened. No fault of a poll that was.
    #[error(
        "rule set {found}, under which no poll is opened any more; write `rule_set = {RULE_SET}`, and `sijill poll lint` says what is missing"
    )]
    OldRuleSet {
        /// The rule set named.
        found: u16,
    },
    /// The definition breaks a rule of its rule set.
    #[error("the definition is refused at line {line}: {message}")]
    Definition {
        /// Line, from 1.
        line: usize,
        /// What the rule says.
        message: String,
    },
    /// No log key, or too many.
    #[error("{found} log keys, expected 1 to {LOG_KEYS_MAX}")]
    LogKeys {
        /// How many.
        found: usize,
    },
    /// One key in two places.
    #[error("the promise key is also a log key")]
    KeyTwice,
    /// What is committed to is not the definition's.
    #[error("the hashes of {what} are not those of the definition, language by language")]
    Hashes {
        /// Messages or question blocks.
        what: &'static str,
    },
    /// Keys or a script that this rung does not have.
    #[error("{what}, which answers on this rung do not have")]
    Surplus {
        /// What is there.
        what: &'static str,
    },
    /// Recorded after its time limit.
    #[error("it was to be recorded by {until}, and it is {at}; sign it anew")]
    Void {
        /// Its time limit.
        until: u64,
        /// The entry's time.
        at: u64,
    },
    /// Not at the definition's resolution.
    #[error("the time {at} is not a multiple of the resolution")]
    TimeTooFine {
        /// The entry's time.
        at: u64,
    },
    /// The definition has no such operator key.
    #[error("it names operator key {key}, and the definition has {keys}")]
    UnknownKey {
        /// The key's place.
        key: u8,
        /// How many keys there are.
        keys: usize,
    },
    /// The signature is wrong.
    #[error("the signature is not one by the operator key that it names")]
    WrongSignature,
}

impl OpeningFault {
    /// The number of the auditor's check that the rule belongs to.
    pub fn check(&self) -> u8 {
        match self {
            Self::UnknownKey { .. } | Self::WrongSignature => 7,
            Self::Void { .. } => 8,
            Self::TimeTooFine { .. } => 5,
            _ => 6,
        }
    }
}

/// The fault of an opening that would be good if it had been recorded before, if there is one.
pub fn is_late(opening: &Opening) -> Option<OpeningFault> {
    let found = opening.rule_set;
    (found < RULE_SET).then_some(OpeningFault::OldRuleSet { found })
}

/// Every fault of an opening recorded at `at` (milliseconds since 1970, rounded); none if it may be recorded.
pub fn faults(at: u64, opened: &Opened) -> Vec<OpeningFault> {
    let opening = &opened.opening;
    if !RULE_SETS.contains(&opening.rule_set) {
        return vec![OpeningFault::RuleSet {
            found: opening.rule_set,
        }];
    }
    let definition = match Definition::parse(&opening.definition) {
        Ok(definition) => definition,
        Err(findings) => {
            return findings
                .into_iter()
                .filter(|finding| finding.severity == Severity::Error)
                .map(|finding| OpeningFault::Definition {
                    line: finding.line,
                    message: finding.message,
                })
                .collect();
        }
    };
    let mut faults = form(opening, &definition);
    faults.extend(time(at, opening, &definition));
    faults.extend(signature(opened, &definition));
    faults
}

fn form(opening: &Opening, definition: &Definition) -> Vec<OpeningFault> {
    let mut faults = Vec::new();
    if opening.rule_set != definition.rule_set {
        faults.push(OpeningFault::OtherRuleSet {
            expected: definition.rule_set,
            found: opening.rule_set,
        });
    }
    if !(1..=LOG_KEYS_MAX).contains(&opening.log_keys.len()) {
        faults.push(OpeningFault::LogKeys {
            found: opening.log_keys.len(),
        });
    }
    if opening.log_keys.contains(&opening.promise_key) {
        faults.push(OpeningFault::KeyTwice);
    }
    if opening.messages != message_hashes(definition) {
        faults.push(OpeningFault::Hashes { what: "messages" });
    }
    let languages = opening.questions.iter().map(|hash| hash.language.as_str());
    if !languages.eq(definition.languages()) {
        faults.push(OpeningFault::Hashes {
            what: "question blocks",
        });
    }
    if definition.rules.answers == AnswerRung::Link {
        faults.extend(surplus(opening));
    }
    faults
}

fn surplus(opening: &Opening) -> Vec<OpeningFault> {
    let parts = [
        (opening.script.is_some(), "a script's hash"),
        (opening.sealing_key.is_some(), "a sealing key"),
        (!opening.issuing_keys.is_empty(), "issuing keys"),
    ];
    parts
        .into_iter()
        .filter(|(there, _)| *there)
        .map(|(_, what)| OpeningFault::Surplus { what })
        .collect()
}

fn time(at: u64, opening: &Opening, definition: &Definition) -> Vec<OpeningFault> {
    let mut faults = Vec::new();
    if at > opening.until {
        faults.push(OpeningFault::Void {
            until: opening.until,
            at,
        });
    }
    if !at.is_multiple_of(definition.rules.resolution_ms) {
        faults.push(OpeningFault::TimeTooFine { at });
    }
    faults
}

fn signature(opened: &Opened, definition: &Definition) -> Option<OpeningFault> {
    let opening = &opened.opening;
    let keys = &definition.keys.operators;
    let Some(key) = keys.get(usize::from(opening.key)) else {
        return Some(OpeningFault::UnknownKey {
            key: opening.key,
            keys: keys.len(),
        });
    };
    let message = opening.message().ok()?;
    key.public_key()
        .verify(&message, &opened.signature)
        .err()
        .map(|_| OpeningFault::WrongSignature)
}

/// What entry 0 commits to of the message templates: SHA-256 of each language's text, in the definition's order.
pub fn message_hashes(definition: &Definition) -> Vec<Committed> {
    definition
        .languages()
        .map(|language| Committed {
            language: language.to_owned(),
            hash: Hash::of(definition.message.text.get(language).as_bytes()),
        })
        .collect()
}
