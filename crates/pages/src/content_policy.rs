//! The `Content-Security-Policy` headers under which the pages work.

use std::sync::LazyLock;

use data_encoding::BASE64;
use sha2::{Digest as _, Sha256};

use crate::Theme;

/// The style sheet inside every page, compiled in and named by its hash in the policies.
pub(crate) const CSS: &str = include_str!("../static/page.css");
/// What the results page has besides.
pub(crate) const RESULTS_CSS: &str = include_str!("../static/results.css");

/// What the page that checks receipts has besides.
pub(crate) const VERIFY_CSS: &str = include_str!("../static/verify.css");

/// The policies of all pages under a theme, each as its header says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policies {
    /// For every page but those below: no script, no picture, no other origin; only the style
    /// sheets inside the page, and forms that go back to where they came from.
    pub page: String,
    /// For the results page: besides, the live script of this origin and its stream.
    pub results: String,
    /// For the page that checks receipts: besides its styles, its script, which may reach nothing and nobody: no
    /// connection, no form that is sent, no markup made from text.
    pub verify: String,
}

/// [`Policies::page`] without a theme.
pub static PAGE_CSP: LazyLock<String> = LazyLock::new(|| page_policy(None));

/// [`Policies::results`] without a theme.
pub static RESULTS_CSP: LazyLock<String> = LazyLock::new(|| results_policy(None));

/// [`Policies::verify`] without a theme.
pub static VERIFY_CSP: LazyLock<String> = LazyLock::new(|| verify_policy(None));

impl Policies {
    /// The policies of pages with this theme, or with none.
    pub fn of(theme: Option<&Theme>) -> Self {
        Self {
            page: page_policy(theme),
            results: results_policy(theme),
            verify: verify_policy(theme),
        }
    }
}

fn page_policy(theme: Option<&Theme>) -> String {
    format!(
        "default-src 'none'; style-src {}; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        style_sources(theme, None)
    )
}

fn results_policy(theme: Option<&Theme>) -> String {
    format!(
        "default-src 'none'; style-src {}; script-src 'self'; connect-src 'self'; \
         form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        style_sources(theme, Some(RESULTS_CSS))
    )
}

fn verify_policy(theme: Option<&Theme>) -> String {
    format!(
        "default-src 'none'; style-src {}; script-src 'self'; connect-src 'none'; \
         form-action 'none'; base-uri 'none'; frame-ancestors 'none'; \
         require-trusted-types-for 'script'; trusted-types 'none'",
        style_sources(theme, Some(VERIFY_CSS))
    )
}

/// The style sheets inside a page, in their order.
fn style_sources(theme: Option<&Theme>, more: Option<&str>) -> String {
    let styles = [Some(CSS), theme.map(Theme::css), more];
    let sources: Vec<String> = styles.into_iter().flatten().map(source_hash).collect();
    sources.join(" ")
}

/// A hash source of CSP level 2, over the exact text between `<style>` and `</style>`.
fn source_hash(style: &str) -> String {
    format!("'sha256-{}'", BASE64.encode(&Sha256::digest(style)))
}
