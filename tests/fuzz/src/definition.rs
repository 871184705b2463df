//! The text of a definition: operators write it, and every auditor reads it out of entry 0.

use sijill_ledger::{Hash, Link, Signature, codec};
use sijill_poll::definition::Definition;
use sijill_poll::definition::limits::DEFINITION_BYTES_MAX;
use sijill_poll::event::{Closed, Event, OptionCount, QuestionTally, RosterCommitted};
use sijill_poll::lint::{Linted, Severity, lint, render};
use sijill_poll::opening;
use sijill_poll::operator::{Signed, Signer};

/// Bytes that no planned event may pass: what the lint's limits are made for.
const EVENT_BYTES_MAX: usize = 60_000;

/// A text is a definition exactly if nothing found in it is an error; findings point into it; and every entry that a
/// clean definition will need fits.
pub(crate) fn check(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let linted = lint(text);
    points_into(&linted, text);
    let refused = linted
        .findings
        .iter()
        .any(|finding| finding.severity == Severity::Error);
    assert_eq!(linted.definition.is_none(), refused);
    assert_eq!(Definition::parse(text).ok(), linted.definition);
    if let Some(definition) = &linted.definition {
        assert!(text.len() <= DEFINITION_BYTES_MAX);
        keeps_its_word(definition);
    }
}

fn points_into(linted: &Linted, text: &str) {
    for finding in &linted.findings {
        assert!(text.get(finding.span.clone()).is_some(), "{finding:?}");
        assert!(finding.line >= 1 && finding.column >= 1, "{finding:?}");
        assert!(!finding.message.contains('\n'), "{finding:?}");
    }
    let shown = render(&linted.findings, "poll.toml", text, false);
    assert_eq!(shown.is_empty(), linted.findings.is_empty());
}

/// What follows from a clean definition needs no further care.
fn keeps_its_word(definition: &Definition) {
    let languages = definition.languages().count();
    assert_eq!(opening::message_hashes(definition).len(), languages);
    for wordings in [&definition.question.text, &definition.message.text] {
        assert!(
            definition
                .languages()
                .all(|language| !wordings.get(language).trim().is_empty())
        );
    }
    for (place, option) in definition.options.iter().enumerate() {
        assert_eq!(
            definition.option_index(&option.id).map(usize::from),
            Some(place)
        );
    }
    for (place, stratum) in definition.strata.iter().enumerate() {
        assert_eq!(
            definition.stratum_index(&stratum.id).map(usize::from),
            Some(place)
        );
    }
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    assert!(
        definition.slug.bytes().all(plain),
        "a slug is a folder's name and part of an address"
    );
    the_largest_events_fit(definition);
}

fn the_largest_events_fit(definition: &Definition) {
    let options = definition.options.iter().map(|option| OptionCount {
        option: option.id.clone(),
        count: u64::MAX,
    });
    let closed = Closed {
        size: u64::MAX,
        link: Link::from_bytes([255; 32]),
        tally: Some(vec![QuestionTally {
            question: definition.question.id.clone(),
            options: options.collect(),
        }]),
        reason: "ه".repeat(sijill_poll::limits::REASON_BYTES_MAX / 2),
    };
    let committed = RosterCommitted {
        root: Hash::of(b""),
        count: u32::MAX,
        by_stratum: vec![u32::MAX; definition.strata.len()],
        stratum_keys: vec![Hash::of(b""); definition.strata.len()],
    };
    for event in [
        Event::Closed(signed(closed)),
        Event::RosterCommitted(signed(committed)),
    ] {
        let bytes = codec::encode(&event).expect("the event fits an entry");
        assert!(bytes.len() <= EVENT_BYTES_MAX, "{} bytes", bytes.len());
    }
}

/// Signed by nobody: only its length counts here.
fn signed<C>(content: C) -> Signed<C> {
    Signed {
        signer: Signer::Operator { key: u8::MAX },
        counter: u32::MAX,
        previous: Link::from_bytes([255; 32]),
        until: u64::MAX,
        content,
        signature: Signature::from_bytes([255; 64]),
    }
}
