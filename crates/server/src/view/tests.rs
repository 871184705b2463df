//! Whatever a definition discloses stands on a page, in every language, and so does its mended wording.

use super::{answer_page, languages, results};
use crate::book::{Book, Published};
use crate::keys::MasterKey;
use crate::site::Site;
use sijill_pages as pages;
use sijill_pages::Language;
use sijill_poll::Event;
use sijill_poll::definition::Definition;
use sijill_poll::event::{PageChanged, Wording};
use sijill_scenarios::bench::{Bench, Setup};
use std::collections::BTreeSet;
use toml::{Table, Value};

/// A definition that has every field that there is.
const DEFINITION: &str = include_str!("../../../poll/testdata/good-2.toml");

/// The parts of a definition that tell people who asks, how, and whom to call.
const DISCLOSED: [&str; 5] = ["who", "sample", "disclosure", "explained", "contact"];

/// A word from a list, which pages say in their own words.
const WORDS: [&str; 1] = ["who.tokens_made_by"];

/// The value of each disclosed field, texts language by language, with the names on the way to it.
fn fields(definition: &Table) -> Vec<(Vec<String>, Value)> {
    let mut found = Vec::new();
    for part in DISCLOSED {
        walk(&definition[part], &mut vec![part.to_owned()], &mut found);
    }
    found
}

fn walk(value: &Value, way: &mut Vec<String>, found: &mut Vec<(Vec<String>, Value)>) {
    let below: Vec<(String, &Value)> = match value {
        Value::Table(table) => table
            .iter()
            .map(|(name, below)| (name.clone(), below))
            .collect(),
        Value::Array(list) => list
            .iter()
            .enumerate()
            .map(|(place, below)| (place.to_string(), below))
            .collect(),
        _ => return found.push((way.clone(), value.clone())),
    };
    for (name, below) in below {
        way.push(name);
        walk(below, way, found);
        way.pop();
    }
}

/// The definition with another value there.
fn with(definition: &Table, way: &[String], value: Value) -> Table {
    let mut changed = Value::Table(definition.clone());
    let place = way.iter().fold(&mut changed, |place, name| match place {
        Value::Array(list) => &mut list[name.parse::<usize>().unwrap()],
        table => &mut table[name.as_str()],
    });
    *place = value;
    let Value::Table(changed) = changed else {
        panic!("it was a table");
    };
    changed
}

/// A poll of this definition after these wordings were mended.
fn book(definition: &Table, wordings: &[Wording]) -> Book {
    let text = toml::to_string(definition).unwrap();
    let mut bench = Bench::open_bent(&Setup::default(), |opening| opening.definition = text);
    if !wordings.is_empty() {
        let content = PageChanged {
            wordings: wordings.to_vec(),
            questions: bench.poll.opening().questions.clone(),
            script: None,
            reason: String::new(),
        };
        bench.record(bench.signed(content, Event::PageChanged));
    }
    let published = Published::of(&bench.poll, bench.now);
    Book::new(bench.poll, published, &MasterKey::new([0; 32]))
}

/// The pages of a poll that have disclosures, one after another.
fn shown(book: &Book, language: Language) -> String {
    let (site, now) = (Site::default(), book.definition().field.start);
    let answer = answer_page(&site, book, now, language, "token", None);
    let results = results(&site, book, now, language);
    pages::answer_page(&answer).unwrap() + &pages::results_page(&results).unwrap()
}

/// The field of a text and the language that it is in, if it is one.
fn field(way: &[String]) -> Option<(String, Language)> {
    let (last, before) = way.split_last()?;
    Some((before.join("."), Language::parse(last)?))
}

#[test]
fn everything_that_a_definition_discloses_stands_on_a_page_in_every_language() {
    let definition: Table = DEFINITION.parse().unwrap();
    let before = book(&definition, &[]);
    let offered = languages(&before.definition());
    assert_eq!(offered, Language::all().collect::<Vec<_>>());
    for (way, value) in fields(&definition) {
        let name = way.join(".");
        match (&value, field(&way)) {
            (Value::String(_), Some((field, language))) => {
                let text = format!("{field} as disclosed");
                let book = book(&with(&definition, &way, text.clone().into()), &[]);
                assert!(
                    shown(&book, language).contains(&text),
                    "{name} stands nowhere"
                );
            }
            (Value::String(_), None) if WORDS.contains(&name.as_str()) => {}
            (Value::String(text), None) => {
                let page = shown(&before, offered[0]);
                assert!(page.contains(text.as_str()), "{name} stands nowhere");
            }
            (Value::Integer(_), None) if name.starts_with("explained") => {}
            (Value::Integer(_) | Value::Boolean(_), None) => {
                let other = match value {
                    Value::Integer(number) => Value::from(number + 1),
                    _ => Value::from(value.as_bool() == Some(false)),
                };
                let changed = book(&with(&definition, &way, other), &[]);
                for language in &offered {
                    let same = shown(&before, *language) == shown(&changed, *language);
                    assert!(!same, "{name} stands nowhere in {language}");
                }
            }
            _ => panic!("{name} is of a kind that this test does not know"),
        }
    }
}

#[test]
fn every_text_that_is_mended_stands_on_a_page_in_its_new_wording() {
    let definition: Table = DEFINITION.parse().unwrap();
    let known = Definition::parse(DEFINITION).unwrap();
    let all = fields(&definition);
    let texts = all
        .iter()
        .filter_map(|(way, value)| Some((field(way)?, value)));
    let mut mended = BTreeSet::new();
    for ((field, language), before) in
        texts.filter(|((field, _), _)| known.mendable(field).is_some())
    {
        let text = format!("{field} as mended");
        let wording = Wording {
            field: field.clone(),
            language: language.tag().to_owned(),
            text: text.clone(),
        };
        let page = shown(&book(&definition, &[wording]), language);
        assert!(page.contains(&text), "{field} in {language} stands nowhere");
        // Some say the same as another field does.
        let alone = all.iter().filter(|(_, other)| other == before).count() == 1;
        let before = before.as_str().unwrap();
        assert!(
            !alone || !page.contains(before),
            "{field} in {language} still stands as it was"
        );
        mended.insert(field);
    }
    let may_be = |field: &&str| {
        let (part, rest) = field.split_once('.').unwrap();
        let is_text = !["planned", "probability"].contains(&rest);
        (["sample", "disclosure"].contains(&part) && is_text)
            || ["who.why_they_differ", "contact.name"].contains(field)
    };
    let names: BTreeSet<String> = all
        .iter()
        .filter_map(|(way, _)| way.first().zip(way.get(1)))
        .map(|(part, name)| format!("{part}.{name}"))
        .filter(|name| may_be(&name.as_str()))
        .collect();
    assert_eq!(mended, names);
}
