use std::collections::BTreeSet;

use super::{Kind, find, texts};
use crate::definition::Definition;

const GOOD: &str = include_str!("../../testdata/good.toml");

/// What `find` says of a text: its kind and the text it points at.
#[track_caller]
fn check(text: &str, expected: Option<(Kind, &str)>) {
    let found = find(text).map(|hit| (hit.kind, &text[hit.range]));
    assert_eq!(found, expected, "in {text:?}");
}

#[track_caller]
fn check_none(texts: &[&str]) {
    texts.iter().for_each(|text| check(text, None));
}

#[test]
fn email_addresses_are_found() {
    let hit = |text, address| check(text, Some((Kind::Email, address)));
    hit("write to ali@ur.example today", "ali@ur.example");
    hit("ali.k+poll@mail.ur.example.", "ali.k+poll@mail.ur.example");
    hit("(a@b.iq)", "a@b.iq");
    hit("راسلنا على علي@مثال.عراق الآن", "علي@مثال.عراق");
    hit("a@b.c.d", "a@b.c.d");
    hit("x@y.z a@b.cd", "a@b.cd");
    hit("a@b@c.de", "b@c.de");
}

#[test]
fn an_at_sign_alone_is_no_email_address() {
    check_none(&[
        "@ur.example",
        "a @b.iq",
        "a@ b.iq",
        "a@localhost",
        "a@b.c",
        "a@.iq",
        "5 @ 10",
        "a@b..",
        "@",
        "a@b.c-",
    ]);
}

#[test]
fn ip_addresses_are_found() {
    let v4 = |text, address| check(text, Some((Kind::Ipv4, address)));
    v4("from 192.168.0.1.", "192.168.0.1");
    v4("10.0.0.255:8080", "10.0.0.255");
    v4("1.2.3.4..5", "1.2.3.4");
    v4("..1.2.3.4", "1.2.3.4");
    let v6 = |text, address| check(text, Some((Kind::Ipv6, address)));
    v6("at fe80::1: the", "fe80::1");
    v6("[2001:db8::8a2e:370:7334]", "2001:db8::8a2e:370:7334");
    v6("2001:0db8:0:0:0:0:0:1", "2001:0db8:0:0:0:0:0:1");
    v6("::1", "::1");
    v6("fe80::", "fe80::");
    v6("::ffff:10.1.2.3", "::ffff:10");
}

#[test]
fn versions_times_and_paths_are_no_ip_addresses() {
    check_none(&[
        "1.2.3",
        "1.2.3.4.5",
        "1.2.3.256",
        "1.2.3.4567",
        "1234.5.6.7",
        "24.11.2026",
        "08:00:00",
        "from 8:00 to 12:30",
        "std::net",
        ":: ",
        "1:2:3:4:5:6:7",
        "1:2:3:4:5:6:7:8:9",
        "1::2:3:4:5:6:7:8",
        "12345::1",
        "x::1",
        "a:b",
        ":::1",
        "1::2::3",
        "٠::x",
        ":",
    ]);
}

#[test]
fn phone_numbers_are_found_however_they_are_written() {
    let hit = |text, number| check(text, Some((Kind::Phone, number)));
    hit("call +9647701234567 now", "+9647701234567");
    hit("+964 770 123 4567", "+964 770 123");
    hit("+(964) 770-123-4567", "+(964) 770-123");
    hit("(+964)7701234567", "+964)7701234567");
    hit("00964 770 123 4567", "00964 770 123");
    hit("00 964 770 123", "00 964 770 123");
    hit("07701234567", "07701234567");
    hit("0770 123 4567", "0770 123 4567");
    hit("0770-123-4567", "0770-123-4567");
    hit("0770.123.4567", "0770.123.4567");
    hit("0770/1234567", "0770/1234567");
    hit("(0770) 123 4567", "0770) 123 4567");
    hit("0770\u{A0}123\u{2011}4567", "0770\u{A0}123\u{2011}4567");
    hit("on 01/12/2026 07701234567", "07701234567");
    hit("7701234567", "7701234567");
    hit("x1234567890123456789y", "1234567890123456789");
    hit("123 0770 123 4567 0780 123 4567", "0770 123 4567");
    hit("tel:07701234567", "07701234567");
    hit("6,0001234567890", "0001234567890");
}

#[test]
fn phone_numbers_in_arabic_indic_digits_are_found() {
    let hit = |text, number| check(text, Some((Kind::Phone, number)));
    hit("٠٧٧٠١٢٣٤٥٦٧", "٠٧٧٠١٢٣٤٥٦٧");
    hit("اتصل بـ ۰۷۷۰ ۱۲۳ ۴۵۶۷،", "۰۷۷۰ ۱۲۳ ۴۵۶۷");
    hit("+٩٦٤٧٧٠١٢٣٤٥٦٧", "+٩٦٤٧٧٠١٢٣٤٥٦٧");
    hit("٠٧٧0 123 ۴۵67", "٠٧٧0 123 ۴۵67");
}

#[test]
fn numbers_dates_times_and_shares_are_no_phone_numbers() {
    check_none(&[
        "46,118,793 people",
        "46 118 793",
        "46.118.793",
        "8 050 000 000",
        "1,000,000,000,000",
        "٤٦٬١١٨٬٧٩٣",
        "2026-11-24",
        "24/11/2026",
        "24.11.2026",
        "01-12-2026",
        "01.12.2026 08.00",
        "01/12/2026 08:00",
        "2026-11-24 08:00:00 to 2026-12-01 20:00:00",
        "2026-12-01T08:00:00+03:00",
        "08:00-20:00",
        "41.2 %",
        "41.2% 44.9% 13.9%",
        "0.123456789",
        "6000",
        "123456789",
        "1 2 3 4 5 6 7 8 9 10 11",
        "20:00 15 000 000 people",
        "+1234567",
        "07701234",
        "000 000 000",
        "00 000 000 000",
        "5 + 12345678",
        "0770  123  4567",
        "0770, 123, 4567",
        "٢٠٢٦-١١-٢٤",
        "2024-2026",
        "+964 770",
    ]);
}

#[test]
fn the_hit_that_begins_first_is_reported() {
    check("07701234567 or a@b.iq", Some((Kind::Phone, "07701234567")));
    check("a@b.iq or 07701234567", Some((Kind::Email, "a@b.iq")));
    check("07701234567@b.iq", Some((Kind::Email, "07701234567@b.iq")));
}

#[test]
fn a_long_text_of_digits_and_signs_is_read_in_one_go() {
    for piece in [
        "1 ",
        "1.",
        "@",
        "0 0-",
        "1:",
        "a.",
        "01/01/2026 ",
        "+(",
        "1..",
        "12 345,",
    ] {
        let started = std::time::Instant::now();
        assert_eq!(find(&piece.repeat(200_000)), None, "{piece:?}");
        assert!(started.elapsed().as_secs() < 10, "{piece:?}");
    }
}

#[test]
fn the_texts_of_a_definition_are_all_but_contact_keys_and_addresses() {
    let definition = Definition::parse(GOOD).expect("a good definition");
    let paths: Vec<String> = texts(&definition).map(|(path, _)| path).collect();
    let distinct: BTreeSet<&String> = paths.iter().collect();
    assert_eq!(distinct.len(), paths.len());
    // Slug, question id, sender; 14 texts; 3 options and 19 strata with id and a text, in 3 languages.
    assert_eq!(paths.len(), 3 + 14 * 3 + (3 + 19) * (1 + 3));
    for left_out in [
        "contact",
        "keys",
        "who.platform.domain",
        "message.link_prefix",
    ] {
        assert!(
            !paths.iter().any(|path| path.starts_with(left_out)),
            "{left_out}"
        );
    }
    for (path, text) in texts(&definition) {
        assert_eq!(find(text), None, "{path}");
    }
}
