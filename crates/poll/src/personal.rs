//! Personal data in a text that will be public for ever: check V32's scan, and the texts it goes over.
//!
//! Owns what counts as a phone number, an e-mail or an IP address. Whoever reports a hit names its
//! kind and place and never repeats the value.
//!
//! The rules, E1 to P11, are in `docs/SPEC.md`, section 6, in words from which another implementation finds the
//! same hits.

use std::{fmt, ops::Range};

use crate::definition::{Definition, Localised};

mod address;
mod phone;

#[cfg(test)]
mod tests;

/// What kind of personal data a text seems to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// An e-mail address.
    Email,
    /// An IPv4 address.
    Ipv4,
    /// An IPv6 address.
    Ipv6,
    /// A phone number.
    Phone,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Email => "an e-mail address",
            Self::Ipv4 => "an IPv4 address",
            Self::Ipv6 => "an IPv6 address",
            Self::Phone => "a phone number",
        })
    }
}

/// A place in a text that looks like personal data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// What it looks like.
    pub kind: Kind,
    /// Where it stands, in bytes.
    pub range: Range<usize>,
}

/// The first place in `text` that looks like personal data, by the rules of the specification.
#[must_use]
pub fn find(text: &str) -> Option<Hit> {
    [
        (Kind::Email, address::email(text)),
        (Kind::Ipv4, address::ipv4(text)),
        (Kind::Ipv6, address::ipv6(text)),
        (Kind::Phone, phone::phone(text)),
    ]
    .into_iter()
    .filter_map(|(kind, range)| range.map(|range| Hit { kind, range }))
    .min_by_key(|hit| (hit.range.start, hit.kind))
}

/// Whether `c` is a digit by rule P1.
#[must_use]
pub fn is_digit(c: char) -> bool {
    phone::digit(c).is_some()
}

/// Every text of a definition that [`find`] goes over, with its path (`option.yes.label.ar`).
///
/// These are all its texts but `[contact]`, `[keys]`, `who.platform.domain`, `message.link_prefix`,
/// languages, country, numbers, dates and words from a list. Comments are no part of a
/// [`Definition`]; lint goes over them in the text itself.
pub fn texts(definition: &Definition) -> impl Iterator<Item = (String, &str)> {
    let plain = [
        ("slug", definition.slug.as_str()),
        ("question.id", definition.question.id.as_str()),
        ("message.sender", definition.message.sender.as_str()),
    ];
    plain
        .into_iter()
        .map(|(path, text)| (path.to_owned(), text))
        .chain(localised_fields(definition).flat_map(|(path, text)| wordings(path, text)))
        .chain(
            definition
                .options
                .iter()
                .flat_map(|option| listed("option", &option.id, "label", &option.label)),
        )
        .chain(
            definition
                .strata
                .iter()
                .flat_map(|stratum| listed("stratum", &stratum.id, "name", &stratum.name)),
        )
}

fn localised_fields(definition: &Definition) -> impl Iterator<Item = (&'static str, &Localised)> {
    let (who, sample, disclosure) = (&definition.who, &definition.sample, &definition.disclosure);
    [
        ("question.text", &definition.question.text),
        ("who.sponsor.name", &who.sponsor),
        ("who.conductor.name", &who.conductor),
        ("who.platform.name", &who.platform.name),
        ("sample.population", &sample.population),
        ("sample.frame", &sample.frame),
        ("sample.sampling", &sample.sampling),
        ("sample.mode", &sample.mode),
        ("sample.weighting", &sample.weighting),
        ("message.text", &definition.message.text),
        ("disclosure.exclusions", &disclosure.exclusions),
        ("disclosure.limitations", &disclosure.limitations),
        ("disclosure.privacy", &disclosure.privacy),
    ]
    .into_iter()
    .chain(
        who.why_they_differ
            .iter()
            .map(|why| ("who.why_they_differ", why)),
    )
}

/// Id and wordings of an entry of a list.
fn listed<'a>(
    list: &'static str,
    id: &'a str,
    field: &'static str,
    text: &'a Localised,
) -> impl Iterator<Item = (String, &'a str)> {
    std::iter::once((format!("{list}.{id}.id"), id))
        .chain(wordings(format!("{list}.{id}.{field}"), text))
}

fn wordings(path: impl fmt::Display, text: &Localised) -> impl Iterator<Item = (String, &str)> {
    text.iter()
        .map(move |(language, wording)| (format!("{path}.{language}"), wording))
}
