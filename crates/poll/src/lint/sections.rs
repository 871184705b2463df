//! The sections of a definition: which fields there are, what they mean, and what must agree.

use std::ops::Range;

use sijill_ledger::note::VerifierKey;
use toml::de::{DeTable, DeValue};

use super::fields::{Offer, Placed, Wording};
use super::walk::{Section, Value, Walk, quoted};
use super::{Rule, fairness, format};
use crate::definition::limits::{
    DURATION_SECONDS_MAX, LANGUAGES_MAX, LINK_PLACEHOLDER, OPERATORS_MAX, OPTIONS_MAX, OPTIONS_MIN,
    POPULATION_MAX, REMINDER_HOURS, REMINDER_HOURS_DEFAULT, REMINDERS_MAX, RESOLUTION_SECONDS_MAX,
    REVISIONS_MAX, SEGMENTS_MAX, STRATA_MAX,
};
use crate::definition::{
    AnswerRung, Choice, ClosePolicy, Contact, Definition, Design, Disclosure, Field, Keys,
    Localised, Message, Order, Platform, Question, Results, Rules, Sample, Side, StrataVisibility,
    Stratum, TokenMaker, Who,
};
use crate::limits::{INVITATIONS_MAX, RULE_SET, RULE_SETS};

/// The whole definition; `None` only after an error.
pub(super) fn definition<'a>(walk: &mut Walk<'_>, root: &'a DeTable<'a>) -> Option<Definition> {
    let root = &mut Section::new(String::new(), 0..0, root);
    walk.languages = languages(walk, root);
    let languages = walk.languages.clone();
    let rule_set = rule_set(walk, root);
    walk.rule_set = rule_set.unwrap_or(RULE_SET);
    let slug = slug(walk, root);
    let political = political(walk, root);
    let country = country(walk, root);
    let keys = keys(walk, root);
    let question = question(walk, root);
    let order = question.as_ref().map(|question| question.order);
    let options = options(walk, root, order);
    let who = who(walk, root);
    let sample = sample(walk, root);
    let field = field(walk, root);
    let message = message(walk, root, question.as_ref());
    let rules = rules(walk, root);
    let strata = strata(walk, root);
    let disclosure = disclosure(walk, root);
    let contact = contact(walk, root);
    let explained = fairness::explained(walk, root);
    walk.unknown_fields(root);
    agree(
        walk,
        field.as_ref(),
        rules.as_ref(),
        message.as_ref(),
        who.as_ref(),
    );
    let (political, who, rules) = (political?, who?, rules?);
    let strata = strata?;
    fairness::warn(walk, &political, &who, &rules, &strata);
    let warnings = fairness::warnings(walk, explained);
    Some(Definition {
        rule_set: rule_set?,
        slug: slug?,
        languages: languages?,
        political: political.value,
        country: country?,
        keys: keys?,
        question: question?,
        options: options?,
        who,
        sample: sample?,
        field: field?.times(),
        message: message?.value,
        rules: rules.value,
        strata: strata.into_iter().map(|stratum| stratum.value).collect(),
        disclosure: disclosure?,
        contact: contact?,
        warnings,
    })
}

/// Whether the question is political, and where that stands.
fn political(walk: &mut Walk<'_>, root: &mut Section<'_>) -> Option<Placed<bool>> {
    let meaning = "whether the question is political, true or false";
    let span = root.optional("political").map_or(0..0, |value| value.span);
    let value = walk.boolean(root, "political", meaning)?;
    Some(Placed { value, span })
}

fn rule_set(walk: &mut Walk<'_>, root: &mut Section<'_>) -> Option<u16> {
    let meaning = format!("the version of the rules that it is checked by, {RULE_SET}");
    let (value, number) = walk.number(root, "rule_set", &meaning)?;
    let found = number.and_then(|number| u16::try_from(number).ok());
    let known = found.filter(|found| RULE_SETS.contains(found));
    if known.is_none() {
        let message = "`rule_set` names one that is unknown to this version of Sijill";
        let help = format!("use `rule_set = {RULE_SET}`, or a newer Sijill");
        walk.error(Rule::RuleSetUnknown, value.span, message.to_owned(), help);
    }
    known
}

/// The languages, if there is at least one good one: with them other texts can be checked.
fn languages(walk: &mut Walk<'_>, root: &mut Section<'_>) -> Option<Vec<String>> {
    let meaning = "a list of language tags in the order offered, such as [\"ar\", \"ckb\", \"en\"]";
    let value = walk.value(root, "languages", meaning)?;
    let DeValue::Array(array) = value.value else {
        walk.wrong_type(&value, "a list of language tags");
        return None;
    };
    if !(1..=LANGUAGES_MAX).contains(&array.len()) {
        let message = format!(
            "`languages` has {}, expected 1 to {LANGUAGES_MAX}",
            array.len()
        );
        let help = "list the languages that every text is written in";
        walk.error(Rule::LanguagesCount, value.span.clone(), message, help);
        return None;
    }
    let mut languages: Vec<String> = Vec::new();
    for (place, tag) in array.iter().enumerate() {
        let tag = Value::new(format!("languages, place {}", place + 1), tag);
        let form = "a BCP 47 tag such as `ar`, `ckb` or `zh-Hant`";
        let Some(name) = walk.formed(&tag, Rule::LanguageMalformed, format::is_language, form)
        else {
            continue;
        };
        if languages
            .iter()
            .any(|language| language.eq_ignore_ascii_case(&name))
        {
            let message = format!("the language `{name}` is listed twice");
            walk.error(Rule::LanguageTwice, tag.span, message, "list it once");
        } else {
            languages.push(name);
        }
    }
    Some(languages).filter(|languages| !languages.is_empty())
}

fn slug(walk: &mut Walk<'_>, root: &mut Section<'_>) -> Option<String> {
    let form = "1 to 40 of a-z, 0-9 and -, starting with a letter";
    let meaning = "the poll's short name in addresses, such as \"coalition\"";
    let value = walk.value(root, "slug", meaning)?;
    let slug = walk.formed(&value, Rule::IdMalformed, format::is_slug, form)?;
    walk.not_personal(&value, &slug);
    Some(slug)
}

fn country(walk: &mut Walk<'_>, root: &mut Section<'_>) -> Option<String> {
    let meaning =
        "the ISO 3166 region by which phone numbers in the roster are read, such as \"IQ\"";
    let value = walk.value(root, "country", meaning)?;
    let form = "two capital letters, such as \"IQ\"";
    walk.formed(&value, Rule::CountryMalformed, format::is_country, form)
}

fn keys(walk: &mut Walk<'_>, root: &mut Section<'_>) -> Option<Keys> {
    let section = &mut walk.table(root, "keys", "`[keys]` with `operators`")?;
    let operators = operators(walk, section);
    let sender = match section.optional("sender") {
        Some(value) => key(walk, &value).map(Some),
        None => Some(None),
    };
    walk.unknown_fields(section);
    let listed = operators.iter().flatten().chain(sender.iter().flatten());
    let mut seen: Vec<&VerifierKey> = Vec::new();
    for Placed { value, span } in listed {
        if seen
            .iter()
            .any(|key| key.public_key() == value.public_key())
        {
            let message = format!("the key named {} is listed twice", quoted(value.name()));
            let help = "list each key once; a sender's key signs waves and nothing else";
            walk.error(Rule::KeyTwice, span.clone(), message, help);
        }
        seen.push(value);
    }
    Some(Keys {
        operators: operators?.into_iter().map(|key| key.value).collect(),
        sender: sender?.map(|key| key.value),
    })
}

fn operators(walk: &mut Walk<'_>, section: &mut Section<'_>) -> Option<Vec<Placed<VerifierKey>>> {
    let meaning = "a list of one to three verifier keys, as `sijill keys new` prints them";
    let value = walk.value(section, "operators", meaning)?;
    let DeValue::Array(array) = value.value else {
        walk.wrong_type(&value, "a list of verifier keys");
        return None;
    };
    if !(1..=OPERATORS_MAX).contains(&array.len()) {
        let message = format!(
            "`{}` has {}, expected 1 to {OPERATORS_MAX}",
            value.path,
            array.len()
        );
        walk.error(Rule::OperatorsCount, value.span, message, meaning);
        return None;
    }
    let keys = array.iter().enumerate().map(|(place, entry)| {
        let path = format!("keys.operators, place {}", place + 1);
        key(walk, &Value::new(path, entry))
    });
    // Every key is read before the first bad one makes the list bad.
    keys.collect::<Vec<_>>().into_iter().collect()
}

fn key(walk: &mut Walk<'_>, value: &Value<'_>) -> Option<Placed<VerifierKey>> {
    let text = walk.string(value)?;
    match VerifierKey::parse(text) {
        Ok(key) => Some(Placed {
            value: key,
            span: value.span.clone(),
        }),
        Err(error) => {
            let message = format!("`{}` is {error}", value.path);
            let help = "copy the line that `sijill keys new` printed";
            walk.error(Rule::KeyMalformed, value.span.clone(), message, help);
            None
        }
    }
}

fn question(walk: &mut Walk<'_>, root: &mut Section<'_>) -> Option<Question> {
    let section = &mut walk.table(
        root,
        "question",
        "`[question]` with `id`, `order` and `text`",
    )?;
    let id = walk.id(section, "the question's id, such as \"mission\"");
    let order = order(walk, section);
    let text = walk.localised(
        section,
        "text",
        "the question as asked, in every language",
        Wording::QUESTION,
    );
    walk.unknown_fields(section);
    Some(Question {
        id: id?.value,
        order: order?,
        text: text?,
    })
}

/// Rule set 1 has one order for everybody.
fn order(walk: &mut Walk<'_>, section: &mut Section<'_>) -> Option<Order> {
    let fixed = ("fixed", Offer::Now(Order::Fixed));
    if walk.rule_set == 1 {
        let meaning = "the order in which options are shown, \"fixed\"";
        return walk.word(section, "order", meaning, [fixed]);
    }
    let meaning = "the order in which options are shown, \"fixed\" or \"rotated\"";
    let rotated = ("rotated", Offer::Now(Order::Rotated));
    walk.word(section, "order", meaning, [fixed, rotated])
}

fn options(
    walk: &mut Walk<'_>,
    root: &mut Section<'_>,
    order: Option<Order>,
) -> Option<Vec<Choice>> {
    let tables = walk.tables(
        root,
        "option",
        "at least two `[[option]]`, with `id`, `side` and `label`",
    )?;
    if !(OPTIONS_MIN..=OPTIONS_MAX).contains(&tables.value.len()) {
        let message = format!(
            "the poll has {} options, expected {OPTIONS_MIN} to {OPTIONS_MAX}",
            tables.value.len()
        );
        let help = "list every answer that a respondent can give, \"don't know\" too";
        walk.error(Rule::OptionsCount, tables.span, message, help);
    }
    let mut ids = Vec::new();
    let options: Vec<_> = tables
        .value
        .into_iter()
        .map(|mut section| option(walk, &mut section, &mut ids))
        .collect();
    walk.unique(&ids, "option");
    let options: Vec<Placed<Choice>> = options.into_iter().collect::<Option<_>>()?;
    fairness::options(walk, &options, order);
    Some(options.into_iter().map(|option| option.value).collect())
}

fn option(
    walk: &mut Walk<'_>,
    section: &mut Section<'_>,
    ids: &mut Vec<Placed<String>>,
) -> Option<Placed<Choice>> {
    let id = walk.id(section, "the option's id, such as \"yes\"");
    ids.extend(id.clone());
    let sides = [
        ("for", Offer::Now(Side::For)),
        ("against", Offer::Now(Side::Against)),
        ("neither", Offer::Now(Side::Neither)),
    ];
    let side = walk.word(
        section,
        "side",
        "the side it takes, \"for\", \"against\" or \"neither\"",
        sides,
    );
    let label = walk.localised(
        section,
        "label",
        "what the respondent reads, in every language",
        Wording::LABEL,
    );
    let no_opinion = fairness::no_opinion(walk, section, side);
    walk.unknown_fields(section);
    let value = Choice {
        id: id?.value,
        side: side?,
        no_opinion: no_opinion?,
        label: label?,
    };
    let span = section.span.clone();
    Some(Placed { value, span })
}

fn who(walk: &mut Walk<'_>, root: &mut Section<'_>) -> Option<Who> {
    let meaning =
        "`[who]` with `tokens_made_by`, `[who.sponsor]`, `[who.conductor]` and `[who.platform]`";
    let section = &mut walk.table(root, "who", meaning)?;
    let sponsor = body(
        walk,
        section,
        "sponsor",
        "`[who.sponsor]` with the `name` of who orders the poll",
    );
    let conductor = body(
        walk,
        section,
        "conductor",
        "`[who.conductor]` with the `name` of who conducts it",
    );
    let platform = platform(walk, section);
    let funder = since_2(walk, |walk| {
        let meaning = "`[who.funder]` with the `name` of where the money comes from";
        body(walk, section, "funder", meaning)
    });
    let sender = since_2(walk, |walk| {
        let meaning = "`[who.sender]` with the `name` of who sends the messages";
        body(walk, section, "sender", meaning)
    });
    let makers = [
        ("platform", Offer::Now(TokenMaker::Platform)),
        ("sender", Offer::Now(TokenMaker::Sender)),
    ];
    let meaning = "who makes the invitations' tokens, \"platform\" or \"sender\"";
    let tokens_made_by = walk.word(section, "tokens_made_by", meaning, makers);
    let why = section.optional("why_they_differ");
    let given = why.is_some();
    let why = match why {
        Some(value) => walk.localised_value(&value, Wording::EXPLANATION).map(Some),
        None => Some(None),
    };
    walk.unknown_fields(section);
    let (sponsor, conductor, platform) = (sponsor?, conductor?, platform?);
    let (funder, sender) = (funder?, sender?);
    let others = [&conductor, &platform.name].into_iter();
    let differ = others
        .chain(&funder)
        .chain(&sender)
        .any(|other| *other != sponsor);
    if differ && !given {
        let message = match walk.rule_set {
            1 => "sponsor, conductor and platform differ, and `who.why_they_differ` is missing",
            _ => {
                "sponsor, funder, conductor, sender and platform differ, and `who.why_they_differ` is missing"
            }
        };
        let help = "add `why_they_differ` to `[who]`: people must be able to tell who really asks";
        walk.error(Rule::NoReasonToDiffer, section.span.clone(), message, help);
    }
    Some(Who {
        sponsor,
        conductor,
        platform,
        funder,
        sender,
        why_they_differ: why?,
        tokens_made_by: tokens_made_by?,
    })
}

fn body(
    walk: &mut Walk<'_>,
    who: &mut Section<'_>,
    key: &'static str,
    meaning: &str,
) -> Option<Localised> {
    let section = &mut walk.table(who, key, meaning)?;
    let name = walk.localised(
        section,
        "name",
        "the body's name in every language",
        Wording::LABEL,
    );
    walk.unknown_fields(section);
    name
}

fn platform(walk: &mut Walk<'_>, who: &mut Section<'_>) -> Option<Platform> {
    let meaning = "`[who.platform]` with the `name` of who runs the service, and its `domain`";
    let section = &mut walk.table(who, "platform", meaning)?;
    let name = walk.localised(
        section,
        "name",
        "the body's name in every language",
        Wording::LABEL,
    );
    let domain = walk.value(
        section,
        "domain",
        "the host where respondents find the poll, such as \"ur.example\"",
    );
    let form =
        "a lower-case host with or without a port, such as \"ur.example\" or \"127.0.0.1:8181\"";
    let domain = domain
        .and_then(|value| walk.formed(&value, Rule::DomainMalformed, format::is_domain, form));
    walk.unknown_fields(section);
    Some(Platform {
        name: name?,
        domain: domain?,
    })
}

fn sample(walk: &mut Walk<'_>, root: &mut Section<'_>) -> Option<Sample> {
    let meaning =
        "`[sample]` with `population`, `frame`, `sampling`, `mode`, `weighting` and `planned`";
    let section = &mut walk.table(root, "sample", meaning)?;
    let mut text = |key, meaning| walk.localised(section, key, meaning, Wording::EXPLANATION);
    let population = text("population", "the people the result is about");
    let frame = text("frame", "the list they were drawn from, and whom it misses");
    let sampling = text("sampling", "how they were drawn");
    let mode = text("mode", "how they are asked");
    let weighting = text("weighting", "how answers will be weighted");
    let meaning = "how many invitations are planned";
    let planned = walk.integer(section, "planned", meaning, 1..=u64::from(INVITATIONS_MAX));
    let design = since_2(walk, |walk| design(walk, section));
    walk.unknown_fields(section);
    Some(Sample {
        population: population?,
        frame: frame?,
        sampling: sampling?,
        mode: mode?,
        weighting: weighting?,
        planned: planned?,
        design: design?,
    })
}

fn design(walk: &mut Walk<'_>, section: &mut Section<'_>) -> Option<Design> {
    let mut text = |key, meaning| walk.localised(section, key, meaning, Wording::EXPLANATION);
    let strategy = text("strategy", "by what strategy the data are collected");
    let coverage_gaps = text("coverage_gaps", "whom of the population the frame misses");
    let recruitment = text("recruitment", "how those drawn are reached and asked");
    let meaning =
        "what the planned size says about the precision of the result, or why nothing can be said";
    let precision = text("precision", meaning);
    let meaning = "where the figures come from that answers are weighted to, or that there is none";
    let weighting_targets = text("weighting_targets", meaning);
    let meaning = "whether everybody in the frame had a known chance to be drawn, true or false";
    let probability = walk.boolean(section, "probability", meaning);
    Some(Design {
        strategy: strategy?,
        coverage_gaps: coverage_gaps?,
        recruitment: recruitment?,
        probability: probability?,
        precision: precision?,
        weighting_targets: weighting_targets?,
    })
}

/// What came with rule set 2, if the text is judged by that: `None` outside only after an error.
fn since_2<T>(
    walk: &mut Walk<'_>,
    read: impl FnOnce(&mut Walk<'_>) -> Option<T>,
) -> Option<Option<T>> {
    match walk.rule_set {
        1 => Some(None),
        _ => read(walk).map(Some),
    }
}

/// The field dates, and where they stand.
struct FieldDates {
    start: Placed<u64>,
    offset_minutes: i32,
    end: Placed<u64>,
    latest_end: Placed<u64>,
    contacts_until: Option<Placed<u64>>,
}

impl FieldDates {
    fn times(&self) -> Field {
        Field {
            start: self.start.value,
            offset_minutes: self.offset_minutes,
            end: self.end.value,
            latest_end: self.latest_end.value,
            contacts_until: self.contacts_until.as_ref().map(|until| until.value),
        }
    }
}

fn field(walk: &mut Walk<'_>, root: &mut Section<'_>) -> Option<FieldDates> {
    let section = &mut walk.table(
        root,
        "field",
        "`[field]` with `start`, `end` and `latest_end`",
    )?;
    let start = walk.moment_and_offset(
        section,
        "start",
        "the first moment that counts, with its offset",
    );
    let (start, offset_minutes) = start.unzip();
    let end = walk.moment(
        section,
        "end",
        "the first moment that no longer counts, with its offset",
    );
    let latest_end = walk.moment(
        section,
        "latest_end",
        "the latest to which the end can be moved",
    );
    let contacts_until = contacts_until(walk, section, latest_end.as_ref());
    walk.unknown_fields(section);
    let help = "expected `start` before `end`, and `end` not after `latest_end`";
    if let (Some(start), Some(end)) = (&start, &end)
        && end.value <= start.value
    {
        walk.error(
            Rule::DatesOutOfOrder,
            end.span.clone(),
            "`field.end` is not after `field.start`",
            help,
        );
    }
    if let (Some(end), Some(latest)) = (&end, &latest_end)
        && latest.value < end.value
    {
        walk.error(
            Rule::DatesOutOfOrder,
            latest.span.clone(),
            "`field.latest_end` is before `field.end`",
            help,
        );
    }
    Some(FieldDates {
        start: start?,
        offset_minutes: offset_minutes?,
        end: end?,
        latest_end: latest_end?,
        contacts_until: contacts_until?,
    })
}

/// Until when contacts are kept, where the definition says so: `None` outside only after an error.
fn contacts_until(
    walk: &mut Walk<'_>,
    section: &mut Section<'_>,
    latest_end: Option<&Placed<u64>>,
) -> Option<Option<Placed<u64>>> {
    const KEY: &str = "contacts_until";
    if walk.rule_set == 1 || section.optional(KEY).is_none() {
        return Some(None);
    }
    let until = walk.moment(section, KEY, "until when contacts are kept")?;
    if latest_end.is_some_and(|latest| until.value < latest.value) {
        walk.error(
            Rule::ContactsGoneEarly,
            until.span.clone(),
            "`field.contacts_until` is before `field.latest_end`",
            "keep contacts as long as a poll can be extended: its last reminder may leave then",
        );
    }
    Some(Some(until))
}

/// The message, and where its link prefix stands.
type PlacedMessage = Placed<Message>;

fn message(
    walk: &mut Walk<'_>,
    root: &mut Section<'_>,
    question: Option<&Question>,
) -> Option<PlacedMessage> {
    let section = &mut walk.table(
        root,
        "message",
        "`[message]` with `sender`, `link_prefix` and `text`",
    )?;
    let sender = walk.value(
        section,
        "sender",
        "the name shown as the message's sender, such as \"UR-POLL\"",
    );
    let sender = sender.and_then(|value| {
        let form = "1 to 11 ASCII letters, digits, spaces, -, _ and .";
        let sender = walk.formed(&value, Rule::SenderMalformed, format::is_sender, form)?;
        walk.not_personal(&value, &sender).then_some(sender)
    });
    let prefix = walk.value(
        section,
        "link_prefix",
        "what a token is appended to, such as \"https://ur.example/p/\"",
    );
    let span = prefix.as_ref().map_or(0..0, |value| value.span.clone());
    let prefix = prefix.and_then(|value| {
        let form = "`https://`, the domain, and a path that ends with `/p/`";
        let is_prefix = |text: &str| format::link_prefix(text).is_some();
        walk.formed(&value, Rule::LinkPrefixMalformed, is_prefix, form)
    });
    let text = message_text(walk, section);
    let segments_max = since_2(walk, |walk| {
        let meaning = "the most segments that a message may have in any language, 1 to 10";
        walk.integer(section, "segments_max", meaning, 1..=SEGMENTS_MAX)
    });
    let reminders = reminders(walk, section);
    walk.unknown_fields(section);
    let (text, text_span) = text?;
    let (reminders_max, reminder_ms_min) = reminders?;
    let value = Message {
        sender: sender?,
        link_prefix: prefix?,
        text,
        segments_max: segments_max?,
        reminders_max,
        reminder_ms_min,
    };
    fairness::message(walk, &value, &text_span, question);
    Some(Placed { value, span })
}

/// How often somebody may be reminded, and after how many milliseconds at least: optional, since rule set 2.
fn reminders(walk: &mut Walk<'_>, section: &mut Section<'_>) -> Option<(u8, u64)> {
    let mut optional = |key, meaning, range, missing: u64| match walk.rule_set {
        1 => Some(missing),
        _ if section.optional(key).is_none() => Some(missing),
        _ => walk.integer(section, key, meaning, range),
    };
    let reminders_max = optional(
        "reminders_max",
        "how often somebody who has not answered may be written to again, 0 to 5",
        0..=REMINDERS_MAX,
        0,
    );
    let hours = optional(
        "reminder_hours_min",
        "the least hours between two messages to the same person, 24 to 1000",
        REMINDER_HOURS,
        REMINDER_HOURS_DEFAULT,
    );
    let (reminders_max, hours) = (reminders_max?, hours?);
    Some((u8::try_from(reminders_max).ok()?, hours * 3_600_000))
}

/// The message, and where each language's stands.
type PlacedTexts = (Localised, Vec<(String, Range<usize>)>);

fn message_text(walk: &mut Walk<'_>, section: &mut Section<'_>) -> Option<PlacedTexts> {
    let meaning = "the message in every language, with {link} where the link goes";
    let value = walk.value(section, "text", meaning)?;
    let text = walk.localised_value(&value, Wording::MESSAGE);
    let mut places = Vec::new();
    if let DeValue::Table(table) = value.value {
        for (language, wording) in table {
            places.push((language.get_ref().to_string(), wording.span()));
            if let DeValue::String(text) = wording.get_ref() {
                placeholders(walk, &quoted(language.get_ref()), text, wording.span());
            }
        }
    }
    Some((text?, places))
}

/// Reports placeholders of a message in one language.
fn placeholders(walk: &mut Walk<'_>, language: &str, text: &str, span: Range<usize>) {
    let found = format::placeholders(text);
    let message = match found.links {
        1 if !found.others => return,
        1 => {
            format!("`message.text` in {language} has a brace that is not of `{LINK_PLACEHOLDER}`")
        }
        links => format!(
            "`message.text` in {language} has `{LINK_PLACEHOLDER}` {links} times, expected once"
        ),
    };
    let help = format!(
        "write `{LINK_PLACEHOLDER}` once, where the personal link goes; there is no other placeholder"
    );
    walk.error(Rule::Placeholders, span, message, help);
}

/// The rules, and where `[rules]` stands.
type PlacedRules = Placed<Rules>;

fn rules(walk: &mut Walk<'_>, root: &mut Section<'_>) -> Option<PlacedRules> {
    let meaning = "`[rules]` with `answers`, `revisions`, `results`, `strata` and the others";
    let section = &mut walk.table(root, "rules", meaning)?;
    let words = rule_words(walk, section);
    let revisions = walk.integer(
        section,
        "revisions",
        "how often an answer may be changed, 0 to 9",
        0..=REVISIONS_MAX,
    );
    let mut count = |key, meaning| walk.integer(section, key, meaning, 1..=u64::from(u32::MAX));
    let strata_min = count(
        "strata_min",
        "the smallest number of invitations of a stratum, usually 1000",
    );
    let threshold = count(
        "threshold",
        "answers below which a sealed stratum stays closed, usually 10",
    );
    let publication_answers = count(
        "publication_answers",
        "answers that make a publication due, usually 10",
    );
    let resolution_ms = resolution(walk, section);
    let mut seconds = |key, meaning, least| {
        let value: Option<u64> = walk.integer(section, key, meaning, least..=DURATION_SECONDS_MAX);
        value.map(|seconds| seconds * 1_000)
    };
    let publication_ms = seconds(
        "publication_seconds",
        "seconds after which fewer answers are published, usually 900",
        1,
    );
    let promise_delay_ms = seconds(
        "promise_delay_seconds",
        "seconds after the latest end by which promises are due",
        1,
    );
    let objection_window_ms = seconds(
        "objection_window_seconds",
        "seconds for objections after the close",
        0,
    );
    walk.unknown_fields(section);
    let (answers, results, strata, close) = words?;
    let value = Rules {
        answers,
        revisions: revisions?,
        results,
        strata,
        strata_min: strata_min?,
        threshold: threshold?,
        close,
        resolution_ms: resolution_ms?,
        publication_answers: publication_answers?,
        publication_ms: publication_ms?,
        promise_delay_ms: promise_delay_ms?,
        objection_window_ms: objection_window_ms?,
    };
    let span = section.span.clone();
    Some(Placed { value, span })
}

type RuleWords = (AnswerRung, Results, StrataVisibility, ClosePolicy);

fn rule_words(walk: &mut Walk<'_>, section: &mut Section<'_>) -> Option<RuleWords> {
    let rungs = [
        ("link", Offer::Now(AnswerRung::Link)),
        ("signed", Offer::Later),
        ("anonymous", Offer::Later),
    ];
    let answers = walk.word(
        section,
        "answers",
        "how answers are signed, \"link\"",
        rungs,
    );
    let times = [
        ("live", Offer::Now(Results::Live)),
        ("at_close", Offer::Later),
    ];
    let results = walk.word(
        section,
        "results",
        "when results can be read, \"live\"",
        times,
    );
    let visible = [
        ("open", Offer::Now(StrataVisibility::Open)),
        ("sealed", Offer::Now(StrataVisibility::Sealed)),
    ];
    let strata = walk.word(
        section,
        "strata",
        "whether strata are public, \"open\" or \"sealed\"",
        visible,
    );
    let policies = [
        ("at_end", Offer::Now(ClosePolicy::AtEnd)),
        ("any_time", Offer::Now(ClosePolicy::AnyTime)),
    ];
    let meaning = "when the operator may close, \"at_end\" or \"any_time\"";
    let close = walk.word(section, "close", meaning, policies);
    Some((answers?, results?, strata?, close?))
}

fn resolution(walk: &mut Walk<'_>, section: &mut Section<'_>) -> Option<u64> {
    const KEY: &str = "resolution_seconds";
    let place = section.optional(KEY).map_or(0..0, |value| value.span);
    let meaning = "the grain of every time in the ledger, usually 60";
    let seconds: u64 = walk.integer(section, KEY, meaning, 1..=RESOLUTION_SECONDS_MAX)?;
    if !RESOLUTION_SECONDS_MAX.is_multiple_of(seconds) {
        let message = format!("`rules.{KEY}` is {seconds}, which does not divide an hour");
        let help = "use a divisor of 3600, such as 1, 60 or 3600";
        walk.error(Rule::ResolutionUneven, place, message, help);
        return None;
    }
    Some(seconds * 1_000)
}

fn strata(walk: &mut Walk<'_>, root: &mut Section<'_>) -> Option<Vec<Placed<Stratum>>> {
    let tables = walk.tables(
        root,
        "stratum",
        "at least one `[[stratum]]`, with `id`, `population` and `name`",
    )?;
    if !(1..=STRATA_MAX).contains(&tables.value.len()) {
        let message = format!(
            "the poll has {} strata, expected 1 to {STRATA_MAX}",
            tables.value.len()
        );
        let help =
            "list at least the whole population as one stratum, and merge where there are too many";
        walk.error(Rule::StrataCount, tables.span, message, help);
    }
    let mut ids = Vec::new();
    let strata: Vec<_> = tables
        .value
        .into_iter()
        .map(|mut section| stratum(walk, &mut section, &mut ids))
        .collect();
    walk.unique(&ids, "stratum");
    strata.into_iter().collect()
}

fn stratum(
    walk: &mut Walk<'_>,
    section: &mut Section<'_>,
    ids: &mut Vec<Placed<String>>,
) -> Option<Placed<Stratum>> {
    let id = walk.id(section, "the stratum's id, as the roster names it");
    ids.extend(id.clone());
    let population = walk.integer(
        section,
        "population",
        "how many people it holds",
        1..=POPULATION_MAX,
    );
    let name = walk.localised(
        section,
        "name",
        "what readers call it, in every language",
        Wording::LABEL,
    );
    walk.unknown_fields(section);
    let value = Stratum {
        id: id?.value,
        population: population?,
        name: name?,
    };
    let span = section.span.clone();
    Some(Placed { value, span })
}

fn disclosure(walk: &mut Walk<'_>, root: &mut Section<'_>) -> Option<Disclosure> {
    let meaning = "`[disclosure]` with `exclusions`, `limitations` and `privacy`";
    let section = &mut walk.table(root, "disclosure", meaning)?;
    let mut text = |key, meaning| walk.localised(section, key, meaning, Wording::EXPLANATION);
    let exclusions = text("exclusions", "who could not be reached");
    let limitations = text("limitations", "what the result cannot show");
    let privacy = text("privacy", "what is recorded about a respondent");
    let processing = since_2(walk, |walk| {
        let meaning = "how answers are processed, and what is done for their quality";
        walk.localised(section, "processing", meaning, Wording::EXPLANATION)
    });
    let withdrawal = since_2(walk, |walk| {
        let meaning = "that an answer in a public ledger cannot be withdrawn";
        walk.localised(section, "withdrawal", meaning, Wording::EXPLANATION)
    });
    walk.unknown_fields(section);
    Some(Disclosure {
        exclusions: exclusions?,
        limitations: limitations?,
        privacy: privacy?,
        processing: processing?,
        withdrawal: withdrawal?,
    })
}

fn contact(walk: &mut Walk<'_>, root: &mut Section<'_>) -> Option<Contact> {
    let meaning = "`[contact]` with `name` and at least one of `phone`, `email` and `url`";
    let section = &mut walk.table(root, "contact", meaning)?;
    let name = walk.localised(
        section,
        "name",
        "who answers there, in every language",
        Wording::CONTACT,
    );
    let mut address = |key, is_form, form| match section.optional(key) {
        Some(value) => walk
            .formed(&value, Rule::ContactMalformed, is_form, form)
            .map(Some),
        None => Some(None),
    };
    let phone = address(
        "phone",
        format::is_phone as fn(&str) -> bool,
        "3 to 15 digits, with + and separators",
    );
    let email = address(
        "email",
        format::is_email,
        "one e-mail address, such as \"polls@ur.example\"",
    );
    let url = address(
        "url",
        format::is_url,
        "a web address, such as \"https://ur.example/contact\"",
    );
    walk.unknown_fields(section);
    if [&phone, &email, &url]
        .iter()
        .all(|way| matches!(way, Some(None)))
    {
        let message = "`[contact]` has no phone, e-mail or web address";
        let help = "add at least one of `phone`, `email` and `url`";
        walk.error(
            Rule::ContactUnreachable,
            section.span.clone(),
            message,
            help,
        );
    }
    Some(Contact {
        name: name?,
        phone: phone?,
        email: email?,
        url: url?,
    })
}

/// What two sections must agree on.
fn agree(
    walk: &mut Walk<'_>,
    field: Option<&FieldDates>,
    rules: Option<&PlacedRules>,
    message: Option<&PlacedMessage>,
    who: Option<&Who>,
) {
    if let (Some(field), Some(rules)) = (field, rules) {
        multiples(walk, field, rules.value.resolution_ms);
    }
    if let (Some(message), Some(who)) = (message, who) {
        link_and_domain(walk, message, &who.platform.domain);
    }
}

fn multiples(walk: &mut Walk<'_>, field: &FieldDates, resolution_ms: u64) {
    let dates = [
        ("start", &field.start),
        ("end", &field.end),
        ("latest_end", &field.latest_end),
    ];
    let until = field.contacts_until.iter();
    for (name, date) in dates
        .into_iter()
        .chain(until.map(|until| ("contacts_until", until)))
    {
        if !date.value.is_multiple_of(resolution_ms) {
            let seconds = resolution_ms / 1_000;
            let message =
                format!("`field.{name}` is not a whole multiple of the resolution, {seconds} s");
            let help = "move it to a full step, or make `rules.resolution_seconds` finer";
            walk.error(Rule::DateOffResolution, date.span.clone(), message, help);
        }
    }
}

fn link_and_domain(walk: &mut Walk<'_>, message: &PlacedMessage, domain: &str) {
    let Some(prefix) = format::link_prefix(&message.value.link_prefix) else {
        return;
    };
    if prefix.domain != domain {
        let message_text = "`message.link_prefix` does not lead to `who.platform.domain`";
        let help = format!("expected the domain `{domain}`: people check where a link leads");
        walk.error(
            Rule::LinkPrefixElsewhere,
            message.span.clone(),
            message_text,
            help,
        );
    } else if !prefix.encrypted && !format::is_loopback(domain) {
        let message_text = "`message.link_prefix` begins with http, not https";
        let help = "use https: whoever carries the answers could read and change them";
        walk.warning(
            Rule::LinksNotEncrypted,
            message.span.clone(),
            message_text,
            help,
        );
    }
}
