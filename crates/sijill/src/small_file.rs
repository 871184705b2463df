//! Files that somebody was handed: read whole, and never more of them than they can have.

use crate::fault::{Fault, input};
use anyhow::{Context, Result};
use sijill_ledger::limits::POLICY_BYTES_MAX;
use sijill_ledger::policy::Policy;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// The bytes of the file, of which it may have `max`.
pub fn bytes(path: &Path, max: usize) -> Result<Vec<u8>> {
    let bytes = beginning(path, max + 1)?;
    match bytes.len() > max {
        true => Err(input(format!(
            "`{}` is longer than {max} bytes, which is more than such a file can have",
            path.display()
        ))),
        false => Ok(bytes),
    }
}

/// The first bytes of the file, at most `max`.
pub fn beginning(path: &Path, max: usize) -> Result<Vec<u8>> {
    let shown = path.display();
    let cannot = || Fault::Input(format!("cannot read `{shown}`"));
    // Opening a pipe would wait for whoever writes into it.
    if !std::fs::metadata(path).with_context(cannot)?.is_file() {
        return Err(input(format!("`{shown}` is no file")));
    }
    let mut bytes = Vec::new();
    let file = File::open(path).with_context(cannot)?;
    file.take(max as u64)
        .read_to_end(&mut bytes)
        .with_context(cannot)?;
    Ok(bytes)
}

/// The text of the file; what is no UTF-8 is wrong input.
pub fn text(path: &Path, max: usize) -> Result<String> {
    String::from_utf8(bytes(path, max)?)
        .map_err(|_| input(format!("`{}` is no text: it is not UTF-8", path.display())))
}

/// The policy in the file.
pub fn policy(path: &Path) -> Result<Policy> {
    let bytes = bytes(path, POLICY_BYTES_MAX)?;
    Policy::parse(&bytes).map_err(|error| input(format!("`{}`: {error}", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::{Exit, exit_of};

    #[test]
    fn what_is_missing_too_long_no_text_or_no_file_is_wrong_input() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, [b'a', 0xff]).unwrap();
        assert_eq!(bytes(&file, 2).unwrap(), [b'a', 0xff]);
        let errors = [
            bytes(&file, 1).unwrap_err(),
            text(&file, 2).unwrap_err(),
            bytes(folder.path(), 2).unwrap_err(),
            bytes(&folder.path().join("none"), 2).unwrap_err(),
            policy(&file).unwrap_err(),
        ];
        for error in errors {
            assert_eq!(exit_of(&error), Exit::Input, "{error:#}");
        }
    }
}
