//! One sending process an account and data directory. What an account hears, receipts and replies alike, comes to any of its
//! connections; two polls that send by one account at a time would take each other's.

use crate::data_folder::DataFolder;
use crate::fault::{Fault, not_so};
use crate::gateway_settings::Account;
use anyhow::{Context, Result};
use std::fs::{File, TryLockError};

/// Domain of the hash that names a lock's file.
const NAME: &str = "sijill 2026 gateway account lock v1";

/// An account that no other process of this data directory sends by, as long as this lives.
#[derive(Debug)]
pub struct AccountLock {
    _file: File,
}

impl AccountLock {
    /// Takes the account.
    ///
    /// # Errors
    /// If somebody else has it, or the file cannot be made.
    pub fn take(data: &DataFolder, account: &Account) -> Result<Self> {
        let (address, name) = account.whose();
        let hash = blake3::derive_key(NAME, format!("{address}\n{name}").as_bytes());
        let hash = hash.iter().take(8);
        let hash: String = hash.map(|byte| format!("{byte:02x}")).collect();
        let path = data.path().join(format!("gateway-{hash}.lock"));
        let file = File::create(&path)
            .with_context(|| Fault::Unfinished(format!("cannot write `{}`", path.display())))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(not_so(format!(
                "messages are being sent by the account `{name}` already, and receipts and replies could come to either; wait until that has ended, or send by another account"
            ))),
            Err(TryLockError::Error(error)) => Err(error)
                .with_context(|| Fault::Unfinished(format!("cannot lock `{}`", path.display()))),
        }
    }
}
