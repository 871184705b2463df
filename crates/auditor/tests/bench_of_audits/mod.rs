//! Audits of cases, and questions to their reports.
#![allow(dead_code, reason = "each test file asks its own questions")]
#![allow(
    clippy::expect_used,
    reason = "what cannot be set up must stop the test that asked for it"
)]

use sijill_auditor::fetcher::Fetcher;
use sijill_auditor::{Anchor, Options, PollReport, Report, Verdict, audit, audit_published};
use sijill_ledger::policy::Policy;
use sijill_scenarios::Case;
use sijill_scenarios::fixture::Folder;
use std::io::Write;

/// The report of this case.
pub fn report_of(case: &Case) -> Report {
    Report::new(vec![audit_case(case)])
}

/// The report of this case's one poll.
pub fn audit_case(case: &Case) -> PollReport {
    if let Some(files) = &case.folder {
        let folder = write_folder(files);
        let fetcher = Fetcher::of_folder(folder.path()).expect("the folder is there");
        return audit_published(fetcher, &options(case), &|_| {}).expect("it can be read");
    }
    let mut file = tempfile::NamedTempFile::new().expect("there is room for a small file");
    file.write_all(&case.file).expect("the file can be written");
    audit(file.path(), &options(case), &|_| {}).expect("the file can be read")
}

/// A folder of these files.
pub fn write_folder(files: &Folder) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("there is room for a small folder");
    for (path, bytes) in files {
        let path = folder.path().join(path);
        let parent = path.parent().expect("it is below the folder");
        std::fs::create_dir_all(parent).expect("the folder can be made");
        std::fs::write(path, bytes).expect("the file can be written");
    }
    folder
}

/// What the auditor of this case brings along.
pub fn options(case: &Case) -> Options {
    let anchors = case.anchors.iter();
    Options {
        operator_keys: case.operator_keys.clone(),
        anchors: anchors
            .map(|(index, link)| Anchor {
                index: *index,
                link: *link,
            })
            .collect(),
        promises: case.promises.clone(),
        policy: case.policy.as_ref().map(|bytes| {
            let policy = Policy::parse(bytes);
            policy.expect("the case's policy is one")
        }),
        held: case.held.clone(),
        now_ms: case.now_ms,
        ..Options::default()
    }
}

/// The numbers of the checks that failed, ascending.
pub fn failed(report: &Report) -> Vec<u8> {
    let failed = report
        .checks
        .iter()
        .filter(|check| check.verdict == Verdict::Failed);
    failed.map(|check| check.number.0).collect()
}

/// What came of this check.
pub fn verdict(report: &Report, number: u8) -> Verdict {
    let check = report.checks.iter().find(|check| check.number.0 == number);
    check.expect("every check is in the report").verdict
}
