//! A long roster with every kind of bad row among good ones: each bad row is told of, nothing is imported, and what is left
//! without them is imported to the last person. `SIJILL_ROWS` says how long; a million takes a release build.

use crate::place::{Place, Usage, invitations, terms};
use crate::process::{Ran, until};
use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::time::Duration;

/// Rows of an ordinary run.
const ROWS: u32 = 20_000;

/// Longest that an import of a million rows may take, in a slow build on a busy machine.
const IMPORT_MAX: Duration = Duration::from_secs(1_800);

/// Memory that an import may take, in KiB, and what each row may add: its number, where it first stood, its token, its leaf,
/// and what is wrong with it.
const MEMORY_KIB: u64 = 128 * 1_024;
const MEMORY_BYTES_A_ROW: u64 = 512;

/// A row: its bytes, and what is wrong with it.
type Row = (Vec<u8>, Option<String>);

/// Kinds of bad rows, which come in turn.
const BAD: u64 = 16;

/// A roster as a bad day makes it.
struct Spoilt {
    bytes: Vec<u8>,
    /// What stands in the report.
    problems: String,
    bad: u64,
    good: BTreeSet<String>,
}

/// Of each ten rows seven are good; with the turns of both, every kind of bad row comes after every good one.
fn spoilt(rows: u32) -> Spoilt {
    let mut spoilt = Spoilt {
        bytes: b"contact,stratum,language\n".to_vec(),
        problems: "row,problem\n".to_owned(),
        bad: 0,
        good: BTreeSet::new(),
    };
    // The line on which the next row begins, and that of the last good row with its place.
    let (mut line, mut last) = (2, (0, 0));
    for place in 0..rows {
        let (mut bytes, problem) = match place % 10 {
            3 | 6 | 9 => bad_row(spoilt.bad % BAD, place, last),
            _ => good_row(place),
        };
        // Now and then a blank line, which is no row.
        if place % 101 == 0 {
            bytes.push(b'\n');
        }
        match problem {
            None => {
                spoilt.good.insert(format!("+964{}", digits(place)));
                last = (line, place);
            }
            Some(problem) => {
                writeln!(spoilt.problems, "{line},{}", quoted(&problem)).unwrap();
                spoilt.bad += 1;
            }
        }
        line += bytes.iter().filter(|byte| **byte == b'\n').count() as u64;
        spoilt.bytes.extend(bytes);
    }
    spoilt
}

/// As a cell of a CSV file.
fn quoted(text: &str) -> String {
    match text.contains([',', '"']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text.to_owned(),
    }
}

/// A number that nobody else has, within its country.
fn digits(place: u32) -> String {
    format!("770{place:07}")
}

fn good_row(place: u32) -> Row {
    let digits = digits(place);
    let contact = match place % 20 {
        0 | 10 => format!("+964{digits}"),
        1 | 11 => format!("0{digits}"),
        2 | 12 => format!("0096 40{digits}"),
        4 => format!("+964964{digits}"),
        5 => format!("{digits}.0"),
        7 | 17 => format!("\u{200e}٠٧٧٠{}", &digits[3..]),
        8 | 18 => format!("(0770) {}-{}", &digits[3..6], &digits[6..]),
        14 => format!("9.64{digits}E+12"),
        _ => format!("964{digits}"),
    };
    (format!("{contact},north,ar\n").into_bytes(), None)
}

fn bad_row(kind: u64, place: u32, (line, repeated): (u64, u32)) -> Row {
    let number = format!("+964{}", digits(place));
    let (row, problem) = match kind {
        0 => (number, "expected 3 cells, found 1"),
        1 => (format!("{number},north,ar,x"), "expected 3 cells, found 4"),
        2 => (format!("\"{number}\nnorth\",ar,"), RUNS_ON),
        3 => (format!("{number},{},ar", "n".repeat(201)), RUNS_ON),
        4 => (",north,ar".to_owned(), "has no contact"),
        5 => (" \u{a0} ,north,ar".to_owned(), "has no contact"),
        6 => ("9.6477E+12,north,ar".to_owned(), DIGITS_LOST),
        7 => (format!("{number}x,north,ar"), NO_NUMBER),
        8 => (format!("{number}000,north,ar"), NO_NUMBER),
        9 => ("#N/A,north,ar".to_owned(), NO_NUMBER),
        10 => (
            "+964 1 719 1234,north,ar".to_owned(),
            "has a contact that is not a mobile number",
        ),
        11 => {
            let row = format!("0{},south,en\n", digits(repeated));
            return (row.into_bytes(), Some(format!("repeats row {line}")));
        }
        12 => (
            format!("{number},east,ar"),
            "has stratum `east`, which the definition does not have",
        ),
        13 => (
            format!("{number},,ar"),
            "has stratum ``, which the definition does not have",
        ),
        14 => (
            format!("{number},north,tlh"),
            "has language `tlh`, which the definition does not have",
        ),
        _ => {
            let row = [number.as_bytes(), b",nor\xffth,ar\n"].concat();
            return (
                row,
                Some("is not UTF-8; export the file as CSV UTF-8".to_owned()),
            );
        }
    };
    (format!("{row}\n").into_bytes(), Some(problem.to_owned()))
}

const RUNS_ON: &str = "has a cell that runs on; is a quotation mark not closed?";
const NO_NUMBER: &str = "has a contact that is no phone number";
const DIGITS_LOST: &str = "has a contact with an exponent: the spreadsheet lost digits of the number; export the column as text";

#[test]
fn of_a_long_roster_each_bad_row_is_told_of_and_without_them_exactly_the_good_ones_are_imported() {
    let rows = std::env::var("SIJILL_ROWS").map_or(ROWS, |rows| rows.parse().unwrap());
    let spoilt = spoilt(rows);
    let place = Place::new();
    place.open(&place.definition(&terms()));
    let file = place.write("roster.csv", &spoilt.bytes);

    let (refused, most) = import(&place, &file, &[]);
    let refused = refused.expect_code(2);
    is_sane(most, rows);
    told(&place, &refused, &spoilt, rows);
    let shown = place
        .sijill(["poll", "show", &terms().slug, "--json"])
        .well();
    assert_eq!(shown.json()["invited"], 0);
    let folder = place.data().join("polls").join(terms().slug);
    for secret in ["vault", "roster", "contact.key"] {
        assert!(!folder.join(secret).exists(), "{secret}");
    }

    let (imported, most) = import(&place, &file, &["--skip-bad", "--json"]);
    let imported = imported.well();
    is_sane(most, rows);
    told(&place, &imported, &spoilt, rows);
    let said = imported.json();
    let good = spoilt.good.len();
    assert_eq!(u64::try_from(good).unwrap() + spoilt.bad, u64::from(rows));
    for (what, count) in [
        ("invitations", good as u64),
        ("rows", rows.into()),
        ("left_out", spoilt.bad),
    ] {
        assert_eq!(said[what], count, "{what}: {said}");
    }
    assert_eq!(invited(&place), spoilt.good);
}

/// Runs an import to its end; says how much memory it ever had, in KiB.
fn import(place: &Place, file: &Path, more: &[&str]) -> (Ran, u64) {
    let mut arguments = args![
        "roster",
        "import",
        file,
        "--poll",
        terms().slug,
        "--key",
        place.key_file()
    ]
    .to_vec();
    arguments.extend(more.iter().map(Into::into));
    let mut process = place.start("import", arguments);
    let mut most = 0;
    let ended = until(IMPORT_MAX, || {
        most = Usage::peak_kib(process.id()).unwrap_or(most);
        (!process.is_running()).then_some(())
    });
    assert!(ended.is_some(), "it does not end");
    (process.wait(IMPORT_MAX), most)
}

fn is_sane(most_kib: u64, rows: u32) {
    println!("{rows} rows: {most_kib} KiB");
    let allowed = MEMORY_KIB + u64::from(rows) * MEMORY_BYTES_A_ROW / 1_024;
    assert!(
        most_kib > 0 && most_kib <= allowed,
        "{most_kib} KiB, expected at most {allowed}"
    );
}

/// The report has every bad row and no other, the terminal the first of them, and neither anybody's number.
fn told(place: &Place, ran: &Ran, spoilt: &Spoilt, rows: u32) {
    let report = place.path("roster-problems.csv");
    let found = fs::read_to_string(&report).unwrap();
    let differing = found
        .lines()
        .zip(spoilt.problems.lines())
        .find(|(found, expected)| found != expected);
    assert_eq!(differing, None);
    assert_eq!(found.lines().count(), spoilt.problems.lines().count());
    assert_eq!(
        ran.err.matches("\n  row ").count() + usize::from(ran.err.starts_with("  row ")),
        20
    );
    let count = format!(
        "{} of {} rows are bad",
        grouped(spoilt.bad),
        grouped(rows.into())
    );
    assert!(
        ran.err.contains(&count),
        "expected `{count}` in {}",
        ran.err
    );
    for text in [&found, &ran.err] {
        let digits = text.split(|c: char| !c.is_ascii_digit());
        assert!(digits.map(str::len).max() < Some(9), "a number is told");
    }
    fs::remove_file(report).unwrap();
}

/// A number as people read it: `1,234,567`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let grouped: Vec<_> = digits
        .as_bytes()
        .rchunks(3)
        .rev()
        .map(String::from_utf8_lossy)
        .collect();
    grouped.join(",")
}

/// The numbers of all invitations; no number has two.
fn invited(place: &Place) -> BTreeSet<String> {
    let out = place.path("messages.csv");
    let export = args![
        "invitations",
        "export",
        "--poll",
        terms().slug,
        "--out",
        &out,
        "--key",
        place.key_file()
    ];
    place.start("export", export).wait(IMPORT_MAX).well();
    let made = invitations(&out);
    let numbers: BTreeSet<_> = made.iter().map(|made| made.contact.clone()).collect();
    assert_eq!(numbers.len(), made.len());
    numbers
}
