//! An export file: what an auditor is handed by nobody they know, and what `sijill import` restores from.
//!
//! Hashes would stop nearly every change at the door, so each input is also judged with a head that is true of it, as
//! a forger would write it.

use sijill_auditor::{Anchor, CHECKS, Options, Report, Verdict, audit, render};
use sijill_ledger::container::{self, PREAMBLE_BYTES};
use sijill_ledger::{Hash, Origin, Sealed};
use sijill_poll::roster::Roster;
use sijill_poll::{Event, Poll};
use sijill_scenarios::{Case, fixture};
use sijill_store::{DataDir, import};
use std::io::Write;
use std::path::Path;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

/// The one ledger that the auditor here knows the end of.
static HONEST: LazyLock<Case> = LazyLock::new(|| Case::of(&fixture::honest()));

/// An audit judges whatever it is given, nothing but the ledger whose end is known passes, and an import takes nothing
/// that an audit finds damaged.
pub(crate) fn check(bytes: &[u8]) {
    judge(bytes);
    if let Some(mended) = mended(bytes).filter(|mended| mended != bytes) {
        judge(&mended);
    }
}

/// The same file with a head that is true of its sections, if it has a table of sections at all.
pub(crate) fn mended(bytes: &[u8]) -> Option<Vec<u8>> {
    let head_bytes = container::head_length(bytes.get(..PREAMBLE_BYTES)?).ok()?;
    let (head, body) = bytes.split_at_checked(head_bytes)?;
    let (table, _) = head.split_at_checked(head_bytes - 32)?;
    let told = [table, Hash::of(table).as_bytes()].concat();
    let mut sections = container::sections(&told).ok()?;
    let mut rest = body;
    for section in &mut sections {
        let length = usize::try_from(section.length).unwrap_or(usize::MAX);
        let (own, after) = rest.split_at(length.min(rest.len()));
        section.hash = Hash::of(own);
        section.length = own.len() as u64;
        rest = after;
    }
    if let Some(last) = sections.last_mut() {
        let own = body.len() as u64 - rest.len() as u64;
        let start = usize::try_from(own - last.length).ok()?;
        last.length += rest.len() as u64;
        last.hash = Hash::of(body.get(start..)?);
    }
    Some([container::head(&sections), body.to_vec()].concat())
}

fn judge(bytes: &[u8]) {
    let mut file = tempfile::NamedTempFile::new().expect("there is room for a small file");
    file.write_all(bytes).expect("the file can be written");
    let report = report_of(file.path(), true);
    is_whole(&report);
    if report.exit_code() == 0 {
        is_the_honest_one(&report);
    }
    if restores(file.path()) {
        let unanchored = report_of(file.path(), false);
        for number in 1..=4 {
            assert_ne!(
                verdict(&unanchored, number),
                Verdict::Failed,
                "{:#?}",
                unanchored.checks
            );
        }
    }
}

fn report_of(file: &Path, anchored: bool) -> Report {
    let anchors = HONEST.anchors.iter().filter(|_| anchored);
    let options = Options {
        operator_keys: HONEST.operator_keys.clone(),
        anchors: anchors
            .map(|(index, link)| Anchor {
                index: *index,
                link: *link,
            })
            .collect(),
        now_ms: HONEST.now_ms,
        ..Options::default()
    };
    Report::new(vec![
        audit(file, &options, &|_| {}).expect("a file that is there can be read"),
    ])
}

/// Every check is told once, in text that a terminal takes for text.
fn is_whole(report: &Report) {
    let told: Vec<u8> = report.checks.iter().map(|check| check.number.0).collect();
    assert_eq!(told, CHECKS.map(|check| check.0));
    let text = render(report);
    assert!(
        !text.chars().any(|c| c.is_control() && c != '\n'),
        "{text:?}"
    );
    assert!(text.len() < 1 << 20, "a report of {} bytes", text.len());
    serde_json::to_vec(report).expect("a report is JSON");
}

fn verdict(report: &Report, number: u8) -> Verdict {
    let check = report.checks.iter().find(|check| check.number.0 == number);
    check.expect("every check is told").verdict
}

fn is_the_honest_one(report: &Report) {
    static ROOT: LazyLock<String> = LazyLock::new(|| {
        let mut file = tempfile::NamedTempFile::new().expect("there is room for a small file");
        file.write_all(&HONEST.file)
            .expect("the file can be written");
        root(&report_of(file.path(), true))
    });
    assert_eq!(
        root(report),
        *ROOT,
        "another ledger passed for the one whose end is known"
    );
}

fn root(report: &Report) -> String {
    report.polls.iter().map(|poll| poll.root.as_str()).collect()
}

/// Whether the file can be imported. A refused import leaves the data directory as it was, so the next uses it again.
fn restores(file: &Path) -> bool {
    static DATA: Mutex<Option<tempfile::TempDir>> = Mutex::new(None);
    let mut data = DATA.lock().unwrap_or_else(PoisonError::into_inner);
    let folder =
        data.get_or_insert_with(|| tempfile::tempdir().expect("there is room for a folder"));
    let directory = DataDir::create_or_open(folder.path()).expect("the folder is ours");
    let restored = import::<Event>(file, directory, name, |_| Ok(())).is_ok();
    if restored {
        *data = None;
    }
    restored
}

fn name(first: &Sealed<Event>) -> Result<(String, Origin), String> {
    let nobody = Arc::new(Roster::none());
    let poll = Poll::open(first, nobody).map_err(|error| error.to_string())?;
    Ok((poll.definition().slug.clone(), poll.origin().clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mended_file_is_one_that_only_its_entries_can_give_away() {
        let honest = &HONEST.file;
        assert_eq!(mended(honest).as_ref(), Some(honest));
        let mut bent = honest.clone();
        let middle = bent.len() / 2;
        bent.iter_mut()
            .skip(middle)
            .take(1)
            .for_each(|byte| *byte ^= 1);
        let mended = mended(&bent).expect("it has a table");
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(&mended).unwrap();
        let report = report_of(file.path(), true);
        assert_eq!(verdict(&report, 1), Verdict::Passed);
        assert_eq!(report.exit_code(), 1);
    }
}
