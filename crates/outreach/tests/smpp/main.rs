//! The SMPP session against message centres that share no code with it: hand-made bytes, the crate `smpp34`, and npm's
//! `smpp`.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "what cannot be set up must stop the test that asked for it"
)]

mod any;
mod deaf;
mod delivered;
mod desk;
mod lost;
mod npm;
mod raw;
mod refused;
mod secured;
mod smpp34;
mod wire;
