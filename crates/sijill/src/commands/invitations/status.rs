//! `sijill invitations status`: how sending goes.

use super::Sender;
use crate::console::grouped;
use crate::fault::{Exit, not_so, unfinished};
use crate::ledger_seen::LedgerSeen;
use crate::moment::rfc3339;
use crate::sending_words;
use crate::settings::Settings;
use crate::signing;
use anyhow::Result;
use serde_json::json;
use sijill_outreach::sending_state::{self, SendingState};
use sijill_outreach::wave::Standing;

/// Show how sending goes
#[derive(Debug, clap::Args)]
#[command(
    after_help = "It shows what the sending process last said, with the moment at which that was true.\n\nExample: sijill invitations status --poll coalition"
)]
pub struct Args {
    /// The poll
    #[arg(long, value_name = "SLUG")]
    poll: String,
    /// List the invitations of the last wave whose message may have arrived twice, by their place in the roster; no send may be under way
    #[arg(long)]
    repeated: bool,
    /// Where a sender of its own sees the ledger: the poll's address, or a folder that `sijill publish` wrote
    #[arg(long, value_name = "SOURCE", requires = "repeated")]
    ledger: Option<String>,
}

/// Carries it out.
pub fn run(args: &Args, settings: &Settings) -> Result<Exit> {
    let folder = super::folder_with_vault(settings, &args.poll)?;
    let path = folder.sending_state();
    let Some(state) = sending_state::read(&path) else {
        if path.exists() {
            return Err(unfinished(format!(
                "`{}`, in which a sending process says how it goes, cannot be read; the next `send` writes it anew, and what counts is in the journal and the ledger",
                path.display()
            )));
        }
        return Err(not_so(format!(
            "no message of poll `{0}` was sent yet; `sijill invitations send --poll {0}` begins",
            args.poll
        )));
    };
    let now = signing::now();
    let paused = folder.sending_paused().exists();
    let mut json = serde_json::to_value(&state)?;
    if let Some(fields) = json.as_object_mut() {
        fields.insert("slug".to_owned(), json!(args.poll));
        fields.insert("paused".to_owned(), json!(paused));
        fields.insert("course".to_owned(), json!(state.course(now)));
    }
    let mut text = text(&state, now);
    if args.repeated {
        let ledger = LedgerSeen::new(settings, args.ledger.as_deref());
        let repeated = repeated(settings, &ledger, &args.poll)?;
        text += &format!("\n{}", in_words(&repeated));
        if let Some(fields) = json.as_object_mut() {
            fields.insert("repeated".to_owned(), json!(repeated));
        }
    }
    settings.console.answer(&text, &json)?;
    Ok(Exit::Well)
}

/// Invitations of which nobody knew whether the message arrived, and which got it again.
fn repeated(settings: &Settings, ledger: &LedgerSeen, slug: &str) -> Result<Vec<u32>> {
    let mut deliveries = Sender::open(settings, ledger, slug)?.deliveries()?;
    let mut repeated = Vec::new();
    for invitation in 0..deliveries.invitations() {
        if deliveries.delivery(invitation)?.tries > 1 {
            repeated.push(invitation);
        }
    }
    Ok(repeated)
}

fn in_words(repeated: &[u32]) -> String {
    let places: Vec<String> = repeated.iter().map(ToString::to_string).collect();
    match places.is_empty() {
        true => "nobody got a message twice".to_owned(),
        false => format!("the message may have arrived twice: {}", places.join(", ")),
    }
}

/// What a state says, for people, and what it comes to now.
pub fn text(state: &SendingState, now: u64) -> String {
    let course = sending_words::course(state, now);
    format!("{}\n  {course}", account(state))
}

/// What came of the messages of a wave.
pub fn account(state: &SendingState) -> String {
    let mut text = format!(
        "wave {} ({}), {} invitations, at {}",
        state.wave,
        state.kind.word(),
        grouped(state.invitations.into()),
        rfc3339(state.at)
    );
    for standing in Standing::ALL {
        let count = state.count(standing);
        if count > 0 {
            text += &format!("\n  {:>11} {}", grouped(count.into()), standing.word());
        }
    }
    for (reason, count) in sending_words::failures(state) {
        text += &format!("\n  {:>11} of the failed: {reason}", grouped(count.into()));
    }
    if state.strays > 0 {
        text += &format!(
            "\n  {} receipts for messages that nobody knows",
            grouped(state.strays)
        );
    }
    text
}
