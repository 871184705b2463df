//! The part of the binary that others read too: how a roster file is read, so that it can be fuzzed, and the faults
//! that it tells. Everything else of `sijill` is in the binary alone.

pub mod fault;
pub mod roster_file;

// What the tests of the roster's parser read a definition from; the binary has them as its own.
#[cfg(test)]
pub mod demo_definition;
#[cfg(test)]
pub mod moment;
