//! What Sijill costs, each figure beside the least that could be paid for the same: `tools/bench`.
//!
//! Two sides of a row run in turn, round after round, in one process; what counts is the median of the ratios of each
//! round, since the machine is shared. Nothing here is a test: nothing fails for being slow.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a benchmark that cannot be set up must stop and say so"
)]

mod audits;
mod big;
mod centre;
mod field;
mod http;
mod imports;
mod ingest;
mod memory;
#[path = "../../../../tests/stories/centre.rs"]
#[allow(dead_code, reason = "stories read the texts that arrived")]
mod npm;
mod proofs;
mod replays;
mod second;
mod sending;
mod stage;
mod table;
mod tiles;
mod trees;

use table::Row;

/// Measures, and says what came of it.
type Measure = fn(&Scale) -> Vec<Row>;

/// What can be asked for, in the order of the table.
const ROWS: [(&str, Measure); 11] = [
    ("ingest", ingest::rows),
    ("tree", trees::rows),
    ("proof", proofs::rows),
    ("audit", audits::rows),
    ("replay", replays::rows),
    ("http", http::rows),
    ("tiles", tiles::rows),
    ("send", sending::rows),
    ("import", imports::rows),
    ("memory", memory::rows),
    ("verify", second::rows),
];

/// How large everything is.
pub struct Scale {
    /// Divides every size: 1 for the figures that count, 10 for a quick look.
    pub part: u32,
    /// Rounds of each pair.
    pub rounds: usize,
}

impl Scale {
    /// This many, or the part of them.
    pub fn of(&self, count: u32) -> u32 {
        count / self.part
    }
}

fn main() {
    let asked: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| !word.starts_with("--"))
        .collect();
    let quick = std::env::args().any(|word| word == "--quick");
    let scale = Scale {
        part: if quick { 10 } else { 1 },
        rounds: if quick { 3 } else { 5 },
    };
    for name in &asked {
        assert!(
            ROWS.iter().any(|(row, _)| row == name),
            "no row `{name}`; there are {:?}",
            ROWS.map(|(row, _)| row)
        );
    }
    let mut rows = Vec::new();
    for (name, make) in ROWS {
        if asked.is_empty() || asked.iter().any(|row| row == name) {
            eprintln!("== {name}");
            rows.extend(make(&scale));
        }
    }
    table::print(&rows);
}
