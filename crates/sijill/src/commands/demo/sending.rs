//! The demo's invitations leave: by the functions of `sijill invitations send`, over SMPP, to the message centre that the
//! demo brings with it or to another one, with a wave in the ledger and a journal in the vault.
//!
//! Who has no message cannot answer: the links that are answered by are those of texts that arrived. Where they arrived
//! elsewhere, they are the vault's, of everybody whose message did not fail.

use super::centre::Centre;
use super::elsewhere::PrivateAddress;
use super::inbox::Inbox;
use super::stage::{Opening, Stage};
use crate::commands::invitations::Sender;
use crate::commands::invitations::wave::{Dispatch, Dispatched, never_written_to};
use crate::console::grouped;
use crate::fault::{input, unfinished};
use crate::gateway_settings::{Account, GatewayArgs, GatewaySection};
use crate::ledger_seen::LedgerSeen;
use crate::post::Letters;
use anyhow::Result;
use serde_json::{Value, json};
use sijill_outreach::calendar::Calendar;
use sijill_outreach::delivery::{Delivery, Selection, State, WaveKind};
use sijill_outreach::sending::{Ended, Terms};
use sijill_outreach::smpp::settings::{SmppSettings, Times};
use sijill_outreach::vault::Contact;
use sijill_poll::definition::Definition;
use sijill_poll::event::WaveEnded;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// Segments a second to the demo's own message centre: as fast as it goes.
const RATE: u32 = 100_000;

/// Segments a second to another one, where the configuration does not say: what a simulator takes.
const RATE_ELSEWHERE: u32 = 1_000;

/// Name and password of the account at another message centre, where the configuration does not say.
const ACCOUNT: &str = "demo";

/// How long receipts are waited for after the last message left, in milliseconds.
const RECEIPTS_MS: u64 = 30_000;

/// How long a message centre may be away before the demo gives up.
const AWAY_MAX: Duration = Duration::from_secs(10);

/// Times of a demo, which nobody wants to wait for.
const TIMES: Times = Times {
    enquire_link: Duration::from_secs(10),
    response: Duration::from_secs(10),
    again_first: Duration::from_secs(1),
    again_max: Duration::from_secs(2),
    give_up: Some(AWAY_MAX),
};

/// The way that messages take.
pub enum Way {
    /// To the message centre that the demo brings with it.
    BuiltIn,
    /// To another.
    Elsewhere(PrivateAddress),
}

impl Way {
    /// To the message centre that is named, or the demo's own.
    pub fn of(named: Option<&str>) -> Result<Self> {
        Ok(match named {
            None => Self::BuiltIn,
            Some(named) => {
                let address = PrivateAddress::of(named);
                Self::Elsewhere(address.map_err(|why| input(why.to_string()))?)
            }
        })
    }
}

/// A message, to be shown and answered.
pub struct Letter {
    /// What it says; its last line is the link.
    pub text: String,
    /// The language's tag.
    pub language: String,
}

impl Letter {
    /// Its link.
    pub fn link(&self) -> &str {
        self.text.lines().last().unwrap_or_default()
    }
}

/// Invitations that were sent.
pub struct Sent {
    /// Where to, in words.
    pub to: String,
    /// Whether that is the demo's own message centre.
    pub is_built_in: bool,
    /// How many.
    pub invitations: u64,
    /// Segments of their messages.
    pub segments: u64,
    /// What became of them, as the ledger has it.
    pub outcome: WaveEnded,
    /// A message of each language, which the crowd leaves alone.
    pub letters: Vec<Letter>,
    /// Everybody else who has a message, with the secret in its link.
    pub reached: Vec<Contact>,
}

impl Sent {
    /// What became of them, for people.
    pub fn figures(&self) -> String {
        let outcome = &self.outcome;
        let mut figures = format!(
            "{} delivered, {} failed",
            grouped(outcome.delivered.into()),
            grouped(outcome.failed.into())
        );
        if outcome.unknown > 0 {
            figures += &format!(", {} unknown", grouped(outcome.unknown.into()));
        }
        figures
    }

    /// The same for machines.
    pub fn document(&self) -> Value {
        json!({
            "to": self.to,
            "built_in": self.is_built_in,
            "invitations": self.invitations,
            "segments": self.segments,
            "delivered": self.outcome.delivered,
            "failed": self.outcome.failed,
            "unknown": self.outcome.unknown,
        })
    }
}

/// Sends them; none if that was interrupted.
pub fn send(
    stage: &Stage,
    opening: &Opening,
    way: &Way,
    interrupted: &Arc<AtomicBool>,
) -> Result<Option<Sent>> {
    match way {
        Way::BuiltIn => {
            let centre = Centre::open(stage.seed, usize::try_from(opening.invited)?)?;
            let line = Line {
                to: "a message centre on this machine",
                settings: centre.settings(&opening.definition.message.sender),
                rate: RATE,
                is_built_in: true,
            };
            let wave = wave(stage, opening, &line, interrupted)?;
            let arrived = Arrived::In(centre.close()?);
            let sent = wave.map(|wave| sent(opening, &line, wave, &arrived));
            sent.transpose()
        }
        Way::Elsewhere(address) => {
            let section = &stage.settings.gateway;
            let line = Line {
                to: &address.named,
                settings: account(section, &opening.definition, address)?,
                rate: rate(section)?,
                is_built_in: false,
            };
            let wave = wave(stage, opening, &line, interrupted)?;
            let arrived = Arrived::Elsewhere(Letters::of(&opening.definition));
            let sent = wave.map(|wave| sent(opening, &line, wave, &arrived));
            sent.transpose()
        }
    }
}

/// What messages leave by.
struct Line<'a> {
    /// Where to, in words.
    to: &'a str,
    settings: SmppSettings,
    /// Segments a second.
    rate: u32,
    is_built_in: bool,
}

impl Line<'_> {
    /// It takes no more messages.
    fn stopped(&self, why: &str) -> anyhow::Error {
        unfinished(match self.is_built_in {
            true => format!("the demo's own message centre fails: {why}"),
            false => format!(
                "the invitations cannot be sent to `{}`: {why}; mend that, or leave `--smpp` out: the demo brings a message centre with it",
                self.to
            ),
        })
    }
}

/// The account at another message centre: that of the configuration, or else `demo` with the password `demo`.
fn account(
    section: &GatewaySection,
    definition: &Definition,
    address: &PrivateAddress,
) -> Result<SmppSettings> {
    let mut settings = section.smpp_at(&address.address.to_string(), definition, ACCOUNT)?;
    if let Some(tls) = &mut settings.tls {
        tls.name = Some(address.host().to_owned());
    }
    Ok(settings)
}

fn rate(section: &GatewaySection) -> Result<u32> {
    let args = GatewayArgs {
        rate: section.agreed_rate().or(Some(RATE_ELSEWHERE)),
        ..GatewayArgs::default()
    };
    args.rate(section)
}

/// A wave that is over: what the ledger has of it, and what its sender has.
struct Wave {
    outcome: WaveEnded,
    sender: Sender,
}

/// Sends a wave to everybody; none if that was interrupted.
fn wave(
    stage: &Stage,
    opening: &Opening,
    line: &Line<'_>,
    interrupted: &Arc<AtomicBool>,
) -> Result<Option<Wave>> {
    let ledger = LedgerSeen::new(&stage.settings, None);
    let account = SmppSettings {
        times: TIMES,
        ..line.settings.clone()
    };
    let dispatch = Dispatch {
        settings: &stage.settings,
        sender: Sender::open(&stage.settings, &ledger, &opening.slug)?,
        ledger,
        kind: WaveKind::First,
        asked: Selection::default(),
        key: None,
        account: Account::Smpp(account),
        terms: Terms {
            calendar: Calendar::always(),
            rate: line.rate,
            receipts_ms: RECEIPTS_MS,
        },
        tells_news: !line.is_built_in,
        interrupted: Arc::clone(interrupted),
    };
    let Dispatched { outcome, ended, .. } = dispatch.send(|_, _| Ok(Box::new(never_written_to)))?;
    let sender = dispatch.sender;
    match ended {
        Ended::Final | Ended::Unreceipted | Ended::Over => Ok(Some(Wave { outcome, sender })),
        Ended::Interrupted => Ok(None),
        Ended::Stopped { why } => Err(line.stopped(&why)),
    }
}

fn sent(opening: &Opening, line: &Line<'_>, wave: Wave, arrived: &Arrived) -> Result<Sent> {
    let mut reached = arrived.reached(&wave.sender)?;
    let letters = arrived.letters(&opening.definition, &mut reached);
    if reached.is_empty() {
        return Err(line.stopped("no message arrived, so nobody can answer"));
    }
    Ok(Sent {
        to: line.to.to_owned(),
        is_built_in: line.is_built_in,
        invitations: opening.invited,
        segments: segments(&wave.sender)?,
        outcome: wave.outcome,
        letters,
        reached,
    })
}

/// Segments of everybody's message.
fn segments(sender: &Sender) -> Result<u64> {
    let definition = &sender.definition;
    let of = |language| definition.message.sent_in(language).count as u64;
    let counts: Vec<u64> = definition.languages().map(of).collect();
    let mut segments = 0;
    for contact in sender.vault.contacts() {
        let count = counts.get(usize::from(contact?.language));
        segments += count.copied().unwrap_or(0);
    }
    Ok(segments)
}

/// Whether somebody has a message, as far as anybody knows, and wants to hear of the poll.
fn has_message(delivery: &Delivery) -> bool {
    let arrived = matches!(
        delivery.state,
        State::Accepted | State::Delivered | State::Unknown
    );
    arrived && !delivery.stopped
}

/// Where messages arrived.
enum Arrived {
    /// On the demo's own phones.
    In(Inbox),
    /// Somewhere else: what is known of a text is how it left.
    Elsewhere(Letters),
}

impl Arrived {
    /// Everybody who has a message, with the secret in its link.
    fn reached(&self, sender: &Sender) -> Result<Vec<Contact>> {
        let mut reached = Vec::new();
        let mut deliveries = sender.deliveries()?;
        for (invitation, contact) in (0..).zip(sender.vault.contacts()) {
            let contact = contact?;
            let token = match self {
                Self::In(inbox) => inbox.token(contact.number).cloned(),
                Self::Elsewhere(_) => {
                    has_message(&deliveries.delivery(invitation)?).then(|| contact.token.clone())
                }
            };
            reached.extend(token.map(|token| Contact { token, ..contact }));
        }
        Ok(reached)
    }

    /// Takes somebody of each language out, with the message; in the order of the definition's languages.
    fn letters(&self, definition: &Definition, reached: &mut Vec<Contact>) -> Vec<Letter> {
        let mut letters = Vec::new();
        for (language, tag) in (0..).zip(definition.languages()) {
            let texts = reached.iter().enumerate();
            let texts = texts.filter(|(_, contact)| contact.language == language);
            let mut found = texts.filter_map(|(place, contact)| Some((place, self.text(contact)?)));
            if let Some((place, text)) = found.next() {
                reached.swap_remove(place);
                let language = tag.to_owned();
                letters.push(Letter { text, language });
            }
        }
        letters
    }

    /// What somebody's message says, where it is known.
    fn text(&self, contact: &Contact) -> Option<String> {
        match self {
            Self::In(inbox) => inbox.text(contact.number).map(str::to_owned),
            Self::Elsewhere(letters) => {
                Some(letters.text(contact.language, contact.token.reveal()))
            }
        }
    }
}
