//! A message centre for stories: npm's `smpp`, which shares no code with ours (`tools/centre`).

use serde_json::Value;
use sha2::{Digest, Sha256};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// The account that it takes.
pub const ACCOUNT: [&str; 4] = ["--system-id", "ur", "--password", "secret"];

/// A message centre of its own process.
pub struct Centre {
    process: Child,
    port: u16,
    report: PathBuf,
}

impl Centre {
    /// One with these options, whose report goes into this folder; none, and a line that says why, where it is missing.
    pub fn open(folder: &Path, options: &[&str]) -> Option<Self> {
        let tool = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tools/centre");
        let check = Command::new(&tool).arg("--check").output().unwrap();
        if !check.status.success() {
            let why = String::from_utf8_lossy(&check.stderr).trim().to_owned();
            println!("skipped: {why}");
            return None;
        }
        let report = folder.join("centre.json");
        let mut process = Command::new(tool)
            .args(ACCOUNT)
            .args(options)
            .arg("--report")
            .arg(&report)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let out = process.stdout.take().unwrap();
        BufReader::new(out).read_line(&mut line).unwrap();
        let port = line.trim().strip_prefix("listening on ");
        Some(Self {
            port: port.expect("it says where it listens").parse().unwrap(),
            process,
            report,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Ends it, and gives its report.
    pub fn report(mut self) -> Value {
        drop(self.process.stdin.take());
        assert!(self.process.wait().unwrap().success());
        serde_json::from_slice(&std::fs::read(&self.report).unwrap()).unwrap()
    }
}

impl Drop for Centre {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// SHA-256 of each text that a number got, in their order.
pub fn texts(report: &Value, number: &str) -> Vec<String> {
    match &report["texts"][number.trim_start_matches('+')] {
        Value::String(one) => vec![one.clone()],
        Value::Array(several) => several
            .iter()
            .map(|text| text.as_str().unwrap().to_owned())
            .collect(),
        _ => Vec::new(),
    }
}

/// The same of a text.
pub fn hash(text: &str) -> String {
    let hash = Sha256::digest(text.as_bytes());
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}
