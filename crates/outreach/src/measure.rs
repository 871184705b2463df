//! What only benchmarks may do; compiled for nobody else (feature `bench`).

/// The codec, for a bare loop with the same one.
pub use rusmpp;
