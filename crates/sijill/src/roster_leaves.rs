//! The roster's leaves as they stand on disk: 98 bytes each, nothing before, between or after them.

use crate::fault::{Fault, unfinished};
use anyhow::{Context, Result};
use sijill_poll::definition::Definition;
use sijill_poll::roster::{LEAF_BYTES, Roster, RosterReader};
use std::fs::File;
use std::io::{BufReader, ErrorKind, Read};
use std::path::Path;

/// Reads the leaves of a poll with this definition.
pub fn read(path: &Path, definition: &Definition) -> Result<Roster> {
    let unreadable = || Fault::Unfinished(format!("cannot read the roster `{}`", path.display()));
    let file = File::open(path).with_context(unreadable)?;
    if !file
        .metadata()
        .with_context(unreadable)?
        .len()
        .is_multiple_of(LEAF_BYTES as u64)
    {
        return Err(unfinished(format!(
            "the roster `{}` is cut inside a leaf",
            path.display()
        )));
    }
    let mut leaves = BufReader::new(file);
    let mut reader = RosterReader::of(definition);
    let mut leaf = [0; LEAF_BYTES];
    loop {
        match leaves.read_exact(&mut leaf) {
            Ok(()) => reader.push(&leaf)?,
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(reader.finish()),
            Err(error) => return Err(error).with_context(unreadable),
        }
    }
}
