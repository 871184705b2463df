//! Honest polls, and promises made in them.

use super::Named;
use sijill_ledger::note::VerifierKey;
use sijill_poll::Event;
use sijill_poll::event::How;
use sijill_poll::promise::{self, Promise};
use sijill_scenarios::bench::{Bench, Setup, page_of, rotated_block};
use sijill_scenarios::definition::Terms;
use sijill_scenarios::{Case, fixture};

/// Every honest poll: whole and at each prefix, under several terms, with promises kept, broken and bent.
pub fn honest() -> Vec<Named> {
    let bench = fixture::honest();
    let mut cases = vec![
        ("whole".to_owned(), Case::of(&bench)),
        ("no anchor".into(), Case::of(&bench).without_anchor()),
        ("no key".into(), keyless(Case::of(&bench))),
        ("running".into(), Case::of(&fixture::running())),
    ];
    cases.extend(prefixes(&bench));
    cases.extend(mended());
    cases.extend(sealed());
    cases.extend(rotated());
    cases.extend(other_terms());
    cases.extend(promised());
    cases.extend(clocks());
    cases.extend(anchored());
    cases.extend(keyed());
    cases
}

/// Strata sealed, opened under several thresholds, and a ledger that lost entries.
fn sealed() -> Vec<Named> {
    let of = |threshold: u32| {
        let mut setup = fixture::sealed_setup();
        setup.terms.threshold = threshold;
        let mut bench = fixture::closed(&setup, 23);
        let closed = (format!("sealed, {threshold}"), Case::of(&bench));
        bench.admit(bench.unsealed());
        let link = sijill_ledger::Link::from_bytes([9; 32]);
        bench.admit(bench.recovered(2, link, "The disk of the server failed"));
        [closed, (format!("unsealed, {threshold}"), Case::of(&bench))]
    };
    [1, 5, 6, 7, 9, 30].into_iter().flat_map(of).collect()
}

/// Options rotated: the poll itself, with the page of each rotation, of none, and one that a browser saved.
fn rotated() -> Vec<Named> {
    let setup = fixture::rotated_setup();
    let bench = fixture::closed(&setup, 10);
    let with_page = |name: &str, block: String| {
        let case = Case {
            pages: vec![("saved".to_owned(), page_of(&block))],
            ..Case::of(&bench)
        };
        (format!("rotated, a page {name}"), case)
    };
    let block = |rotation| rotated_block(&setup.terms, "ar", rotation);
    let mut cases = vec![("rotated".to_owned(), Case::of(&bench))];
    cases.extend((0..3).map(|rotation| with_page(&format!("in {rotation}"), block(rotation))));
    let saved = block(2).replace('\n', "\r\n");
    cases.push(with_page("as saved", saved.trim_end().to_owned()));
    let yes = "<label>yes</label>\n";
    let without = block(1).replace(yes, "");
    cases.push(with_page("without an option", without.clone()));
    cases.push(with_page(
        "with an empty line",
        block(1).replace(yes, &format!("\n{yes}")),
    ));
    let first = format!("{yes}<label>no");
    cases.push(with_page(
        "otherwise",
        without.replace("<label>no", &first).replace("other", "no"),
    ));
    cases.push(with_page("twice", [block(1), block(2)].concat()));
    cases
}

/// Wordings mended while the poll runs, and after a pause.
fn mended() -> Vec<Named> {
    let mut bench = fixture::running();
    let change = |bench: &Bench, text: &str| {
        bench.page_changed(
            &[("disclosure.limitations", "en", text)],
            "A word was missing",
        )
    };
    bench.admit(change(&bench, "Made for tests alone"));
    bench.admit(bench.paused("Rain"));
    bench.admit(change(&bench, "Made for tests, and for nothing else"));
    let mut bent = fixture::running();
    for text in ["", "a\u{200B}b", "Yеs", "Call 07701234567"] {
        bent.record(change(&bent, text));
    }
    bent.record(bent.page_changed(&[("question.text", "en", "Another")], "Better"));
    bent.record(bent.page_changed(&[("sample.frame", "fr", "Autre")], "Better"));
    bent.record(bent.page_changed(&[("contact.name", "en", "Ali 07701234567")], "Whom to ask"));
    let mut cases = vec![
        ("mended".into(), Case::of(&bench)),
        ("bent wordings".into(), Case::of(&bent)),
    ];
    cases.extend(changed_once());
    cases
}

/// One change each, with more than one thing wrong in it, or a number where one may stand: which rule is told, is told
/// alone.
fn changed_once() -> Vec<Named> {
    const NUMBER: &str = "Call 07701234567";
    let number = ("sample.frame", "en", NUMBER);
    let long = "long ".repeat(1_000);
    let changes = [
        (vec![("contact.name", "en", NUMBER)], "Whom to ask"),
        (vec![number], &*long),
        (vec![number], NUMBER),
        (vec![number, ("sample.mode", "en", "")], "Better"),
        (vec![("sample.mode", "en", ""), number], &long),
        (vec![("sample.mode", "en", "By phone")], &long),
        (vec![(NUMBER, "en", "By phone")], "Better"),
        (vec![("sample.mode", NUMBER, "By phone")], "Better"),
        (vec![("contact.name", NUMBER, "Ali")], "Better"),
    ];
    let changes = changes.iter().map(|(wordings, reason)| {
        let mut bench = fixture::running();
        bench.record(bench.page_changed(wordings, reason));
        (format!("changed once: {wordings:?}"), Case::of(&bench))
    });
    changes.chain(numbers_in_ids()).collect()
}

/// What stands where ids belong, and is none: a phone number.
fn numbers_in_ids() -> [Named; 2] {
    let mut answered = fixture::running();
    let off_the_ballot = answered.responded(11, "07701234567");
    answered.record(Event::Responded(off_the_ballot));
    let mut closed = fixture::running();
    let mut close = closed.closed("The field period is over");
    if let Event::Closed(signed) = &mut close
        && let Some(tally) = &mut signed.content.tally
    {
        tally[0].options[0].option = "07701234567".to_owned();
    }
    closed.record(close);
    [
        ("an answer with a number".into(), Case::of(&answered)),
        ("a tally with a number".into(), Case::of(&closed)),
    ]
}

fn keyless(case: Case) -> Case {
    Case {
        operator_keys: Vec::new(),
        ..case
    }
}

fn prefixes(bench: &Bench) -> Vec<Named> {
    let prefix = |length: usize| {
        let mut export = bench.export();
        export.entries.truncate(length);
        let case = Case {
            file: export.bytes(),
            anchors: vec![(length as u64 - 1, bench.entries[length - 1].link())],
            ..Case::of(bench)
        };
        (format!("prefix {length}"), case)
    };
    (1..=bench.entries.len()).map(prefix).collect()
}

fn other_terms() -> Vec<Named> {
    let closing_at_end = Terms {
        close_any_time: false,
        ..Terms::default()
    };
    let setups = [
        (
            "a sender",
            Setup {
                with_sender: true,
                ..Setup::default()
            },
        ),
        (
            "at end",
            Setup {
                terms: closing_at_end,
                ..Setup::default()
            },
        ),
        (
            "larger",
            Setup {
                invitations: 300,
                seed: 7,
                ..Setup::default()
            },
        ),
    ];
    setups
        .into_iter()
        .map(|(name, setup)| {
            let answers = setup.invitations * 2 / 3 + 1;
            (name.to_owned(), Case::of(&fixture::closed(&setup, answers)))
        })
        .collect()
}

fn promised() -> Vec<Named> {
    let mut annulled = fixture::running();
    annulled.admit(annulled.annulled("The roster was drawn wrongly"));
    let mut cases = vec![("annulled".to_owned(), Case::of(&annulled))];
    let polls = [
        ("closed", fixture::honest()),
        ("running", fixture::running()),
        ("annulled", annulled),
    ];
    for (name, bench) in polls {
        for (what, person, option) in [
            ("kept", 3, "yes"),
            ("superseded", 0, "yes"),
            ("never recorded", 10, "no"),
        ] {
            let answer = bench.responded_as(person, 1, How::Link, option);
            let mut case = Case::of(&bench);
            case.promises = vec![(format!("{what}.promise"), bench.promise(&answer))];
            cases.push((format!("{name}, a promise {what}"), case));
        }
    }
    cases.extend(bent_promises());
    cases.extend(untrue_promises());
    cases
}

/// Promises that the ledger's key signed, and that are not as they must be.
fn untrue_promises() -> Vec<Named> {
    let bench = fixture::honest();
    let kept = bench.responded_as(3, 1, How::Link, "yes");
    let other = bench.responded_as(4, 1, How::Link, "no");
    let honest = Promise {
        origin: bench.poll.origin().clone(),
        poll_id: bench.poll.id(),
        answer: kept.hash().unwrap(),
        due: bench.poll.promise_due() / 1_000,
    };
    let later = Promise {
        due: honest.due + 1,
        ..honest.clone()
    };
    let elsewhere = Promise {
        poll_id: sijill_ledger::Hash::of(b"another poll"),
        ..honest.clone()
    };
    let of_another = Promise {
        answer: other.hash().unwrap(),
        ..honest.clone()
    };
    let twice = vec![
        ("a".to_owned(), bench.promise(&kept)),
        ("b".to_owned(), bench.promise(&kept)),
    ];
    let mut cases = vec![(
        "a promise twice".to_owned(),
        Case {
            promises: twice,
            ..Case::of(&bench)
        },
    )];
    for (name, promise) in [
        ("with another time", later),
        ("of another poll", elsewhere),
        ("of another answer", of_another),
    ] {
        let text = promise::file(&kept, &promise, &bench.keys.promise).unwrap();
        let case = Case {
            promises: vec![(name.to_owned(), text)],
            ..Case::of(&bench)
        };
        cases.push((format!("a promise {name}"), case));
    }
    cases
}

/// A promise with one byte of it changed, every one in turn.
fn bent_promises() -> Vec<Named> {
    let bench = fixture::honest();
    let honest = bench.promise(&bench.responded_as(3, 1, How::Link, "yes"));
    let bent = |at: usize| {
        let mut bytes = honest.clone().into_bytes();
        bytes[at] ^= 1 << (at % 5);
        let mut case = Case::of(&bench);
        case.promises = vec![("bent".into(), String::from_utf8_lossy(&bytes).into_owned())];
        (format!("promise bent at {at}"), case)
    };
    (0..honest.len()).step_by(5).map(bent).collect()
}

/// Auditors whose clocks are behind.
fn clocks() -> Vec<Named> {
    const TOLERANCE_MS: u64 = 300_000;
    let whole = Case::of(&fixture::honest());
    let last = fixture::honest().now - 1_000;
    let behind = |ms: u64| {
        let case = Case {
            now_ms: last.saturating_sub(ms),
            ..whole.clone()
        };
        (format!("a clock {ms} ms behind"), case)
    };
    [
        0,
        1,
        TOLERANCE_MS - 1,
        TOLERANCE_MS,
        TOLERANCE_MS + 1,
        u64::MAX,
    ]
    .map(behind)
    .into()
}

/// Anchors of one entry, of several, and such as are not met; of ledgers whose places are not their indices, too.
fn anchored() -> Vec<Named> {
    let bench = fixture::honest();
    let (end, link) = bench.end();
    let other = bench.entries[3].link();
    let anchors = [
        ("its end twice", vec![(end, link), (end, link)]),
        ("a middle and the end", vec![(3, other), (end, link)]),
        ("a middle", vec![(3, other)]),
        ("another link", vec![(4, other), (end, link)]),
        (
            "an entry behind the end",
            vec![(end, link), (end + 1, link)],
        ),
        ("the last number there is", vec![(u64::MAX, link)]),
    ];
    let mut cases: Vec<Named> = anchors
        .into_iter()
        .map(|(name, anchors)| {
            let case = Case {
                anchors,
                ..Case::of(&bench)
            };
            (format!("anchors: {name}"), case)
        })
        .collect();
    for place in [end - 1, end] {
        let mut export = bench.export();
        export.entries.remove(11);
        let case = Case {
            file: export.bytes(),
            anchors: vec![(place, link)],
            ..Case::of(&bench)
        };
        cases.push((
            format!("an entry removed, the last anchored at {place}"),
            case,
        ));
    }
    cases
}

/// The operator's key under another name, beside another, and another alone.
fn keyed() -> Vec<Named> {
    let bench = fixture::honest();
    let key = bench.keys.operator_key();
    let renamed = VerifierKey::new("somebody", key.public_key()).unwrap();
    let keys = [
        ("under another name", vec![renamed]),
        ("beside another", vec![bench.keys.sender_key(), key]),
        ("not among them", vec![bench.keys.sender_key()]),
    ];
    keys.into_iter()
        .map(|(name, operator_keys)| {
            let case = Case {
                operator_keys,
                ..Case::of(&bench)
            };
            (format!("the key {name}"), case)
        })
        .collect()
}
