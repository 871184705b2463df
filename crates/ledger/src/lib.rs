//! The ledger: entries, their canonical bytes, the BLAKE3 chain that ties them together, the RFC 6962 tree hash,
//! Ed25519 by one rule, and signed notes.
//!
//! Values in, values out: no clock, no randomness, no disk, no network, and nothing about polls. `poll` says what an
//! event means, `store` has the disk, `auditor` and `server` bring the rest. Checkpoints, proofs and policies are not
//! here yet; `tree` holds the hashes they will stand on. The byte formats are specified in `docs/SPEC.md`.

pub mod bundle;
pub mod chain;
pub mod checkpoint;
pub mod codec;
pub mod container;
pub mod cosignature;
mod decimal;
pub mod entry;
pub mod limits;
pub mod note;
pub mod origin;
pub mod policy;
pub mod proof;
mod reader;
pub mod signature;
pub mod tile;
pub mod tile_reader;
pub mod tile_writer;
pub mod tlog_proof;
pub mod tree;

pub use chain::{Head, Link};
pub use entry::{Entry, Event, Sealed};
pub use origin::Origin;
pub use signature::{PublicKey, SecretKey, Signature};
pub use tree::Hash;
