//! A poll held in one hand: every key, every token, and a ledger that records whatever it is told to.
//!
//! An honest test records through [`Bench::admit`], which stops where the rules refuse; a forger who holds the keys
//! uses [`Bench::record`], which asks nobody. Time stands still between steps of one second.

use crate::definition::Terms;
use crate::export::Export;
use sijill_ledger::note::VerifierKey;
use sijill_ledger::{Entry, Hash, Head, Link, Origin, PublicKey, Sealed, SecretKey};
use sijill_poll::credential::{Invitation, Token};
use sijill_poll::definition::limits::LINK_PLACEHOLDER;
use sijill_poll::definition::{Definition, StrataVisibility};
use sijill_poll::event::{
    Annulled, Closed, Committed, Extended, How, Objected, Opened, Opening, PageChanged, Paused,
    Recovered, Responded, Resumed, RosterCommitted, Unsealed, WaveEnded, WaveStarted, Wording,
};
use sijill_poll::operator::{self, Signed, Signer};
use sijill_poll::promise::{self, Promise};
use sijill_poll::roster::{Leaf, LeafStratum, Roster, RosterReader, seal_contact, seal_stratum};
use sijill_poll::unseal::{self, OpenedStrata};
use sijill_poll::{Event, Poll, evolve, opening, rules};
use std::sync::Arc;

/// Every secret key of a poll's people, from one seed.
#[derive(Debug, Clone)]
pub struct Keys {
    /// Signs operator events.
    pub operator: SecretKey,
    /// Signs waves, where the definition names it.
    pub sender: SecretKey,
    /// Signs checkpoints.
    pub log: SecretKey,
    /// Signs promises.
    pub promise: SecretKey,
}

impl Keys {
    /// The keys of this seed.
    pub fn of_seed(seed: u8) -> Self {
        let key = |of: &str| SecretKey::from_seed(entropy(seed, of, 0));
        Self {
            operator: key("operator"),
            sender: key("sender"),
            log: key("log"),
            promise: key("promise"),
        }
    }

    /// The operator's key as an auditor is given it.
    pub fn operator_key(&self) -> VerifierKey {
        verifier("council-operator", &self.operator)
    }

    /// The sender's key as the definition names it.
    pub fn sender_key(&self) -> VerifierKey {
        verifier("council-sender", &self.sender)
    }
}

fn verifier(name: &str, key: &SecretKey) -> VerifierKey {
    VerifierKey::new(name, key.public_key()).expect("the name is one that a note can carry")
}

/// 32 bytes that look random and depend on nothing but these.
pub fn entropy(seed: u8, purpose: &str, place: u32) -> [u8; 32] {
    *Hash::of(format!("{seed} {purpose} {place}").as_bytes()).as_bytes()
}

/// What a bench is made from.
#[derive(Debug, Clone)]
pub struct Setup {
    /// The definition.
    pub terms: Terms,
    /// Seed of keys and tokens.
    pub seed: u8,
    /// How many people are invited; they go to the strata in turn.
    pub invitations: u32,
    /// Whether the definition names a key for the sender.
    pub with_sender: bool,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            terms: Terms::default(),
            seed: 1,
            invitations: 12,
            with_sender: false,
        }
    }
}

/// One poll, all its keys, and its ledger so far.
#[derive(Debug, Clone)]
pub struct Bench {
    /// The terms of its definition.
    pub terms: Terms,
    /// Its keys.
    pub keys: Keys,
    /// The people invited, in the roster's order.
    pub people: Vec<Invitation>,
    /// Their tokens, in the roster's order.
    pub tokens: Vec<Token>,
    /// The leaves, one after another.
    pub leaves: Vec<u8>,
    /// The key of each stratum, in the definition's order, for where strata are sealed.
    pub stratum_keys: Vec<[u8; 32]>,
    /// The poll after the entries so far.
    pub poll: Poll,
    /// The entries so far.
    pub entries: Vec<Sealed<Event>>,
    /// The time of the next entry, milliseconds since 1970.
    pub now: u64,
    signer_of_waves: Signer,
}

impl Bench {
    /// A poll just opened, ten minutes before its start.
    pub fn open(setup: &Setup) -> Self {
        Self::open_bent(setup, |_| {})
    }

    /// A poll just opened by an operator who bent the opening before signing it. Definition and rule set must stay
    /// readable.
    pub fn open_bent(setup: &Setup, bend: impl FnOnce(&mut Opening)) -> Self {
        let keys = Keys::of_seed(setup.seed);
        let now = setup.terms.field_ms[0] - 600_000;
        let mut opening = honest_opening(setup, &keys, now);
        bend(&mut opening);
        let origin = opening.origin.clone();
        let first = first_entry(opening, &keys.operator, now);
        let (tokens, leaves) = invite(setup, &origin);
        let definition = Definition::parse(&setup.terms.text(&[keys.operator_key()], None));
        let definition = definition.expect("the fixture's definition is good");
        let roster = Arc::new(roster(&leaves, &definition));
        let people = tokens
            .iter()
            .map(|token| {
                let key = token.invitation_key(&origin);
                key.find_in(&roster).expect("everyone invited is there")
            })
            .collect();
        Self {
            terms: setup.terms.clone(),
            people,
            tokens,
            leaves,
            stratum_keys: stratum_keys(setup),
            poll: Poll::open(&first, roster).expect("the fixture's opening can be read"),
            entries: vec![first],
            now: now + 1_000,
            signer_of_waves: if setup.with_sender {
                Signer::Sender
            } else {
                Signer::Operator { key: 0 }
            },
            keys,
        }
    }

    /// Records an event without asking the rules, and lets a second pass.
    pub fn record(&mut self, event: Event) {
        let sealed = Sealed::seal(self.poll.head().next(self.now, event))
            .expect("the entry is within its limit");
        evolve(&mut self.poll, &sealed);
        self.entries.push(sealed);
        self.now += 1_000;
    }

    /// Records an event that the rules admit.
    pub fn admit(&mut self, event: Event) {
        let verdict = rules::admits(&self.poll, self.now, &event);
        assert_eq!(verdict, Ok(()), "a fixture's honest event was refused");
        self.record(event);
    }

    /// Lets time pass, up to the start of the poll.
    pub fn wait_for_start(&mut self) {
        self.now = self.now.max(self.terms.field_ms[0]);
    }

    /// Signs an operator event that is next in turn.
    pub fn signed<C: serde::Serialize + Clone>(
        &self,
        content: C,
        wrap: impl Fn(Signed<C>) -> Event,
    ) -> Event {
        self.signed_by(
            (Signer::Operator { key: 0 }, &self.keys.operator),
            content,
            wrap,
        )
    }

    /// Signs an event that is next in the turn of this signer.
    pub fn signed_by<C: serde::Serialize + Clone>(
        &self,
        (signer, key): (Signer, &SecretKey),
        content: C,
        wrap: impl Fn(Signed<C>) -> Event,
    ) -> Event {
        let turn = self.poll.turn(signer);
        let until = self.now + 3_600_000;
        operator::sign(self.poll.id(), (signer, key), turn, until, content, wrap)
            .expect("the content can be encoded")
    }

    /// `RosterCommitted` over the leaves.
    pub fn roster_committed(&self) -> Event {
        self.signed(self.commitment(), Event::RosterCommitted)
    }

    /// What is committed to of the leaves.
    pub fn commitment(&self) -> RosterCommitted {
        let roster = self.poll.roster();
        if self.poll.definition().rules.strata == StrataVisibility::Open {
            return roster.commitment();
        }
        let keys = self.stratum_keys.iter().copied().map(Some).collect();
        let opened = OpenedStrata::new(self.poll.definition(), roster, &[], &keys);
        RosterCommitted {
            by_stratum: opened.invited,
            stratum_keys: self.stratum_keys.iter().map(|key| Hash::of(key)).collect(),
            ..roster.commitment()
        }
    }

    /// `Unsealed`, as an honest operator with all stratum keys signs it.
    pub fn unsealed(&self) -> Event {
        self.signed(self.unsealing(), Event::Unsealed)
    }

    /// `Recovered`: so many entries more had been acknowledged, the last with this link.
    pub fn recovered(&self, lost: u64, head_link: Link, reason: &str) -> Event {
        let content = Recovered {
            head_size: self.poll.head().size + lost,
            head_link,
            reason: reason.to_owned(),
        };
        self.signed(content, Event::Recovered)
    }

    /// What an honest operator unseals.
    pub fn unsealing(&self) -> Unsealed {
        let (poll, keys) = (&self.poll, self.stratum_keys.clone());
        let committed: Vec<Hash> = keys.iter().map(|key| Hash::of(key)).collect();
        unseal::unsealing(
            poll.definition(),
            &committed,
            poll.roster(),
            poll.casts(),
            keys,
        )
        .expect("the keys are the bench's own")
    }

    /// `WaveStarted` of the next wave, for this many invitations.
    pub fn wave_started(&self, planned: u32) -> Event {
        let wave = self.poll.waves().len() as u16 + 1;
        let content = WaveStarted {
            wave,
            planned,
            register: None,
        };
        self.signed_by(self.waves_signer(), content, Event::WaveStarted)
    }

    /// `WaveEnded` of this wave: everything planned was handed over, and nothing is known of delivery.
    pub fn wave_ended(&self, wave: u16) -> Event {
        let planned = self.poll.waves()[usize::from(wave) - 1].planned;
        let content = WaveEnded {
            wave,
            sent: planned,
            failed: 0,
            stopped: 0,
            delivered: 0,
            unknown: planned,
            refused: 0,
            journal: None,
        };
        self.signed_by(self.waves_signer(), content, Event::WaveEnded)
    }

    /// Who signs waves here.
    pub fn waves_signer(&self) -> (Signer, &SecretKey) {
        match self.signer_of_waves {
            Signer::Sender => (Signer::Sender, &self.keys.sender),
            operator @ Signer::Operator { .. } => (operator, &self.keys.operator),
        }
    }

    /// The next answer of this person, signed by their key.
    pub fn responded(&self, person: u32, option: &str) -> Responded {
        let revision = self.poll.cast(person).revision + 1;
        self.responded_as(person, revision, How::Link, option)
    }

    /// An answer of this person, signed by their key, whatever it claims.
    pub fn responded_as(&self, person: u32, revision: u8, how: How, option: &str) -> Responded {
        let poll = (self.poll.id(), &**self.poll.definition());
        self.people[person as usize]
            .answer(poll, how, revision, option)
            .expect("the answer can be encoded")
            .into_responded()
    }

    /// This answer with a signature by the person's key over whatever it is now.
    pub fn signed_anew(&self, person: u32, responded: Responded) -> Responded {
        let origin = self.poll.origin().as_str();
        let token = self.tokens[person as usize].reveal();
        let seed = Hash::of(format!("sijill 2026 invitation key v1\0{origin}\0{token}").as_bytes());
        let key = SecretKey::from_seed(*seed.as_bytes());
        let message = responded.answer.message(self.poll.id());
        let signature = key.sign(&message.expect("the answer can be encoded"));
        Responded {
            signature,
            ..responded
        }
    }

    /// `Paused`.
    pub fn paused(&self, reason: &str) -> Event {
        let reason = reason.to_owned();
        self.signed(Paused { reason }, Event::Paused)
    }

    /// `Resumed`.
    pub fn resumed(&self, reason: &str) -> Event {
        let reason = reason.to_owned();
        self.signed(Resumed { reason }, Event::Resumed)
    }

    /// `Extended` to this moment.
    pub fn extended(&self, end: u64, reason: &str) -> Event {
        let reason = reason.to_owned();
        self.signed(Extended { end, reason }, Event::Extended)
    }

    /// `PageChanged` with these wordings: field, language and text.
    pub fn page_changed(&self, wordings: &[(&str, &str, &str)], reason: &str) -> Event {
        let wording = |(field, language, text): &(&str, &str, &str)| Wording {
            field: (*field).to_owned(),
            language: (*language).to_owned(),
            text: (*text).to_owned(),
        };
        let content = PageChanged {
            wordings: wordings.iter().map(wording).collect(),
            questions: self.poll.page().questions.clone(),
            script: None,
            reason: reason.to_owned(),
        };
        self.signed(content, Event::PageChanged)
    }

    /// The message with this link as a person got it, in this language of the definition.
    pub fn message(&self, language: &str, link: &str) -> String {
        let message = &self.poll.definition().message;
        message.text.get(language).replace(LINK_PLACEHOLDER, link)
    }

    /// `Annulled`.
    pub fn annulled(&self, reason: &str) -> Event {
        let reason = reason.to_owned();
        self.signed(Annulled { reason }, Event::Annulled)
    }

    /// `Closed` over the ledger as it is.
    pub fn closed(&self, reason: &str) -> Event {
        self.signed(self.closing(reason), Event::Closed)
    }

    /// What an honest operator closes with.
    pub fn closing(&self, reason: &str) -> Closed {
        let head = self.poll.head();
        Closed {
            size: head.size,
            link: head.link,
            tally: Some(self.poll.tally().declared(self.poll.definition())),
            reason: reason.to_owned(),
        }
    }

    /// The promise file for this answer.
    pub fn promise(&self, responded: &Responded) -> String {
        self.promise_due(responded, self.poll.promise_due() / 1_000)
    }

    /// The promise file for this answer, due at this many seconds since 1970, whatever the definition says.
    pub fn promise_due(&self, responded: &Responded, due: u64) -> String {
        let promise = Promise {
            origin: self.poll.origin().clone(),
            poll_id: self.poll.id(),
            answer: responded.hash().expect("the answer can be encoded"),
            due,
        };
        promise::file(responded, &promise, &self.keys.promise).expect("the promise can be signed")
    }

    /// The receipt of the entry of this index, under a checkpoint of the ledger as it is.
    pub fn receipt(&self, index: u64) -> String {
        let published = crate::Published::of(self);
        published.receipt(index, published.size()).to_string()
    }

    /// `Objected` of this promise file, whatever it is.
    pub fn objected(&self, promise: &str) -> Event {
        let promise = promise.to_owned();
        Event::Objected(Objected { promise })
    }

    /// The ledger and the leaves.
    pub fn export(&self) -> Export {
        Export {
            entries: self.entries.iter().map(|e| e.bytes().to_vec()).collect(),
            roster: self.leaves.clone(),
        }
    }

    /// Index and link of the last entry: what somebody notes at the end.
    pub fn end(&self) -> (u64, Link) {
        let Head { size, link } = self.poll.head();
        (size - 1, link)
    }
}

/// The question block of the scenarios' pages: in form that of a real one.
pub fn question_block(language: &str) -> String {
    format!("<fieldset lang=\"{language}\">\nThe question\n</fieldset>\n")
}

/// The same with a line for each option, those that rotate by so many places, as rotated polls commit to it.
pub fn rotated_block(terms: &Terms, language: &str, rotation: usize) -> String {
    let rotating = terms.options.len() - 1;
    let mut options = terms.options.clone();
    options[..rotating].rotate_left(rotation);
    let labels = options
        .iter()
        .map(|option| format!("<label>{option}</label>\n"));
    let end = "</fieldset>\n";
    let head = question_block(language).replace(end, "");
    format!("{head}{}{end}", labels.collect::<String>())
}

/// A page with this question block on it.
pub fn page_of(block: &str) -> String {
    format!("<!doctype html>\n<main><form>\n{block}<button>Send</button></form></main>\n")
}

/// The opening that an honest operator signs.
pub fn honest_opening(setup: &Setup, keys: &Keys, now: u64) -> Opening {
    let sender = setup.with_sender.then(|| keys.sender_key());
    let text = setup.terms.text(&[keys.operator_key()], sender.as_ref());
    let definition = Definition::parse(&text).expect("the fixture's definition is good");
    let block = |language: &str| match setup.terms.rotated {
        false => question_block(language),
        true => rotated_block(&setup.terms, language, 0),
    };
    let questions = definition.languages().map(|language| Committed {
        language: language.to_owned(),
        hash: Hash::of(block(language).as_bytes()),
    });
    Opening {
        origin: origin(&setup.terms.origin()),
        rule_set: setup.terms.rule_set,
        log_keys: vec![keys.log.public_key()],
        promise_key: keys.promise.public_key(),
        messages: opening::message_hashes(&definition),
        questions: questions.collect(),
        script: None,
        sealing_key: None,
        issuing_keys: Vec::new(),
        key: 0,
        until: now + 3_600_000,
        definition: text,
    }
}

/// Entry 0 of this opening, signed by this key.
pub fn first_entry(opening: Opening, operator: &SecretKey, now: u64) -> Sealed<Event> {
    let message = opening.message().expect("the opening can be encoded");
    let opened = Opened {
        signature: operator.sign(&message),
        opening,
    };
    let origin = opened.opening.origin.clone();
    let entry: Entry<Event> = Head::start(&origin).next(now, Event::Opened(Box::new(opened)));
    Sealed::seal(entry).expect("entry 0 is within its limit")
}

fn origin(text: &str) -> Origin {
    text.parse().expect("the fixture's origin is one")
}

/// Tokens and leaves, in the order in which a roster has them.
fn invite(setup: &Setup, origin: &Origin) -> (Vec<Token>, Vec<u8>) {
    let strata = setup.terms.strata.len() as u32;
    let master = entropy(setup.seed, "contacts", 0);
    let mut people: Vec<(PublicKey, Token, u32)> = (0..setup.invitations)
        .map(|place| {
            let token = token(setup.seed, place);
            (token.invitation_key(origin).public_key(), token, place)
        })
        .collect();
    people.sort_by_key(|(key, ..)| *key);
    let leaves = people.iter().flat_map(|(key, _, place)| {
        let stratum = place % strata;
        let leaf = Leaf {
            key: *key,
            stratum: match setup.terms.sealed {
                false => LeafStratum::Open(stratum as u16),
                true => {
                    let (id, _) = &setup.terms.strata[stratum as usize];
                    let stratum_key = entropy(setup.seed, "stratum", stratum);
                    LeafStratum::Sealed(seal_stratum(&stratum_key, key.as_bytes(), id))
                }
            },
            sealed_contact: seal_contact(&master, key, &format!("+96477{place:08}")),
        };
        leaf.to_bytes()
    });
    let leaves = leaves.collect();
    (
        people.into_iter().map(|(_, token, _)| token).collect(),
        leaves,
    )
}

fn stratum_keys(setup: &Setup) -> Vec<[u8; 32]> {
    let strata = 0..setup.terms.strata.len() as u32;
    strata
        .map(|place| entropy(setup.seed, "stratum", place))
        .collect()
}

fn token(seed: u8, place: u32) -> Token {
    let bytes = entropy(seed, "token", place);
    let (start, _) = bytes
        .split_first_chunk()
        .expect("a token needs 20 of the 32 bytes");
    Token::from_entropy(*start)
}

/// The roster of these leaves, whatever is wrong with them.
pub fn roster(leaves: &[u8], definition: &Definition) -> Roster {
    let mut reader = RosterReader::of(definition);
    for leaf in leaves.as_chunks().0 {
        // A forger's leaves may be bad; the reader keeps them at their place.
        let _ = reader.push(leaf);
    }
    reader.finish()
}
