//! The part of the binary that others read too: how rosters are read, as operators write them and as a sender hands them
//! over, so that it can be fuzzed; with the faults that it tells, and how files are written. Everything else of `sijill`
//! is in the binary alone.

pub mod durable_file;
pub mod fault;
pub mod public_roster;
pub mod roster_file;

// What the tests of the roster's parser read a definition from; the binary has them as its own.
#[cfg(test)]
pub mod demo_definition;
#[cfg(test)]
pub mod moment;
