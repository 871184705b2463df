//! Every public path, built and parsed in one place.

/// The front page.
pub const HOME: &str = "/";
/// The script of the results page.
pub const LIVE_JS: &str = "/static/live.js";
/// The page that checks receipts in the reader's browser.
pub const VERIFY: &str = "/verify";
/// Its script.
pub const VERIFY_JS: &str = "/static/verify.js";
/// Whether the service takes answers.
pub const HEALTH: &str = "/health";

/// What every personal link is below, and where a poll's link prefix ends.
pub const LINKS: &str = "/p/";

/// Routes as axum reads them.
pub mod route {
    /// The page behind a personal link.
    pub const ANSWER: &str = "/p/{token}";
    /// The same in a language.
    pub const ANSWER_IN: &str = "/p/{token}/in/{language}";
    /// What was recorded behind a link, in a language.
    pub const CONFIRMATION_IN: &str = "/p/{token}/confirmation/in/{language}";
    /// The promise for the answer of a link.
    pub const PROMISE: &str = "/p/{token}/promise";
    /// The receipt for the answer of a link, or its promise until there is one: a file.
    pub const RECEIPT: &str = "/p/{token}/receipt";
    /// The receipt's page in a language.
    pub const RECEIPT_IN: &str = "/p/{token}/receipt/in/{language}";
    /// Where whoever has a link asks for no more messages.
    pub const STOP: &str = "/p/{token}/stop";
    /// The same in a language.
    pub const STOP_IN: &str = "/p/{token}/stop/in/{language}";
    /// The results page; the poll's address.
    pub const RESULTS: &str = "/polls/{slug}";
    /// The same in a language.
    pub const RESULTS_IN: &str = "/polls/{slug}/in/{language}";
    /// The results for machines.
    pub const RESULTS_JSON: &str = "/polls/{slug}/results.json";
    /// Publications as server-sent events.
    pub const LIVE: &str = "/polls/{slug}/live";
    /// The ledger up to the last publication.
    pub const EXPORT: &str = "/polls/{slug}/export";
    /// Takes promises that were broken.
    pub const OBJECTIONS: &str = "/polls/{slug}/objections";
    /// The definition as it was signed.
    pub const DEFINITION: &str = "/polls/{slug}/definition";
    /// The roster's leaves.
    pub const ROSTER: &str = "/polls/{slug}/roster";
    /// The question block of the answer page, in a language.
    pub const QUESTION: &str = "/polls/{slug}/question/{language}";
    /// The newest checkpoint.
    pub const CHECKPOINT: &str = "/polls/{slug}/checkpoint";
    /// Every published checkpoint.
    pub const CHECKPOINTS: &str = "/polls/{slug}/checkpoints";
    /// A tile of hashes.
    pub const HASHES: &str = "/polls/{slug}/tile/{level}/{*rest}";
    /// A bundle of entries.
    pub const BUNDLE: &str = "/polls/{slug}/tile/entries/{*rest}";
    /// The receipt of an entry under a published checkpoint.
    pub const RECEIPT_UNDER: &str = "/polls/{slug}/receipt/{size}/{index}";
    /// The consistency proof between two published sizes.
    pub const CONSISTENCY: &str = "/polls/{slug}/consistency/{old}/{new}";
}

/// Whether this is the path of a [`route::OBJECTIONS`].
pub fn is_objections(path: &str) -> bool {
    path.starts_with("/polls/") && path.ends_with("/objections")
}

/// Whether a poll's address has a character in its longer form (`%30`). None needs it, and caches would keep one thing
/// under two names.
pub fn is_spelled_otherwise(path: &str) -> bool {
    path.starts_with("/polls/") && path.contains('%')
}

/// The front page in a language.
pub fn home_in(language: &str) -> String {
    format!("/in/{language}")
}

/// The route of [`home_in`].
pub const HOME_IN: &str = "/in/{language}";

/// The page that checks receipts, in a language.
pub fn verify_in(language: &str) -> String {
    format!("{VERIFY}/in/{language}")
}

/// The route of [`verify_in`].
pub const VERIFY_IN: &str = "/verify/in/{language}";

/// The page behind a personal link.
pub fn answer(token: &str) -> String {
    format!("/p/{token}")
}

/// The same in a language.
pub fn answer_in(token: &str, language: &str) -> String {
    format!("/p/{token}/in/{language}")
}

/// What was recorded behind a link, in a language.
pub fn confirmation_in(token: &str, language: &str) -> String {
    format!("/p/{token}/confirmation/in/{language}")
}

/// The promise for the answer of a link.
pub fn promise(token: &str) -> String {
    format!("/p/{token}/promise")
}

/// The receipt for the answer of a link, as a file.
pub fn receipt(token: &str) -> String {
    format!("/p/{token}/receipt")
}

/// The receipt's page in a language.
pub fn receipt_in(token: &str, language: &str) -> String {
    format!("/p/{token}/receipt/in/{language}")
}

/// Where whoever has a link asks for no more messages, in a language.
pub fn stop_in(token: &str, language: &str) -> String {
    format!("/p/{token}/stop/in/{language}")
}

/// The results page.
pub fn results(slug: &str) -> String {
    format!("/polls/{slug}")
}

/// The results page in a language.
pub fn results_in(slug: &str, language: &str) -> String {
    format!("/polls/{slug}/in/{language}")
}

/// What else a poll's address serves: `results.json`, `live`, `export`, `definition`, `roster` or `objections`.
pub fn of_poll(slug: &str, part: &str) -> String {
    format!("/polls/{slug}/{part}")
}

/// What the operator's monitor is below.
pub const MONITOR: &str = "/monitor";
/// The monitor in a language.
pub const MONITOR_IN: &str = "/monitor/in/{language}";
/// A link that opens it once.
pub const MONITOR_LINK: &str = "/monitor/{secret}";
/// Its script.
pub const MONITOR_JS: &str = "/static/monitor.js";

/// The link with this secret.
pub fn monitor_link(secret: &str) -> String {
    format!("{MONITOR}/{secret}")
}
