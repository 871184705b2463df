//! The definition of a poll, as `poll.toml` says it and everything else uses it.
//!
//! Owns the typed form of the text, its limits ([`limits`]) and small look-ups. How the text is
//! read, and every rule it must pass, is `lint`'s; what a poll does with it is `decide` and
//! `evolve`. The text itself, byte for byte, is what an operator signs; this form is derived from
//! it and never written out again.

use sijill_ledger::note::VerifierKey;

use crate::limits::CODE_CHARS;
use crate::lint::{self, Finding};
use crate::segments::{self, Segments};

pub mod limits;

/// A definition that passed every rule of its rule set.
///
/// Points in time are milliseconds since 1970 UTC, durations milliseconds in fields named `…_ms`. What came with rule set 2
/// is absent from definitions of rule set 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Definition {
    /// Version of the rule set that the text names and was checked by.
    pub rule_set: u16,
    /// Short name of the poll in addresses and on the command line: `[a-z0-9-]`.
    pub slug: String,
    /// BCP 47 tags of the languages, in the order in which they are offered; at least one.
    pub languages: Vec<String>,
    /// Whether the question is political.
    pub political: bool,
    /// ISO 3166 code of the region by which national phone numbers in the roster are read.
    pub country: String,
    /// Who may sign operator events.
    pub keys: Keys,
    /// What is asked.
    pub question: Question,
    /// The answers on the ballot, in their stated order; at least two.
    pub options: Vec<Choice>,
    /// Who asks, who conducts, who runs the platform.
    pub who: Who,
    /// Whom the poll stands for and how they were drawn.
    pub sample: Sample,
    /// When answers are taken.
    pub field: Field,
    /// What respondents are sent.
    pub message: Message,
    /// What may happen while the poll runs.
    pub rules: Rules,
    /// The strata, in their stated order; at least one. A roster leaf names its stratum by position.
    pub strata: Vec<Stratum>,
    /// What readers of the result and respondents must be told.
    pub disclosure: Disclosure,
    /// Whom to ask; the one place where a phone number, e-mail or address may stand.
    pub contact: Contact,
    /// What the rules warn of, by ascending number of the rule. It follows from the text alone, so anyone recomputes it.
    pub warnings: Vec<Warning>,
}

/// What a rule warns of, in a definition that stands nevertheless.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// The rule.
    pub rule: lint::Rule,
    /// Why it stands nevertheless, if the definition explains that.
    pub why: Option<Localised>,
}

/// The text that may be mended under the name `$field`, borrowed as `$definition` is: one list for those who read and
/// those who write. The patterns are whole, so that whoever adds a text decides here whether it may be mended.
macro_rules! mendable_text {
    ($definition:expr, $field:expr) => {{
        let Definition {
            who: Who {
                why_they_differ, ..
            },
            sample:
                Sample {
                    population,
                    frame,
                    sampling,
                    mode,
                    weighting,
                    planned: _,
                    design,
                },
            disclosure:
                Disclosure {
                    exclusions,
                    limitations,
                    privacy,
                    processing,
                    withdrawal,
                },
            contact: Contact { name, .. },
            ..
        } = $definition;
        match $field {
            "who.why_they_differ" => why_they_differ.into_iter().next(),
            "sample.population" => Some(population),
            "sample.frame" => Some(frame),
            "sample.sampling" => Some(sampling),
            "sample.mode" => Some(mode),
            "sample.weighting" => Some(weighting),
            "disclosure.exclusions" => Some(exclusions),
            "disclosure.limitations" => Some(limitations),
            "disclosure.privacy" => Some(privacy),
            "disclosure.processing" => processing.into_iter().next(),
            "disclosure.withdrawal" => withdrawal.into_iter().next(),
            "contact.name" => Some(name),
            since_2 => design.into_iter().next().and_then(|design| {
                let Design {
                    strategy,
                    coverage_gaps,
                    recruitment,
                    probability: _,
                    precision,
                    weighting_targets,
                } = design;
                match since_2 {
                    "sample.strategy" => Some(strategy),
                    "sample.coverage_gaps" => Some(coverage_gaps),
                    "sample.recruitment" => Some(recruitment),
                    "sample.precision" => Some(precision),
                    "sample.weighting_targets" => Some(weighting_targets),
                    _ => None,
                }
            }),
        }
    }};
}

impl Definition {
    /// Reads a definition and checks it by every rule of [`lint`].
    ///
    /// # Errors
    /// All findings (warnings too), exactly if at least one of them is an error.
    pub fn parse(text: &str) -> Result<Self, Vec<Finding>> {
        let linted = lint::lint(text);
        linted.definition.ok_or(linted.findings)
    }

    /// Position of an option on the ballot.
    #[must_use]
    pub fn option_index(&self, id: &str) -> Option<u16> {
        position(self.options.iter().map(|option| option.id.as_str()), id)
    }

    /// Number of options, counted from the first, that are rotated from invitation to invitation; 0 where the order is
    /// fixed. Those after them say that one has no opinion, and stay where they are.
    #[must_use]
    pub fn rotating(&self) -> u16 {
        let options = self.options.iter().filter(|option| !option.no_opinion);
        match self.question.order {
            Order::Fixed => 0,
            Order::Rotated => u16::try_from(options.count()).unwrap_or(u16::MAX),
        }
    }

    /// Position of a stratum, as roster leaves name it.
    #[must_use]
    pub fn stratum_index(&self, id: &str) -> Option<u16> {
        position(self.strata.iter().map(|stratum| stratum.id.as_str()), id)
    }

    /// What a text that pages show must be, if it may be mended while the poll runs: not the question, the options, the
    /// message, names of bodies and strata, nor what this definition does not have.
    #[must_use]
    pub fn mendable(&self, field: &str) -> Option<Mendable> {
        let text: Option<&Localised> = mendable_text!(self, field);
        text.map(|_| match field {
            "contact.name" => Mendable {
                chars_max: limits::LABEL_CHARS_MAX,
                lines: false,
            },
            _ => Mendable {
                chars_max: limits::EXPLANATION_CHARS_MAX,
                lines: true,
            },
        })
    }

    /// Puts another wording in the place of a text that may be mended.
    pub fn mend(&mut self, field: &str, language: &str, text: &str) {
        let mended: Option<&mut Localised> = mendable_text!(self, field);
        if let Some(localised) = mended {
            localised.put(language, text);
        }
    }

    /// From when on the sender's contacts are erased, milliseconds since 1970: as the definition says, or else when the
    /// time for objections is over, counted from the latest end.
    #[must_use]
    pub fn contacts_until(&self) -> u64 {
        let window_over = self
            .field
            .latest_end
            .saturating_add(self.rules.objection_window_ms);
        self.field.contacts_until.unwrap_or(window_over)
    }

    /// The languages in the order in which they are offered.
    pub fn languages(&self) -> impl Iterator<Item = &str> {
        self.languages.iter().map(String::as_str)
    }
}

fn position<'a>(mut ids: impl Iterator<Item = &'a str>, id: &str) -> Option<u16> {
    ids.position(|candidate| candidate == id)
        .and_then(|index| u16::try_from(index).ok())
}

/// What a text that may be mended must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mendable {
    /// Most characters.
    pub chars_max: usize,
    /// Whether it may have several lines.
    pub lines: bool,
}

/// A text in every language of the poll, in the order of its `languages`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Localised(Vec<(String, String)>);

impl Localised {
    /// A text from pairs of language and wording; the first is what other languages fall back to.
    #[must_use]
    pub fn new(wordings: Vec<(String, String)>) -> Self {
        Self(wordings)
    }

    /// The wording in `language`, or in the poll's first language where it has none.
    #[must_use]
    pub fn get(&self, language: &str) -> &str {
        self.0
            .iter()
            .find(|(candidate, _)| candidate == language)
            .or_else(|| self.0.first())
            .map_or("", |(_, wording)| wording)
    }

    fn put(&mut self, language: &str, text: &str) {
        let wordings = self.0.iter_mut();
        for (_, wording) in wordings.filter(|(candidate, _)| candidate == language) {
            text.clone_into(wording);
        }
    }

    /// Language and wording of each, in the order of the poll's languages.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(language, wording)| (language.as_str(), wording.as_str()))
    }
}

/// `[keys]`: whose signatures count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keys {
    /// One to three keys; any one of them signs operator events.
    pub operators: Vec<VerifierKey>,
    /// The key that signs waves and nothing else, where the sender is another body.
    pub sender: Option<VerifierKey>,
}

/// `[question]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The question's id, which answers are signed over.
    pub id: String,
    /// In which order options are shown.
    pub order: Order,
    /// The question as asked.
    pub text: Localised,
}

/// In which order the options are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// As the definition lists them, for everyone.
    Fixed,
    /// Rotated from invitation to invitation, those without an opinion aside, which stand last. Since rule set 2.
    Rotated,
}

/// `[[option]]`: an answer on the ballot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The option's id, which answers are signed over.
    pub id: String,
    /// Which side of the question it takes.
    pub side: Side,
    /// Whether it says that one has no opinion or gives none. Always false in rule set 1.
    pub no_opinion: bool,
    /// What the respondent reads.
    pub label: Localised,
}

/// The side of the question that an option takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// In favour of what the question names.
    For,
    /// Against it.
    Against,
    /// Neither: "don't know", "neither".
    Neither,
}

/// `[who]`: the bodies behind the poll.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Who {
    /// Name of who pays for and orders the poll.
    pub sponsor: Localised,
    /// Name of who conducts it.
    pub conductor: Localised,
    /// Who runs the service that takes the answers.
    pub platform: Platform,
    /// Name of where the money comes from. Since rule set 2.
    pub funder: Option<Localised>,
    /// Name of who sends the messages. Since rule set 2.
    pub sender: Option<Localised>,
    /// Why these differ; present wherever they do.
    pub why_they_differ: Option<Localised>,
    /// Who makes the invitations' tokens, and so could answer for people.
    pub tokens_made_by: TokenMaker,
}

/// `[who.platform]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Platform {
    /// Name of who runs the service.
    pub name: Localised,
    /// Host, with `:port` where it is not the usual one, on which respondents find the poll.
    pub domain: String,
}

/// Who makes the tokens of the invitations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenMaker {
    /// The platform.
    Platform,
    /// Whoever sends the messages; the platform then sees only public keys.
    Sender,
}

/// `[sample]`: whom the poll stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// The people the result is about.
    pub population: Localised,
    /// The list they were drawn from, and whom it misses.
    pub frame: Localised,
    /// How they were drawn.
    pub sampling: Localised,
    /// How they are asked.
    pub mode: Localised,
    /// How answers will be weighted.
    pub weighting: Localised,
    /// How many invitations are planned.
    pub planned: u32,
    /// What AAPOR's and ESOMAR's lists ask for besides. Since rule set 2.
    pub design: Option<Design>,
}

/// The rest of `[sample]`, since rule set 2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Design {
    /// The strategy of data collection.
    pub strategy: Localised,
    /// Whom of the population the frame misses.
    pub coverage_gaps: Localised,
    /// How those drawn are reached and asked to take part.
    pub recruitment: Localised,
    /// Whether everybody in the frame had a known chance to be drawn.
    pub probability: bool,
    /// What the planned size says about the precision of the result, or why nothing can be said.
    pub precision: Localised,
    /// Where the figures come from that answers are weighted to.
    pub weighting_targets: Localised,
}

/// `[field]`: when answers are taken, each a whole multiple of the resolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// The first moment that counts, milliseconds since 1970.
    pub start: u64,
    /// The offset from UTC in which `start` is written, in minutes, east positive: the clock of those who are asked, by
    /// which they are not written to at night. Nothing that is judged depends on it.
    pub offset_minutes: i32,
    /// The first moment that no longer counts, unless extended, milliseconds since 1970.
    pub end: u64,
    /// The latest to which the end can be moved, milliseconds since 1970.
    pub latest_end: u64,
    /// Until when contacts are kept, milliseconds since 1970, where it is said. Since rule set 2.
    pub contacts_until: Option<u64>,
}

/// `[message]`: the invitation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Name shown as the sender of the message.
    pub sender: String,
    /// What a token is appended to, to make a personal link; ends with `/p/`.
    pub link_prefix: String,
    /// The message, with [`limits::LINK_PLACEHOLDER`] once where the link goes.
    pub text: Localised,
    /// Most segments of a message in any language. Since rule set 2.
    pub segments_max: Option<u8>,
    /// How often somebody who has not answered may be written to again. Always 0 in rule set 1.
    pub reminders_max: u8,
    /// Least time between two messages to the same person, milliseconds. Always three days in rule set 1.
    pub reminder_ms_min: u64,
}

impl Message {
    /// The message in `language`, with a link as long as every link is.
    #[must_use]
    pub fn as_sent(&self, language: &str) -> String {
        let link = format!("{}{}", self.link_prefix, "0".repeat(CODE_CHARS));
        self.text
            .get(language)
            .replace(limits::LINK_PLACEHOLDER, &link)
    }

    /// In how many segments the message of a language is sent.
    #[must_use]
    pub fn sent_in(&self, language: &str) -> Segments {
        segments::of(&self.as_sent(language))
    }
}

/// `[rules]`: what may happen while the poll runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// How answers are signed.
    pub answers: AnswerRung,
    /// How often an answer may be changed; 0 for final answers.
    pub revisions: u8,
    /// When results can be read.
    pub results: Results,
    /// Whether an invitation's stratum is public.
    pub strata: StrataVisibility,
    /// The smallest number of invitations of an open stratum.
    pub strata_min: u32,
    /// A sealed stratum with fewer answers than this is never opened.
    pub threshold: u32,
    /// Whether the operator may close before the end.
    pub close: ClosePolicy,
    /// The grain of every time in the ledger.
    pub resolution_ms: u64,
    /// Answers that make a publication due.
    pub publication_answers: u32,
    /// Time after which fewer answers are published too.
    pub publication_ms: u64,
    /// Time after the latest end by which a promise is due.
    pub promise_delay_ms: u64,
    /// Time between the close and the earliest certification.
    pub objection_window_ms: u64,
}

/// How answers are signed: what a result rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnswerRung {
    /// The platform signs on the respondent's behalf.
    Link,
    /// The respondent's browser signs; not yet accepted by the rules.
    Signed,
    /// The respondent's browser signs with a key certified blind; not yet accepted by the rules.
    Anonymous,
}

/// When results can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Results {
    /// While the poll runs, publication by publication.
    Live,
    /// After the close only; not yet accepted by the rules.
    AtClose,
}

/// Whether an invitation's stratum is public.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StrataVisibility {
    /// In clear in the roster.
    Open,
    /// Committed to, and opened after the close where enough people answered.
    Sealed,
}

/// When the operator may close the poll.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClosePolicy {
    /// At the end in force, or later.
    AtEnd,
    /// Whenever they like; report and pages say so.
    AnyTime,
}

/// `[[stratum]]`: a part of the population counted apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stratum {
    /// The stratum's id, as the roster names it.
    pub id: String,
    /// How many people of the population it holds.
    pub population: u64,
    /// What readers call it.
    pub name: Localised,
}

/// `[disclosure]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disclosure {
    /// Who could not be reached.
    pub exclusions: Localised,
    /// What the result cannot show.
    pub limitations: Localised,
    /// What is recorded about a respondent.
    pub privacy: Localised,
    /// How answers are processed, and what is done for their quality. Since rule set 2.
    pub processing: Option<Localised>,
    /// That an answer in a public ledger cannot be withdrawn. Since rule set 2.
    pub withdrawal: Option<Localised>,
}

/// `[contact]`: whom to ask. At least one of phone, e-mail and address is present.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// Who answers there.
    pub name: Localised,
    /// A phone number.
    pub phone: Option<String>,
    /// An e-mail address.
    pub email: Option<String>,
    /// A web address.
    pub url: Option<String>,
}
