//! A mobile number, as it is kept: digits alone. It is shown to nobody by accident. How people write it, and what is
//! mended of that, is `reading`'s.

mod reading;

pub use reading::{NumberProblem, Read, Repair, Repairs, is_country};

use std::fmt;

/// Most digits of a number (ITU-T E.164, section 6.1).
const DIGITS_MAX: usize = 15;

/// A number in E.164, without the `+`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Number(u64);

impl Number {
    /// The number of these digits; none where they are no more than 15 ASCII digits that do not begin with 0.
    #[must_use]
    pub fn from_digits(digits: &str) -> Option<Self> {
        let plain = digits.len() <= DIGITS_MAX && digits.bytes().all(|byte| byte.is_ascii_digit());
        match digits.as_bytes().first() {
            Some(first) if plain && *first != b'0' => digits.parse().ok().map(Self),
            _ => None,
        }
    }

    /// Its digits, without `+`. Handle as personal data.
    #[must_use]
    pub fn digits(self) -> String {
        self.0.to_string()
    }

    /// In E.164: `+` and its digits. Handle as personal data.
    #[must_use]
    pub fn e164(self) -> String {
        format!("+{}", self.0)
    }

    /// The digits as an integer, for files that are encrypted.
    #[must_use]
    pub fn to_u64(self) -> u64 {
        self.0
    }

    /// The number of this integer; none where it has more than 15 digits, or is 0.
    #[must_use]
    pub fn from_u64(value: u64) -> Option<Self> {
        Self::from_digits(&value.to_string())
    }
}

impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Number(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_read_back_and_what_is_no_number_is_none() {
        let number = Number::from_digits("9647701234567").unwrap();
        assert_eq!(number.e164(), "+9647701234567");
        assert_eq!(Number::from_u64(number.to_u64()), Some(number));
        for bad in ["", "0", "0770", "+964", "1234567890123456", "٠٧٧"] {
            assert_eq!(Number::from_digits(bad), None, "{bad}");
        }
        assert_eq!(Number::from_u64(0), None);
    }

    #[test]
    fn nothing_that_prints_a_number_for_a_programmer_shows_it() {
        let number = Number::from_digits("9647701234567").unwrap();
        assert_eq!(format!("{number:?}"), "Number(…)");
    }
}
