//! The auditor: the numbered checks of a ledger, and their report.
//!
//! It re-derives everything from the entries and asks nobody who made them. Its sources are an export file
//! ([`audit()`]) and a poll's address ([`fetch`](remote::fetch), then [`audit()`]); a data directory is made an export by the
//! binary, since the auditor knows neither `store` nor `server`. It has no clock: the time comes in [`Options`]. Keys and
//! anchors come from whoever audits, never from what is audited. Witnesses and the mirror come with later capabilities, and
//! so do the checks that need them: one that is not here is not listed in a report.
//!
//! One file a check, or a few of one idea, in `checks`; [`audit()`] runs them in one pass over the entries, which are
//! never all in memory.

mod audit;
pub mod bound;
mod checks;
pub mod error;
mod export_file;
pub mod fetcher;
pub mod figures;
mod findings;
mod fold;
mod forks;
pub mod limits;
mod list_reader;
mod log;
mod log_keys;
mod prepare;
pub mod published;
mod published_files;
pub mod receipt;
pub mod remote;
mod render;
pub mod report;
pub mod search;
mod source;
mod tree;

pub use audit::{Anchor, Options, Progress, audit, audit_published};
pub use checks::CHECKS;
pub use error::AuditError;
pub use render::render;
pub use report::{CheckReport, Failure, Number, PollReport, Report, Verdict};
