//! A full audit of an export, beside the cryptography that no audit can do without.

use crate::Scale;
use crate::big::{Big, operator_key};
use crate::table::{Rate, Row, in_turn, rate, ratio};
use rand::SeedableRng;
use rand::rngs::StdRng;
use rayon::prelude::*;
use sha2::{Digest, Sha256};
use sijill_auditor::{Options, Verdict, audit};
use sijill_ledger::Sealed;
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
    vec![Row::at_least(
        &format!("full audit of {answers} answers, all cores"),
        "batch verification + BLAKE3 + SHA-256 of the same bytes",
        ratio(&ours, &least),
        0.8,
    )]
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
