//! A text as a QR code, drawn for a page: black on white in any colour scheme, with the quiet zone that readers need.

use fast_qr::{ECL, Mode, QRBuilder, QRCode};
use std::fmt::Write as _;

use crate::limits::QR_TEXT_BYTES_MAX;

/// Modules of white around a code, as ISO/IEC 18004 asks for.
const QUIET_MODULES: usize = 4;

/// A QR code as SVG takes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct QrDrawing {
    /// Modules a side, the quiet zone included.
    pub(crate) side: usize,
    /// A path that is stroked one module wide: a line for each run of dark modules.
    pub(crate) path: String,
}

/// The text in byte mode at level L, whose damage from print is none on a screen; nothing if it is too long for a code.
pub(crate) fn qr_drawing(text: &str) -> Option<QrDrawing> {
    if text.len() > QR_TEXT_BYTES_MAX {
        return None;
    }
    let code = QRBuilder::new(text)
        .ecl(ECL::L)
        .mode(Mode::Byte)
        .build()
        .ok()?;
    Some(draw(&code))
}

fn draw(code: &QRCode) -> QrDrawing {
    let mut path = String::new();
    for (y, row) in code.data.chunks(code.size).take(code.size).enumerate() {
        let mut x = 0;
        for run in row.chunk_by(|a, b| a.value() == b.value()) {
            if run.iter().any(|module| module.value()) {
                let (from, y) = (x + QUIET_MODULES, y + QUIET_MODULES);
                // Writing to a string does not fail.
                let _ = write!(path, "M{from} {y}.5h{}", run.len());
            }
            x += run.len();
        }
    }
    QrDrawing {
        side: code.size + 2 * QUIET_MODULES,
        path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The modules of a drawing, row by row, its quiet zone included.
    fn modules(drawing: &QrDrawing) -> Vec<Vec<bool>> {
        let mut dark = vec![vec![false; drawing.side]; drawing.side];
        for run in drawing.path.split('M').skip(1) {
            let (at, length) = run.split_once('h').unwrap();
            let (x, y) = at.split_once(' ').unwrap();
            let (x, y): (usize, usize) = (
                x.parse().unwrap(),
                y.strip_suffix(".5").unwrap().parse().unwrap(),
            );
            let length: usize = length.parse().unwrap();
            dark[y][x..x + length].fill(true);
        }
        dark
    }

    #[test]
    fn every_dark_module_is_drawn_where_it_is_and_nothing_in_the_quiet_zone() {
        let text = "a receipt ".repeat(150);
        let drawing = qr_drawing(&text).unwrap();
        let code = QRBuilder::new(text).ecl(ECL::L).mode(Mode::Byte).build();
        let code = code.unwrap();
        let drawn = modules(&drawing);
        assert_eq!(drawing.side, code.size + 8);
        for (y, row) in drawn.iter().enumerate() {
            for (x, &dark) in row.iter().enumerate() {
                let inside = (4..4 + code.size).contains(&x) && (4..4 + code.size).contains(&y);
                assert_eq!(dark, inside && code[y - 4][x - 4].value(), "{x} {y}");
            }
        }
    }

    #[test]
    fn the_longest_text_is_a_code_of_version_40_and_a_longer_one_is_none() {
        let longest = qr_drawing(&"x".repeat(QR_TEXT_BYTES_MAX)).unwrap();
        assert_eq!(longest.side, 177 + 8);
        assert_eq!(qr_drawing(&"x".repeat(QR_TEXT_BYTES_MAX + 1)), None);
    }
}
