//! Reaching people: the vault with their numbers and tokens, the messages as they are sent, their delivery, and whoever
//! asks to be left alone.
//!
//! What may happen to a message is decided without clock, disk or network (`delivery`); around that stand the vault and
//! the journal (disk) and the gateways (network). It knows no ledger's log and no page: `sijill` records waves and says
//! who has answered.

#![forbid(unsafe_code)]

pub mod calendar;
pub mod deliveries;
pub mod delivery;
pub mod error;
pub mod gateway;
pub mod journal;
pub mod kannel;
pub mod limits;
#[cfg(feature = "bench")]
pub mod measure;
pub mod number;
pub mod pace;
mod paged_file;
pub mod receipt;
pub mod segment;
mod segment_ids;
pub mod sending;
pub mod smpp;
pub mod status;
pub mod stop;
pub mod stop_list;
mod tls;
pub mod vault;
pub mod wave;

pub use error::OutreachError;
