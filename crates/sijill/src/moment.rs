//! Moments as people write them (RFC 3339, with a zone), and as everything else keeps them: milliseconds since 1970.

use crate::fault::input;
use anyhow::Result;
use jiff::Timestamp;
use jiff::tz::Offset;

/// A moment in UTC, to the second where nothing is lost by it.
pub fn rfc3339(ms: u64) -> String {
    timestamp(ms).map_or_else(
        || format!("{ms} ms since 1970"),
        |moment| moment.to_string(),
    )
}

/// A moment with the offset of Baghdad, as a definition's dates are written for Iraq.
pub fn rfc3339_baghdad(ms: u64) -> String {
    timestamp(ms).map_or_else(String::new, |moment| {
        moment.display_with_offset(Offset::constant(3)).to_string()
    })
}

/// Reads a moment such as `2026-12-08T20:00:00+03:00`.
pub fn parse(text: &str) -> Result<u64> {
    let moment: Timestamp = text.parse().map_err(|_| {
        input(format!(
            "`{text}` is no moment: expected a date, a time and a zone, as `2026-12-08T20:00:00+03:00`"
        ))
    })?;
    u64::try_from(moment.as_millisecond()).map_err(|_| input(format!("`{text}` lies before 1970")))
}

fn timestamp(ms: u64) -> Option<Timestamp> {
    Timestamp::from_millisecond(i64::try_from(ms).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_with_their_zone_and_shown_in_utc() {
        let ms = parse("2026-12-08T20:00:00+03:00").unwrap();
        assert_eq!(rfc3339(ms), "2026-12-08T17:00:00Z");
        assert_eq!(rfc3339_baghdad(ms), "2026-12-08T20:00:00+03:00");
    }

    #[test]
    fn a_moment_without_a_zone_is_refused() {
        for bad in [
            "2026-12-08",
            "2026-12-08T20:00:00",
            "tomorrow",
            "1969-01-01T00:00:00Z",
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
