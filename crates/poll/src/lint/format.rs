//! The forms of short texts: ids, tags, names and addresses. Yes or no; what to say is `sections`'.

use sijill_ledger::origin::Origin;

use crate::definition::limits::{
    ADDRESS_BYTES_MAX, DOMAIN_BYTES_MAX, ID_BYTES_MAX, LANGUAGE_BYTES_MAX, LINK_PATH,
    LINK_PLACEHOLDER, SENDER_CHARS_MAX,
};
use crate::personal::{self, Kind};

/// `[a-z0-9-]`, 1 to 40.
pub(super) fn is_id(text: &str) -> bool {
    (1..=ID_BYTES_MAX).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// An id that starts with a letter.
pub(super) fn is_slug(text: &str) -> bool {
    is_id(text) && text.starts_with(|c: char| c.is_ascii_lowercase())
}

/// A language of two or three lower-case letters and any subtags of two to eight letters and digits;
/// it is public, and may not look like a phone number.
pub(super) fn is_language(text: &str) -> bool {
    let mut parts = text.split('-');
    let language = parts.next().unwrap_or("");
    text.len() <= LANGUAGE_BYTES_MAX
        && (2..=3).contains(&language.len())
        && language.bytes().all(|b| b.is_ascii_lowercase())
        && parts.all(|part| {
            (2..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric())
        })
        && personal::find(text).is_none()
}

/// Two capital letters, as ISO 3166 names a region.
pub(super) fn is_country(text: &str) -> bool {
    text.len() == 2 && text.bytes().all(|b| b.is_ascii_uppercase())
}

/// Up to eleven ASCII letters, digits, spaces, `-`, `_`, `.`; no space at either end.
pub(super) fn is_sender(text: &str) -> bool {
    (1..=SENDER_CHARS_MAX).contains(&text.len())
        && text.trim() == text
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b" -_.".contains(&b))
}

/// What an origin begins with: a lower-case host and perhaps a port.
pub(super) fn is_domain(text: &str) -> bool {
    text.len() <= DOMAIN_BYTES_MAX
        && !text.contains('/')
        && format!("{text}/polls").parse::<Origin>().is_ok()
}

/// A link prefix in its parts.
pub(super) struct LinkPrefix<'a> {
    pub(super) encrypted: bool,
    /// Host and port.
    pub(super) domain: &'a str,
}

/// `http(s)://`, a domain, and a path that ends with `/p/`.
pub(super) fn link_prefix(text: &str) -> Option<LinkPrefix<'_>> {
    let (scheme, rest) = text.split_once("://")?;
    let encrypted = match scheme {
        "https" => true,
        "http" => false,
        _ => return None,
    };
    let (domain, _) = rest.split_once('/')?;
    let origin = rest.strip_suffix('/')?;
    let well_formed = text.len() <= ADDRESS_BYTES_MAX
        && rest.ends_with(LINK_PATH)
        && is_domain(domain)
        && origin.parse::<Origin>().is_ok();
    well_formed.then_some(LinkPrefix { encrypted, domain })
}

/// Whether nobody but this machine reaches a domain.
pub(super) fn is_loopback(domain: &str) -> bool {
    let host = domain.split(':').next().unwrap_or(domain);
    host == "localhost"
        || host
            .parse::<std::net::Ipv4Addr>()
            .is_ok_and(|address| address.is_loopback())
}

/// How a message uses its placeholders.
pub(super) struct Placeholders {
    /// How often the link is in it.
    pub(super) links: usize,
    /// Whether a brace is left over once the links are taken out.
    pub(super) others: bool,
}

pub(super) fn placeholders(text: &str) -> Placeholders {
    Placeholders {
        links: text.matches(LINK_PLACEHOLDER).count(),
        others: text.replace(LINK_PLACEHOLDER, " ").contains(['{', '}']),
    }
}

/// Three to fifteen digits with spaces and `+-()./` around and between: hotlines too.
pub(super) fn is_phone(text: &str) -> bool {
    let digits = text.chars().filter(|c| personal::is_digit(*c)).count();
    text.len() <= ADDRESS_BYTES_MAX
        && (3..=15).contains(&digits)
        && text
            .chars()
            .all(|c| personal::is_digit(c) || " +-()./".contains(c))
}

/// One e-mail address and nothing else.
pub(super) fn is_email(text: &str) -> bool {
    text.len() <= ADDRESS_BYTES_MAX
        && personal::find(text)
            .is_some_and(|hit| hit.kind == Kind::Email && hit.range == (0..text.len()))
}

/// `http(s)://` and a host, printable ASCII without space or quotes.
pub(super) fn is_url(text: &str) -> bool {
    let rest = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    let host = rest.and_then(|rest| rest.split(['/', '?', '#']).next());
    text.len() <= ADDRESS_BYTES_MAX
        && host.is_some_and(is_domain)
        && text
            .bytes()
            .all(|b| b.is_ascii_graphic() && !b"\"'<>\\`".contains(&b))
}
