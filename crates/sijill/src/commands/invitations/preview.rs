//! `sijill invitations preview`: what will arrive, in how many segments, how long it takes and what it costs, before
//! anything leaves.

use crate::console::{duration, grouped};
use crate::fault::{Exit, input};
use crate::gateway_settings::GatewayArgs;
use crate::ledger_seen::LedgerSeen;
use crate::post::Letters;
use crate::settings::Settings;
use crate::signing;
use crate::vault_keeping;
use anyhow::Result;
use serde_json::{Value, json};
use sijill_poll::definition::Definition;
use sijill_poll::limits::CODE_CHARS;
use sijill_poll::segments::{Encoding, Segments};
use sijill_server::desk::PollStatus;

/// Show each language's message as it will arrive, with segments, time and cost
#[derive(Debug, clap::Args)]
#[command(
    after_help = "The link shown leads to no invitation.\n\nExample: sijill invitations preview --poll coalition --price 0.04"
)]
pub struct Args {
    /// The poll
    #[arg(long, value_name = "SLUG")]
    poll: String,
    /// Where a sender of its own sees the ledger: the poll's address, or a folder that `sijill publish` wrote
    #[arg(long, value_name = "SOURCE")]
    ledger: Option<String>,
    /// Price of a segment, in any currency
    #[arg(long, value_name = "PRICE", value_parser = parse_price)]
    price: Option<u64>,
    #[command(flatten)]
    gateway: GatewayArgs,
}

/// Ten-thousandths of a unit of the currency.
const PRICE_PARTS: u64 = 10_000;

fn parse_price(text: &str) -> Result<u64, String> {
    let wrong =
        || format!("`{text}` is no price: expected a number with at most four decimals, as `0.04`");
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty()
        || whole.len() > 9
        || !digits(whole)
        || !digits(decimals)
        || decimals.len() > 4
    {
        return Err(wrong());
    }
    format!("{whole}{decimals:0<4}")
        .parse()
        .map_err(|_| wrong())
}

/// What a language's message comes to.
struct Message {
    language: String,
    text: String,
    segments: Segments,
    invitations: u64,
}

/// Carries it out.
pub fn run(args: &Args, settings: &Settings) -> Result<Exit> {
    let poll = LedgerSeen::new(settings, args.ledger.as_deref()).show(&args.poll)?;
    let definition = signing::definition_of(&poll)?;
    let messages = messages(settings, &poll, &definition)?;
    let rate = u64::from(args.gateway.rate(&settings.gateway)?);
    let all: u64 = messages
        .iter()
        .map(|message| message.invitations * message.segments.count as u64)
        .sum();
    let seconds = all.div_ceil(rate);
    let terms = settings
        .sending
        .terms(&definition, u32::try_from(rate).unwrap_or(u32::MAX))?;
    let open = terms.calendar.open_between(signing::now(), poll.end) / 1_000;
    let mut text: String = messages.iter().map(one).collect::<Vec<_>>().join("\n");
    text += &format!(
        "\n{} segments in all: {} at {rate} a second, of {} outside quiet hours until the poll ends",
        grouped(all),
        duration(seconds),
        duration(open)
    );
    if let Some(price) = args.price {
        text += &format!(
            "; {} at {} a segment",
            money(all.saturating_mul(price)),
            money(price)
        );
    }
    let json = json!({
        "slug": poll.slug,
        "messages": messages.iter().map(as_json).collect::<Vec<_>>(),
        "segments": all,
        "segments_a_second": rate,
        "seconds": seconds,
        "seconds_until_the_end": open,
        "cost": args.price.map(|price| money(all.saturating_mul(price))),
    });
    settings.console.answer(&text, &json)?;
    Ok(Exit::Well)
}

fn messages(
    settings: &Settings,
    poll: &PollStatus,
    definition: &Definition,
) -> Result<Vec<Message>> {
    let letters = Letters::of(definition);
    let link = "0".repeat(CODE_CHARS);
    let mut counts = vec![0_u64; definition.languages().count()];
    if poll.roster > 0 {
        let vault = vault_keeping::open_vault(settings, poll, signing::now())?;
        for contact in vault.contacts() {
            if let Some(count) = counts.get_mut(usize::from(contact?.language)) {
                *count += 1;
            }
        }
    }
    let message = |(place, (language, invitations)): (u8, (&str, u64))| Message {
        language: language.to_owned(),
        text: letters.text(place, &link),
        segments: definition.message.sent_in(language),
        invitations,
    };
    let all = definition.languages().zip(counts);
    let all: Vec<Message> = (0..).zip(all).map(message).collect();
    match all.is_empty() {
        true => Err(input("the definition has no language")),
        false => Ok(all),
    }
}

fn one(message: &Message) -> String {
    let Message {
        language,
        text,
        segments,
        invitations,
    } = message;
    let (encoding, unit) = words(segments.encoding);
    format!(
        "{language}, {} invitations, {} segments by {encoding}, {} {unit} left in the last\n\n{}\n",
        grouped(*invitations),
        segments.count,
        segments.left,
        crate::console::lines(text)
    )
}

fn words(encoding: Encoding) -> (&'static str, &'static str) {
    match encoding {
        Encoding::Gsm7 => ("GSM-7", "septets"),
        Encoding::Ucs2 => ("UCS-2", "characters"),
    }
}

fn as_json(message: &Message) -> Value {
    json!({
        "language": message.language,
        "text": message.text,
        "encoding": words(message.segments.encoding).0,
        "segments": message.segments.count,
        "left": message.segments.left,
        "invitations": message.invitations,
    })
}

fn money(parts: u64) -> String {
    let (whole, rest) = (parts / PRICE_PARTS, parts % PRICE_PARTS);
    let decimals = format!("{rest:04}");
    let decimals = decimals.trim_end_matches('0');
    match decimals.len() {
        0 => grouped(whole),
        1 => format!("{}.{decimals}0", grouped(whole)),
        _ => format!("{}.{decimals}", grouped(whole)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_are_exact() {
        assert_eq!(parse_price("0.04"), Ok(400));
        assert_eq!(parse_price("12"), Ok(120_000));
        for bad in ["", "-1", "0.00001", "1,5", ".4", "1e3"] {
            assert!(parse_price(bad).is_err(), "{bad}");
        }
        assert_eq!(money(400 * 2_140_000), "85,600");
        assert_eq!(money(400), "0.04");
        assert_eq!(money(5_000), "0.50");
    }
}
