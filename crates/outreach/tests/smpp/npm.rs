//! npm's `smpp` as message centre (`tools/centre`): invitations in great numbers, every text joined again exactly, every
//! receipt matched. `SIJILL_SMS=100000` sends so many instead of 2,000 (docs/OPERATIONS.md).
//!
//! Where node or its packages are missing this is skipped, and says so.

use crate::desk::{Desk, SOON, settings, submits};
use serde_json::Value;
use sha2::{Digest, Sha256};
use sijill_outreach::gateway::{Outcome, Report, Submit, Ticket};
use sijill_outreach::receipt::{candidates, normalised};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;
use tokio::time::timeout;

fn tool() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tools/centre")
}

/// A message centre of its own process.
struct Centre {
    process: Child,
    port: u16,
    folder: TempDir,
}

impl Centre {
    /// One with these options; none, and a line that says why, where it is missing.
    fn open(options: &[&str]) -> Option<Self> {
        let check = Command::new(tool()).arg("--check").output().unwrap();
        if !check.status.success() {
            println!("skipped: {}", String::from_utf8_lossy(&check.stderr).trim());
            return None;
        }
        let folder = TempDir::new().unwrap();
        let mut process = Command::new(tool())
            .args(options)
            .arg("--report")
            .arg(folder.path().join("report"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let port = line
            .trim()
            .strip_prefix("listening on ")
            .expect("it says where it listens");
        Some(Self {
            port: port.parse().unwrap(),
            process,
            folder,
        })
    }

    /// Ends it, and gives its report.
    fn report(mut self) -> Value {
        drop(self.process.stdin.take());
        assert!(self.process.wait().unwrap().success());
        serde_json::from_slice(&std::fs::read(self.folder.path().join("report")).unwrap()).unwrap()
    }
}

impl Drop for Centre {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// An invitation in Arabic, of two segments, with a link of its own.
fn invitation(number: u32) -> (String, String) {
    let token = format!("{:020}", u64::from(number) * 7_919);
    let text = format!(
        "هل تؤيد إنشاء جسر جديد على نهر دجلة؟ تجيب مرة واحدة، وبلا مقابل: https://ur.example/p/{token}"
    );
    (format!("96477{number:08}"), text)
}

/// What is known of everything that was sent.
#[derive(Default)]
struct Known {
    todo: VecDeque<Submit>,
    sent: HashMap<Ticket, Submit>,
    /// Tickets by their normalised id.
    ids: HashMap<String, Ticket>,
    /// Receipts that came before their response.
    early: Vec<(String, Outcome)>,
    outcomes: BTreeMap<Ticket, Outcome>,
    throttled: u64,
}

impl Known {
    fn hear(&mut self, report: Report) {
        match report {
            Report::Accepted { ticket, id } => {
                assert_eq!(
                    self.ids.insert(normalised(&id), ticket),
                    None,
                    "an id is given twice"
                );
                self.sent
                    .remove(&ticket)
                    .expect("it was sent, and told of once");
                for (id, outcome) in std::mem::take(&mut self.early) {
                    self.receive(id, outcome);
                }
            }
            Report::Refused { ticket, status } => {
                assert_eq!(status, 0x58);
                self.throttled += 1;
                self.todo.extend(self.sent.remove(&ticket));
            }
            Report::Receipt { receipt, ack } => {
                self.receive(receipt.id, receipt.outcome);
                ack.give();
            }
            Report::Up => {}
            other => panic!("{other:?}"),
        }
    }

    fn receive(&mut self, id: String, outcome: Outcome) {
        let ticket = candidates(&id)
            .iter()
            .find_map(|id| self.ids.get(id).copied());
        match ticket {
            Some(ticket) => {
                let before = self.outcomes.insert(ticket, outcome);
                assert!(
                    matches!(before, None | Some(Outcome::Pending)),
                    "{before:?}, then {outcome:?}"
                );
            }
            None => self.early.push((id, outcome)),
        }
    }

    /// Whether every segment has a receipt that is final.
    fn is_complete(&self, segments: usize) -> bool {
        self.outcomes.len() == segments
            && self
                .outcomes
                .values()
                .all(|outcome| *outcome != Outcome::Pending)
    }
}

#[tokio::test]
async fn invitations_arrive_whole_and_every_receipt_is_matched() {
    let count = std::env::var("SIJILL_SMS").map_or(2_000, |count| count.parse().unwrap());
    let options = [
        "--receipts",
        "mixed",
        "--ids",
        "hex-decimal",
        "--throttle-every",
        "997",
        "--system-id",
        "sijill",
        "--password",
        "secret",
    ];
    let Some(centre) = Centre::open(&options) else {
        return;
    };
    let mut settings = settings(centre.port);
    settings.window = 50;
    let mut desk = Desk::open(settings);
    let mut known = Known::default();
    for number in 0..count {
        let (to, text) = invitation(number);
        known.todo.extend(submits(number, &to, &text));
    }
    let segments = known.todo.len();
    assert_eq!(segments, 2 * count as usize);
    while !known.is_complete(segments) {
        tokio::select! {
            room = desk.0.submits.reserve(), if !known.todo.is_empty() => {
                let submit = known.todo.pop_front().unwrap();
                known.sent.insert(submit.ticket, submit.clone());
                room.unwrap().send(submit);
            }
            report = timeout(SOON, desk.0.reports.recv()) => known.hear(report.expect("it goes on").unwrap()),
        }
    }
    assert_eq!(desk.leave().await, Vec::<String>::new());
    holds(&centre.report(), &known, count);
}

#[track_caller]
fn holds(report: &Value, known: &Known, count: u32) {
    let segments = u64::from(count) * 2;
    assert_eq!(report["strange"], 0);
    assert_eq!(
        (&report["segments"], &report["messages"]),
        (&segments.into(), &count.into())
    );
    assert_eq!(
        (&report["binds"], &report["incomplete"]),
        (&1.into(), &0.into())
    );
    assert_eq!(report["throttled"], known.throttled);
    assert!(known.throttled > 0);
    assert_eq!(report["esm_classes"], serde_json::json!({ "64": segments }));
    assert_eq!(report["receipts_sent"], report["receipts_confirmed"]);
    assert!(known.early.is_empty());
    let texts = report["texts"].as_object().unwrap();
    assert_eq!(texts.len(), count as usize);
    for number in 0..count {
        let (to, text) = invitation(number);
        let hash = Sha256::digest(text.as_bytes());
        let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(texts[&to], hash, "invitation {number}");
    }
    let of = |outcome| {
        known
            .outcomes
            .values()
            .filter(|own| **own == outcome)
            .count() as u64
    };
    let all = [Outcome::Delivered, Outcome::Expired, Outcome::Failed].map(of);
    assert_eq!(all.iter().sum::<u64>(), segments);
    assert!(all.iter().all(|count| *count > 0), "{all:?}");
}

#[tokio::test]
async fn ids_in_either_base_and_receipts_in_either_form_are_matched() {
    for (ids, form) in [
        ("same", "text"),
        ("decimal-hex", "parts"),
        ("hex-decimal", "text"),
    ] {
        let Some(centre) = Centre::open(&["--ids", ids, "--receipt-form", form]) else {
            return;
        };
        let mut desk = Desk::open(settings(centre.port));
        let mut known = Known::default();
        for submit in submits(1, "9647701234567", "Hello {€}") {
            known.sent.insert(submit.ticket, submit.clone());
            desk.0.submits.send(submit).await.unwrap();
        }
        while !known.is_complete(1) {
            known.hear(desk.report().await);
        }
        assert_eq!(desk.leave().await, Vec::<String>::new());
        let hash: String = Sha256::digest("Hello {€}".as_bytes())
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert_eq!(centre.report()["texts"]["9647701234567"], hash);
    }
}

#[tokio::test]
async fn a_wrong_password_is_refused_once() {
    let Some(centre) = Centre::open(&["--password", "another"]) else {
        return;
    };
    let mut desk = Desk::open(settings(centre.port));
    assert_eq!(
        desk.told().await,
        "stopped: the gateway refuses this account: password wrong (`0x0E`)"
    );
    assert_eq!(centre.report()["refused_binds"], 1);
}
