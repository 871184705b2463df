//! Numbers as the C2SP formats write them: ASCII decimal without a sign and without leading zeros.

/// The number that `text` writes, if it is at most `max` and written in the one way there is.
pub fn parse(text: &str, max: u64) -> Option<u64> {
    let number: u64 = text.parse().ok()?;
    (number <= max && number.to_string() == text).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_written_in_one_way() {
        assert_eq!(parse("0", 9), Some(0));
        assert_eq!(parse("9", 9), Some(9));
        assert_eq!(parse("18446744073709551615", u64::MAX), Some(u64::MAX));
        for bad in [
            "", "00", "01", "+1", "-1", " 1", "1 ", "1_0", "0x1", "10", "\u{661}",
        ] {
            assert_eq!(parse(bad, 9), None, "{bad}");
        }
        assert_eq!(parse("18446744073709551616", u64::MAX), None);
    }
}
