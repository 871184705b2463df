//! The theme of a platform: its name, colours and logo, above what every page says.
//!
//! *Invariant:* a theme can make no page unreadable or unsafe. Text keeps [`CONTRAST_MIN`] on whatever is behind it, and
//! of a logo nothing is on a page but what [`logo`] knows.
//! *Invariant:* a theme's styles are of colours and names alone, so that a policy that does not know them still leaves a
//! page that works.

use std::collections::BTreeMap;

use crate::Language;
use crate::limits::{LOGO_BYTES_MAX, THEME_NAME_CHARS_MAX};
use crate::theme::colour::Colour;

mod colour;
mod logo;

/// Least contrast of text with what is behind it: WCAG 2.2, success criterion 1.4.3.
pub const CONTRAST_MIN: f64 = 4.5;

/// What a theme is made of, as a platform writes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ThemeParts {
    /// The platform's name, by language tag; in every language of the pages.
    pub name: BTreeMap<String, String>,
    /// Colours where readers want a light page.
    pub light: Option<Palette>,
    /// The same where they want a dark one.
    pub dark: Option<Palette>,
    /// The text of an SVG file.
    pub logo: Option<String>,
}

/// Colours, each as `#` and six hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Palette {
    /// Links, buttons and bars.
    pub accent: String,
    /// The band at the top of the page.
    pub band: String,
    /// What is written on the band.
    pub on_band: String,
}

/// A theme that was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Theme {
    names: Vec<(Language, String)>,
    css: String,
    logo: Option<String>,
}

/// Why a theme cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ThemeError {
    /// No name in a language.
    #[error(
        "`name` has nothing in `{language}`, and every page exists in it; write `{language} = \"…\"` below `[name]`"
    )]
    NoName {
        /// Its tag.
        language: &'static str,
    },
    /// A name in a language that there are no pages in.
    #[error("`name.{language}` is in a language that the pages do not have; leave it out")]
    UnknownLanguage {
        /// Its tag.
        language: String,
    },
    /// A name that is no short line of text.
    #[error(
        "`name.{language}` is no name to stand at the top of a page: write 1 to {THEME_NAME_CHARS_MAX} characters, on one line, without control characters and marks of direction"
    )]
    Name {
        /// Its tag.
        language: String,
    },
    /// Something else than a colour.
    #[error(
        "`{key}` is `{found}`, which is no colour; write `#` and six hexadecimal digits, as `#0b4a8f`"
    )]
    Colour {
        /// Where it stands.
        key: String,
        /// What stands there.
        found: String,
    },
    /// A colour that cannot be read on what is behind it.
    #[error(
        "`{key}` (`{text}`) has a contrast of {ratio}:1 with {behind}, and text needs at least 4.5:1; choose a {remedy} one"
    )]
    Contrast {
        /// Where it stands.
        key: String,
        /// The colour of the text.
        text: String,
        /// What is behind it, in words.
        behind: String,
        /// The ratio, cut after two digits.
        ratio: String,
        /// `darker` or `lighter`.
        remedy: &'static str,
    },
    /// A logo that would make every page long.
    #[error(
        "the logo has {found} bytes, and at most {LOGO_BYTES_MAX} are sent with every page; simplify its paths"
    )]
    LogoTooLong {
        /// Its length.
        found: usize,
    },
    /// A logo with something in it that a page does not take.
    #[error(
        "the logo cannot stand on a page: {what}. It may have shapes and groups of them, with plain colours and numbers: no script, style, text, picture or address"
    )]
    Logo {
        /// What is wrong with it.
        what: String,
    },
}

impl Theme {
    /// The theme of these parts.
    ///
    /// # Errors
    /// If a name is missing, a colour cannot be read, or the logo has something that a page does not take.
    pub fn new(parts: &ThemeParts) -> Result<Self, ThemeError> {
        Ok(Self {
            names: names(&parts.name)?,
            css: css(parts)?,
            logo: parts.logo.as_deref().map(logo::checked).transpose()?,
        })
    }

    /// The platform's name.
    pub fn name(&self, language: &Language) -> &str {
        let name = self.names.iter().find(|(known, _)| known == language);
        name.map_or("", |(_, name)| name)
    }

    /// The style sheet that stands on a page beside its own.
    pub(crate) fn css(&self) -> &str {
        &self.css
    }

    /// The logo as markup that stands in a page as it is.
    pub(crate) fn logo(&self) -> &str {
        self.logo.as_deref().unwrap_or_default()
    }
}

fn names(written: &BTreeMap<String, String>) -> Result<Vec<(Language, String)>, ThemeError> {
    for (tag, name) in written {
        if !Language::all().any(|language| language.tag() == tag) {
            let language = tag.clone();
            return Err(ThemeError::UnknownLanguage { language });
        }
        if !is_name(name) {
            let language = tag.clone();
            return Err(ThemeError::Name { language });
        }
    }
    Language::all()
        .map(|language| match written.get(language.tag()) {
            Some(name) => Ok((language, name.clone())),
            None => Err(ThemeError::NoName {
                language: language.tag(),
            }),
        })
        .collect()
}

fn is_name(name: &str) -> bool {
    let turns = |c: char| matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2028}' | '\u{2029}' | '\u{2066}'..='\u{2069}');
    (1..=THEME_NAME_CHARS_MAX).contains(&name.chars().count())
        && name.trim() == name
        && !name.chars().any(|c| c.is_control() || turns(c))
}

/// What is behind text on the pages, and the colours of a theme that says nothing: those of `page.css`.
struct Ground {
    scheme: &'static str,
    paper: &'static str,
    soft: &'static str,
    ink: &'static str,
    link: &'static str,
}

const LIGHT: Ground = Ground {
    scheme: "light",
    paper: "#ffffff",
    soft: "#f2f4f7",
    ink: "#1a1a1a",
    link: "#0b4a8f",
};

const DARK: Ground = Ground {
    scheme: "dark",
    paper: "#16181c",
    soft: "#23272e",
    ink: "#eeeeee",
    link: "#8ec3ff",
};

/// How a themed page looks, whatever its colours: the band reaches over the whole width.
const BAND: &str = "nav{margin:-1rem -1rem 1rem;padding:.5rem 1rem;color:var(--on-band);background:var(--band);\
box-shadow:0 0 0 100vmax var(--band);clip-path:inset(0 -100vmax)}nav a{color:inherit}nav span{gap:.25rem .75rem;\
flex-wrap:wrap;justify-content:start}nav bdi{font-weight:700}nav svg{block-size:2rem;inline-size:auto;\
max-inline-size:10rem}";

fn css(parts: &ThemeParts) -> Result<String, ThemeError> {
    let light = LIGHT.variables(parts.light.as_ref())?;
    let dark = DARK.variables(parts.dark.as_ref())?;
    Ok(format!(
        "{light}@media(prefers-color-scheme:dark){{{dark}}}{BAND}"
    ))
}

impl Ground {
    fn variables(&self, palette: Option<&Palette>) -> Result<String, ThemeError> {
        let own = Palette {
            accent: self.link.to_owned(),
            band: self.soft.to_owned(),
            on_band: self.ink.to_owned(),
        };
        let palette = palette.unwrap_or(&own);
        let accent = self.colour("accent", &palette.accent)?;
        let band = self.colour("band", &palette.band)?;
        let on_band = self.colour("on_band", &palette.on_band)?;
        for behind in [self.paper, self.soft] {
            let ground = self.colour("paper", behind)?;
            let page = format!("the {} page (`{behind}`)", self.scheme);
            self.readable("accent", accent, ground, page)?;
        }
        let behind = format!("`{}.band` (`{band}`)", self.scheme);
        self.readable("on_band", on_band, band, behind)?;
        Ok(format!(
            ":root{{--link:{accent};--band:{band};--on-band:{on_band}}}"
        ))
    }

    fn colour(&self, key: &str, text: &str) -> Result<Colour, ThemeError> {
        Colour::parse(text).ok_or_else(|| ThemeError::Colour {
            key: self.key(key),
            found: text.chars().take(20).collect(),
        })
    }

    fn readable(
        &self,
        key: &str,
        text: Colour,
        ground: Colour,
        behind: String,
    ) -> Result<(), ThemeError> {
        let ratio = text.contrast(ground);
        if ratio >= CONTRAST_MIN {
            return Ok(());
        }
        Err(ThemeError::Contrast {
            key: self.key(key),
            text: text.to_string(),
            behind,
            // 4.499 is not enough, and must not look like it.
            ratio: format!("{:.2}", (ratio * 100.0).floor() / 100.0),
            remedy: if ground.luminance() > colour::LUMINANCE_MIDDLE {
                "darker"
            } else {
                "lighter"
            },
        })
    }

    fn key(&self, key: &str) -> String {
        format!("{}.{key}", self.scheme)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::content_policy::CSS;

    fn parts() -> ThemeParts {
        let name = Language::all().map(|language| (language.tag().to_owned(), "Portal".to_owned()));
        ThemeParts {
            name: name.collect(),
            ..ThemeParts::default()
        }
    }

    fn palette([accent, band, on_band]: [&str; 3]) -> Option<Palette> {
        Some(Palette {
            accent: accent.to_owned(),
            band: band.to_owned(),
            on_band: on_band.to_owned(),
        })
    }

    #[test]
    fn a_theme_that_says_nothing_of_colours_has_those_of_the_pages() {
        let short = |colour: &str| match colour {
            "#ffffff" => "#fff".to_owned(),
            "#eeeeee" => "#eee".to_owned(),
            colour => colour.to_owned(),
        };
        for (ground, place) in [(LIGHT, 1), (DARK, 2)] {
            let root = CSS.split(":root{").nth(place).unwrap();
            for (name, colour) in [
                ("ink", ground.ink),
                ("paper", ground.paper),
                ("link", ground.link),
                ("soft", ground.soft),
            ] {
                let declared = format!("--{name}:{}", short(colour));
                assert!(root.contains(&declared), "{declared} in {root}");
            }
        }
        assert!(
            Theme::new(&parts())
                .unwrap()
                .css()
                .contains("--link:#0b4a8f")
        );
    }

    #[test]
    fn a_colour_that_cannot_be_read_is_refused_with_its_ratio() {
        for (light, key, ratio) in [
            (["#777777", "#000000", "#ffffff"], "light.accent", "4.47:1"),
            // On white 4.54, on the note's grey less.
            (["#767676", "#000000", "#ffffff"], "light.accent", "4.12:1"),
            (["#0b4a8f", "#5a8f00", "#ffffff"], "light.on_band", "3.91:1"),
        ] {
            let light = palette(light);
            let error = Theme::new(&ThemeParts { light, ..parts() }).unwrap_err();
            let said = error.to_string();
            assert!(said.contains(key) && said.contains(ratio), "{said}");
        }
        let dark = palette(["#0b4a8f", "#000000", "#ffffff"]);
        let error = Theme::new(&ThemeParts { dark, ..parts() }).unwrap_err();
        assert!(
            error.to_string().ends_with("choose a lighter one"),
            "{error}"
        );
        let dark = palette(["#8ec3ff", "#005e54", "#ffffff"]);
        let theme = Theme::new(&ThemeParts { dark, ..parts() }).unwrap();
        assert!(
            theme
                .css()
                .contains("dark){:root{--link:#8ec3ff;--band:#005e54")
        );
    }

    #[test]
    fn what_is_no_colour_is_refused_wherever_it_stands() {
        for wrong in [
            "red",
            "#fff",
            "#12345g",
            "",
            "#0b4a8f;}",
            "url(//x)",
            "#0B4A8",
        ] {
            for place in 0..3 {
                let mut colours = ["#0b4a8f", "#0b4a8f", "#ffffff"];
                colours[place] = wrong;
                let light = palette(colours);
                let error = Theme::new(&ThemeParts { light, ..parts() }).unwrap_err();
                assert!(
                    matches!(error, ThemeError::Colour { .. }),
                    "{wrong}: {error}"
                );
            }
        }
    }

    #[test]
    fn a_name_stands_in_every_language_and_on_one_line() {
        let with = |tag: &str, name: &str| {
            let mut parts = parts();
            parts.name.insert(tag.to_owned(), name.to_owned());
            Theme::new(&parts)
        };
        assert_eq!(
            with("ar", "بوابة")
                .unwrap()
                .name(&Language::parse("ar").unwrap()),
            "بوابة"
        );
        for bad in [
            "",
            " Portal",
            "a\nb",
            "a\u{202e}b",
            "a\u{2066}b",
            &"x".repeat(61),
        ] {
            assert!(
                matches!(with("en", bad), Err(ThemeError::Name { .. })),
                "{bad:?}"
            );
        }
        assert!(matches!(
            with("fr", "Portail"),
            Err(ThemeError::UnknownLanguage { .. })
        ));
        let mut short = parts();
        short.name.remove("ckb");
        assert_eq!(
            Theme::new(&short),
            Err(ThemeError::NoName { language: "ckb" })
        );
    }
}
