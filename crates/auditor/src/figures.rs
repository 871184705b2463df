//! The figures that a server shows: read from its JSON and from its results page, so that V17 can hold them against the
//! fold. Both are outside input: whatever does not read is an error in words, never a panic.

use serde::Deserialize;
use sijill_ledger::Link;
use sijill_poll::definition::limits::LANGUAGES_MAX;
use std::collections::BTreeMap;

/// What one document of a server shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figures {
    /// Languages of the question, where the document has them.
    pub languages: Vec<String>,
    /// Number of entries that the figures are of.
    pub size: u64,
    /// Link of the last of them, where the document has it.
    pub link: Option<Link>,
    /// The rows, option by option.
    pub options: Vec<Row>,
    /// Counts by stratum, where the document has them.
    pub strata: Vec<StratumRow>,
    /// Invitations that answered, where the document has it.
    pub answered: Option<u64>,
    /// Of them, those whose answer the platform typed in, where the document has it.
    pub assisted: Option<u64>,
    /// Invitations of the roster, where the document has it.
    pub invited: Option<u64>,
    /// Invitations in waves begun, where the document has it.
    pub planned: Option<u64>,
}

/// The figure of one option.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The option's id.
    pub id: String,
    /// The texts beside the figure, each with its language where the document says it.
    pub labels: Vec<(Option<String>, String)>,
    /// The figure: last answers.
    pub count: u64,
    /// The figure by first answers, where the document has it.
    pub first: Option<u64>,
}

/// The figures of one stratum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StratumRow {
    /// The stratum's id.
    pub id: String,
    /// By option, in the order of the options.
    pub counts: Vec<u64>,
    /// Its invitations, where the document has them.
    pub invited: Option<u64>,
}

/// What the place that is audited shows besides the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    /// The documents of a server in the order in which they were fetched, each with its name, and its figures or why there
    /// are none; none where no server is asked.
    Documents(Vec<(String, Result<Figures, String>)>),
    /// A server was asked, and shows no figures at all.
    NothingThere,
}

impl Shown {
    /// The documents.
    pub(crate) fn documents(&self) -> &[(String, Result<Figures, String>)] {
        match self {
            Self::Documents(documents) => documents,
            Self::NothingThere => &[],
        }
    }

    /// The figures that could be read.
    pub(crate) fn figures(&self) -> impl Iterator<Item = &Figures> {
        let documents = self.documents().iter();
        documents.filter_map(|(_, figures)| figures.as_ref().ok())
    }
}

impl Default for Shown {
    fn default() -> Self {
        Self::Documents(Vec::new())
    }
}

#[derive(Deserialize)]
struct JsonQuestion {
    /// Wordings by language.
    text: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Json {
    question: Option<JsonQuestion>,
    size: u64,
    link: String,
    options: Vec<JsonOption>,
    #[serde(default)]
    strata: Vec<JsonStratum>,
    answered: Option<u64>,
    assisted: Option<u64>,
    invited: Option<u64>,
    planned: Option<u64>,
}

#[derive(Deserialize)]
struct JsonOption {
    id: String,
    /// Wordings by language.
    label: BTreeMap<String, String>,
    count: u64,
    first_count: Option<u64>,
}

#[derive(Deserialize)]
struct JsonStratum {
    id: String,
    counts: Vec<u64>,
    invited: Option<u64>,
}

/// The figures of `results.json`.
pub fn of_json(text: &str) -> Result<Figures, String> {
    let json: Json =
        serde_json::from_str(text).map_err(|error| format!("it does not read: {error}"))?;
    let link = json
        .link
        .parse()
        .map_err(|_| "its `link` is none".to_owned())?;
    let options = json.options.into_iter().map(|option| Row {
        id: option.id,
        labels: option
            .label
            .into_iter()
            .map(|(language, wording)| (Some(language), wording))
            .collect(),
        count: option.count,
        first: option.first_count,
    });
    let strata = json.strata.into_iter().map(|stratum| StratumRow {
        id: stratum.id,
        counts: stratum.counts,
        invited: stratum.invited,
    });
    let languages = json.question.into_iter();
    let languages = languages.flat_map(|question| question.text.into_keys());
    Ok(Figures {
        languages: languages.take(LANGUAGES_MAX).collect(),
        size: json.size,
        link: Some(link),
        options: options.collect(),
        strata: strata.collect(),
        answered: json.answered,
        assisted: json.assisted,
        invited: json.invited,
        planned: json.planned,
    })
}

/// The figures of the results page: `<main data-size>`, rows `<tr data-option data-count>` with the option's text in
/// their `<th>`, `<tr data-total>`, and rows `<tr data-stratum>` of cells `<td data-count>`.
pub fn of_page(html: &str) -> Result<Figures, String> {
    let main = tags(html, "main").next().ok_or("it has no `<main>`")?;
    let size = number(main.attributes, "data-size").ok_or("its `<main>` has no `data-size`")?;
    let mut figures = Figures {
        languages: Vec::new(),
        size,
        link: None,
        options: Vec::new(),
        strata: Vec::new(),
        answered: None,
        assisted: None,
        invited: number(main.attributes, "data-invited"),
        planned: None,
    };
    for row in tags(html, "tr") {
        take_row(&row, &mut figures)?;
    }
    take_firsts(html, &mut figures)?;
    match figures.options.is_empty() {
        true => Err("it has no row with `data-option`".to_owned()),
        false => Ok(figures),
    }
}

/// Whether a document could be a results page, however it is written: browsers read more spellings than there are here.
pub(crate) fn is_of_results(html: &str) -> bool {
    let html = html.to_ascii_lowercase();
    ["data-size", "data-option", "data-total"]
        .iter()
        .any(|mark| html.contains(mark))
}

fn take_row(row: &Tag<'_>, figures: &mut Figures) -> Result<(), String> {
    if let Some(id) = attribute(row.attributes, "data-option") {
        figures.options.push(option_row(row, id)?);
    } else if let Some(id) = attribute(row.attributes, "data-stratum") {
        figures.strata.push(stratum_row(row, id)?);
    } else if let Some(total) = number(row.attributes, "data-total") {
        figures.answered = Some(total);
    }
    Ok(())
}

fn option_row(row: &Tag<'_>, id: String) -> Result<Row, String> {
    let label = label(row.content()).ok_or(format!("the row of option `{id}` has no text"))?;
    let count = number(row.attributes, "data-count");
    Ok(Row {
        labels: vec![(None, label)],
        count: count.ok_or(format!("the row of option `{id}` has no count"))?,
        first: None,
        id,
    })
}

fn stratum_row(row: &Tag<'_>, id: String) -> Result<StratumRow, String> {
    let cells = tags(row.content(), "td")
        .filter(|cell| attribute(cell.attributes, "data-stratum-option").is_some());
    let counts: Option<Vec<u64>> = cells
        .map(|cell| number(cell.attributes, "data-count"))
        .collect();
    Ok(StratumRow {
        counts: counts.ok_or(format!(
            "the row of stratum `{id}` has a cell without a count"
        ))?,
        invited: number(row.attributes, "data-invited"),
        id,
    })
}

/// The figures by first answers stand in a table of their own, of the same options.
fn take_firsts(html: &str, figures: &mut Figures) -> Result<(), String> {
    let mut rows: BTreeMap<String, &mut Row> = BTreeMap::new();
    for row in &mut figures.options {
        rows.entry(row.id.clone()).or_insert(row);
    }
    for tag in tags(html, "tr") {
        let Some(id) = attribute(tag.attributes, "data-first-option") else {
            continue;
        };
        let count = number(tag.attributes, "data-first-count");
        let count = count.ok_or(format!("the row of first answers for `{id}` has no count"))?;
        let row = rows.get_mut(&id);
        let none = || format!("the row of first answers for `{id}` is of no option");
        row.ok_or_else(none)?.first = Some(count);
    }
    Ok(())
}

/// The text of a row's head.
fn label(content: &str) -> Option<String> {
    let head = tags(content, "th").next()?;
    let text = head.after.split('<').next()?;
    Some(unescaped(text.trim()))
}

/// A tag: its attributes, and what stands behind it.
struct Tag<'a> {
    attributes: &'a str,
    after: &'a str,
}

impl<'a> Tag<'a> {
    /// Of a table's row: what stands in it. A row that is not closed ends where the next begins, so that no part of a
    /// document is looked at more than once, however it is made.
    fn content(&self) -> &'a str {
        let mut end = 0;
        for part in self.after.split_inclusive('<') {
            end += part.len();
            let next = self.after.get(end..).unwrap_or_default();
            if next.starts_with("/tr>") || opens(next, "tr") {
                return self.after.get(..end - 1).unwrap_or_default();
            }
        }
        self.after
    }
}

/// Whether a tag of this name begins here, behind its `<`.
fn opens(text: &str, name: &str) -> bool {
    text.strip_prefix(name)
        .is_some_and(|rest| rest.starts_with([' ', '\n', '>']))
}

/// The opening tags of this name, in order.
fn tags<'a>(html: &'a str, name: &'a str) -> impl Iterator<Item = Tag<'a>> {
    html.split('<').filter_map(move |part| {
        if !opens(part, name) {
            return None;
        }
        let rest = part.strip_prefix(name)?;
        let (attributes, _) = rest.split_once('>')?;
        // `part` ends at the next tag; what follows is the rest of the whole document.
        let start = (part.as_ptr() as usize).checked_sub(html.as_ptr() as usize)?;
        let after = html.get(start + name.len() + attributes.len() + 1..)?;
        Some(Tag { attributes, after })
    })
}

fn number(attributes: &str, name: &str) -> Option<u64> {
    attribute(attributes, name)?.parse().ok()
}

fn attribute(attributes: &str, name: &str) -> Option<String> {
    let start = format!(" {name}=\"");
    let (_, rest) = attributes.split_once(&start)?;
    let (value, _) = rest.split_once('"')?;
    Some(unescaped(value))
}

/// Text with its character references resolved: decimal ones, and the five that HTML writers use by name.
fn unescaped(text: &str) -> String {
    let mut parts = text.split('&');
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part
            .split_once(';')
            .and_then(|(name, rest)| Some((character(name)?, rest)))
        {
            Some((character, rest)) => {
                plain.push(character);
                plain.push_str(rest);
            }
            None => {
                plain.push('&');
                plain.push_str(part);
            }
        }
    }
    plain
}

fn character(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let digits = name.strip_prefix('#')?;
            match digits.strip_prefix('x') {
                Some(hex) => char::from_u32(u32::from_str_radix(hex, 16).ok()?),
                None => char::from_u32(digits.parse().ok()?),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PAGE: &str = r#"<!doctype html><html lang="en"><body>
<main data-size="21" data-state="closed" data-invited="12">
<table><thead><tr><th scope="col">Option</th></tr></thead><tbody>
<tr data-option="yes" data-count="3"><th scope="row">Yes<svg><rect width="30%"/></svg></th><td>3</td></tr>
<tr data-option="dont-know" data-count="4"><th scope="row">Don&#39;t know &amp; won&#x27;t</th><td>4</td></tr>
</tbody><tfoot><tr data-total="7"><th scope="row">All</th></tr></tfoot></table>
<table><tr data-first-option="yes" data-first-count="4"></tr><tr data-first-option="dont-know" data-first-count="5"></tr></table>
<table><tr data-stratum="north" data-invited="6"><th scope="row">North</th><td data-stratum-option="yes" data-count="1">1</td><td data-stratum-option="dont-know" data-count="2">2</td><td>3</td></tr></table>
</main>"#;

    #[test]
    fn a_page_is_read_row_by_row() {
        let figures = of_page(PAGE).expect("the page reads");
        assert_eq!(
            (figures.size, figures.answered, figures.invited),
            (21, Some(7), Some(12))
        );
        let row = |id: &str, label: &str, count| Row {
            id: id.into(),
            labels: vec![(None, label.into())],
            count,
            first: Some(count + 1),
        };
        assert_eq!(
            figures.options,
            [
                row("yes", "Yes", 3),
                row("dont-know", "Don't know & won't", 4)
            ]
        );
        let north = StratumRow {
            id: "north".into(),
            counts: vec![1, 2],
            invited: Some(6),
        };
        assert_eq!(figures.strata, [north]);
    }

    #[test]
    fn what_is_no_results_page_is_said_to_be_none() {
        for (html, why) in [
            ("", "`<main>`"),
            ("<main>", "data-size"),
            ("<main data-size=\"x\">", "data-size"),
            ("<main data-size=\"3\">", "data-option"),
            (
                "<main data-size=\"3\"><tr data-option=\"a\"><th>A</th>",
                "count",
            ),
        ] {
            let error = of_page(html).expect_err(html);
            assert!(error.contains(why), "{html}: {error}");
        }
    }

    #[test]
    fn json_is_read_and_what_is_none_is_told() {
        let link = "0".repeat(64);
        let json = format!(
            r#"{{"size":3,"link":"{link}","options":[{{"id":"yes","label":{{"en":"Yes"}},"count":2}}],"strata":[{{"id":"n","counts":[2]}}],"answered":2,"invited":9,"more":1}}"#
        );
        let figures = of_json(&json).expect("the JSON reads");
        assert_eq!(
            (figures.size, figures.answered, figures.invited),
            (3, Some(2), Some(9))
        );
        assert!(of_json("{}").is_err());
        assert!(of_json(&json.replace(&link, "0")).is_err());
    }

    /// A server that wants to be believed could also want not to be checked: a page of rows that are never closed made
    /// the auditor look through the rest of the document for each of them, for days. Its 16 MiB are now read once.
    #[test]
    fn a_page_made_to_be_slow_is_read_as_fast_as_any_other() {
        let rows = 100_000;
        let mut page = String::from("<main data-size=\"1\">");
        for place in 0..rows {
            page += &format!("<tr data-option=\"o{place}\" data-count=\"1\"><th>A");
        }
        for place in 0..rows {
            page += &format!("<tr data-first-option=\"o{place}\" data-first-count=\"1\">");
        }
        let start = std::time::Instant::now();
        let figures = of_page(&page).expect("every row has what it needs");
        assert_eq!(figures.options.len(), rows);
        assert!(figures.options.iter().all(|row| row.first == Some(1)));
        let took = start.elapsed();
        assert!(took < std::time::Duration::from_secs(30), "{took:?}");
    }

    proptest! {
        #[test]
        fn no_page_makes_the_reader_panic(html in "[<>a-z \"=&;#x0-9/é-]{0,200}") {
            let _ = of_page(&html);
            let _ = of_page(&format!("<main data-size=\"1\">{html}"));
        }
    }
}
