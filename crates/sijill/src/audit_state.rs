//! What `sijill audit` leaves on disk: the state file for the next audit, and proofs of forks beside it.
//!
//! A state is put in the place of an older one only when it is whole, and only after every check of a run has passed:
//! otherwise the file stays as it is, byte for byte.

use crate::console::Console;
use crate::durable_file::{self, Access};
use crate::fault::{Fault, input};
use anyhow::{Context, Result};
use sijill_auditor::report::Unfinished;
use sijill_auditor::state::State;
use sijill_auditor::{PollReport, Report};
use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

/// Proofs of forks of one poll that are kept side by side.
const FORKS_MAX: usize = 1_000;

/// The state in this file; none if there is no such file yet.
pub fn read(path: &Path) -> Result<Option<State>> {
    let cannot = || Fault::Input(format!("cannot read the state `{}`", path.display()));
    match fs::metadata(path) {
        Ok(there) if there.is_file() => {}
        Ok(_) => {
            let name = path.display();
            return Err(input(format!(
                "the state `{name}` is no regular file; name another"
            )));
        }
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).with_context(cannot),
    }
    let bytes = fs::read(path).with_context(cannot)?;
    let state = State::read(&bytes);
    let state = state.map_err(|error| input(format!("`{}`: {error}", path.display())))?;
    Ok(Some(state))
}

/// Writes what this report leaves: proofs of forks, and the state if a file was named for it.
pub fn keep(report: &Report, state: Option<&Path>, console: Console) -> Result<()> {
    for poll in &report.polls {
        keep_forks(poll, state, console)?;
    }
    let Some(path) = state else {
        return Ok(());
    };
    match (report.polls.as_slice(), report.unfinished.as_slice()) {
        ([poll], []) => keep_state(poll, path, console),
        (polls, unfinished) => Err(several(polls, unfinished)),
    }
}

fn several(polls: &[PollReport], unfinished: &[Unfinished]) -> anyhow::Error {
    let polls = polls.len() + unfinished.len();
    input(format!(
        "a state is of one poll, and {polls} were to be audited; say which with `--poll SLUG`"
    ))
}

fn keep_state(poll: &PollReport, path: &Path, console: Console) -> Result<()> {
    let Some(state) = &poll.kept else {
        let why = match &poll.checkpoint {
            Some(_) => "not every check passed",
            None => "the source has no checkpoint of these entries",
        };
        console.message(&format!("`{}` stays as it was: {why}", path.display()));
        return Ok(());
    };
    durable_file::replace(path, Access::Private, |file| {
        Ok(file.write_all(&state.to_bytes())?)
    })
}

/// Each proof in a file of its own, beside the state or where one stands.
fn keep_forks(poll: &PollReport, state: Option<&Path>, console: Console) -> Result<()> {
    let folder = state.and_then(Path::parent).unwrap_or(Path::new(""));
    let slug = poll.slug.as_deref().unwrap_or("poll");
    for fork in &poll.forks {
        let path = keep_fork(folder, slug, fork.to_string().as_bytes())?;
        console.message(&format!(
            "this log signed two histories; the proof, which needs neither of them: `{}`",
            path.display()
        ));
    }
    Ok(())
}

/// Writes the proof under the first name that is free, or that has it already.
fn keep_fork(folder: &Path, slug: &str, bytes: &[u8]) -> Result<PathBuf> {
    let first = std::iter::once(format!("{slug}.sijill-fork"));
    let names = first.chain((2..=FORKS_MAX).map(|place| format!("{slug}-{place}.sijill-fork")));
    for path in names.map(|name| folder.join(name)) {
        match durable_file::create_new(&path, bytes, Access::Public) {
            Ok(()) => return Ok(path),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                if fs::read(&path).is_ok_and(|there| there == bytes) {
                    return Ok(path);
                }
            }
            Err(error) => {
                return Err(error).with_context(|| format!("cannot write `{}`", path.display()));
            }
        }
    }
    Err(input(format!(
        "`{}` has {FORKS_MAX} proofs of forks of `{slug}` already; move them elsewhere",
        folder.display()
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proof_is_written_once_and_never_over_another() {
        let folder = tempfile::tempdir().unwrap();
        let keep = |bytes: &[u8]| keep_fork(folder.path(), "bridge", bytes).unwrap();
        let (first, second) = (keep(b"one"), keep(b"two"));
        assert_eq!(keep(b"one"), first);
        assert_eq!(keep(b"two"), second);
        assert!(first.ends_with("bridge.sijill-fork"));
        assert!(second.ends_with("bridge-2.sijill-fork"));
        assert_eq!(fs::read(first).unwrap(), b"one");
    }

    #[test]
    fn a_file_that_is_no_state_is_wrong_input_and_one_that_is_not_there_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state");
        assert_eq!(read(&path).unwrap(), None);
        assert!(read(folder.path()).is_err());
        fs::write(&path, b"something else").unwrap();
        let error = read(&path).unwrap_err();
        assert_eq!(crate::fault::exit_of(&error), crate::fault::Exit::Input);
        assert_eq!(fs::read(&path).unwrap(), b"something else");
    }
}
