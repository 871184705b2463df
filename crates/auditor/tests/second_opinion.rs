//! The second opinion: `tools/verify`, written from docs/SPEC.md alone, gives every check of every ledger the verdict
//! that this auditor gives it. Where the two differ, one of them or the specification is wrong.

mod bench_of_audits;
mod opinions;

use opinions::{blind, compare, given, honest, openings, published, wild};
use sijill_scenarios::forge::forgeries;

#[test]
fn both_verifiers_agree_on_honest_polls() {
    compare("honest", honest::honest());
}

#[test]
fn both_verifiers_agree_on_every_forgery() {
    let cases = forgeries()
        .into_iter()
        .map(|forgery| (forgery.name.to_owned(), (forgery.make)()))
        // It is given files here.
        .filter(|(_, case)| case.folder.is_none());
    compare("forged", cases.collect());
}

#[test]
fn both_verifiers_agree_on_entries_that_open_polls() {
    compare("openings", openings::openings());
}

#[test]
fn both_verifiers_agree_on_what_was_published() {
    compare("published", published::published());
}

#[test]
fn both_verifiers_agree_on_what_respondents_were_given() {
    compare("given", given::given());
}

#[test]
fn both_verifiers_agree_on_files_bent_blindly() {
    compare("bent", blind::files());
}

#[test]
fn both_verifiers_agree_on_entries_bent_in_whole_files() {
    compare("entries", blind::entries());
}

#[test]
fn both_verifiers_agree_on_polls_run_against_every_rule() {
    compare("wild", wild::polls());
}
