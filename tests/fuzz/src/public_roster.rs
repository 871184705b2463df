//! A roster of public keys, as the sender's body hands it to the platform's.
//!
//! Hashes would stop nearly every change at the door, so each input is also read with a head that is true of it.

use crate::export::mended;
use sijill::public_roster::{read, write};
use std::path::Path;

/// What reads has nothing in it but leaves and commitment: written from these, it is the same file.
pub(crate) fn check(bytes: &[u8]) {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    is_nothing_else(bytes, folder.path());
    if let Some(mended) = mended(bytes).filter(|mended| mended != bytes) {
        is_nothing_else(&mended, folder.path());
    }
}

fn is_nothing_else(bytes: &[u8], folder: &Path) {
    let [file, leaves, again] = ["file", "leaves", "again"].map(|name| folder.join(name));
    std::fs::write(&file, bytes).expect("the folder is ours");
    if let Ok(commitment) = read(&file, &leaves) {
        write(&again, &leaves, &commitment).expect("what was read can be written");
        assert_eq!(std::fs::read(&again).ok().as_deref(), Some(bytes));
    }
}
