//! The replay of a ledger into its projections after a restart, beside one hash an entry.

use crate::Scale;
use crate::big::Big;
use crate::stage::temporary;
use crate::table::{Rate, Row, in_turn, rate, ratio};
use sijill_ledger::Sealed;
use sijill_ledger::container::{self, ENTRIES};
use sijill_poll::definition::Definition;
use sijill_poll::roster::Roster;
use sijill_poll::{Event, Poll};
use sijill_server::measure;
use sijill_store::{DataDir, Log};
use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

pub fn rows(scale: &Scale) -> Vec<Row> {
    let answers = scale.of(1_000_000);
    let big = Big { answers, silent: 0 };
    let (entries, _) = sections(&big.export());
    let folder = temporary();
    let data = folder.path().join("data");
    sijill_store::private_copy(&big.data(), &data).unwrap();
    let start = Instant::now();
    let log = Log::open(DataDir::open(&data).unwrap()).unwrap();
    eprintln!("   sled opened in {:.1} s", start.elapsed().as_secs_f64());
    let origin = log.ledgers().unwrap()[0].parse().unwrap();
    let definition = definition(&entries);
    let mut replay = || -> Rate {
        rate(answers, || {
            let answered = measure::replay(&log, &data, &origin).unwrap();
            assert_eq!(answered, u64::from(answers));
        })
    };
    let mut roster = || -> Rate {
        rate(answers, || {
            let leaves = measure::read_roster(&data, &definition).unwrap();
            assert_eq!(leaves, answers);
        })
    };
    let [ours, leaves, least] = in_turn(
        scale.rounds,
        [
            ("replay", &mut replay),
            ("of it, the leaves", &mut roster),
            ("one hash an entry", &mut || hashes(&entries)),
        ],
    );
    log.close().unwrap();
    let entries_alone: Vec<Rate> = ours
        .iter()
        .zip(&leaves)
        .map(|(all, leaves)| 1.0 / (1.0 / all - 1.0 / leaves))
        .collect();
    let beside = "one BLAKE3 `derive_key` an entry, as many threads (one)";
    let all = format!("replay of {answers} answers into projections, with {answers} leaves");
    let alone = ratio(&entries_alone, &least);
    vec![
        Row::at_least(&all, beside, ratio(&ours, &least), 0.5),
        Row::stated(
            "the same without the time for the leaves",
            beside,
            format!("{alone:.2}"),
        ),
    ]
}

/// The definition of the poll that these entries open.
pub fn definition(entries: &[Vec<u8>]) -> Arc<Definition> {
    let first = Sealed::<Event>::read(&entries[0]).unwrap();
    let poll = Poll::open(&first, Arc::new(Roster::none())).unwrap();
    Arc::clone(poll.definition())
}

fn hashes(entries: &[Vec<u8>]) -> Rate {
    rate(entries.len() as u32, || {
        for entry in entries {
            black_box(blake3::derive_key("sijill 2026 ledger entry v1", entry));
        }
    })
}

/// The entries and the leaves of an export.
pub fn sections(export: &Path) -> (Vec<Vec<u8>>, Vec<u8>) {
    let file = std::fs::read(export).unwrap();
    let head = container::head_length(&file).unwrap();
    let (mut entries, mut leaves) = (Vec::new(), Vec::new());
    let mut rest = &file[head..];
    for section in container::sections(&file[..head]).unwrap() {
        let (mut bytes, after) = rest.split_at(section.length as usize);
        rest = after;
        if section.kind != ENTRIES {
            leaves = bytes.to_vec();
            continue;
        }
        while let Some((length, after)) = bytes.split_first_chunk::<4>() {
            let (entry, after) = after.split_at(u32::from_le_bytes(*length) as usize);
            entries.push(entry.to_vec());
            bytes = after;
        }
    }
    (entries, leaves)
}
