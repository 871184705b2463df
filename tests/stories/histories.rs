//! Forged histories, one of each kind, by whoever holds the log's key: `sijill audit`, `sijill compare` and
//! `tools/verify` each tell, the first and the last with the numbers of the checks.
//!
//! Whoever looks has the operator's key, the policy, and one checkpoint that they kept of the honest ledger.

use crate::place::Place;
use crate::process::Ran;
use crate::second_opinion;
use sijill_ledger::SecretKey;
use sijill_scenarios::bench::Setup;
use sijill_scenarios::definition::HOUR_MS;
use sijill_scenarios::fixture::{self, Folder};
use sijill_scenarios::{Bench, Export, Published, publish};
use std::ffi::OsString;
use std::path::Path;

/// 15 January 2024: past for every clock.
const START_MS: u64 = 1_705_305_600_000;

/// A history as somebody publishes it.
struct Row {
    name: &'static str,
    folder: Folder,
    /// The same as an export; none where what is wrong is in no export.
    export: Option<Vec<u8>>,
    /// Over how many entries the checkpoint is that was kept.
    kept: u64,
    /// The checks that fail in the folder, and those in the export.
    fails: [&'static [&'static str]; 2],
    /// How a comparison of the folder with that checkpoint ends, and what it says.
    compare: (i32, &'static str),
}

/// Polls of one opening and roster.
fn poll() -> Bench {
    let mut setup = Setup {
        invitations: 36,
        ..Setup::default()
    };
    setup.terms.field_ms = [0, 1, 2].map(|hours| START_MS + hours * HOUR_MS);
    fixture::invited(&setup)
}

/// What these people's answers make of it.
fn answered(answers: &[(u32, &str)]) -> Published {
    let mut bench = poll();
    for (person, option) in answers {
        bench.admit(fixture::respond(&bench, *person, option));
    }
    Published::of(&bench).after([5, 9])
}

const YES: &str = "yes";

/// What everyone saw until now.
fn honest() -> Published {
    answered(&[0, 1, 2, 3, 4, 5, 6, 7].map(|person| (person, YES)))
}

/// As the honest one, but for the last answer.
fn other_end() -> Published {
    answered(&[0, 1, 2, 3, 4, 5, 6, 7].map(|person| (person, if person == 7 { "no" } else { YES })))
}

fn export(shown: &Published, checkpoints: &Published) -> Vec<u8> {
    let export = Export {
        entries: shown.entries.clone(),
        roster: shown.roster.clone(),
    };
    export.with_checkpoints(&checkpoints.checkpoints())
}

/// A row of a history whose tiles and checkpoints are its own.
fn row(
    name: &'static str,
    shown: &Published,
    fails: &'static [&'static str],
    compare: (i32, &'static str),
) -> Row {
    Row {
        name,
        folder: shown.files(),
        export: Some(export(shown, shown)),
        kept: honest().size(),
        fails: [fails, fails],
        compare,
    }
}

fn rows() -> Vec<Row> {
    let honest = honest();
    vec![
        row("a fork", &other_end(), &["V23"], (1, "fork")),
        row("a rewrite", &rewritten(), &["V23"], (1, "fork")),
        row("a truncation", &honest.at(10), &["V23"], (4, "went back")),
        row(
            "a broken chain, with a tree of its own",
            &unchained(),
            &["V4", "V23"],
            (1, "fork"),
        ),
        row(
            "checkpoints of another origin",
            &elsewhere(),
            &["V21"],
            (2, "no key is known"),
        ),
        row(
            "checkpoints by another key",
            &by_another_key(),
            &["V21"],
            (1, "not signed"),
        ),
        Row {
            // Of checkpoints and tiles alone, this is the honest history.
            name: "a chain that is not that of the tree",
            folder: entries_of(&honest, &other_end()),
            export: Some(export(&other_end(), &honest)),
            fails: [&["V20", "V23", "V24"], &["V20", "V23"]],
            ..row("", &honest, &[], (0, "consistent"))
        },
        Row {
            name: "a tile that disagrees with its entries",
            folder: bent_tile(&honest),
            export: None,
            kept: 9,
            fails: [&["V24"], &[]],
            ..row("", &honest, &[], (1, "other tiles than its checkpoint"))
        },
    ]
}

/// The first answer is dropped, and everything behind it written anew, with more to follow.
fn rewritten() -> Published {
    let rewritten = answered(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map(|person| (person, YES)));
    assert!(rewritten.size() > honest().size());
    rewritten
}

/// The last answer but one is another, and the last one follows the one that was there.
fn unchained() -> Published {
    let other = answered(
        &[0, 1, 2, 3, 4, 5, 6].map(|person| (person, if person == 6 { "no" } else { YES })),
    );
    let mut unchained = honest();
    let place = other.entries.len() - 1;
    unchained.entries[place].clone_from(&other.entries[place]);
    unchained
}

fn elsewhere() -> Published {
    Published {
        origin: "ur.example/polls/tunnel".parse().unwrap(),
        ..honest()
    }
}

fn by_another_key() -> Published {
    Published {
        log: SecretKey::from_seed([99; 32]),
        ..honest()
    }
}

/// A folder whose bundles have the entries of another history than its tiles and checkpoints.
fn entries_of(published: &Published, shown: &Published) -> Folder {
    let mut files = published.files();
    let bundles = shown.files().into_iter();
    files.extend(bundles.filter(|(path, _)| path.starts_with("tile/entries/")));
    files
}

fn bent_tile(published: &Published) -> Folder {
    let mut files = published.files();
    let tile = format!("tile/0/000.p/{}", published.size());
    files.get_mut(&tile).unwrap()[3] ^= 1;
    files
}

/// What somebody has who looks into histories.
struct Observer {
    place: Place,
    key: String,
}

impl Observer {
    fn new() -> Self {
        let place = Place::new();
        place.write("policy", honest().policy());
        Self {
            key: poll().keys.operator_key().to_string(),
            place,
        }
    }

    /// The words that auditor and second opinion are both told.
    fn words(&self, source: &Path) -> Vec<OsString> {
        let [policy, kept] = ["policy", "kept"].map(|name| self.place.path(name));
        let key = &self.key;
        args![
            source,
            "--json",
            "--operator-key",
            key,
            "--policy",
            policy,
            "--checkpoint",
            kept
        ]
        .to_vec()
    }

    /// What auditor and second opinion say, who must say the same.
    #[track_caller]
    fn fails(&self, source: &Path, name: &str) -> Vec<String> {
        let words = self.words(source);
        let audited = self
            .place
            .sijill([vec!["audit".into()], words.clone()].concat());
        let verified = second_opinion::verify(&self.place, words);
        assert_eq!(audited.code, verified.code, "{name}: {}", verified.out);
        let failed = failed(&audited);
        assert_eq!(failed, self::failed(&verified), "{name}");
        assert_eq!(
            audited.code,
            Some(i32::from(!failed.is_empty())),
            "{name}: {}",
            audited.out
        );
        failed
    }

    fn compare(&self, folder: &Path) -> Ran {
        let [policy, kept, fork] = ["policy", "kept", "fork"].map(|name| self.place.path(name));
        let words = args!["compare", kept, folder, "--policy", policy, "--out", fork];
        self.place.sijill(words)
    }
}

/// The numbers of the checks that failed.
fn failed(ran: &Ran) -> Vec<String> {
    let report = ran.json();
    let checks = report["checks"].as_array().unwrap().iter();
    let failed = checks.filter(|check| check["verdict"] == "failed");
    failed
        .map(|check| check["number"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn every_kind_of_forged_history_is_told_by_audit_comparison_and_second_opinion() {
    let observer = Observer::new();
    for (number, row) in rows().iter().enumerate() {
        let (name, kept) = (row.name, honest().signed_checkpoint(row.kept));
        observer.place.write("kept", kept.to_string());
        let folder = observer.place.path(&format!("folder-{number}"));
        publish::write(&row.folder, &folder).unwrap();
        assert_eq!(
            observer.fails(&folder, name),
            row.fails[0],
            "{name}, folder"
        );
        if let Some(export) = &row.export {
            let file = observer.place.write(&format!("export-{number}"), export);
            assert_eq!(observer.fails(&file, name), row.fails[1], "{name}, export");
        }
        let (code, says) = row.compare;
        let ran = observer.compare(&folder);
        assert_eq!(ran.code, Some(code), "{name}: {}{}", ran.out, ran.err);
        let said = [ran.out, ran.err].concat();
        assert!(said.contains(says), "{name}: expected `{says}`: {said}");
        check_fork(&observer, says == "fork", name);
    }
}

/// A fork is a file that both verifiers believe by themselves.
#[track_caller]
fn check_fork(observer: &Observer, is_one: bool, name: &str) {
    let fork = observer.place.path("fork");
    assert_eq!(fork.exists(), is_one, "{name}");
    if is_one {
        let policy = observer.place.path("policy");
        let words = args![&fork, "--policy", &policy];
        second_opinion::verify(&observer.place, words).well();
        observer
            .place
            .sijill(args!["verify", &fork, "--policy", &policy])
            .well();
        std::fs::remove_file(fork).unwrap();
    }
}

/// Nobody is accused who did nothing: the honest ledger, and the same grown on.
#[test]
fn an_honest_history_is_told_from_all_of_these() {
    let observer = Observer::new();
    let grown = answered(&[0, 1, 2, 3, 4, 5, 6, 7, 8].map(|person| (person, YES)));
    observer.place.write(
        "kept",
        honest().signed_checkpoint(honest().size()).to_string(),
    );
    for (name, shown) in [("honest", honest()), ("grown", grown)] {
        let folder = observer.place.path(name);
        shown.write(&folder).unwrap();
        assert!(observer.fails(&folder, name).is_empty());
        let file = observer
            .place
            .write(&format!("{name}.export"), export(&shown, &shown));
        assert!(observer.fails(&file, name).is_empty());
        observer.compare(&folder).well();
    }
}
