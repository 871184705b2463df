//! The numbers and titles of the rules; the table in `lint`'s documentation says the same.

/// A rule. Its number is the variant's; those from 44 on, and L14, came with rule set 2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
#[expect(
    missing_docs,
    reason = "each variant's title, below, is its documentation"
)]
pub enum Rule {
    TooLarge = 1,
    ByteOrderMark = 2,
    CarriageReturn = 3,
    NotToml = 4,
    NotToml10 = 5,
    FieldMissing = 6,
    FieldUnknown = 7,
    WrongType = 8,
    WordUnknown = 9,
    NumberOutOfRange = 10,
    NotYet = 11,
    RuleSetUnknown = 12,
    TextEmpty = 13,
    OptionsUnbalanced = 14,
    TextTooLong = 15,
    InvisibleCharacter = 16,
    LanguageMissing = 17,
    LanguageNotOffered = 18,
    LanguageMalformed = 19,
    LanguageTwice = 20,
    LanguagesCount = 21,
    IdMalformed = 22,
    IdTwice = 23,
    OptionsCount = 24,
    StrataCount = 25,
    CountryMalformed = 26,
    OperatorsCount = 27,
    KeyMalformed = 28,
    KeyTwice = 29,
    DateMalformed = 30,
    DatesOutOfOrder = 31,
    DateOffResolution = 32,
    ResolutionUneven = 33,
    NoReasonToDiffer = 34,
    DomainMalformed = 35,
    LinkPrefixMalformed = 36,
    LinkPrefixElsewhere = 37,
    Placeholders = 38,
    SenderMalformed = 39,
    ContactUnreachable = 40,
    ContactMalformed = 41,
    PersonalData = 42,
    LinksNotEncrypted = 43,
    QuestionNotInMessage = 44,
    NoOpinionMissing = 45,
    OptionsAlike = 46,
    LookAlike = 47,
    NotSendable = 48,
    TooManySegments = 49,
    PoliticalOnLinks = 50,
    PoliticalOneBody = 51,
    CloseAnyTime = 52,
    StratumStaysClosed = 53,
    ExplanationOfNothing = 54,
    NotRotatable = 55,
    ContactsGoneEarly = 56,
    LinkNotLast = 57,
}

impl Rule {
    /// Every rule with its title, in the order of their numbers.
    pub const ALL: [(Self, &'static str); 57] = [
        (Self::TooLarge, "the text is too large"),
        (
            Self::ByteOrderMark,
            "the text begins with a byte-order mark",
        ),
        (Self::CarriageReturn, "the text has a carriage return"),
        (Self::NotToml, "the text is not TOML"),
        (Self::NotToml10, "the text uses what TOML 1.0 does not have"),
        (Self::FieldMissing, "a field is missing"),
        (Self::FieldUnknown, "a field is unknown"),
        (Self::WrongType, "a field has the wrong type"),
        (Self::WordUnknown, "a word is not one of those offered"),
        (Self::NumberOutOfRange, "a number is out of range"),
        (Self::NotYet, "what is asked for does not exist yet"),
        (Self::RuleSetUnknown, "the rule set is unknown"),
        (Self::TextEmpty, "a text is empty"),
        (Self::OptionsUnbalanced, "options are not balanced"),
        (Self::TextTooLong, "a text is too long"),
        (
            Self::InvisibleCharacter,
            "a text has an invisible character",
        ),
        (Self::LanguageMissing, "a text lacks a language"),
        (
            Self::LanguageNotOffered,
            "a text has a language that the poll does not offer",
        ),
        (Self::LanguageMalformed, "a language tag is malformed"),
        (Self::LanguageTwice, "a language is listed twice"),
        (Self::LanguagesCount, "there are no or too many languages"),
        (Self::IdMalformed, "an id is malformed"),
        (Self::IdTwice, "an id is used twice"),
        (Self::OptionsCount, "there are too few or too many options"),
        (Self::StrataCount, "there are no or too many strata"),
        (Self::CountryMalformed, "the country is malformed"),
        (
            Self::OperatorsCount,
            "there are no or too many operator keys",
        ),
        (Self::KeyMalformed, "a key is malformed"),
        (Self::KeyTwice, "a key is listed twice"),
        (Self::DateMalformed, "a date is no moment"),
        (Self::DatesOutOfOrder, "dates are out of order"),
        (
            Self::DateOffResolution,
            "a date is not a multiple of the resolution",
        ),
        (
            Self::ResolutionUneven,
            "the resolution does not divide an hour",
        ),
        (
            Self::NoReasonToDiffer,
            "the bodies differ and no reason is given",
        ),
        (Self::DomainMalformed, "the domain is malformed"),
        (Self::LinkPrefixMalformed, "the link prefix is malformed"),
        (
            Self::LinkPrefixElsewhere,
            "the link prefix leads to another domain",
        ),
        (Self::Placeholders, "the message's placeholders are wrong"),
        (
            Self::SenderMalformed,
            "the message's sender name is malformed",
        ),
        (Self::ContactUnreachable, "the contact cannot be reached"),
        (Self::ContactMalformed, "a contact's address is malformed"),
        (Self::PersonalData, "a text looks like personal data"),
        (
            Self::LinksNotEncrypted,
            "links are not encrypted (a warning)",
        ),
        (
            Self::QuestionNotInMessage,
            "the message does not ask the question",
        ),
        (
            Self::NoOpinionMissing,
            "nobody can say that they have no opinion",
        ),
        (Self::OptionsAlike, "two options read the same"),
        (
            Self::LookAlike,
            "a text has characters that look like others",
        ),
        (Self::NotSendable, "a character cannot be sent by SMS"),
        (Self::TooManySegments, "a message has too many segments"),
        (
            Self::PoliticalOnLinks,
            "a political question is answered by links (a warning)",
        ),
        (
            Self::PoliticalOneBody,
            "in a political question, the platform makes the links (a warning)",
        ),
        (
            Self::CloseAnyTime,
            "the operator may close at any time (a warning)",
        ),
        (
            Self::StratumStaysClosed,
            "a stratum will certainly stay closed (a warning)",
        ),
        (
            Self::ExplanationOfNothing,
            "an explanation is of no warning",
        ),
        (Self::NotRotatable, "options cannot be rotated"),
        (
            Self::ContactsGoneEarly,
            "contacts would be erased before the poll ends",
        ),
        (
            Self::LinkNotLast,
            "the link does not stand last in the message, on a line of its own",
        ),
    ];

    /// What is wrong where it is broken, or what it warns of.
    #[must_use]
    pub fn title(self) -> &'static str {
        let all = Self::ALL.into_iter();
        all.filter(|(rule, _)| *rule == self)
            .map(|(_, title)| title)
            .next()
            .unwrap_or_default()
    }

    /// The rule's number, printed as `L06`.
    #[must_use]
    pub const fn number(self) -> u16 {
        self as u16
    }
}
