//! A colour, and how well it can be read on another: WCAG 2.2, "relative luminance" and "contrast ratio".

use std::fmt;

/// Luminance that black and white text have the same contrast with: √(1.05 × 0.05) − 0.05.
pub const LUMINANCE_MIDDLE: f64 = 0.179;

/// A colour of sRGB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colour([u8; 3]);

impl Colour {
    /// The colour written as `#` and six hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('#')?;
        let bytes = data_encoding::HEXLOWER_PERMISSIVE.decode(digits.as_bytes());
        Some(Self(bytes.ok()?.try_into().ok()?))
    }

    /// From 0, black, to 1, white.
    pub fn luminance(self) -> f64 {
        let [red, green, blue] = self.0.map(linear);
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }

    /// From 1, none, to 21, black and white.
    pub fn contrast(self, other: Self) -> f64 {
        let (one, two) = (self.luminance(), other.luminance());
        (one.max(two) + 0.05) / (one.min(two) + 0.05)
    }
}

fn linear(channel: u8) -> f64 {
    let share = f64::from(channel) / 255.0;
    match share <= 0.04045 {
        true => share / 12.92,
        false => ((share + 0.055) / 1.055).powf(2.4),
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", data_encoding::HEXLOWER.encode(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contrast(one: &str, other: &str) -> f64 {
        Colour::parse(one)
            .unwrap()
            .contrast(Colour::parse(other).unwrap())
    }

    #[test]
    fn the_ratios_are_those_that_others_compute() {
        for (one, other, expected) in [
            ("#000000", "#ffffff", 21.0),
            ("#ffffff", "#ffffff", 1.0),
            ("#777777", "#ffffff", 4.478),
            ("#767676", "#FFFFFF", 4.542),
            ("#ff0000", "#ffffff", 3.998),
            ("#0000ff", "#ffffff", 8.592),
        ] {
            let (found, turned) = (contrast(one, other), contrast(other, one));
            assert!(
                (found - expected).abs() < 0.001,
                "{one} on {other}: {found}"
            );
            assert!((found - turned).abs() < 1e-12);
        }
    }
}
