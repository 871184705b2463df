//! Whose signatures on a checkpoint count: those of the policy's log keys for this origin; without a policy, of the keys
//! that entry 0 names, where an operator key that the auditor pinned vouches for it.

use sijill_ledger::checkpoint::{SignedCheckpoint, VerifiedCheckpoint};
use sijill_ledger::cosignature::Cosignature;
use sijill_ledger::note::VerifierKey;
use sijill_ledger::policy::Policy;
use sijill_poll::Poll;

/// The keys of the ledger's log, as far as the auditor knows them.
pub(crate) enum LogKeys {
    /// They are known.
    Known(Trust),
    /// They are not, and what to give.
    Unknown(String),
}

/// Keys that are known.
pub(crate) struct Trust {
    policy: Policy,
    keys: Vec<VerifierKey>,
    /// Whether they come from entry 0 and not from the auditor's policy.
    pub(crate) from_opening: bool,
}

/// A checkpoint that is as it should be, and who cosigned it.
pub(crate) struct Seen {
    /// The checkpoint.
    pub(crate) verified: VerifiedCheckpoint,
    /// By witnesses of the policy.
    pub(crate) cosignatures: Vec<Cosignature>,
}

impl LogKeys {
    /// The keys for this poll's ledger. `vouched` is whether a pinned key signed entry 0 (V7).
    pub(crate) fn of(poll: &Poll, vouched: bool, policy: Option<&Policy>) -> Self {
        let origin = poll.origin().as_str();
        match policy {
            Some(policy) => Trust::of_policy(policy, origin).map_or_else(
                || {
                    Self::Unknown(format!(
                        "the policy has no log key for `{origin}`: add its `log` line, from somewhere else than this ledger"
                    ))
                },
                Self::Known,
            ),
            None if vouched => Self::Known(Trust::of_opening(poll)),
            None => Self::Unknown(
                "nobody said by which keys this ledger's checkpoints are signed: give --policy, or --operator-key to take the keys that entry 0 names"
                    .into(),
            ),
        }
    }

    /// The keys, where they are known.
    pub(crate) fn keys(&self) -> &[VerifierKey] {
        match self {
            Self::Known(trust) => &trust.keys,
            Self::Unknown(_) => &[],
        }
    }
}

impl Trust {
    fn of_policy(policy: &Policy, origin: &str) -> Option<Self> {
        let keys = policy.log_keys().filter(|key| key.name() == origin);
        let keys: Vec<_> = keys.cloned().collect();
        (!keys.is_empty()).then(|| Self {
            policy: policy.clone(),
            keys,
            from_opening: false,
        })
    }

    fn of_opening(poll: &Poll) -> Self {
        let named = poll.opening().log_keys.iter();
        // An origin is always a name that a key can have.
        let named = named.filter_map(|key| VerifierKey::new(poll.origin().as_str(), *key).ok());
        let policy = Policy::of_logs(named);
        Self {
            keys: policy.log_keys().cloned().collect(),
            policy,
            from_opening: true,
        }
    }

    /// The checkpoint, if one of the keys signed it and no line of theirs is wrong; else what is found instead.
    pub(crate) fn signed_by_one(
        &self,
        signed: &SignedCheckpoint,
    ) -> Result<VerifiedCheckpoint, String> {
        let verified = self.policy.verify_log(signed);
        verified.map_err(|error| error.to_string())
    }

    /// The checkpoint, if all of the keys signed it, and no line of theirs or of a witness is wrong.
    pub(crate) fn signed_by_all(&self, signed: &SignedCheckpoint) -> Result<Seen, String> {
        let verified = self.signed_by_one(signed)?;
        let missing = verified.not_signed_by().iter();
        let missing: Vec<String> = missing.map(ToString::to_string).collect();
        if !missing.is_empty() {
            return Err(format!("no signature by {}", missing.join(", ")));
        }
        let cosignatures = self.policy.cosignatures(&verified);
        Ok(Seen {
            cosignatures: cosignatures.map_err(|error| error.to_string())?,
            verified,
        })
    }
}
