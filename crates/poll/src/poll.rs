//! The state of a poll, and what each event means for it.
//!
//! `evolve` is total: it takes any entry that could be read, also one that `rules` would refuse, because a replay and
//! an audit must go on past a bad entry. It allocates by the roster given, never by a number in an entry.
//!
//! Invariants (of a ledger that the rules admit):
//! - the state is a function of the entries and the roster alone;
//! - `planned ≤ roster`, `tally.answered ≤ planned`;
//! - `last_at` never decreases.

use crate::definition::{Definition, StrataVisibility};
use crate::error::PollError;
use crate::event::{
    Answer, Committed, Event, Objected, Opening, PageChanged, Recovered, Responded,
    RosterCommitted, Unsealed, Value, Who, Wording,
};
use crate::limits::RULE_SETS;
use crate::objection::{self, Objections};
use crate::operator::{self, Signer, Turn};
use crate::roster::Roster;
use crate::tally::{Cast, Tally};
use crate::unseal::{OpenedStrata, StratumKeys};
use serde::{Deserialize, Serialize};
use sijill_ledger::tree::leaf_hash;
use sijill_ledger::{Hash, Head, Link, Origin, PublicKey, Sealed};
use std::sync::Arc;

/// Where a poll stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Phase {
    /// Opened, and neither closed nor annulled; whether answers are taken also depends on the time.
    Running,
    /// Running, but taking no answers.
    Paused,
    /// Closed.
    Closed,
    /// Void.
    Annulled,
}

/// A wave of invitations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wave {
    /// How many invitations it sends.
    pub planned: u32,
    /// Whether its end is recorded.
    pub ended: bool,
    /// The commitment to its sender's journal, once its end is recorded with one.
    #[serde(default)]
    pub journal: Option<Hash>,
}

/// Entries that were acknowledged and are lost, as a `Recovered` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Loss {
    /// Index of the first entry lost; the `Recovered` stands in its place.
    pub from: u64,
    /// Number of entries that had been acknowledged.
    pub head_size: u64,
    /// Link of the last of them.
    pub head_link: Link,
}

impl Loss {
    /// Number of entries lost.
    pub fn entries(&self) -> u64 {
        self.head_size.saturating_sub(self.from)
    }
}

/// The state of one poll after some prefix of its ledger.
#[derive(Debug, Clone)]
pub struct Poll {
    id: Hash,
    opening: Arc<Opening>,
    definition: Arc<Definition>,
    head: Head,
    last_at: u64,
    phase: Phase,
    phase_since: u64,
    reason: String,
    end: u64,
    operator: Turn,
    sender: Turn,
    roster: Arc<Roster>,
    committed: Option<RosterCommitted>,
    waves: Vec<Wave>,
    casts: Vec<Cast>,
    tally: Tally,
    unsealed: Option<StratumKeys>,
    losses: Vec<Loss>,
    over_since: Option<u64>,
    objections: Objections,
    page: Page,
}

/// What pages show, where it is not what was opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// SHA-256 of the question block in each language.
    pub questions: Vec<Committed>,
    /// Texts in another wording than the definition that was signed.
    pub wordings: Vec<Wording>,
    /// How often it was changed.
    pub changes: u32,
}

impl Poll {
    /// The poll that entry 0 opens, with the roster's leaves as far as they are known (empty before they are made).
    /// Fails if the entry is not an opening whose definition this version can read.
    pub fn open(first: &Sealed<Event>, roster: Arc<Roster>) -> Result<Self, PollError> {
        let Event::Opened(opened) = &first.entry().event else {
            return Err(PollError::Opening {
                why: format!("entry 0 is `{}`", first.entry().event.name()),
            });
        };
        let opening = &opened.opening;
        let definition = definition_of(opening)?;
        let turn = Turn {
            counter: 0,
            previous: first.link(),
        };
        Ok(Self {
            id: leaf_hash(first.bytes()),
            head: Head {
                size: 1,
                link: first.link(),
            },
            last_at: first.entry().at,
            phase: Phase::Running,
            phase_since: first.entry().at,
            reason: String::new(),
            end: definition.field.end,
            operator: Turn { counter: 1, ..turn },
            sender: turn,
            roster,
            committed: None,
            waves: Vec::new(),
            casts: Vec::new(),
            tally: Tally::empty(&definition),
            unsealed: None,
            losses: Vec::new(),
            over_since: None,
            objections: Objections::default(),
            page: Page {
                questions: opening.questions.clone(),
                wordings: Vec::new(),
                changes: 0,
            },
            opening: Arc::new(opening.clone()),
            definition: Arc::new(definition),
        })
    }

    /// Gives the poll the leaves of a roster that is about to be committed to.
    pub fn attach(&mut self, roster: Arc<Roster>) {
        self.roster = roster;
    }

    /// The poll id: RFC 6962 leaf hash of entry 0. Whatever is signed, is signed over it.
    pub fn id(&self) -> Hash {
        self.id
    }

    /// Entry 0's content.
    pub fn opening(&self) -> &Opening {
        &self.opening
    }

    /// The ledger's name.
    pub fn origin(&self) -> &Origin {
        &self.opening.origin
    }

    /// The definition.
    pub fn definition(&self) -> &Arc<Definition> {
        &self.definition
    }

    /// Where its ledger ends.
    pub fn head(&self) -> Head {
        self.head
    }

    /// Time of the last entry, milliseconds since 1970.
    pub fn last_at(&self) -> u64 {
        self.last_at
    }

    /// Where it stands.
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// Since when it stands there, milliseconds since 1970.
    pub fn phase_since(&self) -> u64 {
        self.phase_since
    }

    /// The reason given with the last pause, resumption, extension, close or annulment.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// The end in force: the first moment that no longer takes answers, milliseconds since 1970.
    pub fn end(&self) -> u64 {
        self.end
    }

    /// What the next event of this signer must say.
    pub fn turn(&self, signer: Signer) -> Turn {
        match signer {
            Signer::Operator { .. } => self.operator,
            Signer::Sender => self.sender,
        }
    }

    /// The leaves.
    pub fn roster(&self) -> &Arc<Roster> {
        &self.roster
    }

    /// The commitment to the roster, once there is one.
    pub fn committed(&self) -> Option<&RosterCommitted> {
        self.committed.as_ref()
    }

    /// The waves begun.
    pub fn waves(&self) -> &[Wave] {
        &self.waves
    }

    /// Invitations planned in all waves begun.
    pub fn planned(&self) -> u64 {
        self.waves.iter().map(|wave| u64::from(wave.planned)).sum()
    }

    /// What the invitation with this index has answered.
    pub fn cast(&self, index: u32) -> Cast {
        self.casts.get(index as usize).copied().unwrap_or_default()
    }

    /// What every invitation of the roster has answered, in the roster's order.
    pub fn casts(&self) -> &[Cast] {
        &self.casts
    }

    /// The stratum keys given away, by place in the definition, once sealed strata are opened.
    pub fn unsealed(&self) -> Option<&StratumKeys> {
        self.unsealed.as_ref()
    }

    /// Acknowledged entries that are lost.
    pub fn losses(&self) -> &[Loss] {
        &self.losses
    }

    /// Time of the first close or annulment, milliseconds since 1970.
    pub fn over_since(&self) -> Option<u64> {
        self.over_since
    }

    /// Index of the entry that objects about the signed answer with this SHA-256, if one does.
    pub fn objection_about(&self, answer: Hash) -> Option<u64> {
        self.objections.about(answer)
    }

    pub(crate) fn objections(&self) -> &Objections {
        &self.objections
    }

    /// What pages show, where it is not what was opened.
    pub fn page(&self) -> &Page {
        &self.page
    }

    /// The tally.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// The key that signs promises.
    pub fn promise_key(&self) -> PublicKey {
        self.opening.promise_key
    }

    /// When a promise is due, milliseconds since 1970: latest end and promise delay of the definition.
    pub fn promise_due(&self) -> u64 {
        self.definition
            .field
            .latest_end
            .saturating_add(self.definition.rules.promise_delay_ms)
    }

    /// Place of the option that an answer to the definition's one question names in the clear.
    pub fn chosen_option(&self, answer: &Answer) -> Option<u16> {
        match answer.chosen.as_slice() {
            [chosen] if chosen.question == self.definition.question.id => match &chosen.value {
                Value::Clear(option) => self.definition.option_index(option),
                Value::Sealed(_) => None,
            },
            _ => None,
        }
    }
}

/// What of a poll's state follows from the entries after its opening, the casts aside: what whoever folded them keeps, so
/// as not to fold them again. It is no part of any format that is published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Folded {
    head: Head,
    last_at: u64,
    phase: Phase,
    phase_since: u64,
    reason: String,
    end: u64,
    operator: Turn,
    sender: Turn,
    committed: Option<RosterCommitted>,
    waves: Vec<Wave>,
    tally: Tally,
    unsealed: Option<StratumKeys>,
    losses: Vec<Loss>,
    over_since: Option<u64>,
    objections: Objections,
    page: Page,
}

impl Folded {
    /// Where the ledger ends.
    pub fn head(&self) -> Head {
        self.head
    }
}

impl Poll {
    /// What follows from its entries so far; [`Poll::casts`] besides.
    pub fn folded(&self) -> Folded {
        Folded {
            head: self.head,
            last_at: self.last_at,
            phase: self.phase,
            phase_since: self.phase_since,
            reason: self.reason.clone(),
            end: self.end,
            operator: self.operator,
            sender: self.sender,
            committed: self.committed.clone(),
            waves: self.waves.clone(),
            tally: self.tally.clone(),
            unsealed: self.unsealed.clone(),
            losses: self.losses.clone(),
            over_since: self.over_since,
            objections: self.objections.clone(),
            page: self.page.clone(),
        }
    }

    /// The poll that entry 0 opens, after the entries that gave `folded` and `casts`.
    pub fn resume(
        first: &Sealed<Event>,
        roster: Arc<Roster>,
        folded: Folded,
        casts: Vec<Cast>,
    ) -> Result<Self, PollError> {
        let mut opened = Self::open(first, roster)?;
        mend(&mut opened.definition, &folded.page.wordings);
        Ok(Self {
            id: opened.id,
            opening: opened.opening,
            definition: opened.definition,
            roster: opened.roster,
            casts,
            head: folded.head,
            last_at: folded.last_at,
            phase: folded.phase,
            phase_since: folded.phase_since,
            reason: folded.reason,
            end: folded.end,
            operator: folded.operator,
            sender: folded.sender,
            committed: folded.committed,
            waves: folded.waves,
            tally: folded.tally,
            unsealed: folded.unsealed,
            losses: folded.losses,
            over_since: folded.over_since,
            objections: folded.objections,
            page: folded.page,
        })
    }
}

/// The definition of an opening, if it is of a rule set that this version has and passes it.
fn definition_of(opening: &Opening) -> Result<Definition, PollError> {
    if !RULE_SETS.contains(&opening.rule_set) {
        let why = format!(
            "it is judged by rule set {}, of a later version; read it with a newer Sijill",
            opening.rule_set
        );
        return Err(PollError::Opening { why });
    }
    Definition::parse(&opening.definition).map_err(|findings| PollError::Opening {
        why: findings.first().map_or_else(String::new, |finding| {
            format!("its definition is refused: {}", finding.message)
        }),
    })
}

/// What an entry means for the poll.
pub fn evolve(poll: &mut Poll, sealed: &Sealed<Event>) {
    let entry = sealed.entry();
    poll.head = Head {
        size: entry.index.saturating_add(1),
        link: sealed.link(),
    };
    poll.last_at = poll.last_at.max(entry.at);
    advance_turn(poll, &entry.event, sealed.link());
    let before = poll.phase;
    apply(poll, &entry.event);
    if poll.phase != before {
        poll.phase_since = entry.at;
    }
    if matches!(poll.phase, Phase::Closed | Phase::Annulled) {
        poll.over_since.get_or_insert(entry.at);
    }
}

fn advance_turn(poll: &mut Poll, event: &Event, link: Link) {
    let Ok(Some(envelope)) = operator::envelope(poll.id, event) else {
        return;
    };
    let turn = match envelope.signer {
        Signer::Operator { .. } => &mut poll.operator,
        Signer::Sender => &mut poll.sender,
    };
    *turn = Turn {
        counter: envelope.counter.saturating_add(1),
        previous: link,
    };
}

fn apply(poll: &mut Poll, event: &Event) {
    match event {
        Event::Opened(_) => {}
        Event::RosterCommitted(signed) => {
            poll.casts = vec![Cast::default(); poll.roster.len() as usize];
            poll.committed = Some(signed.content.clone());
        }
        Event::WaveStarted(signed) => poll.waves.push(Wave {
            planned: signed.content.planned,
            ended: false,
            journal: None,
        }),
        Event::WaveEnded(signed) => {
            let place = usize::from(signed.content.wave).wrapping_sub(1);
            if let Some(wave) = poll.waves.get_mut(place) {
                wave.ended = true;
                wave.journal = signed.content.journal;
            }
        }
        Event::Responded(responded) => respond(poll, responded),
        Event::Paused(signed) => turn_to(poll, Phase::Paused, &signed.content.reason),
        Event::Resumed(signed) => turn_to(poll, Phase::Running, &signed.content.reason),
        Event::Extended(signed) => {
            poll.end = signed.content.end;
            poll.reason.clone_from(&signed.content.reason);
        }
        Event::Closed(signed) => turn_to(poll, Phase::Closed, &signed.content.reason),
        Event::Annulled(signed) => turn_to(poll, Phase::Annulled, &signed.content.reason),
        Event::Unsealed(signed) => unseal(poll, &signed.content),
        Event::Recovered(signed) => lose(poll, &signed.content),
        Event::Objected(objected) => object(poll, objected),
        Event::PageChanged(signed) => change_page(poll, &signed.content),
        Event::CredentialIssued(later) => match *later {},
    }
}

fn change_page(poll: &mut Poll, content: &PageChanged) {
    mend(&mut poll.definition, &content.wordings);
    for wording in &content.wordings {
        let same =
            |other: &Wording| other.field == wording.field && other.language == wording.language;
        poll.page.wordings.retain(|other| !same(other));
        // What is no text of the definition changes nothing, and is not kept.
        let mut languages = poll.definition.languages();
        if poll.definition.mendable(&wording.field).is_some()
            && languages.any(|language| language == wording.language)
        {
            poll.page.wordings.push(wording.clone());
        }
    }
    poll.page.questions.clone_from(&content.questions);
    poll.page.changes = poll.page.changes.saturating_add(1);
    poll.reason.clone_from(&content.reason);
}

fn mend(definition: &mut Arc<Definition>, wordings: &[Wording]) {
    if !wordings.is_empty() {
        let definition = Arc::make_mut(definition);
        for wording in wordings {
            definition.mend(&wording.field, &wording.language, &wording.text);
        }
    }
}

fn turn_to(poll: &mut Poll, phase: Phase, reason: &str) {
    poll.phase = phase;
    reason.clone_into(&mut poll.reason);
}

fn unseal(poll: &mut Poll, content: &Unsealed) {
    // The first one counts. Opening costs a hash a leaf and stratum, and a forger may repeat it without end.
    if poll.definition.rules.strata == StrataVisibility::Open || poll.unsealed.is_some() {
        return;
    }
    let opened = OpenedStrata::new(&poll.definition, &poll.roster, &poll.casts, &content.keys);
    let rows = opened.tables.into_iter().zip(&content.keys);
    poll.tally.by_stratum = rows.map(|(row, key)| key.map(|_| row)).collect();
    poll.unsealed = Some(content.keys.clone());
}

/// Stands at `poll.head.size - 1`: the head has moved on to the entry itself.
fn lose(poll: &mut Poll, content: &Recovered) {
    poll.losses.push(Loss {
        from: poll.head.size.saturating_sub(1),
        head_size: content.head_size,
        head_link: content.head_link,
    });
    poll.reason.clone_from(&content.reason);
}

/// Stands at `poll.head.size - 1`, as [`lose`] does. What comes after the last that may is not looked at.
fn object(poll: &mut Poll, objected: &Objected) {
    if poll.objections.is_full() {
        return;
    }
    let promise = objection::open(poll, &objected.promise).ok();
    let answer = promise.map(|promise| promise.promise().answer);
    let index = poll.head.size.saturating_sub(1);
    poll.objections.add(index, answer);
}

fn respond(poll: &mut Poll, responded: &Responded) {
    let Who::Invitation { index, revision } = responded.answer.who;
    let (Some(option), Some(stratum)) = (
        poll.chosen_option(&responded.answer),
        poll.roster.stratum(index),
    ) else {
        return;
    };
    if let Some(cast) = poll.casts.get_mut(index as usize) {
        let before = *cast;
        *cast = before.after(option, revision.max(1), responded.answer.how);
        poll.tally.count(before, *cast, stratum);
    }
}
