//! A wave: whom it is for, whether there is time for it, and what the ledger is told at its beginning and its end.

use super::Sender;
use crate::account_lock::AccountLock;
use crate::commands::poll::KeyArg;
use crate::console::grouped;
use crate::fault::{Exit, input, not_so, unfinished};
use crate::gateway_settings::{self, GatewayArgs};
use crate::ledger_seen::LedgerSeen;
use crate::moment::rfc3339;
use crate::post::{self, Post};
use crate::sending_state::{self, SendingState};
use crate::settings::Settings;
use crate::signing;
use anyhow::{Context, Result};
use serde_json::json;
use sijill_outreach::deliveries::Deliveries;
use sijill_outreach::delivery::{Delivery, Selection, State, WaveKind};
use sijill_outreach::sending::{Ended, Terms, send};
use sijill_outreach::vault::Contact;
use sijill_outreach::wave::Wave;
use sijill_poll::Event;
use sijill_poll::event::WaveStarted;
use sijill_server::desk::PollStatus;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Hundredths of a percent in the whole.
const WHOLE: u16 = 10_000;

/// Draws the invitations of a share, which is the same however often it is asked.
const SHARE_KEY: &str = "sijill 2026 wave share v1";

/// Whom a wave is for, and how it is sent.
#[derive(Debug, clap::Args)]
pub struct WaveArgs {
    /// The poll
    #[arg(long, value_name = "SLUG")]
    pub poll: String,
    /// Where a sender of its own sees the ledger: the poll's address, or a folder that `sijill publish` wrote [default: this
    /// data directory]
    #[arg(long, value_name = "SOURCE")]
    ledger: Option<String>,
    /// Only invitations of this stratum; repeatable
    #[arg(long, value_name = "ID")]
    stratum: Vec<String>,
    /// Only a share of them, drawn at random, in percent: `5`, `0.5`
    #[arg(long, value_name = "PERCENT", value_parser = parse_share)]
    share: Option<u16>,
    /// End the wave when every message has left, and count as sent what no receipt has come for
    #[arg(long)]
    without_receipts: bool,
    #[command(flatten)]
    gateway: GatewayArgs,
    #[command(flatten)]
    key: KeyArg,
}

fn parse_share(text: &str) -> Result<u16, String> {
    let wrong = || {
        format!(
            "`{text}` is no share: expected more than 0 and at most 100 percent, with at most two decimals"
        )
    };
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(decimals) || decimals.len() > 2 {
        return Err(wrong());
    }
    let hundredths: u32 = format!("{whole}{decimals:0<2}")
        .parse()
        .map_err(|_| wrong())?;
    let share = u16::try_from(hundredths).map_err(|_| wrong())?;
    match (1..=WHOLE).contains(&share) {
        true => Ok(share),
        false => Err(wrong()),
    }
}

/// Who may be part of a wave, beside its selection.
pub type Eligible<'a> = dyn FnMut(u32, &Delivery) -> bool + 'a;

/// Sends a wave: the one that is open, or a new one of this kind.
pub fn run(
    args: &WaveArgs,
    settings: &Settings,
    kind: WaveKind,
    eligible: impl FnOnce(&Sender, &LedgerSeen) -> Result<Box<Eligible<'static>>>,
) -> Result<Exit> {
    let ledger = LedgerSeen::new(settings, args.ledger.as_deref());
    let sender = Sender::open(settings, &ledger, &args.poll)?;
    let account = args
        .gateway
        .account(&settings.gateway, &sender.definition)?;
    let _lock = AccountLock::take(&settings.data(), &account)?;
    let rate = args.gateway.rate(&settings.gateway)?;
    let mut terms = settings.sending.terms(&sender.definition, rate)?;
    if args.without_receipts {
        terms.receipts_ms = 0;
    }
    let mut deliveries = sender.deliveries()?;
    if deliveries.was_torn() {
        settings.console.message("the journal's last frame was torn, as by a power cut, and cut off; what it told of may be sent once more (a copy is beside it, `journal.torn`)");
    }
    if is_on_record(&sender, &deliveries) {
        return end(settings, &sender, deliveries, &Ended::Final);
    }
    let asked = selection(args, &sender)?;
    let mut eligible = eligible(&sender, &ledger)?;
    let interrupted = crate::interruption::flag()?;
    begin(
        &sender,
        &mut deliveries,
        &terms,
        (kind, &asked),
        &mut *eligible,
    )?;
    record_start(
        (args, settings),
        (&sender, &ledger),
        &mut deliveries,
        &interrupted,
    )?;
    let ended = {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .context("the system gives no threads")?;
        runtime.block_on(carry(
            (settings, &ledger),
            &sender,
            &mut deliveries,
            (account, &terms),
            Arc::clone(&interrupted),
        ))?
    };
    finish(
        (args, settings),
        (&sender, &ledger),
        deliveries,
        &ended,
        &interrupted,
    )
}

async fn carry(
    (settings, ledger): (&Settings, &LedgerSeen),
    sender: &Sender,
    deliveries: &mut Deliveries,
    (account, terms): (gateway_settings::Account, &Terms),
    interrupted: Arc<AtomicBool>,
) -> Result<Ended> {
    let gateway = gateway_settings::connect(account)?;
    let vault = crate::vault_keeping::open_vault(settings, &sender.definition, signing::now())?;
    let poll = (&sender.poll, &sender.definition);
    let mut post = Post::new(
        settings,
        ledger.clone(),
        poll,
        &sender.folder,
        vault,
        interrupted,
    );
    let ended = send(deliveries, gateway, terms, &mut post).await;
    post.close();
    Ok(ended?)
}

/// Which invitations are asked for.
fn selection(args: &WaveArgs, sender: &Sender) -> Result<Selection> {
    let place = |id: &String| {
        sender
            .definition
            .stratum_index(id)
            .ok_or_else(|| input(format!("the definition has no stratum `{id}`")))
    };
    Ok(Selection {
        strata: args.stratum.iter().map(place).collect::<Result<_>>()?,
        share: args.share.unwrap_or(0),
    })
}

/// Takes up the wave that is open, or begins a new one, whose invitations are on record when this returns.
fn begin(
    sender: &Sender,
    deliveries: &mut Deliveries,
    terms: &Terms,
    (kind, asked): (WaveKind, &Selection),
    eligible: &mut Eligible<'_>,
) -> Result<()> {
    let open = deliveries.open_wave().cloned();
    if let Some(wave) = &open {
        refuse_another(wave, kind, asked)?;
        if wave.ready {
            return Ok(());
        }
    }
    if open.is_none() && post::is_over(&sender.poll) {
        return Err(not_so("the poll is over; nothing was sent"));
    }
    let selection = open.as_ref().map_or(asked, |wave| &wave.selection);
    let chosen = chosen(sender, deliveries, selection, eligible)?;
    if chosen.invitations.is_empty() && open.is_none() {
        return Err(not_so("nobody is left for such a wave; nothing was sent"));
    }
    refuse_too_late(sender, terms, &chosen)?;
    let wave = match open {
        Some(wave) => wave.number,
        None => deliveries.begin_wave(kind, selection, signing::now())?,
    };
    Ok(deliveries.choose(wave, chosen.invitations.into_iter())?)
}

fn refuse_another(wave: &Wave, kind: WaveKind, asked: &Selection) -> Result<()> {
    let same = wave.kind == kind && (*asked == Selection::default() || wave.selection == *asked);
    match same {
        true => Ok(()),
        false => Err(not_so(format!(
            "a wave (`{}`) is not over yet; send it to its end first, with the same command that began it",
            sending_state::kind(wave)
        ))),
    }
}

/// Invitations of a wave, and the segments that their messages need.
struct Chosen {
    invitations: Vec<u32>,
    segments: u64,
}

fn chosen(
    sender: &Sender,
    deliveries: &mut Deliveries,
    selection: &Selection,
    eligible: &mut Eligible<'_>,
) -> Result<Chosen> {
    let languages: Vec<u64> = sender
        .definition
        .languages()
        .map(|language| sender.definition.message.sent_in(language).count as u64)
        .collect();
    let draw = sender.vault.key_for(SHARE_KEY);
    let open = deliveries.open_wave().map(|wave| wave.number.into());
    let wave = open.unwrap_or(deliveries.waves().len() + 1);
    let mut chosen = Chosen {
        invitations: Vec::new(),
        segments: 0,
    };
    for (invitation, contact) in (0..).zip(sender.vault.contacts()) {
        let contact = contact?;
        let delivery = deliveries.delivery(invitation)?;
        if is_selected(selection, &contact, || draws(&draw, wave, invitation))
            && eligible(invitation, &delivery)
        {
            chosen.invitations.push(invitation);
            let language = languages.get(usize::from(contact.language));
            chosen.segments += language.copied().unwrap_or(1);
        }
    }
    Ok(chosen)
}

fn is_selected(selection: &Selection, contact: &Contact, draws: impl FnOnce() -> u16) -> bool {
    let stratum = selection.strata.is_empty() || selection.strata.contains(&contact.stratum);
    stratum && (selection.share == 0 || draws() < selection.share)
}

/// A number below 10,000 that belongs to the invitation in this wave: a share is one of those who are left.
fn draws(key: &[u8; 32], wave: usize, invitation: u32) -> u16 {
    let drawn = [wave.to_le_bytes().as_slice(), &invitation.to_le_bytes()].concat();
    let [a, b, c, d, ..] = *blake3::keyed_hash(key, &drawn).as_bytes();
    let drawn = u32::from_le_bytes([a, b, c, d]) % u32::from(WHOLE);
    u16::try_from(drawn).unwrap_or(0)
}

/// A wave that could not be sent before the poll ends is refused before anybody is written to.
fn refuse_too_late(sender: &Sender, terms: &Terms, chosen: &Chosen) -> Result<()> {
    let (now, end) = (signing::now(), sender.poll.end);
    let needed = chosen.segments.div_ceil(u64::from(terms.rate));
    let left = terms.calendar.open_between(now, end) / 1_000;
    if needed <= left {
        return Ok(());
    }
    let smaller = match (left * 100 / needed.max(1)).min(99) {
        0 => String::new(),
        share => format!(", or send a smaller wave (`--share {share}`)"),
    };
    Err(not_so(format!(
        "{} invitations in {} segments at {} a second take {} of sending time, and until the poll ends ({}) there are {} outside quiet hours; agree on a higher rate, extend the poll{smaller}; nothing was sent",
        grouped(chosen.invitations.len() as u64),
        grouped(chosen.segments),
        terms.rate,
        duration(needed),
        rfc3339(end),
        duration(left),
    )))
}

/// A number of seconds as people say it.
pub fn duration(seconds: u64) -> String {
    let (hours, minutes) = (seconds / 3_600, seconds % 3_600 / 60);
    match (hours, minutes) {
        (0, 0) => format!("{seconds} s"),
        (0, _) => format!("{minutes} min {} s", seconds % 60),
        _ => format!("{} h {minutes} min", grouped(hours)),
    }
}

/// Tells the ledger that the wave begins, unless it knows.
fn record_start(
    (args, settings): (&WaveArgs, &Settings),
    (sender, ledger): (&Sender, &LedgerSeen),
    deliveries: &mut Deliveries,
    interrupted: &AtomicBool,
) -> Result<()> {
    let wave = match deliveries.open_wave() {
        Some(wave) if wave.recorded.is_some() => return Ok(()),
        Some(wave) => wave.clone(),
        None => return Err(not_so("no wave is open")),
    };
    let planned = wave.planned();
    let poll = ledger.show(&args.poll)?;
    if post::is_over(&poll) {
        deliveries.end_wave(wave.number, signing::now())?;
        return Err(not_so("the poll is over; nothing was sent"));
    }
    if let Some(begun) = poll.waves.last().filter(|wave| !wave.ended) {
        let number = u16::try_from(poll.waves.len()).unwrap_or(u16::MAX);
        return match begun.planned == planned {
            true => Ok(deliveries.recorded(wave.number, number)?),
            false => Err(not_so(format!(
                "the ledger has a wave of {} that is not over, and the journal one of {planned}; end the other one first (`sijill invitations export` takes up one that it began)",
                begun.planned
            ))),
        };
    }
    let number = next_wave(&poll)?;
    let content = WaveStarted {
        wave: number,
        planned,
        register: None,
    };
    let pen = pen(args, settings, sender)?;
    ledger.record(&poll, &pen, content, Event::WaveStarted, interrupted)?;
    Ok(deliveries.recorded(wave.number, number)?)
}

/// Whether the ledger has the end of the wave that the journal has open: whoever recorded it was stopped before the
/// journal said so, and what would be recorded now is another wave.
fn is_on_record(sender: &Sender, deliveries: &Deliveries) -> bool {
    let recorded = deliveries.open_wave().and_then(|wave| wave.recorded);
    let before = recorded.and_then(|number| usize::from(number).checked_sub(1));
    let wave = before.and_then(|place| sender.poll.waves.get(place));
    wave.is_some_and(|wave| wave.ended)
}

fn next_wave(poll: &PollStatus) -> Result<u16> {
    u16::try_from(poll.waves.len() + 1).map_err(|_| not_so("there are 65,535 waves already"))
}

fn pen(args: &WaveArgs, settings: &Settings, sender: &Sender) -> Result<signing::Pen> {
    let named = args.key.key.as_deref().or(settings.key.as_deref());
    let keys = signing::keys_at_hand(&settings.data(), named)?;
    signing::wave_pen(&keys, &sender.definition)
}

/// Tells the ledger what came of the wave, if it is over, and the operator in any case.
fn finish(
    (args, settings): (&WaveArgs, &Settings),
    (sender, ledger): (&Sender, &LedgerSeen),
    deliveries: Deliveries,
    ended: &Ended,
    interrupted: &AtomicBool,
) -> Result<Exit> {
    if let Ended::Interrupted | Ended::Stopped { .. } = ended {
        return say(settings, &state(sender, &deliveries)?, ended);
    }
    let poll = ledger.show(&args.poll)?;
    let wave = deliveries.open_wave();
    if let Some(wave) = wave.filter(|_| poll.waves.last().is_some_and(|wave| !wave.ended)) {
        let number = wave.recorded.unwrap_or(u16::MAX);
        let content = wave.outcome(number, deliveries.link());
        let pen = pen(args, settings, sender)?;
        ledger.record(&poll, &pen, content, Event::WaveEnded, interrupted)?;
    }
    end(settings, sender, deliveries, ended)
}

/// The wave is over, and the ledger has what came of it.
fn end(
    settings: &Settings,
    sender: &Sender,
    mut deliveries: Deliveries,
    ended: &Ended,
) -> Result<Exit> {
    let state = state(sender, &deliveries)?;
    deliveries.end_wave(state.wave, signing::now())?;
    say(settings, &state, ended)
}

/// How the open wave stands, which is written down for others, too.
fn state(sender: &Sender, deliveries: &Deliveries) -> Result<SendingState> {
    let Some(wave) = deliveries.open_wave() else {
        return Err(unfinished("the wave is not in the journal any more"));
    };
    let state = SendingState::of_wave(wave, signing::now());
    sending_state::write(&sender.folder.sending_state(), &state)?;
    Ok(state)
}

fn say(settings: &Settings, state: &SendingState, ended: &Ended) -> Result<Exit> {
    let mut text = super::status::text(state);
    let (exit, what) = match ended {
        Ended::Final => (Exit::Well, "the wave is over, and on record".to_owned()),
        Ended::Unreceipted => (
            Exit::Well,
            "the wave is over, and on record; no receipt came for the messages that are accepted".to_owned(),
        ),
        Ended::Over => (
            Exit::NotSo,
            "the poll is over; the messages that are queued never left, and count as failed on record".to_owned(),
        ),
        Ended::Interrupted => (
            Exit::Unfinished,
            "stopped; the same command goes on with it".to_owned(),
        ),
        Ended::Stopped { why } => (
            Exit::Unfinished,
            format!("the gateway stops it: {why}. Mend that, or call its operator; the same command goes on with the wave"),
        ),
    };
    text += &format!("\n{what}");
    let mut json = serde_json::to_value(state)?;
    if let Some(fields) = json.as_object_mut() {
        fields.insert("ended".to_owned(), json!(what));
    }
    settings.console.answer(&text, &json)?;
    Ok(exit)
}

/// Everybody who was never written to.
pub fn never_written_to(_: u32, delivery: &Delivery) -> bool {
    delivery.state == State::Uninvited
}

/// Whether a message failed, or never left in a wave that is over.
pub fn failed(delivery: &Delivery) -> bool {
    let failed = matches!(
        delivery.state,
        State::Failed | State::Expired | State::Queued
    );
    failed && !delivery.stopped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_read_to_the_hundredth_of_a_percent() {
        for (text, share) in [
            ("5", 500),
            ("0.5", 50),
            ("100", 10_000),
            ("0.01", 1),
            ("12.34", 1_234),
        ] {
            assert_eq!(parse_share(text), Ok(share), "{text}");
        }
        for bad in [
            "",
            "0",
            "100.01",
            "-5",
            "5%",
            "0.001",
            ".5",
            "1e2",
            "99999999999",
        ] {
            assert!(parse_share(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_share_of_many_is_about_that_many_and_always_the_same_ones() {
        let key = [7; 32];
        let drawn = |key: &[u8; 32], wave: usize| {
            (0..20_000)
                .filter(|i| draws(key, wave, *i) < 500)
                .collect::<Vec<_>>()
        };
        let first = drawn(&key, 1);
        assert!((900..1_100).contains(&first.len()), "{}", first.len());
        assert_eq!(first, drawn(&key, 1));
        assert_ne!(first, drawn(&[8; 32], 1));
        assert_ne!(first, drawn(&key, 2));
    }

    #[test]
    fn durations_read_as_people_say_them() {
        assert_eq!(duration(59), "59 s");
        assert_eq!(duration(61), "1 min 1 s");
        assert_eq!(duration(42_800), "11 h 53 min");
    }
}
