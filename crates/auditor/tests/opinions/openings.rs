//! Entries 0 of every kind that is not quite right, alone in their ledgers.

use super::Named;
use sijill_ledger::{Hash, SecretKey};
use sijill_poll::event::Opening;
use sijill_scenarios::bench::{Keys, Setup, first_entry, honest_opening};
use sijill_scenarios::{Bench, Case, Export};

/// What is bent, and how.
type Bend = (&'static str, fn(&mut Opening));

const BENDS: &[Bend] = &[
    ("nothing", |_| {}),
    ("no log key", |opening| opening.log_keys.clear()),
    ("three log keys", |opening| {
        opening.log_keys = (0..3).map(key).collect();
    }),
    ("four log keys", |opening| {
        opening.log_keys = (0..4).map(key).collect();
    }),
    ("a log key twice", |opening| {
        opening.log_keys = vec![key(0), key(0)];
    }),
    ("the promise key among the log keys", |opening| {
        opening.log_keys = vec![opening.promise_key];
    }),
    ("messages in another order", |opening| {
        opening.messages.reverse()
    }),
    ("a message left out", |opening| drop(opening.messages.pop())),
    ("a message twice", |opening| {
        opening.messages.push(opening.messages[0].clone());
    }),
    ("a message of another language", |opening| {
        opening.messages[0].language = "fa".into()
    }),
    ("questions in another order", |opening| {
        opening.questions.reverse()
    }),
    ("a question left out", |opening| {
        drop(opening.questions.pop())
    }),
    ("another question", |opening| {
        opening.questions[0].hash = Hash::of(b"another")
    }),
    ("a question of another language", |opening| {
        opening.questions[0].language = "fa".into()
    }),
    ("a script", |opening| {
        opening.script = Some(Hash::of(b"script"))
    }),
    ("a sealing key", |opening| {
        opening.sealing_key = Some(*key(0).as_bytes())
    }),
    ("an issuing key", |opening| {
        opening.issuing_keys.push(b"key".to_vec())
    }),
    ("an operator key that is not there", |opening| {
        opening.key = 1
    }),
    ("no time to be recorded", |opening| opening.until = 0),
    ("no rule set", |opening| opening.rule_set = 0),
    ("a later rule set", |opening| opening.rule_set = 2),
    ("no definition", |opening| opening.definition.clear()),
    ("a definition with a phone number", |opening| {
        opening.definition = opening
            .definition
            .replace("City Council", "+964 770 123 4567");
    }),
    ("a definition with a comment", |opening| {
        opening.definition.push_str("# a comment")
    }),
    ("a definition with other operators", |opening| {
        opening.definition = opening
            .definition
            .replace("council-operator+67fe27d0", "council-operator+67fe27d1");
    }),
    ("another origin", |opening| {
        opening.origin = "ur.example/polls/tunnel".parse().expect("it is an origin");
    }),
];

fn key(seed: u8) -> sijill_ledger::PublicKey {
    SecretKey::from_seed([100 + seed; 32]).public_key()
}

/// Each of them, signed by the operator; and such as have keys that are none.
pub fn openings() -> Vec<Named> {
    let signed = BENDS.iter().map(|(name, bend)| {
        let setup = Setup::default();
        let keys = Keys::of_seed(setup.seed);
        let at = setup.terms.field_ms[0] - 600_000;
        let mut opening = honest_opening(&setup, &keys, at);
        bend(&mut opening);
        let first = first_entry(opening, &keys.operator, at);
        (format!("opening: {name}"), alone(first.bytes().to_vec()))
    });
    signed.chain(keyless()).collect()
}

/// Log and promise keys that are small, not canonical, or no points.
fn keyless() -> Vec<Named> {
    let bench = Bench::open(&Setup::default());
    let keys = [bench.keys.log.public_key(), bench.keys.promise.public_key()];
    let mut minus_one = [0xff; 32];
    (minus_one[0], minus_one[31]) = (0xec, 0x7f);
    let mut not_canonical = [0xff; 32];
    not_canonical[31] = 0x7f;
    let mut no_point = [0; 32];
    no_point[0] = 2;
    let others = [[0; 32], [0xff; 32], minus_one, not_canonical, no_point];
    let mut cases = Vec::new();
    for (place, key) in keys.iter().enumerate() {
        for (which, other) in others.iter().enumerate() {
            let mut bytes = bench.entries[0].bytes().to_vec();
            let at = bytes
                .windows(32)
                .position(|window| window == key.as_bytes())
                .expect("entry 0 has the key");
            bytes[at..at + 32].copy_from_slice(other);
            cases.push((
                format!("opening: key {place} is none, {which}"),
                alone(bytes),
            ));
        }
    }
    cases
}

/// A ledger of this one entry, without an anchor.
fn alone(first: Vec<u8>) -> Case {
    let export = Export {
        entries: vec![first],
        roster: Vec::new(),
    };
    Case {
        file: export.bytes(),
        ..Case::of(&Bench::open(&Setup::default())).without_anchor()
    }
}
