//! Shares from whole numbers, and codes that people read out.

use crate::limits::SHORT_CODE_GROUP_CHARS;

/// `part` of `whole` in tenths of a per cent, half rounded up: 1 of 3 is 333, which is 33.3 %.
/// `None` where the whole is zero: there is no share of nothing. Whole numbers all the way, so
/// that every recomputation gives the same digits.
pub fn share_tenths(part: u64, whole: u64) -> Option<u64> {
    let (part, whole) = (u128::from(part), u128::from(whole));
    let tenths = (part * 2000 + whole).checked_div(2 * whole)?;
    u64::try_from(tenths).ok()
}

/// A short code as people read it out: upper case, in groups of four.
pub fn short_code(code: &str) -> String {
    let chars: Vec<char> = code.chars().filter(|c| !c.is_whitespace()).collect();
    let groups: Vec<String> = chars
        .chunks(SHORT_CODE_GROUP_CHARS)
        .map(|group| group.iter().collect())
        .collect();
    groups.join(" ").to_uppercase()
}

/// The width of a bar in per cent, for SVG, where it must be Latin digits with a point.
pub(crate) fn bar_percent(part: u64, whole: u64) -> String {
    let tenths = share_tenths(part, whole).unwrap_or(0);
    format!("{}.{}", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_are_rounded_up() {
        assert_eq!(share_tenths(1, 3), Some(333));
        assert_eq!(share_tenths(2, 3), Some(667));
        assert_eq!(share_tenths(1, 2000), Some(1)); // 0.05 %
        assert_eq!(share_tenths(999, 2001), Some(499)); // 49.925 %
        assert_eq!(share_tenths(1, 2001), Some(0)); // 0.04997 %
        assert_eq!(share_tenths(5, 5), Some(1000));
    }

    #[test]
    fn nothing_of_nothing_has_no_share() {
        assert_eq!(share_tenths(0, 0), None);
        assert_eq!(share_tenths(0, 7), Some(0));
    }

    #[test]
    fn the_largest_counts_do_not_overflow() {
        assert_eq!(share_tenths(u64::MAX, u64::MAX), Some(1000));
        assert_eq!(share_tenths(u64::MAX, 1), None);
    }

    #[test]
    fn codes_stand_in_groups_of_four() {
        assert_eq!(
            short_code("7k3vq0x9m2r8t5w1y6zb"),
            "7K3V Q0X9 M2R8 T5W1 Y6ZB"
        );
        assert_eq!(short_code("7K3V Q0"), "7K3V Q0");
        assert_eq!(short_code(""), "");
    }

    #[test]
    fn bars_are_written_for_machines() {
        assert_eq!(bar_percent(412, 1000), "41.2");
        assert_eq!(bar_percent(0, 0), "0.0");
    }
}
