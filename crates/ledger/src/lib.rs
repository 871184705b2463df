//! The ledger: entries, their canonical bytes, the BLAKE3 chain that ties them together, Ed25519 by one rule, signed
//! notes, and the tiled transparency log that they make: RFC 6962 tree, tiles, checkpoints, cosignatures, proofs, and
//! the policy that says whom to trust.
//!
//! Values in, values out: no clock, no randomness, no disk, no network, and nothing about polls. `poll` says what an
//! event means, `store` has the disk, `server` publishes and `auditor` fetches. A witness's memory and its protocol are
//! not here, nor does anything verify ML-DSA-44 yet. The byte formats are specified in `docs/SPEC.md`; those of the log
//! are C2SP's (signed-note, tlog-checkpoint, tlog-tiles, tlog-cosignature, tlog-proof, tlog-policy).
//!
//! | from | to | by |
//! | --- | --- | --- |
//! | entries | tiles | [`tile_writer`] |
//! | tiles and a root | proofs | [`tile_reader`] |
//! | a list of checkpoints | one after another | [`checkpoint_list`] |
//! | a checkpoint's text | [`checkpoint::VerifiedCheckpoint`], which the log signed | [`checkpoint`] |
//! | the same and a policy | [`policy::TrustedCheckpoint`], which witnesses saw | [`policy`] |
//! | a receipt and a policy | [`tlog_proof::VerifiedEntry`], which is in the log | [`tlog_proof`] |
//! | two checkpoints and a policy | [`fork::VerifiedFork`], two histories that the log signed | [`fork`] |

pub mod bundle;
pub mod chain;
pub mod checkpoint;
pub mod checkpoint_list;
pub mod codec;
pub mod container;
pub mod cosignature;
pub mod decimal;
pub mod entry;
mod excerpt;
pub mod fork;
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

pub use chain::{Head, Link, Linked};
pub use entry::{Entry, Event, Sealed};
pub use origin::Origin;
pub use signature::{PublicKey, SecretKey, Signature};
pub use tree::Hash;
