//! Large polls, made once and kept beside the build.

use crate::stage::{MASTER, kept, served_here};
use data_encoding::BASE64;
use rayon::prelude::*;
use sijill_poll::Event;
use sijill_poll::credential::{Invitation, InvitationKey, Token};
use sijill_poll::event::How;
use sijill_poll::roster::{Leaf, LeafStratum, seal_contact};
use sijill_scenarios::Bench;
use sijill_scenarios::bench::{Keys, Setup, entropy, roster};
use sijill_scenarios::definition::HOUR_MS;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

/// Answers recorded in the same second: what one second of a large poll may bring.
const ANSWERS_A_SECOND: usize = 500;

/// When the polls begin, milliseconds since 1970: 15 January 2024, which is past for every auditor.
const START_MS: u64 = 1_705_305_600_000;

/// A large poll.
#[derive(Clone, Copy)]
pub struct Big {
    /// People who answer.
    pub answers: u32,
    /// Invitations besides, of which nothing is heard (their keys are no points, which nobody asks for).
    pub silent: u32,
}

impl Big {
    /// The export of this poll.
    pub fn export(self) -> PathBuf {
        let name = format!("poll-{}-{}.sijill", self.answers, self.silent);
        let path = kept().join(name);
        if !path.exists() {
            eprintln!("   making {}", path.display());
            let half = path.with_extension("half");
            self.make().export().write(&half).unwrap();
            std::fs::rename(half, &path).unwrap();
        }
        path
    }

    /// A data directory with this poll, as an import restores it.
    pub fn data(self) -> PathBuf {
        let path = kept().join(format!("poll-{}-{}.data", self.answers, self.silent));
        if !path.exists() {
            let half = path.with_extension("half");
            let _ = std::fs::remove_dir_all(&half);
            let made = Command::new(env!("CARGO_BIN_EXE_sijill"))
                .args(["keys", "new", "--name", "council", "--data"])
                .arg(&half)
                .output()
                .unwrap();
            assert!(made.status.success(), "{made:?}");
            let key = format!("sijill-service-key@v1 {}\n", BASE64.encode(&MASTER));
            std::fs::write(half.join("keys/service.key"), key).unwrap();
            let imported = Command::new(env!("CARGO_BIN_EXE_sijill"))
                .arg("import")
                .arg(self.export())
                .arg("--data")
                .arg(&half)
                .output()
                .unwrap();
            assert!(imported.status.success(), "{imported:?}");
            std::fs::rename(half, &path).unwrap();
        }
        path
    }

    fn make(self) -> Bench {
        let mut setup = Setup {
            invitations: 1,
            ..Setup::default()
        };
        setup.terms.field_ms = [0, 24, 48].map(|hours| START_MS + hours * HOUR_MS);
        let mut bench = Bench::open_bent(&setup, served_here);
        let people = self.invite(&mut bench);
        bench.admit(bench.roster_committed());
        bench.admit(bench.wave_started(self.answers + self.silent));
        bench.wait_for_start();
        self.answer(&mut bench, &people);
        bench
    }

    fn invite(self, bench: &mut Bench) -> Vec<Invitation> {
        let origin = bench.poll.origin().clone();
        let strata = bench.terms.strata.len();
        let keys: Vec<InvitationKey> = (0..self.answers)
            .into_par_iter()
            .map(|person| {
                let bytes = entropy(9, "token", person);
                Token::from_entropy(*bytes.first_chunk().unwrap()).invitation_key(&origin)
            })
            .collect();
        let master = entropy(9, "contacts", 0);
        let leaf = |place: usize, key: &InvitationKey| {
            let key = key.public_key();
            Leaf {
                key,
                stratum: LeafStratum::Open((place % strata) as u16),
                sealed_contact: seal_contact(&master, &key, &format!("+96477{place:08}")),
            }
            .to_bytes()
        };
        let mut leaves: Vec<[u8; 98]> = keys
            .par_iter()
            .enumerate()
            .map(|(place, key)| leaf(place, key))
            .collect();
        leaves.par_extend((0..self.silent).into_par_iter().map(silent_leaf));
        leaves.par_sort_unstable();
        bench.leaves = leaves.concat();
        let roster = Arc::new(roster(&bench.leaves, bench.poll.definition()));
        bench.poll.attach(Arc::clone(&roster));
        let find = |key: InvitationKey| key.find_in(&roster).unwrap();
        keys.into_par_iter().map(find).collect()
    }

    fn answer(self, bench: &mut Bench, people: &[Invitation]) {
        let (id, definition) = (bench.poll.id(), Arc::clone(bench.poll.definition()));
        let options = bench.terms.options.clone();
        let start = bench.now;
        let mut at = 0;
        for part in people.chunks(1 << 16) {
            let signed: Vec<Event> = part
                .par_iter()
                .map(|person| {
                    let option = &options[person.index() as usize % options.len()];
                    let answer = person.answer((id, &definition), How::Link, 1, option);
                    Event::Responded(answer.unwrap().into_responded())
                })
                .collect();
            for event in signed {
                bench.now = start + (at / ANSWERS_A_SECOND) as u64 * 1_000;
                bench.record(event);
                at += 1;
            }
        }
    }
}

/// The key with which the polls' operator signs.
pub fn operator_key() -> sijill_ledger::note::VerifierKey {
    Keys::of_seed(Setup::default().seed).operator_key()
}

fn silent_leaf(person: u32) -> [u8; 98] {
    let mut leaf = [0; 98];
    leaf[..32].copy_from_slice(&entropy(9, "silent", person));
    // Below the prime, so that the bytes are a canonical encoding.
    leaf[31] &= 0x3f;
    leaf[66..].copy_from_slice(&entropy(9, "sealed", person));
    leaf
}
