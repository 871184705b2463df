//! Who sends a poll's messages, and that nobody takes the ground from under them: the lock of a poll's folder that a sending
//! process has from before its wave begins until its end is on record. An export of the messages and an erasing of the
//! contacts need it too.

use crate::data_folder::PollFolder;
use crate::fault::{Fault, not_so};
use anyhow::{Context, Result};
use std::fs::{File, OpenOptions, TryLockError};

/// The messages of a poll, which nobody else sends, exports or erases as long as this lives.
#[derive(Debug)]
pub struct SendingLock {
    _file: File,
}

impl SendingLock {
    /// Takes it.
    ///
    /// # Errors
    /// If somebody else has it, or the file cannot be made.
    pub fn take(folder: &PollFolder) -> Result<Self> {
        Self::if_free(folder)?.ok_or_else(|| {
            not_so(
                "messages of this poll are being sent, or written to a file; wait until that has ended, or stop it first (Ctrl-C where it runs); nothing was changed",
            )
        })
    }

    /// The same; none where somebody else has it.
    ///
    /// # Errors
    /// If the file cannot be made.
    pub fn if_free(folder: &PollFolder) -> Result<Option<Self>> {
        let path = folder.sending_lock();
        let cannot = || Fault::Unfinished(format!("cannot lock `{}`", path.display()));
        let mut options = OpenOptions::new();
        let options = options.write(true).create(true).truncate(false);
        let file = options.open(&path).with_context(cannot)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error).with_context(cannot),
        }
    }
}
