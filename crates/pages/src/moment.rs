//! Times for people (in their language, UTC) and for machines (RFC 3339).

use icu::calendar::types::RataDie;
use icu::calendar::{Date, Gregorian, Iso};
use icu::datetime::FixedCalendarDateTimeFormatter;
use icu::datetime::fieldsets::{YMD, YMDT};
use icu::datetime::input::{DateTime, Time};
use icu::datetime::preferences::HourCycle;
use icu::locale::Locale;

const MINUTE_MS: u64 = 60_000;
const DAY_MINUTES: u64 = 24 * 60;
/// 1 January 1970 in days since 1 January of the year 1.
const UNIX_EPOCH_DAY: i64 = 719_163;
/// The last minute of the year 9999: what RFC 3339 can write.
const LAST_MINUTE: u64 = 253_402_300_740_000 / MINUTE_MS;

/// Writes times in one language.
pub(crate) struct Dates(Option<FixedCalendarDateTimeFormatter<Gregorian, YMDT>>);

impl Dates {
    pub(crate) fn new(locale: &str) -> Dates {
        let locale: Option<Locale> = locale.parse().ok();
        Dates(locale.and_then(|locale| {
            let mut preferences: icu::datetime::DateTimeFormatterPreferences = locale.into();
            // Deadlines are read out and compared: no "4:09", which could be either.
            preferences.hour_cycle = Some(HourCycle::H23);
            FixedCalendarDateTimeFormatter::try_new(preferences, YMD::long().with_time_hm()).ok()
        }))
    }

    /// Day and minute in UTC, without the zone's name, which the wording adds.
    pub(crate) fn write(&self, unix_ms: u64) -> String {
        match &self.0 {
            Some(formatter) => formatter.format(&gregorian(unix_ms)).to_string(),
            None => machine_moment(unix_ms),
        }
    }
}

/// RFC 3339 to the minute, in UTC, as the `datetime` of HTML's `<time>`. What lies beyond the
/// year 9999 is written as its last minute.
pub(crate) fn machine_moment(unix_ms: u64) -> String {
    let (day, hour, minute) = parts(unix_ms);
    let date = Date::from_rata_die(day, Iso);
    let (year, month, day) = (
        date.year().extended_year(),
        date.month().ordinal,
        date.day_of_month().0,
    );
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}Z")
}

fn gregorian(unix_ms: u64) -> DateTime<Gregorian> {
    let (day, hour, minute) = parts(unix_ms);
    let time = Time::try_new(hour, minute, 0, 0).unwrap_or(Time::start_of_day());
    DateTime {
        date: Date::from_rata_die(day, Gregorian),
        time,
    }
}

/// Day, hour and minute.
fn parts(unix_ms: u64) -> (RataDie, u8, u8) {
    let minutes = (unix_ms / MINUTE_MS).min(LAST_MINUTE);
    let days = i64::try_from(minutes / DAY_MINUTES).unwrap_or(0);
    let of_day = minutes % DAY_MINUTES;
    let small = |value: u64| u8::try_from(value).unwrap_or(0);
    (
        RataDie::new(UNIX_EPOCH_DAY + days),
        small(of_day / 60),
        small(of_day % 60),
    )
}

#[cfg(test)]
mod tests {
    use super::machine_moment;

    #[test]
    fn machines_get_rfc_3339() {
        assert_eq!(machine_moment(0), "1970-01-01T00:00Z");
        assert_eq!(machine_moment(951_782_400_000), "2000-02-29T00:00Z");
        assert_eq!(machine_moment(1_795_450_199_000), "2026-11-23T16:09Z");
        assert_eq!(machine_moment(u64::MAX), "9999-12-31T23:59Z");
    }
}
