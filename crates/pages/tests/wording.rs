//! The wording files agree with each other and with the code that uses them.

use std::collections::{BTreeMap, BTreeSet};

const ENGLISH: &str = include_str!("../locales/en.ftl");
const OTHERS: [(&str, &str); 2] = [
    ("ar", include_str!("../locales/ar.ftl")),
    ("ckb", include_str!("../locales/ckb.ftl")),
];
const USERS: [&str; 24] = [
    include_str!("../src/answer.rs"),
    include_str!("../src/confirmation.rs"),
    include_str!("../src/disclosure.rs"),
    include_str!("../src/home.rs"),
    include_str!("../src/messages.rs"),
    include_str!("../src/monitor.rs"),
    include_str!("../src/phase.rs"),
    include_str!("../src/problem.rs"),
    include_str!("../src/receipt.rs"),
    include_str!("../src/results.rs"),
    include_str!("../src/sending.rs"),
    include_str!("../src/stop.rs"),
    include_str!("../src/verify.rs"),
    include_str!("../templates/answer.html"),
    include_str!("../templates/base.html"),
    include_str!("../templates/confirmation.html"),
    include_str!("../templates/contact.html"),
    include_str!("../templates/monitor.html"),
    include_str!("../templates/monitor_link.html"),
    include_str!("../templates/receipt.html"),
    include_str!("../templates/results.html"),
    include_str!("../templates/sending.html"),
    include_str!("../templates/stop.html"),
    include_str!("../templates/verify.html"),
];

/// Each message's id with the names of its variables.
fn messages(wording: &str) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut messages: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut current = "";
    for line in wording
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty())
    {
        if let Some((id, _)) = line.split_once(" = ").filter(|_| !line.starts_with(' ')) {
            assert!(!messages.contains_key(id), "`{id}` stands twice");
            current = id;
        }
        let variables = line
            .split('$')
            .skip(1)
            .filter_map(|rest| rest.split([' ', '}']).next());
        messages.entry(current).or_default().extend(variables);
    }
    messages
}

#[test]
fn every_language_has_the_same_messages_with_the_same_variables() {
    let english = messages(ENGLISH);
    for (language, wording) in OTHERS {
        let others = messages(wording);
        for (id, variables) in &english {
            assert_eq!(others.get(id), Some(variables), "`{id}` in {language}");
        }
        assert_eq!(
            others.len(),
            english.len(),
            "{language} has messages that English lacks"
        );
    }
}

#[test]
fn every_wording_file_is_read_without_an_error() {
    for (language, wording) in OTHERS.into_iter().chain([("en", ENGLISH)]) {
        let read = fluent_bundle::FluentResource::try_new(wording.to_owned());
        assert!(
            read.is_ok(),
            "{language}: {:?}",
            read.err().map(|(_, errors)| errors)
        );
    }
}

#[test]
fn every_message_is_used() {
    for id in messages(ENGLISH)
        .keys()
        .filter(|id| !id.starts_with("problem-"))
    {
        let quoted = format!("\"{id}\"");
        let home = include_str!("../templates/home.html");
        let problem = include_str!("../templates/problem.html");
        let warnings = include_str!("../templates/warnings.html");
        let used = USERS
            .iter()
            .chain([&home, &problem, &warnings])
            .any(|source| source.contains(&quoted));
        assert!(used, "`{id}` is used nowhere");
    }
}

#[test]
fn arabic_and_kurdish_are_written_with_their_own_letters() {
    // Sorani has no ي and no ك, Arabic no ی, no ک and no ە: a slip of the keyboard that readers
    // see and that searches miss.
    let body = |wording: &str| -> String {
        wording
            .lines()
            .filter(|line| !line.starts_with('#'))
            .collect()
    };
    let [(_, arabic), (_, kurdish)] = OTHERS;
    assert_eq!(body(kurdish).find(['ي', 'ك', 'ة', 'ى']), None);
    assert_eq!(body(arabic).find(['ی', 'ک', 'ە', 'ڕ', 'ێ']), None);
}
