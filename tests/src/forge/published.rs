//! Forged publications: checkpoints, tiles and histories (V20, V21, V23, V24). Whoever holds the log's key signs whatever
//! they like; what is wrong is that it does not fit the entries, the list, or what somebody held before.

use super::{Forgery, Holds};
use crate::bench::{Bench, Setup};
use crate::fixture::{self, Case, Folder};
use sijill_ledger::checkpoint::{Checkpoint, SignedCheckpoint};
use sijill_ledger::cosignature::WitnessKey;
use sijill_ledger::{Hash, SecretKey};
use std::sync::OnceLock;

/// Forged publications in an export.
pub(super) const FORGERIES: &[Forgery] = &[
    Forgery {
        name: "a checkpoint is signed over another tree",
        holds: Holds::Platform,
        fails: &[20],
        make: || {
            with_second(|bench, checkpoint| {
                checkpoint.root = Hash::of(b"a tree that nobody has seen");
                bench.sign(checkpoint).to_string()
            })
        },
    },
    Forgery {
        name: "the tree is that of a history in which the last answer was another",
        holds: Holds::Platform,
        fails: &[20],
        make: || {
            let (published, shown) = two_histories();
            let sizes = [5, published.entries.len() as u64];
            Case {
                file: shown.export().with_checkpoints(&published.list(&sizes)),
                policy: Some(published.policy()),
                ..Case::of(&shown)
            }
        },
    },
    Forgery {
        name: "entries that a checkpoint covers are left out",
        holds: Holds::Nothing,
        fails: &[20],
        make: || {
            let bench = fixture::running();
            let size = bench.entries.len() as u64;
            let mut export = bench.export();
            export.entries.pop();
            Case {
                file: export.with_checkpoints(&bench.list(&[5, size])),
                policy: Some(bench.policy()),
                ..Case::of(&bench).without_anchor()
            }
        },
    },
    Forgery {
        name: "a checkpoint is signed by a key that is not the log's",
        holds: Holds::Nothing,
        fails: &[21],
        make: || {
            with_second(|_, checkpoint| {
                let signed = checkpoint.sign(&somebody());
                signed.expect("it can be signed").to_string()
            })
        },
    },
    Forgery {
        name: "without a policy, a checkpoint is not signed by the key that entry 0 names",
        holds: Holds::Nothing,
        fails: &[21],
        make: || {
            let case = with_second(|_, checkpoint| {
                let signed = checkpoint.sign(&somebody());
                signed.expect("it can be signed").to_string()
            });
            Case {
                policy: None,
                ..case
            }
        },
    },
    Forgery {
        name: "a checkpoint has a signature that claims to be the log's and is not",
        holds: Holds::Nothing,
        fails: &[21],
        make: || {
            with_second(|bench, checkpoint| {
                let mut other = checkpoint.clone();
                other.size += 1;
                let (body, other) = (checkpoint.to_string(), bench.sign(&other).to_string());
                let (_, lines) = other.split_once("\n\n").expect("a note has two parts");
                format!("{body}\n{lines}")
            })
        },
    },
    Forgery {
        name: "a checkpoint is of another ledger's origin",
        holds: Holds::Platform,
        fails: &[21],
        make: || {
            with_second(|bench, checkpoint| {
                checkpoint.origin = "ur.example/polls/tunnel".parse().expect("it is an origin");
                bench.sign(checkpoint).to_string()
            })
        },
    },
    Forgery {
        name: "the list of checkpoints goes back",
        holds: Holds::Platform,
        fails: &[21],
        make: || Case::published(&fixture::running(), &[5, 12, 9, 19]),
    },
    Forgery {
        name: "a checkpoint writes its size in a longer form",
        holds: Holds::Platform,
        fails: &[21],
        make: || {
            with_second(|bench, checkpoint| {
                let signed = bench.sign(checkpoint).to_string();
                signed.replacen("\n12\n", "\n012\n", 1)
            })
        },
    },
    Forgery {
        name: "one of the policy's two log keys did not sign",
        holds: Holds::Platform,
        fails: &[21],
        make: || {
            let bench = fixture::running();
            let other = sijill_ledger::note::VerifierKey::new(
                bench.poll.origin().as_str(),
                somebody().public_key(),
            );
            let other = other.expect("an origin is a name that a key can have");
            let policy = format!("log {}\nlog {other}\nquorum none\n", bench.log_key());
            Case {
                policy: Some(policy.into_bytes()),
                ..Case::published(&bench, &[5, 19])
            }
        },
    },
    Forgery {
        name: "a cosignature claims to be by a witness and is over another checkpoint",
        holds: Holds::Platform,
        fails: &[21],
        make: || {
            let case = with_second(|bench, checkpoint| {
                let (signed, other) = (bench.sign(checkpoint), bench.signed_checkpoint(3));
                cosigned(&signed, &other).to_string()
            });
            let witness = WitnessKey::new(WITNESS, somebody().public_key());
            let witness = witness.expect("the name is one that a key can have");
            let mut policy = case.policy.clone().expect("the case has a policy");
            policy.extend(format!("witness w {witness}\n").bytes());
            Case {
                policy: Some(policy),
                ..case
            }
        },
    },
    Forgery {
        name: "the ledger was rolled back to an old backup",
        holds: Holds::Everything,
        fails: &[23],
        make: || {
            let bench = fixture::running();
            let mut export = bench.export();
            export.entries.truncate(15);
            Case {
                file: export.with_checkpoints(&bench.list(&[5, 15])),
                policy: Some(bench.policy()),
                held: vec![held("newest", &bench.signed_checkpoint(19))],
                ..Case::of(&bench).without_anchor()
            }
        },
    },
    Forgery {
        name: "the last answer was another when a checkpoint was signed",
        holds: Holds::Everything,
        fails: &[23],
        make: || {
            let (before, now) = two_histories();
            let size = before.entries.len() as u64;
            Case {
                held: vec![held("before", &before.signed_checkpoint(size))],
                ..Case::published(&now, &[5, size])
            }
        },
    },
    Forgery {
        name: "the ledger was written anew from the start, under another log key",
        holds: Holds::Everything,
        fails: &[23],
        make: || {
            let now = fixture::running();
            let before = Checkpoint {
                root: Hash::of(b"what stood there before"),
                ..now.checkpoint(12)
            };
            let before = before.sign(&somebody()).expect("it can be signed");
            Case {
                policy: None,
                held: vec![held("before", &before)],
                ..Case::published(&now, &[5, 19])
            }
        },
    },
    Forgery {
        name: "what was held is a checkpoint of another ledger",
        holds: Holds::Nothing,
        fails: &[23],
        make: || {
            let bench = fixture::running();
            let mut other = bench.checkpoint(12);
            other.origin = "ur.example/polls/tunnel".parse().expect("it is an origin");
            Case {
                held: vec![held("other", &bench.sign(&other))],
                ..Case::published(&bench, &[5, 19])
            }
        },
    },
];

/// Forged publications in a folder.
pub(super) const IN_FOLDERS: &[Forgery] = &[
    Forgery {
        name: "a full tile disagrees with its entries",
        holds: Holds::Platform,
        fails: &[24],
        make: || folder(|files| flip(files, "tile/0/000")),
    },
    Forgery {
        name: "a partial tile disagrees with its entries",
        holds: Holds::Platform,
        fails: &[24],
        make: || folder(|files| flip(files, "tile/1/000.p/1")),
    },
    Forgery {
        name: "a tile is missing",
        holds: Holds::Platform,
        fails: &[24],
        make: || folder(|files| drop(files.remove("tile/0/000"))),
    },
    Forgery {
        name: "a tile is cut short",
        holds: Holds::Platform,
        fails: &[24],
        make: || {
            folder(|files| {
                let tile = files.get_mut("tile/0/000").expect("it is there");
                tile.truncate(255 * 32);
            })
        },
    },
    Forgery {
        name: "a partial tile that an older checkpoint had is another one's",
        holds: Holds::Platform,
        fails: &[24],
        make: || folder(|files| flip(files, "tile/0/000.p/100")),
    },
    Forgery {
        name: "a partial bundle that an older checkpoint had holds fewer entries than its name says",
        holds: Holds::Platform,
        fails: &[24],
        make: || {
            folder(|files| {
                let bundle = files.get_mut("tile/entries/000.p/100");
                bundle.expect("it is there").clear();
            })
        },
    },
    Forgery {
        name: "a partial tile that an older checkpoint had is longer than any tile can be",
        holds: Holds::Platform,
        fails: &[24],
        make: || folder(|files| too_long(files, "tile/0/000.p/100", 8_193)),
    },
    Forgery {
        name: "a partial bundle that an older checkpoint had is longer than any bundle can be",
        holds: Holds::Platform,
        fails: &[24],
        make: || folder(|files| too_long(files, "tile/entries/000.p/100", 256 * (2 + 65_535) + 1)),
    },
    Forgery {
        name: "the tiles are those of another history than the entries",
        holds: Holds::Platform,
        fails: &[20, 24],
        make: || {
            let (published, shown) = two_histories();
            let size = published.entries.len() as u64;
            let bundle = format!("tile/entries/000.p/{size}");
            let mut case = Case::folder(&published, &[5, size]);
            let other = shown.folder(&[5, size]).remove(&bundle);
            let files = case.folder.as_mut().expect("the case is of a folder");
            files.insert(bundle, other.expect("it is there"));
            Case {
                anchors: vec![shown.end()],
                ..case
            }
        },
    },
    Forgery {
        name: "a bundle is missing",
        holds: Holds::Platform,
        fails: &[1, 20],
        make: || {
            let case = folder(|files| {
                let newest = format!("tile/entries/001.p/{}", many().entries.len() - 256);
                files.remove(&newest).expect("it is there");
            });
            case.without_anchor()
        },
    },
    Forgery {
        name: "the tiles are another poll's",
        holds: Holds::Platform,
        fails: &[21],
        make: || {
            let mut other = Setup::default();
            other.terms.slug = "tunnel".into();
            let (ours, other) = (fixture::running(), fixture::answered(&other, 10));
            let mut files = other.folder(&[5, 19]);
            for name in ["checkpoint", "checkpoints"] {
                files.insert(name.into(), ours.folder(&[5, 19])[name].clone());
            }
            Case {
                folder: Some(files),
                policy: Some(ours.policy()),
                ..Case::of(&other)
            }
        },
    },
    Forgery {
        name: "`checkpoint` is of another history than the list of checkpoints",
        holds: Holds::Platform,
        fails: &[20, 21],
        make: || {
            let (published, shown) = two_histories();
            let size = published.entries.len() as u64;
            let mut case = Case::folder(&published, &[5, size]);
            let other = shown.folder(&[5, size]).remove("checkpoint");
            let files = case.folder.as_mut().expect("the case is of a folder");
            files.insert("checkpoint".into(), other.expect("it is there"));
            // The entries are those of `checkpoint`, so that it is the list that lies.
            for (path, bytes) in shown.folder(&[5, size]) {
                if path.starts_with("tile/") {
                    files.insert(path, bytes);
                }
            }
            Case {
                anchors: vec![shown.end()],
                ..case
            }
        },
    },
    Forgery {
        name: "there is no list of checkpoints",
        holds: Holds::Platform,
        fails: &[1, 21],
        make: || folder(|files| drop(files.remove("checkpoints"))),
    },
];

const WITNESS: &str = "witness.example/w";

fn somebody() -> SecretKey {
    SecretKey::from_seed([99; 32])
}

fn held(name: &str, signed: &SignedCheckpoint) -> (String, Vec<u8>) {
    (name.to_owned(), signed.to_string().into_bytes())
}

/// The running poll with three checkpoints, the second of which, over 12 entries, is as `bend` makes it.
fn with_second(bend: impl FnOnce(&Bench, &mut Checkpoint) -> String) -> Case {
    let bench = fixture::running();
    let second = bend(&bench, &mut bench.checkpoint(12));
    let list = [bench.list(&[5]), second, bench.list(&[19])].concat();
    Case {
        file: bench.export().with_checkpoints(&list),
        ..Case::published(&bench, &[])
    }
}

/// Two histories of one poll that differ in their last answer alone.
fn two_histories() -> (Bench, Bench) {
    let (mut one, mut other) = (fixture::running(), fixture::running());
    one.admit(fixture::respond(&one, 10, "yes"));
    other.admit(fixture::respond(&other, 10, "no"));
    (one, other)
}

/// `signed` with a line by which the witness cosigned `other`.
fn cosigned(signed: &SignedCheckpoint, other: &SignedCheckpoint) -> SignedCheckpoint {
    let key = sijill_ledger::note::VerifierKey::new(
        other.claimed().origin.as_str(),
        crate::bench::Keys::of_seed(1).log.public_key(),
    );
    let key = key.expect("an origin is a name that a key can have");
    let verified = other.verify(&[key]).expect("the log signed it");
    let line = verified.cosign(WITNESS, &somebody(), 1_800_000_000);
    let line = line.expect("it can be cosigned");
    signed.clone().with(line).expect("it can be added")
}

/// A poll of some 300 entries in a folder, published three times, as `bend` makes it.
fn folder(bend: impl FnOnce(&mut Folder)) -> Case {
    let bench = many();
    let size = bench.entries.len() as u64;
    let mut case = Case::folder(&bench, &[100, 280, size]);
    bend(case.folder.as_mut().expect("the case is of a folder"));
    case
}

/// A running poll of more entries than one tile has.
pub fn many() -> Bench {
    static MANY: OnceLock<Bench> = OnceLock::new();
    let setup = Setup {
        invitations: 420,
        ..Setup::default()
    };
    MANY.get_or_init(|| fixture::answered(&setup, 290)).clone()
}

fn flip(files: &mut Folder, path: &str) {
    let tile = files.get_mut(path).expect("it is there");
    tile[3] ^= 1;
}

fn too_long(files: &mut Folder, path: &str, bytes: usize) {
    let tile = files.get_mut(path).expect("it is there");
    tile.resize(bytes, 0);
}
