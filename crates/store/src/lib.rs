//! The disk: a service's data directory, the log in it (sled, wrapped and distrusted), exports written and imports
//! read.
//!
//! It knows entries and chains, and nothing of polls: what an entry means is for whoever loads the log. It has no
//! clock and no network. Everything it promises rests on one order: frames, flush, `fdatasync`, head file, and only
//! then an acknowledgement (`log::Log::append`).

pub mod checkpoint_store;
mod clean;
mod copy;
pub mod data_dir;
mod error;
pub mod export;
pub mod files;
mod frame;
mod head;
mod import;
mod join;
pub mod limits;
pub mod log;
#[cfg(feature = "bench")]
pub mod measure;
mod medium;
pub mod public_folder;
mod publish;
mod repair;
pub mod scrub;
mod sled_medium;
pub mod space;

pub use checkpoint_store::CheckpointStore;
pub use copy::private_copy;
pub use data_dir::DataDir;
pub use error::StoreError;
pub use import::import;
pub use log::{Append, Loaded, Log, Salvaged, Written};
pub use public_folder::PublicFolder;
pub use publish::{Copied, publish};
pub use repair::{Repair, Repaired, claimed_size, repair};

// Tests below the seam share the bench of the stories, which names the crate as everybody does.
#[cfg(test)]
extern crate self as sijill_store;
