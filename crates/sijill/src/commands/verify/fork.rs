//! What a fork proves: that a log signed two histories.

use super::said::{Said, Verdict};
use crate::console::grouped;
use serde_json::json;
use sijill_ledger::checkpoint::CheckpointError;
use sijill_ledger::fork::{ForkError, ForkProof};
use sijill_ledger::policy::Policy;

/// Judges the text of a fork.
pub fn judge(text: &str, policy: Option<&Policy>) -> Said {
    let mut said = Said::of("fork");
    let proof = match text.parse::<ForkProof>() {
        Ok(proof) => proof,
        Err(error) => return said.but(Verdict::Wrong, error),
    };
    shown(&proof, &mut said);
    let Some(policy) = policy else {
        let why = "nobody was named whom to believe; give `--policy` with a key of this log";
        return said.but(Verdict::NotVerified, why);
    };
    match proof.verify(policy) {
        Ok(_) => {
            let meaning = "the log signed both, and no one history has both";
            said.row("so", meaning);
            said
        }
        Err(ForkError::NotTheLogs {
            error: error @ CheckpointError::UnknownLog { .. },
            ..
        }) => said.but(
            Verdict::NotVerified,
            format!("{error}; give a policy that lists this log"),
        ),
        Err(error) => said.but(Verdict::Wrong, error),
    }
}

fn shown(proof: &ForkProof, said: &mut Said) {
    let (first, second) = (proof.first().claimed(), proof.second().claimed());
    let (size, other) = (grouped(first.size), proof.other_root());
    said.row("poll", first.origin.as_str());
    said.row("first", format!("{size} entries, root {}", first.root));
    let grown = format!("{} entries, root {}", grouped(second.size), second.root);
    said.row("second", grown);
    if first.size < second.size {
        said.row(
            "which had",
            format!("root {other} when it had {size} entries"),
        );
    }
    said.field("origin", json!(first.origin.as_str()));
    let checkpoint = |size: u64, root: String| json!({"size": size, "root": root});
    said.field("first", checkpoint(first.size, first.root.to_string()));
    said.field("second", checkpoint(second.size, second.root.to_string()));
    said.field("other_root", json!(other.to_string()));
}
