//! Who asked to be left alone elsewhere than by replying: a list that the page behind a link and the operator write, and
//! whoever sends reads.
//!
//! A line each, `INVITATION WAY`, such as `902117 page`. It only grows; an invitation may stand there twice. It names no
//! person: invitations are places in the roster.

use crate::delivery::StopWay;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// Most bytes that are in memory at once.
const READ_BYTES_MAX: u64 = 1024 * 1024;

/// Puts an invitation on the list: durable when it returns. Whoever else adds to it meanwhile waits. What could not be
/// written leaves no part of a line behind.
pub fn add(path: &Path, invitation: u32, by: StopWay) -> io::Result<()> {
    let mut options = OpenOptions::new();
    let mut file = options.read(true).append(true).create(true).open(path)?;
    file.lock()?;
    let before = file.metadata()?.len();
    if let Err(error) = append(&mut file, before, &format!("{invitation} {}\n", word(by))) {
        file.set_len(before)?;
        return Err(error);
    }
    file.sync_all()?;
    match path.parent() {
        Some(folder) if before == 0 => File::open(folder)?.sync_all(),
        _ => Ok(()),
    }
}

/// Writes a line to the end of a file that has this length. What a power cut left of a line ends before it: the two
/// together could name somebody else.
fn append(file: &mut File, length: u64, line: &str) -> io::Result<()> {
    let mut last = [b'\n'];
    if length > 0 {
        file.seek(SeekFrom::Start(length - 1))?;
        file.read_exact(&mut last)?;
    }
    let break_before = if last == [b'\n'] { "" } else { "\n" };
    file.write_all(format!("{break_before}{line}").as_bytes())
}

/// A reader of the list, which gives each line once.
#[derive(Debug)]
pub struct StopList {
    path: PathBuf,
    read: u64,
}

impl StopList {
    /// The list at this path, from its beginning on. It need not exist.
    #[must_use]
    pub fn new(path: PathBuf) -> Self {
        Self { path, read: 0 }
    }

    /// What was added since the last time. A line that is still being written is given the next time; one that nobody
    /// can read is passed over.
    pub fn new_lines(&mut self) -> io::Result<Vec<(u32, StopWay)>> {
        let mut file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut all = Vec::new();
        loop {
            file.seek(SeekFrom::Start(self.read))?;
            let mut bytes = Vec::new();
            let mut part = (&mut file).take(READ_BYTES_MAX);
            part.read_to_end(&mut bytes)?;
            let Some(last) = bytes.iter().rposition(|byte| *byte == b'\n') else {
                return Ok(all);
            };
            bytes.truncate(last + 1);
            self.read += bytes.len() as u64;
            let text = String::from_utf8_lossy(&bytes);
            all.extend(text.lines().filter_map(line));
        }
    }
}

fn line(text: &str) -> Option<(u32, StopWay)> {
    let (invitation, by) = text.split_once(' ')?;
    Some((invitation.parse().ok()?, way(by)?))
}

fn word(by: StopWay) -> &'static str {
    match by {
        StopWay::Reply => "reply",
        StopWay::Page => "page",
        StopWay::Operator => "operator",
    }
}

fn way(word: &str) -> Option<StopWay> {
    match word {
        "reply" => Some(StopWay::Reply),
        "page" => Some(StopWay::Page),
        "operator" => Some(StopWay::Operator),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_line_makes_no_other_one_of_the_next() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("stops");
        std::fs::write(&path, "7 page\n90").unwrap();
        add(&path, 2117, StopWay::Page).unwrap();
        add(&path, 8, StopWay::Page).unwrap();
        let lines = StopList::new(path).new_lines().unwrap();
        assert_eq!(
            lines,
            [
                (7, StopWay::Page),
                (2117, StopWay::Page),
                (8, StopWay::Page)
            ]
        );
    }

    /// Of a long list only the first part was read before messages left again.
    #[test]
    fn a_long_list_is_given_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("stops");
        std::fs::write(&path, "4000000000 page\n".repeat(150_000)).unwrap();
        let mut list = StopList::new(path);
        assert_eq!(list.new_lines().unwrap().len(), 150_000);
        assert!(list.new_lines().unwrap().is_empty());
    }

    #[test]
    fn each_line_is_given_once_and_one_that_is_being_written_waits() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("stops");
        let mut list = StopList::new(path.clone());
        assert!(list.new_lines().unwrap().is_empty());
        add(&path, 7, StopWay::Page).unwrap();
        add(&path, 4_000_000_000, StopWay::Operator).unwrap();
        let mut file = OpenOptions::new().append(true).open(&path).unwrap();
        file.write_all(b"8 reply\n99 pa").unwrap();
        let lines = list.new_lines().unwrap();
        assert_eq!(
            lines,
            [
                (7, StopWay::Page),
                (4_000_000_000, StopWay::Operator),
                (8, StopWay::Reply)
            ]
        );
        assert!(list.new_lines().unwrap().is_empty());
        file.write_all(b"ge\nnonsense\n\xff\n-1 page\n10 page\n")
            .unwrap();
        let lines = list.new_lines().unwrap();
        assert_eq!(lines, [(99, StopWay::Page), (10, StopWay::Page)]);
    }
}
