//! What respondents were given, held against ledgers: receipts, pages and messages, whole and bent, and objections at
//! every time of a poll.

use super::Named;
use sijill_poll::event::How;
use sijill_scenarios::bench::{Bench, page_of, question_block};
use sijill_scenarios::definition::HOUR_MS;
use sijill_scenarios::fixture::{self, Case, LINK};

/// Every one of them.
pub fn given() -> Vec<Named> {
    [
        receipts(),
        bent_receipts(),
        objections(),
        bent_objections(),
        bent_pages(),
        bent_messages(),
    ]
    .concat()
}

/// A ledger, and a receipt of each of its entries, by the policy that has the log's key and without one.
fn receipts() -> Vec<Named> {
    let (bench, longer) = (fixture::honest(), fixture::running());
    let of = |name: &str, ledger: &Bench, shown: &Bench, index: usize| {
        let receipt = ("held".to_owned(), shown.receipt(index as u64));
        let case = Case {
            receipts: vec![receipt],
            ..Case::of(ledger)
        };
        let judged = Case {
            policy: Some(ledger.policy()),
            ..case.clone()
        };
        [
            (format!("receipt of {name} {index}"), case),
            (format!("receipt of {name} {index}, with a policy"), judged),
        ]
    };
    let own = (0..bench.entries.len()).flat_map(|index| of("its own", &bench, &bench, index));
    let others = (0..longer.entries.len()).flat_map(|index| of("another", &bench, &longer, index));
    own.chain(others).collect()
}

fn bent_receipts() -> Vec<Named> {
    let bench = fixture::honest();
    let honest = bench.receipt(8);
    let bent = |at: usize| {
        let mut bytes = honest.clone().into_bytes();
        bytes[at] ^= 1 << (at % 7);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let case = Case {
            receipts: vec![("bent".to_owned(), text)],
            ..Case::of(&bench)
        };
        (format!("receipt bent at {at}"), case)
    };
    (0..honest.len()).step_by(5).map(bent).collect()
}

/// A saved page with a character changed or left out, and cut.
fn bent_pages() -> Vec<Named> {
    let page = page_of(&question_block("ar"));
    let shown = |page: String| Case {
        pages: vec![("saved".to_owned(), page)],
        ..Case::of(&fixture::honest())
    };
    let of = |(name, page)| (format!("page {name}"), shown(page));
    let block = question_block("ar");
    let others = [
        page.replace('\n', "\r\n"),
        page.to_ascii_uppercase(),
        page_of(&format!("<!-- {block} -->")),
        page_of(&format!("<!-- {block}")),
        page_of(&format!("<!-- --> {block} <!-- -->")),
        page_of(&format!(
            "{block}<!-->{}<!-- -->",
            block.replace("The", "No")
        )),
        page_of(&format!(
            "{block}<!--->{}<!-- -->",
            block.replace("The", "No")
        )),
        page_of(&format!(
            "{block}<!-- --!>{}<!-- -->",
            block.replace("The", "No")
        )),
        page_of(&block.repeat(20)),
        page_of(&format!(
            "{}{}",
            block.repeat(16),
            block.replace("The", "No")
        )),
        page_of(&format!("<fieldset{block}")),
        page_of(&block.replace("The", "'The' \"&nbsp;")),
        page_of(&block.replace(" lang", "\nlang")),
    ];
    let others = others.into_iter().enumerate();
    let others = others.map(|(at, page)| (format!("otherwise {at}"), page));
    bent(&page).into_iter().chain(others).map(of).collect()
}

/// A message with a character changed or left out, and cut.
fn bent_messages() -> Vec<Named> {
    let bench = fixture::honest();
    let sent = |message: String| Case {
        messages: vec![("sent".to_owned(), message)],
        ..Case::of(&bench)
    };
    let of = |(name, message)| (format!("message {name}"), sent(message));
    let links = [
        LINK,
        "http://ur.example/p/",
        "http://ur.example/p/\u{2026} http://ur.example/p/",
    ];
    let wholes = ["ar", "en"].map(|language| links.map(|link| bench.message(language, link)));
    let mut wholes = wholes.concat();
    wholes.push(bench.message("en", LINK).replace('\n', "\r\n"));
    wholes.iter().flat_map(|text| bent(text)).map(of).collect()
}

/// The text itself, and with each character in turn gone, doubled, another, and the end.
fn bent(text: &str) -> Vec<(String, String)> {
    let around = |at: usize, between: &str| {
        let before: String = text.chars().take(at).collect();
        let after: String = text.chars().skip(at + 1).collect();
        format!("{before}{between}{after}")
    };
    let each = text.chars().enumerate().flat_map(|(at, character)| {
        [
            (format!("without {at}"), around(at, "")),
            (
                format!("{at} doubled"),
                around(at, &format!("{character}{character}")),
            ),
            (format!("{at} another"), around(at, "\u{e9}")),
            (format!("cut at {at}"), text.chars().take(at).collect()),
        ]
    });
    let ends = ["\n", "\r\n\n", " ", "\0", "\u{2028}"];
    let ends = ends.map(|end| (format!("and {end:?}"), format!("{text}{end}")));
    each.chain(ends)
        .chain([("whole".to_owned(), text.to_owned())])
        .collect()
}

/// Objections for answers that are there and that are not, once and twice, before and after everything that matters.
fn objections() -> Vec<Named> {
    let mut annulled = fixture::running();
    annulled.admit(annulled.annulled("The roster was drawn wrongly"));
    let polls = [
        ("running", fixture::running()),
        ("closed", fixture::honest()),
        ("annulled", annulled),
        ("sealed", fixture::closed(&fixture::sealed_setup(), 10)),
    ];
    let mut cases = Vec::new();
    for (name, bench) in &polls {
        for (what, person, option) in [
            ("kept", 3, "yes"),
            ("superseded", 0, "yes"),
            ("dropped", 10, "no"),
        ] {
            let promise = bench.promise(&bench.responded_as(person, 1, How::Link, option));
            for (hours, when) in [
                (0, "at once"),
                (1, "soon"),
                (24 * 60, "in two months"),
                (24 * 3_000, "in years"),
            ] {
                let case = objected(bench, &[&promise], hours);
                cases.push((format!("objection, {name}, {what}, {when}"), case));
            }
            let case = objected(bench, &[&promise, &promise], 24 * 60);
            cases.push((format!("objection, {name}, {what}, twice"), case));
            let held = Case {
                promises: vec![("held".to_owned(), promise.clone())],
                ..objected(bench, &[&promise], 1)
            };
            cases.push((format!("objection, {name}, {what}, and its promise"), held));
        }
    }
    cases
}

/// The ledger with these objections so many hours after its end, whether or not they may be there.
fn objected(bench: &Bench, promises: &[&str], hours: u64) -> Case {
    let mut bench = bench.clone();
    bench.now += hours * HOUR_MS;
    for promise in promises {
        let event = bench.objected(promise);
        bench.record(event);
    }
    Case::of(&bench)
}

fn bent_objections() -> Vec<Named> {
    let bench = fixture::honest();
    let honest = bench.promise(&bench.responded_as(10, 1, How::Link, "no"));
    let bent = |at: usize| {
        let mut bytes = honest.clone().into_bytes();
        bytes[at] ^= 1 << (at % 5);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        (
            format!("objection bent at {at}"),
            objected(&bench, &[&text], 1),
        )
    };
    (0..honest.len()).step_by(9).map(bent).collect()
}
