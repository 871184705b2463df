//! A wave: whom it is for, whether there is time for it, and what the ledger is told at its beginning and its end.

use super::Sender;
use crate::account_lock::AccountLock;
use crate::commands::poll::KeyArg;
use crate::console::{duration, grouped};
use crate::fault::{Exit, input, not_so, unfinished};
use crate::gateway_settings::{self, Account, GatewayArgs};
use crate::ledger_seen::LedgerSeen;
use crate::moment::rfc3339;
use crate::post::{self, Post};
use crate::sending_lock::SendingLock;
use crate::sending_words;
use crate::settings::Settings;
use crate::signing;
use anyhow::{Context, Result};
use serde::Serialize;
use serde_json::json;
use sijill_outreach::deliveries::Deliveries;
use sijill_outreach::delivery::{Delivery, Selection, State, WaveKind};
use sijill_outreach::sending::{Ended, Terms, send};
use sijill_outreach::sending_state::{self, EndReason, SendingState};
use sijill_outreach::vault::{self, Contact};
use sijill_outreach::wave::Wave;
use sijill_poll::Event;
use sijill_poll::event::{WaveEnded, WaveStarted};
use sijill_poll::operator::Signed;
use sijill_server::desk::PollStatus;
use std::path::Path;
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
pub trait Audience {
    /// Whether this invitation may.
    fn has(&mut self, invitation: u32, delivery: &Delivery) -> bool;

    /// Why none of those that were asked about may, for people.
    fn why_nobody(&self) -> String {
        "nobody is left for such a wave; `--failed` sends again to those whose message failed"
            .to_owned()
    }
}

impl<F: FnMut(u32, &Delivery) -> bool> Audience for F {
    fn has(&mut self, invitation: u32, delivery: &Delivery) -> bool {
        self(invitation, delivery)
    }
}

/// Sends a wave as this call asks for it: the one that is open, or a new one of this kind.
pub fn run(
    args: &WaveArgs,
    settings: &Settings,
    kind: WaveKind,
    eligible: impl FnOnce(&Sender, &LedgerSeen) -> Result<Box<dyn Audience>>,
) -> Result<Exit> {
    let ledger = LedgerSeen::new(settings, args.ledger.as_deref());
    let sender = Sender::open(settings, &ledger, &args.poll)?;
    let account = args
        .gateway
        .account(&settings.gateway, &sender.definition)?;
    let rate = args.gateway.rate(&settings.gateway)?;
    let mut terms = settings.sending.terms(&sender.definition, rate)?;
    if args.without_receipts {
        terms.receipts_ms = 0;
    }
    let dispatch = Dispatch {
        settings,
        asked: selection(args, &sender)?,
        kind,
        key: args.key.key.as_deref().or(settings.key.as_deref()),
        account,
        terms,
        tells_news: true,
        interrupted: crate::interruption::flag()?,
        ledger,
        sender,
    };
    say(settings, &dispatch.send(eligible)?)
}

/// Everything that sending a wave needs, whoever asks for it.
pub struct Dispatch<'a> {
    /// Where the data is, and how to speak.
    pub settings: &'a Settings,
    /// The poll, as whoever sends needs it.
    pub sender: Sender,
    /// The ledger that is told of the wave.
    pub ledger: LedgerSeen,
    /// What a new wave is for.
    pub kind: WaveKind,
    /// Which invitations a new wave is for.
    pub asked: Selection,
    /// The file of the key that signs the wave; none where it is the data directory's.
    pub key: Option<&'a Path>,
    /// Whom the messages leave by.
    pub account: Account,
    /// What sending is bound by.
    pub terms: Terms,
    /// Whether connections that come and go are told to people.
    pub tells_news: bool,
    /// Set when it is to end.
    pub interrupted: Arc<AtomicBool>,
}

/// What came of sending a wave.
pub struct Dispatched {
    /// How its invitations stand.
    pub state: SendingState,
    /// What the ledger is told of that, once the wave is over.
    pub outcome: WaveEnded,
    /// How it ended.
    pub ended: Ended,
}

impl Dispatch<'_> {
    /// Sends the wave that is open, or a new one to those who are eligible, and has its beginning and its end recorded.
    pub fn send(
        &self,
        eligible: impl FnOnce(&Sender, &LedgerSeen) -> Result<Box<dyn Audience>>,
    ) -> Result<Dispatched> {
        let _account = AccountLock::take(&self.settings.data(), &self.account)?;
        let _sending = SendingLock::take(&self.sender.folder)?;
        // Whoever erased them before that had the lock.
        vault::must_be_there(&self.sender.folder.vault())?;
        let mut deliveries = self.sender.deliveries()?;
        if deliveries.was_torn() {
            self.settings.console.message("the journal's last frame was torn, as by a power cut, and cut off; what it told of may be sent once more (a copy is beside it, `journal.torn`)");
        }
        match end_on_record(&self.sender.poll, &deliveries) {
            None => {}
            Some(OnRecord::Own) => return self.end(deliveries, Ended::Final),
            Some(OnRecord::Foreign) => return self.give_up(deliveries),
        }
        let mut eligible = eligible(&self.sender, &self.ledger)?;
        self.begin(&mut deliveries, &mut *eligible)?;
        self.record_start(&mut deliveries)?;
        let ended = self.carry_on_a_runtime(&mut deliveries)?;
        self.finish(deliveries, ended)
    }

    fn carry_on_a_runtime(&self, deliveries: &mut Deliveries) -> Result<Ended> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .context("the system gives no threads")?;
        runtime.block_on(self.carry(deliveries))
    }

    async fn carry(&self, deliveries: &mut Deliveries) -> Result<Ended> {
        let gateway = gateway_settings::connect(self.account.clone())?;
        let (poll, definition) = (&self.sender.poll, &self.sender.definition);
        let vault = crate::vault_keeping::open_vault(self.settings, poll, signing::now())?;
        let mut post = Post::new(
            self.settings,
            self.ledger.clone(),
            (poll, definition),
            &self.sender.folder,
            vault,
            Arc::clone(&self.interrupted),
        );
        post.tells_news = self.tells_news;
        let ended = send(deliveries, gateway, &self.terms, &mut post).await;
        post.close();
        Ok(ended?)
    }

    /// Takes up the wave that is open, or begins a new one, whose invitations are on record when this returns.
    fn begin(&self, deliveries: &mut Deliveries, eligible: &mut dyn Audience) -> Result<()> {
        let open = deliveries.open_wave().cloned();
        if let Some(wave) = &open {
            refuse_another(wave, self.kind, &self.asked)?;
            if wave.ready {
                return Ok(());
            }
        }
        if open.is_none() && post::is_over(&self.sender.poll) {
            return Err(not_so("the poll is over; nothing was sent"));
        }
        refuse_too_early(&self.sender.poll)?;
        let selection = open.as_ref().map_or(&self.asked, |wave| &wave.selection);
        let chosen = chosen(&self.sender, deliveries, selection, eligible)?;
        if chosen.invitations.is_empty() && open.is_none() {
            let why = eligible.why_nobody();
            return Err(not_so(format!("{why}; nothing was sent")));
        }
        refuse_too_late(&self.sender, &self.terms, &chosen)?;
        let wave = match open {
            Some(wave) => wave.number,
            None => deliveries.begin_wave(self.kind, selection, signing::now())?,
        };
        Ok(deliveries.choose(wave, chosen.invitations.into_iter())?)
    }

    /// Tells the ledger that the wave begins, unless it knows.
    fn record_start(&self, deliveries: &mut Deliveries) -> Result<()> {
        let wave = match deliveries.open_wave() {
            Some(wave) if wave.recorded.is_some() => return Ok(()),
            Some(wave) => wave.clone(),
            None => return Err(not_so("no wave is open")),
        };
        let planned = wave.planned();
        let poll = self.ledger.show(&self.sender.poll.slug)?;
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
        self.record(&poll, content, Event::WaveStarted)?;
        Ok(deliveries.recorded(wave.number, number)?)
    }

    fn record<C: Serialize + Clone>(
        &self,
        poll: &PollStatus,
        content: C,
        wrap: impl Fn(Signed<C>) -> Event,
    ) -> Result<()> {
        let keys = signing::keys_at_hand(&self.settings.data(), self.key)?;
        let pen = signing::wave_pen(&keys, &self.sender.definition)?;
        self.ledger
            .record(poll, &pen, content, wrap, &self.interrupted)
    }

    /// Tells the ledger what came of the wave, if it is over.
    fn finish(&self, deliveries: Deliveries, ended: Ended) -> Result<Dispatched> {
        let stays_open = matches!(ended, Ended::Interrupted | Ended::Stopped { .. });
        let dispatched = self.dispatched(&deliveries, ended)?;
        if stays_open {
            return Ok(dispatched);
        }
        let poll = self.ledger.show(&self.sender.poll.slug)?;
        match end_on_record(&poll, &deliveries) {
            None => self.record(&poll, dispatched.outcome.clone(), Event::WaveEnded)?,
            Some(OnRecord::Own) => {}
            Some(OnRecord::Foreign) => return self.give_up(deliveries),
        }
        self.end(deliveries, dispatched.ended)
    }

    /// Somebody else put an end of the open wave on record.
    fn give_up(&self, mut deliveries: Deliveries) -> Result<Dispatched> {
        let dispatched = self.dispatched(&deliveries, Ended::Interrupted)?;
        deliveries.end_wave(dispatched.state.wave, signing::now())?;
        Err(not_so(format!(
            "the ledger has an end of this wave that is not of this journal, as `invitations export` writes one: its figures are not those of what was sent, which `status` shows; {} messages had not left, and `send --failed` sends them",
            grouped(dispatched.state.to_go().into())
        )))
    }

    /// The wave is over, and the ledger has what came of it.
    fn end(&self, mut deliveries: Deliveries, ended: Ended) -> Result<Dispatched> {
        let dispatched = self.dispatched(&deliveries, ended)?;
        deliveries.end_wave(dispatched.state.wave, signing::now())?;
        Ok(dispatched)
    }

    /// How the open wave stands, which is written down for others, too.
    fn dispatched(&self, deliveries: &Deliveries, ended: Ended) -> Result<Dispatched> {
        let Some(wave) = deliveries.open_wave() else {
            return Err(unfinished("the wave is not in the journal any more"));
        };
        let state = SendingState {
            ended: Some((&ended).into()),
            ..SendingState::of_wave(wave, signing::now())
        };
        sending_state::write(&self.sender.folder.sending_state(), &state)?;
        Ok(Dispatched {
            state,
            outcome: wave.outcome(wave.recorded.unwrap_or(u16::MAX), deliveries.link()),
            ended,
        })
    }
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

fn refuse_another(wave: &Wave, kind: WaveKind, asked: &Selection) -> Result<()> {
    let same = wave.kind == kind && (*asked == Selection::default() || wave.selection == *asked);
    match same {
        true => Ok(()),
        false => Err(not_so(format!(
            "a wave (`{}`) is not over yet; send it to its end first, with the same command that began it",
            wave.kind.word()
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
    eligible: &mut dyn Audience,
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
            && eligible.has(invitation, &delivery)
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

/// Before the poll begins a link leads to a page without answers.
fn refuse_too_early(poll: &PollStatus) -> Result<()> {
    match signing::now() < poll.start {
        true => Err(not_so(format!(
            "the poll begins {}, and until then a link leads to a page that takes no answer; send from then on; nothing was sent",
            rfc3339(poll.start)
        ))),
        false => Ok(()),
    }
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

/// Whose end of a wave the ledger has.
enum OnRecord {
    /// Our own: whoever recorded it was stopped before the journal said so.
    Own,
    /// That of a file of messages, which commits to no journal.
    Foreign,
}

/// The end of the wave that the journal has open, if the ledger has one: what would be recorded now is another wave.
fn end_on_record(poll: &PollStatus, deliveries: &Deliveries) -> Option<OnRecord> {
    let recorded = deliveries.open_wave().and_then(|wave| wave.recorded);
    let before = recorded.and_then(|number| usize::from(number).checked_sub(1));
    let wave = before.and_then(|place| poll.waves.get(place));
    let ended = wave.filter(|wave| wave.ended)?;
    Some(match ended.journal {
        Some(_) => OnRecord::Own,
        None => OnRecord::Foreign,
    })
}

fn next_wave(poll: &PollStatus) -> Result<u16> {
    u16::try_from(poll.waves.len() + 1).map_err(|_| not_so("there are 65,535 waves already"))
}

fn say(settings: &Settings, dispatched: &Dispatched) -> Result<Exit> {
    let (state, ended) = (&dispatched.state, &dispatched.ended);
    let mut text = super::status::account(state);
    let exit = match ended {
        Ended::Final | Ended::Unreceipted => Exit::Well,
        Ended::Over => Exit::NotSo,
        Ended::Interrupted | Ended::Stopped { .. } => Exit::Unfinished,
    };
    let what = match ended {
        Ended::Stopped { why } => format!(
            "the gateway stops it: {why}. Mend that, or call its operator; the same command goes on with the wave"
        ),
        Ended::Final | Ended::Unreceipted => {
            format!(
                "{}; it is on record",
                sending_words::end(EndReason::from(ended))
            )
        }
        _ => sending_words::end(EndReason::from(ended)).to_owned(),
    };
    text += &format!("\n{what}");
    let mut json = serde_json::to_value(state)?;
    if let Some(fields) = json.as_object_mut() {
        fields.insert("said".to_owned(), json!(what));
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
}
