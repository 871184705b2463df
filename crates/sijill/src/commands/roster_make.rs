//! `sijill roster make`: the sender's side of a poll whose platform never holds a token.
//!
//! Tokens, contacts and keys stay in this data directory; the platform gets the file of leaves.

use super::poll::lint;
use super::roster_import::{rows, rows_in_words};
use crate::console::grouped;
use crate::fault::{Exit, input, not_so};
use crate::public_roster;
use crate::roster_intake::Intake;
use crate::roster_making::{self, Held};
use crate::settings::Settings;
use crate::signing;
use crate::vault_keeping;
use anyhow::Result;
use serde_json::{Value, json};
use sijill_ledger::Origin;
use sijill_poll::definition::{Definition, TokenMaker};
use std::path::{Path, PathBuf};

/// Make a roster where the messages are sent, for a platform that never holds a token
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Run it once, after the definition is final: a second roster has other tokens. Tokens, contacts and keys stay in the data directory; only the file of `--out` goes to the platform.\n\nExample: sijill roster make roster.csv --definition poll.toml --out public.roster --data ./sender-data"
)]
pub struct Args {
    #[command(flatten)]
    intake: Intake,
    /// The poll's definition
    #[arg(long, value_name = "FILE")]
    definition: PathBuf,
    /// The ledger's name [default: the platform's domain, `/polls/` and the slug]
    #[arg(long, value_name = "ORIGIN")]
    origin: Option<String>,
    /// The file to write for the platform
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

/// Carries it out.
pub fn run(args: &Args, settings: &Settings) -> Result<Exit> {
    let definition = definition_in(&args.definition)?;
    refuse_platforms(&definition)?;
    vault_keeping::refuse_after_its_time(&definition, signing::now())?;
    let origin = super::poll::open::origin_of(&definition, args.origin.as_deref())?;
    let folder = settings.data().poll(&definition.slug)?;
    let held = Held::new(&folder)?;
    refuse_second(&folder.vault(), &definition.slug)?;
    let parsed = args.intake.people(&definition, settings)?;
    let secret = vault_keeping::secret_for_new(settings, &settings.data())?;
    let length = parsed.people.len() as u64;
    let bar = settings.console.bar(length, "making invitations");
    let commitment =
        roster_making::make(&held, &origin, &definition, &parsed.people, (&secret, &bar));
    bar.finish_and_clear();
    let commitment = commitment?;
    public_roster::write(&args.out, &folder.roster(), &commitment)?;
    let text = format!(
        "{} invitations in `{}`, roster root {}{}",
        grouped(commitment.count.into()),
        args.out.display(),
        commitment.root,
        rows_in_words(&parsed)
    );
    let mut json = json!({
        "slug": definition.slug,
        "origin": Origin::as_str(&origin),
        "file": args.out,
        "invitations": commitment.count,
        "root": commitment.root.to_string(),
    });
    if let (Value::Object(all), Value::Object(rows)) = (&mut json, rows(&parsed)) {
        all.extend(rows);
    }
    settings.console.answer(&text, &json)?;
    settings.console.message(&format!(
        "secret  `{}` holds the tokens, encrypted; whoever has it and its key can answer for everyone",
        folder.vault().display()
    ));
    Ok(Exit::Well)
}

fn definition_in(path: &Path) -> Result<Definition> {
    let text = lint::read(path)?;
    Definition::parse(&text).map_err(|findings| {
        let why = findings
            .first()
            .map_or("", |finding| finding.message.as_str());
        not_so(format!(
            "`{0}` is no good definition: {why}; `sijill poll lint {0}` shows where",
            path.display()
        ))
    })
}

fn refuse_platforms(definition: &Definition) -> Result<()> {
    match definition.who.tokens_made_by {
        TokenMaker::Sender => Ok(()),
        TokenMaker::Platform => Err(not_so(
            "the definition says that the platform makes the tokens (`who.tokens_made_by`); `sijill roster import` does that there",
        )),
    }
}

/// The platform may have committed to the first one already.
fn refuse_second(vault: &Path, slug: &str) -> Result<()> {
    match vault.exists() {
        false => Ok(()),
        true => Err(input(format!(
            "a roster of `{slug}` was made here already, with the tokens in `{}`; only if the platform never imported it may that folder be removed and a new one made",
            vault.display()
        ))),
    }
}
