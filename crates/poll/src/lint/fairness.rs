//! What rule set 2 adds to what a definition must be: a fair ballot, a message that asks the same question, and warnings
//! of what the design cannot give, each with room for why it is so.

use std::collections::BTreeSet;
use std::ops::Range;

use super::fields::{Placed, Wording};
use super::walk::{Section, Walk};
use super::{Finding, Rule, Severity};
use crate::definition::limits::{EXPLANATIONS_MAX, LINK_LINE, LINK_PLACEHOLDER};
use crate::definition::{
    AnswerRung, Choice, ClosePolicy, Localised, Message, Order, Question, Rules, Side,
    StrataVisibility, Stratum, TokenMaker, Warning, Who,
};
use crate::segments;

/// Whether an option says that one has no opinion; only one that takes no side can.
pub(super) fn no_opinion(
    walk: &mut Walk<'_>,
    section: &mut Section<'_>,
    side: Option<Side>,
) -> Option<bool> {
    if walk.rule_set == 1 {
        return Some(false);
    }
    let Some(place) = section.optional("no_opinion").map(|value| value.span) else {
        return Some(false);
    };
    let meaning = "whether it says that one has no opinion, true or false";
    let no_opinion = walk.boolean(section, "no_opinion", meaning)?;
    if no_opinion && side.is_some_and(|side| side != Side::Neither) {
        let message = "an option with `no_opinion` takes a side";
        let help = "make its `side` \"neither\", or take `no_opinion` out";
        walk.error(Rule::NoOpinionMissing, place, message, help);
        return None;
    }
    Some(no_opinion)
}

/// The ballot as a whole.
pub(super) fn options(walk: &mut Walk<'_>, options: &[Placed<Choice>], order: Option<Order>) {
    if walk.rule_set == 1 {
        return;
    }
    balance(walk, options);
    if order == Some(Order::Rotated) {
        rotatable(walk, options);
    }
    if let (Some(first), false) = (
        options.first(),
        options.iter().any(|option| option.value.no_opinion),
    ) {
        let message = "no option says \"don't know\" or \"no answer\"";
        let help = "add an option with `side = \"neither\"` and `no_opinion = true`: who is not asked for that must invent an opinion";
        walk.error(Rule::NoOpinionMissing, first.span.clone(), message, help);
    }
    for (place, option) in options.iter().enumerate() {
        if let Some(same) = options
            .iter()
            .take(place)
            .find(|other| alike(other, option))
        {
            let message = format!(
                "the options `{}` and `{}` read the same in a language",
                same.value.id, option.value.id
            );
            let help = "word them apart: nobody could tell which one they chose";
            walk.error(Rule::OptionsAlike, option.span.clone(), message, help);
        }
    }
}

fn balance(walk: &mut Walk<'_>, options: &[Placed<Choice>]) {
    let of = |side| {
        options
            .iter()
            .filter(move |option| option.value.side == side)
    };
    let (on_for, against) = (of(Side::For).count(), of(Side::Against).count());
    let side = match on_for.cmp(&against) {
        std::cmp::Ordering::Equal => return,
        std::cmp::Ordering::Greater => Side::For,
        std::cmp::Ordering::Less => Side::Against,
    };
    let place = of(side).nth(1).or(of(side).next());
    let message = format!("options are not balanced: {on_for} for, {against} against");
    let help = "shares of the larger side will be split, or added up by some and not by others; ask for or against first, and \"how\" in a second poll";
    let place = place.map_or(0..0, |option| option.span.clone());
    walk.error(Rule::OptionsUnbalanced, place, message, help);
}

/// Options without an opinion stay where they are, behind at least two that are rotated.
fn rotatable(walk: &mut Walk<'_>, options: &[Placed<Choice>]) {
    let rotating = options.iter().filter(|option| !option.value.no_opinion);
    let rotating = rotating.count();
    let among = options.iter().take(rotating);
    for option in among.filter(|option| option.value.no_opinion) {
        let message = format!(
            "the option `{}` has `no_opinion` and stands before one that is rotated",
            option.value.id
        );
        let help =
            "move it behind all others: an option without an opinion is shown last to everybody";
        walk.error(Rule::NotRotatable, option.span.clone(), message, help);
    }
    if let (Some(first), true) = (options.first(), rotating < 2) {
        let message = "fewer than two options are left to rotate";
        let help = "use `order = \"fixed\"`, or add an option";
        walk.error(Rule::NotRotatable, first.span.clone(), message, help);
    }
}

fn alike(one: &Placed<Choice>, other: &Placed<Choice>) -> bool {
    let mut both = one.value.label.iter().zip(other.value.label.iter());
    both.any(|((_, one), (_, other))| one.trim() == other.trim())
}

/// The message of each language: it asks the question word for word, ends with its link, can be sent, and is not too long.
pub(super) fn message(
    walk: &mut Walk<'_>,
    message: &Message,
    places: &[(String, Range<usize>)],
    question: Option<&Question>,
) {
    let Some(segments_max) = message.segments_max else {
        return;
    };
    for (language, text) in message.text.iter() {
        let place = places.iter().find(|(name, _)| name == language);
        let place = place.map_or(0..0, |(_, place)| place.clone());
        if let Some(question) = question {
            asks(walk, (language, text, &place), question.text.get(language));
        }
        link_last(walk, (language, text, &place));
        let sent = message.as_sent(language);
        sendable(walk, (language, &sent, &place), segments_max);
    }
}

type InLanguage<'a> = (&'a str, &'a str, &'a Range<usize>);

fn asks(walk: &mut Walk<'_>, (language, text, place): InLanguage<'_>, question: &str) {
    if text.contains(question) {
        return;
    }
    let message =
        format!("`message.text.{language}` does not have the words of `question.text.{language}`");
    let help = "put the question into the message word for word: who is sent one question and shown another was asked neither";
    walk.error(Rule::QuestionNotInMessage, place.clone(), message, help);
}

fn link_last(walk: &mut Walk<'_>, (language, text, place): InLanguage<'_>) {
    if text.ends_with(LINK_LINE) {
        return;
    }
    let message = format!(
        "`message.text.{language}` does not end with `{LINK_PLACEHOLDER}` on a line of its own"
    );
    let help = format!(
        "end it with `\\n{LINK_PLACEHOLDER}`: phones make what follows a link part of it, and text from right to left around one turns its parts round"
    );
    walk.error(Rule::LinkNotLast, place.clone(), message, help);
}

fn sendable(walk: &mut Walk<'_>, (language, text, place): InLanguage<'_>, segments_max: u8) {
    if let Some(c) = segments::not_sendable(text) {
        let message = format!(
            "`message.text.{language}` has U+{:04X}, which no SMS can carry",
            u32::from(c)
        );
        let help = "take it out: emoji and rare signs lie beyond what a message can have";
        walk.error(Rule::NotSendable, place.clone(), message, help);
        return;
    }
    let found = segments::of(text).count;
    if found > usize::from(segments_max) {
        let message = format!(
            "`message.text.{language}` takes {found} segments with its link, expected at most {segments_max}"
        );
        let help = "shorten it, or raise `message.segments_max`: each segment is paid for";
        walk.error(Rule::TooManySegments, place.clone(), message, help);
    }
}

/// Warns of what follows from the definition.
pub(super) fn warn(
    walk: &mut Walk<'_>,
    political: &Placed<bool>,
    who: &Who,
    rules: &Placed<Rules>,
    strata: &[Placed<Stratum>],
) {
    if walk.rule_set == 1 {
        return;
    }
    if political.value {
        warn_of_politics(walk, &political.span, who, rules.value.answers);
    }
    if rules.value.close == ClosePolicy::AnyTime {
        let message = "the operator may close before the end";
        let help = "use `close = \"at_end\"`: else one can stop when the figure is right";
        walk.warning(Rule::CloseAnyTime, rules.span.clone(), message, help);
    }
    let threshold = u64::from(rules.value.threshold);
    for stratum in strata {
        let sealed = rules.value.strata == StrataVisibility::Sealed;
        if sealed && stratum.value.population < threshold {
            let message = format!(
                "the stratum `{}` holds fewer people than `rules.threshold`, so it will never be opened",
                stratum.value.id
            );
            let help = "merge it with another, or lower the threshold";
            walk.warning(
                Rule::StratumStaysClosed,
                stratum.span.clone(),
                message,
                help,
            );
        }
    }
}

fn warn_of_politics(walk: &mut Walk<'_>, place: &Range<usize>, who: &Who, rung: AnswerRung) {
    if rung != AnswerRung::Anonymous {
        let message = "the question is political, and whoever has a message can read that person's answer in the public ledger, for ever";
        let help = "ask what need not be hidden, until `answers = \"anonymous\"` exists";
        walk.warning(Rule::PoliticalOnLinks, place.clone(), message, help);
    }
    if who.tokens_made_by == TokenMaker::Platform {
        let message = "the question is political, and the platform makes the links, so it could answer for people who never opened theirs";
        let help = "let another body make them: `tokens_made_by = \"sender\"`, and `sijill roster make` there";
        walk.warning(Rule::PoliticalOneBody, place.clone(), message, help);
    }
}

/// Why a warning stands nevertheless, and where that is written.
pub(super) type Explained = Vec<Placed<(u16, Localised)>>;

/// `[[explained]]`: optional, since rule set 2.
pub(super) fn explained(walk: &mut Walk<'_>, root: &mut Section<'_>) -> Explained {
    if walk.rule_set == 1 {
        return Vec::new();
    }
    if root.optional("explained").is_none() {
        return Vec::new();
    }
    let Some(tables) = walk.tables(root, "explained", "a list of `[[explained]]`") else {
        return Vec::new();
    };
    let tables = tables.value.into_iter().take(EXPLANATIONS_MAX + 1);
    tables
        .filter_map(|mut section| explanation(walk, &mut section))
        .collect()
}

fn explanation(walk: &mut Walk<'_>, section: &mut Section<'_>) -> Option<Placed<(u16, Localised)>> {
    let meaning = "the number of the warning, such as 50 for L50";
    let rule = walk.integer(section, "rule", meaning, 1..=u64::from(u16::MAX));
    let meaning = "why it stands nevertheless, in every language";
    let why = walk.localised(section, "why", meaning, Wording::EXPLANATION);
    walk.unknown_fields(section);
    let span = section.span.clone();
    let value = (rule?, why?);
    Some(Placed { value, span })
}

/// Every kind of warning that was found, with its explanation; reports explanations of anything else.
pub(super) fn warnings(walk: &mut Walk<'_>, explained: Explained) -> Vec<Warning> {
    let found = walk.findings().iter().filter(|finding| is_warning(finding));
    let found: BTreeSet<u16> = found.map(|finding| finding.number).collect();
    let mut left = found.clone();
    for Placed {
        value: (rule, why),
        span,
    } in &explained
    {
        match left.remove(rule) {
            true => explain(walk, *rule, why),
            false => {
                let message =
                    format!("L{rule:02} is explained, and no warning is left of that number");
                let help = "take the explanation out: there is one for each warning that the definition draws, and for nothing else";
                walk.error(Rule::ExplanationOfNothing, span.clone(), message, help);
            }
        }
    }
    let why = |number: u16| {
        let explained = explained
            .iter()
            .find(|explained| explained.value.0 == number);
        explained.map(|explained| explained.value.1.clone())
    };
    Rule::ALL
        .into_iter()
        .filter(|(rule, _)| found.contains(&rule.number()))
        .map(|(rule, _)| Warning {
            rule,
            why: why(rule.number()),
        })
        .collect()
}

fn explain(walk: &mut Walk<'_>, rule: u16, why: &Localised) {
    let first = why.iter().next().map(|(_, why)| why.to_owned());
    let findings = walk.findings().iter_mut();
    for finding in findings.filter(|finding| is_warning(finding) && finding.number == rule) {
        finding.explained.clone_from(&first);
    }
}

fn is_warning(finding: &Finding) -> bool {
    finding.severity == Severity::Warning
}
