//! `sijill invitations test`: one message to a number of the operator's own, as everybody will get it, with a link that
//! leads to no invitation.

use crate::account_lock::AccountLock;
use crate::console::Console;
use crate::fault::{Exit, input, not_so, unfinished};
use crate::gateway_settings::{self, GatewayArgs};
use crate::ledger_seen::LedgerSeen;
use crate::post::Letters;
use crate::settings::Settings;
use crate::signing;
use anyhow::{Context, Result};
use serde_json::json;
use sijill_outreach::gateway::{Gateway, Outcome, Report, Submit, Ticket};
use sijill_outreach::number::Number;
use sijill_outreach::receipt::{candidates, normalised};
use sijill_outreach::segment::segments;
use sijill_outreach::status::meaning;
use sijill_poll::definition::Definition;
use sijill_poll::limits::CODE_CHARS;
use std::time::Duration;
use tokio::time::timeout;

/// How long an answer and a receipt are waited for.
const WAIT: Duration = Duration::from_secs(60);

/// Send the message to one number, with a link that leads to no invitation
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Look at it on the phone: the sender's name, the wording, the link. It is in no ledger and no journal.\n\nExample: sijill invitations test 07701234567 --poll coalition --language ar"
)]
pub struct Args {
    /// The number, as people write it
    number: String,
    /// The poll
    #[arg(long, value_name = "SLUG")]
    poll: String,
    /// Where a sender of its own sees the ledger: the poll's address, or a folder that `sijill publish` wrote
    #[arg(long, value_name = "SOURCE")]
    ledger: Option<String>,
    /// The language [default: the definition's first]
    #[arg(long, value_name = "TAG")]
    language: Option<String>,
    #[command(flatten)]
    gateway: GatewayArgs,
}

/// Carries it out.
pub fn run(args: &Args, settings: &Settings) -> Result<Exit> {
    let poll = LedgerSeen::new(settings, args.ledger.as_deref()).show(&args.poll)?;
    let definition = signing::definition_of(&poll)?;
    let number = Number::read(&args.number, &definition.country)
        .map_err(|why| input(format!("the number given is none: {why}")))?
        .number;
    let useful_for = Duration::from_millis(poll.end.saturating_sub(signing::now()));
    let letter = (number, useful_for);
    let submits = submits(letter, &definition, args.language.as_deref())?;
    let account = args.gateway.account(&settings.gateway, &definition)?;
    let _lock = AccountLock::take(&settings.data(), &account)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("the system gives no threads")?;
    let count = submits.len();
    let delivered = runtime.block_on(async {
        let gateway = gateway_settings::connect(account)?;
        carry(settings.console, gateway, submits).await
    })?;
    let what = match delivered {
        true => "and is on the phone",
        false => "and no receipt says yet that it is on the phone",
    };
    let text = format!("the gateway took the message in {count} segments, {what}");
    settings
        .console
        .answer(&text, &json!({"segments": count, "delivered": delivered}))?;
    Ok(Exit::Well)
}

fn submits(
    (to, useful_for): (Number, Duration),
    definition: &Definition,
    language: Option<&str>,
) -> Result<Vec<Submit>> {
    let mut tags = definition.languages();
    let place = match language {
        None => Some(0),
        Some(tag) => tags.position(|known| known == tag),
    };
    let place = place
        .and_then(|place| u8::try_from(place).ok())
        .ok_or_else(|| {
            let tags: Vec<&str> = definition.languages().collect();
            input(format!(
                "the definition's languages are {}",
                tags.join(", ")
            ))
        })?;
    let text = Letters::of(definition).text(place, &"0".repeat(CODE_CHARS));
    let all = segments(&text, 1).map_err(|why| input(why.to_string()))?;
    let submit = |(part, segment)| Submit {
        ticket: Ticket {
            invitation: u32::MAX,
            attempt: 1,
            part,
        },
        to,
        segment,
        useful_for,
    };
    Ok((0..).zip(all).map(submit).collect())
}

/// Sends it; says whether a receipt came that all of it is on the phone.
async fn carry(console: Console, mut gateway: Gateway, submits: Vec<Submit>) -> Result<bool> {
    let mut open = submits.len();
    let mut delivered = 0;
    let mut accepted = 0;
    let all = submits.len();
    let mut ids = Vec::new();
    let mut submits = submits.into_iter();
    while accepted < all || delivered < all {
        let next = timeout(WAIT, gateway.reports.recv()).await;
        let Ok(Some(report)) = next else { break };
        match report {
            Report::Up => {
                for submit in submits.by_ref() {
                    gateway
                        .submits
                        .send(submit)
                        .await
                        .context("the gateway is gone")?;
                }
            }
            Report::Down { why, .. } => {
                return Err(unfinished(format!("no connection to the gateway: {why}")));
            }
            Report::Stopped { why } => {
                return Err(unfinished(format!("the gateway stops it: {why}")));
            }
            Report::Accepted { id, .. } => {
                accepted += 1;
                ids.push(normalised(&id));
                if accepted == all {
                    console.message("the gateway has it; waiting a minute for the receipt");
                }
            }
            Report::Refused { status, .. } => {
                let name = meaning(status).name;
                return Err(not_so(format!(
                    "the gateway refuses the message: {name} (0x{status:02X})"
                )));
            }
            Report::Unanswered { .. } | Report::Unsent { .. } => open -= 1,
            Report::Receipt { receipt, ack } => {
                let own = |id: &String| ids.contains(id);
                if candidates(&receipt.id).iter().any(own) {
                    delivered += usize::from(receipt.outcome == Outcome::Delivered);
                    ack.give();
                }
            }
            // What is for somebody else is not confirmed: the gateway says it again to whom it is for.
            Report::Reply { .. } => {}
        }
    }
    match accepted < all || open < all {
        true => Err(unfinished(
            "the gateway gave no answer; nobody knows whether the message arrived",
        )),
        false => Ok(delivered >= all),
    }
}
