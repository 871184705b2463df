//! A poll's address as a source: its figures first, then its export into a temporary file, each within limits of size
//! and time.
//!
//! The export is fetched last, so that it has at least the entries that page and JSON are of, whatever is published in
//! between; the fold is then compared at their size.

use crate::error::AuditError;
use crate::figures::{self, Figures, Shown};
use crate::limits::{
    CONNECT_TIME_MAX, EXPORT_BYTES_MAX, EXPORT_TIME_MAX, FIGURES_BYTES_MAX, FIGURES_TIME_MAX,
    RESPONSE_TIME_MAX,
};
use std::io::{self, Read, Write};
use std::time::Duration;
use tempfile::NamedTempFile;

/// What an address gave.
#[derive(Debug)]
pub struct Fetched {
    /// The export; the file is removed when this is dropped.
    pub export: NamedTempFile,
    /// What page and JSON show, for [`crate::Options::shown`].
    pub shown: Shown,
}

/// Whether this source is an address and no path.
pub fn is_address(source: &str) -> bool {
    source.starts_with("http://") || source.starts_with("https://")
}

/// Fetches page, JSON and export of the poll at `address` (`https://ur.example/polls/bridge`). `progress` is given the
/// bytes of the export so far, and how many there will be, if the server says so.
///
/// # Errors
/// If there is no export. A page or JSON that is not there is told in [`Shown`].
pub fn fetch(address: &str, progress: &dyn Fn(u64, Option<u64>)) -> Result<Fetched, AuditError> {
    let address = address.trim_end_matches('/');
    if !is_poll_address(address) {
        return Err(AuditError::Address {
            address: address.to_owned(),
        });
    }
    let json = format!("{address}/results.json");
    let shown = Shown {
        documents: vec![
            ("results.json".into(), shown(&json, figures::of_json)),
            ("the results page".into(), shown(address, figures::of_page)),
        ],
    };
    let export = fetch_export(&format!("{address}/export"), progress)?;
    Ok(Fetched { export, shown })
}

pub(crate) fn is_poll_address(address: &str) -> bool {
    let rest = address
        .strip_prefix("http://")
        .or_else(|| address.strip_prefix("https://"));
    rest.and_then(|rest| rest.split_once('/'))
        .is_some_and(|(host, path)| !host.is_empty() && !path.is_empty())
        && !address.contains(['?', '#', ' '])
}

fn shown(address: &str, read: fn(&str) -> Result<Figures, String>) -> Result<Figures, String> {
    let (reader, _) = get(address, FIGURES_TIME_MAX)?;
    let mut bytes = Vec::new();
    let limited = reader.take(FIGURES_BYTES_MAX + 1).read_to_end(&mut bytes);
    limited.map_err(|error| error.to_string())?;
    if bytes.len() as u64 > FIGURES_BYTES_MAX {
        return Err(format!("it is longer than {FIGURES_BYTES_MAX} bytes"));
    }
    let text = String::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned())?;
    read(&text)
}

fn fetch_export(
    address: &str,
    progress: &dyn Fn(u64, Option<u64>),
) -> Result<NamedTempFile, AuditError> {
    let failed = |why: String| AuditError::Fetch {
        address: address.to_owned(),
        why,
    };
    let kept = |source| AuditError::Keep {
        address: address.to_owned(),
        source,
    };
    let (mut reader, total) = get(address, EXPORT_TIME_MAX).map_err(failed)?;
    let mut file = NamedTempFile::new().map_err(kept)?;
    let mut buffer = vec![0; 1 << 16];
    let mut done = 0;
    loop {
        let part =
            next_part(&mut reader, &mut buffer).map_err(|error| failed(error.to_string()))?;
        if part.is_empty() {
            break;
        }
        done += part.len() as u64;
        if done > EXPORT_BYTES_MAX {
            return Err(failed(format!(
                "it is longer than {EXPORT_BYTES_MAX} bytes"
            )));
        }
        file.write_all(part).map_err(kept)?;
        progress(done, total);
    }
    file.flush().map_err(kept)?;
    Ok(file)
}

fn next_part<'a>(reader: &mut impl Read, buffer: &'a mut [u8]) -> io::Result<&'a [u8]> {
    let length = reader.read(buffer)?;
    Ok(buffer.get(..length).unwrap_or_default())
}

/// The body at this address, and its length if the server says so.
fn get(address: &str, time_max: Duration) -> Result<(impl Read, Option<u64>), String> {
    let agent = ureq::Agent::config_builder()
        .timeout_connect(Some(CONNECT_TIME_MAX))
        .timeout_recv_response(Some(RESPONSE_TIME_MAX.min(time_max)))
        .timeout_recv_body(Some(time_max))
        .user_agent(concat!("sijill-auditor/", env!("CARGO_PKG_VERSION")))
        .build()
        .new_agent();
    let response = agent
        .get(address)
        .call()
        .map_err(|error| error.to_string())?;
    let body = response.into_body();
    let length = body.content_length();
    Ok((body.into_with_config().limit(u64::MAX).reader(), length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_host_and_a_path() {
        for good in [
            "http://127.0.0.1:8181/polls/bridge",
            "https://ur.example/polls/bridge",
        ] {
            assert!(is_poll_address(good), "{good}");
        }
        for bad in [
            "ur.example/polls/x",
            "ftp://a/b",
            "http://",
            "http:///x",
            "http://a/",
            "http://a/b?c",
            "http://a b/c",
        ] {
            assert!(!is_poll_address(bad), "{bad}");
        }
    }
}
