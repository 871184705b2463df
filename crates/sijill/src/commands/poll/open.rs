//! `sijill poll open`: sign a definition as entry 0 of a new ledger.

use super::KeyArg;
use super::lint::{errors, read};
use crate::clerk::{self, Clerk, LedgerKeys, Recorded};
use crate::console::grouped;
use crate::fault::{Exit, input, not_so, unfinished};
use crate::key_file::SigningKey;
use crate::settings::Settings;
use crate::signing::{self, Pen, VALID_MS};
use anyhow::Result;
use serde_json::json;
use sijill_ledger::{Hash, Origin};
use sijill_pages::{Language, OptionView, QuestionView, question_block};
use sijill_poll::definition::{Definition, StrataVisibility, TokenMaker};
use sijill_poll::event::{Committed, Opened, Opening};
use sijill_poll::operator::Signer;
use sijill_poll::{Event, limits, lint, opening};
use sijill_server::desk::PollStatus;
use std::path::PathBuf;

/// Open a poll: sign its definition as the first entry of a new ledger
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: sijill poll open poll.toml --key keys/ur-operator.key")]
pub struct Args {
    /// The definition
    file: PathBuf,
    /// The ledger's name [default: the portal's address or else the platform's domain, `/polls/` and the slug]
    #[arg(long, value_name = "ORIGIN")]
    origin: Option<String>,
    #[command(flatten)]
    key: KeyArg,
}

/// A poll just opened.
#[derive(Debug, Clone)]
pub struct OpenedPoll {
    /// Where entry 0 stands.
    pub recorded: Recorded,
    /// The poll as the desk has it.
    pub status: PollStatus,
}

/// Carries it out.
pub fn run(args: &Args, settings: &Settings) -> Result<Exit> {
    let text = read(&args.file)?;
    let name = args.file.display().to_string();
    let definition = passing(&text, &name, settings)?;
    let named = args.key.key.as_deref().or(settings.key.as_deref());
    let keys = signing::keys_at_hand(&settings.data(), named)?;
    let origin = named_origin(args.origin.as_deref(), &definition, settings)?;
    let opened = clerk::at_the_desk(Clerk::reach(settings)?, |clerk| {
        open(clerk, &text, &definition, origin.as_deref(), &keys)
    })?;
    say(settings, &definition, &opened)?;
    Ok(Exit::Well)
}

/// The name given, or the one below the portal. A sender who makes the tokens makes them for a name, and knows no portal.
fn named_origin(
    named: Option<&str>,
    definition: &Definition,
    settings: &Settings,
) -> Result<Option<String>> {
    let portal = settings.portal.as_ref();
    let below = portal.map(|portal| portal.origin_of(&definition.slug));
    match (named, below, definition.who.tokens_made_by) {
        (None, Some(below), TokenMaker::Sender) => Err(input(format!(
            "the sender makes the tokens for the ledger's name, so it must be said here and there; give `--origin {below}` to `poll open` and to `roster make`"
        ))),
        (named, below, _) => Ok(named.map(str::to_owned).or(below)),
    }
}

/// The definition, if it passes; its findings are shown either way.
fn passing(text: &str, name: &str, settings: &Settings) -> Result<Definition> {
    let linted = lint::lint(text);
    if !linted.findings.is_empty() {
        let rendered = lint::render(&linted.findings, name, text, false);
        settings.console.message(rendered.trim_end());
    }
    let definition = linted.definition.ok_or_else(|| {
        not_so(format!(
            "`{name}` has {} errors, and a poll cannot be opened with any; nothing was recorded",
            errors(&linted.findings)
        ))
    })?;
    refuse_without_room(&definition)?;
    match definition.rule_set {
        limits::RULE_SET => Ok(definition),
        found => {
            let old = opening::OpeningFault::OldRuleSet { found };
            Err(not_so(format!(
                "`{name}` is of {old}; nothing was recorded"
            )))
        }
    }
}

/// A roster that no stratum could take is refused when it is imported, and then the definition is signed.
fn refuse_without_room(definition: &Definition) -> Result<()> {
    let (planned, least) = (definition.sample.planned, definition.rules.strata_min);
    let open = definition.rules.strata == StrataVisibility::Open;
    match open && !definition.strata.is_empty() && planned < least {
        true => Err(not_so(format!(
            "{} invitations are planned (`sample.planned`), and an open stratum has at least {} (`rules.strata_min`): no roster could be imported. Seal the strata (`strata = \"sealed\"`) or lower `strata_min`; nothing was recorded",
            grouped(planned.into()),
            grouped(least.into())
        ))),
        false => Ok(()),
    }
}

/// Signs entry 0 over the definition and the keys that the service has for its origin, and has it recorded.
pub fn open(
    clerk: &mut Clerk,
    text: &str,
    definition: &Definition,
    origin: Option<&str>,
    keys: &[SigningKey],
) -> Result<OpenedPoll> {
    let origin = origin_of(definition, origin)?;
    if clerk
        .list()?
        .iter()
        .any(|poll| poll.slug == definition.slug)
    {
        return Err(not_so(format!(
            "there is a poll `{}` already; choose another slug in the definition",
            definition.slug
        )));
    }
    let pen = signing::operator_pen(keys, definition)?;
    let ledger_keys = clerk.keys(&origin)?;
    let opening = opening_of(text, definition, origin, ledger_keys, &pen)?;
    let signature = pen.secret.sign(&opening.message()?);
    let event = Event::Opened(Box::new(Opened { opening, signature }));
    let recorded = clerk.open(&event)?;
    let status = clerk.show(&definition.slug)?;
    Ok(OpenedPoll { recorded, status })
}

/// The ledger's name: the one given, or that of the platform's domain and the slug.
pub fn origin_of(definition: &Definition, named: Option<&str>) -> Result<Origin> {
    let text = match named {
        Some(named) => named.to_owned(),
        None => format!(
            "{}/polls/{}",
            definition.who.platform.domain, definition.slug
        ),
    };
    text.parse()
        .map_err(|error| input(format!("{error}; give another with `--origin`")))
}

fn opening_of(
    text: &str,
    definition: &Definition,
    origin: Origin,
    keys: LedgerKeys,
    pen: &Pen,
) -> Result<Opening> {
    let Signer::Operator { key } = pen.signer else {
        return Err(unfinished("a poll is opened by an operator's key"));
    };
    Ok(Opening {
        origin,
        rule_set: definition.rule_set,
        definition: text.to_owned(),
        log_keys: vec![keys.log],
        promise_key: keys.promise,
        messages: opening::message_hashes(definition),
        questions: question_hashes(definition)?,
        script: None,
        sealing_key: None,
        issuing_keys: Vec::new(),
        key,
        until: signing::now() + VALID_MS,
    })
}

/// SHA-256 of the question block in each language.
pub(super) fn question_hashes(definition: &Definition) -> Result<Vec<Committed>> {
    let hash = |tag: &str| -> Result<Committed> {
        let language = Language::parse(tag).ok_or_else(|| {
            input(format!(
                "there are no pages in language `{tag}` yet; leave it out of `languages`"
            ))
        })?;
        let block = question_block(&question(definition, language));
        Ok(Committed {
            language: tag.to_owned(),
            hash: Hash::of(block.as_bytes()),
        })
    };
    definition.languages().map(hash).collect()
}

fn question(definition: &Definition, language: Language) -> QuestionView {
    let tag = language.tag();
    let options = definition.options.iter();
    QuestionView {
        language,
        question_id: definition.question.id.clone(),
        question_text: definition.question.text.get(tag).to_owned(),
        options: options
            .map(|option| OptionView {
                id: option.id.clone(),
                label: option.label.get(tag).to_owned(),
            })
            .collect(),
    }
}

fn say(settings: &Settings, definition: &Definition, opened: &OpenedPoll) -> Result<()> {
    let (recorded, status) = (&opened.recorded, &opened.status);
    let json = json!({
        "slug": status.slug,
        "origin": status.origin,
        "poll_id": status.poll_id,
        "index": recorded.index,
        "link": recorded.link.to_string(),
        "anchor": super::close::anchor(recorded),
        "log_key": status.log_key,
        "promise_key": status.promise_key,
    });
    let text = format!(
        "poll `{}` opened\n  origin       {}\n  poll id      {}\n  anchor       {}\n  log key      {}\n  promise key  {}",
        status.slug,
        status.origin,
        status.poll_id,
        super::close::anchor(recorded),
        status.log_key,
        status.promise_key,
    );
    settings.console.answer(&text, &json)?;
    // Where the sender makes the links, the platform imports what it hands over.
    let roster = match definition.who.tokens_made_by {
        TokenMaker::Sender => "public.roster",
        TokenMaker::Platform => "roster.csv",
    };
    settings.console.message(
        &format!(
            "next: sijill roster import {1} --poll {0}, then sijill invitations preview --poll {0}, and send",
            status.slug, roster
        ),
    );
    Ok(())
}
