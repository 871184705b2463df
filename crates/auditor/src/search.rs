//! What a ledger has of certain answers: whether each is there, where, and whether a later one of its invitation counts
//! instead. One pass over the entries for any number of answers.
//!
//! The answers come from promises and receipts that people hold; who signed those was checked before. Whether the
//! ledger's other answers are good is for the audit.

use sijill_ledger::Sealed;
use sijill_poll::Event;
use sijill_poll::event::{Responded, Who};
use sijill_poll::poll::Phase;
use std::collections::BTreeMap;

/// Looks for answers among entries that are shown to it in their order.
#[derive(Debug, Default)]
pub struct Search {
    wanted: Vec<Wanted>,
    /// Places in `wanted`, by invitation.
    by_invitation: BTreeMap<u32, Vec<usize>>,
    seen: Seen,
}

/// What was seen of the ledger.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Seen {
    /// Entries.
    pub entries: u64,
    /// Answers among them.
    pub answers: u64,
    /// Entries that this version cannot read.
    pub unread: u64,
    /// Whether no answer can come any more, and why.
    pub over: Option<Phase>,
}

#[derive(Debug)]
struct Wanted {
    responded: Responded,
    at: Option<u64>,
    /// The last other answer of the invitation.
    last_other: Option<(u64, u8)>,
    /// An answer of the same invitation and revision that is another.
    beside: Option<u64>,
}

/// How an answer stands in the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It is there, and the last of its invitation.
    Counts {
        /// Its entry.
        at: u64,
    },
    /// It is there, and a later answer of a higher revision counts instead.
    Superseded {
        /// Its entry.
        at: u64,
        /// The later answer's entry.
        by: u64,
        /// The later answer's revision.
        revision: u8,
    },
    /// It is there, and the tally passes over it for an answer that should not.
    PassedOver {
        /// Its entry.
        at: u64,
        /// The entry that is in its way.
        other: u64,
    },
    /// It is not there, and another answer of its invitation and revision is.
    Replaced {
        /// That answer's entry.
        other: u64,
    },
    /// It is not there.
    Absent,
}

impl Standing {
    /// The answer's entry, if it is there.
    pub fn at(&self) -> Option<u64> {
        match *self {
            Self::Counts { at } | Self::Superseded { at, .. } | Self::PassedOver { at, .. } => {
                Some(at)
            }
            Self::Replaced { .. } | Self::Absent => None,
        }
    }
}

impl Search {
    /// Looks for one more answer, and says at which place of the search it is. It must be told before the first entry is
    /// shown.
    pub fn want(&mut self, responded: Responded) -> usize {
        let Who::Invitation { index, .. } = responded.answer.who;
        let place = self.wanted.len();
        self.by_invitation.entry(index).or_default().push(place);
        self.wanted.push(Wanted {
            responded,
            at: None,
            last_other: None,
            beside: None,
        });
        place
    }

    /// Looks at the entry at this place of the ledger.
    pub fn look(&mut self, at: u64, canonical: &[u8]) {
        self.seen.entries += 1;
        let Ok(sealed) = Sealed::<Event>::read(canonical) else {
            self.seen.unread += 1;
            return;
        };
        match sealed.into_entry().event {
            Event::Responded(responded) => self.answer(at, &responded),
            Event::Closed(_) => self.seen.over = self.seen.over.or(Some(Phase::Closed)),
            Event::Annulled(_) => self.seen.over = Some(Phase::Annulled),
            _ => {}
        }
    }

    fn answer(&mut self, at: u64, responded: &Responded) {
        self.seen.answers += 1;
        let Who::Invitation { index, revision } = responded.answer.who;
        for place in self.by_invitation.get(&index).into_iter().flatten() {
            if let Some(wanted) = self.wanted.get_mut(*place) {
                wanted.look(at, revision, responded);
            }
        }
    }

    /// What was seen so far.
    pub fn seen(&self) -> Seen {
        self.seen
    }

    /// How the answer at this place of the search stands after the entries so far; absent if there is none.
    pub fn standing(&self, place: usize) -> Standing {
        self.wanted
            .get(place)
            .map_or(Standing::Absent, Wanted::standing)
    }
}

impl Wanted {
    fn revision(&self) -> u8 {
        let Who::Invitation { revision, .. } = self.responded.answer.who;
        revision
    }

    fn look(&mut self, at: u64, revision: u8, responded: &Responded) {
        if *responded == self.responded {
            self.at = Some(at);
            return;
        }
        self.last_other = Some((at, revision));
        if revision == self.revision() {
            self.beside = Some(at);
        }
    }

    fn standing(&self) -> Standing {
        match (self.at, self.beside, self.last_other) {
            (None, Some(other), _) => Standing::Replaced { other },
            (None, None, _) => Standing::Absent,
            (Some(at), Some(other), _) => Standing::PassedOver { at, other },
            (Some(at), None, Some((by, revision))) if by > at => match revision > self.revision() {
                true => Standing::Superseded { at, by, revision },
                false => Standing::PassedOver { at, other: by },
            },
            (Some(at), None, _) => Standing::Counts { at },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sijill_scenarios::bench::Setup;
    use sijill_scenarios::{Bench, fixture};

    fn answer_of(bench: &Bench, at: usize) -> Responded {
        match &bench.entries[at].entry().event {
            Event::Responded(responded) => responded.clone(),
            other => panic!("entry {at} is {}", other.name()),
        }
    }

    /// What the search finds of an answer of `bench` in these entries of another.
    fn found(answer: &Responded, bench: &Bench) -> (Standing, Seen) {
        let mut search = Search::default();
        let place = search.want(answer.clone());
        for sealed in &bench.entries {
            search.look(sealed.entry().index, sealed.bytes());
        }
        (search.standing(place), search.seen())
    }

    #[test]
    fn an_answer_counts_until_a_later_revision_supersedes_it() {
        let bench = fixture::running();
        let places: Vec<usize> = (0..bench.entries.len())
            .filter(|at| matches!(bench.entries[*at].entry().event, Event::Responded(_)))
            .collect();
        let mut superseded = 0;
        for at in &places {
            let answer = answer_of(&bench, *at);
            let (standing, seen) = found(&answer, &bench);
            assert_eq!(standing.at(), Some(*at as u64));
            assert_eq!((seen.answers, seen.over), (places.len() as u64, None));
            match standing {
                Standing::Superseded { by, revision, .. } => {
                    superseded += 1;
                    assert_eq!(revision, 2);
                    let later = answer_of(&bench, by as usize);
                    assert_eq!(
                        later.answer.who,
                        Who::Invitation {
                            index: 0,
                            revision: 2
                        }
                    );
                }
                other => assert_eq!(other, Standing::Counts { at: *at as u64 }),
            }
        }
        assert_eq!(superseded, 1, "one person changed their answer");
    }

    #[test]
    fn an_answer_that_was_dropped_or_replaced_is_told_from_one_that_is_there() {
        let mut honest = fixture::invited(&Setup::default());
        let mut forged = honest.clone();
        let (yes, no) = (honest.responded(3, "yes"), forged.responded(3, "no"));
        honest.record(Event::Responded(yes.clone()));
        let at = honest.entries.len() as u64 - 1;
        assert_eq!(found(&yes, &honest).0, Standing::Counts { at });
        assert_eq!(found(&yes, &forged).0, Standing::Absent);
        forged.record(Event::Responded(no.clone()));
        assert_eq!(found(&yes, &forged).0, Standing::Replaced { other: at });
        honest.record(Event::Responded(no));
        let other = at + 1;
        assert_eq!(found(&yes, &honest).0, Standing::PassedOver { at, other });
    }

    #[test]
    fn the_end_of_a_poll_and_what_cannot_be_read_are_told() {
        let bench = fixture::honest();
        let mut search = Search::default();
        for sealed in &bench.entries {
            search.look(sealed.entry().index, sealed.bytes());
        }
        search.look(99, b"no entry");
        let seen = search.seen();
        assert_eq!((seen.over, seen.unread), (Some(Phase::Closed), 1));
        assert_eq!(seen.entries, bench.entries.len() as u64 + 1);
        assert_eq!(search.standing(7), Standing::Absent);
    }
}
