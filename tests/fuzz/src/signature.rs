//! Signatures by the one rule: 32 bytes of a key, 64 of a signature, and the message.

use sijill_ledger::signature::{Claim, verify_all};
use sijill_ledger::{PublicKey, SecretKey, Signature};

/// A signature is judged alike alone, in a batch, and beside whatever neighbours; and no key takes two messages.
pub(crate) fn check(bytes: &[u8]) {
    let Some((key, rest)) = bytes.split_first_chunk::<32>() else {
        return;
    };
    let Some((signature, message)) = rest.split_first_chunk::<64>() else {
        return;
    };
    let Ok(key) = PublicKey::try_from(*key) else {
        return;
    };
    let claim = Claim {
        key,
        message: message.to_vec(),
        signature: Signature::from_bytes(*signature),
    };
    let alone = claim.verify().err();
    let others = [neighbour(3, true), neighbour(4, false)];
    for other in others {
        let expected: Vec<_> = [other.verify().err(), alone, other.verify().err()]
            .into_iter()
            .enumerate()
            .filter_map(|(place, error)| error.map(|error| (place, error)))
            .collect();
        assert_eq!(verify_all(&[other.clone(), claim.clone(), other]), expected);
    }
    assert_eq!(verify_all(&[claim]).first().map(|(_, error)| *error), alone);
}

fn neighbour(seed: u8, good: bool) -> Claim {
    let key = SecretKey::from_seed([seed; 32]);
    Claim {
        key: key.public_key(),
        message: vec![u8::from(good)],
        signature: key.sign(&[1]),
    }
}
