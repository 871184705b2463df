//! A full audit of an export, beside the cryptography that no audit can do without; and an audit of a published folder
//! that grew by a hundredth since the last one, beside one in full.

use crate::Scale;
use crate::big::{Big, operator_key};
use crate::stage::{log_key, temporary};
use crate::table::{Rate, Row, in_turn, rate, ratio};
use rand::SeedableRng;
use rand::rngs::StdRng;
use rayon::prelude::*;
use sha2::{Digest, Sha256};
use sijill_auditor::fetcher::Fetcher;
use sijill_auditor::state::State;
use sijill_auditor::{Options, Verdict, audit, audit_published};
use sijill_ledger::Sealed;
use sijill_ledger::checkpoint::Checkpoint;
use sijill_ledger::tile_writer::TileWriter;
use sijill_poll::Event;
use sijill_poll::event::{Responded, Who};
use sijill_scenarios::bench::roster;
use std::hint::black_box;
use std::path::Path;

/// Signatures in one batch: beyond about a thousand a batch gains no speed.
const BATCH: usize = 1_024;

pub fn rows(scale: &Scale) -> Vec<Row> {
    let answers = scale.of(1_000_000);
    let export = Big { answers, silent: 0 }.export();
    let claims = claims(&export);
    let [ours, least] = in_turn(
        scale.rounds.min(3),
        [
            ("audit", &mut || audited(&export, answers)),
            ("cryptography alone", &mut || cryptography(&claims)),
        ],
    );
    let full = Row::at_least(
        &format!("full audit of {answers} answers, all cores"),
        "batch verification + BLAKE3 + SHA-256 of the same bytes",
        ratio(&ours, &least),
        0.8,
    );
    let [grown, state] = growth(scale, &export, answers);
    vec![full, grown, state]
}

/// An audit in full against one of a hundredth's growth, of the same folder.
fn growth(scale: &Scale, export: &Path, answers: u32) -> [Row; 2] {
    let folder = temporary();
    let (entries, leaves) = crate::replays::sections(export);
    let size = entries.len() as u64;
    std::fs::write(folder.path().join("roster"), leaves).unwrap();
    publish(folder.path(), &entries, &[size - size / 100, size]);
    let options = |state| Options {
        operator_keys: vec![operator_key()],
        now_ms: u64::MAX / 2,
        keep: true,
        state,
        ..Options::default()
    };
    let audited = |state: Option<State>| {
        let fetcher = Fetcher::of_folder(folder.path()).unwrap();
        audit_published(fetcher, &options(state), &|_| ()).unwrap()
    };
    // The state of when it was a hundredth smaller.
    let newest = std::fs::read(folder.path().join("checkpoint")).unwrap();
    std::fs::copy(
        folder.path().join("before"),
        folder.path().join("checkpoint"),
    )
    .unwrap();
    let state = audited(None).kept.expect("every check passes");
    std::fs::write(folder.path().join("checkpoint"), newest).unwrap();
    let [full, growth] = in_turn(
        scale.rounds.min(3),
        [
            ("in full", &mut || rate(answers, || drop(audited(None)))),
            ("the growth", &mut || {
                rate(answers, || {
                    let state = State::read(&state.to_bytes()).unwrap();
                    let report = audited(Some(state));
                    assert!(report.audited_from > 0);
                    black_box(report.kept.unwrap().to_bytes());
                })
            }),
        ],
    );
    let measured = format!("audit of 1 % growth to {answers} answers, with a state");
    let bytes = state.to_bytes().len();
    [
        Row::at_most(
            &measured,
            "the same folder audited in full",
            ratio(&full, &growth),
            0.05,
        ),
        Row::stated(
            "the state of that audit",
            "—",
            format!("{bytes} bytes, {} an invitation", bytes / answers as usize),
        ),
    ]
}

/// Writes the folder of this poll as it is after these sizes; `before` beside it is the checkpoint of the first.
fn publish(folder: &Path, entries: &[Vec<u8>], sizes: &[u64; 2]) {
    let Event::Opened(opened) = Sealed::<Event>::read(&entries[0])
        .unwrap()
        .into_entry()
        .event
    else {
        panic!("entry 0 is an opening")
    };
    let origin = opened.opening.origin;
    let key = log_key(&origin);
    let (mut writer, mut notes) = (TileWriter::default(), Vec::new());
    for (entry, size) in entries.iter().zip(1..) {
        let mut tiles = writer.append(entry).unwrap();
        if sizes.contains(&size) {
            tiles.extend(writer.partial());
            let (origin, root) = (origin.clone(), writer.root());
            let checkpoint = Checkpoint { origin, size, root };
            notes.push(checkpoint.sign(&key).unwrap().to_string());
        }
        for tile in tiles {
            let path = folder.join(tile.id.to_string());
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, tile.bytes).unwrap();
        }
    }
    std::fs::write(folder.join("checkpoints"), notes.concat()).unwrap();
    std::fs::write(folder.join("before"), &notes[0]).unwrap();
    std::fs::write(folder.join("checkpoint"), &notes[1]).unwrap();
}

fn audited(export: &Path, answers: u32) -> Rate {
    let options = Options {
        operator_keys: vec![operator_key()],
        now_ms: u64::MAX / 2,
        ..Options::default()
    };
    rate(answers, || {
        let report = audit(export, &options, &|_| ()).unwrap();
        let failed = report
            .checks
            .iter()
            .find(|check| check.verdict == Verdict::Failed);
        assert!(failed.is_none(), "{failed:?}");
    })
}

/// An entry's bytes, and what is signed in it by whom.
struct Claim {
    entry: Vec<u8>,
    key: [u8; 32],
    message: Vec<u8>,
    signature: [u8; 64],
}

fn claims(export: &Path) -> Vec<Claim> {
    let (entries, leaves) = crate::replays::sections(export);
    let roster = roster(&leaves, &crate::replays::definition(&entries));
    let first = Sealed::<Event>::read(&entries[0]).unwrap();
    let id = sijill_ledger::tree::leaf_hash(first.bytes());
    let claim = |entry: Vec<u8>| match Sealed::<Event>::read(&entry).unwrap().into_entry().event {
        Event::Responded(Responded { answer, signature }) => {
            let Who::Invitation { index, .. } = answer.who;
            Some(Claim {
                entry,
                key: *roster.key(index).unwrap().as_bytes(),
                message: answer.message(id).unwrap(),
                signature: *signature.as_bytes(),
            })
        }
        _ => None,
    };
    entries.into_par_iter().filter_map(claim).collect()
}

fn cryptography(claims: &[Claim]) -> Rate {
    rate(claims.len() as u32, || {
        claims.par_chunks(BATCH).for_each(|batch| {
            let mut verifier = ed25519_zebra::batch::Verifier::new();
            for claim in batch {
                verifier.queue((claim.key.into(), claim.signature.into(), &claim.message));
                black_box(blake3::derive_key(
                    "sijill 2026 ledger entry v1",
                    &claim.entry,
                ));
                black_box(Sha256::digest(&claim.entry));
            }
            verifier.verify(StdRng::seed_from_u64(1)).unwrap();
        });
    })
}
