//! `sijill poll mend`: another wording for a text that pages show, on the record.

use super::open::question_hashes;
use super::{KeyArg, say_recorded};
use crate::clerk::{self, Clerk};
use crate::fault::Exit;
use crate::settings::Settings;
use crate::signing;
use anyhow::Result;
use sijill_poll::Event;
use sijill_poll::event::{PageChanged, Wording};

/// Mend the wording of a text that pages show; the question, its options and the message stay as they were signed
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example: sijill poll mend coalition --field disclosure.limitations --language en --text \"Those who answer may differ from those who do not.\" --reason \"A word was missing.\""
)]
pub struct Args {
    /// The poll
    slug: String,
    /// The field, as the definition has it, such as `sample.frame`, `disclosure.privacy` or `contact.name`
    #[arg(long, value_name = "FIELD")]
    field: String,
    /// The language
    #[arg(long, value_name = "TAG")]
    language: String,
    /// The wording from now on
    #[arg(long, value_name = "TEXT")]
    text: String,
    /// Why, for everyone to read in the ledger
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    key: KeyArg,
}

/// Carries it out.
pub fn run(args: &Args, settings: &Settings) -> Result<Exit> {
    let recorded = clerk::at_the_desk(Clerk::reach(settings)?, |clerk| {
        let poll = clerk.show(&args.slug)?;
        let pen = args.key.pen(settings, &poll)?;
        let content = PageChanged {
            wordings: vec![Wording {
                field: args.field.clone(),
                language: args.language.clone(),
                text: args.text.clone(),
            }],
            questions: question_hashes(&signing::definition_of(&poll)?)?,
            script: None,
            reason: args.reason.clone(),
        };
        let event = signing::sign(&poll, &pen, content, Event::PageChanged)?;
        clerk.record(&args.slug, &event)
    })?;
    let done = format!(
        "will show another wording of `{}` in {} from its next publication on",
        args.field, args.language
    );
    say_recorded(settings, &args.slug, &done, recorded)?;
    Ok(Exit::Well)
}
