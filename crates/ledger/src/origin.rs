//! The origin: a ledger's name.

use crate::limits::ORIGIN_BYTES_MAX;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// A ledger's name, fixed at opening: lower-case host, optional port, path (`ur.example/polls/coalition-2024`).
///
/// ASCII; no space, plus, percent, query, fragment or empty path segment; at most 240 bytes. It should be, but need
/// not be, where the poll is served.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Origin(String);

/// Why a text is no origin.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OriginError {
    /// Longer than an origin may be.
    #[error("the origin has {found} bytes, expected at most {ORIGIN_BYTES_MAX}")]
    TooLong {
        /// Number of bytes.
        found: usize,
    },
    /// Not host, optional port and path.
    #[error(
        "`{found}` is no origin: expected a lower-case host, an optional port and a path, as `ur.example/polls/coalition-2024`"
    )]
    Malformed {
        /// The text.
        found: String,
    },
}

impl Origin {
    /// The origin as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Origin {
    type Err = OriginError;

    fn from_str(text: &str) -> Result<Self, OriginError> {
        Self::try_from(text.to_owned())
    }
}

impl TryFrom<String> for Origin {
    type Error = OriginError;

    fn try_from(text: String) -> Result<Self, OriginError> {
        if text.len() > ORIGIN_BYTES_MAX {
            return Err(OriginError::TooLong { found: text.len() });
        }
        match text.split_once('/') {
            Some((host, path)) if is_host(host) && path.split('/').all(is_segment) => {
                Ok(Self(text))
            }
            _ => Err(OriginError::Malformed { found: text }),
        }
    }
}

/// A host name or IPv4 address in lower case, with or without a port.
fn is_host(text: &str) -> bool {
    let (name, port) = match text.split_once(':') {
        Some((name, port)) => (name, Some(port)),
        None => (text, None),
    };
    let label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    name.split('.').all(label) && port.is_none_or(is_port)
}

/// A port as it is written: 1 to 65535 without leading zeros.
fn is_port(text: &str) -> bool {
    text.parse::<u16>()
        .is_ok_and(|port| port > 0 && port.to_string() == text)
}

fn is_segment(text: &str) -> bool {
    !text.is_empty()
        && text != "."
        && text != ".."
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b))
}

impl From<Origin> for String {
    fn from(origin: Origin) -> Self {
        origin.0
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_ports_and_paths_are_origins() {
        for good in [
            "ur.example/polls/coalition-2024",
            "127.0.0.1:8181/polls/coalition",
            "localhost:1/p",
        ] {
            assert_eq!(good.parse::<Origin>().unwrap().as_str(), good);
        }
    }

    #[test]
    fn what_could_be_read_two_ways_is_no_origin() {
        for bad in [
            "",
            "ur.example",
            "ur.example/",
            "ur.example/a/",
            "ur.example//a",
            "Ur.example/a",
            "ur.example/a b",
            "ur.example/a+b",
            "ur.example/a%20",
            "ur.example:0/a",
            "ur.example:080/a",
            "ur.example:99999/a",
            "https://ur.example/a",
            "ur.example/a?b",
            "ur.example/a#b",
            "ur.example/سجل",
            "-ur.example/a",
            "ur.example/..",
            "ur..example/a",
            "ur.example/a\n",
        ] {
            assert!(bad.parse::<Origin>().is_err(), "{bad:?}");
        }
        let long = format!("ur.example/{}", "a".repeat(ORIGIN_BYTES_MAX));
        assert!(matches!(
            long.parse::<Origin>(),
            Err(OriginError::TooLong { .. })
        ));
    }
}
