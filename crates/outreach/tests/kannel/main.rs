//! The gateway over HTTP against a server that the tests script, and against Debian's Kannel with the configuration in
//! `contrib/kannel`, behind which the crate `smpp34` is the message centre.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "what cannot be set up must stop the test that asked for it"
)]

mod answers;
mod any;
mod callbacks;
mod centre;
mod desk;
mod lost;
mod program;
mod real;
mod secured;
mod server;
