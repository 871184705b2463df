//! V9: the question as people are shown it, and the message as they were sent it, are those that the ledger commits to.
//! A server shows its question blocks at an address of their own; what a respondent saw, a respondent hands in.
//!
//! Whoever is shown something else by a server that knows who asks is found by what they kept, and by nothing else.

use crate::audit::Options;
use crate::findings::Findings;
use crate::report::Failure;
use sijill_ledger::Hash;
use sijill_poll::definition::limits::LINK_PLACEHOLDER;
use sijill_poll::event::Committed;
use sijill_poll::limits::CODE_CHARS;
use sijill_poll::{Event, Poll};
use std::collections::BTreeSet;

const V9: u8 = 9;
const BEGIN: &str = "<fieldset ";
const END: &str = "</fieldset>";

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
            let why = "no page and no message was given, and no server shows any; respondents have them, give --page or --message";
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
            self.judge_page(name, page, findings);
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

    fn judge_page(&self, name: &str, page: &str, findings: &mut Findings) {
        let Some(block) = block_of(page) else {
            let why = format!(
                "`{name}` has no question on it: it was kept after the answer, or is another page"
            );
            findings.not_checked(V9, why);
            return;
        };
        let hash = Hash::of(block.as_bytes());
        if !self.ever.iter().any(|(_, committed)| *committed == hash) {
            findings.fail(V9, another(format!("page `{name}`"), "question block"));
        }
    }
}

/// The question block of a page: with the line feed that ends it.
fn block_of(page: &str) -> Option<String> {
    let begin = page.find(BEGIN)?;
    let rest = page.get(begin..)?;
    let end = rest.find(END)? + END.len();
    Some(format!("{}\n", rest.get(..end)?))
}

fn judge_message(name: &str, message: &str, poll: &Poll, findings: &mut Findings) {
    let text = as_template(message.trim_end_matches(['\r', '\n']), poll);
    let hash = Hash::of(text.as_bytes());
    let messages = poll.opening().messages.iter();
    if !messages
        .map(|committed| committed.hash)
        .any(|of| of == hash)
    {
        findings.fail(V9, another(format!("message `{name}`"), "message"));
    }
}

/// The message with the link that is in it as the template has it.
fn as_template(message: &str, poll: &Poll) -> String {
    let prefix = &poll.definition().message.link_prefix;
    let Some((before, rest)) = message.split_once(prefix.as_str()) else {
        return message.to_owned();
    };
    let token: usize = rest
        .chars()
        .take(CODE_CHARS)
        .take_while(char::is_ascii_alphanumeric)
        .map(char::len_utf8)
        .sum();
    let after = rest.get(token..).unwrap_or_default();
    [before, LINK_PLACEHOLDER, after].concat()
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

    #[test]
    fn a_block_is_cut_out_of_a_page_as_it_stands() {
        let page = "<form>\n<fieldset lang=\"en\">\n<legend>A</legend>\n</fieldset>\n<button>";
        let block = block_of(page).unwrap();
        assert_eq!(
            block,
            "<fieldset lang=\"en\">\n<legend>A</legend>\n</fieldset>\n"
        );
        assert_eq!(block_of("<fieldset lang"), None);
        assert_eq!(block_of(""), None);
    }
}
