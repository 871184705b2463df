//! A logo: an SVG drawing of which nothing is taken that is not listed here, written out anew for the page.
//!
//! *Invariant:* nothing of the file reaches a page but the names in [`ELEMENTS`] and [`ATTRIBUTES`], and values made of
//! [`is_plain`] characters: with neither quotes, `<`, `&`, `:` nor `/`, there is no address, entity or script in them.

use crate::limits::LOGO_BYTES_MAX;
use crate::theme::ThemeError;

const ELEMENTS: [&str; 9] = [
    "svg", "g", "path", "rect", "circle", "ellipse", "line", "polyline", "polygon",
];

const ATTRIBUTES: [&str; 26] = [
    "viewBox",
    "width",
    "height",
    "d",
    "points",
    "x",
    "y",
    "x1",
    "y1",
    "x2",
    "y2",
    "cx",
    "cy",
    "r",
    "rx",
    "ry",
    "transform",
    "fill",
    "fill-rule",
    "fill-opacity",
    "stroke",
    "stroke-width",
    "stroke-linecap",
    "stroke-linejoin",
    "clip-rule",
    "opacity",
];

const NAMESPACE: &str = "http://www.w3.org/2000/svg";

/// The drawing as it stands on a page, where its meaning is the name beside it.
pub fn checked(text: &str) -> Result<String, ThemeError> {
    if text.len() > LOGO_BYTES_MAX {
        return Err(ThemeError::LogoTooLong { found: text.len() });
    }
    let mut drawing = Drawing {
        rest: text.trim(),
        ..Drawing::default()
    };
    drawing.read().map_err(|what| ThemeError::Logo { what })?;
    Ok(drawing.written)
}

/// A drawing that is being read.
#[derive(Default)]
struct Drawing<'a> {
    rest: &'a str,
    /// Elements that are open.
    open: Vec<&'a str>,
    written: String,
}

impl<'a> Drawing<'a> {
    fn read(&mut self) -> Result<(), String> {
        loop {
            self.tag()?;
            if self.open.is_empty() {
                break;
            }
            self.rest = self.rest.trim_start();
        }
        match self.rest.is_empty() {
            true => Ok(()),
            false => Err("something follows its `</svg>`".to_owned()),
        }
    }

    fn tag(&mut self) -> Result<(), String> {
        let Some(rest) = self.rest.strip_prefix('<') else {
            return Err(match self.rest.is_empty() {
                true => "it ends in the middle".to_owned(),
                false => "text stands between its shapes".to_owned(),
            });
        };
        self.rest = rest;
        match rest.strip_prefix('/') {
            Some(rest) => self.closing(rest),
            None => self.opening(),
        }
    }

    fn closing(&mut self, rest: &'a str) -> Result<(), String> {
        let name = self.open.pop().unwrap_or_default();
        let after = rest.strip_prefix(name).and_then(|rest| {
            let rest = rest.trim_start();
            rest.strip_prefix('>')
        });
        self.rest =
            after.ok_or_else(|| format!("its `<{name}>` is not closed where it should be"))?;
        self.written += &format!("</{name}>");
        Ok(())
    }

    fn opening(&mut self) -> Result<(), String> {
        let name = self.name();
        let known = ELEMENTS.iter().find(|known| **known == name);
        let Some(name) = known else {
            return Err(match name {
                "" => "it has a comment, a declaration or an instruction".to_owned(),
                name => format!("it has `<{name}>`"),
            });
        };
        if (*name == "svg") != self.open.is_empty() {
            return Err("it is not one `<svg>` with shapes in it".to_owned());
        }
        self.written += &format!("<{name}");
        let has_view_box = self.attributes(name)?;
        if *name == "svg" {
            if !has_view_box {
                return Err(
                    "its `<svg>` has no `viewBox`, so that its size is not known".to_owned(),
                );
            }
            self.written += " aria-hidden=\"true\" focusable=\"false\"";
        }
        self.end_of_opening(name)
    }

    /// Takes the attributes; whether `viewBox` was among them.
    fn attributes(&mut self, element: &str) -> Result<bool, String> {
        let mut taken: Vec<&str> = Vec::new();
        loop {
            self.rest = self.rest.trim_start();
            let name = self.name();
            if name.is_empty() {
                return Ok(taken.contains(&"viewBox"));
            }
            let value = self.value().ok_or_else(|| {
                format!("the value of `{name}` in its `<{element}>` has no quotes around it")
            })?;
            if name == "xmlns" && value == NAMESPACE {
                continue;
            }
            if !ATTRIBUTES.contains(&name) {
                return Err(format!("its `<{element}>` has `{name}`"));
            }
            if !is_plain(value) {
                return Err(format!(
                    "`{name}` in its `<{element}>` has something else than words, numbers and colours"
                ));
            }
            if taken.contains(&name) {
                return Err(format!("its `<{element}>` has `{name}` twice"));
            }
            taken.push(name);
            self.written += &format!(" {name}=\"{value}\"");
        }
    }

    fn end_of_opening(&mut self, name: &'static str) -> Result<(), String> {
        if let Some(rest) = self.rest.strip_prefix("/>") {
            self.rest = rest;
            self.written += &format!("></{name}>");
            return Ok(());
        }
        let Some(rest) = self.rest.strip_prefix('>') else {
            return Err(format!("its `<{name}>` has something that is no attribute"));
        };
        self.rest = rest;
        self.written.push('>');
        self.open.push(name);
        Ok(())
    }

    /// Takes a name; an empty one where there is none.
    fn name(&mut self) -> &'a str {
        let is_part = |c: char| c.is_ascii_alphanumeric() || "-_:.".contains(c);
        let end = self.rest.find(|c| !is_part(c)).unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(end);
        self.rest = rest;
        name
    }

    /// Takes `="…"`.
    fn value(&mut self) -> Option<&'a str> {
        let rest = self.rest.trim_start().strip_prefix('=')?.trim_start();
        let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let (value, rest) = rest.strip_prefix(quote)?.split_once(quote)?;
        self.rest = rest;
        Some(value)
    }
}

/// Numbers, words, colours, and what paths and transformations have between them; `url(…)` only leads elsewhere.
fn is_plain(value: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || " \n\t\r.,+-#%()".contains(c);
    value.chars().all(plain) && !value.to_ascii_lowercase().contains("url")
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox='0 0 24 24'>\n  <g fill=\"#0b4a8f\"><path d=\"M1,2 L3-4z\"/>\n<circle cx=\"1\" cy=\"2\" r=\".5\" ></circle></g>\n</svg>\n";

    #[test]
    fn a_drawing_of_shapes_is_written_out_anew() {
        let written = checked(GOOD).unwrap();
        assert_eq!(
            written,
            "<svg viewBox=\"0 0 24 24\" aria-hidden=\"true\" focusable=\"false\"><g fill=\"#0b4a8f\"><path d=\"M1,2 L3-4z\"></path><circle cx=\"1\" cy=\"2\" r=\".5\"></circle></g></svg>"
        );
        let empty = "<svg viewBox=\"0 0 1 1\"/>";
        assert!(checked(empty).unwrap().ends_with("></svg>"));
    }

    #[test]
    fn whatever_could_act_or_lead_elsewhere_is_refused() {
        for inside in [
            "<script>alert(1)</script>",
            "<SCRIPT/>",
            "<style>*{}</style>",
            "<image href=\"x.png\"/>",
            "<use href=\"#a\"/>",
            "<a href=\"x\"/>",
            "<foreignObject/>",
            "<animate attributeName=\"x\"/>",
            "<set/>",
            "<svg viewBox=\"0 0 1 1\"/>",
            "<text>words</text>",
            "words",
            "<g onload=\"alert(1)\"/>",
            "<g onclick='alert(1)'/>",
            "<path style=\"fill:red\"/>",
            "<path class=\"a\"/>",
            "<path id=\"a\"/>",
            "<path xlink:href=\"x\"/>",
            "<path fill=\"url(#a)\"/>",
            "<path fill=\"URL(x)\"/>",
            "<path fill=\"a:b\"/>",
            "<path fill=\"&#117;rl(x)\"/>",
            "<path fill=\"a<b\"/>",
            "<path fill=\"a/b\"/>",
            "<path fill=\"\u{627}\"/>",
            "<path fill='\"><script>'/>",
            "<path fill=red/>",
            "<path fill/>",
            "<path fill=\"red\" fill=\"blue\"/>",
            "<g xmlns=\"http://www.w3.org/1999/xhtml\"/>",
            "<!-- a -->",
            "<![CDATA[a]]>",
            "<?xml version=\"1.0\"?>",
            "<path",
            "<path d=\"M1",
            "<g>",
            "</g>",
            "<g></path>",
            "<",
            "</svg><svg viewBox=\"0 0 1 1\">",
        ] {
            let drawing = format!("<svg viewBox=\"0 0 9 9\">{inside}</svg>");
            let refused = matches!(checked(&drawing), Err(ThemeError::Logo { .. }));
            assert!(refused, "{inside}");
        }
        for whole in [
            "",
            "words",
            "<g/>",
            "<svg/>",
            "<svg viewBox=\"0 0 9 9\">",
            "<!DOCTYPE svg><svg viewBox=\"0 0 9 9\"/>",
            "<?xml version=\"1.0\"?><svg viewBox=\"0 0 9 9\"/>",
            "<svg viewBox=\"0 0 9 9\" onload=\"alert(1)\"/>",
        ] {
            assert!(checked(whole).is_err(), "{whole}");
        }
    }

    const PIECES: [&str; 30] = [
        "<svg",
        "</svg>",
        "<g",
        "</g>",
        "<path",
        "</path>",
        "<script",
        "</script>",
        "<!--",
        "-->",
        "<a",
        " viewBox='0 0 9 9'",
        " d=\"M0 0\"",
        " fill='#fff'",
        " fill=\"url(#a)\"",
        " href='//x'",
        " onload='x()'",
        " style='a:b'",
        "=",
        "'",
        "\"",
        ">",
        "/>",
        "/",
        " ",
        "\n",
        "&lt;",
        "]]>",
        "\u{202e}",
        "xmlns='http://www.w3.org/2000/svg'",
    ];

    proptest::proptest! {
        #![proptest_config(proptest::test_runner::Config { failure_persistence: None, ..Default::default() })]

        /// Whatever is put together, what is taken is made of the listed names and plain values, and is taken again.
        #[test]
        fn nothing_but_shapes_gets_through(places in proptest::collection::vec(0..PIECES.len(), 0..24)) {
            let inside: String = places.iter().map(|place| PIECES[*place]).collect();
            for drawing in [inside.clone(), format!("<svg viewBox='0 0 9 9'>{inside}</svg>"), format!("<svg viewBox='0 0 9 9'><g{inside}</g></svg>")] {
                let Ok(written) = checked(&drawing) else { continue };
                for word in ["script", "href", "on", "style", "url", ":", "&", "!", "'", "xmlns"] {
                    let written = written.replace(" aria-hidden=\"true\" focusable=\"false\"", "");
                    proptest::prop_assert!(!written.contains(word), "{} in {}", word, written);
                }
                let again = written.replace(" aria-hidden=\"true\" focusable=\"false\"", "");
                proptest::prop_assert_eq!(checked(&again).unwrap(), written);
            }
        }
    }

    #[test]
    fn a_long_drawing_is_refused_with_its_length() {
        let path = "M1 1".repeat(600);
        let long = format!("<svg viewBox=\"0 0 9 9\"><path d=\"{path}\"/></svg>");
        let found = long.len();
        assert_eq!(checked(&long), Err(ThemeError::LogoTooLong { found }));
    }
}
