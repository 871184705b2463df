//! `sijill poll new`: a commented definition to start from.

use crate::durable_file::{self, Access};
use crate::fault::{Exit, Fault, input};
use crate::moment::rfc3339;
use crate::settings::Settings;
use crate::signing;
use anyhow::{Context, Result};
use serde_json::json;
use std::path::PathBuf;

const TEMPLATE: &str = include_str!("../../../templates/poll.toml");
const DAY_MS: u64 = 24 * 3_600 * 1_000;

/// Write a commented definition to start from
#[derive(Debug, clap::Args)]
#[command(
    after_help = "What is left empty is named by `sijill poll lint`, line by line.\n\nExample: sijill poll new poll.toml --slug coalition --languages ar,ckb,en --domain ur.example --country IQ --political"
)]
pub struct Args {
    /// The file; nothing is written over
    file: PathBuf,
    /// The poll's short name in addresses
    #[arg(long)]
    slug: String,
    /// Languages in the order offered, as BCP 47 tags
    #[arg(long, value_name = "TAGS", value_delimiter = ',', required = true)]
    languages: Vec<String>,
    /// The host where people find the poll
    #[arg(long, value_name = "HOST")]
    domain: String,
    /// The region by which phone numbers are read, as ISO 3166 has it
    #[arg(long, value_name = "REGION")]
    country: String,
    /// The question is political
    #[arg(long)]
    political: bool,
}

/// Carries it out.
pub fn run(args: &Args, settings: &Settings) -> Result<Exit> {
    let text = text(args, &operators(settings)?)?;
    let cannot = || Fault::Input(format!("cannot write `{}`", args.file.display()));
    durable_file::create_new(&args.file, text.as_bytes(), Access::Public).with_context(cannot)?;
    let file = args.file.display().to_string();
    let said = format!(
        "`{file}` is written. Fill in what is empty; `sijill poll lint {file}` says what is left, and `sijill poll open {file}` opens the poll"
    );
    settings.console.answer(&said, &json!({ "file": file }))?;
    Ok(Exit::Well)
}

/// The operators' keys of the data directory, as a definition lists them.
fn operators(settings: &Settings) -> Result<String> {
    let keys = signing::keys_at_hand(&settings.data(), settings.key.as_deref())?;
    let keys: Vec<String> = keys
        .iter()
        .map(|key| format!("\"{}\"", key.verifier))
        .collect();
    Ok(keys.join(", "))
}

fn text(args: &Args, operators: &str) -> Result<String> {
    let quoted: Vec<String> = args
        .languages
        .iter()
        .map(|tag| format!("\"{tag}\""))
        .collect();
    // What comes from the command line must not end a text of the file; whether it is right is for the lint.
    for given in [&args.slug, &args.domain, &args.country]
        .into_iter()
        .chain(&args.languages)
    {
        if !given
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-.:/".contains(c))
        {
            return Err(input(format!(
                "`{}` has a character that belongs in no short name, host or language tag",
                given.escape_debug()
            )));
        }
    }
    let now = signing::now() / DAY_MS * DAY_MS;
    let filled = TEMPLATE
        .replace("@SLUG@", &args.slug)
        .replace("@LANGUAGES@", &quoted.join(", "))
        .replace("@POLITICAL@", if args.political { "true" } else { "false" })
        .replace("@COUNTRY@", &args.country)
        .replace("@OPERATORS@", operators)
        .replace("@DOMAIN@", &args.domain)
        .replace("@START@", &rfc3339(now + 14 * DAY_MS))
        .replace("@END@", &rfc3339(now + 21 * DAY_MS));
    Ok(in_every_language(&filled, &args.languages))
}

/// Each line with a place for a language, once for each; its comment stands at the first.
fn in_every_language(text: &str, languages: &[String]) -> String {
    let mut lines = String::new();
    for line in text.lines() {
        if !line.contains("@LANG@") {
            lines += line;
            lines.push('\n');
            continue;
        }
        for (place, language) in languages.iter().enumerate() {
            let line = line.replace("@LANG@", language);
            let line = match line.rfind("# ").filter(|at| place > 0 && *at > 0) {
                Some(at) => line.get(..at).unwrap_or(&line).trim_end().to_owned(),
                None => line,
            };
            lines += &line;
            lines.push('\n');
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use sijill_poll::lint;

    fn made(languages: &[&str]) -> String {
        let args = Args {
            file: PathBuf::new(),
            slug: "coalition".to_owned(),
            languages: languages.iter().map(|tag| (*tag).to_owned()).collect(),
            domain: "ur.example".to_owned(),
            country: "IQ".to_owned(),
            political: false,
        };
        let key = sijill_ledger::SecretKey::from_seed([1; 32]).public_key();
        let key = sijill_ledger::note::VerifierKey::new("ur-operator", key).unwrap();
        text(&args, &format!("\"{key}\"")).unwrap()
    }

    /// Whoever fills in what lint names has a definition that passes.
    #[test]
    fn what_is_left_to_fill_in_is_all_that_is_wrong() {
        for languages in [&["en"][..], &["ar", "ckb", "en"]] {
            let text = made(languages);
            let findings = lint::lint(&text).findings;
            let numbers: std::collections::BTreeSet<u16> =
                findings.iter().map(|finding| finding.number).collect();
            // Empty texts and sender; options that read the same, since both are empty yet.
            assert!(numbers.is_subset(&[13, 39, 46].into()), "{findings:#?}");
            assert!(findings.len() > 20 * languages.len());
        }
    }

    #[test]
    fn with_its_texts_filled_in_it_passes() {
        let mut number = 0;
        let filled: Vec<String> = made(&["ar", "en"])
            .lines()
            .map(|line| {
                number += 1;
                match line {
                    line if line.starts_with("sender ") => line.replace("\"\"", "\"UR\""),
                    line if line.starts_with("text.") && line.contains("{link}") => {
                        line.replace("\"\\n{link}\"", "\"What?\\n{link}\"")
                    }
                    line if line.starts_with("text.") => line.replace("\"\"", "\"What?\""),
                    line if line.starts_with("label.") => {
                        line.replace("\"\"", &format!("\"Answer {number}\""))
                    }
                    line if line.starts_with('#') => line.to_owned(),
                    line => line.replacen("\"\"", "\"A text\"", 1),
                }
            })
            .collect();
        let text = filled.join("\n");
        let findings = lint::lint(&text).findings;
        assert!(findings.is_empty(), "{findings:#?}\n{text}");
    }
}
