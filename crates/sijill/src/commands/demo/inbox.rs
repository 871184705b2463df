//! The phones of the demo's made-up people: what stays of the texts that arrive on them.
//!
//! Of most texts that is the link, which is what their owners will open; of each wording the first text stays whole, to
//! be shown. *Invariant:* there are no more phones than the inbox is for.

use sijill_outreach::number::Number;
use sijill_poll::credential::Token;
use std::collections::HashMap;

/// Most wordings of which a text is kept whole: a definition has no more languages.
const WORDINGS_MAX: usize = 16;

/// What arrived.
pub struct Inbox {
    phones_max: usize,
    tokens: HashMap<Number, Token>,
    /// The first text of each wording.
    whole: Vec<(Number, String)>,
}

impl Inbox {
    /// Nothing has arrived on any of this many phones.
    pub fn of(phones_max: usize) -> Self {
        Self {
            phones_max,
            tokens: HashMap::new(),
            whole: Vec::new(),
        }
    }

    /// A text arrives; false where it is for one phone too many, or has no link.
    pub fn deliver(&mut self, phone: Number, text: &str) -> bool {
        let Some((wording, token)) = read(text) else {
            return false;
        };
        if self.tokens.len() >= self.phones_max && !self.tokens.contains_key(&phone) {
            return false;
        }
        self.tokens.insert(phone, token);
        let said = |text: &str| {
            text.rsplit_once('\n')
                .is_some_and(|(said, _)| said == wording)
        };
        let is_known = self.whole.iter().any(|(_, text)| said(text));
        if !is_known && self.whole.len() < WORDINGS_MAX {
            self.whole.push((phone, text.to_owned()));
        }
        true
    }

    /// The secret in the link of the text that arrived there.
    pub fn token(&self, phone: Number) -> Option<&Token> {
        self.tokens.get(&phone)
    }

    /// The whole text, if it was kept.
    pub fn text(&self, phone: Number) -> Option<&str> {
        let kept = self.whole.iter().find(|(kept, _)| *kept == phone);
        kept.map(|(_, text)| text.as_str())
    }
}

/// What a text says before its link, and the secret in that: the link is the last line.
fn read(text: &str) -> Option<(&str, Token)> {
    let (wording, link) = text.rsplit_once('\n')?;
    let (_, token) = link.rsplit_once('/')?;
    Some((wording, token.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn phone(place: u64) -> Number {
        Number::from_u64(9_647_700_000_000 + place).unwrap()
    }

    fn text(wording: &str, place: u64) -> String {
        format!("{wording}:\nhttp://127.0.0.1:8181/p/{place:020}")
    }

    #[test]
    fn a_link_is_kept_for_each_phone_and_a_whole_text_of_each_wording() {
        let mut inbox = Inbox::of(3);
        for (place, wording) in ["نعم", "Yes", "نعم"].into_iter().enumerate() {
            assert!(inbox.deliver(phone(place as u64), &text(wording, place as u64)));
        }
        for place in 0..3 {
            let token = inbox.token(phone(place)).unwrap();
            assert_eq!(token.reveal(), format!("{place:020}"));
        }
        let kept = |place| inbox.text(phone(place)).map(str::to_owned);
        assert_eq!(
            [kept(0), kept(1), kept(2)],
            [Some(text("نعم", 0)), Some(text("Yes", 1)), None]
        );
    }

    #[test]
    fn a_phone_too_many_and_a_text_without_a_link_are_refused() {
        let mut inbox = Inbox::of(1);
        assert!(!inbox.deliver(phone(0), "Hello"));
        assert!(!inbox.deliver(phone(0), "Hello\nhttp://127.0.0.1:8181/p/short"));
        assert!(inbox.deliver(phone(0), &text("Yes", 0)));
        assert!(!inbox.deliver(phone(1), &text("Yes", 1)));
        // The same phone may get another text.
        assert!(inbox.deliver(phone(0), &text("Yes", 2)));
        assert!(inbox.token(phone(1)).is_none());
    }
}
