//! Trust as a file: C2SP's tlog-policy, which lists logs and witnesses by their keys and says which witnesses together
//! are enough.
//!
//! It owns the file's text, the judgement of a checkpoint by it, and the type that a checkpoint has afterwards. What
//! the checkpoint must contain besides (a certain origin, a certain age) is for whoever asks.
//!
//! Invariants:
//! - no key stands in a policy twice, whatever its name or role, and no name is a member of two groups: a witness
//!   counts in one way;
//! - the witnesses whose keys are of a type that is verified here can reach the quorum;
//! - a `TrustedCheckpoint` is signed by a log of the policy and cosigned by a quorum of its witnesses.

use crate::checkpoint::{CheckpointError, SignedCheckpoint, VerifiedCheckpoint};
use crate::cosignature::{Cosignature, CosignatureError, WitnessKey};
use crate::decimal;
use crate::excerpt::excerpt;
use crate::limits::POLICY_BYTES_MAX;
use crate::note::{NoteError, TypedKey, VerifierKey};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// The signature type of ML-DSA-44 cosignatures, whose keys are listed and carried, and not yet verified.
const ML_DSA_44: u8 = 0x06;
const ML_DSA_44_KEY_BYTES: usize = 1312;

/// The quorum of a policy that asks for no witness.
const NONE: &[u8] = b"none";

/// Why bytes are no policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// Longer than a policy may be.
    #[error("not a policy: expected at most {POLICY_BYTES_MAX} bytes, found {found}")]
    TooLong {
        /// Its bytes.
        found: usize,
    },
    /// A line is wrong.
    #[error("not a policy: line {line}: {fault}")]
    Line {
        /// Which line, from 1.
        line: usize,
        /// What is wrong with it.
        fault: PolicyFault,
    },
    /// Nothing says which witnesses are enough.
    #[error("not a policy: expected a line `quorum NAME`, or `quorum none` to ask for no witness")]
    NoQuorum,
}

/// What is wrong with a line of a policy. Names are shown up to 80 characters.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyFault {
    /// It does not end in a newline, or has a control character.
    #[error(
        "expected text that ends in a newline, without control characters but tab (and without carriage returns)"
    )]
    Text,
    /// It begins with no word of a policy.
    #[error("expected `log`, `witness`, `group`, `quorum` or `#`, found `{found}`")]
    Word {
        /// Its first word.
        found: String,
    },
    /// Too many or too few words.
    #[error("expected `{expected}`, found {found} words")]
    Words {
        /// How such a line is written.
        expected: &'static str,
        /// As many as there are.
        found: usize,
    },
    /// Not a key of a log or witness.
    #[error("{0}")]
    Key(#[from] NoteError),
    /// A key of a type that logs or witnesses do not sign with, or that no version here knows.
    #[error("expected a key of type 0x{expected:02x} (or 0x06, ML-DSA-44), found 0x{found:02x}")]
    KeyType {
        /// The type that is verified here.
        expected: u8,
        /// The key's.
        found: u8,
    },
    /// The same key stands on another line.
    #[error("its key is that of line {first}, and a key may stand in a policy once")]
    SameKey {
        /// The other line.
        first: usize,
    },
    /// The name is taken, or is `none`.
    #[error("the name `{name}` is taken")]
    NameTaken {
        /// The name.
        name: String,
    },
    /// No witness or group of this name stands above.
    #[error("no witness or group `{name}` stands above this line")]
    UnknownName {
        /// The name.
        name: String,
    },
    /// A member of another group, or of this one twice.
    #[error("`{name}` is a member of a group already, and may be one once")]
    MemberTwice {
        /// The name.
        name: String,
    },
    /// The group asks for none of its members, or for more than it has.
    #[error("expected `any`, `all` or a number from 1 to {members}, found `{found}`")]
    Threshold {
        /// Number of members.
        members: usize,
        /// What there is.
        found: String,
    },
    /// A second line says which witnesses are enough.
    #[error("expected one line `quorum`, found a second")]
    SecondQuorum,
    /// However many witnesses cosign.
    #[error(
        "nobody can reach the quorum `{name}`: too many of its witnesses have keys that cannot be verified here (ML-DSA-44)"
    )]
    OutOfReach {
        /// The quorum's name.
        name: String,
    },
}

/// Why a policy does not trust a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TrustError {
    /// No log of the policy signed it.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// A cosignature by a witness of the policy is wrong.
    #[error(transparent)]
    Cosignature(#[from] CosignatureError),
    /// Too few witnesses cosigned it.
    #[error(
        "the quorum `{quorum}` is not met: the checkpoint is cosigned by {}",
        list(cosigned)
    )]
    Quorum {
        /// The quorum's name in the policy.
        quorum: String,
        /// The names of the witnesses that did cosign.
        cosigned: Vec<String>,
    },
}

fn list(names: &[String]) -> String {
    match names {
        [] => "no witness of the policy".to_owned(),
        names => format!("`{}` alone", names.join("`, `")),
    }
}

/// Which logs are believed, and which witnesses must have seen what they say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    logs: Vec<Log>,
    parties: Vec<Party>,
    /// The party that must have witnessed a checkpoint; nobody, where the file says `none`.
    quorum: Option<usize>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Log {
    key: Key<VerifierKey>,
    url: Option<Vec<u8>>,
}

/// A witness or a group, under the name that it has in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Party {
    name: Vec<u8>,
    role: Role,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Role {
    Witness {
        key: Key<WitnessKey>,
        url: Option<Vec<u8>>,
    },
    /// So many of these parties, which all stand before this one.
    Group { needed: usize, members: Vec<usize> },
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Key<K> {
    Known(K),
    /// Carried, and never the reason to believe anything.
    MlDsa44(TypedKey),
}

impl Policy {
    /// The policy that believes these log keys and asks for no witness. A key that is there twice is listed once.
    pub fn of_logs(keys: impl IntoIterator<Item = VerifierKey>) -> Self {
        let mut seen = BTreeSet::new();
        let keys = keys.into_iter().filter(|key| seen.insert(key.public_key()));
        let log = |key| Log {
            key: Key::Known(key),
            url: None,
        };
        Self {
            logs: keys.map(log).collect(),
            parties: Vec::new(),
            quorum: None,
        }
    }

    /// Reads a policy, strictly.
    pub fn parse(bytes: &[u8]) -> Result<Self, PolicyError> {
        if bytes.len() > POLICY_BYTES_MAX {
            return Err(PolicyError::TooLong { found: bytes.len() });
        }
        let mut reading = Reading::default();
        for (number, line) in (1..).zip(bytes.split_inclusive(|&byte| byte == b'\n')) {
            reading
                .line(number, line)
                .map_err(|fault| PolicyError::Line {
                    line: number,
                    fault,
                })?;
        }
        reading.finish()
    }

    /// The policy as a file, without comments: logs first, then witnesses and groups in their order, then the quorum.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut lines: Vec<Vec<u8>> = self.logs.iter().map(Log::words).collect();
        lines.extend(self.parties.iter().map(|party| party.words(&self.parties)));
        lines.push([b"quorum ", self.quorum_name()].concat());
        lines.push(Vec::new());
        lines.join(&b'\n')
    }

    /// The log keys that are verified here, in the file's order.
    pub fn log_keys(&self) -> impl Iterator<Item = &VerifierKey> {
        self.logs.iter().filter_map(|log| log.key.known())
    }

    /// The witnesses' keys that are verified here, in the file's order.
    pub fn witness_keys(&self) -> impl Iterator<Item = &WitnessKey> {
        self.parties.iter().filter_map(Party::witness)
    }

    /// The addresses that the file gives for the logs of this name. What they mean is for whoever uses them.
    pub fn log_urls<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        let named = move |log: &&Log| log.key.known().is_some_and(|key| key.name() == name);
        let logs = self.logs.iter().filter(named);
        logs.filter_map(|log| log.url.as_deref())
    }

    /// The checkpoint, if a log of this policy signed it. Which of its keys did, the result says.
    pub fn verify_log(
        &self,
        signed: &SignedCheckpoint,
    ) -> Result<VerifiedCheckpoint, CheckpointError> {
        let keys: Vec<_> = self.log_keys().cloned().collect();
        signed.verify(&keys)
    }

    /// The cosignatures by this policy's witnesses, enough or not.
    pub fn cosignatures(
        &self,
        verified: &VerifiedCheckpoint,
    ) -> Result<Vec<Cosignature>, CosignatureError> {
        let keys: Vec<_> = self.witness_keys().cloned().collect();
        verified.cosignatures(&keys)
    }

    /// Whether these cosignatures, all on one checkpoint, are enough.
    pub fn quorum_is_met_by(&self, cosignatures: &[Cosignature]) -> bool {
        let keys: BTreeSet<_> = cosignatures
            .iter()
            .map(|cosignature| cosignature.witness().public_key())
            .collect();
        self.is_met_where(|witness| keys.contains(&witness.public_key()))
    }

    /// The checkpoint, if this policy trusts it: signed by one of its logs, with no wrong line by a log or witness of
    /// it, and cosigned by a quorum.
    pub fn verify(&self, signed: &SignedCheckpoint) -> Result<TrustedCheckpoint, TrustError> {
        let checkpoint = self.verify_log(signed)?;
        let cosignatures = self.cosignatures(&checkpoint)?;
        if !self.quorum_is_met_by(&cosignatures) {
            let name = |cosignature: &Cosignature| cosignature.witness().name().to_owned();
            return Err(TrustError::Quorum {
                quorum: excerpt(self.quorum_name()),
                cosigned: cosignatures.iter().map(name).collect(),
            });
        }
        Ok(TrustedCheckpoint {
            checkpoint,
            cosignatures,
        })
    }

    fn quorum_name(&self) -> &[u8] {
        let party = self.quorum.and_then(|place| self.parties.get(place));
        party.map_or(NONE, |party| &party.name)
    }

    /// Whether the quorum has witnessed a checkpoint that the witnesses of whom `cosigned` is true have.
    fn is_met_where(&self, cosigned: impl Fn(&WitnessKey) -> bool) -> bool {
        let mut witnessed: Vec<bool> = Vec::with_capacity(self.parties.len());
        let has = |witnessed: &[bool], place: usize| witnessed.get(place) == Some(&true);
        for party in &self.parties {
            witnessed.push(match &party.role {
                Role::Witness { key, .. } => key.known().is_some_and(&cosigned),
                Role::Group { needed, members } => {
                    let members = members.iter().filter(|&&place| has(&witnessed, place));
                    members.count() >= *needed
                }
            });
        }
        self.quorum.is_none_or(|place| has(&witnessed, place))
    }
}

/// A checkpoint that a policy trusts. It can only come from [`Policy::verify`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustedCheckpoint {
    checkpoint: VerifiedCheckpoint,
    cosignatures: Vec<Cosignature>,
}

impl TrustedCheckpoint {
    /// The checkpoint, and which log keys signed it.
    pub fn verified(&self) -> &VerifiedCheckpoint {
        &self.checkpoint
    }

    /// By whom it is cosigned and when, in the note's order; of the policy's witnesses alone.
    pub fn cosignatures(&self) -> &[Cosignature] {
        &self.cosignatures
    }
}

impl Log {
    fn words(&self) -> Vec<u8> {
        with_url(format!("log {}", self.key).into_bytes(), &self.url)
    }
}

impl Party {
    fn witness(&self) -> Option<&WitnessKey> {
        match &self.role {
            Role::Witness { key, .. } => key.known(),
            Role::Group { .. } => None,
        }
    }

    fn words(&self, parties: &[Self]) -> Vec<u8> {
        match &self.role {
            Role::Witness { key, url } => {
                let key = format!(" {key}");
                with_url([b"witness ", &self.name[..], key.as_bytes()].concat(), url)
            }
            Role::Group { needed, members } => {
                let needed = match *needed {
                    all if all == members.len() => "all".to_owned(),
                    1 => "any".to_owned(),
                    needed => needed.to_string(),
                };
                let mut line = [b"group ", &self.name[..], b" ", needed.as_bytes()].concat();
                for member in members.iter().filter_map(|&place| parties.get(place)) {
                    line.push(b' ');
                    line.extend(&member.name);
                }
                line
            }
        }
    }
}

fn with_url(mut line: Vec<u8>, url: &Option<Vec<u8>>) -> Vec<u8> {
    if let Some(url) = url {
        line.push(b' ');
        line.extend(url);
    }
    line
}

impl<K> Key<K> {
    fn known(&self) -> Option<&K> {
        match self {
            Self::Known(key) => Some(key),
            Self::MlDsa44(_) => None,
        }
    }
}

impl<K: fmt::Display> fmt::Display for Key<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(key) => key.fmt(f),
            Self::MlDsa44(key) => key.fmt(f),
        }
    }
}

/// A policy of which some lines are read.
#[derive(Default)]
struct Reading {
    logs: Vec<Log>,
    parties: Vec<Party>,
    /// Place in `parties` by name.
    names: BTreeMap<Vec<u8>, usize>,
    /// The line of each public key.
    keys: BTreeMap<Vec<u8>, usize>,
    /// Places of those that are in a group.
    members: BTreeSet<usize>,
    quorum: Option<Quorum>,
}

struct Quorum {
    line: usize,
    party: Option<usize>,
}

impl Reading {
    fn line(&mut self, number: usize, line: &[u8]) -> Result<(), PolicyFault> {
        let text = line.strip_suffix(b"\n").ok_or(PolicyFault::Text)?;
        let bad = |&byte: &u8| (byte < b' ' && byte != b'\t') || byte == 0x7f;
        if text.iter().any(bad) {
            return Err(PolicyFault::Text);
        }
        let words: Vec<&[u8]> = text
            .split(|&byte| byte == b' ' || byte == b'\t')
            .filter(|word| !word.is_empty())
            .collect();
        match words.split_first() {
            None => Ok(()),
            Some((word, _)) if word.starts_with(b"#") => Ok(()),
            Some((&b"log", rest)) => self.log(number, rest),
            Some((&b"witness", rest)) => self.witness(number, rest),
            Some((&b"group", rest)) => self.group(rest),
            Some((&b"quorum", rest)) => self.quorum(number, rest),
            Some((word, _)) => Err(PolicyFault::Word {
                found: excerpt(word),
            }),
        }
    }

    fn log(&mut self, line: usize, words: &[&[u8]]) -> Result<(), PolicyFault> {
        let (key, url) = match *words {
            [key] => (key, None),
            [key, url] => (key, Some(url.to_vec())),
            _ => return Err(wrong_words("log KEY [URL]", words)),
        };
        let key = self.key(line, key, crate::note::ED25519)?;
        self.logs.push(Log { key, url });
        Ok(())
    }

    fn witness(&mut self, line: usize, words: &[&[u8]]) -> Result<(), PolicyFault> {
        let (name, key, url) = match *words {
            [name, key] => (name, key, None),
            [name, key, url] => (name, key, Some(url.to_vec())),
            _ => return Err(wrong_words("witness NAME KEY [URL]", words)),
        };
        let key = self.key(line, key, crate::cosignature::COSIGNATURE)?;
        self.party(name, Role::Witness { key, url })
    }

    fn group(&mut self, words: &[&[u8]]) -> Result<(), PolicyFault> {
        let [name, threshold, names @ ..] = words else {
            return Err(wrong_words("group NAME any|all|NUMBER NAME...", words));
        };
        if names.is_empty() {
            return Err(wrong_words("group NAME any|all|NUMBER NAME...", words));
        }
        let mut members = Vec::with_capacity(names.len());
        for name in names {
            let place = self.place(name)?;
            if !self.members.insert(place) {
                let name = excerpt(name);
                return Err(PolicyFault::MemberTwice { name });
            }
            members.push(place);
        }
        let needed = needed(threshold, members.len())?;
        self.party(name, Role::Group { needed, members })
    }

    fn quorum(&mut self, line: usize, words: &[&[u8]]) -> Result<(), PolicyFault> {
        let [name] = *words else {
            return Err(wrong_words("quorum NAME", words));
        };
        if self.quorum.is_some() {
            return Err(PolicyFault::SecondQuorum);
        }
        let party = match name {
            NONE => None,
            name => Some(self.place(name)?),
        };
        self.quorum = Some(Quorum { line, party });
        Ok(())
    }

    /// A key of the type `kind`, or one that is carried; on no line before.
    fn key<K>(&mut self, line: usize, text: &[u8], kind: u8) -> Result<Key<K>, PolicyFault>
    where
        K: TryFrom<TypedKey, Error = NoteError>,
    {
        let not_text = NoteError::VerifierKey {
            why: "it is not UTF-8",
        };
        let key = TypedKey::parse(std::str::from_utf8(text).map_err(|_| not_text)?)?;
        if let Some(&first) = self.keys.get(&key.key) {
            return Err(PolicyFault::SameKey { first });
        }
        self.keys.insert(key.key.clone(), line);
        match key.kind {
            ML_DSA_44 if key.key.len() == ML_DSA_44_KEY_BYTES => Ok(Key::MlDsa44(key)),
            found if found == kind => Ok(Key::Known(K::try_from(key)?)),
            found => Err(PolicyFault::KeyType {
                expected: kind,
                found,
            }),
        }
    }

    fn party(&mut self, name: &[u8], role: Role) -> Result<(), PolicyFault> {
        if name == NONE || self.names.contains_key(name) {
            let name = excerpt(name);
            return Err(PolicyFault::NameTaken { name });
        }
        self.names.insert(name.to_vec(), self.parties.len());
        let name = name.to_vec();
        self.parties.push(Party { name, role });
        Ok(())
    }

    fn place(&self, name: &[u8]) -> Result<usize, PolicyFault> {
        let unknown = || PolicyFault::UnknownName {
            name: excerpt(name),
        };
        self.names.get(name).copied().ok_or_else(unknown)
    }

    fn finish(self) -> Result<Policy, PolicyError> {
        let quorum = self.quorum.ok_or(PolicyError::NoQuorum)?;
        let policy = Policy {
            logs: self.logs,
            parties: self.parties,
            quorum: quorum.party,
        };
        match policy.is_met_where(|_| true) {
            true => Ok(policy),
            false => Err(PolicyError::Line {
                line: quorum.line,
                fault: PolicyFault::OutOfReach {
                    name: excerpt(policy.quorum_name()),
                },
            }),
        }
    }
}

/// How many of a group's members must have witnessed a checkpoint.
fn needed(text: &[u8], members: usize) -> Result<usize, PolicyFault> {
    let number = || {
        let number = decimal::parse(std::str::from_utf8(text).ok()?, members as u64)?;
        usize::try_from(number).ok().filter(|&number| number > 0)
    };
    let needed = match text {
        b"any" => Some(1),
        b"all" => Some(members),
        _ => number(),
    };
    needed.ok_or_else(|| PolicyFault::Threshold {
        members,
        found: excerpt(text),
    })
}

fn wrong_words(expected: &'static str, words: &[&[u8]]) -> PolicyFault {
    PolicyFault::Words {
        expected,
        found: words.len() + 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkpoint::Checkpoint;
    use crate::signature::SecretKey;
    use crate::tree::Hash;
    use proptest::prelude::*;

    const ORIGIN: &str = "ur.example/polls/bridge";

    fn secret(seed: u8) -> SecretKey {
        SecretKey::from_seed([seed; 32])
    }

    fn log(seed: u8) -> VerifierKey {
        VerifierKey::new(ORIGIN, secret(seed).public_key()).unwrap()
    }

    fn witness(seed: u8) -> WitnessKey {
        let name = format!("witness.example/{seed}");
        WitnessKey::new(&name, secret(seed).public_key()).unwrap()
    }

    fn ml_dsa(name: &str, first: u8) -> TypedKey {
        let mut key = vec![7; ML_DSA_44_KEY_BYTES];
        key[0] = first;
        TypedKey {
            name: name.into(),
            kind: ML_DSA_44,
            key,
        }
    }

    /// The policy of the specification's example, with keys.
    fn example() -> String {
        let mut text = format!("# two organisations\n\nlog {}\n\n", log(1));
        for (name, seed) in [("X1", 11), ("X2", 12), ("X3", 13)] {
            text += &format!("witness {name} {}\n", witness(seed));
        }
        text += "group X-witnesses 2 X1 X2 X3\n\n";
        for (name, seed) in [("Y1", 21), ("Y2", 22), ("Y3", 23)] {
            text += &format!(
                "\twitness  {name}\t{} https://{name}.example/ \n",
                witness(seed)
            );
        }
        text + "group Y-witnesses any Y1 Y2 Y3\n\ngroup X-and-Y all X-witnesses Y-witnesses\nquorum X-and-Y\n"
    }

    fn checkpoint(cosigned_by: &[u8]) -> SignedCheckpoint {
        let checkpoint = Checkpoint {
            origin: ORIGIN.parse().unwrap(),
            size: 9,
            root: Hash::of(b"root"),
        };
        let signed = checkpoint.sign(&secret(1)).unwrap();
        let verified = signed.verify(&[log(1)]).unwrap();
        cosigned_by.iter().fold(signed, |signed, &seed| {
            let line = verified.cosign(witness(seed).name(), &secret(seed), 100 + u64::from(seed));
            signed.with(line.unwrap()).unwrap()
        })
    }

    #[test]
    fn the_specifications_example_asks_for_two_of_one_and_one_of_the_other() {
        let policy = Policy::parse(example().as_bytes()).unwrap();
        for (by, met) in [
            (&[][..], false),
            (&[11, 12], false),
            (&[11, 21], false),
            (&[21, 22, 23, 11], false),
            (&[11, 11, 21], false),
            (&[11, 13, 22], true),
            (&[11, 12, 13, 21, 22, 23], true),
            (&[31, 32, 33], false),
        ] {
            assert_eq!(policy.verify(&checkpoint(by)).is_ok(), met, "{by:?}");
        }
        let trusted = policy.verify(&checkpoint(&[31, 22, 13, 11])).unwrap();
        let times: Vec<_> = trusted
            .cosignatures()
            .iter()
            .map(Cosignature::time)
            .collect();
        assert_eq!(times, [122, 113, 111]);
        let error = policy.verify(&checkpoint(&[11])).unwrap_err().to_string();
        assert_eq!(
            error,
            "the quorum `X-and-Y` is not met: the checkpoint is cosigned by `witness.example/11` alone"
        );
    }

    #[test]
    fn a_policy_is_written_so_that_it_reads_the_same() {
        let policy = Policy::parse(example().as_bytes()).unwrap();
        let written = String::from_utf8(policy.to_bytes()).unwrap();
        assert!(written.contains("\ngroup X-witnesses 2 X1 X2 X3\n"));
        assert!(written.contains("\ngroup Y-witnesses any Y1 Y2 Y3\n"));
        assert!(written.ends_with("\ngroup X-and-Y all X-witnesses Y-witnesses\nquorum X-and-Y\n"));
        assert_eq!(Policy::parse(written.as_bytes()), Ok(policy));
    }

    #[test]
    fn without_a_witness_the_logs_signature_is_enough() {
        let policy = Policy::of_logs([log(1), log(1), log(2)]);
        assert_eq!(policy.log_keys().collect::<Vec<_>>(), [&log(1), &log(2)]);
        let trusted = policy.verify(&checkpoint(&[])).unwrap();
        assert_eq!(trusted.verified().not_signed_by(), [log(2)]);
        let written = policy.to_bytes();
        assert!(written.ends_with(b"\nquorum none\n"));
        assert_eq!(Policy::parse(&written), Ok(policy));
        let stranger = Policy::of_logs([log(2)]).verify(&checkpoint(&[]));
        assert!(matches!(
            stranger,
            Err(TrustError::Checkpoint(CheckpointError::NotSigned { .. }))
        ));
        assert!(matches!(
            Policy::of_logs([]).verify(&checkpoint(&[])),
            Err(TrustError::Checkpoint(CheckpointError::UnknownLog { .. }))
        ));
    }

    #[test]
    fn a_wrong_cosignature_by_a_witness_of_the_policy_refuses_the_checkpoint() {
        let policy = Policy::parse(example().as_bytes()).unwrap();
        let text = checkpoint(&[11, 12, 21]).to_string();
        let (head, last) = text.trim_end().rsplit_once(' ').unwrap();
        // The time's last byte is in characters 12 to 15.
        let altered = format!("{head} {}Z{}\n", &last[..14], &last[15..]);
        let verdict = policy.verify(&altered.parse().unwrap());
        assert!(matches!(
            verdict,
            Err(TrustError::Cosignature(CosignatureError::Wrong { .. }))
        ));
    }

    fn fault(text: &str) -> (usize, PolicyFault) {
        match Policy::parse(text.as_bytes()) {
            Err(PolicyError::Line { line, fault }) => (line, fault),
            other => panic!("{text}: {other:?}"),
        }
    }

    #[track_caller]
    fn refused(text: impl AsRef<str>, line: usize, expected: PolicyFault) {
        assert_eq!(fault(text.as_ref()), (line, expected));
    }

    #[test]
    fn a_key_stands_in_a_policy_once_whatever_its_name_or_role() {
        let (l, w) = (log(1), witness(2));
        let renamed = VerifierKey::new("other", l.public_key()).unwrap();
        let as_witness = WitnessKey::new("other", l.public_key()).unwrap();
        let same = || PolicyFault::SameKey { first: 1 };
        refused(format!("log {l}\nlog {l}\n"), 2, same());
        refused(format!("log {l}\n\nlog {renamed}\n"), 3, same());
        refused(format!("log {l}\nwitness A {as_witness}\n"), 2, same());
        refused(format!("witness A {w}\nwitness B {w}\n"), 2, same());
    }

    #[test]
    fn a_name_is_given_once_and_before_it_is_used() {
        let (w, v) = (witness(2), witness(3));
        let taken = |name: &str| PolicyFault::NameTaken { name: name.into() };
        refused(format!("witness A {w}\nwitness A {v}\n"), 2, taken("A"));
        refused(format!("witness A {w}\ngroup A all A\n"), 2, taken("A"));
        refused(format!("witness none {w}\n"), 1, taken("none"));
        let unknown = |name: &str| PolicyFault::UnknownName { name: name.into() };
        refused(format!("witness A {w}\ngroup G any A B\n"), 2, unknown("B"));
        refused(
            format!("witness A {w}\ngroup G any A none\n"),
            2,
            unknown("none"),
        );
        refused(format!("group G any A\nwitness A {w}\n"), 1, unknown("A"));
        refused("group G any G\n", 1, unknown("G"));
        refused("quorum G\n", 1, unknown("G"));
    }

    #[test]
    fn a_witness_counts_in_one_way() {
        let w = witness(2);
        let twice = || PolicyFault::MemberTwice { name: "A".into() };
        refused(format!("witness A {w}\ngroup G any A A\n"), 2, twice());
        let two = format!("witness A {w}\ngroup G any A\ngroup H any A\n");
        refused(two, 3, twice());
    }

    #[test]
    fn a_line_in_another_form_is_refused() {
        refused("quorum none", 1, PolicyFault::Text);
        refused("quorum none\r\n", 1, PolicyFault::Text);
        refused("\u{7f}\n", 1, PolicyFault::Text);
        for word in ["logs", "Log", "quorum\u{a0}none"] {
            let found = word.to_owned();
            refused(format!("{word} x\n"), 1, PolicyFault::Word { found });
        }
        let words = |expected, found| PolicyFault::Words { expected, found };
        refused("quorum a b\n", 1, words("quorum NAME", 3));
        refused("log\n", 1, words("log KEY [URL]", 1));
        refused("witness A\n", 1, words("witness NAME KEY [URL]", 2));
        let group = "group NAME any|all|NUMBER NAME...";
        refused("group G any\n", 1, words(group, 3));
        refused("quorum none\nquorum none\n", 2, PolicyFault::SecondQuorum);
        let text = format!("log {}\n", log(1));
        assert_eq!(Policy::parse(text.as_bytes()), Err(PolicyError::NoQuorum));
        let long = vec![b'\n'; POLICY_BYTES_MAX + 1];
        let found = long.len();
        assert_eq!(Policy::parse(&long), Err(PolicyError::TooLong { found }));
    }

    #[test]
    fn a_key_is_of_the_type_that_its_line_needs() {
        let (l, w) = (log(1), witness(2));
        let of_type = |expected, found| PolicyFault::KeyType { expected, found };
        refused(format!("log {w}\n"), 1, of_type(1, 4));
        refused(format!("witness A {l}\n"), 1, of_type(4, 1));
        let bad = format!("\nlog {}\n", l.to_string().replace('A', "B"));
        assert!(matches!(fault(&bad), (2, PolicyFault::Key(_))));
        let empty = fault("log ur.example+00+AA==\n");
        assert!(matches!(empty, (1, PolicyFault::Key(_))));
        let not_utf8 = Policy::parse(b"log \xff+00000000+AA==\nquorum none\n");
        assert!(not_utf8.is_err());
    }

    #[test]
    fn a_group_asks_for_some_of_its_members() {
        for bad in ["0", "3", "01", "+1", "-1", "some", "18446744073709551617"] {
            let text = format!(
                "witness A {}\nwitness B {}\ngroup G {bad} A B\n",
                witness(2),
                witness(3)
            );
            let expected = PolicyFault::Threshold {
                members: 2,
                found: bad.to_owned(),
            };
            assert_eq!(fault(&text), (3, expected));
        }
    }

    #[test]
    fn keys_of_ml_dsa_are_carried_and_count_for_nothing() {
        let (a, b) = (
            ml_dsa("witness.example/a", 1),
            ml_dsa("witness.example/b", 2),
        );
        let text = format!(
            "log {}\nlog {}\nwitness A {a}\nwitness B {}\nwitness C {}\ngroup G 2 A B C\nquorum G\n",
            log(1),
            ml_dsa(ORIGIN, 3),
            witness(2),
            witness(3),
        );
        let policy = Policy::parse(text.as_bytes()).unwrap();
        assert_eq!(String::from_utf8(policy.to_bytes()).unwrap(), text);
        assert!(policy.verify(&checkpoint(&[2])).is_err());
        assert!(policy.verify(&checkpoint(&[2, 3])).is_ok());
        let text = text.replace(&witness(2).to_string(), &b.to_string());
        assert_eq!(
            fault(&text),
            (7, PolicyFault::OutOfReach { name: "G".into() })
        );
        let short = TypedKey {
            key: vec![0; 32],
            ..a
        };
        let expected = PolicyFault::KeyType {
            expected: 4,
            found: 6,
        };
        assert_eq!(fault(&format!("witness A {short}\n")), (1, expected));
    }

    #[test]
    fn names_are_bytes() {
        let mut text = b"witness K\xe2\x84\xaa\xff ".to_vec();
        text.extend(format!("{}\nquorum ", witness(2)).into_bytes());
        let mut same = text.clone();
        same.extend(b"K\xe2\x84\xaa\xff\n");
        let policy = Policy::parse(&same).unwrap();
        assert_eq!(policy.to_bytes(), same);
        text.extend(b"KK\xff\n");
        assert!(Policy::parse(&text).is_err());
    }

    #[test]
    fn the_addresses_of_a_log_are_found_by_its_name() {
        let text = format!(
            "log {} https://ur.example/\nlog {}\nquorum none\n",
            log(1),
            log(2)
        );
        let policy = Policy::parse(text.as_bytes()).unwrap();
        assert_eq!(
            policy.log_urls(ORIGIN).collect::<Vec<_>>(),
            [b"https://ur.example/"]
        );
        assert_eq!(policy.log_urls("other").count(), 0);
    }

    proptest! {
        #[test]
        fn a_policy_reads_as_it_is_written(groups in proptest::collection::vec((1..5usize, 1..5usize), 1..6), logs in 0..4u8) {
            let mut text: String = (0..logs).map(|seed| format!("log {}\n", log(seed + 1))).collect();
            let (mut seed, mut last) = (100, String::new());
            for (place, (members, needed)) in groups.iter().enumerate() {
                let mut line = format!("group G{place} {} {last}", (*needed).min(*members));
                for _ in 0..*members {
                    text += &format!("witness W{seed} {}\n", witness(seed));
                    line += &format!(" W{seed}");
                    seed += 1;
                }
                last = format!("G{place}");
                text += &format!("{line}\n");
            }
            text += &format!("quorum {last}\n");
            let policy = Policy::parse(text.as_bytes()).unwrap();
            let written = policy.to_bytes();
            let again = Policy::parse(&written).unwrap();
            prop_assert_eq!(again.to_bytes(), written);
            prop_assert_eq!(again, policy);
        }

        #[test]
        fn no_bytes_make_the_reader_panic(bytes: Vec<u8>, words in "((log|witness|group|quorum|none|any|all|1|A|#| |\t){1,8}\n){0,6}") {
            for bytes in [bytes, words.into_bytes()] {
                if let Ok(policy) = Policy::parse(&bytes) {
                    prop_assert_eq!(Policy::parse(&policy.to_bytes()), Ok(policy));
                }
            }
        }
    }
}
