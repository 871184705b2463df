//! From a book to what `pages` shows: plain values in the reader's language, nothing computed that the book has not.

mod monitor;

pub use monitor::monitor;

use crate::book::{Book, Published};
use crate::paths;
use crate::site::Site;
use sijill_ledger::Hash;
use sijill_ledger::note::VerifierKey;
use sijill_pages as pages;
use sijill_pages::{Frame, Language, LanguageLink};
use sijill_poll::Poll;
use sijill_poll::credential::Code;
use sijill_poll::definition::{
    ClosePolicy, Definition, Design, Disclosure, Localised, Order, Sample, StrataVisibility,
    TokenMaker,
};
use sijill_poll::event::Responded;
use sijill_poll::lint::Rule;
use sijill_poll::poll::Phase;
use sijill_poll::{promise, rotation};

/// The languages of a definition that there are pages in.
pub fn languages(definition: &Definition) -> Vec<Language> {
    definition.languages().filter_map(Language::parse).collect()
}

/// Question and options in a language, in the definition's order.
pub fn question(definition: &Definition, language: Language) -> pages::QuestionView {
    rotated_question(definition, language, 0)
}

/// The same with the options in this rotation.
fn rotated_question(
    definition: &Definition,
    language: Language,
    rotation: u16,
) -> pages::QuestionView {
    let tag = language.tag();
    pages::QuestionView {
        language,
        question_id: definition.question.id.clone(),
        question_text: definition.question.text.get(tag).to_owned(),
        options: rotation::shown(definition, rotation)
            .map(|option| pages::OptionView {
                id: option.id.clone(),
                label: option.label.get(tag).to_owned(),
            })
            .collect(),
    }
}

/// The languages whose question block is not the one that entry 0 commits to: this version of the pages would show
/// something else than was signed.
pub fn changed_questions(poll: &Poll) -> Vec<String> {
    let committed = poll.page().questions.iter();
    let changed = committed.filter(|committed| {
        let language = Language::parse(&committed.language);
        let block =
            language.map(|language| pages::question_block(&question(poll.definition(), language)));
        block.is_none_or(|block| Hash::of(block.as_bytes()) != committed.hash)
    });
    changed
        .map(|committed| committed.language.clone())
        .collect()
}

/// The frame of a page, with a link to it in every language.
pub fn frame(
    site: &Site,
    domain: &str,
    offered: &[Language],
    language: Language,
    href: impl Fn(&str) -> String,
) -> Frame {
    let links = offered.iter().map(|offered| LanguageLink {
        language: *offered,
        href: href(offered.tag()),
    });
    Frame {
        language,
        domain: domain.to_owned(),
        links: links.collect(),
        preview: site.is_preview(),
        theme: site.theme(),
    }
}

/// A body's name, if it is another than this one.
fn another(body: Option<&Localised>, than: &Localised, tag: &str) -> Option<String> {
    let body = body.filter(|body| *body != than)?;
    Some(body.get(tag).to_owned())
}

/// What the definition's rule set warns of.
fn warnings(definition: &Definition, language: Language) -> Vec<pages::Warned> {
    let tag = language.tag();
    let warnings = definition.warnings.iter();
    warnings
        .filter_map(|warned| {
            Some(pages::Warned {
                warning: warning(warned.rule)?,
                why: warned.why.as_ref().map(|why| why.get(tag).to_owned()),
            })
        })
        .collect()
}

fn warning(rule: Rule) -> Option<pages::Warning> {
    match rule {
        Rule::LinksNotEncrypted => Some(pages::Warning::LinksNotEncrypted),
        Rule::PoliticalOnLinks => Some(pages::Warning::PoliticalOnLinks),
        Rule::PoliticalOneBody => Some(pages::Warning::PoliticalOneBody),
        Rule::CloseAnyTime => Some(pages::Warning::CloseAnyTime),
        Rule::StratumStaysClosed => Some(pages::Warning::StratumStaysClosed),
        _ => None,
    }
}

/// Who asks, conducts, runs.
pub fn who(definition: &Definition, language: Language) -> pages::Who {
    let tag = language.tag();
    let who = &definition.who;
    pages::Who {
        sponsor: who.sponsor.get(tag).to_owned(),
        conductor: who.conductor.get(tag).to_owned(),
        funder: another(who.funder.as_ref(), &who.sponsor, tag),
        sender: another(who.sender.as_ref(), &who.platform.name, tag),
        platform: who.platform.name.get(tag).to_owned(),
        domain: who.platform.domain.clone(),
        why_they_differ: who
            .why_they_differ
            .as_ref()
            .map(|why| why.get(tag).to_owned()),
        tokens_made_by: match who.tokens_made_by {
            TokenMaker::Platform => pages::TokensMadeBy::Platform,
            TokenMaker::Sender => pages::TokensMadeBy::Sender,
        },
    }
}

/// Whom to ask.
pub fn contact(definition: &Definition, language: Language) -> pages::Contact {
    let contact = &definition.contact;
    pages::Contact {
        name: contact.name.get(language.tag()).to_owned(),
        phone: contact.phone.clone(),
        email: contact.email.clone(),
        url: contact.url.clone(),
    }
}

/// Where the poll stands at `now`.
pub fn phase(poll: &Poll, now: u64) -> pages::Phase {
    let field = &poll.definition().field;
    match poll.phase() {
        Phase::Annulled => pages::Phase::Annulled {
            reason: poll.reason().to_owned(),
        },
        Phase::Closed => pages::Phase::Closed {
            closed_at_ms: poll.phase_since().min(poll.end()),
        },
        Phase::Running | Phase::Paused if now >= poll.end() => pages::Phase::Closed {
            closed_at_ms: poll.end(),
        },
        Phase::Paused => pages::Phase::Paused,
        Phase::Running if now < field.start => pages::Phase::NotYetOpen {
            opens_at_ms: field.start,
        },
        Phase::Running => pages::Phase::Open {
            closes_at_ms: poll.end(),
        },
    }
}

/// How the poll was made. The patterns are whole, so that whoever adds a text to the definition decides here, or in
/// [`answer_page`], where people read it.
fn method(definition: &Definition, language: Language) -> pages::Method {
    let text = |localised: &Localised| localised.get(language.tag()).to_owned();
    let Sample {
        population,
        frame,
        sampling,
        mode,
        weighting,
        planned,
        design,
    } = &definition.sample;
    let Disclosure {
        exclusions,
        limitations,
        processing,
        // Respondents read these, before they answer.
        privacy: _,
        withdrawal: _,
    } = &definition.disclosure;
    let method = pages::Method {
        population: text(population),
        frame: text(frame),
        sampling: text(sampling),
        mode: text(mode),
        weighting: text(weighting),
        planned: (*planned).into(),
        processing: processing.as_ref().map(text).unwrap_or_default(),
        exclusions: text(exclusions),
        limitations: text(limitations),
        ..pages::Method::default()
    };
    let Some(design) = design else {
        return method;
    };
    let Design {
        strategy,
        coverage_gaps,
        recruitment,
        probability,
        precision,
        weighting_targets,
    } = design;
    pages::Method {
        strategy: text(strategy),
        coverage_gaps: text(coverage_gaps),
        recruitment: text(recruitment),
        probability: Some(*probability),
        precision: text(precision),
        weighting_targets: text(weighting_targets),
        ..method
    }
}

/// Who looks at the page behind a personal link.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'a> {
    /// What stands in the link.
    pub token: &'a str,
    /// By how many places options are rotated for them.
    pub rotation: u16,
    /// Their answer that stands.
    pub standing: Option<&'a Responded>,
}

/// The page behind a personal link, before anything was sent.
pub fn answer_page(
    site: &Site,
    book: &Book,
    now: u64,
    language: Language,
    reader: Reader<'_>,
) -> pages::AnswerPage {
    let Reader {
        token, standing, ..
    } = reader;
    let definition = &*book.definition();
    let tag = language.tag();
    let links = site.personal(definition);
    let (phase, revision) = {
        let poll = book.durable();
        let revision = standing.map_or(0, |responded| {
            let sijill_poll::event::Who::Invitation { revision, .. } = responded.answer.who;
            revision
        });
        (phase(&poll, now), revision)
    };
    let changes_left = definition
        .rules
        .revisions
        .saturating_add(1)
        .saturating_sub(revision);
    let form = (changes_left > 0).then(|| pages::AnswerForm {
        action: links.own(&paths::answer_in(token, tag)),
        revision: revision.saturating_add(1),
        changes_left: if revision == 0 {
            changes_left - 1
        } else {
            changes_left
        },
    });
    pages::AnswerPage {
        frame: frame(
            site,
            &definition.who.platform.domain,
            &languages(definition),
            language,
            |tag| links.own(&paths::answer_in(token, tag)),
        ),
        question: rotated_question(definition, language, reader.rotation),
        who: who(definition, language),
        sampling: definition.sample.sampling.get(tag).to_owned(),
        warnings: warnings(definition, language),
        privacy: definition.disclosure.privacy.get(tag).to_owned(),
        withdrawal: definition
            .disclosure
            .withdrawal
            .as_ref()
            .map(|withdrawal| withdrawal.get(tag).to_owned()),
        contact: contact(definition, language),
        typed_address: site.typed_address(definition).to_owned(),
        slug: book.slug().to_owned(),
        results_href: links.page(&paths::results_in(book.slug(), tag)),
        definition_href: links.page(&paths::of_poll(book.slug(), "definition")),
        order_differs: definition.question.order == Order::Rotated,
        strata_are_sealed: definition.rules.strata == StrataVisibility::Sealed,
        phase,
        standing: standing.map(|responded| pages::Standing {
            code: code(responded),
            promise_href: links.own(&paths::promise(token)),
            receipt_href: links.own(&paths::receipt(token)),
            receipt_page_href: links.own(&paths::receipt_in(token, tag)),
            choice: form
                .is_some()
                .then(|| label(definition, responded, language))
                .flatten(),
        }),
        form,
        error: None,
        stop_href: heeds_stops(definition).then(|| links.own(&paths::stop_in(token, tag))),
    }
}

/// Whether whoever has a link can ask this platform for no more messages: where the sender made the links, nothing leads
/// from here back to it, and it heeds what people reply.
pub fn heeds_stops(definition: &Definition) -> bool {
    definition.who.tokens_made_by == TokenMaker::Platform
}

/// The page where whoever has a link asks for no more messages, or reads that none leave.
pub fn stop(
    site: &Site,
    book: &Book,
    now: u64,
    language: Language,
    (token, is_left_alone): (&str, bool),
) -> pages::StopPage {
    let definition = &*book.definition();
    let tag = language.tag();
    let links = site.personal(definition);
    let href = |tag: &str| links.own(&paths::stop_in(token, tag));
    let state = match phase(&book.durable(), now) {
        _ if is_left_alone => pages::MessageState::Stopped,
        pages::Phase::Closed { .. } | pages::Phase::Annulled { .. } => pages::MessageState::Over,
        _ => pages::MessageState::MayLeave { action: href(tag) },
    };
    pages::StopPage {
        frame: frame(
            site,
            &definition.who.platform.domain,
            &languages(definition),
            language,
            href,
        ),
        state,
        answer_href: links.own(&paths::answer_in(token, tag)),
    }
}

/// The short code of an answer.
pub fn code(responded: &Responded) -> String {
    responded
        .hash()
        .map_or_else(|_| String::new(), |hash| Code::of(hash).to_string())
}

/// The label of the option that an answer chose.
fn label(definition: &Definition, responded: &Responded, language: Language) -> Option<String> {
    let chosen = responded.answer.chosen.first()?;
    let sijill_poll::event::Value::Clear(id) = &chosen.value else {
        return None;
    };
    option_label(definition, id, language)
}

/// The label of an option.
pub fn option_label(definition: &Definition, id: &str, language: Language) -> Option<String> {
    let option = definition.options.iter().find(|option| option.id == id)?;
    Some(option.label.get(language.tag()).to_owned())
}

/// The page after an answer was taken, and whether that is public.
pub fn confirmation(
    site: &Site,
    book: &Book,
    language: Language,
    token: &str,
    (responded, is_public): (&Responded, bool),
) -> pages::ConfirmationPage {
    let definition = &*book.definition();
    let tag = language.tag();
    let links = site.personal(definition);
    let sijill_poll::event::Who::Invitation { revision, .. } = responded.answer.who;
    let (end, due) = {
        let poll = book.durable();
        (poll.end(), poll.promise_due())
    };
    pages::ConfirmationPage {
        frame: frame(
            site,
            &definition.who.platform.domain,
            &languages(definition),
            language,
            |tag| links.own(&paths::confirmation_in(token, tag)),
        ),
        question_text: definition.question.text.get(tag).to_owned(),
        code: code(responded),
        promise_href: links.own(&paths::promise(token)),
        receipt_href: links.own(&paths::receipt(token)),
        receipt_page_href: links.own(&paths::receipt_in(token, tag)),
        is_public,
        public_within_minutes: definition.rules.publication_ms.div_ceil(60_000),
        promise_due_ms: due,
        closes_at_ms: end,
        may_close_early: definition.rules.close == ClosePolicy::AnyTime,
        changes_left: definition
            .rules
            .revisions
            .saturating_add(1)
            .saturating_sub(revision),
        answer_href: links.own(&paths::answer_in(token, tag)),
        results_href: links.page(&paths::results_in(book.slug(), tag)),
        contact: contact(definition, language),
    }
}

/// The page of a respondent's receipt.
pub fn receipt(
    site: &Site,
    book: &Book,
    language: Language,
    token: &str,
    receipt: pages::Receipt,
) -> pages::ReceiptPage {
    let definition = &*book.definition();
    let tag = language.tag();
    let links = site.personal(definition);
    pages::ReceiptPage {
        frame: frame(
            site,
            &definition.who.platform.domain,
            &languages(definition),
            language,
            |tag| links.own(&paths::receipt_in(token, tag)),
        ),
        receipt,
        receipt_href: links.own(&paths::receipt(token)),
        verify_href: links.page(&paths::verify_in(tag)),
        answer_href: links.own(&paths::answer_in(token, tag)),
    }
}

/// The verifier keys of a poll's log and promises.
pub fn verifier_keys(book: &Book) -> Vec<String> {
    let poll = book.durable();
    let origin = book.origin();
    let log_keys = poll.opening().log_keys.iter();
    let log_keys = log_keys.filter_map(|key| VerifierKey::new(origin.as_str(), *key).ok());
    let promise_key = promise::verifier_key(origin, poll.promise_key()).ok();
    let keys = log_keys.chain(promise_key);
    keys.map(|key| key.to_string()).collect()
}

/// The public page of a poll.
pub fn results(site: &Site, book: &Book, now: u64, language: Language) -> pages::ResultsView {
    let definition = &*book.definition();
    let published = book.published();
    let slug = book.slug();
    pages::ResultsView {
        frame: frame(
            site,
            site.domain(&definition.who.platform.domain),
            &languages(definition),
            language,
            |tag| site.page(&paths::results_in(slug, tag)),
        ),
        question: question(definition, language),
        who: who(definition, language),
        contact: contact(definition, language),
        method: method(definition, language),
        phase: phase(&book.durable(), now),
        warnings: warnings(definition, language),
        mended: published.mended.into(),
        lost: published.lost,
        may_close_early: definition.rules.close == ClosePolicy::AnyTime,
        revisable: definition.rules.revisions > 0,
        options: option_counts(definition, &published, language),
        invited: published.invited.into(),
        planned: published.planned,
        strata: stratum_counts(book, &published, language),
        sealed: sealed(definition, &published),
        published_at_ms: (published.head.size > 0).then_some(published.at),
        size: published.head.size,
        origin: book.origin().to_string(),
        poll_id: data_encoding::BASE64.encode(book.id().as_bytes()),
        live_href: site.page(&paths::of_poll(slug, "live")),
        script_href: site.page(paths::LIVE_JS),
        check: check_yourself(site, book, &published, language),
    }
}

fn option_counts(
    definition: &Definition,
    published: &Published,
    language: Language,
) -> Vec<pages::OptionCount> {
    let tally = &published.tally;
    let counts = tally.by_option.iter().zip(&tally.first_by_option);
    let options = definition.options.iter().zip(counts);
    options
        .map(|(option, (count, first))| pages::OptionCount {
            id: option.id.clone(),
            label: option.label.get(language.tag()).to_owned(),
            count: *count,
            first_count: *first,
        })
        .collect()
}

fn stratum_counts(
    book: &Book,
    published: &Published,
    language: Language,
) -> Vec<pages::StratumCounts> {
    let poll = book.durable();
    let invited = poll.committed().map(|roster| roster.by_stratum.as_slice());
    let definition = &*book.definition();
    let strata = definition.strata.iter();
    let rows = strata.zip(&published.tally.by_stratum).enumerate();
    rows.filter_map(|(place, (stratum, counts))| Some((place, stratum, counts.as_ref()?)))
        .map(|(place, stratum, counts)| pages::StratumCounts {
            id: stratum.id.clone(),
            name: stratum.name.get(language.tag()).to_owned(),
            invited: invited
                .and_then(|invited| invited.get(place))
                .copied()
                .unwrap_or(0)
                .into(),
            counts: counts.clone(),
        })
        .collect()
}

fn sealed(definition: &Definition, published: &Published) -> pages::SealedStrata {
    let rows = published.tally.by_stratum.iter();
    match (definition.rules.strata, published.unsealed) {
        (StrataVisibility::Open, _) => pages::SealedStrata::None,
        (StrataVisibility::Sealed, false) => pages::SealedStrata::Sealed,
        (StrataVisibility::Sealed, true) => pages::SealedStrata::Opened {
            closed: rows.filter(|row| row.is_none()).count() as u64,
        },
    }
}

fn check_yourself(
    site: &Site,
    book: &Book,
    published: &Published,
    language: Language,
) -> pages::CheckYourself {
    let definition = &*book.definition();
    let slug = book.slug();
    let keys = definition.keys.operators.iter();
    pages::CheckYourself {
        address: site.address(definition, &paths::results(slug)),
        operator_keys: keys.map(ToString::to_string).collect(),
        anchor: published
            .head
            .size
            .checked_sub(1)
            .map(|last| format!("{last}:{}", published.head.link)),
        export_href: site.page(&paths::of_poll(slug, "export")),
        roster_href: site.page(&paths::of_poll(slug, "roster")),
        definition_href: site.page(&paths::of_poll(slug, "definition")),
        json_href: site.page(&paths::of_poll(slug, "results.json")),
        verify_href: site.page(&paths::verify_in(language.tag())),
    }
}

/// A poll on the front page.
pub fn card(site: &Site, book: &Book, now: u64, language: Language) -> pages::PollCard {
    let definition = &*book.definition();
    let tag = language.tag();
    let published = book.published();
    pages::PollCard {
        slug: book.slug().to_owned(),
        question_text: definition.question.text.get(tag).to_owned(),
        sponsor: definition.who.sponsor.get(tag).to_owned(),
        phase: phase(&book.durable(), now),
        answered: published.tally.answered,
        invited: published.invited.into(),
        href: site.page(&paths::results_in(book.slug(), tag)),
    }
}

#[cfg(test)]
mod tests;
