//! All messages of a poll: the journal, and what follows from it. The fold of every invitation and the ids of segments
//! are in files beside the journal that are made anew from it at each start; memory does not grow with the roster.
//!
//! Invariants:
//! - steps are applied as they are decided, and whoever acts on them calls [`Deliveries::commit`] first;
//! - one wave is open at a time, and its counts add up to the number of its invitations.

use crate::delivery::{
    self, Command, Delivery, Final, Parts, Refusal, Selection, State, Step, StopWay, WaveKind,
    What, decide,
};
use crate::gateway::{Receipt, Ticket};
use crate::journal::{Journal, JournalError};
use crate::limits::{CHOSEN_MAX, ID_CHARS_MAX, PARKED_MAX};
use crate::paged_file::PagedFile;
use crate::receipt::{candidates, normalised};
use crate::segment_ids::SegmentIds;
use crate::wave::Wave;
use sijill_ledger::{Hash, Origin};
use std::collections::VecDeque;
use std::io;
use std::path::Path;

/// Bytes of an invitation's fold.
const RECORD_BYTES: usize = 32;

/// Whose journal it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Whose {
    /// The ledger's name.
    pub origin: Origin,
    /// The poll.
    pub poll_id: Hash,
    /// Invitations of the roster.
    pub invitations: u32,
}

/// Why messages cannot be kept account of.
#[derive(Debug, thiserror::Error)]
pub enum DeliveriesError {
    /// The journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A file that is derived from it.
    #[error("cannot use a file that is made from the journal: {0}")]
    Derived(#[from] io::Error),
    /// The journal belongs to another poll, or to another roster of this one.
    #[error("the journal in this vault is of another poll or roster")]
    OfAnother,
    /// Steps that cannot follow one another.
    #[error("the journal holds a step that cannot be: {0}")]
    Impossible(&'static str),
}

/// What came of a receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Received {
    /// It said something new.
    Taken,
    /// It was known already, of an earlier attempt, or nothing final.
    Nothing,
    /// Nobody knows its id yet: it is kept until somebody does.
    Parked,
    /// Nobody knows its id, and as many wait as are kept.
    Stray,
}

/// All messages of a poll.
pub struct Deliveries {
    journal: Journal,
    folded: Folded,
    pending: Vec<Step>,
}

/// What follows from the steps.
struct Folded {
    states: PagedFile,
    ids: SegmentIds,
    parked: VecDeque<Parked>,
    waves: Vec<Wave>,
    whose: Whose,
    begun: bool,
    /// How often each way of writing ids was right.
    ways: [u64; 3],
}

/// A receipt that waits for its segment's id.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Parked {
    /// Every way to read its id.
    ids: Vec<String>,
    outcome: Final,
}

impl Parked {
    fn new(id: &str, outcome: Final) -> Self {
        let ids = candidates(id);
        Self { ids, outcome }
    }
}

impl Deliveries {
    /// Opens the journal of this folder, or begins one, and folds it.
    ///
    /// # Errors
    /// If it is damaged, in use, of another poll, or the disk fails.
    pub fn open(folder: &Path, key: &[u8; 32], whose: Whose) -> Result<Self, DeliveriesError> {
        let mut opened = None;
        let journal = Journal::open(&folder.join("journal"), key, |step| {
            // Not before the journal is held: another process may be using these files.
            let folded = match &mut opened {
                Some(folded) => folded,
                None => opened.insert(Folded::new(folder, whose.clone())?),
            };
            folded.apply(&step)
        })?;
        let folded = match opened {
            Some(folded) => folded,
            None => Folded::new(folder, whose)?,
        };
        let mut deliveries = Self {
            journal,
            folded,
            pending: Vec::new(),
        };
        if !deliveries.folded.begun {
            let began = deliveries.folded.beginning()?;
            deliveries.say(began)?;
            deliveries.commit()?;
        }
        Ok(deliveries)
    }

    /// Where the message of an invitation stands.
    pub fn delivery(&mut self, invitation: u32) -> Result<Delivery, DeliveriesError> {
        self.folded.delivery(invitation)
    }

    /// Invitations of the roster.
    #[must_use]
    pub fn invitations(&self) -> u32 {
        self.folded.whose.invitations
    }

    /// The waves so far.
    #[must_use]
    pub fn waves(&self) -> &[Wave] {
        &self.folded.waves
    }

    /// The wave that is not over.
    #[must_use]
    pub fn open_wave(&self) -> Option<&Wave> {
        self.folded.waves.last().filter(|wave| !wave.ended)
    }

    /// Whether a last frame was torn by a power cut, and cut off.
    #[must_use]
    pub fn was_torn(&self) -> bool {
        self.journal.was_torn()
    }

    /// Commits to everything in the journal.
    #[must_use]
    pub fn link(&self) -> Hash {
        self.journal.link()
    }

    /// Receipts that wait for their segment's id.
    #[must_use]
    pub fn parked(&self) -> usize {
        self.folded.parked.len()
    }

    /// Begins a wave: durable when it returns. Its invitations are added with [`Self::choose`].
    pub fn begin_wave(
        &mut self,
        kind: WaveKind,
        selection: &Selection,
        at: u64,
    ) -> Result<u16, DeliveriesError> {
        let wave = u16::try_from(self.folded.waves.len() + 1)
            .map_err(|_| DeliveriesError::Impossible("more than 65,535 waves"))?;
        self.say(Step::WaveBegan {
            wave,
            kind,
            selection: selection.clone(),
            at,
        })?;
        self.commit()?;
        Ok(wave)
    }

    /// Makes these invitations part of the open wave, whose choice is complete with them: durable when it returns. Those
    /// that are part of it already stay so.
    pub fn choose(
        &mut self,
        wave: u16,
        chosen: impl Iterator<Item = u32>,
    ) -> Result<(), DeliveriesError> {
        let mut some = Vec::with_capacity(CHOSEN_MAX);
        for invitation in chosen {
            if self.delivery(invitation)?.wave == wave {
                continue;
            }
            some.push(invitation);
            if some.len() == CHOSEN_MAX {
                self.say_chosen(wave, &mut some)?;
            }
        }
        self.say_chosen(wave, &mut some)?;
        self.say(Step::WaveReady { wave })?;
        self.commit()
    }

    fn say_chosen(&mut self, wave: u16, some: &mut Vec<u32>) -> Result<(), DeliveriesError> {
        let invitations = std::mem::take(some);
        self.say(Step::Chosen { wave, invitations })?;
        self.commit()
    }

    /// The beginning of the open wave is in the ledger, under this number: durable when it returns.
    pub fn recorded(&mut self, wave: u16, recorded: u16) -> Result<(), DeliveriesError> {
        self.say(Step::WaveRecorded { wave, recorded })?;
        self.commit()
    }

    /// Ends the open wave: durable when it returns.
    pub fn end_wave(&mut self, wave: u16, at: u64) -> Result<(), DeliveriesError> {
        self.say(Step::WaveEnded { wave, at })?;
        self.commit()
    }

    /// Carries a command out, if it may be: it is applied at once, and durable after [`Self::commit`].
    pub fn order(
        &mut self,
        invitation: u32,
        command: &Command<'_>,
    ) -> Result<Result<Delivery, Refusal>, DeliveriesError> {
        let delivery = self.folded.delivery(invitation)?;
        match decide(&delivery, command) {
            Err(refusal) => Ok(Err(refusal)),
            Ok(what) => {
                self.say(Step::Of { invitation, what })?;
                Ok(Ok(self.folded.delivery(invitation)?))
            }
        }
    }

    /// The gateway took a segment under this id. A receipt that came before is taken in now.
    pub fn accept(&mut self, ticket: Ticket, id: &str) -> Result<(), DeliveriesError> {
        let id: String = normalised(id).chars().take(ID_CHARS_MAX).collect();
        let (attempt, part) = (ticket.attempt, ticket.part);
        let waiting = self.folded.parked_for(&id);
        let waiting = waiting.map(|(_, parked)| parked.outcome);
        let id = id.as_str();
        let accept = Command::Accept { attempt, part, id };
        if let (Ok(_), Some(outcome)) = (self.order(ticket.invitation, &accept)?, waiting) {
            let receive = Command::Receive {
                attempt,
                part,
                outcome,
            };
            // Whatever rule it breaks, the receipt is no longer waited for.
            let _ = self.order(ticket.invitation, &receive)?;
        }
        Ok(())
    }

    /// Takes a receipt in. `is_for` says whether the message of this invitation goes to whom the receipt names.
    pub fn receive(
        &mut self,
        receipt: &Receipt,
        mut is_for: impl FnMut(u32) -> bool,
    ) -> Result<Received, DeliveriesError> {
        let Some(outcome) = Final::of(receipt.outcome) else {
            return Ok(Received::Nothing);
        };
        let id: String = receipt.id.chars().take(ID_CHARS_MAX).collect();
        let Some((ticket, way)) = self.folded.meant(&id, &mut is_for)? else {
            return self.park(id, outcome);
        };
        let command = Command::Receive {
            attempt: ticket.attempt,
            part: ticket.part,
            outcome,
        };
        if self.order(ticket.invitation, &command)?.is_err() {
            return Ok(Received::Nothing);
        }
        if let Some(count) = self.folded.ways.get_mut(way) {
            *count += 1;
        }
        Ok(Received::Taken)
    }

    fn park(&mut self, id: String, outcome: Final) -> Result<Received, DeliveriesError> {
        if self.folded.parked.contains(&Parked::new(&id, outcome)) {
            return Ok(Received::Nothing);
        }
        if self.folded.parked.len() >= PARKED_MAX {
            return Ok(Received::Stray);
        }
        self.say(Step::Parked { id, outcome })?;
        Ok(Received::Parked)
    }

    /// Leaves whoever has this invitation alone from now on; says whether that is new.
    pub fn stop(&mut self, invitation: u32, by: StopWay, at: u64) -> Result<bool, DeliveriesError> {
        let command = Command::Stop { by, at };
        Ok(self.order(invitation, &command)?.is_ok())
    }

    /// Makes durable what was said.
    pub fn commit(&mut self) -> Result<(), DeliveriesError> {
        self.journal.commit(&self.pending)?;
        self.pending.clear();
        Ok(())
    }

    fn say(&mut self, step: Step) -> Result<(), DeliveriesError> {
        self.folded.apply(&step)?;
        self.pending.push(step);
        Ok(())
    }
}

impl Folded {
    fn new(folder: &Path, whose: Whose) -> Result<Self, DeliveriesError> {
        Ok(Self {
            states: PagedFile::create(&folder.join("states"))?,
            ids: SegmentIds::create(&folder.join("ids"))?,
            parked: VecDeque::new(),
            waves: Vec::new(),
            whose,
            begun: false,
            ways: [0; 3],
        })
    }

    fn beginning(&self) -> Result<Step, DeliveriesError> {
        let mut salt = [0; 32];
        getrandom::fill(&mut salt).map_err(|_| JournalError::Randomness)?;
        Ok(Step::Began {
            origin: self.whose.origin.as_str().to_owned(),
            poll_id: self.whose.poll_id,
            salt,
            invitations: self.whose.invitations,
        })
    }

    fn apply(&mut self, step: &Step) -> Result<(), DeliveriesError> {
        match step {
            Step::Began {
                origin,
                poll_id,
                invitations,
                ..
            } => self.begin(origin, *poll_id, *invitations),
            _ if !self.begun => Err(DeliveriesError::Impossible("the first does not begin it")),
            Step::WaveBegan {
                wave,
                kind,
                selection,
                ..
            } => self.open(*wave, *kind, selection),
            Step::Chosen { wave, invitations } => invitations
                .iter()
                .try_for_each(|invitation| self.choose(*wave, *invitation)),
            Step::WaveReady { wave } => self.wave(*wave).map(|wave| wave.ready = true),
            Step::WaveEnded { wave, .. } => {
                self.wave(*wave)?.ended = true;
                // No answer is to come any more that could tell whose they are.
                self.parked.clear();
                Ok(())
            }
            Step::Parked { id, outcome } => {
                self.parked.push_back(Parked::new(id, *outcome));
                Ok(())
            }
            Step::Of { invitation, what } => self.evolve(*invitation, what),
            Step::WaveRecorded { wave, recorded } => {
                let wave = self.wave(*wave)?;
                wave.recorded = Some(*recorded);
                Ok(())
            }
        }
    }

    fn begin(
        &mut self,
        origin: &str,
        poll_id: Hash,
        invitations: u32,
    ) -> Result<(), DeliveriesError> {
        let whose = &self.whose;
        let same = origin == whose.origin.as_str()
            && poll_id == whose.poll_id
            && invitations == whose.invitations;
        if !same || self.begun {
            return Err(DeliveriesError::OfAnother);
        }
        self.begun = true;
        Ok(())
    }

    fn open(
        &mut self,
        number: u16,
        kind: WaveKind,
        selection: &Selection,
    ) -> Result<(), DeliveriesError> {
        let next = usize::from(number) == self.waves.len() + 1;
        if !next || self.waves.last().is_some_and(|wave| !wave.ended) {
            return Err(DeliveriesError::Impossible("a wave begins within another"));
        }
        self.waves.push(Wave::new(number, kind, selection.clone()));
        Ok(())
    }

    fn wave(&mut self, number: u16) -> Result<&mut Wave, DeliveriesError> {
        let last = self.waves.last_mut();
        let open = last.filter(|wave| wave.number == number && !wave.ended);
        open.ok_or(DeliveriesError::Impossible(
            "it is of a wave that is not open",
        ))
    }

    fn choose(&mut self, number: u16, invitation: u32) -> Result<(), DeliveriesError> {
        let mut delivery = self.delivery(invitation)?;
        let wave = self.wave(number)?;
        delivery::choose(&mut delivery, number, wave.kind);
        wave.add(&delivery);
        self.keep(invitation, &delivery)
    }

    fn evolve(&mut self, invitation: u32, what: &What) -> Result<(), DeliveriesError> {
        let before = self.delivery(invitation)?;
        let mut after = before;
        delivery::evolve(&mut after, what);
        if let Some(wave) = self.waves.last_mut()
            && wave.number == after.wave
            && !wave.ended
        {
            wave.moved(&before, &after);
        }
        if let What::Accepted { attempt, part, id } = what {
            let (attempt, part) = (*attempt, *part);
            let ticket = Ticket {
                invitation,
                attempt,
                part,
            };
            // Without an id no receipt can name it.
            if !id.is_empty() {
                self.ids.add(id, ticket)?;
            }
            // What it says is a step of its own, which follows this one.
            if let Some((place, _)) = self.parked_for(id) {
                self.parked.remove(place);
            }
        }
        self.keep(invitation, &after)
    }

    /// The receipt that waits for this id, and its place.
    fn parked_for(&self, id: &str) -> Option<(usize, &Parked)> {
        let mut parked = self.parked.iter().enumerate();
        parked.find(|(_, parked)| parked.ids.iter().any(|known| known == id))
    }

    /// The segment that a receipt's id means, and which way of writing ids that is: of those with such an id the ones
    /// that go to whom the receipt names, by the way that was right most often, and of these the latest attempt.
    fn meant(
        &mut self,
        id: &str,
        is_for: &mut impl FnMut(u32) -> bool,
    ) -> Result<Option<(Ticket, usize)>, DeliveriesError> {
        let known = candidates(id).into_iter();
        let mut ways: Vec<(usize, String)> = known.map(|known| (way(id, &known), known)).collect();
        ways.sort_by_key(|(way, _)| std::cmp::Reverse(self.ways.get(*way).copied()));
        for (way, id) in ways {
            let mut tickets = self.ids.find(&id)?;
            tickets.retain(|ticket| is_for(ticket.invitation));
            if let Some(ticket) = tickets.into_iter().max_by_key(|ticket| ticket.attempt) {
                return Ok(Some((ticket, way)));
            }
        }
        Ok(None)
    }

    fn delivery(&mut self, invitation: u32) -> Result<Delivery, DeliveriesError> {
        if invitation >= self.whose.invitations {
            return Err(DeliveriesError::Impossible(
                "it is of an invitation beyond the roster",
            ));
        }
        Ok(read(&self.states.read::<RECORD_BYTES>(invitation.into())?))
    }

    fn keep(&mut self, invitation: u32, delivery: &Delivery) -> Result<(), DeliveriesError> {
        Ok(self.states.write(invitation.into(), &written(delivery))?)
    }
}

/// By which way of writing ids a receipt's means one that was given: the same, hexadecimal written as decimal, or decimal
/// written as hexadecimal.
fn way(receipt: &str, given: &str) -> usize {
    let hexadecimal = u128::from_str_radix(given, 16).ok();
    match hexadecimal.is_some() && hexadecimal == receipt.parse().ok() {
        _ if given == normalised(receipt) => 0,
        true => 1,
        false => 2,
    }
}

/// A fold as it stands in its file, which nobody reads but who wrote it.
fn written(delivery: &Delivery) -> [u8; RECORD_BYTES] {
    let state = State::ALL.iter().position(|state| *state == delivery.state);
    let state = state.and_then(|place| u8::try_from(place).ok());
    let flags = u8::from(delivery.stopped) | u8::from(delivery.on_air) << 1;
    let seconds = u32::try_from(delivery.at / 1_000).unwrap_or(u32::MAX);
    let parts = [
        delivery.accepted,
        delivery.refused,
        delivery.unanswered,
        delivery.delivered,
        delivery.failed,
        delivery.expired,
        delivery.lost,
    ];
    let mut fields = vec![state.unwrap_or(0), flags, delivery.tries, delivery.parts];
    fields.extend([delivery.reminders, 0]);
    fields.extend(delivery.wave.to_le_bytes());
    fields.extend(delivery.attempt.to_le_bytes());
    fields.extend(delivery.status.to_le_bytes());
    fields.extend(seconds.to_le_bytes());
    fields.extend(parts.into_iter().flat_map(|parts| parts.0.to_le_bytes()));
    let mut bytes = [0; RECORD_BYTES];
    for (byte, field) in bytes.iter_mut().zip(fields) {
        *byte = field;
    }
    bytes
}

fn read(bytes: &[u8; RECORD_BYTES]) -> Delivery {
    let [state, flags, tries, parts, reminders, _, rest @ ..] = *bytes;
    let [w0, w1, a0, a1, s0, s1, s2, s3, t0, t1, t2, t3, rest @ ..] = rest;
    let [c0, c1, r0, r1, u0, u1, d0, d1, f0, f1, e0, e1, l0, l1] = rest;
    let part = |low, high| Parts(u16::from_le_bytes([low, high]));
    let state = State::ALL.get(usize::from(state));
    Delivery {
        state: state.copied().unwrap_or_default(),
        wave: u16::from_le_bytes([w0, w1]),
        attempt: u16::from_le_bytes([a0, a1]),
        tries,
        parts,
        reminders,
        stopped: flags & 1 != 0,
        on_air: flags & 2 != 0,
        at: u64::from(u32::from_le_bytes([t0, t1, t2, t3])) * 1_000,
        status: u32::from_le_bytes([s0, s1, s2, s3]),
        accepted: part(c0, c1),
        refused: part(r0, r1),
        unanswered: part(u0, u1),
        delivered: part(d0, d1),
        failed: part(f0, f1),
        expired: part(e0, e1),
        lost: part(l0, l1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gateway::Outcome;
    use crate::wave::Standing;

    const KEY: [u8; 32] = [7; 32];

    fn whose(invitations: u32) -> Whose {
        Whose {
            origin: "ur.example/polls/bridge".parse().unwrap(),
            poll_id: Hash::of(b"poll"),
            invitations,
        }
    }

    fn opened(folder: &Path) -> Deliveries {
        Deliveries::open(folder, &KEY, whose(100)).unwrap()
    }

    fn ticket(invitation: u32, part: u8) -> Ticket {
        let attempt = 1;
        Ticket {
            invitation,
            attempt,
            part,
        }
    }

    fn receipt(id: &str, outcome: Outcome) -> Receipt {
        Receipt {
            id: id.to_owned(),
            to: None,
            outcome,
            error: String::new(),
        }
    }

    /// A wave of all, of which the first `count` are on their way, in one segment each.
    fn wave(deliveries: &mut Deliveries, count: u32) {
        let all = Selection::default();
        let wave = deliveries.begin_wave(WaveKind::First, &all, 5).unwrap();
        deliveries.choose(wave, 0..100).unwrap();
        for invitation in 0..count {
            let command = Command::Submit {
                parts: 1,
                at: 9_000,
            };
            deliveries.order(invitation, &command).unwrap().unwrap();
        }
        deliveries.commit().unwrap();
    }

    #[test]
    fn whoever_opens_the_journal_again_finds_what_was_committed_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let mut first = opened(folder.path());
        wave(&mut first, 3);
        first.accept(ticket(0, 0), "00AB").unwrap();
        first.stop(40, StopWay::Page, 6).unwrap();
        first.commit().unwrap();
        first.accept(ticket(1, 0), "lost").unwrap();
        let link = first.link();
        assert!(matches!(
            Deliveries::open(folder.path(), &KEY, whose(100)),
            Err(DeliveriesError::Journal(JournalError::Held { .. }))
        ));
        assert_eq!(first.delivery(0).unwrap().state, State::Accepted);
        drop(first);

        let mut second = opened(folder.path());
        assert_eq!(second.link(), link);
        let states = [0, 1, 2, 3].map(|place| second.delivery(place).unwrap().state);
        use State::{Accepted, Queued, Submitted};
        assert_eq!(states, [Accepted, Submitted, Submitted, Queued]);
        assert_eq!(second.delivery(1).unwrap().at, 9_000);
        let wave = second.open_wave().unwrap();
        assert_eq!((wave.size(), wave.due()), (100, 96));
        assert_eq!(wave.count(Standing::Stopped), 1);
        let known = second.receive(&receipt("ab", Outcome::Delivered), |_| true);
        assert_eq!(known.unwrap(), Received::Taken);
    }

    #[test]
    fn another_poll_roster_or_key_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        drop(opened(folder.path()));
        let another = Deliveries::open(folder.path(), &KEY, whose(99));
        assert!(matches!(another, Err(DeliveriesError::OfAnother)));
        let key = Deliveries::open(folder.path(), &[8; 32], whose(100));
        assert!(matches!(
            key,
            Err(DeliveriesError::Journal(JournalError::Damaged {
                frame: 0,
                ..
            }))
        ));
    }

    #[test]
    fn a_receipt_that_overtakes_the_answer_counts_when_the_answer_is_there_over_a_restart_too() {
        for restart in [false, true] {
            let folder = tempfile::tempdir().unwrap();
            let mut deliveries = opened(folder.path());
            wave(&mut deliveries, 1);
            let early = receipt("171", Outcome::Delivered);
            for expected in [Received::Parked, Received::Nothing] {
                assert_eq!(deliveries.receive(&early, |_| true).unwrap(), expected);
            }
            deliveries.commit().unwrap();
            if restart {
                drop(deliveries);
                deliveries = opened(folder.path());
            }
            // Given in hexadecimal, and told in decimal.
            deliveries.accept(ticket(0, 0), "AB").unwrap();
            deliveries.commit().unwrap();
            assert_eq!(deliveries.delivery(0).unwrap().state, State::Delivered);
            drop(deliveries);
            let mut again = opened(folder.path());
            assert_eq!(again.delivery(0).unwrap().state, State::Delivered);
            assert_eq!(again.parked(), 0);
        }
    }

    #[test]
    fn a_receipt_twice_not_final_or_for_a_stranger_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let mut deliveries = opened(folder.path());
        wave(&mut deliveries, 2);
        deliveries.accept(ticket(0, 0), "10").unwrap();
        deliveries.accept(ticket(1, 0), "16").unwrap();
        // 16 in decimal is 10 in hexadecimal: whom it is for says which is meant.
        let sixteen = receipt("16", Outcome::Failed);
        let received = deliveries.receive(&sixteen, |invitation| invitation == 0);
        assert_eq!(received.unwrap(), Received::Taken);
        let states = [0, 1].map(|place| deliveries.delivery(place).unwrap().state);
        assert_eq!(states, [State::Failed, State::Accepted]);
        let again = deliveries.receive(&sixteen, |invitation| invitation == 0);
        assert_eq!(again.unwrap(), Received::Nothing);
        let pending = deliveries.receive(&receipt("16", Outcome::Pending), |_| true);
        assert_eq!(pending.unwrap(), Received::Nothing);
        let stranger = deliveries.receive(&receipt("16", Outcome::Delivered), |_| false);
        assert_eq!(stranger.unwrap(), Received::Parked);
        // After the wave nothing is to come that could tell whose it is.
        deliveries.end_wave(1, 9).unwrap();
        assert_eq!(deliveries.parked(), 0);
    }

    #[test]
    fn what_the_ledger_is_told_adds_up() {
        let folder = tempfile::tempdir().unwrap();
        let mut deliveries = opened(folder.path());
        wave(&mut deliveries, 10);
        for place in 0..6 {
            let id = format!("id{place}");
            deliveries.accept(ticket(place, 0), &id).unwrap();
        }
        for (place, outcome) in [
            (0, Outcome::Delivered),
            (1, Outcome::Delivered),
            (2, Outcome::Expired),
            (3, Outcome::Failed),
        ] {
            let receipt = receipt(&format!("id{place}"), outcome);
            deliveries.receive(&receipt, |_| true).unwrap();
        }
        for place in [1, 50, 51] {
            assert!(deliveries.stop(place, StopWay::Reply, 8).unwrap());
        }
        assert!(!deliveries.stop(1, StopWay::Reply, 8).unwrap());
        let ended = deliveries.open_wave().unwrap();
        let ended = ended.outcome(1, deliveries.link());
        assert_eq!(ended.sent + ended.failed + ended.stopped, 100);
        assert_eq!(ended.delivered + ended.unknown + ended.refused, ended.sent);
        let told = (ended.delivered, ended.unknown, ended.refused);
        assert_eq!(told, (1, 6, 1));
        assert_eq!((ended.stopped, ended.failed), (2, 90));
        deliveries.end_wave(1, 9).unwrap();
        assert!(deliveries.open_wave().is_none());
    }

    #[test]
    fn a_choice_that_was_broken_off_is_completed_and_chooses_nobody_twice() {
        let folder = tempfile::tempdir().unwrap();
        let mut deliveries = opened(folder.path());
        let all = Selection::default();
        let wave = deliveries.begin_wave(WaveKind::Reminder, &all, 5).unwrap();
        deliveries.say_chosen(wave, &mut vec![3, 4]).unwrap();
        drop(deliveries);
        let mut deliveries = opened(folder.path());
        assert!(!deliveries.open_wave().unwrap().ready);
        deliveries.choose(wave, 2..6).unwrap();
        let wave = deliveries.open_wave().unwrap();
        assert_eq!((wave.ready, wave.size(), wave.planned()), (true, 4, 0));
        assert_eq!(deliveries.delivery(4).unwrap().reminders, 1);
    }

    #[test]
    fn a_fold_reads_back_as_it_was_kept() {
        let delivery = Delivery {
            state: State::Unknown,
            wave: 300,
            attempt: 513,
            tries: 2,
            parts: 10,
            reminders: 4,
            stopped: true,
            on_air: true,
            at: 1_800_000_000_000,
            status: 0x0001_0458,
            accepted: Parts(1),
            refused: Parts(2),
            unanswered: Parts(0x300),
            delivered: Parts(8),
            failed: Parts(16),
            expired: Parts(32),
            lost: Parts(64),
        };
        assert_eq!(read(&written(&delivery)), delivery);
    }
}
