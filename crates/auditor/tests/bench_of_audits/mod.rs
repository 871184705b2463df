//! Audits of cases, and questions to their reports.
#![allow(dead_code, reason = "each test file asks its own questions")]
#![allow(
    clippy::expect_used,
    reason = "what cannot be set up must stop the test that asked for it"
)]

use sijill_auditor::fetcher::Fetcher;
use sijill_auditor::state::State;
use sijill_auditor::{Anchor, Options, PollReport, Report, Verdict, audit, audit_published};
use sijill_ledger::policy::Policy;
use sijill_scenarios::Case;
use sijill_scenarios::fixture::Folder;
use std::io::Write;
use std::path::Path;

/// The report of this case.
pub fn report_of(case: &Case) -> Report {
    Report::new(vec![audit_case(case)])
}

/// The report of this case's one poll.
pub fn audit_case(case: &Case) -> PollReport {
    audit_with(case, &options(case))
}

/// The report of this case's source, given these.
pub fn audit_with(case: &Case, options: &Options) -> PollReport {
    if let Some(files) = &case.folder {
        let folder = write_folder(files);
        let fetcher = Fetcher::of_folder(folder.path()).expect("the folder is there");
        return audit_published(fetcher, options, &|_| {}).expect("it can be read");
    }
    let mut file = tempfile::NamedTempFile::new().expect("there is room for a small file");
    file.write_all(&case.file).expect("the file can be written");
    audit(file.path(), options, &|_| {}).expect("the file can be read")
}

/// A folder of these files.
pub fn write_folder(files: &Folder) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("there is room for a small folder");
    write_files(files, folder.path());
    folder
}

/// Writes these files below `folder`, which is made.
pub fn write_files(files: &Folder, folder: &Path) {
    std::fs::create_dir_all(folder).expect("the folder can be made");
    for (path, bytes) in files {
        let path = folder.join(path);
        let parent = path.parent().expect("it is below the folder");
        std::fs::create_dir_all(parent).expect("the folder can be made");
        std::fs::write(path, bytes).expect("the file can be written");
    }
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
        keep: true,
        receipts: case.receipts.clone(),
        pages: case.pages.clone(),
        messages: case.messages.clone(),
        policy: case.policy.as_ref().map(|bytes| {
            let policy = Policy::parse(bytes);
            policy.expect("the case's policy is one")
        }),
        held: case.held.clone(),
        state: case.state.as_ref().map(|bytes| {
            let state = State::read(bytes);
            state.expect("the case's state is one")
        }),
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
