//! The rules: what may happen in a poll, and what may not.
//!
//! One function, [`admits`], judges an event at its place; the writer asks it before an entry is made, the auditor asks
//! it of every entry there is. Signatures are judged before and elsewhere, because they are expensive. The time is the
//! entry's, already rounded.

use crate::definition::{AnswerRung, ClosePolicy, Order, StrataVisibility};
use crate::error::PollError;
use crate::event::{
    Answer, Closed, Event, Extended, How, PageChanged, Recovered, Responded, RosterCommitted,
    Unsealed, WaveEnded, WaveStarted, Who, Wording,
};
use crate::limits::{OBJECTIONS_MAX, REASON_BYTES_MAX, WORDINGS_MAX};
use crate::lint;
use crate::objection;
use crate::operator::{self, Envelope, Signer};
use crate::personal;
use crate::poll::{Phase, Poll};
use crate::rotation;
use crate::unseal::{self, UnsealingFault};
use sijill_ledger::Link;

/// Why an event may not be recorded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    // Time.
    /// The entry's time lies before that of the entry before it.
    #[error("the time {} lies before that of the entry before, {}", utc(*at), utc(*last))]
    TimeGoesBack {
        /// The entry's time.
        at: u64,
        /// The last entry's.
        last: u64,
    },
    /// The entry's time is finer than the poll's resolution.
    #[error("the time {} is not a multiple of the resolution, {resolution} ms", utc(*at))]
    TimeTooFine {
        /// The entry's time.
        at: u64,
        /// The resolution.
        resolution: u64,
    },

    // Who signs.
    /// A poll is opened once.
    #[error("the poll is already opened")]
    AlreadyOpened,
    /// The event is not one that operator or sender sign.
    #[error("the event is not one that an operator signs")]
    NotAnOperatorEvent,
    /// The definition has no such key, or it may not sign this kind.
    #[error("the event is not signed by a key that the definition allows for it")]
    UnknownSigner,
    /// The signature is wrong.
    #[error("the signature is wrong")]
    WrongSignature,
    /// The signer's counter is not the next one.
    #[error(
        "the signer's counter is {found}, expected {expected}: an event was left out or replayed"
    )]
    WrongCounter {
        /// The next counter.
        expected: u32,
        /// The event's.
        found: u32,
    },
    /// The event does not follow the signer's previous one.
    #[error("the event follows {found}, expected the signer's previous event {expected}")]
    WrongPrevious {
        /// Link of the signer's previous event.
        expected: Link,
        /// What the event names.
        found: Link,
    },
    /// The signed event came too late.
    #[error("the event was to be recorded by {}, and it is {}; sign it anew", utc(*until), utc(*at))]
    Void {
        /// Its time limit.
        until: u64,
        /// The entry's time.
        at: u64,
    },
    /// `Closed` names another ledger end.
    #[error(
        "the close was signed over {signed} entries, and there are {found}, or another last one"
    )]
    ClosedElsewhere {
        /// The size it was signed over.
        signed: u64,
        /// The ledger's.
        found: u64,
    },

    // Roster and waves.
    /// The roster is committed to once.
    #[error("the roster is already committed to")]
    RosterAlreadyCommitted,
    /// The commitment is not that of the leaves.
    #[error("the roster committed to is not the one of the leaves: {what} differs")]
    RosterDiffers {
        /// What differs.
        what: &'static str,
    },
    /// An open stratum with too few invitations to be public.
    #[error(
        "stratum `{stratum}` has {count} invitations, expected none or at least {min} (`strata_min`)"
    )]
    StratumTooSmall {
        /// The stratum's id.
        stratum: String,
        /// Its invitations.
        count: u32,
        /// `strata_min`.
        min: u32,
    },
    /// The roster comes first.
    #[error("no roster is committed to yet; import the roster first")]
    NoRoster,
    /// Waves count 1, 2, 3.
    #[error("wave {found}, expected wave {expected}")]
    WaveNumber {
        /// The next wave.
        expected: u16,
        /// The event's.
        found: u16,
    },
    /// More invitations than the roster has.
    #[error(
        "{planned} invitations planned, and {left} of the roster are not in an earlier wave: the others were sent, or exported to a file, already"
    )]
    WaveTooLarge {
        /// Planned by this wave.
        planned: u32,
        /// Not planned before.
        left: u64,
    },
    /// The wave was not begun, or is over.
    #[error("wave {wave} is not under way")]
    WaveNotUnderWay {
        /// The wave.
        wave: u16,
    },
    /// The figures of the wave do not add up.
    #[error("the figures of wave {wave} do not add up: {what}")]
    WaveSums {
        /// The wave.
        wave: u16,
        /// Which sum.
        what: String,
    },

    // Life.
    /// Answers before the start.
    #[error("the poll takes answers from {}", utc(*start))]
    NotYetOpen {
        /// Its start, milliseconds since 1970.
        start: u64,
    },
    /// Answers after the end.
    #[error("the poll took answers until {}", utc(*end))]
    Ended {
        /// The end in force, milliseconds since 1970.
        end: u64,
    },
    /// The poll is paused.
    #[error("the poll is paused")]
    Paused,
    /// The poll is not paused.
    #[error("the poll is not paused")]
    NotPaused,
    /// The poll is closed.
    #[error("the poll is closed")]
    Closed,
    /// The poll is void.
    #[error("the poll is annulled")]
    Annulled,
    /// Too early to close.
    #[error("the poll can be closed from {}, as its definition says", utc(*end))]
    TooEarlyToClose {
        /// The end in force, milliseconds since 1970.
        end: u64,
    },
    /// An extension that does not lengthen, comes too late, or goes too far.
    #[error(
        "the end can be moved from {} to at most {}, before it is reached and to a multiple of the resolution; asked for {}",
        utc(*from), utc(*latest), utc(*asked)
    )]
    CannotExtend {
        /// The end in force.
        from: u64,
        /// The definition's latest end.
        latest: u64,
        /// The end asked for.
        asked: u64,
    },

    /// Strata are opened after the close.
    #[error("strata are opened after the close, and the poll is not closed")]
    NotClosed,
    /// A recovery from no loss.
    #[error("nothing is lost: {acknowledged} entries were acknowledged, and there are {found}")]
    NothingLost {
        /// Entries that had been acknowledged.
        acknowledged: u64,
        /// Entries there are.
        found: u64,
    },

    // Strata.
    /// The definition's strata are open.
    #[error("the strata of this poll are open; there is nothing to unseal")]
    NothingSealed,
    /// Strata are opened once.
    #[error("the strata are already unsealed, and that is done once")]
    AlreadyUnsealed,
    /// Keys, tables or the strata left closed are not as they must be.
    #[error("the unsealing is wrong: {0}")]
    Unsealing(UnsealingFault),

    // Answers.
    /// The roster has no such invitation.
    #[error("the roster has no invitation {index}")]
    NotInRoster {
        /// The index.
        index: u32,
    },
    /// More people answer than were invited.
    #[error("{planned} invitations were planned so far, and as many have answered")]
    MoreThanInvited {
        /// Planned in all waves.
        planned: u64,
    },
    /// This very answer is already recorded.
    #[error("this answer is already recorded")]
    Repeated,
    /// Another answer stands at this revision.
    #[error("another answer is already recorded for this invitation")]
    ChangedMeanwhile,
    /// Answers are final, or were changed as often as allowed.
    #[error("the answer of this invitation can be changed {allowed} times, and it was")]
    NoRevisionLeft {
        /// How often the definition allows.
        allowed: u8,
    },
    /// A revision was left out.
    #[error("revision {found}, expected {expected}")]
    WrongRevision {
        /// The next revision.
        expected: u8,
        /// The answer's.
        found: u8,
    },
    /// The answer came in a way that the definition does not have.
    #[error("the answer did not come the way that the definition declares")]
    WrongRung,
    /// The options were shown in another order than the definition has for the invitation.
    #[error("the answer names order {found} of the options, expected {expected}")]
    WrongOrder {
        /// The invitation's.
        expected: u16,
        /// The order it names.
        found: u16,
    },
    /// Not one option of the poll's question.
    #[error("the answer is not one option of the poll's question")]
    NotOnTheBallot,

    // Objections.
    /// What is handed in is no promise of this ledger.
    #[error("this ledger promised nothing by it: {0}")]
    NotAPromise(PollError),
    /// No promise is broken yet.
    #[error(
        "no promise of this poll is due yet: the answer must be public by {}, or when the poll is closed; come again after that",
        utc(*due)
    )]
    NotDueYet {
        /// The due time, milliseconds since 1970.
        due: u64,
    },
    /// The time for objections is over.
    #[error("objections were taken until {}; an audit given the promise still shows that it is broken", utc(*until))]
    ObjectionsOver {
        /// Its last moment, milliseconds since 1970.
        until: u64,
    },
    /// This very promise is already objected about.
    #[error("it is already on record that this promise is broken, entry {index}")]
    ObjectedBefore {
        /// The entry.
        index: u64,
    },
    /// More than a ledger takes.
    #[error("the ledger has {OBJECTIONS_MAX} objections, and takes no more")]
    TooManyObjections,
    /// The invitation has another last answer than when the ledger was gone through.
    #[error(
        "the invitation has answered since the ledger was gone through; hand the promise in again"
    )]
    AnsweredSince,

    // Tally and text.
    /// The declared tally is not the fold of the entries.
    #[error("the declared tally is not the one of the entries")]
    WrongTally,
    /// Hashes that are not of every language of the poll, in their order; or a script, which this rung has none of.
    #[error(
        "the question blocks are not those of the poll's languages in their order, without a script"
    )]
    WrongPage,
    /// Too many wordings at once.
    #[error("{found} wordings, expected at most {WORDINGS_MAX}")]
    TooManyWordings {
        /// How many.
        found: usize,
    },
    /// A wording of something that stands as it was signed.
    #[error(
        "`{field}` in {language} is no text that can be mended, or stands there twice; question, options and message stay as they were signed"
    )]
    NotMendable {
        /// The field.
        field: String,
        /// The language.
        language: String,
    },
    /// A wording that breaks a rule of definitions.
    #[error("the wording of `{field}` breaks rule L{number:02}: {what}")]
    BadWording {
        /// The field.
        field: String,
        /// The rule's number.
        number: u16,
        /// What it says.
        what: &'static str,
    },
    /// A text that is too long.
    #[error("the reason has {found} bytes, expected at most {REASON_BYTES_MAX}")]
    ReasonTooLong {
        /// Its length.
        found: usize,
    },
    /// A text with what looks like personal data in it.
    #[error("a text holds what looks like {kind}; it would be public for ever, leave it out")]
    PersonalData {
        /// What it looks like.
        kind: String,
    },
}

/// A moment in milliseconds since 1970 as people read it, in UTC; as it is where no calendar has it.
pub fn utc(ms: u64) -> String {
    let moment = i64::try_from(ms)
        .ok()
        .and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
    moment.map_or_else(
        || format!("{ms} ms after 1970"),
        |moment| moment.to_string(),
    )
}

impl Refusal {
    /// The number of the auditor's check that this rule belongs to (V*n*).
    pub fn check(&self) -> u8 {
        match self {
            Self::TimeGoesBack { .. } | Self::TimeTooFine { .. } => 5,
            Self::AlreadyOpened => 6,
            Self::NotAnOperatorEvent
            | Self::UnknownSigner
            | Self::WrongCounter { .. }
            | Self::WrongPrevious { .. }
            | Self::Void { .. }
            | Self::ClosedElsewhere { .. } => 8,
            Self::RosterAlreadyCommitted
            | Self::RosterDiffers { .. }
            | Self::StratumTooSmall { .. }
            | Self::NoRoster => 10,
            Self::WrongSignature | Self::NotInRoster { .. } => 11,
            Self::Repeated
            | Self::ChangedMeanwhile
            | Self::NoRevisionLeft { .. }
            | Self::WrongRevision { .. } => 12,
            Self::WaveNumber { .. }
            | Self::WaveTooLarge { .. }
            | Self::WaveNotUnderWay { .. }
            | Self::WaveSums { .. }
            | Self::MoreThanInvited { .. } => 14,
            Self::NotYetOpen { .. }
            | Self::Ended { .. }
            | Self::Paused
            | Self::NotPaused
            | Self::Closed
            | Self::Annulled
            | Self::TooEarlyToClose { .. }
            | Self::CannotExtend { .. }
            | Self::NotClosed
            | Self::NothingLost { .. } => 15,
            Self::NotDueYet { .. } | Self::ObjectionsOver { .. } => 15,
            Self::ObjectedBefore { .. } | Self::TooManyObjections => 16,
            Self::NotAPromise(_) | Self::AnsweredSince => 25,
            Self::NothingSealed | Self::AlreadyUnsealed | Self::Unsealing(_) => 18,
            Self::WrongRung | Self::WrongOrder { .. } | Self::NotOnTheBallot => 16,
            Self::WrongPage
            | Self::TooManyWordings { .. }
            | Self::NotMendable { .. }
            | Self::BadWording { .. } => 16,
            Self::WrongTally => 17,
            Self::ReasonTooLong { .. } => 16,
            Self::PersonalData { .. } => 32,
        }
    }
}

/// Whether `event` may be recorded next, at the time `at` (milliseconds since 1970, rounded to the resolution).
pub fn admits(poll: &Poll, at: u64, event: &Event) -> Result<(), Refusal> {
    time(poll, at)?;
    match event {
        Event::Opened(_) => Err(Refusal::AlreadyOpened),
        Event::Responded(responded) => answer(poll, at, responded),
        Event::Objected(objected) => objection::admits(poll, at, objected),
        _ => operator_event(poll, at, event),
    }
}

fn time(poll: &Poll, at: u64) -> Result<(), Refusal> {
    let resolution = poll.definition().rules.resolution_ms;
    if at < poll.last_at() {
        return Err(Refusal::TimeGoesBack {
            at,
            last: poll.last_at(),
        });
    }
    if !at.is_multiple_of(resolution) {
        return Err(Refusal::TimeTooFine { at, resolution });
    }
    Ok(())
}

fn operator_event(poll: &Poll, at: u64, event: &Event) -> Result<(), Refusal> {
    let envelope = operator::envelope(poll.id(), event)
        .ok()
        .flatten()
        .ok_or(Refusal::NotAnOperatorEvent)?;
    let is_wave = matches!(event, Event::WaveStarted(_) | Event::WaveEnded(_));
    signed_in_turn(poll, at, &envelope, is_wave)?;
    match event {
        Event::RosterCommitted(signed) => roster(poll, &signed.content),
        Event::WaveStarted(signed) => wave_started(poll, &signed.content),
        Event::WaveEnded(signed) => wave_ended(poll, &signed.content),
        Event::Paused(signed) => pause(poll, &signed.content.reason),
        Event::Resumed(signed) => resume(poll, &signed.content.reason),
        Event::Extended(signed) => extend(poll, at, &signed.content),
        Event::Closed(signed) => close(poll, at, &signed.content),
        Event::Annulled(signed) => annul(poll, &signed.content.reason),
        Event::Unsealed(signed) => unseal(poll, &signed.content),
        Event::Recovered(signed) => recover(poll, &signed.content),
        Event::PageChanged(signed) => change_page(poll, &signed.content),
        Event::CredentialIssued(later) => match *later {},
        Event::Opened(_) | Event::Responded(_) | Event::Objected(_) => {
            Err(Refusal::NotAnOperatorEvent)
        }
    }
}

/// The signer may sign this kind, it is its turn, and the event is not void. Where the definition names a sender's
/// key, waves are that key's alone, and it signs nothing else.
fn signed_in_turn(poll: &Poll, at: u64, envelope: &Envelope, is_wave: bool) -> Result<(), Refusal> {
    let by_sender = envelope.signer == Signer::Sender;
    let wants_sender = is_wave && poll.definition().keys.sender.is_some();
    if by_sender != wants_sender || envelope.signer.key(poll.definition()).is_none() {
        return Err(Refusal::UnknownSigner);
    }
    let turn = poll.turn(envelope.signer);
    if envelope.counter != turn.counter {
        return Err(Refusal::WrongCounter {
            expected: turn.counter,
            found: envelope.counter,
        });
    }
    if envelope.previous != turn.previous {
        return Err(Refusal::WrongPrevious {
            expected: turn.previous,
            found: envelope.previous,
        });
    }
    if at > envelope.until {
        return Err(Refusal::Void {
            until: envelope.until,
            at,
        });
    }
    Ok(())
}

/// Neither closed nor annulled.
fn alive(poll: &Poll) -> Result<(), Refusal> {
    match poll.phase() {
        Phase::Running | Phase::Paused => Ok(()),
        Phase::Closed => Err(Refusal::Closed),
        Phase::Annulled => Err(Refusal::Annulled),
    }
}

fn roster(poll: &Poll, content: &RosterCommitted) -> Result<(), Refusal> {
    alive(poll)?;
    if poll.committed().is_some() {
        return Err(Refusal::RosterAlreadyCommitted);
    }
    let leaves = poll.roster();
    let differs = |what| Err(Refusal::RosterDiffers { what });
    if content.root != leaves.root() {
        return differs("root");
    }
    if content.count != leaves.len() {
        return differs("count");
    }
    if leaves.is_empty() {
        return differs("count, which is 0,");
    }
    match poll.definition().rules.strata {
        StrataVisibility::Open => open_strata(poll, content),
        StrataVisibility::Sealed => sealed_strata(poll, content),
    }
}

fn open_strata(poll: &Poll, content: &RosterCommitted) -> Result<(), Refusal> {
    let differs = |what| Err(Refusal::RosterDiffers { what });
    if content.by_stratum != poll.roster().by_stratum() {
        return differs("count by stratum");
    }
    if !content.stratum_keys.is_empty() {
        return differs("stratum keys, which open strata do not have,");
    }
    strata_large_enough(poll, content)
}

/// What the leaves hide must at least add up; `Unsealed` shows whether it is true.
fn sealed_strata(poll: &Poll, content: &RosterCommitted) -> Result<(), Refusal> {
    let strata = poll.definition().strata.len();
    let differs = |what| Err(Refusal::RosterDiffers { what });
    let sum: u64 = content.by_stratum.iter().copied().map(u64::from).sum();
    if content.by_stratum.len() != strata || sum != u64::from(content.count) {
        return differs("count by stratum");
    }
    if content.stratum_keys.len() != strata {
        return differs("number of stratum keys");
    }
    Ok(())
}

fn strata_large_enough(poll: &Poll, content: &RosterCommitted) -> Result<(), Refusal> {
    let min = poll.definition().rules.strata_min;
    let strata = poll.definition().strata.iter();
    match strata
        .zip(&content.by_stratum)
        .find(|(_, count)| (1..min).contains(*count))
    {
        None => Ok(()),
        Some((stratum, count)) => Err(Refusal::StratumTooSmall {
            stratum: stratum.id.clone(),
            count: *count,
            min,
        }),
    }
}

fn wave_started(poll: &Poll, content: &WaveStarted) -> Result<(), Refusal> {
    alive(poll)?;
    let committed = poll.committed().ok_or(Refusal::NoRoster)?;
    let expected = (poll.waves().len() as u16).saturating_add(1);
    if content.wave != expected {
        return Err(Refusal::WaveNumber {
            expected,
            found: content.wave,
        });
    }
    let left = u64::from(committed.count).saturating_sub(poll.planned());
    if u64::from(content.planned) > left {
        return Err(Refusal::WaveTooLarge {
            planned: content.planned,
            left,
        });
    }
    Ok(())
}

/// May follow the close.
fn wave_ended(poll: &Poll, content: &WaveEnded) -> Result<(), Refusal> {
    let wave = content.wave;
    let place = usize::from(wave).wrapping_sub(1);
    let begun = poll.waves().get(place).filter(|wave| !wave.ended);
    let begun = begun.ok_or(Refusal::WaveNotUnderWay { wave })?;
    let sum = |counts: [u32; 3]| counts.into_iter().map(u64::from).sum::<u64>();
    let accounted = sum([content.sent, content.failed, content.stopped]);
    if accounted != u64::from(begun.planned) {
        let what = format!(
            "sent, failed and stopped are {accounted}, planned were {}",
            begun.planned
        );
        return Err(Refusal::WaveSums { wave, what });
    }
    let known = sum([content.delivered, content.unknown, content.refused]);
    if known != u64::from(content.sent) {
        let what = format!(
            "delivered, unknown and refused are {known}, sent were {}",
            content.sent
        );
        return Err(Refusal::WaveSums { wave, what });
    }
    Ok(())
}

fn pause(poll: &Poll, reason: &str) -> Result<(), Refusal> {
    alive(poll)?;
    if poll.phase() == Phase::Paused {
        return Err(Refusal::Paused);
    }
    public_text(reason)
}

fn resume(poll: &Poll, reason: &str) -> Result<(), Refusal> {
    alive(poll)?;
    if poll.phase() != Phase::Paused {
        return Err(Refusal::NotPaused);
    }
    public_text(reason)
}

fn extend(poll: &Poll, at: u64, content: &Extended) -> Result<(), Refusal> {
    alive(poll)?;
    let latest = poll.definition().field.latest_end;
    let whole = content
        .end
        .is_multiple_of(poll.definition().rules.resolution_ms);
    if content.end <= poll.end() || content.end > latest || at >= poll.end() || !whole {
        return Err(Refusal::CannotExtend {
            from: poll.end(),
            latest,
            asked: content.end,
        });
    }
    public_text(&content.reason)
}

fn change_page(poll: &Poll, content: &PageChanged) -> Result<(), Refusal> {
    alive(poll)?;
    let languages = content
        .questions
        .iter()
        .map(|block| block.language.as_str());
    if !languages.eq(poll.definition().languages()) || content.script.is_some() {
        return Err(Refusal::WrongPage);
    }
    let found = content.wordings.len();
    if found > WORDINGS_MAX {
        return Err(Refusal::TooManyWordings { found });
    }
    for (place, wording) in content.wordings.iter().enumerate() {
        let before = content.wordings.get(..place).unwrap_or_default();
        mends(poll, wording, before)?;
    }
    // Whom to ask may be named with a number, as in the definition.
    let wordings = content.wordings.iter();
    wordings
        .filter(|wording| wording.field != "contact.name")
        .try_for_each(|wording| nothing_personal(&wording.text))?;
    public_text(&content.reason)
}

/// Whether a wording is of a text that may be mended, for the first time in this change, and reads as such a text must.
fn mends(poll: &Poll, wording: &Wording, before: &[Wording]) -> Result<(), Refusal> {
    let Wording {
        field,
        language,
        text,
    } = wording;
    let definition = poll.definition();
    let mut languages = definition.languages();
    let twice = |other: &Wording| other.field == *field && other.language == *language;
    let Some(mendable) = definition
        .mendable(field)
        .filter(|_| languages.any(|known| known == language) && !before.iter().any(twice))
    else {
        return Err(Refusal::NotMendable {
            field: field.clone(),
            language: language.clone(),
        });
    };
    match lint::wording_fault(text, mendable.chars_max, mendable.lines) {
        None => Ok(()),
        Some(rule) => Err(Refusal::BadWording {
            field: field.clone(),
            number: rule.number(),
            what: rule.title(),
        }),
    }
}

fn close(poll: &Poll, at: u64, content: &Closed) -> Result<(), Refusal> {
    alive(poll)?;
    let at_end = poll.definition().rules.close == ClosePolicy::AtEnd;
    if at_end && at < poll.end() {
        return Err(Refusal::TooEarlyToClose { end: poll.end() });
    }
    let head = poll.head();
    if content.size != head.size || content.link != head.link {
        return Err(Refusal::ClosedElsewhere {
            signed: content.size,
            found: head.size,
        });
    }
    let declared = poll.tally().declared(poll.definition());
    if content.tally.as_ref() != Some(&declared) {
        return Err(Refusal::WrongTally);
    }
    public_text(&content.reason)
}

/// May follow the close: what is found out later can void a result.
fn annul(poll: &Poll, reason: &str) -> Result<(), Refusal> {
    if poll.phase() == Phase::Annulled {
        return Err(Refusal::Annulled);
    }
    public_text(reason)
}

fn unseal(poll: &Poll, content: &Unsealed) -> Result<(), Refusal> {
    match poll.phase() {
        Phase::Closed => {}
        Phase::Annulled => return Err(Refusal::Annulled),
        Phase::Running | Phase::Paused => return Err(Refusal::NotClosed),
    }
    if poll.definition().rules.strata != StrataVisibility::Sealed {
        return Err(Refusal::NothingSealed);
    }
    if poll.unsealed().is_some() {
        return Err(Refusal::AlreadyUnsealed);
    }
    match unseal::faults(poll, content).into_iter().next() {
        None => Ok(()),
        Some(fault) => Err(Refusal::Unsealing(fault)),
    }
}

/// In every state: what is lost is lost.
fn recover(poll: &Poll, content: &Recovered) -> Result<(), Refusal> {
    let found = poll.head().size;
    if content.head_size <= found {
        return Err(Refusal::NothingLost {
            acknowledged: content.head_size,
            found,
        });
    }
    public_text(&content.reason)
}

fn public_text(text: &str) -> Result<(), Refusal> {
    if text.len() > REASON_BYTES_MAX {
        return Err(Refusal::ReasonTooLong { found: text.len() });
    }
    nothing_personal(text)
}

fn nothing_personal(text: &str) -> Result<(), Refusal> {
    match personal::find(text) {
        None => Ok(()),
        Some(hit) => Err(Refusal::PersonalData {
            kind: hit.kind.to_string(),
        }),
    }
}

fn answer(poll: &Poll, at: u64, responded: &Responded) -> Result<(), Refusal> {
    ballot(poll, &responded.answer)?;
    let Who::Invitation { index, revision } = responded.answer.who;
    if poll.committed().is_none() {
        return Err(Refusal::NoRoster);
    }
    in_its_order(poll, index, &responded.answer)?;
    // A repeat is told as one also after the end, so that a lost acknowledgement can be asked for again.
    revisions(poll, index, revision, &responded.answer)?;
    takes_answers(poll, at)?;
    if revision == 1 && poll.tally().answered >= poll.planned() {
        return Err(Refusal::MoreThanInvited {
            planned: poll.planned(),
        });
    }
    Ok(())
}

/// Whether the poll takes answers at this time.
pub fn takes_answers(poll: &Poll, at: u64) -> Result<(), Refusal> {
    alive(poll)?;
    let start = poll.definition().field.start;
    if at < start {
        return Err(Refusal::NotYetOpen { start });
    }
    if at >= poll.end() {
        return Err(Refusal::Ended { end: poll.end() });
    }
    if poll.phase() == Phase::Paused {
        return Err(Refusal::Paused);
    }
    Ok(())
}

fn ballot(poll: &Poll, answer: &Answer) -> Result<(), Refusal> {
    let declared = match poll.definition().rules.answers {
        AnswerRung::Link => answer.how == How::Link,
        AnswerRung::Signed => matches!(answer.how, How::Signed | How::Assisted),
        AnswerRung::Anonymous => answer.how == How::Anonymous,
    };
    if !declared {
        return Err(Refusal::WrongRung);
    }
    // Where it is rotated, the roster says which it is: see `in_its_order`.
    if poll.definition().question.order == Order::Fixed && answer.order != 0 {
        return Err(Refusal::WrongOrder {
            expected: 0,
            found: answer.order,
        });
    }
    if poll.chosen_option(answer).is_none() {
        return Err(Refusal::NotOnTheBallot);
    }
    Ok(())
}

/// The answer names the order in which the invitation of this index is shown the options.
fn in_its_order(poll: &Poll, index: u32, answer: &Answer) -> Result<(), Refusal> {
    let key = poll.roster().key_bytes(index);
    let key = key.ok_or(Refusal::NotInRoster { index })?;
    let (expected, found) = (rotation::of(poll.definition(), key), answer.order);
    match expected == found {
        true => Ok(()),
        false => Err(Refusal::WrongOrder { expected, found }),
    }
}

fn revisions(poll: &Poll, index: u32, revision: u8, answer: &Answer) -> Result<(), Refusal> {
    let cast = poll.cast(index);
    let allowed = poll.definition().rules.revisions;
    let expected = cast.revision.saturating_add(1);
    if revision == 0 || revision > expected {
        return Err(Refusal::WrongRevision {
            expected,
            found: revision,
        });
    }
    if revision <= cast.revision {
        let same = revision == cast.revision && poll.chosen_option(answer) == Some(cast.last);
        return Err(match same {
            true => Refusal::Repeated,
            false => Refusal::ChangedMeanwhile,
        });
    }
    if revision > allowed.saturating_add(1) {
        return Err(Refusal::NoRevisionLeft { allowed });
    }
    Ok(())
}
