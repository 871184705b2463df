//! What stories say of an outcome: what a ledger holds, read by the formats alone, and what a report found.

use serde_json::Value;
use sijill_ledger::{Sealed, container};
use sijill_poll::Event;
use sijill_poll::credential::Code;
use sijill_poll::event::{self, Responded};

/// The entries of an export file, oldest first.
#[track_caller]
pub fn entries(export: &[u8]) -> Vec<Sealed<Event>> {
    let head = container::head_length(export).expect("the export has a head");
    let table = container::sections(&export[..head]).expect("the export's head is whole");
    let place = table
        .iter()
        .position(|section| section.kind == container::ENTRIES)
        .expect("it has entries");
    let before: u64 = table[..place].iter().map(|section| section.length).sum();
    let start = head + before as usize;
    let mut rest = &export[start..start + table[place].length as usize];
    let mut entries = Vec::new();
    while let Some((length, after)) = rest.split_first_chunk::<4>() {
        let (bytes, after) = after.split_at(u32::from_le_bytes(*length) as usize);
        entries.push(Sealed::read(bytes).expect("the entry can be read"));
        rest = after;
    }
    entries
}

/// The answers among entries.
pub fn answers(entries: &[Sealed<Event>]) -> Vec<&Responded> {
    let answer = |entry: &'_ &Sealed<Event>| matches!(entry.entry().event, Event::Responded(_));
    let answers = entries
        .iter()
        .filter(answer)
        .map(|entry| match &entry.entry().event {
            Event::Responded(responded) => responded,
            other => panic!("`{}` is no answer", other.name()),
        });
    answers.collect()
}

/// The short code of an answer, as [`bare`] writes it.
pub fn code(answer: &Responded) -> String {
    bare(&Code::of(answer.hash().expect("the answer can be encoded")).to_string())
}

/// The option that an answer chose.
pub fn choice(answer: &Responded) -> &str {
    match &answer.answer.chosen[0].value {
        event::Value::Clear(option) => option,
        event::Value::Sealed(_) => panic!("the answer is sealed"),
    }
}

/// A code without its groups, in capitals.
pub fn bare(code: &str) -> String {
    code.chars()
        .filter(char::is_ascii_alphanumeric)
        .collect::<String>()
        .to_uppercase()
}

/// One check of an audit's JSON.
#[track_caller]
pub fn check<'a>(report: &'a Value, number: &str) -> &'a Value {
    let checks = report["checks"].as_array().expect("a report has checks");
    checks
        .iter()
        .find(|check| check["number"] == number)
        .unwrap_or_else(|| panic!("no {number} in {report}"))
}

/// The verdict of a check in an audit's JSON.
#[track_caller]
pub fn verdict<'a>(report: &'a Value, number: &str) -> &'a str {
    check(report, number)["verdict"]
        .as_str()
        .expect("a check has a verdict")
}

/// An integer of a JSON document.
#[track_caller]
pub fn integer(value: &Value) -> u64 {
    value
        .as_u64()
        .unwrap_or_else(|| panic!("`{value}` is no count"))
}

/// The counts of an array of objects with `id` and `count`.
#[track_caller]
pub fn counts(options: &Value) -> Vec<(String, u64)> {
    let options = options.as_array().expect("options are a list").iter();
    options
        .map(|option| {
            (
                option["id"].as_str().unwrap().to_owned(),
                integer(&option["count"]),
            )
        })
        .collect()
}
