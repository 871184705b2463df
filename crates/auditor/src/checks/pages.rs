//! V9: the question as people are shown it, and the message as they were sent it, are those that the ledger commits to.
//! A server shows its question blocks at an address of their own; what a respondent saw, a respondent hands in.
//!
//! Whoever is shown something else by a server that knows who asks is found by what they kept, and by nothing else.

use crate::audit::Options;
use crate::findings::Findings;
use crate::report::Failure;
use sijill_ledger::Hash;
use sijill_poll::definition::Definition;
use sijill_poll::definition::limits::LINK_PLACEHOLDER;
use sijill_poll::event::Committed;
use sijill_poll::limits::CODE_CHARS;
use sijill_poll::{Event, Poll};
use std::collections::BTreeSet;

const V9: u8 = 9;
const BEGIN: &str = "<fieldset";
const END: &str = "</fieldset>";

/// Lines of a question block before its options.
const LINES_BEFORE: usize = 2;
/// Lines of a question block after its options.
const LINES_AFTER: usize = 1;

/// Most question blocks of a page that are looked at; an answer page has one.
const BLOCKS_MAX: usize = 16;
/// Most places of the link prefix in a message that are looked at; a message has one or two.
const LINKS_MAX: usize = 16;

/// The question blocks that were ever committed to, language by language.
#[derive(Default)]
pub(crate) struct Pages {
    ever: BTreeSet<(String, Hash)>,
}

impl Pages {
    /// Those of entry 0, and those in force by now.
    pub(crate) fn of(poll: &Poll) -> Self {
        let mut pages = Self::default();
        pages.add(&poll.opening().questions);
        pages.add(&poll.page().questions);
        pages
    }

    fn add(&mut self, questions: &[Committed]) {
        let blocks = questions.iter();
        let blocks = blocks.map(|block| (block.language.clone(), block.hash));
        self.ever.extend(blocks);
    }

    pub(crate) fn look(&mut self, event: &Event) {
        if let Event::PageChanged(signed) = event {
            self.add(&signed.content.questions);
        }
    }

    /// Judges what was shown and what was kept, after the last entry.
    pub(crate) fn finish(&self, poll: &Poll, options: &Options, findings: &mut Findings) {
        let shows_pages = !options.shown.documents().is_empty();
        let items = options.blocks.len() + options.pages.len() + options.messages.len();
        if items == 0 && !shows_pages {
            let why = "no page and no message was given, and the source shows no question; respondents have them, give --page or --message";
            findings.not_applicable(V9, why);
            return;
        }
        findings.looked_at(V9, items as u64);
        let is_fetched = |language: &str| options.blocks.iter().any(|(of, _)| of == language);
        for language in poll.definition().languages() {
            if shows_pages && !is_fetched(language) {
                let why = format!(
                    "`results.json` names no question in `{language}`, and it was not fetched"
                );
                findings.not_checked(V9, why);
            }
        }
        for (language, block) in &options.blocks {
            match block {
                Ok(block) => self.judge_block(language, block, findings),
                Err(why) => {
                    let why = format!("the question in `{language}` could not be fetched: {why}");
                    findings.not_checked(V9, why);
                }
            }
        }
        for (name, page) in &options.pages {
            self.judge_page((name, page), poll.definition(), findings);
        }
        for (name, message) in &options.messages {
            judge_message(name, message, poll, findings);
        }
    }

    fn judge_block(&self, language: &str, block: &str, findings: &mut Findings) {
        let hash = Hash::of(block.as_bytes());
        if self.ever.contains(&(language.to_owned(), hash)) {
            return;
        }
        let subject = format!("the question in `{language}`");
        findings.fail(V9, another(subject, "question block"));
    }

    /// Every question block of the page must be one on record, or become one when its options are rotated, where the
    /// definition has them so; what stands around them is not judged.
    fn judge_page(
        &self,
        (name, page): (&str, &str),
        definition: &Definition,
        findings: &mut Findings,
    ) {
        let blocks = blocks_of(page);
        if blocks.is_empty() {
            let why = format!(
                "`{name}` has no question on it: it was kept after the answer, or is another page"
            );
            findings.not_checked(V9, why);
        }
        let is_on_record = |block: &str| {
            let hash = Hash::of(block.as_bytes());
            self.ever.iter().any(|(_, committed)| *committed == hash)
        };
        let is_shown = |block: &String| {
            is_on_record(block) || rotations(block, definition).any(|block| is_on_record(&block))
        };
        if blocks.len() > BLOCKS_MAX {
            let why = format!(
                "`{name}` has more than {BLOCKS_MAX} questions on it, and an answer page has one"
            );
            findings.not_checked(V9, why);
        }
        if !blocks.iter().all(is_shown) {
            findings.fail(V9, another(format!("page `{name}`"), "question block"));
        }
    }
}

/// The question blocks of a page, as the server writes them: each with the line feed that ends it.
fn blocks_of(page: &str) -> Vec<String> {
    let page = without_comments(page);
    // Of the same length, so that places in one are places in the other.
    let lower = page.to_ascii_lowercase();
    let begins = lower.match_indices(BEGIN).map(|(at, _)| at);
    let blocks = begins.map(|begin| {
        let rest = lower.get(begin..).unwrap_or_default();
        let end = rest.find(END).map_or(rest.len(), |end| end + END.len());
        let block = page.get(begin..begin + end).unwrap_or_default();
        format!("{}\n", as_served(block))
    });
    blocks.take(BLOCKS_MAX + 1).collect()
}

/// The block with its options in every rotation that the definition has, if it has as many lines as such a block: none
/// where the order is fixed.
fn rotations<'a>(
    block: &'a str,
    definition: &Definition,
) -> impl Iterator<Item = String> + use<'a> {
    let rotating = usize::from(definition.rotating());
    let lines: Vec<&str> = block.split_inclusive('\n').collect();
    let is_whole = lines.len() == LINES_BEFORE + definition.options.len() + LINES_AFTER;
    let rotations = if is_whole { 0..rotating } else { 0..0 };
    rotations.map(move |rotation| {
        let mut lines = lines.clone();
        if let Some(options) = lines.get_mut(LINES_BEFORE..LINES_BEFORE + rotating) {
            options.rotate_left(rotation);
        }
        lines.concat()
    })
}

/// Comments are nothing that a reader sees. One without an end goes on to the page's.
fn without_comments(page: &str) -> String {
    let mut parts = page.split("<!--");
    let first = parts.next().unwrap_or_default().to_owned();
    first + &parts.map(after_comment).collect::<String>()
}

/// What follows a comment, of what follows its `<!--`: HTML ends it in four ways.
fn after_comment(part: &str) -> &str {
    if let Some(after) = part.strip_prefix('>').or_else(|| part.strip_prefix("->")) {
        return after;
    }
    let ends = ["-->", "--!>"].map(|end| part.find(end).map(|at| at + end.len()));
    let end = ends.into_iter().flatten().min();
    end.and_then(|end| part.get(end..)).unwrap_or_default()
}

/// Browsers save what they made of a page: line ends of their own, and quotes and spaces in texts as they stand.
fn as_served(block: &str) -> String {
    let block = block.replace("\r\n", "\n");
    let mut parts = block.split('<');
    let before = parts.next().unwrap_or_default().to_owned();
    let tags = parts.map(|part| {
        let (tag, text) = part.split_once('>').unwrap_or((part, ""));
        let text = text.replace('"', "&quot;").replace('\'', "&#39;");
        format!("<{tag}>{}", text.replace("&nbsp;", "\u{a0}"))
    });
    before + &tags.collect::<String>()
}

fn judge_message(name: &str, message: &str, poll: &Poll, findings: &mut Findings) {
    let committed: BTreeSet<Hash> = poll.opening().messages.iter().map(|of| of.hash).collect();
    let prefix = &poll.definition().message.link_prefix;
    let is_on_record = |text: &String| committed.contains(&Hash::of(text.as_bytes()));
    if !templates(message, prefix).iter().any(is_on_record) {
        findings.fail(V9, another(format!("message `{name}`"), "message"));
    }
}

/// What a message may have been before a link was put into it: of each place where the prefix stands, with so much of what
/// follows it taken for the token; a reader may have left that out, or written something in its place. White space at
/// the end gets lost on the way, and line ends become those of the machine that keeps it.
fn templates(message: &str, prefix: &str) -> Vec<String> {
    let message = message.replace("\r\n", "\n");
    let message = message
        .trim_start_matches('\u{feff}')
        .trim_end_matches(is_space);
    let places = message.match_indices(prefix).take(LINKS_MAX);
    let filled = places.flat_map(|(at, _)| {
        let (before, link) = message.split_at_checked(at).unwrap_or_default();
        let rest = link.get(prefix.len()..).unwrap_or_default();
        let within = rest.find(is_space).unwrap_or(rest.len());
        let ends = rest.char_indices().map(|(end, _)| end).chain([rest.len()]);
        let ends = ends
            .take_while(move |end| *end <= within)
            .take(CODE_CHARS + 1);
        ends.map(move |end| {
            [
                before,
                LINK_PLACEHOLDER,
                rest.get(end..).unwrap_or_default(),
            ]
            .concat()
        })
    });
    let as_it_is = std::iter::once(message.to_owned());
    as_it_is
        .chain(filled)
        .flat_map(|text| ["", "\n", " "].map(|end| format!("{text}{end}")))
        .collect()
}

fn is_space(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\r' | '\n')
}

fn another(subject: String, what: &str) -> Failure {
    Failure::new(
        subject,
        format!("a {what} that the ledger commits to"),
        "another",
        "people were asked one thing, and another is on record",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLOCK: &str =
        "<fieldset lang=\"en\">\n<h1>&quot;A&quot;\u{a0}isn&#39;t &lt;b&gt;</h1>\n</fieldset>\n";

    #[test]
    fn a_block_is_cut_out_of_a_page_as_it_stands() {
        let page = format!("<form>\n{BLOCK}<button>");
        assert_eq!(blocks_of(&page), [BLOCK]);
        assert_eq!(blocks_of("<fieldset lang"), ["<fieldset lang>\n"]);
        assert_eq!(blocks_of(""), [""; 0]);
    }

    #[test]
    fn a_block_that_a_browser_saved_is_the_one_that_was_served() {
        let saved = BLOCK.replace("&quot;", "\"").replace("&#39;", "'");
        let saved = saved.replace('\u{a0}', "&nbsp;").replace('\n', "\r\n");
        assert_eq!(blocks_of(&format!("<form>{saved}")), [BLOCK]);
    }

    #[test]
    fn every_block_that_people_see_is_found() {
        let page = format!("<!-- {BLOCK} --><FIELDSET\n>A</FIELDSET><fieldset>{BLOCK}");
        let found = blocks_of(&page);
        assert_eq!(found.len(), 3);
        assert_eq!(found[0], "<FIELDSET\n>A</FIELDSET>\n");
        assert_eq!(found[2], BLOCK);
        assert!(blocks_of(&format!("<!-- {BLOCK}")).is_empty());
        for comment in ["<!-->", "<!--->", "<!-- --!>", "<!---->"] {
            let page = format!("{comment}{BLOCK}<!-- -->");
            assert_eq!(blocks_of(&page), [BLOCK], "{comment}");
        }
        assert!(blocks_of(&"<fieldset ".repeat(10_000)).len() <= BLOCKS_MAX + 1);
    }

    #[test]
    fn a_message_is_known_by_each_of_its_links() {
        let template = "Ours begin with a.example/p/ only: {link}.";
        let prefix = "a.example/p/";
        for token in ["0123456789abcdefghjk", "", "****", "\u{2026}"] {
            let sent = template.replace("{link}", &format!("{prefix}{token}"));
            let texts = templates(&sent, prefix);
            assert!(texts.iter().any(|text| text == template), "{token}");
            let elsewhere = sent.replace(prefix, "b.example/p/");
            assert!(
                !templates(&elsewhere, prefix)
                    .iter()
                    .any(|text| text == template)
            );
        }
        let kept = templates("Ours:\r\na.example/p/0123456789abcdefghjk\r\n", prefix);
        assert!(kept.contains(&"Ours:\n{link}".to_owned()));
        let ended = templates("\u{feff}Hello \r\n", prefix);
        assert!(ended.contains(&"Hello\n".to_owned()));
    }
}
