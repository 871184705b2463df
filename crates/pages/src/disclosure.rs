//! What people are told about who asks, how, and whom to call: the definition's own words.

use crate::messages::{Messages, Value};

/// Who stands behind a poll. Names are in the page's language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Who {
    /// Who asks, and pays.
    pub sponsor: String,
    /// Who conducts the poll.
    pub conductor: String,
    /// Where the money comes from, if that is another body than the one that asks.
    pub funder: Option<String>,
    /// Who sends the messages, if that is another body than the platform.
    pub sender: Option<String>,
    /// Who runs the platform.
    pub platform: String,
    /// The platform's domain, host and where needed port.
    pub domain: String,
    /// Why these bodies differ, where they do.
    pub why_they_differ: Option<String>,
    /// Who made the tokens in the links.
    pub tokens_made_by: TokensMadeBy,
}

/// Who made the tokens in the links, and therefore could answer with them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokensMadeBy {
    /// The platform.
    Platform,
    /// Who sends the messages.
    Sender,
}

impl Who {
    pub(crate) fn asks(&self, t: &Messages) -> String {
        t.with_text("who-asks", "sponsor", &self.sponsor)
    }

    pub(crate) fn conducts(&self, t: &Messages) -> String {
        t.with_text("who-conducts", "conductor", &self.conductor)
    }

    pub(crate) fn runs(&self, t: &Messages) -> String {
        let values = [
            ("platform", Value::Text(&self.platform)),
            ("domain", Value::Text(&self.domain)),
        ];
        t.fill("who-runs", &values)
    }

    pub(crate) fn funds(&self, t: &Messages) -> Option<String> {
        let funder = self.funder.as_ref()?;
        Some(t.with_text("who-funds", "funder", funder))
    }

    pub(crate) fn sends(&self, t: &Messages) -> Option<String> {
        let sender = self.sender.as_ref()?;
        Some(t.with_text("who-sends", "sender", sender))
    }

    pub(crate) fn made_tokens(&self, t: &Messages) -> String {
        t.say(match self.tokens_made_by {
            TokensMadeBy::Platform => "tokens-by-platform",
            TokensMadeBy::Sender => "tokens-by-sender",
        })
    }
}

/// What the rule set warns of in a definition that stands nevertheless.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warned {
    /// What it is.
    pub warning: Warning,
    /// Why it is so nevertheless, in the operator's words, if the definition explains that.
    pub why: Option<String>,
}

/// The warnings that there are, by the number of their rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Warning {
    /// L43: links are not encrypted.
    LinksNotEncrypted,
    /// L50: a political question is answered by links.
    PoliticalOnLinks,
    /// L51: the platform makes the links of a political question.
    PoliticalOneBody,
    /// L52: the operator may close at any time.
    CloseAnyTime,
    /// L53: a stratum will certainly stay closed.
    StratumStaysClosed,
}

impl Warned {
    pub(crate) fn says(&self, t: &Messages) -> String {
        t.say(match self.warning {
            Warning::LinksNotEncrypted => "warning-43",
            Warning::PoliticalOnLinks => "warning-50",
            Warning::PoliticalOneBody => "warning-51",
            Warning::CloseAnyTime => "warning-52",
            Warning::StratumStaysClosed => "warning-53",
        })
    }

    pub(crate) fn explains(&self, t: &Messages) -> String {
        match &self.why {
            Some(why) => t.with_text("warning-explained", "why", why),
            None => t.say("warning-unexplained"),
        }
    }
}

/// Whom to ask. At least one of the three ways is there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contact {
    /// The name of the body or the desk.
    pub name: String,
    /// A phone number as people dial it.
    pub phone: Option<String>,
    /// An e-mail address.
    pub email: Option<String>,
    /// A web address.
    pub url: Option<String>,
}

impl Contact {
    /// The phone number as `tel:` takes it: digits and a plus, no spaces.
    pub(crate) fn dialled(&self) -> String {
        let phone = self.phone.as_deref().unwrap_or_default();
        phone
            .chars()
            .filter(|c| c.is_ascii_digit() || *c == '+')
            .collect()
    }

    /// The web address where it is one: only `https://` and `http://` become links, so that no
    /// definition can put a script behind one.
    pub(crate) fn link(&self) -> Option<&str> {
        self.url
            .as_deref()
            .filter(|url| url.starts_with("https://") || url.starts_with("http://"))
    }
}

/// How the poll was made: the disclosure texts of the definition, in the page's language. A text that the definition does
/// not have, since its rule set does not know it, is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Method {
    /// The strategy of data collection.
    pub strategy: String,
    /// Whom the figures are about.
    pub population: String,
    /// The list that invitations were drawn from.
    pub frame: String,
    /// Whom of the population that list misses.
    pub coverage_gaps: String,
    /// How they were drawn.
    pub sampling: String,
    /// Whether everybody in the frame had a known chance to be drawn, if the definition says so.
    pub probability: Option<bool>,
    /// How those drawn are reached and asked to take part.
    pub recruitment: String,
    /// How people were asked.
    pub mode: String,
    /// How many invitations are planned.
    pub planned: u64,
    /// What that number says about the precision of the result.
    pub precision: String,
    /// How answers are, or are not, weighted.
    pub weighting: String,
    /// Where the figures come from that answers are weighted to.
    pub weighting_targets: String,
    /// How answers are processed, and what is done for their quality.
    pub processing: String,
    /// Who could not be reached.
    pub exclusions: String,
    /// What else the figures do not say.
    pub limitations: String,
}

impl Method {
    /// Message id of each heading, with its text.
    pub(crate) fn rows(&self, t: &Messages) -> [(&'static str, String); 15] {
        [
            ("method-strategy", self.strategy.clone()),
            ("method-population", self.population.clone()),
            ("method-frame", self.frame.clone()),
            ("method-coverage-gaps", self.coverage_gaps.clone()),
            ("method-sampling", self.sampling.clone()),
            ("method-probability", self.has_known_chances(t)),
            ("method-recruitment", self.recruitment.clone()),
            ("method-mode", self.mode.clone()),
            ("method-planned", t.number(&self.planned)),
            ("method-precision", self.precision.clone()),
            ("method-weighting", self.weighting.clone()),
            ("method-weighting-targets", self.weighting_targets.clone()),
            ("method-processing", self.processing.clone()),
            ("method-exclusions", self.exclusions.clone()),
            ("method-limitations", self.limitations.clone()),
        ]
    }

    fn has_known_chances(&self, t: &Messages) -> String {
        match self.probability {
            Some(true) => t.say("probability-known"),
            Some(false) => t.say("probability-unknown"),
            None => String::new(),
        }
    }
}
