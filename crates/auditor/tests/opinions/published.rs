//! What was published of polls, in order and bent: lists of checkpoints, folders, checkpoints held, policies.

use super::Named;
use sijill_ledger::SecretKey;
use sijill_ledger::container::CHECKPOINTS;
use sijill_ledger::cosignature::WitnessKey;
use sijill_ledger::note::VerifierKey;
use sijill_scenarios::bench::Bench;
use sijill_scenarios::export::{Section, file};
use sijill_scenarios::fixture::{self, Case, Folder};
use sijill_scenarios::forge::many;

/// Every one of them.
pub fn published() -> Vec<Named> {
    [
        lists(),
        bent_lists(),
        policies(),
        held(),
        bent_held(),
        folders(),
        bent_folders(),
    ]
    .concat()
}

fn size(bench: &Bench) -> u64 {
    bench.entries.len() as u64
}

/// An export with these bytes as its list of checkpoints.
fn with_list(bench: &Bench, list: &[u8]) -> Case {
    let mut sections = bench.export().sections();
    sections.push(Section {
        kind: CHECKPOINTS,
        flags: 0,
        bytes: list.to_vec(),
    });
    Case {
        file: file(&sections),
        ..Case::published(bench, &[1])
    }
}

/// Notes in several orders, with other things between, behind and in them.
fn lists() -> Vec<Named> {
    let bench = fixture::honest();
    let end = size(&bench);
    let list = bench.list(&[1, 7, end]);
    let note = |size| bench.signed_checkpoint(size).to_string();
    let other = fixture::running();
    let lists = [
        ("in order", list.clone()),
        ("none", String::new()),
        ("the end alone", note(end)),
        ("without the end", note(7)),
        ("twice the same", note(7) + &note(7)),
        ("falling", note(7) + &note(3) + &note(end)),
        (
            "falling, with another root",
            note(7) + &other.list(&[19]) + &note(end),
        ),
        ("of size 0", note(0) + &note(end)),
        ("an empty line before", format!("\n{list}")),
        ("an empty line between", note(1) + "\n" + &note(end)),
        ("an empty line behind", list.clone() + "\n"),
        ("text behind", list.clone() + "more"),
        ("half a note behind", list.clone() + &note(7)[..40]),
        ("no last newline", list[..list.len() - 1].to_owned()),
        ("nothing but a line", "hello\n".to_owned()),
        ("nothing but a signature", "— x AAAAAAAA\n".to_owned()),
        ("carriage returns", list.replace('\n', "\r\n")),
        (
            "unknown lines",
            note(1) + "— somebody AAAAAAAA\n" + &note(end),
        ),
        ("a note too long", format!("{list}{}", "x".repeat(140_000))),
        ("a line too long", "x\n".repeat(70_000) + &list),
        (
            "a signature line too long",
            format!("{list}— x {}\n", "A".repeat(140_000)),
        ),
    ];
    let named = |(name, list): &(&str, String)| {
        let case = with_list(&bench, list.as_bytes());
        [
            (format!("list {name}"), case.clone()),
            (
                format!("list {name}, no anchor"),
                case.clone().without_anchor(),
            ),
            (
                format!("list {name}, no policy"),
                Case {
                    policy: None,
                    ..case.clone()
                },
            ),
            (format!("list {name}, no key"), keyless(case)),
        ]
    };
    lists.iter().flat_map(named).collect()
}

/// Nothing from elsewhere: neither policy nor operator's key.
fn keyless(case: Case) -> Case {
    Case {
        policy: None,
        operator_keys: Vec::new(),
        ..case
    }
}

/// A list with a bit of every third byte changed, and cut there.
fn bent_lists() -> Vec<Named> {
    let bench = fixture::honest();
    let list = bench.list(&[7, size(&bench)]).into_bytes();
    let bent = |at: usize| {
        let mut flipped = list.clone();
        flipped[at] ^= 1 << (at % 8);
        [
            (format!("list bent at {at}"), with_list(&bench, &flipped)),
            (
                format!("list cut at {at}"),
                with_list(&bench, &list[..at]).without_anchor(),
            ),
        ]
    };
    (0..list.len()).step_by(3).flat_map(bent).collect()
}

/// Whom an auditor may believe, beside a list that the log's one key signed.
fn policies() -> Vec<Named> {
    let bench = fixture::honest();
    let mut cases = Vec::new();
    for (policy, text) in policy_texts(&bench) {
        for (what, note) in cosigned_notes(&bench) {
            let case = Case {
                policy: Some(text.clone().into_bytes()),
                ..with_list(&bench, note.as_bytes()).without_anchor()
            };
            let held = Case {
                file: bench.export().bytes(),
                held: vec![("held".to_owned(), note.into_bytes())],
                ..case.clone()
            };
            cases.push((format!("policy {policy}, {what}"), case));
            cases.push((format!("policy {policy}, {what}, held"), held));
        }
    }
    cases
}

/// Whoever is neither the log nor its operator: a witness, or a log of the same key.
fn somebody() -> SecretKey {
    SecretKey::from_seed([9; 32])
}

fn policy_texts(bench: &Bench) -> [(&'static str, String); 8] {
    let log = format!("log {}\n", bench.log_key());
    let other = |name: &str| {
        let key = VerifierKey::new(name, somebody().public_key()).unwrap();
        format!("log {key}\n")
    };
    let (same, elsewhere) = (
        other(bench.poll.origin().as_str()),
        other("ur.example/other"),
    );
    let witness = WitnessKey::new(WITNESS, somebody().public_key()).unwrap();
    let witness = format!("witness w {witness}\n");
    [
        ("of another log", format!("{elsewhere}quorum none\n")),
        ("of another key", format!("{same}quorum none\n")),
        ("of both keys", format!("{log}{same}quorum none\n")),
        ("of two logs", format!("{log}{elsewhere}quorum none\n")),
        ("of nobody", "quorum none\n".to_owned()),
        ("with a witness", format!("{log}{witness}quorum w\n")),
        (
            "with a witness not asked",
            format!("{log}{witness}quorum none\n"),
        ),
        ("of a witness alone", format!("{witness}quorum w\n")),
    ]
}

const WITNESS: &str = "witness.example/w";

fn cosigned_notes(bench: &Bench) -> [(&'static str, String); 4] {
    let signed = bench.signed_checkpoint(size(bench));
    let verified = signed.verify(&[bench.log_key()]).unwrap();
    let line = |key: &SecretKey| {
        let line = verified.cosign(WITNESS, key, 1_800_000_000);
        line.unwrap().to_string()
    };
    let (good, other) = (line(&somebody()), line(&SecretKey::from_seed([8; 32])));
    let name_and_dash = &good[..good.rfind(' ').unwrap()];
    let wrong = format!("{name_and_dash} {}", bent_signature(&good));
    [
        ("bare", signed.to_string()),
        ("cosigned", format!("{signed}{good}\n")),
        ("cosigned by another", format!("{signed}{other}\n")),
        ("cosigned wrongly", format!("{signed}{wrong}\n")),
    ]
}

/// The base64 of a signature line with its last byte changed: who it claims to be by stays.
fn bent_signature(line: &str) -> String {
    let mut bytes = data_encoding::BASE64
        .decode(line.split(' ').nth(2).unwrap().as_bytes())
        .unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    data_encoding::BASE64.encode(&bytes)
}

/// Checkpoints held from before, of this history and others.
fn held() -> Vec<Named> {
    let bench = fixture::honest();
    let (end, other, longer) = (size(&bench), fixture::running(), many());
    let note = |size| bench.signed_checkpoint(size).to_string();
    let notes = [
        ("of the middle", note(7)),
        ("of the end", note(end)),
        ("of size 0", note(0)),
        ("of another history", other.list(&[19])),
        ("of a longer one", longer.list(&[280])),
        (
            "by somebody else",
            bench.checkpoint(7).sign(&somebody()).unwrap().to_string(),
        ),
        ("none", String::new()),
        ("two at once", note(7) + &note(end)),
    ];
    let mut cases = Vec::new();
    for (name, note) in &notes {
        let held = vec![(name.to_string(), note.clone().into_bytes())];
        let case = Case {
            held: held.clone(),
            ..Case::published(&bench, &[7])
        };
        cases.push((format!("held {name}"), case.clone()));
        cases.push((
            format!("held {name}, no anchor"),
            case.clone().without_anchor(),
        ));
        cases.push((
            format!("held {name}, no policy"),
            Case {
                policy: None,
                ..case.clone()
            },
        ));
        cases.push((format!("held {name}, no key"), keyless(case)));
        cases.push((
            format!("held {name}, no list"),
            Case {
                held,
                ..Case::of(&bench)
            },
        ));
    }
    cases
}

fn bent_held() -> Vec<Named> {
    let bench = fixture::honest();
    let note = bench.signed_checkpoint(7).to_string().into_bytes();
    let bent = |at: usize| {
        let mut note = note.clone();
        note[at] ^= 1 << (at % 8);
        let held = vec![("held".to_owned(), note)];
        let case = Case {
            held,
            ..Case::published(&bench, &[7])
        };
        (format!("held bent at {at}"), case)
    };
    (0..note.len())
        .filter(|at| note[*at].is_ascii())
        .step_by(4)
        .map(bent)
        .collect()
}

/// Folders in order, of polls of one bundle and of two, and of a growth that was not finished.
fn folders() -> Vec<Named> {
    let (small, large) = (fixture::honest(), many());
    let end = size(&large);
    let mut cases = vec![
        (
            "folder".to_owned(),
            Case::folder(&small, &[1, 7, size(&small)]),
        ),
        ("folder, once".into(), Case::folder(&small, &[size(&small)])),
        (
            "folder, a beginning".into(),
            Case::folder(&small, &[1, 7]).without_anchor(),
        ),
        (
            "folder, large".into(),
            Case::folder(&large, &[100, 256, 280, end]),
        ),
        (
            "folder, no policy".into(),
            Case {
                policy: None,
                ..Case::folder(&small, &[7])
            },
        ),
        ("folder, no key".into(), keyless(Case::folder(&small, &[7]))),
    ];
    let grown = Case::folder(&large, &[100, 256, 280, end]).folder.unwrap();
    let before = Case::folder(&large, &[100, 256]).folder.unwrap();
    for (name, newer) in [
        ("tiles", vec!["tile/"]),
        ("tiles and list", vec!["tile/", "checkpoints"]),
    ] {
        let mut files = before.clone();
        let came = grown
            .iter()
            .filter(|(path, _)| newer.iter().any(|start| path.starts_with(start)));
        files.extend(came.map(|(path, bytes)| (path.clone(), bytes.clone())));
        let case = Case {
            folder: Some(files),
            ..Case::folder(&large, &[256]).without_anchor()
        };
        cases.push((format!("folder, {name} of a later publication"), case));
    }
    cases
}

/// A folder of which one file is missing, empty, cut, longer, bent, or there under another name.
fn bent_folders() -> Vec<Named> {
    let bench = many();
    let honest = Case::folder(&bench, &[100, 256, 280, size(&bench)]);
    let files = honest.folder.clone().unwrap();
    let mut cases = Vec::new();
    for path in files.keys() {
        for (what, bend) in BENDS {
            let mut bent = files.clone();
            bend(&mut bent, path);
            let case = Case {
                folder: Some(bent),
                ..honest.clone()
            };
            cases.push((format!("folder, {path} {what}"), case));
        }
    }
    for path in [
        "tile/0/002",
        "tile/0/000.tmp",
        "tile/0/000.p/7",
        "tile/entries/000.p/300",
        "tile/8/000",
        "tile/9/1",
        "readme",
        "tile/1/000.p/2",
    ] {
        let mut bent = files.clone();
        bent.insert(path.to_owned(), vec![0; 32]);
        let case = Case {
            folder: Some(bent),
            ..honest.clone()
        };
        cases.push((format!("folder, {path} beside"), case));
    }
    cases
}

/// What is done to a file.
type Bend = fn(&mut Folder, &str);

const BENDS: &[(&str, Bend)] = &[
    ("missing", |files, path| drop(files.remove(path))),
    ("empty", |files, path| {
        drop(files.insert(path.to_owned(), Vec::new()))
    }),
    ("cut", |files, path| {
        let bytes = files.get_mut(path).unwrap();
        bytes.truncate(bytes.len() - 1);
    }),
    ("longer", |files, path| files.get_mut(path).unwrap().push(0)),
    ("bent at its end", |files, path| {
        *files.get_mut(path).unwrap().last_mut().unwrap() ^= 1
    }),
    ("bent in its middle", |files, path| {
        let bytes = files.get_mut(path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 4;
    }),
    ("a line twice", |files, path| {
        let bytes = files.get_mut(path).unwrap();
        let line = bytes
            .split_inclusive(|byte| *byte == b'\n')
            .next_back()
            .unwrap()
            .to_vec();
        bytes.extend(line);
    }),
];
