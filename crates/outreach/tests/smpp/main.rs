//! The SMPP session against message centres that share no code with it: hand-made bytes, the crate `smpp34`, and npm's
//! `smpp`.

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
