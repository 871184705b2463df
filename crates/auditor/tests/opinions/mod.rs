//! Cases, and what `tools/verify` thinks of them beside what the Rust auditor does.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "what cannot be set up must stop the test that asked for it"
)]

pub mod blind;
pub mod given;
pub mod honest;
pub mod openings;
pub mod published;
pub mod wild;

use crate::bench_of_audits::{report_of, write_files};
use serde_json::{Value, json};
use sijill_scenarios::Case;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A name that a file can have, and what it names.
pub type Named = (String, Case);

/// Writes the cases into a folder, asks `tools/verify` for its verdicts on all of them at once, and compares.
#[track_caller]
pub fn compare(name: &str, cases: Vec<Named>) {
    let folder = emptied(name);
    let mut expected = BTreeMap::new();
    for (place, (title, case)) in cases.iter().enumerate() {
        let stem = format!("{place:04} {}", title.replace('/', " "));
        write(&folder, &stem, case);
        expected.insert(stem, verdicts(case));
    }
    std::fs::write(
        folder.join("expected.txt"),
        serde_json::to_string_pretty(&expected).unwrap(),
    )
    .unwrap();
    let found = opinions(&folder);
    assert_eq!(expected.len(), found.len());
    let differing: Vec<String> = expected
        .iter()
        .filter(|(stem, ours)| found.get(*stem) != Some(ours))
        .map(|(stem, ours)| {
            format!(
                "{stem}\n  here   {ours}\n  second {}",
                found.get(stem).unwrap_or(&Value::Null)
            )
        })
        .collect();
    assert!(
        differing.is_empty(),
        "{} of {} differ\n{}",
        differing.len(),
        expected.len(),
        differing.join("\n")
    );
}

/// A folder for these cases, kept until the next run for whoever wants to look at them.
fn emptied(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("second-opinion")
        .join(name);
    if folder.exists() {
        std::fs::remove_dir_all(&folder).unwrap();
    }
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

fn write(folder: &Path, stem: &str, case: &Case) {
    let checkpoints = case.held.iter();
    let checkpoints = checkpoints.map(|(name, bytes)| (name, String::from_utf8_lossy(bytes)));
    let held = json!({
        "operator_keys": case.operator_keys.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "anchors": case.anchors.iter().map(|(index, link)| format!("{index}:{link}")).collect::<Vec<_>>(),
        "promises": case.promises,
        "receipts": case.receipts,
        "pages": case.pages,
        "messages": case.messages,
        "policy": case.policy.as_ref().map(|policy| String::from_utf8_lossy(policy)),
        "checkpoints": checkpoints.collect::<Vec<_>>(),
        "now_ms": case.now_ms,
    });
    let source = folder.join(format!("{stem}.export"));
    match &case.folder {
        Some(files) => write_files(files, &source),
        None => std::fs::write(source, &case.file).unwrap(),
    }
    std::fs::write(folder.join(format!("{stem}.json")), held.to_string()).unwrap();
}

/// The exit code and the verdict of each check, as the Rust auditor sees it.
fn verdicts(case: &Case) -> Value {
    let report = report_of(case);
    let checks: BTreeMap<String, Value> = report
        .checks
        .iter()
        .map(|check| (check.number.to_string(), json!(check.verdict)))
        .collect();
    json!({ "exit_code": report.exit_code(), "checks": checks })
}

/// The same of every case in the folder, as `tools/verify` sees it.
fn opinions(folder: &Path) -> BTreeMap<String, Value> {
    let tool = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tools/verify");
    let output = Command::new(tool)
        .arg("--cases")
        .arg(folder)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| {
            let mut opinion: Value = serde_json::from_str(line).unwrap();
            let name = opinion["case"].take();
            opinion.as_object_mut().unwrap().remove("case");
            (name.as_str().unwrap().to_owned(), opinion)
        })
        .collect()
}
