//! `sijill prove`: receipts and consistency proofs from the tiles of a published poll. It asks whom to believe only
//! where a policy is given: whoever is handed the proof verifies it.

use crate::console::grouped;
use crate::durable_file::{self, Access};
use crate::fault::{Exit, input, not_so};
use crate::settings::Settings;
use crate::small_file;
use anyhow::Result;
use serde_json::{Value, json};
use sijill_auditor::published::{Published, Tree};
use sijill_ledger::checkpoint::SignedCheckpoint;
use sijill_ledger::proof::ConsistencyProof;
use sijill_ledger::tlog_proof::TlogProof;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Make a receipt of an entry, or prove that one size of a ledger grew from another
#[derive(Debug, clap::Args)]
#[command(
    after_help = "A consistency proof is its hashes in base64, one a line; between equal sizes, and from size 0, it has none.\n\nExample: sijill prove https://ur.example/polls/coalition --index 31044 --out answer.tlog-proof"
)]
pub struct Args {
    /// The poll as it is published: its address, or a folder
    source: String,
    /// The entry whose receipt is made
    #[arg(long, value_name = "N", required_unless_present = "from", conflicts_with_all = ["from", "to"])]
    index: Option<u64>,
    /// Size of the published checkpoint that the receipt is under [default: the newest]
    #[arg(long, value_name = "M", conflicts_with_all = ["from", "to"])]
    size: Option<u64>,
    /// The older size
    #[arg(long, value_name = "OLD", requires = "to")]
    from: Option<u64>,
    /// The newer size
    #[arg(long, value_name = "NEW", requires = "from")]
    to: Option<u64>,
    /// Make it only if this policy trusts the checkpoint
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// The file to write [default: standard output]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Carries it out.
pub fn run(args: &Args, settings: &Settings) -> Result<Exit> {
    let published = Published::of(&args.source)?;
    match (args.index, args.from, args.to) {
        (Some(index), ..) => receipt(index, args, &published, settings),
        (None, Some(from), Some(to)) => consistency((from, to), args, &published, settings),
        _ => Err(input("give `--index`, or `--from` and `--to`")),
    }
}

fn receipt(index: u64, args: &Args, published: &Published, settings: &Settings) -> Result<Exit> {
    let size = args.size.unwrap_or(published.newest().claimed().size);
    let signed = published.checkpoint_of(size)?;
    trusted(args, &signed)?;
    let mut tree = published.tree_under(signed.claimed())?;
    let entry = tree.entry(index)?;
    let inclusion = tree.ask(|reader| reader.inclusion(index))?;
    let proof = TlogProof::of_entry(&entry, index, inclusion, signed)?;
    let json = json!({
        "index": index,
        "checkpoint": checkpoint(proof.checkpoint()),
        "proof": proof.to_string(),
        "file": args.out,
    });
    let what = format!("entry {} under {} entries", grouped(index), grouped(size));
    give(
        &proof.to_string(),
        &what,
        args.out.as_deref(),
        json,
        settings,
    )
}

fn consistency(
    (from, to): (u64, u64),
    args: &Args,
    published: &Published,
    settings: &Settings,
) -> Result<Exit> {
    let newest = published.newest();
    trusted(args, newest)?;
    if from > to || to > newest.claimed().size {
        return Err(input(format!(
            "expected sizes in order and at most {}, that of the newest checkpoint, found {from} and {to}",
            newest.claimed().size
        )));
    }
    let mut tree = published.tree()?;
    let (old, new) = (root(&mut tree, from)?, root(&mut tree, to)?);
    let mut claimed = newest.claimed().clone();
    (claimed.size, claimed.root) = (to, new);
    let mut older = published.tree_under(&claimed)?;
    let proof: ConsistencyProof = older.ask(|reader| reader.consistency(from))?;
    let json = json!({
        "from": {"size": from, "root": old.to_string()},
        "to": {"size": to, "root": new.to_string()},
        "hashes": proof.to_string().lines().collect::<Vec<_>>(),
        "file": args.out,
    });
    let what = format!("from {} to {} entries", grouped(from), grouped(to));
    give(
        &proof.to_string(),
        &what,
        args.out.as_deref(),
        json,
        settings,
    )
}

fn root(tree: &mut Tree, size: u64) -> Result<sijill_ledger::Hash> {
    Ok(tree.ask(|reader| reader.root_at(size))?)
}

/// Whether the policy, if one was given, trusts the checkpoint.
fn trusted(args: &Args, signed: &SignedCheckpoint) -> Result<()> {
    let Some(path) = &args.policy else {
        return Ok(());
    };
    let policy = small_file::policy(path)?;
    match policy.verify(signed) {
        Ok(_) => Ok(()),
        Err(error) => Err(not_so(format!("nothing was made: {error}"))),
    }
}

fn checkpoint(signed: &SignedCheckpoint) -> Value {
    let claimed = signed.claimed();
    json!({"origin": claimed.origin.as_str(), "size": claimed.size, "root": claimed.root.to_string()})
}

/// Writes the proof where it was asked for.
fn give(
    proof: &str,
    what: &str,
    out: Option<&Path>,
    json: Value,
    settings: &Settings,
) -> Result<Exit> {
    let console = settings.console;
    let Some(out) = out else {
        // Line for line as it is, and a proof without hashes is nothing at all.
        match console.json {
            true => console.answer("", &json)?,
            false => write_out(proof)?,
        }
        return Ok(Exit::Well);
    };
    durable_file::replace(out, Access::Public, |file| {
        Ok(file.write_all(proof.as_bytes())?)
    })?;
    console.answer(&format!("{what}: `{}`", out.display()), &json)?;
    Ok(Exit::Well)
}

fn write_out(proof: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(proof.as_bytes())?;
    Ok(out.flush()?)
}
