//! Each row of these tables is a way in which a roster is right or wrong.

use super::*;
use crate::demo_definition;

fn definition() -> Definition {
    Definition::parse(&demo_definition::sample()).unwrap()
}

fn read(text: &[u8]) -> Result<Parsed> {
    parse(text, &definition())
}

#[track_caller]
fn problems(text: &str, expected: &[(u64, Why)]) {
    let found = read(text.as_bytes()).unwrap().problems;
    let expected: Vec<_> = expected
        .iter()
        .map(|(row, why)| Problem {
            row: *row,
            why: why.clone(),
        })
        .collect();
    assert_eq!(found, expected, "{text}");
}

#[track_caller]
fn refused(text: &[u8], part: &str) {
    let error = read(text).unwrap_err();
    assert_eq!(crate::fault::exit_of(&error), crate::fault::Exit::Input);
    assert!(format!("{error:#}").contains(part), "{error:#}");
}

#[test]
fn good_rows_become_people_in_their_order() {
    let text = "language,contact,stratum\nckb,07701234567,erbil\nar,+9647701234568,baghdad\n";
    let parsed = read(text.as_bytes()).unwrap();
    assert_eq!(
        (parsed.rows, parsed.rewritten, parsed.problems.len()),
        (2, 1, 0)
    );
    let found: Vec<_> = parsed
        .people
        .iter()
        .map(|p| (p.number.e164(), p.stratum, p.language))
        .collect();
    let expected = [("+9647701234567", 6, 1), ("+9647701234568", 0, 0)];
    let expected = expected.map(|(number, at, language)| (number.to_owned(), at, language));
    assert_eq!(found, expected);
}

#[test]
fn every_bad_row_is_named_with_its_line() {
    let header = "contact,stratum,language\n";
    problems(
        &format!(
            "{header}07701234567,baghdad,ar\n\n0770 123 4567,baghdad,ar\n07701234568,atlantis,ar\n07701234569,baghdad,tlh\n"
        ),
        &[
            (4, Why::Repeats { row: 2 }),
            (5, Why::Stratum("atlantis".into())),
            (6, Why::Language("tlh".into())),
        ],
    );
    problems(
        &format!("{header}07701234567,baghdad\n,baghdad,ar\n,,\n07701234567,baghdad,ar,x\n"),
        &[
            (
                2,
                Why::Cells {
                    expected: 3,
                    found: 2,
                },
            ),
            (3, Why::Number(NumberProblem::Empty)),
            (4, Why::Number(NumberProblem::Empty)),
            (
                5,
                Why::Cells {
                    expected: 3,
                    found: 4,
                },
            ),
        ],
    );
    problems(
        &format!("{header}07701234567,baghdad,ar\n\n,baghdad,ar"),
        &[(4, Why::Number(NumberProblem::Empty))],
    );
    problems(
        &format!("{header}\"07701234567,baghdad,ar\n07701234568,baghdad,ar\n"),
        &[(2, Why::RunsOn)],
    );
}

#[test]
fn a_bad_row_does_not_make_a_later_good_one_a_repeat() {
    let text = "contact,stratum,language\n07701234567,atlantis,ar\n07701234567,baghdad,ar\n";
    let parsed = read(text.as_bytes()).unwrap();
    assert_eq!((parsed.people.len(), parsed.problems.len()), (1, 1));
}

#[test]
fn what_was_mended_is_counted_by_its_kind_and_what_was_not_is_no_repair() {
    let text = "contact,stratum,language\n+9647700000001,erbil,ckb\n07700000002,erbil,ckb\n+96407700000003,erbil,ckb\n\
        0770 000 0004,erbil,ckb\n9649647700000005,erbil,ckb\n9.647700000006E+12,erbil,ckb\n9.6477E+12,erbil,ckb\n\
        0096407700000007,atlantis,ckb\n";
    let parsed = read(text.as_bytes()).unwrap();
    assert_eq!(
        (
            parsed.rows,
            parsed.people.len(),
            parsed.rewritten,
            parsed.repaired
        ),
        (8, 6, 5, 4)
    );
    let repairs: Vec<_> = parsed
        .repairs
        .iter()
        .map(|(kind, count)| (kind.name(), *count))
        .collect();
    let expected = [
        ("signs", 1),
        ("lost_plus", 2),
        ("stray_zero", 1),
        ("code_doubled", 1),
        ("exponent", 1),
    ];
    assert_eq!(repairs, expected);
    assert_eq!(
        parsed.problems,
        [
            Problem {
                row: 8,
                why: Why::Number(NumberProblem::DigitsLost)
            },
            Problem {
                row: 9,
                why: Why::Stratum("atlantis".into())
            },
        ]
    );
}

#[test]
fn a_number_repeats_an_earlier_one_however_either_is_written() {
    let ways = [
        "+9647701234567",
        "07701234567",
        "7701234567",
        "9647701234567",
        "+96407701234567",
        "+964964 770 123 4567",
        "٠٧٧٠١٢٣٤٥٦٧",
        "9.647701234567E+12",
        "9647701234567.0",
    ];
    for first in ways {
        for second in ways {
            let text = format!(
                "contact,stratum,language\n07709999999,erbil,ckb\n{first},erbil,ckb\n{second},baghdad,ar\n"
            );
            problems(&text, &[(4, Why::Repeats { row: 3 })]);
        }
    }
}

/// Twenty thousand rows, every kind of good and bad among them: none is lost, none is there twice, and each is told of
/// with its own line.
#[test]
fn a_long_mixed_roster_is_accounted_for_row_by_row() {
    let mut text = String::from("contact,stratum,language\n");
    let (mut expected, mut good) = (Vec::new(), 0_usize);
    for at in 0..20_000_u64 {
        let (row, digits) = (at + 2, format!("770{at:07}"));
        let (contact, why) = match at % 10 {
            0 => (format!("+964{digits}"), None),
            1 => (format!("0{digits}"), None),
            2 => (format!("0096 40{digits}"), None),
            3 => (format!("+964964{digits}"), None),
            4 => (format!("{digits}.0"), None),
            5 => (digits.replacen("770", "\u{200e}٠٧٧٠", 1), None),
            6 => (
                format!("+9641719{digits}"),
                Some(Why::Number(NumberProblem::NotANumber)),
            ),
            7 => (
                "9.6477E+12".to_owned(),
                Some(Why::Number(NumberProblem::DigitsLost)),
            ),
            // The number of row 0 of these ten, written otherwise.
            8 => (
                format!("0{:010}", 7_700_000_000 + at - 8),
                Some(Why::Repeats { row: row - 8 }),
            ),
            _ => (String::new(), Some(Why::Number(NumberProblem::Empty))),
        };
        good += usize::from(why.is_none());
        expected.extend(why.map(|why| Problem { row, why }));
        text += &format!("{contact},baghdad,ar\n");
    }
    let parsed = read(text.as_bytes()).unwrap();
    let differing = parsed
        .problems
        .iter()
        .zip(&expected)
        .find(|(found, expected)| found != expected);
    assert_eq!(differing, None);
    assert_eq!(parsed.problems.len(), expected.len());
    assert_eq!((parsed.people.len(), good), (12_000, 12_000));
    let different: std::collections::BTreeSet<_> =
        parsed.people.iter().map(|person| person.number).collect();
    assert_eq!(different.len(), 12_000);
    assert_eq!((parsed.rewritten, parsed.repaired), (10_000, 8_000));
    let counts: Vec<u64> = parsed.repairs.values().copied().collect();
    assert_eq!(counts.iter().sum::<u64>(), 2_000 * (3 + 1 + 2 + 2));
}

#[test]
fn bytes_that_are_no_text_are_named() {
    let parsed = read(b"contact,stratum,language\n07701234567,bagh\xffdad,ar\n").unwrap();
    assert_eq!(
        parsed.problems,
        [Problem {
            row: 2,
            why: Why::NotUtf8
        }]
    );
}

#[test]
fn a_byte_order_mark_is_passed_over_and_said() {
    let parsed =
        read("\u{feff}contact,stratum,language\n07701234567,baghdad,ar\n".as_bytes()).unwrap();
    assert!(parsed.byte_order_mark);
    assert_eq!(parsed.people.len(), 1);
}

#[test]
fn a_file_of_another_kind_is_refused_as_a_whole() {
    refused(b"", "is empty");
    refused(b"contact;stratum;language\n1;2;3\n", "separated by `;`");
    refused(b"contact\tstratum\tlanguage\n", "separated by a tab");
    refused(b"\xff\xfec\0o\0", "UTF-16");
    refused(b"contact,stratum\n", "no column `language`");
    refused(
        b"contact,contact,stratum,language\n",
        "two columns `contact`",
    );
    refused(b"contact,stratum,language,name\n", "other columns");
}

#[test]
fn a_file_without_a_header_is_refused_without_showing_a_contact() {
    let error = read(b"07701234567,baghdad,ar\n").unwrap_err();
    assert!(!format!("{error:#}").contains("0770"), "{error:#}");
}

#[test]
fn a_problem_never_repeats_the_contact() {
    let text = "contact,stratum,language\n0770123456x7,baghdad,ar\n964E+9,baghdad,ar\n";
    for problem in read(text.as_bytes()).unwrap().problems {
        let said = problem.to_string();
        assert!(!said.contains("0770") && !said.contains("964"), "{said}");
    }
}

/// A quotation mark that nobody closes makes one cell of the rest of the file. All of it was kept in memory before the
/// row could be refused: a file of some gigabytes, a slip of a spreadsheet, took the machine down with it.
#[test]
fn a_row_without_an_end_is_given_up_before_it_fills_the_memory() {
    let start = &b"contact,stratum,language\n\"+9647701234567"[..];
    let endless = start.chain(std::io::repeat(b'7'));
    let error = parse(endless, &definition()).unwrap_err();
    assert_eq!(crate::fault::exit_of(&error), crate::fault::Exit::Input);
    assert!(
        format!("{error:#}").contains("row 2 does not end"),
        "{error:#}"
    );
    assert!(parse(std::io::repeat(b'c'), &definition()).is_err());
}

/// Spreadsheets on Windows end lines with two characters, and the parser counted the second of them with the row after:
/// every problem was told of the row before it. Whoever corrected that row corrected, or deleted, somebody else.
#[test]
fn rows_are_counted_alike_however_lines_end() {
    let text = "contact,stratum,language\n+9647701234567,erbil,ckb\n\nx,erbil,ckb\n\"a\nb\",erbil,ckb\ny,erbil,ckb";
    let expected = [
        (4, Why::Number(NumberProblem::NotANumber)),
        (5, Why::RunsOn),
        (7, Why::Number(NumberProblem::NotANumber)),
    ];
    for end in ["\n", "\r\n", "\r"] {
        for last in ["", end] {
            problems(&(text.replace('\n', end) + last), &expected);
        }
    }
}

#[test]
fn a_number_in_another_column_is_not_repeated() {
    for cell in ["+964 770 123 4567", "٠٧٧٠١٢٣٤٥٦٧", "7701234"] {
        for why in [
            Why::Stratum(cell.to_owned()),
            Why::Language(cell.to_owned()),
        ] {
            let told = why.to_string();
            assert!(
                !told.contains(cell) && told.contains("another order"),
                "{told}"
            );
        }
    }
    let told = Why::Stratum("north-26".to_owned()).to_string();
    assert!(told.starts_with("has stratum `north-26`,"), "{told}");
}
