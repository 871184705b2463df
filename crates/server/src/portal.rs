//! The address under which people reach this server: another server's, which passes requests on.
//!
//! It is a setting, and nothing of it is taken from requests: `Host`, `Forwarded` and `X-Forwarded-*` are whatever the
//! sender likes, and nothing here reads them, from whomever they come.

use crate::paths;
use sijill_ledger::Origin;
use sijill_poll::credential::Token;
use std::{fmt, str::FromStr};

/// Scheme, host and path below which another server offers the pages of this one: `https://portal.example/services`.
/// That server takes the path away before it passes a request on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PortalAddress {
    text: String,
    /// Length of scheme, host and port.
    host_end: usize,
}

/// Why a text is no address of a portal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Neither https nor http.
    #[error("`{0}` does not say how it is reached; write `https://{0}`")]
    NoScheme(String),
    /// A slash at its end.
    #[error("`{0}` ends with a slash, and every path begins with one; write it without")]
    Slash(String),
    /// A query or a fragment.
    #[error("a `?` or `#` is in it, and a page has its own; write scheme, host and path alone")]
    Query,
    /// A personal link in it, which is not repeated.
    #[error(
        "it looks like somebody's personal link, whose last part is a secret; write the address of the page before it, and if it was such a link, keep it to yourself"
    )]
    Token,
    /// A host or path that no poll's address can begin with.
    #[error(
        "`{0}` cannot stand before a poll's address; write a lower-case host, a port where it has one, and a path of letters, digits and `-._~`, as `https://portal.example/services`"
    )]
    Malformed(String),
}

impl PortalAddress {
    /// Scheme, host and port: `https://portal.example`.
    pub fn host(&self) -> &str {
        self.text.get(..self.host_end).unwrap_or_default()
    }

    /// Host, and port where it has one: `portal.example`.
    pub fn domain(&self) -> &str {
        let (_, domain) = self.host().split_once("://").unwrap_or_default();
        domain
    }

    /// What stands before every path of this server: `/services`, or nothing.
    pub fn path(&self) -> &str {
        self.text.get(self.host_end..).unwrap_or_default()
    }

    /// All of it but the scheme, as people type it.
    pub fn typed(&self) -> &str {
        let (_, rest) = self.text.split_once("://").unwrap_or_default();
        rest
    }

    /// The ledger's name with which a poll is where its name says: host, path, `polls`, slug.
    pub fn origin_of(&self, slug: &str) -> String {
        format!("{}{}", self.typed(), paths::results(slug))
    }
}

impl FromStr for PortalAddress {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        if text.split('/').any(is_token) {
            return Err(AddressError::Token);
        }
        let found = || text.to_owned();
        let rest = text
            .strip_prefix("https://")
            .or_else(|| text.strip_prefix("http://"))
            .ok_or_else(|| match text.contains("://") {
                true => AddressError::Malformed(found()),
                false => AddressError::NoScheme(found()),
            })?;
        if text.contains(['?', '#']) {
            return Err(AddressError::Query);
        }
        if rest.ends_with('/') {
            return Err(AddressError::Slash(found()));
        }
        format!("{rest}{}", paths::results("poll"))
            .parse::<Origin>()
            .map_err(|_| AddressError::Malformed(found()))?;
        let path = rest.find('/').map_or(0, |start| rest.len() - start);
        Ok(Self {
            host_end: text.len() - path,
            text: found(),
        })
    }
}

/// Whether a part of an address may be the secret of a link. Some 20 letters without a digit are a name: of a million
/// tokens six hundred are like that.
fn is_token(part: &str) -> bool {
    let part = part.split(['?', '#']).next().unwrap_or_default();
    part.contains(|c: char| c.is_ascii_digit()) && part.parse::<Token>().is_ok()
}

impl fmt::Display for PortalAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_host_and_perhaps_a_path() {
        for (text, host, path, origin) in [
            (
                "https://portal.example/services",
                "https://portal.example",
                "/services",
                "portal.example/services/polls/bridge",
            ),
            (
                "http://127.0.0.1:8080/a/b",
                "http://127.0.0.1:8080",
                "/a/b",
                "127.0.0.1:8080/a/b/polls/bridge",
            ),
            (
                "https://portal.example",
                "https://portal.example",
                "",
                "portal.example/polls/bridge",
            ),
        ] {
            let address: PortalAddress = text.parse().unwrap();
            assert_eq!((address.host(), address.path()), (host, path));
            assert!(host.ends_with(&format!("://{}", address.domain())));
            assert_eq!(address.origin_of("bridge"), origin);
            assert_eq!(address.to_string(), text);
        }
    }

    #[test]
    fn an_address_that_is_none_is_refused_with_what_to_write() {
        for (text, said) in [
            (
                "portal.example/services",
                "write `https://portal.example/services`",
            ),
            ("https://portal.example/", "write it without"),
            ("https://portal.example/services/", "write it without"),
            ("https://portal.example/services?x=1", "host and path alone"),
            ("https://portal.example/#top", "host and path alone"),
            ("ftp://portal.example", "lower-case host"),
            ("https://Portal.example", "lower-case host"),
            ("https://me@portal.example", "lower-case host"),
            ("https://portal.example//services", "lower-case host"),
            ("https://portal.example/a/../b", "lower-case host"),
            ("https://portal.example/%70", "lower-case host"),
            ("https://", "lower-case host"),
            ("", "write `https://`"),
        ] {
            let error = text.parse::<PortalAddress>().unwrap_err().to_string();
            assert!(error.contains(said), "{text}: {error}");
        }
    }

    #[test]
    fn a_personal_link_is_refused_and_not_repeated() {
        let token = "7k3vq0x9m2r8t5w1y6zb";
        for text in [
            format!("https://portal.example/p/{token}"),
            format!("portal.example/p/{token}/in/ar"),
            format!("https://portal.example/p/{}?a", token.to_uppercase()),
        ] {
            let error = text.parse::<PortalAddress>().unwrap_err();
            assert_eq!(error, AddressError::Token);
            assert!(!error.to_string().contains(token), "{error}");
        }
        // Twenty letters that a token could have, too.
        let name = "https://portal.example/department-of-statesx";
        assert!(name.parse::<PortalAddress>().is_ok());
    }
}
