//! Forgeries of opening, operator events and roster (V6, V7, V8, V10), of waves (V14) and of what must not be written
//! (V32).

use super::{Forgery, Holds, edit, gone_on, swapped, with_roster};
use crate::bench::{self, Bench, Keys, Setup};
use crate::fixture::{self, Case};
use sijill_ledger::{Hash, SecretKey};
use sijill_poll::Event;
use sijill_poll::definition::Definition;
use sijill_poll::event::{Opening, WaveEnded};
use sijill_poll::roster::LEAF_BYTES;

pub(super) const FORGERIES: &[Forgery] = &[
    Forgery {
        name: "the opening commits to another message than the definition's",
        holds: Holds::Everything,
        fails: &[6],
        make: || {
            Case::of(&Bench::open_bent(&Setup::default(), |opening| {
                opening.messages[0].hash = Hash::of(b"another message");
            }))
        },
    },
    Forgery {
        name: "the opening names more log keys than a ledger may have",
        holds: Holds::Everything,
        fails: &[6],
        make: || {
            Case::of(&Bench::open_bent(&Setup::default(), |opening| {
                let more = (0..4).map(|i| SecretKey::from_seed([100 + i; 32]).public_key());
                opening.log_keys = more.collect();
            }))
        },
    },
    Forgery {
        name: "the question is worded anew while the poll runs",
        holds: Holds::Everything,
        fails: &[16],
        make: || {
            gone_on(&Setup::default(), |bench| {
                let event = bench.page_changed(
                    &[("question.text", "en", "Should there be no bridge?")],
                    "A better wording",
                );
                bench.record(event);
            })
        },
    },
    Forgery {
        name: "a mended wording names somebody's number",
        holds: Holds::Everything,
        fails: &[32],
        make: || {
            gone_on(&Setup::default(), |bench| {
                let event = bench.page_changed(
                    &[("sample.frame", "en", "Ask Ali, 0770 123 4567")],
                    "Whom to ask",
                );
                bench.record(event);
            })
        },
    },
    Forgery {
        name: "the poll is opened a second time in its own ledger",
        holds: Holds::Everything,
        fails: &[6],
        make: || {
            gone_on(&Setup::default(), |bench| {
                let again = bench.entries[0].entry().event.clone();
                bench.record(again);
            })
        },
    },
    Forgery {
        name: "the definition breaks its rules",
        holds: Holds::Everything,
        fails: &[6],
        make: || {
            opened_against_its_rules(|opening| {
                opening.definition = opening.definition.replace("political = false\n", "");
            })
        },
    },
    Forgery {
        name: "a poll is opened whose message goes on after its link",
        holds: Holds::Everything,
        fails: &[6],
        make: || {
            opened_against_its_rules(|opening| {
                let goes_on = |text: &str| text.replace("{link}", "{link} Thank you.");
                let definition = Definition::parse(&opening.definition).expect("it was good");
                for message in &mut opening.messages {
                    let text = definition.message.text.get(&message.language);
                    message.hash = Hash::of(goes_on(text).as_bytes());
                }
                opening.definition = goes_on(&opening.definition);
            })
        },
    },
    Forgery {
        name: "the ledger does not begin with an opening",
        holds: Holds::Platform,
        fails: &[6],
        make: || {
            let bench = Bench::open(&Setup::default());
            let head = sijill_ledger::Head::start(bench.poll.origin());
            let first = head.next(bench.now, bench.annulled("Nothing to see here"));
            alone(&Setup::default(), super::seal(first))
        },
    },
    Forgery {
        name: "another body opens a poll under the same name",
        holds: Holds::Platform,
        fails: &[7],
        make: || {
            let impostor = Setup {
                seed: 2,
                ..Setup::default()
            };
            Case {
                operator_keys: vec![Keys::of_seed(1).operator_key()],
                ..Case::of(&fixture::closed(&impostor, 10))
            }
        },
    },
    Forgery {
        name: "the opening is signed by a key that the definition does not list there",
        holds: Holds::Platform,
        fails: &[7],
        make: || {
            let setup = Setup::default();
            let keys = Keys::of_seed(setup.seed);
            let at = setup.terms.field_ms[0] - 600_000;
            let opening = bench::honest_opening(&setup, &keys, at);
            alone(&setup, bench::first_entry(opening, &keys.log, at))
        },
    },
    Forgery {
        name: "an old command is played again",
        holds: Holds::Platform,
        fails: &[8],
        make: || {
            gone_on(&Setup::default(), |bench| {
                let paused = bench
                    .entries
                    .iter()
                    .map(|sealed| sealed.entry().event.clone())
                    .find(|event| matches!(event, Event::Paused(_)));
                bench.record(paused.expect("the honest poll was paused once"));
            })
        },
    },
    Forgery {
        name: "a command of the same operator's other poll is recorded here",
        holds: Holds::Platform,
        fails: &[8],
        make: || {
            let mut other = Setup::default();
            other.terms.slug = "tunnel".into();
            let foreign = fixture::answered(&other, 10).paused("Maintenance of the site");
            gone_on(&Setup::default(), |bench| bench.record(foreign))
        },
    },
    Forgery {
        name: "a command is signed by a key that is not the operator's",
        holds: Holds::Platform,
        fails: &[8],
        make: || {
            gone_on(&Setup::default(), |bench| {
                let signer = (
                    sijill_poll::operator::Signer::Operator { key: 0 },
                    &bench.keys.log,
                );
                let reason = "The result did not please us".to_owned();
                let event = bench.signed_by(
                    signer,
                    sijill_poll::event::Annulled { reason },
                    Event::Annulled,
                );
                bench.record(event);
            })
        },
    },
    Forgery {
        name: "the operator signs a wave where the definition names a sender",
        holds: Holds::Everything,
        fails: &[8],
        make: || {
            let setup = Setup {
                with_sender: true,
                ..Setup::default()
            };
            gone_on(&setup, |bench| {
                let Event::WaveEnded(signed) = bench.wave_ended(2) else {
                    return;
                };
                let event = bench.signed(signed.content, Event::WaveEnded);
                bench.record(event);
            })
        },
    },
    Forgery {
        name: "the close was signed over a longer ledger",
        holds: Holds::Everything,
        fails: &[8],
        make: || {
            gone_on(&Setup::default(), |bench| {
                let mut content = bench.closing("Done");
                content.size += 3;
                let event = bench.signed(content, Event::Closed);
                bench.record(event);
            })
        },
    },
    Forgery {
        name: "a command is recorded after its time",
        holds: Holds::Platform,
        fails: &[8],
        make: || {
            gone_on(&Setup::default(), |bench| {
                let event = bench.wave_ended(2);
                bench.now += 3_601_000;
                bench.record(event);
            })
        },
    },
    Forgery {
        name: "an invitation is added to the published roster",
        holds: Holds::Platform,
        fails: &[10],
        make: || {
            let bench = fixture::honest();
            let mut leaves = bench.leaves.clone();
            let mut last = leaves[leaves.len() - LEAF_BYTES..].to_vec();
            let later = key_after(&last[..32]);
            last[..32].copy_from_slice(&later);
            leaves.extend(last);
            swapped(&bench, &with_roster(&bench.export(), leaves))
        },
    },
    Forgery {
        name: "a key stands in the roster twice",
        holds: Holds::Everything,
        fails: &[10],
        make: || {
            let mut bench = Bench::open(&Setup::default());
            let last = bench.leaves[bench.leaves.len() - LEAF_BYTES..].to_vec();
            bench.leaves.extend(last);
            bench
                .poll
                .attach(bench::roster(&bench.leaves, bench.poll.definition()).into());
            bench.record(bench.roster_committed());
            Case::of(&bench)
        },
    },
    Forgery {
        name: "the roster is committed to after the first wave",
        holds: Holds::Everything,
        fails: &[10],
        make: || {
            let mut bench = Bench::open(&Setup::default());
            bench.record(bench.wave_started(8));
            bench.record(bench.roster_committed());
            Case::of(&bench)
        },
    },
    Forgery {
        name: "the roster is committed to a second time",
        holds: Holds::Everything,
        fails: &[10],
        make: || {
            let mut bench = Bench::open(&Setup::default());
            bench.record(bench.roster_committed());
            bench.record(bench.roster_committed());
            Case::of(&bench)
        },
    },
    Forgery {
        name: "more invitations are planned than the roster has",
        holds: Holds::Everything,
        fails: &[14],
        make: || {
            gone_on(&Setup::default(), |bench| {
                bench.record(bench.wave_started(1));
            })
        },
    },
    Forgery {
        name: "the figures of a wave do not add up",
        holds: Holds::Everything,
        fails: &[14],
        make: || {
            gone_on(&Setup::default(), |bench| {
                let content = WaveEnded {
                    wave: 2,
                    sent: 4,
                    failed: 1,
                    stopped: 0,
                    delivered: 4,
                    unknown: 0,
                    refused: 0,
                    journal: None,
                };
                let event = bench.signed(content, Event::WaveEnded);
                bench.record(event);
            })
        },
    },
    Forgery {
        name: "a reason holds a phone number",
        holds: Holds::Everything,
        fails: &[32],
        make: || {
            gone_on(&Setup::default(), |bench| {
                bench.record(bench.paused("Complaints to +964 770 123 4567"));
            })
        },
    },
    Forgery {
        name: "the definition is changed and the chain made whole behind it",
        holds: Holds::Platform,
        fails: &[7, 8, 11],
        make: || {
            let bench = fixture::running();
            let export = edit(&bench.export(), |entries| {
                if let Event::Opened(opened) = &mut entries[0].event {
                    let text = &opened.opening.definition;
                    opened.opening.definition =
                        text.replace("Residents of the city", "Friends of the council");
                }
            });
            swapped(&bench, &export)
        },
    },
];

/// A ledger of an opening alone whose definition does not pass.
fn opened_against_its_rules(bend: impl FnOnce(&mut Opening)) -> Case {
    let setup = Setup::default();
    let keys = Keys::of_seed(setup.seed);
    let at = setup.terms.field_ms[0] - 600_000;
    let mut opening = bench::honest_opening(&setup, &keys, at);
    bend(&mut opening);
    alone(&setup, bench::first_entry(opening, &keys.operator, at))
}

/// A ledger of this one entry, and the setup's key in the auditor's hand.
fn alone(setup: &Setup, first: sijill_ledger::Sealed<Event>) -> Case {
    let bench = Bench::open(setup);
    let export = crate::export::Export {
        entries: vec![first.bytes().to_vec()],
        roster: Vec::new(),
    };
    Case {
        anchors: vec![(0, first.link())],
        ..swapped(&bench, &export)
    }
}

/// A public key that comes after this one.
fn key_after(key: &[u8]) -> [u8; 32] {
    (0u32..)
        .map(|i| SecretKey::from_seed(bench::entropy(9, "after", i)).public_key())
        .map(|candidate| *candidate.as_bytes())
        .find(|candidate| candidate.as_slice() > key)
        .unwrap_or([0xff; 32])
}
