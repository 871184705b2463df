//! The rate of the second verifier, `tools/verify`, where it is there.

use crate::Scale;
use crate::big::{Big, operator_key};
use crate::table::{Row, rate};
use std::path::Path;
use std::process::{Command, Stdio};

pub fn rows(scale: &Scale) -> Vec<Row> {
    let verifier = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tools/verify");
    let measured = "`tools/verify`";
    if !verifier.is_file() {
        return vec![Row::stated(measured, "—", "not there yet".into())];
    }
    let answers = scale.of(20_000);
    let export = Big { answers, silent: 0 }.export();
    let rate = rate(answers, || {
        let status = Command::new(verifier)
            .arg(export)
            .args(["--operator-key", &operator_key().to_string()])
            .stdout(Stdio::null())
            .status()
            .unwrap();
        assert!(matches!(status.code(), Some(0 | 4)), "{status}");
    });
    vec![Row::stated(measured, "—", format!("{rate:.0} answers/s"))]
}
