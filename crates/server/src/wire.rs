//! What machines get over HTTP: small types of their own, converted by hand, so that no change inside moves them.

use crate::book::state_word;
use data_encoding::BASE64;
use serde::Serialize;
use sijill_poll::Poll;
use std::collections::BTreeMap;

/// `results.json`: everything as of one publication.
#[derive(Debug, Serialize)]
struct Results<'a> {
    slug: &'a str,
    origin: &'a str,
    poll_id: String,
    state: &'static str,
    /// Number of entries published, and the link of the last.
    size: u64,
    link: String,
    /// Milliseconds since 1970.
    published_at: u64,
    question: Question<'a>,
    options: Vec<OptionRow<'a>>,
    /// Open strata, and sealed ones once they are opened.
    strata: Vec<StratumRow<'a>>,
    answered: u64,
    assisted: u64,
    invited: u32,
    planned: u64,
    /// Entries that had been acknowledged and are lost, as each `Recovered` says; empty in a ledger that lost none.
    losses: Vec<LossRow>,
    rests_on: &'static str,
}

#[derive(Debug, Serialize)]
struct LossRow {
    /// Index of the first entry lost, where the `Recovered` stands.
    from: u64,
    /// Number of entries that had been acknowledged in all.
    acknowledged: u64,
}

#[derive(Debug, Serialize)]
struct Question<'a> {
    id: &'a str,
    text: BTreeMap<&'a str, &'a str>,
}

#[derive(Debug, Serialize)]
struct OptionRow<'a> {
    id: &'a str,
    label: BTreeMap<&'a str, &'a str>,
    /// Invitations whose last answer it is.
    count: u64,
    /// Invitations whose first answer it was.
    first_count: u64,
}

#[derive(Debug, Serialize)]
struct StratumRow<'a> {
    id: &'a str,
    name: BTreeMap<&'a str, &'a str>,
    invited: u32,
    /// In the order of the options.
    counts: &'a [u64],
}

/// The results of `poll` as it is, published at `at`.
pub fn results(poll: &Poll, at: u64) -> String {
    let definition = poll.definition();
    let results = Results {
        slug: &definition.slug,
        origin: poll.origin().as_str(),
        poll_id: BASE64.encode(poll.id().as_bytes()),
        state: state_word(poll, at),
        size: poll.head().size,
        link: poll.head().link.to_string(),
        published_at: at,
        question: Question {
            id: &definition.question.id,
            text: definition.question.text.iter().collect(),
        },
        options: options(poll),
        strata: strata(poll),
        answered: poll.tally().answered,
        assisted: poll.tally().assisted,
        invited: poll.committed().map_or(0, |roster| roster.count),
        planned: poll.planned(),
        losses: losses(poll),
        rests_on: "answers on the `link` rung: the platform could have answered for people who opened their link",
    };
    // Plain strings and integers always serialise.
    serde_json::to_string(&results).unwrap_or_default()
}

fn losses(poll: &Poll) -> Vec<LossRow> {
    let losses = poll.losses().iter();
    losses
        .map(|loss| LossRow {
            from: loss.from,
            acknowledged: loss.head_size,
        })
        .collect()
}

fn options(poll: &Poll) -> Vec<OptionRow<'_>> {
    let tally = poll.tally();
    let counts = tally.by_option.iter().zip(&tally.first_by_option);
    let options = poll.definition().options.iter();
    options
        .zip(counts)
        .map(|(option, (count, first))| OptionRow {
            id: &option.id,
            label: option.label.iter().collect(),
            count: *count,
            first_count: *first,
        })
        .collect()
}

fn strata(poll: &Poll) -> Vec<StratumRow<'_>> {
    let invited = poll.committed().map(|roster| roster.by_stratum.as_slice());
    let strata = poll
        .definition()
        .strata
        .iter()
        .zip(&poll.tally().by_stratum);
    strata
        .enumerate()
        .filter_map(|(place, (stratum, counts))| Some((place, stratum, counts.as_ref()?)))
        .map(|(place, stratum, counts)| StratumRow {
            id: &stratum.id,
            name: stratum.name.iter().collect(),
            invited: invited
                .and_then(|invited| invited.get(place))
                .copied()
                .unwrap_or(0),
            counts,
        })
        .collect()
}
