//! Sending, against a gateway that does as the test says: what leaves, what is repeated, what is counted.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "what cannot be set up must stop the test that asked for it"
)]

mod counting;
mod crashes;
mod fixture;
mod refusals;
mod waiting;
