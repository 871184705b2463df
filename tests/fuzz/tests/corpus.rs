//! The seeds as ordinary tests: every file of `fuzz/corpus` through its target, and a number of changes of each. What a
//! long run finds is put there, and stays found.
#![allow(clippy::expect_used, reason = "without its seeds a test is none")]

use sijill_fuzzing::mutate::changed;
use sijill_fuzzing::{TARGETS, Target};
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};

/// Bytes that all seeds together may have: what everybody who clones the repository gets.
const CORPUS_BYTES_MAX: usize = 1_000_000;

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus")
}

/// The seeds of a target, by name.
fn seeds(target: &str) -> Vec<(String, Vec<u8>)> {
    let folder = corpus().join(target);
    let files = std::fs::read_dir(&folder).expect("every target has a folder of seeds");
    let mut seeds: Vec<_> = files
        .map(|file| {
            let path = file.expect("the folder can be read").path();
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            (name, std::fs::read(&path).expect("a seed can be read"))
        })
        .collect();
    seeds.sort();
    seeds
}

#[track_caller]
fn holds(name: &str) {
    let target = Target::named(name);
    let seeds = seeds(name);
    assert!(!seeds.is_empty(), "{name} has no seeds");
    for (place, (seed, bytes)) in seeds.iter().enumerate() {
        run(&target, &format!("{name}/{seed}"), bytes);
        let other = &seeds
            .get((place + 1) % seeds.len())
            .expect("the place is one of them")
            .1;
        for number in 0..target.changes {
            let number = (place as u64) << 32 | u64::from(number);
            let what = format!("{name}/{seed}, change {number}");
            run(&target, &what, &changed(bytes, other, number));
        }
    }
}

/// Runs the target, and says which input it was that it did not hold for.
fn run(target: &Target, what: &str, bytes: &[u8]) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| target.run(bytes))) {
        let kept = std::env::temp_dir().join("sijill-fuzz-input");
        let written = std::fs::write(&kept, bytes);
        eprintln!(
            "{what} ({} bytes, {written:?} in `{}`)",
            bytes.len(),
            kept.display()
        );
        resume_unwind(panic);
    }
}

macro_rules! targets {
    ($($name:ident)*) => {
        $(#[test]
        fn $name() {
            holds(stringify!($name));
        })*

        #[test]
        fn every_target_is_tested_has_a_fuzz_target_and_seeds_of_a_sane_size() {
            let tested = BTreeSet::from([$(stringify!($name)),*]);
            assert_eq!(tested, TARGETS.iter().map(|target| target.name).collect());
            let mut bytes = 0;
            for name in tested {
                let file = format!("../fuzz_targets/{name}.rs");
                assert!(corpus().join(file).is_file(), "{name} has no fuzz target");
                bytes += seeds(name).iter().map(|(_, seed)| seed.len()).sum::<usize>();
            }
            assert!(bytes <= CORPUS_BYTES_MAX, "{bytes} bytes of seeds");
        }
    };
}

targets! {
    entry export definition roster public_roster form promise desk note signature figures
    checkpoint checkpoints tile policy receipt fork delivery callback vault secrets
}
