//! A poll's address as a source: its figures first, then its checkpoint and tiles, or else its export into a temporary
//! file, each within limits of size and time.
//!
//! Entries are fetched last, so that there are at least those that page and JSON are of, whatever is published in
//! between; the fold is then compared at their size.

use crate::audit::{Options, Progress, audit, audit_published};
use crate::error::AuditError;
use crate::fetcher::{FetchError, Fetcher};
use crate::figures::{self, Figures, Shown};
use crate::limits::{
    CONNECT_TIME_MAX, EXPORT_BYTES_MAX, EXPORT_TIME_MAX, FIGURES_BYTES_MAX, FIGURES_TIME_MAX,
    RESPONSE_TIME_MAX,
};
use crate::report::PollReport;
use std::io::{self, Read, Write};
use std::time::Duration;
use tempfile::NamedTempFile;

/// Status codes that say "not now".
const REQUEST_TIMEOUT: u16 = 408;
const TOO_MANY_REQUESTS: u16 = 429;

/// Whether this source is an address and no path.
pub fn is_address(source: &str) -> bool {
    source.starts_with("http://") || source.starts_with("https://")
}

/// Audits the poll at `address` (`https://ur.example/polls/bridge`): by its tiles where it serves a checkpoint, else by its
/// export. `fetching` is given the bytes of the export so far, and how many there will be, if the server says so.
///
/// # Errors
/// If there is neither checkpoint nor export, or something cannot be fetched. Of page and JSON, one that is not there where
/// the other is, or that cannot be read, leaves V17 unchecked; where both are absent, as on a host of `publish`'s files,
/// there is nothing to compare, and the report says so.
pub fn audit_address(
    address: &str,
    options: &Options,
    fetching: &dyn Fn(u64, Option<u64>),
    progress: &dyn Fn(Progress),
) -> Result<PollReport, AuditError> {
    let address = address.trim_end_matches('/');
    let fetcher = Fetcher::of(address)?;
    let shown = shown_at(address);
    let options = Options {
        blocks: blocks_at(address, &shown),
        shown,
        ..options.clone()
    };
    match fetcher.checkpoint() {
        Err(FetchError::Missing { .. }) => {
            let export = fetch_export(&format!("{address}/export"), fetching)?;
            audit(export.path(), &options, progress)
        }
        Err(error @ FetchError::Unreadable { .. }) => Err(error.into()),
        // Whatever it is, it is there: what is wrong with it is a finding.
        _ => audit_published(fetcher, &options, progress),
    }
}

/// Figures of page and JSON.
fn shown_at(address: &str) -> Shown {
    let json = shown(&format!("{address}/results.json"), of_json);
    let page = shown(address, of_page);
    if let (Err(NoFigures::Absent(_)), Err(NoFigures::Absent(_))) = (&json, &page) {
        return Shown::NothingThere;
    }
    let in_words = |none: NoFigures| none.to_string();
    Shown::Documents(vec![
        ("results.json".into(), json.map_err(in_words)),
        ("the results page".into(), page.map_err(in_words)),
    ])
}

/// The question block in each language that `results.json` says there is, or why it could not be fetched.
fn blocks_at(address: &str, shown: &Shown) -> Vec<(String, Result<String, String>)> {
    let languages = shown.figures().flat_map(|figures| figures.languages.iter());
    let fetched = languages.filter(|tag| is_tag(tag)).map(|tag| {
        let block = text_at(&format!("{address}/question/{tag}"));
        (tag.clone(), block.map_err(|none| none.to_string()))
    });
    fetched.collect()
}

/// What may stand in an address as it is.
fn is_tag(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

/// Why there are no figures. A host of files answers in many ways for what it does not have, and nothing is hidden by one
/// that is not hidden by another.
#[derive(Debug, thiserror::Error)]
enum NoFigures {
    /// Nothing is there for whoever asks, or some other page: a file server's list of what it has, or its word for nothing.
    #[error("{0}")]
    Absent(String),
    #[error("{0}")]
    Unread(String),
}

fn of_json(text: &str) -> Result<Figures, NoFigures> {
    let read = figures::of_json(text);
    read.map_err(|why| match is_some_page(text) {
        true => NoFigures::Absent(why),
        false => NoFigures::Unread(why),
    })
}

/// A page that is not of results.
fn is_some_page(text: &str) -> bool {
    text.trim_start().starts_with('<') && !figures::is_of_results(text)
}

fn of_page(html: &str) -> Result<Figures, NoFigures> {
    let read = figures::of_page(html);
    read.map_err(|why| match is_some_page(html) {
        true => NoFigures::Absent(why),
        false => NoFigures::Unread(why),
    })
}

pub(crate) fn is_poll_address(address: &str) -> bool {
    let rest = address
        .strip_prefix("http://")
        .or_else(|| address.strip_prefix("https://"));
    rest.and_then(|rest| rest.split_once('/'))
        .is_some_and(|(host, path)| !host.is_empty() && !path.is_empty())
        && !address.contains(['?', '#', ' '])
}

fn shown(
    address: &str,
    read: fn(&str) -> Result<Figures, NoFigures>,
) -> Result<Figures, NoFigures> {
    read(&text_at(address)?)
}

fn text_at(address: &str) -> Result<String, NoFigures> {
    let (reader, _) = get(address, FIGURES_TIME_MAX).map_err(|error| match error {
        ureq::Error::StatusCode(REQUEST_TIMEOUT | TOO_MANY_REQUESTS) => {
            NoFigures::Unread(error.to_string())
        }
        ureq::Error::StatusCode(400..500) => NoFigures::Absent(error.to_string()),
        error => NoFigures::Unread(error.to_string()),
    })?;
    let mut bytes = Vec::new();
    let limited = reader.take(FIGURES_BYTES_MAX + 1).read_to_end(&mut bytes);
    limited.map_err(|error| NoFigures::Unread(error.to_string()))?;
    if bytes.len() as u64 > FIGURES_BYTES_MAX {
        let why = format!("it is longer than {FIGURES_BYTES_MAX} bytes");
        return Err(NoFigures::Unread(why));
    }
    // A list of files may be in any encoding; figures are in UTF-8, or do not read.
    Ok(String::from_utf8_lossy(&bytes).into_owned())
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
    let got = get(address, EXPORT_TIME_MAX);
    let (mut reader, total) = got.map_err(|error| failed(error.to_string()))?;
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
fn get(address: &str, time_max: Duration) -> Result<(impl Read, Option<u64>), ureq::Error> {
    let agent = ureq::Agent::config_builder()
        .timeout_connect(Some(CONNECT_TIME_MAX))
        .timeout_recv_response(Some(RESPONSE_TIME_MAX.min(time_max)))
        .timeout_recv_body(Some(time_max))
        .user_agent(concat!("sijill-auditor/", env!("CARGO_PKG_VERSION")))
        .build()
        .new_agent();
    let body = agent.get(address).call()?.into_body();
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
