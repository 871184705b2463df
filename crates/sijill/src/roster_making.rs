//! Making a roster: tokens, keys and leaves for people, on the machine of whoever makes the tokens.
//!
//! What is secret of it (the vault of contacts with their tokens and the contact master, and stratum keys) is written 0600
//! into the poll's folder and leaves it only for the messages; the leaves and what is committed to of them are for
//! everyone. The vault has the order of the leaves, and the root that tells whose it is.

use crate::data_folder::PollFolder;
use crate::durable_file::{self, Access};
use crate::fault::{input, not_so};
use crate::key_file::{self, StratumKeys};
use crate::roster_file::Person;
use anyhow::{Context, Result};
use indicatif::ProgressBar;
use rayon::prelude::*;
use sijill_ledger::{Hash, Origin};
use sijill_outreach::vault::{Contact, RosterSecrets, Vault, VaultSecret};
use sijill_poll::credential::Token;
use sijill_poll::definition::{Definition, StrataVisibility};
use sijill_poll::event::RosterCommitted;
use sijill_poll::limits::{CODE_CHARS, INVITATIONS_MAX};
use sijill_poll::roster::{
    LEAF_BYTES, Leaf, LeafStratum, Roster, RosterReader, seal_contact, seal_stratum,
};
use std::fs::{File, TryLockError};
use std::io::Write;
use std::path::Path;
use zeroize::Zeroizing;

/// People whose keys are made between two steps of the progress bar.
const CHUNK_PEOPLE: usize = 4_096;

/// A poll's folder whose roster nobody else makes or takes over until this is dropped. Whether there is a roster already
/// is asked only while it is held, and it is held until the commitment is recorded: else a second import would write over
/// the tokens of a committed roster.
#[derive(Debug)]
pub struct Held<'a> {
    /// The folder.
    pub folder: &'a PollFolder,
    _lock: File,
}

impl<'a> Held<'a> {
    /// Holds the folder; an error if somebody else does.
    pub fn new(folder: &'a PollFolder) -> Result<Self> {
        std::fs::create_dir_all(folder.path())?;
        let lock = File::create(folder.import_lock())?;
        match lock.try_lock() {
            Ok(()) => Ok(Self {
                folder,
                _lock: lock,
            }),
            Err(TryLockError::WouldBlock) => Err(not_so(
                "another import of this roster is under way, and nothing was changed; wait until it ends, then see with `sijill poll show` what it committed to",
            )),
            Err(TryLockError::Error(error)) => Err(error.into()),
        }
    }
}

/// Makes tokens, keys and leaves for these people and writes them into the poll's folder, each file durable before the
/// next. Returns what is to be committed to. Nothing is final before that is in a ledger: a making that was broken off
/// is done again from the start.
pub fn make(
    held: &Held<'_>,
    origin: &Origin,
    definition: &Definition,
    people: &[Person],
    (secret, bar): (&VaultSecret, &ProgressBar),
) -> Result<RosterCommitted> {
    refuse_small_strata(definition, people)?;
    let folder = held.folder;
    let maker = Maker::new(folder, origin, definition)?;
    let tokens = tokens(people.len())?;
    let leaves = maker.leaves(people, &tokens, bar);
    let roster = read_back(definition, &leaves)?;
    let vault = write_vault(&folder.vault(), secret, (people, &tokens), &leaves)?;
    vault.keep(&RosterSecrets {
        contact_master: maker.master.clone(),
        root: roster.root(),
    })?;
    write_leaves(&folder.roster(), &leaves)?;
    Ok(maker.commitment(people, &roster))
}

/// A leaf, with the place of its person in the list of people.
type Placed = ([u8; LEAF_BYTES], u32);

/// What every leaf is made with.
struct Maker<'a> {
    origin: &'a Origin,
    definition: &'a Definition,
    master: Zeroizing<[u8; 32]>,
    /// Where strata are sealed.
    stratum_keys: Option<StratumKeys>,
}

impl<'a> Maker<'a> {
    fn new(folder: &PollFolder, origin: &'a Origin, definition: &'a Definition) -> Result<Self> {
        let master = key_file::random()?;
        let stratum_keys = match definition.rules.strata {
            StrataVisibility::Open => None,
            StrataVisibility::Sealed => {
                let keys = StratumKeys::random(definition)?;
                keys.write(&folder.stratum_keys(), definition)?;
                Some(keys)
            }
        };
        Ok(Self {
            origin,
            definition,
            master,
            stratum_keys,
        })
    }

    /// The leaves in their order: that of the public keys.
    fn leaves(&self, people: &[Person], tokens: &[Token], bar: &ProgressBar) -> Vec<Placed> {
        let mut leaves: Vec<Placed> = Vec::with_capacity(people.len());
        for (people, tokens) in people.chunks(CHUNK_PEOPLE).zip(tokens.chunks(CHUNK_PEOPLE)) {
            let chunk: Vec<_> = people
                .par_iter()
                .zip(tokens)
                .map(|(person, token)| self.leaf(person, token))
                .collect();
            leaves.extend(chunk.into_iter().zip(leaves.len() as u32..));
            bar.inc(people.len() as u64);
        }
        // A leaf begins with its public key, and no two keys are equal.
        leaves.par_sort_unstable();
        leaves
    }

    fn leaf(&self, person: &Person, token: &Token) -> [u8; LEAF_BYTES] {
        let key = token.invitation_key(self.origin).public_key();
        let place = usize::from(person.stratum);
        let sealed = self.stratum_keys.as_ref().and_then(|keys| keys.get(place));
        let leaf = Leaf {
            key,
            stratum: match sealed {
                None => LeafStratum::Open(person.stratum),
                Some(sealed) => {
                    let id = stratum_id(self.definition, person);
                    LeafStratum::Sealed(seal_stratum(sealed, key.as_bytes(), id))
                }
            },
            sealed_contact: seal_contact(&self.master, &key, &person.number.e164()),
        };
        leaf.to_bytes()
    }

    fn commitment(&self, people: &[Person], roster: &Roster) -> RosterCommitted {
        let keys = self.stratum_keys.iter().flat_map(StratumKeys::iter);
        RosterCommitted {
            by_stratum: by_stratum(self.definition, people),
            stratum_keys: keys.map(|key| Hash::of(key.as_slice())).collect(),
            ..roster.commitment()
        }
    }
}

fn by_stratum(definition: &Definition, people: &[Person]) -> Vec<u32> {
    let mut counts = vec![0_u32; definition.strata.len()];
    for person in people {
        if let Some(count) = counts.get_mut(usize::from(person.stratum)) {
            *count += 1;
        }
    }
    counts
}

/// The desk would refuse these too, but only when the files are written.
fn refuse_small_strata(definition: &Definition, people: &[Person]) -> Result<()> {
    if people.len() > INVITATIONS_MAX as usize {
        return Err(input(format!(
            "a roster has at most {INVITATIONS_MAX} invitations"
        )));
    }
    if definition.rules.strata == StrataVisibility::Sealed {
        return Ok(());
    }
    let min = definition.rules.strata_min;
    let counts = by_stratum(definition, people);
    let strata = definition.strata.iter().zip(counts);
    match strata
        .into_iter()
        .find(|(_, count)| (1..min).contains(count))
    {
        None => Ok(()),
        Some((stratum, count)) => Err(input(format!(
            "stratum `{}` would have {count} invitations, and an open stratum has none or at least {min} (`strata_min`), so that few people are not laid open; nothing was made",
            stratum.id
        ))),
    }
}

fn tokens(count: usize) -> Result<Vec<Token>> {
    let token = |_| {
        let mut entropy = Zeroizing::new([0; CODE_CHARS]);
        getrandom::fill(entropy.as_mut_slice()).context("the system gives no random numbers")?;
        Ok(Token::from_entropy(*entropy))
    };
    (0..count).map(token).collect()
}

fn write_vault(
    folder: &Path,
    secret: &VaultSecret,
    (people, tokens): (&[Person], &[Token]),
    leaves: &[Placed],
) -> Result<Vault> {
    let contacts = leaves.iter().filter_map(|(_, place)| {
        let (person, token) = (people.get(*place as usize)?, tokens.get(*place as usize)?);
        Some(Contact {
            number: person.number,
            token: token.clone(),
            stratum: person.stratum,
            language: person.language,
        })
    });
    let count = u32::try_from(leaves.len())?;
    Ok(Vault::make(folder, secret, count, contacts)?)
}

fn write_leaves(path: &Path, leaves: &[Placed]) -> Result<()> {
    durable_file::replace(path, Access::Public, |out| {
        Ok(leaves
            .iter()
            .try_for_each(|(leaf, _)| out.write_all(leaf))?)
    })
}

fn read_back(definition: &Definition, leaves: &[Placed]) -> Result<Roster> {
    let mut reader = RosterReader::of(definition);
    for (leaf, _) in leaves {
        reader.push(leaf)?;
    }
    Ok(reader.finish())
}

fn stratum_id<'a>(definition: &'a Definition, person: &Person) -> &'a str {
    let stratum = definition.strata.get(usize::from(person.stratum));
    stratum.map_or("", |stratum| stratum.id.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data_folder::DataFolder;
    use crate::demo_definition;
    use sijill_outreach::number::Number;
    use sijill_poll::unseal::OpenedStrata;
    use std::collections::BTreeSet;

    fn secret() -> VaultSecret {
        VaultSecret::Key(Zeroizing::new([5; 32]))
    }

    fn people(count: u16) -> Vec<Person> {
        let person = |i: u16| Person {
            number: Number::from_u64(9_647_700_000_000 + u64::from(i)).unwrap(),
            stratum: i % 19,
            language: 0,
        };
        (0..count).map(person).collect()
    }

    fn origin() -> Origin {
        "ur.example/polls/coalition".parse().unwrap()
    }

    fn made(definition: &Definition, data: &Path) -> (PollFolder, RosterCommitted) {
        let data = DataFolder::new(data.to_owned());
        let poll = data.poll("coalition").unwrap();
        let bar = ProgressBar::hidden();
        let commitment = make(
            &Held::new(&poll).unwrap(),
            &origin(),
            definition,
            &people(50),
            (&secret(), &bar),
        )
        .unwrap();
        (poll, commitment)
    }

    #[test]
    fn every_invitation_has_its_leaf_and_its_contact() {
        let definition = Definition::parse(&demo_definition::sample()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let (poll, commitment) = made(&definition, folder.path());
        let roster = crate::roster_leaves::read(&poll.roster(), &definition).unwrap();
        assert_eq!(commitment, roster.commitment());
        assert_eq!(commitment.count, 50);
        let vault = Vault::open(&poll.vault(), &secret()).unwrap();
        assert_eq!(vault.count(), 50);
        let mut numbers = BTreeSet::new();
        for (index, contact) in (0..).zip(vault.contacts()) {
            let contact = contact.unwrap();
            let key = contact.token.invitation_key(&origin());
            assert_eq!(key.find_in(&roster).unwrap().index(), index);
            assert_eq!(roster.stratum(index), Some(contact.stratum));
            numbers.insert(contact.number);
        }
        assert_eq!(
            numbers,
            people(50).iter().map(|person| person.number).collect()
        );
        for secret in ["contacts", "secrets"] {
            let secret = poll.vault().join(secret);
            assert!(!durable_file::is_open_to_others(&secret).unwrap());
        }
        assert!(!poll.contact_key().exists());
        let kept = vault.secrets().unwrap();
        assert_eq!(kept.root, commitment.root);
        let sealed = (0..50).map(|index| {
            let contact = vault.contact(index).unwrap();
            let key = contact.token.invitation_key(&origin()).public_key();
            seal_contact(&kept.contact_master, &key, &contact.number.e164())
        });
        let leaves = std::fs::read(poll.roster()).unwrap();
        let in_leaves = leaves
            .chunks(LEAF_BYTES)
            .map(|leaf| &leaf[LEAF_BYTES - 32..]);
        assert!(sealed.eq(in_leaves.map(|sealed| <[u8; 32]>::try_from(sealed).unwrap())));
        assert_eq!(std::fs::metadata(poll.roster()).unwrap().len(), 50 * 98);
    }

    #[test]
    fn sealed_strata_are_told_by_their_keys_alone() {
        let text = demo_definition::sample().replace("= \"open\"", "= \"sealed\"");
        let definition = Definition::parse(&text).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let (poll, commitment) = made(&definition, folder.path());
        let roster = crate::roster_leaves::read(&poll.roster(), &definition).unwrap();
        assert!(!durable_file::is_open_to_others(&poll.stratum_keys()).unwrap());
        let keys = StratumKeys::read(&poll.stratum_keys(), &definition).unwrap();
        let given = keys.iter().map(|key| Some(**key)).collect();
        let opened = OpenedStrata::new(&definition, &roster, &[], &given);
        assert_eq!(opened.invited, commitment.by_stratum);
        let none = vec![None; definition.strata.len()];
        let closed = OpenedStrata::new(&definition, &roster, &[], &none);
        assert!(closed.invited.iter().all(|count| *count == 0));
    }

    #[test]
    fn a_stratum_that_would_lay_few_people_open_is_refused() {
        let text = demo_definition::sample().replace("strata_min = 1\n", "strata_min = 3\n");
        let definition = Definition::parse(&text).unwrap();
        let people = |count: usize| {
            vec![
                Person {
                    number: Number::from_u64(1).unwrap(),
                    stratum: 4,
                    language: 0
                };
                count
            ]
        };
        assert!(refuse_small_strata(&definition, &people(3)).is_ok());
        let error = refuse_small_strata(&definition, &people(2)).unwrap_err();
        assert!(error.to_string().contains("`babil`"), "{error}");
    }
}
