//! The `Content-Security-Policy` headers under which the pages work.

use std::sync::LazyLock;

use data_encoding::BASE64;
use sha2::{Digest as _, Sha256};

/// The style sheet inside every page, compiled in and named by its hash in the policies.
pub(crate) const CSS: &str = include_str!("../static/page.css");
/// What the results page has besides.
pub(crate) const RESULTS_CSS: &str = include_str!("../static/results.css");

/// For every page but the results page: no script, no picture, no other origin; only the style
/// sheet inside the page, and forms that go back to where they came from.
pub static PAGE_CSP: LazyLock<String> = LazyLock::new(|| {
    format!(
        "default-src 'none'; style-src '{}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        source_hash(CSS)
    )
});

/// For the results page: besides, the live script of this origin and its stream.
pub static RESULTS_CSP: LazyLock<String> = LazyLock::new(|| {
    format!(
        "default-src 'none'; style-src '{}' '{}'; script-src 'self'; connect-src 'self'; \
         form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        source_hash(CSS),
        source_hash(RESULTS_CSS)
    )
});

/// A hash source of CSP level 2, over the exact text between `<style>` and `</style>`.
fn source_hash(style: &str) -> String {
    format!("sha256-{}", BASE64.encode(&Sha256::digest(style)))
}
