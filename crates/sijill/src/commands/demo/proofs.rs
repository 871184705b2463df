//! What the demo leaves for whoever checks it from outside: a policy, and the receipts that the kept promises turned
//! into.

use super::site::Site;
use super::stage::Stage;
use crate::durable_file::{self, Access};
use crate::fault::unfinished;
use anyhow::Result;
use sijill_ledger::note::VerifierKey;
use sijill_ledger::policy::Policy;
use sijill_ledger::tlog_proof::TlogProof;
use sijill_poll::event::Who;
use sijill_poll::promise;
use std::io::Write;
use std::path::Path;

/// Waits until the ledger is published up to this many entries, then writes the policy and the receipts. Returns a
/// receipt's file name.
pub fn keep(stage: &Stage, site: &Site, slug: &str, size: u64) -> Result<String> {
    site.wait_until_published(slug, size)?;
    let policy = policy(site, slug)?;
    write(&stage.policy(), &policy.to_bytes())?;
    std::fs::create_dir_all(stage.receipts())?;
    let mut kept = None;
    for entry in std::fs::read_dir(stage.promises())? {
        let promise = entry?.path();
        let name = promise.with_extension("tlog-proof");
        let Some(name) = name.file_name().and_then(|name| name.to_str()) else {
            continue;
        };
        let file = std::fs::read_to_string(&promise)?;
        let receipt = receipt(site, slug, size, &file)?;
        write(&stage.receipts().join(name), receipt.to_string().as_bytes())?;
        kept = kept.max(Some(name.to_owned()));
    }
    kept.ok_or_else(|| unfinished("no respondent of the demo kept a promise"))
}

fn policy(site: &Site, slug: &str) -> Result<Policy> {
    let book = site.book(slug)?;
    let poll = book.durable();
    let keys = poll.opening().log_keys.iter();
    let keys: Result<Vec<_>, _> = keys
        .map(|key| VerifierKey::new(book.origin().as_str(), *key))
        .collect();
    Ok(Policy::of_logs(keys?))
}

/// The receipt of the answer that this promise is for.
fn receipt(site: &Site, slug: &str, size: u64, file: &str) -> Result<TlogProof> {
    let book = site.book(slug)?;
    let key = book.durable().promise_key();
    let promise = promise::open(file, book.origin(), book.id(), key)?;
    let Who::Invitation { index, .. } = promise.responded().answer.who;
    let receipt = match book.place(index) {
        Some(place) => site.service().receipt(&book, size, place)?,
        None => None,
    };
    receipt.ok_or_else(|| unfinished("an answer that was promised is not in the ledger"))
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    durable_file::replace(path, Access::Public, |out| Ok(out.write_all(bytes)?))?;
    Ok(())
}
