//! What Sijill's tests stand on: honest polls made to measure, ledgers forged on purpose, and how an export is written.
//!
//! Everything is deterministic (seeds, a fixed clock) and in memory. It knows `ledger` and `poll` and no other crate of
//! Sijill: a story about the server or the log reaches them through the built binary, and an auditor that is tested
//! here shares nothing with what made the ledger but the formats.
//!
//! - [`definition`]: the text of a small, complete `poll.toml`;
//! - [`mod@bench`]: a poll held in one hand, with every key, that records whatever it is told to;
//! - [`fixture`]: honest polls;
//! - [`export`]: the container file;
//! - [`publish`]: checkpoints, tiles, receipts, and the folder of a published poll;
//! - [`forge`]: ways to bend a ledger, each with the check that must notice;
//! - [`trace`]: what a process did to its files;
//! - [`power`]: what a power cut leaves of them;
//! - [`kannel`]: the gateway of that name, run as it is shipped;
//! - [`dice`]: chance that comes again.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a fixture that cannot be made must stop the test that asked for it"
)]

pub mod bench;
pub mod definition;
pub mod dice;
pub mod export;
pub mod fixture;
pub mod forge;
pub mod kannel;
pub mod power;
pub mod publish;
pub mod trace;

pub use bench::Bench;
pub use definition::Terms;
pub use export::Export;
pub use fixture::Case;
pub use publish::Published;
