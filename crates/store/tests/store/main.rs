//! Stories of the store: a log written, stopped in every way, damaged, copied, exported and restored.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "what cannot be set up must stop the test that asked for it"
)]

mod appending;
mod bench;
mod copying;
mod crash;
mod damage;
mod data_dir;
mod exporting;
mod importing;
mod power;
mod salvage;
mod sizes;
mod starting;
