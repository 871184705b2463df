//! The data directory as this crate sees it: keys, and what stands beside each poll's ledger. The log is `store`'s.

use crate::fault::{input, not_so};
use anyhow::Result;
use std::path::{Path, PathBuf};

/// A data directory.
#[derive(Debug, Clone)]
pub struct DataFolder(PathBuf);

impl DataFolder {
    /// The directory at this path, whether it exists or not.
    pub fn new(path: PathBuf) -> Self {
        Self(path)
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Fails where nothing was ever made, so that a mistyped path does not become a new service.
    pub fn must_exist(&self) -> Result<()> {
        if self.0.is_dir() {
            return Ok(());
        }
        Err(input(format!(
            "there is no data directory `{}`; name it with `--data DIR`, or make one with `sijill keys new --name NAME`",
            self.0.display()
        )))
    }

    /// Keys: service and operators.
    pub fn keys(&self) -> PathBuf {
        self.0.join("keys")
    }

    /// The service master.
    pub fn service_key(&self) -> PathBuf {
        self.keys().join("service.key")
    }

    /// The key of the vaults of contacts, unless another is named.
    pub fn vault_key(&self) -> PathBuf {
        self.keys().join("vault.key")
    }

    /// An operator's key.
    pub fn operator_key(&self, name: &str) -> PathBuf {
        self.keys().join(format!("{name}.key"))
    }

    /// What belongs to one poll, the log aside.
    pub fn poll(&self, slug: &str) -> Result<PollFolder> {
        if is_slug(slug) {
            return Ok(PollFolder(self.0.join("polls").join(slug)));
        }
        Err(not_so(format!(
            "there is no poll `{slug}`: a poll's name has the letters a to z, digits and `-`"
        )))
    }

    /// Names of the polls that have a folder, in order.
    pub fn slugs(&self) -> Result<Vec<String>> {
        let polls = self.0.join("polls");
        if !polls.is_dir() {
            return Ok(Vec::new());
        }
        let mut slugs = Vec::new();
        for entry in std::fs::read_dir(polls)? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            if is_slug(&name) {
                slugs.push(name);
            }
        }
        slugs.sort();
        Ok(slugs)
    }
}

fn is_slug(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// What belongs to one poll, the log aside.
#[derive(Debug, Clone)]
pub struct PollFolder(PathBuf);

impl PollFolder {
    /// Its path.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The folder of the vault: number, token, stratum and language of each invitation, encrypted.
    pub fn vault(&self) -> PathBuf {
        self.0.join("vault")
    }

    /// The master under which contacts are sealed in the roster, where an earlier version left it in clear. Secret.
    pub fn contact_key(&self) -> PathBuf {
        self.0.join("contact.key")
    }

    /// The head file of the ledger, which is written with every commit. It is `store`'s.
    pub fn head(&self) -> PathBuf {
        self.0.join("head")
    }

    /// Invitations whose holders asked to be left alone: on the page behind their link, or by telling the operator.
    pub fn stops(&self) -> PathBuf {
        self.0.join("stops")
    }

    /// There while no message may leave.
    pub fn sending_paused(&self) -> PathBuf {
        self.0.join("sending.paused")
    }

    /// How sending goes, for whoever watches.
    pub fn sending_state(&self) -> PathBuf {
        self.0.join("sending.json")
    }

    /// The keys of sealed strata. Secret.
    pub fn stratum_keys(&self) -> PathBuf {
        self.0.join("strata.keys")
    }

    /// The roster's leaves.
    pub fn roster(&self) -> PathBuf {
        self.0.join("roster")
    }

    /// Whether the poll's ledger is in this directory: its head file is made before its first entry.
    pub fn has_ledger(&self) -> bool {
        self.0.join("head").exists()
    }

    /// Held by whoever sends messages, writes them to a file, or erases contacts.
    pub fn sending_lock(&self) -> PathBuf {
        self.0.join("sending.lock")
    }

    /// Held by whoever makes a roster.
    pub fn import_lock(&self) -> PathBuf {
        self.0.join("import.lock")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_leads_elsewhere_is_no_poll() {
        let data = DataFolder::new("data".into());
        assert_eq!(
            data.poll("coalition-2024").unwrap().path(),
            Path::new("data/polls/coalition-2024")
        );
        for bad in ["", "..", "../keys", "a/b", "A", "-a", "1a", "سجل"] {
            assert!(data.poll(bad).is_err(), "{bad}");
        }
    }
}
