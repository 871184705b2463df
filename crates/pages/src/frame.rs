//! What every page has around it: whose it is, its language and the way to the others.

use std::sync::Arc;

use crate::{Language, Theme};

/// The frame of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The language of the page.
    pub language: Language,
    /// The platform's domain, host and where needed port, shown at the top of every page.
    pub domain: String,
    /// Ready links to the same page in every language offered, this one too; none where there is
    /// no choice.
    pub links: Vec<LanguageLink>,
    /// Whether nothing here is a poll: an operator looks at what people would see.
    pub preview: bool,
    /// The platform's theme, if it has one.
    pub theme: Option<Arc<Theme>>,
}

/// A link to the same page in a language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LanguageLink {
    /// The language behind the link.
    pub language: Language,
    /// The address, as `/p/TOKEN/in/ckb`.
    pub href: String,
}
