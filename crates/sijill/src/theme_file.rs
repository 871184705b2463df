//! The theme file: the name, the colours and the logo of a platform, in TOML.
//!
//! What may be in them is for `pages` to judge; this file reads, and says which file is wrong.

use crate::fault::input;
use crate::small_file;
use anyhow::Result;
use serde::Deserialize;
use sijill_pages::{Palette, Theme, ThemeParts};
use std::collections::BTreeMap;
use std::path::Path;

/// Bytes of a theme file or a logo that are read; of how much a logo may have `pages` says more.
const FILE_BYTES_MAX: usize = 64 * 1024;

/// What a theme file may say.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ThemeFile {
    /// An SVG file; relative to the theme file's folder.
    logo: Option<String>,
    /// The platform's name, by language.
    name: BTreeMap<String, String>,
    light: Option<Colours>,
    dark: Option<Colours>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Colours {
    accent: String,
    band: String,
    on_band: String,
}

impl From<Colours> for Palette {
    fn from(colours: Colours) -> Self {
        Self {
            accent: colours.accent,
            band: colours.band,
            on_band: colours.on_band,
        }
    }
}

/// The theme in this file.
pub fn read(path: &Path) -> Result<Theme> {
    let wrong = |why: String| {
        input(format!(
            "the theme file `{}` is wrong: {why}",
            path.display()
        ))
    };
    let text = small_file::text(path, FILE_BYTES_MAX)?;
    let file: ThemeFile =
        toml::from_str(&text).map_err(|error| wrong(error.to_string().trim_end().to_owned()))?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let logo = file
        .logo
        .map(|logo| small_file::text(&folder.join(logo), FILE_BYTES_MAX));
    let parts = ThemeParts {
        name: file.name,
        light: file.light.map(Palette::from),
        dark: file.dark.map(Palette::from),
        logo: logo.transpose()?,
    };
    Theme::new(&parts).map_err(|error| wrong(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use sijill_pages::Language;

    const NAMES: &str = "[name]\nar = \"بوابة\"\nckb = \"دەروازە\"\nen = \"Portal\"\n";

    fn read_with(file: &str, logo: &str) -> Result<Theme> {
        let folder = tempfile::tempdir()?;
        std::fs::write(folder.path().join("theme.toml"), file)?;
        std::fs::write(folder.path().join("logo.svg"), logo)?;
        read(&folder.path().join("theme.toml"))
    }

    #[test]
    fn a_theme_file_has_names_colours_and_a_logo_beside_it() {
        let file = format!(
            "logo = \"logo.svg\"\n{NAMES}[dark]\naccent = \"#8ec3ff\"\nband = \"#000000\"\non_band = \"#ffffff\"\n"
        );
        let theme = read_with(&file, "<svg viewBox='0 0 1 1'/>\n").unwrap();
        assert_eq!(theme.name(&Language::parse("en").unwrap()), "Portal");
        assert!(read_with(NAMES, "").is_ok(), "names are enough");
    }

    #[test]
    fn what_is_wrong_is_said_with_the_file() {
        let light = |accent: &str| {
            format!(
                "{NAMES}[light]\naccent = \"{accent}\"\nband = \"#000000\"\non_band = \"#ffffff\"\n"
            )
        };
        for (file, logo, said) in [
            (light("#777777"), "", "contrast of 4.47:1"),
            (light("red"), "", "`light.accent` is `red`"),
            ("nam = 1\n".to_owned(), "", "line 1"),
            ("[name]\nen = \"Portal\"\n".to_owned(), "", "`ar`"),
            (
                format!("logo = \"logo.svg\"\n{NAMES}"),
                "<svg viewBox='0 0 1 1'><script/></svg>",
                "it has `<script>`",
            ),
        ] {
            let error = read_with(&file, logo).unwrap_err().to_string();
            assert!(
                error.contains(said) && error.contains("theme.toml"),
                "{error}"
            );
        }
        let missing = read_with(&format!("logo = \"other.svg\"\n{NAMES}"), "").unwrap_err();
        assert!(missing.to_string().contains("other.svg"), "{missing}");
    }
}
