//! Unsealing: which sealed strata are opened after the close, what their keys open, and the tables that follow.
//!
//! The rule hides small numbers and cannot be talked round: a stratum with fewer answers than the definition's
//! threshold stays closed, and so do as many of the next smallest as it takes that nobody can subtract. Keys are for
//! whoever made the roster to keep; this file only uses them.

use crate::definition::Definition;
use crate::error::PollError;
use crate::event::Unsealed;
use crate::poll::Poll;
use crate::roster::{Roster, SEALED_STRATUM, seal_stratum};
use crate::tally::Cast;
use sha2::{Digest, Sha256};
use sijill_ledger::{Hash, codec};

/// The key of each stratum, in the definition's order; none where it is not known, or not given away.
pub type StratumKeys = Vec<Option<[u8; 32]>>;

/// The strata that keys open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenedStrata {
    /// Place of each leaf's stratum, in the roster's order; [`SEALED_STRATUM`] where no key opens it.
    pub strata: Vec<u16>,
    /// Invitations of each stratum, in the definition's order; 0 where it has no key.
    pub invited: Vec<u32>,
    /// By stratum, then option, in the definition's order: each invitation's last answer.
    pub tables: Vec<Vec<u64>>,
}

impl OpenedStrata {
    /// What `keys` open of `roster`, and the tables of `casts`. A leaf is of the first stratum whose key opens it: to
    /// make one that opens under two takes a collision of BLAKE3.
    pub fn new(
        definition: &Definition,
        roster: &Roster,
        casts: &[Cast],
        keys: &StratumKeys,
    ) -> Self {
        let ids = definition.strata.iter().map(|stratum| stratum.id.as_str());
        let keyed: Vec<(u16, &[u8; 32], &str)> = (0..)
            .zip(keys.iter().zip(ids))
            .filter_map(|(place, (key, id))| Some((place, key.as_ref()?, id)))
            .collect();
        let stratum_of = |(key, seal): (&[u8; 32], &[u8; 32])| {
            let opens = |(_, stratum_key, id): &&(u16, &[u8; 32], &str)| {
                seal_stratum(stratum_key, key, id) == *seal
            };
            let found = keyed.iter().find(opens);
            found.map_or(SEALED_STRATUM, |(place, ..)| *place)
        };
        let strata: Vec<u16> = roster.seals().map(stratum_of).collect();
        let mut opened = Self {
            invited: vec![0; definition.strata.len()],
            tables: vec![vec![0; definition.options.len()]; definition.strata.len()],
            strata,
        };
        opened.count(casts);
        opened
    }

    fn count(&mut self, casts: &[Cast]) {
        for (place, stratum) in self.strata.iter().enumerate() {
            let stratum = usize::from(*stratum);
            if let Some(invited) = self.invited.get_mut(stratum) {
                *invited += 1;
            }
            let cast = casts.get(place).filter(|cast| cast.revision > 0);
            let row = self.tables.get_mut(stratum);
            if let (Some(cast), Some(row)) = (cast, row)
                && let Some(count) = row.get_mut(usize::from(cast.last))
            {
                *count += 1;
            }
        }
    }

    /// Invitations that answered, by stratum.
    pub fn answered(&self) -> Vec<u64> {
        self.tables.iter().map(|row| row.iter().sum()).collect()
    }
}

/// Which strata stay closed, by the number of answers in each: true where closed.
///
/// Those below the threshold (zero included); if that is one stratum, or all of them together are still below it, the
/// next smallest too (ties by the definition's order), and again until neither holds. If nothing would be left to
/// open, nothing is opened.
pub fn stay_closed(answered: &[u64], threshold: u32) -> Vec<bool> {
    let threshold = u64::from(threshold);
    let mut order: Vec<usize> = (0..answered.len()).collect();
    let answers = |place: usize| answered.get(place).copied().unwrap_or_default();
    order.sort_by_key(|place| (answers(*place), *place));
    let (mut closed, mut sum) = (0, 0);
    for place in &order {
        let enough = closed == 0 || (closed > 1 && sum >= threshold);
        if answers(*place) >= threshold && enough {
            break;
        }
        closed += 1;
        sum += answers(*place);
    }
    let mut stay = vec![false; answered.len()];
    for place in order.into_iter().take(closed) {
        if let Some(stay) = stay.get_mut(place) {
            *stay = true;
        }
    }
    stay
}

/// SHA-256 over the tables of the strata that have a key, in the definition's order: of each the canonical bytes of
/// (question's id, stratum's id, list of (option's id, count)).
///
/// # Errors
/// If a row is longer than an entry may be, which no definition that passes the lint allows.
pub fn tables_hash(
    definition: &Definition,
    keys: &StratumKeys,
    tables: &[Vec<u64>],
) -> Result<Hash, PollError> {
    let mut hash = Sha256::new();
    for ((stratum, key), row) in definition.strata.iter().zip(keys).zip(tables) {
        if key.is_none() {
            continue;
        }
        let options = definition.options.iter().zip(row);
        let counts: Vec<(&str, u64)> = options
            .map(|(option, count)| (option.id.as_str(), *count))
            .collect();
        let row = (definition.question.id.as_str(), stratum.id.as_str(), counts);
        hash.update(codec::encode(&row)?);
    }
    Ok(Hash::from_bytes(hash.finalize().into()))
}

/// What an operator signs, who has all keys of a closed poll: the keys of the strata that the rule opens, and the hash
/// of their tables. `committed` are the hashes of all stratum keys in `RosterCommitted`: a wrong key would open
/// nothing, its stratum would seem to have no answers, and it would stay closed for ever.
///
/// # Errors
/// If a key is not the one committed to; and as [`tables_hash`].
pub fn unsealing(
    definition: &Definition,
    committed: &[Hash],
    roster: &Roster,
    casts: &[Cast],
    keys: Vec<[u8; 32]>,
) -> Result<Unsealed, PollError> {
    let hashes: Vec<Hash> = keys.iter().map(|key| Hash::of(key)).collect();
    if hashes != committed || keys.len() != definition.strata.len() {
        let wrong = hashes
            .iter()
            .zip(committed)
            .position(|(found, expected)| found != expected);
        let stratum = wrong.and_then(|place| definition.strata.get(place));
        let stratum = stratum.map_or_else(String::new, |stratum| stratum.id.clone());
        return Err(PollError::StratumKey { stratum });
    }
    let all: StratumKeys = keys.into_iter().map(Some).collect();
    let opened = OpenedStrata::new(definition, roster, casts, &all);
    let stay = stay_closed(&opened.answered(), definition.rules.threshold);
    let given = all.into_iter().zip(stay);
    let keys: StratumKeys = given.map(|(key, stays)| key.filter(|_| !stays)).collect();
    Ok(Unsealed {
        tables: tables_hash(definition, &keys, &opened.tables)?,
        keys,
    })
}

/// What is wrong with an unsealing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnsealingFault {
    /// As many keys or gaps as there are strata.
    #[error("{found} places for keys, expected one for each of the {strata} strata")]
    Count {
        /// Strata of the definition.
        strata: usize,
        /// Places.
        found: usize,
    },
    /// A key is not the one committed to.
    #[error("the key of stratum `{stratum}` is not the one that the roster committed to")]
    Key {
        /// The stratum's id.
        stratum: String,
    },
    /// A key opens another number of leaves than were committed to.
    #[error(
        "the key of stratum `{stratum}` opens {found} leaves, expected {expected} as committed to"
    )]
    Invited {
        /// The stratum's id.
        stratum: String,
        /// Committed to.
        expected: u32,
        /// Opened.
        found: u32,
    },
    /// The tables are not those of the answers.
    #[error("the tables are not those that the answers and keys make")]
    Tables,
    /// A stratum was opened that has too few answers.
    #[error("stratum `{stratum}` was opened with {answers} answers, expected at least {threshold}")]
    TooFew {
        /// The stratum's id.
        stratum: String,
        /// Its answers.
        answers: u64,
        /// The definition's threshold.
        threshold: u32,
    },
    /// The strata that stayed closed can be subtracted from the whole.
    #[error(
        "{strata} strata with {answers} answers stayed closed, expected at least 2 strata and {threshold} answers"
    )]
    Subtractable {
        /// How many stayed closed.
        strata: usize,
        /// Answers in all of them.
        answers: u64,
        /// The definition's threshold.
        threshold: u32,
    },
    /// A stratum stayed closed that the rule opens.
    #[error(
        "{strata} strata with {answers} answers stayed closed, expected at most {most} answers in so many"
    )]
    TooMany {
        /// How many stayed closed.
        strata: usize,
        /// Answers in all of them.
        answers: u64,
        /// The most that the rule can leave closed.
        most: u64,
    },
}

/// Everything that is wrong with `content` as the unsealing of `poll`: keys against their commitments, counts by
/// stratum, tables, and the rule as far as it can be seen from outside. None if all is right.
pub fn faults(poll: &Poll, content: &Unsealed) -> Vec<UnsealingFault> {
    if let Err(fault) = check_keys(poll, &content.keys) {
        return vec![fault];
    }
    let opened = OpenedStrata::new(
        poll.definition(),
        poll.roster(),
        poll.casts(),
        &content.keys,
    );
    let mut faults = Vec::new();
    faults.extend(check_invited(poll, &content.keys, &opened).err());
    let tables = tables_hash(poll.definition(), &content.keys, &opened.tables);
    if tables.as_ref() != Ok(&content.tables) {
        faults.push(UnsealingFault::Tables);
    }
    faults.extend(check_rule(poll, &content.keys, &opened).err());
    faults
}

fn check_keys(poll: &Poll, keys: &StratumKeys) -> Result<(), UnsealingFault> {
    let strata = &poll.definition().strata;
    if keys.len() != strata.len() {
        return Err(UnsealingFault::Count {
            strata: strata.len(),
            found: keys.len(),
        });
    }
    let committed = poll
        .committed()
        .map(|roster| roster.stratum_keys.as_slice());
    for (place, (stratum, key)) in strata.iter().zip(keys).enumerate() {
        let expected = committed.and_then(|keys| keys.get(place));
        if key.is_some_and(|key| Some(&Hash::of(&key)) != expected) {
            return Err(UnsealingFault::Key {
                stratum: stratum.id.clone(),
            });
        }
    }
    Ok(())
}

fn check_invited(
    poll: &Poll,
    keys: &StratumKeys,
    opened: &OpenedStrata,
) -> Result<(), UnsealingFault> {
    let committed = poll.committed().map(|roster| roster.by_stratum.as_slice());
    let strata = poll
        .definition()
        .strata
        .iter()
        .zip(keys)
        .zip(&opened.invited);
    for (place, ((stratum, key), found)) in strata.enumerate() {
        let expected = committed
            .and_then(|counts| counts.get(place))
            .copied()
            .unwrap_or_default();
        if key.is_some() && *found != expected {
            return Err(UnsealingFault::Invited {
                stratum: stratum.id.clone(),
                expected,
                found: *found,
            });
        }
    }
    Ok(())
}

fn check_rule(
    poll: &Poll,
    keys: &StratumKeys,
    opened: &OpenedStrata,
) -> Result<(), UnsealingFault> {
    let threshold = poll.definition().rules.threshold;
    let answered = opened.answered();
    let strata = poll.definition().strata.iter().zip(keys).zip(&answered);
    let given: Vec<(&str, u64)> = strata
        .filter(|((_, key), _)| key.is_some())
        .map(|((stratum, _), answers)| (stratum.id.as_str(), *answers))
        .collect();
    if let Some((stratum, answers)) = given
        .iter()
        .find(|(_, answers)| *answers < threshold.into())
    {
        return Err(UnsealingFault::TooFew {
            stratum: (*stratum).to_owned(),
            answers: *answers,
            threshold,
        });
    }
    let closed = keys.len().saturating_sub(given.len());
    let sum: u64 = given.iter().map(|(_, answers)| *answers).sum();
    let answers = poll.tally().answered.saturating_sub(sum);
    match given.iter().map(|(_, answers)| *answers).min() {
        None => check_all_closed(poll, answers),
        Some(smallest) => check_closed(closed, answers, threshold, smallest),
    }
}

/// Nothing is opened if every stratum has too few answers, or all but the largest together have.
fn check_all_closed(poll: &Poll, answers: u64) -> Result<(), UnsealingFault> {
    let strata = poll.definition().strata.len();
    let few = u64::from(poll.definition().rules.threshold).saturating_sub(1);
    let largest = poll
        .committed()
        .and_then(|roster| roster.by_stratum.iter().max());
    let beside_one = match strata {
        0 | 1 => 0,
        _ => few.saturating_add(largest.copied().unwrap_or_default().into()),
    };
    let most = few.saturating_mul(strata as u64).max(beside_one);
    match answers <= most {
        true => Ok(()),
        false => Err(UnsealingFault::TooMany {
            strata,
            answers,
            most,
        }),
    }
}

/// Of `closed` strata all but one have fewer answers than the threshold, and that one at most as many as the smallest
/// that was opened.
fn check_closed(
    strata: usize,
    answers: u64,
    threshold: u32,
    smallest: u64,
) -> Result<(), UnsealingFault> {
    let k = u64::from(threshold);
    if strata == 0 {
        return Ok(());
    }
    if strata == 1 || answers < k {
        return Err(UnsealingFault::Subtractable {
            strata,
            answers,
            threshold,
        });
    }
    let most = (strata as u64 - 1)
        .saturating_mul(k.saturating_sub(1))
        .saturating_add(smallest);
    match answers <= most {
        true => Ok(()),
        false => Err(UnsealingFault::TooMany {
            strata,
            answers,
            most,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(answered: &[u64], threshold: u32, closed: &[usize]) {
        let stay = stay_closed(answered, threshold);
        let found: Vec<usize> = (0..stay.len()).filter(|place| stay[*place]).collect();
        assert_eq!(found, closed, "{answered:?} under {threshold}");
    }

    #[test]
    fn the_rule_closes_the_small_ones_and_whoever_would_give_them_away() {
        check(&[50, 60, 70], 40, &[]);
        check(&[], 40, &[]);
        // One alone could be subtracted: the next smallest stays closed with it.
        check(&[36, 45, 70], 40, &[0, 1]);
        // Two that are too few even together.
        check(&[10, 12, 70, 41], 40, &[0, 1, 3]);
        check(&[20, 20, 70, 41], 40, &[0, 1]);
        // Zero is a small number too.
        check(&[0, 50, 60], 40, &[0, 1]);
        // Ties by the definition's order.
        check(&[50, 3, 50], 40, &[0, 1]);
        // Nothing would be left.
        check(&[3, 50], 40, &[0, 1]);
        check(&[3], 40, &[0]);
        check(&[40], 40, &[]);
    }

    proptest! {
        #[test]
        fn what_stays_closed_cannot_be_subtracted_and_no_more_than_that(
            answered in prop::collection::vec(0u64..60, 0..9),
            threshold in 1u32..40,
        ) {
            let stay = stay_closed(&answered, threshold);
            let of = |closed: bool| -> Vec<u64> {
                let rows = answered.iter().zip(&stay);
                rows.filter(|(_, stays)| **stays == closed).map(|(answers, _)| *answers).collect()
            };
            let (closed, opened) = (of(true), of(false));
            prop_assert!(opened.iter().all(|answers| *answers >= u64::from(threshold)));
            if let Some(smallest) = opened.iter().min() {
                let verdict = check_closed(closed.len(), closed.iter().sum(), threshold, *smallest);
                prop_assert_eq!(verdict, Ok(()));
                // At most one that is not small itself, and none larger than what is opened.
                let large = closed.iter().filter(|answers| **answers >= u64::from(threshold));
                prop_assert!(large.clone().count() <= 1);
                prop_assert!(large.max() <= Some(smallest));
            }
        }
    }
}
