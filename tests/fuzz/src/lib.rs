//! What must hold of every parser of outside bytes, whatever the bytes: one function a target, called by its fuzz
//! target in `fuzz/` and by the ordinary tests, which walk the seeds in `fuzz/corpus` and a few thousand changes of
//! each.
//!
//! A target asserts more than that nothing panics: what reads is written again as the same bytes, what is refused is
//! refused in words, and no input takes more memory or time than [`measure`] allows. It owns no parser and no seeds.
#![forbid(unsafe_code)]
#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "an assertion that does not hold is what a target is for"
)]

mod answer_form;
mod callback;
mod checkpoint;
mod checkpoints;
mod definition;
mod delivery;
mod desk;
mod entry;
mod export;
mod figures;
mod fork;
pub mod measure;
pub mod mutate;
mod note;
mod policy;
mod promise;
mod public_roster;
mod receipt;
mod roster;
pub mod seeds;
mod signature;
mod tile;
mod vault;

/// One parser of outside bytes.
#[derive(Clone, Copy)]
pub struct Target {
    /// Its name: of the fuzz target, and of the folder of its seeds.
    pub name: &'static str,
    /// Panics if these bytes show that something does not hold.
    check: fn(&[u8]),
    /// How many changes of each seed the ordinary tests try: so many that all of them take some seconds.
    pub changes: u32,
}

/// Every parser of outside bytes.
pub const TARGETS: [Target; 21] = [
    target("entry", entry::check, 600),
    target("export", export::check, 20),
    target("definition", definition::check, 12),
    target("roster", roster::check, 200),
    target("public_roster", public_roster::check, 40),
    target("form", answer_form::check, 2_000),
    target("promise", promise::check, 200),
    target("desk", desk::check, 600),
    target("note", note::check, 300),
    target("signature", signature::check, 60),
    target("figures", figures::check, 400),
    target("checkpoint", checkpoint::check, 150),
    target("checkpoints", checkpoints::check, 1_000),
    target("tile", tile::check, 1_000),
    target("policy", policy::check, 300),
    target("receipt", receipt::check, 300),
    target("fork", fork::check, 200),
    target("delivery", delivery::check, 1_000),
    target("callback", callback::check, 1_000),
    target("vault", vault::check_contacts, 1_000),
    target("secrets", vault::check_secrets, 1_000),
];

const fn target(name: &'static str, check: fn(&[u8]), changes: u32) -> Target {
    Target {
        name,
        check,
        changes,
    }
}

impl Target {
    /// The target of this name.
    pub fn named(name: &str) -> Self {
        let found = TARGETS.iter().find(|target| target.name == name);
        *found.expect("the name is one of a target")
    }

    /// Panics if these bytes show that something does not hold, or takes too much memory or time.
    pub fn run(&self, bytes: &[u8]) {
        measure::within_limits(|| (self.check)(bytes));
    }
}
