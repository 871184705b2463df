//! `sijill compare`: whether two checkpoints of a log are of one history, or the proof that they are not.

use crate::console::grouped;
use crate::durable_file::{self, Access};
use crate::fault::{Exit, input, not_so};
use crate::settings::Settings;
use crate::small_file;
use anyhow::Result;
use serde_json::{Value, json};
use sijill_auditor::published::{Published, PublishedError, Tree};
use sijill_auditor::remote;
use sijill_ledger::Hash;
use sijill_ledger::checkpoint::{CheckpointError, SignedCheckpoint};
use sijill_ledger::fork::ForkProof;
use sijill_ledger::limits::TLOG_PROOF_BYTES_MAX;
use sijill_ledger::policy::Policy;
use sijill_ledger::proof::ConsistencyProof;
use sijill_ledger::tlog_proof::{self, TlogProof};
use sijill_ledger::tree::Frontier;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Compare two checkpoints of a log: consistent, or a proof of the fork
#[derive(Debug, clap::Args)]
#[command(
    after_help = "The proof of a fork stands without server and log: `sijill verify` judges it. Exit codes: 0 consistent · 1 a fork · 2 wrong usage or input · 3 could not finish · 4 the tiles to tell by are missing.\n\nExample: sijill compare checkpoint.of-january https://ur.example/polls/coalition --policy policy --out coalition.sijill-fork"
)]
pub struct Args {
    /// A checkpoint, a receipt, the folder of a published poll, or its address
    a: String,
    /// Another
    b: String,
    /// Whom to believe: a C2SP tlog-policy with the log's keys
    #[arg(long, value_name = "FILE")]
    policy: PathBuf,
    /// Where else the tiles of the larger checkpoint are: a folder or an address
    #[arg(long, value_name = "SOURCE")]
    tiles: Option<String>,
    /// The file that a proof of a fork is written to [default: POLL-SIZE-ROOT.sijill-fork]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// A checkpoint by the log, and where its tiles may be.
struct Side {
    from: String,
    signed: SignedCheckpoint,
    published: Option<Published>,
}

/// What came of the comparison.
enum Verdict {
    Consistent,
    Fork(Box<ForkProof>),
    /// The larger one's tiles are missing.
    Unknown {
        why: String,
    },
}

/// Carries it out.
pub fn run(args: &Args, settings: &Settings) -> Result<Exit> {
    let policy = small_file::policy(&args.policy)?;
    let (a, b) = (Side::of(&args.a)?, Side::of(&args.b)?);
    for side in [&a, &b] {
        side.verify(&policy)?;
    }
    let (a_origin, b_origin) = (&a.signed.claimed().origin, &b.signed.claimed().origin);
    if a_origin != b_origin {
        return Err(input(format!(
            "`{}` is of `{a_origin}`, `{}` of `{b_origin}`; compare checkpoints of one log",
            a.from, b.from
        )));
    }
    let (smaller, larger) = match a.size() <= b.size() {
        true => (a, b),
        false => (b, a),
    };
    let verdict = compare(&smaller, &larger, args.tiles.as_deref())?;
    tell(verdict, (&smaller, &larger), args, settings)
}

impl Side {
    fn of(given: &str) -> Result<Self> {
        let from = given.to_owned();
        if remote::is_address(given) || Path::new(given).is_dir() {
            let published = Published::of(given)?;
            return Ok(Self {
                from,
                signed: published.newest().clone(),
                published: Some(published),
            });
        }
        let text = small_file::text(Path::new(given), TLOG_PROOF_BYTES_MAX)?;
        let signed = checkpoint_in(&text).map_err(|why| input(format!("`{given}`: {why}")))?;
        Ok(Self {
            from,
            signed,
            published: None,
        })
    }

    fn size(&self) -> u64 {
        self.signed.claimed().size
    }

    /// That the log signed it. Witnesses are not asked for: the log is held to its own signatures.
    fn verify(&self, policy: &Policy) -> Result<()> {
        let (size, root) = (self.size(), self.signed.claimed().root);
        match policy.verify_log(&self.signed) {
            Ok(_) if size == 0 && root != Frontier::default().root() => Err(not_so(format!(
                "`{}`: the log signed what cannot be: a tree without entries has another root than {root}",
                self.from
            ))),
            Ok(_) => Ok(()),
            Err(error @ CheckpointError::UnknownLog { .. }) => Err(input(format!(
                "`{}`: {error}; give a policy that lists this log",
                self.from
            ))),
            Err(error) => Err(not_so(format!(
                "`{}`: {error}; nothing was compared",
                self.from
            ))),
        }
    }
}

fn checkpoint_in(text: &str) -> Result<SignedCheckpoint, String> {
    if text.lines().next() == Some(tlog_proof::FIRST_LINE) {
        let proof = text
            .parse::<TlogProof>()
            .map_err(|error| error.to_string())?;
        return Ok(proof.checkpoint().clone());
    }
    text.parse()
        .map_err(|error: CheckpointError| error.to_string())
}

fn compare(smaller: &Side, larger: &Side, tiles: Option<&str>) -> Result<Verdict> {
    let (old, new) = (smaller.signed.claimed(), larger.signed.claimed());
    if old.size == new.size {
        return Ok(match old.root == new.root {
            true => Verdict::Consistent,
            false => Verdict::Fork(Box::new(ForkProof::of_equal_sizes(
                smaller.signed.clone(),
                larger.signed.clone(),
            )?)),
        });
    }
    let mut tree = match tree_of(smaller, larger, tiles)? {
        Ok(tree) => tree,
        Err(why) => return Ok(Verdict::Unknown { why }),
    };
    let (found, consistency) = match grown(&mut tree, old.size) {
        Ok(grown) => grown,
        Err(error) if error.is_missing() => {
            let why = what_to_give(smaller, larger, &error.to_string());
            return Ok(Verdict::Unknown { why });
        }
        Err(error) => return Err(error.into()),
    };
    if found == old.root {
        return Ok(Verdict::Consistent);
    }
    let fork = ForkProof::of_growth(
        smaller.signed.clone(),
        larger.signed.clone(),
        found,
        consistency,
    )?;
    Ok(Verdict::Fork(Box::new(fork)))
}

/// The root that the tree had at this size, and the proof that it grew from it.
fn grown(tree: &mut Tree, size: u64) -> Result<(Hash, ConsistencyProof), PublishedError> {
    let root = tree.ask(|reader| reader.root_at(size))?;
    Ok((root, tree.ask(|reader| reader.consistency(size))?))
}

fn what_to_give(smaller: &Side, larger: &Side, why: &str) -> String {
    let went_back = match (&smaller.published, &larger.published) {
        (Some(_), None) => format!(
            "`{}` shows fewer entries than `{}`: it went back, or shows an old copy. ",
            smaller.from, larger.from
        ),
        _ => String::new(),
    };
    format!(
        "{went_back}The tiles of the larger checkpoint ({} entries) are needed, and {why}; give a folder or an address that has them with `--tiles`",
        grouped(larger.size())
    )
}

/// The larger one's tree, from wherever its tiles are; or what to give, where they are nowhere.
fn tree_of(smaller: &Side, larger: &Side, tiles: Option<&str>) -> Result<Result<Tree, String>> {
    let given = tiles.map(Published::of).transpose()?;
    let sources = [&given, &larger.published, &smaller.published];
    let mut why = "no folder or address was given that could have them".to_owned();
    for published in sources.into_iter().flatten() {
        match published.tree_under(larger.signed.claimed()) {
            Ok(tree) => return Ok(Ok(tree)),
            Err(error) if may_be_elsewhere(&error, published, larger) => why = error.to_string(),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(Err(what_to_give(smaller, larger, &why)))
}

/// Whether a source that gives no tree for this checkpoint need not have one: its tiles are not there, or it never said
/// that it is of this tree.
fn may_be_elsewhere(error: &PublishedError, published: &Published, larger: &Side) -> bool {
    let its_own = published.newest().claimed() == larger.signed.claimed();
    error.is_missing() || (error.is_contradiction() && !its_own)
}

fn tell(
    verdict: Verdict,
    (smaller, larger): (&Side, &Side),
    args: &Args,
    settings: &Settings,
) -> Result<Exit> {
    let (old, new) = (grouped(smaller.size()), grouped(larger.size()));
    let (word, text, exit, more) = match verdict {
        Verdict::Consistent => {
            let text = match smaller.size() == larger.size() {
                true => format!("consistent: both have {new} entries and one root"),
                false => format!("consistent: {old} entries grew to {new}"),
            };
            ("consistent", text, Exit::Well, Value::Null)
        }
        Verdict::Fork(fork) => {
            let file = args.out.clone().unwrap_or_else(|| file_for(&fork));
            durable_file::replace(&file, Access::Public, |out| Ok(write!(out, "{fork}")?))?;
            let text = fork_text(&fork, &file, smaller, larger);
            ("fork", text, Exit::NotSo, json!(file))
        }
        Verdict::Unknown { why } => {
            let text = format!("not verified: {why}");
            ("not_verified", text, Exit::Incomplete, json!(why))
        }
    };
    let json = json!({
        "origin": larger.signed.claimed().origin.as_str(),
        "smaller": shown(smaller),
        "larger": shown(larger),
        "verdict": word,
        "file": if word == "fork" { &more } else { &Value::Null },
        "why": if word == "not_verified" { &more } else { &Value::Null },
        "exit_code": exit.code(),
    });
    settings.console.answer(&text, &json)?;
    Ok(exit)
}

fn shown(side: &Side) -> Value {
    let claimed = side.signed.claimed();
    json!({"from": side.from, "size": claimed.size, "root": claimed.root.to_string()})
}

fn fork_text(fork: &ForkProof, file: &Path, smaller: &Side, larger: &Side) -> String {
    let size = grouped(smaller.size());
    format!(
        "fork: the log `{}` signed two histories\n  `{}`: {size} entries, root {}\n  `{}`: {} entries, and at {size} the root {}\nThe proof is in `{}` and stands without server and log; `sijill verify` judges it.",
        fork.first().claimed().origin,
        smaller.from,
        smaller.signed.claimed().root,
        larger.from,
        grouped(larger.size()),
        fork.other_root(),
        file.display()
    )
}

/// Where the proof goes if nobody says: a name that no other fork has.
fn file_for(fork: &ForkProof) -> PathBuf {
    let claimed = fork.first().claimed();
    let origin = claimed.origin.as_str();
    let name = origin.rsplit('/').next().unwrap_or(origin);
    let (size, other) = (claimed.size, fork.other_root().to_string());
    format!(
        "{name}-{size}-{}.sijill-fork",
        other.get(..8).unwrap_or_default()
    )
    .into()
}
