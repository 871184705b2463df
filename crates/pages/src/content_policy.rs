//! The `Content-Security-Policy` headers under which the pages work.

use std::sync::LazyLock;

use data_encoding::BASE64;
use sha2::{Digest as _, Sha256};

/// The style sheet inside every page, compiled in and named by its hash in the policies.
pub(crate) const CSS: &str = include_str!("../static/page.css");
/// What the results page has besides.
pub(crate) const RESULTS_CSS: &str = include_str!("../static/results.css");

/// What the page that checks receipts has besides.
pub(crate) const VERIFY_CSS: &str = include_str!("../static/verify.css");

/// For every page but those below: no script, no picture, no other origin; only the style
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

/// For the page that checks receipts: besides its styles, its script, which may reach nothing and nobody: no connection,
/// no form that is sent, no markup made from text.
pub static VERIFY_CSP: LazyLock<String> = LazyLock::new(|| {
    format!(
        "default-src 'none'; style-src '{}' '{}'; script-src 'self'; connect-src 'none'; \
         form-action 'none'; base-uri 'none'; frame-ancestors 'none'; \
         require-trusted-types-for 'script'; trusted-types 'none'",
        source_hash(CSS),
        source_hash(VERIFY_CSS)
    )
});

/// A hash source of CSP level 2, over the exact text between `<style>` and `</style>`.
fn source_hash(style: &str) -> String {
    format!("sha256-{}", BASE64.encode(&Sha256::digest(style)))
}
