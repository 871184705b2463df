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
fn contact(written: &str, expected: Result<&str, Why>) {
    let found = e164(written, Region::IQ);
    assert_eq!(found, expected.map(str::to_owned), "{written}");
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
fn numbers_are_read_as_people_write_them() {
    for written in [
        "+9647701234567",
        "07701234567",
        "7701234567",
        "0770 123 4567",
        "0770-123-4567",
        "(0770) 1234567",
        "00964 770 123 4567",
        "+964 0770 123 4567",
        "٠٧٧٠١٢٣٤٥٦٧",
        "۰۷۷۰۱۲۳۴۵۶۷",
    ] {
        contact(written, Ok("+9647701234567"));
    }
    contact("+49 151 23456789", Ok("+4915123456789"));
}

#[test]
fn what_is_no_mobile_number_is_named() {
    contact("", Err(Why::NoContact));
    contact("0770123", Err(Why::NotANumber));
    contact("770123", Err(Why::NotANumber));
    contact("077012345678901", Err(Why::NotANumber));
    contact("aras@example.org", Err(Why::NotANumber));
    contact("0770 CALL ME", Err(Why::NotANumber));
    contact("+964 1 719 1234", Err(Why::NotMobile));
    for written in ["9.6477E+12", "9,64E+12", "0770 12E+09", "964e9"] {
        contact(written, Err(Why::Exponent));
    }
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
        .map(|p| (p.contact.as_str(), p.stratum, p.language))
        .collect();
    assert_eq!(found, [("+9647701234567", 6, 1), ("+9647701234568", 0, 0)]);
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
            (3, Why::NoContact),
            (4, Why::NoContact),
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
        &[(4, Why::NoContact)],
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
    let expected = [(4, Why::NotANumber), (5, Why::RunsOn), (7, Why::NotANumber)];
    for end in ["\n", "\r\n", "\r"] {
        for last in ["", end] {
            problems(&(text.replace('\n', end) + last), &expected);
        }
    }
}
