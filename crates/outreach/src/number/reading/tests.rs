//! Each row of these tables is a way in which a number is written, rightly or wrongly.

use super::Repair::*;
use super::*;
use proptest::prelude::*;

#[track_caller]
fn reads(written: &str, kinds: &[Repair]) {
    reads_as("IQ", written, "+9647701234567", kinds);
}

#[track_caller]
fn reads_as(country: &str, written: &str, number: &str, kinds: &[Repair]) {
    let read = Number::read(written, country).unwrap_or_else(|problem| {
        panic!("{written}: {problem}");
    });
    assert_eq!(read.number.e164(), number, "{written}");
    let mut expected = kinds.to_vec();
    let mut found: Vec<_> = read.repairs.iter().collect();
    expected.sort_unstable();
    found.sort_unstable();
    assert_eq!(found, expected, "{written}");
}

#[track_caller]
fn refused(written: &str, problem: NumberProblem) {
    assert_eq!(Number::read(written, "IQ"), Err(problem), "{written}");
}

#[test]
fn the_two_ways_that_need_no_mending() {
    reads("+9647701234567", &[]);
    reads("07701234567", &[]);
    reads("  07701234567\u{a0}", &[]);
    reads_as("IQ", "+4915123456789", "+4915123456789", &[]);
    // A country whose numbers are dialled without a zero.
    reads_as("KW", "50012345", "+96550012345", &[]);
}

#[test]
fn what_stands_between_digits_is_passed_over() {
    for written in [
        "0770 123 4567",
        "0770-123-4567",
        "(0770) 1234567",
        "0770.123.4567",
        "0770/123/4567",
        "+964 (770) 123–4567",
        "+964\u{a0}770\u{202f}123 4567",
        "'07701234567",
        "=\"07701234567\"",
    ] {
        reads(written, &[Signs]);
    }
}

#[test]
fn digits_of_other_scripts_and_what_nobody_sees() {
    reads("٠٧٧٠١٢٣٤٥٦٧", &[OtherDigits]);
    reads("۰۷۷۰۱۲۳۴۵۶۷", &[OtherDigits]);
    reads("०७७०१२३४५६७", &[OtherDigits]);
    reads("０７７０１２３４５６７", &[OtherDigits]);
    reads("+٩٦٤٧٧٠١٢٣٤٥٦٧", &[OtherDigits]);
    reads("\u{200e}+9647701234567\u{202c}", &[Invisible]);
    reads("0770\u{200b}1234567\u{feff}", &[Invisible]);
    reads(
        "\u{202a}٠٧٧٠ ١٢٣ ٤٥٦٧\u{202c}",
        &[Invisible, OtherDigits, Signs],
    );
}

#[test]
fn prefixes_that_were_lost_or_written_otherwise() {
    reads("009647701234567", &[DoubleZero]);
    reads("+009647701234567", &[DoubleZero]);
    reads("9647701234567", &[LostPlus]);
    reads("7701234567", &[LostZero]);
    reads("+07701234567", &[StrayPlus]);
    reads("++9647701234567", &[]);
}

#[test]
fn zeros_too_many() {
    reads("+96407701234567", &[StrayZero]);
    reads("+964 (0) 770 123 4567", &[StrayZero, Signs]);
    reads("9640 7701234567", &[StrayZero, LostPlus, Signs]);
    reads("0096407701234567", &[StrayZero, DoubleZero]);
    reads("+964007701234567", &[StrayZero]);
    reads("09647701234567", &[StrayZero, LostPlus]);
}

#[test]
fn country_codes_too_many() {
    reads("+9649647701234567", &[CodeDoubled]);
    reads("9649647701234567", &[CodeDoubled, LostPlus]);
    reads("+964+9647701234567", &[CodeDoubled]);
    reads("+964009647701234567", &[CodeDoubled]);
    reads("+9649649647701234567", &[CodeDoubled]);
    reads("+96496407701234567", &[CodeDoubled, StrayZero]);
    reads("009649647701234567", &[CodeDoubled, DoubleZero]);
}

#[test]
fn what_spreadsheets_make_of_numbers_is_mended_where_every_digit_is_there() {
    reads("9.647701234567E+12", &[Exponent, LostPlus]);
    reads("9,647701234567e12", &[Exponent, LostPlus]);
    reads("9.647701234567 E+12", &[Exponent, LostPlus]);
    reads("٩٫٦٤٧٧٠١٢٣٤٥٦٧E+١٢", &[Exponent, OtherDigits, LostPlus]);
    reads("7.701234567E+9", &[Exponent, LostZero]);
    reads("7.701234567E+09", &[Exponent, LostZero]);
    reads("9647701234567.0", &[Decimals, LostPlus]);
    reads("7701234567.00", &[Decimals, LostZero]);
}

#[test]
fn an_exponent_with_digits_lost_is_refused_and_said_so() {
    for written in [
        "9.6477E+12",
        "9,64E+12",
        "964e9",
        "0770 12E+09",
        "9.6477012345E+12",
        // It may end with a zero, or may have been rounded.
        "9.64770123456E+12",
        "9.64770123456E-12",
        "9.647701234567E+11",
        "0.9647701234567E+13",
        "9.6.4E+2",
        "9.6E+99999999999999999999",
    ] {
        refused(written, NumberProblem::DigitsLost);
    }
}

#[test]
fn what_is_no_mobile_number_is_named() {
    for empty in ["", " ", "\u{200f}", "\u{feff} \u{200b}"] {
        refused(empty, NumberProblem::Empty);
    }
    for written in [
        "0770123",
        "770123",
        "077012345678901",
        "+964",
        "964",
        "+964964",
        "+",
        "-",
        "0",
        "00",
        "aras@example.org",
        "0770 CALL ME",
        "07701234567 / 07707654321",
        "07701234567;07707654321",
        "0770123456O",
        "0770123456x7",
        "0770+1234567",
        "#REF!",
        "NULL",
        "٠٧٧٠",
        "07701234567 ext. 5",
        "1e",
        "e9",
        "+99977012345678",
    ] {
        refused(written, NumberProblem::NotANumber);
    }
    for landline in ["+964 1 719 1234", "017191234", "00964 1 7191234"] {
        refused(landline, NumberProblem::NotMobile);
    }
    assert_eq!(
        Number::read("07701234567", "XX"),
        Err(NumberProblem::Country)
    );
    assert!(is_country("IQ") && !is_country("XX") && !is_country("iq?"));
}

/// Mobile numbers of Côte d'Ivoire begin with a zero after the country code: it is theirs, and not to be mended away.
#[test]
fn a_zero_that_belongs_there_stays() {
    reads_as("CI", "+2250701234567", "+2250701234567", &[]);
    reads_as("CI", "0701234567", "+2250701234567", &[]);
}

#[test]
fn a_problem_never_repeats_what_was_written() {
    for written in ["0770123456x7", "9.64E+9", "+964 1 719 1234"] {
        let problem = Number::read(written, "IQ").unwrap_err();
        let said = format!("{problem} {problem:?}");
        assert!(!said.contains("770") && !said.contains("964") && !said.contains("719"));
    }
}

#[test]
fn every_kind_has_its_own_name_and_words() {
    let names: std::collections::BTreeSet<_> = Repair::ALL.iter().map(|kind| kind.name()).collect();
    let words: std::collections::BTreeSet<_> =
        Repair::ALL.iter().map(|kind| kind.words()).collect();
    assert_eq!((names.len(), words.len()), (11, 11));
    let all = Repairs::default().with(&Repair::ALL);
    assert_eq!(all.iter().count(), 11);
}

proptest! {
    #[test]
    fn nothing_that_is_written_makes_it_panic(written in "\\PC{0,40}") {
        let _ = Number::read(&written, "IQ");
    }

    #[test]
    fn what_looks_like_a_number_reads_to_itself_or_not_at_all(written in "[+0-9eE., ٠-٩\u{200e}-]{0,24}") {
        if let Ok(read) = Number::read(&written, "IQ") {
            let again = Number::read(&read.number.e164(), "IQ").unwrap();
            prop_assert_eq!(again.number, read.number);
            prop_assert!(again.repairs.is_empty());
        }
    }

    #[test]
    fn a_number_is_the_same_however_it_is_written(last in 0_u64..10_000_000, form in 0_usize..9) {
        let national = format!("770{last:07}");
        let (lead, rest) = national.split_at(1);
        let written = match form {
            0 => format!("+964{national}"),
            1 => format!("0{national}"),
            2 => format!("964 {national}"),
            3 => format!("00964-{national}"),
            4 => format!("+9640{national}"),
            5 => format!("+964964{national}"),
            6 => format!("{lead}.{rest}E+9"),
            7 => format!("{national}.0"),
            _ => national.clone(),
        };
        let read = Number::read(&written, "IQ").unwrap();
        prop_assert_eq!(read.number.e164(), format!("+964{national}"));
    }
}
