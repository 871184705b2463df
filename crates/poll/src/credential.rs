//! Credentials: the token in a respondent's link, the invitation key made from it, and the short code of an answer.
//!
//! Where a token comes from (randomness) and where it is kept are others' business.

use crate::definition::Definition;
use crate::error::PollError;
use crate::event::{Answer, Chosen, How, Responded, Value, Who, with_context};
use crate::limits::CODE_CHARS;
use crate::roster::Roster;
use crate::rotation;
use crate::rules::Refusal;
use sijill_ledger::{Hash, Origin, PublicKey, SecretKey};
use std::{fmt, str::FromStr};

/// Crockford's base 32, in the lower case in which links carry it.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// The secret in a respondent's link: 20 Crockford base-32 characters, 100 bits. Its canonical form is lower case.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(zeroize::Zeroizing<String>);

impl Token {
    /// The token of 100 random bits: the low five bits of each of 20 random bytes.
    pub fn from_entropy(bytes: [u8; CODE_CHARS]) -> Self {
        Self(zeroize::Zeroizing::new(
            bytes.iter().map(|byte| character(*byte)).collect(),
        ))
    }

    /// The token as it stands in a link. Handle as a password.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// The key that signs this invitation's answers in the ledger named `origin`: its seed is the SHA-256 of context,
    /// origin, a zero byte and token.
    pub fn invitation_key(&self, origin: &Origin) -> InvitationKey {
        let material = [origin.as_str().as_bytes(), &[0], self.0.as_bytes()].concat();
        let seed = Hash::of(&with_context("sijill 2026 invitation key v1", &material));
        InvitationKey(SecretKey::from_seed(*seed.as_bytes()))
    }
}

impl FromStr for Token {
    type Err = PollError;

    /// Reads a token as people type it: any case, with spaces or hyphens, `o` for `0`, `i` and `l` for `1`.
    fn from_str(text: &str) -> Result<Self, PollError> {
        if text.len() > 4 * CODE_CHARS {
            return Err(PollError::Token);
        }
        let token: Option<String> = text
            .chars()
            .filter(|c| !matches!(c, ' ' | '-'))
            .map(canonical)
            .collect();
        match token {
            Some(token) if token.len() == CODE_CHARS => Ok(Self(zeroize::Zeroizing::new(token))),
            _ => Err(PollError::Token),
        }
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

fn character(five_bits: u8) -> char {
    ALPHABET
        .get(usize::from(five_bits & 31))
        .map_or('0', |byte| char::from(*byte))
}

fn canonical(typed: char) -> Option<char> {
    let c = match typed.to_ascii_lowercase() {
        'o' => '0',
        'i' | 'l' => '1',
        other => other,
    };
    ALPHABET.iter().any(|a| char::from(*a) == c).then_some(c)
}

/// The key of an invitation. Comes from [`Token::invitation_key`] alone.
#[derive(Debug, Clone)]
pub struct InvitationKey(SecretKey);

impl InvitationKey {
    /// Its public half, which stands in the roster.
    pub fn public_key(&self) -> PublicKey {
        self.0.public_key()
    }

    /// The invitation of this key, if the roster has it.
    pub fn find_in(self, roster: &Roster) -> Option<Invitation> {
        let index = roster.find(&self.public_key())?;
        Some(Invitation { key: self, index })
    }
}

/// An invitation that the roster has, with its key. Comes from [`InvitationKey::find_in`] alone.
#[derive(Debug, Clone)]
pub struct Invitation {
    key: InvitationKey,
    index: u32,
}

impl Invitation {
    /// Index of its leaf in the roster.
    pub fn index(&self) -> u32 {
        self.index
    }

    /// By how many places the options are rotated for it.
    pub fn rotation(&self, definition: &Definition) -> u16 {
        rotation::of(definition, self.key.public_key().as_bytes())
    }

    /// Signs an answer to the definition's question in the clear, in the order in which the options are shown to this
    /// invitation. Deterministic: the same answer has the same signature.
    pub fn answer(
        &self,
        (poll_id, definition): (Hash, &Definition),
        how: How,
        revision: u8,
        option: &str,
    ) -> Result<VerifiedAnswer, PollError> {
        let answer = Answer {
            who: Who::Invitation {
                index: self.index,
                revision,
            },
            how,
            order: self.rotation(definition),
            chosen: vec![Chosen {
                question: definition.question.id.clone(),
                value: Value::Clear(option.to_owned()),
            }],
        };
        let signature = self.key.0.sign(&answer.message(poll_id)?);
        Ok(VerifiedAnswer(Responded { answer, signature }))
    }
}

/// An answer whose signature by a key of the roster holds: it was signed here, or checked by [`verify_answer`].
#[derive(Debug, Clone)]
pub struct VerifiedAnswer(Responded);

impl VerifiedAnswer {
    /// The signed answer.
    pub fn responded(&self) -> &Responded {
        &self.0
    }

    /// The signed answer alone.
    pub fn into_responded(self) -> Responded {
        self.0
    }
}

/// Checks an answer's signature against the roster's key.
pub fn verify_answer(
    poll_id: Hash,
    roster: &Roster,
    responded: Responded,
) -> Result<VerifiedAnswer, Refusal> {
    let Who::Invitation { index, .. } = responded.answer.who;
    let key = roster.key(index).ok_or(Refusal::NotInRoster { index })?;
    let message = responded
        .answer
        .message(poll_id)
        .map_err(|_| Refusal::WrongSignature)?;
    key.verify(&message, &responded.signature)
        .map_err(|_| Refusal::WrongSignature)?;
    Ok(VerifiedAnswer(responded))
}

/// The short code of an answer: the first 100 bits of the SHA-256 of the signed answer, in Crockford's base 32, upper
/// case, in groups of four. It looks up and proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Code(Hash);

impl Code {
    /// The code of the answer with this hash.
    pub fn of(answer_hash: Hash) -> Self {
        Self(answer_hash)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bit = |i: usize| {
            let byte = self.0.as_bytes().get(i / 8).copied().unwrap_or_default();
            (byte >> (7 - i % 8)) & 1
        };
        for place in 0..CODE_CHARS {
            if place > 0 && place % 4 == 0 {
                f.write_str(" ")?;
            }
            let five = (0..5).fold(0, |value, i| value << 1 | bit(place * 5 + i));
            write!(f, "{}", character(five).to_ascii_uppercase())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token() -> Token {
        Token::from_entropy(std::array::from_fn(|i| (i as u8).wrapping_mul(37)))
    }

    #[test]
    fn a_token_is_read_as_people_type_it() {
        let typed = "O1I1-l0oO abcd-EFGH-jkmn";
        assert_eq!(
            typed.parse::<Token>().unwrap().reveal(),
            "011110 00abcdefghjkmn".replace(' ', "")
        );
        assert_eq!(token().reveal().parse::<Token>().unwrap(), token());
    }

    #[test]
    fn what_is_no_token_is_refused() {
        for bad in [
            "",
            "abc",
            "7k3vq0x9m2r8t5w1y6z",
            "7k3vq0x9m2r8t5w1y6zbb",
            "7k3vq0x9m2r8t5w1y6zu",
            "٧k3vq0x9m2r8t5w1y6zb",
            &"-".repeat(100),
        ] {
            assert_eq!(bad.parse::<Token>(), Err(PollError::Token), "{bad}");
        }
    }

    #[test]
    fn a_token_has_another_key_in_another_ledger() {
        let here = token().invitation_key(&"ur.example/polls/a".parse().unwrap());
        let there = token().invitation_key(&"ur.example/polls/b".parse().unwrap());
        assert_ne!(here.public_key(), there.public_key());
    }

    #[test]
    fn a_token_is_not_shown_by_accident() {
        assert_eq!(format!("{:?}", token()), "Token(…)");
    }

    #[test]
    fn a_code_is_the_first_hundred_bits() {
        let hash = Hash::from_bytes([0xff; 32]);
        assert_eq!(Code::of(hash).to_string(), "ZZZZ ZZZZ ZZZZ ZZZZ ZZZZ");
        let mut bytes = [0; 32];
        bytes[12] = 0b0001_1111;
        assert_eq!(
            Code::of(Hash::from_bytes(bytes)).to_string(),
            "0000 0000 0000 0000 0001"
        );
    }
}
